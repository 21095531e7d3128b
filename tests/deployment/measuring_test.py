# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What a child process says about a model, asked in this process."""

import json
import pathlib
from unittest import mock

import psutil
import tensorflow as tf

from mobilebert_tf.deployment import measuring
from mobilebert_tf.deployment import saved_model_runner
from mobilebert_tf.tasks import registry
from tests.data import temporary
from tests.deployment import tiny_exports

_TEXTS = ['one two', 'one two three four five six seven', 'one'] * 7


class MeasuringTest(temporary.TemporaryFiles, tf.test.TestCase):

  def _load(self, save) -> measuring.Measured:
    folder = save(pathlib.Path(self.make_folder(), 'model'))
    measured = measuring.Measured()
    # TensorFlow has begun, so its threads cannot be set any more.
    with mock.patch.object(saved_model_runner, 'set_threads') as set_threads:
      self.loaded = measured.load(
          str(folder), 'saved_model', registry.KINDS, 3)
    set_threads.assert_called_once_with(3)
    self.calls = []
    for name in ('comparable',):
      real = getattr(measured._runner, name)
      setattr(measured._runner, name, lambda texts, pairs, real=real: (
          self.calls.append(len(texts)), real(texts, pairs))[1])
    return measured

  def test_it_tells_what_the_model_is(self):
    measured = self._load(tiny_exports.save_classifier)
    self.assertEqual(measured.describe(), {
        'task': 'classification', 'labels': ['long', 'short'], 'pairs': False,
        'max_length': None, 'counts': False})

  def test_loading_is_timed_and_answers_nothing_yet(self):
    measured = self._load(tiny_exports.save_classifier)
    self.assertEqual(set(self.loaded), {'import_seconds', 'load_seconds'})
    self.assertGreater(self.loaded['load_seconds'], 0)
    # Its labels are known once it has answered a text.
    self.assertNotIn('labels', vars(measured._runner))

  def test_answers_are_those_of_all_texts_and_fit_into_json(self):
    measured = self._load(tiny_exports.save_rater)
    answers = measured.answer(_TEXTS, None)
    self.assertEqual(json.loads(json.dumps(answers)), [2, 7, 1] * 7)
    self.assertEqual(self.calls, [16, 5])

  def test_questions_are_answered_with_texts(self):
    measured = self._load(tiny_exports.save_answerer)
    self.assertTrue(measured.describe()['pairs'])
    self.assertEqual(measured.answer(['who?'], ['Ada did']), ['Ada'])

  def test_a_text_is_timed_as_often_as_it_takes(self):
    measured = self._load(tiny_exports.save_classifier)
    self.assertGreater(measured.time_one(
        'one', None, batch_size=4, calls=5, enough_seconds=60), 0)
    self.assertEqual(self.calls, [4] * 6)  # One to warm up.
    self.calls.clear()
    measured.time_one('one', None, 1, calls=20, enough_seconds=0)
    self.assertEqual(self.calls, [1] * 4)  # Three for a median.

  def test_each_batch_of_a_file_is_timed_once_all_have_run(self):
    measured = self._load(tiny_exports.save_classifier)
    self.assertLen(measured.time_texts(_TEXTS, None, 8), 3)
    self.assertEqual(self.calls, 2 * [8, 8, 5])

  def test_memory_is_that_of_this_process(self):
    measured = self._load(tiny_exports.save_classifier)
    before = measured.memory()
    below_peak = before['peak_bytes'] - psutil.Process().memory_info().rss
    held = b'x' * (below_peak + 50_000_000)
    after = measured.memory()
    self.assertLen(held, below_peak + 50_000_000)
    self.assertGreater(after['growth_bytes'] - before['growth_bytes'], 40e6)


if __name__ == '__main__':
  tf.test.main()
