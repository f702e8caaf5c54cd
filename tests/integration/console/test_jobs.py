#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs handed over by a living console: leased, reported on, taken back, judged again, by consumers
that race and that die; and what became of each in the customer's timeline.

usage: test_jobs.py WAYMARK [TEST...]
"""

import datetime
import json
import os
import subprocess
import sys
import threading

from desk import RULES, TOKEN, Desk, harness

tap = harness.Tap()

CONSUMER = "consumer-t0ken-0123456789"
ABSENT = "0" * 32


class Hatch(Desk):
    """A desk whose one rule makes a job of every cart, at once."""

    def __init__(self, settings="", **changes):
        self.changes = changes
        super().__init__(settings="consumer_token_file = CONSUMER\n" + settings)

    def rule(self, **changes):
        rule = {
            "id": "cart", "description": "A cart left alone.", "class": "task",
            "key": "cart_id", "arm": ["Product Added"], "cancel": ["Order Completed"],
            "wait": "10ms", "grace": "0s", "slack": "0s", "round": "1ms", "channels": ["email"],
            "gates": "off",
        }
        rule.update(self.changes)
        rule.update(changes)
        rule = {name: value for name, value in rule.items() if value is not None}
        self.write("rules/cart.json", json.dumps(rule))

    def config_text(self, settings=""):
        self.rule()
        token = self.write_token(CONSUMER, "consumer-token")
        text = super().config_text(settings.replace("CONSUMER", token))
        return "".join("rules = %s\n" % self.path("rules") if line.startswith("rules =") else line
                       for line in text.splitlines(True))

    def say(self, path, bearer=CONSUMER, **body):
        return self.say_raw(path, json.dumps(body).encode(), bearer)

    def say_raw(self, path, body, bearer=CONSUMER):
        fields = {"Host": "localhost", "Authorization": "Bearer " + bearer}
        with self.console.http() as http:
            return http.request("POST", path, fields, body)

    def lease(self, consumer="me", wait="10s", **more):
        answer = self.say("/v1/jobs/lease", consumer=consumer, wait=wait, **more)
        if answer.status != 200:
            raise AssertionError("not leased: %r" % answer)
        return answer.json()["jobs"]

    def report(self, leased, what, **more):
        if "token" not in more and what != "outcome":
            more["token"] = leased["token"]
        return self.say("/v1/jobs/%s/%s" % (leased["job"]["id"], what), **more)

    def show(self, leased):
        return self.ask("/v1/jobs/" + leased["job"]["id"]).json()

    def carts(self, numbers, user="u%d"):
        self.post([{"type": "track", "userId": user % n if "%" in user else user,
                    "event": "Product Added", "messageId": "add-%d" % n,
                    "properties": {"cart_id": "C%d" % n}} for n in numbers])

    def order(self, cart, at, user):
        self.post([{"type": "track", "userId": user, "event": "Order Completed", "timestamp": at,
                    "messageId": "order-" + cart,
                    "properties": {"cart_id": cart, "order_id": "O-" + cart}}])

    def wait_state(self, leased, state):
        harness.wait_until(lambda: self.show(leased)["state"] == state, state)

    def told(self, user, name):
        """The events of that name in the customer's timeline."""
        return [e for e in self.entries(user) if e.get("event") == name]


def is_problem(answer, status, code, pointer, name):
    tap.equal((answer.status, answer.fields["content-type"]), (status, "application/problem+json"),
              name)
    tap.equal((answer.json()["code"], answer.json().get("pointer")), (code, pointer), name)


