# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labelled words in columns, as in the CoNLL tasks, and entity labels."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import re

from mobilebert_tf.common import files as files_lib

TAGS = ('auto', 'entities', 'words')
OUTSIDE = 'O'
_DOCUMENT = '-DOCSTART-'
_TAG = re.compile(r'O|[BIMESUL]-.+')
# Labels of entities in another writing, such as B_PER, b-per, PER-B.
_LOOKALIKES = tuple(map(re.compile, (
    r'([BIMESUL])[_./: ].+', r'([bimesul])[-_./: ].+',
    r'.+[-_./: ]([BIMESUL])')))
# Tags of other schemes for an entity's only word, its last one and all later.
_SINGLE, _LAST = 'SU', 'EL'
_LATER = f'IM{_LAST}'


@dataclasses.dataclass(frozen=True)
class Sentence:
  """A sentence with a label for each word.

  Attributes:
    words: The words.
    labels: The label of each word.
    path: Path of its file.
    lines: The line of each word, from 1.
  """
  words: tuple[str, ...]
  labels: tuple[str, ...]
  path: str = ''
  lines: tuple[int, ...] = ()


def read_sentences(paths: files_lib.Paths,
                   *,
                   word_column: int = 0,
                   label_column: int = -1,
                   tags: str = 'auto',
                   comment: str = '') -> list[Sentence]:
  """Reads and checks labelled sentences, none empty.

  A line is a word with its columns, separated by tabs if it has any, otherwise
  by spaces. A blank line or a line `-DOCSTART-` ends a sentence. Labels of
  entities, in IOB1, IOB2, BIOES, BMES or BILOU, become IOB2.

  Example:

    read_sentences('eng.train')[0].labels    # ('B-ORG', 'O', 'B-MISC', ...)

  Args:
    paths: Files or globs, as a sequence or with commas.
    word_column: Column of the word; from 0, or from -1 for the last.
    label_column: Column of the label.
    tags: Kind of labels: `'entities'`; `'words'`, such as parts of speech,
      which are not changed; or `'auto'` for entities if any begins with `B-` or
      `I-`, or all with such a mark.
    comment: Prefix of lines to skip; none if empty.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a file is not UTF-8 or has no words, or a line has another
      number of columns, an empty one or a wrong label. Names file and line.
  """
  if tags not in TAGS:
    raise ValueError(f'tags is {tags!r}; accepted: {", ".join(TAGS)}.')
  sentences: list[Sentence] = []
  for path in files_lib.find_files(paths):
    before = len(sentences)
    sentences += _read_file(path, word_column, label_column, comment)
    if len(sentences) == before:
      raise ValueError(f'{path}:1: there is no word in the file.')
  if tags == 'words' or tags == 'auto' and not _mark_entities(sentences):
    return sentences
  return _as_iob2(sentences)


def find_labels(sentences: Iterable[Sentence]) -> list[str]:
  """Returns the labels that occur: `O`, then the others, sorted.

  Each type of entity has `B-` and `I-`, even if only one of them occurs.
  """
  found = {label for sentence in sentences for label in sentence.labels}
  types = {label[2:] for label in found if label.startswith(('B-', 'I-'))}
  outside = [OUTSIDE] if types or OUTSIDE in found else []
  if are_entities(found):
    return outside + [f'{prefix}-{kind}'
                      for kind in sorted(types) for prefix in 'BI']
  return outside + sorted(found - {OUTSIDE})


def label_ids(sentences: Iterable[Sentence],
              labels: Sequence[str]) -> list[int]:
  """Returns the index into `labels` of each word of all sentences, in order.

  Raises:
    ValueError: If a label is unknown; names the file and the line.
  """
  ids = {label: i for i, label in enumerate(labels)}
  classes = []
  for sentence in sentences:
    for place, label in enumerate(sentence.labels):
      if label not in ids:
        raise ValueError(
            f'{sentence.path}:{sentence.lines[place]}: the label '
            f'{label[:60]!r} of {sentence.words[place][:60]!r} is not one of '
            f'{", ".join(labels)}.')
      classes.append(ids[label])
  return classes


