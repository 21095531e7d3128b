# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The commands of docs/distillation.md, from text to student, in few steps."""

import pathlib
import re
import shlex
import subprocess
import sys

import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.training.run import read_metrics
from tests import python_files

_FEW = ('trainer.steps_per_loop=2,trainer.summary_interval=2,'
        'trainer.checkpoint_interval=8')
_FEWER = {
    'teacher': f'trainer.train_steps=4,trainer.validation_interval=4,{_FEW}',
    'student': ('trainer.validation_interval=10,'
                'task.schedule.steps_per_block=2,'
                f'task.schedule.distillation_steps=2,{_FEW}'),
}


class DistillationDocumentTest(tf.test.TestCase):

  def _commands(self) -> list[list[str]]:
    text = (python_files.ROOT / 'docs/distillation.md').read_text('utf-8')
    block = re.search(r'^```\n(.*?)^```', text, re.S | re.M)[1]
    lines = re.sub(r'\\\n\s*', '', block).splitlines()
    return [shlex.split(line)[1:] for line in lines if line]

  @pytest.mark.slow
  def test_from_text_to_student(self):
    folder = pathlib.Path(self.get_temp_dir())
    for part, documents in (('train', 40), ('held_out', 20)):
      (folder / part).mkdir()
      (folder / part / 'a.txt').write_text('\n\n'.join(
          '\n'.join(f'The function number {i} of {j} returns a list of arrays.'
                    for i in range(12)) for j in range(documents)) + '\n')
    printed = {}
    for command in self._commands():
      name = command[1].removeprefix('mobilebert_tf.')
      for i, word in enumerate(command):
        if word.startswith('--model_dir='):
          name = word.removeprefix('--model_dir=')
        if word.startswith('--params_override='):
          command[i] = f'{word},{_FEWER[name]}'
      done = subprocess.run(
          [sys.executable, *command], cwd=folder, capture_output=True,
          text=True, check=False, timeout=900)
      self.assertEqual(done.returncode, 0, done.stderr[-3000:])
      printed[name] = done
    for name in _FEWER:
      self.assertIn('Training on ', printed[name].stderr)
      # One line an evaluation, and nothing else.
      self.assertRegex(
          printed[name].stdout,
          r'^Evaluation at step \d+: .*masked_lm_accuracy [^\n]*\n$')
    teacher, student = (checkpoints.read(str(folder / name)).architecture
                        for name in _FEWER)
    self.assertEqual(teacher.intra_block_size, 192)
    self.assertEqual((teacher.vocab_size, student.vocab_size), (8000, 8000))
    lines = read_metrics(str(folder / 'student/metrics.jsonl'))
    self.assertEqual([line['stage'] for line in lines], [0, 1, 2, 3, 4])
    # Each stage ends after its warm-up of one step.
    self.assertTrue(all(line['learning_rate'] > 0 for line in lines))


if __name__ == '__main__':
  tf.test.main()
