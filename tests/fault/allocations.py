#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Allocations fail, alone and with all that follow: a program says "out of memory" and ends, or does without; never by a
signal, never with half an answer, and what the daemon leaves in Redis is a beginning to go on from.

Allocations are told apart by their call stacks (tests/preload/starve.c): in the first scenario of a program that has a stack
the first allocation with it fails, and the last one.
SCENARIOS=WORD,... (three of them) or all; ALLOCATIONS (25) stacks of each at most, spread evenly; 0: each one.
JOBS (one a core) run at the same time."""
import concurrent.futures
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "support"), os.path.join(ROOT, "tests", "demo")]
import people  # noqa: E402
from support import campaign  # noqa: E402
from support.house import BUILD, House, SECRET, TOOLS  # noqa: E402
from support.receiver import FastReceiver  # noqa: E402
from support.unix_http import Client  # noqa: E402

SHIM = os.path.abspath(os.path.join(TOOLS, "starve.so"))
CHURNCTL = os.path.abspath(os.path.join(BUILD, "churnctl"))
ALLOCATIONS = int(os.environ.get("ALLOCATIONS", "25"))
RSEED = int(os.environ.get("RSEED", "1"))
JOBS = int(os.environ.get("JOBS", "0")) or os.cpu_count()
ASKED = os.environ.get("SCENARIOS", "check,backtest,daemon_events")
MEMORY = 4  # churnctl's exit status
# churnd's, and what it says; 127 is the loader's, which ends a program by itself where a library came later and has data a thread.
ENDS = {1: "out of memory", 127: "cannot allocate memory for thread-local data"}

RULES = """churnd: 1
name: starved
timezone: Asia/Shanghai
levels:
  watch: {enter: 30, leave: 20}
  at_risk: {enter: 60, leave: 45}
profile: {tier: {enum: [tin, gold], default: tin}}
signals:
  login: {on: login}
  usage: {on: usage, sum: value}
  complaint: {on: complaint}
rules:
- {rule: quiet, expr: 'silent(login) >= 9d', cooldown: 0s, points: 30, reason: {en: "{since(login)}", zh: "{since(login)}"}}
- {rule: at_once, expr: 'silent(login) >= 1s', cooldown: 0s, points: 5}
- {rule: angry, expr: 'count(complaint[14d live]) >= 1', cooldown: 0s, points: 60}
- {rule: fades, expr: 'p_drop(usage[7d], usage[28d offset 7d]) < 0.05', cooldown: 0s, points: 20}
teams: {care: [ann, bob]}
actions:
- {on: customer.level_raised, webhook: crm, task: call}
- {on: rule.fired, rule: at_once, webhook: crm}
tasks:
  call: {title: "Call {name}", assign: least_loaded(care), ack_within: 4h, close_when: 'silent(login) < 1s'}
"""
TEST = """rules: rules.yaml
start: 2026-03-02
tests:
- name: a steady user goes quiet
  customer: {id: c1, tier: gold}
  input: {login: '1x20 0x12'}
  expect: [{at: 31d, rule: quiet, state: firing}]
"""
HOOKS = """webhooks:
  crm: {url: "%s", secret: "whsec_%s", allow: [127.0.0.0/8], retry: {first: 20ms, factor: 1, max: 20ms}}
