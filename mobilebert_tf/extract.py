# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Cuts a smaller model out of a family, or of any model.

python -m mobilebert_tf.extract --model_dir=runs/sst2_family --width=0.5 \
  --depth=0.75 --output=sst2_half

The output is a checkpoint with its vocabulary and labels, for fine-tuning,
conversion, exports and whatever takes one. It has the leading heads and hidden
units of each block, the most important ones in what `mobilebert adapt` wrote,
and the blocks that a depth keeps.
"""

from absl import flags

from mobilebert_tf.common import program

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Folder that adapt wrote; or a run, or a checkpoint of '
    'any format.', required=True)
_OUTPUT = flags.DEFINE_string(
    'output', None, 'Folder to write.', required=True)
_WIDTH = flags.DEFINE_float(
    'width', 1.0, 'Share of heads and hidden units that stay.')
_DEPTH = flags.DEFINE_float('depth', 1.0, 'Share of blocks that stay.')
_RULE = flags.DEFINE_enum(
    'rule', None,
    ['paper', 'reference', 'bottom', 'top', 'importance', 'greedy'],
    'Blocks that a depth keeps, as for adapt; those that were trained if not '
    'given. The last two measure on the data of a run.')
_BLOCKS = program.DEFINE_numbers(
    'blocks', None, 'Blocks that stay, counted from 1, in place of a depth.',
    lower_bound=1)
_OVERWRITE = flags.DEFINE_bool(
    'overwrite', False, 'Replace an output of this program.')


def main() -> None:
  import os
  from mobilebert_tf import checkpoints
  from mobilebert_tf.checkpoints import formats
  from mobilebert_tf.compression.adaptive_width_depth import training

  output_format = 'mobilebert_tf'
  formats.check_output(formats.local_output(_OUTPUT.value), output_format,
                       _OVERWRITE.value)
  if _BLOCKS.value and (_RULE.value or _DEPTH.value != 1.0):
    raise ValueError('--blocks names the blocks that stay; leave --depth and '
                     '--rule out.')
  rule = ([block - 1 for block in _BLOCKS.value] if _BLOCKS.value
          else _RULE.value)
  found = training.extract(
      os.path.expanduser(_MODEL_DIR.value), _WIDTH.value, _DEPTH.value, rule)
  checkpoints.write(found, _OUTPUT.value, output_format, _OVERWRITE.value)
  config = found.architecture
  print(f'{_OUTPUT.value}: {config.num_blocks} blocks of '
        f'{config.num_attention_heads} heads and {config.intermediate_size} '
        f'units, {found.num_parameters:,} parameters.')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
