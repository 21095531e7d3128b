# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts to learn vectors from: taught, in pairs, with negatives, with scores.

Texts are those of a table (`data.tables`), of a file with a text a line, or of
a store of vectors (`data.vector_store`). A store beside a table has the
teacher's vectors of its texts.
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import math
from typing import Any

import numpy as np
from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.data import batches
from mobilebert_tf.data import text_files
from mobilebert_tf.data import vector_store
from mobilebert_tf.tasks.classification import loader as base
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import tokenizer as tokenizer_lib

TEXT, PAIR = 'text', 'pair'
_SPECIAL = 2  # Special tokens of a text.
# What a data config says of the columns of a table.
FIELDS = ('text_field', 'pair_field', 'negative_fields', 'score_field',
          'largest_score', 'column_names', 'bad_rows')


# === Reading ===


@dataclasses.dataclass(frozen=True)
class Examples:
  """Texts in columns, an entry for each row.

  Attributes:
    columns: Texts by `'text'`, `'pair'`, `'negative_0'` and so on.
    scores: Similarity of text and pair, float32 `[rows]`, or None.
    skipped: Number of rows that were left out because they cannot be read.
  """
  columns: Mapping[str, Sequence[str]]
  scores: np.ndarray | None = None
  skipped: int = 0

  def __len__(self) -> int:
    return len(self.columns[TEXT])

  @property
  def pairs(self) -> Sequence[str] | None:
    """The second text of each row, if there is one."""
    return self.columns.get(PAIR)

  def take(self, rows: Sequence[int]) -> 'Examples':
    """Returns some of the rows."""
    return dataclasses.replace(
        self, columns={name: [texts[row] for row in rows]
                       for name, texts in self.columns.items()},
        scores=None if self.scores is None else self.scores[list(rows)])


def read_examples(path: str | Sequence[str], *, text_field: str = 'text',
                  pair_field: str = '', negative_fields: Sequence[str] = (),
                  score_field: str = '', largest_score: float = 1.0,
                  column_names: Sequence[str] = (),
                  bad_rows: str = 'error') -> Examples:
  """Reads and checks all rows of files.

  Args:
    path: Files or globs of a table, see `data.tables`; or files named `.txt`
      with a text a line.
    text_field: Column of the text.
    pair_field: Column of a text that is similar, or scored; empty for none.
    negative_fields: Columns of texts that are not similar.
    score_field: Column of the similarity of text and pair; empty for none.
    largest_score: Score of equal texts, by which scores are divided; 0 for
      scores of any scale.
    column_names: Columns of files without a header.
    bad_rows: `error` or `skip`, as for `classification.loader`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound; names the file and the line.

  Example: `read_examples('dev.tsv', pair_field='pair').columns['pair']`
  """
  if (negative_fields or score_field) and not pair_field:
    raise ValueError('negative_fields and score_field are of pairs; name the '
                     'column of the second text as pair_field.')
  if not 0 <= largest_score < math.inf:
    raise ValueError(f'largest_score is {largest_score}; it is the score of '
                     'equal texts, or 0 for scores of any scale.')
  negatives = {f'negative_{i}': field
               for i, field in enumerate(negative_fields)}
  if not pair_field and not column_names and are_lines(path):
    return Examples({TEXT: text_files.read(path)})
  fields = base.check_fields({
      'text_field': text_field, 'pair_field': pair_field, **negatives,
      'score_field': score_field})
  checks: dict[str, base.Check] = {}
  if score_field:
    checks['score_field'] = _check_score(largest_score)
  found, skipped = base.read_columns(
      path, fields, checks, bad_rows, column_names)
  scores = None
  if score_field:
    scores = np.array(found['score_field'], np.float64)
    scores = np.float32(scores / (largest_score or 1.0))
  names = {TEXT: 'text_field', PAIR: 'pair_field', **dict(zip(
      negatives, negatives, strict=True))}
  return Examples(
      {name: found[field] for name, field in names.items() if field in found},
      scores, skipped)


def are_lines(path: str | Sequence[str]) -> bool:
  """Whether files are named as texts, a line each."""
  return all(file.removesuffix('.gz').endswith('.txt')
             for file in files.find_files(path))


def _check_score(largest: float) -> base.Check:
  def check(value: str, _: str) -> str:
    try:
      number = float(value) if '_' not in value else math.nan
    except ValueError:
      number = math.nan
    if not math.isfinite(number):
      return (f'the score {value[:60]!r} is not a finite number, such as 3.5.')
    if largest and abs(number) > largest:
      return (f'the score {value[:60]} is beyond the largest, {largest:g}: set '
              'largest_score to the score of equal texts, such as 5.')
    return ''
  return check


