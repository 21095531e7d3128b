# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests interleaved runs, each of which is timed by itself."""

import functools
import os
import time
from typing import Any

import pytest
import tensorflow as tf

from benchmarks import interleaving


def _start(path: str, name: str, seconds: float) -> tuple[Any, Any]:
  """Returns a step that says whose it is, and sleeps."""

  def step():
    with open(path, 'a', encoding='utf-8') as file:
      file.write(name)
    time.sleep(seconds)

  return step, lambda: (name, os.getpid())


def _fail() -> tuple[Any, Any]:
  raise ValueError('no such contender')


class TurnsTest(tf.test.TestCase):

  @pytest.mark.slow
  def test_takes_turns_and_times_each(self):
    path = os.path.join(self.get_temp_dir(), 'turns')
    slow, quick = interleaving.time_interleaved(
        [functools.partial(_start, path, 'a', 0.05),
         functools.partial(_start, path, 'b', 0.0)], rounds=4)
    with open(path, encoding='utf-8') as file:
      self.assertEndsWith(file.read(), 'abababab')
    self.assertLen(slow.seconds, 4)
    self.assertGreater(slow.median, 0.05)
    self.assertLess(quick.median, 0.05)
    self.assertEqual((slow.report[0], quick.report[0]), ('a', 'b'))
    self.assertLen({slow.report[1], quick.report[1], os.getpid()}, 3)
    self.assertGreater(quick.memory, 1e6)

  def test_what_a_contender_raises_is_raised(self):
    with self.assertRaisesRegex(ValueError, 'no such contender'):
      interleaving.time_interleaved([_fail], rounds=1)


if __name__ == '__main__':
  tf.test.main()
