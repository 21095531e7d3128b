# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Trains and evaluates any registered experiment.

python -m mobilebert_tf.train --experiment=mobilebert/pretrain \
  --mode=train_and_eval --model_dir=/tmp/teacher \
  --config_file=configs/experiments/pretrain_small.yaml \
  --params_override=task.train_data.input_path=records/train,...

Every file of configs/experiments opens with the whole command that runs it. The
same command resumes a run that was stopped. Errors are one line; --verbosity=1
shows where they were raised.
"""

from absl import flags
from absl import logging

from mobilebert_tf.common import program
from official.common import flags as tfm_flags

FLAGS = flags.FLAGS

tfm_flags.define_flags()
flags.adopt_module_key_flags(tfm_flags)  # So that --help shows them.
flags.mark_flags_as_required(['experiment', 'mode', 'model_dir'])


def main() -> None:
  import os
  import gin
  from mobilebert_tf.common import files
  from mobilebert_tf.training import experiments  # noqa: F401
  from mobilebert_tf.training import run
  from official.core import train_utils

  gin.parse_config_files_and_bindings(FLAGS.gin_file, FLAGS.gin_params)
  for path in (*(FLAGS.config_file or ()), FLAGS.params_override):
    if path and os.path.isfile(path):
      files.read_yaml(path)  # The Model Garden follows aliases to any size.
  params = train_utils.parse_configuration(FLAGS)
  run.run_experiment(params, FLAGS.mode, FLAGS.model_dir)


if __name__ == '__main__':
  program.run(
      main, verbosity=logging.INFO,
      interrupted='the same command resumes it from the last checkpoint.')
