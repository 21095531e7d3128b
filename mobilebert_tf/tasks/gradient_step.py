# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A training step in slices: the same for every task, device count and slice.

What does not fit one device is computed slice by slice. The gradients of the
slices of all replicas are summed, so that a step is that of the whole batch.
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import recomputation
from official.core import config_definitions as cfg
from official.modeling import optimization
from official.modeling.hyperparams import base_config

GRADIENT_NORM = 'gradient_norm'
TEXTS = 'texts'
# The loss, the terms by name, and the outputs that metrics read.
Computed = tuple[tf.Tensor, dict[str, tf.Tensor], Any]


@dataclasses.dataclass
class StepConfig(base_config.Config):
  """Mixin of a task's config.

  Attributes:
    accumulation_steps: Number of slices, one after another, of the batch of a
      replica. More of them need less memory; apart from dropout, which draws
      other masks, the step is the same.
    recompute: Whether blocks are computed again in the backward pass, which
      takes about a third longer and the memory of one block instead of all.
    early_stopping: Number of evaluations without a better
      `trainer.best_checkpoint_eval_metric` after which training stops, and the
      best checkpoint becomes the run's; 0 for none.
  """
  accumulation_steps: int = 1
  recompute: bool = False
  early_stopping: int = 0


def check(config: cfg.TaskConfig, replicas: int) -> None:
  """Raises ValueError unless replicas and slices divide a training batch."""
  slices = getattr(config, 'accumulation_steps', 1)
  if slices < 1:
    raise ValueError(f'task.accumulation_steps is {slices}; it has to be at '
                     'least 1.')
  size = getattr(config.train_data, 'global_batch_size', 0)
  if slices > 1 and size % (replicas * slices):
    raise ValueError(
        f'task.train_data.global_batch_size is {size}, which {replicas} x '
        f'{slices} (devices x task.accumulation_steps) does not divide. Set '
        'task.accumulation_steps to a divisor of '
        f'{size // replicas}, the texts of a device.')


@dataclasses.dataclass(frozen=True)
class Slice:
  """A part of a replica's batch.

  Attributes:
    inputs: Inputs of the part.
    shares: Sums of weights by name, relative to their mean over the slices of
      all replicas. The mean over a slice, times its share, averaged over
      slices and replicas, is the mean over the global batch.
    portion: 1 divided by the number of slices; None for the whole batch.
    index: Number of the slice; None for the whole batch.
  """
  inputs: Any
  shares: Mapping[str, tf.Tensor]
  portion: float | None = None
  index: tf.Tensor | None = None

  def share(self, mean: tf.Tensor, name: str) -> tf.Tensor:
    """Returns a mean over the slice times its share.

    The mean over nothing, which is not a number, counts as 0: a last batch may
    have texts for some replicas only.

    Args:
      mean: Mean by the weights, of any shape.
      name: Name of the weights.
    """
    return tf.math.multiply_no_nan(mean, self.shares[name])

  def log(self, metrics: Sequence[tf_keras.metrics.Metric],
          terms: Mapping[str, tf.Tensor]) -> None:
    """Updates the metrics that have the name of a term."""
    for metric in metrics:
      if metric.name in terms:
        metric.update_state(terms[metric.name], self.portion)


