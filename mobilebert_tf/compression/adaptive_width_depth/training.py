# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Makes a family of models of a fine-tuned one: rewires, trains, scores."""

from collections.abc import Mapping
import dataclasses
import json
import os
import pathlib
from typing import Any

import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.common import files
from mobilebert_tf.common import outputs
from mobilebert_tf.compression.adaptive_width_depth import cutting
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.compression.adaptive_width_depth import task as task_lib
from mobilebert_tf.deployment import agreement
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.modeling import layout
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks import registry
from mobilebert_tf.training import consistency
from mobilebert_tf.training import experiments
from mobilebert_tf.training import run as run_lib
from official.core import config_definitions as cfg
from official.core import task_factory

RESULTS, START = 'results.json', 'start'
WIDTH, DEPTH, FINAL = STAGES = ('width', 'depth', 'final')
_SETTINGS = 'settings.json'
_LOOPS, _CHECKPOINTS = 20, 5
# Weight of the hidden losses and whether the teacher has the student's width.
_OF_STAGES = {WIDTH: (0.1, False), DEPTH: (1.0, True), FINAL: (0.0, True)}


@dataclasses.dataclass(frozen=True)
class Options:
  """A family of models, and how it is trained.

  Attributes:
    widths: Shares of heads and units, 1 among them.
    depths: Shares of blocks, 1 among them; `(1.0,)` leaves the stage out.
    rule: Blocks that a depth keeps; see `sizes.kept_blocks`.
    variant: See `AdaptiveConfig`.
    rewire: Whether heads and units are sorted by importance first.
    final: Whether the labels are learned at the end, by all sizes.
    epochs: Passes over the texts in each stage; the published number.
    batch_size: Texts of a step.
    learning_rate: Peak learning rate of each stage.
    importance_batches: Batches of training texts that importance is measured
      on.
    seed: Seed of the order of texts.
  """
  widths: tuple[float, ...] = (1.0, 0.75, 0.5, 0.25)
  depths: tuple[float, ...] = (1.0, 0.75, 0.5)
  rule: str = sizes.PAPER
  variant: str = sizes.PAPER
  rewire: bool = True
  final: bool = False
  epochs: float = 3.0
  batch_size: int = 32
  learning_rate: float = 1e-4
  importance_batches: int = 100
  seed: int = 0

  @property
  def stages(self) -> tuple[str, ...]:
    """Names of the stages."""
    return (WIDTH, *([DEPTH] if len(self.depths) > 1 else []),
            *([FINAL] if self.final else []))


def adapt(model_dir: str, folder: str | os.PathLike, options: Options,
          runtime: Mapping[str, Any] | None = None) -> dict[str, Any]:
  """Trains a family from a fine-tuning run, and scores each member.

  A run that was stopped goes on with the stage that it was in.

  Args:
    model_dir: Folder of a fine-tuning run.
    folder: Folder of a run for each stage, and of `results.json`.
    options: Sizes and training.
    runtime: Settings of devices and precision, such as `device_flags.read()`.

  Returns:
    The content of `results.json`: `sizes`, a row each with width, depth,
    parameters, operations of a text of 128 tokens and scores on the held-out
    part; `model`, the folder of the last stage, from the folder; and `options`.

  Raises:
    FileNotFoundError: If the run or its data are missing.
    FileExistsError: If the folder holds something else.
    ValueError: If a size is none, or the folder holds other settings.
    mobilebert_tf.training.run.DivergenceError: If a loss is not finite.
  """
  folder = pathlib.Path(folder).expanduser()
  whole = registry.load(model_dir)
  if whole.params is None:
    raise ValueError(f'{model_dir} is a checkpoint, which does not say what it '
                     'was trained on. Name the folder of a fine-tuning run.')
  architecture = whole.model.encoder.architecture
  family = sizes.grid(architecture, options.widths, options.depths,
                      options.rule)
  with outputs.claimed(folder, (_SETTINGS,), 'the folder of a family'):
    _check_settings(folder, model_dir, options)
    start = folder / START
    if not start.exists():
      checkpoints.write(
          _rewired(whole, model_dir, options), str(start), 'mobilebert_tf')
    teacher = str(start)
    for stage in options.stages:
      params = _experiment(whole, stage, teacher, options)
      params.override({'runtime': dict(runtime or {})})
      run_lib.run_experiment(params, 'train', str(folder / stage), stage)
      teacher = str(folder / stage)
    results = {
        'model': options.stages[-1],
        'options': json.loads(json.dumps(dataclasses.asdict(options))),
        'sizes': _score(registry.load(teacher), family)}
    files.write_json(folder / RESULTS, results, indent=1)
  return results


