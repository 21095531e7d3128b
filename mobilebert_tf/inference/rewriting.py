# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Models for inference: without Keras, with fewer operations, and rescaled.

Rescaling divides channels by powers of two so that all have similar ranges,
which changes no bit of the result in float32. Coarser types gain: float16 ends
at 65,504 while NoNorm lets activations reach 1e7, and int8 has one scale for
all channels.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import copy
import functools
from typing import Any

from absl import logging
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.inference import folding
from mobilebert_tf.modeling import layout as layout_lib
from mobilebert_tf.modeling import sentence_encoder
from mobilebert_tf.modeling import validation

# Approximate largest value of a channel after rescaling, far from the end of
# float16, because other texts may exceed those that were measured.
_TARGET = 4.0
_MOST_EXPONENT = 60
# Added to masked scores in place of -1e9, which is infinite where a delegate
# computes in float16, and infinity times the 0 of a token is NaN. Softmax gives
# exactly 0 as long as scores are no larger than half of it, less 104.
_MASK_BIAS = -3e4
_LARGEST_SCORE = 14_900.0

_ENCODERS = (modeling.MobileBertEncoder, modeling.BertEncoder)

# A head: whether it reads only the first token, and its function of the stream
# and the mask.
_Head = tuple[bool, Callable[[tf.Tensor, tf.Tensor], Any]]


class InferenceModel(tf.Module):
  """Runs a model in inference mode and tracks only its weights.

  A SavedModel of a Keras model also holds a traced function for each layer.
  With a thousand layers that takes minutes, and serving calls none of them.

  Args:
    model: The model, an encoder with a head or alone.

  Example: `InferenceModel(classifier)([ids, mask, types])`
  """

  def __init__(self, model: tf_keras.Model):
    super().__init__()
    self.weights = model.weights
    self.architecture = getattr(_encoder(model), 'architecture', None)
    # A closure, which tf.Module does not track.
    self._call = lambda inputs: model(inputs, training=False)

  def __call__(self, inputs: Any) -> Any:
    return self._call(inputs)


