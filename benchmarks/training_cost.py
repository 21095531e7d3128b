# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Prints the cost of the full runs in operations and accelerator hours.

python benchmarks/training_cost.py --utilization=0.4

The runs are the registered experiments, as `mobilebert_tf.train` runs them:
teacher pre-training, and the distillation of each student, by our teacher or by
the attention relations of BERT-base. Nothing is measured.
Time is operations / (peak * utilization). The peak is that of dense bfloat16 in
the makers' data sheets; the utilization is an assumption: large BERTs reach 0.3
to 0.5. MobileBERT's narrow matrices reach less than the teacher's wide ones,
but are a small part of the whole.
"""

from absl import app
from absl import flags

from benchmarks import cost
from mobilebert_tf.common import formatting
from mobilebert_tf.distillation import schedules
from mobilebert_tf import modeling
from mobilebert_tf.modeling import layout
from mobilebert_tf.reporting import text as text_lib
from mobilebert_tf.training import experiments  # noqa: F401
from official.core import config_definitions as cfg
from official.core import exp_factory

_UTILIZATION = flags.DEFINE_float(
    'utilization', 0.4, 'Share of the peak that training reaches.',
    lower_bound=0.01, upper_bound=1.0)
_STUDENTS = ('mobilebert', 'mobilebert_paper', 'mobilebert_tiny',
             'mobilebert_without_opt')
# Dense bfloat16 operations per second of one chip or card.
_PEAKS = {'TPU v3 chip': 123e12, 'TPU v5e chip': 197e12,
          'TPU v5p chip': 459e12, 'A100': 312e12, 'H100 SXM': 989e12}


def main(argv: list[str]) -> None:
  del argv
  runs = {'ib_bert_large, pre-training': (_count_pretraining(), None)}
  for student in _STUDENTS:
    runs |= {f'{student}, {part}': operations
             for part, operations in _count_distillation(student).items()}
    runs[f'{student}, relations of BERT-base'] = _count_relations(student)
  print(f'Utilization {_UTILIZATION.value:g} of the peak.\n')
  print(text_lib.format_table(text_lib.Table(
      (text_lib.Column('Run'), text_lib.Column('Operations', 'right'),
       text_lib.Column("Teacher's share", 'right'),
       *(text_lib.Column(f'{name} hours', 'right') for name in _PEAKS)),
      tuple(_row(name, *operations) for name, operations in runs.items()))))


def _row(name: str, operations: float,
         teacher: float | None) -> tuple[str, ...]:
  hours = (operations / (peak * _UTILIZATION.value) / 3600
           for peak in _PEAKS.values())
  share = '' if teacher is None else formatting.percent(teacher / operations)
  return (name, f'{operations:.2e}', share, *map(formatting.count, hours))


def _count_pretraining() -> float:
  params = exp_factory.get_exp_config('mobilebert/pretrain')
  operations = cost.count_pretraining(
      params.task.model.encoder.get(), *_lengths(params))
  return operations * _texts(params, params.trainer.train_steps)


def _count_distillation(student: str) -> dict[str, tuple[float, float]]:
  """Returns the operations of each part, in total and of the teacher."""
  params = exp_factory.get_exp_config('mobilebert/distill')
  teacher, architecture = params.task.teacher, modeling.get_architecture(
      student)
  totals = {'transfer': (0.0, 0.0), 'distillation': (0.0, 0.0)}
  for stage in schedules.build_stages(
      params.task.schedule, teacher.num_blocks, architecture.num_blocks):
    counted = cost.count_stage(stage, teacher, architecture, *_lengths(params))
    texts = _texts(params, stage.num_steps)
    total, taught = totals[stage.kind]
    totals[stage.kind] = (total + counted.total * texts,
                          taught + counted.teacher * texts)
  return totals


def _count_relations(student: str) -> tuple[float, float]:
  """Returns the same of learning relations from a plain BERT."""
  params = exp_factory.get_exp_config('mobilebert/distill_relations')
  texts = _texts(params, params.trainer.train_steps)
  length, predictions = _lengths(params)
  teacher = texts * layout.count_operations(modeling.BertConfig(), length)
  student = texts * cost.count_pretraining(
      modeling.get_architecture(student), length, predictions)
  return teacher + student, teacher


def _lengths(params: cfg.ExperimentConfig) -> tuple[int, int]:
  data = params.task.train_data
  return data.seq_length, data.max_predictions_per_seq


def _texts(params: cfg.ExperimentConfig, steps: int) -> int:
  return params.task.train_data.global_batch_size * steps


if __name__ == '__main__':
  app.run(main)
