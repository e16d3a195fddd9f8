#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SOAK_SECONDS (60) of SOAK_RATE (5000) events a second, while rules and configuration are reloaded, endpoints fail
and connections to Redis are cut: the daemon's memory and descriptors stay flat, and nothing is lost.

Flat is what a regression over the samples after the warm-up says (campaign.slope): the slope, times the time it is of,
is less than GROWTH of memory and CREEP descriptors. SOAK_SAMPLES=FILE keeps the samples, a line each; SOAK_PRELOAD=FILE is loaded
into the daemon (tools/starve.so with STARVE_KEEP, to see that a leak is found)."""
import os
import random
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "support")]
from support import campaign  # noqa: E402
from support.house import House, SECRET  # noqa: E402
from support.receiver import FastReceiver  # noqa: E402
from support.redis_client import Redis  # noqa: E402
from support.unix_http import Client  # noqa: E402

SECONDS = int(os.environ.get("SOAK_SECONDS", "60"))
RATE = int(os.environ.get("SOAK_RATE", "5000"))
RSEED = int(os.environ.get("RSEED", "1"))
SAMPLES = os.environ.get("SOAK_SAMPLES")
WARM = min(600, SECONDS // 3)  # seconds, in which all customers come, and reloads leave their holes
CUSTOMERS, BATCH, BATCHES = 5000, 100, 1000
GROWTH = 5 << 20  # bytes in the whole run, however long
CREEP = 2  # descriptors

RULES = """churnd: 1
name: soak
defaults: {max_alerts_per_hour: 1000000}
levels:
  watch: {enter: 30, leave: 20}
  at_risk: {enter: 60, leave: 45}
profile: {tier: {enum: [tin, gold], default: tin}}
signals:
  login: {on: login}
  complaint: {on: complaint}
  spend: {on: paid, sum: value}
rules:
- {rule: bad, on: nps, expr: 'event.value <= 6', keep_firing_for: 1s, cooldown: 0s, points: %(points)d,
   reason: {en: "%(text)s six or less"}}
- {rule: quiet, expr: 'silent(login) >= 15s', cooldown: 0s, points: 25}
- {rule: rich, expr: 'sum(spend[3d live]) > 1000 and profile.tier == "gold"', points: 5}
%(more)steams: {care: [ann, bob, cid]}
actions:
- {on: rule.fired, rule: bad, webhook: [good, drops, sleeps]}
- {on: customer.level_raised, at_least: at_risk, webhook: good, task: call}
tasks:
  call: {title: "Call {name}", assign: least_loaded(care), ack_within: 3s, close_when: 'silent(login) < 1s'}
"""
EDITS = [{}, {"points": 35}, {"text": "they said"}, {"more": "- {rule: more, expr: 'count(complaint[7d live]) >= 3', points: 1}\n"}]
HOOK = '  %s: {url: "%s", secret: "whsec_%s", allow: [127.0.0.0/8], timeout: 1s, retry: {first: 50ms, max: 500ms}}\n'


def rules(turn):
    words = {"points": 40, "text": "a score of", "more": ""}
    words.update(EDITS[turn % len(EDITS)])
    return RULES % words


class Producer(threading.Thread):
    """At RATE, whatever the daemon does; the batches are encoded once and go round."""

    def __init__(self, house):
        super().__init__(daemon=True)
        self.house, self.stop, self.sent, self.took = house, False, 0, 0
        rng = random.Random(RSEED)
        self.batches = [b"".join(self.event(rng) for _ in range(BATCH)) for _ in range(BATCHES)]

    def event(self, rng):
        kind = rng.choices(["login", "paid", "complaint", "nps", "profile", "bad type"], [84, 8, 4, 2, 1, 1])[0]
        fields = ["customer", "c%d" % (CUSTOMERS * rng.random() ** 4), "type", kind]  # some often, many seldom
        if kind in ("paid", "nps"):
            fields += ["value", rng.randrange(10)]
        if kind == "profile":
            fields += ["tier", rng.choice(["tin", "gold"])]
        if rng.random() < 0.05:
            fields += ["id", "e%d" % rng.randrange(100)]
        return Redis.encode(["XADD", self.house.key("events"), "*", *fields])

    def run(self):
        redis, begun = Redis.unix(self.house.sock), time.monotonic()
        while not self.stop:
            redis.socket.sendall(self.batches[self.sent // BATCH % BATCHES])
            for _ in range(BATCH):
                redis.read()
            self.sent += BATCH
            self.took = time.monotonic() - begun
            time.sleep(max(0, self.sent / RATE - self.took))
        redis.close()


class Troubles:
    """What happens to the daemon, each thing every so many seconds."""

    def __init__(self, house, sleeper):
        self.house, self.sleeper = house, sleeper
        self.done = {name: 0 for name in ("rules", "endpoints", "naps", "cuts", "questions")}
        self.plan = [[every, every / 2, getattr(self, "do_" + name), name] for every, name in (
            (5, "rules"), (7, "endpoints"), (45, "naps"), (20, "cuts"), (1, "questions"))]

    def do_rules(self, turn):
        self.house.write_rules(rules(turn))
        self.house.reload()

    def do_endpoints(self, turn):
        """One more, one less; it is read with the next reload of either."""
        self.house.more = hooks(self.house) + (HOOK % ("more", "http://127.0.0.1:9/", SECRET) if turn % 2 else "")
        self.house.write_config()
        self.house.reload()

    def do_naps(self, turn):
        self.sleeper.process.send_signal(signal.SIGSTOP if turn % 2 else signal.SIGCONT)

    def do_cuts(self, _):
        for line in self.house.redis.call("CLIENT", "LIST").decode().splitlines():
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if words["name"].startswith("churnd"):
                self.house.redis.pipeline([["CLIENT", "KILL", "ID", words["id"]]])  # it may have gone by itself

    def do_questions(self, turn):
        client = Client(os.path.join(self.house.folder, "http.sock"))
        for path in ("/metrics", "/v1/customers?limit=20", "/v1/customers/c%d/explain" % turn, "/nonsense", "/v1/tasks"):
            client.ask("GET", path)

    def go_on(self, now):
        for one in self.plan:
            if now >= one[1]:
                one[1] += one[0]
                self.done[one[3]] += 1
                one[2](self.done[one[3]])


def hooks(house):
    return "webhooks:\n" + "".join(HOOK % (name, url, SECRET) for name, url in house.urls)


def sample(house):
    """Bytes of the daemon's own memory, how many descriptors, bytes of Redis."""
    pid = house.churnd.pid
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("RssAnon:")) << 10
    redis = house.redis.call("INFO", "memory").split(b"used_memory:")[1].split(b"\r")[0]
    return memory, len(os.listdir("/proc/%d/fd" % pid)), int(redis)


