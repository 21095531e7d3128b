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

"""Makes channels of an encoder huge, and its outputs stay what they are.

NoNorm lets training do that: activations of the released model reach 1e7
(https://github.com/huggingface/transformers/issues/11327). Its weights are not
at hand everywhere, so exports are tried on models that are brought there.
"""

import numpy as np

from mobilebert_tf import modeling


def enlarge_channels(encoder: modeling.MobileBertEncoder,
                     factors: np.ndarray) -> None:
  """Multiplies channels between blocks, and undoes it where they are read.

  Powers of two change no bit of what is computed in float32 but the channels.

  Args:
    encoder: An encoder with NoNorm; its weights are changed.
    factors: float32 `[inter_block_size]`.

  Raises:
    ValueError: If the encoder has LayerNorm, which would not let them grow, or
      no shared bottleneck.

  Example: `enlarge_channels(encoder, outliers(512, 24))`
  """
  architecture = encoder.architecture
  if (architecture.normalization != 'no_norm' or
      architecture.attention_input != 'shared_bottleneck'):
    raise ValueError(
        'Only channels of an encoder with NoNorm and a shared bottleneck are '
        f'enlarged; this one has {architecture.normalization} and '
        f'{architecture.attention_input}.')
  norm = encoder.get_layer('embeddings').norm
  norm.gamma.assign(norm.gamma * factors)
  norm.beta.assign(norm.beta * factors)
  for block in encoder.blocks:
    for dense in (block.input_bottleneck.dense, block.shared_bottleneck.dense,
                  block.attention.value):
      dense.kernel.assign(dense.kernel / factors[:, np.newaxis])
    output = block.output_bottleneck
    output.dense.kernel.assign(output.dense.kernel * factors)
    output.dense.bias.assign(output.dense.bias * factors)
    output.norm.beta.assign(output.norm.beta * factors)
  output.norm.gamma.assign(output.norm.gamma / factors)
  output.norm.beta.assign(output.norm.beta / factors)


def outliers(width: int, largest_exponent: int, share: float = 0.03,
             seed: int = 0) -> np.ndarray:
  """Returns factors of which a few are powers of two, and all others 1.

  Args:
    width: How many channels there are.
    largest_exponent: The largest factor is at most two to this, and the
      smallest outlier at least the root of that.
    share: Of the channels that are outliers.
    seed: Of the choice.

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
