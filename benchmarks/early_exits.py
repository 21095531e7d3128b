# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Says what early exits of a classifier cost and save, in blocks and in time.

python benchmarks/early_exits.py --model_dir=runs/sst2 --output_dir=exits_output

Exits are trained on the run's data, once for each seed, and tuned on one half
of its held-out texts for each loss of accuracy; all numbers are of the other
half. Beside the accuracy is that of texts that leave by chance, as many after
each block, and that of models of fewer blocks (`--beside`). Time is that of the
TFLite file, texts one by one on one thread, in turn with the whole model and
those beside. The last table is the paper's figure of expected and measured
saving, of the first seed, for thresholds from one that all texts leave by to
one that none does.
"""

import pathlib
import sys
from collections.abc import Sequence
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import seeds as seeds_lib
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
_BESIDE = flags.DEFINE_list(
    'beside', [], 'Runs on the same task, such as of fewer blocks.')
_POINTS = 8  # Of expected and measured saving.
_QUANTIZATIONS = {'none': 'float', 'dynamic': 'int8'}


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  losses = list(map(float, _LOSSES.value))
  found = [_measure(folder / f'seed_{seed}', seed, losses)
           for seed in range(_SEEDS.value)]
  print(f'{machine.describe_hardware()}; {len(found)} seeds, means')
  _print_exits([each[losses[0]]['none'][1]['exits'] for each in found])
  _print_losses(losses, found)
  _print_beside([each[losses[0]] for each in found])
  _print_prediction({
      name: report for name, (_, report) in found[0][losses[0]].items()})


def _measure(folder: pathlib.Path, seed: int, losses: Sequence[float]
             ) -> dict[float, dict[str, tuple[Any, Any]]]:
  """Returns results and report of each tuning, by loss and quantization."""
  from mobilebert_tf.compression.early_exit import training
  from mobilebert_tf.compression.early_exit import tuning
  from mobilebert_tf.reporting import evaluation

  def add(loss: float, quantization: str) -> tuple[Any, Any]:
    print(f'{folder}: {loss:.1%}, {quantization}', file=sys.stderr, flush=True)
    results = training.add_exits(
        _MODEL_DIR.value, folder, training.Options(
            wanted=tuning.Wanted(loss=loss), epochs=_EPOCHS.value,
            learning_rate=_LEARNING_RATE.value, seed=seed, timed=quantization,
            # Models are compared, not shipped.
            largest_disagreement=0.05, beside=tuple(_BESIDE.value)))
    return results, evaluation.read(folder)

  return {loss: {name: add(loss, name) for name in _QUANTIZATIONS}
          for loss in losses}


def _print_exits(seeds: Sequence[list[dict[str, Any]]]) -> None:
  """Prints quality and calibration of each exit, for all texts."""
  rows = []
  for exits in zip(*seeds, strict=True):
    rows.append((str(exits[0]['block']), *(
        seeds_lib.mean([100 * value for value in values]) for values in (
            [each['accuracy']['mean'] for each in exits],
            [each['calibration_error'] for each in exits]))))
  _print(('After block', 'Accuracy', 'Calibration error'), rows)


def _print_losses(losses: Sequence[float], seeds: Sequence[dict[float, Any]]
                  ) -> None:
  """Prints what each wanted loss gives on the other half."""
  rows = []
  for loss in losses:
    tuned, reports = zip(*(each[loss]['none'] for each in seeds), strict=True)
    lost = [100 * (each['whole_model'] - each['metrics']['accuracy'])
            for each in tuned]
    chance = [100 * (each['whole_model'] - _by_chance(report))
              for each, report in zip(tuned, reports, strict=True)]
    rows.append((
        f'{loss:.1%}',
        seeds_lib.mean([100 * each['whole_model'] for each in tuned]),
        seeds_lib.mean(lost), seeds_lib.mean(chance),
        seeds_lib.mean([each['mean_blocks'] for each in tuned]),
        seeds_lib.mean([100 * each['saving'] for each in tuned]),
        *(seeds_lib.mean([100 * each[loss][name][0]['timing']['saved']
                 for each in seeds]) for name in _QUANTIZATIONS)))
  _print(('Wanted loss', 'Whole model', 'Points lost', 'lost by chance',
          'Blocks', 'Blocks saved %',
          *(f'Time saved %, {title}' for title in _QUANTIZATIONS.values())),
         rows)


def _by_chance(report: dict[str, Any]) -> float:
  """Returns the accuracy of as many texts leaving at each exit by chance."""
  return sum(each['texts'] / report['examples'] * each['accuracy']['mean']
             for each in report['exits'])


def _print_beside(seeds: Sequence[dict[str, Any]]) -> None:
  """Prints accuracy and time of models beside, for the halves of each seed."""
  rows = []
  for place, name in enumerate(_BESIDE.value):
    models, saved = {}, {}
    for quantization in _QUANTIZATIONS:
      timings = [each[quantization][0]['timing'] for each in seeds]
      models[quantization] = [each['beside'][place] for each in timings]
      saved[quantization] = [
          100 - 100 * model['milliseconds'] / each['whole']
          for each, model in zip(timings, models[quantization], strict=True)]
    lost = [100 * (each['none'][0]['whole_model'] - model['accuracy'])
            for each, model in zip(seeds, models['none'], strict=True)]
    rows.append((pathlib.Path(name).name, seeds_lib.mean(lost),
                 *map(seeds_lib.mean, saved.values())))
  if rows:
    _print(('Model without exits', 'Points lost',
            *(f'Time saved %, {title}' for title in _QUANTIZATIONS.values())),
           rows)


def _print_prediction(reports: dict[str, Any]) -> None:
  """Prints expected saving of blocks beside measured saving of time."""
  curves = [each['curve'] for each in reports.values()]
  depth, rows = curves[0][-1]['mean_blocks'], []
  wanted = np.linspace(curves[0][0]['mean_blocks'], depth, _POINTS)
  places = {min(range(len(curves[0])), key=lambda place: abs(
      curves[0][place]['mean_blocks'] - blocks)) for blocks in wanted}
  for place in sorted(places):
    point = curves[0][place]
    rows.append((
        f'{point["threshold"]:.4g}', f'{point["mean_blocks"]:.2f}',
        f'{100 - 100 * point["mean_blocks"] / depth:.1f}',
        *(f'{100 - 100 * curve[place]["milliseconds"] / whole:.1f}'
          for curve, whole in zip(curves, (
              each['timing']['whole'] for each in reports.values()),
                                  strict=True))))
  _print(('Threshold', 'Blocks', 'Blocks saved %',
          *(f'Time saved %, {title}' for title in _QUANTIZATIONS.values())),
         rows)
  for name, report in reports.items():
    timing = report['timing']
    fit = timing['prediction']
    print(f'{_QUANTIZATIONS[name]}: the whole model takes '
          f'{timing["whole"]:.2f} ms a text; time saved = '
          f'{100 * fit["start"]:.1f} + {fit["slope"]:.2f} x blocks saved, in '
          f'%; correlation {fit["correlation"]:.3f}')


def _print(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
  columns = tuple(text_lib.Column(name, 'right' if i else 'left')
                  for i, name in enumerate(headers))
  print(text_lib.format_table(text_lib.Table(columns, tuple(rows))) + '\n',
        flush=True)


if __name__ == '__main__':
  app.run(main)
