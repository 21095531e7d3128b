# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Windows of contexts and their best spans, as tensors.

The same arithmetic as in `text.windows` and `spans`. `TextWindows` batches
windows planned outside; `cut`, `find` and `choose` work in a graph.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from mobilebert_tf.tasks.question_answering import spans as spans_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import windows as windows_lib

_DEFAULT = windows_lib.WindowSettings()
_NEVER = float('-inf')


class TextWindows(windows_lib.WindowPlan):
  """The windows of questions, in their order; see `WindowPlan`.

  Example:

    windows = TextWindows(tokenizer, ['Who?'], ['It was Ada.'], [0])
    inputs = windows.batch([0])  # input_word_ids, input_mask, input_type_ids

  Args:
    tokenizer: The tokenizer.
    questions: Texts of the questions.
    contexts: Texts that they are about.
    paragraphs: Number of the context of each question.
    settings: Settings of the windows.
  """

  def __init__(self, tokenizer: tokenizer_lib.Tokenizer,
               questions: Sequence[str], contexts: Sequence[str],
               paragraphs: Sequence[int],
               settings: windows_lib.WindowSettings = _DEFAULT):
    super().__init__(tokenizer.tokenize_strings_with_offsets(questions),
                     tokenizer.tokenize_strings_with_offsets(contexts),
                     paragraphs, settings)
    self._tokenizer = tokenizer
    self._asked = tf.RaggedTensor.from_row_splits(
        self.questions.ids, self.questions.splits,
        validate=False)[:, :settings.query_length]

  def batch(self, rows: tf.Tensor | Sequence[int],
            length: int | tf.Tensor | None = None) -> dict[str, tf.Tensor]:
    """Makes inputs of windows; also in a graph.

    Args:
      rows: Numbers of windows, int `[batch]`.
      length: Length of the inputs; one more than the longest window if None.

    Returns:
      int32 `input_word_ids`, `input_mask`, `input_type_ids` `[batch, length]`.
    """
    return self._tokenizer.pack(self.segments(rows), length)

  def segments(self, rows: tf.Tensor | Sequence[int]) -> list[tf.RaggedTensor]:
    """Returns questions and parts of contexts, int32 `[batch, (tokens)]`."""
    return _segments(self._asked, tf.gather(self.question, rows),
                     self.tokens.ids, tf.gather(self.start, rows),
                     tf.gather(self.size, rows))


# === Windows, inside a graph ===


class Windows(NamedTuple):
  """The windows of questions, in their order, int64 `[windows]` each.

  Attributes:
    question: Number of the question.
    number: Number among the windows of the question, from 0.
    count: Number of windows of the question.
    asked: Number of tokens of the question that are kept.
    begin: First token of the context among those of all contexts.
    length: Number of tokens of the context.
    start: First token of the window among those of the context.
    size: Number of tokens of the context in the window.
    room: Number of tokens of a context for which a window has room.
    step: Distance to the window before in tokens.
  """
  question: tf.Tensor
  number: tf.Tensor
  count: tf.Tensor
  asked: tf.Tensor
  begin: tf.Tensor
  length: tf.Tensor
  start: tf.Tensor
  size: tf.Tensor
  room: tf.Tensor
  step: tf.Tensor

  @property
  def offset(self) -> tf.Tensor:
    """Place of the context in each window, int64 `[windows]`."""
    return self.asked + windows_lib.SPECIAL_TOKENS - 1

  def take(self, rows: tf.Tensor) -> 'Windows':
    """Returns the windows of these numbers, int `[rows]`."""
    return Windows(*(tf.gather(values, rows) for values in self))


def cut(questions: tf.RaggedTensor, contexts: tf.RaggedTensor,
        paragraphs: tf.Tensor, settings: windows_lib.WindowSettings,
        most: int = windows_lib.MOST_WINDOWS) -> Windows:
  """Cuts contexts into windows, at least one for each question.

  Args:
    questions: Tokens, int32 `[questions, (tokens)]`, at most
      `settings.query_length` each.
    contexts: Tokens, int32 `[contexts, (tokens)]`.
    paragraphs: Number of the context of each question, int `[questions]`.
    settings: Settings of the windows.
    most: Maximum number of windows of a question; more are an error.
  """
  asked = questions.row_lengths()
  length = tf.gather(contexts.row_lengths(), paragraphs)
  room, step, count = windows_lib.measure(asked, length, settings, tf)
  few = tf.debugging.Assert(tf.reduce_all(count <= most), [
      windows_lib.too_many(most, settings)])
  with tf.control_dependencies([few]):
    count = tf.identity(count)
  # === From questions to windows ===
  numbers = tf.ragged.range(count)
  question = tokenizer_lib.row_of_values(numbers)
  count, asked, begin, length, room, step = (
      tf.gather(values, question) for values in (
          count, asked, tf.gather(contexts.row_starts(), paragraphs), length,
          room, step))
  start = step * numbers.values
  return Windows(question, numbers.values, count, asked, begin, length, start,
                 tf.minimum(room, length - start), room, step)


