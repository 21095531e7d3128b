# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Starts and resumes runs: the params that a folder keeps, and its checkpoint.
"""

import dataclasses
import glob
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf
from absl import logging

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.common import files
from mobilebert_tf.common import plain_paths
from official.core import config_definitions as cfg
from official.modeling import hyperparams

PARAMS_FILE = 'params.yaml'
VOCABULARY_FILE = 'vocab.txt'
# The step in a checkpoint of the Model Garden's trainer.
_GLOBAL_STEP = 'global_step/.ATTRIBUTES/VARIABLE_VALUE'
# If these differed, the checkpoint would not fit, or a resumed run would read
# some data twice and some never.
_KEPT = ('task.kind', 'task.model', 'task.variant',
         'trainer.optimizer_config.optimizer.type',
         *(f'task.train_data.{name}' for name in (
             'global_batch_size', 'seq_length', 'max_predictions_per_seq',
             'shuffle_buffer_size', 'seed', 'labels', 'text_field',
             'pair_field', 'label_field', 'label_columns', 'label_separator',
             'titles', 'exclude_titles', 'doc_stride', 'query_length',
             'version_2_with_negative')))
# Fields of the tasks of some experiments alone.
_OPTIONAL = {'schedule', 'teacher', 'variant'}
_PATHS = ('input_path', 'vocab_file', 'checkpoint')
_START = 'task.train_data.start_batch'


@dataclasses.dataclass(frozen=True)
class Part:
  """A part of a run: from its start, or from a checkpoint on.

  Attributes:
    params: Params of this part; the training data begins where the checkpoint
      ends.
    kept: The same, as they are kept for the next part.
    vocabulary: Vocabulary that the folder lacks, if any.
  """
  params: cfg.ExperimentConfig
  kept: cfg.ExperimentConfig
  vocabulary: bytes | None

  def write(self, model_dir: str) -> None:
    """Writes `params.yaml` and `vocab.txt`, so that the run can be moved.

    To be called when the checkpoint is restored: until then the file tells what
    the run was begun with.
    """
    write_params(self.kept, model_dir)  # First: the sign of whose folder it is.
    if self.vocabulary is not None:
      files.write_bytes(
          os.path.join(model_dir, VOCABULARY_FILE), self.vocabulary)


def start_or_resume(params: cfg.ExperimentConfig,
                    strategy: tf.distribute.Strategy,
                    model_dir: str) -> Part:
  """Checks a folder, and returns the part of the run that is to begin.

  Where the training data can begin anywhere (it has a field `start_batch`), a
  resumed run continues with the batch after those of its checkpoint. The
  `start_batch` of the params comes on top: batches to pass by, from the part
  that first names them on. If `task.train_data.seed` is None, one is chosen
  when training begins and kept in `params.yaml`, where a resumed run reads it.

  What lies ahead of the checkpoint may change; the differences are logged.

  Raises:
    ValueError: If the folder's checkpoint is of a run with another model, other
      batches, another optimizer or other stages so far.
  """
  data = params.task.train_data
  checkpoint = latest_checkpoint(model_dir)
  step = _read_step(checkpoint) if checkpoint else 0
  can_resume = hasattr(data, 'start_batch')
  started = _read_params(model_dir)
  _check_same_experiment(started, params, model_dir, bool(checkpoint))
  if can_resume and data.seed is None:
    seed = started.get('task.train_data.seed')
    if seed is None:
      if checkpoint:
        logging.warning(
            'The seed of the training data is not in %s, so training resumes '
            'with another order of the data: some may be read twice in an '
            'epoch.', os.path.join(model_dir, PARAMS_FILE))
      seed = random.SystemRandom().getrandbits(31)
    # This waits for all workers, who have read the file before it is written.
    seed = _value_of_chief(strategy, seed)
    params = params.replace(task={'train_data': {'seed': seed}})
  if can_resume and checkpoint:
    passed_by = max(data.start_batch, started.get(_START) or 0)
    params = params.replace(task={'train_data': {'start_batch': passed_by}})
  if checkpoint:
    _check_same(started, params, model_dir, step)
  vocabulary = _check_vocabulary(data, model_dir)
  kept = params
  if can_resume and checkpoint:
    # Not in the file, which may be the config of another run.
    params = params.replace(
        task={'train_data': {'start_batch': passed_by + step}})
  return Part(params, kept, vocabulary)


def _check_same_experiment(
    started: Mapping[str, Any], params: cfg.ExperimentConfig,
    model_dir: str, has_trained: bool) -> None:
  """Raises ValueError if a folder is of an experiment with other fields.

  A run that has not trained may get or lose a teacher, whose path was wrong.
  """
  then, now = (
      {name.split('.')[1] for name in names
       if name.startswith('task.')}
      for names in (started, dict(_flatten(params.as_dict()))))
  others = (then - now) | ((now - then) & _OPTIONAL)
  if started and others and (has_trained or others != {'teacher'}):
    raise ValueError(
        f'{model_dir} holds a run of another experiment, which '
        f'{"has" if others <= then else "lacks"} {", ".join(sorted(others))}. '
        'Nothing in it was changed. Name another folder.')


def _check_same(started: Mapping[str, Any], params: cfg.ExperimentConfig,
                model_dir: str, step: int) -> None:
  """Logs what differs; raises ValueError if the checkpoint does not allow it.
  """
  now = dict(_flatten(_with_absolute_paths(params).as_dict()))
  changes = {
      name: (started[name], now[name])
      for name in sorted(started.keys() & now.keys())
      if started[name] is not None
      and _listed(started[name]) != _listed(now[name])}
  refused = [f'{name} was {before!r} and is {after!r}'
             for name, (before, after) in changes.items()
             if name.startswith(_KEPT)]
  advice = (f'To resume it, set them as {os.path.join(model_dir, PARAMS_FILE)} '
            'says; for a new run name another folder.')
  if refused:
    raise ValueError(
        f'{model_dir} holds a run started with different settings: '
        f'{", ".join(refused)}. {advice}')
  if started and hasattr(params.task, 'check_resumed'):
    try:
      params.task.check_resumed(started, step)
    except ValueError as error:
      raise ValueError(f'{error} {advice}') from error
  for name, (before, after) in changes.items():
    logging.warning('%s: %r -> %r from step %d on.', name, before, after, step)


def _read_params(model_dir: str) -> dict[str, Any]:
  """Returns the params that a run was started with by their dotted names."""
  path = os.path.join(model_dir, PARAMS_FILE)
  if not tf.io.gfile.exists(path):
    return {}
  try:
    return dict(_flatten(files.read_yaml(path)))
  except (AttributeError, KeyError, TypeError, ValueError):
    logging.warning('%s is damaged.', path)
    return {}


def _flatten(params: Any, prefix: str = '') -> Iterator[tuple[str, Any]]:
  for name, value in params.items():
    if isinstance(value, Mapping):
      yield from _flatten(value, f'{prefix}{name}.')
    else:
      yield f'{prefix}{name}', value


def _listed(value: Any) -> Any:
  """Returns tuples as lists, which YAML reads them as."""
  return list(value) if isinstance(value, tuple) else value


def _value_of_chief(strategy: tf.distribute.Strategy, value: int) -> int:
  """Broadcasts the chief's value to all workers."""
  values = strategy.experimental_distribute_values_from_function(
      lambda context: tf.constant(
          0 if context.replica_id_in_sync_group else value, tf.int64))
  return int(strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None))


