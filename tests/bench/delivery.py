# SPDX-License-Identifier: Apache-2.0
"""Figures of delivery: how fast a backlog goes out, and what bad endpoints do to their neighbours."""
import json
import os
import statistics
import time

from support.house import House, SECRET
from support.receiver import FastReceiver

RULES = "churnd: 1\nname: bench\nsignals:\n  login: {on: login}\n"
BODY = {"type": "rule.fired", "timestamp": "2026-11-21T10:00:00.000Z", "version": 1, "data": {
    "customer": "", "name": "Acme", "owner": "li", "level": "at_risk", "risk": 65, "health": 35, "stage": "at_risk",
    "episode": 3, "seq": 17, "key": "ep_nb2wgo3kom3nwgno4p6gnh2n", "status": "open", "cause": "event",
    "caused_by": "1795255200000-0", "value": 5880, "rule": "bench", "points": 25, "text": "no login for 14 days",
    "evidence": [{"expr": "silent(login)", "value": 1209600, "unit": "s", "text": "14 days"}],
    "reasons": [{"rule": "login_silence", "category": "usage", "points": 25, "text": "no login for 14 days",
                 "advice": "call the champion", "since": "2026-11-21T10:00:00.000Z", "evidence": []}],
    "profile": {"tier": "business"}, "tags": ["high_value"]}}
CUSTOMERS = 5000


def alert(number, to):
    name, customer = "al_%026d" % number, "c%d" % (number % CUSTOMERS)
    body = dict(BODY, id=name, data=dict(BODY["data"], customer=customer))
    return ["id", name, "type", "rule.fired", "customer", customer, "at", "1795255200000", "to", to,
            "body", json.dumps(body, separators=(",", ":"))]


def fill_alerts(house, count, to):
    """A backlog in the outbox; returns its last entry."""
    for first in range(0, count, 2000):
        last = house.redis.pipeline([["XADD", house.key("alerts"), "*", *alert(n, to)]
                                     for n in range(first, min(count, first + 2000))])[-1]
    return last


def webhook(name, url, more=""):
    return '  %s: {url: "%s", secret: "whsec_%s", allow: [127.0.0.0/8]%s}\n' % (name, url, SECRET, more)


# -- a backlog

def backlog(posts, concurrency, redis_options):
    """POSTs a second of a new churnd, from the first to the moment at which the position has passed the last."""
    receiver = FastReceiver()
    house = House(RULES, redis_options=redis_options,
                  config="webhooks:\n" + webhook("crm", receiver.url, ", concurrency: %d" % concurrency))
    try:
        last = fill_alerts(house, posts, "crm")
        house.start()
        key = house.key("delivery:crm")
        house.wait(lambda: house.redis.call("HGET", key, "position") == last, "the backlog is delivered", 300)
        stats = receiver.stats()
        with open("/proc/%d/stat" % house.churnd.pid, encoding="ascii") as file:
            words = file.read().rsplit(")", 1)[1].split()
        stats["churnd_cpu_s"] = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        house.stop()
        return stats
    finally:
        house.close()
        receiver.close()


def bare(bench, posts, concurrency):
    receiver = FastReceiver()
    try:
        bench("posts", receiver.url, posts, concurrency, len(alert(1, "crm")[-1]))
        return receiver.stats()
    finally:
        receiver.close()


def measure_posts(bench, say, posts, rounds, concurrency, redis_options):
    rates = {"churnd": [], "bare": []}
    cpu = []
    for number in range(rounds):
        plain, ours = bare(bench, posts, concurrency), backlog(posts, concurrency, redis_options)
        for name, stats in (("bare", plain), ("churnd", ours)):
            if stats["distinct"] != posts:
                raise SystemExit("%s: %d of %d posts arrived" % (name, stats["distinct"], posts))
            rates[name].append(stats["requests"] / stats["seconds"])
        cpu.append(ours["churnd_cpu_s"] / posts * 1e6)
        say("round %d: bare %.1f k/s, churnd %.1f k/s" % (number + 1, rates["bare"][-1] / 1e3, rates["churnd"][-1] / 1e3))
    return {"posts": posts, "concurrency": concurrency, "bare_per_s": statistics.median(rates["bare"]),
            "per_s": statistics.median(rates["churnd"]), "churnd_cpu_us": statistics.median(cpu),
            "ratio": statistics.median(b / a for a, b in zip(rates["bare"], rates["churnd"]))}
