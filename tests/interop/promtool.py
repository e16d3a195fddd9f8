#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prometheus' own reader finds nothing wrong with /metrics. Its package (19 MB) is unpacked below the build, not installed."""
import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import exposition  # noqa: E402
from live_house import House, check, run_tests  # noqa: E402
from unix_http import Client  # noqa: E402

PLACE = os.path.join(os.path.abspath(os.environ.get('BUILD', 'build')), 'interop')
PROMTOOL = os.path.join(PLACE, 'prometheus', 'usr', 'bin', 'promtool')
RULES = '''churnd: 1
name: promtool
levels:
  watch: {enter: 30, leave: 20}
signals:
  complaint: {on: complaint}
rules:
- rule: complaints
  expr: count(complaint[14d live]) >= 1
  points: 40
actions:
- {on: customer.level_raised, task: call, webhook: crm}
tasks:
  call: {title: Call}
'''
CONFIG = 'webhooks: {crm: {url: "http://127.0.0.1:9/", secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg==}}\n'


def fetch():
    if os.path.exists(PROMTOOL):
        return
    os.makedirs(PLACE, exist_ok=True)
    subprocess.run(['apt-get', '-q', 'download', 'prometheus'], cwd=PLACE, check=True, capture_output=True)
    package = glob.glob(os.path.join(PLACE, 'prometheus_*.deb'))[0]
    subprocess.run(['dpkg', '-x', package, os.path.join(PLACE, 'prometheus')], check=True)
    os.remove(package)


def promtool(text):
    done = subprocess.run([PROMTOOL, 'check', 'metrics'], input=text, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_promtool_finds_nothing_wrong():
    fetch()
    with House(RULES, config=CONFIG) as house:
        house.start()
        client = Client(house.path('churnd.yaml.http'))
        house.committed(house.send('c1', 'complaint', source='a"b'))
        client.json('GET', '/v1/nothing', None, 404)
        text = client.ask('GET', '/metrics').body
        check('churnd_tasks{' in text and 'churnd_webhook_waiting{' in text and 'churnd_http_request_seconds_bucket{' in text, text)
        check(promtool(text) == (0, ''), promtool(text))


def test_our_own_checker_is_at_least_as_strict():
    fetch()
    refused = 0
    head = '# HELP churnd_x of x\n# TYPE churnd_x gauge\n'
    for text in (head + 'churnd_x{a="b} 1\n', head + 'churnd_x 1\nchurnd_x 2\n', head + 'churnd_x one\n', head + 'churnd_x{a="\\z"} 1\n',
                 '# TYPE churnd_x gauge\nchurnd_x 1\n', head.replace('gauge', 'counter') + 'churnd_x 1\n', head + 'churnd_x{a="1",a="2"} 1\n'):
        refused += promtool(text)[0] != 0
        try:
            exposition.read(text)
        except Exception:  # pylint: disable=broad-except
            continue
        check(False, f'ours takes {text}')
    check(refused >= 4, f'promtool refuses only {refused}')


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
