# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Starts and resumes runs: the params that a folder keeps, and its checkpoint.
"""

import glob
import os
import random
from collections.abc import Iterator, Mapping, Sequence
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
# If these differed, a resumed run would read some data twice and some never, or
# be at another stage than its checkpoint.
_KEPT = ('task.kind', 'task.model', 'task.schedule', 'task.variant',
         *(f'task.train_data.{name}' for name in (
             'global_batch_size', 'seq_length', 'max_predictions_per_seq',
             'shuffle_buffer_size', 'seed', 'labels', 'text_field',
             'pair_field', 'label_field', 'label_columns', 'label_separator',
             'titles', 'exclude_titles', 'doc_stride', 'query_length',
             'version_2_with_negative')))
# Fields of the tasks of some experiments alone.
_OPTIONAL = {'schedule', 'teacher', 'variant'}
_PATHS = ('input_path', 'vocab_file', 'checkpoint')


def start_or_resume(params: cfg.ExperimentConfig,
                    strategy: tf.distribute.Strategy,
                    model_dir: str) -> cfg.ExperimentConfig:
  """Writes `params.yaml` and returns the params of this part of the run.

  Where the training data can begin anywhere (it has a field `start_batch`), a
  resumed run continues with the batch after those of its checkpoint. If
  `task.train_data.seed` is None, one is chosen when training begins and kept in
  `params.yaml`, where a resumed run reads it.

  Raises:
    ValueError: If the folder's checkpoint is of a run with another model, other
      batches or another schedule.
  """
  data = params.task.train_data
  checkpoint = latest_checkpoint(model_dir)
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
  if checkpoint:
    _check_same(started, params, model_dir)
  if strategy.extended.should_checkpoint:
    vocabulary = _check_vocabulary(data, model_dir)
    write_params(params, model_dir)  # First, as the sign of whose folder it is.
    if vocabulary is not None:  # So that the run can be moved.
      files.write_bytes(os.path.join(model_dir, VOCABULARY_FILE), vocabulary)
  if can_resume and checkpoint:
    # Not in the file, which may be the config of another run.
    start = data.start_batch + _read_step(checkpoint)
    params = params.replace(task={'train_data': {'start_batch': start}})
  return params


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
        'Nothing in it was changed. Name another --model_dir.')


def _check_same(started: Mapping[str, Any], params: cfg.ExperimentConfig,
                model_dir: str) -> None:
  now = dict(_flatten(params.as_dict()))
  changes = [
      f'{name} was {started[name]!r} and is {now[name]!r}'
      for name in sorted(started.keys() & now.keys())
      if name.startswith(_KEPT) and started[name] is not None
      and _listed(started[name]) != _listed(now[name])
  ]
  if changes:
    path = os.path.join(model_dir, PARAMS_FILE)
    raise ValueError(
        f'{model_dir} holds a run started with different settings: '
        f'{"; ".join(changes)}. To resume it, set them as {path} says; for a '
        'new run name another --model_dir.')


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
  paths: dict[str, Any] = {}
  for name, value in _flatten(params.as_dict()):
    if name.startswith('task.') and name.endswith(_PATHS):
      *groups, field = name.split('.')
      group = paths
      for each in groups:
        group = group.setdefault(each, {})
      group[field] = _absolute(value)
  params = params.replace(**paths)
  with files.replacing(os.path.join(model_dir, PARAMS_FILE)) as new:
    hyperparams.save_params_dict_to_yaml(params, new)


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
        'name that one; for a new run name another --model_dir.')
  return None


def latest_checkpoint(model_dir: str) -> str | None:
  """Returns the prefix of a run's latest checkpoint, if any."""
  return bundles.latest(model_dir) if tf.io.gfile.isdir(model_dir) else None


def _read_step(checkpoint: str) -> int:
  """Returns the step of a checkpoint, 0 if it has none."""
  reader = tf.train.load_checkpoint(plain_paths.prefix(checkpoint))
  if not reader.has_tensor(_GLOBAL_STEP):
    return 0
  return int(reader.get_tensor(_GLOBAL_STEP))
