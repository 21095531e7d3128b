# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times a step of distillation, ours and the Model Garden's, with its memory.

python benchmarks/distillation_step.py --rounds=9 --json=steps.json

Both train the same student with the same teacher, of full width, with LAMB, in
float32; ours also with the teacher in bfloat16. The Model Garden is timed as
its experiment is, which has dropout in the student and in the frozen teacher
too, and without. Ours has none, as in the authors' code. The lower
blocks learn on while a block is taught (the Model Garden's default), or are
frozen (its `if_freeze_previous_layers`). The teacher's forward pass alone, a
part of every step of the same mathematics, bounds what can be reached.

Distillation is timed with the teacher's answers from records as well
(`cache_answers`), whose student needs no teacher in memory.

For each stage the contenders are processes that take turns, a step each, so
that what else the machine does slows all of them; a ratio is that of two
medians. Memory is the peak of what TensorFlow's allocator gave out, as on a
GPU: weights, slots and activations, in a process that trains in this stage
alone.

The Model Garden's wheel lacks a module of its distiller
(`official.modeling.fast_training.progressive`). What the task needs of it, and
is no part of a step, is made up for here.
"""

import dataclasses
import functools
import json
import os
import sys
import tempfile
import types
from typing import Any

from absl import app
from absl import flags

from benchmarks import interleaving
from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_BLOCKS = flags.DEFINE_integer(
    'blocks', 6, 'Blocks of student and teacher.', lower_bound=1)
_BATCH_SIZE = flags.DEFINE_integer('batch_size', 8, 'Texts a step.')
_SEQ_LENGTH = flags.DEFINE_integer('seq_length', 128, 'Tokens a text.')
_ROUNDS = flags.DEFINE_integer(
    'rounds', 5, 'Steps of each contender that are timed.', lower_bound=1)
_STAGES = flags.DEFINE_list(
    'stages', None,
    'Blocks to be taught, counted from 1, and "distillation"; by default the '
    'first, a middle and the last block, and distillation.')
_JSON = flags.DEFINE_string('json', None, 'Where to write all that was timed.')

_DISTILLATION = 'distillation'
_MODEL_GARDEN, _WITHOUT_DROPOUT = 'Model Garden', 'the same without dropout'
_OURS, _OURS_BFLOAT16, _CACHED, _TEACHER = (
    'ours', 'ours, bfloat16 teacher', 'ours, cached answers', 'teacher alone')
_DROPOUT = 0.1  # Of the Model Garden's experiment.
_TRAINED, _FROZEN, _ALL = 'trained', 'frozen', 'all trained'
# Most times the teacher's forward pass that our step may take.
_MOST_OF_TEACHER = {_FROZEN: 1.25, _TRAINED: 1.5, _ALL: 1.5}
# Least times the Model Garden's throughput.
_LEAST_OF_GARDEN = {_OURS_BFLOAT16: 1.6, _CACHED: 2.5}
# Most times the Model Garden's memory.
_MOST_MEMORY = {_OURS: 1.0, _OURS_BFLOAT16: 1.0, _CACHED: 0.5}
_PREDICTIONS, _TOP_K = 20, 16
# The allocator of a GPU, which counts.
_ALLOCATOR = {'TF_CPU_ALLOCATOR_USE_BFC': 'true',
              'TF_CPU_BFC_MEM_LIMIT_IN_MB': '8000'}


@dataclasses.dataclass(frozen=True)
class _Contender:
  """Who trains what; `block` counts from 0 and is None in distillation."""
  name: str
  lower_blocks: str
  block: int | None
  blocks: int
  batch_size: int
  seq_length: int
  dropout: float
  teacher: str


@dataclasses.dataclass(frozen=True)
class _Result:
  """How a contender did; it reports the losses of its first step."""
  contender: _Contender
  timing: interleaving.Timing


def main(argv: list[str]) -> None:
  del argv
  stages = _stages()
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
  print(_describe_machine(), flush=True)
  results = []
  with tempfile.TemporaryDirectory() as folder:
    teacher = os.path.join(folder, 'teacher')
    # This process stays small, since a child's peak is at least its parent's.
    with interleaving.new_process() as process:
      process.submit(_write_teacher, _BLOCKS.value, teacher).result()
    for block in stages:
      results += _time_stage(block, teacher)
  print(f'\n{_compare(results)}\n\n{_judge(results)}\n\n{_NOTES}\n\n'
        f'{_describe_losses(results)}')
  if _JSON.value:
    files.write_text(_JSON.value, json.dumps(
        [dataclasses.asdict(result) for result in results], indent=1))


def _stages() -> list[int | None]:
  """Returns the blocks to be taught, None for distillation."""
  blocks = _BLOCKS.value
  names = _STAGES.value or [
      *dict.fromkeys((1, blocks // 2 + 1, blocks)), _DISTILLATION]
  accepted = [str(block + 1) for block in range(blocks)]
  stages: list[int | None] = []
  for name in map(str, names):
    if name not in (*accepted, _DISTILLATION):
      raise app.UsageError(
          f'--stages has {name!r}; accepted: 1 to {blocks}, {_DISTILLATION}.')
    stages.append(None if name == _DISTILLATION else int(name) - 1)
  return stages


def _name_stage(block: int | None) -> str:
  return 'Distillation' if block is None else f'Transfer to block {block + 1}'


def _describe_machine() -> str:
  """Returns what the figures depend on: bfloat16 is of use to some only."""
  hardware = machine.hardware()
  bfloat16 = any('bf16' in name for name in hardware['instruction_set'])
  return (
      f'{machine.describe_hardware(hardware)}; bfloat16 in '
      f'hardware: {"yes" if bfloat16 else "no"}; TF_ENABLE_ONEDNN_OPTS='
      f'{os.environ.get("TF_ENABLE_ONEDNN_OPTS", "(unset)")}\n'
      f'{_BLOCKS.value} blocks, {_BATCH_SIZE.value} x {_SEQ_LENGTH.value} '
      f'tokens, median of {_ROUNDS.value} steps')


def _time_stage(block: int | None, teacher: str) -> list[_Result]:
  """Times all contenders of a stage in turn."""
  results = []
  for lower_blocks in [_ALL] if block is None else [_TRAINED, _FROZEN]:
    names = [_MODEL_GARDEN, _WITHOUT_DROPOUT, _OURS, _OURS_BFLOAT16, _TEACHER]
    if block is None:
      names.insert(-1, _CACHED)
    contenders = [
        _Contender(name, lower_blocks, block, _BLOCKS.value, _BATCH_SIZE.value,
                   _SEQ_LENGTH.value, _dropout(name), teacher)
        for name in names]
    timings = interleaving.time_interleaved(
        [functools.partial(_start, contender) for contender in contenders],
        _ROUNDS.value, _peak_memory)
    results += [_Result(contender, timing) for contender, timing in zip(
        contenders, timings, strict=True)]
  return results


def _dropout(name: str) -> float:
  return _DROPOUT if name == _MODEL_GARDEN else 0.0


def _compare(results: list[_Result]) -> str:
  """Returns the table of all stages."""
  rows = []
  for result in results:
    timing, garden = result.timing, _peer(results, result, _MODEL_GARDEN)
    teacher = _peer(results, result, _TEACHER)
    rows.append((
        _name_stage(result.contender.block), result.contender.lower_blocks,
        result.contender.name, formatting.quantity(timing.median, 's'),
        f'{min(timing.seconds):.2f} to {max(timing.seconds):.2f}',
        formatting.decimal(timing.median / teacher.median),
        formatting.decimal(garden.median / timing.median),
        formatting.quantity(timing.memory / 1e9, 'GB'),
        formatting.decimal(timing.memory / garden.memory)))
  return _format(rows, ('Stage', 'Lower blocks', 'Trains'), (
      'Step', 'Range', 'of teacher', 'Throughput', 'Peak memory', 'of theirs'))


def _peer(results: list[_Result], result: _Result,
          name: str) -> interleaving.Timing:
  """Returns what another contender did of the same task."""
  task = dataclasses.replace(
      result.contender, name=name, dropout=_dropout(name))
  [found] = [each.timing for each in results if each.contender == task]
  return found


def _judge(results: list[_Result]) -> str:
  """Returns the table of targets: met or missed, and by what."""
  rows = []
  for result in results:
    contender, timing = result.contender, result.timing
    stage = f'{_name_stage(contender.block)}, {contender.lower_blocks}'
    garden = _peer(results, result, _MODEL_GARDEN)

    def judge(what: str, found: float, is_met: bool, target: str,
              start: tuple[str, ...] = (stage, contender.name)) -> None:
      rows.append((*start, what, formatting.decimal(found), target,
                   'met' if is_met else 'MISSED'))

    if contender.name == _OURS:
      most = _MOST_OF_TEACHER[contender.lower_blocks]
      ratio = timing.median / _peer(results, result, _TEACHER).median
      judge("time, of the teacher's", ratio, ratio <= most, f'up to {most}')
    if least := _LEAST_OF_GARDEN.get(contender.name):
      ratio = garden.median / timing.median
      judge('throughput, of theirs', ratio, ratio >= least, f'from {least}')
    if most := _MOST_MEMORY.get(contender.name):
      ratio = timing.memory / garden.memory
      judge('memory, of theirs', ratio, ratio <= most, f'up to {most}')
  return _format(rows, ('Stage', 'Trains', 'What'), ('Found', 'Target', ''))


def _format(rows: list[tuple[str, ...]], words: tuple[str, ...],
            numbers: tuple[str, ...]) -> str:
  """Returns a table of columns of words, and then of numbers."""
  columns = [text_lib.Column(title, align) for titles, align in (
      (words, 'left'), (numbers, 'right')) for title in titles]
  return text_lib.format_table(text_lib.Table(columns, tuple(rows)))


_NOTES = (
    'Throughput: the ratio to that of the Model Garden, of medians. That of '
    'the teacher alone is more than any step in float32 with a live teacher '
    'can reach here. With lower blocks trained the Model Garden trains the '
    'embeddings in transfer too, as it always does, and we never; both losses '
    'have the same terms but for attention, which it passes through the '
    'softmax twice.')


def _describe_losses(results: list[_Result]) -> str:
  """Returns what a teacher in bfloat16 changes in the losses it teaches."""
  rows = []
  for result in results:
    contender = result.contender
    if contender.name != _OURS or contender.lower_blocks == _FROZEN:
      continue  # The first step is the same, frozen or not.
    rounded = _peer(results, result, _OURS_BFLOAT16).report
    rows += [
        (_name_stage(contender.block), term, f'{value:.6g}',
         f'{rounded[term]:.6g}',
         f'{abs(rounded[term] - value) / max(abs(value), 1e-30):.1e}')
        for term, value in result.timing.report.items()]
  return _format(rows, ('First step of', 'Loss'), (
      'float32 teacher', 'bfloat16 teacher', 'Difference'))


# What follows runs in the processes.

def _start(contender: _Contender
           ) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns the contender's step, and what reads its losses."""
  os.environ.update(_ALLOCATOR)
  make = {_MODEL_GARDEN: _model_garden_step,
          _WITHOUT_DROPOUT: _model_garden_step, _TEACHER: _teacher_step}
  return make.get(contender.name, _our_step)(contender)


def _peak_memory() -> int:
  import tensorflow as tf
  return tf.config.experimental.get_memory_info('CPU:0')['peak']


def _write_teacher(blocks: int, folder: str) -> None:
  """Writes a random teacher, in the format that both read."""
  import tf_keras

  from mobilebert_tf import checkpoints
  from mobilebert_tf import modeling

  tf_keras.utils.set_random_seed(0)
  teacher = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(
      modeling.get_architecture('ib_bert_large', num_blocks=blocks)))
  checkpoints.write(checkpoints.of_model(teacher), folder, 'model_garden')


