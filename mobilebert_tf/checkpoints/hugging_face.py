# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folders of Hugging Face `transformers`.

`config.json`, `model.safetensors`, `vocab.txt` and `tokenizer_config.json`.
A `pytorch_model.bin` is a pickle, which can run any code, and is never read.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import tf1
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import layout

TITLE = 'Hugging Face'
CONFIG = 'config.json'
WEIGHTS = 'model.safetensors'
PICKLES = ('pytorch_model.bin', 'pytorch_model.bin.index.json')
MARKER = CONFIG

# The class of transformers for each set of heads. Some have no pooler.
_CLASSES = {
    (): 'MobileBertModel',
    ('masked_lm', 'next_sentence'): 'MobileBertForPreTraining',
    ('masked_lm',): 'MobileBertForMaskedLM',
    ('next_sentence',): 'MobileBertForNextSentencePrediction',
    ('sequence_classification',): 'MobileBertForSequenceClassification',
    ('token_classification',): 'MobileBertForTokenClassification',
    ('question_answering',): 'MobileBertForQuestionAnswering',
}
_WITHOUT_POOLER = (
    ('masked_lm',), ('token_classification',), ('question_answering',))

_BASE = 'mobilebert.'
_BASE_PARTS = ('embeddings.', 'encoder.', 'pooler.')
# Keys of buffers, and second names of tied weights.
_NOT_WEIGHTS = ('mobilebert.embeddings.position_ids',
                'cls.predictions.decoder.weight',
                'cls.predictions.decoder.bias')


def recognises(location: bundles.Location) -> bool:
  """Returns whether a folder is one of transformers, readable or not."""
  return any(os.path.exists(os.path.join(location.folder, name))
             for name in (CONFIG, WEIGHTS, *PICKLES))


def read(location: bundles.Location,
         overrides: dict[str, Any] | None = None,
         assumed: architectures.MobileBertConfig | None = None,
         progress: checkpoint_lib.Progress = checkpoint_lib.silent
         ) -> checkpoint_lib.Checkpoint:
  """Reads a folder of `save_pretrained`; see `native.read`."""
  del assumed
  path = os.path.join(location.folder, CONFIG)
  fields = tokenizer_files.read_json(path)
  architecture = tf1.from_fields(fields, path, **(overrides or {}))
  weights_path = os.path.join(location.folder, WEIGHTS)
  _check_exists(weights_path)
  with _open(weights_path) as tensors:
    keys = _model_keys(tensors.keys(), architecture)
    _check_tied(tensors, keys, weights_path)
    shapes = {
        key: tensors.get_slice(stored).get_shape()
        for key, stored in keys.items()
    }
    architecture = _without_pooler(architecture, fields, shapes)
    source = checkpoint_lib.Source(
        weights_path, 'hugging_face', shapes,
        lambda key: tensors.get_tensor(keys[key]))
    weights, parts = checkpoint_lib.read_weights(
        name_map.weight_names(architecture, _possible_heads(fields)), source,
        progress)
  return checkpoint_lib.Checkpoint(
      architecture, weights, parts, source=weights_path,
      **{**tokenizer_files.read(location.folder),
         'labels': _labels(fields, path),
         'problem_type': str(fields.get('problem_type') or '')})


def fit(checkpoint: checkpoint_lib.Checkpoint
        ) -> tuple[checkpoint_lib.Checkpoint, list[str]]:
  """Returns the part that the format holds, and notes; see `native.fit`."""
  if checkpoint.heads not in _CLASSES:
    raise ValueError(
        f'transformers has no MobileBERT with {" and ".join(checkpoint.heads)} '
        'in one; convert a checkpoint of one task.')
  notes = checkpoint_lib.notes_on_settings(checkpoint)
  block = layout.block_layout(checkpoint.architecture)
  if block.writing(layout.QUERY)[0].reads == layout.WIDE:
    notes.append(
        'transformers cannot load this architecture: its queries and keys read '
        'a bottleneck, those of this one the whole block input (a shape error '
        'there). mobilebert_tf reads the folder.')
  if not block.products[0].norm.is_affine:
    notes.append(
        'transformers computes two LayerNorms of each model with epsilon 1e-5 '
        'in the place of 1e-12: outputs differ by up to 2e-2.')
  if 'pooler' in checkpoint.parts and checkpoint.heads in _WITHOUT_POOLER:
    notes.append(
        f'Left out: the pooler; {_CLASSES[checkpoint.heads]} has none.')
    checkpoint = checkpoint.without_pooler()
  return checkpoint, notes


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          progress: checkpoint_lib.Progress = checkpoint_lib.silent) -> None:
  """Writes a folder that transformers' `from_pretrained` loads."""
  tensors = {}
  for name in progress(checkpoint.names, 'writing'):
    array = name.from_ours(checkpoint.weights[name.ours], 'hugging_face')
    key = name.hugging_face
    if not checkpoint.heads:  # MobileBertModel is the base itself.
      key = key.removeprefix(_BASE)
    tensors[key] = np.ascontiguousarray(array)
  # save_file would make the file readable by its owner only.
  with open(os.path.join(folder, WEIGHTS), 'wb') as file:
    file.write(safetensors.numpy.save(tensors, metadata={'format': 'pt'}))
  fields = _config_fields(checkpoint.architecture)
  fields['architectures'] = [_CLASSES[checkpoint.heads]]
  # By placeholders transformers learns the number of classes.
  labels = checkpoint.labels or tuple(
      f'LABEL_{i}' for i in range(checkpoint.num_classes or 0))
  if labels:
    fields['id2label'] = {str(i): label for i, label in enumerate(labels)}
    fields['label2id'] = {label: i for i, label in enumerate(labels)}
  if checkpoint.problem_type:
    fields['problem_type'] = checkpoint.problem_type
  tokenizer_files.write_json(os.path.join(folder, CONFIG), fields)
  tokenizer_files.write(checkpoint, folder, labels=False)


