# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The pre-trainer: its heads, its tied table, and what it refuses."""

import json
import os

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from tests.modeling import contract
from tests.modeling import numpy_oracle as oracle


def _make_pretrainer(**overrides) -> modeling.MobileBertPretrainer:
  model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(
      contract.tiny_architecture(num_blocks=1, **overrides)))
  contract.randomize(model)
  return model


def _inputs() -> dict[str, np.ndarray]:
  return {
      **contract.token_inputs(),
      'masked_lm_positions': np.array([[1, 4], [3, 0], [6, 6]], np.int32),
  }


class PretrainerContractTest(contract.LayerContract, tf.test.TestCase):

  zero_gradients = ('key/bias',)
  float32_outputs = (0,)  # Attention scores come first by name.

  def make_layer(self, **kwargs):
    name = {'name': kwargs.pop('name')} if 'name' in kwargs else {}
    return modeling.MobileBertPretrainer(
        modeling.MobileBertEncoder(
            contract.tiny_architecture(
                hidden_activation='gelu', num_blocks=1), **kwargs), **name)

  def make_inputs(self):
    return list(_inputs().values())

  def call(self, layer, inputs, **kwargs):
    return layer(inputs, **kwargs)

  def learning_signal(self, outputs):
    return [outputs['mlm_logits'], outputs['next_sentence']]

  def expected_shapes(self):
    return {
        'sequence_output': [3, 7, 16],
        'pooled_output': [3, 16],
        'encoder_outputs': [[3, 7, 16]],
        'attention_scores': [[3, 2, 7, 7]],
        'embedding_output': [3, 7, 16],
        **dict.fromkeys(('queries', 'keys', 'values'), [[3, 7, 8]]),
        'mlm_logits': [3, 2, 50],
        'next_sentence': [3, 2],
    }


