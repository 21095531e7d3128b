# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Writes records with a teacher's answers, so that it answers them once.

Distillation then runs without a teacher in memory. The records have to be
masked (`--masking=static`), since answers are those of masked places.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import sys
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf
import tqdm

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.common import files as files_lib
from mobilebert_tf.common import outputs
from mobilebert_tf.data import answer_records
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import record_files
from mobilebert_tf.distillation import losses
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.text import vocabulary as vocabulary_lib

_PLAN = 'plan.json'


@dataclasses.dataclass(frozen=True)
class _Part:
  """A file to write, from consecutive records of another.

  Attributes:
    name: Name of the file.
    source: The file that it is made of.
    first: Number of its first record in that.
    count: Number of its records.
  """
  name: str
  source: str
  first: int
  count: int


def write(records: str | os.PathLike, teacher: str,
          output_dir: str | os.PathLike, *, top_k: int = 16,
          precision: str = 'float32', batch_size: int = 32,
          records_per_file: int = 20_000, vocab_file: str = '',
          worker: int = 0, workers: int = 1) -> dict[str, Any] | None:
  """Writes the records with answers; the folder appears when it is complete.

  A run with the arguments of a stopped one resumes it. Several may share the
  work, each on a device or a machine of its own with the same `output_dir`;
  whichever finds all files complete publishes the folder.

  Args:
    records: Folder of records, masked when they were made.
    teacher: Pre-trained model of any format, or the folder of its run.
    output_dir: The folder to make.
    top_k: Number of tokens whose probabilities are kept for each place.
    precision: Type in which log probabilities are kept, `float32` or `float16`,
      which changes a loss by about 1e-3.
    batch_size: Number of records that are answered together.
    records_per_file: Maximum number of records in a file.
    vocab_file: Vocabulary, where none lies with the teacher.
    worker: Number of this process, from 0.
    workers: Number of processes that share the work.

  Returns:
    The manifest; None if other workers have files to finish.

  Raises:
    FileNotFoundError: If there are no such records or teacher.
    FileExistsError: If `output_dir` holds something else, or another process
      writes this worker's part.
    ValueError: If records or teacher do not fit, or it answers no numbers.

  Example: `write('records', 'runs/teacher', 'records_with_answers')`
  """
  records, output_dir = os.fspath(records), os.path.abspath(output_dir)
  source = pretraining_records.read_manifest(records)
  checkpoint = checkpoints.read(checkpoints.find(teacher))
  vocabulary = _vocabulary(checkpoint, vocab_file)
  answers = _settings(source, records, checkpoint, top_k, precision)
  plan = {'source': source, 'answers': dataclasses.asdict(answers),
          'records_per_file': records_per_file}
  if done := _finished(output_dir, plan):
    return done
  parts = _plan(source, records, records_per_file)
  unfinished = f'{output_dir}.unfinished'
  _check_plan(unfinished, plan)
  own = parts[worker::workers]
  with (outputs.locked(os.path.join(unfinished, f'worker-{worker}')),
        _model(checkpoint, vocabulary) as (model, path)):
    folder = os.path.join(unfinished, f'worker-{worker}')
    config = loader.MobileBertPretrainDataConfig(
        input_path=records, vocab_file=path, is_training=False,
        global_batch_size=batch_size,
        seq_length=source['settings']['max_seq_length'] + 1,
        max_predictions_per_seq=answers.predictions)
    _write_parts(own, unfinished, folder, model, config, answers)
    if done := _finished(output_dir, plan):  # Another worker was faster.
      return done
    missing = [part for part in parts if not _complete(unfinished, part)]
    return None if missing else _publish(unfinished, output_dir, plan, parts)


def _vocabulary(checkpoint: checkpoints.Checkpoint,
                vocab_file: str) -> vocabulary_lib.Vocabulary:
  if vocab_file:
    return vocabulary_lib.Vocabulary.read(vocab_file)
  if checkpoint.vocabulary is None:
    raise ValueError(f'No vocabulary lies with {checkpoint.source}. Name it '
                     'as --vocab_file.')
  return checkpoint.vocabulary


def _settings(source: dict[str, Any], records: str,
              checkpoint: checkpoints.Checkpoint, top_k: int,
              precision: str) -> answer_records.AnswerSettings:
  settings = source['settings']
  if settings.get('masking') != 'static':
    raise ValueError(
        f'{records} is masked anew in each epoch, so no answer could be kept. '
        'Make records with --masking=static, and --dupe_factor for several '
        'masks of each text.')
  if 'answers' in source:
    raise ValueError(f'{records} has answers already.')
  digest = hashlib.sha256()
  for name in sorted(checkpoint.weights):
    digest.update(name.encode())
    digest.update(np.ascontiguousarray(checkpoint.weights[name]).data)
  return answer_records.AnswerSettings(
      top_k, settings['max_predictions_per_seq'],
      checkpoint.architecture.vocab_size, precision, digest.hexdigest())


def _plan(source: dict[str, Any], records: str,
          records_per_file: int) -> list[_Part]:
  """Returns the files to write, of which none has too many records."""
  pieces = []
  for name in sorted(source['files']):
    path = os.path.join(records, name)
    total = record_files.count_records([path])
    pieces += [(path, first, min(records_per_file, total - first))
               for first in range(0, total, records_per_file)]
  return [_Part(f'part-{i:05d}-of-{len(pieces):05d}.tfrecord', *piece)
          for i, piece in enumerate(pieces)]


