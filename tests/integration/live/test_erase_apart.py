#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two who were one are two again, and somebody asks to be forgotten: before that, meanwhile, or after it;
the one who stays, the one who leaves, or a name of which nothing is left. All that while workers are
killed. Afterwards nothing gives their addresses back (traces.py), the receipt says what was done, who
comes again is kept out, and the other is whole: what they did, and what waits for them.

Whoever asks to take somebody apart who was erased is told so. WAYMARK_TEST_SEED sets the chance (printed)."""

import json
import os
import random
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import harness  # noqa: E402
import traces  # noqa: E402

SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
SERVER = "wk_server_0123456789"
KEYS = "[server]\nkey = %s\nkind = server\nrights = traits merge privileged\n" % SERVER
RULE = {"id": "cart", "description": "x", "class": "task", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "300d", "grace": "0s", "slack": "0s", "round": "1ms",
        "channels": ["task"]}
ADA, BOB, EMPTY = "ada-erase-4711", "bob-erase-4711", "nothing.erase77@example.org"
MAILS = {ADA: "ada.erase77@example.org", BOB: "bob.erase77@example.org"}
# What each did: by the names of the events.
DID = {ADA: ["a1", "a2", "a3"], BOB: ["b1", "b2", "b3"]}
tap = harness.Tap()


class Shop:
    pages = ()

    def __init__(self, place, chance):
        self.place, self.chance, self.over = place, chance, threading.Event()
        self.redis = place.redis(extra=("--rdbcompression", "no"))
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        place.write("rules/cart.json", json.dumps(RULE))
        self.collector = place.role("collector", self.common + [
            "--keys", place.write("keys.ini", KEYS), "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.workers = [place.role("worker", self.common + [
            "--rules", place.path("rules"), "--lease", "300ms", "--batch", "4", "--renew", "300ms",
            "--log-level", "debug"], name="worker%d" % n) for n in range(3)]
        self.deaths = 0
        self.killer = threading.Thread(target=self.trouble, daemon=True)
        self.killer.start()

    def trouble(self):
        """One dies whenever anything has moved since the last did; until all is over."""
        seen = None
        while not self.over.wait(0.05):
            here = harness.whereabouts(self.redis)
            if here == seen or self.chance.random() < 0.5:
                continue
            seen = here
            worker = self.chance.choice(self.workers)
            worker.kill()
            worker.start()
            self.deaths += 1

    def calm(self):
        self.over.set()
        self.killer.join()
        # What a thread has started ends with it.
        for worker in self.workers:
            worker.kill()
            worker.start()
        self.settle()

    def settle(self):
        harness.wait_quiet(self.redis, "everything said and heard")

    def post(self, *items):
        answer = self.collector.post("/v1/batch", json.dumps({"batch": list(items)}).encode(), {
            "Authorization": harness.basic(SERVER), "Content-Type": "application/json"})
        tap.equal(answer.status, 200, "kept")

    def customer(self, *args):
        return self.place.tool("customer", *args, *self.common, within=120)

    def export(self, who):
        status, out, _ = self.customer("export", who)
        return json.loads(out) if status == 0 else None

    def erase(self, who):
        """Until it is over; whoever was interrupted asks again."""
        for _ in range(40):
            status, out, error = self.customer("erase", who, "--yes", "--json", "--by", "tester")
            if status == 0:
                return json.loads(out)
            assert "not finished" in error, error
        raise AssertionError("never over: " + error)

    def unmerge(self, who):
        return self.customer("unmerge", "email:" + who if "@" in who else who, "--yes", "--reason", "two sisters", "--by", "Eva")

    def counter(self, name):
        return sum(int(self.redis("HGET", key, name) or 0) for key in self.redis("KEYS", "wm:*:day:*"))


def track(event, who, name, **properties):
    return {"type": "track", "event": event, "messageId": name, "properties": properties, **who}


def does(shop, who):
    """Under the user id and under the address by turns; each says the address once more."""
    first, second, third = DID[who]
    ids = {"userId": who}
    shop.post(track("Product Added", ids, first, cart_id="c" + first, note="for " + MAILS[who]),
              {"type": "identify", "messageId": "i" + first, "identifiers": {"email": MAILS[who]}, **ids})
    shop.settle()
    shop.post(track("Product Added", {"identifiers": {"email": MAILS[who]}}, second, cart_id="c" + second),
              track("Product Viewed", ids, third, product_id="p"))


def begin(place, chance):
    """Ada and Bob are one, and Ada has an address under which nothing came in."""
    shop = Shop(place, chance)
    does(shop, ADA)
    does(shop, BOB)
    shop.settle()
    shop.post({"type": "identify", "messageId": "ie", "userId": ADA, "identifiers": {"email": EMPTY}})
    shop.settle()
    status, out, error = shop.customer("merge", BOB, ADA, "--yes", "--reason", "one hand", "--by", "Eva")
    tap.equal(status, 0, "merge: " + out + error)
    harness.wait_until(lambda: (shop.export(BOB) or {}).get("customer") == ADA, "they are one")
    shop.post(track("Product Viewed", {"userId": ADA}, "a4"), track("Product Viewed", {"userId": BOB}, "b4"))
    shop.settle()
    return shop


def is_apart(shop, who):
    document = shop.export(who)
    return bool(document) and document["customer"] != ADA


def outline(shop, who):
    document = shop.export(who)
    if not document:
        return None
    state = document["state"]
    return (document["customer"],
            sorted(e["message_id"] for e in document["timeline"] if e["kind"] == "event" and
                   e["message_id"][0] in "ab"),
            sorted(c["key"] for c in state["carts"]), sorted((i["rule"], i["key"], i["state"])
                                                            for i in state["instances"]))


def whole(who):
    carts = ["cart:c" + name for name in DID[who][:2]]
    return who, DID[who] + [who[0] + "4"], carts, [("cart", c, "armed") for c in carts]


def gone(shop, names, receipt, what):
    """Of the owners of NAMES nothing gives anything back."""
    secrets = [MAILS.get(name, name) for name in names] + [name for name in names if name in MAILS]
    harness.wait_until(lambda: not shop.redis("KEYS", "wm:*:stale"), "what came in has left the log", 90)
    seeking = traces.Traces(secrets, coded=secrets)
    found = {}

    def nowhere():
        found.clear()
        found.update(seeking.search(shop))
        # Redis removes the files that it wrote anew by a thread of its own.
        return not found or set(found) - {"aof", "rdb", "other file"}
    harness.wait_until(nowhere, "files that are written anew")
    tap.equal(found, {}, what + ": nowhere")
    tap.equal(receipt["state"], "erased", what + ": the receipt")
    tap.equal(seeking.within(json.dumps(receipt).encode()), [], what + ": the receipt names nobody")
    tap.ok(receipt["removed"]["identifiers"] >= len(secrets), what + ": names: %s" % receipt["removed"])
    kept_out = shop.counter("kept_out")
    for n, name in enumerate(secrets):
        ids = {"identifiers": {"email": name}} if "@" in name else {"userId": name}
        shop.post(track("Product Added", ids, "again%d" % n, cart_id="again"))
    shop.settle()
    tap.equal(shop.counter("kept_out"), kept_out + len(secrets), what + ": kept out")
    for name in names:
        tap.equal(shop.export(name), None, what + ": no customer")
        status, _, error = shop.unmerge(name)
        tap.ok(status != 0 and "was erased" in error, what + ": nothing to take apart: " + error)


@tap.test
def before():
    chance = random.Random(SEED)
    for who in (ADA, BOB, EMPTY):
        with harness.Place() as place:
            shop = begin(place, chance)
            receipt = shop.erase(who)
            shop.calm()
            gone(shop, [ADA, BOB, EMPTY], receipt, "before, %s" % who)


@tap.test
def after():
    chance = random.Random(SEED + 1)
    for who in (ADA, BOB, EMPTY):
        with harness.Place() as place:
            shop = begin(place, chance)
            for name in (BOB, EMPTY):
                status, out, error = shop.unmerge(name)
                tap.equal(status, 0, "two again: " + out + error)
                shop.settle()
            harness.wait_until(lambda: is_apart(shop, BOB), "two again")
            tap.equal([outline(shop, name) for name in (ADA, BOB)], [whole(ADA), whole(BOB)], "as they were")
            # For a day somebody passes on to Bob what he follows, and has his name.
            tap.equal([BOB.encode() in shop.redis("GET", key) for key in shop.redis("KEYS", "wm:*:c:site:left:*")],
                      [True], "somebody stands in for him")
            receipt = shop.erase(who)
            shop.calm()
            gone(shop, [who], receipt, "after, %s" % who)
            for name in {ADA, BOB} - {who}:
                tap.equal(outline(shop, name), whole(name), "after, %s: %s is whole" % (who, name))


@tap.test
def meanwhile():
    chance = random.Random(SEED + 2)
    for who in (ADA, BOB, EMPTY):
        with harness.Place() as place:
            shop = begin(place, chance)
            answer = []
            name = EMPTY if who == EMPTY else BOB
            run = threading.Thread(target=lambda: answer.append(shop.unmerge(name)))
            run.start()
            if chance.random() < 0.5:
                harness.wait_until(lambda: answer or said(shop), "the word")
            receipt = shop.erase(who)
            run.join()
            shop.calm()
            status, out, error = answer[0]
            print("# %s: %s" % (who, (out + error).strip().split("\n")[-1]), flush=True)
            # Who was one with them when it was asked for goes with them, or is whole: nothing between.
            left = [n for n in (ADA, BOB) if shop.export(n)]
            tap.ok(who not in left, "%s is erased" % who)
            tap.ok(len(left) < 2 or who == EMPTY, "%s is erased" % who)
            if who == EMPTY and left:
                tap.equal(outline(shop, ADA), outline(shop, BOB), "they are one still, but for the address")
            for n in left if who != EMPTY else []:
                tap.equal(outline(shop, n), whole(n), "meanwhile, %s: %s is whole" % (who, n))
            gone(shop, [n for n in (ADA, BOB) if n not in left] + ([EMPTY] if who == EMPTY else []), receipt,
                 "meanwhile, %s" % who)


def said(shop):
    return any(b'"kind":"unmerge"' in field for key in shop.redis("KEYS", "wm:{*}:in")
               for _, fields in shop.redis("XRANGE", key, "-", "+") for field in fields)


print("# seed %d" % SEED, flush=True)
tap.run()
