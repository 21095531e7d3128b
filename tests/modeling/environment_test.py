# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Models do not depend on what other programs of the user are set to."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import validation
from tests.data import temporary

_PROGRAM = """
import numpy as np
import mobilebert_tf
import tf_keras
from mobilebert_tf.training import run  # Imports the Model Garden.
tf_keras.utils.set_random_seed(1)
model = mobilebert_tf.MobileBertEncoder(
    mobilebert_tf.get_architecture('mobilebert_small', num_blocks=1))
ids = np.arange(1, 9)[None]
outputs = model({'input_word_ids': ids, 'input_mask': ids > 0,
                 'input_type_ids': 0 * ids})['sequence_output'].numpy()
print(outputs.dtype, outputs.tobytes().hex())
"""


class EnvironmentTest(temporary.TemporaryFiles, tf.test.TestCase):

  def _write(self, **settings) -> str:
    home = pathlib.Path(self.make_folder())
    (home / '.keras').mkdir()
    (home / '.keras' / 'keras.json').write_text(json.dumps(settings))
    return str(home)

  def test_a_keras_json_is_undone(self):
    home = self._write(floatx='float64', epsilon=0.1)
    self.addCleanup(tf_keras.backend.set_floatx, tf_keras.backend.floatx())
    self.addCleanup(tf_keras.backend.set_epsilon, tf_keras.backend.epsilon())
    tf_keras.backend.set_floatx('float64')
    tf_keras.backend.set_epsilon(0.1)
    with self.subTest('not without one: then it is what the program wants'):
      os.environ['KERAS_HOME'] = self.make_folder()
      self.addCleanup(os.environ.pop, 'KERAS_HOME', None)
      validation.ignore_keras_json()
      self.assertEqual(tf_keras.backend.floatx(), 'float64')
    os.environ['KERAS_HOME'] = f'{home}/.keras'
    validation.ignore_keras_json()
    self.assertEqual(tf_keras.backend.floatx(), 'float32')
    self.assertEqual(tf_keras.backend.epsilon(), 1e-7)

  @pytest.mark.slow
  def test_outputs_are_the_same(self):
    outputs = []
    for environment in (
        {}, {'KERAS_BACKEND': 'jax'}, {'KERAS_BACKEND': 'torch'},
        {'HOME': self._write(backend='torch', floatx='float64', epsilon=0.1,
                             image_data_format='channels_first')}):
      done = subprocess.run(
          [sys.executable, '-c', _PROGRAM], capture_output=True, check=False,
          env={**os.environ, **environment}, text=True)
      self.assertEqual(done.returncode, 0, done.stderr[-2000:])
      outputs.append(done.stdout)
    self.assertStartsWith(outputs[0], 'float32 ')
    self.assertEqual(outputs, outputs[:1] * 4)


if __name__ == '__main__':
  tf.test.main()
