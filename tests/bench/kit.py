# SPDX-License-Identifier: Apache-2.0
"""What the parts of the benchmark share: sizes, our programs, readings of processes, and rows of the table."""
import collections
import json
import os
import platform
import re
import subprocess
import sys

from support import house as house_module
from support.house import id_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
house_module.BUILD = BUILD
RULES = os.path.join(ROOT, "rules", "saas.yaml")
PREFIX = "t:"
DAY_MS = 86400000
TICKS = os.sysconf("SC_CLK_TCK")

# BENCH_NAME in the environment overrides one.
SIZES = {
    "ROUNDS": 3,               # runs of which the median is taken
    "EVENTS": 3000000,         # a backlog
    "CUSTOMERS": 200000,       # whose it is
    "LIVE_EVENTS": 2000000,    # of a producer at full speed
    "IDLE_SECONDS": 60,
    "ENGINE_CUSTOMERS": 1000000,
    "ENGINE_EVENTS": 10000000,
    "RULES_CUSTOMERS": 2000,   # of few rules and many
    "ROWS": 3000000,           # of a file that is replayed
    "BUSY_CUSTOMERS": 10000,   # whose day it is: an account of many people has hundreds of events a day
    "KNOWN_CUSTOMERS": 40000,  # whose past of 90 days it is
    "PAST_CUSTOMERS": 1000000,
    "PAST_EVENTS": 10000000,
    "PROBES": 1000,            # events whose alert is timed
    "LOAD": 50000,             # events a second beside them
    "MEMORY_CUSTOMERS": 200000,  # who play ninety days: 0.3 ms of CPU each
    "MEMORY_LOADED_CUSTOMERS": 1000000,  # out of their records
    "MEMORY_PACK_CUSTOMERS": 100000,     # who play under the SaaS pack
    "START_CUSTOMERS": 1000000, # whose records a start loads
    "START_ROUNDS": 3,          # starts of it
    "GROWTH_CUSTOMERS": 20000000,  # of make bench-plots, at most
    "GROWTH_RULES": 1000,
    "GROWTH_EVENTS": 5000000,
    "RIVALS_EVENTS": 500000,   # a backlog for churnd and what one would write instead
    "RIVALS_CUSTOMERS": 50000,
    "POSTS": 100000,           # a backlog of alerts
    "CONCURRENCY": 8,          # requests at once
    "PAIRS": 5,                # of neighbours, without and with bad ones
    "RATE": 500,               # alerts a second beside them
    "SECONDS": 4,
    "NEIGHBOUR_EVENTS": 500000,
}
asked = {}  # what was asked for and is not as above: it belongs to the command that measures the same again


def size(name):
    value = int(os.environ.get("BENCH_" + name, SIZES[name]))
    if value != SIZES[name]:
        asked["BENCH_" + name] = str(value)
    return value


def redis_options():
    """BENCH_REDIS: more words for redis-server."""
    words = os.environ.get("BENCH_REDIS", "")
    if words:
        asked["BENCH_REDIS"] = '"%s"' % words
    return words.split()


# -- programs

def program(name):
    return os.path.join(BUILD, "release", "bench", name)


