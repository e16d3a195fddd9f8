# SPDX-License-Identifier: Apache-2.0
"""A reference model of the engine for one family of rule files: it keeps every event, and at each instant that
could matter counts them all again. Slow, small, and written from the rule language's page, not from the engine."""
import datetime
from zoneinfo import ZoneInfo

from support import reference_statistics as statistic

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
LATENESS, QUIET = 10 * MINUTE, MINUTE
NEVER = 1 << 62

LEVELS = [("healthy", 0, 0), ("watch", 30, 20), ("at_risk", 60, 45), ("critical", 85, 70)]

RULES = """churnd: 1
name: model
timezone: {zone}
levels:
  watch: {{enter: 30, leave: 20}}
  at_risk: {{enter: 60, leave: 45}}
  critical: {{enter: 85, leave: 70}}
profile:
  tier: {{enum: [tin, gold], default: tin}}
  status: {{enum: [here, gone], default: here}}
  end: date
only: profile.status != "gone"
signals:
  a: {{on: [a, aa]}}
  b: {{on: b}}
  c: {{on: c, sum: value}}
items: {{case: {{open: o, close: k, key: no, keep: [w]}}}}
members: {{key: user, max: 9, reach: 30d}}
defaults: {{min_events: 4}}
models: {{a: {{kind: mbg_nbd, r: 0.9, alpha: 2.5, a: 0.6, b: 1.7}}}}
rules:
- {{rule: quiet, expr: 'silent(a) >= 3d', clear: 'silent(a) < 1d', points: 30}}
- {{rule: hush, expr: 'since(a) > 36h', for: 12h, cooldown: 5d, points: 10}}
- {{rule: angry, expr: 'count(b[3d live]) >= 2', cooldown: 0s, points: 35}}
- {{rule: dropped, expr: 'count(a[3d]) * 2 < count(a[3d offset 3d])', keep_firing_for: 1d, cooldown: 1d, points: 20}}
- {{rule: hourly, expr: 'count(b[6h live]) >= 3', cooldown: 0s, points: 15}}
- {{rule: spent, expr: 'sum(c[5d]) > 100', cooldown: 0s, points: -10}}
- {{rule: bad, on: n, expr: 'event.value <= 6', keep_firing_for: 4d, cooldown: 2d, points: 30}}
- {{rule: golden, expr: 'profile.tier == "gold" and days(a[5d live]) >= 2', warmup: 2d, cooldown: 0s, points: 5}}
- {{rule: renewal, expr: 'until(profile.end) <= 10d and until(profile.end) >= 0d', cooldown: 0s, points: {renewal}}}
- {{rule: shadow, mode: shadow, expr: 'count(a[1d live]) >= 4', cooldown: 0s, points: 40}}
- {{rule: office, expr: 'silent(a) >= 12h and hour() >= 9 and hour() < 17 and weekday() < "sat"', for: 2h, cooldown: 1d, points: 5}}
- {{rule: overdue, expr: 'workdays(since(a)) >= 2', cooldown: 0s, points: 1}}
- {{rule: contract, date: profile.end, steps: [3d, 1d, -1d], at: "09:30", keep_firing_for: 30h, points: 10}}
- {{rule: weekly, date: profile.end, every: 7d, workday: after, expr: 'days(a[5d live]) >= 1', points: 2}}
- {{rule: rhythm, expr: 'silent(a) >= 2 * typical_gap(a)', cooldown: 0s, points: 3}}
- {{rule: broken, expr: 'p_gap(a, 8d) >= 0.7', cooldown: 0s, points: 4}}
- {{rule: gone, expr: 'p_alive(b) < 0.4 and gap_max(b) > 2d and gap_quantile(b, 0.4) <= 5d', cooldown: 0s, points: 6}}
- {{rule: values, expr: 'max(c[6d]) > 50 or min(c[6d live]) < 0', cooldown: 0s, points: 7}}
- {{rule: mean, expr: 'avg(c[4d]) > 20.001', cooldown: 0s, points: 8}}
- {{rule: slope, expr: 'trend(a[6d]) < -0.2137', cooldown: 0s, points: 9}}
- {{rule: smooth, expr: 'ewma(a, 2d) > 0.7713', cooldown: 0s, points: 11}}
- {{rule: fade, expr: 'cusum_drop(a, 0.6) > 0.7013', cooldown: 0s, points: 12}}
- {{rule: halved, expr: 'change(a[4d], a[4d offset 4d], min_events=3) < -0.4137', cooldown: 0s, points: 13}}
- {{rule: cases, expr: 'open(case) >= 2', cooldown: 0s, points: 4}}
- {{rule: stale, expr: 'oldest(case) >= 50h', cooldown: 0s, points: 6}}
- {{rule: heavy, expr: "open(case, 'item.w > 5') > 0", for: 5h, cooldown: 0s, points: 3}}
- {{rule: people, expr: 'users(a[3d live]) >= 2', cooldown: 0s, points: 2}}
- {{rule: left, expr: 'users(a[4d]) < users(a[4d offset 4d])', cooldown: 0s, points: 5}}
- {{rule: boss, expr: 'since(a, by="boss") > 44h', cooldown: 0s, points: 9}}
- {{rule: lonely, expr: 'share_of_top(a[4d live]) > 0.7', cooldown: 0s, points: 1}}
"""


