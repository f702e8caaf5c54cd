#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Snowplow's tracker for Node, unmodified, against a collector: every call becomes the canonical event
that it means, once, with the bytes that came beside it; also when the collector is restarted or killed
midway, limits the source, or has no Redis.

usage: test_snowplow.py WAYMARK [TEST...]
"""

import json
import re

import sdk
from sdk import harness

tap = harness.Tap()
PACKAGE, SENDER = "@snowplow/node-tracker", "snowplow"
VENDOR = "iglu:com.snowplowanalytics.snowplow"
PAGE = {"pageUrl": "https://shop.example/cart?a=b", "pageTitle": "Cart", "referrer": "https://shop.example/"}


def described(schema, data):
    """What the tracker puts into a self-describing event, in its own order."""
    return json.dumps({"schema": VENDOR + "/unstruct_event/jsonschema/1-0-0", "data": {"schema": schema, "data": data}},
                      separators=(",", ":"), ensure_ascii=False)


RING = {"sku": "p-1", "quantity": 2, "name": "Ring", "category": "gold", "unitPrice": 19.99, "currency": "EUR"}
SIZED = "iglu:com.acme/ring_sized/jsonschema/1-0-0"
ACTION = VENDOR + ".ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2"

# A call (builder, members), what it means, and the tracker's own name of it.
CALLS = [
    (["buildPageView", PAGE], {"type": "page", "name": "Cart", "properties": {
        "url": PAGE["pageUrl"], "title": "Cart", "referrer": PAGE["referrer"]}}, "page_view"),
    (["buildStructEvent", {"category": "cart", "action": "add", "label": "p-1", "property": "red", "value": 9.5}],
     {"type": "track", "event": "Product Added", "properties": {
         "category": "cart", "action": "add", "label": "p-1", "property": "red", "value": 9.5}}, "cart/add"),
    (["buildStructEvent", {"category": "Ring", "action": "Engraving \u00fc \U0001f48d asked for"}],
     {"type": "track", "event": "Engraving \u00fc \U0001f48d asked for", "properties": {
         "category": "Ring", "action": "Engraving \u00fc \U0001f48d asked for"}}, "Ring/Engraving \u00fc \U0001f48d asked for"),
    (["buildEcommerceTransaction", {"orderId": "O-1", "total": 49.9, "tax": 8, "shipping": 0, "currency": "EUR",
                                    "affiliation": "web", "city": "Wien", "country": "Austria"}],
     {"type": "track", "event": "Order Completed", "identifiers": {"order": "O-1"}, "properties": {
         "order_id": "O-1", "total": 49.9, "tax": 8, "shipping": 0, "currency": "EUR", "affiliation": "web",
         "city": "Wien", "country": "Austria"}}, "transaction"),
    (["buildEcommerceTransactionItem", {"orderId": "O-1", "sku": "p-1", "name": "Ring", "price": 24.95, "quantity": 2}],
     {"type": "track", "event": "Order Item Reported", "identifiers": {"order": "O-1"}, "properties": {
         "order_id": "O-1", "sku": "p-1", "name": "Ring", "price": 24.95, "quantity": 2}}, "transaction_item"),
    (["buildAddToCart", RING], {"type": "track", "event": "Product Added", "properties": {
        "event": described(VENDOR + "/add_to_cart/jsonschema/1-0-0", RING)}}, "self_describing"),
    (["buildSelfDescribingEvent", {"event": {"schema": ACTION, "data": {"type": "checkout_step", "step": 2}}}],
     {"type": "track", "event": "Checkout Step Completed", "properties": {
         "event": described(ACTION, {"type": "checkout_step", "step": 2})}}, "self_describing"),
    (["buildSelfDescribingEvent", {"event": {"schema": SIZED, "data": {"size": 54}}}],
     {"type": "track", "event": "Self-Describing Event", "properties": {
         "event": described(SIZED, {"size": 54})}}, "self_describing"),
    (["buildScreenView", {"name": "Start", "id": "s-1"}], {"type": "screen", "properties": {
        "event": described(VENDOR + "/screen_view/jsonschema/1-0-0", {"name": "Start", "id": "s-1"})}}, "screen_view"),
]


def goods_of(number):
    return {"category": "cart", "action": "add", "label": "p-%d" % number, "value": number}


GOODS = sdk.Goods(lambda n: ["buildStructEvent", goods_of(n), sdk.buyer(n)], goods_of, "label")


def as_meant(entry):
    """The event without what the tracker and the way here have added; that is checked."""
    event, raw = dict(entry["e"]), json.loads(entry["o"])
    tap.equal(raw["eid"], event.pop("messageId"), "the bytes that came are beside it")
    tap.ok(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", raw["eid"]), "messageId")
    tap.equal(event.pop("userId"), "ann", "user")
    context = event.pop("context")
    tap.equal((context["library"]["name"], context["channel"]), ("snowplow", "server"), "context")
    for name, given in (("timestamp", "dtm"), ("sentAt", "stm")):
        seconds, millis = divmod(int(raw[given]), 1000)
        wanted = harness.time.strftime("%Y-%m-%dT%H:%M:%S", harness.time.gmtime(seconds)) + ".%03dZ" % millis
        tap.equal(event.pop(name), wanted, given)
    return event, context["original"]["name"]


@tap.test
def every_call_arrives_as_it_was_meant():
    sdk.package(PACKAGE)
    with sdk.Line() as line:
        driver = line.driver(SENDER)
        driver.calls([call + ["ann"] for call, _, _ in CALLS[:-1]] + [CALLS[-1][0] + ["ann", 1767323045678]])
        driver.ask("close")
        entries = line.wait_events(len(CALLS)) and line.entries()
        tap.equal(len(entries), len(CALLS), "entries")
        tap.equal({entry["m"][0] for entry in entries}, {"shop/server"}, "source and channel")
        found = [as_meant(entry) for entry in entries]
        for call, meant, original in CALLS:
            tap.equal(found.count((meant, original)), 1, "%s in %s" % (call, [e for e, o in found if o == original]))
        tap.equal([e["e"]["timestamp"] for e in entries if e["e"]["type"] == "screen"],
                  ["2026-01-02T03:04:05.678Z"], "a time given")
        times, bad = line.count_applied()
        tap.equal((set(times.values()), len(times), bad), ({1}, len(CALLS), 0), "in timelines")


@tap.test
def what_is_hidden_in_base_64_is_kept():
    sdk.package(PACKAGE)
    with sdk.Line() as line:
        setup = line.own(sdk.lines_to_paste(SENDER)[0]).replace("encodeBase64: false", "encodeBase64: true")
        driver = sdk.Driver(line, SENDER, setup)
        driver.calls([["buildAddToCart", RING, "ann"]])
        driver.ask("close")
        event = line.wait_events(1)[0]
        tap.equal(event["event"], "Self-Describing Event", "name")
        tap.ok(len(event["properties"]["event_base64"]) > 100, "properties")


@tap.test
def it_outlives_restarts():
    sdk.package(PACKAGE)
    sdk.outlive_restarts(tap, SENDER, False, GOODS)


@tap.test
def it_outlives_kill_9():
    sdk.package(PACKAGE)
    sdk.outlive_restarts(tap, SENDER, True, GOODS)


@tap.test
def what_is_sent_again_for_want_of_an_answer_counts_once():
    sdk.package(PACKAGE)
    sdk.outlive_a_lost_answer(tap, SENDER, GOODS)


@tap.test
def it_waits_when_it_is_too_fast():
    sdk.package(PACKAGE)
    sdk.outlive_its_rate(tap, SENDER, GOODS)


@tap.test
def it_outlives_an_outage_of_redis():
    sdk.package(PACKAGE)
    sdk.outlive_redis(tap, SENDER, GOODS)


if __name__ == "__main__":
    tap.run()
