# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The question-answering head, and the Model Garden's task with it."""

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from official.nlp.data import question_answering_dataloader
from official.nlp.tasks import question_answering
from tests.modeling import contract
from tests.modeling import encoder_model_contract
from tests.modeling import numpy_oracle as oracle

_START, _END = np.array([1, 3, 0]), np.array([2, 3, 6])


class QuestionAnsweringContractTest(
    encoder_model_contract.EncoderModelContract, tf.test.TestCase):

  model_class = modeling.MobileBertQuestionAnswering
  heads = ('span_labeler',)

  def expected_shapes(self):
    return [[3, 7], [3, 7]]


def _make_model() -> modeling.MobileBertQuestionAnswering:
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
    model = _make_model()
    outputs = model(contract.token_inputs())
    self.assertIsInstance(outputs, list)
    self.assertAllClose(outputs, _expected_logits(model), 1e-5, 1e-5)

  def test_parameters(self):
    model = _make_model()
    self.assertEqual(model.count_params() - model.encoder.count_params(),
                     16 * 2 + 2)
    self.assertEqual(model.checkpoint_items['span_labeler'].kernel.shape,
                     [16, 2])

  def test_the_model_gardens_task(self):
    model = _make_model()
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
    model = _make_model()
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
    model = _make_model()
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
    model, inputs = _make_model(), contract.token_inputs()
    self.assertAllEqual(model(inputs, training=True), model(inputs))


if __name__ == '__main__':
  tf.test.main()
