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

"""Model Garden data loader of pre-training records, masked as they are read."""

import dataclasses
import os
import random

from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.data import corpus
from mobilebert_tf.data import masking
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import vocabulary as vocabulary_lib


@dataclasses.dataclass
class MobileBertPretrainDataConfig(cfg.DataConfig):
  """Records of `create_pretraining_data`, masked anew on each epoch.

  Attributes:
    input_path: Record files or globs (several as a list or with commas), or
      folders of records.
    global_batch_size: Over all replicas.
    is_training: Whether to shuffle and repeat. If not, every pass gives the
      same batches with the same masks, the last one perhaps smaller.
    shuffle_buffer_size: How many records to shuffle among in training.
    seq_length: The length of the batches; no record may be longer.
    max_predictions_per_seq: How many tokens to predict at most.
    use_next_sentence_label: Whether to give `next_sentence_labels`.
    vocab_file: The vocabulary of the records.
    masked_lm_rate: The share of tokens to predict.
    seed: Of shuffling and masking; None for another on each run in training,
      0 in evaluation.
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
  seed: int | None = None


@data_loader_factory.register_data_loader_cls(MobileBertPretrainDataConfig)
class MobileBertPretrainDataLoader(data_loader.DataLoader):
  """Reads, pads and masks records in whole batches.

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
    if not params.vocab_file:
      raise ValueError('vocab_file is not set. Masking needs the vocabulary '
                       'that the records were made with.')
    if not params.input_path:
      raise ValueError('input_path is not set: name a folder of records.')
    for name in ('global_batch_size', 'seq_length', 'max_predictions_per_seq'):
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
      input_context: Which part of the files this worker reads.

    Returns:
      Dicts of int32 `input_word_ids`, `input_mask`, `input_type_ids`
      `[batch, seq_length]`, `masked_lm_positions`, `masked_lm_ids`
      `[batch, max_predictions_per_seq]`, float32 `masked_lm_weights` of the
      same shape and int32 `next_sentence_labels` `[batch, 1]` (0: is next).

    Raises:
      FileNotFoundError: If there are no records, or they are not finished.
      ValueError: If records are longer than `seq_length`, were made with
        another vocabulary, or are fewer files than workers.
    """
    params = self._params
    vocabulary = vocabulary_lib.Vocabulary.read(params.vocab_file)
    files = find_records(params.input_path)
    _check_manifests(files, vocabulary, params)
    seed = params.seed
    if seed is None:
      seed = random.SystemRandom().getrandbits(31) if params.is_training else 0

    workers, worker, batch_size = 1, 0, params.global_batch_size
    if input_context:
      batch_size = input_context.get_per_replica_batch_size(batch_size)
      if params.sharding:
        workers = input_context.num_input_pipelines
        worker = input_context.input_pipeline_id
    if len(files) < workers:
      raise ValueError(
          f'{params.input_path} has {len(files)} files for {workers} workers. '
          f'Write the records with --num_shards={workers} or more.')
    records = self._read(files[worker::workers], seed + worker)
    batches = records.batch(
        batch_size,
        drop_remainder=params.is_training and params.drop_remainder)

    def make_batch(index: tf.Tensor, serialized: tf.Tensor):
      # No two batches share a seed, whichever worker makes them.
      mask_seed = tf.stack(
          [tf.constant(seed, tf.int64), index * workers + worker])
      return self._make_batch(serialized, vocabulary, mask_seed)

    batches = batches.enumerate().map(
        make_batch, num_parallel_calls=tf.data.AUTOTUNE)
    options = tf.data.Options()
    options.deterministic = params.deterministic is not False
    # The files are already this worker's own.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF)
    return batches.with_options(options).prefetch(
        params.prefetch_buffer_size or tf.data.AUTOTUNE)

  def _read(self, files: list[str], seed: int) -> tf.data.Dataset:
    """Returns serialized records."""
    params = self._params
    paths = tf.data.Dataset.from_tensor_slices(files)
    if not params.is_training:
      return tf.data.TFRecordDataset(paths)
    records = paths.shuffle(len(files), seed).interleave(
        tf.data.TFRecordDataset,
        cycle_length=params.cycle_length or min(len(files), 16),
        block_length=params.block_length,
        num_parallel_calls=tf.data.AUTOTUNE)
    if params.cache:
      records = records.cache()
    return records.shuffle(params.shuffle_buffer_size, seed).repeat()

  def _make_batch(self, serialized: tf.Tensor,
                  vocabulary: vocabulary_lib.Vocabulary,
                  seed: tf.Tensor) -> dict[str, tf.Tensor]:
    params = self._params
    features = {
        'input_ids': tf.io.RaggedFeature(tf.int64),
        'segment_ids': tf.io.RaggedFeature(tf.int64),
    }
    if params.use_next_sentence_label:
      features['next_sentence_labels'] = tf.io.FixedLenFeature([1], tf.int64)
    parsed = tf.io.parse_example(serialized, features)
    ids = tf.cast(parsed['input_ids'], tf.int32)
    shape = [None, params.seq_length]
    word_ids = ids.to_tensor(
        tf.constant(vocabulary.pad_id, tf.int32), shape=shape)
    input_mask = tf.ones_like(ids).to_tensor(shape=shape)
    types = tf.cast(parsed['segment_ids'], tf.int32).to_tensor(shape=shape)
    batch = masking.mask_tokens(
        word_ids, input_mask, vocabulary=vocabulary,
        max_predictions=params.max_predictions_per_seq,
        rate=params.masked_lm_rate, seed=seed)
    batch |= {'input_mask': input_mask, 'input_type_ids': types}
    if params.use_next_sentence_label:
      batch['next_sentence_labels'] = tf.cast(
          parsed['next_sentence_labels'], tf.int32)
    return batch


def find_records(input_path: str | list[str] | tuple[str, ...]) -> list[str]:
  """Returns the record files of paths, globs and folders.

  Raises:
    FileNotFoundError: If one of them has none.
  """
  values = [input_path] if isinstance(input_path, str) else list(input_path)
  patterns = [p.strip() for v in values for p in v.split(',') if p.strip()]
  return corpus.find_files([
      os.path.join(p, '*.tfrecord') if tf.io.gfile.isdir(p) else p
      for p in patterns])


def _check_manifests(files: list[str], vocabulary: vocabulary_lib.Vocabulary,
                     params: MobileBertPretrainDataConfig) -> None:
  for folder in sorted({os.path.dirname(f) for f in files}):
    manifest = pretraining_records.read_manifest(folder)
    longest = manifest['settings']['max_seq_length']
    if longest >= params.seq_length:
      # The trigram at the last token must see the same [PAD] as in serving.
      raise ValueError(
          f'{folder} has records of up to {longest} tokens, and a [PAD] '
          f'follows each, but seq_length is {params.seq_length}. Set it to '
          f'{longest + 1} or more, or make records with '
          f'--max_seq_length={params.seq_length - 1}.')
    if manifest['vocabulary_sha256'] != vocabulary.sha256:
      raise ValueError(
          f'{folder} was made with another vocabulary (of '
          f'{manifest["vocabulary_size"]} tokens) than {params.vocab_file} '
          f'(of {len(vocabulary)}). Name the one it was made with.')
