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


"""Where a run begins, or goes on."""

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
# Where a checkpoint of the Model Garden's trainer has its step.
_GLOBAL_STEP = 'global_step/.ATTRIBUTES/VARIABLE_VALUE'
# A run that goes on with others than those it was begun with would read some
# data twice and some never, or be at another stage than its checkpoint.
_KEPT = ('task.model', 'task.schedule', 'task.variant',
         *(f'task.train_data.{name}' for name in (
             'global_batch_size', 'seq_length', 'max_predictions_per_seq',
             'shuffle_buffer_size', 'seed', 'labels', 'text_field',
             'pair_field', 'label_field', 'titles', 'exclude_titles',
             'doc_stride', 'query_length', 'version_2_with_negative')))


def begin_or_continue(params: cfg.ExperimentConfig,
                      strategy: tf.distribute.Strategy,
                      model_dir: str) -> cfg.ExperimentConfig:
  """Writes `params.yaml`; returns the params that this part of the run needs.

  Where the training data can begin anywhere (it has a field `start_batch`), a
  continued run goes on with the batch that comes after those of its checkpoint.
  If `task.train_data.seed` is None, one is chosen when training begins; it is
  found in `params.yaml`, where a continued run reads it.

  Args:
    params: The experiment, as it was asked for.
    strategy: Decides who writes.
    model_dir: Folder of the run.

  Returns:
    The experiment with the data's seed and first batch.

  Raises:
    ValueError: If the folder's checkpoint is of a run with another model, other
      batches or another schedule.
  """
  data = params.task.train_data
  checkpoint = tf.train.latest_checkpoint(model_dir)
  can_continue = hasattr(data, 'start_batch')
  begun = _read_params(model_dir)
  if can_continue and data.seed is None:
    seed = begun.get('task.train_data.seed')
    if seed is None:
      if checkpoint:
        logging.warning(
            'The seed of the training data is not in %s, so training goes on '
            'with another order of the data: some may be read twice in an '
            'epoch.', os.path.join(model_dir, PARAMS_FILE))
      seed = random.SystemRandom().getrandbits(31)
    # All workers have read the file when the first of them writes it.
    seed = _value_of_chief(strategy, seed)
    params = params.replace(task={'train_data': {'seed': seed}})
  if checkpoint:
    _check_same(begun, params, model_dir)
  if strategy.extended.should_checkpoint:
    write_params(params, model_dir)
  if can_continue and checkpoint:
    # Not in the file, which others may take as a start for runs of their own.
    start = data.start_batch + _read_step(checkpoint)
    params = params.replace(task={'train_data': {'start_batch': start}})
  return params


def _check_same(begun: Mapping[str, Any], params: cfg.ExperimentConfig,
                model_dir: str) -> None:
  now = dict(_flatten(params.as_dict()))
  changes = [
      f'{name} was {begun[name]!r} and is {now[name]!r}'
      for name in sorted(begun.keys() & now.keys())
      if name.startswith(_KEPT) and begun[name] is not None
      and _listed(begun[name]) != _listed(now[name])
  ]
  if changes:
    path = os.path.join(model_dir, PARAMS_FILE)
    raise ValueError(
        f'{model_dir} holds a run that was begun otherwise: '
        f'{"; ".join(changes)}. To continue it, set them as {path} says; for a '
        'new run name another --model_dir.')


def _read_params(model_dir: str) -> dict[str, Any]:
  """Returns the params a run was begun with by their dotted names."""
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
  """Returns tuples as lists, which they are when they have been read."""
  return list(value) if isinstance(value, tuple) else value


def _value_of_chief(strategy: tf.distribute.Strategy, value: int) -> int:
  """Gives every worker the number that the first one has."""
  values = strategy.experimental_distribute_values_from_function(
      lambda context: tf.constant(
          0 if context.replica_id_in_sync_group else value, tf.int64))
  return int(strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None))


def write_params(params: cfg.ExperimentConfig, model_dir: str) -> None:
  """Writes the params of a run to its `params.yaml`, atomically.

  Args:
    params: The experiment.
    model_dir: Folder of the run, made if needed.
  """
  with files.replacing(os.path.join(model_dir, PARAMS_FILE)) as new:
    hyperparams.save_params_dict_to_yaml(params, new)


def _read_step(checkpoint: str) -> int:
  """Returns the step of a checkpoint, 0 if it has none."""
  reader = tf.train.load_checkpoint(checkpoint)
  if not reader.has_tensor(_GLOBAL_STEP):
    return 0
  return int(reader.get_tensor(_GLOBAL_STEP))
