# SPDX-License-Identifier: Apache-2.0
"""Alerts and endpoints for the figures of delivery."""
import json

from support.house import SECRET

BODY = {"type": "rule.fired", "timestamp": "2026-11-21T10:00:00.000Z", "version": 1, "data": {
    "customer": "", "name": "Acme", "owner": "li", "level": "at_risk", "risk": 65, "health": 35, "stage": "at_risk",
    "episode": 3, "seq": 17, "key": "ep_nb2wgo3kom3nwgno4p6gnh2n", "status": "open", "cause": "event",
    "caused_by": "1795255200000-0", "value": 5880, "rule": "bench", "points": 25, "text": "no login for 14 days",
    "evidence": [{"expr": "silent(login)", "value": 1209600, "unit": "s", "text": "14 days"}],
    "reasons": [{"rule": "login_silence", "category": "usage", "points": 25, "text": "no login for 14 days",
                 "advice": "call the champion", "since": "2026-11-21T10:00:00.000Z", "evidence": []}],
    "profile": {"tier": "business"}, "tags": ["high_value"]}}
CUSTOMERS = 5000


def alert(number, to):
    name, customer = "al_%026d" % number, "c%d" % (number % CUSTOMERS)
    body = dict(BODY, id=name, data=dict(BODY["data"], customer=customer))
    return ["id", name, "type", "rule.fired", "customer", customer, "at", "1795255200000", "to", to,
            "body", json.dumps(body, separators=(",", ":"))]


def fill_alerts(house, count, to):
    """A backlog in the outbox; returns its last entry."""
    for first in range(0, count, 2000):
        last = house.redis.pipeline([["XADD", house.key("alerts"), "*", *alert(n, to)]
                                     for n in range(first, min(count, first + 2000))])[-1]
    return last


def webhook(name, url, more=""):
    return '  %s: {url: "%s", secret: "whsec_%s", allow: [127.0.0.0/8]%s}\n' % (name, url, SECRET, more)
