# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Loads a fine-tuned model: a training run, or a checkpoint of any format."""

from collections.abc import Iterable, Mapping
import dataclasses
import os
import tempfile
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import native
from mobilebert_tf.checkpoints import tf1
from mobilebert_tf.common import files
from mobilebert_tf.common import plain_paths
from mobilebert_tf.inference import task_kind
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary
from official.core import config_definitions as cfg
from official.core import task_factory
from official.modeling import hyperparams

_PARAMS = 'params.yaml'
_VOCABULARY = 'vocab.txt'

Kinds = Mapping[str, task_kind.TaskKind]


@dataclasses.dataclass(frozen=True)
class TrainedModel:
  """A fine-tuned model and its settings.

  Attributes:
    model: The model, restored.
    labels: Names of the classes, in the order of its logits; empty for
      regression and question answering.
    vocab_file: Path of the vocabulary.
    lower_case: Whether the tokenizer lower-cases (`text.settings`).
    max_length: Maximum length of a text in tokens, special tokens included.
    kind: Kind of task.
    pairs: Whether the model reads two texts; None if unknown, because only runs
      record it.
    params: The experiment, if it is a run.
    max_word_length: Maximum length of a word of a text in characters.
    max_windows: Maximum number of windows in which an exported model reads a
      context; None for the default.
  """
  model: tf_keras.Model
  labels: list[str]
  vocab_file: str
  lower_case: settings.LowerCase
  max_length: int
  kind: task_kind.TaskKind
  pairs: bool | None = False
  params: cfg.ExperimentConfig | None = None
  max_word_length: int = settings.MAX_WORD_LENGTH
  max_windows: int | None = None


def load(model_dir: str, kinds: Kinds) -> TrainedModel:
  """Loads a fine-tuned model, whatever its task; see `tasks.registry.load`.

  Args:
    model_dir: Folder of a fine-tuning run, for its latest checkpoint; one of
      its checkpoints, or its folder of the best ones; or a folder of any format
      of `checkpoints` with the head of a kind and a vocabulary, or its name on
      the Hugging Face hub.
    kinds: All kinds of tasks by name.

  Raises:
    FileNotFoundError: If there is no checkpoint, or no vocabulary.
    ValueError: If `params.yaml` is of another experiment, or the checkpoint
      does not fit or was not fine-tuned.
  """
  model_dir = os.path.expanduser(model_dir)
  run, checkpoint = _find_run(model_dir)
  if run:
    return _load_run(run, checkpoint, kinds)
  return _load_checkpoint(checkpoints.find(model_dir), kinds)


def load_encoder(model_dir: str, kinds: Kinds) -> TrainedModel:
  """Loads the encoder of a checkpoint, pre-trained or fine-tuned.

  Args:
    model_dir: As for `load`; or a folder of any format of `checkpoints` with an
      encoder and a `vocab.txt`.
    kinds: All kinds of tasks by name.

  Raises:
    FileNotFoundError: If there is no checkpoint, or no vocabulary.
    ValueError: If the checkpoint is damaged.
  """
  model_dir = os.path.expanduser(model_dir)
  [kind] = [kind for kind in kinds.values() if kind.encoder_only]
  run, _ = _find_run(model_dir)
  if run and _kind_of_run(_read_task(run), kinds):
    trained = load(model_dir, kinds)
    return dataclasses.replace(
        trained, model=trained.model.encoder, labels=[], kind=kind, pairs=False)
  checkpoint = checkpoints.read(checkpoints.find(model_dir))
  vocab_file = vocabulary_of(checkpoint)
  encoder = checkpoints.build(modeling.MobileBertEncoder, checkpoint)
  return TrainedModel(encoder, [], vocab_file, checkpoint.lower_case,
                      encoder.max_length - 1, kind,
                      max_word_length=checkpoint.max_word_length)


def load_for_export(model_dir: str, kinds: Kinds, *, encoder_only: bool = False,
                    pairs: bool | None = None) -> TrainedModel:
  """Loads a model, or its encoder, for which `pairs` is known.

  Args:
    model_dir: As for `load`, or `load_encoder`.
    kinds: All kinds of tasks by name.
    encoder_only: Whether to load the encoder alone.
    pairs: Whether the model reads two texts, if its checkpoint does not record
      it; None counts as False then.

  Raises:
    FileNotFoundError: As `load`.
    ValueError: As `load`, or if the checkpoint contradicts `pairs`.
  """
  trained = (load_encoder if encoder_only else load)(model_dir, kinds)
  if trained.pairs is None:
    return dataclasses.replace(trained, pairs=bool(pairs))
  if pairs is not None and pairs != trained.pairs:
    raise ValueError(
        f'{model_dir} reads {"two texts" if trained.pairs else "single texts"};'
        ' leave --pairs out.')
  return trained


