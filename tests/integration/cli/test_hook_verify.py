#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark hook verify` says of a payload what the collector would.

Formulas: Shopify, base64(HMAC-SHA256(secret, body)); Twilio, base64(HMAC-SHA1(token, URL and the
sorted parameters)), from their documentation.

usage: test_hook_verify.py WAYMARK [TEST...]
"""

import base64
import hashlib
import hmac
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

tap = harness.Tap()
SECRET, OLD = "shpss_present_secret", "shpss_former_secret"
BODY = b'{"id":1}'
MAPPING = {"preset": "sms", "about": "Texts.", "kind": "form", "verify": {"scheme": "twilio"},
           "events": [{"event": "Text", "user": "{From}"}]}
KEYS = """\
[shop]
kind = hook
preset = shopify
secret_file = shop.secret
old_secret_file = shop.old
old_until = 2026-01-01T00:00:00Z

[sms]
kind = hook
mapping = sms.json
secret_file = shop.secret
url = https://shop.example/hooks/sms
"""


class Box(harness.Place):
    def __enter__(self):
        place = super().__enter__()
        self.write("shop.secret", SECRET + "\n")
        self.write("shop.old", OLD)
        self.write("sms.json", json.dumps(MAPPING))
        self.write("keys.ini", KEYS)
        return place

    def verify(self, name, body, *options, headers=()):
        with open(self.path("payload"), "wb") as file:
            file.write(body)
        words = [w for h in headers for w in ("--header", "%s: %s" % h)]
        return self.tool("hook", "verify", name, self.path("payload"), "--keys",
                         self.path("keys.ini"), *words, *options)


def sign(secret, data, digest=hashlib.sha256):
    return base64.b64encode(hmac.new(secret.encode(), data, digest).digest()).decode()


@tap.test
def what_is_signed_is_believed():
    with Box() as box:
        good = [("X-Shopify-Hmac-Sha256", sign(SECRET, BODY))]
        status, out, err = box.verify("shop", BODY, headers=good)
        tap.equal((status, err), (0, ""), "status")
        tap.ok("the signature is right" in out, out)
        status, out, _ = box.verify("shop", BODY, "--json", headers=good)
        tap.equal((status, json.loads(out)["outcome"], json.loads(out)["scheme"]),
                  (0, "ok", "hmac"), "as JSON")


@tap.test
def what_is_not_is_explained():
    with Box() as box:
        status, out, err = box.verify("shop", BODY + b"\n", headers=[
            ("X-Shopify-Hmac-Sha256", sign(SECRET, BODY))])
        tap.equal((status, err), (1, ""), "status")
        tap.ok("wrong_signature" in out and "line end" in out, out)
        tap.ok(SECRET not in out and sign(SECRET, BODY + b"\n") not in out, "nothing secret")
        status, out, _ = box.verify("shop", BODY)
        tap.ok(status == 1 and "missing_header" in out, out)


@tap.test
def the_former_secret_counts_as_long_as_it_does():
    with Box() as box:
        old = [("x-shopify-hmac-sha256", sign(OLD, BODY))]
        tap.equal(box.verify("shop", BODY, "--at", "2025-12-31T23:59:59Z", headers=old)[0], 0, "before")
        tap.equal(box.verify("shop", BODY, "--at", "2026-01-01T00:00:00Z", headers=old)[0], 1, "after")
        tap.equal(box.verify("shop", BODY, headers=old)[0], 1, "now")


@tap.test
def the_address_is_the_sender_s():
    with Box() as box:
        body, form = b"Body=Hi&From=%2B491", [("Content-Type", "application/x-www-form-urlencoded")]
        for options, url in (((), "https://shop.example/hooks/sms"),
                             (("--url", "https://t.example/x?a=b"), "https://t.example/x?a=b")):
            mark = sign(SECRET, (url + "BodyHi" + "From+491").encode(), hashlib.sha1)
            status, out, _ = box.verify("sms", body, *options,
                                        headers=[*form, ("X-Twilio-Signature", mark)])
            tap.equal(status, 0, out)
            status, out, _ = box.verify("sms", body, "--url", "https://other.example/",
                                        headers=[*form, ("X-Twilio-Signature", mark)])
            tap.equal(status, 1, "another address")


@tap.test
def what_cannot_be_asked_is_said():
    with Box() as box:
        rows = [(("nosuch", BODY), 2, "there is no hook nosuch"),
                (("shop", BODY, "--at", "yesterday"), 2, "is no instant")]
        for args, status, words in rows:
            got = box.verify(*args)
            tap.equal(got[0], status, words)
            tap.ok(words in got[2], got[2])
        os.unlink(box.path("shop.secret"))
        got = box.verify("shop", BODY)
        tap.equal(got[0], 1, "no secret file")
        tap.ok("Cannot read a hook's secret" in got[2], got[2])


if __name__ == "__main__":
    tap.run()
