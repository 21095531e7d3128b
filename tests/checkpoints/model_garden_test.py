# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What the Model Garden's tasks make of our checkpoints, and we of theirs."""

import re
import shutil
from typing import Any

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras
import yaml

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf import modeling
from official.core import base_task
from official.modeling import hyperparams
from official.nlp.configs import encoders
from official.nlp.modeling import layers
from official.nlp.modeling import models
from official.nlp.tasks import masked_lm
from official.nlp.tasks import question_answering
from official.nlp.tasks import sentence_prediction
from official.nlp.tasks import tagging
from tests.checkpoints import folders
from tests.checkpoints import goldens
from tests.modeling import contract
from tests import shared_data


def _encoder_config(folder: Any) -> encoders.EncoderConfig:
  return _model_config(folder).encoder


def _model_config(folder: Any) -> sentence_prediction.ModelConfig:
  """Reads the `encoder.yaml` beside a checkpoint, as `--config_file` would."""
  with open(f'{folder}/encoder.yaml', encoding='utf-8') as file:
    fields = yaml.safe_load(file)
  config = sentence_prediction.SentencePredictionConfig()
  config.override(fields['task'])
  return config.model


def _pretrainer(config: encoders.EncoderConfig) -> models.BertPretrainerV2:
  """Returns the Model Garden's pre-trainer with MobileBERT's own head."""
  encoder = encoders.build_encoder(config)
  model = models.BertPretrainerV2(
      encoder, customized_masked_lm=layers.MobileBertMaskedLM(
          embedding_table=encoder.get_embedding_table(), activation='relu',
          output='logits'))
  ids = tf.ones([1, 4], tf.int32)
  model({'input_word_ids': ids, 'input_mask': ids, 'input_type_ids': 0 * ids,
         'masked_lm_positions': ids[:, :1]})  # Makes the variables.
  return model


def _inputs(golden: Any) -> dict[str, np.ndarray]:
  return {name: array for name, array in goldens.inputs(golden).items()
          if name != 'masked_lm_positions'}


