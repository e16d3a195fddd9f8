#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live equals replay: a history through `churnctl import --as-live` and the daemon gives the same alert bytes as
`churnctl replay` of the same file, undisturbed and with kill -9 and SIGTERM on the way.

Histories: one made from a seed, and those of shared/data beside the project where they are."""
import os
import random
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "demo"))
import people  # noqa: E402
from support.house import BUILD, House  # noqa: E402

DATA = os.path.join(os.path.dirname(ROOT), "shared", "data")
CHURNCTL = os.path.join(BUILD, "churnctl")

HEAD = """churnd: 1
name: history
timezone: {zone}
levels:
  watch: {{enter: 30, leave: 20}}
  at_risk: {{enter: 60, leave: 45}}
"""

CDNOW = HEAD.format(zone="America/New_York") + """signals:
  orders: {on: purchase}
  spend: {on: purchase, sum: value}
rules:
- {rule: quiet, expr: 'silent(orders) >= 60d', cooldown: 0s, points: 35}
- {rule: long_quiet, expr: 'silent(orders) >= 91d', for: 2d, cooldown: 30d, points: 30}
- {rule: spends_less, expr: 'sum(spend[28d]) < 10 and sum(spend[56d offset 28d]) > 60', cooldown: 0s, points: 20}
- {rule: busy, expr: 'count(orders[7d live]) >= 3', cooldown: 0s, points: -10}
"""

OULAD = HEAD.format(zone="Europe/London") + """signals:
  due: {on: due}
  submit: {on: submit}
  score: {on: submit, last: value}
rules:
- {rule: overdue, expr: 'after(due, submit) >= 7d', cooldown: 0s, points: 40}
- {rule: low, on: submit, expr: 'event.value < 40', keep_firing_for: 21d, cooldown: 0s, points: 25}
- {rule: fades, expr: 'count(submit[28d]) * 2 < count(submit[28d offset 28d])', cooldown: 7d, points: 20}
"""

RAVENSTACK = HEAD.format(zone="Asia/Shanghai") + """signals:
  usage: {on: usage}
  ticket: {on: ticket}
  errors: {on: error}
rules:
- {rule: quiet, expr: 'silent(usage) >= 21d', cooldown: 0s, points: 30}
- {rule: drop, expr: 'ratio(usage[14d], usage[56d offset 14d], min_events=5) < 0.4 and p_drop(usage[14d], usage[56d offset 14d]) < 0.05', cooldown: 0s, points: 30}
- {rule: tickets, expr: 'count(ticket[14d live]) >= 2', cooldown: 3d, points: 25}
- {rule: errors, expr: 'p_rise(errors[7d live], errors[56d offset 7d]) < 0.01', keep_firing_for: 3d, points: 10}
"""


def made_history(folder):
    import json
    path = os.path.join(folder, "made.ndjson")
    with open(path, "w", encoding="utf-8") as file:
        for at, fields in people.history(7, 120, 60, 1_790_000_000_000):
            file.write(json.dumps(dict(fields, ts=at), ensure_ascii=False) + "\n")
    return path


# Each close asks every customer a dozen times: it is worked off in slices, and the daemon dies in some of them.
MANY = HEAD.format(zone="Asia/Shanghai") + """signals:
  visit: {on: visit}
rules:
""" + "".join("- {rule: r%d, expr: 'count(visit[4d offset %dd]) >= 2 and since(visit) * 2 > %dh', cooldown: 0s, points: %d}\n" %
              (i, i % 3, 30 + 8 * i, i + 1) for i in range(12))


def many_history(folder):
    import json
    path, rng = os.path.join(folder, "many.ndjson"), random.Random(5)
    with open(path, "w", encoding="utf-8") as file:
        for i in range(30000):
            file.write(json.dumps({"customer": "m%05d" % i, "type": "visit", "ts": 1_790_000_000_000 + i}) + "\n")
        for day in range(6):
            for i in range(3000):
                file.write(json.dumps({"customer": "m%05d" % rng.randrange(200 * day + 200), "type": "visit",
                                       "ts": 1_790_000_000_000 + (day + 1) * 86_400_000 + i * 1000}) + "\n")
    return path


# Tasks that escalate, are lost and followed by others, in turn and by load, over weeks, in working hours, while people
# put them off, assign, lend and do them: the daemon dies around these moments.
CARE = HEAD.format(zone="Asia/Shanghai") + """teams: {care: [ann, bob, cid], lead: [lea, max]}
calendar: {hours: '07:00-22:30', week: [mon, tue, wed, thu, fri, sat, sun], holidays: {2026-09-25: feast}}
signals:
  visit: {on: visit}
