#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lines to Redis and to an endpoint are bad in every way of chaos.Proxy, in turn and then at random: cut and reset
after any byte, half-open, a byte at a time, silent. Once they are mended everything is there once, and has arrived.

LINES_SECONDS (0) of random weather after each way has had its turn to Redis; RSEED replays the draws."""
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]
from support import campaign  # noqa: E402
from support.chaos import Proxy  # noqa: E402
from support.house import id_of  # noqa: E402
from support.tls import free_port  # noqa: E402
from torture import Producer, check, finish, furnish  # noqa: E402

SECONDS = float(os.environ.get("LINES_SECONDS", "0"))
RSEED = int(os.environ.get("RSEED", "1"))
WAYS = ("slow", "bytes", "cut", "cut_request", "reset", "refuse", "forget", "half")
BACK_IN = 10  # seconds from the end of the last of it; it tries again after 5 s at most


class Line(Proxy):
    """Forgets the connections that have ended, so that an hour of them is no more than a minute."""

    def turn(self, how, after):
        """From now on, also for what is open: those end."""
        self.how, self.after = how, after
        self.drop()
        with self.lock:
            self.taken = []  # their threads close them


def weather(house, lines, rng, how=None):
    """One spell: a way for each line, for a moment; how many bytes pass before the end is drawn over four orders."""
    for line in lines:
        line.turn(how or rng.choice(WAYS + ("pass", "pass")), int(10 ** (rng.random() * 4)))
    time.sleep(rng.random() * (0.4 if how else 1.0))
    assert house.alive(), "churnd ended\n" + house.log_tail()


def mend(house, lines, how):
    for line in lines:
        line.turn("pass", 0)
    before = house.redis.call("XADD", house.key("events"), "*", "customer", "after", "type", "login").decode()
    begun = time.monotonic()
    house.wait(lambda: id_of(house.position()) >= id_of(before), "it is back after " + how, BACK_IN)
    return time.monotonic() - begun


def run():
    rng, port, slowest, spells = random.Random(RSEED), free_port(), 0.0, 0
    house, receiver = furnish(["--port", str(port)])
    lines = to_redis, to_endpoint = Line(port), Line(receiver.port)
    house.redis_keys = 'url: "redis://127.0.0.1:%d/0"' % to_redis.port
    house.receiver = to_endpoint
    to_endpoint.url = "http://127.0.0.1:%d/" % to_endpoint.port
    producer = Producer(house, RSEED, pause=0.05)
    try:
        producer.start()
        house.start()
        house.wait(lambda: house.mark() is not None, "it has begun")
        for how in WAYS:
            weather(house, lines, rng, how)
            took = mend(house, lines, how)
            slowest, spells = max(slowest, took), spells + 1
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            for _ in range(rng.randrange(1, 12)):
                weather(house, lines, rng)
                spells += 1
            slowest = max(slowest, mend(house, lines, "all sorts of weather"))
        house.wait(house.listens, "it listens to signals")
        assert house.stop() == 0, "it did not end well\n" + house.log_tail()  # a new daemon has no open circuit
        sentence = finish(house, producer, receiver)
        check(house, producer, lambda at: False)
        return "%d spells on both lines, %d connections to Redis and %d to the endpoint; back %.1f s after the last of them; %s" % (
            spells, to_redis.count, to_endpoint.count, slowest, sentence)
    finally:
        house.close()
        receiver.close()
        for line in lines:
            line.close()


def main():
    name = "lines that are cut, half-open, silent or slow by the byte, each way and %g s at random: everything is there once" % SECONDS
    return campaign.only(name, run, ("connection cut, half-open, one byte at a time, to Redis and to endpoints", "%g s at random" % SECONDS,
                                     "make lines LINES_SECONDS=%g" % SECONDS, RSEED))


if __name__ == "__main__":
    sys.exit(main())