class Rule:
    def __init__(self, name, when, points, clear=None, hold=0, keep=0, cooldown=14 * DAY, warmup=0, reach=DAY,
                 on=None, shadow=False, steps=None):
        self.name, self.when, self.points, self.clear = name, when, points, clear
        self.hold, self.keep, self.cooldown, self.warmup, self.reach = hold, keep, cooldown, warmup, reach
        self.on, self.shadow = on, shadow
        self.steps = steps  # of a date rule: all its instants for a customer


def both(*values):
    """Kleene's and, None is unknown."""
    if any(v is False for v in values):
        return False
    return None if any(v is None for v in values) else True


def either(*values):
    if any(v is True for v in values):
        return True
    return None if any(v is None for v in values) else False


def known(value, test):
    return None if value is None else test(value)


MODEL = (0.9, 2.5, 0.6, 1.7)


def broken(c, t, k):
    return known(statistic.p_gap(c, "a", MODEL, 8, t, k), lambda p: p >= 0.7)


def rhythm(c, t, k):
    return known(statistic.typical_gap(c, "a", k), lambda gap: c.silent(t) >= 2 * gap)


def is_lost(c, t, k):
    return known(statistic.p_alive(c, "b", None, t, k), lambda p: p < 0.4)


def statistic_rules():
    """What reads rhythms, values and rows of days."""
    s = statistic
    return [
        Rule("rhythm", rhythm, 3, cooldown=0, reach=400 * DAY),
        Rule("broken", broken, 4, cooldown=0, reach=400 * DAY),
        Rule("gone", lambda c, t, k: both(is_lost(c, t, k), known(s.gap_max(c, "b", k), lambda g: g > 2 * DAY),
                                          known(s.gap_quantile(c, "b", 0.4, k), lambda g: g <= 5 * DAY)),
             6, cooldown=0, reach=400 * DAY),
        Rule("values", lambda c, t, k: either(known(max(s.values(c, "c", 6, k), default=None), lambda v: v > 50),
                                              known(min(s.values(c, "c", 6, k, True), default=None),
                                                    lambda v: v < 0)),
             7, cooldown=0, reach=6 * DAY),
        Rule("mean", lambda c, t, k: (lambda found: sum(found) / len(found) > 20.001 if found else None)(
            s.values(c, "c", 4, k)), 8, cooldown=0, reach=4 * DAY),
        Rule("slope", lambda c, t, k: known(s.trend(c, "a", 6, k), lambda v: v < -0.2137), 9, cooldown=0,
             reach=6 * DAY),
        Rule("smooth", lambda c, t, k: known(s.ewma(c, "a", 2, k), lambda v: v > 0.7713), 11, cooldown=0,
             reach=20 * DAY),
        Rule("fade", lambda c, t, k: known(s.cusum(c, "a", 0.6, k, 4), lambda v: v > 0.7013), 12, cooldown=0,
             reach=182 * DAY),
        Rule("halved", lambda c, t, k: known(s.change(c, "a", 4, 3, k), lambda v: v < -0.4137), 13, cooldown=0,
             reach=8 * DAY),
    ]


