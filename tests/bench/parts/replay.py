# SPDX-License-Identifier: Apache-2.0
"""Files of events through the engine, reading them included; and reading them alone."""
import os
import shlex
import subprocess
import tempfile
import time

from kit import BUILD, DAY_MS, RULES, at_least, bench, fact, millions, program, say, size

ROWS, ROUNDS = size("ROWS"), size("ROUNDS")
TARGETS = {"ndjson": (5e6, 8e6), "csv": (7e6, 10e6)}
# Of what a file holds: whose rows, over how many days, and one more word for `rows`.
PASTS = {"busy": (size("BUSY_CUSTOMERS"), 1, []), "known": (size("KNOWN_CUSTOMERS"), 90, ["known"]), "new": (size("CUSTOMERS"), 1, [])}


def lines(command):
    """How many a command writes, or a file holds."""
    done = subprocess.run(command + " | wc -l", shell=True, stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def replay_words(path):
    return [os.path.join(BUILD, "churnctl"), "replay", "--rules", RULES, "--events", path]


def replay(path, count):
    with open(os.devnull, "wb") as nothing:
        begun, before = time.monotonic(), os.times()
        done = subprocess.run(replay_words(path), stdout=nothing, stderr=subprocess.PIPE, check=False)
        took, after = time.monotonic() - begun, os.times()
    if done.returncode:
        raise SystemExit("churnctl replay ended with %d: %s" % (done.returncode, done.stderr[:500]))
    return {"seconds": took, "rows_per_s": count / took,
            "rows": count, "cpu_s": after[2] + after[3] - before[2] - before[3], "bytes": os.path.getsize(path)}


def measure_file(path, kind, past):
    customers, days, words = PASTS[past]
    start = (int(time.time()) - 60) * 1000 - days * DAY_MS
    with open(path, "wb") as file:
        subprocess.run([program("rows"), kind, str(customers), str(ROWS), str(start), str(days * DAY_MS), *words], stdout=file,
                       check=True)
    count = lines("cat " + shlex.quote(path)) - (kind == "csv")
    say("replay of %d rows of %s" % (count, kind))
    runs = [replay(path, count) for _ in range(ROUNDS)]
    result = sorted(runs, key=lambda run: run["rows_per_s"])[ROUNDS // 2]
    result.update(customers=customers, days=days, alerts=lines(shlex.join(replay_words(path))))
    if past == "busy":
        alone = [bench("reading", path) for _ in range(ROUNDS)]
        result["reading"] = sorted(alone, key=lambda run: run["seconds"])[ROUNDS // 2]
    os.unlink(path)
    return result


def measure():
    with tempfile.TemporaryDirectory(prefix="churnd-bench.") as folder:
        return {past: {kind: measure_file(os.path.join(folder, "events." + kind), kind, past) for kind in TARGETS}
                for past in PASTS}


def rate(run):
    return "%s (%.2f us of CPU a row)" % (millions(run["rows_per_s"]), run["cpu_s"] / run["rows"] * 1e6)


def whose(run):
    return "%d k rows of %d k customers; %d k alerts" % (run["rows"] / 1e3, run["customers"] / 1e3, run["alerts"] / 1e3)


def rows(r):
    table = []
    for kind, (least, aim) in TARGETS.items():
        busy, known, new = (r[past][kind] for past in PASTS)
        alone = busy["reading"]
        table.append(at_least("replay of a file, %s: a busy day, %s" % (kind.upper(), whose(busy)), rate(busy), busy["rows_per_s"], least,
                              aim, millions))
        table.append(fact("the same, read and decoded for no engine", "%s (%.2f us of CPU a row)" % (
            millions(busy["rows"] / alone["seconds"]), alone["cpu_s"] / busy["rows"] * 1e6)))
        table.append(fact("a past of %d days, %s, who come back each sixth day" % (known["days"], whose(known)), rate(known)))
        table.append(fact("a day of newcomers, %s" % whose(new), rate(new)))
    return table
