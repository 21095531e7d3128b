# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The encoder: how it is called, saved, extended, and what it refuses."""

import json
import os
import pathlib
import subprocess
import sys

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from tests.modeling import contract

_NAMES = ('input_word_ids', 'input_mask', 'input_type_ids')


def _make_encoder(seed: int = 1, **overrides) -> modeling.MobileBertEncoder:
  encoder = modeling.MobileBertEncoder(contract.tiny_architecture(**overrides))
  contract.randomize(encoder, seed)
  return encoder


def _make_classifier(encoder: modeling.MobileBertEncoder) -> tf_keras.Model:
  inputs = [tf_keras.Input([None], dtype=tf.int32, name=name)
            for name in _NAMES]
  pooled = encoder(inputs)['pooled_output']
  return tf_keras.Model(inputs, tf_keras.layers.Dense(3)(pooled))


class EncoderContractTest(
    contract.LayerContract, tf.test.TestCase, parameterized.TestCase):
  """Every layer's contract, kept by the whole encoder."""

  zero_gradients = ('key/bias',)
  float32_outputs = (0,)  # Attention scores come first by name.
  architecture = {
      'hidden_activation': 'gelu', 'use_pooler': True, 'num_blocks': 1
  }

  def make_layer(self, **kwargs):
    return modeling.MobileBertEncoder(
        contract.tiny_architecture(**self.architecture), **kwargs)

  def make_inputs(self):
    return list(contract.token_inputs().values())

  def call(self, layer, inputs, **kwargs):
    return layer(inputs, **kwargs)

  def learning_signal(self, outputs):
    return [outputs['sequence_output'], outputs['pooled_output']]

  def expected_shapes(self):
    return {
        'sequence_output': [3, 7, 16],
        'pooled_output': [3, 16],
        'encoder_outputs': [[3, 7, 16]],
        'attention_scores': [[3, 2, 7, 7]],
        'embedding_output': [3, 7, 16],
        **dict.fromkeys(('queries', 'keys', 'values'),
                        [[3, 7, self.architecture.get('intra_block_size', 8)]]),
    }


class TeacherContractTest(EncoderContractTest):

  architecture = {
      'hidden_activation': 'gelu', 'normalization': 'layer_norm',
      'attention_input': 'block_input', 'intra_block_size': 24,
      'num_feedforward_networks': 1, 'hidden_dropout_rate': 0.1,
      'num_blocks': 1,
  }


