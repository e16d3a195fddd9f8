# SPDX-License-Identifier: Apache-2.0
"""The backlog of part ingest with Redis' append-only file (everysec) and without, in turn on one Redis."""
import statistics
import time

from support.house import House
from support.redis_client import pairs
from kit import DAY_MS, PREFIX, Endpoint, at_least, bench, fact, make_known, millions, ratio, read_rules, redis_options, say, size
from parts.ingest import ingest, keep, restore

EVENTS, CUSTOMERS, ROUNDS = size("EVENTS"), size("CUSTOMERS"), size("ROUNDS")


def append_only(house, yes):
    """Waits until what stands there is in the file: that is not what is measured."""
    redis = house.redis
    redis.call("CONFIG", "SET", "appendonly", "yes" if yes else "no")
    deadline = time.monotonic() + 300
    while yes:
        lines = redis.call("INFO", "persistence").split(b"\r\n")
        if b"aof_enabled:1" in lines and b"aof_rewrite_in_progress:0" in lines and b"aof_rewrite_scheduled:0" in lines:
            return
        if time.monotonic() > deadline:
            raise SystemExit("the append-only file is not written after 300 s")
        time.sleep(0.05)


def measure():
    house = House(read_rules(), redis_options=["--auto-aof-rewrite-percentage", "0", *redis_options()], prefix=PREFIX)
    endpoint = Endpoint(house.sock)
    house.receiver = endpoint
    start, found = (int(time.time()) - 60) * 1000 - DAY_MS, []
    try:
        make_known(house, CUSTOMERS, start)
        keep(house)
        bench("fill", house.sock, house.key("events"), CUSTOMERS, EVENTS, start, DAY_MS)
        last = house.last_id()
        for number in range(ROUNDS):
            rates = []
            for yes in (False, True):
                restore(house, last)
                append_only(house, yes)
                rates.append(ingest(house, last)["events_per_s"])
            append_only(house, False)
            found.append(rates)
            say("round %d: %.2f M/s, with AOF %.2f M/s" % (number + 1, rates[0] / 1e6, rates[1] / 1e6))
        fsync = pairs(house.redis.call("CONFIG", "GET", "appendfsync"))[b"appendfsync"].decode()
        return {"fsync": fsync, "per_s": statistics.median(row[0] for row in found), "aof_per_s": statistics.median(row[1] for row in found),
                "ratio": statistics.median(row[1] / row[0] for row in found)}
    finally:
        endpoint.close()
        house.close()


def rows(r):
    return [fact("the same backlog without an append-only file, and with one (%s)" % r["fsync"], "%s; %s" % (
                millions(r["per_s"]), millions(r["aof_per_s"]))),
            at_least("the same as a share", ratio(r["ratio"]), r["ratio"], 0.92, 0.97, ratio)]
