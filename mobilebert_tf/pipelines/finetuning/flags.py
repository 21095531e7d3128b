# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Flags of a fine-tuning recipe."""

from typing import Any

from absl import flags

_STRINGS = {
    'data_dir': "Folder that holds GLUE's folders, for its tasks.",
    'train_file': 'Training file of other tasks: TSV or CSV, CoNLL, or JSON of '
                  'SQuAD.',
    'dev_file': 'Held-out file of the same kind, to score.',
    'test_file': 'File of the same kind without labels, to answer.',
    'text_column': "Column of the text, for one's own classification or "
                   'regression.',
    'pair_column': 'Column of the second text, if there is one.',
    'label_column': 'Column of the label, or of several.',
    'label_separator': 'Separator of labels that share a column.',
    'init_checkpoint': 'Run, checkpoint of any format, or name on the Hugging '
                       'Face hub.',
    'architecture': 'Architecture to start from with random weights, instead '
                    'of a checkpoint.',
    'vocab_file': 'Vocabulary, where none lies with the checkpoint.',
    'teacher': 'Model fine-tuned on the same task, to be distilled as well.',
}
_DEFAULTS = {'text_column': 'text', 'label_column': 'label',
             'label_separator': ','}

flags.DEFINE_string(
    'task', None, 'Name of the task: sst2, squad_v1, classification, ...; '
    '`mobilebert finetune --help` lists them.', required=True)
for _name, _help in _STRINGS.items():
  flags.DEFINE_string(_name, _DEFAULTS.get(_name, ''), _help)
flags.DEFINE_float(
    'hidden_weight', 0.0, "Weight of the loss on the teacher's hidden states.")
flags.DEFINE_integer(
    'max_length', 0, "Length of the longest text in tokens; 0 is the task's "
    'usual one.')
flags.DEFINE_list(
    'dev_titles', [], 'Articles of SQuAD to hold out of the training file, '
    'where both parts lie in one.')
flags.DEFINE_list(
    'label_columns', [], 'Columns of 0 and 1, one for each label, where a text '
    'can have several labels.')


def recipe_fields() -> dict[str, Any]:
  """Returns the fields of a recipe that have flags, without its settings."""
  names = ('task', *_STRINGS, 'hidden_weight', 'max_length')
  fields = {name: flags.FLAGS[name].value for name in names}
  for name in ('dev_titles', 'label_columns'):
    fields[name] = tuple(flags.FLAGS[name].value)
  return fields
