# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labelled texts, or pairs of texts, of TSV and CSV files, in batches."""

from collections.abc import Callable, Collection, Mapping, Sequence
import dataclasses
from typing import Any

import numpy as np
from official.core import config_definitions as cfg
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.common import notices
from mobilebert_tf.data import batches
from mobilebert_tf.data import tables
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import tokenizer as tokenizer_lib

_LARGEST_NUMBER = float(np.finfo(np.float32).max)
# Of a batch with unlabelled texts: 1 for those with a label, float32 `[batch]`.
LABELLED = 'is_labelled'
_MODEL_INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids')
# Returns what is wrong with a value at a place of a file, '' if nothing is.
Check = Callable[[str, str], str]


# === Reading ===


@dataclasses.dataclass(frozen=True)
class TextExamples:
  """The columns of files, one entry for each row.

  Attributes:
    texts: Text of each row.
    pairs: Second text of each row, or None.
    labels: Name of each class; none for regression.
    label_ids: int32 `[rows]`, or `[rows, labels]` of 0 and 1 where a text can
      have several labels; None without labels, or where they are numbers.
    values: Labels of regression, float32 `[rows]`, or None.
    indices: Id of each row, or None.
    skipped: Number of rows that were left out because they cannot be read.
  """
  texts: list[str]
  pairs: list[str] | None
  labels: list[str]
  label_ids: np.ndarray | None
  values: np.ndarray | None = None
  indices: list[str] | None = None
  skipped: int = 0

  def take(self, rows: Sequence[int]) -> 'TextExamples':
    """Returns some of the rows."""
    def pick(column: Any) -> Any:
      if column is None or isinstance(column, np.ndarray):
        return column if column is None else column[rows]
      return [column[row] for row in rows]

    return dataclasses.replace(self, skipped=0, **{
        name: pick(getattr(self, name))
        for name in ('texts', 'pairs', 'label_ids', 'values', 'indices')})


def read_examples(path: str | Sequence[str], *, text_field: str = 'text',
                  pair_field: str = '', label_field: str = 'label',
                  index_field: str = '', labels: Sequence[str] = (),
                  regression: bool = False, column_names: Sequence[str] = (),
                  bad_rows: str = 'error', keep_empty: bool = False
                  ) -> TextExamples:
  """Reads and checks all rows of TSV or CSV files; see `data.tables`.

  Example: `read_examples('dev.tsv').label_ids[0]`

  Args:
    path: File or glob, or several, as a sequence or with commas.
    text_field: Column of the text.
    pair_field: Column of the second text; empty for none.
    label_field: Column of the label; empty for texts without labels.
    index_field: Column of an id that no two rows share; empty for none.
    labels: Label of each class; empty for the sorted set found.
    regression: Whether labels are numbers instead of classes.
    column_names: Columns of files without a header.
    bad_rows: `error` to stop at the first row that cannot be read, `skip` to
      leave such rows out and count them.
    keep_empty: Whether texts may be empty, because every row is to be answered.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a column is missing, or a file not UTF-8 or without rows; or
      if `bad_rows` is `error` and a row has more or fewer columns than the
      header, an empty text, a duplicate id, or a label that is unknown or no
      finite number. Names the file and the line.
  """
  check_unique_labels(labels)
  if regression and labels:
    raise ValueError('Labels of regression are numbers, so no classes can be '
                     f'named for them: {", ".join(labels)}.')
  fields = check_fields({
      'text_field': text_field, 'pair_field': pair_field,
      'label_field': label_field, 'index_field': index_field})
  checks: dict[str, Check] = {}
  if label_field and regression:
    checks['label_field'] = _check_number
  elif label_field and labels:
    checks['label_field'] = _check_label(labels)
  columns, skipped = read_columns(
      path, fields, checks, bad_rows, column_names,
      may_be_empty=(text_field, pair_field) if keep_empty else ())
  found = columns.get('label_field')
  label_ids = values = None
  labels = list(labels)
  if regression and found is not None:
    values = np.array([float(value) for value in found], np.float32)
  elif found is not None:
    labels = labels or sorted(set(found))
    ids = {label: i for i, label in enumerate(labels)}
    label_ids = np.array([ids[label] for label in found], np.int32)
  return TextExamples(
      columns['text_field'], columns.get('pair_field'), labels, label_ids,
      values, columns.get('index_field'), skipped)


def read_labels(path: str | Sequence[str], label_field: str = 'label', *,
                column_names: Sequence[str] = (), bad_rows: str = 'error'
                ) -> list[str]:
  """Returns the sorted labels that occur in files; see `read_examples`."""
  columns, _ = read_columns(
      path, {'label_field': label_field}, {}, bad_rows, column_names)
  return sorted(set(columns['label_field']))


