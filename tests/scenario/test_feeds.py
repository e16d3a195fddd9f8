#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files of events through several engines at once: each says what it says alone, and complaints keep their order."""
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import check, run_tests  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DAY = 86400000
START = 1767225600000  # 2026-01-01
RULES = '''churnd: 1
name: feeds
signals: {orders: {on: order, sum: value}}
rules:
- {rule: quiet, expr: 'silent(orders) >= %dd', points: 40, cooldown: 0s}
- {rule: fewer, expr: 'count(orders[7d]) < count(orders[7d offset 7d])', points: 30, cooldown: 0s}
'''


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


def history(folder, bad=()):
    """Thousands of rows, so that many batches are under way; those numbered in `bad` are none."""
    pick = random.Random(11)
    lines = ['customer,type,ts,value']
    for i, at in enumerate(sorted(pick.randrange(120 * DAY) for _ in range(12000))):
        who = '' if i in bad else 'c%d' % pick.randrange(400)
        lines.append('%s,order,%d,%d' % (who, START + at, pick.randrange(1, 90)))
    return write(folder, 'events.csv', '\n'.join(lines) + '\n')


def run(*words):
    return subprocess.run([CHURNCTL, *words], capture_output=True, text=True, check=False)


def side(events, rules, *against):
    done = run('backtest', '--rules', rules, *against, '--events', events, '--horizon', '30d', '--json')
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def test_two_at_once_say_what_each_says_alone():
    with tempfile.TemporaryDirectory() as folder:
        events = history(folder)
        near, far = write(folder, 'near.yaml', RULES % 9), write(folder, 'far.yaml', RULES % 21)
        both = side(events, near, '--against', far)['sides']
        check(both[0]['lines'] != both[1]['lines'], 'the sides do not differ')
        for alone, beside in zip((near, far), both):
            only = side(events, alone)['sides'][0]
            for part in ('lines', 'weekly', 'overlap'):
                check(only[part] == beside[part], 'another %s beside another engine' % part)


def test_the_same_rows_give_the_same_bytes_each_time():
    with tempfile.TemporaryDirectory() as folder:
        words = ('replay', '--rules', write(folder, 'r.yaml', RULES % 9), '--events', history(folder))
        first = run(*words)
        check(len(first.stdout.splitlines()) > 1000, 'too few alerts to tell')
        for _ in range(3):
            check(run(*words).stdout == first.stdout, 'other bytes in another run')


def test_complaints_come_in_the_order_of_rows():
    with tempfile.TemporaryDirectory() as folder:
        bad = (0, 255, 256, 257, 600, 11999)
        events = history(folder, bad)
        rules = write(folder, 'r.yaml', RULES % 9)
        for words in (('replay', '--rules', rules), ('backtest', '--rules', rules, '--against', rules, '--horizon', '30d', '--json')):
            done = run(*words, '--events', events)
            told = [line for line in done.stderr.splitlines() if 'rejected: ' in line]
            check(told == ['%s:%d: rejected: customer is missing' % (events, i + 2) for i in bad], done.stderr)


def test_rows_out_of_order_are_told_after_what_was_wrong_before():
    with tempfile.TemporaryDirectory() as folder:
        events = history(folder, (3,))
        with open(events, 'a', encoding='utf-8') as file:
            file.write('c1,order,%d,1\n' % START)
        done = run('replay', '--rules', write(folder, 'r.yaml', RULES % 9), '--events', events)
        lines = done.stderr.splitlines()
        check(done.returncode == 2 and len(lines) == 2, done.stderr)
        check('rejected: customer is missing' in lines[0] and 'before the one above it' in lines[1], done.stderr)


def test_a_compressed_file_that_was_cut_off_is_no_shorter_history():
    with tempfile.TemporaryDirectory() as folder:
        rules, events, cut = write(folder, 'r.yaml', RULES % 9), history(folder), os.path.join(folder, 'cut.csv.gz')
        with open(events, 'rb') as file:
            whole = gzip.compress(file.read())
        for size, status in ((len(whole), 0), (len(whole) - 1, 2), (len(whole) - 9, 2), (len(whole) // 2, 2)):
            with open(cut, 'wb') as file:
                file.write(whole[:size])
            done = run('backtest', '--rules', rules, '--events', cut, '--horizon', '30d')
            check(done.returncode == status, (size, done.stderr))
            check(('%s: ends too early' % cut in done.stderr) == (status == 2), done.stderr)


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
