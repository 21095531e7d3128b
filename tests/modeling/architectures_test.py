# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The named architectures, their sizes and their errors."""

import json
import resource

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.modeling import architectures
from official.modeling import hyperparams
from official.nlp.configs import encoders
from tests.modeling import contract


def _peak_memory() -> int:
  """Returns the most memory that this process ever held, in MB."""
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class ArchitecturesTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      # google-research, Hugging Face and Model Garden agree on the first;
      # ../shared/reference/paper_spec.md derives each.
      ('mobilebert', 24_581_888), ('mobilebert_paper', 25_359_104),
      ('mobilebert_tiny', 15_485_696), ('ib_bert_large', 294_205_184))
  def test_parameters_are_counted_without_allocating_them(self, name, expected):
    before = _peak_memory()
    self.assertEqual(modeling.count_parameters(name), expected)
    # The teacher's weights alone would take 1,177 MB.
    self.assertLess(_peak_memory() - before, 500)

  @parameterized.parameters(*modeling.ARCHITECTURES)
  def test_every_named_architecture_is_valid_and_countable(self, name):
    config = modeling.get_architecture(name)
    architectures.check_config(config)
    self.assertGreater(
        modeling.count_parameters(modeling.get_architecture(
            name, num_blocks=1)), 0)

  @parameterized.parameters(*modeling.ARCHITECTURES)
  def test_count_equals_what_is_built(self, name):
    config = contract.tiny_architecture(name)
    self.assertEqual(modeling.count_parameters(config),
                     modeling.MobileBertEncoder(config).count_params())

  def test_released_student_and_its_teacher(self):
    """The fields of Google's two JSON files."""
    student = modeling.get_architecture('mobilebert')
    self.assertEqual(
        (student.num_blocks, student.inter_block_size, student.intra_block_size,
         student.num_feedforward_networks, student.normalization,
         student.attention_input, student.use_pooler,
         student.attention_dropout_rate, student.hidden_dropout_rate),
        (24, 512, 128, 4, 'no_norm', 'shared_bottleneck', False, 0.1, 0.0))
    teacher = modeling.get_architecture('ib_bert_large')
    self.assertEqual(
        (teacher.num_blocks, teacher.inter_block_size, teacher.intra_block_size,
         teacher.intermediate_size, teacher.num_feedforward_networks,
         teacher.normalization, teacher.hidden_activation,
         teacher.attention_input, teacher.hidden_dropout_rate),
        (24, 512, 1024, 4096, 1, 'layer_norm', 'gelu', 'block_input', 0.1))

  def test_teacher_and_student_can_be_compared_block_by_block(self):
    for teacher, student in (('ib_bert_large', 'mobilebert'),
                             ('ib_bert_small', 'mobilebert_small')):
      pair = [modeling.get_architecture(name) for name in (teacher, student)]
      for field in ('vocab_size', 'inter_block_size', 'num_blocks',
                    'num_attention_heads', 'max_position_embeddings'):
        self.assertEqual(*(getattr(config, field) for config in pair), field)

  def test_a_named_architecture_is_new_each_time(self):
    modeling.get_architecture('mobilebert').num_blocks = 1
    self.assertEqual(modeling.get_architecture('mobilebert').num_blocks, 24)
    given = contract.tiny_architecture()
    architectures.resolve(given).num_blocks = 9
    self.assertEqual(given.num_blocks, 2)

  def test_survives_json_and_dict(self):
    config = contract.tiny_architecture()
    copy = architectures.resolve(json.loads(json.dumps(config.as_dict())))
    self.assertEqual(copy, config)
    self.assertEqual(config.attention_head_size, 4)

  # === By name, in YAML and --params_override ===

  def test_a_name_sets_all_fields_and_those_beside_it_change_it(self):
    config = modeling.MobileBertConfig(num_blocks=3, use_pooler=True)
    config.override({'vocab_size': 70, 'architecture': 'mobilebert_tiny'})
    self.assertEqual(config, modeling.get_architecture(
        'mobilebert_tiny', vocab_size=70))
    config.override({'num_blocks': 2})  # A later file.
    self.assertEqual(config, modeling.get_architecture(
        'mobilebert_tiny', vocab_size=70, num_blocks=2))
    self.assertEqual(config.replace(architecture='mobilebert'),
                     modeling.MobileBertConfig())
    self.assertEqual(
        architectures.resolve({'architecture': 'ib_bert_small',
                               'num_blocks': 2}),
        modeling.get_architecture('ib_bert_small', num_blocks=2))

  @parameterized.parameters(
      ('any.architecture=ib_bert_small,any.num_blocks=2',),
      ('{any: {architecture: ib_bert_small, num_blocks: 2}}',),
      # As params.yaml has it, now and before there were names.
      ({'any': modeling.get_architecture(
          'ib_bert_small', num_blocks=2).as_dict()},))
  def test_an_encoder_of_the_model_garden_takes_a_name(self, override):
    encoder = encoders.EncoderConfig(
        type='any', any=modeling.get_architecture('mobilebert'))
    hyperparams.override_params_dict(encoder, override, is_strict=True)
    expected = modeling.get_architecture('ib_bert_small', num_blocks=2)
    self.assertEqual(encoder.get(), expected)
    # Runs are resumed and loaded by what is written, so all fields are.
    self.assertEqual(encoder.as_dict(),
                     {'type': 'any', 'any': expected.as_dict()})

  def test_overrides_that_are_unknown(self):
    config = modeling.MobileBertConfig()
    with self.assertRaisesRegex(ValueError, "Did you mean 'mobilebert_tiny'"):
      config.override({'architecture': 'mobilebert_tinny'})
    with self.assertRaisesRegex(KeyError, 'hidden_size'):
      config.override({'architecture': 'mobilebert', 'hidden_size': 3})

  # === Errors ===

  @parameterized.parameters(
      ({'num_blocks': 0}, 'num_blocks is a whole number above 0; got 0'),
      ({'num_blocks': '3'}, "num_blocks is a whole .* got '3'"),
      ({'num_blocks': True}, 'num_blocks .* got True'),
      ({'vocab_size': 9.5}, 'vocab_size .* got 9.5'),
      ({'hidden_dropout_rate': 1.0}, 'hidden_dropout_rate .* below 1; got 1.0'),
      ({'hidden_dropout_rate': '0.1'}, "hidden_dropout_rate .* got '0.1'"),
      ({'attention_dropout_rate': float('nan')}, 'attention_drop.* got nan'),
      ({'initializer_range': 0}, 'initializer_range .* above 0; got 0'),
      ({'initializer_range': None}, 'initializer_range .* got None'),
      ({'use_pooler': 'false'}, "use_pooler is true or false; got 'false'"),
      ({'normalization': 'nonorm'},
       "'nonorm'; accepted: no_norm, layer_norm. Did you mean 'no_norm'"),
      ({'hidden_activation': 'swish'}, "'swish'; accepted: relu, relu6, gelu"),
      ({'attention_input': 'bottlenek'}, "Did you mean 'bottleneck'"),
      ({'attention_mask': None}, 'None; accepted: hard, tf1_reference'),
      ({'num_attention_heads': 3},
       'num_attention_heads=3 does not divide intra_block_size=128'),
      ({'embedding_size': 513},
       'embedding_size=513 is larger than inter_block_size=512'),
      ({'hidden_size': 512}, "Unknown architecture field 'hidden_size'"),
  )
  def test_what_cannot_be_built(self, overrides, message):
    with self.assertRaisesRegex(ValueError, message):
      modeling.get_architecture('mobilebert', **overrides)
    with self.assertRaisesRegex(ValueError, message):
      modeling.MobileBertEncoder(overrides)

  def test_unknown_name(self):
    with self.assertRaisesRegex(
        ValueError, "'mobilbert'; accepted: mobilebert,.*mean 'mobilebert'"):
      modeling.MobileBertEncoder('mobilbert')

  def test_what_is_no_architecture(self):
    with self.assertRaisesRegex(ValueError, 'got int: 24'):
      modeling.MobileBertEncoder(24)


if __name__ == '__main__':
  tf.test.main()
