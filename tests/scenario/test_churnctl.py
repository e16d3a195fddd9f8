#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churnctl with a real daemon on a private Redis, without the daemon, and without Redis."""
import glob
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, House, check, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
RULES = '''churnd: 1
name: ctl-test
levels:
  watch: {enter: 30, leave: 20}
  critical: {enter: 80, leave: 70}
profile:
  mrr: num
value: profile.mrr * 12
signals:
  login: {on: login}
  complaint: {on: complaint}
  churned: {on: churned}
rules:
- rule: complaints
  expr: count(complaint[14d live]) >= 1
  points: 40
  reason: {en: "{count(complaint[14d live])} complaints", zh: "投诉 {count(complaint[14d live])} 次"}
- rule: many_complaints
  expr: count(complaint[14d live]) >= 2
  points: 50
- rule: quiet
  expr: seen(login) and silent(login) >= 7d
  clear: silent(login) < 1d
  points: 35
actions:
- {on: customer.level_raised, at_least: critical, task: save_call}
tasks:
  save_call: {title: "Call {name}", queue: csm, priority: high, ack_within: 4h}
'''
DAY = 86400000
START = 1767225600000  # 2026-01-01


class Done:
    def __init__(self, process, out, err):
        self.status, self.out, self.err = process.returncode, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f'status {self.status}\n{self.out}{self.err}'


