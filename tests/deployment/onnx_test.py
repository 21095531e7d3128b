# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""ONNX files answer as the Keras model does, whatever its task and its parts.
"""

import dataclasses
import json
import pathlib
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import formats
from mobilebert_tf.deployment import onnx_files
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.tasks import registry
from tests.data import temporary
from tests.inference import tiny_classifier

onnxruntime = pytest.importorskip('onnxruntime')
onnx = pytest.importorskip('onnx')

# Around what is cut off, and enough to be checked with.
_TEXTS = [tiny_classifier.text(words, first=words) for words in (
    1, 2, 12, 13, 36, 37, 38, 60)] * 4
_LENGTHS = (5, 9, 1, 12)


def _writer():
  from mobilebert_tf.deployment import onnx as writer
  return writer


def _of(trained: loading.TrainedModel, model, kind: str):
  tiny_classifier.randomize(model)
  return dataclasses.replace(trained, model=model, labels=[],
                             kind=registry.get(kind))


def _encoder(folder, **fields):
  trained = tiny_classifier.build(folder, **fields)
  return _of(trained, trained.model.encoder, 'embedding')


def _sentence(folder, **options):
  trained = tiny_classifier.build(folder)
  return _of(trained, modeling.SentenceEncoder(
      trained.model.encoder, **options), 'sentence_embedding')


_MODELS = {
    'classifier': tiny_classifier.build,
    'without a pooler': lambda folder: tiny_classifier.build(
        folder, use_pooler=False),
    'LayerNorm and gelu': lambda folder: tiny_classifier.build(
        folder, normalization='layer_norm', hidden_activation='gelu'),
    'relu6': lambda folder: tiny_classifier.build(
        folder, hidden_activation='relu6'),
    'bottleneck attention': lambda folder: tiny_classifier.build(
        folder, attention_input='bottleneck', num_blocks=2),
    'the teacher': lambda folder: tiny_classifier.build(
        folder, attention_input='block_input'),
    'heads of their own width': lambda folder: tiny_classifier.build(
        folder, num_attention_heads=1, head_size=4),
    'tagger': tiny_classifier.build_tagger,
    'questions': tiny_classifier.build_span_labeler,
    'rating': tiny_classifier.build_rating,
    'encoder': _encoder,
    'mean vectors': lambda folder: _sentence(folder, output_size=10),
    'first vectors': lambda folder: _sentence(
        folder, pooling='first', normalize=False),
    'a plain BERT': lambda folder: _of(
        tiny_classifier.build(folder), modeling.SentenceEncoder(
            modeling.BertEncoder(modeling.BertConfig(
                vocab_size=len(tiny_classifier.TOKENS), width=16,
                num_attention_heads=2, intermediate_size=12, num_blocks=2))),
        'sentence_embedding'),
    'attention vectors': lambda folder: _sentence(folder, pooling='attention'),
}


class _Case(parameterized.TestCase, temporary.TemporaryFiles,
            tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())

  def path(self, name: str) -> pathlib.Path:
    return self.folder / name


class OnnxModelTest(_Case):

  @parameterized.named_parameters(
      (name, name) for name in _MODELS)
  def test_it_computes_what_keras_does_with_no_or_any_padding(self, name):
    from mobilebert_tf.deployment import onnx_model
    trained = _MODELS[name](self.folder)
    inputs = _inputs(_LENGTHS)
    expected = _keras(trained.model, inputs)
    session = onnxruntime.InferenceSession(onnx_model.build(
        trained, rewriting.fold(trained.model)).SerializeToString())
    [found, *_] = session.run(None, _dirty(inputs))
    self.assertAllClose(
        _used(found, inputs), _used(expected, inputs), 1e-5, 1e-5)
    # Each text by itself, without padding.
    for row, length in enumerate(_LENGTHS):
      [alone, *_] = session.run(None, {
          key: value[row:row + 1, :length] for key, value in inputs.items()})
      together = found[row:row + 1]
      if together.ndim > 1 and together.shape[1] == max(_LENGTHS):
        together = together[:, :length]
      self.assertAllClose(alone, together, 1e-5, 1e-5)


def _inputs(lengths) -> dict[str, np.ndarray]:
  rng = np.random.default_rng(0)
  shape = len(lengths), max(lengths)
  mask = (np.arange(shape[1]) < np.array(lengths)[:, np.newaxis]).astype(
      np.int64)
  ids = rng.integers(5, len(tiny_classifier.TOKENS), shape) * mask
  types = (np.arange(shape[1]) > 3) * mask
  return {'input_ids': ids, 'attention_mask': mask, 'token_type_ids': types}


def _dirty(inputs) -> dict[str, np.ndarray]:
  """Returns inputs whose padding has other ids and segments."""
  padding = 1 - inputs['attention_mask']
  return {**inputs, 'input_ids': inputs['input_ids'] + 7 * padding,
          'token_type_ids': inputs['token_type_ids'] + padding}


def _keras(model, inputs) -> np.ndarray:
  """Returns the first output of a model, with a [PAD] behind each text."""
  outputs = model([np.pad(each, [(0, 0), (0, 1)]) for each in inputs.values()],
                  training=False)
  if isinstance(outputs, dict):
    outputs = outputs['logits' if 'logits' in outputs else 'sequence_output']
  elif isinstance(outputs, list):
    outputs = outputs[0]
  outputs = np.asarray(outputs)
  by_token = outputs.ndim > 1 and outputs.shape[1] == max(_LENGTHS) + 1
  return outputs[:, :-1] if by_token else outputs


def _used(values: np.ndarray, inputs) -> np.ndarray:
  """Returns values of tokens, without those of padding."""
  mask = inputs['attention_mask']
  by_token = values.ndim > 1 and values.shape[1] == mask.shape[1]
  return values[mask > 0] if by_token else values


class OnnxFolderTest(_Case):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.models = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.models, ignore_errors=True)
    cls.classifier = tiny_classifier.build(cls.models)
    cls.texts = agreement.RealTexts(_TEXTS, source='the test')
    cls.reports = []
    _writer().write_folder(
        cls.classifier, cls.models / 'out', cls.texts,
        quantizations=list(onnx_files.FILES), largest_disagreement=0.1,
        report=cls.reports.append)
    cls.expected = cls.classifier.kind.answers(cls.classifier, cls.texts)

  def test_each_file_answers_as_keras_does_by_itself(self):
    for name, largest in (('model.onnx', 1e-5), ('model_fp16.onnx', 5e-3),
                          ('model_quantized.onnx', 0.1)):
      shutil.copy(self.models / 'out/onnx' / name, self.path(name))
      runner = registry.OnnxRunner(self.path(name))
      self.assertAllClose(
          runner.scores(_TEXTS), self.expected, largest, largest)
      answer = runner.answer(_TEXTS[0])
      self.assertIn(answer.label, tiny_classifier.LABELS)
      self.assertTrue(runner.answer(_TEXTS[-1]).truncated)
    self.assertLen(self.reports, 3)

  def test_a_folder_is_known_by_our_files_alone(self):
    folder = pathlib.Path(self.path('published'))
    (folder / 'onnx').mkdir(parents=True)
    ours = self.models / 'out/onnx/model.onnx'
    (folder / 'onnx/model.onnx').write_bytes(
        ours.read_bytes().replace(b'mobilebert_tf', b'another_maker'))
    self.assertIsNone(formats.locate(folder))
    shutil.copy(ours, folder / 'onnx/model_quantized.onnx')
    self.assertEqual(formats.locate(folder),
                     folder / 'onnx/model_quantized.onnx')

  def test_the_folder_is_laid_out_as_on_the_hub(self):
    out = self.models / 'out'
    config = json.loads((out / 'config.json').read_text())
    self.assertEqual(config['model_type'], 'mobilebert')
    self.assertEqual(config['architectures'],
                     ['MobileBertForSequenceClassification'])
    self.assertEqual(list(config['id2label'].values()),
                     list(tiny_classifier.LABELS))
    tokenizer = json.loads((out / 'tokenizer_config.json').read_text())
    # Of other classes, transformers.js does not say which text is the second.
    self.assertEqual(tokenizer['tokenizer_class'], 'BertTokenizer')
    # The graph adds a [PAD], which takes the last position.
    self.assertEqual(tokenizer['model_max_length'], tiny_classifier.MAX_LENGTH)
    self.assertLen(json.loads((out / 'tokenizer.json').read_text())[
        'model']['vocab'], len(tiny_classifier.TOKENS))

  def test_inputs_outputs_and_opset_are_those_of_the_document(self):
    model = onnx.load(self.models / 'out/onnx/model_quantized.onnx')
    self.assertEqual([(each.domain, each.version)
                      for each in model.opset_import if not each.domain],
                     [('', 17)])
    self.assertEqual({node.domain for node in model.graph.node}, {''})
    self.assertEqual([each.name for each in model.graph.input], [
        'input_ids', 'attention_mask', 'token_type_ids'])
    self.assertEqual([each.name for each in model.graph.output],
                     ['logits', 'probabilities'])

  def test_a_damaged_file_is_refused_in_one_line(self):
    data = (self.models / 'out/onnx/model.onnx').read_bytes()
    model = onnx.load_from_string(data)
    weights = bytearray(data)
    weights[data.index(max((each.raw_data for each in (
        model.graph.initializer)), key=len))] ^= 1
    del model.metadata_props[:]
    for name, damaged in (
        ('short', data[:-100]), ('other', b'\x08\x08'), ('changed', weights),
        ('bare', model.SerializeToString())):
      path = self.path(f'{name}.onnx')
      path.write_bytes(damaged)
      with self.assertRaisesRegex(ValueError, f'{name}.onnx is damaged'):
        registry.OnnxRunner(path)
    with self.assertRaisesRegex(FileNotFoundError, 'export_onnx writes one'):
      registry.OnnxRunner(self.path('none.onnx'))

  def test_what_others_wrote_is_not_replaced(self):
    folder = self.path('theirs')
    shutil.copytree(self.models / 'out', folder)
    (folder / 'onnx/model.onnx').write_bytes(b'\x08\x08\x12\x07pytorch')
    with self.assertRaisesRegex(FileExistsError, 'not an .onnx file of'):
      self._write(folder)
    (folder / 'onnx/model.onnx').unlink()
    (folder / 'pytorch_model.bin').write_bytes(b'theirs')
    with self.assertRaisesRegex(FileExistsError, 'pytorch_model.bin'):
      self._write(folder)
    (folder / 'pytorch_model.bin').unlink()
    self._write(folder)
    self.assertEqual([path.name for path in (folder / 'onnx').iterdir()],
                     ['model.onnx'])

  def test_an_export_with_other_answers_is_refused(self):
    wrong = dataclasses.replace(self.classifier, kind=_Contrary())
    with self.assertRaisesRegex(ValueError, 'nothing is written'):
      _writer().write(wrong, self.path('wrong.onnx'), self.texts)
    self.assertFalse(self.path('wrong.onnx').exists())

  def test_an_unknown_quantization_is_refused(self):
    with self.assertRaisesRegex(ValueError, 'Unknown quantization int8'):
      _writer().write(self.classifier, self.path('m.onnx'), self.texts,
                      quantization='int8')

  def _write(self, folder) -> None:
    _writer().write_folder(self.classifier, folder, self.texts,
                           quantizations=['none'], report=lambda _: None)


class _Contrary(type(registry.get('classification'))):
  """A kind whose Keras model answers the opposite."""

  def answers(self, trained, texts):
    return 1 - super().answers(trained, texts)


if __name__ == '__main__':
  tf.test.main()
