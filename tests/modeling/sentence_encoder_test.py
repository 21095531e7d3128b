# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The sentence encoder: pooling, projection and length, against numpy."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.modeling import sentence_encoder
from tests.modeling import contract
from tests.modeling import encoder_model_contract
from tests.modeling import numpy_oracle as oracle


class SentenceEncoderContractTest(
    encoder_model_contract.EncoderModelContract, tf.test.TestCase):

  model_class = modeling.SentenceEncoder
  given = {'pooling': 'attention', 'output_size': 5, 'normalize': True}
  heads = ('sentence_attention', 'sentence_projection')
  float32_outputs = (0,)
  # Softmax takes it away.
  zero_gradients = ('key/bias', 'sentence_attention/bias')

  def expected_shapes(self):
    return [3, 5]


def _expected(model: modeling.SentenceEncoder) -> np.ndarray:
  inputs, weights = contract.token_inputs(), oracle.Weights.of(model)
  hidden = np.float64(model.encoder(inputs)['sequence_output'])
  rows = []
  for row, mask in zip(hidden, inputs['input_mask'], strict=True):
    tokens = row[mask > 0]
    if model.pooling == 'first':
      rows.append(tokens[0])
    elif model.pooling == 'mean':
      rows.append(tokens.mean(0))
    else:
      scores = oracle.dense(tokens, weights.below('sentence_attention'))[:, 0]
      rows.append(oracle.softmax(scores) @ tokens)
  vectors = np.stack(rows)
  if model.output_size:
    vectors = oracle.dense(vectors, weights.below('sentence_projection'))
  if model.normalize:
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
  return vectors


class SentenceEncoderTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.product(pooling=sentence_encoder.POOLINGS,
                         output_size=(None, 5), normalize=(False, True))
  def test_vectors_equal_the_oracle(self, **given):
    model = modeling.SentenceEncoder(
        encoder_model_contract.make_encoder(), **given)
    contract.randomize(model)
    self.assertEqual(model.size, given['output_size'] or 16)
    self.assertAllClose(model(contract.token_inputs()), _expected(model),
                        1e-5, 1e-5)

  @parameterized.parameters('mean', 'attention')
  def test_padding_changes_nothing(self, pooling):
    model = modeling.SentenceEncoder(
        encoder_model_contract.make_encoder(), pooling)
    contract.randomize(model)
    # The trigram reads one [PAD] after the last token.
    short, long = ({
        name: np.pad(value, [[0, 0], [0, padding]])
        for name, value in contract.token_inputs().items()}
                   for padding in (1, 5))
    self.assertAllClose(model(long), model(short), 1e-5, 1e-5)

  def test_attention_survives_extreme_scores(self):
    hidden = tf.constant([[[1.0], [2.0], [7.0]]])
    scores = tf.constant([[[-2e4], [-1e4], [3e4]]])
    found = sentence_encoder.pool(
        hidden, tf.constant([[1, 1, 0]]), 'attention', scores)
    self.assertAllClose(found, [[2.0]])

  def test_lengths_of_extreme_vectors(self):
    vectors = tf.constant([[0.0, 0.0], [3e30, 4e30], [3e-3, 4e-3]])
    self.assertAllClose(sentence_encoder.unit_length(vectors),
                        [[0.0, 0.0], [0.6, 0.8], [0.6, 0.8]], 1e-5)

  def test_the_gradient_is_that_of_the_plain_formula(self):
    vectors = tf.constant(contract.normal(3, 4))
    weights = tf.constant(contract.normal(3, 4, seed=1))
    gradients = []
    for function in (sentence_encoder.unit_length,
                     lambda values: tf.math.l2_normalize(values, -1)):
      with tf.GradientTape() as tape:
        tape.watch(vectors)
        loss = tf.reduce_sum(function(vectors) * weights)
      gradients.append(tape.gradient(loss, vectors))
    self.assertAllClose(*gradients)

  def test_a_plain_bert(self):
    encoder = modeling.BertEncoder(modeling.BertConfig(
        vocab_size=50, width=8, num_attention_heads=2, intermediate_size=12,
        num_blocks=1, max_position_embeddings=12))
    model = modeling.SentenceEncoder(encoder, output_size=4)
    copy = tf_keras.models.clone_model(model)
    self.assertIsInstance(copy.encoder, modeling.BertEncoder)
    copy.set_weights(model.get_weights())
    self.assertAllClose(copy(contract.token_inputs()),
                        model(contract.token_inputs()))

  def test_what_it_refuses(self):
    encoder = encoder_model_contract.make_encoder()
    with self.assertRaisesRegex(ValueError, "pooling 'max'; accepted: mean"):
      modeling.SentenceEncoder(encoder, 'max')
    with self.assertRaisesRegex(ValueError, 'output_size is.*got 0'):
      modeling.SentenceEncoder(encoder, output_size=0)


if __name__ == '__main__':
  tf.test.main()
