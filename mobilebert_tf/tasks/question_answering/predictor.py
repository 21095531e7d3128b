# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers questions with a part of their context, however long that is."""

from collections.abc import Sequence
import dataclasses
import functools
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.inference import line_answers
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import validation
from mobilebert_tf.tasks.question_answering import graph_windows
from mobilebert_tf.tasks.question_answering import spans
from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import windows as windows_lib

# The authors' settings, for models without a run.
_DEFAULT = windows_lib.WindowSettings()


class QuestionAnswerer:
  """Answers questions with a question-answering model.

  Contexts of any length are read in overlapping windows. Every batch ends in
  padding, so an answer depends on its question and context alone.

  Args:
    trained: A question-answering model.
    batch_size: Number of windows in a batch.
    n_best: Number of answers to keep.
    max_answer_length: Maximum length of an answer in tokens.
    allow_no_answer: Whether "there is no answer" is an answer; None for the
      setting of the run, or False.
    null_threshold: No-answer score above which there is no answer; None for
      that of the run (`task.null_score_diff_threshold`), or 0.
    doc_stride: Distance between the starts of windows in tokens; None for that
      of the run, or 128.

  Raises:
    ValueError: If the model is for another task, or a number is out of range.

  Example:

    answerer = QuestionAnswerer(registry.load('runs/squad'))
    [answer] = answerer.answer(['Who wrote it?'], ['Ada wrote the programme.'])
    answer.text, answer.start, answer.end  # 'Ada', 0, 3
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32, *,
               n_best: int = 20, max_answer_length: int = 30,
               allow_no_answer: bool | None = None,
               null_threshold: float | None = None,
               doc_stride: int | None = None):
    if trained.kind.name != 'question_answering':
      raise ValueError(
          f'A model for {trained.kind.name.replace("_", " ")} does not find '
          'answers in a context. Fine-tune one: python -m mobilebert_tf.train '
          '--experiment=mobilebert/squad_v2.')
    if batch_size < 1:
      raise ValueError(f'batch_size is {batch_size}; it is at least 1.')
    self.trained = trained
    task = trained.params.task if trained.params else None
    if allow_no_answer is None:
      allow_no_answer = bool(task and task.train_data.version_2_with_negative)
    if null_threshold is None:
      null_threshold = task.null_score_diff_threshold if task else 0.0
    self.allow_no_answer, self.null_threshold = allow_no_answer, null_threshold
    self._batch_size = batch_size
    self.span_settings = spans.SpanSettings(n_best, max_answer_length)
    self.window_settings = _window_settings(trained, doc_stride)
    self._tokenizer = tokenizer.Tokenizer.of(trained)
    self._model = rewriting.InferenceModel(trained.model)

  def answer(self, questions: Sequence[str],
             contexts: Sequence[str]) -> list[spans.Answer]:
    """Answers each question from its context; empty where one has no text.

    Args:
      questions: The questions.
      contexts: The text that each is about; equal ones are tokenised once.

    Raises:
      ValueError: If there are more or fewer contexts than questions, or the
        model's weights are damaged.
    """
    if len(questions) != len(contexts):
      raise ValueError(f'There are {len(questions)} questions and '
                       f'{len(contexts)} contexts.')
    if not questions:
      return []
    texts, paragraphs = spans.number_contexts(contexts)
    windows = graph_windows.TextWindows(
        self._tokenizer, questions, texts, paragraphs, self.window_settings)
    finder = spans.SpanFinder(windows, self.span_settings)
    order = np.argsort(windows.length, kind='stable')
    # The longest first, so that a lack of memory shows early.
    for start in reversed(range(0, len(order), self._batch_size)):
      rows = order[start:start + self._batch_size]
      logits = self._compute(*windows.segments(rows))
      for row, starts, ends in zip(rows, *(x.numpy() for x in logits),
                                   strict=True):
        finder.add(int(row), starts, ends)
    return spans.choose_all(finder, questions, contexts, self.allow_no_answer,
                            self.null_threshold)

  @functools.cached_property
  def _compute(self):
    def compute(question: tf.RaggedTensor,
                context: tf.RaggedTensor) -> list[tf.Tensor]:
      inputs = self._tokenizer.pack([question, context])
      logits = self._model([inputs[name] for name in validation.INPUT_NAMES])
      return [tf.cast(x, tf.float32) for x in logits]

    # Lengths and sizes of batches are left open, so it is traced once.
    ids = tf.RaggedTensorSpec([None, None], tf.int32)
    return tf.function(compute, input_signature=[ids, ids])


class QuestionLineAnswerer(line_answers.LineAnswerer):
  """Answers lines with `answer`, `start`, `end` and `score`.

  `start` and `end` count code points and are null for no answer. Where that may
  be, the no-answer score follows as `null_odds`. `truncated: true` says that
  the end of the question was not read.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    super().__init__(trained)
    self._questions = QuestionAnswerer(trained, batch_size)

  def _check(self, fields: dict[str, Any]) -> str:
    return line_answers.check_strings(fields, ['question', 'context'])

  def _answer(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers = self._questions.answer(
        [fields['question'] for fields in lines],
        [fields['context'] for fields in lines])
    return [
        {'answer': answer.text, 'start': answer.start, 'end': answer.end,
         'score': round(answer.score, 6)}
        | ({'null_odds': round(answer.null_odds, 6)}
           if self._questions.allow_no_answer else {})
        | ({'truncated': True} if answer.truncated else {})
        for answer in answers
    ]


def encode_windows(trained: loading.TrainedModel,
                   texts: agreement.RealTexts, *, rows: int,
                   length: int | None,
                   most: int | None) -> list[dict[str, tf.Tensor]]:
  """Encodes the windows of questions and contexts; see `TaskKind.encode`."""
  settings = _window_settings(trained, None)
  if length is not None and length - 1 < settings.seq_length:
    # Half of a shorter window is the question.
    settings = dataclasses.replace(
        settings, seq_length=length - 1,
        query_length=max(1, min(settings.query_length, (length - 1) // 2 - 2)))
  windows = graph_windows.TextWindows(
      tokenizer.Tokenizer.of(trained), texts.texts,
      texts.pairs, range(len(texts)), settings)
  return [windows.batch(part, length) for part in agreement.row_batches(
      len(windows), rows, most)]


def _window_settings(trained: loading.TrainedModel,
                     doc_stride: int | None) -> windows_lib.WindowSettings:
  if trained.params:
    settings = trained.params.task.train_data.window_settings()
  else:
    length = min(trained.max_length, _DEFAULT.seq_length)
    # A short model has to leave room for the context.
    settings = dataclasses.replace(
        _DEFAULT, seq_length=length,
        query_length=min(_DEFAULT.query_length, max(1, length // 2)))
  if doc_stride is None:
    return settings
  return dataclasses.replace(settings, doc_stride=doc_stride)
