# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What was killed ends as what was not; `make kills` tries more moments."""

import subprocess
import sys

import pytest
import tensorflow as tf


class KillsTest(tf.test.TestCase):

  @pytest.mark.slow
  def test_some_stages(self):
    stages = ('data', 'cached answers', 'fine-tuning')
    finished = subprocess.run(
        [sys.executable, '-m', 'tests.kills', '--kills=3',
         *(f'--stage={stage}' for stage in stages)],
        capture_output=True, text=True, check=False)
    self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)


if __name__ == '__main__':
  tf.test.main()