def check_unique_labels(labels: Sequence[str]) -> None:
  """Raises ValueError if a label is duplicated."""
  if len(set(labels)) < len(labels):
    raise ValueError(f'A label is duplicated in {list(labels)}.')


def check_fields(fields: Mapping[str, str]) -> dict[str, str]:
  """Returns the fields that name a column; '' names none.

  Raises:
    ValueError: If two columns are the same, or `text_field` is not set.
  """
  fields = {name: column for name, column in fields.items() if column}
  names: dict[str, str] = {}
  for name, column in fields.items():
    if column in names:
      raise ValueError(f'{names[column]} and {name} are the same column, '
                       f'{column!r}.')
    names[column] = name
  if 'text_field' not in fields:
    raise ValueError('text_field is not set.')
  return fields


def read_columns(
    path: str | Sequence[str], fields: Mapping[str, str],
    checks: Mapping[str, Check], bad_rows: str, column_names: Sequence[str],
    may_be_empty: Collection[str] = ()) -> tuple[dict[str, list[str]], int]:
  """Reads columns of TSV or CSV files.

  Args:
    path: Files, as for `read_examples`.
    fields: Column of each field; values of `index_field` are unique.
    checks: Check of the values of a field, by field.
    bad_rows: `error` or `skip`, as for `read_examples`.
    column_names: Columns of files without a header.
    may_be_empty: Columns whose values may be empty.

  Returns:
    The values by field, and the number of rows that were left out.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound; names the file and the line.
  """
  checks = dict(checks)
  if 'index_field' in fields:
    checks['index_field'] = _check_unique()
  bad = tables.BadRows(bad_rows)
  columns: dict[str, list[str]] = {name: [] for name in fields}
  positions = [(list(fields).index(name), check)
               for name, check in checks.items()]
  for row in tables.read_rows(
      path, list(fields.values()), bad, column_names=column_names,
      may_be_empty=may_be_empty):
    wrong = next(filter(None, (
        check(row.values[i], row.place) for i, check in positions)), None)
    if wrong:
      bad.add(row.file, row.line, wrong)
      continue
    for column, value in zip(columns.values(), row.values, strict=True):
      column.append(value)
  bad.report()
  return columns, bad.skipped


def _check_label(labels: Sequence[str]) -> Check:
  known = set(labels)
  shown = ', '.join(labels[:20])

  def check(label: str, _: str) -> str:
    if label in known:
      return ''
    return f'the label {label[:60]!r} is not one of {shown}.'
  return check


def _check_number(value: str, _: str) -> str:
  try:
    # Python reads 1_000 as well.
    if abs(float(value)) <= _LARGEST_NUMBER and '_' not in value:
      return ''
  except ValueError:
    pass
  return (f'the label {value[:60]!r} is not a finite number, as regression '
          'needs, such as 3.5.')


def _check_unique() -> Check:
  seen: dict[str, str] = {}

  def check(index: str, place: str) -> str:
    first = seen.setdefault(index, place)
    return '' if first == place else (
        f'the id {index[:60]!r} is there already, at {first}.')
  return check


# === Batching ===


