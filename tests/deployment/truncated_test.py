# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts whose end is not read are said to be cut, by all that answers."""

import tempfile
import threading

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import served_module
from mobilebert_tf.inference import line_answers
from mobilebert_tf.tasks import registry
from tests.deployment import hostile_requests
from tests.deployment import tiny_tflite
from tests.inference import tiny_classifier

_LONG, _SHORT = (tiny_classifier.text(n) for n in (
    tiny_classifier.MAX_LENGTH, tiny_classifier.MAX_LENGTH // 3))

_WORD, _CONTEXT = 'w' * 150, 'w1 w2 w3'


def _columns(task):
  """Returns texts of which the first is cut, for a model of the task."""
  if task == 'question_answering':
    return [[_LONG, _SHORT], [_CONTEXT, _LONG]]
  if task in ('pairs', 'regression'):
    return [[_SHORT, _SHORT], [_LONG, 'w1']]
  return [[_LONG, _SHORT]]


class TruncatedTest(parameterized.TestCase, tf.test.TestCase):

  def _folder(self):
    return self.enterContext(tempfile.TemporaryDirectory())

  @parameterized.parameters(*(
      task for task in hostile_requests.TASKS
      if task != 'token_classification'))
  def test_served(self, task):
    module = served_module.build(
        hostile_requests.build(task, self._folder()))
    found = module.serve_text(**dict(zip(
        module.text_inputs, map(tf.constant, _columns(task)), strict=True)))
    self.assertAllEqual(found['truncated'], [True, False])

  @parameterized.parameters('classification', 'question_answering',
                            'sentence_embedding')
  def test_lines(self, task):
    answerer = registry.get(task).line_answerer(
        hostile_requests.build(task, self._folder()), 2)
    names = registry.get(task).text_names
    lines = [line_answers.Line(i, dict(zip(names, row, strict=False)))
             for i, row in enumerate(zip(*_columns(task), strict=True))]
    cut, whole = answerer.answer(lines)
    self.assertIs(cut['truncated'], True)
    self.assertNotIn('truncated', whole)

  @parameterized.parameters('classification', 'question_answering',
                            'multi_label_classification', 'embedding')
  def test_files(self, task):
    runner = registry.TFLiteRunner(tiny_tflite.build(
        self._folder(), task, lengths=(40,)).path)
    columns = _columns(task)
    self.assertEqual(runner.truncated(*columns), [True, False])
    cut, whole = runner.answer(*columns)
    if task == 'multi_label_classification':
      self.assertTrue(all(label.truncated for label in cut))
    elif task != 'embedding':
      self.assertEqual([cut.truncated, whole.truncated], [True, False])

  def test_words_that_are_cut(self):
    folder = self._folder()
    # Each letter is a piece of this word.
    tokens = [*tiny_classifier.TOKENS[:-2], 'w', '##w']
    trained = hostile_requests.build('token_classification', folder)
    with open(trained.vocab_file, 'w', encoding='utf-8') as file:
      file.write(''.join(f'{token}\n' for token in tokens))
    texts = [f'w1 {_WORD[:60]}', 'w1 www']
    module = served_module.build(trained)
    self.assertAllEqual(
        module.serve_text(text=tf.constant(texts))['truncated'], [True, False])
    words = tf.constant([text.split() for text in texts])
    self.assertAllEqual(
        module.serve_words(words=words)['truncated'], [True, False])
    cut, whole = trained.kind.line_answerer(trained, 2).answer(
        [line_answers.Line(i, {'text': text}) for i, text in enumerate(texts)])
    self.assertIs(cut['truncated'], True)
    self.assertNotIn('truncated', whole)


class ThreadsTest(tf.test.TestCase):

  def test_threads_that_share_a_runner_get_their_own_answers(self):
    folder = self.enterContext(tempfile.TemporaryDirectory())
    runner = registry.TFLiteRunner(tiny_tflite.build(folder).path)
    texts = [tiny_classifier.text(1 + i % 35, i) for i in range(40)]
    expected = runner.scores(texts)
    wrong = []

    def ask(seed):
      rng = np.random.default_rng(seed)
      for i in rng.integers(len(texts), size=400):
        if not np.array_equal(runner.scores([texts[i]])[0], expected[i]):
          wrong.append(i)

    threads = [threading.Thread(target=ask, args=[seed]) for seed in range(4)]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    self.assertEmpty(wrong)


if __name__ == '__main__':
  tf.test.main()
