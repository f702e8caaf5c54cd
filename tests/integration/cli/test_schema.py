#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark schema`: contracts are listed, shown and checked, and events are judged by them; the exit
status says whether something is wrong."""

import contextlib
import gzip
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

tap = harness.Tap()
SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "schemas", "events")
ORDER = {"type": "track", "event": "Order Completed", "userId": "u", "properties": {"order_id": "O-1", "total": 5}}
PLAN = {
    "default": "off",
    "events": {
        "Order Completed": {"mode": "refuse", "schema": "order.schema.json"},
        "Customer Identified": {"mode": "warn"},
    },
}
STRICT = {
    "$ref": "https://waymark.example/schemas/events/order-completed.schema.json",
    "properties": {"total": {"$ref": "money.schema.json"}},
    "required": ["total"],
}
MONEY = {"type": "number", "multipleOf": 0.01}


def run(*words, text=None):
    done = subprocess.run([harness.waymark(), "schema", *words], input=text, capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


@contextlib.contextmanager
def files(**contents):
    """A directory with these files; `__` in a name is a dot."""
    with tempfile.TemporaryDirectory() as place:
        for name, content in contents.items():
            text = content if isinstance(content, str) else json.dumps(content)
            with open(os.path.join(place, name.replace("__", ".")), "w", encoding="utf-8") as file:
                file.write(text)
        yield place


def plan():
    return files(plan__json=PLAN, order__schema__json=STRICT, money__schema__json=MONEY)


def lines(*events):
    return "".join(json.dumps(event) + "\n" for event in events)


def order(**properties):
    return {**ORDER, "properties": {**ORDER["properties"], **properties}}


@tap.test
def every_canonical_event_is_listed():
    status, out, err = run("list", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    names = {row["file"] for row in rows}
    tap.equal((status, err), (0, ""), "list")
    tap.equal(names | {"common.schema.json"}, {n for n in os.listdir(SCHEMAS) if n.endswith(".json")}, "files")
    tap.equal([row["event"] for row in rows if row["file"] == "order-completed.schema.json"], ["Order Completed"],
              "name")


@tap.test
def a_schema_is_shown_by_any_of_its_names():
    with open(os.path.join(SCHEMAS, "order-completed.schema.json"), encoding="utf-8") as file:
        text = file.read()
    for name in ("Order Completed", "Completed Order", "order-completed", "order-completed.schema.json"):
        tap.equal(run("show", name), (0, text, ""), name)
    status, out, err = run("show", "Order Forgotten")
    tap.equal((status, out), (1, ""), "unknown")
    tap.ok("waymark schema list" in err, err)


@tap.test
def plans_and_schemas_are_checked():
    with plan() as place:
        tap.equal(run("check", place), (0, place + " is good.\n", ""), "plan")
        tap.equal(run("check", place + "/plan.json")[0], 0, "plan.json")
        tap.equal(run("check", place + "/order.schema.json")[0], 0, "a schema beside others")
    with files(a__json={"properties": {"total": {"typ": "number"}}}) as place:
        path = place + "/a.json"
        status, out, _ = run("check", path)
        tap.equal(status, 1, "a word that is none")
        tap.ok(out.startswith(path + ":1 at /properties/total/typ: `typ` is no keyword"), out)
        problem = json.loads(run("check", path, "--json")[1])
        tap.equal((problem["pointer"], problem["line"]), ("/properties/total/typ", 1), "as JSON")
    with files(plan__json={"events": {"My Own": {"mode": "warn"}}}) as place:
        status, out, _ = run("check", place)
        tap.equal(status, 1, "no schema")
        tap.ok("/events/My Own: is no canonical event" in out, out)
    tap.equal(run("check", "/nowhere")[0], 1, "no file")


@tap.test
def formats_are_asserted_on_request():
    with files(a__json={"format": "date"}, e__json="\"today\"", c__json={"format": "colour"}) as place:
        tap.equal(run("test", place + "/a.json", place + "/e.json")[0], 0, "not asked")
        tap.equal(run("test", place + "/a.json", place + "/e.json", "--formats")[0], 1, "asked")
        tap.equal(run("check", place + "/c.json", "--formats")[0], 1, "what cannot be asserted")


@tap.test
def events_are_judged_by_a_canonical_schema():
    bad = order(total="5,00", products=[{"sku": 1, "quantity": -1}])
    text = lines(ORDER, bad, {"type": "page", "properties": {"path": []}})
    status, out, err = run("test", "Order Completed", "-", text=text)
    tap.equal((status, err), (1, ""), "status")
    tap.ok("-:2: /properties/total does not match the pattern" in out, out)
    tap.ok("-:2: /properties/products/0/quantity is the number -1; must be at least 0" in out, out)
    tap.ok(out.endswith("2 judged, 1 of them with faults; 1 not judged.\n"), out)
    rows = [json.loads(row) for row in run("test", "Order Completed", "-", "--json", text=text)[1].splitlines()]
    tap.equal({(row["line"], row["event"], row["pointer"]) for row in rows},
              {(2, "Order Completed", "/properties/total"),
               (2, "Order Completed", "/properties/products/0/quantity")}, "as JSON")
    tap.equal(run("test", "Order Completed", "-", text=lines(ORDER))[0], 0, "good")


@tap.test
def events_are_judged_by_a_plan():
    events = lines(order(total=5.001), {"type": "identify", "traits": {"email": 7}}, {"type": "track", "event": "X"})
    with plan() as place:
        status, out, _ = run("test", place, "-", text=events)
        tap.equal(status, 1, "status")
        tap.ok("-:1: /properties/total is the number 5.001; must be a multiple of 0.01 (money.schema.json#/multipleOf)"
               in out, out)
        tap.ok("-:2: /traits/email is the number 7" in out, out)
        tap.ok("2 judged, 2 of them with faults; 1 not judged." in out, out)
        with gzip.open(place + "/events.gz", "wt") as file:
            file.write(lines(ORDER))
        tap.equal(run("test", place, place + "/events.gz")[0], 0, "gzip")


@tap.test
def one_value_over_many_lines():
    with files(a__json={"items": {"type": "integer"}}, v__json="[1,\n2,\n2.5]\n", w__json="[1,\n2]\n") as place:
        status, out, _ = run("test", place + "/a.json", place + "/v.json")
        tap.equal(status, 1, "bad")
        tap.ok("/v.json:1: /2 is the number 2.5; must be a whole number (#/items/type)" in out, out)
        tap.equal(run("test", place + "/a.json", place + "/w.json")[0], 0, "good")


@tap.test
def what_cannot_be_read_is_a_fault_of_its_line():
    text = lines(ORDER) + "{\"type\n" + "[" * 600 + "\n" + "x" * 1100000 + "\n" + lines(ORDER)
    status, out, _ = run("test", "Order Completed", "-", text=text)
    tap.equal(status, 1, "status")
    tap.equal([line.split(":")[1] for line in out.splitlines()[:-1]], ["2", "3", "4"], out)
    tap.ok(out.endswith("5 judged, 3 of them with faults; 0 not judged.\n"), out)


@tap.test
def a_terminal_is_kept_from_keys():
    event = order(**{"products": [{"sku\x1b[2J": 1}], "\u202e": 1})
    with files(a__json={"additionalProperties": False}) as place:
        status, out, _ = run("test", place + "/a.json", "-", text=lines(event))
    tap.equal(status, 1, "status")
    tap.ok("\x1b" not in out and "\u202e" not in out, repr(out))


@tap.test
def used_wrongly():
    for words in ([], ["show"], ["list", "x"], ["test", "Order Completed"], ["forget"], ["test", "common", "-"]):
        status, out, err = run(*words, text="")
        tap.equal((status, out), (2, ""), words)
        tap.ok(err, words)


tap.run()
