# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Model cards: a README.md in the format of the Hugging Face hub.

Metadata in YAML, then Markdown. `huggingface_hub` parses each card that is
written, and `check` applies those of the hub's rules that need no network. The
hub's own check is a request to it, which `huggingface_hub` makes when a card is
pushed.
"""

from collections.abc import Mapping, Sequence
import dataclasses
import os
import pathlib
import re
from typing import Any

import huggingface_hub
from huggingface_hub import utils as hub_utils
import yaml

from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.common import files

NAME = 'README.md'
LIBRARY = 'mobilebert_tf'
# Of each checkpoint format that another library reads.
_LIBRARIES = {'hugging_face': 'transformers',
              'sentence_transformers': 'sentence-transformers'}
PAPER = 'https://arxiv.org/abs/2004.02984'
UNKNOWN_LICENCE = (
    'None is named yet, so nobody else may use the model. Name one: '
    '`mobilebert model_card --model_dir=FOLDER --licence=apache-2.0`.')
# The pipeline of the hub for each head.
_PIPELINES = {
    'sequence_classification': 'text-classification',
    'token_classification': 'token-classification',
    'question_answering': 'question-answering',
    'masked_lm': 'fill-mask',
    '': 'feature-extraction',
}
# https://huggingface.co/docs/hub/repositories-licenses
LICENCES = frozenset("""
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m
bigscience-bloom-rail-1.0 bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd
bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0
cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0
cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0
cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0
cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0
eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc
intel-research h-research lppl-1.3c ms-pl mpl-2.0 odc-by odbl openmdw-1.0
openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr
deepfloyd-if-license fair-noncommercial-research-license llama2 llama3 llama3.1
llama3.2 llama3.3 llama4 gemma apple-ascl apple-amlr unknown other
""".split())
_LANGUAGE = re.compile(r'[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|code|multilingual')
_FRONT = re.compile(r'\A---\r?\n(.*?)\r?\n---\r?\n', re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Card:
  """A model card.

  Attributes:
    metadata: Metadata by the hub's names, such as `license`.
    title: Title, a line.
    sections: Markdown of each section by its title; an empty one is left out.
    results: Evaluation results, for `model-index`.
  """
  metadata: Mapping[str, Any]
  title: str
  sections: Mapping[str, str]
  results: Sequence[huggingface_hub.EvalResult] = ()

  def render(self) -> str:
    """Returns the text of the file; raises ValueError as `check`."""
    metadata = {name: value for name, value in self.metadata.items() if value}
    if self.results:
      metadata |= {'model_name': self.title, 'eval_results': list(self.results)}
    data = huggingface_hub.ModelCardData(**metadata)
    body = ''.join(f'\n## {title}\n\n{text.strip()}\n'
                   for title, text in self.sections.items() if text.strip())
    text = f'---\n{data.to_yaml()}\n---\n\n# {self.title}\n{body}'
    check(text)
    return text

  def write(self, folder: str | os.PathLike) -> pathlib.Path:
    """Writes `README.md` into a folder, and returns its path."""
    path = pathlib.Path(folder) / NAME
    files.write_text(path, self.render())
    return path


def check(text: str, needs_licence: bool = False) -> dict[str, Any]:
  """Returns the metadata of a card if the hub would accept them.

  Args:
    text: The card.
    needs_licence: Whether it has to name a licence.

  Raises:
    ValueError: If `huggingface_hub` cannot parse it, or a field is none that
      the hub accepts.
  """
  if not _FRONT.match(text):
    raise ValueError('The card has no metadata: a block of YAML between two '
                     'lines of --- at its beginning.')
  data = huggingface_hub.ModelCard(text).data.to_dict()
  licence = data.get('license')
  if licence is None and needs_licence:
    raise ValueError('The card names no licence, without which nobody may use '
                     'the model. Name one: --licence=apache-2.0.')
  if licence is not None:
    check_licence(licence)
  if licence == 'other' and not data.get('license_name'):
    raise ValueError('The licence is other, so the card needs license_name and '
                     'license_link.')
  for language in _listed(data.get('language')):
    if not _LANGUAGE.fullmatch(str(language)):
      raise ValueError(f'The language is {language!r}; the hub has codes of '
                       'ISO 639, such as en, and multilingual.')
  for name in _listed(data.get('base_model')):
    hub_utils.validate_repo_id(name)
  return data


def check_licence(licence: str) -> None:
  """Raises ValueError unless the hub knows a licence."""
  if licence not in LICENCES:
    raise ValueError(
        f'The licence is {licence!r}, which the Hugging Face hub does not '
        'know; it has apache-2.0, mit, cc-by-4.0, gpl-3.0, other and more: '
        'https://huggingface.co/docs/hub/repositories-licenses.')


def read(folder: str | os.PathLike) -> str:
  """Returns the card of a folder; '' if it has none, or not in this format."""
  path = pathlib.Path(folder) / NAME
  if not path.is_file():
    return ''
  try:
    text = files.read_text(path)
    if not _FRONT.match(text):
      return ''
    huggingface_hub.ModelCard(text)
  except (TypeError, ValueError, yaml.YAMLError):
    return ''
  return text


def for_format(text: str, checkpoint_format: str) -> str:
  """Returns a card for a folder of another format, read by another library."""
  card = huggingface_hub.ModelCard(text)
  card.data.library_name = _LIBRARIES.get(checkpoint_format, LIBRARY)
  return str(card)


def of_checkpoint(checkpoint: checkpoint_lib.Checkpoint, title: str,
                  checkpoint_format: str) -> Card:
  """Returns what a checkpoint says of itself, as a card.

  Args:
    checkpoint: The checkpoint.
    title: Title of the card.
    checkpoint_format: Its format, a key of `formats.FORMATS`.
  """
  head = next((part for part in checkpoint.heads if part in _PIPELINES), '')
  metadata = {
      'library_name': _LIBRARIES.get(checkpoint_format, LIBRARY),
      'pipeline_tag': _PIPELINES[head],
      'tags': tags(),
  }
  return Card(metadata, title, {
      'Model': table(('', ''), _facts(checkpoint)),
      'Intended use': _INTENDED_USES.get(head, ''),
      'Data and results': 'Not known to the program that wrote this folder. '
                          'Say here what it was trained and tested with.',
      'Licence': UNKNOWN_LICENCE,
  })


_INTENDED_USES = {
    '': 'An encoder to be fine-tuned on a task; by itself it answers nothing.',
    'masked_lm': 'An encoder to be fine-tuned on a task; by itself it guesses '
                 'words that are left out.',
}


def _facts(checkpoint: checkpoint_lib.Checkpoint) -> list[tuple[str, str]]:
  rows = [
      ('Kind', f'[MobileBERT]({PAPER})'),
      ('Parameters', f'{checkpoint.num_parameters:,}'),
      ('Parts', ', '.join(part.replace('_', ' ') for part in checkpoint.parts)),
      ('Longest text', f'{checkpoint.architecture.max_position_embeddings - 1} '
                       'tokens'),
      # Not where on whose machine.
      ('Made from', code('/'.join(
          pathlib.PurePath(checkpoint.source).parts[-2:]))),
  ]
  if checkpoint.vocabulary is not None:
    rows += [('Vocabulary', f'{len(checkpoint.vocabulary):,} tokens'),
             ('SHA-256 of the vocabulary', f'`{checkpoint.vocabulary.sha256}`')]
  if checkpoint.labels:
    rows.append(('Labels', ', '.join(map(code, checkpoint.labels))))
  return rows


def tags(*more: str) -> list[str]:
  """Returns the tags of each card, and more."""
  return ['mobilebert', 'tensorflow', *more]


# === Markdown ===


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
  """Returns a table in Markdown; '' without rows."""
  if not rows:
    return ''
  lines = [header, ['---'] * len(header), *rows]
  return '\n'.join(f'| {" | ".join(map(_cell, line))} |' for line in lines)


def code(text: str) -> str:
  """Returns text as code, whatever signs it has."""
  return f'`{plain(text).replace("`", "´")}`'


def plain(text: str) -> str:
  """Returns text on one line."""
  return ' '.join(str(text).split())


def _cell(text: str) -> str:
  return plain(text).replace('|', r'\|')


def _listed(value: Any) -> list[Any]:
  if value is None:
    return []
  return list(value) if isinstance(value, list | tuple) else [value]
