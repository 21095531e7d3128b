# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""`from_pretrained` of every model, from every format, with every argument."""

import subprocess
import sys

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from tests.checkpoints import folders
from tests.modeling import contract
from tests import python_files
from tests import shared_data


def _encoder(**fields):
  model = modeling.MobileBertEncoder(
      contract.tiny_architecture(
          **{'num_blocks': 1, 'num_feedforward_networks': 1, **fields}))
  contract.randomize(model)
  return model


_MODELS = {
    'encoder': lambda encoder: encoder,
    'pretrainer': modeling.MobileBertPretrainer,
    'classifier': lambda encoder: modeling.MobileBertClassifier(
        encoder, 3, ['a', 'b', 'c']),
    'token_classifier': lambda encoder: modeling.MobileBertTokenClassifier(
        encoder, 3, ['a', 'b', 'c']),
    'question_answering': modeling.MobileBertQuestionAnswering,
}


def _run(code: str) -> subprocess.CompletedProcess:
  """Runs code in a new process, in which nothing is imported."""
  return subprocess.run([sys.executable, '-c', code], cwd=python_files.ROOT,
                        capture_output=True, text=True, check=False)


class RegistrationTest(tf.test.TestCase):

  @pytest.mark.slow
  def test_models_of_the_package_have_checkpoints(self):
    for code in (
        'from mobilebert_tf import modeling as m',
        'import mobilebert_tf as m'):
      finished = _run(
          f'{code}\nm.MobileBertEncoder.from_pretrained("no/where")')
      self.assertIn("FileNotFoundError: There is no folder 'no/where'",
                    finished.stderr)

  def test_modeling_alone_says_what_to_import(self):
    finished = _run('import mobilebert_tf.modeling as m\n'
                    'm.MobileBertEncoder.from_pretrained("no/where")')
    self.assertIn('Import mobilebert_tf.checkpoints', finished.stderr)


