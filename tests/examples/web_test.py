# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The page of examples/web answers in a browser as the runners do in Python."""

from collections.abc import Iterator
import contextlib
import dataclasses
import functools
import http.server
import json
import pathlib
import random
import shutil
import subprocess
import threading
from typing import Any
import unicodedata
import unittest
import urllib.parse

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import pytest

from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib
from tests import python_files
from tests.data import temporary

_WEB = python_files.ROOT / 'examples/web'
_SCRIPTS = python_files.ROOT / 'tests/examples/web'
_LETTERS = 'abcdefghijklmnopqrstuvwxyz'
_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
           *map(chr, range(33, 127)), *(f'##{each}' for each in _LETTERS),
           'the', '##ing', 'cafe', 'café', 'uber', 'über', 'σ', '##ς', 'ı',
           '中', '文', '…', '½', 'ß', 'ﬁ', '##\u0301', 'i\u0307')
_TEXTS = (
    '', ' \n\t ', 'a gripping film', 'Café ÜBER straße İstanbul ΣΑΣ ΟΔΟΣ ΣΣ',
    '中文 mixed文text', 'a\u200bb\u00a0c\u0085d\u2028e\ttab\nline\x00\x1b\x7f',
    'U.S. $3.50 (a+b)=c^2 `x`|~', '👩‍👩‍👧 🏴', 'x' * 200 + ' ' + 'y' * 201,
    'ﬁ ½ … ™ e\u0301 \ufffd \u0301a', 'the thing ' * 40)
_TEXT, _PAIR = 'w3 W2, unknown', 'w7 w8 w9'
_WAIT = 300  # Seconds, on a machine that is busy.


def _needs(*programs: str):
  missing = [each for each in programs if not shutil.which(each)]
  return unittest.skipIf(
      missing, f'{", ".join(missing)} is not installed: the page is not tried.')


def _encode(tokens, lower_case, max_word_length: int, max_length: int,
            texts) -> list[dict[str, Any]]:
  """Returns what the tokenizer in JavaScript makes of texts and pairs."""
  return json.loads(subprocess.run(
      ['node', _SCRIPTS / 'tokenize.mjs'], text=True, input=json.dumps({
          'tokens': tokens, 'lower_case': lower_case,
          'max_word_length': max_word_length, 'max_length': max_length,
          'texts': texts}),
      capture_output=True, check=True, timeout=_WAIT).stdout)


def _characters() -> list[str]:
  """Returns characters that every Unicode since 3.2 knows."""
  return [chr(code) for code in range(0x110000)
          if unicodedata.ucd_3_2_0.category(chr(code)) not in ('Cn', 'Cs')]


@_needs('node')
class TokenizerTest(parameterized.TestCase):

  @parameterized.parameters(
      True, False, settings.KEEP_ACCENTS, settings.MEDIAPIPE)
  def test_ids_are_those_of_the_package(self, lower_case):
    rng, characters = random.Random(0), _characters()
    texts = [*_TEXTS, *(
        ''.join(rng.choices(characters, k=6) + rng.choices('abc the İΣ', k=8))
        for _ in range(2000))]
    # In Latin to Hangul, each character alone.
    texts += [f'a{each}b' for each in characters if each < '\u3130']
    self._compare(lower_case, [(text, None) for text in texts])

  def test_pairs_are_shortened_as_the_package_does(self):
    counts = [(a, b) for a in (0, 1, 5, 9, 40) for b in (0, 1, 6, 9, 40)]
    self._compare(True, [('a ' * a, 'b ' * b) for a, b in counts])

  def test_goldens_of_all_languages(self):
    goldens = json.loads((_WEB.parent / 'goldens.json').read_text('utf-8'))
    cases: dict[Any, list[dict[str, Any]]] = {}
    for case in goldens['cases']:
      cases.setdefault(
          (case['lower_case'], case['max_word_length']), []).append(case)
    for (lower_case, longest), group in cases.items():
      found = _encode(goldens['vocabulary'], lower_case, longest, 1000,
                      [(case['text'], None) for case in group])
      for case, each in zip(group, found, strict=True):
        self.assertEqual(each['ids'][1:-1], case['ids'], case)

  def _compare(self, lower_case, texts) -> None:
    found = _encode(_TOKENS, lower_case, 200, 20, texts)
    tokenizer = plain_tokenizer.PlainTokenizer(_TOKENS, lower_case, 200)
    pack = plain_tokenizer.Packer(vocabulary_lib.Vocabulary(_TOKENS))
    for text, each in zip(texts, found, strict=True):
      segments = tokenizer.tokenize([part for part in text if part is not None])
      budget = 20 - plain_tokenizer.special_tokens(len(segments))
      ids, types = pack(plain_tokenizer.trim(segments, budget))
      self.assertEqual(each, {
          'ids': ids.tolist(), 'types': types.tolist(),
          'truncated': sum(map(len, segments)) > budget}, text)


