# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Makes pre-training records from text, with all cores.

python -m mobilebert_tf.create_pretraining_data \
  --input_files='corpus/*.txt' --vocab_file=/tmp/vocab.txt \
  --output_dir=/tmp/records --max_seq_length=127

The same command resumes a run that was stopped, and does nothing once it is
done.
"""

from typing import Any

from absl import flags

from mobilebert_tf.common import program

_INPUT_FILES = flags.DEFINE_multi_string(
    'input_files', None,
    'Text files or globs (plain text, .gz, .jsonl, .jsonl.gz), separated by '
    'commas; may be given several times.', required=True)
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', None, "BERT's vocab.txt.", required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder to make.', required=True)
_MAX_SEQ_LENGTH = flags.DEFINE_integer(
    'max_seq_length', 127,
    'Length of the longest example, special tokens included. Training pads it '
    'by one or more: 127 here is seq_length=128 there.', lower_bound=5)
_MASKING = flags.DEFINE_enum(
    'masking', 'dynamic', ['dynamic', 'static'],
    'dynamic: tokens are stored once, and masked anew whenever they are read. '
    "static: masked now, as the Model Garden's loader reads them.")
_DUPE_FACTOR = flags.DEFINE_integer(
    'dupe_factor', 1, 'Passes over the text, each with other segment pairs '
    '(and masks, if static).', lower_bound=1)
_MAX_PREDICTIONS = flags.DEFINE_integer(
    'max_predictions_per_seq', 20, 'Static: largest number of masked tokens.',
    lower_bound=1)
_MASKED_LM_RATE = flags.DEFINE_float(
    'masked_lm_rate', 0.15, 'Static: share of tokens to mask.')
_WHOLE_WORD = flags.DEFINE_bool(
    'whole_word_masking', False, 'Static: mask words whole.')
_SHORT_SEQ_PROB = flags.DEFINE_float(
    'short_seq_prob', 0.1, 'Share of examples that are made shorter.')
_SEED = flags.DEFINE_integer(
    'seed', 0, 'Seed of every random choice.', lower_bound=0)
_LOWER_CASE = program.DEFINE_case(
    'lower_case', None,
    'Lower-case the text and strip accents; keep_accents only lower-cases. If '
    'not given: true, unless tokens of the vocabulary have capitals.')
_MAX_WORD_LENGTH = flags.DEFINE_integer(
    'max_word_length', None, 'Characters of the longest word that is not '
    '[UNK]; 100 in most tokenizers of Hugging Face. If not given: 200, as in '
    "Google's code.", lower_bound=1)
_LANGUAGE = flags.DEFINE_string(
    'language', 'en', 'Language of the text, for the sentence splitter '
    '(ISO 639).')
_SENTENCE_PER_LINE = flags.DEFINE_bool(
    'sentence_per_line', False, 'Take each line for a sentence.')
_SHARD_MEGABYTES = flags.DEFINE_float(
    'shard_megabytes', 64.0, 'Text that goes into a file of records. Training '
    'needs as many files as it has workers.', lower_bound=0.001)
_COMPRESS = flags.DEFINE_bool('compress', False, 'Compress the records (gzip).')
_NUM_WORKERS = flags.DEFINE_integer(
    'num_workers', None, 'Number of processes, of up to 1 GB each; one for '
    'each core if not given.', lower_bound=1)


def main() -> None:
  from mobilebert_tf.data import pretraining_records
  from mobilebert_tf.data import record_writing
  from mobilebert_tf.text import settings as text_settings
  from mobilebert_tf.text import vocabulary

  lower_case = vocabulary.find_case(
      vocabulary.Vocabulary.read(_VOCAB_FILE.value),
      {'--lower_case': _LOWER_CASE.value}, _VOCAB_FILE.value)
  settings = pretraining_records.RecordSettings(
      max_seq_length=_MAX_SEQ_LENGTH.value, masking=_MASKING.value,
      dupe_factor=_DUPE_FACTOR.value, short_seq_prob=_SHORT_SEQ_PROB.value,
      max_predictions_per_seq=_MAX_PREDICTIONS.value,
      masked_lm_rate=_MASKED_LM_RATE.value,
      whole_word_masking=_WHOLE_WORD.value, lower_case=lower_case,
      language=_LANGUAGE.value, sentence_per_line=_SENTENCE_PER_LINE.value,
      seed=_SEED.value,
      max_word_length=(_MAX_WORD_LENGTH.value
                       or text_settings.MAX_WORD_LENGTH))
  print(_summary(record_writing.write_records(
      _INPUT_FILES.value, _VOCAB_FILE.value, _OUTPUT_DIR.value,
      settings, shard_bytes=int(_SHARD_MEGABYTES.value * 1e6),
      compress=_COMPRESS.value, num_workers=_NUM_WORKERS.value)))


def _summary(manifest: dict[str, Any]) -> str:
  counts = manifest['counts']
  lines = [f'{_OUTPUT_DIR.value}: {counts["examples"]:,} examples in '
           f'{len(manifest["files"])} files, from {counts["documents"]:,} '
           f'documents, {counts["sentences"]:,} sentences, '
           f'{counts["tokens"]:,} tokens.']
  lines += [f'{counts[name]:,} {what}.' for name, what in (
      ('empty_files', 'empty files'),
      ('documents_cut', 'cuts of long documents'),
      ('paragraphs_cut', 'long paragraphs cut')) if counts.get(name)]
  return '\n'.join(lines)


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.')