def without_repeated(examples: Examples, source: str) -> Examples:
  """Returns the rows whose texts occur first, and tells how many do not.

  Raises:
    ValueError: If the same texts have two scores.
  """
  rows = list(zip(*examples.columns.values(), strict=True))
  first: dict[tuple[str, ...], int] = {}
  for row, texts in enumerate(rows):
    known = first.setdefault(texts, row)
    if examples.scores is not None and (
        examples.scores[known] != examples.scores[row]):
      raise ValueError(
          f'{source}: the pair {texts[0][:40]!r} and {texts[1][:40]!r} has two '
          f'scores, in row {known + 1} and row {row + 1} of texts. Remove one.')
  if len(first) == len(rows):
    return examples
  notices.tell(f'{source}: {len(rows) - len(first):,} of {len(rows):,} rows '
               'have the texts of another, and are learned from once.')
  return examples.take(list(first.values()))


# === Batching ===


@dataclasses.dataclass
class EmbeddingDataConfig(cfg.DataConfig):
  """Texts to learn vectors from.

  Attributes:
    input_path: A table named `.tsv`, `.csv` or `.jsonl`, or a text a line in a
      file named `.txt`; or several as globs, a list or with commas; empty for
      the texts of `vectors`.
    vectors: Folder or file of a teacher's vectors, see `data.vector_store`;
      empty for no teacher.
    vector_texts: File of the texts of a `.npy` file; that beside it if empty.
    global_batch_size: Number of rows in a batch, over all replicas.
    is_training: Whether to shuffle, repeat and batch texts of similar length,
      and to leave out what is repeated. If not, the order is that of the file.
    text_field: Column of the text.
    pair_field: Column of a text that is similar, or scored; empty for none.
    negative_fields: Columns of texts that are not similar.
    score_field: Column of the similarity of text and pair; empty for none.
    largest_score: Score of equal texts, by which scores are divided; 0 for
      scores of any scale.
    column_names: Columns of files without a header.
    bad_rows: `error` to stop at a row that cannot be read, `skip` to leave such
      rows out and count them, as long as they are few.
    vocab_file: Path of BERT's `vocab.txt`.
    lower_case: Whether to lower-case, and to strip accents (`text.settings`).
    max_word_length: Maximum length of a word in characters.
    seq_length: Maximum length of a text in tokens, special tokens included.
    seed: Seed of shuffling; None for another order on each run.
    start_batch: Batch to begin with, set when a run is resumed.
    batch_by_length: Whether training batches hold texts of similar length.
  """
  input_path: str = ''
  vectors: str = ''
  vector_texts: str = ''
  global_batch_size: int = 128
  is_training: bool = True
  text_field: str = 'text'
  pair_field: str = ''
  negative_fields: list[str] = dataclasses.field(default_factory=list)
  score_field: str = ''
  largest_score: float = 1.0
  column_names: list[str] = dataclasses.field(default_factory=list)
  bad_rows: str = 'error'
  vocab_file: str = ''
  lower_case: bool | str = True
  max_word_length: int = text_settings.MAX_WORD_LENGTH
  seq_length: int = 128
  seed: int | None = None
  start_batch: int = 0
  batch_by_length: bool = True

  @property
  def source(self) -> str:
    """What the texts are of, for messages."""
    return str(self.input_path or self.vectors)


