#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark backtest --events FILE` over customers who go by several names: when each job fires, after
whom it is named, and which are taken back. Worked out by hand from the rule (one hour after the cart
was last touched, unless they buy) and from when the names were said to be one's.

usage: test_names.py WAYMARK [TEST...]
"""

import hashlib
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

RULE = {"id": "cart", "class": "service", "key": "cart_id", "arm": ["Product Added"],
        "cancel": [{"event": "Order Completed", "match": "customer"}], "wait": "1h",
        "channels": ["email"], "gates": "off", "grace": "0s", "slack": "0s", "round": "1ms",
        "stale_after": "never", "tombstone": "0s"}
tap = harness.Tap()


def at(time, day=2):
    return "2026-03-%02dT%s:00.000Z" % (day, time)


class Story:
    """Lines of a file, in order of their times."""

    def __init__(self, rule=None):
        self.rule = rule or RULE
        self.lines = []

    def say(self, time, kind, day=2, **more):
        self.lines.append({"type": kind, "messageId": "m%d" % len(self.lines),
                           "timestamp": at(time, day), "receivedAt": at(time, day), **more})

    def cart(self, time, cart, **who):
        self.say(time, "track", event="Product Added", properties={"cart_id": cart}, **who)

    def order(self, time, **who):
        self.say(time, "track", event="Order Completed",
                 properties={"order_id": "O%d" % len(self.lines)}, **who)

    def run(self):
        self.lines.sort(key=lambda line: line["timestamp"])
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("rules.json", "events.ndjson")]
            for path, text in zip(paths, (json.dumps([self.rule]),
                                          "".join(json.dumps(x) + "\n" for x in self.lines))):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            with harness.Place() as place:
                status, out, error = place.tool("backtest", "--rules", paths[0], "--events",
                                                paths[1], "--json")
        assert status == 0, error
        return json.loads(out)


def name_of_job(*parts):
    """Triggers, section 7: SHA-256 over the netstrings of what the job is."""
    text = b"wm1|" + b"".join(b"%d:%s," % (len(part), part) for part in map(str.encode, parts))
    return hashlib.sha256(text).hexdigest()[:32]


def email(name):
    return {"identifiers": {"email": name + "@example.org"}}


@tap.test
def jobs_of_people_with_several_names():
    story = Story()
    # Bought under the name that the visitor turned out to have: no job.
    story.cart("10:00", "A", anonymousId="a")
    story.say("10:20", "identify", anonymousId="a", userId="ua")
    story.order("10:30", userId="ua")
    # Known since 10:25, did not buy: 11:05, named after who said so.
    story.cart("10:05", "B", anonymousId="b")
    story.say("10:25", "identify", anonymousId="b", userId="ub")
    # Bought as a guest at 10:40, which nobody knew to be the same until 11:30: 11:10, taken back.
    story.cart("10:10", "C", anonymousId="c")
    story.order("10:40", **email("c"))
    story.say("11:30", "identify", anonymousId="c", userId="uc", **email("c"))
    # The same, but bought after the job was due, and before anybody sent it: taken back as well.
    story.cart("10:12", "F", anonymousId="f")
    story.order("11:20", **email("f"))
    story.say("11:40", "identify", anonymousId="f", userId="uf", **email("f"))
    # Known before the cart, which comes by the visitor's number alone: the user's, named after the visitor.
    story.say("10:01", "identify", anonymousId="d", userId="ud")
    story.cart("10:15", "D", anonymousId="d")
    # One cart on two devices, touched at 10:02 and 10:31, one person since 10:45: one job, an hour
    # after the later, and named after who filled it then.
    story.cart("10:02", "E", anonymousId="e1")
    story.cart("10:31", "E", anonymousId="e2")
    story.say("10:45", "identify", anonymousId="e1", userId="ue")
    story.say("10:46", "identify", anonymousId="e2", userId="ue")
    story.say("13:00", "track", event="Page Viewed", userId="the end")
    report = story.run()
    expected = [("11:05", "anon:b", "ub", "B", None), ("11:10", "anon:c", "anon:c", "C", "11:30"),
                ("11:12", "anon:f", "anon:f", "F", "11:40"), ("11:15", "anon:d", "ud", "D", None),
                ("11:31", "anon:e2", "ue", "E", None)]
    tap.equal([(job["fire_at"], job["customer"], job.get("canonical", job["customer"]), job["key"],
                job["retracted"] and job["retracted"]["at"])
               for job in sorted(report["jobs"], key=lambda job: job["fire_at"])],
              [(at(when), who, now, "cart:" + cart, gone and at(gone))
               for when, who, now, cart, gone in expected], "the jobs")
    tap.equal(sorted(job["id"] for job in report["jobs"]),
              sorted(name_of_job("cart", "1", who, "cart:" + cart, "1", "main")
                     for _, who, _, cart, _ in expected), "what they are called")
    counts = report["rules"][0]
    tap.equal((counts["armed"], counts["jobs"], counts["retracted"]), (7, 5, 2), "in figures")
    tap.equal(report["events"]["applied"], len(story.lines), "every line counted once")


@tap.test
def what_was_done_days_before_they_were_one():
    """A wait of five days from the last activity, begun on Monday; on Tuesday something is done under
    another name, and on Thursday both are one: as if they had been so from the start."""
    rule = dict(RULE, wait="120h", touch=["Product Viewed"], tombstone="45d")
    for name, due in (("Product Viewed", at("10:30", 8)), ("Product Added", at("10:30", 8)),
                      ("Page Viewed", at("10:00", 7)), ("Order Completed", None)):
        for linked in (1, 5):
            story = Story(rule)
            story.say("09:00", "identify", linked, anonymousId="a", userId="u")
            story.cart("10:00", "A", anonymousId="a")
            story.say("10:30", "track", 3, event=name, userId="u",
                      properties={"cart_id": "A", "order_id": "O"})
            story.say("12:00", "track", 9, event="Page Viewed", userId="u")
            tap.equal([job["fire_at"] for job in story.run()["jobs"]], [due] if due else [],
                      "%s, one since the %d." % (name, linked))


tap.run()
