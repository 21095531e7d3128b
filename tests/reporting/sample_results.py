# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Made-up results of a quick start, small enough to draw quickly."""

from typing import Any

import numpy as np

TOKENS = ('[CLS]', 'an', 'array', 'of', 'zero', '##s', '[SEP]')
LABELS = ('numpy', 'scipy', 'pandas')


def _curve(first: int, last: int, start: float, **extra: Any) -> list[dict]:
  return [{'step': step, 'loss': start / (1 + step - first), **extra}
          for step in range(first + 1, last + 1)]


def attention(seed: int = 0, blocks: int = 4) -> np.ndarray:
  """Returns probabilities, `[blocks, 2, tokens, tokens]`."""
  rng = np.random.default_rng(seed)
  weights = rng.random((blocks, 2, len(TOKENS), len(TOKENS))) + 0.01
  return weights / weights.sum(axis=-1, keepdims=True)


def results() -> dict[str, Any]:
  """Returns results with every part that a report knows."""
  transfer = [
      {'name': f'block {i}', 'kind': 'transfer', 'first_step': 10 * i,
       'last_step': 10 * i + 10} for i in range(2)]
  student = (_curve(0, 10, 3.0, stage='transfer 0')
             + _curve(10, 20, 7.0, stage='transfer 1')
             + _curve(20, 80, 8.0, stage='distillation',
                      masked_lm_accuracy=0.2))
  network = {'blocks': 4, 'inter': 128, 'heads': 2}
  return {
      'command': 'python -m mobilebert_tf.quickstart --seed=7',
      'date': '2026-03-14T15:09:26',
      'hardware': {'cpu': 'Example CPU', 'cores': 2, 'memory_gb': 23.5},
      'versions': {'python': '3.11.2', 'tensorflow': '2.20.0'},
      'seconds': {'text': 8.1, 'records': 21.4, 'teacher': 152.8,
                  'student': 188.2, 'export': 33.3},
      'peak_memory_gb': 3.14,
      'text': {'source': 'docstrings of numpy', 'megabytes': 12.34,
               'documents': 30412, 'held_out_documents': 1523,
               'tokens': 3012345},
      'vocabulary': {'size': 8191},
      'models': {
          'teacher': {'name': 'ib_bert_small', 'parameters': 7412345,
                      'intra': 256, 'ffn': 1, **network},
          'student': {'name': 'mobilebert_small', 'parameters': 2314567,
                      'intra': 64, 'ffn': 2, **network},
      },
      'curves': {
          'teacher': _curve(0, 80, 9.0, masked_lm_accuracy=0.3),
          'student': student,
          'baseline_student': _curve(0, 80, 9.5, masked_lm_accuracy=0.1),
      },
      'stages': transfer + [
          {'name': 'distillation', 'kind': 'distillation', 'first_step': 20,
           'last_step': 80}],
      'masked_lm': {
          'teacher': {'accuracy': 0.4123, 'loss': 3.31,
                      'next_sentence_accuracy': 0.712},
          'student': {'accuracy': 0.3719, 'loss': 3.62,
                      'next_sentence_accuracy': 0.688},
          'baseline_student': {'accuracy': 0.2934, 'loss': 4.27,
                       'next_sentence_accuracy': 0.634},
          'baseline': {'accuracy': 0.052,
                       'name': 'always the most frequent token'},
      },
      'task': {
          'question': 'Which library does this passage document?',
          'labels': list(LABELS),
          'train_examples': 9840,
          'dev_examples': 100,
          'majority_accuracy': 0.4,
          'models': {
              'student': {'accuracy': 0.81, 'confusion': [
                  [33, 4, 3], [5, 27, 1], [2, 4, 21]]},
              'baseline_student': {'accuracy': 0.66, 'confusion': [
                  [27, 7, 6], [6, 22, 5], [4, 6, 17]]},
          },
      },
      'attention': {'tokens': list(TOKENS), 'teacher': attention(0),
                    'student': attention(1).tolist()},
      'exports': [
          {'name': 'SavedModel (text in)', 'path': 'out/saved_model',
           'megabytes': 9.81, 'latency_ms': 5.21, 'accuracy': 0.81,
           'agreement': 1.0},
          {'name': 'TFLite dynamic-range int8', 'path': 'out/model.tflite',
           'megabytes': 2.36, 'latency_ms': 1.84, 'accuracy': 0.80,
           'agreement': 0.9967},
      ],
      'answers': [{'text': 'An array of zeros.', 'label': 'numpy',
                   'probability': 0.931, 'source': 'TFLite'}],
  }
