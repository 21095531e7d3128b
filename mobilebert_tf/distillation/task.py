# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Pre-training of a student by knowledge transfer and distillation."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.data import answer_records
from mobilebert_tf.distillation import compatibility
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import optimizers as optimization_lib
from mobilebert_tf.distillation import schedule_changes
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import stage_graphs
from mobilebert_tf.distillation import teachers
from mobilebert_tf.distillation import trainer
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.pretraining import task
from official.core import config_definitions as cfg
from official.core import task_factory
from official.modeling import optimization
from official.nlp.configs import bert

_TEACHER = 'ib_bert_large'
_TEACHER_DTYPES = ('float32', 'bfloat16')


@dataclasses.dataclass
class DistillationConfig(task.PretrainingConfig):
  """Config of a student (`model`), its teacher and the transfer schedule.

  Attributes:
    teacher: Architecture of the teacher; if it is the default, that of the
      YAML beside `teacher_checkpoint`, where a run of ours wrote it.
    teacher_checkpoint: Checkpoint of the teacher, as `mobilebert/pretrain`
      writes it, or a folder of them, of which the latest is taken.
    schedule: Stages with their learning rates; of the trainer's
      `optimizer_config` only the optimizer is read.
    loss_weights: Weights of the terms.
    variant: `paper`, or `tf1_reference` for the losses of the released code
      (`losses.transfer_losses` and `transfer_losses_tf1_reference`).
    teacher_dtype: `float32`, or `bfloat16`, which halves the teacher's memory
      and, where the hardware has bfloat16, its time; normalizations, next to
      none of it, stay float32.
    top_k: Number of the teacher's most probable tokens in the soft masked-LM
      loss, beside one for all others (`losses.soft_masked_lm_of_top`); 0 for
      the whole distribution. Answers that `train_data.use_teacher_answers`
      reads have their own.
  """
  teacher: modeling.MobileBertConfig = dataclasses.field(
      default_factory=lambda: modeling.get_architecture(_TEACHER))
  teacher_checkpoint: str = ''
  schedule: schedules.ScheduleConfig = dataclasses.field(
      default_factory=schedules.ScheduleConfig)
  loss_weights: losses.LossWeights = dataclasses.field(
      default_factory=losses.LossWeights)
  variant: str = 'paper'
  teacher_dtype: str = 'float32'
  top_k: int = 0

  def found(self) -> dict[str, Any]:
    """Returns the architecture of a teacher that is not named here."""
    if (not self.teacher_checkpoint
        or self.teacher != modeling.get_architecture(_TEACHER)):
      return {}
    architecture = teachers.read_architecture(self.teacher_checkpoint)
    return {'teacher': architecture.as_dict()} if architecture else {}

  def build_stages(self) -> list[schedules.Stage]:
    """Returns the stages of the schedule for this teacher and this student."""
    return schedules.build_stages(
        self.schedule, self.teacher.num_blocks, self._student_depth)

  def complete(self) -> dict[str, Any]:
    """Returns the rates and warm-ups that the schedule leaves open."""
    return {'schedule': schedules.complete(
        self.schedule, self._student_depth).as_dict()}

  def num_steps(self) -> int:
    """Returns the length of the schedule."""
    return sum(stage.num_steps for stage in self.build_stages())

  def check_resumed(self, params: Mapping[str, Any], step: int) -> None:
    """Raises ValueError if stages that a run has begun would be others.

    Args:
      params: Params with which the run was begun, by their dotted names.
      step: Number of steps that it has done.
    """
    depth = params.get('task.teacher.num_blocks', self.teacher.num_blocks)
    then = schedules.build_stages(
        schedule_changes.read_schedule(params), depth, self._student_depth)
    schedule_changes.check(then, self.build_stages(), step)

  @property
  def _student_depth(self) -> int:
    return self.model.encoder.get().num_blocks


