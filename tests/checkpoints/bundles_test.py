# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""TensorFlow's checkpoint files: where they are, and the objects in them."""

import os

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.common import plain_paths
from tests.checkpoints import folders


NAMES = ('lr[1e-4]', 'what?', 'all*', 'a\\b', 'a [b', 'plain')


class PatternsTest(folders.FolderTestCase, parameterized.TestCase):
  """Names that TensorFlow's own readers take for patterns."""

  @parameterized.product(name=NAMES, part=('folder', 'prefix'))
  def test_a_checkpoint_is_read(self, name, part):
    # A pattern of the name matches this one.
    (self.folder / 'lr1').mkdir()
    folder = self.folder / name if part == 'folder' else self.folder
    folder.mkdir(exist_ok=True)
    prefix = str(folder / ('ckpt' if part == 'folder' else name))
    tf.train.Checkpoint(a=tf.Variable(2.0)).write(prefix)
    location = bundles.locate(str(folder) if part == 'folder' else prefix)
    self.assertEqual(location.prefix, prefix)
    with bundles.open_reader(location) as reader:
      self.assertEqual(reader.get_tensor(bundles.ObjectGraph(reader).find('a')),
                       2.0)

  def test_a_name_that_is_none_is_taken_as_it_is(self):
    self.assertEqual(plain_paths.folder('a/b'), 'a/b')
    self.assertEqual(plain_paths.prefix('a/b-1'), 'a/b-1')
    self.assertEqual(plain_paths.prefix('gs://a/b-1'), 'gs://a/b-1')

  def test_a_remote_one_is_refused(self):
    with self.assertRaisesRegex(ValueError, r'gs://a\[1\].* Rename the folder'):
      plain_paths.folder('gs://a[1]/b')


class LocateTest(folders.FolderTestCase, parameterized.TestCase):

  def _touch(self, *names):
    for name in names:
      (self.folder / name).touch()

  def _locate(self, name=''):
    location = bundles.locate(os.path.join(self.folder, name))
    self.assertEqual(location.folder, str(self.folder))
    return os.path.basename(location.prefix)

  def test_the_only_one_of_a_folder(self):
    self._touch('model.ckpt.index', 'model.ckpt.data-00000-of-00001', 'a.txt')
    self.assertEqual(self._locate(), 'model.ckpt')
    self.assertEqual(bundles.locate(f'{self.folder}/').folder, str(self.folder))
    self.assertEqual(bundles.locate(self.folder).prefix,
                     str(self.folder / 'model.ckpt'))

  def test_one_of_several_by_its_prefix(self):
    self._touch('ckpt-1.index', 'ckpt-11.index')
    self.assertEqual(self._locate('ckpt-1'), 'ckpt-1')
    self.assertEqual(self._locate('ckpt-11'), 'ckpt-11')
    with self.assertRaisesRegex(
        FileNotFoundError, "There is no folder and no checkpoint '.*ckpt-2'"):
      bundles.locate(self.folder / 'ckpt-2')

  def test_the_latest_that_tensorflow_wrote(self):
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(a=tf.Variable(1.0)), str(self.folder), 5)
    for number in (9, 10, 8):
      manager.save(number)
    self.assertEqual(self._locate(), 'ckpt-8')

  def test_several_without_a_word_which(self):
    self._touch('b.index', 'a.index')
    location = bundles.locate(self.folder)
    self.assertEqual(location.prefix, '')
    self.assertIn('should hold one checkpoint', location.problem)
    self.assertIn('found: a, b.', location.problem)
    with self.assertRaisesRegex(FileNotFoundError, 'found: a, b'):
      with bundles.open_reader(location):
        self.fail('There is nothing to open.')

  @parameterized.parameters(
      None, 'model_checkpoint_path: "/home/somebody/run/ckpt-9"',
      'model_checkpoint_path: "ckpt-11"', '\x00\xff')
  def test_the_last_one_counts_where_the_file_does_not_name_one(self, state):
    self._touch('ckpt-9.index', 'ckpt-10.index', 'ckpt-2.index')
    if state is not None:
      (self.folder / 'checkpoint').write_text(state, encoding='latin-1')
    with self.assertLogs(level='WARNING') as logs:
      self.assertEqual(self._locate(), 'ckpt-10')
    self.assertLen(logs.output, 1)
    self.assertIn(f'{self.folder}', logs.output[0])
    self.assertIn('ckpt-10 is read, its last one.', logs.output[0])

  def test_a_copy_does_not_lead_to_its_original(self):
    original, copy = self.folder / 'original', self.folder / 'copy'
    for folder in (original, copy):
      folder.mkdir()
      (folder / 'ckpt-1.index').touch()
      (folder / 'checkpoint').write_text(
          f'model_checkpoint_path: "{original}/ckpt-1"\n'
          f'all_model_checkpoint_paths: "{original}/ckpt-1"\n')
    self.assertEqual(bundles.latest(str(original)), f'{original}/ckpt-1')
    self.assertEqual(bundles.latest(str(copy)), f'{copy}/ckpt-1')
    bundles.repair_state(str(copy))
    # TensorFlow deletes old ones of the list.
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(a=tf.Variable(1.0)), str(copy), max_to_keep=1)
    self.assertEqual(manager.latest_checkpoint, f'{copy}/ckpt-1')
    manager.save(2)
    self.assertTrue((original / 'ckpt-1.index').exists())
    self.assertFalse((copy / 'ckpt-1.index').exists())

  def test_a_state_that_is_right_is_not_repaired(self):
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(a=tf.Variable(1.0)), str(self.folder), 5)
    for number in (9, 10, 8):
      manager.save(number)
    state = (self.folder / 'checkpoint').read_text()
    bundles.repair_state(str(self.folder))
    self.assertEqual((self.folder / 'checkpoint').read_text(), state)

  @parameterized.parameters('', '\x00\xff', 'model_checkpoint_path: "c"',
                            'model_checkpoint_path: "../../etc/passwd"')
  def test_a_state_file_of_no_use(self, content):
    self._touch('a.index', 'b.index')
    (self.folder / 'checkpoint').write_bytes(content.encode('latin-1'))
    self.assertEqual(bundles.locate(self.folder).prefix, '')

  def test_none(self):
    location = bundles.locate(self.folder)
    self.assertEqual(location.prefix, '')
    self.assertEndsWith(location.problem, 'found: none.')

  @parameterized.parameters('/absent/folder', '', 'https://a/b')
  def test_no_folder(self, path):
    with self.assertRaises(FileNotFoundError) as caught:
      bundles.locate(path)
    self.assertIn(repr(path), str(caught.exception))

  def test_a_file_is_no_folder(self):
    self._touch('file')
    with self.assertRaises(FileNotFoundError):
      bundles.locate(self.folder / 'file')

  def test_a_prefix_in_the_working_directory(self):
    before = os.getcwd()
    self._touch('ckpt-1.index')
    os.chdir(self.folder)
    try:
      self.assertEqual(
          bundles.locate('ckpt-1'), bundles.Location('.', 'ckpt-1'))
      self.assertEqual(bundles.locate('.').prefix, './ckpt-1')
    finally:
      os.chdir(before)


