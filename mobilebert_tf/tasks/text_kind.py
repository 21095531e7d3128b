# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What all kinds of tasks share that read one text or two as a whole."""

import numpy as np

from mobilebert_tf.inference import task_kind


class TextKind(task_kind.TaskKind):
  """A kind whose models read a text, or a pair of texts, in one piece."""

  def encode(self, trained, texts, *, rows, length, most):
    from mobilebert_tf.deployment import agreement
    return agreement.encode_texts(
        trained, texts, rows=rows, length=length, most=most)

  def read_texts(self, path, pairs):
    from mobilebert_tf.evaluation import real_texts
    return real_texts.read(path, pairs)

  def agreement(self, answers, reference):
    return {'largest_difference': float(np.abs(answers - reference).max())}
