# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Entities are those that seqeval finds."""

from absl.testing import absltest
import hypothesis
from hypothesis import strategies as st
from seqeval.metrics import sequence_labeling

from mobilebert_tf.data import entity_labels

_LABELS = ('O', *(f'{tag}-{kind}' for tag in 'BIES'
                  for kind in ('A', 'B-C', 'Ä')))


class EntityLabelsTest(absltest.TestCase):

  @hypothesis.settings(max_examples=500, deadline=None, derandomize=True)
  @hypothesis.given(st.lists(st.sampled_from(_LABELS), max_size=12))
  def test_entities_are_those_of_seqeval(self, labels):
    self.assertEqual(entity_labels.find_entities(labels),
                     sequence_labeling.get_entities(labels))


if __name__ == '__main__':
  absltest.main()
