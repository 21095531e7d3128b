# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report on exported models: a page, a JSON file, text for the terminal.

All functions take the dict that `evaluation.deployment.benchmark` returns.
"""

import json
import os
import pathlib
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

PAGE, JSON = 'benchmark.html', 'benchmark.json'
_ALIKE = 1.05  # Ratios below are not worth a number.
_BUSY = 1.5
_COSTS_NOTE = (
    'Each model has a process of its own. Load is from imports done to ready '
    'to answer. Peak memory is the most that the process held, with everything '
    'that it was timed with; above imports is the part beyond what the '
    'libraries took.')


def write_report(results: Mapping[str, Any],
                 folder: str | os.PathLike) -> pathlib.Path:
  """Writes `benchmark.json` and `benchmark.html`; returns the page's path.

  Args:
    results: Comparison, and `facts`, other texts by title.
    folder: Folder of both files; created if missing.
  """
  html = render(results)
  folder = pathlib.Path(folder)
  files.write_text(
      folder / JSON, json.dumps(results, indent=1, allow_nan=False) + '\n')
  page.write(folder / PAGE, html)
  return folder / PAGE


def render(results: Mapping[str, Any]) -> str:
  """Returns the page."""
  return page.render('Exported models compared', _subtitle(results), [
      page.Section('found', '', [
          page.Data('Compared with the first', comparison(results)),
          page.Text(_comparison_note(results), 'note'),
          page.Text(slow_down(results), 'strong'),
          *map(page.Text, failures(results))]),
      page.Section('costs', 'Size, memory and loading', [
          page.Data('Size, memory and loading', costs(results)),
          page.Text(_COSTS_NOTE, 'note'),
          page.Group([_size_and_latency(results), page.Group([
              _bars(results, 'peak_bytes', 'Peak memory', 'MB', 1e-6),
              _bars(results, 'load_seconds', 'Load time', 'ms', 1e3)],
                                                             'cell')])]),
      page.Section('latency', 'Latency', [
          page.Data('Latency', latencies(results)),
          page.Text(_latency_note(results), 'note'),
          page.Group([_latency_picture(results, threads, size)
                      for size in results['batch_sizes']
                      for threads in results['threads']])]),
      _quality_section(results),
      page.Section('again', 'What was compared', [page.Facts(
          [*((each['name'], each['path']) for each in results['models']),
           *results.get('facts', {}).items()])])])


def format_summary(results: Mapping[str, Any]) -> str:
  """Returns the comparison for the terminal, without control characters."""
  tables = [comparison(results), costs(results), latencies(results),
            quality(results)]
  sentences = [slow_down(results), *failures(results)]
  return '\n\n'.join((
      text_lib.clean(_subtitle(results)),
      *(text_lib.format_table(each) for each in tables if each),
      *(textwrap.fill(text_lib.clean(each), 80) for each in sentences if each)))


def failures(results: Mapping[str, Any]) -> list[str]:
  """Returns a sentence for each model that failed."""
  return [each['failure'] for each in results['models'] if each['failure']]


def slow_down(results: Mapping[str, Any]) -> str:
  """Returns a warning if rounds differ as on a busy machine, else ''."""
  worst = max((max(texts['by_round']) / min(texts['by_round'])
               for model in results['models']
               for each in model['measurements'] for texts in each['texts']),
              default=1.0)
  if worst < _BUSY:
    return ''
  return ('The machine was busy with something else: the same texts took '
          f'{worst:.1f} times as long in one round as in another. Measure '
          'again when it is idle.')


def comparison(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns size and latency of each model against the first measured one.

  A latency has the range of its rounds in brackets. Where the ranges of two
  models overlap, or they differ by less than 5%, neither is faster: ≈ 1.
  """
  measured = [each for each in results['models'] if each['measurements']]
  if not measured:
    return None
  first = measured[0]
  rows = []
  for model in measured:
    times, base = (_texts(each, *_basic(results)) for each in (model, first))
    rows.append((
        model['name'], formatting.quantity(model['bytes'] / 1e6, 'MB'),
        _ratio(first['bytes'] / max(model['bytes'], 1)),
        _rounds(times), _faster(times, base)))
  return text_lib.make_table(
      ('Model', 'Size', 'Times smaller', 'Time of a text', 'Times faster'),
      rows, widths={'Model': 36})


