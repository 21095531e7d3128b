# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""All contenders by name."""

from collections.abc import Mapping

from benchmarks.engines import bert_base
from benchmarks.engines import contender
from benchmarks.engines import litert
from benchmarks.engines import minilm
from benchmarks.engines import model_garden
from benchmarks.engines import onnx
from benchmarks.engines import ours
from benchmarks.engines import pytorch
from benchmarks.engines.contender import Contender

_TORCH = ('torch', 'transformers')
_ONNX_NAME = ('onnx', 'onnxruntime')


def _litert(title: str, file: str, **fields) -> Contender:
  return Contender(title, litert.start, file=file, imports=litert.IMPORTS,
                   **{'runs': contender.FIXED, **fields})


def _onnxruntime(title: str, file: str, **fields) -> Contender:
  return Contender(title, onnx.start_onnxruntime, contender.ANY, file,
                   imports=('onnxruntime',), **fields)


def _openvino(title: str, file: str, **fields) -> Contender:
  return Contender(title, onnx.start_openvino, contender.ANY, file,
                   imports=('openvino',), **fields)


_OURS = {'prepare': ours.write_tflite, 'runs': contender.LISTED}
_OUR_ONNX = {'prepare': ours.write_onnx}
_DYNAMIC = {'quantization': 'dynamic'}
_BERT = {'prepare': bert_base.write, 'packages': ('keras_nlp',),
         'shares_weights': False}

CONTENDERS: Mapping[str, Contender] = {
    'ours': _litert('ours, LiteRT', 'ours.tflite', **_OURS),
    'ours_int8': _litert('ours, LiteRT, dynamic int8', 'ours_dynamic.tflite',
                         **_OURS, **_DYNAMIC),
    'ours_one_length': _litert(
        'ours, LiteRT, dynamic int8, one length', 'ours_one.tflite',
        prepare=ours.write_one_length, runs=contender.LONGEST, **_DYNAMIC),
    'ours_int4': _litert(
        'ours, LiteRT, int4', 'ours_int4.tflite', quantization='int4',
        packages=('ai_edge_quantizer',), **_OURS),
    'ours_edge_int8': _litert(
        'ours, LiteRT, ai-edge-quantizer int8', 'ours_edge.tflite',
        prepare=ours.write_edge_quantized, runs=contender.LISTED,
        packages=('ai_edge_quantizer',), **_DYNAMIC),
    'ours_onnx': _onnxruntime(
        'ours, ONNX Runtime', 'ours.onnx', packages=_ONNX_NAME, **_OUR_ONNX),
    'ours_onnx_int8': _onnxruntime(
        'ours, ONNX Runtime, dynamic int8', 'ours_dynamic.onnx',
        packages=_ONNX_NAME, **_OUR_ONNX, **_DYNAMIC),
    'ours_openvino': _openvino(
        'ours, OpenVINO', 'ours.onnx', packages=('onnx', 'openvino'),
        **_OUR_ONNX),
    'garden': _litert('Model Garden, LiteRT', 'garden.tflite',
                      prepare=model_garden.write),
    'garden_int8': _litert(
        'Model Garden, LiteRT, dynamic int8', 'garden_dynamic.tflite',
        prepare=model_garden.write, **_DYNAMIC),
    'pytorch': Contender(
        'Hugging Face, PyTorch', pytorch.start, contender.ANY,
        imports=_TORCH, packages=_TORCH),
    'pytorch_compiled': Contender(
        'Hugging Face, PyTorch compiled', pytorch.start_compiled, contender.ANY,
        imports=_TORCH, packages=_TORCH),
    'huggingface_onnx': _onnxruntime(
        'Hugging Face, ONNX Runtime', 'hugging_face.onnx',
        prepare=pytorch.write_onnx,
        packages=(*_TORCH, 'onnxscript', *_ONNX_NAME)),
    'bert': _litert('BERT_BASE, LiteRT', 'bert.tflite', **_BERT),
    'bert_int8': _litert('BERT_BASE, LiteRT, dynamic int8',
                         'bert_dynamic.tflite', **_BERT, **_DYNAMIC),
    'minilm': Contender(
        'MiniLM-L6 int8, ONNX Runtime', minilm.start_onnxruntime, contender.ANY,
        imports=('onnxruntime',), packages=(minilm.PACKAGE, 'onnxruntime'),
        shares_weights=False),
    'minilm_openvino': Contender(
        'MiniLM-L6 int8, OpenVINO', minilm.start_openvino, contender.ANY,
        imports=('openvino',), packages=(minilm.PACKAGE, 'openvino'),
        shares_weights=False),
}
