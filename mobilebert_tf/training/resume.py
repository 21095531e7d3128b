# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Starts or resumes a run: its params, seed and first batch."""

import os
import random
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf
import yaml
from absl import logging

from mobilebert_tf.common import files
from official.core import config_definitions as cfg
from official.modeling import hyperparams

PARAMS_FILE = 'params.yaml'
# The step in a checkpoint of the Model Garden's trainer.
_GLOBAL_STEP = 'global_step/.ATTRIBUTES/VARIABLE_VALUE'
# If these differed, a resumed run would read some data twice and some never, or
# be at another stage than its checkpoint.
_KEPT = ('task.model', 'task.schedule', 'task.variant',
         *(f'task.train_data.{name}' for name in (
             'global_batch_size', 'seq_length', 'max_predictions_per_seq',
             'shuffle_buffer_size', 'seed', 'labels', 'text_field',
             'pair_field', 'label_field', 'label_columns', 'label_separator',
             'titles', 'exclude_titles', 'doc_stride', 'query_length',
             'version_2_with_negative')))


def start_or_resume(params: cfg.ExperimentConfig,
                    strategy: tf.distribute.Strategy,
                    model_dir: str) -> cfg.ExperimentConfig:
  """Writes `params.yaml` and returns the params of this part of the run.

  Where the training data can begin anywhere (it has a field `start_batch`), a
  resumed run continues with the batch after those of its checkpoint. If
  `task.train_data.seed` is None, one is chosen when training begins and kept in
  `params.yaml`, where a resumed run reads it.

  Args:
    params: Requested experiment.
    strategy: Distribution strategy; its chief writes.
    model_dir: Folder of the run.

  Raises:
    ValueError: If the folder's checkpoint is of a run with another model, other
      batches or another schedule.
  """
  data = params.task.train_data
  checkpoint = tf.train.latest_checkpoint(model_dir)
  can_resume = hasattr(data, 'start_batch')
  started = _read_params(model_dir)
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
    write_params(params, model_dir)
  if can_resume and checkpoint:
    # Not in the file, which may be the config of another run.
    start = data.start_batch + _read_step(checkpoint)
    params = params.replace(task={'train_data': {'start_batch': start}})
  return params


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
    params = hyperparams.read_yaml_to_params_dict(path)
    return dict(_flatten(params.as_dict()))
  except (yaml.YAMLError, AttributeError, KeyError, TypeError):
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
  """Writes the params of a run to its `params.yaml` atomically."""
  with files.replacing(os.path.join(model_dir, PARAMS_FILE)) as new:
    hyperparams.save_params_dict_to_yaml(params, new)


def _read_step(checkpoint: str) -> int:
  """Returns the step of a checkpoint, 0 if it has none."""
  reader = tf.train.load_checkpoint(checkpoint)
  if not reader.has_tensor(_GLOBAL_STEP):
    return 0
  return int(reader.get_tensor(_GLOBAL_STEP))