@contextlib.contextmanager
def _model(checkpoint: checkpoints.Checkpoint,
           vocabulary: vocabulary_lib.Vocabulary
           ) -> Iterator[tuple[modeling.MobileBertPretrainer, str]]:
  """Builds the teacher, and writes its vocabulary to a temporary file."""
  with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'vocab.txt')
    vocabulary.write(path)
    yield checkpoints.build(modeling.MobileBertPretrainer, checkpoint), path


# === Files ===


def _write_parts(parts: list[_Part], unfinished: str, folder: str,
                 model: modeling.MobileBertPretrainer,
                 config: loader.MobileBertPretrainDataConfig,
                 answers: answer_records.AnswerSettings) -> None:
  """Writes the parts that are missing, with a progress bar."""

  @tf.function(autograph=False)
  def answer(batch: dict[str, tf.Tensor]) -> losses.TopAnswers:
    inputs = {name: batch[name] for name in model.input_names}
    return losses.top_answers(
        model(inputs, training=False)['mlm_logits'], answers.top_k)

  missing = [part for part in parts if not _complete(unfinished, part)]
  total = sum(part.count for part in parts)
  with tqdm.tqdm(
      total=total, initial=total - sum(part.count for part in missing),
      desc='Answers', unit='record', file=sys.stderr,
      dynamic_ncols=True) as bar:
    for part in missing:
      _write_part(part, os.path.join(folder, part.name), answer, config,
                  answers, bar.update)


def _write_part(part: _Part, path: str, answer: Any,
                config: loader.MobileBertPretrainDataConfig,
                answers: answer_records.AnswerSettings, advance: Any) -> None:
  """Writes a file and, after it, what it holds."""
  size = config.global_batch_size
  serialized = record_files.read_in_order([part.source]).skip(
      part.first).take(part.count).batch(size)
  parse = loader.MobileBertPretrainDataLoader(config).masked_parser()
  with (files_lib.replacing(path) as new, tf.io.TFRecordWriter(new) as writer):
    for batch in serialized:
      inputs = parse(batch)
      top = answer(inputs)
      _check_finite(top, inputs, part)
      added = pretraining_records.encode(answers.features(*top))
      for record, answered in zip(batch.numpy(), added, strict=True):
        writer.write(record + answered)  # Messages merge when they are joined.
      advance(len(added))
  with open(path, 'rb') as file:
    sha256 = hashlib.file_digest(file, 'sha256').hexdigest()
  files_lib.write_json(f'{path}.json', {
      'examples': part.count, 'bytes': os.path.getsize(path),
      'sha256': sha256})


def _check_finite(top: losses.TopAnswers, inputs: dict[str, tf.Tensor],
                  part: _Part) -> None:
  used = inputs['masked_lm_weights'] > 0
  if not np.isfinite(top.rest[used].numpy()).all():
    raise ValueError(
        f'The teacher answers no numbers to records of {part.source}: its '
        'weights are damaged, or it diverged.')


def _complete(unfinished: str, part: _Part) -> dict[str, Any] | None:
  """Returns what a finished part holds, with its path, or None."""
  for worker in sorted(os.listdir(unfinished)):
    path = os.path.join(unfinished, worker, part.name)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
      holds = files_lib.read_json(f'{path}.json')
      if os.path.getsize(path) == holds['bytes']:
        return {**holds, 'path': path}
  return None


def _check_plan(unfinished: str, plan: dict[str, Any]) -> None:
  """Writes the plan, or checks that it is that of a stopped run.

  Raises:
    FileExistsError: If the folder holds something else.
  """
  path = os.path.join(unfinished, _PLAN)
  outputs.check_folder(unfinished, [_PLAN], 'a folder of unfinished answers')
  if not os.path.exists(path):
    os.makedirs(unfinished, exist_ok=True)
    files_lib.write_json(path, plan)
  elif files_lib.read_json(path) != plan:
    raise FileExistsError(
        f'{unfinished} holds unfinished answers of other records, another '
        'teacher or other settings. Remove it, or name another output folder.')


def _finished(output_dir: str, plan: dict[str, Any]) -> dict[str, Any] | None:
  """Returns the manifest of a finished folder of the same plan, or None.

  Raises:
    FileExistsError: If the folder holds something else.
  """
  outputs.check_folder(output_dir, [pretraining_records.MANIFEST],
                       'a folder of records')
  if not os.path.exists(os.path.join(output_dir, pretraining_records.MANIFEST)):
    return None
  manifest = pretraining_records.read_manifest(output_dir)
  if manifest.get('answers') != plan['answers'] or (
      manifest.get('answered') != _digest(plan)):
    raise FileExistsError(
        f'{output_dir} holds other records than these answers. Name another '
        'folder.')
  return manifest


def _digest(plan: dict[str, Any]) -> str:
  return hashlib.sha256(
      json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _publish(unfinished: str, output_dir: str, plan: dict[str, Any],
             parts: list[_Part]) -> dict[str, Any]:
  """Moves the files to the finished folder, with the manifest."""
  listed = {}
  with files_lib.replace_folder(output_dir, pretraining_records.MANIFEST,
                                overwrite=False) as folder:
    for part in parts:
      holds = _complete(unfinished, part)
      files_lib.link(holds.pop('path'), folder / part.name)
      listed[part.name] = holds
    manifest = {**plan['source'], 'files': listed, 'parts': list(listed),
                'answers': plan['answers'], 'answered': _digest(plan)}
    files_lib.write_json(folder / pretraining_records.MANIFEST, manifest)
  shutil.rmtree(unfinished, ignore_errors=True)
  return manifest
