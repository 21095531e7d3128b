# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The quick start's sentence encoder, at a size of seconds."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.inference import embedder as embedder_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.modeling import contract

_STEPS = 8
_SECONDS = 300


def _document(i: int) -> str:
  title, rest = tiny_classifier.text(6, i), tiny_classifier.text(14, 3 * i + 1)
  return f'{title} {i}. {rest} {i}.'


class SentenceQuickstartTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())
    self.output = self.folder / 'output'
    self.text = self.make_file(
        'text.txt', '\n\n'.join(map(_document, range(60))) + '\n')

  def _start(self, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, '-m', 'mobilebert_tf.quickstart', '--task=embedding',
         f'--output_dir={self.output}', f'--text_files={self.text}',
         f'--teacher={self.folder / "teacher"}', '--max_seq_length=24',
         f'--embedding_steps={_STEPS}', '--embedding_batch_size=8', *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, 'TF_CPP_MIN_LOG_LEVEL': '3'})

  def _finish(self, *arguments: str) -> str:
    process = self._start(*arguments)
    shown, errors = process.communicate(timeout=_SECONDS)
    self.assertEqual(process.returncode, 0, errors[-3000:])
    return shown

  def _write_teacher(self) -> None:
    vocab_file = tiny_classifier.write_vocabulary(str(self.folder))
    model = modeling.SentenceEncoder(
        modeling.MobileBertEncoder(tiny_classifier.architecture(
            embedding_size=64, inter_block_size=64)), output_size=16)
    contract.randomize(model)
    embedder_lib.Embedder(
        model, tokenizer_lib.Tokenizer(vocab_file), 24).save_pretrained(
            str(self.folder / 'teacher'))

  def _kill_in_training(self) -> None:
    """Kills a run once its training has saved a checkpoint."""
    process = self._start()
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < deadline and not list(
        (self.output / 'student').glob('ckpt-*.index')):
      time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    self.assertEqual(process.returncode, -signal.SIGKILL, errors[-3000:])

  @pytest.mark.slow
  def test_a_killed_run_goes_on_and_answers(self):
    self._write_teacher()
    self._kill_in_training()
    question = tiny_classifier.text(5, 3)
    shown = self._finish(question)
    self.assertEqual(shown.count('done before'), 2)  # Passages and teacher.
    self.assertIn(f'Nearest to: {question}', shown)
    results = json.loads((self.output / 'results.json').read_text())
    self.assertEqual(
        [point['step'] for point in results['student']['curve']],
        list(range(1, _STEPS + 1)))
    self.assertEqual(results['student']['model']['size'], 16)
    self.assertGreater(results['export']['cosine'], 0.98)
    scores = results['retrieval']
    self.assertEqual(set(scores['models']), {'student', 'words', 'teacher'})
    self.assertEqual(scores['queries'], results['text']['held_out'])
    [answer] = results['answers']
    cosines = [found['similarity'] for found in answer['nearest']]
    self.assertLen(cosines, 3)
    self.assertEqual(cosines, sorted(cosines, reverse=True))
    self.assertIn('image/svg+xml', (self.output / 'report.html').read_text())


if __name__ == '__main__':
  tf.test.main()