class EncoderCallTest(tf.test.TestCase, parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.encoder = _make_encoder()
    cls.inputs = contract.token_inputs()
    cls.expected = cls.encoder(cls.inputs)

  def _assert_same(self, outputs, tolerance=1e-5):
    tf.nest.map_structure(
        lambda a, b: self.assertAllClose(a, b, tolerance, tolerance),
        outputs, self.expected)

  def test_dict_list_and_a_dict_with_more_in_it(self):
    self._assert_same(self.encoder(list(self.inputs.values())))
    self._assert_same(self.encoder(tuple(self.inputs.values())))
    self._assert_same(self.encoder(
        {'label_ids': np.zeros([3]), **dict(reversed(self.inputs.items()))}))

  def test_integers_of_either_width_and_a_boolean_mask(self):
    self._assert_same(self.encoder(
        {name: value.astype(np.int64) for name, value in self.inputs.items()}))
    self._assert_same(self.encoder(
        {**self.inputs, 'input_mask': self.inputs['input_mask'] == 1}))

  def test_python_lists(self):
    self._assert_same(self.encoder(
        {name: value.tolist() for name, value in self.inputs.items()}))

  def test_outputs_belong_together(self):
    outputs = self.expected
    self.assertAllEqual(
        outputs['sequence_output'], outputs['encoder_outputs'][-1])
    self.assertAllEqual(
        outputs['pooled_output'], outputs['sequence_output'][:, 0])
    first = self.encoder.blocks[0](
        outputs['embedding_output'], self.inputs['input_mask'])
    self.assertAllClose(first[0], outputs['encoder_outputs'][0], 1e-5, 1e-5)
    self.assertAllClose(first[1], outputs['attention_scores'][0], 1e-5, 1e-5)
    for name, vectors in zip(
        ('queries', 'keys', 'values'), first[2], strict=True):
      self.assertAllClose(vectors, outputs[name][0], 1e-5, 1e-5)
    self.assertIs(self.encoder.get_embedding_layer().embeddings,
                  self.encoder.get_embedding_table())

  @parameterized.parameters(False, True)
  def test_function_equals_eager(self, jit_compile):
    function = tf.function(self.encoder, jit_compile=jit_compile)
    self._assert_same(function(self.inputs))

  def test_any_batch_size_and_length_in_one_trace(self):
    traces = []

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)] * 3)
    def function(*inputs):
      traces.append(len(inputs))
      return self.encoder(inputs)['sequence_output']

    for batch in (0, 1, 4):
      for length in (1, 2, 12):
        inputs = contract.token_inputs(batch, length, padding=0)
        outputs = function(*inputs.values())
        self.assertEqual(outputs.shape, (batch, length, 16))
        self.assertAllClose(
            outputs, self.encoder(inputs)['sequence_output'], 1e-5, 1e-5)
    self.assertLen(traces, 1)

  def test_dropout_acts_in_training_only(self):
    encoder = _make_encoder(
        hidden_dropout_rate=0.5, attention_dropout_rate=0.5)
    once, twice = (
        encoder(self.inputs, training=True)['sequence_output'] for _ in '12')
    self.assertNotAllClose(once, twice)
    self.assertAllEqual(encoder(self.inputs)['sequence_output'],
                        encoder(self.inputs, training=False)['sequence_output'])
    # Dropout has no weights: those of an encoder without it fit.
    self._assert_same(encoder(self.inputs))

  def test_attention_dropout_alone_acts(self):
    encoder = _make_encoder(attention_dropout_rate=0.5)
    outputs = encoder(self.inputs, training=True)
    self.assertNotAllClose(
        outputs['sequence_output'], self.expected['sequence_output'])
    # The scores of the first block are taken before the dropout.
    self.assertAllClose(
        outputs['attention_scores'][0], self.expected['attention_scores'][0])

  def test_answer_does_not_depend_on_padding(self):
    """Beyond the text's length plus one (design.md, decision 10)."""
    text = contract.token_inputs(2, 6, padding=0)
    answers = []
    for length in (7, 8, 12):
      padded = {name: np.pad(value, [[0, 0], [0, length - 6]])
                for name, value in text.items()}
      outputs = self.encoder(padded)
      answers.append((outputs['sequence_output'][:, :6],
                      outputs['pooled_output']))
    for answer in answers[1:]:
      self.assertAllClose(answer[0], answers[0][0], 1e-5, 1e-5)
      self.assertAllClose(answer[1], answers[0][1], 1e-5, 1e-5)

  def test_segment_of_padding_does_not_matter(self):
    types = np.where(self.inputs['input_mask'], self.inputs['input_type_ids'],
                     1)
    outputs = self.encoder({**self.inputs, 'input_type_ids': types})
    self.assertAllClose(outputs['sequence_output'][0, :5],
                        self.expected['sequence_output'][0, :5], 1e-5, 1e-5)

  def test_answer_does_not_depend_on_batch_mates(self):
    for row in range(3):
      alone = self.encoder(
          {name: value[row:row + 1] for name, value in self.inputs.items()})
      self.assertAllClose(alone['sequence_output'][0],
                          self.expected['sequence_output'][row], 1e-5, 1e-5)

  def test_every_input_counts(self):
    for name, value in self.inputs.items():
      outputs = self.encoder({**self.inputs, name: (value + 1) % 2})
      self.assertNotAllClose(
          outputs['pooled_output'], self.expected['pooled_output'])

  def test_bfloat16_is_close_to_float32(self):
    encoder = modeling.MobileBertEncoder(
        contract.tiny_architecture(), dtype='mixed_bfloat16')
    encoder.set_weights(self.encoder.get_weights())
    outputs = encoder(self.inputs)
    self.assertEqual(outputs['sequence_output'].dtype, tf.bfloat16)
    self.assertEqual(outputs['attention_scores'][0].dtype, tf.float32)
    actual = tf.cast(outputs['sequence_output'], tf.float32)
    expected = self.expected['sequence_output']
    error = tf.norm(actual - expected) / tf.norm(expected)
    self.assertLess(float(error), 0.02)  # bfloat16 keeps 8 bits.
    self.assertGreater(float(error), 1e-5)

  def test_a_dtype_is_a_policy_too(self):
    encoder = modeling.MobileBertEncoder(
        contract.tiny_architecture(), dtype=tf.float64)
    self.assertEqual(encoder(self.inputs)['sequence_output'].dtype, tf.float64)


