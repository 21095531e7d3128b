# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs that families are made of: of fine-tuning, and of pre-training."""

import abc
from collections.abc import Iterable, Mapping
import dataclasses
import os
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.common import files
from mobilebert_tf.compression.adaptive_width_depth import cutting
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.compression.adaptive_width_depth import task as task_lib
from mobilebert_tf.data import record_files
from mobilebert_tf.deployment import agreement
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.tasks.pretraining import task as pretraining
from mobilebert_tf.training import resuming
from official.core import config_definitions as cfg
from official.core import task_factory

# Fields that say which texts of a file are held out.
_PART = ('input_path', 'titles', 'exclude_titles')
_SCORED_BATCHES = 100  # Of pre-training, whose data have no end.


class Source(abc.ABC):
  """A run: its model, its data, its loss, and how its members are scored.

  Attributes:
    experiment: Name of the registered experiment of such runs.
    model: The model, restored.
    config: Config of its task.
    data: Fields of its training data that the run may have found by itself.
  """
  experiment: str
  model: tf_keras.Model
  config: cfg.TaskConfig
  data: dict[str, Any]

  @abc.abstractmethod
  def adaptive(self) -> cfg.TaskConfig:
    """Returns the config of a task in which all sub-networks learn."""

  @abc.abstractmethod
  def count(self, fields: Mapping[str, Any]) -> int:
    """Returns the number of training texts, with other fields of the data."""

  @abc.abstractmethod
  def loss(self, labels: Any, outputs: Any) -> tf.Tensor:
    """Returns the mean loss of a batch."""

  @abc.abstractmethod
  def scores(self, family: Iterable[sizes.Size]
             ) -> list[list[dict[str, Any]]]:
    """Returns the scores of members on the held-out part, if there is one."""

  def augmented(self, path: str) -> dict[str, Any]:
    """Returns the fields of training data in a file of more texts.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If the run's data are no table.
    """
    if not hasattr(self.config.train_data, 'column_names'):
      raise ValueError('The run does not learn from a table of texts, so '
                       f'that {path} cannot take its place.')
    return {'input_path': files.find_file(path), 'column_names': []}

  @property
  def outputs(self) -> Any:
    """Symbolic outputs of the model that the loss reads."""
    return self.model.output

  @property
  def architecture(self) -> modeling.MobileBertConfig:
    """The architecture of the whole."""
    return self.model.encoder.architecture

  def batches(self, batch_size: int, seed: int = 0,
              held_out: bool = False) -> tf.data.Dataset:
    """Returns batches without an end, as training reads them.

    Args:
      batch_size: Texts of a batch.
      seed: Seed of their order.
      held_out: Whether texts are those of the held-out part.

    Raises:
      ValueError: If there is no such part.
    """
    data, fields = self.config.train_data, {}
    if held_out:
      validation = self.config.validation_data
      if not getattr(validation, 'input_path', ''):
        raise ValueError('The run has no held-out part, on which blocks could '
                         'be chosen.')
      fields = {name: getattr(validation, name) for name in _PART
                if hasattr(validation, name)}
    if hasattr(data, 'unlabelled_path'):
      fields['unlabelled_path'] = ''
    return task_factory.get_task(self.config).build_inputs(data.replace(
        **self.data, **fields, global_batch_size=batch_size, seed=seed,
        start_batch=0))


def read(model_dir: str) -> Source:
  """Returns the source in a folder, or of one checkpoint of a run.

  Raises:
    FileNotFoundError: If there is no such run.
    ValueError: If it is a checkpoint, which does not say its data.
  """
  model_dir = os.path.expanduser(model_dir)
  if (os.path.exists(os.path.join(_folder(model_dir), resuming.PARAMS_FILE))
      and not loading.is_run(model_dir, registry.KINDS)):
    return PreTrained(model_dir)
  return FineTuned(model_dir)


def _folder(model_dir: str) -> str:
  """Returns the folder of a run from itself, or from one of its checkpoints."""
  return model_dir if os.path.isdir(model_dir) else os.path.dirname(model_dir)


class FineTuned(Source):
  """A run of fine-tuning.

  Attributes:
    trained: The model and its settings.

  Args:
    model_dir: Its folder, or one of its checkpoints.

  Raises:
    ValueError: If it is no run.
  """

  def __init__(self, model_dir: str):
    self.trained = trained = registry.load(model_dir)
    if trained.params is None:
      raise ValueError(f'{model_dir} is a checkpoint, which does not say what '
                       'it was trained on. Name the folder of a run.')
    self.experiment = trained.kind.experiment
    self.model, self.config = trained.model, trained.params.task
    self.data = {'vocab_file': trained.vocab_file}
    if trained.labels:
      self.data['labels'] = list(trained.labels)

  def adaptive(self) -> cfg.TaskConfig:
    return task_lib.adaptive(self.config)

  def count(self, fields: Mapping[str, Any]) -> int:
    data = self.config.train_data.replace(
        **self.data, **fields, is_training=False, global_batch_size=1024)
    return sum(
        int(tf.shape(tf.nest.flatten(batch)[0])[0])
        for batch in task_factory.get_task(self.config).build_inputs(data))

  def loss(self, labels: Any, outputs: Any) -> tf.Tensor:
    return task_factory.get_task(self.config).build_losses(labels, outputs)

  def scores(self, family: Iterable[sizes.Size]
             ) -> list[list[dict[str, Any]]]:
    path = self.config.validation_data.input_path
    return [scores(member(self.trained, size), path) if path else []
            for size in family]


