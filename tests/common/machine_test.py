# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests the facts about the machine, and the memory that a process held."""

import os
import subprocess
import sys

import numpy as np
import psutil
from absl.testing import absltest

from mobilebert_tf.common import machine

_PEAK = ('from mobilebert_tf.common import machine; '
         'print(machine.peak_memory())')


class MachineTest(absltest.TestCase):

  def test_hardware_is_that_of_this_machine(self):
    facts = machine.hardware()
    self.assertNotEmpty(facts['cpu'])
    self.assertBetween(facts['cores'], 1, os.cpu_count())
    self.assertAlmostEqual(facts['memory_gb'],
                           psutil.virtual_memory().total / 1e9, places=3)
    if os.path.exists('/proc/cpuinfo'):
      with open('/proc/cpuinfo', encoding='utf-8') as file:
        words = set(file.read().split())
      self.assertLessEqual(set(facts['instruction_set']), words)

  def test_a_line_describes_the_hardware(self):
    facts = {'cores': 2, 'cpu': 'A CPU', 'memory_gb': 7.8}
    self.assertEqual(machine.describe_hardware(facts), '2 cores of A CPU, 8 GB')
    facts['instruction_set'] = ['avx2', 'amx_int8']
    self.assertEqual(machine.describe_hardware(facts),
                     '2 cores of A CPU (avx2 amx_int8), 8 GB')

  def test_a_run_is_described_for_repeating_it(self):
    facts = machine.run_facts('mobilebert_tf.quickstart')
    self.assertStartsWith(facts['command'],
                          'python -m mobilebert_tf.quickstart')
    self.assertEqual(list(facts), ['command', 'date', 'hardware', 'versions'])
    lines = machine.report_facts('mobilebert_tf.quickstart')
    self.assertIn(facts['hardware']['cpu'], lines['Machine'])
    self.assertIn(facts['versions']['tensorflow'],
                  lines['Versions'])

  @absltest.skipUnless(os.path.isdir('/proc/self'), 'Needs Linux.')
  def test_peak_memory_is_not_that_of_the_parent(self):
    held = np.ones([300_000_000], np.int8)
    self.assertGreater(machine.peak_memory(), 300e6)
    out = subprocess.run([sys.executable, '-c', _PEAK], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    self.assertEqual(held[-1], 1)
    self.assertBetween(int(out), 5e6, 150e6)


if __name__ == '__main__':
  absltest.main()
