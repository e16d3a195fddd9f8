#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Care tasks with a real daemon: every verb by churnctl and over HTTP, the report, and an owner's handing over."""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, House, check, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
RULES = '''churnd: 1
name: tasks-test
teams: {lead: [lea]}
levels: {watch: {enter: 30, leave: 20}}
profile: {tier: {enum: [basic, gold]}}
signals: {complaint: {on: complaint}, hit: {on: hit}}
rules:
- {rule: angry, expr: 'count(complaint[14d live]) >= 1', category: support, points: 40}
- {rule: struck, expr: 'count(hit[14d live]) >= 1', points: 10}
actions:
- {on: rule.fired, rule: angry, task: call}
- {on: rule.fired, rule: struck, task: hurry}
tasks:
  call:
    title: {en: "Call {name}", zh: "致电 {name}"}
    queue: csm
    assign: profile.owner
    ack_within: 4h
    resolve_within: 2d
    route: [{when: 'profile.tier == "gold"', queue: vip, priority: urgent}]
  hurry: {title: "Quick: {name}", queue: csm, assign: ann, ack_within: 2s}
'''


def ctl(house, *words, status=0):
    done = subprocess.run([CHURNCTL, '-c', house.config(), *words], capture_output=True, text=True, check=False)
    check(done.returncode == status, f'churnctl {" ".join(words)}: {done.returncode}, wanted {status}: '
                                     f'{done.stdout}{done.stderr}')
    return done.stdout if status == 0 else done.stderr


def tasks(house, *words):
    return json.loads(ctl(house, 'tasks', *words, '--json'))['tasks']


def show(house, task):
    return json.loads(ctl(house, 'tasks', 'show', task, '--json'))


class Socket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(house, method, path, body=None, status=200):
    connection = Socket(house.path('churnd.yaml.http'))
    connection.request(method, path, json.dumps(body) if body is not None else None)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    check(answer.status == status, f'{method} {path}: {answer.status}, wanted {status}: {text}')
    return json.loads(text)


def started(rules=RULES):
    house = House(rules)
    try:
        house.start()
    except BaseException:
        house.__exit__()
        raise
    return house


def complain(house, *customers, owner='ann', **profile):
    for customer in customers:
        house.send(customer, 'profile', name=customer.upper(), owner=owner, **profile)
        last = house.send(customer, 'complaint')
    house.committed(last)


def changes(house, task):
    return [(row['verb'], row['who'], row['from'], row['to'], row['note']) for _, row in house.entries('tasks')
            if row['id'] == task]


def test_every_verb_by_churnctl():
    with started() as house:
        complain(house, 'c1')
        task = tasks(house)[0]['id']
        check('already' in ctl(house, 'tasks', 'transfer', task, '--to', 'ann', status=1), 'to who has it')
        check(': claimed' in ctl(house, 'tasks', 'claim', task, '--who', 'ann'), 'claim')
        ctl(house, 'tasks', 'snooze', task, '--until', '2d', '--note', 'on holiday')
        shown = show(house, task)
        check(shown['state'] == 'snoozed' and shown['snoozed_until'] > shown['created_at'], shown)
        check('back ' in ctl(house, 'tasks', 'list') and '已推迟' not in ctl(house, 'tasks', '--lang', 'zh'), 'list')
        ctl(house, 'tasks', 'transfer', task, '--to', 'bob', '--who', 'ann')
        check((show(house, task)['assignee'], show(house, task)['lender']) == ('bob', 'ann'), 'lent')
        check([t['id'] for t in tasks(house, '--lender', 'ann')] == [task], 'by lender')
        ctl(house, 'tasks', 'done', task, '--who', 'bob', '--note', 'wants a call')
        check((show(house, task)['state'], show(house, task)['assignee']) == ('claimed', 'ann'), 'returned')
        ctl(house, 'tasks', 'assign', task, '--to', 'cid', '--from', 'ann')
        check('not with ann any more' in ctl(house, 'tasks', 'assign', task, '--to', 'dan', '--from', 'ann', status=1),
              'it moved')
        ctl(house, 'tasks', 'assign', task)
        check(show(house, task)['assignee'] == '', 'nobody has it')
        ctl(house, 'tasks', 'link', task, '--external-id', '00T5g')
        check('已取消' in ctl(house, '--lang', 'zh', 'tasks', 'cancel', task), 'in Chinese')
        check('already cancelled' in ctl(house, 'tasks', 'snooze', task, '--until', '1d', status=1), 'too late')
        check(show(house, task)['external_id'] == '00T5g', 'kept')
        until = changes(house, task)[2][3]
        check(changes(house, task) == [
            ('created', '', '', '', ''),
            ('claimed', 'ann', 'ann', 'ann', ''),
            ('snoozed', '', 'claimed', until, 'on holiday'),
            ('transferred', 'ann', 'ann', 'bob', ''),
            ('transferred', 'bob', 'bob', 'ann', 'wants a call'),
            ('assigned', '', 'ann', 'cid', ''),
            ('assigned', '', 'cid', '', ''),
            ('linked', '', '', '', ''),
            ('cancelled', '', 'open', 'cancelled', '')], changes(house, task))
        for words in (('snooze', task), ('transfer', task), ('link', task), ('assign',), ('fly', task)):
            ctl(house, 'tasks', *words, status=2)


