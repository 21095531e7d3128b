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

from mobilebert_tf import modeling
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

  def initialize(self, model: modeling.MobileBertPretrainer) -> None:
    """Restores `init_checkpoint`, if one is named."""
    if self.task_config.init_checkpoint:
      restore_pretrainer(model, self.task_config.init_checkpoint)


def restore_pretrainer(model: modeling.MobileBertPretrainer,
                       checkpoint: str) -> None:
  """Restores every weight of a pre-trainer.

  Args:
    model: The pre-trainer, changed in place.
    checkpoint: A checkpoint of `mobilebert/pretrain` or `mobilebert/distill`,
      or a folder of them, of which the latest is taken.

  Raises:
    FileNotFoundError: If there is none.
    ValueError: If it is of another architecture.
  """
  path = checkpoint
  if checkpoint and tf.io.gfile.isdir(checkpoint):
    path = tf.train.latest_checkpoint(checkpoint)
  if not path or not tf.io.gfile.exists(f'{path}.index'):
    raise FileNotFoundError(
        f'No checkpoint at {checkpoint!r}. Name a checkpoint that '
        'mobilebert/pretrain or mobilebert/distill wrote, or its folder.')
  try:
    status = tf.train.Checkpoint(**model.checkpoint_items).read(path)
    status.expect_partial().assert_existing_objects_matched()
  except (AssertionError, ValueError) as error:
    raise ValueError(
        f'{path} is not a checkpoint of this architecture '
        f'({model.encoder.architecture.as_dict()}): {error}') from error
