# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Training of exits: what learns, what stays, and what is exported."""

import json
import pathlib
import shutil
import tempfile
from unittest import mock

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.compression.adaptive_width_depth import sources
from mobilebert_tf.compression.adaptive_width_depth import training as family
from mobilebert_tf.compression.early_exit import training
from mobilebert_tf.compression.early_exit import tuning
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import onnx
from mobilebert_tf.deployment import saved_model
from mobilebert_tf.deployment import tflite
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf import modeling
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import predictor
from tests.inference import tiny_classifier
from tests.pipelines import tiny

_TEXTS = [tiny_classifier.text(words, first=words) for words in range(1, 33)]
_REAL = agreement.RealTexts(_TEXTS, source='the test')


def _options(**fields) -> training.Options:
  return training.Options(**{
      'epochs': 1.0, 'batch_size': 8, 'learning_rate': 1e-2, **fields})


def _leave_at_many_blocks(trained: loading.TrainedModel) -> None:
  """Changes exits and thresholds so that texts leave at every exit."""
  rng = np.random.default_rng(0)
  exits = trained.model.exits
  exits.kernel.assign(rng.normal(scale=0.3, size=exits.kernel.shape))
  exits.bias.assign(np.zeros(exits.bias.shape))
  logits = predictor.TextPredictor(trained).logits(_TEXTS)
  rule = trained.kind.rule(trained)
  # A third of those that are left leaves at each, or about so many.
  thresholds, here = [], np.ones(len(_TEXTS), bool)
  for measure in rule.measures(logits).T:
    # In the widest gap near there, so that rounding decides of no text.
    left = np.sort(measure[here])
    places = np.arange(len(left) // 4, len(left) // 2)
    place = places[np.argmax(np.diff(left)[places])]
    thresholds.append(float(left[place:place + 2].mean()))
    here &= measure >= thresholds[-1]
  trained.params.task.exits.thresholds = thresholds


@pytest.mark.slow
class PoolerTest(tf.test.TestCase):

  def test_poolers_begin_as_the_model_s_own_and_are_exported(self):
    folder = pathlib.Path(self.get_temp_dir())
    whole = tiny.fine_tune(folder, tiny.write_start(
        folder, num_blocks=2, use_pooler=True, hidden_dropout_rate=0.5))
    options = _options(pooler=True, dropout=True, learning_rate=1e-9)
    training.add_exits(whole, folder / 'exits', options)
    trained = registry.load(str(folder / 'exits'))
    own = trained.model.encoder.get_layer('pooler').dense.get_weights()
    [pooler, _] = trained.model.exits.as_dense_layers(0)
    for one, other in zip(pooler, own, strict=True):
      self.assertAllClose(one, other, 1e-4, 1e-4)
    model = rewriting.rewrite(trained.model)
    [inputs] = agreement.batches(trained, _REAL.take(range(8)), rows=8)
    words, mask, types = inputs.values()
    stream = model.encoder.embed(words, types)
    expected = trained.model(inputs, training=False)
    for i in range(2):
      stream, logits = model.advance(i, stream, mask)
      self.assertAllClose(logits, expected[:, i], 1e-4, 1e-4)
    tflite.write(trained, folder / 'exits.tflite', _REAL, lengths=[40],
                 quantization='dynamic', largest_disagreement=0.0)
    with self.assertRaisesRegex(ValueError, 'begun with pooler True'):
      training.add_exits(whole, folder / 'exits', _options(
          dropout=True, learning_rate=1e-9))


@pytest.mark.slow
class EarlyExitTest(parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    # Exits of a model that was cut to half of its width, as DynaBERT cuts.
    half = str(cls.folder / 'half')
    checkpoints.write(family.extract(
        tiny.write_start(cls.folder, num_blocks=4), width=0.5),
                      half, 'mobilebert_tf')
    cls.whole = tiny.fine_tune(cls.folder, half)
    cls.results = training.add_exits(
        cls.whole, cls.folder / 'exits', _options())
    cls.trained = registry.load(str(cls.folder / 'exits'))
    cls.many = registry.load(str(cls.folder / 'exits'))
    _leave_at_many_blocks(cls.many)

  def test_the_model_below_the_exits_stays_to_the_last_bit(self):
    whole, trained = registry.load(self.whole), self.trained
    for name in ('encoder', 'classifier'):
      for one, other in zip(
          whole.model.checkpoint_items[name].get_weights(),
          trained.model.checkpoint_items[name].get_weights(), strict=True):
        self.assertAllEqual(one, other)
    self.assertAllEqual(
        predictor.TextPredictor(trained).logits(_TEXTS)[:, -1],
        predictor.TextPredictor(whole).logits(_TEXTS))

  def test_every_exit_has_learned_and_is_standardised(self):
    exits = self.trained.model.exits
    for weight in (exits.mean, exits.deviation, exits.bias):
      for i, row in enumerate(weight.numpy()):
        self.assertGreater(np.ptp(row), 0, f'{weight.name} {i}')
    self.assertEqual(self.trained.model.exit_blocks, (1, 2, 3))
    architecture = self.trained.model.encoder.architecture
    self.assertEqual(
        (architecture.num_attention_heads, architecture.intermediate_size),
        (1, 8))

  def test_the_run_and_its_report_say_what_is_saved(self):
    results = json.loads(
        (self.folder / 'exits' / training.RESULTS).read_text())
    self.assertEqual(results, json.loads(json.dumps(self.results)))
    self.assertAllClose(results['saving'], 1 - results['mean_blocks'] / 4)
    report = json.loads(
        (self.folder / 'exits' / 'evaluation.json').read_text())
    self.assertEqual(report['examples'], 10)  # Half of the held-out part.
    self.assertEqual([each['block'] for each in report['exits']], [1, 2, 3, 4])
    self.assertEqual(sum(each['texts'] for each in report['exits']), 10)

  def test_texts_are_timed_beside_models_without_exits(self):
    folder = self.folder / 'timed'
    shutil.copytree(self.folder / 'exits', folder)
    found = training.add_exits(self.whole, folder, _options(
        timed='dynamic', beside=(self.whole,), largest_disagreement=0.1))
    timing = found['timing']
    report = json.loads((folder / 'evaluation.json').read_text())
    self.assertEqual(report['timing'], timing)
    self.assertEqual((timing['texts'], timing['quantization']),
                     (10, 'dynamic'))
    [beside] = timing['beside']
    self.assertEqual(beside['name'], pathlib.Path(self.whole).name)
    self.assertGreater(timing['whole'], 0)
    times = [each['milliseconds'] for each in report['exits']]
    self.assertLen(times, 4)
    self.assertLess(times[0], times[-1])
    page = (folder / 'evaluation.html').read_text()
    self.assertIn('Right answers and time', page)
    with self.subTest('a model beside has to be a classifier of its labels'):
      classifier = registry.load(self.whole).model
      classifier = modeling.MobileBertClassifier(
          classifier.encoder, 2, labels=['no', 'yes'])
      checkpoints.write(
          checkpoints.of_model(classifier, self.trained.vocab_file),
          str(folder / 'other'), 'mobilebert_tf')
      for path in (folder, folder / 'other'):
        with self.assertRaisesRegex(ValueError, 'cannot be compared'):
          training.add_exits(self.whole, folder, _options(
              timed='dynamic', beside=(str(path),)))
    with self.subTest('without times there is nothing beside'):
      with self.assertRaisesRegex(ValueError, 'name the quantization'):
        _options(beside=(self.whole,))
    with self.subTest('two models of one name'):
      with self.assertRaisesRegex(ValueError, 'would be called'):
        training.add_exits(self.whole, folder, _options(
            timed='dynamic', beside=(self.whole, self.whole)))

  def test_another_wish_is_tuned_without_training(self):
    folder = self.folder / 'again'
    shutil.copytree(self.folder / 'exits', folder)
    before = (folder / 'metrics.jsonl').read_text()
    found = training.add_exits(self.whole, folder, _options(
        wanted=tuning.Wanted(blocks=1.0)))
    self.assertEqual(found['mean_blocks'], 1.0)
    self.assertEqual((folder / 'metrics.jsonl').read_text(), before)
    rule = registry.load(str(folder))
    self.assertEqual(rule.kind.rule(rule).thresholds,
                     tuple(found['thresholds']))

  @parameterized.parameters('confidence', 'patience')
  def test_another_criterion_and_thresholds_of_each_exit(self, criterion):
    folder = self.folder / criterion
    shutil.copytree(self.folder / 'exits', folder)
    found = training.add_exits(self.whole, folder, _options(
        criterion=criterion, each_exit=True, wanted=tuning.Wanted(blocks=2.5)))
    self.assertLess(found['mean_blocks'], 4.0)  # Of the other half.
    trained = registry.load(str(folder))
    rule = trained.kind.rule(trained)
    self.assertEqual((rule.criterion, len(rule.thresholds)), (criterion, 3))
    logits = predictor.TextPredictor(trained).logits(_TEXTS)
    self.assertEqual(
        [each.exit_block for each in trained.kind.answerer(trained)(
            _TEXTS, None)], [int(each) + 1 for each in rule.exits(logits)])

  def test_a_wish_that_cannot_be_had_leaves_the_thresholds(self):
    folder = self.folder / 'unhappy'
    shutil.copytree(self.folder / 'exits', folder)
    before = registry.load(str(folder)).params.task.exits.as_dict()
    self.assertNotEmpty(before['thresholds'])
    self.assertNotEmpty(before['tuned']['thresholds'])
    with mock.patch.object(tuning, 'tune', side_effect=ValueError('Nothing')):
      with self.assertRaisesRegex(ValueError, 'Nothing'):
        training.add_exits(self.whole, folder, _options())
    self.assertEqual(
        registry.load(str(folder)).params.task.exits.as_dict(), before)

  def test_a_folder_of_other_exits_or_another_model_is_refused(self):
    for options, message in (
        (_options(blocks=(1, 2)), 'begun with blocks'),
        (_options(epochs=2.0), 'begun with epochs 1.0, and 2.0')):
      with self.assertRaisesRegex(ValueError, message):
        training.add_exits(self.whole, self.folder / 'exits', options)
    other = str(self.folder / 'other')
    shutil.copytree(self.whole, other)
    with self.assertRaisesRegex(ValueError, 'begun with model_dir'):
      training.add_exits(other, self.folder / 'exits', _options())

  def test_answers_name_the_block(self):
    trained = self.many
    logits = predictor.TextPredictor(trained).logits(_TEXTS)
    exits = trained.kind.rule(trained).exits(logits)
    self.assertGreater(len(set(exits)), 2)
    answers = trained.kind.answerer(trained)(_TEXTS, None)
    self.assertEqual([each.exit_block for each in answers],
                     [int(each) + 1 for each in exits])
    for i, answer in enumerate(answers):
      self.assertEqual(
          answer.label, trained.labels[logits[i, exits[i]].argmax()])

  # === Exports ===

  def test_segments_are_the_unbroken_model(self):
    model = rewriting.rewrite(self.many.model)
    [inputs] = agreement.batches(
        self.many, _REAL.take(range(8)), rows=8)
    words, mask, types = inputs.values()
    stream = model.encoder.embed(words, types)
    expected = self.many.model(inputs, training=False)
    for i in range(4):
      stream, logits = model.advance(i, stream, mask)
      self.assertAllClose(logits, expected[:, i], 1e-4, 1e-4)
    self.assertAllEqual(logits, model([words, mask, types]))

  def test_rescaling_keeps_every_exit(self):
    batches = agreement.batches(self.many, _REAL)
    model = rewriting.rewrite(self.many.model, batches)
    for inputs in batches:
      words, mask, types = inputs.values()
      stream = model.encoder.embed(words, types)
      expected = self.many.model(inputs, training=False)
      for i in range(4):
        stream, logits = model.advance(i, stream, mask)
        self.assertAllClose(logits, expected[:, i], 1e-4, 1e-4)

  @parameterized.parameters(('none', True), ('dynamic', False))
  def test_a_file_leaves_where_keras_does(self, quantization, dynamic_length):
    path = self.folder / f'{quantization}.tflite'
    # An exit may round otherwise, a label may not.
    lines = []
    tflite.write(self.many, path, _REAL, lengths=[16, 40],
                 quantization=quantization, largest_disagreement=0.0,
                 dynamic_length=dynamic_length, report=lines.append)
    # The second is of all segments, one after another.
    self.assertLen([line for line in lines if 'Checked with' in line],
                   4 if dynamic_length else 2)
    self.assertIn('(criterion entropy, thresholds [0.0])', '\n'.join(lines))
    runner = registry.TFLiteRunner(path)
    found = runner.comparable(_TEXTS)
    expected = self.many.kind.answers(self.many, _REAL)
    if quantization == 'none':
      self.assertAllClose(found, expected, 1e-4, 1e-4)
    same = found[:, -1] == expected[:, -1]
    self.assertGreater(same.mean(), 0.7)
    self.assertAllClose(found[same, :-1], expected[same, :-1], 0, 0.05)
    self.assertEqual({each.exit_block for each in runner.answer(_TEXTS)},
                     set(found[:, -1].astype(int)))
    self.assertGreater(len(set(found[:, -1])), 2)
    self.assertEqual(runner.scores(_TEXTS).shape, (len(_TEXTS), 2))
    self.assertEqual(runner.scores([]).shape, (0, 2))

    with self.subTest('the file says what other thresholds gave'):
      tuned = runner.metadata.settings.tuned
      self.assertEqual(tuned['mean_blocks'][-1], 4.0)  # Of the tuned half.
      self.assertLen(tuned['thresholds'], len(tuned['accuracies']))

    with self.subTest('segments compute what the unbroken model does'):
      chained, whole = (registry.TFLiteRunner(
          path, settings={'thresholds': thresholds}).scores(_TEXTS)
                        for thresholds in ([0.0], []))
      self.assertAllEqual(chained, whole)

    with self.subTest('thresholds can be set when it is opened'):
      for thresholds, block in (([], 4), ([100.0], 1)):
        other = registry.TFLiteRunner(
            path, settings={'thresholds': thresholds})
        self.assertEqual(
            {each.exit_block for each in other.answer(_TEXTS[:3])}, {block})
      other.change_settings({'thresholds': []})
      self.assertEqual(other.answer(_TEXTS[0]).exit_block, 4)
      with self.assertRaisesRegex(ValueError, "no setting 'patience'"):
        registry.TFLiteRunner(path, settings={'patience': 1})
      with self.assertRaisesRegex(ValueError, "no setting 'blocks'"):
        registry.TFLiteRunner(path, settings={'blocks': [1]})
      with self.assertRaisesRegex(ValueError, 'numbers, 0 or more'):
        registry.TFLiteRunner(path, settings={'thresholds': ['much']})

  def test_a_saved_model_leaves_where_keras_does_in_any_batch(self):
    folder = saved_model.write(
        self.many, self.folder / 'saved', _REAL, largest_disagreement=0.0)
    serve = tf.saved_model.load(str(folder)).signatures['serve_text']
    expected = self.many.kind.answers(self.many, _REAL)
    for rows in (range(len(_TEXTS)), [3], list(reversed(range(9)))):
      found = serve(text=tf.constant([_TEXTS[i] for i in rows]))
      self.assertAllEqual(found['exit_block'], expected[list(rows), -1])
      self.assertAllClose(
          found['probabilities'], expected[list(rows), :-1], 1e-4, 1e-4)

  def test_what_cannot_save_anything_is_refused(self):
    with self.assertRaisesRegex(ValueError, 'XLA compiles for each shape'):
      saved_model.write(self.many, self.folder / 'xla', _REAL, xla=True)
    with self.assertRaisesRegex(ValueError, 'ONNX file computes all blocks'):
      onnx.write(self.many, self.folder / 'onnx', _REAL)
    with self.assertRaisesRegex(ValueError, 'int8 is calibrated.*exit_0_16'):
      tflite.write(self.many, self.folder / 'int8.tflite', _REAL, lengths=[16],
                   quantization='int8')

  # === What cannot have exits ===

  @parameterized.parameters(
      ({'blocks': (4,)}, '4 blocks.*1 to 3'),
      ({'criterion': 'mood'}, "'mood'; accepted"),
      ({'wanted': tuning.Wanted(blocks=1.0), 'blocks': (3,)},
       'need 3.00 on average'))
  def test_settings_that_make_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      training.add_exits(
          self.whole, pathlib.Path(self.get_temp_dir(), 'exits'),
          _options(**fields))

  def test_a_checkpoint_does_not_say_its_data(self):
    model = self.trained.model
    classifier = modeling.MobileBertClassifier(model.encoder, 2)
    path = pathlib.Path(self.get_temp_dir(), 'saved')
    checkpoints.write(
        checkpoints.of_model(classifier, self.trained.vocab_file), str(path),
        'mobilebert_tf')
    with self.assertRaisesRegex(ValueError, 'is a checkpoint'):
      training.add_exits(str(path), path / 'exits', _options())

  def test_exits_have_no_family(self):
    with self.assertRaisesRegex(
        ValueError, 'with early exits, of which no family is made'):
      sources.read(str(self.folder / 'exits'))

  def test_exits_have_no_exits(self):
    with self.assertRaisesRegex(ValueError, 'early exit classification'):
      training.add_exits(str(self.folder / 'exits'),
                         self.folder / 'exits_of_exits', _options())


if __name__ == '__main__':
  tf.test.main()