def _mark_entities(sentences: Sequence[Sentence]) -> bool:
  """Whether labels are of entities; raises ValueError for another writing."""
  labels = {label for sentence in sentences for label in sentence.labels}
  if any(label.startswith(('B-', 'I-')) for label in labels):
    return True
  labels -= {OUTSIDE, OUTSIDE.lower()}
  if labels and all(map(is_entity_label, labels)):  # All of a single word.
    return True
  for lookalike in _LOOKALIKES:
    marks = [lookalike.fullmatch(label) for label in labels]
    if all(marks) and {mark[1].upper() for mark in marks} & {'B', 'I'}:
      label = min(labels)
      place = next(f'{s.path}:{s.lines[i]}' for s in sentences
                   for i, each in enumerate(s.labels) if each == label)
      raise ValueError(
          f'{place}: {label[:60]!r} looks like the label of an entity, which '
          'is written B-PER, I-PER and O here (or with M, E, L, S, U). Rewrite '
          'the labels; or, if they are of single words, set tags to words.')
  return False


def _as_iob2(sentences: list[Sentence]) -> list[Sentence]:
  """Checks labels of entities, and converts them."""
  changed = 0
  result = []
  for sentence in sentences:
    for place, label in enumerate(sentence.labels):
      if not is_entity_label(label):
        raise ValueError(
            f'{sentence.path}:{sentence.lines[place]}: {label[:60]!r} is no '
            'label of an entity, such as B-PER, I-PER or O. If these are '
            'labels of single words, set tags to words; if another column has '
            'the labels, set label_column.')
    labels = tuple(to_iob2(sentence.labels))
    changed += sum(a != b for a, b in zip(labels, sentence.labels, strict=True))
    result.append(dataclasses.replace(sentence, labels=labels))
  if changed:
    from absl import logging  # A TFLite runner on a phone has none.
    logging.info('%d labels of %s became IOB2.', changed, sentences[0].path)
  return result


def _read_file(path: str, word_column: int, label_column: int,
               comment: str) -> Iterator[Sentence]:
  columns = 0
  rows: list[tuple[str, str, int]] = []
  for number, line in files_lib.read_lines(path):
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


# === Labels of entities ===


def is_entity_label(label: str) -> bool:
  """Whether a label is one of an entity, or of what is outside."""
  return bool(_TAG.fullmatch(label))


def are_entities(labels: Iterable[str]) -> bool:
  """Whether labels mark entities, rather than words one by one."""
  labels = set(labels)
  return all(map(is_entity_label, labels)) and any(
      label.startswith(('B-', 'I-')) for label in labels)


def find_entities(labels: Sequence[str]) -> list[tuple[str, int, int]]:
  """Returns type, first and last word of each entity, as conlleval does.

  >>> find_entities(['B-PER', 'I-PER', 'O', 'I-LOC', 'B-LOC'])
  [('PER', 0, 1), ('LOC', 3, 3), ('LOC', 4, 4)]
  """
  found: list[tuple[str, int, int]] = []
  goes_on = ''  # The type of the entity that may go on.
  for place, label in enumerate(labels):
    tag, kind = label[0], label[2:]
    if label == OUTSIDE:
      goes_on = ''
      continue
    if kind == goes_on and tag not in f'B{_SINGLE}':
      found[-1] = (kind, found[-1][1], place)
    else:
      found.append((kind, place, place))
    goes_on = '' if tag in _SINGLE + _LAST else kind
  return found


def to_iob2(labels: Sequence[str]) -> list[str]:
  """Returns a sentence's labels, of any of these schemes, as IOB2.

  >>> to_iob2(['I-PER', 'I-PER', 'O', 'I-LOC', 'B-LOC'])
  ['B-PER', 'I-PER', 'O', 'B-LOC', 'B-LOC']
  """
  result = []
  before = ''  # The type of the entity that may go on.
  for label in labels:
    prefix, _, kind = label.partition('-')
    if label == OUTSIDE:
      before = ''
      result.append(label)
      continue
    goes_on = kind == before and prefix in _LATER
    result.append(f'{"I" if goes_on else "B"}-{kind}')
    # What ends here does not go on, even where an I follows.
    before = '' if prefix in _SINGLE + _LAST else kind
  return result
