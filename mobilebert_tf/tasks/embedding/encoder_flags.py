# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Flags of the programs that embed texts, and the model that they name."""

from typing import TYPE_CHECKING

from absl import flags

if TYPE_CHECKING:  # Otherwise --help would wait for it.
  from mobilebert_tf.inference import embedder
  from mobilebert_tf.tasks.embedding import file_embedder

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Run of the task embedding or one of its checkpoints, '
    'a folder of sentence-transformers, an exported .tflite or .onnx file, or '
    'an encoder of any format.', required=True)
_POOLING = flags.DEFINE_enum(
    'pooling', '', ['', 'mean', 'first'], 'Pooling of an encoder that says '
    'none.')
_WIDTH = flags.DEFINE_integer(
    'width', None, 'Number of the first entries that are the vector, for a '
    'model that was trained for that.', lower_bound=1)


def load() -> 'embedder.Embedder | file_embedder.FileEmbedder':
  """Returns the model that the flags name.

  Raises:
    FileNotFoundError: If it is not there.
    ValueError: If it is damaged, or the flags do not fit it.
  """
  from mobilebert_tf.tasks import registry
  return registry.load_sentence_encoder(
      _MODEL_DIR.value, _POOLING.value, _WIDTH.value)
