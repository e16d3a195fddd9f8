#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a configuration keeps secret stands nowhere else: not in logs, replies, errors, `ps`, or in Redis."""
import base64
import http.client
import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.chaos import Mute, Server  # noqa: E402
from support.live_house import CHURND, PATIENCE, SLOWER, House, check, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.path.dirname(CHURND), 'churnctl')
KEY = b'unmistakable-signing-key'
WHSEC = base64.b64encode(KEY).decode()
SECRETS = {
    'the signing key': KEY.decode(), 'the signing secret': WHSEC, 'the path of a URL': 'zq-path-of-the-url',
    'the query of a URL': 'zq-query-of-the-url', 'the password in a URL': 'zq-password-of-the-url',
    'Authorization': 'zq-authorization', 'a key in a header': 'zq-key-in-a-header', 'the token of HTTP': 'zq-token-of-http',
    'the password of Redis': 'zq-password-of-redis', 'a signature': 'v1,', 'a value of set': 'zq-secret-of-the-app',
    'a file of set': 'zq-secret-in-a-file', 'the token of a recipe': 'zq-token-of-the-recipe', 'the secret of a robot': 'zq-secret-of-the-robot',
    'the password in a URL, as it is sent': base64.b64encode(b'user:zq-password-of-the-url').decode(),
}
RULES = 'churnd: 1\nname: secrets\nsignals: {login: {on: login}}\nrules: [{rule: r, expr: silent(login) >= 9d, points: 1}]\n'
TIMEOUT = f'timeout: {200 * SLOWER:.0f}ms'
HEADERS = 'Authorization: "Bearer zq-authorization", X-Api-Key: zq-key-in-a-header'


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


class Answers(Server):
    """Answers by the path's last word: a status, with a Location for 302; and repeats what it was sent, as debug pages do."""

    def serve(self, sock):
        text = b''
        while piece := sock.recv(65536):
            text += piece
            if b'\r\n\r\n' not in text:
                continue
            head, body = text.split(b'\r\n\r\n', 1)
            length = re.search(rb'content-length: *(\d+)', head, re.I)
            if len(body) < int(length.group(1)):
                continue
            if b'tenant_access_token' in head:
                status, said = b'200', b'{"code":0,"tenant_access_token":"zq-token-of-the-recipe","expire":7200}'
            else:
                found = re.search(rb'-(\d+)\?', head)
                status, said = found.group(1) if found else b'422', re.sub(rb'webhook-signature: .*\r\n', b'', head) + body
            sock.sendall(b'HTTP/1.1 %s x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: %d\r\n\r\n' % (
                status, len(said) if status != b'204' else 0) + (said if status != b'204' else b''))
            text = b''


