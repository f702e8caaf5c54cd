#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark backtest` on rules that foretell something: whether it came true, how much of what came true had
been foretold, and what the jobs of a rule are about and worth. What is expected is worked out by hand beside each history."""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

PLAIN = {"gates": "off", "grace": "0s", "slack": "0s", "round": "1ms", "stale_after": "never", "tombstone": "0s"}
# Fifteen of a hundred parcels arrive within two days, so that such a promise is missed most likely as soon as they are sent.
SLOW = {"delivery": {"samples": 100, "points": [[0.1, "1d"], [0.15, "2d"], [1, "10d"]]}}
LATE = {"id": "late", "class": "service", "key": "order_id", "arm": ["Order Shipped"], "anchor": "first",
        "cancel": ["Order Delivered", "Order Cancelled"], "channels": ["email"],
        "wait": {"promise": "s.order.promised_at", "model": "delivery", "samples": 30, "likelihood": 0.8, "max": "60d"},
        **PLAIN}
QUIET = {"id": "quiet", "class": "service", "arm": ["Order Completed"], "channels": ["email"],
         "wait": {"model": "store_gap", "q": 0.9, "min": "10d", "max": "10d", "else": "10d"}, **PLAIN}
GAPS = {"store_gap": {"samples": 1, "points": [[0.01, "1d"]]}}
tap = harness.Tap()


def day(n):
    """Noon of the N-th day of 2026, and so of the days after it."""
    month = 1
    for length in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30):
        if n <= length:
            break
        n -= length
        month += 1
    return "2026-%02d-%02dT12:00:00Z" % (month, n)


def track(user, name, on, **properties):
    return {"type": "track", "event": name, "userId": user, "timestamp": day(on), "properties": properties,
            "messageId": "%s-%s-%d-%s" % (user, name, on, "-".join(map(str, properties.values())))}


def report(rules, events, *arguments, policy=None, form="--json"):
    with tempfile.TemporaryDirectory() as place:
        os.mkdir(os.path.join(place, "rules"))
        for name, content in (("rules/all.json", rules), ("rules/policy.json", {"policy": {"models": {**GAPS, **(policy or {})}}})):
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                json.dump(content, file)
        path = os.path.join(place, "events.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(e) + "\n" for e in sorted(events, key=lambda e: e["timestamp"]))
        done = subprocess.run([harness.waymark(), "backtest", "--rules", os.path.join(place, "rules"), path, *arguments,
                               form], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError("status %d: %s%s" % (done.returncode, done.stdout, done.stderr))
    return json.loads(done.stdout) if form == "--json" else done.stdout


def figures(found, rule):
    return next(r for r in found["rules"] if r["rule"] == rule)


def parcels():
    """All are promised for day 12 and sent on day 10: the rule fires at dispatch for each."""
    events = []
    for user, ends in (("ada", [("Order Delivered", 14)]),  # late
                       ("bob", [("Order Delivered", 12)]),  # at the very instant that was promised: in time
                       ("cyd", [("Order Delivered", 11)]),  # in time
                       ("dan", []),  # never heard of again: late
                       ("eva", [("Order Cancelled", 11)]),  # called off: nothing to be late
                       ("fay", [("Order Cancelled", 13)]),  # called off when it was late
                       ("gil", [("Order Delivered", 16), ("Order Promised", 11)])):  # said anew; late by the old word
        order = "O-" + user
        events += [track(user, "Order Completed", 9, order_id=order, promised_at=day(12)),
                   track(user, "Order Shipped", 10, order_id=order)]
        for name, on in ends:
            more = {"promised_at": day(20)} if name == "Order Promised" else {}
            events.append(track(user, name, on, order_id=order, **more))
    return events


@tap.test
def parcels_that_were_said_to_be_late():
    found = figures(report([LATE], parcels(), policy=SLOW), "late")
    tap.equal(found["jobs"], 7, "all were foretold")
    # Late: ada, dan, fay, gil. In time: bob, cyd. Eva's is neither. 4 / 6 = 0.6667.
    # And nobody else was late: what gil was promised then, day 20, was kept.
    tap.equal(found["forecast"], {"of": "late", "right": 4, "wrong": 2, "open": 0, "void": 1, "precision": 0.6667,
                                  "caught": 4, "missed": 0, "recall": 1}, "all")
    # Nothing is known behind day 11: cyd's came, eva's was called off, of the five others nobody knows.
    early = [e for e in parcels() if e["timestamp"] <= day(11)]
    found = figures(report([LATE], early, policy=SLOW), "late")
    tap.equal(found["forecast"], {"of": "late", "right": 0, "wrong": 1, "open": 5, "void": 1, "precision": 0,
                                  "caught": 0, "missed": 0, "recall": None}, "by day 11")
    # Time running on is no news of anybody.
    found = figures(report([LATE], early, "--until", day(40), policy=SLOW), "late")
    tap.equal(found["forecast"]["open"], 5, "and to day 40 without events")


@tap.test
def parcels_that_were_late_and_not_foretold():
    # Nothing takes longer than ten days, so that of what is promised for eleven nobody is warned.
    events = parcels()
    for user, ends in (("hal", 25), ("ira", 20), ("jon", None)):
        events.append(track(user, "Order Completed", 9, order_id="O-" + user, promised_at=day(21)))
        if ends:
            events += [track(user, "Order Shipped", 10, order_id="O-" + user),
                       track(user, "Order Delivered", ends, order_id="O-" + user)]
    found = figures(report([LATE], events, policy=SLOW), "late")
    # Hal's was late; ira's came in time; jon's was never sent, which is not what the rule looks at. 4 / 5.
    tap.equal((found["forecast"]["caught"], found["forecast"]["missed"], found["forecast"]["recall"]), (4, 1, 0.8), "all")
    found = figures(report([LATE], events, "--from", day(10), policy=SLOW), "late")
    tap.equal((found["forecast"]["caught"], found["forecast"]["missed"]), (4, 1), "from the day they were sent on")
    found = figures(report([LATE], events, "--from", day(11), policy=SLOW), "late")
    tap.equal(found["forecast"]["recall"], None, "from the day after that on")
    text = report([LATE], events, policy=SLOW, form="--list")
    tap.ok("66.7 %" in text and "80.0 %" in text, "and for people:\n" + text)


@tap.test
def each_parcel_of_an_order():
    rule = dict(LATE, key=["order_id", "tracking_number"], cancel=["Shipment Delivered"])
    events = [track("ada", "Order Completed", 9, order_id="O", promised_at=day(12))]
    events += [track("ada", "Order Shipped", 10, order_id="O", tracking_number=number) for number in ("T1", "T2")]
    events += [track("ada", "Shipment Delivered", 11, order_id="O", tracking_number="T1"),
               track("ada", "Shipment Delivered", 14, order_id="O", tracking_number="T2")]
    found = figures(report([rule], events, policy=SLOW), "late")
    # Both are foretold. The first came in time, though the order as a whole did not.
    tap.equal(found["forecast"], {"of": "late", "right": 1, "wrong": 1, "open": 0, "void": 0, "precision": 0.5,
                                  "caught": 1, "missed": 0, "recall": 1}, "one of two")


@tap.test
def customers_who_were_said_to_stay_away():
    events = [track("ada", "Order Completed", 1, order_id="A1"),  # silent from day 11 on
              track("bob", "Order Completed", 1, order_id="B1"), track("bob", "Order Completed", 30, order_id="B2"),
              track("cyd", "Order Completed", 1, order_id="C1"), track("cyd", "In-Store Purchase", 41, order_id="C2"),
              track("dan", "Order Completed", 1, order_id="D1"), track("dan", "Product Viewed", 20, product_id="P"),
              track("eva", "Order Completed", 1, order_id="E1"), track("eva", "Order Completed", 42, order_id="E2"),
              track("fay", "Order Completed", 60, order_id="F1"), track("gil", "Product Viewed", 80, product_id="P")]
    found = figures(report([QUIET], events, "--forecast", "30d"), "quiet")
    # Foretold on day 11 of five, judged on day 41: wrong of bob (30) and cyd (41, in the shop), right of ada, dan, who
    # only looked, and eva (42). Again of bob on day 40: right by day 70. Of cyd on day 51, eva on day 52 and fay on day
    # 70 nobody knows on day 80, when the events end.
    tap.equal(found["jobs"], 9, "all are written to")
    tap.equal(found["forecast"],
              {"of": "no_purchase", "right": 4, "wrong": 2, "open": 3, "void": 0, "precision": 0.6667,
               # Thirty days and more were quiet after ada's, dan's, cyd's first, eva's first and bob's second purchase, of
               # which cyd's first was foretold wrongly; after cyd's and eva's second, too, of which the forecast is open.
               "caught": 4, "missed": 1, "recall": 0.8}, "thirty days")
    # Of who spends little nothing is foretold: bob's second, both of cyd's, dan's and both of eva's are missed, 1 / 7.
    rich = dict(QUIET, arm=[{"event": "Order Completed", "when": {">=": [{"var": "e.total"}, 100]}}])
    spent = [dict(e, properties=dict(e["properties"], total=200)) if e["userId"] == "ada" else e for e in events]
    found_rich = figures(report([rich], spent, "--forecast", "30d"), "quiet")["forecast"]
    tap.equal((found_rich["caught"], found_rich["missed"], found_rich["recall"]), (1, 6, 0.1429), "one of seven")
    late = figures(report([rich], spent, "--forecast", "30d", "--from", day(41)), "quiet")["forecast"]
    # Cyd's of day 41 and eva's of day 42 count; fay's of day 60 is not yet thirty days old.
    tap.equal((late["caught"], late["missed"]), (0, 2), "from day 41 on")
    found = figures(report([QUIET], events, "--forecast", "31d"), "quiet")
    # Eva's 42 is within 31 days of day 11, too; bob's second, of day 40, is judged on day 71 still.
    tap.equal((found["forecast"]["right"], found["forecast"]["wrong"]), (3, 3), "thirty-one days")
    # And is missed besides cyd's: 3 / 5.
    tap.equal(found["forecast"]["recall"], 0.6, "of those who stayed away")
    found = figures(report([QUIET], events), "quiet")
    tap.equal((found["forecast"]["right"], found["forecast"]["wrong"], found["forecast"]["open"]), (0, 3, 6), "ninety")


@tap.test
def who_became_one_with_somebody():
    def bought(on, **who):
        return {"type": "track", "event": "Order Completed", "timestamp": day(on), "messageId": "b%d" % on,
                "properties": {"order_id": "O%d" % on}, **who}

    def known(on):
        return {"type": "identify", "userId": "ada", "anonymousId": "a1", "timestamp": day(on), "messageId": "i"}

    last = track("bob", "Product Viewed", 99, product_id="P")
    for on in (5, 15):
        found = figures(report([QUIET], [bought(1, anonymousId="a1"), known(on), bought(20, userId="ada"), last],
                               "--forecast", "30d"), "quiet")
        # Foretold on day 11, before or after it was known who it is: ada came on day 20. Foretold on day 30: right. The
        # only silence of thirty days is that behind day 20.
        tap.equal(found["forecast"], {"of": "no_purchase", "right": 1, "wrong": 1, "open": 0, "void": 0, "precision": 0.5,
                                      "caught": 1, "missed": 0, "recall": 1}, "known on day %d" % on)


@tap.test
def parcels_of_somebody_who_had_another_name():
    def said(name, on, order, **who):
        promised = {"promised_at": day(12)} if name == "Order Completed" else {}
        return {"type": "track", "event": name, "timestamp": day(on), "messageId": "%s-%s" % (name, order),
                "properties": {"order_id": order, **promised}, **who}

    events = [said(name, on, order, anonymousId="a-" + order) for order in ("O1", "O2", "O3")
              for name, on in (("Order Completed", 9), ("Order Shipped", 10))]
    events += [{"type": "identify", "userId": "ada", "anonymousId": "a-" + order, "timestamp": day(11),
                "messageId": "i-" + order} for order in ("O1", "O2", "O3")]
    # All are foretold under another name. The first came in time, the second did not, the third was called off.
    events += [said("Order Delivered", 12, "O1", userId="ada"), said("Order Delivered", 14, "O2", userId="ada"),
               said("Order Cancelled", 11, "O3", userId="ada"), track("bob", "Product Viewed", 30, product_id="P")]
    for key in ("order_id", ["order_id", "line_id"]):
        found = figures(report([dict(LATE, key=key)], [dict(e, properties=dict(e["properties"], line_id="L"))
                                                       if "properties" in e else e for e in events],
                               "--lateness", "1d", policy=SLOW), "late")
        tap.equal(found["forecast"], {"of": "late", "right": 1, "wrong": 1, "open": 0, "void": 1, "precision": 0.5,
                                      "caught": 1, "missed": 0, "recall": 1}, key)


@tap.test
def a_rule_that_waits_foretells_nothing():
    rule = {"id": "cart", "class": "service", "arm": ["Product Added"], "wait": "4h", "channels": ["email"], **PLAIN}
    found = report([rule, QUIET], [track("ada", "Product Added", 1, cart_id="C", product_id="P"),
                                   track("ada", "Product Viewed", 2, product_id="P")])
    tap.equal(figures(found, "cart")["forecast"], None, "of what was observed")
    tap.equal(figures(found, "quiet")["forecast"]["precision"], None, "and where nothing could be judged there is none")


@tap.test
def an_episode_is_one_forecast():
    steps = [{"id": "m1", "after": "0"}, {"id": "m2", "after": "2d"}, {"id": "m3", "after": "2d"}]
    events = [track("ada", "Order Completed", 1, order_id="A1"), track("bob", "Product Viewed", 99, product_id="P")]
    found = figures(report([dict(QUIET, steps=steps)], events, "--forecast", "30d"), "quiet")
    tap.equal((found["jobs"], found["forecast"]["right"]), (3, 1), "three messages")
    found = figures(report([dict(QUIET, mode="shadow")], events, "--forecast", "30d"), "quiet")
    tap.equal((found["jobs"], found["would_send"], found["forecast"]["right"]), (0, 1, 1), "and in shadow the same")
    found = figures(report([QUIET], events, "--forecast", "30d", "--from", day(50)), "quiet")
    tap.equal(found["forecast"]["right"], 0, "before what is reported: none")


@tap.test
def money_at_risk():
    cart = {"id": "cart", "class": "service", "key": "cart_id", "arm": ["Cart Viewed"], "wait": "4h", "channels": ["email"],
            "cancel": ["Order Completed"], "steps": [{"id": "m1", "after": "0"}, {"id": "m2", "after": "1d"}], **PLAIN}
    looked = {"id": "looked", "class": "service", "key": "product_id", "arm": ["Product Viewed"], "wait": "4h",
              "channels": ["email"], **PLAIN}
    late = dict(cart, id="order", key="order_id", arm=["Order Shipped"], cancel=["Order Delivered"])
    events = [track("ada", "Cart Viewed", 1, cart_id="C1", value=120.5),
              track("ada", "Cart Viewed", 1, cart_id="C2", value=30),
              track("bob", "Order Completed", 1, order_id="B1", total=99.99, currency="EUR"),
              track("bob", "Order Completed", 2, order_id="B2", total="1000", currency="EUR"),
              track("bob", "Order Shipped", 3, order_id="B2"),
              track("bob", "Product Viewed", 4, product_id="P"), track("bob", "Product Viewed", 5, product_id="Q"),
              track("cyd", "Order Completed", 1, order_id="D1", total=70, currency="USD"),
              track("cyd", "Product Viewed", 4, product_id="P"),
              track("dan", "Product Viewed", 9, product_id="P")]
    found = report([cart, looked, late], events)
    # Both carts, each once for two messages, in a currency that nobody named.
    tap.equal((figures(found, "cart")["jobs"], figures(found, "cart")["at_risk"]), (4, {"": 150.5}), "carts")
    # One order of two.
    tap.equal(figures(found, "order")["at_risk"], {"EUR": 1000}, "an order")
    # A parcel is worth what its order is.
    parcel = dict(late, id="parcel", key=["order_id", "tracking_number"])
    sent = track("bob", "Order Shipped", 6, order_id="B2", tracking_number="T1")
    tap.equal(figures(report([parcel], events + [sent]), "parcel")["at_risk"], {"EUR": 1000}, "a parcel")
    # A product has no worth of its own: it is the customer, once for two products.
    tap.equal(figures(found, "looked")["at_risk"], {"EUR": 1099.99, "USD": 70}, "customers, in their currencies")
    # Disproved too late: nothing is at risk any more.
    back = track("bob", "Order Delivered", 3, order_id="B2")
    back["receivedAt"] = day(4)
    taken = report([late], events + [dict(back, timestamp=day(3))])
    tap.equal(figures(taken, "order")["at_risk"], {}, "delivered")
    text = report([cart, looked, late], events, form="--list")
    tap.ok("1099.99  EUR" in text and "150.50" in text, "and for people:\n" + text)


tap.run()
