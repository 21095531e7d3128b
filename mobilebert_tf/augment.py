# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Makes more training texts of those of a run, by a masked LM.

python -m mobilebert_tf.augment --model_dir=runs/sst2 --masked_lm=student \
  --output=augmented.jsonl

Words are replaced by those that the masked LM finds likely in their place
(Jiao et al. 2020, TinyBERT). The output has the texts of the run, and others
like them, for `mobilebert adapt --augmented`: a teacher answers them, as the
labels that they keep may be wrong. The same command goes on where it was
stopped.
"""

from absl import flags
from absl import logging

from mobilebert_tf.common import program

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Folder of a run of fine-tuning on texts or pairs.',
    required=True)
_MASKED_LM = flags.DEFINE_string(
    'masked_lm', None, 'Pre-trained model: a run, or a checkpoint of any '
    'format with a masked-LM head.', required=True)
_OUTPUT = flags.DEFINE_string(
    'output', None, 'File of JSON lines to write.', required=True)
_COPIES = flags.DEFINE_integer(
    'copies', 20, 'Texts that are drawn of each.', lower_bound=1)
_SHARE = flags.DEFINE_float(
    'share', 0.4, 'Probability with which a word is replaced.')
_CANDIDATES = flags.DEFINE_integer(
    'candidates', 15, 'Most probable tokens that replace a word.',
    lower_bound=1)
_SEED = flags.DEFINE_integer(
    'seed', 0, 'Seed of the draws.', lower_bound=0)


def main() -> None:
  import os
  from mobilebert_tf.compression import augmentation
  from mobilebert_tf.tasks import registry

  settings = augmentation.Settings(
      _COPIES.value, _SHARE.value, _CANDIDATES.value, _SEED.value)
  texts, lines = augmentation.write(
      registry.load(os.path.expanduser(_MODEL_DIR.value)), _MASKED_LM.value,
      _OUTPUT.value, settings)
  print(f'{_OUTPUT.value}: {lines:,} lines, of {texts:,} texts.')


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.',
              verbosity=logging.ERROR)
