#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing but the configuration says where a webhook goes: no proxy and no password of the surroundings, no redirect."""
import http.server
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.chaos import Mute  # noqa: E402
from support.house import House, SECRET  # noqa: E402
from support.live_house import check, run_tests  # noqa: E402

RULES = 'churnd: 1\nname: around\nsignals: {login: {on: login}}\nrules: [{rule: r, expr: silent(login) >= 9d, points: 1}]\n'
PROXIES = ('http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY')


class Listener(http.server.ThreadingHTTPServer):
    """Keeps paths and headers; answers 204, or a redirect to `to` where the path says so."""
    daemon_threads, request_queue_size = True, 128

    def __init__(self, to=''):
        super().__init__(('127.0.0.1', 0), Handler)
        self.seen, self.to, self.port = [], to, self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """The daemon may be gone."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.server.seen.append((self.path, dict(self.headers)))
        code = int(self.path[1:]) if self.path[1:].isdigit() else 204
        self.send_response(code)
        if code != 204:
            self.send_header('Location', self.server.to)
            self.send_header('Content-Length', '0')
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_):
        pass


def webhook(name, url):
    return (f'  {name}: {{url: "{url}", secret: "whsec_{SECRET}", allow: [127.0.0.0/8], retry: {{first: 50ms, factor: 1, max: 50ms}}}}\n')


def nothing_around_it_steers_a_webhook():
    trap, elsewhere = Mute(), Mute()
    listener = Listener(f'http://127.0.0.1:{elsewhere.port}/')
    house = House(RULES)
    codes = (301, 302, 303, 307, 308)
    house.more = 'webhooks:\n' + webhook('plain', f'http://127.0.0.1:{listener.port}/plain') + ''.join(
        webhook(f'moved{code}', f'http://127.0.0.1:{listener.port}/{code}') for code in codes)
    with open(os.path.join(house.folder, '.netrc'), 'w', encoding='ascii') as file:
        file.write('machine 127.0.0.1 login somebody password something\ndefault login somebody password something\n')
    with open(os.path.join(house.folder, '.curlrc'), 'w', encoding='ascii') as file:
        file.write(f'proxy = "http://127.0.0.1:{trap.port}"\nlocation\n')
    before = dict(os.environ)
    os.environ.update({name: f'http://127.0.0.1:{trap.port}' for name in PROXIES}, HOME=house.folder, CURL_HOME=house.folder,
                      NETRC=os.path.join(house.folder, '.netrc'))
    os.environ.pop('no_proxy', None)
    try:
        for name in ('plain', *(f'moved{code}' for code in codes)):
            house.redis.call('XADD', house.key('alerts'), '*', 'id', 'al_' + name, 'type', 'rule.fired', 'customer', 'c', 'at', '1',
                             'to', name, 'body', '{}')
        house.start()
        house.wait(lambda: all(sum(path == f'/{code}' for path, _ in listener.seen) >= 3 for code in codes), 'redirects are tried again')
        house.wait(lambda: any(path == '/plain' for path, _ in listener.seen), 'the plain one arrives')
        check(house.stop() == 0, 'it did not end well')
        check(trap.connections == 0, 'the proxy of the environment was asked')
        check(elsewhere.connections == 0, 'a redirect was followed')
        for path, headers in listener.seen:
            check('Authorization' not in headers and 'Proxy-Authorization' not in headers, f'{path}: a password of .netrc is sent')
    finally:
        os.environ.clear()
        os.environ.update(before)
        house.close()
        for server in (trap, elsewhere):
            server.close()


if __name__ == '__main__':
    sys.exit(run_tests([nothing_around_it_steers_a_webhook]))