class GradientStep:
  """Mixin of a task, before the Model Garden's class: its training step.

  The task defines `compute`; a loss that is no mean over texts also `weigh`.
  Losses are multiplied by their `Slice.shares`.
  """

  task_config: Any

  def weigh(self, inputs: Any) -> dict[str, tf.Tensor]:
    """Returns sums of weights over a batch, by name; by default the texts."""
    size = tf.shape(tf.nest.flatten(inputs)[0])[0]
    return {TEXTS: tf.cast(size, tf.float32)}

  def compute(self, part: Slice, model: tf_keras.Model) -> Computed:
    """Runs the forward pass of training on a slice."""
    raise NotImplementedError

  def trained_variables(self, model: tf_keras.Model) -> list[tf.Variable]:
    """Returns the variables that a step trains."""
    return model.trainable_variables

  def build_metrics(
      self, training: bool | None = None) -> list[tf_keras.metrics.Metric]:
    """Returns the task's metrics, in training with the norm of gradients."""
    return [*super().build_metrics(training), *norm_metrics(training)]

  # No step has a Python condition on a tensor, and to look for one in all code
  # that it calls takes a fifth of the time to the first step.
  @tf.autograph.experimental.do_not_convert
  def train_step(self, inputs: Any, model: tf_keras.Model,
                 optimizer: tf_keras.optimizers.Optimizer,
                 metrics: Sequence[tf_keras.metrics.Metric] | None = None
                 ) -> dict[str, tf.Tensor]:
    """Runs one step, whose dropout depends on the seed and the step alone."""
    variables, metrics = self.trained_variables(model), metrics or []
    seed = getattr(self.task_config.train_data, 'seed', None)
    step = tf.convert_to_tensor(optimizer.iterations)
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    recompute = getattr(self.task_config, 'recompute', False)

    def differentiate(part: Slice) -> list[tf.Tensor | None]:
      with (layers.step_seed(seed, step, part.index),
            recomputation.of_blocks(recompute),
            tf.GradientTape(watch_accessed_variables=False) as tape):
        tape.watch(variables)
        loss, terms, outputs = self.compute(part, model)
        loss *= part.portion or 1.0
        # Those of replicas are summed.
        share = loss / replicas
      gradients = tape.gradient(share, variables)
      self.update_metrics(metrics, part, terms, outputs)
      return [loss, *map(densify, gradients)]

    slices = getattr(self.task_config, 'accumulation_steps', 1)
    loss, *gradients = sum_over_slices(
        differentiate, inputs, self.weigh, slices, [tf.zeros([]), *variables])
    norm = _apply(optimizer, gradients, variables)
    for metric in metrics:
      if metric.name == GRADIENT_NORM:
        metric.update_state(norm)
    return {self.loss: loss}

  def update_metrics(self, metrics: Sequence[tf_keras.metrics.Metric],
                     part: Slice, terms: Mapping[str, tf.Tensor],
                     outputs: Any) -> None:
    """Updates metrics by the terms and the outputs of a slice."""
    part.log(metrics, terms)
    _, labels = split_inputs(part.inputs)
    others = [metric for metric in metrics
              if metric.name not in (*terms, GRADIENT_NORM)]
    if others:
      self.process_metrics(others, labels, outputs)


def norm_metrics(training: bool | None) -> list[tf_keras.metrics.Metric]:
  """Returns the metric of the norm of gradients, in training alone."""
  return [tf_keras.metrics.Mean(name=GRADIENT_NORM)] if training else []


def split_inputs(inputs: Any) -> tuple[Any, Any]:
  """Returns features and labels, which may be one dict."""
  return inputs if isinstance(inputs, tuple) else (inputs, inputs)


