# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Enlarges channels of an encoder without changing its outputs.

NoNorm lets training do that: activations of the released model reach 1e7
(https://github.com/huggingface/transformers/issues/11327). Its weights are not
available everywhere, so exports are tested on models that are changed like
that.
"""

import numpy as np
import tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.modeling import layout as layout_lib


def outlier_encoder(num_blocks: int,
                    largest_exponent: int) -> modeling.MobileBertEncoder:
  """Returns the released architecture with random weights and outliers.

  Args:
    num_blocks: Number of blocks.
    largest_exponent: The largest outlier is this power of two; 0 for none.
  """
  tf_keras.utils.set_random_seed(0)
  encoder = modeling.MobileBertEncoder(
      modeling.get_architecture('mobilebert', num_blocks=num_blocks))
  rng = np.random.default_rng(0)
  for variable in encoder.trainable_variables:
    if 'gamma' in variable.name or 'beta' in variable.name:
      variable.assign_add(rng.normal(scale=0.05, size=variable.shape))
  enlarge_channels(encoder, outliers(
      encoder.architecture.inter_block_size, largest_exponent))
  return encoder


def enlarge_channels(encoder: modeling.MobileBertEncoder,
                     factors: np.ndarray) -> None:
  """Multiplies channels between blocks, and divides where they are read.

  In float32, powers of two change no other bit than the channels'.

  Args:
    encoder: An encoder with NoNorm; its weights are changed.
    factors: float32 `[inter_block_size]`.

  Raises:
    ValueError: If the encoder has LayerNorm, which would not let them grow.

  Example: `enlarge_channels(encoder, outliers(512, 24))`
  """
  layout = layout_lib.encoder_layout(encoder.architecture)
  if not layout.trigram.passes_scales:
    raise ValueError(
        'Only channels of an encoder with NoNorm are enlarged; this one has '
        f'{layout.trigram.norm.kind}.')
  norm = encoder.get_layer('embeddings').norm
  norm.gamma.assign(norm.gamma * factors)
  norm.beta.assign(norm.beta * factors)
  for block in encoder.blocks:
    weights = block.named_weights
    for product in layout.block.reading(layout_lib.WIDE):
      kernel = weights[f'{product.name}/kernel']
      kernel.assign(kernel / factors[:, np.newaxis])
    for product in layout.block.writing(layout_lib.WIDE):
      for name in (f'{product.name}/kernel', f'{product.name}/bias',
                   f'{product.norm.name}/beta'):
        weights[name].assign(weights[name] * factors)
  norm = encoder.blocks[-1].output_bottleneck.norm
  norm.gamma.assign(norm.gamma / factors)
  norm.beta.assign(norm.beta / factors)


def outliers(width: int, largest_exponent: int, share: float = 0.03,
             seed: int = 0) -> np.ndarray:
  """Returns factors of which a few are powers of two and all others 1.

  Args:
    width: Number of channels.
    largest_exponent: Exponent of the largest possible factor; the smallest
      outlier is at least its square root.
    share: Share of the channels that are outliers.
    seed: Seed of the choice.

  Returns:
    float32 `[width]`.

  Example: `outliers(512, 24).max()  # 16777216.0, 2^24`
  """
  rng = np.random.default_rng(seed)
  factors = np.ones(width, np.float32)
  chosen = rng.choice(width, max(1, int(share * width)), replace=False)
  factors[chosen] = 2.0 ** rng.integers(
      largest_exponent // 2, largest_exponent + 1, len(chosen))
  return factors
