# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Readers that are fuzzed, each with a file that it can read.

A target writes whole files into a folder and returns the one to mutate, and a
function that reads it. Heavy imports belong inside, so that a target pays for
its own alone.
"""

from collections.abc import Callable, Sequence
import gzip
import json
import math
import pathlib
import struct
from typing import Any

import numpy as np

Target = Callable[[pathlib.Path], tuple[pathlib.Path, Callable[[], object]]]

_ROWS = ('text\tlabel\n' + 'a “fine” film\tgood\n' + 'dull, and long\tbad\n'
         + 'Straße 中国 😀\tgood\n')
_CONLL = '-DOCSTART- O\n\nAnna B-PER\nSmith I-PER\nsings O\n\nParis B-LOC\n'
_SQUAD = {'version': 'v2.0', 'data': [{'title': 'A', 'paragraphs': [
    {'context': 'Anna was born in Paris 😀 in 1902.', 'qas': [
        {'id': 'a', 'question': 'Where?', 'is_impossible': False,
         'answers': [{'text': 'Paris', 'answer_start': 17}]},
        {'id': 'b', 'question': 'Why?', 'is_impossible': True,
         'answers': []}]}]}]}
_YAML = ('task: {model: {encoder: {type: any, any: &a {num_blocks: 2}}}}\n'
         'trainer:\n  train_steps: 10\n  list: [1, 2.5, "x", null, 2020-01-01]'
         '\n')
_TEXT = 'One sentence. Two more words.\nA line.\n\nAnother document 中国.\n'


def _text(name: str, content: str, read: Callable[[str], object]) -> Target:
  def make(folder: pathlib.Path):
    path = folder / name
    data = content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith('.gz') else data)
    return path, lambda: read(str(path))
  return make


def _documents(path: str) -> object:
  from mobilebert_tf.data import corpus
  return list(corpus.read_documents(path))


def _rows(path: str) -> object:
  from mobilebert_tf.tasks.classification import loader
  return loader.read_examples(path)


def _sentences(path: str) -> object:
  from mobilebert_tf.data import conll
  return conll.read_sentences(path)


def _questions(path: str) -> object:
  from mobilebert_tf.data import squad
  return squad.read(path)


def _yaml(path: str) -> object:
  from mobilebert_tf.common import files
  return files.read_yaml(path)


def _json(path: str) -> object:
  from mobilebert_tf.common import files
  return files.read_json(path)


def _vocabulary(path: str) -> object:
  from mobilebert_tf.text import vocabulary
  return vocabulary.Vocabulary.read(path)


def _checkpoint(checkpoint_format: str, name: str) -> Target:
  """Returns a target that mutates a file of a tiny checkpoint."""
  def make(folder: pathlib.Path):
    from mobilebert_tf import checkpoints
    from mobilebert_tf import modeling
    from mobilebert_tf.checkpoints import formats
    from tests.inference import tiny_classifier
    model = modeling.MobileBertClassifier(
        modeling.MobileBertEncoder(tiny_classifier.architecture()), 3)
    output = folder / 'hugging_face'
    model.save_pretrained(
        str(output), vocab_file=tiny_classifier.write_vocabulary(str(folder)),
        lower_case=True)
    if checkpoint_format != 'hugging_face':
      formats.convert(str(output), str(folder / checkpoint_format),
                      checkpoint_format)
      output = folder / checkpoint_format
    [path] = output.glob(name)
    return path, lambda: checkpoints.read(str(output))
  return make


def _records(folder: pathlib.Path):
  import tensorflow as tf
  from mobilebert_tf.data import record_files
  from mobilebert_tf.tasks.pretraining import loader
  from tests.data import written_records
  vocabulary = folder / 'vocab.txt'
  vocabulary.write_text('\n'.join(written_records.TOKENS) + '\n')
  records = folder / 'records'
  written_records.write_folder(
      str(records), [written_records.dynamic_records(6)], str(vocabulary))
  [path] = records.glob('*.tfrecord')

  def read() -> object:
    params = loader.MobileBertPretrainDataConfig(
        input_path=str(records), vocab_file=str(vocabulary), seq_length=33,
        max_predictions_per_seq=4, global_batch_size=2, is_training=False)
    try:
      return list(loader.MobileBertPretrainDataLoader(params).load())
    except tf.errors.OpError as error:
      raise ValueError(record_files.find_damage([str(path)]) or error.message
                       ) from error
  return path, read


def _tflite(folder: pathlib.Path):
  """Mutates the flatbuffer, and then makes its checksums right."""
  from mobilebert_tf.deployment import tflite_file
  from mobilebert_tf.tasks import registry
  from tests.deployment import tiny_tflite
  made = tiny_tflite.build(folder)
  path = folder / 'flatbuffer'
  path.write_bytes(made.flatbuffer)

  def read() -> object:
    made.path.write_bytes(tflite_file.pack(
        path.read_bytes(), made.metadata, tiny_tflite.VOCABULARY))
    return registry.TFLiteRunner(made.path).answer(['w1 w2', ''])
  return path, read


def _served(folder: pathlib.Path):
  """Mutates a request: the shape, the type and the values of each input."""
  import tensorflow as tf
  from mobilebert_tf.deployment import served_module
  from tests.deployment import hostile_requests
  from tests.inference import tiny_classifier
  module = served_module.build(tiny_classifier.build(str(folder)))
  tf.saved_model.save(
      module, str(folder / 'model'),
      signatures=module.get_inference_signatures(
          {name: name for name in ('serve', 'serve_examples', 'serve_text')}))
  session = tf.compat.v1.Session(graph=tf.Graph())
  with session.graph.as_default():
    loaded = tf.compat.v1.saved_model.load(
        session, ['serve'], str(folder / 'model'))
  signatures = [
      (list(signature.inputs.values()),
       hostile_requests.callable_of(session, signature))
      for name, signature in sorted(loaded.signature_def.items())
      if name.startswith('serve')]
  path = folder / 'request'
  path.write_bytes(struct.pack('<4B', 2, 1, 2, 3) + b'w1 w2 \xff' * 6)
  return path, lambda: _send(signatures, path.read_bytes())


def _send(signatures: Sequence[tuple[Sequence[Any], Callable[..., object]]],
          data: bytes) -> object:
  """Makes a request of bytes: signature, rank, two sizes, then values."""
  import tensorflow as tf
  head, rest = data[:4].ljust(4, b'\0'), data[4:]
  inputs, call = signatures[head[0] % len(signatures)]
  shape = [size % 64 for size in head[2:]][:head[1] % 3]
  strings = [rest[i * 7 % (len(rest) or 1):][:30]
             for i in range(math.prod(shape))]
  values = []
  for i, given in enumerate(inputs):
    if given.dtype == tf.string.as_datatype_enum:
      value = np.array(strings, object)
    else:
      value = np.array([int.from_bytes(s[i:i + 4].ljust(4, b'\0'), 'little',
                                       signed=True) for s in strings], np.int32)
    values.append(value.reshape(shape))
  try:
    return call(*values)
  except tf.errors.InvalidArgumentError as error:  # What a client receives.
    raise ValueError(error.message.partition('\n')[0]) from error


TARGETS: dict[str, Target] = {
    'text': _text('a.txt', _TEXT, _documents),
    'text.gz': _text('a.txt.gz', _TEXT * 9, _documents),
    'JSON lines': _text('a.jsonl', '{"text": "One.\\nTwo."}\n' * 3, _documents),
    'TSV': _text('a.tsv', _ROWS, _rows),
    'CSV': _text('a.csv', 'text,label\n"a, b",x\n"c ""d""",y\n', _rows),
    'CoNLL': _text('a.conll', _CONLL, _sentences),
    'SQuAD': _text('a.json', json.dumps(_SQUAD), _questions),
    'YAML': _text('a.yaml', _YAML, _yaml),
    'JSON': _text('a.json', json.dumps(_SQUAD), _json),
    'vocabulary': _text('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n'
                        '##s\n中\n', _vocabulary),
    'safetensors': _checkpoint('hugging_face', 'model.safetensors'),
    'config.json': _checkpoint('hugging_face', 'config.json'),
    'TF checkpoint': _checkpoint('mobilebert_tf', '*.index'),
    'TFRecords': _records,
    'tflite': _tflite,
    'served request': _served,
}
