# SPDX-License-Identifier: Apache-2.0
"""From XADD to the POST received, the commit between them."""
import time

from support.house import House
from kit import PREFIX, Endpoint, at_most, fact, make_known, probed_rules, redis_options, say, size, unit

PROBES, LOAD, CUSTOMERS = size("PROBES"), size("LOAD"), 200000 # those of latency.c


def measure():
    result = {}
    for name, rate in (("idle", 0), ("loaded", LOAD)):
        say("latency, %d probes, %d events/s beside them" % (PROBES, rate))
        house = House(probed_rules(), redis_options=redis_options(), prefix=PREFIX)
        endpoint = Endpoint(house.sock, PROBES, rate)
        house.receiver = endpoint
        try:
            make_known(house, CUSTOMERS, int(time.time() * 1000) - 60000)
            house.start()
            house.redis.call("XADD", house.key("events"), "*", "customer", "first", "type", "login")
            house.drain()
            result[name] = endpoint.go()
        finally:
            endpoint.close()
            house.close()
    return result


def rows(r):
    idle, loaded = r["idle"], r["loaded"]
    return [fact("XADD to POST received, idle: p50 / p99", "%.2f / %.2f ms" % (idle["p50_ms"], idle["p99_ms"])),
            fact("XADD to POST received, %s events/s beside it: p50" % format(round(loaded["background_per_s"]), ","),
                 "%.2f ms" % loaded["p50_ms"]),
            at_most("the same: p99", "%.2f ms" % loaded["p99_ms"], loaded["p99_ms"], 2, 1, unit("ms"))]
