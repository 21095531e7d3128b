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

"""What a recipe starts from: architecture, vocabulary and weights."""

import dataclasses
import os
import pathlib

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.data import vocabulary as vocabulary_lib
from mobilebert_tf.finetuning import recipe as recipe_lib

_VOCABULARY = 'vocab.txt'


@dataclasses.dataclass(frozen=True)
class Start:
  """Where training starts.

  Attributes:
    architecture: Of the encoder.
    vocab_file: The vocabulary, a copy in the folder of the run.
    lower_case: Whether the tokenizer lower-cases.
    checkpoint: What to restore; empty for random weights.
  """
  architecture: modeling.MobileBertConfig
  vocab_file: str
  lower_case: bool
  checkpoint: str


def prepare(recipe: recipe_lib.Recipe, folder: pathlib.Path) -> Start:
  """Reads what the recipe names, and puts the vocabulary into the folder.

  Args:
    recipe: The recipe.
    folder: The run's; gets `vocab.txt`, so that it can be moved.

  Returns:
    Where training starts.

  Raises:
    FileNotFoundError: If there is no such checkpoint or vocabulary.
    ValueError: If it is damaged, or no vocabulary is known.
  """
  lower_case, vocabulary = True, None
  if recipe.init_checkpoint:
    checkpoint = checkpoints.read(recipe.init_checkpoint)
    architecture = checkpoint.architecture
    lower_case, vocabulary = checkpoint.lower_case, checkpoint.vocabulary
  else:
    architecture = modeling.get_architecture(recipe.architecture)
  if recipe.vocab_file:
    vocabulary = vocabulary_lib.Vocabulary.read(
        os.path.expanduser(recipe.vocab_file))
  if vocabulary is None:
    raise ValueError(
        f'No vocabulary lies with {recipe.init_checkpoint or "random weights"}:'
        ' name it as vocab_file.')
  if not recipe.init_checkpoint:
    architecture = modeling.get_architecture(
        recipe.architecture, vocab_size=len(vocabulary))
  path = folder / _VOCABULARY
  vocabulary.write(str(path))
  vocabulary_lib.check_size(str(path), architecture.vocab_size)
  return Start(architecture, str(path), lower_case, recipe.init_checkpoint)


def fit_length(recipe: recipe_lib.Recipe, usual: int,
               architecture: modeling.MobileBertConfig) -> int:
  """Returns the longest text in tokens; a [PAD] has to fit behind it.

  Args:
    recipe: May name it.
    usual: The task's.
    architecture: Has so many positions.

  Raises:
    ValueError: If the recipe names more than there are positions.
  """
  longest = architecture.max_position_embeddings - 1
  if recipe.max_length > longest:
    raise ValueError(
        f'max_length is {recipe.max_length}, but a text can have at most '
        f'{longest} tokens: the model has {longest + 1} positions, and a [PAD] '
        'follows the longest text.')
  return recipe.max_length or min(usual, longest)
