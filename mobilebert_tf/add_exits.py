# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Gives a fine-tuned classifier early exits, so that easy texts cost less.

python -m mobilebert_tf.add_exits --model_dir=runs/sst2 \
  --output_dir=runs/sst2_exits --wanted_loss=0.005

DeeBERT (Xin et al. 2020): the model stays as it is, and a small classifier is
trained after each block, on the data of the run. A text leaves at the first
exit that is sure. How sure is chosen on one half of the held-out texts, and
what that costs is reported of the other. The output is a run that predict,
evaluate, export_tflite and export_saved_model take like any other. The same
command resumes a run that was stopped; with another wish, one that is done is
tuned again in seconds.
"""

from absl import flags
from absl import logging

from mobilebert_tf.common import program
from mobilebert_tf.training import device_flags

device_flags.define()

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Folder of a fine-tuning run of classification.',
    required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder of the model with exits and of its report.',
    required=True)
_BLOCKS = program.DEFINE_numbers(
    'blocks', None, 'Blocks with an exit after them, counted from 1; all below '
    'the last if not given.', lower_bound=1)
_CRITERION = flags.DEFINE_enum(
    'criterion', 'entropy', ['entropy', 'confidence', 'patience'],
    'How sure an exit is: entropy of its probabilities, the largest of them, '
    'or the number of exits before it that agree.')
_WANTED_LOSS = flags.DEFINE_float(
    'wanted_loss', None, 'Largest share of right answers that may be lost, '
    'such as 0.005, which is what is wanted if nothing else is named.')
_WANTED_BLOCKS = flags.DEFINE_float(
    'wanted_blocks', None, 'Largest number of blocks of a text, on average, in '
    'place of a loss.')
_EACH_EXIT = flags.DEFINE_bool(
    'each_exit', False, 'Choose a threshold for each exit, not one for all.')
_POOLER = flags.DEFINE_bool(
    'pooler', False, "Give each exit a pooler, as DeeBERT's have.")
_DROPOUT = flags.DEFINE_bool(
    'dropout', False, "Let the frozen encoder have its dropout while exits "
    "learn, as in DeeBERT's code.")
_EPOCHS = flags.DEFINE_float(
    'epochs', 3.0, 'Passes over the texts.', lower_bound=0.0)
_BATCH_SIZE = flags.DEFINE_integer(
    'batch_size', 32, 'Texts in a step.', lower_bound=1)
_LEARNING_RATE = flags.DEFINE_float(
    'learning_rate', 1e-3, 'Peak learning rate.', lower_bound=0.0)
_SEED = flags.DEFINE_integer(
    'seed', 0, 'Seed of new weights, order, and halves of the held-out texts.')
_TIMED = flags.DEFINE_enum(
    'timed', None, ['none', 'float16', 'dynamic'],
    'Time texts one by one in a .tflite file of this quantization, for the '
    'report.')
_BESIDE = flags.DEFINE_list(
    'beside', [], 'Folders of runs on the same task, such as of fewer blocks, '
    'to be timed and scored as well; with --timed.')
_LARGEST_DISAGREEMENT = flags.DEFINE_float(
    'largest_disagreement', None, 'Largest share of texts to which a timed '
    'file may give another answer than its model; 0.005 if not given.', 0, 1)


def main() -> None:
  import os
  from mobilebert_tf.compression.early_exit import training
  from mobilebert_tf.compression.early_exit import tuning
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.pipelines import publishing
  from mobilebert_tf.reporting import evaluation as evaluation_report
  from mobilebert_tf.reporting import text as text_lib
  from mobilebert_tf.tasks import registry
  from mobilebert_tf.tasks.early_exit_classification import report

  if _LARGEST_DISAGREEMENT.value is not None and not _TIMED.value:
    raise ValueError('--largest_disagreement is of the files that --timed '
                     'writes.')
  loss = _WANTED_LOSS.value
  if loss is None and _WANTED_BLOCKS.value is None:
    loss = 0.005
  folder = os.path.expanduser(_OUTPUT_DIR.value)
  found = training.add_exits(
      os.path.expanduser(_MODEL_DIR.value), folder, training.Options(
          blocks=tuple(_BLOCKS.value or ()),
          criterion=_CRITERION.value,
          wanted=tuning.Wanted(loss, _WANTED_BLOCKS.value),
          each_exit=_EACH_EXIT.value, pooler=_POOLER.value,
          dropout=_DROPOUT.value, epochs=_EPOCHS.value,
          batch_size=_BATCH_SIZE.value, learning_rate=_LEARNING_RATE.value,
          seed=_SEED.value, timed=_TIMED.value or '',
          beside=tuple(_BESIDE.value),
          largest_disagreement=agreement.LARGEST_DISAGREEMENT
          if _LARGEST_DISAGREEMENT.value is None
          else _LARGEST_DISAGREEMENT.value), device_flags.read())
  publishing.write_new_card(folder)
  results = evaluation_report.read(folder)
  print(evaluation_report.format_summary(
      results, registry.get(results['kind']).report_parts()))
  print(f'\n{found["mean_blocks"]:.2f} of {found["num_blocks"]} blocks on '
        f'average, {found["saving"]:.1%} saved; right: '
        f'{found["metrics"]["accuracy"]:.1%}, the whole model '
        f'{found["whole_model"]:.1%}.')
  if found['timing']:
    print(text_lib.format_table(report.time_table(results)))
  print(f'The report: {os.path.join(folder, evaluation_report.PAGE)}')


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.',
              verbosity=logging.ERROR)
