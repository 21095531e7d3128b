# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Checkpoints of the google-research (TensorFlow 1) implementation.

A folder with `bert_config.json`, `vocab.txt` and variables under `bert/` and
`cls/`, whose prefix is found (Google's release calls it
`mobilebert_variables.ckpt`).
"""

import os
import re
from typing import Any

import tensorflow as tf

from mobilebert_tf.checkpoints import accounting
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import object_checkpoint
from mobilebert_tf.checkpoints import reference_config
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.modeling import architectures

TITLE = 'TF1 (google-research)'
CONFIG = 'bert_config.json'
PREFIX = 'mobilebert_variables.ckpt'
MARKER = CONFIG

# Names of a training run's state: slots, steps, the teacher, and the frozen
# norms of the feature-map loss.
_TRAINING_STATE = re.compile(
    r'global_step$|beta[12]_power$|.*/(adam_[mv]|Adam(_1)?|Momentum)$'
    r'|teacher/|hidden_distill_\d+/')


def recognises(location: bundles.Location) -> bool:
  """Returns whether a place holds a checkpoint of named variables."""
  if not location.prefix:
    return False
  with bundles.open_reader(location) as reader:
    return not reader.has_tensor(object_checkpoint.KEY)


def read(location: bundles.Location,
         overrides: dict[str, Any] | None = None,
         assumed: architectures.MobileBertConfig | None = None,
         progress: checkpoint_lib.Progress = checkpoint_lib.silent
         ) -> checkpoint_lib.Checkpoint:
  """Reads a TF1 checkpoint folder.

  Args:
    location: Place of the checkpoint.
    overrides: Fields of the architecture to change, such as
      `{'attention_mask': 'tf1_reference'}`.
    assumed: Architecture to assume if no config is beside the weights.
    progress: Wraps the loop over the weights.

  Returns:
    The checkpoint.

  Raises:
    FileNotFoundError: If the folder lacks the config or a checkpoint.
    ValueError: If the config or the weights are not a MobileBERT's, a file is
      damaged, or an override is not accepted.
  """
  architecture = reference_config.read_config(
      os.path.join(location.folder, CONFIG), assumed, **(overrides or {}))
  names = [name for name in name_map.weight_names(
      architecture, name_map.HEADS) if name.tf1]
  with bundles.open_reader(location) as reader:
    shapes = {
        name: shape
        for name, shape in reader.get_variable_to_shape_map().items()
        if not _TRAINING_STATE.match(name)
    }
    source = accounting.Source(
        location.prefix, 'tf1', shapes, reader.get_tensor)
    names = accounting.account(names, source)
    weights = accounting.read_weights(names, source, progress)
  return checkpoint_lib.Checkpoint(
      architecture, weights, name_map.parts_of(names), source=location.prefix,
      **tokenizer_files.read(location.folder))


def fit(checkpoint: checkpoint_lib.Checkpoint
        ) -> tuple[checkpoint_lib.Checkpoint, list[str]]:
  """Returns the part of a checkpoint that the format holds, and notes on it.

  Raises:
    ValueError: If it cannot be written.
  """
  if 'token_classification' in checkpoint.parts:
    raise ValueError(
        'google-research has no token classifier, so there is no TF1 name for '
        'its weights. Write another format.')
  return checkpoint, checkpoint_lib.notes_on_settings(checkpoint)


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          progress: checkpoint_lib.Progress = checkpoint_lib.silent) -> None:
  """Writes a checkpoint as google-research's code restores it.

  Args:
    checkpoint: The checkpoint.
    folder: An empty folder.
    progress: Wraps the loop over the weights.
  """
  tensors = {
      name.tf1: name.from_ours(checkpoint.weights[name.ours], 'tf1')
      for name in progress(checkpoint.names, 'writing')
  }
  # The op of TF1's Saver; it needs no graph and no second copy.
  tf.raw_ops.SaveV2(
      prefix=os.path.join(folder, PREFIX), tensor_names=list(tensors),
      shape_and_slices=[''] * len(tensors), tensors=list(tensors.values()))
  bundles.write_state(folder, PREFIX)
  tokenizer_files.write_json(os.path.join(folder, CONFIG),
                      reference_config.to_fields(checkpoint.architecture))
  tokenizer_files.write(checkpoint, folder)