def run_it(house, producer, troubles, samples):
    begun = time.monotonic()
    with open(SAMPLES or os.devnull, "w", encoding="ascii") as file:
        while (now := time.monotonic() - begun) < SECONDS:
            assert house.alive(), "churnd ended\n" + house.log_tail()
            assert producer.is_alive(), "the producer ended"
            troubles.go_on(now)
            samples.append((now, *sample(house)))
            print(*("%.1f" % now, *samples[-1][1:], producer.sent), file=file, flush=True)
            time.sleep(max(0, 0.5 - (time.monotonic() - begun - now)))


def flat(samples):
    """(growth in bytes, in descriptors, in bytes of Redis) of all the time after the warm-up, by regression."""
    late = [one for one in samples if one[0] >= WARM]
    span = late[-1][0] - late[0][0]
    return [campaign.slope([(one[0], one[n]) for one in late]) * span for n in (1, 2, 3)], late


def soak():
    receivers = [FastReceiver(), FastReceiver("--drop", 7), FastReceiver()]
    house = House(rules(0))
    house.keep, house.urls = "1m", list(zip(("good", "drops", "sleeps"), (receiver.url for receiver in receivers)))
    house.more = hooks(house)
    samples, producer, troubles = [], Producer(house), Troubles(house, receivers[2])
    try:
        house.start(dict(os.environ, LD_PRELOAD=os.environ["SOAK_PRELOAD"]) if "SOAK_PRELOAD" in os.environ else None)
        house.wait(lambda: house.mark() is not None, "the first commit")
        producer.start()
        run_it(house, producer, troubles, samples)
        producer.stop = True
        producer.join()
        troubles.sleeper.process.send_signal(signal.SIGCONT)
        house.drain()
        metrics = Client(os.path.join(house.folder, "http.sock")).ask("GET", "/metrics").body
        status = house.stop()
        assert status == 0, "churnd ended with %d\n%s" % (status, house.log_tail())
        return judge(samples, producer, troubles, receivers, metrics)
    finally:
        house.close()
        for receiver in receivers:
            receiver.process.kill()
            receiver.close()


def judge(samples, producer, troubles, receivers, metrics):
    (memory, descriptors, redis), late = flat(samples)
    fds = [one[2] for one in late]
    sentence = "%d events in %.0f s (%.0f/s), %s; after %d s of warm-up memory %.1f MB, by its slope %+.0f kB by the end; " \
        "%d to %d descriptors, by the slope %+.1f; Redis %.1f MB, %+.0f kB; %d and %d alerts arrived at two endpoints" % (
            producer.sent, producer.took, producer.sent / producer.took,
            ", ".join("%d %s" % (count, name) for name, count in troubles.done.items()), WARM, late[0][1] / 1e6,
            memory / 1e3, min(fds), max(fds), descriptors, late[0][3] / 1e6, redis / 1e3,
            *(receiver.stats()["distinct"] for receiver in receivers[:2]))
    assert producer.sent / producer.took > RATE * 0.9, "it did not come to the rate: " + sentence
    assert memory < GROWTH, "memory grows: " + sentence
    assert descriptors < CREEP, "descriptors grow: " + sentence
    return sentence


def main():
    name = "%d s of %d events a second, reloads, failing endpoints: memory and descriptors are flat" % (SECONDS, RATE)
    return campaign.only(name, soak, ("soak: 5,000 events/s, reloads, endpoint failures: memory and descriptors flat",
                                      "%d s" % SECONDS, "make soak SOAK_SECONDS=%d" % SECONDS, RSEED))


if __name__ == "__main__":
    sys.exit(main())
