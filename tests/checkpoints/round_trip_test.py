# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""From format to format and back, to the last bit of every weight."""

import json
import pathlib

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf import modeling
from tests.checkpoints import folders
from tests.modeling import contract
from tests import shared_data

_ROUTES = (
    ('mobilebert_tf', 'hugging_face', 'mobilebert_tf', 'tf1'),
    ('model_garden', 'mobilebert_tf', 'model_garden', 'tf1'),
    ('hugging_face', 'model_garden', 'hugging_face', 'tf1'))
# What TF1's `BertConfig` takes where a JSON is silent.
_DEFAULTS = {
    'classifier_activation': True,
    'key_query_shared_bottleneck': False,
    'normalization_type': 'layer_norm',
    'num_feedforward_networks': 1,
    'use_bottleneck_attention': False,
}


class RoundTripTest(folders.FolderTestCase, parameterized.TestCase):

  def _travel(self, path, route):
    for i, checkpoint_format in enumerate(route):
      output = str(self.folder / f'{i}_{checkpoint_format}')
      formats.convert(str(path), output, checkpoint_format)
      path = output
    return pathlib.Path(path)

  def _assert_same_variables(self, one, other):
    expected = folders.read_variables(one / folders.TF1_PREFIX)
    actual = folders.read_variables(other / folders.TF1_PREFIX)
    self.assertCountEqual(actual, expected)
    for name, array in expected.items():
      self.assertEqual(actual[name].dtype, np.float32, name)
      self.assertEqual(actual[name].shape, array.shape, name)
      self.assertEqual(actual[name].tobytes(), array.tobytes(), name)

  @parameterized.product(kind=['student', 'tiny', 'teacher'], route=_ROUTES)
  def test_google_research(self, kind, route):
    source = shared_data.path(f'golden/tf1_{kind}')
    arrived = self._travel(source, route)
    self._assert_same_variables(source, arrived)
    config = json.loads((source / 'bert_config.json').read_text())
    self.assertEqual(json.loads((arrived / 'bert_config.json').read_text()),
                     {**_DEFAULTS, **config})

  @parameterized.parameters(*_ROUTES)
  def test_student_whose_queries_and_keys_share_no_bottleneck(self, *route):
    model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(
        contract.tiny_architecture('mobilebert_paper', use_pooler=True)))
    contract.randomize(model)
    source = self.folder / 'source'
    checkpoints.write(checkpoints.of_model(model), str(source), 'tf1')
    written = folders.read_variables(source / folders.TF1_PREFIX)
    scope = 'bert/encoder/layer_1'
    self.assertAllEqual(  # From the input of the block, 16 wide, to 8.
        written[f'{scope}/attention/self/query/kernel'],
        next(weight for weight in model.weights
             if weight.name == 'block_1/attention/query/kernel:0'))
    self.assertNotIn(f'{scope}/bottleneck/attention/dense/kernel', written)
    self._assert_same_variables(source, self._travel(source, route))

  def test_numbers_at_the_edges(self):
    """Signed zeros, the smallest and the largest are what they were."""
    source = folders.copy('tf1_tiny', self.folder)
    edges = np.array([-0.0, 0.0, 1e-45, -1e-45, 1.17549435e-38, 3.4028235e38,
                      -3.4028235e38, 1 + 2**-23], np.float32)

    def change(variables):
      variables['cls/predictions/output_bias'][:edges.size] = edges
      variables['bert/embeddings/word_embeddings'][7, :edges.size] = edges

    folders.edit_variables(source, change)
    for route in _ROUTES[:2]:
      arrived = self._travel(source, route)
      self._assert_same_variables(source, arrived)
      for entry in self.folder.glob('[0-9]_*'):
        for file in entry.iterdir():
          file.unlink()

  @parameterized.parameters('hf_student', 'hf_tiny', 'hf_seqcls')
  def test_hugging_face(self, name):
    source = shared_data.path(f'golden/{name}')
    arrived = self._travel(
        source, ('tf1', 'model_garden', 'mobilebert_tf', 'hugging_face'))
    self.assertEqual((arrived / 'model.safetensors').read_bytes(),
                     (source / 'model.safetensors').read_bytes())
    config = json.loads((source / 'config.json').read_text())
    del config['transformers_version']
    self.assertEqual(json.loads((arrived / 'config.json').read_text()), config)


if __name__ == '__main__':
  tf.test.main()
