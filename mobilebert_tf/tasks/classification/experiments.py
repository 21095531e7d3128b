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

"""Fine-tunings of classification and regression at full scale."""

import functools

from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import task as task_lib


def of_kind(kind: task_kind.TaskKind) -> list[recipes.Experiment]:
  """Returns the experiments of a kind: GLUE's, and one for own texts."""
  found = [_glue(name, kind) for name in glue.GLUE_RECIPES
           if name in kind.recipes]
  name = kind.experiment.removeprefix('mobilebert/')
  if kind.has_labels:  # Whose config also reads numbers.
    found.insert(0, recipes.Experiment(
        name, kind.task_config, train_steps=3 * 67_349 // 32,  # Of SST-2.
        learning_rate=5e-5))
  return found


def _glue(name: str, kind: task_kind.TaskKind) -> recipes.Experiment:
  epochs, batch_size, learning_rate = glue.GLUE_RECIPES[name]
  epoch_steps = round(glue.GLUE_TASKS[name].rows['train'] / batch_size)
  return recipes.Experiment(
      f'glue/{name}', functools.partial(_glue_config, name, batch_size, kind),
      epochs * epoch_steps, learning_rate, epoch_steps=epoch_steps)


def _glue_config(name: str, batch_size: int, kind: task_kind.TaskKind
                 ) -> task_lib.SentencePredictionConfig:
  task, data = glue.GLUE_TASKS[name], loader.TextClassificationDataConfig
  config = task_lib.SentencePredictionConfig(
      kind=kind.name, metrics=list(task.metrics),
      train_data=data(
          is_training=True, global_batch_size=batch_size,
          **glue.part_fields(task, 'train')),
      validation_data=data(
          is_training=False, global_batch_size=32,
          **glue.part_fields(task, 'dev')))
  config.model.num_classes = task.num_classes
  return config
