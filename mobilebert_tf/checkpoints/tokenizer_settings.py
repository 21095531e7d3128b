# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of tokenizers of transformers, each obeyed or refused by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tokenizers
from tokenizers import decoders
from tokenizers import models
from tokenizers import normalizers
from tokenizers import pre_tokenizers
from tokenizers import processors

from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.common import notices
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib

_CONFIG, _FILE = 'tokenizer_config.json', 'tokenizer.json'
_LIMIT = 'max_input_chars_per_word'
_OURS = 'mobilebert_tf_tokenizer'  # Unknown to transformers.
# Classes that split text as BERT does, whichever vocabulary they read.
_CLASSES = ('BertTokenizer', 'MobileBertTokenizer', 'DistilBertTokenizer',
            'ElectraTokenizer', 'ConvBertTokenizer', 'LayoutLMTokenizer',
            'PreTrainedTokenizer', 'TokenizersBackend')
_SPECIAL = {f'{token[1:-1].lower()}_token': token
            for token in vocabulary_lib.SPECIAL_TOKENS}
# Fields of tokenizer_config.json, for tokenizer.json to be taken as it is.
AS_IT_IS = {
    'tokenizer_class': 'PreTrainedTokenizerFast', **_SPECIAL,
    'model_input_names': ['input_ids', 'token_type_ids', 'attention_mask']}
# Fields of files and the value that is read, beside none.
_CONFIG_FIELDS = {'tokenize_chinese_chars': True, 'do_basic_tokenize': True,
                  **_SPECIAL}
_FILE_FIELDS = {
    'model.type': 'WordPiece', 'model.unk_token': '[UNK]',
    'model.continuing_subword_prefix': '##',
    'normalizer.type': 'BertNormalizer', 'normalizer.clean_text': True,
    'normalizer.handle_chinese_chars': True,
    'pre_tokenizer.type': 'BertPreTokenizer'}


def read(folder: str, vocabulary: vocabulary_lib.Vocabulary | None,
         config: Mapping[str, Any] | None, tokenizer: Mapping[str, Any],
         added: Mapping[str, Any], special: Mapping[str, Any]
         ) -> dict[str, Any]:
  """Returns `lower_case` and `max_word_length`, if a file says them.

  Args:
    folder: Folder of the files, for messages.
    vocabulary: The vocabulary, if there is one.
    config: Fields of `tokenizer_config.json`; None if there is no such file.
    tokenizer: Fields of `tokenizer.json`.
    added: Ids by token, of `added_tokens.json`.
    special: Fields of `special_tokens_map.json`.

  Raises:
    ValueError: If a setting changes ids and is not supported, or two files
      contradict each other.
  """
  fields = config or {}
  try:
    found = _settings(folder, config, tokenizer)
    refused = [
        *_others(_CONFIG, fields, _CONFIG_FIELDS),
        *_others(_FILE, tokenizer, _FILE_FIELDS),
        *_others('special_tokens_map.json', special, _SPECIAL),
        *_of_other_class(fields), *_other_frame(tokenizer)]
    if vocabulary is not None:
      refused += _added(vocabulary, found, fields, tokenizer, added, special)
      refused += _other_tokens(vocabulary, tokenizer)
  except (AttributeError, KeyError, TypeError) as error:
    raise ValueError(f'{folder} has a damaged tokenizer file: a field is of '
                     f'another type than usual ({error}).') from error
  if refused:
    raise ValueError(
        f'{folder} has a tokenizer that would be read otherwise here: '
        f'{"; ".join(refused)}. Put the tokenizer files of a BERT without such '
        'settings beside the weights, if the model was trained with one.')
  return found


def tokens_of(tokenizer: Mapping[str, Any]) -> tuple[str, ...] | None:
  """Returns the vocabulary of a `tokenizer.json`; None if it has none."""
  tokens = _get(tokenizer, 'model.vocab')
  if not isinstance(tokens, dict):
    return None
  ids = list(tokens.values())
  if any(type(i) is not int for i in ids) or (
      sorted(ids) != list(range(len(ids)))):
    return None
  return tuple(sorted(tokens, key=tokens.get))


