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

"""How alike two networks attend."""

import dataclasses

import numpy as np

_LEAST = 1e-7  # Below it, float32 probabilities are noise.


@dataclasses.dataclass(frozen=True)
class Similarity:
  """Teacher and student attention compared, one number a block.

  Attributes:
    divergence: `[blocks]`, KL(teacher || student) in nats, 0 when equal.
    uniform_divergence: `[blocks]`, KL(teacher || uniform): what a student that
      attends to everything alike would get.
    cosine: `[blocks]`, cosine of the two distributions, 1 when equal.
    by_head: Whether heads were compared one to one, or their means.
  """
  divergence: np.ndarray
  uniform_divergence: np.ndarray
  cosine: np.ndarray
  by_head: bool


def compare_attention(teacher: np.ndarray, student: np.ndarray) -> Similarity:
  """Compares attention probabilities, averaged over heads and queries.

  Args:
    teacher: `[blocks, heads, queries, keys]`, rows summing to 1.
    student: The same. Where the number of heads differs, the means over heads
      are compared.

  Returns:
    The similarity of each block.

  Raises:
    ValueError: If the shapes do not allow a comparison.
  """
  teacher = np.asarray(teacher, np.float64)
  student = np.asarray(student, np.float64)
  comparable = (
      teacher.ndim == student.ndim == 4
      and teacher.shape[0] == student.shape[0]
      and teacher.shape[2:] == student.shape[2:])
  if not comparable:
    raise ValueError(
        f'Attention of shape {teacher.shape} cannot be compared with '
        f'{student.shape}. Both must be [blocks, heads, queries, keys] with '
        'the same blocks, queries and keys.')
  by_head = teacher.shape[1] == student.shape[1]
  if not by_head:
    teacher = teacher.mean(axis=1, keepdims=True)
    student = student.mean(axis=1, keepdims=True)
  uniform = np.full_like(teacher, 1.0 / teacher.shape[-1])
  lengths = (np.linalg.norm(teacher, axis=-1)
             * np.linalg.norm(student, axis=-1))
  cosine = (teacher * student).sum(axis=-1) / np.maximum(lengths, _LEAST)
  return Similarity(
      divergence=_divergence(teacher, student),
      uniform_divergence=_divergence(teacher, uniform),
      cosine=cosine.mean(axis=(1, 2)),
      by_head=by_head)


def _divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
  """KL(p || q), `[blocks]`; a key that p ignores counts nothing."""
  ratios = np.log(np.maximum(p, _LEAST)) - np.log(np.maximum(q, _LEAST))
  return (p * ratios).sum(axis=-1).mean(axis=(1, 2))
