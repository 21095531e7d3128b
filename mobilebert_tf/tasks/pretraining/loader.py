# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Model Garden data loader of pre-training records.

Records are masked as they are read, or were masked when they were made.
"""

from collections.abc import Callable
import dataclasses
import functools
import os
import random
from typing import Any

import tensorflow as tf

from mobilebert_tf.data import answer_records
from mobilebert_tf.data import batches as batches_lib
from mobilebert_tf.data import pretraining_examples
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import record_files
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import vocabulary as vocabulary_lib
from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory

_LABELS = 'next_sentence_labels'
_MAX_INT64 = 2**63 - 1


@dataclasses.dataclass
class MobileBertPretrainDataConfig(cfg.DataConfig):
  """Records of `create_pretraining_data`.

  Records made with `--masking=dynamic` are masked anew in each epoch.

  Attributes:
    input_path: Record files, compressed if they end with `.gz`, globs or
      folders; several as a list or with commas.
    global_batch_size: Batch size over all replicas.
    is_training: Whether to shuffle and repeat. If not, every pass gives the
      same batches with the same masks, the last one perhaps smaller.
    shuffle_buffer_size: Number of records in the shuffle buffer.
    deterministic: Whether the order of batches is fixed, as resuming a run at
      the very next batch requires.
    seq_length: Length of the batches; each record is shorter and followed by a
      [PAD].
    max_predictions_per_seq: Maximum number of predicted tokens.
    use_teacher_answers: Whether to give what a teacher answered, of records of
      `cache_answers`.
    use_next_sentence_label: Whether to give `next_sentence_labels`.
    vocab_file: Vocabulary of the records.
    lower_case: Whether the records are lower-cased (`text.settings`); if None,
      as they say. Training writes it, and the next, for what comes after.
    max_word_length: Maximum length of a word of the records; None as before.
    masked_lm_rate: Share of tokens to predict, for dynamic records only.
    whole_word_masking: Whether to mask whole words, for dynamic records only.
    seed: Seed of shuffling and masking; None for a random one in training, and
      0 in evaluation.
    sharding: Whether each worker reads files of its own. If not, each reads all
      and takes its rows of each batch, so that batches and masks are those of
      a single worker.
    start_batch: Number of batches that a resumed training has consumed. Needs
      the same seed, batch size and files, and with `sharding` as many workers.
  """
  input_path: str = ''
  global_batch_size: int = 512
  is_training: bool = True
  shuffle_buffer_size: int = 10_000
  seq_length: int = 128
  max_predictions_per_seq: int = 20
  use_teacher_answers: bool = False
  use_next_sentence_label: bool = True
  vocab_file: str = ''
  lower_case: bool | str | None = None
  max_word_length: int | None = None
  masked_lm_rate: float = 0.15
  whole_word_masking: bool = False
  seed: int | None = None
  start_batch: int = 0

  def found(self) -> dict[str, Any]:
    """Returns the settings of the records that are not named here.

    Raises:
      FileNotFoundError: If there are no records, or they are not finished.
      ValueError: If records, or records and these settings, differ in them.
    """
    if not self.input_path:
      return {}
    manifests = {
        os.path.join(folder, pretraining_records.MANIFEST):
            pretraining_records.read_manifest(folder)['settings']
        for folder in sorted(record_files.by_folder(
            record_files.find_records(self.input_path)))}
    return {name: text_settings.agree(name, {
        'task.train_data': getattr(self, name),
        **{path: each.get(name) for path, each in manifests.items()}}, None)
            for name in text_settings.FIELDS}


@data_loader_factory.register_data_loader_cls(MobileBertPretrainDataConfig)
class MobileBertPretrainDataLoader(data_loader.DataLoader):
  """Reads, pads and where needed masks records, in whole batches.

  Example: `MobileBertPretrainDataLoader(config).load()`

  Args:
    params: The config.

  Raises:
    ValueError: If a setting is missing or out of range.
  """

  def __init__(self, params: MobileBertPretrainDataConfig):
    batches_lib.check(params)
    for name in ('seq_length', 'max_predictions_per_seq'):
      if getattr(params, name) < 1:
        raise ValueError(f'{name} is {getattr(params, name)}; it has to be at '
                         'least 1.')
    if not 0 < params.masked_lm_rate < 1:
      raise ValueError(f'masked_lm_rate is {params.masked_lm_rate}; it has to '
                       'be between 0 and 1.')
    self._params = params

  def load(self, input_context: tf.distribute.InputContext | None = None
           ) -> tf.data.Dataset:
    """Reads and checks the records, and returns the batches.

    Returns:
      Dicts of int32 `input_word_ids`, `input_mask`, `input_type_ids`
      `[batch, seq_length]`, `masked_lm_positions`, `masked_lm_ids`
      `[batch, max_predictions_per_seq]`, float32 `masked_lm_weights` of the
      same shape and int32 `next_sentence_labels` `[batch, 1]` (0: is next).
      With a teacher's answers also those of `AnswerSettings.parse`.

    Raises:
      FileNotFoundError: If there are no records, or they are not finished.
      ValueError: If records do not fit the config, were made with another
        vocabulary, are fewer files than workers, or none.
    """
    params = self._params
    vocabulary = vocabulary_lib.Vocabulary.read(params.vocab_file)
    files = record_files.find_records(params.input_path)
    is_masked = record_files.check_records(files, vocabulary, params)
    answers = (record_files.find_answers(files) if params.use_teacher_answers
               else None)
    seed = params.seed
    if seed is None:
      seed = random.SystemRandom().getrandbits(31) if params.is_training else 0
    part = _Part.of(params, input_context)
    if len(files) < part.workers:
      raise ValueError(
          f'{params.input_path} has {len(files)} files for {part.workers} '
          'workers. Write the records with a smaller --shard_megabytes.')
    records = self._read(files[part.worker::part.workers], seed, part)
    batches = records.batch(
        part.rows_read,
        drop_remainder=params.is_training and params.drop_remainder)

    def make_batch(index: tf.Tensor, serialized: tf.Tensor):
      if is_masked:
        return self._make_masked_batch(serialized, vocabulary, answers)
      # No two batches share a seed, whichever worker makes them.
      mask_seed = tf.stack([tf.constant(seed, tf.int64),
                            index * part.workers + part.worker])
      return self._make_batch(serialized, vocabulary, mask_seed)

    batches = part.deal(batches.enumerate(params.start_batch).map(
        make_batch, num_parallel_calls=tf.data.AUTOTUNE))
    return batches_lib.prefetch(batches, params)

  def masked_parser(self) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """Returns what makes batches of serialized records, string `[batch]`.

    Raises:
      FileNotFoundError: As `load`.
      ValueError: As `load`; and if the records are not masked.
    """
    vocabulary = vocabulary_lib.Vocabulary.read(self._params.vocab_file)
    files = record_files.find_records(self._params.input_path)
    if not record_files.check_records(files, vocabulary, self._params):
      raise ValueError(f'{self._params.input_path} is masked when it is read.')
    return functools.partial(
        self._make_masked_batch, vocabulary=vocabulary, answers=None)

  def _read(self, files: list[str], seed: int,
            part: '_Part') -> tf.data.Dataset:
    """Returns serialized records, from the first batch on."""
    params = self._params
    if not params.is_training:
      return record_files.read_in_order(files)
    if record_files.is_empty(files):
      # Reading epoch after epoch would never end.
      raise ValueError(
          f'There is no record in {", ".join(files)} to train on. Make records '
          'of more text, or with fewer shards.')
    epoch, record = 0, params.start_batch * part.rows_read
    if record:
      epoch, record = divmod(record, record_files.count_records(files))
    return record_files.read_shuffled_forever(
        files, seed=(seed, part.worker),
        shuffle_buffer_size=params.shuffle_buffer_size, first_epoch=epoch,
        cycle_length=params.cycle_length, block_length=params.block_length,
        cache=params.cache,
        deterministic=params.deterministic is not False).skip(record)

  def _make_batch(self, serialized: tf.Tensor,
                  vocabulary: vocabulary_lib.Vocabulary,
                  seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Pads and masks dynamic records."""
    params = self._params
    parsed = self._parse(serialized, ('input_ids', 'segment_ids'))
    mask = tf.ones_like(parsed['input_ids'])
    batch = self._pad(parsed | {'input_mask': mask}, vocabulary.pad_id)
    return batch | pretraining_examples.mask_tokens(
        batch['input_word_ids'], batch['input_mask'], vocabulary=vocabulary,
        max_predictions=params.max_predictions_per_seq,
        rate=params.masked_lm_rate, seed=seed,
        whole_word=params.whole_word_masking)

  def _make_masked_batch(
      self, serialized: tf.Tensor, vocabulary: vocabulary_lib.Vocabulary,
      answers: answer_records.AnswerSettings | None) -> dict[str, tf.Tensor]:
    """Pads static records."""
    slots = ('masked_lm_positions', 'masked_lm_ids')
    parsed = self._parse(
        serialized, ('input_ids', 'input_mask', 'segment_ids', *slots),
        ('masked_lm_weights',))
    shape = [None, self._params.max_predictions_per_seq]
    batch = self._pad(parsed, vocabulary.pad_id) | {
        name: parsed[name].to_tensor(shape=shape)
        for name in (*slots, 'masked_lm_weights')}
    if answers is not None:
      batch |= answers.parse(serialized, shape[1])
    return batch

  def _pad(self, parsed: dict[str, tf.RaggedTensor | tf.Tensor],
           pad_id: int) -> dict[str, tf.Tensor]:
    """Returns the model's inputs `[batch, seq_length]`, and the labels."""
    shape = [None, self._params.seq_length]
    batch = {
        'input_word_ids': parsed['input_ids'].to_tensor(
            tf.constant(pad_id, tf.int32), shape=shape),
        'input_mask': parsed['input_mask'].to_tensor(shape=shape),
        'input_type_ids': parsed['segment_ids'].to_tensor(shape=shape),
    }
    if _LABELS in parsed:
      batch[_LABELS] = parsed[_LABELS]
    return batch

  def _parse(self, serialized: tf.Tensor, integers: tuple[str, ...],
             floats: tuple[str, ...] = ()
             ) -> dict[str, tf.RaggedTensor | tf.Tensor]:
    """Returns features `[batch, (length)]`, integers as int32, and labels."""
    features = {name: tf.io.RaggedFeature(tf.int64) for name in integers}
    features |= {name: tf.io.RaggedFeature(tf.float32) for name in floats}
    if self._params.use_next_sentence_label:
      features[_LABELS] = tf.io.FixedLenFeature([1], tf.int64)
    parsed = tf.io.parse_example(serialized, features)
    return {name: value if name in floats else tf.cast(value, tf.int32)
            for name, value in parsed.items()}


