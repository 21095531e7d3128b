# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What a kind of task reads for a recipe, before any training starts."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
from typing import Any

from mobilebert_tf import modeling
from mobilebert_tf.text import settings
from official.core import config_definitions as cfg

TEST_PARTS = ('test', 'test_mismatched', 'ax')


@dataclasses.dataclass(frozen=True)
class Experiment:
  """A fine-tuning at full scale, to be registered by its name.

  Attributes:
    name: Name below `mobilebert/`.
    task: Function that returns the config of the task.
    train_steps: Number of steps.
    learning_rate: Peak of the learning rate.
    end_learning_rate: Learning rate at the last step; None for a
      ten-thousandth of the peak.
    epoch_steps: Number of steps between evaluations; None for the trainer's.
    can_have_teacher: Whether there is an experiment with a fine-tuned teacher.
    optimizer: Fields of the config of the optimizer.
  """
  name: str
  task: Callable[[], cfg.TaskConfig]
  train_steps: int
  learning_rate: float
  end_learning_rate: float | None = None
  epoch_steps: int | None = None
  can_have_teacher: bool = True
  optimizer: Mapping[str, Any] = dataclasses.field(
      default_factory=lambda: {'type': 'adamw_reference'})


@dataclasses.dataclass(frozen=True)
class Start:
  """Where training starts.

  Attributes:
    architecture: Architecture of the encoder.
    vocab_file: Path of the vocabulary, a copy in the folder of the run.
    lower_case: Whether the tokenizer lower-cases (`text.settings`).
    checkpoint: Checkpoint to restore; empty for random weights.
    max_word_length: Maximum length of a word in characters.
  """
  architecture: modeling.MobileBertConfig
  vocab_file: str
  lower_case: settings.LowerCase
  checkpoint: str
  max_word_length: int = settings.MAX_WORD_LENGTH


@dataclasses.dataclass(frozen=True)
class RecipeData:
  """The data of a recipe, read and checked.

  Attributes:
    experiment: Name of the registered experiment that trains on it.
    task: Fields of the experiment's task.
    num_examples: Number of examples to learn from.
    skipped: Number of rows that cannot be read, by part.
    parts: The data by `train`, `dev`, `test` and the like.
    decisive_metrics: Metrics whose mean decides which of two runs is better;
      all if empty.
    watched_metric: Metric of the validation part that early stopping watches;
      higher is better.
  """
  experiment: str
  task: dict[str, Any]
  num_examples: int
  skipped: Mapping[str, int]
  parts: Mapping[str, Any]
  decisive_metrics: Sequence[str] = ()
  watched_metric: str = ''


def check_files(recipe: Any) -> None:
  """Raises ValueError unless a recipe names its own files."""
  if not (recipe.train_file and recipe.dev_file):
    raise ValueError(f'{recipe.task} needs train_file and dev_file.')


def data_fields(recipe: Any, start: Start,
                usual_length: int) -> dict[str, Any]:
  """Returns the fields that all loaders have.

  Args:
    recipe: The recipe.
    start: Where training starts.
    usual_length: Maximum length in tokens, if the recipe names none.

  Raises:
    ValueError: If the recipe names a length that the model cannot read.
  """
  longest = start.architecture.max_position_embeddings - 1
  if recipe.max_length > longest:
    raise ValueError(
        f'max_length is {recipe.max_length}, but a text can have at most '
        f'{longest} tokens: the model has {longest + 1} positions, and a [PAD] '
        'follows the longest text.')
  return {
      'vocab_file': start.vocab_file,
      **{name: getattr(start, name) for name in settings.FIELDS},
      'seq_length': recipe.max_length or min(usual_length, longest),
      'global_batch_size': recipe.batch_size,
      'seed': recipe.seed,
  }
