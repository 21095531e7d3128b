# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The token classifier: its head, and the Model Garden's tagging task."""

import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from official.nlp.tasks import tagging
from tests.modeling import contract
from tests.modeling import encoder_model_contract
from tests.modeling import numpy_oracle as oracle


class TokenClassifierContractTest(encoder_model_contract.ClassesModelContract,
                                  tf.test.TestCase):

  model_class = modeling.MobileBertTokenClassifier
  heads = ('token_classifier',)

  def expected_shapes(self):
    return {'logits': [3, 7, 3]}


def _make_model() -> modeling.MobileBertTokenClassifier:
  model = modeling.MobileBertTokenClassifier(
      encoder_model_contract.make_encoder(), 3, labels=('O', 'B', 'I'))
  contract.randomize(model)
  return model


class TokenClassifierTest(tf.test.TestCase):

  def test_logits_equal_the_oracle(self):
    model, inputs = _make_model(), contract.token_inputs()
    hidden = np.float64(model.encoder(inputs)['sequence_output'])
    weights = oracle.Weights.of(model).below('token_classifier')
    self.assertAllClose(
        model(inputs)['logits'], oracle.dense(hidden, weights), 1e-5, 1e-5)

  def test_the_model_gardens_task(self):
    model, inputs = _make_model(), contract.token_inputs()
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


if __name__ == '__main__':
  tf.test.main()
