# SPDX-License-Identifier: Apache-2.0
"""What a customer weighs, here and in Redis: by its six signals alone, and under the SaaS pack, where each has care tasks too."""
import os

from support.house import House
from kit import PREFIX, ROOT, RULES, at_most, bench, fact, read_rules, redis_options, say, size, unit

CUSTOMERS = size("MEMORY_CUSTOMERS")
SIX = os.path.join(ROOT, "tests", "bench", "six.yaml")
ROWS = (("daemon, resident", "resident_per_customer", 230), ("daemon, counted", "engine_per_customer", 230),
        ("Redis", "redis_per_customer", 260))


def weigh(rules):
    house = House(read_rules(), redis_options=redis_options(), prefix=PREFIX)
    try:
        result = bench("memory", house.sock, PREFIX, rules, CUSTOMERS)
        weights = house.redis.pipeline([["MEMORY", "USAGE", house.key("state:%d" % i), "SAMPLES", 0]
                                        for i in range(1024)])
        result["redis_per_customer"] = sum(weight or 0 for weight in weights) / result["customers"]
        return result
    finally:
        house.close()


def measure():
    say("memory, %d customers" % CUSTOMERS)
    return {"six": weigh(SIX), "saas": weigh(RULES)}


def rows(r):
    many = format(int(r["six"]["customers"]), ",")
    whose = "memory a customer, six signals over 90 days, %s customers: " % many
    out = [at_most(whose + words, "%.0f B" % r["six"][key], r["six"][key], most, 160, unit("B")) for words, key, most in ROWS]
    whose = "the same under the SaaS pack, two care tasks open: "
    return out + [fact(whose + words, "%.0f B" % r["saas"][key]) for words, key, _ in ROWS]