def segments(windows: Windows, questions: tf.RaggedTensor,
             contexts: tf.RaggedTensor) -> list[tf.RaggedTensor]:
  """Returns questions and parts of contexts, int32 `[windows, (tokens)]`."""
  return _segments(questions, windows.question, contexts.values,
                   windows.begin + windows.start, windows.size)


def shows_most(windows: Windows, width: tf.Tensor) -> tf.Tensor:
  """Whether no window of the question shows more around each token.

  Returns bool `[windows, width]` for the first `width` tokens of each window's
  context, False after its end; see `text.windows.best_window`.
  """
  of = Windows(*(values[:, tf.newaxis] for values in windows))
  place = of.start + tf.range(tf.cast(width, tf.int64))
  best = windows_lib.best_window(
      place, of.count, of.length, of.room, of.step, tf)
  return (best == of.number) & (place < of.start + of.size)


def _segments(questions: tf.RaggedTensor, question: tf.Tensor,
              contexts: tf.Tensor, start: tf.Tensor,
              size: tf.Tensor) -> list[tf.RaggedTensor]:
  """Returns int32 `[windows, (tokens)]` of questions and of contexts."""
  places = tf.ragged.range(start, start + size)
  return [tf.gather(questions, question),
          places.with_values(tf.gather(contexts, places.values))]


# === Spans of a window ===


def find(windows: Windows, start_logits: tf.Tensor, end_logits: tf.Tensor,
         settings: spans_lib.SpanSettings) -> dict[str, tf.Tensor]:
  """Finds the best spans of windows, as `spans.SpanFinder.add`.

  Args:
    windows: The windows.
    start_logits: `[windows, length]`, padding may follow.
    end_logits: `[windows, length]`.
    settings: Settings of the selection.

  Returns:
    `score`, float64 `[windows, n_best]`, best first, -inf where there are no
    more spans; `first` and `last`, their tokens among those of all contexts,
    int64 `[windows, n_best]`; and `null`, the score of "there is no answer",
    float64 `[windows]`.

  Raises:
    tf.errors.InvalidArgumentError: When run, if a logit is not finite.
  """
  logits = _check(windows, start_logits, end_logits)
  longest = settings.max_answer_length
  width = tf.maximum(tf.reduce_max(windows.size), 1)
  starts, ends = (_of_contexts(windows, x, width) for x in logits)
  starts = tf.where(shows_most(windows, width), starts, _NEVER)
  # [windows, first token, how many more]
  ends = tf.pad(ends, [[0, 0], [0, longest - 1]], constant_values=_NEVER)
  reach = tf.range(width)[:, tf.newaxis] + tf.range(longest, dtype=tf.int64)
  scores = starts[:, :, tf.newaxis] + tf.gather(ends, reach, axis=1)
  scores = tf.reshape(scores, [-1, width * longest])
  score, place = _best(scores, settings.n_best)
  first = (windows.begin + windows.start)[:, tf.newaxis] + place // longest
  return {'score': score, 'first': first, 'last': first + place % longest,
          'null': logits[0][:, 0] + logits[1][:, 0]}


def _check(windows: Windows, *logits: tf.Tensor) -> list[tf.Tensor]:
  """Returns logits as float64, which have to be finite but for padding."""
  length = windows.offset + windows.size + 1
  tokens = tf.sequence_mask(length, tf.shape(logits[0])[1])
  finite = [tf.debugging.Assert(
      tf.reduce_all(tf.math.is_finite(x) | ~tokens), [spans_lib.NOT_FINITE])
      for x in logits]
  with tf.control_dependencies(finite):
    return [tf.cast(tf.cast(x, tf.float32), tf.float64) for x in logits]


def _of_contexts(windows: Windows, logits: tf.Tensor,
                 width: tf.Tensor) -> tf.Tensor:
  """Returns logits of contexts, `[windows, width]`, -inf after their end."""
  places = windows.offset[:, tf.newaxis] + tf.range(width)
  last = tf.shape(logits, tf.int64)[1] - 1
  values = tf.gather(logits, tf.minimum(places, last), batch_dims=1)
  return tf.where(tf.sequence_mask(windows.size, width), values, _NEVER)


