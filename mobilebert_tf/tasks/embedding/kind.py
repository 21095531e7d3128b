# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0
"""Vectors of texts, as the engines see them."""

import numpy as np

from mobilebert_tf.tasks import text_kind

_SAME_COSINE = 0.99
_TEXTS_AT_ONCE = 16


class Embedding(text_kind.TextKind):
  """A vector for each text: the mean of the encoder's output over its tokens.

  Its models are the encoders of fine-tuned or pre-trained models.
  """

  name = 'embedding'
  old_names = ('embeddings',)
  title = 'encoder'
  encoder_only = True
  reads_pairs = False
  text_outputs = ('mean_output', 'pooled_output')
  number_outputs = ('mean_output', 'sequence_output', 'pooled_output')

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.MobileBertEncoder

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.embedding import serving
    return serving.TextEmbedding(
        model, text_tokenizer, trained.max_length, xla=xla)

  def answers(self, trained, texts):
    from mobilebert_tf.modeling import validation
    from mobilebert_tf.tasks.embedding import serving
    vectors = []
    for inputs in self.encode(
        trained, texts, rows=_TEXTS_AT_ONCE, length=None, most=None):
      outputs = trained.model(
          [inputs[name] for name in validation.INPUT_NAMES], training=False)
      vectors.append(serving.embed(
          outputs, inputs['input_mask'])['mean_output'].numpy())
    return np.concatenate(vectors)

  def differ(self, found, expected):
    return _cosines(found, expected) < _SAME_COSINE

  def to_answer(self, row, labels):
    return row

  def agreement(self, answers, reference):
    return {**super().agreement(answers, reference),
            'cosine': float(np.mean(_cosines(answers, reference)))}


def _cosines(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
  """Returns the cosine of each pair of rows, `[texts]`."""
  norms = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(others, axis=-1)
  return (vectors * others).sum(-1) / np.maximum(norms, 1e-12)
