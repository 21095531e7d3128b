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

r"""Exports a fine-tuned classifier as a SavedModel that takes raw text.

python -m mobilebert_tf.export.export_saved_model \
  --model_dir=/tmp/classifier --output_dir=/tmp/saved_model

The SavedModel has the signatures `serving_default` (raw text) and `serve`
(ids). It loads where `tensorflow` and `tensorflow_text` are imported.
"""

import sys

from absl import app
from absl import flags

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None,
    'The --model_dir of a mobilebert/sentence_prediction run, or a checkpoint '
    'of any format with a classifier and a vocab.txt.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Where the SavedModel goes.', required=True)


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  # Imported here, so that --help need not wait for TensorFlow.
  from mobilebert_tf.serving import exporting
  from mobilebert_tf.serving import loading

  try:
    classifier = loading.load_classifier(_MODEL_DIR.value)
    exporting.export_saved_model(classifier, _OUTPUT_DIR.value)
  except (OSError, ValueError) as error:
    sys.exit(f'export_saved_model: {error}')
  print(f'Wrote {_OUTPUT_DIR.value}.')


if __name__ == '__main__':
  app.run(main)
