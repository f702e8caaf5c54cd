#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mailgun signs a token and a time, not the body: a token counts for the bytes that it came with.

Formula: documentation.mailgun.com, "Securing webhooks": HMAC-SHA256(key, timestamp + token) in hex.

usage: test_replay.py WAYMARK [TEST...]
"""

import hashlib
import hmac
import json
import time

from door import Door, harness

tap = harness.Tap()
KEY = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"
MAPPING = {"preset": "mine", "about": "Mails.", "kind": "json", "verify": {"scheme": "mailgun"},
           "topic": "{event-data.event}",
           "events": [{"on": ["delivered"], "event": "Email Delivered", "user": "{event-data.user}",
                       "id": "{event-data.id}"}]}
AT = str(int(time.time()))
HOOK = "[%s]\nkind = hook\nmapping = mine.json\nsecret_file = secret\n"


class Mails(Door):
    def start(self, settings="", name="collector", redis=None):
        self.write("mine.json", json.dumps(MAPPING))
        self.write("secret", KEY)
        keys = self.write("keys.ini", HOOK % "mails" + HOOK % "more")
        return self.role("collector", ["--config", self.write(name + ".ini", (
            "[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\n%s\n" % (
                (redis or self.server).socket, self.path(name + ".sock"), keys, settings)))],
            name=name)

    def tell(self, token, user, hook="mails", pad=""):
        at = AT
        sign = hmac.new(KEY.encode(), (at + token).encode(), hashlib.sha256).hexdigest()
        body = {"signature": {"timestamp": at, "token": token, "signature": sign},
                "event-data": {"event": "delivered", "user": user, "id": "id-" + user + pad}}
        return self.collector.post("/hooks/" + hook, json.dumps(body).encode(),
                                   {"Content-Type": "application/json"})


@tap.test
def a_token_counts_for_its_bytes():
    with Mails() as door:
        tap.equal(door.tell("a" * 50, "u1").status, 200, "new")
        tap.equal(door.tell("a" * 50, "u1").status, 200, "the same once more")
        answer = door.tell("a" * 50, "u2")
        tap.equal((answer.status, answer.json()["code"]), (401, "replayed"), "with other bytes")
        tap.equal(door.tell("b" * 50, "u2").status, 200, "another token")
        tap.equal(door.tell("a" * 50, "u2", hook="more").status, 200, "another hook")
        tap.equal(door.tell("a" * 50, "u1").status, 200, "the first ones still")
        tap.equal(door.metrics()['waymark_webhook_signature_failures_total'
                                 '{source="mails",reason="replayed"}'], 1, "counted")
        tap.equal(sorted(set(door.stored_ids())), ["id-u1", "id-u2"], "events")


if __name__ == "__main__":
    tap.run()
