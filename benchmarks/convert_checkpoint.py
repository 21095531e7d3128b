# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times conversions of the full-size pre-training model, with their memory.

python benchmarks/convert_checkpoint.py

Google's weights have the same names and shapes as the random ones that this
writes first, in a temporary folder. Each conversion is the program itself, in a
process of its own: TensorFlow's import, the check, and all.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

from absl import app
from absl import flags
import numpy as np

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.common import formatting
from mobilebert_tf import modeling
from mobilebert_tf.reporting import text as text_lib

_ARCHITECTURE = flags.DEFINE_string(
    'architecture', 'mobilebert', 'What to convert.')
_ROOT = pathlib.Path(__file__).resolve().parents[1]


def main(argv: list[str]) -> None:
  del argv
  with tempfile.TemporaryDirectory() as folder:
    source = os.path.join(folder, 'source')
    checkpoints.write(_random_checkpoint(_ARCHITECTURE.value), source, 'tf1')
    rows = []
    for output_format in checkpoints.FORMATS:
      seconds, peak, output = _run(
          source, os.path.join(folder, output_format), output_format)
      rows.append((output_format, formatting.duration(seconds),
                   formatting.quantity(peak / 1e9, 'GB')))
      if output_format == 'hugging_face':
        print(output)
  columns = (text_lib.Column('From tf1 to'), text_lib.Column('Time', 'right'),
             text_lib.Column('Peak memory', 'right'))
  print(text_lib.format_table(text_lib.Table(columns, tuple(rows))))


def _random_checkpoint(architecture: str) -> checkpoints.Checkpoint:
  config = modeling.get_architecture(architecture)
  names, rng = name_map.weight_names(config), np.random.default_rng(0)
  weights = {
      name.ours: rng.standard_normal(name.shape, np.float32) for name in names
  }
  return checkpoints.Checkpoint(config, weights, name_map.parts_of(names))


def _run(source: str, output: str,
         output_format: str) -> tuple[float, int, str]:
  """Returns seconds, peak resident bytes, and what the program printed."""
  command = [
      sys.executable, '-m', 'mobilebert_tf.convert_checkpoint',
      f'--input={source}', f'--output={output}',
      f'--output_format={output_format}'
  ]
  start = time.monotonic()
  with subprocess.Popen(command, stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL, cwd=_ROOT,
                        text=True) as process:
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
  if process.returncode:
    raise RuntimeError(f'{" ".join(command)} failed.')
  return time.monotonic() - start, usage.ru_maxrss * 1024, printed


if __name__ == '__main__':
  app.run(main)
