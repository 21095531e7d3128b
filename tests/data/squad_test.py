# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""SQuAD files: what is read, what is refused, and splitting by article."""

import gzip
import json

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf.data import squad
from mobilebert_tf.tasks.question_answering import task
from tests.data import squad_samples as samples
from tests.data import temporary
from tests import shared_data

_SPLIT = 'data/squad/split_by_article.json'
_DEV = 'data/squad/dev-v1.1.rebuilt.json'


class ReadTest(parameterized.TestCase, temporary.TemporaryFiles):

  def _write(self, *articles, name: str = 'data.json', **fields) -> str:
    return self.make_file(name, samples.dataset(*articles, **fields))

  def test_questions_and_contexts_in_order(self):
    data = squad.read(self._write(
        samples.article('a cat', samples.question('1', answers=[('cat', 2)])),
        samples.article('a dog', samples.question('2', 'what ?'), title='U')))
    self.assertEqual(data.contexts, ('a cat', 'a dog'))
    self.assertEqual(data.titles, ('T', 'U'))
    self.assertEqual([q.id for q in data.questions], ['1', '2'])
    self.assertEqual(data.questions[0].answers, (squad.GoldAnswer('cat', 2),))
    self.assertEqual(data.questions[1].text, 'what ?')
    self.assertEqual(data.context(data.questions[1]), 'a dog')

  @parameterized.parameters(
      ('1.1', {}, False), ('v2.0', {}, True), ('2.0', {}, True),
      ('', {'is_impossible': False}, True))
  def test_which_version_it_is(self, version, fields, expected):
    data = squad.read(self._write(
        samples.article('a', samples.question('1', **fields)), version=version))
    self.assertEqual(data.has_unanswerable, expected)

  def test_real_files(self):
    data = squad.read([
        shared_data.path(_DEV),
        shared_data.path('data/squad/train-v2.0.subset10articles.json')])
    self.assertLen(data.questions, 10_570 + 4_719)
    self.assertEqual(sum(q.is_impossible or False for q in data.questions), 348)
    self.assertEqual({q.located(data.context(q)) is None
                      for q in data.questions if q.answers}, {False})

  def test_unlabelled_questions_can_be_read(self):
    data = squad.read(self.make_file('data.json', json.dumps({'data': [
        {'paragraphs': [{'context': 'a', 'qas': [
            {'id': '1', 'question': 'b'}]}]}]})))
    self.assertEqual(data.questions[0].answers, ())

  def test_a_byte_order_mark_and_odd_characters(self):
    text = 'a\x00 \u202bעברית\u202c 🦜‍\U0001f4a9 \ud83d'
    article = samples.article(text, samples.question('1'))
    data = squad.read(self.make_file(
        'data.json', b'\xef\xbb\xbf' + samples.dataset(article).encode()))
    self.assertEqual(data.contexts, (text,))

  # === Articles ===

  def test_titles_choose(self):
    path = self._write(*(samples.article(t, samples.question(t), title=t)
                         for t in ('A', 'Fresno,_California', 'C')))
    for fields, expected in (
        ({'titles': ['C', 'A']}, ('A', 'C')),
        ({'exclude_titles': ['Fresno,_California']}, ('A', 'C')),
        ({'titles': ['A', 'C'], 'exclude_titles': ['A']}, ('C',))):
      self.assertEqual(squad.read(path, **fields).titles, expected)

  def test_an_unknown_title_is_named_with_near_ones(self):
    path = self._write(samples.article('x', samples.question('1'),
                                       title='Super_Bowl_50'))
    with self.assertRaisesRegex(
        ValueError, "called 'Superbowl_50'. Near are 'Super_Bowl_50'"):
      squad.read(path, exclude_titles=['Superbowl_50'])

  def test_leaving_all_out_is_refused(self):
    path = self._write(samples.article('x', samples.question('1')))
    with self.assertRaisesRegex(ValueError, 'no question in these articles'):
      squad.read(path, exclude_titles=['T'])

  def test_a_file_is_split_in_two(self):
    path = shared_data.path(_DEV)
    held_out = json.loads(shared_data.path(_SPLIT).read_text())[
        'eval_articles_v1.1']
    parts = (squad.read(path, exclude_titles=held_out),
             squad.read(path, titles=held_out))
    self.assertEqual(sum(len(p.questions) for p in parts), 10_570)
    self.assertEqual(set(parts[1].titles), set(held_out))
    self.assertNoCommonElements(*(p.titles for p in parts))

  # === What is refused ===

  @parameterized.parameters(
      ('{"data": [{"title": "T", ', 'data.json:1: not JSON, or cut off'),
      ('', 'data.json:1: not JSON'),
      ('\n\n{"a" 1}', r'data.json:3: not JSON.*at column 6'),
      ('[]', 'data.json: not a SQuAD file.*this is an array'),
      ('3', 'this is a number'),
      ('{"1": "cat"}', "this is an object of '1'"),
      ('{"data": {}}', "'data' is an object of nothing; it has to be an array"),
      ('{"data": [7]}', r'data\[0\] is a number, not an object'),
      ('{"data": [{}]}', r"data\[0\]: 'paragraphs' is missing"),
      ('{"data": []}', 'no question'),
      ('[' * 100_000, 'too deeply nested|not JSON'),
      ('{"data": NaN}', 'NaN is no number of JSON'))
  def test_another_shape(self, content, message):
    with self.assertRaisesRegex(ValueError, message):
      squad.read(self.make_file('data.json', content))

  def test_ids_may_be_numbers_and_the_file_compressed(self):
    content = samples.dataset(samples.article(
        'a', *({**samples.question('1'), 'id': id_} for id_ in (262, '0', 0))))
    with self.assertRaisesRegex(ValueError, "the id '0' is already that of"):
      squad.read(self.make_file('data.json', content))
    path = self.make_file(
        'data.json.GZ', gzip.compress(content.replace(': 0,', ': 7,').encode()))
    self.assertEqual([q.id for q in squad.read(path).questions],
                     ['262', '0', '7'])

  @parameterized.parameters(
      ('v2.0', True), ('2', True), ('1.1', False), ('2019-03', False))
  def test_the_version_unless_it_is_said(self, version, version_2):
    path = self.make_file('data.json', samples.dataset(
        samples.article('a', samples.question('1')), version=version))
    self.assertEqual(squad.read(path).has_unanswerable, version_2)
    data = squad.read(path, version_2=not version_2)
    self.assertEqual(data.has_unanswerable, not version_2)
    squad.read(path, version_2=True).check_answers()
    with self.assertRaisesRegex(ValueError, 'no answer.*--task=squad_v2'):
      squad.read(path, version_2=False).check_answers()

  @parameterized.parameters(
      ({'id': 7.5}, "'id' is a number; it has to be a string"),
      ({'id': True}, "'id' is a truth value; it has to be a string"),
      ({'question': None}, "'question' is null; it has to be a string"),
      ({'answers': [{'text': 'a', 'answer_start': '0'}]},
       r"answers\[0\]: 'answer_start' is a string; it has to be a whole"),
      ({'answers': [{'text': 'a', 'answer_start': True}]},
       "'answer_start' is a truth value"),
      ({'answers': ['a']}, r'answers\[0\] is a string, not an object'),
      ({'is_impossible': 'no'}, "'is_impossible' is a string"))
  def test_a_field_of_another_type(self, fields, message):
    path = self._write(samples.article('a', {
        **samples.question('1'), **fields}))
    with self.assertRaisesRegex(
        ValueError, r'data.json: data\[0\].paragraphs\[0\].qas\[0\].*'
        + message):
      squad.read(path)

  def test_an_id_that_is_there_twice(self):
    path = self._write(samples.article(
        'a', samples.question('1'), samples.question('1')))
    with self.assertRaisesRegex(
        ValueError, r"qas\[1\]: the id '1' is already that of .*qas\[0\]"):
      squad.read(path)
    with self.assertRaisesRegex(ValueError, 'more.json.*already.*data.json'):
      squad.read([self._write(samples.article('a', samples.question('1'))),
                  self._write(samples.article('a', samples.question('1')),
                              name='more.json')])

  def test_what_is_no_utf8(self):
    with self.assertRaisesRegex(ValueError, 'data.json:2: not UTF-8'):
      squad.read(self.make_file('data.json', b'{"data":\n"\xff"}'))

  def test_a_missing_file(self):
    with self.assertRaisesRegex(FileNotFoundError, 'nothing.json does not'):
      squad.read('nothing.json')


