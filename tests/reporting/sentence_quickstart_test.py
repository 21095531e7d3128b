# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests of the page and the text of the quick start's sentence encoder."""

import collections
import copy
import math
from typing import Any

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.reporting import sentence_quickstart as report

_HOSTILE = '<script>alert("1")</script>\x1b[31m{{ 7*7 }}'


def _score(mean: float) -> dict[str, Any]:
  return {'mean': mean, 'low': mean - 0.05, 'high': mean + 0.05}


def _results() -> dict[str, Any]:
  return {
      'text': {'source': 'books', 'passages': 900, 'held_out': 90,
               'texts': 1620, 'megabytes': 0.3},
      'teacher': {'name': 'all-MiniLM-L6-v2', 'texts': 1800, 'size': 384,
                  'parameters': 22713216},
      'student': {
          'model': {'name': 'mobilebert_small', 'parameters': 2361600,
                    'size': 384, 'blocks': 4},
          'curve': [{'step': step, 'training_loss': 1 / step,
                     'mean_similarity': 0.5, 'teacher_similarity': 0.1,
                     'effective_dimensions': 9.0} for step in range(1, 9)]},
      'export': {'name': 'TFLite, dynamic-range int8', 'path': 'out/m.tflite',
                 'megabytes': 2.5, 'latency_ms': 0.8, 'cosine': 0.9993},
      'retrieval': {'queries': 90, 'documents': 89, 'models': {
          name: {metric: _score(mean) for metric in (
              'recall@1', 'recall@10', 'mrr')}
          for name, mean in (('student', 0.6), ('words', 0.4),
                             ('teacher', 0.7))}},
      'answers': [{'text': 'Who is there?', 'nearest': [
          {'name': 'lib.knock', 'text': 'Knocks at a door.',
           'similarity': 0.71}]}],
      'seconds': {'passages': 2.0, 'teacher': 40.0, 'student': 60.0,
                  'export': 9.0, 'search': 3.0},
      'peak_memory_gb': 1.5, 'command': 'python -m x', 'date': 'today',
  }


class SentenceQuickstartTest(tf.test.TestCase, parameterized.TestCase):

  def test_the_summary_has_what_was_made_found_and_scored(self):
    summary = report.format_summary(_results())
    for text in ('1 min 54 s', '2,361,600', '2.5 MB', '0.80 ms', '0.9993',
                 'Teacher, all-MiniLM-L6-v2', '60.0%', '55.0% to 65.0%',
                 'among 89 held-out ones', 'Nearest to: Who is there?',
                 'lib.knock', '0.71', 'Knocks at a door.'):
      self.assertIn(text, summary)

  @parameterized.parameters(
      (0.6, 0.4, '20.0 points more than shared words do.'),
      (0.44, 0.4, '4.0 points more than shared words do, which chance could'),
      (0.3, 0.5, '20.0 points less than shared words do.'),
      (0.4, 0.4, 'finds as much as shared words do.'))
  def test_it_is_said_which_finds_more(self, student, words, expected):
    results = _results()
    models = results['retrieval']['models']
    models['student']['recall@10'] = _score(student)
    models['words']['recall@10'] = _score(words)
    self.assertIn(expected, report.finding(results))

  def test_the_page_has_a_section_for_each_part(self):
    page = report.render(_results())
    for section in ('answers', 'retrieval', 'made', 'training', 'again'):
      self.assertIn(f'<section id="{section}">', page)
    self.assertEqual(page.count('<img '), 5)
    self.assertIn('taught by all-MiniLM-L6-v2', page)

  def test_without_a_teacher_it_is_said_how_it_learned(self):
    results = _results()
    del results['teacher'], results['retrieval']['models']['teacher']
    results['vocabulary'] = {'size': 8000}
    page = report.render(results)
    self.assertIn('by telling texts apart under dropout', page)
    self.assertNotIn('Teacher, ', page)

  def test_any_part_may_be_missing_or_not_finite(self):
    for name in _results():
      results = collections.defaultdict(dict, _results())
      del results[name]
      self.assertNotEmpty(report.format_summary(results))
      for part, drawn in (('student', 'curve'), ('retrieval', 'models')):
        results[part].pop(drawn, None)  # It takes time.
      self.assertIn('</html>', report.render(results))
    self.assertIn('</html>', report.render({}))
    results = _results()
    results['retrieval']['models']['student']['recall@10'] = {'mean': math.nan}
    self.assertIn('n/a', report.format_summary(results))
    self.assertIn('</html>', report.render(results))

  def test_texts_are_shown_as_texts(self):
    results = copy.deepcopy(_results())
    results['answers'][0]['text'] = _HOSTILE
    results['answers'][0]['nearest'][0]['text'] = _HOSTILE
    results['teacher']['name'] = _HOSTILE
    self.assertNotIn('<script', report.render(results))
    self.assertNotIn('\x1b', report.format_summary(results))


if __name__ == '__main__':
  tf.test.main()
