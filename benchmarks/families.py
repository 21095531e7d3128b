# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Says how good the members of families of widths and depths are (DynaBERT).

python benchmarks/families.py --start=runs/student --data_dir=../shared/data \
  --output_dir=families_output --tasks=mrpc,stsb

A pre-trained student is fine-tuned on a task, once for each seed, and made a
family. Beside the grid of its members are those that were cut out before any
training, widths alone with and without sorting heads and units, and smaller
models that were trained by themselves for as many passes, with the same
teacher: cut out of the pre-trained student, as DistilBERT takes every other
block, or pre-trained as they are (`--beside=tiny=embeddings_output/tiny_0`).
All scores are of the held-out part; differences are of the same seed. The last
table has latencies of the first seed's members, exported and quantized.

Every step is a program of the package, and is not repeated: a run that was
stopped goes on where it was.
"""

from collections.abc import Sequence
import json
import pathlib
from typing import Any

from absl import app
from absl import flags

from benchmarks import programs
from benchmarks import seeds as seeds_lib
from benchmarks import task_data
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_START = flags.DEFINE_string(
    'start', None, 'Pre-trained student: a run or a checkpoint.', required=True)
_DATA_DIR = flags.DEFINE_string(
    'data_dir', None, 'Holds glue/ and squad/.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets runs, families and reports.', required=True)
_TASKS = flags.DEFINE_list(
    'tasks', ['mrpc', 'stsb'], 'Tasks of GLUE, and squad_v1.')
_SEEDS = flags.DEFINE_integer('seeds', 3, 'Trainings.', lower_bound=1)
_EPOCHS = flags.DEFINE_float('epochs', 3.0, 'Passes of each stage.')
_FINETUNING_EPOCHS = flags.DEFINE_float(
    'finetuning_epochs', None, 'Passes of fine-tuning; by default as many.')
_LEARNING_RATE = flags.DEFINE_float('learning_rate', 5e-4, 'Peak rate.')
_WIDTHS = flags.DEFINE_list('widths', ['1', '0.75', '0.5', '0.25'], 'Widths.')
_DEPTHS = flags.DEFINE_list('depths', ['1', '0.75', '0.5'], 'Depths.')
_ALONE = flags.DEFINE_list(
    'alone', ['0.5x1', '1x0.5', '0.5x0.5'],
    'Members whose like are trained by themselves.')
_SORTING = flags.DEFINE_bool(
    'sorting', True, 'Whether widths are trained without sorting, too.')
_LATENCIES = flags.DEFINE_bool(
    'latencies', True, 'Whether members are exported and timed.')
_BESIDE = flags.DEFINE_list(
    'beside', [], 'name=checkpoint of pre-trained models that are trained so, '
    'too.')
_FAMILY, _CUT, _WIDTHS_ALONE, _UNSORTED = (
    'family', 'cut without training', 'widths alone', 'widths, not sorted')
_LENGTHS = {'squad_v1': 127}  # In tokens; of others 64.


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  folder.mkdir(parents=True, exist_ok=True)
  first = ('' if _FINETUNING_EPOCHS.value is None
           else f', {_FINETUNING_EPOCHS.value:g} of fine-tuning')
  print(f'{machine.describe_hardware()}; {_SEEDS.value} seeds, '
        f'{_EPOCHS.value:g} passes a stage{first}')
  for task in _TASKS.value:
    seeds = [_measure(folder / task, task, seed)
             for seed in range(_SEEDS.value)]
    name = seeds[0]['family'][0]['scores'][0]['name']
    print(f'\n{task}, {name} x 100: fine-tuned, the model has '
          f'{seeds_lib.mean([_score(each[_CUT][0]) for each in seeds])}')
    for title in (_FAMILY, _CUT, _WIDTHS_ALONE, _UNSORTED):
      if title in seeds[0]:
        _print_grid(title, [each[title] for each in seeds])
    if seeds[0]['alone']:
      _print_alone(name, seeds)
    _print_differences(seeds)
    if _LATENCIES.value:
      _choose(folder / task)


def _measure(folder: pathlib.Path, task: str, seed: int) -> dict[str, Any]:
  """Returns the rows of all families of a seed, and scores of single models."""
  run = folder / f'{seed}'
  _finetune(run, task, seed, _START.value, _finetuning_epochs())
  grid = {'widths': ','.join(_WIDTHS.value), 'depths': ','.join(_DEPTHS.value)}
  family = _adapt(run, 'family', seed, **grid)
  unsorted = {_UNSORTED: _adapt(
      run, 'unsorted', seed, rewire='false', widths=grid['widths'], depths='1')
             } if _SORTING.value else {}
  return {
      _FAMILY: family,
      _CUT: _score_members(run, family, 'start'),
      _WIDTHS_ALONE: _score_members(run, [
          row for row in family if row['depth'] == 1], 'width'),
      **unsorted,
      'alone': {name: _train_alone(folder, task, seed, name, start)
                for name, start in _starts(folder).items()}}


def _finetune(made: pathlib.Path, task: str, seed: int, start: Any,
              epochs: float, **settings: Any) -> None:
  data = task_data.fields(task, pathlib.Path(_DATA_DIR.value), made.parent)
  data.update((name, ','.join(value)) for name, value in data.items()
              if isinstance(value, tuple))
  programs.run(
      'finetune', made / 'results.json', task=task, init_checkpoint=start,
      epochs=epochs, learning_rate=_LEARNING_RATE.value,
      max_length=_LENGTHS.get(task, 64), seed=seed, output_dir=made, **data,
      **settings)


def _adapt(run: pathlib.Path, name: str, seed: int,
           **settings: Any) -> list[dict[str, Any]]:
  """Returns the rows of a family."""
  made = run.with_name(f'{run.name}_{name}')
  programs.run('adapt', made / 'results.json', model_dir=run, output_dir=made,
               epochs=_EPOCHS.value, learning_rate=_LEARNING_RATE.value / 2,
               seed=seed, **settings)
  return json.loads((made / 'results.json').read_text())['sizes']


def _score_members(run: pathlib.Path, family: Sequence[dict[str, Any]],
                   stage: str) -> list[dict[str, Any]]:
  """Returns rows of members that are cut out of what a stage ended with."""
  from mobilebert_tf import checkpoints
  from mobilebert_tf.compression.adaptive_width_depth import sizes
  from mobilebert_tf.compression.adaptive_width_depth import sources

  source = sources.read(str(run))
  checkpoints.restore(source.model, str(
      run.with_name(f'{run.name}_family') / stage))
  found = source.scores([
      sizes.size(source.architecture, row['width'], row['depth'], row['blocks'])
      for row in family])
  return [{**row, 'scores': scores}
          for row, scores in zip(family, found, strict=True)]


def _starts(folder: pathlib.Path) -> dict[str, pathlib.Path]:
  """Returns pre-trained smaller models, cut out where they are not made."""
  found = {}
  for member in _ALONE.value:
    width, depth = member.split('x')
    found[member] = start = folder / f'start_{member}'
    programs.run('extract', start, model_dir=_START.value, width=width,
                 depth=depth, output=start)
  for each in _BESIDE.value:
    name, start = each.split('=', 1)
    found[name] = pathlib.Path(start)
  return found


def _train_alone(folder: pathlib.Path, task: str, seed: int, name: str,
                 start: pathlib.Path) -> float:
  """Returns the score of a smaller model that was trained by itself.

  It has the passes of fine-tuning and of both stages together.
  """
  from mobilebert_tf.compression.adaptive_width_depth import sources

  made = folder / f'{seed}_alone_{name}'
  _finetune(made, task, seed, start, _finetuning_epochs() + 2 * _EPOCHS.value,
            teacher=folder / f'{seed}')
  source = sources.read(str(made))
  return _score({'scores': sources.scorer(
      source.trained, source.config.validation_data)(source.trained)})


def _choose(folder: pathlib.Path) -> None:
  """Prints latencies of the first seed's members and of those beside."""
  from mobilebert_tf.compression.adaptive_width_depth import choosing
  from mobilebert_tf.reporting import family

  found, _ = choosing.choose(
      folder / '0_family', folder / 'files', choosing.Limits(),
      beside=[str(folder / f'0_alone_{name}') for name in _starts(folder)],
      # Members are compared, not shipped.
      largest_disagreement=0.05)
  print(text_lib.format_table(family.table(found)))


