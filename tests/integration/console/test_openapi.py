#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""schemas/openapi.yaml against the living servers, from both sides: every answer that is described
is provoked and has exactly the described members, and nothing is served that is not described.

usage: test_openapi.py WAYMARK [TEST...]
"""

import json
import os
import re

from desk import KEYS, RULES, TOKEN, WRITE_KEY, Desk, harness
from openapi import Description

tap = harness.Tap()

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "src")
EVENTS = ("track", "identify", "page", "screen", "group", "alias")
COLLECTOR, CONSOLE = 8480, 8481


def description():
    try:
        return Description()
    except ImportError as missing:
        raise harness.Skip(str(missing)) from missing


def servers(doc, path):
    """The ports of the servers that answer a path."""
    listed = doc.root["paths"][path].get("servers", doc.root["servers"])
    return [int(server["url"].rpartition(":")[2]) for server in listed]


def event(**members):
    return dict({"type": "track", "event": "Product Added", "userId": "u1",
                 "properties": {"cart_id": "k1", "product_id": "p1"}}, **members)


class Stage(Desk):
    """A desk with something of everything on it: carts, orders, decisions, a late event, traits."""

    def __init__(self):
        super().__init__(settings="")
        self.write("keys.ini", KEYS + "\n[gone]\nkey = wk_gone_0123456789\nkind = server\n"
                   "enabled = no\n")
        self.collector.signal(1)
        self.collector.wait_log("Read the write keys")
        self.post([
            event(messageId="m1"),
            event(messageId="m2", type="identify", event=None, properties=None,
                  traits={"email": "a@shop.example", "name": "A <b>"}, anonymousId="a1"),
            event(messageId="m3", type="page", event=None, name="Home"),
            event(messageId="m4", event="Order Completed", properties={
                "order_id": "O1", "promised_at": "2020-01-01", "total": 12.50, "currency": "EUR"}),
            event(messageId="m5", event="Order Completed", properties={
                "order_id": "O2", "promised_at": "2100-01-01", "total": "7.10"}),
            event(messageId="m6", event="Order Shipped", properties={"order_id": "O2"}),
            event(messageId="m7", properties={}, timestamp="2019-05-01T12:00:00+02:00"),
            event(messageId="m8", event="\u202e\u0001 own", timestamp="2099-01-01"),
            event(messageId="m9", userId=None, anonymousId="a1"),
        ])
        self.wait_events("u1", 8)
        self.wait_events("a1", 1)

    def break_customer(self):
        """Puts something unreadable where the record of `broken` would be."""
        for partition in range(harness.PARTITIONS):
            self.server("SET", "wm:{p%d}:c:broken" % partition, "junk")

    # One way to get each status.

    def console_answer(self, status, path):
        path = path.replace("{id}", {404: "nobody", 500: "broken", 400: "%zz"}.get(status, "u1"))
        return self.ask(path, token="wrong" if status == 401 else TOKEN,
                        host="evil.example" if status == 421 else "localhost")

    def collector_answer(self, status, path):
        key = {401: "wk_nobody_0123456789", 403: "wk_gone_0123456789"}.get(status, WRITE_KEY)
        kind = path.rpartition("/")[2]
        sent = event(type=kind) if kind in EVENTS else {"batch": [event(), event(userId=None)]}
        body = b"{" if status == 400 else json.dumps(sent).encode()
        fields = {"Authorization": harness.basic(key)}
        if status == 413:
            body = b" " * (4 * 1024 * 1024 + 1)
        if status == 415:
            fields["Content-Encoding"] = "br"
        with self.collector.http() as http:
            return http.request("POST", path, fields, body)

    def answer(self, status, path, port):
        if port == CONSOLE:
            return self.console_answer(status, path)
        if path.startswith("/v1/"):
            return self.collector_answer(status, path)
        return self.collector.get(path)


@tap.test
def every_described_answer_is_given_as_described():
    doc = description()
    with Stage() as stage:
        stage.break_customer()

        def check(status):
            for path, method, operation in doc.operations():
                if str(status) not in operation["responses"]:
                    continue
                for port in servers(doc, path):
                    if status == 421 and port == COLLECTOR:
                        continue # it has no names
                    answer = stage.answer(status, path, port)
                    name = "%s %s of %d" % (method, path, port)
                    if tap.equal(answer.status, status, name):
                        tap.equal(doc.faults(path, method, answer), [], name)

        described = {status for _, _, operation in doc.operations()
                     for status in operation["responses"]}
        tap.equal(described, {"200", "400", "401", "403", "404", "413", "415", "421", "500", "503",
                              "default"}, "described statuses")
        for status in (200, 400, 401, 403, 404, 413, 415, 421, 500):
            check(status)
        stage.server.kill()
        stage.console.wait_status("/readyz", 503)
        stage.collector.wait_status("/readyz", 503)
        check(503)


@tap.test
def bodies_of_all_kinds_are_as_described():
    doc = description()
    with Stage() as stage:
        journey = stage.customer("u1")
        tap.equal(doc.faults("/v1/customers/{id}", "GET", journey), [], "u1")
        stated = journey.json()
        tap.equal([o["id"] for o in stated["orders"]], ["O1", "O2"], "open orders")
        tap.equal([o["overdue"] for o in stated["orders"]], [True, False], "overdue")
        tap.ok(stated["due"] and stated["instances"], "something is due")
        tap.equal(doc.faults("/v1/customers/{id}", "GET", stage.customer("a1")), [], "a1")
        path = "/v1/customers/{id}/timeline"
        seen = set()
        for query in ("", "?limit=1", "?kind=decision", "?to=1999-01-01"):
            answer = stage.ask("/v1/customers/u1/timeline" + query)
            tap.equal(doc.faults(path, "GET", answer), [], query)
            for entry in answer.json()["entries"]:
                seen.update(entry)
        wanted = {"original", "channel", "flags", "properties", "message_id", "anonymous_id", "text",
                  "by", "data", "step"}
        tap.equal(wanted - seen, set(), "members that were never seen")


@tap.test
def every_described_parameter_is_held_to_its_schema():
    doc = description()
    path = "/v1/customers/{id}/timeline"
    operation = next(o for p, _, o in doc.operations() if p == path)
    with Stage() as stage:
        def status(name, value):
            answer = stage.ask("/v1/customers/u1/timeline?%s=%s" % (name, harness.quote(str(value))))
            tap.equal(doc.faults(path, "GET", answer), [], "%s=%s" % (name, value))
            if answer.status == 400:
                tap.equal(answer.json()["pointer"], name, "what is at fault")
            return answer.status

        names = set()
        for parameter in operation["parameters"]:
            name, schema = parameter["name"], parameter["schema"]
            schema = doc.whole(schema)
            if parameter["in"] != "query":
                continue
            names.add(name)
            for value in schema.get("enum", []):
                tap.equal(status(name, value), 200, "%s=%s" % (name, value))
            if "enum" in schema:
                for value in ("none", schema["enum"][0].upper(), schema["enum"][0] + ","):
                    tap.equal(status(name, value), 400, "%s=%s" % (name, value))
            if schema.get("type") == "integer":
                for value in (schema["minimum"], schema["maximum"], schema["default"]):
                    tap.equal(status(name, value), 200, "%s=%s" % (name, value))
                for value in (schema["minimum"] - 1, schema["maximum"] + 1, -1, "1e1", "+1", " 1",
                              "0x1", 2**64 + 1, "1.0", "\u0661"):
                    tap.equal(status(name, value), 400, "%s=%s" % (name, value))
            if "maxLength" in schema and "pattern" not in schema:
                tap.equal(status(name, "x" * schema["maxLength"]), 200, name + " at its limit")
                tap.equal(status(name, "x" * (schema["maxLength"] + 1)), 400, name + " past it")
            if "pattern" in schema:
                for value in ("x", "x" * schema["maxLength"], "x" * (schema["maxLength"] + 1), "=="):
                    tap.equal(status(name, value), 400, "%s=%s" % (name, value))
            tap.equal(status(name, ""), 200, name + " without a value")
        tap.equal(names, {"limit", "cursor", "from", "to", "channel", "event", "kind"}, "parameters")
        for value in ("2026-11-21", "2026-11-21T18:58:53.120Z", "2026-11-21T18:58:53+02:00",
                      "1795262400", "1795262400000"):
            tap.equal(status("from", value), 200, value)
        for value in ("yesterday", "2026-13-01", "2026-11-21T25:00:00Z", "179526240"):
            tap.equal(status("to", value), 400, value)
        for query, name in (("limits=3", "limits"), ("limit=3&limit=3", "limit"),
                            ("from=%zz", "from"), ("Limit=3", "Limit"),
                            ("x" * 100 + "=1", "x" * 63), ("%22%0a=1", '"\n')):
            answer = stage.ask("/v1/customers/u1/timeline?" + query)
            if tap.equal(answer.status, 400, query):
                tap.equal(answer.json()["pointer"], name, query)


@tap.test
def nothing_is_served_that_is_not_described():
    doc = description()
    described = {(port, method, path) for path, method, _ in doc.operations()
                 for port in servers(doc, path)}
    served = set()
    for port, name in ((COLLECTOR, "collector"), (CONSOLE, "console")):
        with open(os.path.join(SOURCES, name, name + ".c"), encoding="utf-8") as file:
            text = file.read()
        for method, path in re.findall(r'\{HTTP_(\w+), "(/[^"]+)", ', text):
            served.add((port, method, path))
        for method in re.findall(r'\{HTTP_(\w+), "/v1/" #NAME', text):
            for path in re.findall(r"\tX\((\w+), \w+\)", text):
                served.add((port, method, "/v1/" + path))
    tap.equal(served, described, "served and described")
    with Stage() as stage:
        for port, method, path in sorted(described):
            role = stage.console if port == CONSOLE else stage.collector
            wrong = "POST" if method == "GET" else "GET"
            for verb in (wrong, "PUT", "DELETE", "OPTIONS"):
                with role.http() as http:
                    answer = http.request(verb, path.replace("{id}", "u1"), {
                        "Host": "localhost", "Authorization": "Bearer " + TOKEN})
                tap.equal(answer.status, 405, "%s %s of %d" % (verb, path, port))
                allowed = {m.strip() for m in answer.fields.get("allow", "").split(",")}
                tap.equal(allowed, {"GET", "HEAD"} if method == "GET" else {method}, "Allow")
                tap.equal(doc.faults(path, method, answer), [], "405 of " + path)


@tap.test
def the_description_can_be_broken():
    """The checks above are worth what they notice."""
    doc = description()
    with Stage() as stage:
        path = "/v1/customers/{id}/timeline"
        answer = stage.ask("/v1/customers/u1/timeline?limit=3")
        page = answer.json()
        tap.equal(doc.faults(path, "GET", answer), [], "as it is")
        entry = page["entries"][0]
        for spoiled in (
                {"entries": page["entries"]}, dict(page, more=1), dict(page, next=""),
                dict(page, customer=""), dict(page, entries=[dict(entry, kind="other")]),
                dict(page, entries=[{k: v for k, v in entry.items() if k != "at"}]),
                dict(page, entries=[dict(entry, at="2026-11-21T12:00:00Z")]),
                dict(page, entries=[dict(entry, nth=True)]),
                dict(page, entries=[entry] * 201)):
            answer.body = json.dumps(spoiled).encode()
            tap.ok(doc.faults(path, "GET", answer), "noticed: %s" % str(spoiled)[:80])
    tap.ok(os.path.isdir(RULES), "rules")


tap.run()
