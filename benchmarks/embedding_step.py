# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times training of a sentence encoder beside its forward and backward pass.

python benchmarks/embedding_step.py --vectors=embeddings_output/vectors \
  --start=embeddings_output/small_0_start

Ours is the whole step as `finetune --task=embedding` takes it: texts and the
teacher's vectors are read, losses and signs of a collapse computed, gradients
clipped and applied. The floor is the pass of the same student on the same
batches, which are in memory, under a loss that costs nothing. Both are
processes that take turns, `--steps` steps each.
"""

import functools
from typing import Any

from absl import app
from absl import flags

from benchmarks import interleaving
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_VECTORS = flags.DEFINE_string(
    'vectors', None, "Folder of a teacher's vectors (mobilebert embed).",
    required=True)
_START = flags.DEFINE_string(
    'start', None, 'Folder of a student (mobilebert start_student).',
    required=True)
_BATCH_SIZE = flags.DEFINE_integer('batch_size', 128, 'Texts of a step.')
_MAX_LENGTH = flags.DEFINE_integer('max_length', 48, 'Tokens of a text.')
_STEPS = flags.DEFINE_integer('steps', 20, 'Steps of a turn.', lower_bound=1)
_ROUNDS = flags.DEFINE_integer('rounds', 7, 'Turns of each.', lower_bound=1)

_SEED, _RATE = 0, 2e-3
_MOST = 1.3  # Times the floor.
_Started = tuple[interleaving.Step, interleaving.Step]


def main(argv: list[str]) -> None:
  del argv
  settings = (_VECTORS.value, _START.value, _BATCH_SIZE.value,
              _MAX_LENGTH.value, _STEPS.value, _ROUNDS.value)
  whole, floor = interleaving.time_interleaved(
      [functools.partial(start, *settings)
       for start in (_start_training, _start_floor)], _ROUNDS.value)
  print(f'{machine.describe_hardware()}; {_BATCH_SIZE.value} texts a step, '
        f'median of {_ROUNDS.value} turns of {_STEPS.value} steps')
  rows = [(name, f'{1e3 * timing.median / _STEPS.value:.0f} ms',
           f'{timing.median / floor.median:.2f}')
          for name, timing in (('training', whole),
                               ('forward and backward pass', floor))]
  print(text_lib.format_table(text_lib.Table(
      tuple(text_lib.Column(name, 'right' if i else 'left') for i, name in
            enumerate(('What', 'Step', 'Of the pass'))), tuple(rows))))
  met = whole.median <= _MOST * floor.median
  print(f'At most {_MOST:g}: {"met" if met else "MISSED"}.')


# What follows runs in the processes.


def _start_training(vectors: str, start: str, batch_size: int, max_length: int,
                    steps: int, rounds: int) -> _Started:
  """Returns turns of the registered task with its optimizer."""
  import tensorflow as tf
  del rounds

  task, model, params = _build(vectors, start, batch_size, max_length)
  config = params.trainer.optimizer_config
  # The experiment leaves the length of training to the user.
  config.override({
      'learning_rate': {'polynomial': {
          'initial_learning_rate': _RATE, 'decay_steps': 7_000}},
      'warmup': {'polynomial': {'warmup_steps': 700}}})
  optimizer = task.create_optimizer(config)
  metrics = task.build_metrics(training=True)
  batches = iter(task.build_inputs(params.task.train_data))
  step = tf.function(
      lambda batch: task.train_step(batch, model, optimizer, metrics),
      reduce_retracing=True)

  def turn() -> None:
    for _ in range(steps):
      logs = step(next(batches))
    logs[task.loss].numpy()

  return turn, lambda: None


def _start_floor(vectors: str, start: str, batch_size: int, max_length: int,
                 steps: int, rounds: int) -> _Started:
  """Returns turns of passes over the batches that training sees."""
  import tensorflow as tf

  task, model, params = _build(vectors, start, batch_size, max_length)
  batches = iter(task.build_inputs(params.task.train_data))

  @tf.function(reduce_retracing=True)
  def differentiate(inputs: Any) -> list[tf.Tensor]:
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(model(inputs, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    # A graph leaves out what it does not return.
    return tf.nest.flatten([loss, gradients], expand_composites=True)

  queue = [next(batches)['inputs']['text']
           for _ in range(steps * (interleaving.WARM_UP + rounds))]

  def turn() -> None:
    for _ in range(steps):
      found = differentiate(queue.pop(0))
    found[0].numpy()

  return turn, lambda: None


def _build(vectors: str, start: str, batch_size: int,
           max_length: int) -> tuple[Any, Any, Any]:
  """Returns the task, its model from a start, and the experiment."""
  from mobilebert_tf import checkpoints
  from mobilebert_tf.data import vector_store
  from mobilebert_tf.training import experiments  # noqa: F401
  from official.core import exp_factory
  from official.core import task_factory

  params = exp_factory.get_exp_config('mobilebert/embedding')
  checkpoint = checkpoints.read(start)
  task, data = params.task, params.task.train_data
  task.model.encoder.any.override(checkpoint.architecture.as_dict())
  task.init_checkpoint = start
  data.vectors, data.vocab_file = vectors, f'{start}/vocab.txt'
  data.global_batch_size, data.seq_length = batch_size, max_length
  data.seed = _SEED
  task.model.output_size = vector_store.VectorStore.open(vectors, '').size
  built = task_factory.get_task(task)
  model = built.build_model()
  built.initialize(model)
  return built, model, params


if __name__ == '__main__':
  app.run(main)
