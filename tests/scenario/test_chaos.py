#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad networks and real TLS: each endpoint gets all its alerts in order once its line is mended, and no other waits for it."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.chaos import BlackHole, Drip, Endless, Mute, Proxy  # noqa: E402
from support.house import House, SECRET  # noqa: E402
from support.live_house import check, run_tests  # noqa: E402
from support.patience import SLOWER  # noqa: E402
from support.receiver import FastReceiver  # noqa: E402
from support.redis_client import pairs  # noqa: E402
from support.tls import Authority, Nginx  # noqa: E402

RULES = 'churnd: 1\nname: chaos\nsignals: {login: {on: login}}\nrules: [{rule: r, expr: silent(login) >= 9d, points: 1}]\n'
ALERTS, CUSTOMERS = 30, 6
# What becomes of a connection, and after how many bytes of the answer.
LINES = {'pass': ('pass', 0), 'slow': ('slow', 0), 'bytes': ('bytes', 0), 'cut': ('cut', 0), 'cut_in_head': ('cut', 9),
         'cut_request': ('cut_request', 0), 'reset': ('reset', 0), 'reset_in_head': ('reset', 9), 'refuse': ('refuse', 0),
         'forget': ('forget', 0), 'half': ('half', 0)}
WHOLE = {'pass', 'slow', 'bytes'}  # slow is not broken


def webhook(name, url, more=''):
    return (f'  {name}: {{url: "{url}", secret: "whsec_{SECRET}", allow: [127.0.0.0/8], timeout: {SLOWER:g}s, concurrency: 3,'
            f' retry: {{first: 100ms, factor: 1, max: 100ms}}{more}}}\n')


def send(house, name, count=ALERTS):
    """Alerts of a few customers; their ids, in order."""
    ids = [f'al_{name}-{n:04d}' for n in range(count)]
    house.redis.pipeline([['XADD', house.key('alerts'), '*', 'id', ident, 'type', 'rule.fired', 'customer', f'c{n % CUSTOMERS}',
                           'at', '1795255200000', 'to', name, 'body', '{"id":"%s"}' % ident] for n, ident in enumerate(ids)])
    return ids


def received(path):
    with open(path, encoding='ascii') as file:
        return [line.split()[1] for line in file if line.endswith('\n')]  # the last one may be half written


def all_came_in_order(ids, got, name):
    firsts = list(dict.fromkeys(ident for ident in got if ident in set(ids)))
    check(set(firsts) == set(ids), f'{name}: {len(firsts)} of {len(ids)} came')
    for customer in range(CUSTOMERS):
        own = ids[customer::CUSTOMERS]
        check([ident for ident in firsts if ident in own] == own, f'{name}: the order of c{customer} is {firsts}')


def fails(house, name):
    """Has the daemon said so?"""
    return re.search(rf'warn +at=webhook {name}(:| fails)', house.log_tail(10**7)) is not None


def every_bad_line_is_survived():
    house = House(RULES)
    path = os.path.join(house.folder, 'record')
    receiver = FastReceiver('--record', path, '--key', FastReceiver.key_hex())
    lines = {name: Proxy(receiver.port, how, after) for name, (how, after) in LINES.items()}
    lines |= {'hole': BlackHole(), 'drip': Drip(), 'mute': Mute(), 'endless': Endless()}
    house.more = 'webhooks:\n' + ''.join(webhook(name, f'http://127.0.0.1:{line.port}/') for name, line in lines.items())
    house.more += webhook('mute_tls', f'https://127.0.0.1:{lines["mute"].port}/')
    try:
        ids = {name: send(house, name) for name in [*lines, 'mute_tls']}
        house.start()
        bad = set(lines) - WHOLE - {'endless'}
        house.wait(lambda: all(fails(house, name) for name in bad | {'mute_tls'}), 'the bad ones fail')
        house.wait(lambda: set(received(path)) >= {ident for name in WHOLE for ident in ids[name]}, 'the good ones get theirs')
        # An answer that never ends has told its status: it is delivered, and hardly read.
        house.wait(lambda: lines['endless'].connections >= ALERTS, 'the endless one gets its alerts')
        check(lines['endless'].sent < ALERTS * (8 << 20), f'{lines["endless"].sent} bytes of an endless answer were taken')
        for name in set(lines) - {'endless'}:
            mend(lines, name, receiver)
        check(house.stop() == 0, 'it did not end well')  # a new daemon has no open circuit
        house.start()
        wanted = {ident for name in set(lines) - {'endless'} for ident in ids[name]}
        house.wait(lambda: receiver.stats() and set(received(path)) >= wanted, 'all alerts came')
        check(house.stop() == 0, 'it did not end well')
        check(receiver.stats()['bad'] == 0, 'a signature is wrong')
        for name in set(lines) - {'endless'}:
            all_came_in_order(ids[name], received(path), name)
        check(not house.redis.call('EXISTS', house.key('dead')), 'there are dead letters')
    finally:
        house.close()
        for line in lines.values():
            line.close()
        receiver.close()


