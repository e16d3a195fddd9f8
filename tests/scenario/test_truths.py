#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What counts as churn (`churn:`) in the running daemon: its figures, those of a replay and of a backtest, and the same
worked out one alert after the other by support/judged.py are equal, over kills too."""
import csv
import datetime
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import judged  # noqa: E402
from live_house import PATIENCE, House, check, real_history, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DAY, HOUR = judged.DAY, 3_600_000
FIRST, LAST = judged.day('2025-01-01'), judged.day('2025-06-30')
STOP = '2025-10-28'  # long after the last row: everything is known by then
RULES = '''churnd: 1
name: truths
timezone: %s
levels: {watch: {enter: 30, leave: 20}}
signals: {orders: {on: order}, gripe: {on: gripe}}
%s
rules:
- {rule: quiet, expr: 'silent(orders) >= 12d', points: 40, cooldown: 0s}
- {rule: gripes, expr: 'count(gripe[7d live]) >= 2', points: 20, cooldown: 3d}
- {rule: cross, on: gripe, expr: 'event.value > 3', points: 5, cooldown: 0s, keep_firing_for: 3h}
'''
SILENT = 'churn: {silent: orders, horizon: 21d, min_days: 2}'
GONE = 'churn: {on: cancel, horizon: 21d}'
COUNTS = {'hits': 'useful', 'false': 'false', 'late': 'late', 'unresolved': 'open', 'rewarnings': 'repeats', 'churns': 'churns', 'caught': 'caught'}


def history(seed):
    """Half a year of forty customers, who order in bursts, gripe, cancel, and some of whom come back; in order of time."""
    pick, rows = random.Random(seed), []
    for number in range(40):
        at, gap = pick.randrange(30 * DAY), pick.choice([2, 5, 9, 14]) * DAY
        while at < (LAST - FIRST - 40) * DAY:
            kind = pick.choices(['order', 'gripe', 'cancel'], [12, 4, 1])[0]
            rows.append({'customer': f'c{number}', 'type': kind, 'ts': FIRST * DAY + at, 'value': pick.randrange(1, 6)})
            at += int(pick.expovariate(1 / gap)) + pick.choice([0, 0, 0, HOUR, 25 * DAY])
            at -= pick.choice([0, 0, at % DAY])  # midnights too
    return sorted(rows, key=lambda row: row['ts'])


def ctl(*words):
    done = subprocess.run([CHURNCTL, *words], capture_output=True, text=True, check=False, timeout=3 * PATIENCE)
    check(done.returncode == 0, f'churnctl {" ".join(words)}: {done}')
    return done.stdout


def replayed(rules, events, until):
    stats = json.loads(ctl('replay', '--rules', rules, '--events', events, '--until', until, '--stats').splitlines()[-1])
    alerts = [json.loads(line) for line in ctl('replay', '--rules', rules, '--events', events, '--until', until).splitlines()]
    return stats, alerts


def moved(rows, turns, hours):
    """As if all had been so many hours later: days of another zone are those of UTC."""
    rows = [dict(row, ts=row['ts'] + hours * HOUR) for row in rows]
    return rows, {who: [(at + hours * HOUR, on) for at, on in list_] for who, list_ in turns.items()}


def expect(rule, want, at_end=0):
    """at_end: alerts of the very last instant, which no day holds; they are open, repeats or late."""
    for key, name in COUNTS.items():
        if key in want:
            more = at_end if key in ('unresolved', 'late', 'rewarnings') else 0
            check(want[key] <= rule[name] <= want[key] + more, f'{rule["rule"]}: {key} {want[key]}, figures {rule}')
    check(abs((rule['recall'] or 0) - (want['recall'] or 0)) < 1e-4, f'{want} {rule}')
    check(abs((rule['precision'] or 0) - (want['precision'] or 0)) < 1e-4, f'{want} {rule}')


def expect_lead(rule, lead):
    """The classes that leads are kept in are an eighth of an octave wide."""
    median = rule['lead']['median'] / 86400
    check(abs(median - lead) <= lead / 16, f'{rule["rule"]}: lead {lead}, figures {median}')


def judge(rows, alerts, rule, churn, hours=0, stop=STOP):
    last = judged.day(stop) - 1
    turns = judged.turns_of(alerts, rule)
    rows, turns = moved([*rows, {'customer': '', 'type': 'end', 'ts': (last + 1) * DAY - 1 - hours * HOUR}], turns, hours)
    if churn == SILENT:
        return judged.by_silence(rows, turns, 'order', 21, FIRST, last)
    return judged.by_churn(rows, turns, 'order', 'cancel', 21, FIRST, last)


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


def ndjson(rows):
    return ''.join(json.dumps(row) + '\n' for row in rows)


def midnight(day, hours):
    return (datetime.datetime.fromisoformat(day) - datetime.timedelta(hours=hours)).isoformat() + 'Z'


def test_figures_are_those_of_each_alert_judged_by_itself():
    found = dict.fromkeys(COUNTS, 0)
    for seed in range(1, 9):
        churn, zone, hours = (SILENT, GONE)[seed % 2], *(('UTC', 0), ('Asia/Shanghai', 8))[seed // 2 % 2]
        rows, stop = history(seed), (STOP, '2025-05-28')[seed // 4 % 2]
        hours = hours if churn == SILENT else 0
        with tempfile.TemporaryDirectory() as folder:
            rules = write(folder, 'rules.yaml', RULES % (zone, churn))
            stats, alerts = replayed(rules, write(folder, 'events', ndjson(rows)), midnight(stop, hours))
        rows = [row for row in rows if row['ts'] < judged.day(stop) * DAY - hours * HOUR]
        for rule in stats['rules']:
            want = judge(rows, alerts, rule['rule'], churn, hours, stop)
            last = judged.day(stop) * DAY - hours * HOUR
            expect(rule, want, sum((last, True) in list_ for list_ in judged.turns_of(alerts, rule['rule']).values()))
            found = {key: number + want.get(key, 0) for key, number in found.items()}
    check(all(number > 5 for number in found.values()), f'the histories have too little of something: {found}')


def stats_of(house):
    return json.loads(ctl('-c', house.path('churnd.yaml'), 'rules', 'stats', '--json'))


def lived(churn):
    """The same through a daemon that is killed at a third and at two thirds of it."""
    rows = history(21)
    with House(RULES % ('UTC', churn)) as house:
        house.write('events', ndjson(rows))
        want, alerts = replayed(house.path('rules.yaml'), house.path('events'), STOP + 'T00:00:00Z')
        house.call('SET', 'churn:hold', 'truths')
        daemon = house.start()
        for number, row in enumerate(rows):
            entry = house.call('XADD', 'churn:events', f'{row["ts"]}-*', 'customer', row['customer'], 'type', row['type'],
                               'value', str(row['value'])).decode()
            if number in (len(rows) // 3, 2 * len(rows) // 3):
                house.committed(entry)
                house.end(daemon, signal.SIGKILL)
                daemon = house.start()
        house.committed(entry)
        house.call('DEL', 'churn:hold')
        known = lambda stats: [(rule['alerts'], rule['churns']) for rule in stats['rules']]  # noqa: E731
        wait_for('what time brings after the last event', lambda: known(stats_of(house)) == known(want))
        live = stats_of(house)
        house.end(daemon, signal.SIGKILL)
        house.start()
        again = stats_of(house)
        for stats in (live, again, want):
            del stats['at']
        check(live == again, f'after the kill:\n{live}\n{again}')
        check(live == want, f'replay says otherwise:\n{live}\n{want}')
        for rule in live['rules']:
            expect(rule, judge(rows, alerts, rule['rule'], churn))


def test_the_daemon_says_the_same_of_silences_over_kills():
    lived(SILENT)


def test_the_daemon_says_the_same_of_cancels_over_kills():
    lived(GONE)


def test_a_backtest_says_the_same():
    for seed, churn in ((31, SILENT), (32, GONE)):
        rows = history(seed)
        end = rows[-1]['ts'] // DAY + 1
        with tempfile.TemporaryDirectory() as folder:
            rules, events = write(folder, 'rules.yaml', RULES % ('UTC', churn)), write(folder, 'events', ndjson(rows))
            stats, _ = replayed(rules, events, (judged.EPOCH + datetime.timedelta(days=end)).strftime('%Y-%m-%dT%H:%M:%SZ'))
            lines = json.loads(ctl('backtest', '--rules', rules, '--events', events, '--rounds', '10', '--json'))['sides'][0]['lines']
        lines = {line['name']: line for line in lines if line['of'] == 'rule'}
        for rule in stats['rules']:
            line = lines[rule['rule']]
            for key in ('hits', 'late', 'churns', 'caught') if churn == GONE else ('hits', 'false', 'late', 'churns', 'caught', 'rewarnings'):
                check(rule[COUNTS[key]] == line[key], f'{churn} {key}: {rule}\n{line}')
            check(rule['false'] >= line['false'], f'{rule}\n{line}')


CDNOW = '''churnd: 1
name: cdnow
levels: {watch: {enter: 30, leave: 20}}
signals: {orders: {on: purchase}}
churn: {silent: orders, horizon: 91d, min_days: 2}
models: {orders: {kind: mbg_nbd, r: 0.525, alpha: 43.3, a: 0.891, b: 1.614}}
rules: [{rule: broken, expr: 'p_gap(orders, 91d) >= 0.93', cooldown: 0s, points: 40}]
'''


def test_purchases_of_real_customers_are_judged_alike():
    events = real_history('cdnow', 'events.csv.gz')
    with gzip.open(events, 'rt') as file:
        rows = [dict(row, ts=int(row['ts'])) for row in csv.DictReader(file)]
    last = judged.day('1999-12-31')
    with House(CDNOW) as house:
        house.start()
        stats, alerts = replayed(house.path('rules.yaml'), events, '2000-01-01T00:00:00Z')
        ctl('-c', house.path('churnd.yaml'), 'import', events, '--as-live')
        wait_for('the churns of all', lambda: stats_of(house)['churned'] >= stats['churned'])
        live = stats_of(house)['rules']
        check(live == stats['rules'], f'{live}\n{stats}')
        turns = judged.turns_of(alerts, 'broken')
        want = judged.by_silence([*rows, {'customer': '', 'type': 'end', 'ts': (last + 1) * DAY - 1}], turns, 'purchase', 91,
                                 judged.day('1997-01-01'), last)
        expect(live[0], want)
        expect_lead(live[0], want['lead'])
        check(want['churns'] > 1500 and want['unresolved'] == 0, want)
        table = ctl('-c', house.path('churnd.yaml'), 'rules', 'stats')
        check(table.startswith('churn: a silence of orders longer than 13 weeks\n') or table.startswith('churn: a silence of orders longer than 91 days\n'), table)
        zh = ctl('-c', house.path('churnd.yaml'), 'rules', 'stats', '--lang', 'zh')
        check(zh.startswith('流失：orders 沉默超过 '), zh)


if __name__ == '__main__':
    sys.exit(run_tests([found for name, found in list(globals().items()) if name.startswith('test_')]))