@dataclasses.dataclass
class TextClassificationDataConfig(cfg.DataConfig):
  """Labelled texts, or pairs of texts, in TSV or CSV files.

  Attributes:
    input_path: A TSV file, in which quotes mean nothing, or a file whose name
      ends with `.csv`; or several as globs, a list or with commas.
    global_batch_size: Number of texts in a batch, over all replicas.
    is_training: Whether to shuffle, repeat and batch texts of similar length.
      If not, the order is that of the file.
    text_field: Column of the text.
    pair_field: Column of the second text; empty for none.
    label_field: Column of the label, and a second name of it in batches.
    labels: Label of each class; empty for the sorted set found in the files.
    regression: Whether labels are numbers, set by the task.
    index_field: Column of an id that no two rows share; empty for none.
    column_names: Columns of files without a header.
    bad_rows: `error` to stop at a row that cannot be read, `skip` to leave such
      rows out and count them, as long as they are few.
    unlabelled_path: Files of texts without labels, for a teacher's answers
      alone, with the same columns of texts; a text a line if it ends with
      `.txt`.
    vocab_file: Path of BERT's `vocab.txt`.
    lower_case: Whether to lower-case, and to strip accents (`text.settings`).
    max_word_length: Maximum length of a word in characters.
    seq_length: Maximum length in tokens, special tokens included. Batches are
      at most one longer: padding follows every text.
    seed: Seed of shuffling; None for another order on each run.
    start_batch: Batch to begin with, set when a run is resumed.
    batch_by_length: Whether training batches hold texts of similar length.
    cache_dir: Not used; in the `params.yaml` of older runs.
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
  unlabelled_path: str = ''
  vocab_file: str = ''
  lower_case: bool | str = True
  max_word_length: int = text_settings.MAX_WORD_LENGTH
  seq_length: int = 128
  seed: int | None = None
  start_batch: int = 0
  batch_by_length: bool = True
  cache_dir: str | None = None


@data_loader_factory.register_data_loader_cls(TextClassificationDataConfig)
class TextClassificationDataLoader(data_loader.DataLoader):
  """Tokenises all texts once, then batches them by length.

  Raises:
    ValueError: If a setting is missing or makes no sense.
  """

  def __init__(self, params: TextClassificationDataConfig):
    batches.check(
        params, ('input_path', 'vocab_file', 'text_field', 'label_field'))
    if params.label_field in _MODEL_INPUTS:
      raise ValueError(f'A label column cannot be called {params.label_field}, '
                       'which is an input of the model.')
    batches.check_length(params, 3 if params.pair_field else 2)
    self._params = params

  def load(self, input_context: tf.distribute.InputContext | None = None
           ) -> tf.data.Dataset:
    """Reads, checks and tokenises all rows, and returns the batches.

    Returns:
      Dicts of int32 `input_word_ids`, `input_mask`, `input_type_ids`
      `[batch, length]`, where length is one of `batches.lengths(seq_length)`
      and above that of every text in the batch, and `label_ids` `[batch, 1]`,
      float32 in regression, the same also under the name of `label_field`.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a row is not sound; names the file and the line.
    """
    params = self._params
    examples = self.read()
    targets = self.targets(examples)
    columns = [examples.texts, examples.pairs]
    is_labelled = np.ones(len(targets), np.float32)
    if params.unlabelled_path:
      more = read_unlabelled(params)
      columns = [texts and [*texts, *others] for texts, others in zip(
          columns, (more.texts, more.pairs), strict=True)]
      filling = [(0, len(more.texts))]
      targets = np.pad(targets, [*filling, (0, 0)])
      is_labelled = np.pad(is_labelled, filling)
    tokenizer = tokenizer_lib.Tokenizer.of(params)
    special = 2 if examples.pairs is None else 3
    segments = [tokenizer.tokenize_to_ragged(texts)
                for texts in columns if texts is not None]
    most = params.seq_length - special
    cut = int(tf.reduce_sum(tf.cast(
        sum(s.row_lengths() for s in segments) > most, tf.int32)))
    if cut:
      notices.tell(
          f'{params.input_path}: {cut:,} of {len(targets):,} texts have '
          f'more than {params.seq_length} tokens and are cut there.')
    segments = tokenizer_lib.trim(segments, most)
    # One more than the tokens: padding follows every text.
    needed = sum(tf.cast(s.row_lengths(), tf.int32)
                 for s in segments) + special + 1
    label_ids, is_labelled = map(tf.constant, (targets, is_labelled))

    def make_batch(rows: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
      batch = tokenizer.pack([tf.gather(s, rows) for s in segments], length)
      batch['label_ids'] = tf.gather(label_ids, rows)
      batch[params.label_field] = batch['label_ids']
      if params.unlabelled_path:
        batch[LABELLED] = tf.gather(is_labelled, rows)
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
    labels = examples.values if self._params.regression else examples.label_ids
    return labels[:, np.newaxis]


def read_data(params: TextClassificationDataConfig) -> TextExamples:
  """Returns the examples that a config names; see `read_examples`.

  Without `label_field` every text is to be answered, so empty ones are kept.
  """
  fields = ('text_field', 'pair_field', 'label_field', 'index_field', 'labels',
            'regression', 'column_names', 'bad_rows')
  return read_examples(
      params.input_path, keep_empty=not params.label_field,
      **{name: getattr(params, name) for name in fields})


def read_unlabelled(params: TextClassificationDataConfig) -> TextExamples:
  """Returns the texts of a config's `unlabelled_path`."""
  names = [params.text_field, *filter(None, [params.pair_field])]
  is_plain = params.unlabelled_path.removesuffix('.gz').endswith('.txt')
  return read_examples(
      params.unlabelled_path, text_field=params.text_field,
      pair_field=params.pair_field, label_field='', bad_rows=params.bad_rows,
      column_names=names if is_plain else ())


def find_labels(params: TextClassificationDataConfig) -> list[str]:
  """Returns the classes of a config: those it names, or those of its files."""
  return list(params.labels) or read_labels(
      params.input_path, params.label_field, column_names=params.column_names,
      bad_rows=params.bad_rows)
