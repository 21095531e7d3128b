# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""One step of each kind of task, in slices and on logical devices.

As a program it takes a folder, a number of slices and names of kinds, and
writes `FOLDER/NAME.npz` of each: what a step on two devices comes to.
"""

from collections.abc import Callable
import sys
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.compression.adaptive_width_depth import task as adaptive
from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf.distillation import relation_task
from mobilebert_tf.distillation import relations
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import task as distillation
from mobilebert_tf.tasks.classification import task as classification
from mobilebert_tf.tasks.early_exit_classification import task as early_exit
from mobilebert_tf.tasks.embedding import task as embedding
from mobilebert_tf.tasks.multi_label_classification import task as multi_label
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.tasks.pretraining import task as pretraining
from mobilebert_tf.tasks.question_answering import task as question_answering
from mobilebert_tf.tasks.token_classification import task as words
from official.core import task_factory
from official.nlp.configs import bert
from official.nlp.tasks import sentence_prediction
from tests.checkpoints import tiny_bert
from tests.distillation import tiny_models
from tests.modeling import contract

SIZE = 8  # Texts in a batch.
Step = tuple[Any, Any]  # A task and its batch.


def _pretraining_fields() -> dict[str, Any]:
  data = loader.MobileBertPretrainDataConfig(seed=1)
  return {'train_data': data, 'validation_data': data,
          'model': bert.PretrainerConfig(encoder=pretraining.encoder_config(
              tiny_models.student_config()))}


def _pretraining_batch() -> dict[str, tf.Tensor]:
  """Returns a batch whose slices have unequal numbers of masked tokens."""
  batch = tiny_models.batch(size=SIZE)
  weights = np.ones(batch['masked_lm_weights'].shape, np.float32)
  weights[:3, 1:] = 0
  return {**batch, 'masked_lm_weights': tf.constant(weights)}


def _pretrain(folder: str) -> Step:
  del folder
  return (pretraining.PretrainingTask(
      pretraining.PretrainingConfig(**_pretraining_fields())),
          _pretraining_batch())


def _distill(variant: str, **schedule: Any) -> Callable[[str], Step]:

  def make(folder: str) -> Step:
    teacher = tiny_models.pretrainer(tiny_models.teacher_config(), seed=1)
    path = tf.train.Checkpoint(**teacher.checkpoint_items).write(
        f'{folder}/teacher')
    task = distillation.DistillationTask(distillation.DistillationConfig(
        **_pretraining_fields(), teacher=tiny_models.teacher_config(),
        teacher_checkpoint=path, variant=variant,
        schedule=schedules.ScheduleConfig(**schedule)))
    return task, _pretraining_batch()

  return make


def _learn_relations(folder: str) -> Step:
  tokens = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
            *(f'w{i}' for i in range(35)))
  return (relation_task.RelationTask(relation_task.RelationConfig(
      **_pretraining_fields(), relation_heads=4,
      teacher_checkpoint=tiny_bert.write(f'{folder}/bert', tokens),
      loss_weights=relations.RelationWeights(soft_masked_lm=1.0))),
          _pretraining_batch())


def _adapt(folder: str) -> Step:
  """Returns a step of all sub-networks, by labels, teacher and hidden states.
  """
  teacher = tiny_models.pretrainer(tiny_models.student_config(), seed=1)
  teacher.save_pretrained(f'{folder}/teacher')
  config = adaptive.AdaptivePretrainingConfig(**_pretraining_fields())
  config.teacher.override({
      'checkpoint': f'{folder}/teacher', 'widths': [1.0, 0.5],
      'depths': [1.0], 'by_width': True, 'ground_truth_ratio': 0.3})
  return task_factory.get_task(config), _pretraining_batch()


def _tiny_encoder(**sizes: Any) -> Any:
  return pretraining.encoder_config(contract.tiny_architecture(
      attention_dropout_rate=0.0, hidden_dropout_rate=0.0, **sizes))


def spread(model: tf_keras.Model) -> None:
  """Assigns weights that are the same whenever the model is built."""
  for index, variable in enumerate(model.weights):
    rng = np.random.default_rng(index)
    variable.assign(rng.normal(scale=0.2, size=variable.shape))


def _texts() -> dict[str, tf.Tensor]:
  return {name: tf.constant(value) for name, value in
          contract.token_inputs(SIZE, padding=3).items()}


def _sentence_model(classes: int) -> sentence_prediction.ModelConfig:
  return sentence_prediction.ModelConfig(
      num_classes=classes, use_encoder_pooler=True, encoder=_tiny_encoder())


def _classify(classes: int, config: Any = None) -> Step:
  config = config or classification.SentencePredictionConfig()
  config.model = _sentence_model(classes)
  config.model.dropout_rate = 0.0
  task = task_factory.get_task(config)
  rng = np.random.default_rng(0)
  labels = (rng.normal(size=[SIZE, 1]).astype(np.float32) if classes == 1
            else rng.integers(0, classes, [SIZE, 1]))
  if isinstance(config, multi_label.MultiLabelConfig):
    labels = rng.integers(0, 2, [SIZE, classes]).astype(np.float32)
  return task, {**_texts(), 'label_ids': tf.constant(labels)}


def _exits() -> early_exit.EarlyExitConfig:
  config = early_exit.EarlyExitConfig()
  config.exits.blocks = [1]
  return config


def _with_teacher(folder: str) -> Step:
  """Returns a step whose slices have unequal numbers of labelled texts."""
  model = modeling.MobileBertClassifier(
      modeling.MobileBertEncoder(contract.tiny_architecture(num_blocks=4)), 3)
  spread(model)
  model.save_pretrained(f'{folder}/teacher')
  config = fine_tuning.with_teacher(classification.SentencePredictionConfig())
  config.teacher.override(
      {'checkpoint': f'{folder}/teacher', 'hidden_weight': 2.0})
  config.train_data.seq_length = 8
  config.train_data.unlabelled_path = 'made up'
  config.override({'class_weights': [0.5, 1.0, 2.0], 'focal_gamma': 1.5})
  task, batch = _classify(3, config)
  return task, {**batch, 'is_labelled': tf.constant(
      [1, 1, 1, 0, 0, 0, 0, 1], tf.float32)}


def _classify_words(folder: str) -> Step:
  del folder
  config = words.TokenClassificationConfig(class_names=list('abc'))
  config.model.head_dropout = 0.0
  config.model.encoder = _tiny_encoder()
  labels = np.random.default_rng(0).integers(0, 3, [SIZE, 7])
  labels[:3, 2:] = -1  # Slices have unequal numbers of words.
  return task_factory.get_task(config), (
      _texts(), tf.constant(labels, tf.int32))


def _answer(folder: str) -> Step:
  del folder
  config = question_answering.QuestionAnsweringConfig()
  config.model.encoder = _tiny_encoder()
  features, rng = _texts(), np.random.default_rng(0)
  positions = {name: tf.constant(rng.integers(0, 4, [SIZE]), tf.int32)
               for name in ('start_positions', 'end_positions')}
  return task_factory.get_task(config), (
      features, {**positions, 'input_mask': features['input_mask']})


def _embed(folder: str) -> Step:
  """Returns a step of sentence vectors by all losses."""
  del folder
  columns = ('text', 'pair', 'negative_0')
  config = embedding.EmbeddingConfig(
      losses=embedding.LossWeights(dict.fromkeys(
          embedding.LossWeights().as_dict(), 1.0)),
      symmetric=True, widths=[3])
  config.model.encoder = _tiny_encoder(num_blocks=1)
  config.model.output_size = 5
  config.train_data.vectors = 'made up'
  rng = np.random.default_rng(0)
  return task_factory.get_task(config), {
      'inputs': {name: {key: tf.roll(value, i, axis=0)
                        for key, value in _texts().items()}
                 for i, name in enumerate(columns)},
      # Two rows have the same text.
      'ids': {name: tf.constant([0, 0, *range(2, SIZE)], tf.int64) + 100 * i
              for i, name in enumerate(columns)},
      'scores': tf.constant(rng.uniform(size=[SIZE]), tf.float32),
      'vectors': {name: tf.constant(rng.normal(size=[SIZE, 5]), tf.float32)
                  for name in columns}}


def _family_of(make: Callable[[str], Step]) -> Callable[[str], Step]:
  """Returns what makes a step of all sub-networks of a fine-tuning task."""

  def adapt(folder: str) -> Step:
    task, batch = make(folder)
    teacher = task.build_model()
    spread(teacher)
    teacher.save_pretrained(f'{folder}/teacher')
    config = adaptive.adaptive(task.task_config)
    config.teacher.override({
        'checkpoint': f'{folder}/teacher', 'widths': [1.0, 0.5],
        'depths': [1.0, 0.5], 'hidden_weight': 0.0})
    return task_factory.get_task(config), batch

  return adapt


# Those that compare the texts of a whole batch, so that they have no slices.
WHOLE_BATCH: dict[str, Callable[[str], Step]] = {'vectors': _embed}
FAMILIES: dict[str, Callable[[str], Step]] = {
    'classification': _family_of(lambda folder: _classify(3)),
    'regression': _family_of(lambda folder: _classify(1)),
    'multi-label': _family_of(
        lambda folder: _classify(3, multi_label.MultiLabelConfig())),
    'words': _family_of(_classify_words),
    'answers': _family_of(_answer),
}
KINDS: dict[str, Callable[[str], Step]] = {
    'pretraining': _pretrain,
    'transfer': _distill('paper'),
    'transfer as in TF1': _distill('tf1_reference', lower_multiplier=0.3),
    'distillation': _distill('paper', strategy='none'),
    'auxiliary': _distill('paper', strategy='auxiliary'),
    'relations': _learn_relations,
    'classification': lambda folder: _classify(3),
    'regression': lambda folder: _classify(1),
    'multi-label': lambda folder: _classify(3, multi_label.MultiLabelConfig()),
    'exits': lambda folder: _classify(3, _exits()),
    'family': _adapt,
    'family of classification': FAMILIES['classification'],
    'teacher': _with_teacher,
    'words': _classify_words,
    'answers': _answer,
}


def take(kind: str, folder: str, slices: int, dynamic: bool = False,
         evaluate: bool = False,
         recompute: bool = False) -> dict[str, np.ndarray]:
  """Takes a step of a kind, and returns all that came of it.

  Args:
    kind: Name in `KINDS` or `WHOLE_BATCH`.
    folder: Folder for a teacher.
    slices: Number of slices.
    dynamic: Whether the sizes of the batch are unknown to the graph.
    evaluate: Whether to evaluate the batch instead.
    recompute: Whether blocks are recomputed.

  Returns:
    The loss, the results of metrics, and the weights, by name.
  """
  task, batch = {**KINDS, **WHOLE_BATCH}[kind](folder)
  task.task_config.accumulation_steps = slices
  task.task_config.recompute = recompute
  strategy = tf.distribute.get_strategy()
  model = task.build_model()
  spread(model)
  optimizer = tf_keras.optimizers.SGD(0.1, global_clipnorm=0.5)
  if isinstance(task, distillation.DistillationTask):
    task.enter_stage(0, model, optimizer)
  metrics = task.build_metrics(training=not evaluate)
  spec = tf.nest.map_structure(lambda tensor: tf.TensorSpec(
      [None] * len(tensor.shape) if dynamic
      else [SIZE // strategy.num_replicas_in_sync, *tensor.shape[1:]],
      tensor.dtype), batch)

  def step(inputs):
    if evaluate:
      return task.validation_step(inputs, model, metrics)[task.loss]
    return task.train_step(inputs, model, optimizer, metrics)[task.loss]

  def mean(parts):
    losses = strategy.run(step, args=(parts,))
    return strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)

  replicas = strategy.num_replicas_in_sync
  rows = SIZE // replicas
  parts = strategy.experimental_distribute_values_from_function(
      lambda context: tf.nest.map_structure(
          lambda tensor: tensor[context.replica_id_in_sync_group * rows:][
              :rows], batch))
  loss = tf.function(  # A signature does not know values of replicas.
      mean, None if replicas > 1 else [spec], autograph=False)(parts)
  return {'loss': loss.numpy(),
          **{f'metric {metric.name}': metric.result().numpy()
             for metric in metrics},
          **{f'{index} {variable.name}': variable.numpy()
             for index, variable in enumerate(model.weights)}}


def main(folder: str, slices: str, *kinds: str) -> None:
  """Takes steps on two devices; in slices, blocks are recomputed."""
  cpu = tf.config.list_physical_devices('CPU')[0]
  tf.config.set_logical_device_configuration(
      cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
  # One for all kinds: another would number its reductions from 1 once more.
  strategy = tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])
  for kind in kinds:
    with strategy.scope():
      taken = take(kind, tempfile.mkdtemp(dir=folder), int(slices),
                   recompute=int(slices) > 1)
    np.savez(f'{folder}/{kind}.npz', **taken)
    tf_keras.backend.clear_session()


if __name__ == '__main__':
  main(*sys.argv[1:])
