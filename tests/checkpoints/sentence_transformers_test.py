# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Sentence encoders as folders of sentence-transformers, without its library.

tests/end_to_end/sentence_transformers_test.py loads them with it.
"""

import dataclasses
import functools
import json
import os
import pathlib
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
import safetensors.numpy
import tensorflow as tf
import tokenizers

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import sentence_transformers
from mobilebert_tf import modeling
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.checkpoints import folders
from tests.checkpoints import tiny_bert
from tests.modeling import contract

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
           *(f'w{i}' for i in range(45)))
_INPUTS = {name: array for name, array in contract.token_inputs().items()}


def _model(pooling='mean', output_size=6, normalize=True, bert=False,
           **architecture):
  if bert:
    encoder = modeling.BertEncoder(modeling.BertConfig(
        vocab_size=50, width=12, num_attention_heads=3, intermediate_size=20,
        num_blocks=2, max_position_embeddings=12, use_pooler=False))
  else:
    encoder = modeling.MobileBertEncoder(
        contract.tiny_architecture(**architecture))
  model = modeling.SentenceEncoder(encoder, pooling, output_size, normalize)
  contract.randomize(model)
  return model


@functools.cache
def _usual_model():
  return _model()


class SentenceTransformersTest(parameterized.TestCase, folders.FolderTestCase):

  def setUp(self):
    super().setUp()
    self.output = self.folder / 'encoder'

  def _tokenizer(self, **settings):
    vocab_file = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    return tokenizer_lib.Tokenizer(vocab_file, **settings)

  def _write(self, model=None, **settings):
    return sentence_transformers.write(sentence_transformers.of_model(
        model or _usual_model(), 9, self._tokenizer(**settings)), self.output)

  def _copy(self):
    """Copies a folder that the class has written once."""
    cls = type(self)
    if not hasattr(cls, 'written'):
      self._write()
      cls.written = pathlib.Path(tempfile.mkdtemp()) / 'encoder'
      cls.addClassCleanup(shutil.rmtree, cls.written.parent)
      shutil.move(self.output, cls.written)
    shutil.copytree(cls.written, self.output)

  @parameterized.parameters(
      {}, {'pooling': 'first', 'output_size': None, 'normalize': False},
      {'bert': True},
      {'attention_input': 'bottleneck', 'normalization': 'layer_norm'},
      {'type_vocab_size': 1, 'output_size': None})
  def test_is_read_as_written(self, **arguments):
    model = _model(**arguments)
    self._write(model, lower_case='keep_accents', max_word_length=30)
    found = sentence_transformers.read(self.output)
    self.assertEqual(found.max_length, 9)
    self.assertEqual(found.encoder.lower_case, 'keep_accents')
    self.assertEqual(found.encoder.max_word_length, 30)
    self.assertEqual(found.encoder.vocabulary.tokens, _TOKENS)
    inputs = dict(_INPUTS)
    if arguments.get('type_vocab_size') == 1:
      inputs['input_type_ids'] = np.zeros_like(inputs['input_type_ids'])
    self.assertAllEqual(found.build()(inputs), model(inputs))

  def test_a_folder_of_old_releases_is_read(self):
    tiny_bert.write(str(self.output), _TOKENS)  # With heads and a pooler.
    for name, fields in (
        ('modules.json', [
            {'idx': i, 'name': str(i), 'path': path,
             'type': f'sentence_transformers.models.{kind}'}
            for i, (path, kind) in enumerate([
                ('', 'Transformer'), ('1_Pooling', 'Pooling'),
                ('2_Normalize', 'Normalize')])]),
        ('sentence_bert_config.json', {'max_seq_length': 16,
                                       'do_lower_case': True}),
        ('1_Pooling/config.json', {
            'word_embedding_dimension': 12, 'pooling_mode_cls_token': False,
            'pooling_mode_mean_tokens': True})):
      path = self.output / name
      path.parent.mkdir(exist_ok=True)
      path.write_text(json.dumps(fields))
    found = sentence_transformers.read(self.output)
    vectors = found.build()(_INPUTS).numpy()
    hidden = tiny_bert.run(tiny_bert.tensors(len(_TOKENS)), _INPUTS)[
        'sequence_output']
    mask = _INPUTS['input_mask'][:, :, None]
    expected = (hidden * mask).sum(1) / mask.sum(1)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    self.assertAllClose(vectors, expected, 1e-5, 1e-5)
    # Written in our way, it is the same.
    other = self.folder / 'other'
    self.assertEmpty(sentence_transformers.write(found, other))
    self.assertAllEqual(
        sentence_transformers.read(other).build()(_INPUTS), vectors)

  def test_no_trailing_pad_is_needed_there(self):
    model = _usual_model()
    self._copy()
    found = sentence_transformers.read(self.output)
    # What transformers reads of the folder.
    os.remove(self.output / 'trailing_pad.safetensors')
    theirs = checkpoints.read(str(self.output))
    self.assertFalse(theirs.weights['word_embeddings/embeddings'][0].any())
    written = dataclasses.replace(found, encoder=theirs).build()
    words = np.asarray([[2, 7, 9, 3, 0]], np.int32)
    mask = np.int32(words > 0)
    expected = model([words, mask, words * 0])
    types = np.asarray([[0, 0, 0, 1]], np.int32)
    self.assertAllClose(
        written([words[:, :4], mask[:, :4], types]), expected, 1e-5, 1e-5)
    more = np.asarray([[0, 0, 0, 1, 0]], np.int32)  # Beside a longer text.
    self.assertAllClose(written([words, mask, more]), expected, 1e-5, 1e-5)
    # Without the segment of its own, it would not be the same.
    self.assertGreater(np.abs(
        written([words[:, :4], mask[:, :4], types * 0]) - expected).max(), 1e-3)

  def test_a_training_starts_with_the_weights_of_the_model(self):
    self._copy()
    encoder = checkpoints.read(str(self.output))
    self.assertEmpty(checkpoints.differences(
        dataclasses.replace(encoder, vocabulary=None),
        checkpoints.of_model(_usual_model().encoder)))

  @parameterized.parameters(
      (True, 'W1 Ẃ2 w3'), (False, 'W1 w2 ẃ3'), ('keep_accents', 'W1 Ẃ2 w3'),
      (True, 'w1' + 'x' * 40 + ' w2'))
  def test_its_tokenizer_is_ours(self, lower_case, text):
    self._write(lower_case=lower_case, max_word_length=20)
    theirs = tokenizers.Tokenizer.from_file(str(
        self.output / 'tokenizer.json')).encode(text)
    tokenizer = self._tokenizer(lower_case=lower_case, max_word_length=20)
    ours = tokenizer.encode([text], max_length=10)
    ids = ours['input_word_ids'][0, :-1].numpy().tolist()
    self.assertEqual(theirs.ids, ids)
    self.assertEqual(theirs.type_ids, [0] * (len(ids) - 1) + [1])
    self.assertEqual(theirs.attention_mask, [1] * len(ids))

  def test_one_segment_is_noted(self):
    [note] = self._write(_model(type_vocab_size=1))
    self.assertIn('type_vocab_size', note)

  def test_attention_has_no_place_there(self):
    with self.assertRaisesRegex(ValueError, 'no pooling by attention'):
      self._write(_model('attention'))
    self.assertFalse(self.output.exists())

  def test_only_a_folder_of_its_own_is_overwritten(self):
    self._copy()
    with self.assertRaisesRegex(FileExistsError, 'exists already'):
      self._write()
    found = sentence_transformers.read(self.output)
    sentence_transformers.write(found, self.output, overwrite=True)
    (self.output / 'notes.txt').write_text('mine')
    with self.assertRaisesRegex(FileExistsError, 'notes.txt'):
      sentence_transformers.write(found, self.output, overwrite=True)

  @parameterized.parameters(
      ('1_Pooling/config.json', {'pooling_mode_mean_tokens': False},
       'pools by'),
      ('1_Pooling/config.json', {'pooling_mode': ['mean', 'max']}, 'pools by'),
      ('1_Pooling/config.json', {'pooling_mode': 'max'}, "pools by .*'max'"),
      ('1_Pooling/config.json', {'word_embedding_dimension': 5},
       'vectors of 5'),
      ('2_Dense/config.json', {'activation_function': 'torch.nn.Tanh'},
       'no linear map'),
      ('2_Dense/config.json', {'use_residual': True}, 'no linear map'),
      ('config_sentence_transformers.json', {'default_prompt_name': 'query'},
       'puts a prompt'),
      ('sentence_bert_config.json', {'max_seq_length': 13}, 'length=13'),
      ('sentence_bert_config.json', {'max_seq_length': '9'}, "='9'"),
  )
  def test_refuses_what_is_not_computed(self, name, fields, message):
    self._copy()
    folders.edit(self.output / name, **fields)
    with self.assertRaisesRegex(ValueError, message):
      sentence_transformers.read(self.output)

  @parameterized.parameters(
      (lambda modules: modules.pop(1), 'has no Pooling'),
      (lambda modules: modules.reverse(), 'follows'),
      (lambda modules: modules[1].update(path='../other'), 'name of a folder'),
      (lambda modules: modules[1].update(path=None), 'name of a folder'),
      (lambda modules: modules[2].update(
          type='sentence_transformers.models.LSTM'), 'LSTM'),
      (lambda modules: modules[1].update(type='evil.Pooling'), 'evil.Pooling'),
      (lambda modules: modules.clear(), 'no Transformer'),
      (lambda modules: modules.append(1), 'module 1'),
  )
  def test_refuses_other_modules(self, change, message):
    self._copy()
    path = self.output / 'modules.json'
    modules = json.loads(path.read_text())
    change(modules)
    path.write_text(json.dumps(modules))
    with self.assertRaisesRegex(ValueError, message):
      sentence_transformers.read(self.output)

  @parameterized.parameters(
      ('2_Dense/model.safetensors', b'x', 'cannot be read'),
      ('2_Dense/model.safetensors', {'linear.weight': np.zeros([6, 5], 'f')},
       'linear.weight'),
      ('2_Dense/model.safetensors', {'other': np.zeros([6, 16], 'f')},
       'linear.weight'),
      ('2_Dense/model.safetensors', {
          'linear.weight': np.full([6, 16], np.nan, 'f')}, 'NaN'),
      ('2_Dense/model.safetensors', None, 'does not exist'),
      ('trailing_pad.safetensors', {'word_row': np.zeros(8, 'f')},
       'not of the encoder'),
      ('modules.json', b'{', 'not JSON'),
      ('modules.json', b'{}', 'module None'),
  )
  def test_refuses_damaged_files(self, name, data, message):
    self._copy()
    path = self.output / name
    os.remove(path)
    if isinstance(data, dict):
      data = safetensors.numpy.save(data)
    if data is not None:
      path.write_bytes(data)
    with self.assertRaisesRegex((ValueError, FileNotFoundError), message):
      sentence_transformers.read(self.output)


if __name__ == '__main__':
  tf.test.main()
