# SPDX-License-Identifier: Apache-2.0
"""From the start of churnd to the first event handled, when all customers' records lie in Redis."""
import os
import re
import statistics
import time

from support.house import House
from kit import PREFIX, ROOT, at_most, bench, cpu_seconds, fact, id_of, memory_bytes, redis_options, say, size, unit

CUSTOMERS, ROUNDS = size("START_CUSTOMERS"), size("START_ROUNDS")
RULES = os.path.join(ROOT, "tests", "bench", "six.yaml")
DIFFERENT = 20000  # of so many the records differ; the others' are copies of these under other names


def start(house):
    """Seconds to the records loaded, and to a commit that holds an event which lay there before."""
    event = house.redis.call("XADD", house.key("events"), "*", "customer", "c00000000", "type", "login").decode()
    redis_cpu, begun = cpu_seconds(house.redis_process.pid), time.monotonic()
    house.start()
    house.wait(lambda: "loaded %d customers" % CUSTOMERS in house.log_tail(), "all records are loaded", 600)
    loaded = time.monotonic() - begun
    house.wait(lambda: id_of(house.position()) >= id_of(event), "the event is handled", 600)
    result = {"seconds": time.monotonic() - begun, "loaded_s": loaded, "cpu_s": cpu_seconds(house.churnd.pid),
              "redis_cpu_s": cpu_seconds(house.redis_process.pid) - redis_cpu,
              "bytes": memory_bytes(house.churnd.pid), "most_bytes": memory_bytes(house.churnd.pid, "VmHWM")}
    house.stop()
    return result


def measure():
    with open(RULES, encoding="utf-8") as file:
        house = House(file.read(), redis_options=redis_options(), prefix=PREFIX)
    try:
        # A first start writes the marks; what it has committed is what the records hold.
        house.redis.call("XADD", house.key("events"), "*", "customer", "c00000000", "type", "login")
        house.start()
        house.drain()
        house.stop()
        house.redis.call("DEL", *[house.key("state:%d" % i) for i in range(1024)])
        say("filling in the records of %d customers" % CUSTOMERS)
        begun = time.monotonic()
        filled = bench("memory", house.sock, PREFIX, RULES, DIFFERENT, house.position().split("-")[0], CUSTOMERS // DIFFERENT)
        filled["seconds"] = time.monotonic() - begun
        used = int(re.search(rb"used_memory:(\d+)", house.redis.call("INFO", "memory")).group(1))
        runs = []
        for i in range(ROUNDS):
            house.log.truncate(0)
            runs.append(start(house))
            say("round %d: loaded in %.1f s, an event handled in %.1f s" % (i + 1, runs[-1]["loaded_s"], runs[-1]["seconds"]))
        middle = sorted(runs, key=lambda run: run["seconds"])[ROUNDS // 2]
        return {"customers": CUSTOMERS, "filled": filled, "redis_bytes": used, "runs": runs, **middle,
                "per_s": statistics.median(CUSTOMERS / run["loaded_s"] for run in runs)}
    finally:
        house.close()


def rows(r):
    whose = "start with %s customers to the first event handled" % format(r["customers"], ",")
    scale = r["customers"] / 20e6
    return [at_most(whose, "%.1f s" % r["seconds"], r["seconds"], 20 * scale, 8 * scale, unit("s", 0 if scale == 1 else 1)),
            fact("its processor: churnd / Redis; memory, and at most", "%.1f / %.1f s; %.0f MiB, %.0f MiB" % (
                r["cpu_s"], r["redis_cpu_s"], r["bytes"] / 2**20, r["most_bytes"] / 2**20)),
            fact("of these customers in Redis (a record; all)", "%.0f B; %.0f B" % (
                r["filled"]["record_bytes"], r["redis_bytes"] / r["customers"]))]
