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

"""The official files of answers: predictions, null odds and n-best answers."""

from collections.abc import Mapping, Sequence
import json
import os
from typing import Any

from mobilebert_tf import files
from mobilebert_tf.data import squad

PREDICTIONS, N_BEST, NULL_ODDS = (
    'predictions.json', 'nbest_predictions.json', 'null_odds.json')


def read_predictions(path: str | os.PathLike) -> dict[str, str]:
  """Reads the answer to each question, by its id.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not a JSON object of strings.

  Example: `read_predictions('predictions.json')['5725b33f6a3fe71400b8952d']`
  """
  return _read(path, (str,), 'its answer, a string')


def read_null_odds(path: str | os.PathLike) -> dict[str, float]:
  """Reads how much rather there is no answer, by the question's id.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not a JSON object of numbers.

  Example: `read_null_odds('null_odds.json')['5725b33f6a3fe71400b8952d']`
  """
  return _read(path, (int, float), 'its odds, a number')


def write(folder: str | os.PathLike,
          predictions: Mapping[str, str],
          n_best: Mapping[str, Sequence[Mapping[str, Any]]],
          null_odds: Mapping[str, float] | None = None) -> None:
  """Writes the official files into a folder.

  Args:
    folder: Made if needed.
    predictions: The answer to each question, by its id.
    n_best: By id, best first, objects of `text`, `probability`, `start_logit`
      and `end_logit`.
    null_odds: By id; None in SQuAD v1.1, which has no such file.

  Example: `write('answers', {'1': 'Paris'}, {'1': []})`
  """
  contents = {PREDICTIONS: predictions, N_BEST: n_best, NULL_ODDS: null_odds}
  for name, content in contents.items():
    if content is not None:
      files.write_text(os.path.join(folder, name),
                       json.dumps(content, indent=2, allow_nan=False) + '\n')


def compare_ids(data: squad.SquadData,
                predictions: Mapping[str, str]) -> list[str]:
  """Says of how many questions there is no prediction, and the other way.

  Args:
    data: The questions.
    predictions: By id.

  Returns:
    Sentences, none if all ids are in both.
  """
  ids = {question.id for question in data.questions}
  notes = []
  if missing := [q.id for q in data.questions if q.id not in predictions]:
    notes.append(f'{len(missing):,} of {len(ids):,} questions have no '
                 f'prediction and score 0, such as {missing[0]!r}.')
  if unknown := [id_ for id_ in predictions if id_ not in ids]:
    notes.append(f'{len(unknown):,} predictions are of no question of the data '
                 f'and do not count, such as {unknown[0]!r}.')
  return notes


def _read(path: str | os.PathLike, kinds: tuple[type, ...],
          what: str) -> dict[str, Any]:
  content = squad.read_json(path)
  if not isinstance(content, dict):
    raise ValueError(f'{os.fspath(path)}: expected a JSON object of ids, and '
                     f'for each {what}.')
  for id_, value in content.items():
    if type(value) not in kinds:  # A truth value is an int to isinstance.
      raise ValueError(f'{os.fspath(path)}: {id_!r} has '
                       f'{json.dumps(value)[:60]}; expected {what}.')
  return content
