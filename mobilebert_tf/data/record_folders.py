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

"""Finds, counts and checks the records of folders, by their manifests."""

import os
from typing import Any

from official.core import config_definitions as cfg
import tensorflow as tf

from mobilebert_tf.data import corpus
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import record_stream
from mobilebert_tf.data import vocabulary as vocabulary_lib

_SUFFIXES = ('.tfrecord', '.tfrecord.gz')


def find_records(input_path: str | list[str] | tuple[str, ...]) -> list[str]:
  """Returns the record files of paths, globs and folders.

  Raises:
    FileNotFoundError: If one of them has none, or a folder lacks some of those
      that its manifest lists.
  """
  patterns = corpus.split_paths(input_path)
  files = corpus.find_files([p for pattern in patterns
                             for p in _globs(pattern)])
  for folder in filter(tf.io.gfile.isdir, patterns):
    _check_complete(folder, files)
  return files


def count_records(files: list[str]) -> int:
  """Counts records, by their manifests where those tell, or by reading."""
  total, unknown = 0, []
  for folder, names in _by_folder(files).items():
    manifest = pretraining_records.read_manifest(folder)
    counts = manifest.get('files', {})
    for name in names:
      examples = counts.get(name, {}).get('examples')
      if examples is None:
        unknown.append(os.path.join(folder, name))
      else:
        total += examples
  return total + (record_stream.count(unknown) if unknown else 0)


def check_records(files: list[str], vocabulary: vocabulary_lib.Vocabulary,
                  params: cfg.DataConfig) -> bool:
  """Checks that records fit the config of their loader.

  Args:
    files: As `find_records` gives them.
    vocabulary: The one that the config names.
    params: A `MobileBertPretrainDataConfig`.

  Returns:
    Whether they were masked when they were made.

  Raises:
    FileNotFoundError: If a folder of records is not finished.
    ValueError: If they do not fit, naming the folder and what to change.
  """
  is_masked: dict[bool, str] = {}
  for folder in sorted(_by_folder(files)):
    manifest = pretraining_records.read_manifest(folder)
    settings = manifest['settings']
    longest = settings['max_seq_length']
    if longest >= params.seq_length:
      # The trigram at the last token must see the same [PAD] as in serving.
      raise ValueError(
          f'{folder} has records of up to {longest} tokens, and a [PAD] '
          f'follows each, but seq_length is {params.seq_length}. Set it to '
          f'{longest + 1} or more, or make records with '
          f'--max_seq_length={params.seq_length - 1}.')
    if manifest['vocabulary_sha256'] != vocabulary.sha256:
      raise ValueError(
          f'{folder} was made with another vocabulary (of '
          f'{manifest["vocabulary_size"]} tokens) than {params.vocab_file} '
          f'(of {len(vocabulary)}). Name the one it was made with.')
    static = settings.get('masking', 'dynamic') == 'static'
    if static:
      _check_static(folder, settings, params)
    is_masked[static] = folder
  if len(is_masked) > 1:
    raise ValueError(
        f'{is_masked[True]} was made with --masking=static, and '
        f'{is_masked[False]} with --masking=dynamic. Read one kind at a time.')
  return True in is_masked


def _check_complete(folder: str, files: list[str]) -> None:
  """Raises FileNotFoundError if files of a manifest are missing."""
  found = {os.path.basename(path) for path in files
           if os.path.dirname(path) == folder.rstrip('/')}
  manifest = pretraining_records.read_manifest(folder)
  missing = sorted(set(manifest.get('files', ())) - found)
  if missing:
    raise FileNotFoundError(
        f'{folder} lacks {", ".join(missing[:5])}, which its '
        f'{pretraining_records.MANIFEST} lists ({len(missing)} files in all). '
        'Copy it again, or make the records again.')


def _globs(pattern: str) -> list[str]:
  if not tf.io.gfile.isdir(pattern):
    return [pattern]
  globs = [os.path.join(pattern, f'*{suffix}') for suffix in _SUFFIXES]
  # Of the first nothing may be found, so that the error names it.
  return [g for g in globs if tf.io.gfile.glob(g)] or globs[:1]


def _by_folder(files: list[str]) -> dict[str, list[str]]:
  folders: dict[str, list[str]] = {}
  for path in files:
    folder, name = os.path.split(path)
    folders.setdefault(folder, []).append(name)
  return folders


def _check_static(folder: str, settings: dict[str, Any],
                  params: cfg.DataConfig) -> None:
  if params.whole_word_masking:
    raise ValueError(
        f'{folder} was made with --masking=static: whether whole words are '
        'masked was decided then. Leave whole_word_masking at false, or make '
        'records with --masking=dynamic.')
  most = settings['max_predictions_per_seq']
  if most > params.max_predictions_per_seq:
    raise ValueError(
        f'{folder} has up to {most} predictions in a record, but '
        f'max_predictions_per_seq is {params.max_predictions_per_seq}. Set it '
        f'to {most} or more.')
