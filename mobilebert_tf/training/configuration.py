# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Reads the configuration of a run: experiment, YAML files, overrides."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf.common import config_files
from mobilebert_tf.common import files
from mobilebert_tf.text import settings as settings_lib
from mobilebert_tf.training import experiments
from official.core import config_definitions as cfg
from official.modeling import hyperparams


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


def _override(params: cfg.ExperimentConfig,
              settings: str) -> cfg.ExperimentConfig:
  if os.path.isfile(settings):
    files.read_yaml(settings)  # The Model Garden follows aliases to any size.
  return hyperparams.override_params_dict(params, settings, is_strict=True)
