#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load: of churnd, of redis-server with fsync always, and with fsync every second.

KILLS (300) of churnd, REDIS_KILLS (100) of redis-server, EVERYSEC_KILLS (20), in rounds: each begins with an empty Redis
and ends when what lies there is held against a replay. RSEED replays the draws; the n-th round draws from RSEED + n."""
import os
import random
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from support import campaign  # noqa: E402
from support.house import House  # noqa: E402
from support.receiver import FastReceiver  # noqa: E402
from support.redis_client import Redis, RedisError  # noqa: E402

KILLS = int(os.environ.get("KILLS", "300"))
REDIS_KILLS = int(os.environ.get("REDIS_KILLS", "100"))
EVERYSEC_KILLS = int(os.environ.get("EVERYSEC_KILLS", "20"))
RSEED = int(os.environ.get("RSEED", "1"))
CUSTOMERS = 300
ROUND, REDIS_ROUND = 500, 100  # kills at most before all is compared

RULES = """churnd: 1
name: torture
levels:
  watch: {enter: 30, leave: 20}
  at_risk: {enter: 60, leave: 45}
profile: {tier: {enum: [tin, gold], default: tin}}
signals:
  login: {on: login}
  complaint: {on: complaint}
  spend: {on: paid, sum: value}
rules:
- {rule: quiet, expr: 'silent(login) >= 2s', cooldown: 0s, points: 30}
- {rule: many, expr: 'count(complaint[24h live]) >= 3', cooldown: 0s, points: 40}
- {rule: bad, on: nps, expr: 'event.value <= 6', keep_firing_for: 1s, cooldown: 0s, points: 30}
- {rule: rich, expr: 'sum(spend[3d live]) > 1000 and profile.tier == "gold"', cooldown: 0s, points: 5}
teams: {care: [ann, bob, cid], lead: [lea, max]}
actions:
- {on: customer.level_raised, webhook: crm}
- {on: customer.level_raised, at_least: at_risk, task: call}
- {on: rule.fired, rule: rich, owner: least_loaded(care)}
- {on: rule.fired, rule: bad, task: answer}
tasks:
  call: {title: "Call {name}", assign: least_loaded(care), ack_within: 3s,
         escalate: [{after: 80%, to: lead}, {after: 100%, to: care}]}
  answer: {title: Answer, assign: round_robin(care), close_when: 'count(login[24h live]) >= 9', steps: [{task: ask, after: 2s}]}
  ask: {title: Ask, route: [{when: 'profile.tier == "gold"', queue: gold, assign: round_robin(lead)}, {queue: tin}]}