@tap.test
def a_job_is_leased_sent_and_told_of():
    with Hatch() as desk:
        desk.carts([1])
        leased = desk.lease()[0]
        tap.equal((leased["job"]["key"], leased["channel"], leased["tries"]), ("cart:C1", "email", 1),
                  "the job")
        tap.equal(desk.show(leased)["state"], "leased", "its state")
        tap.equal(desk.lease(wait="0s"), [], "once only")
        answer = desk.report(leased, "extend", lease="5m")
        tap.equal((answer.status, answer.json()["state"]), (200, "leased"), "more time")
        tap.ok(answer.json()["lease_until"] > leased["lease_until"], "later")
        for _ in range(2):
            answer = desk.report(leased, "ack")
            tap.equal((answer.status, answer.json()["state"]), (200, "done"), "ack")
        for again in (False, True):
            answer = desk.report(leased, "outcome", outcome="delivered")
            tap.equal((answer.status, answer.json()["outcome"], answer.json()["again"]),
                      (200, "delivered", again), "outcome")
        tap.equal(list(desk.show(leased)["outcomes"]), ["delivered"], "what is known of it")
        harness.wait_until(lambda: desk.told("u1", "Notification Delivered"), "the timeline")
        sent = desk.told("u1", "Notification Sent")
        tap.equal(len(sent), 1, "told once")
        tap.equal((sent[0]["source"], sent[0]["channel"], sent[0]["properties"]["job_id"]),
                  ("jobs", "email", leased["job"]["id"]), "what is told")
        is_problem(desk.report(leased, "extend"), 409, "lease_lost", "/token", "extended when done")


@tap.test
def every_member_is_held_to_its_limit():
    with Hatch() as desk:
        lease = {"consumer": "me"}
        rows = [
            ("lease", {}, "/consumer"), ("lease", {"consumer": ""}, "/consumer"),
            ("lease", {"consumer": "x" * 65}, "/consumer"), ("lease", {"consumer": 1}, "/consumer"),
            ("lease", dict(lease, max=0), "/max"), ("lease", dict(lease, max=101), "/max"),
            ("lease", dict(lease, max=1.5), "/max"), ("lease", dict(lease, max="1"), "/max"),
            ("lease", dict(lease, lease="999ms"), "/lease"),
            ("lease", dict(lease, lease="1h1ms"), "/lease"),
            ("lease", dict(lease, lease=30), "/lease"), ("lease", dict(lease, wait="30001ms"), "/wait"),
            ("lease", dict(lease, channels=[]), "/channels"),
            ("lease", dict(lease, channels=["a"] * 9), "/channels"),
            ("lease", dict(lease, channels=["a" * 32]), "/channels"),
            ("lease", dict(lease, channels=[""]), "/channels"),
            ("lease", dict(lease, channels="email"), "/channels"),
            ("lease", dict(lease, token="x"), "/token"), ("lease", dict(lease, maks=1), "/maks"),
            ("X/ack", {}, "/token"), ("X/ack", {"token": "x" * 48}, "/token"),
            ("X/ack", {"token": "x", "at": "soon"}, "/at"),
            ("X/ack", {"token": "x", "reason": "y"}, "/reason"),
            ("X/fail", {"token": "x", "reason": "y" * 201}, "/reason"),
            ("X/fail", {"token": "x", "retry_after": "24h1ms"}, "/retry_after"),
            ("X/fail", {"token": "x", "final": "yes"}, "/final"),
            ("X/extend", {"token": "x", "lease": "0s"}, "/lease"),
            ("X/outcome", {}, "/outcome"), ("X/outcome", {"outcome": "sent"}, "/outcome"),
            ("X/outcome", {"outcome": "cancelled"}, "/outcome"),
            ("X/outcome", {"outcome": "bounced", "bounce": "firm"}, "/bounce"),
        ]
        for path, body, pointer in rows:
            answer = desk.say("/v1/jobs/" + path.replace("X", ABSENT), **body)
            tap.equal((answer.status, answer.json().get("pointer")), (400, pointer),
                      "%s %r" % (path, body))
        at_limit = [
            ("lease", {"consumer": "x" * 64, "max": 100, "lease": "1h", "wait": "0s",
                       "channels": ["a" * 31] * 8}, 200),
            ("lease", {"consumer": "m", "max": 1, "lease": "1s"}, 200),
            ("X/ack", {"token": "x" * 47}, 404),
            ("X/fail", {"token": "x", "reason": "y" * 200, "retry_after": "24h"}, 404),
            ("X/outcome", {"outcome": "failed", "reason": "y" * 200, "at": "2026-01-01"}, 404),
        ]
        for path, body, status in at_limit:
            answer = desk.say("/v1/jobs/" + path.replace("X", ABSENT), **body)
            tap.equal(answer.status, status, "%s %r" % (path, body))
        for body in (b"", b"[]", b"{", b'{"consumer":"m"}x', b'{"consumer":"m","consumer":"m"}',
                     b'{"consumer":"\xff"}', b'{"consumer":"\\u0000"}', b"\0"):
            tap.equal(desk.say_raw("/v1/jobs/lease", body).status, 400, repr(body))
        tap.equal(desk.say_raw("/v1/jobs/lease", b" " * 16385).status, 413, "too large")
        pad = b'{"consumer":"m"' + b" " * (16384 - 16) + b"}"
        tap.equal((len(pad), desk.say_raw("/v1/jobs/lease", pad).status), (16384, 200), "just so")
        for name in ("x", ABSENT[:-1], ABSENT + "0", "G" * 32, "%30" * 32):
            tap.equal(desk.ask("/v1/jobs/" + name).status, 404, name)


