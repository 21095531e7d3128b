# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Exported models of one task compared: cost, accuracy and agreement."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import comparison
from mobilebert_tf.deployment import formats
from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.text import tokenizer as tokenizer_lib


@dataclasses.dataclass(frozen=True)
class Settings:
  """Models, data and measurements of a comparison.

  Attributes:
    models: Paths of exported models, as `formats.find` takes them.
    text_file: File with a text a line, or two with a tab between for pairs.
    data_file: Labelled file, or ''.
    model_dir: Folder of the Keras model to agree with; '' for agreement with
      the first exported model.
    columns: Columns of the labelled file.
    threads: Numbers of threads to measure with.
    batch_sizes: Numbers of texts that are answered together.
    texts: Number of texts of the file that are timed.
    rounds: Number of turns of each model.
  """
  models: Sequence[str]
  text_file: str
  data_file: str = ''
  model_dir: str = ''
  columns: scoring.Columns = scoring.Columns()
  threads: Sequence[int] = (1, 2)
  batch_sizes: Sequence[int] = (1, 16)
  texts: int = 100
  rounds: int = 3


def benchmark(settings: Settings, kinds: Mapping[str, task_kind.TaskKind],
              progress: Callable[[str], None] = lambda _: None
              ) -> dict[str, Any]:
  """Measures exported models and scores their answers.

  Example: `benchmark(Settings(['model.tflite'], 'texts.txt'), registry.KINDS)`

  Args:
    settings: Models, data and measurements.
    kinds: All kinds of tasks by name.
    progress: Function that is given a line before each step.

  Returns:
    Contents of `reporting.deployment`'s page, as JSON can hold them.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a file is damaged, the models and files do not fit together,
      or no model could be measured.
  """
  return _Benchmark(settings, kinds, progress).run()


class _Benchmark:
  """The steps of a comparison, which share what they found."""

  def __init__(self, settings: Settings,
               kinds: Mapping[str, task_kind.TaskKind],
               progress: Callable[[str], None]):
    self._settings, self._kinds, self._progress = settings, kinds, progress
    self._compared = comparison.Comparison(
        formats.find(settings.models), kinds, progress)
    # A file that is missing is named before any model is loaded.
    real_texts.read(settings.text_file, pairs=False)

  def run(self) -> dict[str, Any]:
    self._describe()
    trained = self._load_trained()
    lines, second = real_texts.read(self._settings.text_file,
                                    self._first['pairs'])
    texts, pairs = real_texts.spread(lines, second, self._settings.texts)
    labelled = self._read_labelled(trained)
    sized, mean_tokens = self._size_texts(trained, texts, pairs)
    plan = comparison.Plan(
        texts, pairs, sized, self._settings.threads,
        self._settings.batch_sizes, self._settings.rounds)
    answers = self._answer(plan, labelled)
    reference, expected = self._find_reference(trained, plan, labelled, answers)
    by_keras = trained is not None
    del trained  # Its memory is for the exported models.
    costs = self._compared.measure(plan)
    if not any(costs.values()):
      raise ValueError(' '.join(self._compared.failures.values()))
    return {
        'task': self._first['task'], 'labels': self._first['labels'],
        'text_file': os.fspath(self._settings.text_file),
        'texts': len(texts), 'lines': len(lines), 'mean_tokens': mean_tokens,
        'data_file': self._settings.data_file,
        'examples': len(labelled.texts) if labelled else 0,
        'reference': {'name': reference, 'is_exported': not by_keras},
        'lengths': list(sized),
        'threads': list(plan.threads), 'batch_sizes': list(plan.batch_sizes),
        'rounds': plan.rounds,
        'models': [
            {**self._about_file(each), 'measurements': costs[each.name],
             **self._judge(each.name, len(texts), labelled, answers,
                           '' if by_keras else reference, expected)}
            for each in self._compared.models],
    }

  def _describe(self) -> None:
    self._progress(f'Loading {len(self._compared.models)} models')
    self._about = self._compared.describe()
    if not self._about:
      raise ValueError(' '.join(self._compared.failures.values()))
    self._first = next(iter(self._about.values()))
    self._kind = task_kind.find(self._first['task'], self._kinds)

  def _about_file(self, model: formats.ExportedModel) -> dict[str, Any]:
    return {'name': model.name, 'path': str(model.path),
            'format': model.format, 'bytes': model.num_bytes,
            'failure': self._compared.failures.get(model.name)}

  def _load_trained(self) -> loading.TrainedModel | None:
    if not self._settings.model_dir:
      return None
    load = loading.load_encoder if self._kind.encoder_only else loading.load
    trained = load(self._settings.model_dir, self._kinds)
    name = next(iter(self._about))
    if trained.kind != self._kind:
      raise ValueError(
          f'{self._settings.model_dir} is for {trained.kind.name}, {name} for '
          f'{self._kind.name}.')
    if sorted(trained.labels) != sorted(self._first['labels']):
      raise ValueError(
          f'{self._settings.model_dir} has the labels '
          f'{", ".join(trained.labels)}, {name} '
          f'{", ".join(self._first["labels"])}.')
    return trained

  def _read_labelled(self, trained: loading.TrainedModel | None
                     ) -> scoring.Labelled | None:
    if not self._settings.data_file:
      return None
    if trained:  # Labels in the order of all that follows.
      trained = dataclasses.replace(trained, labels=self._first['labels'])
    else:
      trained = loading.TrainedModel(
          None, self._first['labels'], '', True, 0, self._kind,
          self._first['pairs'])
    labelled = self._kind.read_labelled(
        self._settings.data_file, trained, self._settings.columns)
    if (labelled.pairs is not None) != self._first['pairs']:
      raise ValueError(
          f'{self._settings.data_file} '
          + ('was read as single texts, but the models read pairs: name the '
             'column of the second text.' if self._first['pairs'] else
             'was read as pairs, but the models read single texts.'))
    return labelled

  def _size_texts(self, trained: loading.TrainedModel | None,
                  texts: list[str], pairs: list[str] | None
                  ) -> tuple[dict[int, Any], float | None]:
    """Returns texts by length, and the mean tokens of those of the file."""
    longest = [each['max_length'] for each in self._about.values()
               if each['max_length']]
    longest += [trained.max_length] if trained else []
    counting = next((each for each in self._compared.working()
                     if self._about[each.name]['counts']), None)
    if not longest or not (counting or trained):
      return {}, None
    if not counting:
      return _size(_counter(trained), min(longest), texts, pairs)
    with self._compared.token_counter(counting) as count_tokens:
      return _size(count_tokens, min(longest), texts, pairs)

  def _answer(self, plan: comparison.Plan,
              labelled: scoring.Labelled | None) -> dict[str, Any]:
    """Returns the answers of each model to all texts, by its name."""
    texts, pairs = _all_texts(plan, labelled)
    answers = {}
    for model in self._compared.working():
      self._progress(f'Answering {len(texts)} texts: {model.name}')
      with self._compared.noting_failure(model):
        found = self._compared.answer(model, texts, pairs, max(plan.threads))
        answers[model.name] = _to_array(
            found, self._about[model.name]['labels'], self._first['labels'],
            model.name)
    return answers

  def _find_reference(self, trained: loading.TrainedModel | None,
                      plan: comparison.Plan,
                      labelled: scoring.Labelled | None,
                      answers: dict[str, Any]) -> tuple[str, Any]:
    """Returns the name and the answers of the model to agree with."""
    if not trained:
      return next(iter(answers.items()), ('', None))
    texts, pairs = _all_texts(plan, labelled)
    self._progress(f'Answering {len(texts)} texts: {self._settings.model_dir}')
    found = self._kind.answers(trained, agreement.RealTexts(texts, pairs))
    return self._settings.model_dir, _to_array(
        found, trained.labels, self._first['labels'], self._settings.model_dir)

  def _judge(self, name: str, timed: int,
             labelled: scoring.Labelled | None, answers: dict[str, Any],
             itself: str, expected: Any) -> dict[str, Any]:
    if name not in answers:
      return {'scores': [], 'agreement': None}
    return {
        'scores': labelled.score(answers[name][timed:]) if labelled else [],
        'agreement': None if name == itself else
                     {'texts': len(expected), 'share': None,
                      'largest_difference': None, 'cosine': None,
                      **self._kind.agreement(answers[name], expected)}}


