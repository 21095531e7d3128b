# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A `.tflite` file labels words as `TokenPredictor` does, without TensorFlow.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
from unittest import mock

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies as st
import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import tflite
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.token_classification import kind as kind_lib
from mobilebert_tf.tasks.token_classification import predictor
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.tasks.token_classification import tiny_tagger

_TEXTS = tiny_tagger.texts()
_REAL = agreement.RealTexts(_TEXTS, source='the test')
_CHILD = """
import sys
import mobilebert_tf
found = mobilebert_tf.TFLiteRunner(sys.argv[1]).answer('w1 w2, Wé1')
assert len(found.words) == 4, found
heavy = {'tensorflow', 'tf_keras', 'tensorflow_text', 'official', 'seqeval',
         'sklearn', 'scipy', 'absl'}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


class FileAnswersTest(parameterized.TestCase, temporary.TemporaryFiles,
                      tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.trained = tiny_tagger.build(cls.folder)
    cls.predictor = predictor.TokenPredictor(cls.trained)
    cls.file = cls.folder / 'model.tflite'
    tflite.write(cls.trained, cls.file, _REAL, lengths=[8, 16],
                 quantization='none', dynamic_length=True,
                 largest_disagreement=0.0)
    cls.runner = registry.TFLiteRunner(cls.file)
    cls.fixed = registry.TFLiteRunner(cls.file, use_dynamic_length=False)

  def _check(self, found: list[kind_lib.LabelledText],
             texts: list[str]) -> None:
    expected = self.predictor.answer(texts)
    for text, (words, entities, _), keras in zip(
        texts, found, expected, strict=True):
      self._check_same(words, keras)
      self._check_same(entities, kind_lib.find_entities(text, keras))
      for each in (*words, *entities):
        self.assertEqual(each.text, text[each.start:each.end])

  def _check_same(self, found, expected) -> None:
    for one, other in zip(found, expected, strict=True):
      self.assertEqual({**vars(one), 'probability': 0},
                       {**vars(other), 'probability': 0})
      self.assertAllClose(one.probability, other.probability, atol=1e-5)

  def test_words_and_entities_are_those_of_keras(self):
    for runner in (self.runner, self.fixed):
      found = runner.answer(_TEXTS)
      self._check(found, _TEXTS)
    self.assertGreater(sum(len(each.entities) for each in found), 10)
    self.assertEqual(self.runner.answer(_TEXTS[3]), found[3])

  @hypothesis.settings(max_examples=40, deadline=None, derandomize=True)
  @hypothesis.given(st.lists(st.one_of(
      st.text(max_size=60),  # Halves of surrogate pairs among them.
      st.lists(st.sampled_from(tiny_tagger.WORDS + tiny_tagger.SPACES),
               max_size=50).map(''.join)), min_size=1, max_size=3))
  def test_any_text_is_labelled_as_by_keras(self, texts):
    self._check(self.fixed.answer(texts), texts)

  def test_bytes_that_are_not_utf8_become_replacement_characters(self):
    raw = [b'w1 \xff\xfe\xc3( w2', b'w1\xf0\x9f', b'']
    self._check(self.runner.answer(raw),
                [text.decode('utf-8', 'replace') for text in raw])

  def test_nothing(self):
    self.assertEqual(self.runner.answer(''), kind_lib.LabelledText([], []))
    self.assertEqual(self.runner.answer([]), [])

  def test_the_file_says_what_it_is(self):
    metadata = self.runner.metadata
    self.assertEqual((metadata.task, metadata.labels, metadata.lengths),
                     ('token_classification', tiny_classifier.TAGS, (8, 16, 40))
                     )
    with self.assertRaisesRegex(ValueError, r'no scores.*Use answer\(text\)\.'):
      self.runner.scores(['w1'])

  def test_labels_of_single_words_mark_no_entities(self):
    metadata = self.runner.metadata
    with mock.patch.object(
        self.runner, 'metadata', mock.Mock(wraps=metadata, **{
            'labels': ('N', 'V', 'A', 'P', 'X'), 'kind': metadata.kind,
            'max_length': metadata.max_length, 'pairs': False})):
      found = self.runner.answer('w1 w2')
    self.assertEqual(found.entities, [])
    self.assertLen(found.words, 2)

  def test_numbers_that_are_none(self):
    with mock.patch.object(self.runner, 'run', return_value={
        'probabilities': np.full([1, 40, 5], np.nan)}):
      with self.assertRaisesRegex(ValueError, 'not finite'):
        self.runner.answer('w1')

  @parameterized.parameters('float16', 'dynamic', 'int8')
  def test_quantized_labels_are_close(self, quantization):
    file = pathlib.Path(self.make_folder(), 'model.tflite')
    tflite.write(self.trained, file, _REAL, lengths=[16],
                 quantization=quantization, largest_disagreement=0.1)
    found = registry.TFLiteRunner(file).comparable(_TEXTS)
    kind = self.trained.kind
    shares = kind.differ(found, kind.answers(self.trained, _REAL))
    self.assertLess(np.mean(shares), 0.1)

  def test_it_has_no_signatures_of_text(self):
    with self.assertRaisesRegex(ValueError, 'labels words has no signatures'):
      tflite.write(self.trained, self.folder / 'x', _REAL, lengths=[16],
                   text_signatures=True)

  def test_an_export_with_other_labels_is_not_written(self):
    file = pathlib.Path(self.make_folder(), 'model.tflite')
    right = self.trained.kind.answers(self.trained, _REAL)
    wrong = [answer.replace('O', 'X') for answer in right]
    with mock.patch.object(
        type(self.trained.kind), 'answers', return_value=wrong):
      with self.assertRaisesRegex(
          ValueError, r'of 34 texts get another answer .*% of the answer on'):
        tflite.write(self.trained, file, _REAL, lengths=[16],
                     quantization='none')
    self.assertFalse(file.exists())

  def test_it_answers_without_tensorflow(self):
    subprocess.run([sys.executable, '-c', _CHILD, str(self.file)], check=True,
                   cwd=pathlib.Path(__file__).parents[3])


if __name__ == '__main__':
  tf.test.main()
