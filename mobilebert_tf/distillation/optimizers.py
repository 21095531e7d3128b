# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The reference's LAMB and AdamW, for the Model Garden's factory.

The Model Garden's correct the bias of their moments, which the reference does
not, and have one learning rate for all variables.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras
from official.modeling import optimization
from official.modeling.optimization.configs import optimization_config
from official.modeling.optimization.configs import optimizer_config
from official.modeling.optimization import optimizer_factory


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class ReferenceLamb(tf_keras.optimizers.Optimizer):
  """LAMB without bias correction (`lamb_optimizer.py` of google-research).

  A variable moves by the learning rate, times its multiplier, times the ratio
  of its norm to that of its update `m / (sqrt(v) + epsilon) + decay * value`.

  Args:
    learning_rate: Learning rate, a number or a schedule.
    beta_1: Decay of the moving average of gradients.
    beta_2: Decay of the moving average of their squares.
    epsilon: Number added to the square root.
    weight_decay_rate: Rate of the decoupled decay.
    exclude: Parts of names of variables that are neither decayed nor
      layer-adapted.
    layer_adaptation: False for the reference's AdamW: no ratio of norms.
    global_clipnorm: Upper bound of the norm of all gradients together.
    name: Name of the optimizer.
    **kwargs: Arguments of `tf_keras.optimizers.Optimizer`.

  Example:

  >>> optimizer = ReferenceLamb(0.1, layer_adaptation=False)
  >>> x = tf.Variable([1.0], name='bias')
  >>> _ = optimizer.apply_gradients([(tf.constant([1.0]), x)])
  >>> round(float(x[0]), 3)  # m is 0.1, the root of v 0.0316.
  0.684
  """

  def __init__(self,
               learning_rate: Any = 1.5e-3,
               beta_1: float = 0.9,
               beta_2: float = 0.999,
               epsilon: float = 1e-6,
               weight_decay_rate: float = 0.01,
               exclude: Sequence[str] = ('norm', 'bias'),
               layer_adaptation: bool = True,
               global_clipnorm: float | None = 1.0,
               name: str = 'ReferenceLamb',
               **kwargs):
    # Compiled updates and several replicas have known trouble together
    # (keras-team/keras issue 18145).
    kwargs.setdefault(
        'jit_compile', tf.distribute.get_strategy().num_replicas_in_sync == 1)
    super().__init__(name=name, global_clipnorm=global_clipnorm, **kwargs)
    self._learning_rate = self._build_learning_rate(learning_rate)
    self._settings = {
        'beta_1': beta_1,
        'beta_2': beta_2,
        'epsilon': epsilon,
        'weight_decay_rate': weight_decay_rate,
        'exclude': list(exclude),
        'layer_adaptation': layer_adaptation,
    }

  def build(self, var_list: Sequence[tf.Variable]) -> None:
    """Creates moments and multipliers of variables; later calls do nothing.

    A stage trains some of the variables, so the first call has to name those of
    all stages.
    """
    if hasattr(self, '_m'):
      return  # The base class would number the variables anew.
    super().build(var_list)
    self._m, self._v = (
        [self.add_variable_from_reference(variable, name)
         for variable in var_list] for name in ('m', 'v'))
    # Set anew by whoever sets them, so checkpoints do without them. Each holds
    # a value for every variable.
    self._multipliers, self._has_multiplier = (
        self._no_dependency(
            tf.Variable(value, trainable=False, name=name))
        for name, value in (('multipliers', tf.ones(len(var_list))),
                            ('has_multiplier', tf.zeros(len(var_list), bool))))

  @property
  def moments(self) -> list[tf.Variable]:
    """Moments of all variables, those of the gradient first."""
    return [*self._m, *self._v]

  def set_multipliers(self, multipliers: Mapping[Any, float]) -> None:
    """Sets multipliers of the learning rate for single variables.

    They are variables themselves, so functions that were traced before use the
    new ones from their next step on.

    Args:
      multipliers: Multipliers by `variable.ref()` of variables that the
        optimizer was built for; 1 for other variables. With 0 a variable keeps
        its value, and its gradient counts for clipping alone. In a step whose
        learning rate is 0, the first of a warm-up, the gradients of named
        variables leave the moments as they are, as in the reference.
    """
    values = np.ones(len(self._index_dict), np.float32)
    named = np.zeros(len(self._index_dict), bool)
    for reference, multiplier in multipliers.items():
      # Replicas update their own copy of a variable, with another reference.
      index = self._index_dict[self._var_key(reference.deref())]
      values[index], named[index] = multiplier, True
    self._multipliers.assign(values)
    self._has_multiplier.assign(named)

  def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
    # A GPU compiles this once for each variable, and keeps it for all stages.
    index = self._index_dict[self._var_key(variable)]
    rate = tf.cast(tf.convert_to_tensor(self.learning_rate), variable.dtype)
    multiplier, is_named = (
        tf.convert_to_tensor(values)[index]
        for values in (self._multipliers, self._has_multiplier))
    learns = (multiplier > 0) & ((rate > 0) | ~is_named)
    rate *= tf.cast(multiplier, rate.dtype)
    gradient = tf.convert_to_tensor(gradient)

    def update() -> tf.Tensor:
      self._update(variable, gradient, self._m[index], self._v[index], rate)
      return learns

    tf.cond(learns, update, lambda: learns)  # Else not even moments are read.

  def _update(self, variable: tf.Variable, gradient: tf.Tensor, m: tf.Variable,
              v: tf.Variable, rate: tf.Tensor) -> None:
    """Updates a variable and its moments, in few passes over the memory."""
    settings = self._settings
    decays = not self._is_excluded(variable)
    decay = tf.cast(settings['weight_decay_rate'], rate.dtype)
    adapts = decays and settings['layer_adaptation']
    if decays and not adapts:
      _subtract(variable, rate * decay, variable)
    # Without powers of beta no bias is corrected. At a rate of 0, moments
    # alone are updated.
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle, m=m.handle, v=v.handle, grad=gradient,
        lr=tf.zeros_like(rate) if adapts else rate, beta1_power=0.0,
        beta2_power=0.0, beta1=settings['beta_1'], beta2=settings['beta_2'],
        epsilon=settings['epsilon'])
    if adapts:
      update = m / (tf.sqrt(v) + settings['epsilon']) + decay * variable
      _subtract(variable, rate * _trust_ratio(variable, update), update)

  def _is_excluded(self, variable: tf.Variable) -> bool:
    return any(part in variable.name for part in self._settings['exclude'])

  def get_config(self) -> dict[str, Any]:
    config = super().get_config()
    return {
        **{name: config[name] for name in ('name', 'global_clipnorm')},
        'learning_rate': self._serialize_hyperparameter(self._learning_rate),
        **self._settings,
    }


