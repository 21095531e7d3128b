# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests reading and writing documents, and splitting sentences."""

import gzip
import os
from unittest import mock

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.data import corpus
from tests.data import temporary


class CorpusTest(parameterized.TestCase, temporary.TemporaryFiles,
                 tf.test.TestCase):

  def _file(self, name: str, data: bytes) -> str:
    return self.make_file(name, data)

  def test_plain_text(self):
    path = self._file('a.txt', b'\n\nOne.\r\n two \n\n \t\n\nThree.')
    self.assertEqual(list(corpus.read_documents(path)),
                     [['One.', 'two'], ['Three.']])

  def test_several_files_in_order_each_once(self):
    b = self._file('b.txt', 'b é\n'.encode())
    a = self._file('a.txt.gz', gzip.compress(b'a\n'))
    pattern = os.path.join(os.path.dirname(a), '*.txt*')
    self.assertEqual(list(corpus.read_documents([b, pattern])),
                     [['b é'], ['a']])

  def test_json_lines(self):
    lines = b'{"text": "One.\\n\\nTwo.", "id": 1}\n\n{"text": ""}\n' \
            b'{"text": "x\\ud800"}\n'
    want = [['One.', 'Two.'], ['x']]
    self.assertEqual(
        list(corpus.read_documents(self._file('a.jsonl', lines))), want)
    path = self._file('b.jsonl.gz', gzip.compress(lines))
    self.assertEqual(list(corpus.read_documents(path)), want)

  @parameterized.named_parameters(
      ('utf8', 'a.txt', b'ok\nb\xe9d\n', ':2: not UTF-8'),
      ('utf8_after_byte_order_mark', 'a.txt', b'\xef\xbb\xbfab\n\xe9\n',
       ':2: not UTF-8'),
      ('json', 'a.jsonl', b'{"text": "a"}\n{"text": \n', ':2: not JSON'),
      ('no_text', 'a.jsonl', b'{"txt": "a"}\n', ':1: expected an object'),
      ('a_list', 'a.jsonl', b'["a"]\n', ':1: expected an object'),
      ('not_gzip', 'a.txt.gz', b'plain\n', ':1: not a whole gzip file'),
      ('cut', 'a.txt.gz', gzip.compress(b'a\n' * 99)[:-9], 'not a whole gzip'),
  )
  def test_bad_file_is_refused_with_line(self, name: str, data: bytes,
                                         message: str):
    path = self._file(name, data)
    with self.assertRaisesRegex(ValueError, f'{name}.*{message}'):
      list(corpus.read_documents(path))

  def test_a_cut_gzip_file_gives_what_comes_before(self):
    lines = os.urandom(300_000).hex()
    text = '\n'.join(lines[i:i + 60] for i in range(0, len(lines), 60))
    data = gzip.compress(text.encode())
    for name, share in (('a.txt.gz', 0.5), ('b.txt.gz', 0.99)):
      path = self.make_file(name, data[:int(len(data) * share)])
      with self.assertRaisesRegex(ValueError, 'not a whole gzip') as caught:
        list(corpus.read_documents(path))
      self.assertBetween(caught.exception.line, 10_000 * (share - 0.1),
                         10_000 * (share + 0.01))

  def test_carriage_returns_end_lines(self):
    for name, pack in (('a.txt', bytes), ('b.txt.GZ', gzip.compress)):
      path = self.make_file(name, pack(b'one\rtwo\r\nthree\r\rfour\n\r'))
      self.assertEqual(list(corpus.read_documents(path)),
                       [['one', 'two', 'three'], ['four']])

  @parameterized.parameters('a.txt', 'a.txt.gz')
  def test_a_line_of_any_length_up_to_the_limit(self, name: str):
    data = b'One.\n' + b'x' * 41 + b'\nTwo.'
    path = self.make_file(
        name, gzip.compress(data) if name.endswith('.gz') else data)
    with mock.patch.object(files, '_BLOCK', 8):
      with mock.patch.object(files, 'LONGEST_LINE', 42):
        self.assertLen(next(corpus.read_documents(path)), 3)
      with mock.patch.object(files, 'LONGEST_LINE', 41):
        with self.assertRaisesRegex(ValueError, ':2: the line has more'):
          list(corpus.read_documents(path))

  def test_missing_files_are_named_at_the_call(self):
    with self.assertRaisesRegex(FileNotFoundError, r'/nowhere/\*\.txt'):
      corpus.read_documents('/nowhere/*.txt')
    with self.assertRaisesRegex(ValueError, 'No input file'):
      corpus.read_documents([])

  @parameterized.parameters('a.txt', 'a.txt.gz')
  def test_written_documents_read_back(self, name: str):
    path = os.path.join(self.make_folder(), 'new', name)
    documents = [['One\ntwo  é.', ' '], [], ['Three.', 'Four.']]
    self.assertEqual(corpus.write_documents(documents, path), 2)
    self.assertEqual(list(corpus.read_documents(path)),
                     [['One two é.'], ['Three.', 'Four.']])
    with open(path, 'rb') as f:
      first = f.read()
    corpus.write_documents(documents, path)
    with open(path, 'rb') as f:
      self.assertEqual(f.read(), first)

  def test_failed_write_leaves_nothing(self):
    folder = self.make_folder()

    def documents():
      yield ['a']
      raise RuntimeError('lost')

    with self.assertRaisesRegex(RuntimeError, 'lost'):
      corpus.write_documents(documents(), os.path.join(folder, 'a.txt'))
    self.assertEmpty(os.listdir(folder))

  def test_split_sentences(self):
    self.assertEqual(
        corpus.split_sentences(
            ['Is it far? No. It is near é!', '', 'no full stop']),
        [['Is it far?', 'No.', 'It is near é!'], [], ['no full stop']])
    self.assertEqual(corpus.split_sentences([]), [])


if __name__ == '__main__':
  tf.test.main()