def with_case(trained: TrainedModel,
              lower_case: settings.LowerCase | None) -> TrainedModel:
  """Returns a model whose tokenizer lower-cases as told.

  Args:
    trained: A model.
    lower_case: Whether to lower-case (`text.settings`); None for as it does.

  Raises:
    ValueError: If it was trained otherwise, as its run says.
  """
  if lower_case in (None, trained.lower_case):
    return trained
  if trained.params is not None:
    settings.agree('lower_case', {
        _PARAMS: trained.lower_case, '--lower_case': lower_case}, None)
  return dataclasses.replace(trained, lower_case=lower_case)


# === Training runs ===


def is_run(path: str, kinds: Kinds) -> bool:
  """Returns whether a path is of a fine-tuning run, or of its checkpoint."""
  run, _ = _find_run(path)
  return bool(run) and _kind_of_run(_read_task(run), kinds) is not None


def _find_run(path: str) -> tuple[str, str]:
  """Returns the folder of a run, or '', and the checkpoint that is meant."""
  if tf.io.gfile.exists(os.path.join(path, _PARAMS)):
    return path, bundles.latest(path) or ''
  try:
    location = bundles.locate(path)
  except FileNotFoundError:  # Perhaps a name on the hub.
    return '', ''
  # A checkpoint beside the params, or in a folder beside them.
  run, name = os.path.split(native.find_config(location.folder))
  if name != _PARAMS or not location.prefix or tf.io.gfile.exists(
      os.path.join(location.folder, tf1.CONFIG)):
    return '', ''
  return run, location.prefix


def _load_run(model_dir: str, checkpoint: str,
              kinds: Kinds) -> TrainedModel:
  fields = _read_task(model_dir)
  kind = _kind_of_run(fields, kinds)
  if kind is None:
    raise ValueError(
        f'{model_dir}/{_PARAMS} is not of a training run of '
        f'{" or ".join(_experiments(kinds))}.')
  params = _build_config(model_dir, kind, fields)
  if not checkpoint:
    raise FileNotFoundError(f'{model_dir} holds no checkpoint.')
  task, data = params.task, params.task.train_data
  labels = _find_labels(model_dir, kind, task)
  # The run may have been moved, and params.yaml name a file of another one.
  beside = os.path.join(model_dir, _VOCABULARY)
  vocab_file = beside if tf.io.gfile.exists(beside) else data.vocab_file
  vocabulary.check_size(vocab_file, task.model.encoder.get().vocab_size)
  model = task_factory.get_task(task).build_model()
  try:
    status = tf.train.Checkpoint(model=model).read(
        plain_paths.prefix(checkpoint))
    status.expect_partial().assert_existing_objects_matched()
  except (AssertionError, IndexError, ValueError, tf.errors.OpError) as error:
    raise ValueError(
        f'{checkpoint} is damaged, or does not fit the model of '
        f'{model_dir}/params.yaml: {error}') from error
  pairs = (bool(getattr(data, 'pair_field', '')) if kind.reads_pairs is None
           else kind.reads_pairs)
  return TrainedModel(
      model, labels, vocab_file, data.lower_case, data.seq_length, kind,
      pairs=pairs, params=params, max_word_length=data.max_word_length)


def _read_task(model_dir: str) -> dict[str, Any]:
  """Returns the `task` of a run's `params.yaml`."""
  path = os.path.join(model_dir, _PARAMS)
  try:
    task = files.read_yaml(path)['task']
    if not isinstance(task, dict):
      raise TypeError('its task has no fields')
    return task
  except (KeyError, TypeError, ValueError) as error:
    raise ValueError(f'{path} is not of a training run: {error}') from error


def _kind_of_run(task: Mapping[str, Any],
                 kinds: Kinds) -> task_kind.TaskKind | None:
  """Returns the kind of a run; None if it is not of fine-tuning."""
  return next((kind for kind in kinds.values() if kind.is_run(task)), None)


