# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.


"""One experiment on one device, on two, and on two workers: the same losses."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import tensorflow as tf
import yaml

from mobilebert_tf import training
from tests.data import temporary
from tests.data import written_records
from tests.distillation import tiny_models

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
           *(f'w{i}' for i in range(25)), *(f'##s{i}' for i in range(10)))
_SECONDS = 240
# As a user's own program would: a process has its devices before it trains.
_TWO_DEVICES = '''
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices('CPU')[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from mobilebert_tf import registry_imports, training
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
class DistributionTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    self._records = self.make_folder()
    records = written_records.dynamic_records(40, 12, vocab_size=len(_TOKENS))
    written_records.write_folder(
        self._records, [records[:15], records[15:]], self._vocab,
        max_seq_length=12)

  def _config(self, model: dict, strategy: str, steps: int,
              **task) -> str:
    data = {'input_path': self._records, 'vocab_file': self._vocab,
            'seq_length': 13, 'max_predictions_per_seq': 3,
            'global_batch_size': 4, 'shuffle_buffer_size': 9}
    settings = {
        'task': {'model': {'encoder': {'type': 'any', 'any': model}},
                 'train_data': {**data, 'seed': 3, 'sharding': False},
                 'validation_data': data, **task},
        'runtime': {'distribution_strategy': strategy},
        'trainer': {
            'train_steps': steps, 'steps_per_loop': 1, 'summary_interval': 1,
            'checkpoint_interval': 4, 'validation_interval': steps,
            'optimizer_config': {
                'optimizer': {'type': 'lamb_reference'},
                'warmup': {'polynomial': {'warmup_steps': 2}}}},
    }
    return self.make_file(f'{strategy}_{steps}.yaml', yaml.safe_dump(settings))

  def _start(self, command: list[str], **environment) -> subprocess.Popen:
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, 'TF_CPP_MIN_LOG_LEVEL': '3', **environment})

  def _train(self, experiment: str, config: str, folder: str) -> list[str]:
    return [sys.executable, '-m', 'mobilebert_tf.train',
            f'--experiment={experiment}', '--mode=train_and_eval',
            f'--model_dir={folder}', f'--config_file={config}']

  def _start_workers(self, *arguments) -> list[subprocess.Popen]:
    workers = [f'127.0.0.1:{port}' for port in _free_ports(2)]
    return [
        self._start(self._train(*arguments), TF_CONFIG=json.dumps({
            'cluster': {'worker': workers},
            'task': {'type': 'worker', 'index': index}}))
        for index in range(2)
    ]

  def _wait(self, processes: list[subprocess.Popen]) -> None:
    for process in processes:
      _, errors = process.communicate(timeout=_SECONDS)
      self.assertEqual(process.returncode, 0, errors.decode()[-3000:])

  def _metrics(self, folder: str) -> list[dict[str, float]]:
    return training.read_metrics(os.path.join(folder, training.METRICS_FILE))

  def _check_equal(self, folder: str, reference: str, steps: int) -> None:
    """Compares the losses of every step; sums are in another order."""
    ours, theirs = self._metrics(folder), self._metrics(reference)
    self.assertLen(theirs, steps)
    self.assertEqual([line['step'] for line in ours],
                     [line['step'] for line in theirs])
    for one, other in zip(ours, theirs, strict=True):
      self.assertEqual(one.keys(), other.keys())
      for name in one:
        if name != 'gradient_norm':  # The mean of the replicas' own.
          self.assertAllClose(one[name], other[name], rtol=2e-4, atol=1e-5,
                              msg=f'{name} at step {one["step"]}')

  def _check(self, experiment: str, model: dict, steps: int, **task) -> str:
    one, two, workers = (self.make_folder() for _ in range(3))
    self._wait([self._start(self._train(
        experiment, self._config(model, 'off', steps, **task), one))])
    self._wait([self._start([
        sys.executable, '-c', _TWO_DEVICES, experiment,
        self._config(model, 'mirrored', steps, **task), two])])
    self._wait(self._start_workers(
        experiment, self._config(model, 'multi_worker_mirrored', steps, **task),
        workers))
    for folder in (two, workers):
      self._check_equal(folder, one, steps)
    return one

  def test_every_strategy_gives_the_losses_of_one_device(self):
    teacher = tiny_models.teacher_config().as_dict()
    folder = self._check('mobilebert/pretrain', teacher, 8)
    self._check(
        'mobilebert/distill', tiny_models.student_config().as_dict(), 10,
        teacher=teacher, teacher_checkpoint=folder,
        schedule={'steps_per_block': 3, 'distillation_steps': 4,
                  'transfer_warmup_steps': 1, 'distillation_warmup_steps': 1})

  def test_killed_workers_go_on_together(self):
    teacher = tiny_models.teacher_config().as_dict()
    whole, killed = self.make_folder(), self.make_folder()
    arguments = ('mobilebert/pretrain', self._config(
        teacher, 'multi_worker_mirrored', 24))
    self._wait(self._start_workers(*arguments, whole))
    workers = self._start_workers(*arguments, killed)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
      lines = self._metrics(killed)
      if lines and lines[-1]['step'] >= 6:
        break
      time.sleep(0.01)
    for worker in workers:
      worker.send_signal(signal.SIGKILL)
      worker.communicate()
    self.assertLess(self._metrics(killed)[-1]['step'], 24)
    self._wait(self._start_workers(*arguments, killed))
    self._check_equal(killed, whole, 24)


if __name__ == '__main__':
  tf.test.main()