def run(*words, stdin=None):
    process = subprocess.Popen([CHURNCTL, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(stdin, 60)
    return Done(process, out.decode(), err.decode())


def ctl(house, *words, status=0, stdin=None):
    done = run('-c', house.config(), *words, stdin=stdin)
    check(done.status == status, f'churnctl {" ".join(words)}: wanted status {status}, got {done}')
    check(status == 0 or done.err, f'{words}: fails without a word')
    return done


def started(rules=RULES, **options):
    house = House(rules, **options)
    try:
        house.start()
    except BaseException:
        house.__exit__()
        raise
    return house


def fill(house):
    """c1 critical (90), c2 watch (40), c3 healthy."""
    house.send('c1', 'profile', name='Acme', owner='li', mrr='10')
    for customer, kind in (('c1', 'complaint'), ('c1', 'complaint'), ('c2', 'complaint'), ('c3', 'login')):
        last = house.send(customer, kind)
    house.committed(last)


def history(customers=5, days=30):
    """Logins every day, customer n stops after 4n days; all in order."""
    rows = []
    for day in range(days):
        for number in range(customers):
            if day < 4 * (number + 1):
                rows.append({'customer': f'h{number}', 'type': 'login', 'ts': START + day * DAY + number * 1000})
    return rows


def ndjson(rows):
    return ''.join(json.dumps(row) + '\n' for row in rows)


# --- wrong usage

def test_wrong_usage_ends_with_2_and_says_how():
    with House(RULES) as house:
        for words in (('send',), ('send', 'c1'), ('import',), ('import', 'a', 'b'), ('import', 'x', '--backfill', '--as-live'),
                      ('import', 'x', '--release'), ('customer',), ('customer', ''), ('explain',), ('tag', 'c1'), ('churned', 'c1'),
                      ('tasks', 'fly'), ('tasks', 'show'), ('tasks', 'claim', 'tk_1'), ('webhooks', 'fly'), ('status', 'x'),
                      ('doctor', 'x'), ('repair', 'x'), ('top', 'x'), ('top', '--colour', 'red'), ('explain', 'c1', '--at', '2026-01-01'),
                      ('explain', 'c1', '--rules', 'x'), ('tag', 'c1', 'vip', '--expires', 'soon'), ('tag', 'c1', 'a\x07b'),
                      ('tag', 'c1', ''), ('send', 'c1', 'login', 'x'), ('send', 'c1', 'login', '=x')):
            ctl(house, *words, status=2)
        done = run('custmer')
        check(done.status == 2 and 'customer' in done.err, done)
        help_ = run('--help')
        check(run('help').out == help_.out and run('help', 'fit').out == run('fit', '--help').out != '', 'help is a word too')
        check(help_.status == 0 and all(name in help_.out for name in (
            'send', 'import', 'top', 'customer', 'explain', 'tag', 'churned', 'tasks', 'status', 'doctor', 'repair', 'webhooks')), help_)


def test_an_answer_that_cannot_be_written_is_no_success():
    with House(RULES) as house:
        for words in (('check', house.path('rules.yaml')), ('check', house.path('rules.yaml'), '--json'), ('--help',), ('--version',)):
            with open('/dev/full', 'wb') as full:
                done = subprocess.run([CHURNCTL, *words], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
            check(done.returncode == 2 and b'could not be written' in done.stderr, f'{words}: {done}')


def test_the_help_names_every_option():
    said = set(re.findall(r'(?<![\w-])--?[a-z][a-z-]*', run('--help').out))
    for path in glob.glob('daemon/app/*.c'):
        with open(path, encoding='utf-8') as file:
            taken = set(re.findall(r'\{"(--?[a-z-]+)", *OPTION_', file.read()))
        check(taken <= said | {'--config', '-h', '--help', '--version'}, f'{path}: {taken - said}')
    check('--lender' in said, said)


def test_a_configuration_in_error_ends_with_2():
    with House(RULES) as house:
        house.write('bad.yaml', 'redis: {urll: x}\n')
        done = run('-c', house.path('bad.yaml'), 'status')
        check(done.status == 2 and 'bad.yaml:1:' in done.err, done)
        done = run('-c', house.path('none.yaml'), 'status')
        check(done.status == 2 and 'none.yaml' in done.err, done)


def test_of_rules_in_error_check_and_test_end_with_1_of_what_is_unreadable_with_2():
    with House(RULES) as house:
        house.write('wrong.yaml', RULES.replace('points: 40', 'points: forty'))
        house.write('wrong_test.yaml', 'rules: wrong.yaml\nstart: 2026-03-02\ntests: []\n')
        house.write('lost_test.yaml', 'rules: none.yaml\nstart: 2026-03-02\ntests: []\n')
        house.write('lost.yaml', RULES.replace('name: ctl-test', 'name: ctl-test\ncalendar: none.yaml'))
        for words, status, word in ((('check', 'wrong.yaml'), 1, 'forty'), (('check', 'none.yaml'), 2, 'none.yaml'), (('check', 'lost.yaml'), 1, 'none.yaml'),
                                    (('test', 'wrong_test.yaml'), 1, 'forty'), (('test', 'none.yaml'), 2, 'none.yaml'),
                                    (('test', 'lost_test.yaml'), 2, 'none.yaml'),
                                    (('replay', '--rules', 'wrong.yaml', '--events', '-'), 2, 'forty')):
            done = run(words[0], *(house.path(word) if word.endswith('.yaml') else word for word in words[1:]), stdin=b'')
            check(done.status == status and word in done.out + done.err, f'{words}: {done}')
        check(ctl(house, 'check').out.endswith('good\n'), 'rules without a mistake')


def test_without_the_daemon_reads_end_with_3():
    with House(RULES) as house:
        for words in (('status',), ('top',), ('customer', 'c1'), ('explain', 'c1'), ('tasks',), ('tasks', 'show', 'tk_1'), ('webhooks',),
                      ('status', '--json')):
            done = ctl(house, *words, status=3)
            check('does not answer' in done.err and not done.out, done)


def test_without_redis_acts_end_with_3():
    with House(RULES) as house:
        house.stop_redis()
        house.write('events', ndjson(history()))
        for words in (('send', 'c1', 'login'), ('tag', 'c1', 'vip'), ('churned', 'c1', '--reason', 'price'),
                      ('tasks', 'claim', 'tk_1', '--who', 'li'), ('import', house.path('events')), ('import', '--release'),
                      ('doctor',), ('repair',)):
            ctl(house, *words, status=3)


# --- one event, and what people do

def test_send_appends_one_event():
    with House(RULES) as house:
        entry = ctl(house, 'send', 'c1', 'login', 'value=2.5', 'plan=pro=max').out.strip()
        check(house.entries('events') == [(entry, {'customer': 'c1', 'type': 'login', 'value': '2.5', 'plan': 'pro=max'})],
              house.entries('events'))
        check(ctl(house, 'send', '公司', 'login', '--json').json['id'] == house.entries('events')[1][0], 'as JSON')
        for words, word in ((('c1', 'churnd.clock'), 'reserved'), (('c1', 'Login'), 'type'), (('', 'login'), 'customer'),
                            (('c1', 'login', 'ts=2026-01-01T00:00:00'), 'offset'), (('c1', 'login', 'value=x'), 'value'),
                            (('c1', 'login', f'ts={int(time.time() * 1000) + 8 * 3600000}'), 'local time')):
            check(word in ctl(house, 'send', *words, status=2).err, words)
        check(len(house.entries('events')) == 2, 'wrong events are not appended')


def test_acts_are_answered_when_they_are_applied():
    with started() as house:
        fill(house)
        check(ctl(house, 'tag', 'c1', 'vip').out == 'c1: tag vip set\n', 'set')
        check([fields['type'] for fields in house.alerts(customer='c1')][-1] == 'customer.tagged', 'applied when answered')
        check(ctl(house, 'top', '--tag', 'vip', '--json').json['customers'][0]['customer'] == 'c1', 'by tag')
        ctl(house, 'tag', 'c1', 'vip', '--remove')
        ctl(house, 'tag', 'c1', 'trial', '--expires', '30d')
        tags = ctl(house, 'customer', 'c1', '--json').json['tags']
        check([tag['tag'] for tag in tags] == ['trial'] and tags[0]['expires'], tags)
        check(ctl(house, 'tag', 'c1', 'x', '--json').json['state'] == 'applied', 'as JSON')
        ctl(house, 'churned', 'c2', '--reason', 'price')
        fields = house.entries('events')[-1][1]
        check(fields == {'customer': 'c2', 'type': 'churned', 'reason': 'price'}, fields)


def test_what_the_engine_rejects_ends_with_1():
    with started() as house:
        house.send('c1', 'login')
        for number in range(64):
            last = house.call('XADD', 'churn:events', '*', 'customer', 'c1', 'type', 'churnd.tag', 'tag', f't{number}').decode()
        house.committed(last)
        done = ctl(house, 'tag', 'c1', 'one_more', status=1)
        check('64' in done.err and not done.out, done)
        done = run('-c', house.config(), 'tag', 'c1', 'one_more', '--json')
        check(done.status == 1 and done.json['state'] == 'rejected' and '64' in done.json['message'], done)


def test_without_the_daemon_acts_wait_in_the_stream():
    with House(RULES) as house:
        house.send('c1', 'login')
        done = ctl(house, 'tag', 'c1', 'vip')
        check('the daemon is not running' in done.out, done)
        check(ctl(house, 'churned', 'c1', '--reason', 'price', '--json').json['state'] == 'appended', 'as JSON')
        house.start()
        house.committed(house.entries('events')[-1][0])
        check(ctl(house, 'customer', 'c1', '--json').json['tags'][0]['tag'] == 'vip', 'it took effect')


def test_tasks_are_listed_claimed_and_done():
    with started() as house:
        fill(house)
        listed = ctl(house, 'tasks', '--json').json['tasks']
        check(len(listed) == 1 and listed[0]['title'] == 'Call Acme', listed)
        task = listed[0]['id']
        table = ctl(house, 'tasks', 'list', '--queue', 'csm').out.splitlines()
        check(table[0].split()[:3] == ['TASK', 'PRIORITY', 'VALUE'] and table[1].split()[:3] == [task, 'high', '120'], table)
        check('Call Acme' in table[1], table)
        check('Call Acme' in ctl(house, 'tasks', 'show', task).out, 'show')
        check('who' in ctl(house, 'tasks', 'claim', task, status=2).err, 'who')
        ctl(house, 'tasks', 'claim', task, '--who', 'li')
        check('claimed by li' in ctl(house, 'tasks', 'claim', task, '--who', 'wang', status=1).err, 'conflict')
        check(ctl(house, 'tasks', '--assignee', 'li', '--json').json['tasks'][0]['state'] == 'claimed', 'claimed')
        check('outcome' in ctl(house, 'tasks', 'done', task, '--outcome', 'magic', status=1).err, 'outcome')
        ctl(house, 'tasks', 'done', task, '--outcome', 'saved', '--reason', 'price', '--note', 'call again in May')
        last = house.entries('tasks')[-1][1]
        check((last['verb'], last['outcome'], last['reason_code'], last['note']) ==
              ('done', 'saved', 'price', 'call again in May'), last)
        check('already done' in ctl(house, 'tasks', 'done', task, status=1).err, 'too late')
        check('no tasks' in ctl(house, 'tasks').out, 'none is left')
        check(ctl(house, 'tasks', 'show', task, '--json').json['outcome'] == 'saved', 'closed')
        ctl(house, 'tasks', 'show', 'tk_none', status=1)
        ctl(house, 'tasks', 'done', 'tk_none', status=1)


# --- reads

def test_top_shows_the_riskiest_first():
    with started() as house:
        fill(house)
        lines = ctl(house, 'top').out.splitlines()
        check(lines[0].split() == ['CUSTOMER', 'NAME', 'LEVEL', 'RISK', 'VALUE', 'OWNER', 'MAIN', 'REASON'], lines)
        check([line.split()[0] for line in lines[1:]] == ['c1', 'c2', 'c3'], lines)
        check('many_complaints' in lines[1] and '1 complaints' in lines[2], lines)
        check('投诉 1 次' in ctl(house, 'top', '--lang', 'zh').out, 'in Chinese')
        check(not any(line.endswith(' ') for line in ctl(house, 'webhooks').out.splitlines()), 'a line ends in blanks')
        check(len(ctl(house, 'top', '-n', '1').out.splitlines()) == 2, '-n')
        check([row['customer'] for row in ctl(house, 'top', '--level', 'watch', '--json').json['customers']] == ['c2'], 'level')
        check([row['customer'] for row in ctl(house, 'top', '--owner', 'li', '--json').json['customers']] == ['c1'], 'owner')
        check([row['customer'] for row in ctl(house, 'top', '--rule', 'many_complaints', '--json').json['customers']] == ['c1'], 'rule')
        check('no customer' in ctl(house, 'top', '--owner', 'nobody').out, 'none')
        check('did you mean watch' in ctl(house, 'top', '--level', 'wach', status=2).err, 'proposes')


def test_customer_shows_everything():
    with started() as house:
        fill(house)
        ctl(house, 'tag', 'c1', 'vip')
        said = ctl(house, 'customer', 'c1').out
        for word in ('Acme', 'critical', 'risk 90', 'value 120', 'owner: li', '2 complaints', 'complaint ', 'firing', 'vip', 'save_call'):
            check(word in said, f'{word}: {said}')
        whole = ctl(house, 'customer', 'c1', '--json').json
        check(whole['risk'] == 90 and whole['tasks'][0]['task'] == 'save_call', whole)
        check('nobody' in ctl(house, 'customer', 'nobody', status=1).err, 'unknown')


def test_explain_says_why_and_what_would_change_it():
    with started() as house:
        fill(house)
        said = ctl(house, 'explain', 'c1').out
        for word in ('risk 90', '+40  complaints: fires since', 'PASS', 'count(complaint[14d live]) = 2', 'gives points',
                     'clears when the condition is not true', 'its condition is false'):
            check(word in said, f'{word}: {said}')
        check('\033' not in said, 'no colours into a pipe')
        check('by time alone' in ctl(house, 'explain', 'c3').out, 'when it could change')
        told = ctl(house, 'explain', 'c1', '--lang', 'zh').out
        check('计分' in told and '，风险 ' in told, told)
        check(sum(rule['points'] for rule in ctl(house, 'explain', 'c1', '--json').json['rules']) == 90, 'as JSON')
        ctl(house, 'explain', 'nobody', status=1)


def test_explain_of_a_past_moment_needs_no_daemon():
    with House(RULES) as house:
        house.write('events', ndjson(history()))
        files = ('--rules', house.path('rules.yaml'), '--events', house.path('events'))
        for when, risk in (('2026-01-10', 0), ('2026-01-11', 35)):  # the last login was on the 4th
            said = run('explain', 'h0', *files, '--at', when, '--json')
            check(said.status == 0 and said.json['risk'] == risk, said)
        said = run('explain', 'h0', *files, '--at', '2026-01-20')
        check(said.status == 0 and 'silent(login) = 16 days' in said.out and 'risk 35' in said.out, said)
        check(run('explain', 'h4', *files, '--at', '2026-01-20', '--json').json['risk'] == 0, 'another one')
        check(run('explain', 'nobody', *files).status == 1, 'nobody')
        check(run('explain', 'h0', *files, '--at', 'soon').status == 2, 'no moment')


def test_status_tells_what_the_daemon_does():
    with started() as house:
        fill(house)
        said = ctl(house, 'status').out
        for word in ('running', 'drained', 'customers  3', 'ctl-test', house.mark()[2]):
            check(word in said, f'{word}: {said}')
        check(ctl(house, 'status', '--json').json['customers'] == 3, 'as JSON')
        check('no webhooks' in ctl(house, 'webhooks').out, 'no webhooks')
        check(ctl(house, 'webhooks', 'list', '--json').json == {'webhooks': []}, 'as JSON')


def test_status_of_a_redis_that_is_away_says_nothing_of_how_far():
    with started() as house:
        fill(house)
        house.stop_redis()
        wait_for('it is seen', lambda: 'connecting' in ctl(house, 'status').out)
        said = ctl(house, 'status').out
        check('drained' not in said and 'behind' not in said, said)


def test_webhooks_are_listed():
    hook = 'webhooks: {crm: {url: "https://crm.invalid/x", secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg==}}\n'
    with started(config=hook) as house:
        said = ctl(house, 'webhooks').out
        check('crm' in said and 'whsec' not in said, said)
        check(ctl(house, 'webhooks', '--json').json['webhooks'][0]['name'] == 'crm', 'as JSON')


def test_texts_of_producers_cannot_move_the_cursor():
    with started() as house:
        house.committed(house.send('c1', 'profile', name='\033[2J\x9b31mred\u202e公司', owner='a\nb'))
        for words in (('top',), ('customer', 'c1'), ('explain', 'c1')):
            out = ctl(house, *words).out
            check('red' in out and '公司' in out and not any(c in out for c in '\033\x9b\u202e'), ascii(out))


def test_a_token_is_sent():
    with House(RULES) as house:
        house.write('token', 'open sesame\n')
        with open(house.config(), encoding='utf-8') as file:
            text = file.read().replace('.http"}', '.http", token_file: token}')
        house.write('with.yaml', text)
        house.start(house.path('with.yaml'))
        check(run('-c', house.path('with.yaml'), 'status').status == 0, 'with the token')
        house.write('wrong', 'close sesame\n')
        house.write('without.yaml', text.replace('token_file: token', 'token_file: wrong'))
        done = run('-c', house.path('without.yaml'), 'status')
        check(done.status == 2 and 'Bearer' in done.err and 'sesame' not in done.err, done)


# --- import

def test_import_reads_every_form():
    with House(RULES) as house:
        rows = history(2, 3)
        house.write('rows.csv', 'customer,type,ts\n' + ''.join(f'{r["customer"]},{r["type"]},{r["ts"]}\n' for r in rows))
        house.write('rows.ndjson', ndjson(rows))
        with gzip.open(house.path('rows.gz'), 'wt') as file:
            file.write(ndjson(rows))
        for name in ('rows.csv', 'rows.ndjson', 'rows.gz'):
            check(f'import: {len(rows)} events, 0 rejected' in ctl(house, 'import', house.path(name)).out, name)
        said = ctl(house, 'import', '-', '--json', stdin=ndjson(rows).encode()).json
        check(said['events'] == len(rows) and said['rejected'] == 0 and said['seconds'] >= 0, said)
        entries = house.entries('events')
        check(len(entries) == 4 * len(rows), len(entries))
        check([fields for _, fields in entries[:len(rows)]] == [{k: str(v) for k, v in row.items()} for row in rows], entries[:3])


def test_import_names_bad_rows_and_goes_on():
    with House(RULES) as house:
        house.write('rows', '{"customer":"c1","type":"login"}\n{"customer":"c1"}\nnonsense\n'
                            '{"customer":"c1","type":"churnd.rules","sha256":"x"}\n{"customer":"c2","type":"login"}\n')
        done = ctl(house, 'import', house.path('rows'))
        check('import: 2 events, 3 rejected' in done.out, done)
        check(all(f'rows:{line}:' in done.err for line in (2, 3, 4)), done)
        check(len(house.entries('events')) == 2, 'the good ones')
        house.write('bad', '{"customer":"c1"}\n')
        ctl(house, 'import', house.path('bad'), status=2)
        check('none.csv' in ctl(house, 'import', house.path('none.csv'), status=2).err, 'a file that is not there')


def test_import_as_backfill_fires_nothing():
    with started() as house:
        house.write('rows', ndjson(history()))
        ctl(house, 'import', house.path('rows'), '--backfill')
        entries = house.entries('events')
        house.committed(entries[-1][0])
        check(all(fields['backfill'] == '1' for _, fields in entries), entries[:2])
        check(not house.alerts(), house.alerts())


def test_import_as_live_gives_the_alerts_of_a_replay():
    with started() as house:
        rows = history()
        house.write('rows', ndjson(rows))
        done = ctl(house, 'import', house.path('rows'), '--as-live')
        check(f'import: {len(rows)} events, 0 rejected' in done.out, done)
        ids = [entry for entry, fields in house.entries('events') if fields['type'] != 'churnd.clock']
        check(ids == [f'{row["ts"]}-0' for row in rows], ids[:3])
        check(house.call('EXISTS', 'churn:hold') == 0, 'time is still held')
        until = rows[-1]['ts']
        replay = run('replay', '--rules', house.path('rules.yaml'), '--events', house.path('rows'), '--until', str(until))
        wanted = [json.loads(line)['id'] for line in replay.out.splitlines()]
        got = [fields['id'] for _, fields in house.entries('alerts') if int(fields['at']) <= until]
        check(wanted and got == wanted, f'{len(got)} alerts, {len(wanted)} by replay')
        again = ctl(house, 'import', house.path('rows'), '--as-live', status=1)
        check('not before the first row' in again.err and house.call('EXISTS', 'churn:hold') == 0, again)


def test_import_as_live_looks_at_all_rows_first():
    with House(RULES) as house:
        rows = history()
        rows.append(dict(rows[0]))
        house.write('rows', ndjson(rows))
        done = ctl(house, 'import', house.path('rows'), '--as-live', status=2)
        check(f'rows:{len(rows)}:' in done.err and 'order' in done.err, done)
        check(not house.entries('events') and house.call('EXISTS', 'churn:hold') == 0, 'nothing was sent')


def test_time_is_held_by_one_importer():
    with House(RULES) as house:
        house.write('rows', ndjson(history()))
        house.call('SET', 'churn:hold', 'import of x, process 1 on y')
        done = ctl(house, 'import', house.path('rows'), '--as-live', status=1)
        check('process 1 on y' in done.err and '--release' in done.err and not house.entries('events'), done)
        check('process 1 on y' in ctl(house, 'import', '--release').out, 'released')
        check('nothing was held' in ctl(house, 'import', '--release').out, 'once')
        ctl(house, 'import', house.path('rows'), '--as-live')


def test_an_interrupted_importer_lets_time_go():
    with House(RULES) as house:
        process = subprocess.Popen([CHURNCTL, '-c', house.config(), 'import', '-', '--as-live'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(ndjson(history()).encode())
        process.stdin.flush()
        wait_for('time is held', lambda: house.call('EXISTS', 'churn:hold'))
        process.send_signal(signal.SIGINT)
        process.stdin.write(ndjson(history()).encode())
        _, err = process.communicate(timeout=PATIENCE)
        check(process.returncode == 1 and b'interrupted' in err, err)
        check(house.call('EXISTS', 'churn:hold') == 0, 'time is still held')


def test_import_counts_no_event_that_redis_did_not_take():
    with House(RULES) as house:
        house.write('h.ndjson', ndjson(history()))
        house.call('CONFIG', 'SET', 'maxmemory', '1')
        said = run('-c', house.config(), 'import', house.path('h.ndjson'), '--backfill', '--json')
        check(said.status == 3 and 'OOM' in said.err and said.json['events'] == 0 and not house.entries('events'), said)


def test_import_stops_with_a_sentence_when_redis_goes():
    with House(RULES) as house:
        process = subprocess.Popen([CHURNCTL, '-c', house.config(), 'import', '-'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        text = ndjson(history() * 200).encode()
        process.stdin.write(text)
        process.stdin.flush()
        wait_for('rows arrive', lambda: house.call('XLEN', 'churn:events'))
        house.stop_redis()
        try:
            process.stdin.write(text * 20)
        except BrokenPipeError:
            pass
        try:
            _, err = process.communicate(timeout=PATIENCE)
        except BrokenPipeError:
            err = process.stderr.read()
            process.wait(PATIENCE)
        check(process.returncode == 3 and b'Redis' in err, (process.returncode, err))


# --- doctor, repair

def test_doctor_finds_nothing_in_good_settings():
    with started() as house:
        os.chmod(house.config(), 0o600)
        fill(house)
        done = ctl(house, 'doctor')
        check('ok ' in done.out and 'unwise' not in done.out and 'wrong' not in done.out, done)
        said = ctl(house, 'doctor', '--json').json
        check(said['good'] and len(said['checks']) > 5, said)


def test_doctor_names_what_is_unwise():
    hook = 'webhooks: {crm: {url: "https://crm.invalid/x", secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg==}}\n'
    with House(RULES, options=('--save', '', '--maxmemory-policy', 'allkeys-lru', '--maxmemory', '100mb'), config=hook) as house:
        house.call('SET', 'churn:alerts', 'mine')
        house.call('SET', 'churn:hold', 'import of x')
        house.call('XADD', 'churn:events', f'{int(time.time() * 1000) + 3600000}-0', 'customer', 'c1', 'type', 'login')
        os.chmod(house.config(), 0o644)
        done = run('-c', house.path('churnd.yaml'), 'doctor')
        check(done.status == 1, done)
        for word in ('appendonly', 'allkeys-lru', 'churn:alerts is a string', 'churnctl repair', 'import --release', 'chmod'):
            check(word in done.out, f'{word}: {done}')
        said = run('-c', house.path('churnd.yaml'), 'doctor', '--json')
        verdicts = {check_['check']: check_['verdict'] for check_ in said.json['checks']}
        check(said.status == 1 and not said.json['good'], said)
        check(verdicts['persistence'] == 'wrong' and verdicts['stream'] == 'wrong' and verdicts['daemon'] == 'note', verdicts)


def test_repair_gives_a_stream_its_present_back():
    with started() as house:
        check('nothing to repair' in ctl(house, 'repair').out, 'nothing')
        house.committed(house.send('c1', 'login'))
        ahead = int(time.time() * 1000) + 3600000
        house.call('XADD', 'churn:events', f'{ahead}-0', 'customer', 'c1', 'type', 'complaint', 'x', '1')
        for _ in range(2):
            house.send('c2', 'complaint')
        wait_for('paused', lambda: ctl(house, 'status', '--json').json['state'] == 'paused')
        check('churnctl repair' in ctl(house, 'status').out, 'says what to do')
        before = house.entries('events')
        plan = run('-c', house.config(), 'repair')
        check(plan.status == 1 and '3 entries' in plan.out and '--yes' in plan.out, plan)
        check(house.entries('events') == before, 'nothing was touched')
        check('3 entries moved' in ctl(house, 'repair', '--yes').out, 'moved')
        after = house.entries('events')
        check([fields for _, fields in after] == [fields for _, fields in before], after)
        check(all(int(entry.split('-')[0]) < ahead - 3000000 for entry, _ in after), after)
        house.committed(after[-1][0])
        check(len(house.alerts('rule.fired', 'c1')) == 1 and len(house.alerts('rule.fired', 'c2')) == 2, house.alerts())
        wait_for('running', lambda: ctl(house, 'status', '--json').json['state'] == 'running')
        house.committed(house.send('c3', 'login'))
        check('nothing to repair' in ctl(house, 'repair').out, 'once')


def test_repair_leaves_alone_what_was_applied():
    with House(RULES) as house:
        ahead = int(time.time() * 1000) + 3600000
        house.call('XADD', 'churn:events', f'{ahead}-0', 'customer', 'c1', 'type', 'login')
        house.call('SET', 'churn:commit', f'1 1 {ahead}-0 {ahead}-0')
        check('cannot be taken back' in ctl(house, 'repair', '--yes', status=1).err, 'refused')


def test_repair_takes_no_entry_away_that_it_cannot_give_back():
    with House(RULES) as house:
        ahead = int(time.time() * 1000) + 3600000
        many = [word for number in range(6000) for word in (f'f{number}', '1')]
        house.call('XADD', 'churn:events', f'{ahead}-0', 'customer', 'c1', 'type', 'login')
        house.call('XADD', 'churn:events', f'{ahead}-1', *many)
        before = house.entries('events')
        said = ctl(house, 'repair', '--yes', status=1)
        check(f'{ahead}-1' in said.err and 'XDEL' in said.err, said)
        check(house.entries('events') == before, 'nothing was touched')
        house.call('XDEL', 'churn:events', f'{ahead}-1')
        house.call('XADD', 'churn:events', f'{ahead}-2', *many[:7000])
        check('2 entries moved' in ctl(house, 'repair', '--yes').out, 'moved')
        check(len(house.entries('events')[-1][1]) == 3500, 'all of its fields')


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
