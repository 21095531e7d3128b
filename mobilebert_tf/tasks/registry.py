# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The kinds of tasks, a line each: the only place that lists them.

It also binds the engines, which name no task, to these kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
import os
import typing

from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks.classification import kind as classification
from mobilebert_tf.tasks.early_exit_classification import (
    kind as early_exit_classification)
from mobilebert_tf.tasks.embedding import kind as embedding
from mobilebert_tf.tasks.multi_label_classification import (
    kind as multi_label_classification)
from mobilebert_tf.tasks.question_answering import kind as question_answering
from mobilebert_tf.tasks.token_classification import (
    kind as token_classification)

if typing.TYPE_CHECKING:
  from mobilebert_tf.deployment import onnx_runner
  from mobilebert_tf.deployment import tflite_runner
  from mobilebert_tf.inference import embedder
  from mobilebert_tf.inference import loading
  from mobilebert_tf.tasks.embedding import file_embedder

KINDS: Mapping[str, task_kind.TaskKind] = {kind.name: kind for kind in (
    classification.Classification(),
    classification.Regression(),
    early_exit_classification.EarlyExitClassification(),
    multi_label_classification.MultiLabelClassification(),
    token_classification.TokenClassification(),
    question_answering.QuestionAnswering(),
    embedding.SentenceEmbedding(),
    embedding.Embedding(),
)}


def get(name: str) -> task_kind.TaskKind:
  """Returns the kind of that name; raises ValueError if there is none."""
  return task_kind.find(name, KINDS)


def kind_of_recipe(task: str) -> task_kind.TaskKind:
  """Returns the kind that offers a task of `finetune`, such as `'sst2'`.

  Raises:
    ValueError: If no kind offers it.
  """
  for kind in KINDS.values():
    if task in kind.recipes:
      return kind
  raise ValueError(f'There is no task {task!r}; there are '
                   f'{", ".join(recipe_tasks())}.')


def recipe_tasks() -> list[str]:
  """Returns the names of all tasks that `finetune` offers."""
  return [task for kind in KINDS.values() for task in kind.recipes]


def load(model_dir: str) -> loading.TrainedModel:
  """Loads a fine-tuned model; see `inference.loading.load`.

  Example: `load('runs/sst2').labels`
  """
  from mobilebert_tf.inference import loading
  return loading.load(model_dir, KINDS)


def load_encoder(model_dir: str) -> loading.TrainedModel:
  """Loads an encoder alone; see `inference.loading.load_encoder`."""
  from mobilebert_tf.inference import loading
  return loading.load_encoder(model_dir, KINDS)


def load_for_export(model_dir: str, *, encoder_only: bool = False,
                    pairs: bool | None = None) -> loading.TrainedModel:
  """Loads a model to export; see `inference.loading.load_for_export`.

  A folder of sentence-transformers, a plain BERT in it included, is a sentence
  encoder.
  """
  from mobilebert_tf.checkpoints import sentence_transformers
  from mobilebert_tf.inference import embedder
  from mobilebert_tf.inference import loading
  if not encoder_only and sentence_transformers.recognises(model_dir):
    return embedder.load_for_export(model_dir, KINDS)
  return loading.load_for_export(
      model_dir, KINDS, encoder_only=encoder_only, pairs=pairs)


def load_sentence_encoder(
    path: str, pooling: str = '', width: int | None = None
) -> embedder.Embedder | file_embedder.FileEmbedder:
  """Loads a model that turns texts into vectors; see `inference.embedder.load`.

  Of a `.tflite` or an `.onnx` file, it needs no TensorFlow.

  Example: `load_sentence_encoder('runs/mine').embed(['a text'])`
  """
  open_runner = {'.tflite': TFLiteRunner, '.onnx': OnnxRunner}.get(
      os.path.splitext(path)[1])
  if open_runner:
    from mobilebert_tf.tasks.embedding import file_embedder
    path = os.path.expanduser(path)
    return file_embedder.FileEmbedder(
        open_runner(path, os.cpu_count() or 1), path, width)
  from mobilebert_tf.inference import embedder
  return embedder.load(path, KINDS, pooling, width)


def TFLiteRunner(  # pylint: disable=invalid-name
    path: str | os.PathLike, num_threads: int = 1,
    use_dynamic_length: bool = True,
    weight_cache: str | os.PathLike | None = None,
    settings: Mapping[str, typing.Any] | None = None
) -> tflite_runner.TFLiteRunner:
  """Opens a `.tflite` file that answers text, without TensorFlow.

  Args:
    path: Path of the file.
    num_threads: Number of threads of the interpreter.
    use_dynamic_length: Whether to prefer the signature for any length.
    weight_cache: Folder that keeps packed weights, for a quick start.
    settings: Settings of the kind of task in place of the file's.

  Example: `TFLiteRunner('model.tflite').answer('a fine film')`
  """
  from mobilebert_tf.deployment import tflite_runner
  return tflite_runner.TFLiteRunner(
      path, KINDS, num_threads=num_threads,
      use_dynamic_length=use_dynamic_length, weight_cache=weight_cache,
      settings=settings)


def OnnxRunner(  # pylint: disable=invalid-name
    path: str | os.PathLike,
    num_threads: int | None = 1) -> onnx_runner.OnnxRunner:
  """Opens an `.onnx` file that answers text, without TensorFlow.

  Args:
    path: Path of the file, such as `sst2/onnx/model_quantized.onnx`.
    num_threads: Number of threads; None for ONNX Runtime's own choice.

  Example: `OnnxRunner('model.onnx').answer('a fine film')`
  """
  from mobilebert_tf.deployment import onnx_runner
  return onnx_runner.OnnxRunner(path, KINDS, num_threads)
