#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No rule and no expression knows the future, and a program that does is found out (tests/support/leaks.py)."""
import json
import os
import re
import sys
import tempfile
import textwrap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from leaks import Checker  # noqa: E402
from live_house import check, real_history, run_tests  # noqa: E402
from practices import made_history  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHURNCTL = os.path.abspath(os.path.join(os.environ.get('BUILD', 'build'), 'churnctl'))
CLINIC = os.path.join(ROOT, 'tests', 'whole', 'clinic.yaml')

# Of each function of the language at least one.
COLUMNS = ', '.join('''count(visit[28d]); sum(invoice[90d live]); max(invoice[90d]); min(invoice[90d]); avg(invoice[90d]); days(visit[28d live]);
observed(visit[28d]); rate(booked[28d]); ratio(visit[7d], visit[28d offset 7d], min_events=3); change(visit[7d], visit[28d offset 7d], min_events=3);
p_drop(visit[7d], visit[28d offset 7d]); p_rise(visit[7d], visit[28d offset 7d]); trend(visit[28d]); ewma(visit, 14d); cusum_drop(visit, 0.7);
cusum_rise(visit, 1.5); typical_gap(visit); gap_mean(visit); gap_sd(visit); gap_max(visit); gap_quantile(visit, 0.9); gap_ewma(visit, 0.3);
p_silent(invoice, 91d); p_gap(invoice, 91d); p_alive(invoice); p_gap(visit, 91d); since(visit); since(visit, by="u1"); silent(booked); seen(gripe);
after(booked, visit); age(); open(case); open(case, 'item.weight == "huge"'); oldest(case); until_due(scanner); users(visit[14d]);
share_of_top(visit[28d]); last(desks); last(desks, 30d); until(profile.ends); hour(); weekday(); month(); now(); is_workday(); holiday("labour_day");
workdays(5d); risk(); level(); tag("griping"); risk_rise(7d); stage(); stage_age(); firing("stays_away"); fired_within("gripes_more", 30d);
contains(profile.mobile, "7"); abs(1 - rate(visit[7d])); exp(rate(visit[7d])); log(sum(invoice[90d])); logistic(rate(visit[7d]));
least(1, count(gripe[24h live])); most(1, rate(visit[7d])); profile.fee; profile.state; profile.mobile; coalesce(gap_mean(visit), 30d)'''.replace('\n', ' ').split('; '))


def test_every_function_of_the_language_is_asked():
    with open(os.path.join(ROOT, 'daemon', 'lang', 'builtin.c'), encoding='utf-8') as file:
        names = re.findall(r'^\t\{\.name = "([a-z_]+)", \.op', file.read(), re.M)
    check(len(names) > 50, names)
    check(not [name for name in names if f'{name}(' not in COLUMNS], [name for name in names if f'{name}(' not in COLUMNS])


def test_what_arrives_after_a_moment_changes_nothing_up_to_it():
    with tempfile.TemporaryDirectory() as folder:
        for seed in (1, 2):
            events = os.path.join(folder, 'rows')
            made_history(events, seed)
            checker = Checker([CHURNCTL], [CLINIC], events, COLUMNS)
            found = checker.leaks(checker.moments(8, seed))
            check(not found, '\n'.join(found[:3]))
            check(checker.alerts > 200 and checker.rows > 100, f'{checker.alerts} alerts and {checker.rows} rows show little')


