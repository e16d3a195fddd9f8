# SPDX-License-Identifier: Apache-2.0
"""Figures of delivery: how fast a backlog goes out, and what bad endpoints do to their neighbours."""
import json
import os
import statistics
import time

from support.chaos import BlackHole, Drip, Mute
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
        # Paused until it stands there whole: a start reads what lies behind the last commit, which is not what is measured.
        key = house.key("delivery:crm")
        house.redis.call("HSET", key, "state", "paused")
        house.start()
        house.wait(lambda: house.mark() is not None, "the first commit")
        last = fill_alerts(house, posts, "crm")
        house.redis.call("HSET", key, "state", "ok")
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
        cpu = bench("posts", receiver.url, posts, concurrency, len(alert(1, "crm")[-1]))["cpu_s"]
        return dict(receiver.stats(), bare_cpu_s=cpu)
    finally:
        receiver.close()


def measure_posts(bench, say, posts, rounds, concurrency, redis_options):
    rates = {"churnd": [], "bare": []}
    cpu, bare_cpu = [], []
    for number in range(rounds):
        plain, ours = bare(bench, posts, concurrency), backlog(posts, concurrency, redis_options)
        for name, stats in (("bare", plain), ("churnd", ours)):
            if stats["distinct"] != posts:
                raise SystemExit("%s: %d of %d posts arrived" % (name, stats["distinct"], posts))
            rates[name].append(stats["requests"] / stats["seconds"])
        cpu.append(ours["churnd_cpu_s"] / posts * 1e6)
        bare_cpu.append(plain["bare_cpu_s"] / posts * 1e6)
        say("round %d: bare %.1f k/s, churnd %.1f k/s" % (number + 1, rates["bare"][-1] / 1e3, rates["churnd"][-1] / 1e3))
    return {"posts": posts, "concurrency": concurrency, "bare_per_s": statistics.median(rates["bare"]),
            "per_s": statistics.median(rates["churnd"]), "churnd_cpu_us": statistics.median(cpu), "bare_cpu_us": statistics.median(bare_cpu),
            "ratio": statistics.median(b / a for a, b in zip(rates["bare"], rates["churnd"]))}


# -- neighbours

BAD = ("black hole", "dripping", "hanging in TLS")


def neighbour_rules(endpoints):
    lines = ["churnd: 1", "name: bench", "defaults: {max_alerts_per_hour: 1000000}", "signals:", "  login: {on: login}",
             "rules:", "- {rule: quiet, expr: 'seen(login) and silent(login) >= 14d', points: 5}"]
    lines += ["- {rule: r%d, on: p%d, expr: true, points: 0, cooldown: 0s}" % (n, n) for n in range(endpoints)]
    lines += ["actions:"] + ["- {on: rule.fired, rule: r%d, webhook: e%d}" % (n, n) for n in range(endpoints)]
    return "\n".join(lines) + "\n"


def neighbours_config(endpoints, good, bad_urls):
    urls = [good.url] * (endpoints - len(bad_urls)) + bad_urls
    return "webhooks:\n" + "".join(webhook("e%d" % n, url) for n, url in enumerate(urls))


def memory(pid, name):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))


def entry_key(text):
    return tuple(int(part) for part in text.split("-"))


def caught_up(house, endpoints):
    """Has each of the first so many endpoints looked at all alerts that there are?"""
    last = house.redis.call("XREVRANGE", house.key("alerts"), "+", "-", "COUNT", 1)[0][0]
    return set(house.redis.pipeline([["HGET", house.key("delivery:e%d" % n), "position"] for n in range(endpoints)])) == {last}


def neighbours_once(bench, size, bad_urls, redis_options):
    """One daemon with so many endpoints: how fast it reads a stream of events, then how late its alerts come."""
    good = FastReceiver("--stamps")
    house = House(neighbour_rules(size["endpoints"]), redis_options=redis_options)
    house.more = neighbours_config(size["endpoints"], good, bad_urls)
    start = (int(time.time()) - 60) * 1000 - 86400000
    try:
        bench("fill", house.sock, house.key("events"), 50000, size["events"], start, 86400000)
        last = entry_key(house.last_id())
        for n in range(size["endpoints"] - len(bad_urls), size["endpoints"]):
            fill_alerts(house, size["backlog"], "e%d" % n)
        house.start()
        house.wait(lambda: house.mark() is not None, "the first commit")
        begun = time.monotonic()
        house.wait(lambda: entry_key(house.position()) >= last, "the events are read", 120)
        ingest = size["events"] / (time.monotonic() - begun)
        house.wait(lambda: caught_up(house, size["endpoints"] - len(bad_urls)), "the good ones have passed what is not theirs", 120)
        probe = [house.sock, house.key("events"), size["rate"]]
        bench("probes", *probe, 1, size["endpoints"])
        good.reset()
        bench("probes", *probe, size["seconds"], size["endpoints"])
        house.drain()
        stats = good.stats()
        return {"ingest_per_s": ingest, "p50_ms": stats["p50_ms"], "p99_ms": stats["p99_ms"], "stamped": stats["stamped"],
                "rss": memory(house.churnd.pid, "VmHWM")}
    finally:
        house.close()
        good.close()


def measure_neighbours(bench, say, size, redis_options):
    pairs, other = [], FastReceiver()
    for number in range(size["pairs"]):
        hole, drip, mute = BlackHole(), Drip(), Mute()
        bad = ["http://127.0.0.1:%d/" % hole.port, "http://127.0.0.1:%d/" % drip.port, "https://127.0.0.1:%d/" % mute.port]
        calm = neighbours_once(bench, size, [other.url] * len(bad), redis_options)
        beside = neighbours_once(bench, size, bad, redis_options)
        for server in (hole, drip, mute):
            server.close()
        pairs.append((calm, beside))
        say("pair %d: p99 %.2f ms, beside bad ones %.2f ms; ingest %.2f and %.2f M/s; memory %.0f and %.0f MiB" % (
            number + 1, calm["p99_ms"], beside["p99_ms"], calm["ingest_per_s"] / 1e6, beside["ingest_per_s"] / 1e6,
            calm["rss"] / 2**20, beside["rss"] / 2**20))
    other.close()

    def middle(value):
        return statistics.median(value(calm, beside) for calm, beside in pairs)
    return {"pairs": pairs, "endpoints": size["endpoints"], "p99_ms": middle(lambda a, b: a["p99_ms"]),
            "beside_p99_ms": middle(lambda a, b: b["p99_ms"]), "growth": middle(lambda a, b: b["p99_ms"] / a["p99_ms"] - 1),
            "growth_ms": middle(lambda a, b: b["p99_ms"] - a["p99_ms"]),
            "ingest_ratio": middle(lambda a, b: b["ingest_per_s"] / a["ingest_per_s"]),
            "rss_growth": max(b["rss"] - a["rss"] for a, b in pairs)}
