# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A rewritten model answers as the one it was made of, whatever its heads."""

import functools

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import validation
from mobilebert_tf import modeling
from tests.modeling import contract


def _model(kind: str, **overrides):
  encoder = modeling.MobileBertEncoder(contract.tiny_architecture(**overrides))
  model = {
      'classifier': lambda: modeling.MobileBertClassifier(encoder, 3),
      'rating': lambda: modeling.MobileBertClassifier(encoder, 1),
      'words': lambda: modeling.MobileBertTokenClassifier(encoder, 4),
      'spans': lambda: modeling.MobileBertQuestionAnswering(encoder),
      'mean': lambda: modeling.SentenceEncoder(encoder, normalize=False),
      'first': lambda: modeling.SentenceEncoder(encoder, 'first'),
      'attention': lambda: modeling.SentenceEncoder(encoder, 'attention', 5),
  }[kind]()
  contract.randomize(model)
  return model


_shared_model = functools.cache(_model)  # Which no test may change.


class RewritingTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.product(
      kind=('classifier', 'rating', 'words', 'spans', 'mean', 'first',
            'attention'),
      architecture=({}, {'use_pooler': True, 'normalization': 'layer_norm'}),
      calibrated=(False, True))
  def test_outputs_are_the_models(self, kind, architecture, calibrated):
    model = _shared_model(kind, **architecture)
    batch = {name: tf.constant(value)
             for name, value in contract.token_inputs().items()}
    rewritten = rewriting.rewrite(model, [batch] if calibrated else ())
    inputs = list(batch.values())
    expected = model(inputs, training=False)
    tf.nest.map_structure(
        lambda one, other: self.assertAllClose(one, other, 1e-4, 1e-4),
        rewritten(inputs), expected)

  def test_a_saved_model_holds_its_weights_alone(self):
    model = _shared_model('classifier')
    rewritten = rewriting.rewrite(model)
    ids = tf.TensorSpec([None, None], tf.int32)
    serve = tf.function(lambda *inputs: {'logits': rewritten(inputs)},
                        input_signature=[ids] * 3)
    rewritten.serve = serve
    folder = self.get_temp_dir() + '/saved_model'
    tf.saved_model.save(
        rewritten, folder, signatures=serve.get_concrete_function())
    loaded = tf.saved_model.load(folder)
    inputs = [tf.constant(value) for value in contract.token_inputs().values()]
    self.assertAllClose(loaded.serve(*inputs)['logits'], model(inputs), 1e-4,
                        1e-4)
    held = sum(np.prod(v.shape) for v in loaded.signatures[
        'serving_default'].variables)
    self.assertBetween(held, 0.9 * model.count_params(),
                       model.count_params() + 100)

  def test_what_cannot_be_folded_is_said(self):
    model = _model('classifier')
    gamma = model.encoder.blocks[0].attention_norm.gamma
    gamma.assign(tf.zeros_like(gamma))
    with self.assertLogs(level='WARNING') as logs:
      rewriting.rewrite(model)
    self.assertIn('block_0/attention_norm', ''.join(logs.output))

  def test_a_plain_bert_gives_the_same_vectors(self):
    model = modeling.SentenceEncoder(modeling.BertEncoder(modeling.BertConfig(
        vocab_size=9, width=8, num_attention_heads=2, intermediate_size=12,
        num_blocks=2)))
    rng = np.random.default_rng(0)
    for weight in model.weights:
      weight.assign_add(rng.normal(scale=0.3, size=weight.shape))
    ids = tf.constant([[2, 5, 7, 3, 0], [2, 8, 3, 0, 0]])
    inputs = [ids, tf.cast(ids > 0, tf.int32), ids * 0]
    rewritten = rewriting.rewrite(model, [dict(zip(
        validation.INPUT_NAMES, inputs, strict=True))])
    self.assertAllClose(rewritten(inputs), model(inputs), 1e-5, 1e-5)


if __name__ == '__main__':
  tf.test.main()
