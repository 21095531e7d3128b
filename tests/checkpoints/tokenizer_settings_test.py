# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of tokenizers of transformers are obeyed, or refused by name."""

import json

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.text import plain_tokenizer
from tests.checkpoints import folders

_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'è', '##b']
_FRAME = [{'SpecialToken': {'id': '[CLS]'}}, {'Sequence': {'id': 'A'}},
          {'SpecialToken': {'id': '[SEP]'}}]


def _file(normalizer=(), model=(), **fields):
  """Returns a `tokenizer.json` as transformers saves it for BERT."""
  return {
      'normalizer': {
          'type': 'BertNormalizer', 'clean_text': True,
          'handle_chinese_chars': True, 'strip_accents': None,
          'lowercase': True, **dict(normalizer)},
      'pre_tokenizer': {'type': 'BertPreTokenizer'},
      'post_processor': {'type': 'TemplateProcessing', 'single': _FRAME},
      'added_tokens': [{'id': i, 'content': token, 'special': True}
                       for i, token in enumerate(_TOKENS[:5])],
      'model': {
          'type': 'WordPiece', 'unk_token': '[UNK]',
          'continuing_subword_prefix': '##', 'max_input_chars_per_word': 100,
          'vocab': {token: i for i, token in enumerate(_TOKENS)},
          **dict(model)}, **fields}


