# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The quick start: from raw text to an answering TFLite file and a report."""

import json
import pathlib
from collections.abc import Sequence
from typing import Any

from absl import logging
import numpy as np
import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import comparison
from mobilebert_tf.deployment import formats
from mobilebert_tf.deployment import saved_model as saved_model_lib
from mobilebert_tf.deployment import tflite
from mobilebert_tf import modeling
from mobilebert_tf.pipelines import chain as chain_lib
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.reporting import quickstart as quickstart_report
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import loader as loader_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib

REPORT_FILE = 'report.html'
SAVED_MODEL, TFLITE = 'saved_model', 'model.tflite'
_NUM_STEPS = 10
_STUDENTS = {'student': pretraining.DISTILLED,
             'baseline_student': pretraining.BASELINE}
_EXPORTS = ('SavedModel, float32, text in', 'TFLite, dynamic-range int8')
_CALIBRATION_TEXTS = 64
_TIMED_TEXTS = 100
# So small and so briefly trained a model is often undecided.
_LARGEST_DISAGREEMENT = 0.05
_SENTENCE = 'The function returns an array with the same shape as the input.'


def run(folder: pathlib.Path, settings: settings_lib.Settings,
        sentences: Sequence[str]) -> pathlib.Path:
  """Runs the steps that are not done, answers sentences, writes the report.

  Args:
    folder: Folder of the run, with a folder for each step, `results.json` and
      `report.html`.
    settings: Sizes and files.
    sentences: Texts to classify with the TFLite file at the end.

  Returns:
    The path of the report.
  """
  chain = chain_lib.Chain(folder, settings, _NUM_STEPS)
  with chain.claimed('quickstart'):
    return _run(chain, settings, sentences)


def _run(chain: chain_lib.Chain, settings: settings_lib.Settings,
         sentences: Sequence[str]) -> pathlib.Path:
  folder = chain.folder
  prepared = chain.prepare()
  runs = {'teacher': prepared.pop('teacher'),
          **{who: chain.train_student(who, variant)
             for who, variant in _STUDENTS.items()}}
  results = {
      **prepared, **_compare(chain, runs, settings), **_use(chain),
      'attention': compare_attention(chain, settings),
      'answers': _answer(folder / 'export' / TFLITE, sentences),
      **chain.facts('mobilebert_tf.quickstart'),
  }
  files.write_text(folder / 'results.json', json.dumps(results, indent=1))
  quickstart_report.write_report(results, folder / REPORT_FILE)
  print(quickstart_report.format_summary(results), flush=True)
  return folder / REPORT_FILE


def _compare(chain: chain_lib.Chain, runs: dict[str, Any],
             settings: settings_lib.Settings) -> dict[str, Any]:
  """Returns the results of pre-training, model beside model."""
  return {
      'models': {who: runs[who]['model'] for who in ('teacher', 'student')},
      'curves': {who: run['curve'] for who, run in runs.items()},
      'stages': runs['student']['stages'],
      'masked_lm': {
          **{who: run['masked_lm'] for who, run in runs.items()},
          'baseline': {
              'name': 'always the most frequent token',
              'accuracy': pretraining.most_frequent_token_share(
                  chain.data, settings),
          },
      },
  }


def _use(chain: chain_lib.Chain) -> dict[str, Any]:
  """Fine-tunes both students and exports one; returns the results."""
  task = chain.prepare_task()
  models = {who: chain.finetune(who) for who in _STUDENTS}
  exports = chain.pipeline.run(
      'export', lambda step: {'exports': export(
          step, chain.folder / 'student_task', task)}, {})
  names = ('question', 'labels', 'train_examples', 'dev_examples')
  return {'task': {**{name: task[name] for name in names},
                   'majority_accuracy': models['student']['majority_accuracy'],
                   'models': models}, **exports}