def test_every_verb_over_http():
    with started() as house:
        complain(house, 'c1', tier='gold')
        task = ask(house, 'GET', '/v1/tasks?queue=vip')['tasks'][0]
        check(task['queue'] == 'vip' and ask(house, 'GET', '/v1/tasks?queue=csm')['tasks'] == [], 'where a route sent it')
        path = '/v1/tasks/' + task['id']
        snoozed = ask(house, 'POST', path + '/snooze', {'until': '30m', 'external_id': 'crm-1'})
        check(snoozed['state'] == 'snoozed' and snoozed['external_id'] == 'crm-1', snoozed)
        ask(house, 'POST', path + '/snooze', {'until': 'soon'}, 400)
        ask(house, 'POST', path + '/snooze', {}, 400)
        check(ask(house, 'POST', path + '/assign', {'to': 'bob', 'from': 'ann'})['assignee'] == 'bob', 'assign')
        check(ask(house, 'POST', path + '/assign', {'to': 'cid', 'from': 'ann'}, 409)['error']['code'] == 'conflict',
              'it moved')
        check(ask(house, 'POST', path + '/transfer', {'to': 'cid'})['lender'] == 'bob', 'transfer')
        check(ask(house, 'POST', path + '/done', {'note': 'so'})['assignee'] == 'bob', 'returned')
        check(ask(house, 'POST', path + '/link', {'external_id': 'crm-2'})['external_id'] == 'crm-2', 'link')
        check(ask(house, 'POST', path + '/done', {'outcome': 'saved'})['state'] == 'done', 'done')
        told = [moment for moment in ask(house, 'GET', '/v1/customers/c1/timeline')['timeline'] if 'task' in moment]
        check([moment['type'] for moment in told] == ['task', 'closed'] and told[1]['outcome'] == 'saved', told)
        for verb in ('claim', 'done', 'snooze', 'assign', 'transfer', 'cancel'):
            ask(house, 'POST', path + '/' + verb, {'who': 'x', 'to': 'y', 'until': '1d'}, 409)
        ask(house, 'POST', path + '/link', {'external_id': 'crm-3'})
        ask(house, 'POST', path + '/claim', {'whom': 'x'}, 400)
        for wrong in ('sla=late', 'overdue=yes', 'colour=red'):
            ask(house, 'GET', '/v1/tasks?' + wrong, status=400)


def test_who_leaves_a_task_lying_is_warned_and_loses_it():
    with started() as house:
        house.send('c1', 'profile', name='Acme')
        house.committed(house.send('c1', 'hit'))
        task = tasks(house)[0]['id']
        wait_for('lost', lambda: len(changes(house, task)) == 4)
        check(changes(house, task) == [('created', '', '', '', ''), ('escalated', 'churnd', '', '', '80% of ack_within'),
                                       ('breached', 'churnd', '', '', '100% of ack_within'),
                                       ('assigned', 'churnd', 'ann', '', 'not claimed in time')], changes(house, task))
        at = [int(row['at']) for _, row in house.entries('tasks')]
        check([t - at[0] for t in at] == [0, 1600, 2000, 2000], at)
        check([t['id'] for t in tasks(house, '--overdue')] == [task], 'overdue')
        check([t['id'] for t in tasks(house, '--sla', 'breached')] == [task], 'breached')
        check(tasks(house, '--sla', 'ok') == [], 'not ok')
        ctl(house, 'tasks', 'claim', task, '--who', 'bob')
        check(tasks(house, '--overdue') == [], 'somebody has it')
        kinds = {row['type'] for row in house.alerts()}
        check({'task.escalated', 'task.breached', 'task.assigned', 'task.claimed'} <= kinds, kinds)


def test_an_edit_moves_the_times_that_are_shown():
    with started() as house:
        complain(house, 'c1')
        task = tasks(house)[0]
        house.write('rules.yaml', RULES.replace('ack_within: 4h', 'ack_within: 9h'))
        ctl(house, 'reload')
        moved = wait_for('in force', lambda: [t for t in tasks(house) if t['ack_by'] != task['ack_by']])[0]
        check(moved == show(house, task['id']) and moved['ack_by'][11:13] != task['ack_by'][11:13] and
              {**moved, 'ack_by': ''} == {**task, 'ack_by': ''}, (task, moved))


