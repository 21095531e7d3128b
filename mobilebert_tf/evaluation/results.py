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

"""All that a report of an evaluation says, as one dict that JSON can hold."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import predictions as predictions_lib
from mobilebert_tf.tasks.token_classification import scoring

MATRIX_CLASSES = 40  # A larger matrix is no help to anyone.
_CONFUSIONS, _MISTAKES, _POINTS = 50, 20, 2000
_LETTERS, _EXCERPT = 1000, 300
_TOLERANCE = 1e-3
# SQuAD v1.1 has another name for it than v2.0.
_OFFICIAL = {'exact': 'exact', 'exact_match': 'exact', 'f1': 'f1'}


def collect(predictions: predictions_lib.Predictions,
            metrics: Mapping[str, float],
            facts: Mapping[str, Any]) -> dict[str, Any]:
  """Returns metrics, where they come from and where they fail.

  Example:

    collect(predictions, {'accuracy': 0.9}, {'Model': 'runs/sst2'})

  Args:
    predictions: The answers, of any kind.
    metrics: The official metrics by name. Those of questions are percentages,
      as the official script prints them, all others fractions.
    facts: What else is to be known, by its title: model, data, command.

  Returns:
    Nested dicts and lists of texts and finite numbers; what is not a finite
    number is None.

  Raises:
    ValueError: If the metrics are not of these predictions.
  """
  quality = analysis.quality(predictions)
  most = math.inf if predictions.kind == predictions_lib.REGRESSION else 1.0
  baseline = analysis.baseline(predictions)
  worst = analysis.worst(predictions, len(quality))
  results = {
      'task': str(predictions.task),
      'kind': predictions.kind,
      'examples': len(quality),
      'metrics': dict(metrics),
      'intervals': _metric_intervals(predictions, metrics),
      'quality': dataclasses.asdict(intervals.group('', quality, most)),
      'baseline': baseline and dict(zip(('name', 'quality'), baseline,
                                        strict=True)),
      'groups': {'length': analysis.by_length(predictions)},
      'mistakes': [_mistake(predictions, row) for row in worst[:_MISTAKES]],
      'num_mistakes': len(worst),
      'facts': {str(name): str(value) for name, value in facts.items()},
  }
  if isinstance(predictions, predictions_lib.AnswerPredictions):
    results['groups']['question_word'] = analysis.by_question_word(predictions)
    if predictions.has_unanswerable:
      results['groups']['answerable'] = analysis.by_answerable(predictions)
  elif isinstance(predictions, predictions_lib.TokenPredictions):
    results['classes'] = scoring.class_scores(predictions)
    results.update(_confusion(*scoring.confusion(predictions)))
  elif predictions.kind == predictions_lib.REGRESSION:
    results['groups']['truth'] = analysis.by_truth(predictions)
    results.update(_regression(predictions))
  else:
    results.update(_classes(predictions))
  return _plain(results)


def _classes(predictions: predictions_lib.TextPredictions) -> dict[str, Any]:
  names = predictions.label_names
  return {
      **_confusion(names, analysis.confusion_matrix(predictions)),
      'classes': [{'label': name, **scores} for name, scores in zip(
          names, analysis.class_scores(predictions), strict=True)],
      'calibration': analysis.calibration(predictions),
  }


def _confusion(names: Sequence[str], matrix: np.ndarray) -> dict[str, Any]:
  return {
      'labels': names,
      'confusion': matrix if len(names) <= MATRIX_CLASSES else None,
      'confusions': [
          {'truth': names[truth], 'answer': names[answer], 'count': count}
          for truth, answer, count in analysis.confusions(matrix)[:_CONFUSIONS]
      ],
  }


def _regression(predictions: predictions_lib.TextPredictions) -> dict[str, Any]:
  count = len(predictions.labels)
  # Every n-th one, where a plot of all would be a blot.
  rows = np.arange(0, count, -(-count // _POINTS))
  return {
      'constant_answers': analysis.is_constant(predictions.scores),
      'constant_labels': analysis.is_constant(predictions.labels),
      'values': {'truth': _spread(predictions.labels),
                 'answer': _spread(predictions.scores)},
      'points': np.stack([predictions.labels, predictions.scores], 1)[rows],
  }


def _spread(values: np.ndarray) -> dict[str, float]:
  return {'mean': values.mean(), 'deviation': values.std(),
          'least': values.min(), 'most': values.max()}


def _metric_intervals(predictions: predictions_lib.Predictions,
                      metrics: Mapping[str, float]) -> dict[str, Any]:
  if isinstance(predictions, predictions_lib.AnswerPredictions):
    groups = {name: intervals.group(name, getattr(predictions, values))
              for name, values in _OFFICIAL.items() if name in metrics}
    for name, each in groups.items():
      _check_metric(name, metrics[name], 100 * each.mean)
    return {name: (100 * group.low, 100 * group.high)
            for name, group in groups.items()}
  if isinstance(predictions, predictions_lib.TokenPredictions):
    computed = scoring.metrics(scoring.count(predictions))
    known = [name for name in computed if name in metrics]
    for name in known:
      _check_metric(name, metrics[name], computed[name])
    found = scoring.metric_intervals(predictions)
    return {name: found[name] for name in known}
  # Here because it brings TensorFlow along.
  from mobilebert_tf.evaluation import metrics as metrics_lib
  found = {}
  drawn = [name for name in metrics if name in metrics_lib.METRICS]
  computed = metrics_lib.compute(drawn, predictions.labels, predictions.scores)
  for name, value in computed.items():
    _check_metric(name, metrics[name], value)
  if 'accuracy' in drawn and predictions.kind == predictions_lib.CLASSIFICATION:
    group = intervals.group('accuracy', analysis.quality(predictions))
    found['accuracy'] = (group.low, group.high)
    drawn.remove('accuracy')
  if drawn and len(predictions.labels) > 1:
    found.update(intervals.bootstrap(
        lambda rows: metrics_lib.compute(
            drawn, predictions.labels[rows], predictions.scores[rows]),
        len(predictions.labels)))
  return found


def _check_metric(name: str, given: float, computed: float) -> None:
  """Refuses metrics that are not of these predictions."""
  if abs(given - computed) > _TOLERANCE * max(1, abs(computed)):
    raise ValueError(
        f'The metric {name} is said to be {given}, but these predictions have '
        f'{computed}. Metrics and predictions have to be of the same answers.')


def _mistake(predictions: predictions_lib.Predictions,
             row: int) -> dict[str, Any]:
  if isinstance(predictions, predictions_lib.AnswerPredictions):
    truths, answer = predictions.truths[row], predictions.answers[row]
    return {
        'id': predictions.ids[row],
        'question': _cut(predictions.questions[row]),
        'context': _excerpt(predictions.contexts[row], [*truths, answer]),
        'truths': [_cut(truth) for truth in dict.fromkeys(truths)],
        'answer': _cut(answer),
        'score': predictions.scores[row],
        'f1': predictions.f1[row],
    }
  truth, answer = predictions.labels[row], predictions.answers[row]
  if isinstance(predictions, predictions_lib.TokenPredictions):
    words = predictions.words[row]
    wrong = [(word, *tags) for word, *tags in zip(
        words, truth, answer, strict=True) if len(set(tags)) > 1]
    return {'row': row + 1, 'text': _cut(' '.join(words)), 'words': len(words),
            'num_wrong': len(wrong),
            'wrong': [dict(zip(('word', 'truth', 'answer'), map(_cut, each),
                               strict=True)) for each in wrong[:_MISTAKES]]}
  found = {'row': row + 1, 'text': _cut(predictions.texts[row])}
  if predictions.pairs is not None:
    found['pair'] = _cut(predictions.pairs[row])
  if predictions.kind == predictions_lib.REGRESSION:
    return {**found, 'truth': truth, 'answer': answer}
  names, scores = predictions.label_names, predictions.scores[row]
  return {**found, 'truth': names[truth], 'answer': names[answer],
          'truth_probability': scores[truth], 'probability': scores[answer]}


def _cut(text: str) -> str:
  return text if len(text) <= _LETTERS else f'{text[:_LETTERS - 1]}…'


def _excerpt(context: str, answers: Sequence[str]) -> str:
  """Returns the neighbourhood of the first answer that the context has."""
  places = [context.find(answer) for answer in answers if answer]
  place = next((each for each in places if each >= 0), 0)
  start = max(0, place - _EXCERPT // 2)
  end = start + _EXCERPT
  return (('…' if start else '') + context[start:end]
          + ('…' if end < len(context) else ''))


def _plain(value: Any) -> Any:
  """Returns the same of Python's own types, None for what is not finite."""
  if dataclasses.is_dataclass(value):
    value = dataclasses.asdict(value)
  if isinstance(value, Mapping):
    return {name: _plain(each) for name, each in value.items()}
  if isinstance(value, np.ndarray):
    value = value.tolist()
  if isinstance(value, list | tuple):
    return [_plain(each) for each in value]
  if isinstance(value, np.generic):
    value = value.item()
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
