# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.


"""From a fine-tuned model to the same one with fewer operations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from absl import logging
import tensorflow as tf, tf_keras

from mobilebert_tf.serving import folding
from mobilebert_tf.serving import inference_encoder
from mobilebert_tf.serving import rescaling


class RewrittenModel(tf.Module):
  """A model whose encoder is folded, and whose heads are as they were.

  Args:
    model: The model, an encoder with heads.
    folded: Its encoder, folded.

  Example: `rewrite(classifier)([ids, mask, types])`
  """

  def __init__(self, model: tf_keras.Model, folded: folding.FoldedEncoder):
    super().__init__()
    self.encoder = inference_encoder.InferenceEncoder(folded)
    heads = tf_keras.Model(
        model.encoder.output['sequence_output'], model.output)
    self.head_weights = heads.weights

    def call_heads(hidden: tf.Tensor) -> Any:  # Which tf.Module does not track.
      return heads(hidden, training=False)

    self._call_heads = call_heads

  def __call__(self, inputs: Sequence[tf.Tensor]) -> Any:
    """Returns the model's outputs.

    Args:
      inputs: Word ids, mask and type ids, int32 `[batch, length]`.
    """
    return self._call_heads(self.encoder(*inputs))


def rewrite(model: tf_keras.Model,
            batches: Iterable[Mapping[str, tf.Tensor]] = ()) -> RewrittenModel:
  """Folds a model for inference; its outputs stay the same.

  Args:
    model: A model on a `MobileBertEncoder`.
    batches: Inputs to calibrate with: channels are then scaled by powers of
      two, which changes no output in float32 and keeps them in the range of
      float16 and int8.

  Returns:
    The rewritten model.

  Raises:
    ValueError: If a weight is not finite.

  Example: `rewrite(classifier, [tokenizer.encode(texts)])`
  """
  folded = folding.fold(model.encoder)
  if folded.kept:
    logging.warning(
        'NoNorm stays as it is where its gammas are too small, or too large, '
        'to be folded: %s.', ', '.join(folded.kept))
  batches = list(batches)
  if batches:
    folded = rescaling.rescale(
        folded, rescaling.measure_ranges(folded, batches))
  return RewrittenModel(model, folded)
