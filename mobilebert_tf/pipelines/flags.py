# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Flags of the quick start and the ablation: the settings of a chain."""

import dataclasses
from collections.abc import Collection
from typing import Any

from absl import flags

from mobilebert_tf.pipelines import settings as settings_lib

flags.disclaim_key_flags()  # They are those of the program that defines them.

_HELP = {
    'text_files': 'Globs of text to learn from: plain text, .gz, or JSON lines',
    'task_train': 'TSV with texts and labels to fine-tune on',
    'task_dev': 'Held-out TSV with the same columns',
    'text_column': 'Name of the column of the texts',
    'vocab_size': 'Entries of the vocabulary',
    'max_seq_length': 'Length of the longest pre-training example in tokens',
    'teacher_steps': 'Pre-training steps of the teacher',
    'steps_per_block': 'Transfer steps of each block of the student',
    'distillation_steps': 'Steps of the distillation that follows',
    'pretraining_batch_size': 'Examples in a step of pre-training',
    'task_steps': 'Fine-tuning steps',
    'task_batch_size': 'Examples in a step of fine-tuning',
    'passages_per_library': 'Passages of each library in the default task',
    'seed': 'Seed of everything random',
}


def define(defaults: settings_lib.Settings, leave_out: Collection[str] = (),
           required: Collection[str] = (), **remarks: str) -> None:
  """Defines a flag for each setting.

  Args:
    defaults: Default values.
    leave_out: Settings that get no flag.
    required: Flags that must be given.
    **remarks: Additions to the help of a flag, by its name.
  """
  for name, description in _HELP.items():
    if name in leave_out:
      continue
    description += f'; {remarks[name]}.' if name in remarks else '.'
    usual = getattr(defaults, name)
    if isinstance(usual, int):
      flags.DEFINE_integer(name, usual, description,
                           lower_bound=0 if name == 'seed' else 1)
      continue
    is_list = isinstance(usual, tuple)
    kind = flags.DEFINE_list if is_list else flags.DEFINE_string
    must = name in required
    kind(name, None if must else list(usual) if is_list else usual,
         description, required=must)


def read(defaults: settings_lib.Settings, **changes: Any
         ) -> settings_lib.Settings:
  """Returns the settings that the flags describe.

  Args:
    defaults: Settings of what has no flag.
    **changes: Settings that come from elsewhere.
  """
  values = {name: flags.FLAGS[name].value
            for name in _HELP if name in flags.FLAGS and name not in changes}
  values = {name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()}
  return dataclasses.replace(defaults, **values, **changes)
