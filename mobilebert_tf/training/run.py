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
import sys
import warnings
from collections.abc import Mapping
from typing import Any

import orbit
import tensorflow as tf, tf_keras
import tqdm

from mobilebert_tf.common import files
from mobilebert_tf.distillation import task as distillation_task
from mobilebert_tf.distillation import trainer as distillation_trainer
from mobilebert_tf.training import divergence
from mobilebert_tf.training import resume
from mobilebert_tf.training import runner
from official.common import distribute_utils
from official.core import base_task
from official.core import base_trainer
from official.core import config_definitions as cfg
from official.core import task_factory
from official.core import train_utils
from official.modeling import performance

METRICS_FILE = 'metrics.jsonl'


def run_experiment(params: cfg.ExperimentConfig, mode: str, model_dir: str,
                   description: str = 'train',
                   strategy: tf.distribute.Strategy | None = None
                   ) -> tuple[tf_keras.Model, Mapping[str, Any]]:
  """Trains or evaluates, from the last checkpoint of `model_dir` if any.

  Shows a progress bar with the time left, and writes the params to
  `params.yaml` and the logs of every loop to `metrics.jsonl` beside the
  checkpoints.

  A run that was killed at any moment and is continued ends with the weights of
  one that was not: batches, masks, dropout and new weights follow from
  `task.train_data.seed` and the step. The seed also becomes the global one of
  Python, NumPy and TensorFlow. If it is None, one is chosen when training
  begins and kept in `params.yaml`; so are labels that nobody named, as they are
  found in the training files.

  Args:
    params: The experiment.
    mode: A mode of the Model Garden, such as `train_and_post_eval`.
    model_dir: Folder of checkpoints, summaries and metrics.
    description: What the progress bar says.
    strategy: What to train on; by default what `params.runtime` names.

  Returns:
    The model, and the metrics of the evaluation at the end, if there is one.

  Raises:
    ValueError: If the runtime asks for float16, the params are inconsistent, or
      `model_dir` holds a run of another model, data or schedule.
    mobilebert_tf.training.divergence.DivergenceError: If a loss is not finite.
  """
  params.validate()
  # The Model Garden's tasks pass the labels along with the inputs.
  warnings.filterwarnings('ignore', message='Input dict contained keys')
  strategy = strategy or _build_strategy(params.runtime)
  is_chief = strategy.extended.should_checkpoint
  if params.runtime.mixed_precision_dtype:
    performance.set_mixed_precision_policy(params.runtime.mixed_precision_dtype)
  if 'train' in mode:
    params = _name_labels(params)
    params = resume.begin_or_continue(params, strategy, model_dir)
    seed = getattr(params.task.train_data, 'seed', None)
    if seed is not None:
      tf_keras.utils.set_random_seed(seed)
  with strategy.scope():
    task = task_factory.get_task(params.task, logging_dir=model_dir)
    trainer = _build_trainer(params, task, mode, model_dir if is_chief else '')
  actions = []
  if 'train' in mode:
    actions = _build_actions(
        params, task, trainer, model_dir, description, is_chief)
  return runner.ExperimentRunner(
      strategy, task, mode, params, model_dir, trainer=trainer,
      save_summary=is_chief, train_actions=actions).run()


def _name_labels(params: cfg.ExperimentConfig) -> cfg.ExperimentConfig:
  """Names the labels of the training files, or the run could not be moved."""
  if getattr(params.task.train_data, 'labels', None) != []:
    return params
  labels = getattr(task_factory.get_task(params.task), 'labels', ())
  return params.replace(task={'train_data': {'labels': list(labels)}})


def _build_strategy(runtime: cfg.RuntimeConfig) -> tf.distribute.Strategy:
  distribute_utils.configure_cluster(runtime.worker_hosts, runtime.task_index)
  return distribute_utils.get_distribution_strategy(
      distribution_strategy=runtime.distribution_strategy,
      num_gpus=runtime.num_gpus,
      all_reduce_alg=runtime.all_reduce_alg,
      num_packs=runtime.num_packs,
      tpu_address=runtime.tpu)


def _build_actions(params: cfg.ExperimentConfig, task: base_task.Task,
                   trainer: base_trainer.Trainer, model_dir: str,
                   description: str, is_chief: bool) -> list[orbit.Action]:
  """Returns what happens after each loop, and before a checkpoint is saved."""
  step = trainer.global_step
  describe = getattr(task, 'describe_step', lambda step: task.name)
  check = divergence.StopWhenNotFinite(
      trainer.model, step, params.trainer.steps_per_loop, describe,
      lambda: tf.train.latest_checkpoint(model_dir))
  if not is_chief:
    return [check]
  return [
      MetricsLog(os.path.join(model_dir, METRICS_FILE), step),
      check,
      ProgressBar(description, params.trainer.train_steps, step),
  ]


def _build_trainer(params: cfg.ExperimentConfig, task: base_task.Task,
                   mode: str, model_dir: str) -> base_trainer.Trainer:
  """Builds the Model Garden's trainer, or ours for a schedule of stages.

  It exports the best checkpoints to `model_dir`, unless that is empty.
  """
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
    scalars = divergence.scalars(output)
    with tf.io.gfile.GFile(self._path, 'a') as file:
      file.write(json.dumps({'step': step, **scalars}) + '\n')

  def _drop_lines_from(self, step: int) -> None:
    """Forgets what a killed run logged after its last checkpoint."""
    kept = [line for line in read_metrics(self._path) if line['step'] < step]
    files.write_text(
        self._path, ''.join(json.dumps(line) + '\n' for line in kept))


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
