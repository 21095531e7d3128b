# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""SQuAD files for tests, as Python values."""

import json
from typing import Any


def question(id_: str, text: str = 'who ?', answers: Any = (),
             **fields: Any) -> dict[str, Any]:
  """Returns a question; answers are pairs of text and first character."""
  return {'id': id_, 'question': text, 'answers': [
      {'text': t, 'answer_start': start} for t, start in answers], **fields}


def article(context: str, *questions: dict[str, Any],
            title: str = 'T') -> dict[str, Any]:
  """Returns an article of one paragraph."""
  return {'title': title,
          'paragraphs': [{'context': context, 'qas': list(questions)}]}


def dataset(*articles: dict[str, Any], version: str = '1.1') -> str:
  """Returns the text of a file."""
  return json.dumps({'version': version, 'data': list(articles)})
