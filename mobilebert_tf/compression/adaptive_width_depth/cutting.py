# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Importance of heads and units, their order, and models that are cut out.

Attention is a sum over heads and a feed-forward network one over units, so that
their order changes nothing (Hou et al. 2020, section 2.1). All functions take
arrays by the names of our variables, as a checkpoint has them.
"""

from collections.abc import Mapping
import dataclasses

import numpy as np

from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.modeling import layout as layout_lib

Arrays = Mapping[str, np.ndarray]
# Tensors whose channels are heads, side by side.
_OF_HEADS = (layout_lib.QUERY, layout_lib.KEY, layout_lib.VALUE)


@dataclasses.dataclass(frozen=True)
class Importance:
  """How much the loss would change without a head or a unit, about.

  Attributes:
    heads: Importance of the heads of each block, `[heads]`.
    units: Importance of the units `[units]` of each network, by its name in
      the model, such as `block_0/feed_forward_1`.
  """
  heads: list[np.ndarray]
  units: dict[str, np.ndarray]

  def __add__(self, other: 'Importance') -> 'Importance':
    return Importance(
        [one + two for one, two in zip(self.heads, other.heads, strict=True)],
        {name: value + other.units[name]
         for name, value in self.units.items()})

  @property
  def blocks(self) -> np.ndarray:
    """Sum over the heads and units of each block, `[blocks]`."""
    return np.array([
        heads.sum() + sum(units.sum() for name, units in self.units.items()
                          if name.startswith(f'block_{i}/'))
        for i, heads in enumerate(self.heads)])


def importance(architecture: modeling.MobileBertConfig, weights: Arrays,
               gradients: Arrays) -> Importance:
  """Returns the first-order change of a loss without each head and unit.

  Of a head it is |dL/dx|, where x = 1 multiplies its attention probabilities,
  which is the sum over its rows of the kernel behind attention, of weight times
  gradient. Of a unit it is |sum W2 dW2| over its weights behind the activation;
  as DynaBERT's code has it, |sum W1 dW1 + b1 db1| over those before it is
  added, unless the activation is relu, with which that is the same number.

  Args:
    architecture: Architecture of the encoder.
    weights: Its weights.
    gradients: Gradients of the loss of a batch, by the same names.
  """
  layout = layout_lib.encoder_layout(architecture).block
  heads, units = [], {}
  for i in range(architecture.num_blocks):
    def change(name: str, axis: int | None = None,
               block: str = f'block_{i}') -> np.ndarray:
      key = f'{block}/{name}'
      product = np.asarray(weights[key], np.float64) * gradients[key]
      return product if axis is None else product.sum(axis)

    [context] = layout.reading(layout_lib.CONTEXT)
    rows = change(f'{context.name}/kernel', 1)
    heads.append(np.abs(rows.reshape(
        architecture.num_attention_heads, -1).sum(1)))
    for name in networks(layout):
      [first], [second] = layout.writing(name), layout.reading(name)
      found = np.abs(change(f'{second.name}/kernel', 1))
      if not first.passes_scales:
        found += np.abs(
            change(f'{first.name}/kernel', 0) + change(f'{first.name}/bias'))
      units[f'block_{i}/{name}'] = found
  return Importance(heads, units)


def rewire(checkpoint: checkpoint_lib.Checkpoint,
           found: Importance) -> checkpoint_lib.Checkpoint:
  """Returns an equal model whose heads and units are sorted by importance.

  The most important ones come first. Each network is sorted by itself.

  Args:
    checkpoint: The model.
    found: Importance of its heads and units.
  """
  architecture = checkpoint.architecture
  size = architecture.attention_head_size
  orders: dict[str, np.ndarray] = {}
  for i, heads in enumerate(found.heads):
    order = np.argsort(-heads, kind='stable')
    orders[f'block_{i}'] = (
        order[:, np.newaxis] * size + np.arange(size)).ravel()
  orders |= {name: np.argsort(-units, kind='stable')
             for name, units in found.units.items()}
  return dataclasses.replace(checkpoint, weights={
      **checkpoint.weights,
      **_take(checkpoint, range(architecture.num_blocks),
              lambda block, network: orders[
                  f'{block}/{network}' if network else block])})


def cut(checkpoint: checkpoint_lib.Checkpoint,
        size: sizes.Size) -> checkpoint_lib.Checkpoint:
  """Returns the model of a size, cut out of a larger one.

  Args:
    checkpoint: The whole, rewired.
    size: Heads, units and blocks that stay.

  Raises:
    ValueError: If it is a plain BERT.

  Example: `cut(checkpoint, sizes.size(checkpoint.architecture, 0.5))`
  """
  whole = checkpoint.architecture
  if not isinstance(whole, modeling.MobileBertConfig):
    raise ValueError(f'{checkpoint.source} is a plain BERT; models are cut out '
                     'of those of this package.')
  columns = np.arange(size.num_heads * whole.attention_head_size)
  units = np.arange(size.num_units)
  taken = _take(checkpoint, size.blocks,
                lambda block, network: units if network else columns)
  weights = {name: value for name, value in checkpoint.weights.items()
             if not name.startswith('block_')}
  for new, old in enumerate(size.blocks):
    beginning = f'block_{old}/'
    weights |= {
        f'block_{new}/{name.removeprefix(beginning)}': taken.get(name, value)
        for name, value in checkpoint.weights.items()
        if name.startswith(beginning)}
  return dataclasses.replace(
      checkpoint, architecture=architecture_of(whole, size), weights=weights,
      source=f'{checkpoint.source}, {size.name}')


def architecture_of(whole: modeling.MobileBertConfig,
                    size: sizes.Size) -> modeling.MobileBertConfig:
  """Returns the architecture of a size.

  Args:
    whole: That of the whole.
    size: Heads, units and blocks that stay.
  """
  return modeling.get_architecture('mobilebert', **{
      **whole.as_dict(),
      'num_attention_heads': size.num_heads,
      'head_size': (whole.attention_head_size
                    if size.num_heads < whole.num_attention_heads
                    else whole.head_size),
      'intermediate_size': size.num_units,
      'num_blocks': len(size.blocks)})


def networks(layout: layout_lib.BlockLayout) -> list[str]:
  """Returns the names of the feed-forward networks of a block."""
  streams = (layout_lib.WIDE, layout_lib.NARROW, layout_lib.SHARED,
             layout_lib.CONTEXT, *_OF_HEADS)
  return [tensor for tensor in layout.tensors if tensor not in streams]


def _take(checkpoint: checkpoint_lib.Checkpoint, blocks, places) -> dict[
    str, np.ndarray]:
  """Returns arrays of heads and units, with chosen channels of these.

  Args:
    checkpoint: The model.
    blocks: Numbers of blocks.
    places: Function of the name of a block, and of a network in it or '', to
      the channels of its units, or of its heads.
  """
  layout = layout_lib.encoder_layout(checkpoint.architecture).block
  weights, found = checkpoint.weights, {}
  tensors = {**dict.fromkeys((*_OF_HEADS, layout_lib.CONTEXT), ''),
             **{name: name for name in networks(layout)}}
  for number in blocks:
    block = f'block_{number}'
    for product in layout.products:
      kernel, bias = (f'{block}/{product.name}/{name}'
                      for name in ('kernel', 'bias'))
      if product.writes in tensors:
        chosen = places(block, tensors[product.writes])
        found[kernel] = weights[kernel][:, chosen]
        found[bias] = weights[bias][chosen]
      if product.reads in tensors:
        found[kernel] = weights[kernel][places(block, tensors[product.reads])]
  return found
