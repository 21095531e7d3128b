# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times how text becomes batches: the record makers, and the input pipeline.

python benchmarks/pretraining_data.py --sizes=2,20

Ours and the Model Garden's create_pretraining_data are run in turn on the same
text, books repeated to the size wanted, each in a process of its own on one
core. Speed is text over the processor time that a run takes beyond that of the
same program on a few sentences, so that neither start-up nor other programs
count. Memory is the peak of the process, TensorFlow included.

At the end: examples a second that one core reads and masks, beside those that
a training step of mobilebert_small takes with all cores.
"""

from collections.abc import Callable, Iterator
import concurrent.futures
import dataclasses
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

from absl import app
from absl import flags

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import text as text_lib

_SIZES = flags.DEFINE_list('sizes', ['2', '20', '200'], 'Megabytes of text.')
_MODEL_GARDEN_SIZES = flags.DEFINE_list(
    'model_garden_sizes', ['2'],
    'Those that the Model Garden makes too; a minute and 4 GB for each 10 MB.')
_TEXT = flags.DEFINE_string(
    'text', '../shared/data/corpus/books_train.txt',
    'Paragraphs, one a line; blank lines between documents.')
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', '../shared/data/vocab/vocab.txt', "BERT's vocab.txt.")
_REPEATS = flags.DEFINE_integer(
    'repeats', 3, 'How often 2 MB or less are made; the quickest counts, as '
    'other programs can only slow it. More takes so long that once will do.',
    lower_bound=1)

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_MAX_SEQ_LENGTH, _MAX_PREDICTIONS, _MASKINGS = 128, 20, 5
_BATCH_SIZE = 256
_FEW_SENTENCES = 0.02  # Megabytes.


@dataclasses.dataclass(frozen=True)
class _Run:
  """What a run took: seconds by the clock and of the processor, peak bytes."""
  clock: float
  processor: float
  memory: int
  records: int


@dataclasses.dataclass(frozen=True)
class _Maker:
  """A program that makes records; `ours` are its flags if it is ours."""
  name: str
  masking: str
  ours: tuple[str, ...] | None
  by_sentence: bool = True

  def command(self, text: str, vocab_file: str, output: str) -> list[str]:
    """Returns what to run."""
    if self.ours is None:
      program = 'official.nlp.data.create_pretraining_data'
      arguments = [f'--input_file={text}', f'--output_file={output}',
                   f'--max_predictions_per_seq={_MAX_PREDICTIONS}',
                   f'--dupe_factor={_MASKINGS}']
    else:
      program = 'mobilebert_tf.create_pretraining_data'
      arguments = [f'--input_files={text}', f'--output_dir={output}',
                   '--num_workers=1', *self.ours]
    return [sys.executable, '-m', program, *arguments,
            f'--vocab_file={vocab_file}', f'--max_seq_length={_MAX_SEQ_LENGTH}']


_MODEL_GARDEN = _Maker('Model Garden', f'static, {_MASKINGS} times', None)
_MAKERS = (
    _MODEL_GARDEN,
    _Maker('ours', f'static, {_MASKINGS} times',
           ('--sentence_per_line', '--masking=static',
            f'--dupe_factor={_MASKINGS}',
            f'--max_predictions_per_seq={_MAX_PREDICTIONS}')),
    _Maker('ours', 'dynamic, any number', ('--sentence_per_line',)),
    _Maker('ours, splits sentences', 'dynamic, any number', (),
           by_sentence=False),
)


def main(argv: list[str]) -> None:
  del argv
  text, vocab_file = (
      str(pathlib.Path(f).resolve()) for f in (_TEXT.value, _VOCAB_FILE.value))
  for path in (text, vocab_file):
    if not os.path.exists(path):
      print(f'Nothing to measure: {path} is absent. Name another one with '
            '--text and --vocab_file.')
      return
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
  sizes = sorted(float(s) for s in _SIZES.value)
  with tempfile.TemporaryDirectory() as folder:
    print(_compare_makers(text, vocab_file, sizes, folder), flush=True)
    print('\n' + _compare_speeds(text, vocab_file, folder))


def _compare_makers(text: str, vocab_file: str, sizes: list[float],
                    folder: str) -> str:
  """Runs all makers on all sizes."""
  rows, garden_sizes = [], [float(s) for s in _MODEL_GARDEN_SIZES.value]
  start_up: dict[_Maker, float] = {}
  garden_speed = None
  for size in (_FEW_SENTENCES, *sizes):
    # This process stays small, since a child's peak is at least its parent's.
    texts = _elsewhere(_write_texts, text, folder, size)
    makers = [m for m in _MAKERS if m.ours is not None or size in garden_sizes
              or size == _FEW_SENTENCES]
    runs = {maker: [] for maker in makers}
    for _ in range(_REPEATS.value if size <= 2 else 1):
      for maker in makers:
        run = _run(maker, texts[maker.by_sentence], vocab_file)
        print(f'{size:g} MB, {maker.name}, {maker.masking}: '
              f'{formatting.duration(run.clock)}', file=sys.stderr)
        runs[maker].append(run)
    for maker, several in runs.items():
      processor = min(r.processor for r in several)
      if size == _FEW_SENTENCES:
        start_up[maker] = processor
        continue
      megabytes = os.path.getsize(texts[maker.by_sentence]) / 1e6
      beyond = processor - start_up[maker]
      # Less drowns in what start-up varies by.
      speed = megabytes / beyond if beyond > start_up[maker] / 5 else None
      if maker == _MODEL_GARDEN:
        garden_speed = speed
      rows.append((
          f'{megabytes:.1f} MB', maker.name, maker.masking,
          formatting.duration(min(r.clock for r in several)),
          formatting.duration(start_up[maker]),
          formatting.quantity(speed, 'MB/s'),
          formatting.decimal(
              speed and garden_speed and speed / garden_speed, 1),
          formatting.quantity(max(r.memory for r in several) / 1e9, 'GB'),
          formatting.count(several[0].records)))
  columns = [text_lib.Column(title, 'left' if i in (1, 2) else 'right')
             for i, title in enumerate((
                 'Text', 'Maker', 'Masking', 'Time', 'Start-up',
                 'Text per core', 'Ratio', 'Peak memory', 'Records'))]
  return '\n'.join([
      text_lib.format_table(text_lib.Table(columns, tuple(rows))), '',
      'Text per core leaves out start-up (n/a: that was nearly all). Ratio: to '
      'that of the Model Garden, at its largest size so far.',
      f'Dynamic records serve any number of maskings, {_MASKINGS} included, of '
      'the same segment pairs.'])


def _run(maker: _Maker, text: str, vocab_file: str) -> _Run:
  """Runs a maker on the first core, and counts what it made."""
  core = min(os.sched_getaffinity(0))
  with tempfile.TemporaryDirectory() as folder:
    output, log = os.path.join(folder, 'records'), os.path.join(folder, 'log')
    start = time.monotonic()
    with open(log, 'wb') as file, subprocess.Popen(
        maker.command(text, vocab_file, output), cwd=_ROOT, stdout=file,
        stderr=file, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    ) as process:
      _, status, usage = os.wait4(process.pid, 0)
      process.returncode = os.waitstatus_to_exitcode(status)
    clock = time.monotonic() - start
    if process.returncode:
      with open(log, encoding='utf-8', errors='replace') as file:
        raise RuntimeError(
            f'{" ".join(process.args)} failed:\n{file.read()[-2000:]}')
    files = ([os.path.join(output, f) for f in os.listdir(output)
              if f.endswith('.tfrecord')]
             if os.path.isdir(output) else [output])
    return _Run(clock, usage.ru_utime + usage.ru_stime,
                usage.ru_maxrss * 1024, sum(map(_count_records, files)))


def _count_records(path: str) -> int:
  """Counts TFRecords: a length, its checksum, as many bytes, theirs."""
  count = 0
  with open(path, 'rb') as file:
    while length := file.read(8):
      file.seek(4 + int.from_bytes(length, 'little') + 4, os.SEEK_CUR)
      count += 1
  return count


def _elsewhere(function: Callable[..., Any], *args: Any) -> Any:
  """Calls a function in a new process, whose memory and threads end with it."""
  with concurrent.futures.ProcessPoolExecutor(
      1, multiprocessing.get_context('spawn')) as executor:
    return executor.submit(function, *args).result()


def _write_texts(text: str, folder: str, megabytes: float) -> dict[bool, str]:
  """Writes a text twice; the key says if each line is a sentence."""
  from mobilebert_tf.data import corpus

  def documents() -> Iterator[tuple[str, str]]:
    read = []
    for paragraphs in corpus.read_documents(text):
      sentences = [s for p in corpus.split_sentences(paragraphs) for s in p]
      # As much as is wanted in all, should the first chapter be a long one.
      read.append(tuple('\n'.join(lines) + '\n\n' for lines in (
          paragraphs, sentences)))
      yield read[-1]
    while True:
      yield from read

  paths = {False: os.path.join(folder, 'paragraphs.txt'),
           True: os.path.join(folder, 'sentences.txt')}
  size = 0
  with (open(paths[False], 'w', encoding='utf-8') as by_paragraph,
        open(paths[True], 'w', encoding='utf-8') as by_sentence):
    for paragraphs, sentences in documents():
      by_paragraph.write(paragraphs)
      by_sentence.write(sentences)
      size += len(paragraphs.encode())
      if size >= megabytes * 1e6:
        return paths


def _compare_speeds(text: str, vocab_file: str, folder: str) -> str:
  """Returns what the input pipeline gives, and what training takes."""
  texts = _elsewhere(_write_texts, text, folder, 2)
  records = os.path.join(folder, 'records')
  # One less than the batches are long: a [PAD] follows each example.
  subprocess.run(
      [sys.executable, '-m', 'mobilebert_tf.create_pretraining_data',
       f'--input_files={texts[False]}', f'--vocab_file={vocab_file}',
       f'--output_dir={records}', f'--max_seq_length={_MAX_SEQ_LENGTH - 1}'],
      cwd=_ROOT, check=True, capture_output=True)
  cores = len(os.sched_getaffinity(0))
  consumed = _elsewhere(_time_training, records, vocab_file)
  rows = [('training step of mobilebert_small', str(cores),
           formatting.count(consumed), '')]
  for name, whole_word in (('input pipeline', False),
                           ('input pipeline, whole words', True)):
    given = _elsewhere(_time_loader, records, vocab_file, whole_word)
    rows.append((name, '1', formatting.count(given),
                 formatting.decimal(given / consumed, 1)))
  columns = (text_lib.Column(f'Batches of {_BATCH_SIZE} x {_MAX_SEQ_LENGTH}'),
             text_lib.Column('Cores', 'right'),
             text_lib.Column('Examples a second', 'right'),
             text_lib.Column('Ratio', 'right'))
  return text_lib.format_table(text_lib.Table(columns, tuple(rows)))


def _data_config(records: str, vocab_file: str, whole_word: bool = False):
  from mobilebert_tf.tasks.pretraining import loader
  return loader.MobileBertPretrainDataConfig(
      input_path=records, vocab_file=vocab_file, seed=0,
      global_batch_size=_BATCH_SIZE, seq_length=_MAX_SEQ_LENGTH,
      max_predictions_per_seq=_MAX_PREDICTIONS, whole_word_masking=whole_word)


def _time_loader(records: str, vocab_file: str, whole_word: bool) -> float:
  """Returns the examples a second that one core gives."""
  # Before TensorFlow counts the cores.
  os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
  from mobilebert_tf.tasks.pretraining import loader

  batches = iter(loader.MobileBertPretrainDataLoader(
      _data_config(records, vocab_file, whole_word)).load())
  return _BATCH_SIZE * _times_a_second(lambda: next(batches), 20, 200)


def _time_training(records: str, vocab_file: str) -> float:
  """Returns the examples a second that training takes, given them at once."""
  import tensorflow as tf, tf_keras

  from mobilebert_tf import modeling
  from mobilebert_tf.text import vocabulary
  from mobilebert_tf.tasks.pretraining import task as task_lib
  from official.nlp.configs import bert

  architecture = modeling.get_architecture(
      'mobilebert_small',
      vocab_size=len(vocabulary.Vocabulary.read(vocab_file)))
  task = task_lib.PretrainingTask(task_lib.PretrainingConfig(
      model=bert.PretrainerConfig(
          encoder=task_lib.encoder_config(architecture)),
      train_data=_data_config(records, vocab_file)))
  model, optimizer = task.build_model(), tf_keras.optimizers.AdamW(1e-3)
  metrics = task.build_metrics()
  batch = next(iter(task.build_inputs(task.task_config.train_data)))
  step = tf.function(lambda: task.train_step(batch, model, optimizer, metrics))
  return _BATCH_SIZE * _times_a_second(step, 1, 3)


def _times_a_second(function: Callable[[], Any], unmeasured: int,
                    measured: int) -> float:
  for _ in range(unmeasured):
    function()
  start = time.monotonic()
  for _ in range(measured):
    function()
  return measured / (time.monotonic() - start)


if __name__ == '__main__':
  app.run(main)
