# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""SavedModels with the signatures of exported ones, whose answers are known.

A classifier says `long` of texts of more than five words, and `short` of
others; a model that rates returns how many words there are; one that answers
questions, the first word of the context; vectors are the words and letters.
"""

import os
import pathlib

import tensorflow as tf

LABELS = ('long', 'short')


def _count_words(text: tf.Tensor) -> tf.Tensor:
  return tf.cast(tf.strings.split(text).row_lengths(), tf.float32)


def _outputs(text: tf.Tensor, labels) -> dict[str, tf.Tensor]:
  long = tf.sigmoid(_count_words(text) - 5.5)
  both = {'long': long, 'short': 1 - long}
  probabilities = tf.stack([both.get(label, long) for label in labels], axis=1)
  names = tf.constant(list(labels))
  return {
      'probabilities': probabilities,
      'label': tf.gather(names, tf.argmax(probabilities, axis=1)),
      'labels': tf.tile(names[tf.newaxis], [tf.size(text), 1]),
  }


def _save(folder: str | os.PathLike, function, *names: str,
          weights: int = 0) -> pathlib.Path:
  module = tf.Module()
  module.weights = tf.Variable(tf.zeros([weights]))
  module.serve = tf.function(function, input_signature=[
      tf.TensorSpec([None], tf.string, name) for name in names])
  tf.saved_model.save(module, os.fspath(folder), signatures={
      'serve_text': module.serve.get_concrete_function()})
  return pathlib.Path(folder)


def save_classifier(folder: str | os.PathLike, labels=LABELS, *,
                    cut_after: int | None = None,
                    weights: int = 0) -> pathlib.Path:
  """Saves a classifier.

  Args:
    folder: Where to.
    labels: Its labels, in the order of its probabilities.
    cut_after: How many letters of a text it reads; all if None.
    weights: How many numbers more it holds.
  """
  def serve(text):
    if cut_after is not None:
      text = tf.strings.substr(text, 0, cut_after)
    return _outputs(text, labels)

  return _save(folder, serve, 'text', weights=weights)


def save_rater(folder: str | os.PathLike, *, pairs: bool = False,
               added: float = 0.0) -> pathlib.Path:
  """Saves a model that rates texts, or pairs of texts."""
  if pairs:
    return _save(folder, lambda text, pair: {
        'score': _count_words(text) + _count_words(pair) + added},
                 'text', 'pair')
  return _save(folder, lambda text: {'score': _count_words(text) + added},
               'text')


def save_answerer(folder: str | os.PathLike) -> pathlib.Path:
  """Saves a model that answers questions."""
  def serve(question, context):
    answer = tf.strings.split(context)[:, :1].to_tensor()[:, 0]
    zeros = tf.zeros_like(question, tf.int32)
    return {'answer': answer, 'start': zeros,
            'end': zeros + tf.strings.length(answer),
            'score': tf.cast(zeros, tf.float32) + 0.5,
            'null_odds': tf.cast(zeros, tf.float32)}

  return _save(folder, serve, 'question', 'context')


def save_embedder(folder: str | os.PathLike) -> pathlib.Path:
  """Saves a model that turns texts into vectors."""
  def serve(text):
    vectors = tf.stack([_count_words(text), tf.cast(
        tf.strings.length(text), tf.float32)], axis=1)
    return {'pooled_output': -vectors, 'mean_output': vectors}

  return _save(folder, serve, 'text')
