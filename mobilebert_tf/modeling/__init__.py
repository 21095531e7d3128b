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

"""The models: architectures, layers, the encoder, heads, task models."""

from mobilebert_tf.modeling.architectures import ARCHITECTURES
from mobilebert_tf.modeling.architectures import get_architecture
from mobilebert_tf.modeling.architectures import MobileBertConfig
from mobilebert_tf.modeling.attention import MobileBertAttention
from mobilebert_tf.modeling.block import FeedForward
from mobilebert_tf.modeling.block import MobileBertBlock
from mobilebert_tf.modeling.block import Projection
from mobilebert_tf.modeling.embeddings import MobileBertEmbedding
from mobilebert_tf.modeling.embeddings import WordEmbedding
from mobilebert_tf.modeling.encoder import build_encoder
from mobilebert_tf.modeling.encoder import MobileBertEncoder
from mobilebert_tf.modeling.graph_model import GraphModel
from mobilebert_tf.modeling.graph_model import register_checkpoints
from mobilebert_tf.modeling.heads import MaskedLanguageModelLogits
from mobilebert_tf.modeling.heads import MaskedLanguageModelTransform
from mobilebert_tf.modeling.heads import NextSentenceHead
from mobilebert_tf.modeling.heads import Pooler
from mobilebert_tf.modeling.layers import NoNorm
from mobilebert_tf.modeling.layout import count_parameters
from mobilebert_tf.modeling.task_models import MobileBertClassifier
from mobilebert_tf.modeling.task_models import MobileBertPretrainer
from mobilebert_tf.modeling.task_models import MobileBertQuestionAnswering
from mobilebert_tf.modeling.task_models import MobileBertSpanLabeler
from mobilebert_tf.modeling.task_models import MobileBertTokenClassifier

__all__ = [
    'ARCHITECTURES', 'FeedForward', 'GraphModel', 'MaskedLanguageModelLogits',
    'MaskedLanguageModelTransform', 'MobileBertAttention', 'MobileBertBlock',
    'MobileBertClassifier', 'MobileBertConfig', 'MobileBertEmbedding',
    'MobileBertEncoder', 'MobileBertPretrainer', 'MobileBertQuestionAnswering',
    'MobileBertSpanLabeler', 'MobileBertTokenClassifier', 'NextSentenceHead',
    'NoNorm', 'Pooler', 'Projection', 'WordEmbedding', 'build_encoder',
    'count_parameters', 'get_architecture', 'register_checkpoints',
]
