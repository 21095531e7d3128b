# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Teachers of a distillation: restored, cast, and what students copy of them.
"""

import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import native
from mobilebert_tf.modeling import architectures

_UNNAMED = ('task.teacher_checkpoint is not set. Name the checkpoint of the '
            'teacher, or the folder of its training.')


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
    raise ValueError(_UNNAMED)
  teacher = modeling.MobileBertPretrainer(
      modeling.MobileBertEncoder(architecture, dtype='float32'),
      name='teacher')
  checkpoints.restore(teacher, path)
  return teacher


def read_architecture(path: str) -> modeling.MobileBertConfig | None:
  """Reads the architecture that the YAML beside a checkpoint says.

  Args:
    path: Checkpoint, or the folder of a run.

  Returns:
    The architecture; None if there is no checkpoint, or no YAML of ours.
  """
  try:
    folder = bundles.locate(path).folder
    return architectures.resolve(
        native.encoder_fields(*native.read_run(folder), folder, 'any'))
  except (FileNotFoundError, ValueError):  # `restore` says what is wrong.
    return None


def read(path: str) -> checkpoints.Checkpoint:
  """Reads a teacher of any shape, whose checkpoint says its architecture.

  Args:
    path: A Hugging Face folder of a plain BERT, or a checkpoint of ours.

  Raises:
    ValueError: If no path is given, or it holds neither.
  """
  if not path:
    raise ValueError(_UNNAMED)
  return checkpoints.read_teacher(path)


def build(checkpoint: checkpoints.Checkpoint) -> modeling.GraphModel:
  """Builds a frozen teacher in float32, with a masked-LM head if it has one."""
  if 'masked_lm' in checkpoint.parts:
    model_class = modeling.MobileBertPretrainer
  elif isinstance(checkpoint.architecture, modeling.BertConfig):
    model_class = modeling.BertEncoder
  else:
    model_class = modeling.MobileBertEncoder
  teacher = checkpoints.build(
      model_class, checkpoint, dtype='float32', name='teacher')
  teacher.trainable = False
  return teacher


def copy_to_student(teacher: modeling.MobileBertPretrainer,
                    student: modeling.MobileBertPretrainer) -> None:
  """Copies the teacher's embeddings and heads into the student.

  As in the reference, all that both have: every table, the trigram projection,
  the masked-LM and next-sentence heads, and, where both are of the same kind,
  the normalization of the embeddings and the pooler. A NoNorm student has no
  use for a LayerNorm (paper, section 3.5).

  Raises:
    ValueError: If a shared weight differs in shape.
  """
  own = _own_prefixes(teacher.encoder.architecture,
                      student.encoder.architecture)
  theirs = {variable.name: variable for variable in teacher.variables}
  for variable in student.variables:
    if variable.name.startswith(own):
      continue
    source = theirs[variable.name]
    if source.shape != variable.shape:
      raise ValueError(
          f'The student cannot start with the teacher\'s {variable.name}: '
          f'{tuple(source.shape)} there, {tuple(variable.shape)} here. '
          'Vocabulary, embedding_size, inter_block_size and '
          'max_position_embeddings have to be the same.')
    variable.assign(source)


def _own_prefixes(teacher: modeling.MobileBertConfig,
                  student: modeling.MobileBertConfig) -> tuple[str, ...]:
  """Returns how the names begin of what a student cannot copy."""
  is_own = {
      'block_': True,
      'embeddings/norm/': teacher.normalization != student.normalization,
      'pooler/': not (teacher.use_pooler and student.use_pooler),
  }
  return tuple(prefix for prefix, own in is_own.items() if own)


def cast(model: modeling.MobileBertPretrainer,
         dtype: str) -> modeling.MobileBertPretrainer:
  """Returns a copy whose weights and computation are of another dtype.

  In bfloat16 the normalizations keep float32 weights and statistics.
  """
  copy = modeling.MobileBertPretrainer(
      modeling.MobileBertEncoder(model.encoder.architecture, dtype=dtype),
      name=model.name)
  for variable, source in zip(copy.weights, model.weights, strict=True):
    variable.assign(tf.cast(source, variable.dtype))
  return copy
