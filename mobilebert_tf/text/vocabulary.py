# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""WordPiece vocabularies: reading, checking and learning `vocab.txt`."""

import collections
from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import hashlib
import os
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.text import settings

SPECIAL_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')

# As in BERT's learner; rarer characters become [UNK].
_MAX_ALPHABET = 1000
_REPEATS_A_TEXT = 2000
# Limits of the memory in use, about 1 GB.
_MOST_CHUNKS = 2_000_000
_MOST_WORDS = 10_000_000


@dataclasses.dataclass(frozen=True)
class Vocabulary:
  """The tokens of a WordPiece vocabulary, in the order of their ids.

  Example:

    vocabulary = Vocabulary.read('vocab.txt')
    vocabulary.tokens[vocabulary.mask_id]  # '[MASK]'
  """
  tokens: tuple[str, ...]

  def __post_init__(self):
    missing = [t for t in SPECIAL_TOKENS if t not in self.tokens]
    if missing:
      raise ValueError(
          f'A vocabulary needs {", ".join(SPECIAL_TOKENS)}; this one, of '
          f'{len(self.tokens)} tokens, lacks {", ".join(missing)}.')

  @classmethod
  def read(cls, path: str | os.PathLike) -> 'Vocabulary':
    """Reads BERT's `vocab.txt`, local or remote, which has one token a line.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If it is not UTF-8, has a malformed or duplicate token, or
        lacks a special one; names the file and the line.
    """
    path = os.fspath(path)
    tokens = [line for _, line in files.read_lines(path)]
    seen: dict[str, int] = {}
    for number, token in enumerate(tokens, start=1):
      # Other white space, such as U+2028, may be a token.
      if not token or token != token.strip(' \t'):
        what = 'has a space at an end' if token else 'is empty'
        raise ValueError(
            f'{path}:{number}: the token {token!r} {what}. A vocabulary has '
            'one token a line.')
      if token in seen:
        raise ValueError(
            f'{path}:{number}: the token {token!r} is already on line '
            f'{seen[token]}. A vocabulary has every token once.')
      seen[token] = number
    if not tokens:
      raise ValueError(f'{path}:1: the vocabulary is empty.')
    try:
      return cls(tuple(tokens))
    except ValueError as e:
      raise ValueError(f'{path}:{len(tokens)}: {e}') from e

  def write(self, path: str | os.PathLike) -> None:
    """Writes `vocab.txt` atomically; its folder is made if needed."""
    files.write_text(path, self._text())

  def __len__(self) -> int:
    return len(self.tokens)

  @property
  def pad_id(self) -> int:
    return self.tokens.index('[PAD]')

  @property
  def unk_id(self) -> int:
    return self.tokens.index('[UNK]')

  @property
  def cls_id(self) -> int:
    return self.tokens.index('[CLS]')

  @property
  def sep_id(self) -> int:
    return self.tokens.index('[SEP]')

  @property
  def mask_id(self) -> int:
    return self.tokens.index('[MASK]')

  @property
  def is_cased(self) -> bool:
    """Whether tokens have capitals, which lower-cased text never meets."""
    lost = sum(token != token.lower() for token in self.tokens
               if not token.startswith('['))
    return lost > len(self) // 100

  @property
  def special_ids(self) -> tuple[int, ...]:
    """The ids of `SPECIAL_TOKENS`, in that order."""
    return tuple(self.tokens.index(t) for t in SPECIAL_TOKENS)

  @property
  def sha256(self) -> str:
    """Checksum of the file that `write` makes, in hexadecimal."""
    return hashlib.sha256(self._text().encode('utf-8')).hexdigest()

  def _text(self) -> str:
    return ''.join(f'{token}\n' for token in self.tokens)


