# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers texts with a SavedModel, as `TFLiteRunner` does with a file."""

from collections.abc import Mapping, Sequence
import functools
import os
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text  # Registers the tokenizer's operations.

from mobilebert_tf.common import plain_paths
from mobilebert_tf.inference import task_kind

del tensorflow_text

# The signature for texts, by the names that it has had.
_SIGNATURES = ('serve_text', 'serving_default')


def set_threads(num_threads: int) -> None:
  """Limits TensorFlow to so many threads.

  Raises:
    ValueError: If TensorFlow has computed something already, with others.
  """
  try:
    tf.config.threading.set_intra_op_parallelism_threads(num_threads)
    # Operations that run side by side would occupy more threads.
    tf.config.threading.set_inter_op_parallelism_threads(1)
  except RuntimeError as error:
    raise ValueError(
        f'num_threads is {num_threads}, but TensorFlow has computed something '
        'in this process, and its threads cannot be set any more. Load the '
        'SavedModel first, or leave num_threads out.') from error


class SavedModelRunner:
  """A SavedModel that takes text, ready to answer.

  Args:
    path: Its folder.
    kinds: All kinds of tasks by name.

  Raises:
    ValueError: If it is damaged, or does not take text.

  Attributes:
    kind: Kind of task, recognised by the outputs of its signature.
    pairs: Whether it reads two texts.
  """

  def __init__(self, path: str | os.PathLike,
               kinds: Mapping[str, task_kind.TaskKind]):
    # A message names every operation; its first line says what is wrong.
    try:
      self._loaded = tf.saved_model.load(plain_paths.folder(path))
    except Exception as error:  # Of any kind, as the damage may be.
      reason = next(iter(str(error).splitlines()), type(error).__name__)
      raise ValueError(
          f'{path} is damaged, or no SavedModel of this TensorFlow: {reason}'
      ) from error
    self._function, self._inputs = _find_signature(self._loaded, path, kinds)
    outputs = set(self._function.structured_outputs)
    found = [kind for kind in kinds.values()
             if kind.text_outputs and set(kind.text_outputs) <= outputs]
    if not found:
      raise ValueError(
          f'{path} answers with {", ".join(sorted(outputs))}, which is none of '
          f'the tasks {", ".join(kinds)}.')
    # Answers to questions have a score, as a regression has.
    self.kind = max(found, key=lambda kind: len(kind.text_outputs))
    self.pairs = len(self._inputs) == 2

  @functools.cached_property
  def labels(self) -> list[str]:
    """The labels of a classifier, in the order of its probabilities.

    They are outputs of the signature, so the first use answers a text.
    """
    if not self.kind.has_labels:
      return []
    outputs = self._run(*([['a']] * len(self._inputs)))
    if 'labels' in outputs:
      return [label.decode('utf-8')
              for label in outputs['labels'].numpy().reshape(-1)]
    classes = outputs[self.kind.text_outputs[0]].shape[1]
    return [f'LABEL_{i}' for i in range(classes)]

  def comparable(self, texts: Sequence[str],
                 pairs: Sequence[str] | None = None) -> np.ndarray | list[str]:
    """Returns answers as `TaskKind.answers` does, all computed in one batch.

    Args:
      texts: Texts, or questions.
      pairs: Second text of each, or its context; None for single texts.
    """
    return self.kind.served_answers({
        name: value.numpy()
        for name, value in self._run(texts, pairs).items()})

  def answer(self, texts: Sequence[str],
             pairs: Sequence[str] | None = None) -> list[Any]:
    """Returns the answer to each text, as `TFLiteRunner.answer` does.

    Args:
      texts: Texts, or questions.
      pairs: Second text of each, or its context; None for single texts.

    Raises:
      ValueError: If a number is not finite.
    """
    outputs = {name: value.numpy()
               for name, value in self._run(texts, pairs).items()}
    for name, values in outputs.items():
      if values.dtype.kind == 'f' and not np.isfinite(values).all():
        raise ValueError(f'The model gives {name} that are not finite. Export '
                         'it anew.')
    return self.kind.answer_served(outputs, texts, self.labels)

  def _run(self, *texts: Sequence[str] | None) -> dict[str, tf.Tensor]:
    given = [each for each in texts if each is not None]
    return self._function(**{
        name: tf.constant([text.encode('utf-8', 'ignore') for text in each],
                          tf.string)
        for name, each in zip(self._inputs, given, strict=True)})


def _find_signature(
    loaded: Any, path: str | os.PathLike,
    kinds: Mapping[str, task_kind.TaskKind]
) -> tuple[tf.types.experimental.Callable, tuple[str, ...]]:
  accepted = {kind.text_names[:count] for kind in kinds.values()
              for count in (1, 2)}
  for name in _SIGNATURES:
    function = loaded.signatures.get(name)
    if function is None:
      continue
    specs = function.structured_input_signature[1]
    for inputs in accepted:
      if set(specs) == set(inputs) and all(
          spec.dtype == tf.string for spec in specs.values()):
        return function, inputs
  raise ValueError(
      f'{path} has no signature {_SIGNATURES[0]} that takes text, only '
      f'{", ".join(loaded.signatures) or "none at all"}. Export it with '
      'mobilebert_tf.export.export_saved_model.')


def open_runner(path: str | os.PathLike,
                kinds: Mapping[str, task_kind.TaskKind],
                num_threads: int | None) -> SavedModelRunner:
  """Opens a SavedModel; see `formats.Format.open`."""
  if num_threads is not None:
    set_threads(num_threads)
  return SavedModelRunner(path, kinds)
