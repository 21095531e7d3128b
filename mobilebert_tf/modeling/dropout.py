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


"""Dropout whose masks a continued run draws again as they were."""

import contextlib
import dataclasses
import threading
from collections.abc import Iterator

import tensorflow as tf, tf_keras

_traced = threading.local()  # Replicas are traced in threads of their own.


@dataclasses.dataclass
class _StepSeed:
  """The seed of a step, and how many masks were drawn with it."""
  seed: tf.Tensor
  draws: int = 0

  def next(self) -> tf.Tensor:
    self.draws += 1
    return self.seed + tf.constant([0, self.draws], self.seed.dtype)


@contextlib.contextmanager
def step_seed(seed: int | None, step: tf.Tensor) -> Iterator[None]:
  """Makes the masks that are drawn within depend on seed and step alone.

  The state of TensorFlow's own dropout is in no checkpoint, so a run that was
  killed and continued would draw other masks than one that was not.

  Args:
    seed: Of the run; None counts as 0.
    step: int scalar, another in every step.

  Yields:
    Nothing.

  Example:

  >>> layer, masks = Dropout(0.5), []
  >>> for step in (7, 7):
  ...   with step_seed(1, step):
  ...     masks.append(layer(tf.ones([2, 8]), training=True))
  >>> bool(tf.reduce_all(masks[0] == masks[1]))
  True
  """
  context = tf.distribute.get_replica_context()
  replica = context.replica_id_in_sync_group if context else 0
  pair = tf.stack(
      [tf.constant(seed or 0, tf.int64), tf.cast(replica, tf.int64)])
  outer = getattr(_traced, 'current', None)
  _traced.current = _StepSeed(
      tf.random.experimental.stateless_fold_in(pair, tf.cast(step, tf.int64)))
  try:
    yield
  finally:
    _traced.current = outer


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Dropout(tf_keras.layers.Dropout):
  """Keras' dropout, with the masks of `step_seed` where there is one.

  Args:
    rate: Share of the inputs to drop, 0 to 1.
    **kwargs: Of `tf_keras.layers.Dropout`.
  """

  def call(self, inputs: tf.Tensor,
           training: bool | None = None) -> tf.Tensor:
    current = getattr(_traced, 'current', None)
    if not training or not self.rate or current is None:
      return super().call(inputs, training=training)
    return tf.nn.experimental.stateless_dropout(
        inputs, self.rate, seed=current.next())
