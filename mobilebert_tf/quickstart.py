# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Makes a MobileBERT from raw text to a TFLite file that answers.

python -m mobilebert_tf.quickstart "Return the eigenvalues of a matrix."

Pre-trains a small teacher, distils a small student from it, fine-tunes and
exports the student, classifies the sentences given, and writes a report. The
same command resumes a run that was stopped.
"""

import pathlib

from absl import flags
from absl import logging

from mobilebert_tf.common import program
from mobilebert_tf.pipelines import settings as settings_lib

_DEFAULTS = settings_lib.Settings()
_SENTENCES = (
    'Compute the eigenvalues and eigenvectors of a symmetric matrix.',
    'Drop rows with missing values and reset the index of the frame.',
    'Set the line style and the color of the axis labels.',
)

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', 'quickstart_output',
    'Folder for everything that is made; a run resumes from what is there.')
settings_lib.define_flags(
    _DEFAULTS,
    text_files='by default the documentation strings of the packages that '
    'installation brought',
    task_train='by default passages of documentation, labelled with the '
    'library that they document')


def main(sentences: list[str]) -> None:
  settings = settings_lib.read_flags(_DEFAULTS)
  if bool(settings.task_train) != bool(settings.task_dev):
    raise ValueError('--task_train and --task_dev go together.')
  from mobilebert_tf.pipelines import quickstart

  report = quickstart.run(
      pathlib.Path(_OUTPUT_DIR.value), settings, sentences or _SENTENCES)
  print(f'\nThe report: {report.resolve()}')


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.',
              verbosity=logging.ERROR, takes_arguments=True)
