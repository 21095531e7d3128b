# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""One [PAD] follows every text, in training, evaluation and serving alike.

The trigram at a text's last token reads what follows it: the word vector of
[PAD] where there is one, and zeros where there is not.
"""


from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import inputs as inputs_lib
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import predictor
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary
from tests.inference import tiny_classifier

_LABELS = tiny_classifier.LABELS
# As long as the model reads, longer, and short.
_TEXTS = [tiny_classifier.text(words, first=words)
          for words in (1, 5, 6, 36, 37, 38, 60, 3, 2)]


class PaddingTest(parameterized.TestCase, temporary.TemporaryFiles,
                  tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.make_folder()
    self.trained = tiny_classifier.build(self.folder)
    # Or [PAD] could be mistaken for nothing.
    table = self.trained.model.encoder.get_embedding_table()
    self.assertGreater(float(tf.reduce_max(tf.abs(table[0]))), 0.1)

  def _load(self, is_training: bool, batch_size: int, **fields):
    rows = ''.join(f'{text}\t{_LABELS[i % 3]}\n'
                   for i, text in enumerate(_TEXTS))
    path = self.make_file('data.tsv', f'text\tlabel\n{rows}')
    config = loader.TextClassificationDataConfig(
        input_path=path, vocab_file=self.trained.vocab_file,
        labels=list(_LABELS), seq_length=tiny_classifier.MAX_LENGTH,
        global_batch_size=batch_size, is_training=is_training, **fields)
    dataset = loader.TextClassificationDataLoader(
        config).load()
    return list(dataset.take(4 if is_training else -1))

  def _logits_by_text(self, batches) -> dict[tuple[int, ...], np.ndarray]:
    found = {}
    for batch in batches:
      inputs = batch[0] if isinstance(batch, tuple) else batch
      mask = inputs['input_mask'].numpy()
      self.assertAllEqual(mask[:, -1], np.zeros(len(mask)))
      logits = self.trained.model(inputs, training=False).numpy()
      for ids, used, row in zip(inputs['input_word_ids'].numpy(), mask, logits,
                                strict=True):
        found[tuple(ids[used == 1])] = row
    return found

  def test_training_evaluation_and_serving_compute_the_same(self):
    tokenizer = tokenizer_lib.Tokenizer(self.trained.vocab_file)
    encoded = tokenizer.encode(_TEXTS, max_length=tiny_classifier.MAX_LENGTH)
    order = [tuple(ids[ids > 0]) for ids in encoded['input_word_ids'].numpy()]
    module = served_module.build(self.trained)
    served = module.serve_text(
        text=tf.constant(_TEXTS))['probabilities'].numpy()
    predicted = predictor.TextPredictor(
        self.trained, batch_size=2).scores(_TEXTS)
    self.assertAllClose(served, predicted, atol=1e-5)
    for is_training, batch_size in ((True, 3), (False, 1), (False, 9)):
      logits = self._logits_by_text(self._load(is_training, batch_size))
      seen = 0
      for ids, expected in zip(order, served, strict=True):
        if ids in logits:
          seen += 1
          self.assertAllClose(
              tf.nn.softmax(logits[ids]), expected, atol=1e-5)
      self.assertGreaterEqual(seen, 3 if is_training else len(_TEXTS))

  def test_a_text_without_padding_is_computed_otherwise(self):
    """What the rule prevents does happen."""
    tokenizer = tokenizer_lib.Tokenizer(self.trained.vocab_file)
    inputs = tokenizer.encode([_TEXTS[1]], max_length=20)
    with_padding = self.trained.model(inputs)
    without = self.trained.model({k: v[:, :-1] for k, v in inputs.items()})
    self.assertNotAllClose(with_padding, without, atol=1e-3)

  @parameterized.parameters(
      ([3, 5], 8, (), 6), ([3, 8], 8, (), 9), ([0, 0], 4, (), 1),
      ([3, 5], 8, (4, 16), 16), ([3, 20], 20, (4, 16), 21))
  def test_fitting_leaves_one(self, lengths, given, allowed, expected):
    mask = tf.sequence_mask(lengths, given, tf.int32)
    known = {'pad_id': 0, 'architecture': tiny_classifier.architecture()}
    found = inputs_lib.fit(
        *inputs_lib.check(
            tf.fill([2, given], 7), mask, 9 * (1 - mask), **known),
        allowed=allowed, **known)
    words, mask, types = (value.numpy() for value in found)
    self.assertEqual(words.shape, (2, expected))
    self.assertEqual(types.shape, (2, expected))
    self.assertAllEqual(mask.sum(1), lengths)
    self.assertAllEqual(words, 7 * mask)


if __name__ == '__main__':
  tf.test.main()