def write_params(params: cfg.ExperimentConfig, model_dir: str) -> None:
  """Writes the params of a run to its `params.yaml` atomically.

  Relative paths become absolute, since the run may be used from another folder.
  """
  with files.replacing(os.path.join(model_dir, PARAMS_FILE)) as new:
    hyperparams.save_params_dict_to_yaml(_with_absolute_paths(params), new)


def _with_absolute_paths(
    params: cfg.ExperimentConfig) -> cfg.ExperimentConfig:
  paths: dict[str, Any] = {}
  for name, value in _flatten(params.as_dict()):
    if name.startswith('task.') and name.endswith(_PATHS):
      *groups, field = name.split('.')
      group = paths
      for each in groups:
        group = group.setdefault(each, {})
      group[field] = _absolute(value)
  return params.replace(**paths)


def _absolute(path: Any) -> Any:
  """Returns the absolute path of what exists, others as they are."""
  if isinstance(path, Sequence) and not isinstance(path, str):
    return [_absolute(each) for each in path]
  if not path or '://' in path:
    return path
  expanded = os.path.expanduser(path)
  if not (os.path.exists(expanded) or glob.glob(expanded)
          # A checkpoint is the beginning of names.
          or glob.glob(f'{glob.escape(expanded)}*')):
    return path
  return os.path.abspath(expanded)


def _check_vocabulary(data: Any, model_dir: str) -> bytes | None:
  """Returns the vocabulary that a run has to get, if any."""
  source = getattr(data, 'vocab_file', '')
  if not source or not tf.io.gfile.exists(source):
    return None
  content = files.read_bytes(source)
  copy = os.path.join(model_dir, VOCABULARY_FILE)
  if not tf.io.gfile.exists(copy):
    return content
  if files.read_bytes(copy) != content:
    raise ValueError(
        f'{copy}, with which this run began, is not {source}. To resume it, '
        'name that one; for a new run name another folder.')
  return None


def describe_repair(model_dir: str, rate_setting: Callable[[int], str],
                    first: int, last: int) -> str:
  """Returns what to do with a run that diverged between two steps.

  Args:
    model_dir: Folder of the run.
    rate_setting: Function from a step to the name of its learning rate's
      setting.
    first: First step that may have diverged.
    last: Last step.
  """
  checkpoint = latest_checkpoint(model_dir)
  rate = f'a lower {rate_setting(last - 1)}'
  if not checkpoint:
    return ('No checkpoint was saved yet: start again, with ' + rate
            + ' or a longer warm-up.')
  step, kept = _read_step(checkpoint), _read_params(model_dir)
  ways = [rate, 'a longer warm-up']
  if _START in kept:
    ways.append(f'{_START}={kept[_START] + last - step}, which passes by the '
                'batches since')
  doubt = '' if step < first - 1 else (
      ' No step after it was finite: if it diverges again at once, remove the '
      'files of that checkpoint, and the one before counts.')
  return (f'The last checkpoint is {checkpoint}, of step {step}. The same '
          'command resumes from it but meets the same batches, so give it '
          f'{", or ".join(ways)}.{doubt} See "When a run diverges" in '
          'docs/distillation.md, and gradient_norm in metrics.jsonl.')


def latest_checkpoint(model_dir: str) -> str | None:
  """Returns the prefix of a run's latest checkpoint, if any."""
  return bundles.latest(model_dir) if tf.io.gfile.isdir(model_dir) else None


def _read_step(checkpoint: str) -> int:
  """Returns the step of a checkpoint, 0 if it has none."""
  reader = tf.train.load_checkpoint(plain_paths.prefix(checkpoint))
  if not reader.has_tensor(_GLOBAL_STEP):
    return 0
  return int(reader.get_tensor(_GLOBAL_STEP))
