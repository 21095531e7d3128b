# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Checkpoints and configs of other models, and files that do not fit theirs."""

import os
import pathlib

from absl.testing import parameterized
import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf import modeling
from official.nlp.modeling import networks
from tests.checkpoints import folders
from tests.modeling import contract


class OtherModelsTest(folders.FolderTestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.parent = pathlib.Path(self.make_folder())

  def _assert_refused(self, path, message, error=ValueError, **arguments):
    """Asserts that nothing is converted, and that nothing is left behind."""
    with self.assertRaisesRegex(error, message):
      formats.convert(str(path), str(self.parent / 'output'), **arguments)
    self.assertEmpty(list(self.parent.iterdir()))

  # === Configs ===

  @parameterized.parameters(
      ({'use_bottleneck': None}, 'use_bottleneck=false: that is a plain BERT'),
      ({'use_bottleneck': False}, 'use_bottleneck=false: that is a plain'),
      ({'trigram_input': False}, 'trigram_input=false: that is a plain BERT'),
      ({'intra_bottleneck_size': None, 'hidden_act': None},
       'lacks intra_bottleneck_size, hidden_act'),
      ({'vocab_size': '1000'},
       "bert_config.json, as fields of ours: vocab_size .* got '1000'"),
      ({'normalization_type': 'batch'}, "bert_config.json.*'batch'; accepted"),
      ({'num_attention_heads': 5}, 'bert_config.json.*=5 does not divide'),
  )
  def test_tf1_configs(self, fields, message):
    folder = folders.copy('tf1_student', self.folder)
    folders.edit(folder / 'bert_config.json', **fields)
    self._assert_refused(folder, message)

  @parameterized.parameters(
      ({'model_type': 'bert'}, "of type 'bert', not a MobileBERT"),
      ({'model_type': ['mobilebert']}, 'not a MobileBERT'),
      ({'embedding_size': None, 'intra_bottleneck_size': None},
       'lacks embedding_size, intra_bottleneck_size'),
      ({'use_bottleneck': False}, 'that is a plain BERT'),
      ({'trigram_input': 'false'}, "trigram_input is true or .*got 'false'"),
      ({'use_bottleneck_attention': 0}, 'use_bottleneck_attention is true or'),
      ({'hidden_act': 'swish'}, "config.json.*'swish'; accepted"),
      ({'num_hidden_layers': 3.0}, 'num_blocks is a whole number.*got 3.0'),
      ({'id2label': ['a', 'b', 'c']}, 'id2label should have the keys "0"'),
      ({'id2label': {'0': 'a', '2': 'b'}}, 'id2label should have the keys'),
      ({'id2label': {'0': 'a', '1': 'b'}},
       'id2label is of 2 labels, but the classifier has 3 classes'),
  )
  def test_hugging_face_configs(self, fields, message):
    folder = folders.copy('hf_seqcls', self.folder)
    folders.edit(folder / 'config.json', **fields)
    self._assert_refused(folder, message)

  def test_missing_configs(self):
    for name, config, checkpoint_format in (
        ('tf1_tiny', 'bert_config.json', None),
        ('hf_tiny', 'config.json', 'hugging_face')):
      folder = folders.copy(name, self.folder)
      (folder / config).unlink()
      self._assert_refused(
          folder, f'{config} does not exist', FileNotFoundError,
          input_format=checkpoint_format)

  # === Weights ===

  def test_a_plain_bert_of_the_model_garden(self):
    encoder = networks.BertEncoderV2(
        50, hidden_size=8, num_layers=1, num_attention_heads=2,
        inner_dim=8, max_sequence_length=8)
    encoder(encoder.inputs)
    tf.train.Checkpoint(encoder=encoder).write(str(self.folder / 'ckpt'))
    self._assert_refused(
        self.folder, 'is a TensorFlow checkpoint, but not of a MobileBERT')

  def test_any_keras_model(self):
    model = tf_keras.Sequential([tf_keras.layers.Dense(2)])
    model.build([None, 2])
    model.save_weights(str(self.folder / 'weights'))
    self._assert_refused(self.folder, 'not of a MobileBERT encoder')

  def test_variables_of_another_model_beside_a_config(self):
    folder = folders.copy('tf1_tiny', self.folder)
    folders.write_variables(
        folder / folders.TF1_PREFIX, {'generator/kernel': [1.0]})
    self._assert_refused(folder, 'lacks 97 of 97 weights: bert/embeddings')

  @parameterized.parameters('model_garden', 'mobilebert_tf', 'hugging_face')
  def test_read_as_what_it_is_not(self, checkpoint_format):
    error = (FileNotFoundError if checkpoint_format != 'model_garden'
             else ValueError)
    self._assert_refused(
        folders.golden('tf1_tiny'), '(does not exist|not object-based|has no)',
        error, input_format=checkpoint_format)

  # === Vocabularies ===

  @parameterized.parameters(
      (1001, '', 'has 1001 tokens, .* 1000 rows. It is the vocabulary of ano'),
      (999, '', 'has 999 tokens, .* 1000 rows. .*lines such as .unused1.'),
      (1000, '[MASK]', r'lacks \[MASK\]'))
  def test_a_vocabulary_of_another_model(self, size, lacks, message):
    for beside in (True, False):
      folder = folders.copy('tf1_tiny', self.folder)
      path = (folder if beside else self.folder) / 'vocab.txt'
      folders.write_vocabulary(path, size, lacks)
      self._assert_refused(
          folder, message, vocab_file=None if beside else str(path))

  def test_save_pretrained_refuses_it_too(self):
    path = self.folder / 'vocab.txt'
    folders.write_vocabulary(path, 51)
    encoder = modeling.MobileBertEncoder(contract.tiny_architecture())
    with self.assertRaisesRegex(ValueError, '51 tokens, .* 50 rows'):
      encoder.save_pretrained(
          str(self.parent / 'output'), vocab_file=str(path))
    self.assertEmpty(list(self.parent.iterdir()))

  # === Outputs that are there already ===

  def test_an_output_is_replaced_when_told_and_of_the_format(self):
    output = self.parent / 'output'
    formats.convert(folders.golden('tf1_tiny'), str(output), 'hugging_face')
    before = (output / 'model.safetensors').read_bytes()
    source = folders.golden('hf_tiny')
    for arguments in ({}, {'overwrite': True, 'output_format': 'tf1'},
                      {'overwrite': True, 'output_format': 'mobilebert_tf'}):
      with self.assertRaisesRegex(
          FileExistsError, 'output (exists already|has no (bert|encoder))'):
        formats.convert(
            source, str(output), **{'output_format': 'hugging_face',
                                    **arguments})
      self.assertEqual((output / 'model.safetensors').read_bytes(), before)
    (output / 'notes.txt').touch()
    with self.assertRaisesRegex(FileExistsError, 'output holds notes.txt'):
      formats.convert(source, str(output), 'hugging_face', overwrite=True)
    (output / 'notes.txt').unlink()
    formats.convert(source, str(output), 'hugging_face', overwrite=True)
    self.assertCountEqual(
        os.listdir(output), ['README.md', 'config.json', 'model.safetensors'])
    self.assertEqual((output / 'model.safetensors').read_bytes(), (
        pathlib.Path(source) / 'model.safetensors').read_bytes())
    self.assertEqual(os.listdir(self.parent), ['output'])

  def test_what_stood_there_stays_when_the_input_is_damaged(self):
    output = self.parent / 'output'
    formats.convert(folders.golden('tf1_tiny'), str(output))
    folder = folders.copy('tf1_tiny', self.folder)
    folders.truncate(folder / f'{folders.TF1_PREFIX}.index', 99)
    with self.assertRaisesRegex(ValueError, 'cannot be read'):
      formats.convert(str(folder), str(output), overwrite=True)
    self.assertEmpty(checkpoints.differences(
        checkpoints.read(str(output)),
        checkpoints.read(folders.golden('tf1_tiny'))))

  def test_the_input_is_not_written_over(self):
    folder = folders.copy('tf1_tiny', self.folder)
    (self.parent / 'link').symlink_to(folder)
    for output in (folder, f'{folder}/', self.parent / 'link',
                   f'{folder}/../tf1_tiny'):
      with self.assertRaisesRegex(FileExistsError, 'is the input, or has it'):
        formats.convert(str(folder), str(output), 'tf1', overwrite=True)
    self.assertCountEqual(
        os.listdir(folder), os.listdir(folders.golden('tf1_tiny')))

  def test_a_foreign_folder_or_file_is_not_replaced(self):
    (self.parent / 'photos').mkdir()
    (self.parent / 'photos' / 'cat.jpg').touch()
    (self.parent / 'file').write_text('mine')
    for name in ('photos', 'file'):
      with self.assertRaisesRegex(
          FileExistsError, 'so it is not a folder that was written'):
        formats.convert(folders.golden('tf1_tiny'),
                           str(self.parent / name), overwrite=True)
    self.assertTrue((self.parent / 'photos' / 'cat.jpg').exists())
    self.assertEqual((self.parent / 'file').read_text(), 'mine')

  def test_an_empty_folder_and_folders_that_are_missing_are_filled(self):
    (self.parent / 'empty').mkdir()
    for name in ('empty', 'a/b/c'):
      formats.convert(folders.golden('tf1_tiny'), str(self.parent / name))
      self.assertEqual(
          checkpoints.recognise(str(self.parent / name)), 'mobilebert_tf')


if __name__ == '__main__':
  tf.test.main()
