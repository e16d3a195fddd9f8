# SPDX-License-Identifier: Apache-2.0
"""A client of the daemon's HTTP interface on its unix socket."""
import http.client
import json
import socket

from live_house import PATIENCE, check


class _Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)
        self.sock.settimeout(PATIENCE)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f'{self.status} {self.body[:300]}'


class Client:
    def __init__(self, path):
        self.path = path

    def is_answered(self):
        """Does somebody listen? A socket's file is there a moment before, and stays when its daemon was killed."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            return sock.connect_ex(self.path) == 0

    def ask(self, method, path, body=None, headers=None):
        connection = _Connection(self.path)
        body = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def json(self, method, path, body=None, status=200):
        answer = self.ask(method, path, body)
        check(answer.status == status, f'{method} {path}: {answer}')
        check(status < 400 or path == '/readyz' or (answer.json['error']['code'] and answer.json['error']['message']), answer)
        return answer.json
