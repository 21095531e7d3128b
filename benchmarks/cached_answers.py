# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Compares distillation by a live teacher and by its answers from records.

python benchmarks/cached_answers.py --text_files='text/*.txt' \
  --output_dir=/tmp/answers --seeds=1,2,3

Learns a vocabulary from the text, makes masked records, pre-trains a teacher,
and writes the records with its answers (`cache_answers`). Then students of the
quick start's size are distilled, without transfer, by the teacher's whole
distribution, by its most probable tokens, and by those from the records. The
table has held-out masked-LM accuracy and loss, of all seeds and their mean, the
seconds of a step and the peak memory of the process. A stopped run is resumed.
"""

import functools
import os
import pathlib
import statistics
import time
from typing import Any

from absl import app
from absl import flags

from benchmarks import interleaving
from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_TEXT_FILES = flags.DEFINE_list(
    'text_files', None, 'Text to learn from.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder of all that is made.', required=True)
_SEEDS = flags.DEFINE_list('seeds', ['1', '2', '3'], 'Seeds of the students.')
_TEACHER_STEPS = flags.DEFINE_integer(
    'teacher_steps', 900, 'Pre-training steps of the teacher.')
_STEPS = flags.DEFINE_integer('steps', 400, 'Steps of a student.')
_TOP_K = flags.DEFINE_integer('top_k', 16, "Tokens of the teacher's answers.")

_LENGTH, _PREDICTIONS, _MASKINGS = 64, 10, 5
_WHOLE, _TOP, _CACHED = (
    'live, all tokens', 'live, most probable', 'cached, most probable')


def main(argv: list[str]) -> None:
  del argv
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  folder = pathlib.Path(_OUTPUT_DIR.value)
  folder.mkdir(parents=True, exist_ok=True)
  data = _once(folder / 'data.json', _prepare, _TEXT_FILES.value,
               _TEACHER_STEPS.value, _TOP_K.value)
  rows = []
  for name in (_WHOLE, _TOP, _CACHED):
    found = [_once(folder / f'{name}_{seed}.json'.replace(', ', '_'), _distil,
                   name, int(seed), data, _STEPS.value, _TOP_K.value)
             for seed in _SEEDS.value]
    accuracies = [each['accuracy'] for each in found]
    rows.append((
        name, formatting.percent(statistics.mean(accuracies)),
        ', '.join(map(formatting.percent, accuracies)),
        f'{statistics.mean(each["loss"] for each in found):.3f}',
        formatting.quantity(
            statistics.median(each['seconds'] for each in found), 's'),
        formatting.quantity(max(each['memory'] for each in found) / 1e9, 'GB')))
  print(machine.describe_hardware())
  print(f'{data["records"]:,} records of up to {_LENGTH} tokens; teacher of '
        f'{_TEACHER_STEPS.value} steps: masked-LM accuracy '
        f'{formatting.percent(data["accuracy"])}; students of {_STEPS.value} '
        f'steps, k = {_TOP_K.value}; answers written in '
        f'{formatting.quantity(data["cache_seconds"], "s")}, '
        f'{data["bytes"]:,.0f} bytes a record\n')
  print(text_lib.format_table(text_lib.make_table(
      ('Teacher', 'Accuracy', 'Each seed', 'Loss', 'Step', 'Peak memory'),
      rows)))


def _once(path: pathlib.Path, make: Any, *arguments: Any) -> dict[str, Any]:
  """Returns what a function returned, in a process of its own, once."""
  if not path.exists():
    with interleaving.new_process() as process:
      files.write_json(path, process.submit(functools.partial(
          make, str(path.parent), *arguments)).result())
  return files.read_json(path)


# What follows runs in the processes.


def _settings(**fields: Any) -> Any:
  from mobilebert_tf.pipelines import settings

  return settings.Settings(max_seq_length=_LENGTH, **fields)


def _prepare(folder: str, text_files: list[str], teacher_steps: int,
             top_k: int) -> dict[str, Any]:
  """Makes vocabulary, records, teacher and answers."""
  from mobilebert_tf.data import pretraining_records
  from mobilebert_tf.data import record_writing
  from mobilebert_tf.distillation import answer_cache
  from mobilebert_tf.pipelines import pretraining

  path = pathlib.Path(folder)
  settings = _settings(
      text_files=tuple(text_files), teacher_steps=teacher_steps)
  pretraining.collect(path, settings)
  vocabulary = pretraining.learn_vocabulary(path, path, settings)
  data = {'vocab_file': str(path / 'vocab.txt'),
          'vocab_size': vocabulary['size']}
  for part, maskings in (('train', _MASKINGS), ('held_out', 1)):
    manifest = record_writing.write_records(
        str(path / f'{part}.txt'), data['vocab_file'], path / 'records' / part,
        pretraining_records.RecordSettings(
            max_seq_length=_LENGTH, masking='static', dupe_factor=maskings,
            max_predictions_per_seq=_PREDICTIONS))
    data[part] = str(path / 'records' / part)
    data['records'] = data.get('records') or manifest['counts']['examples']
  taught = pretraining.train_teacher(path / 'teacher', data, settings)
  began = time.monotonic()
  manifest = answer_cache.write(
      data['train'], str(path / 'teacher'), path / 'answers', top_k=top_k,
      batch_size=64)
  size = sum(each['bytes'] for each in manifest['files'].values())
  return {**data, 'answers': str(path / 'answers'),
          'accuracy': taught['masked_lm']['accuracy'],
          'cache_seconds': time.monotonic() - began,
          'bytes': size / data['records']}


def _distil(folder: str, name: str, seed: int, data: dict[str, Any], steps: int,
            top_k: int) -> dict[str, Any]:
  """Distils a student, and scores it."""
  from mobilebert_tf.pipelines import pretraining

  path = pathlib.Path(folder)
  is_cached = name == _CACHED
  settings = _settings(seed=seed, steps_per_block=0, distillation_steps=steps)
  variant = pretraining.Variant('none', 'none', name)
  student = path / f'student_{name}_{seed}'.replace(', ', '_')
  began = time.monotonic()
  done = pretraining.train_student(
      student, variant,
      {**data, 'train': data['answers'] if is_cached else data['train']},
      path / 'teacher', settings, top_k=top_k if name == _TOP else 0,
      train_data={'use_teacher_answers': is_cached})
  return {**done['masked_lm'], 'seconds': (time.monotonic() - began) / steps,
          'memory': machine.peak_memory()}


if __name__ == '__main__':
  app.run(main)
