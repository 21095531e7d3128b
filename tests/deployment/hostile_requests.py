# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Sends requests that no client should send to every signature of a task.

python -m tests.deployment.hostile_requests TASK prints a JSON object a request:
what it was, what came of it, and by how much memory grew.
"""

from collections.abc import Callable, Iterator
import dataclasses
import json
import pathlib
import sys
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from mobilebert_tf import modeling
from mobilebert_tf.deployment import served_module
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import registry
from tests.deployment import tiny_tflite
from tests.inference import tiny_classifier

_SHAPES = ((), (1,), (3,), (0,), (2, 3), (2, 0), (0, 2), (2, 1, 2))
_HUGE = 1_000_000


def callable_of(session: tf.compat.v1.Session,
                signature: Any) -> Callable[..., list[np.ndarray]]:
  """Returns a signature as a server calls it: shapes are not looked at.

  It takes the inputs in the order of their names. (That of a protocol
  buffer's map differs from process to process.)
  `session.run` and `session.make_callable` do look at them.
  """
  return session._make_callable_from_options(  # pylint: disable=protected-access
      config_pb2.CallableOptions(
          feed=[signature.inputs[name].name
                for name in sorted(signature.inputs)],
          fetch=[output.name for output in signature.outputs.values()]))


def example(words: int, used: bool = True, **others: list[int]) -> bytes:
  """Returns an example of so many words, all of them tokens or none."""
  features = {'input_word_ids': [5] * words,
              'input_mask': [int(used)] * words, **others}
  return tf.train.Example(features=tf.train.Features(feature={
      name: tf.train.Feature(int64_list=tf.train.Int64List(value=values))
      for name, values in features.items()})).SerializeToString()


def build(task: str, folder: str) -> loading.TrainedModel:
  """Returns a tiny model of a task."""
  if task in ('classification', 'pairs', 'multi_label_classification'):
    trained = tiny_classifier.build(folder)
    if task == 'pairs':
      return dataclasses.replace(trained, pairs=True)
    return dataclasses.replace(trained, kind=registry.get(task))
  if task == 'embedding':
    trained = tiny_classifier.build(folder)
    return dataclasses.replace(
        trained, model=trained.model.encoder, labels=[],
        kind=registry.get(task))
  if task == 'sentence_embedding':
    trained = tiny_classifier.build(folder)
    return dataclasses.replace(
        trained, labels=[], kind=registry.get(task),
        model=modeling.SentenceEncoder(
            trained.model.encoder, 'attention', output_size=12))
  return {'regression': tiny_classifier.build_rating,
          'question_answering': tiny_classifier.build_span_labeler,
          'token_classification': tiny_classifier.build_tagger}[task](folder)


TASKS = (*tiny_tflite.TASKS, 'pairs')


def _requests(inputs: dict[str, Any]) -> Iterator[tuple[str, list[np.ndarray]]]:
  """Yields requests of a signature with their names.

  Args:
    inputs: The signature's inputs, in the order of the values in a request.
  """
  strings = {name for name, info in inputs.items()
             if info.dtype == tf.string.as_datatype_enum}

  text = example(3) if 'examples' in inputs else b'w1 w2'

  def fill(shape: tuple[int, ...]) -> list[np.ndarray]:
    return [np.full(shape, text, object) if name in strings
            else np.ones(shape, np.int32) for name in inputs]

  for shape in ((3,), (3, 2)):  # What the first call costs is not counted.
    yield 'usual', fill(shape)
  for shape in _SHAPES:
    yield f'shape {shape}', fill(shape)
    if len(inputs) > 1:
      # The others are right, so that the error is about the first.
      right = fill((2,) if strings else (2, 3))
      yield f'one of shape {shape}', [fill(shape)[0], *right[1:]]
  if not strings:
    yield 'a long row', fill((1, _HUGE))
    masked = fill((1000, 4000))
    masked[list(inputs).index('input_mask')][:] = 0
    yield 'masked rows', masked
    yield 'unknown ids', [-7 * each for each in fill((2, 3))]
    return
  if 'examples' in inputs:
    for name, long in (('masked', example(_HUGE, used=False)),
                       ('long', example(_HUGE)),
                       ('other lengths', example(3, input_type_ids=[0] * 5))):
      yield f'{name} and tiny', [np.array([long] + [example(1)] * 1000, object)]
    yield 'no examples', [np.array([b'', b'w1'], object)]
    return
  if list(inputs) == ['words']:
    words = np.full((2, 20_000), b'', object)
    words[0] = b'w1'
    yield 'a long row', [words]
    yield 'a long word', [np.array([[b'w' * _HUGE, b'w1']], object)]
    return
  for name, long in (('words', b'w1 ' * (_HUGE // 3)), ('a word', b'w' * _HUGE),
                     ('no UTF-8', b'\xff\xc3' * 1000), ('a NUL', b'\0w1\0')):
    for others in (0, 1000):
      rows = np.array([long] + [b'w2'] * others, object)
      yield f'{name} and {others} tiny', [rows] * len(inputs)


def _peak() -> int:
  """Returns the most memory that this process has had, in MB."""
  status = pathlib.Path('/proc/self/status').read_text()
  [line] = [x for x in status.splitlines() if x.startswith('VmHWM')]
  return int(line.split()[1]) // 1024


def main(task: str) -> None:
  with tempfile.TemporaryDirectory() as folder:
    module = served_module.build(build(task, folder))
    path = f'{folder}/model'
    tf.saved_model.save(
        module, path,
        signatures=module.get_inference_signatures(module.signatures))
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
      loaded = tf.compat.v1.saved_model.load(session, ['serve'], path)
  for name, signature in sorted(loaded.signature_def.items()):
    if not name.startswith('serv'):
      continue
    call = callable_of(session, signature)
    inputs = {name: signature.inputs[name] for name in sorted(signature.inputs)}
    for request, values in _requests(inputs):
      before = _peak()
      try:
        rows = {output: value.shape for output, value in zip(
            signature.outputs, call(*values), strict=True)}
        outcome = {'rows': sorted({shape[0] for shape in rows.values()})}
      except tf.errors.InvalidArgumentError as error:
        outcome = {'error': error.message.partition('\n')[0]}
      print(json.dumps({
          'signature': name, 'request': request, **outcome,
          'shape': list(values[0].shape), 'grown_mb': _peak() - before}),
            flush=True)


if __name__ == '__main__':
  main(sys.argv[1])
