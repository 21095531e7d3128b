# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Weights from and to files: TF1, Hugging Face, the Model Garden and ours.

Builds models from checkpoints, restores and saves them. Importing it gives the
models their `from_pretrained` and `save_pretrained`.
"""

import inspect
import weakref
from collections.abc import Collection
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras
from absl import logging

from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints.checkpoint import Checkpoint
from mobilebert_tf.checkpoints.checkpoint import differences
from mobilebert_tf.checkpoints.formats import find
from mobilebert_tf.checkpoints.formats import FORMATS
from mobilebert_tf.checkpoints.formats import read
from mobilebert_tf.checkpoints.formats import read_teacher
from mobilebert_tf.checkpoints.formats import recognise
from mobilebert_tf.checkpoints.formats import write
from mobilebert_tf import modeling
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib

__all__ = [
    'FORMATS', 'Checkpoint', 'assign', 'build', 'differences', 'find', 'load',
    'of_model', 'read', 'read_teacher', 'recognise', 'restore',
    'restore_all_that_fits', 'save', 'write'
]

# Heads that fine-tuning initializes, and the head that some formats lack.
_MAY_BE_NEW = ('next_sentence', 'sequence_classification',
               'token_classification', 'question_answering',
               'sentence_attention', 'sentence_projection')

# Vocabulary and settings of the checkpoints that models were built from; they
# are saved with the models.
_tokenizers: weakref.WeakKeyDictionary[
    tf_keras.Model, dict[str, Any]] = weakref.WeakKeyDictionary()


def load(model_class: type[modeling.GraphModel], name_or_path: str, *,
         checkpoint_format: str | None = None, revision: str | None = None,
         dtype: Any = None, **arguments: Any) -> modeling.GraphModel:
  """Builds a model from a checkpoint; see `GraphModel.from_pretrained`."""
  constructor = {name: arguments.pop(name) for name in list(arguments)
                 if name in _constructor_arguments(model_class)}
  checkpoint = read(
      name_or_path, checkpoint_format, arguments, revision)
  return build(model_class, checkpoint, dtype=dtype, **constructor)


def build(model_class: type[modeling.GraphModel],
          checkpoint: Checkpoint, *, dtype: Any = None,
          new_heads: bool = True, **arguments: Any) -> modeling.GraphModel:
  """Builds a model with a checkpoint's weights.

  Args:
    model_class: `MobileBertEncoder` (`BertEncoder` for a plain BERT), or the
      class of a model on an encoder.
    checkpoint: The checkpoint.
    dtype: Dtype policy, as for `MobileBertEncoder`.
    new_heads: Whether a head that the checkpoint lacks is initialized.
    **arguments: Other arguments of the constructor; classes and labels are the
      checkpoint's if not given.

  Raises:
    ValueError: If the checkpoint lacks a part that cannot be initialized, or
      the number of classes is unknown.
  """
  if model_class is _encoder_class(checkpoint):
    model = model_class(checkpoint.architecture, dtype=dtype, **arguments)
  else:
    encoder = _encoder_class(checkpoint)(checkpoint.architecture, dtype=dtype)
    if 'num_classes' in _constructor_arguments(model_class):
      arguments = _with_classes(arguments, checkpoint)
    if 'problem_type' in _constructor_arguments(model_class):
      arguments = {'problem_type': checkpoint.problem_type, **arguments}
    model = model_class(encoder, **arguments)
  if not new_heads:
    lacking = [part for part in _parts(model) if part not in checkpoint.parts]
    if lacking:
      raise ValueError(
          f'{checkpoint.source} has no {_words(lacking)}: it was not trained '
          'for this task.')
  assign(model, checkpoint, _parts_that_fit(model, checkpoint))
  _tokenizers[model] = {name: getattr(checkpoint, name)
                        for name in ('vocabulary', *settings.FIELDS)}
  return model


def restore(model: tf_keras.Model, name_or_path: str,
            parts: Collection[str] | None = None) -> None:
  """Restores an existing model from a checkpoint of any format.

  Args:
    model: An encoder, or a model on one, changed in place.
    name_or_path: Path or hub name; see `formats.find`.
    parts: Parts to restore, of `name_map.PARTS`; all of the model's if None.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If the checkpoint is damaged, or of another architecture.
  """
  checkpoint = read(
      name_or_path, assumed=encoder_of(model).architecture)
  assign(model, checkpoint, parts)


def restore_all_that_fits(model: tf_keras.Model, name_or_path: str) -> None:
  """Restores a model, whose heads may be new; raises as `restore`."""
  checkpoint = read(name_or_path, assumed=encoder_of(model).architecture)
  assign(model, checkpoint, _parts_that_fit(model, checkpoint))


def assign(model: tf_keras.Model, checkpoint: Checkpoint,
           parts: Collection[str] | None = None) -> None:
  """Assigns a checkpoint's weights to a model, and logs unmatched parts.

  Args:
    model: An encoder, or a model on one, changed in place if all fits.
    checkpoint: The checkpoint.
    parts: Parts to assign; all of the model's if None.

  Raises:
    ValueError: If the checkpoint is of another architecture, or lacks a part
      that training does not initialize.
  """
  variables = _variables(model)
  parts = [part for part in _parts(model) if parts is None or part in parts]
  missing = [part for part in parts if part not in checkpoint.parts]
  lost = [part for part in missing if part not in _MAY_BE_NEW]
  if lost:
    raise ValueError(
        f'{checkpoint.source} has {_words(checkpoint.parts)}, but not '
        f'{_words(lost)}, which {type(model).__name__} needs.')
  rows = [row for row in _rows(model)
          if row.part in parts and row.part not in missing]
  _check_architecture(model, checkpoint)
  _check_fit(rows, variables, checkpoint)
  for row in rows:
    variables[row.ours].assign(checkpoint.weights[row.ours])
  if missing:
    logging.warning('%s has no %s: the model starts with a new one.',
                    checkpoint.source, _words(missing))
  left_out = [part for part in checkpoint.parts if part not in parts]
  if left_out:
    logging.info('Left out of %s: %s.', checkpoint.source, _words(left_out))


def save(model: modeling.GraphModel, folder: str, *,
         vocab_file: str | None = None,
         lower_case: settings.LowerCase | None = None,
         overwrite: bool = False) -> None:
  """Writes a Hugging Face folder; see `GraphModel.save_pretrained`."""
  checkpoint = of_model(model, vocab_file, lower_case)
  if checkpoint.vocabulary is None:
    logging.warning('%s gets no vocabulary: name one as vocab_file.', folder)
  for note in write(
      checkpoint, folder, 'hugging_face', overwrite=overwrite):
    logging.warning('%s: %s', folder, note)


def of_model(model: tf_keras.Model, vocab_file: str | None = None,
             lower_case: settings.LowerCase | None = None) -> Checkpoint:
  """Returns a model as a checkpoint, with float32 copies of its weights.

  Args:
    model: An encoder, or a model on one.
    vocab_file: Path of its vocabulary; if None, that which it was built from.
    lower_case: Whether its tokenizer lower-cases; if None, as it was built.
  """
  variables, rows = _variables(model), _rows(model)
  tokenizer = dict(_tokenizers.get(model, {}))
  if vocab_file:
    tokenizer['vocabulary'] = vocabulary_lib.Vocabulary.read(vocab_file)
  if lower_case is not None:
    tokenizer['lower_case'] = lower_case
  return Checkpoint(
      encoder_of(model).architecture,
      {row.ours: np.asarray(variables[row.ours]).astype(np.float32)
       for row in rows},
      name_map.parts_of(rows),
      labels=tuple(getattr(model, 'labels', ())),
      problem_type=getattr(model, 'problem_type', ''),
      **tokenizer,
      source=type(model).__name__)


def encoder_of(model: tf_keras.Model) -> modeling.MobileBertEncoder:
  """Returns the encoder of a model, which may be the model itself."""
  return getattr(model, 'encoder', model)


def _encoder_class(checkpoint: Checkpoint) -> type[modeling.GraphModel]:
  is_bert = isinstance(checkpoint.architecture, modeling.BertConfig)
  return modeling.BertEncoder if is_bert else modeling.MobileBertEncoder


def _constructor_arguments(model_class: type[modeling.GraphModel]) -> set[str]:
  names = set(inspect.signature(model_class.__init__).parameters)
  return names - {'self', 'encoder', 'architecture', 'dtype'}


def _with_classes(arguments: dict[str, Any],
                  checkpoint: Checkpoint) -> dict[str, Any]:
  """Adds the checkpoint's classes and labels if the caller gives none."""
  labels = arguments.get('labels') or checkpoint.labels
  num_classes = arguments.get('num_classes')
  if num_classes is None:
    num_classes = checkpoint.num_classes or len(labels) or None
  if num_classes is None:
    raise ValueError(
        f'{checkpoint.source} has no classifier, so say how many classes the '
        'new one has: num_classes=2.')
  if len(labels) != num_classes:
    labels = arguments.get('labels', ())
  return {**arguments, 'num_classes': num_classes, 'labels': labels}


