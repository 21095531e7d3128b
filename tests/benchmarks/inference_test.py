# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Contenders of the comparison of engines, its ratios, and a small run."""

import os
import pathlib
import re
import subprocess
import sys

from absl.testing import absltest
import numpy as np
import pytest

from benchmarks import closeness
from benchmarks import inference_results
from benchmarks.engines import contender
from benchmarks.engines import contenders
from benchmarks.engines import process
from tests import python_files
from tests.data import temporary

_SENTENCES = [[101, 7, 8, 102], [101, *range(9, 30), 102]]
_SETTINGS = contender.Settings(
    '/tmp', 1, 1, (8, 32, 64), 32, '', (), _SENTENCES, listed=(8, 24, 64))


def _result(seconds: float, megabytes: float = 10.0,
            rounds: int = 3) -> inference_results.Result:
  started = process.Started((process.SENTENCES,), megabytes, 5.0, 0.5, 0.25)
  return inference_results.Result(started, {
      '128': [[seconds]] * rounds,
      process.SENTENCES: [[seconds, 3 * seconds]] * rounds})


class ContendersTest(absltest.TestCase):

  def test_a_row_is_full_but_for_a_pad(self):
    ids, mask, types = _SETTINGS.row(8)
    self.assertEqual(ids.tolist(), [[101, 7, 8, 9, 10, 11, 102, 0]])
    self.assertEqual(mask.tolist(), [[1] * 7 + [0]])
    self.assertFalse(types.any())

  def test_lengths_of_sentences(self):
    found = {name: [contenders.CONTENDERS[name].length(tokens, _SETTINGS)
                    for tokens in _SENTENCES]
             for name in ('ours', 'garden', 'pytorch', 'ours_one_length')}
    self.assertEqual(found, {
        'ours': [8, 24], 'garden': [32, 32], 'pytorch': [5, 24],
        'ours_one_length': [64, 64]})

  def test_files_that_are_shared_are_of_one_kind(self):
    by_file = {}
    for each in contenders.CONTENDERS.values():
      by_file.setdefault(each.file, set()).add(
          (each.prepare, each.quantization))
    del by_file['']
    for name, found in by_file.items():
      self.assertLen(found, 1, name)


class ResultsTest(absltest.TestCase):

  def test_milliseconds_are_means_of_medians(self):
    result = inference_results.Result(
        _result(1.0).started, {'8': [[1.0, 5.0], [2.0, 5.0], [9.0, 7.0]]})
    self.assertAlmostEqual(result.milliseconds('8'), 3500.0)
    self.assertAlmostEqual(result.milliseconds('8', slice(2, 3)), 8000.0)

  def test_ratios(self):
    answers = inference_results.answer({
        'ours_int8': _result(0.7, 10.7), 'garden_int8': _result(1.0)})
    found = {each['of']: (round(each['ratio'], 3), each['reached'])
             for each in answers}
    self.assertEqual(found, {
        '128': (0.7, True), process.SENTENCES: (0.7, False),
        'megabytes': (1.07, True)})
    table = inference_results.tabulate_answers(answers)
    self.assertEqual(table.count('reached'), 2)
    self.assertEqual(table.count('MISSED'), 1)

  def test_what_was_not_timed_is_empty(self):
    table = inference_results.tabulate((64, 128), {'ours': _result(1.0)})
    self.assertRegex(table, r'ours, LiteRT +1,000\.0 +2,000\.0 +10\.0 +5\.00 ')

  def test_closeness(self):
    states = [np.eye(3), np.ones([2, 3])]
    self.assertEqual(closeness.compare(states, states), (1.0, 0.0))
    other = [-np.eye(3), np.ones([2, 3])]
    cosine, error = closeness.compare(other, states)
    self.assertAlmostEqual(cosine, -1.0)
    expected = np.concatenate(states)
    self.assertAlmostEqual(
        error, np.sqrt(12 / 15) / expected.std())
    self.assertTrue(np.isnan(closeness.compare([states[0] * np.nan],
                                               [states[0]])).all())


@pytest.mark.exhaustive
class SmallRunTest(temporary.TemporaryFiles):

  def test_mobileberts_answer_alike(self):
    folder = pathlib.Path(self.make_folder())
    (folder / 'texts.txt').write_text('a b\nb a a b a b a b\n')
    (folder / 'vocab.txt').write_text(
        '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n')
    ran = subprocess.run(
        [sys.executable, '-m', 'benchmarks.inference', '--blocks=1',
         '--rounds=1', '--lengths=16,40', '--fixed_length=16',
         '--contenders=ours,garden,ours_onnx', '--text_file=texts.txt',
         '--vocab_file=vocab.txt'], cwd=folder, check=False, text=True,
        capture_output=True,
        env={**os.environ, 'PYTHONPATH': str(python_files.ROOT)})
    self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
    for name in ('ours, LiteRT', 'Model Garden, LiteRT', 'ours, ONNX Runtime'):
      self.assertRegex(
          ran.stdout, f'(?m)^{re.escape(name)} .* (1\\.000000|0\\.99999.) ')


if __name__ == '__main__':
  absltest.main()
