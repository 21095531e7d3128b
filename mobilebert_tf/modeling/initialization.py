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

"""How weights start."""

import tf_keras


def truncated_normal(
    initializer_range: float) -> tf_keras.initializers.Initializer:
  """Returns a new truncated normal initializer, as in BERT.

  One for each weight: an instance used twice gives both weights the same
  values, and queries would start as keys.

  Args:
    initializer_range: Standard deviation.

  Returns:
    A new initializer.

  Example:

  >>> truncated_normal(0.02)([2, 3]).shape.as_list()
  [2, 3]
  """
  return tf_keras.initializers.TruncatedNormal(stddev=initializer_range)
