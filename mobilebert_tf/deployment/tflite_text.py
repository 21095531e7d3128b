# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Signatures of a TensorFlow Lite file that take text.

They need the custom operations of tensorflow-text.
"""

from collections.abc import Sequence
import os
from typing import Any

from ai_edge_litert import interpreter as litert
import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import served_module
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from mobilebert_tf.text import tokenizer as tokenizer_lib

# Share of texts with other ids of which signatures of text are refused.
_LARGEST_OTHER_IDS = 0.1
# Of letters, signs, digits, ligatures, full-width and Arabic forms.
_NFKC = 'ß™…½²ªﬁＡ１！ｱ①㎏ﷺﺎĳſ№Ⅷ'


def signatures(
    module: served_module.ServedModule, lengths: Sequence[int]
) -> dict[str, tf.types.experimental.ConcreteFunction]:
  """Makes signatures that tokenize inside the file, by their names.

  `tokenize` gives the `ids` of a text, int32 `[tokens]`, without special
  tokens. `serve_text_<length>` answers it, cut off at the length. Both take
  string `[1]` tensors by the names of `module.text_inputs`; `tokenize` only
  `text`.

  TFLite has FastBertTokenizer's own normaliser alone, which is NFKC where that
  of BERT is NFD: `…` becomes three full stops, `ß` ss, full-width letters and
  digits usual ones; and control characters become spaces. `check_tokens` counts
  the texts that get other ids.

  Args:
    module: The module.
    lengths: Lengths in tokens, padding included.

  Raises:
    ValueError: For a model that answers with parts of a text.
  """
  if not module.answers_whole_texts:
    raise ValueError(
        'A file that answers questions or labels words has no signatures of '
        'text: answers need windows and characters, which TFLiteRunner makes '
        'of ids.')
  if module.tokenizer.lower_case in settings.OTHER_CASES:
    raise ValueError(
        'TFLite cannot lower-case and keep accents, as this model was trained '
        'with. Leave --text_signatures out; TFLiteRunner does it.')
  vocabulary = module.tokenizer.vocabulary
  tokenizer = tf_text.FastBertTokenizer(
      vocab=list(vocabulary.tokens), token_out_type=tf.int32,
      max_bytes_per_word=4 * module.tokenizer.max_word_length,
      lower_case_nfd_strip_accents=module.tokenizer.lower_case)

  def tokenize(text: tf.Tensor) -> tf.Tensor:
    return tokenizer.tokenize(text).flat_values

  def serve(length: int, texts: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    segments = [tokenize(texts[name]) for name in module.text_inputs]
    return module.numbers(*_pack(segments, length, vocabulary))

  spec = tf.TensorSpec([1], tf.string)
  made: dict[str, Any] = {'tokenize': tf.function(
      lambda text: {'ids': tokenize(text)}).get_concrete_function(
          tf.TensorSpec([1], tf.string, 'text'))}
  for length in lengths:
    made[f'serve_text_{length}'] = tf.function(
        lambda length=length, **texts: serve(length, texts)
    ).get_concrete_function(**dict.fromkeys(module.text_inputs, spec))
  return made


def check_tokens(file: str | os.PathLike, tokenizer: tokenizer_lib.Tokenizer,
                 texts: agreement.RealTexts) -> str:
  """Refuses signatures of text that read many texts otherwise than training.

  Args:
    file: The file.
    tokenizer: The tokenizer of the model.
    texts: Texts that it is checked with.

  Returns:
    What was found, for the terminal.

  Raises:
    ValueError: If too many texts get other ids.
  """
  from tensorflow_text import tflite_registrar  # Only here: an extension.
  interpreter = litert.InterpreterWithCustomOps(
      custom_op_registerers=tflite_registrar.SELECT_TFTEXT_OPS,
      model_path=os.fspath(file))
  tokenize = interpreter.get_signature_runner('tokenize')

  def differ(text: str, expected: np.ndarray) -> bool:
    given = np.array([text.encode('utf-8', 'replace')], object)
    return not np.array_equal(tokenize(text=given)['ids'], expected)

  every = [*texts.texts, *(texts.pairs or ())]
  others = [text for text, ids in zip(
      every, tokenizer.tokenize_strings(every), strict=True)
            if differ(text, ids)]
  if len(others) > _LARGEST_OTHER_IDS * len(every):
    raise ValueError(
        f'Signatures of text read {len(others)} of {len(every)} texts '
        f'otherwise than training did, such as {others[0][:80]!r}: they know '
        "NFKC, not BERT's normalisation. Leave --text_signatures out; "
        'TFLiteRunner gives the right ids.')
  characters = [each for each, ids in zip(
      _NFKC, tokenizer.tokenize_strings(list(_NFKC)), strict=True)
                if differ(each, ids)]
  return (f'Signatures of text read {len(others)} of {len(every)} texts with '
          f'other ids than training, and of {len(_NFKC)} characters that NFKC '
          f'changes {len(characters)}: {" ".join(characters)}')


def _pack(segments: Sequence[tf.Tensor], length: int, vocabulary: Any
          ) -> list[tf.Tensor]:
  """Returns inputs `[1, length]` of one or two texts, int32 `[tokens]`."""
  budget = length - len(segments) - 2  # One [PAD] follows.
  if len(segments) == 2:
    lengths = plain_tokenizer.kept_lengths(*map(tf.size, segments), budget, tf)
    segments = [s[:length] for s, length in zip(segments, lengths, strict=True)]
  else:
    segments = [segments[0][:budget]]
  sep = tf.constant([vocabulary.sep_id])
  words, types = [tf.constant([vocabulary.cls_id])], [tf.zeros([1], tf.int32)]
  for index, segment in enumerate(segments):
    words += [segment, sep]
    types.append(tf.fill([tf.size(segment) + 1], index))
  words, types = tf.concat(words, 0), tf.concat(types, 0)

  def pad(values: tf.Tensor, value: int = 0) -> tf.Tensor:
    padding = [[0, length - tf.size(words)]]
    padded = tf.pad(values, padding, constant_values=value)
    return tf.reshape(padded, [1, length])

  return [pad(words, vocabulary.pad_id), pad(tf.ones_like(words)), pad(types)]
