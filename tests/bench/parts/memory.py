# SPDX-License-Identifier: Apache-2.0
"""What a customer weighs, here and in Redis."""
from support.house import House
from kit import PREFIX, RULES, at_most, bench, read_rules, redis_options, say, size, unit

CUSTOMERS = size("MEMORY_CUSTOMERS")
ROWS = (("daemon, resident", "resident_per_customer", 230), ("daemon, counted", "engine_per_customer", 230),
        ("Redis", "redis_per_customer", 260))


def measure():
    say("memory, %d customers" % CUSTOMERS)
    house = House(read_rules(), redis_options=redis_options(), prefix=PREFIX)
    try:
        result = bench("memory", house.sock, PREFIX, RULES, CUSTOMERS)
        weights = house.redis.pipeline([["MEMORY", "USAGE", house.key("state:%d" % i), "SAMPLES", 0]
                                        for i in range(1024)])
        result["redis_per_customer"] = sum(weight or 0 for weight in weights) / result["customers"]
        return result
    finally:
        house.close()


def rows(r):
    whose = "memory a customer, six signals over 90 days, %s customers: " % format(int(r["customers"]), ",")
    return [at_most(whose + words, "%.0f B" % r[key], r[key], most, 160, unit("B")) for words, key, most in ROWS]
