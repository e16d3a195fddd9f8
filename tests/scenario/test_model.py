#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine against the reference model: random histories, one seed one history.

SEEDS=N says how many (200), SEED=S runs that one alone and shows what differs."""
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
from support import campaign, reference  # noqa: E402
from support.reference import DAY, HOUR, MINUTE  # noqa: E402

CHURNCTL = os.environ.get("CHURNCTL", os.path.join(os.environ.get("BUILD") or os.path.join(ROOT, "build"), "churnctl"))
ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Santiago"]
KEYS = ["type", "customer", "at", "rule", "firing", "cause", "risk", "previous_risk", "level", "previous_level",
        "seq", "episode", "stage", "previous_stage", "tag", "tags"]


def one_row(rng, now, customers, known):
    row = {"customer": rng.choice(customers), "type": rng.choices(["a", "aa", "b", "c", "n", "profile", "o", "k",
                                                                   "member"], [8, 1, 4, 3, 2, 1, 3, 2, 1])[0]}
    if row["customer"] in known and rng.random() < 0.06:
        row["type"] = "churnd.tag"
    known.add(row["customer"])
    if row["type"] == "profile":
        row["tier"] = rng.choice(["tin", "gold"])
        if rng.random() < 0.4:
            row["status"] = rng.choice(["here", "gone", "here"])
        if rng.random() < 0.6:
            day = datetime.date.fromtimestamp(now / 1000) + datetime.timedelta(days=rng.randint(-3, 25))
            row["end"] = day.isoformat()
    if row["type"] == "churnd.tag":
        row["tag"] = rng.choice(["vip", "vip", "busy"])
        if row["tag"] == "vip" and rng.random() < 0.3:
            row["remove"] = "1"
        elif rng.random() < 0.7:
            row["length"] = rng.choice([HOUR, 26 * HOUR, 4 * DAY])
            row["expires"] = "%dm" % (row["length"] // MINUTE)
        return row
    if row["type"] in ("a", "aa", "member") and (rng.random() < 0.8 or row["type"] == "member"):
        row["user"] = rng.choice(["ann", "bob", "çid"])
    if row["type"] == "member":
        row.update(rng.choice([{"role": "boss"}, {"role": "boss"}, {"role": ""}, {"left": "1"}, {}]))
    if row["type"] in ("o", "k"):
        row["no"] = rng.choice(["1", "2", "3"])
    if row["type"] == "o" and rng.random() < 0.7:
        row["w"] = rng.choice(["3", "5.5", "6", "70"])
    if row["type"] in ("c", "n"):
        row["value"] = rng.choice([0, 3, 6, 7, 10, 33.3, 60, -20.25])
    chance = rng.random()
    if chance < 0.15:
        row["ts"] = now - rng.randint(1, 6 * DAY)
    elif chance < 0.18:
        row["ts"] = now + rng.randint(1, 5 * MINUTE)
    elif chance < 0.23:
        row["id"] = "e%d" % rng.randint(1, 6)
    elif chance < 0.26:
        row["backfill"], row["ts"] = 1, now - rng.randint(0, 5 * DAY)
    return row


def history(seed):
    rng = random.Random(seed)
    customers = ["c%d" % i for i in range(rng.randint(1, 6))] + ["é", "客户"][:rng.randint(0, 2)]
    # Over a change of the clocks in New York, Lord Howe, Beirut and Santiago (the last two at midnight).
    now = int(datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc).timestamp() * 1000)
    now += rng.randint(0, 20 * DAY)
    rows, known = [], set()
    stretch = 1 if seed % 8 else 4  # some long enough for half a year's baseline
    for _ in range(rng.randint(5, 160)):
        gap = rng.choice([0, 1, rng.randint(2, MINUTE), rng.randint(MINUTE, HOUR), rng.randint(HOUR, 12 * HOUR),
                          12 * HOUR, DAY, rng.randint(DAY, 4 * DAY)])
        now += gap * stretch
        rows.append((now, one_row(rng, now, customers, known)))
    return rng.choice(ZONES), rng.choice([12, 55, -7]), rows, now + rng.randint(0, 20 * DAY)


def of_model(zone, renewal, rows, end):
    world = reference.World(zone, renewal)
    for arrived, row in rows:
        world.entry(arrived, row)
    world.advance(end)
    return [tuple(one.get(key) for key in KEYS) for one in world.said]


def of_engine(folder, zone, renewal, rows, end):
    rules, events = os.path.join(folder, "rules.yaml"), os.path.join(folder, "events.ndjson")
    with open(rules, "w", encoding="utf-8") as file:
        file.write(reference.RULES.format(zone=zone, renewal=renewal))
    with open(events, "w", encoding="utf-8") as file:
        for arrived, row in rows:
            row = {key: row[key] for key in row if key != "length"}
            file.write(json.dumps(dict(row, arrived=arrived), ensure_ascii=False) + "\n")
    done = subprocess.run([CHURNCTL, "replay", "--rules", rules, "--events", events, "--until", str(end)],
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr.decode())
    said = []
    for line in done.stdout.decode().splitlines():
        alert = json.loads(line)
        data = dict(alert["data"], type=alert["type"])
        at = datetime.datetime.fromisoformat(alert["timestamp"].replace("Z", "+00:00"))
        data["at"] = round(at.timestamp() * 1000)
        points = sum(reason["points"] for reason in data["reasons"])
        # At rest the risk stands still, points written as expressions move on.
        assert min(100, max(0, points)) == data["risk"] or data["profile"].get("status") == "gone", line
        if alert["type"].startswith("customer.level"):
            data.pop("rule", None)
            data.pop("firing", None)
        data["tags"] = sorted(data["tags"])
        said.append(tuple(data.get(key) for key in KEYS))
    return said


def run(folder, seed):
    zone, renewal, rows, end = history(seed)
    return of_model(zone, renewal, rows, end), of_engine(folder, zone, renewal, rows, end)


def show(model, engine):
    for i in range(max(len(model), len(engine))):
        m = model[i] if i < len(model) else None
        e = engine[i] if i < len(engine) else None
        if m != e:
            print("# differs at alert %d\n#   model:  %s\n#   engine: %s" % (i, m, e))
            return


def main():
    only = os.environ.get("SEED")
    seeds = [int(only)] if only else range(1, int(os.environ.get("SEEDS", "200")) + 1)
    alerts = 0
    with tempfile.TemporaryDirectory(prefix="churnd-model.") as folder:
        for seed in seeds:
            model, engine = run(folder, seed)
            alerts += len(engine)
            if model != engine:
                print("not ok 1 - the engine agrees with the reference model")
                print("# seed %d; again with SEED=%d tests/scenario/test_model.py" % (seed, seed))
                show(model, engine)
                return 1
    enough = alerts > 3 * len(seeds)
    said = "%d seeds, %d alerts" % (len(seeds), alerts)
    print("%s 1 - the engine agrees with the reference model\n# %s" % ("ok" if enough else "not ok", said))
    print("# %s\n1..1" % campaign.row("the engine agrees with a second, plain implementation", "%d seeds" % len(seeds),
                                      "make model SEEDS=%d" % len(seeds), "%d to %d" % (seeds[0], seeds[-1]), said))
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
