# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A search runs its grid once, ranks settings by their mean, keeps the best."""

import json
import pathlib

import pytest
import tensorflow as tf

from mobilebert_tf.pipelines.finetuning import search
from mobilebert_tf.reporting import search as search_report
from mobilebert_tf.training import run
from tests.pipelines import tiny


def _trial(rate: float, seed: int, score: float) -> dict:
  return {'name': f'{rate}_{seed}', 'score': score, 'recipe': {
      'batch_size': 16, 'learning_rate': rate, 'epochs': 3.0, 'seed': seed}}


class SearchTest(tf.test.TestCase):

  def test_settings_are_ranked_by_their_mean(self):
    rows = search.summarize([
        _trial(1e-5, 1, 0.9), _trial(1e-5, 2, 0.5),
        _trial(1e-4, 1, 0.8), _trial(1e-4, 2, 0.8)])
    self.assertEqual([row['learning_rate'] for row in rows], [1e-4, 1e-5])
    self.assertAllClose([row['mean'] for row in rows], [0.8, 0.7])
    # (0.2² + 0.2²) / (2 - 1), the root of it.
    self.assertAllClose([row['deviation'] for row in rows], [0, 0.08**0.5])

  def test_the_papers_grid(self):
    self.assertLen(search.Grid().recipes(tiny.recipe(self)), 3 * 4 * 3 * 3)
    with self.assertRaisesRegex(ValueError, 'seeds is'):
      search.Grid(seeds=(1, 1))
    with self.assertRaisesRegex(ValueError, 'epochs is'):
      search.Grid(epochs=())

  @pytest.mark.slow
  def test_a_search_keeps_the_best_and_goes_on(self):
    folder = pathlib.Path(self.get_temp_dir()) / 'search'
    # The first does not learn within two steps, the second does.
    grid = search.Grid(batch_sizes=(8,), learning_rates=(1e-9, 1e-2),
                       epochs=(4.0,), seeds=(1,))
    found = search.search(tiny.recipe(self), grid, folder)
    self.assertEqual(found['best'], 'batch_8_rate_0.01_epochs_4_seed_1')
    self.assertEqual((folder / search.BEST).resolve().name, found['best'])
    models = {path.parent.name
              for path in folder.glob('trials/*/checkpoint')}
    self.assertEqual(models, {found['best']})
    self.assertEqual(
        json.loads((folder / search.RESULTS).read_text()), found)

    times = {path: path.stat().st_mtime_ns
             for path in folder.glob('trials/*/results.json')}
    self.assertEqual(search.search(tiny.recipe(self), grid, folder), found)
    self.assertLen(times, 2)
    for path, time in times.items():
      self.assertEqual(path.stat().st_mtime_ns, time)

  @pytest.mark.slow
  def test_a_run_that_diverges_is_counted_and_the_others_go_on(self):
    folder = pathlib.Path(self.get_temp_dir()) / 'diverging'
    grid = search.Grid(batch_sizes=(8,), learning_rates=(1e-2, 1e30),
                       epochs=(1.0,), seeds=(1,))
    found = search.search(tiny.recipe(self), grid, folder)
    self.assertEqual(list(found['failed']),
                     ['batch_8_rate_1e+30_epochs_1_seed_1'])
    self.assertEqual(
        json.loads((folder / search.RESULTS).read_text()), found)
    self.assertIn('1 runs of 2; 1 diverged', search_report.render(found))
    with self.assertRaisesRegex(run.DivergenceError, 'All 1 runs'):
      search.search(tiny.recipe(self), search.Grid(
          (8,), (1e30,), (1.0,), (1,)), folder.with_name('all_diverge'))

  def test_the_best_is_kept_in_whatever_order_trials_come(self):
    folder = pathlib.Path(self.get_temp_dir()) / 'order'
    scores = {'a': 0.5, 'b': 0.7, 'c': 0.7, 'd': 0.6}
    for name, score in scores.items():
      trial = folder / search.TRIALS / name
      trial.mkdir(parents=True)
      (trial / 'results.json').write_text(json.dumps(
          {'recipe': {}, 'metrics': {}, 'score': score}))
      if name != 'b':  # An earlier search has kept c.
        (trial / 'checkpoint').touch()
    for names in ('abcd', 'dcba', 'bacd'):
      best = search._keep_best(folder, names)
      self.assertEqual(best, 'c')
      self.assertEqual((folder / search.BEST).resolve().name, 'c')
      self.assertTrue((folder / search.BEST / 'checkpoint').exists())
      self.assertFalse((folder / search.TRIALS / 'a' / 'checkpoint').exists())

  def test_the_report_says_what_is_chance(self):
    trials = [_trial(1e-5, 1, 0.70), _trial(1e-5, 2, 0.74),
              _trial(1e-4, 1, 0.73), _trial(1e-4, 2, 0.75)]
    found = {'task': 'cola<b>', 'planned': 6, 'best': trials[-1]['name'],
             'settings': search.summarize(trials), 'trials': trials}
    self.assertIn('by 2.0 points, more than its own deviation',
                  search_report.finding(found))
    rows = search_report.scores(found).rows
    self.assertEqual(rows[0][:6], ('16', '0.0001', '3', '2', '74.0%', '1.4'))
    page = search_report.write_report(
        found, pathlib.Path(self.get_temp_dir())).read_text()
    self.assertIn('4 runs of 6', page)
    self.assertNotIn('cola<b>', page)
    single = {**found, 'trials': trials[:1],
              'settings': search.summarize(trials[:1])}
    self.assertNotIn('ahead', search_report.finding(single))


if __name__ == '__main__':
  tf.test.main()
