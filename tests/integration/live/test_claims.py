#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two users are named with one visitor while the worker of the first one's partition sleeps. The
others go on, and wait with the visitor for what the sleeper has to say: whose event was received
first has them.

usage: test_claims.py WAYMARK
"""

import itertools
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "unit", "store"))
import harness  # noqa: E402
import partition_model  # noqa: E402
import shop  # noqa: E402

ROUNDS = 5
RULE = {"id": "cart", "class": "marketing", "key": "cart_id", "arm": ["Product Added"],
        "wait": "1h", "channels": ["email"], "cancel": ["Order Completed"]}
tap = harness.Tap()


def partition(key):
    return partition_model.siphash24(b"waymark:customer", key.encode()) % harness.PARTITIONS


class Stage:
    """A collector and two workers who share the partitions out and keep them."""

    def __init__(self, place):
        self.place, self.redis, self.sent = place, place.redis(), 0
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        place.write("rules/cart.json", json.dumps(RULE))
        keys = place.write("keys.ini", shop.KEYS_INI)
        self.collector = place.role("collector", self.common + [
            "--keys", keys, "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.sleeper = self.worker("sleeper")
        harness.wait_until(lambda: all(self.leases()), "one worker with all partitions")
        self.of_sleeper = self.leases()[0]
        self.worker("other")
        half = harness.PARTITIONS // 2
        harness.wait_until(lambda: all(self.leases()) and
                           self.leases().count(self.of_sleeper) == half, "one half each")

    def worker(self, name):
        return self.place.role("worker", self.common + [
            "--rules", self.place.path("rules"), "--lease", "60s"], name=name)

    def leases(self):
        return [self.redis("GET", "wm:{p%d}:lease" % p) for p in range(harness.PARTITIONS)]

    def is_awake(self, key):
        return self.leases()[partition(key)] != self.of_sleeper

    def post(self, **names):
        self.sent += 1
        event = {"type": "track", "event": "Product Viewed", "messageId": "m%d" % self.sent,
                 "properties": {"product_id": "p1"}, **names}
        answer = self.collector.post("/v1/track", json.dumps(event).encode(), {
            "Authorization": harness.basic(shop.KEY), "Content-Type": "application/json"})
        tap.equal(answer.status, 200, "posted")

    def settle(self, awake_only=False):
        leases = self.leases()
        harness.wait_quiet(self.redis, partitions=[p for p in range(harness.PARTITIONS) if not (
            awake_only and leases[p] == self.of_sleeper)])

    def value(self, key):
        return self.redis("GET", "wm:{p%d}:c:%s" % (partition(key), key)) or b""


@tap.test
def the_first_received_has_it_though_its_worker_sleeps():
    with harness.Place() as place:
        stage = Stage(place)
        users, visitors = ("w%03d" % n for n in itertools.count()), itertools.count()
        users = [next(users) for _ in range(64)]
        asleep = [u for u in users if not stage.is_awake(u)]
        awake = [u for u in users if stage.is_awake(u)]
        visitors = [v for v in ("v%03d" % next(visitors) for _ in range(64))
                    if stage.is_awake("anon:" + v)]
        tap.ok(min(len(asleep), len(awake), len(visitors)) >= ROUNDS, "enough of each")
        stage.sleeper.pause()
        for first, second, visitor in list(zip(asleep, awake, visitors))[:ROUNDS]:
            stage.post(userId=first, anonymousId=visitor)
            stage.post(userId=second, anonymousId=visitor)
            # Whoever waits for nobody is not held up.
            stage.post(userId=second, anonymousId="own-" + visitor)
        stage.settle(awake_only=True)
        for second, visitor in list(zip(awake, visitors))[:ROUNDS]:
            tap.ok(stage.value("anon:" + visitor)[:2] != b"L1", "%s is nobody's yet" % visitor)
            own = "anon:own-" + visitor
            if stage.is_awake(own):
                tap.ok(second.encode() in stage.value(own), "%s is %s's" % (own, second))
        stage.sleeper.resume()
        stage.settle()
        for first, second, visitor in list(zip(asleep, awake, visitors))[:ROUNDS]:
            value = stage.value("anon:" + visitor)
            tap.equal((value[:2], first.encode() in value, second.encode() in value),
                      (b"L1", True, False), "%s is %s's" % (visitor, first))
        tap.equal(shop.counters(stage.redis)["identity_refused"], ROUNDS, "refused")


tap.run()
