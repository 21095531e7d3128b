# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folders of a plain BERT are read as teachers, and refused otherwise."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.distillation import teachers
from mobilebert_tf import modeling
from tests.checkpoints import folders
from tests.checkpoints import tiny_bert
from tests.modeling import contract

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
           *(f'w{i}' for i in range(45)))


class BertTest(parameterized.TestCase, folders.FolderTestCase):

  def _write(self, **changes):
    return tiny_bert.write(f'{self.folder}/bert', _TOKENS, **changes)

  def _check_equal(self, found, expected):
    for name, values in expected.items():
      if name in found:
        self.assertAllClose(found[name], values, 1e-5, 1e-5, msg=name)

  def test_network_and_heads_equal_the_oracle(self):
    weights = tiny_bert.tensors(len(_TOKENS))
    teacher = teachers.build(teachers.read(self._write(weights=weights)))
    self.assertFalse(teacher.trainable_weights)
    inputs = contract.token_inputs()
    positions = np.tile(np.arange(7, dtype=np.int32), [3, 1])
    outputs = teacher({**inputs, 'masked_lm_positions': positions})
    self._check_equal(outputs, tiny_bert.run(weights, inputs))
    self.assertLen(outputs['queries'], tiny_bert.BLOCKS)
    self.assertEqual(
        modeling.count_parameters(teacher.encoder.architecture),
        sum(np.prod(weight.shape) for weight in teacher.encoder.weights))

  def test_an_encoder_alone_without_a_prefix_or_pooler(self):
    weights = tiny_bert.tensors(len(_TOKENS))
    body = {name.removeprefix('bert.'): array
            for name, array in weights.items()
            if name.startswith('bert.') and 'pooler' not in name}
    body['embeddings.position_ids'] = np.arange(16)[None]
    checkpoint = teachers.read(
        self._write(weights=body, architectures=['BertModel']))
    self.assertEqual(checkpoint.parts, ('encoder',))
    teacher = teachers.build(checkpoint)
    self.assertIsInstance(teacher, modeling.BertEncoder)
    inputs = contract.token_inputs()
    outputs = teacher(inputs)
    expected = tiny_bert.run(weights, inputs)
    self.assertAllClose(outputs.pop('pooled_output'),
                        expected['sequence_output'][:, 0], 1e-5, 1e-5)
    self._check_equal(outputs, expected)

  def test_outputs_do_not_depend_on_padding(self):
    teacher = teachers.build(teachers.read(self._write()))
    short = contract.token_inputs(length=7, padding=2)
    inputs = {name: np.pad(values, [[0, 0], [0, 4]])
              for name, values in short.items()}
    positions = np.zeros([3, 1], np.int32)
    expected, found = (
        teacher({**each, 'masked_lm_positions': positions})
        for each in (short, inputs))
    for name in ('queries', 'keys', 'values'):
      self.assertAllClose(found[name][-1][:, :5], expected[name][-1][:, :5],
                          1e-5, 1e-5)

  def test_the_model_is_rebuilt_from_its_config(self):
    teacher = modeling.BertEncoder(modeling.BertConfig(
        vocab_size=50, width=8, num_attention_heads=2, intermediate_size=12,
        num_blocks=1, hidden_activation='relu'))
    again = modeling.BertEncoder.from_config(teacher.get_config())
    again.set_weights(teacher.get_weights())
    inputs = contract.token_inputs()
    self.assertAllEqual(again(inputs)['sequence_output'],
                        teacher(inputs)['sequence_output'])

  @parameterized.parameters(
      ({'layer_norm_eps': 1e-5}, 'layer_norm_eps=1e-05, which changes answers'),
      ({'position_embedding_type': 'relative_key'}, 'position_embedding_type='),
      ({'hidden_act': 'silu'}, "hidden_act='silu'; accepted: gelu, relu, ge"),
      ({'num_attention_heads': 5}, '=5 does not divide width=12'),
      ({'hidden_size': 24}, 'does not fit its config: .*is .50, 12., the con'),
      ({'num_hidden_layers': 2}, 'has 16 weights that its config does not'),
      ({'num_hidden_layers': 4}, 'lacks 16 of 78 weights'),
      ({'num_hidden_layers': None}, 'num_blocks is a whole number'),
  )
  def test_another_network_is_refused(self, changes, message):
    folder = self._write(**changes)
    with self.assertRaisesRegex(ValueError, message):
      teachers.read(folder)

  def test_a_missing_field_is_named(self):
    folder = self._write()
    folders.edit(self.folder / 'bert/config.json', hidden_size=None)
    with self.assertRaisesRegex(ValueError, 'config.json lacks hidden_size'):
      teachers.read(folder)

  def test_it_is_no_student(self):
    with self.assertRaisesRegex(ValueError, "type 'bert', not a MobileBERT"):
      checkpoints.read(self._write())

  def test_a_checkpoint_of_ours_is_a_teacher(self):
    model = modeling.MobileBertPretrainer(
        modeling.MobileBertEncoder(contract.tiny_architecture()))
    folder = f'{self.folder}/ours'
    checkpoints.write(checkpoints.of_model(model), folder, 'mobilebert_tf')
    teacher = teachers.build(teachers.read(folder))
    for one, other in zip(teacher.weights, model.weights, strict=True):
      self.assertAllEqual(one, other)

  def test_no_path(self):
    with self.assertRaisesRegex(ValueError, 'teacher_checkpoint is not set'):
      teachers.read('')


if __name__ == '__main__':
  tf.test.main()
