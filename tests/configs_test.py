# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The YAML files: they agree with the code, and every one can be read."""

import os
import pathlib

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.common import config_files
from mobilebert_tf.common import files
from mobilebert_tf import modeling
from mobilebert_tf.modeling import architectures
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.training import consistency
from mobilebert_tf.training import experiments
from official.core import exp_factory
from official.modeling import hyperparams
from tests.data import temporary

_FOLDER = pathlib.Path(config_files.find('experiments/distill.yaml')).parent
_EXPERIMENTS = {
    'pretrain_small': ('mobilebert/pretrain', 'ib_bert_small'),
    'distill_small': ('mobilebert/distill', 'mobilebert_small'),
    'squad_small': ('mobilebert/squad_v1', 'mobilebert_small'),
    'squad_v1': ('mobilebert/squad_v1', 'mobilebert'),
    'squad_v2': ('mobilebert/squad_v2', 'mobilebert'),
    'token_classification': ('mobilebert/token_classification', 'mobilebert'),
    'pretrain': ('mobilebert/pretrain', 'ib_bert_large'),
    'distill': ('mobilebert/distill', 'mobilebert'),
    'distill_tf1_reference': ('mobilebert/distill_tf1_reference', 'mobilebert'),
    'distill_relations': ('mobilebert/distill_relations', 'mobilebert'),
    'distill_relations_small': (
        'mobilebert/distill_relations',
        {'architecture': 'mobilebert_small', 'vocab_size': 30522}),
    'embedding_small': (
        'mobilebert/embedding',
        {'architecture': 'mobilebert_small', 'vocab_size': 30522}),
}
_NOTHING = object()


def _flatten(settings, prefix=''):
  for name, value in settings.items():
    if isinstance(value, dict):
      yield from _flatten(value, f'{prefix}{name}.')
    else:
      yield prefix + name, value


class ConfigsTest(temporary.TemporaryFiles, tf.test.TestCase,
                  parameterized.TestCase):

  def test_every_file_is_known(self):
    self.assertEqual({path.stem for path in _FOLDER.glob('*.yaml')},
                     set(_EXPERIMENTS))

  @parameterized.parameters(*_EXPERIMENTS)
  def test_an_experiments_file_overrides_strictly(self, name):
    experiment, model = _EXPERIMENTS[name]
    params = hyperparams.override_params_dict(
        exp_factory.get_exp_config(experiment),
        config_files.find(f'experiments/{name}.yaml'), is_strict=True)
    params.validate()
    self.assertEqual(params.task.model.encoder.get().as_dict(),
                     architectures.resolve(model).as_dict())

  @parameterized.parameters(*_EXPERIMENTS)
  def test_a_file_holds_what_differs_from_the_experiment(self, name):
    path = config_files.find(f'experiments/{name}.yaml')
    registered = dict(_flatten(
        exp_factory.get_exp_config(_EXPERIMENTS[name][0]).as_dict()))
    found = dict(_flatten(files.read_yaml(path)))
    for field, value in found.items():
      group, _, name = field.rpartition('.')
      if name == 'architecture':  # It sets the fields beside it.
        registered |= {f'{group}.{name}': each for name, each in
                       modeling.get_architecture(value).as_dict().items()}
    repeated = [field for field, value in found.items()
                if registered.get(field, _NOTHING) == value]
    self.assertEqual(repeated, [])

  @parameterized.parameters(*(each.name for each in experiments.FINE_TUNING
                              if each.can_have_teacher))
  def test_fine_tuning_with_a_teacher_is_the_same_but_for_it(self, name):
    distilled = exp_factory.get_exp_config(
        f'mobilebert/distilled/{name}').as_dict()
    self.assertEqual(distilled, exp_factory.get_exp_config(
        f'mobilebert/taught/{name}').as_dict())
    self.assertEqual(distilled['task'].pop('teacher')['checkpoint'], '')
    self.assertEqual(
        distilled, exp_factory.get_exp_config(f'mobilebert/{name}').as_dict())

  def test_the_small_student_trains_as_long_as_its_schedule(self):
    params = hyperparams.override_params_dict(
        exp_factory.get_exp_config('mobilebert/distill'),
        config_files.find('experiments/distill_small.yaml'), is_strict=True)
    self.assertEqual(consistency.complete(params).trainer.train_steps, 400)

  @parameterized.parameters(*glue.GLUE_RECIPES)
  def test_the_document_has_the_recipes_of_glue(self, name):
    path = pathlib.Path(__file__).parents[1] / 'docs/finetuning.md'
    [row] = [line for line in path.read_text('utf-8').splitlines()
             if line.startswith(f'| `mobilebert/glue/{name}` ')]
    steps = exp_factory.get_exp_config(
        f'mobilebert/glue/{name}').trainer.train_steps
    epochs, batch, rate = glue.GLUE_RECIPES[name]
    self.assertIn(f'| {epochs}, {batch}, {rate:.0e} | {steps:,} |'.replace(
        'e-0', 'e-'), row)

  @parameterized.parameters(*_EXPERIMENTS)
  def test_a_file_opens_with_the_command_that_runs_it(self, name):
    text = pathlib.Path(
        config_files.find(f'experiments/{name}.yaml')).read_text('utf-8')
    experiment, _ = _EXPERIMENTS[name]
    self.assertIn(f'--experiment={experiment} ', text)
    self.assertIn(f'--config_file=configs/experiments/{name}.yaml', text)

  @parameterized.parameters(
      'configs/experiments/squad_v1.yaml', 'experiments/squad_v1.yaml',
      'squad_v1.yaml', 'squad_v1')
  def test_a_file_is_found_by_name_from_any_folder(self, name):
    before = os.getcwd()
    self.addCleanup(os.chdir, before)
    os.chdir(self.make_folder())
    self.assertEqual(config_files.find(name), str(_FOLDER / 'squad_v1.yaml'))
    # What lies in the folder counts first.
    if '/' not in name:
      pathlib.Path(name).touch()
      self.assertEqual(config_files.find(name), name)

  def test_an_unknown_file_is_named_with_those_there_are(self):
    with self.assertRaisesRegex(
        FileNotFoundError, r'^configs/experiments/pretrain_smal.yaml does not '
        r'exist. Did you mean pretrain_small.yaml\? In configs/ there are: .*'
        'experiments/distill.yaml'):
      config_files.find('configs/experiments/pretrain_smal.yaml')


if __name__ == '__main__':
  tf.test.main()
