# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The C++ library gives what the package's own text modules give."""

import json
import pathlib
import subprocess
import tempfile
import types
import unicodedata
import unittest

from absl.testing import absltest
from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import numpy as np
import pytest

from mobilebert_tf.tasks.question_answering import spans
from mobilebert_tf.tasks.token_classification import kind as token_kind
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib
from mobilebert_tf.text import windows as windows_lib
from tests import python_files
from tests import shared_data
from tests.examples import goldens
from tests.examples import native_text
from tests.examples import unicode_tables
from tests.text import unicode_versions

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', '##a',
           '##b', 'é', '##é', 'A', 'e', '##e', '中', '한', 'σ', '##ς',
           '.', '#', '##', '[', 'sep', '🦜', 'ab', '##ab', "'", 's')
_LABELS = ('O', 'B-PER', 'I-PER', 'S-LOC', 'E-PER', 'B-LOC')
_CASES = ((True, 20), (False, 20), (settings.KEEP_ACCENTS, 200),
          *((case, 100) for case in getattr(settings, 'OTHER_CASES', ())
            if case != settings.KEEP_ACCENTS))
_QUESTIONS = dict(max_length=16, doc_stride=3, query_length=4, n_best=5,
                  max_answer_length=4, max_windows=40)
# Marks of several classes, also such as are no accents (U+302E, U+1D165).
_ODD = ("aAbBé\u0301\u0323\u302e\U0001d165Σς.[]#' 中한ᄒ🦜İ\t\x00\x85\xad"
        "\u2028\ufffd\ud83d\ude00’sS-$3½²_")
_TEXTS = strategies.one_of(
    strategies.text(strategies.characters(
        exclude_categories=(), exclude_characters=unicode_versions.NEWER),
                    max_size=30),
    strategies.text(_ODD, max_size=40),
    strategies.text('aéE中 ', min_size=15, max_size=45),
    # Words of running text.
    strategies.lists(strategies.sampled_from(
        ['U.S.', 'a.b.', '"', '((', 'Ann\'s', '’s', '...', '3.5', 'a', '中b中',
         '$3.5', 'mid-1990s', '²²', '\xa0', '\x1c', '\x85', ' ', '.']),
                     max_size=12).map(''.join))
_BYTES = strategies.one_of(
    strategies.binary(max_size=20),
    strategies.lists(strategies.sampled_from(
        [b'a', b' ', b'\xc3', b'\xa9', b'\xe4\xb8', b'\xad', b'\xed',
         b'\xa0\x80', b'\xf0\x9f', b'\xa6\x9c', b'\xf4\x90', b'\xe0\x80',
         b'\xff', b'\xce\xa3', b'\x00']), max_size=12).map(b''.join))
# All but most of the Chinese, the Hangul, and the planes that are unassigned.
_CODES = ((0, 0x3500), (0x4d00, 0x4f00), (0x9f00, 0xad00), (0xd700, 0x20100),
          (0x2a600, 0x2a800), (0x2ce00, 0x2d000), (0x2f700, 0x2fb00),
          (0xe0000, 0xe0200), (0x10ff00, 0x110000))
_NEWER = frozenset(unicode_versions.NEWER)
_FEW = hypothesis.settings(max_examples=150, deadline=None)


def setUpModule():
  if native_text.compiler() is None:
    raise unittest.SkipTest('There is no C++ compiler.')


