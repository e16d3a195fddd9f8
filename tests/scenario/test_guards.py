#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What must not look like churn, in the real daemon: feeds that die, events that come late, days that are not over,
customers who are new, rules that fire again, a daemon that was down. Time is in the entries: nothing is waited for."""
import datetime
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import CHURND, House, check, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.path.dirname(CHURND), 'churnctl')
HOUR, DAY = 3600_000, 86_400_000


def at(text):
    """ "03-02 10:00" of 2026, UTC, in ms."""
    return int(datetime.datetime.fromisoformat(f'2026-{text}+00:00').timestamp() * 1000)


def told(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.') + '%03dZ' % (ms % 1000)


class Guarded(House):
    """Time stands still but for the entries, whose ids are the test's."""

    def __init__(self, rules, hold=True, **options):
        super().__init__('churnd: 1\nname: guards\ntimezone: UTC\n' + rules, **options)
        if hold:
            self.call('SET', 'churn:hold', 'test')

    def put(self, rows):
        """[(ms, customer, type, {field: text})], arriving in that order; the id of the last."""
        commands = []
        for ms, customer, kind, fields in rows:
            words = [word for pair in fields.items() for word in pair]
            commands.append(['XADD', 'churn:events', f'{ms}-*', 'customer', customer, 'type', kind, *words])
        replies = self.redis.pipeline(commands)
        for reply in replies:
            check(isinstance(reply, bytes), f'refused: {reply}')
        return replies[-1].decode()

    def play(self, rows):
        self.committed(self.put(rows))

    def pass_to(self, ms):
        """An event of somebody else lets time come to ms."""
        self.play([(ms, 'somebody', 'nothing', {})])

    def said(self, customer=None):
        """[(when, type, rule, cause)] of alerts about rules."""
        out = []
        for alert in self.alerts(None, customer):
            body = json.loads(alert['body'])
            data = body['data']
            if 'rule' in data:
                out.append((body['timestamp'][5:16].replace('T', ' '), body['type'], data['rule'], data.get('cause')))
        return out

    def ctl(self, *words):
        done = subprocess.run([CHURNCTL, '-c', self.config(), *words], capture_output=True, text=True, check=False)
        check(done.returncode == 0, f'{words}: {done}')
        return done.stdout


def feed(begin, end, each_hour, source='web'):
    """A login every few minutes, of twenty customers in turn."""
    rows, step = [], HOUR // each_hour
    for number, ms in enumerate(range(begin, end, step)):
        rows.append((ms + 1, 'u%d' % (number % 20), 'login', {'source': source}))
    return rows


FEED = '''defaults: {min_volume: 10, cooldown: 0s}
signals: {login: {on: login}}
rules:
- {rule: quiet, expr: 'silent(login) >= 6h', points: 20}
- {rule: raw, expr: 'silent(login) >= 20h', points: 10, guard: off}
- {rule: few, expr: 'count(login[4h live]) < 1', points: 5}
actions: [{on: feed.silent, webhook: ops}, {on: feed.back, webhook: ops}]
'''


def test_a_dead_tracker_is_one_alert_and_no_churn():
    with Guarded(FEED) as house:
        house.start()
        house.play(feed(at('03-02 00:00'), at('03-30 10:30'), 20))
        house.play([(at('03-30 10:30') + 2, 'lost', 'login', {'source': 'web'})])
        check(house.alerts() == [], house.alerts()[:3])
        house.pass_to(at('03-31 05:00'))
        alerts = house.alerts()
        check([alert['type'] for alert in alerts] == ['feed.silent'], alerts)
        silent = alerts[0]
        body = json.loads(silent['body'])
        check(silent['customer'] == '' and silent['to'] == 'ops' and silent['at'] == str(at('03-30 12:00')), silent)
        data = body['data']
        check(data['customer'] == '' and data['event_type'] == 'login' and data['source'] == 'web' and
              data['from'] == '2026-03-30T11:00:00.000Z' and data['to'] is None and data['slot'] == 'hour' and
              data['volume'] == 0 and data['expected'] == 20 and data['cause'] == 'feed', data)
        status = json.loads(house.ctl('status', '--json'))['guard']
        check(status['feeds'] == 1 and status['suspect'] == [
            {'event_type': 'login', 'source': 'web', 'since': '2026-03-30T11:00:00.000Z', 'this_hour': 0}], status)
        check('login from web since' in house.ctl('status'), house.ctl('status'))

        house.play(feed(at('03-31 06:00') + 2, at('03-31 07:30'), 20))
        back = json.loads(house.alerts('feed.back')[0]['body'])
        check(back['timestamp'] == '2026-03-31T07:00:00.000Z' and back['data']['opened_by'] == silent['id'] and
              back['data']['to'] == '2026-03-31T06:00:00.000Z', back)
        # The rule that opted out counted the night; for the other, five and a half hours are still to come.
        # The one who came no more is found by the rule that held, once that is judged again.
        check(house.said('lost') == [('03-31 06:30', 'rule.fired', 'raw', 'time'),
                                     ('03-31 07:00', 'rule.fired', 'few', 'feed')], house.said('lost'))
        house.play(feed(at('03-31 07:30') + 2, at('03-31 12:00'), 20))
        fired = [line for line in house.said('lost') if line[2] == 'quiet']
        check(fired == [('03-31 11:30', 'rule.fired', 'quiet', 'time')], fired)


