#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other rules while the daemon runs: a changed file, SIGHUP, churnctl reload; what is in error changes nothing."""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import CHURND, House, check, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
RULES = '''churnd: 1
name: reload-test
levels:
  watch: {enter: 30, leave: 20}
signals:
  login: {on: login}
  complaint: {on: complaint}
rules:
- rule: complaints
  expr: count(complaint[14d live]) >= 2 or count(login[14d live]) > 1000
  points: 50
'''


def points(number):
    return RULES.replace('points: 50', f'points: {number}')


def ctl(house, *words):
    return subprocess.run([CHURNCTL, '-c', house.path('churnd.yaml'), *words], capture_output=True, text=True,
                          check=False)


def said(house, *words):
    done = ctl(house, *words, '--json')
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def risk_after_complaints(house, customer):
    house.send(customer, 'complaint')
    house.committed(house.send(customer, 'complaint'))
    return said(house, 'customer', customer)['risk']


def changes(house):
    return said(house, 'status')['rules']['changes']


def test_a_changed_file_takes_effect_by_itself():
    with House(RULES) as house:
        daemon = house.start()
        house.write('rules.yaml', points(60))
        house.says(daemon, 'are in force')
        check(risk_after_complaints(house, 'c1') == 60, 'the old points')


def test_an_editor_that_renames_is_seen_too():
    with House(RULES) as house:
        daemon = house.start()
        for number in (61, 62):
            house.write('rules.yaml~', points(number))
            os.rename(house.path('rules.yaml~'), house.path('rules.yaml'))
            house.says(daemon, 'are in force', number - 60)
        check(risk_after_complaints(house, 'c1') == 62, 'the old points')


def test_links_that_lead_elsewhere_are_followed():
    with House(RULES) as house:
        for name, number in (('one', 63), ('two', 64)):
            os.mkdir(house.path(name))
            house.write(f'{name}/rules.yaml', points(number))
        os.symlink('one', house.path('now'))
        os.remove(house.path('rules.yaml'))
        os.symlink('now/rules.yaml', house.path('rules.yaml'))
        daemon = house.start()
        os.symlink('two', house.path('next'))
        os.rename(house.path('next'), house.path('now'))
        house.says(daemon, 'are in force')
        house.write('two/rules.yaml', points(65))
        house.says(daemon, 'are in force', 2)
        check(risk_after_complaints(house, 'c1') == 65, 'the old points')


def test_a_file_in_error_changes_nothing_and_says_where_once():
    with House(RULES) as house:
        daemon = house.start()
        house.write('rules.yaml', RULES.replace('>= 2', '>= "2"'))
        house.says(daemon, 'rules.yaml:10:')
        house.write('neighbour.txt', 'no news')
        refused = wait_for('refused', lambda: said(house, 'status')['rules']['refused'])
        check('rules.yaml:10:' in refused['why'] and 'error E' in refused['why'], refused)
        check('refused' in ctl(house, 'status').stdout, 'people are not told')
        check(risk_after_complaints(house, 'c1') == 50, 'other points')
        time.sleep(0.5)
        check(house.log(daemon).count('reload refused') == 1, house.log(daemon))
        house.write('rules.yaml', points(66))
        house.says(daemon, 'are in force')
        check(said(house, 'status')['rules']['refused'] is None, 'still refused')


def test_a_file_that_is_away_for_a_moment_changes_nothing():
    with House(RULES) as house:
        daemon = house.start()
        os.remove(house.path('rules.yaml'))
        house.says(daemon, 'cannot be read')
        house.write('rules.yaml', points(67))
        house.says(daemon, 'are in force')
        check(risk_after_complaints(house, 'c1') == 67, 'the old points')


def test_a_calendar_file_is_part_of_the_rules():
    asks = RULES.replace('levels:', 'calendar: days.yaml\nlevels:', 1) + \
        '- rule: fair\n  expr: holiday("fair") or not holiday("fair")\n  points: 1\n'
    with House(asks) as house:
        house.write('days.yaml', 'holidays: {2026-05-01: fair}\n')
        daemon = house.start()
        house.write('days.yaml', 'holidays: {2026-05-01: fair, 2026-05-41: fair}\n')
        house.says(daemon, 'days.yaml:1:30: error E244')
        house.write('days.yaml', 'holidays: {2026-05-01: fair, 2026-05-04: fair}\n')
        house.says(daemon, 'are in force')
        house.committed(house.send('c1', 'login'))
        check(said(house, 'customer', 'c1')['risk'] == 1, 'the rule does not fire')
        # What was in force is found again, though the calendar is another one by then.
        house.end(daemon, signal.SIGKILL)
        house.write('days.yaml', 'holidays: {2027-05-01: fair}\n')
        daemon = house.start()
        house.says(daemon, 'are in force')
        check(said(house, 'customer', 'c1')['risk'] == 1, 'the rule does not fire any more')
        check(len(changes(house)) == 2, changes(house))


def test_an_editor_that_writes_half_then_whole_is_waited_for():
    with House(RULES) as house:
        daemon = house.start()
        house.write('rules.yaml', points(67))
        house.says(daemon, 'are in force')  # and nothing else is about to be looked at, as it may be at the start
        text = points(68) + '- rule: many\n  expr: count(login[7d live]) >= 3\n  points: 5\n'
        half = text.index('- rule: many')  # the half would be good by itself, and remove a rule
        with open(house.path('rules.yaml'), 'w', encoding='utf-8') as file:
            file.write(text[:half])
            file.flush()
            os.mkdir(house.path('neighbour'))  # which has it look again
            time.sleep(0.6)
            check(house.log(daemon).count('the rule files changed') == 1, 'the half was read')
            file.write(text[half:])
        house.says(daemon, 'are in force', 2)
        check(len(changes(house)) == 2, changes(house))
        check(said(house, 'status')['rules']['count'] == 2, 'the half is in force')


