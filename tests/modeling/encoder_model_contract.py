# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What a model of heads on an encoder keeps to, besides the layers' contract.

A test case says how its model is made on an encoder, what it returns for
`contract.token_inputs()`, and what its constructor was given.
"""

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from tests.modeling import contract


def make_encoder(dtype: Any = None, **overrides: Any
                 ) -> modeling.MobileBertEncoder:
  """Returns one tiny block without dropout."""
  return modeling.MobileBertEncoder(
      contract.tiny_architecture(num_blocks=1, **overrides), dtype=dtype)


class EncoderModelContract(contract.LayerContract):
  """The checks. Inherit before `tf.test.TestCase`.

  Attributes:
    heads: The names under which a checkpoint has the heads.
    given: What the constructor is given besides the encoder.
  """

  zero_gradients = ('key/bias',)  # The softmax takes it away.
  heads: tuple[str, ...] = ()
  given: dict[str, Any] = {}
  model_class: type[modeling.MobileBertClassifier]

  def make_model(self, encoder=None, **kwargs):
    """Returns a model of random weights."""
    model = self.model_class(
        encoder or make_encoder(), **{**self.given, **kwargs})
    contract.randomize(model)
    return model

  def make_layer(self, **kwargs):
    name = {'name': kwargs.pop('name')} if 'name' in kwargs else {}
    return self.model_class(make_encoder(**kwargs), **self.given, **name)

  def make_inputs(self):
    return list(contract.token_inputs().values())

  def call(self, layer, inputs, **kwargs):
    return layer(inputs, **kwargs)

  def test_copies_are_what_it_is(self):
    original = self.make_model(name='mine')
    path = os.path.join(self.get_temp_dir(), 'model.keras')
    original.save(path)
    config = json.loads(json.dumps(original.get_config()))
    for way, copy in {
        '.keras': tf_keras.models.load_model(path),
        'from_config': self.model_class.from_config(config),
        'clone_model': tf_keras.models.clone_model(original),
    }.items():
      self.assertIs(type(copy), self.model_class, way)
      self.assertEqual(copy.name, 'mine', way)
      self.assertIsInstance(copy.encoder, modeling.MobileBertEncoder, way)
      self.assertEqual(copy.encoder.architecture.as_dict(),
                       original.encoder.architecture.as_dict(), way)
      self.assertEqual(copy.constructor_config(),
                       original.constructor_config(), way)
      for name, value in self.given.items():
        if hasattr(copy, name):
          self.assertEqual(getattr(copy, name), value, f'{way}: {name}')
      if way in ('from_config', 'clone_model'):
        copy.set_weights(original.get_weights())
      self._assert_same(copy(self.make_inputs()), original(self.make_inputs()))
      # The copy's encoder is the one that the copy computes with.
      before = contract.arrays(copy(self.make_inputs()))
      contract.randomize(copy.encoder, seed=7)
      after = contract.arrays(copy(self.make_inputs()))
      self.assertNotAllClose(before[0], after[0], msg=way)

  def test_its_encoder_is_the_one_given(self):
    encoder = make_encoder()
    model = self.make_model(encoder)
    self.assertIs(model.encoder, encoder)
    self.assertEqual(model.max_length, 12)

  def test_a_dict_with_labels_is_accepted(self):
    model = self.make_model()
    inputs = {**contract.token_inputs(), 'label_ids': np.zeros([3, 1])}
    self._assert_same(model(inputs), model(self.make_inputs()))

  def test_parts_restore_from_checkpoint_items(self):
    model, other = self.make_model(), self.make_model()
    contract.randomize(other, seed=5)
    items = model.checkpoint_items
    self.assertEqual(tuple(items), ('encoder', *self.heads))
    path = tf.train.Checkpoint(**items).save(
        os.path.join(self.get_temp_dir(), 'ckpt'))
    names = [name for name, _ in tf.train.list_variables(path)]
    for head in self.heads:
      self.assertIn(f'{head}/kernel/.ATTRIBUTES/VARIABLE_VALUE', names)
    for name, item in items.items():
      status = tf.train.Checkpoint(**{name: other.checkpoint_items[name]}
                                   ).restore(path)
      status.expect_partial().assert_existing_objects_matched()
      for one, two in zip(other.checkpoint_items[name].weights, item.weights,
                          strict=True):
        self.assertAllEqual(one, two)

  def test_heads_have_their_names(self):
    names = [weight.name for weight in self.make_model().weights]
    for head in self.heads:
      self.assertContainsSubset([f'{head}/kernel:0', f'{head}/bias:0'], names)

  def test_frozen_encoder_stays_frozen(self):
    model = self.make_model()
    model.encoder.trainable = False
    heads = [f'{head}/{kind}:0' for head in self.heads
             for kind in ('kernel', 'bias')]
    copy = tf_keras.models.clone_model(model)
    for one in (model, copy):
      self.assertEqual([w.name for w in one.trainable_weights], heads)

  def test_heads_start_with_the_architectures_deviation(self):
    model = self.model_class(
        make_encoder(inter_block_size=256, initializer_range=0.5),
        **self.given)
    for head in self.heads:
      layer = model.checkpoint_items[head]
      # A normal cut off at two deviations is that much narrower.
      self.assertAllClose(np.std(layer.kernel), 0.5 * 0.88, rtol=0.15)
      self.assertAllEqual(layer.bias, np.zeros(layer.bias.shape))

  def test_an_encoder_with_a_pooler(self):
    model = self.make_model(make_encoder(use_pooler=True))
    path = os.path.join(self.get_temp_dir(), 'model.keras')
    model.save(path)
    loaded = tf_keras.models.load_model(path)
    self._assert_same(loaded(self.make_inputs()), model(self.make_inputs()))
    self._assert_same(loaded.encoder(self.make_inputs())['pooled_output'],
                      model.encoder(self.make_inputs())['pooled_output'])


class ClassesModelContract(EncoderModelContract):
  """The checks of a model with classes."""

  given = {'num_classes': 3, 'labels': ('a', 'b', 'c'), 'dropout_rate': 0.5}

  def test_labels_are_optional(self):
    model = self.model_class(make_encoder(), 2)
    self.assertEqual((model.num_classes, model.labels), (2, ()))
    config = model.constructor_config()
    self.assertEqual((config['labels'], config['dropout_rate']), ([], 0.1))

  def test_labels_are_a_tuple(self):
    model = self.model_class(make_encoder(), 2, labels=['x', 'y'])
    self.assertEqual(model.labels, ('x', 'y'))
    self.assertEqual(model.constructor_config()['labels'], ['x', 'y'])

  def test_dropout_is_active_only_in_training(self):
    model, inputs = self.make_model(), self.make_inputs()
    expected = contract.arrays(model(inputs))[0]
    self._assert_same(model(inputs, training=False), model(inputs))
    drawn = [contract.arrays(model(inputs, training=True))[0]
             for _ in range(64)]
    self.assertNotAllClose(drawn[0], expected)
    self.assertNotAllClose(drawn[0], drawn[1])
    # What is left is scaled up, so that the mean stays.
    deviation = np.std(drawn, axis=0) / np.sqrt(len(drawn))
    self.assertAllLess(np.abs(np.mean(drawn, axis=0) - expected)
                       - 5 * deviation, 0.0)

  def test_without_dropout_training_is_inference(self):
    model = self.make_model(dropout_rate=0.0)
    inputs = self.make_inputs()
    self._assert_same(model(inputs, training=True), model(inputs))

  def test_what_it_refuses(self):
    for given, message in (
        ({'num_classes': 0}, 'num_classes is a whole number above 0; got 0'),
        ({'num_classes': 2.0}, 'num_classes is a whole number.*got 2.0'),
        ({'num_classes': True}, 'num_classes is a whole number.*got True'),
        ({'dropout_rate': 1.0}, 'dropout_rate is a number.*below 1; got 1.0'),
        ({'dropout_rate': -0.1}, 'dropout_rate is a number.*got -0.1'),
        ({'labels': ['x', 'y']}, 'num_classes is 3, but.* 2 labels: x, y'),
        ({'labels': ['x', 'y', 'x']}, 'distinct; more than once: x'),
        ({'labels': 'xyz'}, "labels is a list of names; got 'xyz'"),
        ({'labels': [0, 1, 2]}, r'labels is a list of names; got \[0, 1, 2\]'),
    ):
      with self.subTest(message), self.assertRaisesRegex(ValueError, message):
        self.model_class(make_encoder(), **{'num_classes': 3, **given})
