# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Registering formats, and `convert_checkpoint` as function and program."""

import json
import os
import pathlib
import subprocess
import sys
import types

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.checkpoints import native
from tests.checkpoints import folders

_PARTS = ('TITLE', 'MARKER', 'recognises', 'read', 'fit', 'write')


class ConvertTest(folders.FolderTestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.output = str(self.folder / 'output')

  @parameterized.parameters(
      ('tf1', ['bert_config.json', 'checkpoint',
               'mobilebert_variables.ckpt.data-00000-of-00001',
               'mobilebert_variables.ckpt.index']),
      ('hugging_face', ['config.json', 'model.safetensors']),
      ('model_garden', ['bert_config.json', 'checkpoint', 'encoder.yaml',
                        'mobilebert.ckpt.data-00000-of-00001',
                        'mobilebert.ckpt.index']),
      ('mobilebert_tf', ['checkpoint', 'encoder.yaml',
                         'mobilebert.ckpt.data-00000-of-00001',
                         'mobilebert.ckpt.index']))
  def test_what_is_written(self, checkpoint_format, files):
    done = formats.convert(
        folders.golden('tf1_tiny'), self.output, checkpoint_format)
    self.assertEqual(sorted(os.listdir(self.output)), ['README.md', *files])
    self.assertEqual((done.input_format, done.output_format, done.output),
                     ('tf1', checkpoint_format, self.output))
    self.assertGreater(done.seconds, 0)
    self.assertEqual(checkpoints.recognise(self.output), checkpoint_format)
    again = formats.convert(self.output, str(self.folder / 'again'))
    self.assertEqual(again.input_format, checkpoint_format)

  def test_vocabulary_and_case_beside_the_output(self):
    folder = folders.copy('tf1_tiny', self.folder)
    tokens = folders.write_vocabulary(folder / 'vocab.txt')
    path = str(folder)
    for i, checkpoint_format in enumerate(
        ('mobilebert_tf', 'hugging_face', 'model_garden', 'tf1')):
      output = self.folder / str(i)
      formats.convert(path, str(output), checkpoint_format,
                         lower_case=None if i else False)
      self.assertEqual((output / 'vocab.txt').read_text().split(), tokens)
      fields = json.loads((output / 'tokenizer_config.json').read_text())
      self.assertFalse(fields['do_lower_case'])
      self.assertEqual(fields['model_max_length'], 40)
      path = str(output)

  def test_a_vocabulary_from_elsewhere(self):
    tokens = folders.write_vocabulary(self.folder / 'mine.txt')
    done = formats.convert(
        folders.golden('tf1_tiny'), self.output, 'hugging_face',
        vocab_file=str(self.folder / 'mine.txt'))
    self.assertEqual(done.checkpoint.vocabulary.tokens, tuple(tokens))
    self.assertEqual((pathlib.Path(self.output) / 'vocab.txt').read_bytes(),
                     (self.folder / 'mine.txt').read_bytes())
    with self.assertRaisesRegex(FileNotFoundError, 'nowhere.txt'):
      formats.convert(folders.golden('tf1_tiny'), str(self.folder / 'b'),
                         vocab_file='nowhere.txt')

  def test_progress_is_shown_for_each_loop(self):
    seen = []

    def progress(items, description):
      seen.append((description, len(items)))
      return items

    formats.convert(folders.golden('tf1_tiny'), self.output, 'model_garden',
                       progress=progress)
    self.assertEqual(
        seen, [('reading', 105), ('writing', 105), ('checking', 105)])

  # === The summary ===

  def _rows(self, *arguments, **keywords):
    rows = formats.describe(formats.convert(*arguments, **keywords))
    return {name: value for name, value in rows}, rows

  def test_summary(self):
    cells, rows = self._rows(
        folders.golden('tf1_tiny'), self.output, 'model_garden')
    self.assertIn('mobilebert_variables.ckpt (TF1', cells['Input'])
    self.assertEqual(cells['Output'], f'{self.output} (Model Garden)')
    self.assertEqual(
        cells['Architecture'], '3 blocks of 32, 64 between, 2 feed-forward '
        'networks, no_norm, relu')
    self.assertEqual(cells['Parts'], 'encoder, masked lm, next sentence')
    # Of variables.json.
    self.assertEqual(cells['Parameters'], '133,162 in 105 weights')
    self.assertIn('none beside the input', cells['Vocabulary'])
    self.assertIn('ignore', cells['Note'])
    self.assertLen([name for name, _ in rows if name == 'File'], 6)
    self.assertIn('equal to the last bit', cells['Check'])
    self.assertIn('Time', cells)

  def test_summary_of_a_named_architecture_with_vocabulary_and_labels(self):
    folder = folders.copy('hf_seqcls', self.folder)
    folders.edit(folder / 'config.json',
                 id2label={'0': 'x', '1': 'y', '2': 'z'})
    folders.write_vocabulary(folder / 'vocab.txt')
    cells, _ = self._rows(str(folder), self.output, lower_case=False)
    self.assertEqual(cells['Vocabulary'], '1,000 tokens, cased')
    self.assertEqual(cells['Labels'], 'x, y, z')
    self.assertNotIn('Note', cells)


class ProgramTest(folders.FolderTestCase):

  def _run(self, *flags, **environment):
    return subprocess.run(
        [sys.executable, '-m', 'mobilebert_tf.convert_checkpoint', *flags],
        cwd=self.folder, capture_output=True, text=True, check=False,
        timeout=600, env={**os.environ, **environment})

  def test_converts_and_says_what_it_did(self):
    finished = self._run(f'--input={folders.golden("tf1_student")}',
                         '--output=out', '--output_format=hugging_face')
    self.assertEqual(finished.returncode, 0, finished.stderr)
    lines = dict(line.split(None, 1) for line in finished.stdout.splitlines())
    self.assertEqual(lines['Output'], 'out (Hugging Face)')
    self.assertEqual(lines['Parameters'], '174,442 in 153 weights')
    self.assertIn('equal to the last bit', lines['Check'])
    for loop in ('reading', 'writing', 'checking'):
      self.assertRegex(finished.stderr, f'{loop}: 100%.*153/153')
    self.assertEmpty(checkpoints.differences(
        checkpoints.read(str(self.folder / 'out')),
        checkpoints.read(folders.golden('tf1_student'))))

  def test_errors_are_one_line(self):
    """Offline, as without a connection, for a name on the hub."""
    finished = self._run(
        '--input=google/mobilebert-uncased', '--output=out',
        HF_HUB_OFFLINE='1', HF_HOME=str(self.folder / 'home'))
    self.assertEqual(finished.returncode, 1)
    self.assertEqual(finished.stdout, '')
    self.assertEqual(
        [line for line in finished.stderr.splitlines() if 'folder' in line],
        ["convert_checkpoint: There is no folder 'google/mobilebert-uncased', "
         'and the Hugging Face hub cannot be reached, nor is the model in its '
         'cache.'])
    self.assertNotIn('Traceback', finished.stderr)
    self.assertFalse((self.folder / 'out').exists())


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
