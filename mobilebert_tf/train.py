# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

r"""Trains and evaluates any registered experiment.

python -m mobilebert_tf.train --experiment=mobilebert/pretrain \
  --mode=train_and_eval --model_dir=/tmp/teacher \
  --config_file=configs/experiments/pretrain_small.yaml \
  --params_override=task.train_data.input_path=records/train,...

Every file of configs/experiments opens with the whole command that runs it. A
run that was stopped goes on with the same command. What is wrong is said in a
line; --verbosity=1 shows where it was raised.
"""

import sys

from absl import app
from absl import flags
from absl import logging

from official.common import flags as tfm_flags

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  # Imported here, so that --help need not wait for TensorFlow.
  import gin
  import tensorflow as tf
  import yaml
  from mobilebert_tf.training import experiments  # noqa: F401
  from mobilebert_tf.training import run
  from official.core import train_utils

  try:
    gin.parse_config_files_and_bindings(FLAGS.gin_file, FLAGS.gin_params)
    params = train_utils.parse_configuration(FLAGS)
    run.run_experiment(params, FLAGS.mode, FLAGS.model_dir)
  except (ArithmeticError, LookupError, OSError, ValueError, tf.errors.OpError,
          yaml.YAMLError) as error:
    logging.debug('Where it was raised:', exc_info=True)
    sys.exit(f'train: {_message(error)}')
  except KeyboardInterrupt:
    print('\ntrain: interrupted; the same command goes on from the last '
          'checkpoint.', file=sys.stderr)
    sys.exit(130)


def _message(error: Exception) -> str:
  # A KeyError shows its message quoted, and gin adds where it was called.
  message = str(error.args[0]) if isinstance(error, KeyError) else str(error)
  return message.split('\n  In call to configurable')[0]


if __name__ == '__main__':
  tfm_flags.define_flags()
  flags.adopt_module_key_flags(tfm_flags)  # So that --help shows them.
  flags.mark_flags_as_required(['experiment', 'mode', 'model_dir'])
  app.run(main)
