#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""POST /hooks/NAME: believed only if signed, kept before it is answered, put aside if not understood.

Shopify's preset stands for all: base64(HMAC-SHA256(secret, body)) in X-Shopify-Hmac-Sha256.

usage: test_hooks.py WAYMARK [TEST...]
"""

import base64
import hashlib
import hmac
import json
import signal

from door import SERVER, Door, harness

tap = harness.Tap()
SECRET, OLD = "shpss_present_secret", "shpss_former_secret"
ORDER = {"id": 820982911946154508, "name": "#1001", "email": "jon@example.com",
         "created_at": "2026-11-20T10:00:00-05:00", "updated_at": "2026-11-20T10:00:05-05:00",
         "currency": "EUR", "total_price": "199.00", "customer": {"id": 7001},
         "line_items": [{"id": 1, "product_id": 9, "title": "Ring", "price": "199.00",
                         "quantity": 1}]}
KEYS = """\
[shop]
key = %s
kind = server

[shopify]
kind = hook
preset = shopify
secret_file = shopify.secret
old_secret_file = shopify.old
old_until = 2999-01-01T00:00:00Z

[former]
kind = hook
preset = shopify
secret_file = shopify.secret
old_secret_file = shopify.old
old_until = 2020-01-01T00:00:00Z

[off]
kind = hook
preset = shopify
secret_file = shopify.secret
enabled = no
""" % SERVER


class Hooks(Door):
    """A collector with hooks of Shopify's."""

    def start(self, settings="", name="collector", redis=None):
        self.write("shopify.secret", SECRET + "\n")
        self.write("shopify.old", OLD)
        keys = self.write("keys.ini", KEYS)
        return self.role("collector", ["--config", self.write(name + ".ini", (
            "[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\n%s\n" % (
                (redis or self.server).socket, self.path(name + ".sock"), keys, settings)))],
            name=name)

    def hook(self, payload, topic="orders/create", secret=SECRET, name="shopify", **fields):
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        mark = base64.b64encode(hmac.new(secret.encode(), data, hashlib.sha256).digest()).decode()
        headers = {"Content-Type": "application/json", "X-Shopify-Topic": topic,
                   "X-Shopify-Hmac-Sha256": mark, "X-Shopify-Shop-Domain": "s.myshopify.com",
                   **{k.replace("_", "-"): v for k, v in fields.items()}}
        return self.collector.post("/hooks/" + name, data, {k: v for k, v in headers.items() if v})


@tap.test
def a_signed_order_becomes_an_event_and_keeps_its_bytes():
    with Hooks() as door:
        data = json.dumps(ORDER, indent=1).encode()
        tap.equal(door.hook(data).status, 200, "accepted")
        tap.equal(door.hook(data).status, 200, "delivered again")
        entries = door.entries("in")
        tap.equal(len(entries), 2, "both are in the log")
        tap.equal([e["o"] for e in entries], [data, data], "the bytes that came")
        first, second = [json.loads(e["e"]) for e in entries]
        tap.equal(first["event"], "Order Completed", "name")
        tap.equal(first["messageId"], second["messageId"], "known again by its id")
        tap.ok(b"820982911946154508" in entries[0]["e"], "an id beyond 2^53 is whole")
        tap.equal(first["context"]["original"]["name"], "orders/create", "the sender's name of it")
        tap.equal(entries[0]["m"].split()[0], b"shopify/order-system//l", "source, channel and rights")
        tap.equal(door.metrics()["waymark_events_accepted_total"], 2, "counted")


@tap.test
def what_is_not_signed_is_not_believed():
    with Hooks() as door:
        data = json.dumps(ORDER).encode()
        rows = [("missing_header", dict(X_Shopify_Hmac_Sha256=None)),
                ("wrong_signature", dict(secret=SECRET + "x")),
                ("bad_format", dict(X_Shopify_Hmac_Sha256="no base 64!"))]
        for code, how in rows:
            answer = door.hook(data, **how)
            tap.equal((answer.status, answer.json()["code"]), (401, code), code)
            tap.equal(door.metrics()['waymark_webhook_signature_failures_total'
                                     '{source="shopify",reason="%s"}' % code], 1, "counted")
        tap.equal(door.hook(data, secret=OLD).status, 200, "the former secret while it counts")
        tap.equal(door.hook(data, secret=OLD, name="former").status, 401, "and no longer")
        tap.equal(door.hook(data, name="former").status, 200, "the present one does")
        tap.equal(door.hook(data, name="off").status, 403, "disabled")
        tap.equal(door.hook(data, name="none").status, 404, "unknown")
        tap.equal(door.entries("bad"), [], "nothing put aside")
        tap.equal(len(door.entries("in")), 2, "nothing of the others in the log")


