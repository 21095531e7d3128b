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

"""Text to tensors: vocabulary, tokenization, records and input pipelines.

Names are loaded when first used, so importing this package is quick.
`pretraining_loader` and `text_classification_loader` register their Model
Garden data loaders when they are imported, which
`mobilebert_tf.registry_imports` does.
"""

import importlib
from typing import Any

_MODULES = {
    'Docstring': 'docstrings',
    'GLUE_TASKS': 'glue',
    'GlueTask': 'glue',
    'MobileBertPretrainDataConfig': 'pretraining_loader',
    'QuestionAnsweringDataConfig': 'question_answering_loader',
    'RecordSettings': 'pretraining_records',
    'SPECIAL_TOKENS': 'vocabulary',
    'SquadData': 'squad',
    'TextClassificationDataConfig': 'text_classification_loader',
    'Tokenizer': 'tokenization',
    'Vocabulary': 'vocabulary',
    'is_held_out': 'library_task',
    'learn_vocabulary': 'vocabulary',
    'make_segment_pairs': 'pretraining_examples',
    'mask_tokens': 'masking',
    'read_docstrings': 'docstrings',
    'read_documents': 'corpus',
    'read_examples': 'text_classification_loader',
    'read_labels': 'text_classification_loader',
    'split_sentences': 'corpus',
    'write_documents': 'corpus',
    'write_library_task': 'library_task',
    'write_records': 'record_writing',
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
  if name not in _MODULES:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  module = importlib.import_module(f'{__name__}.{_MODULES[name]}')
  return getattr(module, name)


def __dir__() -> list[str]:
  return sorted(__all__)
