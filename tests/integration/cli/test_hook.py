#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark hook`: presets are listed, shown and checked, and payloads are shown as what they become;
the exit status says whether some of it is of no use."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

tap = harness.Tap()
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
HOOKS = os.path.join(ROOT, "deploy", "hooks")
OWN = {
    "preset": "own",
    "about": "Ours. And more.",
    "kind": "json,form",
    "verify": {"scheme": "none"},
    "topic": "{query.topic}",
    "ignore": ["silent"],
    "events": [
        {"on": ["a"], "if": {"has": "{name}"}, "event": "{name}", "user": "{id}", "id": "{id}",
         "time": "{at}", "properties": {"x": "{x}"}},
    ],
}


def put(place, name, content):
    path = os.path.join(place.folder, name)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


@tap.test
def presets_are_listed_and_shown_as_they_are():
    with harness.Place() as place:
        status, out, err = place.tool("hook", "list", "--json")
        rows = [json.loads(line) for line in out.splitlines()]
        tap.equal((status, err), (0, ""), "list")
        names = [row["preset"] for row in rows]
        tap.equal(names, sorted(names), "sorted")
        tap.equal(set(names), {n[:-5] for n in os.listdir(HOOKS) if n.endswith(".json")}, "all")
        status, out, _ = place.tool("hook", "list")
        tap.ok(out.splitlines()[0].split() == ["PRESET", "ABOUT"] and status == 0, "table")
        for name in names:
            status, out, _ = place.tool("hook", "show", name)
            with open(os.path.join(HOOKS, name + ".json"), encoding="utf-8") as file:
                tap.equal((status, out), (0, file.read()), "show " + name)
            shown = put(place, "shown.json", out.encode())
            tap.equal(place.tool("hook", "check", shown)[0], 0, "check " + name)


@tap.test
def what_is_wrong_with_a_preset_is_said():
    with harness.Place() as place:
        bad = put(place, "bad.json", {**OWN, "kind": "xml", "evnts": []})
        status, out, _ = place.tool("hook", "check", bad)
        tap.equal(status, 1, "status")
        tap.ok(bad + ":1 at /kind: " in out and "/evnts: a preset has no member `evnts`" in out, "words")
        unsigned = put(place, "unsigned.json", {**OWN, "verify": {"scheme": "hmac"}})
        status, out, _ = place.tool("hook", "check", unsigned)
        tap.ok(status == 1 and "/verify" in out, "the signature, too")
        status, out, _ = place.tool("hook", "check", put(place, "good.json", OWN))
        tap.ok(status == 0 and "good" in out, "a good one")
        tap.equal(place.tool("hook", "check", "nowhere.json")[0], 1, "no file")


@tap.test
def a_payload_is_shown_as_what_it_becomes():
    with harness.Place() as place:
        own = put(place, "own.json", OWN)
        payload = put(place, "p.json", {"name": "Order Completed", "id": 7, "x": 1.5, "at": "2026-01-02"})
        status, out, err = place.tool("hook", "test", own, payload, "--query", "topic=a")
        tap.equal((status, err), (0, ""), "table")
        tap.equal(out.splitlines()[1].split(), ["Order", "Completed", "7", "2026-01-02", '{"x":1.5}'], "row")
        status, out, _ = place.tool("hook", "test", own, "-", "--query=topic=a", "--json",
                                    stdin=b'{"name":"E","id":"u","x":1.50}')
        tap.equal((status, out), (0, '{"type":"track","event":"E","messageId":"u","userId":"u",'
                                     '"properties":{"x":1.50},"context":{"original":{"name":"a"}}}\n'), "JSON")
        status, out, _ = place.tool("hook", "test", own, "-", "--query=topic=a", "--json", "--header",
                                    "Content-Type: Application/x-www-form-urlencoded; charset=utf-8",
                                    stdin=b"name=E&id=u")
        tap.ok(status == 0 and '"userId":"u"' in out, "a form")
        status, out, _ = place.tool("hook", "test", "shopify", "-", "--json", "--header",
                                    "X-Shopify-Topic: orders/delete", "--header=X-Shopify-Shop-Domain: s",
                                    stdin=b'{"id":820982911946154508}')
        tap.ok(status == 0 and '"order_id":820982911946154508' in out and '"affiliation":"s"' in out, "a preset")


@tap.test
def what_is_of_no_use_is_said():
    with harness.Place() as place:
        own = put(place, "own.json", OWN)
        for query, payload, status, words in (
                ("topic=a", b'{"name":"E"}', 1, "no_customer: nothing in it names a customer (events/0)"),
                ("topic=b", b"{}", 1, "unknown_topic: the preset has no rule for the topic: `b`"),
                ("topic=a", b"{", 1, "not_json: the payload is not JSON"),
                ("topic=silent", b"{}", 0, "ignores"),
                ("topic=a", b"{}", 0, "none of them wants this payload")):
            got, out, err = place.tool("hook", "test", own, "-", "--query", query, stdin=payload)
            tap.equal((got, out), (status, ""), "status of %s" % payload)
            tap.ok(words in err, "words about %s: %s" % (payload, err))


@tap.test
def wrong_use_is_2():
    with harness.Place() as place:
        for words in ([], ["paint"], ["show"], ["check"], ["test", "shopify"], ["list", "x"],
                      ["test", "nonsense", "x"]):
            status, _, err = place.tool("hook", *words)
            tap.equal(status, 2, "status of " + " ".join(words))
            tap.ok(err.strip(), "words about " + " ".join(words))


tap.run()
