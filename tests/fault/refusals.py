#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Redis refuses for REFUSED_SECONDS (1): LOADING, MISCONF (a full disk), OOM, READONLY, BUSY. churnd pauses, goes on within 5 s
of the end of it, and nothing is lost. ROUNDS (1) of all, at moments drawn by RSEED."""
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]
from support import campaign  # noqa: E402
from support.house import id_of  # noqa: E402
from support.redis_client import Redis, RedisError  # noqa: E402
from torture import Producer, check, finish, furnish  # noqa: E402

SECONDS = float(os.environ.get("REFUSED_SECONDS", "1"))
ROUNDS = int(os.environ.get("ROUNDS", "1"))
RSEED = int(os.environ.get("RSEED", "1"))
RESUME = 5  # seconds


class Full:
    """A disk of 200 MB that is full; where nothing may be mounted, files that must not grow any more."""

    def __init__(self, house):
        self.house, self.filler = house, os.path.join(house.redis_folder, "filler")

    @staticmethod
    def mount(folder):
        os.mkdir(folder)
        return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0

    def begin(self):
        if not self.house.mounted:
            grown = max(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(self.house.folder) for name in names
                        if name.endswith(".aof"))
            resource.prlimit(self.house.redis_process.pid, resource.RLIMIT_FSIZE, (grown, resource.RLIM_INFINITY))
            return
        try:
            with open(self.filler, "wb") as file:
                while True:
                    file.write(b"x" * 65536)
                    file.flush()
        except OSError:
            pass  # it is full

    def end(self):
        if self.house.mounted:
            os.unlink(self.filler)
        else:
            resource.prlimit(self.house.redis_process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


class Settings:
    """What CONFIG SET or another command brings about, and undoes."""

    def __init__(self, house, on, off):
        self.house, self.on, self.off = house, on, off

    def begin(self):
        self.house.redis.call(*self.on)

    def end(self):
        self.house.redis.call(*self.off)


class Script:
    """A script that does not end."""

    def __init__(self, house):
        self.house = house

    def begin(self):
        self.house.redis.call("CONFIG", "SET", "busy-reply-threshold", "50")
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            Redis.unix(self.house.sock).call("EVAL", "while true do end", "0")
        except (RedisError, OSError):
            pass  # it was killed, as it should

    def end(self):
        self.house.redis.call("SCRIPT", "KILL")


class Loading:
    """It is killed and takes its time to read what it has, until it is told not to: a look at clients every 1024 commands."""
    COMMANDS = 20000

    def __init__(self, house):
        self.house = house

    def begin(self):
        keep = self.house.options
        self.house.redis.pipeline([["SET", "weight", n] for n in range(self.COMMANDS)])
        self.house.kill_redis()
        self.house.options = keep + ["--key-load-delay", str(int(SECONDS * 2e6 / self.COMMANDS))]
        self.house.start_redis(wait=False)
        self.house.options = keep

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self.house.sock)
        return sock

    def end(self):
        Redis(self.connect).call("CONFIG", "SET", "key-load-delay", "0")
        self.house.redis = Redis.unix(self.house.sock, 60)


TROUBLES = {
    "LOADING": Loading,
    "MISCONF": Full,
    "OOM": lambda house: Settings(house, ("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0")),
    "READONLY": lambda house: Settings(house, ("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "BUSY": Script,
}


def refused_with(house):
    """The first word of what Redis says to a write."""
    try:
        Redis.unix(house.sock, 0.1).call("SET", "nobody", "reads this")
        return "OK"
    except RedisError as why:
        return str(why).split()[0]
    except OSError:
        return "nothing"


def one(house, name, rng):
    """How many seconds after the end of it the position has moved."""
    before = house.position()
    house.wait(lambda: house.position() != before, "it goes on")
    time.sleep(rng.random() * 0.5)
    trouble, pid = TROUBLES[name](house), house.churnd.pid
    trouble.begin()
    begun, told = time.monotonic(), set()
    while time.monotonic() - begun < SECONDS:
        told.add(refused_with(house))
        assert house.alive(), "churnd ended\n" + house.log_tail()
        time.sleep(0.05)
    trouble.end()
    ended = time.monotonic()
    assert name in told, "Redis said %s, not %s" % (told, name)
    house.wait(lambda: refused_with(house) == "OK", "Redis takes writes again")
    ended = time.monotonic()
    before = house.redis.call("XADD", house.key("events"), "*", "customer", "after", "type", "login").decode()
    house.wait(lambda: id_of(house.position()) >= id_of(before), "it resumes")
    assert house.churnd.pid == pid and house.alive(), "churnd ended"
    return time.monotonic() - ended


def run():
    rng, slowest = random.Random(RSEED), {name: 0.0 for name in TROUBLES}
    house, receiver = furnish(["--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"], Full.mount)
    producer = Producer(house, RSEED, pause=0.02)
    try:
        producer.start()
        house.start()
        for _ in range(ROUNDS):
            for name in TROUBLES:
                took = one(house, name, rng)
                slowest[name] = max(slowest[name], took)
                assert took <= RESUME, "after %s it took %.1f s\n%s" % (name, took, house.log_tail())
        sentence = finish(house, producer, receiver)
        check(house, producer, lambda at: False)
        return "resumed at the latest after %s; %s%s" % (", ".join("%s: %.1f s" % pair for pair in slowest.items()), sentence,
                             "" if house.mounted else "; no tmpfs could be mounted: RLIMIT_FSIZE in its place")
    finally:
        house.close()
        receiver.close()


def main():
    name = "Redis refuses %d times for %g s: churnd pauses, goes on, and loses nothing" % (ROUNDS * len(TROUBLES), SECONDS)
    return campaign.only(name, run, ("Redis answers LOADING, MISCONF (full disk on a small tmpfs), OOM, READONLY, BUSY for seconds: "
                                     "pause, resume in 5 s, nothing lost", "%d of each" % ROUNDS,
                                     "make refusals ROUNDS=%d REFUSED_SECONDS=%g" % (ROUNDS, SECONDS), RSEED))


if __name__ == "__main__":
    sys.exit(main())
