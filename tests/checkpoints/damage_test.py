# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Truncated, forged and hostile files: a clear error, and no output left."""

import pathlib
import resource
import shutil
import struct
from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from tensorflow.core.protobuf import trackable_object_graph_pb2
from tests.checkpoints import folders
from tests import shared_data

_DATA = 'data-00000-of-00001'


class DamageTestCase(folders.FolderTestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.parent = pathlib.Path(self.make_folder())

  def _assert_refused(self, folder, message, error=ValueError, **arguments):
    """Asserts that nothing is converted, and that nothing is left behind."""
    with self.assertRaisesRegex(error, message):
      formats.convert(
          str(folder), str(self.parent / 'output'), **arguments)
    self.assertEmpty(list(self.parent.iterdir()))

  def _converted(self, checkpoint_format):
    folder = self.folder / checkpoint_format
    formats.convert(
        folders.golden('tf1_tiny'), str(folder), checkpoint_format)
    return folder


class FilesTest(DamageTestCase):

  @parameterized.product(part=['index', _DATA], size=[0, 1, 700, 3000])
  def test_truncated_tf1(self, part, size):
    folder = folders.copy('tf1_tiny', self.folder)
    folders.truncate(folder / f'{folders.TF1_PREFIX}.{part}', size)
    self._assert_refused(
        folder, f'{folders.TF1_PREFIX} cannot be read .*copy its .index')

  @parameterized.product(
      checkpoint_format=['model_garden', 'mobilebert_tf'],
      part=['index', _DATA], size=[0, 700, 3000])
  def test_truncated_objects(self, checkpoint_format, part, size):
    folder = self._converted(checkpoint_format)
    folders.truncate(folder / f'mobilebert.ckpt.{part}', size)
    self._assert_refused(
        folder, 'mobilebert.ckpt cannot be read .*copy its .index')

  @parameterized.parameters(0, 7, 8, 5_000, 100_000)
  def test_truncated_safetensors(self, size):
    folder = folders.copy('hf_tiny', self.folder)
    folders.truncate(folder / 'model.safetensors', size)
    self._assert_refused(folder, 'model.safetensors cannot be read .*again')

  @parameterized.parameters(
      (2**62, b'{}', 'header too large'),
      (70, b'{"a":{"dtype":"F32","shape":[1099511627776,1099511627776],'
       b'"data_offsets":[0,8]}}', 'cannot be read'),
      (2, b'{}', 'lacks 97 of 97 weights'))
  def test_forged_headers_of_safetensors(self, length, header, message):
    folder = folders.copy('hf_tiny', self.folder)
    (folder / 'model.safetensors').write_bytes(
        struct.pack('<Q', length) + header)
    self._assert_refused(folder, message)

  @parameterized.product(
      name=['hf_tiny/config.json', 'tf1_tiny/bert_config.json'],
      content=[(b'', ':1: not JSON'), (b'{"vocab_size": 10', ':1: not JSON'),
               (b'[1]', ' holds a list, not a JSON object'),
               (b'\xff\xfe', ':1: not UTF-8'),
               (b'{"a":' * 100_000, ': too deeply nested'),
               (b'{}', ' lacks vocab_size, embedding_size')])
  def test_configs(self, name, content):
    golden, file = name.split('/')
    folder = folders.copy(golden, self.folder)
    (folder / file).write_bytes(content[0])
    self._assert_refused(folder, f'{file}{content[1]}')

  @parameterized.parameters(
      (b'', 'says no task.model.encoder.any'),
      (b'task: 3', 'says no task.model.encoder.any'),
      (b'task: {model: {encoder: {type: any, any: [1]}}}', 'says no task'),
      (b'task: {model: {encoder: {type: bert}}}', "type 'bert', not 'any'"),
      (b'task: {model: {encoder: {type: any, any: {depth: 1}}}}',
       "encoder.yaml: Unknown architecture field 'depth'"),
      (b'task: [', ':1: not YAML'), (b'\x00', ':1: not YAML'),
      (b'day: 2026-99-99', ': not YAML'), (b'[' * 100_000, ': not YAML'))
  def test_yaml(self, content, message):
    folder = self._converted('mobilebert_tf')
    (folder / 'encoder.yaml').write_bytes(content)
    self._assert_refused(folder, message)

  @parameterized.parameters('model_garden', 'mobilebert_tf')
  def test_yaml_with_code_is_not_run(self, checkpoint_format):
    folder, created = self._converted(checkpoint_format), self.folder / 'a'
    (folder / 'bert_config.json').unlink(missing_ok=True)
    (folder / 'encoder.yaml').write_text(
        f'!!python/object/apply:os.mkdir ["{created}"]')
    self._assert_refused(folder, r'encoder.yaml:\d+: not YAML')
    self.assertFalse(created.exists())

  @parameterized.parameters(
      '5', '[1]', '{labels: 5}', '{labels: {a: 1}}', '{vocab_file: 5}')
  def test_a_run_whose_data_are_not_as_we_write_them(self, train_data):
    """They are the user's own; what cannot be read there is not needed."""
    folder = self._converted('mobilebert_tf')
    path = folder / 'encoder.yaml'
    path.write_text(path.read_text().replace(
        'task:\n', f'task:\n  train_data: {train_data}\n'))
    self.assertEmpty(checkpoints.differences(
        checkpoints.read(str(folder)),
        checkpoints.read(folders.golden('tf1_tiny'))))


class ObjectGraphTest(DamageTestCase):

  def _write(self, graph):
    """Writes a checkpoint with any value as its object graph."""
    shutil.copy(
        shared_data.path('golden/tf1_tiny/bert_config.json'), self.folder)
    tf.raw_ops.SaveV2(
        prefix=str(self.folder / 'ckpt'),
        tensor_names=['_CHECKPOINTABLE_OBJECT_GRAPH', 'a'],
        shape_and_slices=['', ''],
        tensors=[tf.constant(graph), tf.constant([1.0])])

  @parameterized.parameters(
      (b'\xff\xff no graph',), (b'',), (3.0,), ([b'a', b'b'],))
  def test_no_graph(self, graph):
    self._write(graph)
    message = 'object graph of .*ckpt is damaged'
    self._assert_refused(self.folder, message)
    self._assert_refused(self.folder, message, input_format='model_garden')

  @parameterized.parameters(99, -1, 0)
  def test_an_edge_to_nowhere_or_to_itself(self, node_id):
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    graph.nodes.add().children.add(local_name='encoder', node_id=node_id)
    self._write(graph.SerializeToString())
    self._assert_refused(self.folder, 'but not of a MobileBERT encoder')
    self._assert_refused(self.folder, 'lacks 97 of 97 weights',
                         input_format='model_garden')

  @parameterized.parameters(
      ('nowhere', 'lacks 97 of 97'), ('a', 'lacks 96 of 97'))
  def test_a_key_of_no_variable(self, key, message):
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    path = 'encoder/layer_with_weights-0/word_embedding/embeddings'
    for i, name in enumerate(path.split('/')):
      graph.nodes.add().children.add(local_name=name, node_id=i + 1)
    graph.nodes.add().attributes.add(
        name='VARIABLE_VALUE', checkpoint_key=key)
    self._write(graph.SerializeToString())
    self._assert_refused(self.folder, message, input_format='model_garden')


class DiskTest(DamageTestCase):

  @parameterized.parameters('tf1', 'hugging_face', 'model_garden',
                            'mobilebert_tf')
  def test_a_full_disk(self, checkpoint_format):
    """A limit to the size of files stops a write as a full disk does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
      self._assert_refused(
          folders.golden('tf1_tiny'), 'output cannot be written: .*too large',
          OSError, output_format=checkpoint_format)
    finally:
      resource.setrlimit(resource.RLIMIT_FSIZE, limits)

  @parameterized.parameters('tf1', 'hugging_face', 'model_garden',
                            'mobilebert_tf')
  def test_a_disk_that_returns_other_numbers(self, checkpoint_format):
    module = checkpoints.FORMATS[checkpoint_format]
    write = module.write

    def write_wrong(checkpoint, folder, progress):
      weights = dict(checkpoint.weights)
      weights['embeddings/norm/beta'] = np.nextafter(
          weights['embeddings/norm/beta'], np.float32(9))
      write(checkpoints.Checkpoint(
          checkpoint.architecture, weights, checkpoint.parts), folder, progress)

    with mock.patch.object(module, 'write', write_wrong):
      self._assert_refused(
          folders.golden('tf1_tiny'), 'nothing was kept: embeddings/norm/beta '
          'is not the same', RuntimeError, output_format=checkpoint_format)


if __name__ == '__main__':
  tf.test.main()
