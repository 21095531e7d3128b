# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Names on the Hugging Face hub: from its cache, and from a server of ours."""

import hashlib
import http.server
import json
import pathlib
import shutil
import threading
from unittest import mock

from absl.testing import parameterized
import huggingface_hub
from huggingface_hub import constants
import safetensors.numpy
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from tests.checkpoints import folders

_NAME = 'someone/mobilebert-mine'
_COMMITS = {'main': 'a' * 40, 'v2': 'b' * 40}
_GOLDEN = {'main': 'hf_tiny', 'v2': 'hf_student'}


class _ProxyError(Exception):
  """As that of httpx, which is no OSError."""


class _Hub(http.server.BaseHTTPRequestHandler):
  """As much of the hub as a download asks for; `files` is by commit."""

  files: dict[str, dict[str, bytes]] = {}
  requests: list[str] = []

  def do_GET(self):
    _Hub.requests.append(self.path)
    parts = self.path.split('?')[0].strip('/').split('/')
    if parts[:1] == ['api'] and '/'.join(parts[2:4]) == _NAME:
      revision = parts[5] if len(parts) > 5 else 'main'
      commit = _COMMITS.get(revision, revision)
      if commit not in self.files:
        self._fail('RevisionNotFound')
      elif parts[4] == 'tree':
        self._answer(json.dumps([
            {'type': 'file', 'path': name, 'size': len(data), 'oid': '0' * 40}
            for name, data in self.files[commit].items()]).encode())
      else:
        self._answer(json.dumps({
            'id': _NAME, 'sha': commit, 'siblings': [
                {'rfilename': name} for name in self.files[commit]]}).encode())
    elif parts[2:3] == ['resolve'] and '/'.join(parts[:2]) == _NAME:
      self._answer(self.files[parts[3]][parts[4]], parts[3])
    else:
      self._fail('RepoNotFound')

  do_HEAD = do_GET

  def _answer(self, data, commit=''):
    self.send_response(200)
    self.send_header('Content-Length', str(len(data)))
    self.send_header('X-Repo-Commit', commit)
    self.send_header('ETag', f'"{hashlib.sha256(data).hexdigest()}"')
    self.end_headers()
    if self.command == 'GET':
      self.wfile.write(data)

  def _fail(self, code):
    self.send_response(404)
    self.send_header('X-Error-Code', code)
    self.send_header('Content-Length', '0')
    self.end_headers()

  def log_message(self, *args):
    pass


class HubTest(folders.FolderTestCase, parameterized.TestCase):

  def _patch(self, name, value):
    patched = mock.patch.object(constants, name, value)
    patched.start()
    self.addCleanup(patched.stop)

  def setUp(self):
    super().setUp()
    self.cache = self.folder / 'cache'
    self._patch('HF_HUB_CACHE', str(self.cache))

  def _offline(self):
    self._patch('HF_HUB_OFFLINE', True)

  def _make_cache(self):
    """Lays a model out as the hub's own client does."""
    repository = self.cache / f'models--{_NAME.replace("/", "--")}'
    (repository / 'refs').mkdir(parents=True)
    for revision, commit in _COMMITS.items():
      (repository / 'refs' / revision).write_text(commit)
      shutil.copytree(folders.golden(_GOLDEN[revision]),
                      repository / 'snapshots' / commit)

  def _assert_read(self, name=_NAME, golden='hf_tiny', **arguments):
    self.assertEmpty(checkpoints.differences(
        checkpoints.read(name, **arguments),
        checkpoints.read(folders.golden(golden))))

  # === Offline ===

  @parameterized.parameters('someone/mobilebert-mine', 'mobilebert')
  def test_offline_without_a_cache_it_says_so(self, name):
    self._offline()
    with self.assertRaises(FileNotFoundError) as caught:
      checkpoints.read(name)
    self.assertEqual(
        str(caught.exception),
        f"There is no folder '{name}', and the Hugging Face hub cannot be "
        'reached, nor is the model in its cache.')

  def test_offline_from_the_cache(self):
    self._make_cache()
    self._offline()
    self._assert_read()
    self._assert_read(golden='hf_student', revision='v2')
    self._assert_read(golden='hf_student', revision='b' * 40)
    with self.assertRaisesRegex(FileNotFoundError, 'cannot be reached'):
      checkpoints.read(_NAME, revision='v3')

  def test_a_proxy_that_forbids(self):
    with mock.patch.object(huggingface_hub, 'snapshot_download',
                           side_effect=_ProxyError('403 Forbidden')):
      with self.assertRaisesRegex(
          FileNotFoundError, "There is no folder 'a/b', .*403 Forbidden"):
        checkpoints.read('a/b')

  def test_a_folder_goes_before_the_hub(self):
    self._offline()
    folder = folders.copy('hf_tiny', self.folder / 'someone')
    folder.rename(self.folder / _NAME)
    self._assert_read(str(self.folder / _NAME))

  def test_what_may_be_a_name(self):
    for name in ('bert', 'google/mobilebert-uncased', 'a/b.c_d-1'):
      self.assertTrue(formats.is_name(name), name)
    for path in ('', '/a/b', './a', '../a', 'a/../b', 'a/b/c', 'a b', '~/a',
                 'a/', 'https://a/b', 'a/..'):
      self.assertFalse(formats.is_name(path), path)
    self._offline()
    with self.assertRaisesRegex(
        FileNotFoundError, "There is no folder and no checkpoint 'a/b/c'"):
      checkpoints.read('a/b/c')

  # === From a server ===

  def _serve(self):
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    self.addCleanup(server.server_close)
    self.addCleanup(server.shutdown)
    endpoint = f'http://127.0.0.1:{server.server_port}'
    self._patch('HUGGINGFACE_CO_URL_TEMPLATE',
                constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(
                    constants.ENDPOINT, endpoint))
    self._patch('ENDPOINT', endpoint)
    _Hub.requests.clear()
    for revision, commit in _COMMITS.items():
      golden = pathlib.Path(folders.golden(_GOLDEN[revision]))
      _Hub.files[commit] = {
          file.name: file.read_bytes()
          for file in golden.iterdir() if file.suffix != '.npz'}
      _Hub.files[commit]['pytorch_model.bin'] = b'a pickle'
      _Hub.files[commit]['modeling.py'] = b'code'

  def test_download(self):
    self._serve()
    self._assert_read()
    self._assert_read(golden='hf_student', revision='v2')
    for never in ('pytorch_model.bin', 'modeling.py', 'keys.json'):
      self.assertNoCommonElements(
          [path.rpartition('/')[2] for path in _Hub.requests], [never])
    # Afterwards it is there without a connection.
    self._offline()
    self._assert_read()

  def test_download_of_several_files(self):
    self._serve()
    files = _Hub.files[_COMMITS['main']]
    part = 'model-00001-of-00001.safetensors'
    files[part] = files.pop('model.safetensors')
    files['model.safetensors.index.json'] = json.dumps({'weight_map': {
        name: part for name in safetensors.numpy.load(files[part])}}).encode()
    self._assert_read()

  def test_no_such_repository_or_revision(self):
    self._serve()
    with self.assertRaisesRegex(
        FileNotFoundError, "no folder 'someone/else', .* gives no repository"):
      checkpoints.read('someone/else')
    with self.assertRaisesRegex(
        FileNotFoundError, f"{_NAME} on the .* has no revision 'v3'"):
      checkpoints.read(_NAME, revision='v3')


if __name__ == '__main__':
  tf.test.main()
