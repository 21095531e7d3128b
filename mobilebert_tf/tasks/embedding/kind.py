# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Vectors of texts, as the engines see them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mobilebert_tf.tasks import text_kind

_SAME_COSINE = 0.99
_TEXTS_AT_ONCE = 16


class Vectors(text_kind.TextKind):
  """A vector for each text."""

  reads_pairs = False

  def differ(self, found, expected):
    return _cosines(found, expected) < _SAME_COSINE

  def to_answer(self, row, labels):
    return row

  def agreement(self, answers, reference):
    return {**super().agreement(answers, reference),
            'cosine': float(np.mean(_cosines(answers, reference)))}


class Embedding(Vectors):
  """The mean of the encoder's output over the tokens of a text.

  Its models are the encoders of fine-tuned or pre-trained models.
  """

  name = 'embedding'
  old_names = ('embeddings',)
  title = 'encoder'
  encoder_only = True
  text_outputs = ('mean_output', 'pooled_output')
  number_outputs = ('mean_output', 'sequence_output', 'pooled_output')
  hub_names = {'sequence_output': 'last_hidden_state',
               'pooled_output': 'pooler_output'}
  mediapipe_task = 'TextEmbedder'

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.MobileBertEncoder

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.embedding import serving
    return serving.TextEmbedding(
        model, text_tokenizer, trained.max_length, xla=xla)

  def add_numbers(self, graph, outputs, mask):
    total = graph.add('Max', graph.add(
        'ReduceSum', mask, [-1], keepdims=1), 1.0)
    weights = graph.add('Unsqueeze', graph.add('Div', mask, total), [1])
    mean = graph.add('MatMul', weights, outputs['last_hidden_state'])
    return {'mean_output': (graph.add('Squeeze', mean, [1]), ['size'])}

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


class SentenceEmbedding(Vectors):
  """The pooled, projected and normalised vector that was learned for a text."""

  name = 'sentence_embedding'
  title = 'sentence encoder'
  pipeline = 'sentence-similarity'
  experiment = 'mobilebert/embedding'
  text_outputs = ('vector',)
  number_outputs = ('vector',)
  hub_names = {'vector': 'sentence_embedding'}
  mediapipe_task = 'TextEmbedder'
  recipes = ('embedding',)

  # === Loading ===

  def is_run(self, task):
    return task.get('kind') == self.name

  def task_config(self):
    from mobilebert_tf.tasks.embedding import task
    return task.EmbeddingConfig()

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.SentenceEncoder

  # === Prediction ===

  def line_answerer(self, trained, batch_size):
    from mobilebert_tf.tasks.embedding import predictor
    return predictor.VectorLineAnswerer(trained, batch_size)

  def answerer(self, trained):
    from mobilebert_tf.tasks.embedding import predictor
    return answerer_of(predictor.build(trained))

  # === Deployment ===

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.embedding import serving
    return serving.SentenceVectors(
        model, text_tokenizer, trained.max_length, xla=xla)

  def answers(self, trained, texts):
    from mobilebert_tf.tasks.embedding import predictor
    return predictor.build(trained).embed(texts.texts)

  # === Evaluation ===

  def evaluate(self, trained, options):
    from mobilebert_tf.tasks.embedding import scoring
    return scoring.evaluate(trained, options)

  def read_labelled(self, path, trained, columns):
    from mobilebert_tf.tasks.embedding import scoring
    return scoring.read_labelled(path, trained, columns)

  def report_parts(self):
    from mobilebert_tf.tasks.embedding import report
    return report.SimilarityReportParts()

  # === Recipes ===

  def experiments(self):
    from mobilebert_tf.tasks.embedding import recipes
    return recipes.experiments(self)

  def usual_settings(self, task):
    del task
    return 3.0, 128, 2e-4

  def check_recipe(self, recipe):
    from mobilebert_tf.tasks.embedding import recipes
    recipes.check(recipe)

  def read_recipe(self, recipe, start):
    from mobilebert_tf.tasks.embedding import recipes
    return recipes.read(self, recipe, start)

  def score_run(self, recipe, data, trained, folder):
    from mobilebert_tf.tasks.embedding import recipes
    return recipes.score_run(recipe, data, trained, folder)


def answerer_of(embedder: Any
                ) -> Callable[[list[str], list[str] | None], list[np.ndarray]]:
  """Returns what `TaskKind.answerer` does, of an object with `embed`."""
  return lambda texts, pairs: list(embedder.embed(texts))


def _cosines(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
  """Returns the cosine of each pair of rows, `[texts]`."""
  norms = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(others, axis=-1)
  return (vectors * others).sum(-1) / np.maximum(norms, 1e-12)
