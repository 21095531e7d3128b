# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Pre-training of a student by the attention relations of any encoder."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import relations
from mobilebert_tf.distillation import teachers
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.tasks.pretraining import task
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import vocabulary as vocabulary_lib
from official.core import config_definitions as cfg
from official.core import task_factory
from official.nlp.configs import bert

_SOFT, _LOGITS = 'soft_masked_lm', 'mlm_logits'
_METRICS = {name: f'{name}_relations' for name in relations.VECTORS}
# Metrics of the student's own pre-training.
_OF_PRETRAINING = ('lm_example_loss', 'masked_lm_accuracy',
                   'next_sentence_loss', 'next_sentence_accuracy')


@dataclasses.dataclass
class RelationConfig(task.PretrainingConfig):
  """Config of a student (`model`) that learns relations of a teacher.

  Attributes:
    teacher_checkpoint: A Hugging Face folder of a plain BERT, or a checkpoint
      of ours, of any format and architecture. Its tokenizer has to be that of
      the records.
    teacher_block: Block of the teacher to learn from, counted from 0; -1 is the
      last, -2 the one before. The student's is its last.
    relation_heads: Number of heads that queries, keys and values of both are
      split into; it divides the width of both.
    loss_weights: Weights of the terms.
  """
  teacher_checkpoint: str = ''
  teacher_block: int = -1
  relation_heads: int = 16
  loss_weights: relations.RelationWeights = dataclasses.field(
      default_factory=relations.RelationWeights)


