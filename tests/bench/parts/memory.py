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


def weights(found):
    """What the daemon holds, and what it counts of that itself."""
    return "%.0f B, %.0f B" % (found["resident_per_customer"], found["engine_per_customer"])


def rows(r):
    six, loaded, saas = r["six"], r["loaded"], r["saas"]

    def whose(found):
        return format(int(found["customers"]), ",") + " customers"
    return [at_most("memory a customer, six signals over 90 days, %s, loaded by a start: resident" % whose(loaded),
                    "%.0f B" % loaded["resident_per_customer"], loaded["resident_per_customer"], 230, 160, unit("B")),
            at_most("the same in Redis, of %s" % whose(six), "%.0f B" % six["redis_per_customer"], six["redis_per_customer"], 260, 160,
                    unit("B")),
            fact("the loaded: resident, and what churnd counts of it", weights(loaded)),
            fact("%s who have just played these days: resident, counted" % whose(six), weights(six)),
            fact("under the SaaS pack, two care tasks open, %s: resident, counted; in Redis" % whose(saas),
                 "%s; %.0f B" % (weights(saas), saas["redis_per_customer"]))]
