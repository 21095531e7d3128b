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

"""Runs an experiment: what `train.py` and the quick start have in common."""

import json
import os
import random
import sys
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import orbit
import tensorflow as tf, tf_keras
import tqdm
import yaml
from absl import logging

from mobilebert_tf.distillation import task as distillation_task
from mobilebert_tf.distillation import trainer as distillation_trainer
from official.common import distribute_utils
from official.core import base_task
from official.core import base_trainer
from official.core import config_definitions as cfg
from official.core import task_factory
from official.core import train_lib
from official.core import train_utils
from official.modeling import hyperparams
from official.modeling import performance

METRICS_FILE = 'metrics.jsonl'
PARAMS_FILE = 'params.yaml'
# Where a checkpoint of the Model Garden's trainer has its step.
_GLOBAL_STEP = 'global_step/.ATTRIBUTES/VARIABLE_VALUE'


def run_experiment(params: cfg.ExperimentConfig, mode: str, model_dir: str,
                   description: str = 'train'
                   ) -> tuple[tf_keras.Model, Mapping[str, Any]]:
  """Trains or evaluates, from the last checkpoint of `model_dir` if any.

  Shows a progress bar with the time left, and writes the params to
  `params.yaml` and the logs of every loop to `metrics.jsonl` beside the
  checkpoints.

  Where the training data can begin anywhere (it has a field `start_batch`), a
  continued run goes on with the batch that comes after those of its checkpoint.
  If `task.train_data.seed` is None, one is chosen when training begins; it is
  found in `params.yaml`, where a continued run reads it.

  Args:
    params: The experiment.
    mode: A mode of the Model Garden, such as `train_and_post_eval`.
    model_dir: Folder of checkpoints, summaries and metrics.
    description: What the progress bar says.

  Returns:
    The model, and the metrics of the evaluation at the end, if there is one.

  Raises:
    ValueError: If the runtime asks for float16, or the params are inconsistent.
  """
  params.validate()
  # The Model Garden's tasks pass the labels along with the inputs.
  warnings.filterwarnings('ignore', message='Input dict contained keys')
  if params.runtime.mixed_precision_dtype:
    performance.set_mixed_precision_policy(params.runtime.mixed_precision_dtype)
  strategy = distribute_utils.get_distribution_strategy(
      distribution_strategy=params.runtime.distribution_strategy,
      num_gpus=params.runtime.num_gpus,
      tpu_address=params.runtime.tpu)
  if 'train' in mode:
    params = _begin_or_continue(params, strategy, model_dir)
  with strategy.scope():
    task = task_factory.get_task(params.task, logging_dir=model_dir)
    trainer = _build_trainer(params, task, mode, model_dir)
  actions = []
  if 'train' in mode and strategy.extended.should_checkpoint:  # The chief.
    actions = [
        MetricsLog(os.path.join(model_dir, METRICS_FILE), trainer.global_step),
        ProgressBar(description, params.trainer.train_steps,
                    trainer.global_step),
    ]
  return train_lib.run_experiment(
      strategy, task, mode, params, model_dir, trainer=trainer,
      train_actions=actions)


def _begin_or_continue(params: cfg.ExperimentConfig,
                       strategy: tf.distribute.Strategy,
                       model_dir: str) -> cfg.ExperimentConfig:
  """Writes `params.yaml`; returns the params that this part of the run needs.
  """
  data = params.task.train_data
  checkpoint = tf.train.latest_checkpoint(model_dir)
  can_continue = hasattr(data, 'start_batch')
  if can_continue and data.seed is None:
    seed = _read_seed(model_dir) if checkpoint else None
    if seed is None:
      seed = random.SystemRandom().getrandbits(31)
    # All workers have read the file when the first of them writes it.
    seed = _value_of_chief(strategy, seed)
    params = params.replace(task={'train_data': {'seed': seed}})
  if strategy.extended.should_checkpoint:
    _write_params(params, model_dir)
  if can_continue and checkpoint:
    # Not in the file, which others may take as a start for runs of their own.
    start = data.start_batch + _read_step(checkpoint)
    params = params.replace(task={'train_data': {'start_batch': start}})
  return params


def _read_seed(model_dir: str) -> int | None:
  """Returns the seed of the data of the run to continue, None if unknown."""
  path = os.path.join(model_dir, PARAMS_FILE)
  seed = None
  if tf.io.gfile.exists(path):
    try:
      params = hyperparams.read_yaml_to_params_dict(path)
      seed = params.task.train_data.seed
    except (yaml.YAMLError, AttributeError, KeyError):
      logging.warning('%s is damaged.', path)
  if seed is None:
    logging.warning(
        'The seed of the training data is not in %s, so training goes on with '
        'another order of the data: some may be read twice in an epoch.', path)
  return seed


