# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Our own checkpoints: converted folders, and the folders of training runs."""

import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import object_checkpoint
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.modeling import architectures
from mobilebert_tf.text import vocabulary as vocabulary_lib

TITLE = 'mobilebert_tf'
MARKER = object_checkpoint.CONFIG


def recognises(location: bundles.Location) -> bool:
  """Returns whether a place holds a checkpoint of ours."""
  return object_checkpoint.holds(
      location, 'encoder/layer_with_weights-0/embeddings')


def read(location: bundles.Location,
         overrides: dict[str, Any] | None = None,
         assumed: architectures.MobileBertConfig | None = None,
         progress: checkpoint_lib.Progress = checkpoint_lib.silent
         ) -> checkpoint_lib.Checkpoint:
  """Reads a folder that `write` wrote, or that of a training run.

  Args:
    location: Place of the checkpoint.
    overrides: Fields of the architecture to change.
    assumed: Architecture to assume if no config is beside the weights.
    progress: Wraps the loop over the weights.

  Returns:
    The checkpoint.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a file is damaged or does not fit the others.
  """
  run, path = object_checkpoint.read_run(location.folder)
  if path or assumed is None:
    values = object_checkpoint.encoder_fields(
        run, path, location.folder, 'any')
  else:
    values = assumed.as_dict()
  architecture = object_checkpoint.as_architecture(
      lambda: architectures.resolve({**values, **(overrides or {})}), path)
  weights, parts = object_checkpoint.read_weights(
      location, 'mobilebert_tf', architecture, (), progress)
  return checkpoint_lib.Checkpoint(
      architecture, weights, parts, source=location.prefix,
      **{**_run_settings(run, path), **tokenizer_files.read(location.folder)})


def fit(checkpoint: checkpoint_lib.Checkpoint
        ) -> tuple[checkpoint_lib.Checkpoint, list[str]]:
  """Returns the checkpoint, all of which the format holds."""
  return checkpoint, []


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          progress: checkpoint_lib.Progress = checkpoint_lib.silent) -> None:
  """Writes a folder that `task.init_checkpoint` accepts.

  Args:
    checkpoint: The checkpoint.
    folder: An empty folder.
    progress: Wraps the loop over the weights.
  """
  object_checkpoint.write_weights(
      checkpoint, folder, 'mobilebert_tf', {}, progress)
  object_checkpoint.write_encoder_config(
      folder, 'any', checkpoint.architecture.as_dict())
  tokenizer_files.write(checkpoint, folder)


def _run_settings(run: Mapping[str, Any], path: str) -> dict[str, Any]:
  """Returns labels, their meaning and vocabulary from a run's params."""
  data = run['task'].get('train_data') if 'task' in run else None
  settings: dict[str, Any] = {}
  if not isinstance(data, Mapping) or (
      os.path.basename(path) != object_checkpoint.RUN_CONFIG):
    return settings
  if isinstance(data.get('labels'), list | tuple):
    settings['labels'] = tuple(map(str, data['labels']))
  if isinstance(run['task'].get('problem_type'), str):
    settings['problem_type'] = run['task']['problem_type']
  # A run may have moved, and its vocabulary with it.
  vocab_file = data.get('vocab_file')
  if isinstance(vocab_file, str) and tf.io.gfile.exists(vocab_file) and (
      '://' in vocab_file or os.path.isfile(vocab_file)):
    settings['vocabulary'] = vocabulary_lib.Vocabulary.read(vocab_file)
  if 'lower_case' in data:
    settings['lower_case'] = bool(data['lower_case'])
  return settings
