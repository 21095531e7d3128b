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
    ValueError: If the checkpoint does not fit.
  """
  params = _read_params(model_dir, 'mobilebert/sentence_prediction')
  checkpoint = tf.train.latest_checkpoint(model_dir)
  if not checkpoint:
    raise FileNotFoundError(f'{model_dir} holds no checkpoint.')
  model = task_factory.get_task(params.task).build_model()
  status = tf.train.Checkpoint(model=model).read(checkpoint)
  try:
    status.expect_partial().assert_existing_objects_matched()
  except AssertionError as error:
    raise ValueError(
        f'{checkpoint} does not fit the model of {model_dir}/params.yaml: '
        f'{error}') from error
  data = params.task.train_data
  labels = list(data.labels) or text_classification_loader.read_labels(
      data.input_path, data.label_field)
  return TrainedClassifier(model, labels, data.vocab_file, data.lower_case,
                           data.seq_length)


def _read_params(model_dir: str, experiment: str) -> cfg.ExperimentConfig:
  path = os.path.join(model_dir, 'params.yaml')
  if not tf.io.gfile.exists(path):
    raise FileNotFoundError(
        f'{path} is missing; {model_dir} should be the --model_dir of a '
        f'training run of {experiment}.')
  params = exp_factory.get_exp_config(experiment)
  return hyperparams.override_params_dict(params, path, is_strict=True)
