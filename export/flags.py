# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Flags of all exports, and the model and texts that they name."""

import dataclasses
from typing import Any

from absl import flags

from mobilebert_tf.common import program

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None,
    'The --model_dir of a fine-tuning run, or a checkpoint of any format with '
    'a head and a vocab.txt.', required=True)
_EMBEDDINGS = flags.DEFINE_bool(
    'embeddings', False, 'Export the encoder alone, of any checkpoint; it '
    'answers with vectors.')
_PAIRS = flags.DEFINE_bool(
    'pairs', None, 'Whether a classifier reads two texts, where its checkpoint '
    'does not say.')
_LOWER_CASE = program.DEFINE_case(
    'lower_case', None, 'Whether the tokenizer lower-cases, where a checkpoint '
    'says it wrongly or not at all; a run of ours knows.')
_MAX_WINDOWS = flags.DEFINE_integer(
    'max_windows', None, 'Maximum number of windows in which a context of a '
    'question is read; a longer one is refused. By default 512.', lower_bound=1)
TEXT_FILE = flags.DEFINE_string(
    'text_file', '', 'Real texts that the export is checked with, and a TFLite '
    'file is calibrated with: a text a line, two with a tab between for a '
    'model that reads two, or JSON of SQuAD. By default the texts that the '
    'model was evaluated with, if its run says so.')
LARGEST_DISAGREEMENT = flags.DEFINE_float(
    'largest_disagreement', 0.005, 'Largest share of these texts that may get '
    'another answer than from the Keras model; beyond it nothing is written.',
    lower_bound=0.0, upper_bound=1.0)


def load() -> tuple[Any, Any]:
  """Returns the model that the flags name, and the texts to check it with.

  Raises:
    FileNotFoundError: If one is not there.
    ValueError: If one is damaged, or they do not fit.
  """
  from mobilebert_tf.evaluation import real_texts
  from mobilebert_tf.inference import loading
  from mobilebert_tf.tasks import registry

  trained = registry.load_for_export(
      _MODEL_DIR.value, encoder_only=_EMBEDDINGS.value, pairs=_PAIRS.value)
  trained = loading.with_case(trained, _LOWER_CASE.value)
  trained = dataclasses.replace(trained, max_windows=_MAX_WINDOWS.value)
  return trained, real_texts.find(trained, TEXT_FILE.value)
