# SPDX-License-Identifier: Apache-2.0
"""A private redis-server and churnd in a temporary folder, for tests that run the real daemon."""
import http.server
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from patience import PATIENCE, SLOWER  # noqa: E402,F401
from redis_client import Redis, pairs  # noqa: E402

CHURND = os.path.join(os.environ.get('BUILD', 'build'), 'churnd')
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get('CHURND_DATA') or os.path.join(os.path.dirname(ROOT), 'shared', 'data')


class Failure(Exception):
    pass


def wait_for(what, look, patience=PATIENCE):
    """look() until it gives something true, which is returned."""
    deadline = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failure(f'waited {patience} s in vain: {what}')
        time.sleep(0.005)


def check(condition, what):
    if not condition:
        raise Failure(what)


class Receiver(http.server.ThreadingHTTPServer):
    """An endpoint that answers with `status` and keeps the webhook-id of each request."""
    daemon_threads = True

    def __init__(self, status=204):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.status, self.ids = status, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def config(self):
        return ('webhooks: {crm: {url: "http://127.0.0.1:%d/", secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg==, allow: [127.0.0.0/8], '
                'retry: {first: 20ms, factor: 1}}}\n' % self.server_address[1])


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.server.ids.append(self.headers['webhook-id'])
        self.send_response(self.server.status)
        if self.server.status != 204:
            self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


class House:
    """Redis, a configuration, rule files, and any number of daemons; `with House() as house:`."""

    def __init__(self, rules, options=('--save', '', '--appendonly', 'yes', '--appendfsync', 'always'), config=''):
        self.folder = tempfile.mkdtemp(prefix='churnd-test-', dir='/tmp')
        self.socket = os.path.join(self.folder, 'redis.sock')
        self.options, self.daemons, self.extra, self.count = list(options), [], config, 0
        self.redis_keys = f'url: "unix://{self.socket}"'  # how churnd gets in; a test may have it go another way
        self.write('rules.yaml', rules)
        self.server = None
        self.start_redis()
        self.redis = Redis.unix(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()
        self.stop_redis()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    # Redis

    def start_redis(self):
        self.server = subprocess.Popen(
            ['redis-server', '--port', '0', '--unixsocket', self.socket, '--dir', self.folder,
             '--logfile', self.path('redis.log')] + self.options, stdin=subprocess.DEVNULL)
        Redis.unix(self.socket, PATIENCE).close()

    def stop_redis(self, number=signal.SIGKILL):
        if self.server.poll() is None:
            self.server.send_signal(number)
            self.server.wait()

    def restart_redis(self, number=signal.SIGKILL):
        self.stop_redis(number)
        self.start_redis()
        self.redis.reconnect()

    def call(self, *words):
        return self.redis.call(*words)

    def send(self, customer, kind, **fields):
        words = [word for pair in fields.items() for word in pair]
        return self.call('XADD', 'churn:events', '*', 'customer', customer, 'type', kind, *words).decode()

    def entries(self, name):
        """[(id, {field: text})] of a stream."""
        return [(entry[0].decode(), {k.decode(): v.decode() for k, v in pairs(entry[1]).items()})
                for entry in self.call('XRANGE', 'churn:' + name, '-', '+')]

    def alerts(self, kind=None, customer=None):
        return [fields for _, fields in self.entries('alerts')
                if kind in (None, fields['type']) and customer in (None, fields['customer'])]

    def mark(self):
        """fence, seq, position, low; None before the first start."""
        text = self.call('GET', 'churn:commit')
        if text is None:
            return None
        fence, seq, position, low = text.decode().split(' ')
        return int(fence), int(seq), position, low

    def committed(self, entry):
        """Waits until an entry is committed."""
        def key(text):
            return tuple(int(part) for part in text.split('-'))
        return wait_for(f'{entry} committed', lambda: self.mark() and key(self.mark()[2]) >= key(entry))

    # churnd

    def config(self, name='churnd.yaml', rules='rules.yaml', extra=''):
        self.write(name, f'redis: {{{self.redis_keys}}}\nrules: [{rules}]\n'
                         f'http: {{listen: "unix:{self.path(name + ".http")}"}}\n{self.extra}{extra}')
        return self.path(name)

    def start(self, config=None, wait=True):
        self.count += 1
        log = self.path(f'churnd-{self.count}.log')
        with open(log, 'wb') as file:
            daemon = subprocess.Popen([CHURND, '-c', config or self.config()], stderr=file, stdin=subprocess.DEVNULL)
        daemon.log = log
        self.daemons.append(daemon)
        if wait:
            self.says(daemon, 'running: ')
        return daemon

    @staticmethod
    def log(daemon):
        with open(daemon.log, encoding='utf-8') as file:
            return file.read()

    def says(self, daemon, words, times=1):
        def look():
            if self.log(daemon).count(words) >= times:
                return True
            if daemon.poll() is not None and self.log(daemon).count(words) < times:
                raise Failure(f'churnd ended with {daemon.returncode} without saying "{words}":\n{self.log(daemon)}')
            return False
        return wait_for(f'"{words}" in the log', look)

    @staticmethod
    def end(daemon, number=signal.SIGTERM):
        daemon.send_signal(number)
        return daemon.wait(PATIENCE)


class Skipped(Exception):
    """What a test needs is not on this machine."""


def real_history(*path):
    """A file of a real customer history, where shared/data is beside the project; else the test is skipped."""
    file = os.path.join(DATA, *path)
    if not os.path.exists(file):
        raise Skipped(f"{'/'.join(path)} is not on this machine")
    return file


def run_tests(tests):
    """Runs functions and prints TAP; the exit status."""
    failed = 0
    print(f'1..{len(tests)}', flush=True)
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix('test_')
        try:
            test()
            print(f'ok {number} - {name}', flush=True)
        except Skipped as why:
            print(f'ok {number} - {name} # SKIP {why}', flush=True)
        except Exception as failure:  # pylint: disable=broad-except
            failed += 1
            for line in f'{type(failure).__name__}: {failure}'.splitlines():
                print(f'# {line}')
            print(f'not ok {number} - {name}', flush=True)
    return 1 if failed else 0
