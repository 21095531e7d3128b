# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Parts of the quick start's sentence encoder."""

import importlib.util
import pathlib
from unittest import mock

import numpy as np
import tensorflow as tf

from mobilebert_tf.evaluation import retrieval
from mobilebert_tf.pipelines import sentence_quickstart
from mobilebert_tf.pipelines import settings as settings_lib
from tests.data import temporary
from tests.inference import tiny_classifier


class SentenceQuickstartTest(temporary.TemporaryFiles, tf.test.TestCase):

  def test_a_teacher_is_found_named_or_left_out(self):
    folder = pathlib.Path(self.make_folder())
    spec = mock.Mock(submodule_search_locations=[str(folder)])
    with mock.patch.object(importlib.util, 'find_spec', return_value=spec):
      self.assertEqual(sentence_quickstart.find_teacher('auto'), '')
      (folder / 'model').mkdir()
      self.assertEqual(
          sentence_quickstart.find_teacher('auto'), str(folder / 'model'))
      self.assertEqual(sentence_quickstart.find_teacher('none'), '')
    with mock.patch.object(importlib.util, 'find_spec', return_value=None):
      self.assertEqual(sentence_quickstart.find_teacher('auto'), '')
    self.assertEqual(sentence_quickstart.find_teacher('mine'), 'mine')
    with self.assertRaisesRegex(FileNotFoundError, 'no teacher at ./nowhere'):
      sentence_quickstart.find_teacher('./nowhere')

  def test_without_a_teacher_texts_are_told_apart_under_dropout(self):
    folder = pathlib.Path(self.make_folder())
    (folder / 'vocabulary').mkdir()
    tiny_classifier.write_vocabulary(str(folder / 'vocabulary'))
    settings = settings_lib.EmbeddingSettings(
        embedding_steps=20, embedding_batch_size=4, seed=3)
    params = sentence_quickstart.experiment(folder, None, settings)
    task = params.task
    self.assertEqual(task.losses.used(), {'ranking': 1.0})
    encoder = task.model.encoder.get()
    self.assertEqual(encoder.hidden_dropout_rate, 0.1)
    self.assertEqual(encoder.vocab_size, len(tiny_classifier.TOKENS))
    self.assertIsNone(task.model.output_size)
    self.assertEqual(task.train_data.vectors, '')
    self.assertEqual(task.train_data.global_batch_size, 4)
    self.assertEqual(params.trainer.train_steps, 20)
    self.assertEqual(params.trainer.optimizer_config.optimizer.type, 'adamw')

  def test_a_taught_student_has_the_teachers_size_and_text(self):
    folder = pathlib.Path(self.make_folder())
    (folder / 'teacher' / 'start').mkdir(parents=True)
    tiny_classifier.write_vocabulary(str(folder / 'teacher' / 'start'))
    teacher = {'size': 24, 'lower_case': False, 'max_word_length': 50}
    task = sentence_quickstart.experiment(
        folder, teacher, settings_lib.EmbeddingSettings()).task
    self.assertEqual(task.model.output_size, 24)
    self.assertEqual(task.train_data.lower_case, False)
    self.assertEqual(task.train_data.vectors, str(folder / 'teacher/vectors'))
    self.assertEqual(task.init_checkpoint, str(folder / 'teacher/start'))
    self.assertEqual(set(task.losses.used()),
                     {'cosine_distance', 'similarity_error'})

  def test_shared_words_find_passages(self):
    judged = retrieval.Judgements.of_pairs(
        ['sort the rows', 'draw an axis', 'a b'],
        ['rows of a frame', 'the axis of a plot', 'c b'])
    scores = sentence_quickstart.scores(
        judged, sentence_quickstart.word_vectors(judged))
    self.assertEqual(scores['recall@1']['mean'], 1.0)
    self.assertLess(scores['recall@1']['low'], 1.0)

  def test_stored_vectors_are_those_of_their_texts(self):
    store = mock.Mock(texts=['one', 'two'], vectors=np.eye(2))
    self.assertAllEqual(
        sentence_quickstart.stored(store)(['two', 'one']), np.eye(2)[::-1])


if __name__ == '__main__':
  tf.test.main()