@dataclasses.dataclass
class ReferenceLambConfig(optimizer_config.BaseOptimizerConfig):
  """Settings of `ReferenceLamb`, which explains them."""
  name: str = 'ReferenceLamb'
  beta_1: float = 0.9
  beta_2: float = 0.999
  epsilon: float = 1e-6
  weight_decay_rate: float = 0.01
  exclude: list[str] = dataclasses.field(
      default_factory=lambda: ['norm', 'bias'])
  layer_adaptation: bool = True
  global_clipnorm: float | None = 1.0


@dataclasses.dataclass
class ReferenceAdamWConfig(ReferenceLambConfig):
  """Settings of `ReferenceLamb` without layer adaptation."""
  name: str = 'ReferenceAdamW'
  layer_adaptation: bool = False


@dataclasses.dataclass
class OptimizerConfig(optimization_config.OptimizerConfig):
  """The Model Garden's choice of optimizers, and those of the reference.

  Attributes:
    lamb_reference: LAMB, with which the reference pre-trains and distills.
    adamw_reference: AdamW, with which it fine-tunes.
  """
  lamb_reference: ReferenceLambConfig = dataclasses.field(
      default_factory=ReferenceLambConfig)
  adamw_reference: ReferenceAdamWConfig = dataclasses.field(
      default_factory=ReferenceAdamWConfig)


@dataclasses.dataclass
class OptimizationConfig(optimization.OptimizationConfig):
  """The Model Garden's optimization with our choice of optimizers."""
  optimizer: OptimizerConfig = dataclasses.field(
      default_factory=OptimizerConfig)


def _subtract(variable: tf.Variable, rate: tf.Tensor,
              update: tf.Tensor) -> None:
  """Subtracts `rate * update` in one pass, without an array for it."""
  tf.raw_ops.ResourceApplyGradientDescent(
      var=variable.handle, alpha=rate, delta=tf.convert_to_tensor(update))


def _trust_ratio(variable: tf.Variable, update: tf.Tensor) -> tf.Tensor:
  """Returns the ratio of the norms, 1 where one of them is 0."""
  norm, update_norm = map(tf.linalg.global_norm, ([variable], [update]))
  return tf.where((norm > 0) & (update_norm > 0),
                  tf.math.divide_no_nan(norm, update_norm), 1.0)


# The factory looks among the legacy classes unless its caller says otherwise,
# and no task does; what it finds there may be of either kind.
for _name in ('lamb_reference', 'adamw_reference'):
  optimizer_factory.register_optimizer_cls(_name, ReferenceLamb)
