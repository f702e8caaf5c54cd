#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""POST /hooks/NAME as mail and SMS providers, surveys, help desks and CloudEvents send it.

The signatures are made here from the senders' published formulas, the payloads and what they become
are the cases of tests/data/hooks. Every preset goes the same way: believed, stored with its bytes,
known again, refused when altered, signed by others or too old, and rotated.

usage: test_hooks_messages.py WAYMARK [TEST...]
"""

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.parse

from door import harness
from hooks_lab import Hooks, known, source_of

tap = harness.Tap()
ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 3))
CASES = os.path.join(ROOT, "tests", "data", "hooks")
URL = "https://track.shop.example/hooks/"
MINUTE, DAY = 60, 86400


# ---- P-256, for SendGrid (FIPS 186-5; SEC 1) ------------------------------------------------

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


def plus(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(n, point):
    result = None
    while n:
        result = plus(result, point) if n & 1 else result
        point, n = plus(point, point), n >> 1
    return result


def public_key(private):
    x, y = times(private, BASE)
    return base64.b64encode(SPKI + x.to_bytes(32, "big") + y.to_bytes(32, "big")).decode()


def integer(n):
    data = n.to_bytes(n.bit_length() // 8 + 1, "big")
    return b"\x02%c%s" % (len(data), data)


def ecdsa(private, data):
    digest = hashlib.sha256(data).digest()
    seed = hmac.new(b"%d" % private, digest, hashlib.sha256).digest()
    nonce = int.from_bytes(seed, "big") % ORDER
    r = times(nonce, BASE)[0] % ORDER
    s = pow(nonce, -1, ORDER) * (int.from_bytes(digest, "big") + r * private) % ORDER
    both = integer(r) + integer(s)
    return base64.b64encode(b"\x30%c%s" % (len(both), both)).decode()


# ---- the senders' formulas ------------------------------------------------------------------
# Each takes (secret, payload, time) and gives (query, header fields, body).


def mac(secret, data, how=hashlib.sha256):
    return hmac.new(secret.encode(), data, how)


def in_base64(digest):
    return base64.b64encode(digest).decode()


KEYS = {public_key(n): n for n in (0x5EED1, 0x5EED2, 0x5EED3)}


def sendgrid(secret, data, at):
    field = "X-Twilio-Email-Event-Webhook-"
    signature = ecdsa(KEYS[secret], b"%d%s" % (at, data))
    return "", {field + "Timestamp": str(at), field + "Signature": signature}, data


def mailgun(secret, data, at):
    body, token = json.loads(data), hashlib.sha256(b"%d%s" % (at, data)).hexdigest()[:50]
    body["signature"] = {"timestamp": str(at), "token": token,
                         "signature": mac(secret, b"%d%s" % (at, token.encode())).hexdigest()}
    return "", {}, json.dumps(body).encode()


def postmark(secret, data, _):
    return "", {"Authorization": "Basic " + in_base64(secret.encode())}, data


def resend(secret, data, at):
    key = base64.b64decode(secret[len("whsec_"):])
    digest = hmac.new(key, b"msg_1.%d.%s" % (at, data), hashlib.sha256).digest()
    return "", {"svix-id": "msg_1", "svix-timestamp": str(at),
                "svix-signature": "v1," + in_base64(digest)}, data


def mailchimp(secret, data, _):
    return "?secret=" + urllib.parse.quote(secret), {}, data


def typeform(secret, data, _):
    return "", {"Typeform-Signature": "sha256=" + in_base64(mac(secret, data).digest())}, data


def zendesk(secret, data, at):
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    digest = mac(secret, text.encode() + data).digest()
    return "", {"X-Zendesk-Webhook-Signature-Timestamp": text,
                "X-Zendesk-Webhook-Signature": in_base64(digest)}, data


def cloudevents(secret, data, _):
    return "", {"Authorization": "Bearer " + secret}, data


def twilio(secret, data, _):
    query = "?customer_id=4711&job_id=j-9&order_id=1001&campaign_id=spring"
    fields = sorted(urllib.parse.parse_qsl(data.decode(), keep_blank_values=True))
    text = URL + "twilio" + query + "".join(name + value for name, value in fields)
    digest = mac(secret, text.encode(), hashlib.sha1).digest()
    return query, {"X-Twilio-Signature": in_base64(digest)}, data


def whsec(letter):
    return "whsec_" + base64.b64encode(letter * 24).decode()


class Preset:
    """TOLERANCE: seconds, None: the sender tells no time. ALTER: bytes of the body that are signed,
    and what becomes of them; None: nothing of it is."""

    def __init__(self, name, sign, case, tolerance=None, alter=(b"e", b"f"), secrets=None,
                 status=200):
        self.name, self.sign, self.case, self.tolerance = name, sign, case, tolerance
        self.alter, self.status = alter, status
        self.secret, self.old, self.other = secrets or [
            name + "-present-secret", name + "-former-secret", "another-secret"]

    def path(self, name):
        return os.path.join(CASES, self.name, self.case, name)

    @property
    def form(self):
        return os.path.exists(self.path("payload.form"))

    def payload(self):
        with open(self.path("payload.form" if self.form else "payload.json"), "rb") as file:
            return file.read()

    def headers(self):
        kind = "x-www-form-urlencoded" if self.form else "json"
        fields = {"Content-Type": "application/" + kind}
        if os.path.exists(self.path("headers")):
            with open(self.path("headers"), encoding="utf-8") as file:
                fields.update(line.rstrip("\n").split(": ", 1) for line in file)
        return fields

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
    Preset("sendgrid", sendgrid, "one_mail_from_processed_to_clicked", DAY, secrets=list(KEYS)),
    Preset("mailgun", mailgun, "delivered_to_a_known_customer", DAY,
           (b'"token": "', b'"token": "x')),
    Preset("postmark", postmark, "delivered_to_a_known_customer", None, None,
           ["waymark:present-secret", "waymark:former-secret", "waymark:another-secret"]),
    Preset("resend", resend, "clicked", 5 * MINUTE,
           secrets=[whsec(b"p"), whsec(b"f"), whsec(b"x")]),
    Preset("mailchimp", mailchimp, "complaint", None, None),
    Preset("typeform", typeform, "every_kind_of_answer"),
    Preset("zendesk", zendesk, "answered", 5 * MINUTE),
    Preset("cloudevents", cloudevents, "structured_segment", None, None, status=202),
    Preset("twilio", twilio, "delivered_to_a_known_customer", status=204),
]
BY_NAME = {preset.name: preset for preset in PRESETS}


class Presets(Hooks):
    PRESETS = PRESETS

    def url(self, name):
        return URL + name

    def send(self, preset, secret=None, at=None, alter=False, hook=None):
        """Signs what was sent AT (now); ALTER changes a byte after that."""
        query, marks, data = preset.sign(
            secret or preset.secret, preset.payload(), at or int(time.time()))
        if alter:
            data = data.replace(*preset.alter, 1)
        return self.deliver((hook or preset.name) + query, data, {**preset.headers(), **marks})

    def deliver(self, path, data, headers):
        return self.collector.post("/hooks/" + path, data, headers)


# ---- all presets ----------------------------------------------------------------------------


@tap.test
def what_is_signed_is_stored_with_its_bytes_and_known_again():
    with Presets() as door:
        now = int(time.time())
        for preset in PRESETS:
            tap.equal(door.send(preset, at=now).status, preset.status, preset.name)
        first = door.entries()
        for preset in PRESETS:
            tap.equal(door.send(preset, at=now).status, preset.status, preset.name + " again")
        both = door.entries()
        for preset in PRESETS:
            once = [e for e in first if source_of(e) == preset.name]
            twice = [e for e in both if source_of(e) == preset.name]
            tap.equal(known(once), sorted(preset.expected()), preset.name + ": events")
            tap.equal(known(twice), sorted(2 * preset.expected()), preset.name + ": same ids")
            body = preset.sign(preset.secret, preset.payload(), now)[2]
            tap.ok(all(entry["o"] in body for entry in twice), preset.name + ": its bytes")
        tap.equal(door.entries("bad"), [], "nothing put aside")


@tap.test
def what_is_altered_or_signed_by_others_is_refused():
    with Presets() as door:
        for preset in PRESETS:
            answers = [("another", door.send(preset, preset.other), "wrong_signature"),
                       ("not signed", door.deliver(preset.name, preset.payload(), preset.headers()),
                        "missing_header")]
            if preset.alter:
                answers.append(("altered", door.send(preset, alter=True), "wrong_signature"))
            if preset.name == "mailgun":  # the case's own signature stands in its body
                answers[1] = ("not signed", door.deliver("mailgun", b"{}", preset.headers()),
                              "missing_header")
            for what, answer, code in answers:
                tap.equal((answer.status, answer.json()["code"]), (401, code),
                          "%s: %s" % (preset.name, what))
        tap.equal((door.entries(), door.entries("bad")), ([], []), "nothing is kept")


@tap.test
def what_is_signed_long_ago_or_in_the_future_is_refused():
    with Presets() as door:
        now = int(time.time())
        for preset in PRESETS:
            if not preset.tolerance:
                continue
            for at, code in ((now - preset.tolerance - 2, "too_old"),
                             (now + 5 * MINUTE + 5, "in_the_future")):
                answer = door.send(preset, at=at)
                tap.equal((answer.status, answer.json()["code"]), (401, code), preset.name)
            for at in (now - preset.tolerance + 30, now + 4 * MINUTE):
                tap.equal(door.send(preset, at=at).status, preset.status, preset.name + " in time")


@tap.test
def the_former_secret_counts_until_its_time_is_over():
    with Presets() as door:
        for preset in PRESETS:
            later = preset.name + "-later"
            tap.equal(door.send(preset, preset.old).status, preset.status, preset.name + ": former")
            tap.equal(door.send(preset, preset.old, hook=later).status, 401, later + ": former")
            tap.equal(door.send(preset, hook=later).status, preset.status, later + ": present")


# ---- what is particular to one --------------------------------------------------------------


@tap.test
def a_mail_event_that_is_not_understood_does_not_cost_the_others():
    preset = BY_NAME["sendgrid"]
    with Presets() as door:
        items = json.loads(preset.payload())[:2] + [{"event": "teleported", "email": "a@b.example"}]
        data = json.dumps(items).encode()
        fields = {**preset.headers(), **sendgrid(preset.secret, data, int(time.time()))[1]}
        tap.equal(door.deliver("sendgrid", data, fields).status, 200, "taken")
        tap.equal(known(door.entries()), sorted(preset.expected()[:2]), "the two that are")
        bad = door.entries("bad")
        tap.equal([(e["c"], e["e"]) for e in bad], [(b"no_event", data)], "put aside whole")


@tap.test
def tokens_may_stand_in_the_address():
    with Presets() as door:
        for name, query, status in (
                ("postmark", "token=waymark%3Apresent-secret", 200),
                ("postmark", "token=waymark%3Aother", 401),
                ("mailchimp", "token=mailchimp-present-secret", 200),
                ("mailchimp", "token=no", 401),
                ("cloudevents", "access_token=cloudevents-present-secret", 202),
                ("cloudevents", "access_token=", 401)):
            preset = BY_NAME[name]
            answer = door.deliver(name + "?" + query, preset.payload(), preset.headers())
            tap.equal(answer.status, status, name + "?" + query)


@tap.test
def mailchimp_looks_whether_somebody_is_there():
    with Presets() as door:
        for path, status in (("mailchimp", 200), ("mailchimp?secret=x", 200), ("nobody", 404)):
            tap.equal(door.collector.get("/hooks/" + path).status, status, path)
        with door.collector.http() as http:
            tap.equal(http.request("HEAD", "/hooks/mailchimp").status, 200, "by HEAD, too")
        tap.equal((door.entries(), door.entries("bad")), ([], []), "nothing is kept")


@tap.test
def a_cloud_event_comes_in_three_forms():
    bearer = {"Authorization": "Bearer cloudevents-present-secret"}
    with Presets() as door:
        for case in ("structured_other", "binary_other", "batch"):
            preset = Preset("cloudevents", cloudevents, case)
            answer = door.deliver("cloudevents", preset.payload(), {**preset.headers(), **bearer})
            tap.equal(answer.status, 202, case)
            kept = {(event or None, m) for event, m in known(door.entries())}
            tap.ok(set(preset.expected()) <= kept, case + ": kept")
        tap.equal(len(door.entries()), 6, "one for each")


@tap.test
def what_nothing_is_kept_of_is_answered_as_the_sender_wants_it():
    with Presets() as door:
        preset = Preset("twilio", twilio, "queued")
        tap.equal(door.send(preset, BY_NAME["twilio"].secret).status, 204, "queued")
        preset = Preset("zendesk", zendesk, "customer_writes_again")
        tap.equal(door.send(preset, BY_NAME["zendesk"].secret).status, 200, "no answer of staff")
        tap.equal(door.send(preset, "wrong").status, 401, "but only of whom we believe")
        tap.equal((door.entries(), door.entries("bad")), ([], []), "nothing is kept")


if __name__ == "__main__":
    tap.run()
