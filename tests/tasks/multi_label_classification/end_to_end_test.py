# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""From tables to files that answer: all parts of the kind agree."""

import json
import pathlib
import shutil
import tempfile

import numpy as np
import pytest
import tensorflow as tf
import yaml

from mobilebert_tf import checkpoints
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import saved_model
from mobilebert_tf.deployment import saved_model_runner
from mobilebert_tf.deployment import tflite
from mobilebert_tf.evaluation import deployment
from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import line_answers
from mobilebert_tf.pipelines.finetuning import run
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.tasks.classification import predictor as predictor_lib
from mobilebert_tf.tasks import registry
from tests.tasks.multi_label_classification import tiny_tables

pytestmark = pytest.mark.slow  # It trains twice and exports twice.


class EndToEndTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.run_dir = cls.folder / 'run'
    test_file = cls.folder / 'test.csv'
    test_file.write_text('review\n' + ''.join(
        f'{tiny_tables.text(tiny_tables.labels_of(i))}\n' for i in range(8)))
    cls.recipe = tiny_tables.recipe(cls(), test_file=str(test_file))
    cls.results = run.run(cls.recipe, cls.run_dir)
    cls.trained = registry.load(str(cls.run_dir))
    cls.texts = real_texts.find(cls.trained)
    cls.margins = cls.trained.kind.answers(cls.trained, cls.texts)

  def test_it_learns_the_labels(self):
    self.assertEqual(set(self.results['metrics']['dev']), {
        'micro_f1', 'macro_f1', 'macro_auc', 'subset_accuracy'})
    self.assertGreater(self.results['score'], 0.95)
    self.assertEqual(self.results['score'],
                     self.results['metrics']['dev']['macro_f1'])
    self.assertEqual(self.trained.labels, list(tiny_tables.LABELS))

  def test_a_run_says_its_kind_and_its_thresholds(self):
    task = yaml.safe_load((self.run_dir / 'params.yaml').read_text())['task']
    self.assertEqual(task['kind'], 'multi_label_classification')
    self.assertLen(task['thresholds'], 3)
    self.assertAllClose(
        self.trained.kind.thresholds(self.trained), task['thresholds'])

  def test_test_texts_get_lines_of_labels(self):
    answers = [json.loads(line) for line in
               (self.run_dir / 'test.jsonl').read_text().splitlines()]
    self.assertEqual([answer['labels'] for answer in answers],
                     [tiny_tables.labels_of(i) for i in range(8)])
    self.assertEqual(list(answers[0]['probabilities']),
                     list(tiny_tables.LABELS))

  def test_lines_of_text_are_answered(self):
    answerer = self.trained.kind.line_answerer(self.trained, 4)
    [answer, wrong] = answerer.answer([
        line_answers.Line(1, {'text': tiny_tables.text(['film', 'sport'])}),
        line_answers.Line(2, {'text': 'w1', 'pair': 'w2'})])
    self.assertEqual(answer['labels'], ['film', 'sport'])
    self.assertGreater(answer['probabilities']['film'], 0.5)
    self.assertIn('error', wrong)

  def test_evaluation_finds_the_same_metrics_and_a_page(self):
    scored = self.trained.kind.evaluate(
        self.trained, scoring.Options(self.recipe.dev_file))
    self.assertAllClose(scored.metrics, self.results['metrics']['dev'])
    columns = tiny_tables.write_columns(self.folder / 'columns.csv', 32)
    by_column = self.trained.kind.evaluate(self.trained, scoring.Options(
        columns, scoring.Columns(label_columns=('sport', 'film', 'music'))))
    self.assertAllClose(by_column.metrics, scored.metrics)
    results = evaluation_report.read(self.run_dir)
    parts = self.trained.kind.report_parts()
    summary = evaluation_report.format_summary(results, parts)
    self.assertRegex(summary, 'Macro AUC')
    page = (self.run_dir / 'evaluation.html').read_text()
    for part in ('Scores of each label', 'Threshold', 'music',
                 'tuned on these texts'):
      self.assertIn(part, page)

  def test_a_saved_model_answers_the_same(self):
    path = saved_model.write(self.trained, self.folder / 'saved', self.texts)
    runner = saved_model_runner.SavedModelRunner(path, registry.KINDS)
    self.assertEqual(runner.kind, self.trained.kind)
    self.assertEqual(runner.labels, self.trained.labels)
    self.assertAllClose(runner.comparable(self.texts.texts), self.margins,
                        atol=1e-4)
    outputs = tf.saved_model.load(str(path)).signatures['serve_text'](
        text=tf.constant([tiny_tables.text(['film', 'sport'])]))
    self.assertAllEqual(outputs['labels'][0],
                        [label.encode() for label in tiny_tables.LABELS])
    self.assertAllEqual(outputs['selected'][0], [b'film', b'', b'sport'])
    self.assertAllClose(
        outputs['margins'],
        outputs['probabilities'] - self.trained.kind.thresholds(self.trained))

  def test_a_tflite_file_answers_the_same(self):
    path = self.folder / 'model.tflite'
    tflite.write(self.trained, path, self.texts, lengths=(16,))
    runner = registry.TFLiteRunner(path)
    self.assertAllClose(runner.metadata.settings.thresholds,
                        self.trained.kind.thresholds(self.trained))
    answer = runner.answer(tiny_tables.text(['film', 'sport']))
    self.assertEqual({each.label for each in answer}, {'film', 'sport'})
    self.assertGreaterEqual(answer[0].probability, answer[1].probability)
    self.assertEqual(runner.answer('w7'), [])
    found = runner.comparable(self.texts.texts)
    self.assertLess(
        np.mean(self.trained.kind.differ(found, self.margins)), 0.01)
    self.assertAllClose(
        runner.scores(self.texts.texts[:3]),
        found[:3] + self.trained.kind.thresholds(self.trained))
    with self.subTest('side by side'):
      lines = self.folder / 'lines.txt'
      lines.write_text('\n'.join(self.texts.texts))
      measured = deployment.benchmark(deployment.Settings(
          [str(path)], str(lines), self.recipe.dev_file, str(self.run_dir),
          threads=(1,), batch_sizes=(1,), texts=4, rounds=1,
          columns=scoring.Columns(text='review', label='topics',
                                  label_separator='|')), registry.KINDS)
      [exported] = measured['models']
      self.assertEqual(exported['agreement']['share'], 1.0)
      self.assertEqual([score['name'] for score in exported['scores']],
                       list(self.trained.kind.metrics))

  def test_another_set_of_labels_is_another_answer(self):
    found = self.margins.copy()
    found[0, 1] = -found[0, 1]
    self.assertEqual(
        self.trained.kind.differ(found, self.margins).tolist(),
        [True] + [False] * (len(found) - 1))
    with self.assertRaisesRegex(ValueError, '1 of 32 texts get another answer'):
      agreement.check(self.trained, self.texts, found, self.margins, 0.0)

  def test_hugging_face_carries_the_problem_type(self):
    folder = self.folder / 'hugging_face'
    checkpoints.write(checkpoints.read(str(self.run_dir)), str(folder),
                      'hugging_face')
    config = json.loads((folder / 'config.json').read_text())
    self.assertEqual(config['problem_type'], 'multi_label_classification')
    self.assertEqual(config['id2label']['1'], 'music')
    found = registry.load(str(folder))
    self.assertEqual(found.kind, self.trained.kind)
    self.assertAllEqual(found.kind.thresholds(found), [0.5] * 3)
    texts = self.texts.texts[:5]
    self.assertAllClose(predictor_lib.TextPredictor(found).scores(texts),
                        predictor_lib.TextPredictor(self.trained).scores(texts))

  def test_a_student_learns_from_it(self):
    results = run.run(
        tiny_tables.recipe(
            self, teacher=str(self.run_dir), epochs=4.0, test_file='',
            train_file=tiny_tables.write_columns(
                self.folder / 'train.csv', 96),
            dev_file=tiny_tables.write_columns(self.folder / 'dev.csv', 32),
            label_columns=tiny_tables.LABELS), self.folder / 'taught')
    self.assertGreater(results['score'], 0.8)


if __name__ == '__main__':
  tf.test.main()
