# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The model card of a fine-tuning run: data, metrics, sizes, latencies, use.

What a run knows is in its `results.json` and `evaluation.json`; what people
say of it, in its `model_card.json`.
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import hashlib
import math
import os
import pathlib
from typing import Any

import huggingface_hub

from mobilebert_tf.checkpoints import model_card
from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import deployment as deployment_report
from mobilebert_tf.reporting import evaluation as evaluation_report

STATEMENTS = 'model_card.json'
_WRITTEN = 'written_sha256'
# Fields of a recipe that are said elsewhere in the card.
_UNSAID = ('task', 'working_directory')
# Values that say nothing, besides empty ones.
_USUAL = {'offsets': 'characters', 'tags': 'auto', 'label_separator': ','}
ASKED = ('Not said yet: `mobilebert model_card --model_dir=FOLDER '
          '--intended_use="..."`.')


@dataclasses.dataclass(frozen=True)
class Statements:
  """What people say of a model.

  Attributes:
    licence: Licence by the hub's identifier, such as `apache-2.0`.
    language: Language of the texts by its code, such as `en`.
    intended_use: Purpose of the model, and what it is not for.
    base_model: Name on the hub of the model that it was made from.
    exports: Size, latency and agreement of exported models.
  """
  licence: str = ''
  language: str = ''
  intended_use: str = ''
  base_model: str = ''
  exports: Sequence[Mapping[str, Any]] = ()

  def __post_init__(self):
    if self.licence:
      model_card.check_licence(self.licence)


def write(folder: str | os.PathLike, kind: Any, results: Mapping[str, Any],
          overwrite: bool = False, **said: Any) -> pathlib.Path:
  """Writes the `README.md` of a run.

  Args:
    folder: Folder of the run.
    kind: Its `TaskKind`.
    results: Content of its `results.json`.
    overwrite: Whether a card that somebody has edited may be replaced.
    **said: Fields of `Statements` to change; others stay as they were said.

  Returns:
    Path of the card.

  Raises:
    FileExistsError: If somebody has edited the card.
    ValueError: If a statement is none that the hub accepts.
  """
  return pathlib.Path(put(
      folder, lambda statements: build(
          pathlib.Path(folder), kind, results, statements), overwrite, **said))


def put(folder: str | os.PathLike,
        make: Callable[['Statements'], model_card.Card],
        overwrite: bool = False, **said: Any) -> str:
  """Writes `README.md` and `model_card.json` into a folder; see `write`.

  Args:
    folder: Folder, which may be remote.
    make: Function from what people say to the card.
    overwrite: Whether a card that somebody has edited may be replaced.
    **said: Fields of `Statements` to change.

  Returns:
    Path of the card.
  """
  before = read_statements(folder)
  statements = Statements(**{
      **{name: value for name, value in before.items() if name != _WRITTEN},
      **{name: value for name, value in said.items() if value}})
  path = os.path.join(folder, model_card.NAME)
  if not overwrite and files.exists(path) and (
      _digest(files.read_text(path)) != before.get(_WRITTEN)):
    raise FileExistsError(
        f'{path} is not as it was written, so somebody has edited it. Remove '
        'it, or allow to overwrite it.')
  text = make(statements).render()
  files.write_json(os.path.join(folder, STATEMENTS), {
      **dataclasses.asdict(statements), _WRITTEN: _digest(text)})
  files.write_text(path, text)
  return path


def read_statements(folder: str | os.PathLike) -> dict[str, Any]:
  """Returns the content of a run's `model_card.json`; empty if it has none."""
  path = os.path.join(folder, STATEMENTS)
  if not files.exists(path):
    return {}
  found = files.read_json(path)
  known = {field.name for field in dataclasses.fields(Statements)}
  if not isinstance(found, dict) or set(found) - known - {_WRITTEN}:
    raise ValueError(f'{path} is not of a model card; it has the fields '
                     f'{", ".join(sorted(known))}.')
  return found


