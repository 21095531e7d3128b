# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Loading a classifier from the folder of its training run."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
import tensorflow as tf
import yaml

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.pretraining import task as task_lib
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer
from mobilebert_tf.training import experiments
from mobilebert_tf.training import run as run_lib
from official.core import exp_factory
from official.core import train_utils
from official.modeling import hyperparams
from tests.data import temporary
from tests.inference import tiny_classifier

del experiments


def _train(folder: pathlib.Path, labels: str = 'ba', num_classes: int = 2
           ) -> np.ndarray:
  """Trains for two steps and returns the model's logits of two texts.

  The file of texts does not stay.
  """
  rows = [f'{tiny_classifier.text(5, i)}\t{labels[i % 2]}' for i in range(8)]
  path = folder / 'train.tsv'
  path.write_text('\n'.join(['text\tlabel', *rows]) + '\n')
  params = exp_factory.get_exp_config('mobilebert/sentence_prediction')
  data = {'input_path': str(path), 'global_batch_size': 4,
          'seq_length': tiny_classifier.MAX_LENGTH,
          'vocab_file': tiny_classifier.write_vocabulary(folder)}
  params.override({
      'task': {
          'model': {'num_classes': num_classes,
                    'encoder': task_lib.encoder_config(
                        tiny_classifier.architecture()).as_dict()},
          'train_data': data, 'validation_data': data,
      },
      'trainer': {'optimizer_config': {
                      'learning_rate': {'polynomial': {
                          'initial_learning_rate': 0.05}},
                      'warmup': {'polynomial': {'warmup_steps': 1}}},
                  'train_steps': 2, 'steps_per_loop': 1,
                  'summary_interval': 1, 'checkpoint_interval': 1,
                  'validation_interval': 2,
                  'best_checkpoint_export_subdir': 'best',
                  'best_checkpoint_eval_metric': 'validation_loss',
                  'best_checkpoint_metric_comp': 'lower'},
  })
  model, _ = run_lib.run_experiment(
      params, 'train_and_eval', str(folder / 'run'))
  path.unlink()
  return _logits(model, folder / 'vocab.txt')


def _logits(model, vocab_file) -> np.ndarray:
  inputs = tokenizer.Tokenizer(vocab_file).encode(
      ['w1 w2', 'w3'], max_length=tiny_classifier.MAX_LENGTH)
  return model(inputs, training=False).numpy()


