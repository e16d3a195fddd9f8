#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Death at every system call: strace kills churnd before each call that it makes in a phase, and unless ERRORS=0 has each
call fail instead that may fail; the next churnd goes on, and all is as a replay of the stream has it.

SCENARIOS=WORD,... (commit_tasks) or all; DEATHS (12) of each, drawn by RSEED, 0: all. Before a call is after the one before it, too.
JOBS (one a core) are at work at the same time: a life is mostly waiting for another process."""
import concurrent.futures
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE)]
from support import campaign  # noqa: E402
from support.chaos import Server  # noqa: E402
from support.house import BUILD, House, SECRET  # noqa: E402
from support.receiver import FastReceiver  # noqa: E402

ASKED = os.environ.get("SCENARIOS", "commit_tasks")
ERRORS = int(os.environ.get("ERRORS", "1"))
MOST = int(os.environ.get("DEATHS", "12"))
RSEED = int(os.environ.get("RSEED", "1"))
JOBS = int(os.environ.get("JOBS", "0")) or os.cpu_count()
DAY = 86_400_000

RULES = """churnd: 1
name: dies
levels:
  watch: {enter: 30, leave: 20}
  at_risk: {enter: 60, leave: 45}
signals: {login: {on: login}, complaint: {on: complaint}}
rules:
- {rule: angry, expr: 'count(complaint[2d live]) >= 1', cooldown: 0s, points: 35}
- {rule: angrier, expr: 'count(complaint[2d live]) >= 2', cooldown: 0s, points: 35}
- {rule: quiet, expr: 'silent(login) >= 1d', points: 1}
teams: {care: [ann, bob]}
actions:
- {on: customer.level_raised, at_least: at_risk, task: call, webhook: crm}
tasks: {call: {title: "Call {name}", assign: round_robin(care)}}
"""
HOOKS = """webhooks:
  crm: {url: "%s", secret: "whsec_%s", allow: [127.0.0.0/8], retry: {first: 20ms, factor: 1, max: 20ms}}
