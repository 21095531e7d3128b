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

"""Writes pre-training examples as TFRecords, tokens once, unmasked.

Masking happens when the records are read (`pretraining_loader`), so a record
is masked anew on every epoch.
"""

from collections.abc import Iterable, Iterator, Sequence
import contextlib
import json
import os
import shutil
import sys
from typing import Any

import numpy as np
import tensorflow as tf
import tqdm

from mobilebert_tf.data import corpus
from mobilebert_tf.data import pretraining_examples
from mobilebert_tf.data import tokenization

MANIFEST = 'manifest.json'
_FORMAT = 'mobilebert_tf/pretraining/dynamic_masking'
_CHARACTERS_A_BATCH = 1_000_000


def write_pretraining_records(documents: Iterable[Sequence[str]],
                              tokenizer: tokenization.Tokenizer,
                              output_dir: str | os.PathLike,
                              *,
                              max_seq_length: int = 128,
                              num_shards: int = 1,
                              seed: int = 0,
                              dupe_factor: int = 1,
                              short_seq_prob: float = 0.1) -> dict[str, Any]:
  """Writes shards and a manifest; the folder appears only when complete.

  A record is a `tf.train.Example` with `input_ids` and `segment_ids` (int64,
  as long as the example, `[CLS]` and `[SEP]` included, no padding) and
  `next_sentence_labels` (one int64; 0: the second segment follows the first).

  Tokens of the whole corpus are held in memory as int32, about as many bytes
  as the text has.

  Example:

    write_pretraining_records(
        read_documents('books/*.txt'), Tokenizer('vocab.txt'), '/tmp/records',
        max_seq_length=128, num_shards=4)

  Args:
    documents: The paragraphs of each document.
    tokenizer: Splits the sentences.
    output_dir: A folder that does not exist, or is empty.
    max_seq_length: The longest example, special tokens included.
    num_shards: Among how many files the examples are dealt out.
    seed: Of every random choice.
    dupe_factor: How often to go through the documents, each time with other
      pairs.
    short_seq_prob: How often the target length is shorter.

  Returns:
    The manifest, as written to `manifest.json`.

  Raises:
    FileExistsError: If `output_dir` holds something.
    ValueError: If a setting makes no sense, or the text gives fewer examples
      than there are shards.
  """
  for name, value in (('num_shards', num_shards), ('dupe_factor', dupe_factor)):
    if value < 1:
      raise ValueError(f'{name} is {value}; it has to be at least 1.')
  output_dir = os.path.abspath(os.fspath(output_dir))
  if os.path.exists(output_dir) and (
      not os.path.isdir(output_dir) or os.listdir(output_dir)):
    raise FileExistsError(f'{output_dir} exists. Remove it, or name another '
                          'folder to write records to.')
  tokens, counts = _tokenize_corpus(documents, tokenizer)
  settings = {
      'max_seq_length': max_seq_length, 'num_shards': num_shards, 'seed': seed,
      'dupe_factor': dupe_factor, 'short_seq_prob': short_seq_prob,
      'lower_case': tokenizer.lower_case,
  }
  rng = np.random.default_rng(seed)

  def pairs() -> Iterator[pretraining_examples.SegmentPair]:
    for _ in range(dupe_factor):
      yield from pretraining_examples.make_segment_pairs(
          tokens, max_seq_length=max_seq_length, rng=rng,
          short_seq_prob=short_seq_prob)

  with _complete_or_absent(output_dir) as folder:
    counts |= _write_shards(pairs(), tokenizer, folder, num_shards)
    if counts['examples'] < num_shards:
      raise ValueError(
          f'The text gives {counts["examples"]} examples, too few for '
          f'{num_shards} shards. Use more text, or fewer shards.')
    manifest = {
        'format': _FORMAT, 'version': 1, 'settings': settings,
        'counts': counts, 'vocabulary_size': tokenizer.vocab_size,
        'vocabulary_sha256': tokenizer.vocabulary.sha256,
    }
    with open(os.path.join(folder, MANIFEST), 'w', encoding='utf-8') as f:
      json.dump(manifest, f, indent=2)
      f.write('\n')
  return manifest


def read_manifest(folder: str | os.PathLike) -> dict[str, Any]:
  """Reads and checks the manifest of a folder of records.

  Raises:
    FileNotFoundError: If there is none: the folder was not finished or holds
      other records.
    ValueError: If it is damaged or of another format.
  """
  path = os.path.join(os.fspath(folder), MANIFEST)
  if not tf.io.gfile.exists(path):
    raise FileNotFoundError(
        f'{path} is missing, so {folder} is not a finished folder of records. '
        'Make one with mobilebert_tf.create_pretraining_data.')
  with tf.io.gfile.GFile(path) as f:
    try:
      manifest = json.loads(f.read())
    except json.JSONDecodeError as e:
      raise ValueError(f'{path}:{e.lineno}: not JSON ({e.msg}).') from e
  if not isinstance(manifest, dict) or manifest.get('format') != _FORMAT:
    raise ValueError(f'{path}: not a manifest of {_FORMAT}.')
  return manifest


