# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labels that mark the words of entities, such as `B-PER`."""

from collections.abc import Iterable, Sequence
import re

OUTSIDE = 'O'

_TAG = re.compile(r'O|[BIESUL]-.+')
# Tags of other schemes for the first and for later words of an entity.
_FIRST = {'S': 'B', 'U': 'B'}
_LATER = {'E': 'I', 'L': 'I'}


def is_entity_label(label: str) -> bool:
  """Whether a label is one of an entity, or of what is outside."""
  return bool(_TAG.fullmatch(label))


def are_entities(labels: Iterable[str]) -> bool:
  """Whether labels mark entities, rather than words one by one."""
  labels = set(labels)
  return all(map(is_entity_label, labels)) and any(
      label.startswith(('B-', 'I-')) for label in labels)


def find_entities(labels: Sequence[str]) -> list[tuple[str, int, int]]:
  """Finds the entities of a sentence, as conlleval and seqeval do.

  >>> find_entities(['B-PER', 'I-PER', 'O', 'I-LOC', 'B-LOC'])
  [('PER', 0, 1), ('LOC', 3, 3), ('LOC', 4, 4)]

  Args:
    labels: IOB1, IOB2 or BIOES.

  Returns:
    Type, first and last word of each entity.
  """
  found: list[tuple[str, int, int]] = []
  goes_on = ''  # The type of the entity that may go on.
  for place, label in enumerate(labels):
    tag, kind = label[0], label[2:]
    if label == OUTSIDE:
      goes_on = ''
      continue
    if kind == goes_on and tag not in ('B', 'S'):
      found[-1] = (kind, found[-1][1], place)
    else:
      found.append((kind, place, place))
    goes_on = '' if tag in ('E', 'S') else kind
  return found


def to_iob2(labels: Sequence[str]) -> list[str]:
  """Returns a sentence's labels of entities as IOB2.

  >>> to_iob2(['I-PER', 'I-PER', 'O', 'I-LOC', 'B-LOC'])
  ['B-PER', 'I-PER', 'O', 'B-LOC', 'B-LOC']

  Args:
    labels: IOB1, IOB2 or BIOES, with `U` and `L` for `S` and `E` if you like.

  Returns:
    One label for each.
  """
  result = []
  before = ''  # The type of the entity that may go on.
  for label in labels:
    prefix, _, kind = label.partition('-')
    if label == OUTSIDE:
      before = ''
      result.append(label)
      continue
    goes_on = kind == before and prefix in ('I', *_LATER)
    result.append(f'{"I" if goes_on else "B"}-{kind}')
    # What ends here does not go on, even where an I follows.
    before = '' if prefix in (*_FIRST, *_LATER) else kind
  return result
