# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Exported files answer where a runtime computes in float16, as delegates do.
"""

import functools
import pathlib
import tempfile
from unittest import mock

from absl.testing import parameterized
from ai_edge_litert import compiled_model
from ai_edge_litert import interpreter as litert
from ai_edge_litert import schema_py_generated as schema
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.python.saved_model import loader_impl

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import saved_model
from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import tflite
from tests.deployment import hostile_requests
from tests.inference import tiny_classifier

_INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids')
_LENGTH = tiny_classifier.MAX_LENGTH + 1
_FORCE_FLOAT16 = 4  # A flag of XNNPACK, which GPU delegates do unasked.
_LARGEST = 65_504
_TASKS = ('classification', 'regression', 'multi_label_classification',
          'token_classification', 'question_answering', 'embedding',
          'sentence_embedding')


@functools.cache
def _module(task):
  folder = tempfile.mkdtemp()
  with mock.patch.object(tiny_classifier, 'architecture', functools.partial(
      tiny_classifier.architecture, **tiny_classifier.WIDE)):
    trained = hostile_requests.build(task, folder)
  tiny_classifier.shrink(trained)
  texts = [tiny_classifier.text(1 + 5 * i % 30, i) for i in range(8)]
  texts = agreement.RealTexts(texts, texts if trained.pairs else None)
  batches = agreement.batches(trained, texts, length=_LENGTH)
  return served_module.build(trained, batches), [
      {name: values[i:i + 1].numpy() for name, values in batch.items()}
      for batch in batches for i in range(len(batch['input_mask']))]


def _answers(path, rows, flags=0):
  model = compiled_model.CompiledModel.from_file(
      str(path), options=compiled_model.Options(
          hardware_accelerators=compiled_model.HardwareAccelerator.CPU,
          cpu_options=compiled_model.CpuOptions(
              num_threads=1, xnnpack_flags=flags)))
  name = f'serve_{_LENGTH}'
  inputs = {key: model.create_input_buffer_by_name(name, key)
            for key in _INPUTS}
  details = litert.Interpreter(str(path)).get_signature_runner(
      name).get_output_details()
  outputs = {key: model.create_output_buffer_by_name(name, key)
             for key in details}
  found = []
  for row in rows:
    for key, buffer in inputs.items():
      buffer.write(row[key])
    model.run_by_name(name, inputs, outputs)
    found.append({key: buffer.read(
        int(np.prod(details[key]['shape'])), np.float32).reshape(
            details[key]['shape']) for key, buffer in outputs.items()})
  return found


def _constants(data):
  model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
  for graph in model.subgraphs:
    for tensor in graph.tensors:
      values = model.buffers[tensor.buffer].data
      if values is not None and len(values) and tensor.type in (0, 1):
        yield tensor.name, np.frombuffer(
            bytes(values), (np.float32, np.float16)[tensor.type])


def _has_int8(data):
  model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
  return any(tensor.type == schema.TensorType.INT8
             for graph in model.subgraphs for tensor in graph.tensors)


class HalfPrecisionTest(parameterized.TestCase, tf.test.TestCase):

  def test_a_file_says_whether_sums_may_be_in_float16(self):
    module, _ = _module('classification')
    for accumulation, said in (
        ('float32', b'fp16accfp32'), ('float16', b'fp16accfp16')):
      data = tflite.convert(
          module, [_LENGTH], 'float16', accumulation=accumulation)
      model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
      [found] = [model.buffers[each.buffer].data for each in model.metadata
                 if each.name == b'reduced_precision_support']
      self.assertEqual(bytes(found), said)

  @parameterized.product(
      task=_TASKS, quantization=('none', 'dynamic', 'float16'))
  def test_answers_as_in_float32(self, task, quantization):
    module, rows = _module(task)
    data = tflite.convert(module, [_LENGTH], quantization)
    self.assertEqual(_has_int8(data), quantization == 'dynamic')
    for name, values in _constants(data):
      self.assertLessEqual(np.abs(values.astype(np.float64)).max(), _LARGEST,
                           name)
    with tempfile.TemporaryDirectory() as folder:
      path = pathlib.Path(folder, 'model.tflite')
      path.write_bytes(data)
      whole, half = (_answers(path, rows, flags)
                     for flags in (0, _FORCE_FLOAT16))
    for row, one, other in zip(rows, whole, half, strict=True):
      used = row['input_mask'][0] > 0
      for name in one:
        first, second = one[name][0], other[name][0]
        if first.shape[:1] == used.shape:
          first, second = first[used], second[used]
        self.assertAllInRange(second, -_LARGEST, _LARGEST)
        scale = max(1.0, np.abs(first).max())
        self.assertAllClose(first / scale, second / scale, atol=0.02)
        if first.ndim and 'probab' in name:
          sure = np.sort(first, -1)[..., -1] - np.sort(first, -1)[..., -2] > .02
          self.assertAllEqual((first.argmax(-1) == second.argmax(-1)) | ~sure,
                              np.ones_like(sure))

  def test_a_saved_model_holds_no_larger_number(self):
    folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
    trained = tiny_classifier.build(str(folder))
    texts = [tiny_classifier.text(1 + i % 30, i) for i in range(8)]
    served = saved_model.write(trained, folder / 'served',
                               agreement.RealTexts(texts))
    [meta_graph] = loader_impl.parse_saved_model(str(served)).meta_graphs
    graph = meta_graph.graph_def
    nodes = [node for part in (graph.node, *(
        function.node_def for function in graph.library.function))
             for node in part if node.op == 'Const'
             and node.attr['dtype'].type == types_pb2.DT_FLOAT]
    self.assertNotEmpty(nodes)
    for node in nodes:
      values = tf.make_ndarray(node.attr['value'].tensor)
      if values.size:
        self.assertLessEqual(np.abs(values).max(), _LARGEST, node.name)


if __name__ == '__main__':
  tf.test.main()
