# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The checkpoint formats by name: finds, recognises, reads, writes, converts.

Names that are no local path are looked up on the Hugging Face hub.
"""

import dataclasses
import os
import re
import time
import types
from typing import Any

import huggingface_hub
from huggingface_hub import errors
import safetensors
import tensorflow as tf

from mobilebert_tf.checkpoints import bert
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import hugging_face
from mobilebert_tf.checkpoints import model_card
from mobilebert_tf.checkpoints import model_garden
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import native
from mobilebert_tf.checkpoints import safetensors_files
from mobilebert_tf.checkpoints import tf1
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.modeling import architectures
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib

# Title of a format, file by which its folders are known, and functions.
_PARTS = ('TITLE', 'MARKER', 'recognises', 'read', 'fit', 'write')
FORMATS: dict[str, types.ModuleType] = {}

# Files that the writers make.
_WRITTEN = re.compile(
    r'mobilebert(_variables)?\.ckpt\.(index|data-\d+-of-\d+)|checkpoint|'
    r'(bert_)?config\.json|encoder\.yaml|model\.safetensors|vocab\.txt|'
    r'(labels|problem_type)\.txt|tokenizer(_config)?\.json|README\.md')

# Files that are fetched from the hub: no pickle, no code.
_FETCHED = (
    hugging_face.CONFIG, hugging_face.WEIGHTS, safetensors_files.INDEX,
    safetensors_files.PARTS, tokenizer_files.VOCABULARY,
    tokenizer_files.TOKENIZER, tokenizer_files.TOKENIZER_CONFIG,
    tokenizer_files.ADDED_TOKENS, tokenizer_files.SPECIAL_TOKENS,
    model_card.NAME,
    # Of sentence-transformers.
    'modules.json', 'sentence_bert_config.json',
    'config_sentence_transformers.json', 'trailing_pad.safetensors',
    '?_*/config.json', '?_*/model.safetensors')
_NAME = re.compile(r'[\w][\w.-]*(/[\w][\w.-]*)?')


def register(name: str, module: types.ModuleType) -> None:
  """Registers a checkpoint format.

  Args:
    name: Name of the format and of its column in `name_map`.
    module: Module with the `_PARTS` that `native` documents.

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
    name_or_path: A folder, a checkpoint in one (`run/ckpt-400`), or a name on
      the hub (`google/mobilebert-uncased`); an existing path precedes it.
    revision: Branch, tag or commit on the hub.

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


def is_name(path: str) -> bool:
  """Returns whether a path can be a repository's name, as `google/bert`."""
  return bool(_NAME.fullmatch(path)) and '..' not in path


def download(name: str, revision: str | None = None) -> str:
  """Fetches configuration, safetensors and tokenizer from the hub or cache.

  Raises:
    FileNotFoundError: If there is no such repository, or it can neither be
      reached nor found in the cache.
    PermissionError: If it requires a login.
  """
  try:
    return huggingface_hub.snapshot_download(
        name, revision=revision, allow_patterns=_FETCHED)
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
  except Exception as error:  # Those of its HTTP library have no known base.
    raise FileNotFoundError(
        f'There is no folder {name!r}, and asking the Hugging Face hub failed: '
        f'{error}.') from error


def recognise(path: str) -> str:
  """Returns the key in `FORMATS` of the format of a folder or checkpoint.

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
    overrides: Settings of the architecture to change, of `checkpoint.SETTINGS`.
    revision: Branch, tag or commit on the hub.
    assumed: Architecture if no config is beside the weights.
    progress: Wrapper of the loop over the weights.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If one is damaged, or they do not fit each other.

  Example: `read('google/mobilebert-uncased').num_parameters`
  """
  _check_overrides(overrides or {})
  path = find(name_or_path, revision)
  checkpoint = _read(path, checkpoint_format or recognise(path), progress,
                     overrides, assumed)
  for note in checkpoint.notes:
    bundles.warn(f'{checkpoint.source}: {note}')
  return checkpoint