def _to_array(answers: Sequence[Any], labels: Sequence[str],
              order: Sequence[str], who: str) -> np.ndarray | list[str]:
  """Returns texts, or float64 numbers with the columns of labels in an order.

  Raises:
    ValueError: If a number is not finite.
  """
  if all(isinstance(answer, str) for answer in answers):
    return list(answers)
  values = np.asarray(answers, np.float64)
  finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
  if not finite.all():
    raise ValueError(
        f'{who} answers {int((~finite).sum())} of {len(values)} texts with '
        'what is no finite number: its weights are damaged, or too large for '
        'its precision.')
  if labels:
    # What follows the labels, such as the block of an early exit, stays.
    values = values[:, [*(list(labels).index(label) for label in order),
                        *range(len(labels), values.shape[1])]]
  return values


def _all_texts(plan: comparison.Plan, labelled: scoring.Labelled | None
               ) -> tuple[list[str], list[str] | None]:
  """Returns the timed texts, and then the labelled ones."""
  texts = [*plan.texts, *(labelled.texts if labelled else ())]
  if plan.pairs is None:
    return texts, None
  return texts, [*plan.pairs, *(labelled.pairs if labelled else ())]


def _size(count_tokens, longest: int, texts: list[str],
          pairs: list[str] | None) -> tuple[dict[int, Any], float]:
  counts = count_tokens(texts, pairs)
  return (comparison.make_texts(count_tokens, longest, texts, pairs),
          sum(map(int, counts)) / len(texts))


def _counter(trained: loading.TrainedModel):
  """Returns a function that counts tokens as the Keras model does."""
  tokenizer = tokenizer_lib.Tokenizer.of(trained)

  def count_tokens(texts: Sequence[str], pairs: Sequence[str] | None
                   ) -> list[int]:
    parts = [tokenizer.tokenize_strings(each)
             for each in (texts, pairs) if each is not None]
    return [sum(map(len, row)) + len(parts) + 1
            for row in zip(*parts, strict=True)]

  return count_tokens
