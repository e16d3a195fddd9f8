# SPDX-License-Identifier: Apache-2.0
"""How warnings are judged, worked out again from the alerts that `churnctl replay` prints, one warning after the other.
Days are UTC's."""
import datetime
import statistics

DAY = 86_400_000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def instant(text):
    """RFC 3339 to ms."""
    return (datetime.datetime.fromisoformat(text.replace('Z', '+00:00')) - EPOCH) // datetime.timedelta(milliseconds=1)


def day(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def turns_of(alerts, rule):
    """customer: [(ms, on)], of the rule.fired and rule.cleared of one rule."""
    turns = {}
    for alert in alerts:
        if alert['type'] in ('rule.fired', 'rule.cleared') and alert['data']['rule'] == rule:
            turns.setdefault(alert['data']['customer'], []).append((instant(alert['timestamp']), alert['type'] == 'rule.fired'))
    return turns


def level_turns(alerts, levels, level):
    """The same of a level: it is on while the customer's level is that one or one above it. levels: with healthy, lowest first."""
    turns = {}
    for alert in alerts:
        if alert['type'].startswith('customer.level_'):
            before, now = (levels.index(alert['data'][key]) >= levels.index(level) for key in ('previous_level', 'level'))
            if before != now:
                turns.setdefault(alert['data']['customer'], []).append((instant(alert['timestamp']), now))
    return turns


def figures(counts, leads, alerts, weeks, watched):
    divide = lambda a, b: a / b if b else None  # noqa: E731
    precision = divide(counts['hits'], counts['hits'] + counts['false'])
    recall = divide(counts['caught'], counts['churns'])
    both = None if precision is None or recall is None else divide(2 * precision * recall, precision + recall) or 0
    return dict(counts, alerts=alerts, watched=watched, precision=precision, recall=recall, f1=both,
                lead=statistics.median(leads) if leads else None, rate=divide(alerts * 1000, weeks * watched))


def by_silence(rows, turns, activity, horizon, first, last, least=2):
    active, end = {}, max(row['ts'] for row in rows)
    for row in rows:
        if row['type'] == activity:
            active.setdefault(row['customer'], set()).add(row['ts'] // DAY)
    counts = dict.fromkeys(('hits', 'false', 'late', 'unresolved', 'rewarnings', 'caught', 'churns'), 0)
    leads, alerts, watched = [], 0, 0
    for customer, days in active.items():
        days = sorted(days)
        warned = [at for at, on in turns.get(customer, []) if on and first * DAY <= at < (last + 1) * DAY]
        alerts += sum(at >= (first + 7) * DAY for at in warned)
        watched += sum(2 * one * DAY <= (first + last + 1) * DAY - 1 for one in days) >= least
        for before, (here, then) in enumerate(zip(days, days[1:] + [None])):
            if before + 1 < least or not first - 7 <= here <= last:
                continue
            back = then is not None and then - here <= horizon
            gone = not back and (then is not None or here + horizon <= end // DAY)
            within = [at for at in warned if here * DAY < at < (end + DAY if then is None else then * DAY)]
            counts['churns'] += gone
            counts['rewarnings'] += len(within[1:])
            for at in within[:1]:
                lead = here + horizon - at // DAY
                right = gone and lead > 0
                counts['hits' if right else 'late' if gone else 'false' if back else 'unresolved'] += 1
                counts['caught'] += right
                leads += [lead] if right else []
    return figures(counts, leads, alerts, (last - first + 1) / 7 - 1, watched)


def by_churn(rows, turns, activity, churned, horizon, first, last):
    end, begin, stop = max(row['ts'] for row in rows), first * DAY, (last + 1) * DAY - 1
    gone = {}
    for row in rows:
        if row['type'] == churned:
            gone.setdefault(row['customer'], []).append(row['ts'])
    counts = dict.fromkeys(('hits', 'false', 'late', 'unresolved', 'caught', 'churns'), 0)
    leads, alerts = [], 0
    for customer in turns.keys() | gone.keys():
        mine, churns = turns.get(customer, []), sorted(gone.get(customer, []))
        warned = [at for at, on in mine if on]
        for at in warned:
            if begin <= at <= stop:
                alerts += 1
                lead = next((churn - at for churn in churns if churn > at), None)
                right = lead is not None and lead <= horizon * DAY
                counts['hits' if right else 'false' if at + horizon * DAY <= end else 'unresolved'] += 1
                leads += [lead / DAY] if right else []
        for churn in churns:
            if begin <= churn <= stop:
                counts['churns'] += 1
                states = [on for at, on in sorted(mine) if at < churn]
                counts['caught'] += any(churn - horizon * DAY <= at < churn for at in warned) or states[-1:] == [True]
    watched = len({row['customer'] for row in rows if row['type'] == activity})
    return figures(counts, leads, alerts, (last - first + 1) / 7, watched)
