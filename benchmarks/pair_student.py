# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Teaches a student to compare two texts, before it sees a task of pairs.

python benchmarks/pair_student.py --made=embeddings_output --student=small_0 \
  --data_dir=../shared/data --output_dir=pairs_output

`embeddings.py` makes students that read one text at a time; of MRPC and STS-B
they learn next to nothing. Here such a student reads pairs of its sentences and
learns, as a regression, how similar all-MiniLM-L6-v2 finds them: no label of
any task. A sentence is paired with one of its nearest neighbours, one of its
100 nearest, a random one, and other sentences with a damaged copy of
themselves. The result is a start for `families.py` and `early_exits.py`; for
the second, STS-B is written as two classes, pairs of 3 or more of 5 and others.

Every step is a program of the package, and is not repeated.
"""

from collections.abc import Iterator, Sequence
import pathlib
import random

from absl import app
from absl import flags
import numpy as np

from benchmarks import programs
from mobilebert_tf.common import files

_MADE = flags.DEFINE_string(
    'made', None, 'Output of embeddings.py.', required=True)
_DATA_DIR = flags.DEFINE_string(
    'data_dir', None, 'Holds glue/STS-B.', required=True)
_STUDENT = flags.DEFINE_string('student', 'small_0', 'Its student to begin at.')
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets pairs and the student.', required=True)
_EPOCHS = flags.DEFINE_float('epochs', 1.0, 'Passes over the pairs.')
_LEARNING_RATE = flags.DEFINE_float('learning_rate', 1e-3, 'Peak rate.')
_SENTENCES = 60_000  # Each has three pairs.
_DAMAGED = 50_000
_NEAREST, _NEAR = 3, 100
_DAMAGES = (0.1, 0.2, 0.3, 0.5)  # Shares of words that are lost or others.
_SIMILAR = 3.0  # Of STS-B's 5.
_HELD_OUT, _ROWS, _LARGEST_SCORE = 1500, 1000, 5.0

Pair = tuple[str, str, float]


def main(argv: list[str]) -> None:
  del argv
  folder, made = map(pathlib.Path, (_OUTPUT_DIR.value, _MADE.value))
  folder.mkdir(parents=True, exist_ok=True)
  for part in ('train', 'dev'):
    _write_classes(pathlib.Path(_DATA_DIR.value, 'glue/STS-B', f'{part}.tsv'),
                   folder / f'similar_{part}.tsv')
  train, dev = folder / 'train.tsv', folder / 'dev.tsv'
  if not (train.exists() and dev.exists()):
    pairs = _pairs(folder, made)
    _write(dev, pairs[:_HELD_OUT])
    _write(train, pairs[_HELD_OUT:])
  student = folder / _STUDENT.value
  programs.run(
      'finetune', student / 'results.json', task='regression', train_file=train,
      dev_file=dev, text_column='sentence1', pair_column='sentence2',
      label_column='score', init_checkpoint=made / _STUDENT.value,
      epochs=_EPOCHS.value, learning_rate=_LEARNING_RATE.value, max_length=64,
      output_dir=student)
  print(student)


def _pairs(folder: pathlib.Path, made: pathlib.Path) -> list[Pair]:
  """Returns pairs with the cosine of the teacher's vectors, in random order."""
  from mobilebert_tf.data import vector_store

  store = vector_store.VectorStore.open(made / 'vectors')
  texts, vectors = list(store.texts), _unit(store.vectors)
  rng = random.Random(0)
  found = list(_neighbours(texts, vectors, rng))
  rows = range(_SENTENCES, _SENTENCES + _DAMAGED)
  damaged = [_damage(texts[row].split(), texts, rng) for row in rows]
  files.write_text(folder / 'damaged.txt', '\n'.join(damaged) + '\n')
  programs.run('embed', folder / 'vectors', model_dir=store.origin,
               input=folder / 'damaged.txt', output=folder / 'vectors',
               dtype='float16')
  store = vector_store.VectorStore.open(folder / 'vectors')
  places = {text: i for i, text in enumerate(store.texts)}
  theirs, rng = _unit(store.vectors), random.Random(1)
  for row, text in zip(rows, damaged, strict=True):
    pair = (texts[row], text) if rng.random() < 0.5 else (text, texts[row])
    found.append((*pair, float(vectors[row] @ theirs[places[text]])))
  rng.shuffle(found)
  return found


def _neighbours(texts: Sequence[str], vectors: np.ndarray,
                rng: random.Random) -> Iterator[Pair]:
  """Yields pairs of sentences: two that are near each other, and one not."""
  for start in range(0, _SENTENCES, _ROWS):
    cosines = vectors[start:start + _ROWS] @ vectors.T
    near = np.argpartition(-cosines, _NEAR, axis=1)[:, :_NEAR + 1]
    for i, row in enumerate(range(start, start + _ROWS)):
      others = near[i][near[i] != row]
      others = others[np.argsort(-cosines[i][others])]
      for other in (others[rng.randrange(_NEAREST)],
                    others[rng.randrange(_NEAR)], rng.randrange(len(texts))):
        if other != row:
          yield texts[row], texts[other], float(cosines[i][other])


def _damage(words: list[str], texts: Sequence[str], rng: random.Random) -> str:
  """Returns a sentence without some words, or with some of another."""
  share = rng.choice(_DAMAGES)
  if rng.random() < 0.5:
    kept = [word for word in words if rng.random() > share]
  else:
    other = texts[rng.randrange(len(texts))].split()
    kept = [rng.choice(other) if rng.random() < share else word
            for word in words]
  return ' '.join(kept) or words[0]


def _write_classes(source: pathlib.Path, path: pathlib.Path) -> None:
  header, *rows = (line.split('\t') for line in source.read_text(
      encoding='utf-8').splitlines())
  columns = [header.index(name) for name in ('sentence1', 'sentence2', 'score')]
  found = ([row[column] for column in columns] for row in rows)
  files.write_text(path, '\n'.join(('sentence1\tsentence2\tlabel', *(
      f'{first}\t{second}\t'
      f'{"similar" if float(score) >= _SIMILAR else "different"}'
      for first, second, score in found))) + '\n')


def _unit(vectors: np.ndarray) -> np.ndarray:
  vectors = np.asarray(vectors, np.float32)
  return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _write(path: pathlib.Path, pairs: Sequence[Pair]) -> None:
  lines = ['sentence1\tsentence2\tscore', *(
      f'{first}\t{second}\t{_LARGEST_SCORE * max(0.0, cosine):.3f}'
      for first, second, cosine in pairs)]
  files.write_text(path, '\n'.join(lines) + '\n')


if __name__ == '__main__':
  app.run(main)
