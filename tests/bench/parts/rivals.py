# SPDX-License-Identifier: Apache-2.0
"""What one would write instead, on the same backlog: tests/bench/rivals. `make rivals` installs what they need and measures."""
import json
import os
import shutil
import statistics
import subprocess
import time

from support.house import House
from kit import BUILD, DAY_MS, PREFIX, ROOT, at_least, bench, cpu_seconds, fact, id_of, redis_options, say, size

EVENTS, CUSTOMERS, ROUNDS = size("RIVALS_EVENTS"), size("RIVALS_CUSTOMERS"), size("ROUNDS")
SOURCES = os.path.join(ROOT, "tests", "bench", "rivals")
PLACE = os.path.join(BUILD, "rivals")  # node looks for packages beside the program
RIVALS = {"plain.mjs": ("node", "Node.js, node-redis, plain ifs, state in a Map (lost with it)"),
          "json_rules.mjs": ("node", "Node.js, json-rules-engine, state in Redis"),
          "plain.py": ("/usr/bin/python3", "Python, redis-py, plain ifs, state in a dict (lost with it)")}


def installed():
    """Those whose packages are there."""
    found = ["plain.mjs", "json_rules.mjs"] if os.path.isdir(os.path.join(PLACE, "node_modules", "redis")) else []
    python = subprocess.run(["/usr/bin/python3", "-c", "import redis"], capture_output=True, check=False)
    return found + (["plain.py"] if python.returncode == 0 else [])


def rival(house, name, last):
    """Events a second, from the first read to the last acknowledgement."""
    path = shutil.copy(os.path.join(SOURCES, name), PLACE)
    done = subprocess.run([RIVALS[name][0], path, house.sock, house.key("events"), house.key("alerts"), last], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise SystemExit("%s ended with %d: %s" % (name, done.returncode, done.stderr))
    result = json.loads(done.stdout)
    if result["events"] != EVENTS:
        raise SystemExit("%s handled %d of %d events" % (name, result["events"], EVENTS))
    return {"per_s": EVENTS / result["seconds"], "cpu_us": result["cpu_s"] / EVENTS * 1e6,
            "alerts": house.redis.call("XLEN", house.key("alerts"))}


def churnd(house, last):
    """From its first read until orders and records of all events are committed."""
    house.start()
    house.wait(lambda: house.mark() is not None, "the first commit")
    begun = time.monotonic()
    house.wait(lambda: min(map(id_of, house.mark()[2:4])) >= id_of(last), "all is committed", 300)
    result = {"per_s": EVENTS / (time.monotonic() - begun), "cpu_us": cpu_seconds(house.churnd.pid) / EVENTS * 1e6,
              "alerts": sum(row["type"] == "rule.fired" for row in house.alerts())}
    house.stop()
    return result


def once(name, rules):
    """Each with a Redis of its own and the same events in it."""
    house = House(rules, redis_options=redis_options(), prefix=PREFIX)
    try:
        start = (int(time.time()) - 60) * 1000 - DAY_MS
        traffic = [house.sock, house.key("events"), CUSTOMERS, EVENTS, start, DAY_MS]
        bench("fill", *traffic)
        if name == "ceiling":
            return {"per_s": bench("raw_read", *traffic)["events_per_s"]}
        return churnd(house, house.last_id()) if name == "churnd" else rival(house, name, house.last_id())
    finally:
        house.close()


def measure():
    names = installed()
    if not names:
        say("rivals are not installed: make rivals")
        return {}
    os.makedirs(PLACE, exist_ok=True)
    with open(os.path.join(SOURCES, "rules.yaml"), encoding="utf-8") as file:
        rules = file.read()
    rounds = []
    for _ in range(ROUNDS):
        rounds.append({name: once(name, rules) for name in ("ceiling", "churnd", *names)})
        say(", ".join("%s %.0f k/s" % (name, run["per_s"] / 1e3) for name, run in rounds[-1].items()))
    middle = {name: sorted((runs[name] for runs in rounds), key=lambda run: run["per_s"])[ROUNDS // 2] for name in rounds[0]}
    return {"events": EVENTS, "customers": CUSTOMERS, "rounds": rounds, "middle": middle,
            "times": {name: statistics.median(runs["churnd"]["per_s"] / runs[name]["per_s"] for runs in rounds) for name in names}}


def rows(r):
    if not r:
        return []
    middle = r["middle"]
    result = [fact("five rules, %s events: churnd, all committed (the ceiling)" % format(r["events"], ","), "%.0f k/s (%.0f k/s)" % (
        middle["churnd"]["per_s"] / 1e3, middle["ceiling"]["per_s"] / 1e3))]
    return result + [at_least("churnd's speed over that of " + RIVALS[name][1], "%.1f times %.0f k/s (%.1f us of CPU)" % (
        times, middle[name]["per_s"] / 1e3, middle[name]["cpu_us"]), times, 1, form="{:g}".format) for name, times in r["times"].items()]
