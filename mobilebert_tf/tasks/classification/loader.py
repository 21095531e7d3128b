# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Model Garden data loader of labelled texts in TSV and CSV files."""

import dataclasses

import numpy as np
from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.data import batches
from mobilebert_tf.tasks.classification import examples as examples_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib

# Where those who read without batches look for them.
TextExamples = examples_lib.TextExamples
read_examples = examples_lib.read_examples
read_labels = examples_lib.read_labels

_MODEL_INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids')


@dataclasses.dataclass
class TextClassificationDataConfig(cfg.DataConfig):
  """Labelled texts, or pairs of texts, in TSV or CSV files.

  Attributes:
    input_path: A TSV file, in which quotes mean nothing, or a file whose name
      ends with `.csv`; or several as globs, a list or with commas.
    global_batch_size: Over all replicas.
    is_training: Whether to shuffle, repeat and batch texts of similar length.
      If not, the order is that of the file.
    text_field: The column of the text.
    pair_field: The column of the second text, if there is one.
    label_field: The column of the label. The batches have the labels under
      this name too, where the Model Garden's task looks for them.
    labels: The label of each class; empty for the sorted set found in the
      files. Name them where train and validation files could differ.
    regression: Whether labels are numbers. `SentencePredictionTask` sets it
      where the model has one class.
    index_field: A column of ids to check: no two rows share one. Empty for
      none.
    column_names: The columns of files without a header; empty if the first
      line names them.
    bad_rows: `error` stops at a row that cannot be read; `skip` leaves such
      rows out and says how many, as long as they are few.
    vocab_file: BERT's `vocab.txt`.
    lower_case: Whether to lower-case and strip accents.
    seq_length: How many tokens of a text to keep, special tokens included.
      Batches are at most one longer: padding follows every text.
    seed: Of shuffling; None for another order on each run.
    start_batch: The batch to begin with; training sets it to continue a run.
    batch_by_length: Whether training batches those of like length, which saves
      padding, or any.
    cache_dir: Not used any more; in the `params.yaml` of older runs.
  """
  input_path: str = ''
  global_batch_size: int = 32
  is_training: bool = True
  text_field: str = 'text'
  pair_field: str = ''
  label_field: str = 'label'
  labels: list[str] = dataclasses.field(default_factory=list)
  regression: bool = False
  index_field: str = ''
  column_names: list[str] = dataclasses.field(default_factory=list)
  bad_rows: str = 'error'
  vocab_file: str = ''
  lower_case: bool = True
  seq_length: int = 128
  seed: int | None = None
  start_batch: int = 0
  batch_by_length: bool = True
  cache_dir: str | None = None


@data_loader_factory.register_data_loader_cls(TextClassificationDataConfig)
class TextClassificationDataLoader(data_loader.DataLoader):
  """Tokenises all texts once, then batches them by length."""

  def __init__(self, params: TextClassificationDataConfig):
    """Checks the settings; files are read by `load`.

    Args:
      params: The config.

    Raises:
      ValueError: If a setting is missing or makes no sense.
    """
    batches.check(
        params, ('input_path', 'vocab_file', 'text_field', 'label_field'))
    if params.label_field in _MODEL_INPUTS:
      raise ValueError(f'A label column cannot be called {params.label_field}, '
                       'which is an input of the model.')
    batches.check_length(params, 3 if params.pair_field else 2)
    self._params = params

  def load(
      self,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Reads, checks and tokenises all rows, and returns the batches.

    Args:
      input_context: Which part of the rows this worker reads.

    Returns:
      Dicts of int32 `input_word_ids`, `input_mask`, `input_type_ids`
      `[batch, length]`, where length is one of
      `length_batches.lengths(seq_length)` and above that of every text in the
      batch, and `label_ids` `[batch, 1]`,
      float32 in regression, the same also under the name of `label_field`.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a row is not sound; names the file and the line.
    """
    params = self._params
    examples = self.read()
    tokenizer = tokenizer_lib.Tokenizer(params.vocab_file, params.lower_case)
    special = 2 if examples.pairs is None else 3
    segments = [tokenizer.tokenize_to_ragged(texts)
                for texts in (examples.texts, examples.pairs)
                if texts is not None]
    segments = tokenizer_lib.trim(segments, params.seq_length - special)
    # One more than the tokens: padding follows every text.
    needed = sum(tf.cast(s.row_lengths(), tf.int32)
                 for s in segments) + special + 1
    label_ids = tf.constant(self.targets(examples))

    def make_batch(rows: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
      batch = tokenizer.pack([tf.gather(s, rows) for s in segments], length)
      batch['label_ids'] = tf.gather(label_ids, rows)
      batch[params.label_field] = batch['label_ids']
      return batch

    return batches.load(
        needed, batches.lengths(params.seq_length), make_batch, params,
        input_context)

  # === For subclasses ===

  def read(self) -> TextExamples:
    """Returns all rows."""
    return read_data(self._params)

  def targets(self, examples: TextExamples) -> np.ndarray:
    """Returns what is learned of each text, `[rows, 1]`."""
    labels = (examples.values if self._params.regression
              else examples.label_ids)
    return labels[:, np.newaxis]


def read_data(params: TextClassificationDataConfig) -> TextExamples:
  """Returns the examples that a config names; see `read_examples`.

  A config without `label_field` is for texts to be answered: all of them, so
  that empty ones are kept.
  """
  return read_examples(
      params.input_path, text_field=params.text_field,
      pair_field=params.pair_field, label_field=params.label_field,
      index_field=params.index_field, labels=params.labels,
      regression=params.regression, column_names=params.column_names,
      bad_rows=params.bad_rows, keep_empty=not params.label_field)


def find_labels(params: TextClassificationDataConfig) -> list[str]:
  """Returns the classes of a config: those it names, or those of its files."""
  return list(params.labels) or read_labels(
      params.input_path, params.label_field, column_names=params.column_names,
      bad_rows=params.bad_rows)