@tap.test
def who_may_do_what():
    with Hatch() as desk:
        desk.carts([1])
        tap.equal(desk.say("/v1/jobs/lease", bearer="wrong" * 5, consumer="me").status, 401, "nobody")
        leased = desk.lease()[0]
        tap.equal(desk.ask("/v1/jobs/" + leased["job"]["id"], token=CONSUMER).status, 200, "a look")
        is_problem(desk.ask("/v1/customers/u1", token=CONSUMER), 403, "staff_only", "Authorization",
                   "a consumer who looks at customers")
        tap.equal(desk.say("/v1/jobs/%s/ack" % leased["job"]["id"], bearer=TOKEN).status, 400,
                  "staff may speak too")
        made_up = leased["token"].partition("-")[0] + "-" + "0" * 32
        is_problem(desk.report(leased, "ack", token=made_up), 409, "lease_lost", "/token",
                   "a token of one's own")
        with desk.console.http() as http:
            answer = http.request("GET", "/v1/jobs/x/ack", {"Host": "localhost",
                                                            "Authorization": "Bearer " + TOKEN})
            tap.equal((answer.status, answer.fields.get("allow")), (405, "POST"), "a GET of an ack")


@tap.test
def two_consumers_get_what_the_other_does_not():
    with Hatch(settings="questions = 64") as desk:
        desk.carts(range(300))
        harness.wait_until(lambda: b'waymark_jobs{class="task",state="ready"} 300\n'
                           in desk.ask("/metrics").body, "all jobs")
        got, lock = [], threading.Lock()

        def consume(name):
            while True:
                jobs = desk.lease(consumer=name, max=7, wait="0s", lease="10m")
                if not jobs:
                    return
                with lock:
                    got.extend((name, job["job"]["id"]) for job in jobs)
                for job in jobs:
                    desk.report(job, "ack")

        threads = [threading.Thread(target=consume, args=("c%d" % i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tap.equal((len(got), len({job for _, job in got})), (300, 300), "each once")
        tap.ok(len({name for name, _ in got}) > 1, "more than one got some")
        harness.wait_until(lambda: b'waymark_jobs{class="task",state="done"} 300\n'
                           in desk.ask("/metrics").body, "all are done")
        metrics = desk.ask("/metrics").body.decode()
        tap.ok("waymark_job_leases_total 300\n" in metrics, "leases")
        tap.ok("waymark_job_lease_wait_seconds_count 300\n" in metrics, "waits")


SENDER = """\
import http.client, json, socket, sys
class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])
c = Unix("localhost")
c.request("POST", "/v1/jobs/lease", json.dumps({"consumer": "dead", "lease": "2s"}),
          {"Authorization": "Bearer " + sys.argv[2]})
print(c.getresponse().read().decode(), flush=True)
sys.stdin.read()
"""


@tap.test
def whoever_is_killed_gives_the_job_back():
    with Hatch() as desk:
        desk.carts([1])
        harness.wait_until(lambda: b'state="ready"} 1\n' in desk.ask("/metrics").body, "the job")
        sender = subprocess.Popen(
            [sys.executable, "-c", SENDER, desk.path("console.sock"), CONSUMER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        first = json.loads(sender.stdout.readline())["jobs"][0]
        sender.kill()
        sender.wait()
        tap.equal(desk.lease(wait="0s"), [], "while the lease lasts")
        second = desk.lease(wait="20s")[0]
        tap.equal((second["job"]["id"], second["tries"]), (first["job"]["id"], 2), "then again")
        tap.equal(desk.lease(wait="0s"), [], "and only once")
        is_problem(desk.report(first, "ack"), 409, "lease_lost", "/token", "the dead")
        tap.equal(desk.report(second, "ack").status, 200, "the living")
        harness.wait_until(lambda: desk.told("u1", "Notification Sent"), "the timeline")
        tap.equal(len(desk.told("u1", "Notification Sent")), 1, "sent once")


@tap.test
def late_disproof_in_each_state():
    with Hatch() as desk:
        desk.carts([1, 2, 3, 4], user="u1")
        # Leased, and not sent yet.
        jobs = harness.wait_until(lambda: desk.lease(max=3, wait="0s"), "three jobs")
        while len(jobs) < 3:
            jobs += desk.lease(max=3 - len(jobs))
        told, sent, done = jobs
        tap.equal(desk.report(done, "ack").status, 200, "sent")
        # The one that nobody waits for first: what is seen of the others says that it was applied.
        left = ({"C1", "C2", "C3", "C4"} - {job["job"]["key"][5:] for job in jobs}).pop()
        desk.order(left, told["job"]["armed_at"], "u1")
        for job in jobs:
            desk.order(job["job"]["key"][5:], job["job"]["armed_at"], "u1")
        desk.wait_state(told, "retracting")
        desk.wait_state(sent, "retracting")
        tap.equal(desk.lease(wait="0s"), [], "one that was ready is not given out")
        is_problem(desk.report(told, "extend"), 409, "retracted", None, "extended")
        is_problem(desk.report(told, "fail"), 409, "retracted", None, "left alone")
        tap.equal(desk.show(told)["state"], "retracted", "its end")
        for _ in range(2):
            is_problem(desk.report(sent, "ack"), 409, "retracted", None, "sent all the same")
        tap.equal((desk.show(sent)["state"], desk.show(sent)["late"]), ("done", True), "and noted")
        tap.equal(desk.report(done, "ack").status, 200, "that it was sent stays so")

        def late():
            lines = desk.ask("/metrics").body.decode()
            return 'waymark_today_late_cancel_total{rule="cart"} 2\n' in lines
        harness.wait_until(late, "two late ones")


@tap.test
def what_failed_comes_back_until_it_is_given_up():
    with Hatch(settings="tries = 2") as desk:
        desk.carts([1])
        leased = desk.lease()[0]
        answer = desk.report(leased, "fail", reason="mailbox full", retry_after="100ms")
        tap.equal((answer.status, answer.json()["state"]), (200, "ready"), "again")
        tap.equal(desk.show(leased)["reason"], "mailbox full", "why")
        again = desk.lease()[0]
        tap.equal(again["tries"], 2, "the second time")
        answer = desk.report(again, "fail", reason="mailbox still full")
        tap.equal((answer.status, answer.json()["state"]), (200, "failed"), "given up")
        harness.wait_until(lambda: desk.told("u1", "Notification Failed"), "the timeline")
        desk.carts([2])
        leased = desk.lease()[0]
        tap.equal(desk.report(leased, "fail", final=True).json()["state"], "failed", "at once")
        is_problem(desk.say("/v1/jobs/%s/outcome" % ABSENT, outcome="opened"), 404, "no_job", None,
                   "of nothing")


@tap.test
def whoever_is_erased_takes_along_what_was_leased():
    with Hatch() as desk:
        desk.carts([1], user="gone")
        told = desk.lease()[0]
        desk.carts([2], user="gone")
        sent = desk.lease()[0]
        tap.equal(desk.report(sent, "ack").status, 200, "sent before")
        desk.carts([3], user="gone")
        desk.carts([4], user="stays")
        harness.wait_until(lambda: b'state="ready"} 2\n' in desk.ask("/metrics").body, "two more")
        status, out, error = desk.tool("customer", "erase", "gone", "--yes", "--json", "--by",
                                       "tester", "--config", desk.config, within=90)
        tap.equal((status, error), (0, ""), "erased")
        tap.equal(json.loads(out)["removed"]["jobs"], 3, "jobs in the receipt")
        for what in ("extend", "fail", "ack"):
            is_problem(desk.report(told, what), 404, "no_job", None, what + " of what was leased")
        for what in ("delivered", "bounced"):
            is_problem(desk.report(sent, "outcome", outcome=what), 404, "no_job", None, what)
        tap.equal([j["job"]["key"] for j in desk.lease(max=9)], ["cart:C4"], "only the other's")
        tap.equal(desk.lease(max=9, wait="0s"), [], "and no more")
        desk.carts([5], user="gone")
        desk.carts([6], user="stays")
        tap.equal([j["job"]["key"] for j in desk.lease(max=9)], ["cart:C6"], "kept out")
        tap.equal(desk.customer("gone").status, 404, "nobody came back")
        told_of = [fields for p in range(harness.PARTITIONS)
                   for _, fields in desk.server("XRANGE", "wm:{p%d}:in" % p, "-", "+")
                   if any(job["job"]["id"].encode() in value for value in fields
                          for job in (told, sent))]
        tap.equal(told_of, [], "nothing is said of the jobs")


@tap.test
def the_condition_is_asked_again_at_the_lease():
    with Hatch(fire_if={"<": [{"var": "s.orders"}, 1]}, channels=["email"]) as desk:
        desk.carts([1, 2], user="u1")
        harness.wait_until(lambda: b'state="ready"} 2\n' in desk.ask("/metrics").body, "two jobs")
        # An order without a cart: nothing is taken back, but the customer is no stranger any more.
        desk.post([{"type": "track", "userId": "u1", "event": "Order Completed", "messageId": "o1",
                    "timestamp": "2020-01-01", "properties": {"order_id": "O1", "cart_id": "C9"}}])
        desk.wait_events("u1", 3)
        tap.equal(desk.lease(max=2, wait="0s"), [], "not leased")
        cancelled = harness.wait_until(lambda: desk.told("u1", "Notification Cancelled"),
                                       "the timeline")
        tap.equal((cancelled[0]["properties"]["reason"], cancelled[0]["properties"]["gate"]),
                  ("fire_if", "condition"), "why")


@tap.test
def what_is_gone_again_or_not_wanted_is_not_given_out():
    with open(os.path.join(RULES, "back_in_stock.json"), encoding="utf-8") as file:
        pack = json.load(file)[0]
    for cancel, over, n, end in ((pack["cancel"], "Stock Changed", 2, "retracted"),
                                 (["Cart Emptied"], "Stock Alert Cancelled", 1, "cancelled")):
        with Hatch(**dict(pack, wait="10ms", gates="off", cancel=cancel)) as desk:
            def say(event, stock, desk=desk):
                desk.post([dict({} if event == "Stock Changed" else {"userId": "ada"}, type="track",
                                event=event, messageId=event + str(stock), properties={
                                    "sku": "R-54", "stock": stock, "before": 1 - stock})])
            say("Stock Alert Requested", 0)
            desk.wait_events("ada", 1)
            say("Stock Changed", 1)
            job = harness.wait_until(lambda: [e["job"] for e in desk.entries("ada") if "job" in e], over)[0]
            say(over, 0)
            harness.wait_until(lambda: len(desk.told("ada", over)) == n, over)
            tap.equal((desk.lease(wait="0s"), desk.ask("/v1/jobs/" + job).json()["state"]), ([], end), over)


@tap.test
def consent_withdrawn_between_fire_and_lease():
    # Not capped: two carts, and neither stands in the other's way.
    changes = {"class": "marketing", "gates": None, "holdout": 0, "mute": [], "on_cap": "ignore"}
    with Hatch(**changes) as desk:
        def consent(status, name):
            return {"type": "track", "userId": "u1", "event": "Consent Updated", "messageId": name,
                    "properties": {"medium": "email", "status": status}}
        desk.post([{"type": "identify", "userId": "u1", "messageId": "i1",
                    "traits": {"email": "u1@shop.example"}}, consent("subscribed", "c1")])
        desk.carts([1, 2], user="u1")
        harness.wait_until(lambda: b'state="ready"} 2\n' in desk.ask("/metrics").body, "two jobs")
        leased = desk.lease()[0]
        desk.post([consent("unsubscribed", "c2")])
        desk.wait_events("u1", 5)
        tap.equal(desk.lease(max=10, wait="0s"), [], "nothing more goes out")
        cancelled = harness.wait_until(lambda: desk.told("u1", "Notification Cancelled"),
                                       "the timeline")
        tap.equal((cancelled[0]["properties"]["reason"], cancelled[0]["properties"]["gate"]),
                  ("withdrawn", "consent"), "why")
        tap.equal(desk.report(leased, "ack").status, 200, "what was out is out")


@tap.test
def what_is_worth_nothing_any_more_is_not_given_out():
    with Hatch(expire="1s") as desk:
        desk.carts([1])
        harness.wait_until(lambda: desk.server("KEYS", "*:expiry"), "a job with an end")
        key = desk.server("KEYS", "*:expiry")[0]
        until = int(float(desk.server("ZRANGE", key, 0, 0, "WITHSCORES")[1]))

        def clock():
            seconds, micros = desk.server("TIME")
            return int(seconds) * 1000 + int(micros) // 1000
        harness.wait_until(lambda: clock() >= until, "the end")
        tap.equal(desk.lease(wait="0s"), [], "nothing")
        harness.wait_until(lambda: b'state="expired"} 1\n' in desk.ask("/metrics").body, "expired")


@tap.test
def waiting_ends_when_something_comes_and_when_the_console_stops():
    with Hatch() as desk:
        with desk.console.http() as http:
            fields = {"Host": "localhost", "Authorization": "Bearer " + CONSUMER}
            body = json.dumps({"consumer": "me", "wait": "30s"}).encode()
            http.send_request("POST", "/v1/jobs/lease", fields, body)
            harness.wait_until(lambda: b"waymark_job_waiters 1\n" in desk.ask("/metrics").body,
                               "somebody who waits")
            desk.carts([1])
            tap.equal(len(http.read_answer().json()["jobs"]), 1, "what came")
            http.send_request("POST", "/v1/jobs/lease", fields, body)
            harness.wait_until(lambda: b"waymark_job_waiters 1\n" in desk.ask("/metrics").body,
                               "somebody who waits")
            desk.console.signal(15)
            answer = http.read_answer()
            tap.equal((answer.status, answer.json()["jobs"]), (200, []), "the end")
        tap.equal(desk.console.wait(), 0, "exit status")


def wait_ready_job(desk):
    harness.wait_until(lambda: b'state="ready"} 1\n' in desk.ask("/metrics").body, "the job")


@tap.test
def staff_say_that_something_is_not_to_be_sent():
    with Hatch() as desk:
        desk.carts([1, 2])
        harness.wait_until(lambda: b'state="ready"} 2\n' in desk.ask("/metrics").body, "the jobs")
        leased = desk.lease()[0]
        other = [key.split(b":")[-1].decode() for p in range(harness.PARTITIONS)
                 for key in desk.server("KEYS", "wm:{p%d}:job:*" % p)
                 if leased["job"]["id"].encode() not in key][0]
        path = "/v1/jobs/%s/cancel" % other
        is_problem(desk.say(path, reason="no"), 403, "staff_only", "Authorization", "a consumer")
        is_problem(desk.say(path, TOKEN), 400, "missing_member", "/reason", "no reason")
        is_problem(desk.say(path, TOKEN, reason="x" * 201), 400, "bad_member", "/reason", "too long")
        is_problem(desk.say(path, TOKEN, reason="no", token="t"), 400, "unknown_member", "/token",
                   "a token")
        is_problem(desk.say("/v1/jobs/%s/cancel" % ABSENT, TOKEN, reason="no"), 404, "no_job", None,
                   "absent")
        for _ in range(2):
            answer = desk.say(path, TOKEN, reason="x" * 200)
            tap.equal((answer.status, answer.json()["state"]), (200, "cancelled"), "cancelled")
        desk.console.wait_log("Staff cancel a job.")
        answer = desk.say("/v1/jobs/%s/cancel" % leased["job"]["id"], TOKEN, reason="wrong text")
        tap.equal((answer.status, answer.json()["state"]), (200, "retracting"), "somebody has it")
        is_problem(desk.report(leased, "extend"), 409, "retracted", None, "who learns of it")
        desk.report(leased, "fail")
        is_problem(desk.say("/v1/jobs/%s/cancel" % leased["job"]["id"], TOKEN, reason="again"),
                   409, "job_over", None, "too late")
        user = leased["job"]["customer"]
        harness.wait_until(lambda: desk.told(user, "Notification Cancelled"), "the timeline")
        tap.equal(desk.told(user, "Notification Cancelled")[0]["properties"]["reason"], "wrong text",
                  "why")


def in_force(desk):
    """The sets of rules that partitions name."""
    return {desk.server("HGET", "wm:{p%d}:pos" % p, "rules") for p in range(harness.PARTITIONS)}


def wait_other_rules(desk, before):
    harness.wait_until(lambda: len(in_force(desk)) == 1 and in_force(desk) != before,
                       "other rules in force everywhere")


@tap.test
def the_rules_in_force_judge_and_not_those_on_the_disk():
    with Hatch() as desk:
        desk.carts([1])
        wait_ready_job(desk)
        before = in_force(desk)
        desk.rule(mode="off")
        desk.console.signal(1)
        desk.console.wait_log("Read the staff token.")
        leased = desk.lease()
        tap.equal([j["job"]["key"] for j in leased], ["cart:C1"], "the file is not in force yet")
        desk.report(leased[0], "fail", retry_after="100ms")
        desk.worker.signal(1)
        wait_other_rules(desk, before)
        tap.equal(desk.lease(wait="3s"), [], "the new rules judge")
        job = desk.show(leased[0])
        tap.equal((job["state"], job["reason"]), ("cancelled", "rule_off"), "what they say")


@tap.test
def why_speaks_of_the_rules_in_force():
    with Hatch() as desk:
        desk.carts([1])
        wait_ready_job(desk)
        before = in_force(desk)
        desk.write("rules/more.json", json.dumps({"id": "more", "class": "task", "arm": ["X"],
                                                  "wait": "1h", "channels": ["task"]}))
        desk.console.signal(1)
        desk.console.wait_log("Read the staff token.")
        rules = lambda: [r["rule"] for r in desk.ask("/v1/customers/u1/why").json()["rules"]]
        tap.equal(rules(), ["cart"], "in force")
        desk.worker.signal(1)
        wait_other_rules(desk, before)
        tap.equal(rules(), ["cart", "more"], "and then")


@tap.test
def stages_are_those_of_the_policy_in_force():
    """Fifty days of silence are lapsed where the shop's customers hardly ever stay away for forty."""
    with Hatch() as desk:
        day = datetime.timedelta(days=1)
        now = datetime.datetime.now(datetime.timezone.utc)
        desk.post([{"type": "track", "userId": "ada", "event": event, "messageId": event,
                    "timestamp": (now - age * day).isoformat(timespec="milliseconds"),
                    "properties": {"order_id": "O1"}}
                   for event, age in (("Order Completed", 50), ("Order Delivered", 45))])
        said = lambda: (desk.customer("ada").json()["stage"],
                        desk.tool("timeline", "--config", desk.config, "ada")[1].split(":")[0].split(", ")[1])
        tap.equal(desk.wait_events("ada", 2)["stage"], "new_customer", "by the default")
        before = in_force(desk)
        desk.write("rules/policy.json", json.dumps({"policy": {"lapse": {"lapsing": "30d", "lapsed": "40d"}}}))
        tap.equal(said(), ("new_customer", "new_customer"), "the file is not in force yet")
        desk.worker.signal(1)
        wait_other_rules(desk, before)
        tap.equal(said(), ("lapsed", "lapsed"), "and then")


@tap.test
def partitions_that_differ_are_each_judged_by_their_own():
    with Hatch() as desk:
        desk.carts(range(1, 41))
        harness.wait_until(lambda: b'state="ready"} 40\n' in desk.ask("/metrics").body, "the jobs")
        before = in_force(desk)
        desk.rule(mode="off")
        desk.worker.signal(1)
        wait_other_rules(desk, before)
        desk.worker.signal(15)
        desk.worker.wait()
        # As in the middle of a switch: every other partition has not come to it yet.
        for p in range(0, harness.PARTITIONS, 2):
            desk.server("HSET", "wm:{p%d}:pos" % p, "rules", list(before)[0])
        jobs = [len(desk.server("KEYS", "wm:{p%d}:job:*" % p)) for p in range(harness.PARTITIONS)]
        tap.ok(sum(jobs[0::2]) > 0 and sum(jobs[1::2]) > 0, "jobs of both: %r" % jobs)
        tap.equal(len(desk.lease(max=100, wait="2s")), sum(jobs[0::2]), "leased by the old rules")
        harness.wait_until(lambda: desk.lease(max=100, wait="0s") == [] and
                           b'state="cancelled"} %d\n' % sum(jobs[1::2]) in desk.ask("/metrics").body,
                           "cancelled by the new ones")


@tap.test
def without_rules_nothing_is_given_out():
    with Hatch() as desk:
        desk.carts([1])
        wait_ready_job(desk)
        os.rename(desk.path("rules"), desk.path("away"))
        desk.console.signal(15)
        desk.console.wait()
        for p in range(harness.PARTITIONS):
            desk.server("HDEL", "wm:{p%d}:pos" % p, "rules")
        desk.console.start()
        desk.console.wait_ready()
        is_problem(desk.say("/v1/jobs/lease", consumer="me"), 503, "unavailable", None, "no rules")
        os.rename(desk.path("away"), desk.path("rules"))
        desk.console.signal(1)
        harness.wait_until(lambda: desk.say("/v1/jobs/lease", consumer="me").status == 200, "rules")


@tap.test
def rules_that_are_in_force_need_no_files():
    with Hatch() as desk:
        desk.carts([1])
        wait_ready_job(desk)
        os.rename(desk.path("rules"), desk.path("away"))
        desk.console.signal(15)
        desk.console.wait()
        desk.console.start()
        desk.console.wait_ready()
        tap.equal([j["job"]["key"] for j in desk.lease()], ["cart:C1"], "judged by those in the log")


tap.run()
