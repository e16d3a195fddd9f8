#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every allocation fails in turn, alone or with all that follow: a program says "out of memory" and ends, or does
without; never by a signal, never with half an answer, and what the daemon leaves in Redis is a beginning to go on from.

SCENARIOS=WORD,... (three of them) or all; ALLOCATIONS (25) of each at most, spread evenly; 0: each one."""
import os
import random
import subprocess
import sys

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
ASKED = os.environ.get("SCENARIOS", "check,backtest,daemon_events")
MEMORY, STUCK = 4, 1  # exit statuses of churnctl and of churnd

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


def starving(n, on, count=None):
    words = {"LD_PRELOAD": SHIM, "STARVE_AT": str(n), "STARVE_ON": str(int(on))}
    return dict(os.environ, **words, **({"STARVE_COUNT": count} if count else {}))


# ---- churnctl ----

class Tool:
    """A command that asks nobody; `out` is the file it writes."""

    def __init__(self, *words, out=None, stdin=b""):
        self.words, self.out, self.stdin = words, out, stdin
        self.folder = self.reference = None

    def begin(self, folder):
        self.folder = folder
        self.reference = self.run(0, False)[:3]
        if self.reference[0] not in (0, 1, 2):
            raise Wrong("without need it ends with %r" % (self.reference,))
        return self.count()

    def end(self):
        pass

    def count(self):
        with open(os.path.join(self.folder, "count"), encoding="ascii") as file:
            return int(file.read())

    def run(self, n, on):
        """Status, stdout, the file, stderr."""
        out = self.out and os.path.join(self.folder, self.out)
        if out and os.path.exists(out):
            os.unlink(out)
        done = subprocess.run([CHURNCTL, *self.words], cwd=self.folder, env=starving(n, on, os.path.join(self.folder, "count")),
                              input=self.stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
        written = None
        if out and os.path.exists(out):
            with open(out, "rb") as file:
                written = file.read()
        return done.returncode, done.stdout, written, done.stderr.decode(errors="replace")

    def starve(self, n, on):
        status, said, written, errors = self.run(n, on)
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
        self.house = self.receiver = self.count_file = None

    def begin(self, folder):
        self.receiver = FastReceiver("--drop", 3)
        self.house = House(RULES, config=HOOKS % (self.receiver.url, SECRET))
        self.count_file = os.path.join(folder, "count")
        self.starve(0, False)
        with open(self.count_file, encoding="ascii") as file:
            return int(file.read())

    def end(self):
        self.house.close()
        self.receiver.close()

    def starve(self, n, on):
        house = self.house
        house.redis.call("FLUSHALL")
        house.write_rules(RULES)
        if self.before:
            house.start()
            self.before(house)
            house.drain()
            self.stop()
        house.start(env=starving(n, on, self.count_file))
        try:
            self.work(house)
            house.drain()
        except (AssertionError, OSError, ValueError) as why:
            if house.alive() and "time is up" in str(why):
                raise Wrong("it hangs: %s" % why) from why
        starved = not house.alive()
        status = house.churnd.wait(30) if starved else house.stop()
        if status != 0 and (status != STUCK or "out of memory" not in house.log_tail(300)):
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
    said = len(house.alerts())
    house.wait(lambda: len(house.alerts()) > said, "the second has passed")


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
    import json
    texts = {"rules.yaml": RULES, "test.yaml": TEST, "wrong.yaml": RULES.replace("silent(login) >=", "silnt(login) >"),
             "secret": "whsec_%s\n" % SECRET}
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    with open(os.path.join(folder, "events.ndjson"), "w", encoding="utf-8") as file:
        for at, fields in people.history(7, 25, 40, 1_790_000_000_000):
            file.write(json.dumps(dict(fields, ts=at), ensure_ascii=False) + "\n")


def moments(count, rng):
    """Which allocations: all of them, or so many spread evenly, with another beginning for each seed."""
    step = max(1, count / ALLOCATIONS) if ALLOCATIONS else 1
    at, first = rng.random() * step, []
    while at < count:
        first.append(int(at) + 1)
        at += step
    return first


def one(name, folder):
    """(allocations there are, tried, how many ended it)"""
    scenario, rng, ended = SCENARIOS[name], random.Random(RSEED), 0
    try:
        count = scenario.begin(folder)
        tried = moments(count, rng)
        for n in tried:
            on = rng.random() < 0.3
            try:
                ended += scenario.starve(n, on)
            except (AssertionError, subprocess.TimeoutExpired) as why:
                raise Wrong("allocation %d of %d%s: %s" % (n, count, " and all after it" if on else "", why)) from why
        return count, len(tried), ended
    finally:
        scenario.end()


def main():
    names = list(SCENARIOS) if ASKED == "all" else ASKED.split(",")
    failed, told = 0, []
    print("1..%d" % len(names), flush=True)
    import tempfile
    with tempfile.TemporaryDirectory(prefix="churnd-starved-") as folder:
        furnish(folder)
        for number, name in enumerate(names, 1):
            try:
                told.append((name, *one(name, folder)))
                print("ok %d - %s: %d allocations, %d of them failed, which ended it %d times" % (number, *told[-1]), flush=True)
            except AssertionError as why:
                failed += 1
                campaign.failed(number, "%s (RSEED=%d)" % (name, RSEED), why, 2000)
    print("# " + campaign.row("every allocation that fails in turn: clean stop or clean error, nothing torn", "%d scenarios" % len(told),
                              "make allocations SCENARIOS=%s ALLOCATIONS=%d" % (ASKED, ALLOCATIONS), RSEED,
                              "%d of %d allocations failed, %d ended the program in order, the rest it did without" % tuple(
                                  sum(row[n] for row in told) for n in (2, 1, 3))))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
