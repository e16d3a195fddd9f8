#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ACL user of the README: with its commands and keys everything works, and there is none that is not needed.

    ACL_EACH=all tests/scenario/test_acl.py    takes each command away in turn, and wants somebody to say so (ten minutes);
                                               or those that are named: ACL_EACH='+watch +type'
"""
import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, House, Receiver, check, run_tests, wait_for  # noqa: E402
from redis_client import Redis  # noqa: E402
from tls import free_port  # noqa: E402
from unix_http import Client  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
RULES = '''churnd: 1
name: acl-test
levels: {watch: {enter: 30, leave: 20}}
profile: {tier: {enum: [basic, gold]}}
signals: {complaint: {on: complaint}, visit: {on: visit}}
rules:
- {rule: complaints, expr: 'count(complaint[14d live]) >= 1', points: 40}
- {rule: gone, expr: 'silent(visit) >= 1s', points: 1}
actions:
- {on: customer.level_raised, webhook: crm}
- {on: rule.fired, rule: complaints, task: call}
tasks: {call: {title: Call, queue: csm, assign: profile.owner}}
'''
DAY = 86400000


def documented():
    """(keys, the daemon's commands, doctor's besides, repair's besides) as README.md has them."""
    with open('README.md', encoding='utf-8') as file:
        text = file.read()
    keys, rights = re.search(r'^ACL SETUSER churnd on >PASSWORD (~churn:\*) -@all (.*)$', text, re.M).groups()
    besides = [set(re.search(r'`%s`[^`]*`(\+[^`]*)`' % name, text)[1].split()) for name in ('doctor', 'repair')]
    return keys, set(rights.split()), *besides


class Ear:
    """Hears every command by MONITOR; the test's own come by the unix socket and do not count."""

    def __init__(self, path):
        self.client, self.heard = Redis.unix(path), set()
        self.client.call('MONITOR')
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        try:
            while True:
                line = self.client.read().decode('utf-8', 'replace')
                source, words = re.match(r'[0-9.]+ \[\d+ (\S+)\] (.*)', line, re.S).groups()
                if not source.startswith('unix'):
                    self.heard.add(re.findall(r'"([^"]*)"', words)[0].lower())
                    self.heard.add('|'.join(re.findall(r'"([^"]*)"', words)[:2]).lower())
        except (OSError, ConnectionError, ValueError):
            pass


class Place(House):
    """Two users of Redis: churnd's has `rights`, and the test comes by the unix socket."""

    def __init__(self, receiver, rights, keys):
        self.port = free_port()
        self.receiver = receiver
        super().__init__(RULES, ('--port', str(self.port), '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'),
                         receiver.config())
        try:
            self.call('SELECT', 1)
            self.call('ACL', 'SETUSER', 'churnd', 'on', '>pw', keys, '-@all', *sorted(rights))
            self.write('pw', 'pw\n')
            self.redis_keys = f'url: "redis://churnd@127.0.0.1:{self.port}/1", password_file: pw'
            for secret in (self.path('pw'), self.config()):
                os.chmod(secret, 0o600)
            self.ear = Ear(self.socket)
        except BaseException:
            self.__exit__()
            raise

    def ctl(self, *words, status=0):
        done = subprocess.run([CHURNCTL, '-c', self.path('churnd.yaml'), *words], capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
        check(done.returncode == status, f'{words}: wanted {status}, got {done}')
        return done.stdout + done.stderr

    def post(self, path, body=None):
        answer = Client(self.path('churnd.yaml.http')).ask('POST', path, body or {})
        check(answer.status < 300, f'{path}: {answer}')
        return answer.json

    def denied(self):
        """[(command, key or command)] that Redis refused."""
        rows = [dict(zip(row[::2], row[1::2])) for row in self.call('ACL', 'LOG')]
        return [(row[b'reason'].decode(), row[b'object'].decode()) for row in rows]

    def kill_writer(self):
        """The connection that churnd commits on; the one it reads on goes on waiting."""
        self.call('CLIENT', 'KILL', 'ID', self.call('GET', 'churn:lease').split()[0])

    def used(self):
        """MONITOR leaves out what is an administrator's; of that the statistics know."""
        counted = re.findall(r'^cmdstat_((?:client|config|acl)\|\w+):calls=[1-9]', self.call('INFO', 'commandstats').decode(), re.M)
        return self.ear.heard | set(counted)


def live_a_life(place):
    """All that churnd and churnctl do with Redis, once."""
    daemon = place.start()
    place.send('c1', 'profile', owner='ann')
    place.send('c1', 'visit')
    place.committed(place.send('c1', 'complaint'))
    place.call('XADD', 'churn:events', '*', 'customer', '', 'type', 'x')
    place.ctl('send', 'c2', 'complaint')
    # endpoints and their letters
    letter = wait_for('two dead letters', lambda: place.entries('dead')[1:])[0][0]
    place.ctl('webhooks', 'pause', 'crm')
    place.ctl('webhooks', 'resume', 'crm')
    place.receiver.status = 204
    place.ctl('dead', 'retry', letter)
    wait_for('it is sent again', lambda: not place.entries('resend'))
    place.ctl('dead', 'list')
    place.ctl('dead', 'drop', '--all')
    # people
    for words in (('tag', 'c1', 'vip'), ('top',), ('customer', 'c1'), ('explain', 'c1'), ('alerts',), ('webhooks',), ('status',), ('tasks',),
                  ('rules', 'stats'), ('handover', 'ann', 'bob')):
        place.ctl(*words)
    task = place.entries('tasks')[0][1]['id']
    place.ctl('tasks', 'show', task)
    place.ctl('tasks', 'done', task, '--outcome', 'saved', '--who', 'ann')
    place.committed(place.send('c1', 'complaint'))
    place.ctl('churned', 'c2', '--reason', 'price')
    # other rules, and the first ones again
    for rules in (RULES.replace('points: 40', 'points: 41'), RULES):
        place.write('rules.yaml', rules)
        place.ctl('reload')
    # files
    wait_for('outputs are trimmed, and time is told', lambda: place.ear.heard >= {'xtrim', 'exists'})
    place.write('rows.csv', 'customer,type,ts\nc9,visit,2026-01-01T00:00:00Z\n')
    place.ctl('import', place.path('rows.csv'), '--backfill')
    place.write('rows.csv', 'customer,type,arrived\n' + 'c9,visit,%d\n' % (int(place.call('TIME')[0]) * 1000 + 2000))
    place.ctl('import', place.path('rows.csv'), '--as-live')
    place.ctl('import', '--release')
    # a reader that still waits when the other connection comes anew; a churnd that dies
    place.kill_writer()
    place.says(daemon, 'connected again')
    lease = place.call('GET', 'churn:lease')
    daemon.kill()
    daemon.wait()
    # Whoever starts slowly too finds the lease, and asks whether its holder lives.
    place.call('SET', 'churn:lease', lease, 'PX', str(int(PATIENCE * 1000)))
    daemon = place.start()
    place.committed(place.send('c3', 'complaint'))
    check(place.end(daemon) == 0, place.log(daemon))


def test_what_the_readme_names_is_all_that_is_needed():
    keys, daemons, doctors, repairs = documented()
    with Place(Receiver(404), daemons, keys) as place:
        live_a_life(place)
        check(place.denied() == [], place.denied())
        check(not any('NOPERM' in place.log(daemon) for daemon in place.daemons), 'the log speaks of NOPERM')
        place.call('ACL', 'SETUSER', 'churnd', *doctors)
        place.call('ACL', 'LOG', 'RESET')
        place.ctl('doctor')
        place.call('ACL', 'SETUSER', 'churnd', *repairs)
        place.call('XADD', 'churn:events', f'{int(place.call("TIME")[0]) * 1000 + DAY}-0', 'customer', 'c4', 'type', 'visit')
        place.ctl('repair', '--yes')
        check(place.denied() == [], place.denied())
        rights = {right[1:] for right in daemons | doctors | repairs}
        deadline = time.monotonic() + PATIENCE  # what is heard comes a little later
        while rights - place.used() and time.monotonic() < deadline:
            time.sleep(0.01)
        check(rights <= place.used(), f'nobody uses {rights - place.used()}')


def test_without_a_fence_nothing_is_committed_and_lesser_rights_are_missed_aloud():
    keys, daemons, _, _ = documented()
    with Place(Receiver(404), daemons - {'+watch'}, keys) as place:
        place.send('c1', 'complaint')
        daemon = place.start(wait=False)
        check(daemon.wait(PATIENCE) == 1 and 'cannot watch churn:commit' in place.log(daemon), place.log(daemon))
        check(place.mark() is None, place.mark())
        place.call('ACL', 'SETUSER', 'churnd', '+watch', '-mset')
        daemon = place.start(wait=False)
        check(daemon.wait(PATIENCE) == 1 and "cannot write the commit mark: Redis says NOPERM" in place.log(daemon),
              place.log(daemon))
        place.call('ACL', 'SETUSER', 'churnd', '+mset', '-type')
        place.says(place.start(), 'the ACL user lacks a right')


def test_each_of_them_is_missed():
    keys, daemons, _, _ = documented()
    silent = []
    chosen = os.environ['ACL_EACH'].split()
    for right in sorted(daemons if chosen == ['all'] else chosen):
        with Place(Receiver(404), daemons - {right}, keys) as place:
            try:
                live_a_life(place)
                said = any('NOPERM' in place.log(daemon) for daemon in place.daemons)
            except Exception as failure:  # pylint: disable=broad-except
                said = True
                print(f'# without {right}: {str(failure).splitlines()[0][:200]}')
            check(any(right[1:].startswith(what.split('|')[0]) for _, what in place.denied()), f'{right} is not asked for: {place.denied()}')
            if not said:
                silent.append(right)
    check(not silent, f'nobody speaks of a lack of {silent}')


TESTS = [test_what_the_readme_names_is_all_that_is_needed,
         test_without_a_fence_nothing_is_committed_and_lesser_rights_are_missed_aloud] + (
             [test_each_of_them_is_missed] if os.environ.get('ACL_EACH') else [])

if __name__ == '__main__':
    sys.exit(run_tests(TESTS))
