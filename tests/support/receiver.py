# SPDX-License-Identifier: Apache-2.0
"""The fast endpoint of tests/tools/receiver.c, for tests that send more than Python can take."""
import base64
import json
import os
import subprocess

from support.house import SECRET, TOOLS


class FastReceiver:
    """Takes everything on loopback; `options` are those of the program."""

    def __init__(self, *options, tools=None):
        self.process = subprocess.Popen([os.path.join(tools or TOOLS, "receiver"), *map(str, options)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    @property
    def url(self):
        return "http://127.0.0.1:%d/" % self.port

    @staticmethod
    def key_hex():
        """What --key wants, for endpoints with the secret of these tests."""
        return base64.b64decode(SECRET).hex()

    def ask(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stats(self):
        return self.ask("stats")

    def reset(self):
        self.ask("reset")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
