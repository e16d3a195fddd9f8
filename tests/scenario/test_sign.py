#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churnctl sign and verify, without a daemon: openssl agrees with them, and verify says why it says no."""
import base64
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, check, run_tests  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'  # the published vector
OLD = 'whsec_MDEyMzQ1Njc4OWFiY2RlZg=='
BODY = b'{"test": 2432232314}'
ID, AT = 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330
CONFIG = f'''webhooks:
  crm: {{url: "https://crm.example.com/hook", secret: {SECRET}}}
  both: {{url: "https://crm.example.com/hook", secret: [{OLD}, {SECRET}]}}
  listed: {{url: "https://crm.example.com/hook", secret_file: secrets}}
  filed: {{url: "https://crm.example.com/hook", secret_file: secret}}
'''


class Desk:
    """A folder with a configuration and secrets, and churnctl in it."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='churnd-sign-')
        self.write('churnd.yaml', CONFIG)
        self.write('secret', SECRET + '\n')
        self.write('secrets', f'{OLD}\r\n\n {SECRET}')
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), 'wb') as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def __call__(self, *words, status=0, stdin=b'', lang='en'):
        done = subprocess.run([CHURNCTL, '-c', self.path('churnd.yaml'), '--lang', lang, *words], input=stdin,
                              capture_output=True, timeout=3 * PATIENCE, check=False)
        out, err = done.stdout.decode(), done.stderr.decode()
        check(done.returncode == status, f'{words}: wanted {status}, got {done.returncode}: {out}{err}')
        check(SECRET[6:] not in out + err, 'the secret is shown')
        return out + err


def headers(text):
    return dict(line.split(': ', 1) for line in text.splitlines())


def openssl(secret, ident, at, body):
    """The signature by another's hand."""
    key = base64.b64decode(secret.removeprefix('whsec_')).hex()
    mac = subprocess.run(['openssl', 'dgst', '-sha256', '-mac', 'HMAC', '-macopt', 'hexkey:' + key, '-binary'],
                         input=f'{ident}.{at}.'.encode() + body, capture_output=True, check=True).stdout
    return 'v1,' + base64.b64encode(mac).decode()


def signed(desk, body=BODY, **more):
    """A whole request as a receiver logs it."""
    words = [word for pair in more.items() for word in ('--' + pair[0], str(pair[1]))]
    return desk('sign', '--endpoint', 'crm', *words, stdin=body).encode() + b'\r\n' + body


def test_the_published_vector_is_signed():
    with Desk() as desk:
        said = headers(desk('sign', '--endpoint', 'crm', '--id', ID, '--at', str(AT), stdin=BODY))
        check(said == {'webhook-id': ID, 'webhook-timestamp': str(AT),
                       'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='}, said)


def test_openssl_comes_to_the_same_signatures():
    with Desk() as desk:
        for body in (b'', b'\0\xff\n', '投诉'.encode(), os.urandom(3000)):
            name = desk.write('body', body)
            for words in (('--secret-file', desk.path('secret')), ('--endpoint', 'filed'), ('--endpoint', 'crm')):
                said = headers(desk('sign', name, *words))
                check(said['webhook-signature'] == openssl(SECRET, said['webhook-id'], said['webhook-timestamp'], body), words)
            for endpoint in ('both', 'listed'):
                one, two = headers(desk('sign', name, '--endpoint', endpoint, '--id', 'x', '--at', '5'))['webhook-signature'].split()
                check((one, two) == (openssl(OLD, 'x', 5, body), openssl(SECRET, 'x', 5, body)), 'while rotating')


def test_what_was_signed_is_genuine():
    with Desk() as desk:
        check('genuine' in desk('verify', '--endpoint', 'crm', stdin=signed(desk)), 'as one')
        heads = desk.write('heads', 'POST /hook HTTP/1.1\r\nHost: x:1\r\n' +
                           desk('sign', '--endpoint', 'crm', stdin=BODY).replace('webhook-', 'Webhook-').replace('\n', '\r\n'))
        check('genuine' in desk('verify', desk.write('body', BODY), '--headers', heads, '--secret-file', desk.path('secret')), 'apart')
        check('genuine' in desk('verify', '--endpoint', 'both', stdin=signed(desk)), 'one of two secrets')
        check('有效' in desk('verify', '--endpoint', 'crm', stdin=signed(desk), lang='zh'), 'in Chinese')


