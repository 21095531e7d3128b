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

"""Loads what an experiment has trained, from its folder."""

import dataclasses
import os

import tensorflow as tf, tf_keras
import yaml

from mobilebert_tf import registry_imports  # Registers the tasks.
from mobilebert_tf.data import text_classification_loader
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.core import task_factory
from official.modeling import hyperparams

del registry_imports


@dataclasses.dataclass(frozen=True)
class TrainedClassifier:
  """A classifier and what it was trained with.

  Attributes:
    model: The model, restored.
    labels: Names of the classes, in the order of its logits.
    vocab_file: Path of the vocabulary.
    lower_case: Whether the tokenizer lower-cases.
    max_length: Longest text, in tokens.
  """
  model: tf_keras.Model
  labels: list[str]
  vocab_file: str
  lower_case: bool
  max_length: int


def load_classifier(model_dir: str) -> TrainedClassifier:
  """Loads the latest checkpoint of a `mobilebert/sentence_prediction` run.

  Args:
    model_dir: The folder that the run was given.

  Returns:
    The classifier.

  Raises:
    FileNotFoundError: If the folder lacks `params.yaml` or a checkpoint.
    ValueError: If `params.yaml` is of another experiment, the checkpoint does
      not fit, or the run was not one of classifying single texts.
  """
  params = _read_params(model_dir, 'mobilebert/sentence_prediction')
  checkpoint = tf.train.latest_checkpoint(model_dir)
  if not checkpoint:
    raise FileNotFoundError(f'{model_dir} holds no checkpoint.')
  data = params.task.train_data
  if data.pair_field:
    raise ValueError(
        f'{model_dir} was trained on pairs of texts ({data.text_field}, '
        f'{data.pair_field}); only classifiers of single texts are exported.')
  labels = list(data.labels) or text_classification_loader.read_labels(
      data.input_path, data.label_field)
  if len(labels) != params.task.model.num_classes or len(labels) < 2:
    raise ValueError(
        f'{model_dir} has {params.task.model.num_classes} classes and '
        f'{len(labels)} labels ({", ".join(labels[:10])}); a classifier has '
        'two or more, and a label for each.')
  model = task_factory.get_task(params.task).build_model()
  try:
    status = tf.train.Checkpoint(model=model).read(checkpoint)
    status.expect_partial().assert_existing_objects_matched()
  except (AssertionError, IndexError, ValueError, tf.errors.OpError) as error:
    raise ValueError(
        f'{checkpoint} is damaged, or does not fit the model of '
        f'{model_dir}/params.yaml: {error}') from error
  return TrainedClassifier(model, labels, data.vocab_file, data.lower_case,
                           data.seq_length)


def _read_params(model_dir: str, experiment: str) -> cfg.ExperimentConfig:
  path = os.path.join(model_dir, 'params.yaml')
  if not tf.io.gfile.exists(path):
    raise FileNotFoundError(
        f'{path} is missing; {model_dir} should be the --model_dir of a '
        f'training run of {experiment}.')
  params = exp_factory.get_exp_config(experiment)
  try:
    return hyperparams.override_params_dict(params, path, is_strict=True)
  except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
    raise ValueError(
        f'{path} is not of a training run of {experiment}: {error}') from error
