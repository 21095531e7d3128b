# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""GLUE from its folders to the zip for its server, by a tiny model."""

import json
import pathlib
import zipfile

import pytest
import tensorflow as tf

from mobilebert_tf.pipelines.finetuning import glue_runs
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run
from mobilebert_tf.tasks import registry
from tests.pipelines import tiny

_LABELS = ('entailment', 'neutral', 'contradiction')


def _write(path: pathlib.Path, header: str, rows: list[str]) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text('\n'.join([header, *rows]) + '\n')


def _write_glue(folder: pathlib.Path) -> str:
  """Writes MNLI, with its diagnostic sentences, and STS-B."""
  for part in ('train', 'dev_matched', 'dev_mismatched'):
    _write(folder / 'MNLI' / f'{part}.tsv',
           'index\tsentence1\tsentence2\tgold_label', [
               f'{i}\tw{i} w{i % 3}\tw{i % 3} w9\t{_LABELS[i % 3]}'
               for i in range(12)])
  for name, path in (('test_matched', 'MNLI'), ('test_mismatched', 'MNLI'),
                     ('diagnostic', 'diagnostic')):
    _write(folder / path / f'{name}.tsv', 'index\tsentence1\tsentence2',
           [f'{i}\tw{i}\tw{i % 3}' for i in range(5)])
  for part in ('train', 'dev'):
    _write(folder / 'STS-B' / f'{part}.tsv',
           'index\tsentence1\tsentence2\tscore',
           [f'{i}\tw{i}\tw{i % 5}\t{i % 5}.25' for i in range(10)])
  _write(folder / 'STS-B' / 'test.tsv', 'index\tsentence1\tsentence2',
         [f'{i}\tw{i}\tw{i % 5}' for i in range(4)])
  return str(folder)


class GlueRunsTest(tf.test.TestCase):

  @pytest.mark.slow
  def test_from_the_folders_to_the_zip(self):
    folder = pathlib.Path(self.get_temp_dir())
    data_dir = _write_glue(folder / 'glue')
    for task in ('mnli', 'stsb'):
      run.run(recipe_lib.Recipe(
          task=task, data_dir=data_dir, batch_size=4, epochs=1.0,
          max_length=30, init_checkpoint=tiny.write_start(folder)),
              folder / task)
    runs = glue_runs.collect([folder / 'mnli', folder / 'stsb'])
    self.assertEqual({task: set(each['metrics']) for task, each in runs.items()
                      }, {'mnli': {'dev', 'dev_mismatched'}, 'stsb': {'dev'}})
    by_task = glue_runs.metrics_by_task(runs)
    self.assertEqual(set(by_task['stsb']), {'pearson', 'spearman'})
    self.assertEqual(set(by_task['mnli_mismatched']), {'accuracy'})
    self.assertIn('The GLUE score needs cola', glue_runs.format_scores(runs))

    with self.subTest('the run knows its metrics'):
      trained = registry.load(str(folder / 'stsb'))
      self.assertEqual(trained.kind, registry.get('regression'))
      self.assertEqual(list(trained.params.task.metrics),
                       ['pearson', 'spearman'])

    problems = glue_runs.write_submission(runs, folder / 'glue.zip')
    self.assertIn('CoLA.tsv is missing', problems)
    with zipfile.ZipFile(folder / 'glue.zip') as file:
      content = {name: file.read(name).decode().splitlines()
                 for name in file.namelist()}
    self.assertEqual({name: len(lines) for name, lines in content.items()}, {
        'MNLI-m.tsv': 6, 'MNLI-mm.tsv': 6, 'AX.tsv': 6, 'STS-B.tsv': 5})
    for name, (header, *lines) in content.items():
      self.assertEqual(header, 'index\tprediction')
      for place, line in enumerate(lines):
        index, answer = line.split('\t')
        self.assertEqual(index, str(place))
        if name == 'STS-B.tsv':
          self.assertBetween(float(answer), 0, 5)
        else:
          self.assertIn(answer, _LABELS)

  def test_runs_that_cannot_be_submitted(self):
    folder = pathlib.Path(self.get_temp_dir()) / 'runs'
    with self.assertRaisesRegex(FileNotFoundError, 'no run that is done'):
      glue_runs.collect([folder / 'nowhere'])
    for name, task in (('a', 'cola'), ('b', 'cola'), ('c', 'squad_v1')):
      (folder / name).mkdir(parents=True)
      (folder / name / 'results.json').write_text(json.dumps({
          'recipe': {'task': task}, 'metrics': {'dev': {'matthews': 0.5}},
          'score': 0.5}))
    with self.assertRaisesRegex(ValueError, 'are both of cola'):
      glue_runs.collect([folder / 'a', folder / 'b'])
    with self.assertRaisesRegex(ValueError, 'squad_v1, which is no task'):
      glue_runs.collect([folder / 'c'])
    with self.assertRaisesRegex(FileNotFoundError, 'None of .*runs/a'):
      glue_runs.write_submission(
          glue_runs.collect([folder / 'a']), folder / 'x.zip')
    self.assertFalse((folder / 'x.zip').exists())


if __name__ == '__main__':
  tf.test.main()
