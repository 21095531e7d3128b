# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The devices that a run gets, on machines with and without accelerators."""

import contextlib
import json
import os
from unittest import mock

from absl.testing import parameterized
import tensorflow as tf, tf_keras

from mobilebert_tf.training import devices
from mobilebert_tf.training import experiments
from official.core import config_definitions as cfg
from official.core import exp_factory

_MODEL = 'NVIDIA A100-SXM4-80GB'


@contextlib.contextmanager
def machine(gpus: int = 0, tpus: int = 0, driver: str = 'no driver'):
  """Makes TensorFlow list accelerators, and the machine have a driver."""
  counts = {'GPU': gpus, 'TPU': tpus, 'CPU': 1}

  def list_devices(kind: str | None = None) -> list[tf.config.PhysicalDevice]:
    return [tf.config.PhysicalDevice(f'/physical_device:{each}:{i}', each)
            for each in ([kind] if kind else counts)
            for i in range(counts[each])]
  with (mock.patch.object(tf.config, 'list_physical_devices', list_devices),
        mock.patch.object(tf.config.experimental, 'get_device_details',
                          lambda device: {'device_name': _MODEL}),
        mock.patch.object(devices, '_DRIVER_FILES', driver)):
    yield


def _names(strategy: tf.distribute.Strategy) -> list[str]:
  return [f'{device.device_type}:{device.device_index}'
          for device in devices._devices(strategy)]


class StrategyTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      (0, {}, 'off', ['CPU:0']),
      (0, {'num_gpus': -1}, 'off', ['CPU:0']),
      (0, {'num_gpus': 0}, 'off', ['CPU:0']),
      (0, {'distribution_strategy': 'mirrored'}, 'mirrored', ['CPU:0']),
      (1, {}, 'one_device', ['GPU:0']),
      (1, {'num_gpus': -1}, 'one_device', ['GPU:0']),
      (1, {'num_gpus': 0}, 'one_device', ['CPU:0']),
      (1, {'distribution_strategy': 'mirrored'}, 'mirrored', ['GPU:0']),
      (1, {'distribution_strategy': 'off'}, 'off', ['GPU:0']),
      (1, {'distribution_strategy': False}, 'off', ['GPU:0']),
      (3, {}, 'mirrored', ['GPU:0', 'GPU:1', 'GPU:2']),
      (3, {'num_gpus': -1}, 'mirrored', ['GPU:0', 'GPU:1', 'GPU:2']),
      (3, {'num_gpus': 2}, 'mirrored', ['GPU:0', 'GPU:1']),
      (3, {'num_gpus': 1}, 'one_device', ['GPU:0']),
      (3, {'num_gpus': 0}, 'one_device', ['CPU:0']),
      (3, {'distribution_strategy': 'one_device'}, 'one_device', ['GPU:0']),
      (3, {'distribution_strategy': 'off', 'num_gpus': 0}, 'one_device',
       ['CPU:0']))
  def test_all_gpus_unless_told_otherwise(self, gpus, settings, kind, expected):
    classes = {
        'off': type(tf.distribute.get_strategy()),
        'one_device': tf.distribute.OneDeviceStrategy,
        'mirrored': tf.distribute.MirroredStrategy}
    with machine(gpus):
      strategy = devices.build_strategy(devices.RuntimeConfig(**settings))
      self.assertIsInstance(strategy, classes[kind])
      self.assertEqual(_names(strategy), expected)

  @parameterized.parameters(
      ({'num_gpus': 4}, 'num_gpus is 4, but TensorFlow sees 2 GPUs'),
      ({'num_gpus': -2}, 'num_gpus is -2; it counts GPUs'),
      ({'tpu': 'node', 'distribution_strategy': 'mirrored'},
       "tpu is 'node', but runtime.distribution_strategy is 'mirrored'"),
      ({'num_gpus': 1, 'distribution_strategy': 'multi_worker_mirrored'},
       'takes all 2 GPUs of a worker'))
  def test_what_contradicts_is_refused(self, settings, message):
    with machine(2), self.assertRaisesRegex(ValueError, message):
      devices.build_strategy(devices.RuntimeConfig(**settings))

  @parameterized.parameters('tpu', None)
  def test_a_tpu_goes_by_its_name(self, strategy):
    runtime = devices.RuntimeConfig(tpu='node', distribution_strategy=strategy)
    with machine(2):
      self.assertEqual(devices._strategy_name(runtime, workers=1), 'tpu')

  def test_several_workers_train_together(self):
    self.assertEqual(
        devices._strategy_name(devices.RuntimeConfig(), workers=2),
        'multi_worker_mirrored')

  @parameterized.parameters(
      (None, None, True), ('worker', 0, True), ('worker', 1, False),
      ('chief', 0, True), ('evaluator', 0, False))
  def test_the_chief_of_several_workers(self, job, index, expected):
    cluster = {'worker': ['a:1', 'b:1'],
               **({'chief': ['c:1']} if job == 'chief' else {})}
    config = json.dumps(
        {'cluster': cluster, 'task': {'type': job, 'index': index}})
    with mock.patch.dict(os.environ, {'TF_CONFIG': config} if job else {}):
      self.assertEqual(devices.is_chief(), expected)

  def test_nothing_is_pinned_on_a_machine_without_gpu(self):
    strategy = devices.build_strategy(devices.RuntimeConfig())

    @tf.function
    def multiply():
      return strategy.run(lambda: tf.matmul(tf.ones([2, 2]), tf.ones([2, 2])))
    [product] = [each for each in
                 multiply.get_concrete_function().graph.get_operations()
                 if each.type == 'MatMul']
    self.assertEqual(product.device, '')


