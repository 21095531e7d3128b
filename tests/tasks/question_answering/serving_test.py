# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A SavedModel's answers are those of `QuestionAnswerer`."""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.deployment import served_module
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import validation
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import serving
from mobilebert_tf.tasks.question_answering import spans
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer
from tests.inference import tiny_classifier
from tests.tasks.question_answering import tiny_model

# One syllable is three tokens, so different tokens are the same characters.
_TOKENS = (*tiny_classifier.TOKENS[:-3], 'ᄒ', '##ᅡ', '##ᆫ')
_WORDS = ('w1', 'W2', 'w3\u0301', 'w4.', '(w5)', 'é', '🦜', '👩‍👩‍👧', '中文',
          'שלום', '한', '한한', '…', '\u0301', '\x00', '\u200bw6', 'w7\ufffd',
          '\u0130')
_SPACES = (' ', '  ', '\n', '\u00a0')
_SETTINGS = {
    'plain': {},
    'no answer': {'allow_no_answer': True, 'null_threshold': -5.0},
    'few and short': {'n_best': 3, 'max_answer_length': 2, 'doc_stride': 1},
    'many and long': {'n_best': 500, 'max_answer_length': 40, 'doc_stride': 30},
}
_CHILD = """
import json, sys
import tensorflow as tf, tensorflow_text
folder, texts = sys.argv[1], json.load(sys.stdin)
serve = tf.saved_model.load(folder).signatures['serve_text']
served = serve(**{name: tf.constant(x) for name, x in texts.items()})
served = {name: value.numpy().tolist() for name, value in served.items()}
served['answer'] = [answer.decode() for answer in served['answer']]
assert not [name for name in sys.modules if name.startswith('mobilebert')]
print(json.dumps(served))
"""


def _random_text(rng: random.Random, words: int) -> str:
  parts = (f'w{rng.randrange(30)}' if rng.random() < 0.7 else rng.choice(_WORDS)
           for _ in range(words))
  return ''.join(part + rng.choice(_SPACES) for part in parts)


def _texts(seed: int) -> tuple[list[str], list[str]]:
  """Returns questions, some too long, and contexts of up to 12 windows."""
  rng = random.Random(seed)
  questions = [_random_text(rng, rng.choice((1, 3, 8, 60))) for _ in range(50)]
  contexts = [_random_text(rng, rng.choice((1, 5, 25, 90))) for _ in range(50)]
  odd = [('', 'w1'), ('w1', ''), (' \n\x1c\u3000', 'w1'), ('\x00', 'w1 w2'),
         ('w1', ' \x00\u200b'), ('', ''), ('w1', 'w1 ' * 300)]
  return ([*questions, *(q for q, _ in odd), questions[0]],
          [*contexts, *(c for _, c in odd), contexts[1]])


