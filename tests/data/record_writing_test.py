# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests what is written, by how many, and what a stop leaves and a re-run does.
"""

import collections
import gzip
import hashlib
import json
import multiprocessing
import os
import pathlib
import resource
import signal
import subprocess
import sys
import threading
import time
from unittest import mock

from absl.testing import parameterized
import pytest
import tensorflow as tf

from mobilebert_tf.data import corpus
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import record_writing
from mobilebert_tf.text import tokenizer
from tests.data import temporary

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.',
           *(f'w{i}' for i in range(500)))
_SETTINGS = pretraining_records.RecordSettings(max_seq_length=32, seed=5)

# A program, because it is killed or measured.
_PROGRAM = '''
import json, resource, sys
from mobilebert_tf.data import pretraining_records, record_writing
if __name__ == '__main__':
  arguments = json.loads(sys.argv[1])
  settings = pretraining_records.RecordSettings(**arguments.pop('settings'))
  record_writing.write_records(settings=settings, **arguments)
  # Not its own, which begins with that of the test.
  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
'''


def _text(num_documents: int) -> str:
  return '\n\n'.join(
      '\n'.join(' '.join(f'w{(d * 7 + s * 3 + w) % 500}' for w in range(9)) +
                '.' for s in range(12)) for d in range(num_documents))


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
  return {path.name: path.read_bytes() for path in folder.iterdir()}


def _is_alive(pid: int) -> bool:
  try:
    with open(f'/proc/{pid}/stat') as file:
      return file.read().rpartition(')')[2].split()[0] != 'Z'
  except FileNotFoundError:
    return False


def _wait_until(condition, seconds: float = 60) -> None:
  end = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > end:
      raise TimeoutError
    time.sleep(0.005)


class RecordWritingTest(parameterized.TestCase, temporary.TemporaryFiles,
                        tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS) + '\n')
    self.parent = pathlib.Path(self.make_folder())
    self.output = self.parent / 'records'
    self.unfinished = self.parent / 'records.unfinished'

  def _write(self, text_files, output=None, settings=_SETTINGS,
             shard_bytes=20_000, num_workers=1, **kwargs):
    return record_writing.write_records(
        text_files, self.vocab, output or self.output, settings,
        shard_bytes=shard_bytes, num_workers=num_workers, **kwargs)

  def _start(self, text: str, settings=None, **kwargs) -> subprocess.Popen:
    program = self.make_file('program.py', _PROGRAM)
    arguments = {'paths_or_globs': text, 'vocab_file': self.vocab,
                 'output_dir': str(self.output),
                 'settings': settings or {'max_seq_length': 32, 'seed': 5}
                 } | kwargs
    process = subprocess.Popen(
        [sys.executable, program, json.dumps(arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    self.addCleanup(process.communicate)
    self.addCleanup(process.kill)
    return process

  def _finished_shards(self) -> dict[str, os.stat_result]:
    if not self.unfinished.exists():
      return {}
    return {path.name: path.with_suffix('').stat()
            for path in self.unfinished.glob('*.tfrecord.json')}

  def _assert_no_output(self):
    self.assertFalse(self.output.exists())
    self.assertContainsSubset(
        os.listdir(self.parent), ['records.unfinished'])

  def test_files_and_manifest(self):
    text = self.make_file('text.txt', _text(150))
    empty = self.make_file('empty.txt')
    manifest = self._write([text, empty])
    planned = corpus.make_shards([text], 20_000)
    self.assertGreater(len(planned), 3)
    names = [f'part-{i:05d}-of-{len(planned):05d}.tfrecord'
             for i in range(len(planned))]
    self.assertCountEqual(os.listdir(self.output), [*names, 'manifest.json'])
    self.assertEqual(os.listdir(self.parent), ['records'])
    self.assertEqual(
        json.loads((self.output / 'manifest.json').read_text()), manifest)

    examples = 0
    for name, shard in zip(names, planned, strict=True):
      data = (self.output / name).read_bytes()
      self.assertEqual(manifest['files'][name]['bytes'], len(data))
      self.assertEqual(manifest['files'][name]['sha256'],
                       hashlib.sha256(data).hexdigest())
      records = list(tf.data.TFRecordDataset(
          str(self.output / name)).as_numpy_iterator())
      self.assertLen(records, manifest['files'][name]['examples'])
      examples += len(records)
      want = pretraining_records.make_records(
          shard, tokenizer.Tokenizer(self.vocab), _SETTINGS,
          collections.Counter())
      self.assertEqual(records, [r for batch in want for r in batch])
    self.assertEqual(manifest['counts']['examples'], examples)
    self.assertEqual(manifest['counts']['documents'], 150)
    self.assertEqual(manifest['counts']['empty_files'], 1)
    self.assertEqual(manifest['vocabulary_sha256'], hashlib.sha256(
        pathlib.Path(self.vocab).read_bytes()).hexdigest())
    self.assertEqual(manifest['settings']['max_seq_length'], 32)

  def test_workers_do_not_change_the_files(self):
    text = self.make_file('text.txt', _text(100))
    more = self.make_file('more.txt.gz', gzip.compress(_text(9).encode()))
    one = self._write([text, more])
    two = self._write([text, more], self.parent / 'two', num_workers=2)
    self.assertEqual(one, two)
    self.assertEqual(_contents(self.output), _contents(self.parent / 'two'))
    self.assertEmpty(multiprocessing.active_children())

  def test_compressed_records_are_the_same(self):
    text = self.make_file('text.txt', _text(30))
    self._write(text)
    packed = self.parent / 'packed'
    manifest = self._write(text, packed, compress=True)
    plain = sorted(self.output.glob('*.tfrecord'))
    compressed = sorted(packed.glob('*.tfrecord.gz'))
    self.assertLen(compressed, len(plain))
    for a, b in zip(plain, compressed, strict=True):
      self.assertEqual(a.read_bytes(), gzip.decompress(b.read_bytes()))
      self.assertEqual(manifest['files'][b.name]['bytes'], b.stat().st_size)

  def test_a_finished_run_is_not_repeated(self):
    text = self.make_file('text.txt', _text(30))
    first = self._write(text)
    before = {p: p.stat() for p in [self.output, *self.output.iterdir()]}
    self.assertEqual(self._write(text), first)
    self.assertEqual({p: p.stat().st_mtime_ns for p in before},
                     {p: s.st_mtime_ns for p, s in before.items()})
    self.assertEqual(os.listdir(self.parent), ['records'])

  def test_other_records_are_not_overwritten(self):
    text = self.make_file('text.txt', _text(30))
    self._write(text)
    before = _contents(self.output)
    other = pretraining_records.RecordSettings(max_seq_length=32, seed=6)
    for arguments in ({'settings': other}, {'compress': True},
                      {'shard_bytes': 9000}):
      with self.assertRaisesRegex(FileExistsError, 'holds something else'):
        self._write(text, **arguments)
    self.make_file('vocab.txt', '\n'.join((*_TOKENS, 'new')))
    with self.assertRaisesRegex(FileExistsError, 'holds something else'):
      self._write(text)
    self.make_file('vocab.txt', '\n'.join(_TOKENS))
    stat = os.stat(text)
    self.make_file('text.txt', _text(30).replace('w1', 'w2'))
    # TensorFlow tells the time of a file in seconds.
    os.utime(text, (stat.st_atime, stat.st_mtime + 1))
    with self.assertRaisesRegex(FileExistsError, 'holds something else'):
      self._write(text)
    self.assertEqual(_contents(self.output), before)
    self.assertEqual(os.listdir(self.parent), ['records'])

  def test_somebody_elses_folder_is_kept(self):
    text = self.make_file('text.txt', _text(5))
    self.output.mkdir()
    (self.output / 'thesis.txt').write_text('years of work')
    with self.assertRaisesRegex(FileExistsError, 'holds something else'):
      self._write(text)
    self.assertEqual(os.listdir(self.output), ['thesis.txt'])
    (self.output / 'thesis.txt').unlink()
    self._write(text)  # An empty folder may be filled.

  def test_a_damaged_finished_folder_is_reported(self):
    text = self.make_file('text.txt', _text(60))
    self._write(text)
    part = sorted(self.output.glob('*.tfrecord'))[1]
    data = part.read_bytes()
    part.write_bytes(data[:-1])
    with self.assertRaisesRegex(FileExistsError, f'{part.name} is not as'):
      self._write(text)
    part.unlink()
    with self.assertRaisesRegex(FileExistsError, f'{part.name} is not as'):
      self._write(text)

  @pytest.mark.slow
  def test_killed_and_run_again(self):
    """As after a power cut: the whole program is gone at once."""
    text = self.make_file('text.txt', _text(1000))
    want = self.parent / 'want'
    self._write(text, want, shard_bytes=3000)
    process = self._start(text, shard_bytes=3000, num_workers=2)
    _wait_until(lambda: len(self._finished_shards()) >= 5)
    children = pathlib.Path(
        f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
    process.kill()
    process.wait()
    self.assertGreaterEqual(len(children), 2)
    _wait_until(lambda: not any(_is_alive(int(pid)) for pid in children), 20)

    done = self._finished_shards()
    total = len(corpus.make_shards([text], 3000))
    self.assertBetween(len(done), 5, total - 5)
    self.assertFalse(self.output.exists())
    self._write(text, shard_bytes=3000)
    self.assertEqual(_contents(self.output), _contents(want))
    kept = {s.st_ino: s.st_mtime_ns for s in done.values()}
    made = 0
    for path in self.output.glob('*.tfrecord'):
      stat = path.stat()
      made += kept.get(stat.st_ino) != stat.st_mtime_ns
    self.assertEqual(made, total - len(done))
    self.assertFalse(self.unfinished.exists())

  def test_a_shard_without_its_statistics_is_made_again(self):
    """It may be half: the statistics are written last."""
    text = self.make_file('text.txt', _text(60))
    want = self.parent / 'want'
    self._write(text, want)
    planned = corpus.make_shards([text], 20_000)
    names = [record_writing._fingerprint(
        shard, _SETTINGS, tokenizer.Tokenizer(self.vocab).vocabulary.sha256
        ) + '.tfrecord' for shard in planned]
    self.unfinished.mkdir()
    (self.unfinished / names[0]).write_bytes(b'half')
    (self.unfinished / f'{names[1]}.json').write_text('{}')
    (self.unfinished / f'{names[1]}.99.tmp').write_bytes(b'half')
    (self.unfinished / f'.{names[1]}.json.99.tmp').write_text('{"co')
    self._write(text)
    self.assertEqual(_contents(self.output), _contents(want))
    self.assertFalse(self.unfinished.exists())

  def test_a_folder_of_somebody_else_is_not_used(self):
    text = self.make_file('text.txt', _text(60))
    self.unfinished.mkdir()
    (self.unfinished / 'thesis.tmp').write_text('three years')
    with self.assertRaisesRegex(
        FileExistsError, r'records\.unfinished, .* holds thesis\.tmp'):
      self._write(text)
    self.assertTrue((self.unfinished / 'thesis.tmp').exists())

  @pytest.mark.slow
  def test_a_killed_worker_is_reported_and_what_is_done_kept(self):
    text = self.make_file('text.txt', _text(600))
    killed = []

    def kill():
      _wait_until(lambda: len(self._finished_shards()) >= 3)
      killed.append(multiprocessing.active_children()[0].pid)
      os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    with self.assertRaisesRegex(RuntimeError, 'worker process was killed'):
      self._write(text, shard_bytes=3000, num_workers=2)
    thread.join()
    self._assert_no_output()
    done = self._finished_shards()
    self.assertGreaterEqual(len(done), 3)
    self._write(text, shard_bytes=3000)
    inodes = {path.stat().st_ino for path in self.output.iterdir()}
    self.assertContainsSubset({s.st_ino for s in done.values()}, inodes)

  def test_bad_text_is_an_error_with_file_and_line(self):
    text = _text(60).encode().splitlines()
    text[401] = b'caf\xe9'
    path = self.make_file('text.txt', b'\n'.join(text))
    with self.assertRaisesRegex(ValueError, r'text\.txt:402: not UTF-8'):
      self._write(path, shard_bytes=5000)
    self._assert_no_output()
    self.assertNotEmpty(self._finished_shards())
    self.assertFalse(list(self.unfinished.glob('*.tmp')))

  @parameterized.parameters(True, False)
  def test_a_file_too_large_is_an_error(self, compress: bool):
    text = self.make_file('text.txt', _text(300))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    with self.assertRaisesRegex(OSError, r'text\.txt.*tfrecord.*too large'):
      self._write(text, shard_bytes=50_000, compress=compress)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    self._assert_no_output()
    self.assertFalse(self.unfinished.exists())  # Nothing was left in it.
    self._write(text, shard_bytes=50_000, compress=compress)

  def test_full_disk(self):
    text = self.make_file('text.txt', _text(1000))
    disk = self.parent / 'disk'
    disk.mkdir()
    mounted = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', str(disk)],
        capture_output=True, check=False)
    if mounted.returncode:
      self.skipTest('This user may not mount a small disk.')
    self.addCleanup(subprocess.run, ['umount', str(disk)], check=True)
    with self.assertRaisesRegex(OSError, 'No space left on device'):
      self._write(text, disk / 'records')
    self.assertEqual(os.listdir(disk), ['records.unfinished'])
    self.assertFalse(list(disk.glob('records.unfinished/*.tmp')))
    subprocess.run(['mount', '-o', 'remount,size=20m', str(disk)], check=True)
    self._write(text, disk / 'records')
    self._write(text)
    self.assertEqual(_contents(disk / 'records'), _contents(self.output))

  def test_output_that_cannot_be_made(self):
    text = self.make_file('text.txt', _text(5))
    with self.assertRaises(OSError):
      self._write(text, pathlib.Path(self.vocab) / 'records')
    self.output.write_text('a file')
    with self.assertRaisesRegex(FileExistsError, 'holds something else'):
      self._write(text)

  def test_file_system_without_hard_links(self):
    text = self.make_file('text.txt', _text(30))
    want = self.parent / 'want'
    self._write(text, want)
    with mock.patch.object(
        os, 'link', side_effect=PermissionError('not here')):
      self._write(text)
    self.assertEqual(_contents(self.output), _contents(want))

  def test_shards_without_a_pair_have_no_file(self):
    word = self.make_file('a.txt', 'w1')
    text = self.make_file('b.txt', _text(3))
    manifest = self._write([word, text])
    self.assertEqual(list(manifest['files']),
                     ['part-00000-of-00001.tfrecord'])
    self.assertEqual(manifest['counts']['documents'], 4)

  def test_nothing_to_write(self):
    with self.assertRaisesRegex(ValueError, 'all of the 1 files are empty'):
      self._write(self.make_file('a.txt'))
    with self.assertRaisesRegex(ValueError, 'no example'):
      self._write(self.make_file('b.txt', '\n \n'))
    with self.assertRaisesRegex(FileNotFoundError, 'nowhere'):
      self._write('/nowhere/*.txt')
    with self.assertRaisesRegex(ValueError, 'larger than 0 bytes'):
      self._write(self.make_file('c.txt', 'w1 w2'), shard_bytes=0)
    self.make_file('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n')
    with self.assertRaisesRegex(ValueError, r'vocab\.txt.*lacks \[MASK\]'):
      self._write(self.make_file('d.txt', 'w1 w2'))
    self._assert_no_output()

  @pytest.mark.slow
  def test_memory_of_a_worker(self):
    self._check_memory('dynamic')

  @pytest.mark.exhaustive
  def test_memory_of_a_worker_that_draws_masks(self):
    self._check_memory('static')

  def _check_memory(self, masking: str) -> None:
    """Writes 60 MB of text: one line of a file, or documents."""
    document = _text(1000)
    copies = 30_000_000 // len(document) + 1
    documents = self.make_file('a.txt', '\n\n'.join([document] * copies))
    line = self.make_file('b.txt', document.replace('\n', ' ') * copies)
    process = self._start(
        [documents, line], num_workers=2,
        settings={'max_seq_length': 128, 'masking': masking})
    output, errors = process.communicate(timeout=600)
    self.assertEqual(process.returncode, 0, errors[-2000:])
    self.assertBetween(int(output), 100_000, 1_000_000)


if __name__ == '__main__':
  tf.test.main()
