# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""One experiment on one device, on two, and on two workers: the same losses."""

import json
import signal
import socket
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from tests import tiny_runs

_SECONDS = 240
# As a user's own program would: a process has its devices before it trains.
_TWO_DEVICES = '''
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices('CPU')[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from mobilebert_tf.training import experiments  # noqa: F401
from mobilebert_tf.training import run as training
from official.core import exp_factory
from official.modeling import hyperparams
experiment, config, folder = sys.argv[1:]
params = exp_factory.get_exp_config(experiment)
params = hyperparams.override_params_dict(params, config, is_strict=True)
training.run_experiment(
    params, 'train_and_eval', folder,
    strategy=tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1']))
'''


def _free_ports(count: int) -> list[int]:
  sockets = [socket.socket() for _ in range(count)]
  for one in sockets:
    one.bind(('127.0.0.1', 0))
  ports = [one.getsockname()[1] for one in sockets]
  for one in sockets:
    one.close()
  return ports


@pytest.mark.slow
class DistributionTest(tiny_runs.TinyRuns, tf.test.TestCase):

  def _start_workers(self, experiment: str, settings: dict,
                     folder: str) -> list[subprocess.Popen]:
    workers = [f'127.0.0.1:{port}' for port in _free_ports(2)]
    config = self.write(
        {**settings,
         'runtime': {'distribution_strategy': 'multi_worker_mirrored'}})
    command = self.train_command(experiment, config, folder)
    return [
        self.start(command, TF_CONFIG=json.dumps({
            'cluster': {'worker': workers},
            'task': {'type': 'worker', 'index': index}}))
        for index in range(2)
    ]

  def _wait(self, *processes: subprocess.Popen) -> None:
    for process in processes:
      _, errors = process.communicate(timeout=_SECONDS)
      self.assertEqual(process.returncode, 0, errors.decode()[-3000:])

  def _check_equal(self, folder: str, reference: str, steps: int) -> None:
    """Compares the losses of every step; sums are in another order."""
    ours, theirs = self.metrics(folder), self.metrics(reference)
    self.assertLen(theirs, steps)
    self.assertEqual([line['step'] for line in ours],
                     [line['step'] for line in theirs])
    for one, other in zip(ours, theirs, strict=True):
      self.assertEqual(one.keys(), other.keys())
      for name in one:
        self.assertAllClose(one[name], other[name], rtol=2e-4, atol=1e-5,
                            msg=f'{name} at step {one["step"]}')

  def _train(self, experiment: str, settings: dict) -> str:
    folder = self.make_folder()
    self._wait(self.start(self.train_command(
        experiment, self.write(settings), folder)))
    return folder

  def _train_on_two_devices(self, experiment: str, settings: dict) -> str:
    folder = self.make_folder()
    self._wait(self.start([sys.executable, '-c', _TWO_DEVICES, experiment,
                           self.write(settings), folder]))
    return folder

  def _train_on_two_workers(self, experiment: str, settings: dict) -> str:
    folder = self.make_folder()
    self._wait(*self._start_workers(experiment, settings, folder))
    return folder

  def test_every_strategy_gives_the_losses_of_one_device(self):
    teacher = self._train(tiny_runs.PRETRAIN, self.settings(8))
    self._check_equal(self._train_on_two_workers(
        tiny_runs.PRETRAIN, self.settings(8)), teacher, 8)
    settings = tiny_runs.DISTILL, self.settings(
        10, **self.student(self.teacher(), teacher, 3, 10))
    one = self._train(*settings)
    for train in (self._train_on_two_devices, self._train_on_two_workers):
      self._check_equal(train(*settings), one, 10)

  @pytest.mark.exhaustive
  def test_killed_workers_go_on_together(self):
    whole, killed = self.make_folder(), self.make_folder()
    arguments = (tiny_runs.PRETRAIN, self.settings(24))
    self._wait(*self._start_workers(*arguments, whole))
    workers = self._start_workers(*arguments, killed)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
      lines = self.metrics(killed)
      if lines and lines[-1]['step'] >= 6:
        break
      time.sleep(0.01)
    for worker in workers:
      worker.send_signal(signal.SIGKILL)
      worker.communicate()
    self.assertLess(self.metrics(killed)[-1]['step'], 24)
    self._wait(*self._start_workers(*arguments, killed))
    self._check_equal(killed, whole, 24)


if __name__ == '__main__':
  tf.test.main()
