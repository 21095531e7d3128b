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

"""Reads folders of Hugging Face `transformers`."""

import pathlib
from typing import Any

import safetensors

from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import importing
from mobilebert_tf.checkpoints import reference_config


def load_pretrainer(folder: str | pathlib.Path,
                    **overrides: Any) -> modeling.MobileBertPretrainer:
  """Loads a `MobileBertForPreTraining` folder.

  Args:
    folder: Holds `config.json` and `model.safetensors`.
    **overrides: Fields of the architecture to change.

  Returns:
    A pre-trainer with the folder's weights.

  Raises:
    FileNotFoundError: If the folder lacks one of the two. A
      `pytorch_model.bin` is a pickle, which can run any code, and is not read.
    ValueError: If the config or the weights are not a MobileBERT's, the file is
      damaged, or an override is not accepted.
  """
  folder = pathlib.Path(folder)
  config = reference_config.read_config(folder / 'config.json', **overrides)
  path = folder / 'model.safetensors'
  if not path.exists():
    raise FileNotFoundError(
        f'{folder} has no model.safetensors. A pytorch_model.bin is a pickle, '
        'which can run any code when it is read; save the model again with '
        'save_pretrained(folder, safe_serialization=True).')
  model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(config))
  try:
    with safetensors.safe_open(path, framework='numpy') as tensors:
      importing.import_weights(
          model, 'hugging_face', frozenset(tensors.keys()), tensors.get_tensor,
          source=str(path))
  except safetensors.SafetensorError as error:
    raise ValueError(
        f'{path} cannot be read ({error}); copy it again.') from error
  return model
