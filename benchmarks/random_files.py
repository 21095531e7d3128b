# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Writes and runs `.tflite` files of classifiers with random weights.

For what they cost: texts of made-up words, no check of what they answer.
"""

from collections.abc import Callable, Sequence
import dataclasses
import pathlib
import sys
from typing import Any

import numpy as np

_SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')
RUNS = 20  # Texts of a step: after the first few, caches hold the model.


def write(path: pathlib.Path, architecture: Any, lengths: Sequence[int],
          quantization: str = 'dynamic',
          exit_blocks: Sequence[int] = ()) -> None:
  """Writes a file unless it is there.

  Args:
    path: Path of the file.
    architecture: Architecture of the encoder.
    lengths: Lengths of its signatures.
    quantization: One of `tflite_file.QUANTIZATIONS`.
    exit_blocks: Blocks with an exit, counted from 1; none for a classifier
      without exits.
  """
  from mobilebert_tf import modeling
  from mobilebert_tf.common import files
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.deployment import served_module
  from mobilebert_tf.deployment import tflite
  from mobilebert_tf.inference import loading
  from mobilebert_tf.tasks import registry
  from mobilebert_tf.tasks.pretraining import task as pretraining
  from official.core import config_definitions as cfg

  if path.exists():
    return
  encoder = modeling.MobileBertEncoder(architecture)
  config = encoder.architecture
  kind = registry.get('early_exit_classification' if exit_blocks
                      else 'classification')
  task = kind.task_config()
  task.model.encoder = pretraining.encoder_config(config)
  if exit_blocks:
    task.exits.thresholds, task.exits.blocks = [0.0], list(exit_blocks)
    model = modeling.EarlyExitClassifier(
        encoder, num_classes=2, exit_blocks=exit_blocks)
  else:
    model = modeling.MobileBertClassifier(encoder, 2)
  vocab_file = path.with_suffix('.txt')
  words = [f'w{i}' for i in range(config.vocab_size - len(_SPECIAL))]
  vocab_file.write_text('\n'.join((*_SPECIAL, *words)) + '\n')
  trained = loading.TrainedModel(
      model, ['no', 'yes'], str(vocab_file), True, max(lengths) - 1, kind,
      params=cfg.ExperimentConfig(task=task))
  texts = agreement.RealTexts([
      ' '.join(f'w{(7 * i + 3 * j) % 1000}' for j in range(1 + i))
      for i in range(32)])
  files.write_bytes(path, tflite.make_file(
      trained, served_module.build(trained, agreement.batches(trained, texts)),
      texts, lengths=lengths, quantization=quantization))
  print(f'{path}: written', file=sys.stderr, flush=True)


def start(path: str, length: int, thresholds: Sequence[float] | None = None
          ) -> tuple[Callable[[], Any], Callable[[], Any]]:
  """Opens a file for `interleaving.time_interleaved`.

  Args:
    path: Path of the file.
    length: Length of the text in tokens, padding included.
    thresholds: Thresholds of exits; None for a file without.

  Returns:
    The step, of `RUNS` texts, and what reports the settings.
  """
  from mobilebert_tf.tasks import registry

  runner = registry.TFLiteRunner(
      path, settings={} if thresholds is None else {'thresholds': thresholds})
  ids = np.random.default_rng(0).integers(
      len(_SPECIAL), 1000, length - 3).astype(np.int32)

  def step() -> None:
    for _ in range(RUNS):
      runner.run([ids])

  settings = runner.metadata.settings
  return step, lambda: settings and dataclasses.asdict(settings)
