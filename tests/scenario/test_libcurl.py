#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libcurl comes with the first delivery and not before; where it is missing, that is said at the start."""
import functools
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.house import House, Receiver  # noqa: E402
from support.live_house import PATIENCE, check, run_tests  # noqa: E402

ACTIONS = 'actions: [{on: rule.fired, rule: angry, webhook: crm}]\n'
RULES = '''churnd: 1
name: lazy
signals: {complaint: {on: complaint}}
rules: [{rule: angry, expr: 'count(complaint[2d live]) >= 1', points: 1}]
'''


class Lazy(House):
    """A churnd that looks for libraries in a folder of the test first."""

    def __init__(self):
        self.endpoint = Receiver()
        super().__init__(RULES + ACTIONS, receiver=self.endpoint)
        self.libraries = os.path.join(self.folder, 'lib')
        self.library = os.path.join(self.libraries, 'libcurl.so.4')
        os.mkdir(self.libraries)

    def run(self, **env):
        self.start(env=dict(os.environ, LD_LIBRARY_PATH=self.libraries, **env))

    def begin(self, **env):
        self.run(**env)
        self.wait(lambda: self.said('running: '), 'it has begun')

    def maps(self):
        with open('/proc/%d/maps' % self.churnd.pid, encoding='utf-8') as file:
            return file.read()

    def complain(self, customer):
        self.redis.call('XADD', self.key('events'), '*', 'customer', customer, 'type', 'complaint')

    def delivered(self, count):
        self.wait(lambda: len(self.endpoint.seen) == count, '%d alerts arrive' % count)

    def ends(self, status, *words):
        check(self.churnd.wait(2 * PATIENCE) == status, 'it ended with %d' % self.churnd.returncode)
        for word in words:
            check(self.said(word), '%s is not said: %s' % (word, self.log_tail(500)))

    def close(self):
        super().close()
        self.endpoint.shutdown()
        self.endpoint.server_close()


def an_idle_daemon_is_without_it(house):
    house.begin()
    check('libcurl' not in house.maps(), 'libcurl is loaded before there is anything to send')
    told = house.said('webhooks are as configured')
    house.reload()
    house.wait(lambda: house.said('webhooks are as configured') > told, 'it is configured')
    check('libcurl' not in house.maps(), 'libcurl stays after a reload')
    house.complain('a')
    house.delivered(1)
    check('libcurl' in house.maps(), 'libcurl is not where it is looked for')
    house.reload()
    house.complain('b')
    house.delivered(2)
    check(house.stop() == 0, 'it did not end well')


def one_that_cannot_be_loaded_is_told_at_the_start(house):
    with open(house.library, 'w', encoding='ascii') as file:
        file.write('no library')
    house.run()
    house.ends(2, 'webhooks: crm: libcurl cannot be loaded', house.library)


def one_that_is_another_library_is_told_at_the_start(house):
    house.begin()
    other = next(line.split()[-1] for line in house.maps().splitlines() if '/libdeflate.so' in line)
    check(house.stop() == 0, 'it did not end well')
    os.symlink(other, house.library)
    house.run()
    house.ends(2, 'webhooks: crm: libcurl.so.4 has no curl_')


def one_that_goes_while_it_runs_ends_it_and_the_next_start_delivers(house):
    house.begin(VALGRIND_ALSO='--leak-check=no')  # it will exit in the midst of a call, and what that holds is nowhere but in registers
    with open(house.library, 'w', encoding='ascii') as file:
        file.write('no library')
    house.complain('a')
    house.ends(1, 'libcurl cannot be loaded', 'the next start delivers')
    os.unlink(house.library)
    house.begin()
    house.delivered(1)
    check(house.stop() == 0, 'it did not end well')


def without_webhooks_nobody_asks_for_it(house):
    house.write_rules(RULES)
    house.receiver = None
    with open(house.library, 'w', encoding='ascii') as file:
        file.write('no library')
    house.begin()
    check(house.stop() == 0, 'it did not end well')


def in_a_house(test):
    @functools.wraps(test)
    def run():
        house = Lazy()
        try:
            test(house)
        finally:
            house.close()
    return run


if __name__ == '__main__':
    sys.exit(run_tests([in_a_house(test) for test in (
        an_idle_daemon_is_without_it, one_that_cannot_be_loaded_is_told_at_the_start, one_that_is_another_library_is_told_at_the_start,
        one_that_goes_while_it_runs_ends_it_and_the_next_start_delivers, without_webhooks_nobody_asks_for_it)]))
