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
EVENTS = {"track": "t", "identify": "i", "page": "p", "screen": "s", "group": "g", "alias": "a"}
COLLECTOR, CONSOLE = 8480, 8481
MORE_KEYS = """
[gone]
key = wk_gone_0123456789
kind = server
enabled = no

[slow]
key = wk_slow_0123456789
kind = server
rate = 1
burst = 1

[orders]
kind = hook
mapping = orders.json
secret_file = orders-secret

[orders-slow]
kind = hook
mapping = orders.json
secret_file = orders-secret
rate = 1
burst = 1

[orders-gone]
kind = hook
mapping = orders.json
secret_file = orders-secret
enabled = no
"""
HUSH = "hush-0123456789abcdef"
ORDERS = {"preset": "orders", "about": "Items of a list.", "kind": "json",
          "verify": {"scheme": "token", "in": "query.token"},
          "events": [{"each": ".", "event": "{event}", "user": "{user}", "id": "{id}"}]}
CONSUMER = "consumer-t0ken-0123456789"
NO_JOB, BROKEN_JOB = "0" * 32, "b" * 32
POSTHOG = ["/batch", "/e", "/i/v0/e", "/capture"]
SNOWPLOW = "/com.snowplowanalytics.snowplow/tp2"


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
        super().__init__(settings="consumer_token_file = CONSUMER\nsearches = 60")
        self.n_jobs = 0
        self.job(BROKEN_JOB, text="junk")
        self.write("orders.json", json.dumps(ORDERS))
        os.chmod(self.write("orders-secret", HUSH + "\n"), 0o600)
        self.write("keys.ini", KEYS + MORE_KEYS)
        self.collector.signal(1)
        harness.wait_until(lambda: self.collector.post("/hooks/orders", b"{}").status == 401,
                           "the hook")
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
        ] + [event(messageId=who, userId=who, event="Order Completed", properties={"order_id": "O9", "total": 1})
             for who in ("twin1", "twin2")])
        self.wait_events("twin1", 1)
        self.wait_events("twin2", 1)
        self.wait_events("u1", 8)
        self.wait_events("a1", 1)

    def config_text(self, settings=""):
        """Links in mails work, and a file of lines may be no larger than any body."""
        secret = self.write("mail-secret", "0" * 64)
        os.chmod(secret, 0o600)
        settings = settings.replace("CONSUMER", self.write_token(CONSUMER, "consumer-token"))
        return super().config_text(settings).replace("[worker]", "mail_secret = %s\n"
                                                     "body_import = 4M\n[worker]" % secret)

    def job(self, name=None, text=None):
        """A job that is leased, with the token `p3-t`; its id."""
        self.n_jobs += 1
        name = name or "%032x" % self.n_jobs
        at = "2020-01-01T00:00:00.000Z"
        text = text or json.dumps({
            "id": name, "rule": "cart_abandoned", "epoch": 1, "customer": "u1", "key": "cart:k1",
            "episode": 1, "step": "m1", "class": "marketing", "channel": "email",
            "channels": ["email"], "priority": {"class": "high", "likelihood": 1, "impact": 1},
            "reason": "It is so.", "armed_at": at, "deadline": at, "fire_at": at, "not_before": at,
            "valid_until": None, "data": {}})
        place = self.server("XADD", "wm:{p3}:jobs", "*", "id", name, "j", text).decode()
        member = "00000000000000000%015d-%010d:%s" % (*map(int, place.split("-")), name)
        self.server("HSET", "wm:{p3}:job:" + name, "s", "leased", "at", place, "c", "u1", "o", member,
                    "ch", "email", "cl", "marketing", "ru", "cart_abandoned", "vu", "", "fa", "0",
                    "tok", "p3-t", "n", "1", "lu", "9000000000000", "by", "me", "la", "1", "r", "why")
        return name

    def token(self, path):
        """What stands for {token} in PATH."""
        action, more = {"/e/o": ("open", ()), "/e/u": ("unsubscribe", ()), "/e/c": (
            "click", ("--url", "https://shop.example/"))}[path[:4]]
        status, out, err = self.tool("mail", action, "--secret", self.path("mail-secret"),
                                     "--customer", "u1", "--message", "m1", *more)
        if status != 0:
            raise AssertionError(err)
        return re.search(r"/e/./([A-Za-z0-9_-]+)", out).group(1)

    def break_customer(self):
        """Puts something unreadable where the record of `broken` would be."""
        for partition in range(harness.PARTITIONS):
            self.server("SET", "wm:{p%d}:c:broken" % partition, "junk")
        self.server("ZADD", "wm:{p0}:find", 0, "n:broken\0broken")

    # One way to get each status.

    def job_answer(self, status, path, method):
        name = {404: NO_JOB, 500: BROKEN_JOB, 503: NO_JOB}.get(status) or self.job()
        what = path.rpartition("/")[2]
        body = {"lease": {"consumer": "me"}, "outcome": {"outcome": "opened"},
                "cancel": {"reason": "not this one"}}.get(
            what, {"token": "p3-x" if status == 409 else "p3-t"})
        if status == 409 and what == "outcome":
            self.server("HDEL", "wm:{p3}:job:" + name, "n")
        if status == 409 and what == "cancel":
            self.server("HSET", "wm:{p3}:job:" + name, "s", "done")
        right = TOKEN if what == "cancel" and status != 403 else CONSUMER
        text = {400: b"{", 413: b" " * 16385}.get(status, json.dumps(body).encode())
        fields = {"Host": "evil.example" if status == 421 else "localhost",
                  "Authorization": "Bearer " + ("wrong" if status == 401 else right)}
        with self.console.http() as http:
            return http.request(method, path.replace("{id}", name), fields,
                                text if method == "POST" else None)

    def search_answer(self, status):
        """Until there have been too many, and where that is not asked for, until there are no more."""
        path = "/v1/customers?prefix=" + {400: "a", 500: "broken"}.get(status, "a@shop")

        def answer():
            got = self.ask(path, token={401: "wrong", 403: CONSUMER}.get(status, TOKEN),
                           host="evil.example" if status == 421 else "localhost")
            return got if (got.status == 429) == (status == 429) else None
        return harness.wait_until(answer, "status %d of a search" % status)

    def console_answer(self, status, path):
        if path == "/v1/customers":
            return self.search_answer(status)
        path = path.replace("{id}", {404: "nobody", 500: "broken", 400: "%zz", 409: "order:O9"}.get(status, "u1"))
        return self.ask(path, token={401: "wrong", 403: CONSUMER}.get(status, TOKEN),
                        host="evil.example" if status == 421 else "localhost")

    def collector_target(self, status, path):
        """PATH with something in the places of its parameters."""
        lost = status == 404
        if "{token}" in path:
            path = path.replace("{token}", "x" if lost else self.token(path))
        hook = {403: "orders-gone", 404: "nobody", 429: "orders-slow"}.get(status, "orders")
        path = path.replace("{name}", hook + "?token=" + ("wrong" if status == 401 else HUSH))
        return path.replace("{key}", "wk_nobody" if lost else WRITE_KEY).replace("{type}", "page")

    def collector_body(self, status, path):
        kind = path.rpartition("/")[2]
        kind = {short: name for name, short in EVENTS.items()}.get(kind, kind)
        if status == 413:
            return b" " * (4 * 1024 * 1024 + 1)
        if path.startswith("/e/u/"):
            return b"x=1" if status == 400 else b"List-Unsubscribe=One-Click"
        if status == 400:
            return b"{"
        if path.rstrip("/") in POSTHOG:
            sent = {"batch": [{"event": "Product Viewed", "distinct_id": "u1", "properties": {}}]}
        elif path == SNOWPLOW:
            sent = {"data": [{"e": "pv", "url": "https://shop.example/", "uid": "u1"}]}
        elif path.startswith("/hooks/"):
            sent = [event(user="u1", id="h%d" % i) for i in range(100 if status == 429 else 1)]
        elif kind in EVENTS:
            sent = event(type=kind)
        else:
            sent = {"batch": [event(), event(userId=None)]}
        return json.dumps(sent).encode()

    def collector_answer(self, status, path, method):
        key = {401: "wk_nobody_0123456789", 403: "wk_gone_0123456789",
               429: "wk_slow_0123456789"}.get(status, WRITE_KEY)
        fields = {"Authorization": harness.basic(key)}
        if status == 304:
            fields["If-None-Match"] = "*"
        if status == 415:
            fields["Content-Encoding"] = "br"
        if status == 400 and (path == "/v1/import" or path.startswith("/hooks/")):
            fields["Content-Encoding"] = "gzip"
        if method == "OPTIONS" and status == 200:
            fields["WebHook-Request-Origin"] = "events.example"
        body = None if method in ("GET", "OPTIONS") else self.collector_body(status, path)
        with self.collector.http() as http:
            return http.request(method, self.collector_target(status, path), fields, body)

    def spend(self):
        """After this the slow sources owe more than a minute."""
        with self.collector.http() as http:
            http.request("POST", "/v1/batch", {"Authorization": harness.basic("wk_slow_0123456789")},
                         json.dumps({"batch": [event() for _ in range(100)]}).encode())
        self.collector_answer(429, "/hooks/{name}", "POST")

    def answer(self, status, path, method, port):
        if port == CONSOLE and path.startswith("/v1/jobs/"):
            return self.job_answer(status, path, method)
        if port == CONSOLE:
            return self.console_answer(status, path)
        return self.collector_answer(status, path, method)


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
                    answer = stage.answer(status, path, method, port)
                    name = "%s %s of %d" % (method, path, port)
                    if tap.equal(answer.status, status, name):
                        tap.equal(doc.faults(path, method, answer), [], name)

        described = {status for _, _, operation in doc.operations()
                     for status in operation["responses"]}
        tap.equal(described, {"200", "204", "302", "304", "400", "401", "403", "404", "409", "413",
                              "415", "421", "429", "500", "503", "default"}, "described statuses")
        for status in (200, 204, 302, 304, 400, 401, 403, 404, 409, 413, 415, 421, 500):
            check(status)
        stage.spend()
        check(429)
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
    for port, name in ((COLLECTOR, "collector/doors.c"), (CONSOLE, "console/console.c")):
        with open(os.path.join(SOURCES, name), encoding="utf-8") as file:
            text = file.read()
        for method, path in re.findall(r'\{HTTP_(\w+), "(/[^"]+)", ', text):
            served.add((port, method, path))
        for method in re.findall(r'\{HTTP_(\w+), "/v1/" #NAME', text):
            for paths in re.findall(r"\tX\((\w+), (\w), \w+\)", text):
                served.update((port, method, "/v1/" + path) for path in paths)
    tap.equal(served, described, "served and described")
    methods = {}
    for port, method, path in described:
        methods.setdefault((port, path), set()).update(
            {"GET", "HEAD"} if method == "GET" else {method})
    methods[CONSOLE, "/v1/jobs/lease"] |= {"GET", "HEAD"} # might be a job's name
    with Stage() as stage:
        for (port, path), known in sorted(methods.items()):
            role = stage.console if port == CONSOLE else stage.collector
            for verb in sorted({"GET", "POST", "PUT", "DELETE", "OPTIONS"} - known):
                with role.http() as http:
                    answer = http.request(verb, re.sub(r"\{\w+\}", "u1", path), {
                        "Host": "localhost", "Authorization": "Bearer " + TOKEN})
                allowed = {m.strip() for m in answer.fields.get("allow", "").split(",")}
                name = "%s %s of %d" % (verb, path, port)
                if port == COLLECTOR and verb == "OPTIONS": # a preflight
                    tap.equal((answer.status, allowed), (204, {"GET", "POST", "OPTIONS"}), name)
                    continue
                tap.equal((answer.status, allowed), (405, known), name)
                some = next(m for m in known if m.lower() in doc.root["paths"][path])
                tap.equal(doc.faults(path, some, answer), [], "405 of " + path)


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
