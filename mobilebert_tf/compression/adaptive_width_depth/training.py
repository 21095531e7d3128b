# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Makes a family of models of a trained one: rewires, trains, scores."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import functools
import json
import math
import os
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.common import outputs
from mobilebert_tf.compression import settings as settings_lib
from mobilebert_tf.compression.adaptive_width_depth import blocks
from mobilebert_tf.compression.adaptive_width_depth import cutting
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.compression.adaptive_width_depth import sources
from mobilebert_tf.modeling import layout
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.training import consistency
from mobilebert_tf.training import experiments
from mobilebert_tf.training import run as run_lib
from official.core import config_definitions as cfg

RESULTS, START = 'results.json', 'start'
WIDTH, DEPTH, FINAL = STAGES = ('width', 'depth', 'final')
_ORDER, _SUMS = 'order.json', 'sums.json'
_DEV_TEXTS = 512  # On which blocks are chosen.
# Weight of the hidden losses and whether the teacher has the student's width.
_OF_STAGES = {WIDTH: (0.1, False), DEPTH: (1.0, True), FINAL: (0.0, True)}


@dataclasses.dataclass(frozen=True)
class Options:
  """A family of models, and how it is trained.

  Attributes:
    widths: Shares of heads and units, 1 among them.
    depths: Shares of blocks, 1 among them; `(1.0,)` leaves the stage out.
    rule: Blocks that a depth keeps: one of `sizes.RULES`, or of
      `sizes.MEASURED`, by an order that is measured once, before training.
    variant: See `AdaptiveConfig`.
    rewire: Whether heads and units are sorted by importance first.
    final: Whether the labels are learned at the end, by all sizes.
    keep_best: Whether each stage ends with that of its checkpoints whose sizes
      have the best sum of scores on the held-out part, as in the reference; if
      not, with the last.
    augmented: File of `compression.augmentation` in place of the training
      texts, but for importance and the labels; empty for none.
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
  keep_best: bool = False
  augmented: str = ''
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
    model_dir: Folder of a run of fine-tuning; or of pre-training, whose family
      can be fine-tuned for any task.
    folder: Folder of a run for each stage, and of `results.json`.
    options: Sizes and training.
    runtime: Settings of devices and precision, such as `device_flags.read()`.

  Returns:
    The content of `results.json`: `sizes`, a row each with width, depth,
    blocks, parameters, operations of a text of 128 tokens and scores on the
    held-out part; `model`, the folder of the last stage, from the folder;
    `order`, the order of blocks that was measured, if any; and `options`.

  Raises:
    FileNotFoundError: If the run or its data are missing.
    FileExistsError: If the folder holds something else.
    ValueError: If a size is none, or the folder holds other settings.
    mobilebert_tf.training.run.DivergenceError: If a loss is not finite.
  """
  folder = pathlib.Path(folder).expanduser()
  if options.augmented:  # The same file from wherever the training goes on.
    options = dataclasses.replace(options, augmented=os.path.abspath(
        files.find_file(options.augmented)))
  source = sources.read(model_dir)
  _check(source, model_dir, options)
  with outputs.claimed(
      folder, (settings_lib.FILE,), 'the folder of a family'):
    settings_lib.keep(folder, {
        **settings_lib.source(model_dir), **dataclasses.asdict(options)},
                      dataclasses.asdict(Options()))
    importance = functools.cache(functools.partial(
        measure_importance, source, options.importance_batches,
        options.batch_size, options.seed))
    order = _order(source, folder, options, importance)
    family = sizes.grid(source.architecture, options.widths, options.depths,
                        options.rule, order)
    start = folder / START
    if not start.exists():
      checkpoints.write(
          _rewired(model_dir, options, importance), str(start), 'mobilebert_tf')
    teacher = str(start)
    for stage in options.stages:
      params = _experiment(source, stage, teacher, options, order)
      params.override({'runtime': dict(runtime or {})})
      run_lib.run_experiment(params, 'train', str(folder / stage), stage)
      teacher = str(_best(folder / stage, [
          size for size in family if stage != WIDTH or size.depth == 1.0
      ]) if options.keep_best else folder / stage)
    results = {
        'model': os.path.relpath(teacher, folder), 'order': order,
        'options': json.loads(json.dumps(dataclasses.asdict(options))),
        'sizes': _score(sources.read(teacher), family)}
    files.write_json(folder / RESULTS, results, indent=1)
  return results


