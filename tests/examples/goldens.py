# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Writes what a tokenizer in another language has to give.

  python -m tests.examples.goldens

`goldens.json` has a vocabulary, and cases of the settings `lower_case` and
`max_word_length` with a text, its ids, and the first character (code point) of
each token and the one after its last.
"""

import json
from typing import Any

from absl import app

from mobilebert_tf.common import files
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from tests import python_files

PATH = python_files.ROOT / 'examples/goldens.json'

_TOKENS = (
    '[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'e', 's', '##a',
    '##b', '##e', '##s', 'ab', '##ab', 'A', '##A', 'é', '##é', 'Café', 'cafe',
    'café', 'strasse', 'straße', 'i', '##i', '中', '国', 'ᄒ', '##ᅡ', '##ᆫ', '한',
    'α', '##α', 'σ', '##σ', '##ς', 'ς', '🦜', '.', ',', '#', '##', '[', ']',
    "'", '’', '$', '½', 'fi', 'ﬁ', 'и', 'й', '1', '##1')
_SETTINGS = ((True, 200), (False, 200), (settings.KEEP_ACCENTS, 200), (True, 6),
             (settings.MEDIAPIPE, 100))
_TEXTS = (
    '', ' ', 'a', 'ab', 'abab', 'aba ab', 'AB Ab', 'x', 'ax', "a.b,a's a’s",
    'Café CAFÉ cafe\u0301', 'straße STRASSE', 'İi ıI', '中国a中', '한 한a',
    'ΑΣ ΑΣΑ Σ', 'ΑΣ. ΑΣ\xad ΑΣ\u0301', 'ﬁ ½ ™', 'й и\u0306', '🦜🦜 a🦜',
    '[SEP] [MASK]a', '##a a##', '#$#', 'a\tb\nb\rb',
    'a\xa0b\u2003b\u2028b\u3000b', 'a\x00b a\x7fb a\x85b',
    'a\u200bb a\ufeffb a\ufffdb', 'a\u0301\u0323b', 'a\u302e\u0301b',
    'a\U0001d165\u0323b', '\u0301', '\u0301a', 'e\u0301' * 6, 'e\u0301' * 7,
    'a' * 6, 'a' * 7, 'a' * 200, 'a' * 201, 'é' * 200 + ' a', 'e\ue000',
    'a\u0378b', '١a1¹', 'ａ', 'а', 'a\U000e0041b', '㐀\U00020000', 'ｶﾞ')


def build() -> dict[str, Any]:
  """Returns the content of the file."""
  cases = []
  for lower_case, longest in _SETTINGS:
    tokenizer = plain_tokenizer.PlainTokenizer(_TOKENS, lower_case, longest)
    for text in _TEXTS:
      found = tokenizer.tokenize_with_offsets([text])
      cases.append({
          'lower_case': lower_case, 'max_word_length': longest, 'text': text,
          'ids': found.ids.tolist(), 'starts': found.starts.tolist(),
          'ends': found.ends.tolist()})
  return {'vocabulary': list(_TOKENS), 'cases': cases}


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'It takes no arguments: {argv[1:]}.')
  found = build()
  cases = ',\n'.join(json.dumps(case) for case in found['cases'])
  vocabulary = json.dumps(found['vocabulary'])
  files.write_text(
      PATH, f'{{"vocabulary": {vocabulary},\n"cases": [\n{cases}\n]}}\n')


if __name__ == '__main__':
  app.run(main)
