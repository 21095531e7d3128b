# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What to fine-tune, on which data, and how: a recipe."""

import dataclasses
import math

from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import registry


@dataclasses.dataclass(frozen=True)
class Recipe:
  """A task, its data, where to start from, and how to train.

  The paper searched batches of 16, 32 and 48, rates from 1e-5 to 1e-4 and 2 to
  10 epochs (section 4.4).

  Attributes:
    task: One of `registry.recipe_tasks()`.
    data_dir: Folder of GLUE's folders, for its tasks.
    train_file: For all others: a TSV or CSV file with named columns, a CoNLL
      file, or SQuAD's JSON.
    dev_file: The same, held out; scored.
    test_file: The same without labels; answered.
    dev_titles: Of SQuAD: articles to hold out; all others are learned from, so
      that one file can be both `train_file` and `dev_file`.
    text_column: Of one's own classification or regression.
    pair_column: The same of a second text, if there is one.
    label_column: The same of the label.
    label_columns: Columns of 0 and 1, one for each label, where a text can have
      several labels; empty if they share `label_column`.
    label_separator: Separator of labels that share a column.
    init_checkpoint: What to start from: a run, a checkpoint of any format, or
      a name on the Hugging Face hub. Empty: random weights.
    architecture: Named where nothing is started from.
    vocab_file: The vocabulary, where none lies with the checkpoint.
    teacher: A model fine-tuned on the same task, to learn from beside labels.
    hidden_weight: Weight of its hidden states, see `TeachingConfig`.
    max_length: Longest text in tokens; 0 is the task's usual one.
    learning_rate: Its peak, reached after a tenth of the steps.
    batch_size: Texts in a step.
    epochs: How often each text is seen.
    seed: Of weights, order and dropout.
  """
  task: str
  data_dir: str = ''
  train_file: str = ''
  dev_file: str = ''
  test_file: str = ''
  dev_titles: tuple[str, ...] = ()
  text_column: str = 'text'
  pair_column: str = ''
  label_column: str = 'label'
  label_columns: tuple[str, ...] = ()
  label_separator: str = ','
  init_checkpoint: str = ''
  architecture: str = ''
  vocab_file: str = ''
  teacher: str = ''
  hidden_weight: float = 0.0
  max_length: int = 0
  learning_rate: float = 5e-5
  batch_size: int = 32
  epochs: float = 3.0
  seed: int = 0

  def __post_init__(self):
    self.kind.check_recipe(self)
    if self.hidden_weight and not self.teacher:
      raise ValueError(f'hidden_weight is {self.hidden_weight}, but there is '
                       'no teacher whose hidden states it could weigh.')
    if bool(self.init_checkpoint) == bool(self.architecture):
      raise ValueError('Name either init_checkpoint or, to start from random '
                       'weights, architecture.')
    for name in ('learning_rate', 'epochs'):
      value = getattr(self, name)
      if not (math.isfinite(value) and value > 0):
        raise ValueError(f'{name} is {value}; it has to be above 0.')
    if self.batch_size < 1 or self.max_length < 0:
      raise ValueError(f'batch_size is {self.batch_size} and max_length '
                       f'{self.max_length}; they count texts and tokens.')

  @property
  def kind(self) -> task_kind.TaskKind:
    """The kind of the task."""
    return registry.kind_of_recipe(self.task)

  def num_steps(self, examples: int) -> int:
    """Returns the steps of training, 1 at least.

    Args:
      examples: How many there are to learn from.
    """
    return max(1, round(self.epochs * examples / self.batch_size))


def usual_settings(task: str) -> dict[str, float]:
  """Returns what a task is usually trained with.

  Args:
    task: One of `registry.recipe_tasks()`.

  Returns:
    `epochs`, `batch_size` and `learning_rate`: of GLUE and SQuAD those of the
    registered experiments, else those of the reference's GLUE runs.
  """
  settings = registry.kind_of_recipe(task).usual_settings(task)
  return dict(zip(('epochs', 'batch_size', 'learning_rate'), settings,
                  strict=True))
