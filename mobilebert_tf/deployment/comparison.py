# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Exported models of one task beside each other: costs and answers.

A fresh process measures each model for each number of threads, so that load
time and memory are the model's own. The models take turns, so that a machine
that slows down slows down all of them. Numbers are medians over the rounds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
import dataclasses
import statistics
from typing import Any

from mobilebert_tf.deployment import formats
from mobilebert_tf.deployment import measuring

_CALLS, _ENOUGH_SECONDS = 20, 1.0
# Lengths in tokens, padding included, as far as the model reads.
LENGTHS = (16, 32, 64, 128, 384)

# One token in every vocabulary, if only [UNK].
_FILLER = '.'
_MOST_SINGLE = 200
_LONGEST_FIRST = 16  # A question is no longer, nor need a first text be.

# From texts, and second texts or None, to their numbers of tokens.
CountTokens = Callable[[list[str], list[str] | None], Sequence[int]]


@dataclasses.dataclass(frozen=True)
class Plan:
  """What is measured.

  Attributes:
    texts: Texts that are timed, as people write them.
    pairs: Second text of each, or None.
    sized: A text, and its second text or None, by its length, padding included.
    threads: Numbers of threads.
    batch_sizes: Numbers of texts that are answered together.
    rounds: Number of turns of each model.
  """
  texts: Sequence[str]
  pairs: Sequence[str] | None
  sized: Mapping[int, tuple[str, str | None]]
  threads: Sequence[int] = (1, 2)
  batch_sizes: Sequence[int] = (1, 16)
  rounds: int = 3

  def __post_init__(self):
    if not self.texts:
      raise ValueError('There is no text to time.')
    if self.rounds < 1:
      raise ValueError(f'rounds is {self.rounds}; it is at least 1.')
    for name in ('threads', 'batch_sizes'):
      values = getattr(self, name)
      if not values or min(values) < 1 or len(set(values)) < len(values):
        raise ValueError(f'{name} is {list(values)}; it is a list of different '
                         'numbers, each at least 1.')


