# SPDX-License-Identifier: Apache-2.0
"""Ninety days of a small software business, made from a seed: customers of seven characters."""
import random

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

FIRST = ("Acme Borealis Cedar Delta Ember Fjord Granite Harbor Indigo Juniper Kestrel Lumen Maple Nimbus "
         "Orchid Pioneer Quartz Rivet Summit Tundra").split()
SECOND = "Foods Freight Labs Media Motors Optics Press Retail Robotics Textiles Travel Works".split()
CHINESE_FIRST = "晨星 海蓝 金石 青木 云帆 远山 华光 新禾 东篱 白鹭".split()
CHINESE_SECOND = "科技 物流 食品 传媒 教育 医疗 设计 制造".split()
OWNERS = ["li", "wang", "zhao", "chen"]

# character: share of all customers, logins a day, uses a login
CHARACTERS = {
    "steady": (0.52, 1.2, 4),
    "seasonal": (0.10, 1.4, 5),
    "fading": (0.08, 1.6, 6),
    "silent": (0.10, 1.3, 4),
    "angry": (0.08, 1.0, 3),
    "unpaid": (0.06, 0.9, 3),
    "new": (0.06, 0.8, 3),
}


def character_of(rng):
    at = rng.random()
    for name, (share, _, _) in CHARACTERS.items():
        at -= share
        if at < 0:
            return name
    return "steady"


def company(rng, number):
    if number % 4 == 0:
        return rng.choice(CHINESE_FIRST) + rng.choice(CHINESE_SECOND)
    return rng.choice(FIRST) + " " + rng.choice(SECOND)


def date_of(ms):
    import datetime
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime("%Y-%m-%d")


def profile(rng, number, begins, ends):
    tier = rng.choices(["team", "business", "enterprise"], [6, 3, 1])[0]
    return {
        "type": "profile", "name": company(rng, number), "owner": rng.choice(OWNERS), "tier": tier,
        "status": "active", "mrr": {"team": 90, "business": 490, "enterprise": 2900}[tier],
        "contract_end": date_of(ends + rng.randint(-5, 300) * DAY),
        "customer_since": date_of(begins - rng.randint(30, 900) * DAY),
    }


def activity(kind, day, days, turn):
    """How much of its usual a customer does on a day."""
    if kind == "seasonal":
        return 1.6 if day // 7 % 4 in (0, 1) else 0.5
    if kind == "fading" and day > turn:
        return max(0.05, 1 - (day - turn) / 30)
    if kind == "silent" and day > turn:
        return 0
    if kind == "new" and day < turn:
        return 0
    if kind == "angry" and day > turn + 4:
        return 0.4
    return 1


def count_of(rng, mean):
    n, left = 0, rng.expovariate(1)
    while left < mean:
        n += 1
        left += rng.expovariate(1)
    return n


def daily(rng, kind, midnight, day, days, turn):
    _, logins, uses = CHARACTERS[kind]
    amount = activity(kind, day, days, turn)
    for _ in range(count_of(rng, logins * amount)):
        at = midnight + rng.randint(1 * HOUR, 10 * HOUR)
        yield at, {"type": "login"}
        for _ in range(count_of(rng, uses)):
            yield at + rng.randint(MINUTE, 2 * HOUR), {"type": "page_view"}


def incidents(rng, kind, midnight, turn_day):
    at = midnight + turn_day * DAY + 9 * HOUR
    if kind == "angry":
        for i in range(rng.randint(2, 4)):
            yield at + i * rng.randint(6, 50) * HOUR, {"type": "complaint", "severity": "high"}
        yield at + 3 * DAY, {"type": "nps_answered", "value": rng.randint(0, 5)}
    if kind == "unpaid":
        for i in range(rng.randint(1, 3)):
            yield at + i * 5 * DAY, {"type": "payment_failed"}
        if rng.random() < 0.5:
            yield at + 18 * DAY, {"type": "payment_succeeded"}
        else:
            yield at + 12 * DAY, {"type": "complaint", "severity": "urgent"}
    if kind == "steady" and rng.random() < 0.2:
        yield at, {"type": "nps_answered", "value": rng.choice([7, 8, 9, 9, 10])}


def one(rng, number, begins, days):
    kind = character_of(rng)
    name = "c%03d" % number
    turn = rng.randint(days // 2, days - 12)
    if kind == "new":
        turn = rng.randint(days // 3, days - 20)
    joined = begins + (turn * DAY if kind == "new" else 0) + rng.randint(0, HOUR)
    ends = begins + days * DAY
    made = profile(rng, number, begins, ends)
    if kind == "new":
        made["customer_since"] = date_of(joined)
        if rng.random() < 0.4:
            turn = days + 1  # bought, and never begun
    yield joined, dict(made, customer=name)
    for day in range(days):
        for at, event in daily(rng, kind, begins + day * DAY, day, days, turn):
            if at > joined:
                yield at, dict(event, customer=name)
    for at, event in incidents(rng, kind, begins, min(turn, days - 1)):
        if at > joined:
            yield at, dict(event, customer=name)


def history(seed, customers, days, now):
    """All events up to now, in order of time: (ms, fields)."""
    rng = random.Random(seed)
    begins = now - now % DAY - days * DAY
    rows = []
    for number in range(customers):
        rows.extend(row for row in one(rng, number, begins, days) if row[0] < now)
    rows.sort(key=lambda row: (row[0], row[1]["customer"], row[1]["type"]))
    return rows
