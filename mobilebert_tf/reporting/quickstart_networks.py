# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The quick start's networks: how they were made, and how alike they attend.

The first part, on results, is shared with the rest of the report.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

NAMES = {
    'teacher': 'Teacher',
    'student': 'Student, distilled',
    'baseline_student': 'Student, baseline',
}
COLOURS = {'teacher': plots.BLUE, 'student': plots.ORANGE,
           'baseline_student': plots.DARK_GREY}
_STEPS = {
    'text': 'Text',
    'vocabulary': 'Vocabulary',
    'records': 'Records',
    'teacher': 'Teacher',
    'student': 'Student',
    'baseline_student': 'Baseline student',
    'task': 'Task',
    'student_task': 'Fine-tuning',
    'baseline_student_task': 'The same, baseline',
    'export': 'Export',
}
_LEAST = 1e-7  # Below it, float32 probabilities are noise.
_SHOWN_TOKENS = 32
_PADDING = '[PAD]'
_FRAME = ('[CLS]', '[SEP]')


def part(results: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
  """Returns a part of the results, empty if the run has none."""
  for key in path:
    results = results.get(key)
    if not isinstance(results, Mapping):
      return {}
  return results


def items(results: Mapping[str, Any], name: str) -> list[Any]:
  """Returns a list (or array) of the results, empty if there is none."""
  found = results.get(name)
  return [] if found is None else list(found)


def mappings(results: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
  """Returns the dicts of a list of the results."""
  return [item for item in items(results, name) if isinstance(item, Mapping)]


def parts(results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
  """Returns all parts: teacher, students, then what else there is."""
  names = [*(name for name in NAMES if name in results),
           *(name for name in results if name not in NAMES)]
  return {name: part(results, name) for name in names}


def total_seconds(results: Mapping[str, Any]) -> float:
  """Returns the sum of the steps' finite seconds, NaN if there are none."""
  known = list(filter(formatting.is_number, part(results, 'seconds').values()))
  return sum(known) if known else math.nan


def sections(results: Mapping[str, Any]) -> list[page.Section]:
  """Returns the sections on steps and networks, and on training curves."""
  found = []
  steps, sizes = timeline(results), table(results)
  if steps or sizes:
    found.append(page.Section('made', 'How it was made', [
        steps and page.Text('Each step starts where the one before it ended. '
                            'The bars show its share of the whole time.'),
        steps and page.Timeline(steps),
        sizes and page.Text('The networks', 'heading'),
        page.Data('The networks', sizes)]))
  pictures = curves(results)
  if pictures:
    found.append(page.Section('training', 'Training', [page.Group(pictures)]))
  return found


def table(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns the sizes of the networks."""
  models = part(results, 'models')
  columns = {'Parameters': 'parameters', 'Blocks': 'blocks',
             'Between blocks': 'inter', 'Inside blocks': 'intra',
             'Heads': 'heads', 'Feed-forwards': 'ffn'}
  rows = [(name.capitalize(), str(model.get('name', '')),
           *(formatting.count(model.get(key)) for key in columns.values()))
          for name, model in parts(models).items()]
  return text_lib.make_table(
      ('Network', 'Architecture', *columns), rows, 2) if rows else None


def timeline(results: Mapping[str, Any],
             titles: Mapping[str, str] | None = None,
             describe: Callable[[str, Mapping[str, Any]], str] | None = None
             ) -> list[dict[str, Any]]:
  """Returns the steps for `page.Timeline`, in the order of the run.

  Args:
    results: Results of the run.
    titles: Titles of the steps; those of the first road if None.
    describe: Function that says in a line what a step did.
  """
  titles, describe = titles or _STEPS, describe or _what
  whole = total_seconds(results)
  steps, start = [], 0.0
  for name, taken in part(results, 'seconds').items():
    known = formatting.is_number(taken) and whole > 0
    share = 100 * taken / whole if known else 0.0
    steps.append({
        'name': titles.get(name, name), 'what': describe(name, results),
        'start': round(start, 2), 'share': round(share, 2),
        'time': formatting.duration(taken)})
    start += share
  return steps


def _what(step: str, results: Mapping[str, Any]) -> str:
  """Returns in a line what a step did."""
  text, task = part(results, 'text'), part(results, 'task')
  return {
      'text': counts((text.get('megabytes'), 'MB', 1),
                     (text.get('documents'), 'documents'),
                     (text.get('held_out_documents'), 'held out')),
      'vocabulary': counts(
          (part(results, 'vocabulary').get('size'), 'word pieces')),
      'records': counts((text.get('tokens'), 'tokens')),
      'teacher': 'inverted-bottleneck BERT: masked LM and next sentence',
      'student': _schedule(results),
      'baseline_student': 'the same network without a teacher, for comparison',
      'task': counts((task.get('train_examples'), 'passages'),
                     (task.get('dev_examples'), 'held out')),
      'student_task': 'the distilled student learns the task',
      'baseline_student_task': 'the baseline student learns the task',
      'export': ', '.join(str(item.get('name', ''))
                          for item in mappings(results, 'exports')),
  }.get(step, '')


def counts(*facts: tuple) -> str:
  """Joins numbers, their units and digits, without those that are missing."""
  return ', '.join(
      f'{formatting.decimal(value, *(digits or [0]))} {unit}'
      for value, unit, *digits in facts if formatting.is_number(value))


def _schedule(results: Mapping[str, Any]) -> str:
  kinds = [stage.get('kind') for stage in mappings(results, 'stages')]
  transfer = kinds.count('transfer')
  return ', then '.join(filter(None, (
      transfer and f'knowledge transfer in {transfer} '
                   f'stage{"s" if transfer > 1 else ""}',
      'distillation' in kinds and 'distillation')))


def curves(results: Mapping[str, Any]) -> list[page.Picture]:
  """Draws the training curves that the results have."""
  records = {name: [record for record in mappings(part(results, 'curves'), name)
                    if formatting.is_number(record.get('step'))]
             for name in NAMES}
  transfer = [stage for stage in mappings(results, 'stages')
              if stage.get('kind') == 'transfer'
              and formatting.is_number(stage.get('first_step'))
              and formatting.is_number(stage.get('last_step'))]
  return list(filter(None, (
      picture('Teacher: pre-training',
              [_series('teacher', records['teacher'])],
              'the pre-training loss', 'Masked-LM plus next-sentence loss.',
              y_label='Loss, nats'),
      _transfer_curve(records['student'], transfer),
      _student_curve(records, transfer),
      picture('Masked-LM accuracy while training',
              [_series(name, records[name], 'masked_lm_accuracy')
               for name in NAMES],
              'masked-LM accuracy on training batches',
              'On training batches, the same quantity for all.',
              form=formatting.percent, y_label='Accuracy', percent=True))))


def stage_of(record: Mapping, stages: Sequence[Mapping]) -> int | None:
  """Returns the index of the stage in which a record was logged, or None."""
  for index, stage in enumerate(stages):
    if record['step'] <= stage['last_step']:  # Counted after it is done.
      return index if record['step'] >= stage['first_step'] else None
  return None


def _series(name: str, records: Sequence[Mapping], key: str = 'loss'):
  """Returns the `plots.Series` of a network, or None without numbers."""
  records = [record for record in records if key in record]
  values = [record[key] for record in records]
  if not any(map(formatting.is_number, values)):
    return None
  return plots.Series(NAMES[name], [record['step'] for record in records],
                      values, COLOURS[name], name == 'baseline_student')


def picture(title: str, lines: Sequence[Any], what: str, caption: str = '',
            bands: Sequence[Any] = (), form=formatting.decimal,
            **options: Any) -> page.Picture | None:
  """Draws lines over steps, and says where they start and end."""
  lines = [line for line in lines if line is not None]
  if not lines:
    return None
  notes, said = [caption], []
  if any(plots.is_smoothed(line, bands) for line in lines):
    notes.append('Thin: as logged; thick: running mean.')
  missing = sum(not formatting.is_number(value)
                for line in lines for value in line.y)
  if missing:
    notes.append(f'Gaps: {missing} values were not finite.')
  for line in lines:
    finite = [value for value in line.y if formatting.is_number(value)]
    said.append(f'{line.label}: from {form(finite[0])} to {form(finite[-1])}.')
  figure = plots.line_chart(lines, x_label='Step', bands=bands, **options)
  return page.Picture(title, plots.to_data_uri(figure),
                      f'Line chart of {what}. {" ".join(said)}',
                      ' '.join(filter(None, notes)))


def _transfer_curve(records: Sequence[Mapping],
                    transfer: Sequence[Mapping]) -> page.Picture | None:
  inside = [r for r in records if stage_of(r, transfer) is not None]
  bands = [plots.Band(str(stage.get('name', '')), stage['first_step'],
                      stage['last_step']) for stage in transfer]
  return picture(
      'Student: knowledge transfer', [_series('student', inside)],
      f'the transfer loss over {len(bands)} stages',
      'Each stage has a loss of its own (feature maps and attention of its '
      'block): compare within a stage, not between.',
      bands, y_label='Transfer loss')


def _student_curve(records: Mapping[str, Sequence[Mapping]],
                   transfer: Sequence[Mapping]) -> page.Picture | None:
  after = [r for r in records['student'] if stage_of(r, transfer) is None]
  baseline = records['baseline_student']
  lines = [_series('student', after), _series('baseline_student', baseline)]
  title = 'Student: distillation' if transfer else 'Student: training'
  return picture(
      title + (', and baseline' if baseline else ''), lines, 'loss',
      '' if None in lines else
      'The distilled student starts after its transfer. Its loss also counts '
      'the teacher’s predictions, so the heights are not the same quantity.',
      y_label='Loss, nats')


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
  """Compares attention `[blocks, heads, queries, keys]`, averaged over queries.

  If the numbers of heads differ, the means over heads are compared.

  Raises:
    ValueError: If the shapes do not allow a comparison.
  """
  teacher = np.asarray(teacher, np.float64)
  student = np.asarray(student, np.float64)
  if not (teacher.ndim == student.ndim == 4
          and teacher.shape[0] == student.shape[0]
          and teacher.shape[2:] == student.shape[2:]):
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
      _divergence(teacher, student), _divergence(teacher, uniform),
      cosine.mean(axis=(1, 2)), by_head)


def attention_section(found: Mapping[str, Any]) -> page.Section | None:
  """Returns the section on attention, None if it cannot be compared.

  The maps (mean over heads) of the first, middle and last block are drawn
  without padding. `found` has the `tokens` of a sentence, and the attention of
  `teacher` and `student`, `[blocks, heads, tokens, tokens]`.
  """
  tokens = list(map(str, items(found, 'tokens')))
  teacher, student = (_probabilities(found.get(name), len(tokens))
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
       page.Group([
           _divergence_bars(alike),
           page.Data('Attention compared', _attention_table(alike))])])


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
  captions = {'Teacher': f'White is 0, the darkest blue {darkest:.2f}.',
              'Student': f'To the teacher: KL {divergence}, cosine {cosine}.'}
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


def _divergence_bars(alike: Similarity) -> page.Picture:
  heads = 'head by head' if alike.by_head else 'mean over heads'
  return page.bar_picture(
      'Distance from the teacher’s attention',
      [f'Block {block}' for block in range(len(alike.divergence))],
      alike.divergence,
      [formatting.decimal(value, 3) for value in alike.divergence],
      f'KL(teacher ‖ student) in nats, {heads}, mean over tokens; 0 is equal. '
      'The tick is a student that attends to all tokens alike.',
      colours=[plots.ORANGE], markers=alike.uniform_divergence)


def _attention_table(alike: Similarity) -> text_lib.Table:
  numbers = zip(alike.divergence, alike.uniform_divergence, alike.cosine,
                strict=True)
  return text_lib.make_table(
      ('Block', 'KL, student', 'KL, uniform', 'Cosine, student'),
      [(str(block), *(formatting.decimal(value, 3) for value in row))
       for block, row in enumerate(numbers)])
