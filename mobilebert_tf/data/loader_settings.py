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


"""What every loader asks of its settings."""

from collections.abc import Sequence

from official.core import config_definitions as cfg


def check(params: cfg.DataConfig, needed: Sequence[str] = (
    'input_path', 'vocab_file')) -> None:
  """Checks what a loader has to be told.

  Args:
    params: The config, with `start_batch`, `seed` and `is_training`.
    needed: Fields that must not be empty.

  Raises:
    ValueError: If one is empty, a batch would be, or the loader would have to
      begin at a batch that nobody can tell.
  """
  for name in needed:
    if not getattr(params, name):
      raise ValueError(f'{name} is not set.')
  if params.global_batch_size < 1:
    raise ValueError(f'global_batch_size is {params.global_batch_size}; it '
                     'has to be at least 1.')
  if params.start_batch < 0:
    raise ValueError(f'start_batch is {params.start_batch}; it counts batches, '
                     'from 0.')
  if params.start_batch and not params.is_training:
    raise ValueError(f'start_batch is {params.start_batch}, but an evaluation '
                     'begins with the first batch. Leave it at 0.')
  if params.start_batch and params.seed is None:
    raise ValueError(
        f'start_batch is {params.start_batch}, but seed is not set, so the '
        'order of the batches before is not known. Set it to the seed of the '
        'run to continue.')


def check_length(params: cfg.DataConfig, num_special_tokens: int) -> None:
  """Checks that a text has room beside the special tokens.

  Args:
    params: The config, with `seq_length`.
    num_special_tokens: How many there are.

  Raises:
    ValueError: If it has none.
  """
  if params.seq_length <= num_special_tokens:
    raise ValueError(f'seq_length is {params.seq_length}, but the special '
                     f'tokens alone take {num_special_tokens}.')
