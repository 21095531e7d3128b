# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Model Garden data loader of questions on contexts: SQuAD v1.1 and v2.0."""

from collections.abc import Mapping, Sequence
import dataclasses
import functools

from absl import logging
import numpy as np
import tensorflow as tf

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import batches
from mobilebert_tf.data import squad
from mobilebert_tf.tasks.question_answering import graph_windows
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import windows as windows_lib
from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory

_NO_ANSWER = (-1, -1)
_NAMED = 3  # Places in a message.
# Most windows of SQuAD have 100 to 250 tokens: steps of 32 pad 10% of a batch.
_BUCKET_STEP = 32


@dataclasses.dataclass(frozen=True)
class TrainingQuestions:
  """Questions with the answers to learn.

  Attributes:
    questions: The questions that can be trained on.
    spans: int32 `[questions, 2]`, the first character of each answer in the
      context and the one after the last; -1, -1 for "there is no answer".
    skipped: The places of all other questions, by the reason.
  """
  questions: tuple[squad.Question, ...]
  spans: np.ndarray
  skipped: dict[str, list[str]]


def select(data: squad.SquadData,
           version_2_with_negative: bool) -> TrainingQuestions:
  """Finds the questions that can be trained on.

  Example:

    chosen = select(squad.read('train-v1.1.json'), False)
    report(chosen.skipped, len(data.questions), 'train-v1.1.json')

  Args:
    data: The questions.
    version_2_with_negative: Whether questions without an answer are kept.

  Returns:
    The questions, each with its first answer that stands at its offset.
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


def report(skipped: Mapping[str, Sequence[str]], total: int,
           path: str) -> None:
  """Logs the skipped questions.

  Args:
    skipped: Places by reason.
    total: Number of all questions.
    path: Files that were read.

  Raises:
    ValueError: If no question is left.
  """
  lines = [
      f'{len(places):,} of {total:,} questions skipped: {reason}, such as '
      f'{", ".join(places[:_NAMED])}.' for reason, places in skipped.items()]
  if sum(map(len, skipped.values())) == total:
    raise ValueError(f'{path}: no question can be used. {" ".join(lines)}')
  for line in lines:
    logging.warning(line)


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
    return 'no answer, and version_2_with_negative is false', _NO_ANSWER
  answer = question.located(context)
  if answer is None:
    if not any(answer.text.strip() for answer in question.answers):
      return 'the answer is empty', _NO_ANSWER
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
    exclude_titles: Articles to leave out, such as the `titles` of validation
      where a single file is split.
    vocab_file: BERT's `vocab.txt`.
    lower_case: Whether to lower-case and strip accents.
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
  vocab_file: str = ''
  lower_case: bool = True
  seq_length: int = 384
  doc_stride: int = 128
  query_length: int = 64
  seed: int | None = None
  start_batch: int = 0
  batch_by_length: bool = True

  def window_settings(self) -> windows_lib.WindowSettings:
    """Returns the settings of the windows."""
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

  Example:

    loader = QuestionAnsweringDataLoader(QuestionAnsweringDataConfig(
        input_path='train-v1.1.json', vocab_file='vocab.txt'))
    features, labels = next(iter(loader.load()))
  """

  def __init__(self, params: QuestionAnsweringDataConfig):
    """Checks the settings; files are read by `load`.

    Raises:
      ValueError: If a setting is missing or out of range.
    """
    batches.check(params)
    params.window_settings()
    self._params = params

  @functools.cached_property
  def prepared(self) -> PreparedQuestions:
    """The questions and windows, read when first used; raises as `load`."""
    params = self._params
    data = squad.read(
        files_lib.find_files(files_lib.split_paths(params.input_path)),
        params.titles, params.exclude_titles)
    chosen = select(data, params.version_2_with_negative)
    questions = chosen.questions
    if not params.is_training:
      # Questions that cannot be trained on are scored all the same.
      questions = tuple(q for q in data.questions
                        if q.answers or params.version_2_with_negative)
      if len(questions) < len(data.questions):
        logging.warning(
            '%s: %d of %d questions have no answer and are not scored. For '
            'SQuAD v2.0 set version_2_with_negative.', params.input_path,
            len(data.questions) - len(questions), len(data.questions))
      if not questions:
        raise ValueError(
            f'{params.input_path}: no question has an answer, so there is '
            'nothing to score. If that is right, set version_2_with_negative.')
    tokenizer = tokenizer_lib.Tokenizer(params.vocab_file, params.lower_case)
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
    report(chosen.skipped, len(data.questions), str(params.input_path))
    return PreparedQuestions(
        data, questions, windows, windows.positions(chosen.spans),
        np.flatnonzero(usable[windows.question]))

  def load(
      self,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches.

    Args:
      input_context: Part of the windows that this worker reads.

    Returns:
      Pairs of features, int32 `input_word_ids`, `input_mask` and
      `input_type_ids` `[batch, length]`, where the length is a bucket's and
      above that of every window in the batch; and labels: in training int32
      `[batch]` `start_positions` and `end_positions` and the `input_mask`, in
      evaluation int64 `[batch]` `rows`, the numbers of the windows.

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
