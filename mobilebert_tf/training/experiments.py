# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""All experiments by name; importing this module registers them.

Their defaults are the paper's full scale; `configs/experiments` holds runs of
other sizes. Paths of data and checkpoints have no default: a run names them.
"""

import difflib
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf.distillation import optimizers
from mobilebert_tf.distillation import relation_task
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import task as distillation
from mobilebert_tf import modeling
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.pretraining import loader as pretraining_loader
from mobilebert_tf.tasks.pretraining import task as pretraining_task
from mobilebert_tf.training import devices
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.nlp import tasks  # noqa: F401
from official.nlp.configs import bert
from official.nlp.configs import experiment_configs  # noqa: F401

_OURS = 'mobilebert/'
# Their defaults are the reference's settings: a decay of 0.01 but of norms and
# biases, and global clipping at 1.
_LAMB, _ADAMW = {'type': 'lamb_reference'}, {'type': 'adamw_reference'}
_RESTRICTIONS = ['task.train_data.is_training != None']


def get(name: str) -> cfg.ExperimentConfig:
  """Returns a registered experiment such as `mobilebert/pretrain`.

  Its devices are chosen when it runs, also those of the Model Garden's own.

  Raises:
    LookupError: If there is none; lists ours, and says which is nearest.
  """
  known = names()
  if name not in known:
    near = difflib.get_close_matches(name, known, n=1)
    ours = [each for each in known if each.startswith(_OURS)]
    raise LookupError(
        f'There is no experiment {name!r}.'
        + (f' Did you mean {near[0]!r}?' if near else '')
        + f' There are {", ".join(ours)}, and those of the Model Garden.')
  params = exp_factory.get_exp_config(name)
  params.runtime = devices.RuntimeConfig.of(params.runtime)
  return params


def names() -> list[str]:
  """Returns the names of all registered experiments."""
  return sorted(_flatten(exp_factory._REGISTERED_CONFIGS))  # It has no list.


def _flatten(registered: Mapping[str, Any], prefix: str = '') -> Iterator[str]:
  for name, value in registered.items():
    if isinstance(value, Mapping):
      yield from _flatten(value, f'{prefix}{name}/')
    else:
      yield prefix + name


@exp_factory.register_config_factory('mobilebert/pretrain')
def pretrain() -> cfg.ExperimentConfig:
  """Pre-training of any architecture, by default the teacher (section 4.2)."""
  return cfg.ExperimentConfig(
      task=pretraining_task.PretrainingConfig(
          model=bert.PretrainerConfig(encoder=pretraining_task.encoder_config(
              modeling.get_architecture('ib_bert_large'))),
          train_data=_pretraining_data(batch_size=4096, is_training=True),
          validation_data=_pretraining_data(batch_size=512, is_training=False)),
      trainer=_trainer(
          train_steps=500_000,
          optimizer=_optimization(_LAMB, learning_rate=1.5e-3)),
      runtime=devices.RuntimeConfig(),
      restrictions=list(_RESTRICTIONS))


@exp_factory.register_config_factory('mobilebert/distill')
def distill() -> cfg.ExperimentConfig:
  """Progressive knowledge transfer, then distillation (section 3.5)."""
  return _distillation(schedules.ScheduleConfig(), 'paper')


@exp_factory.register_config_factory('mobilebert/distill_tf1_reference')
def distill_tf1_reference() -> cfg.ExperimentConfig:
  """Distillation with losses and learning rates of the released TF1 code."""
  return _distillation(schedules.tf1_reference_schedule(), 'tf1_reference')


@exp_factory.register_config_factory('mobilebert/distill_relations')
def distill_relations() -> cfg.ExperimentConfig:
  """Attention relations of any BERT (Wang et al. 2021), and masked LM."""
  return cfg.ExperimentConfig(
      task=relation_task.RelationConfig(
          model=bert.PretrainerConfig(encoder=pretraining_task.encoder_config(
              modeling.get_architecture('mobilebert'))),
          relation_heads=32,
          train_data=_pretraining_data(batch_size=256, is_training=True),
          validation_data=_pretraining_data(batch_size=256, is_training=False)),
      trainer=_trainer(
          train_steps=400_000,
          optimizer=_optimization(
              _ADAMW, learning_rate=6e-4, end_learning_rate=0.0,
              warmup_steps=4_000)),
      runtime=devices.RuntimeConfig(),
      restrictions=list(_RESTRICTIONS))


def _fine_tune(experiment: recipes.Experiment) -> cfg.ExperimentConfig:
  """Fine-tuning as a kind of task defines it, with a tenth of warm-up."""
  params = cfg.ExperimentConfig(
      task=experiment.task(),
      trainer=_trainer(experiment.train_steps, _optimization(
          experiment.optimizer, learning_rate=experiment.learning_rate,
          end_learning_rate=experiment.end_learning_rate)),
      runtime=devices.RuntimeConfig(),
      restrictions=list(_RESTRICTIONS))
  if experiment.epoch_steps:  # An evaluation after each epoch.
    loop = min(100, experiment.epoch_steps // 4)
    params.trainer.override({
        'steps_per_loop': loop, 'summary_interval': loop,
        'checkpoint_interval': experiment.epoch_steps,
        'validation_interval': experiment.epoch_steps})
  return params


def _distilled(name: str) -> cfg.ExperimentConfig:
  """The experiment with a fine-tuned teacher, `task.teacher.checkpoint`."""
  params = exp_factory.get_exp_config(name)
  params.task = fine_tuning.with_teacher(params.task)
  return params


FINE_TUNING = tuple(experiment for kind in registry.KINDS.values()
                    for experiment in kind.experiments())
for _experiment in FINE_TUNING:
  exp_factory.register_config_factory(f'mobilebert/{_experiment.name}')(
      functools.partial(_fine_tune, _experiment))
  # `taught` is the first release's.
  for _prefix in ('distilled', 'taught') * _experiment.can_have_teacher:
    exp_factory.register_config_factory(
        f'mobilebert/{_prefix}/{_experiment.name}')(
            functools.partial(_distilled, f'mobilebert/{_experiment.name}'))


def _distillation(schedule: schedules.ScheduleConfig,
                  variant: str) -> cfg.ExperimentConfig:
  config = distillation.DistillationConfig(
      model=bert.PretrainerConfig(encoder=pretraining_task.encoder_config(
          modeling.get_architecture('mobilebert'))),
      schedule=schedule,
      variant=variant,
      train_data=_pretraining_data(batch_size=2048, is_training=True),
      validation_data=_pretraining_data(batch_size=512, is_training=False))
  return cfg.ExperimentConfig(
      task=config,
      trainer=_trainer(
          train_steps=0,  # As many as the schedule has.
          # The learning rate is the schedule's; the optimizer's is not read.
          optimizer=_optimization(_LAMB, learning_rate=1.5e-3)),
      runtime=devices.RuntimeConfig(),
      restrictions=list(_RESTRICTIONS))


def _pretraining_data(
    batch_size: int,
    is_training: bool) -> pretraining_loader.MobileBertPretrainDataConfig:
  return pretraining_loader.MobileBertPretrainDataConfig(
      seq_length=512, max_predictions_per_seq=76,
      global_batch_size=batch_size, is_training=is_training)


def _optimization(optimizer: Mapping[str, Any], *, learning_rate: float,
                  end_learning_rate: float | None = None,
                  warmup_steps: int | None = None
                  ) -> optimizers.OptimizationConfig:
  """Returns an optimizer with linear warm-up and decay.

  Lengths follow from the training (`consistency.complete`).
  """
  return optimizers.OptimizationConfig({
      'optimizer': dict(optimizer),
      'learning_rate': {'type': 'polynomial', 'polynomial': {
          'initial_learning_rate': learning_rate,
          'end_learning_rate': end_learning_rate}},
      'warmup': {'type': 'polynomial',
                 'polynomial': {'warmup_steps': warmup_steps}},
  })


def _trainer(train_steps: int, optimizer: optimizers.OptimizationConfig
             ) -> cfg.TrainerConfig:
  return cfg.TrainerConfig(
      optimizer_config=optimizer,
      train_steps=train_steps,
      steps_per_loop=1000,
      summary_interval=1000,
      checkpoint_interval=10_000,
      validation_interval=10_000,
      validation_steps=-1)
