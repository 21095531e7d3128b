# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What every contender is told, and the form of what it is asked."""

from collections.abc import Callable, Sequence
import dataclasses
import os
from typing import Any

HIDDEN = 'sequence_output'
INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids')

# Ids, mask and types, int64 `[1, length]`.
Row = tuple[Any, Any, Any]
# Function that makes a row ready: what it returns computes the row's last
# hidden states, `[1, length, width]`.
Bind = Callable[[Row], Callable[[], Any]]

# Lengths that a contender runs: the usual ones of our files, that of files with
# one, the longest of all, or any.
LISTED, FIXED, LONGEST, ANY = 'listed', 'fixed', 'longest', 'any'


@dataclasses.dataclass(frozen=True)
class Settings:
  """What every contender is told.

  Attributes:
    folder: Folder of all files.
    blocks: Blocks of each MobileBERT.
    threads: Threads to compute with.
    lengths: Lengths that are timed, ascending.
    fixed: The only length of files that have one.
    vocab_file: BERT's vocabulary.
    texts: The sentences.
    sentences: Ids of each sentence, special tokens included.
    listed: Lengths of our `.tflite` files, ascending.
  """
  folder: str
  blocks: int
  threads: int
  lengths: tuple[int, ...]
  fixed: int
  vocab_file: str
  texts: Sequence[str]
  sentences: Sequence[Sequence[int]]
  listed: tuple[int, ...] = ()

  def path(self, name: str) -> str:
    """Returns the path of a file in the folder."""
    return os.path.join(self.folder, name)

  def row(self, length: int) -> Row:
    """Returns a row of a length that is full but for one [PAD]."""
    every = [token for each in self.sentences for token in each[1:-1]]
    words = [every[i % len(every)] for i in range(length - 3)]
    return pad([self.sentences[0][0], *words, self.sentences[0][-1]], length)


@dataclasses.dataclass(frozen=True)
class Contender:
  """A network in an engine.

  Attributes:
    title: Name in tables.
    start: Function from settings and the file's path to a `Bind`.
    runs: Lengths that it runs: `LISTED`, `FIXED`, `LONGEST` or `ANY`.
    file: Name of its file, which others may share; '' if it needs none.
    prepare: Function from settings and quantizations by path that writes the
      files of all its contenders, or None.
    quantization: Quantization of its file.
    imports: Modules whose memory is not its own.
    packages: Packages that have to be installed.
    shares_weights: Whether it is the network that all MobileBERTs are, so that
      its answers can be compared.
  """
  title: str
  start: Callable[[Settings, str], Bind]
  runs: str
  file: str = ''
  prepare: Callable[[Settings, dict[str, str]], None] | None = None
  quantization: str = 'none'
  imports: tuple[str, ...] = ()
  packages: tuple[str, ...] = ()
  shares_weights: bool = True

  def timed_lengths(self, settings: Settings) -> tuple[int, ...]:
    """Returns the lengths that full rows are timed at."""
    only = {FIXED: settings.fixed, LONGEST: settings.lengths[-1]}
    return (only[self.runs],) if self.runs in only else settings.lengths

  def length(self, tokens: Sequence[int], settings: Settings) -> int:
    """Returns the least length that holds a sentence and a [PAD]."""
    least = len(tokens) + 1
    offered = settings.listed if self.runs == LISTED else (
        (least,) if self.runs == ANY else self.timed_lengths(settings))
    return min(each for each in offered if each >= least)


def pad(tokens: Sequence[int], length: int) -> Row:
  """Returns a row of tokens, padded to a length."""
  import numpy as np

  ids = np.zeros([1, length], np.int64)
  ids[0, :len(tokens)] = tokens
  mask = np.zeros_like(ids)
  mask[0, :len(tokens)] = 1
  return ids, mask, np.zeros_like(ids)
