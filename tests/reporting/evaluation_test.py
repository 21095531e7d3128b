# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report of an evaluation, of made-up predictions."""

import os
import pathlib
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.reporting import evaluation as report
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.tasks import registry
from tests.evaluation import made_up

_HOSTILE = ('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>',
            'a' * 3000, 'half\ud800', '$x^{', '\x1b[31mred', '{{ 7 * 7 }}')
_CLASSES = {'accuracy': 0.75, 'f1': 0.8}
_ANSWERS = {'exact': 50.0, 'f1': 200 / 3, 'total': 4}


def _no_pictures():
  """Drawing takes a second; only some tests look at pictures."""
  return mock.patch.object(
      plots, 'to_data_uri', lambda *_: 'data:image/png;base64,')


def _summary(results) -> str:
  return report.format_summary(
      results, registry.get(results['kind']).report_parts())


class EvaluationReportTest(tf.test.TestCase, parameterized.TestCase):

  def _folder(self) -> pathlib.Path:
    return pathlib.Path(self.get_temp_dir()) / self.id() / 'new'

  def _write(self, made, metrics, facts=None) -> str:
    path = report.write_report(made, metrics, self._folder(), facts or {},
                               registry.get(made.kind).report_parts())
    return path.read_text('utf-8')

  def test_both_files_are_written_and_nothing_else(self):
    html = self._write(made_up.classification(), _CLASSES, {'Command': 'x y'})
    self.assertCountEqual(os.listdir(self._folder()),
                          ['evaluation.html', 'evaluation.json'])
    self.assertEqual(html.count('<img'), 2)
    self.assertTrue('Confusion matrix' in html)
    self.assertTrue('<code>x y</code>' in html)
    self.assertEqual(report.read(self._folder())['metrics'], _CLASSES)

  def test_a_page_that_cannot_be_made_leaves_the_old_files(self):
    self._write(made_up.classification(), _CLASSES)
    with mock.patch.object(page, 'render', side_effect=OSError('full')):
      with self.assertRaises(OSError):
        self._write(made_up.regression(), {})
    self.assertEqual(report.read(self._folder())['kind'], 'classification')

  def test_regression_has_a_scatter_plot(self):
    html = self._write(made_up.regression(), {'pearson': 0.993399})
    self.assertEqual(html.count('<img'), 3)
    self.assertTrue('Furthest off' in html)
    self.assertFalse('Confusion' in html)

  def test_questions_have_groups_and_their_metrics_are_percents(self):
    html = self._write(made_up.answers(), _ANSWERS)
    self.assertEqual(html.count('<img'), 3)
    self.assertTrue('66.67%' in html)
    self.assertTrue('All 2 mistakes' in html)
    self.assertTrue('The old tree / tree' in html)
    self.assertFalse('>total<' in html)

  def test_sentences_have_a_matrix_of_words_and_no_calibration(self):
    with _no_pictures():
      html = self._write(made_up.tokens(), {'f1': 0.4, 'accuracy': 5 / 7})
    self.assertTrue('Confusion matrix of words' in html)
    self.assertFalse('Calibration' in html)
    self.assertTrue('York I-LOC' in html)
    summary = _summary(report.read(self._folder()))
    self.assertIn('33.3% of 3 sentences are right in every word', summary)
    self.assertIn('1 of 4', summary)

  def test_hostile_words_stay_text(self):
    tags = [f'B-{text}' for text in _HOSTILE]
    made = made_up.tokens(words=[_HOSTILE], labels=[tags],
                          answers=[tags[::-1]])
    with _no_pictures():
      html = self._write(made, {})
    for part in ('<script', '<img src=x', '\x1b', 'a' * 1001):
      self.assertFalse(part in html, part)

  def test_text_from_outside_stays_text(self):
    count = len(_HOSTILE)
    made = made_up.classification(
        task=_HOSTILE[0], texts=_HOSTILE, pairs=_HOSTILE, label_names=_HOSTILE,
        labels=range(count), scores=np.full([count, count], 1 / count),
        lengths=[3] * count)
    html = self._write(made, {'accuracy': 1 / count},
                       dict.fromkeys(_HOSTILE[:2], _HOSTILE[3]))
    for part in ('<script', '<img src=x', '\x1b', 'a' * 1001):
      self.assertFalse(part in html, part)  # Without printing the page.
    self.assertTrue('{{ 7 * 7 }}' in html)
    results = report.read(self._folder())
    self.assertEqual(results['labels'], list(_HOSTILE))
    self.assertNotIn('\x1b', _summary(results))

  def test_hostile_questions_stay_text(self):
    texts = list(_HOSTILE[:4])
    made = made_up.answers(
        task=_HOSTILE[1], questions=texts, contexts=texts, answers=texts,
        truths=[[text + '!'] for text in texts], exact=[0] * 4, f1=[0] * 4,
        ids=texts)
    with _no_pictures():
      html = self._write(made, {'exact': 0.0})
    self.assertFalse('<script' in html or 'onerror=alert(1)>' in html)

  @parameterized.parameters(1, 2, 40, 300)
  def test_any_number_of_classes_and_texts(self, count):
    names = [f'class {i}' for i in range(max(count, 2))]
    scores = np.eye(len(names))[:count]
    made = made_up.classification(
        texts=['a'] * count, label_names=names, labels=range(count),
        scores=scores, lengths=[3] * count)
    with _no_pictures():
      html = self._write(made, {'accuracy': 1.0})
    self.assertTrue('No mistakes' in html)
    self.assertEqual('<table class="matrix">' in html, count <= 40)
    self.assertLess(len(html), 500_000)

  def test_one_value_and_constant_values(self):
    self._write(made_up.regression(
        texts=['a'], pairs=None, labels=[1.0], scores=[1.5], lengths=[3]), {})
    html = self._write(made_up.regression(scores=[2.0] * 3), {'pearson': 0.0})
    self.assertTrue('answers the same to every text' in html)


