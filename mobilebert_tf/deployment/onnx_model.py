# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A trained model as an ONNX model: its encoder, its head and its numbers.

Inputs and outputs have the names of Hugging Face's exports, which
transformers.js and optimum read; the numbers of the kind of task stand beside
them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.deployment import onnx_graph
from mobilebert_tf.inference import folding
from mobilebert_tf.inference import loading
from mobilebert_tf.modeling import sentence_encoder
from mobilebert_tf.text import vocabulary as vocabulary_lib

_PADDING_BIAS = -1e9
_SMALLEST = 1e-4  # Of divisors; see `sentence_encoder`.


def build(trained: loading.TrainedModel, folded: folding.FoldedEncoder,
          dtype: type = np.float32) -> Any:
  """Returns the `onnx.ModelProto` for any number of texts of any length.

  Args:
    trained: The model.
    folded: Its encoder, folded by `rewriting.fold`.
    dtype: Type of the computation, float32 or float16; outputs are float32.

  Raises:
    ValueError: If the model has other heads than one dense layer.

  Example: `onnx.save(build(trained, rewriting.fold(trained.model)), 'm.onnx')`
  """
  graph = onnx_graph.Graph()
  pad_id = vocabulary_lib.Vocabulary.read(trained.vocab_file).pad_id
  head = _Head(graph, onnx_graph.Encoder(graph, folded, pad_id, dtype), folded)
  names = trained.kind.hub_names
  outputs = {names.get(name, name): output
             for name, output in head.outputs(trained.model).items()}
  mask = graph.add('Cast', head.encoder.mask, to=onnx_graph.FLOAT)
  numbers = trained.kind.add_numbers(graph, {
      name: value for name, (value, _) in outputs.items()}, mask)
  for name, (value, shape) in {**outputs, **numbers}.items():
    graph.output(name, value, ['batch', *shape])
  return graph.model()


# A value of the graph, and its shape without the number of texts.
_Output = tuple[str, list[str | int]]


class _Head:
  """The nodes between a stream and the outputs of a model.

  They are those of `rewriting.RewrittenModel`, in float32.
  """

  def __init__(self, graph: onnx_graph.Graph, encoder: onnx_graph.Encoder,
               folded: folding.FoldedEncoder):
    self.encoder = encoder
    self._graph, self._folded = graph, folded
    self._width = folded.architecture.inter_block_size

  def outputs(self, model: tf_keras.Model) -> dict[str, _Output]:
    """Adds the blocks and the head of a model; returns its outputs by name."""
    if isinstance(model, (modeling.MobileBertEncoder, modeling.BertEncoder)):
      return self._vectors(model)
    if isinstance(model, modeling.SentenceEncoder):
      return {'vector': (self._sentence(model), [model.size])}
    if isinstance(model, modeling.EarlyExitClassifier):
      raise ValueError(
          'An ONNX file computes all blocks of every text, so that early exits '
          'would save nothing. Export them as TFLite or SavedModel; or, as '
          'ONNX, the classifier that they were trained on.')
    if not getattr(model, 'head_input', ''):
      raise ValueError(
          f'{type(model).__name__} cannot be exported to ONNX; accepted: an '
          'encoder, a sentence encoder, and models whose only head is a dense '
          'layer.')
    [head] = (layer for name, layer in model.checkpoint_items.items()
              if name != 'encoder')
    size = head.kernel.shape[1]
    if model.head_input == 'pooled_output':
      return {'logits': (self._of_first_token(model.encoder, head), [size])}
    logits = self.encoder.by_token(
        self._dense(self.encoder.stream(), self._folded.read(head)), size)
    if not isinstance(model, modeling.MobileBertQuestionAnswering):
      return {'logits': (logits, ['sequence', size])}
    columns = self._graph.add('Split', logits, outputs=2, axis=-1)
    return {name: (self._graph.add('Squeeze', column, [-1]), ['sequence'])
            for name, column in zip(
                ('start_logits', 'end_logits'), columns, strict=True)}

  def _vectors(self, model: modeling.MobileBertEncoder) -> dict[str, _Output]:
    stream = self.encoder.stream()
    hidden = self.encoder.unscale(stream)
    first = self.encoder.first(stream, self._width)
    pooled = self._pooled(model, first) if (
        model.architecture.use_pooler) else self.encoder.unscale(first)
    return {
        'last_hidden_state': (self.encoder.by_token(hidden, self._width),
                              ['sequence', self._width]),
        'pooler_output': (pooled, [self._width]),
    }

  def _of_first_token(self, encoder: modeling.MobileBertEncoder,
                      head: tf_keras.layers.Dense) -> str:
    stream = self.encoder.stream(first_token_only=True)
    if encoder.architecture.use_pooler:
      return self._dense(self._pooled(encoder, stream), folding.as_dense(head))
    return self._dense(stream, self._folded.read(head))

  def _pooled(self, encoder: modeling.MobileBertEncoder, first: str) -> str:
    return self._graph.add('Tanh', self._dense(
        first, self._folded.read(encoder.get_layer('pooler').dense)))

  def _sentence(self, model: modeling.SentenceEncoder) -> str:
    graph = self._graph
    score, project = (
        (lambda rows, name=name: self._dense(
            rows, self._folded.read(model.get_layer(name))))
        if name in model.checkpoint_items else None
        for name in ('sentence_attention', 'sentence_projection'))
    if model.pooling == sentence_encoder.FIRST:
      vectors = self.encoder.stream(first_token_only=True)
    else:
      vectors = self._weighted(self.encoder.stream(), score)
    vectors = project(vectors) if project else self.encoder.unscale(vectors)
    if not model.normalize:
      return vectors
    largest = graph.add('ReduceMax', graph.add('Abs', vectors), axes=[-1])
    vectors = graph.add('Div', vectors, graph.add('Max', largest, _SMALLEST))
    squares = graph.add('ReduceSumSquare', vectors, axes=[-1])
    return graph.add('Div', vectors, graph.add(
        'Sqrt', graph.add('Max', squares, _SMALLEST)))

  def _weighted(self, stream: str,
                score: Callable[[str], str] | None) -> str:
    """Returns the mean of a text's tokens, `[batch, width]`."""
    graph = self._graph
    mask = graph.add('Unsqueeze', graph.add(
        'Cast', self.encoder.padded_mask, to=onnx_graph.FLOAT), [1])
    if score:
      scores = graph.add('Transpose', self.encoder.texts(score(stream), 1),
                         perm=[0, 2, 1])
      padding = graph.add('Mul', graph.add('Sub', 1.0, mask), _PADDING_BIAS)
      weights = graph.add('Softmax', graph.add('Add', scores, padding), axis=-1)
    else:
      total = graph.add('ReduceSum', mask, [-1], keepdims=1)
      weights = graph.add('Div', mask, graph.add('Max', total, _SMALLEST))
    vectors = graph.add('MatMul', weights,
                        self.encoder.texts(stream, self._width))
    return graph.add('Squeeze', vectors, [1])

  def _dense(self, rows: str, weights: folding.Dense) -> str:
    product = self._graph.add('MatMul', rows, weights.kernel.astype(np.float32))
    return self._graph.add('Add', product, weights.bias.astype(np.float32))
