# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Reads labelled words, one a line in columns, as in the CoNLL tasks."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses

from absl import logging

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import entity_labels

TAGS = ('auto', 'entities', 'words')

_DOCUMENT = '-DOCSTART-'


@dataclasses.dataclass(frozen=True)
class Sentence:
  """A sentence with a label for each word.

  Attributes:
    words: The words.
    labels: The label of each word.
    path: The file that it was read from.
    lines: The line of each word, from 1.
  """
  words: tuple[str, ...]
  labels: tuple[str, ...]
  path: str = ''
  lines: tuple[int, ...] = ()


def read_sentences(paths: str | Sequence[str],
                   *,
                   word_column: int = 0,
                   label_column: int = -1,
                   tags: str = 'auto',
                   comment: str = '') -> list[Sentence]:
  """Reads and checks labelled sentences.

  A line is a word with its columns, separated by tabs if it has any, otherwise
  by spaces. A blank line or a line `-DOCSTART-` ends a sentence. Labels of
  entities, in IOB1, IOB2 or BIOES, become IOB2: `B-PER` for the first word of a
  person, `I-PER` for the others, `O` outside entities.

  Example:

    read_sentences('eng.train')[0].labels    # ('B-ORG', 'O', 'B-MISC', ...)

  Args:
    paths: Files or globs, as a sequence or with commas.
    word_column: Column of the word; from 0, or from -1 for the last.
    label_column: Column of the label.
    tags: Kind of labels: `'entities'`; `'words'`, such as parts of speech,
      which are not changed; or `'auto'` for entities if any begins with `B-`
      or `I-`.
    comment: Prefix of lines to skip; none if empty.

  Returns:
    The sentences, none empty.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a line has more or fewer columns than the first of its file,
      or an empty one, a label is not an entity's where others are, or a file is
      not UTF-8 or has no words. Names the file and the line.
  """
  if tags not in TAGS:
    raise ValueError(f'tags is {tags!r}; accepted: {", ".join(TAGS)}.')
  sentences: list[Sentence] = []
  for path in files_lib.find_files(files_lib.split_paths(paths)):
    before = len(sentences)
    sentences += _read_file(path, word_column, label_column, comment)
    if len(sentences) == before:
      raise ValueError(f'{path}:1: there is no word in the file.')
  if tags == 'words' or tags == 'auto' and not any(
      label.startswith(('B-', 'I-')) for s in sentences for label in s.labels):
    return sentences
  return _as_iob2(sentences)


def find_labels(sentences: Iterable[Sentence]) -> list[str]:
  """Returns the labels that occur: `O`, then the others, sorted.

  Each type of entity has both labels, even if all its entities have one word.

  Example: `['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER']`
  """
  found = {label for sentence in sentences for label in sentence.labels}
  types = {label[2:] for label in found if label.startswith(('B-', 'I-'))}
  outside = [entity_labels.OUTSIDE] if (
      types or entity_labels.OUTSIDE in found) else []
  if entity_labels.are_entities(found):
    return outside + [f'{prefix}-{kind}'
                      for kind in sorted(types) for prefix in 'BI']
  return outside + sorted(found - {entity_labels.OUTSIDE})


def label_ids(sentences: Iterable[Sentence],
              labels: Sequence[str]) -> list[int]:
  """Returns the index into `labels` of each word, one sentence after another.

  Raises:
    ValueError: If a label is unknown; names the file and the line.
  """
  ids = {label: i for i, label in enumerate(labels)}
  classes = []
  for sentence in sentences:
    for place, label in enumerate(sentence.labels):
      if label not in ids:
        raise ValueError(
            f'{sentence.path}:{sentence.lines[place]}: the label {label!r} of '
            f'{sentence.words[place]!r} is not one of {", ".join(labels)}.')
      classes.append(ids[label])
  return classes


def _as_iob2(sentences: list[Sentence]) -> list[Sentence]:
  """Checks labels of entities, and converts them."""
  changed = 0
  result = []
  for sentence in sentences:
    for place, label in enumerate(sentence.labels):
      if not entity_labels.is_entity_label(label):
        raise ValueError(
            f'{sentence.path}:{sentence.lines[place]}: {label!r} is no label '
            'of an entity, such as B-PER, I-PER or O. If these are labels of '
            'single words, set tags to words; if another column has the '
            'labels, set label_column.')
    labels = tuple(entity_labels.to_iob2(sentence.labels))
    changed += sum(a != b for a, b in zip(labels, sentence.labels, strict=True))
    result.append(dataclasses.replace(sentence, labels=labels))
  if changed:
    logging.info('%d labels of %s became IOB2.', changed, sentences[0].path)
  return result


def _read_file(path: str, word_column: int, label_column: int,
               comment: str) -> Iterator[Sentence]:
  columns = 0
  rows: list[tuple[str, str, int]] = []
  for number, line in files_lib.read_lines(path):
    line = line.rstrip('\r')
    if comment and line.startswith(comment):
      continue
    cells = _split(line)
    if not line.strip(' \t') or cells[0] == _DOCUMENT:
      if rows:
        yield _sentence(path, rows)
      rows = []
      continue
    columns = columns or len(cells)
    for name, column in (('word_column', word_column),
                         ('label_column', label_column)):
      if not -columns <= column < columns:
        raise ValueError(f'{path}:{number}: there is no column {column} '
                         f'({name}) among {columns}.')
    if len(cells) != columns:
      raise ValueError(
          f'{path}:{number}: {len(cells)} columns where the first word has '
          f'{columns}. A blank line separates sentences.')
    word, label = cells[word_column], cells[label_column]
    if not word or not label:
      raise ValueError(f'{path}:{number}: a word or a label is empty.')
    rows.append((word, label, number))
  if rows:
    yield _sentence(path, rows)


def _split(line: str) -> list[str]:
  # Not at every white space: a no-break space may be part of a word.
  if '\t' in line:
    return [cell.strip(' ') for cell in line.split('\t')]
  return [cell for cell in line.split(' ') if cell]


def _sentence(path: str, rows: list[tuple[str, str, int]]) -> Sentence:
  words, labels, lines = zip(*rows, strict=True)
  return Sentence(words, labels, path, lines)
