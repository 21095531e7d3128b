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

r"""Compares our process pool to datatrove's executor, on the same records.

pip install datatrove
python benchmarks/record_engines.py --text=../shared/data/corpus/books_train.txt

Both call the same function for the same shards, in turn and with all cores.
Then the whole program is killed (SIGKILL) and run again, and so is one of its
worker processes, as for want of memory. The files of both are compared byte by
byte.
"""

from collections.abc import Callable, Iterator
import contextlib
import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from absl import app
from absl import flags

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import table
from mobilebert_tf.reporting import terminal

_TEXT = flags.DEFINE_string(
    'text', '../shared/data/corpus/books_train.txt', 'A text of 20 MB or more.')
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', '../shared/data/vocab/vocab.txt', "BERT's vocab.txt.")
_SHARD_BYTES = flags.DEFINE_integer('shard_bytes', 3_000_000, 'Of text.')
_REPEATS = flags.DEFINE_integer('repeats', 2, 'The quickest run counts.')
_PATIENCE = flags.DEFINE_integer(
    'patience', 90, 'Seconds after which a program without progress hangs.')
_ENGINE = flags.DEFINE_enum(
    'engine', None, ['pool', 'datatrove'], 'Only write, with this one.')
_OUTPUT_DIR = flags.DEFINE_string('output_dir', None, 'For --engine.')


def main(argv: list[str]) -> None:
  del argv
  if _ENGINE.value:
    {'pool': _write_with_pool, 'datatrove': _write_with_datatrove}[
        _ENGINE.value](_OUTPUT_DIR.value)
    return
  rows, expected = [], ''
  for engine in ('pool', 'datatrove'):
    with tempfile.TemporaryDirectory() as parent:
      output = pathlib.Path(parent, 'records')
      seconds = []
      for _ in range(_REPEATS.value):
        with tempfile.TemporaryDirectory() as other:
          start = time.monotonic()
          _start(engine, pathlib.Path(other, 'records')).wait()
          seconds.append(time.monotonic() - start)
          found = _checksum(pathlib.Path(other, 'records'))
      expected = expected or found
      left = _kill_and_resume(engine, output)
      resumed = _checksum(output) == expected
    rows.append((engine, formatting.duration(min(seconds)),
                 'yes' if found == expected else 'no',
                 'yes' if resumed else 'no', str(left),
                 _kill_worker(engine)))
  columns = [table.Column(title) for title in (
      'Engine', 'Time', 'Same bytes', 'Resumed alike',
      'Workers 5 s after SIGKILL of the program',
      'After SIGKILL of a worker')]
  print(terminal.format_table(table.Table(tuple(columns), tuple(rows))))


def _start(engine: str, output: pathlib.Path) -> subprocess.Popen:
  return subprocess.Popen(
      [sys.executable, __file__, f'--engine={engine}',
       f'--output_dir={output}', f'--text={_TEXT.value}',
       f'--vocab_file={_VOCAB_FILE.value}',
       f'--shard_bytes={_SHARD_BYTES.value}'],
      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def _started(engine: str, output: pathlib.Path) -> Iterator[subprocess.Popen]:
  """Starts a program, and yields it once some of its shards are written."""
  process = _start(engine, output)
  try:
    unfinished = output.with_name(f'{output.name}.unfinished')
    _wait(lambda: len(list(unfinished.glob('*.json'))) >= 3)
    yield process
  finally:
    for pid in (*_children(process.pid), process.pid):
      with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    process.wait()


def _kill_and_resume(engine: str, output: pathlib.Path) -> int:
  """Kills a program and runs it again; returns the workers left behind."""
  with _started(engine, output) as process:
    workers = _children(process.pid)
    process.kill()
    time.sleep(5)
    left = [pid for pid in workers if pathlib.Path(f'/proc/{pid}').exists()]
    for pid in left:
      os.kill(pid, signal.SIGKILL)
  _start(engine, output).wait()
  return len(left)


def _kill_worker(engine: str) -> str:
  """Kills the largest worker; returns the reaction of the program."""
  with tempfile.TemporaryDirectory() as parent:
    with _started(engine, pathlib.Path(parent, 'records')) as process:
      os.kill(max(_children(process.pid), key=_memory), signal.SIGKILL)
      if _wait(lambda: process.poll() is not None):
        return 'an error' if process.returncode else 'finished'
      return 'hangs'


def _wait(condition: Callable[[], bool]) -> bool:
  end = time.monotonic() + _PATIENCE.value
  while not condition() and time.monotonic() < end:
    time.sleep(0.1)
  return condition()


def _children(pid: int) -> list[int]:
  """Returns the processes that a process started, and those they started."""
  path = pathlib.Path(f'/proc/{pid}/task/{pid}/children')
  own = [int(child) for child in path.read_text().split()] if (
      path.exists()) else []
  return [found for child in own for found in (child, *_children(child))]


def _memory(pid: int) -> int:
  return int(pathlib.Path(f'/proc/{pid}/statm').read_text().split()[1])


def _checksum(folder: pathlib.Path) -> str:
  digest = hashlib.sha256()
  for path in sorted(folder.glob('*.tfrecord')):
    digest.update(path.read_bytes())
  return digest.hexdigest()


def _write_with_pool(output: str) -> None:
  from mobilebert_tf.data import record_writing
  record_writing.write_records(_TEXT.value, _VOCAB_FILE.value, output,
                               shard_bytes=_SHARD_BYTES.value)


def _write_with_datatrove(output: str) -> None:
  """Does what `record_writing` does, but for progress and checks."""
  from datatrove import executor

  from mobilebert_tf.data import corpus
  from mobilebert_tf.data import pretraining_records
  from mobilebert_tf.data import record_writing
  from mobilebert_tf.text import tokenizer as tokenizer_lib

  settings = pretraining_records.RecordSettings()
  tokenizer = tokenizer_lib.Tokenizer(_VOCAB_FILE.value)
  shards = {
      record_writing._fingerprint(
          shard, settings, tokenizer.vocabulary.sha256) + '.tfrecord': shard
      for shard in corpus.make_shards([_TEXT.value], _SHARD_BYTES.value)}
  unfinished = f'{output}.unfinished'
  os.makedirs(unfinished, exist_ok=True)
  executor.LocalPipelineExecutor(
      [_Step(list(shards.items()), unfinished, _VOCAB_FILE.value)],
      tasks=len(shards), workers=len(os.sched_getaffinity(0)),
      logging_dir=f'{output}.logs', start_method='spawn').run()
  record_writing._publish(unfinished, output, shards, settings, tokenizer,
                          '.tfrecord', [_TEXT.value])


class _Step:
  """A step of datatrove's pipeline that writes the shard of its rank."""

  def __init__(self, shards: list, folder: str, vocab_file: str):
    self._shards, self._folder = shards, folder
    self._vocab_file = vocab_file

  def __call__(self, data, rank: int, world_size: int) -> None:
    del data, world_size
    import tensorflow as tf

    from mobilebert_tf.data import pretraining_records
    from mobilebert_tf.data import record_writing
    if not record_writing._worker:
      tf.config.threading.set_intra_op_parallelism_threads(1)
      tf.config.threading.set_inter_op_parallelism_threads(1)
      record_writing._start_worker(
          self._vocab_file, pretraining_records.RecordSettings(), self._folder,
          lambda num_bytes: None)
    record_writing._write_shard(*self._shards[rank])


if __name__ == '__main__':
  app.run(main)
