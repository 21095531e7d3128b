# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Registering checkpoint formats: what is refused, and how it is said."""

import types

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.checkpoints import formats
from mobilebert_tf.checkpoints import native

_PARTS = ('TITLE', 'MARKER', 'recognises', 'read', 'fit', 'write')


def _module(*parts: str) -> types.ModuleType:
  """Returns a module with some parts of our own format."""
  module = types.ModuleType('incomplete')
  for part in parts:
    setattr(module, part, getattr(native, part))
  return module


class RegisterTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(*_PARTS)
  def test_a_missing_part_is_named(self, missing):
    module = _module(*(part for part in _PARTS if part != missing))
    with self.assertRaisesRegex(
        ValueError, rf"'mobilebert_tf' \(incomplete\) lacks {missing};"):
      formats.register('mobilebert_tf', module)
    self.assertIs(formats.FORMATS['mobilebert_tf'], native)

  def test_several_missing_parts_are_named(self):
    with self.assertRaisesRegex(ValueError, 'lacks recognises, read, fit;'):
      formats.register('mobilebert_tf', _module('TITLE', 'MARKER', 'write'))

  def test_a_format_needs_a_column_of_the_name_map(self):
    with self.assertRaisesRegex(
        ValueError, "name_map.py 'onnx'; accepted: tf1, hugging_face"):
      formats.register('onnx', _module(*_PARTS))

  def test_a_name_is_taken_once(self):
    with self.assertRaisesRegex(
        ValueError, 'registered already, as mobilebert_tf.checkpoints.native'):
      formats.register('mobilebert_tf', _module(*_PARTS))


if __name__ == '__main__':
  tf.test.main()
