# SPDX-License-Identifier: Apache-2.0
"""A thousand bodies of every kind, sent by the real daemon to receivers that keep what each signature is of."""
import base64
import json
import os
import random

from support.house import House, SECRET
from support.receiver import FastReceiver

BODIES = 1000
NEW_KEY = base64.b64decode(SECRET)
OLD_KEY = bytes(range(64))  # as long as a key may be, and not all of it text
RULES = 'churnd: 1\nname: signatures\nsignals: {login: {on: login}}\nrules: [{rule: r, expr: silent(login) >= 9d, points: 1}]\n'
CONFIG = '''webhooks:
  one: {url: "%(one)s", secret: "whsec_%(new)s", allow: [127.0.0.0/8]}
  rotating: {url: "%(two)s", secret_file: secrets, allow: [127.0.0.0/8]}
'''


def secret_of(key):
    return 'whsec_' + base64.b64encode(key).decode()


def random_text(rng):
    """Whatever may stand between two quotes of JSON, raw or escaped; surrogates only as escapes."""
    kinds = [lambda: chr(rng.randrange(0x20, 0x80)).replace('"', ' ').replace('\\', ' '),
             lambda: chr(rng.randrange(0x80, 0xd800)), lambda: chr(rng.randrange(0xe000, 0x110000)),
             lambda: f'\\u{rng.randrange(0x10000):04x}',
             lambda: rng.choice(['\\n', '\\"', '\\\\', '\\/', '\\u0000', '\x7f', '\u2028', '\ufeff', '\U0001f600'])]
    return ''.join(rng.choice(kinds)() for _ in range(rng.randrange(40)))


def random_body(rng, number):
    """JSON with odd spaces, odd characters, and now and then very short or very long."""
    if number < 8:
        return ['{}', '[]', '""', '0', 'null', 'false', '{"a":"' + 'x' * 300000 + '"}', '[' * 500 + ']' * 500][number].encode()

    def space():
        return ''.join(rng.choice(' \t\r\n') for _ in range(rng.randrange(3)))

    def value():
        return rng.choice([f'"{random_text(rng)}"', 'true', '-1.5e-7', '[1, 2]', json.dumps(rng.random())])
    fields = [f'{space()}"{random_text(rng)}{n}"{space()}:{space()}{value()}' for n in range(rng.randrange(12))]
    body = f'{space()}{{{",".join(fields)}{space()}}}{space()}'
    json.loads(body)  # it is what it should be
    return body.encode()


class Kept:
    """What a receiver kept of an endpoint: `folder`, the keys that sign there, and id -> body as it stood in the stream."""

    def __init__(self, folder, keys):
        self.folder, self.keys, self.bodies = folder, keys, {}
        os.mkdir(folder)
        self.receiver = FastReceiver('--keep', folder)

    def signatures(self):
        """file -> webhook-signature as it came."""
        with open(os.path.join(self.folder, 'index'), encoding='ascii') as file:
            return dict(line.rstrip('\n').split(' ', 1) for line in file)

    def content(self, name):
        """id, timestamp and body, as bytes."""
        with open(os.path.join(self.folder, name), 'rb') as file:
            return file.read().split(b'.', 2)


def send_bodies(look):
    """Sends them all, and gives look() what was kept of each endpoint."""
    rng, house = random.Random(20261129), House(RULES)
    kept = {'one': Kept(os.path.join(house.folder, 'one'), [NEW_KEY]),
            'rotating': Kept(os.path.join(house.folder, 'two'), [NEW_KEY, OLD_KEY])}
    with open(os.path.join(house.folder, 'secrets'), 'w', encoding='ascii') as file:
        file.write('\n'.join(map(secret_of, kept['rotating'].keys)) + '\n')
    house.more = CONFIG % {'one': kept['one'].receiver.url, 'two': kept['rotating'].receiver.url, 'new': SECRET}
    try:
        for number in range(BODIES):
            to = 'rotating' if number % 10 == 9 else 'one'
            ident, body = f'al_{number:026d}', random_body(rng, number)
            kept[to].bodies[ident] = body
            house.redis.call('XADD', house.key('alerts'), '*', 'id', ident, 'type', 'rule.fired', 'customer', f'c{number % 40}',
                             'at', '1795255200000', 'to', to, 'body', body)
        house.start()
        house.wait(lambda: sum(k.receiver.stats()['distinct'] for k in kept.values()) == BODIES, 'all bodies came')
        house.stop()
        for one in kept.values():
            look(one)
    finally:
        house.close()
        for one in kept.values():
            one.receiver.close()
