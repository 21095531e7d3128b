# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts of exactly so many tokens, to time how long each length takes."""

from collections.abc import Callable, Sequence

# Lengths in tokens, padding included, as far as the model reads.
LENGTHS = (16, 32, 64, 128, 384)

# One token in every vocabulary, if only [UNK].
_FILLER = '.'
_MOST_SINGLE = 200
_LONGEST_FIRST = 16  # A question is no longer, nor need a first text be.

# From texts, and second texts or None, to their numbers of tokens.
CountTokens = Callable[[list[str], list[str] | None], Sequence[int]]


class TextMaker:
  """Makes texts, or pairs of texts, of the words of others.

  Args:
    texts: Texts whose words are taken in their order, repeatedly.
    pairs: Second text of each; None for single texts.
    count_tokens: Function that counts tokens, special tokens included.

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
    """Makes a text of exactly so many tokens, special tokens included.

    Args:
      length: Number of tokens.

    Returns:
      The text, and the second text or None. The second text of a pair is the
      longer one.

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
  """Returns so many words, starting again where they end."""
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
    A text, and its second text or None, by the length. The text has one token
    less than that, because a [PAD] follows it.
  """
  maker = TextMaker(texts, pairs, count_tokens)
  return {length: maker.make(length - 1) for length in LENGTHS
          if length - 1 <= max_length}
