# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Exports answer the calls of docs/serving.md; see `model_server`."""

import base64
import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from absl.testing import absltest
from absl.testing import parameterized
from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import message_factory
from google.protobuf import text_format
from google.protobuf import wrappers_pb2
import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_service_pb2_grpc

from mobilebert_tf.deployment import served_module
from tests import python_files
from tests.deployment import hostile_requests
from tests.deployment import model_server

_TEXTS = ['w1 w2', 'w3', 'w4 w5 w6 ünï 🦜', '']
_PAIRS = ['w7', 'w8 w9', '', 'w1']
_INPUTS = {
    'classification': {'text': _TEXTS},
    'regression': {'text': _TEXTS, 'pair': _PAIRS},
    'sentence_embedding': {'text': _TEXTS},
    'pairs': {'text': _TEXTS, 'pair': _PAIRS},
    'multi_label_classification': {'text': _TEXTS},
    'token_classification': {'text': _TEXTS},
    'question_answering': {'question': _PAIRS, 'context': _TEXTS},
}
_OUTPUTS = {
    'classification': {'probabilities', 'label', 'labels'},
    'regression': {'score'},
    'sentence_embedding': {'vector'},
    'pairs': {'probabilities', 'label', 'labels'},
    'multi_label_classification': {
        'probabilities', 'labels', 'selected', 'margins'},
    'token_classification': {
        'word', 'label', 'start', 'end', 'probability', 'labels'},
    'question_answering': {'answer', 'start', 'end', 'score', 'null_odds'},
}
_SINGLE = 'multi_label_classification'  # It reads one text.
# The commands of docs/serving.md, in one process.
_CLI = '''
import json, sys, tensorflow_text
from tensorflow.python.tools import saved_model_cli
for arguments in json.loads(sys.argv[1]):
  sys.argv = [sys.argv[0], *arguments]
  try:
    saved_model_cli.main()
  except SystemExit:
    pass
'''
# Of session_bundle_config.proto, which tensorflow-serving-api lacks.
_BATCHING_FIELDS = (
    ('max_batch_size', 1, 'Int64Value'),
    ('batch_timeout_micros', 2, 'Int64Value'),
    ('max_enqueued_batches', 3, 'Int64Value'),
    ('num_batch_threads', 4, 'Int64Value'),
    ('thread_pool_name', 5, 'StringValue'))


@functools.cache
def _module(task: str) -> served_module.ServedModule:
  return served_module.build(
      hostile_requests.build(task, tempfile.mkdtemp()))


@functools.cache
def _saved_model(task: str) -> str:
  module, path = _module(task), f'{tempfile.mkdtemp()}/1'
  tf.saved_model.save(
      module, path,
      signatures=module.get_inference_signatures(module.signatures))
  return path


@functools.cache
def _served(task: str) -> model_server.ServedModel:
  return model_server.ServedModel('mine', _saved_model(task))


@functools.cache
def _expected(task: str) -> dict[str, np.ndarray]:
  """Returns what the module that was saved answers."""
  found = _module(task).serve_text(
      **{name: tf.constant(texts) for name, texts in _INPUTS[task].items()})
  return {name: value.numpy() for name, value in found.items()}


def _plain(value: np.ndarray):
  """Returns an output as JSON has it."""
  if value.dtype == object:
    value = np.char.decode(value.astype(bytes), 'utf-8')
  return value.tolist()


def _post(port: int, request: dict, model: str = 'mine'):
  """Returns status and content of the answer."""
  call = urllib.request.Request(
      f'http://localhost:{port}/v1/models/{model}:predict',
      json.dumps(request).encode())
  try:
    with urllib.request.urlopen(call) as response:
      return response.status, json.load(response)
  except urllib.error.HTTPError as error:
    return error.code, json.load(error)


def _request(signature: str = '', model: str = 'mine', **inputs
             ) -> predict_pb2.PredictRequest:
  request = predict_pb2.PredictRequest()
  request.model_spec.name = model
  request.model_spec.signature_name = signature
  for name, value in inputs.items():
    request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
  return request


def _example(*ids: int) -> bytes:
  return tf.train.Example(features=tf.train.Features(feature={
      'input_word_ids': tf.train.Feature(
          int64_list=tf.train.Int64List(value=ids))})).SerializeToString()


