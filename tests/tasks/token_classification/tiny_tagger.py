# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A tiny token classifier with words of several pieces, and odd texts."""

import dataclasses
import pathlib
import random

from mobilebert_tf.inference import loading
from tests.inference import tiny_classifier

# One syllable is three tokens.
TOKENS = (*tiny_classifier.TOKENS[:-3], 'ᄒ', '##ᅡ', '##ᆫ')
WORDS = ('w1', 'W2', 'w3\u0301', 'w4.', '(w5)', 'é', '🦜', '👩‍👩‍👧', '中文',
         'שלום', '한', '한한', '…', '\u0301', '\x00', '\u200bw6', 'w7\ufffd',
         '\u0130', "w8's", 'U.S.', '한' * 40)
SPACES = (' ', '  ', '\n', '\u00a0')


def build(folder: str | pathlib.Path) -> loading.TrainedModel:
  """Returns a token classifier whose labels differ from word to word."""
  trained = tiny_classifier.build_tagger(folder)
  path = pathlib.Path(folder, 'pieces.txt')
  path.write_text(''.join(f'{token}\n' for token in TOKENS), 'utf-8')
  return dataclasses.replace(trained, vocab_file=str(path))


def texts(seed: int = 0) -> list[str]:
  """Returns texts of up to a dozen parts, and odd ones."""
  rng = random.Random(seed)
  made = [_text(rng, rng.choice((1, 5, 20, 40, 90, 300))) for _ in range(25)]
  return [*made, '', ' \n\x1c\u3000', '\x00', '\u200b', 'w1', 'w1 ' * 36,
          'w1 ' * 37, 'w1 ' * 38, 'w1 w2 w3']


def _text(rng: random.Random, words: int) -> str:
  parts = (f'w{rng.randrange(30)}' if rng.random() < 0.7 else rng.choice(WORDS)
           for _ in range(words))
  return ''.join(part + rng.choice(SPACES) for part in parts)