def _value_of_chief(strategy: tf.distribute.Strategy, value: int) -> int:
  """Gives every worker the number that the first one has."""
  values = strategy.experimental_distribute_values_from_function(
      lambda context: tf.constant(
          0 if context.replica_id_in_sync_group else value, tf.int64))
  return int(strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None))


def _write_params(params: cfg.ExperimentConfig, model_dir: str) -> None:
  tf.io.gfile.makedirs(model_dir)
  path = os.path.join(model_dir, PARAMS_FILE)
  hyperparams.save_params_dict_to_yaml(params, f'{path}.tmp')
  tf.io.gfile.rename(f'{path}.tmp', path, overwrite=True)


def _read_step(checkpoint: str) -> int:
  """Returns the step of a checkpoint, 0 if it has none."""
  reader = tf.train.load_checkpoint(checkpoint)
  if not reader.has_tensor(_GLOBAL_STEP):
    return 0
  return int(reader.get_tensor(_GLOBAL_STEP))


def _build_trainer(params: cfg.ExperimentConfig, task: base_task.Task,
                   mode: str, model_dir: str) -> base_trainer.Trainer:
  """Builds the Model Garden's trainer, or ours for a schedule of stages."""
  trainer_cls = base_trainer.Trainer
  if isinstance(task, distillation_task.DistillationTask):
    task.check_length(params.trainer.train_steps)
    trainer_cls = distillation_trainer.DistillationTrainer
  return train_utils.create_trainer(
      params, task, train='train' in mode, evaluate='eval' in mode,
      checkpoint_exporter=train_utils.maybe_create_best_ckpt_exporter(
          params, model_dir),
      trainer_cls=trainer_cls)


class MetricsLog:
  """Appends the logs of each training loop to a file of JSON lines.

  Args:
    path: The file.
    global_step: Counts the steps done.
  """

  def __init__(self, path: str, global_step: tf.Variable):
    self._path = path
    self._global_step = global_step
    self._continued = False

  def __call__(self, output: orbit.runner.Output) -> None:
    step = int(self._global_step.numpy())
    if not self._continued:
      self._drop_lines_from(step)
      self._continued = True
    scalars = {name: float(value) for name, value in output.items()
               if np.ndim(value) == 0}
    with tf.io.gfile.GFile(self._path, 'a') as file:
      file.write(json.dumps({'step': step, **scalars}) + '\n')

  def _drop_lines_from(self, step: int) -> None:
    """Forgets what a killed run logged after its last checkpoint."""
    kept = [line for line in read_metrics(self._path) if line['step'] < step]
    temporary = f'{self._path}.tmp'
    with tf.io.gfile.GFile(temporary, 'w') as file:
      file.write(''.join(json.dumps(line) + '\n' for line in kept))
    tf.io.gfile.rename(temporary, self._path, overwrite=True)


def read_metrics(path: str) -> list[dict[str, float]]:
  """Reads what `MetricsLog` wrote.

  Args:
    path: The file; one that does not exist is empty.

  Returns:
    A dict for each training loop, in order. A last line that a killed run left
    unfinished is left out.
  """
  if not tf.io.gfile.exists(path):
    return []
  with tf.io.gfile.GFile(path) as file:
    return [json.loads(line) for line in file if line.endswith('\n')]


class ProgressBar:
  """Shows the steps done, the loss and the time left, on standard error.

  Args:
    description: What stands before the bar.
    train_steps: Steps of the whole run.
    global_step: Counts the steps done.
  """

  def __init__(self, description: str, train_steps: int,
               global_step: tf.Variable):
    self._description = description
    self._train_steps = train_steps
    self._global_step = global_step
    self._bar = None

  def __call__(self, output: orbit.runner.Output) -> None:
    step = int(self._global_step.numpy())
    if self._bar is None:
      self._bar = tqdm.tqdm(
          total=self._train_steps, desc=self._description, unit='step',
          initial=step, file=sys.stderr, dynamic_ncols=True)
    self._bar.update(step - self._bar.n)
    loss = output.get('training_loss')
    if loss is not None:
      self._bar.set_postfix(loss=f'{float(loss):.3f}')
    if step >= self._train_steps:
      self._bar.close()
