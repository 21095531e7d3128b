# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fine-tuning on questions: batches, loss, evaluation, what is refused."""

import itertools
import json
import subprocess

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.data import squad
from mobilebert_tf import modeling
from mobilebert_tf.tasks.pretraining import task as pretraining_task
from mobilebert_tf.tasks.question_answering import evaluation
from mobilebert_tf.tasks.question_answering import metrics
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import task as task_lib
from mobilebert_tf.tasks import registry
from official.nlp.configs import encoders
from official.nlp.tasks import question_answering as official_task
from tests.data import squad_samples as samples
from tests.inference import tiny_classifier
from tests import tiny_runs

_TRAIN, _DEV = 'Train', 'Dev'


def _articles(count: int = 12) -> list[dict]:
  """Returns contexts of other lengths, each asked for the word after w5."""
  found = []
  for i in range(count):
    words = tiny_classifier.text(8 + 5 * i, i).split()
    words.insert(i % 6, 'w5')
    context = ' '.join(words)
    answer = words[words.index('w5') + 1]
    start = len(' '.join(words[:words.index('w5') + 1])) + 1
    found.append(samples.article(
        context, samples.question(f'{i}', 'w5', answers=[(answer, start)]),
        title=_DEV if i % 3 == 0 else _TRAIN))
  return found