def _check_settings(folder: pathlib.Path, model_dir: str,
                    options: Options) -> None:
  """Raises ValueError if a folder was begun with other settings."""
  settings = json.loads(json.dumps({
      'model_dir': os.path.abspath(model_dir),
      **dataclasses.asdict(options)}))
  path = folder / _SETTINGS
  if not path.exists():
    files.write_json(path, settings, indent=1)
    return
  begun = files.read_json(path)
  other = [name for name, value in settings.items()
           if begun.get(name) != value]
  if other:
    raise ValueError(
        f'{folder} was begun with {other[0]} {begun.get(other[0])!r}, and '
        f'{settings[other[0]]!r} is named now. Name another folder.')


def _rewired(whole: loading.TrainedModel, model_dir: str,
             options: Options) -> checkpoint_lib.Checkpoint:
  """Returns the model with heads and units sorted by importance."""
  checkpoint = checkpoints.read(checkpoints.find(model_dir))
  if not options.rewire:
    return checkpoint
  return cutting.rewire(checkpoint, measure_importance(
      whole, options.importance_batches, options.batch_size, options.seed))


def measure_importance(trained: loading.TrainedModel, batches: int,
                       batch_size: int = 32,
                       seed: int = 0) -> cutting.Importance:
  """Returns the importance of heads and units on a run's training texts.

  Args:
    trained: The model of a run.
    batches: Largest number of batches.
    batch_size: Texts of a batch.
    seed: Seed of the order of texts.
  """
  params, model = trained.params.task, trained.model
  task = task_factory.get_task(params)
  data = params.train_data.replace(
      global_batch_size=batch_size, seed=seed, start_batch=0,
      vocab_file=trained.vocab_file, labels=list(trained.labels)) if (
          trained.labels) else params.train_data.replace(
              global_batch_size=batch_size, seed=seed, start_batch=0,
              vocab_file=trained.vocab_file)
  variables = {weight.name.removesuffix(':0'): weight
               for weight in model.encoder.trainable_weights
               if weight.name.startswith('block_')}

  @tf.function(reduce_retracing=True)
  def differentiate(batch: Any) -> dict[str, tf.Tensor]:
    features, labels = gradient_step.split_inputs(batch)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(list(variables.values()))
      loss = task.build_losses(labels, model(features, training=False))
    return tape.gradient(
        loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)

  found = None
  for batch in task.build_inputs(data).take(batches):
    gradients = {name: each.numpy()
                 for name, each in differentiate(batch).items()}
    new = cutting.importance(
        model.encoder.architecture,
        {name: weight.numpy() for name, weight in variables.items()}, gradients)
    found = new if found is None else found + new
  return found


