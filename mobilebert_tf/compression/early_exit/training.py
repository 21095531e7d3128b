# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Gives a fine-tuned classifier early exits: trains, tunes and scores them."""

from collections.abc import Mapping
import dataclasses
import json
import os
import pathlib
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.common import outputs
from mobilebert_tf.compression import settings as settings_lib
from mobilebert_tf.compression.early_exit import timing
from mobilebert_tf.compression.early_exit import tuning
from mobilebert_tf.deployment import agreement
from mobilebert_tf.evaluation import scoring as scoring_lib
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import kind as kind_lib
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import predictor as predictor_lib
from mobilebert_tf.tasks.classification import scoring
from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib
from mobilebert_tf.tasks.early_exit_classification import (
    scoring as exit_scoring)
from mobilebert_tf.tasks.early_exit_classification import task as task_lib
from mobilebert_tf.training import consistency
from mobilebert_tf.training import experiments
from mobilebert_tf.training import resuming
from mobilebert_tf.training import run as run_lib
from official.core import config_definitions as cfg

RESULTS, TIMED = 'results.json', 'timed'
# Options that a folder is begun with; others are tuned anew.
_TRAINED = ('blocks', 'pooler', 'dropout', 'epochs', 'batch_size',
            'learning_rate', 'seed')


@dataclasses.dataclass(frozen=True)
class Options:
  """Exits of a classifier, and how they are trained and tuned.

  Attributes:
    blocks: Numbers of the blocks with an exit, counted from 1; empty for all
      below the last.
    criterion: One of `rule.CRITERIA`.
    wanted: Wish that thresholds are chosen for.
    each_exit: Whether each exit has a threshold of its own.
    pooler: See `task.ExitConfig`.
    dropout: See `task.ExitConfig`.
    epochs: Passes over the training texts; the published number.
    batch_size: Texts of a step.
    learning_rate: Peak learning rate.
    seed: Seed of the exits' weights, the order of texts, and the halves of the
      held-out part.
    timed: Quantization of a file that texts are timed in; empty for none.
    beside: Runs on the same task that are timed and scored as well.
    largest_disagreement: Largest share of texts to which a timed file may give
      another answer than its model; see `agreement.check`.
  """
  blocks: tuple[int, ...] = ()
  criterion: str = rule_lib.ENTROPY
  wanted: tuning.Wanted = tuning.Wanted(loss=0.005)
  each_exit: bool = False
  pooler: bool = False
  dropout: bool = False
  epochs: float = 3.0
  batch_size: int = 32
  learning_rate: float = 1e-3
  seed: int = 0
  timed: str = ''
  beside: tuple[str, ...] = ()
  largest_disagreement: float = agreement.LARGEST_DISAGREEMENT

  def __post_init__(self):
    if self.beside and not self.timed:
      raise ValueError('Models beside are compared in time: name the '
                       'quantization of the files that are timed as well '
                       '(--timed).')


def add_exits(model_dir: str, folder: str | os.PathLike, options: Options,
              runtime: Mapping[str, Any] | None = None) -> dict[str, Any]:
  """Trains exits on a run's data, and tunes and scores them.

  The held-out part is halved: thresholds are chosen on one half, and what is
  reported is of the other. A run that was stopped is resumed; one that is done
  is only tuned again.

  Args:
    model_dir: Folder of a fine-tuning run of classification.
    folder: Folder of the model with exits, of `evaluation.html` and
      `evaluation.json` of the half that is reported, of `results.json`, and of
      `timed/` with the files that were timed.
    options: Exits, training and tuning.
    runtime: Settings of devices and precision, such as `device_flags.read()`.

  Returns:
    The content of `results.json`: `metrics`, `mean_blocks`, `saving`,
    `whole_model` (its accuracy on the same texts), `thresholds`, `num_blocks`,
    and `timing`, as in `evaluation.json`.

  Raises:
    FileNotFoundError: If the run or its data are missing.
    FileExistsError: If the folder holds something else.
    ValueError: If the model cannot have such exits, or what is wanted cannot be
      had.
    mobilebert_tf.training.run.DivergenceError: If a loss is not finite.
  """
  folder = pathlib.Path(folder).expanduser()
  whole = registry.load(model_dir)
  held_out = _read_held_out(whole, model_dir)
  _check_wish(whole, options)
  timing.read_beside(whole, options.beside)  # Checked.
  params = _experiment(whole, model_dir, options)
  params.override({'runtime': dict(runtime or {})})
  task_lib.exit_rule(params.task)  # Checked before anything is written.
  with outputs.claimed(folder, (resuming.PARAMS_FILE, settings_lib.FILE),
                       'the folder of exits'):
    settings_lib.keep(folder, {
        **settings_lib.source(model_dir),
        **{name: getattr(options, name) for name in _TRAINED}},
                       {'pooler': False, 'dropout': False})
    # Those that were tuned hold until others are.
    params.task.exits.override(_tuned(folder, options))
    run_lib.run_experiment(params, 'train', str(folder), 'exits')
    trained = registry.load(str(folder))
    return _tune(trained, held_out, folder, options)


