# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Exports a trained model as a TFLite file that holds all that it needs.

python -m mobilebert_tf.export.export_tflite \
  --model_dir=runs/sst2 --output_file=sst2.tflite --quantization=dynamic

The file has a signature for each length, over shared weights, and behind the
model a ZIP archive with vocabulary, labels and metadata (`unzip sst2.tflite`).
`mobilebert_tf.TFLiteRunner` answers text with it and needs no TensorFlow;
docs/mobile.md shows the same on Android and iOS, and --runtime=mediapipe.
"""

import dataclasses

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.export import flags as flags_lib

flags.adopt_module_key_flags(flags_lib)  # So that --help shows them.

_OUTPUT_FILE = flags.DEFINE_string(
    'output_file', None, 'File to write.', required=True)
_QUANTIZATION = flags.DEFINE_enum(
    'quantization', 'dynamic', ['none', 'float16', 'dynamic', 'int8', 'int4'],
    'none: float32. float16: half-precision weights. dynamic: int8 weights, '
    'activations quantised on the fly. int8: activations as well, by ranges '
    'measured on --text_file, which it needs; attention and sums stay in '
    'float. int4: as dynamic, with int4 weights; it needs ai-edge-quantizer '
    '(pip), and few models keep their answers.')
_ACCUMULATION = flags.DEFINE_enum(
    'accumulation', 'float32', ['float32', 'float16'],
    'float16: with --quantization=float16, processors that have it, such as '
    'ARMv8.2, may compute in it.')
_RUNTIME = flags.DEFINE_enum(
    'runtime', 'litert', ['litert', 'mediapipe'],
    'litert: LiteRT and TensorFlow Lite, with a signature for each length. '
    "mediapipe: MediaPipe Tasks' TextClassifier or TextEmbedder, with one "
    'signature; the export says how many texts its tokenizer reads otherwise.')
_MAX_LENGTH = flags.DEFINE_integer(
    'max_length', None, 'Maximum length of a text in tokens, special ones '
    'included; longer texts are cut. By default as in training.', lower_bound=5)
_LENGTHS = program.DEFINE_numbers(
    'lengths', None,
    'Lengths in tokens, padding included, that get a signature each: at least '
    '5, for [CLS], two tokens, [SEP] and a [PAD]. One for the longest text is '
    'always there, and none is longer, or nearly as long. By default 16, 24, '
    '32, 48, 64, 96, 128, 192, 256 and 384.', lower_bound=5)
_DYNAMIC_LENGTH = flags.DEFINE_bool(
    'dynamic_length', False, 'Add a signature for any length; with '
    '--runtime=mediapipe, the only one.')
_TEXT_SIGNATURES = flags.DEFINE_bool(
    'text_signatures', False, 'Add signatures that take text; they need the '
    'custom operations of tensorflow-text.')


def main() -> None:
  if _QUANTIZATION.value == 'int8' and not flags_lib.TEXT_FILE.value:
    raise ValueError(
        '--quantization=int8 needs real texts by name, --text_file.')
  from mobilebert_tf.deployment import tflite

  trained, texts = flags_lib.load()
  if _MAX_LENGTH.value:
    trained = dataclasses.replace(
        trained, max_length=min(trained.max_length, _MAX_LENGTH.value))
  tflite.write(
      trained, _OUTPUT_FILE.value, texts, lengths=_LENGTHS.value,
      quantization=_QUANTIZATION.value, dynamic_length=_DYNAMIC_LENGTH.value,
      text_signatures=_TEXT_SIGNATURES.value, runtime=_RUNTIME.value,
      accumulation=_ACCUMULATION.value,
      largest_disagreement=flags_lib.LARGEST_DISAGREEMENT.value, report=print)
  print(f'Wrote {_OUTPUT_FILE.value}.')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
