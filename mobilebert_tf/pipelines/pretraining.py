# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Teacher, student, and the student that nobody teaches."""

import hashlib
import pathlib
from collections import Counter
from typing import Any

import numpy as np

from mobilebert_tf.common import config_files
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import transfer
from mobilebert_tf import modeling
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.training import experiments
from mobilebert_tf.training import run
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.modeling import hyperparams
from official.nlp.data import data_loader_factory

del experiments

TEACHER, STUDENT = 'ib_bert_small', 'mobilebert_small'
_CHECKPOINTS_A_RUN = 10
_POINTS_A_CURVE = 50


def fingerprint() -> str:
  """Tells apart what the models are made with, beside the settings."""
  parts = [str(modeling.get_architecture(name).as_dict())
           for name in (TEACHER, STUDENT)]
  parts += [pathlib.Path(config_files.path(f'experiments/{name}.yaml')
                         ).read_text(encoding='utf-8')
            for name in ('pretrain_small', 'distill_small', 'classify_small')]
  return hashlib.sha256('\0'.join(parts).encode()).hexdigest()


def architecture(name: str, settings: settings_lib.Settings,
                 vocab_size: int) -> modeling.MobileBertConfig:
  """Returns one of the two architectures, for the vocabulary learned."""
  positions = max(settings.max_seq_length + 1, 128)
  return modeling.get_architecture(
      name, vocab_size=vocab_size, max_position_embeddings=positions)


def train_teacher(folder: pathlib.Path, data: dict[str, Any],
                  settings: settings_lib.Settings) -> dict[str, Any]:
  """Pre-trains the teacher with masked-LM and next sentence."""
  return _pretrain(folder, TEACHER, settings.teacher_steps, data, settings)


def train_untaught(folder: pathlib.Path, data: dict[str, Any],
                   settings: settings_lib.Settings) -> dict[str, Any]:
  """Pre-trains the student's architecture without a teacher.

  For as many steps as the student takes in all, with the same data and seed.
  """
  return _pretrain(folder, STUDENT, settings.student_steps, data, settings)


def train_student(folder: pathlib.Path, data: dict[str, Any],
                  teacher_folder: pathlib.Path,
                  settings: settings_lib.Settings,
                  changes: dict[str, Any] | None = None) -> dict[str, Any]:
  """Teaches the student block by block, then distils into it.

  Args:
    folder: Gets the student's checkpoints.
    data: Vocabulary and records.
    teacher_folder: The teacher's checkpoints.
    settings: Says how long.
    changes: Of the task, for another method: its `schedule`, `loss_weights`.

  Returns:
    What the model is, its held-out scores, its curve and its stages.
  """
  params = _experiment('mobilebert/distill', 'distill_small', data, settings,
                       settings.student_steps)
  params.override({'task': {
      'model': _model(STUDENT, data, settings),
      'teacher': architecture(
          TEACHER, settings, data['vocab_size']).as_dict(),
      'teacher_checkpoint': str(teacher_folder),
      'schedule': {
          'steps_per_block': settings.steps_per_block,
          'distillation_steps': settings.distillation_steps,
          'transfer_warmup_steps': settings.steps_per_block // 10,
          'distillation_warmup_steps': settings.distillation_steps // 10,
      },
  }})
  params.override({'task': changes or {}})
  results = _run(folder, params, STUDENT)
  depth = settings.num_blocks
  stages, first = [], 0
  for stage in schedules.build_stages(params.task.schedule, depth, depth):
    stages.append({
        'name': stage.name,
        'kind': 'distillation' if stage.distill else 'transfer',
        'first_step': first,
        'last_step': first + stage.num_steps,
    })
    first += stage.num_steps
  for point in results['curve']:
    point['stage'] = stages[int(point['stage'])]['name']
  return {**results, 'stages': stages}


def most_frequent_token_share(data: dict[str, Any],
                              settings: settings_lib.Settings) -> float:
  """Returns the accuracy of always guessing the most frequent masked token."""
  config = _experiment(
      'mobilebert/pretrain', 'pretrain_small', data, settings, 1)
  counts: Counter[int] = Counter()
  loader = data_loader_factory.get_data_loader(
      config.task.validation_data)
  for batch in loader.load():
    masked = batch['masked_lm_ids'].numpy()
    counts.update(masked[batch['masked_lm_weights'].numpy() > 0].tolist())
  return max(counts.values()) / sum(counts.values())


def _pretrain(folder: pathlib.Path, name: str, steps: int,
              data: dict[str, Any],
              settings: settings_lib.Settings) -> dict[str, Any]:
  params = _experiment('mobilebert/pretrain', 'pretrain_small', data, settings,
                       steps)
  params.override({
      'task': {'model': _model(name, data, settings)},
      'trainer': {'optimizer_config': {
          'learning_rate': {'polynomial': {'decay_steps': steps}},
          'warmup': {'polynomial': {'warmup_steps': steps // 10}},
      }},
  })
  return _run(folder, params, name)


def _model(name: str, data: dict[str, Any],
           settings: settings_lib.Settings) -> dict[str, Any]:
  config = architecture(name, settings, data['vocab_size'])
  return {'encoder': {'any': config.as_dict()}}


def _experiment(experiment: str, file: str, data: dict[str, Any],
                settings: settings_lib.Settings,
                steps: int) -> cfg.ExperimentConfig:
  """Returns a registered experiment with our data, sizes and its YAML file."""
  params = exp_factory.get_exp_config(experiment)
  params = hyperparams.override_params_dict(
      params, config_files.path(f'experiments/{file}.yaml'), is_strict=True)
  common = {
      'vocab_file': data['vocab_file'],
      # One [PAD] follows the longest example, as it does in serving.
      'seq_length': settings.max_seq_length + 1,
      'max_predictions_per_seq': max(1, round(settings.max_seq_length * 0.15)),
      'global_batch_size': settings.pretraining_batch_size,
      'seed': settings.seed,
  }
  params.override({
      'task': {
          'train_data': {**common, 'input_path': data['train']},
          # With the same masks for every seed: so are the scores comparable.
          'validation_data': {**common, 'input_path': data['held_out'],
                              'seed': 0},
      },
      'trainer': {
          'train_steps': steps,
          'steps_per_loop': max(1, steps // _POINTS_A_CURVE),
          'checkpoint_interval': max(1, steps // _CHECKPOINTS_A_RUN),
          'summary_interval': max(1, steps // _POINTS_A_CURVE),
          'max_to_keep': 1,
      },
  })
  return params


def _run(folder: pathlib.Path, params: cfg.ExperimentConfig,
         name: str) -> dict[str, Any]:
  model, logs = run.run_experiment(
      params, 'train_and_post_eval', str(folder), description=folder.name)
  config = model.encoder.architecture
  return {
      'model': {
          'name': name,
          'parameters': int(np.sum([np.prod(v.shape) for v in model.weights])),
          'blocks': config.num_blocks,
          'inter': config.inter_block_size,
          'intra': config.intra_block_size,
          'heads': config.num_attention_heads,
          'ffn': config.num_feedforward_networks,
      },
      'masked_lm': {
          'accuracy': float(logs['masked_lm_accuracy']),
          'loss': float(logs['lm_example_loss']),
          'next_sentence_accuracy': float(logs['next_sentence_accuracy']),
      },
      'transfer': {term: float(logs[term]) for term in transfer.TERMS
                   if term in logs},
      'curve': [
          {'loss': point.pop('training_loss'), **point} for point in
          run.read_metrics(str(folder / run.METRICS_FILE))
      ],
  }
