# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Ids do not depend on the locale of the process."""

import json
import os
import subprocess
import sys

import pytest
import tensorflow as tf

from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary

_TEXTS = ('I JILI', 'İI I\u0307J', 'ÌÍĨĮ', 'I\u0300J\u0301Į\u0303', 'Ii ıJ ÉΣ')
_CASES = (True, settings.KEEP_ACCENTS)
# Every letter alone and within a word, so that ids show which one it is.
_LETTERS = 'abijlıéiìíĩįσς\u0300\u0301\u0303\u0307'
_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', *dict.fromkeys(
    piece for letter in _LETTERS for piece in (letter, f'##{letter}')))
# Reads `[vocabulary, texts, SavedModel]` and prints ids by every way to them.
_PROGRAM = '''
import json, sys
import tensorflow as tf
from mobilebert_tf.text import tokenizer as tokenizer_lib
vocab_file, texts, model, cases = json.load(sys.stdin)
found = []
for case in cases:
  tokenizer = tokenizer_lib.Tokenizer(vocab_file, case)
  found.append([
      tokenizer.tokenize(texts).to_list(),
      [ids.tolist() for ids in tokenizer.tokenize_strings(texts)],
      tokenizer.tokenize_with_offsets(texts).ids.to_list()])
inputs = tf.saved_model.load(model).encode(tf.constant(texts))
print(json.dumps([found, inputs['input_word_ids'].numpy().tolist()]))
'''


@pytest.mark.slow
class LocaleTest(temporary.TemporaryFiles, tf.test.TestCase):

  def test_turkish_azeri_and_lithuanian(self):
    vocab_file = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    texts = list(_TEXTS)
    module = tf.Module()
    module.tokenizer = tokenizer_lib.Tokenizer(vocab_file)
    module.encode = tf.function(
        lambda texts: module.tokenizer.encode(texts, max_length=30),
        input_signature=[tf.TensorSpec([None], tf.string)])
    model = os.path.join(self.make_folder(), 'model')
    tf.saved_model.save(module, model)
    started = {
        locale: subprocess.Popen(
            [sys.executable, '-c', _PROGRAM], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env={**os.environ, 'LC_ALL': f'{locale}.UTF-8'})
        for locale in ('tr_TR', 'az_AZ', 'lt_LT')}
    # Python lower-cases without a locale.
    wanted = [[[ids.tolist() for ids in plain_tokenizer.PlainTokenizer(
        _TOKENS, case).tokenize(texts)]] * 3 for case in _CASES]
    encoded = module.encode(tf.constant(texts))['input_word_ids']
    for locale, process in started.items():
      out, _ = process.communicate(
          json.dumps([str(vocab_file), texts, model, _CASES]), timeout=120)
      with self.subTest(locale):
        found, inputs = json.loads(out)
        self.assertEqual(found, wanted)
        self.assertAllEqual(inputs, encoded)


if __name__ == '__main__':
  tf.test.main()
