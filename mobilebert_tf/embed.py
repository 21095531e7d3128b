# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Writes the vectors of texts.

python -m mobilebert_tf.embed --model_dir=runs/mine --input=texts.txt \
  --output=vectors.npy

The input has a text a line, or JSON lines, or is a table with a --text_column.
The output is an array of a vector for each of them (.npy), JSON lines of text
and vector (.jsonl; - is standard output), or a folder, which training can be
taught by: it has each text once, and a stopped run is resumed by the same
command.
"""

import json
import sys

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.tasks.embedding import encoder_flags

flags.adopt_module_key_flags(encoder_flags)  # So that --help shows them.

_INPUT = flags.DEFINE_list(
    'input', None, 'Files or globs of texts.', required=True)
_OUTPUT = flags.DEFINE_string(
    'output', None, 'Folder, .npy or .jsonl to write; - for JSON lines on '
    'standard output.', required=True)
_TEXT_COLUMN = flags.DEFINE_string(
    'text_column', '', 'Column of the text in tables and JSON lines.')
_DTYPE = flags.DEFINE_enum(
    'dtype', 'float32', ['float32', 'float16'], 'Type of the numbers in a '
    'folder or an array.')
_ROWS_PER_SHARD = flags.DEFINE_integer(
    'rows_per_shard', 10_000, 'Texts in a file of a folder; what a stopped run '
    'loses.', lower_bound=1)

_TEXTS_AT_ONCE = 4096


def main() -> None:
  import numpy as np

  from mobilebert_tf.common import files
  from mobilebert_tf.data import text_files

  output = _OUTPUT.value
  if output.endswith('.npy'):
    _check_file(output, lambda data: data.startswith(b'\x93NUMPY'))
  elif output.endswith('.jsonl'):
    _check_file(output, lambda data: data.startswith(b'{"text":'))
  texts = text_files.read(_INPUT.value, _TEXT_COLUMN.value)
  embedder = encoder_flags.load()
  if output == '-':
    sys.stdout.writelines(_lines(embedder, texts))
  elif output.endswith('.jsonl'):
    with files.replacing(output) as new, open(
        new, 'w', encoding='utf-8') as file:
      file.writelines(_lines(embedder, texts))
  elif output.endswith('.npy'):
    vectors = np.concatenate(
        [each.astype(_DTYPE.value) for _, each in _parts(embedder, texts)])
    with files.replacing(output) as new:
      np.save(new, vectors)
  else:
    store = embedder.write(output, texts, dtype=_DTYPE.value,
                           rows_per_shard=_ROWS_PER_SHARD.value)
    print(f'{output}: {len(store):,} different texts of {len(texts):,}, a '
          f'vector of {store.size} numbers each.')


def _check_file(path, is_of_kind) -> None:
  from mobilebert_tf.common import outputs
  outputs.check_file(path, is_of_kind, 'a file of vectors')


def _parts(embedder, texts):
  """Yields texts with their vectors, with a progress bar."""
  import tqdm
  with tqdm.tqdm(total=len(texts), desc='Vectors', unit='text',
                 file=sys.stderr, dynamic_ncols=True) as bar:
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
      part = texts[first:first + _TEXTS_AT_ONCE]
      yield part, embedder.embed(part)
      bar.update(len(part))


def _lines(embedder, texts):
  for part, vectors in _parts(embedder, texts):
    for text, vector in zip(part, vectors, strict=True):
      numbers = ', '.join(f'{number:.7g}' for number in vector)
      yield f'{{"text": {json.dumps(text)}, "vector": [{numbers}]}}\n'


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes a folder.')
