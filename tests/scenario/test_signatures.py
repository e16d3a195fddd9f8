#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A thousand bodies of every kind, sent by the real daemon, verify with `openssl dgst`, which knows nothing of us."""
import base64
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.bodies import send_bodies  # noqa: E402
from support.live_house import check, run_tests  # noqa: E402


def openssl(key, paths, folder):
    """path -> signature in base64, as openssl computes it over the bytes of each file."""
    done = subprocess.run(['openssl', 'dgst', '-sha256', '-mac', 'HMAC', '-macopt', 'hexkey:' + key.hex(), *paths],
                          cwd=folder, capture_output=True, text=True, check=True)
    lines = [line.rsplit(')= ', 1) for line in done.stdout.splitlines()]
    return {name.split('(', 1)[1]: base64.b64encode(bytes.fromhex(mac)).decode() for name, mac in lines}


def the_published_vector_holds_for_the_verifier():
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'signed'), 'wb') as file:
            file.write(b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}')
        key = base64.b64decode('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
        check(openssl(key, ['signed'], folder) == {'signed': 'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='},
              'openssl does not make the signature of the standard')


def verify(kept):
    """All that a receiver kept was signed with each of the keys, and is what stood in the stream."""
    signatures = kept.signatures()
    check(len(signatures) == len(kept.bodies), f'{len(signatures)} of {len(kept.bodies)} came')
    macs = [openssl(key, sorted(signatures), kept.folder) for key in kept.keys]
    for name, signature in signatures.items():
        wanted = ' '.join('v1,' + mac[name] for mac in macs)
        check(signature == wanted, f'{name}: {signature} instead of {wanted}')
        ident, _, body = kept.content(name)
        check(kept.bodies[ident.decode()] == body, f'{ident}: the body is not that of the stream')


def every_body_verifies_with_openssl():
    send_bodies(verify)


if __name__ == '__main__':
    sys.exit(run_tests([the_published_vector_holds_for_the_verifier, every_body_verifies_with_openssl]))
