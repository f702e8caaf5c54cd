#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The files that a hook names: `waymark up` takes up what changes in them, `waymark doctor` says what
is wrong with them.

usage: test_hook_files.py WAYMARK [TEST...]
"""

import base64
import hashlib
import hmac
import json
import os

import upbox
from upbox import harness

tap = harness.Tap()
HOOK = "\n[%s]\nkind = hook\n%s\nsecret_file = %s\n"
MAPPING = {"preset": "own", "about": "Ours.", "kind": "json",
           "verify": {"scheme": "token", "in": "header.x-token"},
           "events": [{"event": "One", "user": "{id}", "id": "{id}"}]}


def put(up, name, text, mode=0o600):
    path = os.path.join(up.data, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)
    return path


def add(up, text):
    path = os.path.join(up.data, "keys.ini")
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def post(up, hook, body, fields):
    with harness.Http(up.collector) as http:
        return http.request("POST", "/hooks/" + hook, fields, body)


@tap.test
def what_changes_is_taken_up():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()

        def shopify(secret):
            body = b'{"id":1,"email":"a@b.example","created_at":"2026-11-20T10:00:00Z"}'
            mark = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
            return post(up, "orders", body, {"X-Shopify-Hmac-Sha256": mark.decode(),
                                           "X-Shopify-Topic": "orders/create"}).status

        def token(secret):
            return post(up, "own", b'{"id":"1"}', {"X-Token": secret})

        put(up, "shop.secret", "first_secret_of_the_shop")
        add(up, HOOK % ("orders", "preset = shopify", "shop.secret"))
        harness.wait_until(lambda: shopify("first_secret_of_the_shop") == 200, "a new hook")
        put(up, "shop.secret", "second_secret_of_the_shop")
        harness.wait_until(lambda: shopify("second_secret_of_the_shop") == 200, "its new secret")
        tap.equal(shopify("first_secret_of_the_shop"), 401, "not the old one")
        put(up, "own.json", json.dumps(MAPPING))
        secret = put(up, "own.secret", "a_token_that_is_long_enough")
        add(up, HOOK % ("own", "mapping = own.json", secret))
        harness.wait_until(lambda: token("a_token_that_is_long_enough").status == 200, "a mapping")
        put(up, "own.json", json.dumps({**MAPPING, "answers": {"bad_signature": 403}}))
        harness.wait_until(lambda: token("x").status == 403, "the mapping, changed")
        # What cannot be used changes nothing, and is taken up once it can.
        os.unlink(os.path.join(up.data, "shop.secret"))
        harness.wait_until(lambda: "goes on as it was before" in up.log(), "said")
        tap.equal(shopify("second_secret_of_the_shop"), 200, "what was in force stays so")
        put(up, "shop.secret", "third_secret_of_the_shop")
        harness.wait_until(lambda: shopify("third_secret_of_the_shop") == 200, "the third")
        tap.equal(up.stop(), 0, "up")


@tap.test
def doctor_looks_at_them():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()

        def doctor(*args):
            _, out, err = up.tool("doctor", "--json", "--collector-listen", up.collector,
                                  "--console-listen", up.console, *args)
            rows = {r["check"]: r for r in map(json.loads, out.splitlines())}
            return rows["hooks"]["finding"], rows["hooks"]["message"], err

        tap.equal(doctor()[0], "fine", "without hooks")
        put(up, "shop.secret", "first_secret_of_the_shop", 0o640)
        add(up, HOOK % ("orders", "preset = shopify", "shop.secret"))
        tap.equal(doctor(), ("fine", "Hooks that can be used: 1; their secrets are private.", ""), "group")
        os.chmod(os.path.join(up.data, "shop.secret"), 0o644)
        finding, words, _ = doctor()
        tap.ok(finding == "wrong" and "shop.secret" in words, words)
        os.unlink(os.path.join(up.data, "shop.secret"))
        finding, words, err = doctor()
        tap.ok(finding == "wrong" and "Cannot read a hook's secret" in err, words + err)
        put(up, "shop.secret", "first_secret_of_the_shop")
        tap.equal(doctor()[0], "fine", "mended")
        mail = put(up, "mail.secret", "0123456789abcdef0123456789abcdef", 0o604)
        with open(os.path.join(up.data, "waymark.ini"), encoding="utf-8") as file:
            text = file.read()
        put(up, "more.ini", text.replace("[collector]", "[collector]\nmail_secret = " + mail))
        _, out, _ = place.tool("doctor", "--json", "--config", os.path.join(up.data, "more.ini"),
                               "--keys", os.path.join(up.data, "keys.ini"))
        rows = {r["check"]: r for r in map(json.loads, out.splitlines())}
        tap.ok(rows["hooks"]["finding"] == "wrong" and "mail.secret" in rows["hooks"]["message"],
               rows["hooks"]["message"])
        tap.equal(up.stop(), 0, "up")


if __name__ == "__main__":
    tap.run()
