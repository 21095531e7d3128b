# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What classes and values add to the report of an evaluation."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

_WIDEST_LABEL = 80
_SVG_POINTS = 300  # A file of more is larger than a picture of dots.


class ClassReportParts(evaluation.ReportParts):
  """Confusions, scores of classes and calibration."""
  finding = '{value} of {examples} {are} answered right{interval}'
  mistake_title = 'Sure'

  def subtitle(self, results: Mapping[str, Any]) -> str:
    return f'{super().subtitle(results)} of {len(results["labels"])} classes'

  def rows(self, results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    found = results['calibration']
    return [('Mean confidence', formatting.percent(found['confidence']), ''),
            ('Expected calibration error',
             formatting.percent(found['error']), ''),
            *evaluation.weakest_class(results)]

  def mistake(self, each: Mapping[str, Any]) -> evaluation.Mistake:
    sure = formatting.percent(each['probability'])
    return evaluation.Mistake(
        evaluation.label(each['truth'], _WIDEST_LABEL),
        evaluation.label(each['answer'], _WIDEST_LABEL), sure,
        f'{sure} sure, example {formatting.count(each["row"])}',
        mistaken_texts(each))

  def sections(self, results: Mapping[str, Any]) -> list[page.Section]:
    return [
        evaluation.classes_section(results, 'Confusion matrix'),
        page.Section('calibration', 'Calibration', [page.Group([
            _reliability(results),
            page.Data('Confidence and accuracy',
                      calibration_table(results))])])]


class ValueReportParts(evaluation.ReportParts):
  """A scatter plot, and the range of truth and answers."""
  finding = 'Answers to {examples} are off by {value} on average{interval}'
  quality_title = 'Off by'
  mistake_title = 'Off'
  less_is_better = True
  group_titles = {'truth': ('By the true value', 'Truth')}

  def quality(self, value: Any) -> str:
    return formatting.decimal(value, 3)

  def warning(self, results: Mapping[str, Any]) -> str:
    if results['examples'] < 2:
      return ''
    if results['constant_answers']:
      return ('The model answers the same to every text: it has learned '
              'nothing from them, and a correlation is not defined.')
    if results['constant_labels']:
      return 'All texts have the same value, so a correlation is not defined.'
    return ''

  def mistake(self, each: Mapping[str, Any]) -> evaluation.Mistake:
    return evaluation.Mistake(
        _number(each['truth']), _number(each['answer']),
        _number(abs(each['answer'] - each['truth'])),
        f'example {formatting.count(each["row"])}', mistaken_texts(each))

  def mistakes_title(self, shown: int, count: int) -> str:
    return 'Furthest off'

  def sections(self, results: Mapping[str, Any]) -> list[page.Section]:
    return [page.Section('scatter', 'Answers and truth', [page.Group([
        self._scatter(results),
        page.Data('Truth and answers', value_table(results))])])]

  def _scatter(self, results: Mapping[str, Any]) -> page.Picture:
    """Draws answers over the truth."""
    points = results['points']
    figure = plots.diagonal_chart(*zip(*points, strict=True), x_label='Truth',
                                  y_label='Answer')
    caption = 'On the dashed line, the answer is the truth.'
    if len(points) < results['examples']:
      caption += (f' {formatting.count(len(points))} of '
                  f'{formatting.count(results["examples"])} texts.')
    scores = ', '.join(f'{self.metric_title(name)} {self.metric(name, value)}'
                       for name, value in results['metrics'].items())
    return page.Picture(
        'What it answered',
        plots.to_data_uri(figure,
                          'png' if len(points) > _SVG_POINTS else 'svg'),
        alt=f'Scatter plot of answers over the truth. {scores}.',
        caption=caption)


def calibration_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns confidence and accuracy of each bin that has answers."""
  return text_lib.make_table(
      ('Confidence', 'Answers', 'Mean', 'Right'),
      [(f'{formatting.percent(each["low"], 0)} to '
        f'{formatting.percent(each["high"], 0)}',
        formatting.count(each['count']),
        formatting.percent(each['confidence']),
        formatting.percent(each['accuracy']['mean']))
       for each in _bins(results)])


def value_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns the range of truth and answers of a regression."""
  return text_lib.make_table(
      ('', 'Mean', 'Deviation', 'Least', 'Most'),
      [(name, *(_number(results['values'][key][what])
                for what in ('mean', 'deviation', 'least', 'most')))
       for name, key in (('Truth', 'truth'), ('Answer', 'answer'))])


def _bins(results: Mapping[str, Any]) -> list[Mapping[str, Any]]:
  return [each for each in results['calibration']['bins'] if each['count']]


def _reliability(results: Mapping[str, Any]) -> page.Picture:
  """Draws accuracy over confidence, a dot for each bin."""
  bins = _bins(results)
  figure = plots.diagonal_chart(
      [each['confidence'] for each in bins],
      [each['accuracy']['mean'] for each in bins],
      intervals=[(each['accuracy']['low'], each['accuracy']['high'])
                 for each in bins],
      x_label='Confidence', y_label='Right', percent=True)
  said = ', '.join(f'{formatting.percent(each["confidence"], 0)} sure, '
                   f'{formatting.percent(each["accuracy"]["mean"], 0)} right'
                   for each in bins)
  return page.Picture(
      'Is it as right as it is sure?', plots.to_data_uri(figure),
      alt=f'Reliability diagram: {said}.',
      caption='A dot is the answers of a tenth of the scale of confidence. '
      'Below the dashed line the model is too sure. Lines: 95% intervals.')


def mistaken_texts(each: Mapping[str, Any]) -> list[str]:
  """Returns the text of a mistake, and its second text if it has one."""
  return [each['text'], *([each['pair']] if 'pair' in each else [])]


def _number(value: Any) -> str:
  """Formats a value of a regression, whatever its scale."""
  return f'{value:.4g}'
