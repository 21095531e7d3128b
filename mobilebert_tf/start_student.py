# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Makes a new student whose word table starts with a teacher's.

python -m mobilebert_tf.start_student --init_from=all-MiniLM-L6-v2 \
  --architecture=mobilebert_small --override=embedding_size=64 --output=start

The table has the first principal components of the teacher's; all other weights
are random. The output is a checkpoint, for task.init_checkpoint and
--init_checkpoint. The teacher is an encoder of any format, a plain BERT of
Hugging Face included.
"""

from absl import flags

from mobilebert_tf.common import program

_INIT_FROM = flags.DEFINE_string(
    'init_from', None, 'Teacher: a run, a checkpoint of any format, or a '
    'Hugging Face folder of a plain BERT.', required=True)
_ARCHITECTURE = flags.DEFINE_string(
    'architecture', 'mobilebert_small', 'Architecture of the student.')
_OVERRIDE = flags.DEFINE_list(
    'override', [], 'Fields of the architecture, as num_blocks=6. The size of '
    'the vocabulary need not be said.')
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', '', "Vocabulary of the student, if not the teacher's.")
_OUTPUT = flags.DEFINE_string(
    'output', None, 'Folder to write.', required=True)
_SEED = flags.DEFINE_integer(
    'seed', 0, 'Seed of the other weights.')
_OVERWRITE = flags.DEFINE_bool(
    'overwrite', False, 'Replace an output of this program.')


def main() -> None:
  from mobilebert_tf import checkpoints
  from mobilebert_tf.checkpoints import formats
  from mobilebert_tf.checkpoints import word_tables

  formats.check_output(formats.local_output(_OUTPUT.value), 'mobilebert_tf',
                       _OVERWRITE.value)
  student = word_tables.start_by_name(
      _INIT_FROM.value, _ARCHITECTURE.value, _VOCAB_FILE.value, _SEED.value,
      **_overrides())
  checkpoints.write(student, _OUTPUT.value, 'mobilebert_tf', _OVERWRITE.value)
  print(f'{_OUTPUT.value}: {student.source}, of {student.num_parameters:,} '
        f'parameters, with its word table of {len(student.vocabulary):,} x '
        f'{student.architecture.embedding_size}.')


def _overrides():
  """Returns fields by name, with values as in YAML."""
  from mobilebert_tf.common import parsing

  fields = {}
  for item in _OVERRIDE.value:
    name, equals, value = item.partition('=')
    if not equals or not name.strip():
      raise ValueError(f'--override has {item!r}; it is a list of field=value.')
    fields[name.strip()] = parsing.parse_yaml(value)
  return fields


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
