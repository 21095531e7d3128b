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

from absl import flags

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
_LOWER_CASE = flags.DEFINE_bool(
    'lower_case', True, 'Lower-case the text and strip accents.')


def main() -> None:
  from mobilebert_tf.data import corpus
  from mobilebert_tf.text import vocabulary

  documents = corpus.read_documents(program.names(_INPUT_FILES))
  learned = vocabulary.learn_vocabulary(
      (paragraph for document in documents for paragraph in document),
      _VOCAB_SIZE.value, _OUTPUT_FILE.value, _LOWER_CASE.value)
  print(f'{_OUTPUT_FILE.value}: {len(learned)} tokens.')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
