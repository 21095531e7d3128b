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


"""The arms of the paper's two ablations (Sun et al. 2020, tables 8 and 9)."""

import dataclasses
from typing import Any

from mobilebert_tf.pipelines import settings as settings_lib


@dataclasses.dataclass(frozen=True)
class Arm:
  """A way to train the student; all take the same number of steps.

  Attributes:
    key: Its name in files.
    strategy: Of `schedules.ScheduleConfig`; '' for pre-training without a
      teacher.
    loss_weights: Those that differ from the defaults.
    description: What is done, for the report.
  """
  key: str
  strategy: str
  description: str
  loss_weights: dict[str, float] = dataclasses.field(default_factory=dict)

  def task_changes(self, settings: settings_lib.Settings) -> dict[str, Any]:
    """Returns what the distillation task gets, beside the usual."""
    schedule = {'strategy': self.strategy}
    if self.strategy in ('none', 'auxiliary'):
      # One stage, so its warm-up is a tenth of all the steps.
      schedule['distillation_warmup_steps'] = settings.student_steps // 10
    if self.strategy == 'none':
      schedule['distillation_steps'] = settings.student_steps
    if self.strategy == 'joint':
      schedule['transfer_warmup_steps'] = (
          settings.student_steps - settings.distillation_steps) // 10
    return {'schedule': schedule, 'loss_weights': self.loss_weights}


NONE = Arm('none', '', 'no teacher: masked LM and next sentence')
PD = Arm('pd', 'none', 'distillation of the masked LM alone')
FMT = Arm('pd_fmt', 'progressive', 'before it, feature maps block by block',
          {'attention': 0.0})
PKT = Arm('pkt', 'progressive',
          'attention as well: all of progressive transfer')
AKT = Arm('akt', 'auxiliary', 'all losses at once, all the time')
JKT = Arm('jkt', 'joint', 'transfer of all blocks at once, then distillation')
ARMS = (NONE, PD, FMT, PKT, AKT, JKT)
# The arms of each table by their names in the paper.
TABLES = {
    'losses': {'none': NONE, 'PD': PD, 'PD+FMT': FMT, 'PD+FMT+AT': PKT},
    'schedules': {'AKT': AKT, 'JKT': JKT, 'PKT': PKT},
}
