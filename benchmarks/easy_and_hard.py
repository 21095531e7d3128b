# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Says whether easy texts leave a model with exits early, and hard ones late.

python benchmarks/easy_and_hard.py --output_dir=easy_and_hard_output

Half of the texts are decided by one word. The others ask whether two words that
stand far apart are the same, which a model learns only with attention, and here
only above its first blocks. So it is known which texts need depth, as it is of
no task of GLUE. Models of fewer blocks are trained beside it as long.

Every step is a program of the package, and is not repeated.
"""

import pathlib
import random

from absl import app
from absl import flags
import numpy as np

from benchmarks import programs
from benchmarks import seeds as seeds_lib
from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets texts and runs.', required=True)
_SEEDS = flags.DEFINE_integer('seeds', 3, 'Trainings.', lower_bound=1)
_BLOCKS = flags.DEFINE_integer('blocks', 4, 'Blocks.', lower_bound=2)
_SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')
_DECIDES = ('bad', 'good')
_FILLERS = [f'f{i}' for i in range(50)]  # They say nothing.
_SAME = [f's{i}' for i in range(4)]  # They are compared with each other.
_WORDS = 14  # Of a text.
_TRAIN, _HELD_OUT = 20_000, 1000
EASY, HARD = KINDS = ('easy', 'hard')


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  folder.mkdir(parents=True, exist_ok=True)
  write(folder)
  found = [_measure(folder, seed) for seed in range(_SEEDS.value)]
  exits, blocks, beside = zip(*found, strict=True)
  print(f'{machine.describe_hardware()}; {len(found)} seeds, accuracy x 100')
  for headers, rows in (
      ('After block', [(f'{block + 1}', [each[block] for each in exits])
                       for block in range(_BLOCKS.value)]),
      ('Blocks of a text', [('mean', blocks)]),
      ('Trained alone', [(f'{depth} blocks', [each[depth - 1]
                                              for each in beside])
                         for depth in range(1, _BLOCKS.value)])):
    print('\n' + text_lib.format_table(text_lib.make_table(
        (headers, *KINDS),
        [(name, *(seeds_lib.mean([each[kind] for each in values])
                  for kind in KINDS)) for name, values in rows])))


def write(folder: pathlib.Path) -> None:
  """Writes `train.tsv` and `dev.tsv`, with the kind of each text, and words."""
  rng = random.Random(0)
  files.write_text(folder / 'vocab.txt', '\n'.join(
      (*_SPECIAL, *_FILLERS, *_SAME, *_DECIDES)) + '\n')
  for name, count in (('train', _TRAIN), ('dev', _HELD_OUT)):
    rows = [_row(rng, KINDS[i % 2]) for i in range(count)]
    files.write_text(folder / f'{name}.tsv', '\n'.join(
        ('sentence\tlabel\tkind', *rows)) + '\n')


def _row(rng: random.Random, kind: str) -> str:
  words, label = rng.choices(_FILLERS, k=_WORDS), rng.randrange(2)
  if kind == EASY:
    words[rng.randrange(_WORDS)] = _DECIDES[label]
  else:
    first = rng.choice(_SAME)
    words[rng.randrange(_WORDS // 2 - 1)] = first
    words[rng.randrange(_WORDS // 2 + 1, _WORDS)] = first if label else (
        rng.choice([each for each in _SAME if each != first]))
  return f'{" ".join(words)}\t{label}\t{kind}'


def _measure(folder: pathlib.Path, seed: int) -> tuple[
    list[dict[str, float]], dict[str, float], list[dict[str, float]]]:
  """Returns accuracies of exits, mean blocks, accuracies of shallow models."""
  whole, *shallow = (_train(folder, seed, depth) for depth in (
      _BLOCKS.value, *range(1, _BLOCKS.value)))
  made = folder / f'{seed}_exits'
  programs.run('add_exits', made / 'results.json', model_dir=whole,
               output_dir=made, epochs=1, wanted_loss=0.01, seed=seed)
  right, left_at = answers(folder, made)
  return ([{kind: 100 * rows[:, block].mean() for kind, rows in right.items()}
           for block in range(_BLOCKS.value)],
          {kind: float(rows.mean()) for kind, rows in left_at.items()},
          [{kind: float(100 * rows.mean())
            for kind, rows in answers(folder, each)[0].items()}
           for each in shallow])


def _train(folder: pathlib.Path, seed: int, depth: int) -> pathlib.Path:
  made = folder / f'{seed}_{depth}_blocks'
  start = made.with_name(f'{made.name}_start')
  if not start.exists():
    write_start(start, folder / 'vocab.txt', seed, depth)
  programs.run(
      'finetune', made / 'results.json', task='classification',
      train_file=folder / 'train.tsv', dev_file=folder / 'dev.tsv',
      text_column='sentence', label_column='label',
      init_checkpoint=start, epochs=4, learning_rate=1e-3, max_length=24,
      seed=seed, output_dir=made)
  return made


def write_start(folder: pathlib.Path, vocab_file: pathlib.Path, seed: int,
                depth: int) -> None:
  """Writes an encoder with random weights."""
  import tf_keras
  from mobilebert_tf import modeling

  tf_keras.utils.set_random_seed(seed)
  words = len(vocab_file.read_text().splitlines())
  modeling.MobileBertEncoder(modeling.get_architecture(
      'mobilebert_small', num_blocks=depth, vocab_size=words)
                            ).save_pretrained(
                                str(folder), vocab_file=str(vocab_file))


def answers(folder: pathlib.Path, run: pathlib.Path
            ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
  """Returns which answers are right, and blocks of each text, by its kind."""
  from mobilebert_tf.tasks import registry
  from mobilebert_tf.tasks.classification import predictor

  trained = registry.load(str(run))
  texts, labels, kinds = map(np.array, zip(*(
      line.split('\t') for line in
      (folder / 'dev.tsv').read_text().splitlines()[1:]), strict=True))
  logits = predictor.TextPredictor(trained).logits(list(texts))
  right = logits.argmax(-1) == labels.astype(int).reshape(
      [-1, *[1] * (logits.ndim - 2)])
  blocks = np.zeros(len(texts))
  if logits.ndim > 2:
    rule = trained.kind.rule(trained)
    blocks = np.array([*rule.blocks, logits.shape[1]])[rule.exits(logits)]
  return tuple({kind: each[kinds == kind] for kind in KINDS}
               for each in (right, blocks))


if __name__ == '__main__':
  app.run(main)
