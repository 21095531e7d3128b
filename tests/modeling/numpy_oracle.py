# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The network in plain numpy, float64, written from the paper's equations.

It knows neither Keras nor our layers: only weights, by the last parts of their
names. `../shared/reference/paper_spec.md` has the equations with sources.
"""

import math

import numpy as np


class Weights:
  """Weights of a layer, by name, below a scope."""

  def __init__(self, named: dict[str, np.ndarray], scope: str = ''):
    self._named = named
    self._scope = scope

  @classmethod
  def of(cls, layer, scope: str = '') -> 'Weights':
    """Reads a layer's weights in float64."""
    return cls({weight.name.removesuffix(':0'): np.float64(weight.numpy())
                for weight in layer.weights}, scope)

  def __getitem__(self, name: str) -> np.ndarray:
    return self._named[self._scope + name]

  def below(self, name: str) -> 'Weights':
    return Weights(self._named, f'{self._scope}{name}/')


def dense(x, weights):
  return x @ weights['kernel'] + weights['bias']


def relu(x):
  return np.maximum(x, 0)


def gelu_tanh(x):
  return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi)
                                * (x + 0.044715 * x ** 3)))


ACTIVATIONS = {
    'relu': relu, 'relu6': lambda x: np.clip(x, 0, 6), 'gelu': gelu_tanh
}


def softmax(x):
  exponentials = np.exp(x - x.max(-1, keepdims=True))
  return exponentials / exponentials.sum(-1, keepdims=True)


def no_norm(x, weights):
  return x * weights['gamma'] + weights['beta']


def layer_norm(x, weights, epsilon=1e-12):
  centred = x - x.mean(-1, keepdims=True)
  variance = (centred ** 2).mean(-1, keepdims=True)
  return no_norm(centred / np.sqrt(variance + epsilon), weights)


NORMALIZATIONS = {'no_norm': no_norm, 'layer_norm': layer_norm}


def trigram(vectors):
  """Joins next, current and previous token by loops over each position."""
  batch, length, width = vectors.shape
  joined = np.zeros([batch, length, 3 * width])
  for row in range(batch):
    for i in range(length):
      if i + 1 < length:
        joined[row, i, :width] = vectors[row, i + 1]
      joined[row, i, width:2 * width] = vectors[row, i]
      if i > 0:
        joined[row, i, 2 * width:] = vectors[row, i - 1]
  return joined


def embedding(vectors, types, weights, norm='no_norm'):
  hidden = dense(trigram(vectors), weights.below('projection'))
  hidden = hidden + weights['type_embeddings'][types]
  hidden = hidden + weights['position_embeddings'][:vectors.shape[1]]
  return NORMALIZATIONS[norm](hidden, weights.below('norm'))


def attention(query, key, value, mask, weights, heads, kind='hard'):
  """Returns output and masked scores, one row and head at a time."""
  query, key, value = (
      dense(x, weights.below(name))
      for name, x in (('query', query), ('key', key), ('value', value)))
  batch, length, width = query.shape
  size = width // heads
  context = np.zeros([batch, length, width])
  scores = np.zeros([batch, heads, length, length])
  for row in range(batch):
    for head in range(heads):
      part = slice(head * size, (head + 1) * size)
      score = query[row, :, part] @ key[row, :, part].T / math.sqrt(size)
      padding = np.asarray(mask[row]) == 0
      if kind == 'hard':
        score[:, padding] -= 1e9
      else:
        score[:, padding] = -6.0
      scores[row, head] = score
      context[row, :, part] = softmax(score) @ value[row, :, part]
  return dense(context, weights.below('output')), scores


def projection(x, weights, norm, residual=0.0):
  hidden = dense(x, weights.below('dense')) + residual
  return NORMALIZATIONS[norm](hidden, weights.below('norm'))


def feed_forward(x, weights, norm, activation):
  inner = ACTIVATIONS[activation](dense(x, weights.below('intermediate')))
  return projection(inner, weights.below('output'), norm, residual=x)


def block(x, mask, weights, config):
  """Returns output and masked scores of one block."""
  norm = config['normalization']
  narrow = projection(x, weights.below('input_bottleneck'), norm)
  query = value = x
  if config['attention_input'] == 'shared_bottleneck':
    query = projection(x, weights.below('shared_bottleneck'), norm)
  elif config['attention_input'] == 'bottleneck':
    query = value = narrow
  attended, scores = attention(
      query, query, value, mask, weights.below('attention'),
      config['num_attention_heads'], config['attention_mask'])
  hidden = NORMALIZATIONS[norm](
      attended + narrow, weights.below('attention_norm'))
  for i in range(config['num_feedforward_networks']):
    hidden = feed_forward(hidden, weights.below(f'feed_forward_{i}'), norm,
                          config['hidden_activation'])
  return projection(
      hidden, weights.below('output_bottleneck'), norm, residual=x), scores


def encoder(inputs, weights, config):
  """Returns the last block's output, of the inputs of an encoder."""
  hidden = embedding(
      weights['word_embeddings/embeddings'][inputs['input_word_ids']],
      inputs['input_type_ids'], weights.below('embeddings'),
      config['normalization'])
  for i in range(config['num_blocks']):
    hidden, _ = block(
        hidden, inputs['input_mask'], weights.below(f'block_{i}'), config)
  return hidden


def masked_lm_logits(states, table, extra, bias):
  """The reference's form: one table of both parts joined, then one product."""
  return states @ np.concatenate([table, extra], axis=1).T + bias
