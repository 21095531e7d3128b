# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A server with the contract of TensorFlow Serving, whose binary is not here.

It stands for `tensorflow_model_server`: the messages and services are those of
tensorflow-serving-api, the SavedModel is loaded into a session and run without
a look at its signature's shapes, as there. What it checks and how it writes
JSON follows predict_util.cc and json_tensor.cc of the server.
"""

import base64
from collections.abc import Iterator, Mapping
from concurrent import futures
import contextlib
import http.server
import json
import os
import threading
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_service_pb2_grpc

from tests.deployment import hostile_requests

_METHOD = 'tensorflow/serving/predict'


class RefusedError(Exception):
  """A request that the server refuses, with its gRPC code."""

  def __init__(self, code: grpc.StatusCode, message: str):
    super().__init__(message)
    self.code = code


def _invalid(message: str) -> RefusedError:
  return RefusedError(grpc.StatusCode.INVALID_ARGUMENT, message)


class ServedModel:
  """A SavedModel, answering messages.

  Args:
    name: Name of the model.
    path: Folder of its version.
  """

  def __init__(self, name: str, path: str | os.PathLike):
    self._name = name
    self._session = tf.compat.v1.Session(graph=tf.Graph())
    with self._session.graph.as_default():
      self.signatures = tf.compat.v1.saved_model.load(
          self._session, ['serve'], os.fspath(path)).signature_def

  def predict(self, request: predict_pb2.PredictRequest
              ) -> predict_pb2.PredictResponse:
    """Answers a request; raises RefusedError."""
    name = request.model_spec.signature_name or 'serving_default'
    signature = self.signature(request.model_spec.name, name)
    if set(request.inputs) != set(signature.inputs):
      raise _invalid(
          f'input size does not match signature: sent {sorted(request.inputs)},'
          f' required {sorted(signature.inputs)}')
    inputs = {key: tf.make_ndarray(value)
              for key, value in request.inputs.items()}
    for key, value in request.inputs.items():
      if value.dtype != signature.inputs[key].dtype:
        raise _invalid(f'input {key} has another type')
    unknown = set(request.output_filter) - set(signature.outputs)
    if unknown:
      raise _invalid(f'output tensor alias not found in signature: {unknown}')
    found = self.run(name, inputs)
    response = predict_pb2.PredictResponse()
    response.model_spec.name = self._name
    response.model_spec.signature_name = name
    for key in request.output_filter or found:
      response.outputs[key].CopyFrom(tf.make_tensor_proto(
          found[key], signature.outputs[key].dtype))
    return response

  def signature(self, model: str, name: str) -> Any:
    """Returns a signature; raises RefusedError."""
    if model != self._name:
      raise RefusedError(grpc.StatusCode.NOT_FOUND,
                         f'Servable not found for request: Latest({model})')
    if name not in self.signatures:
      raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION,
                         f'Serving signature key "{name}" not found.')
    if self.signatures[name].method_name != _METHOD:
      raise RefusedError(grpc.StatusCode.INTERNAL,
                         f'Expected method_name {_METHOD}')
    return self.signatures[name]

  def run(self, name: str,
          inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Runs a signature; raises RefusedError."""
    signature = self.signatures[name]
    call = hostile_requests.callable_of(self._session, signature)
    try:
      values = call(*(inputs[key] for key in sorted(inputs)))
    except tf.errors.InvalidArgumentError as error:
      raise _invalid(error.message) from error
    return dict(zip(signature.outputs, values, strict=True))

  def run_batch(self, name: str, requests: list[dict[str, np.ndarray]]
                ) -> list[dict[str, np.ndarray]]:
    """Answers requests in one batch, as with `--enable_batching`."""
    joined = {}
    for key in requests[0]:
      values = [request[key] for request in requests]
      if len({value.shape[1:] for value in values}) > 1:
        raise _invalid(f"Tensors with name '{key}' from different tasks have "
                       'different shapes and padding is turned off.')
      joined[key] = np.concatenate(values)
    found = self.run(name, joined)
    sizes = [len(next(iter(request.values()))) for request in requests]
    for key, value in found.items():
      if value.shape[:1] != (sum(sizes),):
        raise RefusedError(
            grpc.StatusCode.FAILED_PRECONDITION,
            f'Batched output tensor {key} has another 0th dimension.')
    ends = np.cumsum(sizes)
    return [{key: value[end - size:end] for key, value in found.items()}
            for size, end in zip(sizes, ends, strict=True)]

  def predict_json(self, model: str, body: bytes) -> dict[str, Any]:
    """Answers the body of a REST request; raises RefusedError."""
    try:
      asked = json.loads(body)
    except ValueError as error:
      raise _invalid(f'JSON Parse error: {error}') from error
    rows, columns = asked.get('instances'), asked.get('inputs')
    if (rows is None) == (columns is None):
      raise _invalid("Missing 'inputs' or 'instances' key, or both are there")
    name = asked.get('signature_name', '')
    signature = self.signature(model, name or 'serving_default')
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = name
    given = (_columns_of_rows(rows, list(signature.inputs))
             if rows is not None else _named(columns, list(signature.inputs)))
    for key, value in given.items():
      if key not in signature.inputs:
        raise _invalid(f'JSON object: does not have named input: {key}')
      request.inputs[key].CopyFrom(
          _tensor(value, signature.inputs[key].dtype))
    found = {key: tf.make_ndarray(value)
             for key, value in self.predict(request).outputs.items()}
    outputs = {key: _to_json(key, value) for key, value in found.items()}
    if rows is None:
      return {'outputs': _single(outputs)}
    if len({value.shape[:1] for value in found.values()}) != 1:
      raise _invalid('a tensor has inconsistent batch size')
    return {'predictions': [
        _single({key: value[i] for key, value in outputs.items()})
        for i in range(len(next(iter(outputs.values()))))]}


