# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folders of Hugging Face: its classes, dtypes, and what is never read.

That outputs equal the reference is checked in tests/modeling/parity_test.py.
"""

import json
import pickle

from absl.testing import parameterized
import ml_dtypes
import numpy as np
import safetensors.numpy
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import predictor
from tests.checkpoints import folders
from tests.modeling import contract


def _draw(*shape):
  return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def _without_heads(tensors):
  for name in [name for name in tensors if name.startswith('cls.')]:
    del tensors[name]


class _CreatesAFile:
  """What an attacker would put into a pickle."""

  def __init__(self, path):
    self._path = path

  def __reduce__(self):
    return open, (self._path, 'w')


class HuggingFaceTest(folders.FolderTestCase, parameterized.TestCase):

  def _copy(self, name='hf_student', **fields):
    folder = folders.copy(name, self.folder)
    folders.edit(folder / 'config.json', **fields)
    return folder

  def _read(self, folder):
    return checkpoints.read(str(folder))

  def _assert_same_encoder(self, checkpoint):
    expected = self._read(folders.golden('hf_student')).weights
    for name, array in checkpoint.weights.items():
      if name.startswith(('word_embeddings', 'embeddings', 'block_')):
        self.assertAllEqual(array, expected[name], name)

  def test_architecture_is_read(self):
    student = self._read(folders.golden('hf_student')).architecture
    self.assertEqual(
        (student.num_blocks, student.inter_block_size, student.intra_block_size,
         student.attention_input, student.use_pooler),
        (3, 64, 32, 'shared_bottleneck', False))
    tiny = self._read(folders.golden('hf_tiny')).architecture
    self.assertEqual((tiny.attention_input, tiny.num_feedforward_networks),
                     ('bottleneck', 2))

  # === The tensors of a file ===

  @parameterized.parameters(np.float16, ml_dtypes.bfloat16)
  def test_weights_saved_in_half_precision_are_widened(self, dtype):
    expected = self._read(folders.golden('hf_student')).weights
    folder = self._copy()

    def narrow(tensors):
      for name, array in tensors.items():
        tensors[name] = array.astype(dtype)

    folders.edit_tensors(folder, narrow)
    for name, array in self._read(folder).weights.items():
      self.assertEqual(array.dtype, np.float32)
      self.assertAllEqual(
          array, expected[name].astype(dtype).astype(np.float32))

  def test_buffers_and_second_names_are_left_alone(self):
    """Older files hold the tied decoder and position ids as well."""
    folder = self._copy()
    folders.edit_tensors(folder, lambda tensors: tensors.update({
        'cls.predictions.decoder.weight':
            tensors['mobilebert.embeddings.word_embeddings.weight'],
        'cls.predictions.decoder.bias': tensors['cls.predictions.bias'],
        'mobilebert.embeddings.position_ids': np.arange(40)[None]}))
    self.assertEmpty(checkpoints.differences(
        self._read(folder), self._read(folders.golden('hf_student'))))

  @parameterized.parameters(('weight', [1000, 16]), ('bias', [1000]))
  def test_an_untied_decoder_is_refused(self, name, shape):
    folder = self._copy()
    folders.edit_tensors(folder, lambda tensors: tensors.update({
        f'cls.predictions.decoder.{name}': np.zeros(shape, np.float32)}))
    with self.assertRaisesRegex(ValueError, f'decoder.{name} is not .*tables?'):
      self._read(folder)

  def test_an_encoder_that_is_stored_twice_is_refused(self):
    folder = self._copy()
    key = 'mobilebert.embeddings.LayerNorm.bias'
    folders.edit_tensors(folder, lambda tensors: tensors.update({
        key.removeprefix('mobilebert.'): tensors[key] + 1}))
    with self.assertRaisesRegex(ValueError, 'has 1 weights .*: embeddings.Lay'):
      self._read(folder)

  @parameterized.parameters((5, 3), (0, 0))
  def test_a_head_that_disagrees_on_its_classes(self, in_bias, in_weight):
    folder = self._copy('hf_seqcls')
    folders.edit_tensors(folder, lambda tensors: tensors.update({
        'classifier.bias': np.zeros([in_bias], np.float32),
        'classifier.weight': np.zeros([in_weight, 64], np.float32)}))
    with self.assertRaisesRegex(ValueError, 'disagree on the number of class'):
      self._read(folder)

  def test_the_bottleneck_that_its_tiny_makes_and_leaves_unused(self):
    """It does so with `key_query_shared_bottleneck` left at its default."""
    folder = self._copy('hf_tiny', key_query_shared_bottleneck=True)
    scope = 'mobilebert.encoder.layer.{}.bottleneck.attention.{}'
    folders.edit_tensors(folder, lambda tensors: tensors.update({
        scope.format(i, name): _draw(*shape) for i in range(3)
        for name, shape in (('dense.weight', [32, 64]), ('dense.bias', [32]),
                            ('LayerNorm.weight', [32]),
                            ('LayerNorm.bias', [32]))}))
    self.assertEmpty(checkpoints.differences(
        self._read(folder), self._read(folders.golden('hf_tiny'))))

  # === Its classes ===

  def test_the_base_model_has_keys_without_a_prefix(self):
    folder = self._copy(architectures=['MobileBertModel'])

    def strip(tensors):
      _without_heads(tensors)
      for name in list(tensors):
        tensors[name.removeprefix('mobilebert.')] = tensors.pop(name)

    folders.edit_tensors(folder, strip)
    checkpoint = self._read(folder)
    self.assertEqual(checkpoint.parts, ('encoder',))
    self._assert_same_encoder(checkpoint)
    checkpoints.write(checkpoint, str(self.folder / 'out'), 'hugging_face')
    self.assertEqual(
        (self.folder / 'out' / 'model.safetensors').read_bytes(),
        (folder / 'model.safetensors').read_bytes())
    self.assertEqual(
        json.loads((self.folder / 'out' / 'config.json').read_text())[
            'architectures'], ['MobileBertModel'])

  @parameterized.parameters(
      ('MobileBertForMaskedLM', ('masked_lm',), {}),
      ('MobileBertForTokenClassification', ('token_classification',),
       {'classifier.weight': _draw(5, 64), 'classifier.bias': _draw(5)}),
      ('MobileBertForQuestionAnswering', ('question_answering',),
       {'qa_outputs.weight': _draw(2, 64), 'qa_outputs.bias': _draw(2)}))
  def test_classes_without_a_pooler(self, name, heads, added):
    """They leave it out though their config has `classifier_activation`."""
    folder = self._copy(classifier_activation=True, architectures=[name])

    def change(tensors):
      if added:
        _without_heads(tensors)
      else:
        del tensors['cls.seq_relationship.weight']
        del tensors['cls.seq_relationship.bias']
      tensors.update(added)

    folders.edit_tensors(folder, change)
    checkpoint = self._read(folder)
    self.assertEqual(checkpoint.heads, heads)
    self.assertFalse(checkpoint.architecture.use_pooler)
    self._assert_same_encoder(checkpoint)
    checkpoints.write(checkpoint, str(self.folder / 'out'), 'hugging_face')
    self.assertEqual(
        (self.folder / 'out' / 'model.safetensors').read_bytes(),
        (folder / 'model.safetensors').read_bytes())

  def test_a_pooler_that_the_class_has_no_place_for_is_left_out(self):
    model = modeling.MobileBertQuestionAnswering(modeling.MobileBertEncoder(
        contract.tiny_architecture(use_pooler=True)))
    with self.assertLogs('absl', 'WARNING') as logs:
      model.save_pretrained(str(self.folder / 'out'))
    self.assertIn('Left out: the pooler; MobileBertForQuestionAnswering has '
                  'none', '\n'.join(logs.output))
    written = safetensors.numpy.load_file(
        self.folder / 'out' / 'model.safetensors')
    self.assertNoCommonElements(written, ['mobilebert.pooler.dense.weight'])
    self.assertFalse(json.loads(
        (self.folder / 'out' / 'config.json').read_text())[
            'classifier_activation'])

  def test_two_tasks_in_one_are_refused(self):
    encoder = modeling.MobileBertEncoder(contract.tiny_architecture())
    checkpoint = checkpoints.of_model(modeling.MobileBertClassifier(encoder, 2))
    other = checkpoints.of_model(modeling.MobileBertQuestionAnswering(encoder))
    both = checkpoints.Checkpoint(
        checkpoint.architecture, {**checkpoint.weights, **other.weights},
        ('encoder', 'sequence_classification', 'question_answering'))
    with self.assertRaisesRegex(
        ValueError, 'sequence_classification and question_answering in one'):
      checkpoints.write(both, str(self.folder / 'out'), 'hugging_face')

  # === Fields that change answers ===

  def _seqcls(self, num_classes=3, **fields):
    folder = self._copy('hf_seqcls', **{
        'id2label': None, 'label2id': None, **fields})
    folders.edit_tensors(folder, lambda tensors: tensors.update({
        name: tensors[name][:num_classes]
        for name in ('classifier.weight', 'classifier.bias')}))
    return folder

  @parameterized.parameters(
      ({}, 3, 'classification'),
      ({'problem_type': 'single_label_classification'}, 3, 'classification'),
      ({'problem_type': 'multi_label_classification'}, 3,
       'multi_label_classification'),
      ({}, 1, 'regression'), ({'problem_type': 'regression'}, 1, 'regression'))
  def test_the_problem_type_says_the_task(self, fields, num_classes, kind):
    folder = self._seqcls(num_classes, **fields)
    folders.write_vocabulary(folder / 'vocab.txt')
    trained = registry.load(str(folder))
    self.assertEqual(trained.kind.name, kind)
    scores = predictor.TextPredictor(trained).scores(['w1 w2'])
    if kind == 'multi_label_classification':
      self.assertNotAllClose(np.sum(scores), 1, atol=1e-3)

  @parameterized.parameters(
      ({'problem_type': 'regression'}, 3,
       "problem_type='regression' and a classifier of 3 values"),
      ({'problem_type': 'multi_label_classification'}, 1, 'of 1 values'),
      ({'problem_type': 'single_label_classification'}, 1, 'of 1 values'),
      ({'problem_type': 'ranking'}, 3, "problem_type='ranking'; there are"),
      ({'problem_type': ['regression']}, 1, "problem_type=.'regression'"),
      ({'num_labels': 2}, 3, 'num_labels is of 2 labels, .*has 3 classes'),
      ({'id2label': {'0': 'LABEL_0', '1': 'LABEL_1'}}, 3,
       'id2label is of 2 labels'),
      ({'id2label': {'0': 'a', '1': 'b', '2': 'c'},
        'label2id': {'a': 1, 'b': 0, 'c': 2}}, 3,
       "'a' is 0 in id2label and 1 in label2id"),
      ({'architectures': ['MobileBertForMultipleChoice']}, 1,
       'MobileBertForMultipleChoice, whose value is no rating'),
      ({'architectures': ['MobileBertForQuestionAnswering']}, 3,
       'MobileBertForQuestionAnswering.*weights are those of sequence_class'),
      ({'layer_norm_eps': 1e-5}, 3, 'layer_norm_eps=1e-05, which changes'),
      ({'pruned_heads': {'0': [1]}}, 3, 'pruned_heads=.* changes answers'),
      ({'is_decoder': True}, 3, 'is_decoder=True, which changes'),
      ({'quantization_config': {'bits': 8}}, 3, 'quantization_config='),
      ({'auto_map': {'AutoModel': 'mine.Model'}}, 3, 'auto_map='),
      ({'position_embedding_type': 'relative_key'}, 3, 'position_embedding'))
  def test_what_contradicts_or_is_not_computed_is_named(
      self, fields, num_classes, message):
    with self.assertRaisesRegex(ValueError, f'config.json.*{message}'):
      self._read(self._seqcls(num_classes, **fields))

  def test_what_changes_no_answer_is_passed_over(self):
    folder = self._copy(
        initializer_range=None, hidden_dropout_prob=None,
        attention_probs_dropout_prob=None, is_decoder=False, pruned_heads={},
        return_dict=True, id2label=None)
    self.assertEmpty(self._read(folder).notes)
    self._assert_same_encoder(self._read(folder))

  def test_what_is_not_known_is_noted(self):
    folder = self._copy(rotary=True, architectures=['Mine'])
    with self.assertLogs(level='WARNING') as logs:
      notes = self._read(folder).notes
    self.assertLen(notes, 2)
    self.assertIn('fields that no MobileBERT has: rotary.', notes[0])
    self.assertIn('the class Mine, which is not known', notes[1])
    self.assertIn(notes[0], logs.output[0])
    conversion = formats.convert(str(folder), str(self.folder / 'out'))
    rows = formats.describe(conversion)
    self.assertIn(('Note', notes[0]), rows)
    self.assertIn('but for what the notes say', dict(rows)['Check'])

  # === What transformers computes otherwise, or cannot load ===

  def test_notes_for_the_teacher(self):
    notes = checkpoints.write(
        self._read(folders.golden('tf1_teacher')),
        str(self.folder / 'out'), 'hugging_face')
    self.assertLen(notes, 2)
    self.assertIn('transformers cannot load this architecture', notes[0])
    self.assertIn('epsilon 1e-5', notes[1])
    fields = json.loads((self.folder / 'out' / 'config.json').read_text())
    self.assertEqual(fields['hidden_act'], 'gelu_new')  # The tanh form.

  def test_gelu_is_ours_in_its_tanh_form_alone(self):
    for name in ('gelu_new', 'gelu_pytorch_tanh'):
      folder = self._copy(hidden_act=name)
      self.assertEqual(
          self._read(folder).architecture.hidden_activation, 'gelu')
    with self.assertRaisesRegex(ValueError, 'hidden_act=gelu.*by erf'):
      self._read(self._copy(hidden_act='gelu'))

  # === Pickles ===

  def test_a_pickle_is_named_and_not_read(self):
    folder = self._copy()
    (folder / 'model.safetensors').unlink()
    created = self.folder / 'created'
    (folder / 'pytorch_model.bin').write_bytes(
        pickle.dumps(_CreatesAFile(str(created))))
    with self.assertRaisesRegex(
        FileNotFoundError, 'no model.safetensors, only a pytorch_model.bin.*'
        'can run any code.*save_pretrained'):
      self._read(folder)
    self.assertFalse(created.exists())
    pickle.loads((folder / 'pytorch_model.bin').read_bytes()).close()
    self.assertTrue(created.exists())  # So it was the pickle's doing.

  def test_neither_weights_nor_pickle(self):
    folder = self._copy()
    (folder / 'model.safetensors').unlink()
    with self.assertRaisesRegex(FileNotFoundError, 'has no model.safetensors'):
      self._read(folder)


if __name__ == '__main__':
  tf.test.main()