def _batch(contender: _Contender, vocab_size: int) -> dict[str, Any]:
  """Returns a batch of random tokens, without padding."""
  import numpy as np
  import tensorflow as tf

  from mobilebert_tf.data import answer_records

  rng, size = np.random.default_rng(0), contender.batch_size
  tokens = (size, contender.seq_length)
  predictions = (size, _PREDICTIONS)
  batch = {
      'input_word_ids': rng.integers(0, vocab_size, tokens),
      'input_mask': np.ones(tokens),
      'input_type_ids': np.zeros(tokens),
      'masked_lm_positions': rng.integers(0, tokens[1], predictions),
      'masked_lm_ids': rng.integers(0, vocab_size, predictions),
      'next_sentence_labels': rng.integers(0, 2, (size, 1)),
      answer_records.IDS: rng.integers(0, vocab_size, (*predictions, _TOP_K)),
  }
  # As if every answer were equally probable: the values cost no time.
  share = -np.log(_TOP_K + 1.0)
  return {'masked_lm_weights': tf.ones(predictions),
          answer_records.LOG_PROBABILITIES: tf.fill(
              (*predictions, _TOP_K), np.float32(share)),
          answer_records.REST: tf.fill(predictions, np.float32(share)),
          **{name: tf.constant(value, tf.int32)
             for name, value in batch.items()}}


