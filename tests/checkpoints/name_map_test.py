# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The name map against the names that other implementations wrote."""

import json
import os

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import tf1
from mobilebert_tf import modeling
from tests.modeling import contract
from tests import shared_data

_ARCHITECTURES = ('mobilebert_small', 'mobilebert_tiny', 'ib_bert_small',
                  'mobilebert_paper', 'mobilebert_without_opt')


def _rows(folder: str, config: str,
          heads=('masked_lm', 'next_sentence')) -> list[name_map.WeightName]:
  return name_map.weight_names(
      tf1.read_config(
          str(shared_data.path(f'golden/{folder}/{config}'))), heads)


def _json(path: str):
  return json.loads(shared_data.path(f'golden/{path}').read_text())


class NameMapTest(tf.test.TestCase, parameterized.TestCase):

  # === Names and shapes that the reference implementations wrote ===

  def test_equals_the_measured_map_of_the_student(self):
    measured = _json('name_map_student.json')
    rows = {row.tf1: row for row in _rows('tf1_student', 'bert_config.json')}
    self.assertCountEqual(rows, [entry['tf1'] for entry in measured])
    for entry in measured:
      row = rows[entry['tf1']]
      self.assertEqual(row.hugging_face, entry['hf'], row.tf1)
      self.assertEqual(row.shape_in('tf1'), tuple(entry['tf1_shape']), row.tf1)
      # The measured map goes from TF1 to Hugging Face, ours from our models.
      transposed = len(row.transposed & {'tf1', 'hugging_face'}) == 1
      self.assertEqual('transpose' if transposed else 'copy', entry['hf_op'],
                       row.tf1)

  @parameterized.parameters('student', 'tiny', 'teacher')
  def test_names_every_variable_of_google_research(self, kind):
    self.assertCountEqual(
        [(row.tf1, row.shape_in('tf1'))
         for row in _rows(f'tf1_{kind}', 'bert_config.json')],
        [(variable['name'], tuple(variable['shape']))
         for variable in _json(f'tf1_{kind}/variables.json')])

  @parameterized.parameters(
      ('student', ('masked_lm', 'next_sentence')),
      ('tiny', ('masked_lm', 'next_sentence')),
      ('seqcls', ('sequence_classification',)))
  def test_names_every_tensor_of_hugging_face(self, kind, heads):
    rows = _rows(f'hf_{kind}', 'config.json', heads)
    shapes = {row.hugging_face: [size or 3 for size in row.shape_in(
        'hugging_face')] for row in rows}
    self.assertLen(shapes, len(rows))
    self.assertEqual(shapes, _json(f'hf_{kind}/keys.json')['safetensors'])

  # === Our own models ===

  @parameterized.parameters(
      *_ARCHITECTURES,
      # The table alone gives the masked-LM logits then.
      ('mobilebert_small', {'embedding_size': 16}))
  def test_names_every_weight_of_ours_once(self, architecture, fields=None):
    config = contract.tiny_architecture(
        architecture, num_blocks=1, num_feedforward_networks=2,
        **(fields or {}))
    encoder = modeling.MobileBertEncoder(config)
    for model, heads in (
        (encoder, ()),
        (modeling.MobileBertPretrainer(encoder),
         ('masked_lm', 'next_sentence')),
        (modeling.MobileBertClassifier(encoder, num_classes=3),
         ('sequence_classification',)),
        (modeling.MobileBertTokenClassifier(encoder, num_classes=3),
         ('token_classification',)),
        (modeling.MobileBertQuestionAnswering(encoder),
         ('question_answering',))):
      self.assertCountEqual(
          [(row.ours, tuple(size or 3 for size in row.shape))
           for row in name_map.weight_names(config, heads)],
          [(weight.name.removesuffix(':0'), tuple(weight.shape))
           for weight in model.weights])

  @parameterized.parameters('mobilebert_small', 'mobilebert_tiny',
                            'ib_bert_small')
  def test_object_paths_are_those_that_tensorflow_writes(self, architecture):
    config = contract.tiny_architecture(
        architecture, num_blocks=1, use_pooler=True)
    encoder = modeling.MobileBertEncoder(config)
    for model, heads in (
        (modeling.MobileBertPretrainer(encoder),
         ('masked_lm', 'next_sentence')),
        (modeling.MobileBertClassifier(encoder, num_classes=3),
         ('sequence_classification',)),
        (modeling.MobileBertTokenClassifier(encoder, num_classes=3),
         ('token_classification',)),
        (modeling.MobileBertQuestionAnswering(encoder),
         ('question_answering',))):
      contract.randomize(model)
      values = {weight.name.removesuffix(':0'): weight.numpy()
                for weight in model.weights}
      reader = tf.train.load_checkpoint(
          tf.train.Checkpoint(**model.checkpoint_items).write(
              os.path.join(self.get_temp_dir(), model.name)))
      graph = bundles.ObjectGraph(reader)
      keys = {row.ours: graph.find(row.mobilebert_tf)
              for row in name_map.weight_names(config, heads)}
      for ours, key in keys.items():
        self.assertIsNotNone(key, ours)
        self.assertAllEqual(reader.get_tensor(key), values[ours], ours)
      written = set(reader.get_variable_to_shape_map())
      self.assertEqual(written - set(keys.values()), {bundles.KEY})

  # === The table itself ===

  @parameterized.product(architecture=_ARCHITECTURES, part=name_map.HEADS)
  def test_no_name_stands_for_two_weights(self, architecture, part):
    rows = name_map.weight_names(
        contract.tiny_architecture(architecture, use_pooler=True), [part])
    for checkpoint_format in name_map.FORMATS:
      keys = [row.key(checkpoint_format) for row in rows
              if row.key(checkpoint_format)]
      self.assertLen(set(keys), len(keys), checkpoint_format)
    self.assertEqual(
        name_map.parts_of(reversed(rows)), ('encoder', 'pooler', part))

  def test_which_heads_have_no_name_in_a_format(self):
    rows = name_map.weight_names(contract.tiny_architecture(), name_map.HEADS)
    ours = ['sentence_attention', 'sentence_projection']
    for checkpoint_format, heads in (
        ('tf1', ['token_classification', *ours]), ('hugging_face', ours),
        ('model_garden', ours), ('mobilebert_tf', [])):
      lacking = [row.part for row in rows if row.key(checkpoint_format) is None]
      self.assertEqual(list(dict.fromkeys(lacking)), heads, checkpoint_format)

  def test_arrays_are_laid_out_anew(self):
    array = np.arange(6).reshape(2, 3)
    row = name_map.WeightName(
        'encoder', 'a', (2, 3), 'b', 'c', 'd', 'e',
        frozenset({'hugging_face'}), (2, 3, 1))
    for checkpoint_format, expected in (
        ('tf1', [[0, 1, 2], [3, 4, 5]]),
        ('mobilebert_tf', [[0, 1, 2], [3, 4, 5]]),
        ('hugging_face', [[0, 3], [1, 4], [2, 5]]),
        ('model_garden', [[[0], [1], [2]], [[3], [4], [5]]])):
      there = row.from_ours(array, checkpoint_format)
      self.assertEqual(there.tolist(), expected, checkpoint_format)
      self.assertEqual(row.shape_in(checkpoint_format), np.shape(expected))
      self.assertAllEqual(row.to_ours(there, checkpoint_format), array)


if __name__ == '__main__':
  tf.test.main()
