#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for knowledge of the future: dropping all rows that arrive after t must change nothing up to t, neither an
alert nor a byte of the snapshot at t. The program is whatever takes the words of `churnctl replay`:

leaks.py --rules R... --events F --columns 'EXPR,...' [--moments N] [--seed S] [--] PROGRAM WORD..."""
import argparse
import csv
import datetime
import gzip
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile

from live_house import PATIENCE


def _instant(text):
    if text.lstrip('-').isdigit():
        return int(text)
    then = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    return int(then.timestamp()) * 1000 + then.microsecond // 1000


def _arrival(row):
    return _instant(str(row.get('arrived') or row['ts']))


def _read(path):
    with open(path, 'rb') as file:
        data = file.read()
    return (gzip.decompress(data) if data[:2] == b'\x1f\x8b' else data).decode()


def _told(line):
    """When the alert was, and what it says. Where time was the cause, `caused_by` is the entry with which time came, the
    next one of whoever: it is set aside."""
    if '"cause":"time"' in line:
        line = re.sub(r'"caused_by":"[0-9]+-[0-9]+"', '"caused_by":"time"', line, count=1)
    return re.search(r'"timestamp":"([^"]*)"', line).group(1), line


class History:
    """The lines of a file of events, CSV or NDJSON, and when each arrived."""

    def __init__(self, path):
        lines = _read(path).splitlines(keepends=True)
        if lines[0].lstrip().startswith('{'):
            self.head, self.lines = '', lines
            self.arrived = [_arrival(json.loads(line)) for line in lines]
        else:
            self.head, self.lines = lines[0], lines[1:]
            self.arrived = [_arrival(row) for row in csv.DictReader(io.StringIO(''.join(lines)))]

    def until(self, moment):
        return self.head + ''.join(line for line, at in zip(self.lines, self.arrived) if at <= moment)


class Checker:
    """Runs the program over the whole file, and over the file cut at each moment."""

    def __init__(self, program, rules, events, columns):
        self.program, self.rules, self.columns = program, rules, columns
        self.events, self.history = events, History(events)
        self.alerts = self.rows = 0  # compared

    def _run(self, events, *more):
        done = subprocess.run([*self.program, 'replay', '--rules', *self.rules, '--events', events, *more],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=15 * PATIENCE, check=False)
        if done.returncode != 0:
            raise RuntimeError(f'{more}: {done.stderr.decode()}')
        return done.stdout.decode().splitlines()

    def _snapshot(self, events, moments):
        return self._run(events, '--snapshot', ','.join(map(str, moments)), '--columns', self.columns)

    def _difference(self, what, moment, whole, cut):
        for number, (a, b) in enumerate(zip(whole, cut)):
            if a != b:
                return f'{what} {number} at {moment}\nof the whole file: {a}\nof what came by then: {b}'
        if len(whole) != len(cut):
            return f'{what} at {moment}: {len(whole)} of the whole file, {len(cut)} of what came by then'
        return None

    def leaks(self, moments):
        """A sentence for each difference: none is none."""
        last, found = max(self.history.arrived), []
        moments = sorted(set(moments))
        alerts = [_told(line) for line in self._run(self.events, '--until', str(last))]
        # The last moment has it read on to the end of the file.
        table = self._snapshot(self.events, [m for m in moments if m < last] + [last])
        with tempfile.TemporaryDirectory() as folder:
            for moment in moments:
                cut = os.path.join(folder, 'cut')
                with open(cut, 'w', encoding='utf-8') as file:
                    file.write(self.history.until(moment))
                end = datetime.datetime.fromtimestamp(moment // 1000, datetime.timezone.utc)
                end = end.strftime('%Y-%m-%dT%H:%M:%S.') + '%03dZ' % (moment % 1000)
                told = [line for at, line in alerts if at <= end]
                rows = [line for line in table[1:] if line.startswith(f'{moment},')]
                self.alerts, self.rows = self.alerts + len(told), self.rows + len(rows)
                found += filter(None, (
                    self._difference('alert', moment, told, [_told(line)[1] for line in self._run(cut, '--until', str(moment))]),
                    self._difference('row', moment, table[:1] + rows, self._snapshot(cut, [moment]))))
        return found

    def moments(self, count, seed):
        """So many, some of them the very ms of a row, some between two."""
        rng, arrived = random.Random(seed), self.history.arrived
        return [rng.choice(arrived) + rng.choice((0, 0, -1, rng.randrange(86_400_000))) if i % 2 else
                rng.randrange(min(arrived), max(arrived)) for i in range(count)]


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument('--rules', nargs='+', required=True)
    words.add_argument('--events', required=True)
    words.add_argument('--columns', required=True)
    words.add_argument('--moments', type=int, default=10)
    words.add_argument('--seed', type=int, default=1)
    words.add_argument('program', nargs='+')
    asked = words.parse_args()
    checker = Checker(asked.program, asked.rules, asked.events, asked.columns)
    found = checker.leaks(checker.moments(asked.moments, asked.seed))
    print('\n'.join(found) or f'nothing from the future: {checker.alerts} alerts and {checker.rows} rows compared')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
