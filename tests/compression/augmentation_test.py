# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts that are like others: what is replaced by what, and the file."""

import json
import pathlib
import types

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.compression import augmentation
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.multi_label_classification import loader as multi_label
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.inference import tiny_classifier
from tests.pipelines import tiny

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'film', 'movie',
           'play', 'dull', 'bright', 'grip', '##ping', '##s', 'in', 'gold',
           '[unused0]', '.', 'a', 'very')


class AugmenterTest(parameterized.TestCase, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    path = pathlib.Path(self.get_temp_dir(), 'vocab.txt')
    path.write_text('\n'.join(_TOKENS), encoding='utf-8')
    self.tokenizer = tokenizer_lib.Tokenizer(path)
    tf_keras.utils.set_random_seed(1)
    self.model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(
        tiny_classifier.architecture(
            vocab_size=len(_TOKENS), initializer_range=0.5,
            max_position_embeddings=24)))
    rng = np.random.default_rng(0)
    for weight in self.model.weights:
      weight.assign(weight + rng.normal(scale=0.3, size=weight.shape))

  def augmenter(self, **settings) -> augmentation.Augmenter:
    return augmentation.Augmenter(
        self.model, self.tokenizer, augmentation.Settings(**settings))

  def expected(self, ids: list[int], place: int, count: int,
               pair: bool = True) -> set[str]:
    """Returns what the model finds likely in a place, computed by itself."""
    masked = [*ids]
    masked[place] = 4
    row = [2, *masked, 3, *([*ids, 3] if pair else []), 0]
    length = len(row)
    types = [0] * (len(ids) + 2) + [1] * (length - len(ids) - 3) + [0]
    logits = self.model([
        tf.constant([row]), tf.constant([[1] * (length - 1) + [0]]),
        tf.constant([types]), tf.constant([[place + 1]])])['mlm_logits'][0, 0]
    best = np.argsort(-logits.numpy())[:count]
    return {_TOKENS[token] for token in best
            if token not in (0, 1, 2, 3, 4, 16)
            and not _TOKENS[token].startswith('##')}

  def test_words_are_replaced_by_what_is_likely_in_their_place(self):
    text = 'The film gripping in gold.'
    drawn = self.augmenter(copies=200, share=1.0, candidates=5).draw(text, 0)
    ids = [5, 6, 11, 12, 14, 15, 17]
    found = [set(words) for words in zip(*(
        each.removesuffix('.').split() for each in drawn), strict=True)]
    self.assertEqual(found[0], {'The'})  # Stop words stay.
    self.assertEqual(found[1], self.expected(ids, 1, 5))
    self.assertEqual(found[2], {'gripping'})  # Of two pieces.
    self.assertEqual(found[3], {'in'})
    self.assertEqual(found[4], self.expected(ids, 5, 5))

  def test_a_long_text_is_read_once_and_one_too_long_stays(self):
    words = ['film', 'movie', 'play'] * 4  # 2 * 12 + 3 tokens are too many.
    ids = [6, 7, 8] * 4
    drawn = self.augmenter(copies=200, share=1.0, candidates=4).draw(
        ' '.join(words), 0)
    self.assertEqual({each.split()[3] for each in drawn},
                     self.expected(ids, 3, 4, pair=False))
    longer = ' '.join(['film'] * 22)
    self.assertEqual(set(self.augmenter().draw(longer, 0)), {longer})

  def test_draws_depend_on_seed_and_row_alone(self):
    text = 'film play dull bright gold movie'
    one, same, row, seed = (
        self.augmenter(seed=seed).draw(text, row)
        for row, seed in ((0, 0), (0, 0), (1, 0), (0, 1)))
    self.assertEqual(one, same)
    self.assertNotEqual(one, row)
    self.assertNotEqual(one, seed)
    drawn = [each.split() for each in self.augmenter(
        copies=400, candidates=1).draw(text, 0)]
    changed = (np.array(drawn) != text.split()).mean(0)
    self.assertGreater((changed > 0).sum(), 1)  # Others are the best already.
    for share in changed[changed > 0]:
      self.assertBetween(share, 0.3, 0.5)

  def test_no_word_at_all(self):
    self.assertEqual(set(self.augmenter().draw('... 12', 0)), {'... 12'})
    self.assertEqual(set(self.augmenter().draw('', 0)), {''})

  @parameterized.parameters(
      ({'copies': 0}, 'There are 0 copies'), ({'share': 0.0}, 'share of words'),
      ({'share': 1.5}, 'is 1.5'), ({'candidates': 0}, '0 candidates'))
  def test_settings_that_make_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      augmentation.Settings(**fields)


class WritingTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.get_temp_dir())
    self.masked_lm = tiny.write_masked_lm(self.folder)
    data = loader.TextClassificationDataConfig(
        input_path=tiny.write_table(self.folder / 'train.csv', 6),
        text_field='review', label_field='stars')
    self.trained = types.SimpleNamespace(params=types.SimpleNamespace(
        task=types.SimpleNamespace(train_data=data)))

  def write(self, name: str, **settings) -> tuple[int, int]:
    return augmentation.write(
        self.trained, self.masked_lm, str(self.folder / name),
        augmentation.Settings(**{'copies': 3, **settings}))

  def test_a_file_has_the_texts_and_those_like_them(self):
    texts, lines = self.write('new.jsonl')
    rows = [json.loads(line) for line in
            (self.folder / 'new.jsonl').read_text().splitlines()]
    self.assertEqual((texts, lines), (6, len(rows)))
    self.assertGreater(lines, 12)
    own = loader.read_examples(
        self.trained.params.task.train_data.input_path, text_field='review',
        label_field='stars')
    found = loader.read_examples(
        str(self.folder / 'new.jsonl'), text_field='review',
        label_field='stars')
    self.assertContainsSubset(own.texts, found.texts)
    self.assertEqual(len(set(found.texts)), len(found.texts))
    self.assertFalse((self.folder / 'new.jsonl.unfinished').exists())

  def test_a_stopped_one_goes_on(self):
    self.write('whole.jsonl')
    write = augmentation.files.write_text
    def stop(path, text):
      if pathlib.Path(path).name == 'new.jsonl':
        raise KeyboardInterrupt  # All is drawn, and nothing written.
      write(path, text)
    augmentation.files.write_text = stop
    try:
      with self.assertRaises(KeyboardInterrupt):
        self.write('new.jsonl')
    finally:
      augmentation.files.write_text = write
    pending = self.folder / 'new.jsonl.unfinished' / 'texts.jsonl'
    data = pending.read_bytes()
    pending.write_bytes(data[:len(data) // 2])  # In the middle of a line.
    with self.assertRaisesRegex(ValueError, 'other settings. Remove it'):
      self.write('new.jsonl', copies=4)
    self.write('new.jsonl')
    self.assertEqual((self.folder / 'new.jsonl').read_bytes(),
                     (self.folder / 'whole.jsonl').read_bytes())

  def test_files_that_are_not_replaced(self):
    self.write('new.jsonl')
    self.write('new.jsonl', seed=1)  # Of the same columns.
    other = self.folder / 'other.jsonl'
    other.write_text('{"review": "mine"}\n')
    with self.assertRaisesRegex(FileExistsError, 'not a file of these columns'):
      self.write('other.jsonl')
    self.trained.params.task.train_data.input_path = str(
        self.folder / 'new.jsonl')
    with self.assertRaisesRegex(FileExistsError, 'is data of the run'):
      self.write('new.jsonl')
    with self.assertRaisesRegex(ValueError, 'name it .jsonl'):
      self.write('new.csv')

  def test_several_labels_and_pairs_keep_their_columns(self):
    path = self.folder / 'several.tsv'
    path.write_text('one\ttwo\tgood\tlong\nw1 w2\tw3\t1\t0\n'
                    'w4 w5\tw6 w7\t0\t0\n')
    self.trained.params.task.train_data = multi_label.MultiLabelDataConfig(
        input_path=str(path), text_field='one', pair_field='two',
        label_columns=['good', 'long'])
    self.write('several.jsonl', share=1.0, candidates=3)
    rows = [json.loads(line) for line in
            (self.folder / 'several.jsonl').read_text().splitlines()]
    self.assertEqual(rows[0], {
        'one': 'w1 w2', 'two': 'w3', 'good': '1', 'long': '0'})
    self.assertEqual({tuple(row) for row in rows},
                     {('one', 'two', 'good', 'long')})
    self.assertGreater(len({row['two'] for row in rows[:4]}), 1)

  def test_runs_that_are_not_of_texts(self):
    self.trained = types.SimpleNamespace(
        params=None, kind=types.SimpleNamespace(title='tagger'))
    with self.assertRaisesRegex(ValueError, 'this is a tagger'):
      self.write('new.jsonl')

  def test_a_model_without_a_masked_lm(self):
    self.masked_lm = tiny.write_start(self.folder)
    with self.assertRaisesRegex(ValueError, 'masked lm'):
      self.write('new.jsonl')


if __name__ == '__main__':
  tf.test.main()
