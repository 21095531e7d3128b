# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Model Garden data loader of pre-training records.

Records are masked as they are read, or were masked when they were made.
"""

import dataclasses
import random

from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.data import batches as batches_lib
from mobilebert_tf.data import masking
from mobilebert_tf.data import record_files
from mobilebert_tf.text import vocabulary as vocabulary_lib

_LABELS = 'next_sentence_labels'


@dataclasses.dataclass
class MobileBertPretrainDataConfig(cfg.DataConfig):
  """Records of `create_pretraining_data`.

  Records made with `--masking=dynamic` are masked anew in each epoch.

  Attributes:
    input_path: Record files or globs (several as a list or with commas), or
      folders of records. Files that end with `.gz` are decompressed.
    global_batch_size: Batch size over all replicas.
    is_training: Whether to shuffle and repeat. If not, every pass gives the
      same batches with the same masks, the last one perhaps smaller.
    shuffle_buffer_size: Number of records in the shuffle buffer in training.
    deterministic: False lets batches come in another order where that is
      faster; a run cannot then be resumed at the very next batch.
    seq_length: Length of the batches; longer than any record, as a [PAD]
      follows each.
    max_predictions_per_seq: Maximum number of predicted tokens.
    use_next_sentence_label: Whether to give `next_sentence_labels`.
    vocab_file: Vocabulary of the records.
    masked_lm_rate: Share of tokens to predict. Not used for records that were
      masked when they were made.
    whole_word_masking: Whether to mask whole words. Not used for records that
      were masked when they were made.
    seed: Seed of shuffling and masking; None for another in each run of
      training, and 0 in evaluation.
    sharding: Whether each worker reads files of its own. If not, all read all
      of them and take their rows of each batch: more work, but batches and
      masks are those of a single worker.
    start_batch: Number of batches (of `global_batch_size`) that this training
      has already consumed: the first batch is the one that comes after them. It
      takes the same seed, batch size and files, and with `sharding` as many
      workers. `training.run_experiment` sets it when it resumes a run.
  """
  input_path: str = ''
  global_batch_size: int = 512
  is_training: bool = True
  shuffle_buffer_size: int = 10_000
  seq_length: int = 128
  max_predictions_per_seq: int = 20
  use_next_sentence_label: bool = True
  vocab_file: str = ''
  masked_lm_rate: float = 0.15
  whole_word_masking: bool = False
  seed: int | None = None
  start_batch: int = 0


@data_loader_factory.register_data_loader_cls(MobileBertPretrainDataConfig)
class MobileBertPretrainDataLoader(data_loader.DataLoader):
  """Reads, pads and where needed masks records, in whole batches.

  Example:

    loader = MobileBertPretrainDataLoader(MobileBertPretrainDataConfig(
        input_path='/tmp/records', vocab_file='vocab.txt'))
    batch = next(iter(loader.load()))
  """

  def __init__(self, params: MobileBertPretrainDataConfig):
    """Checks the settings; files are looked for by `load`.

    Args:
      params: The config.

    Raises:
      ValueError: If a setting is missing or makes no sense.
    """
    batches_lib.check(params)
    for name in ('seq_length', 'max_predictions_per_seq'):
      if getattr(params, name) < 1:
        raise ValueError(f'{name} is {getattr(params, name)}; it has to be at '
                         'least 1.')
    if not 0 < params.masked_lm_rate < 1:
      raise ValueError(f'masked_lm_rate is {params.masked_lm_rate}; it has to '
                       'be between 0 and 1.')
    self._params = params

  def load(
      self,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches.

    Args:
      input_context: The part of the files that this worker reads.

    Returns:
      Dicts of int32 `input_word_ids`, `input_mask`, `input_type_ids`
      `[batch, seq_length]`, `masked_lm_positions`, `masked_lm_ids`
      `[batch, max_predictions_per_seq]`, float32 `masked_lm_weights` of the
      same shape and int32 `next_sentence_labels` `[batch, 1]` (0: is next).

    Raises:
      FileNotFoundError: If there are no records, or they are not finished.
      ValueError: If records do not fit the config, were made with another
        vocabulary, are fewer files than workers, or none.
    """
    params = self._params
    vocabulary = vocabulary_lib.Vocabulary.read(params.vocab_file)
    files = record_files.find_records(params.input_path)
    is_masked = record_files.check_records(files, vocabulary, params)
    seed = params.seed
    if seed is None:
      seed = random.SystemRandom().getrandbits(31) if params.is_training else 0

    part = _Part.of(params, input_context)
    if len(files) < part.workers:
      raise ValueError(
          f'{params.input_path} has {len(files)} files for {part.workers} '
          'workers. Write the records with '
          'a smaller --shard_megabytes.')
    records = self._read(files[part.worker::part.workers], seed, part)
    batches = records.batch(
        part.rows_read,
        drop_remainder=params.is_training and params.drop_remainder)

    def make_batch(index: tf.Tensor, serialized: tf.Tensor):
      if is_masked:
        return self._make_masked_batch(serialized, vocabulary)
      # No two batches share a seed, whichever worker makes them.
      mask_seed = tf.stack([tf.constant(seed, tf.int64),
                            index * part.workers + part.worker])
      return self._make_batch(serialized, vocabulary, mask_seed)

    batches = part.deal(batches.enumerate(params.start_batch).map(
        make_batch, num_parallel_calls=tf.data.AUTOTUNE))
    options = tf.data.Options()
    options.deterministic = params.deterministic is not False
    # The files are already this worker's own.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF)
    return batches.with_options(options).prefetch(
        params.prefetch_buffer_size or tf.data.AUTOTUNE)

  def _read(self, files: list[str], seed: int,
            part: '_Part') -> tf.data.Dataset:
    """Returns serialized records, from the first batch on."""
    params = self._params
    if not params.is_training:
      return record_files.read_in_order(files)
    if record_files.is_empty(files):
      # To read them epoch after epoch would never end.
      raise ValueError(
          f'There is no record in {", ".join(files)} to train on. Make records '
          'of more text, or with fewer shards.')
    epoch, record = 0, params.start_batch * part.rows_read
    if record:
      epoch, record = divmod(
          record, record_files.count_records(files))
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
    shape = [None, params.seq_length]
    word_ids = parsed['input_ids'].to_tensor(
        tf.constant(vocabulary.pad_id, tf.int32), shape=shape)
    input_mask = tf.ones_like(parsed['input_ids']).to_tensor(shape=shape)
    types = parsed['segment_ids'].to_tensor(shape=shape)
    batch = masking.mask_tokens(
        word_ids, input_mask, vocabulary=vocabulary,
        max_predictions=params.max_predictions_per_seq,
        rate=params.masked_lm_rate, seed=seed,
        whole_word=params.whole_word_masking)
    return batch | {'input_mask': input_mask, 'input_type_ids': types
                   } | self._labels(parsed)

  def _make_masked_batch(
      self, serialized: tf.Tensor,
      vocabulary: vocabulary_lib.Vocabulary) -> dict[str, tf.Tensor]:
    """Pads static records."""
    params = self._params
    slots = ('masked_lm_positions', 'masked_lm_ids')
    parsed = self._parse(
        serialized, ('input_ids', 'input_mask', 'segment_ids', *slots),
        ('masked_lm_weights',))
    shape = [None, params.seq_length]
    batch = {
        'input_word_ids': parsed['input_ids'].to_tensor(
            tf.constant(vocabulary.pad_id, tf.int32), shape=shape),
        'input_mask': parsed['input_mask'].to_tensor(shape=shape),
        'input_type_ids': parsed['segment_ids'].to_tensor(shape=shape),
    }
    for name in (*slots, 'masked_lm_weights'):
      batch[name] = parsed[name].to_tensor(
          shape=[None, params.max_predictions_per_seq])
    return batch | self._labels(parsed)

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

  def _labels(self, parsed: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {_LABELS: parsed[_LABELS]} if _LABELS in parsed else {}


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
