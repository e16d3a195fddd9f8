#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From events to chat rooms: robots that answer as their makers say, checked by code that knows nothing of churnd, and a
CRM whose secret is rotated meanwhile. Nobody misses an alert."""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import CHURND, PATIENCE, House, check, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.path.dirname(CHURND), 'churnctl')
CUSTOMERS = 46
RULES = '''churnd: 1
name: robots
profile: {tier: {enum: [tin, gold], default: tin}}
signals: {complaint: {on: complaint}}
rules:
- {rule: severe, on: complaint, expr: event.value >= 9, points: 30, keep_firing_for: 7d, reason: complained badly}
actions:
- {on: rule.fired, webhook: [slack, wecom, dingtalk, feishu, crm]}
'''
DING_SECRET, FEISHU_SECRET = 'SEC0123456789abcdef', 'feishu-secret'
OLD, NEW = (base64.b64encode(text).decode() for text in (b'the old key of the CRM..', b'the new key of the CRM..'))
MINUTE = 60


def mac(key, message):
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


class Robots(http.server.ThreadingHTTPServer):
    """Each has its own idea of a good request; `script` holds what it answers instead, once each."""
    daemon_threads, request_queue_size = True, 128

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.lock, self.faults = threading.Lock(), []
        self.taken = collections.defaultdict(list)  # robot -> [(when, names in the order of the text)]
        self.script = {'wecom': [{'errcode': 45009, 'errmsg': 'api freq out of limit'}],
                       'dingtalk': [{'errcode': -1, 'errmsg': 'system busy'}, {'errcode': 130101, 'errmsg': 'send too fast'}],
                       'feishu': [{'code': 19021, 'msg': 'sign match fail or timestamp is not within one hour from current time'}] * 99}
        self.told = collections.defaultdict(list)  # robot -> [when it answered out of its script]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """The daemon is killed now and then."""

    def names(self, robot):
        with self.lock:
            return [name for _, names in self.taken[robot] for name in names]


def slack(query, body, headers):
    check(isinstance(body['text'], str) and body['blocks'][0]['text']['type'] == 'mrkdwn', 'slack: the shape')
    return body['blocks'][0]['text']['text']


def wecom(query, body, headers):
    check(body['msgtype'] == 'markdown' and query == {'key': ['the-key']}, 'wecom: the shape')
    text = body['markdown']['content']
    check(len(text.encode()) <= 4096, f'wecom: {len(text.encode())} bytes')
    return text


def dingtalk(query, body, headers):
    stamp, sign = query['timestamp'][0], query['sign'][0]
    check(query['access_token'] == ['the-token'] and body['msgtype'] == 'markdown', 'dingtalk: the shape')
    check(abs(int(stamp) / 1000 - time.time()) < 600, 'dingtalk: the clock')
    check(sign == mac(DING_SECRET, f'{stamp}\n{DING_SECRET}'), 'dingtalk: the signature')
    return body['markdown']['text']


def feishu(query, body, headers):
    check(body['sign'] == mac(f'{body["timestamp"]}\n{FEISHU_SECRET}', ''), 'feishu: the signature')
    check(abs(int(body['timestamp']) - time.time()) < 600 and body['msg_type'] in ('text', 'interactive'), 'feishu: the shape')
    return json.dumps(body, ensure_ascii=False)


READERS = {'slack': (slack, b'ok', 'text/plain'), 'wecom': (wecom, b'{"errcode":0,"errmsg":"ok"}', 'application/json'),
           'dingtalk': (dingtalk, b'{"errcode":0,"errmsg":"ok"}', 'application/json'),
           'feishu': (feishu, b'{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}', 'application/json')}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        raw = self.rfile.read(int(self.headers['Content-Length']))
        parts = urllib.parse.urlsplit(self.path)
        robot = parts.path.strip('/').split('/')[0]
        if robot.startswith('crm'):
            self.take_alert(robot, raw)
            return
        reader, good, kind = READERS[robot.rstrip('2')]
        try:
            text = reader(urllib.parse.parse_qs(parts.query), json.loads(raw), self.headers)
        except Exception as why:  # pylint: disable=broad-except
            self.server.faults.append(f'{robot}: {why!r}')
            text = ''
        with self.server.lock:
            script = self.server.script.get(robot)
            reply = json.dumps(script.pop(0)).encode() if script else good
            if reply == good:
                self.server.taken[robot].append((time.monotonic(), re.findall(r'Kunde-\d\d', text)))
            else:
                self.server.told[robot].append(time.monotonic())
        self.answer(200, reply, kind)

    def take_alert(self, robot, raw):
        """A CRM: standard webhooks."""
        signed = f'{self.headers["webhook-id"]}.{self.headers["webhook-timestamp"]}.{raw.decode()}'
        signatures = self.headers['webhook-signature'].split()
        genuine = frozenset(name for name, key in (('old', OLD), ('new', NEW))
                            if 'v1,' + mac(base64.b64decode(key).decode(), signed) in signatures)
        with self.server.lock:
            self.server.taken[robot].append((time.monotonic(), [json.loads(raw)['data']['name']]))
            self.server.told[robot].append((genuine, self.headers['webhook-id']))
        self.answer(200, b'', 'text/plain')

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Place:
    def __init__(self):
        self.robots = Robots()
        self.house = House(RULES)
        self.base = f'http://127.0.0.1:{self.robots.server_address[1]}'

    def configure(self, secrets, more=''):
        retry = 'allow: [127.0.0.0/8], retry: {first: 100ms, factor: 1, max: 100ms}'
        return self.house.config(extra=f'''webhooks:
  slack: {{url: "{self.base}/slack/T/B/X", format: slack, {retry}}}
  wecom: {{url: "{self.base}/wecom?key=the-key", format: wecom, lang: en, throttle: 3s, {retry}}}
  dingtalk: {{url: "{self.base}/dingtalk?access_token=the-token", format: dingtalk, secret: {DING_SECRET}, throttle: 3s, {retry}}}
  feishu: {{url: "{self.base}/feishu/hook/ID", format: feishu, secret: {FEISHU_SECRET}, {retry}}}
  crm: {{url: "{self.base}/crm", secret: [{', '.join('whsec_' + secret for secret in secrets)}], {retry}}}
{more}''')

    def reload(self, daemon, secrets, more=''):
        self.configure(secrets, more)
        before = self.house.log(daemon).count('reload: the webhooks are as configured')
        daemon.send_signal(signal.SIGHUP)
        self.house.says(daemon, 'reload: the webhooks are as configured', before + 1)

    def complain(self, first, last):
        for number in range(first, last):
            name = f'Kunde-{number:02d}'
            self.house.send(f'k{number}', 'profile', name=name)
            entry = self.house.send(f'k{number}', 'complaint', value=9)
        self.house.committed(entry)
        return [f'Kunde-{number:02d}' for number in range(first, last)]

    def ctl_webhooks(self, verb, *names):
        for name in names:
            done = subprocess.run([CHURNCTL, '-c', self.house.path('churnd.yaml'), 'webhooks', verb, name], capture_output=True,
                                  text=True, check=False)
            check(done.returncode == 0, f'{verb} {name}: {done.stderr}')

    def has(self, robot, names):
        return set(names) <= set(self.robots.names(robot))


def every_robot_gets_every_alert():
    place = Place()
    robots, house = place.robots, place.house
    try:
        daemon = house.start(place.configure([OLD]))
        names = place.complain(0, 6)
        for robot in ('crm', 'wecom', 'dingtalk', 'slack'):
            wait_for(f'{robot} has the first ones', lambda: place.has(robot, names))
        # Feishu did not accept our signature, and rests until somebody has looked.
        wait_for('feishu is paused', lambda: house.call('HGET', 'churn:delivery:feishu', 'state') == b'paused')
        check(not robots.names('feishu'), 'feishu: what was refused counts as taken')
        place.reload(daemon, [NEW, OLD], f'  crm2: {{url: "{place.base}/crm2", secret: whsec_{NEW}, allow: [127.0.0.0/8]}}\n')
        house.write('rules.yaml', RULES.replace('crm]', 'crm, crm2]'))
        house.says(daemon, 'are in force')
        middle = place.complain(6, 12)
        wait_for('the CRM has the middle ones', lambda: place.has('crm', middle))
        house.end(daemon, signal.SIGKILL)
        robots.killed_at = time.monotonic()
        daemon = house.start(house.path('churnd.yaml'))
        place.reload(daemon, [NEW], f'  crm2: {{url: "{place.base}/crm2", secret: whsec_{NEW}, allow: [127.0.0.0/8]}}\n')
        place.ctl_webhooks('pause', 'wecom', 'dingtalk')
        last = place.complain(12, CUSTOMERS)
        check(not robots.names('feishu'), 'feishu: it was sent to while it was paused')
        robots.script['feishu'].clear()
        place.ctl_webhooks('resume', 'wecom', 'dingtalk', 'feishu')
        for robot in ('crm', 'dingtalk', 'feishu', 'wecom', 'slack'):
            wait_for(f'{robot} has all', lambda: place.has(robot, names + middle + last), 3 * PATIENCE)
        wait_for('the new endpoint has what came since', lambda: place.has('crm2', middle + last))
        judge(robots, set(names), set(middle), set(last))
        check(not house.call('EXISTS', 'churn:dead'), 'there are dead letters')
        check(house.end(daemon) == 0, 'it did not end well')
    finally:
        house.__exit__()
        robots.shutdown()


def judge(robots, first, middle, last):
    check(not robots.faults, '; '.join(robots.faults[:3]))
    # Too often, said with HTTP 200: nothing for as long as `throttle` says, and it was no delivery.
    for robot in ('wecom', 'dingtalk'):
        told = robots.told[robot][-1]
        after = [at for at, _ in robots.taken[robot] if at > told + 1]  # what was on its way already apart
        check(after[0] - told >= 2.9, f'{robot}: {after[0] - told:.2f} s after it said "too often"')
    # No more messages than the robot bears, and so several alerts in one.
    for robot, most in (('wecom', 20), ('dingtalk', 20)):
        times = [at for at, _ in robots.taken[robot]] + robots.told[robot]
        # A daemon that was killed may have sent some more than it had noted.
        for part in ([at for at in times if at < robots.killed_at], [at for at in times if at >= robots.killed_at]):
            busiest = max(sum(at <= other < at + MINUTE for other in part) for at in part)
            check(busiest <= most, f'{robot}: {busiest} messages in a minute')
        check(max(len(names) for _, names in robots.taken[robot]) > 1, f'{robot}: nothing was joined')
    # What was in flight when it was killed may come again, and nothing else.
    for robot in ('wecom', 'dingtalk', 'feishu', 'slack'):
        times = collections.Counter(name for _, names in robots.taken[robot] for name in set(names))
        check(max(times.values()) <= 2, f'{robot}: {times.most_common(1)} times')
    # While a secret rotates both are good, whichever the receiver knows. (A second time it may be later.)
    seen = set()
    for (_, names), (genuine, ident) in zip(robots.taken['crm'], robots.told['crm']):
        wanted = {'old'} if names[0] in first else {'old', 'new'} if names[0] in middle else {'new'}
        check(genuine == wanted or ident in seen, f'crm: {names[0]} is signed with {sorted(genuine)}')
        seen.add(ident)
    check(not set(robots.names('crm2')) & first, 'a new endpoint got what was not addressed to it')


if __name__ == '__main__':
    sys.exit(run_tests([every_robot_gets_every_alert]))
