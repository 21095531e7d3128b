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
"""Labels of words, as the engines see them."""

from mobilebert_tf.tasks import text_kind


class TokenClassification(text_kind.TextKind):
  """A label for each word of a text: entities, parts of speech."""

  name = 'token_classification'
  title = 'token classifier'
  head = 'token_classification'
  experiment = 'mobilebert/token_classification'
  reads_pairs = False
  has_labels = True
  recipes = ('token_classification',)

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.MobileBertTokenClassifier

  def is_run(self, task):
    return 'class_names' in task

  def task_config(self):
    from mobilebert_tf.tasks.token_classification import loader
    from mobilebert_tf.tasks.token_classification import task
    return task.TokenClassificationConfig(
        train_data=loader.TokenClassificationDataConfig(),
        validation_data=loader.TokenClassificationDataConfig(
            is_training=False))

  def labels_of_run(self, task):
    from mobilebert_tf.tasks.token_classification import loader
    return list(task.class_names or loader.find_labels(task.train_data))

  def line_answerer(self, trained, batch_size):
    from mobilebert_tf.tasks.token_classification import lines
    return lines.WordLineAnswerer(trained, batch_size)

  def served_module(self, trained, model, text_tokenizer, *, xla):
    raise type(self.missing('export'))(
        'A token classifier is not exported, because words are found outside '
        'of TensorFlow; python -m mobilebert_tf.predict labels them.')

  def evaluate(self, trained, options):
    from mobilebert_tf.tasks.token_classification import evaluation
    return evaluation.evaluate(trained, options)

  def report_parts(self):
    from mobilebert_tf.tasks.token_classification import report
    return report.TokenReportParts()

  def experiments(self):
    from mobilebert_tf.tasks import recipes
    return [recipes.Experiment(
        self.name, self.task_config,
        train_steps=5 * 14_041 // 32,  # Five epochs of CoNLL 2003.
        learning_rate=5e-5)]

  def check_recipe(self, recipe):
    from mobilebert_tf.tasks import recipes
    recipes.check_files(recipe)

  def read_recipe(self, recipe, start):
    from mobilebert_tf.tasks.token_classification import recipes
    return recipes.read(recipe, start)

  def score_run(self, recipe, data, trained, folder):
    from mobilebert_tf.tasks.token_classification import recipes
    return recipes.score_run(recipe, data, trained)