@pytest.mark.slow
class ServingTest(parameterized.TestCase):

  @parameterized.parameters(*_INPUTS)
  def test_texts_by_grpc_and_rest(self, task):
    inputs, expected = _INPUTS[task], _expected(task)
    self.assertEqual(set(expected), _OUTPUTS[task] | {'truncated'})
    with model_server.serve(_served(task)) as (port, rest_port):
      with grpc.insecure_channel(f'localhost:{port}') as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        found = stub.Predict(_request('serve_text', **inputs), timeout=60)
      self.assertEqual(found.model_spec.signature_name, 'serve_text')
      for name, value in expected.items():
        np.testing.assert_array_equal(
            tf.make_ndarray(found.outputs[name]), value, name)
      wanted = {name: _plain(value) for name, value in expected.items()}
      self.assertEqual(
          _post(rest_port, {'signature_name': 'serve_text', 'inputs': inputs}),
          (200, {'outputs': wanted}))
      rows = [dict(zip(inputs, row, strict=True))
              for row in zip(*inputs.values(), strict=True)]
      self.assertEqual(
          _post(rest_port, {'signature_name': 'serve_text', 'instances': rows}),
          (200, {'predictions': [
              {name: value[i] for name, value in wanted.items()}
              for i in range(len(rows))]}))

  def test_one_input_without_its_name_and_bytes(self):
    with model_server.serve(_served(_SINGLE)) as (_, port):
      wanted = _plain(_expected(_SINGLE)['selected'])
      for rows in (_TEXTS, [{'b64': base64.b64encode(text.encode()).decode()}
                            for text in _TEXTS]):
        _, found = _post(
            port, {'signature_name': 'serve_text', 'instances': rows})
        self.assertEqual([row['selected'] for row in found['predictions']],
                         wanted)

  def test_words_that_are_known(self):
    words = [['w1', 'w2', 'w3'], ['w4', '', '']]
    with model_server.serve(_served('token_classification')) as (_, port):
      _, found = _post(
          port, {'signature_name': 'serve_words', 'instances': [
              {'words': row} for row in words]})
      labels = [row['label'] for row in found['predictions']]
      self.assertEqual([[bool(label) for label in row] for row in labels],
                       [[True] * 3, [True, False, False]])
      # Rows of unequal length are no tensor.
      status, found = _post(port, {
          'signature_name': 'serve_words', 'instances': [
              {'words': ['w1', 'w2']}, {'words': ['w4']}]})
      self.assertEqual(status, 400)
      self.assertIn('size', found['error'])

  def test_ids_and_examples(self):
    with model_server.serve(_served(_SINGLE)) as (port, rest_port):
      ids = [[2, 6, 7, 3], [2, 8, 3, 0]]
      columns = {'input_word_ids': ids,
                 'input_mask': [[1, 1, 1, 1], [1, 1, 1, 0]],
                 'input_type_ids': [[0] * 4] * 2}
      _, found = _post(rest_port, {'inputs': columns})  # serving_default.
      with grpc.insecure_channel(f'localhost:{port}') as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        examples = stub.Predict(_request('serve_examples', examples=[
            _example(2, 6, 7, 3), _example(2, 8, 3)]))
      np.testing.assert_allclose(
          tf.make_ndarray(examples.outputs['probabilities']),
          found['outputs']['probabilities'], rtol=1e-6)

  def test_what_is_refused(self):
    with model_server.serve(_served('pairs')) as (port, rest_port):
      with grpc.insecure_channel(f'localhost:{port}') as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        for code, request in (
            (grpc.StatusCode.INVALID_ARGUMENT,
             _request('serve_text', text=['w1'])),
            (grpc.StatusCode.INVALID_ARGUMENT,
             _request('serve_text', text=['w1'], pair=['w2', 'w3'])),
            (grpc.StatusCode.INVALID_ARGUMENT,
             _request('serve_text', text=['w1'], pair=[1])),
            (grpc.StatusCode.FAILED_PRECONDITION,
             _request('serve_txt', text=['w1'], pair=['w2'])),
            (grpc.StatusCode.NOT_FOUND,
             _request('serve_text', 'other', text=['w1'], pair=['w2']))):
          with self.assertRaises(grpc.RpcError) as context:
            stub.Predict(request)
          self.assertEqual(context.exception.code(), code)
        request = _request('serve_text', text=['w1'], pair=['w2'])
        request.output_filter.append('label')
        self.assertEqual(list(stub.Predict(request).outputs), ['label'])
      self.assertEqual(_post(rest_port, {'signature_name': 'serve_text',
                                         'instances': ['w1']})[0], 400)

  def test_metadata(self):
    with model_server.serve(_served(_SINGLE)) as (port, _):
      with grpc.insecure_channel(f'localhost:{port}') as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            metadata_field=['signature_def'])
        request.model_spec.name = 'mine'
        found = stub.GetModelMetadata(request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    found.metadata['signature_def'].Unpack(signatures)
    text = signatures.signature_def['serve_text']
    self.assertEqual(text.inputs['text'].dtype, tf.string.as_datatype_enum)
    self.assertEqual(text.method_name, 'tensorflow/serving/predict')

  @parameterized.parameters(*_INPUTS)
  def test_requests_of_a_batch_get_their_own_answers(self, task):
    expected = _expected(task)
    rows = [{name: np.array([text.encode()], object)
             for name, text in zip(_INPUTS[task], row, strict=True)}
            for row in zip(*_INPUTS[task].values(), strict=True)]
    for i, found in enumerate(_served(task).run_batch('serve_text', rows)):
      for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value[i:i + 1], name)

  def test_batches_of_examples_and_ids(self):
    model = _served(_SINGLE)
    ids = [[2, 6, 7, 3], [2, 8, 3]]
    examples = [{'examples': np.array([_example(*row)], object)} for row in ids]
    alone = [model.run('serve_examples', each) for each in examples]
    for one, other in zip(model.run_batch('serve_examples', examples), alone,
                          strict=True):
      np.testing.assert_allclose(
          one['probabilities'], other['probabilities'], rtol=1e-6)
    with self.assertRaisesRegex(model_server.RefusedError, 'different shapes'):
      model.run_batch('serving_default', [
          {name: np.ones([1, len(row)], np.int32) for name in (
              'input_word_ids', 'input_mask', 'input_type_ids')}
          for row in ids])

  def test_saved_model_cli(self):
    model = ['--dir', _saved_model(_SINGLE), '--tag_set', 'serve',
             '--signature_def', 'serve_text']
    commands = [['show', *model],
                ['run', *model, '--input_exprs', 'text=["w1 w2"]']]
    found = subprocess.run(
        [sys.executable, '-c', _CLI, json.dumps(commands)],
        capture_output=True, text=True, check=False, timeout=300)
    for wanted in ("inputs['text'] tensor_info:",
                   'Result for output key selected:'):
      self.assertIn(wanted, found.stdout, found.stderr[-500:])


