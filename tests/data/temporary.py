# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Temporary files of a test, without absl's flags, which pytest leaves unread.
"""

import os
import shutil
import tempfile
import unittest


class TemporaryFiles(unittest.TestCase):
  """Mix in before `tf.test.TestCase`; what it makes is removed afterwards."""

  def make_folder(self) -> str:
    """Returns the path of a new empty folder."""
    folder = tempfile.mkdtemp()
    self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder

  def make_file(self, name: str, data: str | bytes = b'') -> str:
    """Writes a file of this name, in a folder that all of the test share."""
    if not hasattr(self, '_files'):
      self._files = self.make_folder()
    path = os.path.join(self._files, name)
    with open(path, 'wb') as f:
      f.write(data.encode() if isinstance(data, str) else data)
    return path
