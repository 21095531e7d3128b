# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Lines from any stream of bytes, sound or not."""

import io
import os

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.inference import line_input


class _Trickle(io.RawIOBase):
  """Gives a few bytes at a time."""

  def __init__(self, data: bytes, size: int):
    super().__init__()
    self._stream, self._size = io.BytesIO(data), size

  def readable(self):
    return True

  def read(self, size=-1):
    return self._stream.read(min(size, self._size))


class LineInputTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.product(size=(1, 2, 3, 7, 100), end=(b'', b'\n'))
  def test_lines_are_whole_however_they_come(self, size, end):
    data = 'a\n\n\n😀 b\r\n' .encode() + b'x' * 20 + b'\nend' + end
    lines = [line for block in line_input.read_blocks(_Trickle(data, size))
             for line in block]
    self.assertEqual(lines, [
        b'a', b'', b'', '😀 b\r'.encode(), b'x' * 20, b'end'])

  def test_lines_come_as_soon_as_they_are_there(self):
    reader, writer = os.pipe()
    with open(reader, 'rb', buffering=0) as stream, open(
        writer, 'wb', buffering=0) as source:
      blocks = line_input.read_blocks(stream)
      source.write(b'a\nb\nunfin')
      self.assertEqual(next(blocks), [b'a', b'b'])
      source.write(b'ished\n')
      self.assertEqual(next(blocks), [b'unfinished'])

  @parameterized.parameters(1, 4, 1000)
  def test_a_line_that_is_too_long_is_not_kept(self, size):
    data = b'a\n' + b'x' * 50 + b'\nb\n' + b'y' * 10 + b'\n' + b'z' * 11
    lines = [line for block in line_input.read_blocks(
        _Trickle(data, size), longest=10) for line in block]
    self.assertEqual(lines, [b'a', None, b'b', b'y' * 10, None])

  def test_nothing(self):
    self.assertEmpty(list(line_input.read_blocks(_Trickle(b'', 5))))

  @parameterized.parameters(
      ('auto', b'a {"text": 1}', {'text': 'a {"text": 1}'}),
      ('auto', b' {"text": "a"}\r', {'text': 'a'}),
      ('text', b'{"text": "a"}', {'text': '{"text": "a"}'}),
      ('json', b'{"text": "\\ud83d\\ude00", "n": 1}', {'text': '😀', 'n': 1}),
      ('json', b'{"text": "x\\ud83d"}', {'text': 'x\ufffd'}),
      ('json', b'{"words": ["\\ude00", 1]}', {'words': ['\ufffd', 1]}),
      ('auto', '\ufeff{"text": "a"}'.encode(), {'text': 'a'}))
  def test_what_a_line_says(self, line_format, data, fields):
    line = line_input.LineParser(line_format).parse(data)
    self.assertEqual((line.number, line.fields, line.error), (1, fields, ''))

  @parameterized.parameters(
      (b'a\xff', 'not UTF-8 .invalid start byte at byte 1'),
      (b'', 'empty'), (b' \t\r', 'empty'), (None, 'more than 64,000,000 bytes'),
      (b'{"text": ', 'not JSON: '), (b'[1]', 'not an object'),
      (b'{"a": NaN}', 'not JSON: NaN'), (b'[' * 100_000, 'not JSON: '),
      (b'{"a": ' + b'9' * 5_000 + b'}', 'not JSON: '))
  def test_lines_that_cannot_be_read(self, data, error):
    line = line_input.LineParser('json').parse(data)
    self.assertRegex(line.error, error)
    self.assertEmpty(line.fields)

  def test_the_first_line_with_text_decides_the_format(self):
    parser = line_input.LineParser()
    self.assertIn('empty', parser.parse(b'').error)
    self.assertEqual(parser.parse(b'{"text": "a"}').fields, {'text': 'a'})
    line = parser.parse(b'b')
    self.assertEqual(line.number, 3)
    self.assertIn('not JSON', line.error)


if __name__ == '__main__':
  tf.test.main()
