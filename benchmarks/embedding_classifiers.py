# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Classifiers fine-tuned from sentence encoders, and from masked LM.

The other students have the same architecture: one is pre-trained by masked LM
on the same texts for about as long, one has nothing but the teacher's word
table, which is where sentence encoders start.
"""

from collections.abc import Callable, Sequence
import itertools
import json
import pathlib
import statistics
from typing import Any

# Steps of 32 texts that take about as long as a sentence encoder's training.
_STEPS = {'small': 2800, 'large': 5000}
_RATE = {'small': 4e-3, 'large': 1.5e-3}
_LENGTH, _SHARD_MEGABYTES = 64, 8
# Task: passes, learning rate, metrics.
_TASKS = {'sst2': (1.0, 5e-4, ('accuracy',)),
          'mrpc': (3.0, 5e-4, ('accuracy', 'f1'))}
HEADERS = ('Starts from', 'SST-2', 'MRPC', 'MRPC, F1')

# Function that runs a program of the package unless its result is there.
Run = Callable[..., bool]


def measure(run: Run, encoders: Sequence[pathlib.Path],
            masked_lm: Sequence[pathlib.Path], data_dir: pathlib.Path,
            seeds: int) -> list[tuple[str, ...]]:
  """Returns the rows of a table: dev scores, their mean and deviation.

  Args:
    run: Function that runs a program.
    encoders: Run of each seed's sentence encoder; beside each is its start.
    masked_lm: Run of each seed's student of masked LM; see `pretrain`.
    data_dir: Folder with glue/.
    seeds: Number of fine-tunings from each start.
  """
  starts: dict[str, list[pathlib.Path]] = {
      'sentence encoder': list(encoders),
      'masked LM': list(masked_lm),
      'word table': [each.with_name(f'{each.name}_start') for each in encoders],
  }
  return [(name, *_fine_tune(run, each, data_dir, seeds))
          for name, each in starts.items()]


def pretrain(run: Run, folder: pathlib.Path, student: str, seed: int,
             architecture: dict[str, Any], data_dir: pathlib.Path,
             vocab_file: pathlib.Path) -> pathlib.Path:
  """Returns the folder of a student that masked LM has trained.

  Args:
    run: Function that runs a program.
    folder: Folder of all results.
    student: Name of the size, `small` or `large`.
    seed: Seed of its training.
    architecture: Fields that differ from `mobilebert_small`.
    data_dir: Folder with corpus/.
    vocab_file: Vocabulary of the teacher.
  """
  records = {}
  for part, names in (('train', ('books_train', 'enwiki_gensim.docs')),
                      ('held_out', ('wikitext2.valid.docs',))):
    records[part] = folder / 'records' / part
    run('create_pretraining_data', records[part], vocab_file=vocab_file,
        input_files=','.join(
            str(data_dir / f'corpus/{name}.txt') for name in names),
        output_dir=records[part], max_seq_length=_LENGTH,
        shard_megabytes=_SHARD_MEGABYTES)
  steps, made = _STEPS[student], folder / f'{student}_{seed}_masked_lm'
  settings = {
      'task.model.encoder.any.architecture': 'mobilebert_small',
      'task.model.encoder.any.vocab_size': len(
          vocab_file.read_text('utf-8').splitlines()),
      **{f'task.model.encoder.any.{name}': value
         for name, value in architecture.items()},
      **{f'task.{part}.{name}': value for part, source in (
          ('train_data', 'train'), ('validation_data', 'held_out'))
         for name, value in (('input_path', records[source]),
                             ('vocab_file', vocab_file))},
      'task.train_data.seed': seed,
      'trainer.train_steps': steps, 'trainer.validation_interval': steps,
      'trainer.checkpoint_interval': steps,
      'trainer.optimizer_config.learning_rate.polynomial.decay_steps': steps,
      'trainer.optimizer_config.learning_rate.polynomial.'
      'initial_learning_rate': _RATE[student],
      'trainer.optimizer_config.warmup.polynomial.warmup_steps': steps // 10,
  }
  run('train', made / f'ckpt-{steps}.index', experiment='mobilebert/pretrain',
      mode='train_and_eval', model_dir=made,
      config_file='experiments/pretrain_small.yaml',
      params_override=','.join(
          f'{name}={value}' for name, value in settings.items()))
  return made


def _fine_tune(run: Run, starts: Sequence[pathlib.Path],
               data_dir: pathlib.Path, seeds: int) -> list[str]:
  """Returns the scores of classifiers that start from some folders."""
  found: dict[tuple[str, str], list[float]] = {}
  for start, seed in itertools.product(starts, range(seeds)):
    for task, (epochs, rate, metrics) in _TASKS.items():
      made = start.with_name(f'{start.name}_{task}_{seed}')
      run('finetune', made / 'results.json', task=task,
          data_dir=data_dir / 'glue', init_checkpoint=start, epochs=epochs,
          learning_rate=rate, max_length=_LENGTH, seed=seed, output_dir=made)
      scores = json.loads((made / 'results.json').read_text())['metrics']['dev']
      for metric in metrics:
        found.setdefault((task, metric), []).append(100 * scores[metric])
  return [f'{statistics.mean(each):.1f}' + (
      f' +- {statistics.stdev(each):.1f}' if len(each) > 1 else '')
          for each in found.values()]
