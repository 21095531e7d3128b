# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Makes a family of models of one, in one checkpoint.

python -m mobilebert_tf.adapt --model_dir=runs/sst2 \
  --output_dir=runs/sst2_family --widths=1,0.75,0.5,0.25 --depths=1,0.75,0.5

DynaBERT (Hou et al. 2020): heads and hidden units are sorted by importance;
then all widths, and after that all widths and depths, learn from the model as
it was. `mobilebert extract` cuts a member out, a plain model that every other
program takes. Of a run of pre-training, the family suits every task: a member
is fine-tuned like any student. The table is of all members on the held-out
texts of the run. The same command goes on with a training that was stopped.
"""

from absl import flags
from absl import logging

from mobilebert_tf.common import program
from mobilebert_tf.training import device_flags

device_flags.define()

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Folder of a run of fine-tuning or of pre-training.',
    required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder of the family.', required=True)
_WIDTHS = flags.DEFINE_list(
    'widths', ['1', '0.75', '0.5', '0.25'], 'Shares of heads and hidden units.')
_DEPTHS = flags.DEFINE_list(
    'depths', ['1', '0.75', '0.5'], 'Shares of blocks; 1 for widths alone.')
_RULE = flags.DEFINE_enum(
    'rule', 'paper',
    ['paper', 'reference', 'bottom', 'top', 'importance', 'greedy'],
    'Blocks that a depth keeps: the last among them (paper), the first '
    '(reference, the released code), neighbours, those with the most important '
    'heads and units, or those without which held-out texts lose most.')
_VARIANT = flags.DEFINE_enum(
    'variant', 'paper', ['paper', 'reference'],
    'Hidden states that are compared: outputs of the same block, or its '
    'inputs, as in the released code.')
_REWIRE = flags.DEFINE_bool(
    'rewire', True, 'Sort heads and hidden units by importance first.')
_FINAL = flags.DEFINE_bool(
    'final', False, 'Let all members learn the labels at the end.')
_KEEP_BEST = flags.DEFINE_bool(
    'keep_best', False, 'End each stage with the checkpoint whose members have '
    'the best sum of scores on the held-out texts, in place of the last.')
_AUGMENTED = flags.DEFINE_string(
    'augmented', '', 'File that augment wrote, in place of the training texts, '
    'but for importance and --final.')
_EPOCHS = flags.DEFINE_float(
    'epochs', 3.0, 'Passes over the texts in each stage.', lower_bound=0.0)
_BATCH_SIZE = flags.DEFINE_integer(
    'batch_size', 32, 'Texts in a step.', lower_bound=1)
_LEARNING_RATE = flags.DEFINE_float(
    'learning_rate', 1e-4, 'Peak learning rate of each stage.', lower_bound=0.0)
_SEED = flags.DEFINE_integer('seed', 0, 'Seed of the order of texts.')


def main() -> None:
  import os
  import shlex
  from mobilebert_tf.compression.adaptive_width_depth import training
  from mobilebert_tf.pipelines import publishing
  from mobilebert_tf.reporting import family
  from mobilebert_tf.reporting import text as text_lib

  folder = os.path.expanduser(_OUTPUT_DIR.value)
  found = training.adapt(
      os.path.expanduser(_MODEL_DIR.value), folder, training.Options(
          widths=_shares('widths', _WIDTHS.value),
          depths=_shares('depths', _DEPTHS.value),
          rule=_RULE.value, variant=_VARIANT.value, rewire=_REWIRE.value,
          final=_FINAL.value, keep_best=_KEEP_BEST.value,
          epochs=_EPOCHS.value, batch_size=_BATCH_SIZE.value,
          learning_rate=_LEARNING_RATE.value, augmented=_AUGMENTED.value,
          seed=_SEED.value), device_flags.read())
  publishing.write_new_card(folder)
  print(text_lib.format_table(text_lib.make_table(
      *family.members(found['sizes']))))
  least = found['sizes'][-1]
  print(f'\nA member: mobilebert extract --model_dir={shlex.quote(folder)} '
        f'--width={least["width"]:g} --depth={least["depth"]:g} '
        '--output=FOLDER')


def _shares(name: str, texts: list[str]) -> tuple[float, ...]:
  """Returns shares; raises ValueError if one is no number."""
  try:
    return tuple(map(float, texts))
  except ValueError:
    raise ValueError(f'--{name} is {",".join(texts)}; it is a list of shares, '
                     'such as 1,0.75,0.5.') from None


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.',
              verbosity=logging.ERROR)
