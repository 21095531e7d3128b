# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""add_exits, finetune --early_exit, augment, adapt, choose and extract."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import huggingface_hub
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.compression.adaptive_width_depth import training
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier
from tests.pipelines import tiny

_TRAINING = ('--epochs=0.5', '--batch_size=8', '--learning_rate=1e-3')


@pytest.mark.slow
class CompressionProgramsTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.start = tiny.write_start(cls.folder, num_blocks=2)
    cls.whole = tiny.fine_tune(cls.folder, cls.start)

  def _run(self, verb: str, *flags: str) -> str:
    done = subprocess.run(
        [sys.executable, '-m', 'mobilebert_tf', verb, *flags],
        capture_output=True, text=True, check=False, timeout=300)
    self.assertEqual(done.returncode, 0, f'{verb}: {done.stderr[-3000:]}')
    return done.stdout

  def test_exits_are_added_to_a_run(self):
    folder = self.folder / 'exits'
    printed = self._run('add_exits', f'--model_dir={self.whole}',
                        f'--output_dir={folder}', *_TRAINING)
    results = json.loads((folder / 'results.json').read_text())
    self.assertIn(f'{results["mean_blocks"]:.2f} of 2 blocks', printed)
    with self.subTest('its card says how good it is, and when texts leave'):
      card = huggingface_hub.ModelCard.load(folder / 'README.md')
      self.assertEqual(card.data.pipeline_tag, 'text-classification')
      for said in ('## Evaluation', 'On 10 held-out texts.', '- Thresholds: ',
                   '- The whole model: '):
        self.assertIn(said, card.text)

  def test_a_model_is_fine_tuned_and_given_exits(self):
    folder = self.folder / 'both'
    self._run('finetune', '--task=classification', '--early_exit',
              '--text_column=review', '--label_column=stars',
              f'--train_file={self.folder / "train.csv"}',
              f'--dev_file={self.folder / "dev.csv"}',
              f'--init_checkpoint={self.start}', f'--output_dir={folder}',
              *_TRAINING)
    found = registry.load(str(folder / 'early_exit'))
    self.assertEqual(found.model.exit_blocks, (1,))

  def test_what_cannot_have_exits_is_refused_before_training(self):
    single = self.folder / 'single'
    checkpoints.write(training.extract(self.start, depth=0.5), str(single),
                      'mobilebert_tf')
    for flags, said in (
        ((f'--init_checkpoint={single}', '--task=classification'),
         'An encoder of one block has no earlier exit'),
        ((f'--init_checkpoint={self.start}', '--task=regression'),
         'Early exits are for classification with one label')):
      done = subprocess.run(
          [sys.executable, '-m', 'mobilebert_tf', 'finetune', '--early_exit',
           '--text_column=review', '--label_column=stars', *flags,
           f'--train_file={self.folder / "train.csv"}',
           f'--dev_file={self.folder / "dev.csv"}',
           f'--output_dir={self.folder / "refused"}'],
          capture_output=True, text=True, check=False, timeout=300)
      self.assertNotEqual(done.returncode, 0)
      self.assertIn(said, done.stderr)
      self.assertFalse((self.folder / 'refused').exists())

  @pytest.mark.exhaustive
  def test_a_family_is_made_measured_and_cut(self):
    augmented = self.folder / 'augmented.jsonl'
    self._run('augment', f'--model_dir={self.whole}', '--copies=1',
              f'--masked_lm={tiny.write_masked_lm(self.folder)}',
              f'--output={augmented}')
    family = self.folder / 'family'
    printed = self._run('adapt', f'--model_dir={self.whole}', '--widths=1,0.5',
                        '--depths=1,0.5', f'--augmented={augmented}',
                        f'--output_dir={family}', *_TRAINING)
    self.assertIn('--width=0.5 --depth=0.5', printed)
    rows = [line.split() for line in printed.splitlines()]
    self.assertIn(['0.5', '0.5', '1'], [row[:3] for row in rows])
    card = huggingface_hub.ModelCard.load(family / 'README.md')
    self.assertIn('| 0.5 | 0.5 | 1 |', card.text)

    printed = self._run('choose', f'--model_dir={family}', '--rounds=1',
                        '--quantization=none', '--size=100MB', '--length=16',
                        f'--output_dir={self.folder / "files"}')
    self.assertIn('Chosen: ', printed)
    runner = registry.TFLiteRunner(self.folder / 'files' / 'chosen.tflite')
    self.assertIn(runner.answer(tiny_classifier.text(4)).label,
                  ('bad', 'good'))

    member = self.folder / 'member'
    printed = self._run('extract', f'--model_dir={family}', '--width=0.5',
                        f'--output={member}')
    self.assertIn('2 blocks of 1 heads', printed)
    self.assertEqual(
        checkpoints.read(str(member)).architecture.num_attention_heads, 1)


if __name__ == '__main__':
  tf.test.main()
