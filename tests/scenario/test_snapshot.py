#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churnctl replay --snapshot: every customer at the end of some days, the same bytes each time."""
import collections
import csv
import datetime
import gzip
import io
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, House, Skipped, check, real_history, run_tests  # noqa: E402
from practices import made_history  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
WHOLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'whole')
DAY = 86400000
START = 1767225600000  # 2026-01-01
RULES = '''churnd: 1
name: shots
timezone: Asia/Shanghai
levels: {watch: {enter: 30, leave: 20}}
signals: {orders: {on: order, sum: value}}
rules:
- {rule: quiet, expr: 'silent(orders) >= 5d', points: 40, cooldown: 0s}
stages:
- {stage: gone, when: 'silent(orders) > 8d'}
- {stage: here, when: 'true'}
'''
CDNOW = '''churnd: 1
name: cdnow
signals: {orders: {on: purchase}}
models: {orders: {kind: mbg_nbd, r: 0.525, alpha: 43.3, a: 0.891, b: 1.614, fitted: 1998-01-01, until: 1997-12-31}}
'''


def rows():
    """Customers come in an order that is not that of their names."""
    out = []
    for day in range(10):
        for who in ('b', 'a', 'ä', 'B', 'a,1'):
            if (day * 7 + len(out)) % 3 == 0 or day == 0:
                out.append({'customer': who, 'type': 'order', 'ts': START + day * DAY + 1000 * len(out), 'value': 5.5})
    return out


def as_csv(entries):
    text = io.StringIO()
    writer = csv.DictWriter(text, ['customer', 'type', 'ts', 'value'], lineterminator='\n')
    writer.writeheader()
    writer.writerows(entries)
    return text.getvalue()


def as_ndjson(entries):
    return ''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in entries)


class Folder(tempfile.TemporaryDirectory):
    """Rules and rows."""

    def __enter__(self):
        super().__enter__()
        self.write('rules.yaml', RULES)
        self.write('rows', as_ndjson(rows()))
        return self

    def path(self, name):
        return os.path.join(self.name, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def replay(self, *words, events='rows', stdin=None, status=0):
        done = subprocess.run([CHURNCTL, 'replay', '--rules', self.path('rules.yaml'), '--events',
                               events if events == '-' else self.path(events), *words],
                              input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=3 * PATIENCE, check=False)
        check(done.returncode == status, f'{words}: {done}')
        return done


def table(done):
    return list(csv.DictReader(io.StringIO(done.stdout.decode())))


def test_a_row_for_each_known_customer_at_each_moment_in_the_order_of_their_ids():
    with Folder() as folder:
        got = table(folder.replay('--snapshot', '2026-01-09,2026-01-02', '--columns', 'since(orders), n = count(orders[30d live])'))
        check([row['at'] for row in got] == ['2026-01-02'] * 5 + ['2026-01-09'] * 5, got)
        check([row['customer'] for row in got[:5]] == ['B', 'a', 'a,1', 'b', 'ä'], got)
        check(list(got[0]) == ['at', 'customer', 'risk', 'level', 'stage', 'since(orders)', 'n'], got[0])


def test_a_date_is_the_last_ms_of_the_local_day():
    """In Shanghai 2026-01-01 ends at 16:00 UTC."""
    with Folder() as folder:
        end = START + 16 * 3600000 - 1
        day = table(folder.replay('--snapshot', '2026-01-01', '--columns', 'now()'))
        check(all(row['now()'] == '2026-01-01T15:59:59.999Z' for row in day), day)
        same = table(folder.replay('--snapshot', str(end), '--columns', 'now()'))
        check([dict(row, at='') for row in same] == [dict(row, at='') for row in day], same)
        again = table(folder.replay('--snapshot', '2026-01-01T23:59:59.999+08:00', '--columns', 'now()'))
        check([dict(row, at='') for row in again] == [dict(row, at='') for row in day], again)


def test_risk_level_and_stage_are_what_the_alerts_say_up_to_then():
    with Folder() as folder:
        alerts = [json.loads(line) for line in folder.replay('--until', '2026-01-31').stdout.decode().splitlines()]
        for day in range(1, 32):
            end = f'2026-01-{day:02}T15:59:59.999Z'
            for row in table(folder.replay('--snapshot', f'2026-01-{day:02}')):
                told = [a for a in alerts if a['data']['customer'] == row['customer'] and a['timestamp'] <= end]
                level, stage = 'healthy', ''
                for alert in told:
                    level, stage = alert['data']['level'], alert['data']['stage']
                fired = [a['type'] for a in told if a['type'].startswith('rule.')]
                risk = '40' if fired and fired[-1] == 'rule.fired' else '0'
                check((row['risk'], row['level'], row['stage']) == (risk, level, stage), (row, told))


def test_bytes_are_the_same_from_any_kind_of_file_and_by_any_order_of_dates():
    columns = ['--columns', 'p_silent(orders, 30d), gap_mean(orders), since(orders), coalesce(gap_mean(orders), 3d)']
    with Folder() as folder:
        dates = ['--snapshot', '2026-01-03,2026-01-09,2026-02-01', *columns]
        want = folder.replay(*dates).stdout
        check(want.count(b'\n') == 16, want)
        folder.write('rows.csv', as_csv(rows()))
        folder.write('one', as_ndjson(rows()[:7]))
        folder.write('two', as_ndjson(rows()[7:]))
        with gzip.open(folder.path('rows.gz'), 'wb') as file:
            file.write(as_ndjson(rows()).encode())
        for events in ('rows', 'rows.csv', 'rows.gz'):
            check(folder.replay(*dates, events=events).stdout == want, events)
        with open(folder.path('rows.gz'), 'rb') as file:
            check(folder.replay(*dates, events='-', stdin=file.read()).stdout == want, 'gzip on stdin')
        check(folder.replay(folder.path('two'), *dates, events='one').stdout == want, 'two files')
        parts = b''.join(folder.replay('--snapshot', day, *columns).stdout.split(b'\n', 1)[1] for day in ('2026-01-03', '2026-01-09', '2026-02-01'))
        check(parts == want.split(b'\n', 1)[1], 'a moment alone')
        check(folder.replay('--snapshot', '2026-02-01', '2026-01-09,2026-01-03', *columns).stdout == want, 'any order')


def test_json_says_the_same_as_csv():
    with Folder() as folder:
        words = ['--snapshot', '2026-01-09', '--columns', 'p_gap(orders, 30d), gap_mean(orders), seen(orders), level(), x = 1 / 3']
        lines = [json.loads(line) for line in folder.replay(*words, '--json').stdout.decode().splitlines()]
        got = table(folder.replay(*words))
        check(len(lines) == len(got) == 5, lines)
        for line, row in zip(lines, got):
            shown = {key: '' if value is None else str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)
                     for key, value in line.items()}
            check(shown == row, (line, row))


