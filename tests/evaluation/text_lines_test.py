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

"""Files of texts: what is read, and which lines are named."""

from absl.testing import absltest

from mobilebert_tf.evaluation import real_texts
from tests.data import temporary


class TextLinesTest(temporary.TemporaryFiles, absltest.TestCase):

  def test_texts(self):
    path = self.make_file('a.txt', '\ufeffone\ta\r\n\n  two\u2028x  \n')
    self.assertEqual(real_texts.read(path, pairs=False),
                     (['one\ta', 'two\u2028x'], None))

  def test_pairs(self):
    path = self.make_file('a.txt', 'who ?\tAda .\n\nwhat ? \t it\n')
    self.assertEqual(real_texts.read(path, pairs=True),
                     (['who ?', 'what ?'], ['Ada .', 'it']))

  def test_what_is_wrong_is_named(self):
    empty = self.make_file('empty.txt', ' \n\n')
    with self.assertRaisesRegex(ValueError, f'{empty} has no text'):
      real_texts.read(empty, pairs=False)
    single = self.make_file('single.txt', 'a\tb\nonly one\n')
    with self.assertRaisesRegex(ValueError, f'{single}:2: .* has 1'):
      real_texts.read(single, pairs=True)
    latin = self.make_file('latin.txt', b'fine\ncaf\xe9\n')
    with self.assertRaisesRegex(ValueError, f'{latin}:2: not UTF-8'):
      real_texts.read(latin, pairs=False)
    with self.assertRaisesRegex(FileNotFoundError, '/none.txt does not exist'):
      real_texts.read('/none.txt', pairs=False)

  def test_some_are_taken_from_all_over(self):
    texts = [str(i) for i in range(10)]
    self.assertEqual(real_texts.spread(texts, texts[::-1], 4),
                     (['0', '2', '5', '7'], ['9', '7', '4', '2']))
    self.assertEqual(real_texts.spread(texts, None, 100), (texts, None))


if __name__ == '__main__':
  absltest.main()
