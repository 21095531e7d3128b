# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs that families are made of: of fine-tuning, and of pre-training."""

import abc
from collections.abc import Callable, Iterable
import dataclasses
import functools
import os
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import native
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

# Of pre-training, whose held-out part may be large.
_SCORED_BATCHES, _SCORED_BATCH_SIZE = 100, 32


class Source(abc.ABC):
  """A run: its model, its data, its loss, and how its members are scored.

  Attributes:
    experiment: Name of the registered experiment of such runs.
    model: The model, restored.
    config: Config of its task.
    data: Fields of its training data that the run may have found by itself.
    optimizer: Name of the optimizer that trains families; empty for that of the
      experiment.
  """
  experiment: str
  optimizer: str = ''
  model: tf_keras.Model
  config: cfg.TaskConfig
  data: dict[str, Any]

  @abc.abstractmethod
  def adaptive(self) -> cfg.TaskConfig:
    """Returns the config of a task in which all sub-networks learn."""

  def count(self, held_out: bool = False, **fields: Any) -> int:
    """Returns the number of texts of a part, with other fields of its data.

    Texts may be read for that, once.
    """
    key = f'{held_out} {sorted(fields.items())}'
    if key not in self._counts:
      self._counts[key] = self._count(held_out, **fields)
    return self._counts[key]

  @abc.abstractmethod
  def _count(self, held_out: bool, **fields: Any) -> int:
    """Counts; see `count`."""

  @functools.cached_property
  def _counts(self) -> dict[str, int]:
    return {}

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
    return {'input_path': files.find_file(path), 'column_names': [],
            **({'index_field': ''} if hasattr(
                self.config.train_data, 'index_field') else {})}

  @property
  def has_held_out(self) -> bool:
    """Whether the run has a held-out part."""
    return bool(getattr(self.config.validation_data, 'input_path', ''))

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
    data = self.part(held_out)
    fields = {'unlabelled_path': ''} if hasattr(data, 'unlabelled_path') else {}
    return task_factory.get_task(self.config).build_inputs(data.replace(
        **self.data, **fields, global_batch_size=batch_size, seed=seed,
        start_batch=0, is_training=True))

  def part(self, held_out: bool) -> cfg.DataConfig:
    """Returns the config of a part; raises ValueError if there is none."""
    if held_out and not self.has_held_out:
      raise ValueError('The run has no held-out part, on which blocks could be '
                       'chosen.')
    return (self.config.validation_data if held_out
            else self.config.train_data)


def read(model_dir: str) -> Source:
  """Returns the source in a folder, or of one checkpoint of a run.

  Raises:
    FileNotFoundError: If there is no such run.
    ValueError: If it is a checkpoint, which does not say its data.
  """
  model_dir = os.path.expanduser(model_dir)
  if (os.path.basename(_params(model_dir)) == resuming.PARAMS_FILE
      and not loading.is_run(model_dir, registry.KINDS)):
    return PreTrained(model_dir)
  return FineTuned(model_dir)


def _params(model_dir: str) -> str:
  """Returns the `params.yaml` of a run or of its checkpoint, '' if it has none.
  """
  try:
    return native.find_config(bundles.locate(model_dir).folder)
  except FileNotFoundError:
    return ''


class FineTuned(Source):
  """A run of fine-tuning.

  Attributes:
    trained: The model and its settings.

  Args:
    model_dir: Its folder, or one of its checkpoints.

  Raises:
    ValueError: If it is no run, or of a task that has no family.
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
    try:
      self.adaptive()
    except ValueError as error:
      raise ValueError(
          f'{model_dir} is a {trained.kind.title}, of which no family is made: '
          f'{error}') from error

  def adaptive(self) -> cfg.TaskConfig:
    return task_lib.adaptive(self.config)

  def _count(self, held_out: bool, **fields: Any) -> int:
    data = self.part(held_out).replace(
        **self.data, **fields, is_training=False, start_batch=0,
        global_batch_size=1024)
    return sum(
        int(tf.shape(tf.nest.flatten(batch)[0])[0])
        for batch in task_factory.get_task(self.adaptive()).build_inputs(data))

  def loss(self, labels: Any, outputs: Any) -> tf.Tensor:
    return task_factory.get_task(self.config).build_losses(labels, outputs)

  def scores(self, family: Iterable[sizes.Size]
             ) -> list[list[dict[str, Any]]]:
    if not self.has_held_out:
      return [[] for _ in family]
    score = scorer(self.trained, self.config.validation_data)
    return [score(member(self.trained, size)) for size in family]


class PreTrained(Source):
  """A run of pre-training or distillation, whose family suits every task.

  Args:
    model_dir: Its folder, or one of its checkpoints.

  Raises:
    FileNotFoundError: If it has no checkpoint.
    ValueError: If it is no such run, or is damaged.
  """
  experiment = 'mobilebert/pretrain'
  optimizer = 'adamw_reference'

  def __init__(self, model_dir: str):
    path = _params(model_dir)
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
    vocab_file = os.path.join(
        os.path.dirname(path), resuming.VOCABULARY_FILE)
    self.data = {'use_teacher_answers': False}
    if os.path.exists(vocab_file):
      self.data['vocab_file'] = vocab_file

  @property
  def outputs(self) -> dict[str, Any]:
    return task_lib.pretraining_outputs(self.model)

  def adaptive(self) -> cfg.TaskConfig:
    return self.config.replace()

  def _count(self, held_out: bool, **fields: Any) -> int:
    path = fields.get('input_path', self.part(held_out).input_path)
    return record_files.count_records(record_files.find_records(path))

  def loss(self, labels: Any, outputs: Any) -> tf.Tensor:
    shares = dict.fromkeys(
        (pretraining.PREDICTIONS, gradient_step.TEXTS), tf.constant(1.0))
    loss, _ = pretraining.losses(gradient_step.Slice(labels, shares), outputs)
    return loss

  def scores(self, family: Iterable[sizes.Size]
             ) -> list[list[dict[str, Any]]]:
    if not self.has_held_out:
      return [[] for _ in family]
    batches = list(task_factory.get_task(self.config).build_inputs(
        self.config.validation_data.replace(
            **self.data, global_batch_size=_SCORED_BATCH_SIZE)
    ).take(_SCORED_BATCHES))
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


def scorer(trained: loading.TrainedModel, data: cfg.DataConfig
           ) -> Callable[[loading.TrainedModel], list[dict[str, Any]]]:
  """Returns a function from a model to its scores on labelled data.

  Args:
    trained: A model with the labels of the others.
    data: Config of the data, such as the run's held-out part.
  """
  labelled = read_labelled(trained, data)
  texts = agreement.RealTexts(labelled.texts, labelled.pairs, data.input_path)
  return lambda each: labelled.score(each.kind.answers(each, texts))


def read_labelled(trained: loading.TrainedModel,
                  data: cfg.DataConfig) -> scoring.Labelled:
  """Returns labelled data, whose arguments are those of `scorer`."""
  return trained.kind.read_labelled(data.input_path, trained, (
      scoring.Columns(**{name: getattr(data, name) or () for name in (
          'titles', 'exclude_titles') if hasattr(data, name)})))


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
