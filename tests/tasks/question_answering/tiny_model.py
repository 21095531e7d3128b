# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A span labeler with random weights, its vocabulary and questions for it."""

import numpy as np

from mobilebert_tf.inference import loading
from mobilebert_tf import modeling
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier

SEQ_LENGTH = tiny_classifier.MAX_LENGTH


def model(seed: int = 0) -> modeling.MobileBertSpanLabeler:
  """Returns a model whose answers differ from text to text."""
  labeler = modeling.MobileBertSpanLabeler(
      modeling.MobileBertEncoder(tiny_classifier.architecture()))
  rng = np.random.default_rng(seed)
  for variable in labeler.weights:
    noise = rng.normal(scale=0.3, size=variable.shape)
    variable.assign((1.0 if 'gamma' in variable.name else 0.0) + noise)
  return labeler


def build(folder: str) -> loading.TrainedModel:
  """Returns it as it is loaded from a checkpoint."""
  return loading.TrainedModel(
      model(), [], tiny_classifier.write_vocabulary(folder), lower_case=True,
      max_length=SEQ_LENGTH, kind=registry.get('question_answering'),
      pairs=True)