def _places(value: str, encoding: int) -> list[int]:
  """Returns where each character begins in an encoding, and the end."""
  name = {native_text.UTF8: 'utf-8', native_text.UTF16: 'utf-16-le',
          native_text.UTF32: 'utf-32-le'}[encoding]
  sizes = [len(x.encode(name, 'surrogatepass')) // encoding for x in value]
  return np.cumsum([0, *sizes]).tolist()


class UnicodeTablesTest(absltest.TestCase):

  def test_tables_are_those_of_python(self):
    content = unicode_tables.PATH.read_text('utf-8')
    if f': Unicode {unicodedata.unidata_version}.' not in content:
      self.skipTest('They are of another version of Unicode.')
    self.assertEqual(content, unicode_tables.build())


class TokenizerTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.pairs = [
        (plain_tokenizer.PlainTokenizer(_TOKENS, *case),
         native_text.Reader(_TOKENS, (), *case)) for case in _CASES]

  def _assert_equal(self, value, plain, reader, encoding=native_text.UTF32):
    wanted = plain.tokenize_with_offsets([value])
    ids, starts, ends = reader.tokenize(value, encoding)
    self.assertEqual(ids, wanted.ids.tolist(), ascii(value)[:80])
    if isinstance(value, str):
      places = _places(value, encoding)
      self.assertEqual(starts, [places[i] for i in wanted.starts])
      self.assertEqual(ends, [places[i] for i in wanted.ends])

  @parameterized.parameters(True, False, settings.KEEP_ACCENTS)
  def test_all_golden_cases(self, lower_case):
    path = shared_data.path('data/vocab/vocab.txt')
    tokens = vocabulary_lib.Vocabulary.read(path).tokens
    plain = plain_tokenizer.PlainTokenizer(tokens, lower_case)
    reader = native_text.Reader(tokens, lower_case=lower_case)
    cases = json.loads(shared_data.path(
        'data/fixtures/tokenizer_golden.json').read_text('utf-8'))['cases']
    for case in cases:
      self._assert_equal(case['text'], plain, reader)
      if lower_case is True:
        self.assertEqual(reader.tokenize(case['text'])[0], case['ids'])

  def test_the_goldens_of_other_languages(self):
    found = json.loads(goldens.PATH.read_text('utf-8'))
    self.assertEqual(found, goldens.build())
    for case in found['cases']:
      reader = native_text.Reader(
          found['vocabulary'], (), case['lower_case'], case['max_word_length'])
      self.assertEqual(reader.tokenize(case['text']), (
          case['ids'], case['starts'], case['ends']), ascii(case['text']))

  def test_every_character(self):
    for first, end in _CODES:
      value = ' '.join(f'a{chr(code)}b' for code in range(first, end)
                       if chr(code) not in _NEWER)
      for plain, reader in self.pairs:
        self._assert_equal(value, plain, reader)

  @_FEW
  @hypothesis.given(value=_TEXTS)
  def test_any_text(self, value):
    for plain, reader in self.pairs:
      self._assert_equal(value, plain, reader)
      # In UTF-16 two halves are a character.
      value = value.encode('utf-16', 'surrogatepass').decode('utf-16', 'ignore')
      for encoding in (native_text.UTF8, native_text.UTF16):
        self._assert_equal(value, plain, reader, encoding)

  @_FEW
  @hypothesis.given(value=_BYTES)
  def test_any_bytes(self, value):
    for plain, reader in self.pairs:
      self._assert_equal(value, plain, reader)

  @parameterized.parameters(
      'a' * 20, 'a' * 21, 'é' * 20, 'é' * 21, 'e\u0301' * 15, '中' * 60,
      'a' * 20 + '.' + 'a' * 21 + 'b', '🦜' * 20, '🦜' * 21 + 'a b', 'a' * 200,
      'a' * 201, '[SEP] a [PAD][MASK]', '##a', 'a \ud83d b', '\ud800', '',
      'ΑΣ ΑΣ\xad', 'ΑΣ.Σ ΣΣ Σ', 'a\u0301\u0302 b', '\u0301', 'İa',
      'a\u302e\u0301b', 'a\U0001d165\u0323\u302e')
  def test_odd_texts(self, value):
    for plain, reader in self.pairs:
      self._assert_equal(value, plain, reader)

  def test_a_text_of_a_megabyte(self):
    _, reader = self.pairs[0]
    self.assertLen(reader.tokenize('éa ' * 250_000)[0], 500_000)
    self.assertEqual(reader.tokenize('é' * 500_000)[0], [1])


class RefusalsTest(parameterized.TestCase):

  @parameterized.parameters(
      (('[PAD]', '[UNK]', '[CLS]'), r'lacks \[SEP\]'),
      (('[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'a'), 'line 6 is empty, or'),
      (('[PAD]', '[UNK]', '[CLS]', '[SEP]', '', 'a'), 'line 5 is empty, or'))
  def test_vocabularies(self, tokens, message):
    with self.assertRaisesRegex(ValueError, message):
      native_text.Reader(tokens)

  @parameterized.parameters(
      dict(max_word_length=0), dict(max_word_length=1000), dict(max_length=2),
      {**_QUESTIONS, 'n_best': 0}, {**_QUESTIONS, 'query_length': 13},
      {**_QUESTIONS, 'null_threshold': float('nan')})
  def test_settings(self, **fields):
    with self.assertRaises(ValueError):
      native_text.Reader(_TOKENS, **fields)

  def test_vocabulary_of_windows(self):
    reader = native_text.Reader('\ufeff' + '\r\n'.join(_TOKENS))
    self.assertEqual(reader.tokenize('ab')[0], [_TOKENS.index('ab')])


class TextsTest(parameterized.TestCase):

  @parameterized.product(first=[0, 1, 5, 9, 20], second=[None, 0, 1, 6, 30],
                         max_length=[3, 4, 12, 13])
  def test_rows_are_the_packers(self, first, second, max_length):
    reader = native_text.Reader(_TOKENS, max_length=max_length)
    texts = [' '.join('ab' * first)]
    if second is not None:
      texts.append(' '.join('ba' * second))
    segments = plain_tokenizer.PlainTokenizer(_TOKENS).tokenize(texts)
    budget = max_length - 1 - len(texts)
    kept = plain_tokenizer.trim(segments, budget)
    ids, kinds = plain_tokenizer.Packer(
        vocabulary_lib.Vocabulary(_TOKENS))(kept)
    with reader.request('request', *map(native_text.text, texts)) as request:
      [row] = request.rows(padding=3)
      self.assertEqual(request.truncated, sum(map(len, segments)) > budget)
    self.assertEqual(row.tolist(), [
        [*ids, 0, 0, 0], [1] * len(ids) + [0] * 3, [*kinds, 0, 0, 0]])


def _random(rng: np.random.Generator, *shape: int) -> np.ndarray:
  """Returns few different numbers, so that many are equal."""
  return (rng.integers(0, 6, shape) / 4).astype(np.float32)


class WordsTest(absltest.TestCase):

  @_FEW
  @hypothesis.given(value=_TEXTS, max_length=strategies.integers(3, 12),
                    seed=strategies.integers(0, 99))
  def test_labels_and_entities_are_the_runners(self, value, max_length, seed):
    rng = np.random.default_rng(seed)
    outputs, found_rows = [], []

    def run(segments):
      [pieces] = segments
      found_rows.append([2, *pieces, 3])
      outputs.append(_random(rng, len(pieces) + 3, len(_LABELS)))
      return {'probabilities': [outputs[-1]]}

    runner = types.SimpleNamespace(
        run=run, check_finite=lambda _: None,
        tokenizer=plain_tokenizer.PlainTokenizer(_TOKENS),
        vocabulary=vocabulary_lib.Vocabulary(_TOKENS),
        metadata=types.SimpleNamespace(labels=_LABELS, max_length=max_length))
    [wanted] = token_kind.answer_with_file(runner, [value])
    reader = native_text.Reader(_TOKENS, _LABELS, max_length=max_length)
    with reader.request('request_words', native_text.text(value)) as request:
      rows = request.rows(padding=0)
      self.assertEqual([row[0].tolist() for row in rows], found_rows)
      for row, output in enumerate(outputs):
        self.assertTrue(request.add_probabilities(row, output))
      self.assertEqual(request.words(), [
          (word.start, word.end, word.label, word.probability)
          for word in wanted.words])
      labels = {word.start: word.label for word in wanted.words}
      self.assertEqual(request.entities(), [
          (each.start, each.end, labels[each.start], each.probability)
          for each in wanted.entities])
      self.assertEqual(request.truncated, wanted.truncated)


class QuestionsTest(absltest.TestCase):

  @_FEW
  @hypothesis.given(
      question=_TEXTS, context=strategies.lists(_TEXTS, max_size=3).map(
          ' '.join), allow_no_answer=strategies.booleans(),
      null_threshold=strategies.sampled_from([-1.0, 0.0, 0.5]),
      seed=strategies.integers(0, 99))
  def test_answers_are_the_runners(self, question, context, allow_no_answer,
                                   null_threshold, seed):
    rng = np.random.default_rng(seed)
    plain = plain_tokenizer.PlainTokenizer(_TOKENS)
    plan = windows_lib.WindowPlan(
        plain.tokenize_with_offsets([question]),
        plain.tokenize_with_offsets([context]), [0],
        windows_lib.WindowSettings(
            _QUESTIONS['max_length'], _QUESTIONS['doc_stride'],
            _QUESTIONS['query_length']))
    finder = spans.SpanFinder(plan, spans.SpanSettings(
        _QUESTIONS['n_best'], _QUESTIONS['max_answer_length']))
    reader = native_text.Reader(
        _TOKENS, allow_no_answer=allow_no_answer,
        null_threshold=null_threshold, **_QUESTIONS)
    texts = map(native_text.text, (question, context))
    with reader.request('request_answer', *texts) as request:
      if len(plan) > _QUESTIONS['max_windows']:
        self.assertIsNone(request)
        return
      rows = request.rows(padding=0)
      self.assertLen(rows, len(plan))
      for row, inputs in enumerate(rows):
        asked, part = plan.pieces(row)
        self.assertEqual(inputs[0].tolist(), [2, *asked, 3, *part, 3])
        logits = _random(rng, 2, inputs.shape[1])
        finder.add(row, *logits)
        self.assertTrue(request.add_logits(row, *logits))
      [wanted] = spans.choose_all(finder, [question], [context],
                                  allow_no_answer, null_threshold)
      found = request.answer()
      self.assertEqual(found.found, wanted.start is not None)
      self.assertEqual((found.start, found.end),
                       (wanted.start or 0, wanted.end or 0))
      self.assertAlmostEqual(found.score, wanted.score, places=12)
      self.assertEqual(found.null_odds, wanted.null_odds)
      self.assertEqual(request.truncated, wanted.truncated)

  def test_numbers_that_are_not_finite_are_refused(self):
    reader = native_text.Reader(_TOKENS, **_QUESTIONS)
    texts = map(native_text.text, ('a', 'b'))
    with reader.request('request_answer', *texts) as request:
      logits = np.zeros([2, 5], np.float32)
      logits[1, 3] = np.nan
      self.assertFalse(request.add_logits(0, *logits))
      self.assertFalse(request.answer().found)
    reader = native_text.Reader(_TOKENS, _LABELS)
    with reader.request('request_words', native_text.text('a')) as request:
      self.assertFalse(request.add_probabilities(
          0, np.full([3, len(_LABELS)], np.inf, np.float32)))
      self.assertFalse(request.add_probabilities(
          0, np.zeros([3, 2], np.float32)))


class SanitizersTest(absltest.TestCase):

  @pytest.mark.slow
  def test_random_calls(self):
    with tempfile.TemporaryDirectory() as folder:
      program = pathlib.Path(folder, 'fuzz_text')
      native_text.compile_to(
          program, '-g', '-O1', '-fsanitize=address,undefined',
          '-fno-sanitize-recover=all',
          str(python_files.ROOT / 'tests/examples/fuzz_text.cc'))
      subprocess.run([program, '1000', '1'], check=True, timeout=300)


if __name__ == '__main__':
  absltest.main()
