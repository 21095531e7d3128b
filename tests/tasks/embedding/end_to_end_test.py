# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""From a teacher's vectors to files that answer: all parts agree."""

import json
import pathlib
import shutil
import tempfile

import numpy as np
import pytest
import tensorflow as tf
import yaml

from mobilebert_tf import modeling
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import saved_model
from mobilebert_tf.deployment import saved_model_runner
from mobilebert_tf.deployment import tflite
from mobilebert_tf.evaluation import deployment
from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import line_answers
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.tasks.embedding import judgements
from mobilebert_tf.tasks import registry
from tests.pipelines import tiny
from tests.tasks.embedding import tiny_vectors

pytestmark = pytest.mark.slow  # It trains and exports.


class EndToEndTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.run_dir, cls.dev = cls.folder / 'run', str(cls.folder / 'dev.tsv')
    cls.start = tiny.write_start(cls.folder)
    (cls.folder / 'test.tsv').write_text('one\nw1 w2\nw3\n')
    cls.results = run.run(recipe_lib.Recipe(
        task='embedding', init_checkpoint=cls.start,
        vectors=tiny_vectors.write_store(cls.folder / 'vectors', 400),
        dev_file=tiny_vectors.write_scored(cls.folder / 'dev.tsv', 60),
        test_file=str(cls.folder / 'test.tsv'), text_column='one',
        pair_column='other', label_column='score', widths=('4',),
        batch_size=32, epochs=16.0, learning_rate=5e-3), cls.run_dir)
    cls.trained = registry.load(str(cls.run_dir))
    cls.texts = real_texts.find(cls.trained)
    cls.vectors = cls.trained.kind.answers(cls.trained, cls.texts)

  def test_it_learns_what_the_teacher_means(self):
    metrics = self.results['metrics']['dev']
    self.assertEqual(set(metrics), {'spearman', 'pearson', 'spearman_4'})
    self.assertGreater(metrics['spearman'], 0.6)
    self.assertEqual(self.results['score'], metrics['spearman'])
    self.assertEqual(self.trained.model.size, tiny_vectors.SIZE)
    self.assertAllClose(np.linalg.norm(self.vectors, axis=-1),
                        np.ones(len(self.vectors)), 1e-5)

  def test_a_run_says_its_kind(self):
    task = yaml.safe_load((self.run_dir / 'params.yaml').read_text())['task']
    self.assertEqual(task['kind'], 'sentence_embedding')

  def test_texts_get_vectors(self):
    answers = [json.loads(line) for line in
               (self.run_dir / 'test.jsonl').read_text().splitlines()]
    answerer = self.trained.kind.line_answerer(self.trained, 4)
    [found, wrong] = answerer.answer([
        line_answers.Line(1, {'text': 'w1 w2'}),
        line_answers.Line(2, {'text': 'w1', 'pair': 'w2'})])
    self.assertAllClose(found['vector'], answers[0]['vector'], 1e-5, 1e-6)
    self.assertRegex(wrong['error'], 'a vector is of one text')

  def test_evaluation_finds_the_same_metrics_and_a_page(self):
    scored = self.trained.kind.evaluate(
        self.trained, scoring.Options(self.dev))
    self.assertAllClose(scored.metrics, self.results['metrics']['dev'])
    results = evaluation_report.read(self.run_dir)
    self.assertLen(results['intervals'], 3)
    summary = evaluation_report.format_summary(
        results, self.trained.kind.report_parts())
    self.assertRegex(summary, 'Spearman correlation, first 4 entries')
    page = (self.run_dir / 'evaluation.html').read_text()
    for part in ('Nearest texts', 'Effective dimensions', 'Mean cosine'):
      self.assertIn(part, page)

  def test_evaluation_by_what_queries_find(self):
    pairs = self.folder / 'pairs.tsv'
    rows = [f'w{i} w{i + 1}\tw{i + 1} w{i}\n' for i in range(1, 20)]
    pairs.write_text('query\tpassage\n' + ''.join(rows))
    scored = self.trained.kind.evaluate(self.trained, scoring.Options(
        str(pairs), scoring.Columns(text='query', pair='passage')))
    judged = judgements.read(str(pairs), 'query', 'passage')
    expected = judgements.score(
        judged, registry.load_sentence_encoder(str(self.run_dir)))
    for name, value in scored.metrics.items():
      self.assertAllClose(value, expected[name]['mean'], 1e-5, 1e-5)
    path = evaluation_report.write_report(
        scored.predictions, scored.metrics, self.folder / 'retrieval',
        scored.facts, scored.parts)
    self.assertIn('19 queries, 19 documents', path.read_text())

  def test_a_model_of_pairs_reads_single_texts(self):
    folder = self.folder / 'of_pairs'
    run.run(recipe_lib.Recipe(
        task='embedding', init_checkpoint=self.start, train_file=self.dev,
        dev_file=self.dev, text_column='one', pair_column='other',
        label_column='score', batch_size=32, epochs=1.0), folder)
    trained = registry.load(str(folder))
    texts = real_texts.find(trained)
    agreement.check_texts(trained, texts)
    self.assertLen(trained.kind.answers(trained, texts), len(texts))

  def test_a_saved_model_answers_the_same(self):
    path = saved_model.write(self.trained, self.folder / 'saved', self.texts)
    runner = saved_model_runner.SavedModelRunner(path, registry.KINDS)
    self.assertEqual(runner.kind, self.trained.kind)
    self.assertAllClose(runner.comparable(self.texts.texts), self.vectors,
                        1e-4, 1e-4)

  def test_a_tflite_file_answers_the_same(self):
    path = self.folder / 'model.tflite'
    tflite.write(self.trained, path, self.texts, lengths=(16,))
    runner = registry.TFLiteRunner(path)
    self.assertEqual(runner.metadata.kind, self.trained.kind)
    found = runner.comparable(self.texts.texts)
    self.assertAllGreater(np.sum(found * self.vectors, axis=-1), 0.99)
    lines = self.folder / 'lines.txt'
    lines.write_text('\n'.join(self.texts.texts))
    measured = deployment.benchmark(deployment.Settings(
        [str(path)], str(lines), self.dev, str(self.run_dir), threads=(1,),
        batch_sizes=(1,), texts=4, rounds=1), registry.KINDS)
    [exported] = measured['models']
    self.assertGreater(exported['agreement']['cosine'], 0.99)
    self.assertEqual([score['name'] for score in exported['scores']],
                     ['spearman', 'pearson'])
    self.assertAllClose(exported['scores'][0]['value'],
                        self.results['metrics']['dev']['spearman'], atol=0.03)

  def test_a_plain_encoder_of_it_is_exported_as_before(self):
    encoder = registry.load_for_export(str(self.run_dir), encoder_only=True)
    self.assertEqual(encoder.kind.name, 'embedding')

  def test_a_classifier_and_another_sentence_encoder_start_from_it(self):
    results = run.run(recipe_lib.Recipe(
        task='embedding', init_checkpoint=str(self.run_dir),
        train_file=tiny_vectors.write_triplets(
            self.folder / 'triplets.jsonl', 40),
        dev_file=self.dev, text_column='one', pair_column='other',
        negative_columns=('far',), label_column='score', batch_size=8,
        epochs=1.0, learning_rate=1e-4), self.folder / 'pairs')
    self.assertGreater(results['score'], 0.4)
    classifier = modeling.MobileBertClassifier.from_pretrained(
        str(self.run_dir), num_classes=2)
    for one, other in zip(classifier.encoder.weights,
                          self.trained.model.encoder.weights, strict=True):
      self.assertAllEqual(one, other)


if __name__ == '__main__':
  tf.test.main()
