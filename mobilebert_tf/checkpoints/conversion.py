# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Converts checkpoints from one format to another."""

import dataclasses
import os
import time

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.common import formatting
from mobilebert_tf.modeling import architectures
from mobilebert_tf.text import vocabulary as vocabulary_lib


@dataclasses.dataclass(frozen=True)
class Conversion:
  """A finished conversion.

  Attributes:
    checkpoint: The checkpoint.
    input_format: Format of the input, a key of `formats.FORMATS`.
    output_format: Format of the output.
    output: Folder that was written.
    notes: Sentences on what was left out, or differs in other software.
    seconds: Duration of the conversion.
  """
  checkpoint: checkpoint_lib.Checkpoint
  input_format: str
  output_format: str
  output: str
  notes: tuple[str, ...]
  seconds: float


def convert(input_path: str, output: str, output_format: str = 'mobilebert_tf',
            *, input_format: str | None = None, vocab_file: str | None = None,
            lower_case: bool | None = None, revision: str | None = None,
            overwrite: bool = False,
            progress: checkpoint_lib.Progress = checkpoint_lib.silent
            ) -> Conversion:
  """Converts a checkpoint, and compares the result with the input.

  Args:
    input_path: Path or hub name; see `formats.find`.
    output: Folder to write.
    output_format: Format of the output, a key of `formats.FORMATS`.
    input_format: Format of the input; recognised if None.
    vocab_file: Path of the vocabulary, if none is beside the input.
    lower_case: Whether the tokenizer lower-cases; if None, as the input says.
    revision: Branch, tag or commit on the hub.
    overwrite: Whether an output of that format may be replaced.
    progress: Wraps the loops over the weights.

  Returns:
    The conversion.

  Raises:
    FileExistsError: If the output already exists.
    FileNotFoundError: If a file is missing.
    ValueError: If a file is damaged, files do not fit each other, or the
      output's format cannot hold the model. Nothing is written then.

  Example: `convert('google/mobilebert-uncased', 'pretrained')`
  """
  start = time.monotonic()
  path = formats.find(input_path, revision)
  source = os.path.realpath(bundles.locate(path).folder)
  target = formats.local_output(output)
  if os.path.commonpath([source, target]) == target:
    raise FileExistsError(
        f'{output} is the input, or has it inside; write to another folder.')
  formats.check_output(target, output_format, overwrite)
  input_format = input_format or formats.recognise(path)
  checkpoint = formats.read(path, input_format, progress=progress)
  changes = {}
  if vocab_file:
    changes['vocabulary'] = vocabulary_lib.Vocabulary.read(vocab_file)
  if lower_case is not None:
    changes['lower_case'] = lower_case
  checkpoint = dataclasses.replace(checkpoint, **changes)
  notes = formats.write(
      checkpoint, output, output_format, overwrite, progress)
  return Conversion(checkpoint, input_format, output_format, output,
                    tuple(notes), time.monotonic() - start)


def describe(conversion: Conversion) -> list[tuple[str, str]]:
  """Describes a conversion.

  Args:
    conversion: Result of `convert`.

  Returns:
    Rows of a name and a value.
  """
  checkpoint = conversion.checkpoint
  titles = {name: module.TITLE for name, module in formats.FORMATS.items()}
  vocabulary = 'none beside the input; name one with --vocab_file'
  if checkpoint.vocabulary is not None:
    case = 'lower-cased' if checkpoint.lower_case else 'cased'
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
      for entry in sorted(os.scandir(formats.local_output(conversion.output)),
                          key=lambda entry: entry.name)
  ]
  return [*rows, ('Check', 'read again, and equal to the last bit'),
          ('Time', formatting.duration(conversion.seconds))]


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
