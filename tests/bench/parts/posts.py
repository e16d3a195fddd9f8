# SPDX-License-Identifier: Apache-2.0
"""How fast a backlog of alerts goes out, beside a bare loop of libcurl's."""
import statistics

from support.house import House
from support.receiver import FastReceiver
from delivery import alert, fill_alerts, webhook
from kit import at_least, bench, cpu_seconds, fact, ratio, redis_options, say, size

POSTS, CONCURRENCY, ROUNDS = size("POSTS"), size("CONCURRENCY"), size("ROUNDS")
RULES = "churnd: 1\nname: bench\nsignals:\n  login: {on: login}\n"


def backlog():
    """POSTs a second of a new churnd, from the first to the moment at which the position has passed the last."""
    receiver = FastReceiver()
    house = House(RULES, redis_options=redis_options(),
                  config="webhooks:\n" + webhook("crm", receiver.url, ", concurrency: %d" % CONCURRENCY))
    try:
        # Paused until it stands there whole: a start reads what lies behind the last commit, which is not what is measured.
        key = house.key("delivery:crm")
        house.redis.call("HSET", key, "state", "paused")
        house.start()
        house.wait(lambda: house.mark() is not None, "the first commit")
        last = fill_alerts(house, POSTS, "crm")
        house.redis.call("HSET", key, "state", "ok")
        house.wait(lambda: house.redis.call("HGET", key, "position") == last, "the backlog is delivered", 300)
        stats = receiver.stats()
        stats["churnd_cpu_s"] = cpu_seconds(house.churnd.pid)
        house.stop()
        return stats
    finally:
        house.close()
        receiver.close()


def bare():
    receiver = FastReceiver()
    try:
        cpu = bench("posts", receiver.url, POSTS, CONCURRENCY, len(alert(1, "crm")[-1]))["cpu_s"]
        return dict(receiver.stats(), bare_cpu_s=cpu)
    finally:
        receiver.close()


def measure():
    rates = {"churnd": [], "bare": []}
    cpu, bare_cpu = [], []
    for number in range(ROUNDS):
        plain, ours = bare(), backlog()
        for name, stats in (("bare", plain), ("churnd", ours)):
            if stats["distinct"] != POSTS:
                raise SystemExit("%s: %d of %d posts arrived" % (name, stats["distinct"], POSTS))
            rates[name].append(stats["requests"] / stats["seconds"])
        cpu.append(ours["churnd_cpu_s"] / POSTS * 1e6)
        bare_cpu.append(plain["bare_cpu_s"] / POSTS * 1e6)
        say("round %d: bare %.1f k/s, churnd %.1f k/s" % (number + 1, rates["bare"][-1] / 1e3, rates["churnd"][-1] / 1e3))
    return {"posts": POSTS, "concurrency": CONCURRENCY, "bare_per_s": statistics.median(rates["bare"]),
            "per_s": statistics.median(rates["churnd"]), "churnd_cpu_us": statistics.median(cpu), "bare_cpu_us": statistics.median(bare_cpu),
            "ratio": statistics.median(b / a for a, b in zip(rates["bare"], rates["churnd"]))}


def rows(r):
    return [fact("POSTs of a bare libcurl multi loop, %d at once" % r["concurrency"], "%.1f k/s (%.1f us of CPU)" % (
                r["bare_per_s"] / 1e3, r["bare_cpu_us"])),
            fact("alerts delivered from a backlog: signed, posted, committed", "%.1f k/s (%.1f us of CPU)" % (
                r["per_s"] / 1e3, r["churnd_cpu_us"])),
            at_least("the same as a share of the bare loop", ratio(r["ratio"]), r["ratio"], 0.75, form=ratio)]
