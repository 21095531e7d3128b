# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Where tests find the data that is not part of the repository.

`../shared` (or `$MOBILEBERT_TF_SHARED`) holds real corpora and outputs of the
reference implementations. A test that needs a file asks for it with `path` and
is skipped, saying which file is missing, where it is absent.
"""

import os
import pathlib
import unittest

_DEFAULT_ROOT = pathlib.Path(__file__).resolve().parents[2] / 'shared'


def path(relative: str) -> pathlib.Path:
  """Returns a file or folder of the shared data, or skips the test.

  Args:
    relative: Path below the shared folder, such as `'data/vocab/vocab.txt'`.

  Returns:
    The absolute path, which exists.

  Raises:
    unittest.SkipTest: If it does not exist, naming it.
  """
  root = pathlib.Path(os.environ.get('MOBILEBERT_TF_SHARED', _DEFAULT_ROOT))
  found = root / relative
  if not found.exists():
    raise unittest.SkipTest(
        f'{found} is absent. Point MOBILEBERT_TF_SHARED at the folder that '
        'holds golden/ and data/ to run this test.')
  return found