class Setting:
    """A daemon whose every secret is a word of its own, and endpoints that fail in every way."""

    def __init__(self):
        self.http_port, self.redis_port = free_port(), free_port()
        self.answers, self.mute = Answers(), Mute()
        self.house = House(RULES, options=['--save', '', '--port', str(self.redis_port), '--bind', '127.0.0.1', '--user',
                                           'churnd', 'on', '>zq-password-of-redis', '~*', '&*', '+@all'])
        self.house.write('redis-password', 'zq-password-of-redis\n')
        self.house.write('api-token', 'zq-secret-in-a-file\n')
        self.house.write('token', 'zq-token-of-http\n')
        self.house.write('churnd.yaml', self.text())

    def endpoint(self, name, port, status=204, scheme='http', more=''):
        url = f'{scheme}://user:zq-password-of-the-url@127.0.0.1:{port}/zq-path-of-the-url-{status}?t=zq-query-of-the-url'
        return (f'  {name}: {{url: "{url}", secret: whsec_{WHSEC}, headers: {{{HEADERS}}}, allow: [127.0.0.0/8], {TIMEOUT},'
                f' retry: {{first: 200ms, max: 200ms, give_up_after: 300ms}}{more}}}\n')

    def text(self):
        answers = self.answers.port
        return (f'redis: {{url: "redis://churnd@127.0.0.1:{self.redis_port}/0", password_file: redis-password}}\n'
                f'rules: [rules.yaml]\nhttp: {{listen: "127.0.0.1:{self.http_port}", token_file: token}}\n'
                'log: {level: debug}\nwebhooks:\n' + self.endpoint('good', answers) + self.endpoint('refuses', answers, 422) +
                self.endpoint('denies', answers, 401) + self.endpoint('fails', answers, 500) +
                self.endpoint('moved', answers, 302) + self.endpoint('gone', answers, 410) +
                self.endpoint('busy', answers, 429) + self.endpoint('nobody', free_port()) +
                self.endpoint('silent', self.mute.port) + self.endpoint('no_tls', answers, scheme='https') +
                self.endpoint('private', answers).replace('allow: [127.0.0.0/8], ', '', 1) +
                self.endpoint('basic', answers, 422).replace(f'headers: {{{HEADERS}}}, ', '', 1) +
                self.endpoint('no_path', answers, 422).replace('/zq-path-of-the-url-422', '', 1) +
                self.connector('app', 'feishu_app', 'set: {app_id: zq, app_secret: zq-secret-of-the-app, to: ou_1}') +
                self.connector('crm', 'pipedrive', 'set: {api_token_file: api-token}') +
                self.connector('robot', 'dingtalk', 'secret: SECzq-secret-of-the-robot'))

    def connector(self, name, preset, more):
        return (f'  {name}: {{url: "http://127.0.0.1:{self.answers.port}/zq-path-of-the-url", format: {preset}, {more}, '
                f'allow: [127.0.0.0/8], {TIMEOUT}, retry: {{first: 20ms, factor: 1, max: 20ms}}}}\n')

    def close(self):
        self.house.__exit__()
        self.answers.close()
        self.mute.close()


def names_in(text):
    return [what for what, secret in SECRETS.items() if secret in text]


def no_secret_in(place, text):
    check(not names_in(text), f'{place}: there is {", ".join(names_in(text))}')


def get(setting, path, token='zq-token-of-http'):
    connection = http.client.HTTPConnection('127.0.0.1', setting.http_port, timeout=PATIENCE)
    connection.request('GET', path, headers={'Authorization': 'Bearer ' + token})
    return connection.getresponse().read().decode()


def alert_all(setting):
    names = re.findall(r'^  (\w+): \{url', setting.text(), re.M)
    for number in range(2):
        name = f'al_{number:026d}'
        setting.house.call('XADD', 'churn:alerts', '*', 'id', name, 'type', 'rule.fired', 'customer', f'c{number}', 'at',
                           '1795255200000', 'to', ','.join(names), 'body', '{"type":"customer.level_raised","id":"%s","timestamp":"2026-11-21T10:00:00.000Z","data":'
                           '{"customer":"c%d","name":"Acme","level":"watch","risk":40,"reasons":[],"profile":{"crm_id":"7"}}}' % (name, number))
    return names


def everything_in_redis(house):
    """All keys and values as text, but for what is the configuration's own."""
    out = []
    reads = {b'string': ['GET'], b'hash': ['HGETALL'], b'stream': ['XRANGE', '-', '+'], b'set': ['SMEMBERS'],
             b'list': ['LRANGE', '0', '-1'], b'zset': ['ZRANGE', '0', '-1']}
    for key in house.call('KEYS', '*'):
        command, *rest = reads[house.call('TYPE', key)]
        out += [repr(key), repr(house.call(command, key, *rest))]
    return '\n'.join(out)


