# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What is behind a model comes back, and nothing else is taken for it."""

import dataclasses
import hashlib
import io
import json
import pathlib
import subprocess
import sys
from unittest import mock
import zipfile

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.question_answering import kind as kind_lib
from tests.data import temporary

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'ü', '\u2028')
_VOCABULARY = '\n'.join(_TOKENS)
_MODEL = b'\x1c\x00\x00\x00TFL3' + bytes(range(256)) * 40
_QUESTIONS = kind_lib.Settings(
    doc_stride=8, query_length=4, null_threshold=-1.5, allow_no_answer=True)


def _metadata(**fields) -> tflite_file.TFLiteMetadata:
  return tflite_file.TFLiteMetadata(**{
      'kind': registry.get('classification'), 'lengths': (8, 40),
      'max_length': 39,
      'lower_case': True, 'quantization': 'int8', 'checkpoint_sha256': 'ab',
      'labels': ('no', 'yes \u2028'), **fields})


class TFLiteMetadataTest(temporary.TemporaryFiles, parameterized.TestCase):

  def _write(self, **fields) -> pathlib.Path:
    return pathlib.Path(self.make_file('model.tflite', tflite_file.pack(
        _MODEL, _metadata(**fields), _VOCABULARY)))

  def _forge(self, contents: dict[str, str | bytes] | None = None,
             **changes) -> str:
    """Writes a file as `pack` does, with other fields of metadata.json."""
    with zipfile.ZipFile(self._write()) as archive:
      files = {name: archive.read(name) for name in archive.namelist()}
    fields = json.loads(files['metadata.json']) | changes
    files['metadata.json'] = json.dumps(
        {k: v for k, v in fields.items() if v != 'gone'}).encode()
    files |= contents or {}
    buffer = io.BytesIO(_MODEL)
    with zipfile.ZipFile(buffer, 'a') as archive:
      for name, data in files.items():
        if data is not None:
          archive.writestr(name, data)
    return self.make_file('forged.tflite', buffer.getvalue())

  def _assert_damaged(self, path, message: str) -> None:
    with self.assertRaisesRegex(
        ValueError, f'{path} is damaged, or not what export_tflite wrote: '
        f'.*{message}'):
      tflite_file.read_metadata(path, registry.KINDS)

  # === What comes back ===

  @parameterized.parameters(
      {},
      {'kind': registry.get('regression'), 'labels': (), 'pairs': True},
      {'kind': registry.get('embedding'), 'labels': (), 'lengths': (8,),
       'dynamic_length': True, 'text_signatures': True, 'lower_case': False},
      {'kind': registry.get('question_answering'), 'labels': (),
       'settings': _QUESTIONS})
  def test_what_was_packed_is_read(self, **fields):
    metadata, vocabulary = tflite_file.read_metadata(
        self._write(**fields), registry.KINDS)
    self.assertEqual(metadata, _metadata(**fields))
    self.assertEqual(vocabulary.tokens, _TOKENS)

  def test_the_model_is_the_beginning_and_any_unzip_reads_the_rest(self):
    path = self._write()
    self.assertTrue(path.read_bytes().startswith(_MODEL))
    with zipfile.ZipFile(path) as archive:
      self.assertIsNone(archive.testzip())
      self.assertEqual(archive.namelist(),
                       ['metadata.json', 'vocab.txt', 'labels.txt'])
      # Counted from the beginning of the file.
      self.assertEqual(archive.infolist()[0].header_offset, len(_MODEL))
      self.assertEqual(archive.read('vocab.txt').decode(), _VOCABULARY + '\n')
      self.assertEqual(archive.read('labels.txt').decode(), 'no\nyes \u2028\n')
      fields = json.loads(archive.read('metadata.json'))
    self.assertEqual(fields['format'], 1)
    self.assertStartsWith(fields['created_by'], 'mobilebert_tf ')
    self.assertEqual(fields['model_sha256'],
                     hashlib.sha256(_MODEL).hexdigest())

  def test_the_same_model_gives_the_same_file(self):
    with mock.patch('time.time', return_value=1e9):
      first = self._write().read_bytes()
    self.assertEqual(first, self._write().read_bytes())

  def test_line_ends_of_the_vocabulary_do_not_matter(self):
    packed = tflite_file.pack(
        _MODEL, _metadata(), '\ufeff' + '\r\n'.join(_TOKENS) + '\r\n')
    _, vocabulary = tflite_file.read_metadata(
        self.make_file('x.tflite', packed), registry.KINDS)
    self.assertEqual(vocabulary.tokens, _TOKENS)

  # === Damage ===

  def test_a_missing_file_and_a_folder(self):
    with self.assertRaisesRegex(FileNotFoundError, 'no file /x/y.tflite'):
      tflite_file.read_metadata('/x/y.tflite', registry.KINDS)
    with self.assertRaisesRegex(ValueError, 'is a folder'):
      tflite_file.read_metadata(self.make_folder(), registry.KINDS)

  @parameterized.parameters(0, 1, 21, 100, 0.5, 0.9, 0.99, -1)
  def test_a_file_that_was_cut_off(self, share):
    data = self._write().read_bytes()
    size = int(share * len(data)) if isinstance(share, float) else share
    self._assert_damaged(self.make_file('cut.tflite', data[:size]),
                         'does not end with the archive')

  def test_a_changed_byte_is_noticed_or_changes_nothing(self):
    path = self._write()
    data = path.read_bytes()
    expected = tflite_file.read_metadata(path, registry.KINDS)
    read = 0
    for place in range(0, len(data), 37):
      changed = bytearray(data)
      changed[place] ^= 0x5a
      copy = self.make_file('changed.tflite', bytes(changed))
      try:
        found = tflite_file.read_metadata(copy, registry.KINDS)
      except ValueError as error:
        self.assertStartsWith(str(error), copy)
        continue
      read += 1  # The date of a file in the archive, for example.
      self.assertEqual(found, expected)
      self.assertGreater(place, len(_MODEL))
    self.assertLess(read, 20)

  def test_what_is_no_such_file(self):
    for data in (_MODEL, b'', b'x' * 5000, b'PK\x05\x06' + bytes(18)):
      path = self.make_file('other.tflite', data)
      self._assert_damaged(path, '')
    buffer = io.BytesIO(_MODEL)
    with zipfile.ZipFile(buffer, 'a') as archive:
      for i in range(9):
        archive.writestr(str(i), 'x')
    self._assert_damaged(self.make_file('other.tflite', buffer.getvalue()),
                         'another archive')

  def test_other_files_in_the_archive(self):
    self._assert_damaged(
        self._forge({'labels.txt': None, '../../etc/x': 'x'}), 'etc/x')
    self._assert_damaged(self._forge({'vocab.txt': None}), 'lacks vocab.txt')
    self._assert_damaged(
        self._forge({'metadata.json': None}), 'lacks metadata.json')

  def test_a_file_larger_than_any_honest_one(self):
    self._assert_damaged(self._forge({'metadata.json': b' ' * (2 << 20)}),
                         'metadata.json has 2097152 bytes')

  def test_compressed_files(self):
    buffer = io.BytesIO(_MODEL)
    with zipfile.ZipFile(buffer, 'a', zipfile.ZIP_DEFLATED) as archive:
      archive.writestr('vocab.txt', '0' * 10_000_000)
    self._assert_damaged(self.make_file('bomb.tflite', buffer.getvalue()),
                         'vocab.txt is compressed')

  @parameterized.parameters(
      ({'metadata.json': '{"format": '}, 'Expecting value'),
      ({'metadata.json': '[1]'}, 'has to hold an object'),
      ({'metadata.json': '[' * 100_000}, ''),
      ({'metadata.json': b'\xff'}, 'utf-8'),
      ({'vocab.txt': 'a\nb\n'}, r'needs \[PAD\]'),
      ({'vocab.txt': _VOCABULARY + '\nü\n'}, 'a token twice'),
      ({'vocab.txt': _VOCABULARY + '\n\nx'}, 'an empty line'),
      ({'vocab.txt': _VOCABULARY + '\nx'}, 'checksum of its vocabulary'),
      ({'labels.txt': 'no\nno\n'}, "label 'no' is there twice"),
      ({'labels.txt': None}, 'has 0 labels'))
  def test_contents_that_are_unsound(self, contents, message):
    self._assert_damaged(self._forge(contents), message)

  @parameterized.parameters(
      ({'format': 2}, 'format is 2; this mobilebert_tf reads format 1'),
      ({'format': 'gone'}, 'format is None'),
      ({'lengths': 'gone'}, 'lacks lengths'),
      ({'model_sha256': 'ab'}, 'checksum of its model'),
      ({'model_sha256': 'gone'}, 'checksum of its model'),
      ({'task': 'poetry'}, "task is 'poetry'; accepted: classification"),
      ({'task': ['regression']}, 'task is'),
      ({'lengths': 40}, 'lengths is 40'),
      ({'lengths': [8.0, 40]}, '8.0; it has to be a whole number'),
      ({'lengths': [True, 40]}, 'True; it has to be a whole number'),
      ({'lengths': [40, 8]}, 'sorted'),
      ({'lengths': [8, 8, 40]}, 'sorted'),
      ({'lengths': []}, 'has 0 tokens'),
      ({'lengths': [8, 39]}, r'39 tokens, but a text of 39 .* need 40'),
      ({'max_length': '39'}, "max_length is '39'"),
      ({'max_length': 10**30}, 'from 3 to 1048576'),
      ({'lower_case': 1}, 'lower_case is 1; accepted: true, false, keep'),
      ({'pairs': None}, 'pairs is None'),
      ({'quantization': 'int2'}, "quantization is 'int2'"),
      ({'runtime': ['litert']}, r"runtime is \['litert'\]"),
      ({'checkpoint_sha256': None}, 'checkpoint_sha256 is None'),
      ({'question_answering': {}}, 'question_answering lacks doc_stride'),
      ({'question_answering': 7}, 'question_answering lacks doc_stride'),
      ({'task': 'regression'}, 'regression has 2 labels'))
  def test_fields_that_are_unsound(self, fields, message):
    self._assert_damaged(self._forge(**fields), message)

  @parameterized.parameters(
      ({'doc_stride': 0}, 'doc_stride is 0'),
      ({'n_best': 2.0}, 'n_best is 2.0'),
      ({'allow_no_answer': 'yes'}, "allow_no_answer is 'yes'"),
      ({'null_threshold': float('nan')}, 'null_threshold is nan'),
      ({'null_threshold': '1'}, "null_threshold is '1'"),
      ({'query_length': 36}, 'nothing is left for the context'))
  def test_settings_of_questions_that_are_unsound(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      _metadata(kind=registry.get('question_answering'), labels=(),
                settings=dataclasses.replace(_QUESTIONS, **fields))
    with self.assertRaisesRegex(ValueError, 'question_answering is None'):
      _metadata(kind=registry.get('question_answering'), labels=())

  @parameterized.parameters('', 'a\nb', 'a\r', 3)
  def test_labels_that_are_no_lines(self, label):
    with self.assertRaisesRegex(ValueError, 'label'):
      _metadata(labels=('yes', label))

  def test_a_model_that_was_packed_already(self):
    with self.assertRaisesRegex(ValueError, 'an archive behind it already'):
      tflite_file.pack(
          self._write().read_bytes(), _metadata(), _VOCABULARY)

  def test_it_needs_neither_numpy_nor_tensorflow(self):
    program = ('import sys, mobilebert_tf.deployment.tflite_file\n'
               'print([m for m in sys.modules if m.split(".")[0] in '
               '("numpy", "tensorflow")])')
    found = subprocess.run([sys.executable, '-c', program], check=True,
                           capture_output=True, text=True).stdout
    self.assertEqual(found.strip(), '[]')


if __name__ == '__main__':
  absltest.main()