def _experiment(whole: loading.TrainedModel, stage: str, teacher: str,
                options: Options) -> cfg.ExperimentConfig:
  """Returns the training of a stage on the data of a run."""
  params = experiments.get(whole.kind.experiment)
  task = whole.params.task
  hidden_weight, by_width = _OF_STAGES[stage]
  params.task = task_lib.adaptive(task)
  train = {'vocab_file': whole.vocab_file, 'seed': options.seed,
           'global_batch_size': options.batch_size, 'start_batch': 0}
  if whole.labels:
    train['labels'] = list(whole.labels)
  count = _count(task, train)
  steps = max(1, round(options.epochs * count / options.batch_size))
  params.override({
      'task': {
          'init_checkpoint': teacher, 'train_data': train,
          'early_stopping': 0, 'teacher': {
              'checkpoint': teacher,
              'ground_truth_ratio': float(stage == FINAL),
              'hidden_weight': hidden_weight, 'by_width': by_width,
              'widths': list(options.widths),
              'depths': [1.0] if stage == WIDTH else list(options.depths),
              'rule': options.rule, 'variant': options.variant}},
      'trainer': {
          'train_steps': steps,
          'steps_per_loop': max(1, steps // _LOOPS),
          'summary_interval': max(1, steps // _LOOPS),
          'checkpoint_interval': max(1, steps // _CHECKPOINTS),
          'max_to_keep': 1,
          'optimizer_config': {'learning_rate': {'polynomial': {
              'initial_learning_rate': options.learning_rate,
              'end_learning_rate': None}}}}})
  return consistency.complete(params)


def _count(task: cfg.TaskConfig, train: Mapping[str, Any]) -> int:
  """Returns the number of training texts."""
  data = task.train_data.replace(**{
      **train, 'is_training': False, 'global_batch_size': 1024})
  batches = task_factory.get_task(task).build_inputs(data)
  return sum(int(tf.shape(tf.nest.flatten(batch)[0])[0]) for batch in batches)


# === Members of a family ===


def extract(model_dir: str | os.PathLike, width: float = 1.0,
            depth: float = 1.0, rule: str | None = None
            ) -> checkpoint_lib.Checkpoint:
  """Returns a member of a family, or of any model, as a checkpoint.

  Args:
    model_dir: Folder that `adapt` wrote; or a run or checkpoint, whose heads
      and units are in no order of importance.
    width: Share of heads and units.
    depth: Share of blocks.
    rule: Blocks that a depth keeps, see `sizes.kept_blocks`; by default those
      that were trained, of a model that was not `paper`.

  Raises:
    FileNotFoundError: If there is no such model.
    ValueError: If it has no such member.

  Example: `extract('runs/sst2_family', width=0.5, depth=0.75)`
  """
  folder = pathlib.Path(model_dir).expanduser()
  if (folder / RESULTS).exists() and (folder / _SETTINGS).exists():
    settings = files.read_json(folder / _SETTINGS)
    rule = rule or settings['rule']
    model_dir = folder / files.read_json(folder / RESULTS)['model']
  whole = checkpoints.read(checkpoints.find(str(model_dir)))
  return cutting.cut(whole, sizes.size(
      whole.architecture, width, depth, rule or sizes.PAPER))


def member(trained: loading.TrainedModel,
           size: sizes.Size) -> loading.TrainedModel:
  """Returns a model of a size, which answers as a run does.

  Args:
    trained: The whole.
    size: Heads, units and blocks that stay.
  """
  found = cutting.cut(checkpoints.of_model(trained.model), size)
  return dataclasses.replace(
      trained, model=checkpoints.build(type(trained.model), found))


def _score(trained: loading.TrainedModel,
           family: list[sizes.Size]) -> list[dict[str, Any]]:
  """Returns parameters, operations and scores of all sizes."""
  path = trained.params.task.validation_data.input_path
  labelled = None
  if path:
    labelled = trained.kind.read_labelled(path, trained, scoring.Columns())
  rows = []
  for size in family:
    each = member(trained, size)
    architecture = each.model.encoder.architecture
    rows.append({
        'width': size.width, 'depth': size.depth, 'blocks': list(size.blocks),
        'parameters': each.model.count_params(),
        'operations': layout.count_operations(architecture, 128),
        'scores': labelled.score(each.kind.answers(each, agreement.RealTexts(
            labelled.texts, labelled.pairs, path))) if labelled else []})
  return rows
