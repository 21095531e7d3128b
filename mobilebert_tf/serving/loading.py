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

"""Loads a classifier: from a training run, or from a checkpoint of any format.
"""

import dataclasses
import os

import tensorflow as tf
import yaml

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf import registry_imports  # Registers the tasks.
from mobilebert_tf.data import text_classification_loader
from mobilebert_tf.data import vocabulary
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.core import task_factory
from official.modeling import hyperparams

del registry_imports

_PARAMS = 'params.yaml'


@dataclasses.dataclass(frozen=True)
class TrainedClassifier:
  """A classifier and what it was trained with.

  Attributes:
    model: The model, restored; its `labels` are these.
    labels: Names of the classes, in the order of its logits.
    vocab_file: Path of the vocabulary.
    lower_case: Whether the tokenizer lower-cases.
    max_length: Longest text, in tokens.
  """
  model: modeling.MobileBertClassifier
  labels: list[str]
  vocab_file: str
  lower_case: bool
  max_length: int


def load_classifier(model_dir: str) -> TrainedClassifier:
  """Loads a classifier of single texts.

  Args:
    model_dir: The folder of a `mobilebert/sentence_prediction` run, whose
      latest checkpoint is taken; or a folder of any format of `checkpoints`
      that has a classifier and a `vocab.txt`, or the name of such a one on the
      Hugging Face hub.

  Returns:
    The classifier.

  Raises:
    FileNotFoundError: If there is no checkpoint, or no vocabulary.
    ValueError: If `params.yaml` is of another experiment, the checkpoint does
      not fit, or it is not one that classifies single texts.
  """
  model_dir = os.path.expanduser(model_dir)
  if tf.io.gfile.exists(os.path.join(model_dir, _PARAMS)):
    return _load_run(model_dir)
  return _load_checkpoint(checkpoints.find(model_dir))


def _load_run(model_dir: str) -> TrainedClassifier:
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
  data.labels = labels  # Where they were not named, but found in the file.
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


def _load_checkpoint(path: str) -> TrainedClassifier:
  checkpoint = checkpoints.read(path)
  if 'sequence_classification' not in checkpoint.parts:
    raise ValueError(
        f'{checkpoint.source} has no classifier, only '
        f'{", ".join(checkpoint.parts)}. Fine-tune it first: python -m '
        'mobilebert_tf.train --experiment=mobilebert/sentence_prediction.')
  if checkpoint.num_classes < 2:
    raise ValueError(
        f'{checkpoint.source} rates texts with one number; a classifier has '
        'two classes or more.')
  vocab_file = os.path.join(os.path.dirname(checkpoint.source), 'vocab.txt')
  if not tf.io.gfile.exists(vocab_file):
    raise FileNotFoundError(
        f'{vocab_file} is missing: the vocabulary that the model was trained '
        'with. If there is a tokenizer.json, mobilebert_tf.convert_checkpoint '
        'makes a folder with both.')
  vocabulary.check_size(vocab_file, checkpoint.architecture.vocab_size)
  labels = checkpoint.labels or tuple(
      f'LABEL_{i}' for i in range(checkpoint.num_classes))
  model = checkpoints.build(modeling.MobileBertClassifier, checkpoint)
  # A [PAD] follows the longest text.
  return TrainedClassifier(model, list(labels), vocab_file,
                           checkpoint.lower_case, model.max_length - 1)


def _read_params(model_dir: str, experiment: str) -> cfg.ExperimentConfig:
  path = os.path.join(model_dir, _PARAMS)
  params = exp_factory.get_exp_config(experiment)
  try:
    return hyperparams.override_params_dict(params, path, is_strict=True)
  except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
    raise ValueError(
        f'{path} is not of a training run of {experiment}: {error}') from error