@_needs('node', 'npm', 'chromium')
class PageTest(parameterized.TestCase, temporary.TemporaryFiles):

  @pytest.mark.slow
  def test_it_answers_as_in_python_and_loads_nothing_from_elsewhere(self):
    site = self._site()
    expected = {}
    for task, trained in _models(self.make_folder()).items():
      pair = _PAIR if trained.pairs else None
      for name, runner in _export(site, task, trained):
        expected[name] = runner.scores([_TEXT], pair and [pair])[0]
    with _serving(site) as address:
      query = urllib.parse.urlencode({
          'model': list(expected), 'text': _TEXT, 'pair': _PAIR}, doseq=True)
      found = json.loads(subprocess.run(
          ['node', 'browse.mjs', shutil.which('chromium'),
           f'{address}/index.html?{query}'], cwd=site, text=True,
          capture_output=True, check=True, timeout=_WAIT).stdout)
    for (name, scores), section in zip(
        expected.items(), found['answers'], strict=True):
      self.assertNotIn('error', section, name)
      answer = json.loads(section['answer'])
      shown = answer.get('vector') or answer.get('probabilities') or answer.get(
          'score') or answer['probability']
      scores = scores.max() if 'probability' in answer else scores
      np.testing.assert_allclose(shown, scores, 1e-4, 1e-5, err_msg=name)
    for url in found['requests']:
      self.assertStartsWith(url, address)

  def _site(self) -> pathlib.Path:
    """Returns a folder with the page and its libraries."""
    site = pathlib.Path(self.make_folder()) / 'web'
    shutil.copytree(_WEB, site, ignore=shutil.ignore_patterns(
        'node_modules', 'lib'))
    shutil.copy(_SCRIPTS / 'browse.mjs', site)
    installed = subprocess.run(
        ['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock'],
        cwd=site, capture_output=True, text=True, timeout=_WAIT)
    if installed.returncode:
      self.skipTest(f'npm cannot install the libraries: {installed.stderr}')
    return site


def _models(folder: str) -> dict[str, Any]:
  """Returns a trained model of each task that the page answers."""
  from mobilebert_tf import modeling
  from mobilebert_tf.tasks import registry
  from tests.inference import tiny_classifier

  classifier = tiny_classifier.build(folder)
  encoder = classifier.model.encoder
  return {
      'classification': classifier,
      'multi_label_classification': dataclasses.replace(
          classifier, kind=registry.get('multi_label_classification')),
      'regression': tiny_classifier.build_rating(folder),
      'sentence_embedding': dataclasses.replace(
          classifier, kind=registry.get('sentence_embedding'), labels=[],
          model=modeling.SentenceEncoder(encoder, output_size=12)),
  }


def _export(site: pathlib.Path, task: str,
            trained: Any) -> Iterator[tuple[str, Any]]:
  """Yields names of files of a model, and what answers with them."""
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.deployment import formats
  from mobilebert_tf.tasks import registry

  lines = [f'w{i} w{2 * i}' for i in range(15)]
  texts = agreement.RealTexts(lines, lines[::-1] if trained.pairs else None)
  for each in ('tflite', 'onnx'):
    path = site / f'{task}.{each}'
    form = formats.FORMATS[each]
    form.write(trained, path, texts, quantization='none',
               report=lambda line: None)
    yield path.name, form.open(path, registry.KINDS)
  if trained.kind.mediapipe_task and not trained.pairs:
    path = site / f'{task}_mediapipe.tflite'
    formats.FORMATS['tflite'].write(
        trained, path, texts, quantization='none', runtime='mediapipe',
        report=lambda line: None)
    yield path.name, formats.FORMATS['tflite'].open(path, registry.KINDS)


@contextlib.contextmanager
def _serving(folder: pathlib.Path) -> Iterator[str]:
  """Yields the address of a plain file server of a folder."""
  handler = functools.partial(_Handler, directory=folder)
  with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


class _Handler(http.server.SimpleHTTPRequestHandler):

  def log_message(self, *args) -> None:
    pass


if __name__ == '__main__':
  absltest.main()
