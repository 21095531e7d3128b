# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Which columns and labels a file has, by the run and by what is said."""

import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import scoring
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.token_classification import (
    evaluation as words_evaluation)
from mobilebert_tf.training import experiments
from official.core import exp_factory

del experiments


def _trained(labels=('b', 'a'), kind='classification', train=None,
             validation=None) -> loading.TrainedModel:
  params = None
  if train is not None:
    params = exp_factory.get_exp_config('mobilebert/sentence_prediction')
    params.override({'task': {'train_data': train,
                              'validation_data': validation or {}}})
  return loading.TrainedModel(None, list(labels), 'vocab.txt', True, 128,
                              kind=registry.get(kind), params=params)


class ReadingFieldsTest(tf.test.TestCase, parameterized.TestCase):

  def test_a_checkpoint_has_the_usual_columns_and_its_own_labels(self):
    self.assertEqual(
        scoring.reading_fields(_trained()),
        {'text_field': 'text', 'label_field': 'label', 'regression': False,
         'labels': ['b', 'a']})

  def test_a_run_has_the_columns_of_its_validation_data(self):
    train = {'input_path': 'a', 'text_field': 'x', 'label_field': 'y',
             'column_names': ['x', 'y']}
    fields = scoring.reading_fields(_trained(train=train))
    self.assertEqual((fields['text_field'], fields['label_field']), ('x', 'y'))
    self.assertEqual(list(fields['column_names']), ['x', 'y'])
    fields = scoring.reading_fields(_trained(
        train=train, validation={'input_path': 'b', 'text_field': 'z',
                                 'pair_field': 'p', 'bad_rows': 'skip'}))
    self.assertEqual(
        (fields['text_field'], fields['pair_field'], fields['bad_rows']),
        ('z', 'p', 'skip'))

  def test_columns_that_are_named_count_and_mean_a_header(self):
    train = {'input_path': 'a', 'text_field': 'x', 'label_field': 'y',
             'column_names': ['x', 'y']}
    fields = scoring.reading_fields(
        _trained(train=train), text_field='mine', pair_field='')
    self.assertEqual((fields['text_field'], fields['label_field'],
                      tuple(fields['column_names'])), ('mine', 'y', ()))

  def test_a_task_of_glue_has_its_own(self):
    fields = scoring.reading_fields(
        _trained(['1', '0']), glue.get_task('cola'))
    self.assertEqual(fields['text_field'], 'sentence')
    self.assertLen(fields['column_names'], 4)
    self.assertEqual(fields['labels'], ['1', '0'])  # The model's order.

  def test_a_model_without_names_gets_those_of_the_task(self):
    fields = scoring.reading_fields(
        _trained(['LABEL_0', 'LABEL_1', 'LABEL_2']), glue.get_task('mnli'))
    self.assertEqual(fields['labels'],
                     ['entailment', 'neutral', 'contradiction'])
    fields = scoring.reading_fields(
        _trained(['LABEL_0', 'LABEL_1', 'LABEL_2']), glue.get_task('mnli'),
        labels=['contradiction', 'neutral', 'entailment'])
    self.assertEqual(fields['labels'],
                     ['contradiction', 'neutral', 'entailment'])

  def test_values_have_no_labels(self):
    fields = scoring.reading_fields(
        _trained([], 'regression'), glue.get_task('stsb'))
    self.assertEqual((fields['labels'], fields['regression']), ([], True))

  @parameterized.parameters(
      (['b', 'a'], 'classification', 'sst2', (), 'SST-2 has the labels'),
      (['LABEL_0'] * 3, 'classification', 'sst2', (), '2 labels .*3 cl'),
      (['b', 'a'], 'classification', 'stsb', (), 'STS-B is not for'),
      ([], 'regression', 'sst2', (), 'SST-2 is not for'),
      ([], 'regression', '', ['x'], 'no labels to name'),
      (['b', 'a'], 'classification', '', ['x'], '1 labels'))
  def test_what_does_not_fit_is_refused(self, known, kind, task, labels,
                                        message):
    with self.assertRaisesRegex(ValueError, message):
      scoring.reading_fields(
          _trained(known, kind), glue.get_task(task) if task else None,
          labels=labels)


class SentenceFieldsTest(tf.test.TestCase):

  def test_columns_are_those_of_the_run_or_numbers_that_are_named(self):
    self.assertEqual(words_evaluation.sentence_fields(_trained()), {})
    self.assertEqual(
        words_evaluation.sentence_fields(_trained(), '1', '-2'),
        {'word_column': 1, 'label_column': -2})
    params = exp_factory.get_exp_config('mobilebert/token_classification')
    params.override({'task': {'train_data': {
        'input_path': 'a', 'word_column': 2, 'tags': 'words'}}})
    trained = loading.TrainedModel(
        None, ['N', 'V'], 'vocab.txt', True, 128,
        kind=registry.get('token_classification'), params=params)
    fields = words_evaluation.sentence_fields(trained, label_column='3')
    self.assertEqual(fields, {
        'word_column': 2, 'label_column': 3, 'tags': 'words', 'comment': ''})
    with self.assertRaisesRegex(ValueError, "none 'ner'"):
      words_evaluation.sentence_fields(_trained(), label_column='ner')


if __name__ == '__main__':
  tf.test.main()
