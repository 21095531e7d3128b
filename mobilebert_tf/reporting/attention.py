# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""How alike two networks attend: the comparison, and its part of a page."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

_LEAST = 1e-7  # Below it, float32 probabilities are noise.
_SHOWN_TOKENS = 32
_PADDING = '[PAD]'
_FRAME = ('[CLS]', '[SEP]')


@dataclasses.dataclass(frozen=True)
class Similarity:
  """Comparison of teacher and student attention, one number a block.

  Attributes:
    divergence: `[blocks]`, KL(teacher || student) in nats, 0 when equal.
    uniform_divergence: `[blocks]`, KL(teacher || uniform): that of a student
      that attends to everything alike.
    cosine: `[blocks]`, cosine of the two distributions, 1 when equal.
    by_head: Whether heads were compared one to one, or their means.
  """
  divergence: np.ndarray
  uniform_divergence: np.ndarray
  cosine: np.ndarray
  by_head: bool


def compare_attention(teacher: np.ndarray, student: np.ndarray) -> Similarity:
  """Compares attention probabilities, averaged over heads and queries.

  Args:
    teacher: `[blocks, heads, queries, keys]`, rows summing to 1.
    student: Array of the same shape. If the number of heads differs, the means
      over heads are compared.

  Returns:
    The similarity of each block.

  Raises:
    ValueError: If the shapes do not allow a comparison.
  """
  teacher = np.asarray(teacher, np.float64)
  student = np.asarray(student, np.float64)
  comparable = (
      teacher.ndim == student.ndim == 4
      and teacher.shape[0] == student.shape[0]
      and teacher.shape[2:] == student.shape[2:])
  if not comparable:
    raise ValueError(
        f'Attention of shape {teacher.shape} cannot be compared with '
        f'{student.shape}. Both must be [blocks, heads, queries, keys] with '
        'the same blocks, queries and keys.')
  by_head = teacher.shape[1] == student.shape[1]
  if not by_head:
    teacher = teacher.mean(axis=1, keepdims=True)
    student = student.mean(axis=1, keepdims=True)
  uniform = np.full_like(teacher, 1.0 / teacher.shape[-1])
  lengths = (np.linalg.norm(teacher, axis=-1)
             * np.linalg.norm(student, axis=-1))
  cosine = (teacher * student).sum(axis=-1) / np.maximum(lengths, _LEAST)
  return Similarity(
      divergence=_divergence(teacher, student),
      uniform_divergence=_divergence(teacher, uniform),
      cosine=cosine.mean(axis=(1, 2)),
      by_head=by_head)


def section(part: Mapping[str, Any]) -> page.Section | None:
  """Returns the section of a page that compares teacher and student.

  The maps (mean over heads) of the first, middle and last block are drawn;
  padding is left out.

  Args:
    part: `tokens` of a sentence, and the attention of `teacher` and `student`,
      `[blocks, heads, tokens, tokens]`.

  Returns:
    The section, or None if there is no attention that can be compared.
  """
  given = part.get('tokens')
  tokens = [] if given is None else list(map(str, given))
  teacher, student = (_probabilities(part.get(name), len(tokens))
                      for name in ('teacher', 'student'))
  real = [i for i, token in enumerate(tokens) if token != _PADDING]
  if teacher is None or student is None or not real or (
      len(teacher) != len(student)):
    return None
  tokens = [tokens[i] for i in real]
  teacher, student = (value[:, :, real][..., real]
                      for value in (teacher, student))
  alike = compare_attention(teacher, student)
  means = {'Teacher': teacher.mean(axis=1), 'Student': student.mean(axis=1)}
  last = len(teacher) - 1
  words = ' '.join(token for token in tokens if token not in _FRAME)
  return page.Section(
      'attention', 'Attention: does the student look where its teacher looks?',
      [page.Text(f'On one sentence: “{words.replace(" ##", "")}”'),
       page.Text(_note(len(tokens)), 'note'),
       page.Group([picture for block in sorted({0, last // 2, last})
                   for picture in _maps(means, tokens, block, alike)],
                  'columns'),
       page.Group([_bars(alike), page.Data('Attention compared',
                                           _table(alike))])])


def _divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
  """Computes KL(p || q), `[blocks]`; a key that p ignores adds nothing."""
  ratios = np.log(np.maximum(p, _LEAST)) - np.log(np.maximum(q, _LEAST))
  return (p * ratios).sum(axis=-1).mean(axis=(1, 2))


def _probabilities(values: Any, length: int) -> np.ndarray | None:
  """Returns `[blocks, heads, length, length]`, or None if it is not that."""
  try:
    found = np.asarray(values, np.float64)
  except (TypeError, ValueError):  # Ragged, or not numbers.
    return None
  right = (found.ndim == 4 and found.size and np.isfinite(found).all()
           and found.shape[2:] == (length, length))
  return found if right else None


def _note(count: int) -> str:
  text = ('Each row is a token, each column one it attends to; mean over '
          'heads. The shade follows the square root, on one scale for both '
          'networks of a block.')
  if count > _SHOWN_TOKENS:
    text += f' The first {_SHOWN_TOKENS} of {count} tokens are shown.'
  return text


def _maps(means: Mapping[str, np.ndarray], tokens: Sequence[str], block: int,
          alike: Similarity) -> list[page.Picture]:
  """Draws one block of both networks."""
  shown = tokens[:_SHOWN_TOKENS]
  darkest = max(float(value[block].max()) for value in means.values())
  divergence, cosine = (formatting.decimal(value[block], 3)
                        for value in (alike.divergence, alike.cosine))
  captions = {
      'Teacher': f'White is 0, the darkest blue {darkest:.2f}.',
      'Student': f'To the teacher: KL {divergence}, cosine {cosine}.',
  }
  pictures = []
  for name, value in means.items():
    figure = plots.heatmap(
        value[block, :len(shown), :len(shown)], row_labels=shown,
        column_labels=shown, maximum=darkest, gamma=0.5)
    pictures.append(page.Picture(
        f'{name}, block {block}', plots.to_data_uri(figure, 'png'),
        alt=(f'Heat map of the {name.lower()}’s attention in block {block}, '
             f'mean over heads, {len(shown)} tokens by {len(shown)}. '
             f'{captions[name]}'),
        caption=captions[name]))
  return pictures


def _bars(alike: Similarity) -> page.Picture:
  heads = 'head by head' if alike.by_head else 'mean over heads'
  return page.bar_picture(
      'Distance from the teacher’s attention',
      [f'Block {block}' for block in range(len(alike.divergence))],
      alike.divergence,
      [formatting.decimal(value, 3) for value in alike.divergence],
      f'KL(teacher ‖ student) in nats, {heads}, mean over tokens; 0 is equal. '
      'The tick is a student that attends to all tokens alike.',
      colours=[plots.ORANGE], markers=alike.uniform_divergence)


def _table(alike: Similarity) -> text_lib.Table:
  numbers = zip(alike.divergence, alike.uniform_divergence, alike.cosine,
                strict=True)
  return text_lib.make_table(
      ('Block', 'KL, student', 'KL, uniform', 'Cosine, student'),
      [(str(block), *(formatting.decimal(value, 3) for value in row))
       for block, row in enumerate(numbers)])
