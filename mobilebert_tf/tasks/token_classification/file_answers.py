# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labels of words by a `.tflite` file, without TensorFlow."""

from collections.abc import Sequence

import numpy as np

from mobilebert_tf.data import entity_labels
from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.tasks.token_classification import answers
from mobilebert_tf.text import words as words_lib


def answer(runner: tflite_runner.TFLiteRunner,
           texts: Sequence[str]) -> list[answers.LabelledText]:
  """Labels the words of texts, of which long ones are read in parts.

  Args:
    runner: The file.
    texts: The texts.

  Returns:
    Words and entities of each text. There are no entities if the labels mark
    none.

  Raises:
    ValueError: If a number is not finite.
  """
  labels = runner.metadata.labels
  marks_entities = entity_labels.are_entities(labels)
  found = []
  for text in texts:
    places = words_lib.find_words(text)
    words = answers.label_words(text, places, _scores(
        runner, [text[start:end] for start, end in places]), labels)
    found.append(answers.LabelledText(
        words, answers.find_entities(text, words) if marks_entities else []))
  return found


def _scores(runner: tflite_runner.TFLiteRunner,
            words: list[str]) -> np.ndarray:
  """Returns probabilities of the labels of words, `[words, labels]`."""
  parts = words_lib.split_words(
      runner.tokenizer.tokenize, runner.vocabulary.unk_id, [words],
      runner.metadata.max_length)
  rows = [np.zeros([0, len(runner.metadata.labels)], np.float32)]
  for start, end in zip(parts.splits, parts.splits[1:], strict=False):
    [scores] = runner.run([parts.pieces[start:end]])['probabilities']
    # The first token is [CLS].
    rows.append(scores[1:1 + end - start][parts.is_first[start:end]])
  scores = np.concatenate(rows)
  runner.check_finite(scores)
  return scores
