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

"""Answers texts with a SavedModel, in the way that `TFLiteRunner` does."""

import dataclasses
import functools
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_text  # Registers the tokenizer's operations.

del tensorflow_text

# The signature for texts, by the names that it has had.
_SIGNATURES = ('serve_text', 'serving_default')
# Tasks by what is answered; the first that fits counts.
_OUTPUTS = {
    'classification': ('probabilities',),
    'question_answering': ('answer',),
    'embeddings': ('pooled_output', 'mean_output'),
    'regression': ('score',),
}
_INPUTS = (('text',), ('text', 'pair'), ('question', 'context'))


@dataclasses.dataclass(frozen=True)
class Answer:
  """What a SavedModel answers to a question; '' for no answer."""
  text: str


def set_threads(num_threads: int) -> None:
  """Lets TensorFlow compute on so many threads.

  Args:
    num_threads: How many. Operations run one after another, or more threads
      would be busy than this.

  Raises:
    RuntimeError: If TensorFlow has computed something already.
  """
  tf.config.threading.set_intra_op_parallelism_threads(num_threads)
  tf.config.threading.set_inter_op_parallelism_threads(1)


class SavedModelRunner:
  """A SavedModel that takes text, ready to answer.

  Args:
    path: Its folder.

  Raises:
    ValueError: If it is damaged, or does not take text.

  Attributes:
    task: `classification`, `regression`, `question_answering` or `embeddings`,
      as its signature's inputs and outputs tell.
    pairs: Whether it reads two texts.

  Example: `SavedModelRunner('export/1').scores(['a text'])`
  """

  def __init__(self, path: str | os.PathLike):
    # A message names every operation; its first line says what is wrong.
    try:
      self._loaded = tf.saved_model.load(os.fspath(path))
    except Exception as error:  # Of any kind, as the damage may be.
      reason = next(iter(str(error).splitlines()), type(error).__name__)
      raise ValueError(
          f'{path} is damaged, or no SavedModel of this TensorFlow: {reason}'
      ) from error
    self._function, self._inputs = _find_signature(self._loaded, path)
    outputs = set(self._function.structured_outputs)
    self.task = next((task for task, names in _OUTPUTS.items()
                      if set(names) <= outputs), None)
    if self.task is None:
      raise ValueError(
          f'{path} answers with {", ".join(sorted(outputs))}, which is none of '
          f'the tasks {", ".join(_OUTPUTS)}.')
    self.pairs = len(self._inputs) == 2

  @functools.cached_property
  def labels(self) -> list[str]:
    """The labels of a classifier, in the order of its probabilities.

    It has to answer a text to tell.
    """
    if self.task != 'classification':
      return []
    outputs = self._run(*([['a']] * len(self._inputs)))
    if 'labels' in outputs:
      return [label.decode('utf-8')
              for label in outputs['labels'].numpy().reshape(-1)]
    return [f'LABEL_{i}' for i in range(outputs['probabilities'].shape[1])]

  def scores(self, texts: Sequence[str],
             pairs: Sequence[str] | None = None) -> np.ndarray:
    """Returns what is said of texts, all computed at once.

    Args:
      texts: The texts.
      pairs: The second text of each, for a model of pairs.

    Returns:
      Probabilities, float32 `[texts, labels]`; of a model that rates float32
      `[texts]`; of one that embeds float32 `[texts, size]`, the mean over
      tokens.
    """
    outputs = self._run(texts, pairs)
    name = {'classification': 'probabilities', 'regression': 'score',
            'embeddings': 'mean_output'}[self.task]
    return outputs[name].numpy()

  def answer(self, questions: Sequence[str],
             contexts: Sequence[str]) -> list[Answer]:
    """Returns the answer to each question, a part of its context."""
    answers = self._run(questions, contexts)['answer'].numpy()
    return [Answer(answer.decode('utf-8', 'replace')) for answer in answers]

  def _run(self, *texts: Sequence[str] | None) -> dict[str, tf.Tensor]:
    given = [each for each in texts if each is not None]
    return self._function(**{
        name: tf.constant([text.encode('utf-8', 'replace') for text in each],
                          tf.string)
        for name, each in zip(self._inputs, given, strict=True)})


def _find_signature(loaded, path) -> tuple[tf.types.experimental.Callable,
                                           tuple[str, ...]]:
  for name in _SIGNATURES:
    function = loaded.signatures.get(name)
    if function is None:
      continue
    specs = function.structured_input_signature[1]
    for inputs in _INPUTS:
      if set(specs) == set(inputs) and all(
          spec.dtype == tf.string for spec in specs.values()):
        return function, inputs
  raise ValueError(
      f'{path} has no signature {_SIGNATURES[0]} that takes text, only '
      f'{", ".join(loaded.signatures) or "none at all"}. Export it with '
      'mobilebert_tf.export.export_saved_model.')
