# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Files beside the weights: tokenizer, labels, their meaning."""

import os
from typing import Any

import tensorflow as tf

from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import tokenizer_settings
from mobilebert_tf.common import files
from mobilebert_tf.text import vocabulary as vocabulary_lib

VOCABULARY = 'vocab.txt'
LABELS = 'labels.txt'
PROBLEM_TYPE = 'problem_type.txt'
TOKENIZER_CONFIG = 'tokenizer_config.json'
TOKENIZER = 'tokenizer.json'
ADDED_TOKENS = 'added_tokens.json'
SPECIAL_TOKENS = 'special_tokens_map.json'


def read_json(path: str) -> dict[str, Any]:
  """Reads a JSON object; ValueError if the file holds anything else."""
  fields = files.read_json(path)
  if not isinstance(fields, dict):
    raise ValueError(
        f'{path} holds a {type(fields).__name__}, not a JSON object.')
  return fields


def write_json(path: str, fields: dict[str, Any]) -> None:
  """Writes a JSON object for people to read."""
  files.write_json(path, fields, sort_keys=True, ensure_ascii=False)


def read(folder: str) -> dict[str, Any]:
  """Returns the fields of a `Checkpoint` that files of a folder say.

  These are `vocabulary`, `lower_case`, `max_word_length`, `labels` and
  `problem_type`.

  Raises:
    ValueError: If a file is damaged, the tokenizer is of another kind, or two
      files contradict each other.
  """
  fields: dict[str, Any] = {}

  def existing(name: str) -> str:
    path = os.path.join(folder, name)
    return path if tf.io.gfile.exists(path) else ''

  said = {name: read_json(path) for name in (
      TOKENIZER_CONFIG, TOKENIZER, ADDED_TOKENS, SPECIAL_TOKENS)
          if (path := existing(name))}
  if path := existing(VOCABULARY):
    fields['vocabulary'] = vocabulary_lib.Vocabulary.read(path)
  elif path := existing(TOKENIZER):
    fields['vocabulary'] = _make_vocabulary(said[TOKENIZER], path)
  fields |= tokenizer_settings.read(
      folder, fields.get('vocabulary'), said.get(TOKENIZER_CONFIG),
      said.get(TOKENIZER, {}), said.get(ADDED_TOKENS, {}),
      said.get(SPECIAL_TOKENS, {}))
  if path := existing(LABELS):
    fields['labels'] = _read_lines(path)
  if path := existing(PROBLEM_TYPE):
    fields['problem_type'] = ''.join(_read_lines(path)).strip()
  return fields


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          for_transformers: bool = False) -> None:
  """Writes the files of the tokenizer and the labels.

  Args:
    checkpoint: The checkpoint.
    folder: The folder.
    for_transformers: Whether transformers reads them. It has labels in its
      config. Its class that takes `tokenizer.json` as it is obeys all settings;
      those of BERT and MobileBERT leave out the longest word.
  """
  if checkpoint.vocabulary is not None:
    checkpoint.vocabulary.write(os.path.join(folder, VOCABULARY))
    write_json(os.path.join(folder, TOKENIZER_CONFIG), {
        **tokenizer_settings.as_config(checkpoint),
        'model_max_length': checkpoint.architecture.max_position_embeddings,
        **(tokenizer_settings.AS_IT_IS if for_transformers else {}),
    })
    if for_transformers:
      files.write_text(os.path.join(folder, TOKENIZER),
                       tokenizer_settings.as_file(checkpoint))
  if for_transformers:
    return
  if checkpoint.labels:
    files.write_text(os.path.join(folder, LABELS), ''.join(
        f'{label}\n' for label in checkpoint.labels))
  if checkpoint.problem_type:
    files.write_text(os.path.join(folder, PROBLEM_TYPE),
                     f'{checkpoint.problem_type}\n')


def check_vocabulary(checkpoint: checkpoint_lib.Checkpoint) -> None:
  """Raises ValueError if there is not one token for each row of the table."""
  if checkpoint.vocabulary is None:
    return
  tokens = len(checkpoint.vocabulary)
  rows = checkpoint.architecture.vocab_size
  if tokens != rows:
    hint = ('It is the vocabulary of another model.' if tokens > rows else
            'If the table is longer on purpose, add lines such as [unused1] to '
            'the vocabulary; otherwise it is that of another model.')
    raise ValueError(
        f'The vocabulary of {checkpoint.source} has {tokens} tokens, but the '
        f'word table has {rows} rows. {hint}')


def check_labels(checkpoint: checkpoint_lib.Checkpoint) -> None:
  """Raises ValueError if there is not one label for each class of a head."""
  labels = checkpoint.labels
  for head in ('classifier', 'token_classifier'):
    bias = checkpoint.weights.get(f'{head}/bias')
    if labels and bias is not None and bias.size != len(labels):
      raise ValueError(
          f'There are {len(labels)} labels for {checkpoint.source} '
          f'({", ".join(labels[:5])}), but its {head.replace("_", " ")} has '
          f'{bias.size} classes.')


def _read_lines(path: str) -> tuple[str, ...]:
  return tuple(line for _, line in files.read_lines(path))


def _make_vocabulary(tokenizer: dict[str, Any],
                     path: str) -> vocabulary_lib.Vocabulary:
  """Returns that of a `tokenizers` file, which transformers 5 saves."""
  tokens = tokenizer_settings.tokens_of(tokenizer)
  if tokens is None:
    raise ValueError(
        f'{path} holds no WordPiece vocabulary; put vocab.txt beside it.')
  try:
    return vocabulary_lib.Vocabulary(tokens)
  except ValueError as error:
    raise ValueError(f'{path}: {error}') from error