def _check(source: sources.Source, model_dir: str, options: Options) -> None:
  """Raises for what would fail later, before anything is written."""
  sizes.grid(source.architecture, options.widths, options.depths,
             sizes.PAPER if options.rule in sizes.MEASURED else options.rule)
  if options.variant not in sizes.VARIANTS:
    raise ValueError(f'variant is {options.variant!r}; accepted: '
                     f'{", ".join(sizes.VARIANTS)}.')
  if not source.has_held_out and (
      options.keep_best or options.rule == sizes.GREEDY):
    raise ValueError(f'{model_dir} has no held-out part, on which checkpoints '
                     'or blocks could be compared.')
  source.count()
  if source.has_held_out:
    source.count(held_out=True)
  if options.augmented:
    source.count(**source.augmented(options.augmented))


def _order(source: sources.Source, folder: pathlib.Path, options: Options,
           importance: Callable[[], cutting.Importance]) -> list[int]:
  """Returns the order of blocks by a rule that is measured, else nothing."""
  if options.rule not in sizes.MEASURED:
    return []
  path = folder / _ORDER
  if not path.exists():
    files.write_json(path, measure_order(
        source, options.rule, options.batch_size, options.seed,
        _blocks_of(source, min(options.depths)), importance))
  return files.read_json(path)


def _blocks_of(source: sources.Source, depth: float) -> int:
  """Returns the number of blocks that a depth keeps."""
  return len(sizes.kept_blocks(source.architecture.num_blocks, depth))


def measure_order(source: sources.Source, rule: str, batch_size: int = 32,
                  seed: int = 0, least: int = 1,
                  importance: Callable[[], cutting.Importance] | None = None
                  ) -> list[int]:
  """Returns all blocks of a run's model, the most needed first.

  Args:
    source: The run.
    rule: `importance`, by the gradients of heads and units on training texts;
      or `greedy`, by the loss on held-out texts without a block, one after
      another.
    batch_size: Texts of a batch.
    seed: Seed of the order of texts.
    least: Number of blocks that stay at least, whose order does not matter.
    importance: Function that measures importance; None for
      `measure_importance`.

  Raises:
    ValueError: If there are no held-out texts.
  """
  if rule == sizes.IMPORTANCE:
    found = importance() if importance else measure_importance(
        source, batch_size=batch_size, seed=seed)
    return [int(each) for each in np.argsort(-found.blocks, kind='stable')]
  texts = min(_DEV_TEXTS, source.count(held_out=True))
  batches = source.batches(batch_size, seed, held_out=True).take(
      math.ceil(texts / batch_size))
  return blocks.greedy_order(
      blocks.LossesWithout(source.model, source.outputs, source.loss, batches),
      source.architecture.num_blocks, least)


def _rewired(model_dir: str, options: Options,
             importance: Callable[[], cutting.Importance]
             ) -> checkpoint_lib.Checkpoint:
  """Returns the model with heads and units sorted by importance."""
  checkpoint = checkpoints.read(checkpoints.find(model_dir))
  if not options.rewire:
    return checkpoint
  return cutting.rewire(checkpoint, importance())


def measure_importance(source: sources.Source, batches: int = 100,
                       batch_size: int = 32,
                       seed: int = 0) -> cutting.Importance:
  """Returns the importance of heads and units on a run's training texts.

  Args:
    source: The run.
    batches: Largest number of batches.
    batch_size: Texts of a batch.
    seed: Seed of the order of texts.
  """
  model = source.model
  variables = {weight.name.removesuffix(':0'): weight
               for weight in model.encoder.trainable_weights
               if weight.name.startswith('block_')}

  @tf.function(reduce_retracing=True)
  def differentiate(batch: Any) -> dict[str, tf.Tensor]:
    features, labels = gradient_step.split_inputs(batch)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(list(variables.values()))
      loss = source.loss(labels, model(features, training=False))
    return tape.gradient(
        loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)

  found = None
  values = {name: weight.numpy() for name, weight in variables.items()}
  for batch in source.batches(batch_size, seed).take(batches):
    gradients = {name: each.numpy()
                 for name, each in differentiate(batch).items()}
    new = cutting.importance(
        source.architecture, values, gradients)
    found = new if found is None else found + new
  return found


