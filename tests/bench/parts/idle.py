# SPDX-License-Identifier: Apache-2.0
"""What a daemon costs that has nothing to do: an empty Redis, one endpoint, which hears of the first event at the end."""
import os
import time

from support.house import House
from kit import PREFIX, Endpoint, at_most, bench, fact, memory_bytes, probed_rules, redis_options, say, size, unit

SECONDS, SETTLE = size("IDLE_SECONDS"), 5


def threads(pid):
    return ["/proc/%d/task/%s" % (pid, name) for name in os.listdir("/proc/%d/task" % pid)]


def cpu_ns(pid):
    """Of all threads, to the nanosecond."""
    return sum(int(open(path + "/schedstat", encoding="ascii").read().split()[0]) for path in threads(pid))


def wakes(pid):
    """How often any thread gave the processor up of its own will."""
    total = 0
    for path in threads(pid):
        with open(path + "/status", encoding="ascii") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
    return total


def measure():
    house = House(probed_rules(), redis_options=redis_options(), prefix=PREFIX)
    endpoint = Endpoint(house.sock, 1)
    house.receiver = endpoint
    try:
        house.start()
        house.wait(lambda: house.mark() is not None, "the first commit")
        time.sleep(SETTLE)
        say("a daemon that has nothing to do, %d s" % SECONDS)
        pid = house.churnd.pid
        cpu, woke, begun = cpu_ns(pid), wakes(pid), time.monotonic()
        time.sleep(SECONDS)
        took = time.monotonic() - begun
        result = {"cpu_percent": (cpu_ns(pid) - cpu) / took / 1e7, "wakes_per_s": (wakes(pid) - woke) / took,
                  "rss": memory_bytes(pid), "anonymous": memory_bytes(pid, "RssAnon"), "empty": bench("empty")["rss"]}
        result["first_ms"] = endpoint.go()["max_ms"]
        result["rss_after"] = memory_bytes(pid)
        return result
    finally:
        endpoint.close()
        house.close()


def rows(r):
    return [at_most("idle: CPU", "%.3f %%" % r["cpu_percent"], r["cpu_percent"], 0.1, 0, unit("%", 1)),
            at_most("idle: memory, resident, before the first delivery", "%.1f MB" % (r["rss"] / 1e6), r["rss"] / 1e6, 12, 6, unit("MB")),
            fact("of that its own, not pages of files", "%.1f MB" % (r["anonymous"] / 1e6)),
            fact("after the first delivery, which loads libcurl; a program that only wakes libcurl and OpenSSL",
                 "%.1f MB; %.1f MB" % (r["rss_after"] / 1e6, r["empty"] / 1e6)),
            fact("XADD to POST received of that first one", "%.1f ms" % r["first_ms"]),
            at_most("idle: wake-ups a second", "%.1f" % r["wakes_per_s"], r["wakes_per_s"], 2, 1)]
