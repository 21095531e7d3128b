# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The checkpoint formats by name: finds, recognises, reads and writes them.

What is not on this machine is fetched from the Hugging Face hub.
"""

import os
import re
import types
from typing import Any

import huggingface_hub
from huggingface_hub import errors
import safetensors
import tensorflow as tf

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import hugging_face
from mobilebert_tf.checkpoints import model_garden
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import native
from mobilebert_tf.checkpoints import tf1
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.common import files
from mobilebert_tf.modeling import architectures

# Nothing else is fetched: no pickle, no code.
_FILES = (hugging_face.CONFIG, hugging_face.WEIGHTS, tokenizer_files.VOCABULARY,
          tokenizer_files.TOKENIZER, tokenizer_files.TOKENIZER_CONFIG)
_NAME = re.compile(r'[\w][\w.-]*(/[\w][\w.-]*)?')


def is_name(path: str) -> bool:
  """Returns whether a path can be a repository's name, as `google/bert`."""
  return bool(_NAME.fullmatch(path)) and '..' not in path


def download(name: str, revision: str | None = None) -> str:
  """Fetches a MobileBERT from the hub, or finds it in the cache.

  Args:
    name: The repository, such as `'google/mobilebert-uncased'`.
    revision: A branch, tag or commit; its main branch if None.

  Returns:
    A local folder with configuration, safetensors and tokenizer only.

  Raises:
    FileNotFoundError: If there is no such repository, or it can neither be
      reached nor found in the cache.
    PermissionError: If it requires a login.
  """
  try:
    folder = huggingface_hub.snapshot_download(
        name, revision=revision, allow_patterns=_FILES)
  except (errors.GatedRepoError, errors.RepositoryNotFoundError) as error:
    kind = (PermissionError if isinstance(error, errors.GatedRepoError)
            else FileNotFoundError)
    raise kind(
        f'There is no folder {name!r}, and the Hugging Face hub gives no '
        f'repository of that name; if it is private, log in with '
        '`hf auth login`.') from error
  except errors.RevisionNotFoundError as error:
    raise FileNotFoundError(
        f'{name} on the Hugging Face hub has no revision {revision!r}.'
    ) from error
  except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled,
          OSError) as error:
    raise FileNotFoundError(
        f'There is no folder {name!r}, and the Hugging Face hub cannot be '
        'reached, nor is the model in its cache.') from error
  except errors.HFValidationError as error:
    raise FileNotFoundError(
        f'There is no folder {name!r}, and it is no name of a repository '
        f'either: {error}.') from error
  except Exception as error:  # Its HTTP library's have no base that we know.
    raise FileNotFoundError(
        f'There is no folder {name!r}, and asking the Hugging Face hub failed: '
        f'{error}.') from error
  return folder


# Files that the writers make.
_WRITTEN = re.compile(
    r'mobilebert(_variables)?\.ckpt\.(index|data-\d+-of-\d+)|checkpoint|'
    r'(bert_)?config\.json|encoder\.yaml|model\.safetensors|vocab\.txt|'
    r'labels\.txt|tokenizer_config\.json')

# Parts of a format's module: its title, the file by which its folders are
# known, and its functions.
_PARTS = ('TITLE', 'MARKER', 'recognises', 'read', 'fit', 'write')
FORMATS: dict[str, types.ModuleType] = {}


def register(name: str, module: types.ModuleType) -> None:
  """Registers a checkpoint format.

  Args:
    name: Name of the format, also the name of its column in `name_map`.
    module: Module with `TITLE`, `MARKER`, `recognises`, `read`, `fit` and
      `write`; see the docstrings in `native`.

  Raises:
    ValueError: If the module lacks a part, the name map has no column for it,
      or the name is taken.
  """
  missing = [part for part in _PARTS if not hasattr(module, part)]
  if missing:
    raise ValueError(
        f'The checkpoint format {name!r} ({module.__name__}) lacks '
        f'{", ".join(missing)}; a format has {", ".join(_PARTS)}.')
  architectures.check_accepted(
      'column of checkpoints/name_map.py', name, name_map.FORMATS)
  if name in FORMATS:
    raise ValueError(
        f'The checkpoint format {name!r} is registered already, as '
        f'{FORMATS[name].__name__}.')
  FORMATS[name] = module


