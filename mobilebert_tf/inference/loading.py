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

"""Loads a fine-tuned model: a training run, or a checkpoint of any format."""

import dataclasses
import os
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.common import files
from mobilebert_tf.tasks.classification import loader as classification_loader
from mobilebert_tf.tasks.token_classification import loader as token_classification_loader
from mobilebert_tf.text import vocabulary
from mobilebert_tf.training import registry_imports
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.core import task_factory
from official.modeling import hyperparams

del registry_imports

_PARAMS = 'params.yaml'
_VOCABULARY = 'vocab.txt'

# Kinds of models. The names of the third and fourth are those of
# their heads.
CLASSIFICATION, REGRESSION = 'classification', 'regression'
TOKEN_CLASSIFICATION = 'token_classification'
QUESTION_ANSWERING = 'question_answering'
EMBEDDINGS = 'embeddings'  # An encoder alone.

# What a checkpoint may have, what that is called, and what is built from it.
_HEADS = {
    'sequence_classification': ('classifier', modeling.MobileBertClassifier),
    'token_classification': (
        'token classifier', modeling.MobileBertTokenClassifier),
    'question_answering': ('span labeler', modeling.MobileBertSpanLabeler),
}
# Whether it reads two texts; a classifier may, and its weights do not tell.
_PAIRS = {'sequence_classification': None, 'token_classification': False,
          'question_answering': True}
# Experiments with the same fields as those that trained such a head.
_EXPERIMENTS = {
    'sequence_classification': 'mobilebert/sentence_prediction',
    'token_classification': 'mobilebert/token_classification',
    'question_answering': 'mobilebert/squad_v2',
}


@dataclasses.dataclass(frozen=True)
class TrainedModel:
  """A fine-tuned model and what it was trained with.

  Attributes:
    model: The model, restored; its `labels`, if it has classes, are these.
    labels: Names of the classes, in the order of its logits; empty for
      regression and question answering.
    vocab_file: Path of the vocabulary.
    lower_case: Whether the tokenizer lower-cases.
    max_length: Longest text, in tokens, special tokens included.
    kind: `CLASSIFICATION`, `REGRESSION`, `TOKEN_CLASSIFICATION`,
      `QUESTION_ANSWERING` or `EMBEDDINGS`.
    pairs: Whether it reads two texts; None where nobody says, because a
      checkpoint that is not a run's does not.
    params: The experiment, if it is a run.
  """
  model: tf_keras.Model
  labels: list[str]
  vocab_file: str
  lower_case: bool
  max_length: int
  kind: str = CLASSIFICATION
  pairs: bool | None = False
  params: cfg.ExperimentConfig | None = None


def load(model_dir: str) -> TrainedModel:
  """Loads a fine-tuned model, whatever its task.

  Args:
    model_dir: The folder of a fine-tuning run, whose latest checkpoint is
      taken, or one of its checkpoints, or its folder of the best ones; or a
      folder of any format of `checkpoints` that has a classifier,
      token classifier or span labeler and a `vocab.txt`, or the name of such a
      one on the Hugging Face hub.

  Returns:
    The model.

  Raises:
    FileNotFoundError: If there is no checkpoint, or no vocabulary.
    ValueError: If `params.yaml` is of another experiment, or the checkpoint
      does not fit or was not fine-tuned.

  Example: `load('runs/sst2').labels`
  """
  model_dir = os.path.expanduser(model_dir)
  run, checkpoint = _find_run(model_dir)
  if run:
    return _load_run(run, checkpoint)
  return _load_checkpoint(checkpoints.find(model_dir))


def load_encoder(model_dir: str) -> TrainedModel:
  """Loads the encoder of a checkpoint, pre-trained or fine-tuned.

  Args:
    model_dir: As for `load`; or a folder of any format of `checkpoints` with an
      encoder and a `vocab.txt`.

  Returns:
    The encoder.

  Raises:
    FileNotFoundError: If there is no checkpoint, or no vocabulary.
    ValueError: If the checkpoint is damaged.

  Example: `load_encoder('runs/distilled').model`
  """
  model_dir = os.path.expanduser(model_dir)
  run, _ = _find_run(model_dir)
  if run and _head_of_run(run):
    trained = load(model_dir)
    return dataclasses.replace(
        trained, model=trained.model.encoder, labels=[], kind=EMBEDDINGS,
        pairs=False)
  checkpoint = checkpoints.read(checkpoints.find(model_dir))
  vocab_file = _vocabulary_beside(checkpoint)
  encoder = checkpoints.build(modeling.MobileBertEncoder, checkpoint)
  return TrainedModel(encoder, [], vocab_file, checkpoint.lower_case,
                      encoder.max_length - 1, EMBEDDINGS)


