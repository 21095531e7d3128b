# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Queries and their documents, of SQuAD or of pairs, to score retrieval."""

from collections.abc import Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import retrieval
from mobilebert_tf.tasks.embedding import mining


def read(path: files.Paths, text_column: str, pair_column: str,
         others: Sequence[str] = ()) -> retrieval.Judgements:
  """Reads questions of SQuAD with their paragraphs, or pairs of a table.

  Questions that no paragraph answers are left out; their paragraphs are not.

  Args:
    path: A file of SQuAD, named `.json`; or files or globs of a table.
    text_column: Column of the query.
    pair_column: Column of its document.
    others: Further documents, which belong to no query.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is damaged, or no question has an answer.
  """
  paths = files.find_files(path)
  if not paths[0].endswith('.json'):
    pairs = mining.read_pairs(paths, text_column, pair_column)
    return retrieval.Judgements.of_pairs(pairs.texts, pairs.pairs, others)
  data = squad.read(paths)
  asked = [question for question in data.questions if question.answers]
  if not asked:
    raise ValueError(f'{paths[0]}: no question has an answer, so no paragraph '
                     'belongs to any.')
  return retrieval.Judgements.of_pairs(
      [question.text for question in asked],
      [data.context(question) for question in asked],
      [*data.contexts, *others])


def score(judged: retrieval.Judgements, embedder: Any) -> dict[str, Any]:
  """Scores a model; see `retrieval.score`.

  Args:
    judged: Queries and documents.
    embedder: Result of `registry.load_sentence_encoder`.

  Returns:
    The number of queries and documents; by the name of each metric its mean and
    the ends of its 95% interval.
  """
  groups = retrieval.score(embedder.embed(judged.queries),
                           embedder.embed(judged.documents), judged.relevant)
  return {'queries': len(judged.queries), 'documents': len(judged.documents),
          **{group.name: {name: round(getattr(group, name), 6)
                          for name in ('mean', 'low', 'high')}
             for group in groups}}
