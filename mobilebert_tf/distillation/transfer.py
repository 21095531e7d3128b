# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Outputs that a stage compares, and the losses of the comparison."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import schedules
from mobilebert_tf import modeling
from official.modeling.hyperparams import base_config

TERMS = ('feature_map', 'attention', 'mean', 'variance')
METRIC = 'transfer'  # Name of the metric of all of them, block by block.
VARIANTS = ('paper', 'tf1_reference')


@dataclasses.dataclass
class LossWeights(base_config.Config):
  """Weight of each term; the defaults are those of the reference.

  Attributes:
    feature_map: Weight of `losses.feature_map_transfer`.
    attention: Weight of `losses.attention_transfer`.
    mean: Weight of `losses.mean_transfer`.
    variance: Weight of `losses.variance_transfer`.
    masked_lm: Weight of `losses.soft_masked_lm`.
    next_sentence: Weight of `losses.next_sentence`.
    ground_truth_ratio: Share of the true token in the distillation's targets.
  """
  feature_map: float = 100.0
  attention: float = 1.0
  mean: float = 5000.0
  variance: float = 5.0
  masked_lm: float = 1.0
  next_sentence: float = 1.0
  ground_truth_ratio: float = 0.5


def transfer_losses(teacher: Mapping[str, Sequence[tf.Tensor]],
                    student: Mapping[str, Sequence[tf.Tensor]],
                    mask: tf.Tensor) -> dict[str, tf.Tensor]:
  """Computes the terms of knowledge transfer as the paper defines them.

  Args:
    teacher: `encoder_outputs` and `attention_scores` of the compared blocks.
    student: The same of the student's blocks, in the same order.
    mask: `[batch, length]`, 1 for tokens.

  Returns:
    float32 `[blocks]` by the names of `TERMS`, unweighted.
  """
  features = list(zip(teacher['encoder_outputs'], student['encoder_outputs'],
                      strict=True))
  scores = list(zip(teacher['attention_scores'], student['attention_scores'],
                    strict=True))
  functions = {
      'feature_map': (losses.feature_map_transfer, features),
      'attention': (losses.attention_transfer, scores),
      'mean': (losses.mean_transfer, features),
      'variance': (losses.variance_transfer, features),
  }
  return {name: tf.stack([function(*pair, mask) for pair in pairs])
          for name, (function, pairs) in functions.items()}


def transfer_losses_tf1_reference(
    teacher: Mapping[str, Sequence[tf.Tensor]],
    student: Mapping[str, Sequence[tf.Tensor]]) -> dict[str, tf.Tensor]:
  """Computes the terms of knowledge transfer as the released TF1 code does.

  Padding counts, attention is compared by cross-entropy, and mean and variance
  of each block of the student with those of all the teacher's outputs.

  Args:
    teacher: As in `transfer_losses`, and in it `all_outputs`, `[blocks + 1,
      batch, length, width]`, the embedding's and every block's.
    student: As in `transfer_losses`.

  Returns:
    float32 `[blocks]` by the names of `TERMS`, unweighted.
  """
  everything = tf.stack(teacher['all_outputs'])
  outputs = student['encoder_outputs']
  return {
      'feature_map': tf.stack([
          losses.feature_map_transfer(*pair) for pair in zip(
              teacher['encoder_outputs'], outputs, strict=True)]),
      'attention': tf.stack([
          losses.attention_transfer_tf1_reference(*pair) for pair in zip(
              teacher['attention_scores'], student['attention_scores'],
              strict=True)]),
      'mean': tf.stack([
          losses.mean_transfer(everything, hidden) for hidden in outputs]),
      'variance': tf.stack([
          losses.variance_transfer(everything, hidden) for hidden in outputs]),
  }


def stage_view(model: modeling.MobileBertPretrainer, blocks: Sequence[int],
               heads: bool, all_outputs: bool = False) -> tf_keras.Model:
  """Returns the part of a model that a stage runs, sharing its weights.

  Nothing above the highest requested block is computed.

  Args:
    model: Teacher or student.
    blocks: Blocks whose output and attention scores are compared.
    heads: Whether the masked-LM and next-sentence logits are needed.
    all_outputs: Whether the outputs of the embedding and of every block are
      needed.

  Returns:
    A model of the same inputs with `encoder_outputs` and `attention_scores` of
    the blocks; `mlm_logits` and `next_sentence`, and `all_outputs`, if
    requested.
  """
  outputs: dict[str, Any] = {
      name: [model.output[name][block] for block in blocks]
      for name in ('encoder_outputs', 'attention_scores')
  }
  if all_outputs:
    outputs['all_outputs'] = [
        model.output['embedding_output'], *model.output['encoder_outputs']]
  if heads:
    outputs.update({name: model.output[name]
                    for name in ('mlm_logits', 'next_sentence')})
  inputs = model.inputs if heads else model.encoder.inputs
  return tf_keras.Model(inputs, outputs)


def stage_multipliers(model: modeling.MobileBertPretrainer,
                      stage: schedules.Stage
                      ) -> list[tuple[tf.Variable, float]]:
  """Returns the variables that a stage trains with their rate multipliers.

  Args:
    model: The student.
    stage: The stage.

  Returns:
    Variables in the order of the model, each with its multiplier of the
    stage's learning rate.
  """
  if stage.train_all:
    return [(variable, 1.0) for variable in model.trainable_variables]
  multipliers = {
      **dict.fromkeys(stage.lower_blocks, stage.lower_multiplier),
      **dict.fromkeys(stage.student_blocks, stage.active_multiplier),
  }
  return [(variable, multiplier)
          for block, multiplier in sorted(multipliers.items())
          for variable in model.encoder.blocks[block].trainable_variables]


def copy_from_teacher(teacher: modeling.MobileBertPretrainer,
                      student: modeling.MobileBertPretrainer) -> None:
  """Copies the teacher's embeddings and heads into the student.

  As in the reference: every table, the trigram projection, and the masked-LM
  and next-sentence heads, but not the normalization of the embeddings, whose
  meaning differs (paper, section 3.5).

  Args:
    teacher: The teacher.
    student: The student, changed in place.

  Raises:
    ValueError: If a shared weight differs in shape.
  """
  theirs = {variable.name: variable for variable in teacher.variables}
  for variable in student.variables:
    if _is_shared(variable.name):
      source = theirs[variable.name]
      if source.shape != variable.shape:
        raise ValueError(
            f'The student cannot start with the teacher\'s {variable.name}: '
            f'{tuple(source.shape)} there, {tuple(variable.shape)} here. '
            'Vocabulary, embedding_size, inter_block_size and '
            'max_position_embeddings have to be the same.')
      variable.assign(source)


def _is_shared(name: str) -> bool:
  return not name.startswith(('block_', 'pooler/', 'embeddings/norm/'))
