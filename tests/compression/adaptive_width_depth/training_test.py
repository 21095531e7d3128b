# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A family from its start to members that answer, and the step that trains it.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import tempfile
from unittest import mock

from absl.testing import parameterized
import pytest
import tensorflow as tf
import yaml

from mobilebert_tf import checkpoints
from mobilebert_tf.common import notices
from mobilebert_tf.compression import augmentation
from mobilebert_tf.compression import exported
from mobilebert_tf.compression.adaptive_width_depth import blocks
from mobilebert_tf.compression.adaptive_width_depth import choosing
from mobilebert_tf.compression.adaptive_width_depth import cutting
from mobilebert_tf.compression.adaptive_width_depth import elastic
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.compression.adaptive_width_depth import sources
from mobilebert_tf.compression.adaptive_width_depth import task as task_lib
from mobilebert_tf.compression.adaptive_width_depth import training
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import tflite
from mobilebert_tf.distillation import losses
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import predictor
from official.core import task_factory
from tests.inference import tiny_classifier
from tests.pipelines import tiny

_TEXTS = [tiny_classifier.text(words, first=words) for words in range(1, 33)]
_OPTIONS = training.Options(
    widths=(1.0, 0.5), depths=(1.0, 0.5), epochs=1.0, batch_size=8,
    learning_rate=1e-3, final=True)


