# SPDX-License-Identifier: Apache-2.0
"""Python with redis-py, plain ifs, and state in a dict.  plain.py SOCKET EVENTS ALERTS LAST-ID"""
import json
import sys
import time
from collections import defaultdict

import redis

DAY = 86400000


class Customer:
    def __init__(self):
        self.count = defaultdict(int)
        self.last_seen = {}
        self.fired = set()


def rules_that_hold(customer, now):
    count, login = customer.count, customer.last_seen.get("login")
    if count["payment_failed"] >= 1:
        yield "payment_failed"
    if count["payment_failed"] >= 3:
        yield "payments_failed"
    if count["grave"] >= 1:
        yield "complaint_grave"
    if count["complaint"] >= 2:
        yield "complaints"
    if login is not None and now - login >= 14 * DAY:
        yield "login_silence"


def handle(customers, event, pipe, alerts):
    customer, now = customers[event["customer"]], int(event["ts"])
    customer.count[event["type"]] += 1
    if event["type"] == "complaint" and event.get("severity") == "high":
        customer.count["grave"] += 1
    customer.last_seen[event["type"]] = now
    for rule in rules_that_hold(customer, now):
        if rule not in customer.fired:
            customer.fired.add(rule)
            pipe.xadd(alerts, {"customer": event["customer"], "rule": rule, "at": now})


def main():
    socket, events, alerts, last = sys.argv[1:]
    client = redis.Redis(unix_socket_path=socket, decode_responses=True)
    client.xgroup_create(events, "python", "0")
    customers = defaultdict(Customer)
    begun, count, at = time.monotonic(), 0, ""
    while at != last:
        [(_, messages)] = client.xreadgroup("python", "one", {events: ">"}, count=1000)
        pipe = client.pipeline(transaction=False)
        for _, event in messages:
            handle(customers, event, pipe, alerts)
        pipe.xack(events, "python", *[name for name, _ in messages])
        pipe.execute()
        count += len(messages)
        at = messages[-1][0]
    print(json.dumps({"events": count, "seconds": time.monotonic() - begun, "cpu_s": time.process_time()}))


if __name__ == "__main__":
    main()
