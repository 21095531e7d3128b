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

"""Requests that TensorFlow Serving sends itself before it answers others."""

from collections.abc import Mapping, Sequence
import os
import pathlib

import tensorflow as tf
from tensorflow_serving.apis import model_pb2
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_log_pb2

# Where TensorFlow Serving looks for them, within the SavedModel.
FILE = pathlib.PurePath('assets.extra', 'tf_serving_warmup_requests')


def write(saved_model: str | os.PathLike, signature: str,
          requests: Sequence[Mapping[str, tf.Tensor]]) -> None:
  """Puts requests into a SavedModel.

  The first request of a kind takes longer than those that follow: memory is
  claimed, and XLA compiles. With these, that is over before a client asks.

  Args:
    saved_model: The SavedModel's folder.
    signature: The signature that they are for.
    requests: The inputs of each, by name.

  Example: `write('export/1', 'serve_text', [{'text': tf.constant(['a'])}])`
  """
  path = pathlib.Path(saved_model) / FILE
  path.parent.mkdir(exist_ok=True)
  with tf.io.TFRecordWriter(str(path)) as writer:
    for inputs in requests:
      request = predict_pb2.PredictRequest(
          model_spec=model_pb2.ModelSpec(signature_name=signature),
          inputs={name: tf.make_tensor_proto(value.numpy(), value.dtype)
                  for name, value in inputs.items()})
      log = prediction_log_pb2.PredictionLog(
          predict_log=prediction_log_pb2.PredictLog(request=request))
      writer.write(log.SerializeToString())
