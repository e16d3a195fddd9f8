#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every alert arrives, and none that Redis knew to be delivered is sent again: DELIVERIES (40000) of them, to a
receiver that drops one in DROP (100) after it has taken it, under kill -9 of churnd every KILL_EVERY (1) seconds."""
import bisect
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import campaign  # noqa: E402
from support.house import House, SECRET  # noqa: E402
from support.patience import PATIENCE  # noqa: E402
from support.receiver import FastReceiver  # noqa: E402
from support.redis_client import Redis, pairs  # noqa: E402

DELIVERIES = int(os.environ.get("DELIVERIES", "40000"))
DROP = int(os.environ.get("DROP", "100"))
KILL_EVERY = float(os.environ.get("KILL_EVERY", "1"))
CUSTOMERS = 5000
REPLAYED = 100000  # so many are compared with a replay of the stream, too; the tool takes them in one piece
AHEAD = 4000  # events that wait at most: kills shall meet the engine at work, too

# A rule is done with a customer after a second: it takes turns so that every event fires one.
TURNS = 10
RULES = "\n".join(["churnd: 1", "name: deliveries", "defaults: {max_alerts_per_hour: 1000000}", "rules:"] + [
    "- {rule: bad%d, on: nps, expr: event.value == %d, keep_firing_for: 1s, cooldown: 0s, points: 1}" % (turn, turn)
    for turn in range(TURNS)] + ["actions:", "- {on: rule.fired, webhook: crm}", ""])
# The endpoint's circuit may not open: ten in a row are one in 10^20 here, but a kill drops eight at a time.
CONFIG = """webhooks:
  crm: {url: "%s", secret: "whsec_%s", allow: [127.0.0.0/8], retry: {first: 50ms, max: 500ms, give_up_after: 1h}}
