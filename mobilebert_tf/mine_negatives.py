# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Adds hard negatives to pairs of texts, which a model finds.

python -m mobilebert_tf.mine_negatives --model_dir=runs/mine \
  --input=pairs.tsv --pair_column=pair --output=triplets.jsonl

Negatives of a pair are the texts nearest to its first one, among the second
texts of all pairs and --documents, but for those that belong to it, and those
that come too near: they may belong to it unmarked. The output has the columns
of the pair, and negative_0, negative_1 and so on.
"""

import json

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.tasks.embedding import encoder_flags

flags.adopt_module_key_flags(encoder_flags)  # So that --help shows them.

_INPUT = flags.DEFINE_list(
    'input', None, 'Files or globs of a table of pairs.', required=True)
_OUTPUT = flags.DEFINE_string(
    'output', None, 'File of JSON lines to write.', required=True)
_TEXT_COLUMN = flags.DEFINE_string(
    'text_column', 'text', 'Column of the first text, or query.')
_PAIR_COLUMN = flags.DEFINE_string(
    'pair_column', 'pair', 'Column of the text that belongs to it.')
_DOCUMENTS = flags.DEFINE_list(
    'documents', [], 'Files or globs of further texts, which belong to none.')
_NEGATIVES = flags.DEFINE_integer(
    'negatives', 1, 'Negatives of each pair.', lower_bound=1)
_LARGEST_SHARE = flags.DEFINE_float(
    'largest_share', 0.95, "Largest similarity of a negative, as a share of "
    "that of the pair's texts.", lower_bound=0.0, upper_bound=1.0)
_LOOKED_AT = flags.DEFINE_integer(
    'looked_at', 100, 'Nearest texts among which negatives are.',
    lower_bound=1)


def main() -> None:
  from mobilebert_tf.common import files
  from mobilebert_tf.common import outputs
  from mobilebert_tf.data import text_files
  from mobilebert_tf.tasks.embedding import mining

  columns = _TEXT_COLUMN.value, _PAIR_COLUMN.value
  settings = mining.Settings(
      _NEGATIVES.value, _LARGEST_SHARE.value, _LOOKED_AT.value)
  if not _OUTPUT.value.endswith('.jsonl'):
    raise ValueError(f'--output is {_OUTPUT.value}; it is a file of JSON '
                     'lines, named .jsonl.')
  outputs.check_file(_OUTPUT.value, lambda data: b'"negative_0"' in data,
                     'a file of negatives')
  pairs = mining.read_pairs(_INPUT.value, *columns)
  others = text_files.read(_DOCUMENTS.value) if _DOCUMENTS.value else []
  embedder = encoder_flags.load()
  found = mining.mine(pairs, embedder, settings, others)
  rows = [mining.as_columns(pair, negatives, columns)
          for *pair, negatives in zip(
              pairs.texts, pairs.pairs, found, strict=True) if negatives]
  files.write_text(_OUTPUT.value, ''.join(
      f'{json.dumps(row)}\n' for row in rows))
  print(f'{_OUTPUT.value}: {len(rows):,} of {len(found):,} pairs, '
        f'{settings.count} negatives each.')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
