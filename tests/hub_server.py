# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A local server of the Hugging Face hub's HTTP protocol, for its own client.

It makes repositories, checks cards, takes uploads (small files within a commit,
large ones by Git LFS) and gives what was uploaded. Xet, the hub's newer storage
of large files, is left out: the client then uses LFS.
"""

import base64
from collections.abc import Iterator
import contextlib
import hashlib
import http.server
import json
import threading
from typing import Any
from unittest import mock

from huggingface_hub import constants
import yaml

TOKEN = 'hf_of_tests'
_LARGE = 1000  # Bytes from which a file goes to LFS.


class Hub:
  """What the server holds.

  Attributes:
    repositories: Files by path, of each repository.
    private: Whether each repository is private.
    requests: Method and path of each request.
    refusal: Status that writing is refused with; None if it is not.
  """

  def __init__(self):
    self.repositories: dict[str, dict[str, bytes]] = {}
    self.private: dict[str, bool] = {}
    self.requests: list[str] = []
    self.refusal: int | None = None
    self._large: dict[str, bytes] = {}

  def commit_id(self, name: str) -> str:
    """Returns the ID of the latest commit of a repository."""
    digest = hashlib.sha1()
    for path, data in sorted(self.repositories[name].items()):
      digest.update(path.encode() + data)
    return digest.hexdigest()

  # === What requests do; each returns a status and a JSON object ===

  def create(self, body: dict[str, Any]) -> tuple[int, Any]:
    name = f'{body.get("organization") or "me"}/{body["name"]}'
    is_new = name not in self.repositories
    if is_new:
      self.repositories[name] = {}
      self.private[name] = 'private' in (
          body.get('visibility'), body.get('private') and 'private')
    return 200 if is_new else 409, {'url': f'{constants.ENDPOINT}/{name}'}

  def check_card(self, body: dict[str, Any]) -> tuple[int, Any]:
    try:
      _, front, _ = body['content'].split('---\n', 2)
      metadata = yaml.safe_load(front)
      wrong = '' if isinstance(metadata, dict) else 'no metadata'
    except (ValueError, yaml.YAMLError) as error:
      wrong = str(error)
    return (400 if wrong else 200), {
        'errors': [{'message': wrong}] if wrong else [], 'warnings': []}

  def plan(self, body: dict[str, Any]) -> tuple[int, Any]:
    return 200, {'files': [
        {'path': each['path'], 'shouldIgnore': False, 'oid': None,
         'uploadMode': 'lfs' if each['size'] >= _LARGE else 'regular'}
        for each in body['files']]}

  def plan_large(self, body: dict[str, Any]) -> tuple[int, Any]:
    address = f'{constants.ENDPOINT}/lfs'
    return 200, {'transfer': 'basic', 'objects': [
        {'oid': each['oid'], 'size': each['size'], 'authenticated': True,
         'actions': {'upload': {'href': f'{address}/{each["oid"]}'},
                     'verify': {'href': f'{address}/verify'}}}
        for each in body['objects']]}

  def put_large(self, oid: str, data: bytes) -> tuple[int, Any]:
    if hashlib.sha256(data).hexdigest() != oid:
      return 400, {'error': 'another checksum'}
    self._large[oid] = data
    return 200, {}

  def verify_large(self, body: dict[str, Any]) -> tuple[int, Any]:
    found = self._large.get(body['oid'])
    return (200 if found and len(found) == body['size'] else 404), {}

  def commit(self, name: str, lines: list[dict[str, Any]]) -> tuple[int, Any]:
    for line in lines:
      value = line['value']
      if line['key'] == 'file':
        self.repositories[name][value['path']] = base64.b64decode(
            value['content'])
      elif line['key'] == 'lfsFile':
        self.repositories[name][value['path']] = self._large[value['oid']]
    found = self.commit_id(name)
    return 200, {'commitUrl': f'{constants.ENDPOINT}/{name}/commit/{found}',
                 'commitOid': found}

  def about(self, name: str) -> dict[str, Any]:
    return {'id': name, 'sha': self.commit_id(name), 'siblings': [
        {'rfilename': path} for path in self.repositories[name]]}

  def tree(self, name: str) -> list[dict[str, Any]]:
    return [{'type': 'file', 'path': path, 'size': len(data), 'oid': '0' * 40}
            for path, data in self.repositories[name].items()]


def _handler(hub: Hub) -> type[http.server.BaseHTTPRequestHandler]:

  class Handler(http.server.BaseHTTPRequestHandler):
    """Answers the requests of `huggingface_hub`."""

    protocol_version = 'HTTP/1.1'

    def do_POST(self):
      parts, data = self._begin()
      if self.headers.get('Authorization') != f'Bearer {TOKEN}':
        return self._answer(401, {'error': 'Invalid username or password.'})
      if hub.refusal:
        return self._answer(hub.refusal, {'error': 'No write permission.'})
      if parts[-1] == 'verify':
        return self._answer(*hub.verify_large(json.loads(data)))
      if parts[:3] == ['api', 'repos', 'create']:
        return self._answer(*hub.create(json.loads(data)))
      if parts[:2] == ['api', 'validate-yaml']:
        return self._answer(*hub.check_card(json.loads(data)))
      if parts[-1] == 'batch':
        return self._answer(*hub.plan_large(json.loads(data)))
      if parts[4:5] == ['preupload']:
        return self._answer(*hub.plan(json.loads(data)))
      return self._answer(*hub.commit('/'.join(parts[2:4]), [
          json.loads(line) for line in data.splitlines()]))

    def do_PUT(self):
      parts, data = self._begin()
      self._answer(*hub.put_large(parts[-1], data))

    def do_GET(self):
      parts, _ = self._begin()
      is_file = parts[2:3] == ['resolve']
      name = '/'.join(parts[:2] if is_file else parts[2:4])
      if name not in hub.repositories:
        return self._answer(404, {}, {'X-Error-Code': 'RepoNotFound'})
      if not is_file:
        return self._answer(200, hub.tree(name) if parts[4:5] == ['tree']
                            else hub.about(name))
      data = hub.repositories[name]['/'.join(parts[4:])]
      return self._send(200, data, {
          'X-Repo-Commit': hub.commit_id(name),
          'ETag': f'"{hashlib.sha256(data).hexdigest()}"'})

    do_HEAD = do_GET

    def _begin(self) -> tuple[list[str], bytes]:
      hub.requests.append(f'{self.command} {self.path}')
      length = int(self.headers.get('Content-Length') or 0)
      return (self.path.partition('?')[0].strip('/').split('/'),
              self._chunks() if self.headers.get('Transfer-Encoding')
              else self.rfile.read(length))

    def _chunks(self) -> bytes:
      data = b''
      while size := int(self.rfile.readline(), 16):
        data += self.rfile.read(size)
        self.rfile.readline()
      self.rfile.readline()
      return data

    def _answer(self, status: int, value: Any, headers=None) -> None:
      self._send(status, json.dumps(value).encode(), headers or {})

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
      self.send_response(status)
      for name, value in {**headers, 'Content-Length': str(len(data))}.items():
        self.send_header(name, value)
      self.end_headers()
      if self.command != 'HEAD':
        self.wfile.write(data)

    def log_message(self, *args):
      pass

  return Handler


@contextlib.contextmanager
def serve(cache: str, token: str | None = TOKEN) -> Iterator[Hub]:
  """Serves an empty hub, which `huggingface_hub` talks to meanwhile.

  Args:
    cache: Folder of the client's cache.
    token: Token of the client; None for one that is not logged in.
  """
  hub = Hub()
  server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _handler(hub))
  thread = threading.Thread(target=server.serve_forever, daemon=True)
  thread.start()
  address = f'http://127.0.0.1:{server.server_port}'
  try:
    with contextlib.ExitStack() as stack:
      for name, value in (
          ('ENDPOINT', address), ('HF_HUB_CACHE', cache),
          ('HF_HUB_OFFLINE', False), ('HF_HUB_DISABLE_XET', True),
          ('HUGGINGFACE_CO_URL_TEMPLATE',
           address + '/{repo_id}/resolve/{revision}/{filename}'),
          ('HF_TOKEN_PATH', f'{cache}/no_token')):
        stack.enter_context(mock.patch.object(constants, name, value))
      stack.enter_context(mock.patch.dict(
          'os.environ', {'HF_TOKEN': token or ''}))
      yield hub
  finally:
    server.shutdown()
    server.server_close()
    thread.join()
