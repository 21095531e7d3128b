# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Four bits a weight, by ai-edge-quantizer.

It quantizes the weights of matrix products, in blocks of 32 with a scale each,
and leaves tables that are looked up in float32; these become int8 here.
"""

import contextlib
import io
import types
from typing import Any

import flatbuffers
import numpy as np


def check_installed() -> None:
  """Raises ValueError unless ai-edge-quantizer is installed."""
  _parts()


def _parts() -> tuple[types.ModuleType, types.ModuleType]:
  try:
    from ai_edge_quantizer import quantizer
    from ai_edge_quantizer import recipe
  except ImportError as error:
    raise ValueError(
        '--quantization=int4 needs ai-edge-quantizer: pip install '
        f'ai-edge-quantizer. ({error})') from error
  return quantizer, recipe


def quantize(model: bytes) -> bytes:
  """Returns a float32 model with int4 weights, and tables in int8.

  Args:
    model: The flatbuffer that the converter made.

  Raises:
    ValueError: If ai-edge-quantizer is not installed.
  """
  quantizer_lib, recipe = _parts()
  quantizer = quantizer_lib.Quantizer(bytearray(model))
  quantizer.load_quantization_recipe(recipe.dynamic_wi4b32_afp32())
  # It shows its progress.
  with contextlib.redirect_stdout(io.StringIO()), (
      contextlib.redirect_stderr(io.StringIO())):
    found = quantizer.quantize()
  return quantize_tables(bytes(found.quantized_model))


def quantize_tables(model: bytes) -> bytes:
  """Returns a model whose float32 tables of lookups are int8.

  As in the converter's files, a table has one scale, and DEQUANTIZE follows the
  lookup.
  """
  from ai_edge_litert import schema_py_generated as schema
  tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
  for buffer in tree.buffers:
    if buffer.size:  # Behind the flatbuffer, where the quantizer puts weights.
      buffer.data = np.frombuffer(model, np.uint8, buffer.size, buffer.offset)
      buffer.offset = buffer.size = 0
  scales: dict[int, float] = {}  # By buffer: signatures share them.
  for graph in tree.subgraphs:
    lookups = [each for each in graph.operators
               if _code(tree, each) == schema.BuiltinOperator.GATHER]
    for lookup in lookups:
      table = graph.tensors[lookup.inputs[0]]
      users = [each for each in graph.operators
               if lookup.inputs[0] in each.inputs]
      if (table.type == schema.TensorType.FLOAT32
          and tree.buffers[table.buffer].data is not None
          and all(each in lookups for each in users)):
        _quantize_table(tree, graph, users, scales, schema)
  builder = flatbuffers.Builder(len(model))
  builder.Finish(tree.Pack(builder), b'TFL3')
  return bytes(builder.Output())


def _quantize_table(tree: Any, graph: Any, lookups: list[Any],
                    scales: dict[int, float], schema: Any) -> None:
  """Makes the table of some lookups int8, and their results float again."""
  table = graph.tensors[lookups[0].inputs[0]]
  if table.buffer not in scales:
    buffer = tree.buffers[table.buffer]
    values = np.frombuffer(bytes(buffer.data), np.float32)
    scale = float(np.abs(values).max()) / 127 or 1.0
    buffer.data = np.frombuffer(
        np.round(values / scale).astype(np.int8).tobytes(), np.uint8)
    scales[table.buffer] = scale
  _set_int8(table, scales[table.buffer], schema)
  for lookup in lookups:
    result = graph.tensors[lookup.outputs[0]]
    read = schema.TensorT()
    read.name = result.name + b'_int8'
    read.shape, read.shapeSignature = result.shape, result.shapeSignature
    read.hasRank = result.hasRank
    _set_int8(read, scales[table.buffer], schema)
    graph.tensors.append(read)
    back = schema.OperatorT()
    back.opcodeIndex = _opcode(tree, schema.BuiltinOperator.DEQUANTIZE, schema)
    back.inputs = np.array([len(graph.tensors) - 1], np.int32)
    back.outputs = lookup.outputs
    lookup.outputs = back.inputs
    lookup.opcodeIndex = _opcode(tree, schema.BuiltinOperator.GATHER, schema)
    graph.operators.insert(graph.operators.index(lookup) + 1, back)


def _set_int8(tensor: Any, scale: float, schema: Any) -> None:
  tensor.type = schema.TensorType.INT8
  tensor.quantization = schema.QuantizationParametersT()
  tensor.quantization.scale = np.array([scale], np.float32)
  tensor.quantization.zeroPoint = np.array([0], np.int64)


def _code(tree: Any, operator: Any) -> int:
  code = tree.operatorCodes[operator.opcodeIndex]
  return max(code.builtinCode, code.deprecatedBuiltinCode)


def _opcode(tree: Any, builtin: int, schema: Any) -> int:
  """Returns the number of an operator's version 2, which reads int8."""
  for index, code in enumerate(tree.operatorCodes):
    if code.builtinCode == builtin and code.version == 2:
      return index
  code = schema.OperatorCodeT()
  code.builtinCode = code.deprecatedBuiltinCode = builtin
  code.version = 2
  tree.operatorCodes.append(code)
  return len(tree.operatorCodes) - 1
