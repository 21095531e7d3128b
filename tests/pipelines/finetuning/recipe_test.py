# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A recipe says what is wrong with it, and what kind of task it is."""

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib

_OWN = {'task': 'classification', 'train_file': 'a', 'dev_file': 'b',
        'architecture': 'mobilebert_small'}


class RecipeTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ({'task': 'poetry'}, "no task 'poetry'; there are cola, .*squad_v2"),
      ({'task': 'ax'}, "no task 'ax'"),
      ({'task': 'sst2', 'train_file': '', 'dev_file': ''},
       'sst2 needs data_dir, .* SST-2'),
      ({'task': 'sst2', 'data_dir': 'glue'},
       'sst2 reads the files of data_dir, not train_file, dev_file'),
      ({'hidden_weight': 1.0}, 'hidden_weight is 1.0, but there is no teacher'),
      ({'dev_file': ''}, 'needs train_file and dev_file'),
      ({'label_columns': ('a', 'b')},
       'label_columns are a, b, but a text of classification has one label'),
      ({'architecture': ''}, 'either init_checkpoint or'),
      ({'init_checkpoint': 'x'}, 'either init_checkpoint or'),
      ({'learning_rate': 0.0}, 'learning_rate is 0.0'),
      ({'learning_rate': float('nan')}, 'learning_rate is nan'),
      ({'epochs': float('inf')}, 'epochs is inf'),
      ({'batch_size': 0}, 'batch_size is 0'),
      ({'max_length': -1}, 'max_length -1'),
  )
  def test_what_makes_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      recipe_lib.Recipe(**{**_OWN, **fields})

  @parameterized.parameters(
      ('sst2', 'classification'), ('stsb', 'regression'),
      ('squad_v2', 'question_answering'), ('regression', 'regression'),
      ('token_classification', 'token_classification'),
      ('multi_label_classification', 'multi_label_classification'))
  def test_kinds(self, task, kind):
    fields = {**_OWN, 'task': task}
    if task in ('sst2', 'stsb'):
      fields |= {'data_dir': 'glue', 'train_file': '', 'dev_file': ''}
    self.assertEqual(recipe_lib.Recipe(**fields).kind.name, kind)

  def test_steps(self):
    recipe = recipe_lib.Recipe(**_OWN, batch_size=32, epochs=3)
    self.assertEqual(recipe.num_steps(67_349), round(3 * 67_349 / 32))
    self.assertEqual(recipe.num_steps(1), 1)


if __name__ == '__main__':
  tf.test.main()