class EncoderRefusalTest(tf.test.TestCase, parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.encoder = _make_encoder()
    cls.inputs = contract.token_inputs()

  def _assert_refused(self, message, inputs):
    with self.assertRaisesRegex(ValueError, message):
      self.encoder(inputs)

  def test_longer_sequence(self):
    self._assert_refused(
        'has 13 tokens; this model has positions for 12',
        contract.token_inputs(1, 13))

  def test_longer_sequence_known_at_run_time_only(self):
    function = tf.function(
        lambda *inputs: self.encoder(inputs)['sequence_output'],
        input_signature=[tf.TensorSpec([None, None], tf.int32)] * 3)
    with self.assertRaisesRegex(
        tf.errors.InvalidArgumentError, 'longer than the 12 positions'):
      function(*contract.token_inputs(1, 13).values())

  @parameterized.parameters('input_mask', 'input_type_ids')
  def test_unequal_shapes_known_at_run_time_only(self, name):
    function = tf.function(
        lambda *inputs: self.encoder(inputs)['sequence_output'],
        input_signature=[tf.TensorSpec([None, None], tf.int32)] * 3)
    for wrong in (self.inputs[name][:1], self.inputs[name][:, :1]):
      with self.assertRaisesRegex(
          tf.errors.InvalidArgumentError,
          f'{name} and input_word_ids have to have the same shape'):
        function(*{**self.inputs, name: wrong}.values())

  @parameterized.parameters('input_mask', 'input_type_ids')
  def test_unequal_shapes(self, name):
    for wrong in (self.inputs[name][:1], self.inputs[name][:, :1]):
      self._assert_refused(
          rf'{name} has shape \(.*\), but input_word_ids has \(3, 7\)',
          {**self.inputs, name: wrong})

  def test_no_tokens(self):
    self._assert_refused('no tokens', contract.token_inputs(2, 0, 0))

  def test_missing_input(self):
    inputs = dict(self.inputs)
    del inputs['input_mask']
    self._assert_refused(
        'Missing input input_mask; given: input_word_ids, input_type_ids',
        inputs)
    self._assert_refused('Got 2 inputs; needed are 3', list(inputs.values()))
    self._assert_refused('given: nothing', {})

  def test_what_is_no_dict_or_list(self):
    self._assert_refused('a dict or a list of .*; got ndarray',
                         self.inputs['input_word_ids'])
    self._assert_refused('got str', 'some text')

  @parameterized.parameters(*_NAMES)
  def test_wrong_rank(self, name):
    value = self.inputs[name]
    self._assert_refused(rf'{name} has shape \(7,\), rank 1; accepted: rank 2',
                         {**self.inputs, name: value[0]})
    self._assert_refused(f'{name} has shape .* rank 3',
                         {**self.inputs, name: value[None]})
    self._assert_refused(f'{name} has shape .* rank 0',
                         {**self.inputs, name: 3})

  @parameterized.parameters(*_NAMES)
  def test_wrong_dtype(self, name):
    self._assert_refused(
        f'{name} has dtype float32; accepted: int32, int64',
        {**self.inputs, name: self.inputs[name].astype(np.float32)})
    self._assert_refused(
        f'{name} has dtype string', {**self.inputs, name: [['a'] * 7] * 3})

  @parameterized.parameters(*_NAMES)
  def test_ragged_sparse_uneven_and_none(self, name):
    ragged = tf.ragged.constant([[1], [1, 0]], dtype=tf.int32)
    self._assert_refused(f'{name} is a RaggedTensor; accepted: a dense tensor',
                         {**self.inputs, name: ragged})
    self._assert_refused(f'{name} is a SparseTensor',
                         {**self.inputs, name: ragged.to_sparse()})
    self._assert_refused(f'{name} is no tensor but .*every row padded',
                         {**self.inputs, name: [[1], [1, 0]]})
    self._assert_refused(f'{name} is no tensor but None',
                         {**self.inputs, name: None})

  def test_symbolic_ragged_and_sparse_inputs(self):
    for kind in ('ragged', 'sparse'):
      symbol = tf_keras.Input([None], dtype=tf.int32, **{kind: True})
      self._assert_refused(f'is a {kind.title()}KerasTensor', [symbol] * 3)

  @parameterized.parameters('mixed_float16', 'float16')
  def test_float16(self, policy):
    with self.assertRaisesRegex(
        ValueError, f"'{policy}' computes in float16.*Accepted: float32, mix"):
      modeling.MobileBertEncoder(contract.tiny_architecture(), dtype=policy)
    before = tf_keras.mixed_precision.global_policy()
    tf_keras.mixed_precision.set_global_policy(policy)
    try:
      with self.assertRaisesRegex(ValueError, 'computes in float16'):
        modeling.MobileBertEncoder(contract.tiny_architecture())
      # One that says float32 is float32 whatever the global policy.
      encoder = modeling.MobileBertEncoder(
          contract.tiny_architecture(), dtype='float32')
      self.assertEqual(
          encoder(self.inputs)['sequence_output'].dtype, tf.float32)
    finally:
      tf_keras.mixed_precision.set_global_policy(before)


class EncoderSavingTest(tf.test.TestCase, parameterized.TestCase):
  """Here what the contract does not cover, and everything in a new process."""

  def test_clone_and_plain_from_config(self):
    encoder = _make_encoder()
    inputs = contract.token_inputs()
    expected = encoder(inputs)
    clone = tf_keras.models.clone_model(encoder)
    plain = tf_keras.Model.from_config(encoder.get_config())
    self.assertIsInstance(clone, modeling.MobileBertEncoder)
    for copy in (clone, plain):
      self.assertEqual(copy.name, encoder.name)
      copy.set_weights(encoder.get_weights())
      tf.nest.map_structure(
          lambda a, b: self.assertAllClose(a, b, 1e-6, 1e-6),
          copy(inputs), expected)
    clone.get_embedding_table().assign_add(
        tf.ones_like(clone.get_embedding_table()))
    tf.nest.map_structure(self.assertAllEqual, encoder(inputs), expected)

  def test_policy_survives_whatever_the_global_one(self):
    encoder = modeling.MobileBertEncoder(
        contract.tiny_architecture(), dtype='mixed_bfloat16')
    for copy in (tf_keras.models.clone_model(encoder),
                 tf_keras.Model.from_config(encoder.get_config())):
      self.assertEqual(copy(contract.token_inputs())['pooled_output'].dtype,
                       tf.bfloat16)

  def test_frozen_stays_frozen(self):
    encoder = _make_encoder()
    encoder.get_layer('block_0').trainable = False
    trainable = len(encoder.trainable_weights)
    self.assertLess(trainable, len(encoder.weights))
    path = os.path.join(self.get_temp_dir(), 'encoder.keras')
    encoder.save(path)
    for copy in (tf_keras.models.clone_model(encoder),
                 tf_keras.Model.from_config(encoder.get_config()),
                 tf_keras.models.load_model(path)):
      self.assertLen(copy.trainable_weights, trainable)
    encoder.trainable = False
    for copy in (tf_keras.models.clone_model(encoder),
                 tf_keras.Model.from_config(encoder.get_config())):
      self.assertEmpty(copy.trainable_weights)

  def test_signature_of_a_saved_model_refuses_too(self):
    path = os.path.join(self.get_temp_dir(), 'saved_model')
    tf.saved_model.save(_make_encoder(num_blocks=1), path)
    serve = tf.saved_model.load(path).signatures['serving_default']
    inputs = {name: tf.constant(value)
              for name, value in contract.token_inputs().items()}
    serve(**inputs)
    with self.assertRaisesRegex(Exception, 'longer than the 12 positions'):
      serve(**{name: tf.ones([1, 13], tf.int32) for name in inputs})
    with self.assertRaisesRegex(Exception, 'have to have the same shape'):
      serve(**{**inputs, 'input_mask': inputs['input_mask'][:, :1]})

  @pytest.mark.slow
  def test_everything_loads_in_a_fresh_process(self):
    folder = pathlib.Path(self.get_temp_dir())
    encoder = _make_encoder(num_blocks=1, num_feedforward_networks=1)
    models = {
        'encoder': encoder,
        'pretrainer': modeling.MobileBertPretrainer(encoder),
        'classifier': _make_classifier(encoder),
    }
    inputs = {
        **contract.token_inputs(),
        'masked_lm_positions': np.array([[1, 2], [3, 0], [6, 6]], np.int32),
    }
    expected = {
        'encoder': encoder(inputs)['sequence_output'],
        'pretrainer': models['pretrainer'](inputs)['mlm_logits'],
        'classifier': models['classifier'](
            [inputs[name] for name in _NAMES]),
    }
    np.savez(folder / 'inputs.npz', **inputs)
    np.savez(folder / 'expected.npz', **expected)
    for kind, model in models.items():
      (folder / f'{kind}.json').write_text(json.dumps(model.get_config()))
      np.savez(folder / f'{kind}.npz', *model.get_weights())
      model.save(folder / f'{kind}.keras')
      model.save(folder / f'{kind}_model_save', save_format='tf')
      tf.saved_model.save(model, str(folder / f'{kind}_saved_model'))

    script = pathlib.Path(__file__).with_name('fresh_process.py')
    done = subprocess.run(
        [sys.executable, script, folder], capture_output=True, text=True,
        check=False, cwd=folder, env={
            **os.environ,
            'PYTHONPATH': str(pathlib.Path(__file__).resolve().parents[2])})
    self.assertEqual(done.returncode, 0, done.stderr[-3000:])
    report = json.loads(done.stdout.splitlines()[-1])
    self.assertLen(report, 18)
    classes = {'encoder': 'MobileBertEncoder',
               'pretrainer': 'MobileBertPretrainer', 'classifier': 'Functional'}
    for what, (name, difference) in report.items():
      self.assertLess(difference, 1e-5, what)
      kind, way = what.split(' ', 1)
      if way in ('.keras', 'model.save', 'clone_model', 'from_config'):
        self.assertEqual(name, classes[kind], what)


class EncoderUseTest(tf.test.TestCase):
  """What people do with an encoder."""

  def test_summary_names_the_blocks(self):
    lines = []
    _make_encoder().summary(print_fn=lambda line, **_: lines.append(line))
    text = '\n'.join(lines)
    for name in ('word_embeddings', 'embeddings', 'block_1', 'Total params'):
      self.assertIn(name, text)

  def test_predict(self):
    encoder, inputs = _make_encoder(), contract.token_inputs(5)
    outputs = encoder.predict(inputs, batch_size=2, verbose=0)
    tf.nest.map_structure(
        lambda a, b: self.assertAllClose(a, b, 1e-5, 1e-5),
        outputs, encoder(inputs))

  def test_a_classifier_on_top_learns_and_is_saved(self):
    encoder = _make_encoder(num_blocks=1)
    model = _make_classifier(encoder)
    inputs, labels = contract.token_inputs(), np.array([0, 1, 2])
    before = encoder.get_weights()
    model.compile(
        tf_keras.optimizers.Adam(1e-2),
        tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(inputs, labels, epochs=8, verbose=0).history['loss']
    self.assertLess(history[-1], history[0])
    moved = [not np.array_equal(one, other)
             for one, other in zip(before, encoder.get_weights(), strict=True)]
    self.assertGreater(np.mean(moved), 0.9)

    expected = model(inputs)
    path = os.path.join(self.get_temp_dir(), 'classifier.keras')
    model.save(path)
    loaded = tf_keras.models.load_model(path)
    self.assertAllClose(loaded(inputs), expected, 1e-5, 1e-5)
    loaded.fit(inputs, labels, verbose=0)  # Its optimizer goes on.

  def test_a_checkpoint_of_the_encoder_restores_by_object(self):
    encoder, other = _make_encoder(1), _make_encoder(2)
    path = tf.train.Checkpoint(encoder=encoder).save(
        os.path.join(self.get_temp_dir(), 'ckpt'))
    tf.train.Checkpoint(encoder=other).restore(path).assert_consumed()
    for one, two in zip(encoder.weights, other.weights, strict=True):
      self.assertAllEqual(one, two)

  def test_two_encoders_live_side_by_side(self):
    """Teacher and student in one model, as in distillation."""
    inputs = [tf_keras.Input([None], dtype=tf.int32, name=name)
              for name in _NAMES]
    teacher = modeling.MobileBertEncoder(
        contract.tiny_architecture('ib_bert_small', intra_block_size=24),
        name='teacher')
    student = _make_encoder()
    model = tf_keras.Model(
        inputs, {'teacher': teacher(inputs)['encoder_outputs'],
                 'student': student(inputs)['encoder_outputs']})
    outputs = model(contract.token_inputs())
    self.assertEqual(*(
        [output.shape for output in outputs[who]] for who in outputs))

  @pytest.mark.slow
  def test_the_released_student_at_full_size(self):
    encoder = modeling.MobileBertEncoder('mobilebert')
    self.assertEqual(encoder.count_params(), 24_581_888)
    inputs = contract.token_inputs(1, 512)
    outputs = encoder(inputs)
    self.assertLen(outputs['encoder_outputs'], 24)
    self.assertTrue(np.all(np.isfinite(outputs['sequence_output'])))


if __name__ == '__main__':
  tf.test.main()