def test_the_report_says_how_it_goes():
    with started() as house:
        complain(house, 'c1', 'c2', 'c3', 'c4')
        complain(house, 'c5', owner='bob', tier='gold')
        ids = {t['customer']: t['id'] for t in tasks(house)}
        ctl(house, 'tasks', 'claim', ids['c1'], '--who', 'ann')
        ctl(house, 'tasks', 'done', ids['c1'], '--who', 'ann', '--outcome', 'saved')
        ctl(house, 'tasks', 'done', ids['c2'], '--who', 'ann', '--outcome', 'no_answer')
        ctl(house, 'tasks', 'snooze', ids['c3'], '--until', '1d')
        ctl(house, 'tasks', 'cancel', ids['c4'])
        report = json.loads(ctl(house, 'tasks', 'report', '--json'))
        whole, csm = report['all'][0], report['queues'][0]
        check((whole['open'], whole['snoozed'], whole['done'], whole['cancelled'], whole['overdue']) == (2, 1, 2, 1, 0),
              whole)
        check(csm['name'] == 'csm' and csm['outcomes'] == {'saved': 1, 'churned': 0, 'false_alarm': 0, 'no_answer': 1,
                                                         'other': 0}, csm)
        check(0 <= csm['ack_median_s'] <= csm['resolve_median_s'] < 60, csm)
        check([(g['name'], g['open']) for g in report['assignees']] == [('ann', 1), ('bob', 1)], report['assignees'])
        check([g['name'] for g in report['queues']] == ['csm', 'vip'] and report['queues'][1]['resolve_median_s'] is None,
              report['queues'])
        text = ctl(house, 'tasks', 'report', '--by', 'queue').splitlines()
        check(text[0].startswith('QUEUE') and len(text) == 3 and 'saved 1, no answer 1' in text[1], text)
        check('首次响应' in ctl(house, '--lang', 'zh', 'tasks', 'report'), 'in Chinese')
        ctl(house, 'tasks', 'report', '--by', 'colour', status=2)


def owners(house, owner):
    return sorted(c['customer'] for c in json.loads(ctl(house, 'top', '--owner', owner, '-n', '1000', '--json'))['customers'])


def test_an_owner_hands_over_customers_and_open_tasks():
    with started() as house:
        complain(house, 'c1', 'c2', 'c3', 'c4', owner='ann')
        complain(house, 'd1', owner='bob')
        ids = {t['customer']: t['id'] for t in tasks(house)}
        ctl(house, 'tasks', 'claim', ids['c1'], '--who', 'ann')
        ctl(house, 'tasks', 'snooze', ids['c2'], '--until', '1d')
        ctl(house, 'tasks', 'transfer', ids['c3'], '--to', 'bob')
        ctl(house, 'tasks', 'done', ids['c4'])
        said = json.loads(ctl(house, 'handover', 'ann', 'zoe', '--json'))
        check(said == {'from': 'ann', 'to': 'zoe', 'customers': 4, 'tasks': 2, 'loans': 1}, said)
        check(owners(house, 'zoe') == ['c1', 'c2', 'c3', 'c4'] and owners(house, 'ann') == [], 'customers')
        now = {c: show(house, ids[c]) for c in ids}
        check({c: (t['state'], t['assignee'], t['lender']) for c, t in now.items()} == {
            'c1': ('open', 'zoe', ''), 'c2': ('snoozed', 'zoe', ''), 'c3': ('claimed', 'bob', 'zoe'),
            'c4': ('done', 'ann', ''), 'd1': ('open', 'bob', '')}, now)
        check('0 customers' in ctl(house, 'handover', 'ann', 'zoe'), 'nothing is left')
        for words in ((), ('ann',), ('ann', 'ann'), ('ann', ''), ('a\nb', 'zoe')):
            ctl(house, 'handover', *words, status=2)


def test_a_handover_that_died_is_gone_on_with():
    with started() as house:
        count = 700
        for number in range(count):
            house.send(f'c{number:03}', 'profile', owner='ann')
            last = house.send(f'c{number:03}', 'complaint')
        house.committed(last)
        command = [CHURNCTL, '-c', house.config(), 'handover', 'ann', 'zoe']
        for part in (200, 900):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_for('a part of it', lambda: int(house.call('XLEN', 'churn:events')) > 2 * count + part or
                     process.poll() is not None)
            process.send_signal(signal.SIGKILL)
            process.wait()
        ctl(house, 'handover', 'ann', 'zoe')
        last = house.entries('events')[-1][0]
        house.committed(last)
        check(len(owners(house, 'zoe')) == count and owners(house, 'ann') == [], 'every customer')
        check(ask(house, 'GET', '/v1/tasks?assignee=ann')['tasks'] == [], 'no task is left')
        given = [row['id'] for _, row in house.entries('tasks') if row['verb'] == 'assigned']
        check(len(given) == len(set(given)) == count, f'each once: {len(given)}, {len(set(given))}')


def main():
    begin = time.process_time()
    status = run_tests([value for name, value in globals().items() if name.startswith('test_')])
    print(f'# {time.process_time() - begin:.1f} s')
    return status


if __name__ == '__main__':
    sys.exit(main())
