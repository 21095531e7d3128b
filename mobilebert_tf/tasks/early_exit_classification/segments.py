# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A `.tflite` file in segments, each from one exit to the next.

The first segment reads a text, each other one the wide stream that the one
before it ends with. All share their weights with the unbroken model.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib

STREAM, MASK = 'stream', 'input_mask'
LOGITS, PROBABILITIES, EXIT_BLOCK = 'logits', 'probabilities', 'exit_block'

# Function of a signature, its inputs, and outputs to hand on; see `TaskKind`.
Run = Callable[..., dict[str, Any]]


def name(signature: str, index: int) -> str:
  """Returns the signature of a segment.

  Args:
    signature: That of the unbroken model, such as `serve_64`.
    index: Number of the segment, from 0.

  Example:

  >>> name('serve_64', 2)
  'exit_2_64'
  """
  return f'exit_{index}_{signature.removeprefix("serve_")}'


def run(run_signature: Run, signature: str, rule: rule_lib.Rule,
        num_blocks: int, inputs: Mapping[str, np.ndarray]
        ) -> dict[str, np.ndarray]:
  """Runs segments until the text leaves.

  Args:
    run_signature: Function that runs a signature, see `TaskKind.run_file`.
    signature: That of the unbroken model for the text's length.
    rule: The rule by which texts leave.
    num_blocks: Number of all blocks.
    inputs: Inputs of that signature, one row each.

  Returns:
    `probabilities` `[1, classes]`, and `exit_block` `[1]`.
  """
  given, text = dict(inputs), rule_lib.OneText(rule)
  for index in range(rule.num_exits):
    found = run_signature(
        name(signature, index), given, handed_on=(STREAM, MASK))
    if text.leaves(index, found[LOGITS][0].tolist()):
      return {PROBABILITIES: np.exp(rule_lib.log_softmax(found[LOGITS])),
              EXIT_BLOCK: np.array([rule.blocks[index]])}
    given = {STREAM: found[STREAM], MASK: found[MASK]}
  found = run_signature(name(signature, rule.num_exits), given)
  return {PROBABILITIES: found[PROBABILITIES],
          EXIT_BLOCK: np.array([num_blocks])}


def choose(logits: np.ndarray, rule: rule_lib.Rule,
           num_blocks: int) -> np.ndarray:
  """Returns the answers of a model that has computed all exits.

  Args:
    logits: `[texts, exits + 1, classes]`.
    rule: The rule by which texts leave.
    num_blocks: Number of all blocks.

  Returns:
    As `join`.
  """
  exits = rule.exits(logits)
  chosen = np.take_along_axis(logits, exits[:, None, None], axis=1)[:, 0]
  blocks = np.array([*rule.blocks, num_blocks])[exits]
  return join(np.exp(rule_lib.log_softmax(chosen)), blocks)


def join(probabilities: np.ndarray, blocks: np.ndarray) -> np.ndarray:
  """Returns probabilities and numbers of blocks as rows of an answer.

  Args:
    probabilities: `[texts, classes]`.
    blocks: Number of the block after which each text left, `[texts]`.

  Returns:
    float32 `[texts, classes + 1]`.
  """
  return np.concatenate(
      [probabilities, np.asarray(blocks)[:, None]], axis=1).astype(np.float32)
