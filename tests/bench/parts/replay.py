# SPDX-License-Identifier: Apache-2.0
"""Files of events through the engine, reading them included; and reading them alone."""
import os
import subprocess
import tempfile
import time

from kit import BUILD, DAY_MS, RULES, at_least, bench, fact, millions, program, say, size

CUSTOMERS, ROWS, ROUNDS = size("CUSTOMERS"), size("ROWS"), size("ROUNDS")
TARGETS = {"ndjson": (5e6, 8e6), "csv": (7e6, 10e6)}


def replay(path):
    with open(os.devnull, "wb") as nothing:
        begun, before = time.monotonic(), os.times()
        done = subprocess.run([os.path.join(BUILD, "churnctl"), "replay", "--rules", RULES, "--events", path],
                              stdout=nothing, stderr=subprocess.PIPE, check=False)
        took, after = time.monotonic() - begun, os.times()
    if done.returncode:
        raise SystemExit("churnctl replay ended with %d: %s" % (done.returncode, done.stderr[:500]))
    return {"seconds": took, "rows_per_s": ROWS / took,
            "rows": ROWS, "cpu_s": after[2] + after[3] - before[2] - before[3], "bytes": os.path.getsize(path)}


def measure():
    start, result = (int(time.time()) - 60) * 1000 - DAY_MS, {}
    with tempfile.TemporaryDirectory(prefix="churnd-bench.") as folder:
        for kind in TARGETS:
            path = os.path.join(folder, "events." + kind)
            with open(path, "wb") as file:
                subprocess.run([program("rows"), kind, str(CUSTOMERS), str(ROWS), str(start), str(DAY_MS)], stdout=file,
                               check=True)
            say("replay of %d rows of %s" % (ROWS, kind))
            runs = [replay(path) for _ in range(ROUNDS)]
            result[kind] = sorted(runs, key=lambda run: run["rows_per_s"])[ROUNDS // 2]
            alone = [bench("reading", path) for _ in range(ROUNDS)]
            result[kind]["reading"] = sorted(alone, key=lambda run: run["seconds"])[ROUNDS // 2]
            os.unlink(path)
    return result


def rows(r):
    table = []
    for kind, (least, aim) in TARGETS.items():
        run, alone = r[kind], r[kind]["reading"]
        table.append(at_least("replay of a file, " + kind.upper(), "%s (%.2f us of CPU a row)" % (
            millions(run["rows_per_s"]), run["cpu_s"] / run["rows"] * 1e6), run["rows_per_s"], least, aim, millions))
        table.append(fact("the same, read and decoded for no engine", "%s (%.2f us of CPU a row)" % (
            millions(run["rows"] / alone["seconds"]), alone["cpu_s"] / run["rows"] * 1e6)))
    return table
