# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Sound models pass the check of their structure, forged ones are refused."""

import inspect
import re
import struct

from absl.testing import parameterized
from ai_edge_litert import schema_py_generated as schema
import flatbuffers
import tensorflow as tf

from mobilebert_tf.deployment import flatbuffer_check
from tests.deployment import tiny_tflite


def _sample() -> schema.ModelT:
  """Returns a model of one operator with everything that is checked."""
  tensor = schema.TensorT()
  tensor.shape, tensor.name, tensor.buffer = [1, 2], b'x', 1
  tensor.quantization = schema.QuantizationParametersT()
  tensor.quantization.scale = [0.5]
  operator = schema.OperatorT()
  operator.inputs, operator.outputs = [0, -1], [0]
  subgraph = schema.SubGraphT()
  subgraph.tensors, subgraph.operators = [tensor], [operator]
  subgraph.inputs, subgraph.outputs, subgraph.name = [0], [0], b'main'
  signature = schema.SignatureDefT()
  signature.signatureKey, signature.subgraphIndex = b'serve', 0
  entry = schema.TensorMapT()
  entry.name, entry.tensorIndex = b'x', 0
  signature.inputs, signature.outputs = [entry], [entry]
  metadata = schema.MetadataT()
  metadata.name, metadata.buffer = b'min_runtime_version', 1
  data = schema.BufferT()
  data.data = [0] * 8
  model = schema.ModelT()
  model.version, model.subgraphs = 3, [subgraph]
  model.operatorCodes = [schema.OperatorCodeT()]
  model.buffers, model.metadata = [schema.BufferT(), data], [metadata]
  model.signatureDefs = [signature]
  return model


def _pack(model: schema.ModelT) -> bytes:
  builder = flatbuffers.Builder(1024)
  builder.Finish(model.Pack(builder), b'TFL3')
  return bytes(builder.Output())


class FlatbufferCheckTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      'classification', 'question_answering', 'token_classification')
  def test_what_the_converter_makes_passes(self, task):
    made = tiny_tflite.build(self.get_temp_dir(), task)
    flatbuffer_check.check(made.flatbuffer)
    flatbuffer_check.check_file(made.path)

  def test_fields_have_the_numbers_of_the_schema(self):
    flatbuffer_check.check(_pack(_sample()))
    wrong = []
    for table, fields in flatbuffer_check._TABLES.items():
      name = {'Quantization': 'QuantizationParameters'}.get(table, table)
      slots = {
          re.search('Add(.*)$', key)[1]: re.findall(r'Slot\((\d+)', source)
          for key, source in _adders(name).items()}
      for number, (field, _) in fields.items():
        field = {'options_type': 'builtin_options_type',
                 'options': 'builtin_options'}.get(field, field)
        camel = ''.join(part.title() for part in field.split('_'))
        if slots.get(camel) != [str(number)]:
          wrong.append((table, field, number, slots.get(camel)))
    self.assertEmpty(wrong)

  def test_options_with_vectors_are_those_of_the_schema(self):
    found = set()
    for name, number in vars(schema.BuiltinOptions).items():
      table = getattr(schema, name, None)
      for field in vars(table).values() if inspect.isclass(table) else ():
        source = inspect.getsource(field) if inspect.isfunction(field) else ''
        if '_tab.Vector' in source or '_tab.String' in source:
          offset = int(re.search(r'Offset\((\d+)\)', source)[1])
          found.add((number, (offset - 4) // 2))
    self.assertEqual(found, set(flatbuffer_check._VECTORS_OF_OPTIONS))

  @parameterized.named_parameters(
      ('buffer_of_a_tensor', lambda m: setattr(
          m.subgraphs[0].tensors[0], 'buffer', 2), 'buffer is 2'),
      ('shape', lambda m: setattr(
          m.subgraphs[0].tensors[0], 'shape', [-5, 2]), 'shape of Tensor'),
      ('memory', lambda m: (
          setattr(m.subgraphs[0].tensors[0], 'buffer', 0),
          setattr(m.subgraphs[0].tensors[0], 'shape', [2**15, 2**15])),
       'a tensor has 1,073,741,824 numbers'),
      ('input_of_an_operator', lambda m: setattr(
          m.subgraphs[0].operators[0], 'inputs', [7]), 'inputs has 7'),
      ('output_of_a_subgraph', lambda m: setattr(
          m.subgraphs[0], 'outputs', [-2]), 'outputs has -2'),
      ('code', lambda m: setattr(
          m.subgraphs[0].operators[0], 'opcodeIndex', 1), 'opcode_index is 1'),
      ('signature', lambda m: setattr(
          m.signatureDefs[0], 'subgraphIndex', 1), 'subgraph_index is 1'),
      ('tensor_of_a_signature', lambda m: setattr(
          m.signatureDefs[0].inputs[0], 'tensorIndex', 9), 'tensor_index is 9'),
      ('metadata', lambda m: setattr(m.metadata[0], 'buffer', 2**31),
       'buffer is 2147483648'),
      ('buffer_beyond_the_file', lambda m: (
          setattr(m.buffers[1], 'offset', 2**64 - 8),
          setattr(m.buffers[1], 'size', 16)), 'a buffer ends at byte'),
      ('sparsity', lambda m: setattr(
          m.subgraphs[0].tensors[0], 'sparsity', schema.SparsityParametersT()),
       'Tensor has a field 6'),
  )
  def test_wrong_numbers(self, forge, message):
    model = _sample()
    forge(model)
    with self.assertRaisesRegex(ValueError, message):
      flatbuffer_check.check(_pack(model))

  def test_no_table_is_read_again_and_again(self):
    model = _sample()
    [large] = model.subgraphs
    large.tensors = large.tensors * 1000
    model.subgraphs = [large] + [schema.SubGraphT() for _ in range(1000)]
    data = bytearray(_pack(model))
    flatbuffer_check.check(bytes(data))
    table = schema.Model.GetRootAs(data, 0)._tab
    places = table.Vector(table.Offset(8))  # Of the subgraphs' offsets.
    for place in range(places, places + 4 * 1000, 4):
      struct.pack_into('<I', data, place, table.Indirect(places) - place)
    with self.assertRaisesRegex(ValueError, 'again and again'):
      flatbuffer_check.check(bytes(data))

  def test_a_shape_has_few_dimensions(self):
    model = _sample()
    model.subgraphs[0].tensors[0].shape = [2] * 9
    with self.assertRaisesRegex(ValueError, '9 dimensions; at most 8'):
      flatbuffer_check.check(_pack(model))

  @parameterized.parameters(2**31 - 1, 2**32 - 1, 0, 3)
  def test_no_offset_leads_outside(self, value):
    """Replaces each word by a number: an error, or what numpy can read."""
    model = _pack(_sample())
    refused = 0
    for place in range(0, len(model) - 3, 4):
      forged = bytearray(model)
      forged[place:place + 4] = struct.pack('<I', value)
      try:
        flatbuffer_check.check(bytes(forged))
      except ValueError:
        refused += 1
    self.assertGreater(refused, 10)

  def test_cut_and_other_files(self):
    model = _pack(_sample())
    for size in range(len(model) - 1):
      with self.assertRaises(ValueError):
        flatbuffer_check.check(model[:size])
    with self.assertRaisesRegex(ValueError, 'no flatbuffer'):
      flatbuffer_check.check(b'PK\x03\x04' * 9)


def _adders(table: str) -> dict[str, str]:
  """Returns the source of the functions that add the fields of a table."""
  return {name: inspect.getsource(function)
          for name, function in vars(schema).items()
          if re.fullmatch(f'{table}Add[A-Z0-9].*', name)}


if __name__ == '__main__':
  tf.test.main()
