# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Makes a MobileBERT from raw text to a TFLite file that answers.

python -m mobilebert_tf.quickstart "Return the eigenvalues of a matrix."

Pre-trains a small teacher, distils a small student from it, fine-tunes and
exports the student, classifies the sentences given, and writes a report. With
--task=embedding it makes a sentence encoder, which finds the passages that are
nearest to the questions given. The same command resumes a run that was stopped.
"""

import pathlib

from absl import flags
from absl import logging

from mobilebert_tf.common import program
from mobilebert_tf.pipelines import settings as settings_lib

_DEFAULTS = settings_lib.EmbeddingSettings()
_CLASSIFICATION, _EMBEDDING = settings_lib.TASKS
_SENTENCES = (
    'Compute the eigenvalues and eigenvectors of a symmetric matrix.',
    'Drop rows with missing values and reset the index of the frame.',
    'Set the line style and the color of the axis labels.',
)

_QUESTIONS = (
    'How do I fill the gaps in a column?',
    'fit a straight line although some points are far off',
    'make the numbers along the axis of a plot larger',
    'stop training when the model no longer gets better',
)
_OUTPUT_DIRS = {_CLASSIFICATION: 'quickstart_output',
                _EMBEDDING: 'quickstart_embedding_output'}
# Settings that one of the tasks alone has.
_OF_CLASSIFICATION = (
    'task_train', 'task_dev', 'text_column', 'teacher_steps', 'steps_per_block',
    'distillation_steps', 'pretraining_batch_size', 'task_steps',
    'task_batch_size', 'passages_per_library')
_OF_EMBEDDING = ('teacher', 'passages', 'embedding_steps',
                 'embedding_batch_size')

_TASK = flags.DEFINE_enum(
    'task', _CLASSIFICATION, list(_OUTPUT_DIRS),
    'What the model is for: labels of texts, or vectors to find them by.')
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None,
    'Folder for everything that is made; a run resumes from what is there. By '
    f'default {" or ".join(_OUTPUT_DIRS.values())}.')
settings_lib.define_flags(
    _DEFAULTS,
    text_files='by default the documentation strings of the packages that '
    'installation brought',
    task_train='by default passages of documentation, labelled with the '
    'library that they document')


def main(texts: list[str]) -> None:
  _check_flags()
  settings = settings_lib.read_flags(_DEFAULTS)
  folder = pathlib.Path(_OUTPUT_DIR.value or _OUTPUT_DIRS[_TASK.value])
  if _TASK.value == _EMBEDDING:
    from mobilebert_tf.pipelines import sentence_quickstart
    report = sentence_quickstart.run(folder, settings, texts or _QUESTIONS)
  else:
    from mobilebert_tf.pipelines import quickstart
    report = quickstart.run(folder, settings, texts or _SENTENCES)
  print(f'\nThe report: {report.resolve()}')


def _check_flags() -> None:
  """Raises ValueError for flags that the task would not heed."""
  others = (_OF_CLASSIFICATION if _TASK.value == _EMBEDDING else _OF_EMBEDDING)
  for name in others:
    if flags.FLAGS[name].present:
      raise ValueError(f'--{name} is of another --task than {_TASK.value}. '
                       'Leave it out.')
  if bool(flags.FLAGS.task_train) != bool(flags.FLAGS.task_dev):
    raise ValueError('--task_train and --task_dev go together.')


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.',
              verbosity=logging.ERROR, takes_arguments=True)