def as_config(checkpoint: checkpoint_lib.Checkpoint) -> dict[str, Any]:
  """Returns the fields of `tokenizer_config.json` that `read` reads."""
  ours = {}
  if checkpoint.lower_case == settings.MEDIAPIPE:
    ours[_OURS] = settings.MEDIAPIPE
  return {'do_lower_case': bool(checkpoint.lower_case),
          'strip_accents': settings.strips_accents(checkpoint.lower_case),
          _LIMIT: checkpoint.max_word_length, **ours}


def as_file(checkpoint: checkpoint_lib.Checkpoint,
            separator: str = '[SEP]:0') -> str:
  """Returns the text of `tokenizer.json`.

  Args:
    checkpoint: A checkpoint with its vocabulary.
    separator: The token that ends the first text, and its segment.
  """
  if checkpoint.lower_case == settings.MEDIAPIPE:
    notices.tell(
        'transformers has no tokenizer like that of MediaPipe, which the model '
        'was trained with: there, texts with capitals beyond A to Z, or with '
        'rare white space, get other ids.')
  ids = {token: i for i, token in enumerate(checkpoint.vocabulary.tokens)}
  made = tokenizers.Tokenizer(models.WordPiece(
      ids, unk_token='[UNK]',
      max_input_chars_per_word=checkpoint.max_word_length))
  made.normalizer = normalizers.BertNormalizer(
      lowercase=bool(checkpoint.lower_case),
      strip_accents=settings.strips_accents(checkpoint.lower_case))
  made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
  made.post_processor = processors.TemplateProcessing(
      f'[CLS]:0 $A:0 {separator}', '[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1',
      [(token, ids[token]) for token in ('[CLS]', '[SEP]')])
  made.decoder = decoders.WordPiece()
  made.add_special_tokens(list(vocabulary_lib.SPECIAL_TOKENS))
  return made.to_str(pretty=True)


def _settings(folder: str, config: Mapping[str, Any] | None,
              tokenizer: Mapping[str, Any]) -> dict[str, Any]:
  fields = config or {}
  def agreed(name: str, in_config: str, in_file: str) -> Any:
    return settings.agree(name, {
        f'{folder}/{_CONFIG}': _plain(fields.get(in_config)),
        f'{folder}/{_FILE}': _plain(_get(tokenizer, in_file))}, None)

  found = {}
  lower_case = agreed('do_lower_case', 'do_lower_case', 'normalizer.lowercase')
  strip = agreed('strip_accents', 'strip_accents', 'normalizer.strip_accents')
  if lower_case is None and config is not None:
    lower_case = True  # The default of transformers.
  if strip and lower_case is False:
    raise ValueError(
        f'{folder} has strip_accents=true without lower-casing, which '
        'mobilebert_tf does not have. Strip accents from the texts before, and '
        'take the setting out.')
  if lower_case is not None:
    found['lower_case'] = settings.KEEP_ACCENTS if (
        lower_case and strip is False) else bool(lower_case)
  if fields.get(_OURS) == settings.MEDIAPIPE:
    found['lower_case'] = settings.MEDIAPIPE
  longest = agreed(_LIMIT, _LIMIT, f'model.{_LIMIT}')
  if longest is not None:
    found['max_word_length'] = longest
  settings.check(**{'lower_case': True,
                    'max_word_length': settings.MAX_WORD_LENGTH, **found})
  return found


def _others(name: str, fields: Mapping[str, Any],
            accepted: Mapping[str, Any]) -> Iterator[str]:
  """Yields a phrase for each field of another value."""
  for path, wanted in accepted.items():
    value = _plain(_get(fields, path))
    if value is not None and value != wanted:
      yield (f'{name}: {path} is {settings.text(value)} (only '
             f'{settings.text(wanted)} is supported)')


