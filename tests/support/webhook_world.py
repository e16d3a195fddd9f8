# SPDX-License-Identifier: Apache-2.0
"""A world for tests of delivery: a Redis, receivers that answer as they are told, a daemon whose alerts we write."""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from patience import PATIENCE, SLOWER

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get('BUILD', 'build'), 'churnd')
KEY = b'0123456789abcdef'
SECRET = 'whsec_' + base64.b64encode(KEY).decode()
OTHER_KEY = b'fedcba9876543210fedcba9876543210'
OTHER_SECRET = 'whsec_' + base64.b64encode(OTHER_KEY).decode()

Request = collections.namedtuple('Request', 'at path headers body')


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


class Redis:
    """A private redis-server on a unix socket, and one connection to it."""

    def __init__(self, folder):
        self.folder, self.path = folder, os.path.join(folder, 'redis.sock')
        self.process = self.file = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ['redis-server', '--port', '0', '--unixsocket', self.path, '--dir', self.folder, '--save', '',
             '--appendonly', 'yes', '--appendfsync', 'always', '--logfile', os.path.join(self.folder, 'redis.log')])
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(PATIENCE)
                connection.connect(self.path)
                self.file = connection.makefile('rwb')
                if self('PING') == b'PONG':
                    return
            except (OSError, Failure):
                pass
            check(time.monotonic() < deadline, 'redis-server does not start')
            select_nothing()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __call__(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.file.write(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(word), word) for word in words))
        self.file.flush()
        return self.reply()

    def reply(self):
        line = self.file.readline()
        check(line.endswith(b'\r\n'), 'redis-server is gone')
        kind, rest = line[:1], line[1:-2]
        if kind == b'-':
            raise Failure(rest.decode())
        if kind == b'$':
            return None if rest == b'-1' else self.file.read(int(rest) + 2)[:-2]
        if kind == b'*':
            return [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b':' else rest

    def hash(self, key):
        flat = self('HGETALL', key)
        return dict(zip(flat[::2], flat[1::2]))


def select_nothing():
    """A breath between two looks at something that tells nobody when it changes."""
    threading.Event().wait(0.01)


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < deadline, what)
        select_nothing()


class Receiver:
    """An HTTP server that answers as the test says: path -> function(request, nth) -> (status, headers, body).
    The function may wait; it may return None to close the connection without a word."""

    def __init__(self, context=None):
        self.requests, self.replies, self.changed = [], {}, threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                request = Request(time.monotonic(), self.path, self.headers, body)
                with receiver.changed:
                    receiver.requests.append(request)
                    nth = sum(r.path == self.path for r in receiver.requests)
                    reply = receiver.replies.get(self.path.split('?')[0], lambda *_: (204, {}, b''))
                    receiver.changed.notify_all()
                answer = reply(request, nth)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204 and 'Content-Length' not in headers:
                    self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self.server = Server(('127.0.0.1', 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def seen(self, path):
        with self.changed:
            return [request for request in self.requests if request.path.split('?')[0] == path]

    def wait(self, path, count, what=None):
        with self.changed:
            if not self.changed.wait_for(lambda: self.count(path) >= count, PATIENCE):
                raise Failure(what or f'{self.count(path)} requests for {path}, expected {count}')
        return self.seen(path)

    def count(self, path):
        return sum(request.path.split('?')[0] == path for request in self.requests)

    def ids(self, path):
        return [request.headers['webhook-id'] for request in self.seen(path)]


class Daemon:
    def __init__(self, config):
        self.config, self.log, self.process = config, config + '.log', None
        self.start()

    def start(self):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen([PROGRAM, '-c', self.config], stdout=log, stderr=log)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def restart(self, number=signal.SIGTERM):
        status = self.stop(number)
        self.start()
        return status

    def said(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()


class World:
    """What the tests share: a Redis, two receivers, and one daemon."""

    def __init__(self, folder):
        self.folder, self.alerts = folder, 0
        self.redis, self.ingest = Redis(folder), ''
        self.http = Receiver()
        self.ca = os.path.join(folder, 'ca.pem')
        self.https = Receiver(self.tls_context())
        self.daemon = None

    def tls_context(self):
        key = os.path.join(self.folder, 'key.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
                        '-keyout', key, '-out', self.ca], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        return context

    def start(self, lines):
        """Starts the daemon with these webhooks: lines of `webhooks:`."""
        self.configure(lines)
        self.daemon = Daemon(self.path('churnd.yaml'))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def configure(self, lines):
        self.write('rules.yaml', f'churnd: 1\nname: webhook-test\ntimezone: UTC\nsignals:\n  login: {{on: login}}\n')
        head = [f'redis: {{url: "unix://{self.redis.path}", prefix: "t:"}}', 'rules: [rules.yaml]', self.ingest,
                f'http: {{listen: "unix:{self.folder}/http.sock"}}', f'stop_timeout: {10 * SLOWER:.0f}s', 'log: {level: debug}', 'webhooks:']
        self.write('churnd.yaml', '\n'.join(head + lines) + '\n')

    def alert(self, to, customer='c1', body=None, entry='*'):
        """One committed alert, as the engine writes them."""
        self.alerts += 1
        name = f'al_{self.alerts:026d}'
        body = body or json.dumps({'type': 'rule.fired', 'id': name, 'data': {'customer': customer}})
        self.redis('XADD', 't:alerts', entry, 'id', name, 'type', 'rule.fired', 'customer', customer,
                   'at', '1795255200000', 'to', to, 'body', body)
        return name

    def progress(self, endpoint):
        return self.redis.hash(f't:delivery:{endpoint}')

    def dead(self, endpoint):
        letters = [dict(zip(fields[::2], fields[1::2])) for _, fields in self.redis('XRANGE', 't:dead', '-', '+')]
        return [letter for letter in letters if letter[b'endpoint'].decode() == endpoint]


def signature(key, request):
    content = f'{request.headers["webhook-id"]}.{request.headers["webhook-timestamp"]}.'.encode() + request.body
    return 'v1,' + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def run(tests, make):
    """Each test in one world, which make(world) starts."""
    folder, failed = tempfile.mkdtemp(prefix='churnd-webhook-'), 0
    world = None
    print(f'1..{len(tests)}', flush=True)
    try:
        world = World(folder)
        make(world)
        for n, test in enumerate(tests, 1):
            try:
                test(world)
                check(world.daemon.process.poll() is None, f'the daemon ended: {world.daemon.process.poll()}')
                print(f'ok {n} - {test.__name__}', flush=True)
            except (Failure, OSError, subprocess.TimeoutExpired) as failure:
                failed = 1
                print(f'not ok {n} - {test.__name__}\n# {failure}', flush=True)
                if world.daemon.process.poll() is not None:
                    print('Bail out! the daemon ended', flush=True)
                    break
    finally:
        if world and world.daemon:
            if failed:
                print(''.join(f'# {line}\n' for line in world.daemon.said().splitlines()[-40:]), end='')
            world.daemon.process.kill()
        if world:
            world.redis.process.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return failed
