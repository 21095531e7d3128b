# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Mutations of bytes, as a hypothesis strategy."""

import dataclasses
import struct

from hypothesis import strategies as st

_NUMBERS = (0, 1, -1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, -2**31,
            2**32 - 1, 2**40, 2**62, 2**63 - 1, -2**63)
_WORDS = (
    b'', b'\0', b'\n', b'\r', b'\r\n', b'\t', b',', b'"', b"'", b'\\', b' ',
    b'\xff', b'\xc3', b'\xef\xbb\xbf', b'\xed\xa0\x80', b'\xf0\x9f\x98\x80',
    '\u0130\u200b\u2028'.encode(), b'[' * 3000, b'{"a":' * 3000, b'a' * 5000,
    b'null', b'NaN', b'-1', b'1e999', b'true', b'[]', b'{}', b'9' * 400,
    b'&a [*a, *a]', b'!!python/object:os.system', b'<<: *a', b'\x1f\x8b\x08')
_PACKINGS = tuple('<' + code for code in 'bhiq') + ('>i',)


@dataclasses.dataclass(frozen=True)
class Mutation:
  """A change of bytes at a place.

  Attributes:
    kind: What is done: `flip`, `put`, `insert`, `remove`, `repeat`, `move` or
      `cut`.
    place: Where, as a share of the length.
    size: How many bytes it concerns.
    word: The bytes that are put or inserted.
  """
  kind: str
  place: float
  size: int
  word: bytes

  def apply(self, data: bytes) -> bytes:
    """Returns the changed bytes."""
    start = int(self.place * len(data))
    end = min(start + self.size, len(data))
    before, some, after = data[:start], data[start:end], data[end:]
    if self.kind == 'flip':
      bit = 1 << self.size % 8
      return before + bytes(b ^ bit for b in some[:1]) + data[start + 1:]
    if self.kind == 'put':
      return before + self.word + data[start + len(self.word):]
    if self.kind == 'insert':
      return before + self.word + some + after
    return before + {'remove': after, 'repeat': some * 3 + after,
                     'move': after + some, 'cut': b''}[self.kind]


def _numbers() -> st.SearchStrategy[bytes]:
  def pack(number: int, packing: str) -> bytes:
    size = struct.calcsize(packing)
    return struct.pack(packing[0] + packing[1].upper(),
                       number % 2**(8 * size))
  return st.builds(pack, st.sampled_from(_NUMBERS), st.sampled_from(_PACKINGS))


def mutations() -> st.SearchStrategy[list[Mutation]]:
  """Returns lists of one to four mutations."""
  return st.lists(st.builds(
      Mutation,
      st.sampled_from(
          ('flip', 'put', 'insert', 'remove', 'repeat', 'move', 'cut')),
      st.floats(0, 1), st.integers(1, 64),
      st.one_of(st.sampled_from(_WORDS), _numbers(), st.binary(max_size=8))),
                  min_size=1, max_size=4)
