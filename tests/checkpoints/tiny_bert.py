# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A tiny plain BERT as a Hugging Face folder, and its outputs in numpy.

Both know the names of transformers' `BertForPreTraining`, and nothing of ours.
"""

import json
import math
import os
from typing import Any

import numpy as np
import safetensors.numpy

from tests.modeling import numpy_oracle as oracle

WIDTH, BLOCKS, HEADS, INNER, TYPES, POSITIONS = 12, 3, 3, 20, 2, 16
_ERF = np.vectorize(math.erf)


def config(vocab_size: int, **changes: Any) -> dict[str, Any]:
  """Returns a `config.json`."""
  return {
      'model_type': 'bert', 'architectures': ['BertForPreTraining'],
      'vocab_size': vocab_size, 'hidden_size': WIDTH,
      'num_hidden_layers': BLOCKS, 'num_attention_heads': HEADS,
      'intermediate_size': INNER, 'hidden_act': 'gelu',
      'max_position_embeddings': POSITIONS, 'type_vocab_size': TYPES,
      'layer_norm_eps': 1e-12, 'position_embedding_type': 'absolute',
      **changes}


def tensors(vocab_size: int, seed: int = 0) -> dict[str, np.ndarray]:
  """Returns random weights by their names."""
  rng = np.random.default_rng(seed)
  named: dict[str, np.ndarray] = {}

  def add(name: str, *shape: int, mean: float = 0.0) -> None:
    named[name] = (mean + rng.normal(scale=0.4, size=shape)).astype(np.float32)

  def add_dense(name: str, inputs: int, outputs: int) -> None:
    add(f'{name}.weight', outputs, inputs)
    add(f'{name}.bias', outputs)

  def add_norm(name: str) -> None:
    add(f'{name}.weight', WIDTH, mean=1.0)
    add(f'{name}.bias', WIDTH)

  for table, rows in (('word', vocab_size), ('position', POSITIONS),
                      ('token_type', TYPES)):
    add(f'bert.embeddings.{table}_embeddings.weight', rows, WIDTH)
  add_norm('bert.embeddings.LayerNorm')
  for i in range(BLOCKS):
    layer = f'bert.encoder.layer.{i}'
    for name in ('query', 'key', 'value'):
      add_dense(f'{layer}.attention.self.{name}', WIDTH, WIDTH)
    add_dense(f'{layer}.attention.output.dense', WIDTH, WIDTH)
    add_norm(f'{layer}.attention.output.LayerNorm')
    add_dense(f'{layer}.intermediate.dense', WIDTH, INNER)
    add_dense(f'{layer}.output.dense', INNER, WIDTH)
    add_norm(f'{layer}.output.LayerNorm')
  add_dense('bert.pooler.dense', WIDTH, WIDTH)
  add_dense('cls.predictions.transform.dense', WIDTH, WIDTH)
  add_norm('cls.predictions.transform.LayerNorm')
  add('cls.predictions.bias', vocab_size)
  add_dense('cls.seq_relationship', WIDTH, 2)
  return named


def write(folder: str, tokens: tuple[str, ...], weights=None,
          tokenizer: dict[str, Any] | None = None, **changes: Any) -> str:
  """Writes a folder; returns its path.

  Args:
    folder: Folder to make.
    tokens: Vocabulary; empty to write none.
    weights: Weights by name; by default those of `tensors`.
    tokenizer: Fields of `tokenizer_config.json`.
    **changes: Fields of `config.json` that differ.
  """
  os.makedirs(folder, exist_ok=True)
  size = changes.pop('vocab_size', len(tokens))
  if tokens:
    with open(f'{folder}/vocab.txt', 'w', encoding='utf-8') as file:
      file.write('\n'.join(tokens))
  for name, fields in (('config', config(size, **changes)),
                       ('tokenizer_config', {'do_lower_case': True,
                                             **(tokenizer or {})})):
    with open(f'{folder}/{name}.json', 'w', encoding='utf-8') as file:
      json.dump(fields, file)
  if weights is None:
    weights = tensors(size)
  safetensors.numpy.save_file(weights, f'{folder}/model.safetensors')
  return folder


def run(weights: dict[str, np.ndarray], inputs: dict[str, np.ndarray]
        ) -> dict[str, Any]:
  """Returns the outputs in float64: hidden states, vectors, logits."""
  weights = {name: np.float64(array) for name, array in weights.items()}

  def dense(x, name):
    return x @ weights[f'{name}.weight'].T + weights[f'{name}.bias']

  def norm(x, name):
    return oracle.layer_norm(x, {'gamma': weights[f'{name}.weight'],
                                 'beta': weights[f'{name}.bias']})

  def gelu(x):
    return x * 0.5 * (1 + _ERF(x / math.sqrt(2)))

  ids, mask = inputs['input_word_ids'], inputs['input_mask']
  x = (weights['bert.embeddings.word_embeddings.weight'][ids]
       + weights['bert.embeddings.position_embeddings.weight'][:ids.shape[1]]
       + weights['bert.embeddings.token_type_embeddings.weight'][
           inputs['input_type_ids']])
  x = norm(x, 'bert.embeddings.LayerNorm')
  found: dict[str, Any] = {'queries': [], 'keys': [], 'values': []}
  for i in range(BLOCKS):
    layer = f'bert.encoder.layer.{i}'
    q, k, v = (dense(x, f'{layer}.attention.self.{name}')
               for name in ('query', 'key', 'value'))
    for name, vectors in (('queries', q), ('keys', k), ('values', v)):
      found[name].append(vectors)
    heads = []
    for part in np.split(np.arange(WIDTH), HEADS):
      scores = q[..., part] @ k[..., part].swapaxes(1, 2)
      scores = scores / math.sqrt(len(part)) + (mask[:, None] - 1) * 1e9
      heads.append(oracle.softmax(scores) @ v[..., part])
    attended = dense(np.concatenate(heads, -1),
                     f'{layer}.attention.output.dense')
    x = norm(x + attended, f'{layer}.attention.output.LayerNorm')
    inner = gelu(dense(x, f'{layer}.intermediate.dense'))
    x = norm(x + dense(inner, f'{layer}.output.dense'),
             f'{layer}.output.LayerNorm')
  transformed = norm(gelu(dense(x, 'cls.predictions.transform.dense')),
                     'cls.predictions.transform.LayerNorm')
  return {
      **found, 'sequence_output': x,
      'pooled_output': np.tanh(dense(x[:, 0], 'bert.pooler.dense')),
      'mlm_logits': (
          transformed @ weights['bert.embeddings.word_embeddings.weight'].T
          + weights['cls.predictions.bias'])}
