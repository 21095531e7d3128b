# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Model Garden data loader of questions on contexts: SQuAD v1.1 and v2.0."""

from collections.abc import Sequence
import dataclasses
import functools
import random

import numpy as np
from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.data import corpus
from mobilebert_tf.data import length_batches
from mobilebert_tf.data import squad
from mobilebert_tf.data import squad_training
from mobilebert_tf.data import squad_windows
from mobilebert_tf.data import tokenization

# Most windows of SQuAD have 100 to 250 tokens: steps of 32 pad 10% of a batch.
_BUCKET_STEP = 32


@dataclasses.dataclass
class QuestionAnsweringDataConfig(cfg.DataConfig):
  """Questions on contexts, in SQuAD's JSON.

  Attributes:
    input_path: A file of SQuAD v1.1 or v2.0, or several as globs, a list or
      with commas.
    global_batch_size: Windows over all replicas.
    is_training: Whether to shuffle, repeat and batch windows of similar length.
      If not, all questions are there, each once, the shortest windows first.
    version_2_with_negative: Whether there may be no answer, as in v2.0. If not,
      questions that have none are skipped, and counted.
    titles: The articles to read; empty for all.
    exclude_titles: Articles to leave out. So a single file can be split: what
      validation names as `titles`, training excludes.
    vocab_file: BERT's `vocab.txt`.
    lower_case: Whether to lower-case and strip accents.
    seq_length: Tokens of a window, special tokens included. Batches are at most
      one longer: padding follows every window.
    doc_stride: By how many tokens a window begins after the one before.
    query_length: How many tokens of a question to keep.
    seed: Of shuffling; None for another order on each run.
    start_batch: The batch to begin with; training sets it to continue a run.
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

  def window_settings(self) -> squad_windows.WindowSettings:
    """Returns how contexts are cut."""
    return squad_windows.WindowSettings(
        self.seq_length, self.doc_stride, self.query_length)


@dataclasses.dataclass(frozen=True)
class PreparedQuestions:
  """Questions that were read, checked and cut into windows.

  Attributes:
    data: What the files hold.
    questions: Those that have windows, in the order of the windows.
    windows: The windows.
    positions: int32 `[windows, 2]`, first and last token of the answer, 0 where
      a window has none; None if this is not for training.
    rows: int64, the windows to use.
  """
  data: squad.SquadData
  questions: tuple[squad.Question, ...]
  windows: squad_windows.Windows
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

    Args:
      params: The config.

    Raises:
      ValueError: If a setting is missing or makes no sense.
    """
    for name in ('input_path', 'vocab_file'):
      if not getattr(params, name):
        raise ValueError(f'{name} is not set.')
    if params.global_batch_size < 1:
      raise ValueError(f'global_batch_size is {params.global_batch_size}; it '
                       'has to be at least 1.')
    if params.start_batch < 0 or (params.start_batch and (
        params.seed is None or not params.is_training)):
      raise ValueError(f'start_batch is {params.start_batch}; beginning at a '
                       'batch needs a seed, and training.')
    params.window_settings()
    self._params = params

  @functools.cached_property
  def prepared(self) -> PreparedQuestions:
    """All questions and windows, read when first asked for.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a file is not sound, or no question can be used.
    """
    params = self._params
    data = squad.read(corpus.find_files(_patterns(params.input_path)),
                      params.titles, params.exclude_titles)
    chosen = squad_training.select(data, params.version_2_with_negative)
    questions = chosen.questions
    if not params.is_training:
      # What cannot be learned can be asked, and the scores are of all.
      questions = tuple(q for q in data.questions
                        if q.answers or params.version_2_with_negative)
      if not questions:
        raise ValueError(
            f'{params.input_path}: no question has an answer, so there is '
            'nothing to score. If that is right, set version_2_with_negative.')
    tokenizer = tokenization.Tokenizer(params.vocab_file, params.lower_case)
    windows = squad_windows.Windows(
        tokenizer, [q.text for q in questions], data.contexts,
        [q.paragraph for q in questions], params.window_settings())
    if not params.is_training:
      return PreparedQuestions(data, questions, windows, None,
                               np.arange(len(windows)))
    usable = (chosen.spans[:, 0] < 0) | windows.has_tokens(chosen.spans)
    if not usable.all():
      chosen.skipped['no token stands for the answer'] = [
          q.place for q, keep in zip(questions, usable, strict=True)
          if not keep]
    squad_training.report(
        chosen.skipped, len(data.questions), str(params.input_path))
    return PreparedQuestions(
        data, questions, windows, windows.positions(chosen.spans),
        np.flatnonzero(usable[windows.question]))

  def load(
      self,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches.

    Args:
      input_context: Which part of the windows this worker reads.

    Returns:
      Pairs of features, int32 `input_word_ids`, `input_mask` and
      `input_type_ids` `[batch, length]`, where length is one of
      `bucket_lengths(seq_length)` and above that of every window in the batch;
      and labels: int32 `[batch]` `start_positions` and `end_positions` and the
      `input_mask` if training, else int64 `[batch]` `rows`, the numbers of the
      windows.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a file is not sound, or no question can be used.
    """
    params, prepared = self._params, self.prepared
    buckets = tf.constant(bucket_lengths(params.seq_length), tf.int64)
    windows = prepared.windows
    needed = tf.constant(windows.length + 1)  # Padding follows.

    def make_batch(rows: tf.Tensor):
      longest = tf.reduce_max(tf.gather(needed, rows))
      length = tf.gather(buckets, tf.searchsorted(buckets, [longest]))[0]
      features = windows.batch(rows, length)
      if prepared.positions is None:
        return features, {'rows': rows}
      positions = tf.gather(prepared.positions, rows)
      return features, {'start_positions': positions[:, 0],
                        'end_positions': positions[:, 1],
                        'input_mask': features['input_mask']}

    batches = (self._batch_for_training if params.is_training else
               self._batch_in_order)(needed, input_context)
    options = tf.data.Options()
    options.deterministic = params.deterministic is not False
    # The windows are already this worker's own.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF)
    return batches.map(make_batch, num_parallel_calls=tf.data.AUTOTUNE
                       ).with_options(options).prefetch(
                           params.prefetch_buffer_size or tf.data.AUTOTUNE)

  def _batch_for_training(
      self, needed: tf.Tensor,
      context: tf.distribute.InputContext | None) -> tf.data.Dataset:
    """Returns endless batches of windows of similar length, int64 `[batch]`."""
    params = self._params
    own = self.prepared.rows
    batch_size = params.global_batch_size
    if context:
      batch_size = context.get_per_replica_batch_size(batch_size)
      if params.sharding:
        own = own[context.input_pipeline_id::context.num_input_pipelines]
        if not len(own):
          raise ValueError(f'{params.input_path} has fewer windows than there '
                           'are workers.')
    buckets = bucket_lengths(params.seq_length)
    seed = params.seed
    if seed is None:
      seed = random.SystemRandom().getrandbits(31)
    # `Dataset.shuffle` also follows TensorFlow's global seed; this does not,
    # so that a continued run meets the order it had.
    rows = tf.data.Dataset.counter().flat_map(
        lambda epoch: tf.data.Dataset.from_tensor_slices(_shuffle(
            own, tf.stack([tf.constant(seed, tf.int64), epoch]))))
    return rows.bucket_by_sequence_length(
        lambda row: tf.cast(tf.gather(needed, row), tf.int32),
        bucket_boundaries=[length + 1 for length in buckets[:-1]],
        bucket_batch_sizes=[batch_size] * len(buckets)
    ).skip(params.start_batch)

  def _batch_in_order(
      self, needed: tf.Tensor,
      context: tf.distribute.InputContext | None) -> tf.data.Dataset:
    """Returns batches of all windows, on every worker, the shortest first."""
    batch_size = self._params.global_batch_size
    if context:
      batch_size = context.get_per_replica_batch_size(batch_size)
    order = np.argsort(needed.numpy(), kind='stable')
    return tf.data.Dataset.from_tensor_slices(order).batch(batch_size)


def bucket_lengths(seq_length: int) -> list[int]:
  """Returns the lengths that batches have.

  >>> bucket_lengths(128)
  [32, 64, 96, 129]

  Args:
    seq_length: How many tokens the longest window has.
  """
  return length_batches.lengths(seq_length, _BUCKET_STEP)


def _shuffle(rows: np.ndarray, seed: tf.Tensor) -> tf.Tensor:
  return tf.random.experimental.stateless_shuffle(tf.constant(rows), seed)


def _patterns(path: str | Sequence[str]) -> list[str]:
  values = [path] if isinstance(path, str) else list(path)
  return [p.strip() for v in values for p in v.split(',') if p.strip()]
