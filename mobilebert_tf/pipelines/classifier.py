# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A classifier from a table, in one call: split, fine-tuned, scored, exported.
"""

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import outputs
from mobilebert_tf.data import splitting
from mobilebert_tf.data import tables
from mobilebert_tf.deployment import formats
from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.inference import predictor
from mobilebert_tf.pipelines import publishing
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run as run_lib
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import vocabulary

START = 'google/mobilebert-uncased'
_DATA, _MODEL = 'data', 'model'
_SOURCE, _TRAIN, _HELD_OUT = 'source.json', 'train.csv', 'held_out.csv'
_VOCABULARY_SIZE = 8000


class Classifier(predictor.TextPredictor):
  """A classifier that was made, ready to answer and to be exported.

  Args:
    folder: Folder of its run.
    results: Results of its run; see `finetuning.run.run`.

  Attributes:
    folder: Folder of its run: the model, `evaluation.html`, `README.md`.
    metrics: Metrics on the held-out texts by name.
  """

  def __init__(self, folder: pathlib.Path, results: Mapping[str, Any]):
    self._trained = registry.load(str(folder))
    self.folder, self.metrics = folder, dict(results['metrics']['dev'])
    trained = self._trained
    super().__init__(trained.kind.answerer(trained), trained.kind,
                     trained.labels, trained.pairs, str(folder))

  def export(self, path: str | os.PathLike, text_file: str = '',
             **options: Any) -> pathlib.Path:
    """Exports it, and checks its answers to real texts.

    Args:
      path: A `.tflite` file, or that of another format by its suffix; a folder
        of versions of a SavedModel otherwise.
      text_file: Texts to check it with; by default the held-out ones.
      **options: Options of the format, such as `quantization` of a `.tflite`
        file; see the `write` of its module in `deployment`.

    Returns:
      Path of what was written.

    Raises:
      ValueError: If too many answers differ; nothing is written then.
    """
    trained = self._trained
    if trained.pairs is None:
      trained = dataclasses.replace(trained, pairs=False)
    written = formats.for_output(path).write(
        trained, path, real_texts.find(trained, text_file), **options)
    return pathlib.Path(written or path).expanduser()

  def save_pretrained(self, folder: str | os.PathLike,
                      overwrite: bool = False) -> None:
    """Writes a folder that Hugging Face transformers loads, with its card."""
    publishing.save_pretrained(self.folder, folder, overwrite)

  def push_to_hub(self, repo_id: str, **options: Any) -> str:
    """Uploads it with its card; see `publishing.push`.

    Example: `push_to_hub('me/reviews', licence='apache-2.0')`
    """
    return publishing.push(self.folder, repo_id, **options)


def make_classifier(data: str | os.PathLike, text: str = 'text',
                    label: str | Sequence[str] = 'label', *, pair: str = '',
                    held_out: float | str | os.PathLike = 0.1,
                    output_dir: str | os.PathLike = '',
                    task: str = 'classification',
                    runtime: Mapping[str, Any] | None = None,
                    **settings: Any) -> Classifier:
  """Makes a classifier of one's own texts.

  It is fine-tuned and scored as by `mobilebert finetune`. The same call resumes
  one that was stopped, and trains nothing if it is done.

  Args:
    data: Table of labelled texts: CSV, TSV or JSON lines, by its name.
    text: Column of the text.
    label: Column of the label, or columns of 0 and 1, one for each label.
    pair: Column of a second text; empty for none.
    held_out: Share of the texts to score it with, or a file of such texts.
    output_dir: Folder of the data and the model; by default the table's name
      and `_classifier`, in the working directory.
    task: `classification`, or `regression` where labels are numbers, or
      `multi_label_classification` where a text has any number of labels.
    runtime: Settings of devices and precision, such as `{'num_gpus': 2}`.
    **settings: Other settings of `finetuning.recipe.Recipe`:
      `init_checkpoint`, a run, a checkpoint or a name on the Hugging Face hub,
      by default `google/mobilebert-uncased`; or `architecture`, to start from
      random weights, with a vocabulary of these texts unless `vocab_file` names
      one; `epochs`, `learning_rate`, `teacher`, `class_weights` (`'balanced'`
      or a dict of labels), `early_stopping`, ...

  Returns:
    The classifier.

  Raises:
    FileExistsError: If the folder holds something else.
    FileNotFoundError: If the table or the checkpoint is missing.
    ValueError: If a row is bad, naming file and line; or a setting is.

  Example: `make_classifier('reviews.csv', text='review', label='stars').export(
    'reviews.tflite')`
  """
  data = files.find_file(data)
  folder = pathlib.Path(
      output_dir or f'{_stem(data)}_classifier').expanduser()
  outputs.check_folder(folder, (_DATA,), 'the folder of a classifier')
  fields = _columns(text, label, pair)
  with outputs.locked(folder / _DATA):
    fields |= _split(folder / _DATA, data, held_out, fields, task,
                     settings.get('seed', 0))
    start = _start(folder / _DATA, fields['train_file'], text, settings)
  recipe = recipe_lib.Recipe(**{
      'task': task, **recipe_lib.usual_settings(task), **fields, **start,
      **settings, 'class_weights': _weights(settings.get('class_weights'))})
  return Classifier(folder / _MODEL, run_lib.run(
      recipe, folder / _MODEL, folder.name, runtime))


def _columns(text: str, label: str | Sequence[str],
             pair: str) -> dict[str, Any]:
  """Returns the fields of a recipe that name columns."""
  named = ({'label_column': label} if isinstance(label, str)
           else {'label_columns': tuple(label)})
  return {'text_column': text, 'pair_column': pair, **named}


def _split(folder: pathlib.Path, data: str, held_out: Any,
           columns: Mapping[str, Any], task: str, seed: int) -> dict[str, str]:
  """Returns the files of a recipe, split from the table if need be.

  Raises:
    ValueError: If the folder holds the parts of another table.
  """
  if isinstance(held_out, str | os.PathLike):
    return {'train_file': data, 'dev_file': files.find_file(held_out)}
  labels = [columns[name] for name in ('label_column',) if name in columns]
  labels += columns.get('label_columns', ())
  names = [columns['text_column'], columns['pair_column'], *labels]
  source = {'sha256': files.digest(data), 'columns': names,
            'held_out': held_out, 'seed': seed}
  begun = folder / _SOURCE
  if begun.exists() and files.read_json(begun) != source:
    raise ValueError(
        f'{folder} holds the parts of another table, or of other columns than '
        f'those of {data}. Name another output_dir.')
  has_labels = registry.kind_of_recipe(task).has_labels
  splitting.split(data, folder / _TRAIN, folder / _HELD_OUT,
                  [name for name in names if name],
                  labels if has_labels else (), held_out, seed)
  files.write_json(begun, source)
  return {'train_file': str(folder / _TRAIN),
          'dev_file': str(folder / _HELD_OUT)}


def _start(folder: pathlib.Path, train_file: str, text: str,
           settings: Mapping[str, Any]) -> dict[str, Any]:
  """Returns what training starts from, where the settings do not say it."""
  if settings.get('init_checkpoint'):
    return {}
  if not settings.get('architecture'):
    return {'init_checkpoint': START}
  if settings.get('vocab_file') or settings.get('init_from'):
    return {}
  path = folder / 'vocab.txt'
  lower_case = settings.get('lower_case')
  if lower_case is None:
    lower_case = True
  if not path.exists():
    vocabulary.learn_vocabulary(
        (row.values[0] for row in tables.read_rows(
            [train_file], [text], tables.BadRows())),
        _VOCABULARY_SIZE, path, lower_case)
  return {'vocab_file': str(path), 'lower_case': lower_case}


def _weights(given: Any) -> tuple[str, ...]:
  """Returns `class_weights` as a recipe has them."""
  if isinstance(given, Mapping):
    return tuple(f'{label}={weight}' for label, weight in given.items())
  return (given,) if isinstance(given, str) else tuple(given or ())


def _stem(path: str) -> str:
  """Returns the name of a file without its suffixes."""
  return pathlib.Path(path).name.partition('.')[0] or 'my'
