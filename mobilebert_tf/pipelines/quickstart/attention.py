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

"""Teacher's and student's attention on one sentence."""

import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib

_SENTENCE = 'The function returns an array with the same shape as the input.'


def compare(teacher_folder: pathlib.Path, student_folder: pathlib.Path,
            data: dict[str, Any],
            settings: settings_lib.Settings) -> dict[str, Any]:
  """Returns both models' attention probabilities on one sentence.

  Args:
    teacher_folder: The teacher's checkpoints.
    student_folder: The student's checkpoints.
    data: Holds the vocabulary's file and size.
    settings: The run's.

  Returns:
    `tokens`, and `teacher` and `student`: `[blocks, heads, tokens, tokens]`.
  """
  tokenizer = tokenizer_lib.Tokenizer(data['vocab_file'])
  inputs = tokenizer.encode([_SENTENCE], max_length=settings.max_seq_length)
  length = int(tf.reduce_sum(inputs['input_mask']))
  ids = inputs['input_word_ids'][0, :length].numpy()
  maps = {}
  for who, name, folder in (
      ('teacher', pretraining.TEACHER, teacher_folder),
      ('student', pretraining.STUDENT, student_folder)):
    config = pretraining.architecture(name, settings, data['vocab_size'])
    model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(config))
    checkpoints.restore(model, str(folder))
    scores = model.encoder(inputs)['attention_scores']
    maps[who] = np.stack([
        tf.nn.softmax(block)[0, :, :length, :length] for block in scores
    ]).round(7).tolist()
  return {
      'tokens': [tokenizer.vocabulary.tokens[token] for token in ids], **maps
  }
