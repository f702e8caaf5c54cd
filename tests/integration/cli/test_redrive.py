#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark quarantine redrive`: what could not be used is tried again, once, and never twice.

usage: test_redrive.py WAYMARK [TEST...]
"""

import hashlib
import hmac
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()
SECRET = "a-secret-of-the-till"
# A mapping of the shop's own that knows one of the two things its till tells.
HALF = {
    "preset": "till", "about": "A cash desk's receipts.", "kind": "json",
    "verify": {"scheme": "hmac", "header": "x-sign", "encoding": "hex"},
    "topic": "{header.x-topic}",
    "events": [{
        "on": ["receipts"], "each": "items", "if": {"is": ["{kind}", "sale"]},
        "event": "In-Store Purchase", "id": "till:{no}", "time": "{at}", "user": "{card}",
        "properties": {"order_id": "{no}", "total": "{total}"}}]}
WHOLE = dict(HALF, events=HALF["events"] + [
    {"on": ["visits"], "event": "Store Visited", "id": "visit:{no}", "time": "{at}",
     "user": "{card}"},
    {"on": ["receipts"], "each": "items", "if": {"is": ["{kind}", "return"]},
     "event": "Order Returned", "id": "till:{no}", "time": "{at}", "user": "{card}",
     "properties": {"order_id": "{no}"}}])
VISIT = {"no": 5, "at": "2026-11-20T09:00:00Z", "card": "c-1"}


class Shop:
    """A running `waymark up` with a hook of the shop's own."""

    def __init__(self, place):
        self.up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        self.path = os.path.join(self.up.data, "till.json")
        self.mapping(HALF)
        with open(os.path.join(self.up.data, "till.secret"), "w", encoding="ascii") as file:
            file.write(SECRET)
        status, _, err = self.up.tool("key", "add", "till", "--kind", "hook", "--mapping",
                                      "till.json", "--secret-file", "till.secret")
        assert status == 0, err
        harness.wait_until(lambda: self.send(VISIT, "none").status != 404, "the hook to be known")

    def mapping(self, value):
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(value, file)

    def send(self, payload, topic):
        data = json.dumps(payload).encode()
        sign = hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
        with harness.Http(self.up.collector) as http:
            return http.request("POST", "/hooks/till", {"X-Sign": sign, "X-Topic": topic}, data)

    def bad(self, *args):
        status, out, err = self.up.tool("quarantine", "list", "--json", *args)
        assert status in (0, 1), err
        return [json.loads(line) for line in out.splitlines()]

    def redrive(self, *args):
        status, out, err = self.up.tool("quarantine", "redrive", *args, "--json")
        return status, [json.loads(line) for line in out.splitlines()], err

    def timeline(self, customer="c-1"):
        answer = self.up.get("/v1/customers/%s/timeline" % customer)
        return [e["event"] for e in answer.json()["entries"] if e["kind"] == "event"] \
            if answer.status == 200 else []


@tap.test
def a_mended_mapping_brings_back_what_was_put_aside():
    with harness.Place() as place:
        shop = Shop(place)
        first = shop.bad()
        tap.equal([e["code"] for e in first], ["unknown_topic"], "the probe of the start")
        shop.send(VISIT, "visits")
        shop.send(VISIT, "visits")
        harness.wait_until(lambda: len(shop.bad()) == 3, "two visits put aside")
        status, done, err = shop.redrive("all")
        tap.equal((status, {d["events"] for d in done}), (1, {0}), "not mended: all stay " + err)
        tap.equal(len(shop.bad()), 3, "none is lost")
        shop.mapping(WHOLE)
        status, done, _ = shop.redrive("all", "--dry-run")
        tap.equal((status, sorted(d["events"] for d in done)), (1, [0, 1, 1]), "what would be")
        tap.equal(len(shop.bad()), 3, "nothing was done")
        status, done, _ = shop.redrive("all")
        # The second may find that the first was applied already: it is the same visit.
        again = sorted(d["outcome"] for d in done)[:2]
        tap.equal(again[0], "back in the log", "it goes back")
        tap.ok(again[1] in ("back in the log", "known already: removed"), "and the other leaves: " + again[1])
        harness.wait_until(lambda: shop.timeline() == ["Store Visited"], "one visit, not two")
        tap.equal(len(shop.bad()), 1, "the probe of no topic stays")
        shop.send(VISIT, "visits")  # understood by nobody until the collector reads the mapping
        tap.equal(shop.up.stop(), 0, "up")


