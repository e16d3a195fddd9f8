# SPDX-License-Identifier: Apache-2.0
"""The rule file of the reference model, as text for the engine and as functions for the model.

A condition takes (c, t, k): the customer, now, and the moment of its last look. None is unknown."""
from support import reference_statistics as statistic

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

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
tags:
  busy: {{when: 'count(a[2d live]) >= 3', leave: 'count(a[2d live]) < 1'}}
  away: {{when: 'since(a) >= 30h'}}
  owing: {{when: 'open(case) > 0 and not tag("busy")'}}
  worth: {{when: 'avg(c[4d]) > 20.001', leave: 'avg(c[4d]) < 5.001'}}
  risky: {{when: 'risk() >= 40', leave: 'risk() < 25'}}
  both: {{when: 'tag("vip") and level() >= "watch"'}}
stages:
- {{stage: lost, when: 'profile.status == "gone" or silent(a) > 8d'}}
- {{stage: fresh, when: 'age() < 40h'}}
- {{stage: shaky, when: 'level() >= "at_risk"'}}
- {{stage: grown, when: 'stage() == "fresh" or (stage() == "grown" and stage_age() < 5d)'}}
- {{stage: loved, when: 'tag("both") or count(b[2d live]) >= 2'}}
- {{stage: usual, when: 'seen(a)'}}
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
- {{rule: warned, expr: 'firing("angry") or fired_within("bad", 30h)', cooldown: 0s, points: 2}}
- {{rule: echo, expr: 'fired_within("quiet", 4d) and not firing("quiet")', for: 3h, cooldown: 0s, points: 1}}
- {{rule: held, expr: 'days(a[3d live]) >= 1', inhibited_by: [angry, last_one], cooldown: 2d, points: 12}}
- {{rule: pair, expr: 'count(c[4d live]) >= 1', inhibited_by: held, cooldown: 0s, points: -5}}
- {{rule: one_hand, expr: 'count(b[4d live]) >= 1', inhibited_by: other_hand, cooldown: 0s, points: 5}}
- {{rule: other_hand, expr: 'silent(a) > 26h', inhibited_by: one_hand, cooldown: 0s, points: 4}}
- {{rule: sunny, expr: 'count(a[1d live]) >= 2', inhibited_by: shadow, cooldown: 0s, points: 3}}
- {{rule: floor, expr: 'open(case) >= 1 and silent(a) > 20h', level: at_risk, cooldown: 0s, points: 0}}
- {{rule: night, mode: shadow, expr: 'count(b[2d live]) >= 1', level: critical, cooldown: 0s, points: 9}}
- {{rule: soft, expr: 'days(b[4d live]) >= 1', inhibited_by: bad, level: watch, cooldown: 0s, points: 0}}
- {{rule: raised, expr: 'level() >= "at_risk"', for: 4h, keep_firing_for: 2h, cooldown: 0s, points: 0}}
- {{rule: tagged, expr: 'tag("busy") or tag("vip")', cooldown: 0s, points: 3}}
- {{rule: worry, expr: 'tag("risky") and silent(a) > 1h', cooldown: 6h, points: 0}}
- {{rule: lingering, expr: 'stage() == "shaky" and stage_age() >= 20h', cooldown: 0s, points: 2}}
- {{rule: known, expr: 'stage() != "fresh"', cooldown: 0s, points: 0}}
- {{rule: loaded, expr: 'risk() >= 50', cooldown: 0s, points: 4}}
- {{rule: rising, expr: 'risk_rise(2d) >= 15', cooldown: 0s, points: 0}}
- {{rule: chance, expr: 'seen(a)', cooldown: 0s, points: '20 * p_gap(a, 8d) - 6.2'}}
- {{rule: weighed, expr: 'count(b[2d live]) > 0', cooldown: 0s, points: '3.2 * count(b[2d live]) * share_of_top(a[4d live])'}}
- {{rule: last_one, expr: 'silent(a) >= 50h', cooldown: 0s, points: 6}}
- {{rule: paid, on: c, expr: 'event.value > 5 and tag("busy")', keep_firing_for: 1d, cooldown: 0s, inhibited_by: held, points: 1}}
- {{rule: visit, date: profile.end, steps: [2d, -2d], expr: 'stage() == "usual"', keep_firing_for: 20h, points: 1}}
"""


class Rule:
    def __init__(self, name, when, points, clear=None, hold=0, keep=0, cooldown=14 * DAY, warmup=0, reach=DAY,
                 on=None, shadow=False, steps=None, inhibited_by=(), floor=0, reads=""):
        self.name, self.when, self.points, self.clear = name, when, points, clear
        self.hold, self.keep, self.cooldown, self.warmup, self.reach = hold, keep, cooldown, warmup, reach
        self.on, self.shadow, self.inhibited_by, self.floor = on, shadow, inhibited_by, floor
        self.reads = reads.split()  # level, tags, stage; risk, rules
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
        Rule("mean", lambda c, t, k: known(s.mean(c, "c", 4, k), lambda v: v > 20.001), 8, cooldown=0,
             reach=4 * DAY),
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


def standing_rules():
    """What reads, inhibits or lifts what other rules came to."""
    hour, live = HOUR, dict(cooldown=0)
    return [
        Rule("warned", lambda c, t, k: c.fires("angry") or c.began("bad", t) < 30 * hour, 2, reads="rules", **live),
        Rule("echo", lambda c, t, k: c.began("quiet", t) < 4 * DAY and not c.fires("quiet"), 1, hold=3 * hour,
             reads="rules", **live),
        Rule("held", lambda c, t, k: c.live_days("a", 3, k) >= 1, 12, cooldown=2 * DAY,
             inhibited_by=("angry", "last_one"), reach=3 * DAY),
        Rule("pair", lambda c, t, k: c.live("c", 4, k) >= 1, -5, inhibited_by=("held",), **live),
        Rule("one_hand", lambda c, t, k: c.live("b", 4, k) >= 1, 5, inhibited_by=("other_hand",), **live),
        Rule("other_hand", lambda c, t, k: c.silent(t) > 26 * hour, 4, inhibited_by=("one_hand",), **live),
        Rule("sunny", lambda c, t, k: c.live("a", 1, k) >= 2, 3, inhibited_by=("shadow",), **live),
        Rule("floor", lambda c, t, k: len(c.open_items()) >= 1 and c.silent(t) > 20 * hour, 0, floor=2, **live),
        Rule("night", lambda c, t, k: c.live("b", 2, k) >= 1, 9, shadow=True, floor=3, **live),
        Rule("soft", lambda c, t, k: c.live_days("b", 4, k) >= 1, 0, inhibited_by=("bad",), floor=1, **live),
        Rule("raised", lambda c, t, k: c.level >= 2, 0, hold=4 * hour, keep=2 * hour, reads="level", **live),
        Rule("tagged", lambda c, t, k: c.has("busy") or c.has("vip"), 3, reads="tags", **live),
        Rule("worry", lambda c, t, k: c.has("risky") and c.silent(t) > hour, 0, cooldown=6 * hour, reads="tags"),
        Rule("lingering", lambda c, t, k: known(c.stage, lambda s: s == "shaky" and t - c.stage_at >= 20 * hour), 2,
             reads="stage", **live),
        Rule("known", lambda c, t, k: known(c.stage, lambda s: s != "fresh"), 0, reads="stage", **live),
        Rule("loaded", lambda c, t, k: c.risk_above("loaded", k) >= 50, 4, reads="risk", **live),
        Rule("rising", lambda c, t, k: known(c.risk_before(2, k), lambda r: c.risk_above("rising", k) - r >= 15), 0,
             reads="risk", reach=DAY, **live),
        Rule("chance", lambda c, t, k: c.last_a is not None,
             lambda c, k: known(statistic.p_gap(c, "a", MODEL, 8, k, k), lambda p: 20 * p - 6.2), **live),
        Rule("weighed", lambda c, t, k: c.live("b", 2, k) > 0,
             lambda c, k: known(c.share_of_top(4, k), lambda p: 3.2 * c.live("b", 2, k) * p), **live),
        Rule("last_one", lambda c, t, k: c.silent(t) >= 50 * hour, 6, **live),
        Rule("paid", lambda c, value: value > 5 and c.has("busy"), 1, keep=DAY, on="c", inhibited_by=("held",),
             reads="tags", **live),
        Rule("visit", lambda c, t, k: known(c.stage, lambda s: s == "usual"), 1, keep=20 * hour, cooldown=0,
             steps=lambda c, t: [] if c.end is None else
             [c.world.day_start(c.end - d) for d in (2, -2)]),
    ]


TAGS = [  # when, leave
    ("busy", lambda c, t, k: c.live("a", 2, k) >= 3, lambda c, t, k: c.live("a", 2, k) < 1),
    ("away", lambda c, t, k: known(c.last_a, lambda _: c.silent(t) >= 30 * HOUR), None),
    ("owing", lambda c, t, k: len(c.open_items()) > 0 and not c.has("busy"), None),
    ("worth", lambda c, t, k: known(statistic.mean(c, "c", 4, k), lambda v: v > 20.001),
     lambda c, t, k: known(statistic.mean(c, "c", 4, k), lambda v: v < 5.001)),
    ("risky", lambda c, t, k: c.risk >= 40, lambda c, t, k: c.risk < 25),
    ("both", lambda c, t, k: c.has("vip") and c.level >= 1, None),
]

STAGES = [
    ("lost", lambda c, t, k: c.status == "gone" or c.silent(t) > 8 * DAY),
    ("fresh", lambda c, t, k: t - c.first < 40 * HOUR),
    ("shaky", lambda c, t, k: c.level >= 2),
    ("grown", lambda c, t, k: c.stage == "fresh" or (c.stage == "grown" and t - c.stage_at < 5 * DAY)),
    ("loved", lambda c, t, k: c.has("both") or c.live("b", 2, k) >= 2),
    ("usual", lambda c, t, k: c.last_a is not None),
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
        Rule("bad", lambda c, value: value <= 6, 30, keep=4 * DAY, cooldown=2 * DAY, on="n"),
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
    ] + statistic_rules() + inside_rules() + standing_rules()
