# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fine-tuning on SQuAD v1.1 and v2.0: data, task and recipe."""

import dataclasses
import functools
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.common import notices
from mobilebert_tf.data import batches
from mobilebert_tf.data import squad
from mobilebert_tf.tasks import fine_tuning
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.pretraining import task
from mobilebert_tf.tasks.question_answering import graph_windows
from mobilebert_tf.tasks.question_answering import metrics as metrics_lib
from mobilebert_tf.tasks.question_answering import spans as spans_lib
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import windows as windows_lib
from official.core import base_task
from official.core import config_definitions as cfg
from official.core import task_factory
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
from official.nlp.tasks import question_answering

_NO_ANSWER = (-1, -1)
_UNANSWERED = ('no answer, which SQuAD v2.0 alone allows (--task=squad_v2, or '
               'version_2_with_negative=true)')
_OTHER_UNIT = (
    'the offset of the answer counts units of {0}, as those of JavaScript '
    '(utf16) or Go (utf8), not characters; read such files with --offsets={0}')
# Most windows of SQuAD have 100 to 250 tokens: steps of 32 pad 10% of a batch.
_BUCKET_STEP = 32

_MASKED = -1e9
_USUAL_LENGTH = 384


# === Data ===


@dataclasses.dataclass(frozen=True)
class TrainingQuestions:
  """Questions with the answers to learn.

  Attributes:
    questions: Questions that can be trained on.
    spans: First character of each answer in the context and the one after the
      last, int32 `[questions, 2]`; -1, -1 for "there is no answer".
    skipped: Places of all other questions, by the reason.
  """
  questions: tuple[squad.Question, ...]
  spans: np.ndarray
  skipped: dict[str, list[str]]


def select(data: squad.SquadData,
           version_2_with_negative: bool) -> TrainingQuestions:
  """Finds the questions that can be trained on, each with its first answer.

  Args:
    data: The questions.
    version_2_with_negative: Whether questions without an answer are kept.
  """
  questions, spans, skipped = [], [], {}
  for question in data.questions:
    reason, span = _examine(question, data.context(question),
                            version_2_with_negative)
    if reason:
      skipped.setdefault(reason, []).append(question.place)
    else:
      questions.append(question)
      spans.append(span)
  return TrainingQuestions(
      tuple(questions), np.array(spans, np.int32).reshape([-1, 2]), skipped)


def _examine(question: squad.Question, context: str,
             version_2_with_negative: bool) -> tuple[str, tuple[int, int]]:
  """Returns why a question cannot be trained on, or the span of its answer."""
  if not question.text.strip():
    return 'the question is empty', _NO_ANSWER
  if not context.strip():
    return 'the context is empty', _NO_ANSWER
  if question.is_contradictory:
    return 'is_impossible contradicts the answers', _NO_ANSWER
  if not question.answers:
    if version_2_with_negative:
      return '', _NO_ANSWER
    return _UNANSWERED, _NO_ANSWER
  answer = question.located(context)
  if answer is None:
    if not any(answer.text.strip() for answer in question.answers):
      return 'the answer is empty', _NO_ANSWER
    if unit := question.find_unit(context):
      return _OTHER_UNIT.format(unit), _NO_ANSWER
    return 'the answer is not at its offset', _NO_ANSWER
  return '', (answer.start, answer.start + len(answer.text))


