# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests that the quick start's task leaks neither names nor neighbours."""

import hashlib
import os
import re

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.data import docstrings
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import task as task_lib
from mobilebert_tf.tasks.classification import loader
from tests.data import temporary


def _docstrings(modules: int = 40) -> list[docstrings.Docstring]:
  """Each text has its module's number as its first word."""
  return [docstrings.Docstring(
      library, f'{library}.m{m}', f'f{i}',
      f'{library}m{m} Says {m} {i} {kind} ' + 'goes on for some words ' * 4)
          for library, kind in (('numpy', 'a'), ('pandas', 'b'), ('scipy', 'c'))
          for m in range(modules if library != 'scipy' else modules // 2)
          for i in range(3)]


class LibraryTaskTest(parameterized.TestCase, temporary.TemporaryFiles,
                      tf.test.TestCase):

  def test_is_held_out(self):
    # Written out from the definition: the first eight bytes over 2 ** 64.
    digest = hashlib.sha256(b'7:numpy.linalg').hexdigest()
    share = int(digest[:16], 16) / 2**64
    self.assertTrue(pretraining.is_held_out('numpy.linalg', share + 0.01, 7))
    self.assertFalse(pretraining.is_held_out('numpy.linalg', share - 0.01, 7))
    held_out = [pretraining.is_held_out(f'm{i}', 0.2) for i in range(5000)]
    self.assertBetween(sum(held_out) / 5000, 0.18, 0.22)
    self.assertFalse(pretraining.is_held_out('m', 0.0))
    self.assertTrue(pretraining.is_held_out('m', 1.0))
    with self.assertRaisesRegex(ValueError, 'share is 20'):
      pretraining.is_held_out('m', 20)

  @parameterized.parameters(
      ('See numpy.linalg.norm for it.', 'See for it.'),
      ('A NumPy array, np.array(x).', 'A array, (x).'),
      ("Use NumPy's own or `~pandas.DataFrame.iloc`", 'Use own or ` `'),
      ('to_numpy and from_pandas(df)', 'and (df)'),
      ('NumpyArray of a pd.Series', 'of a'),
      ('input output npy stampd', 'input output npy stampd'),
      ('at https://numpy.org/doc now', 'at now'))
  def test_names_are_removed(self, text: str, want: str):
    remove = task_lib.NameRemover(['numpy', 'pandas'])
    self.assertEqual(remove(text), want)

  def test_aliases(self):
    remove = task_lib.NameRemover(
        [*docstrings.DEFAULT_LIBRARIES, 'huggingface_hub'])
    for name in ('scikit-learn', 'sklearn.svm.SVC', 'plt.plot', 'tf.data',
                 'TensorFlow', 'tfds.load', 'TensorFlow Datasets',
                 'keras_hub.models', 'KerasHub', 'Hugging Face', 'mpl',
                 'tf2', 'tensorflow-style', '@np.vectorize'):
      with self.subTest(name):
        left = remove(f'before {name} after')
        self.assertNotRegex(
            left, r'(?i)\b(np|tf|plt|mpl|tfds)\b|scikit|learn|flow|keras|hug')
        self.assertStartsWith(left, 'before')
        self.assertEndsWith(left, 'after')

  def test_no_module_and_no_passage_is_in_both_parts(self):
    folder = self.make_folder()
    facts = task_lib.write_library_task(_docstrings(), folder, seed=1)
    self.assertEqual(facts['labels'], ['numpy', 'pandas', 'scipy'])
    parts = {}
    for part in ('train', 'dev'):
      examples = loader.read_examples(facts[part])
      self.assertLen(examples.texts, facts[f'{part}_passages'])
      counts = {examples.label_ids.tolist().count(i) for i in range(3)}
      self.assertEqual(counts, {facts['per_library'][part]})
      parts[part] = examples
      for text, label in zip(examples.texts, examples.label_ids, strict=True):
        module = f'{facts["labels"][label]}.m{re.search(r"[0-9]+", text)[0]}'
        self.assertEqual(pretraining.is_held_out(module, 0.2, 1),
                         part == 'dev')
        self.assertNotRegex(text, 'numpy|pandas|scipy')
    self.assertNoCommonElements(parts['train'].texts, parts['dev'].texts)
    self.assertCountEqual(os.listdir(folder), ['train.tsv', 'dev.tsv'])

  def test_same_seed_same_files(self):
    contents = []
    for seed in (1, 1, 2):
      facts = task_lib.write_library_task(
          _docstrings(), self.make_folder(), seed=seed)
      with open(facts['train']) as f:
        contents.append(f.read())
    self.assertEqual(contents[0], contents[1])
    self.assertNotEqual(contents[0], contents[2])

  def test_sizes(self):
    facts = task_lib.write_library_task(
        _docstrings(), self.make_folder(), passages_per_library=20,
        max_words=9, min_words=5)
    self.assertEqual(facts['per_library'], {'train': 16, 'dev': 4})
    with open(facts['train']) as f:
      rows = f.read().splitlines()[1:]
    self.assertTrue(all(len(r.split('\t')[0].split()) <= 9 for r in rows))

  def test_identical_passages_count_once(self):
    same = 'The very same words of documentation in several of the places ' * 2
    texts = [docstrings.Docstring('numpy', f'numpy.s{i}', '', same)
             for i in range(50)] + _docstrings()
    facts = task_lib.write_library_task(texts, self.make_folder())
    found = 0
    for part in ('train', 'dev'):
      with open(facts[part]) as f:
        found += f.read().count('The very same words')
    self.assertLessEqual(found, 2)  # It is said twice in one passage.

  def test_too_little_text(self):
    folder = self.make_folder()
    one = [d for d in _docstrings() if d.library == 'numpy']
    with self.assertRaisesRegex(ValueError, 'among several'):
      task_lib.write_library_task(one, folder)
    with self.assertRaisesRegex(ValueError, 'no passage for dev.tsv'):
      task_lib.write_library_task(_docstrings(), folder, dev_share=0)
    self.assertNotIn('dev.tsv', os.listdir(folder))


if __name__ == '__main__':
  tf.test.main()
