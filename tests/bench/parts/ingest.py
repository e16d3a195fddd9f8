# SPDX-License-Identifier: Apache-2.0
"""The ceiling, which is the raw bytes of a backlog, and the work under it: judged, with alerts, position and state committed."""
import statistics
import time

from support.house import House
from support.redis_client import pairs
from kit import DAY_MS, PREFIX, Endpoint, at_least, bench, cpu_seconds, fact, id_of, memory_bytes, millions, ratio, read_rules, \
    redis_options, say, size

EVENTS, CUSTOMERS, ROUNDS = size("EVENTS"), size("CUSTOMERS"), size("ROUNDS")


def clean(house, last):
    """Everything but the events we filled in."""
    redis, events = house.redis, house.key("events")
    for key in redis.call("KEYS", house.key("*")):
        if key.decode() != events:
            redis.call("DEL", key)
    for group in redis.call("XINFO", "GROUPS", events):
        redis.call("XGROUP", "DESTROY", events, pairs(group)[b"name"])
    later = [row[0] for row in redis.call("XRANGE", events, "(" + last, "+")]
    if later:
        redis.call("XDEL", events, *later)
    redis.call("CONFIG", "RESETSTAT")


def ingest(house, last):
    """From the first read of a new churnd until position and low have passed the last event."""
    redis, end = house.redis, id_of(last)
    house.start()
    house.wait(lambda: b"cmdstat_xread:" in redis.call("INFO", "commandstats"), "it reads")
    pids = {"churnd": house.churnd.pid, "redis": house.redis_process.pid}
    cpu, rss = {name: cpu_seconds(pid) for name, pid in pids.items()}, memory_bytes(house.churnd.pid)
    begun = time.monotonic()

    def passed(part):
        mark = house.mark()
        return mark and id_of(mark[part]) >= end
    house.wait(lambda: passed(2), "all is read and its orders committed", 300)
    orders = time.monotonic() - begun
    house.wait(lambda: passed(3), "all records are committed", 300)
    took = time.monotonic() - begun
    result = {"seconds": took, "seconds_to_orders": orders, "events_per_s": EVENTS / took,
              "cpu_s": {name: cpu_seconds(pid) - cpu[name] for name, pid in pids.items()},
              "rss_growth_per_customer": (memory_bytes(house.churnd.pid) - rss) / CUSTOMERS,
              "alerts": redis.call("XLEN", house.key("alerts")),
              "commits": int(house.mark()[1])}
    records = sum(redis.pipeline([["HLEN", house.key("state:%d" % i)] for i in range(1024)]))
    result["records"] = records
    house.stop()
    return result


def measure():
    house = House(read_rules(), redis_options=redis_options(), prefix=PREFIX)
    endpoint = Endpoint(house.sock)
    house.receiver = endpoint
    try:
        start = (int(time.time()) - 60) * 1000 - DAY_MS
        traffic = [house.sock, house.key("events"), CUSTOMERS, EVENTS, start, DAY_MS]
        say("filling a stream with %d events" % EVENTS)
        filled, raws, runs = bench("fill", *traffic), [], []
        last = house.last_id()
        for i in range(ROUNDS):
            clean(house, last)
            redis_cpu = cpu_seconds(house.redis_process.pid)
            raws.append(bench("raw_read", *traffic))
            raws[-1]["redis_cpu_s"] = cpu_seconds(house.redis_process.pid) - redis_cpu
            runs.append(ingest(house, last))
            say("round %d: raw %.2f M/s, ingest %.2f M/s, churnd %.1f s of CPU, Redis %.1f s" % (
                i + 1, raws[-1]["events_per_s"] / 1e6, runs[-1]["events_per_s"] / 1e6,
                runs[-1]["cpu_s"]["churnd"], runs[-1]["cpu_s"]["redis"]))
        raw = statistics.median(run["events_per_s"] for run in raws)
        rate = statistics.median(run["events_per_s"] for run in runs)
        return {"events": EVENTS, "customers": CUSTOMERS, "fill_per_s": filled["events_per_s"], "raw": raws, "runs": runs,
                "raw_per_s": raw, "per_s": rate,
                "ratio": statistics.median(b["events_per_s"] / a["events_per_s"] for a, b in zip(raws, runs)),
                "churnd_cpu_us": statistics.median(run["cpu_s"]["churnd"] for run in runs) / EVENTS * 1e6,
                "redis_cpu_us": statistics.median(run["cpu_s"]["redis"] for run in runs) / EVENTS * 1e6,
                "raw_redis_cpu_us": statistics.median(run["redis_cpu_s"] for run in raws) / EVENTS * 1e6}
    finally:
        endpoint.close()
        house.close()


def rows(r):
    return [fact("events read from Redis, bytes only (the ceiling)", millions(r["raw_per_s"])),
            fact("events judged; alerts, position and records committed", millions(r["per_s"])),
            at_least("the same as a share of the ceiling", ratio(r["ratio"]), r["ratio"], 0.7, 0.85, ratio),
            fact("processor per event: churnd / Redis (bytes only)", "%.2f / %.2f (%.2f) us" % (
                r["churnd_cpu_us"], r["redis_cpu_us"], r["raw_redis_cpu_us"]))]