def mend(lines, name, receiver):
    """The line passes everything from now on, at the same port."""
    if isinstance(lines[name], Proxy):
        lines[name].mend()
        return
    port = lines[name].port
    lines[name].close()
    lines[name] = Proxy(receiver.port, port=port)


def state(house, name):
    """Dead letters and log lines of an endpoint."""
    letters = [pairs(fields) for _, fields in house.redis.call('XRANGE', house.key('dead'), '-', '+')]
    return ([letter[b'reason'].decode() for letter in letters if letter[b'endpoint'].decode() == name],
            [line for line in house.log_tail(10**7).splitlines() if f' {name}: ' in line])


def nginx_is_an_endpoint_with_certificates_on_both_sides():
    house = House(RULES)
    with tempfile.TemporaryDirectory(prefix='churnd-tls-') as folder:
        path = os.path.join(folder, 'record')
        receiver = FastReceiver('--record', path, '--key', FastReceiver.key_hex())
        ours, others = Authority(folder, 'ours'), Authority(folder, 'others')
        server, elsewhere = ours.issue('server'), ours.issue('elsewhere', 'elsewhere.example')
        right, wrong = ours.issue('right', 'churnd'), others.issue('wrong', 'churnd')
        nginx = Nginx(folder, receiver.port, [(*server, None), (*server, ours.pem), (*elsewhere, None)])
        plain, mutual, misnamed = (f'https://localhost:{port}/' for port in nginx.ports)
        own = f', ca_file: {ours.pem}'

        def client(pair):
            return f'{own}, cert_file: {pair[0]}, key_file: {pair[1]}'
        house.more = 'log: {level: debug}\nwebhooks:\n' + ''.join([
            webhook('plain', plain, own), webhook('mutual', mutual, client(right)), webhook('wrong', mutual, client(wrong)),
            webhook('missing', mutual, own), webhook('misnamed', misnamed, own), webhook('stranger', plain, f', ca_file: {others.pem}'),
            webhook('system', plain), webhook('by_number', plain.replace('localhost', '127.0.0.1'), own)])
        trusted, refused = ('plain', 'mutual'), ('wrong', 'missing')
        distrusted = ('misnamed', 'stranger', 'system', 'by_number')
        try:
            ids = {name: send(house, name, ALERTS if name in trusted else 1) for name in trusted + refused + distrusted}
            house.start()
            house.wait(lambda: all(state(house, name)[0] for name in refused), 'nginx refuses whom it does not know')
            house.wait(lambda: all(any('SSL' in line for line in state(house, name)[1]) for name in distrusted),
                       'whom we do not know is refused')
            house.wait(lambda: receiver.stats()['distinct'] >= 2 * ALERTS, 'the trusted ones get theirs')
            check(house.stop() == 0, 'it did not end well')
            for name in trusted:
                all_came_in_order(ids[name], received(path), name)
            check(len(set(received(path))) == 2 * ALERTS, 'more came than the trusted ones had')
            check(receiver.stats()['bad'] == 0, 'a signature is wrong')
            for name in refused:
                check('400' in state(house, name)[0][0], f'{name}: {state(house, name)[0]}')
        finally:
            house.close()
            nginx.close()
            receiver.close()


if __name__ == '__main__':
    sys.exit(run_tests([every_bad_line_is_survived, nginx_is_an_endpoint_with_certificates_on_both_sides]))