"""
MORE = '  more: {url: "http://127.0.0.1:9/", secret: "whsec_%s", allow: [127.0.0.0/8]}\n' % SECRET
# What may become of a call, by its name.
FAILURES = {"read": "ECONNRESET", "readv": "ECONNRESET", "recvfrom": "ECONNRESET", "recvmsg": "ECONNRESET", "write": "EPIPE",
            "writev": "EPIPE", "sendto": "EPIPE", "sendmsg": "EPIPE", "connect": "ECONNREFUSED", "socket": "EMFILE",
            "openat": "EMFILE", "accept4": "ECONNABORTED"}


class Refuser(Server):
    """An endpoint that says 400."""

    def serve(self, sock):
        while sock.recv(65536):
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


class Scenario:
    """`act` and what it waits for is the phase; `before` is done first. born: churnd is traced from its birth."""

    def __init__(self, act, before=None, born=False, endpoint="takes"):
        self.act, self.before, self.born, self.endpoint = act, before, born, endpoint


def send(house, *customers, kind="complaint", at=None):
    for n, customer in enumerate(customers):
        house.redis.call("XADD", house.key("events"), "*" if at is None else "%d-%d" % (at, n + 1), "customer", customer, "type", kind)


def committed(house):
    house.wait(lambda: house.position() == house.last_id(), "it is committed")


def recorded(house):
    house.wait(lambda: house.mark() and house.mark()[2] == house.mark()[3] == house.last_id(), "it is recorded")


def said(house, words):
    """A line of the log may be the call that fails: what was to be written stands in the trace."""
    if house.said(words):
        return True
    with open(house.trace, encoding="utf-8", errors="replace") as file:
        return any(words in line and "(INJECTED)" in line for line in file)


# libevent hands a signal on by a write of its own: where that is the call that fails, the signal is gone.

def reload(house, words):
    for last in (False, False, True):
        house.churnd.send_signal(signal.SIGHUP)
        try:
            house.wait(lambda: said(house, words), words, 30 if last else 5)
            return
        except AssertionError:
            if last or not house.alive():
                raise


def tell_to_stop(house):
    for _ in range(3):
        house.churnd.terminate()
        try:
            house.churnd.wait(10)
            return
        except subprocess.TimeoutExpired:
            pass


def alerts(house):
    send(house, "a")
    committed(house)


def records(house):
    send(house, "a", "b", "c", kind="login")
    recorded(house)


def tasks(house):
    send(house, "a", "a", "b", "b")
    committed(house)


def rules(house):
    house.write_rules(RULES.replace("points: 35", "points: 36"))
    reload(house, "are in force")


def delivered(house):
    tasks(house)
    house.wait(lambda: house.redis.call("HGET", house.key("delivery:crm"), "position") ==
               house.redis.call("XREVRANGE", house.key("alerts"), "+", "-", "COUNT", 1)[0][0], "all is delivered")


def begun(house):
    house.wait(lambda: said(house, "running: "), "it has begun")


def configured(house):
    house.more += MORE
    house.write_config()
    reload(house, "webhooks are as configured")


def stopped(house):
    send(house, "a", "a", "b")
    tell_to_stop(house)


def old(house):
    """What is read has come two days ago: the daemon then lets time come to what is due, up to now."""
    send(house, "a", "b", "c", kind="login", at=int(time.time() * 1000) - 2 * DAY)


def days_close(house):
    house.wait(lambda: sum('"rule":"quiet"' in alert["body"] for alert in house.alerts()) == 3, "the days are closed")
    recorded(house)


def history(house):
    house.start()
    begun(house)
    tasks(house)
    house.kill()
    house.quiet()


SCENARIOS = {
    "first_start": Scenario(begun, born=True),
    "commit_alerts": Scenario(alerts),
    "commit_records": Scenario(records),
    "commit_tasks": Scenario(tasks),
    "rules_change": Scenario(rules, before=tasks),
    "recovery": Scenario(begun, before=history, born=True),
    "delivery": Scenario(delivered),
    "delivery_again": Scenario(delivered, endpoint="drops"),
    "dead_letter": Scenario(delivered, endpoint="refuses"),
    "reload": Scenario(configured, before=tasks),
    "days_close": Scenario(days_close, before=old, born=True),
    "stop": Scenario(stopped),
}


class Stage:
    """A Redis that is emptied for each life, and the endpoints."""

    def __init__(self, scenario):
        self.scenario, self.house = scenario, House(RULES)
        self.folder = tempfile.mkdtemp(prefix="churnd-trace.")  # churnd watches the folder of its files
        self.trace = os.path.join(self.folder, "trace")
        self.endpoint = Refuser() if scenario.endpoint == "refuses" else FastReceiver(
            *(("--drop", 2) if scenario.endpoint == "drops" else ()))
        self.hooks = HOOKS % ("http://127.0.0.1:%d/" % self.endpoint.port, SECRET)

    def close(self):
        self.house.close()
        self.endpoint.close()
        shutil.rmtree(self.folder)

    def live(self, inject):
        """One life up to the end of the phase. Returns the status if it ended, else None."""
        house, scenario = self.house, self.scenario
        house.redis.call("FLUSHALL")
        house.write_rules(RULES)
        house.more = self.hooks
        open(self.trace, "w", encoding="utf-8").close()
        house.trace = self.trace if inject and inject.startswith("write:error") else os.devnull
        if scenario.before and scenario.born:
            scenario.before(house)
        strace = ["strace", "-qq", "-s", "200", "-o", self.trace, *(("-e", "inject=" + inject) if inject else ())]
        if scenario.born:
            house.start(under=[*strace, "-D"])  # a grandchild of ours traces our child
        else:
            house.start()
            begun(house)
            if scenario.before:
                scenario.before(house)
                committed(house)
            recorded_or_not(house)
            self.attach(strace)
        try:
            scenario.act(house)
        except (AssertionError, OSError) as why:
            if house.alive():
                raise AssertionError("it hangs: %s" % why) from why
        return self.leave()

    def attach(self, strace):
        tracer = subprocess.Popen([word for word in strace if word != "-qq"] + ["-p", str(self.house.churnd.pid)],
                                  stderr=subprocess.PIPE, text=True)
        line = tracer.stderr.readline()
        assert "attached" in line, line
        self.tracer = tracer

    def leave(self):
        house = self.house
        if house.alive():
            tell_to_stop(house)
        status = house.churnd.wait(30)
        tracer, self.tracer = getattr(self, "tracer", None), None
        if tracer:
            tracer.wait()
            tracer.stderr.close()
        return status

    def made_fail(self):
        """A call failed because strace made it."""
        with open(self.trace, encoding="utf-8", errors="replace") as file:
            return "(INJECTED)" in file.read()

    def calls(self):
        """[(name, whether it found nothing to read)] in the order in which they were made."""
        with open(self.trace, encoding="utf-8", errors="replace") as file:
            return [(found.group(1), found.group(1) == "recvfrom" and "EAGAIN" in line)
                    for found, line in ((re.match(r"(\w+)\(", line), line) for line in file) if found]


def recorded_or_not(house):
    """Nothing is under way that belongs to what was before."""
    if house.last_id() != "0-0":
        recorded(house)


def moments(calls, born):
    """[(name, its number)]: what the loader and the libraries do before the first socket is no phase of ours, and where one
    look for replies after the other finds nothing, no one but the process can tell at which of them it died."""
    seen, found, begun_at = {}, [], [name for name, _ in calls].index("socket") if born else 0
    for at, (name, idle) in enumerate(calls):
        seen[name] = seen.get(name, 0) + 1
        if at >= begun_at and not name.startswith("exit") and name != "restart_syscall" and not (at and idle and calls[at - 1][1]):
            found.append((name, seen[name]))
    return found


def lives(name, plan):
    """One churnd after the other, each with its part of what goes wrong: (deaths, errors, what did not hold)"""
    stage, deaths, errors, wrong = Stage(SCENARIOS[name]), 0, 0, []
    for (call, number), what in plan:
        try:
            status = stage.live("%s:%s:when=%d" % (call, what, number))
            assert status in (0, 1, 2) or what.startswith("signal") and status in (-signal.SIGKILL, 137), "it ended with %s" % status
            deaths += status in (-signal.SIGKILL, 137)
            errors += stage.made_fail()
            stage.house.go_on()
        except AssertionError as why:
            wrong.append("%s number %d, %s: %s\n%s" % (call, number, what, why, stage.house.log_tail()))
            stage.close()
            stage = Stage(SCENARIOS[name])
    stage.close()
    return deaths, errors, wrong


def at_ease(name):
    """The system calls of the phase."""
    stage = Stage(SCENARIOS[name])
    try:
        status = stage.live(None)
        assert status == 0, "at ease it ended with %s\n%s" % (status, stage.house.log_tail())
        stage.house.go_on()
        return moments(stage.calls(), stage.scenario.born)
    finally:
        stage.close()


def one(name):
    """(system calls of the phase, deaths, errors)"""
    calls = at_ease(name)
    picked = sorted(random.Random(RSEED).sample(range(len(calls)), min(MOST or len(calls), len(calls))))
    plan = [(calls[n], "signal=KILL") for n in picked]
    if ERRORS:
        plan += [(calls[n], "error=" + FAILURES[calls[n][0]]) for n in picked if calls[n][0] in FAILURES]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        shares = list(pool.map(lives, [name] * JOBS, [plan[first::JOBS] for first in range(JOBS)]))
    deaths, errors, wrong = (sum(parts, []) if isinstance(parts[0], list) else sum(parts) for parts in zip(*shares))
    assert not wrong, "\n".join(["%d of %d did not hold" % (len(wrong), len(plan)), *wrong])
    assert deaths > 0, "none of %d deaths came" % len(picked)
    return len(calls), deaths, errors


def may_trace():
    return shutil.which("strace") and subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL,
                                                     check=False).returncode == 0


def main():
    names = list(SCENARIOS) if ASKED == "all" else ASKED.split(",")
    failed, told = 0, []
    print("1..%d" % len(names), flush=True)
    for number, name in enumerate(names, 1):
        if not may_trace():
            print("ok %d - %s # SKIP there is no strace, or no process may be traced here" % (number, name))
            continue
        try:
            told.append(one(name))
            print("ok %d - %s: %d system calls, %d deaths, %d errors, each equal to a replay" % (number, name, *told[-1]), flush=True)
        except AssertionError as why:
            failed += 1
            campaign.failed(number, "%s (RSEED=%d)" % (name, RSEED), why, 1000)
    print("# " + campaign.row("death at every system call of a commit and of a delivery (strace injection), 12 scenarios",
                              "%d scenarios" % len(told), "make syscalls SCENARIOS=%s DEATHS=%d ERRORS=%d" % (ASKED, MOST, ERRORS), RSEED,
                              "%d system calls, %d deaths before one, %d calls that failed instead; each time the next churnd came to "
                              "what a replay comes to" % tuple(sum(row[n] for row in told) for n in range(3))))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