def inside_rules():
    """What reads the things and people inside a customer."""
    return [
        Rule("cases", lambda c, t, k: len(c.open_items()) >= 2, 4, cooldown=0),
        Rule("stale", lambda c, t, k: c.oldest(t) >= 50 * HOUR, 6, cooldown=0),
        Rule("heavy", lambda c, t, k: any(item.w is not None and float(item.w) > 5 for item in c.open_items()), 3,
             hold=5 * HOUR, cooldown=0),
        Rule("people", lambda c, t, k: len(c.active(3, 0, k, True)) >= 2, 2, cooldown=0, reach=3 * DAY),
        Rule("left", lambda c, t, k: len(c.active(4, 0, k)) < len(c.active(4, 4, k)), 5, cooldown=0, reach=8 * DAY),
        Rule("boss", lambda c, t, k: known(c.silence_of("boss", t), lambda d: d > 44 * HOUR), 9, cooldown=0),
        Rule("lonely", lambda c, t, k: known(c.share_of_top(4, k), lambda p: p > 0.7), 1, cooldown=0, reach=4 * DAY),
    ]


def rules(renewal):
    def until(c, t, test):
        return None if c.end is None else test((c.end - c.world.day(t)) * DAY)
    return [
        Rule("quiet", lambda c, t, k: c.silent(t) >= 3 * DAY, 30, clear=lambda c, t, k: c.silent(t) < DAY),
        Rule("hush", lambda c, t, k: None if c.last_a is None else c.silent(t) > 36 * HOUR, 10,
             hold=12 * HOUR, cooldown=5 * DAY),
        Rule("angry", lambda c, t, k: c.live("b", 3, k) >= 2, 35, cooldown=0),
        Rule("dropped", lambda c, t, k: 2 * c.closed("a", 3, 0, k) < c.closed("a", 3, 3, k), 20, keep=DAY,
             cooldown=DAY),
        Rule("hourly", lambda c, t, k: c.hours("b", 6, t) >= 3, 15, cooldown=0),
        Rule("spent", lambda c, t, k: c.spent(5, k) > 100_000_000, -10, cooldown=0),
        Rule("bad", lambda c, t, k: None, 30, keep=4 * DAY, cooldown=2 * DAY, on="n"),
        Rule("golden", lambda c, t, k: both(c.tier == "gold", c.live_days("a", 5, k) >= 2), 5, warmup=2 * DAY,
             cooldown=0),
        Rule("renewal", lambda c, t, k: both(until(c, t, lambda d: d <= 10 * DAY),
                                             until(c, t, lambda d: d >= 0)), renewal, cooldown=0),
        Rule("shadow", lambda c, t, k: c.live("a", 1, k) >= 4, 40, cooldown=0, shadow=True),
        Rule("office", lambda c, t, k: both(c.silent(t) >= 12 * HOUR, c.world.in_office(t)), 5, hold=2 * HOUR,
             cooldown=DAY),
        Rule("overdue", lambda c, t, k: None if c.last_a is None else c.world.workdays(min(c.last_a, t), t) >= 2, 1,
             cooldown=0),
        Rule("contract", lambda c, t, k: True, 10, keep=30 * HOUR, cooldown=0,
             steps=lambda c, t: [] if c.end is None else
             [c.world.local(c.end - d, 9, 30) for d in (3, 1, -1)]),
        Rule("weekly", lambda c, t, k: c.live_days("a", 5, k) >= 1, 2, keep=DAY, cooldown=0,
             steps=lambda c, t: [] if c.end is None else
             [c.world.day_start(c.world.workday_from(c.end + 7 * k)) for k in range(
                 max(0, (c.world.day(t) - c.end) // 7 - 2), max(0, (c.world.day(t) - c.end) // 7 + 3) + 1)]),
    ] + statistic_rules() + inside_rules()


class Item:
    def __init__(self):
        self.opened = self.closed = -NEVER
        self.w = None


class Member:
    def __init__(self):
        self.role, self.role_at, self.left, self.left_at = "", -NEVER, False, -NEVER


class State:
    """A rule's life for one customer."""

    def __init__(self):
        self.phase, self.since, self.served, self.paused = "idle", 0, 0, False
        self.announced, self.announced_at, self.until, self.firing = False, None, 0, 0
        self.blind = self.fired_at = None

    @property
    def fires(self):
        return self.phase in ("firing", "clearing")


class Customer:
    def __init__(self, world, name):
        self.world, self.name = world, name
        self.events = []  # (ts, kind, micro)
        self.first, self.last_a, self.last_b, self.event_at = NEVER, None, -NEVER, 0
        self.tier, self.status, self.end = "tin", "here", None
        self.stamps, self.ids = {}, []
        self.turns_of, self.turns_found, self.tallies = None, [], {}
        self.states = [State() for _ in world.rules]
        self.risk = self.level = self.seq = self.episode = self.firings = 0
        self.held, self.ill, self.rests, self.quiet_until = set(), False, False, None

        self.items, self.members, self.done = {}, {}, []  # done: (ts, user) of each a

    # -- what is inside
    def take_item(self, kind, row, ts):
        item = self.items.setdefault(row["no"], Item())
        if kind == "k":
            item.closed = max(item.closed, ts)
            return
        w = row.get("w", "")
        if ts > item.opened or (ts == item.opened and w > (item.w or "")):
            item.w = w or None
        item.opened = max(item.opened, ts)

    def take_roster(self, row, ts):
        member = self.members.setdefault(row["user"], Member())
        left, role = row.get("left") == "1", row.get("role")
        if role is not None and (ts, role) > (member.role_at, member.role):
            member.role, member.role_at = role, ts
        if (ts, left) > (member.left_at, member.left) or (ts == member.left_at and left):
            member.left, member.left_at = left, ts

    def open_items(self):
        return [item for item in self.items.values() if item.opened > item.closed]

    def oldest(self, t):
        return max((max(0, t - item.opened) for item in self.open_items()), default=0)

    def here(self, user):
        return user is not None and not self.members.setdefault(user, Member()).left

    def counts(self, n, offset, look, live=False):
        last = (self.world.day(look) if live else self.world.closed_day(look)) - offset
        found = {}
        for ts, user in self.done:
            if self.here(user) and last - n + 1 <= self.world.day(ts) <= last:
                found[user] = found.get(user, 0) + 1
        return found

    def active(self, n, offset, look, live=False):
        return set(self.counts(n, offset, look, live))

    def share_of_top(self, n, look):
        found = self.counts(n, 0, look, True)
        return max(found.values()) / sum(found.values()) if found else None

    def last_of(self, role):
        return max((ts for ts, user in self.done if self.here(user) and self.members[user].role == role),
                   default=None)

    def silence_of(self, role, t):
        return known(self.last_of(role), lambda last: max(0, t - last))

    # -- what the functions mean
    def silent(self, t):
        return max(0, t - (self.first if self.last_a is None else self.last_a))

    def in_days(self, kind, first, last):
        return [e for e in self.events if e[1] == kind and first <= self.world.day(e[0]) <= last]

    def live(self, kind, n, look):
        today = self.world.day(look)
        return len(self.in_days(kind, today - n + 1, today))

    def live_days(self, kind, n, look):
        today = self.world.day(look)
        return len({self.world.day(e[0]) for e in self.in_days(kind, today - n + 1, today)})

    def closed(self, kind, n, offset, look):
        last = self.world.closed_day(look) - offset
        return len(self.in_days(kind, last - n + 1, last))

    def spent(self, n, look):
        last = self.world.closed_day(look)
        return sum(e[2] for e in self.in_days("c", last - n + 1, last))

    def hours(self, kind, n, t):
        hour = t // HOUR
        return sum(1 for e in self.events if e[1] == kind and hour - n + 1 <= e[0] // HOUR <= hour)


class World:
    def __init__(self, zone, renewal):
        self.zone, self.rules = ZoneInfo(zone), rules(renewal)
        self.customers, self.now, self.said, self.rejected = {}, None, [], 0
        self.days, self.instants = {}, {}

    # -- time
    def day(self, t):
        key = t // (15 * MINUTE)  # no zone changes within a quarter of an hour
        if key not in self.days:
            local = datetime.datetime.fromtimestamp(t // 1000, self.zone)
            self.days[key] = local.date().toordinal() - 719163
        return self.days[key]

    def day_start(self, day):
        return self.local(day, 0)

    def local(self, day, hour, minute=0):
        key = (day, hour, minute)
        if key not in self.instants:
            date = datetime.date.fromordinal(day + 719163)
            at = datetime.datetime(date.year, date.month, date.day, hour, minute, tzinfo=self.zone)
            self.instants[key] = int(at.timestamp() * 1000)
        return self.instants[key]

    def in_office(self, t):
        local = datetime.datetime.fromtimestamp(t / 1000, self.zone)
        return 9 <= local.hour < 17 and local.weekday() < 5

    @staticmethod
    def is_workday(day):
        return datetime.date.fromordinal(day + 719163).weekday() < 5

    def workday_from(self, day):
        while not self.is_workday(day):
            day += 1
        return day

    def workdays(self, since, t):
        return sum(self.is_workday(day) for day in range(self.day(since) + 1, self.day(t) + 1))

    def closed_day(self, t):
        return self.day(t - LATENESS) - 1

    def close_at(self, t):
        return self.day_start(self.closed_day(t) + 1) + LATENESS

    def next_instants(self, c, t):
        """Every instant after t at which anything might change for this customer."""
        yield self.day_start(self.closed_day(t) + 2) + LATENESS
        yield self.day_start(self.day(t) + 1)
        for day in (self.day(t), self.day(t) + 1):
            yield self.local(day, 9)
            yield self.local(day, 17)
        if c.last_b > t - 8 * HOUR:
            yield (t // HOUR + 1) * HOUR
        base = c.first if c.last_a is None else c.last_a
        for after in (12 * HOUR, DAY, 36 * HOUR + 1, 3 * DAY):
            yield base + after
        yield c.first + 2 * DAY
        for item in c.open_items():
            yield item.opened + 50 * HOUR
        yield (c.last_of("boss") or 0) + 44 * HOUR + 1
        yield from self.turns(c, t)
        if c.quiet_until is not None:
            yield c.quiet_until
        for rule, s in zip(self.rules, c.states):
            if rule.steps:
                yield from rule.steps(c, t)
            if s.phase == "pending" and not s.paused:
                yield s.since + rule.hold - s.served
            if s.phase == "clearing":
                yield s.since + rule.keep
            if s.fires:
                yield s.until
                if s.announced_at is not None:
                    yield s.announced_at + rule.cooldown
                if s.blind is not None:
                    yield s.blind + rule.reach

    def turns(self, c, t):
        """Where chances and rhythms come to their thresholds, with no event."""
        k = max(c.event_at, self.close_at(t))
        state = (len(c.events), k, c.first)
        if c.turns_of != state:
            found = (statistic.turn(lambda t, holds=holds: holds(c, t, k) is True, t)
                     for holds in (rhythm, broken, is_lost))
            c.turns_of, c.turns_found = state, [at for at in found if at is not None]
        return c.turns_found

    def advance(self, to):
        while self.customers:
            when = {}
            for c in self.customers.values():
                at = min((i for i in self.next_instants(c, self.now) if i > self.now), default=NEVER)
                if at <= to:
                    when.setdefault(at, []).append(c)
            if not when:
                break
            self.now = min(when)
            for c in sorted(when[self.now], key=lambda c: c.name.encode()):
                self.look(c, self.now, "time")
        self.now = to

    # -- entries
    def entry(self, arrived, row):
        if self.now is None:
            self.now = arrived
        self.advance(arrived)
        c = self.customers.get(row["customer"]) or Customer(self, row["customer"])
        if "id" in row:
            c.ids = [i for i in c.ids if i[1] > arrived - DAY]
            if any(i[0] == row["id"] for i in c.ids):
                return
            c.ids = (c.ids + [(row["id"], arrived)])[-64:]
        self.customers[c.name] = c
        ts = row.get("ts", arrived)
        late = self.day(ts) <= self.closed_day(arrived)
        was = {}
        if late:
            was = {r.name for r, s in zip(self.rules, c.states)
                   if s.fires and not r.on and r.when(c, arrived, arrived) is True}
        c.first, c.event_at = min(c.first, ts), arrived
        kind = "a" if row["type"] == "aa" else row["type"]
        if kind == "profile":
            self.profile(c, row, ts)
        else:
            c.events.append((ts, kind, round(row.get("value", 0) * 1_000_000)))
            if kind == "b":
                c.last_b = max(ts, c.last_b)
            if kind == "a":
                c.last_a = max(ts, c.last_a or ts)
                c.done.append((ts, row.get("user")))
            if kind in ("o", "k"):
                c.take_item(kind, row, ts)
            if kind == "member":
                c.take_roster(row, ts)
        if row.get("backfill"):
            c.quiet_until = arrived + QUIET
            return
        self.look(c, arrived, "profile" if kind == "profile" else "event", row, was, event=True)

    def profile(self, c, row, ts):
        for key in ("tier", "status", "end"):
            if key in row and ts >= c.stamps.get(key, -NEVER):
                c.stamps[key] = ts
                value = row[key]
                if key == "end":
                    value = datetime.date.fromisoformat(value).toordinal() - 719163
                setattr(c, key, value)

    # -- one step
    def look(self, c, t, cause, row=None, was=(), event=False):
        since = t - 1
        if not event and c.quiet_until is not None:
            if t < c.quiet_until:
                return
            since, c.quiet_until = c.quiet_until - QUIET, None
        look = t if event else max(c.event_at, self.close_at(t))
        said = []
        rests = c.status == "gone"
        turned = rests != c.rests
        c.rests = rests
        if rests and not turned:
            return
        for index, rule in enumerate(self.rules):
            self.judge(c, index, t, look, cause, row, rule.name in was, rests, said, t if event else since)
        if rests:
            return
        risk = sum(r.points for r, s in zip(self.rules, c.states) if s.fires and not r.shadow)
        before_risk, before = c.risk, c.level
        c.risk = min(100, max(0, risk))
        c.held = {i for i, (_, enter, leave) in enumerate(LEVELS)
                  if i and (c.risk >= enter or (i in c.held and c.risk >= leave))}
        c.level = max(c.held, default=0)
        ill_before = c.ill
        c.ill = c.level > 0
        if c.ill and not ill_before:
            c.episode += 1
        if c.level != before:
            last = [s for s in said if s["type"] == "rule.cleared"]
            said.append({"type": "customer.level_" + ("raised" if c.level > before else "lowered"),
                         "cause": last[-1]["cause"] if last else cause})
        for one in said:
            c.seq += 1
            one.update(customer=c.name, at=t, risk=c.risk, previous_risk=before_risk, level=LEVELS[c.level][0],
                       previous_level=LEVELS[before][0], seq=c.seq,
                       episode=c.episode if c.ill or ill_before else None)
            self.said.append(one)

    def judge(self, c, index, t, look, cause, row, was_true, rests, said, since):
        rule, s = self.rules[index], c.states[index]
        if not rests and rule.warmup and t < c.first + rule.warmup:
            rests = True
        if rests:
            if s.phase == "pending" and not s.paused:
                s.served, s.paused, s.since = s.served + t - s.since, True, t
            if s.phase == "clearing":
                s.phase, s.since = "firing", t
            return
        if rule.on:
            self.judge_event(c, rule, s, t, cause, row, said)
            return
        if rule.steps:
            self.judge_date(c, rule, s, t, look, cause, said, since)
            return
        v = rule.when(c, t, look)
        if s.phase == "idle":
            if v is True:
                s.served, s.paused, s.since = 0, False, t
                if rule.hold:
                    s.phase = "pending"
                else:
                    self.fire(c, rule, s, t, cause, said)
        elif s.phase == "pending":
            if v is False:
                s.phase = "idle"
            elif v is None:
                if not s.paused:
                    s.served, s.paused, s.since = s.served + t - s.since, True, t
            else:
                if s.paused:
                    s.paused, s.since = False, t
                if t >= s.since + rule.hold - s.served:
                    self.fire(c, rule, s, t, cause, said)
        elif was_true and v is not True:
            self.clear(c, rule, s, t, "late_event", said)
            s.announced_at = None
        else:
            clear = False if v is True else rule.clear(c, t, look) if rule.clear else (True if v is False else None)
            if clear is not None:
                s.blind = None
            if clear is True:
                if s.phase == "firing" and rule.keep:
                    s.phase, s.since = "clearing", t
                if not rule.keep or t >= s.since + rule.keep:
                    self.clear(c, rule, s, t, cause, said)
            else:
                if s.phase == "clearing":
                    s.phase, s.since = "firing", t
                if clear is None:
                    s.blind = t if s.blind is None else s.blind
                    if t >= s.blind + rule.reach:
                        self.clear(c, rule, s, t, "no_evidence", said)
            if s.fires:
                self.announce(c, rule, s, t, cause, said)

    def judge_date(self, c, rule, s, t, look, cause, said, since):
        struck = s.fired_at != t and any(since < at <= t for at in rule.steps(c, t)) and rule.when(c, t, look) is True
        if s.fires and (struck or t >= s.until):
            self.clear(c, rule, s, t, cause, said)
        if struck:
            s.until = t + rule.keep
            self.fire(c, rule, s, t, cause, said)
        elif s.fires:
            self.announce(c, rule, s, t, cause, said)

    def judge_event(self, c, rule, s, t, cause, row, said):
        if row and row["type"] == rule.on:
            value = row.get("value")
            if value is not None and value <= 6:
                s.until = t + rule.keep
                if not s.fires:
                    self.fire(c, rule, s, t, cause, said)
            elif value is not None and s.fires:
                self.clear(c, rule, s, t, cause, said)
        if s.fires:
            if t >= s.until:
                self.clear(c, rule, s, t, cause, said)
            else:
                self.announce(c, rule, s, t, cause, said)

    def fire(self, c, rule, s, t, cause, said):
        c.firings += 1
        s.phase, s.since, s.announced, s.firing, s.blind = "firing", t, False, c.firings, None
        s.fired_at = t
        self.announce(c, rule, s, t, cause, said)

    def announce(self, c, rule, s, t, cause, said):
        if s.announced or (s.announced_at is not None and t < s.announced_at + rule.cooldown):
            return
        s.announced, s.announced_at = True, t
        said.append({"type": "rule.fired", "rule": rule.name, "firing": s.firing, "cause": cause})

    def clear(self, c, rule, s, t, cause, said):
        s.phase = "idle"
        if s.announced:
            said.append({"type": "rule.cleared", "rule": rule.name, "firing": s.firing, "cause": cause})
