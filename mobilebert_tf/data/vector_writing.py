# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Writes texts with their vectors, shard by shard; see `vector_store`.

A stopped run, however it ended, loses the shard that it was at.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import contextlib
import dataclasses
import os
import shutil
import sys
from typing import Any

import numpy as np
import tqdm

from mobilebert_tf.common import files
from mobilebert_tf.common import outputs
from mobilebert_tf.data import vector_store

_PLAN = 'plan.json'
_KIND = 'a folder of vectors'
# Enough to find texts of like length.
_TEXTS_AT_ONCE = 2048

# Returns the vectors [texts, size] of texts, in their order.
Embed = Callable[[Sequence[str]], np.ndarray]


def write(folder: str | os.PathLike, texts: Iterable[str], embed: Embed, *,
          source: Mapping[str, Any], origin: str = '', dtype: str = 'float32',
          rows_per_shard: int = 10_000) -> vector_store.VectorStore:
  """Writes a store; the folder appears when it is complete.

  A call with the arguments of a stopped one resumes it, and one with those of a
  finished one opens its folder.

  Args:
    folder: The folder to make.
    texts: Texts, none of them empty. One that is repeated is embedded once.
    embed: Function that makes the vectors.
    source: Identity of `embed` for JSON, such as a teacher's SHA-256.
    origin: Where the teacher lies, for messages.
    dtype: Type of the vectors on disk, of `vector_store.DTYPES`.
    rows_per_shard: Number of texts in a shard.

  Raises:
    FileExistsError: If the folder holds something else, or another process
      writes it.
    ValueError: If there is no text, one is empty, or a vector is not finite.

  Example: `write('vectors', ['a text'], encode, source={'teacher': 'ours'})`
  """
  if dtype not in vector_store.DTYPES:
    raise ValueError(f'dtype is {dtype!r}; accepted: '
                     f'{", ".join(vector_store.DTYPES)}.')
  folder = os.path.abspath(folder)
  distinct = list(dict.fromkeys(texts))
  if not distinct or not all(distinct):
    raise ValueError('A text is empty.' if distinct else
                     'There is no text to embed.')
  plan = {'source': dict(source), 'dtype': dtype, 'count': len(distinct),
          'texts_sha256': vector_store.digest(distinct)}
  if done := _finished(folder, plan):
    return done
  plan['rows_per_shard'] = rows_per_shard
  unfinished = f'{folder}.unfinished'
  with outputs.claimed(unfinished, [_PLAN], 'a folder of unfinished vectors'):
    _check_plan(unfinished, plan)
    shards = _write_shards(unfinished, distinct, embed, dtype, rows_per_shard)
    _publish(unfinished, folder, {**plan, 'origin': origin}, shards)
  shutil.rmtree(unfinished, ignore_errors=True)
  return vector_store.VectorStore.open(folder)


def _finished(folder: str,
              plan: Mapping[str, Any]) -> vector_store.VectorStore | None:
  """Returns the finished store of a plan, or None if there is no folder."""
  outputs.check_folder(folder, [vector_store.MANIFEST], _KIND)
  path = os.path.join(folder, vector_store.MANIFEST)
  if not os.path.exists(path):
    return None
  manifest = files.read_json(path)
  if not isinstance(manifest, dict) or any(
      manifest.get(name) != value for name, value in plan.items()):
    raise FileExistsError(
        f'{folder} holds other vectors: of other texts, another teacher or '
        'another type. Name another folder.')
  return vector_store.VectorStore.open(folder)


def _check_plan(unfinished: str, plan: Mapping[str, Any]) -> None:
  """Writes the plan, or checks that it is that of the stopped run."""
  path = os.path.join(unfinished, _PLAN)
  if not os.path.exists(path):
    files.write_json(path, plan)
  elif files.read_json(path) != plan:
    raise FileExistsError(
        f'{unfinished} holds unfinished vectors of other texts, another '
        'teacher or other settings. Remove it, or name another output folder.')


def _write_shards(folder: str, texts: Sequence[str], embed: Embed, dtype: str,
                  rows: int) -> list[vector_store.Shard]:
  """Writes the shards that are missing, and returns all."""
  shards, total = [], -(-len(texts) // rows)
  with tqdm.tqdm(total=len(texts), desc='Vectors', unit='text',
                 file=sys.stderr, dynamic_ncols=True) as bar:
    for i in range(total):
      path = os.path.join(folder, f'part-{i:05d}-of-{total:05d}')
      part = texts[i * rows:(i + 1) * rows]
      done = _complete(path)
      if done:
        bar.initial += len(part)  # Counts in no rate.
        bar.update(len(part))
      shards.append(done or _write_shard(path, part, embed, dtype, bar.update))
  sizes = {_width(folder, shard) for shard in shards}
  if len(sizes) > 1:
    raise ValueError(f'{folder}: vectors of several widths, {sorted(sizes)}. '
                     'Remove it.')
  return shards


def _complete(path: str) -> vector_store.Shard | None:
  """Returns a shard that is finished and whole, or None."""
  with contextlib.suppress(OSError, ValueError, TypeError):
    shard = vector_store.Shard(**files.read_json(f'{path}.json'))
    if (files.digest(path + vector_store.TEXTS),
        files.digest(path + vector_store.VECTORS)) == (
            shard.texts_sha256, shard.vectors_sha256):
      return shard
  return None


def _write_shard(path: str, texts: Sequence[str], embed: Embed, dtype: str,
                 advance: Callable[[int], Any]) -> vector_store.Shard:
  """Writes both files and, after them, what they are."""
  parts = []
  for first in range(0, len(texts), _TEXTS_AT_ONCE):
    part = texts[first:first + _TEXTS_AT_ONCE]
    vectors = np.asarray(embed(part))
    if vectors.ndim != 2 or len(vectors) != len(part):
      raise ValueError(f'The vectors of {len(part)} texts are of the shape '
                       f'{vectors.shape}.')
    with np.errstate(over='ignore'):  # Becomes infinity, which is refused.
      parts.append(vectors.astype(dtype))
    advance(len(part))
  vectors = np.concatenate(parts)
  vector_store.check_vectors(vectors, 'The teacher')
  with files.replacing(path + vector_store.VECTORS) as new:
    np.save(new, vectors)
  files.write_bytes(path + vector_store.TEXTS,
                    b''.join(map(vector_store.line_of, texts)))
  shard = vector_store.Shard(
      os.path.basename(path), len(texts),
      files.digest(path + vector_store.TEXTS),
      files.digest(path + vector_store.VECTORS))
  files.write_json(f'{path}.json', dataclasses.asdict(shard))
  return shard


def _width(folder: str, shard: vector_store.Shard) -> int:
  return np.load(os.path.join(folder, shard.name + vector_store.VECTORS),
                 mmap_mode='r', allow_pickle=False).shape[1]


def _publish(unfinished: str, folder: str, plan: Mapping[str, Any],
             shards: Sequence[vector_store.Shard]) -> None:
  """Moves the shards to the finished folder, with the manifest."""
  with files.replace_folder(folder, vector_store.MANIFEST,
                            overwrite=False) as new:
    for shard in shards:
      for suffix in (vector_store.TEXTS, vector_store.VECTORS):
        files.link(os.path.join(unfinished, shard.name + suffix),
                   new / f'{shard.name}{suffix}')
    files.write_json(new / vector_store.MANIFEST, {
        'format': vector_store.FORMAT, 'version': vector_store.VERSION,
        **plan, 'size': _width(unfinished, shards[0]),
        'shards': [dataclasses.asdict(shard) for shard in shards]})
