# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folders of Hugging Face `transformers`.

`config.json`, `model.safetensors`, `vocab.txt` and `tokenizer_config.json`. Its
fields and tensors are accounted for one by one. A `pytorch_model.bin` is a
pickle, which can run any code, and is never read.
"""

import os
from typing import Any

import numpy as np
import safetensors.numpy

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import safetensors_files
from mobilebert_tf.checkpoints import tf1
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.checkpoints import trailing_pad
from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import layout

TITLE = 'Hugging Face'
CONFIG = 'config.json'
WEIGHTS = safetensors_files.WEIGHTS
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

# Heads of fine-tuning, of which a folder has the one of its class.
_TASK_HEADS = ('sequence_classification', 'token_classification',
               'question_answering')
_PROBLEM_TYPES = ('single_label_classification', 'multi_label_classification',
                  'regression')

# Fields that change answers, and the only values that are computed.
_ONLY = {
    'layer_norm_eps': 1e-12,
    'position_embedding_type': 'absolute',
    'is_decoder': False,
    'is_encoder_decoder': False,
    'add_cross_attention': False,
    'pruned_heads': {},
    'quantization_config': {},
    'auto_map': {},
}
# Fields that change no answer, but for those that other functions read.
_OF_NO_MATTER = frozenset({
    '_name_or_path', 'architectures', 'bos_token_id', 'chunk_size_feed_forward',
    'classifier_dropout', 'dtype', 'eos_token_id', 'finetuning_task',
    'gradient_checkpointing', 'id2label', 'label2id', 'model_type',
    'num_labels', 'output_attentions', 'output_hidden_states', 'output_past',
    'pad_token_id', 'problem_type', 'return_dict', 'tie_word_embeddings',
    'torch_dtype', 'torchscript', 'transformers_version', 'true_hidden_size',
    'use_cache'})


def recognises(location: bundles.Location) -> bool:
  """Returns whether a folder is one of transformers, readable or not."""
  return any(os.path.exists(os.path.join(location.folder, name))
             for name in (CONFIG, *safetensors_files.NAMES))


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
  notes = _check_fields(fields, path)
  with safetensors_files.open_folder(location.folder) as tensors:
    shapes = _used(tensors.shapes, architecture)
    architecture = _without_pooler(architecture, fields, shapes)
    source = checkpoint_lib.Source(
        tensors.path, 'hugging_face', shapes, tensors.read)
    weights, parts = checkpoint_lib.read_weights(
        name_map.weight_names(architecture, possible_heads(fields)), source,
        progress)
    notes += tensors.notes
  checkpoint = checkpoint_lib.Checkpoint(
      architecture, weights, parts, source=tensors.path, notes=tuple(notes),
      **{**tokenizer_files.read(location.folder),
         'labels': _labels(fields, path),
         'problem_type': _problem_type(fields, path)})
  _check_head(checkpoint, fields, path)
  return trailing_pad.restore(checkpoint, location.folder)


def fit(checkpoint: checkpoint_lib.Checkpoint
        ) -> tuple[checkpoint_lib.Checkpoint, list[str]]:
  """Returns the part that the format holds, and notes; see `native.fit`."""
  if checkpoint.heads not in _CLASSES:
    raise ValueError(
        f'transformers has no MobileBERT with {" and ".join(checkpoint.heads)} '
        'in one; convert a checkpoint of one task.')
  checkpoint_lib.check_heads(checkpoint, 'transformers')
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
  write_weights(checkpoint, folder, progress)
  write_settings(checkpoint, folder)


def write_settings(checkpoint: checkpoint_lib.Checkpoint, folder: str) -> None:
  """Writes `config.json` and the files of the tokenizer alone."""
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
  tokenizer_files.write(checkpoint, folder, for_transformers=True)


def write_weights(checkpoint: checkpoint_lib.Checkpoint, folder: str,
                  progress: checkpoint_lib.Progress = checkpoint_lib.silent
                  ) -> None:
  """Writes the weights alone."""
  tensors = {}
  for name in progress(checkpoint.names, 'writing'):
    array = name.from_ours(checkpoint.weights[name.ours], 'hugging_face')
    key = name.hugging_face
    if not checkpoint.heads:  # MobileBertModel is the base itself.
      key = key.removeprefix(safetensors_files.BASE)
    tensors[key] = np.ascontiguousarray(array)
  # save_file would make the file readable by its owner only.
  with open(os.path.join(folder, WEIGHTS), 'wb') as file:
    file.write(safetensors.numpy.save(tensors, metadata={'format': 'pt'}))


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


def _used(shapes: dict[str, Any],
          architecture: architectures.MobileBertConfig) -> dict[str, Any]:
  """Returns the shapes of the weights that transformers computes with."""
  # It makes a shared bottleneck for TINY, but does not read it.
  unused = '.bottleneck.attention.' if tf1.attention_fields(
      architecture)['use_bottleneck_attention'] else None
  return {name: shape for name, shape in shapes.items()
          if not (unused and unused in name)}


def _check_fields(fields: dict[str, Any], path: str) -> list[str]:
  """Returns a note on fields that are not known; see `check_only`."""
  check_only(fields, path)
  unknown = sorted(
      name for name, value in fields.items() if value and name not in _ONLY
      and name not in tf1.FIELDS and name not in _OF_NO_MATTER)
  notes = [f'Left out of {CONFIG}, as fields that no MobileBERT has: '
           f'{checkpoint_lib.listed(unknown)}.'] if unknown else []
  classes = _classes(fields)
  if 'MobileBertForMultipleChoice' in classes:
    raise ValueError(
        f'{path} is of a MobileBertForMultipleChoice, whose value is no rating '
        'but compared with those of other texts; no task here does that.')
  if classes and not set(classes) & set(_CLASSES.values()):
    notes.append(f'{CONFIG} is of the class {checkpoint_lib.listed(classes)}, '
                 'which is not known; the model is read by its weights.')
  return notes


def check_only(fields: dict[str, Any], path: str) -> None:
  """Raises ValueError if a field asks for what is not computed here."""
  for name, value in _ONLY.items():
    if fields.get(name) not in (None, value) and (fields[name] or value):
      raise ValueError(
          f'{path} has {name}={fields[name]!r:.80}, which changes answers and '
          f'is not computed here; only {value!r} is.')


def _problem_type(fields: dict[str, Any], path: str) -> str:
  value = fields.get('problem_type') or ''
  if value and value not in _PROBLEM_TYPES:
    raise ValueError(f'{path} has problem_type={value!r:.80}; there are '
                     f'{", ".join(_PROBLEM_TYPES)}.')
  return value


def _check_head(checkpoint: checkpoint_lib.Checkpoint, fields: dict[str, Any],
                path: str) -> None:
  """Raises ValueError if fields contradict the head that was read."""
  num_classes = checkpoint.num_classes
  sizes = {'num_labels': fields.get('num_labels'),
           'id2label': len(fields.get('id2label') or ()) or None}
  for name, size in sizes.items():
    if num_classes and size not in (None, num_classes):
      raise ValueError(
          f'{path}: {name} is of {size} labels, but the classifier has '
          f'{num_classes} classes.')
  heads = {kind[0] for kind, name in _CLASSES.items()
           if kind and kind[0] in _TASK_HEADS and name in _classes(fields)}
  found = set(checkpoint.heads) & set(_TASK_HEADS)
  if heads and found and not found & heads:
    raise ValueError(
        f'{path} has architectures={fields["architectures"]}, but the weights '
        f'are those of {" and ".join(sorted(found))}.')
  problem = fields.get('problem_type')
  if 'sequence_classification' not in found or not problem:
    return
  if (num_classes == 1) != (problem == 'regression'):
    raise ValueError(
        f'{path} has problem_type={problem!r} and a classifier of '
        f'{num_classes} values: regression has one, the others have two or '
        'more.')


def _classes(fields: dict[str, Any]) -> list[str]:
  """Returns the names of classes that a config gives, those of PyTorch."""
  classes = fields.get('architectures')
  return [name.removeprefix('TF') for name in classes
          if isinstance(name, str)] if isinstance(classes, list) else []


def possible_heads(fields: dict[str, Any]) -> list[str]:
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
  pooler = f'{safetensors_files.BASE}pooler.dense.weight'
  if not architecture.use_pooler or pooler in shapes or (
      not set(classes) & set(_classes(fields))):
    return architecture
  return architectures.resolve({**architecture.as_dict(), 'use_pooler': False})


def _labels(fields: dict[str, Any], path: str) -> tuple[str, ...]:
  """Returns the names of classes, placeholders included."""
  by_id = fields.get('id2label') or {}
  try:
    labels = tuple(str(by_id[str(i)]) for i in range(len(by_id)))
  except (KeyError, TypeError) as error:
    raise ValueError(
        f'{path}: id2label should have the keys "0", "1" and so on; '
        f'got {by_id!r:.80}.') from error
  by_label = fields.get('label2id')
  # Placeholders are often left when labels are named.
  if isinstance(by_label, dict) and set(by_label) == set(labels):
    for i, label in enumerate(labels):
      if str(by_label[label]) != str(i):
        raise ValueError(
            f'{path}: {label!r:.80} is {i} in id2label and '
            f'{by_label[label]!r:.80} in label2id.')
  return labels