def test_a_neighbour_that_is_closed_closes_no_other_file():
    with House(RULES) as house:
        daemon = house.start()
        text = points(90)
        with open(house.path('rules.yaml'), 'w', encoding='utf-8') as file:
            file.write(text[:-20])
            file.flush()
            for _ in range(4):
                house.write('notes.txt', 'of a neighbour')
                time.sleep(0.15)
            time.sleep(0.6)
            file.write(text[-20:])
        house.says(daemon, 'are in force')
        check('rules.yaml:' not in house.log(daemon), house.log(daemon))
        check(risk_after_complaints(house, 'c1') == 90, 'the new points')


def test_reload_says_who_and_why_and_the_history_keeps_it():
    with House(RULES) as house:
        house.start()
        house.write('rules.yaml', points(69))
        done = said(house, 'reload', '--by', 'li', '--why', 'too quiet')
        check(done['changed'] and len(done['sha256']) == 64, done)
        house.committed(house.send('c1', 'login'))
        check([(c['by'], c['why']) for c in changes(house)] == [('li', 'too quiet')], changes(house))
        check('by li: too quiet' in ctl(house, 'status').stdout, ctl(house, 'status').stdout)
        check('by li: too quiet' in ctl(house, 'customer', 'c1').stdout, ctl(house, 'customer', 'c1').stdout)
        check(not said(house, 'reload')['changed'], 'the same rules again are a change')
        house.end(house.daemons[-1], signal.SIGKILL)
        house.start()
        check([(c['by'], c['why']) for c in changes(house)] == [('li', 'too quiet')], changes(house))


def test_who_speaks_after_the_file_was_seen_is_still_heard():
    with House(RULES) as house:
        daemon = house.start()
        house.write('rules.yaml', points(70))
        house.says(daemon, 'are in force')
        check(ctl(house, 'reload', '--by', 'wang').returncode == 0, 'refused')
        check([c['by'] for c in changes(house)] == ['wang'], changes(house))
        check(ctl(house, 'reload', '--by', 'li').returncode == 0, 'refused')
        check([c['by'] for c in changes(house)] == ['wang'], 'the second one overwrote it')


def test_reload_of_a_file_in_error_exits_with_2_and_the_place():
    with House(RULES) as house:
        house.start()
        house.write('rules.yaml', RULES.replace('points: 50', 'points: many'))
        done = ctl(house, 'reload', '--by', 'li')
        check(done.returncode == 2 and 'rules.yaml:11:11: error E' in done.stderr, done)
        house.end(house.daemons[-1])
        check(ctl(house, 'reload').returncode == 3, 'a daemon that is away')


def test_sighup_takes_up_other_file_names_and_watches_them():
    with House(RULES) as house:
        daemon = house.start()
        house.write('other.yaml', points(71))
        house.config(rules='other.yaml')
        daemon.send_signal(signal.SIGHUP)
        house.says(daemon, 'are in force')
        house.write('other.yaml', points(72))
        house.says(daemon, 'are in force', 2)
        check(risk_after_complaints(house, 'c1') == 72, 'the old points')


def test_sighup_takes_up_the_log_and_leaves_http_to_the_next_start():
    """With an error in the file the log stays too; churnd --help says what waits."""
    with House(RULES) as house:
        daemon = house.start()
        http, elsewhere = house.path('churnd.yaml.http'), house.path('elsewhere.http')

        def reload(extra, words):
            house.config(extra=extra)
            with open(house.path('churnd.yaml'), encoding='utf-8') as file:
                text = file.read().replace(http, elsewhere)
            house.write('churnd.yaml', text)
            daemon.send_signal(signal.SIGHUP)
            house.says(daemon, words)
            return house.log(daemon).splitlines()[-1]
        line = reload('log: {format: json}\nwebhooks: {crm: {url: "https://127.0.0.1/", secret_file: none}}\n', 'refused')
        check(not line.startswith('{'), line)
        line = reload('log: {format: json}\n', 'the webhooks are as configured')
        check(json.loads(line)['level'] == 'info', line)
        check(os.path.exists(http) and not os.path.exists(elsewhere), 'HTTP has moved')
        help_ = subprocess.run([CHURND, '--help'], capture_output=True, text=True, check=True).stdout
        check(all(word in help_ for word in ('rules', 'webhooks', 'people', 'log;', 'restart')), help_)


def test_texts_of_rules_no_more_in_force_go_with_the_outputs_of_their_time():
    with House(RULES) as house:
        house.start()

        def texts():
            return {key.decode(): house.call('PTTL', key) for key in house.call('KEYS', 'churn:rules:*')}
        first = list(texts())
        house.write('rules.yaml', points(60))
        wait_for('the old text has an end', lambda: texts().get(first[0], -1) > 80 * 86400000)
        check(sorted(ttl > 0 for ttl in texts().values()) == [False, True], 'the text in force has an end')
        house.write('rules.yaml', RULES)
        wait_for('the first text is kept again', lambda: texts()[first[0]] == -1)


def test_only_the_last_sixteen_changes_are_kept():
    with House(RULES) as house:
        daemon = house.start()
        for number in range(18):
            house.write('rules.yaml', points(number + 1))
            daemon.send_signal(signal.SIGHUP)
            house.says(daemon, 'are in force', number + 1)
        check(len(wait_for('committed', lambda: changes(house))) == 16, changes(house))


if __name__ == '__main__':
    sys.exit(run_tests([f for name, f in list(globals().items()) if name.startswith('test_')]))
