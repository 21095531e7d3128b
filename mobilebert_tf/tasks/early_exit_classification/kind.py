# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The kind of task of a classifier with early exits.

Its answers are rows of the probabilities and, behind them, the number of blocks
that were computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from typing import NamedTuple

import numpy as np

from mobilebert_tf.common import parsing
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks.classification import kind as classification
from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib
from mobilebert_tf.tasks.early_exit_classification import segments


class ExitLabel(NamedTuple):
  """The most probable label of a text, and where the text left the model.

  `probability` is from 0 to 1; `truncated` says that the text is longer than
  the model reads; `exit_block` is the number of blocks that were computed.
  """
  label: str
  probability: float
  truncated: bool = False
  exit_block: int = 0


# Exits that all segments are run for.
_NEVER = {'criterion': rule_lib.ENTROPY, 'thresholds': [0.0]}
_TUNED = ('thresholds', 'accuracies', 'mean_blocks')


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of a `.tflite` file.

  Attributes:
    criterion: One of `rule.CRITERIA`.
    blocks: Numbers of the blocks with an exit, counted from 1.
    num_blocks: Number of all blocks.
    thresholds: Threshold of each exit; empty if no text leaves early.
    tuned: Lists of `thresholds` of all exits, and of their `accuracies` and
      `mean_blocks` on held-out texts; empty if it is not known.
  """
  criterion: str
  blocks: tuple[int, ...] = dataclasses.field(
      metadata={task_kind.FIXED: True})
  num_blocks: int = dataclasses.field(metadata={task_kind.FIXED: True})
  thresholds: tuple[float, ...]
  tuned: Mapping[str, Sequence[float]] = dataclasses.field(
      default_factory=dict, metadata={task_kind.FIXED: True})

  def __post_init__(self):
    if (not isinstance(self.blocks, list | tuple) or not self.blocks
        or any(type(each) is not int for each in (*self.blocks,
                                                  self.num_blocks))
        or sorted({0, *self.blocks, self.num_blocks}) != [
            0, *self.blocks, self.num_blocks]):
      raise ValueError(
          f'blocks are {self.blocks!r:.80} of {self.num_blocks!r:.20}; they '
          'have to be ascending numbers from 1 to below that.')
    object.__setattr__(self, 'blocks', tuple(self.blocks))
    object.__setattr__(self, 'thresholds', self.rule.thresholds)
    self._check_tuned()

  def _check_tuned(self) -> None:
    lists = list(self.tuned.values()) if isinstance(
        self.tuned, Mapping) else [None]
    if (not all(isinstance(each, list | tuple)
                and all(map(parsing.is_number, each)) for each in lists)
        or len(set(map(len, lists))) > 1
        or lists and set(self.tuned) != set(_TUNED)):
      raise ValueError(
          f'tuned is {self.tuned!r:.80}; it has to be lists of numbers, '
          f'equally long, of {", ".join(_TUNED)}.')

  @property
  def rule(self) -> rule_lib.Rule:
    """The rule by which texts leave."""
    return rule_lib.Rule(self.criterion, self.blocks, self.thresholds)


class EarlyExitClassification(classification.Classification):
  """One label of several for each text, after few blocks if that is sure."""

  name = 'early_exit_classification'
  title = 'classifier with early exits'
  experiment = 'mobilebert/early_exit'
  text_outputs = (segments.PROBABILITIES, segments.EXIT_BLOCK)
  number_outputs = (segments.PROBABILITIES,)
  recipes = ()
  mediapipe_task = ''  # It would never leave early.
  settings_class = Settings

  # === Loading ===

  def is_run(self, task):
    return task.get('kind') == self.name

  def is_checkpoint(self, num_classes, problem_type):
    return False  # Only runs have exits.

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.EarlyExitClassifier

  def task_config(self):
    from mobilebert_tf.tasks.classification import loader
    from mobilebert_tf.tasks.early_exit_classification import task
    return task.EarlyExitConfig(
        train_data=loader.TextClassificationDataConfig(),
        validation_data=loader.TextClassificationDataConfig(is_training=False))

  def experiments(self):
    from mobilebert_tf.tasks import recipes
    # The published length. New heads learn too little at the published rate,
    # 2e-5; see docs/early_exits.md.
    return [recipes.Experiment(
        self.experiment.removeprefix('mobilebert/'), self.task_config,
        train_steps=3 * 67_349 // 32, learning_rate=1e-3,
        can_have_teacher=False)]

  def rule(self, trained) -> rule_lib.Rule:
    """Returns the rule by which texts leave a model."""
    from mobilebert_tf.tasks.early_exit_classification import task
    return task.exit_rule(trained.params.task)

  # === Prediction ===

  def text_scores(self, logits, trained):
    return segments.choose(logits, self.rule(trained), _depth(trained))

  def describe(self, scores, trained):
    return {**super().describe(scores[:-1], trained),
            segments.EXIT_BLOCK: int(scores[-1])}

  def to_answer(self, row, labels):
    best = int(np.argmax(row[:-1]))
    return ExitLabel(labels[best], float(row[best]), exit_block=int(row[-1]))

  def answer_served(self, outputs, texts, labels):
    return super().answer_served(
        {**outputs, segments.PROBABILITIES: self.served_answers(outputs)},
        texts, labels)

  # === Deployment ===

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.early_exit_classification import serving
    return serving.EarlyExitText(
        model, text_tokenizer, trained.max_length, pairs=bool(trained.pairs),
        xla=xla, labels=trained.labels, rule=self.rule(trained))

  def served_answers(self, outputs):
    return segments.join(
        outputs[segments.PROBABILITIES], outputs[segments.EXIT_BLOCK])

  def settings(self, trained):
    rule = self.rule(trained)
    tuned = trained.params.task.exits.tuned.as_dict()
    return Settings(
        rule.criterion, rule.blocks, _depth(trained), rule.thresholds,
        tuned if any(tuned.values()) else {})

  def checked(self, trained):
    """Has the segments compared with the whole model as well."""
    params = trained.params.replace()
    params.task.exits.override(_NEVER)
    return [(trained, {}), (dataclasses.replace(trained, params=params),
                            _NEVER)]

  def file_row(self, outputs):
    blocks = outputs.get(segments.EXIT_BLOCK, np.zeros(1))  # Of no text, none.
    return segments.join(outputs[segments.PROBABILITIES], blocks)[0]

  def file_signatures(self, signature, metadata):
    if not _has_segments(metadata):
      return {}
    last = metadata.settings.rule.num_exits
    return {segments.name(signature, index): (
        {segments.LOGITS, segments.STREAM} if index < last
        else {segments.PROBABILITIES}) for index in range(last + 1)}

  def run_file(self, run, signature, metadata, inputs):
    settings = metadata.settings
    if _has_segments(metadata) and settings.thresholds:
      return segments.run(
          run, signature, settings.rule, settings.num_blocks, inputs)
    return {**run(signature, inputs),
            segments.EXIT_BLOCK: np.array([settings.num_blocks])}

  def file_scores(self, runner, texts, pairs):
    return self.comparable(runner, texts, pairs)[:, :-1]

  def agreement(self, answers, reference):
    return {
        **super().agreement(answers[:, :-1], reference[:, :-1]),
        'share': float(np.mean(~self.differ(answers, reference))),
        'equal_exits': float(np.mean(answers[:, -1] == reference[:, -1])),
        'mean_blocks': float(np.mean(answers[:, -1]))}

  def differ(self, found, expected):
    return (found[..., :-1].argmax(-1) != expected[..., :-1].argmax(-1)) | (
        found[..., -1] != expected[..., -1])

  def certainly_differ(self, trained, texts, found, expected):
    """Leaves out what follows from a measure nearer to its threshold than that.

    Such a text may leave at another exit, and has the label of that exit then.
    """
    from mobilebert_tf.tasks.classification import predictor
    rule, found = self.rule(trained), np.stack(found)
    logits = predictor.TextPredictor(trained).logits(texts.texts, texts.pairs)
    taken = np.searchsorted([*rule.blocks, _depth(trained)], found[:, -1])
    return (rule.is_steady(logits) & self.differ(found, np.stack(expected))) | (
        rule.is_wrong(logits, taken, found[:, :-1].argmax(-1)))

  # === Evaluation ===

  def predictions(self, trained, examples, logits, **fields):
    return self.predictions_class(
        texts=examples.texts, pairs=examples.pairs,
        label_names=examples.labels, labels=self.truth(examples),
        scores=self.text_scores(logits, trained)[:, :-1], logits=logits,
        rule=self.rule(trained), num_blocks=_depth(trained),
        operations=_operations(trained), **fields)

  @property
  def predictions_class(self):
    from mobilebert_tf.tasks.early_exit_classification import scoring
    return scoring.ExitPredictions

  def export_scores(self, truth, answers):
    return super().export_scores(truth, answers[:, :-1])

  def report_parts(self):
    from mobilebert_tf.tasks.early_exit_classification import report
    return report.ExitReportParts()


def _depth(trained) -> int:
  return trained.model.encoder.architecture.num_blocks


def _operations(trained) -> tuple[float, ...]:
  """Returns operations to each exit as shares of those of the whole encoder."""
  from mobilebert_tf.modeling import layout
  architecture = trained.model.encoder.architecture
  blocks = [*trained.model.exit_blocks, architecture.num_blocks]
  counts = [layout.count_operations(architecture, trained.max_length, each)
            for each in blocks]
  return tuple(each / counts[-1] for each in counts)


def _has_segments(metadata) -> bool:
  """Returns whether a file has more than the unbroken model."""
  from mobilebert_tf.deployment import tflite_file
  return metadata.runtime == tflite_file.LITERT
