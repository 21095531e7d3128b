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
