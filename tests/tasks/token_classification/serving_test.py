# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A SavedModel labels words as `TokenPredictor` does."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies as st
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import saved_model
from mobilebert_tf.deployment import saved_model_runner
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.token_classification import predictor
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.tasks.token_classification import tiny_tagger

_TEXTS = tiny_tagger.texts()
_REAL = agreement.RealTexts(_TEXTS, source='the test')
_TAGS = tiny_classifier.TAGS
_CHILD = """
import json, sys
import tensorflow as tf, tensorflow_text
loaded = tf.saved_model.load(sys.argv[1])
served = loaded.signatures['serve_text'](text=tf.constant(json.load(sys.stdin)))
assert not [name for name in sys.modules if name.startswith('mobilebert')]
print(json.dumps([[label.decode() for label in row]
                  for row in served['label'].numpy()]))
"""


class TokenClassificationTest(parameterized.TestCase, temporary.TemporaryFiles,
                              tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.trained = tiny_tagger.build(cls.folder)
    cls.predictor = predictor.TokenPredictor(cls.trained)
    cls.path = saved_model.write(
        cls.trained, cls.folder / 'saved', _REAL, largest_disagreement=0.0)
    cls.loaded = tf.saved_model.load(str(cls.path))

  def _serve(self, signature: str = 'serve_text', **inputs):
    found = self.loaded.signatures[signature](**{
        name: tf.constant(value) for name, value in inputs.items()})
    return {name: value.numpy() for name, value in found.items()}

  def _check(self, served, texts: list[str]) -> None:
    """Checks that outputs are the Keras model's."""
    for row, (text, words) in enumerate(zip(
        texts, self.predictor.answer(texts), strict=True)):
      count = len(words)
      found = {name: values[row] for name, values in served.items()}
      for name in ('text', 'label'):
        key = {'text': 'word'}.get(name, name)
        self.assertEqual([each.decode() for each in found[key][:count]],
                         [getattr(word, name) for word in words])
        self.assertEqual(set(found[key][count:]) - {b''}, set())
      for name in ('start', 'end'):
        self.assertEqual(found[name][:count].tolist(),
                         [getattr(word, name) for word in words], repr(text))
        self.assertAllEqual(found[name][count:],
                            [-1] * (len(found[name]) - count))
      self.assertAllClose(found['probability'][:count],
                          [word.probability for word in words], atol=1e-5)
      self.assertAllEqual(found['probability'][count:] == 0, found['start'][
          count:] == -1)
      self.assertAllEqual(found['labels'], [tag.encode() for tag in _TAGS])

  # === Text ===

  def test_the_texts_get_different_labels_and_are_long(self):
    labels = {word.label for words in self.predictor.answer(_TEXTS)
              for word in words}
    self.assertGreater(len(labels), 2)
    self.assertGreater(max(map(len, _TEXTS)), 1000)

  def test_it_has_four_signatures(self):
    self.assertEqual(
        set(self.loaded.signatures),
        {'serving_default', 'serve_examples', 'serve_text', 'serve_words'})

  def test_text_is_labelled_as_by_keras(self):
    self._check(self._serve(text=_TEXTS), _TEXTS)
    for text in _TEXTS[:8]:
      self._check(self._serve(text=[text]), [text])

  @hypothesis.settings(max_examples=40, deadline=None, derandomize=True)
  @hypothesis.given(st.lists(st.one_of(
      st.text(st.characters(exclude_categories=['Cs']), max_size=60),
      st.lists(st.sampled_from(tiny_tagger.WORDS + tiny_tagger.SPACES),
               max_size=50).map(''.join)), min_size=1, max_size=4))
  def test_any_text_is_labelled_as_by_keras(self, texts):
    self._check(self._serve(text=[text.encode() for text in texts]), texts)

  def test_bytes_that_are_not_utf8_become_replacement_characters(self):
    raw = [b'w1 \xff\xfe\xc3( w2', b'w1\xf0\x9f', b'\xff', 'é\u0301'.encode()]
    self._check(self._serve(text=raw),
                [text.decode('utf-8', 'replace') for text in raw])

  @parameterized.parameters(0, 1, 3)
  def test_texts_without_words(self, count):
    served = self._serve(text=np.array([b' '] * count, 'S1'))
    self.assertEqual(served['label'].shape, (count, 0))
    self.assertEqual(served['labels'].shape, (count, 5))

  def test_a_text_of_100_000_words(self):
    text = tiny_classifier.text(100_000)
    served = self._serve(text=[text, 'w1'])
    self.assertEqual(served['label'].shape, (2, 100_000))
    self.assertEqual(served['end'][0, -1], len(text))
    self.assertEqual((served['start'][1] >= 0).sum(), 1)

  # === Words ===

  def test_words_are_labelled_as_by_keras(self):
    sentences = [[word.text for word in words]
                 for words in self.predictor.answer(_TEXTS)]
    sentences[0] = ['New York', *sentences[0]]  # Any string is a word.
    longest = max(map(len, sentences))
    rows = [[*sentence, *[''] * (longest - len(sentence))]
            for sentence in sentences]
    rows.append(['', 'w1', '', 'w2'] + [''] * (longest - 4))
    served = self._serve('serve_words', words=rows)
    expected = self.predictor.scores([*sentences, ['w1', 'w2']])
    for row, scores in enumerate(expected):
      words = np.array(rows[row], object) != ''
      self.assertEqual(
          [label.decode() for label in served['label'][row][words]],
          [_TAGS[i] for i in scores.argmax(-1)])
      self.assertAllClose(served['probability'][row][words],
                          scores.max(-1, initial=0), atol=1e-5)
      self.assertAllEqual(served['label'][row] != b'', words)

  def test_no_words(self):
    served = self._serve('serve_words', words=np.zeros([2, 0], 'S1'))
    self.assertEqual(served['label'].shape, (2, 0))
    self.assertEqual(served['labels'].shape, (2, 5))

  # === Ids ===

  def test_ids_and_examples_get_probabilities_of_tokens(self):
    texts = [tiny_classifier.text(n, first=n) for n in (3, 1, 20, 36)]
    inputs = tokenizer_lib.Tokenizer(self.trained.vocab_file).encode(
        texts, max_length=tiny_classifier.MAX_LENGTH)
    mask = inputs['input_mask'].numpy()
    expected = tf.nn.softmax(self.trained.model(
        inputs, training=False)['logits']).numpy() * mask[..., np.newaxis]
    examples = [tf.train.Example(features=tf.train.Features(feature={
        'input_word_ids': tf.train.Feature(int64_list=tf.train.Int64List(
            value=row[used == 1]))})).SerializeToString()
                for row, used in zip(inputs['input_word_ids'].numpy(), mask,
                                     strict=True)]
    for served in (self._serve('serving_default', **inputs),
                   self._serve('serve_examples', examples=examples)):
      width = served['label_ids'].shape[1]  # Examples have no padding.
      self.assertAllClose(
          served['probabilities'], expected[:, :width], atol=1e-5)
      self.assertAllEqual(served['label_ids'], np.where(
          mask[:, :width] == 1, expected[:, :width].argmax(-1), -1))
      self.assertAllEqual(served['labels'],
                          [[tag.encode() for tag in _TAGS]] * 4)

  # === Programs ===

  @pytest.mark.slow
  def test_it_needs_nothing_of_this_package(self):
    found = subprocess.run(
        [sys.executable, '-c', _CHILD, str(self.path)],
        input=json.dumps(_TEXTS), capture_output=True, text=True, check=True,
        cwd=self.folder)
    served = self._serve(text=_TEXTS)['label']
    self.assertEqual(json.loads(found.stdout.splitlines()[-1]),
                     [[label.decode() for label in row] for row in served])

  def test_a_runner_recognises_it(self):
    runner = saved_model_runner.SavedModelRunner(self.path, registry.KINDS)
    self.assertEqual((runner.kind.name, runner.labels, runner.pairs),
                     ('token_classification', list(_TAGS), False))
    self.assertEqual(runner.comparable(_TEXTS),
                     self.trained.kind.answers(self.trained, _REAL))

  @pytest.mark.slow
  def test_xla_changes_no_answer(self):
    path = saved_model.write(
        self.trained, self.make_folder(), agreement.RealTexts(_TEXTS[-8:]),
        xla=True, largest_disagreement=0.0)
    served = tf.saved_model.load(str(path)).signatures['serve_text'](
        text=tf.constant(_TEXTS[-8:]))
    self._check({name: value.numpy() for name, value in served.items()},
                _TEXTS[-8:])


if __name__ == '__main__':
  tf.test.main()
