# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A classifier from a table in one call, with all that can be asked of it."""

import json
import pathlib

import pytest
import tensorflow as tf

import mobilebert_tf
from mobilebert_tf.checkpoints import model_card
from mobilebert_tf.common import files
from mobilebert_tf.pipelines import classifier
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from tests.data import temporary
from tests.pipelines import tiny

_TEXTS = ['w1 w2 w3 w9', 'w4 w5 w6 w8', 'w2 w5', 'w20', 'é 😀']


class ClassifierTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())

  def _make(self, table: str, name: str, **settings) -> classifier.Classifier:
    return mobilebert_tf.make_classifier(table, **{
        'text': 'review', 'label': 'stars', 'held_out': 0.25,
        'output_dir': self.folder / name, 'learning_rate': 1e-2,
        'batch_size': 8, 'epochs': 6.0,
        'init_checkpoint': tiny.write_start(self.folder), **settings})

  @pytest.mark.slow
  def test_from_a_table_to_answers_of_a_file(self):
    table = tiny.write_table(self.folder / 'reviews.csv', 80)
    settings = {'class_weights': {'good': 2}, 'focal_gamma': 1.0,
                'early_stopping': 2, 'positive_label': 'good',
                'wanted_recall': 1.0}
    made = self._make(table, 'made', **settings)
    self.assertEqual(made.labels, ['bad', 'good'])
    self.assertGreater(made.metrics['accuracy'], 0.9)
    self.assertEqual(made('w4 w5 w6 w7').label, 'good')
    self.assertEqual(made('w1 w2 w3 w7').label, 'bad')

    with self.subTest('the best epoch is kept'):
      epochs = [json.loads(line) for line in (
          made.folder / 'evaluations.jsonl').read_text().splitlines()]
      best = max(epochs, key=lambda each: (each['accuracy'], -each['step']))
      [kept] = made.folder.glob('*.index')
      self.assertEqual(kept.name, f'ckpt-{best["step"]:.0f}-decision.index')
      self.assertLen(list((made.folder / 'best').glob('*.index')), 1)

    with self.subTest('the model card'):
      text = (made.folder / 'README.md').read_text()
      metadata = model_card.check(text)
      metrics = metadata['model-index'][0]['results'][0]['metrics']
      self.assertEqual([each['value'] for each in metrics],
                       [round(made.metrics[each['type']], 6)
                        for each in metrics])
      for part in ('train', 'held_out'):
        self.assertIn(files.digest(self.folder / 'made/data' / f'{part}.csv'),
                      text)
      self.assertIn('Decision: “good” from a probability of', text)

    with self.subTest('an exported file answers alike'):
      path = made.export(self.folder / 'reviews.tflite', quantization='none',
                         lengths=[16])
      with mobilebert_tf.load(path) as loaded:
        found = loaded.batch(_TEXTS)
      expected = made.batch(_TEXTS)
      self.assertEqual([each.label for each in found],
                       [each.label for each in expected])
      self.assertAllClose([each.probability for each in found],
                          [each.probability for each in expected], rtol=1e-4)

    with self.subTest('so does its folder, which has the card'):
      made.save_pretrained(self.folder / 'saved')
      self.assertAllClose(
          [each.probability for each in mobilebert_tf.load(
              self.folder / 'saved').batch(_TEXTS)],
          [each.probability for each in expected], rtol=1e-4)
      saved = (self.folder / 'saved' / 'README.md').read_text()
      self.assertEqual(model_card.check(saved)['library_name'], 'transformers')
      self.assertIn('95% interval', saved)

    with self.subTest('once'):
      before = (made.folder / 'metrics.jsonl').stat().st_mtime_ns
      self.assertEqual(self._make(table, 'made', **settings).metrics,
                       made.metrics)
      self.assertEqual((made.folder / 'metrics.jsonl').stat().st_mtime_ns,
                       before)
      other = tiny.write_table(self.folder / 'other.csv', 60)
      with self.assertRaisesRegex(ValueError, 'holds the parts of another'):
        self._make(other, 'made', **settings)

    with self.subTest('a student learns of texts without labels'):
      unlabelled = self.folder / 'more.txt'
      unlabelled.write_text('w1 w2 w3 w11\nw4 w5 w6 w12\n' * 10)
      student = self._make(table, 'student', teacher=str(made.folder),
                           unlabelled_file=str(unlabelled), epochs=3.0)
      results = json.loads((student.folder / 'results.json').read_text())
      self.assertEqual(results['examples'], 60 + 20)
      self.assertEqual(results['steps'], 30)
      self.assertIn('unlabelled', [each['part'] for each in results['data']])
      self.assertGreater(student.metrics['accuracy'], 0.9)

  def test_what_cannot_be_made_is_refused_before_training(self):
    table = tiny.write_table(self.folder / 'reviews.csv', 40)
    with self.assertRaisesRegex(ValueError, r"'text'.*the header has 'review"):
      self._make(table, 'a', text='text')
    with self.assertRaisesRegex(ValueError, 'too few to hold out'):
      self._make(table, 'b', held_out=0.01)
    with self.assertRaisesRegex(ValueError, "class_weights names 'odd'"):
      self._make(table, 'c', class_weights={'odd': 2})
    with self.assertRaisesRegex(ValueError, 'it is balanced, or a list'):
      self._make(table, 'd', class_weights='heavy')
    with self.assertRaisesRegex(ValueError, "positive_label is 'odd'"):
      self._make(table, 'e', positive_label='odd', wanted_recall=0.9)
    with self.assertRaisesRegex(FileNotFoundError, 'absent.csv'):
      self._make('absent.csv', 'f')
    (self.folder / 'g').mkdir()
    (self.folder / 'g' / 'mine.txt').write_text('mine')
    with self.assertRaisesRegex(FileExistsError, 'mine.txt'):
      self._make(table, 'g')

  def test_without_a_checkpoint_a_vocabulary_is_learned(self):
    table = tiny.write_table(self.folder / 'reviews.csv', 40)
    (self.folder / 'data').mkdir()
    found = classifier._start(self.folder / 'data', table, 'review',
                              {'architecture': 'mobilebert_small'})
    tokens = pathlib.Path(found['vocab_file']).read_text().split()
    self.assertContainsSubset(['[PAD]', '[CLS]'], tokens)
    self.assertEqual(
        classifier._start(self.folder, table, 'review', {}),
        {'init_checkpoint': 'google/mobilebert-uncased'})


