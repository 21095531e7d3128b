# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Recipes and tables of real texts for each kind, and texts of all Unicode.

Where no labelled data is at hand, labels are made of the texts: what a model
learns matters less here than that its answers differ.
"""

from collections.abc import Iterable, Mapping, Sequence
import json
import pathlib
import random
import re
from typing import Any
import unicodedata

from mobilebert_tf.common import files

# Which of these a text has are its labels, where it can have several.
LABELS = ('the', 'and', 'of', 'is')
SENTENCES, PAIRS, WORDS, QUESTIONS = (
    'sentences.tsv', 'pairs.tsv', 'words.conll', 'questions.json')
PARTS = ('train', 'dev')
_SIZES = {'train': 3200, 'dev': 600}
# Paragraphs of an article, and questions of each.
_PARAGRAPHS = {'train': (20, 1), 'dev': (24, 3)}
_SIMILAR = 2.6  # Score of STS-B, from 0 to 5, that halves it.

# Fields of a recipe of `finetune` for each row, with the name of its table.
_ALL = dict(architecture='mobilebert_small', lower_case=True, max_length=64,
            batch_size=32, epochs=2, learning_rate=1e-3)
ROWS: Mapping[str, dict[str, Any]] = {
    'classification': dict(_ALL, task='classification', file=SENTENCES),
    "MediaPipe's ids": dict(_ALL, task='classification', file=SENTENCES,
                            tokenizer='mediapipe'),
    'multi-label': dict(_ALL, task='multi_label_classification',
                        file=SENTENCES, label_column='words'),
    'pairs': dict(_ALL, task='classification', file=PAIRS, pair_column='pair'),
    'regression': dict(_ALL, task='regression', file=SENTENCES),
    'tokens': dict(_ALL, task='token_classification', file=WORDS),
    'questions': dict(_ALL, task='squad_v1', file=QUESTIONS, max_length=120,
                      learning_rate=3e-4),  # Diverges at 1e-3.
    'embeddings': dict(_ALL, task='embedding', file=PAIRS, pair_column='pair',
                       label_column='score'),
}


def write(data_dir: pathlib.Path, folder: pathlib.Path) -> None:
  """Writes the tables of both parts, unless they are there."""
  makers = {SENTENCES: _sentences, PAIRS: _pairs, WORDS: _words,
            QUESTIONS: _questions}
  for name, make in makers.items():
    for part in PARTS:
      path = folder / part / name
      if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(path, make(data_dir, part))


def _sentences(data_dir: pathlib.Path, part: str) -> str:
  """Returns texts of SST-2, their labels, and which of `LABELS` they have."""
  rows = _read(data_dir / 'glue/SST-2' / f'{part}.tsv', ('sentence', 'label'))
  return _table(('text', 'label', 'words'), (
      (text, label, ','.join(each for each in LABELS if each in text.split()))
      for text, label in _sample(rows, part)))


def _pairs(data_dir: pathlib.Path, part: str) -> str:
  """Returns pairs of STS-B, their scores, and whether they are similar."""
  rows = _read(data_dir / 'glue/STS-B' / f'{part}.tsv',
               ('sentence1', 'sentence2', 'score'))
  # Some pairs are there twice, with other scores.
  rows = list({row[:2]: row for row in rows}.values())
  return _table(('text', 'pair', 'score', 'label'), (
      (*row, 'similar' if float(row[2]) > _SIMILAR else 'different')
      for row in _sample(rows, part)))


def _words(data_dir: pathlib.Path, part: str) -> str:
  """Returns sentences of Wikipedia whose capitalised words are names."""
  text = (data_dir / 'corpus/enwiki_gensim.docs.txt').read_text('utf-8')
  every = [line.split() for line in re.split(r'(?<=[a-z]\.)\s+|\n', text)]
  usable = [words for words in every if 5 <= len(words) <= 40]
  usable = usable[::2] if part == 'train' else usable[1::2]
  return '\n\n'.join(
      '\n'.join(f'{word}\t{label}' for word, label in zip(
          words, label_names(words), strict=True))
      for words in _sample(usable, part)) + '\n'


def label_names(words: Sequence[str]) -> list[str]:
  """Returns B-NAME and I-NAME for capitalised words, but not the first."""
  labels = ['O']
  for word in words[1:]:
    inside = labels[-1] != 'O'
    labels.append('O' if not word[:1].isupper() else
                  'I-NAME' if inside else 'B-NAME')
  return labels


def _questions(data_dir: pathlib.Path, part: str) -> str:
  """Returns SQuAD's questions about a part of each article."""
  held_out = json.loads((data_dir / 'squad/split_by_article.json').read_text(
      'utf-8'))['eval_articles_v1.1']
  articles = json.loads((data_dir / 'squad/dev-v1.1.rebuilt.json').read_text(
      'utf-8'))['data']
  chosen = [each for each in articles
            if (each['title'] in held_out) == (part == 'dev')]
  paragraphs, questions = _PARAGRAPHS[part]
  return json.dumps({'version': '1.1', 'data': [
      {**article, 'paragraphs': [
          {**each, 'qas': each['qas'][:questions]}
          for each in article['paragraphs'][:paragraphs]]}
      for article in chosen]})


def _read(path: pathlib.Path, columns: Sequence[str]) -> list[tuple[str, ...]]:
  header, *rows = (line.split('\t') for line in path.read_text(
      encoding='utf-8-sig').splitlines())
  places = [header.index(column) for column in columns]
  return [tuple(row[i].strip() for i in places) for row in rows]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
  return ''.join('\t'.join(row) + '\n' for row in (header, *rows))


def _sample(rows: list, part: str) -> list:
  rows = list(rows)
  random.Random(0).shuffle(rows)
  return rows[:_SIZES[part]]


# === Unicode ===


def to_unicode(texts: Sequence[str], count: int, seed: int = 0) -> list[str]:
  """Returns real texts with random characters and scripts among their words.

  Args:
    texts: Texts whose words are taken.
    count: Number of texts to make, from one character to some dozens of words.
    seed: Seed of all choices; the same one gives the same texts.
  """
  rng, words = random.Random(seed), ' '.join(texts).split()
  # Of a version of Unicode that all libraries know.
  characters = [chr(code) for code in range(0x20, 0x20000)
                if unicodedata.ucd_3_2_0.category(chr(code)) not in (
                    'Cn', 'Cs', 'Co')]
  found = []
  for _ in range(count):
    parts = rng.choices(words, k=rng.choice((0, 1, 3, 8, 20, 40)))
    for _ in range(rng.choice((1, 2, 5, 10))):
      parts.insert(rng.randint(0, len(parts)), _strange(rng, characters, words))
    found.append(' '.join(parts))
  return found


def _strange(rng: random.Random, characters: Sequence[str],
             words: Sequence[str]) -> str:
  """Returns random characters, neighbours of a script, or a changed word."""
  word, start = rng.choice(words), rng.randrange(len(characters))
  return rng.choice((
      ''.join(rng.choices(characters, k=rng.randint(1, 6))),
      ''.join(rng.choices(characters[start:start + 64], k=rng.randint(1, 8))),
      word.upper(), word[:2] + rng.choice(characters) + word[2:],
      ''.join(letter + '\u0301' for letter in word),
      ''.join(chr(ord(letter) + 0xfee0) if '!' <= letter <= '~' else letter
              for letter in word)))
