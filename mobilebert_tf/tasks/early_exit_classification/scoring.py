# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What early exits cost and save, from the logits of all exits.

The model runs once; every rule is scored on the same logits (Xin et al. 2020,
sections 4.2 to 4.4).
"""

from collections.abc import Sequence
import dataclasses
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.common import formatting
from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.tasks.classification import scoring
from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib

# Points of the curve of quality over blocks.
_POINTS = 25


@dataclasses.dataclass(frozen=True)
class Beside:
  """A model without exits, such as one of fewer blocks.

  Attributes:
    name: Its name.
    accuracy: Share of right answers.
    milliseconds: Mean time of a text.
  """
  name: str
  accuracy: float
  milliseconds: float


@dataclasses.dataclass(frozen=True, eq=False)
class Times:
  """Measured times of texts.

  Attributes:
    quantization: That of the file.
    rows: Which texts were timed.
    milliseconds: Time of each of them to each exit, `[texts, exits + 1]`.
    whole: Its time in the unbroken model, `[texts]`.
    beside: Models beside.
  """
  quantization: str
  rows: np.ndarray
  milliseconds: np.ndarray
  whole: np.ndarray
  beside: tuple[Beside, ...] = ()

  def of(self, exits: np.ndarray) -> float:
    """Returns the mean time of a text.

    Args:
      exits: Number of the exit that each text leaves at, timed or not.
    """
    rows = np.arange(len(self.rows))
    return float(self.milliseconds[rows, exits[self.rows]].mean())


@dataclasses.dataclass(frozen=True, eq=False)
class ExitPredictions(scoring.ClassPredictions):
  """Class probabilities of labelled texts by a model with early exits.

  Attributes:
    logits: Logits of all exits, `[texts, exits + 1, classes]`.
    rule: The rule by which texts left.
    num_blocks: Number of all blocks.
    operations: Operations of a text to each exit, as shares of all; those of
      the embeddings count, too.
    times: Measured times, if there are any.
  """
  kind: ClassVar[str] = 'early_exit_classification'
  logits: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0))
  rule: rule_lib.Rule = rule_lib.Rule(rule_lib.ENTROPY, (1,))
  num_blocks: int = 2
  operations: tuple[float, ...] = (0.5, 1.0)
  times: Times | None = None

  @property
  def exit_blocks(self) -> np.ndarray:
    """Number of blocks that each text needed, int64 `[texts]`."""
    return self._blocks[self.rule.exits(self.logits)]

  def point(self) -> 'Point':
    """Returns what the rule gives."""
    return self._scorer().score(self.rule.thresholds)

  def _scorer(self) -> 'Scorer':
    return Scorer(self.logits, self.labels, self.rule, self.num_blocks,
                  self.times)

  @property
  def _blocks(self) -> np.ndarray:
    return np.array([*self.rule.blocks, self.num_blocks])

  def facts(self, names: Sequence[str]) -> dict[str, str]:
    saved = saving(self.exit_blocks, self.num_blocks)
    thresholds = ', '.join(
        f'{each:.4g}' for each in dict.fromkeys(self.rule.thresholds))
    return {
        **super().facts(names),
        'Texts leave by': (f'{self.rule.criterion}, {thresholds}' if thresholds
                           else 'no exit before the last'),
        'Blocks of a text, on average':
            f'{self.exit_blocks.mean():.2f} of {self.num_blocks}; '
            f'{formatting.percent(saved)} of the blocks and '
            f'{formatting.percent(self._operations_saved())} of the operations '
            'are saved'}

  def _operations_saved(self) -> float:
    """Returns the share of operations that are not computed."""
    return float(1.0 - np.array(self.operations)[
        self.rule.exits(self.logits)].mean())

  def groups(self) -> dict[str, list[metrics_lib.Group]]:
    used = np.unique(self.exit_blocks)
    return {**super().groups(), 'exit': [
        metrics_lib.group(
            f'{block}', self.quality()[self.exit_blocks == block], 1.0)
        for block in used]}

  def details(self) -> dict[str, Any]:
    return {**super().details(),
            'num_blocks': self.num_blocks,
            'mean_blocks': float(self.exit_blocks.mean()),
            'saving': saving(self.exit_blocks, self.num_blocks),
            'operations_saved': self._operations_saved(),
            'exits': self._exits(),
            'curve': self._scorer().curve(),
            'timing': self._timing()}

  def _timing(self) -> dict[str, Any] | None:
    """Returns measured times, and how well saved blocks foretell them."""
    if self.times is None:
      return None
    whole, point = float(self.times.whole.mean()), self.point()
    curve = self._scorer().curve()
    saved = np.array([(1 - each.timed_blocks / self.num_blocks,
                       1 - each.milliseconds / whole) for each in curve])
    prediction = None
    if len(np.unique(saved[:, 0])) > 2:
      slope, start = np.polyfit(*saved.T, 1)
      prediction = {'start': start, 'slope': slope,
                    'correlation': np.corrcoef(saved.T)[0, 1]}
    return {'quantization': self.times.quantization,
            'texts': len(self.times.rows), 'whole': whole,
            'milliseconds': point.milliseconds,
            'saved': 1 - point.milliseconds / whole,
            'prediction': prediction, 'beside': self.times.beside}

  def _exits(self) -> list[dict[str, Any]]:
    """Returns quality, calibration and texts of each exit, used or not."""
    found, thresholds = [], [*self.rule.thresholds, None]
    left_at = self.exit_blocks
    for number, block in enumerate(self._blocks):
      logs = rule_lib.log_softmax(self.logits[:, number])
      right = (logs.argmax(1) == self.labels).astype(np.float64)
      found.append({
          'block': int(block),
          'accuracy': metrics_lib.group('', right, 1.0),
          'calibration_error': analysis.calibration(
              np.exp(logs.max(1)), right).error,
          'texts': int((left_at == block).sum()),
          'milliseconds': None if self.times is None else float(
              self.times.milliseconds[:, number].mean()),
          'threshold': thresholds[number] if number < len(thresholds) else None,
      })
    return found


def saving(blocks: np.ndarray, num_blocks: int) -> float:
  """Returns the share of blocks that are not computed.

  The paper's expected saving (section 4.3), which DeeBERT's code prints as what
  remains.

  Args:
    blocks: Number of blocks of each text.
    num_blocks: Number of all blocks.

  Example, of huggingface/transformers' users on MRPC (DeeBERT issue 4):

  >>> blocks = np.repeat([6, 8, 9, 10, 11, 12], [4, 1, 10, 110, 58, 225])
  >>> round(saving(blocks, 12), 8)
  0.06862745
  """
  return float(1.0 - np.mean(blocks) / num_blocks)


@dataclasses.dataclass(frozen=True)
class Point:
  """What a threshold gives.

  Attributes:
    threshold: The threshold of all exits.
    accuracy: Share of right answers.
    mean_blocks: Mean number of blocks of a text.
    milliseconds: Mean time of a text, if it was measured.
    timed_blocks: Mean number of blocks of the texts that were timed.
  """
  threshold: float
  accuracy: float
  mean_blocks: float
  milliseconds: float | None = None
  timed_blocks: float | None = None


class Scorer:
  """Scores thresholds on texts whose exits are all computed, once for all.

  Args:
    logits: `[texts, exits + 1, classes]`.
    labels: True classes, `[texts]`.
    rule: The rule, whose thresholds do not count.
    num_blocks: Number of all blocks.
    times: Measured times, if there are any.
  """

  def __init__(self, logits: np.ndarray, labels: np.ndarray,
               rule: rule_lib.Rule, num_blocks: int,
               times: Times | None = None):
    self._times = times
    self._rule, self._measures = rule, rule.measures(logits)
    self._right = logits.argmax(-1) == np.asarray(labels)[:, np.newaxis]
    self._blocks = np.array([*rule.blocks, num_blocks])

  @property
  def whole(self) -> float:
    """Accuracy of the whole model."""
    return float(self._right[:, -1].mean())

  def score(self, thresholds: Sequence[float]) -> Point:
    """Returns what thresholds give: one for all exits, one each, or none."""
    if len(thresholds) == 1:
      thresholds = [*thresholds] * self._rule.num_exits
    exits = self._rule.exits_of(self._measures, thresholds)
    right = self._right[np.arange(len(exits)), exits]
    blocks, times = self._blocks[exits], self._times
    return Point(max(thresholds, default=0.0), float(right.mean()),
                 float(blocks.mean()), times and times.of(exits),
                 times and float(blocks[times.rows].mean()))

  def curve(self, points: int = _POINTS) -> list[Point]:
    """Returns accuracy and blocks over thresholds, the fewest blocks first.

    Args:
      points: Number of thresholds; of those that give the same, one is
        returned.
    """
    found: dict[tuple[float, float], Point] = {}
    for threshold in self.candidates(points):
      point = self.score([float(threshold)])
      found.setdefault((point.mean_blocks, point.accuracy), point)
    return sorted(found.values(), key=lambda point: point.mean_blocks)

  def candidates(self, points: int,
                 exit_number: int | None = None) -> np.ndarray:
    """Returns thresholds from where no text leaves to where all do.

    They are quantiles of what was measured, so that neighbours differ.

    Args:
      points: Number of quantiles.
      exit_number: Exit whose measures count; None for all.
    """
    if self._rule.criterion == rule_lib.PATIENCE:
      return np.arange(self._rule.num_exits + 1)
    measures = self._measures
    if exit_number is not None:
      measures = measures[:, exit_number]
    inner = np.unique(np.quantile(measures, np.linspace(0, 1, points)))
    if self._rule.criterion == rule_lib.CONFIDENCE:
      return np.concatenate([[0.0], inner, [1.0]])
    return np.concatenate([[0.0], inner, [2 * measures.max() + 1]])
