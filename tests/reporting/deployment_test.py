# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report on exported models, of made-up measurements."""

import copy
import json
import pathlib
import shutil
import tempfile
from typing import Any

from absl.testing import absltest

from mobilebert_tf.reporting import deployment as report

_HOSTILE = '<script>alert(1)</script>\x1b[31m'
_LENGTHS = (16, 32, 64, 128)


def _measurement(threads: int, milliseconds: float) -> dict[str, Any]:
  """A text of the file takes so long, on one thread and one at a time."""
  seconds = milliseconds / 1000 / threads
  return {
      'threads': threads, 'rounds': 3, 'import_seconds': 2.5,
      'load_seconds': 0.25, 'first_seconds': 0.031, 'peak_bytes': 412e6,
      'growth_bytes': 120e6,
      'lengths': [
          {'length': length, 'batch_size': size,
           'seconds': size ** 0.9 * seconds * length / 30}
          for size in (1, 16) for length in _LENGTHS],
      'texts': [{'batch_size': size, 'seconds': seconds / size ** 0.1,
                 'by_round': [seconds * x / size ** 0.1 for x in
                              (0.99, 1.0, 1.02)]} for size in (1, 16)],
  }


def _model(name: str, megabytes: float, milliseconds: float,
              accuracy: float, share: float) -> dict[str, Any]:
  return {
      'name': name, 'path': f'/models/{name}', 'format': 'saved_model',
      'bytes': int(1e6 * megabytes),
      'measurements': [_measurement(threads, milliseconds)
                       for threads in (1, 2)],
      'scores': [{'name': 'accuracy', 'title': 'Accuracy', 'percent': True,
                  'value': accuracy, 'low': accuracy - 0.02,
                  'high': accuracy + 0.02}],
      'agreement': {'texts': 972, 'share': share, 'cosine': None,
                    'largest_difference': 0.12},
      'failure': None,
  }


def _results(*others: dict[str, Any]) -> dict[str, Any]:
  return {
      'task': 'classification', 'labels': ['no', 'yes'],
      'text_file': 'texts.txt', 'texts': 100, 'lines': 5000,
      'mean_tokens': 27.3, 'data_file': 'SST-2/dev.tsv', 'examples': 872,
      'reference': {'name': 'runs/sst2', 'is_exported': False},
      'lengths': list(_LENGTHS), 'threads': [1, 2], 'batch_sizes': [1, 16],
      'rounds': 3,
      'models': [_model('saved_model', 102.6, 58.0, 0.914, 1.0),
                    *(others or (
                        _model('model.int8.tflite', 27.0, 20.0, 0.909,
                                  0.994),
                        _model('model.float16.tflite', 51.3, 58.4, 0.914,
                                  1.0)))],
      'facts': {'Command': 'python -m mobilebert_tf.export.benchmark'},
  }


def _failed(name: str) -> dict[str, Any]:
  return {**_model(name, 27.0, 20.0, 0.9, 0.9), 'measurements': [],
          'scores': [], 'agreement': None,
          'failure': f'{name} failed: its process was ended by SIGSEGV.'}


class ComparisonTest(absltest.TestCase):

  def _rows(self, results: dict[str, Any]) -> list[tuple[str, ...]]:
    return [row[:3] + row[4:] for row in report.comparison(results).rows]

  def test_each_is_compared_with_the_first(self):
    # 102.6 / 27 = 3.8, 58 / 20 = 2.9; 51.3 is half of 102.6. 58.4 and 58 ms are
    # nearer than their rounds.
    self.assertEqual(self._rows(_results()), [
        ('saved_model', '102.6 MB', '≈ 1', '≈ 1'),
        ('model.int8.tflite', '27.0 MB', '3.8', '2.9'),
        ('model.float16.tflite', '51.3 MB', '2.0', '≈ 1')])
    self.assertEqual(report.comparison(_results()).rows[1][3],
                     '20.0 ms (19.8 to 20.4)')

  def test_what_is_larger_and_slower_has_ratios_below_one(self):
    rows = self._rows(_results(_model('big', 205.2, 116.0, 0.9, 0.5)))
    self.assertEqual(rows[1], ('big', '205.2 MB', '0.50', '0.50'))

  def test_rounds_that_overlap_name_no_winner(self):
    results = _results(_model('other', 27.0, 40.0, 0.9, 0.9))
    # 58 ms against 40, but one round of the latter took 60.
    results['models'][1]['measurements'][0]['texts'][0]['by_round'] = [
        0.038, 0.040, 0.060]
    self.assertEqual(self._rows(results)[1][-1], '≈ 1')
    # One that took a single turn before it failed, within the other's range.
    results['models'][0]['measurements'][0]['texts'][0]['by_round'] = [0.058]
    self.assertEqual(self._rows(results)[1][-1], '≈ 1')
    self.assertEqual(report.comparison(results).rows[0][3], '58.0 ms')

  def test_a_machine_that_was_busy_is_told(self):
    results = _results()
    self.assertEqual(report.slow_down(results), '')
    texts = results['models'][0]['measurements'][1]['texts'][0]
    texts['by_round'] = [0.02, 0.05]
    self.assertIn('took 2.5 times as long', report.slow_down(results))
    self.assertIn('took 2.5 times as long', report.render(results))

  def test_one_model_is_described(self):
    results = _results()
    results['models'] = results['models'][:1]
    self.assertEqual(report.comparison(results).rows, (
        ('saved_model', '102.6 MB', '≈ 1', '58.0 ms (57.4 to 59.2)', '≈ 1'),))

  def test_the_page_says_with_what_models_should_agree(self):
    results = _results()
    self.assertIn('Agreement is with the Keras model, runs/sst2, on 972 texts.',
                  report.render(results))
    results['reference'] = {'name': 'saved_model', 'is_exported': True}
    results['models'][0]['agreement'] = None
    self.assertIn('Agreement is with saved_model, on 972 texts.',
                  report.render(results))
    self.assertEqual(report.quality(results).rows[0][2:], ('–', '–'))

  def test_numbers_and_vectors_are_compared_by_distance(self):
    results = _results(_model('other', 27.0, 40.0, 0.9, 0.9))
    for each in results['models']:
      each['agreement'] |= {'share': None, 'largest_difference': 0.0123}
    self.assertEqual(report.quality(results).rows[1][2:], ('0.012',))
    for each in results['models']:
      each['agreement']['cosine'] = 0.99871
    self.assertEqual(report.quality(results).rows[1][2:], ('0.9987', '0.012'))