class ExperimentsTest(parameterized.TestCase):

  @parameterized.parameters(*(name for name in experiments.names()
                              if name.startswith(('mobilebert/', 'bert/'))))
  def test_every_experiment_leaves_the_devices_open(self, name):
    runtime = experiments.get(name).runtime
    self.assertIsNone(runtime.num_gpus)
    self.assertIsNone(runtime.distribution_strategy)
    if name.startswith('mobilebert/'):
      self.assertEqual(exp_factory.get_exp_config(name).runtime, runtime)

  def test_what_an_experiment_says_is_kept(self):
    runtime = devices.RuntimeConfig.of(cfg.RuntimeConfig(
        num_gpus=3, distribution_strategy='one_device', num_packs=2))
    self.assertEqual(runtime.num_gpus, 3)
    self.assertEqual(runtime.distribution_strategy, 'one_device')
    self.assertEqual(runtime.num_packs, 2)


class TellTest(tf.test.TestCase, parameterized.TestCase):

  def _tell(self, **settings) -> tuple[str, str]:
    strategy = devices.build_strategy(devices.RuntimeConfig(**settings))
    with (mock.patch.object(devices.notices, 'inform') as informed,
          mock.patch.object(devices.notices, 'tell') as warned):
      devices.tell(strategy)
    [[message], _] = informed.call_args
    return message, ' '.join(call.args[0] for call in warned.call_args_list)

  @parameterized.parameters(
      ({}, {}, 'Training on the CPU.', ''),
      ({'gpus': 1}, {}, f'Training on 1 GPU ({_MODEL}).', ''),
      ({'gpus': 8}, {}, f'Training on 8 GPUs ({_MODEL}).', ''),
      ({'gpus': 8}, {'num_gpus': 2}, f'Training on 2 GPUs ({_MODEL}).',
       'idle GPUs: 6 of 8'),
      ({'gpus': 1}, {'num_gpus': 0}, 'Training on the CPU.',
       'idle GPUs: 1 of 1'),
      ({'tpus': 4}, {}, 'Training on the CPU.', '--tpu=local trains on it'),
      ({'driver': __file__}, {}, 'Training on the CPU.',
       'an NVIDIA GPU that TensorFlow cannot use'))
  def test_what_is_said(self, accelerators, settings, message, warning):
    with machine(**accelerators):
      told, warned = self._tell(**settings)
    self.assertEqual(told, message)
    self.assertIn(warning, warned)
    self.assertEqual(bool(warned), bool(warning))

  def test_gpus_that_are_hidden_are_not_missed(self):
    with (machine(driver=__file__),
          mock.patch.dict(os.environ, CUDA_VISIBLE_DEVICES='')):
      self.assertEqual(self._tell(), ('Training on the CPU.', ''))

  def test_the_precision_is_said(self):
    self.addCleanup(tf_keras.mixed_precision.set_global_policy, 'float32')
    tf_keras.mixed_precision.set_global_policy('mixed_bfloat16')
    self.assertEqual(devices.describe(tf.distribute.get_strategy()),
                     'the CPU in mixed_bfloat16')


if __name__ == '__main__':
  tf.test.main()
