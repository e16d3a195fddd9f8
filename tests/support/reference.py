# SPDX-License-Identifier: Apache-2.0
"""A reference model of the engine for one family of rule files: it keeps every event, and at each instant that
could matter counts them all again. Slow, small, and written from the rule language's page, not from the engine."""
import datetime
import math
from zoneinfo import ZoneInfo

from support import reference_statistics as statistic
from support.reference_rules import RULES, STAGES, TAGS, broken, is_lost, known, rhythm, rules  # noqa: F401

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
LATENESS, QUIET = 10 * MINUTE, MINUTE
NEVER = 1 << 62

LEVELS = [("healthy", 0, 0), ("watch", 30, 20), ("at_risk", 60, 45), ("critical", 85, 70)]
STANDING = {"level", "tags", "stage"}
FIRES = ("firing", "clearing")


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
        self.withheld = False  # announced while inhibited: to nobody

    @property
    def fires(self):
        return self.phase in FIRES


class Customer:
    def __init__(self, world, name):
        self.world, self.name = world, name
        self.events, self.by_kind = [], {}  # (ts, kind, micro, day)
        self.first, self.last_a, self.last_b, self.event_at = NEVER, None, -NEVER, 0
        self.tier, self.status, self.end = "tin", "here", None
        self.stamps, self.ids = {}, []
        self.turns_of, self.turns_found, self.tallies = None, [], {}
        self.states = [State() for _ in world.rules]
        self.risk = self.level = self.seq = self.episode = self.firings = 0
        self.held, self.ill, self.rests, self.quiet_until = set(), False, False, None

        self.items, self.members, self.done = {}, {}, []  # done: (ts, user, day) of each a
        self.hand, self.by_rule, self.stage, self.stage_at = {}, set(), None, 0  # hand: when each tag expires
        self.risks, self.next_at = [], None  # risks: (closing day, risk)
        self.moved, self.known_from = False, -NEVER

    # -- what other rules, tags and stages came to
    def state(self, rule):
        return self.states[self.world.index[rule]]

    def fires(self, rule):
        return self.state(rule).fires

    def began(self, rule, t):
        at = self.state(rule).fired_at
        return NEVER if at is None else t - at

    def has(self, tag):
        return tag in self.hand or tag in self.by_rule

    def counting(self, limit=NEVER):
        """The live rules, of the first so many, that fire and that none of these holds back."""
        rules, held_by = self.world.rules, self.world.held_by
        firing = {i for i, s in enumerate(self.states[:limit]) if s.phase in FIRES and not rules[i].shadow}
        return sorted(i for i in firing if not held_by[i] or firing.isdisjoint(held_by[i]))

    def points(self, index, k):
        points = self.world.rules[index].points
        return math.floor((points(self, k) or 0) + 0.5) if callable(points) else points

    def risk_above(self, name, k):
        index = self.world.index[name]
        return min(100, max(0, sum(self.points(i, k) for i in self.counting(index)
                                   if "risk" not in self.world.rules[i].reads)))

    def risk_before(self, days, k):
        """What the risk was at the close so many days before the last one."""
        day = self.world.closed_day(k) - days
        if day < max(self.world.closing_day(self.first, True), self.known_from):
            return None
        return next((risk for closing, risk in reversed(self.risks) if closing <= day), 0)

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

    def done_by(self, n, offset, look, live=False):
        last = (self.world.day(look) if live else self.world.closed_day(look)) - offset
        found = {}
        for _, user, day in self.done:
            if last - n < day <= last and self.here(user):
                found[user] = found.get(user, 0) + 1
        return found

    def active(self, n, offset, look, live=False):
        return set(self.done_by(n, offset, look, live))

    def share_of_top(self, n, look):
        found = self.done_by(n, 0, look, True)
        return max(found.values()) / sum(found.values()) if found else None

    def last_of(self, role):
        return max((ts for ts, user, _ in self.done if self.here(user) and self.members[user].role == role),
                   default=None)

    def silence_of(self, role, t):
        return known(self.last_of(role), lambda last: max(0, t - last))

    # -- what the functions mean
    def silent(self, t):
        return max(0, t - (self.first if self.last_a is None else self.last_a))

    def of_kind(self, kind):
        return self.by_kind.get(kind, ())

    def in_days(self, kind, first, last):
        return [e for e in self.of_kind(kind) if first <= e[3] <= last]

    def live(self, kind, n, look):
        today = self.world.day(look)
        return len(self.in_days(kind, today - n + 1, today))

    def live_days(self, kind, n, look):
        today = self.world.day(look)
        return len({e[3] for e in self.in_days(kind, today - n + 1, today)})

    def closed(self, kind, n, offset, look):
        last = self.world.closed_day(look) - offset
        return len(self.in_days(kind, last - n + 1, last))

    def spent(self, n, look):
        last = self.world.closed_day(look)
        return sum(e[2] for e in self.in_days("c", last - n + 1, last))

    def hours(self, kind, n, t):
        hour = t // HOUR
        return sum(1 for e in self.of_kind(kind) if hour - n + 1 <= e[0] // HOUR <= hour)


class World:
    def __init__(self, zone, renewal):
        self.zone, self.rules = ZoneInfo(zone), rules(renewal)
        self.index = {rule.name: i for i, rule in enumerate(self.rules)}
        self.held_by = [{self.index[by] for by in rule.inhibited_by} for rule in self.rules]
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
            if self.is_workday(day):
                yield self.local(day, 9)
                yield self.local(day, 17)
        if c.last_b > t - 8 * HOUR:
            yield (t // HOUR + 1) * HOUR
        base = c.first if c.last_a is None else c.last_a
        for after in (HOUR + 1, 12 * HOUR, 20 * HOUR + 1, DAY, 26 * HOUR + 1, 30 * HOUR, 36 * HOUR + 1, 50 * HOUR,
                      3 * DAY, 8 * DAY + 1):
            yield base + after
        yield c.first + 40 * HOUR
        yield c.first + 2 * DAY
        yield c.stage_at + 20 * HOUR
        yield c.stage_at + 5 * DAY
        yield c.began("bad", 0) * -1 + 30 * HOUR
        yield c.began("quiet", 0) * -1 + 4 * DAY
        yield from c.hand.values()
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
        state = (len(c.events), c.first, *(len(statistic.gaps(c, kind, k) or ()) for kind in "ab"))
        if c.turns_of != state:
            found = (statistic.turn(lambda t, holds=holds: holds(c, t, k) is True, t)
                     for holds in (rhythm, broken, is_lost))
            c.turns_of, c.turns_found = state, [at for at in found if at is not None]
        return c.turns_found

    def advance(self, to):
        while self.customers:
            when = {}
            for c in self.customers.values():
                if c.next_at is None:
                    c.next_at = min(i for i in self.next_instants(c, self.now) if i > self.now)
                if c.next_at <= to:
                    when.setdefault(c.next_at, []).append(c)
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
        c.next_at = None
        if row["type"] == "churnd.tag":
            self.look(c, arrived, "person", said=self.by_hand(c, arrived, row), event=True)
            return
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
            self.happen(c, kind, row, ts)
        if row.get("backfill"):
            c.quiet_until = arrived + QUIET
            return
        self.look(c, arrived, "profile" if kind == "profile" else "event", row, was, event=True)

    def happen(self, c, kind, row, ts):
        event = (ts, kind, round(row.get("value", 0) * 1_000_000), self.day(ts))
        c.events.append(event)
        c.by_kind.setdefault(kind, []).append(event)
        if kind == "b":
            c.last_b = max(ts, c.last_b)
        if kind == "a":
            c.last_a = max(ts, c.last_a or ts)
            c.done.append((ts, row.get("user"), event[3]))
        if kind in ("o", "k"):
            c.take_item(kind, row, ts)
        if kind == "member":
            c.take_roster(row, ts)

    def by_hand(self, c, t, row):
        """A person's tag; what a rule set stays."""
        tag, had = row["tag"], c.has(row["tag"])
        if "remove" in row:
            c.hand.pop(tag, None)
        else:
            c.hand[tag] = t + row["length"] if "length" in row else NEVER
        return self.say_tag(c, tag, had)

    @staticmethod
    def say_tag(c, tag, had):
        if c.has(tag) == had:
            return []
        return [{"type": "customer.untagged" if had else "customer.tagged", "tag": tag}]

    def profile(self, c, row, ts):
        for key in ("tier", "status", "end"):
            if key in row and ts >= c.stamps.get(key, -NEVER):
                c.stamps[key] = ts
                value = row[key]
                if key == "end":
                    value = datetime.date.fromisoformat(value).toordinal() - 719163
                setattr(c, key, value)

    # -- one step
    def look(self, c, t, cause, row=None, was=(), event=False, said=()):
        since, c.next_at, tagged = t - 1, None, list(said)
        if not event and c.quiet_until is not None:
            if t < c.quiet_until:
                return
            since, c.quiet_until, c.moved = c.quiet_until - QUIET, None, False
            if not c.risks and c.known_from == -NEVER:
                c.known_from = self.closing_day(t, event)
        if event or t == self.close_at(t):
            c.moved = False
        k = t if row else max(c.event_at, self.close_at(t))
        rests = c.status == "gone"
        turned = rests != c.rests
        c.rests = rests
        if not rests:
            for tag in [tag for tag, until in sorted(c.hand.items()) if until <= t]:
                del c.hand[tag]
                tagged += self.say_tag(c, tag, True)
        said, since = [], t if event else since
        if not rests or turned:
            for index, rule in enumerate(self.rules):
                if rests or not c.moved or not STANDING & set(rule.reads):
                    self.judge(c, index, t, k, cause, row, rule.name in was, rests, said, since)
        moved = self.settle(c, t, k, cause, said, tagged, rests, event)
        if moved and not rests:
            said, turned, c.moved = [], False, False
            for index, rule in enumerate(self.rules):
                if STANDING & set(rule.reads) or (turned and {"risk", "rules"} & set(rule.reads)):
                    fired = c.states[index].fires
                    self.judge(c, index, t, k, cause, row, rule.name in was, rests, said, since)
                    turned |= fired != c.states[index].fires
            moved = self.settle(c, t, k, cause, said, [], rests, event)
            c.moved = bool(moved)  # there is no third look
        elif moved:
            c.moved = True

    def settle(self, c, t, k, cause, said, tagged, rests, event):
        """Inhibition, points, risk, level, tags, stage; says it all. Returns what moved."""
        before, by_rule = (c.risk, c.level, c.stage, c.ill), []
        if not rests:
            counting = c.counting()
            self.inhibit(c, t, cause, said, counting)
            self.level(c, k, counting)
            if not self.risks_same(c):
                c.risks.append((self.closing_day(t, event), c.risk))
            if c.level != before[1]:
                last = [s for s in said if s["type"] == "rule.cleared"]
                said.append({"type": "customer.level_" + ("raised" if c.level > before[1] else "lowered"),
                             "cause": last[-1]["cause"] if last else cause})
            by_rule = [one for tag in TAGS if not c.moved for one in self.tag(c, t, k, *tag)]
        said += tagged + by_rule
        stage = c.stage if c.moved else next((name for name, when in STAGES if when(c, t, k) is True), None)
        if stage != c.stage:
            c.stage, c.stage_at = stage, t
            said.append({"type": "customer.stage_changed", "previous_stage": before[2]})
        for one in said:
            c.seq += 1
            one.setdefault("cause", cause)
            one.update(customer=c.name, at=t, risk=c.risk, previous_risk=before[0], level=LEVELS[c.level][0],
                       previous_level=LEVELS[before[1]][0], seq=c.seq, episode=c.episode if c.ill or before[3] else None,
                       stage=c.stage, tags=sorted({*c.hand, *c.by_rule}))
            self.said.append(one)
        moved = {"level": c.level != before[1], "tags": by_rule, "stage": c.stage != before[2]}
        return {what for what, is_so in moved.items() if is_so}

    def closing_day(self, t, event):
        """The day whose close is the first to see what comes about now; what is due at the close itself it sees."""
        closed = self.closed_day(t)
        return closed if t == self.close_at(t) and not event else closed + 1

    @staticmethod
    def risks_same(c):
        return (c.risks[-1][1] if c.risks else 0) == c.risk

    def inhibit(self, c, t, cause, said, counting):
        again, told = [], {one["rule"] for one in said if one["type"] == "rule.fired"}
        for index, by in enumerate(self.held_by):
            if not by or not c.states[index].fires:
                continue
            rule, s = self.rules[index], c.states[index]
            if rule.name in told and index not in counting:
                s.withheld = True
            elif s.withheld and index in counting:
                s.withheld, s.announced_at = False, t
                again.append({"type": "rule.fired", "rule": rule.name, "firing": s.firing, "cause": cause})
        said[:] = sorted(said + again, key=lambda one: self.index[one["rule"]])

    def level(self, c, k, counting):
        c.risk = min(100, max(0, sum(c.points(index, k) for index in counting)))
        c.held = {i for i, (_, enter, leave) in enumerate(LEVELS)
                  if i and (c.risk >= enter or (i in c.held and c.risk >= leave))}
        c.level = max([0, *c.held, *(self.rules[index].floor for index in counting)])
        if c.level > 0 and not c.ill:
            c.episode += 1
        c.ill = c.level > 0

    def tag(self, c, t, k, tag, when, leave):
        had, is_set, truth = c.has(tag), tag in c.by_rule, when(c, t, k)
        if truth is True:
            c.by_rule.add(tag)
        elif is_set and (leave(c, t, k) is True if leave else truth is False):
            c.by_rule.remove(tag)
        return self.say_tag(c, tag, had)

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
            if v is not True and clear is not None:
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
        if s.fires and v is True:
            unknown = rule.clear and rule.clear(c, t, look) is None
            s.blind = (t if s.blind is None else s.blind) if unknown else None

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
            if value is not None and rule.when(c, value):
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
        s.fired_at, s.withheld = t, False
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
