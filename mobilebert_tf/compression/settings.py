# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Settings that all trainings of compression have in common."""

from collections.abc import Mapping
import hashlib
import json
import os
import pathlib
from typing import Any

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.common import files

FILE = 'settings.json'
_LOOPS, CHECKPOINTS = 20, 5  # Of a training.


def trainer(steps: int, learning_rate: float, kept: int = 1) -> dict[str, Any]:
  """Returns settings of a trainer whose rate falls over all steps.

  Args:
    steps: Number of steps.
    learning_rate: Peak learning rate.
    kept: Number of checkpoints that are kept.
  """
  loop = max(1, steps // _LOOPS)
  return {
      'train_steps': steps, 'steps_per_loop': loop, 'summary_interval': loop,
      'checkpoint_interval': max(1, steps // CHECKPOINTS), 'max_to_keep': kept,
      'optimizer_config': {'learning_rate': {'polynomial': {
          'initial_learning_rate': learning_rate,
          'end_learning_rate': None}}}}


def source(model_dir: str | os.PathLike) -> dict[str, str]:
  """Returns what tells a run from others, and from itself trained anew.

  Args:
    model_dir: Folder of a run, or one of its checkpoints.
  """
  model_dir = os.path.abspath(os.path.expanduser(model_dir))
  # An index has the checksums of all weights.
  return {'model_dir': model_dir,
          'weights': hashlib.sha256(files.read_bytes(
              f'{bundles.locate(model_dir).prefix}.index')).hexdigest()}


def keep(folder: pathlib.Path, settings: Mapping[str, Any],
         usual: Mapping[str, Any]) -> None:
  """Writes settings into a folder, or compares them with those that are there.

  Args:
    folder: Folder of a training, which exists.
    settings: Settings that a resumed training has to have.
    usual: Values of settings that an earlier release did not write.

  Raises:
    ValueError: If the folder was begun with other settings.
  """
  settings, usual = (json.loads(json.dumps(each)) for each in (settings, usual))
  path = folder / FILE
  if not path.exists():
    files.write_json(path, settings, indent=1)
    return
  begun = {**usual, **files.read_json(path)}
  other = [name for name, value in settings.items()
           if name in begun and begun[name] != value]
  if other:
    raise ValueError(
        f'{folder} was begun with {other[0]} {begun[other[0]]!r}, and '
        f'{settings[other[0]]!r} is named now. Name another folder.')
