# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The tasks' models: heads, labels, and the Model Garden's tasks with them."""

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from official.nlp.data import question_answering_dataloader
from official.nlp.tasks import question_answering
from official.nlp.tasks import sentence_prediction
from official.nlp.tasks import tagging
from tests.modeling import contract
from tests.modeling import encoder_model_contract
from tests.modeling import numpy_oracle as oracle

# Positions of answers in the three texts of `contract.token_inputs()`.
_START, _END = np.array([1, 3, 0]), np.array([2, 3, 6])


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


class TokenClassifierContractTest(encoder_model_contract.ClassesModelContract,
                                  tf.test.TestCase):

  model_class = modeling.MobileBertTokenClassifier
  heads = ('token_classifier',)

  def expected_shapes(self):
    return {'logits': [3, 7, 3]}


def _make_token_classifier() -> modeling.MobileBertTokenClassifier:
  model = modeling.MobileBertTokenClassifier(
      encoder_model_contract.make_encoder(), 3, labels=('O', 'B', 'I'))
  contract.randomize(model)
  return model


class TokenClassifierTest(tf.test.TestCase):

  def test_logits_equal_the_oracle(self):
    model, inputs = _make_token_classifier(), contract.token_inputs()
    hidden = np.float64(model.encoder(inputs)['sequence_output'])
    weights = oracle.Weights.of(model).below('token_classifier')
    self.assertAllClose(
        model(inputs)['logits'], oracle.dense(hidden, weights), 1e-5, 1e-5)

  def test_the_model_gardens_task(self):
    model, inputs = _make_token_classifier(), contract.token_inputs()
    task = tagging.TaggingTask(
        tagging.TaggingConfig(class_names=list(model.labels)))
    label_ids = np.tile([-1, 0, 2, 1, -1, 1, 0], [3, 1])  # -1 does not count.
    logs = task.validation_step((inputs, label_ids), model)
    logits = np.float64(model(inputs)['logits'])
    log_probabilities = np.log(oracle.softmax(logits))
    counted = [log_probabilities[row, i, label_ids[row, i]]
               for row in range(3) for i in (1, 2, 3, 5, 6)]
    self.assertAllClose(logs['loss'], -np.mean(counted), 1e-5)
    self.assertAllEqual(
        logs['predict_ids'],
        np.argmax(logits, axis=-1)[:, [1, 2, 3, 5, 6]].ravel())


class QuestionAnsweringContractTest(
    encoder_model_contract.EncoderModelContract, tf.test.TestCase):

  model_class = modeling.MobileBertQuestionAnswering
  heads = ('span_labeler',)

  def expected_shapes(self):
    return [[3, 7], [3, 7]]


def _make_question_answering() -> modeling.MobileBertQuestionAnswering:
  model = modeling.MobileBertQuestionAnswering(
      encoder_model_contract.make_encoder())
  contract.randomize(model)
  return model


def _expected_logits(model: modeling.MobileBertQuestionAnswering) -> np.ndarray:
  """Returns start and end logits, `[2, batch, length]`."""
  hidden = np.float64(
      model.encoder(contract.token_inputs())['sequence_output'])
  weights = oracle.Weights.of(model).below('span_labeler')
  return np.moveaxis(oracle.dense(hidden, weights), -1, 0)


def _expected_loss(logits: np.ndarray) -> float:
  """Returns the mean cross-entropy of both ends."""
  start, end = np.log(oracle.softmax(logits))
  return -np.mean([start[range(3), _START], end[range(3), _END]])


class QuestionAnsweringTest(tf.test.TestCase):

  def test_start_is_column_0_and_end_is_column_1(self):
    model = _make_question_answering()
    outputs = model(contract.token_inputs())
    self.assertIsInstance(outputs, list)
    self.assertAllClose(outputs, _expected_logits(model), 1e-5, 1e-5)

  def test_parameters(self):
    model = _make_question_answering()
    self.assertEqual(model.count_params() - model.encoder.count_params(),
                     16 * 2 + 2)
    self.assertEqual(model.checkpoint_items['span_labeler'].kernel.shape,
                     [16, 2])

  def test_the_model_gardens_task(self):
    model = _make_question_answering()
    task = question_answering.QuestionAnsweringTask(
        question_answering.QuestionAnsweringConfig(
            validation_data=question_answering_dataloader.QADataConfig()))
    labels = {'start_positions': _START, 'end_positions': _END}
    outputs = model(contract.token_inputs())
    logits = _expected_logits(model)
    self.assertAllClose(
        task.build_losses(labels, outputs), _expected_loss(logits), 1e-5)
    metrics = task.build_metrics(training=True)
    task.process_metrics(metrics, labels, outputs)
    for metric, positions, scores in zip(metrics, (_START, _END), logits,
                                         strict=True):
      self.assertAllClose(metric.result(),
                          np.mean(np.argmax(scores, -1) == positions))
    features = {**contract.token_inputs(), 'unique_ids': np.arange(3)}
    logs = task.validation_step((features, None), model)
    self.assertAllClose(logs['end_logits'], logits[1], 1e-5, 1e-5)

  def test_keras_fits_it_by_the_names_of_its_outputs(self):
    model = _make_question_answering()
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.SGD(0.0),
                  {'start_positions': loss, 'end_positions': loss})
    history = model.fit(
        contract.token_inputs(),
        {'start_positions': _START, 'end_positions': _END}, verbose=0)
    self.assertAllClose(history.history['loss'][0] / 2,
                        _expected_loss(_expected_logits(model)), 1e-5)

  def test_files_with_the_name_that_it_had(self):
    """The names in a .keras file of 0.1."""
    model = _make_question_answering()
    saved = tf_keras.saving.serialize_keras_object(model)
    self.assertEqual(saved['registered_name'],
                     'mobilebert_tf>MobileBertSpanLabeler')
    loaded = tf_keras.saving.deserialize_keras_object({
        **saved, 'module': 'mobilebert_tf.modeling.span_labeler',
        'class_name': 'MobileBertSpanLabeler'})
    self.assertIs(type(loaded), modeling.MobileBertQuestionAnswering)
    self.assertIs(modeling.MobileBertSpanLabeler,
                  modeling.MobileBertQuestionAnswering)

  def test_training_is_inference(self):
    model, inputs = _make_question_answering(), contract.token_inputs()
    self.assertAllEqual(model(inputs, training=True), model(inputs))


if __name__ == '__main__':
  tf.test.main()
