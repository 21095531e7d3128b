# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests of the quick start's page and terminal tables."""

import copy
import html.parser
import math
import pathlib
import re
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import quickstart as report
from mobilebert_tf.reporting import quickstart_networks as networks
from tests.reporting import sample_results

_HOSTILE = '<script>alert("1")</script>\'$x$\x1b[31m{{ 7*7 }}'
_VOID = {'meta', 'link', 'img'}


class _Reader(html.parser.HTMLParser):
  """Collects what a page holds, and whether its tags match."""

  def __init__(self, page: str):
    super().__init__()
    self.tags, self.attributes, self.text = [], [], ''
    self._open = []
    self.balanced = True
    self.feed(page)
    self.balanced = self.balanced and not self._open

  def handle_starttag(self, tag, attrs):
    self.tags.append(tag)
    self.attributes += [(tag, name, value) for name, value in attrs]
    if tag not in _VOID:
      self._open.append(tag)

  def handle_endtag(self, tag):
    if not self._open or self._open.pop() != tag:
      self.balanced = False

  def handle_data(self, data):
    if self._open[-1:] != ['style']:
      self.text += data

  def values(self, name: str) -> list[str]:
    return [value for _, key, value in self.attributes if key == name]


def _spoil(value):
  """Puts hostile text wherever results hold text, keys of sections aside."""
  if isinstance(value, dict):
    return {key: _spoil(item) for key, item in value.items()}
  if isinstance(value, list):
    return [_spoil(item) for item in value]
  return _HOSTILE if isinstance(value, str) else value


def _each_number_as(value, bad):
  if isinstance(value, dict):
    return {key: _each_number_as(item, bad) for key, item in value.items()}
  if isinstance(value, list):
    return [_each_number_as(item, bad) for item in value]
  if isinstance(value, np.ndarray):
    return np.full_like(value, bad)
  return bad if isinstance(value, int | float) else value


