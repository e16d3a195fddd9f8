#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Redis that comes back slowly, and knows less than before: nothing of what it still holds is lost.

    tests/scenario/test_reconnect.py [PROGRAM]    PROGRAM -c FILE is build/churnd unless named
"""
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from webhook_world import PATIENCE, SECRET, check, run, until  # noqa: E402


class Gate:
    """Before redis-server: while it is shut, a connection that asks for progress hears no answer."""

    def __init__(self, listen, server):
        self.server, self.opened, self.heard, self.sockets = server, threading.Event(), b'', []
        self.there = threading.Event()  # until it is cleared: then nobody comes in
        for event in (self.opened, self.there):
            event.set()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(listen)
        self.socket.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.socket.accept()
            self.there.wait(PATIENCE)
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.server)
            line = {'outbox': False, 'waits': False}
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.carry, args=(line, *pair, pair[0] is client), daemon=True).start()

    def carry(self, line, source, target, asks):
        try:
            while data := source.recv(1 << 16):
                if asks and b'churnd-outbox' in data:
                    line['outbox'] = True
                    self.sockets += [source, target]
                if asks and line['outbox'] and not self.opened.is_set():
                    self.heard += data
                    line['waits'] = line['waits'] or b'HGETALL' in data
                if not asks and line['waits']:
                    self.opened.wait(PATIENCE)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def drop(self):
        sockets, self.sockets, self.heard = self.sockets, [], b''
        self.opened.clear()
        for end in sockets:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def make(world):
    world.gate = Gate(world.path('gate.sock'), world.redis.path)
    configure = world.configure

    def through_the_gate(lines):
        configure(lines)
        with open(world.path('churnd.yaml'), encoding='utf-8') as file:
            text = file.read()
        world.write('churnd.yaml', text.replace('redis.sock', 'gate.sock'))
    world.configure = through_the_gate
    world.start([f'  {name}: {{url: "http://127.0.0.1:{world.http.port}/{name}", secret: {SECRET}, allow: [127.0.0.0/8], concurrency: 2, '
                 'retry: {first: 50ms, factor: 1, max: 50ms, give_up_after: 1h}}' for name in ('waits', 'ends')])


def what_waits_when_redis_has_gone_back_in_time_is_not_passed_over(world):
    release = threading.Event()
    world.http.replies['/waits'] = lambda *_: (release.wait(PATIENCE), (200, {}, b''))[1]
    first = world.alert('ends')
    world.http.wait('/ends', 1)
    until(lambda: world.progress('ends').get(b'position'), 'no progress')
    names = [world.alert('waits', f'c{n}') for n in range(20)]
    world.http.wait('/waits', 2)
    world.redis('HSET', 't:delivery:waits', 'position', '0-0', 'done', '', 'writes', '12345')
    world.gate.drop()
    until(lambda: b'HGETALL' in world.gate.heard, 'it does not come back')
    names.append(world.alert('waits', 'new'))
    until(lambda: world.gate.heard.count(b'HGET\r\n') >= 4, 'nobody polls')
    world.gate.opened.set()
    release.set()
    until(lambda: set(names) <= set(world.http.ids('/waits')), f'lost: {sorted(set(names) - set(world.http.ids("/waits")))}')
    check(world.http.ids('/ends') == [first], 'another is sent again')


def nothing_is_written_before_it_is_known_what_is_there(world):
    asked, release = threading.Event(), threading.Event()
    world.http.replies['/ends'] = lambda *_: (asked.set(), release.wait(PATIENCE), (200, {}, b''))[2]
    name = world.alert('ends', 'slow')
    check(asked.wait(PATIENCE), 'it is not sent')
    world.gate.drop()
    until(lambda: b'HGETALL' in world.gate.heard, 'it does not come back')
    release.set()
    until(lambda: world.gate.heard.count(b'HGET\r\n') >= 2, 'nobody polls')
    check(b'MULTI' not in world.gate.heard, 'it writes before it knows what is written')
    world.gate.opened.set()
    until(lambda: world.progress('ends')[b'position'] == world.redis('XREVRANGE', 't:alerts', '+', '-', 'COUNT', 1)[0][0], 'it does not go on')
    check(world.http.ids('/ends').count(name) == 1, 'sent again')


def what_came_since_redis_went_back_is_not_passed_over(world):
    """The endpoint's account stands and the newest alert is newer than all it has read: what tells is that the last one it read is gone."""
    def newest():
        return world.redis('XREVRANGE', 't:alerts', '+', '-', 'COUNT', 1)[0][0]

    asked, release = threading.Event(), threading.Event()
    before, account = newest(), world.progress('ends')
    world.http.replies['/ends'] = lambda *_: (asked.set(), release.wait(PATIENCE), (200, {}, b''))[2]
    world.alert('ends', 'lost')
    check(asked.wait(PATIENCE), 'it is not sent')
    world.gate.there.clear()
    world.gate.drop()
    gone = newest()
    world.redis('XDEL', 't:alerts', gone)
    world.redis('XSETID', 't:alerts', before)
    names = [world.alert('ends', 'again', entry=at) for at in (before.decode() + '1', gone.decode() + '1')]
    check(world.progress('ends') == account, 'the account is another')
    for event in (world.gate.opened, world.gate.there, release):
        event.set()
    until(lambda: set(names) <= set(world.http.ids('/ends')), 'one of the two is lost')


TESTS = [what_waits_when_redis_has_gone_back_in_time_is_not_passed_over, nothing_is_written_before_it_is_known_what_is_there,
         what_came_since_redis_went_back_is_not_passed_over]

if __name__ == '__main__':
    sys.exit(run(TESTS, make))
