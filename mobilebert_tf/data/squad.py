# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Questions on contexts in SQuAD's JSON, and the official files of answers."""

from collections.abc import Iterator, Mapping, Sequence
import dataclasses
import difflib
import json
import os
import re
from typing import Any

from mobilebert_tf.common import files

PREDICTIONS, N_BEST, NULL_ODDS = (
    'predictions.json', 'nbest_predictions.json', 'null_odds.json')
# Units of offsets by name: a codec, and its bytes in a unit.
_UNITS = {'utf16': ('utf-16-le', 2), 'utf8': ('utf-8', 1)}
_CHARACTERS = 'characters'
OFFSETS = (_CHARACTERS, *_UNITS)
_EXPECTED = ('SQuAD has {"data": [{"title": ..., "paragraphs": [{"context": '
             '..., "qas": [{"id": ..., "question": ..., "answers": [{"text": '
             '..., "answer_start": ...}]}]}]}]}')


@dataclasses.dataclass(frozen=True)
class GoldAnswer:
  """An annotator's text, and its first character in the file, maybe wrong."""
  text: str
  start: int


@dataclasses.dataclass(frozen=True)
class Question:
  """A question of a file.

  Attributes:
    id: Identifier, unique in the data.
    text: The question.
    paragraph: Number of its context in `SquadData.contexts`.
    answers: Answers by annotators; empty if there is none or no label.
    is_impossible: Flag of the file that there is no answer; None without one.
    place: File and place in it, for messages.
  """
  id: str
  text: str
  paragraph: int
  answers: tuple[GoldAnswer, ...]
  is_impossible: bool | None
  place: str

  @property
  def truths(self) -> list[str]:
    """The texts of the answers by annotators."""
    return [answer.text for answer in self.answers]

  @property
  def is_contradictory(self) -> bool:
    """Whether `is_impossible` contradicts the answers."""
    return (self.is_impossible is not None and
            self.is_impossible == bool(self.answers))

  def located(self, context: str) -> GoldAnswer | None:
    """Returns the first answer that stands at its offset in the context."""
    for answer in self.answers:
      if answer.text.strip() and answer.start >= 0 and context.startswith(
          answer.text, answer.start):
        return answer
    return None

  def with_offsets(self, context: str, offsets: str) -> 'Question':
    """Returns the question with offsets in characters instead of a unit."""
    if offsets == _CHARACTERS or context.isascii():
      return self
    answers = [dataclasses.replace(answer, start=_in_characters(
        context, answer.start, offsets)) for answer in self.answers]
    return dataclasses.replace(self, answers=tuple(answers))

  def find_unit(self, context: str) -> str:
    """Returns the other unit in which an answer is at its offset, or ''."""
    return next((unit for unit in _UNITS if not context.isascii() and
                 self.with_offsets(context, unit).located(context)), '')


def _in_characters(context: str, start: int, unit: str) -> int:
  """Returns an offset in characters; -1 for one within a character."""
  codec, width = _UNITS[unit]
  data = context.encode(codec, 'surrogatepass')[:max(start, 0) * width]
  before = data.decode(codec, 'surrogatepass' if width > 1 else 'replace')
  return len(before) if start >= 0 and context.startswith(before) else -1


@dataclasses.dataclass(frozen=True)
class SquadData:
  """The content of SQuAD files.

  Attributes:
    version: Version in the first file, such as `v2.0`; may be empty.
    contexts: The text of each paragraph.
    titles: The article of each paragraph.
    questions: All questions, in the order of the files.
    version_2: Whether questions may have no answer, where that is known; None
      to go by the version and the marks of the files.
  """
  version: str
  contexts: tuple[str, ...]
  titles: tuple[str, ...]
  questions: tuple[Question, ...]
  version_2: bool | None = None

  @property
  def has_unanswerable(self) -> bool:
    """Whether this is SQuAD v2.0: questions may have no answer."""
    if self.version_2 is not None:
      return self.version_2
    return bool(re.match(r'v?2(\.|$)', self.version.lower())) or any(
        q.is_impossible is not None for q in self.questions)

  def check_answers(self) -> None:
    """Raises ValueError if a question of SQuAD v1.1 has no answer."""
    if self.has_unanswerable:
      return
    for question in self.questions:
      if not question.answers:
        raise ValueError(
            f'{question.place}: the question has no answer; only those of '
            'SQuAD v2.0 may have none. If these are such, say --task=squad_v2, '
            'or --version_2 to score_squad.')

  def context(self, question: Question) -> str:
    """Returns the text that a question is about."""
    return self.contexts[question.paragraph]


def read(paths: files.Paths, titles: Sequence[str] = (),
         exclude_titles: Sequence[str] = (), *, version_2: bool | None = None,
         offsets: str = 'characters') -> SquadData:
  """Reads SQuAD v1.1 or v2.0 files, or a part of their articles.

  Questions that cannot be trained on (without text, or with an answer that is
  not at its offset) are read; the loader of the task skips them.

  Example:

    data = read('dev-v1.1.json', exclude_titles=['Force', 'Oxygen'])
    data.context(data.questions[0])

  Args:
    paths: Files or globs, as a sequence or with commas.
    titles: Articles to read; empty for all.
    exclude_titles: Articles to leave out.
    version_2: As for `SquadData`.
    offsets: Unit of `answer_start`, one of `OFFSETS`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a file is not JSON or of another shape, an id is duplicated,
      a title is in no file, or no question is left. Names file and place.
  """
  if offsets not in OFFSETS:
    raise ValueError(f'offsets is {offsets!r}; accepted: {", ".join(OFFSETS)}.')
  paths = files.find_files(paths)
  version, found = '', set()
  contexts, titles_of, questions = [], [], []
  for path in paths:
    content = _read_json(path)
    version = version or str(content.get('version', ''))
    for place, article in _items(content, 'data', ''):
      place = f'{path}: {place.removeprefix(".")}'
      title = _field(article, 'title', str, place, default='')
      found.add(title)
      if (titles and title not in titles) or title in exclude_titles:
        continue
      for place_of, paragraph in _items(article, 'paragraphs', place):
        context = _field(paragraph, 'context', str, place_of)
        for place_qa, qa in _items(paragraph, 'qas', place_of):
          question = _question(qa, len(contexts), place_qa)
          questions.append(question.with_offsets(context, offsets))
        contexts.append(context)
        titles_of.append(title)
  _check_titles([*titles, *exclude_titles], found)
  _check_ids(questions)
  if not questions:
    where = ' in these articles' if titles or exclude_titles else ''
    raise ValueError(
        f'{", ".join(paths)}: no question{where}.')
  return SquadData(version, tuple(contexts), tuple(titles_of), tuple(questions),
                   version_2)