def _config_fields(config: architectures.MobileBertConfig) -> dict[str, Any]:
  """Returns an architecture as the fields of a `config.json`."""
  fields = tf1.to_fields(config)
  if fields['hidden_act'] == 'gelu':  # Hugging Face's is another function.
    fields['hidden_act'] = tf1.TANH_GELU[0]
  return {
      **fields,
      'model_type': 'mobilebert',
      'true_hidden_size': config.intra_block_size,
      'layer_norm_eps': 1e-12,
      'pad_token_id': 0,
      'tie_word_embeddings': True,
      'classifier_dropout': None,
      'dtype': 'float32',
  }


@contextlib.contextmanager
def _open(path: str) -> Iterator[Any]:
  try:
    with safetensors.safe_open(path, framework='numpy') as tensors:
      yield tensors
  except safetensors.SafetensorError as error:
    raise ValueError(
        f'{path} cannot be read ({error}); copy it again.') from error


def _check_exists(path: str) -> None:
  if os.path.exists(path):
    return
  folder = os.path.dirname(path)
  if os.path.exists(f'{path}.index.json'):
    raise FileNotFoundError(
        f'{folder} has its weights in several files. With transformers '
        "installed, AutoModel.from_pretrained('...').save_pretrained('folder', "
        "max_shard_size='10GB') writes one.")
  has_pickle = any(
      os.path.exists(os.path.join(folder, name)) for name in PICKLES)
  only = ', only a pytorch_model.bin' if has_pickle else ''
  raise FileNotFoundError(
      f'{folder} has no {WEIGHTS}{only}. A pytorch_model.bin is a pickle, '
      'which can run any code when it is read, so it is not. With torch and '
      "transformers installed, AutoModelForPreTraining.from_pretrained('...')"
      ".save_pretrained('folder') writes safetensors; repositories of the hub "
      "that have none often offer them as revision='refs/pr/1' or such.")


def _check_tied(tensors: Any, keys: dict[str, str], path: str) -> None:
  """Raises ValueError if a second name of a weight holds other values."""
  stored = set(tensors.keys())
  for second, first in (
      ('cls.predictions.decoder.weight',
       f'{_BASE}embeddings.word_embeddings.weight'),
      ('cls.predictions.decoder.bias', 'cls.predictions.bias')):
    if second in stored and first in keys and not np.array_equal(
        tensors.get_tensor(second), tensors.get_tensor(keys[first])):
      raise ValueError(
          f'{path}: {second} is not {first}. A MobileBERT reads and writes '
          'words with one table; this model was trained with two.')


def _model_keys(stored: list[str],
                architecture: architectures.MobileBertConfig
                ) -> dict[str, str]:
  """Returns the full keys of weights, and the keys that are stored."""
  keys = {
      _BASE + key if key.startswith(_BASE_PARTS) else key: key for key in stored
  }
  if len(keys) < len(stored):
    raise ValueError(
        'The weights hold the encoder twice, with and without the prefix '
        f'{_BASE!r}; save the model again.')
  # transformers makes a shared bottleneck for TINY, but does not read it.
  unused = '.bottleneck.attention.' if tf1.attention_fields(
      architecture)['use_bottleneck_attention'] else None
  return {
      key: name for key, name in keys.items()
      if key not in _NOT_WEIGHTS and not (unused and unused in key)
  }


def _classes(fields: dict[str, Any]) -> list[str]:
  """Returns the names of classes that a config gives."""
  classes = fields.get('architectures')
  return [name for name in classes if isinstance(name, str)] if isinstance(
      classes, list) else []


def _possible_heads(fields: dict[str, Any]) -> list[str]:
  """Returns the heads that a config allows; two share the key `classifier`."""
  other = ('sequence_classification'
           if _CLASSES['token_classification',] in _classes(fields)
           else 'token_classification')
  return [head for head in name_map.HEADS if head != other]


def _without_pooler(architecture: architectures.MobileBertConfig,
                    fields: dict[str, Any],
                    shapes: dict[str, Any]) -> architectures.MobileBertConfig:
  """Returns the architecture without a pooler where the class has none."""
  classes = [_CLASSES[heads] for heads in _WITHOUT_POOLER]
  if not architecture.use_pooler or f'{_BASE}pooler.dense.weight' in shapes or (
      not set(classes) & set(_classes(fields))):
    return architecture
  return architectures.resolve({**architecture.as_dict(), 'use_pooler': False})


def _labels(fields: dict[str, Any], path: str) -> tuple[str, ...]:
  """Returns the names of classes, placeholders included."""
  by_id = fields.get('id2label') or {}
  try:
    return tuple(str(by_id[str(i)]) for i in range(len(by_id)))
  except (KeyError, TypeError) as error:
    raise ValueError(
        f'{path}: id2label should have the keys "0", "1" and so on; '
        f'got {by_id!r:.80}.') from error
