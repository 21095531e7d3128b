# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Sentence encoders as folders of `sentence-transformers`.

A folder of transformers with `modules.json`: pooling, perhaps a linear map, and
normalization. Of its activations, poolings and prompts those are read that
`SentenceEncoder` computes; others are refused by name.
"""

from collections.abc import Mapping
import dataclasses
import os
from typing import Any

import numpy as np
import safetensors.numpy

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import bert
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.checkpoints import hugging_face
from mobilebert_tf.checkpoints import model_card
from mobilebert_tf.checkpoints import safetensors_files
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.checkpoints import tokenizer_settings
from mobilebert_tf.checkpoints import trailing_pad
from mobilebert_tf.common import files
from mobilebert_tf.modeling import sentence_encoder
from mobilebert_tf.text import settings
from mobilebert_tf.text import tokenizer as tokenizer_lib

MODULES = 'modules.json'
_SETTINGS = 'sentence_bert_config.json'
_MODEL_CONFIG = 'config_sentence_transformers.json'
# Old names, which every release reads.
_TYPE = 'sentence_transformers.models.'
_ORDER = ('Transformer', 'Pooling', 'Dense', 'Normalize')
_IDENTITY = 'torch.nn.modules.linear.Identity'
_POOLINGS = {sentence_encoder.MEAN: 'mean', sentence_encoder.FIRST: 'cls'}
_LEGACY = 'pooling_mode_'

_FORMAT = 'sentence_transformers'
_WRITTEN = {
    MODULES, _SETTINGS, _MODEL_CONFIG, trailing_pad.FILE, hugging_face.CONFIG,
    model_card.NAME,
    hugging_face.WEIGHTS, tokenizer_files.VOCABULARY, tokenizer_files.TOKENIZER,
    tokenizer_files.TOKENIZER_CONFIG,
    *(f'{i}_{name}' for i, name in enumerate(_ORDER)), '2_Normalize'}


@dataclasses.dataclass(frozen=True)
class SentenceCheckpoint:
  """A sentence encoder in memory.

  Attributes:
    encoder: The encoder, of either kind, with its vocabulary.
    pooling: One of `sentence_encoder.POOLINGS`.
    normalize: Whether vectors have length 1.
    kernel: float32 `[width, size]` of the linear map; None if there is none.
    bias: float32 `[size]` of it.
    max_length: Maximum length of a text in tokens, special ones included.
  """
  encoder: checkpoint_lib.Checkpoint
  pooling: str
  normalize: bool
  max_length: int
  kernel: np.ndarray | None = None
  bias: np.ndarray | None = None

  def build(self, dtype: Any = None) -> modeling.SentenceEncoder:
    """Builds the model."""
    is_bert = isinstance(self.encoder.architecture, modeling.BertConfig)
    encoder = checkpoints.build(
        modeling.BertEncoder if is_bert else modeling.MobileBertEncoder,
        self.encoder, dtype=dtype)
    model = modeling.SentenceEncoder(
        encoder, self.pooling, None if self.kernel is None else
        self.kernel.shape[1], self.normalize)
    if self.kernel is not None:
      model.get_layer('sentence_projection').set_weights(
          [self.kernel, self.bias])
    return model


def recognises(folder: str | os.PathLike) -> bool:
  """Returns whether a folder is one of sentence-transformers."""
  return os.path.exists(os.path.join(folder, MODULES))


def read(folder: str | os.PathLike) -> SentenceCheckpoint:
  """Reads a folder.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If one is damaged, or the model computes something that a
      `SentenceEncoder` does not.

  Example: `read('all-MiniLM-L6-v2').build()`
  """
  folder = os.fspath(folder)
  paths = _read_modules(os.path.join(folder, MODULES))
  _check_prompts(os.path.join(folder, _MODEL_CONFIG))
  inner = paths['Transformer']
  encoder, max_length = _apply_settings(
      _without_heads(checkpoints.read_teacher(inner)),
      os.path.join(inner, _SETTINGS))
  width = encoder.architecture.inter_block_size
  pooling = _read_pooling(os.path.join(paths['Pooling'], 'config.json'), width)
  kernel = bias = None
  if 'Dense' in paths:
    kernel, bias = _read_dense(paths['Dense'], width)
  return SentenceCheckpoint(encoder, pooling, 'Normalize' in paths, max_length,
                            kernel, bias)


def of_encoder(encoder: checkpoint_lib.Checkpoint,
               pooling: str) -> SentenceCheckpoint:
  """Returns an encoder with a pooling, whose vectors have length 1."""
  return SentenceCheckpoint(
      _without_heads(encoder), pooling, True,
      encoder.architecture.max_position_embeddings)


def of_model(model: modeling.SentenceEncoder, max_length: int,
             tokenizer: tokenizer_lib.Tokenizer) -> SentenceCheckpoint:
  """Returns a model as a checkpoint.

  Args:
    model: The model.
    max_length: Maximum length of a text in tokens, special ones included.
    tokenizer: Its tokenizer.
  """
  kernel = bias = None
  if model.output_size:
    kernel, bias = (weight.astype(np.float32) for weight in model.get_layer(
        'sentence_projection').get_weights())
  encoder = dataclasses.replace(
      checkpoints.of_model(model.encoder), vocabulary=tokenizer.vocabulary,
      lower_case=tokenizer.lower_case,
      max_word_length=tokenizer.max_word_length)
  return SentenceCheckpoint(encoder, model.pooling, model.normalize, max_length,
                            kernel, bias)


def write(sentence: SentenceCheckpoint, folder: str | os.PathLike,
          overwrite: bool = False, card: str = '') -> list[str]:
  """Writes a folder that sentence-transformers loads, and reads it again.

  Args:
    sentence: The sentence encoder, with its vocabulary.
    folder: Path of the folder, which appears when it is complete.
    overwrite: Whether a folder of this format may be replaced.
    card: Model card of the run; one is made if ''.

  Returns:
    Sentences on what was left out, or differs there.

  Raises:
    FileExistsError: If the folder exists and may not be replaced.
    ValueError: If sentence-transformers has no such pooling, or there is no
      vocabulary.

  Example: `write(of_model(model, 128, tokenizer), 'my-encoder')`
  """
  if sentence.pooling not in _POOLINGS:
    raise ValueError(
        f'sentence-transformers has no pooling by {sentence.pooling}; it has '
        f'that of a model trained with {" or ".join(_POOLINGS)}.')
  if sentence.encoder.vocabulary is None:
    raise ValueError(f'No vocabulary lies with {sentence.encoder.source}. Put '
                     'its vocab.txt beside it.')
  folder = formats.local_output(os.fspath(folder))
  _check_output(folder, overwrite)
  tokenizer_files.check_vocabulary(sentence.encoder)
  encoder, notes = _fit(sentence.encoder)
  sentence = dataclasses.replace(sentence, encoder=encoder)
  with files.replace_folder(folder, MODULES, overwrite) as new:
    _write_encoder(encoder, str(new))
    _write_modules(sentence, str(new))
    files.write_text(new / model_card.NAME, model_card.for_format(
        card, _FORMAT) if card else model_card.of_checkpoint(
            encoder, os.path.basename(folder), _FORMAT).render())
    again = read(new)
    if found := _differences(sentence, again):
      raise RuntimeError(
          f'What was written for {folder} is not what was read, so nothing was '
          f'kept: {"; ".join(found[:5])}. This is a mistake in mobilebert_tf '
          'or a failing disk.')
  return notes


def _check_output(folder: str, overwrite: bool) -> None:
  """Raises FileExistsError unless the folder is new or of this format."""
  held = os.listdir(folder) if os.path.isdir(folder) else []
  if held and not overwrite:
    raise FileExistsError(f'{folder} exists already. Name another folder, or '
                          'allow to overwrite it.')
  if foreign := sorted(set(held) - _WRITTEN):
    raise FileExistsError(
        f'{folder} holds {", ".join(foreign[:5])}, so it is not a folder that '
        'was written in this format, and will not be overwritten.')


# === Reading ===


def _without_heads(encoder: checkpoint_lib.Checkpoint
                   ) -> checkpoint_lib.Checkpoint:
  """Returns the encoder alone."""
  heads = {name.ours for name in encoder.names if name.part in encoder.heads}
  return dataclasses.replace(
      encoder, labels=(), problem_type='',
      weights={name: array for name, array in encoder.weights.items()
               if name not in heads},
      parts=tuple(part for part in encoder.parts if part not in encoder.heads))


def _read_modules(path: str) -> dict[str, str]:
  """Returns the folders of the modules by their kinds."""
  modules, folder = files.read_json(path), os.path.dirname(path)
  found: dict[str, str] = {}
  for module in modules if isinstance(modules, list) else [None]:
    kind = inner = None
    if isinstance(module, Mapping):
      kind, inner = module.get('type'), module.get('path')
    if not isinstance(kind, str) or not isinstance(inner, str) or (
        inner and os.path.basename(inner) != inner) or inner == '..':
      raise ValueError(f'{path} has the module {module!r:.80}; a module has a '
                       'type, and as path the name of a folder beside.')
    name = kind.rpartition('.')[2]
    if name not in _ORDER or not kind.startswith('sentence_transformers.'):
      raise ValueError(f'{path} has a module {kind!r:.80}, which is not '
                       f'computed here; these are: {", ".join(_ORDER)}.')
    if found and _ORDER.index(name) <= max(map(_ORDER.index, found)):
      raise ValueError(f'{path}: {name} follows {list(found)[-1]}; read are '
                       f'{", ".join(_ORDER)} in this order, once each.')
    found[name] = os.path.join(folder, inner)
  for name in _ORDER[:2]:
    if name not in found:
      raise ValueError(f'{path} has no {name}: without it there is no vector '
                       'of a text.')
  return found


def _check_prompts(path: str) -> None:
  """Raises ValueError if texts get a prompt."""
  if not os.path.exists(path):
    return
  name = tokenizer_files.read_json(path).get('default_prompt_name')
  if name:
    raise ValueError(
        f'{path} puts a prompt before each text (default_prompt_name='
        f'{name!r:.80}), which is not done here. Put it into the texts, and '
        'take the field out.')


def _apply_settings(encoder: checkpoint_lib.Checkpoint, path: str
                    ) -> tuple[checkpoint_lib.Checkpoint, int]:
  """Returns the encoder with its tokenizer, and the length of texts."""
  fields = tokenizer_files.read_json(path) if os.path.exists(path) else {}
  longest = encoder.architecture.max_position_embeddings
  length = fields.get('max_seq_length')
  length = longest if length is None else length
  if type(length) is not int or not 3 <= length <= longest:
    raise ValueError(f'{path} has max_seq_length={length!r:.80}; the encoder '
                     f'has {longest} positions, and 3 is the least.')
  if fields.get('do_lower_case') and not encoder.lower_case:
    encoder = dataclasses.replace(encoder, lower_case=settings.KEEP_ACCENTS)
  return encoder, length


def _read_pooling(path: str, width: int) -> str:
  """Returns the pooling in our words."""
  fields = tokenizer_files.read_json(path)
  modes = fields.get('pooling_mode')
  if modes is None:  # Before release 6.
    modes = [name.removeprefix(_LEGACY).removesuffix('_token').removesuffix(
        '_tokens') for name, value in fields.items()
             if name.startswith(_LEGACY) and value is True]
  modes = [modes] if isinstance(modes, str) else modes
  ours = {theirs: name for name, theirs in _POOLINGS.items()}
  if not isinstance(modes, list) or len(modes) != 1 or modes[0] not in ours:
    raise ValueError(f'{path} pools by {modes!r:.80}, which is not computed '
                     f'here; {" or ".join(ours)} is.')
  size = fields.get('embedding_dimension',
                    fields.get('word_embedding_dimension', width))
  if size != width:
    raise ValueError(f'{path} pools vectors of {size!r:.80}; the encoder has '
                     f'{width}.')
  return ours[modes[0]]


def _read_dense(folder: str, width: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns the kernel and the bias of a linear map."""
  path = os.path.join(folder, 'config.json')
  fields = tokenizer_files.read_json(path)
  activation = fields.get('activation_function')
  if activation != _IDENTITY or fields.get('use_residual'):
    raise ValueError(
        f'{path} is no linear map (activation_function={activation!r:.80}, '
        f'use_residual={fields.get("use_residual", False)!r:.80}), which is '
        'all that is computed here.')
  tensors = safetensors_files.read_file(
      os.path.join(folder, hugging_face.WEIGHTS))
  kernel, bias = tensors.pop('linear.weight', None), tensors.pop(
      'linear.bias', None)
  if kernel is None or kernel.ndim != 2 or kernel.shape[1] != width or (
      tensors or bias is not None and bias.shape != kernel.shape[:1]):
    raise ValueError(
        f'{folder}: its weights are not linear.weight [*, {width}] and '
        'linear.bias.')
  return kernel.T, np.zeros(len(kernel), np.float32) if bias is None else bias


