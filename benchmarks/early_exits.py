# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Says what early exits of a classifier cost and save, in blocks and in time.

python benchmarks/early_exits.py --model_dir=runs/sst2 --output_dir=exits_output

Exits are trained on the run's data, once for each seed, and tuned on one half
of its held-out texts for each loss of accuracy; all numbers are of the other
half. Beside the accuracy is that of texts that leave by chance, as many after
each block. Time is that of the TFLite file, texts one by one on one thread, the
whole model and each tuning in turn. The last table is the paper's figure of
expected and measured saving, of the first seed, for thresholds from one that
all texts leave by to one that few do.
"""

import functools
import pathlib
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import interleaving
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Run of a classifier.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets runs, files and reports.', required=True)
_SEEDS = flags.DEFINE_integer('seeds', 3, 'Trainings.', lower_bound=1)
_LOSSES = flags.DEFINE_list(
    'losses', ['0.005', '0.02'], 'Shares of right answers that may be lost.')
_EPOCHS = flags.DEFINE_float('epochs', 3.0, 'Passes over the texts.')
_LEARNING_RATE = flags.DEFINE_float('learning_rate', 1e-3, 'Peak rate.')
_ROUNDS = flags.DEFINE_integer('rounds', 5, 'Rounds of timing.', lower_bound=1)
_TIMED = flags.DEFINE_integer('timed', 200, 'Texts that are timed.')
_POINTS = 8  # Of expected and measured saving.
_QUANTIZATIONS = ('none', 'dynamic')
_WHOLE = 'whole model'


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  losses = list(map(float, _LOSSES.value))
  found = [_measure(folder / f'seed_{seed}', seed, losses)
           for seed in range(_SEEDS.value)]
  print(f'{machine.describe_hardware()}; {len(found)} seeds, means')
  _print_exits([each['exits'] for each in found])
  _print_losses(losses, [each['tuned'] for each in found])
  _print_prediction(folder / 'seed_0')


def _measure(folder: pathlib.Path, seed: int,
             losses: Sequence[float]) -> dict[str, Any]:
  """Returns the exits of a training, and what each tuning gives."""
  from mobilebert_tf.common import files
  from mobilebert_tf.compression.early_exit import training
  from mobilebert_tf.compression.early_exit import tuning

  tuned, exits = {}, []
  for loss in losses:
    results = training.add_exits(
        _MODEL_DIR.value, folder, training.Options(
            wanted=tuning.Wanted(loss=loss), epochs=_EPOCHS.value,
            learning_rate=_LEARNING_RATE.value, seed=seed))
    report = files.read_json(folder / 'evaluation.json')
    exits = report['exits']
    shares = [each['texts'] / report['examples'] for each in exits]
    tuned[loss] = {**results, 'by_chance': sum(
        share * each['accuracy']['mean']
        for share, each in zip(shares, exits, strict=True))}
  seconds = _time(folder, seed, {
      _WHOLE: [], **{loss: each['thresholds'] for loss, each in tuned.items()}})
  for loss, each in tuned.items():
    each['time_saved'] = {
        quantization: 1.0 - of_file[loss] / of_file[_WHOLE]
        for quantization, of_file in seconds.items()}
  return {'exits': exits, 'tuned': tuned}


def _time(folder: pathlib.Path, seed: int,
          thresholds: dict[Any, list[float]]) -> dict[str, dict[Any, float]]:
  """Returns seconds of all texts, by quantization and tuning."""
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.deployment import tflite
  from mobilebert_tf.tasks import registry

  trained = registry.load(str(folder))
  texts, found = _timed_texts(trained, seed), {}
  for quantization in _QUANTIZATIONS:
    path = folder / f'{quantization}.tflite'
    if not path.exists():
      tflite.write(trained, path, agreement.RealTexts(texts.texts, texts.pairs),
                   quantization=quantization, largest_disagreement=0.05,
                   report=lambda line: print(line, file=sys.stderr))
    timings = interleaving.time_interleaved(
        [functools.partial(_start, str(path), list(each), texts.texts,
                           texts.pairs) for each in thresholds.values()],
        _ROUNDS.value)
    found[quantization] = {
        name: timing.median
        for name, timing in zip(thresholds, timings, strict=True)}
  return found


def _timed_texts(trained: Any, seed: int) -> Any:
  """Returns texts that no threshold was chosen on."""
  from mobilebert_tf.compression.early_exit import tuning
  from mobilebert_tf.tasks.classification import loader

  texts = loader.read_data(trained.params.task.validation_data)
  _, reported = tuning.split(len(texts.texts), seed)
  rows = np.random.default_rng(0).permutation(reported)
  return texts.take(np.sort(rows[:_TIMED.value]))


def _start(path: str, thresholds: list[float], texts: list[str],
           pairs: list[str] | None) -> tuple[interleaving.Step, Any]:
  from mobilebert_tf.tasks import registry

  runner = registry.TFLiteRunner(path, settings={'thresholds': thresholds})

  def step() -> None:
    for i, text in enumerate(texts):
      runner.answer(text, None if pairs is None else pairs[i])

  return step, lambda: None


def _print_exits(seeds: Sequence[list[dict[str, Any]]]) -> None:
  """Prints quality and calibration of each exit, for all texts."""
  rows = []
  for exits in zip(*seeds, strict=True):
    rows.append((str(exits[0]['block']), *(
        _mean([100 * value for value in values]) for values in (
            [each['accuracy']['mean'] for each in exits],
            [each['calibration_error'] for each in exits]))))
  _print(('After block', 'Accuracy', 'Calibration error'), rows)


def _print_losses(losses: Sequence[float],
                  seeds: Sequence[dict[float, dict[str, Any]]]) -> None:
  """Prints what each wanted loss gives on the other half."""
  rows = []
  for loss in losses:
    tuned = [each[loss] for each in seeds]
    lost = [100 * (each['whole_model'] - each['metrics']['accuracy'])
            for each in tuned]
    chance = [100 * (each['whole_model'] - each['by_chance']) for each in tuned]
    rows.append((
        f'{loss:.1%}', _mean([100 * each['whole_model'] for each in tuned]),
        _mean(lost), _mean(chance),
        _mean([each['mean_blocks'] for each in tuned]),
        _mean([100 * each['saving'] for each in tuned]),
        *(_mean([100 * each['time_saved'][name] for each in tuned])
          for name in _QUANTIZATIONS)))
  _print(('Wanted loss', 'Whole model', 'Points lost', 'lost by chance',
          'Blocks', 'Blocks saved %', 'Time saved %, float',
          'Time saved %, int8'), rows)


def _print_prediction(folder: pathlib.Path) -> None:
  """Prints expected saving of blocks beside measured saving of time."""
  from mobilebert_tf.common import files
  from mobilebert_tf.tasks import registry

  report = files.read_json(folder / 'evaluation.json')
  wanted = np.linspace(1, report['num_blocks'], _POINTS)
  points = {point['threshold']: point for point in (
      min(report['curve'], key=lambda point: abs(point['mean_blocks'] - blocks))
      for blocks in wanted)}
  texts = _timed_texts(registry.load(str(folder)), 0)
  seconds = _time(folder, 0, {
      _WHOLE: [], **{threshold: [threshold] for threshold in points}})
  rows, saved = [], {name: [] for name in _QUANTIZATIONS}
  for threshold in points:
    row = [f'{threshold:.4g}']
    for name, of_file in seconds.items():
      runner = registry.TFLiteRunner(
          folder / f'{name}.tflite', settings={'thresholds': [threshold]})
      blocks = np.mean([each.exit_block for each in runner.answer(
          texts.texts, texts.pairs)])
      saved[name].append((100 - 100 * blocks / report['num_blocks'],
                          100 - 100 * of_file[threshold] / of_file[_WHOLE]))
      row += [f'{blocks:.2f}', *(f'{each:.1f}' for each in saved[name][-1])]
    rows.append(tuple(row))
  _print(('Threshold', *(f'{title}, {name}' for name in ('float', 'int8')
                         for title in ('Blocks', 'saved %', 'Time saved %'))),
         rows)
  for name, values in saved.items():
    expected, measured = np.array(values).T
    slope, start = np.polyfit(expected, measured, 1)
    milliseconds = 1e3 * seconds[name][_WHOLE] / len(texts.texts)
    print(f'{name}: the whole model takes {milliseconds:.2f} ms a text; time '
          f'saved = {start:.1f} + {slope:.2f} x blocks saved, in %; '
          f'correlation {np.corrcoef(expected, measured)[0, 1]:.3f}')


def _mean(values: Sequence[float]) -> str:
  spread = statistics.stdev(values) if len(values) > 1 else 0.0
  return f'{statistics.mean(values):.1f} +- {spread:.1f}'


def _print(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
  columns = tuple(text_lib.Column(name, 'right' if i else 'left')
                  for i, name in enumerate(headers))
  print(text_lib.format_table(text_lib.Table(columns, tuple(rows))) + '\n',
        flush=True)


if __name__ == '__main__':
  app.run(main)
