# SPDX-License-Identifier: Apache-2.0
"""A past that is long: a backtest of two rule files over a year of purchases, beside the two replayed one after the other."""
import os
import subprocess
import tempfile
import time

from kit import BUILD, ROOT, at_most, fact, program, say, size, unit

CUSTOMERS, EVENTS = size("PAST_CUSTOMERS"), size("PAST_EVENTS")
START_MS = 1704067200000  # 2024-01-01
RHYTHM = """churnd: 1
name: rhythm
signals: {orders: {on: order_paid, sum: value}}
models: {orders: {kind: mbg_nbd, r: 0.525, alpha: 43.3, a: 0.891, b: 1.614, until: 2023-12-31}}
rules:
- {rule: broken, expr: 'p_gap(orders, 91d) >= %s', points: 30, cooldown: 0s}
"""


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def run(*words):
    """Seconds, seconds of the processor, and the most memory of one churnctl."""
    begun = time.monotonic()
    with open(os.devnull, "wb") as nothing:
        child = subprocess.Popen([os.path.join(BUILD, "churnctl"), *words], stdout=nothing, stderr=nothing)
        _, status, use = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit("churnctl %s ended with %d" % (words[0], child.returncode))
    return {"seconds": time.monotonic() - begun, "cpu_s": use.ru_utime + use.ru_stime, "bytes": use.ru_maxrss * 1024}


def compare(events, pair, signal):
    say("a backtest of two rule files over %s" % os.path.basename(events))
    both = run("backtest", "--rules", pair[0], "--against", pair[1], "--events", events, "--signal", signal,
               "--horizon", "91d", "--json")
    say("the two replayed one after the other")
    apart = [run("replay", "--rules", rules, "--events", events, "--only", "none") for rules in pair]
    both["apart_s"] = sum(one["seconds"] for one in apart)
    return both


def measure():
    """The rule files differ by one threshold. The ecommerce pack has a tenth of the history: it is dearer an event."""
    result = {}
    with tempfile.TemporaryDirectory(prefix="churnd-bench.") as folder:
        with open(os.path.join(ROOT, "rules", "ecommerce.yaml"), encoding="utf-8") as file:
            pack = file.read()
        other = pack.replace("since(order) >= 60d", "since(order) >= 45d")
        if other == pack:
            raise SystemExit("the ecommerce pack has no threshold of 60 days any more")
        pairs = {"rhythm": ([RHYTHM % "0.93", RHYTHM % "0.9"], "orders", 1), "pack": ([pack, other], "order", 10)}
        for name, (texts, signal, share) in pairs.items():
            path = os.path.join(folder, "%d-purchases.csv" % (EVENTS // share))
            with open(path, "wb") as file:
                subprocess.run([program("purchases"), "csv", str(CUSTOMERS // share),
                                str(EVENTS // share), str(START_MS), "365"], stdout=file, check=True)
            files = [write(folder, "%s%d.yaml" % (name, i), text) for i, text in enumerate(texts)]
            result[name] = {"customers": CUSTOMERS // share, "events": EVENTS // share,
                            **compare(path, files, signal)}
            os.unlink(path)
    return result


def rows(r):
    result = []
    for name, what in (("rhythm", "one rule each"), ("pack", "the ecommerce pack")):
        one = r[name]
        whose = "backtest of two rule files (%s), %s events of %s customers in a year" % (
            what, format(one["events"], ","), format(one["customers"], ","))
        took, memory = "%.1f s" % one["seconds"], "%.0f MiB" % (one["bytes"] / 2**20)
        if name == "rhythm":
            result += [at_most(whose, took, one["seconds"], 15, form=unit("s")),
                       at_most("its memory at most", memory, one["bytes"] / 2**20, 1024, form=unit("MiB"))]
        else:
            result.append(fact(whose, took + ", " + memory))
        result.append(fact("both replayed one after the other", "%.1f s" % one["apart_s"]))
    return result