@tap.test
def what_was_understood_at_first_does_not_come_again():
    with harness.Place() as place:
        shop = Shop(place)
        receipt = {"items": [
            {"kind": "sale", "no": 1, "at": "2026-11-20T10:00:00Z", "card": "c-1", "total": "9.90"},
            {"kind": "sale", "no": 2, "at": "2026-11-20T10:01:00Z", "total": "1.00"}]}
        tap.equal(shop.send(receipt, "receipts").status, 200, "accepted")
        harness.wait_until(lambda: shop.timeline() == ["In-Store Purchase"], "the one with a card")
        bad = shop.bad("--reason", "no_customer")
        tap.equal(len(bad), 1, "the other is put aside")
        mended = json.loads(json.dumps(HALF))
        mended["events"][0]["user"] = {"first": ["{card}", "guest-{no}"]}
        shop.mapping(mended)
        # Long after, the window of message ids has closed: only what was kept beside it knows.
        client = shop.up.redis()
        for key in client("KEYS", "wm:{p*}:seen:*"):
            client("DEL", key)
        client.close()
        status, done, err = shop.redrive(bad[0]["id"])
        tap.equal((status, [d["events"] for d in done]), (0, [1]), "only what is new " + err)
        harness.wait_until(lambda: shop.timeline("guest-2") == ["In-Store Purchase"], "it is there")
        tap.equal(shop.timeline(), ["In-Store Purchase"], "and the first once")
        tap.equal(shop.redrive(bad[0]["id"])[0], 1, "it is gone")
        tap.equal(shop.up.stop(), 0, "up")


@tap.test
def what_the_sender_brought_again_meanwhile_is_known():
    with harness.Place() as place:
        shop = Shop(place)
        shop.send(VISIT, "visits")
        harness.wait_until(lambda: len(shop.bad("--reason", "unknown_topic")) == 2, "put aside")
        shop.mapping(WHOLE)
        os.utime(os.path.join(shop.up.data, "keys.ini"))
        harness.wait_until(lambda: (shop.send(VISIT, "visits"), shop.timeline())[1] ==
                           ["Store Visited"], "the collector to know the mended mapping")
        client = shop.up.redis()
        for key in client("KEYS", "wm:{p*}:seen:*"):
            client("DEL", key)
        client.close()
        status, done, err = shop.redrive("all", "--source", "till")
        tap.ok({"known already: removed"} <= {d["outcome"] for d in done}, "%r %s" % (done, err))
        tap.equal(sum(d["events"] for d in done), 0, "none goes back")
        tap.equal(status, 1, "the probe stays")
        tap.equal(shop.up.stop(), 0, "up")


@tap.test
def each_reason_and_source_is_counted():
    with harness.Place() as place:
        shop = Shop(place)
        up = shop.up
        shop.send(VISIT, "visits")
        harness.wait_until(lambda: len(shop.bad()) == 2, "put aside by the collector")
        one = {"userId": "u", "event": "Product Viewed", "messageId": "m-1"}
        up.post("/v1/track", one)
        up.post("/v1/track", dict(one, properties={"product_id": "7"}))
        harness.wait_until(lambda: len(shop.bad()) == 3, "put aside by the worker")
        told = json.loads(up.tool("stats", "--json")[1])["quarantined_by"]
        tap.equal(sorted((t["source"], t["reason"], t["n"]) for t in told),
                  [("shop", "message_id_conflict", 1), ("till", "unknown_topic", 2)], "stats")
        line = 'waymark_today_quarantined_total{source="%s",reason="%s"} %d'
        want = {line % (t["source"], t["reason"], t["n"]) for t in told}
        harness.wait_until(
            lambda: want <= set(up.get("/metrics").body.decode().splitlines()), "metrics")
        status, done, err = shop.redrive("all", "--reason", "message_id_conflict")
        tap.equal((status, [d["events"] for d in done]), (1, [0]), "a conflict stays " + err)
        tap.equal(up.stop(), 0, "up")


if __name__ == "__main__":
    tap.run()