def sum_over_slices(
    compute: Callable[[Slice], Sequence[tf.Tensor | None]], inputs: Any,
    weigh: Callable[[Any], dict[str, tf.Tensor]], slices: int,
    shaped: Sequence[Any]) -> list[tf.Tensor | None]:
  """Returns the sums of what a function returns for each slice of a batch.

  Args:
    compute: Function of a slice.
    inputs: Batch of this replica, nested tensors with one first dimension.
    weigh: Function of a batch, see `GradientStep.weigh`.
    slices: Number of slices. Where the batch's size is not static, they are
      as equal as can be.
    shaped: Tensors or variables with the shapes of the results.

  Returns:
    The sums, None where the function returns None.
  """
  if slices == 1:
    return list(compute(Slice(inputs, _shares(weigh, inputs))))
  means = _means(weigh(inputs), slices)
  absent = set()

  def add(index: tf.Tensor, *sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
    part = _slice(inputs, index, slices)
    shares = {name: tf.math.divide_no_nan(total, means[name])
              for name, total in weigh(part).items()}
    values = compute(Slice(part, shares, 1 / slices, index))
    absent.update(i for i, value in enumerate(values) if value is None)
    return index + 1, *(total if value is None else total + value
                        for total, value in zip(sums, values, strict=True))

  _, *sums = tf.while_loop(
      lambda index, *_: index < slices, add,
      [tf.constant(0), *(tf.zeros(each.shape) for each in shaped)],
      parallel_iterations=1, maximum_iterations=slices)
  return [None if i in absent else total for i, total in enumerate(sums)]


def _shares(weigh: Callable[[Any], dict[str, tf.Tensor]],
            inputs: Any) -> dict[str, tf.Tensor]:
  """Returns the shares of a replica's whole batch."""
  totals = weigh(inputs)
  if _replicas() == 1:
    return dict.fromkeys(totals, tf.constant(1.0))
  means = _means(totals, 1)
  return {name: tf.math.divide_no_nan(total, means[name])
          for name, total in totals.items()}


def _means(totals: dict[str, tf.Tensor],
           slices: int) -> dict[str, tf.Tensor]:
  """Returns the means of this replica's totals over slices of all replicas."""
  values = tf.stack(list(totals.values())) / slices
  if _replicas() > 1:
    values = tf.distribute.get_replica_context().all_reduce(
        tf.distribute.ReduceOp.MEAN, values)
  return dict(zip(totals, tf.unstack(values), strict=True))


def _replicas() -> int:
  context = tf.distribute.get_replica_context()
  return context.num_replicas_in_sync if context else 1


def _slice(inputs: Any, index: tf.Tensor, slices: int) -> Any:
  """Returns the slice of a number, with a static size where that is known."""

  def take(tensor: tf.Tensor) -> tf.Tensor:
    rows = tensor.shape[0]
    if rows is not None and rows % slices == 0:
      shape = tf.concat([[slices, rows // slices], tf.shape(tensor)[1:]], 0)
      apart = tf.reshape(tensor, shape)
      return tf.ensure_shape(
          apart[index], [rows // slices, *tensor.shape[1:]])
    rows = tf.shape(tensor)[0]
    return tensor[index * rows // slices:(index + 1) * rows // slices]

  return tf.nest.map_structure(take, inputs)


def densify(gradient: Any) -> tf.Tensor | None:
  """Returns a gradient as a tensor.

  That of a table is a row for each token of the batch, all of which replicas
  would exchange, and its norm would be that of unsummed rows.
  """
  if gradient is None:
    return None
  return tf.cast(tf.convert_to_tensor(gradient), tf.float32)


def _apply(optimizer: tf_keras.optimizers.Optimizer,
           gradients: Sequence[tf.Tensor | None],
           variables: Sequence[tf.Variable]) -> tf.Tensor:
  """Sums replicas' gradients, applies them, and returns their norm.

  The optimizer clips what it gets: the sum.
  """
  pairs = [(gradient, variable) for gradient, variable in zip(
      gradients, variables, strict=True) if gradient is not None]
  gradients, variables = map(list, zip(*pairs, strict=True))
  if _replicas() > 1:
    gradients = tf.distribute.get_replica_context().all_reduce(
        tf.distribute.ReduceOp.SUM, gradients)
  norm = tf.linalg.global_norm(gradients)
  if isinstance(optimizer, optimization.ExponentialMovingAverage):
    # It sums them again.
    gradients = [gradient / _replicas() for gradient in gradients]
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    return norm
  if getattr(optimizer, 'gradient_clip_norm', 0.0):
    # The Model Garden's AdamW clips only what it sums.
    gradients, _ = tf.clip_by_global_norm(
        gradients, optimizer.gradient_clip_norm, norm)
  optimizer.apply_gradients(zip(gradients, variables, strict=True),
                            experimental_aggregate_gradients=False)
  return norm