@tap.test
def what_is_signed_but_not_understood_is_put_aside():
    with Hooks() as door:
        nobody = {k: v for k, v in ORDER.items() if k not in ("id", "email", "customer", "name")}
        for payload, topic in ((b"{\"id\":", "orders/create"), (ORDER, "moons/rise"),
                               (nobody, "customers/update")):
            tap.equal(door.hook(payload, topic).status, 200, topic)
        bad = door.entries("bad")
        tap.equal(sorted(e["c"].decode() for e in bad), ["no_customer", "not_json", "unknown_topic"],
                  "reasons")
        for entry in bad:
            tap.equal(entry["h"], b"shopify", "whose")
            tap.ok(json.loads(entry["x"])["header"]["x-shopify-topic"], "what mapped it")
            tap.ok(entry["w"] and entry["m"].startswith(b"shopify/"), "words and source")
        tap.equal(door.entries("in"), [], "nothing in the log")
        metrics = door.metrics()
        tap.equal(metrics['waymark_events_quarantined_total{source="shopify",'
                          'reason="unknown_topic"}'], 1, "counted by source and reason")


@tap.test
def nothing_is_promised_while_redis_is_away():
    with Hooks() as door:
        door.server.kill()
        harness.wait_until(lambda: door.collector.status_of("/readyz") == 503, "not ready")
        answer = door.hook(ORDER)
        tap.equal(answer.status, 503, "come back")
        tap.ok(int(answer.fields["retry-after"]) >= 1, "when")


@tap.test
def a_hook_that_cannot_work_keeps_nobody_else_from_working():
    with Hooks() as door:
        rows = [("preset = nosuch\nsecret_file = shopify.secret", "preset is unknown"),
                ("preset = shopify", "no secret"),
                ("preset = shopify\nsecret_file = nofile", "Cannot read a hook's secret"),
                ("mapping = keys.ini\nsecret_file = shopify.secret", "mapping is wrong")]
        for i, (lines, words) in enumerate(rows):
            keys = door.write("bad.ini", KEYS + "\n[x]\nkind = hook\n%s\n" % lines)
            config = door.write("c.ini", "[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\n"
                                % (door.server.socket, door.path("bad%d.sock" % i), keys))
            role = door.role("collector", ["--config", config], name="bad%d" % i)
            role.wait_ready()
            tap.ok(words in role.log(), "%s: %s" % (words, role.log()[-300:]))
            answer = role.post("/hooks/x", b"{}")
            tap.equal((answer.status, answer.json()["code"]), (503, "unavailable"), words)
            tap.ok(int(answer.fields["retry-after"]) >= 1, "its sender is told to come back")
            tap.equal(role.post("/v1/track", json.dumps({"userId": "u", "event": "E"}).encode(),
                                {"Authorization": harness.basic(SERVER)}).status, 200, "others work")
            role.terminate()


@tap.test
def a_hook_that_is_broken_while_it_runs_goes_on_as_before():
    with Hooks() as door:
        data = json.dumps(ORDER).encode()
        tap.equal(door.hook(data).status, 200, "it works")
        door.write("shopify.secret", "\n")
        door.write("keys.ini", KEYS.replace("[off]", "[late]") + "\n[x]\nkind = hook\npreset = nosuch\n")
        door.collector.signal(signal.SIGHUP)
        harness.wait_until(lambda: door.hook(data, name="off").status == 404, "the other changes")
        tap.equal(door.hook(data).status, 200, "as before")
        tap.equal(door.hook(data, secret=OLD).status, 200, "the former secret too")
        tap.equal(door.hook(data, name="x").status, 503, "what never worked does not")
        tap.ok("goes on as it was before" in door.collector.log(), "told")
        door.write("shopify.secret", "a-new-secret-of-theirs")
        door.collector.signal(signal.SIGHUP)
        harness.wait_until(lambda: door.hook(data, secret="a-new-secret-of-theirs").status == 200,
                           "the mended one")
        tap.equal(door.hook(data).status, 401, "the secret of before no longer counts")


@tap.test
def cloud_events_handshake():
    with Hooks() as door:
        with door.collector.http() as http:
            answer = http.request("OPTIONS", "/hooks/shopify",
                                  {"WebHook-Request-Origin": "events.example"})
        tap.equal((answer.status, answer.fields.get("webhook-allowed-origin")),
                  (200, "events.example"), "granted")
        tap.equal(answer.fields.get("allow"), "POST", "how")


if __name__ == "__main__":
    tap.run()