def _tokenize_corpus(
    documents: Iterable[Sequence[str]], tokenizer: tokenization.Tokenizer
) -> tuple[list[list[np.ndarray]], dict[str, int]]:
  """Returns the sentences of each document, int32 each, and counts."""
  tokens: list[list[np.ndarray]] = []
  counts = {'documents': 0, 'sentences': 0, 'tokens': 0, 'text_bytes': 0}
  # The unit is a million bytes of text; how much there is to come is unknown.
  with tqdm.tqdm(desc='Tokenizing', unit='B', unit_scale=True, mininterval=1,
                 file=sys.stderr) as progress:
    for batch in _batches(documents):
      size = sum(len(p.encode('utf-8', 'replace')) for d in batch for p in d)
      for sentences in _tokenize_batch(batch, tokenizer):
        if sentences:
          tokens.append(sentences)
          counts['documents'] += 1
          counts['sentences'] += len(sentences)
          counts['tokens'] += sum(map(len, sentences))
      counts['text_bytes'] += size
      progress.update(size)
  return tokens, counts


def _batches(
    documents: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
  batch, size = [], 0
  for document in documents:
    batch.append(document)
    size += sum(map(len, document))
    if size >= _CHARACTERS_A_BATCH:
      yield batch
      batch, size = [], 0
  if batch:
    yield batch


def _tokenize_batch(
    batch: list[Sequence[str]],
    tokenizer: tokenization.Tokenizer) -> Iterator[list[np.ndarray]]:
  paragraphs = corpus.split_sentences([p for document in batch
                                       for p in document])
  sentences = [s for paragraph in paragraphs for s in paragraph]
  ids = tokenizer.tokenize(tf.constant(sentences, tf.string))
  values, splits = ids.values.numpy(), ids.row_splits.numpy().tolist()
  paragraph = sentence = 0
  for document in batch:
    end = sentence + sum(
        len(p) for p in paragraphs[paragraph:paragraph + len(document)])
    yield [values[splits[i]:splits[i + 1]] for i in range(sentence, end)
           if splits[i] < splits[i + 1]]
    paragraph += len(document)
    sentence = end


def _write_shards(pairs: Iterable[pretraining_examples.SegmentPair],
                  tokenizer: tokenization.Tokenizer, folder: str,
                  num_shards: int) -> dict[str, int]:
  counts = {'examples': 0, 'random_next': 0, 'example_tokens': 0}
  cls_id, sep_id = tokenizer.vocabulary.cls_id, tokenizer.vocabulary.sep_id
  names = [f'part-{i:05d}-of-{num_shards:05d}.tfrecord'
           for i in range(num_shards)]
  with contextlib.ExitStack() as stack:
    shards = [stack.enter_context(
        tf.io.TFRecordWriter(os.path.join(folder, n))) for n in names]
    for pair in tqdm.tqdm(pairs, desc='Writing', unit=' examples',
                          mininterval=1, file=sys.stderr):
      ids, segments = pretraining_examples.with_special_tokens(
          pair, cls_id, sep_id)
      shard = shards[counts['examples'] % num_shards]
      shard.write(_serialize(ids, segments, pair.is_random_next))
      counts['examples'] += 1
      counts['random_next'] += pair.is_random_next
      counts['example_tokens'] += len(ids)
  return counts


def _serialize(ids: np.ndarray, segments: np.ndarray,
               is_random_next: bool) -> bytes:
  def feature(values: list[int]) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

  return tf.train.Example(features=tf.train.Features(feature={
      'input_ids': feature(ids.tolist()),
      'segment_ids': feature(segments.tolist()),
      'next_sentence_labels': feature([int(is_random_next)]),
  })).SerializeToString(deterministic=True)


@contextlib.contextmanager
def _complete_or_absent(folder: str) -> Iterator[str]:
  """Gives a temporary folder that takes the name of `folder` at the end."""
  os.makedirs(os.path.dirname(folder), exist_ok=True)
  temporary = f'{folder}.{os.getpid()}.tmp'
  shutil.rmtree(temporary, ignore_errors=True)
  os.makedirs(temporary)
  try:
    yield temporary
    os.replace(temporary, folder)
  finally:
    shutil.rmtree(temporary, ignore_errors=True)
