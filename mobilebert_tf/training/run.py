# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs an experiment: starts or resumes, trains, evaluates and logs."""

import contextlib
import functools
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import orbit
import tensorflow as tf, tf_keras
import tqdm
from absl import logging

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.common import files
from mobilebert_tf.common import outputs
from mobilebert_tf.common import plain_paths
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.training import consistency
from mobilebert_tf.training import devices
from mobilebert_tf.training import early_stopping
from mobilebert_tf.training import resuming
from mobilebert_tf.training import stage_ends
from official.core import base_task
from official.core import base_trainer
from official.core import config_definitions as cfg
from official.core import task_factory
from official.core import train_lib
from official.core import train_utils
from official.modeling import performance
from official.nlp.data import data_loader_factory

METRICS_FILE = 'metrics.jsonl'
MODES = ('train', 'eval', 'train_and_eval', 'train_and_post_eval',
         'continuous_eval')
_SHOWN = 6  # Names in an error message.
_LEARNING_RATE = 'trainer.optimizer_config.learning_rate'


class DivergenceError(ArithmeticError):
  """A loss is infinite or not a number."""


def run_experiment(params: cfg.ExperimentConfig, mode: str, model_dir: str,
                   description: str = 'train',
                   strategy: tf.distribute.Strategy | None = None
                   ) -> tuple[tf_keras.Model, Mapping[str, Any]]:
  """Trains or evaluates, from the last checkpoint of `model_dir` if any.

  Shows a progress bar with the time left, and writes the params to
  `params.yaml` and the logs of every loop to `metrics.jsonl` beside the
  checkpoints. A task may name its trainer as `trainer_class`.

  A run that was killed at any moment and resumed ends with the same weights as
  one that was not: batches, masks, dropout and new weights follow from
  `task.train_data.seed` and the step. The seed also becomes the global one of
  Python, NumPy and TensorFlow. If it is None, one is chosen when training
  begins and kept in `params.yaml`; so are labels that are not named but found
  in the training files.

  Args:
    params: Experiment.
    mode: Mode of the Model Garden, such as `train_and_post_eval`.
    model_dir: Folder of checkpoints, summaries and metrics.
    description: Title of the progress bar.
    strategy: Distribution strategy; by default that of `params.runtime`
      (`devices.build_strategy`).

  Returns:
    The model, and the metrics of the evaluation at the end, if there is one.

  Raises:
    FileExistsError: If `model_dir` holds something else than a run, or another
      process trains in it.
    ValueError: If the runtime asks for float16, the params are inconsistent, a
      batch cannot be divided, a record is damaged, or `model_dir` holds a run
      of other settings.
    mobilebert_tf.training.run.DivergenceError: If a loss is not finite.
  """
  params.validate()
  if found := getattr(params.task, 'found', None):
    params = params.replace(task=found())
  params = consistency.complete(params)
  # The Model Garden's tasks pass the labels along with the inputs.
  warnings.filterwarnings('ignore', message='Input dict contained keys')
  _check(params, mode)
  strategy = strategy or devices.build_strategy(params.runtime)
  if 'train' in mode:
    gradient_step.check(params.task, strategy.num_replicas_in_sync)
  with contextlib.ExitStack() as stack:
    stack.enter_context(_precision(params.runtime.mixed_precision_dtype))
    devices.tell(strategy)
    if 'train' in mode and strategy.extended.should_checkpoint:
      stack.enter_context(outputs.claimed(
          model_dir, [resuming.PARAMS_FILE], 'the folder of a run'))
    return _run(params, mode, model_dir, description, strategy)


def _check(params: cfg.ExperimentConfig, mode: str) -> None:
  """Raises ValueError for settings that would fail later, with their names."""
  if mode not in MODES:
    raise ValueError(f'mode is {mode!r}; it is one of {", ".join(MODES)}.')
  early_stopping.check(params, mode)
  loop, summary = params.trainer.steps_per_loop, params.trainer.summary_interval
  if 'train' in mode and (summary < 1 or summary % loop):
    raise ValueError(
        f'trainer.summary_interval is {summary}, which is no multiple of '
        f'trainer.steps_per_loop, {loop}. Set both, such as to the same.')
  # Loaders check their settings when they are made.
  for part in ('train', 'eval'):
    data = (params.task.train_data if part == 'train'
            else params.task.validation_data)
    if part in mode and hasattr(data, 'start_batch'):  # Ours.
      data_loader_factory.get_data_loader(data)


