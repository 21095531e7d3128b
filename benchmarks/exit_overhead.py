# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times the segments of a file with early exits beside the unbroken model.

python benchmarks/exit_overhead.py --output_dir=exits_output

The model is the released architecture with random weights and an exit after
each block, or `--every` so many. No text leaves early, so that what the
segments take longer is what exits cost. Texts of one length, one thread, turns
of all in processes of their own, whose peak memory is counted, Python included.
"""

import functools
import pathlib

from absl import app
from absl import flags

from benchmarks import interleaving
from benchmarks import random_files
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets the files.', required=True)
_ARCHITECTURE = flags.DEFINE_string(
    'architecture', 'mobilebert', 'Name of the architecture.')
_QUANTIZATIONS = flags.DEFINE_list(
    'quantizations', ['dynamic'], 'Quantizations of the files.')
_LENGTHS = flags.DEFINE_list('lengths', ['16', '128'], 'Lengths in tokens.')
_EVERY = flags.DEFINE_integer(
    'every', 1, 'Blocks from one exit to the next.', lower_bound=1)
_ROUNDS = flags.DEFINE_integer('rounds', 7, 'Turns of each.', lower_bound=1)


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  folder.mkdir(parents=True, exist_ok=True)
  lengths, rows = list(map(int, _LENGTHS.value)), []
  # Not above: TensorFlow would count in each process.
  from mobilebert_tf import modeling
  depth = modeling.get_architecture(_ARCHITECTURE.value).num_blocks
  for quantization in _QUANTIZATIONS.value:
    name = '_'.join([_ARCHITECTURE.value, quantization, str(_EVERY.value),
                     *_LENGTHS.value])
    path = folder / f'{name}.tflite'
    with interleaving.new_process() as process:
      process.submit(
          random_files.write, path, _ARCHITECTURE.value, lengths, quantization,
          range(_EVERY.value, depth, _EVERY.value)).result()
    for length in lengths:
      whole, chained, first = interleaving.time_interleaved(
          [functools.partial(random_files.start, str(path), length, thresholds)
           for thresholds in ([], [0.0], [100.0])], _ROUNDS.value)
      rows.append((quantization, str(length),
                   *(f'{1e3 * each.median / random_files.RUNS:.2f} ms'
                     for each in (whole, chained)),
                   f'{chained.median / whole.median:.3f}',
                   f'{first.median / whole.median:.3f}',
                   f'{path.stat().st_size / 1e6:.1f} MB',
                   *(f'{each.memory / 1e6:.0f} MB'
                     for each in (whole, chained))))
  print(f'{_ARCHITECTURE.value}, random weights, an exit after every '
        f'{_EVERY.value} blocks; '
        f'{machine.describe_hardware()}, one thread')
  columns = tuple(text_lib.Column(name, 'right' if i else 'left')
                  for i, name in enumerate((
                      'Quantization', 'Tokens', 'Unbroken', 'In segments',
                      'Times', 'Leaving at the first exit, times', 'File',
                      'Memory, unbroken', 'in segments')))
  print(text_lib.format_table(text_lib.Table(columns, tuple(rows))))


if __name__ == '__main__':
  app.run(main)
