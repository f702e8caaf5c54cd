#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""RudderStack's library for Node, unmodified, against a collector: gzip under the type of a form, the
key in the head alone, the time under another name; every call arrives once and as meant, also when the
collector is restarted or killed midway, limits the source, or has no Redis.

usage: test_rudderstack.py WAYMARK [TEST...]
"""

import re

import sdk
from sdk import harness

tap = harness.Tap()
PACKAGE, SENDER = "@rudderstack/rudder-sdk-node", "rudderstack"
CALLS = [
    ["identify", {"userId": "ann", "traits": {"email": "ann@example.com", "firstName": "Ann"}}],
    ["track", {"userId": "ann", "event": "Product Added", "properties": sdk.product_of(7)}],
    ["track", {"anonymousId": "anon-1", "event": "Product Viewed", "properties": {"product_id": "p-2"},
               "originalTimestamp": "2026-01-02T03:04:05.678Z", "messageId": "my-own-id-1"}],
    ["track", {"userId": "ann", "event": "Order Completed", "properties": {
        "order_id": "O-1", "total": 9007199254740991, "currency": "EUR",
        "products": [{"product_id": "p-1", "price": 0.1, "quantity": 3}]}}],
    ["page", {"userId": "ann", "name": "Cart", "properties": {"url": "https://shop.example/cart?a=b&c=d"}}],
    ["screen", {"anonymousId": "anon-1", "name": "Start", "properties": {"variant": "b"}}],
    ["group", {"userId": "ann", "groupId": "club", "traits": {"name": "The club"}}],
    ["alias", {"userId": "ann", "previousId": "anon-1"}],
]
ADDED = {"messageId", "originalTimestamp", "sentAt", "context", "channel", "_metadata", "type"}


def arrive(setup):
    with sdk.Line() as line:
        driver = sdk.Driver(line, SENDER, line.own(setup))
        driver.calls(CALLS)
        driver.ask("close")
        tap.equal(driver.ask("told"), {"open": 0, "failed": []}, "what the library was told")
        entries = line.entries()
        tap.equal(len(entries), len(CALLS), "entries")
        tap.equal({entry["m"][0] for entry in entries}, {"shop/server//lx"}, "source, channel and what it may link")
        for method, message in CALLS:
            alike = [entry["e"] for entry in entries if entry["e"]["type"] == method and
                     all(entry["e"].get(k) == v for k, v in message.items())]
            if not tap.equal(len(alike), 1, "%s %s" % (method, message)):
                continue
            event = alike[0]
            tap.equal(set(event) - ADDED, set(message) - ADDED, "members of %s" % message)
            tap.equal(event["context"].pop("library")["name"], "analytics-node", "library")
            tap.equal(event["context"], {"traits": message["traits"]} if method == "identify" else {}, "context")
            tap.ok(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|my-own-id-1", event["messageId"]), "messageId")
        times, bad = line.count_applied()
        tap.equal((set(times.values()), len(times), bad), ({1}, len(CALLS), 0), "in timelines")
        old = [item for item in line.timeline("anon:anon-1") if item.get("message_id") == "my-own-id-1"]
        tap.equal([(item["at"][:16], item["channel"]) for item in old], [("2026-01-02T03:04", "server")],
                  "originalTimestamp is when it happened")


@tap.test
def every_call_arrives_as_it_was_meant():
    sdk.package(PACKAGE)
    arrive(sdk.lines_to_paste(SENDER)[0])


@tap.test
def without_gzip_too():
    sdk.package(PACKAGE)
    arrive(sdk.lines_to_paste(SENDER)[0].replace("  retryCount", "  gzip: false,\n  retryCount"))


sdk.outlives(tap, PACKAGE, SENDER)


if __name__ == "__main__":
    tap.run()
