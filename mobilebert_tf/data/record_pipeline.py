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

"""Writes pre-training records as an Apache Beam pipeline, on many machines.

The examples are those of `record_writing`: the same sections of the corpus go
through the same functions. Only which file an example is in, and the order
there, are the runner's choice.

Needs the extra `beam`.
"""

from collections.abc import Iterable, Iterator, Sequence
import collections
import hashlib
import json
import os
from typing import Any

import tensorflow as tf

from mobilebert_tf.data import corpus
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import sections as sections_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib

try:
  import apache_beam as beam
  _DoFn = beam.DoFn
except ImportError as error:
  beam, _DoFn, _why_no_beam = None, object, str(error)

# What the pipeline tells about itself, until the manifest takes its place.
_SUMMARY = 'summary.json'
_COUNTS, _BAD_TEXT = 'counts', 'bad_text'
_BLOCK = 1 << 20


def write_records(
    paths_or_globs: str | os.PathLike | Sequence[str | os.PathLike],
    vocab_file: str | os.PathLike,
    output_dir: str | os.PathLike,
    settings: pretraining_records.RecordSettings | None = None,
    *,
    section_bytes: int = 64_000_000,
    compress: bool = False,
    options: Sequence[str] = ('--runner=DirectRunner',)) -> dict[str, Any]:
  """Runs the pipeline, and waits for it.

  All that is named has to be where every worker finds it: on a shared file
  system, of a kind that both TensorFlow (`tf.io.gfile`) and Beam know.

  `manifest.json` is written last, when all is there. A folder without it is
  not finished, and no loader takes it.

  Example:

    write_records('gs://mine/books/*.txt', 'gs://mine/vocab.txt',
                  'gs://mine/records',
                  options=['--runner=DataflowRunner', '--project=mine', ...])

  Args:
    paths_or_globs: Text files, as for `corpus.read_documents`.
    vocab_file: BERT's `vocab.txt`.
    output_dir: The folder to make.
    settings: How examples are made.
    section_bytes: Text that a worker takes at once; there are as many files of
      records as there are such sections. A compressed text is one section.
    compress: Whether to compress the records (gzip).
    options: Beam's, the runner among them.

  Returns:
    The manifest, as written to `manifest.json`.

  Raises:
    FileExistsError: If `output_dir` holds anything.
    FileNotFoundError: If a path or glob matches no file, or the workers have
      written where this process does not find it.
    ValueError: If the text or the vocabulary cannot be read, naming every file
      and line, if the text gives no example, or if Beam is not installed.
    RuntimeError: If the pipeline failed.
  """
  if beam is None:
    raise ValueError(
        f'Apache Beam cannot be imported ({_why_no_beam}). Install it: '
        'pip install mobilebert_tf[beam]')
  settings = settings or pretraining_records.RecordSettings()
  vocab_file, output_dir = os.fspath(vocab_file), os.fspath(output_dir)
  _check_is_empty(output_dir)
  tokenizer = tokenizer_lib.Tokenizer(vocab_file, settings.lower_case)
  text_files = corpus.find_files(paths_or_globs)
  sections = sections_lib.plan(text_files, section_bytes)
  if not sections:
    raise ValueError(f'No text: all of the {len(text_files)} files are empty.')
  tf.io.gfile.makedirs(output_dir)
  _run(sections, vocab_file, output_dir, settings, compress, options)
  summary = _read_summary(output_dir)
  counts, files = summary['counts'], summary['files']
  counts['empty_files'] = len(
      set(text_files) - {path for s in sections for path in s.paths})
  manifest = pretraining_records.make_manifest(
      settings, tokenizer, counts, files)
  _write_json(
      os.path.join(output_dir, pretraining_records.MANIFEST), manifest)
  return manifest


def _check_is_empty(output_dir: str) -> None:
  if tf.io.gfile.exists(output_dir) and (
      not tf.io.gfile.isdir(output_dir) or tf.io.gfile.listdir(output_dir)):
    raise FileExistsError(
        f'{output_dir} exists, and is not an empty folder. A pipeline cannot '
        'go on where another stopped: remove it, or name another folder.')


