# SPDX-License-Identifier: Apache-2.0
"""A producer at full speed, alone and with churnd reading and committing on the same Redis."""
import statistics
import time

from support.house import House
from kit import PREFIX, Endpoint, at_least, bench, cpu_seconds, fact, id_of, make_known, millions, ratio, read_rules, redis_options, say, size
from parts.ingest import drop_kept, keep, restore

EVENTS, CUSTOMERS, ROUNDS = size("LIVE_EVENTS"), size("CUSTOMERS"), size("ROUNDS")
SPAN_MS = 60000


def produce(house, start):
    return bench("fill", house.sock, house.key("events"), CUSTOMERS, EVENTS, start, SPAN_MS)["events_per_s"]


def beside(house, start):
    """The producer's speed, what churnd still had to do when it ended, and churnd's processor. Time stands still: the
    producer's ids lie in the past, and an entry that says what time it is would stand in their way."""
    house.redis.call("SET", house.key("hold"), 1)
    house.start()
    house.wait(lambda: b"cmdstat_xread:" in house.redis.call("INFO", "commandstats"), "it reads")
    cpu = cpu_seconds(house.churnd.pid)
    rate = produce(house, start)
    ended, end = time.monotonic(), id_of(house.last_id())
    house.wait(lambda: id_of(house.position()) >= end, "all is read and its orders committed", 300)
    behind = time.monotonic() - ended
    cpu = cpu_seconds(house.churnd.pid) - cpu
    house.stop()
    return rate, behind, cpu


def measure():
    house = House(read_rules(), redis_options=redis_options(), prefix=PREFIX)
    endpoint = Endpoint(house.sock)
    house.receiver = endpoint
    start, found = int(time.time() * 1000) - 10 * SPAN_MS, []
    try:
        make_known(house, CUSTOMERS, start)
        keep(house)
        for number in range(ROUNDS):
            house.redis.call("DEL", house.key("events"))
            alone = produce(house, start)
            house.redis.call("DEL", house.key("events"))
            restore(house, None)
            found.append((alone, *beside(house, start)))
            say("round %d: XADD alone %.2f M/s, beside churnd %.2f M/s, which was %.2f s behind at the end" % (
                number + 1, alone / 1e6, found[-1][1] / 1e6, found[-1][2]))
        drop_kept(house)

        def middle(value):
            return statistics.median(value(*row) for row in found)
        return {"alone_per_s": middle(lambda alone, rate, behind, cpu: alone), "per_s": middle(lambda alone, rate, behind, cpu: rate),
                "ratio": middle(lambda alone, rate, behind, cpu: rate / alone), "behind_s": middle(lambda alone, rate, behind, cpu: behind),
                "drained_ratio": middle(lambda alone, rate, behind, cpu: EVENTS / (EVENTS / rate + behind) / alone),
                "churnd_cpu_us": middle(lambda alone, rate, behind, cpu: cpu) / EVENTS * 1e6}
    finally:
        endpoint.close()
        house.close()


def rows(r):
    return [fact("XADD pipelined by one producer, alone; with churnd beside it", "%s; %s" % (millions(r["alone_per_s"]), millions(r["per_s"]))),
            at_least("the same as a share, until churnd had committed the last one too", ratio(r["drained_ratio"]), r["drained_ratio"],
                     0.7, 0.8, ratio),
            fact("how far churnd was behind when the producer ended; its CPU a million events", "%.2f s; %.2f s" % (
                r["behind_s"], r["churnd_cpu_us"]))]
