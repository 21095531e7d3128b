# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""From documents to serialized pre-training examples, a window at a time.

The examples of a shard do not depend on the process that makes them.
TensorFlow's operations serialize them three times as fast as Python objects.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import collections
import dataclasses
import os
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import corpus
from mobilebert_tf.data import pretraining_examples
from mobilebert_tf.text import settings as settings_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib

MANIFEST = 'manifest.json'
FORMAT = 'mobilebert_tf/pretraining'
MASKING = ('dynamic', 'static')

# Text of a window; random next segments come from the same window.
_WINDOW_CHARACTERS = 1_000_000
_LONGEST_DOCUMENT = 500_000
_LONGEST_PARAGRAPH = 100_000


@dataclasses.dataclass(frozen=True)
class RecordSettings:
  """Settings of pre-training examples.

  Attributes:
    max_seq_length: Maximum length in tokens, special ones included; training
      pads it by one or more.
    masking: `dynamic` to mask tokens when they are read; `static` to mask and
      pad them now, with the Model Garden's features.
    dupe_factor: Number of passes through the documents.
    short_seq_prob: Probability of a shorter target length.
    max_predictions_per_seq: Maximum number of predicted tokens, if static.
    masked_lm_rate: Share of tokens to predict, if static.
    whole_word_masking: Whether words are masked whole, if static.
    lower_case: Whether to lower-case, and to strip accents (`text.settings`).
    language: ISO 639 code for the sentence splitter.
    sentence_per_line: Whether each line is a sentence already.
    seed: Seed of all random choices.
    max_word_length: Maximum length of a word in characters.
  """
  max_seq_length: int = 127
  masking: str = 'dynamic'
  dupe_factor: int = 1
  short_seq_prob: float = 0.1
  max_predictions_per_seq: int = 20
  masked_lm_rate: float = 0.15
  whole_word_masking: bool = False
  lower_case: settings_lib.LowerCase = True
  language: str = 'en'
  sentence_per_line: bool = False
  seed: int = 0
  max_word_length: int = settings_lib.MAX_WORD_LENGTH

  def __post_init__(self):
    settings_lib.check(self.lower_case, self.max_word_length)
    if self.masking not in MASKING:
      raise ValueError(f'masking is {self.masking!r}; accepted: '
                       f'{", ".join(MASKING)}.')
    for name, least in (('dupe_factor', 1), ('max_predictions_per_seq', 1),
                        ('seed', 0)):
      if getattr(self, name) < least:
        raise ValueError(f'{name} is {getattr(self, name)}; it has to be at '
                         f'least {least}.')
    pretraining_examples.check_settings(
        self.max_seq_length, self.short_seq_prob)
    if not 0 < self.masked_lm_rate < 1:
      raise ValueError(f'masked_lm_rate is {self.masked_lm_rate}; it has to be '
                       'between 0 and 1.')
    if self.whole_word_masking and self.masking == 'dynamic':
      raise ValueError(
          'whole_word_masking with masking=dynamic is chosen at training time: '
          'task.train_data.whole_word_masking=true.')


def make_records(shard: corpus.Shard,
                 tokenizer: tokenizer_lib.Tokenizer,
                 settings: RecordSettings,
                 counts: collections.Counter,
                 advance: Callable[[int], None] = lambda num_bytes: None
                 ) -> Iterator[list[bytes]]:
  """Yields the examples of a shard, a megabyte of text at a time.

  Args:
    shard: The documents.
    tokenizer: The tokenizer.
    settings: Settings of the examples.
    counts: Counts to add to, of documents, tokens, examples and so on.
    advance: Function that is called with the number of bytes processed.

  Yields:
    Serialized `tf.train.Example`s, in random order.

  Raises:
    ValueError: If the text cannot be read; names the file and the line.
  """
  pieces = _cut(corpus.read_shard(shard), counts)
  for index, numbered in enumerate(_windows(pieces)):
    sources, window = zip(*numbered, strict=True)
    tokens = _tokenize(window, tokenizer, settings, counts)
    for repeat in range(settings.dupe_factor):
      rng = np.random.default_rng([settings.seed, shard.seed, index, repeat])
      pairs = list(pretraining_examples.make_segment_pairs(
          tokens, sources=sources, max_seq_length=settings.max_seq_length,
          rng=rng, short_seq_prob=settings.short_seq_prob))
      if not pairs:
        continue
      pairs = [pairs[i] for i in rng.permutation(len(pairs))]
      examples = pretraining_examples.join(
          pairs, tokenizer.vocabulary.cls_id, tokenizer.vocabulary.sep_id)
      counts['examples'] += len(pairs)
      counts['random_next'] += int(examples.is_random_next.sum())
      counts['example_tokens'] += len(examples.ids)
      yield encode(_features(examples, tokenizer, settings, rng))
    size = sum(len(p.encode('utf-8', 'replace')) for d in window for p in d)
    counts['text_bytes'] += size
    advance(size)


