# SPDX-License-Identifier: Apache-2.0
"""Statistic functions for the reference model: each counts the customer's events again, as the page says it.

Of a customer `c`: events are (ts, kind, micro, day); `k` is the moment of the last look, `t` now. None is unknown."""
import collections
import math
import statistics

DAY = 86_400_000


def tally(c, kind):
    """Events of each active day, in order; counted anew after each event."""
    count = len(c.events)
    if c.tallies.get(kind, (None,))[0] != count:
        days = collections.Counter(e[3] for e in c.of_kind(kind))
        c.tallies[kind] = count, dict(sorted(days.items()))
    return c.tallies[kind][1]


def active_days(c, kind):
    return list(tally(c, kind))


def gaps(c, kind, k):
    """Days between active days among the last 400, today included."""
    today = c.world.day(k)
    days = [d for d in active_days(c, kind) if today - 399 <= d <= today]
    found = [b - a for a, b in zip(days, days[1:])]
    return found if len(found) >= 3 else None


def typical_gap(c, kind, k):
    found = gaps(c, kind, k)
    return None if found is None else round(statistics.median(found) * DAY)


def gap_max(c, kind, k):
    found = gaps(c, kind, k)
    return None if found is None else max(found) * DAY


def gap_quantile(c, kind, q, k):
    found = gaps(c, kind, k)
    if found is None:
        return None
    ordered = sorted(found)
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return round((ordered[low] * (low + 1 - place) + ordered[high] * (place - low)) * DAY)


def alive(model, x, tx, span):
    r, alpha, a, b = model
    return 1 / (1 + a / (b + x) * ((alpha + span) / (alpha + tx)) ** (r + x))


def silence(c, kind, model, t, k):
    """What mbg_nbd is asked with: its parameters, x, tx and T; None before the first event or without a model."""
    days = active_days(c, kind)
    if not days:
        return None
    if model is None:
        found = gaps(c, kind, k)
        if found is None:
            return None
        model = (1.0, sum(found) / len(found), 0.7, 1.5)
    tx = days[-1] - days[0]
    return model, len(days) - 1, tx, max((t - c.world.day_start(days[0])) / DAY, tx)


def p_alive(c, kind, model, t, k):
    asked = silence(c, kind, model, t, k)
    return None if asked is None else alive(*asked)


def p_gap(c, kind, model, length, t, k):
    asked = silence(c, kind, model, t, k)
    if asked is None:
        return None
    (r, alpha, _, _), x, tx, span = asked
    end = max(span, tx + length)
    return 1 - alive(*asked) * (1 - ((alpha + span) / (alpha + end)) ** (r + x))


def turn(holds, t, most=400 * DAY):
    """The first ms after t at which what only grows holds; None when it does already, or not within `most`."""
    if holds(t) or not holds(t + most):
        return None
    low, high = t, t + most
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def observed_days(c, kind, first, last):
    """(day, events) of the days since the customer was first seen."""
    begin = max(first, c.world.day(c.first))
    events = tally(c, kind)
    return [(day, events.get(day, 0)) for day in range(begin, last + 1)]


def trend(c, kind, n, k):
    last = c.world.closed_day(k)
    rows = observed_days(c, kind, last - n + 1, last)
    if len(rows) < 3:
        return None
    return statistics.linear_regression([d for d, _ in rows], [y for _, y in rows]).slope


def ewma(c, kind, half_life, k):
    last = c.world.closed_day(k)
    rows = observed_days(c, kind, last - 10 * half_life + 1, last)
    if not rows:
        return None
    weights = [0.5 ** ((last - day) / half_life) for day, _ in rows]
    return sum(w * y for w, (_, y) in zip(weights, rows)) / sum(weights)


def cusum(c, kind, rho, k, min_events):
    last = c.world.closed_day(k)
    before = observed_days(c, kind, last - 181, last - 91)
    events = sum(y for _, y in before)
    if events < min_events:
        return None
    rate, total = events / len(before), 0.0
    for _, y in observed_days(c, kind, last - 90, last):
        total = max(0.0, total + y * math.log(rho) - rate * (rho - 1))
    return total


def change(c, kind, n, min_events, k):
    last = c.world.closed_day(k)
    now, then = observed_days(c, kind, last - n + 1, last), observed_days(c, kind, last - 2 * n + 1, last - n)
    events = sum(y for _, y in then)
    if events < min_events or not now:
        return None
    return (sum(y for _, y in now) / len(now)) / (events / len(then)) - 1


def values(c, kind, n, k, live=False):
    last = c.world.day(k) if live else c.world.closed_day(k)
    return [e[2] / 1e6 for e in c.in_days(kind, last - n + 1, last)]


def mean(c, kind, n, k):
    found = values(c, kind, n, k)
    return sum(found) / len(found) if found else None
