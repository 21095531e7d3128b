# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fine-tuning on labelled words: data, task and recipe."""

import dataclasses
from typing import Any

from absl import logging
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.data import batches
from mobilebert_tf.data import conll
from mobilebert_tf.tasks import fine_tuning
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.pretraining import task
from mobilebert_tf.tasks.token_classification import evaluation
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import words as words_lib
from official.core import config_definitions as cfg
from official.core import task_factory
from official.nlp.data import data_loader
from official.nlp.data import data_loader_factory
from official.nlp.tasks import tagging

IGNORED = -1  # Label of a token that has none.
_USUAL_LENGTH = 128


# === Data ===


@dataclasses.dataclass
class TokenClassificationDataConfig(cfg.DataConfig):
  """Labelled words in files of columns; see `conll.read_sentences`.

  Attributes:
    input_path: Files or globs, as a list or with commas.
    global_batch_size: Number of sentences in a batch over all replicas.
    is_training: Whether to shuffle and repeat. If not, the order is that of the
      file.
    word_column: Column of the word, from 0, or from -1 for the last.
    label_column: Column of the label.
    tags: `entities`, whose labels become IOB2; `words` for labels that stay as
      they are; `auto` for entities if any label begins with `B-` or `I-`.
    comment: Beginning of lines to skip; empty for none.
    labels: Label of each class; empty for those found in the files.
    vocab_file: BERT's `vocab.txt`.
    lower_case: Whether to lower-case, and to strip accents (`text.settings`).
    max_word_length: Maximum length of a word in characters.
    seq_length: Maximum length in tokens, special ones included; longer
      sentences are cut into parts. Batches are at most one longer: padding
      follows every sentence.
    seed: Seed of shuffling; None for another order in each run.
    start_batch: First batch of training, set when a run is resumed.
    batch_by_length: Whether training uses bucketing, which saves padding.
  """
  input_path: str = ''
  global_batch_size: int = 32
  is_training: bool = True
  word_column: int = 0
  label_column: int = -1
  tags: str = 'auto'
  comment: str = ''
  labels: list[str] = dataclasses.field(default_factory=list)
  vocab_file: str = ''
  lower_case: bool | str = True
  max_word_length: int = text_settings.MAX_WORD_LENGTH
  seq_length: int = 128
  seed: int | None = None
  start_batch: int = 0
  batch_by_length: bool = True


@data_loader_factory.register_data_loader_cls(TokenClassificationDataConfig)
class TokenClassificationDataLoader(data_loader.DataLoader):
  """Tokenises all sentences once, then batches them by length.

  Files are read by `load`.

  Raises:
    ValueError: If a setting is missing or out of range.
  """

  def __init__(self, params: TokenClassificationDataConfig):
    batches.check(params)
    batches.check_length(params, num_special_tokens=2)
    self._params = params

  def load(self, input_context: tf.distribute.InputContext | None = None
           ) -> tf.data.Dataset:
    """Returns the batches.

    Args:
      input_context: Part of the sentences that this worker reads.

    Returns:
      Pairs of features, int32 `input_word_ids`, `input_mask` and
      `input_type_ids` `[batch, length]`, in evaluation also `sentence_ids` and
      `part_ids` `[batch]`; and labels of the first piece of each word, int32
      `[batch, length]`, `IGNORED` elsewhere.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a line cannot be read; names the file and the line.
    """
    params = self._params
    sentences = read_data(params)
    labels = list(params.labels) or conll.find_labels(sentences)
    classes = np.array(conll.label_ids(sentences, labels), np.int32)
    tokenizer = tokenizer_lib.Tokenizer.of(params)
    parts = words_lib.split_words(
        tokenizer.tokenize_strings, tokenizer.vocabulary.unk_id,
        [s.words for s in sentences], params.seq_length)
    _report_parts(params, parts, len(sentences))
    pieces = tf.RaggedTensor.from_row_splits(
        parts.pieces, parts.splits, validate=False)
    label_ids = pieces.with_values(_at_first_pieces(parts, classes))

    def make_batch(rows: tf.Tensor, length: tf.Tensor):
      features = tokenizer.pack([tf.gather(pieces, rows)], length)
      if not params.is_training:
        features['sentence_ids'] = tf.gather(parts.sentences, rows)
        features['part_ids'] = tf.cast(rows, tf.int32)
      labels = tf.gather(label_ids, rows).to_tensor(IGNORED)
      # [CLS] goes before them.
      after = length - 1 - tf.shape(labels)[1]
      return features, tf.pad(
          labels, [[0, 0], [1, after]], constant_values=IGNORED)

    # One more than the tokens: padding follows every sentence.
    needed = tf.constant(parts.lengths + 3, tf.int32)
    return batches.load(
        needed, batches.lengths(params.seq_length), make_batch, params,
        input_context)