# === Writing ===


def _fit(encoder: checkpoint_lib.Checkpoint
         ) -> tuple[checkpoint_lib.Checkpoint, list[str]]:
  """Returns the part that is written, and notes."""
  if isinstance(encoder.architecture, modeling.BertConfig):
    return encoder, []
  encoder, notes = hugging_face.fit(encoder)
  if encoder.architecture.type_vocab_size < 2 and np.any(
      encoder.weights[trailing_pad.WORDS][encoder.vocabulary.pad_id]):
    notes.append(
        "sentence-transformers' vectors differ slightly: [SEP] sees a [PAD] "
        'behind it here, and nothing there, and with one segment '
        '(type_vocab_size) this has no place in the weights.')
  return encoder, notes


def _write_encoder(encoder: checkpoint_lib.Checkpoint, folder: str) -> None:
  """Writes weights, config and tokenizer."""
  if isinstance(encoder.architecture, modeling.BertConfig):
    bert.write(encoder, folder)
    return
  written, apart = trailing_pad.move(encoder)
  hugging_face.write(written, folder)
  if apart:
    trailing_pad.write(apart, folder)
    _write_tokenizer(encoder, folder)


def _write_tokenizer(encoder: checkpoint_lib.Checkpoint, folder: str) -> None:
  """Writes a tokenizer that gives [SEP] the second segment."""
  files.write_text(
      os.path.join(folder, tokenizer_files.TOKENIZER),
      tokenizer_settings.as_file(encoder, separator='[SEP]:1'))