def test_columns_given_in_several_words_are_those_of_one():
    with Folder() as folder:
        one = folder.replay('--snapshot', '2026-01-09', '--columns', 'since(orders), n = count(orders[7d]), seen(orders)').stdout
        check(folder.replay('--snapshot', '2026-01-09', '--columns', 'since(orders)', 'n = count(orders[7d])', '--columns', 'seen(orders)').stdout == one, one)


def test_out_is_a_file_and_alerts_are_not_printed():
    with Folder() as folder:
        out = folder.path('out.csv')
        want = folder.replay('--snapshot', '2026-01-20').stdout
        check(b'quiet' not in want, want)
        check(folder.replay('--snapshot', '2026-01-20', '--out', out).stdout == b'', 'nothing on stdout')
        with open(out, 'rb') as file:
            check(file.read() == want, 'the file')
        alerts = folder.replay('--until', '2026-01-20').stdout
        folder.replay('--until', '2026-01-20', '--out', out)
        with open(out, 'rb') as file:
            check(file.read() == alerts and alerts, 'alerts too')
        check(b'cannot be written' in folder.replay('--out', '/no/such/folder/x', status=2).stderr, 'a folder that is not there')


def test_moments_outside_the_history_are_told():
    with Folder() as folder:
        late = folder.replay('--snapshot', '2026-03-01')
        check(b'2026-03-01 lies after the last row, of 2026-01-10T' in late.stderr and len(table(late)) == 5, late)
        early = folder.replay('--snapshot', '2025-12-31')
        check(b'2025-12-31: no customer was known then' in early.stderr and not table(early), early)
        check(folder.replay('--snapshot', '2026-01-10').stderr == b'', 'the day of the last row')
        folder.write('rows', as_ndjson(row for row in rows() if (row['ts'] - START) // DAY in (0, 1, 9)))
        check(folder.replay('--snapshot', '2026-01-07').stderr == b'', 'a quiet day before the last row')


def test_what_is_not_meant_is_refused_with_a_sentence():
    with Folder() as folder:
        for words, said in ((['--snapshot', '2026-13-01'], 'no date'),
                            (['--snapshot', '20260101'], 'a date is written'),
                            (['--snapshot', '2026-01-01,2026-01-01'], 'twice'),
                            (['--snapshot', '2026-01-01,'], 'no date'),
                            (['--snapshot', '2026-01-05', '--until', '2026-01-04'], 'after --until'),
                            (['--snapshot', '2026-01-01', '--only', 'rule.fired'], '--only is about alerts'),
                            (['--snapshot', '2026-01-01', '--stats'], '--stats is about alerts'),
                            (['--columns', 'since(orders)'], '--snapshot'),
                            (['--snapshot', '2026-01-01', '--columns', 'since(ordres)'], 'orders'),
                            (['--snapshot', '2026-01-01', '--columns', 'a = 1, a = 2'], 'called "a"'),
                            (['--snapshot', '2026-01-01', '--columns', 'risk = risk()'], 'called "risk"')):
            done = folder.replay(*words, status=2)
            check(said in done.stderr.decode() and done.stdout == b'', (words, done))


def on_a_terminal(*words, stdin=subprocess.DEVNULL):
    """What stands on stderr when that is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([CHURNCTL, 'replay', *words], stdin=stdin, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b''
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # it has ended
        pass
    process.wait(3 * PATIENCE)
    os.close(ours)
    return said.decode().replace('\r\n', '\n')


def test_each_file_has_its_bar_and_complaints_stand_on_lines_of_their_own():
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError as error:  # a bare root without /dev/pts
        raise Skipped(f'no terminal can be made here: {error}') from error
    with Folder() as folder:
        rules, day = ['--rules', folder.path('rules.yaml'), '--events'], ['--snapshot', '2026-01-10']
        folder.write('one', as_ndjson(rows()[:7]) + json.dumps({'ts': rows()[6]['ts']}) + '\n')
        folder.write('two', as_ndjson(rows()[7:]))
        said = on_a_terminal(*rules, folder.path('one'), folder.path('two'), *day)
        full = '[' + '#' * 40 + '] 100 %'
        check(said.count(full) == 2 and f"{folder.path('two')} {full}" in said, said)
        check(f"\r\x1b[K{folder.path('one')}:8: " in said, said)
        with open(folder.path('two'), 'rb') as file:
            check(on_a_terminal(*rules, '-', *day, stdin=file) == f'\rstdin {full}\n', 'a file on stdin')
        with subprocess.Popen(['cat', folder.path('two')], stdout=subprocess.PIPE) as cat:
            check(on_a_terminal(*rules, '-', *day, stdin=cat.stdout) == '', 'a pipe has no length')


def ranks_above(late, back):
    """The chance that one of `late` lies above one of `back`."""
    return sum((a > b) + (a == b) / 2 for a in late for b in back) / len(late) / len(back)


def test_p_silent_ranks_the_active_customers_of_cdnow():
    """As data/README.md has it: at least two active days, silent for less than 91; AUC .712 over three dates."""
    events = real_history('cdnow', 'events.csv.gz')
    dates = ('1997-12-31', '1998-01-31', '1998-03-31')
    active, late, back = collections.defaultdict(set), [], []
    with gzip.open(events, 'rt') as file:
        for row in csv.DictReader(file):
            active[row['customer']].add(int(row['ts']) // DAY)
    with Folder() as folder:
        folder.write('rules.yaml', CDNOW)
        done = subprocess.run([CHURNCTL, 'replay', '--rules', folder.path('rules.yaml'), '--events', events, '--snapshot', *dates, '--columns',
                               'p = p_silent(orders, 91d), since(orders)'], check=True, timeout=3 * PATIENCE, stdout=subprocess.PIPE)
    for row in table(done):
        today = datetime.date.fromisoformat(row['at']).toordinal() - datetime.date(1970, 1, 1).toordinal()
        known = [day for day in active[row['customer']] if day <= today]
        if len(known) >= 2 and float(row['since(orders)']) < 92:
            comes = any(today < day <= today + 91 for day in active[row['customer']])
            (back if comes else late).append(float(row['p']))
    auc = ranks_above(late, back)
    print(f'# cdnow: AUC {auc:.4f} of {len(late)} who left and {len(back)} who came back')
    check(auc >= 0.712, auc)


def whole_rules():
    """Every word of the language, but for what is sent to others."""
    with open(os.path.join(WHOLE, 'clinic.yaml'), encoding='utf-8') as file:
        return re.sub(r'^- .*webhook: .*\n', '', file.read(), flags=re.M)


def test_the_daemon_says_the_same_of_each_customer():
    """Under another seed of its tables, and recovered once in between."""
    with open(os.path.join(WHOLE, 'calendar.yaml'), encoding='utf-8') as file:
        calendar = file.read()
    with House(whole_rules()) as house:
        house.write('calendar.yaml', calendar)
        daemon = house.start()
        now = int(time.time() * 1000)
        made_history(house.path('rows'), 4, customers=60, begin=now - 190 * DAY, until=now - 3600000)
        words = [CHURNCTL, '-c', house.config()]
        subprocess.run([*words, 'import', house.path('rows'), '--as-live'], check=True, timeout=3 * PATIENCE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        house.committed(house.entries('events')[-1][0])
        house.end(daemon)
        house.start()

        def live():
            done = subprocess.run([*words, 'top', '-n', '1000', '--json'], check=True, timeout=3 * PATIENCE, stdout=subprocess.PIPE)
            lines = json.loads(done.stdout)['customers']
            return sorted((who['customer'], str(who['risk']), who['level'], who['stage'] or '') for who in lines)

        def shot():
            done = subprocess.run([CHURNCTL, 'replay', '--rules', house.path('rules.yaml'), '--events', house.path('rows'), '--snapshot', str(int(time.time() * 1000))],
                                  check=True, timeout=3 * PATIENCE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            return sorted(tuple(row[key] for key in ('customer', 'risk', 'level', 'stage')) for row in csv.DictReader(io.StringIO(done.stdout.decode())))
        before, said, after = shot(), live(), shot()
        if before != after:  # something was due just then
            before, said, after = shot(), live(), shot()
        check(len(said) == 60 and len({row[1] for row in said}) > 3 and len({row[3] for row in said}) > 2, said)
        check(before == said, [pair for pair in zip(before, said) if pair[0] != pair[1]])


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
