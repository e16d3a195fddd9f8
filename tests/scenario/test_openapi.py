#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon serves at /v1/openapi.json is true: every operation is asked for, every answer fits its schema."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from json_schema import Schemas  # noqa: E402
from live_house import House, check, run_tests, wait_for  # noqa: E402
from unix_http import Client  # noqa: E402

RULES = '''churnd: 1
name: described
levels:
  watch: {enter: 30, leave: 20}
  critical: {enter: 80, leave: 70}
profile:
  mrr: num
  secret: {type: string, private: true}
value: profile.mrr * 12
items:
  ticket: {open: ticket_opened, close: ticket_closed, key: number, keep: [severity]}
signals:
  complaint: {on: complaint}
  payment: {on: payment, sum: value}
stages:
- {stage: known, when: seen(payment)}
- {stage: new, when: true}
tags:
  rich: {when: profile.mrr > 100}
rules:
- rule: complaints
  expr: count(complaint[14d live]) >= 1
  clear: count(complaint[14d live]) == 0
  points: 40
  reason: {en: "{count(complaint[14d live])} complaints", zh: "投诉 {count(complaint[14d live])} 次"}
  advice: {en: "Call.", zh: "致电。"}
- rule: many_complaints
  expr: count(complaint[14d live]) >= 2
  points: 50
- rule: no_payment
  expr: seen(payment) and silent(payment) >= 60d
  mode: shadow
  points: 10
actions:
- {on: customer.level_raised, at_least: critical, task: save_call, webhook: crm}
tasks:
  save_call: {title: "Call {name}", queue: csm, priority: high, ack_within: 4h, resolve_within: 5d}
'''
CONFIG = 'webhooks: {crm: {url: "http://127.0.0.1:9/", secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg==}}\n'


class Described:
    """Asks and holds each answer against the description."""

    def __init__(self, client):
        self.client = client
        self.document = client.json('GET', '/v1/openapi.json')
        self.schemas = Schemas(self.document)
        self.seen = set()

    def operation(self, method, path):
        bare = path.split('?')[0]
        for pattern, item in self.document['paths'].items():
            head, brace, tail = pattern.partition('{id}')
            middle = bare[len(head):len(bare) - len(tail)] if tail else bare[len(head):]
            fits = bare == pattern if not brace else (bare.startswith(head) and bare.endswith(tail) and middle and '/' not in middle)
            if fits and method.lower() in item and (brace or bare == pattern):
                if brace and bare in self.document['paths'] and method.lower() in self.document['paths'][bare]:
                    continue
                return item[method.lower()]
        raise AssertionError(f'{method} {path} is not described')

    def __call__(self, method, path, body=None, status=200):
        operation = self.operation(method, path)
        answer = self.client.ask(method, path, body)
        check(answer.status == status, f'{method} {path}: {answer}')
        response = operation['responses'].get(str(status), operation['responses']['default'])
        response = self.schemas.find(response['$ref']) if '$ref' in response else response
        kind, content = next(iter(response['content'].items()))
        check(answer.headers['Content-Type'].split(';')[0] == kind, f'{method} {path}: {answer.headers["Content-Type"]}, not {kind}')
        value = answer.json if kind == 'application/json' else answer.body
        errors = self.schemas.errors(content['schema'], value)
        check(not errors, f'{method} {path}: {errors[:5]}')
        if status < 400:
            self.seen.add(operation['operationId'])
        if body is not None and status < 400 and operation.get('requestBody'):
            errors = self.schemas.errors(operation['requestBody']['content']['application/json']['schema'], body)
            check(not errors, f'{method} {path}, what was sent: {errors[:5]}')
        return value


def filled(house, ask):
    answer = ask('POST', '/v1/events', [
        {'customer': 'c1', 'type': 'profile', 'name': 'Acme', 'owner': 'li', 'mrr': 300, 'secret': 'x'},
        {'customer': 'c1', 'type': 'payment', 'value': 12.5, 'source': 'shop', 'user': 'ann', 'id': 'p1'},
        {'customer': 'c1', 'type': 'ticket_opened', 'number': '17', 'severity': 'high'},
        {'customer': 'c1', 'type': 'complaint', 'ts': 1}, {'customer': 'c1', 'type': 'complaint'},
        {'customer': 'c1', 'type': 'complaint'}, {'customer': 'c2', 'type': 'complaint'}])
    check(answer['appended'] == 6 and answer['rejects'][0]['index'] == 3, answer)
    house.committed(answer['ids'][-1])
    house.committed(house.call('XADD', 'churn:events', '*', 'customer', 'c1', 'type', 'churnd.tag', 'tag', 'vip', 'expires', '9d').decode())
    return [house.call('XADD', 'churn:dead', '*', 'id', f'al_{number}', 'endpoint', 'crm', 'customer', 'c1', 'reason', 'no', 'status', '404',
                       'reply', 'nothing', 'attempts', '3', 'first_at', '1', 'last_at', '2', 'body', '{"a":1}').decode()
            for number in range(5)]


