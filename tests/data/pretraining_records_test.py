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

"""Tests what is written as pre-training records, and that nothing half is."""

import hashlib
import json
import os
from unittest import mock

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import tokenization
from tests.data import temporary

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.',
           *(f'w{i}' for i in range(60)))
# Document d has the words w[10 d] ... w[10 d + 9].
_DOCUMENTS = [[' '.join(f'w{10 * d + i}' for i in range(10)) + '.'] * 6
              for d in range(6)]


def _examples(folder: str, name: str) -> list[tf.train.Example]:
  records = tf.data.TFRecordDataset(os.path.join(folder, name))
  return [tf.train.Example.FromString(r.numpy()) for r in records]


class PretrainingRecordsTest(parameterized.TestCase, temporary.TemporaryFiles,
                             tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS) + '\n')
    self._tokenizer = tokenization.Tokenizer(self._vocab)
    self._parent = self.make_folder()
    self._folder = os.path.join(self._parent, 'records')

  def _write(self, folder=None, documents=_DOCUMENTS, **kwargs):
    kwargs = {'max_seq_length': 32, 'num_shards': 2, 'seed': 5} | kwargs
    return pretraining_records.write_pretraining_records(
        documents, self._tokenizer, folder or self._folder, **kwargs)

  def test_records_and_manifest(self):
    manifest = self._write()
    self.assertCountEqual(
        os.listdir(self._folder),
        ['manifest.json', 'part-00000-of-00002.tfrecord',
         'part-00001-of-00002.tfrecord'])
    examples = _examples(self._folder, 'part-00000-of-00002.tfrecord')
    examples += _examples(self._folder, 'part-00001-of-00002.tfrecord')
    tokens = random_next = 0
    for example in examples:
      feature = {k: list(v.int64_list.value)
                 for k, v in example.features.feature.items()}
      ids, segments = feature['input_ids'], feature['segment_ids']
      self.assertLessEqual(len(ids), 32)
      self.assertEqual((ids[0], ids[-1], ids.count(2), ids.count(3)),
                       (2, 3, 1, 2))
      middle = ids.index(3) + 1
      self.assertEqual(segments, [0] * middle + [1] * (len(ids) - middle))
      documents = [{(i - 6) // 10 for i in part if i > 5}
                   for part in (ids[:middle], ids[middle:])]
      [label] = feature['next_sentence_labels']
      self.assertEqual(label, int(documents[0] != documents[1]))
      tokens += len(ids)
      random_next += label
    with open(os.path.join(self._folder, 'manifest.json')) as f:
      self.assertEqual(json.load(f), manifest)
    with open(self._vocab, 'rb') as f:
      self.assertEqual(manifest['vocabulary_sha256'],
                       hashlib.sha256(f.read()).hexdigest())
    self.assertEqual(manifest['counts'], {
        'documents': 6, 'sentences': 36, 'tokens': 36 * 11,
        'text_bytes': sum(len(p) for d in _DOCUMENTS for p in d),
        'examples': len(examples), 'random_next': random_next,
        'example_tokens': tokens})
    self.assertEqual(pretraining_records.read_manifest(self._folder), manifest)

  def test_seed_decides_every_byte(self):
    other = os.path.join(self._parent, 'other')
    self._write()
    self._write(other)
    for name in sorted(os.listdir(other)):
      with self.subTest(name):
        with open(os.path.join(self._folder, name), 'rb') as a:
          with open(os.path.join(other, name), 'rb') as b:
            self.assertEqual(a.read(), b.read())

  def test_dupe_factor_makes_other_pairs(self):
    self._write(num_shards=1)
    twice = os.path.join(self._parent, 'twice')
    self._write(twice, num_shards=1, dupe_factor=2)
    name = 'part-00000-of-00001.tfrecord'
    first = [e.SerializeToString(deterministic=True)
             for e in _examples(self._folder, name)]
    both = [e.SerializeToString(deterministic=True)
            for e in _examples(twice, name)]
    self.assertEqual(both[:len(first)], first)
    self.assertNotEqual(both[len(first):], first)

  def test_failure_leaves_nothing(self):
    def documents():
      yield from _DOCUMENTS
      raise RuntimeError('lost')

    with self.assertRaisesRegex(RuntimeError, 'lost'):
      self._write(documents=documents())
    with mock.patch.object(
        pretraining_records, '_serialize', side_effect=OSError('disk full')):
      with self.assertRaisesRegex(OSError, 'disk full'):
        self._write()
    with self.assertRaisesRegex(ValueError, 'too few for 99 shards'):
      self._write(num_shards=99)
    self.assertEmpty(os.listdir(self._parent))

  def test_existing_folder_is_kept(self):
    self._write()
    with self.assertRaisesRegex(FileExistsError, 'exists'):
      self._write(documents=[])

  def test_bad_settings(self):
    with self.assertRaisesRegex(ValueError, 'num_shards is 0'):
      self._write(num_shards=0)
    with self.assertRaisesRegex(ValueError, 'max_seq_length is 4'):
      self._write(max_seq_length=4)
    with self.assertRaisesRegex(ValueError, 'gives 0 examples'):
      self._write(documents=[])

  def test_bad_manifest(self):
    folder = self.make_folder()
    with self.assertRaisesRegex(FileNotFoundError, 'not a finished folder'):
      pretraining_records.read_manifest(folder)
    path = os.path.join(folder, 'manifest.json')
    for text, message in (('{\n"', ':2: not JSON'), ('[]', 'not a manifest')):
      with open(path, 'w') as f:
        f.write(text)
      with self.assertRaisesRegex(ValueError, message):
        pretraining_records.read_manifest(folder)


if __name__ == '__main__':
  tf.test.main()