"""


class Wrong(AssertionError):
    pass


class Moment:
    """The which-th of the allocations with a call stack fails, alone or with all that follow."""

    def __init__(self, stack, which, on):
        self.stack, self.which, self.on = stack, which, on

    def __str__(self):
        return "STARVE_STACK=%s STARVE_NTH=%d STARVE_ON=%d" % (self.stack, self.which, self.on)

    def words(self):
        return dict(word.split("=") for word in str(self).split())


def starving(moment, folder):
    """The environment of a program that runs out of memory at a moment, or that counts (None)."""
    words = moment.words() if moment else {"STARVE_STACKS": os.path.join(folder, "stacks")}
    return dict(os.environ, LD_PRELOAD=SHIM, **words)


def stacks(folder):
    """{stack: how many allocations had it}, in the order in which the first of each came."""
    with open(os.path.join(folder, "stacks"), encoding="ascii") as file:
        rows = sorted((line.split() for line in file), key=lambda row: int(row[2]))
    return {row[0]: int(row[1]) for row in rows}


# ---- churnctl ----

def without_seconds(said):
    """How long a backtest took is another number in each run."""
    return said and re.sub(rb'"seconds":[0-9.e-]+', b'"seconds":0', said)


class Tool:
    """A command that asks nobody; `out` is the file it writes."""

    def __init__(self, *words, out=None, stdin=b""):
        self.words, self.out, self.stdin = words, out, stdin
        self.folder = self.reference = None

    def begin(self, folder):
        self.folder = folder
        self.reference = self.run(None)[:3]
        if self.reference[0] not in (0, 1, 2):
            raise Wrong("without need it ends with %r" % (self.reference,))

    def end(self):
        pass

    def run(self, moment):
        """Status, stdout, the file, stderr."""
        out = self.out and os.path.join(self.folder, self.out)
        if out and os.path.exists(out):
            os.unlink(out)
        done = subprocess.run([CHURNCTL, *self.words], cwd=self.folder, env=starving(moment, self.folder),
                              input=self.stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
        written = None
        if out and os.path.exists(out):
            with open(out, "rb") as file:
                written = file.read()
        return done.returncode, *map(without_seconds, (done.stdout, written)), done.stderr.decode(errors="replace")

    def starve(self, moment):
        status, said, written, errors = self.run(moment)
        if (status, said, written) == self.reference:
            return False
        if status not in (MEMORY, 2, 3) or not errors.strip():
            raise Wrong("it ends with %d: %s" % (status, errors[-500:]))
        if status == MEMORY and "out of memory" not in errors:
            raise Wrong("it ends with %d and says %s" % (status, errors[-500:]))
        if not self.reference[1].startswith(said):
            raise Wrong("it prints what it never would: %s" % said[-300:])
        if written and not (self.reference[2] or b"").startswith(written):
            raise Wrong("it writes into %s what it never would: %s" % (self.out, written[-300:]))
        return True


# ---- the daemon ----

class Daemon:
    """`before` runs at ease; then a churnd in need does `work` as far as it comes; the next one goes on."""

    def __init__(self, work, before=None):
        self.work, self.before = work, before
        self.house = self.receiver = self.folder = None

    def begin(self, folder):
        self.receiver = FastReceiver("--drop", 3)
        self.house = House(RULES, config=HOOKS % (self.receiver.url, SECRET))
        self.folder = folder
        self.starve(None)

    def end(self):
        self.house.close()
        self.receiver.close()

    def starve(self, moment):
        house = self.house
        house.redis.call("FLUSHALL")
        house.write_rules(RULES)
        if self.before:
            house.start()
            self.before(house)
            house.drain()
            self.stop()
        house.start(env=starving(moment, self.folder))
        try:
            self.work(house)
            house.drain()
        except (AssertionError, OSError, ValueError) as why:
            if house.alive() and "time is up" in str(why):
                raise Wrong("it hangs: %s" % why) from why
        starved = not house.alive()
        status = house.churnd.wait(30) if starved else house.stop()
        if status != 0 and ENDS.get(status, "no sentence") not in house.log_tail(300):
            raise Wrong("it ends with %d: %s" % (status, house.log_tail()))
        house.go_on()
        return starved or status != 0

    def stop(self):
        self.house.wait(self.house.listens, "it listens")
        status = self.house.stop()
        if status != 0:
            raise Wrong("the one at ease ended with %d: %s" % (status, self.house.log_tail()))


def send(house, *kinds):
    house.redis.pipeline([["XADD", house.key("events"), "*", "customer", "c%d" % n, "type", kind, *more]
                          for n, (kind, *more) in enumerate(kinds * 4)])


def idle(house):
    house.wait(lambda: house.said("running: "), "it has begun")


def events(house):
    send(house, ("login",), ("complaint",), ("usage", "value", "3"), ("profile", "tier", "gold"), ("No",), ("login",))
    house.wait(lambda: house.position() == house.last_id(), "they are committed")


def deliveries(house):
    events(house)
    house.wait(lambda: house.redis.call("HGET", house.key("delivery:crm"), "position") ==
               house.redis.call("XREVRANGE", house.key("alerts"), "+", "-", "COUNT", 1)[0][0], "all is delivered")


def reloads(house):
    events(house)
    for points in (31, 32):
        house.write_rules(RULES.replace("points: 30", "points: %d" % points))
        told = house.said("are in force")
        house.reload()
        house.wait(lambda: house.said("are in force") > told, "they are in force")
    house.write_rules("churnd: 1\nnonsense\n")
    house.reload()
    house.write_rules(RULES)
    events(house)


def time_passes(house):
    events(house)
    house.wait(lambda: any('"rule":"at_once"' in alert["body"] for alert in house.alerts()), "the second has passed")


def questions(house):
    events(house)
    client = Client(os.path.join(house.folder, "http.sock"))
    for path in ("/metrics", "/v1/customers?limit=20", "/v1/customers/c1", "/v1/customers/c1/explain", "/v1/tasks", "/v1/alerts",
                 "/v1/webhooks", "/nonsense"):
        client.ask("GET", path)
    client.ask("POST", "/v1/events", {"customer": "c9", "type": "complaint"})


SCENARIOS = {
    "check": Tool("check", "rules.yaml"),
    "check_wrong": Tool("check", "wrong.yaml"),
    "check_packs": Tool("check", os.path.join(ROOT, "rules", "saas.yaml"), "--json"),
    "test": Tool("test", "test.yaml", "--coverage"),
    "replay": Tool("replay", "--rules", "rules.yaml", "--events", "events.ndjson"),
    "replay_out": Tool("replay", "--rules", "rules.yaml", "--events", "events.ndjson", "--out", "alerts", out="alerts"),
    "snapshot": Tool("replay", "--rules", "rules.yaml", "--events", "events.ndjson", "--snapshot", "2026-10-10",
                     "--columns", "count(login[28d]), since(login), p_drop(usage[7d], usage[28d offset 7d])"),
    "stats": Tool("replay", "--rules", "rules.yaml", "--events", "-", "--stats", stdin=b'{"customer":"a","type":"login","ts":1790000000000}\n'),
    "backtest": Tool("backtest", "--rules", "rules.yaml", "--events", "events.ndjson", "--signal", "login", "--horizon", "14d"),
    "backtest_html": Tool("backtest", "--rules", "rules.yaml", "--events", "events.ndjson", "--signal", "login", "--horizon", "14d",
                          "--html", "page.html", "--json", out="page.html"),
    "fit": Tool("fit", "--rules", "rules.yaml", "--events", "events.ndjson", "--signal", "login"),
    "fit_score": Tool("fit", "--score", "count(login[28d]), since(login)", "--rules", "rules.yaml", "--events", "events.ndjson",
                      "--until", "2026-10-20", "--signal", "login", "--horizon", "14d", "--out", "score.yaml", out="score.yaml"),
    "explain": Tool("explain", "c0001", "--rules", "rules.yaml", "--events", "events.ndjson"),
    "sign": Tool("sign", "--secret-file", "secret", "--id", "al_x", "--at", "1790000000", stdin=b"{}"),
    "daemon_start": Daemon(idle),
    "daemon_events": Daemon(events),
    "daemon_recovers": Daemon(idle, before=time_passes),
    "daemon_delivers": Daemon(deliveries),
    "daemon_reloads": Daemon(reloads),
    "daemon_time": Daemon(time_passes),
    "daemon_asked": Daemon(questions),
}


def furnish(folder):
    texts = {"rules.yaml": RULES, "test.yaml": TEST, "wrong.yaml": RULES.replace("silent(login) >=", "silnt(login) >"),
             "secret": "whsec_%s\n" % SECRET}
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    with open(os.path.join(folder, "events.ndjson"), "w", encoding="utf-8") as file:
        for at, fields in people.history(7, 25, 40, 1_790_000_000_000):
            file.write(json.dumps(dict(fields, ts=at), ensure_ascii=False) + "\n")


def spread(count, rng):
    """So many of them, evenly, with another beginning for each seed; or all."""
    step = max(1, count / ALLOCATIONS) if ALLOCATIONS else 1
    first = rng.random() * step
    return [int(first + n * step) for n in range(count) if first + n * step < count]


def moments(came, taken):
    """Of each stack that no scenario before had."""
    new = [stack for stack in came if stack not in taken]
    for at in spread(len(new), random.Random(RSEED)):
        stack = new[at]
        taken.add(stack)
        for which in sorted({1, came[stack]}):
            for on in (False, True):
                yield Moment(stack, which, on)


class Job:
    """A folder and a scenario of its own."""

    def __init__(self, name):
        self.scenario, self.folder = copy.copy(SCENARIOS[name]), tempfile.mkdtemp(prefix="churnd-starved-")
        furnish(self.folder)

    def begin(self):
        self.scenario.begin(self.folder)
        return stacks(self.folder)

    def end(self):
        self.scenario.end()
        shutil.rmtree(self.folder)


def share(name, plan):
    """(how many ended the program, what did not hold)"""
    ended, wrong = 0, []
    job = Job(name)
    job.begin()
    for moment in plan:
        try:
            ended += job.scenario.starve(moment)
        except (AssertionError, subprocess.TimeoutExpired) as why:
            wrong.append("%s: %s" % (moment, why))
            job.end()
            job = Job(name)
            job.begin()
    job.end()
    return ended, wrong


def one(name, taken):
    """(allocations there are, their stacks, so many of these new, allocations made to fail, how many ended it)"""
    job = Job(name)
    try:
        came = job.begin()
    finally:
        job.end()
    plan = list(moments(came, taken))
    jobs = min(JOBS, len(plan))
    with concurrent.futures.ThreadPoolExecutor(max(1, jobs)) as pool:
        shares = list(pool.map(share, [name] * jobs, [plan[first::jobs] for first in range(jobs)]))
    wrong = [sentence for _, sentences in shares for sentence in sentences]
    if wrong:
        raise Wrong("\n".join(["%d of %d did not hold" % (len(wrong), len(plan)), *wrong]))
    return sum(came.values()), len(came), len({moment.stack for moment in plan}), len(plan), sum(ended for ended, _ in shares)


def main():
    names = list(SCENARIOS) if ASKED == "all" else ASKED.split(",")
    failed, told, taken = 0, [], {Tool: set(), Daemon: set()}
    print("1..%d" % len(names), flush=True)
    for number, name in enumerate(names, 1):
        try:
            told.append(one(name, taken[type(SCENARIOS[name])]))
            print("ok %d - %s: %d allocations with %d stacks, %d of these new: %d failed, which ended it %d times" % (
                number, name, *told[-1]), flush=True)
        except AssertionError as why:
            failed += 1
            campaign.failed(number, "%s (RSEED=%d)" % (name, RSEED), why, 2000)
    print("# " + campaign.row("every allocation that fails in turn: clean stop or clean error, nothing torn", "%d scenarios" % len(told),
                              "make allocations SCENARIOS=%s ALLOCATIONS=%d" % (ASKED, ALLOCATIONS), RSEED,
                              "of %d allocations with %d distinct call stacks the first and the last of each, alone and with all that follow: %d "
                              "failed, %d ended the program in order, the rest it did without" % tuple(
                                  sum(row[n] for row in told) for n in (0, 2, 3, 4))))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
