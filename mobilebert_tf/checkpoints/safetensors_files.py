# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The weights of a Hugging Face folder: one safetensors file, or several.

Several are listed by an index, `model.safetensors.index.json`. Tensors go by
the names of today's MobileBERT of transformers, whatever the file calls them.
"""

import collections
import contextlib
import os
import re
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.common import files as files_lib

WEIGHTS = 'model.safetensors'
INDEX = f'{WEIGHTS}.index.json'
PARTS = 'model-*-of-*.safetensors'
BASE = 'mobilebert.'

_PART = re.compile(r'model-\d+-of-\d+\.safetensors')
_OTHERS = {
    'pytorch_model.bin': 'a pickle, which can run any code when it is read',
    'pytorch_model.bin.index.json': 'an index of pickles, which can run any '
                                    'code when they are read',
    'tf_model.h5': "weights of TensorFlow in Keras' format",
    'flax_model.msgpack': 'weights of Flax',
}
NAMES = (WEIGHTS, INDEX, *_OTHERS)

_BASE_PARTS = ('embeddings.', 'encoder.', 'pooler.')
# Every encoder has it, and it is tied to no other weight.
_ANCHOR = 'embeddings.position_embeddings.weight'
# transformers' names before 2020, which it still renames.
_OLD_ENDINGS = {'.gamma': '.weight', '.beta': '.bias'}
# Second names of weights, and their first ones.
_TIED = {
    'cls.predictions.decoder.weight':
        f'{BASE}embeddings.word_embeddings.weight',
    'cls.predictions.decoder.bias': 'cls.predictions.bias',
}
_BUFFERS = (f'{BASE}embeddings.position_ids',)


class Tensors:
  """The tensors of open files.

  Args:
    files: Open files by the names of the tensors that they hold.
    path: Path of the file or index, for messages.

  Raises:
    ValueError: If names contradict each other, or two tensors that have to be
      one differ.

  Attributes:
    path: As in `Args`.
    notes: Sentences on names that are read as others.
  """

  def __init__(self, files: dict[str, Any], path: str):
    self.path = path
    self.notes: list[str] = []
    self._files = files
    self._stored = self._rename(self._without_wrapper({
        name: name for name in files}))
    self._tie()
    for name in _BUFFERS:
      self._stored.pop(name, None)

  @property
  def shapes(self) -> dict[str, list[int]]:
    """Shapes by name."""
    return {name: self._files[stored].get_slice(stored).get_shape()
            for name, stored in self._stored.items()}

  def read(self, name: str) -> np.ndarray:
    """Returns a tensor."""
    return self._files[self._stored[name]].get_tensor(self._stored[name])

  def _without_wrapper(self, names: dict[str, str]) -> dict[str, str]:
    """Returns names that begin as those of a task's model do."""
    prefixes = sorted(name.removesuffix(_ANCHOR) for name in names
                      if name.endswith(_ANCHOR))
    if not prefixes:
      return names  # What is missing is told later.
    if len(prefixes) > 1:
      raise ValueError(
          f'{self.path}: the weights hold the encoder twice, as '
          f'{" and ".join(repr(prefix) for prefix in prefixes)}; save one.')
    [prefix] = prefixes
    # Of module.mobilebert.* heads have the first part.
    outer = prefix.rpartition('.')[0].rpartition('.')[0]
    outer = outer and f'{outer}.'
    if prefix not in ('', BASE):
      self.notes.append(
          f'The weights are called {prefix}*, and read as those of '
          f'{BASE}*.')
    return self._unique({
        stored: BASE + name.removeprefix(prefix)
        if name.startswith(tuple(prefix + part for part in _BASE_PARTS))
        else name.removeprefix(outer) for name, stored in names.items()})

  def _rename(self, names: dict[str, str]) -> dict[str, str]:
    """Returns names in which norms have today's."""
    renamed, old = {}, 0
    for name, stored in names.items():
      for ending, new in _OLD_ENDINGS.items():
        if name.endswith(ending):
          name = name.removesuffix(ending) + new
          old += 1
      renamed[stored] = name
    if old:
      self.notes.append(f'{old} weights of norms have the old names gamma and '
                        'beta, and are read as weight and bias.')
    return self._unique(renamed)

  def _unique(self, names: dict[str, str]) -> dict[str, str]:
    """Returns stored names by name, which has to be that of one tensor."""
    counts = collections.Counter(names.values())
    for name, count in counts.items():
      if count > 1:
        both = ' and '.join(
            stored for stored, other in names.items() if other == name)
        raise ValueError(
            f'{self.path}: the weights hold the encoder twice: {both} are both '
            f'{name}; save one.')
    return {name: stored for stored, name in names.items()}

  def _tie(self) -> None:
    """Leaves one name of tensors that have two."""
    for second, first in _TIED.items():
      if second not in self._stored:
        continue
      if first not in self._stored:
        self._stored[first] = self._stored[second]
      elif not np.array_equal(self.read(second), self.read(first)):
        raise ValueError(
            f'{self.path}: {second} is not {first}. A MobileBERT reads and '
            'writes words with one table; this model was trained with two.')
      del self._stored[second]