class FindingTest(tf.test.TestCase):

  def _results(self, made):
    return (analysis.collect(made, {}, {}),
            registry.get(made.kind).report_parts())

  def _finding(self, made) -> str:
    return report.finding(*self._results(made))

  def _contrast(self, made) -> str:
    return report.contrast(*self._results(made), 'length')

  def test_says_how_good_and_whether_better_than_a_constant(self):
    self.assertEqual(
        self._finding(made_up.classification()),
        '75.0% of 4 texts are answered right (95% interval 30.1% to 95.4%); '
        'always “no” gets 50.0%, a difference that chance could explain.')
    count = 100
    self.assertEndsWith(self._finding(made_up.classification(
        texts=['a'] * count, labels=[0, 1] * 50, lengths=[3] * count,
        scores=[[0.9, 0.1], [0.2, 0.8]] * 50)), 'always “no” gets 50.0%.')

  def test_the_table_says_how_sure_and_what_is_hard(self):
    rows = report.metric_table(*self._results(made_up.classification())).rows
    self.assertEqual(rows, (
        ('Mean confidence', '73.8%', ''),
        ('Expected calibration error', '36.2%', ''),
        ('Lowest recall: “no”', '50.0%', '9.5% to 90.5%')))

  def test_says_when_nothing_was_learned(self):
    made = made_up.classification(scores=[[0.6, 0.4]] * 4)
    self.assertIn('no better than that', self._finding(made))
    made = made_up.regression(scores=[2.0] * 3)
    self.assertIn('; always the median (2) is off by 1.333, and the model is '
                  'no better than that.', self._finding(made))

  def test_says_which_lengths_are_hard_only_beyond_chance(self):
    right = np.array([1] * 50 + [0] * 50)
    options = dict(
        texts=['a'] * 100, labels=[1] * 100,
        scores=np.stack([1 - right, right], 1).astype(float))
    self.assertEqual(
        self._contrast(made_up.classification(
            lengths=[5] * 50 + [90] * 50, **options)),
        '90: 0.0%, against 100.0% for 5; their intervals do not overlap.')
    self.assertEqual(self._contrast(made_up.classification(
        lengths=[5, 90] * 50, **options)), '')

  def test_errors_are_worse_where_they_are_larger(self):
    made = made_up.regression(
        texts=['a'] * 40, pairs=None, labels=[0.0] * 40,
        scores=[0.0, 0.1] * 10 + [5.0, 5.1] * 10,
        lengths=[5] * 20 + [90] * 20)
    self.assertIn('90: 5.050, against 0.050 for 5', self._contrast(made))

  def test_questions(self):
    said = self._finding(made_up.answers())
    self.assertIn('The answers to 4 questions reach an F1 of 66.7%', said)
    self.assertIn('; always “no answer” gets 25.0%', said)
    said = self._finding(made_up.answers(truths=[['a']] * 4))
    self.assertEndsWith(said, '%).')

  def test_summary_has_metrics_groups_and_mistakes(self):
    summary = _summary(analysis.collect(made_up.answers(), _ANSWERS, {}))
    for text in ('made up: 4 labelled questions', 'Exact match  50.00%',
                 'Question word', 'Worst mistakes', 'What fell?'):
      self.assertIn(text, summary)


if __name__ == '__main__':
  tf.test.main()
