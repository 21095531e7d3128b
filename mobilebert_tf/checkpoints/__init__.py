# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Weights from and to files: TF1, Hugging Face, the Model Garden and ours.

Importing it gives the models their `from_pretrained` and `save_pretrained`.
"""

from mobilebert_tf.checkpoints.checkpoint import Checkpoint
from mobilebert_tf.checkpoints.checkpoint import differences
from mobilebert_tf.checkpoints.formats import find
from mobilebert_tf.checkpoints.formats import FORMATS
from mobilebert_tf.checkpoints.formats import read
from mobilebert_tf.checkpoints.formats import recognise
from mobilebert_tf.checkpoints.formats import write
from mobilebert_tf.checkpoints.models import assign
from mobilebert_tf.checkpoints.models import build
from mobilebert_tf.checkpoints.models import load
from mobilebert_tf.checkpoints.models import of_model
from mobilebert_tf.checkpoints.models import restore
from mobilebert_tf.checkpoints.models import save
from mobilebert_tf import modeling

modeling.register_checkpoints(load, save)

__all__ = [
    'FORMATS', 'Checkpoint', 'assign', 'build', 'differences', 'find', 'load',
    'of_model', 'read', 'recognise', 'restore', 'save', 'write'
]
