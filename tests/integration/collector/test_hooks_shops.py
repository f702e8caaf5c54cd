#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""POST /hooks/NAME as shops, payment providers and parcel services send it, preset by preset.

The signatures are made here from the senders' published formulas, the payloads and what they become
are the cases of tests/data/hooks. Every preset goes the same way: believed, stored with its bytes,
known again, refused when altered, signed by others or too old, and rotated.

usage: test_hooks_shops.py WAYMARK [TEST...]
"""

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import time

from door import harness
from hooks_lab import Hooks, known, source_of

tap = harness.Tap()
ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 3))
CASES = os.path.join(ROOT, "tests", "data", "hooks")
URL = "https://track.shop.example/hooks/square"
TOLERANCE = 300


# ---- the senders' formulas ------------------------------------------------------------------


def mac(secret, data, how=hashlib.sha256):
    return hmac.new(secret.encode(), data, how)


def in_base64(secret, data):
    return base64.b64encode(mac(secret, data).digest()).decode()


def woocommerce(secret, data, _):
    return {"X-WC-Webhook-Signature": in_base64(secret, data)}


def with_t_and_v1(field):
    def sign(secret, data, at):
        signature = mac(secret, b"%d.%s" % (at, data)).hexdigest()
        return {field: "t=%d,v0=%s,v1=%s" % (at, "0" * 64, signature)}
    return sign


def aftership(secret, data, _):
    return {"aftership-hmac-sha256": in_base64(secret, data)}


def easypost(secret, data, _):
    return {"X-Hmac-Signature": "hmac-sha256-hex=" + mac(secret, data).hexdigest()}


def square(secret, data, _):
    return {"x-square-hmacsha256-signature": in_base64(secret, URL.encode() + data)}


def segment(secret, data, _):
    return {"X-Signature": mac(secret, data, hashlib.sha1).hexdigest()}


def standard(secret, data, at):
    key = base64.b64decode(secret[len("whsec_"):])
    signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.%d.%s" % (at, data)
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-timestamp": str(at), "webhook-signature": "v1,AAAA v1," + signature}


def generic(secret, data, at):
    signature = mac(secret, b"%d.%s" % (at, data)).hexdigest()
    return {"X-Shop-Time": str(at), "X-Shop-Signature": "sha256=" + signature}


def whsec(letter):
    return "whsec_" + base64.b64encode(letter * 24).decode()


class Preset:
    def __init__(self, name, sign, case, timed=False, secrets=None):
        self.name, self.sign, self.case, self.timed = name, sign, case, timed
        self.secret, self.old, self.other = secrets or [
            "%s present secret" % name, "%s former secret" % name, "another secret"]

    def path(self, name):
        return os.path.join(CASES, self.name, self.case, name)

    def payload(self):
        with open(self.path("payload.json"), "rb") as file:
            return file.read()

    def headers(self):
        if not os.path.exists(self.path("headers")):
            return {}
        with open(self.path("headers"), encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(": ", 1) for line in file)

    def expected(self):
        """The events' names and messageIds."""
        with open(self.path("expected.ndjson"), encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
        return [(e.get("event"), message_id(e["messageId"])) for e in events]


def message_id(value):
    if not isinstance(value, dict):
        return value
    parts = [part.encode() for part in value["digest"]]
    text = b"".join(b"%d:%s," % (len(part), part) for part in parts)
    return hashlib.sha256(text).hexdigest()[:32]


PRESETS = [
    Preset("woocommerce", woocommerce, "order_updated_to_completed"),
    Preset("stripe", with_t_and_v1("Stripe-Signature"), "checkout_of_a_known_customer", True,
           ["whsec_present", "whsec_former", "whsec_another"]),
    Preset("aftership", aftership, "tracking_delivered"),
    Preset("easypost", easypost, "tracker_promise"),
    Preset("shippo", with_t_and_v1("Shippo-Auth-Signature"), "track_with_promise", True),
    Preset("square", square, "payment_at_the_till"),
    Preset("segment", segment, "track"),
    Preset("standard", standard, "order_completed", True, [whsec(b"p"), whsec(b"f"), whsec(b"x")]),
    Preset("generic", generic, "order_placed", True),
]
BY_NAME = {preset.name: preset for preset in PRESETS}


class Presets(Hooks):
    PRESETS = PRESETS

    def url(self, name):
        return URL

    def send(self, preset, secret=None, age=0, alter=False, hook=None):
        """Signs what is sent now, or was AGE seconds ago; ALTER changes a byte after that."""
        data = preset.payload()
        marks = preset.sign(secret or preset.secret, data, int(time.time()) - age)
        if alter:
            data = data.replace(b"e", b"f", 1)
        return self.deliver(hook or preset.name, data, {**preset.headers(), **marks})

    def deliver(self, path, data, headers):
        return self.collector.post(
            "/hooks/" + path, data, {"Content-Type": "application/json", **headers})


# ---- all presets ----------------------------------------------------------------------------


@tap.test
def what_is_signed_is_stored_with_its_bytes_and_known_again():
    with Presets() as door:
        for preset in PRESETS:
            tap.equal(door.send(preset).status, 200, preset.name)
        first = door.entries()
        for preset in PRESETS:
            tap.equal(door.send(preset).status, 200, preset.name + " again")
        both = door.entries()
        for preset in PRESETS:
            once = [e for e in first if source_of(e) == preset.name]
            twice = [e for e in both if source_of(e) == preset.name]
            tap.equal(known(once), sorted(preset.expected()), preset.name + ": events")
            tap.equal(known(twice), sorted(2 * preset.expected()), preset.name + ": same ids")
            kept = {entry["o"].strip() for entry in twice}
            tap.equal(kept, {preset.payload().strip()}, preset.name + ": its bytes")
        tap.equal(door.entries("bad"), [], "nothing put aside")


@tap.test
def what_is_altered_or_signed_by_others_is_refused():
    with Presets() as door:
        for preset in PRESETS:
            for what, how in (("altered", {"alter": True}), ("another", {"secret": preset.other})):
                answer = door.send(preset, **how)
                tap.equal((answer.status, answer.json()["code"]), (401, "wrong_signature"),
                          "%s: %s" % (preset.name, what))
            answer = door.deliver(preset.name, preset.payload(), preset.headers())
            tap.equal((answer.status, answer.json()["code"]), (401, "missing_header"),
                      preset.name + ": not signed")
        tap.equal((door.entries(), door.entries("bad")), ([], []), "nothing is kept")


@tap.test
def what_is_signed_long_ago_or_in_the_future_is_refused():
    with Presets() as door:
        for preset in PRESETS:
            if not preset.timed:
                continue
            for age, code in ((TOLERANCE + 2, "too_old"), (-TOLERANCE - 5, "in_the_future")):
                answer = door.send(preset, age=age)
                tap.equal((answer.status, answer.json()["code"]), (401, code), preset.name)
            for age in (TOLERANCE - 30, 30 - TOLERANCE):
                tap.equal(door.send(preset, age=age).status, 200, preset.name + " in time")


@tap.test
def the_former_secret_counts_until_its_time_is_over():
    with Presets() as door:
        for preset in PRESETS:
            later = preset.name + "-later"
            tap.equal(door.send(preset, preset.old).status, 200, preset.name + ": former")
            tap.equal(door.send(preset, preset.old, hook=later).status, 401, later + ": former")
            tap.equal(door.send(preset, hook=later).status, 200, later + ": present")


# ---- what is particular to one --------------------------------------------------------------


def by_http_1_0(door, path, headers, data):
    """A request as WordPress makes it; the status, and whether the connection ends with it."""
    fields = {"Host": "track.shop.example", "User-Agent": "WooCommerce/9.4.1 Hookshot (WordPress/6)",
              "Content-Length": len(data), "Connection": "close", **headers}
    head = "".join("%s: %s\r\n" % pair for pair in fields.items())
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(harness.DEADLINE)
        client.connect(door.path("collector.sock"))
        client.sendall(("POST %s HTTP/1.0\r\n%s\r\n" % (path, head)).encode() + data)
        answer = b""
        while True:
            part = client.recv(65536)
            if not part:
                return int(answer.split()[1])
            answer += part


@tap.test
def woocommerce_speaks_http_1_0_and_pings_unsigned():
    preset = BY_NAME["woocommerce"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with Presets() as door:
        tap.equal(by_http_1_0(door, "/hooks/woocommerce", form, b"webhook_id=3"), 200, "ping")
        tap.equal(by_http_1_0(door, "/hooks/woocommerce", form, b"other=3"), 401, "no ping")
        tap.equal(by_http_1_0(door, "/hooks/woocommerce", {**form, "X-WC-Webhook-Topic": "order.created"},
                              b"webhook_id=3"), 401, "an order dressed up as a ping")
        tap.equal((door.entries(), door.entries("bad")), ([], []), "nothing is kept of them")
        data = preset.payload()
        headers = {"Content-Type": "application/json", **preset.headers(),
                   **preset.sign(preset.secret, data, 0)}
        tap.equal(by_http_1_0(door, "/hooks/woocommerce", headers, data), 200, "an order")
        tap.equal(known(door.entries()), sorted(preset.expected()), "its events")
        gone = b'{"id":1727}'
        headers = {"X-WC-Webhook-Topic": "order.deleted", "X-WC-Webhook-Source": "https://r.example/",
                   **woocommerce(preset.secret, gone, 0)}
        tap.equal(door.deliver("woocommerce", gone, headers).status, 200, "deleted")
        tap.equal([e["o"] for e in door.entries() if b"order.deleted" in e["e"]], [gone], "is kept")


@tap.test
def aftership_signs_under_three_names():
    preset = BY_NAME["aftership"]
    with Presets() as door:
        data = preset.payload()
        right = in_base64(preset.secret, data)
        for field, value, status in (("as-signature-hmac-sha256", right, 200),
                                     ("am-webhook-signature", "hmac-sha256=" + right, 200),
                                     ("am-webhook-signature", right, 401),
                                     ("am-webhook-signature", "hmac-sha256=" + right[::-1], 401)):
            tap.equal(door.deliver("aftership", data, {field: value}).status, status, field)


@tap.test
def shippo_may_bear_a_token_instead():
    preset = BY_NAME["shippo"]
    with Presets() as door:
        for query, status in (("token=shippo%20present%20secret", 200), ("token=shippo", 401),
                              ("token=shippo%20former%20secret", 200), ("token=", 401)):
            answer = door.deliver("shippo?" + query, preset.payload(), {})
            tap.equal(answer.status, status, query)


@tap.test
def segment_signs_the_first_event_of_a_batch():
    secret = BY_NAME["segment"].secret
    one = {"type": "track", "event": "Product Viewed", "userId": "u-1", "messageId": "a",
           "timestamp": "2026-11-20T09:30:00.000Z", "properties": {"product_id": "r"}}
    items = [json.dumps({**one, "messageId": name}).encode() for name in ("a", "b")]
    with Presets() as door:
        body = b"[%s]" % b",".join(items)
        tap.equal(door.deliver("segment", body, segment(secret, items[0], 0)).status, 200, "first")
        tap.equal(door.deliver("segment", body, segment(secret, items[1], 0)).status, 401, "second")
        tap.equal(door.deliver("segment", b"[]", segment(secret, b"", 0)).status, 401, "none")
        entries = door.entries()
        tap.equal(sorted(e["o"] for e in entries), sorted(items), "each with its own bytes")
        tap.equal([m for _, m in known(entries)], ["a", "b"], "ids")


@tap.test
def the_types_of_the_standard_preset_are_the_vocabulary():
    with open(os.path.join(ROOT, "include", "core", "vocab.h"), encoding="utf-8") as file:
        header = file.read()
    names = re.findall(r'X\(\w+,\s*"([^"]+)"', header[:header.index("CHANNELS(X)")])
    with open(os.path.join(ROOT, "deploy", "hooks", "standard.json"), encoding="utf-8") as file:
        preset = json.load(file)
    types = {}
    for rule in preset["events"]:
        types.update(rule.get("event", {})["to"] if isinstance(rule.get("event"), dict) else {})
    apart = {"Page Viewed", "Screen Viewed", "Customer Identified"}
    expected = {}
    for name in set(names) - apart:
        first, _, rest = name.lower().replace("-", "_").partition(" ")
        expected[".".join(filter(None, (first, rest.replace(" ", "_"))))] = name
    tap.equal(types, expected, "types")


if __name__ == "__main__":
    tap.run()
