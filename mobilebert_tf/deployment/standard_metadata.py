# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""TensorFlow Lite's standard metadata, which MediaPipe Tasks reads.

They say of each input and output what it is, and name the files behind the
model that hold vocabulary and labels. The tables are those of TensorFlow Lite's
`metadata_schema.fbs`, whose generated code no maintained package carries.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np

from mobilebert_tf.deployment import tflite_file

_FIELD, _IDENTIFIER, _PARSER_VERSION = 'TFLITE_METADATA', b'M001', '1.1.0'

_ALIGNMENT = 16  # Of weights, in bytes.

# The fields of each table, in the order of the schema; unions take two.
_TABLES = {
    'ModelMetadata': (
        'name', 'description', 'version', 'subgraph_metadata', 'author',
        'license', 'associated_files', 'min_parser_version'),
    'SubGraphMetadata': (
        'name', 'description', 'input_tensor_metadata',
        'output_tensor_metadata', 'associated_files', 'input_process_units'),
    'TensorMetadata': (
        'name', 'description', 'dimension_names', 'content', 'process_units',
        'stats', 'associated_files'),
    'ProcessUnit': ('options_type', 'options'),
    'BertTokenizerOptions': ('vocab_file',),
    'AssociatedFile': ('name', 'description', 'type'),
}
# Of the schema's `ProcessUnitOptions` and `AssociatedFileType`.
_BERT_TOKENIZER, _AXIS_LABELS, _VOCABULARY = 4, 2, 5

# Names that MediaPipe looks for, and descriptions, of our inputs.
_INPUTS = {
    'input_word_ids': ('ids', 'Ids of the tokens: [CLS], the text, [SEP].'),
    'input_mask': ('mask', '1 where there is a token, 0 where there is none.'),
    'input_type_ids': (
        'segment_ids', '1 for tokens of the second text, 0 for others.'),
}


# Names that the Task Library, which came before MediaPipe, wants of outputs.
_OUTPUTS = {'probabilities': 'probability'}


class _Table(dict):
  """The fields of a table by name, those that are not empty."""

  def __init__(self, kind: str, **fields: Any):
    super().__init__((name, value) for name, value in fields.items() if value)
    self.kind = kind


def attach(model: bytes, metadata: tflite_file.TFLiteMetadata) -> bytes:
  """Returns a model with standard metadata inside.

  Args:
    model: The flatbuffer that the converter made.
    metadata: Metadata of the file.
  """
  from ai_edge_litert import schema_py_generated as schema  # 0.1 s.
  tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
  buffer = schema.BufferT()
  buffer.data = _to_bytes(_describe(tree, metadata))
  entry = schema.MetadataT()
  entry.name, entry.buffer = _FIELD, len(tree.buffers)
  tree.buffers.append(buffer)
  tree.metadata = [*(tree.metadata or ()), entry]
  builder = _SharingBuilder(len(model) + len(buffer.data) + 1024)
  builder.Finish(tree.Pack(builder), b'TFL3')
  return bytes(builder.Output())


def _describe(tree: Any, metadata: tflite_file.TFLiteMetadata) -> _Table:
  """Returns the metadata of all subgraphs, in their order."""
  subgraphs = [_Table('SubGraphMetadata') for _ in tree.subgraphs]
  for signature in tree.signatureDefs:
    index = signature.subgraphIndex
    subgraphs[index] = _describe_signature(
        signature, tree.subgraphs[index], metadata)
  return _Table(
      'ModelMetadata', name=f'MobileBERT, {metadata.task}',
      description='Made by mobilebert_tf; metadata.json behind the model says '
      'more of it.', version='1', subgraph_metadata=subgraphs,
      min_parser_version=_PARSER_VERSION)


def _describe_signature(signature: Any, subgraph: Any,
                        metadata: tflite_file.TFLiteMetadata) -> _Table:
  def names(maps: Sequence[Any], order: Sequence[int]) -> list[str]:
    by_tensor = {each.tensorIndex: each.name.decode() for each in maps}
    return [by_tensor.get(tensor, '') for tensor in order]

  labels = _associated(
      tflite_file.LABELS, 'A label a line.', _AXIS_LABELS
  ) if metadata.labels else None
  vocabulary = _associated(
      tflite_file.VOCABULARY, 'A token a line.', _VOCABULARY)
  labelled = metadata.kind.number_outputs[0]
  return _Table(
      'SubGraphMetadata', name=signature.signatureKey.decode(),
      input_tensor_metadata=[
          _tensor(*_INPUTS.get(name, (name, '')))
          for name in names(signature.inputs, subgraph.inputs)],
      output_tensor_metadata=[
          _tensor(_OUTPUTS.get(name, name), '',
                  labels if name == labelled else None)
          for name in names(signature.outputs, subgraph.outputs)],
      input_process_units=[_Table(
          'ProcessUnit', options_type=_BERT_TOKENIZER, options=_Table(
              'BertTokenizerOptions', vocab_file=[vocabulary]))])


def _tensor(name: str, description: str,
            labels: _Table | None = None) -> _Table:
  return _Table('TensorMetadata', name=name, description=description,
                associated_files=labels and [labels])


def _associated(name: str, description: str, kind: int) -> _Table:
  return _Table(
      'AssociatedFile', name=name, description=description, type=kind)


# === Flatbuffer ===


class _SharingBuilder(flatbuffers.Builder):
  """Writes equal strings and vectors once, and weights where they belong.

  The signatures of a file have the scales and names of all weights each, which
  for int8 is as much as a twentieth of the weights.
  """

  def __init__(self, size: int):
    super().__init__(size)
    self._places: dict[tuple[str, bytes], int] = {}

  def CreateString(self, s, *args, **kwargs):  # pylint: disable=invalid-name
    key = 'string', s.encode() if isinstance(s, str) else bytes(s)
    if key not in self._places:
      self._places[key] = super().CreateString(s, *args, **kwargs)
    return self._places[key]

  def CreateNumpyVector(self, x):  # pylint: disable=invalid-name
    key = x.dtype.str, x.tobytes()
    if key not in self._places:
      if x.dtype == np.uint8:  # `force_align: 16`, which Python's code forgets.
        self.Prep(_ALIGNMENT, x.size)
      self._places[key] = super().CreateNumpyVector(x)
    return self._places[key]


def _to_bytes(root: _Table) -> bytes:
  builder = flatbuffers.Builder(0)
  builder.Finish(_write(builder, root), _IDENTIFIER)
  return bytes(builder.Output())


def _write(builder: flatbuffers.Builder, value: Any) -> int:
  """Writes a string, a list or a table, and returns its place."""
  if isinstance(value, str):
    return builder.CreateString(value)
  if isinstance(value, list):
    places = [_write(builder, each) for each in value]
    builder.StartVector(4, len(places), 4)
    for place in reversed(places):
      builder.PrependUOffsetTRelative(place)
    return builder.EndVector()
  return _write_table(builder, value.kind, {
      name: each if isinstance(each, int) else _write(builder, each)
      for name, each in value.items()}, value)


def _write_table(builder: flatbuffers.Builder, kind: str,
                 written: Mapping[str, int], fields: Mapping[str, Any]) -> int:
  """Writes a table of numbers, and of the places of what is written."""
  builder.StartObject(len(_TABLES[kind]))
  for slot, name in enumerate(_TABLES[kind]):
    if isinstance(fields.get(name), int):  # All of one byte.
      builder.PrependUint8Slot(slot, written[name], 0)
    elif name in written:
      builder.PrependUOffsetTRelativeSlot(slot, written[name], 0)
  return builder.EndObject()