class ReaderTest(folders.FolderTestCase):

  def test_reads_what_tensorflow_wrote(self):
    prefix = str(self.folder / 'ckpt')
    folders.write_variables(prefix, {'a': np.float32([1, 2])})
    with bundles.open_reader(bundles.locate(prefix)) as reader:
      self.assertAllEqual(reader.get_tensor('a'), [1, 2])

  def test_what_fails_while_it_is_open_is_damage(self):
    prefix = str(self.folder / 'ckpt')
    folders.write_variables(prefix, {'a': np.ones([100], np.float32)})
    folders.truncate(self.folder / 'ckpt.data-00000-of-00001', 40)
    with self.assertRaisesRegex(ValueError, 'ckpt cannot be read .*copy its'):
      with bundles.open_reader(bundles.locate(prefix)) as reader:
        reader.get_tensor('a')

  def test_other_errors_pass(self):
    folders.write_variables(self.folder / 'ckpt', {'a': np.float32([1])})
    with self.assertRaises(KeyError):
      with bundles.open_reader(bundles.locate(self.folder)):
        raise KeyError('mine')

  def test_state_is_what_tensorflow_reads(self):
    (self.folder / 'x.index').touch()
    bundles.write_state(str(self.folder), 'x')
    self.assertEqual(
        tf.train.latest_checkpoint(str(self.folder)), str(self.folder / 'x'))


def _array(*values):
  return np.array(values, np.float32)


class ReadTest(folders.FolderTestCase):

  def _graph(self, **items):
    path = tf.train.Checkpoint(**items).write(str(self.folder / 'ckpt'))
    self.reader = tf.train.load_checkpoint(path)
    return bundles.ObjectGraph(self.reader, 'a name')

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
      bundles.ObjectGraph(
          tf.train.load_checkpoint(str(self.folder / 'ckpt')), 'a name')


class WriteTest(folders.FolderTestCase):

  def test_tensorflow_restores_it(self):
    prefix = str(self.folder / 'ckpt')
    bundles.write_objects(
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
      bundles.write_objects(str(self.folder / 'ckpt'),
                         {'a/x': np.zeros([1000], np.float32)}, aliases)
      sizes.append((self.folder / 'ckpt.data-00000-of-00001').stat().st_size)
    self.assertLess(sizes[1] - sizes[0], 100)

  def test_values_are_written_as_they_are(self):
    array = np.array([-0.0, 1e-45, 3.4e38], np.float32)
    bundles.write_objects(str(self.folder / 'ckpt'), {'a': array}, {})
    reader = tf.train.load_checkpoint(str(self.folder / 'ckpt'))
    found = reader.get_tensor(bundles.ObjectGraph(reader).find('a'))
    self.assertEqual(found.tobytes(), array.tobytes())


if __name__ == '__main__':
  tf.test.main()
