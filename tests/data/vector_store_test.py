# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests texts with vectors: what is written is read, and what is refused."""

import json
import os
import signal
import subprocess
import sys
import textwrap

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import vector_store
from mobilebert_tf.data import vector_writing
from tests.data import temporary

_TEXTS = ['a b', 'b', 'line\nbreak "ü"', '\u2028', '{}']


def _embed(texts):
  return np.asarray([[len(text), ord(text[0]), 1] for text in texts], 'f')


class VectorStoreTest(parameterized.TestCase, temporary.TemporaryFiles,
                      tf.test.TestCase):

  def _write(self, texts=_TEXTS, embed=_embed, parent='', **kwargs):
    folder = os.path.join(parent or self.make_folder(), 'v')
    arguments = {'source': {'teacher': 'x'}, 'rows_per_shard': 2, **kwargs}
    return vector_writing.write(folder, texts, embed, **arguments)

  @parameterized.parameters(1, 2, 5, 9)
  def test_is_read_as_written(self, rows):
    store = self._write(rows_per_shard=rows)
    self.assertEqual(list(store.texts), _TEXTS)
    self.assertEqual(store.texts[1:3], _TEXTS[1:3])
    self.assertEqual(store.texts[-1], '{}')
    self.assertEqual((len(store), store.size), (5, 3))
    self.assertEqual(store.source, {'teacher': 'x'})
    expected = _embed(_TEXTS)
    self.assertAllEqual(np.asarray(store.vectors), expected)
    for key in (3, -1, [4, 0, 4], slice(1, 4), np.asarray([-2]),
                expected[:, 0] > 1, np.zeros(0, int), slice(2, 2)):
      self.assertAllEqual(store.vectors[key], expected[key])
    with self.assertRaises(IndexError):
      _ = store.vectors[[5]]

  def test_a_repeated_text_is_embedded_once(self):
    asked = []
    store = self._write(_TEXTS * 2, lambda texts: (
        asked.extend(texts), _embed(texts))[1])
    self.assertEqual(asked, _TEXTS)
    self.assertLen(store, 5)

  def test_half_the_precision_is_half_the_size(self):
    store = self._write(embed=lambda texts: _embed(texts) / 3, dtype='float16')
    self.assertEqual(store.vectors.dtype, np.float16)
    self.assertAllClose(np.asarray(store.vectors), _embed(_TEXTS) / 3,
                        rtol=1e-3)
    with self.assertRaisesRegex(ValueError, 'no finite numbers'):
      self._write(embed=lambda texts: _embed(texts) * 1e5, dtype='float16')

  def test_a_finished_folder_is_kept_and_no_other_replaced(self):
    folder = os.path.dirname(self._write().path)

    def fail(texts):
      raise AssertionError(texts)

    self.assertLen(self._write(embed=fail, parent=folder), 5)
    self.assertLen(self._write(embed=fail, parent=folder, rows_per_shard=9), 5)
    for change in ({'source': {'teacher': 'y'}}, {'dtype': 'float16'},
                   {'texts': ['other']}):
      with self.assertRaisesRegex(FileExistsError, 'other vectors'):
        self._write(parent=folder, **change)

  def test_a_killed_run_is_resumed(self):
    folder = self.make_folder()
    script = textwrap.dedent(f'''
        import numpy as np, os, signal
        from mobilebert_tf.data import vector_writing
        asked = []
        def embed(texts):
          asked.extend(texts)
          if len(asked) > 5:
            os.kill(os.getpid(), signal.SIGKILL)
          return np.ones([len(texts), 3], 'f')
        vector_writing.write({folder + "/v"!r}, list('abcdefgh'), embed,
                             source={{}}, rows_per_shard=2)
        ''')
    done = subprocess.run([sys.executable, '-c', script], check=False,
                          capture_output=True)
    self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
    asked = []

    def embed(texts):
      asked.extend(texts)
      return np.ones([len(texts), 3], 'f')

    # A shard that was damaged meanwhile is made anew.
    damaged = f'{folder}/v.unfinished/part-00001-of-00004.npy'
    with open(damaged, 'r+b') as file:
      file.truncate(os.path.getsize(damaged) - 1)
    with self.assertRaisesRegex(FileExistsError, 'unfinished vectors of other'):
      self._write(list('abc'), embed, folder, source={})
    store = self._write(list('abcdefgh'), embed, folder, source={})
    self.assertEqual(asked, list('cdefgh'))
    self.assertEqual(''.join(store.texts), 'abcdefgh')
    self.assertEqual(os.listdir(folder), ['v'])

  @parameterized.parameters(
      ([], _embed, 'no text to embed'),
      (['a', ''], _embed, 'A text is empty'),
      (['a', 'b'], lambda texts: _embed(texts)[:1], r'shape \(1, 3\)'),
      (['a', 'b'], lambda texts: _embed(texts) * np.nan, 'vector 0 .*finite'),
      (['a', 'b'], lambda texts: _embed(texts) * [[1], [0]], 'vector 1 .*zero'),
  )
  def test_refuses_what_no_student_can_learn(self, texts, embed, message):
    with self.assertRaisesRegex(ValueError, message):
      self._write(texts, embed)

  @parameterized.parameters(
      ('part-00000-of-00003.npy', None, 'does not exist'),
      ('part-00000-of-00003.npy', b'\x93NUMPY', 'damaged'),
      ('part-00000-of-00003.npy', 'flip', 'SHA-256'),
      ('part-00000-of-00003.jsonl', b'"a b"\n', '1 lines; .* says 2'),
      ('part-00000-of-00003.jsonl', b'"a"\n"b"\n', 'SHA-256'),
      ('manifest.json', b'{}', "no manifest of vectors: 'format'"),
      ('manifest.json', b'[1]', 'no manifest'),
      ('manifest.json', ('part-00000-of', '../x'), 'no name of a shard'),
      ('manifest.json', ('"count": 5', '"count": 6'), 'not that of its shards'),
      ('manifest.json', ('"size": 3', '"size": 4'), r'says float32 \(2, 4\)'),
  )
  def test_refuses_a_damaged_folder(self, name, data, message):
    folder = self._write().path
    path = os.path.join(folder, name)
    with open(path, 'rb') as file:
      old = file.read()
    os.remove(path)
    if data == 'flip':
      data = old[:-1] + bytes([old[-1] ^ 1])
    elif isinstance(data, tuple):
      data = old.decode().replace(*data).encode()
    if data is not None:
      with open(path, 'wb') as file:
        file.write(data)
    with self.assertRaisesRegex((ValueError, FileNotFoundError), message):
      vector_store.VectorStore.open(folder)

  # === Files made elsewhere ===

  def _file(self, vectors, lines, name='w.txt'):
    path = self.make_file('w.npy')
    np.save(path, vectors)
    texts = self.make_file(name, '\n'.join(lines))
    return path, texts

  @parameterized.parameters(
      ('float32', 'w.txt', ['a', 'b', 'c']),
      ('float64', 'w.jsonl', ['"a"', '{"text": "b", "id": 1}', '"c"']),
      ('float16', 'other.txt', ['a', 'b', 'c']),
  )
  def test_reads_an_array_and_a_text_file(self, dtype, name, lines):
    expected = np.arange(1, 7, dtype=dtype).reshape(3, 2)
    path, texts = self._file(expected, lines, name)
    store = vector_store.VectorStore.open(
        path, texts if name == 'other.txt' else '')
    self.assertEqual(list(store.texts), ['a', 'b', 'c'])
    self.assertAllEqual(store.vectors[:], expected)
    self.assertEqual(store.sha256, vector_store.digest('abc'))

  def test_repeated_texts_of_one_vector_count_once(self):
    path, _ = self._file(np.eye(3)[[0, 1, 0, 2]], ['a', 'b', 'a', 'c'])
    with self.assertLogs(level='WARNING'):
      store = vector_store.VectorStore.open(path)
    self.assertEqual(list(store.texts), ['a', 'b', 'c'])
    self.assertAllEqual(store.vectors, np.eye(3))

  @parameterized.parameters(
      (np.eye(2), ['a'], '1 texts, but .* 2 vectors'),
      (np.eye(3), ['a', '', 'b'], 'w.txt:2: there is no text'),
      (np.eye(2), ['a', 'a'], "'a' has two vectors, 0 and 1"),
      (np.full([2, 2], np.nan), ['a', 'b'], 'vector 0 .*no finite'),
      (np.diag([1, 0]) * 1., ['a', 'b'], 'vector 1 .*zeros'),
      (np.eye(2, dtype=int), ['a', 'b'], 'int64'),
      (np.ones(2), ['a', 'b'], r'\(2,\)'),
      (np.asarray([[None]]), ['a'], 'no .npy file'),
  )
  def test_refuses_files(self, vectors, lines, message):
    path, _ = self._file(vectors, lines)
    with self.assertRaisesRegex(ValueError, message):
      vector_store.VectorStore.open(path)

  @parameterized.parameters(
      b'', b'\x93NUMPY', b'PK\x03\x04', b'\x93NUMPY\x01\x00\x06\x00{(\n   ')
  def test_refuses_a_damaged_header(self, data):
    path = self.make_file('w.npy', data)
    self.make_file('w.txt', 'a')
    with self.assertRaisesRegex(ValueError, 'w.npy is no .npy file'):
      vector_store.VectorStore.open(path)

  def test_says_which_file_of_texts_is_missing(self):
    path = self.make_file('alone.npy')
    np.save(path, np.eye(2))
    with self.assertRaisesRegex(FileNotFoundError, 'alone.txt'):
      vector_store.VectorStore.open(path)

  def test_reads_parquet(self):
    try:
      import pyarrow
      from pyarrow import parquet
    except ImportError:
      self.skipTest('pyarrow is not installed')
    path = self.make_file('p.parquet')
    vectors = [[1., 2.], [3., 4.]]

    def write(**columns):
      parquet.write_table(pyarrow.table(columns), path)

    write(sentence=['a', 'b'], embedding=vectors, other=[1, 2])
    store = vector_store.VectorStore.open(path)
    self.assertEqual(list(store.texts), ['a', 'b'])
    self.assertAllEqual(store.vectors, vectors)
    for columns, message in (
        ({'x': vectors}, 'columns x'),
        ({'text': ['a', None], 'vector': vectors}, 'row 1 .*None'),
        ({'text': ['a', 'b'], 'vector': [[1.], [1., 2.]]}, '1 and 2 numbers'),
        ({'text': ['a', 'b'], 'vector': [[1.], None]}, 'without a vector'),
        ({'text': ['a', 'b'], 'vector': ['a', 'b']}, 'column vector'),
    ):
      write(**columns)
      with self.assertRaisesRegex(ValueError, message):
        vector_store.VectorStore.open(path)
    path = self.make_file('q.parquet', json.dumps(vectors))
    with self.assertRaisesRegex(ValueError, 'no Parquet file'):
      vector_store.VectorStore.open(path)


if __name__ == '__main__':
  tf.test.main()
