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