@contextlib.contextmanager
def open_folder(folder: str) -> Iterator[Tensors]:
  """Opens the weights of a folder.

  Raises:
    FileNotFoundError: If there are none, or a part is missing.
    ValueError: If a file is damaged, or parts and index contradict each other.
  """
  path = os.path.join(folder, WEIGHTS)
  parts = {}
  if not os.path.exists(path):
    path = os.path.join(folder, INDEX)
    if not os.path.exists(path):
      raise FileNotFoundError(_none(folder))
    parts = _read_index(path)
  with contextlib.ExitStack() as stack:
    files: dict[str, Any] = {}
    for part, names in (parts or {WEIGHTS: None}).items():
      file_path = os.path.join(folder, part)
      file = stack.enter_context(_open(file_path))
      if names is not None:
        _check_part(file_path, set(file.keys()), names)
      files |= dict.fromkeys(file.keys(), file)
    yield Tensors(files, path)


def read_file(path: str) -> dict[str, np.ndarray]:
  """Reads all tensors of a small file in float32.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is damaged, or holds no finite numbers.
  """
  try:
    tensors = safetensors.numpy.load(files_lib.read_bytes(path))
  except safetensors.SafetensorError as error:
    raise ValueError(f'{path} cannot be read ({error}); copy it again.'
                     ) from error
  for name, array in tensors.items():
    if array.dtype.kind != 'f' or not np.isfinite(array).all():
      raise ValueError(f'{path}: {name} is of {array.dtype}, or holds NaN or '
                       'infinity.')
  return {name: array.astype(np.float32) for name, array in tensors.items()}


@contextlib.contextmanager
def _open(path: str) -> Iterator[Any]:
  try:
    with safetensors.safe_open(path, framework='numpy') as tensors:
      yield tensors
  except safetensors.SafetensorError as error:
    raise ValueError(
        f'{path} cannot be read ({error}); copy it again.') from error


def _read_index(path: str) -> dict[str, set[str]]:
  """Returns the names of tensors by the files that should hold them."""
  folder = os.path.dirname(path)
  places = tokenizer_files.read_json(path).get('weight_map')
  if not isinstance(places, dict) or not places:
    raise ValueError(f'{path} has no weight_map: names of weights, and the '
                     'file of each.')
  parts: dict[str, set[str]] = {}
  for name, part in places.items():
    if not isinstance(part, str) or os.path.basename(part) != part or (
        '\\' in part or not part.endswith('.safetensors')):
      raise ValueError(f'{path}: {name} is in {part!r:.80}, which is no '
                       'safetensors file of this folder.')
    parts.setdefault(part, set()).add(name)
  missing = [part for part in sorted(parts)
             if not os.path.exists(os.path.join(folder, part))]
  if missing:
    raise FileNotFoundError(
        f'{path} names {checkpoint_lib.listed(missing)}, which is not there. '
        'Copy all parts.')
  unnamed = sorted(name for name in os.listdir(folder)
                   if _PART.fullmatch(name) and name not in parts)
  if unnamed:
    raise ValueError(
        f'{path} does not name {checkpoint_lib.listed(unnamed)} beside it. Is '
        'the index of another model?')
  return dict(sorted(parts.items()))


def _check_part(path: str, found: Collection[str],
                expected: Collection[str]) -> None:
  """Raises ValueError if a part does not hold what the index says."""
  for problem, names in (('lacks', set(expected) - set(found)),
                         ('has besides', set(found) - set(expected))):
    if names:
      raise ValueError(
          f'{path} is not what {INDEX} says: it {problem} '
          f'{checkpoint_lib.listed(sorted(names))}. Is it of another model, or '
          'a weight in two parts?')


def _none(folder: str) -> str:
  """Returns a message on a folder without safetensors."""
  names = [name for name in _OTHERS
           if os.path.exists(os.path.join(folder, name))]
  only = f', only a {names[0]}: {_OTHERS[names[0]]}' if names else ''
  return (
      f'{folder} has no {WEIGHTS}{only}. Only safetensors are read. With torch '
      "and transformers installed, AutoModelForPreTraining.from_pretrained('"
      "...').save_pretrained('folder') writes them (from_tf=True reads "
      'tf_model.h5, before transformers 5); repositories of the hub that have '
      "none often offer them as revision='refs/pr/1' or such.")