def load_for_export(model_dir: str, *, embeddings: bool = False,
                    pairs: bool | None = None) -> TrainedModel:
  """Loads a model, or its encoder, and settles what its checkpoint leaves open.

  Args:
    model_dir: As for `load`, or `load_encoder`.
    embeddings: Whether the encoder alone is wanted.
    pairs: Whether it reads two texts, where its checkpoint does not say; one,
      if this is None as well.

  Returns:
    The model; `pairs` is not None.

  Raises:
    FileNotFoundError: As `load`.
    ValueError: As `load`; or if its checkpoint does say, and something else.
  """
  trained = load_encoder(model_dir) if embeddings else load(model_dir)
  if trained.pairs is None:
    return dataclasses.replace(trained, pairs=bool(pairs))
  if pairs is not None and pairs != trained.pairs:
    raise ValueError(
        f'{model_dir} reads {"two texts" if trained.pairs else "single texts"};'
        ' leave --pairs out.')
  return trained


# === Training runs ===


def _find_run(path: str) -> tuple[str, str | None]:
  """Returns the folder of a run, '' if it is none, and the checkpoint meant."""
  if tf.io.gfile.exists(os.path.join(path, _PARAMS)):
    return path, _latest_checkpoint(path)
  # One of its checkpoints, or the folder of its best ones.
  is_checkpoint = tf.io.gfile.exists(f'{path}.index')
  parent = os.path.dirname(path.rstrip('/')) or '.'
  # One of the best ones is two folders below the params.
  for folder in (parent, os.path.dirname(parent) or '.')[:1 + is_checkpoint]:
    if tf.io.gfile.exists(os.path.join(folder, _PARAMS)):
      checkpoint = path if is_checkpoint else _latest_checkpoint(path)
      if checkpoint:
        return folder, checkpoint
  return '', None


def _latest_checkpoint(folder: str) -> str | None:
  try:
    return tf.train.latest_checkpoint(folder)
  except (ValueError, tf.errors.OpError) as error:
    raise ValueError(f'{folder}/checkpoint is damaged: {error}') from error


def _load_run(model_dir: str, checkpoint: str | None) -> TrainedModel:
  head = _head_of_run(model_dir)
  if head is None:
    raise ValueError(
        f'{model_dir}/{_PARAMS} is not of a training run of '
        f'{" or ".join(_EXPERIMENTS.values())}.')
  params = _read_params(model_dir, _EXPERIMENTS[head])
  if not checkpoint:
    raise FileNotFoundError(f'{model_dir} holds no checkpoint.')
  task, data = params.task, params.task.train_data
  labels = _name_classes(model_dir, head, task)
  vocab_file = _find_vocabulary(model_dir, data.vocab_file)
  vocabulary.check_size(vocab_file, task.model.encoder.get().vocab_size)
  model = task_factory.get_task(task).build_model()
  try:
    status = tf.train.Checkpoint(model=model).read(checkpoint)
    status.expect_partial().assert_existing_objects_matched()
  except (AssertionError, IndexError, ValueError, tf.errors.OpError) as error:
    raise ValueError(
        f'{checkpoint} is damaged, or does not fit the model of '
        f'{model_dir}/params.yaml: {error}') from error
  return TrainedModel(
      model, labels, vocab_file, data.lower_case, data.seq_length,
      kind=_kind(head, getattr(model, 'num_classes', 0)),
      pairs=head == 'question_answering' or bool(
          getattr(data, 'pair_field', '')),
      params=params)


def _head_of_run(model_dir: str) -> str | None:
  """Returns what a run trained, by the fields of its task; None if unknown."""
  path = os.path.join(model_dir, _PARAMS)
  try:
    task = files.read_yaml(path)['task']
    if 'class_names' in task:
      return 'token_classification'
    if 'doc_stride' in task['train_data']:
      return 'question_answering'
    if 'num_classes' in task['model']:
      return 'sequence_classification'
  except (KeyError, TypeError, ValueError) as error:
    raise ValueError(
        f'{path} is not of a training run: {error}') from error
  return None