class SelectTest(parameterized.TestCase, temporary.TemporaryFiles):

  def _select(self, *questions, context: str = 'a cat sat', v2: bool = False
              ) -> task.TrainingQuestions:
    data = squad.read(self.make_file('data.json', samples.dataset(
        samples.article(context, *questions))))
    return task.select(data, v2)

  def test_the_first_answer_at_its_offset_counts(self):
    chosen = self._select(samples.question(
        '1', answers=[('cat', 0), ('cat', 2), ('cat sat', 2)]))
    self.assertEqual(chosen.spans.tolist(), [[2, 5]])
    self.assertEqual(chosen.skipped, {})

  @parameterized.parameters(
      (('cat', 1), 'the answer is not at its offset'),
      (('dog', 2), 'the answer is not at its offset'),
      (('cat', -7), 'the answer is not at its offset'),
      (('t', 8_000), 'the answer is not at its offset'),
      (('', 2), 'the answer is empty'),
      ((' ', 1), 'the answer is empty'))
  def test_an_answer_elsewhere_is_skipped(self, answer, reason):
    chosen = self._select(samples.question('1', answers=[answer]),
                          samples.question('2', answers=[('sat', 6)]))
    self.assertEqual([q.id for q in chosen.questions], ['2'])
    self.assertEqual(list(chosen.skipped), [reason])
    self.assertRegex(chosen.skipped[reason][0], r'data.json: .*qas\[0\]')

  def test_no_answer_is_for_v2_alone(self):
    questions = [samples.question('1'), samples.question(
        '2', is_impossible=True), samples.question('3', answers=[('a', 0)])]
    chosen = self._select(*questions, v2=True)
    self.assertEqual(chosen.spans.tolist(), [[-1, -1], [-1, -1], [0, 1]])
    chosen = self._select(*questions)
    self.assertEqual([q.id for q in chosen.questions], ['3'])
    self.assertEqual([len(p) for p in chosen.skipped.values()], [2])

  def test_contradictions_are_skipped(self):
    chosen = self._select(
        samples.question('1', is_impossible=True, answers=[('a', 0)]),
        samples.question('2', is_impossible=False), v2=True)
    self.assertEqual(chosen.questions, ())
    self.assertEqual({k: len(v) for k, v in chosen.skipped.items()},
                     {'is_impossible contradicts the answers': 2})

  def test_what_has_no_text_is_skipped(self):
    answer = [('a', 0)]
    self.assertIn('the question is empty', self._select(
        samples.question('1', ' \n', answers=answer)).skipped)
    self.assertIn('the context is empty', self._select(
        samples.question('1', answers=answer), context='\t').skipped)

  @parameterized.parameters(('utf16', 'é😀 b😀 ', 8), ('utf8', 'é中 ', 6))
  def test_offsets_of_other_units_are_named_and_read(self, unit, before, start):
    path = self.make_file('data.json', samples.dataset(samples.article(
        f'{before}cat sat', samples.question('1', answers=[('cat', start)]))))
    chosen = task.select(squad.read(path), False)
    [reason] = chosen.skipped
    self.assertIn(f'--offsets={unit}', reason)
    data = squad.read(path, offsets=unit)
    self.assertEqual(task.select(data, False).spans.tolist(),
                     [[len(before), len(before) + 3]])
    with self.assertRaisesRegex(ValueError, 'characters, utf16, utf8'):
      squad.read(path, offsets='bytes')

  def test_an_offset_within_a_character_is_none(self):
    path = self.make_file('data.json', samples.dataset(samples.article(
        '😀 cat', samples.question('1', answers=[('😀', 1), (' ', -1)]))))
    [question] = squad.read(path, offsets='utf16').questions
    self.assertEqual([answer.start for answer in question.answers], [-1, -1])


if __name__ == '__main__':
  absltest.main()
