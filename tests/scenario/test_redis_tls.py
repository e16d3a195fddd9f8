#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TLS to a real redis-server (rediss://): events to webhook, who is refused and with which sentence, Redis killed and back."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, House, Receiver, check, run_tests, wait_for  # noqa: E402
from tls import Authority, free_port, openssl  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
RULES = '''churnd: 1
name: tls-test
levels: {watch: {enter: 30, leave: 20}}
signals: {complaint: {on: complaint}}
rules: [{rule: complaints, expr: 'count(complaint[14d live]) >= 1', points: 40}]
actions: [{on: customer.level_raised, webhook: crm}]
'''
PASSWORD = 'hunter2-tls'


class Pems:
    """The certificates of all tests: made once."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='churnd-tls-', dir='/tmp')
        self.ours, self.theirs = Authority(self.folder, 'our-ca'), Authority(self.folder, 'their ca')
        self.ca, self.other_ca = self.ours.pem, self.theirs.pem
        self.good = self.ours.issue('good', names='DNS:localhost,IP:127.0.0.1')
        self.misnamed = self.ours.issue('misnamed', names='DNS:redis.example,DNS:*.db.example,IP:10.0.0.1,IP:2001:db8::1')
        self.nameless = self.ours.issue('nameless', host='old.example', names='email:a@b.example')
        self.expired = self.ours.issue('expired', days=-1)
        self.foreign = self.theirs.issue('foreign')
        self.client, self.stranger = self.ours.issue('client'), self.theirs.issue('stranger')
        self.locked = os.path.join(self.folder, 'locked.key')
        openssl('ec', '-in', self.client[1], '-aes256', '-passout', 'pass:x', '-out', self.locked)


PEMS = Pems()


class Place(House):
    """Redis with a port for TLS, a plain one, and the unix socket by which the test looks."""

    def __init__(self, config='', cert=None, options=()):
        self.port, self.plain = free_port(), free_port()
        pem, key = cert or PEMS.good
        super().__init__(RULES, ('--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--tls-port', str(self.port),
                                 '--tls-cert-file', pem, '--tls-key-file', key, '--tls-ca-cert-file', PEMS.ca, '--tls-auth-clients', 'no',
                                 *options), config)
        self.goes()

    def goes(self, host='localhost', user='', **keys):
        """How the next programs go to Redis."""
        keys = {'ca_file': PEMS.ca, **keys}
        self.redis_keys = f'url: "rediss://{user}{host}:{self.port}"' + ''.join(f', {k}: {v}' for k, v in keys.items() if v)

    def ctl(self, *words):
        done = subprocess.run([CHURNCTL, '-c', self.config(), *words], capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
        return done.returncode, done.stdout + done.stderr

    def refused(self, *words):
        """churnctl is not let in, and says all the words."""
        status, text = self.ctl('doctor')
        check(status in (2, 3) and text.count('\n') == 1, f'{words}: {status} {text}')
        for word in words:
            check(word in text, f'"{word}" is not in: {text}')

    def shows(self, cert):
        self.call('CONFIG', 'SET', 'tls-cert-file', cert[0], 'tls-key-file', cert[1])


def test_an_event_comes_to_the_webhook_over_tls_and_redis_may_die():
    receiver = Receiver()
    with Place(receiver.config()) as place:
        place.call('CONFIG', 'SET', 'tls-auth-clients', 'yes')
        place.options[place.options.index('--tls-auth-clients') + 1] = 'yes'
        place.options += ['--user', 'guest', 'on', '>' + PASSWORD, '~*', '+@all']
        place.call('ACL', 'SETUSER', 'guest', 'on', '>' + PASSWORD, '~*', '+@all')
        place.goes(user=f'guest:{PASSWORD}@', cert_file=PEMS.client[0], key_file=PEMS.client[1])
        os.chmod(place.config(), 0o600)
        daemon = place.start()
        place.committed(place.send('c1', 'complaint'))
        wait_for('the alert of c1', lambda: len(receiver.ids) == 1)
        lines = place.call('CLIENT', 'LIST').decode().splitlines()
        ours = [line for line in lines if 'name=churnd' in line]
        check(len(ours) == 3 and all(f':{place.port} ' in line and 'user=guest' in line for line in ours), lines)
        for words in (('send', 'c2', 'complaint'), ('tag', 'c1', 'vip'), ('top',), ('explain', 'c1'), ('status',), ('webhooks',),
                      ('repair',), ('tasks',)):
            status, text = place.ctl(*words)
            check(status == 0, f'{words}: {status} {text}')
        status, text = place.ctl('doctor')
        check(status == 0 and PASSWORD not in text, f'{status} {text}')
        wait_for('the alert of c2', lambda: len(receiver.ids) == 2)
        place.restart_redis()
        place.says(daemon, 'running: ', 2)
        place.committed(place.send('c3', 'complaint'))
        wait_for('the alert of c3', lambda: len(receiver.ids) == 3)
        check(len(set(receiver.ids)) == 3, receiver.ids)
        check(place.end(daemon) == 0 and PASSWORD not in place.log(daemon), place.log(daemon))


def test_what_is_wrong_with_a_certificate_is_said():
    with Place() as place:
        check(place.ctl('doctor')[0] == 0, place.ctl('doctor'))
        place.goes(host='127.0.0.1')
        check(place.ctl('doctor')[0] == 0, place.ctl('doctor'))
        place.goes(ca_file=PEMS.other_ca)
        place.refused('signed by "our-ca"', 'is not vouched for by redis.ca_file ' + PEMS.other_ca)
        place.goes(ca_file=None)
        place.refused('is not vouched for by the system\'s CAs', 'redis.ca_file')
        place.goes()
        place.shows(PEMS.misnamed)
        place.refused('is for redis.example, *.db.example, 10.0.0.1, 2001:db8:0:0:0:0:0:1, not for localhost')
        place.goes(host='127.0.0.1')
        place.refused('not for 127.0.0.1')
        place.goes()
        place.shows(PEMS.nameless)
        place.refused('is for old.example, not for localhost')
        place.shows(PEMS.expired)
        place.refused('its certificate expired on 20', 'renew it')
        place.shows(PEMS.foreign)
        place.refused('signed by "their ca"')


def test_what_is_wrong_with_our_files_is_said():
    with Place() as place:
        place.goes(ca_file='none.pem')
        place.refused('redis.ca_file', 'none.pem: No such file')
        place.goes(ca_file=PEMS.client[1])
        place.refused('redis.ca_file', 'holds no certificate in PEM')
        place.goes(cert_file=PEMS.client[0], key_file=PEMS.stranger[1])
        place.refused('redis.key_file', 'is not the key of redis.cert_file')
        place.goes(cert_file=PEMS.client[0], key_file=PEMS.locked)
        place.refused('redis.key_file', 'holds no key without a passphrase in PEM')
        place.goes(cert_file=PEMS.client[0])
        check('cert_file and key_file go together' in place.ctl('doctor')[1], place.ctl('doctor'))
        place.redis_keys = f'url: "redis://127.0.0.1:1", ca_file: {PEMS.ca}'
        check('rediss://' in place.ctl('doctor')[1], place.ctl('doctor'))
        place.goes(ca_file='none.pem')
        daemon = place.start(wait=False)
        check(daemon.wait(PATIENCE) == 2 and 'redis.ca_file' in place.log(daemon), place.log(daemon))


def test_a_server_that_asks_who_we_are_is_told_or_we_are_told_so():
    for protocol, without, stranger in (('TLSv1.3', 'asks for a client certificate', 'tls-ca-cert-file'),
                                        ('TLSv1.2', 'set redis.cert_file and redis.key_file', 'tls-ca-cert-file')):
        with Place(options=('--tls-protocols', protocol)) as place:
            place.call('CONFIG', 'SET', 'tls-auth-clients', 'yes')
            place.refused(without)
            place.goes(cert_file=PEMS.stranger[0], key_file=PEMS.stranger[1])
            place.refused(stranger)
            place.goes(cert_file=PEMS.client[0], key_file=PEMS.client[1])
            check(place.ctl('doctor')[0] == 0, place.ctl('doctor'))


def test_a_plain_port_and_a_tls_port_are_told_apart():
    silent = socket.create_server(('127.0.0.1', 0))
    talks = socket.create_server(('127.0.0.1', 0))

    def talk():
        client = talks.accept()[0]
        client.recv(4096)
        client.sendall(b'-ERR unknown command\r\n')
    threading.Thread(target=talk, daemon=True).start()
    with Place() as place:
        place.redis_keys = f'url: "redis://localhost:{place.port}"'
        place.refused('begin redis.url with rediss://')
        place.redis_keys = f'url: "rediss://localhost:{talks.getsockname()[1]}"'
        place.refused('speaks no TLS', 'redis://')
        place.redis_keys = f'url: "rediss://localhost:{silent.getsockname()[1]}"'
        place.refused('no answer to the TLS handshake')
        place.call('CONFIG', 'SET', 'tls-protocols', 'TLSv1.1')
        place.goes()
        place.refused('no TLS 1.2 or newer')


def test_files_are_read_again_with_each_connection():
    with Place(cert=PEMS.foreign) as place:
        trusted = place.path('ca.pem')
        shutil.copy(PEMS.ca, trusted)
        place.goes(ca_file=trusted)
        daemon = place.start(wait=False)
        place.says(daemon, 'is not vouched for by redis.ca_file')
        shutil.copy(PEMS.other_ca, trusted)
        place.says(daemon, 'running: ')
        place.committed(place.send('c1', 'complaint'))
        place.shows(PEMS.good)
        place.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        wait_for('it notices', lambda: 'signed by "our-ca"' in place.log(daemon))
        shutil.copy(PEMS.ca, trusted)
        place.committed(place.send('c2', 'complaint'))


def test_one_byte_at_a_time_will_do():
    with Place() as place:
        gate = socket.create_server(('127.0.0.1', 0))

        def drip(source, target):
            try:
                while data := source.recv(4096):
                    for byte in data:
                        target.sendall(bytes([byte]))
            except OSError:
                pass
            target.close()

        def serve():
            while True:
                client, server = gate.accept()[0], socket.create_connection(('127.0.0.1', place.port))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=drip, args=pair, daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        place.redis_keys = f'url: "rediss://localhost:{gate.getsockname()[1]}", ca_file: {PEMS.ca}'
        status, text = place.ctl('send', 'c1', 'complaint')
        check(status == 0, text)
        place.start()
        place.committed(place.send('c2', 'complaint'))


TESTS = [value for name, value in list(globals().items()) if name.startswith('test_')]

if __name__ == '__main__':
    try:
        sys.exit(run_tests(TESTS))
    finally:
        shutil.rmtree(PEMS.folder, ignore_errors=True)
