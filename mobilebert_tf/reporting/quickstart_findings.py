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

"""What the quick start found, in sentences that say it whatever it is."""

import math
from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting

NAMES = {
    'teacher': 'Teacher',
    'student': 'Student, taught',
    'untaught': 'Student, untaught',
}
_IN_PROSE = {
    'teacher': 'the teacher',
    'student': 'the taught student',
    'untaught': 'the untaught student',
}


def section(results: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
  """Returns a part of the results, empty where the run has none."""
  for key in path:
    results = results.get(key)
    if not isinstance(results, Mapping):
      return {}
  return results


def items(part: Mapping[str, Any], name: str) -> list[Any]:
  """Returns a list (or array) of the results, empty where there is none."""
  found = part.get(name)
  return [] if found is None else list(found)


def accuracies(scores: Mapping[str, Any]) -> dict[str, float]:
  """Returns the finite accuracies of teacher, student and untaught student."""
  found = {name: section(scores, name).get('accuracy') for name in NAMES}
  return {name: float(value) for name, value in found.items()
          if formatting.is_number(value)}


def abstract(results: Mapping[str, Any]) -> str:
  """Says in a paragraph what happened, from the numbers that are there."""
  sentences = [_reading(results), _making(results), _answering(results),
               _shipping(results)]
  return ' '.join(sentence for sentence in sentences if sentence)


def masked_lm(results: Mapping[str, Any]) -> list[str]:
  """Says which network restores held-out tokens best, and what it means."""
  scores = section(results, 'masked_lm')
  found = accuracies(scores)
  sentences = _taught_or_not(found)
  if len(found) > 1:
    order = sorted(found, key=found.get, reverse=True)
    sentences.append('Best first: ' + formatting.listing([
        f'{_IN_PROSE[name]} {formatting.percent(found[name])}'
        for name in order]) + '.')
  if 'teacher' in found and found.get('student', 0) > found['teacher']:
    sentences.append('The taught student even passes its teacher.')
  baseline = section(scores, 'baseline')
  sentences += _against_baseline(
      found, baseline.get('accuracy'), baseline.get('name'))
  steps = _equal_steps(results)
  return sentences + ([steps] if steps and 'untaught' in found else [])


def task(results: Mapping[str, Any]) -> list[str]:
  """Says which student answers best, and whether chance could explain it."""
  scores = section(results, 'task')
  found = accuracies(section(scores, 'models'))
  sentences = _taught_or_not(found)
  examples = scores.get('dev_examples')
  if {'student', 'untaught'} <= set(found) and _is_positive(examples):
    margin = 1.96 * math.sqrt(sum(
        found[name] * (1 - found[name]) for name in ('student', 'untaught')
    ) / examples)
    difference = abs(found['student'] - found['untaught'])
    sentences.append(
        f'With {formatting.count(examples)} held-out passages, chance alone '
        f'makes differences of up to {formatting.points(margin)} (95% of the '
        'time), so this one is ' + (
            'more than chance.' if difference > margin else
            'no evidence either way.'))
  return sentences + _against_baseline(
      found, scores.get('majority_accuracy'), 'always the most frequent label')


def interval(accuracy: float, examples: Any) -> tuple[float, float]:
  """Returns Wilson's 95% interval of an accuracy over that many examples."""
  if not (formatting.is_number(accuracy) and _is_positive(examples)):
    return math.nan, math.nan
  z2 = 1.96 ** 2
  centre = (accuracy + z2 / (2 * examples)) / (1 + z2 / examples)
  spread = math.sqrt(
      z2 * (accuracy * (1 - accuracy) + z2 / (4 * examples)) / examples
  ) / (1 + z2 / examples)
  return max(0.0, centre - spread), min(1.0, centre + spread)


def total_seconds(results: Mapping[str, Any]) -> float:
  """Returns the sum of the steps' finite seconds, NaN if there are none."""
  known = [value for value in section(results, 'seconds').values()
           if formatting.is_number(value)]
  return sum(known) if known else math.nan


def deployed(results: Mapping[str, Any]) -> Mapping[str, Any]:
  """Returns the export to put first: the smallest TFLite file, or any."""
  exports = [item for item in items(results, 'exports')
             if isinstance(item, Mapping)]
  lite = [item for item in exports if 'tflite' in str(item.get('name')).lower()]
  return min(lite or exports, default={}, key=lambda item: (
      item['megabytes'] if formatting.is_number(item.get('megabytes'))
      else math.inf))


def _is_positive(value: Any) -> bool:
  return formatting.is_number(value) and value > 0


def _taught_or_not(found: Mapping[str, float]) -> list[str]:
  if not {'student', 'untaught'} <= set(found):
    return []
  difference = found['student'] - found['untaught']
  if difference == 0:
    return ['The taught student is not better than the same network trained '
            'without a teacher: the two are equal.']
  by = formatting.points(difference)
  if difference < 0:
    return ['The taught student is not better than the same network trained '
            f'without a teacher: it is {by} worse. Here, teaching did not '
            'pay.']
  return ['The taught student is better than the same network trained without '
          f'a teacher, by {by}.']


def _against_baseline(found, baseline, name) -> list[str]:
  if not formatting.is_number(baseline):
    return []
  losers = [_IN_PROSE[key] for key, value in found.items() if value <= baseline]
  if not losers:
    return []
  verb = 'does' if len(losers) == 1 else 'do'
  who = formatting.listing(losers)
  return [f'{who[0].upper()}{who[1:]} {verb} no better than the baseline '
          f'({name or "no learning"}, {formatting.percent(baseline)}).']


def _equal_steps(results) -> str:
  last = {}
  for name in ('student', 'untaught'):
    steps = [record.get('step') for record
             in items(section(results, 'curves'), name)]
    last[name] = max(filter(formatting.is_number, steps), default=None)
  if None in last.values():
    return ''
  student, untaught = (formatting.count(last[name]) for name in last)
  if student == untaught:
    return f'Both students were trained for the same {student} steps.'
  return (f'The students’ training differs in length: {student} steps taught, '
          f'{untaught} untaught.')


def _reading(results) -> str:
  text, seconds = section(results, 'text'), total_seconds(results)
  if not formatting.is_number(text.get('megabytes')):
    return ''
  read = f'read {formatting.quantity(text["megabytes"], "MB")} of text'
  if text.get('source'):
    read += f' ({text["source"]})'
  size = section(results, 'vocabulary').get('size')
  if formatting.is_number(size):
    read += f' and learned a vocabulary of {formatting.count(size)} word pieces'
  if formatting.is_number(seconds):
    return f'In {formatting.duration(seconds)}, this run {read}.'
  return f'This run {read}.'


def _making(results) -> str:
  sizes = {name: section(results, 'models', name).get('parameters')
           for name in ('teacher', 'student')}
  if not all(_is_positive(size) for size in sizes.values()):
    return ''
  teacher, student = (formatting.approximate_count(size)
                      for size in sizes.values())
  ratio = sizes['teacher'] / sizes['student']
  compared = (f', {ratio:.1f} times smaller' if ratio >= 1.05 else '')
  return (f'It pre-trained an inverted-bottleneck teacher of {teacher} '
          'parameters, then taught a MobileBERT student of '
          f'{student}{compared}, one block after the other.')


def _answering(results) -> str:
  scores = section(results, 'task')
  accuracy = section(scores, 'models', 'student').get('accuracy')
  if not formatting.is_number(accuracy):
    return ''
  said = (f'Fine-tuned, the student answers {formatting.percent(accuracy)} of '
          f'{formatting.count(scores["dev_examples"])} held-out passages right'
          if formatting.is_number(scores.get('dev_examples')) else
          f'Fine-tuned, the student answers {formatting.percent(accuracy)} of '
          'the held-out passages right')
  if formatting.is_number(scores.get('majority_accuracy')):
    said += (', where always giving the most frequent answer gets '
             f'{formatting.percent(scores["majority_accuracy"])}')
  return said + '.'


def _shipping(results) -> str:
  export = deployed(results)
  if not formatting.is_number(export.get('megabytes')):
    return ''
  said = (f'Exported as {export.get("name", "a file")}, it takes '
          f'{formatting.quantity(export["megabytes"], "MB")}')
  if formatting.is_number(export.get('latency_ms')):
    said += (' and answers in '
             f'{formatting.quantity(export["latency_ms"], "ms")}')
  return said + '.'
