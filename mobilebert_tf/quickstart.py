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

r"""Makes a MobileBERT from raw text to an answering TFLite file.

python -m mobilebert_tf.quickstart "Return the eigenvalues of a matrix."

Teaches a small student by a small teacher, fine-tunes it, exports it, answers
the sentences given, and writes a report. Run again, it goes on where it was.
"""

import dataclasses
import os
import pathlib

from absl import app
from absl import flags
from absl import logging

from mobilebert_tf.pipelines import settings as settings_lib

_DEFAULTS = settings_lib.Settings()
_SENTENCES = (
    'Compute the eigenvalues and eigenvectors of a symmetric matrix.',
    'Drop rows with missing values and reset the index of the frame.',
    'Set the line style and the color of the axis labels.',
)

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', 'quickstart_output',
    'Folder for everything that is made; a run goes on from what is there.')
flags.DEFINE_list(
    'text_files', [],
    'Globs of text to learn from: plain text, .gz, or JSON lines. By default '
    'the documentation strings of the packages that installation brought.')
flags.DEFINE_string(
    'task_train', '',
    'TSV with columns text and label to fine-tune on. By default passages of '
    'documentation, with the library that they document.')
flags.DEFINE_string('task_dev', '', 'The same, held out.')
flags.DEFINE_string('text_column', _DEFAULTS.text_column,
                    "The name of the text's column in them.")
for _field, _help in (
    ('vocab_size', 'Entries of the vocabulary.'),
    ('max_seq_length', 'Longest pre-training example, in tokens.'),
    ('teacher_steps', 'Pre-training steps of the teacher.'),
    ('steps_per_block', 'Transfer steps of each block of the student.'),
    ('distillation_steps', 'Steps of the distillation that follows.'),
    ('pretraining_batch_size', 'Examples in a step of pre-training.'),
    ('task_steps', 'Fine-tuning steps.'),
    ('task_batch_size', 'Examples in a step of fine-tuning.'),
    ('passages_per_library', 'Passages of each library in the default task.'),
):
  flags.DEFINE_integer(_field, getattr(_DEFAULTS, _field), _help,
                       lower_bound=1)
flags.DEFINE_integer('seed', _DEFAULTS.seed, 'Seed of everything random.')


def main(argv: list[str]) -> None:
  values = {
      field.name: flags.FLAGS[field.name].value
      for field in dataclasses.fields(settings_lib.Settings)
  }
  values['text_files'] = tuple(values['text_files'])
  settings = settings_lib.Settings(**values)
  if bool(settings.task_train) != bool(settings.task_dev):
    raise app.UsageError('--task_train and --task_dev go together.')
  # TensorFlow tells at length what this machine lacks; the steps' logs and
  # progress bars are what matters here.
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  # Imported here, so that --help need not wait for TensorFlow.
  from mobilebert_tf.pipelines import quickstart
  logging.set_verbosity(logging.ERROR)

  report = quickstart.run(pathlib.Path(_OUTPUT_DIR.value), settings,
                   argv[1:] or _SENTENCES)
  print(f'\nThe report: {report.resolve()}')


if __name__ == '__main__':
  app.run(main)
