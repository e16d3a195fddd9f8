#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churnctl test: what it expects, how it says what came instead, coverage, and how it ends. No Redis, no configuration."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, check, run_tests  # noqa: E402

CHURNCTL = os.path.abspath(os.path.join(os.environ.get('BUILD', 'build'), 'churnctl'))
RULES = '''churnd: 1
name: t
timezone: Asia/Shanghai
levels: {watch: {enter: 20, leave: 10}}
profile: {tier: {enum: [free, team, business], default: free}, status: {enum: [active, cancelled], default: active}, mrr: num}
only: profile.status != "cancelled"
signals:
  login: {on: [login, sso_login]}
  complaint: {on: complaint}
rules:
- rule: login_silence
  expr: profile.tier == "business" and silent(login) >= 14d
  clear: silent(login) < 1d
  points: 25
  reason: {en: "no login for {silent(login)}"}
- rule: complaint
  expr: count(complaint[14d live]) >= 1
  points: 30
actions:
- {on: customer.level_raised, task: call}
tasks:
  call: {title: "Call {name}", queue: csm}
'''
QUIET = '''- name: a steady user goes quiet
  customer: {id: c1, tier: business, mrr: 490, status: active}
  input: {login: '1x41 0x20 1'}
  expect:
  - {at: 55d, rule: login_silence, state: firing, risk: 25}
  alerts: [{at: 54d, type: rule.fired, rule: login_silence}, {at: 61d, type: rule.cleared, rule: login_silence}]
'''
HEAD = 'rules: rules/t.yaml\nstart: 2026-03-02\ntests:\n'


class Done:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr

    def __repr__(self):
        return f'status {self.status}\n{self.out}{self.err}'


