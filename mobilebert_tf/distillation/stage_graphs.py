# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What a stage computes of teacher and student, traced once for many stages.

A graph of its own for each stage would take long to trace, again and again,
and TensorFlow keeps those of several devices in memory for ever.
"""

from collections.abc import Callable, Mapping, Sequence
import functools
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.distillation import schedules
from mobilebert_tf.modeling import recomputation

_EMBEDDINGS = ('word_embeddings', 'embeddings')
Outputs = dict[str, Any]


class StageGraph:
  """The graph of one stage.

  Args:
    student: The student.
    teacher: The teacher; None if the inputs hold its answers.
    stage: The stage.
    all_outputs: Whether the student is compared with all the teacher's outputs
      and the embeddings' gradient counts in the clipped norm, as in the
      released TF1 code.

  Attributes:
    variables: Variables that are differentiated; nothing below the lowest is.
    student_blocks: Blocks of the student that are compared.
    distills: Whether the heads learn.
  """

  def __init__(self, student: modeling.MobileBertPretrainer,
               teacher: modeling.MobileBertPretrainer | None,
               stage: schedules.Stage, all_outputs: bool):
    self._multipliers = _multipliers(student, stage, all_outputs)
    self.variables = [variable for variable, _ in self._multipliers]
    self.student_blocks: Any = list(stage.student_blocks)
    self.distills = stage.distill
    self._student = schedules.stage_view(
        student, stage.student_blocks, stage.distill)
    self._teacher = teacher and schedules.stage_view(
        teacher, stage.teacher_blocks, stage.distill, all_outputs=all_outputs)

  def enter(self, stage: schedules.Stage) -> dict[Any, float]:
    """Enters the stage, and returns multipliers by reference of a variable."""
    return {} if stage.train_all else {
        variable.ref(): multiplier
        for variable, multiplier in self._multipliers}

  def run(self, inputs: Mapping[str, tf.Tensor]) -> tuple[Outputs, Outputs]:
    """Returns the outputs of the teacher and of the student."""
    return self.teach(inputs), run(self._student, inputs)

  def teach(self, inputs: Mapping[str, tf.Tensor]) -> Outputs:
    """Returns the outputs of the teacher; none if the inputs hold them."""
    return run(self._teacher, inputs) if self._teacher else {}


class BlockGraph:
  """The graph of all stages that teach one block each.

  What a block does in a stage is looked up by the number of the stage, which is
  a variable: blocks above the taught one are not run, and those below the
  lowest that learns are not differentiated.

  Args and attributes are those of `StageGraph`.
  """

  distills = False

  def __init__(self, student: modeling.MobileBertPretrainer,
               teacher: modeling.MobileBertPretrainer,
               stages: Sequence[schedules.Stage], all_outputs: bool):
    self._student, self._teacher = student, teacher
    self._stages, self._all_outputs = list(stages), all_outputs
    self._number = tf.Variable(0, trainable=False, dtype=tf.int64)
    self._embed = [_embedding_view(model) for model in (student, teacher)]
    variables = {
        variable.ref(): variable for stage in stages
        for variable, _ in _multipliers(student, stage, all_outputs)}
    self.variables = list(variables.values())

  @property
  def student_blocks(self) -> tf.Tensor:
    return self._at_stage([stage.student_blocks for stage in self._stages])

  def enter(self, stage: schedules.Stage) -> dict[Any, float]:
    """Enters a stage, and returns multipliers by reference of a variable."""
    self._number.assign(self._stages.index(stage))
    # The others have gradients of zeros.
    multipliers = {variable.ref(): 0.0 for variable in self.variables}
    return multipliers | {
        variable.ref(): multiplier for variable, multiplier in _multipliers(
            self._student, stage, self._all_outputs)}

  def run(self, inputs: Mapping[str, tf.Tensor]) -> tuple[Outputs, Outputs]:
    """Returns the outputs of the teacher and of the student."""
    return self.teach(inputs), self._run_student(inputs)

  def _at_stage(self, values: Sequence[Any]) -> tf.Tensor:
    return tf.constant(values)[self._number]

  def _run_student(self, inputs: Mapping[str, tf.Tensor]) -> Outputs:
    state: tuple[tf.Tensor, ...] = (run(self._embed[0], inputs),)
    for number in range(len(self._student.encoder.blocks)):
      # Around the choice: TensorFlow cannot differentiate what is recomputed
      # in a branch.
      state = recomputation.run(
          functools.partial(self._run_student_block, number,
                            inputs['input_mask']), *state)
    return {'encoder_outputs': [state[0]], 'attention_scores': [state[1]]}

  def _run_student_block(self, number: int, mask: tf.Tensor,
                         *state: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Returns a block's output and attention scores, or those below it."""
    block = self._student.encoder.blocks[number]
    return self._switch(
        [self._role(stage, number) for stage in self._stages], {
            'skipped': lambda: state,
            'frozen': _frozen(block, state[0], mask),
            'trained': functools.partial(_run_block, block, state[0], mask)})

  def teach(self, inputs: Mapping[str, tf.Tensor]) -> Outputs:
    """Returns the outputs of the teacher."""
    mask, hidden = inputs['input_mask'], run(self._embed[1], inputs)
    state, outputs = (hidden, None), [hidden]
    for number, block in enumerate(self._teacher.encoder.blocks):
      if self._all_outputs:  # Every block runs; the state is the compared one.
        result = _run_block(block, outputs[-1], mask)
        outputs.append(result[0])
      state = self._switch(
          ['run' if number <= stage.teacher_blocks[0] else 'skipped'
           for stage in self._stages], {
               'run': (lambda result=result: result) if self._all_outputs
                      else _frozen(block, state[0], mask),
               'skipped': lambda state=state: state})
    compared = {'encoder_outputs': [state[0]], 'attention_scores': [state[1]]}
    return {**compared, **({'all_outputs': outputs} if self._all_outputs
                           else {})}

  def _role(self, stage: schedules.Stage, block: int) -> str:
    """Returns what a block of the student does in a stage."""
    taught, = stage.student_blocks
    if block > taught:
      return 'skipped'
    learns = self._all_outputs or block >= min([taught, *stage.lower_blocks])
    return 'trained' if learns else 'frozen'

  def _switch(self, roles: Sequence[str],
              branches: Mapping[str, Callable[[], Any]]) -> Any:
    """Returns what the branch of the current stage's role returns."""
    wanted = sorted(set(roles))
    if len(wanted) == 1:
      return branches[wanted[0]]()
    number = self._at_stage([wanted.index(role) for role in roles])
    return tf.switch_case(number, [branches[role] for role in wanted])


