# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Loads whatever answers texts: an exported model, a run, a checkpoint."""

from __future__ import annotations

import os
import pathlib
import typing

from mobilebert_tf.deployment import formats
from mobilebert_tf.inference import predictor
from mobilebert_tf.tasks import registry

if typing.TYPE_CHECKING:
  from mobilebert_tf.inference import loading


def load(path: str | os.PathLike, *,
         num_threads: int | None = None) -> predictor.TextPredictor:
  """Loads a trained or exported model that answers texts.

  What is not needed is not imported: a `.tflite` file is answered with without
  TensorFlow.

  Args:
    path: A file or folder of any of `deployment.formats`, such as a `.tflite`
      file, a SavedModel or the folder of `export_onnx`; the folder of a
      fine-tuning run, or one of its checkpoints; a checkpoint of any format
      with a head and a vocabulary; a folder of sentence-transformers; or the
      name of either on the Hugging Face hub.
    num_threads: Number of threads of an exported model; None for the runtime's
      own choice. TensorFlow's is that of the process, and is set before it
      computes anything.

  Returns:
    A `predictor.Predictor`.

  Raises:
    FileNotFoundError: If there is no such model.
    ValueError: If it is damaged, or does not answer texts.

  Example: `load('sst2.tflite')('a gripping film')`
  """
  path = os.path.expanduser(os.fspath(path))
  exported = formats.locate(pathlib.Path(path))
  if exported:
    return _of_exported(exported, num_threads)
  if num_threads is not None:
    raise ValueError(
        f'num_threads is {num_threads}, but {path} is no exported model, and '
        'TensorFlow has the threads of its process: '
        'tf.config.threading.set_intra_op_parallelism_threads.')
  if path.endswith(tuple(
      each.suffix for each in formats.FORMATS.values() if each.suffix)):
    formats.find([path])  # Says that there is none.
  return _of_checkpoint(path)


def _of_exported(path: pathlib.Path,
                 num_threads: int | None) -> predictor.TextPredictor:
  runner = formats.recognise(path).open(path, registry.KINDS, num_threads)
  about = getattr(runner, 'metadata', runner)
  return predictor.TextPredictor(
      runner.answer, about.kind, about.labels or (), about.pairs, str(path))


def _of_checkpoint(path: str) -> predictor.TextPredictor:
  from mobilebert_tf.checkpoints import formats as checkpoint_formats
  from mobilebert_tf.checkpoints import sentence_transformers
  from mobilebert_tf.inference import loading
  from mobilebert_tf.tasks.embedding import kind as embedding

  if not loading.is_run(path, registry.KINDS):
    found = checkpoint_formats.find(path)
    if os.path.isdir(found) and sentence_transformers.recognises(found):
      return predictor.TextPredictor(
          embedding.answerer_of(registry.load_sentence_encoder(found)),
          registry.get('sentence_embedding'), source=path)
    trained = registry.load(found)
  else:
    trained = registry.load(path)
  return of_trained(trained, path)


def of_trained(trained: loading.TrainedModel,
               source: str = '') -> predictor.TextPredictor:
  """Returns the predictor of a model that is loaded.

  Args:
    trained: The model.
    source: Where it was loaded from, for messages.
  """
  return predictor.TextPredictor(
      trained.kind.answerer(trained), trained.kind, trained.labels,
      trained.pairs, source)
