# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Folders of the Hugging Face hub, downloaded or from its cache."""

import re

import huggingface_hub
from huggingface_hub import errors

from mobilebert_tf.checkpoints import hugging_face
from mobilebert_tf.checkpoints import sidecars

# Nothing else is fetched: no pickle, no code.
_FILES = (hugging_face.CONFIG, hugging_face.WEIGHTS, sidecars.VOCABULARY,
          sidecars.TOKENIZER, sidecars.TOKENIZER_CONFIG)
_NAME = re.compile(r'[\w][\w.-]*(/[\w][\w.-]*)?')


def is_name(path: str) -> bool:
  """Whether a path may be the name of a repository, such as `google/bert`."""
  return bool(_NAME.fullmatch(path)) and '..' not in path


def download(name: str, revision: str | None = None) -> str:
  """Fetches a MobileBERT from the hub, or finds it in the cache.

  Args:
    name: The repository, such as `'google/mobilebert-uncased'`.
    revision: A branch, tag or commit; its main branch if None.

  Returns:
    A local folder. Only configuration, safetensors and tokenizer are in it.

  Raises:
    FileNotFoundError: If there is no such repository, or it can be neither
      reached nor found in the cache.
    PermissionError: If it asks for a login.
  """
  try:
    folder = huggingface_hub.snapshot_download(
        name, revision=revision, allow_patterns=_FILES)
  except (errors.GatedRepoError, errors.RepositoryNotFoundError) as error:
    kind = (PermissionError if isinstance(error, errors.GatedRepoError)
            else FileNotFoundError)
    raise kind(
        f'There is no folder {name!r}, and the Hugging Face hub gives no '
        f'repository of that name; if it is private, log in with '
        '`hf auth login`.') from error
  except errors.RevisionNotFoundError as error:
    raise FileNotFoundError(
        f'{name} on the Hugging Face hub has no revision {revision!r}.'
    ) from error
  except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled,
          OSError) as error:
    raise FileNotFoundError(
        f'There is no folder {name!r}, and the Hugging Face hub cannot be '
        'reached, nor is the model in its cache.') from error
  except errors.HFValidationError as error:
    raise FileNotFoundError(
        f'There is no folder {name!r}, and it is no name of a repository '
        f'either: {error}.') from error
  except Exception as error:  # Its HTTP library's have no base that we know.
    raise FileNotFoundError(
        f'There is no folder {name!r}, and asking the Hugging Face hub failed: '
        f'{error}.') from error
  return folder