@contextlib.contextmanager
def _precision(dtype: str | None) -> Iterator[None]:
  """Sets the precision of a run alone, not of what the process does next."""
  before = tf_keras.mixed_precision.global_policy()
  if dtype:
    performance.set_mixed_precision_policy(dtype)
  try:
    yield
  finally:
    tf_keras.mixed_precision.set_global_policy(before)


def _run(params: cfg.ExperimentConfig, mode: str, model_dir: str,
         description: str, strategy: tf.distribute.Strategy
         ) -> tuple[tf_keras.Model, Mapping[str, Any]]:
  is_chief = strategy.extended.should_checkpoint
  if 'train' in mode:
    part = resuming.start_or_resume(_complete(params), strategy, model_dir)
    params = part.params
    seed = getattr(params.task.train_data, 'seed', None)
    if seed is not None:
      tf_keras.utils.set_random_seed(seed)
  if is_chief and tf.io.gfile.isdir(model_dir):
    bundles.repair_state(model_dir)
  with strategy.scope():
    task = task_factory.get_task(params.task, logging_dir=model_dir)
    if 'train' in mode:
      consistency.check(params, task)
    # TensorFlow would not find what it writes to lr[1e-4].
    plain_dir = plain_paths.folder(model_dir)
    trainer = _build_trainer(params, task, mode, plain_dir if is_chief else '')
  actions: list[orbit.Action] = []
  ends = getattr(task, 'stage_ends', {})
  if 'train' in mode:
    actions = [
        *_build_actions(
            params, task, trainer, model_dir, description, is_chief),
        stage_ends.KeepStageEnds(trainer, ends, plain_dir if is_chief else '')]
  try:
    with _messages_in_log():
      lines = [EvaluationLine(trainer.global_step)] if is_chief else []
      stop = 'train' in mode and early_stopping.of(
          params, plain_dir, trainer.global_step, is_chief)
      runner = _ExperimentRunner(
          strategy, task, mode, params, plain_dir, trainer=trainer,
          save_summary=is_chief, train_actions=actions,
          eval_actions=[*lines, *([stop] if stop else [])],
          controller_cls=functools.partial(stage_ends.Controller, ends=ends))
      if 'train' in mode:
        if hasattr(trainer, 'try_out'):
          with strategy.scope():
            trainer.try_out()
        if is_chief:
          part.write(model_dir)
      return runner.run(stop or None)
  except tf.errors.DataLossError as error:  # It does not name the file.
    damage = hasattr(task, 'find_damage') and task.find_damage()
    raise ValueError(damage or error.message) from error


def _complete(params: cfg.ExperimentConfig) -> cfg.ExperimentConfig:
  """Returns params that name what is found in the data.

  These are labels, and settings of records: the run can be moved, and what
  starts from it knows them.
  """
  found = getattr(params.task.train_data, 'found', None)
  if found:
    params = params.replace(task={'train_data': found()})
  if getattr(params.task.train_data, 'labels', None) != []:
    return params
  labels = getattr(task_factory.get_task(params.task), 'labels', ())
  return params.replace(task={'train_data': {'labels': list(labels)}})


@contextlib.contextmanager
def _messages_in_log() -> Iterator[None]:
  """Leaves Orbit's messages to the log; it prints each of them as well."""
  before = orbit.controller._log
  orbit.controller._log = logging.info
  try:
    yield
  finally:
    orbit.controller._log = before


def _build_actions(params: cfg.ExperimentConfig, task: base_task.Task,
                   trainer: base_trainer.Trainer, model_dir: str,
                   description: str, is_chief: bool) -> list[orbit.Action]:
  """Returns the actions after each loop, before a checkpoint is saved."""
  step = trainer.global_step
  check = StopWhenNotFinite(
      trainer.model, step, params.trainer.steps_per_loop,
      getattr(task, 'describe_step', lambda step: task.name),
      functools.partial(resuming.describe_repair, model_dir, getattr(
          task, 'learning_rate_setting', lambda step: _LEARNING_RATE)))
  if not is_chief:
    return [check]
  return [
      MetricsLog(os.path.join(model_dir, METRICS_FILE), step),
      check,
      ProgressBar(description, params.trainer.train_steps, step),
      *getattr(task, 'train_actions', lambda params, step: [])(params, step),
  ]


