# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""From a checkpoint of one format to one of another."""

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
  """What was converted, for people to read.

  Attributes:
    checkpoint: The checkpoint, in memory.
    input_format: A key of `formats.FORMATS`.
    output_format: Another one, or the same.
    output: The folder that was written.
    notes: What was left out, and what other software makes of it otherwise.
    seconds: How long it took.
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
  """Converts a checkpoint, and compares what was written with what was read.

  Args:
    input_path: As for `formats.find`.
    output: The folder to write.
    output_format: A key of `formats.FORMATS`.
    input_format: Another one; recognised if None.
    vocab_file: The vocabulary, where none lies beside the input.
    lower_case: Whether the tokenizer lower-cases; what the input says if None.
    revision: Branch, tag or commit on the hub.
    overwrite: Whether an output of that format may be replaced.
    progress: Wraps the loops over the weights.

  Returns:
    What was done.

  Raises:
    FileExistsError: If the output is there already.
    FileNotFoundError: If a file is missing.
    ValueError: If one is damaged, they do not fit each other, or the output's
      format cannot hold the model. Nothing is written then.

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
  """Returns what was done as names and values.

  Args:
    conversion: What `convert` returned.

  Returns:
    Rows of two cells.
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
