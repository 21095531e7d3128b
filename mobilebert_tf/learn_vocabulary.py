# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Learns a WordPiece vocabulary from text.

python -m mobilebert_tf.learn_vocabulary \
  --input_files='corpus/*.txt' --output_file=/tmp/vocab.txt --vocab_size=8000
"""

from absl import flags

from mobilebert_tf.common import outputs
from mobilebert_tf.common import program

_INPUT_FILES = flags.DEFINE_multi_string(
    'input_files', None,
    'Text files or globs (plain text, .gz, .jsonl, .jsonl.gz), separated by '
    'commas; may be given several times.', required=True)
_OUTPUT_FILE = flags.DEFINE_string(
    'output_file', None, 'Vocabulary to write, such as vocab.txt.',
    required=True)
_VOCAB_SIZE = flags.DEFINE_integer(
    'vocab_size', 30522, 'Number of tokens to learn, special ones included.',
    lower_bound=20)
_LOWER_CASE = program.DEFINE_case(
    'lower_case', True,
    'Lower-case the text and strip accents; keep_accents only '
    'lower-cases.')


def main() -> None:
  from mobilebert_tf.data import corpus
  from mobilebert_tf.text import vocabulary

  outputs.check_file(_OUTPUT_FILE.value, _is_vocabulary, 'a vocabulary')
  documents = corpus.read_documents(_INPUT_FILES.value)
  learned = vocabulary.learn_vocabulary(
      (paragraph for document in documents for paragraph in document),
      _VOCAB_SIZE.value, _OUTPUT_FILE.value, _LOWER_CASE.value)
  print(f'{_OUTPUT_FILE.value}: {len(learned)} tokens.')


def _is_vocabulary(beginning: bytes) -> bool:
  return beginning.startswith(b'[PAD]\n[UNK]\n')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