"""


def entry_of(text):
    milliseconds, number = text.split(b"-")
    return int(milliseconds), int(number)


class Producer(threading.Thread):
    """As fast as alerts arrive, and a little ahead."""

    def __init__(self, house, receiver):
        super().__init__(daemon=True)
        self.house, self.receiver, self.sent = house, receiver, 0
        self.arrived, self.changed = 0, threading.Condition()

    def run(self):
        redis = Redis.unix(self.house.sock)
        while self.sent < DELIVERIES:
            with self.changed:
                self.changed.wait_for(lambda: self.sent - self.arrived < AHEAD)
            count = min(200, DELIVERIES - self.sent)
            redis.pipeline([["XADD", self.house.key("events"), "*", "customer", "c%d" % (n % CUSTOMERS), "type", "nps",
                             "value", n // CUSTOMERS % TURNS] for n in range(self.sent, self.sent + count)])
            self.sent += count
        redis.close()

    def tell(self, arrived):
        with self.changed:
            self.arrived = arrived
            self.changed.notify_all()


class Samples:
    """What Redis knew to be delivered, and since when at the latest."""

    def __init__(self, house):
        self.house, self.at, self.known = house, [], []

    def take(self):
        fields = self.house.redis.call("HMGET", self.house.key("delivery:crm"), "position", "done")
        position, done = fields[0] or b"0-0", fields[1] or b""
        ranges = [[entry_of(end) for end in part.split(b"..")] for part in done.split()]
        self.at.append(time.monotonic_ns())
        self.known.append((entry_of(position), [r[0] for r in ranges], [r[-1] for r in ranges]))

    def knew(self, entry, nanoseconds):
        """Before that moment, that this entry was delivered?"""
        index = bisect.bisect_left(self.at, nanoseconds) - 1
        if index < 0:
            return False
        position, froms, tos = self.known[index]
        place = bisect.bisect_right(froms, entry) - 1
        return entry <= position or (place >= 0 and entry <= tos[place])


def under_kills(house, receiver, producer, samples):
    """Kills until all has arrived; the number of kills."""
    kills, before, moved = 0, 0, time.monotonic()
    house.start()
    producer.start()
    while True:
        kill_at = time.monotonic() + KILL_EVERY
        while time.monotonic() < kill_at and (kills > 0 or before < DELIVERIES // 3):  # few are over before a second is
            arrived = receiver.stats()["distinct"]
            producer.tell(arrived)
            if arrived > before:
                before, moved = arrived, time.monotonic()
            assert time.monotonic() < moved + PATIENCE, "nothing arrives any more\n" + house.log_tail()
            if arrived >= DELIVERIES:
                return kills
            assert house.alive(), "churnd ended\n" + house.log_tail()
            samples.take()
            time.sleep(0.02)
        house.kill()
        house.quiet()
        samples.take()
        kills += 1
        house.start()


def outbox(house):
    """id -> (entry, customer), in the order of the stream."""
    alerts, after = {}, "-"
    while True:
        rows = house.redis.call("XRANGE", house.key("alerts"), after, "+", "COUNT", 5000)
        for entry, fields in rows:
            fields = pairs(fields)
            if fields[b"to"] == b"crm":
                alerts[fields[b"id"].decode()] = entry_of(entry), fields[b"customer"].decode()
        if not rows:
            return alerts
        after = "(" + rows[-1][0].decode()


def read_record(path):
    """(nanoseconds, id, dropped) of every request, in order."""
    with open(path, encoding="ascii") as file:
        for line in file:
            nanoseconds, name, dropped = line.split()
            yield int(nanoseconds), name, dropped == "1"


def judge(alerts, samples, record):
    """Raises what is wrong; returns how many requests there were beyond the first and the dropped."""
    latest, seen, answered, dropped, requests = {}, set(), set(), 0, 0
    for nanoseconds, name, drop in record:
        assert name in alerts, "%s was sent and never committed" % name
        entry, customer = alerts[name]
        assert not samples.knew(entry, nanoseconds), "%s was sent after Redis knew it to be delivered" % name
        if name not in seen:
            assert latest.get(customer, (0, 0)) < entry, "%s overtook an earlier alert of %s" % (name, customer)
            latest[customer] = entry
            seen.add(name)
        if not drop:
            answered.add(name)
        dropped += drop
        requests += 1
    missing = set(alerts) - answered
    assert not missing, "%d of %d never arrived, such as %s" % (len(missing), len(alerts), min(missing))
    return requests - dropped - len(answered)


def run():
    house = House(RULES)
    path = os.path.join(house.folder, "record")
    receiver = FastReceiver("--drop", DROP, "--record", path, "--key", FastReceiver.key_hex())
    house.more = CONFIG % (receiver.url, SECRET)
    samples, producer, begun = Samples(house), Producer(house, receiver), time.monotonic()
    try:
        kills = under_kills(house, receiver, producer, samples)
        took = time.monotonic() - begun
        house.wait(house.listens, "it listens to signals")  # the last one may have come just as it was killed
        status = house.stop()
        assert status == 0, "churnd ended with %d\n%s" % (status, house.log_tail())
        samples.take()
        alerts, stats = outbox(house), receiver.stats()
        assert len(alerts) == DELIVERIES, "%d alerts of %d events" % (len(alerts), DELIVERIES)
        assert stats["bad"] == 0, "%d signatures are wrong" % stats["bad"]
        again = judge(alerts, samples, read_record(path))
        if DELIVERIES <= REPLAYED:
            same, sentence = house.verify()
            assert same, sentence
        assert kills > 0, "it was over before the first kill"
        return "%d alerts in %.0f s under %d kills: %d requests, %d dropped after they were taken, %d sent again " \
            "because a kill came before the account; %d looks at the account" % (
                len(alerts), took, kills, stats["requests"], stats["dropped"], again, len(samples.at))
    finally:
        house.close()
        receiver.close()


def main():
    name = "%d deliveries under kill -9 every %g s: each arrives, none that was known to be delivered is sent again" % (
        DELIVERIES, KILL_EVERY)
    return campaign.only(name, run, ("each alert arrives, and none that was known to be delivered is sent again", "%d alerts" % DELIVERIES,
                                     "make deliveries DELIVERIES=%d" % DELIVERIES, None))


if __name__ == "__main__":
    sys.exit(main())
