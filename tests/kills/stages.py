# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The stages that are killed: a command that writes, and what has to be equal.
"""

from collections.abc import Callable
import dataclasses
import json
import pathlib
import sys
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import record_writing
from mobilebert_tf.training import run
from tests import tiny_runs
from tests.pipelines import tiny

_STEPS, _STEPS_PER_BLOCK = 24, 6
_PROGRAMS = 'mobilebert_tf.'
_TEXT = '\n\n'.join(
    f'The {a} cat sat on mat {i}. It saw the {b} dog. They ran to the {a} tree.'
    for i, (a, b) in enumerate([('old', 'red'), ('new', 'big')] * 300))
Result = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Stage:
  """A stage that is killed.

  Attributes:
    command: Function from a folder to the command that writes into it.
    result: Function from that folder to values that have to be equal.
  """
  command: Callable[[str], list[str]]
  result: Callable[[str], Result]


class Stages:
  """All stages, on tiny models in a temporary folder."""

  def __init__(self):
    self._runs = tiny_runs.TinyRuns()
    self._runs.setUp()
    self.folder = pathlib.Path(self._runs.make_folder())
    self._text = self._runs.make_file('text.txt', _TEXT)
    self._masked = str(self.folder / 'masked')
    record_writing.write_records(
        self._text, self._runs.vocab_file, self._masked,
        pretraining_records.RecordSettings(
            max_seq_length=12, masking='static', max_predictions_per_seq=2),
        num_workers=1)
    self._data = [
        '--task=classification', '--text_column=review', '--label_column=stars',
        f'--train_file={tiny.write_table(self.folder / "train.csv", 48)}',
        f'--dev_file={tiny.write_table(self.folder / "dev.csv", 20)}',
        f'--init_checkpoint={tiny.write_start(self.folder, num_blocks=2)}']
    self._masked_lm = tiny.write_masked_lm(self.folder)
    self._finetune = [*_program('finetune'), *self._data, '--epochs=4',
                      '--batch_size=8', '--learning_rate=1e-2']
    # Others start from what these two made.
    self.teacher, self.model = self.folder / 'teacher', self.folder / 'model'

  def build(self) -> dict[str, Stage]:
    """Returns the stages by name; the first two come first."""
    return {
        'pre-training': self._training(tiny_runs.PRETRAIN, {
            'model': self._teacher(), 'optimizer': 'adamw'}),
        'fine-tuning': Stage(
            lambda folder: [*self._finetune, f'--output_dir={folder}'],
            _finetuned),
        'vocabulary': Stage(
            lambda folder: [
                *_program('learn_vocabulary'), f'--input_files={self._text}',
                f'--output_file={folder}/vocab.txt', '--vocab_size=60'],
            _files),
        'data': Stage(
            lambda folder: [
                *_program('create_pretraining_data'), '--num_workers=2',
                f'--input_files={self._text}', f'--output_dir={folder}/records',
                f'--vocab_file={self._runs.vocab_file}', '--max_seq_length=12',
                '--shard_megabytes=0.002'], _files),
        **{f'transfer, {name}': self._distillation(strategy=name)
           for name in ('progressive', 'joint', 'auxiliary')},
        'distillation': self._distillation(
            strategy='none', distillation_steps=_STEPS),
        'cached answers': Stage(
            lambda folder: [
                *_program('cache_answers'), f'--records={self._masked}',
                f'--teacher={self.teacher}', f'--output_dir={folder}/answers',
                '--records_per_file=8', '--batch_size=4', '--top_k=4'], _files),
        'fine-tuning with a teacher': Stage(
            lambda folder: [*self._finetune, f'--output_dir={folder}',
                            f'--teacher={self.model}', '--hidden_weight=0.1'],
            _finetuned),
        'early exits': Stage(
            lambda folder: [
                *_program('add_exits'), f'--model_dir={self.model}',
                f'--output_dir={folder}', '--epochs=4', '--batch_size=8'],
            _trained),
        'family': Stage(
            lambda folder: [
                *_program('adapt'), f'--model_dir={self.model}',
                f'--output_dir={folder}', '--epochs=4', '--batch_size=8',
                '--widths=1,0.5', '--depths=1,0.5'], _adapted),
        'augmentation': Stage(
            lambda folder: [
                *_program('augment'), f'--model_dir={self.model}',
                f'--masked_lm={self._masked_lm}',
                f'--output={folder}/more.jsonl'], _files),
        'search': Stage(
            lambda folder: [
                *_program('finetune_search'), *self._data, '--seeds=1,2',
                '--epochs=1', '--batch_sizes=8', '--learning_rates=1e-3,1e-2',
                f'--output_dir={folder}'], _searched),
        'export, SavedModel': Stage(
            lambda folder: [
                *_program('export.export_saved_model'),
                f'--model_dir={self.model}', f'--output_dir={folder}'],
            _served),
        'export, TFLite': Stage(
            lambda folder: [
                *_program('export.export_tflite'), f'--model_dir={self.model}',
                f'--output_file={folder}/model.tflite', '--lengths=16'],
            _files),
    }

  def close(self) -> None:
    """Removes all folders."""
    self._runs.doCleanups()

  def _teacher(self) -> dict[str, Any]:
    return self._runs.teacher(
        hidden_dropout_rate=0.1, attention_dropout_rate=0.1)

  def _training(self, experiment: str, settings: dict[str, Any]) -> Stage:
    config = self.folder / f'{len(list(self.folder.iterdir()))}.yaml'
    config.write_bytes(pathlib.Path(self._runs.write(self._runs.settings(
        _STEPS, **settings, trainer={
            'steps_per_loop': 2, 'summary_interval': 2,
            'checkpoint_interval': 6, 'validation_interval': 12,
            'max_to_keep': 3}))).read_bytes())
    return Stage(
        lambda folder: self._runs.train_command(
            experiment, str(config), folder), _trained)

  def _distillation(self, **schedule: Any) -> Stage:
    settings = self._runs.student(
        self._teacher(), str(self.teacher), _STEPS_PER_BLOCK, _STEPS)
    settings['schedule'].update(schedule)
    return self._training(tiny_runs.DISTILL, settings)


def _program(name: str) -> list[str]:
  return [sys.executable, '-m', _PROGRAMS + name]


def _files(folder: str) -> Result:
  return {str(path.relative_to(folder)): path.read_bytes()
          for path in pathlib.Path(folder).rglob('*') if path.is_file()}


def _tensors(prefix: str) -> Result:
  reader = tf.train.load_checkpoint(prefix)
  return {name: np.array(reader.get_tensor(name)).tobytes()
          for name in reader.get_variable_to_shape_map()
          if name not in ('_CHECKPOINTABLE_OBJECT_GRAPH',
                          'save_counter/.ATTRIBUTES/VARIABLE_VALUE')}


def _trained(folder: str) -> Result:
  return {**_tensors(tf.train.latest_checkpoint(folder)),
          'metrics': run.read_metrics(f'{folder}/{run.METRICS_FILE}')}


def _finetuned(folder: str) -> Result:
  results = json.loads(pathlib.Path(folder, 'results.json').read_text())
  return {**_trained(folder), 'scores': results['metrics'],
          'vocabulary': pathlib.Path(folder, 'vocab.txt').read_bytes()}


def _adapted(folder: str) -> Result:
  results = json.loads(pathlib.Path(folder, 'results.json').read_text())
  return {**_trained(f'{folder}/depth'), 'sizes': results['sizes']}


def _searched(folder: str) -> Result:
  found = json.loads(pathlib.Path(folder, 'search.json').read_text())
  return {**_trained(f'{folder}/best'), 'settings': found['settings'],
          'best': found['best']}


def _served(folder: str) -> Result:
  # A process that was killed after it had written makes no difference to
  # variables: then the same are there twice.
  latest = max(map(int, (path.name for path in pathlib.Path(folder).iterdir()
                         if path.name.isdecimal())))
  return _tensors(f'{folder}/{latest}/variables/variables')