@task_factory.register_task_cls(RelationConfig)
class RelationTask(task.PretrainingTask):
  """Self-attention relation distillation (Wang et al. 2021, MiniLMv2).

  The relations join the losses of pre-training. Only the student is the task's
  model; the teacher is frozen, runs without dropout, and no further than to the
  block that teaches.
  """

  def __init__(self, params: cfg.TaskConfig, logging_dir: str | None = None,
               name: str | None = None):
    super().__init__(params, logging_dir, name)
    self._checkpoint: checkpoints.Checkpoint | None = None
    self._teacher_view: tf_keras.Model | None = None

  def build_model(self, params: bert.PretrainerConfig | None = None
                  ) -> modeling.MobileBertPretrainer:
    """Builds the student, and once the teacher.

    Raises:
      FileNotFoundError: If there is no such teacher.
      ValueError: If it is damaged, or does not fit the student or the config.
    """
    checkpoint = self._read_teacher()
    if self._teacher_view is None:
      self._teacher_view = self._view(teachers.build(checkpoint))
      # Later checks need no second copy of the weights.
      self._checkpoint = dataclasses.replace(checkpoint, weights={})
    return super().build_model(params)

  def check_experiment(self, params: cfg.ExperimentConfig) -> None:
    """Raises ValueError if teacher, student and data do not fit."""
    self._read_teacher()
    super().check_experiment(params)

  def _check_data(self, data: cfg.DataConfig) -> None:
    super()._check_data(data)
    teacher = self._read_teacher()
    if isinstance(data, loader.MobileBertPretrainDataConfig):
      check_tokenizer(teacher, data)
    most = teacher.architecture.max_position_embeddings
    if getattr(data, 'seq_length', 0) > most:
      raise ValueError(
          f'seq_length is {data.seq_length}, but the teacher, '
          f'{teacher.source}, has {most} positions.')

  def compute(self, part: gradient_step.Slice,
              model: modeling.MobileBertPretrainer) -> gradient_step.Computed:
    return self._join(part, *super().compute(part, model))

  def evaluate(self, part: gradient_step.Slice,
               model: modeling.MobileBertPretrainer,
               metrics: Sequence[tf_keras.metrics.Metric]
               ) -> gradient_step.Computed:
    """Evaluates the student, and how far its relations are the teacher's."""
    return self._join(part, *super().evaluate(part, model, metrics))

  def build_metrics(self, training: bool | None = None
                    ) -> list[tf_keras.metrics.Metric]:
    weights = self.task_config.loss_weights
    metrics = super().build_metrics(training)
    if not (weights.pretraining or weights.soft_masked_lm):  # Nor any head.
      metrics = [metric for metric in metrics
                 if metric.name not in _OF_PRETRAINING]
    names = [_METRICS.get(name, name) for name in (*relations.VECTORS, _SOFT)
             if getattr(weights, name)]
    return [*metrics, *(tf_keras.metrics.Mean(name=name) for name in names)]

  def _join(self, part: gradient_step.Slice, pretraining: tf.Tensor,
            terms: dict[str, tf.Tensor], student: dict[str, Any]
            ) -> gradient_step.Computed:
    """Returns the weighted sum of all terms, the terms, and the outputs."""
    weights = self.task_config.loss_weights
    taught = self._terms(part, student)
    total = [getattr(weights, name) * value for name, value in taught.items()]
    if weights.pretraining:
      total.append(weights.pretraining * pretraining)
    named = {_METRICS.get(name, name): value for name, value in taught.items()}
    return tf.add_n(total), {**terms, **named}, student

  def _terms(self, part: gradient_step.Slice,
             student: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Returns the teacher's terms that have a weight."""
    config, view, inputs = self.task_config, self._teacher_view, part.inputs
    teacher = view([inputs[name] for name in view.input_names], training=False)
    terms = {
        name: part.share(relations.relation_transfer(
            vectors, student[name][-1], inputs['input_mask'],
            config.relation_heads), task.TOKENS)
        for name, vectors in teacher.items() if name in relations.VECTORS}
    if _LOGITS in teacher:
      terms[_SOFT] = part.share(losses.soft_cross_entropy(
          teacher[_LOGITS], student[_LOGITS], inputs['masked_lm_weights']),
                                task.PREDICTIONS)
    return terms

  def _read_teacher(self) -> checkpoints.Checkpoint:
    """Reads the teacher once, and checks that it fits the student."""
    if self._checkpoint is None:
      config = self.task_config
      checkpoint = teachers.read(config.teacher_checkpoint)
      check_sizes(checkpoint, config.model.encoder.get(), config)
      self._checkpoint = checkpoint
    return self._checkpoint

  def _view(self, teacher: modeling.GraphModel) -> tf_keras.Model:
    """Returns the part of the teacher that is asked."""
    weights = self.task_config.loss_weights
    outputs = {name: teacher.output[name][self.task_config.teacher_block]
               for name in relations.VECTORS if getattr(weights, name)}
    if not weights.soft_masked_lm:
      return tf_keras.Model(checkpoints.encoder_of(teacher).inputs, outputs)
    return tf_keras.Model(teacher.inputs, {
        **outputs, _LOGITS: teacher.output[_LOGITS]})


def check_sizes(teacher: checkpoints.Checkpoint,
                student: modeling.MobileBertConfig,
                config: RelationConfig) -> None:
  """Raises ValueError if a student cannot learn what is configured."""
  theirs, source = teacher.architecture, teacher.source
  depth = theirs.num_blocks
  if not -depth <= config.teacher_block < depth:
    raise ValueError(
        f'task.teacher_block is {config.teacher_block}; the teacher, {source}, '
        f'has {depth} blocks, 0 to {depth - 1}, or -1 to -{depth} from the '
        'last.')
  relations.check_heads(config.relation_heads, theirs.attention_size,
                        student.attention_size)
  if theirs.vocab_size != student.vocab_size:
    raise ValueError(
        f'The teacher, {source}, has a vocabulary of {theirs.vocab_size} '
        f'tokens, the student of {student.vocab_size}. Set '
        'task.model.encoder.any.vocab_size to the former, and make records '
        "with the teacher's vocab.txt.")
  if theirs.type_vocab_size < student.type_vocab_size:
    raise ValueError(
        f'The teacher, {source}, has {theirs.type_vocab_size} segments, the '
        f'student {student.type_vocab_size} (type_vocab_size); it cannot read '
        'pairs.')
  soft = config.loss_weights.soft_masked_lm
  if soft and 'masked_lm' not in teacher.parts:
    raise ValueError(
        f'task.loss_weights.soft_masked_lm is {soft}, but the teacher, '
        f'{source}, has no masked-LM head: it has {", ".join(teacher.parts)}. '
        'Set it to 0, and the student learns of relations and of the text.')


def check_tokenizer(teacher: checkpoints.Checkpoint,
                    data: loader.MobileBertPretrainDataConfig) -> None:
  """Raises ValueError unless records have the tokens that a teacher learned.

  Args:
    teacher: The teacher.
    data: Config of the records.
  """
  remedy = 'Make the records with the vocab.txt of the teacher.'
  if teacher.vocabulary is None:
    raise ValueError(
        f'No vocabulary lies with the teacher, {teacher.source}, so that its '
        f'tokens cannot be told from those of {data.vocab_file}. Put its '
        'vocab.txt beside it.')
  theirs = teacher.vocabulary.tokens
  ours = vocabulary_lib.Vocabulary.read(data.vocab_file).tokens
  if len(theirs) != len(ours):
    raise ValueError(
        f'{data.vocab_file} has {len(ours)} tokens, the vocabulary of the '
        f'teacher, {teacher.source}, {len(theirs)}. {remedy}')
  for row, (one, other) in enumerate(zip(ours, theirs, strict=True)):
    if one != other:
      raise ValueError(
          f'Token {row} is {one!r} in {data.vocab_file}, but {other!r} in the '
          f'vocabulary of the teacher, {teacher.source}. {remedy}')
  found = data.found()
  for name in text_settings.FIELDS:
    text_settings.agree(name, {
        f'the tokenizer of the teacher, {teacher.source}':
            getattr(teacher, name),
        f'the records, {data.input_path}': found.get(name)}, None)