def _build_trainer(params: cfg.ExperimentConfig, task: base_task.Task,
                   mode: str, model_dir: str) -> base_trainer.Trainer:
  """Builds the trainer that the task names, by default the Model Garden's.

  It exports the best checkpoints to `model_dir`, unless that is empty.
  """
  trainer = train_utils.create_trainer(
      params, task, train='train' in mode, evaluate='eval' in mode,
      checkpoint_exporter=train_utils.maybe_create_best_ckpt_exporter(
          params, model_dir),
      trainer_cls=getattr(task, 'trainer_class', base_trainer.Trainer))
  if ('train' in mode and isinstance(task, gradient_step.GradientStep)
      and not hasattr(task, 'trainer_class')  # Which does the same, or its own.
      and isinstance(trainer.optimizer, tf_keras.optimizers.Optimizer)):
    # A loop in which variables are created is traced twice.
    trainer.optimizer.build(task.trained_variables(trainer.model))
  return trainer


class _ExperimentRunner(train_lib.OrbitExperimentRunner):
  """Lets every worker resume from the checkpoints of the chief.

  The Model Garden's other workers look for checkpoints in a new temporary
  folder: they start anew while the chief resumes, which fails.
  """

  def run(self, stop: early_stopping.EarlyStopping | None = None
          ) -> tuple[tf_keras.Model, Mapping[str, Any]]:
    """Runs the mode; returns the model and the metrics of a last evaluation.

    The Model Garden's would freeze the model in between to count its
    operations, which takes 17 GB for a large teacher and finds none.

    Args:
      stop: The evaluation action that ends training early, if any.
    """
    trainer = self.params.trainer
    steps, eval_steps = trainer.train_steps, trainer.validation_steps
    logs: Mapping[str, Any] = {}
    with self.strategy.scope():
      if self._mode == 'train_and_eval':
        if not (stop and stop.is_done()):
          with contextlib.suppress(early_stopping.StopTraining):
            self.controller.train_and_evaluate(
                steps, eval_steps, trainer.validation_interval)
        if stop:
          stop.restore_best(
              self.trainer.checkpoint, self.controller.checkpoint_manager)
      elif self._mode == 'continuous_eval':
        self.controller.evaluate_continuously(
            eval_steps, timeout=trainer.continuous_eval_timeout,
            timeout_fn=lambda: self.trainer.global_step.numpy() >= steps)
      elif self._mode != 'eval':
        self.controller.train(steps)
      if self._mode in ('eval', 'train_and_post_eval'):
        logs = self.controller.evaluate(eval_steps)
    return self.trainer.model, logs

  def _maybe_build_checkpoint_manager(self) -> tf.train.CheckpointManager:
    if self.strategy.extended.should_checkpoint:
      return super()._maybe_build_checkpoint_manager()
    return _FollowingCheckpointManager(
        self.trainer.checkpoint,
        chief_dir=self.model_dir,
        max_to_keep=1,
        step_counter=self.trainer.global_step,
        checkpoint_interval=self.params.trainer.checkpoint_interval,
        init_fn=self.trainer.initialize)


class _FollowingCheckpointManager(tf.train.CheckpointManager):
  """Reads the chief's checkpoints, and writes to a folder that nobody reads.

  All workers have to take part in writing a checkpoint.
  """

  def __init__(self, checkpoint: tf.train.Checkpoint, chief_dir: str,
               **kwargs: Any):
    self._unread = tempfile.TemporaryDirectory()
    super().__init__(checkpoint, self._unread.name, **kwargs)
    self._chief_dir = chief_dir

  def restore_or_initialize(self) -> str | None:
    path = resuming.latest_checkpoint(self._chief_dir)
    if path is None:
      return super().restore_or_initialize()
    self.checkpoint.restore(plain_paths.prefix(path))
    return path