class QuestionAnsweringTest(parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.vocab_file = cls.folder / 'vocab.txt'
    cls.vocab_file.write_text('\n'.join(_TOKENS), 'utf-8')
    cls._modules, cls._served = {}, {}
    cls.trained = cls._train(tiny_model.model())
    flat = tiny_model.model()
    head = flat.checkpoint_items['span_labeler']
    head.kernel.assign(tf.zeros_like(head.kernel))
    cls.flat = cls._train(flat)

  @classmethod
  def _train(cls, model) -> loading.TrainedModel:
    return loading.TrainedModel(
        model, [], str(cls.vocab_file), lower_case=True,
        max_length=tiny_model.SEQ_LENGTH,
        kind=registry.get('question_answering'), pairs=True)

  def _module(self, trained=None, **settings
              ) -> serving.QuestionAnswering:
    """Returns a module, which is traced once for all tests that use it."""
    trained = trained or self.trained
    key = (id(trained), *settings.items())
    if key not in self._modules:
      self._modules[key] = serving.QuestionAnswering(
          rewriting.rewrite(trained.model),
          tokenizer.Tokenizer(trained.vocab_file), trained.max_length,
          **{'doc_stride': 8, 'query_length': trained.max_length // 2,
             **settings})
    return self._modules[key]

  def _pair(self, trained=None, **settings):
    """Returns a traced `serve_text` and an answerer with the same model."""
    key = (id(trained), *settings.items())
    if key not in self._served:
      module = self._module(trained, **settings)
      answerer = predictor.QuestionAnswerer(
          trained or self.trained, **{'doc_stride': 8, **settings})
      answerer._model = module.model
      self._served[key] = _serve_text(module), answerer
    return self._served[key]

  def _check(self, served, expected):
    for answer, row in zip(expected, _rows(served), strict=True):
      start, end = (-1 if x is None else x for x in (answer.start, answer.end))
      self.assertEqual((row['answer'], row['start'], row['end']),
                       (answer.text, start, end))
      self.assertAllClose([row['score'], row['null_odds']],
                          [answer.score, answer.null_odds], 1e-5, 1e-5)

  # === Answers ===

  @parameterized.named_parameters(
      (name.replace(' ', '_'), settings)
      for name, settings in _SETTINGS.items())
  def test_answers_equal_those_of_question_answerer(self, settings):
    serve, answerer = self._pair(**settings)
    for seed in range(3):
      questions, contexts = _texts(seed)
      expected = answerer.answer(questions, contexts)
      self._check(_call(serve, questions, contexts), expected)
      self.assertGreater(len({answer.text for answer in expected}), 30 if
                         not settings.get('allow_no_answer') else 10)
      if settings.get('allow_no_answer'):
        declined = [answer.score > 0 for answer in expected if not answer.text]
        self.assertGreater(sum(declined), 3)

  @parameterized.parameters(False, True)
  def test_ties(self, allow_no_answer):
    serve, answerer = self._pair(self.flat, allow_no_answer=allow_no_answer)
    questions, contexts = _texts(3)
    expected = answerer.answer(questions, contexts)
    self._check(_call(serve, questions, contexts), expected)
    self.assertIn(0.0, [answer.null_odds for answer in expected])

  # Each example is many pairs, since a call costs more than a pair.
  @hypothesis.settings(max_examples=8, deadline=None)
  @hypothesis.given(pairs=strategies.lists(strategies.tuples(*[
      strategies.lists(strategies.one_of(
          strategies.sampled_from(_WORDS + _SPACES + ('w1 w2 w3 ' * 9,)),
          strategies.text(strategies.characters(
              exclude_categories=('Cn', 'Cs')), max_size=5)),
          max_size=12).map(''.join)] * 2), min_size=1, max_size=24))
  def test_any_texts(self, pairs):
    questions, contexts = zip(*pairs, strict=True)
    for trained in (None, self.flat):
      serve, answerer = self._pair(trained, allow_no_answer=True)
      self._check(_call(serve, questions, contexts),
                  answerer.answer(questions, contexts))

  def test_batch_mates_do_not_matter(self):
    serve, _ = self._pair()
    questions, contexts = _texts(4)
    together = _rows(_call(serve, questions, contexts))
    for i in range(0, len(questions), 3):
      [alone] = _rows(_call(serve, questions[i:i + 1], contexts[i:i + 1]))
      for name, value in alone.items():
        if isinstance(value, str):
          self.assertEqual(value, together[i][name])
        else:
          self.assertAllClose(value, together[i][name], 1e-4, 1e-4)

  def test_bytes_that_are_not_utf_8(self):
    serve, answerer = self._pair()
    question, context = b'w1 \xff', b'\xff\xfew1\xff w2\xf0\x9f w3\xc3 ' * 5
    served = serve(question=tf.constant([question]),
                   context=tf.constant([context]))
    self._check(served, answerer.answer(
        *([text.decode('utf-8', 'replace')] for text in (question, context))))

  def test_nothing_is_asked(self):
    serve, _ = self._pair()
    served = _call(serve, [], [])
    self.assertEqual({tuple(x.shape) for x in served.values()}, {(0,)})

  def test_where_there_is_no_text_there_is_no_answer(self):
    served = _call(self._pair(allow_no_answer=True)[0], ['', 'w1'], ['w1', ''])
    for row in _rows(served):
      self.assertEqual(row, {
          'answer': '', 'start': -1, 'end': -1, 'score': 0.0,
          'null_odds': np.float32(spans.NO_TEXT_ODDS), 'truncated': False})

  def test_answers_of_a_model_compiled_by_xla(self):
    module = self._module(xla=True)
    _, answerer = self._pair()
    questions, contexts = ['w1', 'w2', 'w3'], ['w4 w5', 'w6', 'w7 w8 ' * 30]
    self._check(_call(_serve_text(module), questions, contexts),
                answerer.answer(questions, contexts))

  # === Ids, examples, files ===

  def test_logits_of_ids_and_examples(self):
    module = self._module()
    inputs = module.tokenizer.encode(['w1 w2', 'w3'], ['w4 w5 w6', 'w7'],
                                     max_length=20, length=30)
    by_ids = module.serve(**inputs)
    expected = self.trained.model(inputs, training=False)
    tokens = inputs['input_mask'] > 0
    for name, logits in zip(('start_logits', 'end_logits'), expected,
                            strict=True):
      self.assertEqual(by_ids[name].shape, [2, 30])
      self.assertAllClose(by_ids[name][tokens], logits[tokens], 1e-4, 1e-4)
    examples = [tf.train.Example(features=tf.train.Features(feature={
        name: tf.train.Feature(int64_list=tf.train.Int64List(
            value=inputs[name][i].numpy()[:10]))
        for name in validation.INPUT_NAMES})).SerializeToString()
                for i in range(2)]
    by_example = module.serve_examples(tf.constant(examples))
    self.assertEqual(set(by_example), {'start_logits', 'end_logits'})
    for name, logits in by_example.items():
      self.assertAllClose(logits, by_ids[name][:, :10], 1e-4, 1e-4)

  @pytest.mark.slow
  def test_a_saved_model_needs_no_mobilebert_tf(self):
    module = self._module(**_SETTINGS['no answer'])
    folder = str(self.folder / 'saved')
    tf.saved_model.save(module, folder, signatures=(
        module.get_inference_signatures(served_module.SIGNATURES)))
    questions, contexts = _texts(5)
    texts = json.dumps({'question': questions, 'context': contexts})
    child = subprocess.run(
        [sys.executable, '-c', _CHILD, folder], input=texts, text=True,
        cwd=self.folder, capture_output=True, check=False)
    self.assertEqual(child.returncode, 0, child.stderr[-2000:])
    _, answerer = self._pair(**_SETTINGS['no answer'])
    self._check(json.loads(child.stdout.splitlines()[-1]),
                answerer.answer(questions, contexts))

  # === Errors ===

  def test_as_many_contexts_as_questions(self):
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError,
                                'as many contexts as questions'):
      _call(self._pair()[0], ['w1', 'w2'], ['w3'])

  def test_damaged_weights(self):
    model = tiny_model.model()
    model.checkpoint_items['span_labeler'].bias.assign([np.inf, 0])
    module = self._module(self._train(model))
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError,
                                'logits that are not finite'):
      _call(_serve_text(module), ['w1'], ['w2 w3'])

  @parameterized.parameters(
      ({'n_best': 0}, 'n_best is 0'), ({'doc_stride': 0}, 'doc_stride is 0'),
      ({'max_answer_length': 0}, 'max_answer_length is 0'),
      ({'query_length': 38}, 'nothing is left for the context'))
  def test_numbers_that_make_no_sense(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      self._module(**settings)


def _serve_text(module):
  return module.get_inference_signatures({'serve_text': 'text'})['text']


def _call(serve, questions, contexts):
  return serve(question=tf.constant([x.encode() for x in questions], tf.string),
               context=tf.constant([x.encode() for x in contexts], tf.string))


def _rows(served):
  """Returns answers, one after the other, with their texts as strings."""
  columns = {name: np.asarray(x).tolist() for name, x in served.items()}
  columns['answer'] = [x.decode() if isinstance(x, bytes) else x
                       for x in columns['answer']]
  return [dict(zip(columns, values, strict=True))
          for values in zip(*columns.values(), strict=True)]


if __name__ == '__main__':
  tf.test.main()
