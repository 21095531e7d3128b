# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Hugging Face's Python tools answer with an exported folder as we do."""

import pathlib
import shutil
import tempfile

from absl.testing import absltest
import numpy as np
import pytest

from mobilebert_tf.deployment import agreement
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier

# The longest ones are cut off.
_TEXTS = [tiny_classifier.text(words, first=words) for words in (
    1, 2, 12, 36, 37, 38, 60)]
_ODD_TEXTS = ['', 'W1  w2,w3!', 'w1\tunknown w\u00e92']


@pytest.mark.transformers
class HubToolsTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    from mobilebert_tf.deployment import onnx
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    onnx.write_folder(
        tiny_classifier.build(cls.folder), cls.folder / 'out',
        agreement.RealTexts(_TEXTS * 5), quantizations=['none'])
    cls.file = cls.folder / 'out/onnx/model.onnx'
    cls.expected = registry.OnnxRunner(cls.file).scores(_TEXTS + _ODD_TEXTS)

  def test_transformers_reads_the_tokenizer_and_the_labels(self):
    import onnxruntime
    import transformers
    tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder / 'out')
    config = transformers.AutoConfig.from_pretrained(self.folder / 'out')
    self.assertEqual(list(config.id2label.values()),
                     list(tiny_classifier.LABELS))
    inputs = tokenizer(_TEXTS + _ODD_TEXTS, padding=True, truncation=True,
                       return_tensors='np')
    session = onnxruntime.InferenceSession(self.file)
    [found] = session.run(['probabilities'], {
        name: value.astype(np.int64) for name, value in inputs.items()})
    np.testing.assert_allclose(found, self.expected, 1e-5, 1e-6)

  def test_optimum_classifies_with_the_folder(self):
    ort = pytest.importorskip(
        'optimum.onnxruntime', reason='optimum-onnx is not installed (0.1.0 '
        'wants another transformers than the one that is tested)')
    import transformers
    model = ort.ORTModelForSequenceClassification.from_pretrained(
        self.folder / 'out', subfolder='onnx', file_name='model.onnx')
    tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder / 'out')
    classify = transformers.pipeline(
        'text-classification', model=model, tokenizer=tokenizer, top_k=None)
    for text, row in zip(_TEXTS, self.expected, strict=False):
      found = {each['label']: each['score'] for each in classify(
          text, truncation=True)}
      np.testing.assert_allclose(
          [found[label] for label in tiny_classifier.LABELS], row, 1e-5, 1e-6)


if __name__ == '__main__':
  absltest.main()
