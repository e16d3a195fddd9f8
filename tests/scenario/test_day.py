#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A customer-success day played through with churnctl alone: day.txt beside this file is the script and what is said.

Of the lines of day.txt "# " tells the reader, "$ " is a command, "~ until TYPE CUSTOMER" waits for that alert and other
"~" for what they say; the rest is what the commands said, "[exit N]" their status where it is not 0. Ids are named in
the order in which they are first seen (tk_1, al_1 ...), instants are <time>. UPDATE=1 writes down what was said now."""
import csv
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'support'))
from live_house import PATIENCE, House, check, run_tests, wait_for  # noqa: E402

CHURNCTL = os.path.join(os.environ.get('BUILD', 'build'), 'churnctl')
SCRIPT = os.path.join(HERE, 'day.txt')
RULES = os.path.join(HERE, 'day.yaml')
DAY = 86400000
WEBHOOKS = '''webhooks:
  crm:
    url: http://127.0.0.1:%d/hook
    secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3
    allow: [127.0.0.0/8]
    retry: {first: 50ms, max: 100ms}
'''


class Crm:
    """Takes every alert, unless it is told to refuse them."""

    def __init__(self):
        self.took, self.refuses = set(), False
        crm = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):  # pylint: disable=invalid-name
                self.rfile.read(int(self.headers['Content-Length']))
                refused = crm.refuses
                if not refused:
                    crm.took.add(self.headers['webhook-id'])
                answer = b'no such account' if refused else b''
                self.send_response(422 if refused else 200)
                self.send_header('Content-Length', str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server.server_address[1]


def history(path, now):
    """A month of logins; some customers stopped a while ago, and have been silent since."""
    stopped = {'acme': 0, 'globex': 16, 'initech': 20, 'umbrella': 0, 'hooli': 15}
    words = {'acme': ('Acme', 'li', 490), 'globex': ('Globex', 'li', 1900), 'initech': ('Initech', 'wang', 120),
             'umbrella': ('Umbrella', 'wang', 2400), 'hooli': ('Hooli', 'li', 60)}
    rows = []
    for number, (customer, (name, owner, mrr)) in enumerate(words.items()):
        at = now - 30 * DAY + number
        rows.append({'customer': customer, 'type': 'profile', 'ts': at, 'name': name, 'owner': owner, 'mrr': mrr})
        rows += [{'customer': customer, 'type': 'login', 'ts': at + day * DAY + DAY // 2 + 1000}
                 for day in range(30 - stopped[customer])]
    rows.sort(key=lambda row: row['ts'])
    with open(path, 'w', encoding='utf-8', newline='') as file:
        out = csv.DictWriter(file, ['customer', 'type', 'ts', 'name', 'owner', 'mrr'])
        out.writeheader()
        out.writerows(rows)


class Play:
    def __init__(self, house, crm):
        self.house, self.crm, self.names, self.ids, self.waited = house, crm, {}, {}, {}

    def name(self, match):
        """tk_1 in the place of an id, as wide as that where a column follows."""
        kind, ident = match[1], match[0].rstrip(' ')
        if ident not in self.names:
            self.names[ident] = f'{kind}_{sum(name.startswith(kind) for name in self.names.values()) + 1}'
            self.ids[self.names[ident]] = ident
        name = self.names[ident]
        return name.ljust(len(ident)) + match[0][len(ident):] if match[0] != ident else name

    @staticmethod
    def moment(match):
        return '<time>'.ljust(len(match[0])) if match[3] else '<time>'

    def plain(self, text):
        text = re.sub(r'\b(tk|al|ep)_[a-z2-7]{26}\b(?:  )?', self.name, text)
        text = re.sub(r'\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?(  )?', self.moment, text)
        text = re.sub(r'\b\d+ seconds?\b', lambda match: '<moment>'.ljust(len(match[0])), text)
        text = re.sub(r'\b\d+(\.\d s| ms)\b', '<moment>', text)
        text = re.sub(r'\b\d{13}-\d+\b(  )?', lambda match: '<entry>'.ljust(len(match[0]) if match[1] else 0), text)
        return [line.rstrip() for line in text.replace(self.house.folder + '/', '').splitlines()]

    def command(self, line):
        words = re.findall(r'"[^"]*"|\S+', line)
        words = [self.ids.get(word, word.strip('"')) for word in words]
        check(words[0] == 'churnctl', line)
        words = [self.house.path(word) if word.endswith('.csv') else word for word in words]
        done = subprocess.run([CHURNCTL, '-c', self.house.path('churnd.yaml'), *words[1:]], capture_output=True,
                              check=False, timeout=3 * PATIENCE)
        said = self.plain((done.stdout + done.stderr).decode())
        return said + ([f'[exit {done.returncode}]'] if done.returncode else [])

    def json(self, command):
        done = subprocess.run([CHURNCTL, '-c', self.house.path('churnd.yaml'), command, '--json'], capture_output=True,
                              check=True, timeout=3 * PATIENCE)
        return json.loads(done.stdout)

    def is_today(self):
        status, now = self.json('status'), time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())
        return status['drained'] and not status['held'] and (status['next_due'] or '9') > now

    def has_all(self):
        wanted = {fields['id'] for fields in self.house.alerts() if fields['to']}
        return wanted <= self.crm.took

    def wait(self, what):
        if what == 'until it is today':
            wait_for(what, self.is_today)
        elif what.startswith('until '):
            kind, customer = what.split()[1:3]
            seen = self.waited.get((kind, customer), 0)
            self.waited[kind, customer] = seen + 1
            wait_for(what, lambda: len(self.house.alerts(kind, customer)) > seen)
        elif what == 'the CRM refuses':
            self.crm.refuses = True
        elif what == 'the CRM takes alerts again':
            self.crm.refuses = False
        elif what == 'the CRM has all':
            wait_for(what, self.has_all)
        else:
            check(what == 'given up', f'unknown: {what}')
            wait_for(what, lambda: self.house.entries('dead'))

    def run(self, script):
        """What would stand in day.txt now."""
        said = []
        for line in script:
            if line.startswith('$ '):
                said += [line, *self.command(line[2:])]
            elif line.startswith('~ '):
                self.wait(line[2:])
                said.append(line)
            elif line.startswith('# '):
                said += [line] if not said or said[-1].startswith('# ') else ['', line]
        return said


def test_a_day_played_through_with_churnctl_alone():
    with open(RULES, encoding='utf-8') as file:
        rules = file.read()
    with open(SCRIPT, encoding='utf-8') as file:
        script = file.read().splitlines()
    crm = Crm()
    with House(rules, config=WEBHOOKS % crm.port) as house:
        house.start()
        history(house.path('history.csv'), int(time.time() * 1000))
        said = Play(house, crm).run(script)
    if os.environ.get('UPDATE'):
        with open(SCRIPT, 'w', encoding='utf-8') as file:
            file.write('\n'.join(said) + '\n')
    differs = next((i for i in range(max(len(said), len(script))) if said[i:i + 1] != script[i:i + 1]), None)
    check(differs is None or os.environ.get('UPDATE'), 'day.txt is another day, from line %s on\nsaid now:\n%s\nwritten:\n%s' % (
        differs and differs + 1, '\n'.join(said[differs or 0:][:12]), '\n'.join(script[differs or 0:][:12])))


if __name__ == '__main__':
    sys.exit(run_tests([test_a_day_played_through_with_churnctl_alone]))
