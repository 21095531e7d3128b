# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Whether an answer depends on the texts and the padding beside it.

python benchmarks/company.py --model_dir=runs/sst2 \
  --models=exported/saved_model,exported/sst2.tflite --text_file=texts.txt

Each text of a classifier is answered alone first. Then it is answered in
batches of 1 to 32 texts, drawn at random with their order: by the Keras model,
by the SavedModel, and by each `.tflite` file, which answers texts one after
another, with all its signatures that hold the text. The table has the answers
that changed, and the largest difference of a probability.

ONNX Runtime's dynamic int8 is measured beside them, on a MobileBERT of random
weights, where the extra `peers` is installed.
"""

from collections.abc import Callable, Iterator, Sequence
import os
import pathlib
import tempfile

from absl import app
from absl import flags
import numpy as np

from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'A fine-tuned classifier of single texts.',
    required=True)
_MODELS = flags.DEFINE_list('models', [], 'What was exported of it.')
_TEXT_FILE = flags.DEFINE_string(
    'text_file', None, 'Texts, one a line.', required=True)
_COMPOSITIONS = flags.DEFINE_integer(
    'compositions', 10_000, 'Batches that are answered.', lower_bound=1)
_TEXTS = flags.DEFINE_integer(
    'texts', 300, 'Texts that are drawn from.', lower_bound=2)
_SEED = flags.DEFINE_integer('seed', 0, 'Seed of the draws.')

_LARGEST_BATCH = 32
_ONNX_BLOCKS, _ONNX_LENGTH = 2, 32

Answer = Callable[[Sequence[int]], np.ndarray]


def main(argv: list[str]) -> None:
  del argv
  from mobilebert_tf.deployment import formats
  from mobilebert_tf.tasks import registry
  from mobilebert_tf.tasks.classification import predictor

  lines = pathlib.Path(_TEXT_FILE.value).read_text('utf-8').splitlines()
  texts = [line for line in lines if line.strip()][:_TEXTS.value]
  # Before the Keras model, since they set TensorFlow's threads.
  contenders = {
      found.name: formats.FORMATS[found.format].open(
          found.path, registry.KINDS).comparable
      for found in formats.find(_MODELS.value)}
  contenders['Keras'] = predictor.TextPredictor(
      registry.load(_MODEL_DIR.value), _LARGEST_BATCH).scores
  rows = [_row(name, _pick(answer, texts), len(texts))
          for name, answer in contenders.items()]
  for path in _MODELS.value:
    if path.endswith('.tflite'):
      rows.append(_signatures_row(path, texts))
  rows += [_row(name, answer, _TEXTS.value) for name, answer in _onnx()]
  print(machine.describe_hardware(), end='\n\n')
  print(text_lib.format_table(text_lib.make_table(
      ('Model', 'Answers', 'Other labels', 'Largest difference'), rows)))


def _pick(answer: Callable[[list[str]], np.ndarray],
          texts: Sequence[str]) -> Answer:
  return lambda rows: np.asarray(answer([texts[i] for i in rows]))


def _row(name: str, answer: Answer, count: int) -> tuple[str, ...]:
  """Measures the answers of batches against those of each text alone."""
  return _format(name, *compare(answer, count, _COMPOSITIONS.value,
                                _SEED.value))


def _format(name: str, answers: int, labels: int,
            difference: float) -> tuple[str, ...]:
  return name, f'{answers:,}', f'{labels:,}', f'{difference:.1e}'


def compare(answer: Answer, count: int, compositions: int,
            seed: int = 0) -> tuple[int, int, float]:
  """Compares answers in random batches with those of texts alone.

  Args:
    answer: Function from the numbers of texts to their probabilities,
      `[texts, labels]`.
    count: Number of texts.
    compositions: Number of batches.
    seed: Seed of the draws.

  Returns:
    Number of answers, number of other labels, largest difference.
  """
  alone = np.concatenate([answer([i]) for i in range(count)])
  rng = np.random.default_rng(seed)
  answers = labels = 0
  largest = 0.0
  for _ in range(compositions):
    rows = rng.integers(count, size=rng.integers(1, _LARGEST_BATCH + 1))
    found, expected = answer(rows.tolist()), alone[rows]
    answers += len(rows)
    labels += int(np.sum(found.argmax(1) != expected.argmax(1)))
    largest = max(largest, float(np.abs(found - expected).max()))
  return answers, labels, largest


def _signatures_row(path: str, texts: Sequence[str]) -> tuple[str, ...]:
  from mobilebert_tf.tasks import registry
  runner = registry.TFLiteRunner(path)
  return _format(f'{os.path.basename(path)}, all signatures',
                 *compare_signatures(runner, path, texts))


def compare_signatures(runner, path: str,
                       texts: Sequence[str]) -> tuple[int, int, float]:
  """Compares the answers of all signatures that hold a text.

  Args:
    runner: The `TFLiteRunner` of the file, whose tokens are used.
    path: The file.
    texts: The texts.

  Returns:
    Number of answers, number of other labels than with the shortest signature,
    largest difference.
  """
  answers = labels = 0
  largest = 0.0
  for found in _by_signature(runner, path, texts):
    answers += len(found)
    labels += int(np.sum(found.argmax(1) != found[0].argmax()))
    largest = max(largest, float(np.abs(found - found[0]).max()))
  return answers, labels, largest


def _by_signature(runner, path: str,
                  texts: Sequence[str]) -> Iterator[np.ndarray]:
  """Yields the probabilities of each text, `[signatures, labels]`."""
  from ai_edge_litert import interpreter as litert
  from mobilebert_tf.deployment import tflite_runner
  from mobilebert_tf.text import plain_tokenizer

  signatures = {
      length: litert.Interpreter(path).get_signature_runner(
          tflite_runner.signature_name(length))
      for length in runner.metadata.lengths}
  pack = plain_tokenizer.Packer(runner.vocabulary)
  room = runner.metadata.max_length - plain_tokenizer.special_tokens(1)
  [output] = runner.metadata.kind.number_outputs
  for tokens in runner.tokenizer.tokenize(texts):
    ids, types = pack([tokens[:room]])
    rows = []
    for length, run in signatures.items():
      if length > len(ids):
        inputs = np.zeros([3, 1, length], np.int32)
        inputs[0] = runner.vocabulary.pad_id
        inputs[:, 0, :len(ids)] = ids, np.ones_like(ids), types
        rows.append(run(**dict(zip(
            tflite_runner.INPUTS, inputs, strict=True)))[output][0])
    yield np.stack(rows)


def _onnx() -> Iterator[tuple[str, Answer]]:
  """Yields ONNX Runtime's float32 and dynamic int8, if it is installed."""
  try:
    import onnxruntime
    from onnxruntime import quantization
    import torch
    import transformers
  except ImportError as error:
    print(f'Without ONNX Runtime: {error}. pip install -e .[peers]')
    return
  torch.manual_seed(0)
  model = transformers.MobileBertForSequenceClassification(
      transformers.MobileBertConfig(num_hidden_layers=_ONNX_BLOCKS)).eval()
  rng = np.random.default_rng(0)
  texts = [rng.integers(1000, 30_000, rng.integers(3, _ONNX_LENGTH))
           for _ in range(_TEXTS.value)]
  with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'model.onnx')
    names = ['input_ids', 'attention_mask']
    example = tuple(torch.from_numpy(value) for value in _pad(texts[:2]))
    torch.onnx.export(
        model, example, path, dynamo=False, input_names=names,
        output_names=['logits'], dynamic_axes={
            name: {0: 'batch', 1: 'length'} for name in names})
    quantized = os.path.join(folder, 'int8.onnx')
    quantization.quantize_dynamic(path, quantized)
    for name, each in (('float32', path), ('dynamic int8', quantized)):
      session = onnxruntime.InferenceSession(
          each, providers=['CPUExecutionProvider'])

      def answer(rows: Sequence[int], session=session) -> np.ndarray:
        inputs = dict(zip(names, _pad([texts[i] for i in rows]), strict=True))
        logits = session.run(None, inputs)[0]
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

      yield f'ONNX Runtime, {name}', answer


def _pad(texts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
  """Returns ids and mask, int64 `[texts, length]`."""
  ids = np.zeros([len(texts), max(map(len, texts)) + 1], np.int64)
  for row, tokens in zip(ids, texts, strict=True):
    row[:len(tokens)] = tokens
  return ids, (ids > 0).astype(np.int64)


if __name__ == '__main__':
  app.run(main)