class PreTrained(Source):
  """A run of pre-training or distillation, whose family suits every task.

  Args:
    model_dir: Its folder, or one of its checkpoints.

  Raises:
    FileNotFoundError: If it has no checkpoint.
    ValueError: If it is no such run, or is damaged.
  """
  experiment = 'mobilebert/pretrain'

  def __init__(self, model_dir: str):
    path = os.path.join(_folder(model_dir), resuming.PARAMS_FILE)
    fields = files.read_yaml(path).get('task')
    known = {each.name for each in dataclasses.fields(
        pretraining.PretrainingConfig)}
    if not isinstance(fields, dict) or 'model' not in fields:
      raise ValueError(f'{path} is not of a training run.')
    self.config = task_lib.AdaptivePretrainingConfig(
        train_data=loader.MobileBertPretrainDataConfig(),
        validation_data=loader.MobileBertPretrainDataConfig(is_training=False))
    try:
      self.config.override({
          name: value for name, value in fields.items() if name in known})
    except (KeyError, TypeError, ValueError) as error:
      raise ValueError(f'{path} is not of a run of pre-training: '
                       f'{error}') from error
    self.model = checkpoints.build(
        modeling.MobileBertPretrainer,
        checkpoints.read(checkpoints.find(model_dir)), new_heads=False)
    vocab_file = os.path.join(_folder(model_dir), resuming.VOCABULARY_FILE)
    self.data = {'use_teacher_answers': False}
    if os.path.exists(vocab_file):
      self.data['vocab_file'] = vocab_file

  @property
  def outputs(self) -> dict[str, Any]:
    return task_lib.pretraining_outputs(self.model)

  def adaptive(self) -> cfg.TaskConfig:
    return self.config.replace()

  def count(self, fields: Mapping[str, Any]) -> int:
    return record_files.count_records(
        record_files.find_records(self.config.train_data.input_path))

  def loss(self, labels: Any, outputs: Any) -> tf.Tensor:
    shares = dict.fromkeys(
        (pretraining.PREDICTIONS, gradient_step.TEXTS), tf.constant(1.0))
    loss, _ = pretraining.losses(gradient_step.Slice(labels, shares), outputs)
    return loss

  def scores(self, family: Iterable[sizes.Size]
             ) -> list[list[dict[str, Any]]]:
    data = self.config.validation_data
    if not data.input_path:
      return [[] for _ in family]
    batches = list(task_factory.get_task(self.config).build_inputs(
        data.replace(**self.data)).take(_SCORED_BATCHES))
    whole = checkpoints.of_model(self.model)
    return [[scoring.mean_score('masked_lm_accuracy', _hits(
        checkpoints.build(type(self.model), cutting.cut(whole, size)),
        batches))] for size in family]


def _hits(model: modeling.MobileBertPretrainer,
          batches: list[dict[str, tf.Tensor]]) -> np.ndarray:
  """Returns 1.0 for each masked token that is predicted, and 0.0."""

  @tf.function(reduce_retracing=True)
  def compute(batch: dict[str, tf.Tensor]) -> tf.Tensor:
    logits = model(batch, training=False)['mlm_logits']
    hits = tf.equal(tf.argmax(logits, -1, tf.int32), batch['masked_lm_ids'])
    return tf.boolean_mask(
        tf.cast(hits, tf.float64), batch['masked_lm_weights'] > 0)

  return np.concatenate([compute(batch).numpy() for batch in batches])


def scores(trained: loading.TrainedModel, path: str) -> list[dict[str, Any]]:
  """Returns the scores of a fine-tuned model on a labelled file.

  Args:
    trained: The model, of a run.
    path: The file, with the columns of the run's data.
  """
  labelled = trained.kind.read_labelled(path, trained, scoring.Columns())
  return labelled.score(trained.kind.answers(trained, agreement.RealTexts(
      labelled.texts, labelled.pairs, path)))


def member(trained: loading.TrainedModel,
           size: sizes.Size) -> loading.TrainedModel:
  """Returns a model of a size, which answers as a run does.

  Args:
    trained: The whole.
    size: Heads, units and blocks that stay.
  """
  found = cutting.cut(checkpoints.of_model(trained.model), size)
  return dataclasses.replace(
      trained, model=checkpoints.build(type(trained.model), found))
