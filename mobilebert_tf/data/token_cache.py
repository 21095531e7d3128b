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

"""Tokenization of many texts at once, kept on disk for the next run.

What is kept is named by a checksum of the texts and the vocabulary, so it can
be neither stale nor another file's. It is NumPy's format, read without pickle.
"""

import hashlib
import os
import pathlib
import zipfile
from collections.abc import Sequence

from absl import logging
import numpy as np
import tensorflow as tf

from mobilebert_tf.text import tokenizer as tokenizer_lib

# To be raised whenever `tokenization` gives other tokens than before.
_VERSION = 1
_TEXTS_A_CALL = 8192
# Reading the cache is quicker from about here on.
_FEWEST_CHARACTERS = 20_000
_MOST_FILES = 64
_ENVIRONMENT = 'MOBILEBERT_TF_CACHE'


def default_folder() -> str:
  """Returns `$MOBILEBERT_TF_CACHE`, or the user's cache folder."""
  return os.environ.get(_ENVIRONMENT) or os.path.join(
      os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'),
      'mobilebert_tf')


def tokenize(tokenizer: tokenizer_lib.Tokenizer,
             texts: Sequence[str],
             folder: str | None = None) -> tf.RaggedTensor:
  """Tokenizes texts, or reads what that gave the last time.

  Example: `tokenize(Tokenizer('vocab.txt'), ['how far is it', 'yes'])`

  Args:
    tokenizer: The tokenizer.
    texts: The texts; those of a small file are not worth keeping.
    folder: Where it is kept; None for the default folder, empty for nowhere. A
      folder that cannot be written to does no harm.

  Returns:
    int32 `[texts, (tokens)]`, without special tokens.
  """
  folder = default_folder() if folder is None else folder
  if not folder or sum(map(len, texts)) < _FEWEST_CHARACTERS:
    return _tokenize(tokenizer, texts)
  path = pathlib.Path(folder, f'{_checksum(tokenizer, texts)}.npz')
  tokens = _read(path, len(texts), tokenizer.vocab_size)
  if tokens is None:
    tokens = _tokenize(tokenizer, texts)
    try:
      _write(path, tokens)
    except OSError as error:
      logging.warning('Tokens are not kept for the next run: %s', error)
  return tokens


def _tokenize(tokenizer: tokenizer_lib.Tokenizer,
              texts: Sequence[str]) -> tf.RaggedTensor:
  return tf.concat(
      [tokenizer.tokenize(texts[i:i + _TEXTS_A_CALL])
       for i in range(0, len(texts), _TEXTS_A_CALL)], axis=0)


def _checksum(tokenizer: tokenizer_lib.Tokenizer, texts: Sequence[str]) -> str:
  digest = hashlib.sha256(f'{_VERSION} {tokenizer.lower_case}'.encode())
  for strings in (tokenizer.vocabulary.tokens, texts):
    encoded = [s.encode('utf-8', 'surrogatepass') for s in strings]
    # With the lengths it matters where one ends and the next begins.
    digest.update(np.array([len(encoded), *map(len, encoded)], '<i8').tobytes())
    digest.update(b''.join(encoded))
  return digest.hexdigest()


def _read(path: pathlib.Path, rows: int,
          vocab_size: int) -> tf.RaggedTensor | None:
  """Returns the tokens, or None if there are none that can be trusted."""
  try:
    with np.load(path, allow_pickle=False) as arrays:
      values, splits = arrays['values'], arrays['row_splits']
  except FileNotFoundError:
    return None
  except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
    logging.warning('%s is damaged and will be replaced: %s', path, error)
    return None
  if (values.dtype != np.int32 or splits.dtype != np.int64
      or values.ndim != 1 or splits.shape != (rows + 1,)
      or splits[0] != 0 or splits[-1] != len(values)
      or np.any(np.diff(splits) < 0)
      or len(values) and not 0 <= values.min() <= values.max() < vocab_size):
    logging.warning('%s is damaged and will be replaced.', path)
    return None
  try:
    os.utime(path)  # The files used last stay longest.
  except OSError:
    pass
  return tf.RaggedTensor.from_row_splits(values, splits, validate=False)


def _write(path: pathlib.Path, tokens: tf.RaggedTensor) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  temporary = path.with_name(f'.{path.name}.{os.getpid()}')
  try:
    with open(temporary, 'wb') as file:
      np.savez(file, values=tokens.values.numpy(),
               row_splits=tokens.row_splits.numpy())
    os.replace(temporary, path)
  finally:
    temporary.unlink(missing_ok=True)
  files = sorted(path.parent.glob('[0-9a-f]*.npz'),
                 key=lambda file: file.stat().st_mtime)
  for file in files[:-_MOST_FILES]:
    file.unlink(missing_ok=True)
