# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runtimes that answer texts with an export, each asked in the same way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
import dataclasses
import functools
import http.server
import json
import pathlib
import shutil
import subprocess
import threading
from typing import Any

import numpy as np

from mobilebert_tf.deployment import formats
from mobilebert_tf.tasks import registry

_SCRIPT = pathlib.Path(__file__).with_name('runtime_browser.mjs')
_WEB = pathlib.Path(__file__).parents[1] / 'examples/web'

Answers = Callable[[list[str], list[str] | None], Any]


def _open(path: pathlib.Path) -> Any:
  # Threads of TensorFlow cannot be set any more.
  return formats.recognise(path).open(path, registry.KINDS, num_threads=None)


class Keras:
  """The trained model, asked as exported ones are."""

  def __init__(self, trained: Any):
    self._trained = trained

  def comparable(self, texts: list[str], pairs: list[str] | None) -> Any:
    from mobilebert_tf.deployment import agreement
    return self._trained.kind.answers(
        self._trained, agreement.RealTexts(texts, pairs))

  def answer(self, texts: list[str], pairs: list[str] | None) -> list[Any]:
    return self._trained.kind.answerer(self._trained)(texts, pairs)


class Elsewhere:
  """Answers with what another program makes of whole texts.

  Args:
    path: The file.
    compute: Function from texts, and pairs or None, to the numbers of each.
  """

  def __init__(self, path: pathlib.Path, compute: Answers):
    opened = _open(path)
    self.metadata, self._compute = opened.metadata, compute
    self._shape = opened.compute([], None).shape[1:]

  def compute(self, texts: list[str], pairs: list[str] | None) -> np.ndarray:
    numbers = np.array(self._compute(texts, pairs), np.float32)
    return numbers.reshape(len(texts), *self._shape)

  def comparable(self, texts: list[str], pairs: list[str] | None) -> Any:
    return self.metadata.kind.comparable(self, texts, pairs)


def _open_mediapipe(path: pathlib.Path) -> Elsewhere:
  from mediapipe.tasks.python import text as tasks

  metadata = _open(path).metadata
  task = getattr(tasks, metadata.kind.mediapipe_task).create_from_model_path(
      str(path))

  def compute_one(text: str) -> Any:
    if isinstance(task, tasks.TextEmbedder):
      return task.embed(text).embeddings[0].embedding
    [head] = task.classify(text).classifications
    found = {each.category_name or '': each.score for each in head.categories}
    return [found[each] for each in metadata.labels or ('',)]

  return Elsewhere(path, lambda texts, pairs: list(map(compute_one, texts)))


def _open_openvino(path: pathlib.Path) -> Any:
  """Returns the runner of an `.onnx` file with OpenVINO below it."""
  import openvino
  from mobilebert_tf.deployment import onnx_runner
  from mobilebert_tf.deployment import text_runner

  runner = _open(path)
  names = {name: runner.metadata.kind.hub_names.get(name, name)
           for name in runner.metadata.kind.number_outputs}
  # Processors that have bfloat16 would compute in it.
  model = openvino.Core().compile_model(
      path, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})

  class Numbers:
    """See `text_runner.Numbers`."""

    def run(self, ids: np.ndarray, types: np.ndarray) -> dict[str, Any]:
      values = (ids, np.ones_like(ids), types)
      found = model({name: value[np.newaxis].astype(np.int64)
                     for name, value in zip(onnx_runner.INPUTS, values,
                                            strict=True)})
      return {name: found[other] for name, other in names.items()}

  return text_runner.TextRunner(runner.metadata, runner.vocabulary, Numbers())


def _open_browser(path: pathlib.Path) -> Elsewhere:
  """Returns what asks the page of examples/web, tokenizer included."""
  kind = _open(path).metadata.kind
  if not kind.mediapipe_task:  # Neither runs anything but whole texts.
    raise ValueError(
        'The page answers whole texts, and has nothing for words and spans.')
  name = kind.number_outputs[0]
  if path.suffix == '.onnx':
    name = kind.hub_names.get(name, name)
  return Elsewhere(path, lambda texts, pairs: [
      row[name] for row in _browse(path, list(zip(
          texts, pairs or [None] * len(texts), strict=True)))])


def _browse(path: pathlib.Path, rows: Sequence[Any]) -> list[Any]:
  site = _site(path.parents[1])
  with _serving(path.parents[1]) as address:
    found = subprocess.run(
        ['node', _SCRIPT.name, shutil.which('chromium'),
         f'{address}/web/index.html', f'../{path.parent.name}/{path.name}'],
        cwd=site, input=json.dumps(rows), capture_output=True, text=True,
        check=False)
  if found.returncode:
    raise ValueError(found.stderr.strip().splitlines()[0])
  return json.loads(found.stdout)


@functools.cache
def _site(root: pathlib.Path) -> pathlib.Path:
  """Returns the folder of the page and its libraries, beside the models."""
  missing = [each for each in ('node', 'npm', 'chromium')
             if not shutil.which(each)]
  if missing:
    raise ValueError(f'{missing[0]} is not installed.')
  site = root / 'web'
  if not (site / 'lib').exists():
    shutil.copytree(_WEB, site, dirs_exist_ok=True, ignore=(
        shutil.ignore_patterns('node_modules', 'lib')))
    installed = subprocess.run(
        ['npm', 'install', '--no-audit', '--no-fund'], cwd=site,
        capture_output=True, text=True, check=False)
    if installed.returncode:
      raise ValueError(f'npm cannot install the libraries: {installed.stderr}')
  shutil.copy(_SCRIPT, site)
  return site


@contextlib.contextmanager
def _serving(folder: pathlib.Path) -> Iterator[str]:
  """Yields the address of a file server of a folder."""
  class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
      pass

  handler = functools.partial(Handler, directory=folder)
  with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


@dataclasses.dataclass(frozen=True)
class Column:
  """A runtime and what it runs.

  Attributes:
    title: Heading.
    file: Name of the export, whose suffix is that of its format; columns may
      share one. Empty for the Keras model itself.
    options: Options of the export.
    open: Function from its path to a runner.
  """
  title: str
  file: str = ''
  options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  open: Callable[[pathlib.Path], Any] = _open


COLUMNS = (
    Column('Keras'),
    Column('SavedModel', 'saved_model'),
    *(Column(f'LiteRT {title}', f'{name}.tflite', {'quantization': name})
      for title, name in (('float', 'none'), ('float16', 'float16'),
                          ('dynamic', 'dynamic'), ('int8', 'int8'),
                          ('int4', 'int4'))),
    Column('MediaPipe', 'mediapipe.tflite',
           {'quantization': 'none', 'runtime': 'mediapipe'}, _open_mediapipe),
    Column('ONNX float', 'none.onnx', {'quantization': 'none'}),
    Column('ONNX int8', 'dynamic.onnx', {'quantization': 'dynamic'}),
    Column('OpenVINO', 'none.onnx', {'quantization': 'none'}, _open_openvino),
    Column('LiteRT.js', 'none.tflite', {'quantization': 'none'}, _open_browser),
    Column('ONNX web', 'none.onnx', {'quantization': 'none'}, _open_browser),
)