def build(folder: pathlib.Path, kind: Any, results: Mapping[str, Any],
          said: Statements) -> model_card.Card:
  """Returns the card of a run; see `write`."""
  evaluation = evaluation_report.read(folder)
  recipe = results['recipe']
  base = said.base_model or hub_name(recipe.get('init_checkpoint', ''))
  metadata = {
      'license': said.licence, 'language': said.language, 'base_model': base,
      'library_name': model_card.LIBRARY, 'pipeline_tag': kind.pipeline,
      'tags': model_card.tags(kind.name.replace('_', '-')),
      'metrics': list(results['metrics']['dev']),
  }
  return model_card.Card(metadata, _title(folder.resolve()), {
      'Model': _model(kind, results),
      'Intended use': said.intended_use or ASKED,
      'How to use it': _usage(kind, results),
      'Data': _data(results),
      'Evaluation': describe_evaluation(evaluation, kind),
      'Sizes and latencies': describe_sizes(said.exports),
      'Training': _training(results),
      'Limits': describe_limits(evaluation),
      'Licence': said.licence or model_card.UNKNOWN_LICENCE,
  }, _eval_results(kind, results))


def _title(folder: pathlib.Path) -> str:
  """Returns the name of a run; `make_classifier` calls the folder `model`."""
  return folder.parent.name if folder.name == 'model' else folder.name


def describe_exports(benchmark: Mapping[str, Any]) -> list[dict[str, Any]]:
  """Returns what a card says of the models of a `benchmark.json`."""
  found = []
  machine_line = benchmark.get('facts', {}).get('Machine', '')
  for model in benchmark['models']:
    times = [{'threads': each['threads'], 'milliseconds': 1e3 * text['seconds']}
             for each in model['measurements'] for text in each['texts']
             if text['batch_size'] == 1]
    found.append({
        'name': pathlib.PurePath(model['name']).name,
        'format': model['format'], 'bytes': model['bytes'],
        'sha256': (files.digest(model['path'])
                   if os.path.isfile(model['path']) else ''),
        'latencies': times,
        'agreement': (model.get('agreement') or {}).get('share'),
        'machine': machine_line})
  return found


def data_files(parts: Mapping[str, Any]) -> list[dict[str, Any]]:
  """Returns name, size and checksum of local files by the part of data.

  Args:
    parts: Path, or paths, of each part; an empty one is left out.
  """
  found = []
  for part, paths in parts.items():
    for path in files.find_files(paths) if paths else []:
      if '://' not in path:
        found.append({'part': part, 'file': os.path.basename(path),
                      'bytes': files.size(path), 'sha256': files.digest(path)})
  return found


# === Sections ===


def _model(kind: Any, results: Mapping[str, Any]) -> str:
  return (f'A [MobileBERT]({model_card.PAPER}) of '
          f'{results["parameters"]:,} parameters, a {kind.title}, made by '
          '`mobilebert_tf`.')


def _usage(kind: Any, results: Mapping[str, Any]) -> str:
  pairs = (results.get('pairs') if kind.reads_pairs is None
           else kind.reads_pairs)
  texts = ', '.join(
      repr(f'a {name}') for name in kind.text_names[:2 if pairs else 1])
  return ('```python\nimport mobilebert_tf\n\n'
          f'answer = mobilebert_tf.load(\'FOLDER\')({texts})\n```\n\n'
          '`mobilebert export_tflite`, `mobilebert export_saved_model` and the '
          'other exports make files of it that need nothing of this package.')


def _data(results: Mapping[str, Any]) -> str:
  found = results.get('data')
  if not found:
    return 'The run does not record its files.'
  rows = [(each['part'], model_card.code(each['file']), f'{each["bytes"]:,}',
           f'`{each["sha256"]}`') for each in found]
  return (model_card.table(('Part', 'File', 'Bytes', 'SHA-256'), rows)
          + f'\n\nIt learned from {results["examples"]:,} texts.')


def describe_evaluation(evaluation: Mapping[str, Any], kind: Any) -> str:
  """Returns the section on the content of an `evaluation.json`."""
  parts = kind.report_parts()
  rows = []
  for name, value in evaluation['metrics'].items():
    low, high = evaluation.get('intervals', {}).get(name) or (None, None)
    interval = ('' if low is None else
                f'{parts.metric(name, low)} to {parts.metric(name, high)}')
    rows.append((parts.metric_title(name), parts.metric(name, value), interval))
  held_out = f'On {evaluation["examples"]:,} held-out texts.'
  baseline = evaluation.get('baseline')
  if baseline:
    held_out += (f' {model_card.plain(baseline["name"]).capitalize()} would '
                 f'reach {parts.quality(baseline["quality"])}.')
  return held_out + '\n\n' + model_card.table(
      ('Metric', 'Value', '95% interval'), rows)


