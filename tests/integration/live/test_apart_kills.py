#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two are taken apart, and whoever carries it out is killed at each instant that matters: when the one
side is committed and nothing of it was brought to the other, when it was brought and nobody has heard so,
and before anything is committed. Another goes on, and both sides are as if nobody had been killed.

A bridge before Redis sees each command and knows what it brings, so that no instant is guessed."""

import json
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "archive"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "unit", "store"))
import harness  # noqa: E402
import partition_model  # noqa: E402
import shelf  # noqa: E402

tap = harness.Tap()

RULE = {"id": "cart", "description": "x", "class": "task", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "1h", "grace": "0s", "slack": "0s", "round": "1ms",
        "channels": ["task"]}
# In partitions of their own, so that what is said between them takes a way.
ADA, BOB = "ada", "bob"


def partition(key):
    return partition_model.siphash24(b"waymark:customer", key.encode()) % harness.PARTITIONS


class World:
    def __init__(self, place):
        self.place = place
        self.redis = place.redis()
        self.bridge = shelf.Bridge(place, self.redis)
        place.write("rules/cart.json", json.dumps(RULE))
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        self.workers = 0
        self.worker = self.start("unix:" + self.bridge.path)

    def start(self, address):
        self.workers += 1
        return self.place.role("worker", [
            "--redis", address, "--dataset", harness.DATASET, "--rules", self.place.path("rules"),
            "--lease", "400ms"], name="worker%d" % self.workers)

    def tool(self, *args):
        return self.place.tool("customer", *args, *self.common)

    def cart(self, name, who):
        event = {"type": "track", "event": "Product Added", "userId": who, "messageId": name,
                 "properties": {"cart_id": "c" + name}}
        self.redis("XADD", "wm:{p%d}:in" % partition(who), "*", "e", json.dumps(event),
                   "m", "shop/server/track 1 -")

    def export(self, who):
        status, out, _ = self.tool("export", who)
        return json.loads(out) if status == 0 else None

    def has(self, who, customer, names):
        document = self.export(who)
        return bool(document) and document["customer"] == customer and \
            {e.get("message_id") for e in document["timeline"]} >= set(names)

    def restored(self):
        return any(b'"kind":"restore"' in field for key in self.redis("KEYS", "wm:{*}:in")
                   for _, fields in self.redis("XRANGE", key, "-", "+") for field in fields)

    def is_half(self):
        """Ada is without Bob, and what Bob is lies in the outbox."""
        out = b"".join(field for key in self.redis("KEYS", "wm:{*}:out")
                       for _, fields in self.redis("XRANGE", key, "-", "+") for field in fields)
        document = self.export(ADA)
        return b'"kind":"restore"' in out and document and \
            {e.get("message_id") for e in document["timeline"] if e["kind"] == "event"} == {"a1", "a2"}

    def outline(self, who):
        """What is the same in every run, whatever the clock says."""
        document = self.export(who)
        state = document["state"]
        return (document["customer"],
                [(e["kind"], e.get("message_id"), e.get("outcome"), e.get("key")) for e in document["timeline"]],
                sorted(c["key"] for c in state["carts"]),
                sorted((i["rule"], i["key"], i["state"], i["outcome"]) for i in state["instances"]),
                state["totals"], sorted(link["id"] for link in document["links"]))


def is_commit(parts):
    """It brings the other side into the outbox, with the first."""
    return parts[0] in (b"EVALSHA", b"EVAL") and is_restore(parts) and not is_delivery(parts)


def is_delivery(parts):
    return parts[0] == b"EVAL" and b"'XADD', KEYS[k - 1], '*'" in parts[1] and is_restore(parts)


def is_restore(parts):
    return any(b'"kind":"restore"' in part for part in parts)


def before_the_commit(parts):
    return False if is_commit(parts) else None


def before_it_is_brought(parts):
    return False if is_delivery(parts) else None


def brought_and_unheard(parts):
    return True if is_delivery(parts) else None


class Strike:
    """At the first command for which INSTANT says so the worker hears nothing any more; what INSTANT says is
    whether the command still reaches Redis. Nothing after it does."""

    def __init__(self, world, instant):
        self.world, self.instant = world, instant
        self.struck, self.passes = threading.Event(), False

    def __call__(self, _, parts):
        if self.struck.is_set():
            return False
        passes = self.instant(parts)
        if passes is None:
            return True
        self.passes = passes
        self.world.bridge.mute = True
        self.struck.set()
        return passes


def take_apart(world, instant):
    answer = []
    run = threading.Thread(target=lambda: answer.append(
        world.tool("unmerge", BOB, "--yes", "--reason", "two sisters", "--by", "Eva")))
    strike = Strike(world, instant) if instant else None
    if strike:
        world.bridge.arm(strike)
    run.start()
    if strike:
        harness.wait_until(strike.struck.is_set, "the instant")
        harness.wait_until(lambda: world.restored() == strike.passes, "what was brought is there")
        world.worker.kill()
        if not strike.passes and instant is before_it_is_brought:
            tap.ok(world.is_half(), "the one side is done, and the other is on its way")
        world.start("unix:" + world.redis.socket)
    run.join()
    tap.equal(answer[0][0], 0, "unmerge: " + answer[0][1] + answer[0][2])


def taken_apart(place, instant):
    world = World(place)
    for name, who in (("a1", ADA), ("b1", BOB)):
        world.cart(name, who)
    harness.wait_until(lambda: world.has(ADA, ADA, ["a1"]) and world.has(BOB, BOB, ["b1"]), "two")
    status, out, error = world.tool("merge", BOB, ADA, "--yes", "--reason", "one hand", "--by", "Eva")
    tap.equal(status, 0, "merge: " + out + error)
    harness.wait_until(lambda: world.has(BOB, ADA, ["a1", "b1"]), "one")
    for name, who in (("a2", ADA), ("b2", BOB), ("b3", BOB)):
        world.cart(name, who)
        harness.wait_until(lambda name=name: world.has(BOB, ADA, [name]), name)
    take_apart(world, instant)
    harness.wait_until(lambda: world.has(BOB, BOB, ["b1", "b2", "b3"]) and world.has(ADA, ADA, ["a1", "a2"]),
                       "two again")
    world.cart("b4", BOB)
    world.cart("a3", ADA)
    harness.wait_until(lambda: world.has(BOB, BOB, ["b4"]) and world.has(ADA, ADA, ["a3"]), "and go on")
    harness.wait_quiet(world.redis)
    return [world.outline(who) for who in (ADA, BOB)]


def as_if_nobody_had(instant):
    with harness.Place() as calm, harness.Place() as rough:
        tap.equal(taken_apart(rough, instant), taken_apart(calm, None), "both sides")


@tap.test
def killed_before_the_commit():
    as_if_nobody_had(before_the_commit)


@tap.test
def killed_between_commit_and_courier():
    as_if_nobody_had(before_it_is_brought)


@tap.test
def killed_when_it_was_brought_and_nobody_had_heard():
    as_if_nobody_had(brought_and_unheard)


@tap.test
def they_lie_in_two_partitions():
    tap.ok(partition(ADA) != partition(BOB), "so that there is a way between them")


tap.run()
