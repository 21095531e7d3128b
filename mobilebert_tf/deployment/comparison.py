# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts of exactly so many tokens, to time how long each length takes.

What artefacts of one model cost beside each other, and what they answer.

Each artefact is measured by a fresh process for each number of threads, so that
load time and memory are its own. They take turns, round by round: a machine
that slows down slows all of them down. Numbers are medians over the rounds.
"""

from collections.abc import Callable, Sequence
from collections.abc import Iterator, Mapping
import contextlib
import dataclasses
import statistics
from typing import Any

from mobilebert_tf.deployment import child_process
from mobilebert_tf.deployment import exported_models as artefacts_lib

# One token of every vocabulary, even if that is [UNK].
_FILLER = '.'
_MOST_SINGLE = 200
_LONGEST_FIRST = 16  # A question is no longer, nor need a first text be.

# Texts, and second texts or None, to the number of tokens of each.
CountTokens = Callable[[list[str], list[str] | None], Sequence[int]]


class TextMaker:
  """Makes texts, or pairs of texts, of the words of others.

  Args:
    texts: Whose words are taken, in their order and over again.
    pairs: The second text of each; None for single texts.
    count_tokens: Returns how many tokens texts have, special tokens included.

  Example: `TextMaker(texts, None, runner.count_tokens).make(31)`
  """

  def __init__(self, texts: Sequence[str], pairs: Sequence[str] | None,
               count_tokens: CountTokens):
    self._count = count_tokens
    self._first = ' '.join(texts).split()
    self._second = None if pairs is None else ' '.join(pairs).split()
    last = self._first if self._second is None else self._second
    self._single = self._find_single(last[:_MOST_SINGLE])

  def make(self, length: int) -> tuple[str, str | None]:
    """Returns a text of so many tokens, special tokens included.

    Args:
      length: How many.

    Returns:
      The text, and the second one; None for single texts. In a pair the second
      is the longer one.

    Raises:
      ValueError: If no text is that short.
    """
    if self._second is None:
      return self._fill(self._first, length, lambda text: (text, None)), None
    wanted = min(_LONGEST_FIRST, max(1, length // 4))
    first = ' '.join(_take(self._first, wanted))
    # Words of many tokens leave no room for the second text, where a letter is
    # one token.
    while self._measure(first, _FILLER) > length and ' ' in first:
      first = first.rpartition(' ')[0]
    if self._measure(first, _FILLER) > length:
      first = _FILLER
    return first, self._fill(self._second, length, lambda text: (first, text))

  def _fill(self, words: Sequence[str], length: int,
            place: Callable[[str], tuple[str, str | None]]) -> str:
    """Returns a text that makes, where it is placed, so many tokens."""
    # Every word has one token at least, so that many words are enough.
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
  """Returns so many words, from the beginning over again where they end."""
  return [words[i % len(words)] for i in range(count)]


# Of these, padding included, as far as the model reads.
LENGTHS = (16, 32, 64, 128, 384)
_CALLS, _ENOUGH_SECONDS = 20, 1.0


@dataclasses.dataclass(frozen=True)
class Plan:
  """What is measured.

  Attributes:
    texts: What is timed, as people write it.
    pairs: The second text of each, or None.
    sized: A text, and its second text or None, by its length, padding included.
    threads: Numbers of threads.
    batch_sizes: How many texts are answered at once.
    rounds: How often each artefact takes its turn.

  Raises:
    ValueError: If there is nothing to time, or a number makes no sense.
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
        raise ValueError(f'{name} is {list(values)}; it is a list of numbers, '
                         'each at least 1 and there once.')


class Failures:
  """Artefacts that cannot be measured, and why; the others are.

  Attributes:
    messages: A line for each artefact, by its name.
  """

  def __init__(self):
    self.messages: dict[str, str] = {}

  @contextlib.contextmanager
  def noted(self, artefact: artefacts_lib.ExportedModel) -> Iterator[None]:
    """Keeps the message of a crash or a refusal, instead of passing it on."""
    try:
      yield
    except (child_process.Crash, ValueError) as error:
      self.messages[artefact.name] = str(error)


def describe(artefacts: Sequence[artefacts_lib.ExportedModel],
             failures: Failures) -> dict[str, dict[str, Any]]:
  """Returns what each artefact says of itself.

  Example: `describe(artefacts.find(['model.tflite']), Failures())`

  Args:
    artefacts: The artefacts.
    failures: Gets those that crash.

  Returns:
    By their names what `measuring.Measured.describe` says.

  Raises:
    ValueError: If one is damaged, or they are of different tasks, or of
      different labels; names it.
  """
  found: dict[str, dict[str, Any]] = {}
  for artefact in artefacts:
    try:
      with child_process.ChildProcess(artefact, 1) as child:
        child.load()
        found[artefact.name] = child.ask('describe')
    except child_process.Crash as crash:
      failures.messages[artefact.name] = str(crash)
  _check_same(found)
  return found


def answer(artefact: artefacts_lib.ExportedModel, texts: Sequence[str],
           pairs: Sequence[str] | None, threads: int) -> list[Any]:
  """Returns what an artefact answers.

  Args:
    artefact: The artefact.
    texts: The texts, or questions.
    pairs: The second text of each, or its context; or None.
    threads: On how many it computes.

  Returns:
    For each text its probabilities, number or vector; or the text of an answer.

  Raises:
    ValueError: If it cannot answer them.
    child_process.Crash: If its process ends.
  """
  with child_process.ChildProcess(artefact, threads) as child:
    child.load()
    return child.ask('answer', texts=list(texts),
                     pairs=_listed(pairs))['answers']


