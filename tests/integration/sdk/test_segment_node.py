#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Segment's library for Node, unmodified, against a collector: every call arrives once and as meant,
also when the collector is restarted or killed midway, limits the source, or has no Redis.

usage: test_segment_node.py WAYMARK [TEST...]
"""

import re

import sdk
from sdk import harness

tap = harness.Tap()
PACKAGE, SENDER = "@segment/analytics-node", "segment"

# Method, what it is given, and what of that makes the event.
CALLS = [
    ["identify", {"userId": "ann", "traits": {"email": "ann@example.com", "firstName": "Ann"}}],
    ["track", {"userId": "ann", "event": "Product Added", "properties": sdk.product_of(7)}],
    ["track", {"anonymousId": "anon-1", "event": "Product Viewed", "properties": {"product_id": "p-2"},
               "timestamp": "2026-01-02T03:04:05.678Z", "messageId": "my-own-id-1"}],
    ["track", {"userId": "ann", "event": "Order Completed", "properties": {
        "order_id": "O-1", "total": 9007199254740991, "currency": "EUR",
        "products": [{"product_id": "p-1", "price": 0.1, "quantity": 3}]}}],
    ["page", {"userId": "ann", "name": "Cart", "properties": {"url": "https://shop.example/cart?a=b&c=d"}}],
    # The library repeats a category among the properties.
    ["page", {"userId": "ann", "category": "Help", "name": "Sizes",
              "properties": {"category": "Help"}}],
    ["screen", {"anonymousId": "anon-1", "name": "Start", "properties": {"variant": "b"}}],
    ["group", {"userId": "ann", "groupId": "club", "traits": {"name": "The club"}}],
    ["alias", {"userId": "ann", "previousId": "anon-1"}],
    ["track", {"userId": "ann", "event": "Wish \u2028 \u00fc \U0001f48d \u0001", "properties": {"": "empty name"},
               "context": {"ip": "192.0.2.7", "locale": "de-AT"}}],
]
ADDED = {"messageId", "timestamp", "context", "integrations", "_metadata", "type"}
MESSAGE_ID = re.compile(r"node-next-\d{13}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@tap.test
def every_call_arrives_as_it_was_meant():
    sdk.package(PACKAGE)
    with sdk.Line() as line:
        driver = line.driver(SENDER)
        driver.calls(CALLS)
        driver.ask("close")
        told = driver.ask("told")
        entries = line.entries()
        tap.equal(len(entries), len(CALLS), "entries")
        tap.equal((sorted(told["delivered"]), told["failed"]),
                  (sorted(entry["e"]["messageId"] for entry in entries), []), "what the library was told")
        tap.equal({entry["m"][0] for entry in entries}, {"shop/server//lx"}, "source, channel and what it may link")
        for entry in entries:
            received, sent = int(entry["m"][1]), int(entry["m"][2])
            tap.ok(abs(received - sent) < 30000, "sentAt of the batch beside the event: %s" % entry["m"])
        for method, message in CALLS:
            alike = [entry["e"] for entry in entries if entry["e"]["type"] == method and
                     all(entry["e"].get(k) == v for k, v in message.items() if k != "context")]
            if not tap.equal(len(alike), 1, "%s %s" % (method, message)):
                continue
            event = alike[0]
            tap.equal(set(event) - ADDED, set(message) - ADDED, "members of %s" % message)
            tap.equal(event["context"].pop("library")["name"], PACKAGE, "library")
            tap.equal(event["context"], message.get("context", {}), "context")
            tap.ok("messageId" in message or MESSAGE_ID.fullmatch(event["messageId"]), "messageId: %s" % event["messageId"])
            tap.ok(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["timestamp"]), "timestamp")
        times, bad = line.count_applied()
        tap.equal((set(times.values()), len(times), bad), ({1}, len(CALLS), 0), "in timelines")


sdk.outlives(tap, PACKAGE, SENDER)


@tap.test
def a_path_of_ones_own_is_answered_too():
    sdk.package(PACKAGE)
    with sdk.Line(settings="prefix = /js") as line:
        setup = line.own(sdk.lines_to_paste(SENDER)[0]).replace("  host:", "  path: '/js/v1/batch',\n  host:")
        driver = sdk.Driver(line, SENDER, setup)
        driver.calls([sdk.product(n) for n in range(3)])
        driver.ask("close")
        sdk.each_once(tap, line, 3, "below a prefix")


if __name__ == "__main__":
    tap.run()
