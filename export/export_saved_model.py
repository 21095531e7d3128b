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

r"""Exports a trained model as a SavedModel that takes ids, examples and text.

python -m mobilebert_tf.export.export_saved_model \
  --model_dir=runs/sst2 --output_dir=serving/sst2

A version of the model appears below --output_dir, where TensorFlow Serving
finds it, with the signatures `serving_default` (ids), `serve_examples` and
`serve_text`, and warm-up requests. It loads where `tensorflow` and
`tensorflow_text` are imported. docs/serving.md shows how to ask it.
"""

import sys

from absl import app
from absl import flags
from absl import logging

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None,
    'The --model_dir of a fine-tuning run, or a checkpoint of any format with '
    'a classifier or span labeler and a vocab.txt.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'The folder of versions.', required=True)
_EMBEDDINGS = flags.DEFINE_bool(
    'embeddings', False, 'Export the encoder alone, of any checkpoint: it '
    'answers with vectors.')
_PAIRS = flags.DEFINE_bool(
    'pairs', None, 'Whether a classifier reads two texts, where its checkpoint '
    'does not say.')
_VERSION = flags.DEFINE_integer(
    'version', None, 'The number of the version, which is replaced if it '
    'exists. By default one more than the latest.', lower_bound=0)
_XLA = flags.DEFINE_bool(
    'xla', False, 'Compile the model with XLA: the first text of each length '
    'takes seconds, all others less time.')
_TEXT_FILE = flags.DEFINE_string(
    'text_file', '', 'Real texts to check the export with: a text a line, two '
    'with a tab between for a model that reads two, or JSON of SQuAD. By '
    'default what the model was evaluated with, if its run says so.')
_DISAGREEMENT = flags.DEFINE_float(
    'largest_disagreement', 0.005, 'Nothing is written if a larger share of '
    'these texts get another answer than the Keras model gives them.',
    lower_bound=0.0, upper_bound=1.0)


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  # Imported here, so that --help need not wait for TensorFlow.
  import tensorflow as tf

  from mobilebert_tf.evaluation import real_texts
  from mobilebert_tf.serving import exporting
  from mobilebert_tf.serving import loading

  try:
    trained = loading.load_for_export(
        _MODEL_DIR.value, embeddings=_EMBEDDINGS.value, pairs=_PAIRS.value)
    folder = exporting.export_saved_model(
        trained, _OUTPUT_DIR.value,
        real_texts.find(trained, _TEXT_FILE.value), version=_VERSION.value,
        xla=_XLA.value, largest_disagreement=_DISAGREEMENT.value)
  except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
    logging.debug('Where it was raised:', exc_info=True)
    sys.exit(f'export_saved_model: {error}')
  print(f'Wrote {folder}.')


if __name__ == '__main__':
  app.run(main)
