# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A `.tflite` file answers as its Keras model does, and nothing else matters.
"""

import dataclasses
import pathlib
import shutil
import subprocess
import sys
import tempfile
from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer
from tests.data import temporary
from tests.deployment import tiny_tflite
from tests.inference import tiny_classifier

_text = tiny_classifier.text
# Around the lengths of the signatures and of what is cut off.
_TEXTS = [_text(words, first=words) for words in (
    0, 1, 2, 4, 5, 6, 12, 13, 14, 15, 36, 37, 38, 60, 500)]
_ODD_TEXTS = {
    'empty': '',
    'white space': ' \n\t ',
    'emoji': 'w1 👩‍👩‍👧 w2 🏴',
    'a megabyte': _text(350_000),
    'a word of a megabyte': 'w' * 1_000_000,
    'not UTF-8': b'w1 \xff\xfe\xc3( w2',
    'NUL': b'w1\x00 w2',
    'half a character': 'w1 \ud83d w2',
}
_SCORES = {'classification': 'probabilities', 'regression': 'score',
           'embedding': 'mean_output'}


class TFLiteRunnerTest(parameterized.TestCase, temporary.TemporaryFiles,
                       tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.files, cls.runners = {}, {}
    for task in tiny_tflite.TASKS:
      (cls.folder / task).mkdir()
      cls.files[task] = tiny_tflite.build(
          cls.folder / task, task, dynamic_length=task == 'regression')
      cls.runners[task] = registry.TFLiteRunner(cls.files[task].path)
    cls.tokenizer = tokenizer.Tokenizer(
        tiny_classifier.write_vocabulary(cls.folder))

  def _expected(self, task: str, texts, pairs=None) -> np.ndarray:
    """Returns what Keras computes, of one batch."""
    inputs = self.tokenizer.encode(
        texts, pairs, max_length=tiny_classifier.MAX_LENGTH)
    return self.files[task].compute(**inputs)[_SCORES[task]].numpy()

  def _repack(self, of: str = 'classification',
              **fields) -> tflite_runner.TFLiteRunner:
    """Returns a runner of a file that says something else of itself."""
    file = self.files[of]
    return registry.TFLiteRunner(self.make_file(
        'repacked.tflite', tflite_file.pack(
            file.flatbuffer, dataclasses.replace(file.metadata, **fields),
            tiny_tflite.VOCABULARY)))

  def _used(self, runner: tflite_runner.TFLiteRunner) -> list[str]:
    """Returns the signatures that either kind of engine has made ready."""
    return sorted(runner._signatures.engine._ready)

  # === The same as Keras ===

  @parameterized.parameters('classification', 'regression', 'embedding')
  def test_scores_are_those_of_keras(self, task):
    expected = self._expected(task, _TEXTS)
    self.assertGreater(np.std(expected, axis=0).min(), 0.01)  # They differ.
    scores = self.runners[task].scores(_TEXTS)
    self.assertAllClose(scores, expected, 1e-5, 1e-5)
    self.assertEqual(scores.dtype, np.float32)

  def test_answers_of_a_classifier(self):
    runner, expected = self.runners['classification'], self._expected(
        'classification', _TEXTS)
    found = runner.answer(_TEXTS)
    self.assertEqual([answer.label for answer in found],
                     [tiny_classifier.LABELS[i] for i in expected.argmax(-1)])
    self.assertAllClose([answer.probability for answer in found],
                        expected.max(-1), 1e-5, 1e-5)
    self.assertGreater(len({answer.label for answer in found}), 1)
    self.assertEqual(runner.answer(_TEXTS[3]), found[3])
    self.assertEqual(runner.answer(_TEXTS[3].encode()), found[3])

  def test_answers_of_a_regression_and_an_encoder(self):
    score = self.runners['regression'].answer('w1 w2')
    self.assertIsInstance(score, float)
    self.assertAllClose(score, self._expected('regression', ['w1 w2'])[0])
    [vector] = self.runners['embedding'].answer(['w1 w2'])
    self.assertAllClose(vector, self._expected('embedding', ['w1 w2'])[0],
                        1e-5, 1e-5)

  def test_pairs(self):
    runner = self._repack(pairs=True)
    texts = [_text(n, n) for n in (0, 3, 3, 30, 18, 19, 60)]
    pairs = [_text(n, 5 + n) for n in (2, 0, 3, 30, 18, 18, 1)]
    expected = self._expected('classification', texts, pairs)
    self.assertAllClose(runner.scores(texts, pairs), expected, 1e-5, 1e-5)
    swapped = runner.scores(pairs, texts)
    self.assertNotAllClose(swapped[1:3], expected[1:3], 1e-3, 1e-3)
    answer = runner.answer(texts[2], pairs[2])
    self.assertAllClose(answer.probability, expected[2].max(), 1e-5, 1e-5)

  def test_questions(self):
    runner = self.runners['question_answering']
    trained = tiny_classifier.build_span_labeler(self.make_folder())
    contexts = [_text(5), _text(90, 2), '  W1,\tw2 w4\u0301 🦜 שלום w5\x00.',
                '', _text(20), _text(90, 2), 'w3']
    questions = [_text(3), _text(2, 4), 'w1 w2', 'w1', ' ', _text(60), 'w9']
    for fields in ({}, {'allow_no_answer': True, 'null_threshold': -3.0}):
      settings = dataclasses.replace(
          runner.metadata.settings, **fields)
      found = self._repack('question_answering', settings=settings
                           ).answer(questions, contexts)
      expected = predictor.QuestionAnswerer(
          trained, doc_stride=8, **fields).answer(questions, contexts)
      for mine, keras, context in zip(found, expected, contexts, strict=True):
        self.assertEqual((mine.text, mine.start, mine.end),
                         (keras.text, keras.start, keras.end))
        self.assertAllClose(mine.score, keras.score, 1e-3, 1e-4)
        self.assertAllClose(mine.null_odds, keras.null_odds, 1e-3, 1e-4)
        self.assertEqual(mine.text, context[mine.start:mine.end]
                         if mine.text else '')
        self.assertLen(mine.n_best, len(keras.n_best))
      self.assertEqual({answer.text == '' for answer in found}, {True, False})

  def test_a_context_of_more_windows_than_the_file_allows_is_refused(self):
    runner = self.runners['question_answering']
    few = self._repack('question_answering', settings=dataclasses.replace(
        runner.metadata.settings, max_windows=2))
    self.assertNotEmpty(few.answer('w1', _text(20)).n_best)
    with self.assertRaisesRegex(ValueError, 'more than 2 windows .*Shorten it'):
      few.answer('w1', _text(90, 2))

  def test_a_context_is_tokenised_once(self):
    runner = self.runners['question_answering']
    with mock.patch.object(
        runner.tokenizer, 'tokenize_with_offsets',
        wraps=runner.tokenizer.tokenize_with_offsets) as tokenize:
      found = runner.answer(['w1', 'w2', b'w1'], [b'w3 w4', 'w5', 'w3 w4'])
    self.assertEqual(tokenize.call_args_list,
                     [mock.call(['w1', 'w2', 'w1']),
                      mock.call(['w3 w4', 'w5'])])
    self.assertEqual(found[0], found[2])

  # === Lengths ===

  @parameterized.parameters(
      (0, 'serve_8'), (5, 'serve_8'), (6, 'serve_16'), (13, 'serve_16'),
      (14, 'serve_40'), (37, 'serve_40'), (500, 'serve_40'))
  def test_the_shortest_signature_that_holds_a_text_and_a_pad(self, words,
                                                              name):
    runner = registry.TFLiteRunner(self.files['embedding'].path)
    self.assertEmpty(self._used(runner))  # Made when first used.
    with mock.patch.object(runner._signatures, 'output_size', return_value=16):
      runner.answer(_text(words))
    self.assertEqual(self._used(runner), [name])

  def test_any_length_where_the_file_has_it(self):
    runner = registry.TFLiteRunner(self.files['regression'].path)
    runner.scores([_text(5), _text(13), _text(37)])  # These fit.
    self.assertEqual(self._used(runner), ['serve_16', 'serve_40', 'serve_8'])
    self.assertAllClose(
        runner.scores(_TEXTS), self._repack(
            'regression', dynamic_length=False).scores(_TEXTS), 1e-5, 1e-5)
    self.assertIn('serve_dynamic', self._used(runner))
    only = self._repack('regression', lengths=())
    self.assertAllClose(only.scores(_TEXTS), runner.scores(_TEXTS), 1e-5, 1e-5)
    self.assertEqual(self._used(only), ['serve_dynamic'])

  def test_an_answer_depends_on_no_padding(self):
    longest = self._repack(lengths=(tiny_classifier.MAX_LENGTH + 1,))
    self.assertAllClose(longest.scores(_TEXTS),
                        self.runners['classification'].scores(_TEXTS),
                        1e-5, 1e-5)
    self.assertEqual(self._used(longest), ['serve_40'])

  def test_tokens_are_counted_whole(self):
    runner = self.runners['classification']
    counts = runner.count_tokens([_text(3), '', 'x y.', _text(500)])
    self.assertEqual(counts.tolist(), [5, 2, 5, 502])
    self.assertEqual(counts.dtype, np.int32)
    counts = self.runners['question_answering'].count_tokens(
        ['w1'], [_text(200)])
    self.assertEqual(counts.tolist(), [204])

  # === Odd texts ===

  @parameterized.named_parameters(
      (name.replace(' ', '_').replace('-', '_'), text)
      for name, text in _ODD_TEXTS.items())
  def test_odd_texts_are_answered(self, text):
    [scores] = self.runners['classification'].scores([text])
    raw = text if isinstance(text, bytes) else text.encode('utf-8', 'ignore')
    [expected] = self._expected('classification', [raw])
    self.assertAllClose(scores, expected, 1e-5, 1e-5)

  def test_odd_contexts_are_answered(self):
    runner = self.runners['question_answering']
    for text in _ODD_TEXTS.values():
      if len(text) < 100:  # A megabyte is 45,000 windows.
        answer = runner.answer('w1', text)
        self.assertEqual(bool(answer.n_best), bool(text.strip()))

  def test_10_000_texts(self):
    texts = [_text(i % 9, i) for i in range(10_000)]
    scores = self.runners['classification'].scores(texts)
    self.assertEqual(scores.shape, (10_000, 3))
    picked = list(range(0, 10_000, 997))
    self.assertAllClose(
        scores[picked],
        self._expected('classification', [texts[i] for i in picked]),
        1e-5, 1e-5)

  def test_no_texts(self):
    self.assertEqual(self.runners['classification'].scores([]).shape, (0, 3))
    self.assertEqual(self.runners['embedding'].scores([]).shape, (0, 16))
    self.assertEqual(self.runners['regression'].scores([]).shape, (0,))
    self.assertEqual(self.runners['classification'].answer([]), [])
    self.assertEqual(self.runners['question_answering'].answer([], []), [])
    self.assertEqual(self.runners['regression'].count_tokens([]).shape, (0,))

  # === Errors ===

  def test_pairs_where_there_should_be_none_and_the_other_way_round(self):
    classifier = self.runners['classification']
    with self.assertRaisesRegex(ValueError, 'reads single texts'):
      classifier.answer('w1', 'w2')
    with self.assertRaisesRegex(ValueError, 'reads single texts'):
      classifier.count_tokens(['w1'], ['w2'])
    with self.assertRaisesRegex(ValueError, 'reads pairs of texts: give both'):
      self._repack(pairs=True).scores(['w1'])
    questions = self.runners['question_answering']
    with self.assertRaisesRegex(ValueError, 'a question and the context'):
      questions.answer('w1')
    with self.assertRaisesRegex(ValueError, '2 texts and 1 pairs'):
      questions.answer(['w1', 'w2'], ['w3'])
    with self.assertRaisesRegex(ValueError, r'Use answer\(question, context\)'):
      questions.scores(['w1'], ['w2'])

  @parameterized.parameters(
      (None, r"not 'None' \(NoneType\)"), (3, r"not '3' \(int\)"),
      (['w1', None], 'number 1 is .*NoneType'),
      (['w1', float('nan')], r"number 1 is 'nan' \(float\)"),
      ([['w1']], r'number 0 is .* \(list\)'))
  def test_what_is_no_text(self, texts, message):
    with self.assertRaisesRegex(TypeError, message):
      self.runners['classification'].answer(texts)

  def test_one_text_where_several_were_meant(self):
    with self.assertRaisesRegex(TypeError, r"not 'w1' \(str\)"):
      self.runners['classification'].scores('w1')
    questions = self.runners['question_answering']
    with self.assertRaisesRegex(TypeError, r"pairs was .*not 'w1' \(str\)"):
      questions.answer(['w1', 'w2'], 'w1')
    with self.assertRaisesRegex(TypeError, 'its pair has to be one string'):
      questions.answer('w1', ['w1'])

  def test_threads_that_make_no_sense(self):
    with self.assertRaisesRegex(ValueError, 'num_threads is 0'):
      registry.TFLiteRunner(self.files['regression'].path, num_threads=0)

  def test_numbers_that_are_none(self):
    runner = self.runners['classification']
    with mock.patch.object(runner._signatures, 'run', return_value={
        'probabilities': np.array([[np.nan, 0, 1]])}):
      with self.assertRaisesRegex(ValueError, 'not finite'):
        runner.answer('w1')

  def test_a_missing_file(self):
    with self.assertRaisesRegex(FileNotFoundError, 'no file /x/y.tflite'):
      registry.TFLiteRunner('/x/y.tflite')

  @parameterized.parameters(0.0, 0.25, 0.5, 0.9, 0.999)
  def test_a_file_that_was_cut_off(self, share):
    data = self.files['classification'].path.read_bytes()
    path = self.make_file('cut.tflite', data[:int(share * len(data))])
    with self.assertRaisesRegex(ValueError, f'{path} is damaged'):
      registry.TFLiteRunner(path)

  def test_files_of_others(self):
    path = self.make_file('other.tflite',
                          self.files['classification'].flatbuffer)
    with self.assertRaisesRegex(ValueError, 'not what export_tflite wrote'):
      registry.TFLiteRunner(path)
    packed = tflite_file.pack(
        b'no flatbuffer ' * 99, tiny_tflite.metadata(), tiny_tflite.VOCABULARY)
    path = self.make_file('other.tflite', packed)
    with self.assertRaisesRegex(ValueError, f'{path} is damaged'):
      registry.TFLiteRunner(path)

  @parameterized.parameters(
      ({'lengths': (8, 24, 40)}, 'lacks the signature serve_24'),
      ({'dynamic_length': True}, 'lacks the signature serve_dynamic'),
      ({'labels': ('no', 'yes')}, '2 labels for 3 outputs'),
      ({'kind': registry.get('regression'), 'labels': ()},
       'serve_8 has to .* give score'))
  def test_metadata_that_the_model_contradicts(self, fields, message):
    with self.assertRaisesRegex(ValueError, f'repacked.tflite.*{message}'):
      self._repack(**fields)

  # === Without TensorFlow ===

  def test_it_answers_without_tensorflow(self):
    program = (
        'import sys\n'
        'import mobilebert_tf\n'
        'for path in sys.argv[1:]:\n'
        '  runner = mobilebert_tf.TFLiteRunner(path)\n'
        '  pair = "w3 w4" if runner.metadata.kind.reads_pairs else None\n'
        '  print(runner.answer("Wé1 w2", pair))\n'
        'heavy = {"tensorflow", "tf_keras", "tensorflow_text", "official"}\n'
        'assert not heavy & set(sys.modules), heavy & set(sys.modules)\n')
    found = subprocess.run(
        [sys.executable, '-c', program,
         *(str(file.path) for file in self.files.values())],
        check=True, capture_output=True, text=True,
        cwd=pathlib.Path(__file__).parents[2]).stdout.splitlines()
    shown = dict(zip(self.files, found, strict=False))
    self.assertStartsWith(shown['classification'], "Label(label='")
    self.assertIn("LabelledWord(text='Wé1', start=0, end=3, label='",
                  shown['token_classification'])
    self.assertIn("Answer(text='w", shown['question_answering'])


if __name__ == '__main__':
  tf.test.main()
