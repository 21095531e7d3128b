# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Pre-training in a chain: text, vocabulary, records, teacher and students."""

import dataclasses
import hashlib
import itertools
import json
import math
import pathlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mobilebert_tf import modeling
from mobilebert_tf.common import config_files
from mobilebert_tf.data import corpus
from mobilebert_tf.data import docstrings
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import record_writing
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import schedules
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.text import vocabulary
from mobilebert_tf.training import experiments
from mobilebert_tf.training import run
from official.core import config_definitions as cfg
from official.modeling import hyperparams
from official.nlp.data import data_loader_factory

PARTS = ('train', 'held_out')
TEACHER, STUDENT = 'ib_bert_small', 'mobilebert_small'
_HELD_OUT_SHARE = 0.02
_DOCSTRINGS_FILE = 'docstrings.jsonl'
# Upper bounds, because a file ends with a document.
_RECORD_FILES = {'train': 4, 'held_out': 1}
_CHECKPOINTS_A_RUN = 10
_POINTS_A_CURVE = 50


@dataclasses.dataclass(frozen=True)
class Variant:
  """A way to train the student; all take the same number of steps.

  Attributes:
    key: Name in files.
    strategy: Strategy of `schedules.ScheduleConfig`; empty for pre-training
      without a teacher.
    description: Description for reports.
    loss_weights: Loss weights that differ from the defaults.
  """
  key: str
  strategy: str
  description: str
  loss_weights: dict[str, float] = dataclasses.field(default_factory=dict)

  def schedule(self, settings: settings_lib.Settings) -> dict[str, Any]:
    """Returns the fields of the schedule."""
    return {
        'strategy': self.strategy,
        'steps_per_block': settings.steps_per_block,
        'distillation_steps': (
            settings.student_steps if self.strategy == 'none'
            else settings.distillation_steps),
    }


BASELINE = Variant('none', '', 'no teacher: masked LM and next sentence')
DISTILLED = Variant('pkt', 'progressive',
                    'attention as well: all of progressive transfer')


def collect(folder: pathlib.Path,
            settings: settings_lib.Settings) -> dict[str, Any]:
  """Writes the text in two parts, `train.txt` and `held_out.txt`.

  Documentation strings are held out by module, one's own text by document.

  Returns:
    Source, megabytes and documents of each part.
  """
  if settings.text_files:
    source = ', '.join(settings.text_files)
    documents = _own_documents(settings)
  else:
    source = ('documentation strings of '
              + ', '.join(docstrings.DEFAULT_LIBRARIES))
    documents = _docstring_documents(folder, settings)
  parts = {part: [] for part in PARTS}
  for held_out, document in documents:
    parts[PARTS[held_out]].append(document)
  for part, written in parts.items():
    if not written:
      raise ValueError(
          f'The text ({source}) leaves nothing for the part {part!r}: it needs '
          'more documents. Documents are separated by blank lines.')
    corpus.write_documents(written, folder / f'{part}.txt')
  size = sum((folder / f'{part}.txt').stat().st_size for part in PARTS)
  return {
      'source': source,
      'megabytes': size / 1e6,
      'documents': len(parts['train']),
      'held_out_documents': len(parts['held_out']),
  }


def learn_vocabulary(folder: pathlib.Path, text_folder: pathlib.Path,
                     settings: settings_lib.Settings) -> dict[str, Any]:
  """Learns `vocab.txt` from the training part that `collect` wrote."""
  paragraphs = itertools.chain.from_iterable(
      corpus.read_documents([str(text_folder / 'train.txt')]))
  learned = vocabulary.learn_vocabulary(
      paragraphs, settings.vocab_size, folder / 'vocab.txt')
  return {'size': len(learned)}


def write_records(folder: pathlib.Path, text_folder: pathlib.Path,
                  vocab_file: pathlib.Path,
                  settings: settings_lib.Settings) -> dict[str, Any]:
  """Writes records of the text of `collect`; returns each part's manifest."""
  record_settings = pretraining_records.RecordSettings(
      max_seq_length=settings.max_seq_length, seed=settings.seed)
  manifests = {}
  for part, num_files in _RECORD_FILES.items():
    text = text_folder / f'{part}.txt'
    manifests[part] = record_writing.write_records(
        str(text), vocab_file, folder / part, record_settings,
        shard_bytes=math.ceil(text.stat().st_size / num_files))
  return manifests


