# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers texts with a classifier or a model that rates, many at a time."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import tokenizer


class TextPredictor:
  """Answers texts, or pairs of texts.

  Texts of similar length share a batch, which is one token longer than its
  longest text: nothing is computed for padding that could be spared, an answer
  depends on nothing but its text, and one compiled graph serves all lengths.

  Args:
    trained: A classifier, or a model that rates.
    batch_size: How many texts are computed at once.

  Raises:
    ValueError: If the model is for something else.

  Example:

    trained = registry.load('runs/sst2')
    TextPredictor(trained).scores(['a gripping film', 'dull'])  # [2, classes]
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    if trained.kind.head != 'sequence_classification':
      raise ValueError(
          f'A model for {trained.kind.name.replace("_", " ")} does not answer '
          'texts as a whole; a classifier or a regression does.')
    if batch_size < 1:
      raise ValueError(f'batch_size is {batch_size}; it is at least 1.')
    self.trained = trained
    self._batch_size = batch_size
    self._tokenizer = tokenizer.Tokenizer(
        trained.vocab_file, trained.lower_case)
    model = rewriting.InferenceModel(trained.model)

    def compute(*segments: tf.RaggedTensor) -> tf.Tensor:
      inputs = self._tokenizer.pack(list(segments))
      return tf.cast(model([inputs[name] for name in validation.INPUT_NAMES]),
                     tf.float32)

    # Lengths and sizes of batches are left open, so each is traced once.
    ids = tf.RaggedTensorSpec([None, None], tf.int32)
    self._compute = {
        count: tf.function(compute, input_signature=[ids] * count)
        for count in (1, 2)
    }

  def scores(self, texts: Sequence[str],
             pairs: Sequence[str] | None = None) -> np.ndarray:
    """Returns what the model says of each text.

    Args:
      texts: The texts. The end of one that is longer than `max_length` tokens
        is not read.
      pairs: The second text of each, for a model of pairs.

    Returns:
      Probabilities, float32 `[texts, classes]`; of a regression float32
      `[texts]`.

    Raises:
      ValueError: If there are pairs and the model was trained without, or the
        other way round, or they are not as many as the texts.
    """
    segments = self._tokenize(texts, pairs)
    special = len(segments) + 1
    segments = tokenizer.trim(segments, self.trained.max_length - special)
    lengths = sum(s.row_lengths() for s in segments)
    order = np.argsort(lengths, kind='stable')
    logits = np.zeros([len(order), self.trained.model.num_classes], np.float32)
    # The longest first: if memory is short, that is known at once.
    for start in reversed(range(0, len(order), self._batch_size)):
      rows = order[start:start + self._batch_size]
      logits[rows] = self._compute[len(segments)](
          *(tf.gather(s, rows) for s in segments))
    return self.trained.kind.scores(logits)

  def lengths(self, texts: Sequence[str],
              pairs: Sequence[str] | None = None) -> np.ndarray:
    """Returns the lengths of texts in tokens, special tokens included.

    Args:
      texts: The texts.
      pairs: The second text of each.

    Returns:
      int32 `[texts]`, of whole texts: where it is above `max_length`, the model
      does not read the end.
    """
    segments = self._tokenize(texts, pairs)
    tokens = sum(s.row_lengths() for s in segments) + len(segments) + 1
    return tokens.numpy().astype(np.int32)

  def _tokenize(self, texts: Sequence[str],
                pairs: Sequence[str] | None) -> list[tf.RaggedTensor]:
    known = self.trained.pairs
    if known is not None and known != (pairs is not None):
      raise ValueError(
          'The model was trained on '
          + ('pairs of texts; second texts are missing.' if known else
             'single texts; it does not read second ones.'))
    if pairs is not None and len(pairs) != len(texts):
      raise ValueError(
          f'There are {len(texts)} texts and {len(pairs)} second texts.')
    return [self._ragged(t) for t in (texts, pairs) if t is not None]

  def _ragged(self, texts: Sequence[str]) -> tf.RaggedTensor:
    ids = self._tokenizer.tokenize_strings(texts)
    values = np.concatenate([np.zeros([0], np.int32), *ids])
    return tf.RaggedTensor.from_row_lengths(
        values, np.array([len(row) for row in ids], np.int64))
