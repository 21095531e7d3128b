# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The reference's outputs from checkpoints that were converted.

Those of the two formats in which the reference implementations wrote them are
in tests/modeling/parity_test.py.
"""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf import modeling
from tests.checkpoints import folders
from tests.checkpoints import goldens
from tests.modeling import contract
from tests import shared_data

# Our outputs, theirs, and the tolerance.
_TF1_OUTPUTS = (
    ('sequence_output', 'sequence_output', goldens.HIDDEN_TOLERANCE),
    ('pooled_output', 'pooled_output', goldens.HIDDEN_TOLERANCE),
    ('next_sentence', 'nsp_logits', goldens.HIDDEN_TOLERANCE),
    ('mlm_logits', 'mlm_logits', goldens.LOGITS_TOLERANCE))
_HUGGING_FACE_OUTPUTS = (
    ('sequence_output', 'last_hidden_state', goldens.HIDDEN_TOLERANCE),
    ('pooled_output', 'pooler_output', goldens.HIDDEN_TOLERANCE),
    ('next_sentence', 'seq_relationship_logits', goldens.HIDDEN_TOLERANCE),
    ('mlm_logits', 'prediction_logits_at_masked_positions',
     goldens.LOGITS_TOLERANCE))


class GoldenTest(folders.FolderTestCase, goldens.GoldenTestCase,
                 parameterized.TestCase):

  def _convert(self, name, checkpoint_format):
    folder = str(self.folder / f'{name}_{checkpoint_format}')
    formats.convert(folders.golden(name), folder, checkpoint_format)
    return folder

  def _converted(self, model, name):
    """Fills a model from each format; yields the format's name."""
    for checkpoint_format in checkpoints.FORMATS:
      contract.randomize(model)
      checkpoints.restore(model, self._convert(name, checkpoint_format))
      yield checkpoint_format

  @parameterized.parameters(
      ('tf1_student', 'padded_mask-10000', _TF1_OUTPUTS),
      ('tf1_tiny', 'padded_mask-10000', _TF1_OUTPUTS),
      ('tf1_teacher', 'padded_mask-10000', _TF1_OUTPUTS),
      ('hf_student', 'padded', _HUGGING_FACE_OUTPUTS),
      ('hf_tiny', 'padded', _HUGGING_FACE_OUTPUTS))
  def test_pretrainer(self, name, case, compared):
    folder = shared_data.path(f'golden/{name}')
    golden = np.load(folder / f'golden_{case}.npz')
    model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(
        checkpoints.read(str(folder)).architecture))
    for checkpoint_format in self._converted(model, name):
      outputs = model(goldens.inputs(golden))
      for ours, theirs, tolerance in compared:
        expected = golden[theirs]
        self.assert_equal(
            np.reshape(outputs[ours], expected.shape), expected, tolerance,
            f'{ours} from {checkpoint_format}')

  def test_sequence_classification(self):
    model = modeling.MobileBertClassifier.from_pretrained(
        folders.golden('hf_seqcls'))
    for checkpoint_format in self._converted(model, 'hf_seqcls'):
      for case in ('unpadded', 'padded'):
        golden = np.load(
            shared_data.path(f'golden/hf_seqcls/golden_{case}.npz'))
        inputs = goldens.inputs(golden)
        del inputs['masked_lm_positions']
        self.assert_equal(
            model(inputs), golden['logits'], goldens.HIDDEN_TOLERANCE,
            f'{case}, from {checkpoint_format}')


if __name__ == '__main__':
  tf.test.main()
