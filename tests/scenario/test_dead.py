#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alerts, endpoints and dead letters over HTTP and with churnctl: read, sent again, dropped, by one or by two at once."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import exposition  # noqa: E402
from live_house import PATIENCE, House, check, run_tests, wait_for  # noqa: E402
from unix_http import Client  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
RULES = '''churnd: 1
name: read-test
levels:
  watch: {enter: 30, leave: 20}
  critical: {enter: 80, leave: 70}
signals:
  complaint: {on: complaint}
rules:
- rule: complaints
  expr: count(complaint[14d live]) >= 1
  points: 40
- rule: many_complaints
  expr: count(complaint[14d live]) >= 2
  points: 50
actions:
- {on: customer.level_raised, webhook: crm}
'''
KEY = b'0123456789abcdef'
SECRET = 'whsec_' + base64.b64encode(KEY).decode()
PLAIN = 'webhooks: {crm: {url: "http://127.0.0.1:9/", secret: %s}}\n' % SECRET


class Receiver(http.server.ThreadingHTTPServer):
    """Answers with `status` and a body; keeps (webhook-id, genuine) of each request."""
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.status, self.reply, self.seen = 404, b'no such hook \xff', []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def config(self):
        return ('webhooks: {crm: {url: "http://127.0.0.1:%d/", secret: %s, allow: [127.0.0.0/8], '
                'retry: {first: 20ms, factor: 1}}}\n' % (self.server_address[1], SECRET))

    def handle_error(self, *_):
        pass


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        signed = b'.'.join([self.headers['webhook-id'].encode(), self.headers['webhook-timestamp'].encode(), body])
        wanted = 'v1,' + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        self.server.seen.append((self.headers['webhook-id'], wanted in self.headers['webhook-signature'].split()))
        reply = b'' if self.server.status == 204 else self.server.reply
        self.send_response(self.server.status)
        if reply:
            self.send_header('Content-Length', str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


class Place(House):
    """A house whose HTTP interface and churnctl are at hand."""

    def __init__(self, config=PLAIN):
        super().__init__(RULES, config=config)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        self.http = Client(self.path('churnd.yaml.http'))

    def get(self, path, status=200):
        return self.http.json('GET', path, None, status)

    def post(self, path, body=None, status=200):
        return self.http.json('POST', path, body or {}, status)

    def ctl(self, *words, status=0, lang='en'):
        done = subprocess.run([CHURNCTL, '-c', self.path('churnd.yaml'), '--lang', lang, *words], capture_output=True, text=True,
                              timeout=3 * PATIENCE, check=False)
        check(done.returncode == status, f'{words}: wanted {status}, got {done}')
        return done.stdout + done.stderr

    def letter(self, number, endpoint='crm', customer='c1', body='{"type":"customer.level_raised","id":"al_1"}'):
        """A dead letter as the outbox writes it."""
        return self.call('XADD', 'churn:dead', '*', 'id', f'al_{number}', 'endpoint', endpoint, 'customer', customer,
                         'reason', 'the endpoint says 404', 'status', '404', 'reply', 'no\x1b[2J such "hook"', 'attempts', '3',
                         'first_at', '1795255200000', 'last_at', '1795255260000', 'body', body).decode()


def raised(place, *customers):
    for customer in customers:
        last = place.send(customer, 'complaint')
    place.committed(last)


# --- alerts

def test_alerts_are_read_newest_first():
    with Place() as place:
        raised(place, 'c1', 'c2', 'c1')
        said = place.get('/v1/alerts')
        stream = place.entries('alerts')
        check([row['entry'] for row in said['alerts']] == [entry for entry, _ in reversed(stream)] and said['next'] is None, said)
        check([row['alert'] for row in said['alerts']] == [json.loads(fields['body']) for _, fields in reversed(stream)], said)
        check(all(row['to'] == (['crm'] if row['alert']['type'] == 'customer.level_raised' else []) for row in said['alerts']), said)


def test_alerts_are_filtered():
    with Place() as place:
        raised(place, 'c1', 'c2', 'c1')
        def found(query):
            rows = place.get('/v1/alerts?' + query)['alerts']
            return [(row['alert']['type'].split('.')[1], row['alert']['data']['customer']) for row in rows]
        check(found('customer=c2') == [('level_raised', 'c2'), ('fired', 'c2')], found('customer=c2'))
        check(found('type=customer.level_raised') == [('level_raised', name) for name in ('c1', 'c2', 'c1')], 'type')
        check(found('rule=many_complaints') == [('level_raised', 'c1'), ('fired', 'c1')], found('rule=many_complaints'))
        check(found('endpoint=crm') == found('type=customer.level_raised') and found('endpoint=cr') == [], 'endpoint')
        check(found('since=2999-01-01T00:00:00Z') == [] and len(found('until=2999-01-01T00:00:00Z')) == 6, 'RFC 3339')
        for query, word in (('since=yesterday', 'since'), ('until=2026-01-01T00:00:00', 'until'), ('limit=0', 'limit'),
                            ('cursor=x', 'cursor'), ('colour=red', 'colour')):
            check(word in place.get('/v1/alerts?' + query, 400)['error']['message'], query)


def test_alerts_are_shown_to_people():
    with Place() as place:
        check('no alerts' in place.ctl('alerts') and '没有告警' in place.ctl('alerts', lang='zh'), 'none')
        raised(place, 'c1', 'c1\x1b[2J')
        said = place.ctl('alerts', '--customer', 'c1', '--since', '1h')
        check(len(said.splitlines()) == 3 and 'customer.level_raised' in said and 'crm' in said and 'complaints' in said, said)
        check('\x1b' not in place.ctl('alerts') and '级别' in place.ctl('alerts', lang='zh'), 'clean')
        check('no alerts' in place.ctl('alerts', '--until', '1h'), 'all are younger')
        check(len(json.loads(place.ctl('alerts', '--json', '-n', '1'))['alerts']) == 1 and 'more' in place.ctl('alerts', '-n', '1'), 'pages')
        place.ctl('alerts', '--since', 'yesterday', status=2)
        place.ctl('alerts', 'c1', status=2)


def test_pages_show_every_alert_once():
    with Place() as place:
        for number in range(700):
            place.call('XADD', 'churn:alerts', '*', 'id', f'al_{number}', 'type', 'rule.fired', 'customer', f'c{number % 3}', 'at',
                       str(1795255200000 + number), 'to', '', 'body', json.dumps({'number': number}) if number % 7 else 'broken')
        for query, wanted in (('', range(700)), ('&customer=c1', range(1, 700, 3)),
                              ('&since=1795255200100&until=1795255200451', range(100, 451)), ('&until=2026-11-21T10:00:00.002Z', range(2)),
                              ('&since=1795255200600&customer=c0', range(600, 700, 3))):
            seen, cursor, pages = [], '', 0
            while cursor is not None:
                page = place.get(f'/v1/alerts?limit=100&cursor={cursor}{query}')
                seen += [row['alert'] and row['alert']['number'] for row in page['alerts']]
                cursor, pages = page['next'], pages + 1
            check(seen == [number if number % 7 else None for number in reversed(wanted)], f'{query}: {len(seen)} alerts')
            check(pages == -(-len(wanted) // 100), f'{pages} pages')


# --- dead letters

def test_dead_letters_are_listed_and_shown():
    with Place() as place:
        check(place.post('/v1/dead/retry') == {'retried': 0} and place.post('/v1/dead/drop') == {'dropped': 0}, 'nothing to do')
        check('no dead letters' in place.ctl('dead') and '没有死信' in place.ctl('dead', lang='zh'), 'none')
        ids = [place.letter(1), place.letter(2, 'gone', 'c2'), place.letter(3, body='broken')]
        check([row['id'] for row in place.get('/v1/dead')['dead']] == ids[::-1], 'newest first')
        check([row['id'] for row in place.get('/v1/dead?endpoint=crm')['dead']] == [ids[2], ids[0]], 'by endpoint')
        check([row['id'] for row in place.get('/v1/dead?customer=c2')['dead']] == [ids[1]], 'by customer')
        page = place.get('/v1/dead?limit=2')
        check(page['next'] == ids[1] and place.get(f'/v1/dead?cursor={page["next"]}')['dead'][0]['id'] == ids[0], page)
        whole = place.get('/v1/dead/' + ids[0])
        check(whole == {'id': ids[0], 'alert': 'al_1', 'endpoint': 'crm', 'customer': 'c1', 'reason': 'the endpoint says 404',
                        'status': 404, 'attempts': 3, 'first_at': '2026-11-21T10:00:00.000Z', 'last_at': '2026-11-21T10:01:00.000Z',
                        'reply': 'no\x1b[2J such "hook"', 'body': {'type': 'customer.level_raised', 'id': 'al_1'}}, whole)
        check(place.get('/v1/dead/' + ids[2])['body'] is None, 'a body that is no JSON')
        place.get('/v1/dead/1-0', 404)
        place.get('/v1/dead/x', 400)
        said = place.ctl('dead', 'list', '--endpoint', 'crm')
        check(ids[0] in said and ids[1] not in said and 'the endpoint says 404' in said and 'REASON' in said, said)
        check('端点' in place.ctl('dead', lang='zh') and json.loads(place.ctl('dead', '--json'))['dead'], 'zh, json')
        said = place.ctl('dead', 'show', ids[0])
        check('such "hook"' in said and '\x1b' not in said and '"customer.level_raised"' in said, said)
        check('there is no dead letter' in place.ctl('dead', 'show', '1-0', status=1), 'none')


def test_a_dead_letter_is_dropped():
    with Place() as place:
        ids = [place.letter(number, endpoint) for number, endpoint in enumerate(('crm', 'gone', 'crm', 'gone', 'crm'))]
        check(place.post(f'/v1/dead/{ids[0]}/drop') == {'dropped': 1}, 'one')
        check(place.post(f'/v1/dead/{ids[0]}/drop', status=409)['error']['code'] == 'gone', 'twice')
        check('somebody was faster' in place.ctl('dead', 'drop', ids[0], ids[1], status=1), 'the other is dropped still')
        check([entry for entry, _ in place.entries('dead')] == ids[2:], 'these are left')
        check(place.post('/v1/dead/drop', {'endpoint': 'gone'}) == {'dropped': 1}, 'all of one endpoint')
        check('2 dead letters dropped' in place.ctl('dead', 'drop', '--all', '--who', 'li'), 'all')
        check(place.entries('dead') == [] and place.entries('resend') == [], 'none is left, none is sent')
        check('by li' in place.log(place.daemons[0]), 'who did it')


def test_a_letter_of_an_endpoint_that_is_no_more_is_not_sent():
    with Place() as place:
        gone = place.letter(1, 'gone')
        check('drop it' in place.post(f'/v1/dead/{gone}/retry', status=409)['error']['message'], 'one')
        check(place.post('/v1/dead/retry') == {'retried': 0}, 'all')
        check('no endpoint gone' in place.post('/v1/dead/retry', {'endpoint': 'gone'}, 404)['error']['message'], 'by name')
        check(len(place.entries('dead')) == 1, 'it is kept')


def test_acts_on_dead_letters_that_make_no_sense_are_refused():
    with Place() as place:
        letter = place.letter(1)
        for path, body, word in ((f'/v1/dead/{letter}/retry', {'endpoint': 'crm'}, 'endpoint'), ('/v1/dead/drop', {'all': 'yes'}, 'all'),
                                 ('/v1/dead/x/drop', {}, 'MS-N'), ('/v1/dead/drop', {'who': 'x' * 200}, '128')):
            check(word in place.post(path, body, 400)['error']['message'], path)
        for words in (('retry',), ('drop',), ('retry', letter, '--all'), ('drop', letter, '--endpoint', 'crm'), ('fly',), ('show',)):
            place.ctl('dead', *words, status=2)
        for verb in ('retry', 'drop'):
            check('no name' in place.post(f'/v1/dead/{verb}', {'endpoint': ''}, 400)['error']['message'], f'{verb}: all of nobody')
            place.ctl('dead', verb, '--all', '--endpoint', '', status=2)
        check(len(place.entries('dead')) == 1, 'nothing was dropped')


def test_what_an_endpoint_refused_is_sent_again_with_the_same_id():
    receiver = Receiver()
    with Place(receiver.config()) as place:
        raised(place, 'c1')
        letter = wait_for('a dead letter', lambda: place.get('/v1/dead')['dead'])[0]
        check(letter['status'] == 404 and letter['attempts'] == 3 and letter['customer'] == 'c1', letter)
        families = exposition.read(place.http.ask('GET', '/metrics').body)
        tries = {row['outcome']: number for _, row, number in families['churnd_webhook_tries_total'][1]}
        check(tries == {'delivered': 0, 'later': 0, 'denied': 0, 'refused': 3, 'throttled': 0, 'gone': 0}, tries)
        check(families['churnd_webhook_try_seconds'][1][-1][2] == 3 and families['churnd_webhook_dead_total'][1][0][2] == 1, 'the tries')
        check(place.get('/v1/dead/' + letter['id'])['reply'].startswith('no such hook'), 'the reply is kept')
        receiver.status = 204
        check('same webhook-id' in place.ctl('dead', 'retry', letter['id']), 'retry')
        wait_for('the fourth try', lambda: len(receiver.seen) == 4)
        check(receiver.seen == [(letter['alert'], True)] * 4, receiver.seen)
        wait_for('nothing is left', lambda: not place.entries('resend') and not place.entries('dead'))
        check(place.get('/v1/webhooks/crm')['resent'] == 1, 'it is counted')


def test_two_who_press_at_once_send_a_letter_once():
    receiver = Receiver()
    receiver.status = 204
    with Place(receiver.config()) as place:
        for round_ in range(20):
            letter, answers = place.letter(f'round{round_}'), []

            def press():
                answers.append(Client(place.path('churnd.yaml.http')).ask('POST', f'/v1/dead/{letter}/retry', {}).status)
            both = [threading.Thread(target=press) for _ in range(2)]
            for one in both:
                one.start()
            for one in both:
                one.join()
            check(sorted(answers) == [200, 409], answers)
        wait_for('all are delivered', lambda: len(receiver.seen) >= 20)
        wait_for('nothing is left', lambda: not place.entries('resend') and not place.entries('dead'))
        check(sorted(receiver.seen) == sorted((f'al_round{round_}', True) for round_ in range(20)), receiver.seen)


def test_a_thousand_letters_are_sent_again_in_their_order():
    receiver = Receiver()
    receiver.status = 204
    with Place(receiver.config()) as place:
        place.post('/v1/webhooks/crm/pause')
        for number in range(1000):
            place.letter(number, 'gone' if number % 10 == 0 else 'crm')
        check('900 dead letters' in place.ctl('dead', 'retry', '--all', '--endpoint', 'crm'), 'all of one endpoint')
        wanted = [f'al_{number}' for number in range(1000) if number % 10]
        check([fields['id'] for _, fields in place.entries('resend')] == wanted, 'in their order')
        check(len(place.entries('dead')) == 100, 'the others are left')
        place.post('/v1/webhooks/crm/resume')
        wait_for('all are delivered', lambda: len(receiver.seen) >= 900)
        check(sorted(seen for seen, _ in receiver.seen) == sorted(wanted), 'each once')
        wait_for('nothing is left', lambda: not place.entries('resend'))


# --- endpoints

def test_an_endpoint_is_shown():
    with Place() as place:
        wait_for('it has read all there is', lambda: not place.get('/v1/webhooks/crm')['backlog'])
        check(place.get('/v1/webhooks')['webhooks'] == [place.get('/v1/webhooks/crm')], 'one is as in the list')
        check('did you mean crm' in place.get('/v1/webhooks/crn', 404)['error']['message'], 'near')
        for verb in ('pause', 'resume', 'test'):
            place.post(f'/v1/webhooks/crn/{verb}', status=404)
        place.post('/v1/webhooks/crm/fly', status=404)
        check('who' in place.post('/v1/webhooks/crm/pause', {'colour': 'red'}, 400)['error']['message'], 'colour')
        place.ctl('webhooks', 'pause', status=2)
        place.ctl('webhooks', 'fly', 'crm', status=2)
        check('did you mean crm' in place.ctl('webhooks', 'pause', 'crn', status=1), 'near')


def test_an_endpoint_is_paused_and_resumed():
    receiver = Receiver()
    receiver.status = 204
    with Place(receiver.config()) as place:
        check(place.post('/v1/webhooks/crm/pause', {'who': 'li'})['state'] == 'paused', 'paused')
        check('by li' in place.log(place.daemons[0]), 'who did it')
        raised(place, 'c1', 'c2')
        wait_for('they wait', lambda: place.get('/v1/webhooks/crm')['waiting'] == 2)
        said = place.ctl('webhooks')
        check('crm: paused (li paused it); 2 waiting' in said and 'churnctl webhooks resume crm' in said, said)
        check('crm：已暂停' in place.ctl('webhooks', lang='zh').replace('crm: ', 'crm：'), 'zh')
        check('webhooks resume crm' in place.ctl('status'), 'status says it too')
        said = place.ctl('doctor', status=1)
        check('wrong   webhooks' in said and 'webhooks resume crm' in said, said)
        check('2 waiting' in place.ctl('webhooks', 'resume', 'crm', '--who', 'li'), 'how many wait')
        wait_for('they arrive', lambda: len(receiver.seen) == 2)
        check(place.get('/v1/webhooks/crm')['state'] == 'ok', 'ok')


def test_a_pause_holds_from_when_it_is_asked_for():
    receiver = Receiver()
    receiver.status = 204
    with Place(receiver.config()) as place:
        place.end(place.daemons[0])
        place.server.send_signal(signal.SIGSTOP)  # so that how far the endpoint is cannot be read yet
        daemon = place.start(wait=False)
        wait_for('it listens', place.http.is_answered)
        check(place.post('/v1/webhooks/crm/pause', {'who': 'li'})['state'] == 'paused', 'at once')
        place.server.send_signal(signal.SIGCONT)
        place.says(daemon, 'running: ')
        raised(place, 'c1')
        wait_for('it waits', lambda: place.get('/v1/webhooks/crm')['waiting'] == 1)
        check(place.get('/v1/webhooks/crm')['state'] == 'paused' and not receiver.seen, 'and stays')


def test_why_an_endpoint_is_paused_is_kept():
    receiver = Receiver()
    receiver.status = 410
    with Place(receiver.config()) as place:
        raised(place, 'c1')
        wait_for('410 pauses it', lambda: place.get('/v1/webhooks/crm')['state'] == 'paused')
        check('410' in place.get('/v1/webhooks/crm')['paused_why'], 'by itself')
        for who, wanted in (('li', 'li paused it'), (None, 'somebody paused it')):
            place.post('/v1/webhooks/crm/pause', {'who': who} if who else {})
            wait_for('it is written', lambda: place.call('HGET', 'churn:delivery:crm', 'why') == wanted.encode())
            place.end(place.daemons[-1])
            place.start()
            wait_for('it is read', lambda: place.get('/v1/webhooks/crm')['state'] == 'paused')
            check(place.get('/v1/webhooks/crm')['paused_why'] == wanted, 'also after a restart')
        receiver.status = 204
        check(place.post('/v1/webhooks/crm/resume')['paused_why'] == '', 'over')
        wait_for('it arrives', lambda: place.get('/v1/webhooks/crm')['delivered'] == 1)


def test_dead_letters_are_told_of():
    with Place() as place:
        place.letter(1)
        for words in (('webhooks',), ('status',)):
            check('churnctl dead list --endpoint crm' in place.ctl(*words), words)
        check('churnctl dead retry --all --endpoint crm' in place.ctl('doctor', status=1), 'doctor')
        place.letter(2, 'old')
        place.letter(3, 'old')
        said = place.ctl('webhooks')
        check(said.count('old: configured no more, and has dead letters: 2') == 1 and 'crm: given up: 1;' in said, said)


def test_an_endpoint_is_tried_out():
    receiver = Receiver()
    receiver.status = 204
    with Place(receiver.config()) as place:
        check('crm took the test: HTTP 204' in place.ctl('webhooks', 'test', 'crm'), 'good')
        check(receiver.seen and receiver.seen[0][1], 'signed')
        receiver.status = 404
        said = place.ctl('webhooks', 'test', 'crm', status=1)
        check('did not take the test' in said and '404' in said, said)
        check(json.loads(place.ctl('webhooks', 'test', 'crm', '--json', status=1))['status'] == 404, 'json')
        receiver.shutdown()
        receiver.server_close()
        check('did not take the test' in place.ctl('webhooks', 'test', 'crm', status=1), 'nobody answers')
        check(place.get('/v1/dead')['dead'] == [] and place.get('/v1/webhooks/crm')['waiting'] == 0, 'it leaves no trace')


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
