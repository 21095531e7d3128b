# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Our outputs against those of the reference implementations.

`../shared/golden` holds checkpoints with random weights and what the reference
code computes from them; its README names versions, masks and tolerances.
"""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from tests.checkpoints import goldens
from tests import shared_data


class ParityTest(goldens.GoldenTestCase, parameterized.TestCase):

  def _assert_blocks(self, outputs, hidden_states, probabilities):
    """Compares the embedding, every block and every head."""
    self.assert_equal(outputs['embedding_output'], hidden_states[0],
                      goldens.HIDDEN_TOLERANCE, 'embedding output')
    self.assertLen(outputs['encoder_outputs'], len(hidden_states) - 1)
    for i, output in enumerate(outputs['encoder_outputs']):
      self.assert_equal(output, hidden_states[i + 1], goldens.HIDDEN_TOLERANCE,
                        f'output of block {i}')
      self.assert_equal(
          tf.nn.softmax(outputs['attention_scores'][i]), probabilities[i],
          goldens.HIDDEN_TOLERANCE, f'attention probabilities of block {i}')

  @parameterized.product(
      kind=['student', 'tiny', 'teacher'],
      case=[('unpadded', 'hard'), ('padded_mask-10000', 'hard'),
            ('padded_mask-6', 'tf1_reference')])
  def test_google_research(self, kind, case):
    file, attention_mask = case
    folder = shared_data.path(f'golden/tf1_{kind}')
    model = modeling.MobileBertPretrainer.from_pretrained(
        folder, attention_mask=attention_mask)
    golden = np.load(folder / f'golden_{file}.npz')
    inputs = goldens.inputs(golden)
    outputs = model(inputs)

    self.assert_equal(
        model.encoder.word_embeddings(inputs['input_word_ids']),
        golden['word_embedding_output'], 0, 'word embeddings')
    self._assert_blocks(
        outputs, golden['all_layer_outputs'], golden['attention_probs'])
    seen = inputs['input_mask'][:, None, None, :] == 1
    if attention_mask == 'tf1_reference':
      seen = np.ones_like(seen)
    for i, scores in enumerate(outputs['attention_scores']):
      # Where the reference adds -10000 we add -1e9: compared as probabilities.
      self.assert_equal(
          np.where(seen, scores, 0),
          np.where(seen, golden['attention_scores'][i], 0),
          goldens.HIDDEN_TOLERANCE, f'attention scores of block {i}')
    for ours, theirs in (('sequence_output', 'sequence_output'),
                         ('pooled_output', 'pooled_output'),
                         ('next_sentence', 'nsp_logits')):
      self.assert_equal(
          outputs[ours], golden[theirs], goldens.HIDDEN_TOLERANCE, ours)
    self.assert_equal(
        tf.reshape(outputs['mlm_logits'], golden['mlm_logits'].shape),
        golden['mlm_logits'], goldens.LOGITS_TOLERANCE, 'masked-LM logits')

  @parameterized.product(kind=['student', 'tiny'], case=['unpadded', 'padded'])
  def test_hugging_face(self, kind, case):
    folder = shared_data.path(f'golden/hf_{kind}')
    model = modeling.MobileBertPretrainer.from_pretrained(folder)
    golden = np.load(folder / f'golden_{case}.npz')
    outputs = model(goldens.inputs(golden))

    self._assert_blocks(outputs, golden['hidden_states'], golden['attentions'])
    for ours, theirs in (('sequence_output', 'last_hidden_state'),
                         ('pooled_output', 'pooler_output'),
                         ('next_sentence', 'seq_relationship_logits')):
      self.assert_equal(
          outputs[ours], golden[theirs], goldens.HIDDEN_TOLERANCE, ours)
    self.assert_equal(
        outputs['mlm_logits'],
        golden['prediction_logits_at_masked_positions'],
        goldens.LOGITS_TOLERANCE, 'masked-LM logits')

  def test_hard_mask_gives_padding_a_weight_of_exactly_zero(self):
    folder = shared_data.path('golden/tf1_student')
    golden = np.load(folder / 'golden_padded_mask-10000.npz')
    inputs = goldens.inputs(golden)
    outputs = modeling.MobileBertPretrainer.from_pretrained(folder)(inputs)
    padding = inputs['input_mask'] == 0
    self.assertTrue(padding.any())
    for scores in outputs['attention_scores']:
      weights = tf.nn.softmax(scores).numpy()
      for row in range(len(padding)):
        self.assertAllEqual(weights[row, :, :, padding[row]], 0.0 * weights[
            row, :, :, padding[row]])


if __name__ == '__main__':
  tf.test.main()