class QuickstartReportTest(tf.test.TestCase, parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.whole_page = report.render(sample_results.results())
    cls.whole = _Reader(cls.whole_page)

  def setUp(self):
    super().setUp()
    self.results = sample_results.results()

  def _read(self, results=None) -> _Reader:
    """Renders without drawing, which takes most of the time."""
    with mock.patch.multiple(
        plots, line_chart=mock.DEFAULT, bar_chart=mock.DEFAULT,
        heatmap=mock.DEFAULT,
        to_data_uri=lambda *_: 'data:image/png;base64,'):
      return _Reader(
          report.render(self.results if results is None else results))

  def test_the_page_is_written_and_well_formed(self):
    path = pathlib.Path(self.get_temp_dir()) / 'report.html'
    report.write_report(self.results, path)
    page = path.read_text('utf-8')
    self.assertStartsWith(page, '<!DOCTYPE html>')
    self.assertTrue(_Reader(page).balanced)

  def test_nothing_is_fetched_and_nothing_runs(self):
    page, reader = self.whole_page, self.whole
    self.assertNotIn('script', reader.tags)
    self.assertEmpty([name for _, name, _ in reader.attributes
                      if name.startswith('on')])
    for source in reader.values('src'):
      self.assertStartsWith(source, 'data:image/')
    links = [value for tag, name, value in reader.attributes
             if name == 'href' and not value.startswith('data:')]
    self.assertEqual(links, ['https://arxiv.org/abs/2004.02984'])
    style = re.search('<style>(.*?)</style>', page, re.DOTALL).group(1)
    self.assertNotIn('url(', style)
    self.assertNotIn('@import', style)
    self.assertIn("default-src 'none'", page)

  def test_every_picture_says_what_it_shows(self):
    reader = self.whole
    alts = reader.values('alt')
    # 4 curves, 2 bar charts, 3 blocks of 2 maps, the divergences.
    self.assertLen(alts, 13)
    self.assertEqual(reader.tags.count('img'), len(alts))
    self.assertTrue(any('Teacher: 41.2%' in alt for alt in alts))

  def test_hostile_text_stays_text(self):
    results = _spoil(self.results)
    results['stages'] = [{**stage, 'kind': 'transfer'}
                         for stage in results['stages']]
    results['seconds'][_HOSTILE] = 1.0
    results['versions'][_HOSTILE] = _HOSTILE
    results['task']['models'][_HOSTILE] = results['task']['models']['student']
    results['models'][_HOSTILE] = results['models']['student']
    page = report.render(results)
    reader = _Reader(page)
    self.assertNotIn('script', reader.tags)
    self.assertTrue(reader.balanced)
    self.assertIn('{{ 7*7 }}', reader.text)
    self.assertIn('&lt;script&gt;', page)
    self.assertNotIn('\x1b', report.format_summary(results))

  @parameterized.parameters(
      'How it was made', 'Training', 'Language: restoring masked tokens',
      'The task: Which library does this passage document?', 'Attention:',
      'What was exported', 'What it answers', 'To make it again')
  def test_a_full_run_has_every_section(self, heading):
    self.assertIn(heading, self.whole.text)

  @parameterized.parameters(
      (('curves',), 'training'), (('masked_lm',), 'masked-lm'),
      (('task',), 'task'), (('attention',), 'attention'),
      (('exports',), 'exports'), (('answers',), 'answers'),
      (('seconds', 'models'), 'made'))
  def test_a_missing_part_takes_its_section_away(self, parts, section):
    whole = set(self.whole.values('id'))
    for part in parts:
      del self.results[part]
    self.assertEqual(whole - set(self._read().values('id')), {section})
    report.format_summary(self.results)

  def test_nothing_at_all_is_still_a_page(self):
    reader = self._read({})
    self.assertTrue(reader.balanced)
    self.assertNotIn('section', reader.tags)
    self.assertNotIn('n/a', reader.text)
    self.assertEqual(report.format_summary({}), 'MobileBERT quick start')

  def test_each_part_may_be_empty_or_absent(self):
    for part in self.results:
      for value in ({}, [], None):
        results = {**self.results, part: value}
        self.assertTrue(self._read(results).balanced, (part, value))
        report.format_summary(results)

  def test_without_a_baseline_student(self):
    del self.results['curves']['baseline_student']
    del self.results['masked_lm']['baseline_student']
    del self.results['task']['models']['baseline_student']
    reader = self._read()
    self.assertNotIn('aseline', reader.text)
    self.assertIn('Student: distillation', reader.text)

  @parameterized.parameters(
      '12.3 MB', '30,412 documents', '1,523 held out', '8,191 word pieces',
      '3,012,345 tokens', '7,412,345', '2,314,567', '41.2%', '37.2%', '29.3%',
      '3.31', '4.27', '71.2%', '5.2%', '81.0%', '66.0%', '40.0%', '9.8 MB',
      '2.4 MB', '5.2 ms', '1.8 ms', '99.7%', '100.0%', '93.1%', '2 min 33 s',
      '6 min 44 s', '3.1 GB', '23.5 GB', 'python 3.11.2',
      'python -m mobilebert_tf.quickstart --seed=7', '14 March 2026, 15:09',
      '9,840 passages', 'knowledge transfer in 2 stages, then distillation')
  def test_the_page_shows_the_given_numbers(self, number):
    self.assertIn(number, self.whole.text)

  def test_the_timeline_follows_the_run(self):
    self.results['seconds'] = {
        'text': 1.0, 'new step': 2.0, 'vocabulary': math.nan, 'export': 1.0}
    steps = networks.timeline(self.results)
    self.assertEqual(
        [(step['name'], step['start'], step['share'], step['time'])
         for step in steps],
        [('Text', 0, 25, '1.0 s'), ('new step', 25, 50, '2.0 s'),
         ('Vocabulary', 75, 0, 'n/a'), ('Export', 75, 25, '1.0 s')])

  def test_the_confusion_matrix_shows_counts_and_shades(self):
    page = self.whole_page
    cells = re.findall('<td style="background:(#[0-9a-f]{6});color:'
                       r'#[0-9a-fA-F]{6}"( class="diagonal")?>(\d*)</td>', page)
    counts = [int(text or 0) for _, _, text in cells]
    expected = [np.ravel(model['confusion']) for model
                in self.results['task']['models'].values()]
    self.assertAllEqual(counts, np.concatenate(expected))
    self.assertLen([cell for cell in cells if cell[1]], 6)
    self.assertIn('>82%</td>', page)  # 33 of 40, rounded to even.

  def test_a_confusion_matrix_of_the_wrong_size_is_left_out(self):
    for wrong in ([[1, 2], [3, 4]], [[1], [2], [3]], [], None, 5):
      for model in self.results['task']['models'].values():
        model['confusion'] = wrong
      self.assertNotIn('Confusion', self._read().text)

  def test_an_array_serves_as_well_as_a_list(self):
    arrays = copy.deepcopy(self.results)
    arrays['attention']['student'] = np.array(arrays['attention']['student'])
    arrays['attention']['tokens'] = np.array(arrays['attention']['tokens'])
    arrays['task']['labels'] = np.array(arrays['task']['labels'])
    for model in arrays['task']['models'].values():
      model['confusion'] = np.array(model['confusion'])
    self.assertEqual(report.render(arrays), self.whole_page)

  @parameterized.parameters(math.nan, math.inf, -math.inf, None)
  def test_numbers_that_are_not_finite_read_not_available(self, bad):
    results = _each_number_as(self.results, bad)
    reader = _Reader(report.render(results))
    self.assertTrue(reader.balanced)
    self.assertIn('n/a', reader.text)
    self.assertNotRegex(reader.text, r'\b(nan|inf|None)\b')
    self.assertNotRegex(report.format_summary(results), r'\b(nan|inf|None)\b')

  def test_gaps_in_a_curve_are_told(self):
    self.results['curves']['teacher'][5]['loss'] = math.nan
    self.assertIn('Gaps: 1 values were not finite', self._read().text)

  def test_padding_is_left_out_of_the_attention(self):
    part = self.results['attention']
    part['tokens'] = part['tokens'] + ['[PAD]']
    for name in ('teacher', 'student'):
      part[name] = np.pad(part[name], [(0, 0), (0, 0), (0, 1), (0, 1)])
    self.assertEqual(report.render(self.results), self.whole_page)

  def test_attention_that_cannot_be_compared_is_left_out(self):
    for wrong in (sample_results.attention(blocks=2), np.ones((4, 2, 3, 3)),
                  [[1], [2, 3]], 'text', np.full((4, 2, 7, 7), math.nan)):
      self.results['attention']['student'] = wrong
      self.assertNotIn('attention', self._read().values('id'))

  def test_a_record_belongs_to_the_stage_that_ended_with_it(self):
    stages = self.results['stages'][:2]
    found = [networks.stage_of({'step': step}, stages)
             for step in (0, 1, 10, 11, 20, 21)]
    self.assertEqual(found, [0, 0, 0, 1, 1, None])

  def test_the_terminal_table_is_aligned_and_complete(self):
    summary = report.format_summary(self.results)
    self.assertStartsWith(
        summary, 'MobileBERT quick start: 6 min 44 s, 3.1 GB peak\n')
    tables = [part.split('\n') for part in summary.split('\n\n')
              if '---' in part]
    self.assertLen(tables, 5)
    for heading, rule, *rows in tables:
      starts = [match.start() for match in re.finditer('-+', rule)]
      for line in [heading, *rows]:
        line = line.ljust(len(rule))  # Trailing cells may be empty.
        for start in starts[1:]:  # The gap before each column.
          self.assertEqual(line[start - 2:start], '  ', line)
    for text in ('7,412,345', '41.2%', '81.0%', '2.4 MB', '99.7%', '93.1%',
                 'An array of zeros.'):
      self.assertIn(text, summary)
    self.assertIn('The distilled student is better',
                  ' '.join(summary.split()))


if __name__ == '__main__':
  tf.test.main()
