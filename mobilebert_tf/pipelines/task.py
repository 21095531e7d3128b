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

"""The task: data, fine-tuning and what the classifier gets right."""

import pathlib
from typing import Any

import numpy as np

from mobilebert_tf.common import config_files
from mobilebert_tf.inference import loading
from mobilebert_tf.pipelines import library_task
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.pipelines import text
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import predictor
from mobilebert_tf.training import run
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.modeling import hyperparams

# Those with the most passages, so that the classes can be equally large.
_LIBRARIES = ('keras', 'matplotlib', 'numpy', 'pandas', 'scipy', 'sklearn',
              'tensorflow')
_DEFAULT_QUESTION = 'Which library does this passage document?'


def prepare(folder: pathlib.Path, text_folder: pathlib.Path,
            settings: settings_lib.Settings) -> dict[str, Any]:
  """Writes the default task, or takes one's own.

  Args:
    folder: Gets `train.tsv` and `dev.tsv` of the default task.
    text_folder: What `text.collect` wrote.
    settings: Names one's own files, if any.

  Returns:
    The question, the labels and the two files.
  """
  train, dev = settings.task_train, settings.task_dev
  question = f'The labels of {train}'
  if not train:
    question = _DEFAULT_QUESTION
    passages = (docstring for docstring in text.read_docstrings(text_folder)
                if docstring.library in _LIBRARIES)
    library_task.write_library_task(
        passages, folder, seed=settings.seed,
        passages_per_library=settings.passages_per_library)
    train, dev = str(folder / 'train.tsv'), str(folder / 'dev.tsv')
  labels = loader.read_labels(train, 'label')
  column = settings.text_column if settings.task_train else 'text'
  return {'question': question, 'labels': labels, 'train': train, 'dev': dev,
          'text_column': column, **check(train, dev, column)}


def check(train: str, dev: str,
          text_column: str = 'text') -> dict[str, int]:
  """Reads both files of a task whole.

  Args:
    train: The training part, a TSV with columns text and label.
    dev: The held-out part.
    text_column: The name of the column of the text.

  Returns:
    The number of examples of each.

  Raises:
    ValueError: If a row of either is bad, naming it, or there is one label.
  """
  labels = loader.read_labels(train, 'label')
  if len(labels) < 2:
    raise ValueError(f'{train} has one label, {labels[0]!r}; classification '
                     'is among two or more.')
  parts = {
      part: loader.read_examples(
          path, text_field=text_column, labels=labels)
      for part, path in (('train', train), ('dev', dev))
  }
  return {f'{part}_examples': len(read.texts) for part, read in parts.items()}


def finetune(folder: pathlib.Path, task: dict[str, Any], data: dict[str, Any],
             pretrained_folder: pathlib.Path,
             settings: settings_lib.Settings) -> dict[str, Any]:
  """Fine-tunes a pre-trained student on the task and evaluates it.

  Args:
    folder: Gets the classifier's checkpoints.
    task: What `prepare` returned.
    data: Holds the vocabulary's file and size.
    pretrained_folder: The student's checkpoints.
    settings: Says how long.

  Returns:
    Accuracy and confusion matrix on the held-out part.
  """
  params = _experiment(task, data, pretrained_folder, settings)
  run.run_experiment(
      params, 'train', str(folder), description=folder.name)
  return evaluate(registry.load(str(folder)), task)


def evaluate(classifier: loading.TrainedModel,
             task: dict[str, Any]) -> dict[str, Any]:
  """Returns accuracy and confusion matrix of a classifier on the held-out part.

  Rows of the matrix are true labels, columns what the classifier says.
  """
  texts, expected = read_dev(task)
  predicted = np.argmax(probabilities(classifier, texts), axis=-1)
  confusion = np.zeros([len(task['labels'])] * 2, int)
  np.add.at(confusion, (expected, predicted), 1)
  return {'accuracy': float(np.mean(predicted == expected)),
          'confusion': confusion.tolist()}


def probabilities(classifier: loading.TrainedModel,
                  texts: list[str]) -> np.ndarray:
  """Returns the Keras model's probabilities of texts, `[texts, labels]`."""
  return predictor.TextPredictor(classifier).scores(texts)


def read_dev(task: dict[str, Any]) -> tuple[list[str], np.ndarray]:
  """Returns the texts and label indices of the held-out part."""
  examples = loader.read_examples(
      task['dev'], text_field=task['text_column'], labels=task['labels'])
  return list(examples.texts), np.asarray(examples.label_ids)


def majority_accuracy(task: dict[str, Any]) -> float:
  """Returns the accuracy of always giving the most frequent label."""
  _, expected = read_dev(task)
  return float(np.max(np.bincount(expected)) / len(expected))


def _experiment(task: dict[str, Any], data: dict[str, Any],
                pretrained_folder: pathlib.Path,
                settings: settings_lib.Settings) -> cfg.ExperimentConfig:
  params = exp_factory.get_exp_config('mobilebert/sentence_prediction')
  params = hyperparams.override_params_dict(
      params, config_files.path('experiments/classify_small.yaml'),
      is_strict=True)
  architecture = pretraining.architecture(
      pretraining.STUDENT, settings, data['vocab_size'])
  common = {
      'vocab_file': data['vocab_file'],
      'labels': task['labels'],
      'text_field': task['text_column'],
      'seq_length': architecture.max_position_embeddings - 1,
      'global_batch_size': settings.task_batch_size,
      'seed': settings.seed,
  }
  steps = settings.task_steps
  params.override({
      'task': {
          'init_checkpoint': str(pretrained_folder),
          'model': {'num_classes': len(task['labels']),
                    'encoder': {'any': architecture.as_dict()}},
          'train_data': {**common, 'input_path': task['train']},
          'validation_data': {**common, 'input_path': task['dev']},
      },
      'trainer': {
          'train_steps': steps,
          'steps_per_loop': max(1, steps // 20),
          'checkpoint_interval': max(1, steps // 5),
          'summary_interval': max(1, steps // 20),
          'max_to_keep': 1,
          'optimizer_config': {
              'learning_rate': {'polynomial': {'decay_steps': steps}},
              'warmup': {'polynomial': {'warmup_steps': steps // 10}},
          },
      },
  })
  return params
