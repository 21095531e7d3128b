# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""What each quantization costs on a real task, plain and rewritten.

python benchmarks/quantized_accuracy.py --model_dir=runs/sst2 \
  --data_file=SST-2/dev.tsv

A fine-tuned model is brought into the range of the released one: some channels
between its blocks become as large as 1e7, by powers of two, and what reads them
as much smaller, so that its outputs in float32 stay what they are. Then it is
converted as it is, and folded and rescaled, with every quantization, and each
file answers the labelled data. Calibration texts are from --calibration_file,
or from the run's training data, evenly over all of it.
"""

import os
import tempfile
from typing import Any

from absl import app
from absl import flags

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import text as text_lib

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'A fine-tuning run.', required=True)
_DATA_FILE = flags.DEFINE_string(
    'data_file', None, 'Labelled texts, or JSON of SQuAD.', required=True)
_CALIBRATION_FILE = flags.DEFINE_string(
    'calibration_file', '', 'Texts such as export_tflite reads.')
_LARGEST = flags.DEFINE_float(
    'largest_activation', 1e7, 'What the largest activation between blocks '
    'becomes, about; 0 leaves the model as it is.', lower_bound=0.0)

_SHARE_OF_OUTLIERS = 0.03
_QUANTIZATIONS = ('none', 'float16', 'dynamic', 'int8')


def main(argv: list[str]) -> None:
  del argv
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  from mobilebert_tf.deployment import served_module
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.tasks import registry
  from benchmarks import reparametrization

  trained = registry.load(_MODEL_DIR.value)
  texts, score = _labelled(trained)
  calibrated = _calibration_texts(trained)
  batches = agreement.batches(trained, calibrated)
  if _LARGEST.value:
    encoder = trained.model.encoder
    reparametrization.enlarge_channels(
        encoder, _factors(_channel_ranges(encoder, batches[0])))
  expected = trained.kind.answers(trained, texts)
  rows = [('Keras', 'float32', _worth(score, expected), '', '')]
  for name, module in (
      ('plain', served_module.build(trained, fold=False)),
      ('folded and rescaled', served_module.build(trained, batches))):
    for quantization in _QUANTIZATIONS:
      print(f'{name}, {quantization} ...', flush=True)
      size, found = _answer(trained, module, quantization, calibrated, texts)
      row = (found, '') if isinstance(found, str) else (
          _worth(score, found),
          f'{1 - trained.kind.differ(found, expected).mean():.1%}')
      rows.append((name, quantization, *row,
                   formatting.quantity(size / 1e6, 'MB')))
  titles = ('Model', 'Quantization', 'Score', 'Agreement', 'Size')
  columns = [text_lib.Column(title, 'left' if i < 2 else 'right')
             for i, title in enumerate(titles)]
  largest = _channel_ranges(trained.model.encoder, batches[0]).max()
  print(text_lib.format_table(text_lib.Table(tuple(columns), tuple(rows))))
  print(f'\n{len(texts):,} texts; the largest activation between blocks is '
        f'{largest:.2g}. Calibrated on {len(calibrated)} texts of '
        f'{calibrated.source}.')


def _channel_ranges(encoder: Any, batch: dict[str, Any]) -> Any:
  """Returns the largest value of each channel between blocks."""
  import numpy as np
  return np.max([np.abs(hidden).max(axis=(0, 1))
                 for hidden in encoder(batch)['encoder_outputs'][:-1]], axis=0)


def _factors(ranges: Any) -> Any:
  """Returns powers of two that make some channels as large as is asked."""
  import numpy as np
  rng = np.random.default_rng(0)
  count = max(1, int(_SHARE_OF_OUTLIERS * len(ranges)))
  outliers = rng.choice(np.flatnonzero(ranges), count, replace=False)
  wanted = _LARGEST.value ** rng.uniform(0.5, 1, len(outliers))
  wanted[0] = _LARGEST.value
  factors = np.ones(len(ranges), np.float32)
  factors[outliers] = np.exp2(np.round(np.log2(wanted / ranges[outliers])))
  return factors


def _labelled(trained: Any) -> tuple[Any, Any]:
  """Returns the texts that count, and what scores answers to them."""
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.evaluation import scoring

  labelled = trained.kind.read_labelled(
      _DATA_FILE.value, trained, scoring.Columns())
  pairs = labelled.pairs
  return agreement.RealTexts(labelled.texts, pairs), labelled.score


def _calibration_texts(trained: Any) -> Any:
  from mobilebert_tf.evaluation import real_texts
  path = _CALIBRATION_FILE.value
  if path:
    return real_texts.find(trained, path)
  data = trained.params.task.train_data
  return real_texts.read_labelled(trained, data.input_path, data=data)


def _answer(trained: Any, module: Any, quantization: str, calibrated: Any,
            texts: Any) -> tuple[int, Any]:
  """Returns the size of a module's file, and answers, or why there are none."""
  from mobilebert_tf.deployment import tflite

  with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'model.tflite')
    data = tflite.make_file(trained, module, calibrated,
                            quantization=quantization)
    with open(path, 'wb') as file:
      file.write(data)
    try:
      return len(data), tflite.run(path, trained.kind, texts)
    except ValueError as error:
      if 'not finite' in str(error):
        return len(data), 'not finite'
      if 'failed to create XNNPACK' in str(error):  # Scales too far apart.
        return len(data), 'does not run'
      raise


def _worth(score: Any, answers: Any) -> str:
  """Returns the first score of answers, in words."""
  first = score(answers)[0]
  return f'{first["name"]} {first["value"]:.1%}'


if __name__ == '__main__':
  app.run(main)
