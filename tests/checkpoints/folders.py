# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What the checkpoint tests share: folders of their own to damage."""

import json
import os
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import safetensors.numpy
import tensorflow as tf

from tests.data import temporary
from tests import shared_data

TF1_PREFIX = 'mobilebert_variables.ckpt'


class FolderTestCase(temporary.TemporaryFiles, tf.test.TestCase):
  """Gives each test an empty folder of its own, `self.folder`."""

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())


def golden(name: str) -> str:
  """Returns the path of a golden folder, or skips the test."""
  return str(shared_data.path(f'golden/{name}'))


def copy(name: str, temp_dir: str | os.PathLike) -> pathlib.Path:
  """Copies the files of a golden folder; returns the copy."""
  source = pathlib.Path(golden(name))
  folder = pathlib.Path(temp_dir) / source.name
  shutil.rmtree(folder, ignore_errors=True)
  folder.mkdir(parents=True)
  for file in source.iterdir():
    if file.is_file():
      shutil.copy(file, folder)
  return folder


def edit(path: pathlib.Path, **fields: Any) -> None:
  """Changes fields of a JSON file; None removes one."""
  content = {**json.loads(path.read_text()), **fields}
  path.write_text(json.dumps(
      {name: value for name, value in content.items() if value is not None}))


def truncate(path: pathlib.Path, size: int) -> None:
  """Leaves the first bytes of a file."""
  path.write_bytes(path.read_bytes()[:size])


def write_vocabulary(path: pathlib.Path, size: int = 1000,
                     lacks: str = '') -> list[str]:
  """Writes a vocabulary, by default of a golden model's size."""
  special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
  tokens = [token for token in special if token != lacks]
  tokens += [f'w{i}' for i in range(size - len(tokens))]
  path.write_text(''.join(f'{token}\n' for token in tokens))
  return tokens


def edit_tensors(
    folder: pathlib.Path,
    change: Callable[[dict[str, np.ndarray]], Any]) -> None:
  """Lets a function change the tensors of a Hugging Face folder."""
  path = folder / 'model.safetensors'
  tensors = safetensors.numpy.load_file(path)
  change(tensors)
  safetensors.numpy.save_file(tensors, path, metadata={'format': 'pt'})


def read_variables(prefix: str | os.PathLike) -> dict[str, np.ndarray]:
  """Reads every variable of a TF1 checkpoint."""
  return {name: tf.train.load_variable(str(prefix), name)
          for name, _ in tf.train.list_variables(str(prefix))}


def write_variables(prefix: str | os.PathLike,
                    variables: dict[str, np.ndarray]) -> None:
  """Writes a TF1 checkpoint by the operation that TF1's `Saver` runs."""
  tf.raw_ops.SaveV2(
      prefix=str(prefix), tensor_names=list(variables),
      shape_and_slices=[''] * len(variables),
      tensors=[tf.constant(array) for array in variables.values()])


def edit_variables(
    folder: pathlib.Path,
    change: Callable[[dict[str, np.ndarray]], Any]) -> None:
  """Lets a function change the variables of a TF1 folder."""
  variables = read_variables(folder / TF1_PREFIX)
  change(variables)
  write_variables(folder / TF1_PREFIX, variables)
