# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Picks the best member of a family that is fast or small enough here.

python -m mobilebert_tf.choose --model_dir=runs/sst2_family --latency=2ms \
  --length=32 --output_dir=sst2_files

All members that `mobilebert adapt` scored are exported as TFLite and timed on
this machine, one thread each, in turn. The table has them by latency, and marks
those that none beats in both; the best on the held-out texts that costs no more
is written as chosen.tflite, and choice.html has all of it. Models that were
trained by themselves can be measured beside them.
"""

from absl import flags
from absl import logging

from mobilebert_tf.common import program

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Folder that adapt wrote.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder of the files.', required=True)
_LATENCY = program.DEFINE_quantity(
    'latency', 'ms', 'Largest latency of a text, such as 2ms.')
_SIZE = program.DEFINE_quantity(
    'size', 'MB', 'Largest size of the file, such as 3MB.')
_LENGTH = flags.DEFINE_integer(
    'length', 32, 'Length of the text that is timed, in tokens.', lower_bound=5)
_QUANTIZATION = flags.DEFINE_enum(
    'quantization', 'dynamic', ['none', 'float16', 'dynamic'],
    'Weights of the files; see export_tflite.')
_ROUNDS = flags.DEFINE_integer('rounds', 5, 'Rounds of timing.', lower_bound=1)
_LARGEST_DISAGREEMENT = flags.DEFINE_float(
    'largest_disagreement', 0.005, 'Largest share of texts to which a file may '
    'give another answer than its model.', 0, 1)
_BESIDE = flags.DEFINE_list(
    'beside', [], 'Folders of runs on the same task, to be measured as well.')


def main() -> None:
  import os
  from mobilebert_tf.common import machine
  from mobilebert_tf.compression.adaptive_width_depth import choosing
  from mobilebert_tf.reporting import family
  from mobilebert_tf.reporting import text as text_lib

  folder = os.path.expanduser(_OUTPUT_DIR.value)
  found, chosen = choosing.choose(
      os.path.expanduser(_MODEL_DIR.value), folder,
      choosing.Limits(_LATENCY.value, _SIZE.value), length=_LENGTH.value,
      quantization=_QUANTIZATION.value, rounds=_ROUNDS.value,
      beside=_BESIDE.value,
      largest_disagreement=_LARGEST_DISAGREEMENT.value)
  print(f'{_LENGTH.value} tokens, one thread of {machine.describe_hardware()}:')
  print(text_lib.format_table(family.table(found)))
  print(f'\nChosen: {chosen.name}, in {os.path.join(folder, choosing.CHOSEN)}. '
        f'Report: {os.path.join(folder, family.PAGE)}')


if __name__ == '__main__':
  program.run(main, interrupted='the files that are whole stay.',
              verbosity=logging.ERROR)