def _our_task(contender: _Contender) -> tuple[Any, Any, Any]:
  """Returns our task in the contender's stage, the student, the optimizer."""
  import tf_keras

  from mobilebert_tf import modeling
  from mobilebert_tf.training import experiments  # noqa: F401
  from mobilebert_tf.distillation import task as task_lib
  from mobilebert_tf.tasks.pretraining import task as pretraining_task_lib
  from official.core import exp_factory
  from official.nlp.configs import bert

  tf_keras.utils.set_random_seed(1)
  config = exp_factory.get_exp_config('mobilebert/distill')
  student = modeling.get_architecture('mobilebert', num_blocks=contender.blocks)
  config.task.model = bert.PretrainerConfig(
      encoder=pretraining_task_lib.encoder_config(student))
  config.task.teacher = modeling.get_architecture(
      'ib_bert_large', num_blocks=contender.blocks)
  config.task.teacher_checkpoint = contender.teacher
  if contender.name == _OURS_BFLOAT16:
    config.task.teacher_dtype = 'bfloat16'
  if contender.name == _CACHED:
    config.task.train_data.use_teacher_answers = True
    config.task.schedule.strategy = 'none'
  if contender.lower_blocks == _FROZEN:
    config.task.schedule.lower_multiplier = 0.0
  task = task_lib.DistillationTask(config.task)
  model = task.build_model()
  if contender.name != _CACHED:  # It starts from the end of its transfer.
    task.initialize(model)
  optimizer = task.create_optimizer(config.trainer.optimizer_config)
  optimizer.build(model.trainable_variables)
  task.enter_stage(_stage_index(contender, task), model, optimizer)
  return task, model, optimizer


