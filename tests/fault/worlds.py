#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random worlds against the invariants of the design: the real daemon, killed at single commands, stopped,
reloaded, held, lagging; what it left in Redis must equal a replay of the stream it left.

SEEDS=N says how many (200), SEED=S runs that one alone. The engine itself is held against an independent model
by tests/scenario/test_model.py."""
import os
import random
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from support import campaign  # noqa: E402
from support.cutter import Cutter  # noqa: E402
from support.house import House, Receiver  # noqa: E402

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_780_000_000_000  # 2026-05-28

RULES = """churnd: 1
name: world
timezone: {zone}
{defaults}levels:
  watch: {{enter: 30, leave: 20}}
  at_risk: {{enter: 60, leave: 45}}
profile: {{tier: {{enum: [{words}], default: tin}}, mrr: num, phone: {{type: string, private: true}}}}
{only}signals:
  login: {{on: login}}
  complaint: {{on: complaint}}
  spend: {{on: paid, sum: value}}
  seats: {{on: seats, last: value}}
{more_signals}rules:
- {{rule: quiet, expr: 'silent(login) >= {quiet}', cooldown: 0s, points: {points}}}
- {{rule: many, expr: 'count(complaint[3d live]) >= 3', for: {hold}, cooldown: 1d, points: 35}}
- {{rule: burst, expr: 'count(complaint[6h live]) >= 2', keep_firing_for: 1h, cooldown: 0s, points: 10}}
- {{rule: drop, expr: 'count(login[2d]) * 2 < count(login[2d offset 2d])', cooldown: 0s, points: 15}}
- {{rule: bad, on: nps, expr: 'event.value <= 6', keep_firing_for: 2d, cooldown: 0s, points: 30}}
- {{rule: rich, expr: 'sum(spend[3d live]) > 500 and profile.tier == "gold"', cooldown: 0s, points: -10}}
- {{rule: few, expr: 'last(seats) < 3 or after(complaint, login) > 2d', cooldown: 0s, points: 12}}
- {{rule: grave, expr: 'risk() >= 50', cooldown: 0s, points: 20}}
{more_rules}{teams}actions:
- {{on: customer.level_raised, webhook: crm}}
- {{on: customer.level_raised, at_least: at_risk, task: call}}
- {{on: rule.fired, rule: bad, task: answer}}
- {{on: task.breached, webhook: crm}}
{more_actions}tasks:
  call: {{title: "Call {{name}}", assign: {assign}{call}}}
  answer: {{title: Answer, priority: low{answer}}}
{more_tasks}"""

# Whose tasks are, what hurries, ends and follows them: state of the partition beside that of the customers.
TEAMS = ["teams: {care: [ann, bob, cid], lead: [lea, max]}\n", "teams: {care: [bob, ann], lead: [lea]}\n",
         "teams: {care: [ann, bob, cid, dan], lead: [max, lea], spare: [eve]}\n"]
OWNERS = ["", "- {on: rule.fired, rule: bad, owner: least_loaded(care)}\n",
          "- {on: rule.fired, rule: quiet, owner: round_robin(care)}\n- {on: customer.owner_changed, task: meet}\n"]
ANSWERS = [", assign: least_loaded(care), close_when: 'silent(complaint) > 2d and level() < \"at_risk\"'",
           ", assign: round_robin(care), close_when: 'count(login[2d live]) >= 3', steps: [{task: ask, after: 5h}]",
           ", route: [{when: 'profile.tier == \"gold\"', queue: vip, assign: round_robin(lead), priority: high}, "
           "{assign: least_loaded(care)}]"]
CALLS = [", queue: calls, ack_within: 2h",
         ", ack_within: 2h, escalate: [{after: 80%, to: lead}, {after: 100%, to: care}]",
         ", ack_within: 3h, resolve_within: 1d, escalate: [{after: 50%, to: care}, {after: 150%, to: lead}]",
         ", steps: [{task: ask, after: 1d, unless: 'silent(login) < 5h'}, {task: meet, after: 90m}]",
         ", queue: calls, ack_within: 5h, steps: [{task: ask, after: 4h, when: 'silent(login) > 1h'}], exit: 'level() < \"watch\"'"]
MORE_TASKS = """  ask: {title: Ask, assign: round_robin(care), steps: [{task: last, after: 7h}]}
  meet: {title: Meet, assign: least_loaded(lead), resolve_within: 8h, escalate: [{after: 100%, to: lead}]}
  last: {title: Last, assign: profile.owner, close_when: seen(seats)}
