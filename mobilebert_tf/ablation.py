# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Trains the variants of the paper's ablations from one teacher.

python -m mobilebert_tf.ablation --text_files='books/*.txt' \
  --task_train=train.tsv --task_dev=dev.tsv --output_dir=ablation_output

Students are trained without a teacher, with distillation alone (PD), with
feature-map transfer before it (PD+FMT) and with attention transfer as well
(PD+FMT+AT, which is PKT), and with the schedules AKT and JKT: for the same
number of steps, with several seeds, and each is fine-tuned. Writes
ablation.html and ablation.md after each seed. The same command resumes a run
that was stopped.
"""

import pathlib

from absl import flags
from absl import logging

from mobilebert_tf.common import program
from mobilebert_tf.pipelines import settings as settings_lib

_DEFAULTS = settings_lib.Settings(
    teacher_steps=2000, steps_per_block=60, distillation_steps=240,
    task_steps=300)

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', 'ablation_output',
    'Folder for everything that is made; a run resumes from what is there.')
_SEEDS = program.DEFINE_numbers(
    'seeds', [1, 2, 3],
    'Seeds of weights, batches and fine-tuning. More may be added later.',
    lower_bound=0)
settings_lib.define_flags(
    _DEFAULTS, leave_out=('passages_per_library', 'seed'),
    required=('text_files', 'task_train', 'task_dev'))


def main() -> None:
  settings = settings_lib.read_flags(_DEFAULTS, seed=_SEEDS.value[0])
  from mobilebert_tf.pipelines import ablation

  report = ablation.run(pathlib.Path(_OUTPUT_DIR.value), settings, _SEEDS.value)
  print(f'\nThe report: {report.resolve()}')


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.',
              verbosity=logging.ERROR)
