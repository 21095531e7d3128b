# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

r"""Exports a fine-tuned classifier as a TFLite bundle.

python -m mobilebert_tf.export.export_tflite \
  --model_dir=/tmp/classifier --output_dir=/tmp/tflite --quantization=dynamic

The bundle is a folder: `model.tflite` with a signature for each length,
`vocab.txt`, and `metadata.json` with labels and lengths.
"""

import sys

from absl import app
from absl import flags

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None,
    'The --model_dir of a mobilebert/sentence_prediction run, or a checkpoint '
    'of any format with a classifier and a vocab.txt.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Where the bundle goes.', required=True)
_QUANTIZATION = flags.DEFINE_enum(
    'quantization', 'dynamic', ['none', 'float16', 'dynamic'],
    'none: float32. float16: half-precision weights. dynamic: int8 weights, '
    'activations quantised on the fly.')
_CALIBRATION = flags.DEFINE_string(
    'calibration_file', '', 'A text file with a text a line, such as the '
    'classifier will be given: the first 256 bring its channels to the range '
    'that int8 and float16 have, which keeps accuracy, and are what the export '
    'is checked on.')
_DISAGREEMENT = flags.DEFINE_float(
    'largest_disagreement', 0.005, 'Nothing is written if a larger share of '
    'these texts get another label than the Keras model gives them.',
    lower_bound=0.0, upper_bound=1.0)
_LENGTHS = flags.DEFINE_list(
    'lengths', [],
    'Lengths in tokens, padding included, that get a signature each, such as '
    '16,32,64. By default those that training had. One for the longest text is '
    'always there.')

_MOST_TEXTS = 256


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  lengths = _parse_lengths(_LENGTHS.value)
  # Imported here, so that --help need not wait for TensorFlow.
  from mobilebert_tf.serving import exporting
  from mobilebert_tf.serving import loading

  try:
    classifier = loading.load_classifier(_MODEL_DIR.value)
    exporting.export_tflite(
        classifier, _OUTPUT_DIR.value, lengths or None, _QUANTIZATION.value,
        _read_texts(_CALIBRATION.value), _DISAGREEMENT.value)
  except (OSError, ValueError) as error:
    sys.exit(f'export_tflite: {error}')
  print(f'Wrote {_OUTPUT_DIR.value}.')


def _read_texts(path: str) -> list[str]:
  """Returns the first lines of a file that have text."""
  import itertools
  import os
  if not path:
    return []
  try:
    with open(os.path.expanduser(path), encoding='utf-8') as file:
      texts = (line.strip() for line in file)
      return list(itertools.islice(filter(None, texts), _MOST_TEXTS))
  except UnicodeDecodeError as error:
    raise ValueError(f'{path} is not UTF-8: {error}.') from error


def _parse_lengths(values: list[str]) -> list[int]:
  try:
    lengths = [int(value) for value in values]
  except ValueError as error:
    raise app.UsageError(
        f'--lengths is a list of whole numbers, such as 16,32,64; got '
        f'{",".join(values)}.') from error
  if any(length < 4 for length in lengths):
    raise app.UsageError(
        f'--lengths are at least 4: [CLS], a token, [SEP] and a [PAD]; got '
        f'{",".join(values)}.')
  return lengths


if __name__ == '__main__':
  app.run(main)
