# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests fine-tuning with a teacher, and teachers that do not fit."""

import dataclasses
import tempfile

from absl.testing import parameterized
import numpy as np
from official.nlp.tasks import sentence_prediction as official_task
import pytest
import tensorflow as tf, tf_keras

from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf import modeling
from mobilebert_tf.tasks import fine_tuning as fine_tasks
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import task as task_lib
from mobilebert_tf.tasks.pretraining import task as pretraining_task
from mobilebert_tf.tasks.question_answering import task as qa_task
from mobilebert_tf.tasks.token_classification import task as token_task
from official.core import config_definitions as cfg
from official.core import task_factory
from official.nlp.tasks import masked_lm
from tests.modeling import contract

_BATCH = {
    'input_word_ids': tf.constant([[2, 5, 6, 3, 0], [2, 7, 3, 0, 0]]),
    'input_mask': tf.constant([[1, 1, 1, 1, 0], [1, 1, 1, 0, 0]]),
    'input_type_ids': tf.zeros([2, 5], tf.int32),
}


def _softmax(logits):
  exponentials = np.exp(logits - logits.max(-1, keepdims=True))
  return exponentials / exponentials.sum(-1, keepdims=True)


def _normalize(features):
  centred = features - features.mean(-1, keepdims=True)
  return centred / features.std(-1, keepdims=True)


