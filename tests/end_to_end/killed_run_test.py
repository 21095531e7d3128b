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


"""A training killed with SIGKILL ends as one that never was, bit for bit."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
import yaml

from mobilebert_tf import training
from tests.data import temporary
from tests.data import written_records
from tests.distillation import tiny_models

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
           *(f'w{i}' for i in range(25)), *(f'##s{i}' for i in range(10)))
_STEPS = 60
_SECONDS = 180


def _architecture(config, **changes) -> dict:
  return {**config.as_dict(), **changes}


@pytest.mark.slow
class KilledRunTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    self._records = self.make_folder()
    records = written_records.dynamic_records(40, 12, vocab_size=len(_TOKENS))
    written_records.write_folder(
        self._records, [records[:15], records[15:]], self._vocab,
        max_seq_length=12)

  def _settings(self, model: dict, optimizer: str, **task) -> dict:
    data = {'input_path': self._records, 'vocab_file': self._vocab,
            'seq_length': 13, 'max_predictions_per_seq': 3,
            'global_batch_size': 4, 'shuffle_buffer_size': 9}
    return {
        'task': {'model': {'encoder': {'type': 'any', 'any': model}},
                 'train_data': {**data, 'seed': 3}, 'validation_data': data,
                 **task},
        'runtime': {'distribution_strategy': 'off'},
        'trainer': {
            'train_steps': _STEPS, 'steps_per_loop': 2, 'summary_interval': 2,
            'checkpoint_interval': 6, 'validation_interval': 30,
            'max_to_keep': 3,
            'optimizer_config': {
                'optimizer': {'type': optimizer},
                'warmup': {'polynomial': {'warmup_steps': 5}}}},
    }

  def _start(self, experiment: str, settings: dict,
             folder: str) -> subprocess.Popen:
    config = self.make_file(f'{experiment.replace("/", "_")}.yaml',
                            yaml.safe_dump(settings))
    return subprocess.Popen(
        [sys.executable, '-m', 'mobilebert_tf.train',
         f'--experiment={experiment}', '--mode=train_and_eval',
         f'--model_dir={folder}', f'--config_file={config}'],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, 'TF_CPP_MIN_LOG_LEVEL': '3'})

  def _finish(self, *arguments) -> None:
    _, errors = self._start(*arguments).communicate(timeout=_SECONDS)
    metrics = training.read_metrics(
        os.path.join(arguments[-1], training.METRICS_FILE))
    self.assertEqual(metrics[-1]['step'], _STEPS, errors.decode()[-3000:])

  def _kill_at(self, step: int, delay: float, *arguments) -> int:
    """Kills a run some time after it has logged a step; returns the last."""
    path = os.path.join(arguments[-1], training.METRICS_FILE)
    process = self._start(*arguments)
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < deadline:
      lines = training.read_metrics(path)
      if lines and lines[-1]['step'] >= step:
        time.sleep(delay)
        break
      time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    self.assertEqual(process.returncode, -signal.SIGKILL,
                     errors.decode()[-3000:])
    return training.read_metrics(path)[-1]['step']

  def _weights(self, folder: str) -> dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder))
    names = [name for name in reader.get_variable_to_shape_map()
             if name not in ('_CHECKPOINTABLE_OBJECT_GRAPH',
                             'save_counter/.ATTRIBUTES/VARIABLE_VALUE')]
    self.assertIn('global_step/.ATTRIBUTES/VARIABLE_VALUE', names)
    return {name: reader.get_tensor(name) for name in names}

  def _check(self, experiment: str, settings: dict,
             kill_at: tuple[int, ...]) -> str:
    whole, killed = self.make_folder(), self.make_folder()
    self._finish(experiment, settings, whole)
    rng = random.Random(5)
    reached = [self._kill_at(step, rng.uniform(0, 0.05), experiment, settings,
                             killed) for step in kill_at]
    self.assertLess(max(reached), _STEPS, 'killed too late to be of use')
    self._finish(experiment, settings, killed)
    expected, actual = self._weights(whole), self._weights(killed)
    self.assertEqual(expected.keys(), actual.keys())
    for name, value in expected.items():
      np.testing.assert_array_equal(value, actual[name], name)
    logs = [json.dumps(training.read_metrics(
        os.path.join(folder, training.METRICS_FILE))) for folder in
            (whole, killed)]
    self.assertEqual(*logs)
    return whole

  def test_pretraining_and_the_distillation_from_it(self):
    teacher = _architecture(
        tiny_models.teacher_config(), hidden_dropout_rate=0.1,
        attention_dropout_rate=0.1)
    folder = self._check(
        'mobilebert/pretrain', self._settings(teacher, 'adamw'), (2, 8, 40))
    # Two stages of a block, of 13 steps, so that they end between checkpoints
    # and between loops, and 34 steps of distillation.
    self._check(
        'mobilebert/distill',
        self._settings(
            _architecture(tiny_models.student_config()), 'lamb_reference',
            teacher=teacher, teacher_checkpoint=folder,
            schedule={'steps_per_block': 13, 'distillation_steps': 34,
                      'transfer_warmup_steps': 2,
                      'distillation_warmup_steps': 2}),
        (4, 12, 26))


if __name__ == '__main__':
  tf.test.main()