@dataclasses.dataclass
class QuestionAnsweringDataConfig(cfg.DataConfig):
  """Questions on contexts, in SQuAD's JSON.

  Attributes:
    input_path: Files of SQuAD v1.1 or v2.0 or globs, as a list or with commas.
    global_batch_size: Number of windows in a batch over all replicas.
    is_training: Whether to shuffle and repeat. If not, all questions are read
      once, the shortest windows first.
    version_2_with_negative: Whether there may be no answer, as in v2.0. If not,
      questions without an answer are skipped and counted.
    titles: Articles to read; empty for all.
    exclude_titles: Articles to leave out.
    offsets: Unit of `answer_start`: `characters`, `utf16` or `utf8`.
    vocab_file: BERT's `vocab.txt`.
    lower_case: Whether to lower-case, and to strip accents (`text.settings`).
    max_word_length: Maximum length of a word in characters.
    seq_length: Maximum length of a window in tokens, special ones included.
      Batches are at most one longer: padding follows every window.
    doc_stride: Distance between the starts of windows in tokens.
    query_length: Maximum length of a question in tokens.
    seed: Seed of shuffling; None for another order in each run.
    start_batch: First batch of training, set when a run is resumed.
    batch_by_length: Whether training uses bucketing, which saves padding.
  """
  input_path: str = ''
  global_batch_size: int = 32
  is_training: bool = True
  version_2_with_negative: bool = False
  titles: list[str] = dataclasses.field(default_factory=list)
  exclude_titles: list[str] = dataclasses.field(default_factory=list)
  offsets: str = 'characters'
  vocab_file: str = ''
  lower_case: bool | str = True
  max_word_length: int = text_settings.MAX_WORD_LENGTH
  seq_length: int = 384
  doc_stride: int = 128
  query_length: int = 64
  seed: int | None = None
  start_batch: int = 0
  batch_by_length: bool = True

  def window_settings(self) -> windows_lib.WindowSettings:
    return windows_lib.WindowSettings(
        self.seq_length, self.doc_stride, self.query_length)


@dataclasses.dataclass(frozen=True)
class PreparedQuestions:
  """Questions that were read, checked and cut into windows.

  Attributes:
    data: Content of the files.
    questions: Questions that have windows, in the order of the windows.
    windows: The windows.
    positions: int32 `[windows, 2]`, first and last token of the answer, 0 where
      a window has none; None in evaluation.
    rows: int64, numbers of the windows to use.
  """
  data: squad.SquadData
  questions: tuple[squad.Question, ...]
  windows: graph_windows.TextWindows
  positions: np.ndarray | None
  rows: np.ndarray


@data_loader_factory.register_data_loader_cls(QuestionAnsweringDataConfig)
class QuestionAnsweringDataLoader(data_loader.DataLoader):
  """Tokenises all questions and contexts once, then batches their windows.

  Files are read by `load`.

  Raises:
    ValueError: If a setting is missing or out of range.

  Example:

    loader = QuestionAnsweringDataLoader(QuestionAnsweringDataConfig(
        input_path='train-v1.1.json', vocab_file='vocab.txt'))
    features, labels = next(iter(loader.load()))
  """

  def __init__(self, params: QuestionAnsweringDataConfig):
    batches.check(params)
    params.window_settings()
    self._params = params

  @functools.cached_property
  def prepared(self) -> PreparedQuestions:
    """The questions and windows, read when first used; raises as `load`."""
    params = self._params
    data = squad.read(
        params.input_path, params.titles, params.exclude_titles,
        version_2=params.version_2_with_negative, offsets=params.offsets)
    chosen = select(data, params.version_2_with_negative)
    questions = chosen.questions
    if not params.is_training:
      # Questions that cannot be trained on are scored all the same.
      questions = tuple(q for q in data.questions
                        if q.answers or params.version_2_with_negative)
      notices.tell_left_out({_UNANSWERED: [
          q.place for q in data.questions if not (
              q.answers or params.version_2_with_negative)]},
                            len(data.questions), 'questions', params.input_path)
    tokenizer = tokenizer_lib.Tokenizer.of(params)
    windows = graph_windows.TextWindows(
        tokenizer, [q.text for q in questions], data.contexts,
        [q.paragraph for q in questions], params.window_settings())
    if not params.is_training:
      # Windows of similar length need little padding.
      return PreparedQuestions(data, questions, windows, None,
                               np.argsort(windows.length, kind='stable'))
    usable = (chosen.spans[:, 0] < 0) | windows.has_tokens(chosen.spans)
    if not usable.all():
      chosen.skipped['no token stands for the answer'] = [
          q.place for q, keep in zip(questions, usable, strict=True)
          if not keep]
    notices.tell_left_out(chosen.skipped, len(data.questions), 'questions',
                          params.input_path)
    return PreparedQuestions(
        data, questions, windows, windows.positions(chosen.spans),
        np.flatnonzero(usable[windows.question]))

  def load(self, input_context: tf.distribute.InputContext | None = None
           ) -> tf.data.Dataset:
    """Returns the batches.

    Args:
      input_context: Part of the windows that this worker reads.

    Returns:
      Pairs of features, int32 `input_word_ids`, `input_mask` and
      `input_type_ids` `[batch, length]`, and labels: in training
      `start_positions` and `end_positions`, int32 `[batch]`, and the
      `input_mask`; in evaluation `rows`, numbers of windows, int64 `[batch]`.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a file cannot be read, or no question can be used.
    """
    params, prepared = self._params, self.prepared
    windows = prepared.windows

    def make_batch(rows: tf.Tensor, length: tf.Tensor):
      features = windows.batch(rows, length)
      if prepared.positions is None:
        return features, {'rows': rows}
      positions = tf.gather(prepared.positions, rows)
      return features, {'start_positions': positions[:, 0],
                        'end_positions': positions[:, 1],
                        'input_mask': features['input_mask']}

    # One more than the tokens: padding follows every window.
    needed = tf.constant(windows.length + 1, tf.int32)
    return batches.load(
        needed, batches.lengths(params.seq_length, _BUCKET_STEP), make_batch,
        params, input_context, prepared.rows)