def export(folder: pathlib.Path, classifier_folder: pathlib.Path,
           task: dict[str, Any]) -> list[dict[str, Any]]:
  """Exports the classifier and measures each export on the held-out part.

  Args:
    folder: Folder of the SavedModel and the TFLite file.
    classifier_folder: Folder of the fine-tuned classifier.
    task: Result of `task.prepare`.

  Returns:
    For each export its size, the mean latency of a text on one core, its
    accuracy, and the share of held-out texts for which it gives the Keras
    model's label.
  """
  classifier = registry.load(str(classifier_folder))
  examples = loader_lib.read_examples(
      task['dev'], text_field=task['text_column'], labels=task['labels'])
  texts = list(examples.texts)
  real = agreement.RealTexts(
      texts[:_CALIBRATION_TEXTS], source='the held-out part')
  saved_model = saved_model_lib.write(
      classifier, folder / SAVED_MODEL, real, version=1,
      largest_disagreement=_LARGEST_DISAGREEMENT, report=logging.info)
  tflite.write(
      classifier, folder / TFLITE, real,
      largest_disagreement=_LARGEST_DISAGREEMENT, report=logging.info)
  reference = classifier.kind.answers(
      classifier, agreement.RealTexts(texts))
  return _measure([saved_model, folder / TFLITE], texts,
                  np.asarray(examples.label_ids), np.argmax(reference, -1))


def _measure(paths: Sequence[pathlib.Path], texts: list[str],
             labels: np.ndarray,
             reference: np.ndarray) -> list[dict[str, Any]]:
  """Returns the costs of the exports, and the shares of equal labels."""
  compared = comparison.Comparison(formats.find(paths), registry.KINDS)
  costs = compared.measure(comparison.Plan(
      texts[:_TIMED_TEXTS], None, {}, threads=(1,), batch_sizes=(1,),
      rounds=1))
  for path, message in compared.failures.items():
    raise ValueError(f'{path}: {message}')
  found = []
  for title, each in zip(_EXPORTS, compared.models, strict=True):
    answers = np.argmax(compared.answer(each, texts, None), -1)
    [timing] = costs[each.name][0]['texts']
    found.append({
        'name': title,
        'path': str(each.path),
        'megabytes': each.num_bytes / 1e6,
        'latency_ms': 1e3 * timing['seconds'],
        'accuracy': float(np.mean(answers == labels)),
        'agreement': float(np.mean(answers == reference)),
    })
  return found


def _answer(tflite_file: pathlib.Path,
            texts: Sequence[str]) -> list[dict[str, Any]]:
  """Returns the label and probability that the TFLite file gives each text."""
  runner = registry.TFLiteRunner(tflite_file)
  return [
      {'text': text, 'label': answer.label, 'probability': answer.probability,
       'source': 'TFLite'}
      for text, answer in zip(texts, runner.answer(texts), strict=True)
  ]


def compare_attention(chain: chain_lib.Chain, settings: settings_lib.Settings
                      ) -> dict[str, Any]:
  """Returns the attention of teacher and student on one sentence.

  The dict has its `tokens`, and the probabilities of `teacher` and `student`,
  `[blocks, heads, tokens, tokens]`.
  """
  tokenizer = tokenizer_lib.Tokenizer(chain.data['vocab_file'])
  inputs = tokenizer.encode([_SENTENCE], max_length=settings.max_seq_length)
  length = int(tf.reduce_sum(inputs['input_mask']))
  ids = inputs['input_word_ids'][0, :length].numpy()
  maps = {}
  for who in ('teacher', 'student'):
    encoder = modeling.MobileBertEncoder.from_pretrained(
        str(chain.folder / who))
    scores = encoder(inputs)['attention_scores']
    maps[who] = np.stack([
        tf.nn.softmax(block)[0, :, :length, :length] for block in scores
    ]).round(7).tolist()
  return {
      'tokens': [tokenizer.vocabulary.tokens[token] for token in ids], **maps
  }
