# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Scores how well a model's vectors find documents, with 95% intervals.

python -m mobilebert_tf.score_retrieval --model_dir=runs/mine \
  --data=dev-v1.1.json
python -m mobilebert_tf.score_retrieval --model_dir=mine.tflite \
  --data=pairs.tsv --text_column=query --pair_column=passage

Documents are all paragraphs of SQuAD, or all second texts of the pairs, and
those of --documents. Prints JSON: recall at 1, 10 and 100, MRR and nDCG at 10.
"""

import json

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.tasks.embedding import encoder_flags

flags.adopt_module_key_flags(encoder_flags)  # So that --help shows them.

_DATA = flags.DEFINE_list(
    'data', None, 'File of SQuAD, or files or globs of a table of pairs.',
    required=True)
_TEXT_COLUMN = flags.DEFINE_string(
    'text_column', 'text', 'Column of the query.')
_PAIR_COLUMN = flags.DEFINE_string(
    'pair_column', 'pair', 'Column of its document.')
_DOCUMENTS = flags.DEFINE_list(
    'documents', [], 'Files or globs of further texts, which belong to none.')


def main() -> None:
  from mobilebert_tf.data import text_files
  from mobilebert_tf.tasks.embedding import judgements

  others = text_files.read(_DOCUMENTS.value) if _DOCUMENTS.value else []
  judged = judgements.read(
      _DATA.value, _TEXT_COLUMN.value, _PAIR_COLUMN.value, others)
  embedder = encoder_flags.load()
  print(json.dumps(judgements.score(judged, embedder), indent=2))


if __name__ == '__main__':
  program.run(main)