def _run(sections: Sequence[sections_lib.Section], vocab_file: str,
         output_dir: str, settings: pretraining_records.RecordSettings,
         compress: bool, options: Sequence[str]) -> None:
  """Builds the pipeline and runs it to its end."""
  pipeline = beam.Pipeline(
      options=beam.options.pipeline_options.PipelineOptions(list(options)))
  made = (
      pipeline
      | 'Sections' >> beam.Create(sections)
      | 'Spread' >> beam.Reshuffle()
      | 'MakeExamples' >> beam.ParDo(_MakeExamples(vocab_file, settings))
      .with_output_types(bytes)
      .with_outputs(_COUNTS, _BAD_TEXT, main='examples'))
  compression = (
      beam.io.filesystem.CompressionTypes.GZIP if compress else
      beam.io.filesystem.CompressionTypes.UNCOMPRESSED)
  files = (
      made.examples
      | 'Write' >> beam.io.WriteToTFRecord(
          os.path.join(output_dir, 'part'),
          file_name_suffix='.tfrecord.gz' if compress else '.tfrecord',
          num_shards=len(sections), compression_type=compression)
      | 'SpreadFiles' >> beam.Reshuffle()
      | 'ReadAgain' >> beam.Map(_describe_file))
  counts = made[_COUNTS] | 'AddCounts' >> beam.CombineGlobally(_add_counts)
  _ = (
      pipeline
      | 'Once' >> beam.Create([os.path.join(output_dir, _SUMMARY)])
      | 'Summarize' >> beam.Map(
          _write_summary, beam.pvalue.AsSingleton(counts),
          beam.pvalue.AsList(files), beam.pvalue.AsList(made[_BAD_TEXT])))
  try:
    state = pipeline.run().wait_until_finish()
  except Exception as error:  # Each runner has its own.
    raise RuntimeError(
        f'The pipeline failed, and {output_dir} is not finished: '
        f'{error}') from error
  # Some runners return nothing from waiting, and raise unless all went well.
  if state not in (None, beam.runners.runner.PipelineState.DONE):
    raise RuntimeError(
        f'The pipeline ended as {state}, and {output_dir} is not finished.')


class _MakeExamples(_DoFn):
  """Sections to serialized examples; beside them counts, and bad text."""

  def __init__(self, vocab_file: str,
               settings: pretraining_records.RecordSettings):
    """Keeps what can be sent to a worker.

    Args:
      vocab_file: The vocabulary, which each worker reads.
      settings: How examples are made.
    """
    self._vocab_file, self._settings = vocab_file, settings

  def setup(self) -> None:
    """Makes what cannot be sent."""
    self._tokenizer = tokenizer_lib.Tokenizer(
        self._vocab_file, self._settings.lower_case)

  def process(self, section: sections_lib.Section) -> Iterator[Any]:
    """Yields the examples of a section, and then one of the side outputs."""
    counts = collections.Counter()
    try:
      for records in pretraining_records.make_records(
          section, self._tokenizer, self._settings, counts):
        yield from records
    except corpus.LineError as error:
      # Raised, it would be tried again, and hide the others.
      yield beam.pvalue.TaggedOutput(_BAD_TEXT, str(error))
    else:
      yield beam.pvalue.TaggedOutput(_COUNTS, dict(counts))


def _add_counts(counts: Iterable[dict[str, int]]) -> dict[str, int]:
  total = collections.Counter()
  for some in counts:
    total.update(some)
  return dict(total)


def _describe_file(path: str) -> tuple[str, dict[str, Any]]:
  """Reads a file of records again, whose checksums TensorFlow compares."""
  compression = 'GZIP' if path.endswith('.gz') else ''
  records = tf.data.TFRecordDataset(path, compression, _BLOCK)
  examples = records.batch(1024).reduce(
      tf.constant(0, tf.int64), lambda n, some: n + tf.size(some, tf.int64))
  digest, size = hashlib.sha256(), 0
  with tf.io.gfile.GFile(path, 'rb') as file:
    while block := file.read(_BLOCK):
      digest.update(block)
      size += len(block)
  return os.path.basename(path), {
      'examples': int(examples), 'bytes': size, 'sha256': digest.hexdigest()}


def _write_summary(path: str, counts: dict[str, int],
                   files: list[tuple[str, dict[str, Any]]],
                   bad_text: list[str]) -> None:
  _write_json(path, {'counts': counts, 'files': dict(sorted(files)),
                     'bad_text': sorted(bad_text)})


def _read_summary(output_dir: str) -> dict[str, Any]:
  """Reads, checks and removes the summary of a pipeline that went through."""
  path = os.path.join(output_dir, _SUMMARY)
  if not tf.io.gfile.exists(path):
    raise FileNotFoundError(
        f'The pipeline is through, but {path} is missing: its workers have '
        'another file system. Name a folder that all of them share.')
  with tf.io.gfile.GFile(path) as file:
    summary = json.loads(file.read())
  if summary['bad_text']:
    raise ValueError('\n'.join([
        *summary['bad_text'],
        f'{output_dir} is not finished. Remove it, repair the text, and run '
        'the same again.']))
  expected = summary['counts'].get('examples', 0)
  if not expected:
    raise ValueError('The text gives no example: there is no word in it.')
  written = sum(file['examples'] for file in summary['files'].values())
  if written != expected:
    raise RuntimeError(
        f'{output_dir} has {written} of {expected} examples. Remove it, and '
        'run the same again.')
  tf.io.gfile.remove(path)
  return summary


def _write_json(path: str, value: Any) -> None:
  """Writes a file at once, on any file system that TensorFlow knows."""
  temporary = f'{path}.tmp'
  with tf.io.gfile.GFile(temporary, 'w') as file:
    file.write(json.dumps(value, indent=2) + '\n')
  tf.io.gfile.rename(temporary, path, overwrite=True)