def _print_grid(title: str, seeds: Sequence[list[dict[str, Any]]]) -> None:
  """Prints mean and deviation over seeds, a row for each depth."""
  scores: dict[tuple[float, float], list[float]] = {}
  for row in (row for rows in seeds for row in rows):
    scores.setdefault((row['depth'], row['width']), []).append(_score(row))
  depths, widths = (sorted({key[i] for key in scores}, reverse=True)
                    for i in (0, 1))
  print(text_lib.format_table(text_lib.make_table(
      (f'Depth; {title}', *(f'width {width:g}' for width in widths)),
      [(f'{depth:g}', *(seeds_lib.mean(scores[depth, width])
                        for width in widths)) for depth in depths])))


def _print_alone(metric: str, seeds: Sequence[dict[str, Any]]) -> None:
  print(text_lib.format_table(text_lib.make_table(
      ('Trained alone', metric), [
          (name, seeds_lib.mean([each['alone'][name] for each in seeds]))
          for name in seeds[0]['alone']])))


def _print_differences(seeds: Sequence[dict[str, Any]]) -> None:
  """Prints means and deviations of differences within a seed."""
  found: dict[str, list[float]] = {}
  for each in seeds:
    family, cut, widths, unsorted = (
        {(row['width'], row['depth']): _score(row)
         for row in each.get(title, [])}
        for title in (_FAMILY, _CUT, _WIDTHS_ALONE, _UNSORTED))
    pairs = {f'{width:g}x{depth:g}, less the model as it was':
             (family[width, depth], cut[max(cut)])
             for width, depth in (max(family), min(family))}
    pairs |= {f'width {size[0]:g}, less the same not sorted':
              (widths[size], score)
              for size, score in unsorted.items() if size != max(unsorted)}
    pairs |= {f'{name}, less the same trained alone':
              (family[tuple(map(float, name.split('x')))], each['alone'][name])
              for name in _ALONE.value
              if tuple(map(float, name.split('x'))) in family}
    for name, (one, other) in pairs.items():
      found.setdefault(name, []).append(one - other)
  print(text_lib.format_table(text_lib.make_table(
      ('Difference', 'points'),
      [(name, seeds_lib.mean(values)) for name, values in found.items()])))


def _finetuning_epochs() -> float:
  found = _FINETUNING_EPOCHS.value
  return _EPOCHS.value if found is None else found


def _score(row: dict[str, Any]) -> float:
  return 100 * row['scores'][0]['value']


if __name__ == '__main__':
  app.run(main)
