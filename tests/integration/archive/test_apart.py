#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two who were made one are taken apart when what made them one has left the log: from the archive comes
what came from the log before, and without it nothing is done."""

import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "unit", "store"))
import harness  # noqa: E402
import partition_model  # noqa: E402
import upbox  # noqa: E402

tap = harness.Tap()

RULE = {"id": "cart", "description": "x", "class": "task", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "1s", "grace": "0s", "slack": "0s", "round": "1ms",
        "channels": ["task"]}
MAIL = "bob@y.org"


def partition(key):
    return partition_model.siphash24(b"waymark:customer", key.encode()) % harness.PARTITIONS


class Desk:
    """Ada and Bob, who were made one with a cart each and went on; nothing is on its way."""

    def __init__(self, place):
        rules = os.path.dirname(place.write("rules/cart.json", json.dumps(RULE)))
        self.up = upbox.Up(place, args=["--rules", rules]).wait_up()
        self.redis = self.up.redis()
        self.directory = place.path("files")

    def say(self, name, event, who, **properties):
        batch = [dict({"type": "track", "event": event, "messageId": name, "properties": properties}, **who)]
        answer = self.up.post("/v1/batch", {"batch": batch})
        assert answer.status == 200, answer.body

    def cart(self, name, user):
        self.say(name, "Product Added", {"userId": user}, cart_id="c" + name, product_id="p" + name)

    def identify(self, name, user, mail):
        answer = self.up.post("/v1/batch", {"batch": [{
            "type": "identify", "messageId": name, "userId": user, "traits": {"email": mail}}]})
        assert answer.status == 200, answer.body

    def has(self, who, customer, names):
        status, out, _ = self.up.tool("customer", "export", who)
        if status != 0:
            return False
        document = json.loads(out)
        return document["customer"] == customer and \
            {e.get("message_id") for e in document["timeline"] if e["kind"] == "event"} >= set(names)

    def heard(self, who):
        """Of products, in order."""
        document = json.loads(self.up.tool("customer", "export", who)[1])
        return [e["message_id"] for e in reversed(document["timeline"]) if e["kind"] == "event" and
                e["message_id"].startswith("n")]

    def jobs(self):
        return len(self.up.tool("jobs", "list", "--json")[1].splitlines())

    def is_quiet(self):
        return harness.is_quiet(self.redis)

    def become_one(self):
        for name, user in (("a1", "ada"), ("b1", "bob")):
            self.cart(name, user)
        harness.wait_until(lambda: self.has("ada", "ada", ["a1"]) and self.has("bob", "bob", ["b1"]), "two")
        status, out, error = self.up.tool("customer", "merge", "bob", "ada", "--yes", "--reason", "one hand",
                                          "--by", "Eva")
        assert status == 0, out + error
        harness.wait_until(lambda: self.has("bob", "ada", ["a1", "b1"]), "one")
        for name, user in (("a2", "ada"), ("b2", "bob"), ("b3", "bob")):
            self.cart(name, user)
        harness.wait_until(lambda: self.has("bob", "ada", ["a2", "b2", "b3"]) and self.jobs() == 5 and
                           self.is_quiet(), "went on")
        # What is in a cart is followed; of pq there is none in any.
        for name, event, product in (("n1", "Price Changed", "pa1"), ("n2", "Stock Changed", "pb1"),
                                     ("n3", "Price Changed", "pq"), ("n4", "Price Changed", "pb3"),
                                     ("n5", "Price Changed", "pa2")):
            self.say(name, event, {}, product_id=product, price=3, stock=4)
            harness.wait_until(self.is_quiet, "said to all")
        tap.equal(self.heard("ada"), ["n1", "n2", "n4", "n5"], "all that either follows")

    def file(self):
        def whole():
            status, _, error = self.up.tool("archive", "run", "--once", "--directory", self.directory)
            tap.equal(status, 0, "archived: " + error)
            return sum(int(self.redis("HGET", key, "lines") or 0) for key in self.redis("KEYS", "wm:{p*}:arch")) == \
                sum(self.redis("XLEN", key) for key in self.redis("KEYS", "wm:{p*}:in"))
        harness.wait_until(whole, "all archived")

    def trim(self, keep):
        """As when the log has become old: of each partition so many entries are left."""
        for key in self.redis("KEYS", "wm:{p*}:in"):
            entries = [entry for entry, _ in self.redis("XRANGE", key, "-", "+")]
            if len(entries) <= keep:
                continue
            last, number = entries[-1].split(b"-")
            cut = entries[-keep] if keep else b"%s-%d" % (last, int(number) + 1)
            self.redis("XTRIM", key, "MINID", cut)
            self.redis("HSET", key.replace(b":in", b":arch"), "trimmed", cut)

    def preview(self, key, *args):
        status, out, error = self.up.tool("customer", "unmerge", key, "--json", *args)
        return status, json.loads(out) if status == 0 else error

    def records(self):
        return {key: self.redis("GET", key) for key in self.redis("KEYS", "wm:{p*}:c:*")}


@tap.test
def from_the_archive_as_from_the_log():
    with harness.Place() as place:
        desk = Desk(place)
        desk.become_one()
        archive = ("--archive", desk.directory)
        status, before = desk.preview("bob")
        tap.equal((status, before["through"]), (0, 2), "while the log has it")
        desk.file()
        tap.equal(desk.preview("bob", *archive), (0, before), "the archive is there too")
        for keep in (1, 0):
            desk.trim(keep)
            standing = desk.records()
            status, error = desk.preview("bob")
            tap.ok(status == 1 and re.search(
                r"became one at 2\S+Z, and the log was trimmed up to 2\S+Z, .*--archive DIR", error), error)
            tap.equal(desk.preview("bob", *archive), (0, before), "the same, %d left" % keep)
            tap.equal(desk.records(), standing, "nothing was changed")
        status, out, error = desk.up.tool("customer", "unmerge", "bob", "--yes", "--reason", "two sisters", *archive)
        tap.equal(status, 0, out + error)
        harness.wait_until(lambda: desk.has("bob", "bob", ["b1", "b2", "b3"]) and
                           desk.has("ada", "ada", ["a1", "a2"]), "two again")
        tap.equal((desk.heard("ada"), desk.heard("bob")), (["n1", "n5"], ["n2", "n4"]), "to each what they follow")
        tap.equal(desk.jobs(), 5, "no job twice")
        tap.equal(desk.up.stop(), 0, "up")


@tap.test
def a_name_that_brought_nobody():
    """Then all of the customer is folded, from their first event on."""
    with harness.Place() as place:
        desk = Desk(place)
        desk.cart("a1", "ada")
        desk.identify("a2", "ada", MAIL)
        harness.wait_until(lambda: desk.has(MAIL, "ada", ["a1", "a2"]), "a name")
        desk.say("m1", "Product Added", {"traits": {}, "context": {}, "anonymousId": None, "userId": None,
                                         "identifiers": {"email": MAIL}}, cart_id="cm1")
        harness.wait_until(lambda: desk.has("ada", "ada", ["m1"]) and desk.jobs() == 2 and desk.is_quiet(), "through it")
        status, before = desk.preview("email:" + MAIL)
        tap.equal(status, 0, str(before))
        desk.file()
        desk.trim(0)
        status, error = desk.preview("email:" + MAIL)
        tap.ok(status == 1 and "--archive DIR" in error, error)
        tap.equal(desk.preview("email:" + MAIL, "--archive", desk.directory), (0, before), "from the archive")
        status, error = desk.preview("email:" + MAIL, "--archive", place.path("nowhere"))
        tap.ok(status == 1 and "no archive" in error, error)
        tap.equal(desk.up.stop(), 0, "up")


@tap.test
def an_archive_with_a_hole():
    with harness.Place() as place:
        desk = Desk(place)
        desk.become_one()
        desk.file()
        for who in ("ada", "bob"):
            desk.cart("late" + who, who)
        harness.wait_until(lambda: desk.has("ada", "ada", ["lateada", "latebob"]) and desk.jobs() == 7 and
                           desk.is_quiet(), "more")
        desk.trim(0)  # all of it, although the archive has not heard of the last
        status, error = desk.preview("bob", "--archive", desk.directory)
        tap.ok(status == 1 and "does not reach" in error, error)
        tap.equal(desk.up.stop(), 0, "up")


@tap.test
def an_id_that_another_had_before():
    """In one log two customers' events have one id: the later one counts for nobody, which the archive's lines
    of its customer alone do not say."""
    with harness.Place() as place:
        desk = Desk(place)
        other = next(name for name in map("u{}".format, range(10000)) if partition(name) == partition("ada"))
        desk.become_one()
        desk.say("same", "Product Viewed", {"userId": other}, product_id="x")
        desk.say("same", "Product Viewed", {"userId": "ada"}, product_id="y")
        desk.cart("a3", "ada")
        harness.wait_until(lambda: desk.has("ada", "ada", ["a3"]) and desk.jobs() == 6 and desk.is_quiet(),
                           "one of them counted")
        tap.equal(sum(desk.redis("XLEN", key) for key in desk.redis("KEYS", "wm:{p*}:bad")), 1, "one did not")
        status, before = desk.preview("bob")
        tap.equal(status, 0, str(before))
        desk.file()
        desk.trim(0)
        tap.equal(desk.preview("bob", "--archive", desk.directory), (0, before), "the same from the archive")
        tap.equal(desk.up.stop(), 0, "up")


tap.run()
