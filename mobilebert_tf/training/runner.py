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


"""The Model Garden's experiment runner, for workers that can be restarted."""

import tempfile
from typing import Any

import tensorflow as tf

from official.core import train_lib


class ExperimentRunner(train_lib.OrbitExperimentRunner):
  """Lets every worker go on from the checkpoints of the chief.

  The Model Garden's other workers look for checkpoints in a new temporary
  folder: they begin anew while the chief goes on, which fails at once.
  """

  def _maybe_build_checkpoint_manager(self) -> tf.train.CheckpointManager:
    if self.strategy.extended.should_checkpoint:
      return super()._maybe_build_checkpoint_manager()
    return _FollowingCheckpointManager(
        self.trainer.checkpoint,
        chief_dir=self.model_dir,
        max_to_keep=1,
        step_counter=self.trainer.global_step,
        checkpoint_interval=self.params.trainer.checkpoint_interval,
        init_fn=self.trainer.initialize)


class _FollowingCheckpointManager(tf.train.CheckpointManager):
  """Reads what the chief wrote, and writes to a folder that nobody reads.

  To write is an act of all workers together.

  Args:
    checkpoint: The worker's.
    chief_dir: Folder of the chief's checkpoints.
    **kwargs: Of `tf.train.CheckpointManager`.
  """

  def __init__(self, checkpoint: tf.train.Checkpoint, chief_dir: str,
               **kwargs: Any):
    self._unread = tempfile.TemporaryDirectory()
    super().__init__(checkpoint, self._unread.name, **kwargs)
    self._chief_dir = chief_dir

  def restore_or_initialize(self) -> str | None:
    path = tf.train.latest_checkpoint(self._chief_dir)
    if path is None:
      return super().restore_or_initialize()
    self.checkpoint.restore(path)
    return path