@task_factory.register_task_cls(DistillationConfig)
class DistillationTask(task.PretrainingTask):
  """Knowledge transfer and distillation (Sun et al. 2020, section 3.3 to 3.5).

  Only the student is the task's model, so that its checkpoints are those of a
  pre-trained model; the teacher is frozen and belongs to the task. Both run
  without dropout, as in the reference.
  """

  trainer_class = trainer.DistillationTrainer

  def __init__(self, params: cfg.TaskConfig, logging_dir: str | None = None,
               name: str | None = None):
    super().__init__(params, logging_dir, name)
    _check_accepted('variant', params.variant, losses.VARIANTS)
    _check_accepted('teacher_dtype', params.teacher_dtype, _TEACHER_DTYPES)
    self._depth = params.model.encoder.get().num_blocks
    self.stages = params.build_stages()
    self._teacher = None
    self._comparison = None
    self._graph = None
    self._graphs: dict[int, Any] = {}  # By number of a stage.
    self._reads_answers = getattr(
        params.train_data, 'use_teacher_answers', False)
    if self._reads_answers and any(s.student_blocks for s in self.stages):
      raise ValueError(
          'task.train_data.use_teacher_answers is true, but the answers of '
          'records are those of the masked-LM head alone: transfer needs the '
          'teacher itself. Set task.schedule.strategy to none, and '
          'task.init_checkpoint to the last checkpoint of the transfer.')

  def build_model(self, params: bert.PretrainerConfig | None = None
                  ) -> modeling.MobileBertPretrainer:
    """Builds the student, and the teacher if its checkpoint is named."""
    model = super().build_model(params)
    if self.task_config.teacher_checkpoint and not self._reads_answers:
      self._load_teacher()
    return model

  def create_optimizer(
      self, optimizer_config: optimization.OptimizationConfig,
      runtime_config: cfg.RuntimeConfig | None = None, dp_config: Any = None
  ) -> tf_keras.optimizers.Optimizer:
    """Builds the configured optimizer with the stages' learning rates."""
    del runtime_config, dp_config
    self.learning_rate = schedules.StagedLearningRate(self.stages)
    optimizer = optimization.OptimizerFactory(optimizer_config).build_optimizer(
        self.learning_rate)
    _check_multipliers(optimizer, self.stages)
    return optimizer

  def initialize(self, model: modeling.MobileBertPretrainer) -> None:
    """Copies the teacher's embeddings and heads into a new student.

    If `init_checkpoint` is named, the student starts from that instead.
    """
    if self.task_config.init_checkpoint:
      super().initialize(model)
      return
    # Weights are copied in full precision, whatever the teacher runs in.
    teacher = (self._load_teacher()
               if self.task_config.teacher_dtype == 'float32'
               and not self._reads_answers
               else self._restore_teacher())
    teachers.copy_to_student(teacher, model)

  def check_experiment(self, params: cfg.ExperimentConfig) -> None:
    """Raises ValueError if teacher, student, data and schedule do not fit."""
    super().check_experiment(params)
    self.check_length(params.trainer.train_steps)
    compatibility.check(self.task_config, self.stages)

  def check_length(self, train_steps: int) -> None:
    """Raises ValueError unless the schedule is as long as the training."""
    scheduled = sum(stage.num_steps for stage in self.stages)
    if scheduled != train_steps:
      raise ValueError(
          f'The schedule of {len(self.stages)} stages takes {scheduled} steps, '
          f'but trainer.train_steps is {train_steps}. Leave train_steps out, '
          'or set it to 0: it then follows from the schedule.')

  def build_inputs(
      self, params: cfg.DataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches; raises ValueError if a loss lacks its inputs."""
    batches = super().build_inputs(params, input_context)
    compatibility.check_inputs(batches)
    return batches

  def stage_index(self, step: int) -> int:
    """Returns the index of a step's stage; after the end that of the last."""
    for index, stage in enumerate(self.stages):
      step -= stage.num_steps
      if step < 0:
        return index
    return len(self.stages) - 1

  def describe_step(self, step: int) -> str:
    """Returns the stage of a step for messages."""
    return f'stage {self.stages[self.stage_index(step)].name}'

  def learning_rate_setting(self, step: int) -> str:
    """Returns the name of the setting of a step's peak learning rate."""
    kind = ('distillation' if self.stages[self.stage_index(step)].distill
            else 'transfer')
    return f'task.schedule.{kind}_learning_rate'

  @property
  def stage_ends(self) -> dict[int, str]:
    """Names of the stages by the number of steps that are done at their end."""
    ends = itertools.accumulate(stage.num_steps for stage in self.stages)
    return {end: stage.name for end, stage in zip(ends, self.stages,
                                                  strict=True)}

  def enter_stage(self, index: int, model: modeling.MobileBertPretrainer,
                  optimizer: tf_keras.optimizers.Optimizer) -> None:
    """Prepares the graph and the learning rates of a stage."""
    stage = self.stages[index]
    has_multipliers = isinstance(optimizer, optimization_lib.ReferenceLamb)
    if index not in self._graphs:
      self._graphs |= self._build_graphs(index, model, has_multipliers)
    self._graph = self._graphs[index]
    multipliers = self._graph.enter(stage)
    if has_multipliers:
      optimizer.set_multipliers(multipliers)

  def forget_stages_before(self, index: int) -> list[Any]:
    """Drops what only stages before one needed, and returns what is left."""
    self._graphs = {stage: graph for stage, graph in self._graphs.items()
                    if stage >= index}
    return list(self._graphs.values())

  @property
  def graph(self) -> Any:
    """What the current stage computes; a graph is traced once."""
    return self._graph

  def _build_graphs(self, index: int, model: modeling.MobileBertPretrainer,
                    has_multipliers: bool) -> dict[int, Any]:
    """Returns a new graph by the numbers of all stages that share it."""
    stage, of_all = self.stages[index], self._compares_all_outputs
    if not (has_multipliers and stage_graphs.can_share(stage, of_all)):
      teacher = None if self._reads_answers else self._load_teacher()
      return {index: stage_graphs.StageGraph(model, teacher, stage, of_all)}
    sharing = {number: each for number, each in enumerate(self.stages)
               if stage_graphs.can_share(each, of_all)}
    return dict.fromkeys(sharing, stage_graphs.BlockGraph(
        model, self._load_teacher(), list(sharing.values()), of_all))

  def name_losses(self, values: tf.Tensor,
                  blocks: Sequence[int]) -> dict[str, tf.Tensor]:
    """Names the losses `[student's blocks, terms]` of the compared blocks.

    Names are `feature_map` for the mean, `feature_map/block_3` for one block.
    """
    values = tf.gather(values, blocks)
    means = dict(zip(losses.TERMS, tf.unstack(tf.reduce_mean(values, 0)),
                     strict=True))
    singles = {
        f'{term}/block_{block}': values[row, column]
        for row, block in enumerate(blocks)
        for column, term in enumerate(losses.TERMS)
    }
    return {**means, **singles}

  def stage_metrics(self, stage: schedules.Stage) -> list[str]:
    """Returns the names of the metrics of a stage."""
    names = [trainer.TRANSFER] if stage.student_blocks else []
    if stage.distill:
      names += ['masked_lm', 'masked_lm_accuracy']
      if self.task_config.train_data.use_next_sentence_label:
        names.append('next_sentence')
    return [*names, gradient_step.GRADIENT_NORM]

  @property
  def all_blocks(self) -> list[int]:
    """All blocks of the student, which evaluation compares."""
    return list(range(self._depth))

  def build_metrics(self, training: bool | None = None
                    ) -> list[tf_keras.metrics.Metric]:
    by_block = tf_keras.metrics.MeanTensor(
        trainer.TRANSFER, shape=[self._depth, len(losses.TERMS)])
    if not training:
      compared = [by_block] if self._teacher is not None else []
      return [*super().build_metrics(training), *compared]
    means = ('masked_lm', 'next_sentence')
    return [
        by_block,
        *(tf_keras.metrics.Mean(name=name) for name in means),
        *gradient_step.norm_metrics(training),
        tf_keras.metrics.SparseCategoricalAccuracy(name='masked_lm_accuracy'),
    ]

  def trained_variables(
      self, model: modeling.MobileBertPretrainer) -> list[tf.Variable]:
    """Returns the variables of the current stage.

    Nothing below the lowest of them is differentiated.
    """
    del model
    return self._graph.variables

  def compute(self, part: gradient_step.Slice,
              model: modeling.MobileBertPretrainer) -> gradient_step.Computed:
    """Runs the graph of the current stage on a slice."""
    del model  # The graph has parts of it.
    teacher, student = self._graph.run(part.inputs)
    terms = self._terms(teacher, student, part)
    loss = self._weigh(terms, len(student['encoder_outputs']))
    if student['encoder_outputs']:
      terms[trainer.TRANSFER] = _by_block(
          terms, self._graph.student_blocks, self._depth)
    return loss, terms, student

  def evaluate(self, part: gradient_step.Slice,
               model: modeling.MobileBertPretrainer,
               metrics: Sequence[tf_keras.metrics.Metric]
               ) -> gradient_step.Computed:
    """Evaluates the student and the distance of its blocks to the teacher."""
    loss, terms, outputs = super().evaluate(part, model, metrics)
    if any(metric.name == trainer.TRANSFER for metric in metrics):
      transfer = self._transfer_terms(
          stage_graphs.run(self._comparison, part.inputs), outputs, part)
      terms[trainer.TRANSFER] = _by_block(
          transfer, self.all_blocks, self._depth)
    return loss, terms, outputs

  def process_metrics(self, metrics: list[tf_keras.metrics.Metric],
                      labels: dict[str, tf.Tensor],
                      model_outputs: dict[str, tf.Tensor]) -> None:
    """Updates the metrics of the heads, where a stage runs them."""
    if 'mlm_logits' in model_outputs:
      super().process_metrics(metrics, labels, model_outputs)

  @property
  def _compares_all_outputs(self) -> bool:
    return self.task_config.variant == 'tf1_reference'

  def _transfer_terms(self, teacher: dict[str, Any], student: dict[str, Any],
                      part: gradient_step.Slice) -> dict[str, tf.Tensor]:
    if self._compares_all_outputs:  # Padding counts.
      terms = losses.transfer_losses_tf1_reference(teacher, student)
      weights = gradient_step.TEXTS
    else:
      terms = losses.transfer_losses(
          teacher, student, part.inputs['input_mask'])
      weights = task.TOKENS
    return {name: part.share(value, weights) for name, value in terms.items()}

  def _terms(self, teacher: dict[str, Any], student: dict[str, Any],
             part: gradient_step.Slice) -> dict[str, tf.Tensor]:
    terms, inputs = {}, part.inputs
    if student['encoder_outputs']:
      terms.update(self._transfer_terms(teacher, student, part))
    if self._graph.distills:
      terms['masked_lm'] = part.share(
          self._masked_lm(teacher, student, inputs), task.PREDICTIONS)
      if 'next_sentence_labels' in inputs:
        terms['next_sentence'] = part.share(losses.next_sentence(
            student['next_sentence'], inputs['next_sentence_labels']),
                                            gradient_step.TEXTS)
    return terms

  def _masked_lm(self, teacher: dict[str, Any], student: dict[str, Any],
                 inputs: dict[str, tf.Tensor]) -> tf.Tensor:
    """Returns the soft masked-LM loss, of the teacher or of its answers."""
    common = (student['mlm_logits'], inputs['masked_lm_ids'],
              inputs['masked_lm_weights'],
              self.task_config.loss_weights.ground_truth_ratio)
    if self._reads_answers:
      return losses.soft_masked_lm_of_top(losses.TopAnswers(
          inputs[answer_records.IDS], inputs[answer_records.LOG_PROBABILITIES],
          inputs[answer_records.REST]), *common)
    if self.task_config.top_k:
      return losses.soft_masked_lm_of_top(losses.top_answers(
          teacher['mlm_logits'], self.task_config.top_k), *common)
    return losses.soft_masked_lm(teacher['mlm_logits'], *common)

  def _weigh(self, terms: dict[str, tf.Tensor], compared: int) -> tf.Tensor:
    """Returns the weighted sum of the terms, averaged over compared blocks.

    The reference divides by the number of all blocks, not of the compared ones.
    """
    blocks = self._depth if self._compares_all_outputs else max(compared, 1)
    weights = self.task_config.loss_weights
    return tf.add_n([
        tf.reduce_sum(value) * getattr(weights, name)
        / (blocks if name in losses.TERMS else 1)
        for name, value in terms.items()
    ])

  def _load_teacher(self) -> modeling.MobileBertPretrainer:
    """Builds and restores the teacher, once."""
    if self._teacher is None:
      teacher = self._restore_teacher()
      if self.task_config.teacher_dtype != 'float32':
        teacher = teachers.cast(teacher, self.task_config.teacher_dtype)
      teacher.trainable = False
      self._teacher = teacher
      blocks = schedules.pair_blocks(
          self.task_config.schedule, len(teacher.encoder.blocks), self._depth)
      self._comparison = schedules.stage_view(
          teacher, blocks, heads=False,
          all_outputs=self._compares_all_outputs)
    return self._teacher

  def _restore_teacher(self) -> modeling.MobileBertPretrainer:
    return teachers.restore(
        self.task_config.teacher, self.task_config.teacher_checkpoint)


def _by_block(terms: dict[str, tf.Tensor], blocks: Sequence[int] | tf.Tensor,
              depth: int) -> tf.Tensor:
  """Returns transfer losses as `[depth, terms]`, 0 for other blocks."""
  values = tf.stack([terms[name] for name in losses.TERMS], -1)
  return tf.scatter_nd(tf.reshape(blocks, [-1, 1]), values,
                       [depth, len(losses.TERMS)])


def _check_accepted(name: str, value: str, accepted: Sequence[str]) -> None:
  if value not in accepted:
    raise ValueError(f'task.{name} is {value!r}; accepted: '
                     f'{", ".join(accepted)}.')


def _check_multipliers(optimizer: tf_keras.optimizers.Optimizer,
                       stages: Sequence[schedules.Stage]) -> None:
  """Raises ValueError if the optimizer has no learning rates of blocks."""
  if isinstance(optimizer, optimization_lib.ReferenceLamb):
    return
  if any(stage.lower_blocks or stage.active_multiplier != 1
         for stage in stages):
    raise ValueError(
        'schedule.lower_multiplier and schedule.active_multiplier give blocks '
        'learning rates of their own, which only the optimizers '
        '`lamb_reference` and `adamw_reference` have. Set '
        'trainer.optimizer_config.optimizer.type to one of them, or the '
        'multipliers to 0 and 1: the blocks below are then frozen.')
