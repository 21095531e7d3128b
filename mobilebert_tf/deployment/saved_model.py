# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""SavedModels for TensorFlow Serving, checked on real text when written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
import itertools
import os
import pathlib
import shutil

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import model_pb2
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_log_pb2

from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.common import outputs
from mobilebert_tf.common import plain_paths
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import served_module
from mobilebert_tf.inference import loading
from mobilebert_tf.text import vocabulary
from official.core import export_base

# Where TensorFlow Serving looks for them, within the SavedModel.
WARM_UP_FILE = pathlib.PurePath('assets.extra', 'tf_serving_warmup_requests')

_MARKER = 'saved_model.pb'
_WARM_UP_TEXTS = 8
_STEP = 61  # From one made-up word to the next in the vocabulary.


def write(
    trained: loading.TrainedModel, output_dir: str | os.PathLike,
    texts: agreement.RealTexts, *, version: int | None = None,
    xla: bool = False,
    largest_disagreement: float = agreement.LARGEST_DISAGREEMENT,
    warm_up_texts: bool = False,
    report: Callable[[str], None] = notices.inform) -> pathlib.Path:
  """Writes a SavedModel that takes ids, examples or text.

  The model in it is folded for inference, with the same outputs.

  Args:
    trained: The model.
    output_dir: Folder of versions, as TensorFlow Serving watches it.
    texts: Real texts to check its answers with.
    version: Number of the SavedModel, which is replaced if it exists; one more
      than the latest if None.
    xla: Whether XLA compiles the model: each length, rounded up to one of a
      few,
      takes seconds at its first use and less time from then on.
    largest_disagreement: See `agreement.check`.
    warm_up_texts: Whether warm-up requests hold some of `texts`, which whoever
      has the SavedModel can read; if not, made-up ones of the same lengths.
    report: Receiver of what the check found, a few lines.

  Returns:
    The SavedModel's folder.

  Raises:
    FileExistsError: If `output_dir` holds something else, or another export
      writes the same `version`.
    ValueError: If too many answers differ, or there are no texts.

  Example: `write(registry.load('runs/sst2'), 'sst2', texts)`
  """
  agreement.check_texts(trained, texts)
  output_dir = pathlib.Path(output_dir).expanduser()
  _latest_version(output_dir)  # It may hold something else.
  module = served_module.build(
      trained, agreement.batches(trained, texts), xla=xla)
  expected = trained.kind.answers(trained, texts)
  with (_reserved(output_dir, version) as folder,
        files.replace_folder(
            folder, _MARKER, overwrite=version is not None) as new):
    export_base.export(module, module.signatures, str(new), timestamped=False)
    warm_up = texts.take(range(min(len(texts), _WARM_UP_TEXTS)))
    if not warm_up_texts:
      warm_up = _made_up(warm_up, trained)
    write_warm_up(new, 'serve_text', [
        _inputs(module, [text], warm_up.pairs and [warm_up.pairs[i]])
        for i, text in enumerate(warm_up.texts)])
    found = trained.kind.served_answers(_serve(new, module, texts))
    report(agreement.check(
        trained, texts, found, expected, largest_disagreement))
  return folder


def write_warm_up(saved_model: str | os.PathLike, signature: str,
                  requests: Sequence[Mapping[str, tf.Tensor]]) -> None:
  """Adds warm-up requests to a SavedModel.

  TensorFlow Serving answers them before it serves, because the first request of
  a kind takes longer: memory is claimed, and XLA compiles.

  Args:
    saved_model: The SavedModel's folder.
    signature: Signature of the requests.
    requests: Inputs of each request, by name.
  """
  path = pathlib.Path(saved_model) / WARM_UP_FILE
  path.parent.mkdir(exist_ok=True)
  with tf.io.TFRecordWriter(str(path)) as writer:
    for inputs in requests:
      request = predict_pb2.PredictRequest(
          model_spec=model_pb2.ModelSpec(signature_name=signature),
          inputs={name: tf.make_tensor_proto(value.numpy(), value.dtype)
                  for name, value in inputs.items()})
      log = prediction_log_pb2.PredictionLog(
          predict_log=prediction_log_pb2.PredictLog(request=request))
      writer.write(log.SerializeToString())


def _made_up(texts: agreement.RealTexts,
             trained: loading.TrainedModel) -> agreement.RealTexts:
  """Returns texts of the vocabulary's words, as long as these, in words."""
  words = [token for token in vocabulary.Vocabulary.read(
      trained.vocab_file).tokens if token.isalnum()] or ['a']

  def make(text: str) -> str:
    return ' '.join(words[i * _STEP % len(words)]
                    for i in range(len(text.split())))

  return agreement.RealTexts(
      [make(text) for text in texts.texts],
      None if texts.pairs is None else [make(text) for text in texts.pairs])


@contextlib.contextmanager
def _reserved(folder: pathlib.Path,
              version: int | None) -> Iterator[pathlib.Path]:
  """Yields the folder of a version that no other export writes meanwhile.

  Raises:
    FileExistsError: If `folder` holds something else, or another export writes
      the version that is wanted.
  """
  first = _latest_version(folder) + 1 if version is None else version
  for number in itertools.count(first):
    path = folder / str(number)
    with contextlib.ExitStack() as stack:
      try:
        stack.enter_context(outputs.locked(folder / f'.{number}.lock'))
      except FileExistsError:
        if version is not None:
          raise
        continue
      if version is None and path.exists():
        continue
      for left in folder.glob(f'.{number}-????????'):  # By a killed process.
        shutil.rmtree(left)
      yield path
      return


def _latest_version(folder: pathlib.Path) -> int:
  """Returns the highest number of a version; raises FileExistsError."""
  if not folder.exists():
    return 0
  entries = [] if not folder.is_dir() else [
      path for path in folder.iterdir() if not path.name.startswith('.')]
  strange = [path for path in entries if not path.name.isdecimal()]
  if strange or not folder.is_dir():
    raise FileExistsError(
        f'{folder} holds {strange[0].name if strange else "a file"}, so it is '
        'no folder of versions of a SavedModel. Name another folder.')
  return max((int(path.name) for path in entries), default=0)


def _inputs(module: served_module.ServedModule, texts: Sequence[str],
            pairs: Sequence[str] | None) -> dict[str, tf.Tensor]:
  columns = [texts] if pairs is None else [texts, pairs]
  return {name: tf.constant(column, tf.string)
          for name, column in zip(module.text_inputs, columns, strict=True)}


def _serve(folder: pathlib.Path, module: served_module.ServedModule,
           texts: agreement.RealTexts) -> dict[str, np.ndarray]:
  loaded = tf.saved_model.load(plain_paths.folder(folder))
  answers = loaded.signatures['serve_text'](
      **_inputs(module, texts.texts, texts.pairs))
  return {name: value.numpy() for name, value in answers.items()}
