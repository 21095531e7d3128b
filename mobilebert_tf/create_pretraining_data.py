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

r"""Makes pre-training records from text.

python -m mobilebert_tf.create_pretraining_data \
  --input_files='corpus/*.txt' --vocab_file=/tmp/vocab.txt \
  --output_dir=/tmp/records --max_seq_length=128 --num_shards=4
"""

from absl import app
from absl import flags

_INPUT_FILES = flags.DEFINE_multi_string(
    'input_files', None,
    'Text files or globs (plain text, .gz, .jsonl, .jsonl.gz); may be given '
    'several times, and several may be joined with commas.')
_VOCAB_FILE = flags.DEFINE_string('vocab_file', None, "BERT's vocab.txt.")
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'The folder to make; it must not hold anything yet.')
_MAX_SEQ_LENGTH = flags.DEFINE_integer(
    'max_seq_length', 128, 'The longest example, special tokens included.',
    lower_bound=5)
_NUM_SHARDS = flags.DEFINE_integer(
    'num_shards', 1, 'How many files to write.', lower_bound=1)
_SEED = flags.DEFINE_integer('seed', 0, 'Of every random choice.',
                             lower_bound=0)
_DUPE_FACTOR = flags.DEFINE_integer(
    'dupe_factor', 1, 'How often to go through the text, each time with other '
    'segment pairs. Masks differ on every epoch anyway.', lower_bound=1)
_LOWER_CASE = flags.DEFINE_bool(
    'lower_case', True, 'Lower-case the text and strip accents.')


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  # Imported here, so that --help need not wait for TensorFlow.
  # pylint: disable=g-import-not-at-top
  from mobilebert_tf.data import corpus
  from mobilebert_tf.data import pretraining_records
  from mobilebert_tf.data import tokenization

  files = [f for value in _INPUT_FILES.value for f in value.split(',') if f]
  manifest = pretraining_records.write_pretraining_records(
      corpus.read_documents(files),
      tokenization.Tokenizer(_VOCAB_FILE.value, _LOWER_CASE.value),
      _OUTPUT_DIR.value,
      max_seq_length=_MAX_SEQ_LENGTH.value,
      num_shards=_NUM_SHARDS.value,
      seed=_SEED.value,
      dupe_factor=_DUPE_FACTOR.value)
  counts = manifest['counts']
  print(f'{_OUTPUT_DIR.value}: {counts["examples"]} examples from '
        f'{counts["documents"]} documents, {counts["tokens"]} tokens.')


if __name__ == '__main__':
  flags.mark_flags_as_required(['input_files', 'vocab_file', 'output_dir'])
  app.run(main)
