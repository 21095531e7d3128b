# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Files that are read, found, and written whole or not at all."""

import gzip
import os
import pathlib
import subprocess
import sys
from unittest import mock

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.common import files
from tests.data import temporary


class FilesTest(parameterized.TestCase, temporary.TemporaryFiles,
                tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.parent = pathlib.Path(self.make_folder())
    self.folder = self.parent / 'bundle'

  def _fill(self, content: str) -> None:
    with files.replace_folder(self.folder, 'marker') as new:
      (new / 'marker').write_text('')
      (new / 'content').write_text(content)

  def _names(self) -> list[str]:
    return sorted(path.name for path in self.parent.iterdir())

  def test_write_text_makes_folders_and_replaces(self):
    path = self.parent / 'a' / 'b.json'
    files.write_text(path, 'ä\n')
    files.write_text(str(path), '日本\n')
    self.assertEqual(path.read_bytes(), '日本\n'.encode())
    self.assertEqual(os.listdir(path.parent), ['b.json'])

  def test_write_bytes_replaces(self):
    path = self.parent / 'a' / 'b.zip'
    files.write_bytes(path, b'old')
    files.write_bytes(path, b'\x00\r\n\xff')
    self.assertEqual(path.read_bytes(), b'\x00\r\n\xff')

  def test_a_failing_write_keeps_the_old_file(self):
    path = self.parent / 'file'
    files.write_text(path, 'old')
    with self.assertRaises(UnicodeEncodeError):
      files.write_text(path, 'new \ud800')  # Half a character.
    with mock.patch.object(os, 'replace', side_effect=OSError('disk')):
      with self.assertRaisesRegex(OSError, 'disk'):
        files.write_text(path, 'new')
    self.assertEqual(path.read_text(), 'old')
    self.assertEqual(self._names(), ['file'])

  def test_a_folder_of_its_kind_is_replaced_as_a_whole(self):
    self._fill('old')
    (self.folder / 'extra').write_text('')
    self._fill('new')
    self.assertEqual((self.folder / 'content').read_text(), 'new')
    self.assertFalse((self.folder / 'extra').exists())
    self.assertEqual(self._names(), ['bundle'])

  def test_the_old_folder_stands_until_the_new_one_is_complete(self):
    self._fill('old')
    with files.replace_folder(self.folder, 'marker') as new:
      self.assertEmpty(list(new.iterdir()))
      self.assertEqual(new.stat().st_dev, self.folder.stat().st_dev)
      self.assertEqual((self.folder / 'content').read_text(), 'old')

  def test_an_empty_folder_and_a_new_parent_are_accepted(self):
    self.folder.mkdir()
    self._fill('new')
    self.folder = self.parent / 'a' / 'b'
    self._fill('new')
    self.assertEqual((self.folder / 'content').read_text(), 'new')

  def test_a_foreign_folder_is_named_and_not_touched(self):
    self.folder.mkdir()
    (self.folder / 'thesis').write_text('years')
    with self.assertRaisesRegex(FileExistsError, f'{self.folder}.*no marker'):
      self._fill('new')
    self.assertEqual((self.folder / 'thesis').read_text(), 'years')
    self.assertEqual(self._names(), ['bundle'])

  def test_a_file_in_the_place_is_not_touched(self):
    self.folder.write_text('file')
    with self.assertRaisesRegex(FileExistsError, str(self.folder)):
      self._fill('new')
    self.assertEqual(self.folder.read_text(), 'file')

  def test_a_failure_leaves_the_old_folder_alone(self):
    self._fill('old')
    with self.assertRaisesRegex(RuntimeError, 'half way'):
      with files.replace_folder(self.folder, 'marker') as new:
        (new / 'content').write_text('half')
        raise RuntimeError('half way')
    self.assertEqual((self.folder / 'content').read_text(), 'old')
    self.assertEqual(self._names(), ['bundle'])

  def test_a_failure_of_the_last_step_puts_the_old_folder_back(self):
    self._fill('old')
    rename = os.rename

    def fail_to_publish(source, target):
      if pathlib.Path(source).name == 'new':
        raise OSError('network')
      rename(source, target)

    with mock.patch.object(os, 'rename', fail_to_publish):
      with self.assertRaisesRegex(OSError, 'network'):
        self._fill('new')
    self.assertEqual((self.folder / 'content').read_text(), 'old')
    self.assertEqual(self._names(), ['bundle'])

  def test_replacing_writes_in_the_folder_and_keeps_the_old_file(self):
    path = self.parent / 'new' / 'file'
    for content in ('old', 'new'):
      with files.replacing(path) as new:
        self.assertEqual(os.stat(os.path.dirname(new)).st_dev,
                         os.stat(path.parent).st_dev)
        pathlib.Path(new).write_text(content)
    with self.assertRaisesRegex(RuntimeError, 'half way'):
      with files.replacing(path) as new:
        pathlib.Path(new).write_text('half')
        self.assertEqual(path.read_text(), 'new')
        raise RuntimeError('half way')
    self.assertEqual(path.read_text(), 'new')
    self.assertEqual(os.listdir(path.parent), ['file'])

  def test_content_is_on_the_disk_before_it_has_its_name(self):
    path, calls = self.parent / 'file', []
    replace = os.replace
    with mock.patch.object(os, 'fsync', lambda fd: calls.append('fsync')):
      with mock.patch.object(os, 'replace', lambda *names: (
          calls.append('replace'), replace(*names))):
        files.write_text(path, 'text')
    self.assertEqual(calls, ['fsync', 'replace'])

  def test_json(self):
    path = self.parent / 'a.json'
    files.write_json(path, {'b': 'é', 'a': [1.5]})
    self.assertEqual(path.read_text(),
                     '{\n  "b": "\\u00e9",\n  "a": [\n    1.5\n  ]\n}\n')
    self.assertEqual(files.read_json(path), {'b': 'é', 'a': [1.5]})
    path.write_bytes(b'\xef\xbb\xbf{"a": NaN}')
    self.assertNotEqual(*files.read_json(path).values(), 0)
    with self.assertRaisesRegex(ValueError, 'a.json: NaN is no number of JSON'):
      files.read_json(path, allow_nan=False)

  @parameterized.parameters(
      (b'{"a":\n\n1', 'file:3: not JSON, or cut off'),
      (b'{"a":\n"\xff"', 'file:2: not UTF-8'),
      (b'[' * 100_000, 'file: too deeply nested'),
      (b'[' * 101 + b']' * 101, 'file: too deeply nested'),
      (b'{"a": 1, "b": 2, "a": 3}', "file: 'a' is duplicated"),
      (b'9' * 5_000, 'file: a number has 5,000 digits'))
  def test_what_is_no_json_is_named_with_its_line(self, data, message):
    (self.parent / 'file').write_bytes(data)
    with self.assertRaisesRegex(ValueError, message):
      files.read_json(self.parent / 'file')

  def test_yaml(self):
    path = self.parent / 'a.yaml'
    path.write_text('a: [1, 2]\n')
    self.assertEqual(files.read_yaml(path), {'a': [1, 2]})
    for text, message in (('a: 1\nb: [', r'a.yaml:2: not YAML'),
                          ('!!python/object:a.B {}', 'a.yaml:1: not YAML'),
                          ('2026-02-30', 'a.yaml: not YAML'),
                          ('x: 1\na: &b [1]\nc: *b', 'a.yaml:3: .*aliases'),
                          ('a: {<<: {b: 1}}', 'a.yaml:1: .*merge keys'),
                          ('a: 1\n\na: 1', "a.yaml:3: .*'a' is a duplicate"),
                          ('- ' * 200, 'too deeply nested'),
                          ('[' * 100_000, 'too deeply nested'),
                          ('9' * 5_000, 'a number has 5,000 digits'),
                          (':'.join(['1'] * 9_000), 'a number has'),
                          ('1' + ':1' * 400 + '.5', 'not YAML'),
                          ('a: b: c', 'a.yaml:1: not YAML .mapping values'),
                          ('a: \0', 'a.yaml:1: not YAML'),
                          ('- a\n' * 300_000, '1,200,000 characters')):
      path.write_text(text)
      with self.assertRaisesRegex(ValueError, message) as caught:
        files.read_yaml(path)
      self.assertNotIn('\n', str(caught.exception))

  def test_lines_of_any_end(self):
    path = self.make_file(
        'lines', '\ufeffé\r\n\n a\u2028\x85b\rc\r\r\n\ufefflast'.encode())
    want = ['é', '', ' a\u2028\x85b', 'c', '', 'last']
    for block in (1, 2, 3, 100):
      with mock.patch.object(files, '_BLOCK', block):
        self.assertEqual(list(files.read_lines(path)),
                         list(enumerate(want, start=1)))
    self.assertEmpty(list(files.read_lines(self.make_file('empty'))))
    self.assertEqual(list(files.read_lines(self.make_file('mac', 'a\rb\r'))),
                     [(1, 'a'), (2, 'b')])

  def test_missing_files_and_folders_are_named(self):
    missing = str(self.parent / 'none')
    for read in (files.read_bytes, files.read_json, files.read_yaml,
                 lambda path: list(files.read_lines(path))):
      for path in (missing, 'ram://none'):
        with self.assertRaisesRegex(FileNotFoundError, f'{path} does not'):
          read(path)
      with self.assertRaisesRegex(IsADirectoryError, f'{self.parent} is a fol'):
        read(str(self.parent))

  def test_remote_files(self):
    path = 'ram://folder/a.json'
    for value in ({'a': 1}, {'a': 2}):
      files.write_json(path, value)
      self.assertEqual(files.read_json(path), value)
    files.write_bytes(path, b'one\ntwo\nthree')
    self.assertEqual(files.size(path), 13)
    self.assertEqual(list(files.read_lines(path, 4)),
                     [(1, 'two'), (2, 'three')])
    self.assertEqual(files.find_files('ram://folder/*'), [path])

  def test_a_name_is_no_pattern_where_a_file_has_it(self):
    strange = self.make_file('a[1].txt')
    other = self.make_file('a1.txt')
    self.assertEqual(files.find_files(strange), [strange])
    self.assertEqual(files.find_files(other.replace('1', '[1-3]')), [other])
    self.assertEqual(files.find_files([other, strange.replace('[1]', '*')]),
                     [other, strange])

  @parameterized.parameters('run [v1]', 'Doe, Jane', 'a\\b', 'blank ', '*', '?')
  def test_what_exists_is_no_pattern(self, name):
    folder = self.parent / name
    folder.mkdir()
    path = folder / 'train.tsv '
    path.write_text('')
    for value in (str(path), path, [str(path)], f'{path},{path}'):
      self.assertEqual(files.find_files(value), [str(path)])
    self.assertEqual(files.find_file(path), str(path))
    (self.parent / 'run v').mkdir()
    (self.parent / 'run v' / 'dev.tsv').write_text('')
    with self.assertRaisesRegex(FileNotFoundError, 'dev.tsv does not exist'):
      files.find_file(self.parent / 'run [v1]' / 'dev.tsv')

  def test_lists_between_commas(self):
    for name in ('a', 'b, c', 'd'):
      self.make_file(name)
    folder = os.path.dirname(self.make_file('e'))
    self.assertEqual(
        files.find_files(f'{folder}/d , {folder}/b, c,,{folder}/[ae]'),
        [f'{folder}/{name}' for name in ('d', 'b, c', 'a', 'e')])
    with self.assertRaisesRegex(ValueError, 'No input file was named'):
      files.find_files(' , ')
    with self.assertRaisesRegex(FileNotFoundError, '/f does not exist'):
      files.find_files(f'{folder}/a,{folder}/f')

  def test_a_tilde_is_a_home(self):
    (self.parent / 'a.tsv').write_text('')
    with mock.patch.dict(os.environ, HOME=str(self.parent)):
      for found in (files.find_files('~/a.tsv,~/*.tsv'),
                    [files.find_file('~/a.tsv')]):
        self.assertEqual(found, [str(self.parent / 'a.tsv')])

  def test_compressed_text_of_any_case(self):
    for name in ('a.json.gz', 'b.json.GZ'):
      path = self.make_file(name, gzip.compress(b'\xef\xbb\xbf{"a": 1}'))
      self.assertEqual(files.read_json(path), {'a': 1})
      self.assertLen(list(files.read_lines(path)), 1)
    path = self.make_file('bomb.json.gz', gzip.compress(b' ' * 50_000_000))
    with self.assertRaisesRegex(ValueError, 'bomb.json.gz: it unpacks to more'):
      files.read_json(path)
    path = self.make_file('cut.json.gz', gzip.compress(b'{}')[:-4])
    with self.assertRaisesRegex(ValueError, 'not a whole gzip file'):
      files.read_json(path)

  def test_a_pointer_of_git_lfs_is_named(self):
    path = self.make_file(
        'a', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n')
    for read in (files.read_json, lambda path: list(files.read_lines(path))):
      with self.assertRaisesRegex(ValueError, 'a is not the file.* Git LFS'):
        read(path)

  def test_folder_size(self):
    (self.parent / 'a').mkdir()
    (self.parent / 'a' / 'b').write_bytes(b'12345')
    (self.parent / 'c').write_bytes(b'123')
    self.assertEqual(files.folder_size(self.parent), 8)
    self.assertEqual(files.folder_size(self.parent / 'c'), 3)

  def test_local_files_need_no_other_package(self):
    program = (
        'import sys\nfrom mobilebert_tf.common import files\n'
        f'files.write_json({str(self.parent / "a")!r}, 1)\n'
        f'files.read_json({str(self.parent / "a")!r})\n'
        'assert not {"tensorflow", "numpy", "yaml"} & set(sys.modules)')
    subprocess.run([sys.executable, '-c', program], check=True)


if __name__ == '__main__':
  tf.test.main()