class QuestionAnsweringTest(parameterized.TestCase, tiny_runs.TinyRuns,
                            tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.vocab_file = tiny_classifier.write_vocabulary(self.make_folder())
    self.data_file = self.make_file('data.json', samples.dataset(*_articles()))

  def _data(self, **fields
            ) -> task_lib.QuestionAnsweringDataConfig:
    return task_lib.QuestionAnsweringDataConfig(**{
        'input_path': self.data_file, 'vocab_file': self.vocab_file,
        'seq_length': 39, 'doc_stride': 16, 'query_length': 8,
        'global_batch_size': 4, 'seed': 1, **fields})

  def _task(self, **fields) -> task_lib.QuestionAnsweringTask:
    model = official_task.ModelConfig(encoder=pretraining_task.encoder_config(
        tiny_classifier.architecture()))
    return task_lib.QuestionAnsweringTask(
        task_lib.QuestionAnsweringConfig(
            model=model, train_data=self._data(), **fields))

  def _batches(self, count: int, **fields) -> list:
    loader = task_lib.QuestionAnsweringDataLoader(
        self._data(**fields))
    return list(itertools.islice(loader.load().as_numpy_iterator(), count))

  # === Batches ===

  def test_labels_mark_the_answer_or_the_first_token(self):
    marked = 0
    for features, labels in self._batches(10):
      for ids, mask, start, end in zip(
          features['input_word_ids'], features['input_mask'],
          labels['start_positions'], labels['end_positions'], strict=True):
        self.assertEqual(start, end)
        self.assertEqual(mask[-1], 0)  # Padding follows.
        if start:
          marked += 1
          self.assertEqual(tiny_classifier.TOKENS[ids[start - 1]], 'w5')
    self.assertGreater(marked, 10)

  def test_a_batch_is_of_a_bucket(self):
    lengths = {features['input_word_ids'].shape
               for features, _ in self._batches(20)}
    self.assertEqual(lengths, {(4, 32), (4, 40)})

  def test_the_order_follows_the_seed_and_goes_on_at_any_batch(self):
    first = self._batches(8)
    for other, same in ((self._batches(8), True),
                        (self._batches(8, seed=2), False)):
      self.assertEqual(same, all(
          a[0]['input_word_ids'].shape == b[0]['input_word_ids'].shape and
          (a[0]['input_word_ids'] == b[0]['input_word_ids']).all()
          for a, b in zip(first, other, strict=True)))
    for a, b in zip(first[5:], self._batches(3, start_batch=5), strict=True):
      self.assertAllEqual(a[0]['input_word_ids'], b[0]['input_word_ids'])

  def test_every_window_is_there_once_in_an_evaluation(self):
    rows = [row for _, labels in self._batches(99, is_training=False)
            for row in labels['rows']]
    loader = task_lib.QuestionAnsweringDataLoader(
        self._data(is_training=False))
    self.assertCountEqual(rows, range(len(loader.prepared.windows)))

  def test_what_cannot_be_trained_on_is_skipped_and_counted(self):
    articles = _articles(24)
    articles[1]['paragraphs'][0]['qas'][0]['answers'][0]['answer_start'] += 1
    articles[2]['paragraphs'][0]['qas'][0]['answers'] = []
    self.data_file = self.make_file('data.json', samples.dataset(*articles))
    for fields, reasons in (({}, 2), ({'version_2_with_negative': True}, 1)):
      loader = task_lib.QuestionAnsweringDataLoader(
          self._data(**fields))
      with self.assertLogs(level='WARNING') as logs:
        questions = loader.prepared.questions
      self.assertLen(questions, 24 - reasons)
      self.assertLen(logs.output, reasons)
      self.assertIn('1 of 24 questions skipped: the answer is not at its '
                    'offset', logs.output[0])

  def test_an_answer_without_tokens_is_skipped(self):
    self.data_file = self.make_file('data.json', samples.dataset(
        samples.article('w1 \u200b w2',
                        samples.question('1', 'w3', answers=[('\u200b', 3)]),
                        samples.question('2', 'w3', answers=[('w2', 5)]))))
    loader = task_lib.QuestionAnsweringDataLoader(
        self._data())
    self.assertLen(loader.prepared.rows, 1)

  @parameterized.parameters(
      ({'input_path': ''}, 'input_path is not set'),
      ({'vocab_file': ''}, 'vocab_file is not set'),
      ({'global_batch_size': 0}, 'global_batch_size is 0'),
      ({'start_batch': 3, 'seed': None}, 'start_batch is 3, but seed'),
      ({'seq_length': 11}, 'seq_length is 11.*nothing is left'))
  def test_settings_that_make_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      task_lib.QuestionAnsweringDataLoader(
          self._data(**fields))

  # === The task ===

  def test_the_model_is_our_span_labeler(self):
    self.assertIsInstance(self._task().build_model(),
                          modeling.MobileBertSpanLabeler)

  def test_the_loss_is_the_mean_over_tokens_that_are_no_padding(self):
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=[2, 3, 8]).astype('float32')
    mask = (np.arange(8) < [[8], [5], [3]]).astype('int32')
    labels = {'start_positions': np.array([7, 0, 2]),
              'end_positions': np.array([7, 4, 2]), 'input_mask': mask}
    expected = []
    for logits, name in ((start, 'start_positions'), (end, 'end_positions')):
      for i in range(3):
        kept = logits[i, :mask[i].sum()].astype('float64')
        expected.append(np.log(np.exp(kept).sum()) - kept[labels[name][i]])
    loss = self._task().build_losses(labels, [start, end])
    self.assertAllClose(loss, np.mean(expected))

  def test_a_model_that_is_not_ours_is_refused(self):
    task = self._task()
    task.task_config.model.encoder = encoders.EncoderConfig(type='bert')
    with self.assertRaisesRegex(ValueError, "of type 'bert'"):
      task.build_model()

  @parameterized.parameters(
      ({'seq_length': 40}, 'seq_length is 40.*40 positions'),
      ({'titles': ['Dew']}, "No article is called 'Dew'. Near are 'Dev'"),
      ({'input_path': 'nothing.json'}, "nothing.json does not exist"))
  def test_data_that_do_not_fit(self, fields, message):
    with self.assertRaisesRegex((FileNotFoundError, ValueError), message):
      self._task().build_inputs(self._data(**fields))

  # === A run ===

  def _settings(self, steps: int) -> dict:
    data = {'input_path': self.data_file, 'vocab_file': self.vocab_file,
            'seq_length': 39, 'doc_stride': 16, 'query_length': 8,
            'global_batch_size': 8}
    return {
        'task': {
            'model': {'encoder': {
                'type': 'any',
                'any': tiny_classifier.architecture().as_dict()}},
            'train_data': {**data, 'exclude_titles': [_DEV], 'seed': 3},
            'validation_data': {**data, 'titles': [_DEV]}},
        'runtime': {'distribution_strategy': 'off'},
        'trainer': {
            'train_steps': steps, 'steps_per_loop': steps,
            'summary_interval': steps, 'checkpoint_interval': steps,
            'validation_interval': steps},
    }

  @pytest.mark.slow
  def test_a_run_trains_and_answers_what_it_was_scored_for(self):
    folder = self.make_folder()
    config = self.make_file('run.json', json.dumps(self._settings(3)))
    printed = subprocess.run(
        self.train_command('mobilebert/squad_v1', config, folder),
        stdout=subprocess.PIPE, text=True, check=True).stdout
    trained = registry.load(folder)
    self.assertEqual(trained.kind, registry.get('question_answering'))
    data = squad.read(self.data_file, titles=[_DEV])
    found = evaluation.answer_questions(
        predictor.QuestionAnswerer(trained), data)
    scores = metrics.evaluate(data, evaluation.predictions(found))
    self.assertIn(f'f1 {scores["f1"]:.5g}', printed)

  @pytest.mark.slow
  def test_a_damaged_file_is_said_before_training(self):
    self.data_file = self.make_file('data.json', '{"data": [{"title": ')
    config = self.make_file('run.json', json.dumps(self._settings(3)))
    process = self.start(self.train_command(
        'mobilebert/squad_v2', config, self.make_folder()))
    _, errors = process.communicate()
    self.assertEqual(process.returncode, 1)
    self.assertRegex(errors.decode(), r'train: .*data.json:1: not JSON, or cut')



if __name__ == '__main__':
  tf.test.main()
