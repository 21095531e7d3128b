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

"""Tests the batches of pre-training records."""

import itertools
import os

from absl.testing import parameterized
import numpy as np
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.data import pretraining_loader
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import tokenization
from tests.data import temporary

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.',
           *(f'w{i}' for i in range(200)))


class PretrainingLoaderTest(parameterized.TestCase, temporary.TemporaryFiles,
                            tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    self._folder = os.path.join(self.make_folder(), 'records')
    documents = [[' '.join(f'w{20 * d + i}' for i in range(9)) + '.'] * 20
                 for d in range(10)]
    manifest = pretraining_records.write_pretraining_records(
        documents, tokenization.Tokenizer(self._vocab), self._folder,
        max_seq_length=32, num_shards=2)
    self._count = manifest['counts']['examples']

  def _load(self, input_context=None, **kwargs) -> tf.data.Dataset:
    config = pretraining_loader.MobileBertPretrainDataConfig(**{
        'input_path': self._folder, 'vocab_file': self._vocab,
        'global_batch_size': 16, 'seq_length': 33,
        'max_predictions_per_seq': 6, 'is_training': False} | kwargs)
    return data_loader_factory.get_data_loader(config).load(input_context)

  def _original(self, batch: dict[str, tf.Tensor]) -> np.ndarray:
    """Puts the hidden tokens back."""
    ids = batch['input_word_ids'].numpy().copy()
    used = batch['masked_lm_weights'].numpy() > 0
    rows = np.nonzero(used)[0]
    ids[rows, batch['masked_lm_positions'].numpy()[used]] = (
        batch['masked_lm_ids'].numpy()[used])
    return ids

  def test_evaluation_gives_each_record_once_and_always_the_same(self):
    dataset = self._load(is_training=False)
    first, again = list(dataset), list(dataset)
    sizes = [len(b['input_mask']) for b in first]
    self.assertEqual(sum(sizes), self._count)
    self.assertNotEqual(self._count % 16, 0)
    self.assertEqual(sizes[:-1], [16] * (len(sizes) - 1))
    for a, b in zip(first, again, strict=True):
      for name in a:
        self.assertAllEqual(a[name], b[name])
    want = []
    for name in sorted(os.listdir(self._folder)):
      if name.endswith('.tfrecord'):
        for record in tf.data.TFRecordDataset(
            os.path.join(self._folder, name)):
          feature = tf.train.Example.FromString(
              record.numpy()).features.feature
          want.append(list(feature['input_ids'].int64_list.value))
    got = np.concatenate([self._original(b) for b in first])
    self.assertAllEqual(got, tf.ragged.constant(want).to_tensor(
        shape=[None, 33]))
    mask = np.concatenate([b['input_mask'] for b in first])
    self.assertAllEqual(mask, got != 0)

  def test_shapes_and_types(self):
    spec = self._load(is_training=True).element_spec
    self.assertEqual(
        {k: (v.dtype.name, v.shape.as_list()) for k, v in spec.items()}, {
            'input_word_ids': ('int32', [16, 33]),
            'input_mask': ('int32', [16, 33]),
            'input_type_ids': ('int32', [16, 33]),
            'masked_lm_positions': ('int32', [16, 6]),
            'masked_lm_ids': ('int32', [16, 6]),
            'masked_lm_weights': ('float32', [16, 6]),
            'next_sentence_labels': ('int32', [16, 1])})
    without = self._load(use_next_sentence_label=False).element_spec
    self.assertNotIn('next_sentence_labels', without)

  def test_training_is_shuffled_and_deterministic_for_a_seed(self):
    def epochs(seed):
      batches = list(self._load(is_training=True, seed=seed).take(40))
      return [{k: v.numpy() for k, v in b.items()} for b in batches]

    first, again, other = epochs(1), epochs(1), epochs(2)
    for a, b in zip(first, again, strict=True):
      for name in a:
        self.assertAllEqual(a[name], b[name])
    self.assertNotAllEqual(first[0]['input_word_ids'],
                           other[0]['input_word_ids'])

  def test_masks_differ_between_epochs(self):
    batches = itertools.islice(
        self._load(is_training=True, seed=1, global_batch_size=self._count,
                   masked_lm_rate=0.2), 2)
    seen = []
    for batch in batches:
      originals = [tuple(row) for row in self._original(batch)]
      seen.append((sorted(originals), dict(zip(
          originals, batch['masked_lm_positions'].numpy().tolist(),
          strict=True))))
    self.assertEqual(seen[0][0], seen[1][0])  # The same texts,
    same = sum(seen[0][1][t] == p for t, p in seen[1][1].items())
    self.assertLess(same, len(seen[0][1]) / 4)  # masked elsewhere.

  def test_workers_share_the_files(self):
    rows = []
    for worker in range(2):
      context = tf.distribute.InputContext(2, worker, 2)
      batches = list(self._load(context))
      self.assertLen(batches[0]['input_mask'], 8)  # 16 over two replicas.
      rows.append(sum(len(b['input_mask']) for b in batches))
    self.assertEqual(sum(rows), self._count)
    self.assertAllInRange(rows, self._count // 2, self._count // 2 + 1)
    with self.assertRaisesRegex(ValueError, '2 files for 3 workers'):
      self._load(tf.distribute.InputContext(3, 0, 3), global_batch_size=3)

  @parameterized.parameters('/*.tfrecord', '/part-00000*,{}/part-00001*')
  def test_paths_may_be_globs(self, pattern: str):
    path = self._folder + pattern.format(self._folder)
    rows = sum(len(b['input_mask']) for b in self._load(input_path=path))
    self.assertEqual(rows, self._count)

  def test_records_that_do_not_fit(self):
    # 32 would hold the longest record, but not the [PAD] after it.
    with self.assertRaisesRegex(ValueError, 'up to 32 tokens.*Set it to 33'):
      self._load(seq_length=32)
    other = self.make_file('other.txt', '\n'.join(_TOKENS + ('x',)))
    with self.assertRaisesRegex(ValueError, 'another vocabulary'):
      self._load(vocab_file=other)
    os.remove(os.path.join(self._folder, 'manifest.json'))
    with self.assertRaisesRegex(FileNotFoundError, 'manifest.json'):
      self._load()

  @parameterized.parameters(
      ({'vocab_file': ''}, 'vocab_file is not set'),
      ({'input_path': ''}, 'input_path is not set'),
      ({'masked_lm_rate': 1.5}, 'masked_lm_rate is 1.5'),
      ({'max_predictions_per_seq': 0}, 'max_predictions_per_seq is 0'))
  def test_bad_settings(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      self._load(**settings)

  def test_no_records(self):
    with self.assertRaisesRegex(FileNotFoundError, 'No file matches'):
      self._load(input_path=self.make_folder())


if __name__ == '__main__':
  tf.test.main()
