# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""No request kills a server, takes its memory, or loses a row."""

import json
import subprocess
import sys

from absl.testing import parameterized
import pytest
import tensorflow as tf

from tests.deployment import hostile_requests

# A request that is answered takes a few dozen, and one row of a million words
# 200 MB.
_MOST_MB = 300
# Tasks whose graphs read texts, or write answers, in a way of their own.
_OWN = ('pairs', 'multi_label_classification', 'token_classification',
        'question_answering')


class HostileRequestsTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.parameters(*_OWN)
  @pytest.mark.slow
  def test_error_or_answer_with_all_rows(self, task):
    self._check(task)

  @parameterized.parameters(
      *(task for task in hostile_requests.TASKS if task not in _OWN))
  @pytest.mark.exhaustive
  def test_so_does_every_other_task(self, task):
    self._check(task)

  def _check(self, task):
    done = subprocess.run(
        [sys.executable, '-m', 'tests.deployment.hostile_requests', task],
        capture_output=True, text=True, timeout=600, check=False)
    self.assertEqual(done.returncode, 0, done.stderr[-2000:])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    self.assertGreater(len(found), 40)
    for each in found:
      with self.subTest(**each):
        self.assertLess(each['grown_mb'], _MOST_MB)
        if 'error' not in each:
          self.assertEqual(each['rows'], each['shape'][:1])
        if 'shape' in each['request']:
          self._check_shape(each)
    self.assertIn('masked and tiny', [
        each['request'] for each in found if 'error' not in each])

  def _check_shape(self, each):
    signature, shape = each['signature'], each['shape']
    rank = 2 if signature in ('serving_default', 'serve_words') else 1
    if len(shape) != rank:
      self.assertIn(f'has to have the shape [batch{", length" * (rank == 2)}]',
                    each['error'])
      self.assertIn(f'[{" ".join(map(str, shape))}]', each['error'])


if __name__ == '__main__':
  tf.test.main()
