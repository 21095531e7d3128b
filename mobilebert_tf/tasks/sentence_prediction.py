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

"""Fine-tuning on labelled texts, checked before it starts."""

import dataclasses

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.data import text_classification_loader
from mobilebert_tf.data import vocabulary
from mobilebert_tf.modeling import dropout
from mobilebert_tf.tasks import pretraining
from official.core import task_factory
from official.nlp.configs import encoders
from official.nlp.tasks import sentence_prediction


@dataclasses.dataclass
class SentencePredictionConfig(sentence_prediction.SentencePredictionConfig):
  """The Model Garden's config, with our encoder and the raw first token.

  Attributes:
    model: `use_encoder_pooler` leaves pooling to the encoder, which by default
      takes the first token as it is; a dense layer above it harms GLUE
      (google-research issue 287).
  """
  model: sentence_prediction.ModelConfig = dataclasses.field(
      default_factory=lambda: sentence_prediction.ModelConfig(
          num_classes=2,
          use_encoder_pooler=True,
          encoder=pretraining.encoder_config(
              modeling.get_architecture('mobilebert'))))


@task_factory.register_task_cls(SentencePredictionConfig)
class SentencePredictionTask(sentence_prediction.SentencePredictionTask):
  """The Model Garden's task; a run that would go wrong does not begin."""

  def build_model(self) -> modeling.MobileBertClassifier:
    """Returns a new classifier, with the labels that training names, if any.

    Raises:
      ValueError: If the config asks for another encoder than ours, or for the
        Model Garden's pooler above it.
    """
    config = self.task_config.model
    if self.task_config.hub_module_url:
      raise ValueError(
          f'task.hub_module_url is {self.task_config.hub_module_url!r}, but a '
          'hub module is no MobileBERT encoder. Name a checkpoint as '
          'task.init_checkpoint.')
    if not config.use_encoder_pooler:
      raise ValueError(
          'task.model.use_encoder_pooler is false: the dense layer that the '
          'Model Garden then adds is not part of this model. Leave it true, '
          'and set task.model.encoder.any.use_pooler for a pooler.')
    architecture = config.encoder.get()
    if not isinstance(architecture, modeling.MobileBertConfig):
      raise ValueError(
          f'task.model.encoder is of type {config.encoder.type!r}, a '
          f'{type(architecture).__name__}. Set its type to any, and '
          'task.model.encoder.any to a MobileBertConfig.')
    return modeling.MobileBertClassifier(
        encoders.build_encoder(config.encoder), config.num_classes,
        labels=getattr(self.task_config.train_data, 'labels', None) or (),
        dropout_rate=getattr(config, 'dropout_rate', 0.1))

  def initialize(self, model: tf_keras.Model) -> None:
    """Restores the encoder from `init_checkpoint`, of any format, if named.

    Raises:
      FileNotFoundError: If there is none.
      ValueError: If it is of another architecture.
    """
    if self.task_config.init_checkpoint:
      checkpoints.restore(model, self.task_config.init_checkpoint,
                          parts=('encoder', 'pooler'))

  def train_step(self, inputs: dict[str, tf.Tensor], model: tf_keras.Model,
                 optimizer: tf_keras.optimizers.Optimizer,
                 metrics: list[tf_keras.metrics.Metric]
                 ) -> dict[str, tf.Tensor]:
    """Runs one step, whose dropout depends on the seed and the step alone."""
    seed = getattr(self.task_config.train_data, 'seed', None)
    with dropout.step_seed(seed, optimizer.iterations):
      return super().train_step(inputs, model, optimizer, metrics)

  def build_inputs(
      self, params: text_classification_loader.TextClassificationDataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches, with the labels of the training part.

    Raises:
      ValueError: If labels, vocabulary or lengths do not fit the model.
    """
    config = self.task_config.model
    train = self.task_config.train_data
    # The training part's come first: they are what the logits stand for.
    labels = list(train.labels or params.labels) or (
        text_classification_loader.read_labels(
            train.input_path, train.label_field))
    if len(labels) != config.num_classes:
      raise ValueError(
          f'task.model.num_classes is {config.num_classes}, but there are '
          f'{len(labels)} labels: {", ".join(labels[:10])}.')
    encoder = config.encoder.get()
    vocabulary.check_size(params.vocab_file, encoder.vocab_size)
    if params.seq_length >= encoder.max_position_embeddings:
      raise ValueError(
          f'seq_length is {params.seq_length}, and a [PAD] follows the longest '
          f'text, but the model has {encoder.max_position_embeddings} '
          'positions (max_position_embeddings).')
    # The held-out part may lack a class; its ids are the training part's.
    return super().build_inputs(
        params.replace(labels=labels), input_context)