def _build_config(model_dir: str, kind: task_kind.TaskKind,
                  task: Mapping[str, Any]) -> cfg.ExperimentConfig:
  """Returns an experiment with the task of a run and defaults elsewhere."""
  params = cfg.ExperimentConfig(task=kind.task_config())
  # A trained student needs no teacher.
  fields = {name: value for name, value in task.items() if name != 'teacher'}
  try:
    return hyperparams.override_params_dict(
        params, {'task': fields}, is_strict=True)
  except (KeyError, TypeError, ValueError) as error:
    raise ValueError(
        f'{model_dir}/{_PARAMS} is not of a training run of '
        f'{kind.experiment}: {error}') from error


def _find_labels(model_dir: str, kind: task_kind.TaskKind,
                 task: Any) -> list[str]:
  """Returns the labels, and names them in the config if they were found."""
  if not kind.has_labels:
    return []
  try:
    labels = kind.labels_of_run(task)
  except FileNotFoundError as error:
    raise FileNotFoundError(
        f'{model_dir}/{_PARAMS} names no labels, and the file they were taken '
        f'from is not there: {error} Name them as task.train_data.labels.'
    ) from error
  classes = getattr(task.model, 'num_classes', len(labels))
  if len(labels) != classes:
    raise ValueError(
        f'{model_dir} has {classes} classes and {len(labels)} labels '
        f'({", ".join(labels[:10])}); a classifier has two or more, and a '
        'label for each.')
  task.train_data.labels = labels
  return labels


# === Checkpoints ===


def _load_checkpoint(path: str, kinds: Kinds) -> TrainedModel:
  checkpoint = checkpoints.read(path)
  kind = _kind_of_checkpoint(checkpoint, kinds)
  vocab_file = vocabulary_of(checkpoint)
  labels = []
  if kind.has_labels:
    labels = list(checkpoint.labels) or [
        f'LABEL_{i}' for i in range(checkpoint.num_classes)]
  model = checkpoints.build(kind.model_class, checkpoint)
  # A [PAD] follows the longest text.
  return TrainedModel(
      model, labels, vocab_file, checkpoint.lower_case, model.max_length - 1,
      kind, pairs=kind.reads_pairs, max_word_length=checkpoint.max_word_length)


def _kind_of_checkpoint(checkpoint: checkpoints.Checkpoint,
                        kinds: Kinds) -> task_kind.TaskKind:
  with_head = [kind for kind in kinds.values()
               if kind.head and kind.head in checkpoint.parts]
  heads = _titles(with_head)
  if not heads:
    raise ValueError(
        f'{checkpoint.source} has no {" or ".join(_titles(kinds.values()))}, '
        f'only {", ".join(checkpoint.parts)}. Fine-tune it first: python -m '
        f'mobilebert_tf.train --experiment={_experiments(kinds)[0]}.')
  if len(heads) > 1:
    raise ValueError(
        f'{checkpoint.source} has a {" and a ".join(heads)}; only one '
        'of them can be meant.')
  for kind in with_head:
    if kind.is_checkpoint(checkpoint.num_classes, checkpoint.problem_type):
      return kind
  raise ValueError(
      f'{checkpoint.source} is of the problem type {checkpoint.problem_type!r} '
      f'with {checkpoint.num_classes} classes, which no task has; tasks are '
      f'{", ".join(kinds)}.')


def _titles(kinds: Iterable[task_kind.TaskKind]) -> list[str]:
  """Returns the titles of heads; the first kind with a head names it."""
  titles: dict[str, str] = {}
  for kind in kinds:
    if kind.head:
      titles.setdefault(kind.head, kind.title)
  return list(titles.values())


def _experiments(kinds: Kinds) -> list[str]:
  return list(dict.fromkeys(
      kind.experiment for kind in kinds.values() if kind.experiment))


def vocabulary_of(checkpoint: checkpoints.Checkpoint) -> str:
  """Returns the path of a checkpoint's vocabulary."""
  vocab_file = os.path.join(os.path.dirname(checkpoint.source), _VOCABULARY)
  if not tf.io.gfile.exists(vocab_file):
    if checkpoint.vocabulary is None:
      raise FileNotFoundError(
          f'{vocab_file} is missing: the vocabulary that the model was trained '
          'with.')
    # It is that of a tokenizer.json, or of the run's params.
    vocab_file = os.path.join(
        tempfile.mkdtemp(dir=plain_paths.temporary_folder()), _VOCABULARY)
    checkpoint.vocabulary.write(vocab_file)
  vocabulary.check_size(vocab_file, checkpoint.architecture.vocab_size)
  return vocab_file
