# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Model Garden data loader of sentences with a label for each word."""

import dataclasses

from absl import logging
import numpy as np
from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.data import batches
from mobilebert_tf.data import conll
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import words

IGNORED = -1


@dataclasses.dataclass
class TokenClassificationDataConfig(cfg.DataConfig):
  """Labelled words in files of columns; see `conll.read_sentences`.

  Attributes:
    input_path: A file, or several as globs, a list or with commas.
    global_batch_size: Over all replicas, in sentences.
    is_training: Whether to shuffle, repeat and batch sentences of similar
      length. If not, the order is that of the file.
    word_column: The column of the word, from 0, or from -1 for the last.
    label_column: The column of its label.
    tags: `entities`, whose labels become IOB2; `words` for labels that stay as
      they are; `auto` for entities if any label begins with `B-` or `I-`.
    comment: Lines that begin with this are passed over, if it is not empty.
    labels: The label of each class; empty for those found in the files. Name
      them where train and validation files could differ.
    vocab_file: BERT's `vocab.txt`.
    lower_case: Whether to lower-case and strip accents.
    seq_length: Longest sentence, in tokens, special ones included; a longer one
      is cut into parts, so that no word is lost. Batches are at most one
      longer: padding follows every sentence.
    seed: Of shuffling; None for another order on each run.
    start_batch: The batch to begin with; training sets it to continue a run.
    batch_by_length: Whether training batches those of like length, which saves
      padding, or any.
  """
  input_path: str = ''
  global_batch_size: int = 32
  is_training: bool = True
  word_column: int = 0
  label_column: int = -1
  tags: str = 'auto'
  comment: str = ''
  labels: list[str] = dataclasses.field(default_factory=list)
  vocab_file: str = ''
  lower_case: bool = True
  seq_length: int = 128
  seed: int | None = None
  start_batch: int = 0
  batch_by_length: bool = True


@data_loader_factory.register_data_loader_cls(TokenClassificationDataConfig)
class TokenClassificationDataLoader(data_loader.DataLoader):
  """Tokenises all sentences once, then batches them by length."""

  def __init__(self, params: TokenClassificationDataConfig):
    """Checks the settings; files are read by `load`.

    Args:
      params: The config.

    Raises:
      ValueError: If a setting is missing or makes no sense.
    """
    batches.check(params)
    batches.check_length(params, num_special_tokens=2)
    self._params = params

  def load(
      self,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Reads, checks and tokenises all sentences, and returns the batches.

    Args:
      input_context: Which part of the sentences this worker reads.

    Returns:
      Pairs: a dict of int32 `input_word_ids`, `input_mask`, `input_type_ids`
      `[batch, length]`, where length is one of
      `length_batches.lengths(seq_length)`, with, unless it
      is for training, `sentence_ids` and `part_ids` `[batch]` by which the
      parts of a sentence find each other; and int32 labels `[batch, length]`
      of the first piece of each word, `IGNORED` elsewhere.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a line is not sound; names the file and the line.
    """
    params = self._params
    sentences = read_data(params)
    labels = list(params.labels) or conll.find_labels(sentences)
    classes = np.array(conll.label_ids(sentences, labels), np.int32)
    tokenizer = tokenizer_lib.Tokenizer(params.vocab_file, params.lower_case)
    parts = words.split_words(
        tokenizer.tokenize_strings, tokenizer.vocabulary.unk_id,
        [s.words for s in sentences], params.seq_length)
    _report_parts(params, parts, len(sentences))
    pieces = tf.RaggedTensor.from_row_splits(
        parts.pieces, parts.splits, validate=False)
    label_ids = pieces.with_values(_at_first_pieces(parts, classes))

    def make_batch(rows: tf.Tensor, length: tf.Tensor):
      features = tokenizer.pack([tf.gather(pieces, rows)], length)
      if not params.is_training:
        features['sentence_ids'] = tf.gather(parts.sentences, rows)
        features['part_ids'] = tf.cast(rows, tf.int32)
      labels = tf.gather(label_ids, rows).to_tensor(IGNORED)
      # [CLS] goes before them.
      after = length - 1 - tf.shape(labels)[1]
      return features, tf.pad(
          labels, [[0, 0], [1, after]], constant_values=IGNORED)

    # One more than the tokens: padding follows every sentence.
    needed = tf.constant(parts.lengths + 3, tf.int32)
    return batches.load(
        needed, batches.lengths(params.seq_length), make_batch, params,
        input_context)


def read_data(params: TokenClassificationDataConfig) -> list[conll.Sentence]:
  """Returns the sentences that a config names; see `conll.read_sentences`."""
  return conll.read_sentences(
      params.input_path, word_column=params.word_column,
      label_column=params.label_column, tags=params.tags,
      comment=params.comment)


def find_labels(params: TokenClassificationDataConfig) -> list[str]:
  """Returns the classes of a config: those it names, or those of its files."""
  return list(params.labels) or conll.find_labels(read_data(params))


def _at_first_pieces(parts: words.SentenceParts,
                     classes: np.ndarray) -> tf.Tensor:
  """Returns the class of each word at its first piece, int32 `[pieces]`."""
  label_ids = np.full(parts.is_first.shape, IGNORED, np.int32)
  label_ids[parts.is_first] = classes
  return tf.constant(label_ids)


def _report_parts(params: TokenClassificationDataConfig,
                  parts: words.SentenceParts, sentences: int) -> None:
  cut = int(np.sum(np.bincount(parts.sentences) > 1))
  logging.info('%s: %d sentences.', params.input_path, sentences)
  if cut:
    logging.warning(
        '%s: %d of %d sentences have more than %d tokens (seq_length) and are '
        'read in parts.', params.input_path, cut, sentences, params.seq_length)
