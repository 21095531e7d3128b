# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Models for inference: without Keras, and with fewer operations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from absl import logging
import tensorflow as tf, tf_keras

from mobilebert_tf.inference import encoder as encoder_lib
from mobilebert_tf.inference import folding
from mobilebert_tf.inference import rescaling
from mobilebert_tf import modeling


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
    self.architecture = getattr(
        getattr(model, 'encoder', model), 'architecture', None)

    def call(inputs: Any) -> Any:  # A closure, which tf.Module does not track.
      return model(inputs, training=False)

    self._call = call

  def __call__(self, inputs: Any) -> Any:
    return self._call(inputs)


# A head: whether it reads only the first token, and its function of the stream.
_Head = tuple[bool, Callable[[tf.Tensor], Any]]


class RewrittenModel(tf.Module):
  """A model whose encoder and heads are folded.

  The heads read the unscaled stream of the last block, and their weights hold
  the scale: its channels may be 1e7 apart, which int8 does not represent.

  Args:
    model: The model, an encoder with a head or alone.
    folded: Its encoder, folded.

  Raises:
    ValueError: If the model has other heads than one dense layer.

  Example: `rewrite(classifier)([ids, mask, types])`
  """

  def __init__(self, model: tf_keras.Model, folded: folding.FoldedEncoder):
    super().__init__()
    self.architecture = folded.architecture
    self.encoder = encoder_lib.InferenceEncoder(folded)
    self.head_weights: dict[str, Any] = {}
    # A closure, which tf.Module does not track.
    self._first_token_only, self._call_head = self._fold_head(model, folded)

  def __call__(self, inputs: Sequence[tf.Tensor]) -> Any:
    """Returns the model's outputs.

    Args:
      inputs: Word ids, mask and type ids, int32 `[batch, length]`.

    Returns:
      The model's outputs; for an encoder only `sequence_output` and
      `pooled_output`.
    """
    return self._call_head(self.encoder.stream(
        *inputs, first_token_only=self._first_token_only))

  def _fold_head(self, model: tf_keras.Model,
                 folded: folding.FoldedEncoder) -> _Head:
    if isinstance(model, modeling.MobileBertEncoder):
      return self._fold_outputs(model, folded)
    if not getattr(model, 'head_input', ''):
      raise ValueError(
          f'{type(model).__name__} cannot be rewritten for inference; '
          'accepted: an encoder, and models whose only head is a dense layer.')
    [head] = (layer for name, layer in model.checkpoint_items.items()
              if name != 'encoder')
    arrange = model.arrange_logits
    if model.head_input == 'sequence_output':
      read = self._dense('head', folded.read(head))
      return False, lambda stream: arrange(read(stream))
    pool = self._pooler(model.encoder, folded)
    if pool is None:
      read = self._dense('head', folded.read(head))
      return True, lambda stream: arrange(read(stream)[:, 0])
    read = self._dense('head', folding.as_dense(head))
    return True, lambda stream: arrange(read(pool(stream))[:, 0])

  def _fold_outputs(self, encoder: modeling.MobileBertEncoder,
                    folded: folding.FoldedEncoder) -> _Head:
    pool = self._pooler(encoder, folded)

    def answer(stream: tf.Tensor) -> dict[str, tf.Tensor]:
      pooled = (pool(stream[:, :1])[:, 0] if pool
                else self.encoder.unscale(stream[:, 0]))
      return {'sequence_output': self.encoder.unscale(stream),
              'pooled_output': pooled}

    return False, answer

  def _pooler(self, encoder: modeling.MobileBertEncoder,
              folded: folding.FoldedEncoder) -> Callable | None:
    """Returns the function from stream to pooled output; None without pooler.
    """
    if not encoder.architecture.use_pooler:
      return None
    read = self._dense('pooler', folded.read(encoder.get_layer('pooler').dense))
    return lambda stream: tf.tanh(read(stream))

  def _dense(self, name: str, weights: folding.Dense
             ) -> Callable[[tf.Tensor], tf.Tensor]:
    variables = encoder_lib.as_variables(weights, tf.float32)
    self.head_weights[name] = variables
    return lambda values: encoder_lib.dense(values, variables)


def rewrite(model: tf_keras.Model,
            batches: Iterable[Mapping[str, tf.Tensor]] = ()) -> RewrittenModel:
  """Folds a model for inference; its outputs stay the same.

  Args:
    model: A model on a `MobileBertEncoder`, or the encoder, which keeps
      `sequence_output` and `pooled_output`.
    batches: Inputs to calibrate with. Channels are then scaled by powers of
      two, which changes no output in float32 and keeps them in the range of
      float16 and int8.

  Returns:
    The rewritten model.

  Raises:
    ValueError: If a weight is not finite, or the model has other heads than one
      dense layer.

  Example: `rewrite(classifier, [tokenizer.encode(texts)])`
  """
  folded = folding.fold(getattr(model, 'encoder', model))
  if folded.kept:
    logging.warning(
        'These NoNorms have gammas that are too small or too large to fold, '
        'and stay: %s.', ', '.join(folded.kept))
  batches = list(batches)
  if batches:
    folded = rescaling.rescale(
        folded, rescaling.measure_ranges(folded, batches))
  return RewrittenModel(model, folded)
