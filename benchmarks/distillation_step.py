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

For each stage the contenders are processes that take turns, a step each, so
that what else the machine does slows all of them; a ratio is that of two
medians. Memory is the peak of the process, TensorFlow and the start included,
one that trains in this stage alone.

The Model Garden's wheel lacks a module of its distiller
(`official.modeling.fast_training.progressive`). What the task needs of it, and
is no part of a step, is made up for here.
"""

from collections.abc import Iterable
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
_OURS, _OURS_BFLOAT16, _TEACHER = (
    'ours', 'ours, bfloat16 teacher', 'teacher alone')
_DROPOUT = 0.1  # Of the Model Garden's experiment.
_TRAINED, _FROZEN, _ALL = 'trained', 'frozen', 'all trained'
# How many times the Model Garden's throughput we want to have.
_TARGETS = {
    _OURS: {_TRAINED: 3.0, _FROZEN: 2.0, _ALL: 2.5},
    _OURS_BFLOAT16: {_TRAINED: 5.0, _FROZEN: 3.5, _ALL: 3.5},
}
_PREDICTIONS = 20


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
      results.append(_time_stage(block, teacher))
      print(f'\n{_name_stage(block)}\n{_compare(results[-1])}', flush=True)
  print(f'\n{_NOTES}\n\n{_describe_losses(results)}\n\n{_judge(results)}')
  if _JSON.value:
    files.write_text(_JSON.value, json.dumps(
        [dataclasses.asdict(result) for stage in results for result in stage],
        indent=1))


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
  contenders = [
      _Contender(name, lower_blocks, block, _BLOCKS.value, _BATCH_SIZE.value,
                 _SEQ_LENGTH.value, _DROPOUT if name == _MODEL_GARDEN else 0.0,
                 teacher)
      for lower_blocks in ([_ALL] if block is None else [_TRAINED, _FROZEN])
      for name in (
          _MODEL_GARDEN, _WITHOUT_DROPOUT, _OURS, _OURS_BFLOAT16, _TEACHER)
  ]
  timings = interleaving.time_interleaved(
      [functools.partial(_start, contender) for contender in contenders],
      _ROUNDS.value)
  return [_Result(contender, timing) for contender, timing in zip(
      contenders, timings, strict=True)]


def _compare(results: list[_Result]) -> str:
  """Returns the table of a stage."""
  rows = []
  for result, garden in _pairs(results):
    ours = result is not garden
    timing, theirs = result.timing, garden.timing
    ratios = [their_step / step for their_step, step in zip(
        theirs.seconds, timing.seconds, strict=True)]
    target = _TARGETS.get(result.contender.name, {}).get(
        result.contender.lower_blocks)
    ratio = theirs.median / timing.median
    rows.append((
        result.contender.lower_blocks, result.contender.name,
        formatting.quantity(timing.median, 's'),
        f'{min(timing.seconds):.2f} to {max(timing.seconds):.2f}',
        formatting.decimal(ratio) if ours else '',
        f'{min(ratios):.2f} to {max(ratios):.2f}' if ours else '',
        f'{target:g}, {_verdict(ratio >= target)}' if target else '',
        formatting.quantity(timing.memory / 1e9, 'GB'),
        formatting.decimal(timing.memory / theirs.memory) if ours else ''))
  columns = [text_lib.Column(title, 'left' if i in (0, 1, 6) else 'right')
             for i, title in enumerate((
                 'Lower blocks', 'Trains', 'Step', 'Range', 'Throughput',
                 'Range of it', 'Target', 'Peak memory', 'of theirs'))]
  return text_lib.format_table(text_lib.Table(columns, tuple(rows)))


def _pairs(results: list[_Result]) -> Iterable[tuple[_Result, _Result]]:
  """Yields each result with the Model Garden's of the same task."""
  gardens = {result.contender.lower_blocks: result for result in results
             if result.contender.name == _MODEL_GARDEN}
  for result in results:
    yield result, gardens[result.contender.lower_blocks]


_NOTES = (
    'Throughput: the ratio to that of the Model Garden, of medians; its range '
    'is of rounds. That of the teacher alone is more than any step in float32 '
    'can reach here. With lower blocks trained the Model Garden trains the '
    'embeddings in transfer too, as it always does, and we never; both losses '
    'have the same terms but for attention, which it passes through the '
    'softmax twice.')


def _describe_losses(stages: list[list[_Result]]) -> str:
  """Returns what a teacher in bfloat16 changes in the losses it teaches."""
  rows = []
  for results in stages:
    by_name = {(r.contender.name, r.contender.lower_blocks): r.timing.report
               for r in results}
    for lower_blocks in (_TRAINED, _ALL):  # The first step is the same frozen.
      exact = by_name.get((_OURS, lower_blocks), {})
      rounded = by_name.get((_OURS_BFLOAT16, lower_blocks), {})
      rows += [
          (_name_stage(results[0].contender.block), term,
           f'{value:.6g}', f'{rounded[term]:.6g}',
           f'{abs(rounded[term] - value) / max(abs(value), 1e-30):.1e}')
          for term, value in exact.items()
      ]
  columns = [text_lib.Column(title, 'left' if i < 2 else 'right')
             for i, title in enumerate((
                 'First step of', 'Loss', 'float32 teacher', 'bfloat16 teacher',
                 'Difference'))]
  return text_lib.format_table(text_lib.Table(columns, tuple(rows)))


def _judge(stages: list[list[_Result]]) -> str:
  """Returns a line for each target: met or missed, and where it stands."""
  lines = []
  for name, targets in _TARGETS.items():
    for lower_blocks, target in targets.items():
      pairs = [
          (result.timing, garden.timing) for results in stages
          for result, garden in _pairs(results)
          if (result.contender.name, result.contender.lower_blocks)
          == (name, lower_blocks)
      ]
      if not pairs:
        continue
      each = [garden.median / result.median for result, garden in pairs]
      total = (sum(garden.median for _, garden in pairs)
               / sum(result.median for result, _ in pairs))
      memory = max(
          result.memory / garden.memory for result, garden in pairs)
      lines.append(
          f'{name}, {lower_blocks}: {total:.2f} times the throughput over all '
          f'stages timed ({", ".join(f"{ratio:.2f}" for ratio in each)}), '
          f'target {target:g} {_verdict(total >= target)} over all and '
          f'{_verdict(min(each) >= target)} in each; memory up to {memory:.2f} '
          f'of theirs, target 1 {_verdict(memory <= 1)}')
  return '\n'.join(lines)


def _verdict(is_met: bool) -> str:
  return 'met' if is_met else 'MISSED'


# What follows runs in the processes.

def _start(contender: _Contender
           ) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns the contender's step, and what reads its losses."""
  make = {_MODEL_GARDEN: _model_garden_step,
          _WITHOUT_DROPOUT: _model_garden_step, _TEACHER: _teacher_step}
  return make.get(contender.name, _our_step)(contender)


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
  }
  return {'masked_lm_weights': tf.ones(predictions),
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
  if contender.lower_blocks == _FROZEN:
    config.task.schedule.lower_multiplier = 0.0
  task = task_lib.DistillationTask(config.task)
  model = task.build_model()
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
    values = {metric.name: metric.result() for metric in metrics
              if metric.name in task.stage_metrics}
    transfer = values.pop('transfer', None)
    if transfer is not None:
      stage = task.stages[_stage_index(contender, task)]
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
  run = tf.function(task.teach)
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
