# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The quick start refuses flags that its task would not heed."""

import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized


class QuickstartTest(parameterized.TestCase):

  @parameterized.parameters(
      (['--passages=5'], '--passages is of another --task than classification'),
      (['--task=embedding', '--task_steps=5'],
       '--task_steps is of another --task than embedding'),
      (['--task_train=a.tsv'], '--task_train and --task_dev go together'))
  def test_flags_of_the_other_task_are_refused(self, arguments, message):
    done = subprocess.run(
        [sys.executable, '-m', 'mobilebert_tf.quickstart', *arguments],
        capture_output=True, text=True, check=False, timeout=100)
    self.assertNotEqual(done.returncode, 0)
    self.assertIn(message, done.stderr)


if __name__ == '__main__':
  absltest.main()