# === JSON ===


def _is_bytes(value: Any) -> bool:
  return isinstance(value, dict) and list(value) == ['b64']


def _columns_of_rows(rows: list[Any], names: list[str]) -> dict[str, list[Any]]:
  if not isinstance(rows, list) or not rows:
    raise _invalid("Expecting 'instances' to be a list of values")
  if not isinstance(rows[0], dict) or _is_bytes(rows[0]):
    return _named(rows, names)
  if any(set(row) != set(names) for row in rows):
    raise _invalid(f'keys must be equal to: {names}')
  return {name: [row[name] for row in rows] for name in names}


def _named(value: Any, names: list[str]) -> dict[str, Any]:
  if isinstance(value, dict) and not _is_bytes(value):
    return value
  if len(names) > 1:
    raise _invalid('a plain list, but multiple input tensors required')
  return {names[0]: value}


def _tensor(value: Any, dtype: int) -> Any:
  def leaf(each: Any) -> Any:
    if isinstance(each, list):
      return list(map(leaf, each))
    if _is_bytes(each):
      return base64.b64decode(each['b64'])
    if dtype == tf.string.as_datatype_enum and not isinstance(each, str):
      raise _invalid(f'JSON Value: {each} is not of expected type: string')
    return each.encode() if isinstance(each, str) else each

  try:
    return tf.make_tensor_proto(leaf(value), dtype)
  except (TypeError, ValueError) as error:
    raise _invalid(f'Expecting tensor size: {error}') from error


def _to_json(name: str, value: np.ndarray) -> Any:
  def leaf(each: Any) -> Any:
    if isinstance(each, list):
      return list(map(leaf, each))
    if not isinstance(each, bytes):
      return each
    if name.endswith('_bytes'):
      return {'b64': base64.b64encode(each).decode()}
    return each.decode('utf-8')  # JSON has no other strings.

  return leaf(value.tolist())


def _single(outputs: dict[str, Any]) -> Any:
  return outputs if len(outputs) > 1 else next(iter(outputs.values()))


# === Servers ===


class _Service(prediction_service_pb2_grpc.PredictionServiceServicer):

  def __init__(self, model: ServedModel):
    self._model = model

  def Predict(self, request, context):  # pylint: disable=invalid-name
    try:
      return self._model.predict(request)
    except RefusedError as error:
      context.abort(error.code, str(error))

  def GetModelMetadata(self, request, context):  # pylint: disable=invalid-name
    del context
    found = get_model_metadata_pb2.GetModelMetadataResponse()
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in self._model.signatures.items():
      signatures.signature_def[name].CopyFrom(signature)
    found.model_spec.name = request.model_spec.name
    found.metadata['signature_def'].Pack(signatures)
    return found


def _handler(model: ServedModel) -> type[http.server.BaseHTTPRequestHandler]:

  class Handler(http.server.BaseHTTPRequestHandler):

    def do_POST(self):  # pylint: disable=invalid-name
      body = self.rfile.read(int(self.headers['Content-Length']))
      name = self.path.removeprefix('/v1/models/').removesuffix(':predict')
      try:
        status, found = 200, model.predict_json(name, body)
      except RefusedError as error:
        not_found = error.code == grpc.StatusCode.NOT_FOUND
        status, found = 404 if not_found else 400, {'error': str(error)}
      content = json.dumps(found).encode()
      self.send_response(status)
      self.send_header('Content-Length', str(len(content)))
      self.end_headers()
      self.wfile.write(content)

    def log_message(self, *arguments):
      pass

  return Handler


@contextlib.contextmanager
def serve(model: ServedModel) -> Iterator[tuple[int, int]]:
  """Serves a model on this machine, and yields the ports of gRPC and REST."""
  server = grpc.server(futures.ThreadPoolExecutor(2))
  prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
      _Service(model), server)
  port = server.add_insecure_port('localhost:0')
  server.start()
  with http.server.ThreadingHTTPServer(
      ('localhost', 0), _handler(model)) as rest:
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    try:
      yield port, rest.server_address[1]
    finally:
      rest.shutdown()
      server.stop(0)