@data_loader_factory.register_data_loader_cls(EmbeddingDataConfig)
class EmbeddingDataLoader(data_loader.DataLoader):
  """Tokenises all texts once, then batches rows by their longest text.

  Raises:
    ValueError: If a setting is missing or makes no sense.
  """

  def __init__(self, params: EmbeddingDataConfig):
    batches.check(params, ('vocab_file',) if params.vectors else
                  ('input_path', 'vocab_file'))
    batches.check_length(params, _SPECIAL)
    self._params = params

  def load(self, input_context: tf.distribute.InputContext | None = None
           ) -> tf.data.Dataset:
    """Reads, checks and tokenises all rows, and returns the batches.

    Returns:
      Dicts, of which those of single columns have the names of
      `Examples.columns`:
        inputs: The encoder's inputs of each column, int32 `[batch, length]`
          with a length of each column's own.
        ids: int64 `[batch]` of each column, equal for equal texts.
        scores: float32 `[batch]`, if there are scores.
        vectors: float32 `[batch, size]` of each column, if there is a teacher.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a row is not sound, a text has no vector, or there is one
        row to learn from.
    """
    params = self._params
    examples, store = read_data(params)
    tokenizer = tokenizer_lib.Tokenizer.of(params)
    segments = _tokenize(tokenizer, examples, params)
    needed = {name: tf.cast(rows.row_lengths(), tf.int32) + _SPECIAL + 1
              for name, rows in segments.items()}
    buckets = batches.lengths(params.seq_length)
    ids = _number(examples)
    find_vectors = _vector_finder(store, examples, params.source)

    def make_batch(rows: tf.Tensor, length: tf.Tensor) -> dict[str, Any]:
      def fit(name: str) -> tf.Tensor:
        if isinstance(length, int):  # On a TPU.
          return length
        longest = tf.reduce_max(tf.gather(needed[name], rows))
        return tf.gather(buckets, tf.searchsorted(buckets, [longest])[0])

      batch: dict[str, Any] = {
          'inputs': {name: tokenizer.pack([tf.gather(tokens, rows)], fit(name))
                     for name, tokens in segments.items()},
          'ids': {name: tf.gather(each, rows) for name, each in ids.items()}}
      if examples.scores is not None:
        batch['scores'] = tf.gather(tf.constant(examples.scores), rows)
      if find_vectors:
        batch['vectors'] = find_vectors(rows)
      return batch

    longest = tf.reduce_max(tf.stack(list(needed.values())), axis=0)
    return batches.load(longest, buckets, make_batch, params, input_context)


def read_data(params: EmbeddingDataConfig
              ) -> tuple[Examples, vector_store.VectorStore | None]:
  """Returns the rows that a config names, and the vectors of their texts.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound, or there is one row to learn from.
  """
  store = None
  if params.vectors:
    store = vector_store.VectorStore.open(params.vectors, params.vector_texts)
  if params.input_path:
    examples = read_examples(params.input_path, **{
        name: getattr(params, name) for name in FIELDS})
  else:
    examples = Examples({TEXT: list(store.texts)})
  if params.is_training:
    examples = without_repeated(examples, params.source)
    if len(examples) < 2:
      raise ValueError(f'{params.source} has one row to learn from; texts are '
                       'compared with those of other rows.')
  return examples, store


def _tokenize(tokenizer: tokenizer_lib.Tokenizer, examples: Examples,
              params: EmbeddingDataConfig) -> dict[str, tf.RaggedTensor]:
  """Returns the tokens of each column, without what is too long."""
  most, cut, count, found = params.seq_length - _SPECIAL, 0, 0, {}
  for name, texts in examples.columns.items():
    tokens = tokenizer.tokenize_to_ragged(texts)
    cut += int(tf.math.count_nonzero(tokens.row_lengths() > most))
    count += len(texts)
    [found[name]] = tokenizer_lib.trim([tokens], most)
  if cut:
    notices.tell(f'{params.source}: {cut:,} of {count:,} texts have more than '
                 f'{params.seq_length} tokens and are cut there.')
  return found


def _number(examples: Examples) -> dict[str, tf.Tensor]:
  """Returns a number for each text of each column, equal for equal texts."""
  numbers: dict[str, int] = {}
  return {name: tf.constant([numbers.setdefault(text, len(numbers))
                             for text in texts], tf.int64)
          for name, texts in examples.columns.items()}


def _vector_finder(
    store: vector_store.VectorStore | None, examples: Examples, source: str
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]] | None:
  """Returns the function from rows to a teacher's vectors of each column."""
  if store is None:
    return None
  places = {text: row for row, text in enumerate(store.texts)}
  rows_of = {}
  for name, texts in examples.columns.items():
    missing = [text for text in texts if text not in places]
    if missing:
      raise ValueError(
          f'{store.path} has no vectors of {len(missing):,} of {len(texts):,} '
          f'texts of {source}, such as {missing[0][:60]!r}. Make them of the '
          'same file: mobilebert embed.')
    rows_of[name] = tf.constant([places[text] for text in texts], tf.int64)

  def read(rows: np.ndarray) -> np.ndarray:  # Not in memory as a whole.
    return np.asarray(store.vectors[rows], np.float32)

  def find(rows: tf.Tensor) -> dict[str, tf.Tensor]:
    return {name: tf.ensure_shape(
        tf.numpy_function(read, [tf.gather(each, rows)], tf.float32,
                          stateful=False), [None, store.size])
            for name, each in rows_of.items()}
  return find
