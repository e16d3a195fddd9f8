#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon signs verifies with the npm package `standardwebhooks`: make interop, which asks a registry for it."""
import base64
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from support.bodies import secret_of, send_bodies  # noqa: E402
from support.live_house import check, run_tests  # noqa: E402

MODULES = os.path.join(os.path.abspath(os.environ.get('BUILD', 'build')), 'interop')
# One line of JSON a message in: secret, headers, body in base64; out: how many were verified, or the first refusal.
# The package's own check of the age of the timestamp is on. What it makes of it, it parses as JSON: so do we.
SCRIPT = """
const { Webhook } = require('standardwebhooks');
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean);
let verified = 0, refused = 0;
for (const line of lines) {
  const { secret, headers, body } = JSON.parse(line);
  const text = Buffer.from(body, 'base64').toString('utf8');
  new Webhook(secret).verify(text, headers);
  verified++;
  try { new Webhook(secret).verify(text + ' ', headers); } catch (error) { refused++; }
}
console.log(JSON.stringify({ verified, refused }));
"""


def install():
    os.makedirs(MODULES, exist_ok=True)
    done = subprocess.run(['npm', 'install', '--prefix', MODULES, '--no-audit', '--no-fund', 'standardwebhooks@1'],
                          capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr)


def verify(kept):
    lines = []
    for name, signature in kept.signatures().items():
        ident, timestamp, body = kept.content(name)
        headers = {'webhook-id': ident.decode(), 'webhook-timestamp': timestamp.decode(), 'webhook-signature': signature}
        lines += [json.dumps({'secret': secret_of(key), 'headers': headers, 'body': base64.b64encode(body).decode()})
                  for key in kept.keys]
    done = subprocess.run(['node', '-e', SCRIPT], cwd=MODULES, input='\n'.join(lines), capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0, done.stderr)
    counts = json.loads(done.stdout)
    check(counts == {'verified': len(lines), 'refused': len(lines)}, f'{counts} of {len(lines)}')
    print(f'# {len(lines)} signatures verified; as many refused when a space was added to the body', flush=True)


def every_body_verifies_with_the_npm_package():
    install()
    send_bodies(verify)


if __name__ == '__main__':
    sys.exit(run_tests([every_body_verifies_with_the_npm_package]))