def _check_wish(whole: loading.TrainedModel, options: Options) -> None:
  """Raises ValueError if even the first exit costs more than is wanted."""
  first, wanted = min(options.blocks, default=1), options.wanted.blocks
  if wanted is not None and wanted < first < (
      whole.model.encoder.architecture.num_blocks):
    raise ValueError(
        f'The wanted number of blocks is {wanted:g}, but texts need '
        f'{first:.2f} on average, even if all leave at the first exit.')


def _tuned(folder: pathlib.Path, options: Options) -> dict[str, Any]:
  """Returns what was tuned in a folder, if it is of the criterion."""
  path = folder / resuming.PARAMS_FILE
  exits = files.read_yaml(path)['task']['exits'] if path.exists() else {}
  if exits.get('criterion') != options.criterion:
    return {}
  return {name: exits[name] for name in ('thresholds', 'tuned')
          if name in exits}


def check_kind(kind: task_kind.TaskKind, name: str) -> None:
  """Raises ValueError unless models of a kind can have exits.

  Args:
    kind: The kind of task.
    name: Name of the model, or of the task, in the message.
  """
  if type(kind) is not kind_lib.Classification:
    raise ValueError(
        f'{name} is for {kind.name.replace("_", " ")}. '
        'Early exits are for classification with one label a text: how sure an '
        'exit is follows from the probabilities of labels that exclude each '
        'other, and DeeBERT has no rule for others.')


def _read_held_out(whole: loading.TrainedModel,
                   model_dir: str) -> loader.TextExamples:
  """Returns the held-out texts of a run, if its model can have exits."""
  check_kind(whole.kind, model_dir)
  if whole.params is None:
    raise ValueError(
        f'{model_dir} is a checkpoint, which does not say what it was trained '
        'on. Exits learn from the same texts: name the folder of a run.')
  data = whole.params.task.validation_data
  if data.input_path:
    held_out = loader.read_data(data.replace(labels=list(whole.labels)))
    if held_out.label_ids is not None and len(held_out.texts) > 1:
      return held_out
  raise ValueError(f'{model_dir} has no held-out texts with labels, on which '
                   'thresholds could be chosen.')


def _experiment(whole: loading.TrainedModel, model_dir: str,
                options: Options) -> cfg.ExperimentConfig:
  """Returns the registered experiment on the data of a run."""
  fields = whole.params.task.as_dict()
  known = {field.name for field in dataclasses.fields(task_lib.EarlyExitConfig)}
  task = {name: value for name, value in fields.items() if name in known}
  data = {'vocab_file': whole.vocab_file, 'labels': list(whole.labels)}
  count = len(loader.read_data(whole.params.task.train_data).texts)
  steps = max(1, round(options.epochs * count / options.batch_size))
  params = experiments.get('mobilebert/early_exit')
  params.override({
      'task': {
          **task, 'kind': task_lib.KIND, 'init_checkpoint': model_dir,
          'metrics': [], 'early_stopping': 0,
          'train_data': {
              **task['train_data'], **data, 'unlabelled_path': '',
              'global_batch_size': options.batch_size, 'start_batch': 0,
              'seed': options.seed},
          'validation_data': {**task['validation_data'], **data},
          'exits': {'blocks': list(options.blocks),
                    'criterion': options.criterion, 'thresholds': [],
                    'pooler': options.pooler, 'dropout': options.dropout}},
      'trainer': settings_lib.trainer(steps, options.learning_rate)})
  return consistency.complete(params)


