# SPDX-License-Identifier: Apache-2.0
"""What TLS to Redis costs: the same backlog over TCP and over TLS, in turn."""
import statistics
import tempfile
import time

from support.house import House
from support.tls import Authority, free_port
from kit import DAY_MS, PREFIX, bench, fact, make_known, millions, ratio, read_rules, redis_options, say, size
from parts.ingest import ingest, keep, restore

EVENTS, CUSTOMERS, ROUNDS = size("EVENTS"), size("CUSTOMERS"), size("ROUNDS")


def measure():
    with tempfile.TemporaryDirectory(prefix="churnd-bench.") as folder:
        authority = Authority(folder, "ca")
        pem, key = authority.issue("redis")
        plain, secure = free_port(), free_port()
        house = House(read_rules(), prefix=PREFIX, redis_options=[
            *redis_options(), "--port", str(plain), "--tls-port", str(secure), "--tls-cert-file", pem, "--tls-key-file", key,
            "--tls-ca-cert-file", authority.pem, "--tls-auth-clients", "no"])
        ways = {"tcp": 'url: "redis://localhost:%d"' % plain, "tls": 'url: "rediss://localhost:%d", ca_file: %s' % (secure, authority.pem)}
        try:
            start = (int(time.time()) - 60) * 1000 - DAY_MS
            make_known(house, CUSTOMERS, start)
            keep(house)
            say("filling a stream with %d events" % EVENTS)
            bench("fill", house.sock, house.key("events"), CUSTOMERS, EVENTS, start, DAY_MS)
            last, runs = house.last_id(), {"tcp": [], "tls": []}
            for _ in range(ROUNDS):
                for name, keys in ways.items():
                    restore(house, last)
                    house.redis_keys = keys
                    runs[name].append(ingest(house, last))
                    say("%s: %.2f M/s" % (name, runs[name][-1]["events_per_s"] / 1e6))
        finally:
            house.close()
    cpu = {name: {who: statistics.median(run["cpu_s"][who] for run in rounds) / EVENTS * 1e6 for who in ("churnd", "redis")}
           for name, rounds in runs.items()}
    return {"runs": runs, "cpu_us": cpu, "per_s": statistics.median(run["events_per_s"] for run in runs["tls"]),
            "ratio": statistics.median(b["events_per_s"] / a["events_per_s"] for a, b in zip(runs["tcp"], runs["tls"]))}


def rows(r):
    return [fact("events judged over TLS to Redis; as a share of TCP", "%s; %s" % (millions(r["per_s"]), ratio(r["ratio"]))),
            fact("the same, processor per event: churnd / Redis (over TCP)", "%.2f / %.2f (%.2f / %.2f) us" % (
                r["cpu_us"]["tls"]["churnd"], r["cpu_us"]["tls"]["redis"], r["cpu_us"]["tcp"]["churnd"], r["cpu_us"]["tcp"]["redis"]))]
