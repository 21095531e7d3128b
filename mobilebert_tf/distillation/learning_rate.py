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

"""The learning rate of a schedule of stages."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf.distillation import schedules


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class StagedLearningRate(tf_keras.optimizers.schedules.LearningRateSchedule):
  """In each stage a linear warm-up from 0, and a decay to its end.

  At step `t` of a stage of `n` steps it is the lower of `peak * t / warmup` and
  `end + (peak - end) * (1 - t / n) ** decay_power`, so the decay counts from
  the beginning of the stage, as it does in BERT and in the released TF1 code.

  Args:
    stages: The stages in order, or their dicts.

  Attributes:
    first_step: Added to the step that it is called with. The optimizer counts
      the steps of a stage, and this is where the stage begins.

  Example:

  >>> schedule = StagedLearningRate([schedules.Stage(
  ...     num_steps=10, warmup_steps=2, learning_rate=1.0,
  ...     end_learning_rate=1.0)])
  >>> [float(schedule(step)) for step in (0, 1, 2)]
  [0.0, 0.5, 1.0]
  """

  def __init__(self, stages: Sequence[schedules.Stage | dict[str, Any]]):
    super().__init__()
    self._stages = [
        stage if isinstance(stage, schedules.Stage) else schedules.Stage(
            **stage) for stage in stages
    ]
    ends = np.cumsum([stage.num_steps for stage in self._stages])
    self._ends = ends.astype(np.int64)
    self._starts = self._ends - [stage.num_steps for stage in self._stages]
    self.first_step = tf.Variable(0, trainable=False, dtype=tf.int64)

  def __call__(self, step: tf.Tensor) -> tf.Tensor:
    step = tf.cast(step, tf.int64) + self.first_step
    last = len(self._stages) - 1
    index = tf.minimum(
        tf.searchsorted(self._ends, [step], side='right')[0], last)

    def at_stage(values):
      return tf.gather(tf.constant(values, tf.float32), index)

    peak = at_stage([stage.learning_rate for stage in self._stages])
    end = at_stage([stage.end_learning_rate for stage in self._stages])
    warmup = at_stage([stage.warmup_steps for stage in self._stages])
    length = at_stage([stage.num_steps for stage in self._stages])
    power = at_stage([stage.decay_power for stage in self._stages])
    done = tf.cast(step, tf.float32) - at_stage(self._starts)
    left = tf.clip_by_value(1.0 - done / length, 0.0, 1.0)
    decayed = end + (peak - end) * left**power
    rising = peak * done / tf.maximum(warmup, 1.0)
    return tf.where(done < warmup, tf.minimum(rising, decayed), decayed)

  def get_config(self) -> dict[str, Any]:
    return {'stages': [stage.as_dict() for stage in self._stages]}