# Programs that peek. Each gets the words of replay, has rows() and run(rows) to work with, and prints.
PEEKERS = {
    'rows go by when they happened, not by when they arrived': '''
        run(sorted(({k: v for k, v in row.items() if k != 'arrived'} for row in rows()), key=lambda row: row['ts']))
        ''',
    'each row comes a day too early': '''
        run([dict(row, ts=row['ts'] - 86_400_000, **({'arrived': row['arrived'] - 86_400_000} if 'arrived' in row else {})) for row in rows()])
        ''',
    'a column is computed from the whole file': '''
        total = collections.Counter(row['customer'] for row in rows())
        for number, line in enumerate(run(rows(), show=False)):
            known = '--snapshot' not in sys.argv or number == 0
            print(line + ('' if known else ',%d' % total[line.split(',')[1]]))
        ''',
    'warnings that prove false are left out': '''
        lines = run(rows(), show=False)
        cleared = set(re.findall('"opened_by":"([^"]*)"', ' '.join(lines)))
        for line in lines:
            if '--snapshot' in sys.argv or json.loads(line)['id'] not in cleared:
                print(line)
        ''',
    'the last profile counts from the first day': '''
        last = {row['customer']: {k: row[k] for k in row if k != 'arrived'} for row in rows() if row['type'] == 'profile'}
        run([dict(last[row['customer']], **{k: row[k] for k in ('ts', 'arrived') if k in row}) if row['type'] == 'profile' else row for row in rows()])
        ''',
}
PEEKER = '''#!/usr/bin/env python3
import collections, json, re, subprocess, sys, tempfile
at = sys.argv.index('--events') + 1
def rows():
    return [json.loads(line) for line in open(sys.argv[at], encoding='utf-8')]
def run(made, show=True):
    with tempfile.NamedTemporaryFile('w', suffix='.ndjson') as file:
        file.writelines(json.dumps(row) + '\\n' for row in made)
        file.flush()
        words = [{churnctl!r}, *sys.argv[1:at], file.name, *sys.argv[at + 1:]]
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    if show:
        sys.stdout.buffer.write(done.stdout)
    return done.stdout.decode().splitlines()
'''


def add_peekers():
    """A test for each: it is found out."""
    tests = []
    for name, code in PEEKERS.items():
        def verdict(name=name, code=code):
            with tempfile.TemporaryDirectory() as folder:
                program, events = os.path.join(folder, 'peeker'), os.path.join(folder, 'rows')
                with open(program, 'w', encoding='utf-8') as file:
                    file.write(PEEKER.format(churnctl=CHURNCTL) + textwrap.dedent(code))
                made_history(events, 3, customers=12)
                checker = Checker([sys.executable, program], [CLINIC], events, 'count(visit[28d]), profile.fee')
                check(checker.leaks(checker.moments(4, 3)), f'{name}: not found')
        verdict.__name__ = 'test_it_is_found_out_when_' + re.sub(r'\W+', '_', name)
        tests.append(verdict)
    return tests


CDNOW = '''churnd: 1
name: leaks
levels: {watch: {enter: 30, leave: 20}}
signals: {orders: {on: purchase, sum: value}}
models: {orders: {kind: mbg_nbd, r: 0.525, alpha: 43.3, a: 0.891, b: 1.614, fitted: 1998-01-01, until: 1997-12-31}}
rules:
- {rule: broken, expr: 'p_gap(orders, 91d) >= 0.9', cooldown: 0s, points: 40}
- {rule: fades, expr: 'coalesce(sum(orders[28d]) < 0.3 * sum(orders[112d offset 28d]), false)', cooldown: 0s, points: 20}
'''
OULAD = '''churnd: 1
name: leaks
levels: {watch: {enter: 30, leave: 20}}
signals: {due: {on: due}, submit: {on: submit}, score: {on: submit, last: value}}
rules:
- {rule: overdue, expr: 'after(due, submit) >= 7d', cooldown: 0s, points: 40}
- {rule: low, on: submit, expr: 'event.value < 40', keep_firing_for: 21d, cooldown: 0s, points: 25}
'''
REAL = (('cdnow', CDNOW, 3, 'p_silent(orders, 91d), p_gap(orders, 91d), p_alive(orders), since(orders), count(orders[28d]), gap_max(orders), '
                            'gap_ewma(orders, 0.3), gap_sd(orders), coalesce(gap_mean(orders), 30d)'),
        ('oulad_2013', OULAD, 2, 'after(due, submit), since(submit), last(score), count(submit[28d live]), p_silent(submit, 28d), gap_mean(due)'))


def add_real_histories():
    tests = []
    for name, rules, count, columns in REAL:
        def verdict(name=name, rules=rules, columns=columns, count=count):
            events = real_history(name, 'events.csv.gz')
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, 'rules.yaml')
                with open(path, 'w', encoding='utf-8') as file:
                    file.write(rules)
                checker = Checker([CHURNCTL], [path], events, columns)
                found = checker.leaks(checker.moments(count, 5))
                check(not found, '\n'.join(found[:3]))
                check(checker.alerts > 100 and checker.rows > 500, f'{checker.alerts} alerts and {checker.rows} rows')
        verdict.__name__ = f'test_{name}_says_nothing_of_its_future'
        tests.append(verdict)
    return tests


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')] + add_peekers() + add_real_histories()))