class RewrittenModel(tf.Module):
  """A model whose encoder and heads are folded.

  The heads read the unscaled stream of the last block, and their weights hold
  the scale: its channels may be 1e7 apart, which int8 does not represent.

  Args:
    model: The model, an encoder with a head or alone.
    folded: Its encoder, folded.

  Raises:
    ValueError: If the model has other heads than one dense layer.
  """

  def __init__(self, model: tf_keras.Model, folded: folding.FoldedEncoder):
    super().__init__()
    self.architecture = folded.architecture
    self.encoder = folding.InferenceEncoder(folded)
    self.head_weights: dict[str, Any] = {}
    # A closure, which tf.Module does not track.
    self._first_token_only, self._call_head = self._fold_head(model, folded)

  def __call__(self, inputs: Sequence[tf.Tensor]) -> Any:
    """Returns the model's outputs; of an encoder its two final ones.

    Args:
      inputs: Word ids, mask and type ids, int32 `[batch, length]`.
    """
    stream = self.encoder.stream(
        *inputs, first_token_only=self._first_token_only)
    return self._call_head(stream, inputs[1])

  def _fold_head(self, model: tf_keras.Model,
                 folded: folding.FoldedEncoder) -> _Head:
    if isinstance(model, _ENCODERS):
      pool = self._pooler(model, folded)
      return False, lambda stream, mask: self._outputs(stream, pool)
    if isinstance(model, modeling.SentenceEncoder):
      return (model.pooling == sentence_encoder.FIRST,
              self._sentence_head(model, folded))
    if not getattr(model, 'head_input', ''):
      raise ValueError(
          f'{type(model).__name__} cannot be rewritten for inference; '
          'accepted: an encoder, a sentence encoder, and models whose only '
          'head is a dense layer.')
    [head] = (layer for name, layer in model.checkpoint_items.items()
              if name != 'encoder')
    arrange = model.arrange_logits
    if model.head_input == 'sequence_output':
      read = self._dense('head', folded.read(head))
      return False, lambda stream, mask: arrange(read(stream))
    classify = self._classifier(model, folded, head)
    return True, lambda stream, mask: arrange(classify(stream))

  def _classifier(self, model: tf_keras.Model, folded: folding.FoldedEncoder,
                  head: Any) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns the function from stream to logits of the first token."""
    pool = self._pooler(model.encoder, folded)
    if pool is None:
      read = self._dense('head', folded.read(head))
      return functools.partial(_read_first, read)
    read = self._dense('head', folding.as_dense(head))
    return lambda stream: read(pool(stream[:, :1]))[:, 0]

  def _sentence_head(self, model: modeling.SentenceEncoder,
                     folded: folding.FoldedEncoder
                     ) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Returns the function from stream and mask to vectors of texts.

    Weights of tokens sum to 1, so pooling and the unscaling may change places.
    """
    score, project = (
        self._dense(name, folded.read(model.get_layer(name)))
        if name in model.checkpoint_items else None
        for name in ('sentence_attention', 'sentence_projection'))

    def call(stream: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
      vectors = sentence_encoder.pool(
          stream, mask, model.pooling, score and score(stream))
      vectors = (project(vectors[:, tf.newaxis])[:, 0] if project
                 else self.encoder.unscale(vectors))
      return (sentence_encoder.unit_length(vectors) if model.normalize
              else vectors)

    return call

  def _outputs(self, stream: tf.Tensor,
               pool: Callable | None) -> dict[str, tf.Tensor]:
    """Returns the outputs of an encoder without a head."""
    return {
        'sequence_output': self.encoder.unscale(stream),
        'pooled_output': (pool(stream[:, :1])[:, 0] if pool
                          else self.encoder.unscale(stream[:, 0])),
    }

  def _pooler(self, encoder: modeling.MobileBertEncoder,
              folded: folding.FoldedEncoder) -> Callable | None:
    """Returns the function from stream to pooled output, if any."""
    if not encoder.architecture.use_pooler:
      return None
    read = self._dense('pooler', folded.read(encoder.get_layer('pooler').dense))
    return lambda stream: tf.tanh(read(stream))

  def _dense(self, name: str, weights: folding.Dense
             ) -> Callable[[tf.Tensor], tf.Tensor]:
    variables = folding.as_variables(weights, tf.float32)
    self.head_weights[name] = variables
    return lambda values: folding.dense(values, variables)


class SegmentedModel(RewrittenModel):
  """An early-exit classifier, folded, in segments from one exit to the next.

  Called as a whole it is the unbroken model without exits.

  Args:
    model: The model.
    folded: Its encoder, folded.

  Attributes:
    segments: Blocks of each segment, counted from 0.
  """

  def __init__(self, model: modeling.EarlyExitClassifier,
               folded: folding.FoldedEncoder):
    super().__init__(model, folded)
    ends = (*model.exit_blocks, folded.architecture.num_blocks)
    # Not a list, which tf.Module would wrap.
    self.segments = tuple(map(range, (0, *ends), ends))

  def advance(self, index: int, stream: tf.Tensor,
              mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Runs a segment.

    Args:
      index: Number of the segment, from 0.
      stream: Result of `encoder.embed`, or of the segment before.
      mask: int32 `[batch, length]`.

    Returns:
      The stream `[batch, length, inter_block_size]`, of length 1 after the last
      segment; and the logits of the exit, `[batch, classes]`.
    """
    is_last = index == len(self.segments) - 1
    stream = self.encoder.advance(
        stream, mask, self.segments[index], first_token_only=is_last)
    return stream, self._call_exit(index, stream)

  def _fold_head(self, model: modeling.EarlyExitClassifier,
                 folded: folding.FoldedEncoder) -> _Head:
    """Folds the classifier, and each exit with the basis of its block."""
    classify = self._classifier(model, folded, model.get_layer('classifier'))
    calls = [self._exit(f'exit_{block}', folded.bases[block - 1], [
        folding.Dense(*each) for each in model.exits.as_dense_layers(index)])
             for index, block in enumerate(model.exit_blocks)]
    calls.append(classify)
    self._call_exit = lambda index, stream: calls[index](stream)
    return True, lambda stream, mask: classify(stream)

  def _exit(self, name: str, basis: folding.Basis,
            layers: Sequence[folding.Dense]
            ) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns the function from stream to logits of an exit."""
    *pooler, classifier = layers
    if not pooler:
      return functools.partial(
          _read_first, self._dense(name, basis.read(classifier)))
    pool = self._dense(f'{name}/pooler', basis.read(*pooler))
    read = self._dense(name, classifier)
    return lambda stream: read(tf.tanh(pool(stream[:, :1])))[:, 0]


def _read_first(read: Callable[[tf.Tensor], tf.Tensor],
                stream: tf.Tensor) -> tf.Tensor:
  """Returns a dense layer's output for the first token, `[batch, width]`."""
  return read(stream[:, :1])[:, 0]


def rewrite(model: tf_keras.Model,
            batches: Iterable[Mapping[str, tf.Tensor]] = ()) -> RewrittenModel:
  """Folds a model for inference; its outputs stay the same.

  Args:
    model: A model on a `MobileBertEncoder`; or the encoder, which keeps
      `sequence_output` and `pooled_output`.
    batches: Inputs to calibrate with. If there are any, channels are rescaled
      to fit the range of float16 and int8.

  Raises:
    ValueError: If a weight is not finite, or the model has other heads than one
      dense layer.

  Example: `rewrite(classifier, [tokenizer.encode(texts)])`
  """
  rewritten = (SegmentedModel if isinstance(model, modeling.EarlyExitClassifier)
               else RewrittenModel)
  return rewritten(model, fold(model, batches))


def fold(model: tf_keras.Model, batches: Iterable[Mapping[str, tf.Tensor]] = ()
         ) -> folding.FoldedEncoder:
  """Folds the encoder of a model, and rescales it; see `rewrite`.

  Raises:
    ValueError: If a weight is not finite, or it is another encoder.
  """
  encoder = _encoder(model)
  if not isinstance(encoder, _ENCODERS):
    raise ValueError(
        f'The encoder is a {type(encoder).__name__}; only a MobileBERT, what '
        'is like it, and a plain BERT are rewritten for inference.')
  folded = folding.fold(encoder)
  if folded.kept:
    logging.warning(
        'These NoNorms have gammas that are too small or too large to fold, '
        'and stay: %s.', ', '.join(folded.kept))
  batches = list(batches)
  if batches:
    folded = rescale(folded, measure_ranges(folded, batches))
  return folded


def measure_ranges(folded: folding.FoldedEncoder,
                   batches: Iterable[Mapping[str, tf.Tensor]]
                   ) -> dict[str, np.ndarray]:
  """Measures the largest absolute value of each channel.

  Args:
    folded: The encoder.
    batches: Inputs of the encoder, by name.

  Returns:
    Arrays `[channels]` by the names that `InferenceEncoder` observes; padding
    counts.

  Raises:
    ValueError: If there is no batch.
  """
  encoder = folding.InferenceEncoder(folded)
  ids = tf.TensorSpec([None, None], tf.int32)

  @tf.function(input_signature=[ids, ids, ids])
  def measure(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    found: dict[str, tf.Tensor] = {}

    def observe(name: str, value: tf.Tensor) -> None:
      largest = tf.reduce_max(tf.abs(value), axis=[0, 1])
      found[name] = tf.maximum(found.get(name, largest), largest)

    encoder(*inputs, observe=observe)
    return found

  ranges: dict[str, np.ndarray] = {}
  for batch in batches:
    measured = measure(*(batch[name] for name in validation.INPUT_NAMES))
    for name, value in measured.items():
      ranges[name] = np.maximum(ranges.get(name, 0), value.numpy())
  if not ranges:
    raise ValueError('There is no text to calibrate with.')
  return ranges


def rescale(folded: folding.FoldedEncoder,
            ranges: Mapping[str, np.ndarray]) -> folding.FoldedEncoder:
  """Returns an equal encoder with similar ranges in all channels.

  A tensor is rescaled if a scale passes through every product that writes it:
  these products are divided by the powers, those that read it are multiplied.
  A LayerNorm, which reads all channels together, does not pass a scale.

  Args:
    folded: The encoder, not changed.
    ranges: Result of `measure_ranges` for it.

  Raises:
    ValueError: If attention scores are too large for a mask in float16.
  """
  folded, layout = copy.deepcopy(folded), folded.layout
  _limit_mask(folded, ranges)
  if layout.trigram and layout.trigram.passes_scales:
    _rescale_wide_stream(folded, layout, _powers(ranges[layout_lib.WIDE]))
  for index, block in enumerate(folded.blocks):
    of_block = {tensor: ranges[folding.range_name(index, tensor)]
                for tensor in layout.block.tensors}
    for tensor, largest in of_block.items():
      if tensor not in (layout_lib.WIDE, layout_lib.QUERY, layout_lib.KEY):
        _rescale_tensor(block, layout.block, tensor, _powers(largest))
    _balance_scores(block, layout.block, of_block)
  return folded


def _limit_mask(folded: folding.FoldedEncoder,
                ranges: Mapping[str, np.ndarray]) -> None:
  """Masks with a number of float16, if scores are small enough."""
  largest = max(float(ranges[folding.range_name(i, folding.SCORES)].max())
                for i in range(len(folded.blocks)))
  if largest > _LARGEST_SCORE:
    raise ValueError(
        f'Attention scores of the model reach {largest:,.0f}, so that padding '
        'cannot be masked with a number of float16. Its training diverged, or '
        'the texts to calibrate with are not what it was made for.')
  folded.mask_bias = _MASK_BIAS


def _encoder(model: tf_keras.Model) -> tf_keras.Model:
  return getattr(model, 'encoder', model)


def _rescale_wide_stream(folded: folding.FoldedEncoder,
                         layout: layout_lib.EncoderLayout,
                         powers: np.ndarray) -> None:
  _divide_outputs(folded.trigram, powers)
  folded.positions /= powers
  folded.types /= powers
  for block in folded.blocks:
    _rescale_tensor(block, layout.block, layout_lib.WIDE, powers)
  for basis in folded.bases:
    basis.scale = basis.scale * powers


def _rescale_tensor(block: dict[str, folding.Map],
                    layout: layout_lib.BlockLayout, tensor: str,
                    powers: np.ndarray) -> None:
  """Divides a tensor of a block by powers, if its writers pass scales."""
  if not all(product.passes_scales for product in layout.writing(tensor)):
    return
  for product in layout.writing(tensor):
    _divide_outputs(block[product.name].dense, powers)
  # Attention mixes values of tokens, never of channels.
  if tensor == layout_lib.VALUE:
    tensor = layout_lib.CONTEXT
  for product in layout.reading(tensor):
    block[product.name].dense.kernel *= powers[:, np.newaxis]


def _balance_scores(block: dict[str, folding.Map],
                    layout: layout_lib.BlockLayout,
                    ranges: Mapping[str, np.ndarray]) -> None:
  """Moves scale between query and key, whose product stays."""
  powers = _powers(
      np.sqrt(_safe(ranges[layout_lib.QUERY]) / _safe(ranges[layout_lib.KEY])),
      1.0)
  for tensor, factors in ((layout_lib.QUERY, powers),
                          (layout_lib.KEY, 1 / powers)):
    for product in layout.writing(tensor):
      _divide_outputs(block[product.name].dense, factors)


def _divide_outputs(dense: folding.Dense, powers: np.ndarray) -> None:
  dense.kernel /= powers
  dense.bias /= powers


def _powers(ranges: np.ndarray, target: float = _TARGET) -> np.ndarray:
  """Returns the powers of two to divide channels by."""
  exponents = np.round(np.log2(_safe(ranges) / target))
  return np.exp2(np.clip(exponents, -_MOST_EXPONENT, _MOST_EXPONENT))


def _safe(ranges: np.ndarray) -> np.ndarray:
  """Returns ranges with 1 in place of 0, for channels that are always 0."""
  return np.where(ranges > 0, ranges, 1.0).astype(np.float64)
