# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The Model Garden's MobileBERT, converted plainly."""

from benchmarks.engines import contender
from benchmarks.engines import litert


def write(settings: contender.Settings, quantizations: dict[str, str]) -> None:
  """Writes `.tflite` files for one length."""
  import tensorflow as tf

  from mobilebert_tf.inference import rewriting
  from official.nlp.modeling import networks

  # Other sizes are the released ones by default.
  network = networks.MobileBERTEncoder(
      num_blocks=settings.blocks, intermediate_size=512,
      intra_bottleneck_size=128, key_query_shared_bottleneck=True,
      num_feedforward_networks=4, normalization_type='no_norm')
  latest = tf.train.latest_checkpoint(settings.path('model_garden'))
  tf.train.Checkpoint(encoder=network).read(
      latest).assert_existing_objects_matched()
  module = rewriting.InferenceModel(network)
  litert.convert(module, lambda *inputs: module(list(inputs))[contender.HIDDEN],
                 settings.fixed, quantizations)
