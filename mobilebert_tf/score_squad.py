# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Scores answers as SQuAD's official scripts do, to the last digit.

python -m mobilebert_tf.score_squad --data=dev-v2.0.json \
  --predictions=predictions.json --null_odds=null_odds.json

Prints JSON: exact match and F1, in percent. For SQuAD v2.0 also those of the
questions that have an answer (HasAns) and that have none (NoAns) and, given the
no-answer scores, the best possible ones and the thresholds that give them.
"""

import sys

from absl import flags

from mobilebert_tf.common import program

_DATA = flags.DEFINE_string(
    'data', None, 'SQuAD v1.1 or v2.0 file with the right answers.',
    required=True)
_PREDICTIONS = flags.DEFINE_string(
    'predictions', None, 'JSON object: answers by the ids of their questions.',
    required=True)
_NULL_ODDS = flags.DEFINE_string(
    'null_odds', None,
    'JSON object: no-answer scores by the ids of their questions (v2.0).')
_NULL_THRESHOLD = flags.DEFINE_float(
    'null_threshold', 1.0, 'No-answer score above which a prediction counts as '
    "\"no answer\". The default is the official script's.")
_VERSION_2 = flags.DEFINE_bool(
    'version_2', None, 'Whether questions may have no answer (v2.0); what the '
    'data say if not given.')
_TITLES = flags.DEFINE_list(
    'titles', [], 'Only articles to score, separated by commas.')
_EXCLUDE_TITLES = flags.DEFINE_list(
    'exclude_titles', [], 'Articles to leave out, separated by commas.')


def main() -> None:
  import json

  from mobilebert_tf.common import files
  from mobilebert_tf.data import squad
  from mobilebert_tf.tasks.question_answering import metrics

  data = squad.read(files.find_file(_DATA.value), _TITLES.value,
                    _EXCLUDE_TITLES.value, version_2=_VERSION_2.value)
  predictions = squad.read_predictions(_PREDICTIONS.value)
  null_odds = None
  if _NULL_ODDS.value:
    null_odds = squad.read_null_odds(_NULL_ODDS.value)
  scores = metrics.evaluate(
      data, predictions, null_odds, _NULL_THRESHOLD.value)
  for note in squad.compare_ids(data, predictions):
    print(f'score_squad: {note}', file=sys.stderr)
  print(json.dumps(scores, indent=2))


if __name__ == '__main__':
  program.run(main)