def _best(scores: tf.Tensor, count: int) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the highest scores and their places, `[windows, count]` each.

  Of equal scores the first counts; -inf and 0 where there are no more.
  """
  found = tf.minimum(count, tf.shape(scores)[1])
  score, place = tf.math.top_k(scores, found)
  more = [[0, 0], [0, count - found]]
  score = tf.pad(score, more, constant_values=_NEVER)
  return (tf.ensure_shape(score, [None, count]),
          tf.ensure_shape(tf.cast(tf.pad(place, more), tf.int64),
                          [None, count]))


# === Answers of a question ===


class Chosen(NamedTuple):
  """Answers, each field `[questions]`, as `spans.Answer`.

  Attributes:
    start: First character of the answer, int32; -1 if there is no answer.
    end: Character after the last, int32; -1 if there is no answer.
    score: Probability among the best answers, float32.
    null_odds: No-answer score minus that of the best answer, float32.
  """
  start: tf.Tensor
  end: tf.Tensor
  score: tf.Tensor
  null_odds: tf.Tensor


def choose(windows: Windows, found: dict[str, tf.Tensor],
           tokens: tokenizer_lib.TokenTensors, has_text: tf.Tensor,
           settings: spans_lib.SpanSettings, *, allow_no_answer: bool,
           null_threshold: float) -> Chosen:
  """Selects answers, as `spans.choose`.

  Args:
    windows: The windows of all questions.
    found: Their best spans, from `find`.
    tokens: Tokens of the contexts.
    has_text: Whether a question has text, bool `[questions]`.
    settings: Settings of the selection.
    allow_no_answer: Whether "there is no answer" is an answer.
    null_threshold: Value of `null_odds` above which there is no answer.
  """
  count = tf.size(has_text)
  score, start, end = _rank(windows, found, tokens, count, settings.n_best)
  null = tf.math.unsorted_segment_min(found['null'], windows.question, count)
  best = score[:, 0]
  answered = has_text & (best > _NEVER)
  odds = null - best
  chosen, highest, others = best, best, 0.0
  if allow_no_answer:
    declined = odds > null_threshold
    chosen = tf.where(declined, null, best)
    highest = tf.maximum(null, best)
    others = tf.exp(null - highest)
  total = others + tf.reduce_sum(tf.exp(score - highest[:, tf.newaxis]), axis=1)
  probability = tf.exp(chosen - highest) / total
  given = answered & ~declined if allow_no_answer else answered
  return Chosen(
      tf.where(given, start[:, 0], -1), tf.where(given, end[:, 0], -1),
      tf.cast(tf.where(answered, probability, 0.0), tf.float32),
      tf.cast(tf.where(answered, odds, spans_lib.NO_TEXT_ODDS), tf.float32))


def _rank(windows: Windows, found: dict[str, tf.Tensor],
          tokens: tokenizer_lib.TokenTensors, count: tf.Tensor,
          n_best: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """Ranks the spans of questions, as `spans.SpanFinder.spans`.

  Returns scores, float64, best first and -inf where there are no more; starts
  and ends, int32; each `[questions, n_best]`.
  """
  is_span = found['score'] > _NEVER
  rows = tf.where(is_span)[:, 0]
  score, first, last = (tf.boolean_mask(found[name], is_span)
                        for name in ('score', 'first', 'last'))
  spans = [tf.gather(windows.question, rows),
           tf.gather(tokens.starts.values, first),
           tf.gather(tokens.ends.values, last), score]
  # Each stretch of text once, with its best score.
  question, start, end, score = spans = _sort(spans, *spans[:3], -score)
  repeated = tf.concat([[False], tf.reduce_all([
      key[1:] == key[:-1] for key in (question, start, end)], axis=0)], 0)
  # Of equal scores the first in the text, then the shortest.
  spans = [tf.boolean_mask(x, ~repeated[:tf.size(score)]) for x in spans]
  question, start, end, score = _sort(spans, spans[0], -spans[3])
  lengths = tf.math.bincount(tf.cast(question, tf.int32), minlength=count)
  return tuple(
      tf.RaggedTensor.from_row_lengths(values, lengths, validate=False)
      .to_tensor(default, shape=[None, n_best])
      for values, default in ((score, _NEVER), (start, 0), (end, 0)))


def _sort(values: list[tf.Tensor], *keys: tf.Tensor) -> list[tf.Tensor]:
  """Sorts `[n]` tensors by keys, the first one first; stable."""
  order = tf.range(tf.size(keys[0]))
  for key in reversed(keys):
    order = tf.gather(order, tf.argsort(tf.gather(key, order), stable=True))
  return [tf.gather(x, order) for x in values]