register('tf1', tf1)
register('hugging_face', hugging_face)
register('model_garden', model_garden)
register('mobilebert_tf', native)


def find(name_or_path: str, revision: str | None = None) -> str:
  """Returns a local path for a path or a name on the Hugging Face hub.

  Args:
    name_or_path: A folder, a checkpoint in one (`run/ckpt-400`), or a name such
      as `'google/mobilebert-uncased'`. An existing path precedes the hub.
    revision: Branch, tag or commit on the hub.

  Returns:
    The path itself, or the folder of the hub's cache.

  Raises:
    FileNotFoundError: If neither exists.
  """
  path = os.fspath(name_or_path)
  try:
    bundles.locate(path)
  except FileNotFoundError:
    if not is_name(path) or os.path.exists(path.split('/')[0]):
      raise
    return download(path, revision)
  return path


def recognise(path: str) -> str:
  """Returns the name of a checkpoint's format.

  Args:
    path: A folder, or a checkpoint in one.

  Returns:
    A key of `FORMATS`.

  Raises:
    FileNotFoundError: If the path holds no checkpoint.
    ValueError: If its format is unknown, or it holds several formats.

  Example: `recognise('uncased_L-24_H-128_B-512_A-4_F-4_OPT')  # 'tf1'`
  """
  location = bundles.locate(path)
  found = [name for name, checkpoint_format in FORMATS.items()
           if checkpoint_format.recognises(location)]
  if len(found) == 1:
    return found[0]
  if found:
    raise ValueError(
        f'{path} holds checkpoints of several formats: {", ".join(found)}. Say '
        'which one is meant.')
  if location.prefix:
    raise ValueError(
        f'{location.prefix} is a TensorFlow checkpoint, but not of a '
        'MobileBERT encoder.')
  raise FileNotFoundError(
      f'{path} holds no checkpoint. TF1, Model Garden and our own ones are '
      'PREFIX.index with PREFIX.data-*, Hugging Face folders have config.json '
      f'and model.safetensors. {location.problem}')


