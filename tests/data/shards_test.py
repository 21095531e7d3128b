# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests that shards together are the text, wherever it is divided."""

import gzip
import json
import os
from unittest import mock

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.data import corpus
from tests.data import temporary

_SIZES = (1, 2, 3, 7, 20, 50, 1000, 10**9)
# Lines as they occur: text of all widths, and blank in every way.
_LINES = strategies.lists(strategies.one_of(
    strategies.text('aé中😀 .', max_size=12),
    strategies.sampled_from(['', '', ' ', '\t \t', '\x0c', '\x1c', '\u3000'])),
    max_size=30)


def _read(path: str, shard_bytes: int) -> list[list[str]]:
  return [document for shard in corpus.make_shards([path], shard_bytes)
          for document in corpus.read_shard(shard)]


class ShardsTest(parameterized.TestCase, temporary.TemporaryFiles,
                   tf.test.TestCase):

  def _assert_all_read(self, path: str, sizes=_SIZES):
    want = list(corpus.read_documents(path))
    for size in sizes:
      self.assertEqual(_read(path, size), want, f'{size} bytes a shard')
    return want

  @parameterized.named_parameters(
      ('lf', b'One.\nTwo.\n\nThree.\n\n\n\nFour.\n'),
      ('crlf', b'One.\r\nTwo.\r\n\r\nThree.\r\n\r\nFour.\r\n'),
      ('bom', b'\xef\xbb\xbfOne.\n\nTwo.\n'),
      ('bom_and_blank', b'\xef\xbb\xbf\n\nOne.\n\nTwo.\n'),
      ('no_newline_at_the_end', b'One.\n\nTwo.\n\nThree'),
      ('white_space_lines', b'One.\n \t\nTwo.\n\x0c\nThree.\n\x1d\nFour.\n'),
      ('wide_white_space', 'One.\n\u3000\nTwo.\n\xa0\nThree.\n'.encode()),
      ('blank_at_both_ends', b'\n\n\nOne.\n\nTwo.\n\n\n'),
      ('lone_carriage_returns', b'One.\rTwo.\n\nThree.\r\r\n\nFour.\r'),
      ('mac', b'One.\rTwo.\r\rThree.\r\r\r\rFour.\r'),
      ('all_ends', b'One.\r\n\rTwo.\n\r\nThree.\r\n\n\r\r\nFour.\r\r'),
      ('one_document', b'One.\nTwo.\nThree.\nFour.\n'),
      ('one_line', b'One.'),
      ('only_blank', b'\n \n\n'),
      ('empty', b''),
      ('wide_characters', 'é中😀.\n\n中中.\n\n😀😀😀\n\né'.encode()),
  )
  def test_plain_text(self, data: bytes):
    path = self.make_file('a.txt', data)
    for block in (1, 2, 3, 5, 64):
      with mock.patch.object(files, '_BLOCK', block):
        self._assert_all_read(path)

  def test_what_is_read_is_what_the_text_says(self):
    """The same not through `corpus`."""
    documents = [[f'Line {i} of {d}: é' for i in range(d % 4 + 1)]
                 for d in range(50)]
    path = self.make_file(
        'a.txt', '\n\n'.join('\n'.join(d) for d in documents))
    for size in _SIZES:
      self.assertEqual(_read(path, size), documents)

  @hypothesis.settings(max_examples=150, deadline=None)
  @hypothesis.given(lines=_LINES, size=strategies.integers(1, 60),
                    block=strategies.integers(1, 40),
                    end=strategies.sampled_from(['\n', '\r\n', '\r', '\n\r']))
  def test_any_text(self, lines: list[str], size: int, block: int, end: str):
    path = self.make_file('any.txt', end.join(lines))
    with mock.patch.object(files, '_BLOCK', block):
      self._assert_all_read(path, [size])

  @hypothesis.settings(max_examples=100, deadline=None)
  @hypothesis.given(texts=strategies.lists(
      strategies.text('aé中\n"\\ ', max_size=20), max_size=12),
                    size=strategies.integers(1, 80),
                    block=strategies.integers(1, 40))
  def test_any_json_lines(self, texts: list[str], size: int, block: int):
    path = self.make_file('any.jsonl', '\n'.join(
        json.dumps({'text': t}, ensure_ascii=False) if t else ''
        for t in texts))
    with mock.patch.object(files, '_BLOCK', block), mock.patch.object(
        corpus, '_LONGEST_SEARCH', 10):
      got = self._assert_all_read(path, [size])
    want = [[p.strip() for p in t.split('\n') if p.strip()] for t in texts]
    self.assertEqual(got, [d for d in want if d])

  def test_shards_are_of_about_the_size_asked_for(self):
    document = 'x' * 99 + '\n\n'
    path = self.make_file('a.txt', document * 1000)
    planned = corpus.make_shards([path], 2500)
    self.assertEqual(planned[0].start, 0)
    self.assertEqual(planned[-1].end, os.path.getsize(path))
    for a, b in zip(planned, planned[1:], strict=False):
      self.assertEqual(a.end, b.start)
      self.assertBetween(a.num_bytes, 2500, 2500 + 2 * len(document))
    self.assertLen({s.seed for s in planned}, len(planned))
    with self.assertRaisesRegex(ValueError, 'larger than 0 bytes'):
      corpus.make_shards([path], 0)

  def test_several_files(self):
    a = self.make_file('a.txt', 'One.\n\nTwo.')
    empty = self.make_file('b.txt', '')
    packed = self.make_file(
        'c.txt.gz', gzip.compress('Dreí.\n\nVier.\n\n'.encode() * 40))
    lines = self.make_file('d.jsonl', '{"text": "Five.\\nSix."}\n' * 2)
    packed_lines = self.make_file(
        'e.jsonl.gz', gzip.compress(b'{"text": "Seven."}\n'))
    paths = [a, empty, packed, lines, packed_lines]
    planned = corpus.make_shards(paths, 3)
    self.assertEqual([s.path for s in planned],
                     [a, a, packed, lines, lines, packed_lines])
    got = [d for s in planned for d in corpus.read_shard(s)]
    self.assertEqual(got, [['One.'], ['Two.']] + [['Dreí.'], ['Vier.']] * 40
                     + [['Five.', 'Six.']] * 2 + [['Seven.']])
    self.assertEqual(got, list(corpus.read_documents(paths)))

  def test_without_blank_lines_a_large_document_is_cut_at_a_line(self):
    lines = [f'Line {i}, é.' for i in range(2000)]
    path = self.make_file('a.txt', '\n'.join(lines))
    with mock.patch.object(corpus, '_LONGEST_SEARCH', 100):
      documents = _read(path, 5000)
    self.assertGreater(len(documents), 4)
    self.assertEqual([line for d in documents for line in d], lines)

  def test_a_line_is_never_cut_by_a_shard(self):
    words = 'é中😀 ' * 5000
    path = self.make_file('a.txt', f'One.\n{words}\nTwo.\n\nThree.')
    with mock.patch.object(corpus, '_LONGEST_SEARCH', 100), mock.patch.object(
        files, '_BLOCK', 1001):
      documents = _read(path, 1000)
    self.assertEqual([line for d in documents for line in d],
                     ['One.', words.strip(), 'Two.', 'Three.'])

  def test_a_line_of_50_megabytes_is_text(self):
    words = b'All work and no play. ' * (50_000_000 // 22)
    path = self.make_file('a.txt', b'One.\n\n' + words + b'\n\nTwo.\n')
    planned = corpus.make_shards([path], 1_000_000)
    self.assertLen(planned, 2)
    documents = [d for s in planned for d in corpus.read_shard(s)]
    self.assertEqual([len(d[0]) for d in documents], [4, len(words) - 1, 4])

  @parameterized.parameters(10, 25, 1000)
  def test_a_line_that_is_too_long_is_refused(self, size: int):
    path = self.make_file('a.txt', 'One.\n\n' + 'x' * 41 + '\n\nTwo.')
    with mock.patch.object(files, 'LONGEST_LINE', 40), mock.patch.object(
        files, '_BLOCK', 30):
      with self.assertRaisesRegex(
          ValueError, r'a\.txt:3: the line has more than 40 bytes'):
        _read(path, size)
      with self.assertRaisesRegex(ValueError, r'a\.txt:3: the line has more'):
        list(corpus.read_documents(path))
    with mock.patch.object(files, 'LONGEST_LINE', 42), mock.patch.object(
        files, '_BLOCK', 30):
      self.assertLen(_read(path, size), 3)

  @parameterized.product(size=[20, 300, 10**6], block=[7, 2_000_000],
                         number=[1, 17, 599])
  def test_errors_name_the_line_of_the_file(self, size: int, block: int,
                                            number: int):
    text = [b'Text\xc3\xa9.', b''] * 300
    text[number - 1] = b'caf\xe9'
    records = [b'{"text": "Line."}'] * 600
    records[number - 1] = b'{"text": '
    for name, lines, what in (('a.txt', text, 'not UTF-8'),
                              ('a.jsonl', records, 'not JSON')):
      path = self.make_file(name, b'\n'.join(lines))
      with mock.patch.object(files, '_BLOCK', block):
        with self.assertRaisesRegex(
            ValueError, rf'{name}:{number}: {what}') as caught:
          _read(path, size)
      self.assertEqual(caught.exception.line, number)
      self.assertEqual(caught.exception.path, path)

  def test_a_file_that_shrinks_is_an_error(self):
    path = self.make_file('a.txt', 'One.\n\n' * 100)
    [shard] = corpus.make_shards([path], 10**6)
    os.truncate(path, 50)
    with self.assertRaisesRegex(OSError, r'a\.txt became shorter'):
      list(corpus.read_shard(shard))

  def test_seed_is_of_the_file_and_place(self):
    def seed(path: str, start: int = 0) -> int:
      return corpus.Shard(path, start, 99).seed

    self.assertEqual(seed('/a/x.txt'), seed('/b/x.txt'))
    self.assertLen({seed('x.txt'), seed('y.txt'), seed('x.txt', 5)}, 3)


if __name__ == '__main__':
  tf.test.main()
