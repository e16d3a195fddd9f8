#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A weekend at a chat room with hours: told until Friday's end, silent, and on Monday morning one message with all of it."""
import datetime
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.house import House, SECRET  # noqa: E402
from support.live_house import check, run_tests  # noqa: E402

RULES = '''churnd: 1
name: night
timezone: Asia/Shanghai
signals: {login: {on: login}}
rules: [{rule: r, expr: silent(login) >= 9d, points: 1}]
'''
# The daemon's wall clock, moved by so many ms; the monotonic one stays.
SHIFT = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *out)
{
	int (*real)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	const char *shift = getenv("CLOCK_SHIFT_S");
	int code = real(id, out);
	if (id == CLOCK_REALTIME && shift)
		out->tv_sec += atol(shift);
	return code;
}
'''


class Room(http.server.ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.seen = []  # names of the customers of a message
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """The daemon has ended."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        self.server.seen.append(re.findall(r'Kunde-\d\d', body['markdown']['content'] if 'markdown' in body else body['data']['name']))
        self.send_response(200)
        self.send_header('Content-Length', '13')
        self.end_headers()
        self.wfile.write(b'{"errcode":0}')

    def log_message(self, *_):
        pass


def alert(house, number):
    name, body = f'Kunde-{number:02d}', {'type': 'customer.level_raised', 'id': f'al_{number:026d}', 'timestamp': '2026-11-21T10:00:00.000Z',
                                         'data': {'customer': f'k{number}', 'level': 'watch', 'risk': 40, 'reasons': []}}
    body['data']['name'] = name
    house.redis.call('XADD', house.key('alerts'), '*', 'id', body['id'], 'type', body['type'], 'customer', f'k{number}', 'at', '1',
                     'to', 'room,always', 'body', json.dumps(body))
    return name


def start_at(house, shift, text):
    """A daemon for which it is that time in Shanghai now."""
    wanted = datetime.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo('Asia/Shanghai')).timestamp()
    os.environ.update(LD_PRELOAD=shift, CLOCK_SHIFT_S=str(round(wanted - time.time())))
    try:
        house.start()
    finally:
        del os.environ['LD_PRELOAD'], os.environ['CLOCK_SHIFT_S']


def flat(messages):
    return [name for message in messages for name in message]


def what_came_over_a_weekend_is_one_message_on_monday():
    house, room, other = House(RULES), Room(), Room()
    shift = os.path.join(house.folder, 'shift.so')
    with open(shift + '.c', 'w', encoding='ascii') as file:
        file.write(SHIFT)
    subprocess.run(['gcc', '-shared', '-fPIC', '-o', shift, shift + '.c', '-ldl'], check=True)
    allow = 'allow: [127.0.0.0/8]'
    house.more = f'''webhooks:
  room: {{url: "http://127.0.0.1:{room.server_address[1]}/", format: wecom, hours: "09:00-18:00 workdays", {allow}}}
  always: {{url: "http://127.0.0.1:{other.server_address[1]}/", secret: "whsec_{SECRET}", {allow}}}
'''
    try:
        start_at(house, shift, '2026-11-27T17:59:54')
        friday = [alert(house, number) for number in range(3)]
        house.wait(lambda: sorted(flat(room.seen)) == friday, 'what comes within the hours is told')
        before = len(room.seen)
        house.wait(lambda: shanghai(house) > '2026-11-27 18:00:00', 'the hours end')
        waiting = [alert(house, number) for number in range(3, 9)]
        house.wait(lambda: set(waiting) <= set(flat(other.seen)), 'who has no hours is told')
        house.kill()
        start_at(house, shift, '2026-11-28T12:00:00')  # a Saturday
        waiting += [alert(house, number) for number in range(9, 15)]
        house.wait(lambda: set(waiting) <= set(flat(other.seen)), 'who has no hours is told on a Saturday')
        house.kill()
        start_at(house, shift, '2026-11-30T08:59:57')
        house.wait(lambda: house.redis.call('EXISTS', house.key('lease')), 'it has begun')
        check(sorted(flat(room.seen)) == friday, f'it was told out of hours: {room.seen[before:]}')
        house.wait(lambda: len(room.seen) > before, 'the hours begin')
        check(shanghai(house) >= '2026-11-30 09:00:00', f'told at {shanghai(house)}')
        house.wait(lambda: len(flat(room.seen)) >= 15, 'all is told')
        check(sorted(room.seen[-1]) == waiting and len(room.seen) == before + 1, f'not one message: {room.seen[before:]}')
        check(house.stop() == 0, 'it did not end well')
    finally:
        house.close()


def shanghai(house):
    """The daemon's time of day, as its shifted clock says."""
    with open(f'/proc/{house.churnd.pid}/environ', 'rb') as file:
        shift = int(re.search(rb'CLOCK_SHIFT_S=(-?\d+)', file.read()).group(1))
    return datetime.datetime.fromtimestamp(time.time() + shift, zoneinfo.ZoneInfo('Asia/Shanghai')).strftime('%Y-%m-%d %H:%M:%S')


if __name__ == '__main__':
    sys.exit(run_tests([what_came_over_a_weekend_is_one_message_on_monday]))