"""
# What counts as churn: its moments are due among all others, and its figures are counted once.
CHURNS = ["", "", "churn: {silent: login, horizon: 2d}\n", "churn: {silent: complaint, horizon: 1d, min_days: 1}\n",
          "churn: {on: [churned, seats], horizon: 30h}\n", "churn: {when: 'profile.tier == \"gold\"', horizon: 3d}\n",
          "churn: {when: 'silent(login) > 20h', horizon: 2d}\n"]


def rules(rng, edit, guarded):
    more_signals = more_rules = only = ""
    if edit and rng.random() < 0.5:
        more_signals = "  extra: {on: [login, extra]}\n"
        more_rules = "- {rule: more, expr: 'count(extra[4d live]) >= 2', cooldown: 0s, points: 25}\n"
    if rng.random() < 0.4:
        only = "only: profile.mrr != 0\n" if rng.random() < 0.7 else "only: profile.tier != \"lead\"\n"
    if rng.random() < 0.4:
        only += rng.choice(["calendar: {hours: '08:00-20:00', week: [mon, tue, wed, thu, fri, sat]}\n",
                            "calendar: {hours: '00:00-24:00', holidays: {2026-06-01: feast}, workdays: [2026-05-30]}\n"])
    churn = rng.choice(CHURNS)
    defaults = churn
    if guarded:
        defaults += "defaults: {min_volume: %d, max_alerts_per_hour: %d%s}\n" % (
            rng.choice([1, 1, 2]), rng.randint(1, 3), "" if churn else ", horizon: 2d")
    cared = rng.random() < 0.6
    return RULES.format(
        teams=rng.choice(TEAMS) if cared else "", more_actions=rng.choice(OWNERS) if cared else "",
        assign=rng.choice(["profile.owner", "round_robin(care)", "least_loaded(care)"]) if cared else "profile.owner",
        call=rng.choice(CALLS) if cared else "", answer=rng.choice(ANSWERS) if cared else "",
        more_tasks=MORE_TASKS if cared else "",
        defaults=defaults,
        zone=rng.choice(["UTC", "Asia/Shanghai", "America/New_York"]), only=only,
        words=rng.choice(["tin, gold, lead", "lead, tin, gold"]) if edit else "tin, gold, lead",
        quiet=rng.choice(["36h", "3d", "2s"]), points=rng.choice([25, 40]), hold=rng.choice(["0s", "5h"]),
        more_signals=more_signals, more_rules=more_rules)


class World:
    def __init__(self, house, cutter, receiver, seed):
        self.rng = random.Random(seed)
        self.house, self.cutter, self.receiver = house, cutter, receiver
        house.prefix = "w%d:" % seed
        self.virtual = self.rng.random() < 0.7  # ids of another time, and time held
        self.guarded = self.virtual and self.rng.random() < 0.4  # feeds fall silent, rules are muted
        house.write_rules(rules(self.rng, False, self.guarded))
        shutil.copy(house.rules, house.genesis)
        self.now = START + self.rng.randrange(DAY)
        self.customers = ["c%d" % i for i in range(self.rng.randint(1, 8))] + ["Ünï", "客户"]
        self.kills = self.notices = 0
        if self.virtual:
            house.redis.call("SET", house.key("hold"), "worlds")

    # -- entries
    def fields(self):
        rng, name = self.rng, self.rng.choice(self.customers)
        kind = rng.choices(["login", "complaint", "paid", "nps", "seats", "profile", "extra", "member", "tag", "task",
                            "clock", "churned", "broken"], [20, 10, 5, 5, 3, 5, 2, 1, 2, 4, 2, 2, 3])[0]
        out = ["customer", name, "type", kind]
        if kind in ("paid", "nps", "seats"):
            out += ["value", rng.choice([0, 1, 5, 9, 120.5, 300, -3])]
        if kind == "profile":
            out += rng.choice([["tier", "gold"], ["tier", "tin"], ["tier", "lead"], ["mrr", "0"], ["mrr", "12.5"],
                               ["owner", "li"], ["owner", ""], ["phone", "1"], ["tier", "wood"]])
        if kind == "member":
            out += ["user", "u1", "role", "admin"]
        if kind == "tag":
            out = ["customer", name, "type", "churnd.tag", "tag", rng.choice(["vip", "old"])]
            out += rng.choice([[], ["remove", "1"], ["expires", "1d"]])
        if kind == "task":
            out = ["customer", name, "type", "churnd.task", *self.act(name)]
        if kind == "clock":
            out = ["type", "churnd.clock"]
        if kind == "broken":
            out = rng.choice([["customer", "", "type", "login"], ["type", "login"], ["customer", name],
                              ["customer", name, "type", "login", "value", "nan"],
                              ["customer", name, "type", "churnd.mine"],
                              ["customer", name, "type", "churnd.rules", "sha256", "0" * 64],
                              ["customer", name, "type", "login", "ts", "12"]])
        if kind in ("login", "complaint", "paid", "churned") and rng.random() < 0.3:
            out += rng.choice([["ts", str(self.now - rng.randrange(5 * DAY))], ["id", "e%d" % rng.randrange(5)],
                               ["backfill", "1", "ts", str(self.now - rng.randrange(5 * DAY))]])
        return out

    def act(self, name):
        entries = self.house.redis.call("XREVRANGE", self.house.key("tasks"), "+", "-", "COUNT", "10")
        known = [dict(zip(f[::2], f[1::2])) for _, f in entries]
        mine = [f[b"id"].decode() for f in known if f[b"customer"].decode() == name]
        task = self.rng.choice(mine) if mine else "tk_none"
        verb = self.rng.choice([["claim", "who", "li"], ["claim", "who", "wang"], ["done", "outcome", "saved"],
                                ["snooze", "until", self.rng.choice(["30m", "7h", "3d", str(self.now + 5 * HOUR)])],
                                ["snooze", "until", "1h"], ["assign", "to", self.rng.choice(["li", "wang", "lea"])],
                                ["assign"], ["transfer", "to", self.rng.choice(["li", "zoe"]), "who", "wang"],
                                ["done", "who", "zoe", "note", "back"], ["link", "external_id", "x%d" % self.rng.randrange(9)],
                                ["done"], ["done", "outcome", "false_alarm"], ["done", "outcome", "churned"], ["cancel"], ["fly"]])
        return ["task", task, "verb", *verb]

    def send(self, count):
        rng, commands = self.rng, []
        for _ in range(count):
            ident = "*"
            if self.virtual:
                self.now += rng.choice([0, 1, rng.randrange(MINUTE), rng.randrange(HOUR), rng.randrange(12 * HOUR)])
                ident = "%d-*" % self.now
            else:
                self.now = int(time.time() * 1000)
            commands.append(["XADD", self.house.key("events"), ident, *self.fields()])
        for reply in self.house.redis.pipeline(commands):
            if isinstance(reply, Exception):
                raise AssertionError("the test's own XADD was refused: %s" % reply)

    def past(self):
        """Weeks of a steady feed, so that the guard knows what to expect of it."""
        rng, commands = self.rng, []
        for _ in range(rng.randint(15, 20) * 24):
            self.now += HOUR
            if rng.random() < 0.95:
                commands.append(["XADD", self.house.key("events"), "%d-*" % self.now, "customer",
                                 rng.choice(self.customers), "type", "login",
                                 *rng.choice([["source", "web"], ["source", "web"], []])])
        self.house.redis.pipeline(commands)

    # -- what befalls the daemon
    def kill(self):
        if self.house.alive():
            self.kills += 1
            self.house.kill()

    def befall(self):
        rng, house = self.rng, self.house
        what = rng.choice(["cut", "cut", "cut", "cut", "kill", "stop", "reload", "edit", "nothing"])
        if what == "cut":
            self.cutter.cut_at(rng.randint(1, 70), rng.choice(["before", "half", "after"]), self.kill)
            self.send(rng.randint(1, 40))
            deadline = time.monotonic() + 0.15
            while house.alive() and time.monotonic() < deadline and house.position() != house.last_id():
                time.sleep(0.002)
            self.cutter.spare()
            self.kill()
        elif what == "kill":
            time.sleep(rng.random() * 0.01)
            self.kill()
        elif what == "stop":
            status = house.stop() if house.alive() else 0
            # -15: asked to go before it had learnt to listen, which is a kill like any other.
            assert status in (0, -15), "stopped with %d\n%s" % (status, house.log_tail())
        elif what in ("reload", "edit"):
            # What was in force from the beginning has to be written down before it changes.
            house.wait(lambda: house.mark() is not None, "the first commit")
            self.virtual = False  # the change is an entry of this moment
            house.write_rules(rules(rng, True, self.guarded))
            if what == "reload" and house.alive():
                house.reload()
                time.sleep(rng.random() * 0.02)
            else:
                self.kill()
        if not house.alive():
            house.start()

    def run(self):
        rng, house = self.rng, self.house
        if self.guarded:
            self.past()
        self.send(rng.randint(0, 30))
        house.start()
        for _ in range(rng.randint(1, 4)):
            self.send(rng.randint(0, 60))
            self.befall()
        self.send(rng.randint(0, 30))
        if rng.random() < 0.5:
            house.redis.call("DEL", house.key("hold"))
        if not house.alive():
            house.start()
        house.wait(lambda: house.position() == house.last_id() != "0-0" or house.last_id() == "0-0", "drained")
        alerts = house.alerts()
        self.notices = sum(row["type"] in ("feed.silent", "rule.muted") for row in alerts)
        wanted = {row["id"] for row in alerts if row["to"]}
        house.wait(lambda: wanted <= set(self.receiver.seen), "all alerts were delivered")
        if rng.random() < 0.5:
            assert house.stop() in (0, -15), "no clean end\n" + house.log_tail()
        else:
            self.kill()
        if house.last_id() == "0-0":
            return "nothing was sent"
        same, sentence = house.verify()
        assert same, sentence
        return sentence


def main():
    only = os.environ.get("SEED")
    seeds = [int(only)] if only else range(1, int(os.environ.get("SEEDS", "200")) + 1)
    receiver = Receiver()
    house = House(RULES, receiver=receiver)
    house.connect_to = os.path.join(house.folder, "cut.sock")
    cutter = Cutter(house.connect_to, house.sock)
    kills, notices, begun, name = 0, 0, time.monotonic(), "live under any pattern of kills, stops and reloads equals replay"
    try:
        for seed in seeds:
            world = World(house, cutter, receiver, seed)
            try:
                world.run()
            except AssertionError as why:
                print("not ok 1 - %s\n# seed %d; again with SEED=%d tests/fault/worlds.py" % (name, seed, seed))
                print("\n".join("# " + line for line in str(why).splitlines()))
                if os.environ.get("KEEP"):
                    input("kept %s, prefix %s" % (house.folder, house.prefix))
                return 1
            kills += world.kills
            notices += world.notices
            if house.alive():
                world.kill()
        if len(seeds) >= 20 and notices == 0:
            print("not ok 1 - %s\n# no feed fell silent and no rule was muted\n1..1" % name)
            return 1
        said = "%d seeds, %d kills, %d notices of guards, %.0f s" % (len(seeds), kills, notices, time.monotonic() - begun)
        print("ok 1 - %s\n# %s" % (name, said))
        print("# %s\n1..1" % campaign.row(name, "%d seeds" % len(seeds), "make model SEEDS=%d" % len(seeds),
                                          "%d to %d" % (seeds[0], seeds[-1]), said + ": each equal to a replay"))
        return 0
    finally:
        cutter.close()
        house.close()


if __name__ == "__main__":
    sys.exit(main())
