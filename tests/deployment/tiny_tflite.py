# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Small `.tflite` files of each task, with the Keras models they come from."""

from collections.abc import Callable, Sequence
import dataclasses
import pathlib
import tempfile

import tensorflow as tf, tf_keras

from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.inference import rewriting
from mobilebert_tf import modeling
from mobilebert_tf.tasks.multi_label_classification import (
    kind as multi_label_kind)
from mobilebert_tf.tasks.question_answering import kind as kind_lib
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier

LENGTHS = (8, 16, tiny_classifier.MAX_LENGTH + 1)
VOCABULARY = ''.join(f'{token}\n' for token in tiny_classifier.TOKENS)
QUESTIONS = kind_lib.Settings(
    doc_stride=8, query_length=tiny_classifier.MAX_LENGTH // 2)
_LABELS = {'classification': tiny_classifier.LABELS,
           'multi_label_classification': tiny_classifier.LABELS,
           'token_classification': tiny_classifier.TAGS}
_SETTINGS = {
    'question_answering': QUESTIONS,
    'multi_label_classification': multi_label_kind.Settings((0.5, 0.4, 0.6))}

Outputs = dict[str, tf.Tensor]


@dataclasses.dataclass(frozen=True)
class TinyFile:
  """A file, and what computes the same in Keras.

  Attributes:
    path: The file.
    metadata: What it says of itself.
    flatbuffer: The model in it.
    compute: From the three inputs `[batch, length]` to its outputs.
  """
  path: pathlib.Path
  metadata: tflite_file.TFLiteMetadata
  flatbuffer: bytes
  compute: Callable[..., Outputs]


def metadata(task: str = 'classification', **fields
             ) -> tflite_file.TFLiteMetadata:
  """Returns what a tiny file says of itself."""
  return tflite_file.TFLiteMetadata(**{
      'kind': registry.get(task), 'lengths': LENGTHS, 'lower_case': True,
      'max_length': tiny_classifier.MAX_LENGTH, 'quantization': 'none',
      'checkpoint_sha256': 'ab' * 32,
      'labels': _LABELS.get(task, ()),
      'settings': _SETTINGS.get(task),
      **fields})


def build(folder: str | pathlib.Path, task: str = 'classification',
          **fields) -> TinyFile:
  """Writes `model.tflite` into a folder."""
  says = metadata(task, **fields)
  model, head = _HEADS[task](folder)
  module = rewriting.InferenceModel(model)

  def compute(input_word_ids, input_mask, input_type_ids) -> Outputs:
    return head(module([input_word_ids, input_mask, input_type_ids]),
                input_mask)

  lengths = [*says.lengths, *([None] if says.dynamic_length else [])]
  flatbuffer = _convert(module, compute, lengths)
  path = pathlib.Path(folder, 'model.tflite')
  path.write_bytes(tflite_file.pack(flatbuffer, says, VOCABULARY))
  return TinyFile(path, says, flatbuffer, compute)


def _convert(module: tf.Module, compute: Callable[..., Outputs],
             lengths: Sequence[int | None]) -> bytes:
  signatures = {
      f'serve_{length or "dynamic"}': tf.function(
          compute).get_concrete_function(*(
              tf.TensorSpec([1, length], tf.int32, name) for name in (
                  'input_word_ids', 'input_mask', 'input_type_ids')))
      for length in lengths}
  with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(module, folder, signatures=signatures)
    return tf.lite.TFLiteConverter.from_saved_model(
        folder, signature_keys=list(signatures)).convert()


def _classification(folder) -> tuple[tf_keras.Model, Callable]:
  return tiny_classifier.build(folder).model, lambda logits, _: {
      'probabilities': tf.nn.softmax(logits)}


def _regression(folder) -> tuple[tf_keras.Model, Callable]:
  return tiny_classifier.build(folder).model, lambda logits, _: {
      'score': logits[:, 0]}


def _multi_label_classification(folder) -> tuple[tf_keras.Model, Callable]:
  return tiny_classifier.build(folder).model, lambda logits, _: {
      'probabilities': tf.sigmoid(logits)}


def _token_classification(folder) -> tuple[tf_keras.Model, Callable]:
  return tiny_classifier.build_tagger(folder).model, lambda outputs, _: {
      'probabilities': tf.nn.softmax(outputs['logits'])}


def _question_answering(folder) -> tuple[tf_keras.Model, Callable]:
  return tiny_classifier.build_span_labeler(folder).model, lambda logits, _: {
      'start_logits': logits[0], 'end_logits': logits[1]}


def _embeddings(folder) -> tuple[tf_keras.Model, Callable]:
  def head(outputs, mask):
    weights = tf.cast(mask, tf.float32)[:, :, tf.newaxis]
    sequence = outputs['sequence_output']
    mean = tf.reduce_sum(sequence * weights, 1) / tf.reduce_sum(weights, 1)
    return {'sequence_output': sequence, 'mean_output': mean,
            'pooled_output': outputs['pooled_output']}

  return tiny_classifier.build(folder).model.encoder, head


def _sentence_embedding(folder) -> tuple[tf_keras.Model, Callable]:
  model = modeling.SentenceEncoder(
      tiny_classifier.build(folder).model.encoder, output_size=12)
  return model, lambda vector, _: {'vector': vector}


_HEADS = {
    'classification': _classification,
    'regression': _regression,
    'multi_label_classification': _multi_label_classification,
    'token_classification': _token_classification,
    'question_answering': _question_answering,
    'embedding': _embeddings,
    'sentence_embedding': _sentence_embedding,
}
TASKS = tuple(_HEADS)
