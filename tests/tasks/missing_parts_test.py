# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A kind of task, or a format, that lacks a part says so by name."""

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf.deployment import formats
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import registry

_KINDS = tuple(registry.KINDS)
# Every part that a kind may lack, with arguments that nothing looks at.
_PARTS = {
    'task_config': (), 'line_answerer': (None, 1), 'answerer': (None,),
    'answers': (None, None),
    'encode': (None, None), 'differ': (None, None), 'to_answer': (None, ()),
    'evaluate': (None, None), 'read_labelled': ('', None, None),
    'read_texts': ('', False), 'agreement': (None, None),
    'read_recipe': (None, None), 'score_run': (None, None, None, ''),
    'report_parts': (), 'served_module': (None, None, None),
}
_KEYWORDS = {'encode': {'rows': 1, 'length': None, 'most': None},
             'served_module': {'xla': False}}
_LACKING = {
    'embedding': {'task_config', 'line_answerer', 'answerer', 'evaluate',
                  'read_labelled', 'read_recipe', 'score_run',
                  'report_parts'},
    # These answer files their own way (`answer_file`).
    'question_answering': {'to_answer'},
    'token_classification': {'to_answer'},
    'multi_label_classification': {'to_answer'},
}


class MissingPartsTest(parameterized.TestCase):

  @parameterized.parameters(*_KINDS)
  def test_a_kind_names_itself_and_the_part(self, name):
    kind = registry.get(name)
    lacking = {part for part in _PARTS if getattr(type(kind), part) is getattr(
        task_kind.TaskKind, part)}
    self.assertEqual(lacking, _LACKING.get(name, set()))
    for part in lacking:
      with self.assertRaisesRegex(
          task_kind.MissingPartError,
          f'^The task {name} has no [a-zA-Z ]+\\.$'):
        getattr(kind, part)(*_PARTS[part], **_KEYWORDS.get(part, {}))

  @parameterized.parameters(*_KINDS)
  def test_a_kind_can_be_exported_to_every_format(self, name):
    kind = registry.get(name)
    self.assertNotEmpty(kind.text_outputs)
    self.assertNotEmpty(kind.number_outputs)
    self.assertTrue(kind.model_class)

  def test_every_part_is_known_here(self):
    raising = {name for name, member in vars(task_kind.TaskKind).items()
               if 'missing' in getattr(getattr(member, '__code__', None),
                                       'co_names', ())}
    self.assertEqual(raising, set(_PARTS))

  def test_a_task_that_is_none(self):
    with self.assertRaisesRegex(
        ValueError, "task is 'pretraining'; accepted: classification"):
      registry.get('pretraining')
    with self.assertRaisesRegex(ValueError, "no task 'pretraining'; there are"):
      registry.kind_of_recipe('pretraining')

  @parameterized.parameters(*formats.FORMATS)
  def test_a_format_has_its_parts(self, name):
    each = formats.FORMATS[name]
    self.assertTrue(callable(each._part(each.writer, 'write')))
    self.assertTrue(callable(each._part(each.runner, 'open_runner')))

  def test_a_format_names_itself_and_the_part(self):
    format_ = formats.Format('x', 'Xfmt', 'agreement', 'agreement', suffix='.x')
    with self.assertRaisesRegex(ValueError, r'format Xfmt has no write \('):
      format_.write(None)
    with self.assertRaisesRegex(ValueError, 'Xfmt has no open_runner'):
      format_.open('a.x', registry.KINDS)


if __name__ == '__main__':
  absltest.main()
