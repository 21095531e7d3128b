# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Trains and evaluates any registered experiment.

python -m mobilebert_tf.train --experiment=mobilebert/pretrain \
  --mode=train_and_eval --model_dir=/tmp/teacher \
  --config_file=configs/experiments/pretrain_small.yaml \
  --params_override=task.train_data.input_path=records/train,...

Every file of configs/experiments opens with the whole command that runs it. The
same command resumes a run that was stopped. It trains on all GPUs that are
visible. Errors are one line; --verbosity=1 shows where they were raised, and
--verbosity=0 what the Model Garden logs.
"""

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.training import device_flags

FLAGS = flags.FLAGS

flags.DEFINE_string(
    'experiment', None, 'Name of the experiment, such as mobilebert/pretrain.',
    required=True)
flags.DEFINE_enum(
    'mode', None,
    ['train', 'eval', 'train_and_eval', 'train_and_post_eval',
     'continuous_eval'],
    'What to do. train_and_eval evaluates every trainer.validation_interval '
    'steps, train_and_post_eval at the end; continuous_eval evaluates each '
    'checkpoint that another process writes.', required=True)
flags.DEFINE_string(
    'model_dir', None, 'Folder of checkpoints, summaries and metrics.',
    required=True)
flags.DEFINE_multi_string(
    'config_file', None, "YAML files of settings: paths, or names of the "
    "package's own, such as pretrain_small.yaml. Later ones win.")
flags.DEFINE_string(
    'params_override', None, 'Settings that win over those of files: '
    'trainer.train_steps=100,task.train_data.seed=1, or a YAML file.')
flags.DEFINE_string(
    'init_from', '', 'Teacher, of any format, whose word table the student '
    'starts with, by its principal components: makes MODEL_DIR_start, which '
    'becomes task.init_checkpoint.')
program.DEFINE_case(
    'lower_case', None, 'Whether texts are, or records were, lower-cased; the '
    'settings task.train_data.lower_case and task.validation_data.lower_case.')
flags.DEFINE_multi_string(
    'gin_file', None, "Files of gin settings, for the Model Garden's own.")
flags.DEFINE_multi_string('gin_params', None, 'Settings of gin.')
device_flags.define()


def main() -> None:
  import gin
  from mobilebert_tf.pipelines import publishing
  from mobilebert_tf.training import configuration
  from mobilebert_tf.training import devices
  from mobilebert_tf.training import run

  gin.parse_config_files_and_bindings(FLAGS.gin_file, FLAGS.gin_params)
  params = configuration.read(
      FLAGS.experiment, FLAGS.config_file or (), FLAGS.params_override or '',
      device_flags.read(), FLAGS.lower_case)
  if FLAGS.init_from:
    params = configuration.with_start(params, FLAGS.init_from, FLAGS.model_dir)
  run.run_experiment(params, FLAGS.mode, FLAGS.model_dir)
  if 'train' in FLAGS.mode and devices.is_chief():
    publishing.write_new_card(FLAGS.model_dir)


if __name__ == '__main__':
  program.run(
      main,
      interrupted='the same command resumes it from the last checkpoint.')
