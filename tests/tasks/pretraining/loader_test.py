# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests the batches of pre-training records."""

import hashlib
import itertools
import os

from absl.testing import parameterized
import numpy as np
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.data import record_files
from mobilebert_tf.tasks.pretraining import loader
from tests.data import temporary
from tests.data import written_records

_COUNT = 53


class PretrainingLoaderTest(parameterized.TestCase, temporary.TemporaryFiles,
                            tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file(
        'vocab.txt', '\n'.join(written_records.TOKENS))
    self._folder = os.path.join(self.make_folder(), 'records')
    self._records = written_records.dynamic_records(_COUNT)
    self._write(self._folder, [self._records[:20], self._records[20:]])

  def _write(self, folder, shards, **kwargs):
    written_records.write_folder(folder, shards, self._vocab, **kwargs)

  def _load(self, input_context=None, **kwargs) -> tf.data.Dataset:
    config = loader.MobileBertPretrainDataConfig(**{
        'input_path': self._folder, 'vocab_file': self._vocab,
        'global_batch_size': 16, 'seq_length': 33,
        'max_predictions_per_seq': 6, 'is_training': False} | kwargs)
    return data_loader_factory.get_data_loader(config).load(input_context)

  @parameterized.parameters(False, 'keep_accents')
  def test_case_is_that_of_the_records(self, case):
    folder = os.path.join(self.make_folder(), 'cased')
    self._write(folder, [self._records], lower_case=case, max_word_length=90)
    params = loader.MobileBertPretrainDataConfig(
        input_path=folder, vocab_file=self._vocab)
    self.assertEqual(params.found(),
                     {'lower_case': case, 'max_word_length': 90})
    with self.assertRaisesRegex(
        ValueError, f'lower_case is true in task.train_data, but .*{case}'
        .lower()):
      params.replace(lower_case=True).found()
    with self.assertRaisesRegex(ValueError, 'lower_case is .* but true in'):
      self._load(input_path=folder, lower_case=True)

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
    self.assertEqual(sum(sizes), _COUNT)
    self.assertEqual(sizes[:-1], [16] * (len(sizes) - 1))
    for a, b in zip(first, again, strict=True):
      for name in a:
        self.assertAllEqual(a[name], b[name])
    want = [r['input_ids'] for r in self._records]
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
        self._load(is_training=True, seed=1, global_batch_size=_COUNT,
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
    self.assertEqual(sum(rows), _COUNT)
    self.assertEqual(rows, [20, _COUNT - 20])
    with self.assertRaisesRegex(ValueError, '2 files for 3 workers'):
      self._load(tf.distribute.InputContext(3, 0, 3), global_batch_size=3)

  @parameterized.parameters('/*.tfrecord', '/part-0*,{}/part-1*')
  def test_paths_may_be_globs(self, pattern: str):
    path = self._folder + pattern.format(self._folder)
    rows = sum(len(b['input_mask']) for b in self._load(input_path=path))
    self.assertEqual(rows, _COUNT)

  def test_records_that_do_not_fit(self):
    # 32 would hold the longest record, but not the [PAD] after it.
    with self.assertRaisesRegex(ValueError, 'up to 32 tokens.*Set it to 33'):
      self._load(seq_length=32)
    other = self.make_file(
        'other.txt', '\n'.join((*written_records.TOKENS, 'x')))
    with self.assertRaisesRegex(ValueError, 'another vocabulary'):
      self._load(vocab_file=other)
    os.remove(os.path.join(self._folder, 'manifest.json'))
    with self.assertRaisesRegex(FileNotFoundError, 'manifest.json'):
      self._load()

  @parameterized.parameters(
      ({'vocab_file': ''}, 'vocab_file is not set'),
      ({'input_path': ''}, 'input_path is not set'),
      ({'masked_lm_rate': 1.5}, 'masked_lm_rate is 1.5'),
      ({'max_predictions_per_seq': 0}, 'max_predictions_per_seq is 0'),
      ({'start_batch': -1}, 'start_batch is -1'),
      ({'start_batch': 1}, 'start_batch is 1, but an evaluation'),
      ({'start_batch': 1, 'is_training': True}, 'seed is not set'))
  def test_bad_settings(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      self._load(**settings)

  def test_no_records(self):
    with self.assertRaisesRegex(FileNotFoundError, 'has no file of records'):
      self._load(input_path=self.make_folder())

  def _change_manifest(self, name: str, **fields) -> None:
    path = os.path.join(self._folder, 'manifest.json')
    manifest = files.read_json(path)
    manifest['files'][name].update(fields)
    files.write_json(path, manifest)

  def test_a_file_that_is_not_as_the_manifest_says_is_named(self):
    path = os.path.join(self._folder, 'part-1.tfrecord')
    data = files.read_bytes(path)
    self._change_manifest('part-1.tfrecord', bytes=len(data),
                          sha256=hashlib.sha256(data).hexdigest())
    self._load()
    for changed, message in (
        (b'', 'has 0 bytes'), (data[:-40], f'has {len(data) - 40:,} bytes'),
        (data[:-1] + bytes([data[-1] ^ 1]), 'has another checksum')):
      files.write_bytes(path, changed)
      for input_path in (self._folder, path):
        with self.assertRaisesRegex(ValueError, f'part-1.tfrecord {message}'):
          self._load(input_path=input_path)

  def test_a_damaged_record_is_found(self):
    path = os.path.join(self._folder, 'part-1.tfrecord')
    found = record_files.find_records(self._folder)
    self.assertEqual(record_files.find_damage(found), '')
    os.truncate(path, os.path.getsize(path) - 1)
    self.assertRegex(record_files.find_damage(found),
                     f'{path} is damaged .*record')

  def test_a_folder_of_any_name(self):
    parent = self.make_folder()
    for name in ('run [v1]', 'Doe, Jane', 'a\\b'):
      folder = os.path.join(parent, name)
      self._write(folder, [self._records])
      self.assertEqual(record_files.find_records(f'{folder},{self._folder}'), [
          f'{folder}/part-0.tfrecord', f'{self._folder}/part-0.tfrecord',
          f'{self._folder}/part-1.tfrecord'])
      next(iter(self._load(input_path=folder)))

  def test_compressed_files_are_found_and_mix_with_others(self):
    folder = self.make_folder()
    self._write(folder, [self._records[:20], self._records[20:]],
                compressed=[0])
    names = [os.path.basename(f)
             for f in record_files.find_records(folder)]
    self.assertEqual(names, ['part-1.tfrecord', 'part-0.tfrecord.gz'])
    got = np.concatenate([self._original(b) for b in self._load(
        input_path=folder)])
    want = [r['input_ids'] for r in self._records[20:] + self._records[:20]]
    self.assertAllEqual(got, tf.ragged.constant(want).to_tensor(
        shape=[None, 33]))
    epoch = next(iter(self._load(
        input_path=folder, is_training=True, global_batch_size=_COUNT)))
    self.assertCountEqual(self._original(epoch).tolist(), got.tolist())

  def test_only_compressed_files(self):
    folder = self.make_folder()
    self._write(folder, [self._records], compressed=[0])
    rows = sum(len(b['input_mask']) for b in self._load(input_path=folder))
    self.assertEqual(rows, _COUNT)

  def test_whole_words_are_masked_on_request(self):
    options = {'global_batch_size': _COUNT, 'max_predictions_per_seq': 8,
               'masked_lm_rate': 0.25}
    is_piece = np.array([t.startswith('##') for t in written_records.TOKENS])

    def cut_words(batch):
      """Counts word pieces whose neighbour in the word is not predicted."""
      ids, cut = self._original(batch), 0
      for row, positions, weights in zip(
          ids, batch['masked_lm_positions'].numpy(),
          batch['masked_lm_weights'].numpy(), strict=True):
        chosen = set(positions[weights > 0].tolist())
        for i in range(2, len(row)):
          if is_piece[row[i]] and row[i - 1] > 4:
            cut += (i in chosen) != (i - 1 in chosen)
      return cut

    self.assertEqual(cut_words(next(iter(self._load(
        whole_word_masking=True, **options)))), 0)
    self.assertGreater(cut_words(next(iter(self._load(**options)))), 20)

  def test_nothing_to_train_on(self):
    folder = self.make_folder()
    self._write(folder, [[], self._records])
    self.assertLen(next(iter(self._load(
        input_path=folder, is_training=True)))['input_mask'], 16)
    with self.assertRaisesRegex(ValueError, 'no record in .*part-0.tfrecord'):
      self._load(tf.distribute.InputContext(2, 0, 2), input_path=folder,
                 is_training=True)


class StaticRecordsTest(parameterized.TestCase, temporary.TemporaryFiles,
                        tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file(
        'vocab.txt', '\n'.join(written_records.TOKENS))
    self._folder = self.make_folder()
    self._records = written_records.static_records(21)
    written_records.write_folder(
        self._folder, [self._records[:9], self._records[9:]], self._vocab,
        compressed=[1], masking='static', max_predictions_per_seq=4)

  def _load(self, **kwargs) -> tf.data.Dataset:
    config = loader.MobileBertPretrainDataConfig(**{
        'input_path': self._folder, 'vocab_file': self._vocab,
        'global_batch_size': 8, 'seq_length': 36,
        'max_predictions_per_seq': 6, 'is_training': False} | kwargs)
    return data_loader_factory.get_data_loader(config).load()

  def test_batches_equal_what_was_written(self):
    names = {'input_word_ids': 'input_ids', 'input_type_ids': 'segment_ids'}
    batches = list(self._load())
    for name, spec in self._load(is_training=True).element_spec.items():
      got = np.concatenate([b[name].numpy() for b in batches])
      want = np.array([r[names.get(name, name)] for r in self._records])
      self.assertEqual(
          got.dtype,
          np.float32 if name == 'masked_lm_weights' else np.int32, name)
      width = {32: 36, 4: 6, 1: 1}[want.shape[1]]
      want = np.pad(want, [(0, 0), (0, width - want.shape[1])])
      self.assertAllEqual(got, want)
      self.assertEqual(spec.shape.as_list(), [8, width])
      self.assertEqual(spec.dtype, got.dtype)
    self.assertNotIn('next_sentence_labels', self._load(
        use_next_sentence_label=False).element_spec)

  def test_an_epoch_of_training_has_each_record_once(self):
    batch = next(iter(self._load(is_training=True, global_batch_size=21)))
    got = batch['input_word_ids'].numpy()[:, :32].tolist()
    want = [list(r['input_ids']) for r in self._records]
    self.assertCountEqual(got, want)
    self.assertNotEqual(got, want)

  @parameterized.parameters(
      ({'whole_word_masking': True}, 'static: whether whole words'),
      ({'max_predictions_per_seq': 3}, 'up to 4 predictions.*Set it to 4'),
      ({'seq_length': 32}, 'up to 32 tokens.*Set it to 33'))
  def test_settings_that_do_not_fit(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      self._load(**settings)

  def test_both_kinds_at_once(self):
    other = self.make_folder()
    written_records.write_folder(
        other, [written_records.dynamic_records(3)], self._vocab)
    with self.assertRaisesRegex(ValueError, 'Read one kind at a time'):
      self._load(input_path=f'{self._folder},{other}')


if __name__ == '__main__':
  tf.test.main()
