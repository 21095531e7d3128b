# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The samples for phones answer as `TFLiteRunner` does."""

from collections.abc import Iterable
import dataclasses
import functools
import pathlib
import tempfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import pytest

import mobilebert_tf
from tests.deployment import tiny_tflite
from tests.examples import phones
from tests.inference import tiny_classifier

_LANGUAGES = (('kotlin', 'kotlin'), ('swift', 'swift'))
_BUILDERS = {'kotlin': phones.build_kotlin, 'swift': phones.build_swift}
_TEXTS = ('', 'w1', 'w3 w9 🦜 w4, W5', 'Ünï w7\u0301 İΣ', *(
    tiny_classifier.text(words, first=words) for words in (5, 6, 13, 37, 60)))
_WORDS = (*_TEXTS, 'w1 🦜, "w2 w3\'s" w9.', '\x01', 'w4 ' * 90)
_QUESTIONS = (
    ('w1 w2', 'w3 w4 🦜 w5 w6'), ('w1', tiny_classifier.text(120)),
    (tiny_classifier.text(30), tiny_classifier.text(50)), (' ', 'w1'),
    ('w1', ''))


@functools.cache
def _folder() -> pathlib.Path:
  return pathlib.Path(tempfile.mkdtemp())


@functools.cache
def _file(task: str, **fields) -> pathlib.Path:
  """Returns a file of a task in a folder of its own."""
  folder = _folder() / '_'.join([task, *fields])
  folder.mkdir()
  return tiny_tflite.build(folder, task, **fields).path


@functools.cache
def _command(language: str) -> list[str]:
  folder = _folder() / language
  folder.mkdir(exist_ok=True)  # Of a test before, where nothing compiles.
  return _BUILDERS[language](folder)


def _utf16(text: str, places: Iterable[int | None]) -> list[int | None]:
  """Returns places as Kotlin and Swift count them."""
  return [None if place is None
          else len(text[:place].encode('utf-16-le', 'surrogatepass')) // 2
          for place in places]


@pytest.mark.slow
class PhonesTest(parameterized.TestCase):

  def _open(self, language: str, task: str, **fields):
    """Returns the running sample, and the runner that it is compared with."""
    try:
      command = _command(language)
    except phones.MissingError as error:
      self.skipTest(f'There is no {error}.')
    path = _file(task, **fields)
    return phones.run(command, path), mobilebert_tf.TFLiteRunner(path)

  @parameterized.named_parameters(*_LANGUAGES)
  def test_labels_one_and_several(self, language):
    sample, runner = self._open(language, 'classification')
    with sample as phone:
      for text in _TEXTS:
        self.assertEqual(phone.call('classify', text=text),
                         runner.answer(text)._asdict())
      many = list(_TEXTS) * 3
      self.assertEqual(phone.call('threads', texts=many), [
          found._asdict() for found in runner.answer(many)])
      self.assertIn('pair', phone.call('classify', text='w1', pair='w2'))
      self.assertIn('of the task classification',
                    phone.call('score', text='w1'))
    sample, runner = self._open(language, 'multi_label_classification')
    with sample as phone:
      for text in _TEXTS:
        self.assertEqual(phone.call('labels', text=text), [
            found._asdict() for found in runner.answer(text)])

  @parameterized.named_parameters(*_LANGUAGES)
  def test_values_of_pairs_and_vectors(self, language):
    sample, runner = self._open(language, 'regression', pairs=True)
    with sample as phone:
      for text, pair in zip(_TEXTS, reversed(_TEXTS), strict=True):
        self.assertEqual(phone.call('score', text=text, pair=pair),
                         runner.answer(text, pair))
    sample, runner = self._open(language, 'sentence_embedding')
    with sample as phone:
      for text in _TEXTS[:3]:
        np.testing.assert_array_equal(
            np.float32(phone.call('embed', text=text)), runner.answer(text))

  @parameterized.named_parameters(*_LANGUAGES)
  def test_words_and_entities(self, language):
    sample, runner = self._open(language, 'token_classification')
    with sample as phone:
      for text in _WORDS:
        found, wanted = phone.call('words', text=text), runner.answer(text)
        self.assertEqual(found['truncated'], wanted.truncated)
        for name, label in (('words', 'label'), ('entities', 'type')):
          self.assertEqual(found[name], [{
              'text': each.text, 'label': getattr(each, label),
              'probability': each.probability, **dict(zip(
                  ('start', 'end'), _utf16(text, (each.start, each.end)),
                  strict=True))} for each in getattr(wanted, name)])

  @parameterized.named_parameters(*_LANGUAGES)
  def test_questions(self, language):
    settings = dataclasses.replace(
        tiny_tflite.QUESTIONS, allow_no_answer=True, null_threshold=-1.0,
        max_windows=20)
    sample, runner = self._open(
        language, 'question_answering', settings=settings)
    with sample as phone:
      for question, context in _QUESTIONS:
        found = phone.call('answer', text=question, pair=context)
        wanted = runner.answer(question, context)
        self.assertEqual(
            [found['start'], found['end']],
            _utf16(context, (wanted.start, wanted.end)))
        self.assertEqual(
            (found['text'], found['null_odds'], found['truncated']),
            (wanted.text, wanted.null_odds, wanted.truncated))
        self.assertAlmostEqual(found['score'], wanted.score, places=12)
      self.assertIn('max_windows', phone.call(
          'answer', text='w1', pair=tiny_classifier.text(900)))


if __name__ == '__main__':
  absltest.main()
