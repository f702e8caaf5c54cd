# SPDX-License-Identifier: MIT
"""`waymark why` and the console's question: which event armed a rule, which ended it, what held it,
what is due when, and why it never armed, each from what was recorded."""

import datetime
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()

BASE = {"description": "x", "class": "task", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "1s", "grace": "0s", "slack": "0s", "round": "1ms",
        "channels": ["task"]}

RULES = [
    dict(BASE, id="cart"),
    dict(BASE, id="dear", arm=[{"event": "Product Added", "when": {">": [{"var": "e.price"}, 10]}}]),
    dict(BASE, id="slow", wait="2h", key="customer"),
    dict(BASE, id="visit", arm=["Store Visited"], key="customer", wait="3s"),
    dict(BASE, id="choosy", key="customer", episode={"cooldown": "1h"},
         fire_if={">=": [{"var": "s.orders"}, 3]}),
    dict(BASE, id="trial", mode="shadow"),
    dict(BASE, id="dormant", mode="off"),
    # Ends what it does not arm; and words that are longer than a note may be.
    dict(BASE, id="drop", arm=[{"event": "Product Added", "when": {">": [{"var": "e.price"}, 10]}}],
         cancel=[{"event": "Product Added", "when": {"<=": [{"var": "e.price"}, 10]}}]),
    dict(BASE, id="wordy", arm=[{"event": "Product Added", "when": {
        "in": [{"var": "e.cart_id"}, ["%040d" % n for n in range(9)]]}}]),
]

EVENTS = [
    {"event": "Product Added", "properties": {"cart_id": "C1", "price": 5}},
    {"event": "Product Added", "properties": {"cart_id": "C2", "price": 20}},
    {"event": "Order Completed", "properties": {"cart_id": "C2", "order_id": "O1"}},
    {"event": "Product Added", "properties": {"cart_id": "C1", "price": 7}},
]


def started(place):
    folder = os.path.dirname(place.write("rules/all.json", json.dumps(RULES)))
    up = upbox.Up(place, args=["--rules", folder]).wait_up()
    # At times of their own: of two in one millisecond the one that ends a wait wins.
    began = time.time()
    for number, event in enumerate(EVENTS):
        at = datetime.datetime.fromtimestamp(began + number / 100, datetime.timezone.utc)
        answer = up.post("/v1/track", dict(event, userId="ada", messageId="m%d" % number,
                                           timestamp=at.isoformat(timespec="milliseconds")))
        assert answer.status == 200, answer.body
    harness.wait_until(lambda: ended(up), "the end of the short waits")
    return up


def why(up, *args):
    status, out, err = up.tool("why", "--json", "ada", *args)
    assert status == 0, err
    return {rule["rule"]: rule for rule in json.loads(out)["rules"]}


def ended(up):
    status, out, _ = up.tool("why", "--json", "ada")
    if status != 0:
        return False
    rules = {rule["rule"]: rule for rule in json.loads(out)["rules"]}
    return all(rules[name]["instances"] and not any(i["state"] == "armed" for i in rules[name]["instances"])
               for name in ("cart", "choosy", "trial"))


@tap.test
def every_rule_has_its_sentence():
    with harness.Place() as place:
        up = started(place)
        told = why(up)
        tap.equal(list(told), [rule["id"] for rule in RULES], "all rules, in their order")
        states = {i["key"]: (i["state"], i["outcome"], i["by"]) for i in told["cart"]["instances"]}
        tap.equal(states, {"cart:C1": ("cooling", "fired", "Product Added"),
                           "cart:C2": ("closed", "cancelled", "Order Completed")}, "what became of it")
        tap.ok("cart for cart:C1 fired" in told["cart"]["text"], told["cart"]["text"])
        ends = next(i for i in told["cart"]["instances"] if i["key"] == "cart:C2")["text"]
        tap.ok("cancelled by Order Completed" in ends and "It is closed" in ends, ends)
        dear = told["dear"]
        tap.equal(dear["not_armed"]["reason"], "condition", "why it was not armed")
        tap.equal(dear["not_armed"]["words"], "e.price > 10: e.price is 7", "with the value")
        drop = told["drop"]
        tap.equal(drop["not_armed"]["words"], "e.price > 10: e.price is 7", "what ends it, too")
        wordy = told["wordy"]["not_armed"]["words"]
        tap.ok(wordy.startswith('e.cart_id in ["0000') and wordy.endswith(" ...")
               and len(wordy) == 256, wordy)
        slow = told["slow"]["instances"][0]
        tap.equal((slow["state"], slow["key"]), ("armed", "customer"), "waiting again since the last cart")
        visit = told["visit"]
        tap.equal(visit["text"], "Nothing that arms it has come: Store Visited.", "never armed")
        tap.equal([(i["key"], i["text"]) for i in visit["instances"]],
                  [("customer", "Nothing has armed it for the customer; what ends it has come: "
                    "Order Completed.")], "but ended")
        choosy = told["choosy"]["decisions"][0]
        tap.equal((choosy["outcome"], choosy["gate"], choosy["reason"]),
                  ("suppressed", "condition", "fire_if"), "the gate")
        tap.ok("s.orders >= 3: s.orders is 1" in told["choosy"]["text"], told["choosy"]["text"])
        trial = told["trial"]
        tap.equal((trial["mode"], trial["decisions"][0]["outcome"]), ("shadow", "would_send"), "trial")
        tap.ok(trial["text"].startswith("The rule is on trial and sends nothing."), trial["text"])
        tap.ok(told["dormant"]["text"].startswith("The rule is off."), told["dormant"]["text"])
        tap.equal(up.stop(), 0, "up")


@tap.test
def people_and_the_console_are_told_the_same():
    with harness.Place() as place:
        up = started(place)
        status, out, _ = up.tool("why", "ada")
        tap.equal(status, 0, "exit status")
        tap.ok("cart for cart:C1 fired" in out and "had nothing to do with" in out, out)
        status, out, _ = up.tool("why", "ada", "dear")
        tap.ok("e.price is 7" in out, out)
        status, _, err = up.tool("why", "ada", "none")
        tap.ok(status == 1 and "waymark rules list" in err, err)
        status, _, err = up.tool("why", "nobody")
        tap.ok(status == 1 and "nothing is known" in err, err)
        tap.equal(up.tool("why")[0], 2, "without a customer")
        answer = up.get("/v1/customers/ada/why")
        tap.equal(answer.status, 200, "the console")
        tap.equal({rule["rule"]: rule for rule in answer.json()["rules"]}, why(up), "the same")
        answer = up.get("/v1/customers/ada/why?rule=dear")
        tap.equal([rule["rule"] for rule in answer.json()["rules"]], ["dear"], "one rule")
        tap.equal(up.get("/v1/customers/ada/why?rule=none").status, 404, "a rule that is none")
        tap.equal(up.get("/v1/customers/nobody/why").status, 404, "a customer that is none")
        tap.equal(up.get("/v1/customers/ada/why?rules=x").status, 400, "a parameter that is none")
        tap.equal(up.stop(), 0, "up")


tap.run()
