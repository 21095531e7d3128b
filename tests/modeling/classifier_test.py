# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The classifier: its head, its labels, and the Model Garden's losses."""

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from official.nlp.tasks import sentence_prediction
from tests.modeling import contract
from tests.modeling import encoder_model_contract
from tests.modeling import numpy_oracle as oracle


class ClassifierContractTest(encoder_model_contract.ClassesModelContract,
                             tf.test.TestCase):

  model_class = modeling.MobileBertClassifier
  heads = ('classifier',)

  def expected_shapes(self):
    return [3, 3]


def _make_classifier(num_classes: int = 3, **overrides
                     ) -> modeling.MobileBertClassifier:
  model = modeling.MobileBertClassifier(
      encoder_model_contract.make_encoder(**overrides), num_classes)
  contract.randomize(model)
  return model


def _official_task(num_classes: int
                   ) -> sentence_prediction.SentencePredictionTask:
  return sentence_prediction.SentencePredictionTask(
      sentence_prediction.SentencePredictionConfig(
          model=sentence_prediction.ModelConfig(num_classes=num_classes)))


class ClassifierTest(tf.test.TestCase):

  def test_logits_equal_the_oracle(self):
    for use_pooler in (False, True):
      model = _make_classifier(use_pooler=use_pooler)
      inputs, weights = contract.token_inputs(), oracle.Weights.of(model)
      encoded = model.encoder(inputs)
      pooled = np.float64(encoded['sequence_output'])[:, 0]
      if use_pooler:
        pooled = np.tanh(oracle.dense(pooled, weights.below('pooler/dense')))
      self.assertAllClose(
          model(inputs), oracle.dense(pooled, weights.below('classifier')),
          1e-5, 1e-5)

  def test_parameters(self):
    model = _make_classifier(5)
    self.assertEqual(model.count_params() - model.encoder.count_params(),
                     16 * 5 + 5)

  def test_the_model_gardens_loss_of_classes(self):
    logits = _make_classifier()(contract.token_inputs())
    label_ids = np.array([[2], [0], [1]])
    loss = _official_task(3).build_losses({'label_ids': label_ids}, logits)
    probabilities = oracle.softmax(np.float64(logits))
    self.assertAllClose(
        loss, -np.mean(np.log(probabilities[range(3), label_ids[:, 0]])), 1e-5)

  def test_one_class_is_regression(self):
    logits = _make_classifier(1)(contract.token_inputs())
    self.assertEqual(logits.shape, [3, 1])
    targets = contract.normal(3, 1)
    loss = _official_task(1).build_losses({'label_ids': targets}, logits)
    self.assertAllClose(loss, np.mean((np.float64(logits) - targets) ** 2),
                        1e-5)

  def test_the_model_gardens_metrics(self):
    task, model = _official_task(2), _make_classifier(2)
    batch = {**contract.token_inputs(), 'label_ids': np.array([[0], [1], [1]])}
    metrics = task.build_metrics()
    logs = task.validation_step(batch, model, metrics)
    self.assertAllClose(logs['sentence_prediction'], model(batch))
    predicted = np.argmax(model(batch), axis=-1)
    self.assertAllClose(metrics[0].result(), np.mean(predicted == [0, 1, 1]))

  def test_it_learns_and_predicts(self):
    model, inputs = _make_classifier(), contract.token_inputs()
    model.compile(
        tf_keras.optimizers.Adam(1e-2),
        tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    losses = model.fit(inputs, np.array([0, 1, 2]), epochs=8, verbose=0
                       ).history['loss']
    self.assertLess(losses[-1], losses[0])
    self.assertAllClose(model.predict(inputs, batch_size=2, verbose=0),
                        model(inputs), 1e-5, 1e-5)


if __name__ == '__main__':
  tf.test.main()