class PretrainerTest(tf.test.TestCase, parameterized.TestCase):

  def test_heads_equal_the_oracle(self):
    model, inputs = _make_pretrainer(), _inputs()
    outputs = model(inputs)
    weights = oracle.Weights.of(model)
    hidden = outputs['sequence_output'].numpy()
    positions = inputs['masked_lm_positions']
    masked = np.stack([hidden[row][positions[row]] for row in range(3)])
    states = oracle.relu(
        oracle.dense(masked, weights.below('masked_lm_transform/dense')))
    states = oracle.layer_norm(
        states, weights.below('masked_lm_transform/norm'))
    self.assertAllClose(
        outputs['mlm_logits'],
        oracle.masked_lm_logits(
            states, weights['word_embeddings/embeddings'],
            weights['masked_lm/extra_output_weights'],
            weights['masked_lm/bias']), 1e-4, 1e-4)
    self.assertAllClose(
        outputs['next_sentence'],
        oracle.dense(outputs['pooled_output'].numpy(),
                     weights.below('next_sentence/dense')), 1e-5, 1e-5)

  def test_its_encoder_is_the_one_given(self):
    encoder = modeling.MobileBertEncoder(contract.tiny_architecture())
    model = modeling.MobileBertPretrainer(encoder)
    self.assertIs(model.encoder, encoder)
    outputs, inputs = model(_inputs()), _inputs()
    self.assertAllEqual(outputs['sequence_output'],
                        encoder(inputs)['sequence_output'])
    # The extra weights and bias, the transform, two classes: no second table.
    self.assertEqual(model.count_params() - encoder.count_params(),
                     50 * 8 + 50 + (16 * 16 + 16 + 2 * 16) + (16 * 2 + 2))

  @parameterized.parameters('constructor', 'from_config', 'plain_from_config',
                            'clone_model', '.keras', 'model_save')
  def test_the_table_stays_tied(self, way):
    original = _make_pretrainer()
    path = os.path.join(self.get_temp_dir(), f'model{way}')
    config = json.loads(json.dumps(original.get_config()))
    if way in ('.keras', 'model_save'):
      original.save(path, save_format='keras' if way == '.keras' else 'tf')
      model = tf_keras.models.load_model(path)
    else:
      model = {
          'constructor': lambda: original,
          'from_config':
              lambda: modeling.MobileBertPretrainer.from_config(config),
          'plain_from_config': lambda: tf_keras.Model.from_config(config),
          'clone_model': lambda: tf_keras.models.clone_model(original),
      }[way]()
      model.set_weights(original.get_weights())
    self._assert_tied(model)
    if way not in ('plain_from_config',):
      self.assertIs(model.encoder.get_embedding_table(),
                    model.get_layer('word_embeddings').embeddings)

  def _assert_tied(self, model):
    """One table, read twice; its gradient is the sum of both readings."""
    inputs = list(_inputs().values())
    table = model.get_layer('word_embeddings').embeddings
    # The table and the extra output weights, which are as wide here.
    self.assertLen([w for w in model.weights if w.shape == [50, 8]], 2)
    absent = next(i for i in range(50) if i not in inputs[0])

    def loss():
      return tf.reduce_sum(
          model(inputs)['mlm_logits'] * contract.normal(3, 2, 50))

    with tf.GradientTape() as tape:
      value = loss()
    gradient = tf.convert_to_tensor(tape.gradient(value, table)).numpy()
    # A token that is not in the text is only read by the head.
    before = model(inputs)
    step = np.zeros([50, 8], np.float32)
    step[absent] = 1.0
    table.assign_add(step)
    after = model(inputs)
    table.assign_sub(step)
    self.assertAllEqual(before['sequence_output'], after['sequence_output'])
    changed = np.any(before['mlm_logits'] != after['mlm_logits'], axis=(0, 1))
    self.assertAllEqual(np.flatnonzero(changed), [absent])
    # Central difference along the gradient, which a part of it would fail.
    # 1e-2 is far above rounding, and what curvature is left is cubic in it.
    direction = gradient / np.linalg.norm(gradient)
    around = []
    for sign in (1, -1):
      table.assign_add(sign * 1e-2 * direction)
      around.append(float(loss()))
      table.assign_sub(sign * 1e-2 * direction)
    self.assertAllClose((around[0] - around[1]) / 2e-2,
                        np.linalg.norm(gradient), rtol=0.02)

  def test_equal_widths_need_no_extra_weights(self):
    model = _make_pretrainer(embedding_size=16)
    self.assertNotIn('masked_lm/extra_output_weights:0',
                     [weight.name for weight in model.weights])
    self.assertEqual(model(_inputs())['mlm_logits'].shape, (3, 2, 50))

  @parameterized.parameters(False, True)
  def test_function_equals_eager(self, jit_compile):
    model, inputs = _make_pretrainer(), _inputs()
    outputs = tf.function(model, jit_compile=jit_compile)(inputs)
    for name in ('mlm_logits', 'next_sentence'):
      self.assertAllClose(outputs[name], model(inputs)[name], 1e-4, 1e-4)

  def test_positions_are_picked_one_by_one(self):
    model, inputs = _make_pretrainer(), _inputs()
    swapped = {**inputs,
               'masked_lm_positions': inputs['masked_lm_positions'][:, ::-1]}
    self.assertAllClose(model(swapped)['mlm_logits'],
                        model(inputs)['mlm_logits'][:, ::-1])

  def test_frozen_encoder_stays_frozen(self):
    model = _make_pretrainer()
    model.encoder.trainable = False
    heads = len(model.trainable_weights)
    self.assertEqual(heads, len(model.weights) - len(model.encoder.weights))
    copy = tf_keras.models.clone_model(model)
    self.assertLen(copy.trainable_weights, heads)

  def test_parts_restore_from_checkpoint_items(self):
    model, encoder = _make_pretrainer(), _make_pretrainer().encoder
    contract.randomize(encoder, seed=5)
    path = tf.train.Checkpoint(**model.checkpoint_items).save(
        os.path.join(self.get_temp_dir(), 'ckpt'))
    status = tf.train.Checkpoint(encoder=encoder).restore(path)
    status.expect_partial().assert_existing_objects_matched()
    for one, other in zip(encoder.weights, model.encoder.weights, strict=True):
      self.assertAllEqual(one, other)

  @parameterized.parameters(
      (None, 'Missing input masked_lm_positions; given: input_word_ids'),
      (np.zeros([3, 2], np.float32), 'positions has dtype float32'),
      (np.zeros([3], np.int32), r'positions has shape \(3,\), rank 1'),
  )
  def test_what_it_refuses(self, positions, message):
    inputs = _inputs()
    if positions is None:
      del inputs['masked_lm_positions']
    else:
      inputs['masked_lm_positions'] = positions
    with self.assertRaisesRegex(ValueError, message):
      _make_pretrainer()(inputs)

  def test_refuses_three_inputs_in_a_list(self):
    with self.assertRaisesRegex(ValueError, 'Got 3 inputs; needed are 4'):
      _make_pretrainer()(list(contract.token_inputs().values()))


if __name__ == '__main__':
  tf.test.main()
