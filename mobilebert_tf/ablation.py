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


r"""Trains the arms of the paper's ablations from one teacher, and compares.

python -m mobilebert_tf.ablation --text_files='books/*.txt' \
  --task_train=train.tsv --task_dev=dev.tsv --output_dir=ablation_output

Students are trained without a teacher, with distillation alone (PD), with
feature-map transfer before it (PD+FMT) and with attention transfer as well
(PD+FMT+AT, which is PKT), and with the schedules AKT and JKT: for the same
number of steps, with several seeds, and each is fine-tuned. Writes
ablation.html and ablation.md, after each seed. Run again, it goes on where it
was.
"""

import dataclasses
import os
import pathlib
import sys

from absl import app
from absl import flags
from absl import logging

from mobilebert_tf.pipelines import settings as settings_lib

_DEFAULTS = settings_lib.Settings(
    teacher_steps=2000, steps_per_block=60, distillation_steps=240,
    task_steps=300)

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', 'ablation_output',
    'Folder for everything that is made; a run goes on from what is there.')
_SEEDS = flags.DEFINE_list(
    'seeds', ['1', '2', '3'],
    'Seeds: of weights, batches and fine-tuning. More may be added later.')
flags.DEFINE_list(
    'text_files', [],
    'Globs of text to learn from: plain text, .gz, or JSON lines.')
flags.DEFINE_string(
    'task_train', '', 'TSV with a column label to fine-tune on.')
flags.DEFINE_string('task_dev', '', 'The same, held out.')
flags.DEFINE_string('text_column', 'text', "The name of the text's column.")
for _field, _help in (
    ('vocab_size', 'Entries of the vocabulary.'),
    ('max_seq_length', 'Longest pre-training example, in tokens.'),
    ('teacher_steps', 'Pre-training steps of the teacher.'),
    ('steps_per_block', 'Transfer steps of each block of the student.'),
    ('distillation_steps', 'Steps of the distillation that follows.'),
    ('pretraining_batch_size', 'Examples in a step of pre-training.'),
    ('task_steps', 'Fine-tuning steps.'),
    ('task_batch_size', 'Examples in a step of fine-tuning.'),
):
  flags.DEFINE_integer(_field, getattr(_DEFAULTS, _field), _help,
                       lower_bound=1)


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  seeds = _seeds()
  values = {
      field.name: flags.FLAGS[field.name].value
      for field in dataclasses.fields(settings_lib.Settings)
      if field.name in flags.FLAGS
  }
  values['text_files'] = tuple(values['text_files'])
  settings = dataclasses.replace(_DEFAULTS, **values, seed=seeds[0])
  # TensorFlow tells at length what this machine lacks.
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  # Imported here, so that --help need not wait for TensorFlow.
  from mobilebert_tf.pipelines import ablation
  logging.set_verbosity(logging.ERROR)
  try:
    report = ablation.run(pathlib.Path(_OUTPUT_DIR.value), settings, seeds)
  except (ArithmeticError, OSError, ValueError) as error:
    sys.exit(f'ablation: {error}')
  except KeyboardInterrupt:
    print('\nablation: interrupted; the same command goes on.', file=sys.stderr)
    sys.exit(130)
  print(f'\nThe report: {report.resolve()}')


def _seeds() -> list[int]:
  try:
    seeds = [int(seed) for seed in _SEEDS.value]
  except ValueError:
    seeds = []
  if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
    raise app.UsageError(
        f'--seeds={",".join(_SEEDS.value)}: name one or more different whole '
        'numbers, from 0.')
  for name in ('text_files', 'task_train', 'task_dev'):
    if not flags.FLAGS[name].value:
      raise app.UsageError(f'--{name} is not set.')
  return seeds


if __name__ == '__main__':
  app.run(main)
