# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""mobilebert_tf: a small, fast BERT of your own, distilled and quantised.

Text and a task go in; a distilled, fine-tuned MobileBERT with its tokenizer
comes out, as a SavedModel and as a TFLite file. The names below are the public
API, each loaded when it is first used: a `.tflite` file needs no TensorFlow.

Example:

  import mobilebert_tf

  mobilebert_tf.make_classifier(
      'reviews.csv', text='review', label='stars').export('reviews.tflite')
  mobilebert_tf.load('reviews.tflite')('a gripping film')

  encoder = mobilebert_tf.MobileBertEncoder('mobilebert')
"""

import importlib
import os
import sys
from typing import Any

if 'keras' not in sys.modules:
  # TensorFlow loads Keras, which would load what the user's other programs run
  # on, and which is not installed here: KERAS_BACKEND, or that of keras.json.
  os.environ['KERAS_BACKEND'] = 'tensorflow'

__version__ = '0.1.0'

_PUBLIC = {
    # Models.
    'ARCHITECTURES': 'modeling',
    'MobileBertClassifier': 'modeling',
    'MobileBertConfig': 'modeling',
    'MobileBertEncoder': 'modeling',
    'MobileBertPretrainer': 'modeling',
    'MobileBertQuestionAnswering': 'modeling',
    'MobileBertSpanLabeler': 'modeling',  # Its name until 0.1.
    'MobileBertTokenClassifier': 'modeling',
    'count_parameters': 'modeling',
    'get_architecture': 'modeling',
    # A fine-tuned model, or an exported one.
    'Predictor': 'inference.predictor',
    'load': 'tasks.predictors',
    'make_classifier': 'pipelines.classifier',
    'load_sentence_encoder': 'tasks.registry',
    'OnnxRunner': 'tasks.registry',
    'TFLiteRunner': 'tasks.registry',
    # Text.
    'Tokenizer': 'text.tokenizer',
    'Vocabulary': 'text.vocabulary',
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
  if name != 'modeling' and name not in _PUBLIC:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  if 'tensorflow' not in sys.modules:
    # Dozens of lines on how it was built. TF_CPP_MIN_LOG_LEVEL=0 shows them.
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  if 'modeling' in (name, _PUBLIC.get(name)):
    # It registers what from_pretrained and save_pretrained of a model call.
    importlib.import_module(f'{__name__}.checkpoints')
  if name == 'modeling':
    return importlib.import_module(f'{__name__}.modeling')
  return getattr(
      importlib.import_module(f'{__name__}.{_PUBLIC[name]}'), name)


def __dir__() -> list[str]:
  return sorted([*globals(), *_PUBLIC])
