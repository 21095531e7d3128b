# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""When texts leave: published numbers, edges, and the graph beside the arrays.
"""

import math

from absl.testing import parameterized
import hypothesis
from hypothesis.extra import numpy as hypothesis_numpy
from hypothesis import strategies as st
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib
from mobilebert_tf.tasks.early_exit_classification import scoring
from mobilebert_tf.tasks.early_exit_classification import segments

_BLOCKS = (1, 2, 4)


def _logits(*rows) -> np.ndarray:
  """Returns one text's logits of three exits and the last."""
  return np.array([rows], np.float32)


class RuleTest(parameterized.TestCase, tf.test.TestCase):

  # Of the brief, in nats: -sum p ln p by hand.
  @parameterized.parameters(
      ((0.0, 0.0), 0.69314718), ((2.0, 0.0), 0.36533386),
      ((math.log(3), 0.0), 0.56233514), ((0.0, 0.0, 0.0), 1.09861229),
      ((1.0, 2.0, 3.0), 0.83239558))
  def test_entropy(self, logits, expected):
    self.assertAllClose(rule_lib.entropy(np.array(logits)), expected, 1e-7,
                        1e-8)

  def test_the_entropy_of_a_certain_answer_is_a_number(self):
    found = rule_lib.entropy(np.array([[200.0, 0.0], [3e4, -3e4]]))
    self.assertAllClose(found[0], 2.8e-85, 0.05, 0)
    self.assertEqual(found[1], 0.0)

  @parameterized.parameters(2, 3, 9, 10, 17, 29)
  def test_thresholds_at_the_ends(self, classes):
    uniform = np.zeros([1, 4, classes], np.float32)
    for threshold, expected in ((0.0, 3), (math.log(classes), 3),
                                (math.log(classes) + 1e-3, 0)):
      rule = rule_lib.Rule('entropy', _BLOCKS, (threshold,))
      self._check_exits(rule, uniform, [expected])
    self.assertAllEqual(rule_lib.Rule('entropy', _BLOCKS).exits(uniform), [3])

  @parameterized.parameters('entropy', 'confidence')
  def test_the_surest_texts_leave(self, criterion):
    rule = rule_lib.Rule(criterion, _BLOCKS, (0.5,))
    for value in (100.0, 200.0, 3e4):
      self._check_exits(
          rule, _logits((0, 0), (value, -value), (0, 0), (0, 0)), [1])

  def _check_exits(self, rule, logits, expected):
    """Compares arrays, the graph, and texts by themselves."""
    self.assertAllEqual(rule.exits(logits), expected)
    seen, left = rule.start(len(logits)), np.full(len(logits), -1)
    for number in range(4):
      leaves, seen = rule.leave(number, tf.constant(logits[:, number]), seen)
      left = np.where((left < 0) & leaves.numpy(), number, left)
    self.assertAllEqual(left, expected)
    for row, exit_number in zip(logits, expected, strict=True):
      text = rule_lib.OneText(rule)
      self.assertEqual(next((i for i in range(3) if text.leaves(
          i, row[i].tolist())), 3), exit_number)

  @hypothesis.given(
      hypothesis_numpy.arrays(np.float32, (5, 4, 3), elements=st.floats(
          -50, 50, width=32)), st.floats(0, 2), st.floats(0, 2))
  @hypothesis.settings(deadline=None, max_examples=50)
  def test_a_larger_entropy_never_means_a_later_exit(self, logits, one, other):
    low, high = (rule_lib.Rule('entropy', _BLOCKS, (each,)).exits(logits)
                 for each in sorted((one, other)))
    self.assertTrue((high <= low).all())

  def test_patience_counts_exits_that_agree(self):
    a, b = (4.0, 0.0), (0.0, 4.0)
    rule = rule_lib.Rule('patience', _BLOCKS, (1,))
    for rows, expected in (((a, a, b, b), 1), ((a, b, b, a), 2),
                           ((a, b, a, b), 3), ((b, b, b, b), 1)):
      self.assertAllEqual(rule.exits(_logits(*rows)), [expected])
    self.assertAllEqual(rule_lib.agreements([[1, 1, 1, 0, 0]]),
                        [[0, 1, 2, 0, 1]])

  def test_each_exit_has_its_threshold(self):
    logits = _logits((1.0, 0.0), (1.0, 0.0), (1.0, 0.0), (1.0, 0.0))
    rule = rule_lib.Rule('confidence', _BLOCKS, (0.9, 0.7, 0.9))
    self.assertAllEqual(rule.exits(logits), [1])

  @parameterized.product(
      criterion=rule_lib.CRITERIA, threshold=(0.0, 0.4, 0.8, 1.0, 2.0))
  def test_a_graph_decides_as_arrays_do(self, criterion, threshold):
    logits = np.random.default_rng(0).normal(scale=3, size=[40, 4, 3]).astype(
        np.float32)
    rule = rule_lib.Rule(criterion, _BLOCKS, (threshold,))
    self._check_exits(rule, logits, rule.exits(logits))

  def test_a_wrong_label_is_never_rounding(self):
    # They leave for sure, nearer to the threshold than rounding explains.
    rule = rule_lib.Rule('entropy', (1,), (0.05,))
    logits = np.array([[[9.0, 0.0], [0.0, 9.0]]] * 3 + [[[0.0, 0.0], [9, 0]]])
    self.assertAllEqual(rule.is_steady(logits), [False] * 3 + [True])
    self.assertAllEqual(rule.is_wrong(
        logits, np.array([0, 0, 1, 0]), np.array([0, 1, 1, 1])),
                        [False, True, False, False])

  def test_a_text_near_a_threshold_is_not_steady(self):
    rule = rule_lib.Rule('confidence', (1,), (0.8,))
    def text(probability):
      first = math.log(probability / (1 - probability))
      return np.array([[[first, 0.0], [5.0, 0.0]]])
    self.assertAllEqual(rule.is_steady(text(0.95)), [True])
    self.assertAllEqual(rule.is_steady(text(0.805)), [False])
    self.assertAllEqual(rule.is_steady(text(0.6)), [True])

  @parameterized.parameters(
      (('surprise', (1,), ()), "'surprise'; accepted: entropy"),
      (('entropy', (1,), (-0.1,)), 'numbers, 0 or more'),
      (('entropy', (1,), (math.nan,)), 'numbers, 0 or more'),
      (('entropy', (1, 2, 3), (0.1, 0.2)), '2 thresholds for 3 exits'))
  def test_what_makes_no_sense(self, arguments, message):
    with self.assertRaisesRegex(ValueError, message):
      rule_lib.Rule(*arguments)


