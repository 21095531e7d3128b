# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Says where benchmarks find the data of a task."""

import json
import pathlib
from typing import Any

from mobilebert_tf.common import files


def fields(task: str, data: pathlib.Path,
           output: pathlib.Path) -> dict[str, Any]:
  """Returns the fields of a fine-tuning recipe that name its data.

  SQuAD's training set is all of the development set's articles but eight, and
  ten of version 2.0; the eight are held out (`squad/split_by_article.json`).

  Args:
    task: Task of GLUE, or `squad_v1`.
    data: Folder that holds `glue/` and `squad/`.
    output: Folder that gets SQuAD's training set.
  """
  if task != 'squad_v1':
    return {'data_dir': str(data / 'glue')}
  split = json.loads((data / 'squad/split_by_article.json').read_text())
  dev = data / 'squad/dev-v1.1.rebuilt.json'
  merged = output / 'squad_train.json'
  articles = json.loads(dev.read_text())['data'] + json.loads(
      (data / 'squad/train-v2.0.subset10articles.json').read_text())['data']
  files.write_text(merged, json.dumps({'version': '1.1', 'data': articles}))
  return {'train_file': str(merged), 'dev_file': str(dev),
          'dev_titles': tuple(split['eval_articles_v1.1'])}
