# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Recipes are run: data is checked, models learn, answers are written."""

import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import word_tables
from mobilebert_tf.common import outputs
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run
from mobilebert_tf.tasks.classification import predictor as classifying
from mobilebert_tf.tasks.question_answering import predictor as answering
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier
from tests.pipelines import tiny

_CONTEXTS = ('w1 w2 w3 w4 w5', 'w11 w12 w13 w14 w15')


def _squad(articles: int, answered: int = 1) -> str:
  """Returns SQuAD in which the second word is the answer, if there is one.

  Args:
    articles: How many, with a question each.
    answered: Every so manyth question has an answer.
  """
  data = []
  for i in range(articles):
    context = _CONTEXTS[i % 2]
    answer = context.split()[1]
    data.append({'title': f'title_{i}', 'paragraphs': [{
        'context': context, 'qas': [{
            'id': f'q{i}', 'question': 'w20 w21',
            **({'is_impossible': i % answered != 0} if answered > 1 else {}),
            'answers': [{'text': answer,
                         'answer_start': context.index(answer)}]
                       if i % answered == 0 else []}]}]})
  return json.dumps({'version': '1.1', 'data': data})


class RunTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.get_temp_dir()) / self._testMethodName

  @pytest.mark.slow
  def test_a_classifier_from_csv_to_answers(self):
    test_file = tiny.write_table(
        pathlib.Path(self.get_temp_dir()) / 'test.csv', 6, labelled=False)
    recipe = tiny.recipe(self, test_file=test_file)
    results = run.run(recipe, self.folder)
    self.assertEqual(results['steps'], 24)
    self.assertGreater(results['score'], 0.9)

    trained = registry.load(str(self.folder))
    self.assertEqual(trained.labels, ['bad', 'good'])
    scores = classifying.TextPredictor(trained).scores(
        ['w1 w2 w3 w7, w8', 'w4 w5 w6 w8, w8'])
    self.assertAllEqual(np.argmax(scores, -1), [0, 1])
    answers = [json.loads(line) for line in
               (self.folder / 'test.jsonl').read_text().splitlines()]
    self.assertEqual([answer['label'] for answer in answers],
                     ['bad', 'good'] * 3)
    report = json.loads((self.folder / 'evaluation.json').read_text())
    self.assertEqual(report['metrics'], results['metrics']['dev'])

    with self.subTest('done once'):
      before = (self.folder / 'metrics.jsonl').stat().st_mtime_ns
      self.assertEqual(run.run(recipe, self.folder), results)
      self.assertEqual((self.folder / 'metrics.jsonl').stat().st_mtime_ns,
                       before)
    with self.subTest('another recipe, of a run that was not finished'):
      begun = self.folder.with_name('begun')
      begun.mkdir()
      (begun / 'checkpoint').touch()
      with self.assertRaisesRegex(FileExistsError, 'it has no recipe.json'):
        run.run(recipe, begun)
      (begun / 'recipe.json').write_text(json.dumps(results['recipe']))
      with self.assertRaisesRegex(ValueError, 'seed is 0 there and 5 here'):
        run.run(tiny.recipe(self, test_file=test_file, seed=5), begun)
    with self.subTest('typed otherwise, from another directory'):
      elsewhere = os.path.relpath(test_file, self.folder)
      with contextlib.chdir(self.folder):
        self.assertEqual(
            run.run(tiny.recipe(self, test_file=elsewhere), self.folder),
            results)
      with self.assertRaisesRegex(ValueError, 'test_file is '):
        run.run(tiny.recipe(self, test_file=elsewhere), self.folder)
    with self.subTest('another recipe'):
      with self.assertRaisesRegex(ValueError, 'seed is 0 there and 5 here'):
        run.run(tiny.recipe(self, test_file=test_file, seed=5), self.folder)
    with self.subTest('taught by it'):
      taught = run.run(
          tiny.recipe(self, teacher=str(self.folder), hidden_weight=0.1),
          self.folder.with_name('taught'))
      self.assertGreater(taught['score'], 0.9)
      self.assertEqual(
          registry.load(str(self.folder.with_name('taught'))).labels,
          ['bad', 'good'])

  def test_a_student_starts_with_a_teachers_words(self):
    self.folder.mkdir()
    vocab_file = tiny_classifier.write_vocabulary(str(self.folder))
    teacher = str(self.folder / 'teacher')
    modeling.MobileBertEncoder(tiny_classifier.architecture(
        embedding_size=160, inter_block_size=160)).save_pretrained(
            teacher, vocab_file=vocab_file)
    recipe = tiny.recipe(self, init_checkpoint='', init_from=teacher,
                         architecture='mobilebert_small')
    start = run.prepare(recipe, self.folder)
    self.assertEqual(start.checkpoint, str(self.folder / 'start'))
    self.assertEqual(start.architecture.vocab_size, len(tiny_classifier.TOKENS))
    expected = word_tables.start_by_name(teacher, 'mobilebert_small')
    self.assertEmpty(checkpoints.differences(
        checkpoints.read(start.checkpoint), expected))
    with self.assertRaisesRegex(ValueError, 'name its architecture'):
      tiny.recipe(self, init_from=teacher)

  @pytest.mark.slow
  def test_question_answering_on_articles_of_one_file(self):
    path = pathlib.Path(self.get_temp_dir()) / 'squad.json'
    path.write_text(_squad(24))
    recipe = recipe_lib.Recipe(
        task='squad_v1', train_file=str(path), dev_file=str(path),
        dev_titles=('title_0', 'title_1'), max_length=30, batch_size=8,
        init_checkpoint=tiny.write_start(pathlib.Path(self.get_temp_dir())),
        learning_rate=2e-2, epochs=8.0)
    results = run.run(recipe, self.folder)
    self.assertEqual(results['examples'], 22)
    self.assertEqual(set(results['metrics']['dev']), {'exact_match', 'f1'})
    predictions = json.loads(
        (self.folder / 'answers/dev/predictions.json').read_text())
    self.assertEqual(set(predictions), {'q0', 'q1'})
    right = np.mean([predictions['q0'] == 'w2', predictions['q1'] == 'w12'])
    self.assertEqual(results['metrics']['dev']['exact_match'], right)
    with self.subTest('taught by it'):
      taught = run.run(dataclasses.replace(
          recipe, teacher=str(self.folder), epochs=1.0),
                       self.folder.with_name('taught_spans'))
      self.assertEqual(taught['steps'], 3)

  @pytest.mark.slow
  def test_the_null_threshold_stays_with_the_model(self):
    path = pathlib.Path(self.get_temp_dir()) / 'squad2.json'
    path.write_text(_squad(24, answered=3))
    run.run(recipe_lib.Recipe(
        task='squad_v2', train_file=str(path), dev_file=str(path),
        dev_titles=('title_0', 'title_1'), max_length=30, batch_size=8,
        init_checkpoint=tiny.write_start(pathlib.Path(self.get_temp_dir())),
        learning_rate=1e-2, epochs=1.0), self.folder)
    report = json.loads((self.folder / 'evaluation.json').read_text())
    trained = registry.load(str(self.folder))
    threshold = answering.QuestionAnswerer(trained).null_threshold
    self.assertNotEqual(threshold, 0)
    self.assertEqual(report['facts']['Null threshold'], f'{threshold:.4g}')

  @pytest.mark.slow
  def test_labelled_words_from_conll(self):
    folder = pathlib.Path(self.get_temp_dir())
    sentence = 'w1 O\nw2 B-PER\nw3 I-PER\nw{} O\n\n'
    (folder / 'train.conll').write_text(
        ''.join(sentence.format(10 + i % 10) for i in range(32)))
    (folder / 'dev.conll').write_text(sentence.format(25) * 4)
    recipe = recipe_lib.Recipe(
        task='token_classification', train_file=f'{folder}/train.conll',
        dev_file=f'{folder}/dev.conll', max_length=30, batch_size=8,
        init_checkpoint=tiny.write_start(folder), learning_rate=2e-2,
        epochs=6.0)
    results = run.run(recipe, self.folder)
    self.assertEqual(results['score'], results['metrics']['dev']['f1'])
    self.assertEqual(results['score'], 1.0)
    self.assertEqual(registry.load(str(self.folder)).labels,
                     ['O', 'B-PER', 'I-PER'])
    with self.subTest('taught by it'):
      taught = run.run(dataclasses.replace(
          recipe, teacher=str(self.folder), epochs=1.0),
                       self.folder.with_name('taught_words'))
      self.assertEqual(taught['steps'], 4)

  def test_labelled_words_without_entities_are_scored_by_accuracy(self):
    folder = pathlib.Path(self.get_temp_dir())
    (folder / 'tags.conll').write_text('w1 DET\nw2 NOUN\nw3 VERB\n\n' * 8)
    results = run.run(recipe_lib.Recipe(
        task='token_classification', train_file=f'{folder}/tags.conll',
        dev_file=f'{folder}/tags.conll', max_length=30, batch_size=8,
        init_checkpoint=tiny.write_start(folder), epochs=1.0), self.folder)
    self.assertEqual(results['score'], results['metrics']['dev']['accuracy'])

  def _read(self, train: str, dev: str, **fields):
    folder = pathlib.Path(self.get_temp_dir())
    for name, content in (('train', train), ('dev [1]', dev)):
      (folder / name).write_text(content)
    recipe = recipe_lib.Recipe(
        train_file=f'{folder}/train', dev_file=f'{folder}/dev [1]',
        max_length=30, init_checkpoint=tiny.write_start(folder), **fields)
    start = recipes.Start(tiny_classifier.architecture(),
                          f'{folder}/start/vocab.txt', True, '')
    return recipe.kind.read_recipe(recipe, start)

  def test_the_task_says_whether_questions_may_have_no_answer(self):
    squad = _squad(24, answered=2).replace('is_impossible', 'no_mark')
    data = self._read(squad, squad, task='squad_v2')
    self.assertEqual((data.num_examples, data.skipped), (24, {'train': 0}))
    self.assertTrue(data.parts['dev'].has_unanswerable)
    for train, dev, message in (
        (squad, _squad(4), '12 of 24 questions .*--task=squad_v2'),
        (_squad(4), squad, 'has no answer; .*--task=squad_v2')):
      with self.assertRaisesRegex(ValueError, message):
        self._read(train, dev, task='squad_v1')

  def test_offsets_that_count_other_units(self):
    data = json.loads(_squad(24))
    for article in data['data'][:20]:
      [paragraph] = article['paragraphs']
      paragraph['context'] = f'😀 {paragraph["context"]}'
      paragraph['qas'][0]['answers'][0]['answer_start'] += 3
    squad = json.dumps(data)
    with self.assertRaisesRegex(
        ValueError, '20 of 24 questions.*units of utf16.*--offsets=utf16'):
      self._read(squad, _squad(4), task='squad_v1')
    read = self._read(squad, squad, task='squad_v1', offsets='utf16')
    self.assertEqual(read.num_examples, 24)
    self.assertEqual(read.task['train_data']['offsets'], 'utf16')

  def test_columns_and_comments_of_labelled_words(self):
    words = '# source\n1\tw1\tO\tO\n2\tw2\tB-PER\tB-LOC\n\n'  # GermEval's.
    read = self._read(words, words, task='token_classification',
                      text_column='1', label_column='2', comment='#')
    [sentence] = read.parts['dev']
    self.assertEqual(sentence.words, ('w1', 'w2'))
    self.assertEqual(sentence.labels, ('O', 'B-PER'))
    self.assertEqual(read.task['validation_data']['label_column'], 2)
    with self.assertRaisesRegex(ValueError, "numbered.*there is none 'ner'"):
      self._read(words, words, task='token_classification', label_column='ner')

  def test_a_question_that_cannot_be_scored_is_found_before_training(self):
    path = pathlib.Path(self.get_temp_dir()) / 'no_answer.json'
    data = json.loads(_squad(4))
    data['data'][2]['paragraphs'][0]['qas'][0]['answers'] = []
    path.write_text(json.dumps(data))
    with self.assertRaisesRegex(ValueError, 'no_answer.json.*has no answer'):
      run.run(recipe_lib.Recipe(
          task='squad_v1', train_file=str(path), dev_file=str(path),
          max_length=30, batch_size=2,
          init_checkpoint=tiny.write_start(pathlib.Path(self.get_temp_dir()))),
              self.folder)
    self.assertFalse((self.folder / 'checkpoint').exists())

  def test_bad_files_are_found_before_training(self):
    bad = pathlib.Path(self.get_temp_dir()) / 'bad.csv'
    bad.write_text('review,stars\nw1,bad\nw2,dreadful\n')
    with self.assertRaisesRegex(ValueError, "bad.csv:3: the label 'dreadful'"):
      run.run(tiny.recipe(self, dev_file=str(bad)), self.folder)
    bad.write_text('review,stars\nw1,bad\n')
    with self.assertRaisesRegex(ValueError, "one label, 'bad'"):
      run.run(tiny.recipe(self, train_file=str(bad)), self.folder)
    with self.assertRaisesRegex(ValueError, 'can have at most 39 tokens'):
      run.run(tiny.recipe(self, max_length=40), self.folder)
    self.assertFalse((self.folder / 'checkpoint').exists())

  def test_nothing_is_written_if_data_cannot_be_read(self):
    with self.assertRaisesRegex(FileNotFoundError, 'no.csv'):
      run.run(tiny.recipe(self, dev_file='no.csv'), self.folder)
    self.assertFalse(self.folder.exists())

  def test_the_folder_of_another_model_is_not_touched(self):
    recipe = tiny.recipe(self)
    start = pathlib.Path(recipe.init_checkpoint)
    before = {path: path.read_bytes() for path in start.iterdir()}
    with self.assertRaisesRegex(
        FileExistsError, 'is not the folder of a fine-tuning run'):
      run.run(recipe, start)
    self.assertEqual(
        {path: path.read_bytes() for path in start.iterdir()}, before)

  def test_a_run_is_not_resumed_with_another_vocabulary(self):
    recipe = tiny.recipe(self)
    other = pathlib.Path(recipe.init_checkpoint, 'vocab.txt').read_text()
    self.folder.mkdir()
    (self.folder / 'vocab.txt').write_text(other.replace('w20', 'v20'))
    (self.folder / 'checkpoint').touch()
    (self.folder / 'recipe.json').write_text(
        json.dumps(dataclasses.asdict(recipe)))
    with self.assertRaisesRegex(ValueError, 'txt, with which this run began'):
      run.run(recipe, self.folder)
    self.assertIn('v20', (self.folder / 'vocab.txt').read_text())

  def test_a_second_writer_is_refused(self):
    with outputs.locked(self.folder):
      with concurrent.futures.ThreadPoolExecutor() as other:
        with self.assertRaisesRegex(FileExistsError, 'Another run is writing'):
          other.submit(run.run, tiny.recipe(self), self.folder).result()

  def test_a_vocabulary_has_to_be_known(self):
    recipe = tiny.recipe(self, init_checkpoint='',
                         architecture='mobilebert_small')
    with self.assertRaisesRegex(ValueError, 'name it as vocab_file'):
      run.run(recipe, self.folder)

  def test_results_that_are_none(self):
    self.folder.mkdir(parents=True)
    (self.folder / run.RESULTS).write_text('[]')
    with self.assertRaisesRegex(ValueError, 'not of a fine-tuning run'):
      run.read_results(self.folder)


if __name__ == '__main__':
  tf.test.main()
