# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Reads the configuration of a run: experiment, YAML files, overrides."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import word_tables
from mobilebert_tf.common import config_files
from mobilebert_tf.common import files
from mobilebert_tf.text import settings as settings_lib
from mobilebert_tf.text import vocabulary
from mobilebert_tf.training import experiments
from mobilebert_tf.training import resuming
from official.core import config_definitions as cfg
from official.modeling import hyperparams

_START_END = '_start'  # Of the name of a student's folder.


def read(experiment: str, paths: Sequence[str] = (),
         overrides: str = '', runtime: Mapping[str, Any] | None = None,
         lower_case: settings_lib.LowerCase | None = None
         ) -> cfg.ExperimentConfig:
  """Reads the params of a run; each argument overrides those before it.

  Args:
    experiment: Name of a registered experiment.
    paths: YAML files: paths, or names of the package's own, such as
      `pretrain_small.yaml` or `configs/experiments/pretrain_small.yaml`.
    overrides: Settings as `trainer.train_steps=100,runtime.num_gpus=2`, as
      YAML, or as the path of a YAML file.
    runtime: Settings of devices, such as `device_flags.read()`.
    lower_case: Whether texts or records are lower-cased; None as the files say.

  Returns:
    The params, locked.

  Raises:
    FileNotFoundError: If there is no such file.
    LookupError: If there is no such experiment.
    KeyError: If an experiment has no such setting.
    ValueError: If a file or a value is bad.
  """
  params = experiments.get(experiment)
  for path in map(config_files.find, paths):
    params = _override(params, path)
  if overrides:
    params = _override(params, overrides)
  params.override({'runtime': dict(runtime or {})})
  if lower_case is not None:
    params.override({'task': {
        part: {'lower_case': lower_case}
        for part in ('train_data', 'validation_data')
        if getattr(params.task, part)}})
  params.validate()
  params.lock()
  return params


def with_start(params: cfg.ExperimentConfig, teacher: str,
               model_dir: str) -> cfg.ExperimentConfig:
  """Returns params of a run whose student starts with a teacher's word table.

  The student is written beside the run, unless that has begun; see
  `word_tables.start`.

  Args:
    params: The params, whose task has an encoder and an `init_checkpoint`.
    teacher: A run, a checkpoint of any format, or a name on the hub.
    model_dir: Folder of the run.

  Raises:
    FileNotFoundError: If there is no such teacher or vocabulary.
    ValueError: If the student does not fit the teacher, or the params name
      another start.
  """
  task = params.task
  if getattr(task, 'init_checkpoint', None):
    raise ValueError(
        f'--init_from is {teacher}, and task.init_checkpoint '
        f'{task.init_checkpoint}; a student starts with one of them.')
  folder = f'{os.path.normpath(os.path.expanduser(model_dir))}{_START_END}'
  if not resuming.latest_checkpoint(model_dir):
    architecture = task.model.encoder.get()
    vocab_file = getattr(task.train_data, 'vocab_file', '')
    checkpoints.write(word_tables.start(
        architecture, checkpoints.read_teacher(teacher),
        vocabulary.Vocabulary.read(vocab_file) if vocab_file else None,
        getattr(task.train_data, 'seed', None) or 0),
                      folder, 'mobilebert_tf', overwrite=True)
  return params.replace(task={'init_checkpoint': folder})


def _override(params: cfg.ExperimentConfig,
              settings: str) -> cfg.ExperimentConfig:
  if os.path.isfile(settings):
    files.read_yaml(settings)  # The Model Garden follows aliases to any size.
  return hyperparams.override_params_dict(params, settings, is_strict=True)
