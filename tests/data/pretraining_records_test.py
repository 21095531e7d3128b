# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests what examples are made of a shard, against the text itself."""

import collections
import os
from unittest import mock

from absl.testing import parameterized
import numpy as np
from official.nlp.data import pretrain_dataloader
import tensorflow as tf

from mobilebert_tf.data import corpus
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary

_SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.']
_PAD, _CLS, _SEP, _MASK, _STOP = 0, 2, 3, 4, 5
_NUM_DOCUMENTS, _WORDS, _SENTENCE = 30, 120, 4


def _sentences(document: int) -> list[str]:
  """Word i of document d is w<120 d + i>, four to a sentence."""
  words = [f'w{document * _WORDS + i}' for i in range(_WORDS)]
  return [' '.join(words[i:i + _SENTENCE]) + ' .'
          for i in range(0, _WORDS, _SENTENCE)]


# Ids of each document, by hand: words in their order, and full stops.
_STREAMS = [
    [i for s in range(_WORDS // _SENTENCE) for i in
     [*(len(_SPECIAL) + d * _WORDS + s * _SENTENCE + w
        for w in range(_SENTENCE)), _STOP]]
    for d in range(_NUM_DOCUMENTS)]


def _contains(stream: list[int], part: list[int]) -> bool:
  """Whether a run of a document's ids is the part."""
  text = ' '.join(map(str, stream))
  return f' {" ".join(map(str, part))} ' in f' {text} '


class PretrainingRecordsTest(parameterized.TestCase, temporary.TemporaryFiles,
                             tf.test.TestCase):

  def setUp(self):
    super().setUp()
    words = [f'w{i}' for i in range(_NUM_DOCUMENTS * _WORDS)]
    self._tokenizer = self._make_tokenizer([*_SPECIAL, *words])
    self._text = '\n\n'.join(
        '\n'.join(_sentences(d)) for d in range(_NUM_DOCUMENTS))
    self.counts = collections.Counter()

  def _make_tokenizer(self, tokens: list[str]) -> tokenizer_lib.Tokenizer:
    return tokenizer_lib.Tokenizer(
        self.make_file('vocab.txt', '\n'.join(tokens) + '\n'))

  def _make(self, text: str | None = None, name='text.txt', tokenizer=None,
            advance=lambda num_bytes: None, **settings) -> list[bytes]:
    """Returns the records of a text, the only shard of its file."""
    settings = {'max_seq_length': 32, 'seed': 5,
                'sentence_per_line': True} | settings
    path = self.make_file(name, self._text if text is None else text)
    self.counts.clear()
    return [record for shard in corpus.make_shards([path], 10**9)
            for records in pretraining_records.make_records(
                shard, tokenizer or self._tokenizer,
                pretraining_records.RecordSettings(**settings), self.counts,
                advance)
            for record in records]

  def _examples(self, *args, **kwargs) -> list[dict[str, list]]:
    """Returns the features, read by protobuf."""
    examples = []
    for record in self._make(*args, **kwargs):
      feature = tf.train.Example.FromString(record).features.feature
      examples.append({
          name: list(f.int64_list.value or f.float_list.value)
          for name, f in feature.items()})
    return examples

  def _split(self, example: dict[str, list]) -> tuple[list[int], list[int]]:
    """Checks the form of an example, and returns its two segments."""
    ids, segments = example['input_ids'], example['segment_ids']
    self.assertEqual((ids[0], ids[-1], ids.count(_CLS), ids.count(_SEP)),
                     (_CLS, _SEP, 1, 2))
    middle = ids.index(_SEP) + 1
    self.assertEqual(segments, [0] * middle + [1] * (len(ids) - middle))
    first, second = ids[1:middle - 1], ids[middle:-1]
    self.assertNotEmpty(first)
    self.assertNotEmpty(second)
    return first, second

  def _document(self, part: list[int]) -> int | None:
    """Returns whose words a segment has, None if it has only a full stop."""
    found = {(i - len(_SPECIAL)) // _WORDS for i in part if i != _STOP}
    self.assertLessEqual(len(found), 1)
    return next(iter(found), None)

  def test_segments_come_from_the_documents(self):
    examples = self._examples(dupe_factor=4)
    lengths = [len(e['input_ids']) for e in examples]
    self.assertLessEqual(max(lengths), 32)
    self.assertGreater(np.mean(np.array(lengths) == 32), 0.4)
    seen = collections.Counter()
    for example in examples:
      self.assertCountEqual(
          example, ['input_ids', 'segment_ids', 'next_sentence_labels'])
      first, second = self._split(example)
      one, other = self._document(first), self._document(second)
      [label] = example['next_sentence_labels']
      seen[label] += 1
      for document, part in ((one, first), (other, second)):
        if document is not None:
          self.assertTrue(_contains(_STREAMS[document], part))
      if label == 0 and len(example['input_ids']) < 32:
        # Nothing was cut off, so the second goes on where the first ends.
        self.assertTrue(_contains(_STREAMS[one], first + second))
      if one is not None and other is not None:
        self.assertEqual(label, int(one != other))
    self.assertBetween(seen[1] / len(examples), 0.45, 0.6)
    self.assertEqual(self.counts['random_next'], seen[1])

  def test_every_word_of_the_text_is_used(self):
    examples = self._examples(max_seq_length=500, short_seq_prob=0)
    used = {i for e in examples for i in e['input_ids']}
    want = {i for stream in _STREAMS for i in stream}
    self.assertEmpty(want - used)

  def test_counts(self):
    told = []
    examples = self._examples(advance=told.append)
    self.assertEqual(self.counts, {
        'documents': _NUM_DOCUMENTS,
        'sentences': _NUM_DOCUMENTS * _WORDS // _SENTENCE,
        'tokens': sum(map(len, _STREAMS)),
        'text_bytes': len(self._text.replace('\n', '')),
        'paragraphs_cut': 0,
        'examples': len(examples),
        'random_next': sum(e['next_sentence_labels'][0] for e in examples),
        'example_tokens': sum(len(e['input_ids']) for e in examples)})
    self.assertEqual(sum(told), self.counts['text_bytes'])

  @parameterized.parameters('dynamic', 'static')
  def test_section_and_seed_decide_every_byte(self, masking: str):
    first = self._make(masking=masking)
    self.assertEqual(self._make(masking=masking), first)
    self.assertNotEqual(self._make(masking=masking, seed=6), first)
    self.assertNotEqual(self._make(masking=masking, name='b.txt'), first)

  def test_random_numbers_of_others_do_not_matter(self):
    first = self._make(masking='static')
    tf.random.set_seed(99)
    np.random.seed(99)
    self.assertEqual(self._make(masking='static'), first)

  @parameterized.parameters('dynamic', 'static')
  def test_dupe_factor_makes_other_examples(self, masking: str):
    once = self._make(masking=masking)
    twice = self._make(masking=masking, dupe_factor=2)
    self.assertEqual(twice[:len(once)], once)
    self.assertLess(len(set(twice[len(once):]) & set(once)), len(once) // 3)
    self.assertEqual(self.counts['documents'], _NUM_DOCUMENTS)
    self.assertEqual(self.counts['examples'], len(twice))

  def test_sentences_are_split(self):
    text = self._text.replace('\n\n', '#').replace('\n', ' ').replace(
        '#', '\n\n').replace('w', 'W')
    self._make(text, sentence_per_line=False)
    self.assertEqual(self.counts['sentences'],
                     _NUM_DOCUMENTS * _WORDS // _SENTENCE)
    self._make(text, sentence_per_line=True)
    self.assertEqual(self.counts['sentences'], _NUM_DOCUMENTS)

  def test_random_text_comes_from_the_window(self):
    """Memory is bounded by it, and no pair needs what is outside."""
    with mock.patch.object(pretraining_records, '_WINDOW_CHARACTERS', 1500):
      examples = self._examples()
    self.assertEqual(self.counts['documents'], _NUM_DOCUMENTS)
    distances = []
    for example in examples:
      parts = [self._document(p) for p in self._split(example)]
      if None not in parts:
        distances.append(abs(parts[0] - parts[1]))
    self.assertBetween(max(distances), 1, 3)

  def test_long_documents_and_paragraphs_are_cut_and_counted(self):
    size = len('\n'.join(_sentences(0)))
    with mock.patch.object(
        pretraining_records, '_LONGEST_DOCUMENT', size // 2):
      self._examples(max_seq_length=500, short_seq_prob=0)
    self.assertGreaterEqual(self.counts['documents_cut'], _NUM_DOCUMENTS)
    self.assertEqual(self.counts['documents'], _NUM_DOCUMENTS)
    self.assertEqual(self.counts['tokens'], sum(map(len, _STREAMS)))

    one_line = ' '.join(_sentences(0))
    with mock.patch.object(pretraining_records, '_LONGEST_PARAGRAPH', 100):
      self._examples(f'{one_line}\n\nw1 w2')
    self.assertEqual(self.counts['paragraphs_cut'], 1)
    # Cut between words, so that none is lost.
    self.assertEqual(self.counts['tokens'], len(_STREAMS[0]) + 2)

  def test_a_paragraph_without_spaces_is_cut_anywhere(self):
    with mock.patch.object(pretraining_records, '_LONGEST_PARAGRAPH', 100):
      self._examples('中' * 950 + '\n\nw1')
    self.assertEqual(self.counts['paragraphs_cut'], 1)
    self.assertEqual(self.counts['tokens'], 951)

  def test_documents_of_one_sentence(self):
    text = '\n\n'.join(_sentences(d)[0] for d in range(20))
    examples = self._examples(text)
    self.assertLen(examples, 20)  # Nothing follows, so all are random.
    for example in examples:
      first, second = self._split(example)
      self.assertEqual(example['next_sentence_labels'], [1])
      self.assertNotEqual(self._document(first), self._document(second))

  def test_a_single_document_has_only_true_pairs(self):
    examples = self._examples('\n'.join(_sentences(0)))
    self.assertNotEmpty(examples)
    self.assertFalse(any(e['next_sentence_labels'][0] for e in examples))

  @parameterized.parameters('', '\n\n', 'w1', '\u00ad\u00ad\n\n\u00ad')
  def test_text_that_gives_nothing(self, text: str):
    self.assertEmpty(self._make(text))
    self.assertEqual(self.counts['examples'], 0)

  def test_static_features(self):
    dynamic = self._examples()
    static = self._examples(masking='static', max_predictions_per_seq=6)
    self.assertLen(static, len(dynamic))
    kept = random = masked = 0
    for plain, example in zip(dynamic, static, strict=True):
      self.assertCountEqual(example, [
          'input_ids', 'input_mask', 'segment_ids', 'masked_lm_positions',
          'masked_lm_ids', 'masked_lm_weights', 'next_sentence_labels'])
      n = len(plain['input_ids'])
      for name, value in plain.items():
        if name == 'segment_ids':
          self.assertEqual(example[name], value + [0] * (32 - n))
      self.assertEqual(example['next_sentence_labels'],
                       plain['next_sentence_labels'])
      self.assertEqual(example['input_mask'], [1] * n + [0] * (32 - n))
      weights = example['masked_lm_weights']
      count = int(sum(weights))
      self.assertEqual(weights, [1.0] * count + [0.0] * (6 - count))
      self.assertEqual(count, min(6, max(1, round(0.15 * n))))
      for name in ('masked_lm_positions', 'masked_lm_ids'):
        self.assertEqual(example[name][count:], [0] * (6 - count))
      restored = list(example['input_ids'])
      for position, original in zip(
          example['masked_lm_positions'][:count],
          example['masked_lm_ids'][:count], strict=True):
        shown = restored[position]
        masked += shown == _MASK
        kept += shown == original
        random += shown not in (original, _MASK)
        self.assertNotIn(original, (_PAD, _CLS, _SEP))
        restored[position] = original
      self.assertEqual(restored, plain['input_ids'] + [_PAD] * (32 - n))
    total = kept + random + masked
    self.assertBetween(masked / total, 0.72, 0.88)
    self.assertBetween(random / total, 0.05, 0.16)
    self.assertBetween(kept / total, 0.05, 0.16)

  def test_whole_words(self):
    words = [[f'w{i}', *(f'##{c}' for c in 'abc'[:i % 4])] for i in range(60)]
    tokens = [*_SPECIAL, *(w[0] for w in words), '##a', '##b', '##c']
    tokenizer = self._make_tokenizer(tokens)
    rng = np.random.default_rng(0)
    text = '\n\n'.join('\n'.join(
        ' '.join(''.join(words[i]).replace('##', '')
                 for i in rng.integers(60, size=6))
        for _ in range(20)) for _ in range(5))
    examples = self._examples(
        text, tokenizer=tokenizer, masking='static', whole_word_masking=True,
        masked_lm_rate=0.4)
    self.assertNotEmpty(examples)
    several = 0
    for example in examples:
      count = int(sum(example['masked_lm_weights']))
      chosen = example['masked_lm_positions'][:count]
      ids = list(example['input_ids'])
      for position, original in zip(
          chosen, example['masked_lm_ids'], strict=False):
        ids[position] = original
      inside = [tokens[i].startswith('##') for i in ids]
      for position in range(2, 32):
        special = ids[position - 1] in (_CLS, _SEP)
        if inside[position] and not special:
          self.assertEqual(position in chosen, position - 1 in chosen)
          several += position in chosen
    self.assertGreater(several, 20)

  def test_the_model_gardens_loader_reads_static_records(self):
    records = self._make(masking='static', max_seq_length=48,
                         max_predictions_per_seq=7)
    path = os.path.join(self.make_folder(), 'a.tfrecord')
    with tf.io.TFRecordWriter(path) as writer:
      for record in records:
        writer.write(record)
    loader = pretrain_dataloader.BertPretrainDataLoader(
        pretrain_dataloader.BertPretrainDataConfig(
            input_path=path, seq_length=48, max_predictions_per_seq=7,
            global_batch_size=16, is_training=False, drop_remainder=False))
    batches = list(loader.load().as_numpy_iterator())
    got = {name: np.concatenate([b[name] for b in batches])
           for name in batches[0]}
    want = self._examples(masking='static', max_seq_length=48,
                          max_predictions_per_seq=7)
    renamed = {'input_word_ids': 'input_ids', 'input_type_ids': 'segment_ids'}
    self.assertLen(got, 7)
    for name, value in got.items():
      self.assertAllEqual(value, [e[renamed.get(name, name)] for e in want])

  def test_a_vocabulary_without_mask(self):
    tokens = [t for t in _SPECIAL if t != '[MASK]']
    with self.assertRaisesRegex(ValueError, r'vocab\.txt.*lacks \[MASK\]'):
      self._make_tokenizer(tokens)

  @parameterized.parameters(
      ({'whole_word_masking': True}, 'task.train_data.whole_word_masking'),
      ({'masking': 'none'}, "masking is 'none'; accepted: dynamic, static"),
      ({'dupe_factor': 0}, 'dupe_factor is 0'),
      ({'max_predictions_per_seq': 0}, 'max_predictions_per_seq is 0'),
      ({'max_seq_length': 4}, 'max_seq_length is 4'),
      ({'short_seq_prob': 1.5}, 'short_seq_prob is 1.5'),
      ({'masked_lm_rate': 0.0}, 'masked_lm_rate is 0.0'),
      ({'seed': -1}, 'seed is -1'),
  )
  def test_bad_settings(self, settings: dict, message: str):
    with self.assertRaisesRegex(ValueError, message):
      pretraining_records.RecordSettings(**settings)

  def test_bad_manifest(self):
    folder = self.make_folder()
    with self.assertRaisesRegex(FileNotFoundError, 'not a finished folder'):
      pretraining_records.read_manifest(folder)
    path = os.path.join(folder, 'manifest.json')
    for text, message in (('{\n"', ':2: not JSON'), ('[]', 'not a manifest')):
      with open(path, 'w') as f:
        f.write(text)
      with self.assertRaisesRegex(ValueError, message):
        pretraining_records.read_manifest(folder)


if __name__ == '__main__':
  tf.test.main()