def _parts_that_fit(model: tf_keras.Model,
                    checkpoint: Checkpoint) -> list[str]:
  """Returns a model's parts but for a head of another number of classes."""
  variables = _variables(model)
  other = {
      row.part for row in checkpoint.names
      if None in row.shape and row.ours in variables
      and variables[row.ours].shape != checkpoint.weights[row.ours].shape
  }
  for part in other:
    logging.warning(
        'The %s of %s has another number of classes than the model, which '
        'starts with a new one.', _words([part]), checkpoint.source)
  return [part for part in _parts(model) if part not in other]


def _parts(model: tf_keras.Model) -> tuple[str, ...]:
  return name_map.parts_of(_rows(model))


def _rows(model: tf_keras.Model) -> list[name_map.WeightName]:
  """Returns the rows of the name map for a model's weights."""
  variables = _variables(model)
  return [row for row in name_map.weight_names(
      encoder_of(model).architecture, name_map.HEADS) if row.ours in variables]


def _variables(model: tf_keras.Model) -> dict[str, tf.Variable]:
  return {
      variable.name.removesuffix(':0'): variable for variable in model.weights
  }


def _check_architecture(model: tf_keras.Model,
                        checkpoint: Checkpoint) -> None:
  """Raises ValueError for differences without other shapes, such as norms."""
  ours = encoder_of(model).architecture.as_dict()
  found = [
      f'{field} is {value!r}, of the model {ours[field]!r}'
      for field, value in checkpoint.architecture.as_dict().items()
      if field not in (*checkpoint_lib.SETTINGS, 'use_pooler')
      and value != ours[field]
  ]
  if found:
    raise ValueError(
        f'{checkpoint.source} is of another architecture than the model: its '
        f'{"; ".join(found)}.')


def _check_fit(rows: list[name_map.WeightName],
               variables: dict[str, tf.Variable],
               checkpoint: Checkpoint) -> None:
  absent = [row.ours for row in rows if row.ours not in checkpoint.weights]
  wrong = [
      f'{row.ours} is {checkpoint.weights[row.ours].shape}, the model has '
      f'{tuple(variables[row.ours].shape)}'
      for row in rows if row.ours in checkpoint.weights
      and checkpoint.weights[row.ours].shape != variables[row.ours].shape
  ]
  known = {row.ours for row in rows}
  parts = {row.part for row in rows}
  surplus = [row.ours for row in checkpoint.names
             if row.part in parts and row.ours not in known]
  problems = [f'{title}: {checkpoint_lib.listed(names)}' for title, names in (
      ('missing', absent), ('of another shape', wrong),
      ('without a place', surplus)) if names]
  if problems:
    raise ValueError(
        f'{checkpoint.source} is of another architecture than the model. '
        f'Weights {"; ".join(problems)}.')


def _words(parts: Collection[str]) -> str:
  return ', '.join(part.replace('_', ' ') for part in parts)


modeling.register_checkpoints(load, save)
