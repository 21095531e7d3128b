# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A chain of trainings, whose steps are each done once.

`Pipeline` runs and records any steps; `Chain` has those that the quick start
and the ablation share.
"""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.common import outputs
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.pipelines import task as task_lib


@dataclasses.dataclass
class Pipeline:
  """A chain of steps whose results survive an interruption.

  A step is done when its record holds results, which are written last and
  atomically. It is done again, in an emptied folder, when its settings have
  changed, or when any step before it was done again. What it prints goes to a
  log beside its record, except for progress bars.

  Attributes:
    folder: Folder of the run, with a folder for each step, and `steps` for
      their records.
    num_steps: Number of steps, for the display.
  """
  folder: pathlib.Path
  num_steps: int
  _records: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
  _chain: str = ''

  def run(self, name: str, function: Callable[[pathlib.Path], dict[str, Any]],
          settings: dict[str, Any]) -> dict[str, Any]:
    """Runs a step, or returns its results if it is done.

    Args:
      name: Name of the step and of its folder.
      function: Work of the step: a function of its folder, which resumes from
        what is there, and returns JSON-serializable results.
      settings: Values that the results depend on, beside the earlier steps.

    Raises:
      FileExistsError: If the step's folder holds files that no step made.
    """
    title = f'[{len(self._records) + 1}/{self.num_steps}] {name}'
    fingerprint = hashlib.sha256(json.dumps(
        [self._chain, name, settings], sort_keys=True).encode()).hexdigest()
    record = self._read(name)
    if record.get('fingerprint') == fingerprint and 'results' in record:
      print(f'{title}: done before, in {_duration(record["seconds"])}',
            flush=True)
    else:
      print(f'{title} ...', flush=True)
      record = self._do(name, function, fingerprint, record)
      print(f'{title}: done in {_duration(record["seconds"])}', flush=True)
    self._records[name] = record
    self._chain = record['run']
    return record['results']

  @property
  def seconds(self) -> dict[str, float]:
    """Seconds of each step in its last process, in the order of steps."""
    return {name: record['seconds'] for name, record in self._records.items()}

  @property
  def peak_memory_gb(self) -> float:
    """Largest peak memory of the processes that finished a step."""
    return max(record['peak_memory_gb'] for record in self._records.values())

  def _do(self, name: str, function: Callable[[pathlib.Path], dict[str, Any]],
          fingerprint: str, record: dict[str, Any]) -> dict[str, Any]:
    folder = self.folder / name
    if record.get('fingerprint') != fingerprint:
      if not record and folder.exists() and any(folder.iterdir()):
        raise FileExistsError(
            f'{folder} was not made by this program, and will not be '
            'emptied. Name another --output_dir.')
      record = {'fingerprint': fingerprint, 'run': uuid.uuid4().hex}
      # Record before folder: a run stopped in between finds a step that is not
      # done.
      self._write(name, record)
      if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with (self._path(name).with_suffix('.log').open(
        'a', encoding='utf-8') as log,
          contextlib.redirect_stdout(log)):
      results = function(folder)
    record = {
        **record,
        'seconds': time.monotonic() - started,
        'peak_memory_gb': machine.peak_memory() / 1e9,
        'results': results,
    }
    self._write(name, record)
    return record

  def _path(self, name: str) -> pathlib.Path:
    return self.folder / 'steps' / f'{name}.json'

  def _read(self, name: str) -> dict[str, Any]:
    if not self._path(name).exists():
      return {}
    return files.read_json(self._path(name))

  def _write(self, name: str, record: dict[str, Any]) -> None:
    files.write_text(self._path(name), json.dumps(record, indent=1))


class Chain:
  """A chain of trainings: text, teacher, students, and their fine-tuning.

  Methods are called in the order of the class.

  Args:
    folder: Folder of the run, with a folder for each step.
    settings: Sizes and files.
    num_steps: Number of steps, for the display.

  Attributes:
    folder: Folder of the run.
    pipeline: The steps that are done.
    data: Vocabulary and records, once `prepare` has run.
    task: Files and labels of the task, once `prepare_task` has run.

  Raises:
    FileNotFoundError: If a file of the task is missing.
    ValueError: If a row of it is bad, or there is one label.
  """

  def __init__(self, folder: pathlib.Path, settings: settings_lib.Settings,
               num_steps: int):
    if settings.task_train:  # A bad row is found now, not after the training.
      task_lib.check(
          settings.task_train, settings.task_dev, settings.text_column)
    self.folder = folder
    self.pipeline = Pipeline(folder, num_steps)
    self._settings = settings
    # What devices a step has does not change it, but their precision does.
    self._precision = {name: value for name, value in settings.runtime.items()
                       if name == 'mixed_precision_dtype'}
    self.data: dict[str, Any] = {}
    self.task: dict[str, Any] = {}

  @contextlib.contextmanager
  def claimed(self, program: str) -> Iterator[None]:
    """Keeps the folder for one process, and for runs of one program.

    Args:
      program: Name of the program.

    Raises:
      FileExistsError: If it holds something else, or another process writes
        to it.
    """
    marker = f'steps/{program}.program'
    with outputs.claimed(
        self.folder, [marker], f'the folder of a run of {program}'):
      files.write_text(self.folder / marker, '')
      yield

  def prepare(self) -> dict[str, Any]:
    """Collects text, learns the vocabulary, writes records, trains the teacher.

    Returns:
      Results of the steps `text`, `vocabulary` and `teacher`.
    """
    settings, run = self._settings, self.pipeline.run
    text_folder = self.folder / 'text'
    vocab_file = self.folder / 'vocabulary' / 'vocab.txt'
    seed = {'seed': settings.seed}
    source = {'text_files': machine.file_states(settings.text_files)}
    if not settings.text_files:
      source = {'packages': machine.versions()}
    collected = run(
        'text', lambda step: pretraining.collect(step, settings),
        {**source, **seed})
    vocabulary = run(
        'vocabulary',
        lambda step: pretraining.learn_vocabulary(step, text_folder, settings),
        {'vocab_size': settings.vocab_size})
    manifests = run(
        'records',
        lambda step: pretraining.write_records(
            step, text_folder, vocab_file, settings),
        {'max_seq_length': settings.max_seq_length, **seed})
    self.data = {
        'vocab_file': str(vocab_file), 'vocab_size': vocabulary['size'],
        **{part: str(self.folder / 'records' / part / '*.tfrecord')
           for part in pretraining.PARTS}}
    teacher = run(
        'teacher',
        lambda step: pretraining.train_teacher(step, self.data, settings),
        {'steps': settings.teacher_steps,
         'batch_size': settings.pretraining_batch_size,
         'configuration': pretraining.fingerprint(), **seed,
         **self._precision})
    tokens = manifests['train']['counts']['tokens']
    return {'text': {**collected, 'tokens': tokens}, 'vocabulary': vocabulary,
            'teacher': teacher}

  def train_student(self, name: str, variant: pretraining.Variant,
                    seed: int | None = None) -> dict[str, Any]:
    """Trains a student in the step `name`; see `pretraining.train_student`."""
    settings = self._with_seed(seed)
    return self.pipeline.run(
        name,
        lambda step: pretraining.train_student(
            step, variant, self.data, self.folder / 'teacher', settings),
        {'variant': dataclasses.asdict(variant),
         'steps_per_block': settings.steps_per_block,
         'distillation_steps': settings.distillation_steps,
         'seed': settings.seed, **self._precision})

  def prepare_task(self) -> dict[str, Any]:
    """Writes or checks the files of the task, and returns them."""
    settings = self._settings
    self.task = self.pipeline.run(
        'task',
        lambda step: task_lib.prepare(step, self.folder / 'text', settings),
        {'files': machine.file_states([settings.task_train, settings.task_dev]),
         'text_column': settings.text_column,
         'passages_per_library': settings.passages_per_library})
    return self.task

  def finetune(self, name: str, seed: int | None = None) -> dict[str, Any]:
    """Fine-tunes a student in the step `<name>_task`; see `task.finetune`."""
    settings = self._with_seed(seed)
    return self.pipeline.run(
        f'{name}_task',
        lambda step: task_lib.finetune(
            step, self.task, self.folder / name, settings),
        {'steps': settings.task_steps,
         'batch_size': settings.task_batch_size, **self._precision})

  def facts(self, program: str) -> dict[str, Any]:
    """Returns the costs of the steps, and `machine.run_facts` of a program."""
    return {'seconds': self.pipeline.seconds,
            'peak_memory_gb': self.pipeline.peak_memory_gb,
            **machine.run_facts(program)}

  def _with_seed(self, seed: int | None) -> settings_lib.Settings:
    if seed is None:
      return self._settings
    return dataclasses.replace(self._settings, seed=seed)


def _duration(seconds: float) -> str:
  minutes, rest = divmod(round(seconds), 60)
  return f'{minutes} min {rest} s' if minutes else f'{rest} s'
