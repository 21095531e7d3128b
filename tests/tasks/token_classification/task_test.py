# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fine-tuning on labelled words: labels, scores and what is refused."""

import itertools
import os
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
import pytest
from seqeval import metrics as seqeval_metrics
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.tasks.pretraining import task as pretraining_task
from mobilebert_tf.tasks.token_classification import evaluation
from mobilebert_tf.tasks.token_classification import task as task_lib
from mobilebert_tf.training import consistency
from mobilebert_tf.training import experiments  # noqa: F401
from official.core import base_trainer
from official.core import exp_factory
from official.nlp.configs import encoders
from official.nlp.tasks import tagging
from tests.data import temporary
from tests.distillation import tiny_models

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c')
_TRAIN = 'a I-X\nb O\n\nc I-Y\nc I-Y\na I-X\n'


class TokenClassificationTest(parameterized.TestCase, temporary.TemporaryFiles,
                              tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.mkdtemp()
    cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    cls.saved = tiny_models.pretrainer(tiny_models.student_config(), seed=1)
    checkpoint = tf.train.Checkpoint(
        model=cls.saved, **cls.saved.checkpoint_items)
    cls.checkpoint = checkpoint.save(os.path.join(folder, 'ckpt'))

  def setUp(self):
    super().setUp()
    self.train = self._data('train.txt', _TRAIN)
    self.dev = self._data('dev.txt', 'b B-Y\nc I-Y\nb B-Y\na O\n')

  def _data(self, name: str, text: str, **fields
            ) -> task_lib.TokenClassificationDataConfig:
    vocab_file = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    return task_lib.TokenClassificationDataConfig(**{
        'input_path': self.make_file(name, text), 'vocab_file': vocab_file,
        'seq_length': 15, 'global_batch_size': 3, 'is_training': False,
        **fields})

  def _task(self, **fields
            ) -> task_lib.TokenClassificationTask:
    model = tagging.ModelConfig(
        encoder=pretraining_task.encoder_config(tiny_models.student_config()))
    return task_lib.TokenClassificationTask(
        task_lib.TokenClassificationConfig(**{
            'model': model, 'train_data': self.train,
            'validation_data': self.dev, **fields}))

  # === Labels ===

  def test_labels_are_found_in_the_training_part(self):
    task = self._task()
    self.assertEqual(task.labels, ('O', 'B-X', 'I-X', 'B-Y', 'I-Y'))
    self.assertEqual(task.build_model().labels, task.labels)
    [[_, labels]] = task.build_inputs(self.dev)
    self.assertAllEqual(labels[0, :6], [-1, 3, 4, 3, 0, -1])

  def test_labels_that_are_named_keep_their_order(self):
    names = ['B-Y', 'I-Y', 'B-X', 'I-X', 'O']
    named = self.train.replace(labels=names, input_path='/gone.txt')
    for task in (self._task(train_data=named), self._task(class_names=names)):
      self.assertEqual(task.build_model().labels, tuple(names))
      [[_, labels]] = task.build_inputs(self.dev)
      self.assertAllEqual(labels[0, :6], [-1, 0, 1, 0, 4, -1])

  # === Model ===

  def test_the_encoder_is_restored(self):
    task = self._task(init_checkpoint=self.checkpoint)
    model = task.build_model()
    task.initialize(model)
    inputs = next(iter(task.build_inputs(self.train)))[0]
    inputs = {name: inputs[name] for name in (
        'input_word_ids', 'input_mask', 'input_type_ids')}
    self.assertAllEqual(model.encoder(inputs)['sequence_output'],
                        self.saved.encoder(inputs)['sequence_output'])

  def test_loss_is_that_of_the_words_alone(self):
    task = self._task()
    logits = np.random.default_rng(0).normal(size=[2, 4, 5]).astype(np.float32)
    labels = np.array([[-1, 3, -1, 0], [-1, 4, -1, -1]], np.int32)
    log = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = -(log[0, 1, 3] + log[0, 3, 0] + log[1, 1, 4]) / 3
    self.assertAllClose(
        task.build_losses(labels, {'logits': logits}), expected)

  # === Scores ===

  def _evaluate(self, task: task_lib.TokenClassificationTask,
                predicted: dict[str, int]) -> dict[str, float]:
    """Evaluates, on the dev part, a model that looks a word's class up."""
    table = np.zeros([len(_TOKENS), len(task.labels)], np.float32)
    for word, label in predicted.items():
      table[_TOKENS.index(word), label] = 9.0

    class Lookup(tf.Module):
      def __call__(self, inputs, training):
        del training
        return {'logits': tf.gather(table, inputs['input_word_ids'])}

    state = None
    for batch in task.build_inputs(task.task_config.validation_data):
      outputs = task.validation_step(batch, Lookup())
      state = task.aggregate_logs(
          state, {name: (value,) for name, value in outputs.items()})
    return task.reduce_aggregated_logs(state)

  def test_entities_do_not_merge_across_sentences(self):
    # Each sentence is one entity; run together they would be one of four words.
    self.dev = self._data('dev.txt', 'c I-Y\nc I-Y\n\nc I-Y\nc I-Y\n')
    scores = self._evaluate(self._task(), {'c': 4})  # I-Y everywhere.
    self.assertEqual(scores['f1'], 1.0)  # conlleval reads I-Y I-Y as one too.
    self.assertEqual(scores['accuracy'], 0.5)

  def test_parts_of_a_sentence_are_scored_as_one(self):
    # An entity over the border of two parts.
    self.dev = self._data('dev.txt', 'a O\nb O\nb O\nb B-Y\nc I-Y\nc I-Y\n',
                          seq_length=5)
    scores = self._evaluate(self._task(), {'a': 0, 'b': 0, 'c': 4})
    self.assertEqual(scores['precision'], 0.0)
    self.assertAllClose(scores['accuracy'], 5 / 6)
    self.dev = self._data('dev.txt', 'a O\nb O\nc B-Y\nc I-Y\nc I-Y\n',
                          seq_length=5)
    scores = self._evaluate(self._task(), {'a': 0, 'b': 0, 'c': 4})
    self.assertEqual(scores['f1'], 1.0)

  def test_scores_are_seqevals(self):
    truth = [['B-X', 'I-X', 'O', 'B-Y'], ['O', 'B-X', 'B-X'], ['O']]
    guess = [['B-X', 'O', 'O', 'B-Y'], ['O', 'B-X', 'I-X'], ['B-Y']]
    scores = evaluation.score(truth, guess)
    self.assertAllClose(scores, {
        'accuracy': 5 / 8, 'precision': 1 / 4, 'recall': 1 / 4, 'f1': 1 / 4})
    self.assertAllClose(scores['f1'], seqeval_metrics.f1_score(truth, guess))
    # Nothing found, and nothing there: no warning and no NaN.
    self.assertEqual(
        evaluation.score([['O']], [['O']]),
        {'accuracy': 1.0, 'precision': 0.0, 'recall': 0.0, 'f1': 0.0})

  def test_labels_of_words_have_no_entities(self):
    self.train = self._data('train.txt', 'a NN\nb VB\n')
    self.dev = self._data('dev.txt', 'a NN\nb VB\na VB\na NN\n')
    self.assertEqual(self._evaluate(self._task(), {'a': 0, 'b': 1}),
                     {'accuracy': 0.75})

  @pytest.mark.slow
  def test_training_learns_and_evaluates(self):
    params = consistency.complete(
        exp_factory.get_exp_config('mobilebert/token_classification'))
    params.override({'trainer': {
        'train_steps': 120, 'steps_per_loop': 20, 'validation_interval': 120,
        'optimizer_config': {
            'learning_rate': {'polynomial': {'initial_learning_rate': 0.01,
                                             'decay_steps': 120}},
            'warmup': {'polynomial': {'warmup_steps': 5}}}}})
    a, b, c = 'a B-X\n', 'b O\n', 'c B-Y\nc I-Y\n'
    sentences = [''.join(words) + '\n'
                 for words in itertools.product([a, b, c], repeat=3)]
    self.train = self._data('train.txt', ''.join(sentences),
                            is_training=True, seed=1, global_batch_size=16)
    self.dev = self._data('dev.txt', ''.join(sentences[::2]))
    task = self._task()
    params.task = task.task_config
    tf_keras.utils.set_random_seed(1)  # Other tests leave seeds of theirs.
    model = task.build_model()
    optimizer = task.create_optimizer(params.trainer.optimizer_config)
    trainer = base_trainer.Trainer(params, task, model, optimizer,
                                   train=True, evaluate=True)
    trainer.train(tf.constant(120))
    scores = trainer.evaluate(tf.constant(-1))
    self.assertGreater(scores['f1'], 0.9)
    self.assertGreater(scores['accuracy'], 0.9)

  # === What is refused ===

  def test_lengths_and_vocabularies_fit_the_model(self):
    task = self._task()
    longest = tiny_models.student_config().max_position_embeddings
    with self.assertRaisesRegex(ValueError, f'the model has {longest} posit'):
      task.build_inputs(self.dev.replace(seq_length=longest))
    large = self.make_file(
        'large.txt', '\n'.join([*_TOKENS, *(f'w{i}' for i in range(99))]))
    with self.assertRaisesRegex(ValueError, 'large.txt has 107 tokens'):
      task.build_inputs(self.dev.replace(vocab_file=large))

  def test_other_encoders_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'hub_module_url'):
      self._task(hub_module_url='https://tfhub.dev/x').build_model()
    model = tagging.ModelConfig(encoder=encoders.EncoderConfig(type='bert'))
    with self.assertRaisesRegex(ValueError, "of type 'bert'"):
      self._task(model=model).build_model()

  def test_the_experiment_is_the_released_student(self):
    params = exp_factory.get_exp_config('mobilebert/token_classification')
    params.validate()
    self.assertEqual(params.task.model.encoder.get(),
                     modeling.get_architecture('mobilebert'))


if __name__ == '__main__':
  tf.test.main()