class StopWhenNotFinite:
  """Train action that raises before diverged weights are saved.

  It has to run on every worker: the others would wait for one that stopped.

  Args:
    model: Trained model.
    global_step: Counter of the steps.
    steps_per_loop: Steps between two outputs.
    describe_step: Function from a step to its stage, such as
      `stage transfer_3`.
    describe_repair: Function from the first and the last step of the loop to
      what can be done.

  Example:

  >>> check = StopWhenNotFinite(
  ...     tf_keras.Sequential([tf_keras.Input(1)]), tf.Variable(4),
  ...     steps_per_loop=2, describe_step=lambda step: 'pre-training',
  ...     describe_repair=lambda first, last: 'Lower the rate.')
  >>> check({'training_loss': float('nan')})
  Traceback (most recent call last):
  ...
  mobilebert_tf.training.run.DivergenceError: ...
  """

  def __init__(self, model: tf.Module, global_step: tf.Variable,
               steps_per_loop: int, describe_step: Callable[[int], str],
               describe_repair: Callable[[int, int], str]):
    self._model = model
    self._global_step = global_step
    self._steps_per_loop = steps_per_loop
    self._describe_step = describe_step
    self._describe_repair = describe_repair

  def __call__(self, output: orbit.runner.Output) -> None:
    terms = [name for name, value in _scalars(output).items()
             if not np.isfinite(value)]
    # A step can have finite losses and spoil the weights.
    weights = [weight.name for weight in self._model.weights
               if not tf.reduce_all(tf.math.is_finite(
                   tf.cast(weight, tf.float32)))]
    if not terms and not weights:
      return
    last = int(self._global_step.numpy())
    first = max(1, last - self._steps_per_loop + 1)
    spoilt = (f'the weights {_shorten(weights)} '
              f'({len(weights)} of {len(self._model.weights)})')
    raise DivergenceError(
        f'Training diverged between steps {first} and {last} '
        f'({self._describe_step(last - 1)}): not finite: '
        + (f'{_shorten(terms)}; so are {spoilt}. ' if terms and weights else
           f'{_shorten(terms)}; all weights are still finite. ' if terms else
           f'{spoilt}. ') + self._describe_repair(first, last))


class EvaluationLine:
  """Evaluation action that prints the metrics of an evaluation as one line."""

  def __init__(self, global_step: tf.Variable):
    self._global_step = global_step

  def __call__(self, output: orbit.runner.Output) -> None:
    shown = {name: value for name, value in _scalars(output).items()
             if '/' not in name}  # Not the losses of each block.
    tqdm.tqdm.write(  # Beside the progress bar.
        f'Evaluation at step {int(self._global_step.numpy())}: '
        + ', '.join(f'{name} {value:.5g}' for name, value in shown.items()))


class MetricsLog:
  """Train action that appends the logs of each loop to a file of JSON lines."""

  def __init__(self, path: str, global_step: tf.Variable):
    self._path = path
    self._global_step = global_step
    self._resumed = False

  def __call__(self, output: orbit.runner.Output) -> None:
    step = int(self._global_step.numpy())
    if not self._resumed:
      self._drop_lines_from(step)
      self._resumed = True
    with tf.io.gfile.GFile(self._path, 'a') as file:
      file.write(json.dumps({'step': step, **_scalars(output)}) + '\n')

  def _drop_lines_from(self, step: int) -> None:
    """Removes what a killed run logged after its last checkpoint."""
    kept = [line for line in read_metrics(self._path) if line['step'] < step]
    files.write_text(
        self._path, ''.join(json.dumps(line) + '\n' for line in kept))


def read_metrics(path: str) -> list[dict[str, float]]:
  """Reads the file that `MetricsLog` wrote.

  Returns:
    A dict for each training loop, in order, without a last line that a killed
    run left unfinished; none if there is no file.
  """
  if not tf.io.gfile.exists(path):
    return []
  with tf.io.gfile.GFile(path) as file:
    return [json.loads(line) for line in file if line.endswith('\n')]


class ProgressBar:
  """Train action that shows steps, loss and time left, on standard error."""

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


def _scalars(output: orbit.runner.Output) -> dict[str, float]:
  """Returns the scalars among the logs of a loop as floats."""
  # The learning rate may be a variable with a copy on every replica.
  tensors = {name: tf.convert_to_tensor(value)
             for name, value in output.items()}
  return {name: float(tensor) for name, tensor in tensors.items()
          if not tensor.shape.rank}


def _shorten(names: list[str]) -> str:
  rest = len(names) - _SHOWN
  return ', '.join(names[:_SHOWN]) + (f' and {rest} more' if rest > 0 else '')
