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

"""What a fine-tuned model gets right: metrics, answers, submissions.

Names are loaded when first used, so importing this package is quick.
"""

import importlib
from typing import Any

_MODULES = {
    'answer_questions': 'answers',
    'AnswerPredictions': 'predictions',
    'Scored': 'scored',
    'TextPredictions': 'predictions',
    'compute': 'metrics',
    'glue_score': 'metrics',
    'score_answers': 'scored',
    'score_texts': 'scored',
    'read_test_part': 'submission',
    'task_score': 'metrics',
    'tune_null_threshold': 'answers',
    'write_answers': 'submission',
    'write_zip': 'submission',
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
  if name not in _MODULES:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  module = importlib.import_module(f'{__name__}.{_MODULES[name]}')
  return getattr(module, name)


def __dir__() -> list[str]:
  return sorted(__all__)