def make_texts(count_tokens: CountTokens, max_length: int,
               texts: Sequence[str], pairs: Sequence[str] | None
               ) -> dict[int, tuple[str, str | None]]:
  """Returns a text of each length that a model reads.

  Args:
    count_tokens: As for `sized_texts.TextMaker`.
    max_length: Longest text in tokens, special tokens included.
    texts: Whose words are taken.
    pairs: The second text of each, or None.

  Returns:
    A text, and its second text or None, by the length. It has one token less
    than that: a [PAD] follows it.
  """
  maker = TextMaker(texts, pairs, count_tokens)
  return {length: maker.make(length - 1) for length in LENGTHS
          if length - 1 <= max_length}


@contextlib.contextmanager
def token_counter(artefact: artefacts_lib.ExportedModel
                  ) -> Iterator[CountTokens]:
  """Gives a function that counts tokens as an artefact does.

  Args:
    artefact: One that `counts`, as `describe` tells.

  Yields:
    As `sized_texts.TextMaker` takes it.
  """
  with child_process.ChildProcess(artefact, 1) as child:
    child.load()
    yield lambda texts, pairs: child.ask(
        'count', texts=list(texts), pairs=_listed(pairs))['counts']


def measure(artefacts: Sequence[artefacts_lib.ExportedModel], plan: Plan,
            failures: Failures,
            progress: Callable[[str], None] = lambda _: None
            ) -> dict[str, list[dict[str, Any]]]:
  """Measures artefacts.

  Args:
    artefacts: The artefacts.
    plan: What is measured.
    failures: Gets those that crash; they take no more turns.
    progress: Is given a line before each turn.

  Returns:
    By the artefact's name an object for each number of `threads`, of medians
    over `rounds`: `import_seconds`, `load_seconds`, `first_seconds` (of the
    first answer), `peak_bytes`, `growth_bytes`; `lengths`, the `seconds` of a
    call by `length` and `batch_size`; and `texts`, by `batch_size` the mean
    `seconds` of a text of the file, and that of each round, `by_round`.
  """
  turns = [(artefact, threads) for threads in plan.threads
           for artefact in artefacts]
  rounds: dict[tuple[str, int], list[dict[str, Any]]] = {
      (artefact.name, threads): [] for artefact, threads in turns}
  for number in range(plan.rounds):
    for artefact, threads in turns:
      if artefact.name in failures.messages:
        continue
      progress(f'Round {number + 1} of {plan.rounds}: {artefact.name}, '
               f'threads: {threads}')
      with failures.noted(artefact):
        rounds[artefact.name, threads].append(
            _measure_once(artefact, threads, plan))
  return {
      artefact.name: [
          {'threads': threads, **_summarize(rounds[artefact.name, threads],
                                            len(plan.texts))}
          for threads in plan.threads if rounds[artefact.name, threads]]
      for artefact in artefacts}


def _measure_once(artefact: artefacts_lib.ExportedModel, threads: int,
                  plan: Plan) -> dict[str, Any]:
  texts, pairs = list(plan.texts), _listed(plan.pairs)
  with child_process.ChildProcess(artefact, threads) as child:
    loaded = child.load()
    first = child.ask('time_first', text=texts[0],
                      pair=None if pairs is None else pairs[0])
    by_file = {
        size: child.ask('time_texts', texts=texts, pairs=pairs,
                        batch_size=size)['seconds']
        for size in plan.batch_sizes}
    by_length = {
        (length, size): child.ask(
            'time_one', text=text, pair=pair, batch_size=size, calls=_CALLS,
            enough_seconds=_ENOUGH_SECONDS)['seconds']
        for size in plan.batch_sizes
        for length, (text, pair) in plan.sized.items()}
    return {'import_seconds': loaded['import_seconds'],
            'load_seconds': loaded['load_seconds'],
            'first_seconds': first['seconds'], **child.ask('memory'),
            'texts': by_file, 'lengths': by_length}


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
  batches = [statistics.median(seconds) for seconds in zip(*rounds,
                                                           strict=True)]
  return {'batch_size': batch_size, 'seconds': sum(batches) / num_texts,
          'by_round': [sum(seconds) / num_texts for seconds in rounds]}


def _check_same(found: Mapping[str, Mapping[str, Any]]) -> None:
  """Raises ValueError if artefacts are not of one model's kind."""
  (first, about), *others = found.items() or [('', {})]
  for name, other in others:
    if other['task'] != about['task']:
      raise ValueError(
          f'{first} is for {about["task"].replace("_", " ")}, {name} for '
          f'{other["task"].replace("_", " ")}. Compare artefacts of one task.')
    if other['pairs'] != about['pairs']:
      pairs, single = (first, name) if about['pairs'] else (name, first)
      raise ValueError(f'{pairs} reads pairs of texts, {single} single ones.')
    if sorted(other['labels']) != sorted(about['labels']):
      raise ValueError(
          f'{first} has the labels {", ".join(about["labels"])}, {name} '
          f'{", ".join(other["labels"])}. Compare artefacts of one task.')


def _listed(pairs: Sequence[str] | None) -> list[str] | None:
  return None if pairs is None else list(pairs)
