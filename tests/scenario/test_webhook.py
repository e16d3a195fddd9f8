#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alerts put into the outbox reach real HTTP receivers: signed, in order, whatever these answer.

    tests/scenario/test_webhook.py [PROGRAM]    PROGRAM -c FILE is build/churnd unless named
"""
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

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get('BUILD', 'build'), 'churnd')
KEY = b'0123456789abcdef'
SECRET = 'whsec_' + base64.b64encode(KEY).decode()
OTHER_KEY = b'fedcba9876543210fedcba9876543210'
OTHER_SECRET = 'whsec_' + base64.b64encode(OTHER_KEY).decode()
PATIENCE = 20  # seconds until what has to happen is missed

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
            self.process = subprocess.Popen([PROGRAM, '-c', self.config], stderr=log)

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
    """What the tests share: a Redis, two receivers, and one daemon with an endpoint for each test."""

    def __init__(self, folder):
        self.folder, self.alerts = folder, 0
        self.redis = Redis(folder)
        self.http = Receiver()
        self.ca = os.path.join(folder, 'ca.pem')
        self.https = Receiver(self.tls_context())
        self.daemon = Daemon(self.write_config())

    def tls_context(self):
        key = os.path.join(self.folder, 'key.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
                        '-keyout', key, '-out', self.ca], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        return context

    def write_config(self):
        with open(os.path.join(self.folder, 'rotating'), 'w', encoding='utf-8') as file:
            file.write(f'{OTHER_SECRET}\n{SECRET}\n')
        with open(os.path.join(self.folder, 'rules.yaml'), 'w', encoding='utf-8') as file:
            file.write('churnd: 1\nname: webhook-test\ntimezone: UTC\nsignals:\n  login: {on: login}\n')
        lines = [f'redis: {{url: "unix://{self.redis.path}", prefix: "t:"}}', 'rules: [rules.yaml]',
                 f'http: {{listen: "unix:{self.folder}/http.sock"}}', 'stop_timeout: 10s', 'log: {level: debug}',
                 'webhooks:']
        plain = f'http://127.0.0.1:{self.http.port}'
        allow = 'allow: [127.0.0.0/8, "::1/128"]'
        fast = 'retry: {first: 50ms, factor: 1, max: 50ms, give_up_after: 1h, jitter: 0%}'
        short = 'retry: {first: 100ms, factor: 1, max: 100ms, give_up_after: 1s, jitter: 20%}'

        def endpoint(name, *options, base=plain, path='', secret=f'secret: {SECRET}'):
            url = f'{base}/{name}{path}'
            lines.append(f'  {name}: {{{", ".join(["url: " + json.dumps(url), secret, *options])}}}')

        for name in ('plain', 'order', 'quick', 'refuses', 'gone', 'busy', 'moved', 'drops', 'long', 'denies', 'ends', 'rewound', 'stuck'):
            endpoint(name, allow, fast)
        endpoint('query', allow, fast, 'headers: {X-Tenant: acme, X-Empty: ""}', path='?token=hidden-in-the-url')
        endpoint('slow', allow, fast, 'timeout: 60s', 'concurrency: 2')
        endpoint('hangs', allow, fast, 'timeout: 300ms')
        endpoint('spoken', allow, fast, 'lang: zh')
        endpoint('rotates', allow, fast, secret='secret_file: rotating')
        endpoint('expires', allow, short)
        endpoint('broken', allow, fast, 'concurrency: 3')
        endpoint('crash', allow, fast)
        endpoint('flood', allow, fast)
        endpoint('private', fast)
        endpoint('named', fast, base=f'http://localhost:{self.http.port}')
        endpoint('secure', allow, fast, f'ca_file: {self.ca}', base=f'https://localhost:{self.https.port}')
        endpoint('unknown_ca', allow, fast, base=f'https://localhost:{self.https.port}')
        endpoint('wrong_name', allow, fast, f'ca_file: {self.ca}', base=f'https://127.0.0.1:{self.https.port}')
        path = os.path.join(self.folder, 'churnd.yaml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines) + '\n')
        return path

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


def the_post_is_what_the_standard_says(world):
    body = '{"type":"rule.fired",  "text": "\u00e9\u4e2d","n":1.50}'
    name = world.alert('plain', body=body)
    request = world.http.wait('/plain', 1)[0]
    headers = request.headers
    check(request.body == body.encode(), f'body {request.body!r}')
    check(headers['webhook-id'] == name, f'webhook-id {headers["webhook-id"]}')
    check(abs(int(headers['webhook-timestamp']) - time.time()) < 60, 'webhook-timestamp is not now')
    check(headers['webhook-signature'] == signature(KEY, request), 'the signature is wrong')
    check(headers['Content-Type'] == 'application/json', f'Content-Type {headers["Content-Type"]}')
    check(headers['Content-Length'] == str(len(body.encode())), 'Content-Length')
    check(headers['User-Agent'].startswith('churnd/'), f'User-Agent {headers["User-Agent"]}')
    check(headers['Transfer-Encoding'] is None and headers['Expect'] is None, 'Transfer-Encoding or Expect is sent')


def headers_and_query_of_the_configuration_are_sent(world):
    world.alert('query')
    request = world.http.wait('/query', 1)[0]
    check(request.path == '/query?token=hidden-in-the-url', request.path)
    check(request.headers['X-Tenant'] == 'acme' and request.headers['X-Empty'] == '', 'a header is missing')


def an_alert_goes_only_where_it_is_addressed(world):
    before = world.http.count('/plain'), world.http.count('/quick')
    world.alert('')
    world.alert('plainer,lain')
    name = world.alert('query,quick')
    last = world.alert('plain')
    world.http.wait('/plain', before[0] + 1)
    world.http.wait('/quick', before[1] + 1)
    check(world.http.ids('/plain')[before[0]:] == [last], 'plain got what was not its own')
    check(world.http.ids('/quick')[before[1]:] == [name], 'quick did not get its own')


def every_rotating_secret_signs(world):
    world.alert('rotates')
    request = world.http.wait('/rotates', 1)[0]
    expected = f'{signature(OTHER_KEY, request)} {signature(KEY, request)}'
    check(request.headers['webhook-signature'] == expected, request.headers['webhook-signature'])


def texts_are_in_the_endpoints_language(world):
    def body(text, advice):
        return ('{"type":"rule.fired","data":{"value":5880.25,"reasons":[{"rule":"r","text":"%s","texts":{"en":"no login",'
                '"zh":"\u672a\u767b\u5f55"},"advice":"%s","advices":{"zh":"\u8054\u7cfb"},"x":0.1}]}}' % (text, advice))
    world.alert('spoken', body=body('no login', 'call'))
    request = world.http.wait('/spoken', 1)[0]
    check(request.body == body('\u672a\u767b\u5f55', '\u8054\u7cfb').encode(), request.body.decode())
    check(request.headers['webhook-signature'] == signature(KEY, request), 'what is signed is not what is sent')


def a_customers_alerts_keep_their_order_through_failures(world):
    failing = {'on': True}
    world.http.replies['/order'] = lambda request, nth: (
        500 if failing['on'] and json.loads(request.body)['data']['customer'] == 'a' else 200, {}, b'')
    first = [world.alert('order', 'a') for _ in range(5)]
    second = [world.alert('order', 'b') for _ in range(5)]
    until(lambda: [i for i in world.http.ids('/order') if i in second] == second, 'b waits for a')
    until(lambda: world.http.ids('/order').count(first[0]) >= 3, 'a is not tried again')
    check(not set(first[1:]) & set(world.http.ids('/order')), 'a later alert overtook one that is retried')
    failing['on'] = False
    until(lambda: first[4] in world.http.ids('/order'), 'a does not go on')
    got = [i for i in world.http.ids('/order') if i in first]
    check([i for n, i in enumerate(got) if i not in got[:n]] == first, f'order {got}')


def a_restart_knows_what_is_done_beyond_a_stuck_customer(world):
    def firsts():
        return {name: value for name, value in world.progress('stuck').items() if name.startswith(b'first:')}
    failing = {'on': True}
    world.http.replies['/stuck'] = lambda request, nth: (
        500 if failing['on'] and json.loads(request.body)['data']['customer'] == 'a' else 200, {}, b'')
    stuck = world.alert('stuck', 'a')
    done = [world.alert('stuck', f'c{n}') for n in range(30)]
    until(lambda: set(done) <= set(world.http.ids('/stuck')), 'not all are sent')
    until(firsts, 'the first failure is not kept')
    before = firsts()
    check(world.daemon.restart() == 0, 'it did not end well')
    tried = world.http.count('/stuck')
    world.http.wait('/stuck', tried + 3)
    check(set(world.http.ids('/stuck')[tried:]) == {stuck}, 'what was done is sent again')
    check(firsts() == before, 'the first failure is forgotten')
    failing['on'] = False
    until(lambda: not firsts(), 'the first failure stays behind')
    until(lambda: world.progress('stuck')[b'done'] == b'', 'done stays behind')


def a_slow_endpoint_delays_no_other(world):
    release = threading.Event()
    world.http.replies['/slow'] = lambda *_: release.wait(60) and (200, {}, b'')
    before = world.http.count('/quick')
    for n in range(300):
        world.alert('slow,quick', f's{n}')
    try:
        world.http.wait('/quick', before + 300)
        world.http.wait('/slow', 2)
        check(world.http.count('/slow') == 2, f'{world.http.count("/slow")} requests at once, 2 allowed')
    finally:
        release.set()
    world.http.wait('/slow', 300)


def what_never_answers_is_tried_again_with_the_same_id(world):
    world.http.replies['/hangs'] = lambda _, nth: nth > 2 and (200, {}, b'') or threading.Event().wait(2)
    name = world.alert('hangs')
    world.http.wait('/hangs', 3)
    check(world.http.ids('/hangs') == [name] * 3, 'not the same id at every try')
    first, second = world.http.seen('/hangs')[:2]
    check(second.at - first.at >= 0.3, 'it did not wait for its timeout')


def a_dropped_connection_is_tried_again(world):
    world.http.replies['/drops'] = lambda _, nth: (200, {}, b'') if nth > 3 else None
    name = world.alert('drops')
    world.http.wait('/drops', 4)
    check(world.http.ids('/drops')[:4] == [name] * 4, 'not the same id at every try')


def a_redirect_is_a_failure_and_never_followed(world):
    world.http.replies['/moved'] = lambda _, nth: (
        (307, {'Location': f'http://127.0.0.1:{world.http.port}/elsewhere'}, b'') if nth < 3 else (200, {}, b''))
    world.alert('moved')
    world.http.wait('/moved', 3)
    check(world.http.count('/elsewhere') == 0, 'the redirect was followed')


def an_endless_reply_is_cut(world):
    world.http.replies['/long'] = lambda *_: (200, {'Content-Length': str(1 << 30)}, b'x' * (1 << 20))
    names = [world.alert('long', 'a') for _ in range(2)]
    world.http.wait('/long', 2)
    check(world.http.ids('/long') == names, 'a long reply was no delivery')


def what_is_refused_three_times_is_a_dead_letter(world):
    world.http.replies['/refuses'] = lambda request, _: (
        (422, {}, '\u4e0d'.encode() * 1000) if b'"bad"' in request.body else (200, {}, b''))
    bad = world.alert('refuses', 'bad')
    good = world.alert('refuses', 'good')
    until(lambda: world.dead('refuses'), 'no dead letter')
    letter = world.dead('refuses')[0]
    check(world.http.ids('/refuses').count(bad) == 3, f'{world.http.ids("/refuses").count(bad)} tries')
    check(good in world.http.ids('/refuses'), 'the other customer was held up')
    check(letter[b'id'].decode() == bad and letter[b'customer'] == b'bad', 'id or customer')
    check(letter[b'status'] == b'422' and letter[b'attempts'] == b'3', f'{letter}')
    check(0 < len(letter[b'reply']) <= 2048 and letter[b'reply'].decode().strip('\u4e0d') == '', 'the reply is not kept')
    check(b'422' in letter[b'reason'], letter[b'reason'].decode())
    check(json.loads(letter[b'body'])['id'] == bad, 'the body is not kept')
    check(0 < int(letter[b'first_at']) <= int(letter[b'last_at']), 'first_at, last_at')
    after = world.alert('refuses', 'good')
    until(lambda: after in world.http.ids('/refuses'), 'nothing is sent any more')
    until(lambda: not [f for f in world.progress('refuses') if f.startswith(b'first:')], 'a first failure stays behind')


def what_fails_too_long_is_given_up(world):
    world.http.replies['/expires'] = lambda request, _: (500 if b'"bad"' in request.body else 200, {}, b'no')
    bad = world.alert('expires', 'bad')
    after = world.alert('expires', 'bad', body='{}')

    def given_up():
        # Successes of others keep the circuit closed.
        world.alert('expires', 'good')
        return world.dead('expires')
    until(given_up, 'it is never given up')
    letter = world.dead('expires')[0]
    check(letter[b'id'].decode() == bad and letter[b'status'] == b'500', f'{letter}')
    check(5 <= int(letter[b'attempts']) <= 15, f'{letter[b"attempts"]} tries in a second')
    until(lambda: after in world.http.ids('/expires'), 'the next alert of that customer is not sent')


def too_often_rests_the_whole_endpoint(world):
    world.http.replies['/busy'] = lambda _, nth: (429, {'Retry-After': '1'}, b'') if nth == 1 else (200, {}, b'')
    world.alert('busy', 'a')
    world.http.wait('/busy', 1)
    world.alert('busy', 'b')
    requests = world.http.wait('/busy', 3)
    check(requests[1].at - requests[0].at >= 1, f'{requests[1].at - requests[0].at:.3f} s after "in 1 s"')


def gone_pauses_until_somebody_resumes(world):
    world.http.replies['/gone'] = lambda _, nth: (410 if nth == 1 else 200, {}, b'')
    first = world.alert('gone', 'a')
    until(lambda: world.progress('gone').get(b'state') == b'paused', 'the state is not kept')
    world.daemon.restart()
    second = world.alert('gone', 'b')
    before = world.http.count('/plain')
    world.alert('plain')
    world.http.wait('/plain', before + 1)
    until(lambda: 'gone is paused' in world.daemon.said(), 'the admin is not told')
    check(world.http.count('/gone') == 1, 'a paused endpoint was sent to')
    world.redis('HSET', 't:delivery:gone', 'state', 'ok')
    world.http.wait('/gone', 3)
    check(sorted(world.http.ids('/gone')[1:]) == [first, second], 'not all that waited')


def a_rejected_secret_is_told_to_the_admin(world):
    world.http.replies['/denies'] = lambda _, nth: (401 if nth < 5 else 200, {}, b'')
    world.alert('denies')
    world.http.wait('/denies', 5)
    until(lambda: 'denies: answered 401' in world.daemon.said(), 'the log does not say so')
    check(not world.dead('denies'), 'it was given up')


def private_addresses_are_not_reached(world):
    for name in ('private', 'named'):
        world.alert(name)
        until(lambda: f'{name}: its address lies in a network' in world.daemon.said(), f'{name}: the log does not say why')
        check(world.http.count(f'/{name}') == 0, f'{name} was reached')


def tls_is_verified(world):
    for name in ('secure', 'unknown_ca', 'wrong_name'):
        world.alert(name)
    world.https.wait('/secure', 1)
    for name in ('unknown_ca', 'wrong_name'):
        until(lambda: f' {name}: SSL' in world.daemon.said(), f'{name}: the log does not say why')
        check(world.https.count(f'/{name}') == 0, f'{name} was trusted')


def ten_failures_open_the_circuit_and_nothing_is_lost(world):
    broken = {'on': True}
    world.http.replies['/broken'] = lambda *_: (503 if broken['on'] else 200, {}, b'')
    names = [world.alert('broken', f'c{n % 20}') for n in range(60)]
    until(lambda: 'broken fails again and again' in world.daemon.said(), 'the circuit does not open')
    before = world.http.count('/plain')
    world.alert('plain')
    world.http.wait('/plain', before + 1)
    check(10 <= world.http.count('/broken') <= 12, f'{world.http.count("/broken")} tries')
    broken['on'] = False
    tried = world.http.count('/broken')
    world.daemon.restart()
    until(lambda: set(names) <= set(world.http.ids('/broken')[tried:]), 'not all are delivered')
    got = world.http.ids('/broken')[tried:]
    check(sorted(got) == sorted(names), 'something was sent twice')
    for n in range(20):
        check([i for i in got if i in names[n::20]] == names[n::20], f'order of c{n}')


def a_stop_lets_requests_end_and_forgets_nothing(world):
    asked, release = threading.Event(), threading.Event()

    def reply(*_):
        asked.set()
        release.wait(PATIENCE)
        return 200, {}, b''
    world.http.replies['/ends'] = reply
    first = world.alert('ends', 'a')
    check(asked.wait(PATIENCE), 'nothing is sent')
    second = world.alert('ends', 'a')
    world.daemon.process.send_signal(signal.SIGTERM)
    release.set()
    status = world.daemon.process.wait(PATIENCE)
    check(status == 0, f'exit status {status}')
    check(world.http.ids('/ends') == [first], 'something new was begun')
    world.daemon.start()
    until(lambda: second in world.http.ids('/ends'), 'the next start does not go on')
    check(world.http.ids('/ends') == [first, second], 'it was sent again')


def kills_lose_nothing(world):
    names, customers = [], 17
    for round_ in range(5):
        names += [world.alert('crash', f'c{n % customers}') for n in range(200)]
        world.http.wait('/crash', world.http.count('/crash') + 20)
        world.daemon.restart(signal.SIGKILL)
    until(lambda: set(names) <= set(world.http.ids('/crash')), 'some are lost')
    got = world.http.ids('/crash')
    check(len(got) - len(names) <= 5 * (64 + 8), f'{len(got) - len(names)} sent again')
    for n in range(customers):
        own = {i for m, i in enumerate(names) if m % 200 % customers == n}
        mine = [i for i in got if i in own]
        firsts = [i for m, i in enumerate(mine) if i not in mine[:m]]
        check(firsts == sorted(own), f'order of c{n}')


def redis_may_die_in_the_middle(world):
    names = [world.alert('flood', f'c{n % 50}') for n in range(500)]
    world.http.wait('/flood', 50)
    world.redis.kill()
    world.redis.start()
    names += [world.alert('flood', f'c{n % 50}') for n in range(500)]
    until(lambda: set(names) <= set(world.http.ids('/flood')), 'some are lost')
    last = world.redis('XREVRANGE', 't:alerts', '+', '-', 'COUNT', '1')[0][0]
    until(lambda: world.progress('flood').get(b'position') == last, 'the position does not follow')
    check(world.progress('flood')[b'done'] == b'', 'done is not empty at the end')


def redis_may_lose_its_last_moments(world):
    """As after a failover: the stream and the progress fall back together, and the engine commits again."""
    def last_entry():
        return world.redis('XREVRANGE', 't:alerts', '+', '-', 'COUNT', '1')[0][0].decode()
    kept = [world.alert('rewound', f'c{n}') for n in range(20)]
    world.http.wait('/rewound', 20)
    fallen_to = last_entry()
    until(lambda: world.progress('rewound').get(b'position', b'').decode() == fallen_to, 'the position does not follow')
    saved = os.path.join(world.folder, 'saved')
    world.redis('SAVE')
    shutil.copytree(os.path.join(world.folder, 'appendonlydir'), saved)
    lost = [world.alert('rewound', f'c{n}') for n in range(20)]
    world.http.wait('/rewound', 40)
    last = last_entry()
    until(lambda: world.progress('rewound').get(b'position', b'').decode() == last, 'the position does not follow')
    world.redis.kill()
    shutil.rmtree(os.path.join(world.folder, 'appendonlydir'))
    shutil.move(saved, os.path.join(world.folder, 'appendonlydir'))
    world.redis.start()
    world.alerts -= 20
    milliseconds, number = fallen_to.split('-')
    again = [world.alert('rewound', f'c{n}', entry=f'{milliseconds}-{int(number) + 1 + n}') for n in range(20)]
    new = world.alert('rewound', 'new')
    check(again == lost, 'the ids differ')
    until(lambda: new in world.http.ids('/rewound'), 'it does not go on')
    until(lambda: world.http.ids('/rewound').count(again[-1]) == 2, 'what was committed again is not sent')
    got = world.http.ids('/rewound')
    check(all(got.count(name) <= 2 for name in kept + lost) and set(kept + lost) <= set(got), 'lost, or sent for ever')


def secrets_are_in_no_log(world):
    said = world.daemon.said()
    check('al_' in said, 'the log says nothing')
    for secret in (SECRET[6:], OTHER_SECRET[6:], 'hidden-in-the-url', KEY.decode(), 'v1,'):
        check(secret not in said, f'{secret} is in the log')


TESTS = [
    the_post_is_what_the_standard_says, headers_and_query_of_the_configuration_are_sent,
    an_alert_goes_only_where_it_is_addressed, every_rotating_secret_signs, texts_are_in_the_endpoints_language,
    a_customers_alerts_keep_their_order_through_failures, a_restart_knows_what_is_done_beyond_a_stuck_customer,
    a_slow_endpoint_delays_no_other,
    what_never_answers_is_tried_again_with_the_same_id, a_dropped_connection_is_tried_again,
    a_redirect_is_a_failure_and_never_followed, an_endless_reply_is_cut, what_is_refused_three_times_is_a_dead_letter,
    what_fails_too_long_is_given_up, too_often_rests_the_whole_endpoint, gone_pauses_until_somebody_resumes,
    a_rejected_secret_is_told_to_the_admin, private_addresses_are_not_reached, tls_is_verified,
    ten_failures_open_the_circuit_and_nothing_is_lost,
    a_stop_lets_requests_end_and_forgets_nothing, kills_lose_nothing, redis_may_die_in_the_middle,
    redis_may_lose_its_last_moments, secrets_are_in_no_log,
]


def main():
    folder, failed = tempfile.mkdtemp(prefix='churnd-webhook-'), 0
    world = None
    print(f'1..{len(TESTS)}', flush=True)
    try:
        world = World(folder)
        for n, test in enumerate(TESTS, 1):
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
        if world:
            if failed:
                print(''.join(f'# {line}\n' for line in world.daemon.said().splitlines()[-40:]), end='')
            world.daemon.process.kill()
            world.redis.process.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return failed


if __name__ == '__main__':
    sys.exit(main())