def _write_modules(sentence: SentenceCheckpoint, folder: str) -> None:
  """Writes what follows the encoder."""
  width = sentence.encoder.architecture.inter_block_size
  names = ['Transformer', 'Pooling']
  names += ['Dense'] * (sentence.kernel is not None)
  names += ['Normalize'] * sentence.normalize
  paths = ['' if i == 0 else f'{i}_{name}' for i, name in enumerate(names)]
  for path in paths[1:]:
    os.makedirs(os.path.join(folder, path))
  files.write_json(os.path.join(folder, MODULES), [
      {'idx': i, 'name': str(i), 'path': path, 'type': f'{_TYPE}{name}'}
      for i, (name, path) in enumerate(zip(names, paths, strict=True))])
  write_fields = tokenizer_files.write_json
  write_fields(os.path.join(folder, _SETTINGS), {
      'max_seq_length': sentence.max_length, 'do_lower_case': False})
  write_fields(os.path.join(folder, _MODEL_CONFIG), {
      'prompts': {}, 'default_prompt_name': None,
      'similarity_fn_name': 'cosine'})
  write_fields(os.path.join(folder, paths[1], 'config.json'), {
      'word_embedding_dimension': width,
      f'{_LEGACY}cls_token': sentence.pooling == sentence_encoder.FIRST,
      f'{_LEGACY}mean_tokens': sentence.pooling == sentence_encoder.MEAN,
      f'{_LEGACY}max_tokens': False,
      f'{_LEGACY}mean_sqrt_len_tokens': False})
  if sentence.kernel is not None:
    _write_dense(sentence, os.path.join(folder, paths[2]))