def read_teacher(name_or_path: str) -> checkpoint_lib.Checkpoint:
  """Reads a checkpoint of any format, or a plain BERT of Hugging Face.

  The latter has an `architectures.BertConfig`. Arguments and errors are those
  of `read`.
  """
  path = find(name_or_path)
  location = bundles.locate(path)
  return bert.read(location) if bert.recognises(location) else read(path)


def _read(path: str, checkpoint_format: str, progress: checkpoint_lib.Progress,
          *settings: Any) -> checkpoint_lib.Checkpoint:
  architectures.check_accepted(
      'checkpoint_format', checkpoint_format, tuple(FORMATS))
  location = bundles.locate(path)
  bundles.check_pointers(location)
  checkpoint = FORMATS[checkpoint_format].read(
      location, *(settings or (None, None)), progress)
  tokenizer_files.check_labels(checkpoint)
  return checkpoint


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          checkpoint_format: str, overwrite: bool = False,
          progress: checkpoint_lib.Progress = checkpoint_lib.silent,
          card: str = '') -> list[str]:
  """Writes a checkpoint to a new folder, reads it again and compares the two.

  Args:
    checkpoint: The checkpoint.
    folder: Path of the folder, which appears when it is complete.
    checkpoint_format: A key of `FORMATS`.
    overwrite: Whether a folder of that format may be replaced.
    progress: Wrapper of the loops over the weights.
    card: Model card of what the checkpoint was read from; one is made if ''.

  Returns:
    Sentences on omissions, and on differences for readers of the format.

  Raises:
    FileExistsError: If the folder exists and may not be replaced.
    ValueError: If the format cannot hold the checkpoint, or the vocabulary does
      not have the size of the word table.
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
      files.write_text(new / model_card.NAME, model_card.for_format(
          card, checkpoint_format) if card else model_card.of_checkpoint(
              checkpoint, os.path.basename(folder), checkpoint_format).render())
    except (OSError, tf.errors.OpError, safetensors.SafetensorError) as error:
      raise OSError(f'{folder} cannot be written: {error}') from error
    # Other implementations have no field for it.
    kept = {'attention_mask': checkpoint.architecture.attention_mask}
    again = module.read(
        bundles.locate(str(new)), kept,
        progress=lambda items, _: progress(items, 'checking'))
    found = checkpoint_lib.differences(checkpoint, again)
    if found:
      raise RuntimeError(
          f'What was written for {folder} is not what was read, so nothing '
          f'was kept: {"; ".join(found[:5])}. This is a mistake in '
          'mobilebert_tf or a failing disk.')
  return notes


@dataclasses.dataclass(frozen=True)
class Conversion:
  """A finished conversion between two keys of `FORMATS`.

  Attributes:
    checkpoint: The checkpoint.
    input_format: Format of the input.
    output_format: Format of the output.
    output: Folder that was written.
    notes: Sentences on omissions, and on differences in other software.
    seconds: Duration in seconds.
  """
  checkpoint: checkpoint_lib.Checkpoint
  input_format: str
  output_format: str
  output: str
  notes: tuple[str, ...]
  seconds: float


def convert(input_path: str, output: str, output_format: str = 'mobilebert_tf',
            *, input_format: str | None = None, vocab_file: str | None = None,
            lower_case: settings.LowerCase | None = None,
            revision: str | None = None,
            overwrite: bool = False,
            progress: checkpoint_lib.Progress = checkpoint_lib.silent
            ) -> Conversion:
  """Converts a checkpoint, and compares the result with the input.

  Args:
    input_path: Path or hub name; see `find`.
    output: Folder to write.
    output_format: Format of the output, a key of `FORMATS`.
    input_format: Format of the input; recognised if None.
    vocab_file: Path of the vocabulary, if none is beside the input.
    lower_case: Whether the tokenizer lower-cases; if None, as the input says.
    revision: Branch, tag or commit on the hub.
    overwrite: Whether an output of that format may be replaced.
    progress: Wrapper of the loops over the weights.

  Raises:
    FileExistsError: If the output already exists.
    FileNotFoundError: If a file is missing.
    ValueError: As for `read` and `write`.

  Example: `convert('google/mobilebert-uncased', 'pretrained')`
  """
  start = time.monotonic()
  path = find(input_path, revision)
  source = os.path.realpath(bundles.locate(path).folder)
  target = local_output(output)
  if os.path.commonpath([source, target]) == target:
    raise FileExistsError(
        f'{output} is the input, or has it inside; write to another folder.')
  check_output(target, output_format, overwrite)
  input_format = input_format or recognise(path)
  checkpoint = _read(path, input_format, progress)
  changes = {}
  if vocab_file:
    changes['vocabulary'] = vocabulary_lib.Vocabulary.read(vocab_file)
  if lower_case is not None:
    changes['lower_case'] = lower_case
  checkpoint = dataclasses.replace(checkpoint, **changes)
  notes = write(checkpoint, output, output_format, overwrite, progress,
                model_card.read(source))
  return Conversion(checkpoint, input_format, output_format, output,
                    (*checkpoint.notes, *notes), time.monotonic() - start)


def describe(conversion: Conversion) -> list[tuple[str, str]]:
  """Describes a conversion in rows of a name and a value."""
  checkpoint = conversion.checkpoint
  titles = {name: module.TITLE for name, module in FORMATS.items()}
  vocabulary = 'none beside the input; name one with --vocab_file'
  if checkpoint.vocabulary is not None:
    case = settings.describe(checkpoint.lower_case)
    vocabulary = f'{len(checkpoint.vocabulary):,} tokens, {case}'
  rows = [
      ('Input', f'{checkpoint.source} ({titles[conversion.input_format]})'),
      ('Output', f'{conversion.output} ({titles[conversion.output_format]})'),
      ('Architecture', _describe(checkpoint.architecture)),
      ('Parts', ', '.join(
          part.replace('_', ' ') for part in checkpoint.parts)),
      ('Parameters', f'{checkpoint.num_parameters:,} in '
       f'{len(checkpoint.weights):,} weights'),
      ('Vocabulary', vocabulary),
  ]
  if checkpoint.labels:
    rows.append(('Labels', ', '.join(checkpoint.labels)))
  rows += [('Note', note) for note in conversion.notes]
  rows += [
      ('File', f'{entry.name}, {_size(entry.stat().st_size)}')
      for entry in sorted(os.scandir(local_output(conversion.output)),
                          key=lambda entry: entry.name)
  ]
  left_out = any('left out' in note.lower() for note in conversion.notes)
  check = 'read again, and equal to the last bit'
  if left_out:
    check += ' but for what the notes say'
  return [*rows, ('Check', check),
          ('Time', formatting.duration(conversion.seconds))]


def local_output(folder: str) -> str:
  """Returns the absolute path of a local folder, or raises ValueError."""
  folder = os.fspath(folder)
  if '://' in folder:
    raise ValueError(
        f'{folder} is not on this machine. Write to a local folder, and copy '
        'it.')
  return os.path.realpath(os.path.expanduser(folder))


def check_output(folder: str, checkpoint_format: str,
                 overwrite: bool = False) -> None:
  """Raises FileExistsError if `write` refuses a folder with these arguments."""
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


def _describe(config: architectures.MobileBertConfig) -> str:
  """Returns the name of an architecture, or its sizes."""
  settings = {
      field: getattr(config, field) for field in checkpoint_lib.SETTINGS
  }
  for name in architectures.ARCHITECTURES:
    if architectures.get_architecture(name, **settings) == config:
      return name
  return (f'{config.num_blocks} blocks of {config.intra_block_size}, '
          f'{config.inter_block_size} between, '
          f'{config.num_feedforward_networks} feed-forward networks, '
          f'{config.normalization}, {config.hidden_activation}')


def _size(num_bytes: int) -> str:
  return (formatting.quantity(num_bytes / 1e6, 'MB') if num_bytes >= 1e6
          else formatting.quantity(num_bytes / 1e3, 'kB'))
