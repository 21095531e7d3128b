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

"""What a comparison of artefacts found, in words.

All take the dict that `evaluation.deployment.benchmark` returns.
"""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting

SCORES = {'accuracy': 'Accuracy', 'spearman': 'Spearman', 'pearson': 'Pearson',
          'f1': 'F1', 'exact': 'Exact match'}
_ALIKE = 1.05  # Ratios below are not worth a word.


def sentences(results: Mapping[str, Any]) -> list[str]:
  """Returns what sets each artefact apart from the first that was measured."""
  measured = [each for each in results['artefacts'] if each['measurements']]
  found = [_compare(results, measured[0], other) for other in measured[1:]]
  if len(measured) == 1:
    found.append(_describe(results, measured[0]))
  return found + _slow_down(results, measured)


def failures(results: Mapping[str, Any]) -> list[str]:
  """Returns a sentence for each artefact that failed."""
  return [each['failure'] for each in results['artefacts'] if each['failure']]


def mean_seconds(artefact: Mapping[str, Any], threads: int,
                 batch_size: int) -> float | None:
  """Returns the time of a text of the file, None if it was not measured."""
  found = _texts(artefact, threads, batch_size)
  return found and found['seconds']


def reference(results: Mapping[str, Any]) -> str:
  """Returns what artefacts should agree with, such as `the Keras model`."""
  about = results['reference']
  return about['name'] if about['is_artefact'] else 'the Keras model'


def threads_text(count: int) -> str:
  """Returns `1 thread`, `2 threads`."""
  return f'{count} thread{"" if count == 1 else "s"}'


def _compare(results: Mapping[str, Any], first: Mapping[str, Any],
             other: Mapping[str, Any]) -> str:
  size = _ratio(first['bytes'] / max(other['bytes'], 1), 'smaller', 'larger',
                'as large')
  text = f'{other["name"]} is {size} and {_speed(results, first, other)}'
  said = _agreement(results, other)
  return f'{text}{f", and {said}" if said else ""}.'


def _speed(results: Mapping[str, Any], first: Mapping[str, Any],
           other: Mapping[str, Any]) -> str:
  threads, size = results['threads'][0], results['batch_sizes'][0]
  times = [_texts(each, threads, size) for each in (first, other)]
  if None in times:
    return f'was not timed like {first["name"]}'
  ratio = times[0]['seconds'] / times[1]['seconds']
  if _overlap(*(each['by_round'] for each in times)):
    ratio = 1.0
  said = _ratio(ratio, 'faster', 'slower', 'about as fast')
  joined = 'as' if said.endswith('fast') else 'than'
  return (f'{said} {joined} {first["name"]} on {threads_text(threads)}'
          + (f' at {size} texts a batch' if size > 1 else ''))


def _agreement(results: Mapping[str, Any], artefact: Mapping[str, Any]) -> str:
  about = artefact['agreement']
  if about is None:
    return ''
  who = results['reference']
  as_whom = f' as {reference(results)}'
  # The sentence has named it already.
  if who['is_artefact'] and who['name'] == _first_measured(results):
    as_whom = ''
  if about['share'] is not None:
    noun = 'label' if results['task'] == 'classification' else 'answer'
    return (f'gives the same {noun}{as_whom} on '
            f'{formatting.percent(about["share"])} of the texts')
  if about['cosine'] is not None:
    return (f'its vectors have a cosine of {about["cosine"]:.4f} with those of '
            f'{reference(results)}')
  return (f'its ratings are at most {about["largest_difference"]:.3g} from '
          f'those of {reference(results)}')


def _describe(results: Mapping[str, Any], artefact: Mapping[str, Any]) -> str:
  threads, size = results['threads'][0], results['batch_sizes'][0]
  seconds = mean_seconds(artefact, threads, size)
  text = (f'{artefact["name"]} has '
          f'{formatting.quantity(artefact["bytes"] / 1e6, "MB")} and takes '
          f'{formatting.quantity(_times(seconds), "ms")} a text on '
          f'{threads_text(threads)}')
  said = _agreement(results, artefact)
  return f'{text}{f", and {said}" if said else ""}.'


def _slow_down(results: Mapping[str, Any],
               measured: list[Mapping[str, Any]]) -> list[str]:
  """Says whether the machine was busy, by how far rounds are apart."""
  worst = 1.0
  for artefact in measured:
    for each in artefact['measurements']:
      for texts in each['texts']:
        worst = max(worst, max(texts['by_round']) / min(texts['by_round']))
  if worst < 1.5:
    return []
  return ['The machine was busy with something else: the same texts took '
          f'{worst:.1f} times as long in one round as in another. Measure '
          'again when it is idle.']


def _first_measured(results: Mapping[str, Any]) -> str:
  return next((each['name'] for each in results['artefacts']
               if each['measurements']), '')


def _texts(artefact: Mapping[str, Any], threads: int,
           batch_size: int) -> Mapping[str, Any] | None:
  return next((texts for each in artefact['measurements']
               if each['threads'] == threads for texts in each['texts']
               if texts['batch_size'] == batch_size), None)


def _overlap(some: list[float], others: list[float]) -> bool:
  """Whether rounds of one took as long as some of the other's."""
  return min(some) <= max(others) and min(others) <= max(some)


def _ratio(ratio: float, above: str, below: str, alike: str) -> str:
  if 1 / _ALIKE < ratio < _ALIKE:
    return alike
  word, times = (above, ratio) if ratio > 1 else (below, 1 / ratio)
  return f'{times:.1f} times {word}'


def _times(seconds: float | None) -> float | None:
  return None if seconds is None else 1e3 * seconds
