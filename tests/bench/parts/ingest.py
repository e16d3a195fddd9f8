# SPDX-License-Identifier: Apache-2.0
"""The ceiling, which is the raw bytes of a backlog, and the work under it: judged, with alerts, position and state committed."""
import statistics
import time

from support.house import House
from support.redis_client import pairs
from kit import DAY_MS, PREFIX, Endpoint, at_least, at_most, bench, cpu_seconds, fact, id_of, make_known, memory_bytes, millions, passed, \
    ratio, read_rules, redis_options, say, size, unit

EVENTS, CUSTOMERS, ROUNDS = size("EVENTS"), size("CUSTOMERS"), size("ROUNDS")


KEPT = "kept:"


def keep(house):
    """All that stands there now, for restore()."""
    for key in house.redis.call("KEYS", house.key("*")):
        if key.decode() != house.key("events"):
            house.redis.call("COPY", key, KEPT.encode() + key)


def restore(house, last):
    """As it was: the events that we filled in, up to the last (None: there are none), and what was kept."""
    redis, events = house.redis, house.key("events")
    for key in redis.call("KEYS", house.key("*")):
        if key.decode() != events:
            redis.call("DEL", key)
    for group in redis.call("XINFO", "GROUPS", events) if last else []:
        redis.call("XGROUP", "DESTROY", events, pairs(group)[b"name"])
    later = [row[0] for row in redis.call("XRANGE", events, "(" + last, "+")] if last else []
    if later:
        redis.call("XDEL", events, *later)
    for key in redis.call("KEYS", KEPT + "*"):
        redis.call("COPY", key, key[len(KEPT):])
    redis.call("CONFIG", "RESETSTAT")


def drop_kept(house):
    for key in house.redis.call("KEYS", KEPT + "*"):
        house.redis.call("DEL", key)


def longest_exec_ms(redis):
    """How long Redis did nothing else, since CONFIG RESETSTAT."""
    redis.call("CONFIG", "SET", "latency-tracking-info-percentiles", "100")
    for line in redis.call("INFO", "latencystats").split():
        if line.startswith(b"latency_percentiles_usec_exec:"):
            return float(line.rsplit(b"=", 1)[1]) / 1e3
    return 0.0


def ingest(house, last):
    """From the first read of a new churnd until position and low have passed the last event."""
    redis, end = house.redis, id_of(last)
    redis.call("CONFIG", "RESETSTAT")  # raw_read reads too: its reads are not the first of churnd, which loads its customers before
    house.start()
    house.wait(lambda: b"cmdstat_xread:" in redis.call("INFO", "commandstats"), "it reads")
    pids = {"churnd": house.churnd.pid, "redis": house.redis_process.pid}
    cpu, rss = {name: cpu_seconds(pid) for name, pid in pids.items()}, memory_bytes(house.churnd.pid)
    begun = time.monotonic()
    house.wait(lambda: id_of(house.position()) >= end, "all is read and its orders committed", 300)
    orders = time.monotonic() - begun
    house.wait(lambda: passed(house, end), "all records are committed", 300)
    took = time.monotonic() - begun
    result = {"seconds": took, "seconds_to_orders": orders, "events_per_s": EVENTS / took,
              "cpu_s": {name: cpu_seconds(pid) - cpu[name] for name, pid in pids.items()},
              "rss_growth_per_customer": (memory_bytes(house.churnd.pid) - rss) / CUSTOMERS,
              "alerts": redis.call("XLEN", house.key("alerts")),
              "commits": int(house.mark()[1]), "longest_exec_ms": longest_exec_ms(redis)}
    records = sum(redis.pipeline([["HLEN", house.key("state:%d" % i)] for i in range(1024)]))
    result["records"] = records
    house.stop()
    return result


def measure_pair(house, traffic, last):
    """The bytes alone, and then all that is to be done."""
    restore(house, last)
    redis_cpu = cpu_seconds(house.redis_process.pid)
    raw = bench("raw_read", *traffic)
    raw["redis_cpu_s"] = cpu_seconds(house.redis_process.pid) - redis_cpu
    run = ingest(house, last)
    say("raw %.2f M/s, ingest %.2f M/s, churnd %.1f s of CPU, Redis %.1f s" % (
        raw["events_per_s"] / 1e6, run["events_per_s"] / 1e6, run["cpu_s"]["churnd"], run["cpu_s"]["redis"]))
    return raw, run


def measure():
    house = House(read_rules(), redis_options=redis_options(), prefix=PREFIX)
    endpoint = Endpoint(house.sock)
    house.receiver = endpoint
    try:
        start = (int(time.time()) - 60) * 1000 - DAY_MS
        traffic = [house.sock, house.key("events"), CUSTOMERS, EVENTS, start, DAY_MS]
        make_known(house, CUSTOMERS, start)
        keep(house)
        say("filling a stream with %d events" % EVENTS)
        filled = bench("fill", *traffic)
        last = house.last_id()
        found = [measure_pair(house, traffic, last) for _ in range(ROUNDS)]
        drop_kept(house)
        new_raw, new = measure_pair(house, traffic, last)

        def middle(value):
            return statistics.median(value(raw, run) for raw, run in found)
        return {"events": EVENTS, "customers": CUSTOMERS, "fill_per_s": filled["events_per_s"], "found": found, "newcomers": [new_raw, new],
                "raw_per_s": middle(lambda raw, run: raw["events_per_s"]), "per_s": middle(lambda raw, run: run["events_per_s"]),
                "ratio": middle(lambda raw, run: run["events_per_s"] / raw["events_per_s"]),
                "longest_exec_ms": max(run["longest_exec_ms"] for _, run in found),
                "churnd_cpu_us": middle(lambda raw, run: run["cpu_s"]["churnd"]) / EVENTS * 1e6,
                "redis_cpu_us": middle(lambda raw, run: run["cpu_s"]["redis"]) / EVENTS * 1e6,
                "raw_redis_cpu_us": middle(lambda raw, run: raw["redis_cpu_s"]) / EVENTS * 1e6}
    finally:
        endpoint.close()
        house.close()


def rows(r):
    raw, new = r["newcomers"]
    return [fact("events read from Redis, bytes only (the ceiling)", millions(r["raw_per_s"])),
            fact("events of customers who are known judged; alerts, position and records committed", millions(r["per_s"])),
            at_least("the same as a share of the ceiling", ratio(r["ratio"]), r["ratio"], 0.7, 0.85, ratio),
            at_most("CPU of churnd a million events, all in", "%.2f s" % r["churnd_cpu_us"], r["churnd_cpu_us"], 0.35, 0.2, unit("s", 2)),
            at_most("longest EXEC: Redis does nothing else meanwhile", "%.1f ms" % r["longest_exec_ms"], r["longest_exec_ms"], 10,
                    form=unit("ms")),
            fact("CPU of Redis a million events; of that for the bytes only", "%.2f s; %.2f s" % (r["redis_cpu_us"], r["raw_redis_cpu_us"])),
            fact("the same events of customers never seen before: a welcome task and three alerts each; longest EXEC",
                 "%s, %s of the ceiling; %.1f ms" % (millions(new["events_per_s"]), ratio(new["events_per_s"] / raw["events_per_s"]),
                                                      new["longest_exec_ms"]))]
