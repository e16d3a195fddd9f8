#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How right rules have been: figures of a real daemon over kills, for people, for scripts, for Prometheus."""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, House, check, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
RULES = '''churnd: 1
name: quality
levels: {watch: {enter: 30, leave: 20}}
signals: {login: {on: login}, complaint: {on: complaint}}
rules:
- {rule: complaints, expr: 'count(complaint[14d live]) >= 1', points: 40, noise: 0.5}
- {rule: quiet, expr: 'silent(login) >= 10d', points: 20}
actions:
- {on: rule.fired, rule: complaints, task: call}
tasks:
  call: {title: Call}
'''
DAY = 86400000
START = 1767225600000  # 2026-01-01
TABLE = '''4 customers churned, 3 of them after an alert

RULE        ALERTS  JUDGED  USEFUL  FALSE  LAPSED  PRECISION  MISSED  RECALL  MEDIAN LEAD  SAVE RATE  NOISE LIMIT
complaints      10       3       3      0       7       100%       1     75%      20 days         0%          50%
quiet           14       3       3      0      11       100%       1     75%     25 hours         0%            -

TASK  CREATED  SAVED  CHURNED  FALSE ALARM  NO ANSWER  OTHER  BY ITSELF  CANCELLED  SAVE RATE
call       10      0        0            0          0      0          0          0          -
'''
NOISY = '''RULE        ALERTS  JUDGED  USEFUL  FALSE  LAPSED  PRECISION  MISSED  RECALL  MEDIAN LEAD  SAVE RATE  NOISE LIMIT
complaints      10      10       4      6       0        40%       1     75%      20 days        25%          50%
'''
CHINESE = '''流失客户 4 个，其中 3 个事先有告警

规则'''


def ctl(house, *words, status=0):
    done = subprocess.run([CHURNCTL, '-c', house.path('churnd.yaml'), *words], capture_output=True, check=False, timeout=3 * PATIENCE)
    check(done.returncode == status, f'churnctl {" ".join(words)}: {done}')
    return done.stdout.decode()


def history():
    """Ten customers complain on the first day, all log in until the tenth and then never more; three of those who
    complained are lost on the twentieth, when all have been silent for ten days, and one who had come back till then."""
    rows = [{'customer': f'c{n}', 'type': 'login', 'ts': START + n} for n in range(14)]
    rows += [{'customer': f'c{n}', 'type': 'complaint', 'ts': START + 1000 + n} for n in range(10)]
    rows += [{'customer': f'c{n}', 'type': 'login', 'ts': START + 9 * DAY + n} for n in range(13)]
    rows += [{'customer': 'c13', 'type': 'login', 'ts': START + day * DAY + 13} for day in (9, 15)]
    rows += [{'customer': f'c{n}', 'type': 'churned', 'reason': 'price', 'ts': START + 20 * DAY + 1000 + n} for n in (0, 1, 2, 13)]
    return ''.join(json.dumps(row) + '\n' for row in rows)


def metrics(house):
    link = http.client.HTTPConnection('churnd')
    link.sock = socket.socket(socket.AF_UNIX)
    link.sock.connect(house.path('churnd.yaml.http'))
    link.request('GET', '/metrics', headers={'Host': 'localhost'})
    return link.getresponse().read().decode()


def lived():
    house = House(RULES)
    house.write('events', history())
    house.daemon = house.start()
    ctl(house, 'import', house.path('events'), '--as-live')
    wait_for('the end of all silences', lambda: house.alerts('rule.fired', 'c13'))
    return house


def end_tasks(house, outcomes):
    tasks = json.loads(ctl(house, 'tasks', '--state', 'open', '-n', '100', '--json'))['tasks']
    tasks.sort(key=lambda task: task['customer'])
    for outcome, task in zip(outcomes, [task for task in tasks if task['customer'] > 'c2']):
        ctl(house, 'tasks', 'done', task['id'], '--who', 'li', '--outcome', outcome)


def test_churn_says_how_right_each_rule_was():
    with lived() as house:
        check(ctl(house, 'rules', 'stats') == TABLE, ctl(house, 'rules', 'stats'))
        check(ctl(house, 'rules', 'stats', '--lang', 'zh').startswith(CHINESE), ctl(house, 'rules', 'stats', '--lang', 'zh'))
        live = json.loads(ctl(house, 'rules', 'stats', '--json'))
        again = json.loads(ctl(house, 'replay', '--rules', house.path('rules.yaml'), '--events', house.path('events'), '--until', '2026-11-01', '--stats'))
        del live['at'], again['at']
        check(live == again, f'{live}\n{again}')
        check(live['rules'][0]['lead']['median'] // 86400 == 20, live)


def test_outcomes_judge_a_noisy_rule_is_told_of_once_and_a_kill_changes_nothing():
    with lived() as house:
        end_tasks(house, ['saved'] + 6 * ['false_alarm'])
        house.says(house.daemon, 'rule complaints is noisy: 6 of its 10 judged alerts were false alarms')
        out = ctl(house, 'rules', 'stats')
        check(NOISY in out and 'rule complaints is noisy: 6 false alarms of 10 judged alerts' in out, out)
        check('noisy      complaints: 6 of 10 judged alerts' in ctl(house, 'status'), ctl(house, 'status'))
        check('\nchurnd_rules_noisy 1\n' in metrics(house), metrics(house))
        check('\nchurnd_customers_churned_foreseen_total 3\n' in metrics(house), metrics(house))
        check(house.log(house.daemon).count('is noisy') == 1, 'once')
        before = ctl(house, 'rules', 'stats')
        house.end(house.daemon, signal.SIGKILL)
        house.daemon = house.start()
        check(ctl(house, 'rules', 'stats') == before, 'after the kill:\n' + ctl(house, 'rules', 'stats'))
        house.says(house.daemon, 'is noisy')


def test_a_rule_that_is_renamed_begins_anew():
    with lived() as house:
        house.write('rules.yaml', RULES.replace('complaints', 'complained'))
        ctl(house, 'reload')
        rules = json.loads(ctl(house, 'rules', 'stats', '--json'))['rules']
        check([(rule['rule'], rule['alerts']) for rule in rules] == [('complained', 0), ('quiet', 14)], rules)
        house.write('rules.yaml', RULES)
        ctl(house, 'reload')
        house.end(house.daemon, signal.SIGKILL)
        house.daemon = house.start()
        wait_for('figures', lambda: 'complaints' in ctl(house, 'rules', 'stats'))
        rules = json.loads(ctl(house, 'rules', 'stats', '--json'))['rules']
        check([(rule['rule'], rule['alerts']) for rule in rules] == [('complaints', 0), ('quiet', 14)], rules)


if __name__ == '__main__':
    sys.exit(run_tests([found for name, found in list(globals().items()) if name.startswith('test_')]))
