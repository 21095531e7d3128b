# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times the members of a family of full size, with random weights.

python benchmarks/family_cost.py --output_dir=family_cost_output

Each width and depth of the released architecture is a `.tflite` file of a
classifier. All take turns on one thread, in processes of their own, whose peak
memory is counted, Python included. MOBILEBERT_TINY is beside.
"""

import functools
import pathlib
from typing import Any

from absl import app
from absl import flags

from benchmarks import interleaving
from benchmarks import random_files
from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets the files.', required=True)
_ARCHITECTURE = flags.DEFINE_string(
    'architecture', 'mobilebert', 'Name of the architecture.')
_BESIDE = flags.DEFINE_list(
    'beside', ['mobilebert_tiny'], 'Names of architectures beside.')
_QUANTIZATION = flags.DEFINE_enum(
    'quantization', 'dynamic', ['none', 'float16', 'dynamic'],
    'Quantization of the files.')
_WIDTHS = flags.DEFINE_list('widths', ['1', '0.75', '0.5', '0.25'], 'Widths.')
_DEPTHS = flags.DEFINE_list('depths', ['1', '0.75', '0.5'], 'Depths.')
_LENGTHS = flags.DEFINE_list('lengths', ['32', '128'], 'Lengths in tokens.')
_ROUNDS = flags.DEFINE_integer('rounds', 7, 'Turns of each.', lower_bound=1)


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  folder.mkdir(parents=True, exist_ok=True)
  lengths, members = list(map(int, _LENGTHS.value)), _members()
  paths = {}
  for name, architecture in members.items():
    paths[name] = folder / '.'.join((
        _ARCHITECTURE.value, name, _QUANTIZATION.value, *_LENGTHS.value,
        'tflite'))
    with interleaving.new_process() as process:
      process.submit(random_files.write, paths[name], architecture, lengths,
                     _QUANTIZATION.value).result()
  timed = {length: dict(zip(members, interleaving.time_interleaved(
      [functools.partial(random_files.start, str(path), length)
       for path in paths.values()], _ROUNDS.value), strict=True))
           for length in lengths}
  print(f'{_ARCHITECTURE.value}, random weights, {_QUANTIZATION.value}; '
        f'{machine.describe_hardware()}, one thread')
  print(text_lib.format_table(text_lib.make_table(
      ('Width x depth', 'Parameters', 'GFLOPs, 128 tokens', 'File', 'Memory',
       *(f'{title}, {length} tokens' for length in lengths
         for title in ('Time', 'of the whole'))),
      [_row(name, architecture, paths[name], timed)
       for name, architecture in members.items()])))


def _members() -> dict[str, Any]:
  """Returns architectures by width and depth, and those beside."""
  # Not above: TensorFlow would count in each process.
  from mobilebert_tf import modeling
  from mobilebert_tf.compression.adaptive_width_depth import cutting
  from mobilebert_tf.compression.adaptive_width_depth import sizes

  whole = modeling.get_architecture(_ARCHITECTURE.value)
  family = sizes.grid(whole, tuple(map(float, _WIDTHS.value)),
                      tuple(map(float, _DEPTHS.value)), sizes.PAPER)
  return {**{each.name: cutting.architecture_of(whole, each)
             for each in family},
          **{name: modeling.get_architecture(name) for name in _BESIDE.value}}


def _row(name: str, architecture: Any, path: pathlib.Path,
         timed: dict[int, dict[str, interleaving.Timing]]) -> tuple[str, ...]:
  from mobilebert_tf.modeling import layout

  times = []
  for found in timed.values():
    median, whole = found[name].median, next(iter(found.values())).median
    times += [f'{1e3 * median / random_files.RUNS:.2f} ms',
              f'{median / whole:.2f}']
  return (name, formatting.count(layout.count_parameters(architecture)),
          f'{layout.count_operations(architecture, 128) / 1e9:.2f}',
          f'{path.stat().st_size / 1e6:.1f} MB',
          f'{timed[max(timed)][name].memory / 1e6:.0f} MB', *times)


if __name__ == '__main__':
  app.run(main)
