# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times inference on sentences: ours, MobileBERT of others, and BERT_BASE.

python benchmarks/inference.py --text_file=sentences.txt \
  --vocab_file=vocab.txt --json=inference.json

Ours is one TFLite file with a signature for each of `--lengths`, of which a
sentence takes the shortest that holds it. The Model Garden's MobileBERT and
BERT_BASE, keras-nlp's `BertBackbone`, are converted plainly, with the longest
length alone. Hugging Face's MobileBERT in PyTorch, eager and compiled, and in
ONNX Runtime, where they are installed, is timed at that length and without any
padding, compiled or exported for each of both. All compute the last hidden
states of one sentence, with random weights, which latency does not depend on.

Each contender is a process that does nothing else: other processes, which end
before, convert and export. They take turns of a few sentences; the first run of
a turn is not timed. Ratios are those of the table's figures, and also taken
within each round. Targets are for the full size on one thread.
"""

from collections.abc import Callable, Iterator, Sequence
import contextlib
import dataclasses
import importlib.metadata
import importlib.util
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from typing import Any

from absl import app
from absl import flags

from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.deployment import measuring
from mobilebert_tf.reporting import text as text_lib


@dataclasses.dataclass(frozen=True)
class _Contender:
  """Who takes part.

  Attributes:
    title: Its name in tables.
    group: Contenders of one group are prepared together; '' for those that
      need no file.
    quantization: Of its file.
    packages: What has to be installed.
  """
  title: str
  group: str
  quantization: str = 'none'
  packages: tuple[str, ...] = ()


_TORCH = ('torch', 'transformers')
_CONTENDERS = {
    'ours_float32': _Contender('ours float32', 'ours'),
    'ours_int8': _Contender('ours dynamic int8', 'ours', 'dynamic'),
    'ours_static_int8': _Contender('ours static int8', 'ours', 'int8'),
    'garden_float32': _Contender('Model Garden float32', 'garden'),
    'garden_int8': _Contender(
        'Model Garden dynamic int8', 'garden', 'dynamic'),
    'bert_float32': _Contender(
        'BERT_BASE float32', 'bert', packages=('keras_nlp',)),
    'bert_int8': _Contender(
        'BERT_BASE dynamic int8', 'bert', 'dynamic', ('keras_nlp',)),
    'pytorch': _Contender('PyTorch eager', '', packages=_TORCH),
    'pytorch_compiled': _Contender(
        'PyTorch compiled', '', packages=_TORCH),
    'onnxruntime': _Contender('ONNX Runtime', 'onnx', packages=(
        *_TORCH, 'onnx', 'onnxscript', 'onnxruntime')),
}

_TEXT_FILE = flags.DEFINE_string(
    'text_file', None, 'A text a line, such as the sentences of SST-2.',
    required=True)
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', None, "BERT's vocab.txt.", required=True)
_BLOCKS = flags.DEFINE_integer(
    'blocks', 24, 'Blocks of each MobileBERT; BERT_BASE has half as many '
    'layers.', lower_bound=1)
_TEXTS = flags.DEFINE_integer(
    'texts', 60, 'Sentences that are timed in each round, the first of the '
    'file.', lower_bound=1)
_ROUNDS = flags.DEFINE_integer(
    'rounds', 5, 'Times each sentence is timed.', lower_bound=1)
_THREADS = flags.DEFINE_integer(
    'threads', 1, 'Threads that a contender computes on.', lower_bound=1)
_LENGTHS = flags.DEFINE_list(
    'lengths', ['16', '32', '64', '128'],
    'Lengths in tokens, padding included, that get a signature each in our '
    'file. The longest is the only one of the others.')
_NAMES = flags.DEFINE_list(
    'contenders', None, 'Who takes part, of ' + ', '.join(_CONTENDERS)
    + '; by default all that are installed.')
_JSON = flags.DEFINE_string('json', None, 'Where to write all that was timed.')

_FULL_SIZE = (24, 128, 1)  # Blocks, length and threads that targets are for.
_TURN = 10  # Sentences.
_CALIBRATION_SAMPLES = 8  # Enough for a time, not for accuracy.
# A sentence at the longest length, or at its own.
_FIXED, _OWN = 'fixed', 'own'
_LEAST_LENGTH, _MOST_LENGTH = 4, 512
_HIDDEN = 'sequence_output'
_INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids')
_TORCH_INPUTS = ('input_ids', 'attention_mask', 'token_type_ids')


@dataclasses.dataclass(frozen=True)
class _Settings:
  """What every contender is told; `tokens` are the ids of each sentence."""
  blocks: int
  threads: int
  lengths: tuple[int, ...]
  tokens: list[list[int]]

  @property
  def longest(self) -> int:
    return self.lengths[-1]


@dataclasses.dataclass(frozen=True)
class _Result:
  """How a contender did.

  Attributes:
    megabytes: Size of its file, None if there is none.
    memory_gb: Peak of its process.
    seconds: By the lengths that it was run at, `[rounds][sentences]`.
  """
  megabytes: float | None
  memory_gb: float
  seconds: dict[str, list[list[float]]]

  def milliseconds(self, where: str, rounds: slice = slice(None)) -> float:
    """Returns the median at the longest length, or the mean of sentences.

    Args:
      where: `fixed` or `own`; who cannot run a sentence at its own length runs
        it at the longest.
      rounds: Which rounds; of each sentence their median counts.
    """
    if where == _FIXED:
      return 1e3 * statistics.median(
          value for each in self.seconds[_FIXED][rounds] for value in each)
    timed = self.seconds.get(_OWN, self.seconds[_FIXED])[rounds]
    return 1e3 * statistics.mean(map(
        statistics.median, zip(*timed, strict=True)))


@dataclasses.dataclass(frozen=True)
class _Question:
  """A ratio that is asked for: `of` two contenders, at most or at least."""
  over: str
  under: str
  what: str
  target: float | None = None
  at_most: bool = True


_OUR_INT8 = ('ours_int8', 'ours_static_int8')
_AGAINST_GARDEN = (
    *((name, 'garden_int8') for name in _OUR_INT8),
    ('ours_float32', 'garden_float32'))
_QUESTIONS = (
    *(_Question(*pair, _OWN, 0.32) for pair in _AGAINST_GARDEN),
    *(_Question(*pair, 'size', 1.25) for pair in _AGAINST_GARDEN),
    *(_Question(*pair, _FIXED, 0.93) for pair in _AGAINST_GARDEN[:-1]),
    _Question(*_AGAINST_GARDEN[-1], _FIXED),
    *(_Question(peer, 'ours_float32', where, 2.0, at_most=False)
      for where in (_FIXED, _OWN)
      for peer in ('pytorch', 'pytorch_compiled', 'onnxruntime')),
    *(_Question('bert_float32', name, _FIXED, 12.0, at_most=False)
      for name in _OUR_INT8),
    *(_Question('bert_float32', name, _OWN) for name in _OUR_INT8),
)


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  lengths, (names, left_out) = _parse_lengths(), _choose()
  # Else nothing would remove the temporary folder.
  signal.signal(signal.SIGTERM, lambda *_: sys.exit('Terminated.'))
  with tempfile.TemporaryDirectory(
      prefix='inference_', ignore_cleanup_errors=True) as folder:
    _set_environment(folder)
    try:
      settings = _Settings(_BLOCKS.value, _THREADS.value, lengths,
                           _read(lengths[-1]))
      print(_describe(settings), flush=True)
      results = _measure(settings, names, folder, left_out)
    except KeyboardInterrupt:
      sys.exit('Interrupted.')
    except (measuring.Crash, OSError, ValueError) as error:
      sys.exit(f'inference: {error}')
  _report(settings, results, left_out)


def _parse_lengths() -> tuple[int, ...]:
  try:
    lengths = tuple(sorted({int(value) for value in _LENGTHS.value}))
  except ValueError as error:
    raise app.UsageError(
        '--lengths is a list of whole numbers, such as 32,128; got '
        f'{",".join(_LENGTHS.value)}.') from error
  if (not lengths or lengths[0] < _LEAST_LENGTH
      or lengths[-1] > _MOST_LENGTH):
    raise app.UsageError(
        f'--lengths are from {_LEAST_LENGTH} to {_MOST_LENGTH}; got '
        f'{",".join(_LENGTHS.value)}.')
  return lengths


def _choose() -> tuple[list[str], dict[str, str]]:
  """Returns who takes part, and why the others do not."""
  unknown = set(_NAMES.value or ()) - set(_CONTENDERS)
  if unknown:
    raise app.UsageError(
        f'--contenders has {", ".join(sorted(unknown))}; accepted: '
        f'{", ".join(_CONTENDERS)}.')
  left_out = {}
  for name in _NAMES.value or _CONTENDERS:
    missing = [package for package in _CONTENDERS[name].packages
               if not importlib.util.find_spec(package)]
    if missing:
      left_out[name] = 'not installed; pip install ' + ' '.join(
          missing).replace('_', '-')
  return [name for name in _CONTENDERS if name not in left_out
          and name in (_NAMES.value or _CONTENDERS)], left_out


def _set_environment(folder: str) -> None:
  """Sets what other processes inherit."""
  os.environ.update({
      'TMPDIR': folder,  # What they leave goes with it, compiled code too.
      'TF_CPP_MIN_LOG_LEVEL': '3',
      'KERAS_BACKEND': 'tensorflow',
      'OMP_NUM_THREADS': str(_THREADS.value),
      'TORCHINDUCTOR_COMPILE_THREADS': '1',  # Each more is a process.
  })


def _read(longest: int) -> list[list[int]]:
  """Returns the ids of the sentences that are timed."""
  with open(_TEXT_FILE.value, encoding='utf-8') as file:
    texts = [line.strip() for line in file if line.strip()][:_TEXTS.value]
  if not texts:
    raise ValueError(f'{_TEXT_FILE.value} has no text.')
  # TensorFlow, which tokenizes, would be part of all processes' peak here.
  with measuring.ChildProcess() as child:
    return child.call(_tokenize, _VOCAB_FILE.value, texts, longest - 1)


def _describe(settings: _Settings) -> str:
  counts = list(map(len, settings.tokens))
  return (
      f'{settings.blocks} blocks, random weights, {settings.threads} '
      f'thread{"s" * (settings.threads > 1)}; {len(counts)} sentences of '
      f'{min(counts)} to {max(counts)} tokens, '
      f'{statistics.mean(counts):.1f} on average, {_ROUNDS.value} rounds; '
      + machine.describe_hardware())


def _measure(settings: _Settings, names: Sequence[str], folder: str,
             left_out: dict[str, str]) -> dict[str, _Result]:
  """Prepares, starts and times; who fails is added to `left_out`."""
  with contextlib.ExitStack() as stack:
    children, modes = {}, {}
    for group, members in _by_group(names).items():
      if group:
        _prepare_group(group, members, settings, folder, left_out)
      for name in members:
        if name in left_out:
          continue
        with _failing([name], left_out), _progress(f'Starting {_title(name)}'):
          child = stack.enter_context(measuring.ChildProcess())
          modes[name] = child.call(
              _start, name, settings, os.path.join(folder, name))
          children[name] = child
    seconds = _time(children, modes, len(settings.tokens))
    return {name: _Result(_megabytes(os.path.join(folder, name)),
                          child.call(machine.peak_memory) / 1e9, seconds[name])
            for name, child in children.items()}


def _prepare_group(group: str, members: Sequence[str], settings: _Settings,
                   folder: str, left_out: dict[str, str]) -> None:
  what = 'Preparing ' + formatting.listing([_title(name) for name in members])
  with (_failing(members, left_out), _progress(what),
        measuring.ChildProcess() as child):
    child.call(_prepare, group, settings, {
        os.path.join(folder, name): _CONTENDERS[name].quantization
        for name in members})


def _megabytes(path: str) -> float | None:
  return os.path.getsize(path) / 1e6 if os.path.exists(path) else None


def _by_group(names: Sequence[str]) -> dict[str, list[str]]:
  groups: dict[str, list[str]] = {}
  for name in names:
    groups.setdefault(_CONTENDERS[name].group, []).append(name)
  return groups


@contextlib.contextmanager
def _failing(names: Sequence[str], left_out: dict[str, str]) -> Iterator[None]:
  """Goes on without those that fail, since all that is timed takes long."""
  try:
    yield
  except measuring.Crash as error:
    print(error.details or error, file=sys.stderr, flush=True)
    left_out.update({name: f'failed: {error}' for name in names})


@contextlib.contextmanager
def _progress(what: str) -> Iterator[None]:
  """Says what is being done, and then how long it took."""
  print(f'{what} ...', end='', flush=True)
  started = time.monotonic()
  try:
    yield
  except BaseException:
    print(flush=True)  # Ends the line.
    raise
  print(f' {formatting.duration(time.monotonic() - started)}', flush=True)


def _time(children: dict[str, measuring.ChildProcess],
          modes: dict[str, list[str]], sentences: int
          ) -> dict[str, dict[str, list[list[float]]]]:
  """Returns the seconds of each, `[rounds][sentences]`, timed in turns."""
  seconds: dict[str, dict[str, list[list[float]]]] = {
      name: {mode: [] for mode in modes[name]} for name in children}
  for number in range(_ROUNDS.value):
    with _progress(f'Round {number + 1} of {_ROUNDS.value}'):
      for by_mode in seconds.values():
        for rounds in by_mode.values():
          rounds.append([])
      for start in range(0, sentences, _TURN):
        turn = range(start, min(start + _TURN, sentences))
        for name, child in children.items():
          for mode, rounds in seconds[name].items():
            try:
              rounds[-1] += child.call(_run, mode, turn)
            # All that was timed is of no use.
            except measuring.Crash as error:
              raise measuring.Crash(f'{_title(name)}: {error}') from error
  return seconds


def _report(settings: _Settings, results: dict[str, _Result],
            left_out: dict[str, str]) -> None:
  """Prints and writes what was found, and fails if a contender did."""
  ratios = _answer(results)
  print(f'\n{_table(settings, results)}\n\n{_NOTES}')
  if ratios:
    print(f'\n{_ratios(ratios)}')
  if (settings.blocks, settings.longest, settings.threads) != _FULL_SIZE:
    print('\nNot the size that was asked about: no verdict counts.')
  for name, reason in left_out.items():
    print(f'\nLeft out, {_title(name)}: {reason}')
  if _JSON.value:
    files.write_text(_JSON.value, json.dumps(
        _as_json(settings, results, ratios, left_out), indent=1))
  if any(reason.startswith('failed') for reason in left_out.values()):
    sys.exit(1)


def _table(settings: _Settings, results: dict[str, _Result]) -> str:
  lengths = {'ours': ', '.join(map(str, settings.lengths))}
  rows = []
  for name, result in results.items():
    only = str(settings.longest)
    offered = lengths.get(_CONTENDERS[name].group, (
        f'{only}, any' if _OWN in result.seconds else only))
    rows.append((
        _title(name), offered,
        '' if result.megabytes is None else
        formatting.quantity(result.megabytes, 'MB'),
        formatting.quantity(result.milliseconds(_FIXED), 'ms'),
        formatting.quantity(result.milliseconds(_OWN), 'ms'),
        formatting.quantity(result.memory_gb, 'GB')))
  columns = [text_lib.Column(title, 'left' if i < 2 else 'right')
             for i, title in enumerate((
                 'Contender', 'Lengths', 'File', f'{settings.longest} tokens',
                 'Sentences', 'Peak memory'))]
  return text_lib.format_table(text_lib.Table(columns, tuple(rows)))


_NOTES = (
    'Sentences: each at the least length that its contender offers, padding '
    'included; the mean of their medians over rounds. Peak memory: of a '
    'process that computes only, but for PyTorch, which makes its weights and '
    'compiles in it; of "PyTorch compiled" and "ONNX Runtime" with the graphs '
    'of both kinds of lengths, of which the file is that of one.')


def _answer(results: dict[str, _Result]) -> list[dict[str, Any]]:
  """Returns the ratio for each question whose contenders took part."""
  answers = []
  for question in _QUESTIONS:
    if not {question.over, question.under} <= set(results):
      continue
    over, under = results[question.over], results[question.under]
    if question.what == 'size':
      ratio, rounds = over.megabytes / under.megabytes, []
    else:
      ratio, *rounds = (
          over.milliseconds(question.what, each)
          / under.milliseconds(question.what, each)
          for each in (slice(None), *(
              slice(i, i + 1) for i in range(len(over.seconds[_FIXED])))))
    reached = None if question.target is None else (
        ratio <= question.target if question.at_most
        else ratio >= question.target)
    answers.append({**dataclasses.asdict(question), 'ratio': ratio,
                    'ratio_of_rounds': rounds, 'reached': reached})
  return answers


def _ratios(answers: Sequence[dict[str, Any]]) -> str:
  """Returns the table of ratios, each with its target."""
  whats = {'size': 'file', _FIXED: 'the longest length', _OWN: 'sentences'}
  rows = []
  for answer in answers:
    rounds, target = answer['ratio_of_rounds'], answer['target']
    rows.append((
        f'{_title(answer["over"])} / {_title(answer["under"])}',
        whats[answer['what']], _ratio(answer['ratio']),
        '' if target is None else
        f'at {"most" if answer["at_most"] else "least"} {target:g}',
        {None: '', True: 'reached', False: 'MISSED'}[answer['reached']],
        _ratio(statistics.median(rounds)) if rounds else '',
        f'{_ratio(min(rounds))} to {_ratio(max(rounds))}' if rounds else ''))
  columns = [text_lib.Column(title, 'right' if i in (2, 5, 6) else 'left')
             for i, title in enumerate((
                 'Ratio', 'Of', '', 'Asked', '', 'Median of rounds', 'Range'))]
  return text_lib.format_table(text_lib.Table(columns, tuple(rows)))


def _ratio(value: float) -> str:
  """Returns three significant digits, since targets have two."""
  return formatting.decimal(value, 3 if value < 1 else 2)


def _as_json(settings: _Settings, results: dict[str, _Result],
             ratios: list[dict[str, Any]], left_out: dict[str, str]
             ) -> dict[str, Any]:
  versions = machine.versions()
  for package in ('keras-nlp', 'torch', 'transformers', 'onnxruntime'):
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
      versions[package] = importlib.metadata.version(package)
  return {
      'hardware': machine.hardware(),
      'versions': versions,
      'blocks': settings.blocks,
      'threads': settings.threads,
      'lengths': settings.lengths,
      'tokens': list(map(len, settings.tokens)),
      'contenders': {
          name: {**dataclasses.asdict(result),
                 'fixed_milliseconds': result.milliseconds(_FIXED),
                 'sentence_milliseconds': result.milliseconds(_OWN)}
          for name, result in results.items()},
      'ratios': ratios,
      'left_out': left_out,
  }


def _title(name: str) -> str:
  return _CONTENDERS[name].title


# What follows runs in the processes.

_runs: dict[str, list[Callable[[], Any]]] = {}


def _tokenize(vocab_file: str, texts: Sequence[str],
              most: int) -> list[list[int]]:
  """Returns ids, special tokens included and without padding."""
  from mobilebert_tf.text import tokenizer as tokenizer_lib

  tokenizer = tokenizer_lib.Tokenizer(vocab_file)
  inputs = tokenizer.encode(texts, max_length=most)
  counts = inputs['input_mask'].numpy().sum(axis=1)
  return [row[:count].tolist() for row, count in zip(
      inputs['input_word_ids'].numpy(), counts, strict=True)]


def _prepare(group: str, settings: _Settings,
             wanted: dict[str, str]) -> None:
  """Writes the files of a group: paths, each with its quantization."""
  {'ours': _prepare_ours, 'garden': _prepare_garden, 'bert': _prepare_bert,
   'onnx': _prepare_onnx}[group](settings, wanted)


def _prepare_ours(settings: _Settings, wanted: dict[str, str]) -> None:
  import tf_keras

  from mobilebert_tf import modeling
  from mobilebert_tf.inference import folding
  from mobilebert_tf.inference import rewriting

  tf_keras.utils.set_random_seed(0)
  folded = folding.fold(modeling.MobileBertEncoder(
      modeling.get_architecture('mobilebert', num_blocks=settings.blocks)))
  batches = [_inputs(tokens, settings.longest) for tokens in settings.tokens]
  folded = rewriting.rescale(
      folded, rewriting.measure_ranges(folded, batches))
  module = folding.InferenceEncoder(folded)
  for path, quantization in wanted.items():
    files.write_bytes(path, _convert_ours(module, settings, quantization))


def _convert_ours(module: Any, settings: _Settings,
                  quantization: str) -> bytes:
  import types

  from mobilebert_tf.deployment import tflite

  served = types.SimpleNamespace(
      model=module, numbers=lambda *inputs: {_HIDDEN: module(*inputs)})
  samples = [_inputs(tokens[:length - 1], length)
             for length in settings.lengths
             for tokens in settings.tokens[:_CALIBRATION_SAMPLES]]
  return tflite.convert(served, settings.lengths, quantization,
                        calibration=samples)


def _prepare_garden(settings: _Settings, wanted: dict[str, str]) -> None:
  import tf_keras

  from mobilebert_tf.inference import rewriting
  from official.nlp.modeling import networks

  tf_keras.utils.set_random_seed(0)
  # Other sizes are the released ones by default.
  module = rewriting.InferenceModel(networks.MobileBERTEncoder(
      num_blocks=settings.blocks, intermediate_size=512,
      intra_bottleneck_size=128, key_query_shared_bottleneck=True,
      num_feedforward_networks=4, normalization_type='no_norm'))
  for path, quantization in wanted.items():
    files.write_bytes(path, _convert(
        module, lambda *inputs: module(list(inputs))[_HIDDEN],
        [settings.longest], quantization))


def _convert(module: Any, call: Callable[..., Any], lengths: Sequence[int],
             quantization: str) -> bytes:
  """Returns a TFLite file with a signature for each length."""
  import tensorflow as tf

  signatures = {}
  for length in lengths:
    serve = tf.function(lambda *inputs: {_HIDDEN: call(*inputs)})
    signatures[_signature(length)] = serve.get_concrete_function(
        *(tf.TensorSpec([1, length], tf.int32, name)
          for name in _INPUTS))
  with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(module, folder, signatures=signatures)
    return _convert_saved_model(folder, list(signatures), quantization)


def _prepare_bert(settings: _Settings, wanted: dict[str, str]) -> None:
  import keras
  import keras_nlp
  import tensorflow as tf

  keras.utils.set_random_seed(0)
  model = keras_nlp.models.BertBackbone(
      vocabulary_size=30_522, num_layers=max(1, settings.blocks // 2),
      num_heads=12, hidden_dim=768, intermediate_dim=3072)

  def serve(input_word_ids, input_mask, input_type_ids):
    inputs = {'token_ids': input_word_ids, 'padding_mask': input_mask,
              'segment_ids': input_type_ids}
    return {_HIDDEN: model(inputs, training=False)[_HIDDEN]}

  name = _signature(settings.longest)
  with tempfile.TemporaryDirectory() as folder:
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(name, serve, [
        tf.TensorSpec([1, settings.longest], tf.int32, each)
        for each in _INPUTS])
    archive.write_out(folder, verbose=False)
    for path, quantization in wanted.items():
      files.write_bytes(
          path, _convert_saved_model(folder, [name], quantization))


def _convert_saved_model(folder: str, signatures: list[str],
                         quantization: str) -> bytes:
  import tensorflow as tf

  converter = tf.lite.TFLiteConverter.from_saved_model(
      folder, signature_keys=signatures)
  if quantization == 'dynamic':
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
  return converter.convert()


def _signature(length: int) -> str:
  return f'serve_{length}'


def _prepare_onnx(settings: _Settings, wanted: dict[str, str]) -> None:
  """Writes a graph for the longest length, and one for any beside it."""
  import torch

  model, inputs = _pytorch_model(settings), _pytorch_inputs(
      settings.tokens[0], settings.longest)
  any_length = {1: torch.export.Dim('length', min=2, max=_MOST_LENGTH)}
  path, = wanted
  for each, shapes in ((path, None), (_any(path), (any_length,) * 3)):
    with torch.no_grad():
      torch.onnx.export(
          model, inputs, each, dynamo=True, dynamic_shapes=shapes,
          input_names=_TORCH_INPUTS, output_names=[_HIDDEN],
          external_data=False, verbose=False)


def _any(path: str) -> str:
  return f'{path}_any_length'


def _start(name: str, settings: _Settings, path: str) -> list[str]:
  """Makes ready to run; returns at which lengths."""
  start = {'pytorch': _start_pytorch, 'pytorch_compiled': _start_compiled,
           'onnxruntime': _start_onnx}.get(name)
  if start:
    runs = start(settings, path)
  else:
    is_ours = _CONTENDERS[name].group == 'ours'
    runs = _start_tflite(
        settings, path,
        settings.lengths if is_ours else settings.lengths[-1:])
  _runs.update(runs)
  _warm_up(settings)
  return list(_runs)


def _start_tflite(settings: _Settings, path: str, lengths: Sequence[int]
                  ) -> dict[str, list[Callable[[], Any]]]:
  from ai_edge_litert import interpreter as litert

  interpreter = litert.Interpreter(path, num_threads=settings.threads)
  runners = {length: interpreter.get_signature_runner(_signature(length))
             for length in lengths}

  def run(tokens, length):
    inputs = _inputs(tokens, length)
    return lambda: runners[length](**inputs)[_HIDDEN]

  runs = {_FIXED: [run(tokens, settings.longest)
                   for tokens in settings.tokens]}
  if len(lengths) > 1:
    # One token of padding at least, which is what the model was trained with.
    runs[_OWN] = [
        run(tokens, min(length for length in lengths if length > len(tokens)))
        for tokens in settings.tokens]
  return runs


def _start_pytorch(settings: _Settings, path: str
                   ) -> dict[str, list[Callable[[], Any]]]:
  del path
  model = _pytorch_model(settings)
  return _pytorch_runs(settings, model, model)


def _start_compiled(settings: _Settings, path: str
                    ) -> dict[str, list[Callable[[], Any]]]:
  """Compiles for the longest length, and for any."""
  import torch

  del path
  model = _pytorch_model(settings)
  # What is compiled is kept by code: two functions keep both apart.
  fixed = torch.compile(lambda *inputs: model(*inputs), dynamic=False)
  any_length = torch.compile(lambda *inputs: model(*inputs), dynamic=True)
  runs = _pytorch_runs(settings, fixed, any_length)
  for each in runs.values():
    each[0]()
  # Too many times, and it would go on eagerly, without a word.
  torch.compiler.set_stance('fail_on_recompile')
  return runs


def _pytorch_runs(settings: _Settings, fixed: Any, any_length: Any
                  ) -> dict[str, list[Callable[[], Any]]]:
  import torch

  torch.set_grad_enabled(False)

  def run(model, tokens, length):
    inputs = _pytorch_inputs(tokens, length)
    return lambda: model(*inputs)

  return {_FIXED: [run(fixed, tokens, settings.longest)
                   for tokens in settings.tokens],
          _OWN: [run(any_length, tokens, len(tokens))
                 for tokens in settings.tokens]}


def _pytorch_model(settings: _Settings) -> Any:
  """Returns the released architecture, as it is by default."""
  import torch
  import transformers

  torch.set_num_threads(settings.threads)
  torch.manual_seed(0)

  class LastHidden(torch.nn.Module):
    """Takes no names, and gives the last hidden states alone."""

    def __init__(self):
      super().__init__()
      self.model = transformers.MobileBertModel(
          transformers.MobileBertConfig(num_hidden_layers=settings.blocks),
          add_pooling_layer=False)

    def forward(self, input_ids, attention_mask, token_type_ids):
      return self.model(
          input_ids=input_ids, attention_mask=attention_mask,
          token_type_ids=token_type_ids).last_hidden_state

  return LastHidden().eval()


def _pytorch_inputs(tokens: Sequence[int], length: int) -> tuple[Any, ...]:
  import torch

  return tuple(map(torch.from_numpy, _pad(tokens, length)))


def _start_onnx(settings: _Settings, path: str
                ) -> dict[str, list[Callable[[], Any]]]:
  import onnxruntime

  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = settings.threads
  options.inter_op_num_threads = 1
  fixed, any_length = (onnxruntime.InferenceSession(
      each, options, providers=['CPUExecutionProvider'])
                       for each in (path, _any(path)))

  def run(session, tokens, length):
    inputs = dict(zip(_TORCH_INPUTS, _pad(tokens, length), strict=True))
    return lambda: session.run(None, inputs)[0]

  return {_FIXED: [run(fixed, tokens, settings.longest)
                   for tokens in settings.tokens],
          _OWN: [run(any_length, tokens, len(tokens))
                 for tokens in settings.tokens]}


def _pad(tokens: Sequence[int], length: int) -> tuple[Any, Any, Any]:
  """Returns ids, mask and types, int64 `[1, length]`."""
  import numpy as np

  ids = np.zeros([1, length], np.int64)
  ids[0, :len(tokens)] = tokens
  mask = np.zeros_like(ids)
  mask[0, :len(tokens)] = 1
  return ids, mask, np.zeros_like(ids)


def _inputs(tokens: Sequence[int], length: int) -> dict[str, Any]:
  """Returns them as int32, by the names of signatures."""
  import numpy as np

  return dict(zip(_INPUTS, map(np.int32, _pad(tokens, length)), strict=True))


def _warm_up(settings: _Settings) -> None:
  """Runs each sentence at each length, and looks at what comes out."""
  import numpy as np

  for mode, runs in _runs.items():
    for run, tokens in zip(runs, settings.tokens, strict=True):
      hidden = np.asarray(run())
      enough = settings.longest if mode == _FIXED else len(tokens)
      if hidden.ndim != 3 or hidden.shape[1] < enough or (
          not np.isfinite(hidden).all()):
        raise ValueError(
            f'Not finite hidden states of {enough} tokens: {hidden.shape}.')


def _run(mode: str, turn: Sequence[int]) -> list[float]:
  """Returns the seconds of each sentence of a turn."""
  _runs[mode][turn[0]]()  # The caches are those of another process.
  seconds = []
  for index in turn:
    started = time.perf_counter()
    _runs[mode][index]()
    seconds.append(time.perf_counter() - started)
  return seconds


if __name__ == '__main__':
  app.run(main)
