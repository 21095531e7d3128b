# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Times a share of an SST-2 epoch: ours, the Model Garden's, and PyTorch's.

python benchmarks/finetuning_epoch.py --data_file=SST-2/train.tsv \
  --vocab_file=vocab.txt

All train the released architecture, with random weights and dropout, on batches
of the same size with AdamW. Ours batches texts of similar length; the Model
Garden's experiment pads every text to 128 tokens; Hugging Face's PyTorch model,
where `transformers` is installed, pads a batch to its longest text, as its data
collator does. Reading and tokenizing is part of ours alone: the others are
handed batches that are ready.

The contenders are processes that take turns, `--steps` steps each. A ratio is
that of two medians; the time of an epoch is that of a step times its steps.
"""

from collections.abc import Iterator
import dataclasses
import functools
import importlib.util
import json
import os
from typing import Any

from absl import app
from absl import flags

from benchmarks import interleaving
from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_DATA_FILE = flags.DEFINE_string(
    'data_file', None, 'train.tsv of SST-2.', required=True)
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', None, "BERT's vocab.txt.", required=True)
_ARCHITECTURE = flags.DEFINE_string(
    'architecture', 'mobilebert', 'Name of an architecture; the peers have the '
    'released one only.')
_BATCH_SIZE = flags.DEFINE_integer('batch_size', 32, 'Texts in a step.')
_STEPS = flags.DEFINE_integer(
    'steps', 8, 'Steps of a turn; their mean is what is compared.',
    lower_bound=1)
_ROUNDS = flags.DEFINE_integer('rounds', 3, 'Turns of each.', lower_bound=1)
_JSON = flags.DEFINE_string('json', None, 'Where to write all that was timed.')

_LENGTH = 128
_GARDEN, _PYTORCH = 'Model Garden, 128 tokens', 'PyTorch, longest of a batch'
_OURS, _OURS_FIXED = 'ours, similar lengths', 'ours, 128 tokens'
# How many times the throughput of each we want to have.
_TARGETS = {_GARDEN: 6.0, _PYTORCH: 2.0}


@dataclasses.dataclass(frozen=True)
class _Settings:
  """What every contender is told."""
  data_file: str
  vocab_file: str
  architecture: str
  batch_size: int
  steps: int


def main(argv: list[str]) -> None:
  del argv
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
  settings = _Settings(_DATA_FILE.value, _VOCAB_FILE.value,
                       _ARCHITECTURE.value, _BATCH_SIZE.value, _STEPS.value)
  starts = {_OURS: _start_ours, _OURS_FIXED: _start_fixed,
            _GARDEN: _start_model_garden}
  if importlib.util.find_spec('transformers'):
    starts[_PYTORCH] = _start_pytorch
  timings = dict(zip(starts, interleaving.time_interleaved(
      [functools.partial(start, settings) for start in starts.values()],
      _ROUNDS.value), strict=True))
  print(_describe(settings, timings))
  if _JSON.value:
    files.write_text(_JSON.value, json.dumps(
        {name: dataclasses.asdict(timing) for name, timing in timings.items()},
        indent=1))


def _describe(settings: _Settings,
              timings: dict[str, interleaving.Timing]) -> str:
  examples = timings[_OURS].report
  steps_an_epoch = examples / settings.batch_size
  rows = []
  for name, timing in timings.items():
    ratio = timing.median / timings[_OURS].median
    target = _TARGETS.get(name)
    step = timing.median / settings.steps
    rows.append((
        name, formatting.quantity(step, 's'),
        formatting.duration(step * steps_an_epoch),
        formatting.decimal(ratio),
        '' if target is None else
        f'{target:g}, {"met" if ratio >= target else "MISSED"}',
        formatting.quantity(timing.memory / 1e9, 'GB')))
  columns = [text_lib.Column(title, 'left' if i in (0, 4) else 'right')
             for i, title in enumerate((
                 'Trains', 'Step', 'Epoch', "Ours takes 1 of", 'Target',
                 'Peak memory'))]
  return (f'{settings.architecture}, {formatting.count(examples)} texts in '
          f'batches of {settings.batch_size}; {machine.describe_hardware()}, '
          'TF_ENABLE_ONEDNN_OPTS='
          f'{os.environ.get("TF_ENABLE_ONEDNN_OPTS", "(unset)")}\n\n'
          + text_lib.format_table(text_lib.Table(columns, tuple(rows))))


# What follows runs in the processes.


def _start_ours(settings: _Settings
                ) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns steps of the registered experiment, its data included."""
  task, model, optimizer, metrics = _our_task(settings)
  data = task.task_config.train_data
  batches = iter(task.build_inputs(data))
  return (_steps(task, model, optimizer, metrics, batches, settings.steps),
          lambda: len(_read(settings)[0]))


