# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Training of sentence vectors: by a teacher, pairs, triplets, scores."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.modeling import sentence_encoder
from mobilebert_tf.tasks import fine_tuning
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.embedding import collapse
from mobilebert_tf.tasks.embedding import loader
from mobilebert_tf.tasks.embedding import losses as losses_lib
from mobilebert_tf.tasks.pretraining import task as pretraining
from mobilebert_tf.text import settings as text_settings
from official.core import base_task
from official.core import config_definitions as cfg
from official.core import task_factory
from official.modeling.hyperparams import base_config
from official.nlp.configs import encoders
from official.nlp.data import data_loader_factory

KIND = 'sentence_embedding'
METRICS = ('spearman', 'pearson')
# What each loss needs of the data.
_OF_TEACHER = ('cosine_distance', 'squared_error', 'similarity_error')
_OF_PAIRS = ('ranking',)
_OF_NEGATIVES = ('triplet',)
_OF_SCORES = ('score_error', 'score_order')
# Losses that compare a text with those of other rows.
_OF_BATCHES = ('similarity_error', 'ranking', 'score_order')


@dataclasses.dataclass
class LossWeights(base_config.Config):
  """Weights of the losses of `embedding.losses`; one at least is above 0.

  Attributes:
    cosine_distance: Of the teacher's vectors, by their direction.
    squared_error: Of the teacher's vectors, by their entries.
    similarity_error: Of the similarities that the teacher finds in a batch.
    ranking: Of finding the pair of a text among those of the batch and the
      negatives. Without a pair a text is its own, under another dropout
      (Gao et al. 2021, SimCSE).
    triplet: Of a pair that is nearer than the first negative by a margin.
    score_error: Of scores, by their difference.
    score_order: Of scores, by their order.
  """
  cosine_distance: float = 0.0
  squared_error: float = 0.0
  similarity_error: float = 0.0
  ranking: float = 0.0
  triplet: float = 0.0
  score_error: float = 0.0
  score_order: float = 0.0

  def used(self) -> dict[str, float]:
    """Returns the weights above 0 by name."""
    return {field.name: getattr(self, field.name)
            for field in dataclasses.fields(self) if getattr(self, field.name)}


@dataclasses.dataclass
class SentenceModelConfig(base_config.Config):
  """Config of a `modeling.SentenceEncoder`.

  Attributes:
    encoder: The encoder, of type `any`.
    pooling: `mean`, `first` or `attention`.
    output_size: Width of the linear map after pooling; None for none.
    normalize: Whether vectors have length 1.
  """
  encoder: encoders.EncoderConfig = dataclasses.field(
      default_factory=lambda: pretraining.encoder_config(
          modeling.get_architecture('mobilebert')))
  pooling: str = sentence_encoder.MEAN
  output_size: int | None = None
  normalize: bool = True


@dataclasses.dataclass
class EmbeddingConfig(gradient_step.StepConfig, cfg.TaskConfig):
  """Config of `EmbeddingTask`.

  Attributes:
    model: The sentence encoder.
    kind: Kind of task in `tasks/registry.py`.
    losses: Weights of the losses.
    temperature: Divisor of similarities in `ranking` and `score_order`.
    symmetric: Whether `ranking` also finds the text of each pair.
    margin: Margin of `triplet`.
    widths: Numbers of first entries that are vectors of their own (Kusupati et
      al. 2022, Matryoshka): losses are means over them and the whole vector,
      those on the teacher's entries apart.
    metrics: What an evaluation on scored pairs reports, of `METRICS`.
  """
  model: SentenceModelConfig = dataclasses.field(
      default_factory=SentenceModelConfig)
  train_data: cfg.DataConfig = dataclasses.field(
      default_factory=loader.EmbeddingDataConfig)
  validation_data: cfg.DataConfig = dataclasses.field(
      default_factory=lambda: loader.EmbeddingDataConfig(is_training=False))
  kind: str = KIND
  losses: LossWeights = dataclasses.field(default_factory=LossWeights)
  temperature: float = 0.05
  symmetric: bool = False
  margin: float = 0.2
  widths: list[int] = dataclasses.field(default_factory=list)
  metrics: list[str] = dataclasses.field(default_factory=lambda: list(METRICS))


