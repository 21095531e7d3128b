# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Teachers of a distillation: restored, cast, and what students copy of them.
"""

import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling


def restore(architecture: modeling.MobileBertConfig,
            path: str) -> modeling.MobileBertPretrainer:
  """Restores a teacher in float32.

  Args:
    architecture: Architecture of the teacher.
    path: Checkpoint, or the folder of a run.

  Raises:
    ValueError: If no path is given, or it holds another network.
  """
  if not path:
    raise ValueError(
        'task.teacher_checkpoint is not set. Name the checkpoint of the '
        'teacher, or the folder of its training.')
  teacher = modeling.MobileBertPretrainer(
      modeling.MobileBertEncoder(architecture, dtype='float32'),
      name='teacher')
  checkpoints.restore(teacher, path)
  return teacher


def copy_to_student(teacher: modeling.MobileBertPretrainer,
                    student: modeling.MobileBertPretrainer) -> None:
  """Copies the teacher's embeddings and heads into the student.

  As in the reference: every table, the trigram projection, and the masked-LM
  and next-sentence heads, but not the normalization of the embeddings, whose
  meaning differs (paper, section 3.5).

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


def cast(model: modeling.MobileBertPretrainer,
         dtype: str) -> modeling.MobileBertPretrainer:
  """Returns a copy whose weights and computation are of another dtype."""
  copy = modeling.MobileBertPretrainer(
      modeling.MobileBertEncoder(model.encoder.architecture, dtype=dtype),
      name=model.name)
  for variable, source in zip(copy.weights, model.weights, strict=True):
    variable.assign(tf.cast(source, variable.dtype))
  return copy