def secrets_stand_nowhere_else():
    setting = Setting()
    try:
        house = setting.house
        daemon = house.start(house.path('churnd.yaml'))
        names = alert_all(setting)
        for letters in ('refuses', 'fails', 'basic', 'app', 'crm', 'robot'):
            wait_for(f'a dead letter of {letters}', lambda: any(f['endpoint'] == letters for _, f in house.entries('dead')))
        for name in set(names) - {'good', 'private'}:
            wait_for(f'{name} fails in the log', lambda: re.search(rf'\b{name}\b.*(answered|:)', house.log(daemon)))
        get(setting, '/v1/status', token='zq-token-of-another')
        for path in ('/metrics', '/v1/status', '/v1/webhooks', '/v1/dead', '/healthz', '/readyz', '/v1/nonsense'):
            no_secret_in(path, get(setting, path))
        for words in (['status'], ['status', '--json'], ['webhooks'], ['webhooks', '--json'], ['doctor'], ['dead']):
            done = subprocess.run([CHURNCTL, '-c', house.path('churnd.yaml'), *words], capture_output=True, text=True, check=False)
            no_secret_in('churnctl ' + ' '.join(words), done.stdout + done.stderr)
        no_secret_in('Redis', everything_in_redis(house))
        no_secret_in('ps', subprocess.run(['ps', '-ef', 'ww'], capture_output=True, text=True, check=True).stdout)
        with open(f'/proc/{daemon.pid}/environ', 'rb') as file:
            no_secret_in('its environment', file.read().decode(errors='replace'))
        check(house.end(daemon) == 0, 'it did not end well')
        log = house.log(daemon)
        check('good: al_' in log, 'the log is not at debug level')
        no_secret_in('the log', log)
    finally:
        setting.close()


# Each is a mistake in the line of a secret.
MISTAKES = [
    ('secret: whsec_', 'secrett: whsec_'), ('secret: whsec_', 'secret: wsec_'), ('secret: whsec_', 'secret: whsec_?'),
    ('url: "http', 'url: "ftp'), ('url: "http', 'uri: "http'), ('?t=', ' ?t='), ('Authorization: ', '"Auth orization": '),
    ('"Bearer zq', '"Bearer\\r\\nX: zq'), ('"Bearer zq', '"Bearer\\nzq'), ('"Bearer zq', '"Bearer \\0zq'),
    ('X-Api-Key: ', 'Webhook-Id: '), ('X-Api-Key: ', 'Host: '), (TIMEOUT, 'timeout: soon'), ('[127.0.0.0/8]', '[127.0.0.0/99]'),
    ('retry: {', 'retry: ['), ('headers: {', 'headers: ['), ('}\n', '\n'), ('password_file: redis-password', 'password: zq-password-of-redis'),
    ('token_file: token', 'token: zq-token-of-http'), ('churnd@', 'churnd:zq-password-of-redis@'), ('redis-password', 'zq-missing'),
]


def mistakes_tell_no_secret():
    setting = Setting()
    try:
        told = []
        for before, after in MISTAKES:
            for style in ('flow', 'block'):
                text = setting.text() if style == 'flow' else blocks(setting)
                check(before in text or style == 'block', f'{before} is not in the configuration')
                setting.house.write('broken.yaml', text.replace(before, after))
                done = subprocess.run([CHURND, '-c', setting.house.path('broken.yaml'), '-t'], capture_output=True, text=True, check=False)
                if before in text and 'churnd:zq' not in after:
                    check(done.returncode != 0, f'{style}: {after} is accepted')
                told += [f'{style}, {after}: {what}' for what in names_in(done.stdout + done.stderr)]
        check(not told, '\n'.join(told))
    finally:
        setting.close()


def blocks(setting):
    """The first endpoint with a key a line, so that a line may hold a secret and nothing that tells so."""
    head, endpoint = setting.text().split('webhooks:\n')[0], setting.endpoint('good', setting.answers.port)
    endpoint = endpoint.replace('good: {', 'good:\n    ').replace(', secret', '\n    secret').replace(', headers: {', '\n    headers:\n      ')
    endpoint = endpoint.replace(', X-Api', '\n      X-Api').replace('}, allow', '\n    allow').replace(', timeout', '\n    timeout')
    endpoint = endpoint.replace('user:zq-password-of-the-url@', '')
    return head + 'webhooks:\n' + endpoint.replace(', retry', '\n    retry').replace('}}\n', '}\n')


if __name__ == '__main__':
    sys.exit(run_tests([secrets_stand_nowhere_else, mistakes_tell_no_secret]))
