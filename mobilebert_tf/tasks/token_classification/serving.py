# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labels of words, in a SavedModel: text or words in, labels out."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from mobilebert_tf.deployment import inputs as inputs_lib
from mobilebert_tf.deployment import served_module
from mobilebert_tf.text import graph_words
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import words as words_lib

_NO_WORD = -1  # Place of a word that fills up a row.
# Places that a request may have filled up, about 0.4 GB.
_MOST_FILLED = 1 << 22


class TokenClassification(served_module.ServedModule):
  """Labels the words of texts, however long these are.

  Answers are those of `TokenPredictor`. `serve_text` takes `text`, string
  `[batch]`; bytes that are not UTF-8 become U+FFFD. Its outputs, padded to the
  text with most words:
    `word`: string `[batch, words]`; padding ''.
    `start`: int32 `[batch, words]`, first character of each word in Unicode
      code points; padding -1.
    `end`: int32 `[batch, words]`, character after the last; padding -1.
    `label`: string `[batch, words]`, most probable label; padding ''.
    `probability`: float32 `[batch, words]`, of the label; padding 0.
    `labels`: string `[batch, labels]`, all labels.
    `truncated`: bool `[batch]`, whether a word is longer than the model reads.
  `serve_words` takes `words`, string `[batch, words]`, padded with '', and
  returns `label`, `probability`, `labels` and `truncated`. Ids and examples are
  texts, or parts of texts, with special tokens; their outputs:
    `probabilities`: float32 `[batch, length, labels]`; padding 0. Those of the
      first token of a word count.
    `label_ids`: int32 `[batch, length]`, most probable labels; padding -1.
    `labels`: As above.

  Args:
    model: A token classifier, `rewriting.rewrite(classifier)`.
    tokenizer: Tokenizer as for `ServedModule`.
    max_length: Maximum length in tokens, special tokens included; a longer text
      is cut into parts between words.
    labels: Names of the classes in the order of the logits.
    xla: Whether the model is compiled by XLA.

  Example:

    module = TokenClassification(model, tokenizer, 128, ['O', 'B-PER', 'I-PER'])
    module.serve_text(text=tf.constant(['Ada wrote it.']))['label']
  """

  signatures = {**served_module.SIGNATURES, 'serve_words': 'serve_words'}
  answers_whole_texts = False

  def __init__(self, model: tf.Module,
               tokenizer: tokenizer_lib.Tokenizer, max_length: int,
               labels: Sequence[str], *, xla: bool = False):
    super().__init__(model, tokenizer, max_length, xla=xla)
    self._labels = tuple(labels)
    self._budget = self.max_length - words_lib.SPECIAL_TOKENS

  @tf.function(autograph=False)  # Which would take most of an export's time.
  def serve_text(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
    """Labels the words of texts, string `[batch]`."""
    text = self._check('serve_text', text=text)['text']
    words = graph_words.find(tokenizer_lib.replace_invalid(text))
    fits = _check_filling(words.splits)
    with tf.control_dependencies([fits]):
      words = graph_words.Words(*map(tf.identity, words))
    label_ids, probabilities, is_cut = self._label(words.strings, words.splits)

    def fill(values: tf.Tensor, filling: Any) -> tf.Tensor:
      return tf.RaggedTensor.from_row_splits(
          values, words.splits, validate=False).to_tensor(filling)

    return self._with_labels({
        'word': fill(words.strings, ''),
        'start': fill(words.starts, _NO_WORD),
        'end': fill(words.ends, _NO_WORD),
        'label': tf.gather(self._choices(), fill(label_ids, len(self._labels))),
        'probability': fill(probabilities, 0.0),
        'truncated': _any(is_cut, words.splits),
    })

  @tf.function(autograph=False)
  def serve_words(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
    """Labels given words, string `[batch, words]`, where '' is padding."""
    words = self._check('serve_words', words=words)['words']
    given = tf.not_equal(words, '')
    counts = tf.reduce_sum(tf.cast(given, tf.int64), axis=1)
    splits = tf.concat([[0], tf.cumsum(counts)], 0)
    label_ids, probabilities, is_cut = self._label(
        tf.boolean_mask(words, given), splits)
    shape, places = tf.shape(words, tf.int64), tf.where(given)
    filling = tf.fill(shape, len(self._labels))
    return self._with_labels({
        'label': tf.gather(self._choices(), tf.tensor_scatter_nd_update(
            filling, places, label_ids)),
        'probability': tf.scatter_nd(places, probabilities, shape),
        'truncated': _any(is_cut, splits),
    })

  def _specs(self) -> dict[str, dict[str, tf.TensorSpec]]:
    return {**super()._specs(), 'serve_words': {
        'words': tf.TensorSpec([None, None], tf.string)}}

  # === Words ===

  def _label(self, words: tf.Tensor,
             splits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Labels the words of sentences.

    Args:
      words: string `[words]`.
      splits: int64 `[sentences + 1]`, the first word of each, and all of them.

    Returns:
      int32 numbers of the labels, float32 probabilities, and whether a word
      lost its end, `[words]`.
    """
    pieces, is_cut = self._pieces(words)
    lengths = pieces.row_lengths()
    before = tf.concat([[0], tf.cumsum(lengths)], 0)  # Pieces before each word.
    first_words = graph_words.cut(lengths, splits, self._budget)
    parts = tf.RaggedTensor.from_row_splits(
        pieces.values, tf.gather(before, first_words), validate=False)
    found = self._map_segments(self._label_pieces, [parts])
    # === The first piece of each word ===
    part = tf.searchsorted(
        first_words[1:], tf.range(tf.size(lengths, tf.int64)), side='right',
        out_type=tf.int64)
    place = before[:-1] - tf.gather(parts.row_starts(), part)
    rows = tf.stack([part, place], axis=1)
    return (tf.gather_nd(found['label_ids'], rows),
            tf.gather_nd(found['probabilities'], rows), is_cut)

  def _pieces(self, words: tf.Tensor) -> tuple[tf.RaggedTensor, tf.Tensor]:
    """Returns one to the budget's pieces of each word, and whether it has more.
    """
    pieces = self.tokenizer.tokenize(words)
    is_cut = pieces.row_lengths() > self._budget
    pieces = pieces[:, :self._budget]
    missing = tf.cast(pieces.row_lengths() == 0, tf.int64)
    unknown = tf.RaggedTensor.from_row_lengths(
        tf.fill([tf.reduce_sum(missing)], self.tokenizer.vocabulary.unk_id),
        missing, validate=False)
    return tf.concat([pieces, unknown], axis=1), is_cut

  def _label_pieces(self, parts: tf.RaggedTensor) -> dict[str, tf.Tensor]:
    """Returns the best label of each piece, `[parts, budget]`."""
    outputs, _ = self._run(parts)
    scores = tf.nn.softmax(tf.cast(outputs['logits'], tf.float32))[:, 1:]
    return {name: inputs_lib.to_length(values, self._budget)
            for name, values in (
                ('label_ids', tf.argmax(scores, -1, tf.int32)),
                ('probabilities', tf.reduce_max(scores, -1)))}

  # === Outputs ===

  def _summarize(self, outputs: Any, mask: tf.Tensor) -> dict[str, tf.Tensor]:
    return {}

  def _describe_tokens(self, outputs: Any,
                       mask: tf.Tensor) -> dict[str, tf.Tensor]:
    scores = tf.nn.softmax(tf.cast(outputs['logits'], tf.float32))
    return {'probabilities':
                scores * tf.cast(mask, tf.float32)[:, :, tf.newaxis]}

  def _describe(self, summary: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    scores = summary['probabilities']
    return self._with_labels({
        **summary, 'label_ids': tf.where(
            tf.reduce_max(scores, -1) > 0, tf.argmax(scores, -1, tf.int32),
            _NO_WORD)})

  def _choices(self) -> tf.Tensor:
    """Returns the labels, and '' for what is no word."""
    return tf.constant([*self._labels, ''])

  def _with_labels(self, outputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Adds all labels; TensorFlow Serving needs a row for each text."""
    count = tf.shape(next(iter(outputs.values())))[0]
    labels = tf.tile(tf.constant(self._labels)[tf.newaxis], [count, 1])
    return {**outputs, 'labels': labels}


def _check_filling(splits: tf.Tensor) -> tf.Operation:
  """Asserts that rows can be filled up to the longest, int64 `[texts + 1]`."""
  longest = tf.reduce_max(tf.concat([[0], splits[1:] - splits[:-1]], 0))
  filled = longest * (tf.size(splits, tf.int64) - 1) - splits[-1]
  return tf.debugging.Assert(filled <= _MOST_FILLED, [
      'A text has', longest, 'words, and the other rows of the answer would be '
      'filled up to as many. Send long texts by themselves.'])


def _any(flags: tf.Tensor, splits: tf.Tensor) -> tf.Tensor:
  """Returns whether a flag of each row is set, bool `[texts]`."""
  before = tf.concat([[0], tf.cumsum(tf.cast(flags, tf.int64))], 0)
  before = tf.gather(before, splits)
  return before[1:] > before[:-1]
