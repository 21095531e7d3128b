# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""BERT_BASE of keras-nlp with random weights, converted plainly."""

import tempfile

from benchmarks.engines import contender
from benchmarks.engines import litert


def write(settings: contender.Settings, quantizations: dict[str, str]) -> None:
  """Writes `.tflite` files for one length, with a layer for two blocks."""
  import keras
  import keras_nlp
  import tensorflow as tf

  keras.utils.set_random_seed(0)
  model = keras_nlp.models.BertBackbone(
      vocabulary_size=30_522, num_layers=max(1, settings.blocks // 2),
      num_heads=12, hidden_dim=768, intermediate_dim=3072)

  def serve(input_word_ids, input_mask, input_type_ids):
    inputs = {'token_ids': input_word_ids, 'padding_mask': input_mask,
              'segment_ids': input_type_ids}
    return {contender.HIDDEN: model(inputs, training=False)[contender.HIDDEN]}

  name = litert.signature(settings.fixed)
  with tempfile.TemporaryDirectory() as folder:
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(name, serve, [
        tf.TensorSpec([1, settings.fixed], tf.int32, each)
        for each in contender.INPUTS])
    archive.write_out(folder, verbose=False)
    for path, quantization in quantizations.items():
      litert.write(folder, [name], path, quantization)
