# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The name map against the paths and shapes that the Model Garden writes."""

import os

from absl.testing import parameterized
import tensorflow as tf, tf_keras

from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import bundles
from official.nlp.modeling import layers
from official.nlp.modeling import models
from official.nlp.modeling import networks
from tests.modeling import contract

_KINDS = {
    'student': ('mobilebert_small', {}),
    'tiny': ('mobilebert_tiny', {'num_feedforward_networks': 3}),
    'teacher': ('ib_bert_small',
                {'normalization': 'layer_norm', 'use_pooler': True}),
}


def _encoder(config) -> tf_keras.Model:
  """Returns the Model Garden's encoder of an architecture."""
  return networks.MobileBERTEncoder(
      word_vocab_size=config.vocab_size,
      word_embed_size=config.embedding_size,
      max_sequence_length=config.max_position_embeddings,
      num_blocks=config.num_blocks,
      hidden_size=config.inter_block_size,
      num_attention_heads=config.num_attention_heads,
      intermediate_size=config.intermediate_size,
      intra_bottleneck_size=config.intra_block_size,
      use_bottleneck_attention=config.attention_input == 'bottleneck',
      key_query_shared_bottleneck=(
          config.attention_input == 'shared_bottleneck'),
      num_feedforward_networks=config.num_feedforward_networks,
      normalization_type=config.normalization,
      classifier_activation=config.use_pooler)


class ModelGardenNamesTest(tf.test.TestCase, parameterized.TestCase):

  def _assert_named(self, config, heads, allowed=(), **items):
    """Asserts that the map names all that a checkpoint of items holds."""
    reader = tf.train.load_checkpoint(tf.train.Checkpoint(**items).write(
        os.path.join(self.get_temp_dir(), 'ckpt')))
    shapes = reader.get_variable_to_shape_map()
    graph = bundles.ObjectGraph(reader)
    found = {}
    for row in name_map.weight_names(config, heads):
      path = row.model_garden
      if 'encoder' not in items:
        path = path.replace('encoder/', 'model/layer_with_weights-0/')
      key = graph.find(path)
      self.assertIsNotNone(key, path)
      self.assertEqual(tuple(shapes[key]), tuple(
          size or 3 for size in row.shape_in('model_garden')), path)
      found[key] = path
    self.assertLen(found, len(name_map.weight_names(config, heads)))
    rest = set(shapes) - set(found) - {bundles.KEY}
    self.assertEqual([key for key in rest
                      if not any(name in key for name in allowed)], [])

  @parameterized.parameters(
      ('student', 8), ('student', 16), ('tiny', 8), ('teacher', 8))
  def test_encoder_and_masked_lm(self, kind, embedding_size):
    architecture, fields = _KINDS[kind]
    config = contract.tiny_architecture(
        architecture, num_blocks=1, embedding_size=embedding_size, **fields)
    encoder = _encoder(config)
    pretrainer = models.BertPretrainerV2(
        encoder, customized_masked_lm=layers.MobileBertMaskedLM(
            embedding_table=encoder.get_embedding_table(), activation='relu'))
    pretrainer({**contract.token_inputs(),
                'masked_lm_positions': tf.constant([[1], [2], [3]])})
    self._assert_named(
        config, ['masked_lm'], **pretrainer.checkpoint_items)

  @parameterized.parameters(*_KINDS)
  def test_task_models(self, kind):
    architecture, fields = _KINDS[kind]
    config = contract.tiny_architecture(
        architecture, num_blocks=1, **fields)
    encoder = _encoder(config)
    for model, head in (
        (models.BertClassifier(encoder, 3, use_encoder_pooler=True),
         'sequence_classification'),
        (models.BertTokenClassifier(encoder, 3), 'token_classification'),
        (models.BertSpanLabeler(encoder), 'question_answering')):
      self._assert_named(config, [head], model=model)
      # What a task restores for fine-tuning.
      self._assert_named(config, [], **model.checkpoint_items)


if __name__ == '__main__':
  tf.test.main()
