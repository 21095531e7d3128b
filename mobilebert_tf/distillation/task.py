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

"""The task in which a student learns from its teacher, stage by stage."""

import dataclasses
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.distillation import learning_rate
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import transfer
from mobilebert_tf.tasks import pretraining
from official.core import config_definitions as cfg
from official.core import task_factory
from official.modeling import optimization


@dataclasses.dataclass
class DistillationConfig(pretraining.PretrainingConfig):
  """A student (`model`), its teacher, and how the one learns from the other.

  Attributes:
    teacher: Architecture of the teacher.
    teacher_checkpoint: Its checkpoint, as `mobilebert/pretrain` writes it, or a
      folder of them, of which the latest is taken.
    schedule: The stages. Their learning rates are the ones used; of the
      trainer's `optimizer_config` only the optimizer is read.
    loss_weights: Weights of the terms.
  """
  teacher: modeling.MobileBertConfig = dataclasses.field(
      default_factory=lambda: modeling.get_architecture('ib_bert_large'))
  teacher_checkpoint: str = ''
  schedule: schedules.ScheduleConfig = dataclasses.field(
      default_factory=schedules.ScheduleConfig)
  loss_weights: transfer.LossWeights = dataclasses.field(
      default_factory=transfer.LossWeights)


@task_factory.register_task_cls(DistillationConfig)
class DistillationTask(pretraining.PretrainingTask):
  """Knowledge transfer and distillation (Sun et al. 2020, section 3.3 to 3.5).

  Only the student is the task's model, so that its checkpoints are those of a
  pre-trained model; the teacher never changes and lives in the task. Both run
  without dropout, as in the reference.
  """

  def __init__(self, params: cfg.TaskConfig, logging_dir: str | None = None,
               name: str | None = None):
    super().__init__(params, logging_dir, name)
    self.stages = schedules.build_stages(
        params.schedule, params.teacher.num_blocks,
        params.model.encoder.get().num_blocks)
    self._teacher = None
    self._stage = None

  def create_optimizer(
      self, optimizer_config: optimization.OptimizationConfig,
      runtime_config: cfg.RuntimeConfig | None = None, dp_config: Any = None
  ) -> tf_keras.optimizers.Optimizer:
    """Builds the configured optimizer with the stages' learning rates."""
    del runtime_config, dp_config
    return optimization.OptimizerFactory(optimizer_config).build_optimizer(
        learning_rate.StagedLearningRate(self.stages))

  def initialize(self, model: modeling.MobileBertPretrainer) -> None:
    """Gives a new student the teacher's embeddings and heads.

    From `init_checkpoint`, if one is named, it takes all weights instead.
    """
    if self.task_config.init_checkpoint:
      super().initialize(model)
      return
    transfer.copy_from_teacher(self._load_teacher(), model)

  def check_length(self, train_steps: int) -> None:
    """Raises ValueError unless the schedule is as long as the training."""
    scheduled = sum(stage.num_steps for stage in self.stages)
    if scheduled != train_steps:
      raise ValueError(
          f'The schedule of {len(self.stages)} stages takes {scheduled} steps, '
          f'but trainer.train_steps is {train_steps}. Set both to the same.')

  def stage_index(self, step: int) -> int:
    """Returns the stage to which a step belongs; the last after the end."""
    for index, stage in enumerate(self.stages):
      step -= stage.num_steps
      if step < 0:
        return index
    return len(self.stages) - 1

  def enter_stage(self, index: int,
                  model: modeling.MobileBertPretrainer) -> None:
    """Prepares what the stage's steps run; a step traced after it is its."""
    stage = self.stages[index]
    self._stage = stage
    self._variables = transfer.stage_variables(model, stage)
    self._student_view = transfer.stage_view(
        model, stage.student_blocks, stage.distill)
    self._teacher_view = transfer.stage_view(
        self._load_teacher(), stage.teacher_blocks, stage.distill)

  @property
  def stage_metrics(self) -> list[str]:
    """The names of the metrics that the current stage has."""
    names = list(transfer.TERMS) if self._stage.student_blocks else []
    if self._stage.distill:
      names += ['masked_lm', 'next_sentence', 'masked_lm_accuracy']
    return names

  def build_metrics(self, training: bool | None = None
                    ) -> list[tf_keras.metrics.Metric]:
    if not training:
      return super().build_metrics(training)
    terms = (*transfer.TERMS, 'masked_lm', 'next_sentence')
    return [
        *(tf_keras.metrics.Mean(name=name) for name in terms),
        tf_keras.metrics.SparseCategoricalAccuracy(name='masked_lm_accuracy'),
    ]

  def train_step(self, inputs: dict[str, tf.Tensor],
                 model: modeling.MobileBertPretrainer,
                 optimizer: tf_keras.optimizers.Optimizer,
                 metrics: list[tf_keras.metrics.Metric]
                 ) -> dict[str, tf.Tensor]:
    """Runs one step of the current stage.

    Gradients are computed for the variables of the stage alone: nothing below
    the lowest of them is differentiated.
    """
    del model  # The stage's view of it.
    taught = _run(self._teacher_view, inputs)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(self._variables)
      learned = _run(self._student_view, inputs)
      terms = self._terms(taught, learned, inputs)
      loss = self._weigh(terms)
      # Replicas' gradients are summed; the loss is a mean over the batch.
      scaled = loss / tf.distribute.get_strategy().num_replicas_in_sync
    gradients = tape.gradient(scaled, self._variables)
    optimizer.apply_gradients(zip(gradients, self._variables, strict=True))
    self._update(metrics, terms, learned, inputs)
    return {self.loss: loss}

  def _update(self, metrics: list[tf_keras.metrics.Metric],
              terms: dict[str, tf.Tensor], learned: dict[str, tf.Tensor],
              inputs: dict[str, tf.Tensor]) -> None:
    for metric in metrics:
      if metric.name in terms:
        metric.update_state(terms[metric.name])
      elif self._stage.distill and metric.name == 'masked_lm_accuracy':
        metric.update_state(inputs['masked_lm_ids'], learned['mlm_logits'],
                            inputs['masked_lm_weights'])

  def _terms(self, taught: dict[str, tf.Tensor],
             learned: dict[str, tf.Tensor],
             inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    terms = {}
    if self._stage.student_blocks:
      terms.update(transfer.transfer_losses(
          taught, learned, inputs['input_mask']))
    if self._stage.distill:
      terms['masked_lm'] = losses.soft_masked_lm(
          taught['mlm_logits'], learned['mlm_logits'],
          inputs['masked_lm_ids'], inputs['masked_lm_weights'],
          self.task_config.loss_weights.ground_truth_ratio)
      terms['next_sentence'] = losses.next_sentence(
          learned['next_sentence'], inputs['next_sentence_labels'])
    return terms

  def _weigh(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
    weights = self.task_config.loss_weights
    return tf.add_n([
        value * getattr(weights, name) for name, value in terms.items()
    ])

  def _load_teacher(self) -> modeling.MobileBertPretrainer:
    """Builds and restores the teacher, once."""
    if self._teacher is None:
      teacher = modeling.MobileBertPretrainer(
          modeling.MobileBertEncoder(self.task_config.teacher),
          name='teacher')
      teacher.trainable = False
      checkpoints.restore(teacher, self.task_config.teacher_checkpoint)
      self._teacher = teacher
    return self._teacher


def _run(view: tf_keras.Model, batch: dict[str, tf.Tensor]
         ) -> dict[str, Any]:
  """Runs a view on the inputs it has, without dropout."""
  inputs = [batch[name] for name in view.input_names]
  return view(inputs, training=False)
