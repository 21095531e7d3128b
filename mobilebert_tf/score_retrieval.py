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

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Run of the task embedding or one of its checkpoints, '
    'a folder of sentence-transformers, an exported .tflite file, or an '
    'encoder of any format.', required=True)
_DATA = flags.DEFINE_list(
    'data', None, 'File of SQuAD, or files or globs of a table of pairs.',
    required=True)
_TEXT_COLUMN = flags.DEFINE_string(
    'text_column', 'text', 'Column of the query.')
_PAIR_COLUMN = flags.DEFINE_string(
    'pair_column', 'pair', 'Column of its document.')
_DOCUMENTS = flags.DEFINE_list(
    'documents', [], 'Files or globs of further texts, which belong to none.')
_POOLING = flags.DEFINE_enum(
    'pooling', '', ['', 'mean', 'first'], 'Pooling of an encoder that says '
    'none.')
_WIDTH = flags.DEFINE_integer(
    'width', None, 'Number of the first entries that are the vector, for a '
    'model that was trained for that.', lower_bound=1)


def main() -> None:
  from mobilebert_tf.data import text_files
  from mobilebert_tf.tasks import registry
  from mobilebert_tf.tasks.embedding import judgements

  others = text_files.read(_DOCUMENTS.value) if _DOCUMENTS.value else []
  judged = judgements.read(
      _DATA.value, _TEXT_COLUMN.value, _PAIR_COLUMN.value, others)
  embedder = registry.load_sentence_encoder(
      _MODEL_DIR.value, _POOLING.value, _WIDTH.value)
  print(json.dumps(judgements.score(judged, embedder), indent=2))


if __name__ == '__main__':
  program.run(main)
