# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Every reader answers or refuses mutated inputs; `make fuzz` tries more."""

import subprocess
import sys

from absl.testing import parameterized
import pytest
import tensorflow as tf

from tests.fuzz import mutations
from tests.fuzz import targets

# Of inputs whose reader builds a network or a graph.
_DEAR = ('safetensors', 'config.json', 'TF checkpoint', 'TFRecords', 'tflite',
         'served request')


class FuzzTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(*targets.TARGETS)
  @pytest.mark.slow
  def test_mutated_inputs(self, target):
    finished = subprocess.run(
        [sys.executable, '-m', 'tests.fuzz', f'--targets={target}',
         f'--inputs={100 if target in _DEAR else 500}',
         f'--keep={self.get_temp_dir()}'],
        capture_output=True, text=True, check=False)
    self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)

  @parameterized.parameters(
      ('flip', 1, b'a`cd'), ('put', 2, b'aXYd'), ('insert', 2, b'aXYbcd'),
      ('remove', 2, b'ad'), ('repeat', 2, b'abcbcbcd'), ('move', 2, b'adbc'),
      ('cut', 2, b'a'))
  def test_mutations(self, kind, size, expected):
    mutation = mutations.Mutation(kind, 0.25, size, b'XY')
    self.assertEqual(mutation.apply(b'abcd'), expected)


if __name__ == '__main__':
  tf.test.main()
