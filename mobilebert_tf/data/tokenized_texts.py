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

"""The tokens of texts as arrays, without TensorFlow."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class TokenizedTexts:
  """The tokens of several texts, one after the other.

  The offsets count Python's characters, so `text[starts[i]:ends[i]]` is what
  token i stands for, with the accents that follow its last character.

  Attributes:
    ids: int32 `[tokens]`.
    starts: int32 `[tokens]`, the first character of each.
    ends: int32 `[tokens]`, the one after the last.
    splits: int64 `[texts + 1]`; text i has the tokens from `splits[i]` to
      `splits[i + 1]`.
  """
  ids: np.ndarray
  starts: np.ndarray
  ends: np.ndarray
  splits: np.ndarray

  @property
  def lengths(self) -> np.ndarray:
    """How many tokens each text has, int64 `[texts]`."""
    return np.diff(self.splits)
