# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The task: its terms, its evaluation, what it refuses and what it says."""

from absl.testing import parameterized
import numpy as np
from scipy import stats
import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import sentence_encoder
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.embedding import collapse
from mobilebert_tf.tasks.embedding import loader
from mobilebert_tf.tasks.embedding import losses
from mobilebert_tf.tasks.embedding import task as task_lib
from mobilebert_tf.tasks.pretraining import task as pretraining
from tests.modeling import contract

_ROWS, _SIZE = 6, 5


def _task(weights, data=None, **fields) -> task_lib.EmbeddingTask:
  config = task_lib.EmbeddingConfig(
      losses=task_lib.LossWeights(weights), **fields)
  config.model.encoder = pretraining.encoder_config(contract.tiny_architecture(
      num_blocks=1, **fields.pop('encoder', {})))
  config.model.output_size = _SIZE
  config.train_data = loader.EmbeddingDataConfig(**(data or {}))
  return task_lib.EmbeddingTask(config)


def _inputs(shift: int) -> dict[str, np.ndarray]:
  return {name: np.roll(value, shift, axis=0) for name, value in
          contract.token_inputs(_ROWS, padding=3).items()}


def _batch() -> dict:
  rng = np.random.default_rng(0)
  columns = ('text', 'pair', 'negative_0')
  return {
      'inputs': {name: _inputs(i) for i, name in enumerate(columns)},
      'ids': {name: np.arange(_ROWS) + 10 * i
              for i, name in enumerate(columns)},
      'scores': np.float32(rng.uniform(size=[_ROWS])),
      'vectors': {name: np.float32(rng.normal(size=[_ROWS, _SIZE]))
                  for name in columns}}


def _compute(task, model):
  return task.compute(gradient_step.Slice(_batch(), {}), model)