def _experiment(source: sources.Source, stage: str, teacher: str,
                options: Options, order: Sequence[int]
                ) -> cfg.ExperimentConfig:
  """Returns the training of a stage on the data of a run."""
  params = experiments.get(source.experiment)
  hidden_weight, by_width = _OF_STAGES[stage]
  params.task = source.adaptive()
  texts = source.augmented(options.augmented) if (
      options.augmented and stage != FINAL) else {}
  steps = max(1, round(
      options.epochs * source.count(**texts) / options.batch_size))
  params.override({
      'task': {
          'init_checkpoint': teacher, 'early_stopping': 0,
          'train_data': {
              **source.data, **texts, 'seed': options.seed, 'start_batch': 0,
              'global_batch_size': options.batch_size},
          'teacher': {
              'checkpoint': teacher,
              'ground_truth_ratio': float(stage == FINAL),
              'hidden_weight': hidden_weight, 'by_width': by_width,
              'widths': list(options.widths),
              'depths': [1.0] if stage == WIDTH else list(options.depths),
              'rule': options.rule, 'order': list(order),
              'variant': options.variant}},
      'trainer': settings_lib.trainer(
          steps, options.learning_rate,
          1 + options.keep_best * settings_lib.CHECKPOINTS)})
  if source.optimizer:
    params.override({'trainer': {'optimizer_config': {
        'optimizer': {'type': source.optimizer}}}})
  return consistency.complete(params)


def _best(folder: pathlib.Path, family: Sequence[sizes.Size]) -> pathlib.Path:
  """Returns the checkpoint of a stage with the best sum of scores.

  Of equal ones it is the last.
  """
  path = folder / _SUMS
  if not path.exists():
    source, sums = sources.read(str(folder)), {}
    for number in sorted(int(each.stem.removeprefix('ckpt-'))
                         for each in folder.glob('ckpt-*.index')):
      checkpoints.restore(source.model, str(folder / f'ckpt-{number}'))
      sums[f'ckpt-{number}'] = sum(
          each['value'] for scores in source.scores(family) for each in scores)
    files.write_json(path, sums, indent=1)
  sums = files.read_json(path)
  return folder / max(reversed(sums), key=sums.get)


# === Members of a family ===


def read_results(folder: str | os.PathLike) -> dict[str, Any] | None:
  """Returns what `adapt` returned for a folder, or None if it did not."""
  path, settings = (os.path.join(folder, name)
                    for name in (RESULTS, settings_lib.FILE))
  found = files.read_json(path) if (
      files.exists(path) and files.exists(settings)) else {}
  # Exits have these two files, too.
  return found if 'sizes' in found else None


def extract(model_dir: str | os.PathLike, width: float = 1.0,
            depth: float = 1.0, rule: str | Sequence[int] | None = None
            ) -> checkpoint_lib.Checkpoint:
  """Returns a member of a family, or of any model, as a checkpoint.

  Args:
    model_dir: Folder that `adapt` wrote; or a run or checkpoint, whose heads
      and units are in no order of importance.
    width: Share of heads and units.
    depth: Share of blocks.
    rule: Blocks that a depth keeps, see `sizes.kept_blocks`; by default those
      that were trained, of a model that was not `paper`. A rule that is
      measured needs a run, and of a family is the one that it has.

  Raises:
    FileNotFoundError: If there is no such model.
    ValueError: If it has no such member.

  Example: `extract('runs/sst2_family', width=0.5, depth=0.75)`
  """
  folder, order = pathlib.Path(model_dir).expanduser(), ()
  results = read_results(folder)
  if results is not None:
    trained = results['options']['rule']
    rule, model_dir = rule or trained, folder / results['model']
    if rule == trained:
      order = results.get('order', ())
  if isinstance(rule, str) and rule in sizes.MEASURED and not order:
    source = sources.read(str(model_dir))
    order = measure_order(source, rule, least=_blocks_of(source, depth))
  whole = checkpoints.read(checkpoints.find(str(model_dir)))
  size = sizes.size(
      whole.architecture, width, depth, rule or sizes.PAPER, order)
  if results is not None and (width, list(size.blocks)) not in (
      (row['width'], row['blocks']) for row in results['sizes']):
    kept = ', '.join(str(block + 1) for block in size.blocks)
    notices.inform(f'NOTE: {folder} was not trained at width {width:g} with '
                   f'blocks {kept}; fine-tune what is cut out.')
  return cutting.cut(whole, size)


def _score(source: sources.Source,
           family: list[sizes.Size]) -> list[dict[str, Any]]:
  """Returns parameters, operations and scores of all sizes."""
  whole, rows = checkpoints.of_model(source.model), []
  for size, scores in zip(family, source.scores(family), strict=True):
    part = cutting.cut(whole, size)
    rows.append({
        'width': size.width, 'depth': size.depth, 'blocks': list(size.blocks),
        'parameters': part.num_parameters,
        'operations': layout.count_operations(part.architecture, 128),
        'scores': scores})
  return rows
