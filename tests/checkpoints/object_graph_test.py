# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Object-based checkpoints against those that TensorFlow writes and reads."""

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf.checkpoints import object_checkpoint
from tests.checkpoints import folders


def _array(*values):
  return np.array(values, np.float32)


class ReadTest(folders.FolderTestCase):

  def _graph(self, **items):
    path = tf.train.Checkpoint(**items).write(str(self.folder / 'ckpt'))
    self.reader = tf.train.load_checkpoint(path)
    return object_checkpoint.ObjectGraph(self.reader, 'a name')

  def test_finds_variables_by_attributes_lists_and_layers(self):
    model = tf_keras.Sequential([tf_keras.layers.Dense(2)])
    model.build([None, 3])
    many = [tf.Variable(1.0), tf.Variable(2.0)]
    graph = self._graph(model=model, many=many, one=tf.Variable(_array(5, 6)))
    for path, expected in (
        ('model/layer_with_weights-0/kernel', model.weights[0]),
        ('many/1', many[1]), ('one', [5, 6])):
      self.assertAllEqual(self.reader.get_tensor(graph.find(path)), expected)
    self.assertEqual(
        graph.shape(graph.find('model/layer_with_weights-0/kernel')), (3, 2))
    self.assertTrue(graph.has('model'))
    self.assertTrue(graph.has('many/1'))
    self.assertFalse(graph.has('many/2'))
    for path in ('', 'two', 'one/more', 'model', 'many/2',
                 'model/layer_with_weights-0'):
      self.assertIsNone(graph.find(path), path)

  def test_one_variable_by_two_paths(self):
    shared = tf_keras.layers.Dense(1)
    shared.build([None, 1])
    graph = self._graph(a=shared, b=shared)
    self.assertEqual(graph.find('a/kernel'), graph.find('b/kernel'))
    self.assertLen(graph.model_keys(), 2)
    # What is reached another way as well is left out nevertheless.
    self.assertEmpty(graph.model_keys(['b']))

  def test_training_state_is_no_model(self):
    model = tf_keras.layers.Dense(1)
    model.build([None, 1])
    optimizer = tf_keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_weights)
    graph = self._graph(
        model=model, optimizer=optimizer, global_step=tf.Variable(3),
        save_counter_=tf.Variable(1))
    self.assertEqual(graph.model_keys(['save_counter_']), {
        graph.find('model/kernel'), graph.find('model/bias')})

  def test_a_checkpoint_of_names(self):
    folders.write_variables(self.folder / 'ckpt', {'a': _array(1)})
    with self.assertRaisesRegex(ValueError, 'a name is not object-based'):
      object_checkpoint.ObjectGraph(
          tf.train.load_checkpoint(str(self.folder / 'ckpt')), 'a name')


class WriteTest(folders.FolderTestCase):

  def test_tensorflow_restores_it(self):
    prefix = str(self.folder / 'ckpt')
    object_checkpoint.write(
        prefix,
        {'net/layer_with_weights-0/kernel': _array([1, 2], [3, 4]),
         'net/layer_with_weights-0/bias': _array(5, 6),
         'list/0': _array(7), 'list/1': _array(8)},
        {'model/inner': 'net', 'again': 'list/1', 'never': 'nowhere/at/all'})
    model = tf_keras.Sequential([tf_keras.layers.Dense(2)])
    model.build([None, 2])
    for items in (
        {'net': model}, {'model': tf.train.Checkpoint(inner=model)}):
      model.set_weights([np.zeros([2, 2]), np.zeros([2])])
      # As the Model Garden's tasks ask.
      tf.train.Checkpoint(**items).read(prefix).expect_partial(
      ).assert_existing_objects_matched()
      self.assertAllEqual(model.weights[0], [[1, 2], [3, 4]])
      self.assertAllEqual(model.weights[1], [5, 6])
    numbers = [tf.Variable([0.0]), tf.Variable([0.0])]
    tf.train.Checkpoint(list=numbers).read(
        prefix).assert_existing_objects_matched()
    self.assertAllEqual(numbers, [[7], [8]])
    tf.train.Checkpoint(again=numbers[0]).read(
        prefix).assert_existing_objects_matched()
    self.assertAllEqual(numbers[0], [8])

  def test_aliases_take_no_space(self):
    sizes = []
    for aliases in ({}, {'b': 'a', 'c': 'a/x'}):
      object_checkpoint.write(str(self.folder / 'ckpt'),
                         {'a/x': np.zeros([1000], np.float32)}, aliases)
      sizes.append((self.folder / 'ckpt.data-00000-of-00001').stat().st_size)
    self.assertLess(sizes[1] - sizes[0], 100)

  def test_values_are_written_as_they_are(self):
    array = np.array([-0.0, 1e-45, 3.4e38], np.float32)
    object_checkpoint.write(str(self.folder / 'ckpt'), {'a': array}, {})
    reader = tf.train.load_checkpoint(str(self.folder / 'ckpt'))
    found = reader.get_tensor(object_checkpoint.ObjectGraph(reader).find('a'))
    self.assertEqual(found.tobytes(), array.tobytes())


if __name__ == '__main__':
  tf.test.main()