class TasksRestoreOursTest(folders.FolderTestCase, goldens.GoldenTestCase,
                           parameterized.TestCase):

  def _converted(self, name):
    folder = str(self.folder / 'model_garden')
    done = formats.convert(folders.golden(name), folder, 'model_garden')
    return folder, done.notes

  def _restored(self, task: base_task.Task) -> tf_keras.Model:
    """Returns a task's model; asserts that restoring changed its encoder."""
    model = task.build_model()
    before = [weight.numpy() for weight in model.weights]
    task.initialize(model)
    changed = [not np.array_equal(one, other)
               for one, other in zip(before, model.weights, strict=True)]
    self.assertGreaterEqual(sum(changed), len(changed) - 4)  # The head is new.
    return model

  @parameterized.parameters('student', 'tiny')
  def test_sentence_prediction(self, kind):
    folder, _ = self._converted(f'tf1_{kind}')
    # A folder, as the task takes the latest checkpoint of it.
    model = self._restored(sentence_prediction.SentencePredictionTask(
        sentence_prediction.SentencePredictionConfig(
            init_checkpoint=folder, model=sentence_prediction.ModelConfig(
                num_classes=2, encoder=_encoder_config(folder)))))
    golden = np.load(
        shared_data.path(f'golden/tf1_{kind}/golden_padded_mask-10000.npz'))
    outputs = model.checkpoint_items['encoder'](_inputs(golden))
    for name in ('sequence_output', 'pooled_output'):
      self.assert_equal(
          outputs[name], golden[name], goldens.HIDDEN_TOLERANCE, name)

  def test_teacher_but_for_its_gelu(self):
    folder, notes = self._converted('tf1_teacher')
    self.assertRegex(notes[0], 'gelu by erf.*up to 2e-3')
    model = self._restored(sentence_prediction.SentencePredictionTask(
        sentence_prediction.SentencePredictionConfig(
            init_checkpoint=folder, model=sentence_prediction.ModelConfig(
                num_classes=2, encoder=_encoder_config(folder)))))
    golden = np.load(
        shared_data.path('golden/tf1_teacher/golden_unpadded.npz'))
    outputs = model.checkpoint_items['encoder'](_inputs(golden))
    for name in ('sequence_output', 'pooled_output'):
      self.assert_equal(outputs[name], golden[name], 2e-3, name)
      self.assertNotAllClose(outputs[name], golden[name], 1e-5, 1e-5)

  def test_question_answering_and_tagging(self):
    folder, notes = self._converted('tf1_tiny')
    self.assertLen(notes, 1)
    self.assertIn('no next-sentence head', notes[0])
    golden = np.load(shared_data.path('golden/tf1_tiny/golden_unpadded.npz'))
    prefix, encoder = f'{folder}/mobilebert.ckpt', _encoder_config(folder)
    for task in (
        question_answering.QuestionAnsweringTask(
            question_answering.QuestionAnsweringConfig(
                init_checkpoint=prefix, validation_data=None,
                model=question_answering.ModelConfig(encoder=encoder))),
        tagging.TaggingTask(tagging.TaggingConfig(
            init_checkpoint=prefix, class_names=['a', 'b'],
            model=tagging.ModelConfig(encoder=encoder)))):
      model = self._restored(task)
      self.assert_equal(
          model.checkpoint_items['encoder'](_inputs(golden))['sequence_output'],
          golden['sequence_output'], goldens.HIDDEN_TOLERANCE)

  def test_masked_lm(self):
    folder, _ = self._converted('tf1_student')
    golden = np.load(
        shared_data.path('golden/tf1_student/golden_unpadded.npz'))
    model = _pretrainer(_encoder_config(folder))
    for items in (model.checkpoint_items, {'model': model}):
      contract.randomize(model)
      tf.train.Checkpoint(**items).read(f'{folder}/mobilebert.ckpt'
                                        ).assert_existing_objects_matched()
      logits = model(goldens.inputs(golden))['mlm_logits']
      self.assert_equal(np.reshape(logits, golden['mlm_logits'].shape),
                        golden['mlm_logits'], goldens.LOGITS_TOLERANCE)

  def test_heads_of_fine_tuning(self):
    folder, _ = self._converted('hf_seqcls')
    model = sentence_prediction.SentencePredictionTask(
        sentence_prediction.SentencePredictionConfig(
            model=_model_config(folder).replace(num_classes=3))).build_model()
    tf.train.Checkpoint(model=model).read(
        f'{folder}/mobilebert.ckpt').assert_existing_objects_matched()
    golden = np.load(shared_data.path('golden/hf_seqcls/golden_padded.npz'))
    self.assert_equal(
        model(_inputs(golden)), golden['logits'], goldens.HIDDEN_TOLERANCE)


