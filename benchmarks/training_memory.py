# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Prints the memory that a text takes in training, and what fits where.

python benchmarks/training_memory.py

A step is taken with models of one and of three blocks, full width, on one and
on two texts. The slopes of the most memory that TensorFlow's allocator, the one
of GPUs, has given out are the memory of a text and of a block; weights and
whatever else does not grow with the batch fall out. From them follow, for the
full-scale runs, the memory of a device and the number of slices that its batch
has to be divided into.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from typing import Any

from absl import app
from absl import flags

from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_MEASURE = flags.DEFINE_string('measure', '', 'Internal: what to measure.')
_DEVICES = flags.DEFINE_integer('devices', 8, 'Number of devices.')
_GIGABYTES = flags.DEFINE_float('gigabytes', 80, 'Memory of a device.')
_POLICIES = flags.DEFINE_list(
    'policies', ['float32', 'mixed_bfloat16'], 'Dtype policies to measure.')
_FREE = 0.2  # Share of a device that is left to its libraries.
_BLOCKS = (1, 3)
_BATCHES = (4, 8)  # Fewer texts may take less than the optimizer does.
_WAYS = ('kept', 'recomputed')  # What becomes of a block's activations.
_LENGTH, _PREDICTIONS, _DEPTH = 512, 76, 24
_MOST_MEGABYTES = 20_000
_TRANSFER, _DISTILLATION = 'student, last transfer', 'student, distillation'
_TEACHER, _EVALUATION = 'teacher, pre-training', 'student, evaluation'
_FINE_TUNING = 'student, fine-tuning'
_STAGES = (_TEACHER, _DISTILLATION, _TRANSFER, _EVALUATION, _FINE_TUNING)
# Bytes of float32 a parameter: weight, two moments, gradient, its sum.
_TRAINED, _FROZEN = 20, 4
_RUNS = {  # The stage that takes most, and the texts of a step.
    'pretrain.yaml': (_TEACHER, 4096, {'ib_bert_large': _TRAINED}),
    'distill.yaml': (_DISTILLATION, 2048, {
        'mobilebert': _TRAINED, 'ib_bert_large': _FROZEN}),
    'distill.yaml, transfer': (_TRANSFER, 2048, {
        'mobilebert': _TRAINED, 'ib_bert_large': _FROZEN}),
    'distill.yaml, evaluation': (_EVALUATION, 512, {
        'mobilebert': _TRAINED, 'ib_bert_large': _FROZEN}),
}


def main(argv: list[str]) -> None:
  del argv
  if _MEASURE.value:
    print(json.dumps(_measure(**json.loads(_MEASURE.value))))
    return
  print(f'{machine.describe_hardware()}\n')
  slopes = {}
  for policy in _POLICIES.value:
    for stage in _STAGES:
      for recompute, slope in _slopes(stage, policy).items():
        slopes[stage, policy, recompute] = slope
        print(f'{stage}, {policy}, blocks {recompute}: {slope:.3f} GB a text',
              file=sys.stderr, flush=True)
  _print(('Stage', 'Precision', 'Blocks', 'GB a text'), [
      (stage, policy, recompute, f'{slope:.2f}')
      for (stage, policy, recompute), slope in slopes.items()])
  _print(('Run', 'Precision', 'Blocks', 'Texts a device', 'Undivided',
          'accumulation_steps', 'Memory'), [
      (run, policy, recompute, *_fit(slope, *_RUNS[run][1:]))
      for run in _RUNS for (stage, policy, recompute), slope in slopes.items()
      if stage == _RUNS[run][0]])


