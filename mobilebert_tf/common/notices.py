# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What users should know, which programs say even if they log errors alone."""

from collections.abc import Mapping, Sequence
import sys

from absl import logging

# If more than this share of the data is bad, the settings must be wrong.
_LARGEST_SHARE = 0.1
_NAMED = 3


def tell(message: str) -> None:
  """Logs a warning, or prints it where warnings are not logged."""
  if logging.get_verbosity() >= logging.WARNING:
    logging.warning('%s', message)
  else:
    print(f'Warning: {message}', file=sys.stderr, flush=True)


def inform(message: str) -> None:
  """Logs information, or prints it where information is not logged."""
  if logging.get_verbosity() >= logging.INFO:
    logging.info('%s', message)
  else:
    print(message, file=sys.stderr, flush=True)


def is_too_much(count: int, total: int) -> bool:
  """Whether more is left out than a run should go on without."""
  return count == total or count > max(1, _LARGEST_SHARE * total)


def tell_left_out(left_out: Mapping[str, Sequence[str]], total: int, what: str,
                  source: str) -> None:
  """Tells what is left out, and why.

  Args:
    left_out: Places by the reason.
    total: Number of all items.
    what: Name of the items, such as `'questions'`.
    source: Files that were read.

  Raises:
    ValueError: If it is more than a tenth.
  """
  lines = [
      f'{len(places):,} of {total:,} {what} skipped: {reason}, such as '
      f'{", ".join(places[:_NAMED])}.'
      for reason, places in left_out.items() if places]
  count = sum(map(len, left_out.values()))
  if lines and is_too_much(count, total):
    left = f'none of the {total:,} {what} can be used' if count == total else (
        f'{count:,} of {total:,} {what} cannot be used, which is too many to '
        'skip')
    raise ValueError(f'{source}: {left}. {" ".join(lines)}')
  for line in lines:
    tell(f'{source}: {line}')