class BatchingParametersTest(absltest.TestCase):

  def test_the_file_is_of_the_servers_message(self):
    file = descriptor_pb2.FileDescriptorProto(
        name='batching.proto', package='tensorflow.serving', syntax='proto3',
        dependency=[wrappers_pb2.DESCRIPTOR.name])
    message = file.message_type.add(name='BatchingParameters')
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, number, wrapper in _BATCHING_FIELDS:
      message.field.add(
          name=name, number=number, label=kinds.LABEL_OPTIONAL,
          type=kinds.TYPE_MESSAGE, type_name=f'.google.protobuf.{wrapper}')
    message.field.add(name='allowed_batch_sizes', number=6,
                      label=kinds.LABEL_REPEATED, type=kinds.TYPE_INT64)
    message.field.add(name='pad_variable_length_inputs', number=7,
                      label=kinds.LABEL_OPTIONAL, type=kinds.TYPE_BOOL)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    parameters = message_factory.GetMessageClass(pool.FindMessageTypeByName(
        'tensorflow.serving.BatchingParameters'))()
    path = python_files.ROOT / 'examples/serving/batching_parameters.txt'
    text_format.Parse(pathlib.Path(path).read_text('utf-8'), parameters)
    self.assertEqual(parameters.max_batch_size.value, 32)
    self.assertGreaterEqual(parameters.num_batch_threads.value, 1)
    self.assertFalse(parameters.pad_variable_length_inputs)


if __name__ == '__main__':
  absltest.main()
