# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Writes the model card of a run anew, with what people say of it.

python -m mobilebert_tf.model_card --model_dir=runs/sst2 --licence=apache-2.0 \
  --language=en --intended_use='Reviews of films in English.' \
  --benchmark=benchmarks/sst2

finetune and train write README.md, in the format of the Hugging Face hub: data
with checksums, metrics, how it was trained. This program adds what no program
knows, and sizes and latencies of exported models that `benchmark` measured.
What was said before stays.
"""

from absl import flags

from mobilebert_tf.common import program

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'The --output_dir of finetune, or --model_dir of train.',
    required=True)
_LICENCE = flags.DEFINE_string(
    'licence', '', "Licence of the model by the hub's identifier, such as "
    'apache-2.0, mit or cc-by-4.0.')
_LANGUAGE = flags.DEFINE_string(
    'language', '', 'Language of the texts by its code, such as en.')
_INTENDED_USE = flags.DEFINE_string(
    'intended_use', '', 'What the model is for, and what it is not for.')
_BASE_MODEL = flags.DEFINE_string(
    'base_model', '', 'Name on the hub of the model that it was made from, '
    'where the run started from a copy.')
_BENCHMARK = flags.DEFINE_string(
    'benchmark', '', 'The --output_dir of benchmark.')
_OVERWRITE = flags.DEFINE_bool(
    'overwrite', False, 'Replace a card that somebody has edited.')


def main() -> None:
  from mobilebert_tf.pipelines import publishing
  from mobilebert_tf.reporting import run_card

  exports = (run_card.read_benchmark(_BENCHMARK.value)
             if _BENCHMARK.value else ())
  path = publishing.write_card(
      _MODEL_DIR.value, _OVERWRITE.value, licence=_LICENCE.value,
      language=_LANGUAGE.value, intended_use=_INTENDED_USE.value,
      base_model=_BASE_MODEL.value, exports=exports)
  print(f'Wrote {path}.')


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