rules:
- {rule: quiet, expr: 'silent(visit) >= 20h', cooldown: 0s, points: 35}
- {rule: busy, expr: 'count(visit[6h live]) >= 3', cooldown: 0s, points: -10}
actions:
- {on: rule.fired, rule: quiet, task: call, owner: least_loaded(care)}
- {on: rule.fired, rule: busy, task: thank}
- {on: customer.owner_changed, task: meet}
tasks:
  call: {queue: calls, assign: round_robin(care), ack_within: 5h, resolve_within: 12h, close_when: 'silent(visit) < 2h',
         escalate: [{after: 80%, to: lead}, {after: 100%, to: care}], steps: [{task: again, after: 9h}]}
  again: {assign: least_loaded(care), steps: [{task: last, after: 3h, unless: 'silent(visit) < 30h'}],
          exit: 'silent(visit) > 40h', queue: again, ack_within: 90m}
  last: {route: [{when: 'profile.owner == "ann"', assign: round_robin(lead)}, {assign: least_loaded(lead)}]}
  thank: {assign: profile.owner, queue: thanks, ack_within: 4h}
  meet: {assign: profile.owner, resolve_within: 7h, escalate: [{after: 50%, to: lead}]}
"""
ACTS = [{"verb": "claim", "who": "bob"}, {"verb": "claim", "who": "cid"}, {"verb": "snooze", "until": "30m"},
        {"verb": "snooze", "until": "9h"}, {"verb": "snooze", "until": "1s"}, {"verb": "assign", "to": "zoe"},
        {"verb": "assign"}, {"verb": "transfer", "to": "cid", "who": "bob"}, {"verb": "done", "who": "cid"},
        {"verb": "done", "outcome": "saved"}, {"verb": "cancel"}, {"verb": "link", "external_id": "7"}]


def care_history(folder):
    """Visits alone first: what their replay makes of tasks is what people then act on."""
    import json
    path, rng, now, rows = os.path.join(folder, "care.ndjson"), random.Random(11), 1_790_000_000_000, []
    rules = os.path.join(folder, "care.yaml")
    for i in range(40000):
        now += rng.randrange(60_000)
        rows.append({"customer": "k%04d" % rng.randrange(i // 30 + 5), "type": "visit", "ts": now})

    def write():
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in sorted(rows, key=lambda row: row["ts"]))
    write()
    with open(rules, "w", encoding="utf-8") as file:
        file.write(CARE)
    for line in replay(rules, path, "--only", "task.created"):
        task = json.loads(line)["data"]
        at = moment_of(json.loads(line)["timestamp"])
        while rng.random() < 0.6 and at < now - 10_000_000:
            at += rng.choice([0, 1, 1000, rng.randrange(3_600_000), rng.randrange(30_000_000)])
            rows.append({"customer": task["customer"], "type": "churnd.task", "task": task["task"]["id"], "ts": at,
                         **rng.choice(ACTS)})
    write()
    return path


def moment_of(text):
    import datetime
    then = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(then.timestamp()) * 1000 + then.microsecond // 1000


def replay(rules, events, *more):
    done = subprocess.run([CHURNCTL, "replay", "--rules", rules, "--events", events, *more], capture_output=True, check=True)
    return done.stdout.decode().splitlines()


def disturb(house, rng):
    """Something befalls the daemon, as often as the import lasts."""
    time.sleep(rng.random() * 0.2)
    if rng.random() < 0.6:
        house.kill()
    else:
        house.churnd.send_signal(signal.SIGTERM)
        house.churnd.wait()
        time.sleep(rng.random() * 0.1)
    house.start()


def live(rules_text, events, disturbed, seed):
    house = House(rules_text)
    house.more = ""
    rng = random.Random(seed)
    try:
        house.start()
        importer = subprocess.Popen([CHURNCTL, "-c", house.config, "import", events, "--as-live"],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        disturbances = 0
        while importer.poll() is None:
            if disturbed:
                disturb(house, rng)
                disturbances += 1
            time.sleep(0.01)
        assert importer.returncode == 0, importer.stderr.read().decode()
        house.drain(120)
        return [row["body"] for row in house.alerts()], disturbances
    finally:
        house.close()


def behind(rules_text, events, seed):
    """All of it lies in the stream before the daemon comes: it dies again and again while it is far behind, when
    most records are older than what was committed."""
    house = House(rules_text)
    house.more = ""
    rng = random.Random(seed)
    try:
        house.start()
        house.kill()
        subprocess.run([CHURNCTL, "-c", house.config, "import", events, "--as-live"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True)
        deaths = rng.randrange(12, 20)
        for _ in range(deaths):
            house.start()
            time.sleep(rng.random() * 0.25)
            house.kill()
        house.start()
        house.drain(120)
        return [row["body"] for row in house.alerts()], deaths
    finally:
        house.close()


def last_moment(events):
    """ms of the last row: after it the stream goes on into the present, and the file does not."""
    import csv
    import gzip
    if not events.endswith(".gz"):
        import json
        with open(events, encoding="utf-8") as file:
            return max(json.loads(line)["ts"] for line in file)
    with gzip.open(events, "rt") as file:
        return max(int(row["ts"]) for row in csv.DictReader(file))


def up_to(bodies, moment):
    import datetime
    end = datetime.datetime.fromtimestamp(moment / 1000, datetime.timezone.utc)
    limit = end.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment % 1000)
    return [body for body in bodies if body.split('"timestamp":"', 1)[1][:24] <= limit]


def compare(rules_text, events, seed):
    house = House(rules_text)
    want = replay(house.rules, events)
    house.close()
    moment = last_moment(events)
    want = up_to(want, moment)
    assert len(want) > 50, "the history gives too few alerts to show anything: %d" % len(want)
    told = 0
    for disturbed in ("", " (disturbed)", " (behind)"):
        got, disturbances = behind(rules_text, events, seed) if "behind" in disturbed else \
            live(rules_text, events, disturbed, seed)
        got = up_to(got, moment)
        told += disturbances
        for i, (a, b) in enumerate(zip(want, got)):
            assert a == b, "alert %d differs%s\nreplay: %s\nlive:   %s" % (
                i, disturbed, a, b)
        assert len(want) == len(got), "replay gives %d alerts, live %d" % (len(want), len(got))
    assert told > 0, "nothing befell the daemon"
    return "%d alerts, %d kills and stops" % (len(want), told)


def main():
    folder = House(CDNOW)
    with open(os.path.join(ROOT, "rules", "saas.yaml"), encoding="utf-8") as file:
        pack = file.read().replace("webhook: crm", "task: call_back")
    parts = [("a made history", pack, made_history(folder.folder)),
             ("closes of many customers", MANY, many_history(folder.folder)),
             ("care", CARE, care_history(folder.folder)),
             ("cdnow", CDNOW, os.path.join(DATA, "cdnow", "events.csv.gz")),
             ("ravenstack", RAVENSTACK, os.path.join(DATA, "ravenstack_syn", "events.csv.gz")),
             ("oulad", OULAD, os.path.join(DATA, "oulad_2013", "events.csv.gz"))]
    failed = 0
    for number, (name, rules, events) in enumerate(parts, 1):
        title = "%d - live equals replay: %s" % (number, name)
        if not os.path.exists(events):
            print("ok %s # SKIP the history is not on this machine" % title)
            continue
        try:
            print("ok %s\n# %s" % (title, compare(rules, events, number)), flush=True)
        except AssertionError as why:
            failed += 1
            print("not ok %s" % title)
            print("\n".join("# " + line[:3000] for line in str(why).splitlines()), flush=True)
    print("1..%d" % len(parts))
    folder.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
