# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Exports a trained model as a SavedModel that takes ids, examples and text.

python -m mobilebert_tf.export.export_saved_model \
  --model_dir=runs/sst2 --output_dir=serving/sst2

A version of the model appears below --output_dir, where TensorFlow Serving
finds it, with the signatures `serving_default` (ids), `serve_examples` and
`serve_text`, of a token classifier also `serve_words`, and warm-up requests. It
loads where `tensorflow` and `tensorflow_text` are imported. docs/serving.md
shows how to ask it.
"""

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.export import flags as flags_lib

flags.adopt_module_key_flags(flags_lib)  # So that --help shows them.

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder of versions.', required=True)
_VERSION = flags.DEFINE_integer(
    'version', None, 'Number of the version, which is replaced if it exists; '
    'one more than the latest if not given.', lower_bound=0)
_XLA = flags.DEFINE_bool(
    'xla', False, 'Compile the model with XLA: the first text of each length '
    'takes seconds, all others less time.')
_WARM_UP_TEXTS = flags.DEFINE_bool(
    'warm_up_texts', False, 'Put eight of the texts of --text_file, readable, '
    'into the warm-up requests, in place of made-up ones of their lengths.')


def main() -> None:
  from mobilebert_tf.deployment import saved_model

  trained, texts = flags_lib.load()
  folder = saved_model.write(
      trained, _OUTPUT_DIR.value, texts, version=_VERSION.value,
      xla=_XLA.value,
      largest_disagreement=flags_lib.LARGEST_DISAGREEMENT.value,
      warm_up_texts=_WARM_UP_TEXTS.value, report=print)
  print(f'Wrote {folder}.')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
