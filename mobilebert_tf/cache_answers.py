# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Writes records with a teacher's answers, to distil without the teacher.

python -m mobilebert_tf.cache_answers --records=records --teacher=runs/teacher \
  --output_dir=records_with_answers

The records have to be masked when they were made (--masking=static). Of each
masked place the file has the teacher's most probable tokens, their log
probabilities, and the mass of all others. Distil with
task.train_data.use_teacher_answers=true. A stopped run is resumed by the same
command; several can share the work by --worker and --workers.
"""

from absl import flags

from mobilebert_tf.common import program

_RECORDS = flags.DEFINE_string(
    'records', None, 'Folder of records.', required=True)
_TEACHER = flags.DEFINE_string(
    'teacher', None, 'Pre-trained model of any format, or the folder of its '
    'run.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder to write.', required=True)
_TOP_K = flags.DEFINE_integer(
    'top_k', 16, 'Tokens whose probabilities are kept for each place.',
    lower_bound=1)
_PRECISION = flags.DEFINE_enum(
    'precision', 'float32', ['float32', 'float16'],
    'Type in which log probabilities are kept.')
_BATCH_SIZE = flags.DEFINE_integer(
    'batch_size', 32, 'Records that are answered together.', lower_bound=1)
_RECORDS_PER_FILE = flags.DEFINE_integer(
    'records_per_file', 20_000, 'Maximum number of records in a file; what a '
    'stopped run loses.', lower_bound=1)
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', '', 'Vocabulary, where none lies with the teacher.')
_WORKER = flags.DEFINE_integer(
    'worker', 0, 'Number of this process among those that share the work, from '
    '0.', lower_bound=0)
_WORKERS = flags.DEFINE_integer(
    'workers', 1, 'Processes that share the work.', lower_bound=1)


def main() -> None:
  if _WORKER.value >= _WORKERS.value:
    raise ValueError(f'--worker is {_WORKER.value}; of {_WORKERS.value} '
                     f'workers the last is {_WORKERS.value - 1}.')
  from mobilebert_tf.distillation import answer_cache

  manifest = answer_cache.write(
      _RECORDS.value, _TEACHER.value, _OUTPUT_DIR.value, top_k=_TOP_K.value,
      precision=_PRECISION.value, batch_size=_BATCH_SIZE.value,
      records_per_file=_RECORDS_PER_FILE.value, vocab_file=_VOCAB_FILE.value,
      worker=_WORKER.value, workers=_WORKERS.value)
  if manifest is None:
    print('This worker is done; other workers have files to finish.')
    return
  count = sum(each['examples'] for each in manifest['files'].values())
  size = sum(each['bytes'] for each in manifest['files'].values())
  print(f'{_OUTPUT_DIR.value}: {count:,} records with answers in '
        f'{len(manifest["files"])} files, {size / max(count, 1):,.0f} bytes a '
        'record.')


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.')
