# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Fine-tunes a model on a task by its name, scores it and writes a report.

python -m mobilebert_tf.finetune --task=sst2 --data_dir=glue \
  --init_checkpoint=student --output_dir=runs/sst2

python -m mobilebert_tf.finetune --task=classification --train_file=train.csv \
  --dev_file=dev.csv --text_column=review --label_column=stars \
  --init_checkpoint=student --output_dir=runs/reviews

Tasks are those of GLUE (cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte, wnli),
squad_v1 and squad_v2, and one's own: classification, regression,
token_classification, multi_label_classification, embedding. All files are read
before training starts. The same command resumes a run that was stopped, and
does not repeat one that is done.
"""

from absl import flags
from absl import logging

from mobilebert_tf.common import program
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.training import device_flags

recipe_lib.define_flags()
device_flags.define()

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder for the model, its report and its answers.',
    required=True)
_LEARNING_RATE = flags.DEFINE_float(
    'learning_rate', None, "Peak learning rate; the task's usual one if not "
    'given. The paper searched 1e-5 to 1e-4.')
_BATCH_SIZE = flags.DEFINE_integer(
    'batch_size', None, "Texts in a step; the task's usual number if not "
    'given.')
_EPOCHS = flags.DEFINE_float(
    'epochs', None, "Passes over the texts; the task's usual number if not "
    'given.')
_SEED = flags.DEFINE_integer(
    'seed', 0, 'Seed of weights, order and dropout.')
_EARLY_EXIT = flags.DEFINE_bool(
    'early_exit', False, 'Give the classifier early exits as well, in the '
    'folder early_exit of the output; add_exits has their settings.')


def main() -> None:
  import pathlib
  from mobilebert_tf.pipelines import publishing
  from mobilebert_tf.pipelines.finetuning import run
  from mobilebert_tf.reporting import evaluation as evaluation_report
  from mobilebert_tf.tasks import registry

  folder = pathlib.Path(_OUTPUT_DIR.value).expanduser()
  fields = recipe_lib.read_flags()
  settings = recipe_lib.usual_settings(fields['task'])
  for flag in (_LEARNING_RATE, _BATCH_SIZE, _EPOCHS):
    if flag.value is not None:
      settings[flag.name] = flag.value
  recipe = recipe_lib.Recipe(**fields, **settings, seed=_SEED.value)
  if _EARLY_EXIT.value:
    from mobilebert_tf.compression.early_exit import training
    from mobilebert_tf.modeling import early_exit
    training.check_kind(
        registry.kind_of_recipe(fields['task']), f'--task={fields["task"]}')
    if run.read_results(folder) is None:  # Or the start may be gone.
      early_exit.check_blocks(None, run.find_depth(recipe))
  run.run(recipe, folder, runtime=device_flags.read())
  if _EARLY_EXIT.value:
    training.add_exits(str(folder), folder / 'early_exit', training.Options(
        seed=_SEED.value), device_flags.read())
    folder /= 'early_exit'
    publishing.write_new_card(folder)
  results = evaluation_report.read(folder)
  print(evaluation_report.format_summary(
      results, registry.get(results['kind']).report_parts()))
  print(f'\nThe report: {folder / evaluation_report.PAGE}')


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.',
              verbosity=logging.ERROR)