@task_factory.register_task_cls(EmbeddingConfig)
class EmbeddingTask(fine_tuning.FineTuning, base_task.Task):
  """Learns vectors of texts by any weighted sum of losses.

  Texts are compared with those of the global batch: replicas exchange their
  vectors, so that a step is the same on any number of them. A micro-batch would
  have fewer negatives, so `accumulation_steps` is refused for such losses.

  Raises:
    ValueError: If no loss has a weight, a setting is out of range, or data and
      losses do not fit.
  """

  # A model of single texts can be evaluated on pairs.
  same_fields = text_settings.FIELDS

  def __init__(self, params: cfg.TaskConfig, logging_dir: str | None = None,
               name: str | None = None):
    super().__init__(params, logging_dir, name=name)
    _check(params)

  # === Model ===

  def build_model(self) -> modeling.SentenceEncoder:
    """Returns a new model; raises ValueError if it cannot be built."""
    config = self.task_config.model
    model = modeling.SentenceEncoder(
        self.build_encoder(), config.pooling, config.output_size,
        config.normalize)
    wrong = [width for width in self.task_config.widths
             if not 0 < width < model.size]
    if wrong:
      raise ValueError(f'task.widths has {wrong[0]}, but vectors have '
                       f'{model.size} entries; each is above 0 and below that.')
    return model

  def initialize(self, model: modeling.SentenceEncoder) -> None:
    """Restores encoder and heads from `init_checkpoint`, as far as they fit.

    Raises:
      FileNotFoundError: If there is no such checkpoint.
      ValueError: If it is of another architecture.
    """
    if self.task_config.init_checkpoint:
      checkpoints.restore_all_that_fits(model, self.task_config.init_checkpoint)

  # === Data ===

  def build_inputs(
      self, params: loader.EmbeddingDataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches.

    Raises:
      ValueError: If data, losses, vocabulary and model do not fit.
    """
    params = params.replace(
        vocab_file=params.vocab_file or self.task_config.train_data.vocab_file)
    self.check_data(params)
    batches = data_loader_factory.get_data_loader(params).load(input_context)
    self._check_vectors(batches.element_spec, params)
    return batches

  def check_experiment(self, params: cfg.ExperimentConfig) -> None:
    """Raises ValueError if the training data lack what a loss needs."""
    del params
    config = self.task_config
    _check_losses(config)
    if config.accumulation_steps > 1:
      compared = [name for name in config.losses.used() if name in _OF_BATCHES]
      if compared:
        raise ValueError(
            f'task.accumulation_steps is {config.accumulation_steps}, but '
            f'{compared[0]} compares the texts of a whole batch, which a slice '
            'of it does not have. Set it to 1; task.recompute saves memory.')

  def _check_vectors(self, spec: Mapping[str, Any],
                     params: loader.EmbeddingDataConfig) -> None:
    """Raises ValueError if the teacher's vectors have another width."""
    if 'vectors' not in spec:
      return
    config, size = self.task_config, spec['vectors'][loader.TEXT].shape[1]
    ours = config.model.output_size or (
        config.model.encoder.get().inter_block_size)
    entries = [name for name in _OF_TEACHER[:2]
               if name in config.losses.used()]
    if entries and size != ours:
      raise ValueError(
          f'The vectors of {params.vectors} have {size} entries, those of the '
          f'model {ours}, which task.losses.{entries[0]} compares. Set '
          f'task.model.output_size to {size}.')

  # === Losses ===

  def compute(self, part: gradient_step.Slice,
              model: modeling.SentenceEncoder) -> gradient_step.Computed:
    batch = part.inputs
    vectors = {name: model(inputs, training=True)
               for name, inputs in batch['inputs'].items()}
    if loader.PAIR not in vectors and self.task_config.losses.ranking:
      # Under another dropout.
      vectors[loader.PAIR] = model(batch['inputs'][loader.TEXT], training=True)
    compared = {name: value for name, value in batch.items()
                if name != 'inputs'}
    if part.portion is None:
      vectors, compared = _gather((vectors, compared))
    loss, terms = self._weigh_terms(vectors, compared)
    if part.portion is not None:  # Each slice by its number of texts.
      loss = part.share(loss, gradient_step.TEXTS)
    measured = collapse.measure(
        vectors[loader.TEXT], compared.get('vectors', {}).get(loader.TEXT))
    return loss, {**terms, **measured}, vectors

  def _weigh_terms(
      self, vectors: Mapping[str, tf.Tensor], batch: Mapping[str, Any]
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Returns the loss and its terms, for all that the batch has."""
    config = self.task_config
    terms = {name: self._term(name, vectors, batch)
             for name in config.losses.used() if _has(name, vectors, batch)}
    total = [getattr(config.losses, name) * value
             for name, value in terms.items()]
    return (tf.add_n(total) if total else tf.constant(0.0)), terms

  def _term(self, name: str, vectors: Mapping[str, tf.Tensor],
            batch: Mapping[str, Any]) -> tf.Tensor:
    """Returns the mean of a loss over all widths."""
    function = self._function(name, batch)
    size = vectors[loader.TEXT].shape[1]
    widths = [] if name in _OF_TEACHER[:2] else self.task_config.widths
    return tf.reduce_mean(tf.stack([
        function({name: each[:, :width] for name, each in vectors.items()})
        for width in {*widths, size}]))

  def _function(self, name: str, batch: Mapping[str, Any]
                ) -> Callable[[Mapping[str, tf.Tensor]], tf.Tensor]:
    """Returns a loss as a function of vectors by column."""
    config, loss = self.task_config, getattr(losses_lib, name)
    text, pair = loader.TEXT, loader.PAIR
    if name in _OF_TEACHER:
      taught = batch['vectors']
      return lambda vectors: loss(
          tf.concat(list(taught.values()), 0),
          tf.concat([vectors[each] for each in taught], 0))
    if name in _OF_SCORES:
      options = ({'temperature': config.temperature}
                 if name == 'score_order' else {})
      return lambda vectors: loss(
          vectors[text], vectors[pair], batch['scores'], **options)
    if name == 'triplet':
      return lambda vectors: loss(
          vectors[text], vectors[pair], vectors['negative_0'], config.margin)
    return lambda vectors: loss(
        vectors[text], vectors[pair], _negatives(vectors), config.temperature,
        config.symmetric, _same_texts(batch['ids']))

  # === Evaluation ===

  def validation_step(self, inputs: Any, model: tf_keras.Model,
                      metrics: Sequence[tf_keras.metrics.Metric] | None = None
                      ) -> dict[str, Any]:
    """Computes losses, and cosines of scored pairs at each width."""
    vectors = {name: model(each, training=False)
               for name, each in inputs['inputs'].items()}
    loss, terms = self._weigh_terms(vectors, inputs)
    count = tf.cast(tf.shape(vectors[loader.TEXT])[0], tf.float32)
    for metric in metrics or []:
      if metric.name in terms:
        metric.update_state(terms[metric.name], count)
    logs = {self.loss: loss}
    if 'scores' in inputs:
      if not terms:  # What is learned needs no scores, but the order tells.
        logs[self.loss] = losses_lib.score_order(
            vectors[loader.TEXT], vectors[loader.PAIR], inputs['scores'],
            self.task_config.temperature)
      logs['scores'] = inputs['scores']
      for width in (None, *self.task_config.widths):
        logs[_cosines_name(width)] = losses_lib.cosines(
            vectors[loader.TEXT][:, :width], vectors[loader.PAIR][:, :width])
    return logs

  def aggregate_logs(self, state: Any = None,
                     step_outputs: dict[str, Any] | None = None) -> Any:
    """Collects cosines and scores of the validation part."""
    state = {} if state is None else state
    for name, parts in step_outputs.items():
      if name == 'scores' or name.startswith('cosines'):
        state.setdefault(name, []).extend(part.numpy() for part in parts)
    return state

  def reduce_aggregated_logs(
      self, aggregated_logs: Any,
      global_step: tf.Tensor | None = None) -> dict[str, float]:
    """Returns correlations of all pairs; those of a width are named by it."""
    del global_step
    if not aggregated_logs:
      return {}
    found = {name: np.concatenate(parts)
             for name, parts in aggregated_logs.items()}
    results = {}
    for width in (None, *self.task_config.widths):
      values = metrics_lib.compute(self.task_config.metrics, found['scores'],
                                   found[_cosines_name(width)])
      results |= {f'{name}_{width}' if width else name: value
                  for name, value in values.items()}
    return results

  def build_metrics(
      self, training: bool | None = None) -> list[tf_keras.metrics.Metric]:
    """Returns the mean of each term and, in training, signs of a collapse."""
    names = list(self.task_config.losses.used())
    if training:
      names += collapse.names(bool(self.task_config.train_data.vectors))
    return [*(tf_keras.metrics.Mean(name=name) for name in names),
            *gradient_step.norm_metrics(training)]

  def train_actions(self, params: cfg.ExperimentConfig,
                    step: tf.Variable) -> list[Callable]:
    """Returns what watches the training; see `training.run`."""
    return [collapse.CollapseWatch(
        step, params.trainer.train_steps,
        params.task.train_data.global_batch_size
        // params.task.accumulation_steps)]


# === Parts of losses ===


def _cosines_name(width: int | None) -> str:
  return f'cosines_{width}' if width else 'cosines'


def _gather(values: Any) -> Any:
  """Returns the rows of all replicas, in their order, as many of each.

  The gradient of what is gathered is the sum of those of all replicas. Sums
  with zeros in place of the others' rows need no exchange of sizes before, as
  `all_gather` does for each tensor.
  """
  context = tf.distribute.get_replica_context()
  if context is None or context.num_replicas_in_sync == 1:
    return values
  place = context.replica_id_in_sync_group
  after = context.num_replicas_in_sync - 1 - place

  def put(rows: tf.Tensor) -> tf.Tensor:
    count = tf.shape(rows)[0]
    return tf.pad(rows, [[place * count, after * count],
                         *[[0, 0]] * (len(rows.shape) - 1)])

  flat = list(map(put, tf.nest.flatten(values)))
  for dtype in (tf.float32, tf.int64):  # One exchange is of one type.
    places = [i for i, each in enumerate(flat) if each.dtype == dtype]
    for i, summed in zip(places, context.all_reduce(
        tf.distribute.ReduceOp.SUM, [flat[i] for i in places]), strict=True):
      flat[i] = summed
  return tf.nest.pack_sequence_as(values, flat)


def _has(name: str, vectors: Mapping[str, tf.Tensor],
         batch: Mapping[str, Any]) -> bool:
  """Returns whether a batch has what a loss needs."""
  if name in _OF_TEACHER:
    return 'vectors' in batch
  if name in _OF_SCORES:
    return 'scores' in batch
  if name in _OF_NEGATIVES:
    return 'negative_0' in vectors
  return loader.PAIR in vectors


def _negatives(vectors: Mapping[str, tf.Tensor]) -> tf.Tensor | None:
  """Returns the hard negatives of all columns, in the order of `_same_texts`.
  """
  found = [vectors[name] for name in sorted(vectors) if 'negative' in name]
  return tf.concat(found, axis=0) if found else None


def _same_texts(ids: Mapping[str, tf.Tensor]) -> tf.Tensor:
  """Returns which documents are a row's text or pair, `[batch, documents]`."""
  text = ids[loader.TEXT]
  pair = ids.get(loader.PAIR, text)
  documents = tf.concat(
      [pair, *(ids[name] for name in sorted(ids) if 'negative' in name)], 0)
  return tf.logical_or(documents == text[:, tf.newaxis],
                       documents == pair[:, tf.newaxis])


# === Checks ===


def _check(config: EmbeddingConfig) -> None:
  """Raises ValueError if a setting is out of range."""
  numbers = {f'losses.{field.name}': getattr(config.losses, field.name)
             for field in dataclasses.fields(config.losses)}
  numbers |= {'temperature': config.temperature, 'margin': config.margin}
  for name, value in numbers.items():
    if not 0 <= value < math.inf or (name == 'temperature' and not value):
      raise ValueError(f'task.{name} is {value}; it has to be a number, '
                       f'{"above 0" if name == "temperature" else "0 or more"}'
                       '.')
  unknown = [name for name in config.metrics if name not in METRICS]
  if unknown:
    raise ValueError(f'task.metrics has {unknown[0]!r}; accepted: '
                     f'{", ".join(METRICS)}.')


def _check_losses(config: EmbeddingConfig) -> None:
  """Raises ValueError if the training data lack what a loss needs."""
  used, data = config.losses.used(), config.train_data
  if not used:
    raise ValueError('No loss has a weight. Set one or more of task.losses: '
                     f'{", ".join(config.losses.as_dict())}.')
  for names, field, what in (
      (_OF_TEACHER, 'vectors', "a teacher's vectors"),
      (_OF_SCORES, 'score_field', 'scores of pairs'),
      (_OF_NEGATIVES, 'negative_fields', 'negatives')):
    lacking = [name for name in names if name in used]
    if lacking and not getattr(data, field):
      raise ValueError(f'task.losses.{lacking[0]} needs {what}: set '
                       f'task.train_data.{field}.')
  if 'score_error' in used and not data.largest_score:
    raise ValueError('task.losses.score_error needs scores up to 1: set '
                     'task.train_data.largest_score to that of equal texts.')
  if 'ranking' in used and data.global_batch_size < 2:
    raise ValueError('task.losses.ranking finds a pair among those of a batch, '
                     'but task.train_data.global_batch_size is '
                     f'{data.global_batch_size}.')
  encoder = config.model.encoder.get()
  if 'ranking' in used and not data.pair_field and not (
      encoder.hidden_dropout_rate or encoder.attention_dropout_rate):
    raise ValueError(
        'task.losses.ranking without task.train_data.pair_field compares a '
        'text with itself under another dropout, but the encoder has none: set '
        'hidden_dropout_rate, such as to 0.1, or name the pairs.')