def _tune(trained: loading.TrainedModel, held_out: loader.TextExamples,
          folder: pathlib.Path, options: Options) -> dict[str, Any]:
  """Chooses thresholds, keeps them in the run, and scores them."""
  predictor = predictor_lib.TextPredictor(trained)
  logits = predictor.logits(held_out.texts, held_out.pairs)
  depth = trained.model.encoder.architecture.num_blocks
  tuned_on, reported = tuning.split(len(logits), options.seed)
  rule = tuning.tune(
      logits[tuned_on], held_out.label_ids[tuned_on],
      dataclasses.replace(trained.kind.rule(trained), thresholds=()), depth,
      options.wanted, options.each_exit)
  task = trained.params.task
  task.exits.thresholds = list(map(float, rule.thresholds))
  curve = exit_scoring.Scorer(
      logits[tuned_on], held_out.label_ids[tuned_on], rule, depth).curve()
  task.exits.tuned = task_lib.TunedConfig(
      thresholds=[point.threshold for point in curve],
      accuracies=[point.accuracy for point in curve],
      mean_blocks=[point.mean_blocks for point in curve])
  examples = held_out.take(reported)
  scored = scoring.score_texts(predictor_lib.TextPredictor(trained), examples,
                               'held-out half', task.metrics)
  if options.timed:
    scored = dataclasses.replace(scored, predictions=dataclasses.replace(
        scored.predictions, times=timing.measure(
            trained, examples, folder / TIMED, options.timed, options.beside,
            options.largest_disagreement)))
  # What is reported is what holds from now on.
  resuming.write_params(_kept(folder, task), str(folder))
  return _report(scored, logits[reported], held_out.label_ids[reported], depth,
                 rule, folder, options)


def _kept(folder: pathlib.Path,
          task: task_lib.EarlyExitConfig) -> cfg.ExperimentConfig:
  """Returns the params of a run with another task."""
  params = experiments.get('mobilebert/early_exit')
  params.override(files.read_yaml(str(folder / resuming.PARAMS_FILE)))
  return params.replace(task=task.as_dict())


def _report(scored: scoring_lib.Scored, logits: Any, labels: Any, depth: int,
            rule: rule_lib.Rule, folder: pathlib.Path,
            options: Options) -> dict[str, Any]:
  """Writes the report and the results, and returns these."""
  predictions = scored.predictions
  whole = float((logits[:, -1].argmax(-1) == labels).mean())
  wanted = (f'{options.wanted.loss:.2%} of the answers lost at most'
            if options.wanted.loss is not None else
            f'{options.wanted.blocks:g} blocks on average at most')
  machine_facts = {'Machine': machine.describe_hardware()} if (
      options.timed) else {}
  evaluation_report.write_report(
      predictions, scored.metrics, folder, {
          **machine_facts,
          'Thresholds': 'chosen on the other half of the held-out texts, for '
                        f'{wanted}',
          'The whole model': f'{whole:.1%} right on these texts',
          **scored.facts}, registry.get(predictions.kind).report_parts())
  point = predictions.point()
  results = {
      'metrics': dict(scored.metrics), 'whole_model': whole,
      'mean_blocks': point.mean_blocks,
      'saving': 1.0 - point.mean_blocks / depth,
      'timing': evaluation_report.read(folder)['timing'],
      'num_blocks': depth, 'criterion': rule.criterion,
      'blocks': list(rule.blocks), 'thresholds': list(rule.thresholds),
      'options': json.loads(json.dumps(dataclasses.asdict(options)))}
  files.write_json(folder / RESULTS, results, indent=1)
  return results