def test_a_feed_that_is_down_while_the_daemon_dies_is_told_of_once():
    with Guarded(FEED) as house:
        daemon = house.start()
        house.play(feed(at('03-02 00:00'), at('03-30 10:00'), 12))
        for hour in range(10, 20):
            house.pass_to(at('03-30 %d:59' % hour) + 59_999)
            house.end(daemon, 9)
            house.put([(at('03-30 %d:00' % (hour + 1)), 'somebody', 'nothing', {})])
            daemon = house.start()
        house.pass_to(at('03-30 20:30'))
        check(len(house.alerts('feed.silent')) == 1, house.alerts('feed.silent'))
        check([line for line in house.said() if line[2] == 'quiet'] == [], house.said())


def test_a_late_event_clears_what_was_never_true_and_undoes_its_cooldown():
    rules = '''signals: {login: {on: login}, error: {on: error}}
rules:
- {rule: few, expr: 'age() > 2d and count(login[2d]) < 2', clear: 'count(login[2d]) > 50', points: 20}
- {rule: burst, expr: 'count(error[1d]) >= 2', points: 20}
'''
    with Guarded(rules) as house:
        house.start()
        house.play([(at('03-02 10:00'), 'c1', 'login', {}), (at('03-02 11:00'), 'c1', 'login', {})])
        house.pass_to(at('03-05 09:00'))
        check(house.said('c1') == [('03-05 00:10', 'rule.fired', 'few', 'time')], house.said('c1'))
        yesterday = {'ts': str(at('03-04 12:00'))}
        house.play([(at('03-05 10:00'), 'c1', 'login', yesterday), (at('03-05 10:01'), 'c1', 'login', yesterday)])
        check(house.said('c1')[1:] == [('03-05 10:01', 'rule.cleared', 'few', 'late_event')], house.said('c1'))
        # Days that are over fire nothing any more.
        old = {'ts': str(at('03-03 12:00'))}
        house.play([(at('03-05 11:00') + n, 'c1', 'error', old) for n in range(3)])
        house.pass_to(at('03-08 00:00'))
        check(house.said('c1')[2:] == [('03-07 00:10', 'rule.fired', 'few', 'time')], house.said('c1'))


def test_a_day_closes_its_lateness_after_midnight():
    rules = '''lateness: 2h
signals: {error: {on: error}}
rules: [{rule: errors, expr: 'count(error[1d]) >= 2', points: 20}]
'''
    with Guarded(rules) as house:
        house.start()
        house.play([(at('03-02 22:00'), 'c1', 'error', {}),
                    (at('03-03 01:30'), 'c1', 'error', {'ts': str(at('03-02 23:59'))})])
        house.pass_to(at('03-03 12:00'))
        check(house.said('c1') == [('03-03 02:00', 'rule.fired', 'errors', 'time')], house.said('c1'))


def test_a_rule_rests_until_its_warmup_is_over():
    rules = '''signals: {login: {on: login}}
rules:
- {rule: slow, expr: 'silent(login) >= 1d', warmup: 5d, points: 20}
- {rule: quick, expr: 'silent(login) >= 1d', points: 20}
'''
    with Guarded(rules) as house:
        house.start()
        house.play([(at('03-02 10:00'), 'c1', 'login', {})])
        house.pass_to(at('03-09 00:00'))
        check(house.said('c1') == [('03-03 10:00', 'rule.fired', 'quick', 'time'),
                                   ('03-07 10:00', 'rule.fired', 'slow', 'time')], house.said('c1'))


def test_a_cooldown_withholds_the_alert_and_not_the_level():
    rules = '''levels: {watch: {enter: 30}}
signals: {error: {on: error}}
rules: [{rule: errors, expr: 'count(error[1h live]) >= 1', cooldown: 1d, points: 40}]
'''
    with Guarded(rules) as house:
        house.start()
        house.play([(at('03-02 10:00'), 'c1', 'error', {}), (at('03-02 15:00'), 'c1', 'error', {}),
                    (at('03-03 09:30'), 'c1', 'error', {})])
        house.play([(at('03-03 10:30'), 'c1', 'error', {})])
        house.pass_to(at('03-03 12:00'))
        levels = [json.loads(alert['body'])['timestamp'][5:16] for alert in house.alerts('customer.level_raised')]
        check(levels == ['03-02T10:00', '03-02T15:00', '03-03T09:30', '03-03T10:30'], levels)
        said = [line[:3] for line in house.said('c1')]
        check(said == [('03-02 10:00', 'rule.fired', 'errors'), ('03-02 11:00', 'rule.cleared', 'errors'),
                       ('03-03 10:30', 'rule.fired', 'errors'), ('03-03 11:00', 'rule.cleared', 'errors')], said)