class Comparison:
  """Asks and measures exported models in processes of their own.

  Args:
    models: The exported models.
    kinds: All kinds of tasks by name.
    progress: Function that is given a line before each step.

  Attributes:
    failures: Message for each model that crashed and takes no more turns, by
      its name.

  Example:

    compared = Comparison(formats.find(['a.tflite']), registry.KINDS)
    compared.measure(Plan(texts, None, {}))['a.tflite']
  """

  def __init__(self, models: Sequence[formats.ExportedModel],
               kinds: Mapping[str, Any],
               progress: Callable[[str], None] = lambda _: None):
    self.models = models
    self.failures: dict[str, str] = {}
    self._kinds, self._progress = kinds, progress

  def working(self) -> list[formats.ExportedModel]:
    """Returns the models that have not failed."""
    return [each for each in self.models if each.name not in self.failures]

  @contextlib.contextmanager
  def noting_failure(self, model: formats.ExportedModel) -> Iterator[None]:
    """Keeps the message of a crash or a refusal instead of raising it."""
    try:
      yield
    except (measuring.Crash, ValueError) as error:
      self.failures[model.name] = str(error)

  def describe(self) -> dict[str, dict[str, Any]]:
    """Returns the results of `Measured.describe` by the models' names.

    Raises:
      ValueError: If a model is damaged, or they are of different tasks or
        labels.
    """
    found: dict[str, dict[str, Any]] = {}
    for model in self.models:
      try:
        with self._loaded(model) as process:
          found[model.name] = process.ask('describe')
      except measuring.Crash as crash:
        self.failures[model.name] = str(crash)
    _check_same(found)
    return found

  def answer(self, model: formats.ExportedModel, texts: Sequence[str],
             pairs: Sequence[str] | None, threads: int = 1) -> list[Any]:
    """Returns the answers of a model; see `Measured.answer`.

    Raises:
      ValueError: If it cannot answer the texts.
      measuring.Crash: If its process ends.
    """
    with self._loaded(model, threads) as process:
      return process.ask('answer', texts=list(texts), pairs=_listed(pairs))

  @contextlib.contextmanager
  def token_counter(self, model: formats.ExportedModel
                    ) -> Iterator[CountTokens]:
    """Yields the token counter of a model whose description says `counts`."""
    with self._loaded(model) as process:
      yield lambda texts, pairs: process.ask(
          'count', texts=list(texts), pairs=_listed(pairs))

  def measure(self, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Measures the models.

    Returns:
      By the model's name an object for each number of `threads`, of medians
      over `rounds`: `import_seconds`, `load_seconds`, `first_seconds` (of the
      first answer), `peak_bytes`, `growth_bytes`; `lengths`, the `seconds` of a
      call by `length` and `batch_size`; and `texts`, by `batch_size` the mean
      `seconds` of a text of the file, and that of each round, `by_round`.
    """
    found: dict[str, dict[int, list[dict[str, Any]]]] = {
        model.name: {threads: [] for threads in plan.threads}
        for model in self.models}
    for number in range(plan.rounds):
      for threads in plan.threads:
        for model in self.working():
          self._progress(f'Round {number + 1} of {plan.rounds}: {model.name}, '
                         f'threads: {threads}')
          with self.noting_failure(model):
            found[model.name][threads].append(
                self._measure_once(model, threads, plan))
    return {
        name: [{'threads': threads, **_summarize(rounds, len(plan.texts))}
               for threads, rounds in by_threads.items() if rounds]
        for name, by_threads in found.items()}

  def _measure_once(self, model: formats.ExportedModel, threads: int,
                    plan: Plan) -> dict[str, Any]:
    texts, pairs = list(plan.texts), _listed(plan.pairs)
    with measuring.MeasuringProcess(model, self._kinds, threads) as process:
      loaded = process.load()
      first = process.ask('time_first', text=texts[0],
                          pair=None if pairs is None else pairs[0])
      by_file = {
          size: process.ask('time_texts', texts=texts, pairs=pairs,
                            batch_size=size)
          for size in plan.batch_sizes}
      by_length = {
          (length, size): process.ask(
              'time_one', text=text, pair=pair, batch_size=size, calls=_CALLS,
              enough_seconds=_ENOUGH_SECONDS)
          for size in plan.batch_sizes
          for length, (text, pair) in plan.sized.items()}
      return {**loaded, 'first_seconds': first, **process.ask('memory'),
              'texts': by_file, 'lengths': by_length}

  @contextlib.contextmanager
  def _loaded(self, model: formats.ExportedModel, threads: int = 1
              ) -> Iterator[measuring.MeasuringProcess]:
    with measuring.MeasuringProcess(model, self._kinds, threads) as process:
      process.load()
      yield process


def _summarize(rounds: Sequence[Mapping[str, Any]],
               num_texts: int) -> dict[str, Any]:
  names = ('import_seconds', 'load_seconds', 'first_seconds', 'peak_bytes',
           'growth_bytes')
  return {
      'rounds': len(rounds),
      **{name: statistics.median(each[name] for each in rounds)
         for name in names},
      'lengths': [
          {'length': length, 'batch_size': size, 'seconds': statistics.median(
              each['lengths'][length, size] for each in rounds)}
          for length, size in rounds[0]['lengths']],
      'texts': [_summarize_texts(size, [each['texts'][size] for each in rounds],
                                 num_texts) for size in rounds[0]['texts']],
  }


def _summarize_texts(batch_size: int, rounds: Sequence[Sequence[float]],
                     num_texts: int) -> dict[str, Any]:
  """Returns the mean time of a text; of each batch the median counts."""
  batches = [statistics.median(seconds)
             for seconds in zip(*rounds, strict=True)]
  return {'batch_size': batch_size, 'seconds': sum(batches) / num_texts,
          'by_round': [sum(seconds) / num_texts for seconds in rounds]}


def _check_same(found: Mapping[str, Mapping[str, Any]]) -> None:
  """Raises ValueError if models differ in task, pairs or labels."""
  (first, about), *others = found.items() or [('', {})]
  for name, other in others:
    if other['task'] != about['task']:
      raise ValueError(
          f'{first} is for {about["task"].replace("_", " ")}, {name} for '
          f'{other["task"].replace("_", " ")}. Compare models of one task.')
    if other['pairs'] != about['pairs']:
      pairs, single = (first, name) if about['pairs'] else (name, first)
      raise ValueError(f'{pairs} reads pairs of texts, {single} single ones.')
    if sorted(other['labels']) != sorted(about['labels']):
      raise ValueError(
          f'{first} has the labels {", ".join(about["labels"])}, {name} '
          f'{", ".join(other["labels"])}. Compare models of one task.')


def _listed(pairs: Sequence[str] | None) -> list[str] | None:
  return None if pairs is None else list(pairs)


# === Texts of exact lengths ===


class TextMaker:
  """Makes texts, or pairs of texts, of the words of others.

  Args:
    texts: Texts whose words are taken in their order, repeatedly.
    pairs: Second text of each; None for single texts.
    count_tokens: Function that counts tokens, special tokens included.
  """

  def __init__(self, texts: Sequence[str], pairs: Sequence[str] | None,
               count_tokens: CountTokens):
    self._count = count_tokens
    self._first = ' '.join(texts).split()
    self._second = None if pairs is None else ' '.join(pairs).split()
    last = self._first if self._second is None else self._second
    self._single = self._find_single(last[:_MOST_SINGLE])

  def make(self, length: int) -> tuple[str, str | None]:
    """Returns a text of exactly `length` tokens, special tokens included.

    Returns:
      The text, and the second text, which is the longer one of a pair, or None.

    Raises:
      ValueError: If no text is that short.
    """
    if self._second is None:
      return self._fill(self._first, length, lambda text: (text, None)), None
    wanted = min(_LONGEST_FIRST, max(1, length // 4))
    first = ' '.join(_take(self._first, wanted))
    # Words of many tokens may leave no room for the second text.
    while self._measure(first, _FILLER) > length and ' ' in first:
      first = first.rpartition(' ')[0]
    if self._measure(first, _FILLER) > length:
      first = _FILLER
    return first, self._fill(self._second, length, lambda text: (first, text))

  def _fill(self, words: Sequence[str], length: int,
            place: Callable[[str], tuple[str, str | None]]) -> str:
    """Returns a text that has so many tokens where `place` puts it."""
    # A word has at least one token, so no more than `length` are needed.
    enough = _take(words, length)
    least, most = 0, len(enough)
    while least < most:
      middle = (least + most + 1) // 2
      fits = self._measure(*place(' '.join(enough[:middle]))) <= length
      least, most = (middle, most) if fits else (least, middle - 1)
    chosen = enough[:least]
    missing = length - self._measure(*place(' '.join(chosen)))
    chosen += [self._single] * missing
    text = ' '.join(chosen)
    if not text or self._measure(*place(text)) != length:
      raise ValueError(f'No text has exactly {length} tokens.')
    return text

  def _find_single(self, words: Sequence[str]) -> str:
    """Returns the first word that is one token."""
    words = [*words, _FILLER]
    pairs = None if self._second is None else [_FILLER] * len(words)
    special = 2 if pairs is None else 4  # With the second text's only token.
    counts = self._count(words, pairs)
    return next((word for word, count in zip(words, counts, strict=True)
                 if count == special + 1), _FILLER)

  def _measure(self, text: str, pair: str | None) -> int:
    return int(self._count([text], None if pair is None else [pair])[0])


def _take(words: Sequence[str], count: int) -> list[str]:
  """Returns `count` words, starting again where they end."""
  return [words[i % len(words)] for i in range(count)]


def make_texts(count_tokens: CountTokens, max_length: int,
               texts: Sequence[str], pairs: Sequence[str] | None
               ) -> dict[int, tuple[str, str | None]]:
  """Makes a text of each of `LENGTHS` that a model reads.

  Args:
    count_tokens: As for `TextMaker`.
    max_length: Maximum length in tokens, special tokens included.
    texts: Texts whose words are taken.
    pairs: Second text of each, or None.

  Returns:
    A text of one token less, because a [PAD] follows it, and its second text or
    None, by the length.
  """
  maker = TextMaker(texts, pairs, count_tokens)
  return {length: maker.make(length - 1) for length in LENGTHS
          if length - 1 <= max_length}