class EmbeddingTaskTest(parameterized.TestCase, tf.test.TestCase):

  def test_every_term_is_its_loss_and_counts_by_its_weight(self):
    weights = {name: float(i) for i, name in enumerate(
        task_lib.LossWeights().as_dict(), 1)}
    task = _task(weights, temperature=0.1, margin=0.3, widths=[2])
    model, batch = task.build_model(), _batch()
    contract.randomize(model)
    total, terms, _ = _compute(task, model)
    vectors = {name: model(inputs) for name, inputs in batch['inputs'].items()}
    taught, found = (tf.concat([each[name] for name in vectors], 0)
                     for each in (batch['vectors'], vectors))

    def mean(loss):
      return np.mean([loss({name: each[:, :width] for name, each in
                            vectors.items()}) for width in (2, _SIZE)])

    expected = {
        'cosine_distance': losses.cosine_distance(taught, found),
        'squared_error': losses.squared_error(taught, found),
        'similarity_error': np.mean([losses.similarity_error(
            taught, found[:, :width]) for width in (2, _SIZE)]),
        'ranking': mean(lambda each: losses.ranking(
            each['text'], each['pair'], each['negative_0'], 0.1)),
        'triplet': mean(lambda each: losses.triplet(
            each['text'], each['pair'], each['negative_0'], 0.3)),
        'score_error': mean(lambda each: losses.score_error(
            each['text'], each['pair'], batch['scores'])),
        'score_order': mean(lambda each: losses.score_order(
            each['text'], each['pair'], batch['scores'], 0.1))}
    for name, value in expected.items():
      self.assertAllClose(terms[name], value, 1e-4, 1e-5, msg=name)
    self.assertAllClose(total, sum(weights[name] * value for name, value in
                                   expected.items()), 1e-4)

  def test_slices_take_the_same_step_where_no_texts_are_compared(self):
    found = []
    for slices in (1, 3):
      task = _task({'cosine_distance': 1.0, 'triplet': 1.0, 'score_error': 1.0},
                   accumulation_steps=slices)
      model = task.build_model()
      contract.randomize(model)
      optimizer = tf_keras.optimizers.SGD(0.1)
      tf.function(lambda batch, task=task, model=model, optimizer=optimizer:
                  task.train_step(batch, model, optimizer), autograph=False)(
                      tf.nest.map_structure(tf.constant, _batch()))
      found.append(model.get_weights())
    for one, other in zip(*found, strict=True):
      self.assertAllClose(one, other, 1e-4, 1e-5)

  def test_texts_without_pairs_are_their_own_under_dropout(self):
    task = _task({'ranking': 1.0})
    task.task_config.model.encoder = pretraining.encoder_config(
        contract.tiny_architecture(num_blocks=1, hidden_dropout_rate=0.3))
    batch = {'inputs': {'text': _inputs(0)}, 'ids': {'text': np.arange(_ROWS)}}
    _, _, vectors = task.compute(
        gradient_step.Slice(batch, {}), task.build_model())
    self.assertNotAllClose(vectors['text'], vectors['pair'])

  def test_an_evaluation_has_correlations_of_each_width(self):
    task = _task({'cosine_distance': 1.0}, widths=[2])
    model = task.build_model()
    contract.randomize(model)
    state = None
    for _ in range(2):
      logs = task.validation_step(_batch(), model, task.build_metrics(False))
      outputs = {name: [tf.constant(value)] for name, value in logs.items()}
      state = task.aggregate_logs(state, outputs)
    results = task.reduce_aggregated_logs(state)
    self.assertEqual(set(results), {
        'spearman', 'pearson', 'spearman_2', 'pearson_2'})
    one, other = (model(_batch()['inputs'][name])[:, :2].numpy()
                  for name in ('text', 'pair'))
    cosines = np.sum(one * other, -1) / np.linalg.norm(
        one, axis=-1) / np.linalg.norm(other, axis=-1)
    self.assertAllClose(
        results['spearman_2'],
        stats.spearmanr(cosines, _batch()['scores'])[0], 1e-4)
    self.assertEqual(task.reduce_aggregated_logs({}), {})

  @parameterized.parameters(
      ({}, {}, 'No loss has a weight'),
      ({'squared_error': 1.0}, {}, "squared_error needs a teacher's vectors"),
      ({'score_order': 1.0}, {'pair_field': 'b'}, 'needs scores of pairs'),
      ({'triplet': 1.0}, {'pair_field': 'b'}, 'triplet needs negatives: set'),
      ({'score_error': 1.0}, {'score_field': 's', 'largest_score': 0.0},
       'score_error needs scores up to 1'),
      ({'ranking': 1.0}, {'pair_field': 'b', 'global_batch_size': 1},
       'global_batch_size is 1'),
      ({'ranking': 1.0}, {}, 'under another dropout, but the encoder has none'))
  def test_losses_and_data_have_to_fit(self, weights, data, message):
    with self.assertRaisesRegex(ValueError, message):
      _task(weights, data).check_experiment(None)

  def test_negatives_of_a_batch_are_not_cut_into_slices(self):
    task = _task({'triplet': 1.0, 'ranking': 1.0}, {
        'pair_field': 'b', 'negative_fields': ['c']}, accumulation_steps=2)
    with self.assertRaisesRegex(ValueError, 'is 2, but ranking compares the'):
      task.check_experiment(None)

  @parameterized.parameters(
      ({'temperature': 0.0}, 'temperature is 0.0; it has to be .*above 0'),
      ({'margin': -1.0}, 'margin is -1.0'),
      ({'metrics': ['f1']}, "metrics has 'f1'; accepted: spearman"))
  def test_settings_out_of_range_are_refused(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      _task({'ranking': 1.0}, **fields)
    with self.assertRaisesRegex(ValueError, 'losses.ranking is -1.0'):
      _task({'ranking': -1.0})

  def test_widths_are_below_the_whole(self):
    with self.assertRaisesRegex(ValueError, 'widths has 5, but vectors have 5'):
      _task({'ranking': 1.0}, widths=[2, 5]).build_model()

  def test_vectors_of_another_width_are_refused(self):
    task = _task({'cosine_distance': 1.0}, {'vectors': 'v'})
    spec = {'vectors': {'text': tf.TensorSpec([None, 7])}}
    with self.assertRaisesRegex(ValueError, 'of v have 7 entries, .* model 5'):
      task._check_vectors(spec, task.task_config.train_data)
    task.task_config.losses.override(
        {'cosine_distance': 0.0, 'similarity_error': 1.0})
    task._check_vectors(spec, task.task_config.train_data)


class CollapseTest(parameterized.TestCase, tf.test.TestCase):

  def _say(self, vectors, step=50, taught=None, batch_size=32):
    found = collapse.measure(tf.constant(vectors), taught)
    watch = collapse.CollapseWatch(tf.Variable(step), 100, batch_size)
    with self.assertLogs(level='WARNING') as logs:
      tf.get_logger().warning('one line at least')
      for _ in range(2):
        watch(found)
    return [line for line in logs.output if 'collapsed' in line]

  def test_one_vector_for_all_is_said_once(self):
    vectors = contract.normal(32, 8)
    self.assertEmpty(self._say(vectors))
    [line] = self._say(1.0 + 0.05 * vectors)
    self.assertRegex(line, r'at step 50: .* cosine of 1\.00, and they differ')

  def test_random_weights_are_not_yet_a_collapse(self):
    self.assertEmpty(self._say(np.ones([32, 8], np.float32), step=5))

  def test_a_line_is_a_collapse(self):
    line = np.outer(contract.normal(32), contract.normal(8, seed=1))
    self.assertNotEmpty(self._say(line))
    self.assertEmpty(self._say(line, batch_size=2))

  def test_the_teacher_says_what_is_usual(self):
    vectors = 1.5 + contract.normal(32, 8)
    units = sentence_encoder.unit_length(tf.constant(vectors))
    self.assertBetween(losses.mean_similarity(units), 0.6, 0.75)
    self.assertEmpty(self._say(vectors))
    self.assertEmpty(self._say(vectors, taught=tf.constant(vectors)))
    [line] = self._say(
        vectors, taught=tf.constant(contract.normal(32, 8, seed=2) - 0.3))
    self.assertRegex(line, r'\(the teacher: ')


if __name__ == '__main__':
  tf.test.main()
