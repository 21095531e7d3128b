# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Weights to deployables: SavedModel modules, TFLite conversion, and answers.

Names are loaded when first used: `TFLiteRunner` needs no TensorFlow, and what
loads a training run (`loading`) and exports it (`exporting`) brings all tasks
along.
"""

import importlib
from typing import Any

_MODULES = {
    'InferenceModel': 'inference_model',
    'QuestionAnswering': 'question_answering',
    'TFLiteRunner': 'tflite_runner',
    'TextClassification': 'text_modules',
    'TextEmbedding': 'text_modules',
    'TextRegression': 'text_modules',
    'rewrite': 'rewriting',
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
  if name not in _MODULES:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  module = importlib.import_module(f'{__name__}.{_MODULES[name]}')
  return getattr(module, name)


def __dir__() -> list[str]:
  return sorted(__all__)
