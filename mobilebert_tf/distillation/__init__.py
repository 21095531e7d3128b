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

"""What is taught: losses, transfer schedules and the distillation task."""

from mobilebert_tf.distillation.schedules import build_stages
from mobilebert_tf.distillation.schedules import ScheduleConfig
from mobilebert_tf.distillation.schedules import Stage
from mobilebert_tf.distillation.schedules import StagedLearningRate
from mobilebert_tf.distillation.schedules import tf1_reference_schedule
from mobilebert_tf.distillation.task import DistillationConfig
from mobilebert_tf.distillation.task import DistillationTask
from mobilebert_tf.distillation.trainer import DistillationTrainer
from mobilebert_tf.distillation.transfer import copy_from_teacher
from mobilebert_tf.distillation.transfer import LossWeights

__all__ = [
    'DistillationConfig', 'DistillationTask', 'DistillationTrainer',
    'LossWeights', 'ScheduleConfig', 'Stage', 'StagedLearningRate',
    'build_stages', 'copy_from_teacher', 'tf1_reference_schedule'
]
