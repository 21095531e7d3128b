# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers to questions of a `.tflite` file, without TensorFlow."""

from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.tasks.question_answering import spans
from mobilebert_tf.text import windows


def answer(runner: tflite_runner.TFLiteRunner, questions: list[str],
           contexts: list[str]) -> list[spans.Answer]:
  """Answers each question from its context, which is read in windows.

  Args:
    runner: The file.
    questions: The questions.
    contexts: The context of each. One that serves several questions is
      tokenised once.

  Returns:
    The answers in the order of the questions.
  """
  settings = runner.metadata.settings
  numbers: dict[str, int] = {}
  paragraphs = [numbers.setdefault(c, len(numbers)) for c in contexts]
  plan = windows.WindowPlan(
      runner.tokenizer.tokenize_with_offsets(questions),
      runner.tokenizer.tokenize_with_offsets(list(numbers)), paragraphs,
      windows.WindowSettings(
          runner.metadata.max_length, settings.doc_stride,
          settings.query_length))
  finder = spans.SpanFinder(plan, spans.SpanSettings(
      settings.n_best, settings.max_answer_length))
  for row in range(len(plan)):
    found = runner.run(plan.pieces(row))
    finder.add(row, found['start_logits'][0], found['end_logits'][0])
  return [
      spans.choose(finder.spans(i), question, context,
                   settings.allow_no_answer, settings.null_threshold)
      for i, (question, context) in enumerate(
          zip(questions, contexts, strict=True))
  ]
