# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Models as MediaPipe Tasks runs them, and what its tokenizer changes.

MediaPipe wants one graph of three inputs, and pads a text only where the graph
is longer: none follows a full text, so the [PAD] that the model needs is added
inside the graph.
"""

from collections.abc import Sequence
import os
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.inference import loading
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings


def check(trained: loading.TrainedModel, lengths: Sequence[int] | None,
          text_signatures: bool) -> None:
  """Raises ValueError if no task of MediaPipe runs such models or files."""
  kind = trained.kind
  if lengths or text_signatures:
    raise ValueError(
        'MediaPipe runs files of one signature, for ids: leave --lengths and '
        '--text_signatures out. --max_length says how long it is, and '
        '--dynamic_length makes it one for any length.')
  if not kind.mediapipe_task:
    raise ValueError(
        f'MediaPipe has no task that runs a model for {kind.name}. Leave '
        '--runtime=mediapipe out; LiteRT runs the file.')
  if trained.pairs:
    raise ValueError(
        f"MediaPipe's {kind.mediapipe_task} reads single texts, and this model "
        'pairs. Leave --runtime=mediapipe out; LiteRT runs the file.')
  if trained.lower_case is False:
    raise ValueError(
        "MediaPipe's tokenizer lower-cases every text, and this model reads "
        'capitals. Train one with --tokenizer=mediapipe, or leave '
        '--runtime=mediapipe out; LiteRT runs the file.')


def signature(module: served_module.ServedModule, length: int | None,
              output: str) -> tf.types.experimental.ConcreteFunction:
  """Returns the function that a file for MediaPipe holds.

  Args:
    module: The served module.
    length: Length in tokens, special ones included; None for that of the text,
      which MediaPipe does not cut then, so that the graph does.
    output: Name of the only output.
  """
  def serve(input_word_ids, input_mask, input_type_ids):
    # MediaPipe fills up with 0, whatever the vocabulary's [PAD].
    words = tf.where(input_mask > 0, input_word_ids,
                     module.tokenizer.vocabulary.pad_id)
    inputs = [_add_padding(each, module.max_length, value) for each, value in (
        (words, module.tokenizer.vocabulary.pad_id), (input_mask, 0),
        (input_type_ids, 0))]
    return {output: module.numbers(*inputs)[output]}

  return tf.function(serve).get_concrete_function(
      *(tf.TensorSpec([1, length], tf.int32, name)
        for name in validation.INPUT_NAMES))


def _add_padding(values: tf.Tensor, longest: int, value: int) -> tf.Tensor:
  """Appends one value to a row, which is cut before its last one, [SEP]."""
  if values.shape[1] is None:
    length = tf.shape(values)[1]
    values = tf.concat([
        values[:, :tf.minimum(length, longest) - 1], values[:, length - 1:]], 1)
  return tf.pad(values, [[0, 0], [0, 1]], constant_values=value)


def check_tokens(file: str | os.PathLike, trained: loading.TrainedModel,
                 texts: agreement.RealTexts, expected: Sequence[Any],
                 largest: float) -> str:
  """Refuses a file whose answers MediaPipe's tokenizer changes.

  Args:
    file: The file.
    trained: The model.
    texts: Texts that it is checked with.
    expected: Answers of the Keras model, as `TaskKind.answers` returns them.
    largest: Largest share of texts with another answer.

  Returns:
    What was found, for the terminal.

  Raises:
    ValueError: If more texts get another answer.
  """
  runner = tflite_runner.TFLiteRunner(file, {trained.kind.name: trained.kind})
  theirs = plain_tokenizer.PlainTokenizer(
      runner.vocabulary.tokens, settings.MEDIAPIPE)
  places = [i for i, (ours, other) in enumerate(zip(
      runner.tokenizer.tokenize(texts.texts), theirs.tokenize(texts.texts),
      strict=True)) if not np.array_equal(ours, other)]
  found = (f"MediaPipe's tokenizer gives {len(places)} of {len(texts)} texts "
           'other ids than training')
  if not places:
    return f'{found}.'
  runner.tokenizer, answers = theirs, np.array(expected)
  answers[places] = runner.comparable(texts.take(places).texts)
  differ, _ = agreement.differences(trained, texts, answers, expected)
  changed = differ.sum()
  first = texts.texts[max(places, key=lambda place: differ[place])][:80]
  found += (f', such as {first!r}, as it lower-cases A to Z only and keeps '
            f'accents; {np.count_nonzero(differ)} get another answer there')
  remedy = 'Train with --tokenizer=mediapipe'
  if changed > agreement.allowed(largest, len(texts)):
    raise ValueError(
        f'{found}, which is more than {largest:.2%}; nothing is written. '
        f'{remedy}, or allow more with --largest_disagreement.')
  return f'{found}. {remedy}, and none does.'
