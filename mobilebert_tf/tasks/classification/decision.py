# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The decision between two labels, at a wanted precision or recall of one.

The threshold becomes a part of the model: the bias of its classifier is moved
such that the threshold lies at a probability of 0.5. So every export and every
runtime decides alike, by the larger probability.
"""

from collections.abc import Sequence
import dataclasses
import os
import pathlib

import numpy as np
from scipy import special
import tensorflow as tf

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.common import notices
from mobilebert_tf.common import plain_paths
from mobilebert_tf.evaluation import thresholds
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import predictor as predictor_lib

_END = '-decision'  # Of the name of the checkpoint.
_TINY = 5e-4
_KEY_END = '/bias/.ATTRIBUTES/VARIABLE_VALUE'


def check_labels(positive: str, labels: Sequence[str]) -> None:
  """Raises ValueError unless there are two labels, one of them positive."""
  if len(labels) != 2:
    raise ValueError(f'positive_label is {positive!r}, but there are '
                     f'{len(labels)} labels; a threshold decides between two. '
                     'multi_label_classification has one for each label.')
  if positive not in labels:
    raise ValueError(f'positive_label is {positive!r}, which is not one of '
                     f'{", ".join(labels)}.')


def move(trained: loading.TrainedModel, folder: str | os.PathLike,
         held_out: loader.TextExamples, positive: str, *,
         precision: float = 0.0, recall: float = 0.0) -> thresholds.Threshold:
  """Moves the decision of a run's model and of its latest checkpoint.

  Args:
    trained: The model, changed in place.
    folder: Folder of its run.
    held_out: Texts that the threshold is found on.
    positive: Label whose precision or recall is wanted.
    precision: Wanted precision; 0 to want a recall.
    recall: Wanted recall; 0 to want a precision.

  Returns:
    The threshold, of the probability of `positive` before it was moved.
  """
  number = trained.labels.index(positive)
  logits = predictor_lib.TextPredictor(trained).logits(
      held_out.texts, held_out.pairs).astype(np.float64)
  # Not probabilities, of which the surest are all 1.
  leads = logits[:, number] - logits[:, 1 - number]
  found = thresholds.find(
      held_out.label_ids == number, leads, precision=precision, recall=recall,
      lowest=leads.min() - 1)
  if not found.is_reached:
    notices.tell(
        f'No threshold of {positive!r} reaches the wanted '
        f'{"precision" if precision else "recall"} of {precision or recall:g} '
        f'on the held-out texts; the nearest has a precision of '
        f'{found.precision:.3f} and a recall of {found.recall:.3f}.')
  bias = trained.model.checkpoint_items['classifier'].bias
  before = bias.numpy()
  after = before.copy()
  after[number] -= found.value
  bias.assign(after)
  _rewrite(pathlib.Path(folder), before, after)
  return dataclasses.replace(found, value=float(special.expit(found.value)))


def facts(positive: str, threshold: thresholds.Threshold) -> dict[str, str]:
  """Returns what the report says of a threshold."""
  value = f'{threshold.value:.3g}' if threshold.value >= _TINY else '0.000'
  return {'Decision': (
      f'“{positive}” from a probability of {value} on, where its '
      f'precision on these texts is {threshold.precision:.1%} and its recall '
      f'{threshold.recall:.1%}. The model is moved so that this is 0.5; other '
      'texts can get slightly worse answers')}


def _rewrite(folder: pathlib.Path, before: np.ndarray,
             after: np.ndarray) -> None:
  """Writes the latest checkpoint anew, with another bias of the classifier.

  The new one counts once it is whole; the old one is removed then.
  """
  old = bundles.latest(str(folder))
  reader = tf.train.load_checkpoint(plain_paths.prefix(old))
  tensors = {name: reader.get_tensor(name)
             for name in reader.get_variable_to_dtype_map()}
  [key] = [name for name, value in tensors.items()
           if name.endswith(_KEY_END) and 'optimizer' not in name.lower()
           and np.array_equal(value, before)]
  tensors[key] = after
  name = os.path.basename(old).removesuffix(_END) + _END
  if os.path.basename(old) == name:  # Of a process that was killed.
    name += _END
  tf.raw_ops.SaveV2(
      prefix=os.path.join(plain_paths.folder(folder), name),
      tensor_names=list(tensors), shape_and_slices=[''] * len(tensors),
      tensors=list(tensors.values()))
  bundles.write_state(str(folder), name)
  for path in folder.glob(f'{os.path.basename(old)}.*'):
    path.unlink()
