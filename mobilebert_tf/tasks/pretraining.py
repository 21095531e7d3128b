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

import tensorflow as tf

from mobilebert_tf import checkpoints
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
    """Restores `init_checkpoint`, of any format, if one is named."""
    if self.task_config.init_checkpoint:
      checkpoints.restore(model, self.task_config.init_checkpoint)
