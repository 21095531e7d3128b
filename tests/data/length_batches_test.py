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

"""Lengths of batches: few enough to share, fine enough to pad little."""

import tensorflow as tf

from mobilebert_tf.data import length_batches


class LengthBatchesTest(tf.test.TestCase):

  def test_the_last_length_holds_the_longest_and_its_padding(self):
    self.assertEqual(length_batches.lengths(30), [8, 16, 24, 31])
    self.assertEqual(length_batches.lengths(32), [8, 16, 24, 33])
    self.assertEqual(length_batches.lengths(5), [6])
    self.assertEqual(length_batches.lengths(128)[-2:], [120, 129])


if __name__ == '__main__':
  tf.test.main()