def _stage_index(contender: _Contender, task: Any) -> int:
  return (len(task.stages) - 1 if contender.block is None
          else contender.block)


def _our_step(contender: _Contender
              ) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns our step, and what reads the losses since the start."""
  import tensorflow as tf

  task, model, optimizer = _our_task(contender)
  metrics = task.build_metrics(training=True)
  step = tf.function(
      lambda batch: task.train_step(batch, model, optimizer, metrics))
  batch = _batch(contender, model.encoder.architecture.vocab_size)

  def losses() -> dict[str, float]:
    stage = task.stages[_stage_index(contender, task)]
    values = {metric.name: metric.result() for metric in metrics
              if metric.name in task.stage_metrics(stage)}
    transfer = values.pop('transfer', None)
    if transfer is not None:
      values |= {name: value for name, value in task.name_losses(
          transfer, stage.student_blocks).items() if '/' not in name}
    return {name: float(value) for name, value in values.items()
            if name != 'masked_lm_accuracy'}

  return lambda: _finish(step(batch)), losses


def _teacher_step(contender: _Contender
                  ) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns what the teacher has to do in a step, and nothing else."""
  import tensorflow as tf

  task, model, _ = _our_task(contender)
  run = tf.function(task.graph.teach)
  batch = _batch(contender, model.encoder.architecture.vocab_size)
  return lambda: tf.nest.map_structure(
      lambda output: output[(0,) * output.shape.rank].numpy(),
      run(batch)), dict