class ScoringTest(tf.test.TestCase):

  def test_the_saving_that_a_user_of_deebert_printed(self):
    # castorini/DeeBERT issue 4, threshold 0.1 on MRPC.
    blocks = np.repeat([6, 8, 9, 10, 11, 12], [4, 1, 10, 110, 58, 225])
    self.assertAllClose(scoring.saving(blocks, 12), 1 - 0.93137255, 1e-7, 1e-8)
    self.assertAllClose(blocks.mean(), 11.17647059)
    others = np.repeat([10, 11, 12], [49, 62, 297])
    self.assertAllClose(scoring.saving(others, 12), 1 - 0.96732026, 1e-7, 1e-8)

  def test_a_curve_goes_from_all_to_none(self):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=[50, 3, 2]), rng.integers(0, 2, 50)
    for criterion in rule_lib.CRITERIA:
      points = scoring.Scorer(
          logits, labels, rule_lib.Rule(criterion, (1, 2)), 3).curve()
      self.assertEqual(points[0].mean_blocks, 1)
      self.assertEqual(points[-1].mean_blocks, 3)
      self.assertAllClose(points[-1].accuracy, np.mean(
          logits[:, -1].argmax(-1) == labels))

  def test_what_is_chosen_is_the_first_sure_exit(self):
    logits = np.stack([_logits((0, 9), (9, 0), (9, 0), (9, 0))[0],
                       _logits((0, 0), (0, 0), (9, 0), (0, 9))[0]])
    rows = segments.choose(
        logits, rule_lib.Rule('entropy', _BLOCKS, (0.1,)), 6)
    self.assertAllClose(rows, [[0, 1, 1], [1, 0, 4]], atol=1e-3)


if __name__ == '__main__':
  tf.test.main()
