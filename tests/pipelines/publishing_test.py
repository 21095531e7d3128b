# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Models go to a hub, which is a server of ours, and come back by their name.
"""

import hashlib
import pathlib
import shutil

import huggingface_hub
import tensorflow as tf

import mobilebert_tf
from mobilebert_tf.pipelines import publishing
from mobilebert_tf.training import run
from tests import hub_server
from tests import tiny_runs
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.pipelines import tiny

_TEXTS = [tiny_classifier.text(3 + i, i) for i in range(5)]


class PublishingTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())
    trained = tiny_classifier.build(self.folder)
    self.model = self.folder / 'mine'
    trained.model.save_pretrained(str(self.model),
                                  vocab_file=trained.vocab_file)

  def _serve(self, **options):
    return hub_server.serve(str(self.folder / 'cache'), **options)

  def test_a_folder_is_uploaded_and_loaded_by_its_name(self):
    export = pathlib.Path(self.make_file('mine.tflite', b'T' * 5000))
    with self._serve() as hub:
      address = publishing.push(self.model, 'me/mine', licence='mit',
                                exports=[export], private=True)
      files = hub.repositories['me/mine']
      self.assertEqual(address.partition('/me/')[2],
                       f'mine/commit/{hub.commit_id("me/mine")}')
      self.assertTrue(hub.private['me/mine'])
      self.assertEqual(set(files), {
          *(path.name for path in self.model.iterdir()), 'mine.tflite'})
      self.assertEqual(files['mine.tflite'], export.read_bytes())
      self.assertIn('POST /api/validate-yaml', hub.requests)
      self.assertTrue(any('lfs/objects/batch' in each for each in hub.requests))

      card = huggingface_hub.ModelCard(files['README.md'].decode())
      self.assertEqual(card.data.license, 'mit')
      self.assertNotIn('None is named yet', card.text)

      with mobilebert_tf.load('me/mine') as loaded:
        found = loaded.batch(_TEXTS)
      self.assertEqual(found, mobilebert_tf.load(self.model).batch(_TEXTS))

      with self.subTest('again, with what has changed'):
        (self.model / 'README.md').write_text(str(card) + '\nMore.\n')
        publishing.push(self.model, 'me/mine')
        self.assertIn(b'More.', files['README.md'])

  def test_a_run_is_uploaded_as_a_folder_that_others_load(self):
    run_folder = tiny.fine_tune(
        self.folder / 'tables', tiny.write_start(self.folder / 'tables'))
    with self._serve() as hub:
      publishing.push(run_folder, 'me/run', licence='mit')
      files = hub.repositories['me/run']
      self.assertIn('model.safetensors', files)
      card = huggingface_hub.ModelCard(files['README.md'].decode())
      self.assertEqual(card.data.license, 'mit')
      self.assertIn('## Evaluation', card.text)
      with mobilebert_tf.load('me/run') as loaded:
        found = loaded.batch(_TEXTS)
    for one, other in zip(found, mobilebert_tf.load(run_folder).batch(_TEXTS),
                          strict=True):
      self.assertEqual(one.label, other.label)
      self.assertAllClose(one.probability, other.probability)

  def test_without_a_licence_nothing_is_sent(self):
    with self._serve() as hub:
      with self.assertRaisesRegex(ValueError, 'The card names no licence'):
        publishing.push(self.model, 'me/mine')
      with self.assertRaisesRegex(ValueError, "licence is 'mine'"):
        publishing.push(self.model, 'me/mine', licence='mine')
      with self.assertRaisesRegex(FileNotFoundError, 'absent.tflite'):
        publishing.push(self.model, 'me/mine', licence='mit',
                        exports=['absent.tflite'])
      self.assertEmpty(hub.requests)

  def test_a_folder_of_another_format_says_what_to_do(self):
    with self.assertRaisesRegex((ValueError, FileNotFoundError), 'checkpoint'):
      publishing.push(self.folder, 'me/mine', licence='mit')

  def test_whoever_is_not_logged_in_is_told(self):
    with self._serve(token=None):
      with self.assertRaisesRegex(PermissionError, 'hf auth login'):
        publishing.push(self.model, 'me/mine', licence='mit')

  def test_whoever_may_not_write_is_told(self):
    with self._serve() as hub:
      hub.refusal = 403
      with self.assertRaisesRegex(PermissionError, 'write to me/mine'):
        publishing.push(self.model, 'me/mine', licence='mit')


class TrainingCardTest(tiny_runs.TinyRuns, tf.test.TestCase):

  def test_a_run_of_training_has_a_card(self):
    folder = pathlib.Path(self.make_folder(), 'encoder')
    run.run_experiment(self.params(tiny_runs.PRETRAIN, self.settings(2)),
                       'train', str(folder))
    publishing.write_card(folder)
    text = (folder / 'README.md').read_text()
    card = huggingface_hub.ModelCard(text)
    self.assertEqual(card.data.pipeline_tag, 'fill-mask')
    records = pathlib.Path(self.records)
    total = sum(path.stat().st_size for path in records.glob('*.tfrecord*'))
    checksum = hashlib.sha256(
        (records / 'manifest.json').read_bytes()).hexdigest()
    self.assertIn(f'| 2 | {total:,} | `{checksum}` |', text)
    self.assertNotIn(self.records, text)  # On whose machine it is.
    last = run.read_metrics(str(folder / run.METRICS_FILE))[-1]
    self.assertIn(f'| Training loss | {last["training_loss"]:.5g} |', text)
    for row in ('Steps | `2`', 'Texts of a step | `4`', 'Seed | `3`',
                'Optimizer | `lamb_reference`'):
      self.assertIn(f'| {row} |', text)

    with self.subTest('what people say stays'):
      publishing.write_card(folder, licence='mit')
      publishing.write_card(folder)
      self.assertEqual(huggingface_hub.ModelCard.load(
          folder / 'README.md').data.license, 'mit')

    with self.subTest('what somebody has edited is not replaced'):
      (folder / 'README.md').write_text(text + '\nMore.\n')
      with self.assertRaisesRegex(FileExistsError, 'edited'):
        publishing.write_card(folder)

    with self.subTest('data that are gone have no checksum'):
      shutil.rmtree(records)
      publishing.write_card(folder, overwrite=True)
      self.assertNotIn(checksum, (folder / 'README.md').read_text())

  def test_other_folders_are_refused(self):
    with self.assertRaisesRegex(FileNotFoundError, 'holds no run'):
      publishing.write_card(self.records)


if __name__ == '__main__':
  tf.test.main()
