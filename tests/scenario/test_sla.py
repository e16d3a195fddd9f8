#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clocks of tasks against an independent model: zones, clock changes, holidays, make-up days, tasks put off.

CASES=N says how many (2000), SEED=S where they begin. The model knows UTC to local time alone, from python's zoneinfo."""
import datetime
import os
import random
import subprocess
import sys
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TOOL = os.path.join(ROOT, os.environ.get("BUILD", "build"), "release", "tools", "sla")
ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago",
         "Africa/Casablanca", "Pacific/Apia", "Asia/Kolkata", "America/Sao_Paulo"]
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HOUR = 3_600_000
DAY = 24 * HOUR
STEP = 15 * 60_000  # clocks change, and offices open, on quarters of an hour
UTC = datetime.timezone.utc


def local(zone, at):
    """(day, ms of the day) of an instant."""
    there = datetime.datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    return there.date(), (there.hour * 60 + there.minute) * 60_000


def first_instant(zone, day, of_day, memo):
    """The first instant at which the clocks there show that day and time, or a later one."""
    key = (zone.key, day, of_day)
    if key not in memo:
        midnight = int(datetime.datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
        aim = (day, of_day) if of_day < DAY else (day + datetime.timedelta(days=1), 0)
        at = midnight + of_day - 40 * HOUR  # no clock is further off, a day that is left out among them
        while local(zone, at) < aim:
            guess = 6 * HOUR if local(zone, at + 30 * HOUR) < aim else STEP
            at += guess
        memo[key] = at
    return memo[key]


class Office:
    def __init__(self, zone, calendar):
        self.zone, self.calendar, self.memo = zone, calendar, {}

    def works(self, day):
        if day in self.calendar["holidays"]:
            return False
        return day in self.calendar["workdays"] or day.weekday() in self.calendar["week"]

    def spans(self, at):
        """Working time from `at` on, as [from, to), one after the other."""
        if self.calendar is None:
            yield at, at + 4000 * DAY
            return
        day = local(self.zone, at)[0] - datetime.timedelta(days=1)
        for _ in range(600):
            if self.works(day):
                begin = first_instant(self.zone, day, self.calendar["opens"], self.memo)
                end = first_instant(self.zone, day, self.calendar["closes"], self.memo)
                if max(begin, at) < end:
                    yield max(begin, at), end
            day += datetime.timedelta(days=1)

    def passes(self, at, need, away):
        """When `need` ms of working time outside the spans of `away` have passed since `at`."""
        for begin, end in self.spans(at):
            edges = sorted({begin, end, *(min(max(x, begin), end) for pair in away for x in pair)})
            for low, high in zip(edges, edges[1:]):
                if any(a <= low and high <= b for a, b in away):
                    continue
                if need <= high - low:
                    return low + need
                need -= high - low
        return None


def random_calendar(rng, day):
    def days(count):
        return {day + datetime.timedelta(days=rng.randint(-2, 25)) for _ in range(count)}
    opens = rng.choice([0, 0, 1, 6, 8, 9, 9, 9.5, 14]) * HOUR
    closes = rng.choice([c * HOUR for c in (2.5, 12, 17, 18, 18, 18.25, 23, 24) if c * HOUR > opens])
    holidays = days(rng.choice([0, 1, 3, 8]))
    week = rng.choice([range(5), range(5), range(6), [6, 0, 1, 2, 3], range(7), [2]])
    return {"opens": int(opens), "closes": int(closes), "week": list(week), "holidays": holidays,
            "workdays": days(rng.choice([0, 1, 2])) - holidays}


def clock(of_day):
    return "%02d:%02d" % divmod(of_day // 60_000, 60)


def calendar_text(calendar):
    if calendar is None:
        return "-"
    return "{hours: '%s-%s', week: [%s], holidays: {%s}, workdays: [%s]}" % (
        clock(calendar["opens"]), clock(calendar["closes"]), ", ".join(WEEK[d] for d in calendar["week"]),
        ", ".join("%s: feast" % d for d in sorted(calendar["holidays"])),
        ", ".join(str(d) for d in sorted(calendar["workdays"])))


def moment(rng, zone):
    """Near a change of the clocks, more often than not; the year Apia left out a day, there."""
    if zone.key == "Pacific/Apia" and rng.random() < 0.6:
        return int(datetime.datetime(2011, 12, 28, tzinfo=UTC).timestamp()) * 1000 + rng.randrange(3 * DAY)
    at = int(datetime.datetime(rng.randint(2024, 2027), 1, 1, tzinfo=UTC).timestamp()) * 1000 + rng.randrange(365 * DAY)
    if rng.random() < 0.6:
        for later in range(400):
            there = datetime.datetime.fromtimestamp((at + later * DAY) / 1000, UTC).astimezone(zone)
            then = datetime.datetime.fromtimestamp((at + (later + 1) * DAY) / 1000, UTC).astimezone(zone)
            if there.utcoffset() != then.utcoffset():
                return at + later * DAY - rng.randrange(4 * DAY)
    return at


def random_case(rng):
    zone = zoneinfo.ZoneInfo(rng.choice(ZONES))
    made = moment(rng, zone)
    calendar = random_calendar(rng, local(zone, made)[0]) if rng.random() < 0.85 else None
    ack = rng.choice([rng.randint(60, 7200), rng.randint(1, 40) * 900, rng.randint(1, 5) * 32400])
    resolve = rng.choice([rng.randint(1, 96) * 900, rng.randint(3600, 500_000), rng.randint(1, 12) * 32400])
    if calendar and calendar["closes"] - calendar["opens"] < 2 * HOUR:
        ack, resolve = min(ack, 60_000), min(resolve, 60_000)  # within the year that is played through
    away, at = [], made
    for _ in range(rng.choice([0, 0, 1, 2, 4])):
        begin = at + rng.randint(1, 2 * DAY)
        at = begin + rng.randint(1000, 4 * DAY)
        away.append((begin, at))
    return zone, calendar, ack, resolve, made, away


def expected(office, ack, resolve, made, away):
    def share(seconds, percent, gone):
        return office.passes(made, seconds * 1000 * percent // 100, gone)
    return {"claim.escalated": share(ack, 80, []), "claim.breached": share(ack, 100, []),
            "finish.escalated": share(resolve, 80, away), "finish.breached": share(resolve, 100, away),
            "first": (share(ack, 100, []), share(resolve, 100, [])),
            "last": (share(ack, 100, []), share(resolve, 100, away))}


def read(line):
    found = {}
    for word in line.split():
        key, value = word.split("=")
        assert key not in found, "%s twice: %s" % (key, line)
        found[key] = tuple(int(x) for x in value.split(",")) if "," in value else int(value)
    return found


def main():
    rng = random.Random(int(os.environ.get("SEED", "1")))
    cases = [random_case(rng) for _ in range(int(os.environ.get("CASES", "2000")))]
    text = "".join("%s|%s|%ds|%ds|%d|%s\n" % (
        zone.key, calendar_text(calendar), ack, resolve, made,
        ",".join("%d-%d" % pair for pair in away) or "-") for zone, calendar, ack, resolve, made, away in cases)
    done = subprocess.run([TOOL], input=text, capture_output=True, text=True, check=False)
    lines, wrong, changes = done.stdout.splitlines(), 0, 0
    offices = {}
    for i, (zone, calendar, ack, resolve, made, away) in enumerate(cases):
        office = Office(zone, calendar)
        office.memo = offices.setdefault(zone.key, {})
        model = expected(office, ack, resolve, made, away)
        engine = read(lines[i]) if i < len(lines) else None
        end = max(model["last"]) if None not in model["last"] else made
        changes += zone.utcoffset(datetime.datetime.fromtimestamp(made / 1000)) != \
            zone.utcoffset(datetime.datetime.fromtimestamp(end / 1000))
        if model != engine:
            wrong += 1
            if wrong <= 3:
                print("# case %d: %s\n#   model:  %s\n#   engine: %s" % (i, text.splitlines()[i], model, engine))
    good = wrong == 0 and len(lines) == len(cases) > 0
    print("%s 1 - the clocks of %d tasks agree with the model" % ("ok" if good else "not ok", len(cases)))
    print("%s 2 - many of them run over a change of the clocks" % ("ok" if changes * 6 > len(cases) else "not ok"))
    print("# %d over a change of the clocks, %d wrong%s\n1..2" % (changes, wrong, done.stderr and "\n# " + done.stderr))
    return 0 if good and changes * 6 > len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
