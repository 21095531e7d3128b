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

"""Fills a pre-trainer with the weights of a foreign checkpoint."""

from collections.abc import Callable, Collection

import numpy as np

from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import name_map

_LISTED = 10  # Names shown in an error; a whole model has a thousand.


def import_weights(model: modeling.MobileBertPretrainer,
                   checkpoint_format: str,
                   available: Collection[str],
                   read: Callable[[str], np.ndarray],
                   source: str) -> None:
  """Assigns every weight of a pre-trainer from a checkpoint.

  Args:
    model: The pre-trainer, whose architecture is that of the checkpoint.
    checkpoint_format: `'tf1'` or `'hugging_face'`, as in `name_map`.
    available: The names that the checkpoint holds.
    read: Returns the array of a name.
    source: The checkpoint's path, for messages.

  Raises:
    ValueError: If a weight is missing or of another shape, or the checkpoint
      has blocks or layers in them that the model has not, listing them; the
      model then keeps the weights it had.
  """
  names = name_map.weight_names(model.encoder.architecture)
  missing = [name.key(checkpoint_format) for name in names
             if name.key(checkpoint_format) not in available]
  if missing:
    raise ValueError(
        f'{source} lacks {len(missing)} of {len(names)} weights: '
        f'{_listed(missing)}. Is it the checkpoint of a MobileBERT '
        'pre-training model, and the config the one it was made with?')
  surplus = name_map.surplus_weights(names, checkpoint_format, available)
  if surplus:
    raise ValueError(
        f'{source} has {len(surplus)} weights in its blocks that the config '
        f'does not describe: {_listed(surplus)}. Is num_hidden_layers, '
        'num_feedforward_networks or the shared bottleneck another?')
  arrays = {
      name.ours: name.to_ours(read(name.key(checkpoint_format)),
                              checkpoint_format) for name in names
  }
  variables = {variable.name.removesuffix(':0'): variable
               for variable in model.weights}
  wrong = [
      f'{ours} is {array.shape}, the config says {tuple(variables[ours].shape)}'
      for ours, array in arrays.items()
      if array.shape != tuple(variables[ours].shape)
  ]
  if wrong:
    raise ValueError(f'{source} does not fit its config: {_listed(wrong)}.')
  for ours, array in arrays.items():
    variables[ours].assign(array)


def _listed(names: list[str]) -> str:
  rest = len(names) - _LISTED
  return ', '.join(names[:_LISTED]) + (f' and {rest} more' if rest > 0 else '')
