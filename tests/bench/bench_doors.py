# SPDX-License-Identifier: MIT
"""What the doors cost beside the plain one: rights, a tracking plan, lines, translation, signatures.

The reference of each row is the same collector binary in the same run, on the same Redis, taking the
plain form of the same thing: so the ratio is what validation and mapping cost an event.
"""

import base64
import hashlib
import hmac
import json
import time

import harness

KEY, WEB_KEY, SECRET = "wk_bench_0123456789", "wk_bench_web_01234", "shpss_bench_0123456789"
KEYS_INI = """\
[shop]
key = %s
kind = server
channel = web

[web]
key = %s
kind = browser

[shopify]
kind = hook
preset = shopify
secret_file = shopify.secret
""" % (KEY, WEB_KEY)
# Warns of nothing: the events keep to the canonical schemas.
PLAN = {"default": "warn", "events": {"Product Added": {"mode": "refuse"}}}
BATCH = 50


def shopify_order():
    """An order of three lines as Shopify tells of it, some 1.6 KB."""
    line = {"id": 866550311766439020, "product_id": 788032119674292922, "variant_id": 808950810,
            "title": "Solitaire ring, white gold 585", "quantity": 1, "price": "1249.00",
            "sku": "R-1107", "vendor": "Atelier", "fulfillment_status": None, "grams": 12,
            "total_discount": "0.00", "tax_lines": [{"title": "VAT", "price": "199.42",
                                                     "rate": 0.19}]}
    return json.dumps({
        "id": 820982911946154508, "name": "#1001", "email": "jon@example.com",
        "created_at": "2026-02-11T17:42:09+01:00", "updated_at": "2026-02-11T17:42:10+01:00",
        "processed_at": "2026-02-11T17:42:09+01:00", "currency": "EUR",
        "total_price": "3747.00", "subtotal_price": "3747.00", "total_tax": "598.26",
        "financial_status": "paid", "checkout_token": "bd5a8aa1ecd019dd3520ff791ee3a24c",
        "customer": {"id": 115310627314723954, "email": "jon@example.com", "first_name": "Jon"},
        "line_items": [line, line, line]}).encode()


def posthog_event(event):
    track = json.loads(event)
    return {"event": track["event"], "distinct_id": track["userId"], "uuid": track["messageId"],
            "timestamp": track["timestamp"], "properties": track["properties"]}


def bodies(event):
    """{name: (path, body, events, header fields, whether a plan is in force)}"""
    order = shopify_order()
    sign = base64.b64encode(hmac.new(SECRET.encode(), order, hashlib.sha256).digest()).decode()
    shop = ["Authorization: " + harness.basic(KEY), "Content-Type: application/json"]
    web = ["Authorization: " + harness.basic(WEB_KEY), "Content-Type: application/json",
           "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"]
    hook = ["Content-Type: application/json", "X-Shopify-Topic: orders/create",
            "X-Shopify-Hmac-Sha256: " + sign]
    batch = b'{"batch":[' + b",".join([event] * BATCH) + b"]}"
    posthog = json.dumps({"api_key": KEY, "batch": [posthog_event(event)] * BATCH},
                         separators=(",", ":")).encode()
    return {
        "single": ("/v1/track", event, 1, shop, False),
        "batch": ("/v1/batch", batch, BATCH, shop, False),
        "browser": ("/v1/batch", batch, BATCH, web, False),
        "plan": ("/v1/batch", batch, BATCH, shop, True),
        "lines": ("/v1/import", b"\n".join([event] * BATCH), BATCH, shop, False),
        "shopify": ("/hooks/shopify", order, 1, hook, False),
        "posthog": ("/batch/", posthog, BATCH, shop[1:], False),
    }


# (row, ours, reference)
ROWS = [("a browser's rights, batch", "browser", "batch"),
        ("tracking plan, batch", "plan", "batch"),
        ("lines of /v1/import", "lines", "batch"),
        ("PostHog, translated", "posthog", "batch"),
        ("Shopify order, signed", "shopify", "single")]


class Variants:
    """A collector with a tracking plan and one without, on one Redis."""

    def __init__(self, bench, place, event, tools):
        self.bench, self.tools = bench, tools
        self.redis = bench.redis(place, "no AOF")
        self.kinds = bodies(event)
        place.write("plan/plan.json", json.dumps(PLAN))
        place.write("shopify.secret", SECRET)
        keys = place.write("keys.ini", KEYS_INI)
        self.servers = {}
        for planned in (False, True):
            port = tools.free_port()
            plan = "plan = %s\n" % place.path("plan") if planned else ""
            config = place.write("collector%d.ini" % planned, (
                "[redis]\naddress = %s\n[collector]\nlisten = 127.0.0.1:%d\nkeys = %s\n%s" % (
                    self.redis.socket, port, keys, plan)))
            role = place.role("collector", ["--config", config], name="collector%d" % planned)
            tools.wait_port(port, role)
            tools.pin(role.pid, bench.core)
            self.servers[planned] = (port, role)
        for port, _ in self.servers.values():
            harness.wait_until(lambda p=port: self._is_ready(p), "the collector")
        self.files = {}
        for name, (_, body, *_) in self.kinds.items():
            self.files[name] = place.path("body." + name)
            with open(self.files[name], "wb") as file:
                file.write(body)
        self.next = time.time_ns()

    @staticmethod
    def _is_ready(port):
        with harness.Http(("127.0.0.1", port)) as http:
            return http.request("GET", "/readyz").status == 200

    def measure(self, kind):
        path, _, items, fields, planned = self.kinds[kind]
        port, role = self.servers[planned]
        pids = role.pid, self.redis.pid
        before = [self.tools.cpu_seconds(pid) for pid in pids]
        load = self.bench.tool("load", port, path, self.files[kind], self.next,
                               self.tools.CONNECTIONS, self.tools.CUSTOMERS,
                               self.bench.size["slice_ms"], *fields)
        cpu = [self.tools.cpu_seconds(pid) - b for pid, b in zip(pids, before)]
        self.next = load["next"]
        events, stored = load["requests"] * items, self.tools.count_and_clear(self.redis)
        if load["bad"] or stored != events:
            raise AssertionError("%s: %d bad answers, %d of %d events stored" % (
                kind, load["bad"], stored, events))
        return {"rate": events / load["seconds"], "us": cpu[0] / events * 1e6,
                "redis_us": cpu[1] / events * 1e6}


def bench_doors(bench, event, tools):
    """TOOLS is the module that runs this: how it measures."""
    with harness.Place() as place:
        variants = Variants(bench, place, event, tools)
        for row, ours, reference in ROWS:
            pairs = tools.turns(bench.size["rounds"], lambda k=ours: variants.measure(k),
                                lambda k=reference: variants.measure(k))
            tools.add_rows(bench, "doors", row, pairs)