def _start_fixed(settings: _Settings
                 ) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns the same, with every text padded to one length."""
  task, model, optimizer, metrics = _our_task(settings)
  batches = iter(_fixed_batches(settings, _LENGTH + 1, 'label'))
  return (_steps(task, model, optimizer, metrics, batches, settings.steps),
          lambda: None)


def _start_model_garden(settings: _Settings
                        ) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns steps of `bert/sentence_prediction` with its own MobileBERT."""
  from official.core import exp_factory
  from official.nlp.configs import encoders
  from official.nlp.configs import finetuning_experiments  # noqa: F401
  from official.nlp.tasks import sentence_prediction

  config = exp_factory.get_exp_config('bert/sentence_prediction')
  config.task.model.num_classes = 2
  config.task.model.encoder = encoders.EncoderConfig(
      type='mobilebert', mobilebert=encoders.MobileBertEncoderConfig(
          hidden_activation='relu', hidden_dropout_prob=0.0,
          intermediate_size=512, intra_bottleneck_size=128,
          key_query_shared_bottleneck=True, num_feedforward_networks=4,
          normalization_type='no_norm', classifier_activation=False))
  # Its experiment leaves the length of training to the user.
  config.trainer.optimizer_config.override({
      'learning_rate': {'polynomial': {'decay_steps': 6_313}},
      'warmup': {'polynomial': {'warmup_steps': 631}}})
  task = sentence_prediction.SentencePredictionTask(config.task)
  model = task.build_model()
  optimizer = task.create_optimizer(config.trainer.optimizer_config)
  batches = iter(_fixed_batches(settings, _LENGTH, 'label_ids'))
  return (_steps(task, model, optimizer, task.build_metrics(), batches,
                 settings.steps), lambda: None)


def _start_pytorch(settings: _Settings
                   ) -> tuple[interleaving.Step, interleaving.Step]:
  """Returns steps of Hugging Face's model on batches as long as their longest.
  """
  import numpy as np
  import torch
  import transformers

  torch.manual_seed(0)
  config = transformers.MobileBertConfig(
      classifier_activation=False, num_labels=2)
  model = transformers.MobileBertForSequenceClassification(config).train()
  optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.01)
  tokens, labels = _read(settings)
  rows = _shuffled_rows(len(tokens), settings.batch_size)

  def steps():
    for _ in range(settings.steps):
      batch = next(rows)
      length = max(len(tokens[row]) for row in batch)
      ids = np.zeros([len(batch), length], np.int64)
      mask = np.zeros_like(ids)
      for i, row in enumerate(batch):
        ids[i, :len(tokens[row])] = tokens[row]
        mask[i, :len(tokens[row])] = 1
      loss = model(input_ids=torch.from_numpy(ids),
                   attention_mask=torch.from_numpy(mask),
                   labels=torch.from_numpy(labels[batch].astype(np.int64))).loss
      loss.backward()
      torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
      optimizer.step()
      optimizer.zero_grad()
    loss.item()

  return steps, lambda: None


def _our_task(settings: _Settings) -> tuple[Any, Any, Any, Any]:
  import tf_keras

  from mobilebert_tf import modeling
  from mobilebert_tf.training import consistency
  from mobilebert_tf.training import experiments  # noqa: F401
  from mobilebert_tf.tasks.pretraining import task as task_lib
  from official.core import exp_factory
  from official.core import task_factory

  tf_keras.utils.set_random_seed(0)
  config = exp_factory.get_exp_config('mobilebert/sentence_prediction')
  config.override({'task': {
      'train_data': {
          'input_path': settings.data_file, 'vocab_file': settings.vocab_file,
          'text_field': 'sentence', 'label_field': 'label', 'seed': 0,
          'seq_length': _LENGTH, 'global_batch_size': settings.batch_size},
  }})
  config.task.model.encoder = task_lib.encoder_config(
      modeling.get_architecture(settings.architecture))
  config = consistency.complete(config)
  task = task_factory.get_task(config.task)
  model = task.build_model()
  optimizer = task.create_optimizer(config.trainer.optimizer_config)
  return task, model, optimizer, task.build_metrics(training=True)


def _steps(task: Any, model: Any, optimizer: Any, metrics: Any,
           batches: Iterator[Any], count: int) -> interleaving.Step:
  """Returns a turn of steps of a Model Garden task."""
  import tensorflow as tf

  step = tf.function(
      lambda batch: task.train_step(batch, model, optimizer, metrics),
      reduce_retracing=True)

  def steps():
    for _ in range(count):
      logs = step(next(batches))
    logs[task.loss].numpy()

  return steps


def _fixed_batches(settings: _Settings, length: int, label: str) -> Any:
  """Returns a dataset of shuffled batches, all texts padded to one length."""
  import numpy as np
  import tensorflow as tf

  tokens, labels = _read(settings)
  ids = np.zeros([len(tokens), length], np.int32)
  for row, text in enumerate(tokens):
    ids[row, :len(text)] = text
  mask = (ids > 0).astype(np.int32)
  return tf.data.Dataset.from_tensor_slices({
      'input_word_ids': ids, 'input_mask': mask,
      'input_type_ids': np.zeros_like(ids), label: labels[:, np.newaxis],
      'label_ids': labels[:, np.newaxis],
  }).shuffle(len(tokens), seed=0).repeat().batch(
      settings.batch_size).prefetch(2)


def _shuffled_rows(count: int, batch_size: int) -> Iterator[Any]:
  import numpy as np

  rng = np.random.default_rng(0)
  while True:
    order = rng.permutation(count)
    for start in range(0, count - batch_size + 1, batch_size):
      yield order[start:start + batch_size]


def _read(settings: _Settings) -> tuple[list[Any], Any]:
  """Returns the tokens of each text, special ones included, and the labels."""
  import numpy as np

  from mobilebert_tf.tasks.classification import loader
  from mobilebert_tf.text import tokenizer as tokenizer_lib

  examples = loader.read_examples(
      settings.data_file, text_field='sentence', label_field='label')
  tokenizer = tokenizer_lib.Tokenizer(settings.vocab_file)
  vocabulary = tokenizer.vocabulary
  tokens = [np.concatenate([[vocabulary.cls_id], text[:_LENGTH - 2],
                            [vocabulary.sep_id]])
            for text in tokenizer.tokenize_strings(examples.texts)]
  return tokens, examples.label_ids


if __name__ == '__main__':
  app.run(main)
