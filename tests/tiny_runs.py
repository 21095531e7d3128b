# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Records, and the settings of trainings on them that take seconds."""

import os
import subprocess
import sys
from typing import Any

import yaml

from mobilebert_tf.training import experiments  # noqa: F401
from mobilebert_tf.training import run
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.modeling import hyperparams
from tests.data import temporary
from tests.data import written_records
from tests.distillation import tiny_models

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
           *(f'w{i}' for i in range(25)), *(f'##s{i}' for i in range(10)))
PRETRAIN, DISTILL = 'mobilebert/pretrain', 'mobilebert/distill'


class TinyRuns(temporary.TemporaryFiles):
  """A mixin of test cases."""

  def setUp(self):
    super().setUp()
    self.vocab_file = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    self.records = self.make_folder()
    records = written_records.dynamic_records(40, 12, vocab_size=len(_TOKENS))
    written_records.write_folder(
        self.records, [records[:15], records[15:]], self.vocab_file,
        max_seq_length=12)

  def teacher(self, **changes: Any) -> dict[str, Any]:
    return {**tiny_models.teacher_config().as_dict(), **changes}

  def settings(self, steps: int, model: dict[str, Any] | None = None,
               optimizer: str = 'lamb_reference', strategy: str = 'off',
               trainer: dict[str, Any] | None = None,
               **task: Any) -> dict[str, Any]:
    """Returns what a YAML file of an experiment holds."""
    data = {'input_path': self.records, 'vocab_file': self.vocab_file,
            'seq_length': 13, 'max_predictions_per_seq': 3,
            'global_batch_size': 4, 'shuffle_buffer_size': 9}
    model = model or self.teacher()
    return {
        'task': {'model': {'encoder': {'type': 'any', 'any': model}},
                 'train_data': {**data, 'seed': 3, 'sharding': False},
                 'validation_data': data, **task},
        'runtime': {'distribution_strategy': strategy},
        'trainer': {
            'train_steps': steps, 'steps_per_loop': 1, 'summary_interval': 1,
            'checkpoint_interval': 4, 'validation_interval': steps,
            'optimizer_config': {
                'optimizer': {'type': optimizer},
                'warmup': {'polynomial': {'warmup_steps': 2}}},
            **(trainer or {})},
    }

  def student(self, teacher: dict[str, Any], checkpoint: str,
              steps_per_block: int, steps: int) -> dict[str, Any]:
    """Returns what `settings` needs for a distillation."""
    return {
        'model': tiny_models.student_config().as_dict(),
        'teacher': teacher,
        'teacher_checkpoint': checkpoint,
        'schedule': {'steps_per_block': steps_per_block,
                     'distillation_steps': steps - 2 * steps_per_block,
                     'transfer_warmup_steps': 1,
                     'distillation_warmup_steps': 1},
    }

  def write(self, settings: dict[str, Any]) -> str:
    return self.make_file('settings.yaml', yaml.safe_dump(settings))

  def params(self, experiment: str,
             settings: dict[str, Any]) -> cfg.ExperimentConfig:
    """Returns an experiment of these settings."""
    params = exp_factory.get_exp_config(experiment)
    params = hyperparams.override_params_dict(
        params, self.write(settings), is_strict=True)
    params.lock()  # As `train.py` does.
    return params

  def train_command(self, experiment: str, config: str,
                    folder: str) -> list[str]:
    return [sys.executable, '-m', 'mobilebert_tf.train',
            f'--experiment={experiment}', '--mode=train_and_eval',
            f'--model_dir={folder}', f'--config_file={config}']

  def start(self, command: list[str],
            **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, 'TF_CPP_MIN_LOG_LEVEL': '3', **environment})

  def metrics(self, folder: str) -> list[dict[str, float]]:
    return run.read_metrics(os.path.join(folder, run.METRICS_FILE))
