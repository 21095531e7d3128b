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

"""Reads checkpoints of the google-research (TensorFlow 1) implementation."""

import pathlib
from typing import Any

import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import importing
from mobilebert_tf.checkpoints import reference_config


def load_pretrainer(folder: str | pathlib.Path,
                    **overrides: Any) -> modeling.MobileBertPretrainer:
  """Loads the pre-training model of a TF1 checkpoint folder.

  Args:
    folder: Holds `bert_config.json` and a checkpoint, whose prefix is found
      (Google's release calls it `mobilebert_variables.ckpt`). What a training
      run leaves beside the model's weights (optimizer slots, its teacher) is
      left alone.
    **overrides: Fields of the architecture to change, such as
      `attention_mask='tf1_reference'`.

  Returns:
    A pre-trainer with the checkpoint's weights.

  Raises:
    FileNotFoundError: If the folder lacks the config or a checkpoint.
    ValueError: If the config or the weights are not a MobileBERT's, a file is
      damaged, or an override is not accepted.
  """
  folder = pathlib.Path(folder)
  config = reference_config.read_config(
      folder / 'bert_config.json', **overrides)
  prefix = _find_prefix(folder)
  model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(config))
  try:
    reader = tf.train.load_checkpoint(str(prefix))
    importing.import_weights(
        model, 'tf1', reader.get_variable_to_shape_map(), reader.get_tensor,
        source=str(folder))
  except (tf.errors.OpError, IndexError) as error:  # As the reader raises.
    raise ValueError(
        f'{prefix} cannot be read ({error}); copy its .index and .data-* files '
        'again.') from error
  return model


def _find_prefix(folder: pathlib.Path) -> pathlib.Path:
  prefixes = sorted(path.with_suffix('') for path in folder.glob('*.index'))
  if len(prefixes) != 1:
    found = ', '.join(prefix.name for prefix in prefixes) or 'none'
    raise FileNotFoundError(
        f'{folder} should hold one checkpoint, PREFIX.index and PREFIX.data-*; '
        f'found: {found}.')
  return prefixes[0]