def read(name_or_path: str, checkpoint_format: str | None = None,
         overrides: dict[str, Any] | None = None,
         revision: str | None = None,
         assumed: architectures.MobileBertConfig | None = None,
         progress: checkpoint_lib.Progress = checkpoint_lib.silent
         ) -> checkpoint_lib.Checkpoint:
  """Reads a checkpoint of any format.

  Args:
    name_or_path: As for `find`.
    checkpoint_format: A key of `FORMATS`; recognised if None.
    overrides: Settings of the architecture to change, such as
      `{'attention_mask': 'tf1_reference'}` (`checkpoint.SETTINGS`).
    revision: Branch, tag or commit on the hub.
    assumed: The architecture where no config lies beside the weights.
    progress: Wraps the loop over the weights.

  Returns:
    The checkpoint, with every weight accounted for.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If one is damaged, or they do not fit each other.

  Example: `read('google/mobilebert-uncased').num_parameters`
  """
  _check_overrides(overrides or {})
  path = find(name_or_path, revision)
  name = checkpoint_format or recognise(path)
  architectures.check_accepted('checkpoint_format', name, tuple(FORMATS))
  checkpoint = FORMATS[name].read(
      bundles.locate(path), overrides, assumed, progress)
  tokenizer_files.check_labels(checkpoint)
  return checkpoint


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          checkpoint_format: str, overwrite: bool = False,
          progress: checkpoint_lib.Progress = checkpoint_lib.silent
          ) -> list[str]:
  """Writes a checkpoint, reads it again and compares the two.

  The folder appears only when everything is written and compared.

  Args:
    checkpoint: The checkpoint.
    folder: Path of the new folder.
    checkpoint_format: A key of `FORMATS`.
    overwrite: Whether a folder of that format may be replaced.
    progress: Wraps the loops over the weights.

  Returns:
    Sentences on what was left out, or differs for readers of the format.

  Raises:
    FileExistsError: If the folder exists, and `overwrite` is not set or it is
      not of that format.
    ValueError: If the format cannot hold the checkpoint, or the vocabulary
      does not have the size of the word table.
  """
  architectures.check_accepted(
      'checkpoint_format', checkpoint_format, tuple(FORMATS))
  module = FORMATS[checkpoint_format]
  folder = local_output(folder)
  check_output(folder, checkpoint_format, overwrite)
  checkpoint, notes = module.fit(checkpoint)
  tokenizer_files.check_vocabulary(checkpoint)
  with files.replace_folder(folder, module.MARKER, overwrite) as new:
    try:
      module.write(checkpoint, str(new), progress)
    except (OSError, tf.errors.OpError, safetensors.SafetensorError) as error:
      raise OSError(f'{folder} cannot be written: {error}') from error
    # Other implementations have no field for this one.
    kept = {'attention_mask': checkpoint.architecture.attention_mask}
    again = module.read(
        bundles.locate(str(new)), kept,
        progress=lambda items, _: progress(items, 'checking'))
    _check_equal(checkpoint, again, folder)
  return notes


def local_output(folder: str) -> str:
  """Returns the absolute path of a folder to write, links resolved.

  Args:
    folder: Path as it was given; `~` is the home folder.

  Returns:
    The path.

  Raises:
    ValueError: If it is not on this machine.
  """
  folder = os.fspath(folder)
  if '://' in folder:
    raise ValueError(
        f'{folder} is not on this machine. Write to a local folder, and copy '
        'it.')
  return os.path.realpath(os.path.expanduser(folder))


def check_output(folder: str, checkpoint_format: str,
                 overwrite: bool = False) -> None:
  """Raises FileExistsError if `write` may not write a folder.

  Args:
    folder: Path of the folder.
    checkpoint_format: A key of `FORMATS`.
    overwrite: Whether a folder of that format may be replaced.
  """
  if not os.path.exists(folder) or (
      os.path.isdir(folder) and not os.listdir(folder)):
    return
  if not overwrite:
    raise FileExistsError(
        f'{folder} exists already. Name another folder, or allow to overwrite '
        'it.')
  marker = FORMATS[checkpoint_format].MARKER
  names = os.listdir(folder) if os.path.isdir(folder) else []
  foreign = sorted(name for name in names if not _WRITTEN.fullmatch(name))
  if marker not in names or foreign:
    why = f'holds {", ".join(foreign[:5])}' if foreign else f'has no {marker}'
    raise FileExistsError(
        f'{folder} {why}, so it is not a folder that was written in this '
        'format, and will not be overwritten. Name another one.')


def _check_overrides(overrides: dict[str, Any]) -> None:
  """Raises ValueError if an override does not suit trained weights."""
  architectures.get_architecture('mobilebert', **overrides)  # Known, and valid.
  for field in overrides:
    if field not in checkpoint_lib.SETTINGS:
      raise ValueError(
          f'{field} is what the weights were trained with. Only these can be '
          f'changed: {", ".join(checkpoint_lib.SETTINGS)}.')


def _check_equal(checkpoint: checkpoint_lib.Checkpoint,
                 again: checkpoint_lib.Checkpoint, folder: str) -> None:
  found = checkpoint_lib.differences(checkpoint, again)
  if found:
    raise RuntimeError(
        f'What was written for {folder} is not what was read, so nothing was '
        f'kept: {"; ".join(found[:5])}. This is a mistake in mobilebert_tf or '
        'a failing disk.')
