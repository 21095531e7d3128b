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
block. All scores are of the held-out part. The last table has latencies of the
first seed's members, exported and quantized.

Every step is a program of the package, and is not repeated: a run that was
stopped goes on where it was.
"""

from collections.abc import Sequence
import json
import pathlib
import statistics
from typing import Any

from absl import app
from absl import flags

from benchmarks import programs
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_START = flags.DEFINE_string(
    'start', None, 'Pre-trained student: a run or a checkpoint.', required=True)
_DATA_DIR = flags.DEFINE_string(
    'data_dir', None, 'Holds glue/.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets runs, families and reports.', required=True)
_TASKS = flags.DEFINE_list('tasks', ['mrpc', 'stsb'], 'Tasks of GLUE.')
_SEEDS = flags.DEFINE_integer('seeds', 3, 'Trainings.', lower_bound=1)
_EPOCHS = flags.DEFINE_float(
    'epochs', 3.0, 'Passes of fine-tuning, and of each stage.')
_LEARNING_RATE = flags.DEFINE_float('learning_rate', 5e-4, 'Peak rate.')
_WIDTHS = flags.DEFINE_list('widths', ['1', '0.75', '0.5', '0.25'], 'Widths.')
_DEPTHS = flags.DEFINE_list('depths', ['1', '0.75', '0.5'], 'Depths.')
_ALONE = flags.DEFINE_list(
    'alone', ['0.5x1', '1x0.5', '0.5x0.5'],
    'Members whose like are trained by themselves.')
_LENGTH = 64


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  folder.mkdir(parents=True, exist_ok=True)
  print(f'{machine.describe_hardware()}; {_SEEDS.value} seeds, '
        f'{_EPOCHS.value:g} passes a stage')
  for task in _TASKS.value:
    seeds = [_measure(folder / task, task, seed)
             for seed in range(_SEEDS.value)]
    name = seeds[0]['family'][0]['scores'][0]['name']
    print(f'\n{task}, {name} x 100: the whole model has '
          f'{_mean([_score(each["family"][0]) for each in seeds])}')
    for title in ('family', 'cut without training', 'widths alone',
                  'widths, not sorted'):
      _print_grid(title, [each[title] for each in seeds])
    print(text_lib.format_table(text_lib.make_table(
        ('Trained alone', name), [
            (member, _mean([each['alone'][member] for each in seeds]))
            for member in _ALONE.value])))
    _choose(folder / task)


def _measure(folder: pathlib.Path, task: str, seed: int) -> dict[str, Any]:
  """Returns the rows of all families of a seed, and scores of single models."""
  run = folder / f'{seed}'
  _finetune(run, task, seed, _START.value, _EPOCHS.value)
  grid = {'widths': ','.join(_WIDTHS.value), 'depths': ','.join(_DEPTHS.value)}
  family = _adapt(run, 'family', seed, **grid)
  return {
      'family': family,
      'cut without training': _score_members(run, family, 'start'),
      'widths alone': _score_members(run, [
          row for row in family if row['depth'] == 1], 'width'),
      'widths, not sorted': _adapt(
          run, 'unsorted', seed, rewire='false', widths=grid['widths'],
          depths='1'),
      'alone': {member: _train_alone(folder, task, seed, member)
                for member in _ALONE.value}}


def _finetune(made: pathlib.Path, task: str, seed: int, start: Any,
              epochs: float, **settings: Any) -> None:
  programs.run(
      'finetune', made / 'results.json', task=task,
      data_dir=pathlib.Path(_DATA_DIR.value) / 'glue', init_checkpoint=start,
      epochs=epochs, learning_rate=_LEARNING_RATE.value, max_length=_LENGTH,
      seed=seed, output_dir=made, **settings)


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


def _train_alone(folder: pathlib.Path, task: str, seed: int,
                 member: str) -> float:
  """Returns the score of a smaller model that was trained by itself.

  It has the passes of fine-tuning and of both stages together.
  """
  width, depth = member.split('x')
  start, made = (folder / f'{name}_{member}' for name in (
      'start', f'{seed}_alone'))
  programs.run('extract', start, model_dir=_START.value, width=width,
               depth=depth, output=start)
  _finetune(made, task, seed, start, 3 * _EPOCHS.value,
            teacher=folder / f'{seed}')
  from mobilebert_tf.compression.adaptive_width_depth import sources
  source = sources.read(str(made))
  return _score({'scores': sources.scorer(
      source.trained, source.config.validation_data)(source.trained)})


def _choose(folder: pathlib.Path) -> None:
  """Prints latencies of the first seed's members and of those beside."""
  from mobilebert_tf.compression.adaptive_width_depth import choosing
  from mobilebert_tf.reporting import family

  found, _ = choosing.choose(
      folder / '0_family', folder / 'files', choosing.Limits(),
      beside=[str(folder / f'0_alone_{member}') for member in _ALONE.value],
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
      [(f'{depth:g}', *(_mean(scores[depth, width]) for width in widths))
       for depth in depths])))


def _score(row: dict[str, Any]) -> float:
  return 100 * row['scores'][0]['value']


def _mean(values: Sequence[float]) -> str:
  if len(values) == 1:
    return f'{values[0]:.1f}'
  return f'{statistics.mean(values):.1f} +- {statistics.stdev(values):.1f}'


if __name__ == '__main__':
  app.run(main)
