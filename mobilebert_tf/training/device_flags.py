# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The flags of devices, which all programs that train share.

This imports no TensorFlow, so that --help need not wait for it.
"""

from typing import Any

from absl import flags

flags.disclaim_key_flags()  # They are those of the program that defines them.

# Flag: the field of `devices.RuntimeConfig` that it sets.
FIELDS = {
    'num_gpus': 'num_gpus',
    'tpu': 'tpu',
    'distribution_strategy': 'distribution_strategy',
    'mixed_precision': 'mixed_precision_dtype',
}


def define() -> None:
  """Defines the flags; `devices.build_strategy` says what they do."""
  flags.DEFINE_integer(
      'num_gpus', None, 'Number of GPUs to train on. All that are visible if '
      'not given, or -1; 0 trains on the CPU.', lower_bound=-1)
  flags.DEFINE_string(
      'tpu', None, 'Name or address of the TPU to train on; local for that of '
      'this machine.')
  flags.DEFINE_enum(
      'distribution_strategy', None,
      ['off', 'one_device', 'mirrored', 'multi_worker_mirrored', 'tpu'],
      'How several devices train together; follows from the devices if not '
      'given.')
  flags.DEFINE_enum(
      'mixed_precision', None, ['float32', 'bfloat16'],
      'Precision of activations; weights stay float32. float16 is too narrow: '
      'activations of a trained MobileBERT reach 1e7.')


def read() -> dict[str, Any]:
  """Returns the settings of `devices.RuntimeConfig` that flags give."""
  values = {field: flags.FLAGS[flag].value for flag, field in FIELDS.items()}
  return {field: value for field, value in values.items() if value is not None}
