#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A commit that Redis tore: it died while it wrote the MULTI to its append-only file, the next start left the first
commands of it there, and the start after that one executes them. Everything must be there once all the same.

CUTS=N says how many cuts (12); RSEED replays the draws."""
import glob
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from support.house import House  # noqa: E402

CUTS = int(os.environ.get("CUTS", "12"))
RSEED = int(os.environ.get("RSEED", "1"))

RULES = """churnd: 1
name: torn
levels:
  watch: {enter: 30, leave: 20}
  at_risk: {enter: 60, leave: 45}
signals: {login: {on: login}, complaint: {on: complaint}}
rules:
- {rule: angry, expr: 'count(complaint[2d live]) >= 1', cooldown: 0s, points: 60}
- {rule: gone, expr: 'silent(login) > 300d', points: 1}
actions: [{on: customer.level_raised, task: call}]
tasks: {call: {title: "Call {name}"}}
"""


def send(house, rng, count):
    """Several at once, so that one commit says much; some are rejected."""
    commands = [["MULTI"]]
    for _ in range(count):
        kind = rng.choice(["complaint", "complaint", "login", "Bad Type"])
        commands.append(["XADD", house.key("events"), "*", "customer", "c%d" % rng.randrange(10000), "type", kind])
    house.redis.pipeline(commands + [["EXEC"]])


def restart_redis(house):
    house.kill_redis()
    house.start_redis()


def cut(house, rng):
    """Cuts the file inside the last commit that says something. Returns whether an XADD of it stayed."""
    name = sorted(glob.glob(os.path.join(house.folder, "appendonlydir", "*.incr.aof")))[-1]
    with open(name, "rb") as file:
        data = file.read()
    said = data.rindex(("$%d\r\n%s\r\n" % (len(house.key("alerts")), house.key("alerts"))).encode())
    begin = data.rindex(b"*1\r\n$5\r\nMULTI\r\n", 0, said)
    end = data.index(b"*1\r\n$4\r\nEXEC\r\n", said)
    at = rng.randrange(begin + len(b"*1\r\n$5\r\nMULTI\r\n"), end)
    with open(name, "rb+") as file:
        file.truncate(at)
    return data.count(b"XADD", begin, at) > 1


def one(rng):
    house = House(RULES, ["--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", "no"])
    try:
        house.start()
        send(house, rng, rng.randint(0, 20))
        house.drain()
        send(house, rng, rng.randint(3, 30))
        house.drain()
        house.kill()
        house.quiet()
        house.kill_redis()
        try:
            tore = cut(house, rng)
        except ValueError:
            return False  # nothing was said: no complaint among the draws
        house.start_redis()
        house.start()
        house.wait(lambda: house.redis.call("XLEN", house.key("events")) == 0 or house.position() == house.last_id(),
                   "what the cut took is done again")
        send(house, rng, 10)
        house.drain()
        restart_redis(house)
        house.wait(lambda: house.position() == house.last_id(), "the stream is drained again")
        send(house, rng, 5)
        house.drain()
        status = house.stop()
        assert status == 0, "churnd ended with %d\n%s" % (status, house.log_tail())
        same, sentence = house.verify()
        assert same, sentence + "\n" + house.log_tail()
        return tore
    finally:
        house.close()


def main():
    rng = random.Random(RSEED)
    name, tore = "a commit that Redis tore is there once", 0
    for number in range(CUTS):
        try:
            tore += one(rng)
        except AssertionError as why:
            print("not ok 1 - %s (cut %d, RSEED=%d)" % (name, number, RSEED))
            print("\n".join("# " + line[:2000] for line in str(why).splitlines()))
            return 1
    enough = tore * 2 >= CUTS
    print("%s 1 - %s\n# %d cuts, %d left commands behind\n1..1" % ("ok" if enough else "not ok", name, CUTS, tore))
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
