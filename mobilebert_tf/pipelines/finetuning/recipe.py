# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A recipe: what to fine-tune, on which data, and how; and its flags.

What needs TensorFlow is imported where it is used, so that --help need not wait
for it.
"""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.text import settings

if TYPE_CHECKING:
  from mobilebert_tf.inference import task_kind

flags.disclaim_key_flags()  # They are those of the program that defines them.

# Fields of which each program has flags of its own.
_TRAINING = ('learning_rate', 'batch_size', 'epochs', 'seed')
# Fields that hold the path of a file or a folder.
PATHS = ('data_dir', 'train_file', 'dev_file', 'test_file', 'init_checkpoint',
         'vocab_file', 'teacher', 'vectors', 'unlabelled_file', 'init_from')
# Fields that some kinds of task have a use for, `TaskKind.recipe_fields`.
_OF_SOME_KINDS = ('unlabelled_file', 'class_weights', 'focal_gamma',
                  'wanted_precision', 'wanted_recall', 'positive_label',
                  'early_stopping')


def _field(default: Any, description: str) -> Any:
  return dataclasses.field(default=default, metadata={'help': description})


@dataclasses.dataclass(frozen=True)
class Recipe:
  """A task, its data, the weights to start from, and how to train.

  The paper searched batches of 16, 32 and 48, rates from 1e-5 to 1e-4 and 2 to
  10 epochs (section 4.4).
  """

  task: str
  data_dir: str = _field('', "Folder that holds GLUE's folders, for its tasks.")
  train_file: str = _field(
      '', 'Training file of other tasks: TSV or CSV, CoNLL, or JSON of SQuAD.')
  dev_file: str = _field('', 'Held-out file of the same kind, to score.')
  test_file: str = _field(
      '', 'File of the same kind without labels, to answer.')
  dev_titles: tuple[str, ...] = _field(
      (), 'Articles of SQuAD to hold out of the training file, where both '
      'parts lie in one.')
  text_column: str = _field(
      'text', "Column of the text, for one's own classification or "
      'regression; in CoNLL files the number of the word, from 0.')
  pair_column: str = _field('', 'Column of the second text, if there is one.')
  label_column: str = _field(
      'label', 'Column of the label, or of several; in CoNLL files its number, '
      'the last if not given.')
  label_columns: tuple[str, ...] = _field(
      (), 'Columns of 0 and 1, one for each label, where a text can have '
      'several labels.')
  label_separator: str = _field(
      ',', 'Separator of labels that share a column.')
  negative_columns: tuple[str, ...] = _field(
      (), 'Columns of texts that are not similar, for sentence vectors.')
  vectors: str = _field(
      '', "Folder or file of a teacher's vectors of the training texts, for "
      'sentence vectors.')
  widths: tuple[str, ...] = _field(
      (), 'Numbers of first entries of sentence vectors that are to be vectors '
      'of their own, such as 64,128.')
  offsets: str = _field(
      'characters', 'Unit of answer_start in files of SQuAD: characters, utf16 '
      'or utf8.')
  tags: str = _field(
      'auto', 'Labels of words: entities, words such as parts of speech, or '
      'auto.')
  comment: str = _field(
      '', 'Beginning of lines of CoNLL files to skip, such as #.')
  init_checkpoint: str = _field(
      '', 'Run, checkpoint of any format, or name on the Hugging Face hub.')
  architecture: str = _field(
      '', 'Architecture to start from with random weights, instead of a '
      'checkpoint.')
  init_from: str = _field(
      '', 'Teacher, of any format, whose word table a student of '
      '--architecture starts with, by its principal components; its other '
      'weights are random.')
  vocab_file: str = _field(
      '', 'Vocabulary, where none lies with the checkpoint.')
  lower_case: bool | str | None = _field(
      None, 'Lower-case texts and strip their accents (true), keep the accents '
      '(keep_accents), or neither (false); as checkpoint and vocabulary say if '
      'not given.')
  tokenizer: str = _field(
      'bert', 'Tokenizer: bert, or mediapipe for that of MediaPipe Tasks, '
      'which lower-cases A to Z only and keeps accents, so that the model '
      'learns from what it will read there.')
  teacher: str = _field(
      '', 'Model fine-tuned on the same task, to be distilled as well.')
  hidden_weight: float = _field(
      0.0, "Weight of the loss on the teacher's hidden states.")
  unlabelled_file: str = _field(
      '', 'Texts without labels, whose answers are learned from the teacher: a '
      'table with the same columns, or a .txt file of a text a line.')
  class_weights: tuple[str, ...] = _field(
      (), 'Weights of labels in the loss, as spam=5,news=1 (others have 1); or '
      'balanced, so that all labels count alike.')
  focal_gamma: float = _field(
      0.0, 'Exponent of the focal loss, such as 2, by which texts that are '
      'right already count less; 0 for the cross-entropy.')
  wanted_precision: float = _field(
      0.0, 'Precision that thresholds are chosen for, on the held-out part: of '
      'each of several labels, or of --positive_label.')
  wanted_recall: float = _field(
      0.0, 'Recall that thresholds are chosen for, in place of a precision.')
  positive_label: str = _field(
      '', 'Label of two whose precision or recall is wanted.')
  early_stopping: int = _field(
      0, 'Epochs without a better score of the held-out part after which '
      'training stops; the best epoch is kept. 0 for all epochs.')
  max_length: int = _field(
      0, "Length of the longest text in tokens; 0 is the task's usual one.")
  learning_rate: float = _field(
      5e-5, 'Peak learning rate, reached after a tenth of the steps.')
  batch_size: int = _field(32, 'Texts in a step.')
  epochs: float = _field(3.0, 'Passes over the texts.')
  seed: int = _field(0, 'Seed of weights, order and dropout.')

  def __post_init__(self):
    unused = [name for name in _OF_SOME_KINDS
              if getattr(self, name) and name not in self.kind.recipe_fields]
    if unused:
      raise ValueError(f'{unused[0]} is {getattr(self, unused[0])!r}, which is '
                       f'not of {self.task}. Leave it out.')
    self.kind.check_recipe(self)
    if self.unlabelled_file and not self.teacher:
      raise ValueError(f'{self.unlabelled_file} has no labels: name a teacher, '
                       'whose answers to it are learned.')
    if self.early_stopping < 0:
      raise ValueError(f'early_stopping is {self.early_stopping}; it is a '
                       'number of epochs, 0 for none.')
    if self.hidden_weight and not self.teacher:
      raise ValueError(f'hidden_weight is {self.hidden_weight}, but there is '
                       'no teacher whose hidden states it could weigh.')
    if bool(self.init_checkpoint) == bool(self.architecture):
      raise ValueError('Name either init_checkpoint or, to start from random '
                       'weights, architecture.')
    if self.init_from and not self.architecture:
      raise ValueError(f'init_from is {self.init_from}, whose word table a new '
                       'student starts with: name its architecture.')
    if self.tokenizer not in ('bert', settings.MEDIAPIPE):
      raise ValueError(f'tokenizer is {self.tokenizer!r}; accepted: bert, '
                       f'{settings.MEDIAPIPE}.')
    for name in ('learning_rate', 'epochs'):
      value = getattr(self, name)
      if not (math.isfinite(value) and value > 0):
        raise ValueError(f'{name} is {value}; it has to be above 0.')
    if self.batch_size < 1 or self.max_length < 0:
      raise ValueError(f'batch_size is {self.batch_size} and max_length '
                       f'{self.max_length}; they count texts and tokens.')

  @property
  def kind(self) -> 'task_kind.TaskKind':
    """The kind of the task."""
    from mobilebert_tf.tasks import registry
    return registry.kind_of_recipe(self.task)

  def num_steps(self, examples: int) -> int:
    """Returns the training steps for a number of examples, 1 at least."""
    return max(1, round(self.epochs * examples / self.batch_size))


def usual_settings(task: str) -> dict[str, float]:
  """Returns what a task is usually trained with.

  Args:
    task: One of `registry.recipe_tasks()`.

  Returns:
    `epochs`, `batch_size` and `learning_rate`: of GLUE and SQuAD those of the
    registered experiments, else those of the reference's GLUE runs.
  """
  from mobilebert_tf.tasks import registry
  settings = registry.kind_of_recipe(task).usual_settings(task)
  return dict(zip(('epochs', 'batch_size', 'learning_rate'), settings,
                  strict=True))


def define_flags() -> None:
  """Defines the flags that all programs with a recipe share."""
  flags.DEFINE_string(
      'task', None, 'Name of the task: sst2, squad_v1, classification, ...; '
      '`mobilebert finetune --help` lists them.', required=True)
  kinds = {str: flags.DEFINE_string, float: flags.DEFINE_float,
           int: flags.DEFINE_integer, tuple: flags.DEFINE_list,
           type(None): program.DEFINE_case}
  for field in _flag_fields():
    define = kinds[type(field.default)]
    define(field.name, field.default, field.metadata['help'])


def read_flags() -> dict[str, Any]:
  """Returns the fields of a recipe that `define_flags` made flags of."""
  fields = {'task': flags.FLAGS.task}
  for field in _flag_fields():
    value = flags.FLAGS[field.name].value
    fields[field.name] = tuple(value) if isinstance(value, list) else value
  return fields


def _flag_fields() -> list[dataclasses.Field]:
  return [field for field in dataclasses.fields(Recipe)
          if field.name not in ('task', *_TRAINING)]
