# SPDX-License-Identifier: Apache-2.0
"""What the end of a day costs, when every customer must be looked at whose answers it can change."""
import os
import tempfile

from kit import at_most, bench, many_rules, say, size, unit

CUSTOMERS, ROUNDS = size("ENGINE_CUSTOMERS"), size("ROUNDS")


def measure():
    say("closes of days, %d customers" % CUSTOMERS)
    with tempfile.TemporaryDirectory(prefix="churnd-bench.") as folder:
        path = os.path.join(folder, "twenty.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(many_rules(4, 5))
        runs = [bench("engine", "--closes", path, CUSTOMERS, 0, 4) for _ in range(ROUNDS)]
    return sorted(runs, key=lambda run: run["day_close_s"])[ROUNDS // 2]


def rows(r):
    whose = "a day's close of %s customers, a third active a day, %d rules" % (format(r["customers"], ","), r["rules"])
    return [at_most(whose, "%.2f s" % r["day_close_s"], r["day_close_s"], 0.3 * r["customers"] / 1e6, form="{:g} s".format),
            at_most("the longest go of it", "%.1f ms" % r["longest_go_ms"], r["longest_go_ms"], 5, form=unit("ms"))]
