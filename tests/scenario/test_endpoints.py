#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Endpoints as people care for them: paused, tested, reloaded, slowed; dead letters sent again; chat rooms and tokens.

    tests/scenario/test_endpoints.py [PROGRAM]    PROGRAM -c FILE is build/churnd unless named
"""
import json
import os
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from webhook_world import KEY, OTHER_KEY, OTHER_SECRET, PATIENCE, SECRET, Daemon, check, run, signature, until  # noqa: E402

ALLOW = 'allow: [127.0.0.0/8]'
FAST = 'retry: {first: 50ms, factor: 1, max: 50ms, give_up_after: 1h, jitter: 0%}'
CONNECTOR = '''connector: 1
from: common
digest: 10
parameters:
  key: {required: true, secret: true}
url: "{url}/send"
headers: {Authorization: "Bearer {token}"}
token:
  url: "{url}/token"
  body: {key: "{set.key}"}
  token: /token
  expires: /expires
  lives: 1h
body: {ids: "{id}", text: "{title}"}
reply:
  code: /code
  message: /message
  rows:
  - {is: 0, means: delivered}
  - {is: 7, means: throttled}
  - {is: 8, means: paused}
  - {is: 9, means: stale}
'''
NEVER_OPEN = 'hours: "00:00-00:01"'


def lines(world, **changes):
    """One endpoint a test; changes: name -> options, or None to leave it out."""
    plain = f'http://127.0.0.1:{world.http.port}'
    ours = {name: [f'secret: {SECRET}', FAST] for name in ('plain', 'paused', 'again', 'fails', 'killed', 'moves', 'goes')}
    ours['sleeps'] = [f'secret: {SECRET}', FAST]
    ours['rotates'] = ['secret_file: rotating', FAST]
    ours['slow'] = [f'secret: {SECRET}', 'rate: 4/s']
    ours['tight'] = [f'secret: {SECRET}', 'rate: 2/h']
    ours['room'] = ['format: wecom', 'rate: 2/s', 'throttle: 300ms', 'lang: en', FAST]
    ours['hours'] = ['format: wecom', 'lang: en', 'rate: 1000/s', FAST, NEVER_OPEN if time.gmtime()[3:5] != (0, 0) else 'hours: "12:00-12:01"']
    ours['app'] = ['format: template', 'template: app.yaml', 'set: {key: the-key-of-the-app}', FAST]
    ours.update(changes)
    urls = {'moves': f'{plain}/{changes.get("path", "moves")}'}
    ours.pop('path', None)
    return [f'  {name}: {{url: "{urls.get(name, f"{plain}/{name}")}", {ALLOW}, {", ".join(options)}}}'
            for name, options in ours.items() if options]


def make(world):
    world.write('rotating', f'{SECRET}\n')
    world.write('app.yaml', CONNECTOR)
    world.http.replies['/room'] = world.http.replies['/hours'] = lambda *_: (200, {}, b'{"errcode":0}')
    world.redis('HSET', 't:delivery:sleeps', 'state', 'paused')
    old = int(time.time() * 1000) - 7200_000
    world.old = [world.alert('sleeps', 'a', entry=f'{old + n}-0') for n in range(30)]
    world.redis('XADD', 't:events', '*', 'customer', 'c1', 'type', 'login')
    world.ingest = 'ingest: {keep_output: 1h}'
    world.start(lines(world))


def reload(world, **changes):
    world.configure(lines(world, **changes))
    before = world.daemon.said().count('reload: the webhooks are as configured')
    world.daemon.process.send_signal(signal.SIGHUP)
    until(lambda: world.daemon.said().count('reload: the webhooks are as configured') > before, 'the reload is not done')


def http(world, method, path, sock='http.sock', status=b'200'):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        until(lambda: connection.connect_ex(world.path(sock)) == 0, 'HTTP is not there')
        connection.sendall(f'{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'.encode())
        head, _, body = b''.join(iter(lambda: connection.recv(65536), b'')).partition(b'\r\n\r\n')
    check(head.split()[1] == status, f'{method} {path}: {head.splitlines()[0].decode()} {body.decode()}')
    return json.loads(body)


def resend(world, endpoint, name, customer='c1'):
    return world.redis('XADD', 't:resend', '*', 'id', name, 'endpoint', endpoint, 'customer', customer, 'body', '{"again":1}')


def left(world, entry):
    return world.redis('XRANGE', 't:resend', entry, entry)


def a_paused_endpoint_keeps_its_backlog_and_works_it_off(world):
    first = world.alert('paused', 'a')
    world.http.wait('/paused', 1)
    http(world, 'POST', '/v1/webhooks/paused/pause')
    names = [world.alert('paused', f'c{n % 5}') for n in range(300)]
    until(lambda: world.progress('paused').get(b'state') == b'paused', 'the pause is not kept')
    check(world.daemon.restart() == 0, 'it does not end well')
    other = world.alert('plain')
    until(lambda: other in world.http.ids('/plain'), 'nothing goes on')
    check(world.http.ids('/paused') == [first], 'a paused endpoint was sent to')
    until(lambda: http(world, 'GET', '/v1/webhooks/paused')['waiting'] == 300, 'the backlog is not told')
    http(world, 'POST', '/v1/webhooks/paused/resume')
    world.http.wait('/paused', 301)
    for n in range(5):
        check([i for i in world.http.ids('/paused') if i in names[n::5]] == names[n::5], f'order of c{n}')
    until(lambda: world.progress('paused').get(b'state') == b'ok', 'the resuming is not kept')


def a_test_is_sent_at_once_also_while_paused(world):
    http(world, 'POST', '/v1/webhooks/plain/pause')
    before = world.http.count('/plain')
    said = http(world, 'POST', '/v1/webhooks/plain/test')
    request = world.http.wait('/plain', before + 1)[before]
    body = json.loads(request.body)
    check(body['type'] == 'webhook.test' and body['id'] == request.headers['webhook-id'], f'{body}')
    check(request.headers['webhook-signature'] == signature(KEY, request), 'the test is not signed')
    check(said['status'] == 204 and said['ms'] >= 0, f'{said}')
    http(world, 'POST', '/v1/webhooks/plain/resume')
    world.http.replies['/plain'] = lambda *_: (401, {}, b'no')
    said = http(world, 'POST', '/v1/webhooks/plain/test')
    check(said['status'] == 401 and 'secret' in json.dumps(said), f'{said}')
    del world.http.replies['/plain']


def a_dead_letter_comes_again_with_its_id(world):
    entry = resend(world, 'again', 'al_again')
    request = world.http.wait('/again', 1)[0]
    check(request.headers['webhook-id'] == 'al_again' and request.body == b'{"again":1}', f'{request}')
    until(lambda: not left(world, entry), 'the entry stays')
    nobody = resend(world, 'nobody', 'al_nobody')
    entries = [resend(world, 'again', f'al_more{n}', f'c{n % 7}') for n in range(500)]
    until(lambda: not left(world, entries[-1]) and world.redis('XLEN', 't:resend') == 1, 'not all are taken')
    check(left(world, nobody), 'what is for nobody is gone')
    check(sorted(world.http.ids('/again')[1:]) == sorted(f'al_more{n}' for n in range(500)), 'not each of them once')
    for n in range(7):
        got = [i for i in world.http.ids('/again') if i.startswith('al_more') and int(i[7:]) % 7 == n]
        check(got == [f'al_more{k}' for k in range(n, 500, 7)], f'order of c{n}')
    check(http(world, 'GET', '/v1/webhooks/again')['resent'] == 501, 'resent is not counted')


def given_up_again_it_is_a_dead_letter_again(world):
    world.http.replies['/fails'] = lambda *_: (400, {}, b'no')
    entry = resend(world, 'fails', 'al_fails')
    until(lambda: not left(world, entry), 'the entry stays')
    letters = world.dead('fails')
    check([letter[b'id'] for letter in letters] == [b'al_fails'], f'{letters}')
    check(world.http.ids('/fails') == ['al_fails'] * 3, 'not three tries')


def killed_while_sending_again_nothing_is_lost(world):
    asked = threading.Event()

    def reply(_, nth):
        asked.set()
        return (200, {}, b'') if nth > 1 else threading.Event().wait(1)
    world.http.replies['/killed'] = reply
    entry = resend(world, 'killed', 'al_killed')
    check(asked.wait(PATIENCE), 'it is not sent')
    world.daemon.restart(signal.SIGKILL)
    until(lambda: not left(world, entry), 'the entry stays')
    check(world.http.ids('/killed') == ['al_killed'] * 2, f'{world.http.ids("/killed")}')


def no_second_sees_more_than_its_rate(world):
    for n in range(11):
        world.alert('slow', f'c{n}')
    at = [request.at for request in world.http.wait('/slow', 11)]
    check(all(at[n + 4] - at[n] >= 0.95 for n in range(len(at) - 4)), f'{[round(t - at[0], 3) for t in at]}')


def a_restart_knows_what_the_rate_has_seen(world):
    for _ in range(2):
        world.alert('tight')
    world.http.wait('/tight', 2)
    last = world.redis('XREVRANGE', 't:alerts', '+', '-', 'COUNT', '1')[0][0]
    until(lambda: world.progress('tight').get(b'rate', b'').startswith(b'2 ') and world.progress('tight')[b'position'] == last,
          'the tokens are not kept')
    world.daemon.restart(signal.SIGKILL)
    world.alert('tight')
    until(lambda: http(world, 'GET', '/v1/webhooks/tight')['waiting'] >= 1, 'it does not wait')
    name = world.alert('plain')
    until(lambda: name in world.http.ids('/plain'), 'nothing goes on')
    check(world.http.count('/tight') == 2, 'a third one in the same hour')


def a_chat_room_gets_one_message_for_many_alerts(world):
    busy = {'left': 1}

    def reply(*_):
        busy['left'] -= 1
        return 200, {}, b'{"errcode":45009,"errmsg":"too often"}' if busy['left'] >= 0 else b'{"errcode":0}'
    world.http.replies['/room'] = reply
    for n in range(30):
        world.alert('room', f'customer{n}')
    until(lambda: http(world, 'GET', '/v1/webhooks/room')['delivered'] == 30, 'not all are delivered')
    requests = world.http.seen('/room')
    texts = [json.loads(request.body)['markdown']['content'] for request in requests]
    check(len(requests) <= 6, f'{len(requests)} messages')
    for n in range(30):
        check(1 <= sum(f'customer{n}*' in text or f'customer{n}:' in text or f'customer{n}\n' in text or text.endswith(f'customer{n}')
                       for text in texts) <= 2, f'customer{n} in {texts}')
    check(http(world, 'GET', '/v1/webhooks/room')['digests'] >= 1, 'digests are not counted')


def a_token_is_fetched_once_for_all_and_anew_when_it_is_stale(world):
    tokens = []

    def token(request, nth):
        check(json.loads(request.body) == {'key': 'the-key-of-the-app'}, 'the key')
        if nth == 1:
            return 403, {}, b'the-key-of-the-app is unknown'
        tokens.append(f'token-number-{nth}')
        return 200, {}, json.dumps({'token': tokens[-1], 'expires': 3600}).encode()

    def send(request, _):
        if request.headers['Authorization'] != f'Bearer {tokens[-1]}':
            return 200, {}, b'{"code":3}'
        if len(tokens) == 1 and len(world.http.seen('/app/send')) > 4:
            return 200, {}, b'{"code":9,"message":"token token-number-2 is old"}'
        return 200, {}, b'{"code":0}'
    world.http.replies['/app/token'], world.http.replies['/app/send'] = token, send
    for n in range(8):
        world.alert('app', f'c{n}')
    until(lambda: http(world, 'GET', '/v1/webhooks/app')['delivered'] == 8, 'not all are delivered')
    check(world.http.count('/app/token') == 3, f'{world.http.count("/app/token")} tokens')
    check('app: the request for a token was answered with status 403' in world.daemon.said(), 'the admin is not told')
    world.http.replies['/app/send'] = lambda *_: (200, {}, b'{"code":8,"message":"the-key-of-the-app is off"}')
    world.alert('app')
    until(lambda: world.progress('app').get(b'state') == b'paused', 'it is not paused')
    status = http(world, 'GET', '/v1/webhooks/app')
    check('is off' in status['last_error'] and 'the-key' not in status['last_error'], status['last_error'])


def a_reload_takes_up_webhooks_and_loses_nothing(world):
    asked, release = threading.Event(), threading.Event()
    world.http.replies['/goes'] = world.http.replies['/moves'] = lambda *_: (asked.set(), release.wait(PATIENCE), (200, {}, b''))[2]
    names = [world.alert('moves', 'a') for _ in range(3)]
    gone = world.alert('goes', 'a')
    world.http.wait('/moves', 1)
    world.http.wait('/goes', 1)
    reload(world, path='moved', goes=None, fresh=[f'secret: {SECRET}', FAST])
    release.set()
    world.http.wait('/moved', 2)
    check(world.http.ids('/moves') == names[:1] and world.http.ids('/moved') == names[1:], 'something was sent twice, or to the old place')
    until(lambda: world.progress('goes').get(b'position'), 'what had ended is not kept')
    name = world.alert('fresh')
    until(lambda: name in world.http.ids('/fresh'), 'the new one gets nothing')
    later = world.alert('goes', 'b')
    reload(world, path='moved')
    until(lambda: later in world.http.ids('/goes'), 'the one that came back gets nothing')
    check(world.http.ids('/goes') == [gone, later], 'it was sent again')


def who_comes_back_while_its_last_request_ends_has_missed_nothing(world):
    asked, release = threading.Event(), threading.Event()
    world.http.replies['/goes'] = lambda request, _: ((asked.set(), release.wait(PATIENCE)) if b'hangs' in request.body else None, (200, {}, b''))[1]
    first = world.alert('goes', 'hangs')
    check(asked.wait(PATIENCE), 'it is not sent')
    reload(world, goes=None)
    meanwhile = world.alert('goes,plain', 'a')
    again = resend(world, 'goes', 'al_again', 'b')
    until(lambda: meanwhile in world.http.ids('/plain'), 'the others do not go on')
    reload(world)
    last = world.alert('goes', 'c')
    until(lambda: {meanwhile, 'al_again', last} <= set(world.http.ids('/goes')), 'what came meanwhile is lost')
    release.set()
    until(lambda: not world.redis('XRANGE', 't:resend', again, again), 'what was sent again is kept')
    check(all(world.http.ids('/goes').count(name) == 1 for name in (first, meanwhile, last)), 'sent twice')


def a_reload_reads_secrets_again(world):
    world.alert('rotates')
    request = world.http.wait('/rotates', 1)[0]
    check(request.headers['webhook-signature'] == signature(KEY, request), 'the old signature')
    world.write('rotating', f'{OTHER_SECRET}\n{SECRET}\n')
    reload(world)
    world.alert('rotates')
    request = world.http.wait('/rotates', 2)[1]
    check(request.headers['webhook-signature'] == f'{signature(OTHER_KEY, request)} {signature(KEY, request)}', 'the new signatures')


def an_error_in_the_file_leaves_all_as_it_was(world):
    for changes in ({'rotates': ['secret_file: missing']}, {'plain': [f'secret: {SECRET}', 'rate: never']}):
        before = world.daemon.said().count('refused')
        world.configure(lines(world, path='elsewhere', **changes))
        world.daemon.process.send_signal(signal.SIGHUP)
        until(lambda: world.daemon.said().count('refused') > before, 'it is not refused')
    before = world.http.count('/rotates')
    name = world.alert('rotates,moves')
    world.http.wait('/rotates', before + 1)
    until(lambda: name in world.http.ids('/moves') + world.http.ids('/moved'), 'it goes nowhere')
    check(not world.http.count('/elsewhere'), 'half of it is in force')


def what_waited_for_its_hours_goes_out_as_one_message(world):
    for n in range(12):
        world.alert('hours', f'c{n}')
    until(lambda: http(world, 'GET', '/v1/webhooks/hours')['waiting'] == 12, 'they do not wait')
    status = http(world, 'GET', '/v1/webhooks/hours')
    check(status['state'] == 'quiet' and world.http.count('/hours') == 0, f'{status}')
    reload(world, hours=['format: wecom', 'lang: en', 'rate: 1000/s', FAST, 'hours: "00:00-24:00"'])
    until(lambda: http(world, 'GET', '/v1/webhooks/hours')['delivered'] == 12, 'they do not go out')
    check(world.http.count('/hours') == 1, f'{world.http.count("/hours")} messages')


def what_was_trimmed_before_it_was_taken_is_a_dead_letter(world):
    until(lambda: len(world.dead('sleeps')) == 30, f'{len(world.dead("sleeps"))} dead letters')
    letters = world.dead('sleeps')
    check([letter[b'id'].decode() for letter in letters] == world.old, 'not each once, in order')
    check({letter[b'reason'] for letter in letters} == {b'expired'}, f'{letters[0]}')
    check(world.http.count('/sleeps') == 0, 'it was sent to')


def who_stands_by_sends_nothing_and_then_goes_on(world):
    world.configure(lines(world))
    with open(world.path('churnd.yaml'), encoding='utf-8') as file:
        config = file.read().replace('/http.sock', '/http2.sock')
    world.write('second.yaml', config)
    second = Daemon(world.path('second.yaml'))
    try:
        until(lambda: 'standing by' in second.said(), 'it does not stand by')
        http(world, 'POST', '/v1/webhooks/again/pause', 'http2.sock', b'503')
        names = [world.alert('again', f'c{n % 5}') for n in range(50)]
        until(lambda: set(names) <= set(world.http.ids('/again')), 'not all are delivered')
        check(world.daemon.stop() == 0, 'the first does not end well')
        more = [world.alert('again', f'c{n % 5}') for n in range(50)]
        until(lambda: set(more) <= set(world.http.ids('/again')), 'the second does not go on')
        got = world.http.ids('/again')
        check(all(got.count(name) == 1 for name in names + more), 'something was sent twice')
        check(not any(name in second.said() for name in names), 'it sent while it stood by')
        check(second.stop() == 0, 'the second does not end well')
    finally:
        second.process.kill()
        if world.daemon.process.poll() is not None:
            world.daemon.start()


def no_secret_is_in_the_log(world):
    said = world.daemon.said()
    for secret in (SECRET[6:], OTHER_SECRET[6:], 'the-key-of-the-app', 'token-number-2', 'token-number-3'):
        check(secret not in said, f'{secret} is in the log')


def it_ends_well_after_all_that(world):
    name = world.alert('again')
    until(lambda: name in world.http.ids('/again'), 'it does not go on')
    check(world.daemon.restart() == 0, 'it did not end well')


TESTS = [
    a_paused_endpoint_keeps_its_backlog_and_works_it_off, a_test_is_sent_at_once_also_while_paused,
    a_dead_letter_comes_again_with_its_id, given_up_again_it_is_a_dead_letter_again,
    killed_while_sending_again_nothing_is_lost, no_second_sees_more_than_its_rate, a_restart_knows_what_the_rate_has_seen,
    a_chat_room_gets_one_message_for_many_alerts, a_token_is_fetched_once_for_all_and_anew_when_it_is_stale,
    what_waited_for_its_hours_goes_out_as_one_message, a_reload_takes_up_webhooks_and_loses_nothing,
    who_comes_back_while_its_last_request_ends_has_missed_nothing, a_reload_reads_secrets_again, an_error_in_the_file_leaves_all_as_it_was,
    what_was_trimmed_before_it_was_taken_is_a_dead_letter,
    who_stands_by_sends_nothing_and_then_goes_on, no_secret_is_in_the_log, it_ends_well_after_all_that,
]

if __name__ == '__main__':
    sys.exit(run(TESTS, make))
