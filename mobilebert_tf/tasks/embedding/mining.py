# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Hard negatives: near texts that are not those which belong to a text.

The model that learns, or its teacher, finds them. Among the nearest are texts
that belong to the query as well and that nobody has marked, so those are left
out whose similarity comes too near to that of the marked one (Moreira et al.
2024, "NV-Retriever", TopK-PercPos).
"""

from collections.abc import Mapping, Sequence
import dataclasses

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.data import tables
from mobilebert_tf.evaluation import retrieval
from mobilebert_tf.inference import embedder as embedder_lib
from mobilebert_tf.inference import search_index

_QUERIES_AT_ONCE = 4096
_NAMED = 3


@dataclasses.dataclass(frozen=True)
class Pairs:
  """Texts that belong to each other.

  Attributes:
    texts: Texts, or queries.
    pairs: The text that belongs to each.
    places: File and line of each.
  """
  texts: Sequence[str]
  pairs: Sequence[str]
  places: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Settings:
  """What is taken for a negative.

  Attributes:
    count: Number of negatives of each pair.
    largest_share: Largest similarity of a negative, as a share of the pair's.
    looked_at: Number of nearest texts among which they are.
  """
  count: int = 1
  largest_share: float = 0.95
  looked_at: int = 100

  def __post_init__(self):
    if self.count < 1 or self.looked_at < self.count:
      raise ValueError(
          f'{self.count} negatives are to be found among the {self.looked_at} '
          'nearest texts; it has to be 1 or more, and no more than these.')
    if not 0 < self.largest_share <= 1:
      raise ValueError(f'largest_share is {self.largest_share}; it is a share '
                       "of the pair's similarity, above 0 and at most 1.")


def read_pairs(path: files.Paths, text_column: str, pair_column: str) -> Pairs:
  """Reads pairs of a table, see `data.tables`; one that repeats counts once.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound; names the file and the line.
  """
  bad_rows, first = tables.BadRows(), {}
  rows = 0
  for row in tables.read_rows(path, [text_column, pair_column], bad_rows):
    rows += 1
    first.setdefault(tuple(row.values), row.place)
  if len(first) < rows:
    notices.tell(f'{rows - len(first):,} of {rows:,} pairs are repeated, and '
                 'count once.')
  texts, pairs = zip(*first, strict=True)
  return Pairs(texts, pairs, list(first.values()))


def mine(pairs: Pairs, embedder: embedder_lib.Embedder,
         settings: Settings | None = None,
         others: Sequence[str] = ()) -> list[list[str]]:
  """Finds negatives of each pair, the hardest first.

  Negatives are second texts of other pairs, or among `others`.

  Args:
    pairs: The pairs.
    embedder: The model that finds them.
    settings: What is taken for a negative.
    others: Texts that belong to none.

  Returns:
    As many negatives as are asked for, or none where fewer were found.

  Raises:
    ValueError: If all pairs have too few.
  """
  settings = settings or Settings()
  judged = retrieval.Judgements.of_pairs(pairs.texts, pairs.pairs, others)
  document_vectors = search_index.unit(embedder.embed(judged.documents))
  index = search_index.SearchIndex(document_vectors)
  number = {text: i for i, text in enumerate(judged.documents)}
  query_number = {text: i for i, text in enumerate(judged.queries)}
  most = max(map(len, judged.relevant)) + 1  # The query may be a document.
  found: list[list[str]] = [[] for _ in pairs.texts]
  order = np.argsort([query_number[text] for text in pairs.texts],
                     kind='stable')
  for first in range(0, len(order), _QUERIES_AT_ONCE):
    part = order[first:first + _QUERIES_AT_ONCE]
    vectors = search_index.unit(
        embedder.embed([pairs.texts[i] for i in part]))
    nearest = index.search(vectors, settings.looked_at + most)
    for i, vector, cosines, rows in zip(part, vectors, *nearest, strict=True):
      own = number[pairs.pairs[i]]
      excluded = {*judged.relevant[query_number[pairs.texts[i]]],
                  number.get(pairs.texts[i], -1)}
      limit = settings.largest_share * float(vector @ document_vectors[own])
      found[i] = [
          judged.documents[row] for cosine, row in zip(
              cosines, rows, strict=True)
          if row not in excluded and cosine <= limit][:settings.count]
  return _complete(pairs, found, settings)


def as_columns(pair: Sequence[str], negatives: Sequence[str],
               columns: Sequence[str]) -> Mapping[str, str]:
  """Returns a row of the file that the task reads.

  Args:
    pair: Text and pair.
    negatives: Their negatives.
    columns: Names of the columns of the pair.
  """
  return dict(zip(columns, pair, strict=True)) | {
      f'negative_{i}': text for i, text in enumerate(negatives)}


def _complete(pairs: Pairs, found: list[list[str]],
              settings: Settings) -> list[list[str]]:
  """Returns no negatives where there are too few, and says so."""
  few = [pairs.places[i] for i, each in enumerate(found)
         if len(each) < settings.count]
  if few:
    said = (
        f'{len(few):,} of {len(found):,} pairs, such as '
        f'{", ".join(few[:_NAMED])}, have fewer than {settings.count} negatives'
        f' among the {settings.looked_at} nearest texts of at most '
        f"{settings.largest_share} of the pair's similarity")
    if len(few) == len(found):
      raise ValueError(f'{said}. Look at more, name more documents, or mine '
                       'with a better model.')
    notices.tell(f'{said}, and are left out.')
  return [each if len(each) == settings.count else [] for each in found]