def test_it_says_why_a_request_is_not_genuine():
    with Desk() as desk:
        good = signed(desk, id=ID, at=AT)
        ours = ('verify', '--endpoint', 'crm')
        now = ('--at', str(AT + 10))
        check('genuine' in desk(*ours, *now, stdin=good), 'it was good')
        for text, more, code, word in (
                (good, ('--at', str(AT + 301)), 'too_old', '5 minutes'), (good, ('--at', str(AT - 301)), 'too_new', 'ahead'),
                (good, (), 'too_old', 'days'), (good.replace(b'2432', b'2433'), now, 'wrong_signature', 'another secret'),
                (good.replace(b'msg_p', b'msg_q'), now, 'wrong_signature', 'webhook-id'),
                (good.replace(b'v1,', b'v2,'), now, 'wrong_signature', 'wrong'),
                (good.replace(b'webhook-id', b'x-id'), now, 'header_missing', 'webhook-id'),
                (good.replace(b'webhook-signature', b'x-sig'), now, 'header_missing', 'webhook-signature'),
                (good.replace(str(AT).encode(), b'now'), now, 'header_unreadable', 'seconds'), (b'', now, 'header_missing', 'webhook-id')):
            said = desk(*ours, *more, stdin=text, status=1)
            check(word in said, f'{word}: {said}')
            said = json.loads(desk(*ours, *more, '--json', stdin=text, status=1))
            check(said['code'] == code and not said['genuine'] and word in said['message'], said)
            desk(*ours, *more, stdin=text, status=1, lang='zh')
        desk('verify', '--secret-file', desk.write('other', OLD), *now, stdin=good, status=1)
        check('genuine' in desk(*ours, '--tolerance', '0', stdin=good), 'any age')
        check('genuine' in desk(*ours, '--tolerance', '1h', '--at', str(AT + 3600), stdin=good), 'within an hour')


def test_a_request_that_was_touched_is_not_genuine():
    """Any byte of the body changed, cut or added: not genuine. Anything done to the headers: an answer, never a crash."""
    chance = random.Random(7)
    with Desk() as desk:
        good = signed(desk, id=ID, at=AT)
        body = good.index(b'\n\r\n') + 3
        ours = [CHURNCTL, '-c', desk.path('churnd.yaml'), 'verify', '--endpoint', 'crm', '--at', str(AT)]
        for number in range(200):
            at = chance.randrange(body, len(good)) if number % 2 else chance.randrange(body)
            text = chance.choice((good[:at], good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1:],
                                  good[:at] + bytes([chance.randrange(256)]) + good[at:], good[:at] + good[at + 1:]))
            done = subprocess.run(ours, input=text, capture_output=True, timeout=3 * PATIENCE, check=False)
            check(done.returncode == 1 or (done.returncode == 0 and at < body and text[-len(BODY):] == BODY), f'{text}: {done}')


def test_wrong_usage_ends_with_2():
    with Desk() as desk:
        desk.write('bad', 'whsec_!!!')
        desk.write('empty', '\n')
        for words, word in ((('sign',), '--endpoint'), (('verify',), '--secret-file'), (('sign', '--endpoint', 'crn'), 'did you mean crm'),
                            (('sign', '--endpoint', 'crm', '--secret-file', 'x'), 'name the secret'), (('sign', 'a', 'b'), 'usage'),
                            (('sign', 'nothing', '--endpoint', 'crm'), 'nothing'), (('sign', '--endpoint', 'crm', '--id', 'a.b'), 'dot'),
                            (('sign', '--endpoint', 'crm', '--at', 'noon'), 'seconds'), (('verify', '--endpoint', 'crm', '--at', str(2**63 - 1)), 'seconds'),
                            (('sign', '--secret-file', desk.path('bad')), 'base64'),
                            (('sign', '--secret-file', desk.path('empty')), 'empty'), (('sign', '--secret', SECRET), 'no option'),
                            (('verify', '--endpoint', 'crm', '--tolerance', 'soon'), '5m')):
            said = subprocess.run([CHURNCTL, '-c', desk.path('churnd.yaml'), *words], input=b'', capture_output=True, timeout=3 * PATIENCE, check=False)
            check(said.returncode == 2 and word in said.stderr.decode(), f'{words}: {said}')


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
