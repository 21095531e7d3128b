# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The layers of a plain BERT keep to the contract of ours.

`tests/checkpoints/bert_test.py` compares the network with numpy.
"""

import tensorflow as tf

from mobilebert_tf.modeling import bert
from tests.modeling import contract

_MASK = tf.constant([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]).numpy()


class BertBlockTest(contract.LayerContract, tf.test.TestCase):

  zero_gradients = ('attention/key/bias',)

  def make_layer(self, **kwargs):
    return bert.BertBlock(
        num_heads=2, width=6, intermediate_size=10, **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 6), _MASK]

  def expected_shapes(self):
    return ([2, 5, 6], ([2, 5, 6],) * 3)


class BertEmbeddingTest(contract.LayerContract, tf.test.TestCase):

  def make_layer(self, **kwargs):
    return bert.BertEmbedding(max_position_embeddings=5, **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 4), _MASK]

  def expected_shapes(self):
    return [2, 5, 4]


if __name__ == '__main__':
  tf.test.main()
