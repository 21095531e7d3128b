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

"""Weights to deployables: SavedModel modules and TFLite conversion.

Here stands what answers. What loads a training run (`loading`) and exports it
(`exporting`) brings the tasks along and is imported by its module.
"""

from mobilebert_tf.serving.inference_model import InferenceModel
from mobilebert_tf.serving.text_classification import TextClassification
from mobilebert_tf.serving.tflite_classifier import TFLiteClassifier

__all__ = ['InferenceModel', 'TFLiteClassifier', 'TextClassification']