def describe_sizes(exports: Sequence[Mapping[str, Any]]) -> str:
  """Returns the section on what `describe_exports` found."""
  rows = []
  for each in exports:
    times = '; '.join(
        f'{formatting.quantity(time["milliseconds"], "ms")} '
        f'({time["threads"]} thread{"s" if time["threads"] > 1 else ""})'
        for time in each['latencies'])
    agreement = each.get('agreement')
    rows.append((
        model_card.code(each['name']), each['format'],
        formatting.quantity(each['bytes'] / 1e6, 'MB'), times,
        formatting.percent(agreement) if formatting.is_number(agreement)
        else '', f'`{each["sha256"]}`' if each['sha256'] else ''))
  if not rows:
    return ('Not measured: `mobilebert benchmark` measures exported models, '
            'and `mobilebert model_card --benchmark=FOLDER` puts them here.')
  machines = {each['machine'] for each in exports if each['machine']}
  return (model_card.table(('File', 'Format', 'Size', 'A text takes',
                            'Same answers', 'SHA-256'), rows)
          + ''.join(f'\n\nOn {each}.' for each in sorted(machines)))


def _training(results: Mapping[str, Any]) -> str:
  recipe = {name: value for name, value in results['recipe'].items()
            if name not in _UNSAID
            and value not in ('', [], None, 0, 0.0, _USUAL.get(name))}
  rows = [(name.replace('_', ' ').capitalize(), model_card.code(short(value)))
          for name, value in recipe.items()]
  rows += [('Steps', f'{results["steps"]:,}'),
           ('Duration', formatting.duration(results['seconds'])),
           ('Machine', machine.describe_hardware(results['hardware'])),
           ('Versions', ', '.join(f'{name} {version}' for name, version
                                  in results['versions'].items()))]
  return model_card.table(('Setting', 'Value'), rows)


def describe_limits(evaluation: Mapping[str, Any]) -> str:
  """Returns the section on what to know of an `evaluation.json`."""
  facts = evaluation.get('facts', {})
  said = [f'- {title}: {model_card.plain(facts[title])}.' for title in (
      'Longer than the model reads', 'Rows left out', 'Thresholds', 'Decision',
      'Kept', 'The whole model') if facts.get(title)]
  return '\n'.join([
      '- The metrics hold for texts like the held-out ones. `evaluation.html` '
      'has calibration, groups of texts and the worst mistakes.', *said])


def _eval_results(kind: Any, results: Mapping[str, Any]
                  ) -> list[huggingface_hub.EvalResult]:
  found = [(name, value) for name, value in results['metrics']['dev'].items()
           if value is not None and math.isfinite(value)]
  held_out = next((each['file'] for each in results.get('data', ())
                   if each['part'] == 'dev'), 'held-out texts')
  return [huggingface_hub.EvalResult(
      task_type=kind.pipeline, dataset_type='custom', dataset_name=held_out,
      metric_type=name, metric_value=round(float(value), 6))
          for name, value in found]


def hub_name(start: str) -> str:
  """Returns the name on the hub that a run started from, '' if none."""
  parts = start.split('/')
  is_name = len(parts) == 2 and all(parts) and not os.path.exists(start) and (
      not os.path.exists(parts[0]))
  return start if is_name else ''


def short(value: Any) -> str:
  """Returns a setting, of a path its end: not where on whose machine it is."""
  if isinstance(value, str) and '/' in value:
    return '/'.join(pathlib.PurePath(value).parts[-2:])
  if isinstance(value, list):
    return ', '.join(map(str, value))
  return str(value)


def _digest(text: str) -> str:
  return hashlib.sha256(text.encode('utf-8')).hexdigest()


def read_benchmark(path: str | os.PathLike) -> list[dict[str, Any]]:
  """Reads a `benchmark.json`, or the folder of one; see `describe_exports`.

  Raises:
    FileNotFoundError: If there is none.
    ValueError: If it is something else.
  """
  path = os.fspath(path)
  if os.path.isdir(path):
    path = os.path.join(path, deployment_report.JSON)
  try:
    return describe_exports(files.read_json(files.find_file(path)))
  except (KeyError, TypeError) as error:
    raise ValueError(f'{path} is not what `mobilebert benchmark` wrote: it '
                     f'lacks {error}.') from error
