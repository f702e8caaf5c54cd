#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What rules on trial would have sent, and those who are held out would have got, stands in a list,
each once, while workers die: the very list that a backtest of the log comes to. It can be filtered
and counted, holds only so many, and of somebody who is erased nothing stays in it.

WAYMARK_TEST_SEED sets the chance (printed)."""

import collections
import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "console"))
import harness  # noqa: E402
import openapi  # noqa: E402

SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
KEY = "wk_server_0123456789"
KEYS = "[server]\nkey = %s\nkind = server\nrate = 0\nrights = traits merge privileged\n" % KEY
PEOPLE = 40
tap = harness.Tap()


def rules(mode="shadow"):
    base = {"class": "marketing", "round": "1ms", "grace": "0s", "stale_after": "never",
            "channels": ["email"], "tombstone": "0s"}
    return [
        dict(base, id="cart", mode=mode, gates="off", key="cart_id", wait="300ms",
             arm=["Product Added"], cancel=[{"event": "Order Completed", "match": "customer"}],
             steps=[{"id": "one", "after": "0s"}, {"id": "two", "after": "200ms"}],
             priority={"likelihood": 1, "impact": 0.7}),
        dict(base, id="view", gates="off", wait="200ms", arm=["Product Viewed"],
             episode={"cooldown": "1ms"}),
        # 0.5 of all: who, is said by a hash of the customer (triggers, section 14).
        dict(base, id="half", holdout=0.5, key="cart_id", wait="200ms", arm=["Cart Viewed"]),
    ]


class Shop:
    def __init__(self, place, *options, workers=2, mode="shadow"):
        self.place, self.n = place, 0
        self.redis = place.redis()
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        place.write("rules/own.json", json.dumps(rules(mode)))
        # Nothing is to be in another's way but what the test is about.
        place.write("rules/policy.json", json.dumps({"policy": {
            "caps": [], "holdout": {"share": 0}, "arbitration": {"window": "0s"}}}))
        self.collector = place.role("collector", self.common + [
            "--keys", place.write("keys.ini", KEYS),
            "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.workers = [place.role("worker", self.common + [
            "--rules", place.path("rules"), "--lease", "400ms", "--batch", "8", *options],
            name="worker%d" % n) for n in range(workers)]

    def post(self, *items):
        for item in items:
            self.n += 1
            item.setdefault("messageId", "m%d" % self.n)
        answer = self.collector.post("/v1/batch", json.dumps({"batch": list(items)}).encode(), {
            "Authorization": harness.basic(KEY), "Content-Type": "application/json"})
        assert answer.status == 200, answer

    def soon(self):
        # What is due much later is only the end of what is remembered.
        soon = "%d" % ((time.time() + 3600) * 1000)
        return [self.redis("ZCOUNT", "wm:{p%d}:due" % p, "-inf", soon)
                for p in range(harness.PARTITIONS)]

    def settle(self):
        harness.wait_moving(lambda: harness.is_quiet(self.redis) and not any(self.soon()),
                            "all applied, and nothing due", lambda: (
                                self.soon(), harness.whereabouts(self.redis)))

    def listed(self, *args):
        status, out, error = self.place.tool("jobs", "--shadow", "--json", *args, *self.common)
        assert status == 0, error
        return [json.loads(line) for line in out.splitlines()]

    def counts(self, *args):
        status, out, error = self.place.tool("jobs", "--shadow", "--counts", "--json", *args,
                                             *self.common)
        assert status == 0, error
        return json.loads(out), error

    def length(self):
        return sum(self.redis("XLEN", "wm:{p%d}:shadow" % p) for p in range(harness.PARTITIONS))

    def replay(self):
        status, out, error = self.place.tool("backtest", "--log", "--rules", self.place.path("rules"),
                                             "--json", *self.common, within=120)
        assert status == 0, error
        return json.loads(out)


def track(event, who, **properties):
    return {"type": "track", "event": event, "userId": who, "properties": properties}


def meet(shop):
    """Each is written to in a marketing way."""
    for n in range(PEOPLE):
        who = "w%d" % n
        shop.post({"type": "identify", "userId": who, "traits": {"email": who + "@example.com"}},
                  track("Consent Updated", who, medium="email", status="subscribed"))


def in_common(job):
    return {name: job.get(name) for name in (
        "id", "rule", "epoch", "customer", "canonical", "key", "episode", "step", "class",
        "channel", "priority", "reason", "armed_at", "deadline", "fire_at")}


@tap.test
def the_list_is_that_of_the_backtest():
    chance = random.Random(SEED)
    with harness.Place() as place:
        shop = Shop(place)
        meet(shop)
        for n in range(400):
            who = "w%d" % chance.randrange(PEOPLE)
            event = chance.choice(["Product Added", "Product Added", "Cart Viewed",
                                   "Product Viewed", "Order Completed"])
            shop.post(track(event, who, cart_id="c%d" % chance.randrange(90), order_id="o%d" % n))
            if n % 40 == 7:
                # Two customers become one while something waits.
                shop.post({"type": "alias", "userId": who, "previousId": "before-%d" % n},
                          track("Product Added", "before-%d" % n, cart_id="b%d" % n))
            if n % 60 == 30:
                worker = chance.choice(shop.workers)
                worker.kill()
                worker.start()
        shop.settle()
        for worker in shop.workers:
            tap.equal(worker.terminate(), 0, "a worker's exit status")
        live, report = shop.listed(), shop.replay()
        want = [job for job in report["jobs"] if job["would_send"]]
        tap.ok(len(want) > 100, "%d of them, seed %d" % (len(want), SEED))
        tap.equal(len(live), len({e["id"] for e in live}), "each once")
        mine, theirs = ({e["id"]: in_common(e) for e in entries} for entries in (live, want))
        tap.equal({id: e for id, e in mine.items() if theirs.get(id) != e},
                  {id: e for id, e in theirs.items() if mine.get(id) != e}, "the same")
        tap.equal({(e["rule"], e["because"]) for e in live},
                  {("cart", "shadow"), ("half", "holdout")}, "of these")
        known = openapi.Description()
        tap.equal([fault for e in live for fault in known.errors(
            e, {"$ref": "shadow.schema.json#"}, "", "shadow.schema.json")], [], "as the schema says")
        tap.equal([e["id"] for e in shop.listed("--rule", "half")],
                  [e["id"] for e in live if e["rule"] == "half"], "of one rule")
        held = [e for e in live if e["rule"] == "half"]
        tap.equal({(e["gate"], e["gate_reason"]) for e in held}, {("holdout", "holdout")},
                  "the gate")
        tap.equal({e["customer"] for e in held if "canonical" not in e} &
                  {job["customer"] for job in report["jobs"] if not job["would_send"] and
                   job["rule"] == "half" and "canonical" not in job}, set(),
                  "who is held out is so every time")
        tap.equal({e["priority"]["class"] for e in live if e["rule"] == "cart"}, {"high"},
                  "L 1 and I 0.7 is high")
        found, _ = shop.counts()
        days = collections.defaultdict(dict)
        for row in found["days"]:
            days[row["rule"]][row["day"]] = row["shadow"]
        tap.equal(days["cart"], next(r for r in report["rules"] if r["rule"] == "cart")["days"],
                  "by rule and day")
        tap.equal((found["kept"], found["written"]), (len(live), len(live)), "all are there")
        jobs = sum(shop.redis("XLEN", "wm:{p%d}:jobs" % p) for p in range(harness.PARTITIONS))
        tap.equal(jobs, sum(not job["would_send"] for job in report["jobs"]), "none was sent")
        merged = next(e for e in live if "canonical" in e)
        tap.ok(merged["id"] in {e["id"] for e in shop.listed("--customer", merged["canonical"])} &
               {e["id"] for e in shop.listed("--customer", merged["customer"])},
               "found by either name")


def entry(rule, fire_at, **other):
    """One as it might stand there."""
    return json.dumps(dict({
        "id": "%032x" % random.getrandbits(128), "rule": rule, "epoch": 1, "customer": "eve",
        "key": "cart:C1", "episode": 1, "step": "main", "class": "marketing", "channel": "email",
        "channels": ["email"], "priority": {"class": "low", "likelihood": 0, "impact": 0},
        "reason": "Why not?", "version": "0123abcd", "because": "shadow", "armed_at": fire_at,
        "deadline": fire_at, "fire_at": fire_at, "decided_at": fire_at, "valid_until": None},
        **other))


@tap.test
def days_are_told_apart():
    with harness.Place() as place:
        shop = Shop(place, workers=0)
        wanted = [("cart", "2026-02-28T23:59:59.999Z", {}), ("cart", "2026-03-01T00:00:00.000Z", {}),
                  ("view", "2026-03-01T12:00:00.000Z", {}),
                  ("cart", "2026-03-01T23:59:59.999Z", {"because": "holdout"}),
                  ("cart", "2026-03-02T00:00:00.000Z", {"customer": "mallory\u001b[2J"})]
        for n, (rule, at, other) in enumerate(wanted):
            shop.redis("XADD", "wm:{p%d}:shadow" % n, "*", "id", str(n), "j", entry(rule, at, **other))
        tap.equal([e["fire_at"] for e in shop.listed("--day", "2026-03-01")],
                  ["2026-03-01T00:00:00.000Z", "2026-03-01T12:00:00.000Z",
                   "2026-03-01T23:59:59.999Z"], "of a day")
        found, _ = shop.counts()
        tap.equal(found, {"days": [
            {"day": "2026-02-28", "rule": "cart", "shadow": 1, "holdout": 0},
            {"day": "2026-03-01", "rule": "cart", "shadow": 1, "holdout": 1},
            {"day": "2026-03-01", "rule": "view", "shadow": 1, "holdout": 0},
            {"day": "2026-03-02", "rule": "cart", "shadow": 1, "holdout": 0}],
            "kept": 5, "written": 5}, "counted")
        tap.equal(shop.counts("--rule", "view")[0]["days"],
                  [{"day": "2026-03-01", "rule": "view", "shadow": 1, "holdout": 0}], "of one rule")
        status, out, _ = place.tool("jobs", "--shadow", *shop.common)
        lines = out.splitlines()
        tap.equal((status, len(lines)), (0, 6), "a table")
        tap.ok(lines[1].startswith("2026-02-28 23:59:59  shadow   cart"), lines[1])
        tap.ok("\u001b" not in out, "what came from outside is shown as text")
        status, out, _ = place.tool("jobs", "--shadow", "--counts", *shop.common)
        tap.equal((status, len(out.splitlines())), (0, 5), "a table of counts")
        for wrong in (["--day", "2026-03-01"], ["--counts"], ["--shadow", "--state", "ready"],
                      ["--shadow", "lease"], ["--shadow", "--counts", "--follow"],
                      ["--shadow", "--day", "2026-02-30"], ["--shadow", "--day", "2026-3-1"]):
            tap.equal(place.tool("jobs", *wrong, *shop.common)[0], 2, " ".join(wrong))


@tap.test
def only_the_latest_are_kept():
    with harness.Place() as place:
        shop = Shop(place, "--shadow-keep", "5", workers=1)
        for n in range(9):
            # No more at once than a customer's journey has room for.
            shop.post(*[track("Product Added", "one", cart_id="c%d-%d" % (n, k))
                        for k in range(100)])
            shop.settle()
        found, said = shop.counts()
        # Whole blocks go: of at most 100 entries, and of 4096 bytes.
        tap.ok(5 <= shop.length() <= 105, "%d stay" % shop.length())
        tap.equal((found["kept"], found["written"]), (shop.length(), 1800), "that is said")
        tap.ok("%d of 1800 are kept" % shop.length() in said, said)
        live, want = shop.listed(), [job for job in shop.replay()["jobs"] if job["would_send"]]
        tap.equal(len(want), 1800, "two for each cart")
        latest = sorted(job["fire_at"] for job in want)[-5:]
        tap.equal(sorted(e["fire_at"] for e in live)[-5:], latest, "those that came last")
        shop.workers[0].terminate()
        other = place.role("worker", shop.common + ["--rules", place.path("rules"),
                                                    "--shadow-keep", "0"], name="other")
        before = shop.redis("XINFO", "STREAM", stream_of(shop))
        shop.post(track("Product Added", "one", cart_id="last"))
        shop.settle()
        tap.equal(shop.redis("XINFO", "STREAM", stream_of(shop)), before, "none is kept, none written")
        other.terminate()


def stream_of(shop):
    return next(k for k in shop.redis("KEYS", "wm:*:shadow"))


@tap.test
def of_the_erased_nothing_stays():
    with harness.Place() as place:
        shop = Shop(place)
        for n in range(30):
            shop.post(track("Product Added", "gone-77", cart_id="g%d" % n),
                      track("Product Added", "stays-%d" % n, cart_id="s%d" % n))
        shop.settle()
        tap.equal(len(shop.listed("--customer", "gone-77")), 60, "before")
        others = [e for e in shop.listed() if e["customer"] != "gone-77"]
        status, out, error = place.tool("customer", "erase", "gone-77", "--yes", "--json", "--by",
                                        "tester", *shop.common, within=90)
        tap.equal(status, 0, error)
        tap.equal(json.loads(out)["removed"]["trial_entries"], 60, "the receipt")
        tap.equal(shop.listed(), others, "others' entries are what they were, in their order")
        for key in shop.redis("KEYS", "wm:*:shadow"):
            tap.ok(b"gone-77" not in shop.redis("DUMP", key), "not in the bytes of " + key.decode())


tap.run()
