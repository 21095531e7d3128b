# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Loads saved models in a process that knows only TensorFlow and the package.

`python fresh_process.py FOLDER`, started by encoder_test.py. FOLDER holds
`inputs.npz`, `expected.npz` (model name to its first output), and a file or
folder for each way of saving. Prints a JSON object: way to (class, largest
difference).
"""

import json
import pathlib
import sys

import numpy as np
import tensorflow as tf, tf_keras

import mobilebert_tf.modeling  # noqa: F401  Registers the classes.

_OUTPUTS = {
    'encoder': 'sequence_output', 'pretrainer': 'mlm_logits', 'classifier': None
}


def _set_weights(model: tf_keras.Model, path: pathlib.Path) -> tf_keras.Model:
  weights = np.load(path)
  model.set_weights([weights[f'arr_{i}'] for i in range(len(weights.files))])
  return model


def load(folder: pathlib.Path, kind: str):
  """Yields (way, model) for each way in which a model of a kind was saved."""
  config = json.loads((folder / f'{kind}.json').read_text())
  weights = folder / f'{kind}.npz'
  plain = _set_weights(tf_keras.Model.from_config(config), weights)
  yield 'tf_keras.Model.from_config', plain
  keras_file = tf_keras.models.load_model(folder / f'{kind}.keras')
  yield '.keras', keras_file
  saved_model = tf_keras.models.load_model(folder / f'{kind}_model_save')
  yield 'model.save', saved_model
  yield 'tf.saved_model.save', tf.saved_model.load(
      str(folder / f'{kind}_saved_model'))
  yield 'clone_model', _set_weights(
      tf_keras.models.clone_model(keras_file), weights)
  yield 'from_config', _set_weights(
      type(saved_model).from_config(saved_model.get_config()), weights)


def main(folder: pathlib.Path) -> None:
  inputs = np.load(folder / 'inputs.npz')
  inputs = {name: tf.constant(inputs[name]) for name in inputs.files}
  expected = np.load(folder / 'expected.npz')
  report = {}
  for kind, output in _OUTPUTS.items():
    count = 4 if kind == 'pretrainer' else 3
    for way, model in load(folder, kind):
      outputs = model(list(inputs.values())[:count])
      actual = outputs if output is None else outputs[output]
      difference = np.max(np.abs(actual - expected[kind]))
      report[f'{kind} {way}'] = (type(model).__name__, float(difference))
  print(json.dumps(report))


if __name__ == '__main__':
  main(pathlib.Path(sys.argv[1]))
