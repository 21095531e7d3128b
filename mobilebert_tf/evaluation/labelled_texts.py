# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Labelled texts or questions of any task, and what answers to them are worth.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from mobilebert_tf.data import glue
from mobilebert_tf.data import squad
from mobilebert_tf.data import text_examples
from mobilebert_tf.evaluation import data_files
from mobilebert_tf.evaluation import deployment_scores
from mobilebert_tf.serving import loading


@dataclasses.dataclass(frozen=True)
class Columns:
  """What a labelled file has where, as the flags of `evaluate` say it.

  Attributes:
    task: A task of GLUE, or ''.
    text: The column of the text; '' for the model's own.
    pair: That of the second text.
    label: That of the label.
    labels: Labels of the file in the order of the model's.
    titles: Articles of SQuAD to take; empty for all.
    exclude_titles: Articles to leave out.
  """
  task: str = ''
  text: str = ''
  pair: str = ''
  label: str = ''
  labels: Sequence[str] = ()
  titles: Sequence[str] = ()
  exclude_titles: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Labelled:
  """Texts with labels.

  Attributes:
    texts: The texts, or questions.
    pairs: The second text of each, or its context; or None.
    score: Takes answers as `deployment_scores` has them, and returns what they
      are worth: `name`, `value`, `low` and `high` of each score.
  """
  texts: Sequence[str]
  pairs: Sequence[str] | None
  score: Callable[[Any], list[dict[str, Any]]]


def read(path: str, trained: loading.TrainedModel,
         columns: Columns) -> Labelled:
  """Reads a labelled file for a model.

  Args:
    path: What `evaluate` reads: TSV or CSV, or JSON of SQuAD.
    trained: The model, of which the weights are not needed.
    columns: What is where.

  Returns:
    The texts, and what scores answers to them.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file, or the model cannot be scored.
  """
  if trained.kind == loading.QUESTION_ANSWERING:
    return _read_questions(path, columns)
  if trained.kind not in (loading.CLASSIFICATION, loading.REGRESSION):
    raise ValueError(f'{path}: no score is defined for artefacts of '
                     f'{trained.kind}. Leave the labelled file out.')
  task = glue.get_task(columns.task) if columns.task else None
  examples = text_examples.read_examples(path, **data_files.reading_fields(
      trained, task, columns.labels, text_field=columns.text,
      pair_field=columns.pair, label_field=columns.label))
  if trained.kind == loading.REGRESSION:
    return Labelled(
        examples.texts, examples.pairs,
        lambda values: deployment_scores.score_values(examples.values, values))
  return Labelled(
      examples.texts, examples.pairs,
      lambda scores: deployment_scores.score_labels(examples.label_ids, scores))


def _read_questions(path: str, columns: Columns) -> Labelled:
  data = squad.read(path, columns.titles, columns.exclude_titles)
  data.check_answers()
  truths = [[answer.text for answer in question.answers]
            for question in data.questions]
  return Labelled(
      [question.text for question in data.questions],
      [data.context(question) for question in data.questions],
      lambda answers: deployment_scores.score_answers(
          truths, answers, data.has_unanswerable))
