# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs programs of the package, each unless what it makes is there."""

import pathlib
import subprocess
import sys
from typing import Any


def run(program: str, made: pathlib.Path, **settings: Any) -> bool:
  """Runs a program unless what it makes is there; returns whether it ran.

  Args:
    program: Module in the package, such as `finetune`.
    made: File or folder that it makes at its end.
    **settings: Its flags.

  Raises:
    subprocess.CalledProcessError: If it fails.
  """
  if made.exists():
    return False
  print(f'{program}: {made}', file=sys.stderr, flush=True)
  subprocess.run(
      [sys.executable, '-m', f'mobilebert_tf.{program}',
       *(f'--{name}={value}' for name, value in settings.items())],
      check=True, stdout=sys.stderr)
  return True