def learn_vocabulary(texts: Iterable[str],
                     size: int,
                     output_path: str | os.PathLike,
                     lower_case: settings.LowerCase = True) -> Vocabulary:
  """Learns a WordPiece vocabulary with Hugging Face `tokenizers`.

  The texts are read as a stream; their different words stay in memory, and
  beyond ten million those that occurred once are dropped. Up to that number the
  same texts, in any order, give the same file.

  Example:

    learn_vocabulary(open('books.txt', encoding='utf-8'), 8000, 'vocab.txt')

  Args:
    texts: The texts, of any length.
    size: Number of tokens to learn, special ones included; fewer if the texts
      have too few different words.
    output_path: Path of the `vocab.txt` to write; [PAD] has the id 0.
    lower_case: Whether to lower-case, and to strip accents (`settings`).

  Raises:
    ValueError: If the texts have no word, or `size` is too small.
  """
  if size < 20:
    raise ValueError(f'A vocabulary of {size} tokens is too small: the special '
                     'tokens and an alphabet need at least 20.')
  words = _count_words(texts, lower_case)
  if not words:
    raise ValueError('There is no word in the texts to learn from.')
  characters: collections.Counter[str] = collections.Counter()
  for word, count in words.items():
    for character in word:
      characters[character] += count
  # Each character may take two tokens (`a` and `##a`); half of the vocabulary
  # is for longer pieces.
  limit = min(_MAX_ALPHABET, (size - len(SPECIAL_TOKENS)) // 4)
  by_frequency = sorted(characters, key=lambda c: (-characters[c], c))
  alphabet = set(by_frequency[:limit])
  words = {w: n for w, n in words.items() if alphabet.issuperset(w)}
  if not words:
    raise ValueError(
        f'A vocabulary of {size} tokens is too small for the {len(characters)} '
        'characters of this text. Make it four times as large.')
  vocabulary = Vocabulary(_learn_pieces(words, size))
  vocabulary.write(output_path)
  return vocabulary


def _count_words(texts: Iterable[str],
                 lower_case: settings.LowerCase) -> dict[str, int]:
  """Counts the words that BERT's tokenizer sees before WordPiece."""
  from tokenizers import normalizers
  from tokenizers import pre_tokenizers
  normalizer = normalizers.BertNormalizer(
      lowercase=bool(lower_case),
      strip_accents=settings.strips_accents(lower_case))
  splitter = pre_tokenizers.BertPreTokenizer()
  chunks: collections.Counter[str] = collections.Counter()
  words: collections.Counter[str] = collections.Counter()

  def split_chunks() -> None:
    # Normalising each distinct chunk once saves most of the time.
    for chunk, count in chunks.items():
      normal = normalizer.normalize_str(chunk)
      for word, _ in splitter.pre_tokenize_str(normal):
        if len(word) <= settings.MAX_WORD_LENGTH:
          words[word] += count
    chunks.clear()

  for text in texts:
    chunks.update((text.lower() if lower_case else text).split())
    if len(chunks) > _MOST_CHUNKS:
      split_chunks()
      if len(words) > _MOST_WORDS:
        words = collections.Counter(
            {word: count for word, count in words.items() if count > 1})
  split_chunks()
  return words


def _learn_pieces(words: dict[str, int], size: int) -> tuple[str, ...]:
  """Returns special tokens, characters and merged pieces, in this order."""
  import tokenizers
  from tokenizers import models
  from tokenizers import pre_tokenizers
  from tokenizers import trainers
  continuations = sorted({f'##{c}' for word in words for c in word[1:]})
  tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token='[UNK]'))
  tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
  # The trainer numbers `##a` pieces in the order of a hash table, and breaks
  # ties between merges by number. As special tokens they have fixed numbers.
  trainer = trainers.WordPieceTrainer(
      vocab_size=size,
      min_frequency=2,
      limit_alphabet=2 * _MAX_ALPHABET,
      special_tokens=[*SPECIAL_TOKENS, *continuations],
      show_progress=False)
  tokenizer.train_from_iterator(_repeat(words), trainer=trainer)
  ids = tokenizer.get_vocab()
  learned = sorted(ids, key=ids.get)
  first = len(SPECIAL_TOKENS)
  merges = [t for t in learned[first + len(continuations):] if len(t) > 1]
  letters = [t for t in learned[first + len(continuations):] if len(t) == 1]
  return (*SPECIAL_TOKENS, *letters, *continuations, *merges)


def _repeat(words: dict[str, int]) -> Iterator[str]:
  """Yields each word as often as it was counted, several to a text."""
  for word in sorted(words):
    remaining = words[word]
    while remaining > 0:
      repeats = min(remaining, _REPEATS_A_TEXT)
      yield ' '.join([word] * repeats)
      remaining -= repeats


def find_case(vocabulary: Vocabulary, sources: Mapping[str, Any],
              vocab_file: str = '') -> settings.LowerCase:
  """Returns `lower_case` of what tokenizes with a vocabulary.

  Args:
    vocabulary: The vocabulary, which says False if it is cased.
    sources: Values by the names of their sources, None for what says nothing.
    vocab_file: Path of the vocabulary, for the message.

  Raises:
    ValueError: If two of them contradict each other; names both, and values.
  """
  own = f'{vocab_file or "its vocabulary"}, whose tokens have capitals'
  return settings.agree('lower_case', {
      **sources, own: False if vocabulary.is_cased else None}, True)


def check_size(vocab_file: str | os.PathLike, vocab_size: int) -> None:
  """Raises ValueError if a vocabulary has more tokens than a model has rows.

  A GPU would silently read zeros for the other tokens.
  """
  found = len(Vocabulary.read(vocab_file))
  if found > vocab_size:
    raise ValueError(
        f'{vocab_file} has {found} tokens, but the model {vocab_size} rows for '
        'them (vocab_size). Set vocab_size to the size of the vocabulary.')
