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


"""The pictures of the ablations' page."""

from collections.abc import Mapping, Sequence

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots


def dots(scores: Mapping[str, Sequence[float]], teacher: float | None,
         title: str) -> page.Picture:
  """Draws a measure of each arm, a dot for each seed and a line at the mean.

  Args:
    scores: The values of each arm by its name, one for each seed.
    teacher: The teacher's, None where it has none.
    title: What stands above.

  Returns:
    The picture.
  """
  figure = plots.dot_chart(
      list(scores), list(scores.values()), reference=teacher,
      reference_label='teacher' if teacher is not None else '')
  means = [f'{label} {formatting.percent(sum(some) / len(some))}'
           for label, some in scores.items() if some]
  return page.Picture(
      title, plots.to_data_uri(figure),
      alt=f'{title}, means: {", ".join(means) or "none yet"}.',
      caption='A dot is a run, the line their mean. The axis does not start '
      'at zero.')
