# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""All experiments by name; importing this module registers them.

Their defaults are the paper's full scale; `configs/experiments` holds runs of
other sizes. Paths of data and checkpoints have no default: a run names them.
"""

import functools
import itertools

from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf.distillation import optimizers
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import task as distillation
from mobilebert_tf import modeling
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import loader as classification_loader
from mobilebert_tf.tasks.classification import task as classification_task
from mobilebert_tf.tasks.pretraining import loader as pretraining_loader
from mobilebert_tf.tasks.pretraining import task as pretraining_task
from mobilebert_tf.tasks.question_answering import loader as qa_loader
from mobilebert_tf.tasks.question_answering import task as qa_task
from mobilebert_tf.tasks.token_classification import loader as token_loader
from mobilebert_tf.tasks.token_classification import task as token_task
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.nlp import tasks  # noqa: F401
from official.nlp.configs import bert
from official.nlp.configs import experiment_configs  # noqa: F401

# The reference leaves out biases and both normalizations.
_LAMB = 'lamb_reference'  # Its defaults are the paper's settings.


def get(name: str) -> cfg.ExperimentConfig:
  """Returns a registered experiment, ours or one of the Model Garden.

  Args:
    name: Name such as `mobilebert/pretrain`.
  """
  return exp_factory.get_exp_config(name)


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
          optimizer=_optimization(
              _LAMB, learning_rate=1.5e-3, end_learning_rate=1.5e-7,
              train_steps=500_000, warmup_steps=10_000)),
      restrictions=_restrictions())


@exp_factory.register_config_factory('mobilebert/distill')
def distill() -> cfg.ExperimentConfig:
  """Progressive knowledge transfer, then distillation (section 3.5)."""
  return _distillation(schedules.ScheduleConfig(), 'paper')


@exp_factory.register_config_factory('mobilebert/distill_tf1_reference')
def distill_tf1_reference() -> cfg.ExperimentConfig:
  """Distillation with losses and learning rates of the released TF1 code."""
  return _distillation(schedules.tf1_reference_schedule(), 'tf1_reference')


@exp_factory.register_config_factory('mobilebert/sentence_prediction')
def classify_sentences() -> cfg.ExperimentConfig:
  """Fine-tuning on labelled texts, with the raw first token as in the paper."""
  data = classification_loader.TextClassificationDataConfig
  train_steps = 3 * 67_349 // 32  # Three epochs of SST-2.
  return cfg.ExperimentConfig(
      task=classification_task.SentencePredictionConfig(
          train_data=data(is_training=True, global_batch_size=32),
          validation_data=data(is_training=False, global_batch_size=32)),
      trainer=_fine_tuning(train_steps, 5e-5),
      restrictions=_restrictions())


@exp_factory.register_config_factory('mobilebert/token_classification')
def classify_tokens() -> cfg.ExperimentConfig:
  """Fine-tuning on labelled words in files of columns, such as CoNLL 2003."""
  data = token_loader.TokenClassificationDataConfig
  train_steps = 5 * 14_041 // 32  # Five epochs of CoNLL 2003.
  return cfg.ExperimentConfig(
      task=token_task.TokenClassificationConfig(
          train_data=data(is_training=True, global_batch_size=32),
          validation_data=data(is_training=False, global_batch_size=32)),
      trainer=_fine_tuning(train_steps, 5e-5),
      restrictions=_restrictions())


@exp_factory.register_config_factory('mobilebert/squad_v1')
def squad_v1() -> cfg.ExperimentConfig:
  """Question answering on SQuAD v1.1, in the setting of the authors."""
  return _question_answering(windows=88_641, version_2_with_negative=False)


@exp_factory.register_config_factory('mobilebert/squad_v2')
def squad_v2() -> cfg.ExperimentConfig:
  """Question answering on SQuAD v2.0, where there may be no answer."""
  return _question_answering(windows=131_944, version_2_with_negative=True)


def _question_answering(windows: int, version_2_with_negative: bool
                        ) -> cfg.ExperimentConfig:
  """Five epochs of windows of 384 tokens, at 4e-5 (issue 287)."""
  data = qa_loader.QuestionAnsweringDataConfig
  train_steps = 5 * windows // 32
  return cfg.ExperimentConfig(
      task=qa_task.QuestionAnsweringConfig(
          train_data=data(
              is_training=True, global_batch_size=32,
              version_2_with_negative=version_2_with_negative),
          validation_data=data(
              is_training=False, global_batch_size=32,
              version_2_with_negative=version_2_with_negative)),
      trainer=_fine_tuning(train_steps, 4e-5, last_share=0.0),
      restrictions=_restrictions())


def _glue(name: str) -> cfg.ExperimentConfig:
  """Fine-tuning on a task of GLUE, with an evaluation after each epoch."""
  data = classification_loader.TextClassificationDataConfig
  task = glue.GLUE_TASKS[name]
  epochs, batch_size, learning_rate = glue.GLUE_RECIPES[name]
  epoch_steps = round(task.rows['train'] / batch_size)
  train_steps = epochs * epoch_steps
  params = cfg.ExperimentConfig(
      task=classification_task.SentencePredictionConfig(
          metrics=list(task.metrics),
          train_data=data(
              is_training=True, global_batch_size=batch_size,
              **glue.part_fields(task, 'train')),
          validation_data=data(
              is_training=False, global_batch_size=32,
              **glue.part_fields(task, 'dev'))),
      trainer=_fine_tuning(train_steps, learning_rate),
      restrictions=_restrictions())
  params.task.model.num_classes = task.num_classes
  loop = min(100, epoch_steps // 4)
  params.trainer.override({
      'steps_per_loop': loop, 'summary_interval': loop,
      'checkpoint_interval': epoch_steps, 'validation_interval': epoch_steps})
  return params


for _name in glue.GLUE_RECIPES:
  exp_factory.register_config_factory(f'mobilebert/glue/{_name}')(
      functools.partial(_glue, _name))


def _distilled(name: str) -> cfg.ExperimentConfig:
  """The experiment with a fine-tuned teacher, `task.teacher.checkpoint`."""
  params = exp_factory.get_exp_config(name)
  params.task = fine_tuning.with_teacher(params.task)
  return params


FINE_TUNING = (
    'sentence_prediction', 'token_classification', 'squad_v1', 'squad_v2',
    *(f'glue/{_name}' for _name in glue.GLUE_RECIPES))
# `taught` is the name of the first release.
for _name, _prefix in itertools.product(FINE_TUNING, ('distilled', 'taught')):
  exp_factory.register_config_factory(f'mobilebert/{_prefix}/{_name}')(
      functools.partial(_distilled, f'mobilebert/{_name}'))


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
          train_steps=24 * 10_000 + 500_000,
          # The learning rate is the schedule's; the optimizer's is not read.
          optimizer=_optimization(
              _LAMB, learning_rate=1.5e-3, end_learning_rate=1.5e-7,
              train_steps=740_000, warmup_steps=10_000)),
      restrictions=_restrictions())


def _pretraining_data(
    batch_size: int,
    is_training: bool) -> pretraining_loader.MobileBertPretrainDataConfig:
  return pretraining_loader.MobileBertPretrainDataConfig(
      seq_length=512, max_predictions_per_seq=76,
      global_batch_size=batch_size, is_training=is_training)


def _optimization(optimizer: str, *, learning_rate: float,
                  end_learning_rate: float, train_steps: int,
                  warmup_steps: int) -> optimizers.OptimizationConfig:
  """Linear warm-up and decay, decoupled decay, global clipping at 1."""
  settings = {'adamw': {
      'weight_decay_rate': 0.01,
      'exclude_from_weight_decay': ['norm', 'bias'],
      'global_clipnorm': 1.0,
      # It has a clipping of its own as well, of each replica alone.
      'gradient_clip_norm': 0.0,
  }}
  return optimizers.OptimizationConfig({
      'optimizer': {
          'type': optimizer,
          **{name: values for name, values in settings.items()
             if name == optimizer},
      },
      'learning_rate': {
          'type': 'polynomial',
          'polynomial': {
              'initial_learning_rate': learning_rate,
              'end_learning_rate': end_learning_rate,
              'decay_steps': train_steps,
          },
      },
      'warmup': {
          'type': 'polynomial',
          'polynomial': {'warmup_steps': warmup_steps},
      },
  })


def _fine_tuning(train_steps: int, learning_rate: float,
                 last_share: float = 1e-4) -> cfg.TrainerConfig:
  """AdamW, warm-up over a tenth, decay to a share of the learning rate."""
  return _trainer(
      train_steps=train_steps,
      optimizer=_optimization(
          'adamw', learning_rate=learning_rate,
          end_learning_rate=last_share * learning_rate,
          train_steps=train_steps, warmup_steps=train_steps // 10))


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


def _restrictions() -> list[str]:
  return ['task.train_data.is_training != None']
