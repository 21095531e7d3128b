# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Entities are those that seqeval finds."""

from absl.testing import absltest
import hypothesis
from hypothesis import strategies as st
from seqeval.metrics import sequence_labeling

from mobilebert_tf.data import conll

_LABELS = ('O', *(f'{tag}-{kind}' for tag in 'BIES'
                  for kind in ('A', 'B-C', 'Ä')))


class EntityLabelsTest(absltest.TestCase):

  @hypothesis.settings(max_examples=500, deadline=None, derandomize=True)
  @hypothesis.given(st.lists(st.sampled_from(_LABELS), max_size=12))
  def test_entities_are_those_of_seqeval(self, labels):
    self.assertEqual(conll.find_entities(labels),
                     sequence_labeling.get_entities(labels))


if __name__ == '__main__':
  absltest.main()
