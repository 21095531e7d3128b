# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The ablations of the paper (Sun et al. 2020, tables 8 and 9)."""

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.pipelines import chain as chain_lib
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.pipelines.pretraining import Variant
from mobilebert_tf.reporting import ablation as ablation_report

NONE = pretraining.BASELINE
PD = Variant('pd', 'none', 'distillation of the masked LM alone')
FMT = Variant('pd_fmt', 'progressive', 'before it, feature maps block by block',
              {'attention': 0.0})
PKT = pretraining.DISTILLED
AKT = Variant('akt', 'auxiliary', 'all losses in every step')
JKT = Variant('jkt', 'joint',
              'transfer of all blocks together, then distillation')
VARIANTS = (NONE, PD, FMT, PKT, AKT, JKT)
# The variants of each table by their names in the paper.
TABLES = {
    'losses': {'none': NONE, 'PD': PD, 'PD+FMT': FMT, 'PD+FMT+AT': PKT},
    'schedules': {'AKT': AKT, 'JKT': JKT, 'PKT': PKT},
}
_COMMON_STEPS = 5


def run(folder: pathlib.Path, settings: settings_lib.Settings,
        seeds: Sequence[int]) -> pathlib.Path:
  """Runs the steps that are not done, and writes the report after each seed.

  Args:
    folder: Folder of the run, with a folder for each step, `results.json`,
      `ablation.html` and `ablation.md`.
    settings: Sizes and files, with the seed of the teacher.
    seeds: Seeds of the students, in the order of the runs.

  Returns:
    The path of the page.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a row of the task's files is bad, or there is one label.
  """
  chain = chain_lib.Chain(
      folder, settings, _COMMON_STEPS + 2 * len(seeds) * len(VARIANTS))
  with chain.claimed('ablation'):
    return _run(chain, settings, seeds)


def _run(chain: chain_lib.Chain, settings: settings_lib.Settings,
         seeds: Sequence[int]) -> pathlib.Path:
  teacher = chain.prepare()['teacher']
  task = chain.prepare_task()
  results = {
      'settings': dataclasses.asdict(settings),
      'student_steps': settings.student_steps,
      'seeds': list(seeds),
      'teacher': teacher,
      'task': {name: task[name] for name in (
          'train', 'dev', 'train_examples', 'dev_examples', 'labels')},
      'variants': {each.key: each.description for each in VARIANTS},
      'tables': {name: {label: each.key for label, each in table.items()}
                 for name, table in TABLES.items()},
      'runs': [],
  }
  masked_lm = pretraining.most_frequent_token_share(chain.data, settings)
  for seed in seeds:
    results['runs'] += [
        _run_variant(chain, variant, seed) for variant in VARIANTS]
    results['baselines'] = {
        'masked_lm': masked_lm,
        'task': results['runs'][0]['majority_accuracy']}
    report = _write(chain.folder, results, chain)
  print(ablation_report.format_summary(results), flush=True)
  return report


def _run_variant(chain: chain_lib.Chain, variant: Variant,
                 seed: int) -> dict[str, Any]:
  name = f'{variant.key}_{seed}'
  student = chain.train_student(name, variant, seed)
  tuned = chain.finetune(name, seed)
  seconds = chain.pipeline.seconds
  return {'variant': variant.key, 'seed': seed, **student,
          'task_accuracy': tuned['accuracy'],
          'majority_accuracy': tuned['majority_accuracy'],
          'seconds': seconds[name], 'task_seconds': seconds[f'{name}_task']}


def _write(folder: pathlib.Path, results: dict[str, Any],
           chain: chain_lib.Chain) -> pathlib.Path:
  facts = chain.facts('mobilebert_tf.ablation')
  results.update(facts, seconds=sum(facts['seconds'].values()))
  files.write_text(folder / 'results.json', json.dumps(results, indent=1))
  return ablation_report.write_report(results, folder)
