# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Finds the texts that are nearest to queries, as JSON lines.

python -m mobilebert_tf.search --model_dir=runs/mine --documents=passages.txt \
  --index=passages_index --query='how far is the moon'
echo 'how far is the moon' | python -m mobilebert_tf.search \
  --model_dir=runs/mine --index=passages_index

Documents are a text a line, JSON lines, or a table with a --text_column. Their
vectors are kept in --index, if it is given, and a later run needs no documents.
The search is exact. Without --query, queries are lines of standard input.
"""

import json
import sys

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.tasks.embedding import encoder_flags

flags.adopt_module_key_flags(encoder_flags)  # So that --help shows them.

_DOCUMENTS = flags.DEFINE_list(
    'documents', [], 'Files or globs of texts to find.')
_INDEX = flags.DEFINE_string(
    'index', '', 'Folder of their vectors, made or used.')
_QUERY = flags.DEFINE_multi_string(
    'query', [], 'A query; may be repeated.')
_TOP_K = flags.DEFINE_integer(
    'top_k', 5, 'Documents to find for each query.', lower_bound=1)
_TEXT_COLUMN = flags.DEFINE_string(
    'text_column', '', 'Column of the text in tables and JSON lines.')


def main() -> None:
  from mobilebert_tf.inference import search_index

  if not _DOCUMENTS.value and not _INDEX.value:
    raise ValueError('There is nothing to search. Name --documents, or an '
                     '--index of an earlier run.')
  embedder = encoder_flags.load()
  texts, vectors = _documents(embedder)
  index = search_index.SearchIndex(vectors)
  queries = _QUERY.value or (
      line.strip() for line in sys.stdin if line.strip())
  for query in queries:
    cosines, rows = index.search(embedder.embed([query]), _TOP_K.value)
    answers = [
        {'score': round(float(cosine), 4), 'document': int(row),
         'text': texts[int(row)]}
        for cosine, row in zip(cosines[0], rows[0], strict=True)]
    print(json.dumps({'query': query, 'answers': answers}), flush=True)


def _documents(embedder):
  """Returns different documents and their vectors."""
  from mobilebert_tf.data import text_files
  from mobilebert_tf.data import vector_store

  if not _DOCUMENTS.value:
    store = vector_store.VectorStore.open(_INDEX.value)
    if store.source != embedder.describe():
      raise ValueError(
          f'{_INDEX.value} has vectors of another model, {store.origin}, than '
          f'{embedder.source}. Search with that, or name --documents and '
          'another --index.')
    return store.texts, store.vectors
  texts = text_files.read(_DOCUMENTS.value, _TEXT_COLUMN.value)
  if _INDEX.value:
    store = embedder.write(_INDEX.value, texts)
    return store.texts, store.vectors
  texts = list(dict.fromkeys(texts))
  return texts, embedder.embed(texts)


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes the index.')
