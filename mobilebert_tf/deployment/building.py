# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Builds the module that is exported from a trained model of any kind."""

from collections.abc import Iterable, Mapping
import hashlib

from absl import logging
import tensorflow as tf, tf_keras

from mobilebert_tf.deployment import served_module
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import layout
from mobilebert_tf.text import tokenizer


def build(trained: loading.TrainedModel,
          batches: Iterable[Mapping[str, tf.Tensor]] = (), *,
          fold: bool = True, xla: bool = False) -> served_module.ServedModule:
  """Folds a model for inference, and puts its tokenizer before it.

  Args:
    trained: The model.
    batches: Inputs to calibrate with, as for `rewriting.rewrite`.
    fold: Whether it is folded; the Keras model as it is, to compare, if not.
    xla: Whether the model is compiled by XLA.

  Returns:
    What answers.

  Raises:
    task_kind.MissingPartError: If models of this kind are not exported.
    ValueError: If a weight is not finite.

  Example: `module = build(trained); module.serve_text(text=texts)['label']`
  """
  architecture = getattr(trained.model, 'encoder', trained.model).architecture
  if not layout.block_layout(architecture).ignores_padding:
    logging.warning(
        'attention_mask=%s gives padding some weight, so the answers of this '
        'export depend on how far a text is padded, as they did in training.',
        architecture.attention_mask)
  model = (rewriting.rewrite(trained.model, batches) if fold
           else rewriting.InferenceModel(trained.model))
  return trained.kind.served_module(
      trained, model,
      tokenizer.Tokenizer(trained.vocab_file, trained.lower_case), xla=xla)


def weights_sha256(model: tf_keras.Model) -> str:
  """Returns the checksum of a model's weights, whatever file they are from."""
  digest = hashlib.sha256()
  for weight in sorted(model.weights, key=lambda weight: weight.name):
    digest.update(f'{weight.name} {weight.shape} {weight.dtype}'.encode())
    digest.update(weight.numpy().tobytes())
  return digest.hexdigest()