def read_docstrings(folder: pathlib.Path) -> Iterator[docstrings.Docstring]:
  """Yields documentation strings, from the folder if `collect` wrote them."""
  path = folder / _DOCSTRINGS_FILE
  if not path.exists():  # The text was one's own.
    yield from docstrings.read_docstrings()
    return
  with path.open(encoding='utf-8') as file:
    for line in file:
      yield docstrings.Docstring(**json.loads(line))


def is_held_out(module: str, share: float, seed: int = 0) -> bool:
  """Returns whether a module belongs to the held-out part.

  It depends on name and seed alone, so a module is held out in every process,
  in pre-training as in the task, or in none.

  Args:
    module: Dotted name of the module.
    share: Share of modules to hold out, 0 to 1.
    seed: Seed of the choice.
  """
  if not 0 <= share <= 1:
    raise ValueError(f'share is {share}; it has to be from 0 to 1.')
  digest = hashlib.sha256(f'{seed}:{module}'.encode()).digest()
  return int.from_bytes(digest[:8], 'big') < share * 2**64


def fingerprint() -> str:
  """Returns a hash of the architectures and experiments of the models."""
  parts = [str(modeling.get_architecture(name).as_dict())
           for name in (TEACHER, STUDENT)]
  parts += [pathlib.Path(config_files.find(f'experiments/{name}.yaml')
                         ).read_text(encoding='utf-8')
            for name in ('pretrain_small', 'distill_small')]
  return hashlib.sha256('\0'.join(parts).encode()).hexdigest()


def num_positions(settings: settings_lib.Settings) -> int:
  """Returns the positions of the models; the last one is for a [PAD]."""
  return max(settings.max_seq_length + 1, 128)


def train_teacher(folder: pathlib.Path, data: dict[str, Any],
                  settings: settings_lib.Settings) -> dict[str, Any]:
  """Pre-trains the teacher with masked LM and next sentence.

  Args:
    folder: Folder of its checkpoints.
    data: Files `vocab_file`, `train` and `held_out`, and `vocab_size`.
    settings: Sizes of the run.

  Returns:
    Sizes of the model (`model`), held-out scores (`masked_lm`), held-out
    transfer losses (`transfer`), if there are any, and `curve`.
  """
  return _pretrain(folder, TEACHER, settings.teacher_steps, data, settings)


def train_student(folder: pathlib.Path, variant: Variant, data: dict[str, Any],
                  teacher_folder: pathlib.Path,
                  settings: settings_lib.Settings,
                  **task: Any) -> dict[str, Any]:
  """Trains a student in the way of the variant.

  Arguments and results are those of `train_teacher`, with `stages` among the
  results if the student has a teacher; `task` has further fields of the
  distillation's.
  """
  if not variant.strategy:
    return _pretrain(folder, STUDENT, settings.student_steps, data, settings)
  params = _experiment('mobilebert/distill', 'distill_small', data, settings,
                       settings.student_steps)
  params.override({'task': {
      'model': {'encoder': {'any': _architecture(STUDENT, data, settings)}},
      'teacher': _architecture(TEACHER, data, settings),
      'teacher_checkpoint': str(teacher_folder),
      'schedule': variant.schedule(settings),
      'loss_weights': variant.loss_weights,
      **task,
  }})
  results = _run(folder, params, STUDENT)
  stages = _stages(params.task.schedule, settings.num_blocks)
  for point in results['curve']:
    point['stage'] = stages[int(point['stage'])]['name']
  return {**results, 'stages': stages}


def _stages(schedule: schedules.ScheduleConfig,
            depth: int) -> list[dict[str, Any]]:
  """Returns the name, the kind and the steps of each stage."""
  stages, first = [], 0
  for stage in schedules.build_stages(schedule, depth, depth):
    stages.append({
        'name': stage.name,
        'kind': 'distillation' if stage.distill else 'transfer',
        'first_step': first,
        'last_step': first + stage.num_steps,
    })
    first += stage.num_steps
  return stages


def most_frequent_token_share(data: dict[str, Any],
                              settings: settings_lib.Settings) -> float:
  """Returns the accuracy of always guessing the most frequent masked token."""
  config = _experiment(
      'mobilebert/pretrain', 'pretrain_small', data, settings, 1)
  counts: Counter[int] = Counter()
  loader = data_loader_factory.get_data_loader(
      config.task.validation_data)
  for batch in loader.load():
    masked = batch['masked_lm_ids'].numpy()
    counts.update(masked[batch['masked_lm_weights'].numpy() > 0].tolist())
  return max(counts.values()) / sum(counts.values())


