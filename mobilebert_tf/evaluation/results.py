# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Contents of an evaluation's report, as one dict that JSON can hold."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import predictions as predictions_lib

MISTAKES = 20
_LETTERS, _EXCERPT = 1000, 300


def collect(predictions: predictions_lib.Predictions,
            metrics: Mapping[str, float],
            facts: Mapping[str, Any]) -> dict[str, Any]:
  """Returns metrics, where they come from and where they fail.

  Example:

    collect(predictions, {'accuracy': 0.9}, {'Model': 'runs/sst2'})

  Args:
    predictions: Answers of any kind.
    metrics: Official metrics by name, in the unit of the official script.
    facts: Further facts by title: model, data, command.

  Returns:
    Nested dicts and lists of texts and finite numbers; what is not a finite
    number is None.

  Raises:
    ValueError: If the metrics do not belong to these predictions.
  """
  quality, baseline = predictions.quality(), predictions.baseline()
  worst = analysis.worst(predictions, len(quality))
  return to_plain({
      'task': str(predictions.task),
      'kind': predictions.kind,
      'examples': len(quality),
      'metrics': dict(metrics),
      'intervals': predictions.metric_intervals(metrics),
      'quality': intervals.group('', quality, analysis.limit(predictions)),
      'baseline': baseline and dict(zip(('name', 'quality'), baseline,
                                        strict=True)),
      'groups': {'length': analysis.by_length(predictions),
                 **predictions.groups()},
      'mistakes': [predictions.mistake(row) for row in worst[:MISTAKES]],
      'num_mistakes': len(worst),
      'facts': {str(name): str(value) for name, value in facts.items()},
      **predictions.details(),
  })


def cut(text: str) -> str:
  """Returns the start of a text that is too long for a report."""
  return text if len(text) <= _LETTERS else f'{text[:_LETTERS - 1]}…'


def excerpt(context: str, answers: Sequence[str]) -> str:
  """Returns the neighbourhood of the first answer that the context has."""
  places = [context.find(answer) for answer in answers if answer]
  place = next((each for each in places if each >= 0), 0)
  start = max(0, place - _EXCERPT // 2)
  end = start + _EXCERPT
  return (('…' if start else '') + context[start:end]
          + ('…' if end < len(context) else ''))


def to_plain(value: Any) -> Any:
  """Converts to Python's own types, with None for what is not finite."""
  if dataclasses.is_dataclass(value):
    value = dataclasses.asdict(value)
  if isinstance(value, Mapping):
    return {name: to_plain(each) for name, each in value.items()}
  if isinstance(value, np.ndarray):
    value = value.tolist()
  if isinstance(value, list | tuple):
    return [to_plain(each) for each in value]
  if isinstance(value, np.generic):
    value = value.item()
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
