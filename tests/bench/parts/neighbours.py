# SPDX-License-Identifier: Apache-2.0
"""What endpoints that hang, drip and swallow do to their neighbours."""
import statistics
import time

from support.chaos import BlackHole, Drip, Mute
from support.house import House
from support.receiver import FastReceiver
from delivery import fill_alerts, webhook
from kit import DAY_MS, Row, at_least, bench, fact, id_of, memory_bytes, ratio, redis_options, say, size

ENDPOINTS, BACKLOG, CUSTOMERS = 100, 1000, 50000
PAIRS, EVENTS, RATE, SECONDS = size("PAIRS"), size("NEIGHBOUR_EVENTS"), size("RATE"), size("SECONDS")

def neighbour_rules(endpoints):
    lines = ["churnd: 1", "name: bench", "defaults: {max_alerts_per_hour: 1000000}", "signals:", "  login: {on: login}",
             "rules:", "- {rule: quiet, expr: 'seen(login) and silent(login) >= 14d', points: 5}"]
    lines += ["- {rule: r%d, on: p%d, expr: true, points: 0, cooldown: 0s}" % (n, n) for n in range(endpoints)]
    lines += ["actions:"] + ["- {on: rule.fired, rule: r%d, webhook: e%d}" % (n, n) for n in range(endpoints)]
    return "\n".join(lines) + "\n"


def neighbours_config(endpoints, good, bad_urls):
    urls = [good.url] * (endpoints - len(bad_urls)) + bad_urls
    return "webhooks:\n" + "".join(webhook("e%d" % n, url) for n, url in enumerate(urls))


def caught_up(house, endpoints):
    """Has each of the first so many endpoints looked at all alerts that there are?"""
    last = house.redis.call("XREVRANGE", house.key("alerts"), "+", "-", "COUNT", 1)[0][0]
    return set(house.redis.pipeline([["HGET", house.key("delivery:e%d" % n), "position"] for n in range(endpoints)])) == {last}


def once(bad_urls):
    """One daemon with so many endpoints: how fast it reads a stream of events, then how late its alerts come."""
    good = FastReceiver("--stamps")
    house = House(neighbour_rules(ENDPOINTS), redis_options=redis_options())
    house.more = neighbours_config(ENDPOINTS, good, bad_urls)
    start = (int(time.time()) - 60) * 1000 - DAY_MS
    try:
        bench("fill", house.sock, house.key("events"), CUSTOMERS, EVENTS, start, DAY_MS)
        last = id_of(house.last_id())
        for n in range(ENDPOINTS - len(bad_urls), ENDPOINTS):
            fill_alerts(house, BACKLOG, "e%d" % n)
        house.start()
        house.wait(lambda: house.mark() is not None, "the first commit")
        begun = time.monotonic()
        house.wait(lambda: id_of(house.position()) >= last, "the events are read", 120)
        ingest = EVENTS / (time.monotonic() - begun)
        house.wait(lambda: caught_up(house, ENDPOINTS - len(bad_urls)), "the good ones have passed what is not theirs", 120)
        probe = [house.sock, house.key("events"), RATE]
        bench("probes", *probe, 1, ENDPOINTS)
        good.reset()
        bench("probes", *probe, SECONDS, ENDPOINTS)
        house.drain()
        stats = good.stats()
        return {"ingest_per_s": ingest, "p50_ms": stats["p50_ms"], "p99_ms": stats["p99_ms"], "stamped": stats["stamped"],
                "rss": memory_bytes(house.churnd.pid, "VmHWM")}
    finally:
        house.close()
        good.close()


def measure():
    say("%d endpoints, three of them bad" % ENDPOINTS)
    pairs, other = [], FastReceiver()
    for number in range(PAIRS):
        hole, drip, mute = BlackHole(), Drip(), Mute()
        bad = ["http://127.0.0.1:%d/" % hole.port, "http://127.0.0.1:%d/" % drip.port, "https://127.0.0.1:%d/" % mute.port]
        calm = once([other.url] * len(bad))
        beside = once(bad)
        for server in (hole, drip, mute):
            server.close()
        pairs.append((calm, beside))
        say("pair %d: p99 %.2f ms, beside bad ones %.2f ms; ingest %.2f and %.2f M/s; memory %.0f and %.0f MiB" % (
            number + 1, calm["p99_ms"], beside["p99_ms"], calm["ingest_per_s"] / 1e6, beside["ingest_per_s"] / 1e6,
            calm["rss"] / 2**20, beside["rss"] / 2**20))
    other.close()

    def middle(value):
        return statistics.median(value(calm, beside) for calm, beside in pairs)
    return {"pairs": pairs, "endpoints": ENDPOINTS, "p99_ms": middle(lambda a, b: a["p99_ms"]),
            "beside_p99_ms": middle(lambda a, b: b["p99_ms"]), "growth": middle(lambda a, b: b["p99_ms"] / a["p99_ms"] - 1),
            "growth_ms": middle(lambda a, b: b["p99_ms"] - a["p99_ms"]),
            "ingest_ratio": middle(lambda a, b: b["ingest_per_s"] / a["ingest_per_s"]),
            "rss_growth": max(b["rss"] - a["rss"] for a, b in pairs)}


def rows(r):
    growth = "%+.0f %%, %.2f ms" % (r["growth"] * 100, r["growth_ms"])
    return [fact("%d endpoints, XADD to POST received, p99; the same with three bad ones" % r["endpoints"], "%.2f ms; %.2f ms" % (
                r["p99_ms"], r["beside_p99_ms"])),
            Row("how much longer that is", growth, "≤ 25 % or 1 ms", "",
                "reached" if r["growth"] <= 0.25 or r["growth_ms"] <= 1 else "short"),
            at_least("ingest beside them, as a share", ratio(r["ingest_ratio"]), r["ingest_ratio"], 0.95, form=ratio),
            fact("memory beyond", "%.0f MiB" % (r["rss_growth"] / 2**20))]