class WithTeacherTest(tf.test.TestCase, parameterized.TestCase):

  def _teacher(self, num_classes=3, labels=(), **overrides) -> str:
    """Writes a teacher with random weights, and returns its folder."""
    model = modeling.MobileBertClassifier(
        modeling.MobileBertEncoder(contract.tiny_architecture(
            num_blocks=4, intra_block_size=16, **overrides)),
        num_classes=num_classes, labels=labels)
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
      variable.assign_add(rng.normal(scale=0.2, size=variable.shape))
    folder = tempfile.mkdtemp(dir=self.get_temp_dir()) + '/teacher'
    model.save_pretrained(folder)
    self._teacher_model = model
    return folder

  def _task(self, num_classes=3, labels=(), seq_length=11, unlabelled_path='',
            **teacher):
    config = fine_tuning.with_teacher(task_lib.SentencePredictionConfig(
        model=official_task.ModelConfig(
            num_classes=num_classes, use_encoder_pooler=True,
            encoder=pretraining_task.encoder_config(
                contract.tiny_architecture(attention_dropout_rate=0.0))),
        train_data=loader.TextClassificationDataConfig(
            labels=list(labels), seq_length=seq_length,
            unlabelled_path=unlabelled_path)))
    config.teacher.override(teacher)
    config.model.dropout_rate = 0.0
    return task_factory.get_task(config)

  def _step(self, task, labels,
            **batch) -> tuple[float, np.ndarray, np.ndarray]:
    """Returns the loss of a step, and both models' outputs before it."""
    model = task.build_model()
    inputs = [_BATCH[name] for name in model.input_names]
    student = model(inputs, training=False).numpy()
    teacher = self._teacher_model(inputs, training=False).numpy()
    before = [variable.numpy() for variable in model.trainable_variables]
    logs = task.train_step(
        {**_BATCH, 'label': labels, 'label_ids': labels, **batch}, model,
        tf_keras.optimizers.SGD(0.1), [])
    moved = [np.abs(variable - old).max() for variable, old in zip(
        model.trainable_variables, before, strict=True)]
    self.assertGreater(max(moved), 0)
    return float(logs['loss']), teacher, student

  def test_the_loss_is_the_labels_and_the_teachers(self):
    task = self._task(checkpoint=self._teacher(), ground_truth_ratio=0.25,
                      temperature=2.0)
    loss, teacher, student = self._step(task, tf.constant([[2], [0]]))
    hard = -np.log(_softmax(student)[[0, 1], [2, 0]]).mean()
    soft = -(_softmax(teacher / 2) * np.log(_softmax(student / 2))).sum(-1)
    self.assertAllClose(loss, 0.25 * hard + 0.75 * 4 * soft.mean(), rtol=1e-5)

  def test_of_texts_without_labels_the_teachers_answers_count(self):
    task = self._task(checkpoint=self._teacher(), ground_truth_ratio=0.25,
                      unlabelled_path='more.txt')
    loss, teacher, student = self._step(
        task, tf.constant([[2], [0]]), is_labelled=tf.constant([1.0, 0.0]))
    hard = -np.log(_softmax(student)[0, 2])
    soft = -(_softmax(teacher) * np.log(_softmax(student))).sum(-1)
    self.assertAllClose(loss, 0.25 * hard + 0.75 * soft.mean(), rtol=1e-5)

  def test_texts_without_labels_need_a_teacher(self):
    config = task_lib.SentencePredictionConfig(
        train_data=loader.TextClassificationDataConfig(
            unlabelled_path='more.txt'))
    task = task_factory.get_task(config)  # As a run is loaded.
    with self.assertRaisesRegex(ValueError, 'more.txt has no labels, and '
                                'teaches nothing without a teacher'):
      task.build_inputs(config.train_data)

  def test_a_regression_is_distilled_by_squared_error(self):
    task = self._task(1, checkpoint=self._teacher(1), ground_truth_ratio=0.0)
    loss, teacher, student = self._step(task, tf.constant([[2.5], [0.0]]))
    self.assertAllClose(loss, np.mean((teacher - student)**2), rtol=1e-5)

  @pytest.mark.slow
  def test_hidden_states_are_compared_on_request(self):
    folder = self._teacher()
    losses, outputs = [], []
    for weight in (0.0, 2.0):
      tf_keras.utils.set_random_seed(1)  # The same student.
      task = self._task(checkpoint=folder, hidden_weight=weight)
      losses.append(self._step(task, tf.constant([[2], [0]]))[0])
      tf_keras.utils.set_random_seed(1)
      outputs.append(task.build_model().encoder(_BATCH)['encoder_outputs'])
    # Equation 2, of tokens, for each block of the student and every second one
    # of the teacher.
    teacher = self._teacher_model.encoder(_BATCH)['encoder_outputs']
    is_token = _BATCH['input_mask'].numpy() == 1
    expected = np.mean([
        np.mean((_normalize(teacher[theirs].numpy())
                 - _normalize(outputs[1][ours].numpy()))[is_token]**2)
        for theirs, ours in ((1, 0), (3, 1))])
    self.assertAllClose(losses[1] - losses[0], 2.0 * expected, rtol=1e-4)

  def test_the_teacher_is_not_part_of_the_students_weights(self):
    task = self._task(checkpoint=self._teacher())
    model = task.build_model()
    self.assertLess(model.count_params(), self._teacher_model.count_params())

  @parameterized.parameters(
      ({'num_classes': 2}, {}, 'has 2 classes, the student 3'),
      ({'vocab_size': 60}, {}, 'has 60 tokens, the student 50'),
      ({'inter_block_size': 24}, {'hidden_weight': 1.0},
       'inter_block_size is 24 in the teacher and 16'),
      ({'labels': ('c', 'b', 'a')}, {}, 'has the labels c, b, a, the student'),
  )
  def test_a_teacher_that_does_not_fit(self, teacher, settings, message):
    task = self._task(labels=('a', 'b', 'c'),
                      checkpoint=self._teacher(**teacher), **settings)
    with self.assertRaisesRegex(ValueError, message):
      task.build_model()

  def test_a_teacher_that_was_trained_for_nothing_of_the_kind(self):
    folder = tempfile.mkdtemp(dir=self.get_temp_dir()) + '/encoder'
    modeling.MobileBertEncoder(
        contract.tiny_architecture()).save_pretrained(folder)
    with self.assertRaisesRegex(ValueError, 'has no classifier'):
      self._task(checkpoint=folder).build_model()
    config = fine_tuning.with_teacher(qa_task.QuestionAnsweringConfig())
    config.teacher.checkpoint = folder
    config.model.encoder = pretraining_task.encoder_config(
        contract.tiny_architecture())
    with self.assertRaisesRegex(
        ValueError, 'has no question.answering.*was not trained for'):
      task_factory.get_task(config).build_model()

  def test_a_teacher_with_too_few_positions(self):
    task = self._task(
        checkpoint=self._teacher(max_position_embeddings=9), seq_length=9)
    with self.assertRaisesRegex(ValueError, 'seq_length is 9, .*9 positions'):
      task.build_model()

  def test_spans_are_distilled_without_padding(self):
    config = fine_tuning.with_teacher(qa_task.QuestionAnsweringConfig())
    config.teacher.temperature = 2.0
    task = task_factory.get_task(config)
    rng = np.random.default_rng(0)
    teacher, student = rng.normal(size=[2, 2, 2, 5]).astype(np.float32)
    loss = task.build_soft_loss(
        list(teacher), list(student),
        {'input_mask': _BATCH['input_mask']})
    expected = [
        -4 * np.sum(_softmax(teacher[end, row, :tokens] / 2) * np.log(
            _softmax(student[end, row, :tokens] / 2)))
        for end in range(2) for row, tokens in enumerate((4, 3))]
    self.assertAllClose(loss, np.mean(expected), rtol=1e-5)

  def test_words_are_distilled_where_they_have_labels(self):
    task = task_factory.get_task(fine_tuning.with_teacher(
        token_task.TokenClassificationConfig(class_names=list('abc'))))
    rng = np.random.default_rng(0)
    teacher, student = rng.normal(size=[2, 2, 5, 3]).astype(np.float32)
    labels = np.array([[-1, 0, 2, -1, -1], [-1, 1, -1, -1, -1]])
    loss = task.build_soft_loss(
        {'logits': tf.constant(teacher)}, {'logits': tf.constant(student)},
        tf.constant(labels))
    expected = -np.sum(
        _softmax(teacher) * np.log(_softmax(student)), -1)[labels >= 0]
    self.assertAllClose(loss, expected.mean(), rtol=1e-5)

  def test_a_task_that_says_what_a_student_matches_gets_a_teacher(self):
    @dataclasses.dataclass
    class OwnConfig(task_lib.SentencePredictionConfig):
      pass

    @task_factory.register_task_cls(OwnConfig)
    class OwnTask(task_lib.SentencePredictionTask):

      def outputs_to_match(self, outputs, labels):
        return [fine_tasks.Matched(outputs, labels, 'sigmoid')]

    config = fine_tuning.with_teacher(OwnConfig())
    self.assertIs(type(config), type(fine_tuning.with_teacher(OwnConfig())))
    config.teacher.temperature = 2.0
    task = task_factory.get_task(config)
    self.assertIsInstance(task, OwnTask)
    rng = np.random.default_rng(0)
    teacher, student = rng.normal(size=[2, 3, 4]).astype(np.float32)
    weights = np.array([1.0, 0.0, 2.0])
    loss = task.build_soft_loss(
        tf.constant(teacher), tf.constant(student), tf.constant(weights))
    hard, soft = (1 / (1 + np.exp(-logits / 2))
                  for logits in (teacher, student))
    expected = -(hard * np.log(soft) + (1 - hard) * np.log(1 - soft)).mean(-1)
    self.assertAllClose(loss, 4 * (expected * weights).sum() / 3, rtol=1e-5)

  def test_a_task_that_does_not_say_it_has_none(self):
    with self.assertRaisesRegex(
        ValueError, 'MaskedLMConfig cannot have a teacher: MaskedLMTask has no '
        'method outputs_to_match'):
      fine_tuning.with_teacher(masked_lm.MaskedLMConfig())

  def test_the_config_survives_yaml_and_a_copy(self):
    config = fine_tuning.with_teacher(token_task.TokenClassificationConfig())
    config.teacher.override({'checkpoint': 'runs/teacher', 'blocks': [1, 3]})
    params = cfg.ExperimentConfig(task=config)
    copy = params.replace(task={'init_checkpoint': 'x'})
    self.assertIs(type(copy.task), type(config))
    fields = copy.task.as_dict()
    self.assertEqual(fields['teacher']['blocks'], [1, 3])
    again = type(config)()
    again.override(fields)
    self.assertEqual(again.as_dict(), fields)

  def test_a_teacher_has_to_be_named(self):
    with self.assertRaisesRegex(ValueError, 'checkpoint is not set'):
      self._task().build_model()

  @parameterized.parameters(
      {'ground_truth_ratio': 1.5}, {'ground_truth_ratio': float('nan')},
      {'temperature': 0.0}, {'hidden_weight': -1.0})
  def test_settings_that_make_no_sense(self, **settings):
    with self.assertRaisesRegex(ValueError, next(iter(settings))):
      fine_tuning.TeacherConfig(**settings)


if __name__ == '__main__':
  tf.test.main()
