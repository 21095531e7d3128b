# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""start_student, convert_checkpoint, embed, search and mine_negatives."""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.data import vector_store
from mobilebert_tf.inference import embedder as embedder_lib
from mobilebert_tf import modeling
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.modeling import contract

_TEXTS = [tiny_classifier.text(3 + i % 5, i) for i in range(30)]


def _run(verb: str, *flags: str) -> str:
  done = subprocess.run(
      [sys.executable, '-m', 'mobilebert_tf', verb, *flags],
      capture_output=True, text=True, check=False, timeout=300)
  if done.returncode:
    raise AssertionError(f'{verb} {flags}: {done.stderr[-3000:]}')
  return done.stdout


@pytest.mark.slow
class EmbeddingProgramsTest(temporary.TemporaryFiles, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    temporary_folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(temporary_folder.cleanup)
    cls.folder = temporary_folder.name
    model = modeling.SentenceEncoder(
        modeling.MobileBertEncoder(tiny_classifier.architecture()),
        output_size=6)
    contract.randomize(model)
    cls.embedder = embedder_lib.Embedder(
        model, tokenizer_lib.Tokenizer(
            tiny_classifier.write_vocabulary(cls.folder)), 20)
    cls.model = os.path.join(cls.folder, 'model')
    cls.embedder.save_pretrained(cls.model)

  def setUp(self):
    super().setUp()
    self.texts = self.make_file('texts.txt', '\n'.join(_TEXTS))

  def _path(self, name: str) -> str:
    return os.path.join(self.folder, name)

  def test_vectors_are_written_in_each_form(self):
    expected = self.embedder.embed(_TEXTS)
    arguments = f'--model_dir={self.model}', f'--input={self.texts}'
    _run('embed', *arguments, f'--output={self._path("v.npy")}')
    self.assertAllClose(
        vector_store.VectorStore.open(self._path('v.npy'), self.texts).vectors,
        expected, 1e-5, 1e-6)
    lines = _run('embed', *arguments, '--output=-', '--width=4').splitlines()
    self.assertEqual([json.loads(line)['text'] for line in lines], _TEXTS)
    self.assertAllClose(
        np.asarray([json.loads(line)['vector'] for line in lines]),
        expected[:, :4] / np.linalg.norm(expected[:, :4], axis=1)[:, None],
        1e-5, 1e-6)

  def test_an_index_is_made_searched_and_mined(self):
    index = f'--index={self._path("index")}'
    model = f'--model_dir={self.model}'
    found = json.loads(_run('search', model, f'--documents={self.texts}', index,
                            f'--query={_TEXTS[7]}', '--top_k=3'))
    self.assertEqual(found['answers'][0]['text'], _TEXTS[7])
    self.assertLen(found['answers'], 3)
    again = _run('search', model, index, f'--query={_TEXTS[7]}', '--top_k=3')
    self.assertEqual(json.loads(again), found)
    pairs = self.make_file('pairs.tsv', 'text\tpair\n' + ''.join(
        f'{one}\t{other}\n' for one, other in zip(
            _TEXTS[::2], _TEXTS[1::2], strict=True)))
    output = self._path('triplets.jsonl')
    _run('mine_negatives', model, f'--input={pairs}', f'--output={output}',
         '--largest_share=1', '--negatives=2')
    with open(output, encoding='utf-8') as file:
      rows = [json.loads(line) for line in file]
    self.assertBetween(len(rows), 9, 15)
    self.assertEqual(
        list(rows[0]), ['text', 'pair', 'negative_0', 'negative_1'])

  def test_a_student_starts_with_its_words_and_is_converted(self):
    said = _run('start_student', f'--init_from={self.model}',
                '--override=embedding_size=4,num_blocks=1,inter_block_size=8,'
                'intra_block_size=8', f'--output={self._path("start")}')
    self.assertIn('word table of 35 x 4', said)
    _run('convert_checkpoint', f'--input={self.model}',
         f'--output={self._path("out")}',
         '--output_format=sentence_transformers')
    self.assertTrue(os.path.exists(self._path('out/modules.json')))


if __name__ == '__main__':
  tf.test.main()
