# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The plots of an evaluation.

All take the dict that `evaluation.results.collect` returns.
"""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation_findings as findings
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots

_GROUPS = {
    'length': 'By length, in {unit}',
    'question_word': 'By question word',
    'answerable': 'With and without an answer in the text',
    'truth': 'By the true value',
}
_SVG_POINTS = 300  # A file of more is larger than a picture of dots.


def group_bars(results: Mapping[str, Any], name: str) -> page.Picture:
  """Draws how well each group is answered, with 95% intervals."""
  groups = results['groups'][name]
  texts = [findings.quality(results, each['mean']) for each in groups]
  figure = plots.bar_chart(
      [each['name'] for each in groups], [each['mean'] for each in groups],
      texts=texts, colours=[plots.BLUE] * len(groups),
      intervals=[(each['low'], each['high']) for each in groups])
  measure = findings.quality_title(results)
  said = ', '.join(f'{each["name"]} {text}'
                   for each, text in zip(groups, texts, strict=True))
  return page.Picture(
      _GROUPS[name].format(unit=findings.UNITS[results['kind']]),
      plots.to_data_uri(figure), alt=f'Bar chart. {measure}: {said}.',
      caption=f'{measure}: less is better. Lines: 95% intervals.'
      if results['kind'] == 'regression' else
      f'{measure}. Lines: 95% intervals.')


def reliability(results: Mapping[str, Any]) -> page.Picture:
  """Draws accuracy over confidence, a dot for each bin."""
  bins = [each for each in results['calibration']['bins'] if each['count']]
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


def scatter(results: Mapping[str, Any]) -> page.Picture:
  """Draws answers over the truth."""
  points = results['points']
  figure = plots.diagonal_chart(
      [truth for truth, _ in points], [answer for _, answer in points],
      x_label='Truth', y_label='Answer')
  few = len(points) < results['examples']
  caption = 'On the dashed line, the answer is the truth.'
  if few:
    caption += (f' {formatting.count(len(points))} of '
                f'{formatting.count(results["examples"])} texts.')
  scores = ', '.join(
      f'{findings.metric_title(name)} {findings.metric(results, name, value)}'
      for name, value in results['metrics'].items())
  return page.Picture(
      'What it answered',
      plots.to_data_uri(figure, 'png' if len(points) > _SVG_POINTS else 'svg'),
      alt=f'Scatter plot of answers over the truth. {scores}.',
      caption=caption)
