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


RING = {"sku": "p-1", "quantity": 2, "name": "Ring", "category": "gold", "unitPrice": 19.99, "currency": "EUR"}
SIZED = "iglu:com.acme/ring_sized/jsonschema/1-0-0"


def action(kind, *entities):
    """A call that tells of an e-commerce action, as the browser's plugin makes it of its own."""
    schema = VENDOR + ".ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2"
    return ["buildSelfDescribingEvent", {"event": {"schema": schema, "data": {"type": kind}}}, "ann", [
        {"schema": "%s.ecommerce/%s/jsonschema/1-0-0" % (VENDOR, name), "data": data} for name, data in entities]]


PRODUCT = {"id": "p-1", "name": "Ring \u201e\u00c9lise\u201c \U0001f48d", "category": "rings/gold", "price": 19.99,
           "quantity": 2, "currency": "EUR"}
GIVEN = {"product_id": "p-1", "name": PRODUCT["name"], "category": "rings/gold", "price": 19.99, "quantity": 2,
         "currency": "EUR"}

# A call (builder, members, user, entities, time), what it means, and the tracker's own name of it.
CALLS = [
    (["buildPageView", PAGE, "ann"], {"type": "page", "name": "Cart", "properties": {
        "url": PAGE["pageUrl"], "title": "Cart", "referrer": PAGE["referrer"]}}, "page_view"),
    (["buildStructEvent", {"category": "cart", "action": "add", "label": "p-1", "property": "2", "value": 9.5}, "ann"],
     {"type": "track", "event": "Product Added", "properties": {
         "product_id": "p-1", "quantity": 2, "price": 9.5}}, "cart/add"),
    (["buildStructEvent", {"category": "Ring", "action": "Engraving \u00fc \U0001f48d asked for"}, "ann"],
     {"type": "track", "event": "Engraving \u00fc \U0001f48d asked for", "properties": {
         "category": "Ring", "action": "Engraving \u00fc \U0001f48d asked for"}}, "Ring/Engraving \u00fc \U0001f48d asked for"),
    (["buildEcommerceTransaction", {"orderId": "O-1", "total": 49.9, "tax": 8, "shipping": 0, "currency": "EUR",
                                    "affiliation": "web", "city": "Wien", "country": "Austria"}, "ann"],
     {"type": "track", "event": "Order Completed", "identifiers": {"order": "O-1"}, "properties": {
         "order_id": "O-1", "total": 49.9, "tax": 8, "shipping": 0, "currency": "EUR", "affiliation": "web",
         "city": "Wien", "country": "Austria"}}, "transaction"),
    (["buildEcommerceTransactionItem", {"orderId": "O-1", "sku": "p-1", "name": "Ring", "price": 24.95,
                                        "quantity": 2}, "ann"],
     {"type": "track", "event": "Order Item Reported", "identifiers": {"order": "O-1"}, "properties": {
         "order_id": "O-1", "sku": "p-1", "name": "Ring", "price": 24.95, "quantity": 2}}, "transaction_item"),
    (["buildAddToCart", RING, "ann"], {"type": "track", "event": "Product Added", "properties": {
        "product_id": "p-1", "name": "Ring", "category": "gold", "price": 19.99, "quantity": 2, "currency": "EUR"}},
     "add_to_cart"),
    (action("product_view", ("product", PRODUCT)),
     {"type": "track", "event": "Product Viewed", "properties": GIVEN}, "snowplow_ecommerce_action/product_view"),
    (action("checkout_step", ("checkout_step", {"step": 2, "delivery_method": "express"})),
     {"type": "track", "event": "Checkout Step Completed", "properties": {"step": 2, "shipping_method": "express"}},
     "snowplow_ecommerce_action/checkout_step"),
    (action("transaction", ("transaction", {"transaction_id": "O-2", "revenue": 44.98, "currency": "EUR", "tax": 7.5,
                                            "payment_method": "card"}), ("product", PRODUCT),
            ("product", {"id": "p-2", "category": "cases", "price": 5, "currency": "EUR"})),
     {"type": "track", "event": "Order Completed", "identifiers": {"order": "O-2"}, "properties": {
         "order_id": "O-2", "total": 44.98, "currency": "EUR", "tax": 7.5, "payment_method": "card",
         "products": [GIVEN, {"product_id": "p-2", "category": "cases", "price": 5, "currency": "EUR"}]}},
     "snowplow_ecommerce_action/transaction"),
    (["buildSelfDescribingEvent", {"event": {"schema": SIZED, "data": {"size": 54}}}, "ann"],
     {"type": "track", "event": "ring_sized", "properties": {"size": 54}}, "ring_sized"),
    (["buildScreenView", {"name": "Start", "id": "s-1"}, "ann", None, 1767323045678],
     {"type": "screen", "name": "Start", "properties": {"name": "Start", "id": "s-1"}}, "screen_view"),
]


def goods_of(number):
    return {"product_id": "p-%d" % number, "price": number}


def sold(number):
    return ["buildStructEvent", {"category": "cart", "action": "add", "label": "p-%d" % number, "value": number},
            sdk.buyer(number)]


GOODS = sdk.Goods(sold, goods_of)


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


def arrives_as_meant(change, coded):
    """CHANGE is made to the lines to paste; CODED: the members that then have the JSON."""
    with sdk.Line() as line:
        driver = sdk.Driver(line, SENDER, change(line.own(sdk.lines_to_paste(SENDER)[0])))
        driver.calls([call for call, _, _ in CALLS])
        driver.ask("close")
        entries = line.wait_events(len(CALLS)) and line.entries()
        tap.equal(len(entries), len(CALLS), "entries")
        tap.equal({entry["m"][0] for entry in entries}, {"shop/server//lx"}, "source, channel and what it may link")
        members = {name for entry in entries for name in json.loads(entry["o"])}
        tap.equal(members & {"ue_pr", "ue_px", "co", "cx"}, coded, "how the JSON came")
        found = [as_meant(entry) for entry in entries]
        for call, meant, original in CALLS:
            tap.equal(found.count((meant, original)), 1, "%s in %s" % (call, [e for e, o in found if o == original]))
        tap.equal([e["e"]["timestamp"] for e in entries if e["e"]["type"] == "screen"],
                  ["2026-01-02T03:04:05.678Z"], "a time given")
        times, bad = line.count_applied()
        tap.equal((set(times.values()), len(times), bad), ({1}, len(CALLS), 0), "in timelines")


@tap.test
def every_call_arrives_as_it_was_meant():
    sdk.package(PACKAGE)
    arrives_as_meant(lambda setup: setup, {"ue_px", "cx"})


@tap.test
def without_base_64_it_means_the_same():
    sdk.package(PACKAGE)
    arrives_as_meant(lambda setup: setup.replace("namespace: 'shop',", "namespace: 'shop', encodeBase64: false,"),
                     {"ue_pr", "co"})


sdk.outlives(tap, PACKAGE, SENDER, GOODS)


if __name__ == "__main__":
    tap.run()
