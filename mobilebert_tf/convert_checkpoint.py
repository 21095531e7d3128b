# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Converts checkpoints between TF1, Hugging Face, the Model Garden and ours.

python -m mobilebert_tf.convert_checkpoint \
  --input=uncased_L-24_H-128_B-512_A-4_F-4_OPT --output=pretrained

The input is a folder, one checkpoint in a folder (run/ckpt-400), or a name on
the Hugging Face hub (google/mobilebert-uncased). The output is a folder. It
appears once all of it is written, read back, and found equal to the last bit.
A run of the task embedding becomes a folder that sentence-transformers loads by
--output_format=sentence_transformers.
"""

import sys

from absl import flags

from mobilebert_tf.common import program

_FORMATS = ('tf1', 'hugging_face', 'model_garden', 'mobilebert_tf')
_SENTENCE_TRANSFORMERS = 'sentence_transformers'

_INPUT = flags.DEFINE_string(
    'input', None, 'Folder, checkpoint in a folder, or name on the hub.',
    required=True)
_INPUT_FORMAT = flags.DEFINE_enum(
    'input_format', None, _FORMATS, 'Format of the input; recognised if not '
    'given.')
_OUTPUT = flags.DEFINE_string(
    'output', None, 'Folder to write.', required=True)
_OUTPUT_FORMAT = flags.DEFINE_enum(
    'output_format', 'mobilebert_tf', (*_FORMATS, _SENTENCE_TRANSFORMERS),
    'Format to write.')
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', None,
    "Vocabulary to put beside the weights; the input's if not given.")
_LOWER_CASE = program.DEFINE_case(
    'lower_case', None,
    'Whether the tokenizer lower-cases; as in the input if not given.')
_REVISION = flags.DEFINE_string(
    'revision', None, 'Branch, tag or commit on the hub.')
_OVERWRITE = flags.DEFINE_bool(
    'overwrite', False, 'Replace an output of the same format.')


def main() -> None:
  if _OUTPUT_FORMAT.value == _SENTENCE_TRANSFORMERS:
    _write_sentence_encoder()
    return
  import tqdm

  from mobilebert_tf.checkpoints import formats

  def progress(items, description):
    return tqdm.tqdm(items, desc=description, unit='weight', file=sys.stderr,
                     dynamic_ncols=True)

  done = formats.convert(
      _INPUT.value, _OUTPUT.value, _OUTPUT_FORMAT.value,
      input_format=_INPUT_FORMAT.value, vocab_file=_VOCAB_FILE.value,
      lower_case=_LOWER_CASE.value, revision=_REVISION.value,
      overwrite=_OVERWRITE.value, progress=progress)
  for name, value in formats.describe(done):
    print(f'{name:<12}  {value}')


def _write_sentence_encoder() -> None:
  from mobilebert_tf.tasks import registry

  unused = [flag.name for flag in (_INPUT_FORMAT, _VOCAB_FILE, _LOWER_CASE,
                                   _REVISION) if flag.value is not None]
  if unused:
    raise ValueError(f'--{unused[0]} is not of sentence encoders, which know '
                     'it. Leave it out.')
  if _INPUT.value.endswith('.tflite'):
    raise ValueError(f'{_INPUT.value} is an exported file, from which no '
                     'weights are read. Name the run.')
  embedder = registry.load_sentence_encoder(_INPUT.value)
  notes = embedder.save_pretrained(_OUTPUT.value, _OVERWRITE.value)
  print(f'{_OUTPUT.value}: a sentence encoder with vectors of {embedder.size} '
        'numbers, for sentence-transformers.')
  for note in notes:
    print(f'Note: {note}')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
