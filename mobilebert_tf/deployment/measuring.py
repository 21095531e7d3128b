# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Measures one artefact, in a process of its own.

`child_process` starts it. It reads a request a line, JSON, and answers each
with a line. Nothing but the standard library is imported before an artefact is
loaded, so that what it needs counts as its own.
"""

import json
import os
import queue
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mobilebert_tf.common import machine
from mobilebert_tf.deployment import formats

_AT_ONCE = 16  # Texts that are answered together where nothing is timed.


def serve(kinds: Mapping[str, Any]) -> None:
  """Answers the requests of the standard input, until that ends.

  Args:
    kinds: All kinds of tasks by name.
  """
  # What libraries print must not come between the answers.
  answers = os.fdopen(os.dup(1), 'w', encoding='utf-8')
  os.dup2(2, 1)
  measured = Measured(kinds)
  for request in _read_requests():
    try:
      reply = getattr(measured, request.pop('what'))(**request)
    except (OSError, ValueError) as error:
      reply = {'error': str(error) or type(error).__name__}
    print(json.dumps(reply), file=answers, flush=True)


def _read_requests() -> Iterator[dict[str, Any]]:
  """Yields requests, and ends the process as soon as none can come any more.

  The other end of the standard input is closed when its process ends, however
  that comes about, so no child is left behind, not even one at work.
  """
  requests: queue.Queue[str] = queue.Queue()

  def read():
    for line in sys.stdin:
      requests.put(line)
    os._exit(0)

  threading.Thread(target=read, daemon=True).start()
  while True:
    yield json.loads(requests.get())


class Measured:
  """An exported model, once `load` was called; every method is a request.

  Args:
    kinds: All kinds of tasks by name.
  """

  def __init__(self, kinds: Mapping[str, Any]):
    self._kinds = kinds
    self._runner: Any = None

  def load(self, path: str, format: str, threads: int) -> dict[str, Any]:
    """Loads the model.

    Args:
      path: Path of the model.
      format: Name of its format.
      threads: Number of threads to compute with.

    Returns:
      `import_seconds`, for what it needs; `load_seconds`, from there until it
      can answer.
    """
    # Limits of the libraries that compute beside TensorFlow and TFLite.
    os.environ['OMP_NUM_THREADS'] = str(threads)
    started = time.perf_counter()
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    formats.FORMATS[format].import_runner()
    imported = time.perf_counter()
    self._memory = machine.peak_memory()
    before = time.perf_counter()
    self._runner = formats.FORMATS[format].open(path, self._kinds, threads)
    seconds = time.perf_counter() - before
    self._about = getattr(self._runner, 'metadata', self._runner)
    return {'import_seconds': imported - started, 'load_seconds': seconds}

  def describe(self) -> dict[str, Any]:
    """Returns what the artefact says of itself.

    Returns:
      `task`, `labels`, `pairs`, `max_length` (None if it does not say) and
      `counts`, whether it can count tokens.
    """
    about = self._about
    return {
        'task': about.kind.name, 'labels': list(about.labels or ()),
        'pairs': bool(about.pairs or about.kind.reads_pairs),
        'max_length': getattr(about, 'max_length', None),
        'counts': hasattr(self._runner, 'count_tokens'),
    }

  def count(self, texts: list[str],
            pairs: list[str] | None) -> dict[str, Any]:
    """Returns the `counts` of tokens, special tokens included."""
    counts = self._runner.count_tokens(texts, pairs)
    return {'counts': [int(count) for count in counts]}

  def answer(self, texts: list[str],
             pairs: list[str] | None) -> dict[str, Any]:
    """Returns the `answers`, a text, a number or numbers for each text."""
    answers = []
    for some in _batches(texts, pairs, _AT_ONCE):
      answers += _plain(self._call(*some))
    return {'answers': answers}

  def time_first(self, text: str, pair: str | None) -> dict[str, Any]:
    """Returns the `seconds` of the first answer after loading."""
    return {'seconds': self._seconds([text], _listed(pair))}

  def time_one(self, text: str, pair: str | None, batch_size: int,
               calls: int, enough_seconds: float) -> dict[str, Any]:
    """Returns the median `seconds` of answering a text, over and over.

    Args:
      text: The text.
      pair: The second text, or None.
      batch_size: How many times the text is given at once.
      calls: How often at most.
      enough_seconds: When to stop sooner; three times it is answered anyway.
    """
    texts = [text] * batch_size
    pairs = None if pair is None else [pair] * batch_size
    self._seconds(texts, pairs)  # The first time takes longer.
    found, started = [], time.perf_counter()
    while len(found) < calls and (
        len(found) < 3 or time.perf_counter() - started < enough_seconds):
      found.append(self._seconds(texts, pairs))
    return {'seconds': statistics.median(found)}

  def time_texts(self, texts: list[str], pairs: list[str] | None,
                 batch_size: int) -> dict[str, Any]:
    """Returns the `seconds` of each batch of texts, as they follow."""
    batches = list(_batches(texts, pairs, batch_size))
    for some in batches:  # A length that comes for the first time takes longer.
      self._call(*some)
    return {'seconds': [self._seconds(*some) for some in batches]}

  def memory(self) -> dict[str, Any]:
    """Returns `peak_bytes` so far, and `growth_bytes`, less the imports'."""
    peak = machine.peak_memory()
    return {'peak_bytes': peak, 'growth_bytes': peak - self._memory}

  def _call(self, texts: list[str], pairs: list[str] | None) -> Any:
    return self._runner.comparable(texts, pairs)

  def _seconds(self, texts: list[str], pairs: list[str] | None) -> float:
    started = time.perf_counter()
    self._call(texts, pairs)
    return time.perf_counter() - started


def _batches(texts: Sequence[str], pairs: Sequence[str] | None,
             size: int) -> Iterator[tuple[Any, Any]]:
  for i in range(0, len(texts), size):
    yield texts[i:i + size], pairs[i:i + size] if pairs is not None else None


def _listed(pair: str | None) -> list[str] | None:
  return None if pair is None else [pair]


def _plain(answers: Any) -> list[Any]:
  """Returns answers as JSON can hold them."""
  if hasattr(answers, 'tolist'):
    return answers.tolist()
  return answers
