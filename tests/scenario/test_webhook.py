#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alerts put into the outbox reach real HTTP receivers: signed, in order, whatever these answer.

    tests/scenario/test_webhook.py [PROGRAM]    PROGRAM -c FILE is build/churnd unless named
"""
import json
import os
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from webhook_world import KEY, OTHER_KEY, OTHER_SECRET, PATIENCE, SECRET, SLOWER, check, run, signature, until  # noqa: E402


def make(world):
    """An endpoint for each test."""
    world.write('rotating', f'{OTHER_SECRET}\n{SECRET}\n')
    lines = []
    plain = f'http://127.0.0.1:{world.http.port}'
    allow = 'allow: [127.0.0.0/8, "::1/128"]'
    fast = 'retry: {first: 50ms, factor: 1, max: 50ms, give_up_after: 1h, jitter: 0%}'
    short = 'retry: {first: 100ms, factor: 1, max: 100ms, give_up_after: 1s, jitter: 20%}'

    def endpoint(name, *options, base=plain, path='', secret=f'secret: {SECRET}'):
        url = f'{base}/{name}{path}'
        lines.append(f'  {name}: {{{", ".join(["url: " + json.dumps(url), secret, *options])}}}')

    for name in ('plain', 'order', 'quick', 'refuses', 'gone', 'busy', 'moved', 'drops', 'long', 'denies', 'ends', 'rewound', 'stuck'):
        endpoint(name, allow, fast)
    endpoint('query', allow, fast, 'headers: {X-Tenant: acme, X-Empty: ""}', path='?token=hidden-in-the-url')
    endpoint('slow', allow, fast, 'timeout: 60s', 'concurrency: 2')
    endpoint('hangs', allow, fast, f'timeout: {300 * SLOWER:.0f}ms')
    endpoint('spoken', allow, fast, 'lang: zh')
    endpoint('rotates', allow, fast, secret='secret_file: rotating')
    endpoint('expires', allow, short)
    endpoint('broken', allow, fast, 'concurrency: 3')
    endpoint('crash', allow, fast)
    endpoint('flood', allow, fast)
    endpoint('private', fast)
    endpoint('named', fast, base=f'http://localhost:{world.http.port}')
    endpoint('secure', allow, fast, f'ca_file: {world.ca}', base=f'https://localhost:{world.https.port}')
    endpoint('unknown_ca', allow, fast, base=f'https://localhost:{world.https.port}')
    endpoint('wrong_name', allow, fast, f'ca_file: {world.ca}', base=f'https://127.0.0.1:{world.https.port}')
    world.start(lines)


def the_post_is_what_the_standard_says(world):
    body = '{"type":"rule.fired",  "text": "\u00e9\u4e2d","n":1.50}'
    name = world.alert('plain', body=body)
    request = world.http.wait('/plain', 1)[0]
    headers = request.headers
    check(request.body == body.encode(), f'body {request.body!r}')
    check(headers['webhook-id'] == name, f'webhook-id {headers["webhook-id"]}')
    check(abs(int(headers['webhook-timestamp']) - time.time()) < 60, 'webhook-timestamp is not now')
    check(headers['webhook-signature'] == signature(KEY, request), 'the signature is wrong')
    check(headers['Content-Type'] == 'application/json', f'Content-Type {headers["Content-Type"]}')
    check(headers['Content-Length'] == str(len(body.encode())), 'Content-Length')
    check(headers['User-Agent'].startswith('churnd/'), f'User-Agent {headers["User-Agent"]}')
    check(headers['Transfer-Encoding'] is None and headers['Expect'] is None, 'Transfer-Encoding or Expect is sent')


def headers_and_query_of_the_configuration_are_sent(world):
    world.alert('query')
    request = world.http.wait('/query', 1)[0]
    check(request.path == '/query?token=hidden-in-the-url', request.path)
    check(request.headers['X-Tenant'] == 'acme' and request.headers['X-Empty'] == '', 'a header is missing')


def an_alert_goes_only_where_it_is_addressed(world):
    before = world.http.count('/plain'), world.http.count('/quick')
    world.alert('')
    world.alert('plainer,lain')
    name = world.alert('query,quick')
    last = world.alert('plain')
    world.http.wait('/plain', before[0] + 1)
    world.http.wait('/quick', before[1] + 1)
    check(world.http.ids('/plain')[before[0]:] == [last], 'plain got what was not its own')
    check(world.http.ids('/quick')[before[1]:] == [name], 'quick did not get its own')


def every_rotating_secret_signs(world):
    world.alert('rotates')
    request = world.http.wait('/rotates', 1)[0]
    expected = f'{signature(OTHER_KEY, request)} {signature(KEY, request)}'
    check(request.headers['webhook-signature'] == expected, request.headers['webhook-signature'])


def texts_are_in_the_endpoints_language(world):
    def body(text, advice):
        return ('{"type":"rule.fired","data":{"value":5880.25,"reasons":[{"rule":"r","text":"%s","texts":{"en":"no login",'
                '"zh":"\u672a\u767b\u5f55"},"advice":"%s","advices":{"zh":"\u8054\u7cfb"},"x":0.1}]}}' % (text, advice))
    world.alert('spoken', body=body('no login', 'call'))
    request = world.http.wait('/spoken', 1)[0]
    check(request.body == body('\u672a\u767b\u5f55', '\u8054\u7cfb').encode(), request.body.decode())
    check(request.headers['webhook-signature'] == signature(KEY, request), 'what is signed is not what is sent')


def a_customers_alerts_keep_their_order_through_failures(world):
    failing = {'on': True}
    world.http.replies['/order'] = lambda request, nth: (
        500 if failing['on'] and json.loads(request.body)['data']['customer'] == 'a' else 200, {}, b'')
    first = [world.alert('order', 'a') for _ in range(5)]
    second = [world.alert('order', 'b') for _ in range(5)]
    until(lambda: [i for i in world.http.ids('/order') if i in second] == second, 'b waits for a')
    until(lambda: world.http.ids('/order').count(first[0]) >= 3, 'a is not tried again')
    check(not set(first[1:]) & set(world.http.ids('/order')), 'a later alert overtook one that is retried')
    failing['on'] = False
    until(lambda: first[4] in world.http.ids('/order'), 'a does not go on')
    got = [i for i in world.http.ids('/order') if i in first]
    check([i for n, i in enumerate(got) if i not in got[:n]] == first, f'order {got}')


def a_restart_knows_what_is_done_beyond_a_stuck_customer(world):
    def firsts():
        return {name: value for name, value in world.progress('stuck').items() if name.startswith(b'first:')}
    failing = {'on': True}
    world.http.replies['/stuck'] = lambda request, nth: (
        500 if failing['on'] and json.loads(request.body)['data']['customer'] == 'a' else 200, {}, b'')
    stuck = world.alert('stuck', 'a')
    done = [world.alert('stuck', f'c{n}') for n in range(30)]
    until(lambda: set(done) <= set(world.http.ids('/stuck')), 'not all are sent')
    until(firsts, 'the first failure is not kept')
    before = firsts()
    check(world.daemon.restart() == 0, 'it did not end well')
    tried = world.http.count('/stuck')
    world.http.wait('/stuck', tried + 3)
    check(set(world.http.ids('/stuck')[tried:]) == {stuck}, 'what was done is sent again')
    check(firsts() == before, 'the first failure is forgotten')
    failing['on'] = False
    until(lambda: not firsts(), 'the first failure stays behind')
    until(lambda: world.progress('stuck')[b'done'] == b'', 'done stays behind')


def a_slow_endpoint_delays_no_other(world):
    release = threading.Event()
    world.http.replies['/slow'] = lambda *_: release.wait(3 * PATIENCE) and (200, {}, b'')
    before = world.http.count('/quick')
    for n in range(300):
        world.alert('slow,quick', f's{n}')
    try:
        world.http.wait('/quick', before + 300)
        world.http.wait('/slow', 2)
        check(world.http.count('/slow') == 2, f'{world.http.count("/slow")} requests at once, 2 allowed')
    finally:
        release.set()
    world.http.wait('/slow', 300)


def what_never_answers_is_tried_again_with_the_same_id(world):
    world.http.replies['/hangs'] = lambda _, nth: nth > 2 and (200, {}, b'') or threading.Event().wait(2 * SLOWER)
    name = world.alert('hangs')
    world.http.wait('/hangs', 3)
    check(world.http.ids('/hangs') == [name] * 3, 'not the same id at every try')
    first, second = world.http.seen('/hangs')[:2]
    check(second.at - first.at >= 0.3 * SLOWER, 'it did not wait for its timeout')


def a_dropped_connection_is_tried_again(world):
    world.http.replies['/drops'] = lambda _, nth: (200, {}, b'') if nth > 3 else None
    name = world.alert('drops')
    world.http.wait('/drops', 4)
    check(world.http.ids('/drops')[:4] == [name] * 4, 'not the same id at every try')


def a_redirect_is_a_failure_and_never_followed(world):
    world.http.replies['/moved'] = lambda _, nth: (
        (307, {'Location': f'http://127.0.0.1:{world.http.port}/elsewhere'}, b'') if nth < 3 else (200, {}, b''))
    world.alert('moved')
    world.http.wait('/moved', 3)
    check(world.http.count('/elsewhere') == 0, 'the redirect was followed')


def an_endless_reply_is_cut(world):
    world.http.replies['/long'] = lambda *_: (200, {'Content-Length': str(1 << 30)}, b'x' * (1 << 20))
    names = [world.alert('long', 'a') for _ in range(2)]
    world.http.wait('/long', 2)
    check(world.http.ids('/long') == names, 'a long reply was no delivery')


def what_is_refused_three_times_is_a_dead_letter(world):
    world.http.replies['/refuses'] = lambda request, _: (
        (422, {}, '\u4e0d'.encode() * 1000) if b'"bad"' in request.body else (200, {}, b''))
    bad = world.alert('refuses', 'bad')
    good = world.alert('refuses', 'good')
    until(lambda: world.dead('refuses'), 'no dead letter')
    letter = world.dead('refuses')[0]
    check(world.http.ids('/refuses').count(bad) == 3, f'{world.http.ids("/refuses").count(bad)} tries')
    check(good in world.http.ids('/refuses'), 'the other customer was held up')
    check(letter[b'id'].decode() == bad and letter[b'customer'] == b'bad', 'id or customer')
    check(letter[b'status'] == b'422' and letter[b'attempts'] == b'3', f'{letter}')
    check(0 < len(letter[b'reply']) <= 2048 and letter[b'reply'].decode().strip('\u4e0d') == '', 'the reply is not kept')
    check(b'422' in letter[b'reason'], letter[b'reason'].decode())
    check(json.loads(letter[b'body'])['id'] == bad, 'the body is not kept')
    check(0 < int(letter[b'first_at']) <= int(letter[b'last_at']), 'first_at, last_at')
    after = world.alert('refuses', 'good')
    until(lambda: after in world.http.ids('/refuses'), 'nothing is sent any more')
    until(lambda: not [f for f in world.progress('refuses') if f.startswith(b'first:')], 'a first failure stays behind')


def what_fails_too_long_is_given_up(world):
    world.http.replies['/expires'] = lambda request, _: (500 if b'"bad"' in request.body else 200, {}, b'no')
    bad = world.alert('expires', 'bad')
    after = world.alert('expires', 'bad', body='{}')

    def given_up():
        # Successes of others keep the circuit closed.
        world.alert('expires', 'good')
        return world.dead('expires')
    until(given_up, 'it is never given up')
    letter = world.dead('expires')[0]
    check(letter[b'id'].decode() == bad and letter[b'status'] == b'500', f'{letter}')
    check(5 <= int(letter[b'attempts']) <= 15, f'{letter[b"attempts"]} tries in a second')
    until(lambda: after in world.http.ids('/expires'), 'the next alert of that customer is not sent')


def too_often_rests_the_whole_endpoint(world):
    world.http.replies['/busy'] = lambda _, nth: (429, {'Retry-After': '1'}, b'') if nth == 1 else (200, {}, b'')
    world.alert('busy', 'a')
    world.http.wait('/busy', 1)
    world.alert('busy', 'b')
    requests = world.http.wait('/busy', 3)
    check(requests[1].at - requests[0].at >= 1, f'{requests[1].at - requests[0].at:.3f} s after "in 1 s"')


def gone_pauses_until_somebody_resumes(world):
    world.http.replies['/gone'] = lambda _, nth: (410 if nth == 1 else 200, {}, b'')
    first = world.alert('gone', 'a')
    until(lambda: world.progress('gone').get(b'state') == b'paused', 'the state is not kept')
    world.daemon.restart()
    second = world.alert('gone', 'b')
    before = world.http.count('/plain')
    world.alert('plain')
    world.http.wait('/plain', before + 1)
    until(lambda: 'gone is paused' in world.daemon.said(), 'the admin is not told')
    check(world.http.count('/gone') == 1, 'a paused endpoint was sent to')
    world.redis('HSET', 't:delivery:gone', 'state', 'ok')
    world.http.wait('/gone', 3)
    check(sorted(world.http.ids('/gone')[1:]) == [first, second], 'not all that waited')


def a_rejected_secret_is_told_to_the_admin(world):
    world.http.replies['/denies'] = lambda _, nth: (401 if nth < 5 else 200, {}, b'')
    world.alert('denies')
    world.http.wait('/denies', 5)
    until(lambda: 'denies: answered 401' in world.daemon.said(), 'the log does not say so')
    check(not world.dead('denies'), 'it was given up')


def private_addresses_are_not_reached(world):
    for name in ('private', 'named'):
        world.alert(name)
        until(lambda: f'{name}: its address lies in a network' in world.daemon.said(), f'{name}: the log does not say why')
        check(world.http.count(f'/{name}') == 0, f'{name} was reached')


def tls_is_verified(world):
    for name in ('secure', 'unknown_ca', 'wrong_name'):
        world.alert(name)
    world.https.wait('/secure', 1)
    for name in ('unknown_ca', 'wrong_name'):
        until(lambda: f' {name}: SSL' in world.daemon.said(), f'{name}: the log does not say why')
        check(world.https.count(f'/{name}') == 0, f'{name} was trusted')


def ten_failures_open_the_circuit_and_nothing_is_lost(world):
    broken = {'on': True}
    world.http.replies['/broken'] = lambda *_: (503 if broken['on'] else 200, {}, b'')
    names = [world.alert('broken', f'c{n % 20}') for n in range(60)]
    until(lambda: 'broken fails again and again' in world.daemon.said(), 'the circuit does not open')
    before = world.http.count('/plain')
    world.alert('plain')
    world.http.wait('/plain', before + 1)
    check(10 <= world.http.count('/broken') <= 12, f'{world.http.count("/broken")} tries')
    broken['on'] = False
    tried = world.http.count('/broken')
    check(world.daemon.restart() == 0, 'it did not end well')
    until(lambda: set(names) <= set(world.http.ids('/broken')[tried:]), 'not all are delivered')
    got = world.http.ids('/broken')[tried:]
    twice = [name for name in names if got.count(name) > 1]
    check(not twice, '\n# '.join(['sent twice:'] + [line for line in world.daemon.said().splitlines() if any(name in line for name in twice)]))
    for n in range(20):
        check([i for i in got if i in names[n::20]] == names[n::20], f'order of c{n}')


LAST_BEGUN = 'no request is begun any more'  # said after all is committed: until then the next one may be


def a_stop_lets_requests_end_and_forgets_nothing(world):
    asked, release = threading.Event(), threading.Event()

    def reply(*_):
        asked.set()
        release.wait(PATIENCE)
        return 200, {}, b''
    world.http.replies['/ends'] = reply
    first = world.alert('ends', 'a')
    check(asked.wait(PATIENCE), 'nothing is sent')
    second = world.alert('ends', 'a')
    stops = world.daemon.said().count(LAST_BEGUN)
    world.daemon.process.send_signal(signal.SIGTERM)
    until(lambda: world.daemon.said().count(LAST_BEGUN) > stops, 'it does not stop')
    release.set()
    status = world.daemon.process.wait(PATIENCE)
    check(status == 0, f'exit status {status}')
    check(world.http.ids('/ends') == [first], 'something new was begun')
    world.daemon.start()
    until(lambda: second in world.http.ids('/ends'), 'the next start does not go on')
    check(world.http.ids('/ends') == [first, second], 'it was sent again')


def kills_lose_nothing(world):
    names, customers = [], 17
    for round_ in range(5):
        before = world.http.count('/crash')
        names += [world.alert('crash', f'c{n % customers}') for n in range(200)]
        world.http.wait('/crash', before + 20)
        world.daemon.restart(signal.SIGKILL)
    until(lambda: set(names) <= set(world.http.ids('/crash')), 'some are lost')
    got = world.http.ids('/crash')
    check(len(got) - len(names) <= 5 * (64 + 8), f'{len(got) - len(names)} sent again')
    for n in range(customers):
        own = {i for m, i in enumerate(names) if m % 200 % customers == n}
        mine = [i for i in got if i in own]
        firsts = [i for m, i in enumerate(mine) if i not in mine[:m]]
        check(firsts == sorted(own), f'order of c{n}')


def redis_may_die_in_the_middle(world):
    names = [world.alert('flood', f'c{n % 50}') for n in range(500)]
    world.http.wait('/flood', 50)
    world.redis.kill()
    world.redis.start()
    names += [world.alert('flood', f'c{n % 50}') for n in range(500)]
    until(lambda: set(names) <= set(world.http.ids('/flood')), 'some are lost')
    last = world.redis('XREVRANGE', 't:alerts', '+', '-', 'COUNT', '1')[0][0]
    until(lambda: world.progress('flood').get(b'position') == last, 'the position does not follow')
    check(world.progress('flood')[b'done'] == b'', 'done is not empty at the end')


def redis_may_lose_its_last_moments(world):
    """As after a failover: the stream and the progress fall back together, and the engine commits again."""
    def last_entry():
        return world.redis('XREVRANGE', 't:alerts', '+', '-', 'COUNT', '1')[0][0].decode()
    kept = [world.alert('rewound', f'c{n}') for n in range(20)]
    world.http.wait('/rewound', 20)
    fallen_to = last_entry()
    until(lambda: world.progress('rewound').get(b'position', b'').decode() == fallen_to, 'the position does not follow')
    saved = os.path.join(world.folder, 'saved')
    world.redis('SAVE')
    shutil.copytree(os.path.join(world.folder, 'appendonlydir'), saved)
    lost = [world.alert('rewound', f'c{n}') for n in range(20)]
    world.http.wait('/rewound', 40)
    last = last_entry()
    until(lambda: world.progress('rewound').get(b'position', b'').decode() == last, 'the position does not follow')
    world.redis.kill()
    shutil.rmtree(os.path.join(world.folder, 'appendonlydir'))
    shutil.move(saved, os.path.join(world.folder, 'appendonlydir'))
    world.redis.start()
    world.alerts -= 20
    milliseconds, number = fallen_to.split('-')
    again = [world.alert('rewound', f'c{n}', entry=f'{milliseconds}-{int(number) + 1 + n}') for n in range(20)]
    new = world.alert('rewound', 'new')
    check(again == lost, 'the ids differ')
    until(lambda: new in world.http.ids('/rewound'), 'it does not go on')
    until(lambda: world.http.ids('/rewound').count(again[-1]) == 2, 'what was committed again is not sent')
    got = world.http.ids('/rewound')
    check(all(got.count(name) <= 2 for name in kept + lost) and set(kept + lost) <= set(got), 'lost, or sent for ever')


def secrets_are_in_no_log(world):
    said = world.daemon.said()
    check('al_' in said, 'the log says nothing')
    for secret in (SECRET[6:], OTHER_SECRET[6:], 'hidden-in-the-url', KEY.decode(), 'v1,'):
        check(secret not in said, f'{secret} is in the log')


TESTS = [
    the_post_is_what_the_standard_says, headers_and_query_of_the_configuration_are_sent,
    an_alert_goes_only_where_it_is_addressed, every_rotating_secret_signs, texts_are_in_the_endpoints_language,
    a_customers_alerts_keep_their_order_through_failures, a_restart_knows_what_is_done_beyond_a_stuck_customer,
    a_slow_endpoint_delays_no_other,
    what_never_answers_is_tried_again_with_the_same_id, a_dropped_connection_is_tried_again,
    a_redirect_is_a_failure_and_never_followed, an_endless_reply_is_cut, what_is_refused_three_times_is_a_dead_letter,
    what_fails_too_long_is_given_up, too_often_rests_the_whole_endpoint, gone_pauses_until_somebody_resumes,
    a_rejected_secret_is_told_to_the_admin, private_addresses_are_not_reached, tls_is_verified,
    ten_failures_open_the_circuit_and_nothing_is_lost,
    a_stop_lets_requests_end_and_forgets_nothing, kills_lose_nothing, redis_may_die_in_the_middle,
    redis_may_lose_its_last_moments, secrets_are_in_no_log,
]


if __name__ == '__main__':
    sys.exit(run(TESTS, make))
