# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The small files beside the weights."""

import json

from absl.testing import parameterized
import tensorflow as tf
import tokenizers

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf import modeling
from tests.checkpoints import folders

_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '##b', 'é']


class TokenizerFilesTest(folders.FolderTestCase, parameterized.TestCase):

  def _write(self, name, content):
    if not isinstance(content, bytes):
      content = json.dumps(content).encode()
    (self.folder / name).write_bytes(content)

  def _read(self):
    return tokenizer_files.read(str(self.folder))

  def test_nothing_is_there(self):
    self.assertEqual(self._read(), {})

  # === Vocabulary ===

  def test_vocabulary_of_bert(self):
    self._write('vocab.txt', '\n'.join(_TOKENS).encode())
    self.assertEqual(self._read()['vocabulary'].tokens, tuple(_TOKENS))

  def test_vocabulary_of_a_tokenizers_file(self):
    """As transformers 5 saves it, by the library that writes it."""
    tokenizers.Tokenizer(tokenizers.models.WordPiece(
        {token: i for i, token in enumerate(_TOKENS)}, unk_token='[UNK]')
                         ).save(str(self.folder / 'tokenizer.json'))
    self.assertEqual(self._read()['vocabulary'].tokens, tuple(_TOKENS))

  def test_vocab_txt_goes_first(self):
    self._write('vocab.txt', '\n'.join(_TOKENS).encode())
    self._write('tokenizer.json', {})
    self.assertLen(self._read()['vocabulary'], len(_TOKENS))

  @parameterized.parameters(
      ({'model': 3},), ({},), ({'model': {'vocab': {'a': 0, 'b': 0}}},),
      ({'model': {'vocab': {'a': 0, 'b': 2}}},),
      ({'model': {'vocab': {'a': False}}},),
      ({'model': {'vocab': [['a', -1.5]]}},))
  def test_tokenizers_files_of_other_kinds(self, content):
    self._write('tokenizer.json', content)
    with self.assertRaisesRegex(
        ValueError, 'tokenizer.json holds no WordPiece vocabulary; put vocab'):
      self._read()

  def test_damage_is_named(self):
    for name, content, message in (
        ('tokenizer.json', {'model': {'vocab': {'a': 0}}},
         r'tokenizer.json: A vocabulary needs \[PAD\]'),
        ('tokenizer_config.json', b'[', 'tokenizer_config.json:1: not JSON'),
        ('vocab.txt', b'\xff', 'vocab.txt:1: not UTF-8'),
        ('labels.txt', b'\xff', 'labels.txt:1: not UTF-8')):
      self._write(name, content)
      with self.assertRaisesRegex(ValueError, message):
        self._read()
      (self.folder / name).unlink()

  # === Case and labels ===

  @parameterized.parameters(
      ({'do_lower_case': False}, False), ({'do_lower_case': True}, True),
      ({'tokenizer_class': 'BertTokenizer'}, True))
  def test_lower_case(self, content, expected):
    self._write('tokenizer_config.json', content)
    self.assertIs(self._read()['lower_case'], expected)

  def test_labels(self):
    self._write('labels.txt', 'yes\nno, not at all\nça\n'.encode())
    self.assertEqual(self._read()['labels'], ('yes', 'no, not at all', 'ça'))

  def test_labels_travel_from_json_to_text_and_back(self):
    folder = folders.copy('hf_seqcls', self.folder)
    labels = ('très bien', 'so, so', 'LABEL_2')
    folders.edit(folder / 'config.json', id2label={
        str(i): label for i, label in enumerate(labels)})
    path = str(folder)
    for checkpoint_format in ('mobilebert_tf', 'tf1', 'model_garden'):
      output = self.folder / checkpoint_format
      formats.convert(path, str(output), checkpoint_format)
      self.assertEqual((output / 'labels.txt').read_text(encoding='utf-8'),
                       ''.join(f'{label}\n' for label in labels))
      path = str(output)
    formats.convert(path, str(self.folder / 'again'), 'hugging_face')
    fields = json.loads((self.folder / 'again' / 'config.json').read_text())
    self.assertEqual(fields['id2label'], {
        '0': labels[0], '1': labels[1], '2': labels[2]})
    self.assertEqual(fields['label2id'], {
        labels[0]: 0, labels[1]: 1, labels[2]: 2})
    self.assertFalse((self.folder / 'again' / 'labels.txt').exists())

  @parameterized.parameters('mobilebert_tf', 'model_garden', 'tf1')
  def test_the_problem_type_travels_from_json_to_text_and_back(self, other):
    source = folders.copy('hf_seqcls', self.folder)
    folders.edit(source / 'config.json',
                 problem_type='multi_label_classification')
    source = str(source)
    self.assertEqual(checkpoints.read(source).problem_type,
                     'multi_label_classification')
    for overwrite in (False, True):  # It can be replaced.
      formats.convert(
          source, str(self.folder / other), other, overwrite=overwrite)
    formats.convert(
        str(self.folder / other), str(self.folder / 'again'), 'hugging_face')
    fields = json.loads((self.folder / 'again' / 'config.json').read_text())
    self.assertEqual(fields['problem_type'], 'multi_label_classification')
    model = modeling.MobileBertClassifier.from_pretrained(
        str(self.folder / 'again'))
    self.assertEqual(model.problem_type, 'multi_label_classification')

  def test_the_usual_problem_type_is_none(self):
    folder = folders.copy('hf_seqcls', self.folder)
    folders.edit(folder / 'config.json',
                 problem_type='single_label_classification')
    self.assertEqual(checkpoints.read(str(folder)).problem_type, '')

  def test_numbers_alone_are_no_labels(self):
    """`transformers` writes LABEL_0 and so on where nobody named them."""
    checkpoint = checkpoints.read(folders.golden('hf_seqcls'))
    self.assertEqual(checkpoint.labels, ())
    formats.convert(folders.golden('hf_seqcls'), str(self.folder / 'out'))
    self.assertFalse((self.folder / 'out' / 'labels.txt').exists())

  def test_labels_of_another_number_of_classes(self):
    folder = folders.copy('hf_seqcls', self.folder)
    formats.convert(str(folder), str(self.folder / 'out'))
    (self.folder / 'out' / 'labels.txt').write_text('a\nb\n')
    with self.assertRaisesRegex(
        ValueError, r'2 labels for .*out/.*\(a, b\), .* has 3 classes'):
      checkpoints.read(str(self.folder / 'out'))

  # === JSON ===

  def test_json(self):
    path = str(self.folder / 'a.json')
    tokenizer_files.write_json(path, {'b': 'é', 'a': 1.5})
    self.assertEqual(tokenizer_files.read_json(path), {'a': 1.5, 'b': 'é'})
    self.assertEqual((self.folder / 'a.json').read_text(encoding='utf-8'),
                     '{\n  "a": 1.5,\n  "b": "é"\n}\n')
    with self.assertRaisesRegex(
        FileNotFoundError, 'nothing.json does not exist'):
      tokenizer_files.read_json(str(self.folder / 'nothing.json'))


if __name__ == '__main__':
  tf.test.main()