def _of_other_class(config: Mapping[str, Any]) -> Iterator[str]:
  name = config.get('tokenizer_class')
  if name is not None and str(name).removesuffix('Fast') not in _CLASSES:
    yield f'{_CONFIG}: tokenizer_class is {name} (only BERT\'s is supported)'
  if never := [token for token in config.get('never_split') or ()
               if token not in vocabulary_lib.SPECIAL_TOKENS]:
    yield f'{_CONFIG}: never_split is {never} (it is not supported)'


def _other_frame(tokenizer: Mapping[str, Any]) -> Iterator[str]:
  """Yields a phrase if other special tokens than BERT's surround texts."""
  frame = tokenizer.get('post_processor')
  if not isinstance(frame, Mapping):
    return
  kind = frame.get('type')
  if kind == 'BertProcessing':
    tokens = [pair[0] for pair in (frame.get('cls'), frame.get('sep'))
              if isinstance(pair, Sequence) and pair]
    if tokens == ['[CLS]', '[SEP]']:
      return
  elif kind == 'TemplateProcessing':
    tokens = [part['SpecialToken']['id'] if 'SpecialToken' in part else
              part['Sequence']['id'] for part in frame.get('single') or ()]
    if tokens == ['[CLS]', 'A', '[SEP]']:
      return
  yield (f'{_FILE}: post_processor {kind} does not give [CLS] text [SEP]')


def _added(vocabulary: vocabulary_lib.Vocabulary, found: Mapping[str, Any],
           config: Mapping[str, Any], tokenizer: Mapping[str, Any],
           added: Mapping[str, Any], special: Mapping[str, Any]
           ) -> Iterator[str]:
  """Yields a phrase for tokens that are found in no text here."""
  tokens = dict(added)
  for number, token in dict(config.get('added_tokens_decoder') or {}).items():
    tokens[_plain(token)] = int(number)
  for token in tokenizer.get('added_tokens') or ():
    tokens[_plain(token)] = token.get('id')
  for fields in (config, special):
    extra = [*_listed(fields.get('additional_special_tokens')),
             *_listed(fields.get('extra_special_tokens'))]
    tokens |= {token: tokens.get(token) for token in map(_plain, extra)}
  known = {token: i for i, token in enumerate(vocabulary.tokens)}
  split = plain_tokenizer.PlainTokenizer(vocabulary.tokens, **found).tokenize
  lost = [
      token for token, number in tokens.items()
      if known.get(token) is None or number not in (None, known[token]) or (
          token not in vocabulary_lib.SPECIAL_TOKENS
          and split([token])[0].tolist() != [known[token]])]
  if lost:
    names = ', '.join(map(repr, lost[:5])) + (', …' if lost[5:] else '')
    yield (f'{len(lost)} added tokens, {names}, are not pieces of its '
           'vocabulary (vocab.txt) that a text can have')


def _other_tokens(vocabulary: vocabulary_lib.Vocabulary,
                  tokenizer: Mapping[str, Any]) -> Iterator[str]:
  """Yields a phrase if the two files have different vocabularies."""
  tokens = tokens_of(tokenizer)
  if tokens is None or tokens == vocabulary.tokens:
    return
  if len(tokens) != len(vocabulary):
    yield (f'vocab.txt has {len(vocabulary)} tokens, {_FILE} {len(tokens)}')
    return
  row, (one, other) = next(
      (i, pair) for i, pair in enumerate(
          zip(vocabulary.tokens, tokens, strict=True)) if pair[0] != pair[1])
  yield (f'token {row} is {one!r} in vocab.txt, but {other!r} in {_FILE}')


def _get(fields: Mapping[str, Any], path: str) -> Any:
  """Returns the value at a path such as `model.type`, or None."""
  value: Any = fields
  for name in path.split('.'):
    value = value.get(name) if isinstance(value, Mapping) else None
  return value


def _listed(value: Any) -> list[Any]:
  if isinstance(value, Mapping):  # Of transformers 5, by name.
    return list(value.values())
  return list(value or ())


def _plain(value: Any) -> Any:
  """Returns a token without its description, and a bool for its name."""
  if isinstance(value, Mapping):
    value = value.get('content')
  if isinstance(value, str) and value.lower() in ('true', 'false'):
    return value.lower() == 'true'
  return value
