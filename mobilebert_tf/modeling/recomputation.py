# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Recomputation of blocks in the backward pass, which saves their memory."""

from collections.abc import Callable, Iterator
import contextlib
import threading

import tensorflow as tf

from mobilebert_tf.modeling import layers

_traced = threading.local()  # Replicas are traced in threads of their own.


@contextlib.contextmanager
def of_blocks(enabled: bool) -> Iterator[None]:
  """Makes the blocks that are called in it keep their inputs alone.

  What the gradient needs besides is computed again when it is needed: a third
  more operations, and the memory of one block instead of all.

  Args:
    enabled: Whether to do so.
  """
  outer = getattr(_traced, 'enabled', False)
  _traced.enabled = enabled
  try:
    yield
  finally:
    _traced.enabled = outer


def run(compute: Callable[..., tuple[tf.Tensor, ...]],
        *inputs: tf.Tensor) -> tuple[tf.Tensor, ...]:
  """Runs a function, which is recomputed if that is enabled.

  The dropout of the second pass is that of the first. What the function calls
  is not recomputed once more.

  Args:
    compute: Function of the tensors that are differentiated.
    *inputs: The tensors.
  """
  if not getattr(_traced, 'enabled', False):
    return compute(*inputs)

  @layers.repeatable
  def once(*inputs: tf.Tensor) -> tuple[tf.Tensor, ...]:
    with of_blocks(False):
      return compute(*inputs)

  return tf.recompute_grad(once)(*inputs)