def costs(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns size, times until it answers, and memory of each model."""
  rows = []
  for model in results['models']:
    # Threads make no difference to these.
    each = next(iter(model['measurements']), {})
    rows.append((
        model['name'], formatting.quantity(model['bytes'] / 1e6, 'MB'),
        *(_seconds(each.get(name)) for name in (
            'import_seconds', 'load_seconds', 'first_seconds')),
        *(_scaled(each.get(name), 1e-6, 'MB') for name in (
            'peak_bytes', 'growth_bytes'))))
  return text_lib.make_table(
      ('Model', 'Size', 'Imports', 'Load', 'First answer', 'Peak memory',
       'Above imports'), rows, widths={'Model': 36})


def latencies(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns milliseconds a text, for each model, threads and batch size."""
  rows = []
  for threads in results['threads']:
    for size in results['batch_sizes']:
      for model in results['models']:
        if not model['measurements']:
          continue
        lengths = _by_length(model, threads, size)
        rows.append((
            model['name'], str(threads), str(size),
            _scaled((_texts(model, threads, size) or {}).get('seconds'), 1e3,
                    'ms'),
            *(_scaled(lengths.get(length), 1e3, 'ms')
              for length in results['lengths'])))
  return text_lib.make_table(
      ('Model', 'Threads', 'Batch', 'Mean of file',
       *(f'{length} tokens' for length in results['lengths'])), rows,
      widths={'Model': 36})


def quality(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns scores and agreement; None if neither is known."""
  models = results['models']
  titles = _score_titles(results)
  agreements = [(field, title, show) for field, title, show in (
      ('share', 'Agreement', formatting.percent),
      ('cosine', 'Cosine', lambda value: formatting.decimal(value, 4)),
      ('largest_difference', 'Largest difference', lambda x: f'{x:.2g}'))
      if any(each['agreement'] and each['agreement'][field] is not None
             for each in models)]
  if not titles and not agreements:
    return None
  rows = []
  for each in models:
    scores = {score['name']: score for score in each['scores']}
    rows.append((
        each['name'], *(_score(scores.get(name)) for name in titles),
        *(show(each['agreement'][field]) if each['agreement'] else '–'
          for field, _, show in agreements)))
  return text_lib.make_table(
      ('Model', *titles.values(), *(title for _, title, _ in agreements)),
      rows, widths={'Model': 36})


def _basic(results: Mapping[str, Any]) -> tuple[int, int]:
  """Returns the threads and batch size that models are compared at."""
  return results['threads'][0], results['batch_sizes'][0]


def _texts(model: Mapping[str, Any], threads: int,
           batch_size: int) -> Mapping[str, Any] | None:
  """Returns the times of a text of the file, None if not measured."""
  return next((texts for each in model['measurements']
               if each['threads'] == threads for texts in each['texts']
               if texts['batch_size'] == batch_size), None)


def _by_length(model: Mapping[str, Any], threads: int,
               batch_size: int) -> dict[int, float]:
  """Returns the seconds of a text by its length, padding included."""
  return {found['length']: found['seconds'] / batch_size
          for each in model['measurements'] if each['threads'] == threads
          for found in each['lengths'] if found['batch_size'] == batch_size}


def _score_titles(results: Mapping[str, Any]) -> dict[str, str]:
  return {score['name']: evaluation.METRIC_TITLES.get(
      score['name'], score['name']) for each in results['models']
          for score in each['scores']}


def _ratio(ratio: float) -> str:
  if 1 / _ALIKE < ratio < _ALIKE:
    return '≈ 1'
  return formatting.decimal(ratio, 1 if ratio > 1 else 2)


def _faster(times: Mapping[str, Any] | None,
            base: Mapping[str, Any] | None) -> str:
  if times is None or base is None:
    return formatting.NOT_AVAILABLE
  some, others = times['by_round'], base['by_round']
  overlap = min(some) <= max(others) and min(others) <= max(some)
  return '≈ 1' if overlap else _ratio(base['seconds'] / times['seconds'])


def _rounds(times: Mapping[str, Any] | None) -> str:
  if times is None:
    return formatting.NOT_AVAILABLE
  text = _scaled(times['seconds'], 1e3, 'ms')
  if len(times['by_round']) < 2:
    return text
  low, high = (formatting.decimal(1e3 * end(times['by_round']), 1)
               for end in (min, max))
  return f'{text} ({low} to {high})'


def _score(score: Mapping[str, Any] | None) -> str:
  """Returns a score with its interval: `91.2% (89.0 to 93.1)`."""
  if score is None:
    return formatting.NOT_AVAILABLE
  value, low, high = (evaluation.format_metric(score['name'], score[end])
                      for end in ('value', 'low', 'high'))
  if score['low'] is None:
    return value
  return f'{value} ({low.removesuffix("%")} to {high.removesuffix("%")})'


def _seconds(value: float | None) -> str:
  short = value is not None and value < 1
  return _scaled(value, 1e3, 'ms') if short else _scaled(value, 1, 's')


def _scaled(value: float | None, scale: float, unit: str) -> str:
  return formatting.quantity(None if value is None else scale * value, unit)


def _threads(count: int) -> str:
  return f'{count} thread{"" if count == 1 else "s"}'


def _batch(size: int) -> str:
  return 'one text at a time' if size == 1 else f'{size} texts at once'


def _subtitle(results: Mapping[str, Any]) -> str:
  task = results['task'].replace('_', ' ')
  text = (f'{task.capitalize()}: {formatting.count(results["texts"])} of '
          f'{formatting.count(results["lines"])} texts of '
          f'{results["text_file"]} timed')
  if results['mean_tokens']:
    text += f', {results["mean_tokens"]:.0f} tokens long on average'
  if results['rounds'] == 1:
    return f'{text}; one round, which cannot show what is chance.'
  return f'{text}; medians of {results["rounds"]} rounds.'


def _comparison_note(results: Mapping[str, Any]) -> str:
  first = next((each['name'] for each in results['models']
                if each['measurements']), '')
  threads, size = _basic(results)
  return first and (
      f'Compared with {first}, on {_threads(threads)}, {_batch(size)}. In '
      'brackets: the range over rounds; ≈ 1 where two ranges overlap.')


def _latency_note(results: Mapping[str, Any]) -> str:
  text = 'Milliseconds a text: the mean over the texts of the file.'
  if results['lengths']:
    return (f'{text} Lengths are those of texts made of their words, with '
            'exactly that many tokens, one of them padding. A batch takes as '
            'long as all of its texts.')
  return (f'{text} No model counts tokens, so no texts of certain lengths '
          'were made; --model_dir provides a tokenizer.')


def _quality_note(results: Mapping[str, Any]) -> str:
  text = ''
  if results['examples']:
    text = (f'Scores, with 95% intervals, are of the '
            f'{formatting.count(results["examples"])} examples of '
            f'{results["data_file"]}. ')
  count = next((each['agreement']['texts'] for each in results['models']
                if each['agreement']), None)
  if count is None:
    return text
  about = results['reference']
  who = about['name'] if about['is_exported'] else (
      f'the Keras model, {about["name"]}')
  return (f'{text}Agreement is with {who}, on '
          f'{formatting.count(count)} texts.')


def _quality_section(results: Mapping[str, Any]) -> page.Section | None:
  table = quality(results)
  if table is None:
    return None
  return page.Section('quality', 'Accuracy and agreement', [
      page.Data('Accuracy and agreement', table),
      page.Text(_quality_note(results), 'note'),
      page.Group([_score_picture(results, name, title)
                  for name, title in _score_titles(results).items()])])


def _latency_picture(results: Mapping[str, Any], threads: int,
                     batch_size: int) -> page.Picture | None:
  """Draws a line for each model; None if no length was measured."""
  lines = [(place, model['name'], _by_length(model, threads, batch_size))
           for place, model in enumerate(results['models'])]
  return _lines(
      f'{_threads(threads)}, {_batch(batch_size)}',
      [(place, name, list(found), [1e3 * each for each in found.values()])
       for place, name, found in lines if found],
      'Tokens, padding included')


def _size_and_latency(results: Mapping[str, Any]) -> page.Picture | None:
  """Draws a dot for each model: the lower left is the best."""
  threads, batch_size = _basic(results)
  largest = max(each['bytes'] for each in results['models'])
  unit, scale = ('MB', 1e6) if largest >= 5e6 else ('kB', 1e3)
  times = [(place, each, _texts(each, threads, batch_size))
           for place, each in enumerate(results['models'])]
  return _lines(
      'Size and latency',
      [(place, each['name'], [each['bytes'] / scale], [1e3 * time['seconds']])
       for place, each, time in times if time],
      f'Size in {unit}',
      f'Mean over the texts of the file, {_threads(threads)}. Lower left is '
      'better; the axes do not start at zero.')


def _lines(title: str,
           series: Sequence[tuple[int, str, list[float], list[float]]],
           x_label: str, caption: str = '') -> page.Picture | None:
  if not series:
    return None
  figure = plots.line_chart(
      [plots.Series(name, x, y, plots.colour(place),
                    place >= len(plots.COLOURS))
       for place, name, x, y in series],
      x_label=x_label, y_label='Milliseconds a text')
  values = '; '.join(f'{name} ' + ', '.join(
      f'{at:.4g}: {formatting.quantity(value, "ms")}'
      for at, value in zip(x, y, strict=True)) for _, name, x, y in series)
  return page.Picture(
      title, plots.to_data_uri(figure), caption=caption,
      alt=f'Chart of milliseconds a text over {x_label.lower()}. {values}.')


def _bars(results: Mapping[str, Any], field: str, title: str, unit: str,
          scale: float) -> page.Picture | None:
  """Draws a quantity of each model; None if nothing was measured."""
  values = [(place, each['name'], scale * each['measurements'][0][field])
            for place, each in enumerate(results['models'])
            if each['measurements']]
  if not values:
    return None
  places, names, values = zip(*values, strict=True)
  return page.bar_picture(
      title, names, values,
      [formatting.quantity(value, unit) for value in values],
      colours=list(map(plots.colour, places)))


def _score_picture(results: Mapping[str, Any], name: str,
                   title: str) -> page.Picture:
  """Draws a score of each model with its 95% interval."""
  places, models, scores = zip(*(
      (place, each['name'], score)
      for place, each in enumerate(results['models'])
      for score in each['scores'] if score['name'] == name), strict=True)
  return page.bar_picture(
      title, models, [max(score['value'], 0.0) for score in scores],
      [evaluation.format_metric(name, score['value']) for score in scores],
      'Lines: 95% intervals. All answered the same texts, so models may differ '
      'by less than these are wide.', colours=list(map(plots.colour, places)),
      intervals=[(score['low'], score['high']) for score in scores])
