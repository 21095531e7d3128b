# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Exports a trained model to ONNX, in a folder as on the Hugging Face hub.

python -m mobilebert_tf.export.export_onnx \
  --model_dir=runs/sst2 --output_dir=sst2-onnx

The folder has `onnx/model.onnx` and `onnx/model_quantized.onnx` for any number
of texts of any length, config.json and tokenizer.json: transformers.js and
optimum load it. Each `.onnx` file also holds labels and tokenizer:
`mobilebert_tf.OnnxRunner` answers text with it and needs no TensorFlow.
docs/onnx.md shows all of these.
"""

from absl import flags

from mobilebert_tf.common import program
from mobilebert_tf.export import flags as flags_lib

flags.adopt_module_key_flags(flags_lib)  # So that --help shows them.

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder to write.', required=True)
_QUANTIZATION = flags.DEFINE_list(
    'quantization', ['none', 'dynamic'],
    'Files to write. none: float32, model.onnx. float16: model_fp16.onnx, for '
    'GPUs. dynamic: int8 weights, activations quantised on the fly, '
    'model_quantized.onnx.')
_REDUCE_RANGE = flags.DEFINE_bool(
    'reduce_range', False, 'Weights of dynamic have 7 bits, for x86 without '
    'VNNI, where sums of products of 8 bits saturate.')


def main() -> None:
  from mobilebert_tf.deployment import onnx

  trained, texts = flags_lib.load()
  onnx.write_folder(
      trained, _OUTPUT_DIR.value, texts, quantizations=_QUANTIZATION.value,
      reduce_range=_REDUCE_RANGE.value,
      largest_disagreement=flags_lib.LARGEST_DISAGREEMENT.value, report=print)
  print(f'Wrote {_OUTPUT_DIR.value}.')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
