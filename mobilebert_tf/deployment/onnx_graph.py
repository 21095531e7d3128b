# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A folded model as an ONNX graph for any length and any number of texts.

It computes what `folding.InferenceEncoder` and `rewriting.RewrittenModel` do.
All tokens of all texts are rows of one matrix, so that a product and its bias
are what runtimes join to one operation; only attention knows texts. A converter
of TensorFlow's graph leaves ten times as many operations, most of them about
shapes.
"""

from collections.abc import Sequence
import hashlib
from typing import Any

import numpy as np
import mobilebert_tf
from mobilebert_tf.deployment import onnx_files
from mobilebert_tf.inference import folding
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import layout as layout_lib

try:
  import onnx
except ImportError as error:
  raise RuntimeError('Writing ONNX files needs onnx and onnxruntime: pip '
                     "install 'mobilebert_tf[onnx]'.") from error

FLOAT = onnx.TensorProto.FLOAT
# Of 2022, with LayerNormalization: ONNX Runtime 1.12 runs it.
OPSET, _IR_VERSION = 17, 8
INPUTS = ('input_ids', 'attention_mask', 'token_type_ids')
# Nodes of heads, which stay in float32: their weights hold scales of channels
# that may be 1e7 apart.
HEAD = 'head/'

_TF1_REFERENCE_SCORE = -6.0
_HARD_BIAS = {np.float32: -1e9, np.float16: -3e4}


class Graph:
  """An ONNX graph that is being made; values are known by their names.

  Example:

    graph = Graph()
    graph.output('sum', graph.add('Add', graph.input('x', [None, 2]), 1.0))
    onnx.save(graph.model(), 'model.onnx')
  """

  def __init__(self):
    self._nodes: list[onnx.NodeProto] = []
    self._inputs: list[onnx.ValueInfoProto] = []
    self._outputs: list[onnx.ValueInfoProto] = []
    self._known: dict[Any, Any] = {}  # Names by what they stand for.
    self._initializers: list[onnx.TensorProto] = []
    self._scope = ''

  def input(self, name: str, shape: Sequence[str | int]) -> str:
    """Adds an input of int64."""
    self._inputs.append(onnx.helper.make_tensor_value_info(
        name, onnx.TensorProto.INT64, shape))
    return name

  def output(self, name: str, value: str, shape: Sequence[str | int]) -> None:
    """Gives a value a name, and returns it to callers as float32."""
    self._nodes.append(onnx.helper.make_node(
        'Identity', [value], [name], f'output/{name}'))
    self._outputs.append(onnx.helper.make_tensor_value_info(
        name, FLOAT, shape))

  def scope(self, name: str) -> None:
    """Sets the beginning of the names of what is added from here on."""
    self._scope = name

  def add(self, operator: str, *inputs: Any, outputs: int = 1,
          **attributes: Any) -> Any:
    """Adds a node, unless there is one that computes the same.

    Args:
      operator: Name of the operator.
      *inputs: Names of values, or constants: arrays; numbers are float32, lists
        of them int64.
      outputs: Number of its outputs.
      **attributes: Its attributes.

    Returns:
      The name of its output, or a list of several.
    """
    values = [self._value(each) for each in inputs]
    key = (operator, *values, outputs, repr(attributes))
    if key not in self._known:
      name = f'{self._scope}{operator}_{len(self._nodes)}'
      names = [name] if outputs == 1 else [
          f'{name}:{i}' for i in range(outputs)]
      self._nodes.append(onnx.helper.make_node(
          operator, values, names, name, **attributes))
      self._known[key] = name if outputs == 1 else names
    return self._known[key]

  def _value(self, value: Any) -> str:
    if isinstance(value, str):
      return value
    if isinstance(value, float):
      value = np.array(value, np.float32)
    elif not isinstance(value, np.ndarray):
      value = np.array(value, np.int64)
    key = (value.dtype.str, value.shape,
           hashlib.sha256(np.ascontiguousarray(value)).digest())
    if key not in self._known:
      name = f'{self._scope}constant_{len(self._initializers)}'
      self._known[key] = name
      self._initializers.append(onnx.numpy_helper.from_array(value, name))
    return self._known[key]

  def model(self) -> onnx.ModelProto:
    """Returns the checked model."""
    model = onnx.helper.make_model(
        onnx.helper.make_graph(self._nodes, 'mobilebert', self._inputs,
                               self._outputs, self._initializers),
        opset_imports=[onnx.helper.make_opsetid('', OPSET)],
        ir_version=_IR_VERSION, producer_name=onnx_files.PRODUCER,
        producer_version=mobilebert_tf.__version__)
    onnx.checker.check_model(model)
    return model


class Encoder:
  """The nodes of a folded encoder.

  A [PAD] is added behind all texts, since the trigram at the last token reads
  it, and what padding holds is replaced by [PAD]. So no answer depends on how,
  or whether, a text is padded.

  Args:
    graph: The graph, to which three inputs `[batch, sequence]` are added.
    folded: The encoder.
    pad_id: Id of [PAD].
    dtype: Type of the computation, float32 or float16.

  Attributes:
    mask: Mask as it was given, int64 `[batch, sequence]`.
    padded_mask: That mask with the added [PAD].
  """

  def __init__(self, graph: Graph, folded: folding.FoldedEncoder, pad_id: int,
               dtype: type = np.float32):
    self._graph, self._folded, self._dtype = graph, folded, dtype
    self._architecture = folded.architecture
    self._layout = folded.layout.block
    graph.scope('inputs/')
    ids, self.mask, types = (
        graph.input(name, ['batch', 'sequence']) for name in INPUTS)
    used = graph.add('Cast', self.mask, to=onnx.TensorProto.BOOL)
    self._ids, self._types = (
        self._with_pad(graph.add('Where', used, values, filling), filling)
        for values, filling in ((ids, pad_id), (types, 0)))
    self.padded_mask = self._with_pad(self.mask, 0)
    self._length = graph.add('Shape', self._ids, start=1, end=2)
    self._batch = graph.add('Shape', self._ids, start=0, end=1)

  def stream(self, first_token_only: bool = False) -> str:
    """Adds all blocks; see `InferenceEncoder.stream`.

    Returns:
      `[rows, inter_block_size]`, float32, a row for each token of each text, or
      for each text if `first_token_only`.
    """
    stream, bias = self._embed(), self._mask_bias()
    for index, block in enumerate(self._folded.blocks):
      self._graph.scope(f'block_{index}/')
      stream = self._block(
          folding.join_projections(block, self._layout), stream, bias,
          first_token_only and index == len(self._folded.blocks) - 1)
    self._graph.scope(HEAD)
    return self._cast(stream, FLOAT)

  def unscale(self, stream: str) -> str:
    """Returns the encoder's output of the result of `stream`."""
    scaled = self._graph.add(
        'Mul', stream, self._folded.basis.scale.astype(np.float32))
    return self._graph.add(
        'Add', scaled, self._folded.basis.shift.astype(np.float32))

  def by_token(self, rows: str, width: int) -> str:
    """Returns rows as `[batch, sequence, width]`, without the added [PAD]."""
    return self._graph.add(
        'Slice', self.texts(rows, width), [0], [-1], [1])

  def first(self, rows: str, width: int) -> str:
    """Returns the row of the first token of each text, `[batch, width]`."""
    first = self._graph.add('Slice', self.texts(rows, width), [0], [1], [1])
    return self._graph.add('Reshape', first, [-1, width])

  def _with_pad(self, values: str, filling: int) -> str:
    return self._graph.add('Pad', values, [0, 0, 0, 1], filling)

  def _cast(self, value: str, to: int) -> str:
    if self._dtype == np.float32:
      return value
    return self._graph.add('Cast', value, to=to)

  def _weights(self, array: np.ndarray) -> np.ndarray:
    return array.astype(self._dtype)

  def _number(self, value: float) -> np.ndarray:
    return np.array(value, self._dtype)

  def texts(self, rows: str, width: int) -> str:
    """Returns rows as `[batch, sequence + 1, width]`."""
    shape = self._graph.add('Concat', self._batch, self._length, [width],
                            axis=0)
    return self._graph.add('Reshape', rows, shape)

  # === Embeddings and mask ===

  def _embed(self) -> str:
    graph, folded = self._graph, self._folded
    graph.scope('embeddings/')
    words = self._weights(folded.words)
    vectors = graph.add('Gather', words, self._ids)
    types, rows = folded.types, None
    if folded.trigram:
      # The bias is in the segments' vectors, which every token has.
      types = types + folded.trigram.bias
      rows = self._trigram(vectors, folded.trigram.kernel)
    positions = graph.add('Slice', self._weights(folded.positions), [0],
                          self._length, [0])
    added = graph.add('Add', graph.add(
        'Gather', self._weights(types), self._types), positions)
    if rows is None:
      added = graph.add('Add', vectors, added)
    stream = graph.add(
        'Reshape', added, [-1, self._architecture.inter_block_size])
    if rows is not None:
      stream = graph.add('Add', rows, stream)
    return self._normalize(stream, folded.norm)

  def _trigram(self, vectors: str, kernel: np.ndarray) -> str:
    """Returns the product of three word vectors, a row for each token."""
    graph = self._graph
    around = graph.add('Pad', vectors, [0, 1, 0, 0, 1, 0], self._number(0.0))
    after = graph.add('Slice', around, [2], [np.iinfo(np.int64).max], [1])
    before = graph.add('Slice', around, [0], [-2], [1])
    joined = graph.add('Concat', after, vectors, before, axis=-1)
    return graph.add('MatMul', graph.add(
        'Reshape', joined, [-1, kernel.shape[0]]), self._weights(kernel))

  def _mask_bias(self) -> tuple[str, str]:
    """Returns what multiplies and what is added to scores, `[B, 1, 1, L]`."""
    graph = self._graph
    dtype = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(self._dtype))
    mask = graph.add('Unsqueeze', graph.add('Cast', self.padded_mask, to=dtype),
                     [1, 2])
    padding = graph.add('Sub', self._number(1.0), mask)
    bias = self._folded.mask_bias or _HARD_BIAS[self._dtype]
    if not self._layout.ignores_padding:
      bias = _TF1_REFERENCE_SCORE
    return mask, graph.add('Mul', padding, self._number(bias))

  # === Blocks ===

  def _block(self, block: dict[str, Any], stream: str, mask: tuple[str, str],
             first_token_only: bool) -> str:
    tensors = {layout_lib.WIDE: stream}
    widths = {layout_lib.WIDE: self._architecture.inter_block_size}
    for reads, products in self._layout.projections.items():
      joined = self._dense(tensors[reads], block['projections'][reads])
      pieces = [joined] if len(products) == 1 else self._graph.add(
          'Split', joined, [product.shape[1] for product in products],
          outputs=len(products), axis=-1)
      for product, piece in zip(products, pieces, strict=True):
        tensors[product.writes] = self._normalize(
            piece, block['norms'][product.name])
        widths[product.writes] = product.shape[1]
    if first_token_only:  # Key and value are still those of all tokens.
      for name in (layout_lib.WIDE, layout_lib.NARROW, layout_lib.QUERY):
        if name in tensors:
          tensors[name] = self.first(tensors[name], widths[name])
    tensors[layout_lib.CONTEXT] = self._attend(
        tensors, mask, [1] if first_token_only else self._length)
    for product in self._layout.after_attention:
      tensors[product.writes] = self._product(
          product, block['maps'][product.name], tensors)
    return tensors[layout_lib.WIDE]

  def _attend(self, tensors: dict[str, str], mask: tuple[str, str],
              queries: Any) -> str:
    graph = self._graph
    query = self._heads(tensors[layout_lib.QUERY], queries, [0, 2, 1, 3])
    key = self._heads(tensors[layout_lib.KEY], self._length, [0, 2, 3, 1])
    value = self._heads(tensors[layout_lib.VALUE], self._length, [0, 2, 1, 3])
    scores = graph.add('MatMul', query, key)
    if not self._layout.ignores_padding:
      scores = graph.add('Mul', scores, mask[0])
    probabilities = graph.add(
        'Softmax', graph.add('Add', scores, mask[1]), axis=-1)
    context = graph.add('Transpose', graph.add('MatMul', probabilities, value),
                        perm=[0, 2, 1, 3])
    return graph.add('Reshape', context,
                     [-1, self._architecture.attention_size])

  def _heads(self, rows: str, length: Any, order: Sequence[int]) -> str:
    """Returns rows as `[batch, length, heads, size]` in another order."""
    heads = [self._architecture.num_attention_heads,
             self._architecture.attention_head_size]
    shape = self._graph.add('Concat', self._batch, length, heads, axis=0)
    return self._graph.add(
        'Transpose', self._graph.add('Reshape', rows, shape), perm=order)

  def _product(self, product: layout_lib.Product, weights: folding.Map,
               tensors: dict[str, str]) -> str:
    value = self._dense(tensors[product.reads], weights.dense)
    if product.residual:
      residual = tensors[product.writes]
      if weights.keep is not None:
        residual = self._graph.add(
            'Mul', residual, self._weights(weights.keep))
      value = self._graph.add('Add', value, residual)
    value = self._normalize(value, weights.norm)
    if product.activation:
      value = self._activate(value, product.activation)
    return value

  def _dense(self, rows: str, weights: folding.Dense) -> str:
    value = self._graph.add('MatMul', rows, self._weights(weights.kernel))
    if weights.bias.any():
      value = self._graph.add('Add', value, self._weights(weights.bias))
    return value

  def _normalize(self, rows: str, norm: folding.Norm | None) -> str:
    if norm is None:
      return rows
    return self._graph.add(
        'LayerNormalization', rows, self._weights(norm.gamma),
        self._weights(norm.beta), axis=-1, epsilon=layers.LAYER_NORM_EPSILON)

  def _activate(self, rows: str, name: str) -> str:
    graph, number = self._graph, self._number
    if name == 'relu':
      return graph.add('Relu', rows)
    if name == 'relu6':
      return graph.add('Clip', rows, number(0.0), number(6.0))
    half = graph.add('Mul', rows, number(0.5))
    if name == 'gelu_erf':
      inner = graph.add('Erf', graph.add('Mul', rows, number(0.5**0.5)))
    else:  # The tanh form.
      cube = graph.add('Mul', graph.add('Mul', rows, rows), rows)
      inner = graph.add('Add', rows, graph.add('Mul', cube, number(0.044715)))
      inner = graph.add('Tanh', graph.add(
          'Mul', inner, number((2 / np.pi)**0.5)))
    return graph.add('Mul', half, graph.add('Add', inner, number(1.0)))