def read_data(params: TokenClassificationDataConfig) -> list[conll.Sentence]:
  """Returns the sentences that a config names; see `conll.read_sentences`."""
  return conll.read_sentences(
      params.input_path, word_column=params.word_column,
      label_column=params.label_column, tags=params.tags,
      comment=params.comment)


def find_labels(params: TokenClassificationDataConfig) -> list[str]:
  """Returns the classes of a config: those it names, or those of its files."""
  return list(params.labels) or conll.find_labels(read_data(params))


def _at_first_pieces(parts: words_lib.SentenceParts,
                     classes: np.ndarray) -> tf.Tensor:
  """Returns the class of each word at its first piece, int32 `[pieces]`."""
  label_ids = np.full(parts.is_first.shape, IGNORED, np.int32)
  label_ids[parts.is_first] = classes
  return tf.constant(label_ids)


def _report_parts(params: TokenClassificationDataConfig,
                  parts: words_lib.SentenceParts, sentences: int) -> None:
  cut = int(np.sum(np.bincount(parts.sentences) > 1))
  logging.info('%s: %d sentences.', params.input_path, sentences)
  if cut:
    logging.warning(
        '%s: %d of %d sentences have more than %d tokens (seq_length) and are '
        'read in parts.', params.input_path, cut, sentences, params.seq_length)


# === Task ===


@dataclasses.dataclass
class TokenClassificationConfig(
    gradient_step.StepConfig, tagging.TaggingConfig):
  """The Model Garden's config, with our encoder.

  Attributes:
    kind: Kind of task in `tasks/registry.py`.
    class_names: Label of each class; None for those of the training data.
  """
  kind: str = 'token_classification'
  model: tagging.ModelConfig = dataclasses.field(
      default_factory=lambda: tagging.ModelConfig(
          encoder=task.encoder_config(
              modeling.get_architecture('mobilebert'))))


