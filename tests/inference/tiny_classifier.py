# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Models with random weights and a vocabulary of their own."""

import pathlib

import numpy as np
import tf_keras

from mobilebert_tf.inference import loading
from mobilebert_tf import modeling
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import task as classification_task
from mobilebert_tf.tasks.pretraining import task as pretraining_task
from mobilebert_tf.tasks import registry
from official.nlp.tasks import sentence_prediction as official_task

TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
          *(f'w{i}' for i in range(30)))
LABELS = ('no', 'perhaps', 'yes')
TAGS = ('O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC')
MAX_LENGTH = 39

_HEAD_SCALE, _HEAD_BIAS = 0.3, (-1.1, 1.8, 1.2)
_TAGS_BIAS = (5.0, 0.5, -1.0, -1.5, -1.5)
# Sizes with which weights are enough for the converter to quantize them.
WIDE = {'inter_block_size': 64, 'intra_block_size': 32,
        'intermediate_size': 128}


def architecture(**overrides) -> modeling.MobileBertConfig:
  """Returns one tiny block."""
  return modeling.get_architecture('mobilebert_small', **{
      'vocab_size': len(TOKENS), 'embedding_size': 8, 'num_blocks': 1,
      'max_position_embeddings': MAX_LENGTH + 1, 'inter_block_size': 16,
      'intra_block_size': 8, 'num_attention_heads': 2,
      'intermediate_size': 16, **overrides})


def text(words: int, first: int = 0) -> str:
  """Returns a text of so many words, each of them one token."""
  return ' '.join(f'w{(first + 7 * i) % 30}' for i in range(words))


def write_vocabulary(folder: str) -> str:
  """Writes `vocab.txt` and returns its path."""
  path = pathlib.Path(folder, 'vocab.txt')
  path.write_text(''.join(f'{token}\n' for token in TOKENS))
  return str(path)


def build_tagger(folder: str) -> loading.TrainedModel:
  """Returns a token classifier whose labels differ from word to word."""
  model = modeling.MobileBertTokenClassifier(
      modeling.MobileBertEncoder(architecture()), len(TAGS), labels=TAGS)
  randomize(model)
  model.checkpoint_items['token_classifier'].bias.assign(_TAGS_BIAS)
  return loading.TrainedModel(
      model, list(TAGS), write_vocabulary(folder), lower_case=True,
      max_length=MAX_LENGTH, kind=registry.get('token_classification'))


def build_span_labeler(folder: str, **overrides) -> loading.TrainedModel:
  """Returns a model that finds answers."""
  model = modeling.MobileBertQuestionAnswering(
      modeling.MobileBertEncoder(architecture(**overrides)))
  randomize(model)
  return loading.TrainedModel(
      model, [], write_vocabulary(folder), lower_case=True,
      max_length=MAX_LENGTH, kind=registry.get('question_answering'),
      pairs=True)


def shrink(trained: loading.TrainedModel) -> loading.TrainedModel:
  """Makes the weights of a wide model as small as trained ones."""
  for weight in trained.model.weights:
    if 'gamma' not in weight.name:
      weight.assign(0.4 * weight)
  return trained


def build_rating(folder: str) -> loading.TrainedModel:
  """Returns a model that rates pairs of texts."""
  model = modeling.MobileBertClassifier(
      modeling.MobileBertEncoder(architecture()), num_classes=1)
  randomize(model)
  return loading.TrainedModel(
      model, [], write_vocabulary(folder), lower_case=True,
      max_length=MAX_LENGTH, kind=registry.get('regression'), pairs=True)


def randomize(model: tf_keras.Model) -> None:
  """Assigns weights, always the same, of which none is 0."""
  rng = np.random.default_rng(0)
  for variable in model.weights:
    noise = rng.normal(scale=0.3, size=variable.shape)
    variable.assign((1.0 if 'gamma' in variable.name else 0.0) + noise)


def build(folder: str, **overrides) -> loading.TrainedModel:
  """Returns a classifier whose answers differ from text to text."""
  config = classification_task.SentencePredictionConfig(
      model=official_task.ModelConfig(
          num_classes=len(LABELS), use_encoder_pooler=True,
          encoder=pretraining_task.encoder_config(architecture(**overrides))),
      train_data=loader.TextClassificationDataConfig(
          labels=list(LABELS)))
  model = classification_task.SentencePredictionTask(config).build_model()
  randomize(model)
  # Every label wins sometimes, and no probability is so near 0 or 1 that a
  # difference would not show.
  head = model.checkpoint_items['classifier']
  head.kernel.assign(_HEAD_SCALE * head.kernel)
  head.bias.assign(_HEAD_BIAS)
  return loading.TrainedModel(
      model, list(LABELS), write_vocabulary(folder), lower_case=True,
      max_length=MAX_LENGTH, kind=registry.get('classification'))
