# SPDX-License-Identifier: Apache-2.0
"""What a customer weighs, here and in Redis: by its six signals alone, and under the SaaS pack, where each has care tasks too."""
import os
import time

from support.house import House
from kit import PREFIX, ROOT, RULES, at_most, bench, fact, read_rules, redis_options, say, size, unit

CUSTOMERS, LOADED_CUSTOMERS, PACK_CUSTOMERS = size("MEMORY_CUSTOMERS"), size("MEMORY_LOADED_CUSTOMERS"), size("MEMORY_PACK_CUSTOMERS")
SIX = os.path.join(ROOT, "tests", "bench", "six.yaml")
UNTIL = 1774976400000  # when the last of the ninety days ends: midnight in Shanghai
DIFFERENT = 20000      # customers whose copies are loaded
PLAYED = (("daemon, resident", "resident_per_customer", 230), ("daemon, counted", "engine_per_customer", 230),
          ("Redis", "redis_per_customer", 260))
LOADED = (("daemon, resident", "resident_per_customer", 230), ("daemon, counted", "engine_per_customer", 230))


def play(rules, customers):
    """Every event of them goes through the engine, and their records to Redis."""
    say("memory, %d customers play ninety days under %s" % (customers, os.path.basename(rules)))
    house, begun = House(read_rules(), redis_options=redis_options(), prefix=PREFIX), time.monotonic()
    try:
        result = bench("memory", house.sock, PREFIX, rules, customers, UNTIL, 1)
        weights = house.redis.pipeline([["MEMORY", "USAGE", house.key("state:%d" % i), "SAMPLES", 0]
                                        for i in range(1024)])
        result["redis_per_customer"] = sum(weight or 0 for weight in weights) / result["customers"]
        result["seconds"] = time.monotonic() - begun
        return result
    finally:
        house.close()


def load(rules, customers):
    """Who a start finds in Redis."""
    say("memory, %d customers are loaded" % customers)
    different, begun = min(customers, DIFFERENT), time.monotonic()
    result = bench("memory", "-", PREFIX, rules, different, UNTIL, customers // different)
    result["customers"] = customers // different * different
    result["seconds"] = time.monotonic() - begun
    return result


def measure():
    return {"six": play(SIX, CUSTOMERS), "loaded": load(SIX, LOADED_CUSTOMERS), "saas": play(RULES, PACK_CUSTOMERS)}


def judged(whose, figures, found):
    whose = whose % format(int(found["customers"]), ",")
    return [at_most(whose + words, "%.0f B" % found[key], found[key], most, 160, unit("B")) for words, key, most in figures]


def rows(r):
    pack = "under the SaaS pack, two care tasks open, %s customers: " % format(int(r["saas"]["customers"]), ",")
    return (judged("memory a customer, six signals over 90 days, %s customers: ", PLAYED, r["six"]) +
            judged("the same after a start that loads %s customers: ", LOADED, r["loaded"]) +
            [fact(pack + words, "%.0f B" % r["saas"][key]) for words, key, _ in PLAYED])
