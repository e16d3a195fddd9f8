#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden tables for how warnings are judged, by plain search where the engine walks: each warning looks for its silence, each
churn for its warnings, each pair of customers is compared, and customers are drawn one by one.

python3 tests/golden/backtest.py > tests/golden/backtest.txt
One row: name, its words, `=`, the values. tests/unit/test_judge.c and test_bootstrap.c read it."""
import random
from fractions import Fraction

DAY = 86_400_000


def row(name, words, values):
    print(name, *words, "=", *("%.17g" % float(value) for value in values))


def joined(values):
    return ",".join(map(str, values)) or "-"


# -- judging: days and ms in UTC

def history(rng, first, last):
    days = sorted({rng.randint(first, last) for _ in range(rng.randint(0, 9))})
    turns = []
    at, on = first * DAY, False
    for _ in range(rng.randint(4, 24)):
        at += rng.choice([0, 1, 7 * DAY, rng.randint(0, DAY), rng.randint(0, 20 * DAY), rng.randint(0, 3) * DAY - at % DAY])
        at = max(at, turns[-1][0] if turns else first * DAY)
        on = not on
        turns.append((at, on))
    return days, turns


def flaps(turns, begin, end):
    return sum(begin <= at <= end and on and any(not was and at - 7 * DAY <= off <= at for off, was in turns[:i])
               for i, (at, on) in enumerate(turns))


def by_silence(days, turns, horizon, least, first, last, end):
    begin, stop = first * DAY, (last + 1) * DAY - 1
    counts = dict.fromkeys(("hit", "false", "late", "unresolved", "again", "caught", "churns", "alerts"), 0)
    told = set()
    if days:
        counts["alerts"] = sum(on and begin + 7 * DAY <= at <= stop for at, on in turns)
    for at, on in turns:
        if not on or not begin <= at <= stop:
            continue
        mine = [i for i, day in enumerate(days) if day * DAY < at
                and at < (days[i + 1] * DAY if i + 1 < len(days) else end + DAY)]
        if not mine:
            continue
        i = mine[0]
        if i + 1 < least or not first - 7 <= days[i] <= last:
            continue
        if i in told:
            counts["again"] += 1
            continue
        told.add(i)
        limit = days[i] + horizon
        back = i + 1 < len(days) and days[i + 1] <= limit
        gone = (days[i + 1] > limit) if i + 1 < len(days) else limit <= end // DAY
        what = "false" if back else "unresolved" if not gone else "late" if at // DAY >= limit else "hit"
        counts[what] += 1
        counts["caught"] += what == "hit"
    for i, day in enumerate(days):
        if i + 1 >= least and first - 7 <= day <= last:
            counts["churns"] += days[i + 1] > day + horizon if i + 1 < len(days) else day + horizon <= end // DAY
    middle = (begin + stop) // 2
    watched = sum(day * DAY <= middle for day in days) >= least
    return [*counts.values(), flaps(turns, begin, stop), watched]


def by_churn(days, churns, turns, horizon, first, last, end):
    begin, stop = first * DAY, (last + 1) * DAY - 1
    counts = dict.fromkeys(("hit", "false", "late", "unresolved", "again", "caught", "churns", "alerts"), 0)
    warned = [at for at, on in turns if on]
    for n, at in enumerate(warned):
        if not begin <= at <= stop:
            continue
        counts["alerts"] += 1
        later = [c for c in churns if c > at]
        hit = bool(later) and later[0] - at <= horizon * DAY
        counts["hit" if hit else "false" if at + horizon * DAY <= end else "unresolved"] += 1
        counts["again"] += n > 0 and at - warned[n - 1] <= horizon * DAY and not any(warned[n - 1] < c <= at for c in churns)
    for churn in churns:
        if begin <= churn <= stop:
            counts["churns"] += 1
            recent = any(churn - horizon * DAY <= at < churn for at in warned)
            state = [on for at, on in sorted(turns) if at < churn][-1:]
            counts["caught"] += recent or state == [True]
    return [*counts.values(), flaps(turns, begin, stop), bool(days)]


def judged():
    rng = random.Random(17)
    for _ in range(400):
        first = rng.randint(10_000, 10_040)
        last = first + rng.randint(8, 120)
        days, turns = history(rng, first - 20, last + 30)
        end = (last + rng.choice([-8, 0, 3, rng.randint(0, 60)])) * DAY + rng.randint(0, DAY - 1)
        days = [day for day in days if day <= end // DAY]
        horizon, least = rng.choice([1, 5, 14, 30, 60]), rng.choice([1, 1, 2, 3])
        texts = joined("%d:%d" % turn for turn in turns)
        row("silence", (horizon, least, first, last, end, joined(days), "-", texts),
            by_silence(days, turns, horizon, least, first, last, end))
        churns = sorted({rng.randint((first - 20) * DAY, end) for _ in range(rng.randint(0, 3))}
                        | {at + rng.choice([0, 1, horizon * DAY, horizon * DAY + 1])
                           for at, on in turns if on and rng.random() < .3})
        churns = [at for at in churns if at <= end]
        row("churn", (horizon, least, first, last, end, joined(days), joined(churns), texts),
            by_churn(days, churns, turns, horizon, first, last, end))


# -- leads, ranking, and what a bootstrap finds

def leads():
    rng = random.Random(19)
    for count in (1, 2, 3, 10, 101):
        values = [rng.choice([rng.randint(1, 91), rng.randint(1, 400) / 4]) for _ in range(count)]
        row("leads", (joined(values),), [quantile(values, q) for q in (.25, .5, .75)])


def ranking():
    rng = random.Random(23)
    for count in (2, 5, 40, 300):
        rows = [(rng.choice([rng.randint(0, 9), rng.random() * 10]), rng.random() < .3) for _ in range(count)]
        rows[0], rows[1] = (rows[0][0], True), (rows[1][0], False)
        up = [score for score, churned in rows if churned]
        down = [score for score, churned in rows if not churned]
        pairs = sum(2 * (a > b) + (a == b) for a in up for b in down)
        row("auc", (joined("%r:%d" % pair for pair in rows),), (Fraction(pairs, 2 * len(up) * len(down)),))


def quantile(values, q):
    values = sorted(values)
    place = q * (len(values) - 1)
    low = int(place)
    return values[low] + (place - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def auc_of(rows):
    up = sorted(score for score, churned in rows if churned)
    down = [score for score, churned in rows if not churned]
    return sum((a > b) + (a == b) / 2 for a in up for b in down) / len(up) / len(down)


def intervals():
    """20,000 rounds for shares, 2,000 for the AUC, over 200 customers: what the engine's own draws must come near."""
    rng = random.Random(29)
    lots = [(rng.choice([0, 0, 1, 2]), rng.choice([0, 0, 1]), rng.choice([0, 1])) for _ in range(200)]
    rounds = {"precision": [], "recall": [], "f1": []}
    for _ in range(20_000):
        drawn = rng.choices(lots, k=len(lots))
        hits, wrong, missed = (sum(lot[i] for lot in drawn) for i in range(3))
        p, r = hits / (hits + wrong), hits / (hits + missed)
        for name, value in (("precision", p), ("recall", r), ("f1", 2 * p * r / (p + r))):
            rounds[name].append(value)
    row("intervals", (joined("%d:%d:%d" % lot for lot in lots),),
        [quantile(rounds[name], q) for name in rounds for q in (.025, .975)])
    rows = [(rng.gauss(1, 1), True) if rng.random() < .4 else (rng.gauss(0, 1), False) for _ in range(200)]
    found = [auc_of(rng.choices(rows, k=len(rows))) for _ in range(2_000)]
    row("auc_interval", (joined("%r:%d" % pair for pair in rows),), [quantile(found, q) for q in (.025, .975)])
    values = [rng.randint(1, 90) for _ in range(200)]
    found = [quantile(rng.choices(values, k=len(values)), .5) for _ in range(20_000)]
    row("lead_interval", (joined(values),), [quantile(found, q) for q in (.025, .975)])


judged()
leads()
ranking()
intervals()
