# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Passages to learn vectors from, to search, and to be scored by.

Whether a first sentence finds the rest of its passage tells how good vectors
are without any label (Lee et al. 2019, the inverse cloze task).
"""

import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.data import corpus
from mobilebert_tf.data import docstrings
from mobilebert_tf.evaluation import retrieval
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib

PASSAGES, TRAIN = 'passages.jsonl', 'train.txt'
_HELD_OUT_SHARE = 0.1
_TITLE_WORDS, _REST_WORDS = (4, 24), (10, 28)  # Fewest and most.
_NOT_WORDS = re.compile(r'\W+')


@dataclasses.dataclass(frozen=True)
class Passage:
  """The beginning of a documentation string, or of another document.

  Attributes:
    name: Name of the documented object, or a number.
    title: Its first sentence.
    rest: Text after the first sentence.
    held_out: Whether nothing is learned from it.
  """
  name: str
  title: str
  rest: str
  held_out: bool

  @property
  def text(self) -> str:
    """All of it."""
    return f'{self.title} {self.rest}'


def write(folder: pathlib.Path,
          settings: settings_lib.EmbeddingSettings) -> dict[str, Any]:
  """Writes `passages.jsonl`, and to `train.txt` a text to learn from a line.

  Returns:
    Source and megabytes of the text, numbers of `passages`, of `held_out` ones
    and of `texts` to learn from.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If there are too few documents.
  """
  source = ', '.join(settings.text_files) or (
      'documentation strings of ' + ', '.join(docstrings.DEFAULT_LIBRARIES))
  found = list(_distinct(_cut(settings)))
  if len(found) > settings.passages:
    chosen = np.random.default_rng(settings.seed).choice(
        len(found), settings.passages, replace=False)
    found = [found[i] for i in sorted(chosen)]
  held_out = sum(passage.held_out for passage in found)
  if not held_out or len(found) - held_out < 2:
    raise ValueError(
        f'The text ({source}) has {len(found)} passages, {held_out} of them '
        'held out; one or more have to be, and two or more not. It needs more '
        f'documents of a sentence of {_TITLE_WORDS[0]} words and '
        f'{_REST_WORDS[0]} more words, separated by blank lines.')
  texts = to_learn(found)
  files.write_text(folder / PASSAGES, ''.join(
      json.dumps(dataclasses.asdict(passage)) + '\n' for passage in found))
  files.write_text(folder / TRAIN, ''.join(f'{text}\n' for text in texts))
  return {'source': source, 'passages': len(found), 'held_out': held_out,
          'texts': len(texts),
          'megabytes': sum(len(each.text.encode()) for each in found) / 1e6}


def read(folder: pathlib.Path) -> list[Passage]:
  """Returns the passages that `write` wrote."""
  return [Passage(**json.loads(line))
          for _, line in files.read_lines(folder / PASSAGES)]


def to_learn(found: Sequence[Passage]) -> list[str]:
  """Returns first sentences and whole passages, without what is held out."""
  kept = [passage for passage in found if not passage.held_out]
  return [*(passage.title for passage in kept),
          *(passage.text for passage in kept)]


def judgements(found: Sequence[Passage]) -> retrieval.Judgements:
  """Returns the held-out first sentences, and the rests to find by them."""
  kept = [passage for passage in found if passage.held_out]
  return retrieval.Judgements.of_pairs(
      [passage.title for passage in kept], [passage.rest for passage in kept])


def _cut(settings: settings_lib.EmbeddingSettings) -> Iterator[Passage]:
  """Yields the passages of documents that are long enough."""
  for name, group, paragraphs in _documents(settings):
    [sentences] = corpus.split_sentences(paragraphs[:1])
    if not sentences:
      continue
    title = sentences[0].split()
    rest = ' '.join([*sentences[1:], *paragraphs[1:]]).split()
    if len(title) < _TITLE_WORDS[0] or len(rest) < _REST_WORDS[0]:
      continue
    yield Passage(
        name, ' '.join(title[:_TITLE_WORDS[1]]),
        ' '.join(rest[:_REST_WORDS[1]]), pretraining.is_held_out(
            group, _HELD_OUT_SHARE, settings.seed))


def _documents(settings: settings_lib.EmbeddingSettings
               ) -> Iterator[tuple[str, str, list[str]]]:
  """Yields the name of each document, what it is held out by, its paragraphs.
  """
  if settings.text_files:
    for number, paragraphs in enumerate(
        corpus.read_documents(list(settings.text_files)), 1):
      yield f'document {number}', str(number), paragraphs
    return
  for found in docstrings.read_docstrings():
    yield ('.'.join(filter(None, (found.module, found.name))), found.module,
           found.text.splitlines())


def _distinct(found: Iterator[Passage]) -> Iterator[Passage]:
  """Yields passages of which neither part occurred before.

  Many first sentences are those of a base class, which one passage in
  particular is not to be found by.
  """
  seen: set[str] = set()
  for passage in found:
    keys = {_NOT_WORDS.sub(' ', part.lower()).strip()
            for part in (passage.title, passage.rest)}
    if not keys & seen and '' not in keys:
      yield passage
    seen |= keys