def run(tests, *options, rules=RULES, head=HEAD):
    """One test file beside a folder of rules; paths in what is said are as the admin named them."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, 'rules'))
        if rules is not None:
            with open(os.path.join(folder, 'rules', 't.yaml'), 'w', encoding='utf-8') as out:
                out.write(rules)
        with open(os.path.join(folder, 'a_test.yaml'), 'w', encoding='utf-8') as out:
            out.write(head + tests)
        return Done(subprocess.run([CHURNCTL, 'test', 'a_test.yaml', *options], cwd=folder, text=True, capture_output=True,
                                   timeout=3 * PATIENCE, check=False))


def passes(tests, *options, **more):
    done = run(tests, *options, **more)
    check(done.status == 0 and done.err == '', done)
    return done


def fails(tests, *sentences, **more):
    done = run(tests, **more)
    check(done.status == 1, done)
    for sentence in sentences:
        check(sentence in done.out, f'{sentence!r} is missing: {done}')
    return done


def expecting(rows, input='{login: 1x41 0x20 1}', customer='{tier: business}'):
    return f'- name: t\n  customer: {customer}\n  input: {input}\n  expect:\n' + ''.join(f'  - {row}\n' for row in rows)


def alerting(rows, input='{login: 1x41 0x20 1}', customer='customer: {tier: business}'):
    return f'- name: t\n  {customer}\n  input: {input}\n  alerts: [{", ".join(rows)}]\n'


def test_the_example_of_the_language_page_passes():
    check(passes(QUIET).out == '1 passed, 0 failed\n', 'one')


def test_a_wrong_state_and_risk_are_said_with_their_line():
    done = fails(QUIET.replace('risk: 25', 'risk: 30').replace('state: firing', 'state: pending'))
    check(done.out == ('a_test.yaml:4: FAILED a steady user goes quiet\n'
                       '  a_test.yaml:8: at 55d, rule login_silence\n'
                       '    expected state: pending, risk: 30\n'
                       '    actual   state: firing, risk: 25\n'
                       '0 passed, 1 failed\n'), done)


def test_in_chinese_too():
    done = run(QUIET.replace('risk: 25', 'risk: 30'), '--lang', 'zh')
    check(done.status == 1 and '未通过 a steady user' in done.out and '期望' in done.out and '通过 0' not in done.err, done)


def test_an_alert_that_was_not_raised_is_said():
    fails(QUIET.replace('{at: 54d,', '{at: 53d,'), 'a_test.yaml:9: not raised: {at: 53d, type: rule.fired, rule: login_silence}')


def test_an_alert_that_the_list_does_not_hold_is_said_as_a_row_to_paste():
    fails(alerting(['{at: 54d, type: rule.cleared, rule: login_silence}']),
          'not raised: {at: 54d, type: rule.cleared', 'raised, and not in the list: {at: 61d 12:00, type: rule.cleared, rule: login_silence}')


def test_types_that_are_not_named_are_not_asked_for():
    passes(alerting(['{at: 61d, type: rule.cleared}']))


def test_an_empty_list_expects_no_alert_of_any_type():
    passes(alerting([], '{login: 1x41}'))
    fails(alerting([]), 'type: rule.fired', 'type: customer.level_raised', 'type: task.created, task: call')


def test_an_alert_within_the_minute_it_names():
    passes(alerting(["{at: '54d 12:00', type: rule.fired}"]))
    fails(alerting(["{at: '54d 12:01', type: rule.fired}"]), 'not raised', 'at: 54d 12:00')


def test_an_alert_may_be_filtered_by_what_it_says():
    passes(alerting(['{type: customer.level_raised, to: watch, from: healthy, cause: time}', '{type: task.created, task: call}']))
    fails(alerting(['{type: customer.level_raised, to: watch, cause: event}']), 'not raised')


def test_a_list_of_one_customer_may_count():
    passes(alerting(['{type: rule.fired, rule: complaint, count: 2}'], '{complaint: 1 0x20 1}', 'customer: {tier: free}'))
    fails(alerting(['{type: rule.fired, rule: complaint, at_most: 1}'], '{complaint: 1 0x20 1}', 'customer: {tier: free}'), 'raised, and not in the list')
    fails(alerting(['{type: rule.fired, rule: complaint, at_least: 3}'], '{complaint: 1 0x20 1}', 'customer: {tier: free}'),
          'raised another number of times\n    expected {type: rule.fired, rule: complaint, count: >= 3}\n    actual   2')


def test_every_kind_of_expectation():
    passes(expecting(['{at: 53d, risk: 0, level: healthy, firing: [], tasks: []}',
                      '{at: 54d, risk: ">= 20", level: watch, firing: [login_silence], tasks: [call]}',
                      '{at: 54d, rule: login_silence, points: 25, state: firing}',
                      '{at: 54d, rule: complaint, points: 0, state: inactive}',
                      '{at: 61d, level: healthy}']))
    for row, actual in (('level: healthy', 'level: watch'), ('firing: [complaint]', 'firing: [login_silence]'),
                        ('tasks: []', 'tasks: [call]'), ('risk: "< 25"', 'risk: 25'), ('tags: [vip]', 'tags: []')):
        fails(expecting(['{at: 54d, ' + row + '}']), actual)


def test_a_day_is_looked_at_when_it_is_over_and_a_minute_when_it_comes():
    passes(expecting(["{at: '54d 11:59', risk: 0}", "{at: '54d 12:00', risk: 25}", '{at: 54d, risk: 25}']))


def test_a_manual_tag_comes_and_goes():
    passes(expecting(['{at: 3d, tags: [vip]}', '{at: 9d, tags: []}'],
                     '[{at: 2d, tag: vip}, {at: 5d, tag: vip, remove: true}, {login: 1x10}]'))


def test_a_profile_changes():
    passes(alerting(['{at: 20d, type: rule.fired, rule: complaint}', '{at: 30d, type: rule.fired, rule: login_silence}'],
                    '[{login: 1}, {complaint: 0x20 1}, {at: 30d, profile: {tier: business}}]', 'customer: {tier: free}'))
    passes(alerting(['{type: rule.fired, count: 0}'], '[{login: 1x3}, {at: 4d, profile: {status: cancelled}}, {complaint: 0x10 1}]'))


def test_events_that_arrive_late_are_judged_as_late():
    late = '[{login: 1x41 0x20 1}, {at: 45d, type: login, arrives: 56d 10:00}]'
    passes(alerting(['{at: 54d, type: rule.fired}', '{at: 56d, type: rule.cleared, cause: late_event}', '{at: 59d, type: rule.fired}',
                     '{at: 61d, type: rule.cleared}'], late))
    batch = '[{login: 1x60}, {late: {from: 30d, to: 50d, arrives: 50d 08:00}}]'
    passes(alerting(['{at: 43d, type: rule.fired}', '{at: 50d, type: rule.cleared}'], batch))


def test_a_gap_in_the_feed_loses_events():
    passes(alerting(['{at: 43d, type: rule.fired}', '{at: 50d, type: rule.cleared}'],
                    '[{login: 1x60}, {gap: {from: 30d, to: 50d}}]'))


def test_a_population_counts():
    who = 'customers: {count: 80, prefix: p, tier: business}'
    passes(alerting(['{type: rule.fired, rule: login_silence, at_most: 3}'], '{login: "poisson(1, seed 1)x60"}', who))
    passes(alerting(['{type: rule.fired, at: 27d, count: 80}'], '{login: 1x14 0x20}', who))
    passes(alerting(['{type: rule.fired, at: 27d, customer: p07}', '{type: rule.fired, count: 79}'], '{login: 1x14 0x20}', who))
    fails(alerting(['{type: rule.fired, count: 79}'], '{login: 1x14 0x20}', who), 'customer: p')
    body = '- name: t\n  ' + who + '\n  input: {login: "1x14 0x20"}\n  expect:\n'
    passes(body + '  - {at: 26d, risk: 0}\n  - {at: 27d, level: watch, count: 80}\n  - {at: 27d, customer: p50, risk: 25}\n')
    fails(body + '  - {at: 27d, level: watch, count: "< 50"}\n', 'so for 80/80')


def test_an_event_that_is_rejected_fails_the_test_at_its_line():
    fails(alerting(['{type: rule.fired, count: 0}'], '[{login: 1x3}, {at: 2d, profile: {mrr: much}}]'),
          'a_test.yaml:6: an event at 2d 12:00', 'rejected')


def test_coverage_wants_a_firing_and_a_quiet_case_of_each_rule():
    done = run(QUIET, '--coverage')
    check(done.status == 1, done)
    check(done.out == ('rules/t.yaml: rule login_silence keeps quiet in no test\n'
                       'rules/t.yaml: rule complaint fires in no test\n'
                       'rules/t.yaml: rule complaint keeps quiet in no test\n1 passed, 0 failed\n'), done)
    more = ('- name: a business\n  customer: {tier: business}\n  input: {login: 1x20}\n  alerts: [{type: rule.fired, count: 0}]\n'
            '- name: complains\n  input: {complaint: 1}\n  alerts: [{type: rule.fired, rule: complaint}]\n'
            '- name: complained\n  input: {complaint: 1}\n  expect: [{at: 20d, rule: complaint, state: inactive}]\n')
    done = run(QUIET + more, '--coverage')
    check(done.status == 1 and 'complaint keeps quiet in no test' in done.out, done)
    more += ('- name: cancelled\n  customer: {status: cancelled}\n  input: {complaint: 1}\n'
             '  expect: [{at: 20d, rule: complaint, state: inactive}]\n')
    check(run(QUIET + more, '--coverage').status == 0, run(QUIET + more, '--coverage'))


def test_json_tells_the_same():
    done = run(QUIET.replace('risk: 25', 'risk: 30'), '--json', '--coverage')
    said = json.loads(done.out)
    check(done.status == 1 and said['passed'] == 0 and said['failed'] == 1, said)
    test = said['tests'][0]
    check((test['file'], test['line'], test['name'], test['passed']) == ('a_test.yaml', 4, 'a steady user goes quiet', False), said)
    check(test['failures'] == [{'line': 8, 'what': 'at 55d, rule login_silence', 'expected': 'state: firing, risk: 30',
                                'actual': 'state: firing, risk: 25'}], said)
    check(said['coverage'][0] == {'file': 'rules/t.yaml', 'rule': 'login_silence', 'fired': 1, 'quiet': 0}, said)


def test_a_test_file_in_error_ends_with_1_and_its_places():
    done = run(QUIET.replace('state: firing', 'state: fire'))
    check(done.status == 1 and done.err.startswith('a_test.yaml:8:43: error E040') and '0 passed, 0 failed' in done.out, done)


def test_rules_in_error_end_with_1():
    done = run(QUIET, rules=RULES.replace('>= 14d', '>= 14'))
    check(done.status == 1 and 'rules/t.yaml:12:57:' in done.err and 'did you mean 14d?' in done.err, done)


def test_what_cannot_be_read_ends_with_2():
    check(run(QUIET, rules=None).status == 2, 'no rules')
    check(run(QUIET, 'other_test.yaml').status == 2, 'no file')
    check(run(QUIET, '--covrage').status == 2, 'no such option')
    done = subprocess.run([CHURNCTL, 'test'], capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
    check(done.returncode == 2 and 'usage: churnctl test FILE... [--coverage]' in done.stderr, done)


def part_of(name, text):
    """The YAML between <!-- NAME --> and <!-- end of NAME --> of the page."""
    lines = text.split(f'<!-- {name} -->')[1].split(f'<!-- end of {name} -->')[0].splitlines(keepends=True)
    inside, out = False, ''
    for line in lines:
        if line.startswith('```'):
            inside = line.startswith('```yaml')
        elif inside:
            out += line
    return out


def test_the_examples_of_the_readme_pass():
    with open('rules/README.md', encoding='utf-8') as page:
        text = page.read()
    with tempfile.TemporaryDirectory() as folder:
        for name, part in (('tour.yaml', 'tour'), ('tour_test.yaml', 'tests')):
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as out:
                out.write(part_of(part, text))
        done = subprocess.run([CHURNCTL, 'test', 'tour_test.yaml'], cwd=folder, text=True, capture_output=True, timeout=3 * PATIENCE, check=False)
        check(done.returncode == 0 and done.stdout.endswith('passed, 0 failed\n'), Done(done))


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
