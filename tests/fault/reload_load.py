#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""10,000 events a second and other rules each second: no event is lost, no alert repeated, state is kept."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import campaign  # noqa: E402
from support.house import House  # noqa: E402
from support.redis_client import Redis  # noqa: E402

SECONDS = int(os.environ.get("RELOAD_SECONDS", "10"))
RATE = int(os.environ.get("RELOAD_RATE", "10000"))
CUSTOMERS = 5000
BATCH = RATE // 100

BASE = """churnd: 1
name: reload-load
levels:
  watch: {enter: 30, leave: 20}
  critical: {enter: 80, leave: 60}
signals:
  login: {on: login}
  complaint: {on: complaint}
rules:
- rule: complained
  expr: count(complaint[14d live]) >= 2
  points: %(points)d
  reason: {en: "%(text)s: {count(complaint[14d live])}"}
- rule: busy
  expr: count(login[28d live]) >= 5
  for: %(hold)s
  points: 10
- rule: gone
  expr: seen(login) and silent(login) >= %(quiet)s
  points: 20
%(more)s"""
MORE = """- rule: quite_busy
  expr: count(login[28d live]) >= 20
  points: 5
"""
# What an admin edits: points, texts, `for`, an expression, a rule that comes and goes.
EDITS = [{}, {"points": 45}, {"text": "complaints in two weeks"}, {"hold": "1s"}, {"quiet": "3s"}, {"more": MORE},
         {"points": 35, "more": MORE}]


def rules(turn):
    words = {"points": 40, "text": "complaints", "hold": "0s", "quiet": "2s", "more": ""}
    words.update(EDITS[turn % len(EDITS)])
    return (BASE % words) + "# edit %d\n" % turn


def send(house, sent):
    """At RATE, whatever the daemon does; every tenth event is a complaint."""
    redis = Redis.unix(house.sock)
    begun, n = time.monotonic(), 0
    while n < RATE * SECONDS:
        commands = []
        for _ in range(BATCH):
            kind = "complaint" if n % 10 == 0 else "login"
            commands.append(["XADD", house.key("events"), "*", "customer", "c%d" % (n * 7919 % CUSTOMERS), "type", kind])
            n += 1
        redis.pipeline(commands)
        time.sleep(max(0, begun + n / RATE - time.monotonic()))
    sent.append((n, time.monotonic() - begun))
    redis.close()


def run():
    house = House(rules(0))
    try:
        house.start()
        house.wait(lambda: house.mark() is not None, "the first commit")
        sent, longest = [], 0
        sender = threading.Thread(target=send, args=(house, sent))
        sender.start()
        turn = 0
        while sender.is_alive():
            turn += 1
            house.write_rules(rules(turn))
            house.reload()
            begun = time.monotonic()
            house.wait(lambda: house.log_tail(10**8).count("are in force") >= turn, "rules in force")
            longest = max(longest, time.monotonic() - begun)
            time.sleep(max(0, 1 - (time.monotonic() - begun)))
        house.drain()
        changes = sum(1 for _, fields in house.redis.call("XRANGE", house.key("events"), "-", "+")
                      if b"churnd.rules" in fields)
        alerts = house.alerts()
        ids = [alert["id"] for alert in alerts]
        twice = len(ids) - len(set(ids))
        # State is kept: whoever complained was announced once, however often the rule's words changed.
        announced = [alert["customer"] for alert in alerts
                     if alert["type"] == "rule.fired" and '"rule":"complained"' in alert["body"]]
        complainers = len({n * 7919 % CUSTOMERS for n in range(0, sent[0][0], 10)})
        house.stop()
        same, sentence = house.verify()
        assert twice == 0, "%d alerts came twice" % twice
        assert len(announced) == len(set(announced)), "somebody was announced twice"
        assert len(set(announced)) == complainers, "%d of %d were announced" % (len(set(announced)), complainers)
        assert changes >= SECONDS - 2, "%d changes of rules in %d s" % (changes, SECONDS)
        assert same, sentence
        return "%d events in %.1f s (%.0f/s), %d changes of rules, slowest in force after %.0f ms, %d alerts, equal to a replay" % (
            sent[0][0], sent[0][1], sent[0][0] / sent[0][1], changes, longest * 1000, len(alerts))
    finally:
        house.close()


def main():
    name = "%d events a second and a reload each second for %d s: nothing lost, nothing twice" % (RATE, SECONDS)
    return campaign.only(name, run, ("a reload each second under load: nothing lost, nothing twice", "%d s" % SECONDS,
                                     "make reload RELOAD_SECONDS=%d" % SECONDS, None))


if __name__ == "__main__":
    sys.exit(main())