@pytest.mark.slow
class AdaptiveTest(parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.whole = tiny.fine_tune(
        cls.folder, tiny.write_start(cls.folder, num_blocks=2))
    cls.results = training.adapt(cls.whole, cls.folder / 'family', _OPTIONS)

  # === The family ===

  def test_every_size_is_scored(self):
    self.assertEqual(
        [(row['width'], row['depth']) for row in self.results['sizes']],
        [(1.0, 1.0), (0.5, 1.0), (1.0, 0.5), (0.5, 0.5)])
    for row in self.results['sizes']:
      [score] = row['scores']
      self.assertEqual(score['name'], 'accuracy')
    parameters = [row['parameters'] for row in self.results['sizes']]
    self.assertGreater(parameters[0], max(parameters[1:]))
    self.assertEqual(self.results, json.loads(
        (self.folder / 'family' / 'results.json').read_text()))

  def test_the_start_answers_as_the_model_did(self):
    whole = registry.load(self.whole)
    start = checkpoints.build(type(whole.model), checkpoints.read(
        str(self.folder / 'family' / 'start')))
    again = dataclasses.replace(whole, model=start)
    self.assertAllClose(
        predictor.TextPredictor(again).logits(_TEXTS),
        predictor.TextPredictor(whole).logits(_TEXTS), 1e-4, 1e-4)

  def test_the_start_is_sorted_by_importance(self):
    source = sources.read(self.whole)
    checkpoints.restore(source.model, str(self.folder / 'family' / 'start'))
    found = training.measure_importance(source, 100, 8)
    for row in (*found.heads, *found.units.values()):
      self.assertAllClose(row, sorted(row, reverse=True), 1e-3, 1e-6)

  def test_a_member_is_a_plain_model(self):
    member = training.extract(self.folder / 'family', 0.5, 0.5)
    self.assertEqual(member.architecture.num_blocks, 1)
    self.assertEqual(member.architecture.num_attention_heads, 1)
    folder = self.folder / 'member'
    checkpoints.write(member, str(folder), 'mobilebert_tf')
    trained = registry.load(str(folder))
    self.assertEqual(trained.labels, ['bad', 'good'])
    last = registry.load(str(self.folder / 'family' / 'final'))
    size = sizes.size(last.model.encoder.architecture, 0.5, 0.5)
    self.assertAllClose(
        predictor.TextPredictor(trained).logits(_TEXTS),
        predictor.TextPredictor(sources.member(last, size)).logits(_TEXTS),
        1e-5, 1e-5)

    with self.subTest('one that was not trained is called so'):
      with mock.patch.object(notices, 'inform') as said:
        training.extract(self.folder / 'family', 0.5, 0.5)
        said.assert_not_called()
        training.extract(self.folder / 'family', 0.5, rule='top')  # As whole.
        said.assert_not_called()
        for fields in ({'width': 0.75}, {'rule': 'bottom'}, {'rule': [0]}):
          said.reset_mock()
          training.extract(self.folder / 'family', depth=0.5, **fields)
          self.assertIn('was not trained at', said.call_args[0][0])

    with self.subTest('is exported'):
      path = self.folder / 'member.tflite'
      tflite.write(dataclasses.replace(trained, pairs=False), path,
                   agreement.RealTexts(_TEXTS), lengths=[16],
                   quantization='none', largest_disagreement=0.0)
      self.assertAllClose(
          registry.TFLiteRunner(path).scores(_TEXTS),
          predictor.TextPredictor(trained).scores(_TEXTS), 1e-4, 1e-4)

    with self.subTest('and is fine-tuned'):
      run.run(recipe_lib.Recipe(
          task='classification', text_column='review', label_column='stars',
          train_file=str(self.folder / 'train.csv'),
          dev_file=str(self.folder / 'dev.csv'), init_checkpoint=str(folder),
          batch_size=8, epochs=0.5), self.folder / 'tuned')

  def test_members_are_measured_and_the_best_is_written(self):
    folder = self.folder / 'files'
    results, chosen = choosing.choose(
        self.folder / 'family', folder, choosing.Limits(), length=16, rounds=1,
        beside=[self.whole])
    members = [choosing.Member(**each) for each in results['members']]
    self.assertCountEqual(
        [each.name for each in members if not each.is_member], ['whole'])
    self.assertLen(members, 5)
    self.assertEqual(chosen.score, max(
        each.score for each in members if each.is_member))
    self.assertIn('0.5x0.5', (folder / 'choice.html').read_text())
    self.assertEqual((folder / 'chosen.tflite').read_bytes(),
                     (folder / f'{chosen.name}.tflite').read_bytes())
    by_name = {each.name: each for each in members}
    self.assertLess(by_name['0.5x0.5'].megabytes, by_name['1x1'].megabytes)

    with self.subTest('a file of another model or setting is written anew'):
      path, trained = folder / '1x1.tflite', registry.load(self.whole)
      data, before = trained.params.task.validation_data, path.read_bytes()
      exported.write_once(trained, path, data, 'none', 0.1)
      other = path.read_bytes()
      self.assertNotEqual(other, before)
      os.utime(path, (1, 1))
      exported.write_once(trained, path, data, 'none', 0.1)
      self.assertEqual(path.stat().st_mtime, 1)

    with self.subTest('runs that do not compare'):
      with self.assertRaisesRegex(ValueError, 'no run on the task'):
        choosing.choose(self.folder / 'family', folder, choosing.Limits(),
                        beside=[str(self.folder / 'family' / 'start')])

  def test_the_same_command_trains_nothing_again(self):
    before = {path: path.stat().st_mtime_ns for path in (
        self.folder / 'family').glob('*/ckpt-*')}
    self.assertNotEmpty(before)
    self.assertEqual(
        training.adapt(self.whole, self.folder / 'family', _OPTIONS),
        self.results)
    self.assertEqual(before, {path: path.stat().st_mtime_ns for path in (
        self.folder / 'family').glob('*/ckpt-*')})

  def test_other_settings_need_another_folder(self):
    with self.assertRaisesRegex(ValueError, 'begun with epochs 1.0.*2.0 is na'):
      training.adapt(self.whole, self.folder / 'family',
                     dataclasses.replace(_OPTIONS, epochs=2.0))

  @parameterized.parameters(
      ({'widths': (1.0, 0.3)}, 'leaves nothing of 2'),
      ({'depths': (0.5,)}, '1 among them'),
      ({'augmented': 'nowhere.jsonl'}, 'nowhere.jsonl'),
      ({'variant': 'mine'}, "variant is 'mine'"))
  def test_what_would_fail_later_fails_first(self, fields, message):
    folder = pathlib.Path(self.get_temp_dir(), 'family')
    with self.assertRaisesRegex((ValueError, FileNotFoundError), message):
      training.adapt(self.whole, folder,
                     dataclasses.replace(_OPTIONS, **fields))
    self.assertFalse(folder.exists())

  # === Blocks and checkpoints that are chosen ===

  def test_losses_without_a_block_are_those_of_models_without_it(self):
    source = sources.read(self.whole)
    batches = list(source.batches(8, held_out=True).take(2))
    found = blocks.LossesWithout(
        source.model, source.outputs, source.loss, batches)((0, 1))
    whole = checkpoints.of_model(source.model)
    for left_out, value in enumerate(found):
      size = sizes.size(source.architecture, rule=[1 - left_out])
      model = checkpoints.build(type(source.model), cutting.cut(whole, size))
      self.assertAllClose(value, sum(
          float(source.loss(labels, model(features)))
          for features, labels in map(gradient_step.split_inputs, batches)
      ) / 2, 1e-4)

  def test_texts_without_labels_are_counted(self):
    folder, more = self.folder / 'unlabelled', self.folder / 'more.txt'
    shutil.copytree(self.whole, folder)
    more.write_text('w1 w2\n' * 7)
    path = folder / 'params.yaml'
    params = yaml.safe_load(path.read_text())
    params['task']['train_data']['unlabelled_path'] = str(more)
    path.write_text(yaml.safe_dump(params))
    self.assertEqual(sources.read(str(folder)).count(),
                     sources.read(self.whole).count() + 7)

  @parameterized.parameters(*sizes.MEASURED)
  def test_a_measured_rule_keeps_the_blocks_that_are_needed(self, rule):
    source = sources.read(self.whole)
    order = training.measure_order(source, rule, 8)
    self.assertCountEqual(order, [0, 1])
    found = training.extract(self.whole, depth=0.5, rule=rule)
    expected = training.extract(self.whole, rule=order[:1])
    self.assertAllEqual(
        found.weights['block_0/attention/query/kernel'],
        expected.weights['block_0/attention/query/kernel'])
    with self.assertRaisesRegex(ValueError, 'is a checkpoint'):
      training.extract(
          self.folder / 'family' / 'start', depth=0.5, rule=rule)

  def test_the_best_checkpoint_of_a_stage_is_kept(self):
    folder, augmented = self.folder / 'best', self.folder / 'augmented.jsonl'
    tiny.write_masked_lm(self.folder)
    augmentation.write(
        registry.load(self.whole), str(self.folder / 'masked_lm'),
        str(augmented), augmentation.Settings(copies=1))
    results = training.adapt(self.whole, folder, dataclasses.replace(
        _OPTIONS, depths=(1.0,), final=False, keep_best=True, rule='greedy',
        epochs=0.17, augmented=str(augmented)))
    params = (folder / 'width' / 'params.yaml').read_text(encoding='utf-8')
    self.assertIn('augmented.jsonl', params)
    self.assertRegex(results['model'], r'^width/ckpt-\d+$')
    self.assertCountEqual(results['order'], [0, 1])
    sums = {}
    for path in (folder / 'width').glob('ckpt-*.index'):
      trained = registry.load(str(path.with_suffix('')))
      file, total = trained.params.task.validation_data.input_path, 0.0
      labelled = trained.kind.read_labelled(file, trained, scoring.Columns())
      texts = agreement.RealTexts(labelled.texts, labelled.pairs, file)
      for row in results['sizes']:
        member = sources.member(trained, sizes.size(
            trained.model.encoder.architecture, row['width']))
        [score] = labelled.score(member.kind.answers(member, texts))
        total += score['value']
      sums[path] = total
    self.assertGreater(len(sums), 1)
    self.assertAllClose(max(sums.values()), sum(
        row['scores'][0]['value'] for row in results['sizes']))

  # === A step ===

  def _task(self, **teacher):
    params = registry.load(self.whole).params.task
    config = task_lib.adaptive(params)
    start = str(self.folder / 'family' / 'start')
    config.override({'init_checkpoint': start, 'teacher': {
        'checkpoint': start, 'widths': [1.0, 0.5], 'depths': [1.0],
        **teacher}})
    task = task_factory.get_task(config)
    model = task.build_model()
    task.initialize(model)
    [batch] = task.build_inputs(config.train_data.replace(
        global_batch_size=8)).take(1)
    return task, model, batch

  def test_the_loss_is_the_sum_of_all_sizes_by_hand(self):
    task, model, batch = self._task(
        # Two widths have one head, but not the same units.
        widths=[1.0, 0.75, 0.5], depths=[1.0, 0.5], by_width=True,
        hidden_weight=0.5)
    self.assertLen(task.sizes, 6)
    features, _ = gradient_step.split_inputs(batch)
    expected = 0.0
    whole = checkpoints.of_model(model)
    for size in task.sizes:
      teacher = checkpoints.build(type(model), cutting.cut(
          whole, dataclasses.replace(size, blocks=(0, 1))))
      student = checkpoints.build(type(model), cutting.cut(whole, size))
      expected += losses.soft_cross_entropy(
          teacher(features), student(features)).numpy()
      theirs, ours = (each.encoder(features) for each in (teacher, student))
      pairs = [(theirs['embedding_output'], ours['embedding_output'])]
      pairs += [(theirs['encoder_outputs'][block], ours['encoder_outputs'][i])
                for i, block in enumerate(size.blocks)]
      expected += 0.5 * sum(losses.feature_map_transfer(
          *pair, features['input_mask']).numpy() for pair in pairs)
    part = gradient_step.Slice(batch, dict.fromkeys(
        task.weigh(batch), tf.constant(1.0)))
    loss, _, outputs = task.compute(part, model)
    self.assertAllClose(loss, expected, 1e-4)
    self.assertAllClose(outputs, model(features), 1e-5, 1e-5)

  def test_an_untrained_whole_differs_from_its_teacher_in_nothing(self):
    task, model, batch = self._task(widths=[1.0])
    features, _ = gradient_step.split_inputs(batch)
    [size] = task.sizes
    # Two models, each with weights that it has read by itself.
    teacher, student = (
        each(features, size) for each in (task._teacher, task._student))
    self.assertIsNot(task._teacher.model, model)
    self.assertAllClose(teacher.outputs, student.outputs, 1e-6, 1e-6)
    def compare():
      return float(elastic.losses(
          teacher, task._student(features, size), size.blocks,
          losses.feature_map_transfer))
    self.assertLess(compare(), 1e-9)
    kernel = model.encoder.blocks[0].attention.value.kernel
    kernel.assign(2.0 * kernel)
    self.assertGreater(compare(), 1e-6)

  @parameterized.parameters(
      ({'variant': 'mine'}, "'mine'; accepted: paper"),
      ({'checkpoint': ''}, 'checkpoint is not set'))
  def test_settings_that_make_no_sense(self, teacher, message):
    with self.assertRaisesRegex(ValueError, message):
      self._task(**teacher)

  def test_a_teacher_of_another_architecture(self):
    folder = pathlib.Path(self.get_temp_dir())
    half = training.extract(self.folder / 'family', 0.5)
    checkpoints.write(half, str(folder / 'half'), 'mobilebert_tf')
    with self.assertRaisesRegex(ValueError, 'another architecture'):
      self._task(checkpoint=str(folder / 'half'))


class PairsTest(tf.test.TestCase):

  def test_hidden_states_that_are_compared(self):
    def computed(*values):
      return elastic.Computed(None, values[0], list(values[1:]))
    teacher, student = computed(0, 1, 2, 3, 4), computed(10, 12, 14)
    seen = []
    def compare(theirs, ours):
      seen.append((theirs, ours))
      return tf.constant(1.0)
    self.assertEqual(
        float(elastic.losses(teacher, student, (1, 3), compare)), 3.0)
    self.assertEqual(seen, [(0, 10), (2, 12), (4, 14)])
    seen.clear()
    elastic.losses(teacher, student, (1, 3), compare, 'reference')
    self.assertEqual(seen, [(1, 10), (3, 12), (4, 14)])


if __name__ == '__main__':
  tf.test.main()
