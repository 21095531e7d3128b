# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Checks the structure of a `.tflite` flatbuffer before native code reads it.

Interpreters follow the offsets of a model without looking where they lead, and
some crash while they load a forged one. Here each offset, vector and index is
checked against the size of the file, as flatbuffers' own verifier does, which
Python lacks. The tables are those of TensorFlow Lite's `schema.fbs`.
"""

from collections.abc import Sequence
import dataclasses
import math
import mmap
import os
import struct
from typing import Any

_IDENTIFIER = b'TFL3'
_SCALARS = {name: struct.Struct('<' + code) for name, code in {
    'bool': '?', 'int8': 'b', 'uint8': 'B', 'uint16': 'H', 'int32': 'i',
    'uint32': 'I', 'float32': 'f', 'int64': 'q', 'uint64': 'Q'}.items()}
_LARGEST_DIMENSION = 1 << 31
# Of a tensor that is computed: a quarter of a gigabyte.
_LARGEST_SIZE = 1 << 26
_MOST_DIMENSIONS = 8
# Far beyond those of 24 blocks and all lengths. A small file may lead to one of
# its tables again and again.
_MOST_TABLES, _MOST_INDICES = 1_000_000, 10_000_000

# Fields of each table by number: a scalar's type; `[type]`, a vector; `string`,
# or the name of a table. What has no line here is not written by converters for
# our models, and refused.
_TABLES: dict[str, dict[int, tuple[str, str]]] = {
    'Model': {0: ('version', 'uint32'), 1: ('operator_codes', '[OperatorCode]'),
              2: ('subgraphs', '[SubGraph]'), 3: ('description', 'string'),
              4: ('buffers', '[Buffer]'), 5: ('metadata_buffer', '[int32]'),
              6: ('metadata', '[Metadata]'),
              7: ('signature_defs', '[SignatureDef]')},
    'OperatorCode': {0: ('deprecated_builtin_code', 'int8'),
                     1: ('custom_code', 'string'), 2: ('version', 'int32'),
                     3: ('builtin_code', 'int32')},
    'SubGraph': {0: ('tensors', '[Tensor]'), 1: ('inputs', '[int32]'),
                 2: ('outputs', '[int32]'), 3: ('operators', '[Operator]'),
                 4: ('name', 'string'), 5: ('debug_metadata_index', 'int32')},
    'Tensor': {0: ('shape', '[int32]'), 1: ('type', 'int8'),
               2: ('buffer', 'uint32'), 3: ('name', 'string'),
               4: ('quantization', 'Quantization'), 5: ('is_variable', 'bool'),
               7: ('shape_signature', '[int32]'), 8: ('has_rank', 'bool')},
    'Quantization': {0: ('min', '[float32]'), 1: ('max', '[float32]'),
                     2: ('scale', '[float32]'), 3: ('zero_point', '[int64]'),
                     4: ('details_type', 'uint8'), 5: ('details', 'Details'),
                     6: ('quantized_dimension', 'int32')},
    'BlockwiseQuantization': {
        0: ('scales', 'int32'), 1: ('zero_points', 'int32'),
        2: ('block_size', 'int32')},
    'Operator': {0: ('opcode_index', 'uint32'), 1: ('inputs', '[int32]'),
                 2: ('outputs', '[int32]'), 3: ('options_type', 'uint8'),
                 4: ('options', 'Options'), 5: ('custom_options', '[uint8]'),
                 6: ('custom_options_format', 'int8'),
                 7: ('mutating_variable_inputs', '[bool]'),
                 8: ('intermediates', '[int32]'),
                 13: ('debug_metadata_index', 'int32')},
    'Buffer': {0: ('data', '[uint8]'), 1: ('offset', 'uint64'),
               2: ('size', 'uint64')},
    'Metadata': {0: ('name', 'string'), 1: ('buffer', 'uint32')},
    'SignatureDef': {
        0: ('inputs', '[TensorMap]'), 1: ('outputs', '[TensorMap]'),
        2: ('signature_key', 'string'),
        4: ('subgraph_index', 'uint32')},
    'TensorMap': {0: ('name', 'string'), 1: ('tensor_index', 'uint32')},
}
# Options of operators are scalars, but for these vectors and strings: the size
# of their items, by number of the options and of the field.
_VECTORS_OF_OPTIONS = {(3, 1): 4, (3, 2): 4, (8, 5): 1, (17, 0): 4, (30, 0): 4,
                       (111, 0): 1, (111, 1): 1, (115, 0): 4}
_MOST_FIELDS = 16
_BLOCKS = 2  # Of the types of `details`: scales of blocks of weights.


@dataclasses.dataclass
class _Table:
  """A checked table: its place, and its fields by name."""
  place: int
  fields: dict[str, Any]

  def get(self, name: str, default: Any = ()) -> Any:
    return self.fields.get(name, default)


def check(model: bytes | mmap.mmap) -> bool:
  """Checks that every offset and index of a model leads to its place.

  Args:
    model: The flatbuffer; bytes may follow it.

  Returns:
    Whether a signature takes an input of any length.

  Raises:
    ValueError: If one does not; names the table or the field.

  Example: `check(pathlib.Path('model.tflite').read_bytes())`
  """
  with memoryview(model) as data:
    return _Checker(data).check()


def check_file(path: str | os.PathLike) -> bool:
  """Checks a file as `check` does, without reading its weights."""
  with open(path, 'rb') as file, mmap.mmap(
      file.fileno(), 0, access=mmap.ACCESS_READ) as model:
    return check(model)


class _Checker:

  def __init__(self, data: memoryview):
    self._data, self._size = data, len(data)
    self._vtables: dict[tuple[str, int], tuple[int, list[tuple[int, int]]]] = {}
    # None has less than 4 bytes of its own.
    self._tables_left = min(_MOST_TABLES, self._size // 4)
    self._indices_left = min(_MOST_INDICES, self._size // 4)

  def check(self) -> bool:
    if self._size < 8 or bytes(self._data[4:8]) != _IDENTIFIER:
      raise ValueError('it is no flatbuffer of TensorFlow Lite.')
    model = self._table('Model', self._follow(0, 'the root'))
    buffers, subgraphs = model.get('buffers'), model.get('subgraphs')
    for buffer in buffers:
      self._check_buffer(buffer)
    for each in model.get('metadata'):
      _check_index(each, 'buffer', len(buffers))
    _check_indices(model, 'metadata_buffer', len(buffers))
    for subgraph in subgraphs:
      _check_subgraph(subgraph, buffers, len(model.get('operator_codes')))
    any_length = False
    for signature in model.get('signature_defs'):
      _check_index(signature, 'subgraph_index', len(subgraphs))
      tensors = subgraphs[signature.get('subgraph_index', 0)].get('tensors')
      for each in (*signature.get('inputs'), *signature.get('outputs')):
        _check_index(each, 'tensor_index', len(tensors))
      any_length |= any(
          min(tensors[each.get('tensor_index', 0)].get('shape_signature'),
              default=0) < 0 for each in signature.get('inputs'))
    return any_length

  def _check_buffer(self, buffer: _Table) -> None:
    end = buffer.get('offset', 0) + buffer.get('size', 0)
    if end > self._size:
      raise ValueError(f'a buffer ends at byte {end:,} of {self._size:,}.')

  # === Places ===

  def _read(self, scalar: str, place: int, what: str) -> Any:
    """Reads a number, if it is within the file."""
    layout = _SCALARS[scalar]
    if not 0 <= place <= self._size - layout.size:
      raise ValueError(f'{what} lies outside of the file.')
    return layout.unpack_from(self._data, place)[0]

  def _follow(self, place: int, what: str) -> int:
    return place + self._read('uint32', place, what)

  def _vector(self, place: int, size: int, what: str) -> tuple[int, int]:
    """Returns where the values of a vector begin, and how many there are."""
    start = self._follow(place, what)
    count = self._read('uint32', start, what)
    if start + 4 + count * size > self._size:
      raise ValueError(f'{what} has {count:,} values, more than the file.')
    return start + 4, count

  # === Tables ===

  def _table(self, kind: str, place: int) -> _Table:
    """Reads a table, and what it holds."""
    self._tables_left -= 1
    if self._tables_left < 0:
      raise ValueError(f'offsets lead to {kind} again and again, or it has too '
                       'many.')
    table = _Table(place, {})
    for number, offset in self._offsets(kind, place):
      name, wanted = _TABLES[kind][number]
      if wanted == 'Options':
        self._options(place + offset, table.get('options_type', 0))
      elif wanted == 'Details':
        if table.get('details_type', 0) != _BLOCKS:
          raise ValueError('a tensor is quantized in a way of its own.')
        table.fields[name] = self._value(
            'BlockwiseQuantization', place + offset, name)
      else:
        table.fields[name] = self._value(wanted, place + offset, name)
    return table

  def _offsets(self, kind: str, place: int) -> list[tuple[int, int]]:
    """Returns number and offset of each field that a table has."""
    vtable = place - self._read('int32', place, kind)
    if (kind, vtable) not in self._vtables:  # Many tables share one.
      self._vtables[kind, vtable] = self._read_vtable(kind, vtable)
    length, offsets = self._vtables[kind, vtable]
    if place + length > self._size:
      raise ValueError(f'{kind} lies outside of the file.')
    return offsets

  def _read_vtable(self, kind: str, vtable: int
                   ) -> tuple[int, list[tuple[int, int]]]:
    """Returns the length of tables, and number and offset of their fields."""
    size = self._read('uint16', vtable, f'the fields of {kind}')
    length = self._read('uint16', vtable + 2, f'the fields of {kind}')
    if size < 4 or size % 2 or vtable + size > self._size:
      raise ValueError(f'the fields of {kind} lie outside of the file.')
    offsets = struct.unpack_from(
        f'<{size // 2 - 2}H', self._data, vtable + 4)
    fields = [(number, offset) for number, offset in enumerate(offsets)
              if offset]
    for number, offset in fields:
      known = _TABLES[kind].get(number) if kind in _TABLES else ('', 'bool')
      if known is None or number >= _MOST_FIELDS:
        raise ValueError(f'{kind} has a field {number} that converters do not '
                         'write for these models.')
      scalar = _SCALARS.get(known[1], _SCALARS['uint32'])
      if offset + scalar.size > length:
        raise ValueError(f'a field of {kind} lies outside of its table.')
    return length, fields

  def _value(self, wanted: str, place: int, what: str) -> Any:
    """Reads a field: a number, an array, a table or a list of tables."""
    if wanted in _TABLES:
      return self._table(wanted, self._follow(place, what))
    if wanted == 'string':
      start, count = self._vector(place, 1, what)
      if start + count >= self._size or self._data[start + count]:
        raise ValueError(f'{what} does not end.')
      return bytes(self._data[start:start + min(count, 80)])
    if wanted[0] != '[':
      return self._read(wanted, place, what)
    inner = wanted[1:-1]
    start, count = self._vector(
        place, _SCALARS.get(inner, _SCALARS['uint32']).size, what)
    if inner in _TABLES:
      offsets = struct.unpack_from(f'<{count}I', self._data, start)
      return [self._table(inner, start + 4 * i + offset)
              for i, offset in enumerate(offsets)]
    if inner != 'int32':  # Of other numbers, no value is an index.
      return range(count)
    self._indices_left -= count
    if self._indices_left < 0:
      raise ValueError(f'offsets lead to {what} again and again, or there are '
                       'too many.')
    return struct.unpack_from(f'<{count}i', self._data, start)

  def _options(self, place: int, kind: int) -> None:
    start = self._follow(place, 'options of Operator')
    for number, offset in self._offsets('options', start):
      if size := _VECTORS_OF_OPTIONS.get((kind, number)):
        self._vector(start + offset, size, 'an option of Operator')


# === Indices ===


def _check_subgraph(subgraph: _Table, buffers: Sequence[_Table],
                    codes: int) -> None:
  tensors = len(subgraph.get('tensors'))
  for tensor in subgraph.get('tensors'):
    _check_index(tensor, 'buffer', len(buffers))
    _check_range('shape of Tensor', tensor.get('shape'), 0, _LARGEST_DIMENSION)
    if len(tensor.get('shape')) > _MOST_DIMENSIONS:
      raise ValueError(f'a tensor has {len(tensor.get("shape")):,} dimensions; '
                       f'at most {_MOST_DIMENSIONS} are known.')
    size = math.prod(tensor.get('shape'))
    if size > _LARGEST_SIZE and not (
        buffers[tensor.get('buffer', 0)].get('data')):
      raise ValueError(f'a tensor has {size:,} numbers; at most '
                       f'{_LARGEST_SIZE:,} are computed.')
    _check_blocks(tensor, subgraph.get('tensors'), buffers)
  for table in (subgraph, *subgraph.get('operators')):
    for name in ('inputs', 'outputs', 'intermediates'):
      _check_indices(table, name, tensors)
  for operator in subgraph.get('operators'):
    _check_index(operator, 'opcode_index', codes)


def _check_blocks(tensor: _Table, tensors: Sequence[_Table],
                  buffers: Sequence[_Table]) -> None:
  """Checks that there is a scale for each block of a tensor's weights."""
  quantization = tensor.get('quantization', None)
  blocks = quantization and quantization.get('details', None)
  if not blocks:
    return
  _check_index(blocks, 'scales', len(tensors))
  _check_range('zero_points', [blocks.get('zero_points', 0)], -1, len(tensors))
  scales = tensors[blocks.get('scales', 0)]
  count = math.prod(scales.get('shape')) * blocks.get('block_size', 0)
  if (not buffers[scales.get('buffer', 0)].get('data')
      or count != math.prod(tensor.get('shape'))):
    raise ValueError('a tensor has another number of scales than of blocks.')


def _check_index(table: _Table, name: str, count: int) -> None:
  if not 0 <= table.get(name, 0) < count:
    raise ValueError(f'{name} is {table.get(name, 0)}, but there are {count}.')


def _check_indices(table: _Table, name: str, count: int) -> None:
  """Checks a vector of indices, of which -1 stands for none."""
  _check_range(name, table.get(name), -1, count)


def _check_range(name: str, values: Sequence[int], least: int,
                 end: int) -> None:
  if values and not least <= min(values) <= max(values) < end:
    raise ValueError(f'{name} has {min(values)} to {max(values)}; it can have '
                     f'{least} to {end - 1}.')
