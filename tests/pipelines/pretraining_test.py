# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The quick start's text, vocabulary and records, and how they go on."""

import pathlib
from unittest import mock

import tensorflow as tf

from mobilebert_tf.data import record_writing
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from tests.data import temporary


class TextTest(temporary.TemporaryFiles, tf.test.TestCase):

  def test_records_of_both_parts_and_on_from_the_first(self):
    own = self.make_file('own.txt', '\n\n'.join(
        '\n'.join(f'This is line {i} of document {d}.' for i in range(9))
        for d in range(100)))
    settings = settings_lib.Settings(
        text_files=(own,), vocab_size=100, max_seq_length=24)
    folder = pathlib.Path(self.make_folder())
    collected = pretraining.collect(folder, settings)
    self.assertEqual(
        (collected['documents'], collected['held_out_documents']), (98, 2))
    pretraining.learn_vocabulary(folder, folder, settings)

    with mock.patch.object(record_writing.os, 'sched_getaffinity',
                           lambda _: {0}):
      first = pretraining.write_records(
          folder / 'records', folder, folder / 'vocab.txt', settings)
      parts = folder / 'records' / 'train'
      before = {path: path.stat().st_mtime_ns for path in parts.iterdir()}
      again = pretraining.write_records(
          folder / 'records', folder, folder / 'vocab.txt', settings)
    self.assertEqual(again, first)
    self.assertEqual(before, {p: p.stat().st_mtime_ns for p in parts.iterdir()})
    self.assertEqual({part: len(manifest['files'])
                      for part, manifest in first.items()},
                     {'train': 4, 'held_out': 1})
    self.assertEqual(first['train']['counts']['documents'], 98)
    self.assertEqual(first['held_out']['counts']['documents'], 2)
    self.assertEqual(first['train']['settings']['max_seq_length'], 24)


if __name__ == '__main__':
  tf.test.main()
