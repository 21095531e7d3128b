# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Students whose word table starts with a teacher's, by principal components.

Most weights of a small encoder are its word table. A teacher's says which words
are alike, and its first principal components keep most of that (Raunak et al.
2019, "Effective dimensionality reduction for word embeddings").
"""

import dataclasses
from typing import Any

import numpy as np
import tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.common import notices
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import vocabulary as vocabulary_lib

TABLE = 'word_embeddings/embeddings'
# Times the deviation of other weights. Three words, projected, would be less
# than position and segment otherwise, and all texts nearly the same: STS-B
# after 500 steps is 72.8 with 1, 77.1 with 4, 77.6 with 8 (docs/embeddings.md).
_SCALE = 8.0
_NAMED = 5


def start(architecture: modeling.MobileBertConfig,
          teacher: checkpoint_lib.Checkpoint,
          vocabulary: vocabulary_lib.Vocabulary | None = None,
          seed: int = 0) -> checkpoint_lib.Checkpoint:
  """Returns a new student, random but for its word table.

  Args:
    architecture: Architecture of the student.
    teacher: A checkpoint of any encoder, with its vocabulary.
    vocabulary: Vocabulary of the student; the teacher's if None.
    seed: Seed of the other weights.

  Raises:
    ValueError: If the student's table is wider, the teacher has no vocabulary,
      or no token is in both.

  Example: `start(get_architecture('mobilebert_small', vocab_size=30522),
    checkpoints.read_teacher('all-MiniLM-L6-v2'))`
  """
  vocabulary = vocabulary or teacher.vocabulary
  table = word_table(teacher, vocabulary, architecture.embedding_size,
                     _SCALE * architecture.initializer_range)
  if len(table) != architecture.vocab_size:
    raise ValueError(
        f'The student has a vocabulary of {architecture.vocab_size} tokens '
        f'(vocab_size), but there are {len(table)}, as in '
        f'{teacher.source}.')
  tf_keras.utils.set_random_seed(seed)
  student = checkpoints.of_model(modeling.MobileBertEncoder(architecture))
  return dataclasses.replace(
      student, weights={**student.weights, TABLE: table}, vocabulary=vocabulary,
      lower_case=teacher.lower_case, max_word_length=teacher.max_word_length,
      source=f'a student of {teacher.source}')


def start_by_name(path: str, architecture: str, vocab_file: str = '',
                  seed: int = 0, **fields: Any) -> checkpoint_lib.Checkpoint:
  """Returns a new student of an architecture by its name; see `start`.

  Args:
    path: Teacher: a run, a checkpoint of any format, a Hugging Face folder of a
      plain BERT, or a name on the hub.
    architecture: Name of the student's architecture.
    vocab_file: Vocabulary of the student; the teacher's if ''.
    seed: Seed of the other weights.
    **fields: Fields of the architecture to change. The size of the vocabulary
      need not be said.

  Raises:
    FileNotFoundError: If there is no such teacher or vocabulary.
    ValueError: As `start`.
  """
  teacher = checkpoints.read_teacher(path)
  vocabulary = teacher.vocabulary
  if vocab_file:
    vocabulary = vocabulary_lib.Vocabulary.read(vocab_file)
  sizes = {} if vocabulary is None else {'vocab_size': len(vocabulary)}
  return start(modeling.get_architecture(architecture, **{**sizes, **fields}),
               teacher, vocabulary, seed)


def word_table(teacher: checkpoint_lib.Checkpoint,
               vocabulary: vocabulary_lib.Vocabulary | None, width: int,
               deviation: float) -> np.ndarray:
  """Returns a narrower word table, float32 `[tokens, width]`.

  A token that the teacher lacks gets the mean of the teacher's pieces of it.

  Args:
    teacher: The teacher, with its vocabulary.
    vocabulary: Tokens of the rows.
    width: Width of the table.
    deviation: Standard deviation of its entries.

  Raises:
    ValueError: As `start`.
  """
  whole = teacher.weights[TABLE]
  if teacher.vocabulary is None or vocabulary is None:
    raise ValueError(
        f'No vocabulary lies with the teacher, {teacher.source}, so that the '
        'rows of its word table have no names. Put its vocab.txt beside it.')
  if len(teacher.vocabulary) != len(whole):
    raise ValueError(f'The word table of {teacher.source} has {len(whole)} '
                     f'rows, its vocabulary {len(teacher.vocabulary)} tokens.')
  if width > whole.shape[1]:
    raise ValueError(
        f'embedding_size is {width}, but the word table of {teacher.source} '
        f'has a width of {whole.shape[1]}: it has no more principal '
        'components.')
  table = principal_components(whole, width)
  table *= deviation / table.std()
  if vocabulary == teacher.vocabulary:
    return table
  return _of_tokens(table, teacher, vocabulary)


def principal_components(table: np.ndarray, width: int) -> np.ndarray:
  """Returns rows by their first principal components, float32 `[rows, width]`.

  Signs are such that the largest entry of each direction is positive, so that
  the result is that of any machine.

  Args:
    table: `[rows, larger width]`.
    width: Number of components.
  """
  centred = table.astype(np.float64)
  centred -= centred.mean(0)
  _, directions = np.linalg.eigh(centred.T @ centred)  # Ascending.
  directions = directions[:, ::-1][:, :width]
  largest = np.argmax(np.abs(directions), 0)
  directions *= np.sign(directions[largest, np.arange(width)])
  return np.float32(centred @ directions)


def _of_tokens(table: np.ndarray, teacher: checkpoint_lib.Checkpoint,
               vocabulary: vocabulary_lib.Vocabulary) -> np.ndarray:
  """Returns the rows of another vocabulary's tokens."""
  number = {token: i for i, token in enumerate(teacher.vocabulary.tokens)}
  split = plain_tokenizer.PlainTokenizer(
      teacher.vocabulary.tokens, teacher.lower_case,
      teacher.max_word_length).tokenize
  lost = [token for token in vocabulary.tokens if token not in number]
  if len(lost) > len(vocabulary) / 2:
    raise ValueError(
        f'{len(lost)} of {len(vocabulary)} tokens, such as '
        f'{", ".join(map(repr, lost[:_NAMED]))}, are not in the vocabulary of '
        f'the teacher, {teacher.source}: it is of another language or kind.')
  pieces = dict(zip(lost, split([token.removeprefix('##') for token in lost]),
                    strict=True))
  if lost:
    notices.tell(f'{len(lost)} of {len(vocabulary)} tokens are not in the '
                 "teacher's vocabulary, and start with the mean of its pieces "
                 f'of them: {", ".join(map(repr, lost[:_NAMED]))}.')
  unknown = [teacher.vocabulary.unk_id]
  return np.stack([
      table[number[token]] if token in number else
      table[list(pieces[token]) or unknown].mean(0)
      for token in vocabulary.tokens])