def _read_json(path: str) -> dict[str, Any]:
  content = files.read_json(path, allow_nan=False)
  if not isinstance(content, dict) or 'data' not in content:
    raise ValueError(f'{path}: not a SQuAD file: {_EXPECTED}; this is '
                     f'{_shape(content)}.')
  return content


def _shape(content: Any) -> str:
  if isinstance(content, dict):
    names = ', '.join(map(repr, list(content)[:5])) or 'nothing'
    return f'an object of {names}'
  names = {list: 'an array', str: 'a string', bool: 'a truth value',
           type(None): 'null'}
  return names.get(type(content), 'a number')


def _items(parent: dict[str, Any], name: str,
           place: str) -> Iterator[tuple[str, dict[str, Any]]]:
  """Yields the objects of an array with their places."""
  for i, item in enumerate(_field(parent, name, list, place)):
    here = f'{place}.{name}[{i}]'
    if not isinstance(item, dict):
      raise ValueError(f'{here} is {_shape(item)}, not an object. {_EXPECTED}.')
    yield here, item


def _field(item: dict[str, Any], name: str, kind: type, place: str,
           default: Any = None) -> Any:
  value = item.get(name, default)
  if type(value) is not kind:  # isinstance takes a truth value for an int.
    kinds = {str: 'a string', list: 'an array', int: 'a whole number',
             bool: 'true or false'}
    what = 'is missing' if name not in item else f'is {_shape(value)}'
    raise ValueError(f'{place}: {name!r} {what}; it has to be {kinds[kind]}.')
  return value


def _question(qa: dict[str, Any], paragraph: int, place: str) -> Question:
  answers = []
  if qa.get('answers') is not None:
    for here, answer in _items(qa, 'answers', place):
      answers.append(GoldAnswer(_field(answer, 'text', str, here),
                                _field(answer, 'answer_start', int, here)))
  impossible = None
  if 'is_impossible' in qa:
    impossible = _field(qa, 'is_impossible', bool, place)
  if type(qa.get('id')) is int:  # As in COVID-QA.
    qa = {**qa, 'id': str(qa['id'])}
  return Question(_field(qa, 'id', str, place),
                  _field(qa, 'question', str, place), paragraph,
                  tuple(answers), impossible, place)


def _check_titles(wanted: Sequence[str], found: set[str]) -> None:
  for title in wanted:
    if title not in found:
      near = difflib.get_close_matches(title, sorted(found), 3, 0.5)
      some = near or sorted(found)[:5]
      raise ValueError(
          f'No article is called {title!r}. '
          f'{"Near" if near else "There"} are {", ".join(map(repr, some))}.')


def _check_ids(questions: Sequence[Question]) -> None:
  places: dict[str, str] = {}
  for question in questions:
    if question.id in places:
      raise ValueError(
          f'{question.place}: the id {question.id!r} is already that of '
          f'{places[question.id]}. Answers are told apart by their ids.')
    places[question.id] = question.place


# === Official files of answers ===


def read_predictions(path: str | os.PathLike) -> dict[str, str]:
  """Reads answers by the id of their question.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not a JSON object of strings.
  """
  return _read(path, (str,), 'its answer, a string')


def read_null_odds(path: str | os.PathLike) -> dict[str, float]:
  """Reads no-answer scores by the id of their question.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not a JSON object of numbers.
  """
  return _read(path, (int, float), 'its no-answer score, a number')


def write(folder: str | os.PathLike, predictions: Mapping[str, str],
          n_best: Mapping[str, Sequence[Mapping[str, Any]]],
          null_odds: Mapping[str, float] | None = None) -> None:
  """Writes the official files into a folder, made if needed.

  Args:
    folder: The folder.
    predictions: Answers by id.
    n_best: Objects of `text`, `probability`, `start_logit` and `end_logit` by
      id, best first.
    null_odds: No-answer scores by id; None in SQuAD v1.1.
  """
  contents = {PREDICTIONS: predictions, N_BEST: n_best, NULL_ODDS: null_odds}
  for name, content in contents.items():
    if content is not None:
      files.write_json(os.path.join(folder, name), content, allow_nan=False)


def compare_ids(data: SquadData, predictions: Mapping[str, str]) -> list[str]:
  """Returns sentences on ids that only the data or the predictions have."""
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
  content = files.read_json(path, allow_nan=False)
  if not isinstance(content, dict):
    raise ValueError(f'{os.fspath(path)}: expected a JSON object of ids, and '
                     f'for each {what}.')
  for id_, value in content.items():
    if type(value) not in kinds:  # isinstance takes a truth value for an int.
      raise ValueError(f'{os.fspath(path)}: {id_!r} has '
                       f'{json.dumps(value)[:60]}; expected {what}.')
  return content