# === Task ===


@dataclasses.dataclass
class QuestionAnsweringConfig(
    gradient_step.StepConfig, question_answering.QuestionAnsweringConfig):
  """The Model Garden's config, with our encoder and data.

  Attributes:
    kind: Kind of task in `tasks/registry.py`.
    null_score_diff_threshold: No-answer score above which a question has no
      answer (v2.0). Evaluation reports the best one.
  """
  kind: str = 'question_answering'
  model: question_answering.ModelConfig = dataclasses.field(
      default_factory=lambda: question_answering.ModelConfig(
          encoder=task.encoder_config(
              modeling.get_architecture('mobilebert'))))
  train_data: QuestionAnsweringDataConfig = dataclasses.field(
      default_factory=QuestionAnsweringDataConfig)
  validation_data: QuestionAnsweringDataConfig = dataclasses.field(
      default_factory=lambda: QuestionAnsweringDataConfig(is_training=False))


def squad_config(version_2: bool) -> QuestionAnsweringConfig:
  """Returns the config for SQuAD v1.1 or v2.0."""
  return QuestionAnsweringConfig(**{
      part: QuestionAnsweringDataConfig(
          is_training=part == 'train_data', version_2_with_negative=version_2)
      for part in ('train_data', 'validation_data')})


@task_factory.register_task_cls(QuestionAnsweringConfig)
class QuestionAnsweringTask(
    fine_tuning.FineTuning, question_answering.QuestionAnsweringTask):
  """The Model Garden's task on our windows, with padding masked."""

  def __init__(self, params: QuestionAnsweringConfig,
               logging_dir: str | None = None, name: str | None = None):
    # Not the Model Garden's, which writes the validation data as records.
    base_task.Task.__init__(self, params, logging_dir, name=name)
    self._validation = None

  def build_model(self) -> modeling.MobileBertQuestionAnswering:
    """Returns a new model; raises ValueError for another encoder than ours."""
    return modeling.MobileBertQuestionAnswering(self.build_encoder())

  def build_inputs(
      self, params: QuestionAnsweringDataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches; see the loader.

    Raises:
      FileNotFoundError: If a file is missing.
      ValueError: If a file cannot be used, or does not fit the model.
    """
    loader = QuestionAnsweringDataLoader(params)
    self.check_data(params)
    if not params.is_training:
      self._validation = (loader.prepared, params.version_2_with_negative)
    return loader.load(input_context)

  def build_losses(self, labels: dict[str, tf.Tensor],
                   model_outputs: list[tf.Tensor],
                   aux_losses: Any = None) -> tf.Tensor:
    """Returns the mean cross entropy of start and end, with padding masked.

    Unmasked, a window's loss would depend on the length of its batch.
    """
    matched = self.outputs_to_match(model_outputs, labels)
    return super().build_losses(
        labels, [each.logits for each in matched], aux_losses)

  def outputs_to_match(self, outputs: list[tf.Tensor],
                       labels: dict[str, tf.Tensor]
                       ) -> list[fine_tuning.Matched]:
    """Returns the logits of start and end, with padding masked."""
    padding = _MASKED * (1.0 - tf.cast(labels['input_mask'], tf.float32))
    return [fine_tuning.Matched(tf.cast(logits, tf.float32) + padding)
            for logits in outputs]

  # === Evaluation ===

  def validation_step(self, inputs: tuple[dict[str, tf.Tensor], ...],
                      model: tf_keras.Model,
                      metrics: list[tf_keras.metrics.Metric] | None = None
                      ) -> dict[str, tf.Tensor]:
    """Returns the rows of a batch and their logits."""
    features, labels = inputs
    start_logits, end_logits = self.inference_step(features, model)
    return {'rows': labels['rows'], 'start_logits': start_logits,
            'end_logits': end_logits}

  def aggregate_logs(self, state: Any = None,
                     step_outputs: dict[str, Any] | None = None) -> Any:
    """Collects the spans of a step's windows."""
    config = self.task_config
    prepared, _ = self._validation
    finder = state or spans_lib.SpanFinder(
        prepared.windows, spans_lib.SpanSettings(
            config.n_best_size, config.max_answer_length))
    names = ('rows', 'start_logits', 'end_logits')
    # Each output has a tensor for each replica.
    for replica in zip(*(step_outputs[name] for name in names), strict=True):
      rows, *logits = (np.asarray(value) for value in replica)
      for row, start, end in zip(rows, *logits, strict=True):
        finder.add(int(row), start, end)
    return finder

  def reduce_aggregated_logs(self, aggregated_logs: Any,
                             global_step: tf.Tensor | None = None
                             ) -> dict[str, float]:
    """Returns the official scores, in percent; see `metrics.evaluate`.

    For v2.0 they are those at `null_score_diff_threshold`.
    """
    prepared, version_2 = self._validation
    predictions, null_odds = {}, {}
    for i, question in enumerate(prepared.questions):
      spans = aggregated_logs.spans(i)
      predictions[question.id] = ''
      null_odds[question.id] = 0.0
      if spans.best and question.text.strip():
        best, context = spans.best[0], prepared.data.context(question)
        predictions[question.id] = context[best.start:best.end]
        null_odds[question.id] = spans.null_odds
    data = dataclasses.replace(prepared.data, questions=prepared.questions)
    return metrics_lib.evaluate(
        data, predictions, null_odds if version_2 else None,
        self.task_config.null_score_diff_threshold, version_2)


# === Recipe ===


def read_recipe(recipe: Any, start: recipes.Start) -> recipes.RecipeData:
  """Reads all files that a recipe names; see `TaskKind.read_recipe`."""
  fields = recipes.data_fields(recipe, start, _USUAL_LENGTH)
  length = fields['seq_length']
  common = {
      **fields, 'offsets': recipe.offsets,
      'version_2_with_negative': recipe.task == 'squad_v2',
      # The authors' settings, a third and a sixth of a shorter window.
      'doc_stride': min(128, max(1, length // 3)),
      'query_length': min(64, max(1, length // 6))}
  titles = list(recipe.dev_titles)
  train = {**common, 'input_path': recipe.train_file, 'exclude_titles': titles}
  dev = {**common, 'input_path': recipe.dev_file, 'titles': titles}
  prepared = QuestionAnsweringDataLoader(
      QuestionAnsweringDataConfig(**train)).prepared
  version_2 = recipe.task == 'squad_v2'
  parts = {'dev': squad.read(recipe.dev_file, titles, version_2=version_2)}
  parts['dev'].check_answers()
  if recipe.test_file:
    parts['test'] = squad.read(recipe.test_file, version_2=version_2)
  return recipes.RecipeData(
      experiment=f'mobilebert/{recipe.task}',
      task={'train_data': train, 'validation_data': dev},
      num_examples=len(prepared.rows),
      skipped={'train': len(prepared.data.questions) - len(set(
          prepared.windows.question[prepared.rows].tolist()))},
      parts=parts, decisive_metrics=('f1',))
