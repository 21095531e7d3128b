# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The YAML files: they say what the code says, and every one can be read."""

import pathlib

from absl.testing import parameterized
import tensorflow as tf
import yaml

from mobilebert_tf.common import config_files
from mobilebert_tf import modeling
from mobilebert_tf.training import experiments
from official.core import exp_factory
from official.modeling import hyperparams

_CONFIGS = pathlib.Path(config_files.path('models/mobilebert.yaml')).parents[1]
_EXPERIMENTS = {
    'pretrain_small': ('mobilebert/pretrain', 'ib_bert_small'),
    'distill_small': ('mobilebert/distill', 'mobilebert_small'),
    'squad_small': ('mobilebert/squad_v1', 'mobilebert_small'),
    'squad_v1': ('mobilebert/squad_v1', 'mobilebert'),
    'squad_v2': ('mobilebert/squad_v2', 'mobilebert'),
    'token_classification': ('mobilebert/token_classification', 'mobilebert'),
    **{f'glue_{name}': (f'mobilebert/glue/{name}', 'mobilebert')
       for name in experiments.GLUE_RECIPES},
    'pretrain': ('mobilebert/pretrain', 'ib_bert_large'),
    'distill': ('mobilebert/distill', 'mobilebert'),
    'distill_tf1_reference': ('mobilebert/distill_tf1_reference', 'mobilebert'),
}


def _read(path: str) -> dict:
  return yaml.safe_load(pathlib.Path(path).read_text(encoding='utf-8'))


class ConfigsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(*modeling.ARCHITECTURES)
  def test_a_models_file_is_its_architecture(self, name):
    read = _read(config_files.path(f'models/{name}.yaml'))
    self.assertEqual(read['task']['model']['encoder']['any'],
                     modeling.get_architecture(name).as_dict())

  def test_every_file_is_known(self):
    self.assertEqual(
        {path.stem for path in _CONFIGS.glob('models/*.yaml')},
        set(modeling.ARCHITECTURES))
    self.assertEqual(
        {path.stem for path in _CONFIGS.glob('experiments/*.yaml')},
        set(_EXPERIMENTS))

  @parameterized.parameters(*_EXPERIMENTS)
  def test_an_experiments_file_overrides_strictly(self, name):
    experiment, model = _EXPERIMENTS[name]
    params = exp_factory.get_exp_config(experiment)
    for file in (f'models/{model}.yaml', f'experiments/{name}.yaml'):
      params = hyperparams.override_params_dict(
          params, config_files.path(file), is_strict=True)
    params.validate()
    self.assertEqual(params.task.model.encoder.get().as_dict(),
                     modeling.get_architecture(model).as_dict())

  @parameterized.parameters('pretrain', 'distill', 'distill_tf1_reference',
                            'squad_v1', 'squad_v2')
  def test_a_full_scale_file_is_the_registered_experiment(self, name):
    registered = exp_factory.get_exp_config(_EXPERIMENTS[name][0])
    read = hyperparams.override_params_dict(
        exp_factory.get_exp_config(_EXPERIMENTS[name][0]),
        config_files.path(f'experiments/{name}.yaml'), is_strict=True)
    self.assertEqual(read.task.as_dict(), registered.task.as_dict())
    self.assertEqual(read.trainer.as_dict(), registered.trainer.as_dict())

  @parameterized.parameters(*experiments.FINE_TUNING)
  def test_fine_tuning_with_a_teacher_is_the_same_but_for_it(self, name):
    distilled = exp_factory.get_exp_config(
        f'mobilebert/distilled/{name}').as_dict()
    self.assertEqual(distilled, exp_factory.get_exp_config(
        f'mobilebert/taught/{name}').as_dict())
    self.assertEqual(distilled['task'].pop('teacher')['checkpoint'], '')
    self.assertEqual(
        distilled, exp_factory.get_exp_config(f'mobilebert/{name}').as_dict())

  def test_the_small_student_has_the_small_teacher(self):
    read = _read(config_files.path('experiments/distill_small.yaml'))
    self.assertEqual(read['task']['teacher'],
                     modeling.get_architecture('ib_bert_small').as_dict())
    schedule = read['task']['schedule']
    self.assertEqual(
        read['trainer']['train_steps'],
        4 * schedule['steps_per_block'] + schedule['distillation_steps'])

  @parameterized.parameters(*_EXPERIMENTS)
  def test_a_file_opens_with_the_command_that_runs_it(self, name):
    text = pathlib.Path(
        config_files.path(f'experiments/{name}.yaml')).read_text('utf-8')
    experiment, model = _EXPERIMENTS[name]
    self.assertIn(f'--experiment={experiment} ', text)
    self.assertIn(f'--config_file=configs/models/{model}.yaml', text)

  def test_an_unknown_file_is_named_with_those_there_are(self):
    with self.assertRaisesRegex(FileNotFoundError, 'models/mobilebert.yaml'):
      config_files.path('models/nothing.yaml')


if __name__ == '__main__':
  tf.test.main()