class OursReadTheirsTest(folders.FolderTestCase, parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.config = encoders.EncoderConfig(type='mobilebert')
    cls.config.mobilebert.override({
        'hidden_activation': 'relu', 'word_vocab_size': 1000,
        'word_embed_size': 16, 'max_sequence_length': 40,
        'num_blocks': 3, 'hidden_size': 64,
        'intra_bottleneck_size': 32, 'intermediate_size': 80,
        'num_feedforward_networks': 4, 'key_query_shared_bottleneck': True,
        'classifier_activation': False})
    cls.model = _pretrainer(cls.config)
    contract.randomize(cls.model)

  def _read(self, prefix, **overrides):
    return checkpoints.read(str(prefix), overrides=overrides)

  def _assert_read(self, checkpoint):
    self.assertEqual(checkpoint.heads, ('masked_lm',))
    self._assert_weights(checkpoint)
    self.assertEqual(checkpoint.num_parameters,
                     sum(np.size(weight) for weight in self.model.weights))

  def _assert_weights(self, checkpoint):
    """Compares one of each kind."""
    # Keras counts the layers of a name: mobile_bert_embedding_5.
    values = {re.sub(r'^(mobile_bert_embedding)_\d+', r'\1', weight.name):
              weight.numpy() for weight in self.model.weights}
    for ours, theirs in (
        ('word_embeddings/embeddings',
         'mobile_bert_embedding/word_embedding/embeddings:0'),
        ('block_2/attention/query/kernel',
         'transformer_layer_2/attention/query/kernel:0'),
        ('block_0/attention/output/kernel',
         'transformer_layer_0/attention/attention_output/kernel:0'),
        ('block_1/feed_forward_3/output/norm/gamma',
         'transformer_layer_1/ffn_layer_3/norm/gamma:0')):
      self.assertAllEqual(
          np.ravel(checkpoint.weights[ours]), np.ravel(values[theirs]), ours)

  def _write_params(self, folder):
    config = masked_lm.MaskedLMConfig()
    config.model.encoder = self.config
    hyperparams.save_params_dict_to_yaml(
        hyperparams.Config({'task': config.as_dict()}),
        f'{folder}/params.yaml')

  @parameterized.parameters('items', 'model', 'both')
  def test_with_the_json_of_its_downloads(self, how):
    items = {} if how == 'model' else self.model.checkpoint_items
    if how != 'items':
      items = {**items, 'model': self.model}
    tf.train.Checkpoint(**items).write(str(self.folder / 'bert_model.ckpt'))
    shutil.copy(shared_data.path('golden/tf1_student/bert_config.json'),
                self.folder)
    self.assertEqual(checkpoints.recognise(str(self.folder)), 'model_garden')
    self._assert_read(self._read(self.folder))

  def test_a_training_run_with_its_optimizer_and_params(self):
    optimizer = tf_keras.optimizers.Adam(0.1)
    optimizer.build(self.model.trainable_variables)
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(
            global_step=tf.Variable(7, dtype=tf.int64), model=self.model,
            optimizer=optimizer, **self.model.checkpoint_items),
        str(self.folder), max_to_keep=5)
    manager.save(7)
    manager.save(8)
    self._write_params(self.folder)
    for path in (self.folder, self.folder / 'ckpt-7'):
      checkpoint = self._read(path, attention_dropout_rate=0.25)
      self.assertEndsWith(
          checkpoint.source, 'ckpt-7' if path.name == 'ckpt-7' else 'ckpt-8')
      self.assertEqual(checkpoint.architecture.attention_dropout_rate, 0.25)
      self._assert_read(checkpoint)

  def test_the_best_checkpoint_of_a_run(self):
    (self.folder / 'best').mkdir()
    tf.train.Checkpoint(model=self.model).write(
        str(self.folder / 'best' / 'ckpt-3'))
    self._write_params(self.folder)
    self._assert_read(self._read(self.folder / 'best'))

  def test_a_classifier_of_its_own(self):
    classifier = models.BertClassifier(
        self.model.encoder_network, num_classes=4)
    tf.train.Checkpoint(model=classifier).write(str(self.folder / 'ckpt-1'))
    self._write_params(self.folder)
    checkpoint = self._read(self.folder)
    self.assertEqual(checkpoint.heads, ('sequence_classification',))
    self.assertAllEqual(
        checkpoint.weights['classifier/kernel'],
        next(w for w in classifier.weights if w.shape.as_list() == [64, 4]))
    self._assert_weights(checkpoint)

  def test_a_classifier_with_a_pooler_in_its_head(self):
    """The default of its tasks, which then ignore the encoder's."""
    classifier = models.BertClassifier(
        self.model.encoder_network, num_classes=4, use_encoder_pooler=False)
    tf.train.Checkpoint(
        model=classifier, **classifier.checkpoint_items).write(
            str(self.folder / 'ckpt-1'))
    self._write_params(self.folder)
    ours = modeling.MobileBertClassifier.from_pretrained(str(self.folder))
    self.assertEqual(ours.num_classes, 4)
    self.assertTrue(ours.encoder.architecture.use_pooler)
    inputs = contract.token_inputs()
    self.assertAllClose(ours(inputs), classifier(inputs), 1e-5, 1e-5)

  def test_a_tiny_that_was_told_of_both_bottlenecks(self):
    """It has objects of the shared one, without variables."""
    config = encoders.EncoderConfig(type='mobilebert')
    config.mobilebert.override({
        **self.config.mobilebert.as_dict(), 'use_bottleneck_attention': True})
    model = _pretrainer(config)
    tf.train.Checkpoint(**model.checkpoint_items).write(
        str(self.folder / 'ckpt-1'))
    shutil.copy(shared_data.path('golden/tf1_tiny/bert_config.json'),
                self.folder)
    folders.edit(
        self.folder / 'bert_config.json', num_feedforward_networks=4)
    checkpoint = self._read(self.folder)
    self.assertEqual(checkpoint.architecture.attention_input, 'bottleneck')
    self.assertLen(checkpoint.weights, len(model.weights))


if __name__ == '__main__':
  tf.test.main()