class TokenizerSettingsTest(folders.FolderTestCase, parameterized.TestCase):

  def _read(self, vocabulary=True, **contents):
    if vocabulary:
      (self.folder / 'vocab.txt').write_text('\n'.join(_TOKENS), 'utf-8')
    for name, content in contents.items():
      (self.folder / f'{name}.json').write_text(json.dumps(content))
    return tokenizer_files.read(str(self.folder))

  # === Obeyed ===

  @parameterized.parameters(
      ({}, True), ({'do_lower_case': False}, False),
      ({'do_lower_case': False, 'strip_accents': False}, False),
      ({'strip_accents': None}, True), ({'strip_accents': True}, True),
      ({'strip_accents': False}, 'keep_accents'),
      ({'do_lower_case': 'false'}, False))
  def test_case_and_accents(self, config, expected):
    self.assertEqual(self._read(tokenizer_config=config)['lower_case'],
                     expected)

  def test_a_whole_file_of_bert(self):
    fields = self._read(vocabulary=False, tokenizer=_file())
    self.assertEqual(fields['vocabulary'].tokens, tuple(_TOKENS))
    self.assertEqual((fields['lower_case'], fields['max_word_length']),
                     (True, 100))
    fields = self._read(tokenizer=_file(
        normalizer={'strip_accents': False},
        model={'max_input_chars_per_word': 7}), tokenizer_config={
            'tokenizer_class': 'BertTokenizerFast', 'cls_token': '[CLS]',
            'mask_token': {'content': '[MASK]'}, 'never_split': None,
            'added_tokens_decoder': {'0': {'content': '[PAD]'}}})
    self.assertEqual((fields['lower_case'], fields['max_word_length']),
                     ('keep_accents', 7))

  def test_added_tokens_of_the_vocabulary(self):
    self._read(added_tokens={'b': 6, '[PAD]': 0},
               special_tokens_map={'unk_token': '[UNK]'})

  def test_nothing_is_said(self):
    self.assertNotIn('lower_case', self._read())

  @parameterized.parameters('mobilebert_tf', 'tf1', 'model_garden')
  def test_they_travel_through_conversions(self, other):
    source = folders.copy('hf_seqcls', self.folder)
    rows = checkpoints.read(str(source)).architecture.vocab_size
    tokens = [*_TOKENS, *(f'[unused{i}]' for i in range(rows - len(_TOKENS)))]
    (source / 'vocab.txt').write_text('\n'.join(tokens), 'utf-8')
    (source / 'tokenizer_config.json').write_text(json.dumps(
        {'strip_accents': False, 'max_input_chars_per_word': 90}))
    formats.convert(str(source), str(self.folder / other), other)
    formats.convert(str(self.folder / other), str(self.folder / 'again'),
                    'hugging_face')
    for folder in (other, 'again'):
      read = checkpoints.read(str(self.folder / folder))
      self.assertEqual((read.lower_case, read.max_word_length),
                       ('keep_accents', 90))
    [ids] = plain_tokenizer.PlainTokenizer(
        tokens, read.lower_case).tokenize(['È E\u0300'])
    self.assertEqual(ids.tolist(), [_TOKENS.index('è'), 1])

  # === Refused ===

  @parameterized.parameters(
      ({'tokenizer_config': {'tokenize_chinese_chars': False}},
       'tokenize_chinese_chars is false'),
      ({'tokenizer_config': {'do_basic_tokenize': False}},
       'do_basic_tokenize is false'),
      ({'tokenizer_config': {'never_split': ['[SEP]', 'b']}}, r"\['b'\]"),
      ({'tokenizer_config': {'tokenizer_class': 'RobertaTokenizer'}},
       'tokenizer_class is RobertaTokenizer'),
      ({'tokenizer_config': {'cls_token': '<s>'}}, 'cls_token is <s>'),
      ({'special_tokens_map': {'unk_token': {'content': '<unk>'}}},
       'special_tokens_map.json: unk_token is <unk>'),
      ({'tokenizer_config': {'do_lower_case': False, 'strip_accents': True}},
       'strip_accents=true without lower-casing'),
      ({'added_tokens': {'<user>': 9, 'corona': 10}},
       "2 added tokens, '<user>', 'corona', are not"),
      ({'added_tokens': {'b': 5}}, "1 added tokens, 'b'"),
      ({'tokenizer_config': {'added_tokens_decoder': {
          '9': {'content': '[E1]'}}}}, r"'\[E1\]'"),
      ({'tokenizer_config': {'additional_special_tokens': ['[E2]']}},
       r"'\[E2\]'"),
      ({'tokenizer': _file(added_tokens=[{'id': 9, 'content': '<x>'}])},
       "added tokens, '<x>'"),
      ({'tokenizer': _file(model={'type': 'BPE'})}, 'model.type is BPE'),
      ({'tokenizer': _file(model={'continuing_subword_prefix': '@@'})},
       'continuing_subword_prefix is @@'),
      ({'tokenizer': _file(normalizer={'type': 'NFKC'})},
       'normalizer.type is NFKC'),
      ({'tokenizer': _file(normalizer={'handle_chinese_chars': False})},
       'handle_chinese_chars is false'),
      ({'tokenizer': _file(pre_tokenizer={'type': 'Whitespace'})},
       'pre_tokenizer.type is Whitespace'),
      ({'tokenizer': _file(post_processor={'type': 'RobertaProcessing'})},
       'post_processor RobertaProcessing does not give'),
      ({'tokenizer': _file(model={'max_input_chars_per_word': 0})},
       'max_word_length is 0'),
      ({'tokenizer_config': {'added_tokens_decoder': [3]}}, 'damaged'))
  def test_refused_by_name(self, contents, message):
    with self.assertRaisesRegex(ValueError, message):
      self._read(**contents)

  def test_contradictions_name_both_values(self):
    for config, message in (
        ({'do_lower_case': False}, 'do_lower_case is false in .*tokenizer_con'
         'fig.json, but true in .*tokenizer.json'),
        ({'do_lower_case': True, 'max_input_chars_per_word': 200},
         'max_input_chars_per_word is 200 in .*, but 100 in')):
      with self.assertRaisesRegex(ValueError, message):
        self._read(tokenizer_config=config, tokenizer=_file())
    (self.folder / 'tokenizer_config.json').unlink()
    vocab = dict(zip([*_TOKENS[:5], 'c', *_TOKENS[6:]], range(9), strict=True))
    with self.assertRaisesRegex(
        ValueError, "token 5 is 'a' in vocab.txt, but 'c' in tokenizer.json"):
      self._read(tokenizer=_file(model={'vocab': vocab}))


if __name__ == '__main__':
  tf.test.main()
