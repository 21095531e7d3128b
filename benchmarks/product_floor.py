# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Says how much of an int8 file's time its matrix products take alone.

python benchmarks/product_floor.py --length=128

LiteRT has no profile by operator in Python, so each shape of product in a block
is a file of its own, of `dynamic` int8 like ours: products one after another,
there and back, with weights of their own, as in the model. All files and the
whole encoder take turns on one thread. What products alone take is a floor for
every file of this architecture that LiteRT runs.
"""

import collections
import functools
import math
import pathlib
import tempfile
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import interleaving
from benchmarks.engines import contender
from benchmarks.engines import litert
from mobilebert_tf.common import machine
from mobilebert_tf.modeling import layout as layout_lib
from mobilebert_tf.reporting import text as text_lib

_ARCHITECTURE = flags.DEFINE_string(
    'architecture', 'mobilebert', 'Name of the architecture.')
_LENGTH = flags.DEFINE_integer(
    'length', 128, 'Length in tokens.', lower_bound=8)
_ROUNDS = flags.DEFINE_integer('rounds', 15, 'Turns of each.', lower_bound=1)
_PAIRS = 12  # Products of a file, each there and back.
_INPUT, _OUTPUT = 'stream', 'result'


def main(argv: list[str]) -> None:
  del argv
  length, layout = _LENGTH.value, layout_lib.encoder_layout(_ARCHITECTURE.value)
  counts = _shapes(layout.block)
  with tempfile.TemporaryDirectory() as folder:
    whole = pathlib.Path(folder, 'whole.tflite')
    files = [pathlib.Path(folder, f'{i}.tflite') for i in range(len(counts))]
    with interleaving.new_process() as process:
      process.submit(_write_whole, whole, _ARCHITECTURE.value, length).result()
      for path, shape in zip(files, counts, strict=True):
        process.submit(_write_products, path, shape, length).result()
    timed, *products = interleaving.time_interleaved(
        [functools.partial(_start, str(path), length, width)
         for path, width in ((whole, 0), *zip(
             files, (inputs for inputs, _ in counts), strict=True))],
        _ROUNDS.value)
  rows, total = [], 0.0
  for ((inputs, outputs), count), timing in zip(
      counts.items(), products, strict=True):
    each = timing.median / (2 * _PAIRS)
    seconds = each * count * layout.num_blocks
    total += seconds
    rows.append((f'{inputs} x {outputs}', str(count), f'{1e3 * seconds:.2f}',
                 f'{2e-9 * length * inputs * outputs / each:.0f}',
                 f'{seconds / timed.median:.1%}'))
  rows += [('all products', str(sum(counts.values())), f'{1e3 * total:.2f}',
            f'{1e-9 * _operations(counts, layout, length) / total:.0f}',
            f'{total / timed.median:.1%}'),
           ('the encoder', '', f'{1e3 * timed.median:.2f}', '', '')]
  print(f'{_ARCHITECTURE.value}, dynamic int8, {length} tokens, one thread, '
        f'medians of {_ROUNDS.value} turns; {machine.describe_hardware()}\n')
  titles = ('Product', 'In a block', 'Milliseconds', 'G operations/s', 'Share')
  print(text_lib.format_table(text_lib.Table(tuple(
      text_lib.Column(title, 'right' if i else 'left')
      for i, title in enumerate(titles)), tuple(rows))))


def _shapes(block: layout_lib.BlockLayout) -> dict[tuple[int, int], int]:
  """Returns how many products of each shape a folded block has.

  Those before attention that read one tensor are one product.
  """
  joined = [(reading[0].shape[0], sum(each.shape[1] for each in reading))
            for reading in block.projections.values()]
  return collections.Counter(
      [*joined, *(each.shape for each in block.after_attention)])


def _operations(counts: dict[tuple[int, int], int],
                layout: layout_lib.EncoderLayout, length: int) -> int:
  return 2 * length * layout.num_blocks * sum(
      count * math.prod(shape) for shape, count in counts.items())


# What follows runs in the processes.


def _write_whole(path: pathlib.Path, architecture: str, length: int) -> None:
  """Writes the encoder as our exports do, with random weights."""
  from mobilebert_tf import modeling
  from mobilebert_tf.inference import rewriting

  model = rewriting.rewrite(modeling.MobileBertEncoder(architecture))
  litert.convert(
      model, lambda *inputs: model(list(inputs))[contender.HIDDEN], length,
      {str(path): 'dynamic'})


def _write_products(path: pathlib.Path, shape: tuple[int, int],
                    length: int) -> None:
  """Writes products of a shape, one after another, there and back."""
  import tensorflow as tf

  rng = np.random.default_rng(0)
  module = tf.Module()
  module.kernels = [tf.Variable(
      rng.normal(scale=sizes[0] ** -0.5, size=sizes).astype(np.float32))
                    for sizes in (shape, shape[::-1]) * _PAIRS]

  @tf.function(input_signature=[
      tf.TensorSpec([1, length, shape[0]], tf.float32, _INPUT)])
  def serve(stream: tf.Tensor) -> dict[str, tf.Tensor]:
    for kernel in module.kernels:
      stream = tf.matmul(stream, kernel)
    return {_OUTPUT: stream}

  name = litert.signature(length)
  with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(module, folder, signatures={name: serve})
    litert.write(folder, [name], str(path), 'dynamic')


def _start(path: str, length: int,
           width: int) -> tuple[interleaving.Step, Any]:
  """Opens a file of products of a width, or of the encoder if it is 0."""
  from mobilebert_tf.deployment import tflite_engines

  engine, name = tflite_engines.open_engine(path, 1), litert.signature(length)
  values = {_INPUT: np.random.default_rng(0).normal(
      size=[1, length, width]).astype(np.float32)} if width else {
          each: np.ones([1, length], np.int32) for each in contender.INPUTS}
  return lambda: engine.run(name, values), lambda: None


if __name__ == '__main__':
  app.run(main)
