# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Reading labelled words: columns, blank lines, schemes of labels."""

import tempfile

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies as st
from seqeval.metrics import sequence_labeling
import tensorflow as tf

from mobilebert_tf.data import conll
from tests.data import temporary

# The first lines of CoNLL 2003's own kind of file: IOB1 in the last column.
_FILE = """-DOCSTART- -X- O O

U.N. NNP I-NP I-ORG
official NN I-NP O
Ekeus NNP I-NP I-PER

-DOCSTART- -X- O O

Jim NNP I-NP I-PER
Ann NNP I-NP B-PER
Lee NNP I-NP I-PER
"""
_LABELS = ('O', *(f'{tag}-{kind}' for tag in 'BIES'
                  for kind in ('A', 'B-C', 'Ä')))


class ConllTest(parameterized.TestCase, temporary.TemporaryFiles,
                tf.test.TestCase):

  def _read(self, data: str | bytes, **settings) -> list[conll.Sentence]:
    return conll.read_sentences(self.make_file('words.txt', data), **settings)

  def test_a_file_of_columns(self):
    first, second = self._read(_FILE)
    self.assertEqual(first.words, ('U.N.', 'official', 'Ekeus'))
    self.assertEqual(first.labels, ('B-ORG', 'O', 'B-PER'))
    self.assertEqual(first.lines, (3, 4, 5))
    self.assertEqual(second.words, ('Jim', 'Ann', 'Lee'))
    self.assertEqual(second.labels, ('B-PER', 'B-PER', 'I-PER'))

  def test_other_columns(self):
    sentences = self._read(_FILE, label_column=1)
    self.assertEqual(sentences[0].labels, ('NNP', 'NN', 'NNP'))
    sentences = self._read(_FILE, word_column=-4, label_column=2)
    self.assertEqual(sentences[1].labels, ('B-NP', 'I-NP', 'I-NP'))
    # Labels of words stay what they are, even if they look like others.
    sentences = self._read(_FILE, label_column=2, tags='words')
    self.assertEqual(sentences[1].labels, ('I-NP', 'I-NP', 'I-NP'))

  @parameterized.named_parameters(
      ('carriage_returns', 'a O\r\nb O\r\n\r\nc B-X\r\n'),
      ('tabs', 'a\tO\nb\tO\n\nc\tB-X'),
      ('blank_lines', '\n\n  \na O\nb   O \n\n\t\n\nc B-X\n\n'),
      ('byte_order_mark', '\ufeffa O\nb O\n\nc B-X\n'),
      ('no_newline', 'a O\nb O\n\nc B-X'),
      ('comments', '# a O\na O\n# b\nb O\n\n#\nc B-X'))
  def test_ways_to_write_a_file(self, data):
    sentences = self._read(data, comment='#')
    self.assertEqual([s.words for s in sentences], [('a', 'b'), ('c',)])
    self.assertEqual([s.labels for s in sentences], [('O', 'O'), ('B-X',)])

  def test_a_word_may_hold_odd_spaces(self):
    [sentence] = self._read('New\u00a0York B-LOC\n\u2028 O\n')
    self.assertEqual(sentence.words, ('New\u00a0York', '\u2028'))
    [sentence] = self._read('New York\tB-LOC\n')
    self.assertEqual(sentence.words, ('New York',))

  @parameterized.parameters(
      ('I-P I-P O I-L B-L I-P', 'B-P I-P O B-L B-L B-P'),  # IOB1
      ('B-P I-P O B-L B-L B-P', 'B-P I-P O B-L B-L B-P'),  # IOB2
      ('B-P E-P O S-L S-L S-P', 'B-P I-P O B-L B-L B-P'),  # BIOES
      ('B-P M-P E-P B-P O S-L', 'B-P I-P I-P B-P O B-L'),  # BMES
      ('B-P I-P L-P U-L I-L O', 'B-P I-P I-P B-L B-L O'),  # BILOU
      ('O I-P O I-P I-L', 'O B-P O B-P B-L'))
  def test_schemes(self, written, iob2):
    self.assertEqual(' '.join(conll.to_iob2(written.split())), iob2)
    # Such labels mark the same entities for seqeval, which reads them all.
    if not {'U', 'M'} & set(written):
      self.assertEqual(sequence_labeling.get_entities(written.split()),
                       sequence_labeling.get_entities(iob2.split()))

  def test_labels_are_complete_and_in_order(self):
    self.assertEqual(conll.find_labels(self._read('a I-P\nb O\nc I-L\n')),
                     ['O', 'B-L', 'I-L', 'B-P', 'I-P'])
    self.assertEqual(conll.find_labels(self._read('a VB\nb NN\nc VB\n')),
                     ['NN', 'VB'])
    self.assertEqual(
        conll.label_ids(self._read('a I-P\nb O\n\nc I-P\nd I-P\n'),
                        ['O', 'B-P', 'I-P']), [1, 0, 1, 2])

  @parameterized.named_parameters(
      ('columns', 'a x O\nb O\n', ':2: 2 columns where the first word has 3'),
      ('no_label', 'a\nb\n\nc x\n', ':4: 2 columns where the first word has 1'),
      ('empty', 'a\tO\n\tO\n', ':2: a word or a label is empty'),
      ('mixed', 'a B-X\nb NN\n', ":2: 'NN' is no label of an entity"),
      ('no_words', '\n-DOCSTART- O\n\n', ':1: there is no word'),
      ('nothing', '', ':1: there is no word'),
      ('utf8', b'a O\nb\xff O\n', ':2: not UTF-8'))
  def test_bad_lines_are_named(self, data, message):
    with self.assertRaisesRegex(ValueError, f'words.txt{message}'):
      self._read(data)

  @parameterized.parameters(
      (('B_PER', 'I_PER', 'O'), 'B_PER'), (('PER-B', 'PER-I', 'O'), 'PER-B'),
      (('b-per', 'e-per', 'o'), 'b-per'), (('B.x', 'M.x', 'E.x'), 'B.x'))
  def test_entities_in_another_writing_are_refused(self, labels, named):
    rows = ''.join(f'a {label}\n' for label in ('O', *labels))
    with self.assertRaisesRegex(
        ValueError, f'txt:2: {named!r} looks like the label of an entity'):
      self._read(rows)
    [sentence] = self._read(rows, tags='words')
    self.assertEqual(sentence.labels, ('O', *labels))

  def test_words_and_single_entities_are_told_apart(self):
    for labels in ('DET NOUN', 'N-1 V-2', 'L-V B_N NN', 'O X'):
      rows = ''.join(f'a {label}\n' for label in labels.split())
      self.assertEqual(' '.join(self._read(rows)[0].labels), labels)
    self.assertEqual(self._read('a S-P\nb O\n')[0].labels, ('B-P', 'O'))

  def test_other_line_ends_and_marks_within(self):
    data = _FILE.encode()
    expected = [(s.words, s.labels) for s in self._read(_FILE)]
    for end in (b'\r', b'\r\n'):
      found = self._read(b'\xef\xbb\xbf' + data.replace(b'\n', end))
      self.assertEqual([(s.words, s.labels) for s in found], expected)
    twice = self._read((b'\xef\xbb\xbf' + data + b'\n') * 2)
    self.assertEqual([(s.words, s.labels) for s in twice], expected * 2)

  def test_bad_settings_are_named(self):
    with self.assertRaisesRegex(ValueError, r':3: there is no column 4 \(word'):
      self._read(_FILE, word_column=4)
    with self.assertRaisesRegex(ValueError, 'column -5 .label_column. among 4'):
      self._read(_FILE, label_column=-5)
    with self.assertRaisesRegex(ValueError, "tags is 'iob'; accepted: auto"):
      self._read(_FILE, tags='iob')
    with self.assertRaises(FileNotFoundError):
      conll.read_sentences(f'{tempfile.gettempdir()}/nowhere*.txt')

  def test_an_unknown_label_is_named(self):
    with self.assertRaisesRegex(ValueError, r"txt:5: .*'B-PER' of 'Ekeus'"):
      conll.label_ids(self._read(_FILE), ['O', 'B-ORG'])

  @hypothesis.settings(max_examples=500, deadline=None, derandomize=True)
  @hypothesis.given(st.lists(st.sampled_from(_LABELS), max_size=12))
  def test_entities_are_those_of_seqeval(self, labels):
    self.assertEqual(conll.find_entities(labels),
                     sequence_labeling.get_entities(labels))


if __name__ == '__main__':
  tf.test.main()
