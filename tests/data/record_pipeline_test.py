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

"""Tests the Apache Beam pipeline against the writer of one machine.

Needs the extra `beam`; `make test-beam` installs and runs it.
"""

import collections
import dataclasses
import glob
import hashlib
import importlib.util
import os
import pickle
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import pytest
import tensorflow as tf

from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import record_pipeline
from mobilebert_tf.data import record_writing
from mobilebert_tf.data import sections
from mobilebert_tf.tasks.pretraining import loader as loader_lib
from tests.data import temporary

# Beam's runner within this process. Its DirectRunner looks for a server to
# download first, and takes this one otherwise.
_OPTIONS = ('--runner=FnApiRunner',)
_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.',
           *(f'w{i}' for i in range(60)))
# So small that there are more sections than files of text.
_SECTION_BYTES = 1000
_SETTINGS = pretraining_records.RecordSettings(max_seq_length=31, seed=5)


def _text(first: int, documents: int) -> str:
  """Returns documents of seven sentences, no two of them alike."""
  return '\n\n'.join(
      '\n'.join(f'w{d % 60} w{(d * s + s) % 60} w{s + 20} w{(d + s) % 60}.'
                for s in range(7))
      for d in range(first, first + documents)) + '\n'


def _examples(folder: str, manifest: dict) -> collections.Counter:
  """Returns the examples of a folder, and how often each is there."""
  examples = collections.Counter()
  for name in manifest['files']:
    examples.update(tf.data.TFRecordDataset(
        os.path.join(folder, name), 'GZIP' if name.endswith('.gz') else ''
    ).as_numpy_iterator())
  return examples


class _TextFiles(temporary.TemporaryFiles):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS) + '\n')
    for name, text in (('a.txt', _text(0, 40)), ('b.txt', _text(40, 10)),
                       ('c.txt', ''), ('d.jsonl', '{"text": "w1 w2. w3."}\n')):
      self._text = os.path.join(
          os.path.dirname(self.make_file(name, text)), '[a-d].*')
    self._folder = os.path.join(self.make_folder(), 'records')


@pytest.mark.beam
class RecordPipelineTest(parameterized.TestCase, _TextFiles, tf.test.TestCase):

  def setUp(self):
    pytest.importorskip(
        'apache_beam', reason='pip install mobilebert_tf[beam]')
    super().setUp()

  def _write(self, settings=_SETTINGS, **kwargs):
    kwargs = {'section_bytes': _SECTION_BYTES, 'options': _OPTIONS} | kwargs
    return record_pipeline.write_records(
        self._text, self._vocab, self._folder, settings, **kwargs)

  @parameterized.named_parameters(
      ('dynamic', {}, False),
      ('several_times', {'dupe_factor': 3}, False),
      ('static', {'masking': 'static', 'max_predictions_per_seq': 4}, False),
      ('compressed', {}, True))
  def test_examples_are_those_of_the_local_writer(self, changes, compress):
    settings = dataclasses.replace(_SETTINGS, **changes)
    local_folder = os.path.join(self.make_folder(), 'local')
    local = record_writing.write_records(
        self._text, self._vocab, local_folder, settings,
        section_bytes=_SECTION_BYTES, compress=compress, num_workers=1)
    manifest = self._write(settings, compress=compress)
    self.assertGreater(len(manifest['files']), 3)
    self.assertEqual(_examples(self._folder, manifest),
                     _examples(local_folder, local))
    self.assertEqual(manifest['counts'], local['counts'])
    self.assertEqual(manifest['counts']['empty_files'], 1)
    for field in ('settings', 'vocabulary_sha256', 'format', 'version'):
      self.assertEqual(manifest[field], local[field])

  @parameterized.parameters(False, True)
  def test_folder_is_finished_and_described(self, compress):
    manifest = self._write(compress=compress)
    self.assertEqual(
        pretraining_records.read_manifest(self._folder), manifest)
    self.assertCountEqual(
        os.listdir(self._folder), [*manifest['files'], 'manifest.json'])
    number = len(manifest['files'])
    suffix = '.tfrecord.gz' if compress else '.tfrecord'
    self.assertEqual(
        list(manifest['files']),
        [f'part-{i:05d}-of-{number:05d}{suffix}' for i in range(number)])
    for name, file in manifest['files'].items():
      with open(os.path.join(self._folder, name), 'rb') as f:
        data = f.read()
      self.assertLen(data, file['bytes'])
      self.assertEqual(hashlib.sha256(data).hexdigest(), file['sha256'])
    self.assertEqual(sum(f['examples'] for f in manifest['files'].values()),
                     manifest['counts']['examples'])

  def test_loader_reads_it(self):
    manifest = self._write()
    loader = loader_lib.MobileBertPretrainDataLoader(
        loader_lib.MobileBertPretrainDataConfig(
            input_path=self._folder, vocab_file=self._vocab, seq_length=32,
            max_predictions_per_seq=4, global_batch_size=8,
            is_training=False))
    batches = list(loader.load())
    self.assertEqual(sum(len(b['input_word_ids']) for b in batches),
                     manifest['counts']['examples'])
    self.assertEqual(batches[0]['input_word_ids'].shape, [8, 32])

  def test_folder_that_holds_something_is_refused(self):
    os.makedirs(self._folder)
    with open(os.path.join(self._folder, 'mine'), 'w') as f:
      f.write('x')
    with self.assertRaisesRegex(FileExistsError, 'remove it, or name another'):
      self._write()
    self.assertEqual(os.listdir(self._folder), ['mine'])

  def test_all_bad_lines_are_named_and_nothing_looks_finished(self):
    bad = [self.make_file('a.txt', _text(0, 9).encode() + b'w1 \xff.\n'),
           self.make_file('d.jsonl', '{"text": "w1."}\n{"txt": ""}\n')]
    with self.assertRaises(ValueError) as raised:
      self._write()
    self.assertIn(f'{bad[0]}:72: not UTF-8', str(raised.exception))
    self.assertIn(f'{bad[1]}:2: expected an object', str(raised.exception))
    with self.assertRaises(FileNotFoundError):
      pretraining_records.read_manifest(self._folder)

  def test_text_without_words(self):
    self._text = self.make_file('e.txt', '\n\n \n')
    with self.assertRaisesRegex(ValueError, 'no word in it'):
      self._write()
    self.assertEmpty(glob.glob(os.path.join(self._folder, 'manifest.json')))

  def test_failure_of_the_runner_is_told_and_nothing_looks_finished(self):
    with mock.patch.object(pretraining_records, 'make_records',
                           side_effect=OSError('no such disk')):
      with self.assertRaisesRegex(RuntimeError, '(?s)failed.*no such disk'):
        self._write()
    self.assertEmpty(glob.glob(os.path.join(self._folder, 'manifest.json')))


class WithoutBeamTest(_TextFiles, absltest.TestCase):

  def test_missing_extra_is_named(self):
    spec = importlib.util.find_spec(record_pipeline.__name__)
    without_beam = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {'apache_beam': None}):
      spec.loader.exec_module(without_beam)
    with self.assertRaisesRegex(
        ValueError, r'apache_beam.*pip install mobilebert_tf\[beam\]'):
      without_beam.write_records(self._text, self._vocab, self._folder)
    self.assertFalse(os.path.exists(self._folder))

  def test_what_goes_to_workers_can_be_pickled(self):
    section = sections.Section('a.txt', 3, 9)
    for value in (section, _SETTINGS):
      self.assertEqual(pickle.loads(pickle.dumps(value)), value)


if __name__ == '__main__':
  tf.test.main()
