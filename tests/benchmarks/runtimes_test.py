# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts and tables of the comparison of runtime_table."""

import dataclasses
import math
from typing import NamedTuple

from absl.testing import absltest
import numpy as np

from benchmarks import runtime_columns
from benchmarks import runtime_table
from benchmarks import runtime_texts
from mobilebert_tf.tasks import registry

_WORDS = ['some words of a text', 'and of another one']


class _Word(NamedTuple):
  text: str
  start: int
  probability: float


@dataclasses.dataclass
class _Span:
  text: str
  odds: float
  n_best: tuple[_Word, ...] = ()


class TextsTest(absltest.TestCase):

  def test_texts_of_unicode_are_the_same_each_time(self):
    texts = runtime_texts.to_unicode(_WORDS, 300)
    self.assertEqual(texts, runtime_texts.to_unicode(_WORDS, 300))
    self.assertNotEqual(texts, runtime_texts.to_unicode(_WORDS, 300, seed=1))

  def test_texts_of_unicode_have_characters_of_all_planes_and_words(self):
    texts = runtime_texts.to_unicode(_WORDS, 300)
    found = set(''.join(texts))
    self.assertLen(texts, 300)
    self.assertTrue(all(texts))
    self.assertGreater(len(found), 1000)
    self.assertGreater(max(map(ord, found)), 0xffff)
    self.assertContainsSubset(set('sometextand'), found)
    ''.join(texts).encode('utf-8')  # No half of a pair.

  def test_capitalised_words_are_names_but_not_the_first(self):
    self.assertEqual(
        runtime_texts.label_names('The Ada Byron of London 1843'.split()),
        ['O', 'B-NAME', 'I-NAME', 'O', 'B-NAME', 'O'])


class CellsTest(absltest.TestCase):

  def test_rows_are_recipes_of_each_kind_that_is_trained(self):
    kinds = {registry.kind_of_recipe(fields['task']).name
             for fields in runtime_texts.ROWS.values()}
    self.assertEqual(kinds, {
        name for name, kind in registry.KINDS.items() if kind.recipes})

  def test_an_export_is_named_after_its_options(self):
    options = {}
    for column in runtime_columns.COLUMNS:
      self.assertEqual(options.setdefault(column.file, column.options),
                       column.options, column.title)

  def test_numbers_are_compared_by_their_places(self):
    found = [[_Word('a', 0, 0.75), _Word('b', 2, 0.5)], [], np.float32(2.0)]
    other = [[_Word('a', 0, 0.5), _Word('c', 9, 0.5)], [_Word('d', 0, 0.1)],
             np.float32(1.5)]
    self.assertEqual(runtime_table.largest_difference(found, other), 0.5)
    self.assertEqual(runtime_table.largest_difference(found, found), 0.0)

  def test_numbers_that_only_one_answer_has_are_not_compared(self):
    found = [_Span('a', math.inf), _Span('b', 2.0, (_Word('b', 0, 0.5),))]
    other = [_Span('a', 1.0), _Span('b', 2.25)]
    self.assertEqual(runtime_table.largest_difference(found, other), 0.25)

  def test_a_cell_without_numbers_has_a_note(self):
    cell = {'real': {'share': 0.998, 'largest': 0.012},
            'Unicode': {'share': 1.0, 'largest': 1e-7}}
    table = runtime_table.tabulate(
        ('Keras', 'MediaPipe'), ('tokens', 'pairs'),
        [[cell, {'note': 'No such task.'}], [cell, {'note': 'No pairs.'}]])
    self.assertEqual([line.rstrip() for line in table.splitlines()], [
        'Texts                   Keras  MediaPipe',
        '---------------  ------------  ---------',
        'tokens, real      99.8% 1e-02        [1]',
        'tokens, Unicode  100.0% 1e-07        [1]',
        'pairs, real       99.8% 1e-02        [2]',
        'pairs, Unicode   100.0% 1e-07        [2]',
        '', '[1] No such task.', '[2] No pairs.'])


if __name__ == '__main__':
  absltest.main()
