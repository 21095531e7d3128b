# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Vectors of many texts, by a sentence encoder."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import hashlib
import os
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import model_card
from mobilebert_tf.checkpoints import sentence_transformers
from mobilebert_tf.data import vector_store
from mobilebert_tf.data import vector_writing
from mobilebert_tf.inference import loading
from mobilebert_tf.modeling import sentence_encoder
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import tokenizer as tokenizer_lib

# Enough for any processor, and little memory.
_TOKENS_AT_ONCE = 8192
_MOST_ROWS = 128
_SPECIAL = 2  # [CLS] and [SEP].


@dataclasses.dataclass
class Embedder:
  """Turns texts into vectors, in batches of texts of like length.

  Example: `registry.load_sentence_encoder('runs/mine').embed(['a text'])`

  Attributes:
    model: The sentence encoder.
    tokenizer: Its tokenizer.
    max_length: Maximum length of a text in tokens, special ones included; more
      is cut off.
    source: Where it was loaded from, for messages.
    width: Number of the first entries that are the vector, for a model that was
      trained for that (Matryoshka); None for all.
  """
  model: modeling.SentenceEncoder
  tokenizer: tokenizer_lib.Tokenizer
  max_length: int
  source: str = ''
  width: int | None = None

  def __post_init__(self):
    # A [PAD] follows every text, unless no token looks at the next one.
    is_bert = isinstance(self.model.encoder, modeling.BertEncoder)
    self._padding = 0 if is_bert else 1
    self.max_length = min(
        self.max_length, self.model.max_length - self._padding)
    if self.width is not None and not 1 <= self.width <= self.model.size:
      raise ValueError(f'width is {self.width}; vectors of {self.source} have '
                       f'{self.model.size} numbers.')
    self._compute = tf.function(
        self._vectors,
        input_signature=[tf.TensorSpec([None, None], tf.int32, name)
                         for name in validation.INPUT_NAMES])

  @property
  def size(self) -> int:
    """Width of the vectors."""
    return self.width or self.model.size

  def embed(self, texts: Sequence[str]) -> np.ndarray:
    """Returns float32 `[texts, size]`.

    Raises:
      ValueError: If a vector is not finite.
    """
    ids = self.tokenizer.tokenize_strings(list(texts))
    vectors = np.empty([len(texts), self.size], np.float32)
    for rows in _batches([len(each) for each in ids]):
      vectors[rows] = self._compute(*self._pack([ids[i] for i in rows]))
    if not np.isfinite(vectors).all():
      raise ValueError(f'{self.source or "The model"} answers no numbers: its '
                       'weights are damaged, or it diverged.')
    return vectors

  def write(self, folder: str | os.PathLike, texts: Iterable[str],
            **options: Any) -> vector_store.VectorStore:
    """Writes a store of texts and their vectors; see `vector_writing.write`.

    Example: `load('all-MiniLM-L6-v2', KINDS).write('vectors', texts)`

    Args:
      folder: The folder to make.
      texts: The texts; those that repeat are embedded once.
      **options: `dtype` and `rows_per_shard`.
    """
    return vector_writing.write(
        folder, texts, self.embed, source=self.describe(), origin=self.source,
        **options)

  def save_pretrained(self, folder: str | os.PathLike,
                      overwrite: bool = False) -> list[str]:
    """Writes a folder that sentence-transformers loads.

    Arguments, result and errors are those of `sentence_transformers.write`.
    """
    return sentence_transformers.write(
        sentence_transformers.of_model(
            self.model, self.max_length, self.tokenizer), folder, overwrite,
        model_card.read(self.source) if self.source else '')

  def describe(self) -> dict[str, Any]:
    """Returns what tells its vectors from those of others, for JSON.

    Not where it lies: a folder may be moved.
    """
    digest = hashlib.sha256()
    for weight in sorted(self.model.weights, key=lambda each: each.name):
      digest.update(weight.name.encode())
      digest.update(np.ascontiguousarray(weight).data)
    for token in self.tokenizer.vocabulary.tokens:
      digest.update(f'{token}\n'.encode())
    return {'sha256': digest.hexdigest(), 'pooling': self.model.pooling,
            'normalize': self.model.normalize,
            'lower_case': self.tokenizer.lower_case,
            'max_length': self.max_length, 'size': self.size}

  def _vectors(self, *inputs: tf.Tensor) -> tf.Tensor:
    vectors = self.model(list(inputs), training=False)[:, :self.size]
    if self.width and self.model.normalize:
      vectors = sentence_encoder.unit_length(vectors)
    return vectors

  def _pack(self, ids: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Returns the model's inputs, int32 `[rows, length]`."""
    vocabulary = self.tokenizer.vocabulary
    ids = [each[:self.max_length - _SPECIAL] for each in ids]
    length = max(map(len, ids)) + _SPECIAL + self._padding
    words = np.full([len(ids), length], vocabulary.pad_id, np.int32)
    mask = np.zeros_like(words)
    for row, each in enumerate(ids):
      end = len(each) + _SPECIAL
      words[row, :end] = [vocabulary.cls_id, *each, vocabulary.sep_id]
      mask[row, :end] = 1
    return [words, mask, np.zeros_like(words)]


def load(path: str, kinds: loading.Kinds, pooling: str = '',
         width: int | None = None) -> Embedder:
  """Loads a sentence encoder; see `tasks.registry.load_sentence_encoder`.

  Args:
    path: Folder of a run or its checkpoint; folder of sentence-transformers, or
      its name on the Hugging Face hub; or an encoder of any format, a plain
      BERT of Hugging Face included.
    kinds: All kinds of tasks by name.
    pooling: `mean` or `first`, for an encoder that says none.
    width: Number of the first entries that are the vector; None for all.

  Raises:
    FileNotFoundError: If there is no such folder, or no vocabulary.
    ValueError: If the folder is damaged, an encoder says no pooling, or says
      another.
  """
  path = os.path.expanduser(path)
  if not loading.is_run(path, kinds):
    return _of_checkpoint(_read(checkpoints.find(path), pooling), path, width)
  trained = loading.load(path, kinds)
  model = trained.model
  if isinstance(model, modeling.SentenceEncoder):
    _check_pooling(path, model.pooling, pooling)
  else:
    model = modeling.SentenceEncoder(model.encoder, _needed(pooling, path))
  return Embedder(model, tokenizer_lib.Tokenizer.of(trained),
                  trained.max_length, path, width)


def _read(folder: str,
          pooling: str) -> sentence_transformers.SentenceCheckpoint:
  """Reads a folder of sentence-transformers, or an encoder alone."""
  if sentence_transformers.recognises(folder):
    found = sentence_transformers.read(folder)
    _check_pooling(folder, found.pooling, pooling)
    return found
  return sentence_transformers.of_encoder(
      checkpoints.read_teacher(folder), _needed(pooling, folder))


def _of_checkpoint(found: sentence_transformers.SentenceCheckpoint,
                   path: str, width: int | None) -> Embedder:
  encoder = found.encoder
  if encoder.vocabulary is None:
    raise FileNotFoundError(f'No vocabulary lies with {encoder.source}. Put '
                            'its vocab.txt beside it.')
  with tempfile.TemporaryDirectory() as folder:
    vocab_file = os.path.join(folder, 'vocab.txt')
    encoder.vocabulary.write(vocab_file)
    tokenizer = tokenizer_lib.Tokenizer(
        vocab_file, encoder.lower_case, encoder.max_word_length)
  return Embedder(found.build(), tokenizer, found.max_length, path, width)


def load_for_export(path: str, kinds: loading.Kinds) -> loading.TrainedModel:
  """Loads a folder of sentence-transformers as a model to export.

  Args:
    path: The folder.
    kinds: All kinds of tasks by name.

  Raises:
    FileNotFoundError: If there is no vocabulary.
    ValueError: If it is damaged, or has parts that are not computed here.
  """
  found = sentence_transformers.read(path)
  vocab_file = loading.vocabulary_of(found.encoder)
  model = found.build()
  [kind] = [kind for kind in kinds.values()
            if kind.model_class is modeling.SentenceEncoder]
  return loading.TrainedModel(
      model, [], vocab_file, found.encoder.lower_case,
      min(found.max_length, model.max_length - 1), kind,
      max_word_length=found.encoder.max_word_length)


def _needed(pooling: str, path: str) -> str:
  if not pooling:
    raise ValueError(
        f'{path} is an encoder without pooling, so it has no vector of a text. '
        'Name one, as --pooling=mean; or use a folder of sentence-transformers '
        'or a run of the task embedding, which know theirs.')
  return pooling


def _check_pooling(path: str, theirs: str, given: str) -> None:
  if given not in ('', theirs):
    raise ValueError(f'{path} pools by {theirs}, not by {given}. Leave the '
                     'pooling out.')


def _batches(lengths: Sequence[int]) -> Iterator[np.ndarray]:
  """Yields numbers of texts of like length, the longest first."""
  order = np.argsort(lengths, kind='stable')[::-1]
  while order.size:
    rows = max(1, _TOKENS_AT_ONCE // (lengths[order[0]] + _SPECIAL))
    rows = min(rows, _MOST_ROWS)
    yield order[:rows]
    order = order[rows:]
