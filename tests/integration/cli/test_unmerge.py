# SPDX-License-Identifier: MIT
"""`waymark customer merge` and `unmerge`: two are one, and two again, with the real store."""

import json
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
import upbox
import harness

tap = harness.Tap()

RULE = {"id": "cart", "description": "x", "class": "task", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "1s", "grace": "0s", "slack": "0s", "round": "1ms",
        "channels": ["task"]}


def export(up, who):
    status, out, _ = up.tool("customer", "export", who)
    return json.loads(out) if status == 0 else None


def names(up, who):
    document = export(up, who)
    if document is None:
        return None
    return document["customer"], sorted(e["message_id"] for e in document["timeline"]
                                        if e["kind"] == "event" and "message_id" in e)


def said(up, who):
    return [e for e in export(up, who)["timeline"]
            if e["kind"] == "decision" and e.get("outcome") == "unmerged"]


def sends(up, *events):
    batch = [{"type": "track", "event": "Product Viewed", "messageId": name, "userId": who,
              "properties": {"product_id": name}} for who, name in events]
    answer = up.post("/v1/batch", {"batch": batch})
    assert answer.status == 200, answer.body


@tap.test
def one_and_two_again():
    with harness.Place() as place:
        folder = os.path.dirname(place.write("rules/cart.json", json.dumps(RULE)))
        up = upbox.Up(place, args=["--rules", folder]).wait_up()
        sends(up, ("ada", "a1"), ("bob", "b1"))
        harness.wait_until(lambda: names(up, "ada") == ("ada", ["a1"]) and
                           names(up, "bob") == ("bob", ["b1"]), "both")
        tap.equal(up.tool("customer", "merge", "ada", "bob", "--yes")[0], 2, "not without a reason")
        status, out, err = up.tool("customer", "merge", "bob", "ada", "--yes", "--reason", "one hand",
                                   "--by", "Eva")
        tap.ok(status == 0, err + out)
        harness.wait_until(lambda: names(up, "bob") == ("ada", ["a1", "b1"]), "they are one")
        sends(up, ("bob", "b2"), ("ada", "a2"))
        harness.wait_until(lambda: names(up, "ada") == ("ada", ["a1", "a2", "b1", "b2"]), "events")
        status, out, err = up.tool("customer", "unmerge", "bob")
        tap.ok(status == 0 and "Nothing was changed" in out and "1 events came by bob" in out, out + err)
        tap.equal(names(up, "bob")[0], "ada", "a preview changes nothing")
        status, out, err = up.tool("customer", "unmerge", "bob", "--yes", "--reason", "two sisters",
                                   "--by", "Eva")
        tap.ok(status == 0 and "two again" in out, out + err)
        harness.wait_until(lambda: names(up, "bob") == ("bob", ["b1", "b2"]), "bob again")
        tap.equal(names(up, "ada"), ("ada", ["a1", "a2"]), "and ada")
        tap.equal([len(said(up, who)) for who in ("ada", "bob")], [1, 1], "both timelines say so")
        sends(up, ("bob", "b2"), ("bob", "b3"), ("ada", "a2"))
        harness.wait_until(lambda: names(up, "bob") == ("bob", ["b1", "b2", "b3"]), "and goes on")
        tap.equal(names(up, "ada"), ("ada", ["a1", "a2"]), "what came before is known again")
        status, out, err = up.tool("customer", "unmerge", "bob")
        tap.ok(status == 1 and "nothing to take apart" in err, err)
        tap.equal(up.stop(), 0, "up")


tap.run()
