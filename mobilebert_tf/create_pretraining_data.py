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

r"""Makes pre-training records from text, with all cores.

python -m mobilebert_tf.create_pretraining_data \
  --input_files='corpus/*.txt' --vocab_file=/tmp/vocab.txt \
  --output_dir=/tmp/records --max_seq_length=127

Stopped, the same command goes on where it was; finished, it does nothing.
"""

import sys

from absl import app
from absl import flags

_INPUT_FILES = flags.DEFINE_multi_string(
    'input_files', None,
    'Text files or globs (plain text, .gz, .jsonl, .jsonl.gz); may be given '
    'several times, and several may be joined with commas.')
_VOCAB_FILE = flags.DEFINE_string('vocab_file', None, "BERT's vocab.txt.")
_OUTPUT_DIR = flags.DEFINE_string('output_dir', None, 'The folder to make.')
_MAX_SEQ_LENGTH = flags.DEFINE_integer(
    'max_seq_length', 127,
    'The longest example, special tokens included. Training pads it by one or '
    'more: 127 here is seq_length=128 there.', lower_bound=5)
_MASKING = flags.DEFINE_enum(
    'masking', 'dynamic', ['dynamic', 'static'],
    'dynamic: tokens are stored once, and masked anew whenever they are read. '
    "static: masked now, as the Model Garden's loader reads them.")
_DUPE_FACTOR = flags.DEFINE_integer(
    'dupe_factor', 1, 'How often to go through the text, each time with other '
    'segment pairs (and masks, if static).', lower_bound=1)
_MAX_PREDICTIONS = flags.DEFINE_integer(
    'max_predictions_per_seq', 20, 'Static: how many tokens to mask at most.',
    lower_bound=1)
_MASKED_LM_RATE = flags.DEFINE_float(
    'masked_lm_rate', 0.15, 'Static: the share of tokens to mask.')
_WHOLE_WORD = flags.DEFINE_bool(
    'whole_word_masking', False, 'Static: mask words whole.')
_SHORT_SEQ_PROB = flags.DEFINE_float(
    'short_seq_prob', 0.1, 'How often an example is made shorter.')
_SEED = flags.DEFINE_integer('seed', 0, 'Of every random choice.',
                             lower_bound=0)
_LOWER_CASE = flags.DEFINE_bool(
    'lower_case', True, 'Lower-case the text and strip accents.')
_LANGUAGE = flags.DEFINE_string(
    'language', 'en', 'Of the text, for the sentence splitter (ISO 639).')
_SENTENCE_PER_LINE = flags.DEFINE_bool(
    'sentence_per_line', False, 'Take each line for a sentence.')
_SHARD_MEGABYTES = flags.DEFINE_float(
    'shard_megabytes', 64.0, 'Text that goes into a file of records. Training '
    'needs as many files as it has workers.', lower_bound=0.001)
_COMPRESS = flags.DEFINE_bool('compress', False, 'Compress the records (gzip).')
_NUM_WORKERS = flags.DEFINE_integer(
    'num_workers', None, 'Processes, of up to 1 GB each; one for each core if '
    'not given.', lower_bound=1)


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  # Imported here, so that --help need not wait for TensorFlow.
  # pylint: disable=g-import-not-at-top
  import tensorflow as tf

  from mobilebert_tf.data import pretraining_records

  files = [f for value in _INPUT_FILES.value for f in value.split(',') if f]
  try:
    settings = pretraining_records.RecordSettings(
        max_seq_length=_MAX_SEQ_LENGTH.value, masking=_MASKING.value,
        dupe_factor=_DUPE_FACTOR.value, short_seq_prob=_SHORT_SEQ_PROB.value,
        max_predictions_per_seq=_MAX_PREDICTIONS.value,
        masked_lm_rate=_MASKED_LM_RATE.value,
        whole_word_masking=_WHOLE_WORD.value, lower_case=_LOWER_CASE.value,
        language=_LANGUAGE.value, sentence_per_line=_SENTENCE_PER_LINE.value,
        seed=_SEED.value)
    manifest = _write(files, settings)
  except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
    sys.exit(f'create_pretraining_data: {error}')
  except KeyboardInterrupt:
    print('create_pretraining_data: stopped; the same command goes on.',
          file=sys.stderr)
    sys.exit(130)
  counts = manifest['counts']
  print(f'{_OUTPUT_DIR.value}: {counts["examples"]:,} examples in '
        f'{len(manifest["files"])} files, from {counts["documents"]:,} '
        f'documents, {counts["sentences"]:,} sentences, '
        f'{counts["tokens"]:,} tokens.')
  for name, what in (('empty_files', 'empty files'),
                     ('documents_cut', 'cuts of long documents'),
                     ('paragraphs_cut', 'long paragraphs cut')):
    if counts.get(name):
      print(f'{counts[name]:,} {what}.')


def _write(files: list[str], settings):
  from mobilebert_tf.data import record_writing
  return record_writing.write_records(
      files, _VOCAB_FILE.value, _OUTPUT_DIR.value, settings,
      shard_bytes=int(_SHARD_MEGABYTES.value * 1e6), compress=_COMPRESS.value,
      num_workers=_NUM_WORKERS.value)


if __name__ == '__main__':
  flags.mark_flags_as_required(['input_files', 'vocab_file', 'output_dir'])
  app.run(main)
