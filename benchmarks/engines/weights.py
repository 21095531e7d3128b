# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The weights that all MobileBERTs of a comparison have.

They are random, of the released architecture, and some channels are so large
that activations reach 1e7, as the released model's do.
"""

from typing import Any

from benchmarks.engines import contender

_FOLDERS = ('hugging_face', 'model_garden')
_EXPECTED = 'expected.npz'
_LARGEST_EXPONENT = 24


def write(settings: contender.Settings) -> None:
  """Writes the weights for each library, and what Keras answers."""
  import numpy as np

  from benchmarks import reparametrization
  from mobilebert_tf import checkpoints

  encoder = reparametrization.outlier_encoder(
      settings.blocks, _LARGEST_EXPONENT)
  checkpoint = checkpoints.of_model(encoder)
  for name in _FOLDERS:
    checkpoints.write(checkpoint, settings.path(name), name)
  np.savez(settings.path(_EXPECTED), *(
      encoder(inputs(contender.pad(tokens, len(tokens) + 1)))[
          contender.HIDDEN][0, :len(tokens)].numpy()
      for tokens in settings.sentences))


def inputs(row: contender.Row) -> dict[str, Any]:
  """Returns a row as int32, by the names of our inputs."""
  import numpy as np
  return dict(zip(contender.INPUTS, map(np.int32, row), strict=True))


def expected(settings: contender.Settings) -> list[Any]:
  """Returns what Keras answers, `[tokens, width]` for each sentence."""
  import numpy as np
  with np.load(settings.path(_EXPECTED)) as arrays:
    return [arrays[name] for name in arrays.files]


def trained(settings: contender.Settings) -> Any:
  """Returns our encoder with the weights, as exports take it."""
  from mobilebert_tf import checkpoints  # noqa: F401  Reads files.
  from mobilebert_tf import modeling
  from mobilebert_tf.inference import loading
  from mobilebert_tf.tasks import registry

  return loading.TrainedModel(
      modeling.MobileBertEncoder.from_pretrained(settings.path('hugging_face')),
      [], settings.vocab_file, lower_case=True,
      max_length=settings.lengths[-1] - 1, kind=registry.get('embedding'))
