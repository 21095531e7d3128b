# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Question answering in a SavedModel."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import served_module
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.question_answering import graph_windows
from mobilebert_tf.tasks.question_answering import kind as kind_lib
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import spans
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import windows as windows_lib

# The authors' settings.
_WINDOWS, _SPANS = windows_lib.WindowSettings(), spans.SpanSettings()
_LONGEST_CONTEXT = 1 << 22  # Bytes, of which each token takes some memory.
# The white space of `str.strip`.
_WHITE_SPACE = r'[\t-\r\x{1c}-\x{1f}\x{85}\p{Z}]*'


class QuestionAnswering(served_module.ServedModule):
  """Answers questions with a part of their context, however long that is.

  `serve_text` answers as `predictor.QuestionAnswerer` does. Its outputs are
  `[batch]` each:
    `answer`: string, a part of the context; empty if there is no answer.
    `start`: int32, first character in Unicode code points; -1 for no answer.
    `end`: int32, character after the last; -1 for no answer.
    `score`: float32, probability among the best answers; 0 without text.
    `null_odds`: float32, no-answer score minus that of the best answer.
    `truncated`: bool, whether the question is longer than `query_length`.
  Ids and examples are windows of a question and a part of its context; their
  outputs are `start_logits` and `end_logits`, float32 `[batch, length]`.

  Args:
    model: A question-answering model, from `rewriting.rewrite`.
    tokenizer: Tokenizer as for `ServedModule`.
    max_length: Maximum length of a window in tokens, special ones included.
    doc_stride: Distance between the starts of windows in tokens.
    query_length: Maximum length of a question in tokens.
    n_best: Number of answers that share the probability.
    max_answer_length: Maximum length of an answer in tokens.
    allow_no_answer: Whether "there is no answer" is an answer.
    null_threshold: No-answer score above which there is no answer.
    max_windows: Maximum number of windows of a context.
    xla: Whether the model is compiled by XLA.

  Raises:
    ValueError: If a number is out of range.

  Example:

    module = QuestionAnswering(rewriting.rewrite(model), tokenizer, 384)
    answers = module.serve_text(question=tf.constant(['Who wrote it?']),
                                context=tf.constant(['Ada wrote it.']))
    answers['answer'], answers['start'], answers['end']  # 'Ada', 0, 3
  """

  _text_names = ('question', 'context')
  answers_whole_texts = False

  def __init__(self, model: tf.Module, tokenizer: tokenizer_lib.Tokenizer,
               max_length: int, *,
               doc_stride: int = _WINDOWS.doc_stride,
               query_length: int = _WINDOWS.query_length,
               n_best: int = _SPANS.n_best,
               max_answer_length: int = _SPANS.max_answer_length,
               allow_no_answer: bool = False, null_threshold: float = 0.0,
               max_windows: int = windows_lib.MOST_WINDOWS,
               xla: bool = False):
    super().__init__(model, tokenizer, max_length, pairs=True, xla=xla)
    self._windows = windows_lib.WindowSettings(
        self.max_length, doc_stride, query_length)
    self._spans = spans.SpanSettings(n_best, max_answer_length)
    self._allow_no_answer = allow_no_answer
    self._null_threshold = null_threshold
    self._max_windows = max_windows

  @tf.function(autograph=False)  # Which would take most of an export's time.
  def serve_text(self, question: tf.Tensor,
                 context: tf.Tensor) -> dict[str, tf.Tensor]:
    """Answers questions; bytes that are not UTF-8 become U+FFFD.

    Args:
      question: Questions, string `[batch]`.
      context: The text that each is about, string `[batch]`; equal ones are
        tokenised once.

    Raises:
      tf.errors.InvalidArgumentError: When run, if there are more or fewer
        contexts than questions, a context is too long, or the model's weights
        are damaged.
    """
    given = self._check('serve_text', question=question, context=context)
    question, context = given['question'], given['context']
    same = tf.debugging.assert_equal(
        tf.size(question), tf.size(context),
        'There have to be as many contexts as questions.')
    short = tf.debugging.Assert(
        tf.reduce_all(tf.strings.length(context) <= _LONGEST_CONTEXT),
        [f'A context has more than {_LONGEST_CONTEXT} bytes. Shorten it.'])
    with tf.control_dependencies([same, short]):
      question, context = (
          tokenizer_lib.replace_invalid(x) for x in (question, context))
    texts, paragraphs = tf.unique(context)
    tokens = self.tokenizer.tokenize_with_offsets(texts)
    asked = self.tokenizer.tokenize(question)
    truncated = asked.row_lengths() > self._windows.query_length
    asked = asked[:, :self._windows.query_length]
    windows = graph_windows.cut(
        asked, tokens.ids, paragraphs, self._windows, self._max_windows)
    found = self._find(windows, asked, tokens.ids)
    blank = tf.strings.regex_full_match(question, _WHITE_SPACE)
    chosen = graph_windows.choose(
        windows, found, tokens, ~blank, self._spans,
        allow_no_answer=self._allow_no_answer,
        null_threshold=self._null_threshold)
    # No answer is the characters -1 to -1: an empty text.
    answer = tf.strings.substr(
        context, tf.maximum(chosen.start, 0), chosen.end - chosen.start,
        unit='UTF8_CHAR')
    return {'answer': answer, **chosen._asdict(), 'truncated': truncated}

  def _find(self, windows: graph_windows.Windows, questions: tf.RaggedTensor,
            contexts: tf.RaggedTensor) -> dict[str, tf.Tensor]:
    """Returns the best spans of all windows, computing some at a time."""
    numbers = tf.range(tf.size(windows.question))

    def find(question: tf.RaggedTensor, context: tf.RaggedTensor,
             rows: tf.RaggedTensor) -> dict[str, tf.Tensor]:
      (start_logits, end_logits), _ = self._run(question, context)
      return graph_windows.find(windows.take(rows.values), start_logits,
                                end_logits, self._spans)

    return self._map_segments(find, [
        *graph_windows.segments(windows, questions, contexts),
        tf.RaggedTensor.from_tensor(
            numbers[:, tf.newaxis], row_splits_dtype=tf.int64)])

  def _summarize(self, outputs: Any, mask: tf.Tensor) -> dict[str, tf.Tensor]:
    return {}  # All outputs of a window are about its tokens.

  def _describe_tokens(self, outputs: Any,
                       mask: tf.Tensor) -> dict[str, tf.Tensor]:
    return {name: tf.cast(logits, tf.float32) for name, logits in zip(
        ('start_logits', 'end_logits'), outputs, strict=True)}


def settings(trained: loading.TrainedModel) -> kind_lib.Settings:
  """Returns the settings of a model's answers, for an exported file."""
  answerer = predictor.QuestionAnswerer(trained)
  windows, candidates = answerer.window_settings, answerer.span_settings
  return kind_lib.Settings(
      doc_stride=windows.doc_stride, query_length=windows.query_length,
      n_best=candidates.n_best,
      max_answer_length=candidates.max_answer_length,
      allow_no_answer=answerer.allow_no_answer,
      # JSON has no infinity.
      null_threshold=float(np.clip(
          answerer.null_threshold, -spans.NO_TEXT_ODDS, spans.NO_TEXT_ODDS)),
      max_windows=trained.max_windows or windows_lib.MOST_WINDOWS)


def build(trained: loading.TrainedModel, model: tf.Module,
          text_tokenizer: tokenizer_lib.Tokenizer, *,
          xla: bool) -> QuestionAnswering:
  """Returns the module to export; see `TaskKind.served_module`."""
  answerer = predictor.QuestionAnswerer(trained)
  return QuestionAnswering(
      model, text_tokenizer, answerer.window_settings.seq_length, xla=xla,
      **dataclasses.asdict(settings(trained)))