def _write_dense(sentence: SentenceCheckpoint, folder: str) -> None:
  width, size = sentence.kernel.shape
  tokenizer_files.write_json(os.path.join(folder, 'config.json'), {
      'in_features': width, 'out_features': size, 'bias': True,
      'activation_function': _IDENTITY})
  files.write_bytes(os.path.join(folder, hugging_face.WEIGHTS),
                    safetensors.numpy.save({
                        'linear.weight': np.ascontiguousarray(
                            sentence.kernel.T),
                        'linear.bias': sentence.bias}, {'format': 'pt'}))


def _differences(one: SentenceCheckpoint,
                 other: SentenceCheckpoint) -> list[str]:
  """Returns sentences on all differences."""
  found = [
      f'{name} is not the same' for name in ('pooling', 'normalize',
                                             'max_length')
      if getattr(one, name) != getattr(other, name)]
  found += [f'the {name} of the linear map is not the same'
            for name in ('kernel', 'bias')
            if not np.array_equal(getattr(one, name), getattr(other, name))]
  # Settings that the formats do not hold; `_fit` notes those that matter.
  theirs = other.encoder.architecture
  kept = {name: getattr(theirs, name) for name in checkpoint_lib.SETTINGS
          if hasattr(theirs, name)}
  first = dataclasses.replace(one.encoder, architecture=dataclasses.replace(
      one.encoder.architecture, **kept))
  return found + checkpoint_lib.differences(first, other.encoder)