def bench(name, *words):
    """The JSON line of one of our programs."""
    done = subprocess.run([program(name), *map(str, words)], capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise SystemExit("%s ended with %d: %s" % (name, done.returncode, done.stderr))
    return json.loads(done.stdout.splitlines()[-1])


class Endpoint:
    """The program latency: an endpoint for alerts, and a prober once it is told to go."""

    def __init__(self, sock, probes=0, rate=0):
        self.process = subprocess.Popen([program("latency"), sock, PREFIX + "events", str(probes), str(rate)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = "http://127.0.0.1:%d/" % int(self.process.stdout.readline())

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if self.process.wait():
            raise SystemExit("latency ended with %d" % self.process.returncode)
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def say(text):
    print("  %s (load %.1f)" % (text, os.getloadavg()[0]), file=sys.stderr, flush=True)


# -- processes

def first_line(path, name):
    """What follows the colon in the first line that begins with the name."""
    with open(path, encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith(name)), "")


def cpu_seconds(pid):
    """User and system time of a process."""
    with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICKS


def memory_bytes(pid, name="VmRSS"):
    """VmRSS: resident now; VmHWM: the most it was."""
    return int(first_line("/proc/%d/status" % pid, name).split()[0]) * 1024


# -- what stands in Redis before the measuring

def passed(house, end):
    """Are all records of entries up to there written?"""
    mark = house.mark()
    return mark and id_of(mark[3]) >= end


def make_known(house, customers, until):
    """Lets churnd know customers who have been there for years and were seen just before that instant (ms), and leaves
    nothing but what it knows of them. Time stands still meanwhile."""
    redis = house.redis
    bench("fill", "--history", house.sock, house.key("events"), customers, 3 * customers, until - 1000, 1000)
    redis.call("SET", house.key("hold"), 1)
    house.start()
    end = id_of(house.last_id())
    house.wait(lambda: passed(house, end), "all customers are known", 300)
    house.stop()
    redis.call("DEL", house.key("hold"))
    for stream in ("events", "alerts", "tasks"):
        redis.call("XTRIM", house.key(stream), "MAXLEN", 0)


# -- the machine, the commit

def machine():
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    return {"cpu": first_line("/proc/cpuinfo", "model name") or platform.machine(), "cores": os.cpu_count(),
            "memory_gib": round(int(first_line("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
            "kernel": platform.release(), "redis": re.search(r"v=([0-9.]+)", version).group(1)}


def machine_text(m=None):
    m = m or machine()
    return "%s, %d cores, %.0f GiB, Linux %s, Redis %s" % (m["cpu"], m["cores"], m["memory_gib"], m["kernel"], m["redis"])


def commit_id():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip()


# -- rules

def read_rules():
    with open(RULES, encoding="utf-8") as file:
        return file.read()


PROBE_RULE = """rules:
- rule: bench_probe
  on: bench_probe
  expr: event.value >= 1
  points: 0
"""
PROBE_ACTION = """actions:
- {on: rule.fired, rule: bench_probe, webhook: crm}
"""


def probed_rules():
    """The pack's, and one that fires for each event of the program latency."""
    return read_rules().replace("rules:\n", PROBE_RULE, 1).replace("actions:\n", PROBE_ACTION, 1)


def many_rules(signals, rules_a_signal):
    """A rule file in which every signal is read by so many rules."""
    shapes = ["silent({s}) >= {n}d", "count({s}[{n}d live]) >= 90", "days({s}[{n}d]) < 2 and seen({s}) and age() > 60d",
              "ratio({s}[7d], {s}[{n}d offset 7d]) < 0.5 and p_drop({s}[7d], {s}[{n}d offset 7d]) < 0.001",
              "since({s}) >= {n}d and count({s}[7d live]) > 50"]
    lines = ["churnd: 1", "name: bench", "signals:"]
    lines += ["  s%d: {on: t%d}" % (s, s) for s in range(signals)] + ["rules:"]
    lines += ["- {rule: r%d_%d, expr: '%s', points: 1}" % (s, r, shapes[r % 5].format(s="s%d" % s, n=28 + r // 5))
              for s in range(signals) for r in range(rules_a_signal)]
    return "\n".join(lines) + "\n"


# -- rows of the table

# Figures measured, what they must reach, what they would better reach, and which of it they did; "" where there is no such thing.
Row = collections.namedtuple("Row", "figure measured least aim verdict")


def fact(figure, measured):
    return Row(figure, measured, "", "", "")


def _judged(figure, measured, sign, targets, reached, form):
    least, aim = (sign + form(target) if target is not None else "" for target in targets)
    verdict = "aim" if aim and reached[1] else "reached" if reached[0] else "short"
    return Row(figure, measured, least, aim, verdict)


def at_least(figure, measured, value, least, aim=None, form=str):
    """The more the better; `form` writes a target."""
    return _judged(figure, measured, "≥ ", (least, aim), (value >= least, aim is not None and value >= aim), form)


def at_most(figure, measured, value, most, aim=None, form=str):
    """The less the better."""
    return _judged(figure, measured, "≤ ", (most, aim), (value <= most, aim is not None and value <= aim), form)


def millions(value):
    return "%.2f M/s" % (value / 1e6)


def unit(suffix, digits=0):
    """A form: `20 s`."""
    return lambda value: "%.*f %s" % (digits, value, suffix)


def ratio(value):
    return "%.2f" % value
