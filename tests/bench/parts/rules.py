# SPDX-License-Identifier: Apache-2.0
"""Cost follows the rules that read the signal: 200 rules over 40 signals beside 20 over 4; and loading 1,000."""
import os
import statistics
import tempfile

from kit import at_least, at_most, bench, many_rules, ratio, say, size, unit

CUSTOMERS, EVENTS, ROUNDS = size("RULES_CUSTOMERS"), size("ENGINE_EVENTS"), size("ROUNDS")


def measure():
    say("few rules and many")
    few, many, load = [], [], []
    with tempfile.TemporaryDirectory(prefix="churnd-bench.") as folder:
        paths = {}
        for name, signals, each in (("few", 4, 5), ("many", 40, 5), ("thousand", 40, 25)):
            paths[name] = os.path.join(folder, name + ".yaml")
            with open(paths[name], "w", encoding="utf-8") as file:
                file.write(many_rules(signals, each))
        for _ in range(ROUNDS):
            few.append(bench("engine", paths["few"], CUSTOMERS, EVENTS // 4, 4)["events_per_s"])
            many.append(bench("engine", paths["many"], CUSTOMERS, EVENTS // 4, 40)["events_per_s"])
            load.append(bench("engine", paths["thousand"], 1000, 1000, 40)["load_ms"])
    return {"customers": CUSTOMERS, "few_per_s": statistics.median(few), "many_per_s": statistics.median(many),
            "ratio": statistics.median(b / a for a, b in zip(few, many)), "load_1000_ms": statistics.median(load)}


def rows(r):
    return [at_least("200 rules over 40 signals beside 20 over 4, %s customers: speed" % format(r["customers"], ","),
                     ratio(r["ratio"]), r["ratio"], 0.7, form=ratio),
            at_most("loading 1,000 rules", "%.0f ms" % r["load_1000_ms"], r["load_1000_ms"], 100, form=unit("ms"))]
