# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The task of a chain: its files, and fine-tuning on them by a recipe.

The default task asks which library a passage of documentation belongs to.
"""

import collections
import os
import pathlib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.data import docstrings as docstrings_lib
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run as run_lib
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.tasks.classification import loader as loader_lib

# The libraries with the most passages, so that the classes can be equally
# large.
_LIBRARIES = ('keras', 'matplotlib', 'numpy', 'pandas', 'scipy', 'sklearn',
              'tensorflow')
_DEFAULT_QUESTION = 'Which library does this passage document?'
# Small students that were pre-trained briefly need a large one.
_LEARNING_RATE = 5e-4
# How people write a library's name besides its import name.
_ALIASES = {
    'numpy': ('np',),
    'pandas': ('pd',),
    'sklearn': ('scikit-learn', 'scikit learn', 'scikit'),
    'matplotlib': ('plt', 'mpl', 'pyplot'),
    'tensorflow': ('tf', 'tflite', 'tfrecord', 'tfrecords'),
    'keras_hub': ('keras-hub', 'keras hub', 'keras_nlp', 'keras-nlp',
                  'kerasnlp', 'kerashub', 'keras_cv', 'kerascv'),
    'official': ('tf-models', 'tfm', 'model garden', 'tensorflow_models'),
    'tensorflow_datasets': ('tfds', 'tensorflow datasets'),
    'huggingface_hub': ('hugging face', 'huggingface', 'hf', 'hugging face hub',
                        'hf_hub', 'hf_api'),
    'tf_keras': ('tf-keras',),
    'google': ('protobuf', 'protocol buffers', 'grpc'),
}
_LINK = re.compile(r'https?://\S+|www\.\S+')


def prepare(folder: pathlib.Path, text_folder: pathlib.Path,
            settings: settings_lib.Settings) -> dict[str, Any]:
  """Writes the default task, or checks the files of one's own.

  Returns:
    The `question`, the `labels`, the files `train` and `dev`, `text_column`,
    and the number of examples of each file.
  """
  train, dev = settings.task_train, settings.task_dev
  question, column = f'The labels of {train}', settings.text_column
  if not train:
    question, column = _DEFAULT_QUESTION, 'text'
    passages = (docstring
                for docstring in pretraining.read_docstrings(text_folder)
                if docstring.library in _LIBRARIES)
    write_library_task(
        passages, folder, seed=settings.seed,
        passages_per_library=settings.passages_per_library)
    train, dev = str(folder / 'train.tsv'), str(folder / 'dev.tsv')
  return {'question': question, 'train': train, 'dev': dev,
          'text_column': column, **check(train, dev, column)}


def check(train: str, dev: str, text_column: str = 'text') -> dict[str, Any]:
  """Reads both files of a task whole.

  Args:
    train: TSV of the training part, with a column `label`.
    dev: TSV of the held-out part.
    text_column: Name of the column of the text.

  Returns:
    The `labels`, and the number of examples of each part.

  Raises:
    ValueError: If a row of either is bad, naming it, or there is one label.
  """
  labels = loader_lib.read_labels(train, 'label')
  if len(labels) < 2:
    raise ValueError(f'{train} has one label, {labels[0]!r}; classification '
                     'is among two or more.')
  counts = {
      f'{part}_examples': len(loader_lib.read_examples(
          path, text_field=text_column, labels=labels).texts)
      for part, path in (('train', train), ('dev', dev))
  }
  return {'labels': labels, **counts}


def finetune(folder: pathlib.Path, task: dict[str, Any],
             pretrained_folder: pathlib.Path,
             settings: settings_lib.Settings) -> dict[str, Any]:
  """Fine-tunes a pre-trained student on the task and evaluates it.

  Returns:
    `accuracy` and `confusion` (rows are true labels) on the held-out part, and
    `majority_accuracy`, that of always answering its most frequent label.
  """
  results = run_lib.run(recipe_lib.Recipe(
      task='classification',
      train_file=task['train'],
      dev_file=task['dev'],
      text_column=task['text_column'],
      init_checkpoint=str(pretrained_folder),
      max_length=pretraining.num_positions(settings) - 1,
      learning_rate=_LEARNING_RATE,
      batch_size=settings.task_batch_size,
      epochs=(settings.task_steps * settings.task_batch_size
              / task['train_examples']),
      seed=settings.seed), folder, folder.name, settings.runtime)
  report = evaluation_report.read(folder)
  return {'accuracy': results['metrics']['dev']['accuracy'],
          'confusion': report['confusion'],
          'majority_accuracy': report['baseline']['quality']}


def write_library_task(docstrings: Iterable[docstrings_lib.Docstring],
                       output_dir: str | os.PathLike,
                       *,
                       seed: int = 0,
                       passages_per_library: int = 600,
                       max_words: int = 60,
                       min_words: int = 15,
                       dev_share: float = 0.2) -> dict[str, Any]:
  """Writes `train.tsv` and `dev.tsv` with columns `text` and `label`.

  A passage is the beginning of a documentation string, without the names of
  the libraries. A module's passages are all in one file, chosen by
  `pretraining.is_held_out`. Each library has the same number of passages in a
  file: that of the library with the fewest, at most its share of
  `passages_per_library`.

  Args:
    docstrings: Documentation strings of two libraries or more.
    output_dir: Folder of the files, made if needed.
    seed: Seed of the held-out part and of the choice of passages.
    passages_per_library: Most passages of a library in both files together.
    max_words: Most words of a passage.
    min_words: Fewest words of a passage.
    dev_share: Share of modules and of passages in `dev.tsv`.

  Returns:
    `labels`, `train_passages`, `dev_passages`, `per_library` (of each file),
    and the paths `train` and `dev`.

  Raises:
    ValueError: If a library has no passage for one of the files, or there are
      fewer than two libraries.
  """
  docstrings = list(docstrings)
  labels = sorted({d.library for d in docstrings})
  if len(labels) < 2:
    raise ValueError('Which library a passage documents is a question only '
                     f'among several; there is {labels or "none"}.')
  passages = _collect(docstrings, NameRemover(labels), seed, dev_share,
                      min_words, max_words)
  rng = np.random.default_rng(seed)
  facts: dict[str, Any] = {'labels': labels, 'per_library': {}}
  for part, share in (('train', 1 - dev_share), ('dev', dev_share)):
    available = {label: passages[part, label] for label in labels}
    fewest = min(labels, key=lambda label: len(available[label]))
    if not available[fewest]:
      raise ValueError(f'{fewest} has no passage for {part}.tsv. Leave it out, '
                       'or change dev_share or min_words.')
    count = min(len(available[fewest]),
                max(1, round(passages_per_library * share)))
    rows = []
    for label in labels:
      chosen = rng.choice(len(available[label]), count, replace=False)
      rows += [(available[label][i], label) for i in chosen]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    facts[part] = os.path.join(os.fspath(output_dir), f'{part}.tsv')
    _write_tsv(facts[part], rows)
    facts['per_library'][part] = count
    facts[f'{part}_passages'] = len(rows)
  return facts


class NameRemover:
  """Removes names of libraries, and dotted paths below them, from text."""

  def __init__(self, libraries: Iterable[str]):
    names = set()
    for library in libraries:
      names.update((library, library.replace('_', ' '), *_ALIASES.get(
          library, ())))
    # Longer names first, or `tensorflow` would leave `_datasets` behind.
    ordered = sorted(names, key=lambda n: (-len(n), n))
    self._phrases = _compile(
        r'(?<![A-Za-z])(?:{})(?![A-Za-z])', [n for n in ordered if ' ' in n])
    words = [n for n in ordered if ' ' not in n]
    self._any = _compile('{}', words)
    # A name with its attributes: `~numpy.linalg.norm`, `np.`, `tf2`,
    # `NumPy's`; also inside snake_case such as `to_numpy`.
    self._names = _compile(
        r'[~@]?(?:\b[\w.]*[._])?(?<![A-Za-z])(?:{})(?![A-Za-z])'
        r"\w*(?:\.\w+)*\.?(?:'s)?(?!\w)", words)
    # `KerasTensor`, `NumpyArray`: a name that is part of a word. Short ones,
    # such as `np`, are parts of too many.
    self._glued = _compile(r'\w*(?:{})\w*', [n for n in words if len(n) > 4])

  def __call__(self, text: str) -> str:
    """Returns the text without the names, with single spaces."""
    text = self._phrases.sub(' ', _LINK.sub(' ', text))
    words = (self._clean(w) if self._any.search(w) else w for w in text.split())
    return ' '.join(' '.join(words).split())

  def _clean(self, word: str) -> str:
    return self._glued.sub(' ', self._names.sub(' ', word))


def _compile(pattern: str, names: list[str]) -> re.Pattern[str]:
  # Without names, an expression that matches nothing.
  return re.compile(pattern.replace('{}', '|'.join(map(re.escape, names)))
                    if names else r'(?!)', re.IGNORECASE)


def _collect(
    docstrings: list[docstrings_lib.Docstring], remove_names: NameRemover,
    seed: int, dev_share: float, min_words: int,
    max_words: int) -> dict[tuple[str, str], list[str]]:
  """Returns the distinct passages of each part and library."""
  passages = collections.defaultdict(list)
  # A beginning that occurs in several places belongs to the first.
  seen = set()
  for d in docstrings:
    # Far enough for a passage even if most words are names.
    beginning = ' '.join(d.text.split()[:4 * max_words])
    words = remove_names(beginning).split()[:max_words]
    if len(words) < min_words:
      continue
    text = ' '.join(words)
    key = re.sub(r'\W+', ' ', text.lower())
    if key in seen:
      continue
    seen.add(key)
    held_out = pretraining.is_held_out(d.module, dev_share, seed)
    passages['dev' if held_out else 'train', d.library].append(text)
  return passages


def _write_tsv(path: str, rows: list[tuple[str, str]]) -> None:
  files.write_text(path, 'text\tlabel\n' + ''.join(
      f'{text}\t{label}\n' for text, label in rows))