def read_all(ask, letters):
    for path in ('/healthz', '/readyz', '/metrics', '/v1/openapi.json', '/v1/status', '/v1/customers?limit=1&sort=value', '/v1/customers/c1',
                 '/v1/customers/c1/explain', '/v1/customers/c1/timeline', '/v1/tasks/report', '/v1/alerts?customer=c1', '/v1/rules', '/v1/rules/stats',
                 '/v1/webhooks', '/v1/webhooks/crm', '/v1/dead?limit=2', f'/v1/dead/{letters[0]}'):
        ask('GET', path)
    for path in ('/v1/customers/nobody', '/v1/tasks/tk_none', '/v1/webhooks/none', '/v1/dead/1-0'):
        ask('GET', path, status=404)
    ask('GET', '/v1/customers?sort=colour', status=400)
    ask('POST', '/v1/events', {'customer': 'c1'}, 400)


def work_on_tasks(ask):
    task = '/v1/tasks/' + ask('GET', '/v1/tasks')['tasks'][0]['id']
    ask('GET', task)
    for verb, body in VERBS:
        ask('POST', f'{task}/{verb}', body)
    ask('POST', f'{task}/claim', {'who': 'li'}, 409)


VERBS = (('claim', {'who': 'li', 'note': 'mine'}), ('snooze', {'who': 'li', 'until': '2d'}), ('link', {'who': 'li', 'external_id': 'crm-7'}),
         ('assign', {'who': 'li', 'to': 'wang'}), ('transfer', {'who': 'wang', 'to': 'zhao'}), ('done', {'who': 'li', 'outcome': 'saved', 'reason_code': 'price', 'note': 'well'}))


def test_every_operation_answers_as_described():
    with House(RULES, config=CONFIG) as house:
        house.start()
        ask = Described(Client(house.path('churnd.yaml.http')))
        letters = filled(house, ask)
        wait_for('a try', lambda: ask('GET', '/v1/webhooks/crm')['failed'])
        read_all(ask, letters)
        work_on_tasks(ask)
        done = house.send('c2', 'complaint')
        house.committed(done)
        ask('GET', f'/v1/entries/{done}')
        other = ask('GET', '/v1/tasks?customer=c2')['tasks'][0]['id']
        ask('POST', f'/v1/tasks/{other}/cancel', {'who': 'wang'})
        for verb in ('pause', 'resume', 'test'):
            ask('POST', f'/v1/webhooks/crm/{verb}', {'who': 'li'})
        for path, body in ((f'/v1/dead/{letters[0]}/retry', {'who': 'li'}), (f'/v1/dead/{letters[1]}/drop', {}),
                           ('/v1/dead/retry', {'endpoint': 'crm'}), ('/v1/dead/drop', {'who': 'li'}), ('/v1/reload', {'by': 'li', 'why': 'x'})):
            ask('POST', path, body)
        ask('POST', f'/v1/dead/{letters[0]}/retry', {}, 409)
        every = {operation['operationId'] for item in ask.document['paths'].values() for operation in item.values()}
        check(ask.seen == every, f'never asked for: {every - ask.seen}')


def test_an_answer_that_does_not_fit_would_be_noticed():
    with open('daemon/app/openapi.json', encoding='utf-8') as file:
        schemas = Schemas(json.load(file))
    good = {'id': '1-0', 'applied': True, 'rejected': False, 'message': ''}
    reference = {'$ref': '#/components/schemas/Entry'}
    check(schemas.errors(reference, good) == [], 'good')
    for bad in ({**good, 'applied': 1}, {**good, 'more': 1}, {key: good[key] for key in ('id', 'applied', 'rejected')}, [], None):
        check(schemas.errors(reference, bad), bad)
    instant = {'type': ['string', 'null'], 'format': 'date-time'}
    check(not schemas.errors(instant, '2026-11-21T10:00:00.000Z') and not schemas.errors(instant, None), 'an instant')
    for schema, bad in ((instant, 'today'), ({'type': 'integer', 'minimum': 0}, -1), ({'enum': ['a']}, 'b'), ({'pattern': '^x'}, 'yx'),
                        ({'anyOf': [{'type': 'null'}, {'type': 'string'}]}, 1), ({'oneOf': []}, 1), ({'type': 'integer'}, True)):
        check(schemas.errors(schema, bad), f'{schema} takes {bad}')


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
