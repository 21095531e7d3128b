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

r"""Learns a WordPiece vocabulary from text.

python -m mobilebert_tf.learn_vocabulary \
  --input_files='corpus/*.txt' --output_file=/tmp/vocab.txt --vocab_size=8000
"""

import sys

from absl import app
from absl import flags

_INPUT_FILES = flags.DEFINE_multi_string(
    'input_files', None,
    'Text files or globs (plain text, .gz, .jsonl, .jsonl.gz); may be given '
    'several times, and several may be joined with commas.')
_OUTPUT_FILE = flags.DEFINE_string(
    'output_file', None, 'Where to write the vocabulary, such as vocab.txt.')
_VOCAB_SIZE = flags.DEFINE_integer(
    'vocab_size', 30522, 'How many tokens to learn, special ones included.',
    lower_bound=20)
_LOWER_CASE = flags.DEFINE_bool(
    'lower_case', True, 'Lower-case the text and strip accents.')


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  # Imported here, so that --help need not wait for TensorFlow.
  # pylint: disable=g-import-not-at-top
  import tensorflow as tf

  from mobilebert_tf.data import corpus
  from mobilebert_tf.text import vocabulary

  files = [f for value in _INPUT_FILES.value for f in value.split(',') if f]
  try:
    paragraphs = (p for d in corpus.read_documents(files) for p in d)
    learned = vocabulary.learn_vocabulary(
        paragraphs, _VOCAB_SIZE.value, _OUTPUT_FILE.value, _LOWER_CASE.value)
  except (OSError, ValueError, tf.errors.OpError) as error:
    sys.exit(f'learn_vocabulary: {error}')
  print(f'{_OUTPUT_FILE.value}: {len(learned)} tokens.')


if __name__ == '__main__':
  flags.mark_flags_as_required(['input_files', 'output_file'])
  app.run(main)
