# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Files of int4 weights answer, are small, and are refused if they differ."""

import importlib.util
import pathlib
import unittest
from unittest import mock

from absl.testing import parameterized
from ai_edge_litert import schema_py_generated as schema
import flatbuffers
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import flatbuffer_check
from mobilebert_tf.deployment import tflite
from mobilebert_tf.deployment import tflite_int4
from mobilebert_tf.tasks import registry
from tests.data import temporary
from tests.deployment import tiny_tflite
from tests.inference import tiny_classifier

_TEXTS = [tiny_classifier.text(1 + 3 * i % 30, i) for i in range(12)]
_WIDE = {'inter_block_size': 128, 'intra_block_size': 64,
         'intermediate_size': 256, 'embedding_size': 64}


def _types(model: bytes) -> set[int]:
  tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
  return {tensor.type for graph in tree.subgraphs for tensor in graph.tensors}


class TFLiteInt4Test(parameterized.TestCase, temporary.TemporaryFiles,
                     tf.test.TestCase):

  def test_tables_of_lookups_become_int8(self):
    file = tiny_tflite.build(self.make_folder())
    model = tflite_int4.quantize_tables(file.flatbuffer)
    flatbuffer_check.check(model)
    self.assertNotIn(schema.TensorType.INT8, _types(file.flatbuffer))
    self.assertIn(schema.TensorType.INT8, _types(model))
    path = pathlib.Path(self.make_folder(), 'model.tflite')
    path.write_bytes(tflite.tflite_file.pack(
        model, file.metadata, tiny_tflite.VOCABULARY))
    self.assertAllClose(registry.TFLiteRunner(path).scores(_TEXTS),
                        registry.TFLiteRunner(file.path).scores(_TEXTS),
                        0.05, 0.05)

  @unittest.skipUnless(importlib.util.find_spec('ai_edge_quantizer'),
                       'pip install ai-edge-quantizer')
  def test_a_file_with_int4_weights(self):
    trained = tiny_classifier.build(self.make_folder(), **_WIDE)
    for weight in trained.model.weights:  # As small as trained ones.
      if 'gamma' not in weight.name:
        weight.assign(0.4 * weight)
    texts = agreement.RealTexts(_TEXTS, source='numbers')
    paths = [pathlib.Path(self.make_folder(), f'{name}.tflite')
             for name in ('dynamic', 'int4')]
    for path in paths:
      tflite.write(trained, path, texts, lengths=[16], quantization=path.stem,
                   largest_disagreement=1.0, report=lambda line: None)
    runners = [registry.TFLiteRunner(path) for path in paths]
    self.assertAllClose(*(each.scores(_TEXTS) for each in runners), 0.2, 0.2)
    self.assertEqual(runners[1].metadata.quantization, 'int4')
    self.assertIn(schema.TensorType.INT4, _types(paths[1].read_bytes()))
    self.assertLess(paths[1].stat().st_size, 0.9 * paths[0].stat().st_size)

  def test_without_the_quantizer(self):
    with mock.patch.dict('sys.modules', {'ai_edge_quantizer': None}):
      with self.assertRaisesRegex(ValueError, 'pip install ai-edge-quantizer'):
        tflite_int4.quantize(b'')

  def test_scales_that_are_too_few_are_refused(self):
    file = tiny_tflite.build(self.make_folder(), lengths=(40,))
    tree = schema.ModelT.InitFromObj(
        schema.Model.GetRootAs(file.flatbuffer, 0))
    [graph] = tree.subgraphs
    weights = next(i for i, each in enumerate(graph.tensors)
                   if tree.buffers[each.buffer].data is not None
                   and len(each.shape) == 2)
    details = schema.BlockwiseQuantizationT()
    details.scales, details.blockSize = weights, 1
    tensor = graph.tensors[weights]
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.detailsType = 2
    tensor.quantization.details = details
    flatbuffer_check.check(_pack(tree))
    for field, value, message in (
        ('blockSize', 2, 'another number of scales'),
        ('scales', len(graph.tensors), 'scales is'),
        ('zeroPoints', -5, 'zero_points has')):
      with self.subTest(field), mock.patch.object(details, field, value):
        with self.assertRaisesRegex(ValueError, message):
          flatbuffer_check.check(_pack(tree))
    tensor.quantization.detailsType = 1
    tensor.quantization.details = schema.CustomQuantizationT()
    with self.assertRaisesRegex(ValueError, 'in a way of its own'):
      flatbuffer_check.check(_pack(tree))


def _pack(tree) -> bytes:
  builder = flatbuffers.Builder(1024)
  builder.Finish(tree.Pack(builder), b'TFL3')
  return bytes(builder.Output())


if __name__ == '__main__':
  tf.test.main()
