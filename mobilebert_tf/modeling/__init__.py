# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The models: architectures, layers, the encoder, heads, task models."""

from mobilebert_tf.modeling.architectures import ARCHITECTURES
from mobilebert_tf.modeling.architectures import BertConfig
from mobilebert_tf.modeling.architectures import get_architecture
from mobilebert_tf.modeling.architectures import MobileBertConfig
from mobilebert_tf.modeling.bert import BertEncoder
from mobilebert_tf.modeling.block import FeedForward
from mobilebert_tf.modeling.block import MobileBertAttention
from mobilebert_tf.modeling.block import MobileBertBlock
from mobilebert_tf.modeling.block import Projection
from mobilebert_tf.modeling.early_exit import EarlyExitClassifier
from mobilebert_tf.modeling.early_exit import ExitHeads
from mobilebert_tf.modeling.encoder import build_encoder
from mobilebert_tf.modeling.encoder import MobileBertEmbedding
from mobilebert_tf.modeling.encoder import MobileBertEncoder
from mobilebert_tf.modeling.encoder import Pooler
from mobilebert_tf.modeling.encoder import WordEmbedding
from mobilebert_tf.modeling.graph_model import GraphModel
from mobilebert_tf.modeling.graph_model import register_checkpoints
from mobilebert_tf.modeling.layers import NoNorm
from mobilebert_tf.modeling.layout import count_parameters
from mobilebert_tf.modeling.sentence_encoder import SentenceEncoder
from mobilebert_tf.modeling.task_models import MaskedLanguageModelLogits
from mobilebert_tf.modeling.task_models import MaskedLanguageModelTransform
from mobilebert_tf.modeling.task_models import MobileBertClassifier
from mobilebert_tf.modeling.task_models import MobileBertPretrainer
from mobilebert_tf.modeling.task_models import MobileBertQuestionAnswering
from mobilebert_tf.modeling.task_models import MobileBertSpanLabeler
from mobilebert_tf.modeling.task_models import MobileBertTokenClassifier
from mobilebert_tf.modeling.task_models import NextSentenceHead
from mobilebert_tf.modeling.validation import ignore_keras_json

__all__ = [
    'ARCHITECTURES', 'BertConfig', 'BertEncoder', 'EarlyExitClassifier',
    'ExitHeads', 'FeedForward', 'GraphModel',
    'MaskedLanguageModelLogits', 'MaskedLanguageModelTransform',
    'MobileBertAttention', 'MobileBertBlock', 'MobileBertClassifier',
    'MobileBertConfig', 'MobileBertEmbedding', 'MobileBertEncoder',
    'MobileBertPretrainer', 'MobileBertQuestionAnswering',
    'MobileBertSpanLabeler', 'MobileBertTokenClassifier', 'NextSentenceHead',
    'NoNorm', 'Pooler', 'Projection', 'SentenceEncoder', 'WordEmbedding',
    'build_encoder', 'count_parameters', 'get_architecture',
    'register_checkpoints',
]

ignore_keras_json()
