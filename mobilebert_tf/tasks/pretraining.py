# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Pre-training with masked language modelling and next sentence prediction."""

import dataclasses
from collections.abc import Mapping

import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.data import vocabulary
from official.core import config_definitions as cfg
from official.core import task_factory
from official.nlp.configs import bert
from official.nlp.configs import encoders
from official.nlp.tasks import masked_lm


def encoder_config(
    architecture: modeling.MobileBertConfig) -> encoders.EncoderConfig:
  """Wraps an architecture as the Model Garden's tasks want it.

  Args:
    architecture: The architecture.

  Returns:
    An `EncoderConfig` of type `any`; its fields are `encoder.any.*` in YAML.

  Example:

  >>> encoder_config(modeling.get_architecture('mobilebert')).type
  'any'
  """
  return encoders.EncoderConfig(type='any', any=architecture)


@dataclasses.dataclass
class PretrainingConfig(masked_lm.MaskedLMConfig):
  """The Model Garden's masked-LM task with our encoder and heads.

  Attributes:
    model: Only its `encoder` is read; the heads are the paper's.
    scale_loss: True: gradients of replicas are averaged, as they should be.
  """
  model: bert.PretrainerConfig = dataclasses.field(
      default_factory=lambda: bert.PretrainerConfig(
          encoder=encoder_config(modeling.get_architecture('mobilebert'))))
  scale_loss: bool = True


@task_factory.register_task_cls(PretrainingConfig)
class PretrainingTask(masked_lm.MaskedLMTask):
  """Pre-trains any architecture, the teacher's above all."""

  def build_model(self, params: bert.PretrainerConfig | None = None
                  ) -> modeling.MobileBertPretrainer:
    config = params or self.task_config.model
    return modeling.MobileBertPretrainer(
        encoders.build_encoder(config.encoder))

  def build_inputs(
      self, params: cfg.DataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches.

    Raises:
      ValueError: If the vocabulary is larger than the model's, or the batches
        are longer than it takes.
    """
    encoder = self.task_config.model.encoder.get()
    if getattr(params, 'vocab_file', ''):
      vocabulary.check_size(params.vocab_file, encoder.vocab_size)
    if getattr(params, 'seq_length', 0) > encoder.max_position_embeddings:
      raise ValueError(
          f'seq_length is {params.seq_length}, but the model has '
          f'{encoder.max_position_embeddings} positions '
          '(max_position_embeddings).')
    return super().build_inputs(params, input_context)

  def initialize(self, model: modeling.MobileBertPretrainer) -> None:
    """Restores `init_checkpoint`, if one is named."""
    if self.task_config.init_checkpoint:
      restore_pretrainer(model, self.task_config.init_checkpoint)


def restore_pretrainer(model: modeling.MobileBertPretrainer,
                       checkpoint: str) -> None:
  """Restores every weight of a pre-trainer.

  Args:
    model: The pre-trainer, changed in place.
    checkpoint: As for `restore`.

  Raises:
    FileNotFoundError: If there is none.
    ValueError: If it is of another architecture.
  """
  restore(model.checkpoint_items, checkpoint)


def restore(items: Mapping[str, tf_keras.layers.Layer],
            checkpoint: str) -> None:
  """Restores parts of a pre-trained model.

  Args:
    items: The parts by the names that `checkpoint_items` gives them, changed in
      place.
    checkpoint: A checkpoint of `mobilebert/pretrain` or `mobilebert/distill`,
      or a folder of them, of which the latest is taken.

  Raises:
    FileNotFoundError: If there is none.
    ValueError: If it is damaged, or of another architecture.
  """
  path = checkpoint
  if checkpoint and tf.io.gfile.isdir(checkpoint):
    path = tf.train.latest_checkpoint(checkpoint)
  if not path or not tf.io.gfile.exists(f'{path}.index'):
    raise FileNotFoundError(
        f'No checkpoint at {checkpoint!r}. Name a checkpoint that '
        'mobilebert/pretrain or mobilebert/distill wrote, or its folder.')
  try:
    status = tf.train.Checkpoint(**items).read(path)
    status.expect_partial().assert_existing_objects_matched()
  except (AssertionError, IndexError, ValueError, tf.errors.OpError) as error:
    raise ValueError(
        f'{path} is damaged, or not a checkpoint of this architecture: {error}'
    ) from error
  _check_depth(items, path)


def _check_depth(items: Mapping[str, tf_keras.layers.Layer],
                 path: str) -> None:
  """Raises ValueError if the checkpoint's parts have weights without a place.

  A deeper model's checkpoint fits a shallower one otherwise.
  """
  names = [name for name, _ in tf.train.list_variables(path)
           if '.OPTIMIZER_SLOT' not in name]
  for item, layer in items.items():
    found = sum(name.startswith(f'{item}/') for name in names)
    if found > len(layer.weights):
      raise ValueError(
          f'{path} is not a checkpoint of this architecture: its {item} has '
          f'{found} weights, this one {len(layer.weights)}.')
