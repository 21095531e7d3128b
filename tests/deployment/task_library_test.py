# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The Task Library of TensorFlow Lite, MediaPipe's forerunner, runs our files.

Its last wheels are of Python 3.11, numpy 1 and protobuf 3, so that it has an
environment of its own, made by pip.
"""

import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
from typing import Any
import venv

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import pytest

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import tflite
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier

_PACKAGES = ('tflite-support==0.4.4', 'absl-py', 'cffi', 'flatbuffers',
             'numpy<2', 'protobuf<4', 'pybind11', 'pycparser', 'sounddevice')
_LENGTH = 384  # Of its question answerer, which knows no other.
_TEXTS = [tiny_classifier.text(words, first=words) for words in (
    0, 1, 2, 4, 5, 6, 12, 13, 20, 30, 35, 36, 37, 38, 60, 500)]
_QUESTIONS = [tiny_classifier.text(3, first=number) for number in range(32)]
_CONTEXTS = [tiny_classifier.text(20 + 5 * number, first=number)
             for number in range(32)]
_ASK = """
import json, sys
from tflite_support.task import text
task, path, given = json.load(sys.stdin)
runner = getattr(text, task).create_from_file(path)
if task == 'BertQuestionAnswerer':
  found = [[each.text for each in runner.answer(context, question).answers[:1]]
           for question, context in given]
elif task == 'TextEmbedder':
  found = [runner.embed(each).embeddings[0].feature_vector.value.tolist()
           for each in given]
else:
  found = [{head.category_name: head.score
            for head in runner.classify(each).classifications[0].categories}
           for each in given]
json.dump(found, sys.stdout)
"""


@pytest.mark.slow
class TaskLibraryTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    if sys.version_info[:2] != (3, 11):
      raise cls.skipTest(cls, 'The Task Library has wheels for Python 3.11.')
    environment = cls.folder / 'environment'
    venv.create(environment, with_pip=True)
    cls.python = environment / 'bin/python'
    installed = subprocess.run(
        [cls.python, '-m', 'pip', 'install', '--quiet', '--no-deps',
         *_PACKAGES], capture_output=True, text=True)
    if installed.returncode:
      raise cls.skipTest(
          cls, f'pip cannot install the Task Library: {installed.stderr}')

  def _ask(self, task: str, path: pathlib.Path, given: list[Any]) -> list[Any]:
    """Returns what a task of the library answers."""
    return json.loads(subprocess.run(
        [self.python, '-c', _ASK], input=json.dumps([task, str(path), given]),
        check=True, capture_output=True, text=True).stdout)

  def _write(self, trained: Any, texts: agreement.RealTexts,
             **options: Any) -> pathlib.Path:
    path = self.folder / f'{trained.kind.name}.tflite'
    tflite.write(trained, path, texts, largest_disagreement=1.0,
                 report=lambda line: None, **options)
    return path

  @parameterized.parameters(('none', 1e-5), ('float16', 1e-3))
  def test_classes(self, quantization, tolerance):
    texts = agreement.RealTexts(_TEXTS, source='numbers')
    trained = tiny_classifier.shrink(
        tiny_classifier.build(self.folder, **tiny_classifier.WIDE))
    found = self._ask('BertNLClassifier', self._write(
        trained, texts, runtime='mediapipe', quantization=quantization), _TEXTS)
    expected = trained.kind.answers(trained, texts)
    self.assertGreater(np.std(expected, axis=0).min(), 1e-3)  # They differ.
    np.testing.assert_allclose(
        [[each[label] for label in trained.labels] for each in found],
        expected, tolerance, tolerance)

  def test_it_has_no_operator_of_dynamic_files(self):
    trained = tiny_classifier.build(self.folder, **tiny_classifier.WIDE)
    path = self._write(trained, agreement.RealTexts(
        _TEXTS, source='numbers'), runtime='mediapipe')
    with self.assertRaises(subprocess.CalledProcessError) as context:
      self._ask('BertNLClassifier', path, _TEXTS[:1])
    self.assertIn("'FULLY_CONNECTED' version '12'", context.exception.stderr)

  def test_vectors(self):
    trained, texts = tiny_classifier.build(self.folder), agreement.RealTexts(
        _TEXTS, source='numbers')
    trained = dataclasses.replace(
        trained, kind=registry.get('embedding'), labels=[],
        model=trained.model.encoder)
    found = self._ask('TextEmbedder', self._write(
        trained, texts, runtime='mediapipe', quantization='none'), _TEXTS)
    np.testing.assert_allclose(
        found, trained.kind.answers(trained, texts), 1e-5, 1e-5)

  def test_questions(self):
    trained = dataclasses.replace(
        tiny_classifier.build_span_labeler(
            self.folder, max_position_embeddings=_LENGTH),
        max_length=_LENGTH - 1)
    path = self._write(trained, agreement.RealTexts(
        _QUESTIONS, _CONTEXTS, 'numbers'), lengths=[_LENGTH],
                       quantization='float16')
    asked = list(zip(_QUESTIONS, _CONTEXTS, strict=True))
    runner = registry.TFLiteRunner(path)
    found = self._ask('BertQuestionAnswerer', path, asked)
    same = [[runner.answer(*each).text] == answers
            for each, answers in zip(asked, found, strict=True)]
    # Answers have up to 32 tokens there, of the five best starts and ends of
    # all tokens, padding too, which a model has to have learned to leave.
    self.assertGreaterEqual(sum(same), 30)


if __name__ == '__main__':
  absltest.main()