class TablesTest(absltest.TestCase):

  def test_times_are_milliseconds_a_text_whatever_the_batch(self):
    rows = report.latencies(_results()).rows
    self.assertEqual(rows[0], ('saved_model', '1', '1', '58.0 ms', '30.9 ms',
                               '61.9 ms', '123.7 ms', '247.5 ms'))
    # A batch of 16 takes 16 ** 0.9 times as long as a text: 30.93 / 16 ** 0.1.
    self.assertEqual(rows[3][:5], ('saved_model', '1', '16', '44.0 ms',
                                   '23.4 ms'))
    self.assertEqual(rows[6][:4], ('saved_model', '2', '1', '29.0 ms'))

  def test_costs(self):
    self.assertEqual(
        report.costs(_results()).rows[0],
        ('saved_model', '102.6 MB', '2.5 s', '250.0 ms', '31.0 ms', '412.0 MB',
         '120.0 MB'))

  def test_quality(self):
    self.assertEqual(
        report.quality(_results()).rows[1],
        ('model.int8.tflite', '90.9% (88.9 to 92.9)', '99.4%', '0.12'))

  def test_nothing_known_of_quality_is_no_table(self):
    results = _results()
    for each in results['models']:
      each |= {'scores': [], 'agreement': None}
    self.assertIsNone(report.quality(results))


class ReportTest(absltest.TestCase):

  def _folder(self) -> pathlib.Path:
    folder = tempfile.mkdtemp()
    self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)

  def test_page_and_json_are_written(self):
    results, folder = _results(), self._folder()
    page = report.write_report(results, folder / 'new').read_text('utf-8')
    # Size, memory, loading; latency at two threads and two sizes; accuracy.
    self.assertEqual(page.count('<img'), 3 + 4 + 1)
    self.assertIn('>2.9</td>', page)
    self.assertEqual(
        json.loads((folder / 'new' / report.JSON).read_text('utf-8')), results)
    self.assertLen(list((folder / 'new').iterdir()), 2)

  def test_a_failure_is_told_and_the_others_are_shown(self):
    results = _results(_failed('broken.tflite'),
                       _model('good.tflite', 27.0, 20.0, 0.9, 0.99))
    for text in (report.render(results), report.format_summary(results)):
      self.assertIn('broken.tflite failed: its process was ended by SIGSEGV.',
                    text)
      self.assertIn('good.tflite', text)
      self.assertIn('3.8', text)
    self.assertEqual(report.costs(results).rows[1],
                     ('broken.tflite', '27.0 MB', *['n/a'] * 5))

  def test_all_failed(self):
    results = _results()
    results['models'] = [_failed('a.tflite'), _failed('b.tflite')]
    self.assertNotIn('<img', report.render(results))
    self.assertIn('b.tflite failed', report.format_summary(results))

  def test_without_lengths_the_page_says_why(self):
    results = _results()
    results |= {'lengths': [], 'mean_tokens': None}
    for each in results['models']:
      for measurement in each['measurements']:
        measurement['lengths'] = []
    self.assertIn('No model counts tokens', report.render(results))
    self.assertEqual(report.latencies(results).rows[0],
                     ('saved_model', '1', '1', '58.0 ms'))

  def test_correlations_are_no_percentages(self):
    results = copy.deepcopy(_results())
    results['task'] = 'regression'
    for each in results['models']:
      each['scores'] = [{'name': 'spearman', 'title': 'Spearman',
                         'percent': False, 'value': -0.25, 'low': None,
                         'high': None}]
    self.assertEqual(report.quality(results).rows[0][1], '-0.250')
    self.assertIn('Spearman', report.render(results))

  def test_text_from_outside_stays_text(self):
    results = _results(_model(_HOSTILE, 27.0, 20.0, 0.9, 0.9))
    results['text_file'] = results['data_file'] = _HOSTILE
    results['facts']['Machine'] = _HOSTILE
    self.assertNotIn('<script>', report.render(results))
    self.assertNotIn('\x1b', report.format_summary(results))


if __name__ == '__main__':
  absltest.main()
