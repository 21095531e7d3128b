# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""How models take turns, and what becomes of the numbers.

What processes reply is made up here; `measuring_process_test` has real ones.
"""

import pathlib
from typing import Any
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf.deployment import comparison
from mobilebert_tf.deployment import formats
from mobilebert_tf.deployment import measuring

_NAMES = ('a', 'b')
_MODELS = [
    formats.ExportedModel(name, pathlib.Path(name), 'tflite', 1)
    for name in _NAMES]
_ABOUT = {'task': 'classification', 'labels': ['no', 'yes'], 'pairs': False,
          'max_length': 39, 'counts': True}
_PLAN = comparison.Plan(['x', 'y', 'z'], None, {16: ('w', None)}, (1, 2),
                        batch_sizes=(1, 2), rounds=3)


class _Process:
  """Replies with numbers that tell the turn that they are of."""

  turns: list[tuple[str, int]] = []
  about: dict[str, dict[str, Any]] = {}
  crashes: dict[str, int] = {}

  def __init__(self, model, kinds, threads):
    del kinds
    self._name, self._threads = model.name, threads

  def __enter__(self):
    self.turns.append((self._name, self._threads))
    self._turn = self.turns.count((self._name, self._threads))
    return self

  def __exit__(self, *_):
    pass

  def load(self):
    if self.crashes.get(self._name) == len(self.turns):
      raise measuring.Crash(f'{self._name} failed: as it should.')
    return {'import_seconds': 1.0, 'load_seconds': 10.0 ** self._turn}

  def ask(self, method, **arguments):
    batches = -(-len(arguments.get('texts', ())) // arguments.get(
        'batch_size', 1))
    return {
        'describe': {**_ABOUT, **self.about.get(self._name, {})},
        'time_first': 7.0,
        'time_one': [4.0, 1.0, 2.0][self._turn - 1],
        # The first text is slow in the first round, the second in the second.
        'time_texts': [
            9.0 if self._turn == i + 1 else 1.0 + i for i in range(batches)],
        'memory': {'peak_bytes': 100 * self._turn, 'growth_bytes': 10},
        'answer': [len(text) for text in arguments.get('texts', ())],
    }[method]


class ComparisonTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.compared = comparison.Comparison(_MODELS, {})
    self.enter_context(mock.patch.object(
        measuring, 'MeasuringProcess', _Process))
    self.enter_context(mock.patch.multiple(
        _Process, turns=[], about={}, crashes={}))

  def _measure(self, plan=_PLAN):
    return self.compared.measure(plan)

  def test_models_take_turns_within_each_round(self):
    self._measure()
    self.assertEqual(_Process.turns,
                     3 * [('a', 1), ('b', 1), ('a', 2), ('b', 2)])

  def test_numbers_are_medians_over_the_rounds(self):
    costs = self._measure()
    self.assertEqual(list(costs), ['a', 'b'])
    one, two = costs['a']
    self.assertEqual((one['threads'], two['threads']), (1, 2))
    self.assertEqual((one['load_seconds'], one['peak_bytes'], one['rounds']),
                     (100.0, 200, 3))
    self.assertEqual(one['lengths'], [
        {'length': 16, 'batch_size': 1, 'seconds': 2.0},
        {'length': 16, 'batch_size': 2, 'seconds': 2.0}])

  def test_a_text_that_was_slow_once_does_not_count_as_slow(self):
    single, double = self._measure()['a'][0]['texts']
    # Medians are 1, 2, 3 seconds, whatever round had one of 9.
    self.assertEqual((single['batch_size'], single['seconds']), (1, 2.0))
    self.assertEqual(single['by_round'], [14 / 3, 13 / 3, 4.0])
    # Two batches, of 1 and 2 seconds, have three texts.
    self.assertEqual((double['batch_size'], double['seconds']), (2, 1.0))

  def test_after_a_crash_the_others_go_on(self):
    _Process.crashes['a'] = 5  # Its first turn of the second round.
    costs = self._measure()
    self.assertEqual(self.compared.failures, {'a': 'a failed: as it should.'})
    self.assertEqual([each['rounds'] for each in costs['a']], [1, 1])
    self.assertEqual([each['rounds'] for each in costs['b']], [3, 3])

  def test_one_that_crashes_at_once_is_not_measured(self):
    _Process.crashes['a'] = 1
    self.assertEqual(self._measure()['a'], [])
    self.assertNotIn(('a', 2), _Process.turns)

  def test_a_description_that_crashes_is_noted(self):
    _Process.crashes['a'] = 1
    self.assertEqual(list(self.compared.describe()),
                     ['b'])
    self.assertIn('a', self.compared.failures)

  @parameterized.parameters(
      ({'task': 'question_answering'},
       'a is for classification, b for question answering'),
      ({'pairs': True}, 'b reads pairs of texts, a single ones'),
      ({'labels': ['no', 'maybe']}, 'a has the labels no, yes, b no, maybe'))
  def test_what_cannot_be_compared_is_refused(self, other, message):
    _Process.about['b'] = other
    with self.assertRaisesRegex(ValueError, message):
      self.compared.describe()

  def test_labels_may_come_in_another_order(self):
    _Process.about['b'] = {'labels': ['yes', 'no']}
    self.assertLen(self.compared.describe(), 2)

  @parameterized.parameters(
      ({'texts': []}, 'no text to time'), ({'rounds': 0}, 'rounds is 0'),
      ({'threads': [0]}, r'threads is \[0\]'),
      ({'batch_sizes': [4, 4]}, r'batch_sizes is \[4, 4\]'))
  def test_plans_that_make_no_sense(self, wrong, message):
    with self.assertRaisesRegex(ValueError, message):
      comparison.Plan(**{'texts': ['x'], 'pairs': None, 'sized': {}, **wrong})


if __name__ == '__main__':
  absltest.main()
