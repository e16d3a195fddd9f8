# SPDX-License-Identifier: Apache-2.0
"""The engine alone: no Redis, no bytes, the SaaS pack."""
from kit import RULES, at_least, bench, fact, millions, say, size

CUSTOMERS, EVENTS = size("ENGINE_CUSTOMERS"), size("ENGINE_EVENTS")


def measure():
    say("the engine alone, %d customers" % CUSTOMERS)
    return bench("engine", RULES, CUSTOMERS, EVENTS)


def rows(r):
    return [at_least("engine alone, %s customers, uniform within four hours, the SaaS pack" % format(r["customers"], ","), millions(r["events_per_s"]),
                     r["events_per_s"], 12e6, 18e6, millions),
            fact("the first events of these on the next day; events of customers never seen before, two each",
                 "%s; %s" % (millions(r["daily_events_per_s"]), millions(r["first_events_per_s"]))),
            fact("the day's close of these, all active that day, %d rules; longest go" % r["rules"],
                 "%.2f s; %.1f ms" % (r["day_close_s"], r["longest_go_ms"]))]
