#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon's HTTP interface on a private Redis: reads, acts, events, and everything it has to refuse cheaply."""
import http.client
import json
import os
import re
import resource
import signal
import socket
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import exposition  # noqa: E402
from live_house import PATIENCE, Failure, House, check, run_tests, wait_for  # noqa: E402
from unix_http import Answer  # noqa: E402

RULES = '''churnd: 1
name: http-test
levels:
  watch: {enter: 30, leave: 20}
  critical: {enter: 80, leave: 70}
profile:
  mrr: num
value: profile.mrr * 12
signals:
  login: {on: login}
  complaint: {on: complaint}
rules:
- rule: complaints
  expr: count(complaint[14d live]) >= 1
  points: 40
- rule: many_complaints
  expr: count(complaint[14d live]) >= 2
  points: 50
  reason: {en: "{count(complaint[14d live])} complaints", zh: "投诉 {count(complaint[14d live])} 次"}
- rule: quiet
  mode: shadow
  expr: count(login[14d live]) >= 1
  points: 10
actions:
- {on: customer.level_raised, at_least: critical, task: save_call}
tasks:
  save_call: {title: "Call {name}", queue: csm, priority: high, ack_within: 4h}
'''
CONFIG = 'churnd.yaml'


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = dial(self.path)


def dial(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(path)  # before there is a timeout: a full backlog makes it wait, not fail
    sock.settimeout(PATIENCE)
    return sock


def socket_path(house):
    return house.path(CONFIG + '.http')


def ask(house, method, path, body=None, headers=None, **options):
    connection = UnixConnection(socket_path(house))
    try:
        connection.request(method, path, body, headers or {}, **options)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


def get(house, path, status=200, **headers):
    answer = ask(house, 'GET', path, headers=headers)
    check(answer.status == status, f'GET {path}: {answer}')
    check(status < 400 or path == '/readyz' or (answer.json['error']['code'] and answer.json['error']['message']), answer)
    return answer.json


def post(house, path, body, status=200, **headers):
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    answer = ask(house, 'POST', path, body.encode() if isinstance(body, str) else body, headers)
    check(answer.status == status, f'POST {path}: {answer}')
    return answer.json


def raw(house, text):
    """Sends bytes, ends that side, and returns all that comes."""
    with dial(socket_path(house)) as sock:
        try:
            sock.sendall(text)
            sock.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return read_all(sock)


def read_all(sock):
    text = b''
    while True:
        try:
            more = sock.recv(65536)
        except ConnectionResetError:
            return text
        if not more:
            return text
        text += more


def started(rules=RULES, **options):
    house = House(rules, **options)
    try:
        house.start()
    except BaseException:
        house.__exit__()
        raise
    return house


def events(*pairs):
    return [{'customer': customer, 'type': kind} for customer, kind in pairs]


def applied(house, answer):
    house.committed([entry for entry in answer['ids'] if entry][-1])


def fill(house):
    """c1 critical (90), c2 and c3 watch (40), c4 healthy."""
    applied(house, post(house, '/v1/events', [
        {'customer': 'c1', 'type': 'profile', 'name': 'Acme', 'owner': 'li', 'mrr': 10},
        {'customer': 'c2', 'type': 'profile', 'owner': 'li', 'mrr': 300},
        {'customer': 'c3', 'type': 'profile', 'owner': 'wang'},
        *events(('c1', 'complaint'), ('c1', 'complaint'), ('c2', 'complaint'), ('c3', 'complaint'), ('c4', 'login'))]))


def listed(house, query):
    return [row['customer'] for row in get(house, '/v1/customers' + query)['customers']]


def paged(house, path, name, query, limit):
    """All rows of a list, so many a page."""
    rows, cursor = [], ''
    while cursor is not None:
        page = get(house, f'{path}{query + "&" if query else "?"}limit={limit}&cursor={cursor}')
        rows += page[name]
        cursor = page['next']
    return rows


# --- reads

def test_health_and_readiness():
    with started() as house:
        check(get(house, '/healthz') == {'alive': True}, 'alive')
        ready = wait_for('drained', lambda: get(house, '/readyz')['drained'] and get(house, '/readyz'))
        check(ready['ready'] and ready['state'] == 'running' and ready['lag'] == 0, ready)


def test_status_and_metrics_tell_the_same():
    with started() as house:
        fill(house)
        wait_for('committed', lambda: get(house, '/v1/status')['committed'] == house.mark()[2])
        status = get(house, '/v1/status')
        check(status['customers'] == 4 and status['since_start']['entries'] == 8, status)
        check(status['rules']['count'] == 3, status)
        text = ask(house, 'GET', '/metrics')
        values = dict(line.rsplit(' ', 1) for line in text.body.splitlines() if not line.startswith('#'))
        check(values['churnd_customers'] == '4' and values['churnd_entries_total'] == '8', values)
        check(values['churnd_up'] == '1' and text.headers['Content-Type'].startswith('text/plain; version=0.0.4'), text)


def test_metrics_are_written_as_prometheus_reads_them():
    """tests/interop/promtool.sh asks Prometheus' own reader the same."""
    with started() as house:
        fill(house)
        get(house, '/v1/nothing', 404)
        get(house, '/v1/customers/nobody', 404)
        house.send('"a\\b\nc"', 'login', source='x"y')
        families = exposition.read(ask(house, 'GET', '/metrics').body)
        tasks = {(row['task'], row['state']): number for _, row, number in families['churnd_tasks'][1]}
        check(tasks == {('save_call', 'open'): 1, ('save_call', 'claimed'): 0, ('save_call', 'snoozed'): 0}, tasks)
        asked = {(row['method'], row['route'], row['status']): number for _, row, number in families['churnd_http_requests_total'][1]}
        check(asked == {('POST', '/v1/events', '2xx'): 1, ('', '', '4xx'): 1, ('GET', '/v1/customers/*', '4xx'): 1}, asked)
        check(families['churnd_http_request_seconds'][1][-1][2] == 3, 'the histogram counts them all')


def test_customers_are_listed_riskiest_first():
    with started() as house:
        fill(house)
        check(listed(house, '') == ['c1', 'c2', 'c3', 'c4'], listed(house, ''))
        check(listed(house, '?sort=value')[:2] == ['c2', 'c1'], listed(house, '?sort=value'))
        check(listed(house, '?sort=customer') == ['c1', 'c2', 'c3', 'c4'], 'by customer')
        row = get(house, '/v1/customers')['customers'][0]
        check((row['risk'], row['level'], row['value'], row['owner'], row['name']) ==
              (90, 'critical', 120, 'li', 'Acme'), row)
        check(sum(reason['points'] for reason in row['reasons']) == 90, row)


def test_of_the_same_risk_who_is_worth_more_comes_first():
    with started() as house:
        applied(house, post(house, '/v1/events', [
            *({'customer': customer, 'type': 'profile', 'mrr': mrr} for customer, mrr in dict(b=5, c=300, d=-2, e=300, f=10, g=300).items()),
            *events(*((customer, 'complaint') for customer in 'abcdeff'), ('g', 'login'))]))
        for query, wanted in (('', 'fcebdag'), ('?sort=risk', 'fcebdag'), ('?sort=value', 'cegfbda'), ('?level=watch', 'cebda')):
            check(listed(house, query) == list(wanted), f'{query}: {listed(house, query)}')
            for limit in (1, 2, 4):
                seen = [row['customer'] for row in paged(house, '/v1/customers', 'customers', query, limit)]
                check(seen == list(wanted), f'{query}, {limit} a page: {seen}')


def test_a_cursor_of_another_order_is_refused():
    with started() as house:
        fill(house)
        cursor = get(house, '/v1/customers?limit=1&sort=value')['next']
        check(listed(house, f'?sort=value&cursor={cursor}') == ['c1', 'c3', 'c4'], 'of the same order')
        # The last are of churnd before the value stood in them.
        for path in (f'/v1/customers?cursor={cursor}', f'/v1/customers?sort=seen&cursor={cursor}', f'/v1/tasks?cursor={cursor}',
                     '/v1/customers?cursor=' + b'40 0 0 c2'.hex(), '/v1/customers?cursor=' + b'40 0 0 7'.hex()):
            check('cursor' in get(house, path, 400)['error']['message'], path)


def test_customers_are_filtered():
    with started() as house:
        fill(house)
        for query, wanted in (('?level=watch', ['c2', 'c3']), ('?at_least=watch', ['c1', 'c2', 'c3']),
                              ('?owner=li', ['c1', 'c2']), ('?rule=many_complaints', ['c1']), ('?rule=quiet', ['c4']),
                              ('?owner=li&level=watch', ['c2']), ('?tag=vip', []), ('?owner=nobody', [])):
            check(listed(house, query) == wanted, f'{query}: {listed(house, query)}')


def test_pages_show_every_customer_once():
    with started() as house:
        ids = [f'c{number:04}' for number in range(2500)]
        applied(house, post(house, '/v1/events', [event for customer in ids for event in events((customer, 'login'))]))
        seen = [row['customer'] for row in paged(house, '/v1/customers', 'customers', '', 700)]
        check(seen == ids, f'{len(seen)} of {len(ids)}')
        check(len(listed(house, '')) == 50, 'the default is 50 rows')


def test_wrong_parameters_are_named():
    with started() as house:
        for query, word in (('?level=watc', 'watch'), ('?rule=many_complaint', 'many_complaints'), ('?sort=name', 'risk'),
                            ('?limit=0', '1000'), ('?limit=1001', '1000'), ('?limit=x', '1000'), ('?colour=red', 'colour'),
                            ('?' + '&'.join(['level=watch'] * 17), '16'), ('?cursor=zz', 'cursor'), ('?level=%zz', 'percent'), ('?at_least=nonsense', 'nonsense')):
            message = get(house, '/v1/customers' + query, 400)['error']['message']
            check(word in message, f'{query}: {message}')
        check('state' in get(house, '/v1/tasks?state=lost', 400)['error']['message'], 'state')


def test_ids_are_percent_decoded():
    with started() as house:
        for name in ('a/b', '公司 1', 'x%y', 'c+d'):
            applied(house, post(house, '/v1/events', {'customer': name, 'type': 'login'}))
            path = '/v1/customers/' + urllib.parse.quote(name, safe='')
            check(get(house, path)['customer'] == name, name)
            check(get(house, path + '/explain')['customer'] == name, name)
        check('nobody' in get(house, '/v1/customers/nobody', 404)['error']['message'], 'nobody')
        get(house, '/v1/customers/%00', 400)
        get(house, '/v1/customers/%4', 400)


def test_explain_adds_up_to_the_risk():
    with started() as house:
        fill(house)
        said = get(house, '/v1/customers/c1/explain')
        check(sum(rule['points'] for rule in said['rules']) == said['risk'] == 90, said)
        rule = said['rules'][1]
        check(rule['result'] == 'PASS' and rule['texts'] == {'en': '2 complaints', 'zh': '投诉 2 次'}, rule)
        check(any(node.get('value') == 2 for node in rule['nodes']), rule)


# --- events

def test_events_come_as_object_array_or_lines():
    with started() as house:
        bodies = {'object': '{"customer":"o1",\n "type":"login"}', 'array': json.dumps(events(('a1', 'login'), ('a2', 'login'))),
                  'lines': '{"customer":"l1","type":"login"}\n\r\n{"customer":"l2","type":"login"}\n'}
        for body in bodies.values():
            applied(house, post(house, '/v1/events', body))
        check(sorted(listed(house, '')) == ['a1', 'a2', 'l1', 'l2', 'o1'], listed(house, ''))
        check([fields['customer'] for _, fields in house.entries('events')] == ['o1', 'a1', 'a2', 'l1', 'l2'], 'order')


def test_rejected_events_say_why_and_do_not_stop_the_others():
    with started() as house:
        answer = post(house, '/v1/events', '\n'.join([
            '{"customer":"c1","type":"login"}', '{"customer":"","type":"login"}', '{"customer":"c2","type":"Log In"}',
            '{"customer":"c3","type":"churnd.clock"}', '{"customer":"c4","type":"login","ts":"2026-01-01T00:00:00"}',
            '{"customer":"c5","type":"login","x":{"deep":[1]}}', '{"customer":"c6","type":"login","value":1.5}']))
        check(answer['appended'] == 2 and answer['rejected'] == 5, answer)
        check([bool(entry) for entry in answer['ids']] == [True, False, False, False, False, False, True], answer)
        check([reject['index'] for reject in answer['rejects']] == [1, 2, 3, 4, 5], answer)
        check('reserved' in answer['rejects'][2]['error'] and 'offset' in answer['rejects'][3]['error'], answer)
        applied(house, answer)
        check(len(house.entries('events')) == 2 and not house.entries('rejected'), 'only the good ones are in the stream')
        none = post(house, '/v1/events', '{"customer":"c1"}', 400)
        check(none['error']['code'] == 'rejected' and 'type' in none['error']['message'], none)


def test_bodies_that_are_no_events_are_refused_whole():
    with started() as house:
        good = '{"customer":"c1","type":"login"}'
        for body in ('', ' \n', 'hello', good + ' and more', '[' + good, '[' + good + '] x', '{"customer":"c1"', '[]', '"text"',
                     good + '\0' + good, '[1]'):
            check(post(house, '/v1/events', body, 400)['error']['code'] == 'bad_body', body)
        check(not house.entries('events'), 'nothing was appended')


def test_deep_json_is_refused():
    with started() as house:
        deep = '{"customer":"c1","type":"login","x":' + '[' * 300000 + ']' * 300000 + '}'
        check(post(house, '/v1/events', deep, 400)['rejected'] == 1, 'deep and closed')
        post(house, '/v1/events', '[' * 500000, 400)
        post(house, '/v1/events', '{"a":' * 150000, 400)
        get(house, '/healthz')


def test_what_became_of_an_entry():
    with started() as house:
        good, bad = house.send('c1', 'login'), house.send('c1', 'login', ts='yesterday')
        house.committed(bad)
        check(get(house, f'/v1/entries/{good}') == {'id': good, 'applied': True, 'rejected': False, 'message': ''}, good)
        said = get(house, f'/v1/entries/{bad}')
        check(said['rejected'] and not said['applied'] and 'ts' in said['message'], said)
        check(not get(house, '/v1/entries/9999999999999-0')['applied'], 'the future')
        get(house, '/v1/entries/x', 400)


def test_a_redis_that_hangs_is_said():
    with started() as house:
        wait_for('drained', lambda: get(house, '/readyz')['drained'])
        house.server.send_signal(signal.SIGSTOP)
        try:
            wait_for('not ready', lambda: ask(house, 'GET', '/readyz').status == 503)
            said = get(house, '/readyz', 503)
            check(not said['drained'] and said['why'] == 'Redis does not answer a read', said)
            check('churnd_up 0' in ask(house, 'GET', '/metrics').body, 'up')
        finally:
            house.server.send_signal(signal.SIGCONT)
        said = wait_for('ready', lambda: ask(house, 'GET', '/readyz').status == 200 and get(house, '/readyz'))
        check(said['why'] == '', said)
        house.committed(house.send('c1', 'login'))


def test_what_redis_does_not_say_is_not_made_up():
    with started() as house:
        good = house.send('c1', 'login')
        house.committed(good)
        for key in ('churn:rejected', 'churn:task:tk_' + 'a' * 26):
            house.call('DEL', key)
            house.call('SET', key, 'of another kind')
        for said in (get(house, f'/v1/entries/{good}', 503), get(house, '/v1/tasks/tk_' + 'a' * 26, 503),
                     post(house, '/v1/tasks/tk_' + 'a' * 26 + '/done', '{}', 503)):
            check('Redis says WRONGTYPE' in said['error']['message'], said)


def test_a_crm_sends_owners_and_outcomes_back():
    with started() as house:
        fill(house)
        applied(house, post(house, '/v1/events', {'customer': 'c1', 'type': 'profile', 'owner': 'wang'}))
        check(listed(house, '?owner=wang') == ['c1', 'c3'], listed(house, '?owner=wang'))
        applied(house, post(house, '/v1/events', {'customer': 'c3', 'type': 'profile', 'owner': ''}))
        check(listed(house, '?owner=wang') == ['c1'], 'unset')
        applied(house, post(house, '/v1/events', {'customer': 'c1', 'type': 'churned', 'reason': 'price'}))
        stats = get(house, '/v1/rules/stats')
        check(stats['churned'] == 1 and stats['foreseen'] == 1, stats)
        task = '/v1/tasks/' + get(house, '/v1/tasks?customer=c1')['tasks'][0]['id']
        check(post(house, task + '/link', {'who': 'crm', 'external_id': 'T-17'})['external_id'] == 'T-17', 'its id over there')
        check(post(house, task + '/done', {'who': 'crm', 'outcome': 'churned', 'reason_code': 'price'})['outcome'] == 'churned', 'done')
        answer = post(house, '/v1/events', {'customer': 'c1', 'type': 'churnd.task', 'task': 'tk_1', 'verb': 'done'}, 400)
        check('reserved' in answer['error']['message'], 'acts go through their routes')


# --- tasks

def test_tasks_are_listed_and_worked_on():
    with started() as house:
        fill(house)
        tasks = get(house, '/v1/tasks')['tasks']
        check(len(tasks) == 1 and tasks[0]['title'] == 'Call Acme' and tasks[0]['queue'] == 'csm', tasks)
        check(tasks[0]['rules'] and tasks[0]['value'] == 120 and tasks[0]['ack_by'].endswith('Z'), tasks)
        task = '/v1/tasks/' + tasks[0]['id']
        check(get(house, task) == tasks[0], 'one is as in the list')
        claimed = post(house, task + '/claim', {'who': 'li'})
        check(claimed['state'] == 'claimed' and claimed['assignee'] == 'li', claimed)
        check(post(house, task + '/claim', {'who': 'wang'}, 409)['error']['message'].endswith('by li'), 'claimed twice')
        check(get(house, '/v1/tasks?assignee=li')['tasks'][0]['state'] == 'claimed', 'by assignee')
        check(get(house, '/v1/tasks?assignee=wang')['tasks'] == [], 'not by another')
        check('outcome' in post(house, task + '/done', {'outcome': 'magic'}, 400)['error']['message'], 'outcome')
        check(post(house, task + '/done', {'who': 'li', 'outcome': 'saved', 'note': 'fine'})['state'] == 'done', 'done')
        check(post(house, task + '/cancel', '', 409)['error']['code'] == 'conflict', 'too late')
        check(get(house, '/v1/tasks')['tasks'] == [], 'none is open')
        check(get(house, '/v1/tasks?state=done')['tasks'][0]['outcome'] == 'saved', 'done')
        verbs = [fields['verb'] for _, fields in house.entries('tasks')]
        check(verbs == ['created', 'claimed', 'done'], verbs)


def test_of_the_same_priority_tasks_of_who_is_worth_more_come_first_then_the_oldest():
    rules = RULES.replace('actions:\n', 'actions:\n- {on: rule.fired, rule: complaints, task: look}\n') + '  look: {title: Look, priority: low}\n'
    with started(rules) as house:
        def order():
            rows = get(house, '/v1/tasks')['tasks']
            for limit in (1, 3):
                check(paged(house, '/v1/tasks', 'tasks', '', limit) == rows, f'{limit} a page')
            return [(row['priority'], row['customer'], row['value']) for row in rows]

        for customer, mrr, complaints in (('none', None, 2), ('zoe', 5, 2), ('abe', 5, 2), ('big', 300, 2), ('rich', 9000, 1)):
            if mrr:
                house.send(customer, 'profile', mrr=str(mrr))
            for _ in range(complaints):
                last = house.send(customer, 'complaint')
            house.committed(last)
        wanted = [('high', 'big', 3600), ('high', 'zoe', 60), ('high', 'abe', 60), ('high', 'none', None), ('low', 'rich', 108000),
                  ('low', 'big', 3600), ('low', 'zoe', 60), ('low', 'abe', 60), ('low', 'none', None)]
        check(order() == wanted, order())
        house.committed(house.send('none', 'profile', mrr='1000'))
        wanted = [('high', 'none', 12000), *wanted[:3], wanted[4], ('low', 'none', 12000), *wanted[5:8]]
        check(order() == wanted, f'as it is worth now: {order()}')


def test_acts_that_make_no_sense_are_refused():
    with started() as house:
        fill(house)
        task = '/v1/tasks/' + get(house, '/v1/tasks')['tasks'][0]['id']
        post(house, '/v1/tasks/tk_none/claim', {'who': 'li'}, 404)
        get(house, '/v1/tasks/tk_none', 404)
        check('who' in post(house, task + '/claim', '', 400)['error']['message'], 'who')
        check('colour' in post(house, task + '/claim', {'colour': 'red'}, 400)['error']['message'], 'colour')
        post(house, task + '/claim', '{"who":', 400)
        post(house, task + '/claim', {'who': 'x' * 2000}, 400)
        post(house, task + '/fly', {}, 404)


# --- who may ask

def test_a_token_is_asked_for():
    with House(RULES, config='') as house:
        house.write('token', 'open sesame\n')
        path = house.config()
        with open(path, encoding='utf-8') as file:
            text = file.read()
        house.write(CONFIG, text.replace('.http"}', '.http", token_file: token}'))
        house.start(path)
        get(house, '/healthz')
        get(house, '/readyz')
        for value in (None, 'Bearer', 'Bearer open', 'Bearer open sesamf', 'Basic open sesame', 'Bearer open sesame!'):
            answer = ask(house, 'GET', '/v1/status', headers={'Authorization': value} if value else {})
            check(answer.status == 401 and answer.headers['WWW-Authenticate'] == 'Bearer', f'{value}: {answer}')
        get(house, '/v1/status', Authorization='Bearer open sesame')
        get(house, '/v1/status', Authorization='bearer open sesame')
        check('sesame' not in house.log(house.daemons[0]), 'the token is in the log')


def test_pages_of_others_may_not_ask():
    with started() as house:
        for headers in ({'Origin': 'http://evil.example'}, {'Origin': 'null'}, {'Host': 'evil.example'},
                        {'Host': 'evil.example:8787'}, {'Origin': 'http://localhost.evil.example'},
                        {'Host': 'evil.example:8787', 'Origin': 'http://evil.example:8787'}):
            answer = ask(house, 'POST', '/v1/events', json.dumps(events(('c1', 'login'))), headers)
            check(answer.status == 403 and answer.json['error']['code'] == 'foreign_page', f'{headers}: {answer}')
        for headers in ({'Host': '127.0.0.1:8787'}, {'Host': '[::1]:8787'}, {'Host': 'localhost:8787'},
                        {'Host': 'localhost:1', 'Origin': 'http://localhost:1'}):
            check(ask(house, 'GET', '/v1/status', headers=headers).status == 200, headers)
        check(not house.entries('events'), 'nothing was appended')


def test_another_address_than_loopback_needs_a_token():
    with House(RULES) as house:
        house.write('open.yaml', f'redis: {{url: "unix://{house.socket}"}}\nrules: [rules.yaml]\n'
                                 'http: {listen: "0.0.0.0:18787"}\n')
        daemon = house.start(house.path('open.yaml'), wait=False)
        check(daemon.wait(PATIENCE) == 2 and 'token' in house.log(daemon), house.log(daemon))


def test_the_socket_is_for_its_user_and_group():
    with started() as house:
        check(os.stat(socket_path(house)).st_mode & 0o7117 == 0, oct(os.stat(socket_path(house)).st_mode))


# --- the protocol

def test_an_absolute_target_is_answered():
    with started() as house:
        text = raw(house, b'GET http://localhost/v1/customers?limit=5 HTTP/1.1\r\nHost: localhost\r\n\r\n')
        check(text.startswith(b'HTTP/1.1 200 ') and b'"customers":[]' in text, text)
        check(raw(house, b'GET * HTTP/1.1\r\nHost: localhost\r\n\r\n').startswith(b'HTTP/1.1 400 '), 'an asterisk')


def test_methods_and_paths():
    with started() as house:
        answer = ask(house, 'POST', '/v1/customers', '{}')
        check(answer.status == 405 and answer.headers['Allow'] == 'GET', answer)
        check(ask(house, 'DELETE', '/v1/events').headers['Allow'] == 'POST', 'Allow')
        for path in ('/', '/v2/status', '/v1/customers/', '/v1/customers/a/b', '/v1/statusx', '//v1/status'):
            get(house, path, 404)
        head = raw(house, b'HEAD /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        check(head.startswith(b'HTTP/1.1 200') and head.endswith(b'\r\n\r\n') and b'Content-Length: 0' not in head, head)


def test_requests_in_one_piece_or_many_are_answered_in_order():
    with started() as house:
        requests = (b'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'
                    b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
                    b'10;x=y\r\n{"customer":"c1"\r\n11\r\n,"type":  "login"\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n'
                    b'GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        whole = raw(house, requests)
        for text in (whole, dribble(house, requests)):
            check(re.findall(rb'HTTP/1.1 (\d+) ', text) == [b'200', b'200', b'404'], text)
            check(b'"appended":1' in text and text.index(b'alive') < text.index(b'appended') < text.index(b'error'), text)


def dribble(house, text):
    with dial(socket_path(house)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        for at in range(0, len(text), 3):
            sock.sendall(text[at:at + 3])
        return read_all(sock)


def test_a_client_may_end_its_side_and_still_be_answered():
    with started() as house:
        fill(house)
        text = raw(house, b'GET /v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n')
        check(text.startswith(b'HTTP/1.1 200') and b'Call Acme' in text, text)


def test_http_1_0_is_closed_after_its_answer():
    with started() as house:
        with dial(socket_path(house)) as sock:
            sock.sendall(b'GET /healthz HTTP/1.0\r\n\r\n')
            check(b'alive' in read_all(sock), 'answered, then closed')


def test_continue_is_said_to_who_waits_for_it():
    with started() as house:
        body = b'{"customer":"c1","type":"login"}'
        with dial(socket_path(house)) as sock:
            sock.sendall(b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n'
                         b'Content-Length: %d\r\n\r\n' % len(body))
            check(sock.recv(1000) == b'HTTP/1.1 100 Continue\r\n\r\n', 'continue')
            sock.sendall(body)
            check(b'"appended":1' in read_all(sock), 'appended')


def test_strange_requests_are_refused():
    with started() as house:
        host = b'Host: localhost\r\n'
        for text, status in (
                (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\n\n', 400), (b'GET\r\n\r\n', 400), (b'GET / HTTP/1.1\r\n\r\n', 400),
                (b'GET /  HTTP/1.1\r\n' + host + b'\r\n', 400), (b'GET / HTTP/2.0\r\n' + host + b'\r\n', 505),
                (b'GET /\x01 HTTP/1.1\r\n' + host + b'\r\n', 400), (b'GET /\xff HTTP/1.1\r\n' + host + b'\r\n', 400),
                (b'GET v1 HTTP/1.1\r\n' + host + b'\r\n', 400), (b'G(T / HTTP/1.1\r\n' + host + b'\r\n', 400),
                (b'GET / HTTP/1.1\r\n' + host + host + b'\r\n', 400), (b'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400),
                (b'GET / HTTP/1.1\r\n' + host + b' folded: x\r\n\r\n', 400), (b'GET / HTTP/1.1\r\n' + host + b'X: a\0b\r\n\r\n', 400),
                (b'GET / HTTP/1.1\r\n' + host + b'no colon\r\n\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Content-Length: 1\r\nContent-Length: 2\r\n\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Content-Length: 1\r\nContent-Length: 1\r\n\r\na', 400),
                (b'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Transfer-Encoding: chunked\r\n\r\n1\ra\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Content-Length: +1\r\n\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Content-Length: -1\r\n\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Transfer-Encoding: gzip\r\n\r\n', 501),
                (b'POST / HTTP/1.1\r\n' + host + b'Transfer-Encoding: chunked\r\n\r\nz\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Transfer-Encoding: chunked\r\n\r\n1\r\nab', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n', 400),
                (b'POST / HTTP/1.1\r\n' + host + b'Expect: a miracle\r\n\r\n', 417)):
            answer = raw(house, text)
            check(answer.startswith(b'HTTP/1.1 %d ' % status), f'{text[:90]}: {answer[:200]}')
        get(house, '/healthz')


# --- limits

def test_large_heads_and_bodies_are_refused():
    with started() as house:
        huge = b'GET / HTTP/1.1\r\nHost: localhost\r\nX: ' + b'a' * 200000
        check(raw(house, huge + b'\r\n\r\n').startswith(b'HTTP/1.1 431 '), 'a huge header')
        many = b'GET / HTTP/1.1\r\nHost: localhost\r\n' + b'X: a\r\n' * 5000 + b'\r\n'
        check(raw(house, many).startswith(b'HTTP/1.1 431 '), 'many headers')
        check(raw(house, b'GET /' + b'a' * 50000).startswith(b'HTTP/1.1 431 '), 'a huge target')
        head = b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\n'
        check(raw(house, head + b'Content-Length: 1048577\r\n\r\n').startswith(b'HTTP/1.1 413 '), 'a huge body, announced')
        check(raw(house, head + b'Content-Length: 99999999999999999999\r\n\r\n').startswith(b'HTTP/1.1 4'), 'absurd')
        chunk = b'10000\r\n' + b' ' * 65536 + b'\r\n'
        check(raw(house, head + b'Transfer-Encoding: chunked\r\n\r\n' + chunk * 17).startswith(b'HTTP/1.1 413 '), 'chunks')
        just = json.dumps(events(('c1', 'login'))).ljust(1 << 20)
        check(post(house, '/v1/events', just)['appended'] == 1, 'a body of 1 MiB is taken')


def test_a_smuggled_request_is_not_answered():
    """What stands behind a request that is refused is never taken for another request."""
    with started() as house:
        second = b'GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n'
        for head in (b'Content-Length: 5\r\nContent-Length: 0\r\n', b'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
                     b'Transfer-Encoding: x\r\n', b'Transfer-Encoding : chunked\r\n'):
            text = raw(house, b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\n' + head + b'\r\n' + second)
            check(re.findall(rb'HTTP/1.1 (\d)', text) in ([b'4'], [b'5']) and b'Connection: close' in text, f'{head}: {text}')


def test_lists_at_a_time_are_capped():
    with started() as house:
        ids = [f'c{number:05}' for number in range(12000)]
        for at in range(0, len(ids), 6000):
            last = post(house, '/v1/events', [event for customer in ids[at:at + 6000] for event in events((customer, 'login'))])
        applied(house, last)
        both = b'GET /v1/customers?limit=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
        asking = [dial(socket_path(house)) for _ in range(40)]
        for sock in asking:
            sock.sendall(both)
        answers = [read_all(sock)[9:12] for sock in asking]
        check(set(answers) <= {b'200', b'503'} and answers.count(b'200') >= 8, answers)
        check(b'503' in answers, 'all forty were made at once')
        check(len(listed(house, '?limit=1')) == 1, 'there is room again')


def test_connections_are_capped_and_idle_ones_make_room():
    with started() as house:
        held = []

        def one_more_is_refused():
            held.append(dial(socket_path(house)))
            held[-1].settimeout(0.02 if len(held) > 256 else 0.0001)
            try:
                return held[-1].recv(1000).startswith(b'HTTP/1.1 503 ')
            except TimeoutError:
                held[-1].sendall(b'GET / HT')  # it is not idle any more
                return False

        try:
            wait_for('one too many is told so', one_more_is_refused)
            check(len(held) > 256, f'{len(held)} connections')
            for sock in held[:9]:
                sock.close()
            wait_for('room', lambda: raw(house, b'GET /healthz HTTP/1.0\r\n\r\n').startswith(b'HTTP/1.1 200 '))
        finally:
            for sock in held:
                sock.close()
        idle = [dial(socket_path(house)) for _ in range(300)]
        try:
            get(house, '/healthz')
        finally:
            for sock in idle:
                sock.close()


def test_without_descriptors_it_waits_and_does_not_spin():
    with started() as house:
        daemon = house.daemons[0]
        limits = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        taken = {int(name) for name in os.listdir(f'/proc/{daemon.pid}/fd')}  # valgrind's own are far above
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, ([n for n in range(1000) if n not in taken][2], limits[1]))
        held = [dial(socket_path(house)) for _ in range(5)]
        try:
            house.says(daemon, 'could not be accepted')
            resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, limits)
            get(house, '/healthz')
            check(house.log(daemon).count('could not be accepted') < 5, house.log(daemon))
        finally:
            for sock in held:
                sock.close()


def test_slow_clients_are_closed():
    """The deadline is that of the whole request: a byte now and then does not move it."""
    with started() as house:
        starts = (b'', b'GET /v1/st', b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{')
        slow = [dial(socket_path(house)) for _ in starts]
        for sock, start in zip(slow, starts):
            sock.sendall(start)
            sock.settimeout(0.5)
        open_ = list(slow[1:])

        def all_closed():
            for sock in list(open_):
                try:
                    sock.sendall(b'x')
                    if sock.recv(1) == b'':
                        open_.remove(sock)
                except TimeoutError:
                    pass
                except OSError:
                    open_.remove(sock)
            return not open_

        wait_for('closed', all_closed)
        slow[0].settimeout(PATIENCE)
        check(slow[0].recv(1) == b'', 'one that never said anything is closed too')
        for sock in slow:
            sock.close()
        get(house, '/healthz')


def test_clients_that_leave_break_nothing():
    with started() as house:
        fill(house)
        task = get(house, '/v1/tasks')['tasks'][0]['id']
        for request in (b'GET /v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n', b'GET /v1/customers HTTP/1.1\r\nHost: x\r\n\r\n',
                        b'POST /v1/tasks/%s/claim HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n{"who":"li"}'
                        % task.encode()):
            for _ in range(20):
                with dial(socket_path(house)) as sock:
                    sock.sendall(request)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        wait_for('claimed', lambda: get(house, '/v1/tasks/' + task)['state'] == 'claimed')


# --- the world around

def test_without_redis_it_answers_and_says_so():
    with started() as house:
        fill(house)
        house.stop_redis()
        wait_for('not ready', lambda: ask(house, 'GET', '/readyz').status == 503)
        check(get(house, '/healthz') == {'alive': True}, 'alive')
        answer = post(house, '/v1/events', {'customer': 'c1', 'type': 'login'}, 503)
        check('Redis' in answer['error']['message'], answer)
        house.start_redis()
        house.redis.reconnect()
        wait_for('ready', lambda: ask(house, 'GET', '/readyz').status == 200)
        applied(house, post(house, '/v1/events', {'customer': 'c9', 'type': 'login'}))
        check('c9' in listed(house, ''), 'goes on')


def test_a_refusing_redis_is_told_of():
    with started() as house:
        house.call('CONFIG', 'SET', 'maxmemory', '1')
        answer = post(house, '/v1/events', {'customer': 'c1', 'type': 'login'}, 503)
        check('OOM' in answer['error']['message'], answer)
        house.call('CONFIG', 'SET', 'maxmemory', '0')
        applied(house, post(house, '/v1/events', {'customer': 'c1', 'type': 'login'}))


def test_it_stops_with_connections_open():
    with started() as house:
        with dial(socket_path(house)) as idle, dial(socket_path(house)) as half:
            half.sendall(b'GET /hea')
            status = house.end(house.daemons[0])
            check(status == 0, f'exit status {status}: {house.log(house.daemons[0])}')
            check(read_all(idle) == b'', 'closed')
        check(not os.path.exists(socket_path(house)), 'the socket is left')


def test_a_socket_left_by_a_killed_daemon_is_taken_over():
    with started() as house:
        house.end(house.daemons[0], signal.SIGKILL)
        check(os.path.exists(socket_path(house)), 'left behind')
        house.start()
        get(house, '/healthz')


def test_an_address_in_use_is_waited_for():
    with started() as house:
        second = house.start(wait=False)
        house.says(second, 'it is tried again')
        house.end(house.daemons[0])
        house.says(second, 'running: ')
        wait_for('the second answers', lambda: os.path.exists(socket_path(house)) and get(house, '/healthz'))
        try:
            get(house, '/v1/status')
        except OSError as error:
            raise Failure(f'the second does not answer: {error}') from error


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