"""


class Producer(threading.Thread):
    """Sends events as fast as it is answered; remembers what Redis said it had taken, and when."""

    def __init__(self, house, seed, pause=0.0):
        super().__init__(daemon=True)
        self.house, self.rng, self.pause = house, random.Random(seed), pause
        self.stop, self.sent, self.taken = False, 0, []

    def event(self):
        rng = self.rng
        name = "c%d" % rng.randrange(CUSTOMERS)
        kind = rng.choices(["login", "complaint", "paid", "nps", "profile", "broken"], [70, 10, 8, 6, 4, 2])[0]
        fields = ["customer", name, "type", kind]
        if kind == "paid":
            fields += ["value", rng.randrange(1, 400)]
        if kind == "nps":
            fields += ["value", rng.randrange(0, 11)]
        if kind == "profile":
            fields += ["tier", rng.choice(["tin", "gold"])]
        if kind == "broken":
            fields = rng.choice([["type", "login"], ["customer", name, "type", "login", "value", "much"],
                                 ["customer", name, "type", "profile", "tier", "lead"]])
        if rng.random() < 0.05:
            fields += ["id", "e%d" % rng.randrange(1000)]
        return ["XADD", self.house.key("events"), "*", *fields]

    def run(self):
        client = None
        while not self.stop:
            try:
                if client is None:
                    client = Redis.unix(self.house.sock)
                replies = client.pipeline([self.event() for _ in range(20)])
                self.sent += len(replies)
                now = time.monotonic()
                self.taken += [(now, r) for r in replies if isinstance(r, bytes)]
                if self.pause:
                    time.sleep(self.pause)
            except (OSError, RedisError, ValueError):
                client = None


def arrived(receiver):
    """The ids; asked for its figures, the receiver has written down what it took before."""
    receiver.stats()
    with open(receiver.record, encoding="ascii") as file:
        return {line.split()[1] for line in file if line.endswith("\n")}


def finish(house, producer, receiver, may_lose=False):
    producer.stop = True
    producer.join()
    if not house.alive():
        house.start()
    house.drain(120)
    wanted = {row["id"] for row in house.alerts() if row["to"]}
    house.wait(lambda: wanted <= arrived(receiver), "all alerts were delivered", 120)
    house.wait(house.listens, "it listens to signals")  # all may have been done before it was started
    status = house.stop()
    assert status == 0, "churnd ended with %d\n%s" % (status, house.log_tail())
    stray = arrived(receiver) - {row["id"] for row in house.alerts()}
    assert may_lose or not stray, "%d alerts arrived that are not committed, such as %s" % (len(stray), min(stray))
    same, sentence = house.verify()
    assert same, sentence + causes(house, sentence)
    return sentence


def causes(house, sentence):
    """For the one who has to find out why: what lies in the stream around the first difference, and the log."""
    found = re.search(r"customer=(\S+) at=(\d+)", sentence)
    if not found:
        return "\n" + house.log_tail(6000)
    name, at = found.group(1).encode(), int(found.group(2))
    said = "\nentries of %s around it:" % found.group(1)
    for ident, fields in house.redis.call("XRANGE", house.key("events"), at - 6000, at + 2000):
        if dict(zip(fields[::2], fields[1::2])).get(b"customer") == name:
            said += "\n  %s %s" % (ident.decode(), b" ".join(fields).decode(errors="replace"))
    return said + "\n" + "\n".join(house.log_tail(200000).splitlines()[:4000])


def check(house, producer, slack):
    """What Redis had said it had taken is there, but for the last `slack` seconds before a kill."""
    there = {row[0] for row in house.redis.call("XRANGE", house.key("events"), "-", "+")}
    lost = [at for at, name in producer.taken if name not in there and not slack(at)]
    assert not lost, "%d entries that Redis had taken are gone" % len(lost)


def furnish(options, disk=None):
    house = House(RULES, options, disk=disk)
    record = os.path.join(house.folder, "record")
    house.receiver = FastReceiver("--record", record)
    house.receiver.record = record
    return house, house.receiver


def torture_churnd(kills, seed):
    rng = random.Random(seed)
    house, receiver = furnish([])
    producer = Producer(house, seed, pause=0.004)
    try:
        producer.start()
        for _ in range(kills):
            before = house.position()
            house.start()
            if rng.random() < 0.9:
                house.wait(lambda: house.position() != before, "it has gone on")
            time.sleep(rng.random() * 0.02)
            house.kill()
        return finish(house, producer, receiver)
    finally:
        house.close()
        receiver.close()


def torture_redis(kills, seed, fsync, slack_seconds):
    rng = random.Random(seed)
    house, receiver = furnish(["--appendonly", "yes", "--appendfsync", fsync])
    producer = Producer(house, seed, pause=0.002)
    died = []
    try:
        producer.start()
        house.start()
        for _ in range(kills):
            before = house.position()
            house.wait(lambda: house.position() != before, "it has gone on")
            time.sleep(rng.random() * (0.05 if fsync == "always" else 0.5))
            died.append(time.monotonic())
            house.kill_redis()
            house.start_redis()
        sentence = finish(house, producer, receiver, may_lose=slack_seconds > 0)
        check(house, producer, lambda at: any(d - slack_seconds <= at <= d + 0.2 for d in died))
        return sentence
    finally:
        house.close()
        receiver.close()


def rounds(kills, size, one):
    """What all rounds came to, their counts added up."""
    counts, what = [], ()
    for number, begin in enumerate(range(0, kills, size)):
        sentence = one(min(size, kills - begin), RSEED + number)
        found = re.findall(r"(\d+) ([a-z ]+)", sentence.split("same: ")[1])
        counts.append([int(count) for count, _ in found])
        what = [word for _, word in found]
        print("# %d of %d kills: %s" % (min(begin + size, kills), kills, sentence), flush=True)
    return "%d rounds equal to a replay: %s" % (len(counts), ", ".join(
        "%d %s" % (sum(column), word) for column, word in zip(zip(*counts), what)))


CHURND = "kill -9 of churnd under load: no event lost, none twice, no second alert id, no task twice"
REDIS = "kill -9 of Redis: `always` loses nothing; `everysec` at most 2 s, never torn"
# (what is shown, kills, of a round, the promise, the command, the round)
PARTS = [
    ("kill -9 of churnd %d times: nothing lost, nothing twice" % KILLS, KILLS, ROUND, CHURND, "kills KILLS", torture_churnd),
    ("kill -9 of redis-server %d times, fsync always: nothing lost" % REDIS_KILLS, REDIS_KILLS, REDIS_ROUND, REDIS,
     "redis-kills REDIS_KILLS", lambda kills, seed: torture_redis(kills, seed, "always", 0)),
    ("kill -9 of redis-server %d times, fsync everysec: at most 2 s, never torn" % EVERYSEC_KILLS, EVERYSEC_KILLS,
     REDIS_ROUND, REDIS, "redis-kills EVERYSEC_KILLS", lambda kills, seed: torture_redis(kills, seed, "everysec", 2)),
]


def main():
    failed = 0
    for number, (name, kills, size, promise, command, one) in enumerate(PARTS, 1):
        if not kills:
            print("ok %d - %s # SKIP none asked for" % (number, name), flush=True)
            continue
        begun = time.monotonic()
        try:
            sentence = rounds(kills, size, one) + "; %.0f s" % (time.monotonic() - begun)
            print("ok %d - %s\n# %s" % (number, name, sentence))
            print("# " + campaign.row(promise, kills, "make %s=%d" % (command, kills), RSEED, sentence), flush=True)
        except AssertionError as why:
            failed += 1
            campaign.failed(number, "%s (RSEED=%d)" % (name, RSEED), why)
    print("1..%d" % len(PARTS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
