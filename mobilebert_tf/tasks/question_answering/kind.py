# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers to questions about a text, as the engines see them."""

import dataclasses
import functools

import numpy as np

from mobilebert_tf.common import parsing
from mobilebert_tf.inference import task_kind
from mobilebert_tf.text import windows as windows_lib

# In logits: near a tie a probability changes by a quarter of that.
_ROUNDING = 4 * task_kind.ROUNDING


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of question answering in a `.tflite` file.

  Attributes:
    doc_stride: Number of tokens by which a window starts after the last one.
    query_length: Maximum length of a question in tokens.
    n_best: Number of candidate answers.
    max_answer_length: Maximum length of an answer in tokens.
    allow_no_answer: Whether "there is no answer" is an answer.
    null_threshold: No-answer score above which there is no answer.
    max_windows: Maximum number of windows of a context.

  Raises:
    ValueError: If a value is of another type or out of range.
  """
  doc_stride: int = 128
  query_length: int = 64
  n_best: int = 20
  max_answer_length: int = 30
  allow_no_answer: bool = False
  null_threshold: float = 0.0
  max_windows: int = windows_lib.MOST_WINDOWS

  def __post_init__(self):
    from mobilebert_tf.deployment import tflite_file
    for name in ('doc_stride', 'query_length', 'n_best', 'max_answer_length',
                 'max_windows'):
      tflite_file.check_int(name, getattr(self, name), 1)
    tflite_file.check_type('allow_no_answer', self.allow_no_answer, bool)
    if not parsing.is_number(self.null_threshold):
      raise ValueError(f'null_threshold is {self.null_threshold!r}; it has to '
                       'be a finite number.')


class QuestionAnswering(task_kind.TaskKind):
  """A part of its context for each question, or no answer."""

  name = 'question_answering'
  title = 'question-answering head'
  pipeline = 'question-answering'
  head = 'question_answering'
  experiment = 'mobilebert/squad_v2'
  text_names = ('question', 'context')
  pair_title = 'a question and the context that it is about'
  reads_pairs = True
  text_outputs = ('answer', 'start', 'end')
  number_outputs = ('start_logits', 'end_logits')
  sample_size = 64
  recipes = ('squad_v1', 'squad_v2')
  settings_class = Settings

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.MobileBertQuestionAnswering

  def is_run(self, task):
    return 'doc_stride' in (task.get('train_data') or ())

  def task_config(self):
    from mobilebert_tf.tasks.question_answering import task
    return task.QuestionAnsweringConfig()

  def line_answerer(self, trained, batch_size):
    from mobilebert_tf.tasks.question_answering import predictor
    return predictor.QuestionLineAnswerer(trained, batch_size)

  def answerer(self, trained):
    from mobilebert_tf.tasks.question_answering import predictor
    return predictor.QuestionAnswerer(trained).answer

  # === Deployment ===

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.question_answering import serving
    return serving.build(trained, model, text_tokenizer, xla=xla)

  def encode(self, trained, texts, *, rows, length, most):
    from mobilebert_tf.tasks.question_answering import predictor
    return predictor.encode_windows(
        trained, texts, rows=rows, length=length, most=most)

  def answers(self, trained, texts):
    from mobilebert_tf.tasks.question_answering import predictor
    answers = predictor.QuestionAnswerer(trained).answer(
        texts.texts, texts.pairs)
    return [answer.text for answer in answers]

  def answer_served(self, outputs, texts, labels):
    from mobilebert_tf.tasks.question_answering import spans
    cut = outputs.get('truncated', np.zeros(len(texts), bool))
    found = []
    for row, answer in enumerate(outputs['answer']):
      start, end = (int(outputs[name][row]) for name in ('start', 'end'))
      has_answer = start >= 0
      found.append(spans.Answer(
          answer.decode('utf-8', 'replace'), start if has_answer else None,
          end if has_answer else None, float(outputs['score'][row]),
          float(outputs['null_odds'][row]), None, (), bool(cut[row])))
    return found

  def differ(self, found, expected):
    return np.array([one != other for one, other in zip(
        found, expected, strict=True)], bool)

  def certainly_differ(self, trained, texts, found, expected):
    from mobilebert_tf.tasks.question_answering import predictor
    answerer = predictor.QuestionAnswerer(trained)
    margins = np.array([
        answer.margin(answerer.allow_no_answer, answerer.null_threshold)
        for answer in answerer.answer(texts.texts, texts.pairs)])
    return (margins > _ROUNDING) & self.differ(found, expected)

  def settings(self, trained):
    from mobilebert_tf.tasks.question_answering import serving
    return serving.settings(trained)

  def check_settings(self, metadata):
    query_length = metadata.settings.query_length
    if query_length + 3 >= metadata.max_length:
      raise ValueError(
          f'max_length is {metadata.max_length}, but a question may take '
          f'{query_length} tokens (query_length) and special tokens 3: nothing '
          'is left for the context.')

  def answer_file(self, runner, texts, pairs):
    from mobilebert_tf.tasks.question_answering import spans
    return spans.answer_with_file(runner, texts, pairs)

  def truncated(self, runner, texts, pairs):
    longest = runner.metadata.settings.query_length
    return [len(question) > longest
            for question, _ in runner.segments(texts, pairs)]

  def comparable(self, runner, texts, pairs):
    return [answer.text for answer in self.answer_file(runner, texts, pairs)]

  # === Evaluation ===

  def evaluate(self, trained, options):
    from mobilebert_tf.tasks.question_answering import evaluation
    return evaluation.evaluate(trained, options)

  def report_parts(self):
    from mobilebert_tf.tasks.question_answering import report
    return report.AnswerReportParts()

  def read_labelled(self, path, trained, columns):
    from mobilebert_tf.tasks.question_answering import evaluation
    return evaluation.read_labelled(path, trained, columns)

  def read_texts(self, path, pairs):
    from mobilebert_tf.tasks.question_answering import evaluation
    return evaluation.read_texts(path)

  def agreement(self, answers, reference):
    return {'share': float(np.mean(~self.differ(answers, reference)))}

  def experiments(self):
    from mobilebert_tf.tasks import recipes
    from mobilebert_tf.tasks.question_answering import task

    # Five epochs of windows of 384 tokens, at 4e-5 (google-research issue 287).
    return [
        recipes.Experiment(
            name, functools.partial(task.squad_config, version_2),
            train_steps=5 * windows // 32, learning_rate=4e-5,
            end_learning_rate=0.0)
        for name, windows, version_2 in (
            ('squad_v1', 88_641, False), ('squad_v2', 131_944, True))]

  def usual_settings(self, task):
    return 5.0, 32, 4e-5  # google-research issue 287.

  def check_recipe(self, recipe):
    from mobilebert_tf.tasks import recipes
    recipes.check_files(recipe)

  def read_recipe(self, recipe, start):
    from mobilebert_tf.tasks.question_answering import task
    return task.read_recipe(recipe, start)

  def score_run(self, recipe, data, trained, folder):
    from mobilebert_tf.tasks.question_answering import evaluation
    return evaluation.score_run(recipe, data, trained, folder)
