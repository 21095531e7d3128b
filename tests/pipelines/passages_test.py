# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Passages of one's own text, and of documentation."""

import pathlib
from unittest import mock

import tensorflow as tf

from mobilebert_tf.data import docstrings
from mobilebert_tf.pipelines import passages
from mobilebert_tf.pipelines import settings as settings_lib
from tests.data import temporary

_REST = 'It has more than ten words, so that there is something to find here.'


def _document(i: int) -> str:
  return f'The number {i} is described here. {_REST} {i}\nAnd so on.\n'


class PassagesTest(temporary.TemporaryFiles, tf.test.TestCase):

  def _write(self, text: str, **settings):
    folder = pathlib.Path(self.make_folder())
    path = self.make_file('text.txt', text)
    results = passages.write(folder, settings_lib.EmbeddingSettings(
        text_files=(path,), **settings))
    return folder, results

  def test_parts_are_read_back_and_held_out_ones_are_not_learned_from(self):
    folder, results = self._write('\n'.join(map(_document, range(60))))
    found = passages.read(folder)
    self.assertEqual(results['passages'], 60)
    self.assertEqual(found[0].title, 'The number 0 is described here.')
    self.assertEqual(found[0].rest, f'{_REST} 0 And so on.')
    self.assertEqual(found[7].name, 'document 8')
    held_out = [each for each in found if each.held_out]
    self.assertLen(held_out, results['held_out'])
    self.assertBetween(len(held_out), 1, 15)
    learned = (folder / passages.TRAIN).read_text().splitlines()
    self.assertLen(learned, 2 * (60 - len(held_out)))
    for each in held_out:
      self.assertNotIn(each.title, learned)
      self.assertNotIn(each.text, learned)
    judged = passages.judgements(found)
    self.assertEqual(judged.queries[0], held_out[0].title)
    self.assertEqual(judged.documents[0], held_out[0].rest)

  def test_repeated_and_short_documents_are_left_out(self):
    many = '\n'.join(map(_document, range(60)))
    again = f'The NUMBER 3, is described here! Else {_REST}\n'
    short = 'Too short. This too.\n'
    _, results = self._write('\n'.join([many, again, short]))
    self.assertEqual(results['passages'], 60)

  def test_long_parts_are_cut_and_some_of_many_are_chosen_alike(self):
    text = '\n'.join(_document(i) + 'word ' * 99 + '\n' for i in range(99))
    found = [passages.read(self._write(text, passages=50)[0])
             for _ in range(2)]
    self.assertLen(found[0], 50)
    self.assertEqual(*found)
    self.assertLessEqual(
        max(len(each.rest.split()) for each in found[0]), 28)

  def test_too_little_text_is_refused(self):
    with self.assertRaisesRegex(ValueError, 'needs more documents'):
      self._write(_document(1))

  def test_documentation_is_held_out_by_module(self):
    library = [
        docstrings.Docstring('lib', f'lib.m{i // 3}', f'f{i}', _document(i))
        for i in range(120)]
    folder = pathlib.Path(self.make_folder())
    with mock.patch.object(docstrings, 'read_docstrings', lambda: library):
      passages.write(folder, settings_lib.EmbeddingSettings())
    found = passages.read(folder)
    self.assertEqual(found[4].name, 'lib.m1.f4')
    for module in range(40):
      self.assertLen({each.held_out for each in found
                      if each.name.startswith(f'lib.m{module}.')}, 1)


if __name__ == '__main__':
  tf.test.main()