def _read_params(model_dir: str, experiment: str) -> cfg.ExperimentConfig:
  path = os.path.join(model_dir, _PARAMS)
  params = exp_factory.get_exp_config(experiment)
  try:
    fields = files.read_yaml(path)
    fields['task'].pop('teacher', None)  # It has done its work.
    return hyperparams.override_params_dict(params, fields, is_strict=True)
  except (KeyError, TypeError, ValueError) as error:
    raise ValueError(
        f'{path} is not of a training run of {experiment}: {error}') from error


def _name_classes(model_dir: str, head: str, task: Any) -> list[str]:
  """Returns the labels, and names them in the config if they were found."""
  if head == 'question_answering' or (
      head == 'sequence_classification' and task.model.num_classes == 1):
    return []
  data = task.train_data
  try:
    if head == 'token_classification':
      data.labels = list(
          task.class_names or token_classification_loader.find_labels(data))
      return data.labels
    labels = classification_loader.find_labels(data)
  except FileNotFoundError as error:
    raise FileNotFoundError(
        f'{model_dir}/{_PARAMS} names no labels, and the file they were taken '
        f'from is not there: {error} Name them as task.train_data.labels.'
    ) from error
  if len(labels) != task.model.num_classes:
    raise ValueError(
        f'{model_dir} has {task.model.num_classes} classes and '
        f'{len(labels)} labels ({", ".join(labels[:10])}); a classifier has '
        'two or more, and a label for each.')
  data.labels = labels
  return labels


def _find_vocabulary(model_dir: str, vocab_file: str) -> str:
  """Returns the vocabulary beside the checkpoints, or that of the params.

  A run may have been moved, and another be where the params say.
  """
  beside = os.path.join(model_dir, _VOCABULARY)
  return beside if tf.io.gfile.exists(beside) else vocab_file


# === Checkpoints ===


def _load_checkpoint(path: str) -> TrainedModel:
  checkpoint = checkpoints.read(path)
  found = [head for head in _HEADS if head in checkpoint.parts]
  if not found:
    titles = ' or '.join(title for title, _ in _HEADS.values())
    raise ValueError(
        f'{checkpoint.source} has no {titles}, only '
        f'{", ".join(checkpoint.parts)}. Fine-tune it first: python -m '
        f'mobilebert_tf.train --experiment={_EXPERIMENTS[next(iter(_HEADS))]}.')
  if len(found) > 1:
    titles = ' and '.join(_HEADS[head][0] for head in found)
    raise ValueError(
        f'{checkpoint.source} has a {titles}; nobody can tell which of them is '
        'meant.')
  vocab_file = _vocabulary_beside(checkpoint)
  [head] = found
  kind = _kind(head, checkpoint.num_classes)
  labels = []
  if kind in (CLASSIFICATION, TOKEN_CLASSIFICATION):
    labels = list(checkpoint.labels) or [
        f'LABEL_{i}' for i in range(checkpoint.num_classes)]
  model = checkpoints.build(_HEADS[head][1], checkpoint)
  # A [PAD] follows the longest text.
  return TrainedModel(
      model, labels, vocab_file, checkpoint.lower_case, model.max_length - 1,
      kind, pairs=_PAIRS[head])


def _vocabulary_beside(checkpoint: checkpoints.Checkpoint) -> str:
  vocab_file = os.path.join(os.path.dirname(checkpoint.source), _VOCABULARY)
  if not tf.io.gfile.exists(vocab_file):
    raise FileNotFoundError(
        f'{vocab_file} is missing: the vocabulary that the model was trained '
        'with. If there is a tokenizer.json, mobilebert_tf.convert_checkpoint '
        'makes a folder with both.')
  vocabulary.check_size(vocab_file, checkpoint.architecture.vocab_size)
  return vocab_file


def _kind(head: str, num_classes: int) -> str:
  """Returns what a head answers; a classifier of one class rates."""
  if head == 'sequence_classification':
    return REGRESSION if num_classes == 1 else CLASSIFICATION
  return head
