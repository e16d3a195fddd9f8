#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clock of churnd, of Redis, or of both jumps by a second to a day, there and back (tests/preload/clock.c): what is sent is
committed within 5 s all the same, nothing is lost or said twice, and all is as a replay of the stream has it.

ROUNDS (1) of all jumps; RSEED replays their order."""
import os
import random
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]
from support import campaign  # noqa: E402
from support.house import TOOLS, id_of  # noqa: E402
from torture import arrived, furnish  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "1"))
RSEED = int(os.environ.get("RSEED", "1"))
JUMPS = [sign * seconds for seconds in (1, 60, 3600, 86400) for sign in (1, -1)]
LIBRARY = os.path.abspath(os.path.join(TOOLS, "clock.so"))
COMMITTED_IN = 5  # seconds


class Clock:
    """The clock of the day of a process; the monotonic one goes on as it does."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(struct.pack("q", 0))
        self.file = open(path, "r+b", buffering=0)  # pylint: disable=consider-using-with

    def jump(self, seconds):
        os.pwrite(self.file.fileno(), struct.pack("q", seconds * 1000), 0)

    def env(self):
        return dict(os.environ, LD_PRELOAD=LIBRARY, CLOCK_FILE=self.path)


def send(house, rng):
    commands = [["XADD", house.key("events"), "*", "customer", "c%d" % rng.randrange(20), "type", rng.choice(["login", "complaint"])]
                for _ in range(5)]
    commands.append(["XADD", house.key("events"), "*", "customer", "c%d" % rng.randrange(20), "type", "nps", "value", "3"])
    return [reply for reply in house.redis.pipeline(commands) if isinstance(reply, bytes)]


def jumps_of(who, seed):
    """(jumps, slowest commit after one in seconds, what verify says)"""
    rng = random.Random(seed)
    house, receiver = furnish([])
    sent, slowest, jumped = [], 0.0, 0
    try:
        clocks = {name: Clock(os.path.join(os.path.dirname(house.sock), "clock-" + name)) for name in ("churnd", "redis")}
        house.kill_redis()
        house.start_redis(env=clocks["redis"].env())
        house.start(env=clocks["churnd"].env())
        house.wait(lambda: house.mark() is not None, "it has begun")
        for size in rng.sample(JUMPS, len(JUMPS)):
            for offset in (size, 0):
                for name in ("churnd", "redis") if who == "both" else (who,):
                    clocks[name].jump(offset)
                begun, ahead = time.monotonic(), int(house.redis.call("TIME")[0]) - time.time()
                assert abs(ahead - (0 if who == "churnd" else offset)) < 5, "Redis is %+.0f s ahead, not %+d" % (ahead, offset)
                now = send(house, rng)
                house.wait(lambda: id_of(house.position()) >= id_of(now[-1].decode()),
                           "what was sent after a jump of %+d s of %s to %+d is committed" % (size, who, offset))
                took = time.monotonic() - begun
                assert took < COMMITTED_IN, "after a jump of %s to %+d s it took %.1f s\n%s" % (who, offset, took, house.log_tail(1500))
                slowest, jumped, sent = max(slowest, took), jumped + 1, sent + now
        there = {row[0] for row in house.redis.call("XRANGE", house.key("events"), "-", "+")}
        assert set(sent) <= there, "%d entries are gone" % len(set(sent) - there)
        house.wait(lambda: {row["id"] for row in house.alerts() if row["to"]} <= arrived(receiver), "all alerts were delivered")
        status = house.stop()
        assert status == 0, "churnd ended with %d\n%s" % (status, house.log_tail())
        same, sentence = house.verify()
        assert same, sentence + "\n" + house.log_tail()
        return jumped, slowest, sentence
    finally:
        house.close()
        receiver.close()


def main():
    print("1..3", flush=True)
    failed, told = 0, []
    for number, who in enumerate(("churnd", "redis", "both"), 1):
        name = "the clock of %s jumps by up to a day, there and back" % who
        try:
            for turn in range(ROUNDS):
                told.append(jumps_of(who, RSEED + turn))
            print("ok %d - %s\n# %d jumps, committed at the latest after %.1f s; %s" % (number, name, *told[-1]), flush=True)
        except AssertionError as why:
            failed += 1
            campaign.failed(number, "%s (RSEED=%d)" % (name, RSEED), why)
    if told:
        print("# " + campaign.row("clock jumps of a second to a day, both ways", "%d rounds" % ROUNDS,
                                  "make clocks ROUNDS=%d" % ROUNDS, RSEED, "%d jumps of churnd, of Redis, of both; what was sent was "
                                  "committed after %.1f s at the latest; %d streams equal to a replay" % (
                                      sum(row[0] for row in told), max(row[1] for row in told), len(told))))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