def _model_garden_step(
    contender: _Contender) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns the step of the Model Garden's task, as its trainer runs it."""
  import tensorflow as tf, tf_keras

  _supply_missing_module()
  from official.nlp.data import pretrain_dataloader
  from official.projects.mobilebert import distillation

  tf_keras.utils.set_random_seed(1)
  progressive = distillation.BertDistillationProgressiveConfig()
  progressive.layer_wise_distill_config.if_freeze_previous_layers = (
      contender.lower_blocks == _FROZEN)
  data = pretrain_dataloader.BertPretrainDataConfig
  task = distillation.BertDistillationTask(
      strategy=tf.distribute.get_strategy(),
      progressive=progressive,
      optimizer_config=_model_garden_optimization(),
      task_config=distillation.BertDistillationTaskConfig(
          teacher_model=_model_garden_model(
              contender, activation='gelu', intermediate_size=4096,
              intra_bottleneck_size=1024, key_query_shared_bottleneck=False,
              num_feedforward_networks=1, normalization_type='layer_norm'),
          student_model=_model_garden_model(
              contender, activation='relu', intermediate_size=512,
              intra_bottleneck_size=128, key_query_shared_bottleneck=True,
              num_feedforward_networks=4, normalization_type='no_norm'),
          teacher_model_init_checkpoint=contender.teacher,
          train_data=data(), validation_data=data(is_training=False)))
  stage = (task.num_stages() - 1 if contender.block is None
           else contender.block)
  task.enter_stage(stage)
  model, optimizer = task.get_model(stage), task.get_optimizer(stage)
  task.initialize(model)
  metrics = task.build_metrics(training=True)
  step = tf.function(
      lambda batch: task.train_step(batch, model, optimizer, metrics))
  batch = _batch(
      contender, task.task_config.student_model.encoder.get().word_vocab_size)
  return lambda: _finish(step(batch)), dict


def _model_garden_model(contender: _Contender, activation: str,
                        normalization_type: str, **sizes: Any) -> Any:
  """Returns student or teacher as its experiment's YAML file has them."""
  from official.nlp.configs import bert
  from official.nlp.configs import encoders

  is_student = normalization_type == 'no_norm'
  encoder = encoders.MobileBertEncoderConfig(
      num_blocks=contender.blocks,
      hidden_activation=activation,
      hidden_dropout_prob=0.0 if is_student else contender.dropout,
      attention_probs_dropout_prob=contender.dropout,
      normalization_type=normalization_type,
      classifier_activation=False,
      **sizes)
  heads = [bert.ClsHeadConfig(
      inner_dim=512, num_classes=2, dropout_rate=0.0, name='next_sentence')]
  return bert.PretrainerConfig(
      encoder=encoders.EncoderConfig(type='mobilebert', mobilebert=encoder),
      cls_heads=heads if is_student else [],
      mlm_activation=activation,
      mlm_initializer_range=0.02)


def _model_garden_optimization() -> Any:
  """Returns what `run_distillation.py` trains with."""
  from official.modeling import optimization

  return optimization.OptimizationConfig(
      optimizer=optimization.OptimizerConfig(
          type='lamb',
          lamb=optimization.LAMBConfig(
              weight_decay_rate=0.01,
              exclude_from_weight_decay=['LayerNorm', 'bias', 'norm'],
              clipnorm=1.0)),
      learning_rate=optimization.LrConfig(type='polynomial'),
      warmup=optimization.WarmupConfig(type='linear'))


def _supply_missing_module() -> None:
  """Puts in place of the missing module what the task inherits from it."""
  import tensorflow as tf

  from official.modeling.hyperparams import base_config

  class ProgressivePolicy:
    """Knows the stage, which the task's losses ask for."""

    def __init__(self):
      self._stage_id = tf.Variable(0, trainable=False, dtype=tf.int64)

    def enter_stage(self, index: int) -> None:
      """Sets the stage of the steps to come."""
      self._stage_id.assign(index)

  package = 'official.modeling.fast_training'
  for name in (package, f'{package}.progressive',
               f'{package}.progressive.policies'):
    sys.modules[name] = types.ModuleType(name)
  policies = sys.modules[name]
  policies.ProgressiveConfig = dataclasses.dataclass(
      type('ProgressiveConfig', (base_config.Config,), {}))
  policies.ProgressivePolicy = ProgressivePolicy
  sys.modules[f'{package}.progressive'].policies = policies


def _finish(outputs: dict[str, Any]) -> None:
  """Waits for a step to end."""
  for output in outputs.values():
    output.numpy()


if __name__ == '__main__':
  app.run(main)
