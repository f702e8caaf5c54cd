#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PostHog's library for Node, unmodified, against a collector: every call becomes the canonical event
that it means, once, with the bytes that came beside it; also when the collector is restarted or killed
midway, limits the source, or has no Redis.

usage: test_posthog.py WAYMARK [TEST...]
"""

import json
import re

import sdk
from sdk import harness

tap = harness.Tap()
PACKAGE, SENDER = "posthog-node", "posthog"
PROFILE = {"$process_person_profile": False}

# A call, and what it means.
CALLS = [
    (["identify", {"distinctId": "ann", "properties": {"email": "ann@example.com", "name": "Ann"}}],
     {"type": "identify", "userId": "ann", "traits": {"email": "ann@example.com", "name": "Ann"}}, "$identify"),
    (["identify", {"distinctId": "ann", "properties": {"$anon_distinct_id": "anon-1", "$set": {"plan": "gold"}}}],
     {"type": "identify", "userId": "ann", "anonymousId": "anon-1", "traits": {"plan": "gold"}}, "$identify"),
    (["capture", {"distinctId": "ann", "event": "Product Added", "properties": sdk.product_of(7)}],
     {"type": "track", "event": "Product Added", "userId": "ann", "properties": sdk.product_of(7)}, "Product Added"),
    (["capture", {"distinctId": "anon-1", "event": "Product Viewed", "properties": dict(PROFILE, product_id="p-2"),
                  "timestamp": "2026-01-02T03:04:05.678Z", "uuid": "01890b5e-4c5a-7f00-8a00-0123456789ab"}],
     {"type": "track", "event": "Product Viewed", "anonymousId": "anon-1", "properties": dict(PROFILE, product_id="p-2"),
      "timestamp": "2026-01-02T03:04:05.678Z", "messageId": "01890b5e-4c5a-7f00-8a00-0123456789ab"}, "Product Viewed"),
    (["capture", {"distinctId": "ann", "event": "$pageview", "properties": {
        "$current_url": "https://shop.example/cart?a=b", "$pathname": "/cart", "title": "Cart"}}],
     {"type": "page", "name": "Cart", "userId": "ann",
      "properties": {"url": "https://shop.example/cart?a=b", "path": "/cart", "title": "Cart"}}, "$pageview"),
    (["capture", {"distinctId": "ann", "event": "$screen", "properties": {"$screen_name": "Start"}}],
     {"type": "screen", "name": "Start", "userId": "ann", "properties": {"$screen_name": "Start"}}, "$screen"),
    (["alias", {"distinctId": "ann", "alias": "anon-2"}],
     {"type": "identify", "userId": "ann", "anonymousId": "anon-2"}, "$create_alias"),
    (["capture", {"distinctId": "ann", "event": "Wish \u2028 \u00fc \U0001f48d", "properties": {}}],
     {"type": "track", "event": "Wish \u2028 \u00fc \U0001f48d", "userId": "ann", "properties": {}},
     "Wish \u2028 \u00fc \U0001f48d"),
]
# What PostHog makes for itself is answered, and not kept.
UNKEPT = [
    ["capture", {"distinctId": "ann", "event": "$feature_flag_called", "properties": {"$feature_flag": "x"}}],
    ["groupIdentify", {"groupType": "club", "groupKey": "gold", "properties": {}}],
]
LIBRARY = {"$lib", "$lib_version", "$is_server", "$geoip_disable", "$os", "$os_version", "$device_type"}
GOODS = sdk.Goods(lambda n: [
    "capture", {"distinctId": sdk.buyer(n), "event": "Product Added", "properties": sdk.product_of(n)}])


def as_meant(event, original):
    """The event without what the library and the way here have added; that is checked."""
    event = dict(event)
    raw = json.loads(original)
    tap.equal(raw["uuid"], event["messageId"], "the bytes that came are beside it")
    tap.ok(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event["messageId"]), "messageId")
    tap.equal(raw["timestamp"], event["timestamp"], "timestamp")
    tap.ok(event.pop("sentAt"), "sentAt")
    context = event.pop("context")
    tap.equal(context["library"]["name"], "posthog-node", "library")
    tap.equal(context["original"]["name"], raw["event"], "original name")
    if "properties" in event:
        event["properties"] = {k: v for k, v in event["properties"].items() if k not in LIBRARY}
    return event


@tap.test
def every_call_arrives_as_it_was_meant():
    sdk.package(PACKAGE)
    with sdk.Line() as line:
        driver = line.driver(SENDER)
        driver.calls([call for call, _, _ in CALLS] + UNKEPT)
        driver.ask("close", within=60)
        tap.equal(driver.ask("told"), {"failed": []}, "what the library was told")
        entries = line.entries()
        tap.equal(len(entries), len(CALLS), "entries")
        tap.equal({entry["m"][0] for entry in entries}, {"shop/server//lx"}, "source, channel and what it may link")
        left = [(as_meant(entry["e"], entry["o"]), entry["e"]["context"]["original"]["name"]) for entry in entries]
        for call, meant, original in CALLS:
            fits = [(e, o) for e, o in left if o == original and
                    {k: v for k, v in e.items() if k in meant or k not in ("timestamp", "messageId")} == meant]
            tap.equal(len(fits), 1, "%s in %s" % (call, [e for e, o in left if o == original]))
        times, bad = line.count_applied()
        tap.equal((set(times.values()), len(times), bad), ({1}, len(CALLS), 0), "in timelines")
        old = [item for item in line.timeline("anon:anon-1") if item.get("event") == "Product Viewed"]
        tap.equal([(item["at"][:16], item["channel"]) for item in old], [("2026-01-02T03:04", "server")], "when it happened")


sdk.outlives(tap, PACKAGE, SENDER, GOODS)


if __name__ == "__main__":
    tap.run()
