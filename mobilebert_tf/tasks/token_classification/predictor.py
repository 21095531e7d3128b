# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labels the words of texts, and puts entities together."""

from collections.abc import Sequence
import dataclasses

import numpy as np
from seqeval.metrics import sequence_labeling
import tensorflow as tf

from mobilebert_tf.data import conll
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import words as words_lib


@dataclasses.dataclass(frozen=True)
class LabelledWord:
  """A word of a text, `text[start:end]`, and its most probable label."""
  text: str
  start: int
  end: int
  label: str
  probability: float


@dataclasses.dataclass(frozen=True)
class Entity:
  """Words of a text that belong together.

  Attributes:
    type: Its label without `B-` or `I-`.
    text: As it stands in the text, `text[start:end]`.
    start: Its first character.
    end: The character after its last.
    probability: That of the label of its least certain word.
  """
  type: str
  text: str
  start: int
  end: int
  probability: float


class TokenPredictor:
  """Labels words with a token classifier.

  Texts of any length are labelled whole: those longer than the model reads are
  cut into parts between words, as in training. Parts of similar length share a
  batch that is one token longer than its longest, so that a label depends on
  nothing but its text.

  Args:
    trained: A token classifier.
    batch_size: How many texts, or parts of texts, are computed at once.

  Raises:
    ValueError: If the model is for something else.

  Example:

    predictor = TokenPredictor(registry.load('runs/conll2003'))
    [words] = predictor.answer(['Jim lives in Paris.'])
    [(w.text, w.label) for w in words]  # [('Jim', 'B-PER'), ('lives', 'O'), ...
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    if trained.kind.name != 'token_classification':
      raise ValueError(
          f'A model for {trained.kind.name.replace("_", " ")} does not label words. '
          'Fine-tune one: python -m mobilebert_tf.train '
          '--experiment=mobilebert/token_classification.')
    if batch_size < 1:
      raise ValueError(f'batch_size is {batch_size}; it is at least 1.')
    self.trained = trained
    self._batch_size = batch_size
    self._tokenizer = tokenizer.Tokenizer(
        trained.vocab_file, trained.lower_case)
    model = rewriting.InferenceModel(trained.model)

    # Lengths and sizes of batches are left open, so it is traced once.
    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
    def compute(pieces: tf.RaggedTensor) -> tf.Tensor:
      inputs = self._tokenizer.pack([pieces])
      outputs = model([inputs[name] for name in validation.INPUT_NAMES])
      return tf.nn.softmax(tf.cast(outputs['logits'], tf.float32))

    self._compute = compute

  def scores(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """Returns the probabilities of the labels of words.

    Args:
      sentences: The words of each sentence.

    Returns:
      For each sentence float32 `[words, labels]`.
    """
    parts = words_lib.split_words(
        self._tokenizer, sentences, self.trained.max_length)
    lengths = parts.pieces.row_lengths().numpy()
    is_first = parts.is_first.values.numpy()
    # How many words come before each part.
    before = np.concatenate([[0], np.cumsum(is_first)])[
        parts.pieces.row_splits.numpy()]
    scores = np.zeros([before[-1], len(self.trained.labels)], np.float32)
    order = np.argsort(lengths, kind='stable')
    # The longest first: if memory is short, that is known at once.
    for start in reversed(range(0, len(order), self._batch_size)):
      rows = order[start:start + self._batch_size]
      computed = self._compute(tf.gather(parts.pieces, rows)).numpy()
      for row, values in zip(rows, computed, strict=True):
        first = parts.is_first[row].numpy()
        scores[before[row]:before[row + 1]] = values[1:1 + len(first)][first]
    ends = np.cumsum([len(sentence) for sentence in sentences], dtype=int)
    return np.split(scores, ends[:-1]) if len(ends) else []

  def answer(self, texts: Sequence[str]) -> list[list[LabelledWord]]:
    """Labels the words of running text; see `words.find_words`.

    Args:
      texts: The texts.

    Returns:
      The words of each.
    """
    places = [words_lib.find_words(text) for text in texts]
    return self.label(texts, places)

  def label(self, texts: Sequence[str],
            places: Sequence[Sequence[tuple[int, int]]]
            ) -> list[list[LabelledWord]]:
    """Labels words whose places in their texts are known.

    Args:
      texts: The texts.
      places: First character and the one after the last of each word.

    Returns:
      The words of each text.
    """
    sentences = [[text[start:end] for start, end in spans]
                 for text, spans in zip(texts, places, strict=True)]
    return [
        [LabelledWord(word, *span, self.trained.labels[best], float(row[best]))
         for word, span, row, best in zip(
             words, spans, values, values.argmax(-1), strict=True)]
        for words, spans, values in zip(
            sentences, places, self.scores(sentences), strict=True)
    ]

  @property
  def finds_entities(self) -> bool:
    """Whether the labels are those of entities."""
    return conll.are_entities(self.trained.labels)


def entities(text: str, words: Sequence[LabelledWord]) -> list[Entity]:
  """Puts words together to entities, as they are counted in evaluation.

  Args:
    text: The text.
    words: Its words, labelled `B-...`, `I-...` or `O`.

  Returns:
    The entities, in order.
  """
  found = []
  for kind, first, last in sequence_labeling.get_entities(
      [word.label for word in words]):
    start, end = words[first].start, words[last].end
    found.append(Entity(
        kind, text[start:end], start, end,
        min(word.probability for word in words[first:last + 1])))
  return found
