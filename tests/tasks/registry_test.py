# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The kinds of tasks: found by name, and named nowhere else."""

import ast
import pickle

from absl.testing import absltest

from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import glue
from tests import python_files

# Heads of checkpoints, which Hugging Face calls by the same words.
_HEADS = 'mobilebert_tf/checkpoints/'
# Recipes by name, as a user of `finetune` gives them.
_RECIPES = 'mobilebert_tf/pipelines/'
# Columns of files made elsewhere.
_COLUMNS = 'mobilebert_tf/data/'


class RegistryTest(absltest.TestCase):

  def test_kinds_are_found_by_old_and_new_names(self):
    for name, kind in registry.KINDS.items():
      for each in (name, *kind.old_names):
        self.assertIs(registry.get(each), kind)
    with self.assertRaisesRegex(ValueError, "'poetry'; accepted: classif"):
      registry.get('poetry')

  def test_recipes_are_all_of_glue_and_one_kind_each(self):
    tasks = registry.recipe_tasks()
    self.assertLen(set(tasks), len(tasks))
    self.assertContainsSubset(set(glue.GLUE_TASKS) - {'ax'}, tasks)
    for task in glue.GLUE_TASKS.values():
      if task.name != 'ax':
        self.assertEqual(registry.kind_of_recipe(task.name).has_labels,
                         task.labels is not None, task.name)

  def test_a_kind_reaches_another_process_as_itself(self):
    for kind in registry.KINDS.values():
      self.assertEqual(pickle.loads(pickle.dumps(kind)), kind)

  def test_a_part_that_is_not_defined_is_named(self):
    kind = registry.get('embedding')
    self.assertFalse(kind.has_score)
    with self.assertRaisesRegex(task_kind.MissingPartError,
                                'embedding has no recipe'):
      kind.read_recipe(None, None)

  def test_no_engine_names_a_kind(self):
    names = {name for kind in registry.KINDS.values()
             for name in (kind.name, *kind.old_names)}
    names.discard('embeddings')  # Also the name of a layer.
    for path in python_files.python_files('mobilebert_tf'):
      if path.startswith(
          ('mobilebert_tf/tasks/', _HEADS, _RECIPES, _COLUMNS)):
        continue
      found = [f'{path}:{node.lineno}' for node in ast.walk(
          python_files.parse(path)) if isinstance(node, ast.Constant)
               and node.value in names]
      self.assertEmpty(found, 'Ask the TaskKind instead.')


if __name__ == '__main__':
  absltest.main()