class LoadingTest(
    temporary.TemporaryFiles, parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.logits = _train(cls.folder)

  def _copy(self) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(
        self.folder / 'run', pathlib.Path(self.make_folder(), 'run')))

  def _copy_with(self, task: dict) -> str:
    """Returns a copy of the run with other params of the task."""
    copy = self._copy()
    params = hyperparams.override_params_dict(
        exp_factory.get_exp_config('mobilebert/sentence_prediction'),
        str(copy / 'params.yaml'), is_strict=True)
    params.override({'task': task})
    train_utils.serialize_config(params, str(copy))
    return str(copy)

  def test_loads_the_model_that_was_trained(self):
    classifier = registry.load(str(self.folder / 'run'))
    self.assertAllClose(
        _logits(classifier.model, classifier.vocab_file), self.logits,
        atol=1e-6)
    self.assertIsInstance(classifier.model, modeling.MobileBertClassifier)
    self.assertEqual(classifier.labels, ['a', 'b'])
    self.assertEqual(classifier.model.labels, ('a', 'b'))
    self.assertEqual(classifier.vocab_file,
                     str(self.folder / 'run/vocab.txt'))
    self.assertEqual(classifier.max_length, tiny_classifier.MAX_LENGTH)
    self.assertTrue(classifier.lower_case)

  @parameterized.parameters('.', 'ckpt-2', 'best', 'best/*.index')
  def test_a_run_one_of_its_checkpoints_or_its_best(self, path):
    if '*' in path:
      [path] = (self.folder / 'run').glob(path)
    trained = registry.load(
        str(self.folder / 'run' / path).removesuffix('.index'))
    self.assertAllClose(
        _logits(trained.model, trained.vocab_file), self.logits, atol=1e-6)
    self.assertEqual(trained.labels, ['a', 'b'])
    self.assertEqual(trained.kind, registry.get('classification'))
    self.assertIs(trained.pairs, False)

  def test_an_earlier_checkpoint(self):
    trained = registry.load(f'{self.folder}/run/ckpt-1')
    self.assertNotAllClose(
        _logits(trained.model, trained.vocab_file), self.logits, atol=1e-6)

  def test_a_run_of_ratings(self):
    folder = pathlib.Path(self.make_folder())
    logits = _train(folder, labels='14', num_classes=1)
    trained = registry.load(str(folder / 'run'))
    self.assertEqual(trained.kind, registry.get('regression'))
    self.assertEmpty(trained.labels)
    self.assertAllClose(
        _logits(trained.model, trained.vocab_file), logits, atol=1e-6)

  def test_labels_that_were_named_keep_their_order(self):
    copy = self._copy_with({'train_data': {'labels': ['b', 'a'],
                                           'input_path': '/gone.tsv'}})
    self.assertEqual(registry.load(copy).labels, ['b', 'a'])

  def test_a_run_keeps_its_vocabulary(self):
    """It may have been moved, and another file be where it was."""
    self.assertEqual((self.folder / 'run/vocab.txt').read_text(),
                     (self.folder / 'vocab.txt').read_text())
    copy = self._copy_with({'train_data': {'vocab_file': 'vocab.txt'}})
    pathlib.Path(self.make_folder(), 'vocab.txt').write_text('another')
    trained = registry.load(copy)
    self.assertEqual(trained.vocab_file, f'{copy}/vocab.txt')
    for part in ('', 'best', 'ckpt-1'):
      self.assertLen(checkpoints.read(f'{copy}/{part}').vocabulary,
                     trained.params.task.model.encoder.get().vocab_size)

  @parameterized.parameters('', 'ckpt-2', 'ckpt-2.index', 'best', 'best/.')
  def test_a_run_is_found_from_everywhere(self, part):
    elsewhere = self._copy().rename(pathlib.Path(self.make_folder(), 'a [1]'))
    # Beside it lies a conversion, which is no checkpoint of the run.
    expected = checkpoints.read(str(elsewhere / 'best'))
    checkpoints.write(expected, str(elsewhere / 'ours'), 'mobilebert_tf')
    for folder in (elsewhere, elsewhere / 'ours', elsewhere / 'best'):
      with contextlib.chdir(folder):
        path = os.path.relpath(elsewhere / part)
        trained = registry.load(path)
        self.assertEqual(trained.labels, ['a', 'b'])
        self.assertIsNotNone(trained.params)
        self.assertAllClose(_logits(trained.model, trained.vocab_file),
                            self.logits, atol=1e-6)
    self.assertIsNone(registry.load(str(elsewhere / 'ours')).params)

  @parameterized.parameters(
      None, 'model_checkpoint_path: "/home/somebody/run/ckpt-9"')
  def test_a_run_whose_state_is_of_another_place(self, state):
    copy = self._copy()
    (copy / 'checkpoint').unlink()
    if state:
      (copy / 'checkpoint').write_text(state)
    with self.assertLogs(level='WARNING') as logs:
      trained = registry.load(str(copy))
    self.assertIn('ckpt-2 is read, its last one', '\n'.join(logs.output))
    self.assertAllClose(_logits(trained.model, trained.vocab_file),
                        self.logits, atol=1e-6)

  @parameterized.parameters('run', 'tokenizer.json')
  def test_an_encoder_whose_vocabulary_is_elsewhere(self, kind):
    """A run of an older release, or a folder of transformers 5."""
    folder = self._copy()
    (folder / 'vocab.txt').unlink()
    if kind == 'tokenizer.json':
      checkpoint = checkpoints.read(str(folder))
      folder = pathlib.Path(self.make_folder(), 'model')
      checkpoints.write(checkpoint, str(folder), 'hugging_face')
      (folder / 'vocab.txt').unlink()
      (folder / 'tokenizer.json').write_text(json.dumps({'model': {
          'type': 'WordPiece', 'vocab': {
              token: i for i, token in enumerate(
                  checkpoint.vocabulary.tokens)}}}))
    else:  # Pre-training, whose params no kind of task knows.
      path = folder / 'params.yaml'
      fields = yaml.safe_load(path.read_text())
      fields['task']['model'].pop('num_classes')
      path.write_text(yaml.safe_dump(fields))
    trained = registry.load_encoder(str(folder))
    self.assertEqual(pathlib.Path(trained.vocab_file).read_text(),
                     (self.folder / 'vocab.txt').read_text())

  def test_a_misspelt_folder_is_named(self):
    with self.assertRaisesRegex(FileNotFoundError, "no folder .*'/nowhere'"):
      registry.load('/nowhere')

  def test_case_is_told_to_a_checkpoint_and_known_of_a_run(self):
    run = registry.load(str(self.folder / 'run'))
    self.assertIs(loading.with_case(run, None), run)
    self.assertIs(loading.with_case(run, True), run)
    with self.assertRaisesRegex(
        ValueError, 'lower_case is true in params.yaml, but false in --lower'):
      loading.with_case(run, False)
    folder = os.path.join(self.make_folder(), 'model')
    checkpoints.write(checkpoints.read(str(self.folder / 'run')), folder,
                      'mobilebert_tf')
    checkpoint = registry.load(folder)
    self.assertIs(loading.with_case(checkpoint, False).lower_case, False)

  def test_a_checkpoint_of_another_format(self):
    run = str(self.folder / 'run')
    folder = f'{self.make_folder()}/hugging_face'
    checkpoints.write(
        dataclasses.replace(checkpoints.read(run), labels=('a', 'b')),
        folder, 'hugging_face')
    classifier = registry.load(folder)
    self.assertAllClose(
        _logits(classifier.model, classifier.vocab_file), self.logits,
        atol=1e-6)
    self.assertEqual(classifier.labels, ['a', 'b'])
    self.assertEqual(classifier.vocab_file, f'{folder}/vocab.txt')
    self.assertEqual(classifier.max_length, tiny_classifier.MAX_LENGTH)

  def test_a_checkpoint_without_a_classifier_or_vocabulary(self):
    encoder = modeling.MobileBertEncoder(tiny_classifier.architecture())
    folder = self.make_folder()
    encoder.save_pretrained(f'{folder}/encoder')
    with self.assertRaisesRegex(ValueError, 'has no class.*, only encoder'):
      registry.load(f'{folder}/encoder')
    modeling.MobileBertClassifier(encoder, 2).save_pretrained(f'{folder}/two')
    with self.assertRaisesRegex(FileNotFoundError, 'two/vocab.txt is missing'):
      registry.load(f'{folder}/two')
    modeling.MobileBertClassifier(encoder, 1).save_pretrained(
        f'{folder}/one', vocab_file=str(self.folder / 'vocab.txt'))
    self.assertEqual(registry.load(f'{folder}/one').kind,
                     registry.get('regression'))

  def test_an_encoder_alone(self):
    encoder = modeling.MobileBertEncoder(tiny_classifier.architecture())
    folder = f'{self.make_folder()}/encoder'
    encoder.save_pretrained(folder, vocab_file=str(self.folder / 'vocab.txt'))
    for path in (folder, str(self.folder / 'run')):
      trained = registry.load_encoder(path)
      self.assertEqual(trained.kind, registry.get('embedding'))
      self.assertEqual(trained.max_length, tiny_classifier.MAX_LENGTH)
    ids = tf.constant([[2, 7, 3, 0]])
    inputs = [ids, tf.cast(ids > 0, tf.int32), 0 * ids]
    self.assertAllClose(
        registry.load_encoder(folder).model(inputs)['sequence_output'],
        encoder(inputs)['sequence_output'], 1e-6, 1e-6)

  def test_a_folder_without_checkpoint_is_named(self):
    copy = self._copy()
    for file in copy.glob('ckpt*'):
      file.unlink()
    (copy / 'checkpoint').unlink()
    with self.assertRaisesRegex(FileNotFoundError, f'{copy} holds no checkp'):
      registry.load(str(copy))

  def test_a_damaged_checkpoint_is_named(self):
    copy = self._copy()
    [data] = copy.glob('ckpt-2.data*')
    data.write_bytes(data.read_bytes()[:100])
    with self.assertRaisesRegex(ValueError, 'ckpt-2 is damaged'):
      registry.load(str(copy))

  def test_a_checkpoint_of_another_architecture_is_named(self):
    copy = self._copy_with({'model': {'encoder': {'any': {
        'intermediate_size': 24}}}})
    with self.assertRaisesRegex(ValueError, 'ckpt-2.*does not fit.*params'):
      registry.load(copy)

  def test_a_classifier_of_pairs(self):
    copy = self._copy_with({'train_data': {'pair_field': 'answer'}})
    self.assertTrue(registry.load(copy).pairs)

  def test_labels_are_as_many_as_classes(self):
    copy = self._copy_with({'model': {'num_classes': 3}})
    with self.assertRaisesRegex(ValueError, r'3 classes and 2 labels \(a, b\)'):
      registry.load(copy)

  def test_a_run_of_another_experiment_is_refused(self):
    folder = self.make_folder()
    train_utils.serialize_config(
        exp_factory.get_exp_config('mobilebert/pretrain'), folder)
    with self.assertRaisesRegex(
        ValueError, f'{folder}/params.yaml is not of a training run of mobile'):
      registry.load(folder)

  def test_params_that_are_not_yaml_are_named(self):
    copy = self._copy()
    (copy / 'params.yaml').write_text('task: [')
    with self.assertRaisesRegex(ValueError, f'{copy}/params.yaml is not'):
      registry.load(str(copy))


if __name__ == '__main__':
  tf.test.main()
