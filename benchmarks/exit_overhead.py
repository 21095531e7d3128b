# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times the segments of a file with early exits beside the unbroken model.

python benchmarks/exit_overhead.py --output_dir=exits_output

The model is the released architecture with random weights and an exit after
each block, or `--every` so many. No text leaves early, so that what the
segments take longer is what exits cost. Texts of one length, one thread, turns
of both.
"""

import dataclasses
import functools
import pathlib
import sys
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import interleaving
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets the files.', required=True)
_ARCHITECTURE = flags.DEFINE_string(
    'architecture', 'mobilebert', 'Name of the architecture.')
_QUANTIZATIONS = flags.DEFINE_list(
    'quantizations', ['dynamic'], 'Quantizations of the files.')
_LENGTHS = flags.DEFINE_list('lengths', ['16', '128'], 'Lengths in tokens.')
_EVERY = flags.DEFINE_integer(
    'every', 1, 'Blocks from one exit to the next.', lower_bound=1)
_ROUNDS = flags.DEFINE_integer('rounds', 7, 'Turns of each.', lower_bound=1)
_RUNS = 5  # Texts of a turn.
_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


def main(argv: list[str]) -> None:
  del argv
  folder = pathlib.Path(_OUTPUT_DIR.value)
  folder.mkdir(parents=True, exist_ok=True)
  lengths, rows = list(map(int, _LENGTHS.value)), []
  for quantization in _QUANTIZATIONS.value:
    name = '_'.join([_ARCHITECTURE.value, quantization, str(_EVERY.value),
                     *_LENGTHS.value])
    path = folder / f'{name}.tflite'
    if not path.exists():
      with interleaving.new_process() as process:
        process.submit(_write, path, _ARCHITECTURE.value, quantization,
                       lengths, _EVERY.value).result()
    for length in lengths:
      whole, chained, first = interleaving.time_interleaved(
          [functools.partial(_start, str(path), length, threshold)
           for threshold in (None, 0.0, 100.0)], _ROUNDS.value)
      rows.append((quantization, str(length),
                   f'{1e3 * whole.median / _RUNS:.2f} ms',
                   f'{1e3 * chained.median / _RUNS:.2f} ms',
                   f'{chained.median / whole.median:.3f}',
                   f'{first.median / whole.median:.3f}',
                   f'{path.stat().st_size / 1e6:.1f} MB'))
  print(f'{_ARCHITECTURE.value}, random weights, an exit after every '
        f'{_EVERY.value} blocks; '
        f'{machine.describe_hardware()}, one thread')
  columns = tuple(text_lib.Column(name, 'right' if i else 'left')
                  for i, name in enumerate((
                      'Quantization', 'Tokens', 'Unbroken', 'In segments',
                      'Times', 'Leaving at the first exit, times', 'File')))
  print(text_lib.format_table(text_lib.Table(columns, tuple(rows))))


# What follows runs in the processes.


def _write(path: pathlib.Path, architecture: str, quantization: str,
           lengths: list[int], every: int) -> None:
  """Writes a file of random weights with exits."""
  from mobilebert_tf import modeling
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.deployment import served_module
  from mobilebert_tf.deployment import tflite
  from mobilebert_tf.inference import loading
  from mobilebert_tf.tasks import registry
  from mobilebert_tf.tasks.early_exit_classification import task as task_lib
  from mobilebert_tf.tasks.pretraining import task as pretraining
  from official.core import config_definitions as cfg

  config = modeling.get_architecture(architecture)
  kind = registry.get(task_lib.KIND)
  task = kind.task_config()
  task.model.encoder = pretraining.encoder_config(config)
  task.exits.thresholds = [0.0]
  task.exits.blocks = list(range(every, config.num_blocks, every))
  model = modeling.EarlyExitClassifier(
      modeling.MobileBertEncoder(config), num_classes=2,
      exit_blocks=task.exits.blocks)
  vocab_file = path.with_suffix('.txt')
  words = [f'w{i}' for i in range(config.vocab_size - len(_TOKENS))]
  vocab_file.write_text('\n'.join((*_TOKENS, *words)) + '\n')
  trained = loading.TrainedModel(
      model, ['no', 'yes'], str(vocab_file), True, max(lengths) - 1, kind,
      params=cfg.ExperimentConfig(task=task))
  texts = agreement.RealTexts([
      ' '.join(f'w{(7 * i + 3 * j) % 1000}' for j in range(1 + i))
      for i in range(32)])
  data = tflite.make_file(
      trained, served_module.build(
          trained, agreement.batches(trained, texts)),
      texts, lengths=lengths, quantization=quantization)
  path.write_bytes(data)
  print(f'{path}: written', file=sys.stderr)


def _start(path: str, length: int, threshold: float | None
           ) -> tuple[interleaving.Step, Any]:
  from mobilebert_tf.tasks import registry

  runner = registry.TFLiteRunner(path, settings={
      'thresholds': [] if threshold is None else [threshold]})
  ids = np.random.default_rng(0).integers(
      len(_TOKENS), 1000, length - 3).astype(np.int32)

  def step() -> None:
    for _ in range(_RUNS):
      runner.run([ids])

  return step, lambda: dataclasses.asdict(runner.metadata.settings)


if __name__ == '__main__':
  app.run(main)