def test_a_firing_that_outlives_its_cooldown_is_announced_when_that_ends():
    rules = '''signals: {login: {on: login}}
rules: [{rule: quiet, expr: 'silent(login) >= 1h', cooldown: 1d, points: 40}]
'''
    with Guarded(rules) as house:
        house.start()
        house.play([(at('03-02 10:00'), 'c1', 'login', {}), (at('03-02 15:00'), 'c1', 'login', {})])
        house.pass_to(at('03-04 00:00'))
        said = [line[:3] for line in house.said('c1')]
        check(said == [('03-02 11:00', 'rule.fired', 'quiet'), ('03-02 15:00', 'rule.cleared', 'quiet'),
                       ('03-03 11:00', 'rule.fired', 'quiet')], said)


def bodies(house):
    return [(alert['id'], alert['at'], alert['to'], json.loads(alert['body'])['data'].get('risk')) for alert in house.alerts()]


def test_a_daemon_that_was_down_comes_to_the_same_alerts_at_the_same_times():
    rows = feed(at('03-02 00:00'), at('04-02 00:00'), 12)
    rows = [row for row in rows if not at('03-31 02:00') <= row[0] < at('03-31 09:00')]
    half = next(number for number, row in enumerate(rows) if row[0] > at('03-29 12:00'))
    with Guarded(FEED) as house:
        house.start()
        house.play(rows)
        house.pass_to(at('04-05 00:00'))
        never_down = bodies(house)
    with Guarded(FEED) as house:
        daemon = house.start()
        house.play(rows[:half])
        house.end(daemon)
        house.put(rows[half:])
        house.start()
        house.pass_to(at('04-05 00:00'))
        check(bodies(house) == never_down, bodies(house))
        # Three days of its own absence are no silence of the feed; the seven hours are.
        silent = [alert['at'] for alert in house.alerts('feed.silent')]
        check(silent[0] == str(at('03-31 03:00')), silent)


def test_what_was_due_while_it_was_down_is_told_with_its_own_time():
    with Guarded(FEED, hold=False) as house:
        house.put([(at('03-02 10:00'), 'c1', 'login', {})])
        house.start()
        wait_for('the alert', lambda: len(house.alerts('rule.fired')) == 3)
        fired = [alert['at'] for alert in house.alerts('rule.fired')]
        check(fired == [str(at('03-02 14:00')), str(at('03-02 16:00')), str(at('03-03 06:00'))], fired)


CAPS = '''defaults: {max_alerts_per_hour: 3, cooldown: 0s}
signals: {error: {on: error}}
rules: [{rule: broken, expr: 'count(error[1h live]) >= 1', keep_firing_for: 1d, points: 10}]
actions: [{on: rule.fired, webhook: crm, task: call}, {on: rule.muted, rule: broken, webhook: ops}]
tasks: {call: {title: Call}}
'''


def test_a_rule_past_its_cap_is_recorded_and_muted_also_over_a_death():
    with Guarded(CAPS) as house:
        daemon = house.start()
        house.play([(at('03-02 10:10') + n, 'c%d' % n, 'error', {}) for n in range(2)])
        house.end(daemon, 9)
        daemon = house.start()
        house.play([(at('03-02 10:20') + n, 'd%d' % n, 'error', {}) for n in range(4)])
        house.end(daemon, 9)
        house.start()
        sent = [(alert['customer'], alert['to']) for alert in house.alerts('rule.fired')]
        check(sent == [('c0', 'crm'), ('c1', 'crm'), ('d0', 'crm'), ('d1', ''), ('d2', ''), ('d3', '')], sent)
        check(len(house.alerts('task.created')) == 3, house.alerts('task.created'))
        check('broken: 3 alerts of this hour' in house.ctl('status'), house.ctl('status'))
        house.pass_to(at('03-02 12:00'))
        muted = house.alerts('rule.muted')
        data = json.loads(muted[0]['body'])['data']
        check(len(muted) == 1 and muted[0]['to'] == 'ops' and muted[0]['at'] == str(at('03-02 11:00')) and
              data['rule'] == 'broken' and data['muted'] == 3, muted)


if __name__ == '__main__':
    sys.exit(run_tests([value for name, value in list(globals().items()) if name.startswith('test_')]))