def read_manifest(folder: str | os.PathLike) -> dict[str, Any]:
  """Reads and checks the manifest of a folder of records.

  Raises:
    FileNotFoundError: If the folder is unfinished or of something else.
    ValueError: If the manifest is damaged or of another format.
  """
  path = os.path.join(os.fspath(folder), MANIFEST)
  try:
    manifest = files_lib.read_json(path)
  except FileNotFoundError:
    raise FileNotFoundError(
        f'{path} is missing, so {folder} is not a finished folder of records. '
        'Make one with mobilebert_tf.create_pretraining_data.') from None
  if not isinstance(manifest, dict) or manifest.get('format') != FORMAT or (
      not {'settings', 'vocabulary_sha256'} <= manifest.keys()):
    raise ValueError(f'{path}: not a manifest of {FORMAT}.')
  return manifest


def _cut(documents: Iterable[list[str]],
         counts: collections.Counter) -> Iterator[tuple[int, list[str]]]:
  """Yields numbered documents, in pieces if they are long."""
  for number, document in enumerate(documents):
    counts['documents'] += 1
    part, size = [], 0
    for paragraph in document:
      pieces = _cut_paragraph(paragraph)
      counts['paragraphs_cut'] += len(pieces) > 1
      for piece in pieces:
        if size and size + len(piece) > _LONGEST_DOCUMENT:
          counts['documents_cut'] += 1
          yield number, part
          part, size = [], 0
        part.append(piece)
        size += len(piece)
    if part:
      yield number, part


def _cut_paragraph(paragraph: str) -> list[str]:
  """Cuts a paragraph at white space if possible."""
  pieces, start = [], 0
  while len(paragraph) - start > _LONGEST_PARAGRAPH:
    end = paragraph.rfind(' ', start + 1, start + _LONGEST_PARAGRAPH)
    end = end if end > 0 else start + _LONGEST_PARAGRAPH
    pieces.append(paragraph[start:end])
    start = end
  return [*pieces, paragraph[start:]]


def _windows(pieces: Iterable[tuple[int, list[str]]]
             ) -> Iterator[list[tuple[int, list[str]]]]:
  """Yields groups of pieces, of at least two documents if possible."""
  complete: list[tuple[int, list[str]]] = []
  window, size = [], 0
  for number, piece in pieces:
    window.append((number, piece))
    size += sum(map(len, piece))
    # Random next segments need another document.
    if size >= _WINDOW_CHARACTERS and number != window[0][0]:
      if complete:
        yield complete
      complete, window, size = window, [], 0
  if window and complete and window[0][0] == window[-1][0]:
    complete, window = complete + window, []
  if complete:
    yield complete
  if window:
    yield window


def _tokenize(window: Sequence[list[str]], tokenizer: tokenizer_lib.Tokenizer,
              settings: RecordSettings, counts: collections.Counter
              ) -> list[list[np.ndarray]]:
  """Returns the token ids of the sentences of each document."""
  paragraphs = [p for document in window for p in document]
  if settings.sentence_per_line:
    sentences = [[p] for p in paragraphs]
  else:
    sentences = corpus.split_sentences(paragraphs, settings.language)
  ids = iter(tokenizer.tokenize_strings(
      [s for paragraph in sentences for s in paragraph]))
  sizes = iter(map(len, sentences))
  tokens = []
  for document in window:
    found = [next(ids) for _ in document for _ in range(next(sizes))]
    tokens.append([s for s in found if len(s)])
    counts['sentences'] += len(tokens[-1])
    counts['tokens'] += sum(map(len, tokens[-1]))
  return tokens