class RecipeTest(tf.test.TestCase):

  def _recipe(self, task='classification', **fields) -> recipe_lib.Recipe:
    return recipe_lib.Recipe(task=task, train_file='a', dev_file='b',
                             init_checkpoint='c', **fields)

  def test_settings_that_a_task_has_no_use_for_are_refused(self):
    for task, fields in (
        ('regression', {'class_weights': ('balanced',)}),
        ('token_classification', {'early_stopping': 2}),
        ('squad_v1', {'focal_gamma': 2.0}),
        ('multi_label_classification', {'positive_label': 'x'})):
      with self.assertRaisesRegex(ValueError,
                                  f'{next(iter(fields))} is .* not of {task}'):
        self._recipe(task, **fields)

  def test_settings_that_do_not_fit_each_other_are_refused(self):
    for message, fields in (
        ('name a teacher', {'unlabelled_file': 'more.txt'}),
        ('name both', {'wanted_precision': 0.9}),
        ('name both', {'positive_label': 'spam'}),
        ('is a share', {'wanted_recall': 95.0, 'positive_label': 'spam'}),
        ('Leave one', {'wanted_recall': 0.9, 'wanted_precision': 0.9,
                       'positive_label': 'spam'}),
        ('early_stopping is -1', {'early_stopping': -1})):
      with self.assertRaisesRegex(ValueError, message):
        self._recipe(**fields)
    self._recipe('multi_label_classification', wanted_precision=0.9)


if __name__ == '__main__':
  tf.test.main()
