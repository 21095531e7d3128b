# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The first steps of a chain: text, vocabulary, pre-training records."""

import dataclasses
import hashlib
import itertools
import json
import math
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from mobilebert_tf.data import corpus
from mobilebert_tf.data import docstrings
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import record_writing
from mobilebert_tf.pipelines import library_task
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.text import vocabulary

PARTS = ('train', 'held_out')
_HELD_OUT_SHARE = 0.02
_DOCSTRINGS_FILE = 'docstrings.jsonl'
# Upper bounds, because a file ends with a document.
_RECORD_FILES = {'train': 4, 'held_out': 1}


def collect(folder: pathlib.Path,
            settings: settings_lib.Settings) -> dict[str, Any]:
  """Writes the text in two parts, one of them held out.

  Documentation strings are held out by module, one's own text by document.

  Args:
    folder: Folder of `train.txt` and `held_out.txt`.
    settings: Settings, which may name files.

  Returns:
    Source, megabytes and documents of each part.
  """
  if settings.text_files:
    source = ', '.join(settings.text_files)
    documents = _own_documents(settings)
  else:
    source = ('documentation strings of '
              + ', '.join(docstrings.DEFAULT_LIBRARIES))
    documents = _docstring_documents(folder, settings)
  parts = {part: [] for part in PARTS}
  for held_out, document in documents:
    parts[PARTS[held_out]].append(document)
  for part, written in parts.items():
    if not written:
      raise ValueError(
          f'The text ({source}) leaves nothing for the part {part!r}: it needs '
          'more documents. Documents are separated by blank lines.')
    corpus.write_documents(written, folder / f'{part}.txt')
  size = sum((folder / f'{part}.txt').stat().st_size for part in PARTS)
  return {
      'source': source,
      'megabytes': size / 1e6,
      'documents': len(parts['train']),
      'held_out_documents': len(parts['held_out']),
  }


def learn_vocabulary(folder: pathlib.Path, text_folder: pathlib.Path,
                     settings: settings_lib.Settings) -> dict[str, Any]:
  """Learns a WordPiece vocabulary from the training part.

  Args:
    folder: Folder of `vocab.txt`.
    text_folder: Folder that `collect` wrote.
    settings: Settings with the size.

  Returns:
    The size of the vocabulary.
  """
  paragraphs = itertools.chain.from_iterable(
      corpus.read_documents([str(text_folder / 'train.txt')]))
  learned = vocabulary.learn_vocabulary(
      paragraphs, settings.vocab_size, folder / 'vocab.txt')
  return {'size': len(learned)}


def write_records(folder: pathlib.Path, text_folder: pathlib.Path,
                  vocab_file: pathlib.Path,
                  settings: settings_lib.Settings) -> dict[str, Any]:
  """Writes the pre-training records of both parts.

  Args:
    folder: Folder with a folder for each part.
    text_folder: Folder that `collect` wrote.
    vocab_file: Path of the vocabulary.
    settings: Settings with the length of an example.

  Returns:
    The manifest of each part.
  """
  record_settings = pretraining_records.RecordSettings(
      max_seq_length=settings.max_seq_length, seed=settings.seed)
  manifests = {}
  for part, num_files in _RECORD_FILES.items():
    text = text_folder / f'{part}.txt'
    manifests[part] = record_writing.write_records(
        str(text), vocab_file, folder / part, record_settings,
        shard_bytes=math.ceil(text.stat().st_size / num_files))
  return manifests


def read_docstrings(folder: pathlib.Path) -> Iterator[docstrings.Docstring]:
  """Yields the documentation strings, from the folder if they are there.

  Args:
    folder: Folder that `collect` wrote.

  Yields:
    The documentation strings of the default libraries.
  """
  path = folder / _DOCSTRINGS_FILE
  if not path.exists():  # The text was one's own.
    yield from docstrings.read_docstrings()
    return
  with path.open(encoding='utf-8') as file:
    for line in file:
      yield docstrings.Docstring(**json.loads(line))


def _docstring_documents(
    folder: pathlib.Path, settings: settings_lib.Settings
) -> Iterator[tuple[bool, Sequence[str]]]:
  with (folder / _DOCSTRINGS_FILE).open('w', encoding='utf-8') as file:
    for docstring in docstrings.read_docstrings():
      file.write(json.dumps(dataclasses.asdict(docstring)) + '\n')
      held_out = library_task.is_held_out(
          docstring.module, _HELD_OUT_SHARE, settings.seed)
      yield held_out, docstring.text.splitlines()


def _own_documents(
    settings: settings_lib.Settings) -> Iterator[tuple[bool, Sequence[str]]]:
  """Yields one's own documents; a share is held out, at least one."""
  documents = list(corpus.read_documents(list(settings.text_files)))
  digests = [hashlib.sha256(f'{settings.seed}:{i}'.encode()).digest()
             for i in range(len(documents))]
  count = max(1, round(_HELD_OUT_SHARE * len(documents)))
  held_out = set(sorted(range(len(documents)), key=digests.__getitem__)[:count])
  for i, document in enumerate(documents):
    yield i in held_out, document