def _print(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
  columns = tuple(text_lib.Column(name, 'left' if i < 3 else 'right')
                  for i, name in enumerate(headers))
  print(text_lib.format_table(text_lib.Table(columns, tuple(rows))) + '\n')


def _fit(slope: float, batch: int, models: dict[str, int]) -> tuple[str, ...]:
  """Returns texts, undivided memory, slices and memory of a device."""
  from mobilebert_tf import modeling

  fixed = sum(
      bytes_each * modeling.count_parameters(modeling.get_architecture(name))
      for name, bytes_each in models.items()) / 1e9
  texts = batch // _DEVICES.value
  room = (1 - _FREE) * _GIGABYTES.value - fixed
  slices = 2 ** max(0, math.ceil(math.log2(texts * slope / room)))
  return (str(texts), f'{fixed + texts * slope:.0f} GB', str(slices),
          f'{fixed + texts / slices * slope:.0f} GB')


def _slopes(stage: str, policy: str) -> dict[str, float]:
  """Returns the gigabytes that a text takes at full depth, by `_WAYS`."""
  slopes = {}
  for recompute, peaks in _run(stage=stage, policy=policy).items():
    texts = _BATCHES[1] - _BATCHES[0]
    few, more = ((many - one) / texts for one, many in peaks)
    block = (more - few) / (_BLOCKS[1] - _BLOCKS[0])
    slopes[recompute] = (few + (_DEPTH - _BLOCKS[0]) * block) / 1e9
  return slopes


def _run(**settings: str) -> dict[str, list[list[int]]]:
  """Returns what `_measure` does, from a process of its own."""
  result = subprocess.run(
      [sys.executable, '-m', 'benchmarks.training_memory',
       f'--measure={json.dumps(settings)}'], check=True, text=True,
      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
      env={**os.environ, 'TF_CPU_ALLOCATOR_USE_BFC': 'true',
           'TF_CPU_BFC_MEM_LIMIT_IN_MB': str(_MOST_MEGABYTES),
           'TF_CPP_MIN_LOG_LEVEL': '2', 'PYTHONPATH': os.getcwd()})
  return json.loads(result.stdout.splitlines()[-1])


# === In a process of its own ===


def _measure(stage: str, policy: str) -> dict[str, list[list[int]]]:
  """Returns peaks of memory in bytes.

  They are those of a step with each of `_BATCHES`, for each of `_BLOCKS`, by
  `_WAYS`.
  """
  import tf_keras

  tf_keras.mixed_precision.set_global_policy(policy)
  peaks = {}
  for blocks in _BLOCKS:
    task, model, optimizer = _build(stage, blocks)
    for recompute in _WAYS[:1 if stage == _EVALUATION else 2]:
      task.task_config.recompute = recompute == 'recomputed'
      function = _step(stage, task, model, optimizer)
      function(_batch(1))  # The first step makes what stays.
      peaks.setdefault(recompute, []).append(
          [_peak_of(function, _batch(texts)) for texts in _BATCHES])
  return peaks


def _step(stage: str, task: Any, model: Any, optimizer: Any) -> Any:
  """Returns a traced step for batches of any size."""
  import tensorflow as tf

  metrics = task.build_metrics(training=stage != _EVALUATION)

  @tf.function
  def step(batch):
    if stage == _EVALUATION:
      task.validation_step(batch, model, metrics)
    else:
      task.train_step(batch, model, optimizer, metrics)

  return step.get_concrete_function(tf.nest.map_structure(
      lambda tensor: tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype),
      _batch(1)))


def _peak_of(function: Any, batch: Any) -> int:
  import tensorflow as tf

  tf.config.experimental.reset_memory_stats('CPU:0')
  function(batch)
  return tf.config.experimental.get_memory_info('CPU:0')['peak']


def _build(stage: str, blocks: int) -> tuple[Any, Any, Any]:
  """Returns the task of a stage, its model and a plain optimizer."""
  import tensorflow as tf
  import tf_keras

  from mobilebert_tf import modeling
  from mobilebert_tf.distillation import optimizers
  from mobilebert_tf.tasks.classification import task as classification
  from mobilebert_tf.training import experiments
  from official.core import task_factory

  teacher, student = (
      modeling.get_architecture(name, num_blocks=blocks)
      for name in ('ib_bert_large', 'mobilebert'))
  if stage == _FINE_TUNING:
    task = classification.SentencePredictionTask(
        classification.SentencePredictionConfig())
    task.task_config.model.encoder.any = student
    return task, task.build_model(), tf_keras.optimizers.SGD(0.0)
  config = experiments.get(
      'mobilebert/pretrain' if stage == _TEACHER else 'mobilebert/distill').task
  config.model.encoder.any = teacher if stage == _TEACHER else student
  if stage == _TEACHER:
    task = task_factory.get_task(config)
    return task, task.build_model(), tf_keras.optimizers.SGD(0.0)
  with tempfile.TemporaryDirectory() as folder:
    model = modeling.MobileBertPretrainer(
        modeling.MobileBertEncoder(teacher, dtype='float32'))
    config.teacher, config.teacher_checkpoint = teacher, tf.train.Checkpoint(
        **model.checkpoint_items).write(f'{folder}/teacher')
    del model
    task = task_factory.get_task(config)
    model = task.build_model()
  optimizer = optimizers.ReferenceLamb(0.0, layer_adaptation=False)
  optimizer.build(model.trainable_variables)
  last = len(task.stages) - (1 if stage == _DISTILLATION else 2)
  task.enter_stage(last, model, optimizer)
  return task, model, optimizer


def _batch(texts: int) -> dict[str, Any]:
  import tensorflow as tf

  tokens = tf.ones([texts, _LENGTH], tf.int32)
  masked = tf.tile(tf.range(_PREDICTIONS)[tf.newaxis], [texts, 1])
  return {
      'input_word_ids': tokens, 'input_mask': tokens,
      'input_type_ids': tf.zeros_like(tokens),
      'masked_lm_positions': masked, 'masked_lm_ids': masked,
      'masked_lm_weights': tf.ones(tf.shape(masked)),
      'next_sentence_labels': tokens[:, :1], 'label_ids': tokens[:, :1]}


if __name__ == '__main__':
  app.run(main)