def _features(examples: pretraining_examples.Examples,
              tokenizer: tokenizer_lib.Tokenizer, settings: RecordSettings,
              rng: np.random.Generator) -> dict[str, Any]:
  """Returns the features of examples by the Model Garden's names."""
  def ragged(values: np.ndarray) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_row_lengths(
        values, examples.lengths, validate=False)

  features = {'next_sentence_labels': tf.constant(
      examples.is_random_next)[:, tf.newaxis]}
  if settings.masking == 'dynamic':
    return {**features, 'input_ids': ragged(examples.ids),
            'segment_ids': ragged(examples.segment_ids)}
  shape, pad_id = [None, settings.max_seq_length], tokenizer.vocabulary.pad_id
  ids = ragged(examples.ids.astype(np.int32))
  input_mask = tf.ones_like(ids).to_tensor(shape=shape)
  masked = pretraining_examples.mask_tokens(
      ids.to_tensor(pad_id, shape=shape), input_mask,
      vocabulary=tokenizer.vocabulary,
      max_predictions=settings.max_predictions_per_seq,
      rate=settings.masked_lm_rate, whole_word=settings.whole_word_masking,
      seed=tf.constant(rng.integers(1 << 31, size=2)))
  return {
      **features, 'input_ids': masked.pop('input_word_ids'), **masked,
      'input_mask': input_mask,
      'segment_ids': ragged(examples.segment_ids).to_tensor(shape=shape),
  }


# === Serialization ===


def encode(features: Mapping[str, tf.RaggedTensor | tf.Tensor]) -> list[bytes]:
  """Serializes examples of numbers or bytes `[examples, (values)]` by name."""
  entries = tf.stack([
      _message('Features.FeatureEntry', key=name, value=_feature(values))
      for name, values in sorted(features.items())
  ], axis=1)  # [examples, features]
  maps = _repeated('Features', 'feature', entries)
  return _message('Example', features=maps).numpy().tolist()


def _feature(values: tf.RaggedTensor | tf.Tensor) -> tf.Tensor:
  """Returns a serialized `Feature` `[examples]` for each row of values."""
  if values.dtype == tf.string:
    kind, field, dtype = 'BytesList', 'bytes_list', tf.string
  elif values.dtype.is_floating:
    kind, field, dtype = 'FloatList', 'float_list', tf.float32
  else:
    kind, field, dtype = 'Int64List', 'int64_list', tf.int64
  if isinstance(values, tf.RaggedTensor):
    sizes, values = values.row_lengths(), values.to_tensor()
  else:
    sizes = tf.fill([tf.shape(values)[0]], tf.shape(values)[1])
  lists = tf.io.encode_proto(
      tf.cast(sizes, tf.int32)[:, tf.newaxis], [tf.cast(values, dtype)],
      field_names=['value'], message_type=f'tensorflow.{kind}')
  return _message('Feature', **{field: lists})


def _message(kind: str, **fields: tf.Tensor | str) -> tf.Tensor:
  """Returns messages `[examples]` with one value in each field."""
  length = next(tf.shape(field)[0] for field in fields.values()
                if not isinstance(field, str))
  values = [tf.fill([length, 1], field) if isinstance(field, str)
            else field[:, tf.newaxis] for field in fields.values()]
  return tf.io.encode_proto(
      tf.ones([length, len(fields)], tf.int32), values,
      field_names=list(fields), message_type=f'tensorflow.{kind}')


def _repeated(kind: str, field: str, values: tf.Tensor) -> tf.Tensor:
  """Returns messages `[examples]` with a repeated field `[examples, n]`."""
  sizes = tf.fill([tf.shape(values)[0], 1], tf.shape(values)[1])
  return tf.io.encode_proto(sizes, [values], field_names=[field],
                            message_type=f'tensorflow.{kind}')
