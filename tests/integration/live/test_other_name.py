#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What somebody did under another name, with everything running: a mail about a cart whose owner
bought as somebody else is taken back, in whichever state it is when the two turn out to be one; and
a person whom thousands of names are hung on keeps a few, while nobody else notices.

usage: test_other_name.py WAYMARK [TEST...]
"""

import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("..", "../console", "../torture", "../../unit/store"):
    sys.path.insert(0, os.path.join(HERE, folder))
import partition_model  # noqa: E402
import shop  # noqa: E402
from desk import Desk, harness  # noqa: E402

tap = harness.Tap()

CONSUMER = "consumer-t0ken-0123456789"
KEY = "wk_trusted_0123456789"
KEYS = "[shop]\nkey = %s\nkind = server\nchannel = web\nrate = 0\nrights = traits merge privileged\n" % KEY
RULE = {"id": "cart", "description": "A cart left alone.", "class": "task", "key": "cart_id",
        "arm": ["Product Added"], "cancel": [{"event": "Order Completed", "match": "customer"}],
        "wait": "10ms", "grace": "0s", "slack": "0s", "round": "1ms", "channels": ["email"],
        "gates": "off"}


def partition(key):
    return partition_model.siphash24(b"waymark:customer", key.encode()) % harness.PARTITIONS


class Shop(Desk):
    """A desk with one rule, a source that may link, and a consumer of jobs."""

    def config_text(self, settings=""):
        self.write("rules/cart.json", json.dumps(RULE))
        token = self.write_token(CONSUMER, "consumer-token")
        keys = self.write("keys-of-shop.ini", KEYS)
        lines = super().config_text("consumer_token_file = %s\n" % token + settings).splitlines(True)
        swap = {"rules =": self.path("rules"), "keys =": keys}
        return "".join(next((start + " " + value + "\n" for start, value in swap.items()
                             if line.startswith(start)), line) for line in lines)

    def say(self, path, **body):
        with self.console.http() as http:
            return http.request("POST", path, {"Host": "localhost", "Authorization":
                                               "Bearer " + CONSUMER}, json.dumps(body).encode())

    def lease(self, count):
        jobs = []

        def enough():
            jobs.extend(self.say("/v1/jobs/lease", consumer="me", wait="1s",
                                 max=count - len(jobs)).json()["jobs"])
            return len(jobs) == count
        harness.wait_until(enough, "%d jobs" % count)
        return jobs

    def state(self, job):
        return self.ask("/v1/jobs/" + job["job"]["id"]).json()["state"]

    def track(self, name, message, at=None, properties=None, **who):
        return {"type": "track", "event": name, "messageId": message, "properties": properties or {},
                **({"timestamp": at} if at else {}), **who}

    def count(self, name):
        return shop.counters(self.server)[name]


def bought_as(wait_name, waits, buy_name, buys):
    """Carts of WAITS; a purchase of BUYS, from before the jobs; then it turns out who they are."""
    tap.ok(partition(wait_name) != partition(buy_name), "in two partitions")
    with Shop() as desk:
        desk.post([desk.track("Product Added", "add-%d" % n, properties={"cart_id": "C%d" % n},
                              **waits) for n in range(4)], KEY)
        ready = 'waymark_jobs{class="task",state="ready"} %d\n'
        harness.wait_until(lambda: (ready % 4).encode() in desk.ask("/metrics").body, "four jobs")
        told, sent, done = desk.lease(3)
        tap.equal(desk.say("/v1/jobs/%s/ack" % done["job"]["id"], token=done["token"]).status, 200,
                  "one was sent")
        tap.equal({job["job"]["customer"] for job in (told, sent, done)}, {wait_name},
                  "whose they are")
        at = max(job["job"]["armed_at"] for job in (told, sent, done))
        desk.post([desk.track("Order Completed", "bought", at, {"order_id": "O1"}, **buys)], KEY)
        desk.wait_events(buy_name, 1)
        tap.equal([desk.state(job) for job in (told, sent, done)], ["leased", "leased", "done"],
                  "nobody knows yet")
        desk.post([{"type": "identify", "messageId": "same", "userId": buys.get("userId") or
                    waits["userId"], **{name: value for who in (waits, buys)
                                        for name, value in who.items() if name != "userId"}}], KEY)
        harness.wait_until(lambda: desk.state(told) == desk.state(sent) == "retracting",
                           "both to be taken back")
        tap.equal(desk.say("/v1/jobs/lease", consumer="me", wait="0s").json()["jobs"], [],
                  "the one that was ready is not given out")
        answers = [desk.say("/v1/jobs/%s/%s" % (job["job"]["id"], verb), token=job["token"])
                   for job, verb in ((told, "extend"), (told, "fail"), (sent, "ack"))]
        tap.equal([(answer.status, answer.json()["code"]) for answer in answers],
                  [(409, "retracted")] * 3, "whoever has them is told")
        tap.equal([desk.state(job) for job in (told, sent, done)], ["retracted", "done", "done"],
                  "what became of them")
        harness.wait_until(lambda: 'waymark_today_late_cancel_total{rule="cart"} 2\n'
                           in desk.ask("/metrics").body.decode(), "two that went out in vain")
        tap.equal(desk.customer(wait_name).json()["customer"], desk.customer(buy_name).json()["customer"],
                  "one customer")
        tap.equal(desk.count("identity_merged"), 1, "that became one once")


@tap.test
def a_visitor_who_bought_as_a_user():
    bought_as("anon:v2", {"anonymousId": "v2"}, "u1", {"userId": "u1"})


@tap.test
def a_user_who_bought_as_a_guest():
    bought_as("u1", {"userId": "u1"}, "email:guest@example.org",
              {"identifiers": {"email": "guest@example.org"}})


@tap.test
def thousands_of_names_on_one_person():
    """A page that sends one user id for everybody, or a till that scans the same card all day."""
    names, limit, others = 5000, 200, 20
    with Shop() as desk:
        def latency(number):
            start = time.monotonic()
            desk.post([desk.track("Product Viewed", "o%d" % number, userId="o%d" % (number % others))],
                      KEY)
            desk.wait_events("o%d" % (number % others), 1 + number // others)
            return time.monotonic() - start
        before = [latency(number) for number in range(others)]
        for start in range(0, names, 1000):
            desk.post([desk.track("Page Viewed", "n%d" % n, userId="everybody", anonymousId="n%d" % n)
                       for n in range(start, start + 1000)], KEY)
        during = [latency(number) for number in range(others, 3 * others)]
        journey = desk.wait_events("everybody", names)
        harness.wait_until(lambda: desk.count("identity_linked") == limit, "the links")
        # Each is decided behind what the names that have room may still say: later than its event.
        harness.wait_until(lambda: desk.count("identity_limit") == names - limit,
                           "what was refused to be counted")
        entries = desk.entries("everybody", limit=200)
        decisions = [entry for entry in entries if entry["kind"] == "decision"]
        tap.equal(sum(d["outcome"] == "linked" for d in decisions), limit, "each link is shown")
        refused = [d for d in decisions if d["outcome"] == "not_linked"]
        tap.equal(len(refused), 1, "and that it came to an end, once")
        tap.ok("limit" in json.dumps(refused), "with the reason")
        tap.equal(len(entries), names + limit + 1, "and every event")
        size = desk.server("STRLEN", "wm:{p%d}:c:everybody" % partition("everybody"))
        tap.ok(size < 20000, "a record of %d bytes" % size)
        print("# a record of %d bytes; others: %.0f ms before, at most %.0f ms during" % (
            size, 1000 * max(before), 1000 * max(during)), flush=True)
        tap.ok(max(during) < 10, "nobody else waits for it")
        linked = [n for n in range(names) if desk.server("GETRANGE", "wm:{p%d}:c:anon:n%d" % (
            partition("anon:n%d" % n), n), 0, 1) == b"L1"]
        tap.equal(len(linked), limit, "as many lead to them as may")
        # A worker that knows nothing by heart: those that are known are not asked again.
        desk.worker.kill()
        desk.worker = desk.role("worker", ["--config", desk.config], name="again")
        desk.post([desk.track("Page Viewed", "again-%d" % n, userId="everybody",
                              anonymousId="n%d" % n) for n in linked], KEY)
        # One of theirs alone is theirs, another's is a stranger's.
        stranger = next(n for n in range(names) if n not in linked)
        desk.post([desk.track("Page Viewed", "alone-%d" % n, anonymousId="n%d" % n)
                   for n in (linked[0], stranger)], KEY)
        desk.wait_events("everybody", names + limit + 1)
        desk.wait_events("anon:n%d" % stranger, 1)
        tap.equal(desk.customer("anon:n%d" % stranger).json()["customer"], "anon:n%d" % stranger,
                  "a stranger")
        harness.wait_quiet(desk.server)
        tap.equal((desk.count("identity_linked"), desk.count("identity_limit")),
                  (limit, names - limit), "nothing was linked or refused twice")
        tap.equal(journey["customer"], "everybody", "who they are")


@tap.test
def a_timeline_of_more_parts_than_a_record_has_room_for():
    """Eighty visitors with thirty events each, who were all one: each was a customer of their own
    with entries put away, and all of them stay in view."""
    visitors, each = 80, 30
    with Shop() as desk:
        for first in range(0, visitors, 20):
            desk.post([desk.track("Page Viewed", "v%d-%d" % (v, n), anonymousId="v%d" % v,
                                  at="2026-03-%02dT%02d:%02d:00Z" % (1 + v // 10, n // 2, v % 60))
                       for v in range(first, first + 20) for n in range(each)], KEY)
        for v in range(visitors):
            desk.wait_events("anon:v%d" % v, each)
        desk.post([{"type": "identify", "messageId": "i%d" % v, "userId": "all",
                    "anonymousId": "v%d" % v, "timestamp": "2026-03-20"} for v in range(visitors)],
                  KEY)
        harness.wait_until(lambda: desk.count("identity_merged") == visitors, "the merges")
        desk.wait_events("all", visitors * each + visitors)
        beside = desk.server("LLEN", "wm:{p%d}:parts:all" % partition("all"))
        tap.equal(beside, visitors - 64, "those that have no room in the record")
        want = sorted(["v%d-%d" % (v, n) for v in range(visitors) for n in range(each)] +
                      ["i%d" % v for v in range(visitors)])
        for limit in (200, 50):
            found = [e for e in desk.entries("all", limit=limit) if e["kind"] == "event"]
            tap.equal(sorted(e["message_id"] for e in found), want, "each event once")
            tap.equal([e["at"] for e in found], sorted((e["at"] for e in found), reverse=True),
                      "newest first")
        # And they in turn become part of somebody else.
        desk.post([{"type": "alias", "messageId": "same", "previousId": "all", "userId": "a"},
                   desk.track("Page Viewed", "last", userId="a")], KEY)
        desk.wait_events("a", visitors * each + visitors + 1)
        found = [e for e in desk.entries("a", limit=200, to="2026-03-19") if e["kind"] == "event"]
        tap.equal(sorted(e["message_id"] for e in found), [w for w in want if w[0] == "v"],
                  "through two")


tap.run()
