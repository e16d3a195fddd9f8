#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churnctl doctor before a Redis that can be made to say anything: each thing that is unwise is found, alone, and told what to do of."""
import json
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, check, run_tests  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
GOOD = {'redis_version': '7.0.15', 'redis_mode': 'standalone', 'role': 'master', 'connected_slaves': '0', 'aof_enabled': '1',
        'aof_delayed_fsync': '0', 'latest_fork_usec': '900', 'maxmemory': '0', 'used_memory': '1000000', 'maxmemory_policy': 'noeviction',
        'rdb_last_bgsave_status': 'ok', 'aof_last_write_status': 'ok', 'aof_last_bgrewrite_status': 'ok',
        'save': '', 'appendfsync': 'everysec', 'stop-writes-on-bgsave-error': 'yes', 'timeout': '0', 'skew_ms': 0, 'dryrun': '-no'}


class Fake(socketserver.ThreadingTCPServer):
    """Says what `facts` has, under whichever section or setting it is asked for."""
    daemon_threads, allow_reuse_address = True, True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Conversation)
        self.facts = dict(GOOD)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while line := self.rfile.readline():
                words = []
                for _ in range(int(line[1:])):
                    size = int(self.rfile.readline()[1:])
                    words.append(self.rfile.read(size + 2)[:-2].decode())
                self.wfile.write(self.answer(words))
        except OSError:
            pass

    def answer(self, words):
        facts, name = self.server.facts, words[0].upper()

        def bulk(text):
            return b'$%d\r\n%s\r\n' % (len(text), text.encode())
        if name == 'INFO':
            return bulk(''.join(f'{key}:{value}\r\n' for key, value in facts.items()))
        if name == 'CONFIG':
            value = facts.get(words[2])
            return b'-NOPERM no\r\n' if value is None else b'*2\r\n' + bulk(words[2]) + bulk(value)
        if name == 'TIME':
            now = int(time.time() * 1000) + facts['skew_ms']
            return b'*2\r\n' + bulk(str(now // 1000)) + bulk(str(now % 1000 * 1000))
        if name == 'ACL':
            return facts['dryrun'].encode() + b'\r\n'
        return {'CLIENT': b':7\r\n' if words[1:] == ['ID'] else b'+OK\r\n', 'PING': b'+PONG\r\n', 'TYPE': b'+none\r\n', 'GET': b'$-1\r\n',
                'XINFO': b'-ERR no such key\r\n'}.get(name, b'+OK\r\n')


class Patient:
    def __init__(self):
        self.fake, self.folder = Fake(), tempfile.mkdtemp(prefix='churnd-doctor-', dir='/tmp')
        self.keys, self.more = '', ''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.fake.shutdown()
        self.fake.server_close()
        shutil.rmtree(self.folder)

    def path(self, name, text='x\n', mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def findings(self, host='127.0.0.1', user='churnd:pw@', mode=0o600, **facts):
        """{(check, verdict): message} of what is not ok; the words for people say the same."""
        self.fake.facts = {**GOOD, **facts}
        url = f'redis://{user}{host}:{self.fake.server_address[1]}'
        config = self.path('churnd.yaml', f'redis: {{url: "{url}"{self.keys}}}\nhttp: {{listen: "unix:/nowhere"{self.more}}}\n', mode)
        done, words = (subprocess.run([CHURNCTL, '-c', config, 'doctor', *more], capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
                       for more in (['--json'], []))
        said = json.loads(done.stdout)
        rows = [(row['check'], row['verdict'], row['message']) for row in said['checks']]
        bad = [row for row in rows if row[1] in ('unwise', 'wrong')]
        check(done.returncode == words.returncode == (1 if bad else 0) and said['good'] == (not bad), (done, words))
        check(all(message in words.stdout for _, _, message in rows), words.stdout)
        return {(what, verdict): message for what, verdict, message in rows if verdict != 'ok' and what != 'daemon'}


def test_each_thing_that_is_unwise_in_redis_is_found():
    rows = [({}, {}),
            ({'aof_enabled': '0', 'save': '3600 1'}, {('persistence', 'unwise'): 'set appendonly yes'}),
            ({'aof_enabled': '0', 'save': ''}, {('persistence', 'wrong'): 'set appendonly yes'}),
            ({'appendfsync': 'no'}, {('persistence', 'unwise'): 'set everysec'}),
            ({'aof_enabled': '0', 'save': '', 'stop-writes-on-bgsave-error': 'no'},
             {('persistence', 'wrong'): 'appendonly', ('persistence', 'unwise'): 'set it to yes'}),
            ({'maxmemory_policy': 'allkeys-lru'}, {('memory', 'unwise'): 'set noeviction'}),
            ({'maxmemory_policy': 'volatile-ttl', 'maxmemory': '100000000'}, {('memory', 'wrong'): 'set noeviction'}),
            ({'maxmemory': '1200000'}, {('memory', 'unwise'): '83 % of maxmemory'}),
            ({'redis_version': '7.0.14'}, {('version', 'unwise'): 'update it to 7.0.15'}),
            ({'redis_version': '7.2.4'}, {('version', 'unwise'): 'update it to 7.2.11'}),
            ({'redis_version': '7.2.11'}, {}), ({'redis_version': '8.2.1'}, {('version', 'unwise'): '8.2.2'}), ({'redis_version': '9.0.0'}, {}),
            ({'redis_version': '7.2.4', 'valkey_version': '8.1.4'}, {}), ({'redis_version': '7.odd'}, {}),
            ({'redis_mode': 'cluster'}, {('mode', 'wrong'): 'a Redis of its own'}),
            ({'redis_mode': 'sentinel'}, {('mode', 'wrong'): 'name the primary'}),
            ({'skew_ms': 90000}, {('clock', 'unwise'): 'run a time service'}), ({'skew_ms': -90000}, {('clock', 'unwise'): 'behind'}),
            ({'role': 'slave'}, {('role', 'wrong'): 'name the primary'}),
            ({'connected_slaves': '2'}, {('role', 'note'): 'min-replicas-to-write'}),
            ({'latest_fork_usec': '900000'}, {('disk', 'unwise'): '900 ms'}), ({'aof_delayed_fsync': '3'}, {('disk', 'unwise'): 'a faster one'}),
            ({'rdb_last_bgsave_status': 'err'}, {('disk', 'wrong'): 'make room'}),
            ({'timeout': '300'}, {('timeout', 'unwise'): 'set timeout 0'}),
            ({'dryrun': '+OK'}, {('user', 'note'): 'README\'s ACL line'}),
            ({key: None for key in ('save', 'appendfsync', 'stop-writes-on-bgsave-error', 'timeout')}, {})]
    with Patient() as patient:
        for facts, wanted in rows:
            found = patient.findings(**facts)
            check(set(found) == set(wanted), f'{facts}: {found}')
            for key, words in wanted.items():
                check(words in found[key], f'{facts}: {words} is not in {found[key]}')


def test_a_redis_elsewhere_wants_tls_and_a_user():
    with Patient() as patient:
        far = patient.findings(host='0.0.0.0')
        check(set(far) == {('way', 'unwise')} and 'rediss://' in far['way', 'unwise'], far)
        open_ = patient.findings(host='0.0.0.0', user='')
        check('no password' in open_['user', 'wrong'], open_)
        mighty = patient.findings(host='0.0.0.0', dryrun='+OK')
        check('FLUSHALL' in mighty['user', 'unwise'], mighty)


def test_files_that_others_may_read_are_found():
    with Patient() as patient:
        check(('files', 'wrong') in patient.findings(mode=0o604), 'the configuration, for everybody')
        check(('files', 'note') in patient.findings(mode=0o640), 'for its group')
        check(patient.findings(user='churnd@', mode=0o644) == {}, 'without a secret in it everybody may read it')
        check('by everybody: chmod o-w' in patient.findings(user='churnd@', mode=0o602)['files', 'wrong'], 'but not write it')
        patient.more = ', token_file: token'
        for name, mode, verdict in (('token', 0o600, None), ('token', 0o644, 'wrong'), ('token', 0o640, 'note'), ('token', 0o666, 'wrong')):
            patient.path(name, mode=mode)
            found = patient.findings()
            check(set(found) == ({('files', verdict)} if verdict else set()), (name, oct(mode), found))
            check(all('http.token_file' in words and 'chmod' in words for words in found.values()), found)
        patient.path('token')
        patient.keys = ', password_file: pw'
        patient.path('pw', mode=0o604)
        check('redis.password_file' in patient.findings(user='churnd@')['files', 'wrong'], 'the password')


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