@task_factory.register_task_cls(TokenClassificationConfig)
class TokenClassificationTask(fine_tuning.FineTuning, tagging.TaggingTask):
  """The Model Garden's task, evaluated sentence by sentence.

  The Model Garden joins the sentences of a batch, so entities at their ends
  merge.
  """

  loss_weight = 'words'

  def __init__(self, params: TokenClassificationConfig, *args: Any,
               **kwargs: Any):
    super().__init__(params, *args, **kwargs)
    # A list would become one of TensorFlow's, which `replace` cannot copy.
    self._labels: tuple[str, ...] = ()

  @property
  def labels(self) -> tuple[str, ...]:
    """The label of each class, read from the training files if need be."""
    config = self.task_config
    if not self._labels:
      self._labels = tuple(config.class_names or (
          find_labels(config.train_data)))
    return self._labels

  def build_model(self) -> modeling.MobileBertTokenClassifier:
    """Returns a new token classifier with its labels.

    Raises:
      FileNotFoundError: If the labels are not named and there is no training
        file.
      ValueError: If the config asks for another encoder than ours.
    """
    return modeling.MobileBertTokenClassifier(
        self.build_encoder(), len(self.labels), labels=self.labels,
        dropout_rate=self.task_config.model.head_dropout)

  def build_inputs(
      self, params: TokenClassificationDataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches, with the labels of the training part.

    Raises:
      ValueError: If labels, vocabulary or lengths do not fit the model.
    """
    self.check_data(params)
    return super().build_inputs(
        params.replace(labels=list(self.labels)), input_context)

  def weigh(self, inputs: tuple[dict[str, tf.Tensor], tf.Tensor]
            ) -> dict[str, tf.Tensor]:
    """Returns the number of words, and what else losses are means over."""
    _, labels = inputs
    return {**super().weigh(inputs), self.loss_weight: tf.reduce_sum(
        tf.cast(labels != IGNORED, tf.float32))}

  def outputs_to_match(self, outputs: dict[str, tf.Tensor], labels: tf.Tensor
                       ) -> list[fine_tuning.Matched]:
    """Returns the logits, weighted by whether a token has a label."""
    return [fine_tuning.Matched(
        outputs['logits'], labels != IGNORED)]

  def validation_step(self, inputs: tuple[dict[str, tf.Tensor], tf.Tensor],
                      model: tf_keras.Model,
                      metrics: list[tf_keras.metrics.Metric] | None = None
                      ) -> dict[str, tf.Tensor]:
    """Returns the loss and what `aggregate_logs` needs of a batch."""
    features, labels = inputs
    outputs = self.inference_step(features, model)
    return {
        self.loss: self.build_losses(labels=labels, model_outputs=outputs),
        'predict_ids': outputs['predict_ids'],
        'label_ids': labels,
        'sentence_ids': features['sentence_ids'],
        'part_ids': features['part_ids'],
    }

  def aggregate_logs(self, state: list[tuple] | None = None,
                     step_outputs: dict[str, tuple] | None = None
                     ) -> list[tuple]:
    """Keeps the words of each part of a sentence, true and predicted."""
    state = state or []
    names = ('sentence_ids', 'part_ids', 'label_ids', 'predict_ids')
    for replica in zip(*(step_outputs[name] for name in names), strict=True):
      for sentence, part, labels, predicted in zip(
          *(tensor.numpy() for tensor in replica), strict=True):
        is_word = labels != IGNORED
        state.append((sentence, part, labels[is_word], predicted[is_word]))
    return state

  def reduce_aggregated_logs(self, aggregated_logs: list[tuple],
                             global_step: tf.Tensor | None = None
                             ) -> dict[str, float]:
    """Returns the scores; see `evaluation.score`."""
    labels: dict[int, list[str]] = {}
    predicted: dict[int, list[str]] = {}
    for sentence, _, true_ids, predicted_ids in sorted(
        aggregated_logs, key=lambda entry: entry[1]):
      for names, ids in ((labels, true_ids), (predicted, predicted_ids)):
        names.setdefault(sentence, []).extend(self.labels[i] for i in ids)
    return evaluation.score(list(labels.values()), list(predicted.values()),
                            conll.are_entities(self.labels))


# === Recipe ===


def read_recipe(recipe: Any, start: recipes.Start) -> recipes.RecipeData:
  """Reads all files that a recipe names; see `TaskKind.read_recipe`."""
  if recipe.test_file:
    raise ValueError(
        'Files of words without labels are not read here: python -m '
        f'mobilebert_tf.predict --input={recipe.test_file} answers text.')
  columns = (recipe.text_column, recipe.label_column)
  common = {**recipes.data_fields(recipe, start, _USUAL_LENGTH),
            **evaluation.column_fields(*(
                '' if column in ('text', 'label') else column
                for column in columns)),
            'tags': recipe.tags, 'comment': recipe.comment}
  parts = {part: read_data(TokenClassificationDataConfig(
      **common, input_path=path)) for part, path in (
          ('train', recipe.train_file), ('dev', recipe.dev_file))}
  labels = conll.find_labels(parts['train'])
  conll.label_ids(parts['dev'], labels)  # Names a label that is unknown.
  common['labels'] = labels
  return recipes.RecipeData(
      experiment='mobilebert/token_classification',
      task={'class_names': labels,
            'train_data': {**common, 'input_path': recipe.train_file},
            'validation_data': {**common, 'input_path': recipe.dev_file}},
      num_examples=len(parts['train']), skipped={}, parts=parts,
      decisive_metrics=('f1',))