def _docstring_documents(
    folder: pathlib.Path, settings: settings_lib.Settings
) -> Iterator[tuple[bool, Sequence[str]]]:
  with (folder / _DOCSTRINGS_FILE).open('w', encoding='utf-8') as file:
    for docstring in docstrings.read_docstrings():
      file.write(json.dumps(dataclasses.asdict(docstring)) + '\n')
      held_out = is_held_out(
          docstring.module, _HELD_OUT_SHARE, settings.seed)
      yield held_out, docstring.text.splitlines()


def _own_documents(
    settings: settings_lib.Settings) -> Iterator[tuple[bool, Sequence[str]]]:
  """Yields one's own documents; a share is held out, at least one."""
  documents = list(corpus.read_documents(list(settings.text_files)))
  digests = [hashlib.sha256(f'{settings.seed}:{i}'.encode()).digest()
             for i in range(len(documents))]
  count = max(1, round(_HELD_OUT_SHARE * len(documents)))
  held_out = set(sorted(range(len(documents)), key=digests.__getitem__)[:count])
  for i, document in enumerate(documents):
    yield i in held_out, document


def _pretrain(folder: pathlib.Path, name: str, steps: int,
              data: dict[str, Any],
              settings: settings_lib.Settings) -> dict[str, Any]:
  params = _experiment('mobilebert/pretrain', 'pretrain_small', data, settings,
                       steps)
  params.override({'task': {'model': {
      'encoder': {'any': _architecture(name, data, settings)}}}})
  return _run(folder, params, name)


def _architecture(name: str, data: dict[str, Any],
                  settings: settings_lib.Settings) -> dict[str, Any]:
  """Returns the fields of an architecture for the learned vocabulary."""
  return modeling.get_architecture(
      name, vocab_size=data['vocab_size'],
      max_position_embeddings=num_positions(settings)).as_dict()


def _experiment(experiment: str, file: str, data: dict[str, Any],
                settings: settings_lib.Settings,
                steps: int) -> cfg.ExperimentConfig:
  """Returns a registered experiment with its YAML file, data and sizes."""
  params = experiments.get(experiment)
  params = hyperparams.override_params_dict(
      params, config_files.find(f'experiments/{file}.yaml'), is_strict=True)
  common = {
      'vocab_file': data['vocab_file'],
      # One [PAD] follows the longest example, as it does in serving.
      'seq_length': settings.max_seq_length + 1,
      'max_predictions_per_seq': max(1, round(settings.max_seq_length * 0.15)),
      'global_batch_size': settings.pretraining_batch_size,
      'seed': settings.seed,
  }
  params.override({
      'runtime': dict(settings.runtime),
      'task': {
          'train_data': {**common, 'input_path': data['train']},
          # The same masks for every seed make scores comparable.
          'validation_data': {**common, 'input_path': data['held_out'],
                              'seed': 0},
      },
      'trainer': {
          'train_steps': steps,
          'steps_per_loop': max(1, steps // _POINTS_A_CURVE),
          'checkpoint_interval': max(1, steps // _CHECKPOINTS_A_RUN),
          'summary_interval': max(1, steps // _POINTS_A_CURVE),
          'max_to_keep': 1,
      },
  })
  return params


def _run(folder: pathlib.Path, params: cfg.ExperimentConfig,
         name: str) -> dict[str, Any]:
  model, logs = run.run_experiment(
      params, 'train_and_post_eval', str(folder), description=folder.name)
  config = model.encoder.architecture
  return {
      'model': {
          'name': name,
          'parameters': int(np.sum([np.prod(v.shape) for v in model.weights])),
          'blocks': config.num_blocks,
          'inter': config.inter_block_size,
          'intra': config.intra_block_size,
          'heads': config.num_attention_heads,
          'ffn': config.num_feedforward_networks,
      },
      'masked_lm': {
          'accuracy': float(logs['masked_lm_accuracy']),
          'loss': float(logs['lm_example_loss']),
          'next_sentence_accuracy': float(logs['next_sentence_accuracy']),
      },
      'transfer': {term: float(logs[term]) for term in losses.TERMS
                   if term in logs},
      'curve': [
          {'loss': point.pop('training_loss'), **point} for point in
          run.read_metrics(str(folder / run.METRICS_FILE))
      ],
  }
