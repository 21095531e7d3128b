# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What labels of words add to the report of an evaluation."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation
from mobilebert_tf.reporting import page


class TokenReportParts(evaluation.ReportParts):
  """Confusions and scores of labels or types of entities."""
  finding = '{value} of {examples} {are} right in every word{interval}'
  example = 'sentence'
  length_unit = 'words'
  mistake_title = 'Wrong'

  def rows(self, results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return evaluation.weakest_class(results)

  def mistake(self, each: Mapping[str, Any]) -> evaluation.Mistake:
    wrong = f'{each["num_wrong"]} of {each["words"]}'
    truth, answer = (', '.join(f'{word["word"]} {word[which]}'
                               for word in each['wrong'])
                     for which in ('truth', 'answer'))
    return evaluation.Mistake(
        truth, answer, wrong,
        f'{wrong} words, example {formatting.count(each["row"])}',
        [each['text']])

  def sections(self, results: Mapping[str, Any]) -> list[page.Section]:
    return [evaluation.classes_section(results, 'Confusion matrix of words')]
