# SPDX-License-Identifier: Apache-2.0
"""A small Redis client for tests: one socket, RESP in and out, pipelines."""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from patience import SLOWER  # noqa: E402

WAIT = 10 * SLOWER  # seconds until a server that starts has to answer


class RedisError(Exception):
    """An error reply."""


class Redis:
    def __init__(self, connect):
        self.connect = connect
        self.socket = connect()
        self.file = self.socket.makefile("rb")

    @classmethod
    def unix(cls, path, wait=WAIT):
        def connect():
            deadline = time.monotonic() + wait
            while True:
                s = socket.socket(socket.AF_UNIX)
                try:
                    s.connect(path)
                    return s
                except OSError:
                    s.close()
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.005)
        client = cls(connect)
        client.wait_ready(wait)
        return client

    def wait_ready(self, wait=WAIT):
        deadline = time.monotonic() + wait
        while True:
            try:
                self.call("PING")
                return
            except RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)

    def reconnect(self):
        self.close()
        self.socket = self.connect()
        self.file = self.socket.makefile("rb")
        self.wait_ready()

    def close(self):
        self.file.close()
        self.socket.close()

    @staticmethod
    def encode(words):
        out = [b"*%d\r\n" % len(words)]
        for word in words:
            if not isinstance(word, bytes):
                word = str(word).encode()
            out.append(b"$%d\r\n%s\r\n" % (len(word), word))
        return b"".join(out)

    def read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        raise ConnectionError("no RESP: %r" % line)

    def call(self, *words):
        self.socket.sendall(self.encode(words))
        reply = self.read()
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def pipeline(self, commands):
        """All commands at once; the replies, errors as values."""
        self.socket.sendall(b"".join(self.encode(words) for words in commands))
        return [self.read() for _ in commands]


def pairs(fields):
    """[b"a", b"1", ...] as a dict of bytes."""
    return dict(zip(fields[::2], fields[1::2]))


def free_folder_path(folder, name):
    """A socket path short enough for sun_path."""
    path = os.path.join(folder, name)
    assert len(path) < 100, path
    return path
