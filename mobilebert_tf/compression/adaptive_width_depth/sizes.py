# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Sizes of the sub-networks of an encoder: heads, hidden units and blocks.

A width keeps the leftmost heads, and the leftmost hidden units of each
feed-forward network. A depth keeps some blocks whole.
"""

from collections.abc import Sequence
import dataclasses
import math

from mobilebert_tf import modeling

PAPER, REFERENCE = VARIANTS = ('paper', 'reference')
# Rules by which blocks stay; or a list of blocks.
BOTTOM, TOP = 'bottom', 'top'
RULES = (*VARIANTS, BOTTOM, TOP)
# Rules by a measured order of the blocks; see `training.measure_order`.
IMPORTANCE, GREEDY = MEASURED = ('importance', 'greedy')
_ROUNDING = 1e-6  # Of shares such as 0.1 + 0.2.


@dataclasses.dataclass(frozen=True)
class Size:
  """A sub-network.

  Attributes:
    width: Share of the heads and of the hidden units.
    depth: Share of the blocks.
    num_heads: Number of heads that are kept in each block.
    num_units: Number of hidden units that are kept in each network.
    blocks: Blocks that are kept, counted from 0.
  """
  width: float
  depth: float
  num_heads: int
  num_units: int
  blocks: tuple[int, ...]

  @property
  def name(self) -> str:
    """Width and depth, such as `0.5x0.75`."""
    return f'{self.width:g}x{self.depth:g}'


def size(architecture: modeling.MobileBertConfig, width: float = 1.0,
         depth: float = 1.0, rule: str | Sequence[int] = PAPER,
         order: Sequence[int] = ()) -> Size:
  """Returns a sub-network of an architecture.

  Args:
    architecture: The whole.
    width: Share of heads and units, above 0 and at most 1.
    depth: Share of the blocks.
    rule: One of `RULES`, or the blocks that stay, counted from 0.
    order: All blocks, the most needed first, in place of a rule.

  Raises:
    ValueError: If a share is out of range or leaves no head, unit or block, or
      blocks are not the encoder's.

  Example:

  >>> size(modeling.get_architecture('mobilebert'), 0.5, 0.25).blocks
  (3, 7, 11, 15, 19, 23)
  """
  for name, share in (('width', width), ('depth', depth)):
    if not 0 < share <= 1:
      raise ValueError(f'{name} is {share}; it is a share, above 0 and at most '
                       '1.')
  heads, units = (
      _share(name, width, getattr(architecture, name))
      for name in ('num_attention_heads', 'intermediate_size'))
  return Size(width, depth, heads, units,
              kept_blocks(architecture.num_blocks, depth, rule, order))


def grid(architecture: modeling.MobileBertConfig, widths: Sequence[float],
         depths: Sequence[float] = (1.0,), rule: str = PAPER,
         order: Sequence[int] = ()) -> list[Size]:
  """Returns the sub-networks of all widths and depths, the largest first.

  Arguments are those of `size`.

  Raises:
    ValueError: As `size`; if a share is there twice, or two widths keep the
      same heads and units; or if the whole network is missing.
  """
  for name, shares in (('widths', widths), ('depths', depths)):
    if not shares or len(set(shares)) < len(shares) or max(shares) != 1:
      raise ValueError(f'{name} are {list(shares)}; they have to be different '
                       'shares, 1 among them.')
  found = [size(architecture, width, depth, rule, order)
           for depth in sorted(depths, reverse=True)
           for width in sorted(widths, reverse=True)]
  kept = {(each.num_heads, each.num_units, each.blocks) for each in found}
  if len(kept) < len(found):
    raise ValueError(
        f'widths {list(widths)} and depths {list(depths)} name one network '
        f'twice: there are {architecture.num_attention_heads} heads, '
        f'{architecture.intermediate_size} units and '
        f'{architecture.num_blocks} blocks to share.')
  return found


def _share(name: str, share: float, whole: int) -> int:
  """Returns a share of a whole number, rounded down."""
  found = math.floor(share * whole + _ROUNDING)
  if not found:
    raise ValueError(f'A width of {share:g} leaves nothing of {whole} '
                     f'({name}); the least is {1 / whole:.3g}.')
  return found


def kept_blocks(num_blocks: int, depth: float,
                rule: str | Sequence[int] = PAPER,
                order: Sequence[int] = ()) -> tuple[int, ...]:
  """Returns the blocks that a depth keeps, counted from 0.

  Args:
    num_blocks: Number of all blocks.
    depth: Share that stays, of which the nearest number of blocks is taken,
      of two the larger; ignored if blocks are named.
    rule: `paper` keeps the last block (Hou et al. 2020, section 2.3); the
      `reference` implementation the first; `bottom` and `top` keep neighbours.
      Or the blocks themselves.
    order: All blocks, the most needed first, in place of a rule.

  Raises:
    ValueError: If none is left, or blocks are not the encoder's.

  Example:

  >>> kept_blocks(12, 0.75), kept_blocks(4, 0.5, 'reference')
  ((0, 1, 3, 4, 5, 7, 8, 9, 11), (0, 2))
  """
  if not isinstance(rule, str):
    blocks = tuple(rule)
    if (not blocks or list(blocks) != sorted(set(blocks))
        or blocks[0] < 0 or blocks[-1] >= num_blocks):
      raise ValueError(
          f'Blocks that stay are {[each + 1 for each in blocks]}, counted from '
          f'1; they have to be ascending numbers from 1 to {num_blocks}.')
    return blocks
  if order and sorted(order) != list(range(num_blocks)):
    raise ValueError(f'The order of blocks is {list(order)!s:.80}; it has to '
                     f'have all numbers from 0 to {num_blocks - 1}.')
  if rule in MEASURED and not order:
    raise ValueError(f'By the rule {rule!r}, blocks stay in an order that is '
                     'measured on the data of a run, and there is none here.')
  if rule not in (*RULES, *MEASURED):
    raise ValueError(f'There is no rule {rule!r:.40} for blocks; accepted: '
                     f'{", ".join((*RULES, *MEASURED))}, or a list of blocks.')
  count = math.floor(depth * num_blocks + 0.5)
  if not count:
    raise ValueError(f'A depth of {depth:g} leaves none of {num_blocks} '
                     f'blocks; the least is {1 / num_blocks:.3g}.')
  if order:
    return tuple(sorted(order[:count]))
  if rule == BOTTOM:
    return tuple(range(count))
  if rule == TOP:
    return tuple(range(num_blocks - count, num_blocks))
  if rule == REFERENCE:
    return tuple(math.floor(i * num_blocks / count + _ROUNDING)
                 for i in range(count))
  return tuple(math.floor((i + 1) * num_blocks / count + _ROUNDING) - 1
               for i in range(count))
