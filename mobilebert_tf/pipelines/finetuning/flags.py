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

"""The flags of a recipe."""

from typing import Any

from absl import flags

_STRINGS = {
    'task': 'sst2, squad_v1, classification, ...; see above.',
    'data_dir': "Folder that holds GLUE's folders, for its tasks.",
    'train_file': 'For all others: TSV or CSV, CoNLL, or JSON of SQuAD.',
    'dev_file': 'The same, held out; scored.',
    'test_file': 'The same without labels; answered.',
    'text_column': "Of one's own classification or regression.",
    'pair_column': 'That of the second text, if there is one.',
    'label_column': 'That of the label.',
    'init_checkpoint': 'A run, a checkpoint of any format, or a name on the '
                       'Hugging Face hub.',
    'architecture': 'Instead, to start from random weights.',
    'vocab_file': 'Where none lies with the checkpoint.',
    'teacher': 'A model fine-tuned on the same task, to learn from as well.',
}
_DEFAULTS = {'text_column': 'text', 'label_column': 'label'}

for _name, _help in _STRINGS.items():
  flags.DEFINE_string(_name, _DEFAULTS.get(_name, ''), _help)
flags.DEFINE_float(
    'hidden_weight', 0.0, "Weight of the teacher's hidden states.")
flags.DEFINE_integer(
    'max_length', 0, "Longest text in tokens; 0 is the task's usual one.")
flags.DEFINE_list(
    'dev_titles', [], 'Articles of SQuAD that are held out; the others are '
    'learned from. For splitting one file.')


def recipe_fields() -> dict[str, Any]:
  """Returns what the flags say of a recipe, but for how fast and how long.

  Raises:
    ValueError: If no task is named.
  """
  names = (*_STRINGS, 'hidden_weight', 'max_length')
  fields = {name: flags.FLAGS[name].value for name in names}
  fields['dev_titles'] = tuple(flags.FLAGS['dev_titles'].value)
  if not fields['task']:
    raise ValueError('--task is not set.')
  return fields
