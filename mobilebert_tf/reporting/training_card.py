# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The model card of a run of an experiment: its data, how it was trained."""

from collections.abc import Iterator, Mapping
import os
from typing import Any

from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import model_card
from mobilebert_tf.common import files
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.reporting import run_card

_PARTS = {'train_data': 'train', 'validation_data': 'held out'}
_RATE = 'trainer.optimizer_config.learning_rate'
# Names in the card of settings of an experiment.
_SETTINGS = {
    'task.init_checkpoint': 'Started from',
    'task.teacher_checkpoint': 'Teacher',
    'task.teacher.checkpoint': 'Teacher',
    'trainer.train_steps': 'Steps',
    'task.train_data.global_batch_size': 'Texts of a step',
    'task.train_data.seq_length': 'Tokens of a text, at most',
    'task.train_data.seed': 'Seed',
    'trainer.optimizer_config.optimizer.type': 'Optimizer',
    f'{_RATE}.type': 'Schedule of the rate',
    f'{_RATE}.polynomial.initial_learning_rate': 'Largest rate',
    'runtime.mixed_precision_dtype': 'Precision of activations',
}
# Data without a manifest that are read for a checksum.
_MOST_BYTES = 1_000_000_000


def build(title: str, checkpoint: checkpoint_lib.Checkpoint,
          params: Mapping[str, Any], metrics: Mapping[str, float],
          said: run_card.Statements,
          measured: Mapping[str, str] | None = None) -> model_card.Card:
  """Returns the card of a run.

  Args:
    title: Title of the card.
    checkpoint: The trained model.
    params: Content of the run's `params.yaml`.
    metrics: Metrics of its last training loop.
    said: Statements of people on the model.
    measured: Sections on what was measured of it, by their titles.
  """
  card = model_card.of_checkpoint(checkpoint, title, 'mobilebert_tf')
  start = str(_setting(params, 'task.init_checkpoint') or '')
  metadata = {**card.metadata, 'license': said.licence,
              'language': said.language,
              'base_model': said.base_model or run_card.hub_name(start)}
  return model_card.Card(metadata, title, {
      'Model': card.sections['Model'],
      'Intended use': (said.intended_use or card.sections['Intended use']
                       or run_card.ASKED),
      'Data': model_card.table(
          ('Part', 'Name', 'Files', 'Bytes', 'SHA-256'), list(_data(params))),
      **(measured or {}),
      'Sizes and latencies': run_card.describe_sizes(said.exports),
      'Training': model_card.table(('Setting', 'Value'), [
          (name, model_card.code(run_card.short(value)))
          for path, name in _SETTINGS.items()
          if (value := _setting(params, path)) not in (None, '')]),
      'At the last step, on training texts': model_card.table(
          ('Metric', 'Value'), [
              (name.replace('_', ' ').capitalize(), f'{value:.5g}')
              for name, value in metrics.items()
              if name != 'step' and '/' not in name]),  # Nor of each block.
      'Licence': said.licence or model_card.UNKNOWN_LICENCE,
  })


def _setting(params: Mapping[str, Any], path: str) -> Any:
  """Returns the value of a setting such as `task.train_data.seed`, or None."""
  found: Any = params
  for name in path.split('.'):
    found = found.get(name) if isinstance(found, Mapping) else None
  return found


def _data(params: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
  """Yields part, name, number of files, bytes and checksum of data.

  Records are known by the checksum of their manifest, which has their sizes.
  """
  for field, part in _PARTS.items():
    given = _setting(params, f'task.{field}.input_path') or ()
    for path in files.split_paths(given):
      yield part, model_card.code(run_card.short(path)), *_measure(path)


def _measure(path: str) -> tuple[str, str, str]:
  """Returns number of files, bytes and checksum; of what is gone, nothing."""
  records = os.path.join(path, pretraining_records.MANIFEST)
  try:
    has_manifest = files.exists(records)
    found = files.find_files(
        os.path.join(path, '*.tfrecord*') if has_manifest else path)
    total = sum(map(files.size, found))
    checked = records if has_manifest else found[0]
    is_checked = '://' not in checked and (has_manifest or (
        len(found) == 1 and total < _MOST_BYTES))
    return (f'{len(found):,}', f'{total:,}',
            f'`{files.digest(checked)}`' if is_checked else '')
  except OSError:
    return '', '', ''