def can_share(stage: schedules.Stage, all_outputs: bool) -> bool:
  """Returns whether a stage can share a `BlockGraph` with others.

  It teaches one block. As in the released TF1 code gradients reach the
  embeddings, through all blocks below, which have to learn then: the gradient
  of a block that others teach would count in the clipped norm.

  Args:
    stage: The stage.
    all_outputs: Whether all outputs are compared, as of `BlockGraph`.
  """
  if len(stage.student_blocks) != 1 or stage.distill or stage.train_all:
    return False
  return not all_outputs or (
      stage.lower_blocks == list(range(stage.student_blocks[0])))


def run(view: tf_keras.Model, batch: Mapping[str, tf.Tensor]) -> Any:
  """Runs a view on its inputs, without dropout."""
  return view([batch[name] for name in view.input_names], training=False)


def _frozen(block: tf_keras.layers.Layer, hidden: tf.Tensor,
            mask: tf.Tensor) -> Callable[[], tuple[tf.Tensor, ...]]:
  """Returns a function that runs a block, which is not differentiated."""
  return lambda: tuple(map(
      tf.stop_gradient, _run_block(block, hidden, mask)))


def _run_block(block: tf_keras.layers.Layer, hidden: tf.Tensor,
               mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns a block's output and attention scores, without dropout."""
  outputs, scores, _ = block(hidden, mask, training=False)
  return outputs, scores


def _embedding_view(model: modeling.MobileBertPretrainer) -> tf_keras.Model:
  encoder = model.encoder
  return tf_keras.Model(encoder.inputs, encoder.output['embedding_output'])


def _multipliers(student: modeling.MobileBertPretrainer,
                 stage: schedules.Stage,
                 all_outputs: bool) -> list[tuple[tf.Variable, float]]:
  """Returns what a stage differentiates, with multipliers of its rate."""
  multipliers = schedules.stage_multipliers(student, stage)
  if all_outputs and not stage.train_all:
    # Not trained, but their gradient counts in the clipped norm.
    multipliers += [(variable, 0.0) for name in _EMBEDDINGS for variable in
                    student.get_layer(name).trainable_variables]
  return multipliers
