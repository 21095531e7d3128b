# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""More training texts: words replaced by those that a masked LM finds likely.

The augmentation of TinyBERT (Jiao et al. 2020, algorithm 1), which DynaBERT
uses, with our own masked LM. A teacher answers the new texts: the labels that
they keep may be wrong. Words of several pieces stay as they are; the published
code replaces them by neighbours among GloVe's vectors.
"""

from collections.abc import Iterator, Sequence
import dataclasses
import functools
import glob
import hashlib
import json
import os
import pathlib
import shutil

import numpy as np
import tensorflow as tf
import tqdm

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.common import files
from mobilebert_tf.common import outputs
from mobilebert_tf.data import tables
from mobilebert_tf.inference import loading
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import words as words_lib

_ROWS = 64  # That are computed together.
_STEP = 16  # Lengths are multiples of it, so that few graphs are made.
_FIELDS = ('text_field', 'pair_field', 'label_field')
_PLAN, _DRAWN = 'plan.json', 'texts.jsonl'  # Of a stopped call.


@dataclasses.dataclass(frozen=True)
class Settings:
  """How texts are changed.

  Attributes:
    copies: Number of new texts that are drawn of each; equal ones count once.
      The paper has 30 for small tasks, 20 for SST-2 and 10 for large ones.
    share: Probability with which a word is replaced.
    candidates: Number of most probable tokens that replace a word.
    seed: Seed of the draws.

  Raises:
    ValueError: If one is out of range.
  """
  copies: int = 20
  share: float = 0.4
  candidates: int = 15
  seed: int = 0

  def __post_init__(self):
    if self.copies < 1 or self.candidates < 1:
      raise ValueError(f'There are {self.copies} copies and {self.candidates} '
                       'candidates; both have to be at least 1.')
    if not 0 < self.share <= 1:
      raise ValueError(f'The share of words is {self.share}; it has to be '
                       'above 0 and at most 1.')


class Augmenter:
  """Draws texts that are like others.

  Args:
    model: The masked LM.
    tokenizer: Its tokenizer.
    settings: Settings of the change.

  Example: `Augmenter(model, tokenizer).draw('a gripping film', row=0)`
  """

  def __init__(self, model: modeling.MobileBertPretrainer,
               tokenizer: tokenizer_lib.Tokenizer,
               settings: Settings | None = None):
    self._settings = settings or Settings()
    self._tokenizer, self._tokens = tokenizer, tokenizer.vocabulary.tokens
    self._longest = model.max_length - 1  # A [PAD] follows.
    count = min(self._settings.candidates, len(self._tokens))

    @tf.function(reduce_retracing=True)
    def compute(ids: tf.Tensor, mask: tf.Tensor, types: tf.Tensor,
                places: tf.Tensor) -> tf.Tensor:
      logits = model([ids, mask, types, places], training=False)['mlm_logits']
      return tf.math.top_k(logits[:, 0], count).indices

    self._compute = compute

  @classmethod
  def read(cls, path: str, settings: Settings | None = None) -> 'Augmenter':
    """Returns that of a pre-trained model.

    Args:
      path: A run, or a checkpoint of any format with a masked-LM head.
      settings: Settings of the change.

    Raises:
      FileNotFoundError: If there is no such model, or no vocabulary.
      ValueError: If it has no masked-LM head.
    """
    checkpoint = checkpoints.read(checkpoints.find(os.path.expanduser(path)))
    vocab_file = loading.vocabulary_of(checkpoint)
    return cls(
        checkpoints.build(modeling.MobileBertPretrainer, checkpoint),
        tokenizer_lib.Tokenizer(vocab_file, checkpoint.lower_case,
                                checkpoint.max_word_length), settings)

  def draw(self, text: str, row: int) -> list[str]:
    """Returns texts like one, each other than it; perhaps none.

    Args:
      text: The text.
      row: Number of the text, on which the draws depend.
    """
    spans = words_lib.find_words(text)
    options = self._options(text, spans)
    rng = np.random.default_rng([self._settings.seed, row])
    return [_replaced(text, spans, options, rng, self._settings.share)
            for _ in range(self._settings.copies)]

  def _options(self, text: str,
               spans: Sequence[tuple[int, int]]) -> list[list[str]]:
    """Returns what may replace each word; nothing for those that stay."""
    pieces = self._tokenizer.tokenize_strings(
        [text[start:end] for start, end in spans]) if spans else []
    found: list[list[str]] = [[] for _ in spans]
    ids = np.concatenate(pieces) if pieces else np.zeros(0, np.int32)
    starts = np.cumsum([0, *map(len, pieces)])
    chosen = [i for i, (start, end) in enumerate(spans)
              if len(pieces[i]) == 1 and _is_replaced(text[start:end])]
    if not chosen or len(ids) + 2 > self._longest:
      return found
    for first in range(0, len(chosen), _ROWS):
      part = chosen[first:first + _ROWS]
      best = self._compute(*self._pack(ids, starts[part])).numpy()
      for i, row in zip(part, best, strict=True):
        found[i] = [self._tokens[token] for token in row
                    if self._is_word(token)]
    return found

  def _pack(self, ids: np.ndarray,
            places: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns a row for each place: the text with a mask, and the whole text.
    """
    vocabulary = self._tokenizer.vocabulary
    rows = [np.array([vocabulary.cls_id]), ids, np.array([vocabulary.sep_id])]
    first = len(ids) + 2
    if first + len(ids) + 1 <= self._longest:
      rows += [ids, np.array([vocabulary.sep_id])]
    row = np.concatenate(rows).astype(np.int32)
    length = min((len(row) // _STEP + 1) * _STEP, self._longest + 1)
    padded = np.full([len(places), length], vocabulary.pad_id, np.int32)
    padded[:, :len(row)] = row
    padded[np.arange(len(places)), places + 1] = vocabulary.mask_id
    mask, types = np.zeros_like(padded), np.zeros_like(padded)
    mask[:, :len(row)] = 1
    types[:, first:len(row)] = 1
    return padded, mask, types, (places[:, np.newaxis] + 1).astype(np.int32)

  @functools.cached_property
  def _special(self) -> frozenset[int]:
    vocabulary = self._tokenizer.vocabulary
    return frozenset((vocabulary.pad_id, vocabulary.cls_id, vocabulary.sep_id,
                      vocabulary.mask_id, vocabulary.unk_id))

  def _is_word(self, token: int) -> bool:
    return token not in self._special and not self._tokens[token].startswith(
        ('##', '[unused'))


def _is_replaced(word: str) -> bool:
  """Returns whether a word has letters and is no stop word of English."""
  from sklearn.feature_extraction import text as sklearn_text
  return any(map(str.isalpha, word)) and (
      word.lower() not in sklearn_text.ENGLISH_STOP_WORDS)


def _replaced(text: str, spans: Sequence[tuple[int, int]],
              options: Sequence[Sequence[str]], rng: np.random.Generator,
              share: float) -> str:
  """Returns a text with some words replaced."""
  parts, end = [], 0
  for (start, stop), words in zip(spans, options, strict=True):
    word = text[start:stop]
    if words and rng.random() < share:
      word = words[rng.integers(len(words))]
    parts += [text[end:start], word]
    end = stop
  return ''.join((*parts, text[end:]))


# === Files ===


def write(trained: loading.TrainedModel, masked_lm: str,
          path: str | os.PathLike, settings: Settings) -> tuple[int, int]:
  """Writes the training texts of a run, and texts like them, as JSON lines.

  A call with the arguments of a stopped one goes on where that was.

  Args:
    trained: The model of a fine-tuning run on texts or pairs.
    masked_lm: A pre-trained model; see `Augmenter.read`.
    path: File to write, named `.jsonl`, with the columns of the run's data.
    settings: Settings of the change.

  Returns:
    Number of texts of the run, and of lines of the file.

  Raises:
    FileExistsError: If the file is something else, or data of the run, or
      another process writes it.
    FileNotFoundError: If a file is missing.
    ValueError: If the run is not of texts, a row of its data is not sound, or
      the model has no masked-LM head.
  """
  path = pathlib.Path(path).expanduser()
  columns, rows = _read(trained)
  _check_output(path, trained, columns)
  masked_lm = checkpoints.find(os.path.expanduser(masked_lm))
  data = trained.params.task.train_data
  plan = json.dumps({
      'masked_lm': _digest(masked_lm), 'columns': columns, 'rows': len(rows),
      'settings': dataclasses.asdict(settings),
      'texts': list(map(files.digest, files.find_files(data.input_path)))})
  pending = pathlib.Path(f'{path}.unfinished')
  texts = [name for name in ('text_field', 'pair_field') if name in columns]
  with outputs.claimed(pending, (_PLAN,), 'a folder of unfinished texts'):
    done = _resume(pending, plan)
    augmenter = Augmenter.read(masked_lm, settings)
    with (open(pending / _DRAWN, 'a', encoding='utf-8') as file,
          tqdm.tqdm(total=len(rows), initial=done, desc='Texts',
                    unit='text') as bar):
      for number in range(done, len(rows)):
        drawn = _draw(augmenter, rows[number], texts, number)
        file.write(f'{json.dumps(drawn)}\n')
        file.flush()
        bar.update()
    lines = list(_lines(pending / _DRAWN, rows, columns, texts))
    files.write_text(path, ''.join(lines))
  shutil.rmtree(pending, ignore_errors=True)
  return len(rows), len(lines)


def _read(trained: loading.TrainedModel
          ) -> tuple[dict[str, str], list[dict[str, str]]]:
  """Returns the columns of a run's training data by field, and its rows."""
  data = getattr(getattr(trained.params, 'task', None), 'train_data', None)
  if not getattr(data, 'text_field', ''):
    raise ValueError('Only texts and pairs are augmented, of a run of '
                     f'fine-tuning; this is a {trained.kind.title}.')
  several = list(getattr(data, 'label_columns', ()) or ())
  columns = {name: getattr(data, name) for name in _FIELDS
             if getattr(data, name, '')
             and not (several and name == 'label_field')}
  columns |= {f'label_{i}': name for i, name in enumerate(several)}
  names, bad = list(columns.values()), tables.BadRows(data.bad_rows)
  rows = [dict(zip(columns, row.values, strict=True))
          for row in tables.read_rows(
              data.input_path, names, bad, column_names=data.column_names,
              may_be_empty=names)]
  bad.report()
  return columns, rows


def _check_output(path: pathlib.Path, trained: loading.TrainedModel,
                  columns: dict[str, str]) -> None:
  """Raises unless a file may be written."""
  if path.suffix != '.jsonl':
    raise ValueError(f'{path} is to be a file of JSON lines; name it .jsonl.')
  task = trained.params.task
  for data in (task.train_data, getattr(task, 'validation_data', None)):
    if getattr(data, 'input_path', '') and os.path.realpath(path) in map(
        os.path.realpath, files.find_files(data.input_path)):
      raise FileExistsError(f'{path} is data of the run. Name another file.')

  def has_columns(beginning: bytes) -> bool:
    try:
      found = json.loads(beginning.partition(b'\n')[0])
    except ValueError:  # Another file, or a first line of more than 4 kB.
      return False
    return isinstance(found, dict) and set(found) == set(columns.values())

  outputs.check_file(path, has_columns, 'a file of these columns')


def _digest(path: str) -> str:
  """Returns what tells a checkpoint from others."""
  location = bundles.locate(path)
  prefix = location.prefix or location.folder
  found = sorted(glob.glob(f'{glob.escape(prefix)}*') if location.prefix else (
      each.path for each in os.scandir(prefix) if each.is_file()))
  return hashlib.sha256(json.dumps(
      list(map(files.digest, found))).encode()).hexdigest()


def _draw(augmenter: Augmenter, row: dict[str, str], texts: Sequence[str],
          number: int) -> list[list[str]]:
  """Returns new texts of a row, a list of text and perhaps pair each."""
  copies = zip(*(augmenter.draw(row[name], 2 * number + i)
                 for i, name in enumerate(texts)), strict=True)
  own = tuple(row[name] for name in texts)
  return [list(each) for each in dict.fromkeys(copies) if each != own]


def _resume(pending: pathlib.Path, plan: str) -> int:
  """Returns how many rows are done, and cuts off what was being written."""
  if not (pending / _PLAN).exists():
    files.write_text(pending / _PLAN, plan)
  elif files.read_text(pending / _PLAN) != plan:
    raise ValueError(f'{pending} is of other texts, another model or other '
                     'settings. Remove it, or name another output.')
  drawn, lines = pending / _DRAWN, []
  if drawn.exists():
    lines = drawn.read_text(encoding='utf-8').split('\n')[:-1]
  files.write_text(drawn, ''.join(f'{line}\n' for line in lines))
  return len(lines)


def _lines(drawn: pathlib.Path, rows: Sequence[dict[str, str]],
           columns: dict[str, str], texts: Sequence[str]) -> Iterator[str]:
  """Yields the lines of the table: each row, and after it those like it."""
  found = drawn.read_text(encoding='utf-8').splitlines()
  for row, line in zip(rows, found, strict=True):
    for new in ([row[name] for name in texts], *json.loads(line)):
      cells = {**row, **dict(zip(texts, new, strict=True))}
      yield json.dumps({columns[name]: value
                        for name, value in cells.items()}) + '\n'
