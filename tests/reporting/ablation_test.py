# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The ablations' report, of made-up results."""

import pathlib
from typing import Any
from unittest import mock

import tensorflow as tf

from mobilebert_tf.reporting import ablation as report
from mobilebert_tf.reporting import plots

_HOSTILE = '<script>alert(1)</script>|`'
_VARIANTS = {
    'none': 'no teacher: masked LM and next sentence',
    'pd': 'distillation of the masked LM alone',
    'pd_fmt': 'before it, feature maps block by block',
    'pkt': 'attention as well: all of progressive transfer',
    'akt': 'all losses at once, all the time',
    'jkt': 'transfer of all blocks at once, then distillation',
}
_TABLES = {
    'losses': {'none': 'none', 'PD': 'pd', 'PD+FMT': 'pd_fmt',
               'PD+FMT+AT': 'pkt'},
    'schedules': {'AKT': 'akt', 'JKT': 'jkt', 'PKT': 'pkt'},
}
# Task accuracy of each variant with two seeds.
_ACCURACIES = {'none': (0.50, 0.52), 'pd': (0.60, 0.62), 'pd_fmt': (0.70, 0.74),
               'pkt': (0.71, 0.75), 'akt': (0.55, 0.55), 'jkt': (0.90, 0.90)}


def _run(key: str, seed: int) -> dict[str, Any]:
  accuracy = _ACCURACIES[key][seed - 1]
  return {
      'variant': key, 'seed': seed, 'task_accuracy': accuracy,
      'masked_lm': {'accuracy': accuracy / 2, 'loss': 5.0,
                    'next_sentence_accuracy': 0.6},
      'transfer': ({'feature_map': 0.5, 'attention': 0.25} if key != 'none'
                   else {}),
      'model': {'name': 'mobilebert_small', 'parameters': 872064, 'blocks': 4},
      'seconds': 100.0 * seed, 'task_seconds': 10.0,
  }


def _results(seeds: int = 2) -> dict[str, Any]:
  return {
      'settings': {'task_steps': 300, 'task_batch_size': 32},
      'student_steps': 480,
      'seeds': [1, 2],
      'teacher': {'masked_lm': {'accuracy': 0.4, 'loss': 4.0,
                                'next_sentence_accuracy': 0.7},
                  'model': {'name': 'ib_bert_small', 'parameters': 1991808,
                            'blocks': 4}},
      'baselines': {'masked_lm': 0.06, 'task': 0.509},
      'task': {'train': 'train.tsv', 'dev': 'dev.tsv', 'train_examples': 67349,
               'dev_examples': 872, 'labels': ['0', '1']},
      'variants': _VARIANTS,
      'tables': _TABLES,
      'runs': [_run(key, seed + 1) for seed in range(seeds)
               for key in _VARIANTS],
      'seconds': 4321.0, 'peak_memory_gb': 2.5, 'date': '2026-11-25',
      'command': 'python -m mobilebert_tf.ablation',
      'hardware': {'cores': 2, 'cpu': 'Example CPU', 'memory_gb': 24},
      'versions': {'tensorflow': '2.20.0'},
  }


class AblationReportTest(tf.test.TestCase):

  def test_rows_are_mean_and_standard_deviation(self):
    rows = {row[0]: row for row in report.scores(_results(), 'losses').rows}
    # Of 0.50 and 0.52: 0.51, and 0.02 / sqrt(2).
    self.assertEqual(rows['none'][1:4], ('2', '51.0% ± 1.4', '25.5% ± 0.7'))
    self.assertEqual(rows['none'][6:8], ('', ''))
    self.assertEqual(rows['PD'][6:8], ('0.500 ± 0.000', '0.250 ± 0.000'))
    self.assertEqual(rows['PD'][8], '2 min 30 s')
    self.assertEqual(rows['most frequent answer'][2], '50.9%')

  def test_variants_closer_than_their_spread_are_not_ranked(self):
    self.assertEqual(
        report.finding(_results(), 'losses', 'task'),
        'Task accuracy: PD+FMT+AT ≈ PD+FMT > PD > none.')
    self.assertEqual(
        report.finding(_results(), 'schedules', 'task'),
        'Task accuracy: JKT > PKT > AKT.')

  def test_one_seed_ranks_nothing(self):
    self.assertNotIn('>', report.finding(_results(1), 'losses', 'task'))
    self.assertIn('1 of 2 seeds', report.to_markdown(_results(1)))

  def test_variants_that_are_not_done_are_not_available(self):
    results = _results(1)
    results['runs'] = results['runs'][:2]
    rows = {row[0]: row for row in report.scores(results, 'losses').rows}
    self.assertEqual(rows['PD+FMT+AT'][1:4], ('0', 'n/a', 'n/a'))

  def test_both_files_are_written_and_the_page_has_its_pictures(self):
    folder = pathlib.Path(self.get_temp_dir())
    page = report.write_report(_results(), folder).read_text('utf-8')
    self.assertEqual(page.count('<img'), 4)
    self.assertIn('JKT &gt; PKT &gt; AKT', page)
    self.assertRegex((folder / 'ablation.md').read_text('utf-8'),
                     r'\| PD\+FMT\+AT +\| +2 \| 73.0% ± 2.8 \|')

  def test_text_from_outside_stays_text(self):
    results = _results()
    results['command'] = results['hardware']['cpu'] = _HOSTILE
    with mock.patch.multiple(
        plots, dot_chart=mock.DEFAULT,
        to_data_uri=lambda *_: 'data:image/png;base64,'):
      self.assertNotIn('<script>', report.render(results))
    self.assertIn('\\|', report.to_markdown(results))


if __name__ == '__main__':
  tf.test.main()