@dataclasses.dataclass(frozen=True)
class _Part:
  """The part of each step's batch that one input pipeline makes.

  Attributes:
    workers: Number of workers that share the files.
    worker: Number of this one.
    rows_read: Number of rows of each step that are read, and masked together,
      so that masks do not depend on the number of replicas.
    first_row: The first of these rows that is this pipeline's own.
    rows: Number of rows that are its own.
    rows_a_replica: Number of its rows for each of its replicas.
  """
  workers: int
  worker: int
  rows_read: int
  first_row: int
  rows: int
  rows_a_replica: int

  @classmethod
  def of(cls, params: MobileBertPretrainDataConfig,
         context: tf.distribute.InputContext | None) -> '_Part':
    size = params.global_batch_size
    if not context:
      return cls(1, 0, size, 0, size, size)
    pipelines, own = context.num_input_pipelines, context.input_pipeline_id
    rows_a_replica = context.get_per_replica_batch_size(size)
    rows = size // pipelines
    if params.sharding:
      return cls(pipelines, own, rows, 0, rows, rows_a_replica)
    return cls(1, 0, size, own * rows, rows, rows_a_replica)

  def deal(self, batches: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the rows that are this pipeline's own, replica by replica."""
    if self.rows < self.rows_read:
      end = self.first_row + self.rows
      batches = batches.map(lambda batch: {
          name: value[self.first_row:end] for name, value in batch.items()})
    if self.rows_a_replica < self.rows:
      batches = batches.rebatch(self.rows_a_replica)
    return batches
