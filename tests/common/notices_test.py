# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What is left out is said, and too much of it stops a run."""

import contextlib
import io

from absl import logging
from absl.testing import absltest

from mobilebert_tf.common import notices


class NoticesTest(absltest.TestCase):

  def test_what_is_left_out_is_logged_by_reason(self):
    with self.assertLogs(level='WARNING') as logs:
      notices.tell_left_out(
          {'it is odd': ['a', 'b', 'c', 'd'], 'it is even': ['e'], 'no': []},
          50, 'questions', 'data.json')
    self.assertLen(logs.output, 2)
    self.assertIn('data.json: 4 of 50 questions skipped: it is odd, such as a, '
                  'b, c.', logs.output[0])

  def test_it_is_printed_where_errors_alone_are_logged(self):
    self.addCleanup(logging.set_verbosity, logging.get_verbosity())
    logging.set_verbosity(logging.ERROR)
    output = io.StringIO()
    with contextlib.redirect_stderr(output):
      notices.tell('10 rows are lost.')
    self.assertEqual(output.getvalue(), 'Warning: 10 rows are lost.\n')

  def test_more_than_a_tenth_is_too_much(self):
    for count, total, message in (
        (6, 50, '6 of 50 questions cannot be used, which is too many'),
        (1, 1, 'none of the 1 questions can be used')):
      with self.assertRaisesRegex(
          ValueError, f'data.json: {message}.*{count} of {total} .*: odd,'):
        notices.tell_left_out({'odd': ['a'] * count}, total, 'questions',
                              'data.json')
    notices.tell_left_out({'odd': ['a'] * 5}, 50, 'questions', 'data.json')
    notices.tell_left_out({'odd': ['a']}, 2, 'questions', 'data.json')


if __name__ == '__main__':
  absltest.main()
