# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A folder goes on with the settings that it was begun with."""

import json
import pathlib

from absl.testing import absltest
import tensorflow as tf

from mobilebert_tf.compression import settings
from tests.data import temporary

_USUAL = {'epochs': 3.0, 'blocks': []}


class SettingsTest(temporary.TemporaryFiles, absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())

  def test_others_are_refused(self):
    settings.keep(self.folder, {'epochs': 1.0, 'blocks': (1, 2)}, _USUAL)
    settings.keep(self.folder, {'epochs': 1.0, 'blocks': [1, 2]}, _USUAL)
    with self.assertRaisesRegex(
        ValueError, r'begun with blocks \[1, 2\], and \[3\] is named'):
      settings.keep(self.folder, {'epochs': 1.0, 'blocks': (3,)}, _USUAL)

  def test_what_an_earlier_release_did_not_write_was_usual(self):
    (self.folder / settings.FILE).write_text(json.dumps({'epochs': 1.0}))
    settings.keep(self.folder, {
        'epochs': 1.0, 'blocks': (), 'weights': 'ab'}, _USUAL)
    with self.assertRaisesRegex(ValueError, r'begun with blocks \[\]'):
      settings.keep(self.folder, {'epochs': 1.0, 'blocks': (1,)}, _USUAL)

  def test_a_model_that_was_trained_anew_is_another(self):
    weight = tf.Variable(1.0)
    checkpoint = tf.train.Checkpoint(weight=weight)
    checkpoint.write(f'{self.folder}/ckpt-1')
    before = settings.source(f'{self.folder}/ckpt-1')
    self.assertEqual(settings.source(f'{self.folder}/ckpt-1'), before)
    weight.assign(2.0)
    checkpoint.write(f'{self.folder}/ckpt-1')
    after = settings.source(f'{self.folder}/ckpt-1')
    self.assertEqual(after['model_dir'], before['model_dir'])
    self.assertNotEqual(after['weights'], before['weights'])


if __name__ == '__main__':
  absltest.main()
