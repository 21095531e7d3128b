# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

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
