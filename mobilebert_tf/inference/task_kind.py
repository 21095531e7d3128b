# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Everything that the engines need to know about one kind of task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import types
import typing
from typing import Any

if typing.TYPE_CHECKING:  # The engines, which take a kind as an argument.
  import numpy as np
  import tensorflow as tf, tf_keras

  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.deployment import onnx_graph
  from mobilebert_tf.deployment import served_module
  from mobilebert_tf.deployment import tflite_file
  from mobilebert_tf.deployment import tflite_runner
  from mobilebert_tf.evaluation import scoring
  from mobilebert_tf.inference import line_answers
  from mobilebert_tf.inference import loading
  from mobilebert_tf.text import tokenizer
  from official.core import config_definitions as cfg

# Difference of probabilities that quantization explains.
ROUNDING = 0.02
# In the metadata of fields of settings that are those of the model in a file.
FIXED = 'fixed'


class MissingPartError(ValueError):
  """A kind of task has no such part; the message names both."""


class TaskKind:
  """One kind of task: its model, data, predictor, export, score and report.

  A kind is a folder of `tasks/` and one line of `tasks/registry.py`. Inference,
  deployment, evaluation and reporting get it as an argument and never name one.
  A part that a kind does not define raises `MissingPartError`.

  Modules of kinds import TensorFlow inside their methods, because a `.tflite`
  file answers without it.

  Attributes:
    name: Name in `params.yaml`, in exported files and in reports.
    old_names: Names in files of earlier releases.
    title: Name of its models in messages.
    pipeline: Name of what its models do on the Hugging Face hub.
    head: Part of a checkpoint that its models have; empty for an encoder alone.
    experiment: Registered experiment that fine-tunes it.
    text_names: Names of the first and second text in requests.
    pair_title: Name of two texts in messages.
    reads_pairs: Whether its models read two texts; None if runs differ.
    has_labels: Whether its models name classes.
    encoder_only: Whether its models are the encoders of other kinds' models.
    text_outputs: Outputs of the signature for texts; the first is compared.
    number_outputs: Outputs of a `.tflite` file; the first is compared.
    hub_names: Other names that these have in an ONNX model, where Hugging
      Face's exports have such an output.
    mediapipe_task: Task of MediaPipe that runs its files; empty if none does.
    sample_size: Number of texts that an export is checked with.
    recipes: Names of the tasks that `finetune` offers.
    recipe_fields: Further fields of a recipe that its tasks have a use for.
  """
  name: str
  old_names: Sequence[str] = ()
  title: str
  pipeline: str = 'feature-extraction'
  head: str = ''
  experiment: str = ''
  text_names: tuple[str, str] = ('text', 'pair')
  pair_title: str = 'pairs of texts'
  reads_pairs: bool | None = None
  has_labels: bool = False
  encoder_only: bool = False
  text_outputs: tuple[str, ...] = ()
  number_outputs: tuple[str, ...] = ()
  hub_names: Mapping[str, str] = types.MappingProxyType({})
  mediapipe_task: str = ''
  sample_size: int = 256
  recipes: Sequence[str] = ()
  recipe_fields: Sequence[str] = ()

  # === Loading ===

  def is_run(self, task: Mapping[str, Any]) -> bool:
    """Returns whether the `task` of a `params.yaml` is of this kind."""
    del task
    return False

  def task_config(self) -> cfg.TaskConfig:
    """Returns the config of its Model Garden task, with defaults."""
    raise self.missing('training task')

  def is_checkpoint(self, num_classes: int, problem_type: str) -> bool:
    """Returns whether a checkpoint with this head is of this kind.

    Args:
      num_classes: Number of logits.
      problem_type: Their meaning, see `checkpoints.Checkpoint`.
    """
    del num_classes, problem_type
    return True

  @property
  def model_class(self) -> type[tf_keras.Model]:
    """The class of its models."""
    raise self.missing('model')

  def labels_of_run(self, task: Any) -> list[str]:
    """Returns the classes of a run's task, from its data if it names none."""
    del task
    return []

  # === Prediction ===

  def line_answerer(self, trained: loading.TrainedModel,
                    batch_size: int) -> line_answers.LineAnswerer:
    """Returns the object that answers lines of text or JSON."""
    raise self.missing('predictor')

  def answerer(self, trained: loading.TrainedModel
               ) -> Callable[[list[str], list[str] | None], list[Any]]:
    """Returns a function that answers texts, and pairs or None.

    Its answers are of the types of `answer_file`. Threads may share it.
    """
    raise self.missing('predictor')

  # === Deployment ===

  def served_module(self, trained: loading.TrainedModel, model: tf.Module,
                    text_tokenizer: tokenizer.Tokenizer, *,
                    xla: bool) -> served_module.ServedModule:
    """Returns the module that is exported.

    Args:
      trained: The trained model.
      model: The same model, made ready for inference.
      text_tokenizer: The tokenizer that it was trained with.
      xla: Whether the model is compiled by XLA.
    """
    raise self.missing('export')

  def encode(self, trained: loading.TrainedModel, texts: agreement.RealTexts,
             *, rows: int, length: int | None,
             most: int | None) -> list[dict[str, tf.Tensor]]:
    """Encodes texts as the model reads them; see `agreement.batches`."""
    raise self.missing('export')

  def answers(self, trained: loading.TrainedModel,
              texts: agreement.RealTexts) -> np.ndarray | list[str]:
    """Returns the Keras model's answers: a row or a text for each text."""
    raise self.missing('export')

  def checked(self, trained: loading.TrainedModel
              ) -> Sequence[tuple[loading.TrainedModel, Mapping[str, Any]]]:
    """Returns models that a `.tflite` file is compared with, and its settings.

    The first is the model itself, for the settings that the file has.
    """
    return [(trained, {})]

  def differ(self, found: Any, expected: Any) -> np.ndarray:
    """Compares answers of an exported model with the Keras model's.

    Returns:
      bool `[texts]`; or float `[texts]`, the share of each answer that differs,
      if answers have parts.
    """
    raise self.missing('export')

  def certainly_differ(self, trained: loading.TrainedModel,
                       texts: agreement.RealTexts, found: Sequence[Any],
                       expected: Sequence[Any]) -> np.ndarray:
    """Returns `differ` without what `ROUNDING` explains.

    Args:
      trained: The model.
      texts: Texts whose answers differ.
      found: Answers of an exported model.
      expected: Answers of the Keras model.
    """
    import numpy as np
    del trained, texts
    return self.differ(np.stack(found), np.stack(expected))

  def served_answers(self, outputs: Mapping[str, np.ndarray]
                     ) -> np.ndarray | list[str]:
    """Returns the outputs of `serve_text` in the form of `answers`."""
    found = outputs[self.text_outputs[0]]
    if found.dtype == object:
      return [answer.decode('utf-8', 'replace') for answer in found]
    return found

  def answer_served(self, outputs: Mapping[str, np.ndarray],
                    texts: Sequence[str], labels: Sequence[str]) -> list[Any]:
    """Returns the outputs of `serve_text` as answers, one for each text.

    Args:
      outputs: All outputs, finite.
      texts: The texts.
      labels: Labels of the model.
    """
    del texts
    return [self.to_answer(row, labels) for row in outputs[
        self.text_outputs[0]]]

  def add_numbers(self, graph: onnx_graph.Graph, outputs: Mapping[str, str],
                  mask: str) -> dict[str, tuple[str, list[str | int]]]:
    """Adds to an ONNX graph what the model's outputs are made to.

    Args:
      graph: The graph.
      outputs: Outputs of the model by their names in Hugging Face's exports.
      mask: float32 `[batch, sequence]`, 1 for tokens.

    Returns:
      Those of `number_outputs` that are no `outputs`: value in the graph, and
      shape without the number of texts.
    """
    del graph, outputs, mask
    return {}

  @property
  def settings_class(self) -> type | None:
    """Dataclass of further metadata of a `.tflite` file, if any."""
    return None

  def settings(self, trained: loading.TrainedModel) -> Any:
    """Returns an instance of `settings_class`."""
    del trained
    return None

  def check_settings(self, metadata: tflite_file.TFLiteMetadata) -> None:
    """Raises ValueError if the settings of a file do not fit it."""

  def file_signatures(self, signature: str,
                      metadata: tflite_file.TFLiteMetadata
                      ) -> dict[str, set[str]]:
    """Returns further signatures of a `.tflite` file for a length.

    They come with the outputs that each has at least.

    Args:
      signature: The one that all files have for it.
      metadata: Metadata of the file.
    """
    del signature, metadata
    return {}

  def run_file(self, run: Callable[..., dict[str, Any]],
               signature: str, metadata: tflite_file.TFLiteMetadata,
               inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the outputs of a `.tflite` file for one text, by name.

    Args:
      run: Function of a signature, its inputs and, by `handed_on`, outputs
        that are inputs of another signature.
      signature: Signature for the text's length.
      metadata: Metadata of the file.
      inputs: Inputs of that signature.
    """
    del metadata
    return run(signature, inputs)

  def file_row(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns the row of an answer from a file's outputs for one text."""
    return outputs[self.number_outputs[0]][0]

  def answer_file(self, runner: tflite_runner.TFLiteRunner, texts: list[str],
                  pairs: list[str] | None) -> list[Any]:
    """Returns the answers of a `.tflite` file, one for each text."""
    return [self.to_answer(row, runner.metadata.labels)
            for row in runner.compute(texts, pairs)]

  def truncated(self, runner: tflite_runner.TFLiteRunner, texts: list[str],
                pairs: list[str] | None) -> list[bool]:
    """Returns whether a `.tflite` file reads less than a whole text, of each.
    """
    return [runner.is_cut(segments)
            for segments in runner.segments(texts, pairs)]

  def to_answer(self, row: np.ndarray, labels: Sequence[str]) -> Any:
    """Returns the answer in a row of `file_row`."""
    raise self.missing('TFLite answer')

  def comparable(self, runner: tflite_runner.TFLiteRunner, texts: list[str],
                 pairs: list[str] | None) -> np.ndarray | list[str]:
    """Returns the answers of a `.tflite` file in the form of `answers`."""
    return runner.compute(texts, pairs)

  def file_scores(self, runner: tflite_runner.TFLiteRunner, texts: list[str],
                  pairs: list[str] | None) -> np.ndarray | list[str]:
    """Returns the numbers that a `.tflite` file computes of texts, if any."""
    return self.comparable(runner, texts, pairs)

  # === Evaluation ===

  @property
  def has_score(self) -> bool:
    """Whether its models can be evaluated on labelled files."""
    return type(self).evaluate is not TaskKind.evaluate

  def evaluate(self, trained: loading.TrainedModel,
               options: scoring.Options) -> scoring.Scored:
    """Scores a model on a labelled file."""
    raise self.missing('score')

  def read_labelled(self, path: str, trained: loading.TrainedModel,
                    columns: scoring.Columns) -> scoring.Labelled:
    """Reads a labelled file to score exported models with."""
    raise self.missing('score')

  def read_texts(self, path: str,
                 pairs: bool) -> tuple[list[str], list[str] | None]:
    """Reads a file of unlabelled texts; see `real_texts.read`."""
    raise self.missing('export')

  def agreement(self, answers: Any, reference: Any) -> dict[str, float]:
    """Returns the agreement of answers with a reference's.

    Any of `share` (of equal answers), `largest_difference` and `cosine`.
    """
    raise self.missing('export')

  # === Recipes ===

  def check_recipe(self, recipe: Any) -> None:
    """Raises ValueError if a recipe lacks what this kind needs."""

  def experiments(self) -> Sequence[Any]:
    """Returns its full-scale fine-tunings; see `tasks.recipes.Experiment`."""
    return ()

  def usual_settings(self, task: str) -> tuple[float, int, float]:
    """Returns epochs, batch size and learning rate of a task of `recipes`."""
    del task
    return 3.0, 32, 5e-5

  def read_recipe(self, recipe: Any, start: Any) -> Any:
    """Reads the files of a recipe; see `tasks.recipes.RecipeData`."""
    raise self.missing('recipe')

  def score_run(self, recipe: Any, data: Any, trained: loading.TrainedModel,
                folder: Any) -> Mapping[str, scoring.Scored]:
    """Scores the held-out parts of a run and answers its test parts."""
    raise self.missing('recipe')

  # === Reports ===

  def report_parts(self) -> Any:
    """Returns the parts of an evaluation's report for this kind."""
    raise self.missing('report')

  def missing(self, part: str) -> MissingPartError:
    """Returns the error for a part that this kind does not define."""
    return MissingPartError(f'The task {self.name} has no {part}.')

  def __repr__(self) -> str:
    return f'<task {self.name}>'

  def __reduce__(self):  # Kinds are compared by identity across processes.
    return type(self), ()

  def __eq__(self, other: Any) -> bool:
    return isinstance(other, TaskKind) and self.name == other.name

  def __hash__(self) -> int:
    return hash(self.name)


def find(name: Any, kinds: Mapping[str, TaskKind]) -> TaskKind:
  """Returns the kind of a current or old name; raises ValueError."""
  for kind in kinds.values():
    if name == kind.name or name in kind.old_names:
      return kind
  raise ValueError(f'task is {name!r}; accepted: {", ".join(kinds)}.')