class FromPretrainedTest(folders.FolderTestCase, parameterized.TestCase):

  def _saved(self, model, checkpoint_format='mobilebert_tf'):
    contract.randomize(model)
    folder = str(self.folder / f'{model.name}_{checkpoint_format}')
    checkpoints.write(
        checkpoints.of_model(model), folder, checkpoint_format)
    return folder

  def _outputs(self, model):
    inputs = contract.token_inputs()
    if isinstance(model, modeling.MobileBertPretrainer):
      inputs['masked_lm_positions'] = np.array([[1], [2], [3]])
    return contract.arrays(model(inputs))

  @parameterized.parameters(*_MODELS)
  def test_every_model_from_every_format(self, name):
    saved = _MODELS[name](_encoder(
        attention_dropout_rate=0.5, hidden_dropout_rate=0.25))
    for checkpoint_format in checkpoints.FORMATS:
      if (name, checkpoint_format) == ('token_classifier', 'tf1'):
        continue  # There are no names for it.
      loaded = type(saved).from_pretrained(
          self._saved(saved, checkpoint_format))
      self.assertIs(type(loaded), type(saved))
      self.assertEqual(
          getattr(loaded, 'encoder', loaded).architecture,
          getattr(saved, 'encoder', saved).architecture)
      self.assertEqual(
          getattr(loaded, 'labels', None), getattr(saved, 'labels', None))
      for one, other in zip(
          self._outputs(loaded), self._outputs(saved), strict=True):
        self.assertAllEqual(one, other)

  @parameterized.parameters(*_MODELS)
  def test_save_pretrained(self, name):
    saved = _MODELS[name](_encoder())
    contract.randomize(saved)
    folder = str(self.folder / 'saved')
    folders.write_vocabulary(self.folder / 'vocab.txt', 50)
    saved.save_pretrained(folder, vocab_file=str(self.folder / 'vocab.txt'),
                          lower_case=False)
    checkpoint = checkpoints.read(folder, 'hugging_face')
    self.assertLen(checkpoint.vocabulary, 50)
    self.assertFalse(checkpoint.lower_case)
    for one, other in zip(
        self._outputs(type(saved).from_pretrained(folder)),
        self._outputs(saved), strict=True):
      self.assertAllEqual(one, other)
    with self.assertRaisesRegex(FileExistsError, 'exists already'):
      saved.save_pretrained(folder)
    saved.save_pretrained(folder, overwrite=True)
    self.assertIsNone(checkpoints.read(folder).vocabulary)

  # === Heads ===

  @parameterized.parameters(
      (modeling.MobileBertClassifier, {'num_classes': 2},
       'sequence classification'),
      (modeling.MobileBertTokenClassifier, {'num_classes': 2},
       'token classification'),
      (modeling.MobileBertQuestionAnswering, {}, 'question answering'))
  def test_a_new_head_on_a_pretrained_encoder(self, model_class, arguments,
                                              head):
    saved = _MODELS['pretrainer'](_encoder())
    folder = self._saved(saved)
    with self.assertLogs('absl', 'INFO') as logs:
      model = model_class.from_pretrained(folder, **arguments)
    logged = '\n'.join(logs.output)
    self.assertRegex(
        logged, f'WARNING.*has no {head}: the model starts with a new one')
    self.assertRegex(
        logged, 'INFO.*Left out of .*: masked lm, next sentence')
    for one, other in zip(model.encoder.weights, saved.encoder.weights,
                          strict=True):
      self.assertAllEqual(one, other)

  def test_an_encoder_leaves_the_heads_out(self):
    folder = self._saved(_MODELS['classifier'](_encoder()))
    with self.assertLogs('absl', 'INFO') as logs:
      modeling.MobileBertEncoder.from_pretrained(folder)
    self.assertLen(logs.output, 1)
    self.assertIn('Left out of', logs.output[0])
    self.assertEndsWith(logs.output[0], 'sequence classification.')

  def test_nothing_is_logged_when_all_fits(self):
    folder = self._saved(_MODELS['pretrainer'](_encoder()))
    with self.assertNoLogs('absl', 'INFO'):
      modeling.MobileBertPretrainer.from_pretrained(folder)

  def test_a_head_of_another_number_of_classes_starts_anew(self):
    saved = _MODELS['classifier'](_encoder())
    folder = self._saved(saved)
    with self.assertLogs('absl', 'WARNING') as logs:
      model = modeling.MobileBertClassifier.from_pretrained(
          folder, num_classes=5)
    self.assertRegex(logs.output[0], 'sequence classification of .* has '
                     'another number of classes than the model')
    self.assertEqual((model.num_classes, model.labels), (5, ()))
    self.assertAllEqual(model.encoder.weights[9], saved.encoder.weights[9])

  def test_labels_of_the_caller_go_before_those_of_the_checkpoint(self):
    folder = self._saved(_MODELS['classifier'](_encoder()))
    model = modeling.MobileBertClassifier.from_pretrained(
        folder, labels=['x', 'y', 'z'])
    self.assertEqual((model.num_classes, model.labels), (3, ('x', 'y', 'z')))
    with self.assertRaisesRegex(ValueError, 'labels'):
      modeling.MobileBertClassifier.from_pretrained(
          folder, labels=['x', 'y'], num_classes=3)

  def test_the_number_of_classes_is_the_head_s(self):
    model = modeling.MobileBertClassifier.from_pretrained(
        folders.golden('hf_seqcls'))
    self.assertEqual((model.num_classes, model.labels), (3, ()))
    with self.assertRaisesRegex(
        ValueError, 'has no classifier.*num_classes=2'):
      modeling.MobileBertClassifier.from_pretrained(
          folders.golden('hf_tiny'))

  @parameterized.parameters('encoder', 'classifier')
  def test_a_pretrainer_needs_its_masked_lm(self, name):
    """It is not made anew by training as a task's head is."""
    folder = self._saved(_MODELS[name](_encoder()))
    with self.assertRaisesRegex(
        ValueError, 'has encoder.*, but not masked lm, which MobileBertPre'):
      modeling.MobileBertPretrainer.from_pretrained(folder)

  # === Arguments ===

  def test_arguments_of_the_constructor_and_of_the_architecture(self):
    model = modeling.MobileBertClassifier.from_pretrained(
        folders.golden('tf1_tiny'), num_classes=2, dropout_rate=0.5,
        name='mine', attention_dropout_rate=0.0,
        attention_mask='tf1_reference')
    self.assertEqual(model.name, 'mine')
    self.assertEqual(model.constructor_config()['dropout_rate'], 0.5)
    architecture = model.encoder.architecture
    self.assertEqual(architecture.attention_dropout_rate, 0.0)
    self.assertEqual(architecture.attention_mask, 'tf1_reference')

  @parameterized.parameters(
      ({'atention_mask': 'hard'}, "field 'atention_mask'.*'attention_mask'"),
      ({'attention_mask': 'soft'}, "'soft'; accepted: hard, tf1_reference"),
      ({'num_classes': 2}, "field 'num_classes'"),
      ({'num_blocks': 2}, 'num_blocks is what the weights were trained with'),
      ({'num_attention_heads': 8}, 'Only these can be changed: attention_mask'))
  def test_arguments_that_fit_nothing(self, arguments, message):
    for name in ('tf1_tiny', 'hf_tiny'):
      with self.assertRaisesRegex(ValueError, message):
        modeling.MobileBertEncoder.from_pretrained(
            folders.golden(name), **arguments)

  def test_dtype(self):
    model = modeling.MobileBertPretrainer.from_pretrained(
        self._saved(_MODELS['pretrainer'](_encoder())), dtype='mixed_bfloat16')
    self.assertEqual({weight.dtype for weight in model.weights}, {tf.float32})
    for layer in contract.all_layers(model):
      self.assertEqual(layer.compute_dtype, 'bfloat16', layer.name)

  def test_one_checkpoint_of_a_folder(self):
    encoder = _encoder()
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(encoder=encoder), str(self.folder), 5,
        checkpoint_name='ckpt')
    values = {}
    for step in (7, 14):
      contract.randomize(encoder, seed=step)
      values[step] = encoder.get_weights()
      manager.save(step)
    checkpoints.write(checkpoints.of_model(encoder), str(self.folder / 'other'),
                      'mobilebert_tf')
    (self.folder / 'other' / 'encoder.yaml').rename(
        self.folder / 'encoder.yaml')
    for path, step in (('', 14), ('ckpt-7', 7), ('ckpt-14', 14)):
      model = modeling.MobileBertEncoder.from_pretrained(self.folder / path)
      for one, other in zip(model.get_weights(), values[step], strict=True):
        self.assertAllEqual(one, other)
    with self.assertRaisesRegex(FileNotFoundError, 'ckpt-9'):
      modeling.MobileBertEncoder.from_pretrained(self.folder / 'ckpt-9')

  def test_format_that_is_named(self):
    """A folder may hold the files of several."""
    folder = folders.copy('tf1_tiny', self.folder)
    for file in shared_data.path('golden/hf_student').glob('*'):
      (folder / file.name).write_bytes(file.read_bytes())
    with self.assertRaisesRegex(
        ValueError, 'of several formats: tf1, hugging_face. Say which'):
      modeling.MobileBertEncoder.from_pretrained(folder)
    model = modeling.MobileBertEncoder.from_pretrained(
        folder, checkpoint_format='tf1')
    self.assertEqual(model.architecture.num_feedforward_networks, 2)
    self.assertEqual(checkpoints.read(
        folder, 'hugging_face').architecture.num_feedforward_networks, 4)

  # === Models that exist ===

  def test_restore_changes_nothing_where_something_does_not_fit(self):
    folder = self._saved(_encoder())
    for fields in ({'vocab_size': 51}, {'num_feedforward_networks': 2},
                   {'attention_input': 'block_input'}):
      model = _encoder(**fields)
      before = model.get_weights()
      with self.assertRaisesRegex(ValueError, 'is of another architecture'):
        checkpoints.restore(model, folder)
      for one, other in zip(model.get_weights(), before, strict=True):
        self.assertAllEqual(one, other)

  def test_restore_of_some_parts(self):
    saved = _MODELS['classifier'](_encoder())
    folder = self._saved(saved)
    model = _MODELS['classifier'](_encoder())
    head = model.get_layer('classifier').get_weights()
    checkpoints.restore(model, folder, ['encoder', 'pooler'])
    self.assertAllEqual(model.get_layer('classifier').get_weights()[0], head[0])
    for one, other in zip(model.encoder.weights, saved.encoder.weights,
                          strict=True):
      self.assertAllEqual(one, other)


class RestoreTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      {'num_attention_heads': 8}, {'hidden_activation': 'gelu'},
      {'normalization': 'layer_norm'})
  def test_another_architecture_of_the_same_shapes_is_refused(self, **other):
    folder = folders.golden('tf1_student')
    architecture = checkpoints.read(folder).architecture
    model = modeling.MobileBertEncoder({**architecture.as_dict(), **other})
    [field] = other
    with self.assertRaisesRegex(
        ValueError, f'another architecture than the model: its {field} is'):
      checkpoints.restore(model, folder)

  def test_settings_may_differ(self):
    folder = folders.golden('tf1_student')
    architecture = checkpoints.read(folder).architecture
    model = modeling.MobileBertEncoder(
        {**architecture.as_dict(), 'attention_dropout_rate': 0.3})
    checkpoints.restore(model, folder, parts=('encoder',))
    self.assertAllEqual(
        model.get_embedding_table(),
        checkpoints.read(folder).weights['word_embeddings/embeddings'])


class SaveTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters('bfloat16', 'float64', 'mixed_bfloat16')
  def test_saves_models_of_other_dtypes(self, dtype):
    folder = f'{self.get_temp_dir()}/{dtype}'
    model = modeling.MobileBertEncoder.from_pretrained(
        folders.golden('hf_student'), dtype=dtype)
    model.save_pretrained(folder)
    for one, other in zip(
        modeling.MobileBertEncoder.from_pretrained(folder).weights,
        model.weights, strict=True):
      self.assertAllEqual(one, tf.cast(other, tf.float32))

  def test_labels_that_are_numbers_are_none(self):
    folder = f'{self.get_temp_dir()}/numbers'
    model = modeling.MobileBertClassifier.from_pretrained(
        folders.golden('hf_seqcls'), labels=['LABEL_0', 'LABEL_1', 'LABEL_2'])
    model.save_pretrained(folder)
    self.assertEmpty(checkpoints.read(folder).labels)

  def test_the_vocabulary_travels_with_the_model(self):
    parent = self.get_temp_dir()
    tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
              *(f'w{i}' for i in range(45))]
    vocab_file = f'{parent}/vocab.txt'
    with open(vocab_file, 'w', encoding='utf-8') as file:
      file.writelines(f'{token}\n' for token in tokens)
    _encoder().save_pretrained(
        f'{parent}/one', vocab_file=vocab_file, lower_case=False)
    modeling.MobileBertClassifier.from_pretrained(
        f'{parent}/one', num_classes=2).save_pretrained(f'{parent}/two')
    read = checkpoints.read(f'{parent}/two')
    self.assertEqual(read.vocabulary.tokens, tuple(tokens))
    self.assertFalse(read.lower_case)


if __name__ == '__main__':
  tf.test.main()
